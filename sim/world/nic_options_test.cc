// What a card takes in by its options, what it refuses, and what it counts.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

using Bytes = std::vector<uint8_t>;

const Bytes kBroadcast(6, 0xFF);
const Bytes kStranger = {0x02, 9, 9, 9, 9, 9};
const Bytes kGroup = {0x01, 0x00, 0x5E, 0x12, 0x34, 0x56};
const Bytes kOtherGroup = {0x01, 0x00, 0x5E, 0x12, 0x34, 0x66};
const Bytes kLookalike = {0x33, 0x33, 0xAA, 0xBB, 0x34, 0x56};  // the same 12 bits

Bytes OurAddress() {
  const auto mac = Ixgbe::Options().mac;
  return {mac.begin(), mac.end()};
}

Bytes FrameTo(const Bytes& destination, uint32_t length = 60, uint8_t mark = 0) {
  Bytes frame(length);
  for (uint32_t i = 0; i < length; ++i) frame[i] = static_cast<uint8_t>(mark + i * 3);
  std::copy(destination.begin(), destination.end(), frame.begin());
  frame[12] = 0x88;
  frame[13] = 0xB5;
  return frame;
}

Bytes Tagged(uint32_t id) {
  Bytes frame = FrameTo(OurAddress(), 80);
  const uint8_t tag[] = {0x81, 0x00, static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
  std::copy(std::begin(tag), std::end(tag), frame.begin() + 12);
  return frame;
}

uint32_t Crc32(const Bytes& bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

// Puts frames before the right card as if a line had brought them.
void Arrive(TwoHosts& hosts, const Bytes& bytes, bool crc_ok = true) {
  FramePointer frame = hosts.world.frames().Get();
  frame->bytes.assign(bytes.begin(), bytes.end());
  frame->crc_ok = crc_ok;
  hosts.right_nic->device().FrameReceived(std::move(frame));
}

// What a program on the right card's queue 0 gets of these frames.
std::vector<Bytes> Taken(const std::function<void(nic::DriverConfig&)>& configure,
                         const std::vector<Bytes>& frames, uint32_t offset = 0,
                         uint32_t buffer_bytes = 2048, std::vector<uint32_t>* slots = nullptr) {
  TwoHosts hosts(
      {.max_frame_bytes = 9728, .buffer_bytes = buffer_bytes, .configure_right = configure});
  hosts.Boot();
  std::vector<Bytes> taken;
  bool ready = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    nmreq_opt_offsets offsets{};
    offsets.nro_max_offset = offsets.nro_initial_offset = offset;
    offsets.nro_offset_bits = 16;
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY, .offsets = offset == 0 ? nullptr : &offsets}),
              0);
    ready = true;
    netmap_ring& ring = port.rx(0);
    while (port.Poll(POLLIN, 20) == POLLIN) {
      Bytes frame;
      for (uint32_t before = ring.head; port.Pop(ring, frame); before = ring.head) {
        taken.push_back(frame);
        if (slots != nullptr) {
          slots->push_back((ring.head + ring.num_slots - before) % ring.num_slots);
        }
      }
    }
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return ready; }));
  for (const Bytes& frame : frames) {
    Arrive(hosts, frame);
    hosts.RunFor(20 * kMicrosecond);
  }
  hosts.RunToEnd();
  return taken;
}

using Frames = std::vector<Bytes>;

TEST(Filter, APortIsPromiscuousUnlessToldOtherwise) {
  const Frames all = {FrameTo(OurAddress()), FrameTo(kStranger), FrameTo(kBroadcast),
                      FrameTo(kGroup), Tagged(7)};
  EXPECT_EQ(Taken({}, all), all);
}

TEST(Filter, OurAddressAndBroadcastAreTakenAlways) {
  const Frames all = {FrameTo(OurAddress()), FrameTo(kStranger), FrameTo(kBroadcast),
                      FrameTo(kGroup)};
  const Frames taken = Taken([](nic::DriverConfig& c) { c.promiscuous = false; }, all);
  EXPECT_EQ(taken, (Frames{all[0], all[2]}));
}

TEST(Filter, GroupsAreTakenByNameOrAltogether) {
  const Frames all = {FrameTo(kGroup), FrameTo(kOtherGroup), FrameTo(kLookalike),
                      FrameTo(kStranger)};
  EXPECT_EQ(Taken(
                [](nic::DriverConfig& c) {
                  c.promiscuous = false;
                  std::copy(kGroup.begin(), kGroup.end(), c.multicast[0]);
                  c.multicast_count = 1;
                },
                all),
            (Frames{all[0], all[2]}))
      << "the table is a hash of 12 bits: what looks alike comes too";
  EXPECT_EQ(Taken(
                [](nic::DriverConfig& c) {
                  c.promiscuous = false;
                  c.all_multicast = true;
                },
                all),
            (Frames{all[0], all[1], all[2]}));
}

TEST(Vlan, TagsStayInTheFrameAndTheFilterIsOffByDefault) {
  const Frames all = {Tagged(0), Tagged(69), Tagged(4095), FrameTo(OurAddress())};
  EXPECT_EQ(Taken({}, all), all);
  EXPECT_EQ(Taken(
                [](nic::DriverConfig& c) {
                  c.vlan_filter = true;
                  c.vlan_ids[2] = 1u << 5;  // 69
                  c.vlan_ids[127] = 1u << 31;
                },
                all),
            (Frames{all[1], all[2], all[3]}));
  EXPECT_EQ(Taken([](nic::DriverConfig& c) { c.vlan_filter = true; }, all), (Frames{all[3]}));
}

// With the CRC a frame may take a slot more.
TEST(Crc, IsCutOffUnlessItIsToBeKept) {
  const Frames all = {FrameTo(OurAddress(), 60), FrameTo(OurAddress(), 2044),
                      FrameTo(OurAddress(), 2045), FrameTo(OurAddress(), 2048),
                      FrameTo(OurAddress(), 9728)};
  std::vector<uint32_t> slots;
  EXPECT_EQ(Taken({}, all, 0, 2048, &slots), all);
  EXPECT_EQ(slots, (std::vector<uint32_t>{1, 1, 1, 1, 5}));
  slots.clear();
  Frames taken = Taken([](nic::DriverConfig& c) { c.keep_crc = true; }, all, 0, 2048, &slots);
  EXPECT_EQ(slots, (std::vector<uint32_t>{1, 1, 2, 2, 5}));
  ASSERT_EQ(taken.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(taken[i].size(), all[i].size() + 4);
    uint32_t crc;
    std::memcpy(&crc, &taken[i][all[i].size()], 4);
    EXPECT_EQ(crc, Crc32(all[i]));
    taken[i].resize(all[i].size());
    EXPECT_EQ(taken[i], all[i]);
  }
}

// The card writes whole KiB: a buffer that is larger by the offset loses nothing, one that is not
// loses a KiB.
TEST(Offsets, ABufferLargerByTheOffsetTakesAFrameInOneSlot) {
  const Frames all = {FrameTo(OurAddress(), 1514)};
  std::vector<uint32_t> slots;
  EXPECT_EQ(Taken({}, all, 128, 2048, &slots), all);
  EXPECT_EQ(Taken({}, all, 128, 2048 + 128, &slots), all);
  EXPECT_EQ(slots, (std::vector<uint32_t>{2, 1}));
}

TEST(Buffers, OfLessThanAKibOrLessThanAskedForAreRefused) {
  const auto open = [](uint32_t buffer_bytes, uint32_t told) {
    TwoHosts hosts({.buffer_bytes = buffer_bytes,
                    .configure = [told](nic::DriverConfig& c) { c.rx_buffer_bytes = told; }});
    hosts.Boot();
    int status = 1;
    hosts.Run(*hosts.right, "program", 1, [&](Process& process) {
      Descriptor port(process);
      status = port.Open({});
    });
    hosts.RunToEnd();
    return status;
  };
  EXPECT_EQ(open(960, 0), -EINVAL);
  EXPECT_EQ(open(1024, 0), 0);
  EXPECT_EQ(open(1984, 2048), -EINVAL);
  EXPECT_EQ(open(2048, 2048), 0);
  EXPECT_EQ(open(16384, 16384), 0);
  EXPECT_EQ(open(32768, 0), 0) << "the rest of the buffer is not used";
}

// A limit holds exactly, below the standard length and above.
TEST(MaxFrame, IsTheLongestThatIsTaken) {
  for (const uint32_t limit : {60u, 600u, 1513u, 1514u, 1515u, 9000u, 9728u}) {
    SCOPED_TRACE(limit);
    const Frames all = {FrameTo(OurAddress(), limit), FrameTo(OurAddress(), limit + 1)};
    EXPECT_EQ(Taken([limit](nic::DriverConfig& c) { c.max_frame_bytes = limit; }, all),
              (Frames{all[0]}));
  }
}

TEST(FlowControl, NoPauseIsObeyedSentOrShown) {
  TwoHosts hosts({.slots = 64});
  hosts.Boot();
  Bytes pause(60, 0);
  const uint8_t head[] = {0x01, 0x80, 0xC2, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 8, 0, 1, 0xFF, 0xFF};
  std::copy(std::begin(head), std::end(head), pause.begin());
  Time sent = 0;
  uint32_t shown = 0, pauses = 0;
  nic::DriverStatistics statistics;
  hosts.wire->set_observer([&](int, Time, Time, const Frame& frame, bool) {
    pauses += frame.bytes[12] == 0x88 && frame.bytes[13] == 0x08 ? 1 : 0;
  });
  bool ready = false;
  hosts.Run(*hosts.right, "both", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    ready = true;
    process.SleepUntil(process.Now() + kMillisecond);
    const Time begin = process.Now();
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 2000, 16, Always(60)));
    sent = process.Now() - begin;
    port.RxSync();
    Bytes frame;
    while (port.Pop(port.rx(0), frame)) ++shown;
    statistics = hosts.right_nic->port()->ReadStatistics();
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  // More than its queue, which is not read, can hold: no pause frame comes of that either.
  for (int i = 0; i < 200; ++i) {
    Arrive(hosts, i % 2 == 0 ? pause : FrameTo(OurAddress()));
    hosts.RunFor(5 * kMicrosecond);
  }
  hosts.RunToEnd();
  EXPECT_LT(sent, 2 * kMillisecond) << "a pause of 3.3 ms was obeyed";
  EXPECT_EQ(pauses, 0u);
  EXPECT_LE(shown, 63u);
  EXPECT_EQ(statistics.rx_pause_on, 100u);
  EXPECT_EQ(statistics.tx_pause_on + statistics.tx_pause_off, 0u);
  EXPECT_GT(statistics.rx_no_descriptor, 0u);
}

TEST(Refused, AConfigurationThatCannotBeIsNamedInTheLog) {
  const struct {
    const char* name;
    std::function<void(nic::DriverConfig&)> spoil;
  } cases[] = {
      {"queue-pairs", [](auto& c) { c.queue_pairs = 17; }},
      {"tx-slots", [](auto& c) { c.tx_slots = 4; }},
      {"rx-slots", [](auto& c) { c.rx_slots = 4104; }},
      {"rx-buffer", [](auto& c) { c.rx_buffer_bytes = 1500; }},
      {"max-frame", [](auto& c) { c.max_frame_bytes = 9729; }},
      {"rss-queues", [](auto& c) { c.rss_queues = 3; }},
      {"rss-key", [](auto& c) { c.rss_key_kind = nic::RssKey::kGiven; }},
      {"rss-table",
       [](auto& c) {
         c.rss_table_kind = nic::RssTable::kGiven;
         c.rss_table[5] = 1;
       }},
      {"interrupt-interval", [](auto& c) { c.interrupt_interval_us = 1023; }},
      {"multicast", [](auto& c) { c.multicast_count = 1; }},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    TwoHosts hosts({.configure_right = one.spoil});
    EXPECT_EQ(hosts.world.Boot(), "right eth0: cannot start, errno 22");
    const auto& log = hosts.world.log();
    const std::string expected = std::string("the configuration is refused: ") + one.name;
    EXPECT_TRUE(std::any_of(log.begin(), log.end(), [&](const std::string& line) {
      return line.find(expected) != std::string::npos;
    }));
    EXPECT_EQ(hosts.right_nic->slot().counters().register_writes, 0u) << "nothing is half applied";
  }
}

// ---- Statistics ----

struct Tally {
  uint64_t good = 0, good_bytes = 0, multicast = 0, broadcast = 0;
  uint64_t all = 0, all_bytes = 0;
  uint64_t crc = 0, undersize = 0, fragments = 0, oversize = 0, jabber = 0;
  std::array<uint64_t, nic::kSizeClasses> sizes{};

  // A frame to a promiscuous card that takes up to 1514 bytes.
  void Count(const Bytes& frame, bool crc_ok) {
    const uint64_t wire = frame.size() + 4;
    ++all;
    all_bytes += wire;
    if (wire < 64) {
      ++(crc_ok ? undersize : fragments);
    } else if (wire > 1518) {
      ++(crc_ok ? oversize : jabber);
    } else if (!crc_ok) {
      ++crc;
    } else {
      ++good;
      good_bytes += wire;
      const bool to_all = std::equal(kBroadcast.begin(), kBroadcast.end(), frame.begin());
      broadcast += to_all ? 1 : 0;
      multicast += !to_all && (frame[0] & 1) != 0 ? 1 : 0;
      const uint64_t limits[] = {64, 127, 255, 511, 1023};
      size_t i = 0;
      while (i < std::size(limits) && wire > limits[i]) ++i;
      ++sizes[i];
    }
  }
};

// Whatever arrives, and whenever the counters are read meanwhile, through a reset of the card too:
// the sums are what was sent.
TEST(Statistics, AddUpToWhatArrivedHoweverOftenTheyAreRead) {
  const bool holds = rc::check([] {
    const bool reset = *rc::gen::inRange(0, 4) == 0;
    TwoHosts hosts({.seed = *rc::gen::inRange<uint64_t>(1, 1000), .slots = 64});
    hosts.Boot();
    Tally tally;
    nic::DriverStatistics statistics;
    uint64_t taken = 0;
    bool ready = false, over = false;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      if (port.Open({.flags = NR_RX_RINGS_ONLY}) != 0) return;
      ready = true;
      Bytes frame;
      while (!over) {
        (void)port.Poll(POLLIN, 1);
        while (port.Pop(port.rx(0), frame)) ++taken;
      }
    });
    hosts.Run(*hosts.right, "reader", 0, [&](Process& process) {
      Random random(5);
      while (!over) {
        statistics = hosts.right_nic->port()->ReadStatistics();
        process.SleepUntil(process.Now() + random.Below(300) * kMicrosecond);
      }
      statistics = hosts.right_nic->port()->ReadStatistics();
    });
    RC_ASSERT(hosts.RunUntil([&] { return ready; }));
    const uint32_t frames = *rc::gen::inRange(1u, 400u);
    for (uint32_t i = 0; i < frames; ++i) {
      const Bytes& to = *rc::gen::elementOf(Frames{kBroadcast, kGroup, kStranger});
      const uint32_t length = *rc::gen::oneOf(
          rc::gen::inRange(14u, 70u), rc::gen::inRange(60u, 1515u), rc::gen::inRange(1500u, 1600u),
          rc::gen::element(60u, 61u, 123u, 124u, 251u, 252u, 507u, 508u, 1019u, 1020u, 1514u,
                           1515u));
      const bool crc_ok = *rc::gen::inRange(0, 5) != 0;
      const Bytes frame = FrameTo(to, length, static_cast<uint8_t>(i));
      tally.Count(frame, crc_ok);
      Arrive(hosts, frame, crc_ok);
      hosts.RunFor(*rc::gen::inRange<Time>(1, 20) * kMicrosecond);
      if (reset && i == frames / 2) {
        hosts.RunFor(2 * kMillisecond);
        bool back = false;
        hosts.Run(*hosts.right, "operator", 0, [&](Process&) {
          (void)hosts.right_nic->port()->Reset("a test asks");
          back = true;
        });
        RC_ASSERT(hosts.RunUntil([&] { return back && hosts.right_nic->port()->carrier(); }));
      }
    }
    hosts.RunFor(2 * kMillisecond);
    over = true;
    hosts.RunToEnd();
    RC_ASSERT(statistics.rx_packets == tally.good);
    RC_ASSERT(statistics.rx_bytes == tally.good_bytes);
    RC_ASSERT(statistics.rx_multicast == tally.multicast);
    RC_ASSERT(statistics.rx_broadcast == tally.broadcast);
    RC_ASSERT(statistics.rx_all_packets == tally.all);
    RC_ASSERT(statistics.rx_all_bytes == tally.all_bytes);
    RC_ASSERT(statistics.rx_crc_errors == tally.crc);
    RC_ASSERT(statistics.rx_undersize == tally.undersize);
    RC_ASSERT(statistics.rx_fragments == tally.fragments);
    RC_ASSERT(statistics.rx_oversize == tally.oversize);
    RC_ASSERT(statistics.rx_jabber == tally.jabber);
    RC_ASSERT(statistics.rx_length_errors ==
              tally.undersize + tally.fragments + tally.oversize + tally.jabber);
    RC_ASSERT(std::equal(tally.sizes.begin(), tally.sizes.end(), statistics.rx_sizes));
    RC_ASSERT(statistics.queues[0].rx_packets == taken);
    RC_ASSERT(taken + statistics.rx_no_descriptor == tally.good);
    RC_ASSERT(statistics.queues[0].rx_dropped == statistics.rx_no_descriptor);
  });
  EXPECT_TRUE(holds);
}

// What one card counts as sent the other counts as received.
TEST(Statistics, OfBothEndsOfAWireAgree) {
  TwoHosts hosts({.max_frame_bytes = 9728});
  hosts.Boot();
  RunTransfer(hosts, {.frames = 3000, .length = [](uint64_t i) { return 60 + i * 97 % 3000; }});
  nic::DriverStatistics left, right;
  hosts.Run(*hosts.left, "reader", 0,
            [&](Process&) { left = hosts.left_nic->port()->ReadStatistics(); });
  hosts.Run(*hosts.right, "reader", 0,
            [&](Process&) { right = hosts.right_nic->port()->ReadStatistics(); });
  hosts.RunToEnd();
  EXPECT_EQ(left.tx_packets, 3000u);
  EXPECT_EQ(left.tx_packets, right.rx_packets);
  EXPECT_EQ(left.tx_bytes, right.rx_bytes);
  EXPECT_EQ(left.queues[0].tx_bytes, right.queues[0].rx_bytes);
  EXPECT_EQ(left.queues[0].tx_packets, right.queues[0].rx_packets);
  EXPECT_EQ(left.tx_multicast + left.tx_broadcast, 0u);
  for (uint32_t i = 0; i < nic::kSizeClasses; ++i) EXPECT_EQ(left.tx_sizes[i], right.rx_sizes[i]);
  EXPECT_EQ(left.tx_bytes, hosts.wire->counters(0).bytes + 4 * 3000);
}

}  // namespace
}  // namespace mapwire::sim
