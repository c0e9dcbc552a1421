// Two hosts with 82540EMs, and one beside an 82599: bytes and order, rings of every size, frames of
// many slots, links that go away, resets under load, counters.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

constexpr WireOptions kGigabit = {.picoseconds_per_byte = 8000};

TwoHostsOptions Gigabit(uint32_t slots = 512) {
  TwoHostsOptions options;
  options.slots = slots;
  options.queue_pairs = 1;
  options.left_card = options.right_card = Card::k82540Em;
  options.wire = kGigabit;
  return options;
}

// Lengths of all kinds, up to `longest`.
FrameLength Mixed(size_t longest) {
  return [longest](uint64_t i) {
    const size_t lengths[] = {60, 61, longest, 1514, 256, 2048, 2049, 4096};
    return std::min(lengths[i % 8], longest);
  };
}

TEST(E1000, TheLinkComesUpAtAGigabit) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    TwoHostsOptions options = Gigabit();
    options.seed = seed;
    TwoHosts hosts(options);
    hosts.Boot();
    EXPECT_TRUE(hosts.left_nic->port()->carrier());
    EXPECT_EQ(hosts.left_nic->port()->driver().link().mbps, 1000u);
    const uint8_t mac[6] = {0x02, 0x00, 0x5E, 0x82, 0x54, 0x0E};
    EXPECT_TRUE(std::equal(mac, mac + 6, hosts.left_nic->port()->driver().mac()));
  }
}

TEST(E1000, FramesArriveWholeAndInOrderThroughRingsOfAnySize) {
  for (const uint32_t slots : {8u, 16u, 64u, 512u, 4096u}) {
    SCOPED_TRACE(testing::Message() << slots << " slots");
    TwoHosts hosts(Gigabit(slots));
    hosts.Boot();
    // Three turns of the ring and some; small rings more of them.
    const uint64_t frames = std::max<uint64_t>(3 * slots + 5, 600);
    const Receipt receipt = RunTransfer(hosts, {.frames = frames, .batch = 13});
    EXPECT_EQ(receipt.received, frames);
    EXPECT_TRUE(receipt.clean());
  }
}

TEST(E1000, FramesOfManySlotsArriveWhole) {
  for (const uint32_t buffer_bytes : {512u, 2048u, 3000u, 16384u}) {
    SCOPED_TRACE(testing::Message() << buffer_bytes << " bytes a buffer");
    TwoHostsOptions options = Gigabit(256);
    options.buffer_bytes = buffer_bytes;
    options.configure_right = [buffer_bytes](nic::DriverConfig& config) {
      config.rx_buffer_bytes = buffer_bytes == 512 ? 256 : 0;
    };
    options.max_frame_bytes = 16124;
    TwoHosts hosts(options);
    hosts.Boot();
    const Receipt receipt = RunTransfer(hosts, {.frames = 300, .batch = 4, .length = Mixed(9728)});
    EXPECT_EQ(receipt.received, 300u);
    EXPECT_EQ(receipt.damaged, 0u);
    EXPECT_EQ(receipt.reordered + receipt.gaps, 0u);
  }
}

TEST(E1000, TheLongestFrameArrivesWhole) {
  TwoHostsOptions options = Gigabit(64);
  options.max_frame_bytes = 16124;
  TwoHosts hosts(options);
  hosts.Boot();
  std::vector<uint8_t> sent(16124);
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<uint8_t>(i * 7 + i / 256);
  sent[0] = 0x02;
  std::vector<uint8_t> received;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    ASSERT_EQ(port.Poll(POLLIN, 1000), POLLIN);
    EXPECT_TRUE(port.Pop(port.rx(0), received));
  });
  hosts.RunFor(kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    ASSERT_TRUE(port.Push(port.tx(0), sent));
    EXPECT_EQ(port.TxSync(), 0);
    process.SleepUntil(process.Now() + kMillisecond);
  });
  hosts.RunToEnd();
  EXPECT_TRUE(received == sent);
}

TEST(E1000, FramesWithTheirCrcAreFourBytesLonger) {
  TwoHostsOptions options = Gigabit();
  options.configure = [](nic::DriverConfig& config) { config.keep_crc = true; };
  TwoHosts hosts(options);
  hosts.Boot();
  const Receipt receipt = RunTransfer(hosts, {.frames = 50, .length = Always(100)});
  EXPECT_EQ(receipt.bytes, 50u * 104);
}

TEST(E1000, ToAnd82599AndBack) {
  for (const bool back : {false, true}) {
    SCOPED_TRACE(back ? "from the 82599" : "to the 82599");
    TwoHostsOptions options = Gigabit();
    (back ? options.left_card : options.right_card) = Card::k82599;
    options.max_frame_bytes = 9000;
    TwoHosts hosts(options);
    hosts.Boot();
    // What the 82599 puts on the line at once fits the packet buffer of the other.
    const Receipt receipt = RunTransfer(hosts, {.frames = 400, .batch = 1, .length = Mixed(1000)});
    EXPECT_EQ(receipt.received, 400u);
    EXPECT_TRUE(receipt.clean());
  }
}

TEST(E1000, ASleeperIsWokenByThePinAndNotWithoutEnd) {
  TwoHosts hosts(Gigabit());
  hosts.Boot();
  const uint64_t before = hosts.right_nic->slot().counters().interrupts;
  uint32_t woken = 0;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    std::vector<uint8_t> frame;
    while (woken < 10) {
      ASSERT_EQ(port.Poll(POLLIN, 1000) & POLLIN, POLLIN);
      while (port.Pop(port.rx(0), frame)) {
      }
      ++woken;
    }
  });
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    for (uint64_t i = 0; i < 10; ++i) {
      process.SleepUntil(process.Now() + 5 * kMillisecond);
      EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, i, 1, 1, Always(60)));
    }
  });
  hosts.RunToEnd();
  EXPECT_EQ(woken, 10u);
  const uint64_t interrupts = hosts.right_nic->slot().counters().interrupts - before;
  EXPECT_GE(interrupts, 10u);
  EXPECT_LE(interrupts, 20u);
}

TEST(E1000, InterruptsKeepTheirDistance) {
  TwoHostsOptions options = Gigabit();
  options.interrupt_interval_us = 1000;
  TwoHosts hosts(options);
  hosts.Boot();
  const uint64_t before = hosts.right_nic->slot().counters().interrupts;
  const Time begin = hosts.world.now();
  const Receipt receipt = RunTransfer(hosts, {.frames = 3000, .length = Always(200)});
  EXPECT_TRUE(receipt.clean());
  const uint64_t milliseconds =
      static_cast<uint64_t>((hosts.world.now() - begin) / kMillisecond) + 2;
  EXPECT_LE(hosts.right_nic->slot().counters().interrupts - before, milliseconds);
}

TEST(E1000, WithoutCarrierSlotsPileUpAndAllAreSentWhenItIsBack) {
  TwoHosts hosts(Gigabit(64));
  hosts.Boot();
  Receipt receipt;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 63, 1000, receipt));
  });
  hosts.RunFor(kMillisecond);
  hosts.wire->SetCarrier(false);
  hosts.RunFor(kMillisecond);
  EXPECT_FALSE(hosts.left_nic->port()->carrier());
  EXPECT_FALSE(hosts.right_nic->port()->carrier());
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    std::vector<uint8_t> frame(60);
    for (uint64_t i = 0; i < 63; ++i) {
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
      ASSERT_TRUE(port.Push(port.tx(0), frame));
      EXPECT_EQ(port.TxSync(), 0);
    }
    EXPECT_EQ(Descriptor::Pending(port.tx(0)), 63u);
    EXPECT_EQ(port.Poll(POLLOUT, 1000), POLLOUT);
    process.SleepUntil(process.Now() + 5 * kMillisecond);
  });
  hosts.RunFor(5 * kMillisecond);
  EXPECT_EQ(hosts.wire->counters(0).frames, 0u);
  hosts.wire->SetCarrier(true);
  hosts.RunToEnd();
  EXPECT_EQ(receipt.received, 63u);
  EXPECT_TRUE(receipt.clean());
}

// Somebody else's reset, or power that went away for a moment.
TEST(E1000, ADeviceThatForgotEverythingIsSetUpAnewUnderTraffic) {
  for (const bool left : {true, false}) {
    SCOPED_TRACE(left ? "the sender's" : "the receiver's");
    TwoHostsOptions options = Gigabit();
    options.watchdog_period = 100 * kMillisecond;
    TwoHosts hosts(options);
    hosts.Boot();
    HostNic& nic = left ? *hosts.left_nic : *hosts.right_nic;
    Receipt receipt;
    bool sent = false;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
      netmap_ring* const rings[] = {&port.rx(0)};
      EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 20000, 900, receipt));
    });
    hosts.RunFor(kMillisecond);
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      uint64_t next = 0;
      for (; next < 20000; next += 100) {
        sent = SendFrames(process, port, 0, hosts.flow, next, 100, 32, Always(200));
        if (!sent) break;
        process.SleepUntil(process.Now() + 3 * kMillisecond);
      }
    });
    hosts.RunFor(5 * kMillisecond);
    nic.device().BusReset();
    nic.device().CarrierChanged(true);
    hosts.RunToEnd();
    EXPECT_TRUE(sent);
    EXPECT_EQ(nic.port()->counters().spontaneous_resets, 1u);
    EXPECT_EQ(nic.port()->counters().failed_resets, 0u);
    EXPECT_EQ(receipt.damaged, 0u);
    EXPECT_EQ(receipt.reordered, 0u);
    EXPECT_GT(receipt.received, 1000u);
    EXPECT_EQ(receipt.next, 20000u) << "nothing came after the reset";
  }
}

TEST(E1000, AResetOfOursUnderTrafficLosesNoSlot) {
  TwoHosts hosts(Gigabit());
  hosts.Boot();
  Receipt receipt;
  bool sent = false;
  bool over = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 20000, 900, receipt));
  });
  hosts.RunFor(kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    sent = SendFrames(process, port, 0, hosts.flow, 0, 20000, 32, Always(200));
  });
  hosts.left->Spawn("reset", 0, [&] {
    for (int i = 0; i < 3; ++i) {
      Thread::Current()->SleepUntil(hosts.world.now() + 4 * kMillisecond);
      EXPECT_TRUE(hosts.left_nic->port()->Reset("test").ok());
    }
    over = true;
  });
  hosts.RunToEnd();
  EXPECT_TRUE(over);
  EXPECT_TRUE(sent);
  EXPECT_EQ(receipt.damaged, 0u);
  EXPECT_EQ(receipt.reordered, 0u);
  EXPECT_EQ(receipt.next, 20000u);
  EXPECT_LE(20000 - receipt.received, hosts.left_nic->port()->counters().tx_lost + 800)
      << "more than was under way in the card";
}

TEST(E1000, CountersOfBothEndsAgree) {
  TwoHosts hosts(Gigabit());
  hosts.Boot();
  const FrameLength length = [](uint64_t i) { return 60 + i % 1000; };
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < 1500; ++i) bytes += length(i) + 4;
  const Receipt receipt = RunTransfer(hosts, {.frames = 1500, .length = length});
  EXPECT_TRUE(receipt.clean());
  nic::DriverStatistics left, right;
  bool read = false;
  hosts.left->Spawn("statistics", 0, [&] {
    left = hosts.left_nic->port()->ReadStatistics();
    right = hosts.right_nic->port()->ReadStatistics();
    read = true;
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return read; }));
  EXPECT_EQ(left.tx_packets, 1500u);
  EXPECT_EQ(left.tx_bytes, bytes);
  EXPECT_EQ(right.rx_packets, 1500u);
  EXPECT_EQ(right.rx_bytes, bytes);
  EXPECT_EQ(right.rx_all_packets, 1500u);
  EXPECT_EQ(right.queues[0].rx_packets, 1500u);
  for (uint32_t i = 0; i < nic::kSizeClasses; ++i) {
    EXPECT_EQ(left.tx_sizes[i], right.rx_sizes[i]) << i;
  }
  EXPECT_EQ(right.rx_missed + right.rx_length_errors + right.rx_crc_errors, 0u);
}

}  // namespace
}  // namespace mapwire::sim
