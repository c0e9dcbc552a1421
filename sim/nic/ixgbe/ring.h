// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Descriptor rings of the 82599 model.
#ifndef SIM_NIC_IXGBE_RING_H_
#define SIM_NIC_IXGBE_RING_H_

#include "sim/nic/ixgbe/register_file.h"
#include "sim/nic/model/descriptor_cache.h"

namespace mapwire::sim::nic82599 {

// Enabling and disabling take time, and both wait until nothing of the queue is under way.
using DescriptorCache = DescriptorCacheOf<reg::Descriptor>;

inline constexpr RingDemands kRing = {.base_alignment = reg::kRingAlignment,
                                      .length_alignment = reg::kRingAlignment,
                                      .longest = reg::Rdlen::Len::kMask,
                                      .descriptor = reg::kDescriptorBytes};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_RING_H_
