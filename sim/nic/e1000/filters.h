// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Which frames the 82540EM model takes.
#ifndef SIM_NIC_E1000_FILTERS_H_
#define SIM_NIC_E1000_FILTERS_H_

#include <cstdint>
#include <vector>

#include "sim/nic/e1000/register_file.h"

namespace mapwire::sim::nic82540 {

// The last way a frame passed, if it did.
enum class Pass : uint8_t { kNot, kExact, kInexact };

// Addresses, multicast hash, broadcast, VLAN. `frame` has at least 14 bytes.
Pass Accepts(const RegisterFile& registers, const std::vector<uint8_t>& frame);
// True if the frame has a VLAN tag, by VET.
bool IsTagged(const RegisterFile& registers, const std::vector<uint8_t>& frame);

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_FILTERS_H_
