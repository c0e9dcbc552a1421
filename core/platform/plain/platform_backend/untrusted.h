// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Shared memory: pages of ours that programs map too, so a plain access of the right width, once.
#ifndef PLATFORM_BACKEND_UNTRUSTED_H_
#define PLATFORM_BACKEND_UNTRUSTED_H_

#include <cstddef>

namespace mapwire::platform {

template <typename T>
inline T UntrustedLoad(const T* address) {
  return *const_cast<const volatile T*>(address);
}

template <typename T>
inline void UntrustedStore(T* address, T value) {
  *const_cast<volatile T*>(address) = value;
}

inline void UntrustedZero(void* address, size_t bytes) { __builtin_memset(address, 0, bytes); }

inline void UntrustedCopyIn(void* to, const void* from, size_t bytes) {
  __builtin_memcpy(to, from, bytes);
}

inline void UntrustedCopyOut(void* to, const void* from, size_t bytes) {
  __builtin_memcpy(to, from, bytes);
}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_UNTRUSTED_H_
