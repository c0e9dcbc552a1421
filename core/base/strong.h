// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Strong integer types for values whose mix-up would hurt: indices of different spaces, addresses.
#ifndef CORE_BASE_STRONG_H_
#define CORE_BASE_STRONG_H_

#include <compare>
#include <cstdint>

namespace mapwire {

// An integer that converts to and from its representation only when asked.
template <typename Tag, typename T>
class Strong {
 public:
  using Representation = T;

  constexpr Strong() = default;
  constexpr explicit Strong(T value) : value_(value) {}

  constexpr T value() const { return value_; }
  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  T value_{};
};

// A position in a netmap ring, 0..N-1: what programs see.
using SlotIndex = Strong<struct SlotIndexTag, uint32_t>;
// A position in a NIC's descriptor ring, 0..N-1; differs from SlotIndex by the ring's offset.
using NicIndex = Strong<struct NicIndexTag, uint32_t>;
// A buffer of a region's buffer pool; 0 and 1 are never handed out.
using BufferIndex = Strong<struct BufferIndexTag, uint32_t>;
// An address as the device sees it (after an IOMMU, if there is one), in bytes.
using DeviceAddress = Strong<struct DeviceAddressTag, uint64_t>;
// A pointer value of the calling program; never dereferenced by core.
using UserAddress = Strong<struct UserAddressTag, uint64_t>;

}  // namespace mapwire

#endif  // CORE_BASE_STRONG_H_
