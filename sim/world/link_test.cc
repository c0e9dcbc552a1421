// Links: they come up whatever the timing, go away, and come back under traffic.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

TEST(Link, ComesUpAtAnyCpuSpeedAndSeed) {
  for (const double ghz : {0.05, 0.3, 0.5, 0.7, 1.0, 1.33, 2.0, 5.0}) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(testing::Message() << ghz << " GHz, seed " << seed);
      TwoHosts hosts({.seed = seed, .cpu_ghz = ghz});
      hosts.Boot();
      EXPECT_TRUE(hosts.left_nic->port()->carrier());
      EXPECT_TRUE(hosts.right_nic->port()->carrier());
    }
  }
}

// Replay: the link interrupt came while the port was being made, nobody had a port to give it to,
// and with its cause masked no other ever came.
TEST(Link, ComesUpWhenItsInterruptArrivesWhileThePortIsMade) {
  // On a slow CPU the time between the two is long.
  for (const double ghz : {0.05, 0.3}) {
    for (Time delay = kMillisecond; delay <= 1600 * kMicrosecond; delay += 30 * kMicrosecond) {
      SCOPED_TRACE(testing::Message() << ghz << " GHz, link up after " << delay << " ps");
      TwoHostsOptions options{.cpu_ghz = ghz};
      options.device.link_up_delay = delay;
      TwoHosts hosts(options);
      hosts.Boot();
      EXPECT_TRUE(hosts.left_nic->port()->carrier());
      EXPECT_TRUE(hosts.right_nic->port()->carrier());
    }
  }
}

TEST(Link, ComesUpOnSlowAndJitteryBuses) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    TwoHostsOptions options;
    options.seed = seed;
    options.bus.register_latency = 20 * kMicrosecond;
    options.bus.write_latency = 100 * kMicrosecond;
    options.bus.read_latency = 50 * kMicrosecond;
    options.bus.read_jitter = 500 * kMicrosecond;
    TwoHosts hosts(options);
    hosts.Boot();
    const Receipt receipt = RunTransfer(hosts, {.frames = 300});
    EXPECT_EQ(receipt.received, 300u);
    EXPECT_TRUE(receipt.clean());
  }
}

TEST(Link, WithoutLightSlotsPileUpAndAllAreSentWhenItIsBack) {
  TwoHosts hosts;
  hosts.Boot();
  Receipt receipt;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 600, 1000, receipt));
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.wire->SetCarrier(false);
  hosts.RunFor(kMillisecond);
  EXPECT_FALSE(hosts.left_nic->port()->carrier());
  EXPECT_FALSE(hosts.right_nic->port()->carrier());
  uint64_t pushed_in_the_dark = 0;
  bool done = false;
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    netmap_ring& tx = port.tx(0);
    std::vector<uint8_t> frame(60);
    uint64_t next = 0;
    const uint64_t doorbells = hosts.left_nic->slot().counters().register_writes;
    for (;; ++next) {
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, next);
      if (!port.Push(tx, frame)) break;
      EXPECT_EQ(port.TxSync(), 0);
    }
    pushed_in_the_dark = next;
    EXPECT_EQ(hosts.left_nic->slot().counters().register_writes, doorbells);
    EXPECT_EQ(Descriptor::Pending(tx), 511u);
    EXPECT_EQ(port.Poll(POLLOUT, 5), 0);
    EXPECT_EQ(port.Poll(POLLOUT, 1000), POLLOUT);  // the light came back
    done = SendFrames(process, port, 0, hosts.flow, next, 600 - next, 64, Always(60));
  });
  hosts.RunFor(20 * kMillisecond);
  EXPECT_EQ(pushed_in_the_dark, 511u);
  EXPECT_EQ(hosts.wire->counters(0).frames, 0u);
  hosts.wire->SetCarrier(true);
  hosts.RunToEnd();
  EXPECT_TRUE(done);
  EXPECT_EQ(receipt.received, 600u);
  EXPECT_TRUE(receipt.clean());
}

TEST(Link, FlapsUnderTrafficAndLosesOnlyWhatTheWireLost) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHosts hosts({.seed = seed});
    hosts.Boot();
    Random random(seed);
    constexpr uint64_t kFrames = 20000;
    Receipt receipt;
    bool sent = false;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
      netmap_ring* const rings[] = {&port.rx(0)};
      EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, kFrames, 500, receipt));
    });
    hosts.RunFor(10 * kMillisecond);
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      sent = SendFrames(process, port, 0, hosts.flow, 0, kFrames, 32, Always(60));
    });
    for (int flap = 0; flap < 3; ++flap) {
      hosts.RunFor(10 * kMillisecond + static_cast<Time>(random.Below(1000)) * kMicrosecond);
      hosts.wire->SetCarrier(false);
      hosts.RunFor(static_cast<Time>(random.Below(3000)) * kMicrosecond);
      hosts.wire->SetCarrier(true);
      hosts.RunUntil([&] { return hosts.left_nic->port()->carrier(); });
    }
    hosts.RunToEnd();
    EXPECT_TRUE(sent);
    EXPECT_EQ(receipt.damaged, 0u);
    EXPECT_EQ(receipt.reordered, 0u);
    EXPECT_GT(receipt.received, 0u);
    EXPECT_LE(receipt.received, kFrames);
    EXPECT_LE(hosts.left_nic->port()->counters().link_changes, 14u);
  }
}

}  // namespace
}  // namespace mapwire::sim
