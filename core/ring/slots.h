// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Slots as the ring loop sees them: the first eight bytes are one value, loaded once.
#ifndef CORE_RING_SLOTS_H_
#define CORE_RING_SLOTS_H_

#include <cstddef>
#include <cstdint>

#include "core/platform/untrusted.h"

namespace mapwire::ring {

// Slot flags, from the ABI.
inline constexpr uint32_t kSlotBufferChanged = 0x1;
inline constexpr uint32_t kSlotReport = 0x2;
inline constexpr uint32_t kSlotForward = 0x4;
inline constexpr uint32_t kSlotMoreFragments = 0x20;

inline constexpr uint32_t kSlotBytes = 16;

// buf_idx, len and flags of a slot, in memory order of a little-endian machine.
struct SlotWord {
  uint64_t raw;

  constexpr uint32_t buffer() const { return static_cast<uint32_t>(raw); }
  // len in bits 15:0, flags in bits 31:16. Without flags it is the length.
  constexpr uint32_t length_flags() const { return static_cast<uint32_t>(raw >> 32); }
  constexpr uint32_t length() const { return static_cast<uint16_t>(raw >> 32); }
  constexpr uint32_t flags() const { return static_cast<uint32_t>(raw >> 48); }
};

constexpr uint32_t LengthFlags(uint32_t length, uint32_t flags) { return length | flags << 16; }

// Slots in memory that programs write. Data path; copyable.
class UntrustedSlots {
 public:
  UntrustedSlots() = default;
  explicit UntrustedSlots(char* base) : base_(base) {}

  SlotWord Load(size_t i) const {
    return {platform::UntrustedLoad(reinterpret_cast<const uint64_t*>(At(i)))};
  }
  uint64_t LoadPointer(size_t i) const {
    return platform::UntrustedLoad(reinterpret_cast<const uint64_t*>(At(i) + 8));
  }
  void StoreLengthFlags(size_t i, uint32_t length_flags) const {
    platform::UntrustedStore(reinterpret_cast<uint32_t*>(At(i) + 4), length_flags);
  }
  void StoreFlags(size_t i, uint32_t flags) const {
    platform::UntrustedStore(reinterpret_cast<uint16_t*>(At(i) + 6), static_cast<uint16_t>(flags));
  }
  void StoreWord(size_t i, uint64_t word) const {
    platform::UntrustedStore(reinterpret_cast<uint64_t*>(At(i)), word);
  }
  void StorePointer(size_t i, uint64_t pointer) const {
    platform::UntrustedStore(reinterpret_cast<uint64_t*>(At(i) + 8), pointer);
  }
  // The slots from `first` on.
  UntrustedSlots From(size_t first) const { return UntrustedSlots(At(first)); }

 private:
  char* At(size_t i) const { return base_ + i * kSlotBytes; }

  char* base_ = nullptr;
};

}  // namespace mapwire::ring

#endif  // CORE_RING_SLOTS_H_
