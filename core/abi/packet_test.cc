// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// nm_inject(), nm_dispatch() and nm_nextpkt() on rings built by hand.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/abi/region_for_test.h"

namespace mapwire::abi {
namespace {

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; i++) bytes[i] = static_cast<char>('a' + i % 23);
  return bytes;
}

class PacketTest : public testing::Test {
 protected:
  PacketTest() { region_.Bind(&d_); }
  ~PacketTest() override { free(&d_); }

  // What the slots from `first` on hold, as far as their packet goes.
  std::string Sent(netmap_ring* ring, uint32_t first) {
    std::string bytes;
    for (uint32_t i = first;; i = (i + 1) % ring->num_slots) {
      const netmap_slot& slot = ring->slot[i];
      bytes.append(region_.buffer(slot.buf_idx), slot.len);
      if (!(slot.flags & NS_MOREFRAG)) return bytes;
    }
  }

  int Inject(const std::string& bytes) { return nm_inject(&d_, bytes.data(), bytes.size()); }

  OwnedRegion region_{{.tx = 3, .rx = 3, .slots = 8, .buffer_size = 256}};
  // On the heap, as nm_open() has it: some of its members are const.
  nm_desc& d_ = *static_cast<nm_desc*>(malloc(sizeof(nm_desc)));
};

// --- nm_inject ---

TEST_F(PacketTest, InjectedPacketFillsOneSlot) {
  EXPECT_EQ(Inject(Pattern(60)), 60);
  netmap_ring* ring = region_.tx(0);
  EXPECT_EQ(ring->head, 1u);
  EXPECT_EQ(ring->cur, 1u);
  EXPECT_EQ(ring->tail, 7u);
  EXPECT_EQ(ring->slot[0].len, 60);
  EXPECT_EQ(ring->slot[0].flags, 0);
  EXPECT_EQ(Sent(ring, 0), Pattern(60));
  EXPECT_EQ(region_.buffer(ring->slot[0].buf_idx)[60], '\xee');
}

TEST_F(PacketTest, InjectedPacketSpansSlots) {
  EXPECT_EQ(Inject(Pattern(600)), 600);
  netmap_ring* ring = region_.tx(0);
  EXPECT_EQ(ring->head, 3u);
  EXPECT_EQ(ring->slot[0].len, 256);
  EXPECT_EQ(ring->slot[1].len, 256);
  EXPECT_EQ(ring->slot[2].len, 88);
  EXPECT_EQ(ring->slot[0].flags, NS_MOREFRAG);
  EXPECT_EQ(ring->slot[1].flags, NS_MOREFRAG);
  EXPECT_EQ(ring->slot[2].flags, 0);
  EXPECT_EQ(Sent(ring, 0), Pattern(600));
}

TEST_F(PacketTest, InjectedMultipleOfTheBufferSizeEndsInAFullSlot) {
  EXPECT_EQ(Inject(Pattern(512)), 512);
  netmap_ring* ring = region_.tx(0);
  EXPECT_EQ(ring->head, 2u);
  EXPECT_EQ(ring->slot[1].len, 256);
  EXPECT_EQ(ring->slot[1].flags, 0);
  EXPECT_EQ(Sent(ring, 0), Pattern(512));
}

TEST_F(PacketTest, InjectWrapsAroundTheRing) {
  netmap_ring* ring = region_.tx(0);
  ring->head = ring->cur = 6;
  ring->tail = 5;
  EXPECT_EQ(Inject(Pattern(700)), 700);
  EXPECT_EQ(ring->head, 1u);
  EXPECT_EQ(Sent(ring, 6), Pattern(700));
}

TEST_F(PacketTest, InjectNeedsRoomForTheWholePacket) {
  for (uint32_t i = 0; i < 3; i++) region_.tx(i)->tail = 2;
  EXPECT_EQ(Inject(Pattern(513)), 0);
  for (uint32_t i = 0; i < 3; i++) {
    EXPECT_EQ(region_.tx(i)->head, 0u);
    EXPECT_EQ(region_.buffer(region_.tx(i)->slot[0].buf_idx)[0], '\xee') << "partial packet";
  }
  EXPECT_EQ(Inject(Pattern(512)), 512);
}

TEST_F(PacketTest, InjectMovesToTheNextRingWithRoomAndStaysThere) {
  d_.cur_tx_ring = 1;
  region_.tx(1)->tail = 0;
  EXPECT_EQ(Inject(Pattern(10)), 10);
  EXPECT_EQ(region_.tx(2)->head, 1u);
  EXPECT_EQ(d_.cur_tx_ring, 2);
  region_.tx(2)->tail = 1;  // Full now; after the last ring comes the first.
  EXPECT_EQ(Inject(Pattern(10)), 10);
  EXPECT_EQ(region_.tx(0)->head, 1u);
  EXPECT_EQ(d_.cur_tx_ring, 0);
}

TEST_F(PacketTest, InjectFailsWhenAllRingsAreFullAndForgetsNothing) {
  d_.cur_tx_ring = 1;
  for (uint32_t i = 0; i < 3; i++) region_.tx(i)->tail = 0;
  EXPECT_EQ(Inject(Pattern(10)), 0);
  EXPECT_EQ(d_.cur_tx_ring, 1);
}

TEST_F(PacketTest, InjectUsesOnlyTheRingsOfTheDescriptor) {
  d_.first_tx_ring = d_.last_tx_ring = d_.cur_tx_ring = 1;
  region_.tx(1)->tail = 0;
  EXPECT_EQ(Inject(Pattern(10)), 0);
  EXPECT_EQ(region_.tx(0)->head, 0u);
  EXPECT_EQ(region_.tx(2)->head, 0u);
}

TEST_F(PacketTest, InjectSkipsRingsThatAreNotBound) {
  Store(region_.nifp()->ring_ofs[0], ssize_t{0});
  EXPECT_EQ(Inject(Pattern(10)), 10);
  EXPECT_EQ(region_.tx(1)->head, 1u);
}

TEST_F(PacketTest, InjectGoesOnFromCur) {
  netmap_ring* ring = region_.tx(0);
  ring->cur = 2;  // The program has filled slots 0 and 1 itself.
  EXPECT_EQ(Inject(Pattern(20)), 20);
  EXPECT_EQ(Sent(ring, 2), Pattern(20));
  EXPECT_EQ(ring->head, 3u);
  EXPECT_EQ(ring->cur, 3u);
}

TEST_F(PacketTest, InjectFillsTheRingButForOneSlot) {
  d_.last_tx_ring = 0;
  for (int i = 0; i < 7; i++) EXPECT_EQ(Inject(Pattern(64)), 64);
  EXPECT_EQ(Inject(Pattern(64)), 0);
  EXPECT_TRUE(nm_ring_empty(region_.tx(0)));
}

TEST_F(PacketTest, InjectKeepsBufferChangesAndDropsWhatAnEarlierPacketLeft) {
  netmap_slot& slot = region_.tx(0)->slot[0];
  slot.flags = NS_BUF_CHANGED | NS_REPORT | NS_MOREFRAG | NS_INDIRECT;
  EXPECT_EQ(Inject(Pattern(10)), 10);
  EXPECT_EQ(slot.flags, NS_BUF_CHANGED | NS_REPORT);
}

TEST_F(PacketTest, InjectWritesAtTheStartOfTheBuffer) {
  netmap_ring* ring = region_.tx(0);
  Store(ring->offset_mask, uint64_t{0xff});
  ring->slot[0].ptr = 0x1220;
  EXPECT_EQ(Inject(Pattern(10)), 10);
  EXPECT_EQ(ring->slot[0].ptr, 0x1200u);
  EXPECT_EQ(Sent(ring, 0), Pattern(10));
}

TEST_F(PacketTest, NothingToInjectDoesNothing) {
  EXPECT_EQ(nm_inject(&d_, "", 0), 0);
  EXPECT_EQ(region_.tx(0)->head, 0u);
}

// --- nm_dispatch ---

struct Seen {
  std::string bytes;
  nm_pkthdr hdr;
};

void Record(u_char* arg, const nm_pkthdr* hdr, const u_char* data) {
  auto* seen = reinterpret_cast<std::vector<Seen>*>(arg);
  seen->push_back({std::string(reinterpret_cast<const char*>(data), hdr->caplen), *hdr});
}

class DispatchTest : public PacketTest {
 protected:
  int Dispatch(int count) {
    return nm_dispatch(&d_, count, Record, reinterpret_cast<u_char*>(&seen_));
  }
  std::string Bytes() const {
    std::string all;
    for (const Seen& packet : seen_) all += packet.bytes + ' ';
    return all;
  }

  std::vector<Seen> seen_;
};

TEST_F(DispatchTest, NothingReceivedCallsNobody) {
  EXPECT_EQ(Dispatch(-1), 0);
  EXPECT_TRUE(seen_.empty());
}

TEST_F(DispatchTest, HeaderDescribesThePacket) {
  netmap_ring* ring = region_.rx(0);
  ring->ts = {1234, 5678};
  region_.Receive(ring, "hello");
  EXPECT_EQ(Dispatch(-1), 1);
  ASSERT_EQ(seen_.size(), 1u);
  const nm_pkthdr& hdr = seen_[0].hdr;
  EXPECT_EQ(seen_[0].bytes, "hello");
  EXPECT_EQ(hdr.len, 5u);
  EXPECT_EQ(hdr.caplen, 5u);
  EXPECT_EQ(hdr.ts.tv_sec, 1234);
  EXPECT_EQ(hdr.ts.tv_usec, 5678);
  EXPECT_EQ(hdr.flags, 0u);
  EXPECT_EQ(hdr.d, &d_);
  EXPECT_EQ(hdr.slot, &ring->slot[0]);
  EXPECT_EQ(hdr.buf, reinterpret_cast<uint8_t*>(region_.buffer(ring->slot[0].buf_idx)));
  EXPECT_EQ(ring->head, 1u);
  EXPECT_EQ(ring->cur, 1u);
}

TEST_F(DispatchTest, AllButTheLastPacketSayThatMoreFollow) {
  for (const char* text : {"one", "two", "three"}) region_.Receive(region_.rx(0), text);
  region_.Receive(region_.rx(2), "four");
  EXPECT_EQ(Dispatch(-1), 4);
  EXPECT_EQ(Bytes(), "one two three four ");
  for (size_t i = 0; i < seen_.size(); i++) {
    EXPECT_EQ(seen_[i].hdr.flags, i + 1 < seen_.size() ? NM_MORE_PKTS : 0) << i;
  }
}

// A callback may swap the buffers of its slots: they, and no later ones, have been released.
TEST_F(DispatchTest, CallbackSeesOnlyItsOwnSlotsReleased) {
  netmap_ring* ring = region_.rx(0);
  for (const char* text : {"one", "two", "three"}) region_.Receive(ring, text);
  static std::vector<uint32_t> heads;
  heads.clear();
  nm_dispatch(
      &d_, -1,
      [](u_char* arg, const nm_pkthdr*, const u_char*) {
        heads.push_back(reinterpret_cast<netmap_ring*>(arg)->head);
      },
      reinterpret_cast<u_char*>(ring));
  EXPECT_EQ(heads, (std::vector<uint32_t>{1, 2, 3}));
}

TEST_F(DispatchTest, CountLimitsThePackets) {
  for (const char* text : {"one", "two", "three"}) region_.Receive(region_.rx(1), text);
  EXPECT_EQ(Dispatch(2), 2);
  EXPECT_EQ(Bytes(), "one two ");
  EXPECT_EQ(seen_[1].hdr.flags, 0u) << "the last of this call";
  EXPECT_EQ(region_.rx(1)->head, 2u);
  EXPECT_EQ(d_.cur_rx_ring, 1);
  EXPECT_EQ(Dispatch(2), 1);
  EXPECT_EQ(Bytes(), "one two three ");
}

TEST_F(DispatchTest, ZeroMeansAll) {
  for (int i = 0; i < 7; i++) region_.Receive(region_.rx(1), "x");
  EXPECT_EQ(Dispatch(0), 7);
}

TEST_F(DispatchTest, RingsAreScannedFromTheCurrentOne) {
  region_.Receive(region_.rx(0), "zero");
  region_.Receive(region_.rx(1), "one");
  region_.Receive(region_.rx(2), "two");
  d_.cur_rx_ring = 1;
  EXPECT_EQ(Dispatch(-1), 3);
  EXPECT_EQ(Bytes(), "one two zero ");
}

TEST_F(DispatchTest, FragmentsInAdjacentBuffersAreOneContiguousPacket) {
  netmap_ring* ring = region_.rx(0);
  const std::string packet = Pattern(600);
  region_.Receive(ring, packet.substr(0, 256), NS_MOREFRAG);
  region_.Receive(ring, packet.substr(256, 256), NS_MOREFRAG);
  region_.Receive(ring, packet.substr(512));
  region_.Receive(ring, "next");
  EXPECT_EQ(Dispatch(-1), 2);
  EXPECT_EQ(seen_[0].hdr.len, 600u);
  EXPECT_EQ(seen_[0].hdr.caplen, 600u);
  EXPECT_EQ(seen_[0].bytes, packet);
  EXPECT_EQ(seen_[0].hdr.slot, &ring->slot[0]);
  EXPECT_EQ(seen_[1].bytes, "next");
  EXPECT_EQ(ring->head, 4u);
}

TEST_F(DispatchTest, CaplenStopsWhereBuffersAreNotAdjacent) {
  netmap_ring* ring = region_.rx(0);
  // Buffers of slots 0..2 become a, a+2, a+1: the third fragment lies where the second should.
  std::swap(ring->slot[1].buf_idx, ring->slot[2].buf_idx);
  region_.Receive(ring, Pattern(256), NS_MOREFRAG);
  region_.Receive(ring, Pattern(256), NS_MOREFRAG);
  region_.Receive(ring, Pattern(10));
  EXPECT_EQ(Dispatch(-1), 1);
  EXPECT_EQ(seen_[0].hdr.len, 522u);
  EXPECT_EQ(seen_[0].hdr.caplen, 256u);
}

TEST_F(DispatchTest, ShortFragmentBreaksContiguity) {
  netmap_ring* ring = region_.rx(0);
  region_.Receive(ring, Pattern(200), NS_MOREFRAG);
  region_.Receive(ring, Pattern(100));
  EXPECT_EQ(Dispatch(-1), 1);
  EXPECT_EQ(seen_[0].hdr.len, 300u);
  EXPECT_EQ(seen_[0].hdr.caplen, 200u);
}

TEST_F(DispatchTest, PacketWrapsAroundTheRing) {
  netmap_ring* ring = region_.rx(0);
  ring->head = ring->cur = ring->tail = 7;
  region_.Receive(ring, Pattern(256), NS_MOREFRAG);
  region_.Receive(ring, Pattern(5));
  EXPECT_EQ(Dispatch(-1), 1);
  EXPECT_EQ(seen_[0].hdr.len, 261u);
  EXPECT_EQ(ring->head, 1u);
}

TEST_F(DispatchTest, PacketWithoutAnEndStopsAtTheTail) {
  netmap_ring* ring = region_.rx(0);
  region_.Receive(ring, Pattern(256), NS_MOREFRAG);
  region_.Receive(ring, Pattern(256), NS_MOREFRAG);
  EXPECT_EQ(Dispatch(-1), 1);
  EXPECT_EQ(seen_[0].hdr.len, 512u);
  EXPECT_EQ(ring->head, 2u);
}

TEST_F(DispatchTest, PacketsBeginAtTheirOffset) {
  netmap_ring* ring = region_.rx(0);
  Store(ring->offset_mask, uint64_t{0xff});
  region_.Receive(ring, "..hello");
  ring->slot[0].ptr = 2;
  ring->slot[0].len = 5;
  EXPECT_EQ(Dispatch(-1), 1);
  EXPECT_EQ(Bytes(), "hello ");
}

// Where the ring is not bound, its address is that of the interface, whose counts would pass for
// indexes of a ring that holds a packet.
TEST_F(DispatchTest, RingsThatAreNotBoundAreSkipped) {
  OwnedRegion region({.tx = 2, .rx = 3});
  region.Bind(&d_);
  Store(region.nifp()->ring_ofs[2 + 1], ssize_t{0});
  region.Receive(region.rx(1), "one");
  EXPECT_EQ(Dispatch(-1), 1);
  EXPECT_EQ(Bytes(), "one ");
  nm_pkthdr hdr;
  EXPECT_EQ(nm_nextpkt(&d_, &hdr), nullptr);
}

// --- nm_nextpkt ---

TEST_F(PacketTest, NextPacketIsNullWhenThereIsNone) {
  nm_pkthdr hdr;
  EXPECT_EQ(nm_nextpkt(&d_, &hdr), nullptr);
}

TEST_F(PacketTest, NextPacketTakesOneSlotAtATime) {
  netmap_ring* ring = region_.rx(0);
  ring->ts = {11, 22};
  region_.Receive(ring, "first", NS_MOREFRAG);
  region_.Receive(ring, "second");
  nm_pkthdr hdr = {};
  u_char* data = nm_nextpkt(&d_, &hdr);
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(data), hdr.len), "first");
  EXPECT_EQ(hdr.caplen, 5u);
  EXPECT_EQ(hdr.ts.tv_sec, 11);
  EXPECT_EQ(hdr.ts.tv_usec, 22);
  EXPECT_EQ(ring->head, 1u);
  EXPECT_EQ(ring->cur, 1u);
  data = nm_nextpkt(&d_, &hdr);
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(data), hdr.len), "second");
  EXPECT_EQ(nm_nextpkt(&d_, &hdr), nullptr);
}

TEST_F(PacketTest, NextPacketGoesThroughTheRingsCyclically) {
  d_.cur_rx_ring = 1;
  region_.Receive(region_.rx(0), "zero");
  region_.Receive(region_.rx(2), "two");
  nm_pkthdr hdr;
  std::string order;
  while (u_char* data = nm_nextpkt(&d_, &hdr)) {
    order += std::string(reinterpret_cast<char*>(data), hdr.len) + ' ';
  }
  EXPECT_EQ(order, "two zero ");
  EXPECT_EQ(d_.cur_rx_ring, 0);
}

}  // namespace
}  // namespace mapwire::abi
