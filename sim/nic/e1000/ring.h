// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Descriptor rings of the 82540EM model.
#ifndef SIM_NIC_E1000_RING_H_
#define SIM_NIC_E1000_RING_H_

#include "sim/nic/e1000/register_file.h"
#include "sim/nic/model/descriptor_cache.h"

namespace mapwire::sim::nic82540 {

// A ring is on as soon as RCTL or TCTL says so; going off takes time, in which DMA goes on.
using DescriptorCache = DescriptorCacheOf<reg::Descriptor>;

inline constexpr RingDemands kRing = {.base_alignment = reg::kDescriptorBytes,
                                      .length_alignment = reg::kRingAlignment,
                                      .longest = reg::Rdlen::Len::kMask,
                                      .descriptor = reg::kDescriptorBytes};

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_RING_H_
