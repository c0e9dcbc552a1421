// Sixteen queue pairs: which queue gets which frame, in what order, and how often each interrupts.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <vector>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

constexpr uint32_t kQueues = 16;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kIcmp = 1;

using Bytes = std::vector<uint8_t>;

// What a flow is to the hash. Two directions of a flow differ in who is the source.
struct Flow {
  enum class Kind : uint8_t { kIpv4, kIpv4Fragment, kIpv6, kNoIp };
  Kind kind = Kind::kIpv4;
  uint8_t protocol = kTcp;
  bool tagged = false;
  Bytes source, destination;  // 4 or 16 bytes
  uint16_t source_port = 0, destination_port = 0;

  Flow Reverse() const {
    Flow other = *this;
    std::swap(other.source, other.destination);
    std::swap(other.source_port, other.destination_port);
    return other;
  }
};

void Put16(Bytes& to, uint32_t value) {
  to.push_back(static_cast<uint8_t>(value >> 8));
  to.push_back(static_cast<uint8_t>(value));
}

void Put(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

// A frame of the flow; its last four bytes are `flow` and `number`, 16 bits each.
Bytes FrameOf(const Flow& flow, uint32_t id, uint32_t number) {
  Bytes frame = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  if (flow.tagged) Put(frame, {0x81, 0x00, 0x20, 0x45});
  switch (flow.kind) {
    case Flow::Kind::kNoIp:
      Put16(frame, 0x88B5);
      break;
    case Flow::Kind::kIpv4:
    case Flow::Kind::kIpv4Fragment:
      Put16(frame, 0x0800);
      Put(frame, {0x45, 0, 0, 46, 0, 0});
      Put16(frame, flow.kind == Flow::Kind::kIpv4 ? 0x4000 : 0x2000);
      Put(frame, {64, flow.protocol, 0, 0});
      Put(frame, flow.source);
      Put(frame, flow.destination);
      break;
    case Flow::Kind::kIpv6:
      Put16(frame, 0x86DD);
      Put(frame, {0x60, 0, 0, 0, 0, 20, flow.protocol, 64});
      Put(frame, flow.source);
      Put(frame, flow.destination);
      break;
  }
  Put16(frame, flow.source_port);
  Put16(frame, flow.destination_port);
  frame.resize(std::max<size_t>(frame.size() + 8, 80), 0);
  Put16(frame, id);
  Put16(frame, number);
  return frame;
}

// The hash as its definition says it, bit by bit: knows nothing of the model's tables.
uint32_t SlowToeplitz(const uint8_t (&key)[40], const Bytes& input) {
  const auto key_bit = [&key](size_t i) { return key[i / 8] >> (7 - i % 8) & 1u; };
  uint32_t hash = 0;
  for (size_t i = 0; i < input.size() * 8; ++i) {
    if ((input[i / 8] >> (7 - i % 8) & 1) == 0) continue;
    uint32_t window = 0;
    for (size_t k = 0; k < 32; ++k) window = window << 1 | key_bit(i + k);
    hash ^= window;
  }
  return hash;
}

uint32_t QueueOf(const nic::DriverConfig& config, const uint8_t (&key)[40], const Flow& flow) {
  if (config.rss_queues == 1 || flow.kind == Flow::Kind::kNoIp) return 0;
  Bytes input;
  Put(input, flow.source);
  Put(input, flow.destination);
  const bool ports = flow.kind != Flow::Kind::kIpv4Fragment &&
                     (flow.protocol == kTcp || (flow.protocol == kUdp && config.rss_udp_ports));
  if (ports) {
    Put16(input, flow.source_port);
    Put16(input, flow.destination_port);
  }
  const uint32_t entry = SlowToeplitz(key, input) & 0x7F;
  return config.rss_table_kind == nic::RssTable::kGiven ? config.rss_table[entry]
                                                        : entry % config.rss_queues;
}

constexpr uint8_t kSuiteKey[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                   0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                   0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                   0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

// The published verification suite, with which the slow hash above proves itself.
TEST(Toeplitz, TheSlowOneGivesThePublishedValues) {
  const auto v4 = [](Bytes source, const Bytes& destination, uint32_t from, uint32_t to) {
    Put(source, destination);
    Put16(source, from);
    Put16(source, to);
    return SlowToeplitz(kSuiteKey, source);
  };
  EXPECT_EQ(v4({66, 9, 149, 187}, {161, 142, 100, 80}, 2794, 1766), 0x51ccc178u);
  EXPECT_EQ(v4({199, 92, 111, 2}, {65, 69, 140, 83}, 14230, 4739), 0xc626b0eau);
  EXPECT_EQ(v4({153, 39, 163, 191}, {202, 188, 127, 2}, 44251, 1303), 0x10e828a2u);
  const Bytes from = {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7};
  const Bytes to = {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(v4(from, to, 2794, 1766), 0x40207d3du);
  Bytes addresses = from;
  Put(addresses, to);
  EXPECT_EQ(SlowToeplitz(kSuiteKey, addresses), 0x2cc18cd5u);
}

// What came to each queue: flow and number of each frame, in order.
using Arrivals = std::array<std::vector<std::pair<uint32_t, uint32_t>>, kQueues>;

// Sends `frames` frames of each flow, one of each flow in turn, over 16 transmit queues by flow,
// and says where they came out. Every byte is compared.
Arrivals SendFlows(const nic::DriverConfig& config, const std::vector<Flow>& flows, uint32_t frames,
                   uint64_t seed) {
  TwoHosts hosts({.seed = seed,
                  .cpus = 4,
                  .configure_left =
                      [](nic::DriverConfig& c) {
                        c.queue_pairs = kQueues;
                        c.tx_slots = 256;
                        c.rx_slots = 8;
                      },
                  .configure_right =
                      [&](nic::DriverConfig& c) {
                        c = config;
                        c.tx_slots = 8;
                        c.rx_slots = 256;
                      }});
  hosts.Boot();
  Arrivals arrivals;
  uint32_t received = 0;
  bool ready = false;
  const uint32_t expected = static_cast<uint32_t>(flows.size()) * frames;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_ALL_NIC}), 0);
    ready = true;
    Bytes frame;
    while (received < expected && port.Poll(POLLIN, 500) == POLLIN) {
      for (uint32_t q = 0; q < kQueues; ++q) {
        while (port.Pop(port.rx(q), frame)) {
          ++received;
          const uint8_t* const end = frame.data() + frame.size();
          const uint32_t id = end[-4] << 8 | end[-3];
          const uint32_t number = end[-2] << 8 | end[-1];
          ASSERT_LT(id, flows.size());
          EXPECT_EQ(frame, FrameOf(flows[id], id, number));
          arrivals[q].emplace_back(id, number);
        }
      }
    }
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.mode = NR_REG_ALL_NIC}), 0);
    for (uint32_t number = 0; number < frames; ++number) {
      for (uint32_t id = 0; id < flows.size(); ++id) {
        netmap_ring& ring = port.tx(id % kQueues);
        while (!port.Push(ring, FrameOf(flows[id], id, number))) port.TxSync();
      }
      port.TxSync();
      // No queue of the receiver, even one that gets everything, is overrun.
      process.SleepUntil(process.Now() + flows.size() * 200 * kNanosecond);
    }
    process.SleepUntil(process.Now() + kMillisecond);
    port.TxSync();
  });
  hosts.RunToEnd();
  EXPECT_EQ(received, expected);
  return arrivals;
}

Bytes DrawBytes(size_t count) {
  return *rc::gen::container<Bytes>(count, rc::gen::arbitrary<uint8_t>());
}

Flow DrawFlow() {
  Flow flow;
  flow.kind = *rc::gen::weightedElement<Flow::Kind>({{5, Flow::Kind::kIpv4},
                                                     {1, Flow::Kind::kIpv4Fragment},
                                                     {3, Flow::Kind::kIpv6},
                                                     {1, Flow::Kind::kNoIp}});
  flow.protocol = *rc::gen::element(kTcp, kUdp, kIcmp);
  flow.tagged = *rc::gen::inRange(0, 4) == 0;
  const size_t bytes = flow.kind == Flow::Kind::kIpv6 ? 16 : 4;
  flow.source = DrawBytes(bytes);
  flow.destination = DrawBytes(bytes);
  flow.source_port = *rc::gen::arbitrary<uint16_t>();
  flow.destination_port = *rc::gen::arbitrary<uint16_t>();
  return flow;
}

nic::DriverConfig DrawConfig(uint8_t (&key)[40]) {
  nic::DriverConfig config;
  config.queue_pairs = kQueues;
  config.rss_queues = static_cast<uint16_t>(*rc::gen::inRange(1u, kQueues + 1));
  config.rss_udp_ports = *rc::gen::arbitrary<bool>();
  config.rss_key_kind =
      *rc::gen::element(nic::RssKey::kSpreading, nic::RssKey::kSymmetric, nic::RssKey::kGiven);
  std::memcpy(key, kSuiteKey, sizeof(key));
  if (config.rss_key_kind == nic::RssKey::kSymmetric) {
    for (uint32_t i = 0; i < sizeof(key); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  }
  if (config.rss_key_kind == nic::RssKey::kGiven) {
    const Bytes drawn = DrawBytes(sizeof(key));
    std::copy(drawn.begin(), drawn.end(), key);
    key[0] |= 1;
    std::memcpy(config.rss_key, key, sizeof(key));
  }
  if (*rc::gen::arbitrary<bool>()) {
    config.rss_table_kind = nic::RssTable::kGiven;
    for (uint8_t& entry : config.rss_table) {
      entry = static_cast<uint8_t>(*rc::gen::inRange(0u, uint32_t{config.rss_queues}));
    }
  }
  return config;
}

// With the symmetric key both directions of a flow meet in one queue, whatever the table.
TEST(Rss, EveryFrameComesToTheQueueTheHashSaysInTheOrderOfItsFlow) {
  const bool holds = rc::check([] {
    uint8_t key[40];
    const nic::DriverConfig config = DrawConfig(key);
    const uint32_t count = *rc::gen::inRange(1u, 20u);
    std::vector<Flow> flows;
    for (uint32_t i = 0; i < count; ++i) {
      flows.push_back(DrawFlow());
      flows.push_back(flows.back().Reverse());
    }
    const Arrivals arrivals = SendFlows(config, flows, 5, *rc::gen::inRange<uint64_t>(1, 1000));
    std::map<uint32_t, uint32_t> next, queue_of;
    for (uint32_t q = 0; q < kQueues; ++q) {
      for (const auto& [id, number] : arrivals[q]) {
        RC_ASSERT(QueueOf(config, key, flows[id]) == q);
        RC_ASSERT(next[id]++ == number);
        queue_of[id] = q;
      }
    }
    RC_ASSERT(next.size() == flows.size());
    if (config.rss_key_kind != nic::RssKey::kSymmetric) return;
    for (uint32_t i = 0; i < flows.size(); i += 2) RC_ASSERT(queue_of[i] == queue_of[i + 1]);
  });
  EXPECT_TRUE(holds);
}

// It spreads all the same, and the usual key would part the two directions.
TEST(Rss, TheSymmetricKeySpreadsAndTheUsualOneIsNotSymmetric) {
  Random random(7);
  std::vector<Flow> flows;
  for (uint32_t i = 0; i < 320; ++i) {
    Flow flow;
    for (Bytes* address : {&flow.source, &flow.destination}) {
      for (int k = 0; k < 4; ++k) address->push_back(static_cast<uint8_t>(random.Below(256)));
    }
    flow.source_port = static_cast<uint16_t>(random.Below(65536));
    flow.destination_port = 443;
    flows.push_back(flow);
    flows.push_back(flow.Reverse());
  }
  nic::DriverConfig config;
  config.queue_pairs = config.rss_queues = kQueues;
  const auto parted = [&flows](const Arrivals& arrivals) {
    std::map<uint32_t, uint32_t> queue_of;
    for (uint32_t q = 0; q < kQueues; ++q) {
      for (const auto& [id, number] : arrivals[q]) queue_of[id] = q;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < flows.size(); i += 2) count += queue_of[i] != queue_of[i + 1];
    return count;
  };
  EXPECT_GT(parted(SendFlows(config, flows, 1, 1)), 250u);
  config.rss_key_kind = nic::RssKey::kSymmetric;
  const Arrivals arrivals = SendFlows(config, flows, 1, 1);
  EXPECT_EQ(parted(arrivals), 0u);
  for (const auto& queue : arrivals) {
    EXPECT_GT(queue.size(), 10u);
    EXPECT_LT(queue.size(), 90u);
  }
}

// ---- Interrupts ----

// Programs that sleep until their own queue has something, at rates far above what the throttle
// lets through: nobody is woken too often, nothing waits longer than the interval.
TEST(Interrupts, AreNoMoreThanTheIntervalAllowsAndNoneIsLost) {
  const uint32_t intervals[] = {0, 2, 10, 50, 100, 333, 1000, 1022};
  constexpr uint32_t kUsed = 8;
  constexpr uint32_t kFrames = 1500;
  const auto configure = [&](nic::DriverConfig& c) {
    c.queue_pairs = kQueues;
    c.rss_queues = kUsed;
    c.rss_udp_ports = true;
    c.interrupt_interval_us = 10;
    for (uint32_t q = 0; q < kUsed; ++q) {
      c.queues[q] = {.own_interrupt_interval = intervals[q] != 10,
                     .interrupt_interval_us = intervals[q]};
    }
  };
  nic::DriverConfig config;
  configure(config);
  // A flow for each queue.
  std::vector<Flow> flows(kUsed);
  for (uint32_t q = 0; q < kUsed; ++q) {
    flows[q] = {.protocol = kUdp, .source = {10, 0, 0, 1}, .destination = {10, 0, 0, 2}};
    while (QueueOf(config, kSuiteKey, flows[q]) != q) ++flows[q].source_port;
  }
  // Alone: so that what the port counts is what this queue did.
  for (uint32_t q = 0; q < kUsed; ++q) {
    SCOPED_TRACE(testing::Message() << "every " << intervals[q] << " us");
    TwoHosts hosts({.seed = q + 1, .slots = 2048, .configure = configure});
    hosts.Boot();
    std::vector<Time> woken;
    uint32_t received = 0;
    Time sent_last = 0, received_last = 0;
    bool ready = false;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.ring = static_cast<uint16_t>(q), .flags = NR_RX_RINGS_ONLY}), 0);
      ready = true;
      Bytes frame;
      while (received < kFrames && port.Poll(POLLIN, 100) == POLLIN) {
        woken.push_back(process.Now());
        while (port.Pop(port.rx(q), frame)) ++received;
        received_last = process.Now();
      }
    });
    ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
    hosts.RunFor(2 * kMillisecond);
    const uint64_t before = hosts.right_nic->port()->counters().interrupts;
    const Time begin = hosts.world.now();
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      for (uint32_t i = 0; i < kFrames; ++i) {
        ASSERT_TRUE(port.Push(port.tx(0), FrameOf(flows[q], q, i)));
        port.TxSync();
        sent_last = process.Now();
        process.SleepUntil(process.Now() + 7 * kMicrosecond);
      }
    });
    hosts.RunToEnd();
    EXPECT_EQ(received, kFrames);
    const uint64_t interrupts = hosts.right_nic->port()->counters().interrupts - before;
    const Time interval = intervals[q] * kMicrosecond;
    if (interval != 0) {
      EXPECT_LE(interrupts, (received_last - begin) / interval + 1);
    }
    // As often as it may, for there was always something new; a quarter less for waking up.
    const Time cycle = std::max(interval, 8 * kMicrosecond) + 2 * kMicrosecond;
    EXPECT_GE(interrupts, (sent_last - begin) / cycle * 3 / 4);
    EXPECT_LE(received_last - sent_last, interval + 10 * kMicrosecond);
  }
}

// All sixteen pairs at once, each with a program of its own on either side.
TEST(SixteenPairs, EachWithItsOwnProgramBothWays) {
  TwoHosts hosts({.slots = 128, .cpus = 8, .configure = [](nic::DriverConfig& c) {
                    c.queue_pairs = c.rss_queues = kQueues;
                    c.rss_udp_ports = true;
                    c.interrupt_interval_us = 20;
                  }});
  hosts.Boot();
  nic::DriverConfig config;
  config.rss_queues = kQueues;
  config.rss_udp_ports = true;
  constexpr uint32_t kFrames = 300;
  std::array<std::array<uint32_t, kQueues>, 2> received{};
  for (uint32_t q = 0; q < kQueues; ++q) {
    Flow flow = {.protocol = kUdp, .source = {10, 0, 0, 1}, .destination = {10, 0, 0, 2}};
    while (QueueOf(config, kSuiteKey, flow) != q) ++flow.source_port;
    for (uint32_t side = 0; side < 2; ++side) {
      hosts.Run(side == 0 ? *hosts.left : *hosts.right, "pair", q % 8,
                [&received, q, side, flow](Process& process) {
                  Descriptor port(process);
                  ASSERT_EQ(port.Open({.ring = static_cast<uint16_t>(q)}), 0);
                  process.SleepUntil(200 * kMillisecond);
                  Bytes frame;
                  uint32_t sent = 0;
                  while (sent < kFrames || received[side][q] < kFrames) {
                    // At most half a ring ahead of the partner: nothing is lost.
                    const bool may = sent < kFrames && sent < received[side][q] + 50;
                    if (may && port.Push(port.tx(q), FrameOf(flow, q, sent))) ++sent;
                    if (may) port.TxSync();
                    if (!may && port.Poll(POLLIN, 200) != POLLIN) return;
                    while (port.Pop(port.rx(q), frame)) {
                      EXPECT_EQ(frame, FrameOf(flow, q, received[side][q]));
                      ++received[side][q];
                    }
                  }
                  while (Descriptor::Pending(port.tx(q)) != 0) {
                    port.TxSync();
                    process.SleepUntil(process.Now() + 10 * kMicrosecond);
                  }
                });
    }
  }
  hosts.RunToEnd();
  for (const auto& side : received) {
    for (const uint32_t count : side) EXPECT_EQ(count, kFrames);
  }
  nic::DriverStatistics statistics;
  hosts.Run(*hosts.right, "reader", 1,
            [&](Process&) { statistics = hosts.right_nic->port()->ReadStatistics(); });
  hosts.RunToEnd();
  for (const nic::QueueStatistics& queue : statistics.queues) {
    EXPECT_EQ(queue.rx_packets, kFrames);
    EXPECT_EQ(queue.tx_packets, kFrames);
    EXPECT_EQ(queue.rx_bytes, kFrames * (84u + 4));
    EXPECT_EQ(queue.tx_bytes, kFrames * (84u + 4));
    EXPECT_EQ(queue.rx_dropped, 0u);
  }
}

}  // namespace
}  // namespace mapwire::sim
