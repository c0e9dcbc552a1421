// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: locks. Order: control mutex, then port, then ring busy bits (docs/locking.md).
#ifndef CORE_PLATFORM_LOCK_H_
#define CORE_PLATFORM_LOCK_H_

#include "platform_backend/lock.h"

namespace mapwire::platform {

// Each backend defines Mutex with Lock() and Unlock(): control path only, sleeps.

// Holds a lock for a scope.
template <typename Lock>
class [[nodiscard]] Guard {
 public:
  explicit Guard(Lock& lock) : lock_(lock) { lock_.Lock(); }
  ~Guard() { lock_.Unlock(); }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  Lock& lock_;
};

}  // namespace mapwire::platform

#endif  // CORE_PLATFORM_LOCK_H_
