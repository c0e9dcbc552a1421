// Unit tests of simulated CPUs: what work costs, who runs when, and that no wake is lost.
#include "sim/host/cpu.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace mapwire::sim {
namespace {

// A call at a time, in event context, as an interrupt would be.
class Call final : public EventTarget {
 public:
  Call(Engine& engine, Time at, std::function<void()> what) : what_(std::move(what)) {
    engine.At(at, *this);
  }
  void OnEvent(uint64_t) override { what_(); }

 private:
  std::function<void()> what_;
};

void Work(uint64_t cycles) {
  Thread::Current()->Charge(cycles);
  Thread::Current()->Pay();
}

TEST(Cpu, ChargedCyclesTakeTheirTimeAtTheClock) {
  Engine engine(1);
  Cpu fast(engine, 2.0), slow(engine, 0.5);
  Time fast_done = 0, slow_done = 0;
  Thread a(fast, "a", [&] {
    Work(1000);
    fast_done = engine.now();
  });
  Thread b(slow, "b", [&] {
    Work(1000);
    slow_done = engine.now();
  });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(fast_done, 500 * kNanosecond);
  EXPECT_EQ(slow_done, 2000 * kNanosecond);
  EXPECT_EQ(a.busy_time(), 500 * kNanosecond);
  EXPECT_TRUE(a.finished() && b.finished());
}

TEST(Cpu, WorkIsPaidOnceHoweverOftenItIsCharged) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    for (int i = 0; i < 10; ++i) Thread::Current()->Charge(100);
    Thread::Current()->Pay();
    Thread::Current()->Pay();
    done = engine.now();
  });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(done, kMicrosecond);
}

TEST(Cpu, TwoThreadsOfOneCpuShareIt) {
  Engine engine(1);
  Cpu one(engine, 1.0), first(engine, 1.0), second(engine, 1.0);
  std::vector<Time> shared, alone;
  const auto body = [&engine](std::vector<Time>& done) {
    return [&engine, &done] {
      Work(1000);
      done.push_back(engine.now());
    };
  };
  Thread a(one, "a", body(shared)), b(one, "b", body(shared));
  Thread c(first, "c", body(alone)), d(second, "d", body(alone));
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(shared, (std::vector<Time>{kMicrosecond, 2 * kMicrosecond}));
  EXPECT_EQ(alone, (std::vector<Time>{kMicrosecond, kMicrosecond}));
}

TEST(Cpu, ABusyThreadGivesWayWhenItsSliceIsOver) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  std::string order;
  const auto body = [&order](char name) {
    return [&order, name] {
      for (int i = 0; i < 20; ++i) {
        Work(100'000);  // 100 us
        order += name;
      }
    };
  };
  Thread a(cpu, "a", body('a')), b(cpu, "b", body('b'));
  engine.RunUntil(kSecond);
  const std::string ten_a(10, 'a'), ten_b(10, 'b');
  // The tenth piece of work ends with the slice, so what follows it waits for the next turn.
  EXPECT_EQ(order.size(), 40u);
  EXPECT_EQ(order.substr(0, 9), std::string(9, order[0]));
  EXPECT_NE(order.find(order[0] == 'a' ? 'b' : 'a'), std::string::npos);
  EXPECT_EQ(order.find(order[0] == 'a' ? 'b' : 'a'), 9u);
  EXPECT_EQ(a.busy_time(), 2 * kMillisecond);
  EXPECT_EQ(b.busy_time(), 2 * kMillisecond);
}

TEST(Cpu, AThreadAloneIsNeverInterruptedByTheClock) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    for (int i = 0; i < 50; ++i) Work(100'000);
    done = engine.now();
  });
  engine.RunUntil(kSecond);
  EXPECT_EQ(done, 5 * kMillisecond);
}

TEST(Cpu, AnInterruptStealsItsTimeFromTheRunningThread) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    Work(1000);
    done = engine.now();
  });
  Call interrupt(engine, 500 * kNanosecond, [&] { cpu.Steal(300); });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(done, 1300 * kNanosecond);
  EXPECT_EQ(thread.busy_time(), 1000 * kNanosecond);
  EXPECT_EQ(cpu.interrupt_time(), 300 * kNanosecond);
}

TEST(Cpu, AnInterruptDuringTheTimeAnotherTookCountsToo) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    Work(1000);
    done = engine.now();
  });
  Call first(engine, 500 * kNanosecond, [&] { cpu.Steal(300); });
  Call second(engine, 1200 * kNanosecond, [&] { cpu.Steal(50); });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(done, 1350 * kNanosecond);
}

TEST(Cpu, AnInterruptOnAnIdleCpuDelaysWhoItWakes) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time woken = 0;
  Thread thread(cpu, "t", [&] {
    Thread::Current()->Block(0);
    woken = engine.now();
  });
  engine.RunUntil(kMicrosecond);
  Call interrupt(engine, 10 * kMicrosecond, [&] {
    cpu.Steal(500);
    thread.Wake();
  });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(woken, 10 * kMicrosecond + 500 * kNanosecond);
}

TEST(Cpu, InterruptsThatFollowEachOtherOnAnIdleCpuAddUp) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time woken = 0;
  Thread thread(cpu, "t", [&] {
    Thread::Current()->Block(0);
    woken = engine.now();
  });
  engine.RunUntil(kMicrosecond);
  Call first(engine, 10 * kMicrosecond, [&] {
    cpu.Steal(1000);
    thread.Wake();
  });
  Call second(engine, 10 * kMicrosecond + 500 * kNanosecond, [&] { cpu.Steal(1000); });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(woken, 12 * kMicrosecond);
}

TEST(Thread, AWakeWhileItPaysIsNotLost) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    Thread::Current()->ForgetWake();
    Work(1000);
    Thread::Current()->Block(0);
    done = engine.now();
  });
  Call wake(engine, 500 * kNanosecond, [&] { thread.Wake(); });
  engine.RunUntil(kMillisecond);
  ASSERT_TRUE(thread.finished());
  EXPECT_EQ(done, kMicrosecond);
}

TEST(Thread, AWakeWhileBlockPaysIsNotLost) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    Thread::Current()->ForgetWake();
    Thread::Current()->Charge(1000);
    Thread::Current()->Block(0);
    done = engine.now();
  });
  Call wake(engine, 500 * kNanosecond, [&] { thread.Wake(); });
  engine.RunUntil(kMillisecond);
  ASSERT_TRUE(thread.finished());
  EXPECT_EQ(done, kMicrosecond);
}

TEST(Thread, AForgottenWakeCountsForNothing) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    Work(1000);
    Thread::Current()->ForgetWake();
    Thread::Current()->Block(20 * kMicrosecond);
    done = engine.now();
  });
  Call wake(engine, 500 * kNanosecond, [&] { thread.Wake(); });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(done, 20 * kMicrosecond);
}

TEST(Thread, BlockEndsAtItsDeadlineAndNotAtAnOlderOne) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  std::vector<Time> returned;
  Thread thread(cpu, "t", [&] {
    Thread::Current()->ForgetWake();
    Thread::Current()->Block(5 * kMicrosecond);  // woken before
    returned.push_back(engine.now());
    Thread::Current()->Block(20 * kMicrosecond);
    returned.push_back(engine.now());
  });
  Call wake(engine, 2 * kMicrosecond, [&] { thread.Wake(); });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(returned, (std::vector<Time>{2 * kMicrosecond, 20 * kMicrosecond}));
}

TEST(Thread, ASleepIsNotShortenedByWakes) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time done = 0;
  Thread thread(cpu, "t", [&] {
    Thread::Current()->SleepUntil(10 * kMicrosecond);
    done = engine.now();
  });
  Call wake(engine, 3 * kMicrosecond, [&] { thread.Wake(); });
  engine.RunUntil(kMillisecond);
  EXPECT_EQ(done, 10 * kMicrosecond);
}

TEST(Thread, ASleeperLeavesItsCpuToOthers) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  Time worked = 0;
  Thread sleeper(cpu, "s", [&] { Thread::Current()->SleepUntil(kMillisecond); });
  Thread worker(cpu, "w", [&] {
    Work(1000);
    worked = engine.now();
  });
  engine.RunUntil(2 * kMillisecond);
  EXPECT_EQ(worked, kMicrosecond);
  EXPECT_EQ(sleeper.busy_time(), 0);
}

TEST(WaitQueue, WakesAllInTheOrderTheyCame) {
  Engine engine(1);
  Cpu cpu(engine, 1.0);
  WaitQueue queue;
  std::string order;
  const auto body = [&](char name) {
    return [&, name] {
      Thread& self = *Thread::Current();
      self.ForgetWake();
      queue.Add(self);
      self.Block(0);
      queue.Remove(self);
      order += name;
    };
  };
  Thread a(cpu, "a", body('a'));
  engine.RunUntil(kNanosecond);
  Thread b(cpu, "b", body('b'));
  engine.RunUntil(2 * kNanosecond);
  EXPECT_EQ(order, "");
  queue.WakeAll();
  engine.RunUntil(kMicrosecond);
  EXPECT_EQ(order, "ab");
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace mapwire::sim
