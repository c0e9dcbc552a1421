// Properties of the bitmap: it is a set of small integers.
#include "core/memory/bitmap.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <vector>

namespace mapwire::memory {
namespace {

TEST(BitmapTest, AnEmptyOneHasNoMembersAndNoPlaces) {
  const Bitmap bitmap;
  EXPECT_EQ(bitmap.size(), 0u);
  EXPECT_EQ(bitmap.NextSet(0), 0u);
  EXPECT_EQ(bitmap.NextClear(0), 0u);
}

TEST(BitmapTest, BitsBehindTheEndAreNoMembers) {
  uint64_t words[2] = {~uint64_t{0}, ~uint64_t{0}};
  const Bitmap bitmap(words, 65);
  EXPECT_EQ(bitmap.NextClear(0), 65u);
  EXPECT_EQ(bitmap.NextSet(64), 64u);
  EXPECT_EQ(bitmap.NextSet(65), 65u);
  EXPECT_EQ(bitmap.NextSet(1000), 65u);
}

RC_GTEST_PROP(BitmapPropertyTest, BehavesAsASet, ()) {
  const uint32_t bits = *rc::gen::inRange<uint32_t>(1, 200);
  std::vector<uint64_t> words(Bitmap::Words(bits));
  Bitmap bitmap(words.data(), bits);
  std::set<uint32_t> model;
  const auto steps = *rc::gen::container<std::vector<std::pair<bool, uint32_t>>>(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange<uint32_t>(0, bits)));
  for (const auto& [set, i] : steps) {
    if (set) {
      bitmap.Set(i);
      model.insert(i);
    } else {
      bitmap.Clear(i);
      model.erase(i);
    }
  }
  for (uint32_t from = 0; from <= bits; ++from) {
    const auto next = model.lower_bound(from);
    RC_ASSERT(bitmap.NextSet(from) == (next == model.end() ? bits : *next));
    uint32_t clear = from;
    while (clear < bits && model.contains(clear)) ++clear;
    RC_ASSERT(bitmap.NextClear(from) == clear);
    if (from < bits) RC_ASSERT(bitmap.Test(from) == model.contains(from));
  }
  bitmap.ClearAll();
  RC_ASSERT(bitmap.NextSet(0) == bits);
}

}  // namespace
}  // namespace mapwire::memory
