// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: memory ordering towards devices and towards programs. docs/memory-model.md names the
// pairs.
#ifndef CORE_PLATFORM_BARRIER_H_
#define CORE_PLATFORM_BARRIER_H_

#include "platform_backend/barrier.h"

// Each backend defines, in namespace mapwire::platform:
//   void DmaWriteBarrier();  stores to descriptors are visible to the device before what follows
//   void DmaReadBarrier();   what follows is read after the done indication before it
//   void StoreOrder();       earlier stores to shared rings are visible before later ones

#endif  // CORE_PLATFORM_BARRIER_H_
