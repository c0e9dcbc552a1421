// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Index algebra on a ring of n positions. Pure; every index is below n, n need not be a power of 2.
#ifndef CORE_RING_CYCLIC_H_
#define CORE_RING_CYCLIC_H_

#include <cstdint>

namespace mapwire::ring {

// The wrap is marked as the rare case throughout: a branch not taken is cheaper than a selection.
constexpr uint32_t Next(uint32_t i, uint32_t n) {
  if (i + 1 == n) [[unlikely]]
    return 0;
  return i + 1;
}
constexpr uint32_t Prev(uint32_t i, uint32_t n) {
  if (i == 0) [[unlikely]]
    return n - 1;
  return i - 1;
}
// Steps forward from `from` to `to`: 0 .. n-1.
constexpr uint32_t Distance(uint32_t from, uint32_t to, uint32_t n) {
  uint32_t distance = to - from;
  if (to < from) [[unlikely]]
    distance += n;
  return distance;
}
// `i` moved forward by `steps` <= n.
constexpr uint32_t Advance(uint32_t i, uint32_t steps, uint32_t n) {
  const uint32_t moved = i + steps;
  if (moved >= n) [[unlikely]]
    return moved - n;
  return moved;
}

enum class PositionFault : uint8_t { kNone, kHeadRange, kHeadWindow, kCurRange, kCurWindow };

// Checks head and cur of a program against what it may say: first <= head <= cur <= last,
// cyclically, where [first, last] is the window core granted.
constexpr PositionFault CheckPositions(uint32_t head, uint32_t cur, uint32_t first, uint32_t last,
                                       uint32_t n) {
  // What most programs say; a window that does not wrap ends below n, and so does what is in it.
  if (cur == head) [[likely]] {
    if (first <= last) {
      if (head - first <= last - first) [[likely]]
        return PositionFault::kNone;
    } else if (head <= last || (head >= first && head < n)) [[likely]] {
      return PositionFault::kNone;
    }
  }
  if (head >= n) return PositionFault::kHeadRange;
  if (cur >= n) return PositionFault::kCurRange;
  const uint32_t window = Distance(first, last, n);
  const uint32_t head_at = Distance(first, head, n);
  if (head_at > window) return PositionFault::kHeadWindow;
  const uint32_t cur_at = Distance(first, cur, n);
  if (cur_at > window || cur_at < head_at) return PositionFault::kCurWindow;
  return PositionFault::kNone;
}

}  // namespace mapwire::ring

#endif  // CORE_RING_CYCLIC_H_
