// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Statistics registers of the 82599 model.
#ifndef SIM_NIC_IXGBE_STATISTICS_H_
#define SIM_NIC_IXGBE_STATISTICS_H_

#include <array>
#include <cstdint>

#include "sim/nic/ixgbe/register_file.h"

namespace mapwire::sim::nic82599 {

// Byte counts take the length on the wire from destination address to CRC. Counters of 32 bits
// stick at their maximum, pairs of 36 bits wrap; what the part does there is not known.
class Statistics {
 public:
  explicit Statistics(RegisterFile& registers);

  void Reset();

  // A frame from the line, before any filter.
  void AnyReceived(uint32_t wire_bytes);
  // A good frame that passed the filters (that filtered frames do not count is from memory).
  void GoodReceived(const uint8_t* destination, uint32_t wire_bytes);
  void Transmitted(const uint8_t* destination, uint32_t wire_bytes);
  void QueueReceived(uint32_t queue, uint32_t wire_bytes);
  void QueueDropped(uint32_t queue);
  void QueueTransmitted(uint32_t queue, uint32_t wire_bytes);

 private:
  // A 36-bit counter in two registers. Reading the low one takes both halves, reading the high one
  // gives the other half and ends the clear: what was taken is gone from the counter, what arrived
  // between the two reads is not. Whether the part is as careful is doubtful.
  struct Pair {
    uint64_t value = 0;
    uint64_t taken = 0;
    void Count(uint64_t amount) { value += amount; }
  };
  template <Pair* (Statistics::*First)()>
  uint32_t ReadLow(uint32_t index);
  template <Pair* (Statistics::*First)()>
  uint32_t ReadHigh(uint32_t index);
  Pair* Gorc() { return &gorc_; }
  Pair* Gotc() { return &gotc_; }
  Pair* Tor() { return &tor_; }
  Pair* Qbrc() { return qbrc_.data(); }
  Pair* Qbtc() { return qbtc_.data(); }
  void WriteRqsmr(uint32_t index, uint32_t value);
  void WriteTqsm(uint32_t index, uint32_t value);

  RegisterFile& registers_;
  Pair gorc_;
  Pair gotc_;
  Pair tor_;
  std::array<Pair, reg::kStatisticsSets> qbrc_ = {};
  std::array<Pair, reg::kStatisticsSets> qbtc_ = {};
  std::array<uint8_t, reg::kRxQueues> rx_set_ = {};
  std::array<uint8_t, reg::kTxQueues> tx_set_ = {};
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_STATISTICS_H_
