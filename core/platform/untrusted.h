// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: memory that programs can write. Only core/ring, core/memory and core/control use it.
//
// Such memory is never dereferenced: core holds an Untrusted<T>, loads a value ONCE, validates the
// copy, and from there on uses the copy. In the simulator every load is a choice point at which a
// hostile program may have changed the bytes, and an access that bypasses this class faults.
#ifndef CORE_PLATFORM_UNTRUSTED_H_
#define CORE_PLATFORM_UNTRUSTED_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "platform_backend/untrusted.h"

namespace mapwire::platform {

// Each backend defines:
//   template <typename T> T UntrustedLoad(const T* address);         one access of sizeof(T)
//   template <typename T> void UntrustedStore(T* address, T value);  one access of sizeof(T)
//   void UntrustedZero(void* address, size_t bytes);
//   void UntrustedCopyIn(void* to, const void* from, size_t bytes);  payload; not a single access
//   void UntrustedCopyOut(void* to, const void* from, size_t bytes);

// A place of type T in shared memory. Copyable; does not own the memory. Data path.
template <typename T>
class Untrusted {
 public:
  static_assert(std::is_integral_v<T> && sizeof(T) <= 8, "one load per value");

  constexpr Untrusted() = default;
  constexpr explicit Untrusted(T* address) : address_(address) {}

  // The value there now. It may be another one at the next call.
  T Load() const { return UntrustedLoad<T>(address_); }
  void Store(T value) const { UntrustedStore<T>(address_, value); }
  constexpr bool null() const { return address_ == nullptr; }

 private:
  T* address_ = nullptr;
};

}  // namespace mapwire::platform

#endif  // CORE_PLATFORM_UNTRUSTED_H_
