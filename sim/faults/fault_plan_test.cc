// A plan strikes when its rules say so, and counts.
#include "sim/faults/fault_plan.h"

#include <gtest/gtest.h>

namespace mapwire::sim {
namespace {

TEST(FaultPlan, NothingStrikesUnlessItIsOnAndAllIsCounted) {
  FaultPlan plan(1);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(plan.Strikes(FaultSite::kHeap));
  EXPECT_EQ(plan.counters(FaultSite::kHeap).offered, 10u);
  EXPECT_EQ(plan.counters(FaultSite::kHeap).struck, 0u);
  EXPECT_EQ(plan.ToText(), "");
}

TEST(FaultPlan, TheNthOpportunityCountsFromWhenTheRuleIsSet) {
  FaultPlan plan(1);
  plan.Strikes(FaultSite::kRxNoData);
  plan.Set(FaultSite::kRxNoData, FaultRule::Nth(3));
  std::string seen;
  for (int i = 0; i < 6; ++i) seen += plan.Strikes(FaultSite::kRxNoData) ? 'x' : '.';
  EXPECT_EQ(seen, "..x...");
  EXPECT_EQ(plan.ToText(), "rx-no-data 1/7");
}

TEST(FaultPlan, AlwaysStrikesUntilItIsHealed) {
  FaultPlan plan(1);
  plan.Set(FaultSite::kPages, FaultRule::Always());
  EXPECT_TRUE(plan.Strikes(FaultSite::kPages));
  EXPECT_TRUE(plan.Strikes(FaultSite::kPages));
  plan.HealAll();
  EXPECT_FALSE(plan.on(FaultSite::kPages));
  EXPECT_FALSE(plan.Strikes(FaultSite::kPages));
}

TEST(FaultPlan, DrawsRepeatUnderASeedAndSitesDoNotShiftEachOther) {
  const auto run = [](uint64_t seed, bool with_other) {
    FaultPlan plan(seed);
    plan.Set(FaultSite::kHeap, FaultRule::OneIn(4));
    if (with_other) plan.Set(FaultSite::kPages, FaultRule::OneIn(2));
    std::string seen;
    for (int i = 0; i < 64; ++i) {
      seen += plan.Strikes(FaultSite::kHeap) ? 'x' : '.';
      plan.Strikes(FaultSite::kPages);
    }
    return seen;
  };
  EXPECT_EQ(run(7, false), run(7, true));
  EXPECT_NE(run(7, false), run(8, false));
  EXPECT_NE(run(7, false).find('x'), std::string::npos);
}

TEST(FaultPlan, NoMoreThanTheMostThatWasAsked) {
  FaultPlan plan(1);
  plan.Set(FaultSite::kHeap, FaultRule::OneIn(2, 3));
  for (int i = 0; i < 100; ++i) plan.Strikes(FaultSite::kHeap);
  EXPECT_EQ(plan.counters(FaultSite::kHeap).struck, 3u);
}

TEST(FaultPlan, EverySiteHasANameOfItsOwn) {
  for (size_t i = 0; i < kFaultSites; ++i) {
    const FaultSite site = static_cast<FaultSite>(i);
    EXPECT_EQ(FaultSiteNamed(FaultSiteName(site)), site);
  }
  EXPECT_FALSE(FaultSiteNamed("no such fault"));
}

}  // namespace
}  // namespace mapwire::sim
