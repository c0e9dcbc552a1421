// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What core needs from its world and is handed at construction: interfaces, implemented once for
// the kernel and once for the simulator.
//
// Contexts: "data path" never sleeps and never allocates; "control path" may sleep and may fail.
#ifndef CORE_PLATFORM_ENVIRONMENT_H_
#define CORE_PLATFORM_ENVIRONMENT_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/status.h"
#include "core/base/strong.h"

namespace mapwire::platform {

// Private memory of core: records, tables, objects. Control path.
class Heap {
 public:
  // Zeroed memory, aligned for any object; null if there is none. Every call is a fault site.
  virtual void* Allocate(size_t bytes) = 0;
  virtual void Free(void* memory) = 0;

 protected:
  ~Heap() = default;
};

// A T in heap memory, or null.
template <typename T, typename... Arguments>
T* New(Heap& heap, Arguments&&... arguments) {
  void* memory = heap.Allocate(sizeof(T));
  return memory == nullptr ? nullptr : new (memory) T(std::forward<Arguments>(arguments)...);
}

// Destroys and frees; null is allowed.
template <typename T>
void Delete(Heap& heap, T* object) {
  if (object == nullptr) return;
  object->~T();
  heap.Free(object);
}

// An array of default-constructed elements (zeroed, if they are trivial), or null. Freed by
// Heap::Free: the elements need no destructor.
template <typename T>
T* NewArray(Heap& heap, size_t count) {
  static_assert(std::is_trivially_destructible_v<T>);
  if (count > SIZE_MAX / sizeof(T)) return nullptr;
  T* const array = static_cast<T*>(heap.Allocate(count * sizeof(T)));
  if constexpr (!std::is_trivially_default_constructible_v<T>) {
    for (size_t i = 0; array != nullptr && i < count; ++i) new (&array[i]) T();
  }
  return array;
}

// The pages behind one region. Offsets are those of the program's mapping. Control path.
class PageSpace {
 public:
  // Makes [offset, offset + bytes) present: zeroed, physically contiguous, whole pages, at most
  // 4 MiB. Returns the address core knows the first byte by (an argument for Untrusted and for
  // DmaSpace, never to be dereferenced), or kNoMemory. Programs may touch it from now on.
  virtual Result<void*> Commit(uint64_t offset, uint64_t bytes) = 0;
  // Takes pages back; programs get SIGBUS (or fresh zeroes after a new Commit) from now on.
  virtual void Release(uint64_t offset, uint64_t bytes) = 0;

 protected:
  ~PageSpace() = default;
};

class PageSource {
 public:
  // A space of `bytes` bytes (whole pages), nothing committed; or null. Control path.
  virtual PageSpace* Create(uint64_t bytes) = 0;
  // All of it must have been released.
  virtual void Destroy(PageSpace* space) = 0;

 protected:
  ~PageSource() = default;
};

// Memory shared by CPU and device without explicit synchronisation: descriptors, write-back words.
struct CoherentMemory {
  void* address = nullptr;  // for the CPU; plain memory
  DeviceAddress device;
};

// What the device is to do with bytes that it gets.
enum class DmaFlow : uint8_t { kDeviceReads, kDeviceWrites };

// A device's view of memory (its IOMMU domain). Control path, except where "data path" is said.
class DmaSpace {
 public:
  // Maps committed pages for reading and writing by the device. kNoMemory if there is no room,
  // kInvalid if the device cannot address them.
  virtual Result<DeviceAddress> Map(void* address, uint64_t bytes) = 0;
  // Changes no byte of the pages.
  virtual void Unmap(DeviceAddress device, uint64_t bytes) = 0;
  // True if device and CPU may see different bytes of what is mapped (copies in memory that the
  // device reaches, caches that it does not see) until the two below are called. Never changes.
  virtual bool needs_sync() const { return false; }
  // Data path. The device has these bytes of a mapping from now on, as the CPU left them.
  virtual void SyncForDevice(DeviceAddress, uint64_t, DmaFlow) {}
  // Data path. The CPU has these bytes from now on, as the device wrote them.
  virtual void SyncForCpu(DeviceAddress, uint64_t) {}
  // Zeroed, aligned to 128 bytes or more. address is null if there is none.
  virtual CoherentMemory AllocateCoherent(uint64_t bytes) = 0;
  virtual void FreeCoherent(CoherentMemory memory, uint64_t bytes) = 0;
  // The last resort with a device that does not stop: cuts it off from all memory for good, by
  // means that do not need its help (bus mastering off, mappings revoked). False if there are none.
  virtual bool Isolate() { return false; }

 protected:
  ~DmaSpace() = default;
};

// A wait queue. Lives as long as its owner says; see Environment.
class Notifier {
 public:
  // Wakes everyone who waits. Any context, interrupts included. Marks and wakes, nothing else: it
  // never calls back into core, and no lock is held across it.
  virtual void Notify() = 0;

 protected:
  ~Notifier() = default;
};

// Collects the queues a poll() caller wants to be woken by.
class PollRegistrar {
 public:
  // Called before the scan, so that no wake-up between scan and sleep is lost.
  virtual void WaitOn(Notifier& notifier) = 0;

 protected:
  ~PollRegistrar() = default;
};

// The calling program, for control requests: its memory, and where it looks names up.
class UserMemory {
 public:
  // Ports of another name space than its own do not exist for it. Compared, never followed.
  virtual const void* name_space() const { return nullptr; }
  // kFault if any byte cannot be read or written. Each call is a choice point.
  virtual Status CopyIn(void* to, UserAddress from, size_t bytes) = 0;
  virtual Status CopyOut(UserAddress to, const void* from, size_t bytes) = 0;

 protected:
  ~UserMemory() = default;
};

struct TimeOfDay {
  int64_t seconds;
  int64_t microseconds;
};

class Clock {
 public:
  // Wall clock, for received-packet time stamps. Data path.
  virtual TimeOfDay Now() = 0;

 protected:
  ~Clock() = default;
};

// Sleeping. Control path only.
class Sleeper {
 public:
  virtual void DelayMicroseconds(uint32_t microseconds) = 0;

 protected:
  ~Sleeper() = default;
};

// Polls `condition` every `step_us` until it is true or `limit_us` have passed. The only wait loop.
template <typename Condition>
Status WaitUntil(Sleeper& sleeper, uint32_t step_us, uint32_t limit_us, Condition&& condition) {
  for (uint64_t waited = 0;; waited += step_us) {
    if (condition()) return kOkStatus;
    if (waited >= limit_us) return Errno::kTimedOut;
    sleeper.DelayMicroseconds(step_us);
  }
}

// All of it. Outlives every object of core that was given it.
class Environment {
 public:
  virtual Heap& heap() = 0;
  virtual PageSource& pages() = 0;
  virtual Clock& clock() = 0;
  virtual Sleeper& sleeper() = 0;
  // A wait queue, or null. Control path. Must not be waited on when destroyed.
  virtual Notifier* NewNotifier() = 0;
  virtual void DeleteNotifier(Notifier* notifier) = 0;

 protected:
  ~Environment() = default;
};

}  // namespace mapwire::platform

#endif  // CORE_PLATFORM_ENVIRONMENT_H_
