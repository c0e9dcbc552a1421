// The main scenario at line rate, and below it where the machine or its settings are too slow.
#include <gtest/gtest.h>

#include "sim/demo/scenario.h"

namespace mapwire::sim {
namespace {

ScenarioResult RunWhole(const ScenarioOptions& options) {
  const ScenarioResult result = RunScenario(options);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.sent, options.frames);
  EXPECT_EQ(result.damaged, 0u);
  EXPECT_EQ(result.reordered, 0u);
  return result;
}

TEST(LineRate, IsReachedByTheSmallestFramesOnOneSlowCore) {
  const ScenarioResult result = RunWhole({.frames = 200000, .hostile = false});
  EXPECT_GE(result.rate_pps, 0.999 * kLineRatePps);
  EXPECT_LE(result.rate_pps, 1.0001 * kLineRatePps);
  EXPECT_EQ(result.received, 200000u);
  EXPECT_EQ(result.lost, 0u);
}

TEST(LineRate, IsReachedBesideHostilePrograms) {
  const ScenarioResult result = RunWhole({.seed = 7, .frames = 100000, .hostile = true});
  EXPECT_EQ(result.lost, 0u);
  for (const HostileResult* hostile : {&result.own_region, &result.same_region}) {
    EXPECT_EQ(hostile->first_failure, "");
    EXPECT_GT(hostile->tried, 20u);
    EXPECT_GT(hostile->illegal, 0u);
    EXPECT_EQ(hostile->contained, hostile->tried);
  }
}

TEST(LineRate, HostileProgramsAreContainedWhateverTheSeed) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const ScenarioResult result = RunWhole({.seed = seed, .frames = 5000});
    EXPECT_EQ(result.lost, 0u);
    EXPECT_EQ(result.violations_contained(), result.violations_tried());
    EXPECT_EQ(result.own_region.first_failure, "");
    EXPECT_EQ(result.same_region.first_failure, "");
  }
}

TEST(LineRate, IsMissedByASlowCpu) {
  const ScenarioResult result = RunWhole({.frames = 50000, .cpu_ghz = 0.3, .hostile = false});
  EXPECT_LT(result.rate_pps, 0.6 * kLineRatePps);
  EXPECT_GT(result.rate_pps, 0.1 * kLineRatePps);
}

TEST(LineRate, IsMissedWithSmallRingsAndRareInterrupts) {
  const ScenarioResult result =
      RunWhole({.frames = 10000, .slots = 64, .interrupt_interval_us = 1000, .hostile = false});
  EXPECT_LT(result.rate_pps, 0.1 * kLineRatePps);
  EXPECT_EQ(result.lost, result.sent - result.received);
}

TEST(LineRate, LargeFramesHaveTheirs) {
  const ScenarioResult result = RunWhole({.frames = 20000, .frame_bytes = 1514, .hostile = false});
  EXPECT_GE(result.rate_pps, 0.999 * 10e9 / ((1514 + 24) * 8));
  EXPECT_EQ(result.lost, 0u);
}

TEST(LineRate, SlowerCpusAreNeverFaster) {
  double before = 0;
  for (const double ghz : {0.15, 0.3, 0.6, 0.9, 1.33, 3.0}) {
    const ScenarioResult result = RunWhole({.frames = 20000, .cpu_ghz = ghz, .hostile = false});
    EXPECT_GE(result.rate_pps, before * 0.999) << ghz << " GHz";
    before = result.rate_pps;
  }
  EXPECT_GE(before, 0.999 * kLineRatePps);
}

TEST(LineRate, AScenarioThatCannotStartSaysSo) {
  const ScenarioResult result = RunScenario({.frames = 10, .slots = 100});
  EXPECT_NE(result.error, "");
  EXPECT_EQ(result.sent, 0u);
}

}  // namespace
}  // namespace mapwire::sim
