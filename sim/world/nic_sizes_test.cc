// Frames of 14 to 9728 bytes through rings of 8 to 4096 descriptors and buffers of any size, both
// ways at once: every byte is compared, and what stands around a frame in its buffer is untouched.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

constexpr uint8_t kUntouched = 0xEE;
constexpr uint32_t kLongest = 9728;
constexpr uint32_t kShortest = 14;
constexpr size_t kPadded = 60;

// What one direction is to carry.
struct Way {
  uint32_t tx_slots = 64;
  uint32_t rx_slots = 64;
  uint32_t rx_room = 2048;  // what the receiving card is told of a buffer
  uint32_t rx_offset = 0;   // where the receiver wants frames in its buffers, and the most
  std::vector<uint32_t> lengths;
  uint32_t batch = 1;
};

std::vector<uint8_t> FrameOf(uint32_t number, uint32_t length) {
  std::vector<uint8_t> bytes(length);
  for (uint32_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(number * 131 + i * 7);
  bytes[0] = 0x02;
  bytes[12] = 0x88;
  bytes[13] = 0xB5;
  return bytes;
}

uint32_t SlotsOf(uint32_t length, uint32_t room) { return (length + room - 1) / room; }

// One direction: a sender that never has more on the way than the receiver has buffers for.
class OneWay {
 public:
  OneWay(TwoHosts& hosts, Host& from, Host& to, const Way& way, uint32_t tx_room)
      : hosts_(hosts), way_(way), tx_room_(tx_room) {
    hosts.Run(to, "receiver", 1, [this](Process& process) { Receive(process); });
    hosts.Run(from, "sender", 0, [this](Process& process) { Send(process); });
  }

  uint32_t received() const { return received_; }
  uint32_t wrong() const { return wrong_; }
  uint32_t spilt() const { return spilt_; }
  bool done() const { return sender_done_ && received_ == way_.lengths.size(); }

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
    ASSERT_EQ(ring.num_slots, way_.rx_slots);
    for (uint32_t i = 0; i < ring.num_slots; ++i) Wipe(ring, ring.slot[i]);
    ready_ = true;
    std::vector<uint8_t> frame;
    while (received_ < way_.lengths.size()) {
      if ((port.Poll(POLLIN, 2000) & POLLIN) == 0) return;
      uint32_t first = ring.head;
      while (port.Pop(ring, frame)) {
        Judge(ring, first, frame);
        first = ring.head;
      }
    }
    // Nothing may have come into a buffer that no frame was in.
    for (uint32_t i = 0; i < ring.num_slots; ++i) CheckAround(ring, ring.slot[i], 0);
    EXPECT_EQ(port.Close(), 0);
  }

  void Judge(netmap_ring& ring, uint32_t first, const std::vector<uint8_t>& frame) {
    std::vector<uint8_t> expected = FrameOf(received_, way_.lengths[received_]);
    expected.resize(std::max(expected.size(), kPadded), 0);
    wrong_ += frame == expected ? 0 : 1;
    used_ -= SlotsOf(static_cast<uint32_t>(expected.size()), way_.rx_room);
    for (uint32_t i = first; i != ring.head; i = Descriptor::Next(ring, i)) {
      const netmap_slot& slot = ring.slot[i];
      const bool last = Descriptor::Next(ring, i) == ring.head;
      wrong_ += last || slot.len == way_.rx_room ? 0 : 1;
      CheckAround(ring, slot, slot.len);
      Wipe(ring, slot);
    }
    ++received_;
  }

  static void Wipe(netmap_ring& ring, const netmap_slot& slot) {
    std::fill_n(Descriptor::Buffer(ring, slot.buf_idx), ring.nr_buf_size, kUntouched);
  }

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
    ASSERT_EQ(ring.num_slots, way_.tx_slots);
    while (!ready_) process.SleepUntil(process.Now() + 100 * kMicrosecond);
    const Time limit = process.Now() + 5 * kSecond;
    for (uint32_t sent = 0; sent < way_.lengths.size() && process.Now() < limit;) {
      for (uint32_t i = 0; i < way_.batch && sent < way_.lengths.size(); ++i) {
        const uint32_t length = way_.lengths[sent];
        const uint32_t needs =
            SlotsOf(std::max(length, static_cast<uint32_t>(kPadded)), way_.rx_room);
        if (used_ + needs > way_.rx_slots - 1 || !port.Push(ring, FrameOf(sent, length))) break;
        used_ += needs;
        ++sent;
      }
      port.TxSync();
      process.SleepUntil(process.Now() + 2 * kMicrosecond);
    }
    while (Descriptor::Pending(ring) != 0 && process.Now() < limit) {
      port.TxSync();
      process.SleepUntil(process.Now() + 10 * kMicrosecond);
    }
    EXPECT_EQ(Descriptor::Pending(ring), 0u);
    sender_done_ = true;
    EXPECT_EQ(port.Close(), 0);
  }

  TwoHosts& hosts_;
  const Way way_;
  const uint32_t tx_room_;
  bool ready_ = false;
  bool sender_done_ = false;
  uint32_t used_ = 0;  // buffers of the receiver that hold, or will hold, what was sent
  uint32_t received_ = 0;
  uint32_t wrong_ = 0;
  uint32_t spilt_ = 0;
};

struct Shape {
  uint64_t seed;
  uint32_t buffer_bytes;
  uint32_t told;  // DriverConfig::rx_buffer_bytes
  Way ways[2];
};

// True if both ways carried all frames whole.
bool Carries(const Shape& shape) {
  const Way& there = shape.ways[0];
  const Way& back = shape.ways[1];
  TwoHosts hosts({.seed = shape.seed,
                  .max_frame_bytes = kLongest,
                  .buffer_bytes = shape.buffer_bytes,
                  .configure = [&](nic::DriverConfig& c) { c.rx_buffer_bytes = shape.told; },
                  .configure_left =
                      [&](nic::DriverConfig& c) {
                        c.tx_slots = there.tx_slots;
                        c.rx_slots = back.rx_slots;
                      },
                  .configure_right =
                      [&](nic::DriverConfig& c) {
                        c.tx_slots = back.tx_slots;
                        c.rx_slots = there.rx_slots;
                      }});
  hosts.Boot();
  const OneWay left_to_right(hosts, *hosts.left, *hosts.right, there, shape.buffer_bytes);
  const OneWay right_to_left(hosts, *hosts.right, *hosts.left, back, shape.buffer_bytes);
  hosts.RunToEnd(20 * kSecond);
  bool good = true;
  for (const OneWay* way : {&left_to_right, &right_to_left}) {
    good = good && way->done() && way->wrong() == 0 && way->spilt() == 0;
  }
  return good;
}

// What the card is told: whole KiB of what is behind the offset, at most what was asked for.
uint32_t RoomOf(uint32_t buffer_bytes, uint32_t told, uint32_t offset) {
  const uint32_t behind = buffer_bytes - offset;
  const uint32_t most = told == 0 ? 16384 : told;
  return behind > most ? most : behind / 1024 * 1024;
}

Way DrawWay(uint32_t buffer_bytes, uint32_t told) {
  Way way;
  const auto slots = [] {
    // Every size is possible; the smallest and the wraps are the interesting ones.
    return 8 * *rc::gen::oneOf(rc::gen::inRange(1u, 12u), rc::gen::inRange(1u, 513u));
  };
  way.tx_slots = slots();
  way.rx_slots = slots();
  const uint32_t spare = buffer_bytes - 1024;
  way.rx_offset = *rc::gen::element(0u, std::min(64u, spare), std::min(100u, spare));
  way.rx_room = RoomOf(buffer_bytes, told, way.rx_offset);
  way.batch = *rc::gen::inRange(1u, 40u);
  const uint32_t longest =
      std::min({kLongest, (way.tx_slots - 1) * buffer_bytes, (way.rx_slots - 1) * way.rx_room});
  const uint32_t frames = *rc::gen::inRange(1u, 120u);
  for (uint32_t i = 0; i < frames; ++i) {
    const uint32_t edge = *rc::gen::element(way.rx_room, 2 * way.rx_room, buffer_bytes, 60u, 17u);
    const uint32_t length = *rc::gen::oneOf(
        rc::gen::inRange(kShortest, kLongest + 1), rc::gen::inRange(kShortest, 70u),
        rc::gen::inRange(edge - 1, edge + 2), rc::gen::element(kShortest, kLongest));
    way.lengths.push_back(std::clamp(length, kShortest, longest));
  }
  return way;
}

TEST(NicSizes, AnyFrameThroughAnyRingAndAnyBuffer) {
  const bool holds = rc::check([] {
    Shape shape;
    shape.seed = *rc::gen::inRange<uint64_t>(1, 1000);
    shape.buffer_bytes =
        64 * *rc::gen::oneOf(rc::gen::element(16u, 32u, 34u, 64u, 128u, 256u, 272u),
                             rc::gen::inRange(16u, 300u));
    shape.told = *rc::gen::oneOf(
        rc::gen::just(0u),
        rc::gen::map(rc::gen::inRange(1u, std::min(16u, shape.buffer_bytes / 1024) + 1),
                     [](uint32_t kib) { return kib * 1024; }));
    for (Way& way : shape.ways) way = DrawWay(shape.buffer_bytes, shape.told);
    RC_ASSERT(Carries(shape));
  });
  EXPECT_TRUE(holds);
}

// The corners by themselves, so that they are there whatever is drawn.
TEST(NicSizes, TheSmallestAndTheLargestOfEverything) {
  for (const uint32_t buffer : {1024u, 2048u, 16384u}) {
    for (const uint32_t slots : {8u, 4096u}) {
      SCOPED_TRACE(testing::Message() << buffer << " bytes, " << slots << " slots");
      Shape shape = {.seed = slots, .buffer_bytes = buffer, .told = 0, .ways = {}};
      for (Way& way : shape.ways) {
        way.tx_slots = way.rx_slots = slots;
        way.rx_room = buffer;
        way.batch = 64;
        const uint32_t longest = std::min(kLongest, (slots - 1) * buffer);
        for (uint32_t i = 0; i < slots + slots / 2; ++i) {
          const uint32_t lengths[] = {14, 16, 17, 59, 60, 1514, longest};
          way.lengths.push_back(lengths[i % std::size(lengths)]);
        }
      }
      EXPECT_TRUE(Carries(shape));
    }
  }
}

// A frame that can never fit is dropped by the card, counted, and hurts nobody.
TEST(NicSizes, AFrameForWhichARingIsTooShortIsDroppedAndCounted) {
  TwoHosts hosts({.max_frame_bytes = kLongest,
                  .buffer_bytes = 1024,
                  .configure_right = [](nic::DriverConfig& c) { c.rx_slots = 8; }});
  hosts.Boot();
  std::vector<size_t> got;
  nic::DriverStatistics statistics;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    std::vector<uint8_t> frame;
    while (port.Poll(POLLIN, 20) == POLLIN) {
      while (port.Pop(port.rx(0), frame)) got.push_back(frame.size());
    }
    statistics = hosts.right_nic->port()->ReadStatistics();
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    for (const uint32_t length : {100u, 7168u, 7169u, 9728u, 7168u, 200u}) {
      ASSERT_TRUE(port.Push(port.tx(0), FrameOf(1, length)));
      port.TxSync();
      process.SleepUntil(process.Now() + kMillisecond);
    }
  });
  hosts.RunToEnd();
  EXPECT_EQ(got, (std::vector<size_t>{100, 7168, 7168, 200}));
  EXPECT_EQ(statistics.rx_no_descriptor, 2u);
  EXPECT_EQ(statistics.rx_packets, 6u);
}

}  // namespace
}  // namespace mapwire::sim
