// Points at which the world may let another CPU come first.
#ifndef PLATFORM_BACKEND_YIELD_H_
#define PLATFORM_BACKEND_YIELD_H_

#include "platform_backend/hooks.h"

namespace mapwire::platform {

inline void YieldPoint() { g_hooks->Yield(); }

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_YIELD_H_
