#include "sim/engine/real_time.h"

#include <gtest/gtest.h>

namespace mapwire::sim {
namespace {

// A machine whose uptime in picoseconds is more than 64 bits hold.
constexpr int64_t kUptimeNs = int64_t{365} * 24 * 3600 * 1000000000;
int64_t g_machine_ns = kUptimeNs;
int64_t Machine() { return g_machine_ns; }

// Each event makes another one, `step` later.
struct Ticker : EventTarget {
  Ticker(Engine& engine, Time step) : engine(engine), step(step) { engine.At(0, *this); }
  void OnEvent(uint64_t) override {
    ++ticks;
    engine.At(engine.now() + step, *this);
  }
  Engine& engine;
  const Time step;
  int ticks = 0;
};

class RealTime : public testing::Test {
 protected:
  static void Pass(Time time) { g_machine_ns += time / kNanosecond; }

  Engine engine_{1};
  RealTimeClock clock_{engine_, {.events_at_once = 10, .longest_lag = kMillisecond}, Machine};
};

TEST_F(RealTime, TheEnginesClockFollowsTheMachines) {
  EXPECT_EQ(clock_.Now(), 0);
  Pass(3 * kMillisecond);
  EXPECT_EQ(clock_.Now(), 3 * kMillisecond);
  EXPECT_EQ(engine_.now(), 0);
  clock_.CatchUp();
  EXPECT_EQ(engine_.now(), 3 * kMillisecond);
}

TEST_F(RealTime, AStartBeginsWhereTheEngineStands) {
  engine_.RunUntil(kSecond);
  Pass(kMillisecond);
  clock_.Start();
  EXPECT_EQ(clock_.Now(), kSecond);
  Pass(kMillisecond);
  clock_.CatchUp();
  EXPECT_EQ(engine_.now(), kSecond + kMillisecond);
}

TEST_F(RealTime, EventsRunWhenTheyAreDue) {
  Ticker ticker(engine_, kMillisecond);
  Pass(3 * kMillisecond - kNanosecond);
  clock_.CatchUp();
  EXPECT_EQ(ticker.ticks, 3);
  Pass(kNanosecond);
  clock_.CatchUp();
  EXPECT_EQ(ticker.ticks, 4);
}

TEST_F(RealTime, AShortLagIsCaughtUpWith) {
  Ticker ticker(engine_, 10 * kMicrosecond);
  Pass(kMillisecond);
  clock_.CatchUp();
  EXPECT_EQ(ticker.ticks, 10) << "no more at once";
  EXPECT_EQ(clock_.Now(), kMillisecond) << "it may be that far behind";
  for (int i = 0; i < 20; ++i) clock_.CatchUp();
  EXPECT_EQ(engine_.now(), kMillisecond);
}

TEST_F(RealTime, WithTooMuchToDoTimeGoesSlower) {
  Ticker ticker(engine_, kMicrosecond);
  Pass(kSecond);
  clock_.CatchUp();
  EXPECT_EQ(engine_.now(), 9 * kMicrosecond);
  EXPECT_EQ(clock_.Now(), engine_.now()) << "the second is not made up for";
  Pass(5 * kMicrosecond);
  clock_.CatchUp();
  EXPECT_EQ(engine_.now(), 14 * kMicrosecond);
}

TEST_F(RealTime, AWaitEndsWithTheNextEvent) {
  EXPECT_EQ(clock_.NsToNext(1000), 1000) << "nothing will happen";
  Ticker ticker(engine_, kMicrosecond);
  clock_.CatchUp();
  EXPECT_EQ(clock_.NsToNext(5000), 1000);
  EXPECT_EQ(clock_.NsToNext(300), 300);
  Pass(2 * kMicrosecond);
  EXPECT_EQ(clock_.NsToNext(5000), 0);
}

TEST(MachineClock, DoesNotGoBack) {
  const int64_t before = MachineNs();
  EXPECT_GE(MachineNs(), before);
}

}  // namespace
}  // namespace mapwire::sim
