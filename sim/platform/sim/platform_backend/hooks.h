// Where the simulated world attaches itself to the portable core. One world at a time per process.
#ifndef PLATFORM_BACKEND_HOOKS_H_
#define PLATFORM_BACKEND_HOOKS_H_

#include <cstddef>
#include <cstdint>

namespace mapwire::platform {

enum class Work : uint8_t;

// What a barrier orders; core/platform/barrier.h says it in full.
enum class Order : uint8_t { kDmaWrite, kDmaRead, kStore };

// What the world is told, and may act upon. A default-constructed Hooks does nothing.
class Hooks {
 public:
  virtual ~Hooks() = default;
  // Core is about to load `bytes` bytes of shared memory; `address` is the real, writable place.
  // Not called, nor the next one, while WatchMemory says that nobody wants to know.
  virtual void UntrustedLoad(void* /*address*/, size_t /*bytes*/) {}
  // Core is about to store there.
  virtual void UntrustedStore(void* /*address*/, size_t /*bytes*/) {}
  // Another CPU may come first here. Any context.
  virtual void Yield() {}
  // Core has put a barrier here.
  virtual void Ordered(Order /*order*/) {}
  // The calling CPU did `count` units of work.
  virtual void AccountWork(Work /*kind*/, uint32_t /*count*/) {}
  // The calling context is about to take a mutex.
  virtual void BeforeLock(const void* /*lock*/) {}
  // The calling context must wait for a mutex that somebody else holds.
  virtual void WaitForLock(const void* /*lock*/) {}
  virtual void LockReleased(const void* /*lock*/) {}
  // An invariant of core is broken; must not return.
  virtual void CheckFailed(const char* /*file*/, int /*line*/, const char* /*condition*/) {}
  virtual void Log(int /*level*/, const char* /*text*/) {}
};

// The current hooks; never null.
extern Hooks* g_hooks;

// The same, or null: nobody wants to know of loads and stores.
extern Hooks* g_memory_hooks;

// Installs `hooks` and returns the ones before; null installs the silent default. They are told of
// loads and stores.
Hooks* SetHooks(Hooks* hooks);
// Whether the current hooks are told of loads and stores: each costs a call.
void WatchMemory(bool watch);

// Core knows shared memory by an address in a window without access rights; the bytes are
// `g_untrusted_shift` below. Set once by the page source.
extern ptrdiff_t g_untrusted_shift;

// The real place behind an address core holds.
template <typename T>
inline T* RealAddress(T* address) {
  return reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(address) -
                              static_cast<uintptr_t>(g_untrusted_shift));
}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_HOOKS_H_
