// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A set of small integers over memory owned by somebody else.
#ifndef CORE_MEMORY_BITMAP_H_
#define CORE_MEMORY_BITMAP_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace mapwire::memory {

class Bitmap {
 public:
  static constexpr size_t Words(uint32_t bits) { return (bits + 63) / 64; }

  constexpr Bitmap() = default;
  Bitmap(uint64_t* words, uint32_t bits) : words_(words), bits_(bits) {}

  uint32_t size() const { return bits_; }
  bool Test(uint32_t i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }
  void Set(uint32_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void Clear(uint32_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  void ClearAll() {
    for (size_t w = 0; w < Words(bits_); ++w) words_[w] = 0;
  }

  // The lowest member >= from, or size().
  uint32_t NextSet(uint32_t from) const { return Next(from, 0); }
  // The lowest non-member >= from, or size().
  uint32_t NextClear(uint32_t from) const { return Next(from, ~uint64_t{0}); }

 private:
  uint32_t Next(uint32_t from, uint64_t flip) const {
    if (from >= bits_) return bits_;
    size_t w = from / 64;
    uint64_t word = (words_[w] ^ flip) & (~uint64_t{0} << (from % 64));
    while (word == 0) {
      if (++w >= Words(bits_)) return bits_;
      word = words_[w] ^ flip;
    }
    const uint32_t i = static_cast<uint32_t>(w * 64 + std::countr_zero(word));
    return i < bits_ ? i : bits_;
  }

  uint64_t* words_ = nullptr;
  uint32_t bits_ = 0;
};

}  // namespace mapwire::memory

#endif  // CORE_MEMORY_BITMAP_H_
