// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: assertions on what core itself controls. Untrusted input is validated, never asserted.
#ifndef CORE_PLATFORM_CHECK_H_
#define CORE_PLATFORM_CHECK_H_

namespace mapwire::platform {

// Reports a broken invariant. Any context. The simulator aborts with the seed; the kernel logs and
// returns, and the trap of MW_CHECK ends whoever was at work. (Not declared noreturn: the kernel's
// objtool follows every path, and knows no function of ours that does not return.)
[[gnu::cold]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace mapwire::platform

// Stays on in every build.
#define MW_CHECK(condition)                                             \
  do {                                                                  \
    if (!(condition)) [[unlikely]] {                                    \
      ::mapwire::platform::CheckFailed(__FILE__, __LINE__, #condition); \
      __builtin_trap();                                                 \
    }                                                                   \
  } while (0)

#endif  // CORE_PLATFORM_CHECK_H_
