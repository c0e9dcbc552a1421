// Work accounting: the cost backend.
#ifndef PLATFORM_BACKEND_WORK_H_
#define PLATFORM_BACKEND_WORK_H_

namespace mapwire::platform {

inline void AccountWork(Work, uint32_t) {}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_WORK_H_
