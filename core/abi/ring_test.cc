// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The macros and inline functions every program uses to get around in a mapping.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "core/abi/region_for_test.h"

namespace mapwire::abi {
namespace {

class RingTest : public testing::Test {
 protected:
  OwnedRegion region_{{.tx = 3, .rx = 2, .host_tx = 2, .host_rx = 1, .slots = 5}};
};

TEST_F(RingTest, NextWrapsAtTheNumberOfSlots) {
  netmap_ring* ring = region_.tx(0);
  EXPECT_EQ(nm_ring_next(ring, 0), 1u);
  EXPECT_EQ(nm_ring_next(ring, 3), 4u);
  EXPECT_EQ(nm_ring_next(ring, 4), 0u);
}

TEST_F(RingTest, SpaceIsTheDistanceFromHeadToTail) {
  netmap_ring* ring = region_.tx(0);
  for (uint32_t head = 0; head < 5; head++) {
    for (uint32_t tail = 0; tail < 5; tail++) {
      ring->head = head;
      ring->tail = tail;
      uint32_t steps = 0;
      for (uint32_t i = head; i != tail; i = (i + 1) % 5) steps++;
      EXPECT_EQ(nm_ring_space(ring), steps) << head << ".." << tail;
      EXPECT_EQ(nm_ring_empty(ring) != 0, steps == 0) << head << ".." << tail;
    }
  }
}

TEST_F(RingTest, SpaceDoesNotLookAtCur) {
  netmap_ring* ring = region_.rx(0);
  ring->tail = 3;
  ring->cur = 3;
  EXPECT_EQ(nm_ring_space(ring), 3u);
  EXPECT_FALSE(nm_ring_empty(ring));
}

TEST_F(RingTest, TxIsPendingUntilAllSlotsCameBack) {
  netmap_ring* ring = region_.tx(0);
  EXPECT_FALSE(nm_tx_pending(ring));  // As created: head 0, tail 4.
  ring->head = ring->cur = 1;
  EXPECT_TRUE(nm_tx_pending(ring));
  ring->tail = 0;
  EXPECT_FALSE(nm_tx_pending(ring));
}

TEST_F(RingTest, InterfaceIsFoundByItsOffset) {
  EXPECT_EQ(NETMAP_IF(region_.memory(), Region::kInterfaceOffset), region_.nifp());
}

TEST_F(RingTest, HostRingsFollowTheHardwareRingsOfTheirDirection) {
  for (uint32_t i = 0; i < 5; i++) EXPECT_EQ(NETMAP_TXRING(region_.nifp(), i), region_.tx(i));
  for (uint32_t i = 0; i < 3; i++) EXPECT_EQ(NETMAP_RXRING(region_.nifp(), i), region_.rx(i));
}

TEST_F(RingTest, RingNotBoundIsTheInterfaceItself) {
  Store(region_.nifp()->ring_ofs[5 + 1], ssize_t{0});
  EXPECT_EQ(static_cast<void*>(NETMAP_RXRING(region_.nifp(), 1)), region_.nifp());
}

TEST_F(RingTest, BufferAndIndexAreInverse) {
  for (netmap_ring* ring : {region_.tx(0), region_.rx(1)}) {
    for (uint32_t index = 0; index < region_.shape().buffers(); index++) {
      EXPECT_EQ(NETMAP_BUF(ring, index), region_.buffer(index));
      EXPECT_EQ(NETMAP_BUF_IDX(ring, region_.buffer(index)), index);
      EXPECT_EQ(NETMAP_BUF_IDX(ring, region_.buffer(index) + 255), index);
    }
  }
}

TEST_F(RingTest, BufferOffsetDoesNotOverflow32Bits) {
  netmap_ring* ring = region_.tx(0);
  const uint32_t index = 0x00ffffff;
  Store(ring->nr_buf_size, 65536u);
  const auto base = reinterpret_cast<uintptr_t>(ring) + static_cast<uintptr_t>(ring->buf_ofs);
  const auto address = reinterpret_cast<uintptr_t>(NETMAP_BUF(ring, index));
  EXPECT_EQ(address - base, uint64_t{index} * 65536);
}

TEST_F(RingTest, RingBehindItsBuffersWorks) {
  netmap_ring* ring = region_.tx(0);
  const int64_t before = region_.memory() - reinterpret_cast<char*>(ring);
  Store(ring->buf_ofs, before);
  ASSERT_LT(ring->buf_ofs, 0);
  EXPECT_EQ(NETMAP_BUF(ring, 1), region_.memory() + 256);
  EXPECT_EQ(NETMAP_BUF_IDX(ring, region_.memory() + 256), 1);
}

TEST_F(RingTest, OffsetsTouchOnlyTheirBits) {
  netmap_ring* ring = region_.tx(0);
  netmap_slot* slot = &ring->slot[2];
  Store(ring->offset_mask, uint64_t{0xffff});
  slot->ptr = 0x1122334455667788;
  EXPECT_EQ(NETMAP_ROFFSET(ring, slot), 0x7788u);
  NETMAP_WOFFSET(ring, slot, 0x30);
  EXPECT_EQ(slot->ptr, 0x1122334455660030u);
  EXPECT_EQ(NETMAP_BUF_OFFSET(ring, slot), region_.buffer(slot->buf_idx) + 0x30);
  NETMAP_WOFFSET(ring, slot, 0x12345);  // Bits outside the mask are dropped.
  EXPECT_EQ(slot->ptr, 0x1122334455662345u);
}

TEST_F(RingTest, RingWithoutOffsetsKeepsPtr) {
  netmap_ring* ring = region_.tx(0);
  netmap_slot* slot = &ring->slot[0];
  slot->ptr = ~uint64_t{0};
  EXPECT_EQ(NETMAP_ROFFSET(ring, slot), 0u);
  NETMAP_WOFFSET(ring, slot, 64);
  EXPECT_EQ(slot->ptr, ~uint64_t{0});
  EXPECT_EQ(NETMAP_BUF_OFFSET(ring, slot), region_.buffer(slot->buf_idx));
}

TEST_F(RingTest, MacrosTakeExpressions) {
  netmap_ring* rings[] = {region_.tx(0), region_.tx(1)};
  netmap_ring** at = rings;
  EXPECT_EQ(NETMAP_BUF(*at, 1 + 1), region_.buffer(2));
  EXPECT_EQ(NETMAP_BUF_IDX(*(at + 1), region_.buffer(2) + 256), 3);
  EXPECT_EQ(NETMAP_RXRING(region_.nifp(), 2 - 1), region_.rx(1));
  EXPECT_EQ(NETMAP_IF(region_.memory(), 64 + 64), region_.nifp());
}

TEST(SlotTest, FragmentsAreInTheHighByte) {
  const netmap_slot slot = {.buf_idx = 0, .len = 0, .flags = 0x1220, .ptr = 0};
  EXPECT_EQ(NS_RFRAGS(&slot), 0x12);
}

TEST(LikelyTest, ConditionsKeepTheirValue) {
  EXPECT_TRUE(likely(4));
  EXPECT_FALSE(likely(0));
  EXPECT_TRUE(unlikely(4));
  EXPECT_FALSE(unlikely(0));
}

// Every size, at every alignment, into a buffer with guards.
TEST(CopyTest, ExactlyTheBytesAskedForAreCopied) {
  constexpr int kMost = 2100;
  std::vector<char> source(kMost + 8), target(kMost + 32);
  for (size_t i = 0; i < source.size(); i++) source[i] = static_cast<char>(i * 7 + 1);
  for (int length = 0; length <= kMost; length += length < 200 || length > 1000 ? 1 : 16) {
    for (int shift = 0; shift < 8; shift++) {
      std::fill(target.begin(), target.end(), '\x5a');
      nm_pkt_copy(source.data() + shift, target.data() + 8 + (7 - shift), length);
      char* begin = target.data() + 8 + (7 - shift);
      ASSERT_EQ(std::memcmp(begin, source.data() + shift, static_cast<size_t>(length)), 0)
          << length << " at " << shift;
      for (char* p = target.data(); p < begin; p++) ASSERT_EQ(*p, '\x5a');
      for (char* p = begin + length; p < target.data() + target.size(); p++) {
        ASSERT_EQ(*p, '\x5a') << length << " overrun at " << shift;
      }
    }
  }
}

// A heap block of exactly the size, for the address sanitizer.
TEST(CopyTest, SourceIsNotReadBeyondItsEnd) {
  for (int length : {1, 63, 64, 65, 128, 1000, 1023, 1024, 1500}) {
    std::vector<char> source(static_cast<size_t>(length), 'x'), target(source.size());
    nm_pkt_copy(source.data(), target.data(), length);
    EXPECT_EQ(source, target);
  }
}

TEST(CsbTest, ApplicationPublishesItsIndexes) {
  nm_csb_atok atok = {};
  nm_sync_kloop_appl_write(&atok, 7, 5);
  EXPECT_EQ(atok.cur, 7u);
  EXPECT_EQ(atok.head, 5u);
  EXPECT_EQ(atok.appl_need_kick, 0u);
  EXPECT_EQ(atok.sync_flags, 0u);
}

TEST(CsbTest, ApplicationReadsTheKernelsIndexes) {
  nm_csb_ktoa ktoa = {};
  ktoa.hwcur = 3;
  ktoa.hwtail = 9;
  uint32_t hwtail = 0, hwcur = 0;
  nm_sync_kloop_appl_read(&ktoa, &hwtail, &hwcur);
  EXPECT_EQ(hwtail, 9u);
  EXPECT_EQ(hwcur, 3u);
}

// The reader plays the kernel: it must never see a head without the cur written before it.
TEST(CsbTest, HeadNeverOvertakesCur) {
  nm_csb_atok atok = {};
  constexpr uint32_t kRounds = 200000;
  std::jthread writer([&atok] {
    for (uint32_t i = 1; i <= kRounds; i++) nm_sync_kloop_appl_write(&atok, i, i);
  });
  for (uint32_t head = 0; head != kRounds;) {
    head = __atomic_load_n(&atok.head, __ATOMIC_RELAXED);
    nm_ldld_barrier();
    const uint32_t cur = __atomic_load_n(&atok.cur, __ATOMIC_RELAXED);
    ASSERT_GE(cur, head);
  }
}

TEST(CsbTest, HwtailNeverOvertakesHwcur) {
  nm_csb_ktoa ktoa = {};
  constexpr uint32_t kRounds = 200000;
  std::jthread kernel([&ktoa] {
    for (uint32_t i = 1; i <= kRounds; i++) {
      __atomic_store_n(&ktoa.hwcur, i, __ATOMIC_RELAXED);
      nm_stst_barrier();
      __atomic_store_n(&ktoa.hwtail, i, __ATOMIC_RELAXED);
    }
  });
  for (uint32_t hwtail = 0, hwcur = 0; hwtail != kRounds;) {
    nm_sync_kloop_appl_read(&ktoa, &hwtail, &hwcur);
    ASSERT_GE(hwcur, hwtail);
  }
}

}  // namespace
}  // namespace mapwire::abi
