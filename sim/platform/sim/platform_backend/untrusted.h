// Shared memory in the simulator: each load is a choice point, and core's own address of the
// memory has no access rights, so an access that bypasses these functions faults.
#ifndef PLATFORM_BACKEND_UNTRUSTED_H_
#define PLATFORM_BACKEND_UNTRUSTED_H_

#include <cstddef>
#include <cstring>

#include "platform_backend/hooks.h"

namespace mapwire::platform {

template <typename T>
inline T UntrustedLoad(const T* address) {
  T* real = const_cast<T*>(RealAddress(address));
  if (g_memory_hooks != nullptr) g_memory_hooks->UntrustedLoad(real, sizeof(T));
  return *const_cast<const volatile T*>(real);
}

template <typename T>
inline void UntrustedStore(T* address, T value) {
  T* const real = RealAddress(address);
  if (g_memory_hooks != nullptr) g_memory_hooks->UntrustedStore(real, sizeof(T));
  *const_cast<volatile T*>(real) = value;
}

inline void UntrustedZero(void* address, size_t bytes) {
  char* const real = RealAddress(static_cast<char*>(address));
  if (g_memory_hooks != nullptr) g_memory_hooks->UntrustedStore(real, bytes);
  std::memset(real, 0, bytes);
}

inline void UntrustedCopyIn(void* to, const void* from, size_t bytes) {
  char* real = const_cast<char*>(RealAddress(static_cast<const char*>(from)));
  if (g_memory_hooks != nullptr) g_memory_hooks->UntrustedLoad(real, bytes);
  std::memcpy(to, real, bytes);
}

inline void UntrustedCopyOut(void* to, const void* from, size_t bytes) {
  char* const real = RealAddress(static_cast<char*>(to));
  if (g_memory_hooks != nullptr) g_memory_hooks->UntrustedStore(real, bytes);
  std::memcpy(real, from, bytes);
}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_UNTRUSTED_H_
