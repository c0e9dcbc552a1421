// Nothing comes between.
#ifndef PLATFORM_BACKEND_YIELD_H_
#define PLATFORM_BACKEND_YIELD_H_

namespace mapwire::platform {

inline void YieldPoint() {}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_YIELD_H_
