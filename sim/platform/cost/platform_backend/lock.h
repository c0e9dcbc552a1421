// Locks on the cost backend: one thread, nothing to lock; the data path takes none.
#ifndef PLATFORM_BACKEND_LOCK_H_
#define PLATFORM_BACKEND_LOCK_H_

namespace mapwire::platform {

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() {}
  void Unlock() {}
};

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_LOCK_H_
