// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Work accounting: only the simulator does any.
#ifndef PLATFORM_BACKEND_WORK_H_
#define PLATFORM_BACKEND_WORK_H_

namespace mapwire::platform {

inline void AccountWork(Work, uint32_t) {}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_WORK_H_
