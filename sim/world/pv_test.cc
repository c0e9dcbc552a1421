// Paravirtual cards between two hosts, with the driver and the core that 82599s have: what programs
// send is what programs get, whatever the sizes, and whoever stops taking, closes, or is hostile.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "sim/world/hostile.h"
#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

constexpr uint8_t kUntouched = 0xEE;
constexpr uint8_t kSecret = 0xDB;  // what the sender has around its frames
constexpr uint32_t kShortest = 14;
constexpr uint32_t kLongest = 9728;

TwoHostsOptions Paravirtual(uint64_t seed = 1) {
  TwoHostsOptions options;
  options.seed = seed;
  options.paravirtual = true;
  return options;
}

void Light(TwoHosts& hosts, bool on) {
  hosts.left_nic->slot().CarrierChanged(on);
  hosts.right_nic->slot().CarrierChanged(on);
}

void ExpectAgreement(TwoHosts& hosts) {
  const nic::DriverStatistics& left = hosts.left_nic->port()->ReadStatistics();
  const nic::DriverStatistics& right = hosts.right_nic->port()->ReadStatistics();
  EXPECT_EQ(left.tx_packets, right.rx_packets + right.rx_oversize);
  EXPECT_EQ(right.tx_packets, left.rx_packets + left.rx_oversize);
  const bool all_arrived = right.rx_no_descriptor + right.rx_oversize == 0;
  EXPECT_TRUE(!all_arrived || left.tx_bytes == right.rx_bytes);
}

// --- Sizes
// ----------------------------------------------------------------------------------------

std::vector<uint8_t> FrameOf(uint32_t number, uint32_t length) {
  std::vector<uint8_t> bytes(length);
  for (uint32_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(number * 131 + i * 7);
  return bytes;
}

struct Way {
  uint32_t tx_slots = 64;
  uint32_t rx_slots = 64;
  uint32_t rx_room = 2048;
  uint32_t rx_offset = 0;
  std::vector<uint32_t> lengths;
  uint32_t batch = 1;
};

// One direction. Nothing is lost, as long as the receiver takes, so nobody counts what is on its
// way.
class OneWay {
 public:
  OneWay(TwoHosts& hosts, Host& from, Host& to, const Way& way) : way_(way) {
    hosts.Run(to, "receiver", 1, [this](Process& process) { Receive(process); });
    hosts.Run(from, "sender", 0, [this](Process& process) { Send(process); });
  }

  bool whole() const {
    return sent_ && received_ == way_.lengths.size() && wrong_ == 0 && spilt_ == 0;
  }

 private:
  void Receive(Process& process) {
    Descriptor port(process);
    nmreq_opt_offsets offsets{};
    offsets.nro_max_offset = offsets.nro_initial_offset = way_.rx_offset;
    offsets.nro_offset_bits = 16;
    const Binding binding = {.flags = NR_RX_RINGS_ONLY,
                             .offsets = way_.rx_offset == 0 ? nullptr : &offsets};
    ASSERT_EQ(port.Open(binding), 0);
    netmap_ring& ring = port.rx(0);
    for (uint32_t i = 0; i < ring.num_slots; ++i) Wipe(ring, ring.slot[i], kUntouched);
    ready_ = true;
    std::vector<uint8_t> frame;
    while (received_ < way_.lengths.size()) {
      if ((port.Poll(POLLIN, 2000) & POLLIN) == 0) return;
      for (uint32_t first = ring.head; port.Pop(ring, frame); first = ring.head) {
        Judge(ring, first, frame);
      }
    }
    for (uint32_t i = 0; i < ring.num_slots; ++i) CheckAround(ring, ring.slot[i], 0);
    EXPECT_EQ(port.Close(), 0);
  }

  void Judge(netmap_ring& ring, uint32_t first, const std::vector<uint8_t>& frame) {
    wrong_ += frame == FrameOf(received_, way_.lengths[received_]) ? 0 : 1;
    for (uint32_t i = first; i != ring.head; i = Descriptor::Next(ring, i)) {
      const netmap_slot& slot = ring.slot[i];
      const bool last = Descriptor::Next(ring, i) == ring.head;
      wrong_ += last || slot.len == way_.rx_room ? 0 : 1;
      CheckAround(ring, slot, slot.len);
      Wipe(ring, slot, kUntouched);
    }
    ++received_;
  }

  static void Wipe(netmap_ring& ring, const netmap_slot& slot, uint8_t with) {
    std::fill_n(Descriptor::Buffer(ring, slot.buf_idx), ring.nr_buf_size, with);
  }

  // No byte around a frame has come: what was there is, and nothing of what the sender has there.
  void CheckAround(netmap_ring& ring, const netmap_slot& slot, uint32_t length) {
    const uint8_t* const buffer = Descriptor::Buffer(ring, slot.buf_idx);
    const uint64_t begin = Descriptor::Offset(ring, slot);
    for (uint32_t i = 0; i < ring.nr_buf_size; ++i) {
      if ((i < begin || i >= begin + length) && buffer[i] != kUntouched) {
        ++spilt_;
        return;
      }
    }
  }

  void Send(Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    netmap_ring& ring = port.tx(0);
    while (!ready_) process.SleepUntil(process.Now() + 100 * kMicrosecond);
    for (uint32_t sent = 0; sent < way_.lengths.size();) {
      bool full = false;
      for (uint32_t i = 0; i < way_.batch && sent < way_.lengths.size() && !full; ++i) {
        for (uint32_t s = ring.head; s != ring.tail; s = Descriptor::Next(ring, s)) {
          Wipe(ring, ring.slot[s], kSecret);
          if (Descriptor::Next(ring, s) == ring.tail || s - ring.head > 160) break;
        }
        full = !port.Push(ring, FrameOf(sent, way_.lengths[sent]));
        sent += full ? 0 : 1;
      }
      if (!full) {
        ASSERT_EQ(port.TxSync(), 0);
        continue;
      }
      // Room for one slot is not room for every frame: wait for a change.
      ring.cur = ring.tail;
      ASSERT_EQ(port.Poll(POLLOUT, 2000), POLLOUT);
      ring.cur = ring.head;
    }
    const Time limit = process.Now() + kSecond;
    while (Descriptor::Pending(ring) != 0 && process.Now() < limit) {
      port.TxSync();
      process.SleepUntil(process.Now() + 10 * kMicrosecond);
    }
    sent_ = Descriptor::Pending(ring) == 0;
    EXPECT_EQ(port.Close(), 0);
  }

  const Way way_;
  bool ready_ = false;
  bool sent_ = false;
  uint32_t received_ = 0;
  uint32_t wrong_ = 0;
  uint32_t spilt_ = 0;
};

struct Shape {
  uint64_t seed;
  uint32_t buffer_bytes;
  uint32_t told;
  Way ways[2];
};

bool Carries(const Shape& shape) {
  const Way& there = shape.ways[0];
  const Way& back = shape.ways[1];
  TwoHostsOptions options = Paravirtual(shape.seed);
  options.max_frame_bytes = kLongest;
  options.buffer_bytes = shape.buffer_bytes;
  options.configure = [&](nic::DriverConfig& c) { c.rx_buffer_bytes = shape.told; };
  options.configure_left = [&](nic::DriverConfig& c) {
    c.tx_slots = there.tx_slots;
    c.rx_slots = back.rx_slots;
  };
  options.configure_right = [&](nic::DriverConfig& c) {
    c.tx_slots = back.tx_slots;
    c.rx_slots = there.rx_slots;
  };
  TwoHosts hosts(options);
  hosts.Boot();
  const OneWay left_to_right(hosts, *hosts.left, *hosts.right, there);
  const OneWay right_to_left(hosts, *hosts.right, *hosts.left, back);
  hosts.RunToEnd(20 * kSecond);
  ExpectAgreement(hosts);
  return left_to_right.whole() && right_to_left.whole();
}

// Multiples of 64 of what lies behind the largest offset, at most what was asked for.
uint32_t RoomOf(uint32_t buffer_bytes, uint32_t told, uint32_t offset) {
  return std::min(told == 0 ? 16384 : told, (buffer_bytes - offset) / 64 * 64);
}

Way DrawWay(uint32_t buffer_bytes, uint32_t told) {
  Way way;
  const auto slots = [] {
    return 8 * *rc::gen::oneOf(rc::gen::inRange(1u, 12u), rc::gen::inRange(1u, 257u));
  };
  way.tx_slots = slots();
  way.rx_slots = slots();
  const uint32_t least = told == 0 ? 64 : told;
  const uint32_t spare = buffer_bytes - least;
  way.rx_offset = *rc::gen::element(0u, std::min(64u, spare), std::min(100u, spare));
  way.rx_room = RoomOf(buffer_bytes, told, way.rx_offset);
  way.batch = *rc::gen::inRange(1u, 40u);
  const uint32_t longest = std::min(
      {kLongest, std::min(way.tx_slots - 1, 64u) * buffer_bytes, (way.rx_slots - 1) * way.rx_room});
  const uint32_t frames = *rc::gen::inRange(1u, 80u);
  for (uint32_t i = 0; i < frames; ++i) {
    const uint32_t edge = *rc::gen::element(way.rx_room, 2 * way.rx_room, buffer_bytes, 60u, 17u);
    const uint32_t length = *rc::gen::oneOf(
        rc::gen::inRange(kShortest, kLongest + 1), rc::gen::inRange(kShortest, 70u),
        rc::gen::inRange(edge - 1, edge + 2), rc::gen::element(kShortest, kLongest));
    way.lengths.push_back(std::clamp(length, kShortest, longest));
  }
  return way;
}

TEST(PvSizes, AnyFrameThroughAnyRingAndAnyBuffer) {
  const bool holds = rc::check([] {
    Shape shape;
    shape.seed = *rc::gen::inRange<uint64_t>(1, 1000);
    shape.buffer_bytes = 64 * *rc::gen::oneOf(rc::gen::element(6u, 16u, 32u, 34u, 128u, 256u),
                                              rc::gen::inRange(6u, 272u));
    shape.told =
        64 * *rc::gen::oneOf(rc::gen::just(0u),
                             rc::gen::inRange(1u, std::min(256u, shape.buffer_bytes / 64) + 1));
    for (Way& way : shape.ways) way = DrawWay(shape.buffer_bytes, shape.told);
    RC_ASSERT(Carries(shape));
  });
  EXPECT_TRUE(holds);
}

// Every size by itself, so that each is there whatever is drawn.
TEST(PvSizes, EveryLengthBothWays) {
  Shape shape = {.seed = 7, .buffer_bytes = 2048, .told = 0, .ways = {}};
  for (Way& way : shape.ways) {
    way.batch = 16;
    for (uint32_t length = kShortest; length <= kLongest; length += length < 2100 ? 1 : 13) {
      way.lengths.push_back(length);
    }
    way.lengths.push_back(kLongest);
  }
  EXPECT_TRUE(Carries(shape));
}

// --- Queues
// ---------------------------------------------------------------------------------------

TEST(PvQueues, EachGoesToItsNumberModuloTheReceiversInOrder) {
  constexpr uint16_t kSenders = 5;
  constexpr uint16_t kReceivers = 3;
  constexpr uint32_t kFrames = 2000;
  TwoHostsOptions options = Paravirtual(3);
  options.configure_left = [](nic::DriverConfig& c) { c.queue_pairs = kSenders; };
  options.configure_right = [](nic::DriverConfig& c) {
    c.queue_pairs = kReceivers;
    c.rx_slots = 128;
  };
  TwoHosts hosts(options);
  hosts.Boot();
  uint32_t next[kSenders] = {};
  uint32_t wrong = 0;
  uint32_t ready = 0;
  for (uint16_t q = 0; q < kReceivers; ++q) {
    hosts.Run(*hosts.right, "receiver", 1, [&, q](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.ring = q, .flags = NR_RX_RINGS_ONLY}), 0);
      ++ready;
      std::vector<uint8_t> frame;
      while (port.Poll(POLLIN, 100) == POLLIN) {
        while (port.Pop(port.rx(q), frame)) {
          const uint16_t from = frame[0];
          uint32_t number;
          std::memcpy(&number, frame.data() + 20, sizeof(number));
          if (from >= kSenders || from % kReceivers != q || number != next[from]++) ++wrong;
        }
      }
    });
  }
  ASSERT_TRUE(hosts.RunUntil([&] { return ready == kReceivers; }));
  for (uint16_t q = 0; q < kSenders; ++q) {
    hosts.Run(*hosts.left, "sender", q % 2, [q](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.ring = q, .flags = NR_TX_RINGS_ONLY}), 0);
      std::vector<uint8_t> frame(60, static_cast<uint8_t>(q));
      for (uint32_t i = 0; i < kFrames; ++i) {
        std::memcpy(frame.data() + 20, &i, sizeof(i));
        while (!port.Push(port.tx(q), frame)) ASSERT_EQ(port.Poll(POLLOUT, 2000), POLLOUT);
      }
      while (Descriptor::Pending(port.tx(q)) != 0) {
        port.TxSync();
        process.SleepUntil(process.Now() + 10 * kMicrosecond);
      }
    });
  }
  hosts.RunToEnd();
  EXPECT_EQ(wrong, 0u);
  for (uint16_t q = 0; q < kSenders; ++q) EXPECT_EQ(next[q], kFrames) << q;
  ExpectAgreement(hosts);
  const nic::DriverStatistics& right = hosts.right_nic->port()->ReadStatistics();
  EXPECT_EQ(right.queues[0].rx_packets, 2 * kFrames);
  EXPECT_EQ(right.queues[2].rx_packets, kFrames);
  EXPECT_EQ(hosts.left_nic->port()->ReadStatistics().queues[4].tx_packets, kFrames);
}

// --- Receivers and senders that stop
// --------------------------------------------------------------

TEST(PvPatience, AReceiverThatTakesNothingIsWaitedForThenCountedThenTakesAgain) {
  TwoHosts hosts(Paravirtual());
  hosts.Boot();
  Receipt receipt;
  bool ready = false, take = false, ended = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    ready = true;
    while (!take) process.SleepUntil(process.Now() + kMillisecond);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, ~uint64_t{0}, 50, receipt));
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  const Time start = hosts.world.now();
  Time first_room = 0;
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    // Two rings full: 511 are received, the rest waits here.
    ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 1022, 64, Always(60)));
    first_room = process.Now();
    // Dropped at once by now.
    ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 1022, 978, 64, Always(60)));
    EXPECT_LT(process.Now() - first_room, 10 * kMillisecond);
    take = true;
    process.SleepUntil(process.Now() + 10 * kMillisecond);
    ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 2000, 3000, 64, Always(60)));
    ended = true;
  });
  hosts.RunToEnd();
  EXPECT_TRUE(ended);
  EXPECT_GE(first_room - start, 100 * kMillisecond);
  EXPECT_LT(first_room - start, 120 * kMillisecond);
  EXPECT_EQ(receipt.received, 511u + 3000);
  EXPECT_EQ(receipt.gaps, 1u);
  EXPECT_EQ(receipt.damaged + receipt.reordered, 0u);
  const nic::DriverStatistics& right = hosts.right_nic->port()->ReadStatistics();
  EXPECT_EQ(right.rx_no_descriptor, 2000u - 511);
  EXPECT_EQ(right.queues[0].rx_dropped, 2000u - 511);
  EXPECT_EQ(right.rx_packets, 5000u);
  EXPECT_EQ(hosts.left_nic->port()->ReadStatistics().tx_packets, 5000u);
}

// Short pauses cost nothing.
TEST(PvPatience, ASlowReceiverLosesNothing) {
  TwoHosts hosts(Paravirtual());
  hosts.Boot();
  Receipt receipt;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    std::vector<uint8_t> frame;
    while (port.Poll(POLLIN, 200) == POLLIN) {
      for (int i = 0; i < 50 && port.Pop(port.rx(0), frame); ++i) receipt.Take(frame, hosts.flow);
      process.SleepUntil(process.Now() + 5 * kMillisecond);
    }
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 3000, 64, Always(60)));
  });
  hosts.RunToEnd();
  EXPECT_EQ(receipt.received, 3000u);
  EXPECT_TRUE(receipt.clean());
}

TEST(PvClose, AReceiverThatComesAndGoesUnderTrafficHarmsNobody) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHosts hosts(Paravirtual(seed));
    hosts.Boot();
    Random random(seed);
    bool over = false;
    uint64_t received = 0;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      while (!over) {
        Receipt receipt;
        Descriptor port(process);
        ASSERT_EQ(port.Open({}), 0);
        netmap_ring* const rings[] = {&port.rx(0)};
        EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, random.Below(2000), 5, receipt));
        EXPECT_EQ(receipt.damaged + receipt.reordered, 0u);
        received += receipt.received;
        // Some leave a full ring behind.
        if (random.OneIn(2)) process.SleepUntil(process.Now() + 500 * kMicrosecond);
        EXPECT_EQ(port.Close(), 0);
        if (random.OneIn(2)) process.SleepUntil(process.Now() + 100 * kMicrosecond);
      }
    });
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 60000, 64, Always(60)));
      over = true;
    });
    hosts.RunToEnd();
    EXPECT_GT(received, 5000u);
    const Receipt again = RunTransfer(hosts, {.frames = 500});
    EXPECT_EQ(again.received, 500u);
    EXPECT_TRUE(again.clean());
    const nic::DriverStatistics& right = hosts.right_nic->port()->ReadStatistics();
    EXPECT_GE(right.queues[0].rx_packets, received + 500);
    EXPECT_EQ(hosts.left_nic->port()->ReadStatistics().tx_packets, 60500u);
  }
}

TEST(PvClose, ASenderMayLeaveWithItsRingFull) {
  TwoHosts hosts(Paravirtual());
  hosts.Boot();
  Receipt receipt;
  bool ready = false, take = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    ready = true;
    while (!take) process.SleepUntil(process.Now() + kMillisecond);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, ~uint64_t{0}, 50, receipt));
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    std::vector<uint8_t> frame(60);
    for (uint64_t i = 0; i < 900; ++i) {
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
      while (!port.Push(port.tx(0), frame)) ASSERT_EQ(port.Poll(POLLOUT, 10), POLLOUT);
    }
    port.TxSync();
    EXPECT_GT(Descriptor::Pending(port.tx(0)), 300u);
    EXPECT_EQ(port.Close(), 0);
    take = true;
  });
  hosts.RunToEnd();
  EXPECT_EQ(receipt.received, 511u);
  EXPECT_TRUE(receipt.clean());
  const Receipt again = RunTransfer(hosts, {.frames = 1000});
  EXPECT_EQ(again.received, 1000u);
  EXPECT_TRUE(again.clean());
}

TEST(PvClose, WithNobodyToReceiveASenderIsNotHeldUp) {
  TwoHosts hosts(Paravirtual());
  hosts.Boot();
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    const Time start = process.Now();
    ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 5000, 64, Always(60)));
    EXPECT_LT(process.Now() - start, 50 * kMillisecond);
  });
  hosts.RunToEnd();
  EXPECT_EQ(hosts.left_nic->port()->ReadStatistics().tx_packets, 5000u);
  EXPECT_EQ(hosts.right_nic->port()->ReadStatistics().rx_packets, 0u);
}

// --- Links, watchdog, resets
// ----------------------------------------------------------------------

TEST(PvLink, GoesAndComesUnderTrafficAndLosesNothing) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    TwoHosts hosts(Paravirtual(seed));
    hosts.Boot();
    Receipt receipt;
    bool sent = false;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
      netmap_ring* const rings[] = {&port.rx(0)};
      EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 40000, 500, receipt));
    });
    hosts.RunFor(10 * kMillisecond);
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      sent = SendFrames(process, port, 0, hosts.flow, 0, 40000, 32, Always(60));
    });
    Random random(seed);
    for (int i = 0; i < 6; ++i) {
      hosts.RunFor(static_cast<Time>(random.Below(800)) * kMicrosecond);
      Light(hosts, false);
      hosts.RunFor(static_cast<Time>(random.Below(2000)) * kMicrosecond);
      EXPECT_FALSE(hosts.left_nic->port()->carrier());
      Light(hosts, true);
    }
    hosts.RunToEnd();
    EXPECT_TRUE(sent);
    EXPECT_EQ(receipt.received, 40000u);
    EXPECT_TRUE(receipt.clean());
  }
}

// Even with a receiver that takes nothing: the card's patience is shorter than the watchdog's.
TEST(PvWatchdog, FindsNothingToDo) {
  TwoHostsOptions options = Paravirtual();
  options.watchdog_period = 500 * kMillisecond;
  TwoHosts hosts(options);
  hosts.Boot();
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    std::vector<uint8_t> frame;
    while (process.Now() < 7 * kSecond) {
      process.SleepUntil(process.Now() + 70 * kMillisecond * (1 + process.Now() / kSecond));
      while (port.Poll(POLLIN, 0) == POLLIN) {
        while (port.Pop(port.rx(0), frame)) {
        }
      }
    }
  });
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    for (uint64_t i = 0; process.Now() < 7 * kSecond; i += 400) {
      ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, i, 400, 64, Always(60)));
      process.SleepUntil(process.Now() + 20 * kMillisecond);
    }
  });
  hosts.RunToEnd(20 * kSecond);
  for (HostNic* const nic : {hosts.left_nic, hosts.right_nic}) {
    const nic::NicCounters& counters = nic->port()->counters();
    EXPECT_EQ(counters.tx_hangs, 0u);
    EXPECT_EQ(counters.rx_stalls, 0u);
    EXPECT_EQ(counters.lost_interrupts, 0u);
    EXPECT_EQ(counters.spontaneous_resets, 0u);
  }
}

TEST(PvWatchdog, ACardThatWasResetIsFoundAndGoesOn) {
  for (const bool sender : {true, false}) {
    TwoHostsOptions options = Paravirtual();
    options.watchdog_period = 10 * kMillisecond;
    TwoHosts hosts(options);
    hosts.Boot();
    Receipt receipt;
    bool idle = false, again = false;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
      netmap_ring* const rings[] = {&port.rx(0)};
      EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 2000, 500, receipt));
    });
    hosts.RunFor(5 * kMillisecond);
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 1000, 10, Always(60)));
      // A doorbell of a card that was reset would be reported, and rightly.
      process.SleepUntil(process.Now() + 5 * kMillisecond);
      idle = true;
      while (!again) process.SleepUntil(process.Now() + kMillisecond);
      ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 1000, 1000, 10, Always(60)));
    });
    ASSERT_TRUE(hosts.RunUntil([&] { return idle; }));
    HostNic& nic = sender ? *hosts.left_nic : *hosts.right_nic;
    nic.device().BusReset();
    hosts.RunFor(30 * kMillisecond);
    EXPECT_EQ(nic.port()->counters().spontaneous_resets, 1u);
    again = true;
    hosts.RunToEnd();
    EXPECT_EQ(receipt.received, 2000u);
    EXPECT_TRUE(receipt.clean());
  }
}

// --- Wake-ups, hostile programs, seeds
// ------------------------------------------------------------

// Both sides sleep without a limit whenever they can: one wake-up lost and this does not end.
TEST(PvWaiting, NobodySleepsForEver) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHostsOptions options = Paravirtual(seed);
    Random random(seed);
    options.slots = 8 * (1 + static_cast<uint32_t>(random.Below(6)));
    TwoHosts hosts(options);
    hosts.Boot();
    constexpr uint64_t kFrames = 3000;
    Receipt receipt;
    bool ready = false;
    hosts.Run(*hosts.right, "receiver", static_cast<uint32_t>(seed % 2), [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
      ready = true;
      netmap_ring& ring = port.rx(0);
      std::vector<uint8_t> frame;
      while (receipt.received < kFrames) {
        ASSERT_EQ(port.Poll(POLLIN, -1), POLLIN);
        const uint64_t most = 1 + random.Below(ring.num_slots);
        for (uint64_t i = 0; i < most && port.Pop(ring, frame); ++i) {
          receipt.Take(frame, hosts.flow);
        }
        if (random.OneIn(4)) {
          process.SleepUntil(process.Now() + static_cast<Time>(random.Below(30)) * kMicrosecond);
        }
      }
    });
    ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      netmap_ring& ring = port.tx(0);
      std::vector<uint8_t> frame(60);
      for (uint64_t next = 0; next < kFrames;) {
        ASSERT_EQ(port.Poll(POLLOUT, -1), POLLOUT);
        const uint64_t most = 1 + random.Below(ring.num_slots);
        for (uint64_t i = 0; i < most && next < kFrames; ++i, ++next) {
          WriteUdpFrame(frame.data(), frame.size(), hosts.flow, next);
          if (!port.Push(ring, frame)) break;
        }
        if (random.OneIn(4)) {
          process.SleepUntil(process.Now() + static_cast<Time>(random.Below(30)) * kMicrosecond);
        }
      }
      while (Descriptor::Pending(ring) != 0) {
        port.TxSync();
        process.SleepUntil(process.Now() + 2 * kMicrosecond);
      }
    });
    hosts.RunToEnd();
    EXPECT_EQ(receipt.received, kFrames);
    EXPECT_TRUE(receipt.clean());
  }
}

TEST(PvHostile, ProgramsOnBothSidesAreContainedAndTheOthersTrafficIsWhole) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHosts hosts(Paravirtual(seed));
    hosts.Boot();
    RingAttacker left(hosts.world, *hosts.left, "attacker", {});
    RingAttacker right(hosts.world, *hosts.right, "attacker", {});
    left.Start(0);
    right.Start(0);
    const auto both = [&] { return std::min(left.result().tried, right.result().tried) > 2000; };
    Receipt receipt;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
      netmap_ring* const rings[] = {&port.rx(0)};
      EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, ~uint64_t{0}, 200, receipt));
    });
    hosts.RunFor(10 * kMillisecond);
    uint64_t sent = 0;
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      for (; !both(); sent += 100) {
        ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, sent, 100, 10,
                               [](uint64_t i) { return 60 + i % 1400; }));
      }
      left.Stop();
      right.Stop();
    });
    hosts.RunToEnd(60 * kSecond);
    for (const HostileResult& result : {left.result(), right.result()}) {
      EXPECT_EQ(result.first_failure, "");
      EXPECT_EQ(result.contained, result.tried);
      EXPECT_GT(result.illegal, 500u);
    }
    EXPECT_EQ(receipt.received, sent);
    EXPECT_TRUE(receipt.clean());
  }
}

// Resolves to the same events, in the same order, at the same times.
std::string TraceOf(uint64_t seed) {
  TwoHostsOptions options = Paravirtual(seed);
  options.slots = 64;
  TwoHosts hosts(options);
  hosts.Boot();
  const Receipt receipt = RunTransfer(
      hosts, {.frames = 2000, .batch = 7, .length = [](uint64_t i) { return 60 + i % 1400; }});
  EXPECT_EQ(receipt.received, 2000u);
  EXPECT_TRUE(receipt.clean());
  return hosts.world.trace().HashHex();
}

TEST(PvSeeds, TheSameSeedIsTheSameTrace) {
  EXPECT_EQ(TraceOf(1), TraceOf(1));
  EXPECT_NE(TraceOf(1), TraceOf(2));
}

}  // namespace
}  // namespace mapwire::sim
