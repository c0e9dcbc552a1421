// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// D, RD and ND: what programs print with them.
#include <gtest/gtest.h>
#include <net/netmap_user.h>
#include <stdio.h>

#include <algorithm>
#include <string>

namespace {

using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

void PrintPlain() { D("plain"); }
const int kLineOfPlain = __LINE__ - 1;

TEST(DebugTest, LineHasTimeFunctionAndLineNumber) {
  timeval before, after;
  gettimeofday(&before, nullptr);
  CaptureStderr();
  PrintPlain();
  const std::string out = GetCapturedStderr();
  gettimeofday(&after, nullptr);
  int second = -1, microsecond = -1, line = -1;
  ASSERT_EQ(sscanf(out.c_str(), "%d.%d PrintPlain [%d]", &second, &microsecond, &line), 3) << out;
  char expected[64];  // Printed again, to see the widths.
  snprintf(expected, sizeof(expected), "%03d.%06d PrintPlain [%d] plain\n", second, microsecond,
           kLineOfPlain);
  EXPECT_EQ(out, expected);
  EXPECT_EQ(line, kLineOfPlain);
  EXPECT_TRUE(second == before.tv_sec % 1000 || second == after.tv_sec % 1000);
}

TEST(DebugTest, ArgumentsAreFormatted) {
  CaptureStderr();
  D("%s is %d%%", "load", 42);
  EXPECT_NE(GetCapturedStderr().find("] load is 42%\n"), std::string::npos);
}

TEST(DebugTest, IsOneStatement) {
  CaptureStderr();
  if (false)
    D("then");
  else
    ND("else %d", 1);
  EXPECT_EQ(GetCapturedStderr(), "");
}

TEST(DebugTest, SilentVariantDoesNotEvaluate) {
  int calls = 0;
  CaptureStderr();
  ND("%d", ++calls);
  EXPECT_EQ(GetCapturedStderr(), "");
  EXPECT_EQ(calls, 0);
}

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The time of the macros, which a test can set: theirs is a call of gettimeofday().
timeval fake_now;
int FakeTime(timeval* at, void*) {
  *at = fake_now;
  return 0;
}

#define gettimeofday FakeTime

void Burst(int calls) {
  for (int i = 0; i < calls; i++) RD(3, "burst %d", i);
}

TEST(DebugTest, LimitIsPerSecond) {
  fake_now = {1000, 5};
  CaptureStderr();
  Burst(10);
  std::string out = GetCapturedStderr();
  EXPECT_EQ(Lines(out), 3u);
  EXPECT_EQ(out.substr(0, 10), "000.000005");
  fake_now = {1000, 999999};
  CaptureStderr();
  Burst(10);
  EXPECT_EQ(Lines(GetCapturedStderr()), 0u);
  fake_now = {1001, 0};
  CaptureStderr();
  Burst(2);
  Burst(2);
  EXPECT_EQ(Lines(GetCapturedStderr()), 3u);
}

TEST(DebugTest, LimitIsPerPlace) {
  fake_now = {2000, 0};
  CaptureStderr();
  for (int i = 0; i < 5; i++) {
    RD(1, "here");
    RD(2, "there");
  }
  EXPECT_EQ(Lines(GetCapturedStderr()), 3u);
}

TEST(DebugTest, ZeroLinesPerSecondIsSilence) {
  fake_now = {3000, 0};
  CaptureStderr();
  RD(0, "never");
  EXPECT_EQ(GetCapturedStderr(), "");
}

}  // namespace
