#include "sim/explore/choice.h"

#include <gtest/gtest.h>

#include <set>

namespace mapwire::sim {
namespace {

TEST(SearchChooser, MeetsEveryCombinationOnceWithinItsBounds) {
  SearchChooser search({{ChoiceKind::kValue, 2}, {ChoiceKind::kFault, 1}});
  std::set<std::vector<uint32_t>> seen;
  do {
    std::vector<uint32_t> taken;
    for (int i = 0; i < 3; ++i) taken.push_back(search.Choose(ChoiceKind::kValue, 3));
    taken.push_back(search.Choose(ChoiceKind::kFault, 2));
    taken.push_back(search.Choose(ChoiceKind::kKill, 2));  // not within the bounds
    EXPECT_EQ(taken.back(), 0u);
    EXPECT_TRUE(seen.insert(taken).second);
  } while (search.Next());
  EXPECT_TRUE(search.exhausted());
  // Of three values with two alternatives each: none, one or two changed; each with the fault or
  // without.
  EXPECT_EQ(seen.size(), (1u + 3 * 2 + 3 * 4) * 2);
  EXPECT_EQ(search.executions(), seen.size());
  EXPECT_EQ(search.most_alternatives(ChoiceKind::kValue), 3u);
}

TEST(SearchChooser, QuestionsMayDependOnAnswers) {
  SearchChooser search({{ChoiceKind::kValue, 9}});
  uint64_t executions = 0;
  do {
    ++executions;
    if (search.Choose(ChoiceKind::kValue, 2) == 1) search.Choose(ChoiceKind::kValue, 4);
  } while (search.Next());
  EXPECT_EQ(executions, 5u);
  EXPECT_TRUE(search.exhausted());
}

TEST(SearchChooser, NoticesAScenarioThatAsksOtherQuestions) {
  SearchChooser search({{ChoiceKind::kValue, 9}});
  uint32_t alternatives = 3;
  do {
    search.Choose(ChoiceKind::kValue, alternatives++);
  } while (search.Next());
  EXPECT_TRUE(search.diverged());
  EXPECT_FALSE(search.exhausted());
}

TEST(SearchChooser, NoticesAScenarioThatEndsEarly) {
  SearchChooser search({{ChoiceKind::kValue, 9}});
  int runs = 0;
  do {
    if (runs++ == 0) search.Choose(ChoiceKind::kValue, 2);
  } while (search.Next());
  EXPECT_TRUE(search.diverged());
}

TEST(Decisions, AreReplayed) {
  SeededChooser seeded(7, 3);
  std::vector<uint32_t> first;
  for (int i = 0; i < 50; ++i) first.push_back(seeded.Choose(ChoiceKind::kValue, 5));
  ASSERT_FALSE(seeded.decisions().empty());
  Decisions again;
  ASSERT_TRUE(FromText(ToText(seeded.decisions()), again));
  EXPECT_EQ(again, seeded.decisions());
  ReplayChooser replay(again);
  for (const uint32_t taken : first) EXPECT_EQ(replay.Choose(ChoiceKind::kValue, 5), taken);
}

TEST(Decisions, OtherTextIsRefused) {
  Decisions decisions;
  EXPECT_TRUE(FromText("", decisions));
  EXPECT_TRUE(FromText("3:1 10:2", decisions));
  EXPECT_EQ(decisions, (Decisions{{3, 1}, {10, 2}}));
  for (const char* text : {"3", "3:", "x:1", "3:1,4:1", "3:1 3:2", "4:1 3:1"}) {
    EXPECT_FALSE(FromText(text, decisions)) << text;
  }
}

TEST(BytesChooser, IsZeroAtItsEnd) {
  const uint8_t bytes[] = {7, 1, 2};
  BytesChooser chooser(bytes, sizeof(bytes));
  EXPECT_EQ(chooser.Choose(ChoiceKind::kValue, 1), 0u);  // no choice takes no byte
  EXPECT_EQ(chooser.Choose(ChoiceKind::kValue, 5), 2u);
  EXPECT_EQ(chooser.Choose(ChoiceKind::kValue, 1000), 0x201u);
  EXPECT_TRUE(chooser.empty());
  EXPECT_EQ(chooser.Choose(ChoiceKind::kValue, 5), 0u);
}

}  // namespace
}  // namespace mapwire::sim
