// Several programs on one port: flows to queues, all rings at once, neighbours that come and go.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

UdpFlow Flow(uint32_t i) {
  UdpFlow flow;
  flow.source += i;
  return flow;
}

constexpr uint32_t kFlows = 16;

// Which flow a frame is of, by its source address.
uint32_t FlowOf(std::span<const uint8_t> frame) {
  return frame.size() < 30 ? kFlows : frame[29] - (Flow(0).source & 0xff);
}

struct Flows {
  Receipt receipts[kFlows];
  std::map<uint32_t, std::set<uint32_t>> rings;  // of each flow
  uint64_t received = 0;

  void Take(std::span<const uint8_t> frame, uint32_t ring) {
    const uint32_t i = FlowOf(frame);
    ASSERT_LT(i, kFlows);
    receipts[i].Take(frame, Flow(i));
    rings[i].insert(ring);
    ++received;
  }
  void ExpectWhole(uint64_t frames_each) const {
    for (const Receipt& receipt : receipts) {
      EXPECT_EQ(receipt.received, frames_each);
      EXPECT_TRUE(receipt.clean());
    }
  }
};

void SendFlows(Process& process, uint64_t frames_each, const bool& go) {
  Descriptor port(process);
  ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
  while (!go) process.SleepUntil(process.Now() + 10 * kMicrosecond);
  std::vector<uint8_t> frame(60);
  for (uint64_t k = 0; k < frames_each; ++k) {
    for (uint32_t i = 0; i < kFlows; ++i) {
      WriteUdpFrame(frame.data(), frame.size(), Flow(i), k);
      while (!port.Push(port.tx(0), frame)) ASSERT_EQ(port.Poll(POLLOUT, 1000), POLLOUT);
    }
    port.TxSync();
  }
  while (Descriptor::Pending(port.tx(0)) != 0) port.TxSync();
}

TEST(Sharing, OneDescriptorPerRingPairEachGetsItsFlows) {
  TwoHosts hosts({.rss_queues = 2});
  hosts.Boot();
  constexpr uint64_t kEach = 300;
  Flows all;
  uint64_t per_ring[2] = {};
  int ready = 0;
  bool go = false;
  for (uint16_t ring = 0; ring < 2; ++ring) {
    hosts.Run(*hosts.right, "receiver", ring, [&, ring](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.ring = ring}), 0);
      EXPECT_EQ(port.rx(ring).ringid, ring);
      if (++ready == 2) go = true;
      std::vector<uint8_t> frame;
      while (port.Poll(POLLIN, 20) == POLLIN || all.received == 0) {
        while (port.Pop(port.rx(ring), frame)) {
          all.Take(frame, ring);
          ++per_ring[ring];
        }
      }
    });
  }
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) { SendFlows(process, kEach, go); });
  hosts.RunToEnd();
  all.ExpectWhole(kEach);
  for (uint32_t i = 0; i < kFlows; ++i) EXPECT_EQ(all.rings[i].size(), 1u) << "flow " << i;
  EXPECT_GT(per_ring[0], 0u);
  EXPECT_GT(per_ring[1], 0u);
  EXPECT_EQ(per_ring[0] + per_ring[1], kEach * kFlows);
}

TEST(Sharing, OneDescriptorForAllRingsGetsAllFlows) {
  TwoHosts hosts({.queue_pairs = 4, .rss_queues = 4});
  hosts.Boot();
  constexpr uint64_t kEach = 300;
  Flows all;
  bool go = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_ALL_NIC}), 0);
    go = true;
    std::vector<uint8_t> frame;
    while (port.Poll(POLLIN, 20) == POLLIN || all.received == 0) {
      for (uint32_t ring = 0; ring < 4; ++ring) {
        while (port.Pop(port.rx(ring), frame)) all.Take(frame, ring);
      }
    }
  });
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) { SendFlows(process, kEach, go); });
  hosts.RunToEnd();
  all.ExpectWhole(kEach);
  std::set<uint32_t> used;
  for (const auto& [flow, rings] : all.rings) used.insert(rings.begin(), rings.end());
  EXPECT_GE(used.size(), 3u);  // as the hash has it
}

TEST(Sharing, EveryRingOfAllCanSend) {
  TwoHosts hosts({.queue_pairs = 4});
  hosts.Boot();
  uint64_t received = 0;
  bool ready = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    ready = true;
    std::vector<uint8_t> frame;
    while (port.Poll(POLLIN, received == 0 ? 1000 : 20) == POLLIN) {
      while (port.Pop(port.rx(0), frame)) {
        EXPECT_TRUE(CheckUdpFrame(frame.data(), frame.size(), hosts.flow).has_value());
        ++received;
      }
    }
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_ALL_NIC}), 0);
    std::vector<uint8_t> frame(60);
    for (uint32_t round = 0; round < 100; ++round) {
      for (uint32_t ring = 0; ring < 4; ++ring) {
        WriteUdpFrame(frame.data(), frame.size(), hosts.flow, round);
        ASSERT_TRUE(port.Push(port.tx(ring), frame));
      }
      EXPECT_EQ(port.TxSync(), 0);
      process.SleepUntil(process.Now() + 2 * kMicrosecond);
    }
    process.SleepUntil(process.Now() + kMillisecond);
    port.TxSync();
    for (uint32_t ring = 0; ring < 4; ++ring) EXPECT_EQ(Descriptor::Pending(port.tx(ring)), 0u);
  });
  hosts.RunToEnd();
  EXPECT_EQ(received, 400u);
}

// The second ring pair comes and goes on both hosts while the first carries traffic.
TEST(Sharing, ANeighbourThatComesAndGoesDisturbsNothing) {
  TwoHosts hosts;
  hosts.Boot();
  constexpr int kRounds = 50;
  Receipt receipt;
  int rounds[2] = {};
  bool stop = false;
  bool ready = false;
  uint64_t sent = 0;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    ready = true;
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, ~uint64_t{0}, 50, receipt));
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  const uint64_t links[2] = {hosts.left_nic->port()->counters().link_changes,
                             hosts.right_nic->port()->counters().link_changes};
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    std::vector<uint8_t> frame(60);
    while (!stop) {
      for (int i = 0; i < 8; ++i, ++sent) {
        WriteUdpFrame(frame.data(), frame.size(), hosts.flow, sent);
        while (!port.Push(port.tx(0), frame)) ASSERT_EQ(port.Poll(POLLOUT, 1000), POLLOUT);
      }
      port.TxSync();
      process.SleepUntil(process.Now() + 20 * kMicrosecond);
    }
    process.SleepUntil(process.Now() + kMillisecond);
  });
  for (int side = 0; side < 2; ++side) {
    hosts.Run(side == 0 ? *hosts.left : *hosts.right, "neighbour", 0, [&, side](Process& process) {
      for (; rounds[side] < kRounds; ++rounds[side]) {
        Descriptor port(process);
        ASSERT_EQ(port.Open({.ring = 1}), 0);
        EXPECT_EQ(port.Poll(POLLIN, 0), 0);
        EXPECT_EQ(port.Close(), 0);
      }
    });
  }
  EXPECT_TRUE(hosts.RunUntil([&] { return rounds[0] == kRounds && rounds[1] == kRounds; }));
  stop = true;
  hosts.RunToEnd();
  EXPECT_GT(sent, 5000u);
  EXPECT_EQ(receipt.received, sent);
  EXPECT_TRUE(receipt.clean());
  EXPECT_EQ(hosts.left_nic->port()->counters().link_changes, links[0]);
  EXPECT_EQ(hosts.right_nic->port()->counters().link_changes, links[1]);
}

TEST(Sharing, ASecondProgramOnTheSameRingSeesItAsItIs) {
  TwoHosts hosts;
  hosts.Boot();
  bool ready = false;
  hosts.Run(*hosts.right, "receivers", 1, [&](Process& process) {
    Descriptor first(process), second(process);
    ASSERT_EQ(first.Open({}), 0);
    ready = true;
    ASSERT_EQ(first.Poll(POLLIN, 1000), POLLIN);
    process.SleepUntil(process.Now() + kMillisecond);
    first.RxSync();
    const uint32_t tail = first.rx(0).tail;
    EXPECT_EQ(tail, 100u);
    ASSERT_EQ(second.Open({}), 0);
    EXPECT_EQ(second.rx(0).tail, tail);
    EXPECT_EQ(second.rx(0).head, 0u);
    EXPECT_EQ(first.Close(), 0);
    Receipt receipt;
    netmap_ring* const rings[] = {&second.rx(0)};
    EXPECT_TRUE(ReceiveFrames(second, rings, hosts.flow, 100, 10, receipt));
    EXPECT_EQ(receipt.received, 100u);
    EXPECT_TRUE(receipt.clean());
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 100, 100, Always(60)));
  });
  hosts.RunToEnd();
}

TEST(Exclusive, ConflictsAreToldAndGoWithTheirHolder) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.left, "programs", 1, [&](Process& process) {
    Descriptor holder(process), other(process), neighbour(process);
    ASSERT_EQ(holder.Open({.flags = NR_EXCLUSIVE}), 0);
    EXPECT_EQ(other.Open({}), -EBUSY);
    EXPECT_EQ(other.Open({.flags = NR_EXCLUSIVE}), -EBUSY);
    EXPECT_EQ(other.Open({.mode = NR_REG_ALL_NIC}), -EBUSY);
    EXPECT_EQ(neighbour.Open({.ring = 1}), 0);
    EXPECT_EQ(holder.Close(), 0);
    EXPECT_EQ(other.Open({}), 0);
    EXPECT_EQ(holder.Open({.flags = NR_EXCLUSIVE}), -EBUSY) << "in use, not exclusively";
    EXPECT_EQ(holder.Open({.ring = 1, .flags = NR_EXCLUSIVE}), -EBUSY);
    EXPECT_EQ(neighbour.Close(), 0);
    EXPECT_EQ(holder.Open({.ring = 1, .flags = NR_EXCLUSIVE}), 0);
  });
  hosts.RunToEnd();
}

TEST(Exclusive, OneDirectionLeavesTheOtherFree) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.left, "programs", 1, [&](Process& process) {
    Descriptor sender(process), receiver(process), both(process);
    ASSERT_EQ(sender.Open({.flags = NR_EXCLUSIVE | NR_TX_RINGS_ONLY}), 0);
    EXPECT_EQ(receiver.Open({.flags = NR_EXCLUSIVE | NR_RX_RINGS_ONLY}), 0);
    EXPECT_EQ(both.Open({}), -EBUSY);
  });
  hosts.RunToEnd();
}

TEST(NullPort, InAPrivateRegionMovesNothingAndGivesRingsAndBuffers) {
  TwoHosts hosts;
  hosts.Boot();
  constexpr memory::RegionRequest kSmall = {{{1024, 4}, {20480, 8}, {2048, 512}}};
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    const Result<memory::Region*> region = hosts.left->control().CreateRegion(kSmall);
    ASSERT_TRUE(region.ok());
    Binding null{.port = "mine",
                 .mode = NR_REG_NULL,
                 .region = (*region)->id(),
                 .extra_buffers = 5,
                 .made_rings = 2,
                 .made_slots = 64};
    Descriptor port(process);
    ASSERT_EQ(port.Open(null), 0);
    EXPECT_EQ(port.region(), (*region)->id());
    EXPECT_NE(port.interface().ni_flags & NI_PRIV_MEM, 0u);
    EXPECT_EQ(port.registered().nr_extra_bufs, 5u);
    netmap_ring& tx = port.tx(1);
    EXPECT_EQ(tx.num_slots, 64u);
    std::vector<uint8_t> frame(60, 1);
    for (int i = 0; i < 63; ++i) ASSERT_TRUE(port.Push(tx, frame));
    EXPECT_EQ(port.TxSync(), 0);
    EXPECT_EQ(port.RxSync(), 0);
    EXPECT_EQ(tx.tail, 63u);
    EXPECT_TRUE(Descriptor::Empty(port.rx(0)));
    EXPECT_EQ(port.Poll(POLLIN, 1), 0);
    // Without a region there is no such port.
    Descriptor none(process);
    null.region = 0;
    EXPECT_EQ(none.Open(null), -EINVAL);
  });
  hosts.RunToEnd();
}

}  // namespace
}  // namespace mapwire::sim
