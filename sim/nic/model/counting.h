// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// How models count frames.
#ifndef SIM_NIC_MODEL_COUNTING_H_
#define SIM_NIC_MODEL_COUNTING_H_

#include <cstdint>

#include "sim/nic/model/register_space.h"

namespace mapwire::sim {

inline bool IsBroadcast(const uint8_t* destination) {
  for (int i = 0; i < 6; ++i) {
    if (destination[i] != 0xFF) return false;
  }
  return true;
}

// Counts by size: 64, 65..127, 128..255, 256..511, 512..1023, 1024 and more.
template <typename S64, typename S127, typename S255, typename S511, typename S1023, typename S1522>
void CountSize(RegisterSpace& registers, uint32_t bytes) {
  if (bytes <= 64) {
    registers.Count<S64>();
  } else if (bytes <= 127) {
    registers.Count<S127>();
  } else if (bytes <= 255) {
    registers.Count<S255>();
  } else if (bytes <= 511) {
    registers.Count<S511>();
  } else if (bytes <= 1023) {
    registers.Count<S1023>();
  } else {
    registers.Count<S1522>();
  }
}

}  // namespace mapwire::sim

#endif  // SIM_NIC_MODEL_COUNTING_H_
