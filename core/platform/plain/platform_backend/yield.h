// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Nothing comes between.
#ifndef PLATFORM_BACKEND_YIELD_H_
#define PLATFORM_BACKEND_YIELD_H_

namespace mapwire::platform {

inline void YieldPoint() {}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_YIELD_H_
