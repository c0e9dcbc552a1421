// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Locks in the kernel: struct mutex, in room whose size its own header gave.
#ifndef PLATFORM_BACKEND_LOCK_H_
#define PLATFORM_BACKEND_LOCK_H_

#include "kernel/os_abi.h"
#include "os_sizes.h"

namespace mapwire::platform {

class Mutex {
 public:
  Mutex() { os_mutex_init(storage_); }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() { os_mutex_lock(storage_); }
  void Unlock() { os_mutex_unlock(storage_); }

 private:
  alignas(8) unsigned char storage_[MAPWIRE_OS_MUTEX_BYTES];
};

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_LOCK_H_
