// Locks in the simulator: a holder may be switched out while it sleeps; others then wait their
// turn.
#ifndef PLATFORM_BACKEND_LOCK_H_
#define PLATFORM_BACKEND_LOCK_H_

#include "platform_backend/hooks.h"

namespace mapwire::platform {

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() {
    g_hooks->BeforeLock(this);
    while (held_) g_hooks->WaitForLock(this);
    held_ = true;
  }
  void Unlock() {
    held_ = false;
    g_hooks->LockReleased(this);
  }

 private:
  bool held_ = false;
};

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_LOCK_H_
