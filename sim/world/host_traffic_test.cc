// The host's own traffic through a card that programs may take, queue by queue.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

TwoHostsOptions WithStacks(Card card, uint32_t slots = 256) {
  TwoHostsOptions options;
  options.slots = slots;
  options.host_stacks = true;
  options.left_card = options.right_card = card;
  options.queue_pairs = card == Card::k82599 ? 2 : 1;
  if (card == Card::k82540Em) options.wire.picoseconds_per_byte = 8000;
  return options;
}

// What the stack of a host gets, by flow of the destination port: one a queue, say.
struct Listener {
  explicit Listener(NetStack& stack, const UdpFlow& flow) : flow(flow) {
    stack.on_receive = [this](uint16_t, const std::vector<uint8_t>& frame) {
      receipt.Take(frame, this->flow);
    };
  }
  const UdpFlow flow;
  Receipt receipt;
};

FrameLength Mixed() {
  return [](uint64_t i) {
    const size_t lengths[] = {60, 61, 1514, 700, 128};
    return lengths[i % 5];
  };
}

// From a thread of its host.
void SendThroughStack(NetStack& stack, uint16_t queue, const UdpFlow& flow, uint64_t first,
                      uint64_t count, const FrameLength& length) {
  for (uint64_t i = first; i < first + count; ++i) {
    std::vector<uint8_t> frame(length(i));
    WriteUdpFrame(frame.data(), frame.size(), flow, i);
    stack.Send(queue, std::move(frame));
  }
}

// Runs `body` on a thread of `host` to its end.
void OnHost(TwoHosts& hosts, Host& host, std::function<void()> body) {
  Thread& thread = host.Spawn("test", 1, std::move(body));
  ASSERT_TRUE(hosts.RunUntil([&] { return thread.finished(); }));
}

class HostTraffic : public testing::TestWithParam<Card> {};

INSTANTIATE_TEST_SUITE_P(Cards, HostTraffic, testing::Values(Card::k82599, Card::k82540Em),
                         [](const auto& info) {
                           return info.param == Card::k82599 ? "Of82599" : "Of82540Em";
                         });

TEST_P(HostTraffic, PassesBothWaysWholeAndInOrder) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  Listener left(*hosts.left_nic->stack(), hosts.flow);
  constexpr uint64_t kFrames = 1000;
  OnHost(hosts, *hosts.left,
         [&] { SendThroughStack(*hosts.left_nic->stack(), 0, hosts.flow, 0, kFrames, Mixed()); });
  OnHost(hosts, *hosts.right,
         [&] { SendThroughStack(*hosts.right_nic->stack(), 0, hosts.flow, 0, kFrames, Mixed()); });
  EXPECT_TRUE(hosts.RunUntil([&] {
    return right.receipt.received == kFrames && left.receipt.received == kFrames;
  })) << right.receipt.received
      << " " << left.receipt.received;
  EXPECT_TRUE(right.receipt.clean() && left.receipt.clean());
  EXPECT_EQ(hosts.left_nic->stack()->counters().sent, kFrames);
  EXPECT_EQ(hosts.left_nic->port()->host()->counters(0).tx_frames, kFrames);
  EXPECT_EQ(hosts.right_nic->port()->host()->counters(0).rx_frames, kFrames);
}

// The shortest rings there are: the receiver cannot always follow, the sender does not stand still.
TEST_P(HostTraffic, ShortRingsSendAllAndWhatIsMissedIsCounted) {
  TwoHosts hosts(WithStacks(GetParam(), 8));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  NetStack& stack = *hosts.left_nic->stack();
  constexpr uint64_t kFrames = 1000;
  OnHost(hosts, *hosts.left, [&] { SendThroughStack(stack, 0, hosts.flow, 0, kFrames, Mixed()); });
  EXPECT_TRUE(hosts.RunUntil([&] { return stack.outstanding(0) + stack.waiting(0) == 0; }));
  EXPECT_EQ(stack.counters().sent, kFrames);
  hosts.RunFor(kMillisecond);
  nic::DriverStatistics counted;
  OnHost(hosts, *hosts.right, [&] { counted = hosts.right_nic->port()->ReadStatistics(); });
  EXPECT_EQ(right.receipt.received + counted.rx_missed + counted.rx_no_descriptor, kFrames);
  EXPECT_EQ(right.receipt.damaged + right.receipt.reordered, 0u);
}

// A slow trickle: nothing but interrupts moves it.
TEST_P(HostTraffic, ASingleFrameIsNotLeftLying) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  for (uint64_t i = 0; i < 300; ++i) {
    OnHost(hosts, *hosts.left,
           [&] { SendThroughStack(*hosts.left_nic->stack(), 0, hosts.flow, i, 1, Always(60)); });
    ASSERT_TRUE(hosts.RunUntil([&] { return right.receipt.received == i + 1; }, kMillisecond))
        << "frame " << i;
  }
}

TEST_P(HostTraffic, AProgramTakesTheCardAndGivesItBackAndNoFrameIsLost) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  constexpr uint64_t kRounds = 20, kBurst = 100;
  uint64_t sent_by_program = 0;
  const uint64_t link_changes = hosts.left_nic->port()->counters().link_changes;
  for (uint64_t round = 0; round < kRounds; ++round) {
    // What is in the queue when the program comes gets out before.
    hosts.Run(*hosts.left, "taker", 1, [&](Process& process) {
      const uint64_t first = (2 * round) * kBurst;
      SendThroughStack(stack, 0, hosts.flow, first, kBurst, Mixed());
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, first + kBurst, kBurst, 16, Always(60)));
      sent_by_program += kBurst;
    });
    hosts.RunToEnd();
  }
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == 2 * kRounds * kBurst; }))
      << right.receipt.received << " after " << sent_by_program << " of the program";
  EXPECT_TRUE(right.receipt.clean());
  EXPECT_EQ(hosts.left_nic->port()->host()->counters(0).tx_lost, 0u);
  EXPECT_EQ(hosts.left_nic->port()->counters().resets, 0u);
  EXPECT_EQ(hosts.left_nic->port()->counters().link_changes, link_changes);
}

TEST_P(HostTraffic, WhatWasReceivedForTheHostGoesUpBeforeAProgramHasTheQueue) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  constexpr uint64_t kFrames = 100;
  OnHost(hosts, *hosts.left, [&] {
    SendThroughStack(*hosts.left_nic->stack(), 0, hosts.flow, 0, kFrames, Always(60));
  });
  // Some have arrived, some are under way.
  ASSERT_TRUE(hosts.RunUntil([&] { return right.receipt.received > 10; }));
  Receipt program;
  program.next = 0;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    ReceiveFrames(port, rings, hosts.flow, kFrames, 20, program);
  });
  hosts.RunToEnd();
  nic::DriverStatistics counted;
  OnHost(hosts, *hosts.right, [&] { counted = hosts.right_nic->port()->ReadStatistics(); });
  EXPECT_EQ(right.receipt.damaged + right.receipt.reordered + right.receipt.gaps, 0u);
  EXPECT_EQ(program.damaged + program.reordered, 0u);
  // All that reached memory. While the queue is off the card drops what comes.
  const uint64_t in_memory =
      GetParam() == Card::k82599 ? counted.queues[0].rx_packets : counted.rx_packets;
  EXPECT_EQ(right.receipt.received + program.received, in_memory);
}

TEST_P(HostTraffic, WhileAProgramHasTheQueueTheHostsFramesAreDropsWithAReason) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  hosts.Run(*hosts.left, "holder", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    SendThroughStack(stack, 0, hosts.flow, 0, 50, Always(60));
    EXPECT_EQ(stack.counters().program_has_queue, 50u);
    EXPECT_EQ(stack.waiting(0), 0u);
  });
  hosts.RunToEnd();
  EXPECT_EQ(right.receipt.received, 0u);
  OnHost(hosts, *hosts.left, [&] { SendThroughStack(stack, 0, hosts.flow, 0, 50, Mixed()); });
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == 50; }));
  EXPECT_TRUE(right.receipt.clean());
}

TEST_P(HostTraffic, ATransmitterLeavesTheHostItsReceiveQueue) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener left(*hosts.left_nic->stack(), hosts.flow);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 500, 16, Always(60)));
    process.SleepUntil(process.Now() + 5 * kMillisecond);
  });
  OnHost(hosts, *hosts.right,
         [&] { SendThroughStack(*hosts.right_nic->stack(), 0, hosts.flow, 0, 400, Mixed()); });
  hosts.RunToEnd();
  EXPECT_TRUE(hosts.RunUntil([&] { return left.receipt.received == 400; }));
  EXPECT_TRUE(left.receipt.clean());
}

// The other half: what comes for the program interrupts nobody of the host.
TEST_P(HostTraffic, AReceiverLeavesTheHostItsTransmitQueue) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  NetStack& stack = *hosts.right_nic->stack();
  Listener left(*hosts.left_nic->stack(), hosts.flow);
  Receipt program;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    ReceiveFrames(port, rings, hosts.flow, 2000, 50, program);
    const uint64_t polls = stack.counters().polls;
    ReceiveFrames(port, rings, hosts.flow, 3000, 50, program);
    EXPECT_LE(stack.counters().polls, polls + 1);
  });
  hosts.RunFor(kMillisecond);
  OnHost(hosts, *hosts.right, [&] { SendThroughStack(stack, 0, hosts.flow, 0, 400, Mixed()); });
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 3000, 16, Always(60)));
  });
  hosts.RunToEnd();
  EXPECT_EQ(program.received, 3000u);
  EXPECT_TRUE(program.clean());
  EXPECT_TRUE(hosts.RunUntil([&] { return left.receipt.received == 400; }));
  EXPECT_TRUE(left.receipt.clean());
}

TEST_P(HostTraffic, DownAndUpUnderTraffic) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  for (int round = 0; round < 30; ++round) {
    OnHost(hosts, *hosts.left, [&] {
      SendThroughStack(stack, 0, hosts.flow, 0, 40, Mixed());
      stack.Close();
      SendThroughStack(stack, 0, hosts.flow, 0, 1, Mixed());
      EXPECT_TRUE(stack.Open().ok());
    });
  }
  EXPECT_GE(stack.counters().closed, 30u);
  hosts.RunFor(10 * kMillisecond);
  EXPECT_EQ(right.receipt.damaged, 0u);
  right.receipt = Receipt();
  OnHost(hosts, *hosts.left, [&] { SendThroughStack(stack, 0, hosts.flow, 0, 40, Mixed()); });
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == 40; }));
  EXPECT_TRUE(right.receipt.clean());
}

TEST_P(HostTraffic, DownWhileAProgramHasTheQueueAndUpAgain) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  hosts.Run(*hosts.left, "holder", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    stack.Close();
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 100, 16, Always(60)));
    EXPECT_TRUE(stack.Open().ok());
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 100, 100, 16, Always(60)));
  });
  hosts.RunToEnd();
  OnHost(hosts, *hosts.left, [&] { SendThroughStack(stack, 0, hosts.flow, 200, 100, Mixed()); });
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == 300; }));
  EXPECT_TRUE(right.receipt.clean());
}

TEST_P(HostTraffic, AResetOfTheCardDoesNotEndIt) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  for (int round = 0; round < 5; ++round) {
    OnHost(hosts, *hosts.left, [&] {
      SendThroughStack(stack, 0, hosts.flow, 0, 60, Mixed());
      const auto guard = hosts.left->control().Lock();
      EXPECT_TRUE(hosts.left_nic->port()->Reset("test").ok());
    });
    ASSERT_TRUE(hosts.RunUntil(
        [&] { return hosts.left_nic->port()->carrier() && hosts.right_nic->port()->carrier(); },
        5 * kSecond));
    // A card that finishes nothing between one reset and the next is given up.
    hosts.RunFor(kMillisecond);
  }
  hosts.RunFor(20 * kMillisecond);
  EXPECT_EQ(right.receipt.damaged, 0u);
  right.receipt = Receipt();
  OnHost(hosts, *hosts.left, [&] { SendThroughStack(stack, 0, hosts.flow, 0, 60, Mixed()); });
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == 60; }));
  EXPECT_TRUE(right.receipt.clean());
}

// What of five frames comes in, by the last byte of their addresses: ours (1), somebody else's (2),
// two groups' (3, 4), everybody's.
TEST_P(HostTraffic, TheReceiveFilterChangesWithoutAReset) {
  using Address = std::array<uint8_t, 6>;
  using Heard = std::vector<uint8_t>;
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  nic::NicPort& port = *hosts.right_nic->port();
  Address own;
  std::copy_n(port.driver().mac(), own.size(), own.begin());
  const Address addresses[] = {own,
                               {2, 9, 9, 9, 9, 2},
                               {1, 0, 0x5e, 0, 0, 3},
                               {1, 0, 0x5e, 0, 0, 4},
                               {255, 255, 255, 255, 255, 255}};
  Heard heard;
  hosts.right_nic->stack()->on_receive = [&](uint16_t, const std::vector<uint8_t>& frame) {
    heard.push_back(std::equal(own.begin(), own.end(), frame.begin()) ? 1 : frame[5]);
  };
  const auto hears = [&] {
    heard.clear();
    OnHost(hosts, *hosts.left, [&] {
      for (const Address& address : addresses) {
        std::vector<uint8_t> frame(60);
        std::copy(address.begin(), address.end(), frame.begin());
        hosts.left_nic->stack()->Send(0, std::move(frame));
      }
    });
    hosts.RunFor(kMillisecond);
    return heard;
  };
  const auto locked = [&](const std::function<Status()>& call) {
    Status status;
    OnHost(hosts, *hosts.right, [&] {
      const auto guard = hosts.right->control().Lock();
      status = call();
    });
    return status;
  };
  const uint64_t link_changes = port.counters().link_changes;
  nic::ReceiveFilter filter;
  const auto set = [&] { return locked([&] { return port.SetReceiveFilter(filter); }).error(); };
  EXPECT_EQ(hears(), (Heard{1, 2, 3, 4, 255}));
  filter.promiscuous = false;
  ASSERT_EQ(set(), Errno::kOk);
  EXPECT_EQ(hears(), (Heard{1, 255}));
  std::copy_n(addresses[2].begin(), 6, filter.multicast[0]);
  filter.multicast_count = 1;
  ASSERT_EQ(set(), Errno::kOk);
  EXPECT_EQ(hears(), (Heard{1, 3, 255}));
  std::copy_n(addresses[3].begin(), 6, filter.multicast[0]);
  ASSERT_EQ(set(), Errno::kOk);
  EXPECT_EQ(hears(), (Heard{1, 4, 255})) << "a group that was left is out";
  // What cannot be changes nothing.
  filter.multicast[0][0] = 2;
  EXPECT_EQ(set(), Errno::kInvalid);
  filter.multicast_count = nic::kMaxMulticast + 1;
  EXPECT_EQ(set(), Errno::kInvalid);
  EXPECT_EQ(hears(), (Heard{1, 4, 255}));
  EXPECT_EQ(port.counters().resets, 0u);
  EXPECT_EQ(port.counters().link_changes, link_changes);
  // A reset leaves it as it is.
  ASSERT_TRUE(locked([&] { return port.Reset("test"); }).ok());
  ASSERT_TRUE(hosts.RunUntil([&] { return port.carrier() && hosts.left_nic->port()->carrier(); },
                             5 * kSecond));
  EXPECT_EQ(hears(), (Heard{1, 4, 255}));
  filter = {.promiscuous = false, .all_multicast = true};
  ASSERT_EQ(set(), Errno::kOk);
  EXPECT_EQ(hears(), (Heard{1, 3, 4, 255}));
  filter = {};
  ASSERT_EQ(set(), Errno::kOk);
  EXPECT_EQ(hears(), (Heard{1, 2, 3, 4, 255}));
}

TEST_P(HostTraffic, LongerFramesAreAgreedUponWhileTheHostIsUp) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  NetStack& left = *hosts.left_nic->stack();
  const auto carriers = [&] {
    return hosts.left_nic->port()->carrier() && hosts.right_nic->port()->carrier();
  };
  const auto set = [&](Host& host, nic::NicPort& port, uint32_t bytes) {
    Status status;
    OnHost(hosts, host, [&] {
      const auto guard = host.control().Lock();
      status = port.SetMaxFrame(bytes);
    });
    EXPECT_TRUE(hosts.RunUntil(carriers, 5 * kSecond));
    hosts.RunFor(kMillisecond);
    return status.error();
  };
  const auto send = [&](uint64_t first, size_t bytes) {
    OnHost(hosts, *hosts.left,
           [&] { SendThroughStack(left, 0, hosts.flow, first, 50, Always(bytes)); });
    hosts.RunFor(20 * kMillisecond);
  };
  nic::NicPort& port = *hosts.left_nic->port();
  send(0, 9014);
  EXPECT_EQ(left.counters().refused, 50u);
  // More often than a card in trouble may be reset.
  for (const uint32_t bytes : {1514u, 1514u, 4000u, 9014u, 1514u, 4000u, 9014u}) {
    EXPECT_EQ(set(*hosts.left, port, bytes), Errno::kOk);
  }
  EXPECT_EQ(set(*hosts.right, *hosts.right_nic->port(), 9014), Errno::kOk);
  EXPECT_EQ(set(*hosts.left, port, 59), Errno::kInvalid);
  EXPECT_EQ(set(*hosts.left, port, 1u << 20), Errno::kInvalid);
  send(0, 9014);
  send(50, 60);
  EXPECT_EQ(right.receipt.received, 100u);
  EXPECT_TRUE(right.receipt.clean());
  EXPECT_EQ(left.counters().refused, 50u);
  EXPECT_EQ(port.counters().resets, 0u);
}

TEST_P(HostTraffic, WithoutALinkFramesWaitAndNoneIsLost) {
  TwoHosts hosts(WithStacks(GetParam(), 32));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  hosts.wire->SetCarrier(false);
  ASSERT_TRUE(hosts.RunUntil([&] { return !hosts.left_nic->port()->carrier(); }));
  OnHost(hosts, *hosts.left, [&] { SendThroughStack(stack, 0, hosts.flow, 0, 200, Mixed()); });
  EXPECT_GT(stack.waiting(0), 100u);
  hosts.wire->SetCarrier(true);
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == 200; }, 5 * kSecond))
      << right.receipt.received;
  EXPECT_TRUE(right.receipt.clean());
}

// --- Host rings
// -----------------------------------------------------------------------------------

// Copies what there is from one ring to another.
uint64_t Copy(netmap_ring& from, netmap_ring& to) {
  std::vector<uint8_t> frame;
  uint64_t frames = 0;
  while (Descriptor::Space(to) > 0 && Descriptor::Pop(from, frame)) {
    EXPECT_TRUE(Descriptor::Push(to, frame));
    ++frames;
  }
  return frames;
}

// A bridge in user space between the card and the host: what it is for.
TEST_P(HostTraffic, PassesThroughAProgramThatHasCardAndHostRings) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  Listener left(*hosts.left_nic->stack(), hosts.flow);
  constexpr uint64_t kFrames = 1000;
  bool up = false;
  hosts.Run(*hosts.left, "bridge", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW}), 0);
    const uint32_t pairs = port.interface().ni_tx_rings;
    up = true;
    while (right.receipt.received < kFrames || left.receipt.received < kFrames) {
      if (port.Poll(POLLIN, 100) < 0) break;
      Copy(port.rx(pairs), port.tx(0));
      for (uint32_t i = 0; i < pairs; ++i) Copy(port.rx(i), port.tx(pairs));
    }
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return up; }));
  for (Host* const host : {hosts.left, hosts.right}) {
    NetStack& stack = *(host == hosts.left ? hosts.left_nic : hosts.right_nic)->stack();
    host->Spawn("traffic", 0, [&] {
      for (uint64_t i = 0; i < kFrames; i += 20) {
        SendThroughStack(stack, 0, hosts.flow, i, 20, Mixed());
        Thread::Current()->SleepUntil(hosts.world.now() + 300 * kMicrosecond);
      }
    });
  }
  hosts.RunToEnd();
  EXPECT_TRUE(hosts.RunUntil([&] {
    return right.receipt.received == kFrames && left.receipt.received == kFrames;
  })) << right.receipt.received
      << " " << left.receipt.received;
  EXPECT_TRUE(right.receipt.clean());
  EXPECT_TRUE(left.receipt.clean());
  EXPECT_EQ(hosts.left_nic->stack()->counters().kept, kFrames);
}

// Gives every slot of all receive rings back, marked or not, until it is told to stop.
void GiveAllBack(Descriptor& port, uint16_t flags, const std::function<bool()>& done) {
  const uint32_t rings = port.interface().ni_rx_rings + port.registered().nr_host_rx_rings;
  while (!done()) {
    if (port.Poll(POLLIN, 10) < 0) return;
    for (uint32_t i = 0; i < rings; ++i) {
      netmap_ring& ring = port.rx(i);
      for (; ring.head != ring.tail; ring.head = Descriptor::Next(ring, ring.head)) {
        ring.slot[ring.head].flags |= flags;
      }
      ring.cur = ring.head;
    }
  }
}

void SendBothWays(TwoHosts& hosts, uint64_t frames) {
  for (Host* const host : {hosts.left, hosts.right}) {
    NetStack& stack = *(host == hosts.left ? hosts.left_nic : hosts.right_nic)->stack();
    host->Spawn("traffic", 0, [&hosts, &stack, frames] {
      for (uint64_t i = 0; i < frames; i += 20) {
        SendThroughStack(stack, 0, hosts.flow, i, 20, Mixed());
        Thread::Current()->SleepUntil(hosts.world.now() + 300 * kMicrosecond);
      }
    });
  }
}

// The program looks at every frame and copies none.
TEST_P(HostTraffic, IsForwardedPastAProgramThatOnlyLooks) {
  for (const bool all : {false, true}) {
    SCOPED_TRACE(all ? "all" : "as the program says");
    TwoHostsOptions options = WithStacks(GetParam());
    options.forward = all;
    TwoHosts hosts(options);
    hosts.Boot();
    Listener right(*hosts.right_nic->stack(), hosts.flow);
    Listener left(*hosts.left_nic->stack(), hosts.flow);
    constexpr uint64_t kFrames = 1000;
    bool up = false;
    hosts.Run(*hosts.left, "looker", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW}), 0);
      const uint32_t rings = port.interface().ni_rx_rings + 1;
      for (uint32_t i = 0; i < rings && !all; ++i) port.rx(i).flags |= NR_FORWARD;
      up = true;
      GiveAllBack(port, all ? 0 : NS_FORWARD, [&] {
        return right.receipt.received == kFrames && left.receipt.received == kFrames;
      });
    });
    ASSERT_TRUE(hosts.RunUntil([&] { return up; }));
    SendBothWays(hosts, kFrames);
    hosts.RunToEnd(kSecond);
    EXPECT_EQ(right.receipt.received, kFrames);
    EXPECT_EQ(left.receipt.received, kFrames);
    EXPECT_TRUE(right.receipt.clean());
    EXPECT_TRUE(left.receipt.clean());
    const port::HostRingCounters& counters = hosts.left_nic->port()->host_side()->counters(0);
    EXPECT_EQ(counters.forwarded_to_card, kFrames);
    EXPECT_EQ(counters.forwarded_to_host, kFrames);
    EXPECT_EQ(counters.forward_lost, 0u);
  }
}

TEST_P(HostTraffic, IsForwardedOnlyAsTheProgramSays) {
  // Slots that are marked on rings that are not, and the other way round.
  for (const bool rings_are_marked : {false, true}) {
    TwoHosts hosts(WithStacks(GetParam()));
    hosts.Boot();
    Listener right(*hosts.right_nic->stack(), hosts.flow);
    Listener left(*hosts.left_nic->stack(), hosts.flow);
    bool up = false;
    hosts.Run(*hosts.left, "taker", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW}), 0);
      const uint32_t rings = port.interface().ni_rx_rings + 1;
      for (uint32_t i = 0; i < rings && rings_are_marked; ++i) port.rx(i).flags |= NR_FORWARD;
      up = true;
      const Time end = process.Now() + 20 * kMillisecond;
      GiveAllBack(port, rings_are_marked ? 0 : NS_FORWARD, [&] { return process.Now() > end; });
    });
    ASSERT_TRUE(hosts.RunUntil([&] { return up; }));
    SendBothWays(hosts, 100);
    hosts.RunToEnd();
    EXPECT_EQ(right.receipt.received + left.receipt.received, 0u);
  }
}

TEST_P(HostTraffic, APollThatForwardsSendsWhatItForwarded) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  hosts.Run(*hosts.left, "looker", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW}), 0);
    netmap_ring& ring = port.rx(port.interface().ni_rx_rings);
    ring.flags |= NR_FORWARD;
    SendThroughStack(*hosts.left_nic->stack(), 0, hosts.flow, 0, 7, Always(60));
    EXPECT_EQ(port.Poll(POLLIN, 0), 1);
    for (uint32_t i = 0; i < 7; ++i) ring.slot[i].flags |= NS_FORWARD;
    ring.head = ring.cur = 7;
    (void)port.Poll(POLLIN, 0);
    // The program does nothing more.
    process.SleepUntil(process.Now() + kMillisecond);
    EXPECT_EQ(right.receipt.received, 7u);
  });
  hosts.RunToEnd();
}

// What the host sends has nowhere to go but the card's rings, all of them.
TEST_P(HostTraffic, WithoutTheCardsRingsWhatIsForwardedIsLostAndCounted) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  hosts.Run(*hosts.left, "card", 1, [&](Process& process) {
    Descriptor card(process);
    ASSERT_EQ(card.Open({.mode = NR_REG_ALL_NIC, .flags = NR_TX_RINGS_ONLY}), 0);
    Descriptor host(process);
    ASSERT_EQ(host.Open({.mode = NR_REG_SW, .flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring& ring = host.rx(host.interface().ni_rx_rings);
    ring.flags |= NR_FORWARD;
    SendThroughStack(stack, 0, hosts.flow, 0, 7, Always(60));
    EXPECT_EQ(host.RxSync(), 0);
    for (uint32_t i = 0; i < 7; ++i) ring.slot[i].flags |= NS_FORWARD;
    ring.head = ring.cur = 7;
    EXPECT_EQ(host.RxSync(), 0);
  });
  hosts.RunToEnd();
  EXPECT_EQ(hosts.left_nic->port()->host_side()->counters(0).forward_lost, 7u);
}

// What the host sends is the program's only if it has the queue too.
TEST_P(HostTraffic, AHostRingAloneSeesNothingAndTakesNothing) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  Listener left(*hosts.left_nic->stack(), hosts.flow);
  hosts.Run(*hosts.left, "watcher", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_SW}), 0);
    SendThroughStack(*hosts.left_nic->stack(), 0, hosts.flow, 0, 200, Mixed());
    EXPECT_EQ(port.Poll(POLLIN, 20), 0);
    // The other way it works by itself.
    netmap_ring& up = port.tx(port.interface().ni_tx_rings);
    std::vector<uint8_t> frame(60);
    for (uint64_t i = 0; i < 100; ++i) {
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
      EXPECT_TRUE(Descriptor::Push(up, frame));
    }
    EXPECT_EQ(port.TxSync(), 0);
    EXPECT_EQ(up.tail, (up.head + up.num_slots - 1) % up.num_slots) << "all are free again";
  });
  hosts.RunToEnd();
  EXPECT_TRUE(hosts.RunUntil(
      [&] { return right.receipt.received == 200 && left.receipt.received == 100; }));
  EXPECT_TRUE(right.receipt.clean() && left.receipt.clean());
}

TEST_P(HostTraffic, AHostRingThatNobodyEmptiesFillsUpAndTheRestIsCounted) {
  TwoHosts hosts(WithStacks(GetParam(), 64));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  hosts.Run(*hosts.left, "sleeper", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW}), 0);
    const uint32_t pairs = port.interface().ni_tx_rings;
    netmap_ring& ring = port.rx(pairs);
    SendThroughStack(stack, 0, hosts.flow, 0, 40, Always(60));
    EXPECT_EQ(port.RxSync(), 0);
    EXPECT_EQ(Descriptor::Space(ring), 40u);
    SendThroughStack(stack, 0, hosts.flow, 40, 60, Always(60));
    EXPECT_EQ(hosts.left_nic->port()->host_side()->counters(0).full, 37u);
    EXPECT_EQ(port.Poll(POLLIN, 0), POLLIN);
    EXPECT_EQ(Descriptor::Space(ring), 63u);
    Receipt receipt;
    std::vector<uint8_t> frame;
    while (Descriptor::Pop(ring, frame)) receipt.Take(frame, hosts.flow);
    EXPECT_EQ(receipt.received, 63u);
    EXPECT_TRUE(receipt.clean());
    // Who sleeps is woken by what the host sends.
    EXPECT_EQ(port.RxSync(), 0);
    hosts.left->Spawn("sender", 0, [&] {
      Thread::Current()->SleepUntil(hosts.world.now() + kMillisecond);
      SendThroughStack(stack, 0, hosts.flow, 63, 1, Always(60));
    });
    EXPECT_EQ(port.Poll(POLLIN, 100), POLLIN);
  });
  hosts.RunToEnd();
  EXPECT_EQ(stack.counters().program_has_queue, 37u);
}

TEST_P(HostTraffic, FramesThatDoNotFitAreCounted) {
  TwoHostsOptions options = WithStacks(GetParam());
  options.buffer_bytes = 1024;
  TwoHosts hosts(options);
  hosts.Boot();
  Listener left(*hosts.left_nic->stack(), hosts.flow);
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW}), 0);
    const uint32_t pairs = port.interface().ni_tx_rings;
    NetStack& stack = *hosts.left_nic->stack();
    SendThroughStack(stack, 0, hosts.flow, 0, 1, Always(1514));
    SendThroughStack(stack, 0, hosts.flow, 1, 1, Always(1024));
    EXPECT_EQ(port.RxSync(), 0);
    EXPECT_EQ(Descriptor::Space(port.rx(pairs)), 1u);
    EXPECT_EQ(port.rx(pairs).slot[0].len, 1024);
    netmap_ring& up = port.tx(pairs);
    up.slot[0].len = 13;
    up.slot[1].len = 1025;
    up.slot[2].len = 60;
    WriteUdpFrame(Descriptor::Buffer(up, up.slot[2].buf_idx), 60, hosts.flow, 0);
    up.head = up.cur = 3;
    EXPECT_EQ(port.TxSync(), 0);
    // No buffer of the region: nothing of it goes up.
    up.slot[3].buf_idx = 0x7fffffff;
    up.head = up.cur = 4;
    EXPECT_EQ(port.TxSync(), 0);
    EXPECT_EQ(up.head, 3u) << "refused";
    process.SleepUntil(process.Now() + kMillisecond);
  });
  hosts.RunToEnd();
  const port::HostRingCounters& counters = hosts.left_nic->port()->host_side()->counters(0);
  EXPECT_EQ(counters.too_long, 1u);
  EXPECT_EQ(counters.bad_length, 2u);
  EXPECT_EQ(counters.to_host, 1u);
  EXPECT_EQ(left.receipt.received, 1u);
}

TEST_P(HostTraffic, WithTheDeviceDownFramesForTheHostAreCounted) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_SW}), 0);
    hosts.left_nic->stack()->Close();
    netmap_ring& up = port.tx(port.interface().ni_tx_rings);
    std::vector<uint8_t> frame(60);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(Descriptor::Push(up, frame));
    EXPECT_EQ(port.TxSync(), 0);
    EXPECT_TRUE(hosts.left_nic->stack()->Open().ok());
  });
  hosts.RunToEnd();
  EXPECT_EQ(hosts.left_nic->port()->host_side()->counters(0).host_down, 5u);
}

// Descriptors of card and host rings close in any order while both hosts send.
TEST_P(HostTraffic, CardAndHostRingsCloseInAnyOrder) {
  TwoHosts hosts(WithStacks(GetParam()));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  bool stop = false;
  for (Host* const host : {hosts.left, hosts.right}) {
    NetStack& stack = *(host == hosts.left ? hosts.left_nic : hosts.right_nic)->stack();
    host->Spawn("traffic", 0, [&] {
      for (uint64_t i = 0; !stop; i += 5) {
        SendThroughStack(stack, 0, hosts.flow, i, 5, Always(60));
        Thread::Current()->SleepUntil(hosts.world.now() + 20 * kMicrosecond);
      }
    });
  }
  hosts.Run(*hosts.left, "opener", 1, [&](Process& process) {
    const PortBinding bindings[] = {
        {.mode = NR_REG_ALL_NIC}, {.mode = NR_REG_SW}, {.mode = NR_REG_ALL_NIC}};
    std::vector<int> order = {0, 1, 2};
    do {
      for (int round = 0; round < 2; ++round) {
        std::vector<Descriptor> ports(3, Descriptor(process));
        for (int i = 0; i < 3; ++i) ASSERT_EQ(ports[i].Open(bindings[i]), 0);
        for (Descriptor& port : ports) port.Poll(POLLIN, 1);
        for (const int i : order) ASSERT_EQ(ports[i].Close(), 0);
      }
    } while (std::next_permutation(order.begin(), order.end()));
  });
  hosts.RunToEnd();
  stop = true;
  hosts.RunFor(10 * kMillisecond);
  right.receipt = Receipt();
  OnHost(hosts, *hosts.left,
         [&] { SendThroughStack(*hosts.left_nic->stack(), 0, hosts.flow, 0, 60, Mixed()); });
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == 60; }));
  EXPECT_TRUE(right.receipt.clean());
  EXPECT_EQ(hosts.left_nic->port()->counters().resets, 0u);
}

// --- Two queues
// -----------------------------------------------------------------------------------

// Programs come and go on one queue pair; the host's frames on the other notice nothing.
TEST(HostTrafficOnTwoQueues, NeighboursComeAndGoAndNoFrameIsLost) {
  TwoHosts hosts(WithStacks(Card::k82599));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  constexpr uint64_t kFrames = 10'000;
  hosts.left->Spawn("host traffic", 0, [&] {
    for (uint64_t i = 0; i < kFrames; i += 10) {
      SendThroughStack(stack, 0, hosts.flow, i, 10, Mixed());
      Thread::Current()->SleepUntil(hosts.world.now() + 10 * kMicrosecond);
    }
  });
  int opened = 0;
  const nic::NicCounters before = hosts.right_nic->port()->counters();
  for (Host* const host : {hosts.left, hosts.right}) {
    hosts.Run(*host, "neighbour", 1, [&](Process& process) {
      for (int i = 0; i < 100; ++i) {
        Descriptor port(process);
        ASSERT_EQ(port.Open({.ring = 1}), 0);
        port.TxSync();
        ASSERT_EQ(port.Close(), 0);
        ++opened;
      }
    });
  }
  hosts.RunToEnd();
  EXPECT_EQ(opened, 200);
  EXPECT_TRUE(hosts.RunUntil([&] { return right.receipt.received == kFrames; }))
      << right.receipt.received;
  EXPECT_TRUE(right.receipt.clean());
  for (HostNic* const nic : {hosts.left_nic, hosts.right_nic}) {
    EXPECT_EQ(nic->port()->counters().resets, 0u);
    EXPECT_EQ(nic->port()->counters().link_changes, before.link_changes);
  }
}

TEST(HostTrafficOnTwoQueues, EachQueueHasItsHostRing) {
  TwoHosts hosts(WithStacks(Card::k82599));
  hosts.Boot();
  NetStack& stack = *hosts.left_nic->stack();
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW, .host_rings = 2}), 0);
    EXPECT_EQ(port.registered().nr_host_rx_rings, 2);
    SendThroughStack(stack, 0, hosts.flow, 0, 3, Always(60));
    SendThroughStack(stack, 1, hosts.flow, 0, 5, Always(60));
    EXPECT_EQ(port.RxSync(), 0);
    EXPECT_EQ(Descriptor::Space(port.rx(2)), 3u);
    EXPECT_EQ(Descriptor::Space(port.rx(3)), 5u);
  });
  hosts.RunToEnd();
  // With one ring for all.
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_NIC_SW}), 0);
    EXPECT_EQ(port.registered().nr_host_rx_rings, 1);
    SendThroughStack(stack, 0, hosts.flow, 0, 3, Always(60));
    SendThroughStack(stack, 1, hosts.flow, 0, 5, Always(60));
    EXPECT_EQ(port.RxSync(), 0);
    EXPECT_EQ(Descriptor::Space(port.rx(2)), 8u);
  });
  hosts.RunToEnd();
}

// What the host sends and receives is in no page that a program maps.
TEST(HostTrafficOnTwoQueues, AProgramSeesNothingOfIt) {
  TwoHosts hosts(WithStacks(Card::k82599));
  hosts.Boot();
  Listener right(*hosts.right_nic->stack(), hosts.flow);
  constexpr uint64_t kFrames = 600;  // more than the ring has slots
  hosts.left->Spawn("host traffic", 0, [&] {
    SendThroughStack(*hosts.left_nic->stack(), 0, hosts.flow, 0, kFrames, Always(1514));
  });
  uint64_t seen = 0;
  bool mine = false;
  hosts.Run(*hosts.right, "spy", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.ring = 1}), 0);
    while (right.receipt.received < kFrames) process.SleepUntil(process.Now() + kMillisecond);
    std::vector<uint8_t> trace(1514);
    WriteUdpFrame(trace.data(), trace.size(), hosts.flow, 7);
    trace = {trace.begin(), trace.begin() + 34};  // addresses: the same in every frame
    netmap_ring& ring = port.rx(1);
    std::copy(trace.begin(), trace.end(), Descriptor::Buffer(ring, ring.slot[3].buf_idx));
    // Every buffer there is in the region.
    for (uint32_t buffer = 0; buffer < 2 + 2 * ring.num_slots; ++buffer) {
      const uint8_t* const at = Descriptor::Buffer(ring, buffer);
      const bool found = std::equal(trace.begin(), trace.end(), at);
      mine = mine || (found && buffer == ring.slot[3].buf_idx);
      seen += found && buffer != ring.slot[3].buf_idx ? 1 : 0;
    }
  });
  hosts.RunToEnd();
  EXPECT_TRUE(mine) << "this test can see what there is";
  EXPECT_EQ(seen, 0u);
}

}  // namespace
}  // namespace mapwire::sim
