// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: a device's register window (one BAR).
#ifndef CORE_PLATFORM_MMIO_H_
#define CORE_PLATFORM_MMIO_H_

#include "platform_backend/mmio.h"

// Each backend defines, in namespace mapwire::platform, a copyable class Mmio:
//   uint32_t Read32(uint32_t offset) const;                any context
//   void Write32(uint32_t offset, uint32_t value) const;   any context; posted
// Offsets are in bytes, multiples of 4. A device that is gone reads as all ones.

#endif  // CORE_PLATFORM_MMIO_H_
