// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Statistics registers of the 82540EM model.
#ifndef SIM_NIC_E1000_STATISTICS_H_
#define SIM_NIC_E1000_STATISTICS_H_

#include <cstdint>

#include "sim/nic/e1000/register_file.h"

namespace mapwire::sim::nic82540 {

// Byte counts take the length on the wire from destination address to CRC. Counters of 32 bits
// stick at their maximum. Of a pair, the read of the high half clears both.
class Statistics {
 public:
  explicit Statistics(RegisterFile& registers);

  void Reset() { gorc_ = gotc_ = tor_ = tot_ = 0; }

  // A frame from the line, before any filter.
  void AnyReceived(uint32_t wire_bytes);
  // A good frame that passed the filters and found room (that others do not count is from memory).
  void GoodReceived(const uint8_t* destination, uint32_t wire_bytes);
  void Transmitted(const uint8_t* destination, uint32_t wire_bytes);

 private:
  template <uint64_t Statistics::*Sum>
  uint32_t ReadLow(uint32_t) {
    return static_cast<uint32_t>(this->*Sum);
  }
  template <uint64_t Statistics::*Sum>
  uint32_t ReadHigh(uint32_t) {
    const uint32_t high = static_cast<uint32_t>(this->*Sum >> 32);
    this->*Sum = 0;
    return high;
  }

  RegisterFile& registers_;
  uint64_t gorc_ = 0;
  uint64_t gotc_ = 0;
  uint64_t tor_ = 0;
  uint64_t tot_ = 0;
};

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_STATISTICS_H_
