// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Bit ranges of 64-bit descriptor words, written high, low as in the manuals; little-endian words.
#ifndef CORE_HW_BITS_H_
#define CORE_HW_BITS_H_

#include <bit>
#include <cstdint>

namespace mapwire::hw {

static_assert(std::endian::native == std::endian::little,
              "descriptors are little-endian in memory; a big-endian port needs swaps here");

// Bits High..Low of a 64-bit descriptor word.
template <unsigned High, unsigned Low>
struct Bits {
  static_assert(High >= Low && High < 64);
  static constexpr uint64_t kMax =
      High - Low == 63 ? ~uint64_t{0} : (uint64_t{1} << (High - Low + 1)) - 1;
  static constexpr uint64_t kMask = kMax << Low;

  static constexpr uint64_t Get(uint64_t word) { return (word & kMask) >> Low; }
  static constexpr uint64_t Make(uint64_t value) { return (value & kMax) << Low; }
};

}  // namespace mapwire::hw

#endif  // CORE_HW_BITS_H_
