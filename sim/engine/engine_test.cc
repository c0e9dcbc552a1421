// Unit tests of the event engine, the random stream and fibers.
#include "sim/engine/engine.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/engine/fiber.h"

namespace mapwire::sim {
namespace {

struct Recorder : EventTarget {
  void OnEvent(uint64_t argument) override { seen.push_back(argument); }
  std::vector<uint64_t> seen;
};

TEST(Engine, RunsEventsInOrderOfTime) {
  Engine engine(1);
  Recorder recorder;
  engine.At(30, recorder, 3);
  engine.At(10, recorder, 1);
  engine.At(20, recorder, 2);
  engine.RunUntil(20);
  EXPECT_EQ(recorder.seen, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(engine.now(), 20);
  EXPECT_TRUE(engine.Step());
  EXPECT_FALSE(engine.Step());
  EXPECT_EQ(engine.now(), 30);
}

TEST(Engine, AStepUpToALimitDoesNotPassIt) {
  Engine engine(1);
  Recorder recorder;
  engine.At(10, recorder, 1);
  engine.At(20, recorder, 2);
  EXPECT_TRUE(engine.StepUpTo(10));
  EXPECT_FALSE(engine.StepUpTo(19));
  EXPECT_EQ(engine.now(), 10);
  EXPECT_TRUE(engine.StepUpTo(20));
  EXPECT_FALSE(engine.StepUpTo(1000));
  EXPECT_EQ(recorder.seen, (std::vector<uint64_t>{1, 2}));
}

std::vector<uint64_t> OrderOfTies(uint64_t seed) {
  Engine engine(seed);
  Recorder recorder;
  for (uint64_t i = 0; i < 16; ++i) engine.At(5, recorder, i);
  engine.RunUntil(5);
  return recorder.seen;
}

TEST(Engine, TheSeedAloneOrdersEventsOfTheSameTime) {
  EXPECT_EQ(OrderOfTies(7), OrderOfTies(7));
  EXPECT_NE(OrderOfTies(7), OrderOfTies(8));
}

TEST(Engine, AnEventInThePastHappensNow) {
  Engine engine(1);
  Recorder recorder;
  engine.RunUntil(100);
  engine.At(50, recorder, 1);
  engine.Step();
  EXPECT_EQ(engine.now(), 100);
}

TEST(Random, TheSequenceIsFixed) {
  Random random(42);
  EXPECT_EQ(random.Next(), 0xbdd732262feb6e95u);
  EXPECT_EQ(random.Below(1), 0u);
  EXPECT_FALSE(random.Chance(0.0));
  EXPECT_TRUE(random.Chance(1.0));
}

TEST(Fiber, GivesWayAndContinuesWhereItWas) {
  std::string log;
  Fiber fiber([&] {
    log += "a";
    Fiber::Yield();
    log += "b";
    Fiber::Yield();
    log += "c";
  });
  fiber.Resume();
  log += "1";
  fiber.Resume();
  log += "2";
  fiber.Resume();
  EXPECT_EQ(log, "a1b2c");
  EXPECT_TRUE(fiber.done());
  EXPECT_EQ(Fiber::Current(), nullptr);
}

TEST(Fiber, ExceptionsStayInside) {
  bool caught = false;
  Fiber fiber([&] {
    try {
      Fiber::Yield();
      throw std::runtime_error("inside");
    } catch (const std::runtime_error&) {
      caught = true;
    }
  });
  fiber.Resume();
  fiber.Resume();
  EXPECT_TRUE(caught);
}

TEST(Fiber, ManyFibersInterleave) {
  std::vector<std::unique_ptr<Fiber>> fibers;
  int sum = 0;
  for (int i = 0; i < 50; ++i) {
    fibers.push_back(std::make_unique<Fiber>([&sum, i] {
      for (int k = 0; k < 10; ++k) {
        sum += i;
        Fiber::Yield();
      }
    }));
  }
  for (int k = 0; k < 11; ++k) {
    for (auto& fiber : fibers) fiber->Resume();
  }
  EXPECT_EQ(sum, 10 * 49 * 50 / 2);
  for (auto& fiber : fibers) EXPECT_TRUE(fiber->done());
}

}  // namespace
}  // namespace mapwire::sim
