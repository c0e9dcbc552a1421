// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: tells the simulator's CPU model what was done, once per batch. Elsewhere it is nothing.
#ifndef CORE_PLATFORM_WORK_H_
#define CORE_PLATFORM_WORK_H_

#include <cstdint>

namespace mapwire::platform {

// Rows of the CPU model's table; docs/cpu-model.md has the cycles of each.
enum class Work : uint8_t {
  kTxSlot,     // slot validated and turned into a descriptor
  kRxImport,   // descriptor turned into a received slot
  kRxRelease,  // slot handed back to the device
  kRingScan,   // one ring looked at by a sync or a poll
  kCopyBytes,  // payload bytes copied by core
};

}  // namespace mapwire::platform

#include "platform_backend/work.h"

// Each backend defines: void AccountWork(Work kind, uint32_t count);

#endif  // CORE_PLATFORM_WORK_H_
