#include "testing/proof/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "testing/proof/interleave.h"
#include "testing/proof/stage.h"

namespace mapwire::proof {
namespace {

using sim::ChoiceKind;

// Sanitized executions take several times as long: one preemption less.
#ifdef __SANITIZE_ADDRESS__
constexpr uint32_t kPreemptions = 1;
#else
constexpr uint32_t kPreemptions = 2;
#endif

class ScheduleTest : public testing::TestWithParam<size_t> {};

TEST_P(ScheduleTest, HoldsInEveryInterleaving) {
  Script script = ScheduleScripts()[GetParam()];
  for (auto& [kind, most] : script.bounds) {
    if (kind == ChoiceKind::kPreempt) most = std::min(most, kPreemptions);
  }
  const SearchReport report = Search(script, script.bounds);
  EXPECT_TRUE(report.exhausted);
  EXPECT_GT(report.executions, 10u);
}

std::string NameOf(const testing::TestParamInfo<size_t>& info) {
  std::string name = ScheduleScripts()[info.param].name;
  for (char& letter : name) {
    if (letter == '-') letter = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scripts, ScheduleTest, testing::Range(size_t{0}, ScheduleScripts().size()),
                         NameOf);

TEST(Kill, AtEveryYieldPointOfAProgramsLife) {
  const Script script = KillScripts()[0];
  const uint64_t points_before = Interleaver::mortal_points();
  Replay(script, {});
  const uint64_t points = Interleaver::mortal_points() - points_before;
  const uint64_t kills_before = Interleaver::kills();
  const SearchReport report = Search(script, script.bounds);
  EXPECT_TRUE(report.exhausted);
  EXPECT_GT(points, 50u);
  EXPECT_EQ(Interleaver::kills() - kills_before, points);
  EXPECT_EQ(report.executions, points + 1);
}

TEST(Kill, AtEveryYieldPointWithAnotherThreadInBetween) {
  const Script script = KillScripts()[1];
  EXPECT_TRUE(Search(script, script.bounds).exhausted);
}

TEST(Close, InEveryOrder) {
  const Script script = KillScripts()[2];
  const SearchReport report = Search(script, script.bounds);
  EXPECT_TRUE(report.exhausted);
  // Four descriptors in 24 orders, the device before each close or not.
  EXPECT_EQ(report.executions, 24u * 16);
}

}  // namespace
}  // namespace mapwire::proof
