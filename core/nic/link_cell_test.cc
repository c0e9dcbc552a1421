// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/nic/link_cell.h"

#include <gtest/gtest.h>

namespace mapwire::nic {
namespace {

bool operator==(LinkState a, LinkState b) { return a.up == b.up && a.mbps == b.mbps; }

constexpr LinkState kDown = {};
constexpr LinkState kSlow = {.up = true, .mbps = 100};
constexpr LinkState kFast = {.up = true, .mbps = 100'000};

TEST(LinkCell, IsDownUntilSomebodyReads) { EXPECT_TRUE(LinkCell().Get() == kDown); }

TEST(LinkCell, KeepsStateAndSpeedApart) {
  LinkCell cell;
  for (const LinkState state : {kFast, kDown, kSlow, LinkState{.up = true, .mbps = 0},
                                LinkState{.up = false, .mbps = 1'000}}) {
    cell.Set(state);
    EXPECT_TRUE(cell.Get() == state) << state.mbps;
  }
}

TEST(LinkCell, AnInterruptSaysWhatItRead) {
  LinkCell cell;
  cell.SetByInterrupt([] { return kSlow; });
  EXPECT_TRUE(cell.Get() == kSlow);
}

TEST(LinkCell, ARefreshReadsOnceIfNothingHappens) {
  LinkCell cell;
  int reads = 0;
  const LinkState state = cell.Refresh([&reads] {
    ++reads;
    return kFast;
  });
  EXPECT_EQ(reads, 1);
  EXPECT_TRUE(state == kFast);
  EXPECT_TRUE(cell.Get() == kFast);
}

TEST(LinkCell, ARefreshDoesNotOverwriteANewerInterruptsState) {
  LinkCell cell;
  int reads = 0;
  const LinkState state = cell.Refresh([&] {
    // The link comes up between this read and what follows it.
    if (reads++ > 0) return kFast;
    cell.SetByInterrupt([] { return kFast; });
    return kDown;
  });
  EXPECT_EQ(reads, 2);
  EXPECT_TRUE(state == kFast);
  EXPECT_TRUE(cell.Get() == kFast);
}

TEST(LinkCell, ARefreshOfALinkThatNeverRestsEnds) {
  LinkCell cell;
  int reads = 0;
  cell.Refresh([&] {
    ++reads;
    cell.SetByInterrupt([] { return kDown; });
    return kSlow;
  });
  EXPECT_EQ(reads, 4);
}

}  // namespace
}  // namespace mapwire::nic
