// What has bitten users of netmap, condition by condition: opening and closing beside traffic. The
// table of all of them, with the tests that were there before, is in docs/stress.md.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

// Frames go from ring 0 of the left host to ring 0 of the right one, all the time.
class Traffic {
 public:
  explicit Traffic(const TwoHostsOptions& options = {}) : hosts(options) {}

  void Start() {
    hosts.Run(*hosts.right, "receiver", 1, [this](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      ready_ = true;
      netmap_ring* const rings[] = {&port.rx(0)};
      EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, ~uint64_t{0}, 50, receipt));
      EXPECT_EQ(port.Close(), 0);
    });
    ASSERT_TRUE(hosts.RunUntil([this] { return ready_; }));
    hosts.Run(*hosts.left, "sender", 1, [this](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      while (!stop_) {
        ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, sent, 8, 8, Always(60)));
        sent += 8;
        process.SleepUntil(process.Now() + 20 * kMicrosecond);
      }
    });
    ASSERT_TRUE(hosts.RunUntil([this] { return sent > 100; }));
  }
  void ExpectUndisturbed() {
    hosts.RunFor(kMillisecond);
    stop_ = true;
    hosts.RunToEnd();
    EXPECT_GT(sent, 100u);
    EXPECT_EQ(receipt.received, sent);
    EXPECT_TRUE(receipt.clean());
    EXPECT_EQ(hosts.left_nic->port()->counters().resets, 0u);
    EXPECT_EQ(hosts.right_nic->port()->counters().resets, 0u);
  }

  TwoHosts hosts;
  Receipt receipt;
  uint64_t sent = 0;

 private:
  bool ready_ = false;
  bool stop_ = false;
};

// The ring that is in use goes on from where it stands; the new one begins at 0.
TEST(SecondRing, OpenedBesideTrafficResetsNothingOfTheFirst) {
  Traffic traffic;
  traffic.hosts.Boot();
  traffic.Start();
  const ring::Ring& used = traffic.hosts.left_nic->port()->ring(ring::Direction::kTx, 0);
  const uint64_t slots = used.counters().slots;
  EXPECT_GT(slots, 0u);
  const uint64_t links = traffic.hosts.left_nic->port()->counters().link_changes;
  for (Host* const host : {traffic.hosts.left, traffic.hosts.right}) {
    traffic.hosts.Run(*host, "second", 0, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.ring = 1}), 0);
      EXPECT_EQ(port.tx(1).head, 0u);
      EXPECT_EQ(port.tx(1).tail, port.tx(1).num_slots - 1);
      process.SleepUntil(process.Now() + 300 * kMicrosecond);
      EXPECT_GT(used.counters().slots, slots) << "counted on, not anew";
    });
  }
  traffic.ExpectUndisturbed();
  EXPECT_EQ(traffic.hosts.left_nic->port()->counters().link_changes, links);
}

// A pair that is closed while frames are on their way through it harms nobody else.
TEST(RingPair, ClosedUnderItsOwnTrafficLeavesTheOthersAlone) {
  Traffic traffic;
  traffic.hosts.Boot();
  traffic.Start();
  int closed = 0;
  traffic.hosts.Run(*traffic.hosts.right, "closer", 0, [&](Process& process) {
    for (; closed < 30; ++closed) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.ring = 1}), 0);
      uint8_t frame[60];
      WriteUdpFrame(frame, sizeof(frame), traffic.hosts.flow, 7);
      while (port.Push(port.tx(1), frame)) {
      }
      EXPECT_EQ(port.TxSync(), 0);
      EXPECT_GT(Descriptor::Pending(port.tx(1)), 0u);
      EXPECT_EQ(port.Close(), 0);
    }
  });
  EXPECT_TRUE(traffic.hosts.RunUntil([&] { return closed == 30; }));
  EXPECT_GT(traffic.hosts.wire->counters(1).frames, 0u);
  traffic.ExpectUndisturbed();
}

// Found by `mapwire stress`: an interrupt is lost, and before the watchdog looks a
// second program on the ring has taken the frames in. The one who sleeps is told all the same.
TEST(LostInterrupt, OfFramesThatAnotherProgramTookInStillWakesWhoSleeps) {
  FaultPlan faults(1);
  TwoHostsOptions options;
  options.right_faults = &faults;
  options.watchdog_period = 100 * kMillisecond;
  TwoHosts hosts(options);
  hosts.Boot();
  Receipt receipt;
  Process& sleeper = hosts.Run(*hosts.right, "sleeper", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 5, 1'000'000, receipt));
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return sleeper.counters().sleeps == 1; }));
  hosts.RunFor(kMillisecond);
  faults.Set(FaultSite::kInterruptLost, FaultRule::Nth(1));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 5, 5, Always(60)));
  });
  hosts.Run(*hosts.right, "second", 0, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    const Time end = process.Now() + 50 * kMillisecond;
    while (process.Now() < end) {
      EXPECT_EQ(port.RxSync(), 0);
      process.SleepUntil(process.Now() + 10 * kMicrosecond);
    }
    EXPECT_EQ(port.rx(0).tail, 5u);
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return receipt.received == 5; }, 500 * kMillisecond));
  EXPECT_EQ(faults.counters(FaultSite::kInterruptLost).struck, 1u);
  EXPECT_TRUE(receipt.clean());
  EXPECT_EQ(hosts.right_nic->port()->counters().lost_interrupts, 1u);
}

// Three cards in one host share region 1: any of them may close and open again while the others
// carry frames, in every order.
TEST(ThreeNics, ReopenedInEveryOrderKeepWorking) {
  constexpr int kPairs = 3;
  for (int first = 0; first < kPairs; ++first) {
    for (const int step : {1, 2}) {
      SCOPED_TRACE(testing::Message() << "from card " << first << " by " << step);
      World world(WorldOptions{static_cast<uint64_t>(10 + first)});
      HostOptions options;
      options.name = "left";
      Host& left = world.AddHost(options);
      options.name = "right";
      Host& right = world.AddHost(options);
      std::vector<HostNic*> nics;
      for (int i = 0; i < kPairs; ++i) {
        NicOptions nic;
        nic.name = "eth" + std::to_string(i);
        nic.port.driver.tx_slots = nic.port.driver.rx_slots = 64;
        nics.push_back(&world.AddIxgbe(left, nic));
        HostNic& other = world.AddIxgbe(right, nic);
        world.Connect(*nics.back(), other, {});
      }
      ASSERT_EQ(world.Boot(), "");
      const UdpFlow flow;
      uint64_t passed = 0;
      Process& sender = world.AddProcess(left, "sender");
      Process& receiver = world.AddProcess(right, "receiver");
      uint64_t sent[kPairs] = {};
      bool ready = false, stop = false;
      receiver.Start(1, [&](Process& process) {
        std::vector<Descriptor> ports(kPairs, Descriptor(process));
        for (int i = 0; i < kPairs; ++i) {
          ASSERT_EQ(ports[i].Open({.port = "eth" + std::to_string(i)}), 0);
        }
        ready = true;
        uint64_t next[kPairs] = {};
        std::vector<uint8_t> frame;
        while (!stop) {
          for (int i = 0; i < kPairs; ++i) {
            ASSERT_EQ(ports[i].RxSync(), 0);
            while (ports[i].Pop(ports[i].rx(0), frame)) {
              ASSERT_EQ(CheckUdpFrame(frame.data(), frame.size(), flow), next[i]++);
              ++passed;
            }
          }
          process.SleepUntil(process.Now() + 20 * kMicrosecond);
        }
      });
      ASSERT_TRUE(world.RunUntil([&] { return ready; }, world.now() + kSecond));
      sender.Start(1, [&](Process& process) {
        std::vector<Descriptor> ports(kPairs, Descriptor(process));
        for (int i = 0; i < kPairs; ++i) {
          ASSERT_EQ(ports[i].Open({.port = "eth" + std::to_string(i)}), 0);
        }
        for (int round = 0; round < 12; ++round) {
          const int again = (first + round * step) % kPairs;
          ASSERT_EQ(ports[again].Close(), 0);
          for (int i = 0; i < kPairs; ++i) {
            if (i == again) continue;
            ASSERT_TRUE(SendFrames(process, ports[i], 0, flow, sent[i], 20, 5, Always(60)));
            sent[i] += 20;
          }
          ASSERT_EQ(ports[again].Open({.port = "eth" + std::to_string(again)}), 0);
          ASSERT_TRUE(SendFrames(process, ports[again], 0, flow, sent[again], 20, 5, Always(60)));
          sent[again] += 20;
        }
        process.SleepUntil(process.Now() + kMillisecond);
        stop = true;
      });
      EXPECT_TRUE(world.RunToEnd(world.now() + 10 * kSecond));
      EXPECT_EQ(passed, uint64_t{12} * kPairs * 20);
      for (HostNic* const nic : nics) EXPECT_EQ(nic->iommu().mapped_pages(), 0u);
      EXPECT_EQ(world.CheckInvariants(), "");
      EXPECT_EQ(world.Shutdown(), "");
    }
  }
}

}  // namespace
}  // namespace mapwire::sim
