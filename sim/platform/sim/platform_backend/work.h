// Work accounting: the sim backend.
#ifndef PLATFORM_BACKEND_WORK_H_
#define PLATFORM_BACKEND_WORK_H_

#include "platform_backend/hooks.h"

namespace mapwire::platform {

inline void AccountWork(Work kind, uint32_t count) { g_hooks->AccountWork(kind, count); }

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_WORK_H_
