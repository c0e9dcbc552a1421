// Shared memory on the cost backend: a volatile access, as in the kernel.
#ifndef PLATFORM_BACKEND_UNTRUSTED_H_
#define PLATFORM_BACKEND_UNTRUSTED_H_

#include <cstddef>
#include <cstring>

namespace mapwire::platform {

template <typename T>
inline T UntrustedLoad(const T* address) {
  return *const_cast<const volatile T*>(address);
}

template <typename T>
inline void UntrustedStore(T* address, T value) {
  *const_cast<volatile T*>(address) = value;
}

inline void UntrustedZero(void* address, size_t bytes) { std::memset(address, 0, bytes); }

inline void UntrustedCopyIn(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
}

inline void UntrustedCopyOut(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_UNTRUSTED_H_
