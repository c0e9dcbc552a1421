// The standing seeds of `mapwire stress`: all promises hold, and together they reach everything
// that is named in coverage.h.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string_view>

#include "sim/stress/runner.h"

namespace mapwire::sim {
namespace {

constexpr uint64_t kFirstSeed = 1;
constexpr uint64_t kSeeds = 110;
// Sanitizers make a run slow, and coverage is the plain build's business.
constexpr uint64_t kSanitizedSeeds = 8;

bool Sanitized() {
  const char* const build = std::getenv("MAPWIRE_EXPECT");
  return build != nullptr && std::string_view(build) == "sanitize";
}

TEST(Stress, TheStandingSeedsKeepAllPromisesAndReachEverything) {
  Coverage coverage;
  for (uint64_t i = 0; i < (Sanitized() ? kSanitizedSeeds : kSeeds); ++i) {
    const Plan plan = DrawPlan(kFirstSeed + i);
    const Outcome outcome = RunInChild(plan);
    coverage.Add(outcome.coverage);
    EXPECT_EQ(outcome.failure, "") << ReplayCommand(plan) << "\n"
                                   << Describe(plan) << "\n"
                                   << outcome.faults;
  }
  if (Sanitized()) return;
  for (const std::string& missing : coverage.Missing()) {
    ADD_FAILURE() << "no standing seed reaches " << missing;
  }
}

// What each of them broke is in the table of docs/stress.md.
TEST(Stress, SeedsThatOnceFailedKeepAllPromises) {
  for (const uint64_t seed : {9809, 11790, 57683}) {
    EXPECT_EQ(RunInChild(DrawPlan(seed)).failure, "") << seed;
  }
}

TEST(Stress, TheSameSeedIsTheSameTrace) {
  std::string last;
  for (const uint64_t seed : {3, 4, 5, 6}) {
    const Outcome once = RunInChild(DrawPlan(seed));
    const Outcome again = RunInChild(DrawPlan(seed));
    EXPECT_EQ(once.hash.size(), 64u);
    EXPECT_EQ(once.hash, again.hash) << seed;
    EXPECT_EQ(once.events, again.events);
    EXPECT_NE(once.hash, last) << "another seed is another world";
    last = once.hash;
  }
}

TEST(Stress, SeedsThatFollowEachOtherDrawNothingAlike) {
  std::set<uint64_t> seen;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    for (const ProgramChoice& program : DrawPlan(seed).programs) {
      EXPECT_TRUE(seen.insert(program.seed).second) << seed << " repeats another seed's programs";
    }
  }
}

TEST(Stress, LeavingOneThingOutLeavesTheOthersAsTheyWere) {
  const Plan whole = DrawPlan(12);
  ASSERT_GT(whole.faults.size(), 2u);
  ASSERT_GT(whole.programs.size(), 3u);
  Plan less = whole;
  less.faults.erase(less.faults.begin());
  less.programs.erase(less.programs.begin() + 1);
  Plan again = DrawPlan(12);
  const std::string command = ReplayCommand(less);
  const size_t only = command.find("--only ") + 7;
  const size_t without = command.find(" --without ");
  ASSERT_NE(without, std::string::npos);
  EXPECT_EQ(KeepOnly(again, command.substr(only, without - only)), "");
  EXPECT_EQ(LeaveOut(again, command.substr(without + 11)), "");
  EXPECT_EQ(Describe(again), Describe(less));
  EXPECT_EQ(again.programs[1].seed, whole.programs[2].seed);
}

TEST(Stress, WhatDoesNotExistCannotBeKeptOrLeftOut) {
  Plan plan = DrawPlan(1);
  EXPECT_EQ(KeepOnly(plan, "removal,rain"), "no fault site rain");
  EXPECT_EQ(KeepOnly(plan, "up:removal"), "no fault site up:removal");
  EXPECT_EQ(KeepOnly(plan, "removal@1/0/1"), "no fault site removal@1/0/1");
  EXPECT_EQ(KeepOnly(plan, "removal@1/1/1x"), "no fault site removal@1/1/1x");
  EXPECT_EQ(LeaveOut(plan, "nobody"), "this seed has no program nobody");
  EXPECT_EQ(KeepOnly(plan, "none"), "");
  EXPECT_TRUE(plan.faults.empty());
}

// --- The harness finds what is wrong -----------------------------------------------------------

class Finds : public testing::Test {
 protected:
  // Of a run with nothing else wrong.
  static Outcome Run(Sabotage sabotage, uint32_t wall_seconds = 120) {
    Plan plan = DrawPlan(7);
    EXPECT_EQ(KeepOnly(plan, "none"), "");
    plan.loss[0] = plan.loss[1] = 0;
    SetSabotage(sabotage);
    const Outcome outcome = RunInChild(plan, {wall_seconds});
    SetSabotage(Sabotage::kNone);
    return outcome;
  }
};

TEST_F(Finds, NothingWhereNothingIsWrong) { EXPECT_EQ(Run(Sabotage::kNone).failure, ""); }
TEST_F(Finds, AFrameThatComesAgain) { EXPECT_EQ(Run(Sabotage::kReorder).kind(), "order"); }
TEST_F(Finds, AFlowThatDoesNotGoOn) { EXPECT_EQ(Run(Sabotage::kStopReceiving).kind(), "progress"); }
TEST_F(Finds, MemoryThatIsLeft) { EXPECT_EQ(Run(Sabotage::kLeak).kind(), "leak"); }
TEST_F(Finds, ACrash) { EXPECT_EQ(Run(Sabotage::kAbort).kind(), "crash"); }
TEST_F(Finds, ARunThatDoesNotEnd) { EXPECT_EQ(Run(Sabotage::kHang, 4).kind(), "hang"); }

TEST(Shrink, LeavesWhatTheFailureNeeds) {
  const Plan whole = DrawPlan(12);
  const std::string fault = whole.faults[2].ToText();
  const std::string program = whole.programs[3].name;
  // Fails if both are there, in another way if not.
  const auto run = [&](const Plan& plan) {
    Outcome outcome;
    outcome.failure = "other: failure";
    for (const FaultChoice& choice : plan.faults) {
      const bool same = choice.site == whole.faults[2].site && choice.side == whole.faults[2].side;
      for (const ProgramChoice& p : plan.programs) {
        if (same && p.name == program) outcome.failure = "order: number 3 after 4";
      }
    }
    return outcome;
  };
  const Shrunk shrunk = Shrink(whole, run(whole), 1000, run);
  ASSERT_EQ(shrunk.plan.faults.size(), 1u);
  EXPECT_EQ(shrunk.plan.faults[0].site, whole.faults[2].site);
  EXPECT_EQ(shrunk.plan.faults[0].rule.most, 1u);
  ASSERT_EQ(shrunk.plan.programs.size(), 1u);
  EXPECT_EQ(shrunk.plan.programs[0].name, program);
  EXPECT_EQ(shrunk.plan.programs[0].kills, 0u);
  EXPECT_EQ(shrunk.outcome.kind(), "order");
  // The bound on its runs holds.
  EXPECT_LE(Shrink(whole, run(whole), 5, run).runs, 5u);
}

}  // namespace
}  // namespace mapwire::sim
