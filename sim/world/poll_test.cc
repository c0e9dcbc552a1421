// poll() in the world: no wake-up is lost, timeouts hold, both directions share one descriptor.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

constexpr short kIn = POLLIN;
constexpr short kOut = POLLOUT;

// Single frames at random times, each seen in bounded time by a receiver that sleeps in poll().
void HuntLostWakeups(const TwoHostsOptions& options, Time longest_pause, Time bound) {
  TwoHosts hosts(options);
  hosts.Boot();
  constexpr uint64_t kFrames = 120;
  Random random(options.seed);
  std::vector<Time> sent(kFrames), seen(kFrames);
  uint64_t received = 0;
  bool ready = false;
  hosts.Run(*hosts.right, "receiver", static_cast<uint32_t>(options.seed % 2),
            [&](Process& process) {
              Descriptor port(process);
              ASSERT_EQ(port.Open({}), 0);
              ready = true;
              std::vector<uint8_t> frame;
              while (received < kFrames) {
                ASSERT_EQ(port.Poll(kIn, 1000), kIn) << "a wake-up was lost";
                while (port.Pop(port.rx(0), frame)) {
                  ASSERT_EQ(CheckUdpFrame(frame.data(), frame.size(), hosts.flow), received);
                  seen[received++] = process.Now();
                }
              }
            });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    std::vector<uint8_t> frame(60);
    for (uint64_t i = 0; i < kFrames; ++i) {
      const Time pause = static_cast<Time>(random.Below(static_cast<uint64_t>(longest_pause)));
      process.SleepUntil(process.Now() + pause);
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
      while (!port.Push(port.tx(0), frame)) ASSERT_EQ(port.Poll(kOut, 1000), kOut);
      sent[i] = process.Now();
      port.TxSync();
    }
    process.SleepUntil(process.Now() + 10 * kMillisecond);
  });
  hosts.RunToEnd();
  ASSERT_EQ(received, kFrames);
  for (uint64_t i = 0; i < kFrames; ++i) {
    ASSERT_LT(seen[i] - sent[i], bound) << "frame " << i;
  }
}

TEST(Poll, EverySingleFrameWakesTheReceiverInBoundedTime) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    HuntLostWakeups({.seed = seed}, 8 * kMicrosecond, 30 * kMicrosecond);
  }
}

TEST(Poll, NoWakeUpIsLostWhenRegistersAreSlow) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHostsOptions options{.seed = seed};
    options.bus.register_latency = static_cast<Time>(1 + seed) * kMicrosecond;
    options.bus.write_latency = static_cast<Time>(seed % 5) * 3 * kMicrosecond;
    HuntLostWakeups(options, 30 * kMicrosecond, 300 * kMicrosecond);
  }
}

TEST(Poll, NoWakeUpIsLostWhenDmaIsSlowAndUneven) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHostsOptions options{.seed = seed, .cpu_ghz = 0.3 + 0.2 * static_cast<double>(seed)};
    options.bus.write_latency = 50 * kMicrosecond;
    options.bus.read_jitter = 40 * kMicrosecond;
    options.device.rx_writeback_delay = static_cast<Time>(seed) * kMicrosecond;
    options.device.interrupt_delay = static_cast<Time>(seed % 4) * 2 * kMicrosecond;
    HuntLostWakeups(options, 120 * kMicrosecond, 400 * kMicrosecond);
  }
}

TEST(Poll, NoWakeUpIsLostUnderInterruptThrottling) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    HuntLostWakeups({.seed = seed, .interrupt_interval_us = 50}, 40 * kMicrosecond,
                    120 * kMicrosecond);
  }
}

TEST(Poll, ATimeoutOfZeroReturnsAtOnceAndWritesNoRegister) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.right, "poller", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    const uint64_t writes = hosts.right_nic->slot().counters().register_writes;
    const Time before = process.Now();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(port.Poll(kIn, 0), 0);
    EXPECT_LT(process.Now() - before, 100 * 2 * kMicrosecond);
    EXPECT_EQ(process.counters().sleeps, 0u);
    EXPECT_EQ(hosts.right_nic->slot().counters().register_writes, writes);
  });
  hosts.RunToEnd();
}

TEST(Poll, AFiniteTimeoutIsKeptToTheMicrosecond) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.right, "poller", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    for (const int timeout_ms : {1, 2, 17, 250}) {
      const Time before = process.Now();
      EXPECT_EQ(port.Poll(kIn, timeout_ms), 0);
      EXPECT_GE(process.Now() - before, timeout_ms * kMillisecond);
      EXPECT_LT(process.Now() - before, timeout_ms * kMillisecond + 10 * kMicrosecond);
    }
  });
  hosts.RunToEnd();
}

TEST(Poll, ReadinessToSendHoldsUntilTheRingIsFullAndComesBackWhenItDrains) {
  TwoHosts hosts({.slots = 64});
  hosts.Boot();
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    netmap_ring& tx = port.tx(0);
    EXPECT_EQ(port.Poll(kOut, 0), kOut);
    for (int round = 0; round < 200; ++round) {
      std::vector<uint8_t> frame(1514);
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, 1);
      while (port.Push(tx, frame)) {
      }
      EXPECT_TRUE(Descriptor::Empty(tx));
      const Time before = process.Now();
      ASSERT_EQ(port.Poll(kOut, 1000), kOut);
      EXPECT_FALSE(Descriptor::Empty(tx));
      EXPECT_LT(process.Now() - before, 100 * kMicrosecond);
    }
    EXPECT_GT(process.counters().sleeps, 100u);
  });
  hosts.RunToEnd();
}

TEST(Poll, WithCurAtTailOnlyNewSlotsCount) {
  TwoHosts hosts;
  hosts.Boot();
  bool ready = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    netmap_ring& rx = port.rx(0);
    ready = true;
    ASSERT_EQ(port.Poll(kIn, 1000), kIn);
    EXPECT_EQ(port.Poll(kIn, 0), kIn) << "level-triggered until cur moves";
    process.SleepUntil(process.Now() + kMillisecond);
    port.RxSync();
    const uint32_t held = rx.tail;
    EXPECT_EQ(held, 10u);
    rx.cur = rx.tail;  // seen, not released
    EXPECT_EQ(port.Poll(kIn, 5), 0);
    ASSERT_EQ(port.Poll(kIn, 1000), kIn);
    EXPECT_GT(rx.tail, held);
    EXPECT_EQ(rx.head, 0u);
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 10, 10, Always(60)));
    process.SleepUntil(process.Now() + 20 * kMillisecond);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 10, 1, 1, Always(60)));
  });
  hosts.RunToEnd();
}

// Both hosts send and receive on one descriptor each, asleep in poll(POLLIN | POLLOUT) in between.
TEST(Poll, BothDirectionsTogetherOnOneDescriptor) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHosts hosts({.seed = seed, .slots = 128});
    hosts.Boot();
    constexpr uint64_t kFrames = 3000;
    int open = 0;
    Receipt receipts[2];
    const auto program = [&](Receipt& receipt) {
      return [&](Process& process) {
        Descriptor port(process);
        ASSERT_EQ(port.Open({}), 0);
        ++open;
        while (open < 2) process.SleepUntil(process.Now() + 10 * kMicrosecond);
        uint64_t next = 0;
        std::vector<uint8_t> frame(60), got;
        while (next < kFrames || receipt.received < kFrames ||
               Descriptor::Pending(port.tx(0)) != 0) {
          const short events = static_cast<short>(kIn | (next < kFrames ? kOut : 0));
          const int revents = port.Poll(events, next < kFrames ? 1000 : 1);
          if (next == kFrames) port.TxSync();  // poll(POLLIN) does not look what has left
          ASSERT_EQ(revents & ~events, 0);
          ASSERT_TRUE(revents != 0 || next == kFrames);
          while (port.Pop(port.rx(0), got)) receipt.Take(got, hosts.flow);
          // Not faster than the other side reads.
          for (int i = 0; i < 20 && next < kFrames && next < receipt.received + 60; ++i) {
            WriteUdpFrame(frame.data(), frame.size(), hosts.flow, next);
            if (!port.Push(port.tx(0), frame)) break;
            ++next;
          }
        }
      };
    };
    hosts.Run(*hosts.left, "left", 1, program(receipts[0]));
    hosts.Run(*hosts.right, "right", 1, program(receipts[1]));
    hosts.RunToEnd();
    for (const Receipt& receipt : receipts) {
      EXPECT_EQ(receipt.received, kFrames);
      EXPECT_TRUE(receipt.clean());
    }
  }
}

// Who waits to send and who waits to receive share a queue pair, and with it one interrupt.
TEST(Poll, TwoProgramsOnOneQueuePairBothAreWoken) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHosts hosts({.seed = seed, .slots = 64});
    hosts.Boot();
    Receipt receipts[2];
    bool sent[2] = {};
    int ready = 0;
    Host* const sides[] = {hosts.left, hosts.right};
    for (int side = 0; side < 2; ++side) {
      hosts.Run(*sides[side], "receiver", 0, [&, side](Process& process) {
        Descriptor port(process);
        ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
        ++ready;
        netmap_ring* const rings[] = {&port.rx(0)};
        EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 1000, 100, receipts[side]));
      });
    }
    ASSERT_TRUE(hosts.RunUntil([&] { return ready == 2; }));
    for (int side = 0; side < 2; ++side) {
      hosts.Run(*sides[side], "sender", 1, [&, side](Process& process) {
        Descriptor port(process);
        ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
        sent[side] = SendFrames(process, port, 0, hosts.flow, 0, 1000, 64, Always(1514));
      });
    }
    hosts.RunToEnd();
    for (int side = 0; side < 2; ++side) {
      EXPECT_TRUE(sent[side]);
      EXPECT_EQ(receipts[side].received, 1000u);
      EXPECT_TRUE(receipts[side].clean());
    }
  }
}

}  // namespace
}  // namespace mapwire::sim
