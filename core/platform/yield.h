// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: a point between two steps that another CPU may see apart. In the simulator another CPU
// may come first there; elsewhere it is nothing. Loads of shared memory, register accesses, locks
// and sleeps are such points by themselves.
#ifndef CORE_PLATFORM_YIELD_H_
#define CORE_PLATFORM_YIELD_H_

#include "platform_backend/yield.h"

// Each backend defines, in namespace mapwire::platform: void YieldPoint();  any context

#endif  // CORE_PLATFORM_YIELD_H_
