// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Which frames the 82599 model takes, and which queue gets them.
#ifndef SIM_NIC_IXGBE_FILTERS_H_
#define SIM_NIC_IXGBE_FILTERS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "sim/nic/ixgbe/register_file.h"

namespace mapwire::sim::nic82599 {

// What the parser and RSS found out about a frame.
struct Classification {
  uint32_t queue = 0;
  uint32_t packet_type = 0;  // RxWriteBack bits 15:4, in place
  uint32_t rss_type = 0;
  uint32_t rss_hash = 0;
};

// The L2 filters (address, multicast hash, VLAN) and RSS. EtherType, SYN and 5-tuple filters, the
// PFUTA table and pools are registers without effect.
class Filters {
 public:
  explicit Filters(RegisterFile& registers);

  void Reset();
  // True if `frame` (at least 14 bytes) passes the L2 filters.
  bool Accepts(const std::vector<uint8_t>& frame);
  Classification Classify(const std::vector<uint8_t>& frame);

  // The Toeplitz hash of `input` under the key in RSSRK; `length` at most 36.
  uint32_t Toeplitz(const uint8_t* input, uint32_t length);

 private:
  static constexpr uint32_t kKeyBytes = 40;
  static constexpr uint32_t kMaxInput = kKeyBytes - 4;

  bool AddressMatches(uint64_t address);
  bool MulticastHashMatches(uint64_t address) const;
  bool VlanPasses(const std::vector<uint8_t>& frame) const;
  void Ipv4(const uint8_t* ip, uint32_t length, uint32_t mrqc, Classification* result);
  void Ipv6(const uint8_t* ip, uint32_t length, uint32_t mrqc, Classification* result);
  void Hash(const uint8_t* input, uint32_t length, uint32_t rss_type, Classification* result);
  void RebuildAddresses();
  void RebuildHash();

  void WriteRal(uint32_t index, uint32_t value);
  void WriteRah(uint32_t index, uint32_t value);
  void WriteRssrk(uint32_t index, uint32_t value);
  void WriteMrqc(uint32_t, uint32_t value);

  RegisterFile& registers_;
  bool addresses_stale_ = true;
  std::vector<uint64_t> addresses_;  // of the valid entries, first byte in bits 7:0
  bool hash_stale_ = true;
  std::vector<std::array<uint32_t, 256>> hash_;  // contribution of each value at each byte
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_FILTERS_H_
