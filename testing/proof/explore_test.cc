#include "testing/proof/explore.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "testing/proof/attack.h"
#include "testing/proof/stage.h"

namespace mapwire::proof {
namespace {

using sim::ChoiceKind;

// Sanitized executions take several times as long.
#ifdef __SANITIZE_ADDRESS__
constexpr uint32_t kChanges = 1;
#else
constexpr uint32_t kChanges = 2;
#endif

void MustBeExhaustive(const Script& script, uint32_t changes) {
  const SearchReport report = Search(script, {{ChoiceKind::kValue, changes}});
  EXPECT_TRUE(report.exhausted) << script.name;
  EXPECT_FALSE(report.diverged) << script.name;
  EXPECT_GT(report.executions, 1u) << script.name;
}

TEST(Explore, EveryCallWithAnyOneValueChanged) {
  for (const Script& script : ExploreScripts()) MustBeExhaustive(script, 1);
  // Every kind of place was read and tried; nothing reads the flags of a ring but a time stamp that
  // was not asked for.
  const Attack::Coverage& coverage = Attack::coverage();
  for (size_t place = 0; place < kPlaces; ++place) {
    if (static_cast<Place>(place) == Place::kFlags) continue;
    EXPECT_GT(coverage.points[place], 0u) << PlaceName(static_cast<Place>(place));
  }
}

TEST(Explore, SomeCallsWithMoreValuesChanged) {
  const std::vector<std::string> wanted = {"txsync-plain-2@3",   "txsync-fragments-2@2",
                                           "rxsync-plain-2-1@3", "rxsync-offsets-1-0@2",
                                           "txsync-offsets-1@3", "poll-out@2"};
  size_t found = 0;
  for (const Script& script : ExploreScripts()) {
    if (std::find(wanted.begin(), wanted.end(), script.name) == wanted.end()) continue;
    ++found;
    MustBeExhaustive(script, kChanges);
  }
  EXPECT_EQ(found, wanted.size());
}

TEST(Explore, CallsWithAnyNumberOfValuesDrawn) {
  for (const Script& script : ExploreScripts()) Draw(script, 20260101, 100, 3);
}

// Beyond what is searched always: found with two changed values, kept.
TEST(Replay, CloseKeepsWhatTheNeighboursDeviceMayWriteTo) {
  for (const Script& script : ExploreScripts()) {
    if (script.name != "close@1") continue;
    Search(script, {{ChoiceKind::kValue, 2}}, 20000);
  }
}

TEST(StageDeathTest, BrokenPromisesEndTheProcessAndSayHowToRepeat) {
  EXPECT_DEATH(
      {
        Search({"broken",
                [](sim::Chooser& chooser) {
                  Stage stage(chooser);
                  if (chooser.Choose(ChoiceKind::kValue, 3) == 2) Fail("nothing is promised here");
                }},
               {{ChoiceKind::kValue, 1}});
      },
      "nothing is promised here\n.*--script 'broken' --replay '0:2'");
}

}  // namespace
}  // namespace mapwire::proof
