// Closing, killing, reopening while frames fly: the world is unharmed and the port free for others.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

void SendForEver(Process& process, const UdpFlow& flow, uint32_t batch, size_t bytes) {
  Descriptor port(process);
  if (port.Open({}) != 0) return;
  for (uint64_t i = 0;; i += 64) {
    if (!SendFrames(process, port, 0, flow, i, 64, batch, Always(bytes))) return;
  }
}

void ReceiveForEver(Process& process, const UdpFlow& flow, Receipt& receipt) {
  Descriptor port(process);
  if (port.Open({}) != 0) return;
  netmap_ring* const rings[] = {&port.rx(0)};
  while (ReceiveFrames(port, rings, flow, ~uint64_t{0}, 1000, receipt)) {
  }
}

TEST(Close, WithFramesInFlightNothingIsHarmed) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHostsOptions options{.seed = seed};
    options.bus.write_latency = static_cast<Time>(seed % 5) * 40 * kMicrosecond;
    options.bus.read_jitter = static_cast<Time>(seed % 3) * 60 * kMicrosecond;
    TwoHosts hosts(options);
    hosts.Boot();
    Receipt receipt;
    Process& receiver = hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      netmap_ring* const rings[] = {&port.rx(0)};
      ReceiveFrames(port, rings, hosts.flow, 100 + seed * 7, 100, receipt);
      EXPECT_EQ(port.Close(), 0);  // more are on their way
    });
    hosts.RunFor(5 * kMillisecond);
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      std::vector<uint8_t> frame(1514);
      for (uint64_t i = 0; i < 1500; ++i) {
        WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
        while (!port.Push(port.tx(0), frame)) ASSERT_EQ(port.Poll(POLLOUT, 1000), POLLOUT);
      }
      port.TxSync();
      EXPECT_EQ(port.Close(), 0);  // most have not left the ring
    });
    hosts.RunToEnd();
    EXPECT_TRUE(receiver.finished());
    EXPECT_EQ(receipt.damaged, 0u);
    EXPECT_EQ(receipt.reordered, 0u);
    // The next ones find everything as new.
    const Receipt again = RunTransfer(hosts, {.frames = 200});
    EXPECT_EQ(again.received, 200u);
    EXPECT_TRUE(again.clean());
  }
}

TEST(Close, AndReopenAgainAndAgain) {
  TwoHosts hosts;
  hosts.Boot();
  const uint64_t links = hosts.right_nic->port()->counters().link_changes;
  for (int round = 0; round < 30; ++round) {
    const Receipt receipt = RunTransfer(hosts, {.frames = 50, .idle_ms = 20});
    EXPECT_EQ(receipt.received, 50u);
    EXPECT_TRUE(receipt.clean());
    EXPECT_EQ(hosts.right_nic->iommu().mapped_pages(), 0u) << "nobody has the port open";
    EXPECT_EQ(hosts.right_nic->iommu().coherent_bytes(), 0u);
  }
  EXPECT_EQ(hosts.right_nic->port()->counters().link_changes, links);
}

// Programs are killed at a hundred different moments of their life, opening and closing included.
TEST(Kill, AtAnyMomentLeavesTheWorldUnharmedAndThePortFree) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    TwoHostsOptions options{.seed = seed, .slots = 64 + 8 * static_cast<uint32_t>(seed)};
    if (seed % 4 == 0) options.bus.write_latency = 180 * kMicrosecond;
    if (seed % 5 == 0) options.bus.read_latency = 150 * kMicrosecond;
    TwoHosts hosts(options);
    hosts.Boot();
    Receipt receipt;
    Process& receiver = hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      ReceiveForEver(process, hosts.flow, receipt);
    });
    // Half of the seeds kill while the descriptors are being bound.
    if (seed % 2 == 0) hosts.RunFor(2 * kMillisecond);
    Process& sender = hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      SendForEver(process, hosts.flow, 1 + static_cast<uint32_t>(seed % 64), 60 + seed);
    });
    hosts.RunFor(static_cast<Time>(random.Below(1'500'000)) * kNanosecond);
    Process& first = seed % 3 == 0 ? sender : receiver;
    Process& second = seed % 3 == 0 ? receiver : sender;
    first.Kill();
    hosts.RunFor(static_cast<Time>(random.Below(1'500'000)) * kNanosecond);
    EXPECT_EQ(hosts.world.CheckInvariants(), "");
    second.Kill();
    hosts.RunToEnd();
    EXPECT_EQ(receipt.damaged, 0u);
    EXPECT_EQ(receipt.reordered, 0u);
    for (HostNic* nic : {hosts.left_nic, hosts.right_nic}) {
      EXPECT_EQ(nic->port()->users(), 0u);
      EXPECT_EQ(nic->iommu().mapped_pages(), 0u);
      EXPECT_EQ(nic->iommu().coherent_bytes(), 0u);
    }
    EXPECT_EQ(hosts.left->control().sessions(), 0u);
    const Receipt again = RunTransfer(hosts, {.frames = 100});
    EXPECT_EQ(again.received, 100u);
    EXPECT_TRUE(again.clean());
  }
}

TEST(Kill, AProgramThatSleepsInPollWakesForIt) {
  TwoHosts hosts;
  hosts.Boot();
  Receipt receipt;
  Process& receiver = hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    ReceiveForEver(process, hosts.flow, receipt);
  });
  hosts.RunFor(10 * kMillisecond);
  EXPECT_FALSE(receiver.finished());
  receiver.Kill();
  hosts.RunFor(kMillisecond);
  EXPECT_TRUE(receiver.finished());
}

TEST(Kill, OneOfTwoThatShareARingLeavesTheOtherItsFrames) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHosts hosts({.seed = seed});
    hosts.Boot();
    Receipt receipt;
    bool ready = false;
    Process& bystander = hosts.Run(*hosts.right, "bystander", 0, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      ready = true;
      process.SleepUntil(process.Now() + kSecond);
    });
    ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      netmap_ring* const rings[] = {&port.rx(0)};
      ReceiveFrames(port, rings, hosts.flow, 2000, 100, receipt);
    });
    hosts.RunFor(10 * kMillisecond);
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 2000, 16, Always(600)));
    });
    hosts.RunFor(static_cast<Time>(seed) * 300 * kMicrosecond);
    bystander.Kill();
    hosts.RunToEnd();
    EXPECT_EQ(receipt.received, 2000u);
    EXPECT_TRUE(receipt.clean());
  }
}

TEST(Run, NeverGoesBeyondItsLimit) {
  TwoHosts hosts;
  hosts.Boot();
  const Time start = hosts.world.now();
  hosts.Run(*hosts.left, "sleeper", 1,
            [](Process& process) { process.SleepUntil(process.Now() + 5 * kSecond); });
  EXPECT_FALSE(hosts.world.RunUntil([] { return false; }, start + 10 * kMillisecond));
  EXPECT_LE(hosts.world.now(), start + 10 * kMillisecond);
  EXPECT_FALSE(hosts.world.RunToEnd(start + 20 * kMillisecond));
  EXPECT_LE(hosts.world.now(), start + 20 * kMillisecond);
}

TEST(Shutdown, AProgramThatNeverStartedIsNoneThatRuns) {
  TwoHosts hosts;
  hosts.Boot();
  Process& idle = hosts.world.AddProcess(*hosts.left, "never started");
  EXPECT_TRUE(idle.finished());
  EXPECT_TRUE(hosts.world.RunToEnd(hosts.world.now() + kMillisecond));
}

TEST(Shutdown, AfterABootThatFailedNothingIsLeft) {
  World world(WorldOptions{1});
  NicOptions good, bad;
  bad.port.driver.rx_slots = 100;  // not a multiple of 8
  HostOptions host;
  host.name = "left";
  Host& left = world.AddHost(host);
  host.name = "right";
  Host& right = world.AddHost(host);
  HostNic& a = world.AddIxgbe(left, good);
  HostNic& b = world.AddIxgbe(right, bad);
  world.Connect(a, b, {});
  world.AddProcess(left, "never started");
  EXPECT_EQ(world.Boot(), "right eth0: cannot start, errno 22");
  EXPECT_EQ(world.Shutdown(), "");
}

}  // namespace
}  // namespace mapwire::sim
