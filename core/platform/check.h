// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: assertions on what core itself controls. Untrusted input is validated, never asserted.
#ifndef CORE_PLATFORM_CHECK_H_
#define CORE_PLATFORM_CHECK_H_

namespace mapwire::platform {

// Reports a broken invariant and does not return. Any context. (The kernel backend warns and stops
// the port's traffic path with a trap; the simulator aborts with the seed.)
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace mapwire::platform

// Stays on in every build.
#define MW_CHECK(condition)                                             \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::mapwire::platform::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (0)

#endif  // CORE_PLATFORM_CHECK_H_
