// What the wire loses, and what a NIC drops because nobody took it: counted, and nothing else
// breaks.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

TEST(Loss, SentIsReceivedPlusLostAndOrderIsKept) {
  for (const double loss : {0.001, 0.01, 0.1, 0.5, 0.99}) {
    SCOPED_TRACE(testing::Message() << "loss " << loss);
    TwoHosts hosts({.seed = static_cast<uint64_t>(loss * 1000)});
    hosts.Boot();
    hosts.wire->set_loss_from(0, loss);
    const Receipt receipt = RunTransfer(hosts, {.frames = 4000, .batch = 32});
    EXPECT_EQ(hosts.wire->counters(0).frames, 4000u);
    EXPECT_EQ(receipt.received + hosts.wire->counters(0).lost, 4000u);
    EXPECT_GT(hosts.wire->counters(0).lost, 0u);
    EXPECT_EQ(receipt.damaged, 0u);
    EXPECT_EQ(receipt.reordered, 0u);
    EXPECT_LE(receipt.gaps, hosts.wire->counters(0).lost);
  }
}

TEST(Loss, ALostPartOfTheTrafficIsNoPartOfAFrame) {
  TwoHosts hosts({.max_frame_bytes = 9724});
  hosts.Boot();
  hosts.wire->set_loss_from(0, 0.2);
  const Receipt receipt =
      RunTransfer(hosts, {.frames = 500, .length = Always(9000), .idle_ms = 50});
  EXPECT_EQ(receipt.received + hosts.wire->counters(0).lost, 500u);
  EXPECT_EQ(receipt.bytes, receipt.received * 9000);
  EXPECT_EQ(receipt.damaged, 0u);
  EXPECT_EQ(receipt.reordered, 0u);
}

// A receiver that sleeps through most of the traffic: its NIC drops and counts, it sees the rest in
// order, and afterwards everything arrives again.
TEST(SlowReceiver, DropsAreCountedByTheNicAndItRecovers) {
  for (const uint32_t bytes : {60u, 1514u, 9000u}) {
    SCOPED_TRACE(testing::Message() << bytes << " bytes");
    TwoHosts hosts({.seed = bytes, .slots = 128, .max_frame_bytes = 9724});
    hosts.Boot();
    constexpr uint64_t kFrames = 6000;
    constexpr uint64_t kLater = 200;
    Receipt receipt;
    bool flood_over = false, drained = false;
    nic::DriverStatistics statistics;
    hosts.Run(*hosts.right, "slow receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      std::vector<uint8_t> frame;
      while (!flood_over) {
        process.SleepUntil(process.Now() + 200 * kMicrosecond);
        port.RxSync();
        while (port.Pop(port.rx(0), frame)) receipt.Take(frame, hosts.flow);
      }
      while (port.Poll(POLLIN, 5) == POLLIN) {
        while (port.Pop(port.rx(0), frame)) receipt.Take(frame, hosts.flow);
      }
      statistics = hosts.right_nic->port()->ReadStatistics();
      drained = true;
      Receipt later;
      later.next = kFrames;
      netmap_ring* const rings[] = {&port.rx(0)};
      EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, kLater, 1000, later));
      EXPECT_EQ(later.received, kLater);
      EXPECT_TRUE(later.clean());
    });
    hosts.RunFor(10 * kMillisecond);
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, kFrames, 64, Always(bytes)));
      process.SleepUntil(process.Now() + kMillisecond);
      flood_over = true;
      while (!drained) process.SleepUntil(process.Now() + kMillisecond);
      EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, kFrames, kLater, 8, Always(bytes)));
    });
    hosts.RunToEnd();
    EXPECT_EQ(receipt.damaged, 0u);
    EXPECT_EQ(receipt.reordered, 0u);
    EXPECT_GT(receipt.received, 0u);
    EXPECT_GT(statistics.rx_no_descriptor + statistics.rx_missed, 0u);
    EXPECT_EQ(receipt.received + statistics.rx_no_descriptor + statistics.rx_missed, kFrames);
    EXPECT_EQ(hosts.wire->counters(0).lost, 0u);
  }
}

// A ring whose owner sleeps holds nobody else up.
TEST(SlowReceiver, DoesNotStopTheNeighboursQueue) {
  TwoHosts hosts({.slots = 64, .rss_queues = 2});
  hosts.Boot();

  uint64_t received[2] = {};
  int ready = 0;
  hosts.Run(*hosts.right, "asleep", 0, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.ring = 0}), 0);
    ++ready;
    process.SleepUntil(process.Now() + 200 * kMillisecond);
    port.RxSync();
    received[0] = (port.rx(0).tail + 64 - port.rx(0).head) % 64;
  });
  hosts.Run(*hosts.right, "awake", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.ring = 1}), 0);
    ++ready;
    std::vector<uint8_t> frame;
    while (port.Poll(POLLIN, 100) == POLLIN) {
      while (port.Pop(port.rx(1), frame)) ++received[1];
    }
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready == 2; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    std::vector<uint8_t> frame(60);
    for (uint64_t i = 0; i < 4000; ++i) {
      UdpFlow flow;
      flow.source += static_cast<uint32_t>(i % 32);
      WriteUdpFrame(frame.data(), frame.size(), flow, i);
      while (!port.Push(port.tx(0), frame)) ASSERT_EQ(port.Poll(POLLOUT, 1000), POLLOUT);
      if (i % 8 == 7) port.TxSync();
    }
    while (Descriptor::Pending(port.tx(0)) != 0) port.TxSync();
  });
  hosts.RunToEnd();
  nic::DriverStatistics statistics;
  EXPECT_EQ(received[0], 63u) << "its ring is full";
  EXPECT_GT(received[1], 1000u);
  bool read = false;
  hosts.Run(*hosts.right, "operator", 0, [&](Process&) {
    statistics = hosts.right_nic->port()->ReadStatistics();
    read = true;
  });
  hosts.RunToEnd();
  EXPECT_TRUE(read);
  EXPECT_EQ(received[0] + received[1] + statistics.rx_no_descriptor, 4000u);
}

}  // namespace
}  // namespace mapwire::sim
