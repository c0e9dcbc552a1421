// Unit tests of what a program does with its rings without a system call.
#include "sim/programs/mapped_port.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/abi/region_for_test.h"

namespace mapwire::sim {
namespace {

constexpr uint32_t kBufferBytes = 256;

class Rings : public testing::Test {
 protected:
  Rings() : memory_(abi::Region::SizeFor(kShape) / sizeof(uint64_t) + 1), region_(kShape, At()) {
    region_.Build();
  }
  netmap_ring& tx() { return *region_.tx(0); }
  netmap_ring& rx() { return *region_.rx(0); }

  static std::vector<uint8_t> Frame(size_t bytes) {
    std::vector<uint8_t> frame(bytes);
    std::iota(frame.begin(), frame.end(), uint8_t{1});
    return frame;
  }
  // Offsets as an option of REGISTER gives them.
  static void SetOffsets(netmap_ring& ring, uint64_t offset) {
    abi::Store(ring.offset_mask, uint64_t{0xFFFF});
    for (uint32_t i = 0; i < ring.num_slots; ++i) ring.slot[i].ptr = 0xABCD'0000 | offset;
  }

 private:
  static constexpr abi::Shape kShape = {.slots = 8, .buffer_size = kBufferBytes};
  void* At() { return memory_.data(); }

  std::vector<uint64_t> memory_;
  abi::Region region_;
};

TEST_F(Rings, AFrameOfOneSlot) {
  uint32_t slots = 0;
  EXPECT_TRUE(MappedPort::Push(tx(), Frame(kBufferBytes), &slots));
  EXPECT_EQ(slots, 1u);
  EXPECT_EQ(tx().head, 1u);
  EXPECT_EQ(tx().cur, 1u);
  EXPECT_EQ(tx().slot[0].len, kBufferBytes);
  EXPECT_EQ(tx().slot[0].flags, 0);
  EXPECT_EQ(MappedPort::Pending(tx()), 1u);
  EXPECT_EQ(MappedPort::Space(tx()), 6u);
}

TEST_F(Rings, AFrameOfSeveralSlotsGoesOverTheEndAndBack) {
  tx().head = tx().cur = 6;
  tx().tail = 5;
  uint32_t slots = 0;
  EXPECT_TRUE(MappedPort::Push(tx(), Frame(2 * kBufferBytes + 1), &slots));
  EXPECT_EQ(slots, 3u);
  EXPECT_EQ(tx().head, 1u);
  EXPECT_EQ(tx().slot[7].flags, NS_MOREFRAG);
  EXPECT_EQ(tx().slot[0].len, 1);
  // A loop would show it so.
  tx().tail = tx().head;
  tx().head = 6;
  std::vector<uint8_t> frame;
  EXPECT_TRUE(MappedPort::Pop(tx(), frame));
  EXPECT_EQ(frame, Frame(2 * kBufferBytes + 1));
  EXPECT_TRUE(MappedPort::Empty(tx()));
}

TEST_F(Rings, WithoutRoomNothingIsDone) {
  tx().tail = 2;
  const netmap_slot before = tx().slot[0];
  EXPECT_FALSE(MappedPort::Push(tx(), Frame(2 * kBufferBytes + 1)));
  EXPECT_EQ(tx().head, 0u);
  EXPECT_EQ(tx().slot[0].len, before.len);
  EXPECT_EQ(tx().slot[0].flags, before.flags);
  EXPECT_TRUE(MappedPort::Push(tx(), Frame(2 * kBufferBytes)));
  EXPECT_EQ(tx().head, tx().tail);
}

TEST_F(Rings, BehindAnOffsetAFrameStaysInItsBuffers) {
  SetOffsets(tx(), 100);
  const uint8_t* const second = MappedPort::Buffer(tx(), tx().slot[1].buf_idx);
  const uint8_t before = second[0];
  uint32_t slots = 0;
  EXPECT_TRUE(MappedPort::Push(tx(), Frame(kBufferBytes), &slots));
  EXPECT_EQ(slots, 2u);
  EXPECT_EQ(tx().slot[0].len, kBufferBytes - 100);
  EXPECT_EQ(tx().slot[1].len, 100);
  EXPECT_EQ(second[0], before) << "the first buffer is as long as it is";
  EXPECT_EQ(MappedPort::Buffer(tx(), tx().slot[0].buf_idx)[100], 1);
}

TEST_F(Rings, PartsOfAFrameAreNotTakenOut) {
  std::vector<uint8_t> frame;
  EXPECT_FALSE(MappedPort::Pop(rx(), frame));
  EXPECT_TRUE(MappedPort::Empty(rx()));
  rx().slot[0].flags = NS_MOREFRAG;
  rx().slot[0].len = 3;
  rx().tail = 1;
  EXPECT_FALSE(MappedPort::Pop(rx(), frame));
  EXPECT_EQ(frame.size(), 3u);
  EXPECT_EQ(rx().head, 0u);
  rx().slot[1].len = 2;
  rx().tail = 2;
  EXPECT_TRUE(MappedPort::Pop(rx(), frame));
  EXPECT_EQ(frame.size(), 5u);
  EXPECT_EQ(rx().head, 2u);
  EXPECT_EQ(rx().cur, 2u);
}

}  // namespace
}  // namespace mapwire::sim
