// Index algebra, and the check of head and cur against the rules of the interface, case by case.
#include "core/ring/cyclic.h"

#include <gtest/gtest.h>

namespace mapwire::ring {
namespace {

// The rules as the interface states them, without cyclic arithmetic: one case for a window that
// does not wrap, and two for one that does.
bool Allowed(uint32_t head, uint32_t cur, uint32_t first, uint32_t last, uint32_t n) {
  if (head >= n || cur >= n) return false;
  if (last >= first) return first <= head && head <= last && head <= cur && cur <= last;
  if (last < head && head < first) return false;
  if (head <= last) return head <= cur && cur <= last;
  return !(last < cur && cur < head);
}

TEST(CyclicTest, PositionsAreAcceptedExactlyAsTheInterfaceSays) {
  for (uint32_t n = 2; n <= 9; ++n) {
    for (uint32_t first = 0; first < n; ++first) {
      for (uint32_t last = 0; last < n; ++last) {
        for (uint32_t head = 0; head <= n + 1; ++head) {
          for (uint32_t cur = 0; cur <= n + 1; ++cur) {
            const PositionFault fault = CheckPositions(head, cur, first, last, n);
            ASSERT_EQ(fault == PositionFault::kNone, Allowed(head, cur, first, last, n))
                << "n " << n << " first " << first << " last " << last << " head " << head
                << " cur " << cur;
            if (head >= n) {
              ASSERT_EQ(fault, PositionFault::kHeadRange);
            } else if (cur >= n) {
              ASSERT_EQ(fault, PositionFault::kCurRange);
            } else if (!Allowed(head, head, first, last, n)) {
              ASSERT_EQ(fault, PositionFault::kHeadWindow);
            } else if (fault != PositionFault::kNone) {
              ASSERT_EQ(fault, PositionFault::kCurWindow);
            }
          }
        }
      }
    }
  }
}

TEST(CyclicTest, LargestValuesAreOutOfRange) {
  EXPECT_EQ(CheckPositions(~0u, 0, 0, 0, 8), PositionFault::kHeadRange);
  EXPECT_EQ(CheckPositions(0, ~0u, 0, 7, 8), PositionFault::kCurRange);
  EXPECT_EQ(CheckPositions(1u << 31, 1u << 31, 0, 7, 8), PositionFault::kHeadRange);
}

TEST(CyclicTest, StepsAndDistancesAgree) {
  for (uint32_t n = 2; n <= 9; ++n) {
    for (uint32_t i = 0; i < n; ++i) {
      EXPECT_EQ(Next(i, n), (i + 1) % n);
      EXPECT_EQ(Prev(i, n), (i + n - 1) % n);
      EXPECT_EQ(Prev(Next(i, n), n), i);
      for (uint32_t steps = 0; steps < n; ++steps) {
        EXPECT_EQ(Advance(i, steps, n), (i + steps) % n);
        EXPECT_EQ(Distance(i, Advance(i, steps, n), n), steps);
      }
      EXPECT_EQ(Advance(i, n, n), i);
    }
  }
}

}  // namespace
}  // namespace mapwire::ring
