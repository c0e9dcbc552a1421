// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82599 model: transmit.
#include <cstdio>

#include "sim/nic/ixgbe/offload.h"
#include "sim/nic/ixgbe/test_driver.h"

namespace mapwire::sim {
namespace {

using Tx = IxgbeTest;

constexpr Time kSpacing60 = 67200 * kPicosecond;  // (8 + 60 + 4 + 12) bytes at 10 Gb/s

TEST_F(Tx, ShortFrameIsPaddedSentAndReported) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveFrame(ring, 0xAB, 42);
  Doorbell(ring);
  EXPECT_EQ(world.sent_count, 0u) << "nothing happens inside the doorbell";
  world.RunFor(10 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 1u);
  EXPECT_EQ(world.sent[0].bytes.size(), 60u);
  EXPECT_EQ(world.sent[0].bytes[41], 0xAB);
  EXPECT_EQ(world.sent[0].bytes[42], 0);
  EXPECT_TRUE(world.sent[0].crc_ok);
  EXPECT_TRUE(TxDone(ring, 0));
  EXPECT_EQ(Read<reg::Tdh>(), 1u);
}

TEST_F(Tx, ManyFramesWrapTheRingInOrder) {
  BringUp();
  Ring ring = TxRing(3, 16);
  uint32_t given = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 15; ++i) GiveFrame(ring, static_cast<uint8_t>(given++));
    Doorbell(ring);
    world.RunFor(10 * kMicrosecond);
    EXPECT_EQ(Read<reg::Tdh>(3), ring.tail);
  }
  ASSERT_EQ(world.sent.size(), given);
  for (uint32_t i = 0; i < given; ++i) EXPECT_EQ(world.sent[i].bytes[20], i & 0xFF);
}

TEST_F(Tx, FrameOfThreeDescriptorsIsGathered) {
  BringUp();
  Ring ring = TxRing(0, 64);
  for (int i = 0; i < 3; ++i) std::memset(Buffer(ring, i), i + 1, 1000);
  const uint32_t lengths[] = {100, 1000, 300};
  for (int i = 0; i < 3; ++i) {
    Give(ring, ring.buffers + i * kBuffer, lengths[i], i == 2, i == 2, 1400);
  }
  Doorbell(ring);
  world.RunFor(10 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 1u);
  const std::vector<uint8_t>& bytes = world.sent[0].bytes;
  ASSERT_EQ(bytes.size(), 1400u);
  EXPECT_EQ(bytes[99], 1);
  EXPECT_EQ(bytes[100], 2);
  EXPECT_EQ(bytes[1099], 2);
  EXPECT_EQ(bytes[1100], 3);
  EXPECT_FALSE(TxDone(ring, 1));
  EXPECT_TRUE(TxDone(ring, 2));
}

TEST_F(Tx, FrameWhoseLastDescriptorComesLaterWaits) {
  BringUp();
  Ring ring = TxRing(0, 64);
  Ring other = TxRing(1, 64);
  Give(ring, ring.buffers, 100, false, false, 200);
  Doorbell(ring);
  world.RunFor(10 * kMicrosecond);
  GiveFrame(other, 9);
  Doorbell(other);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 1u) << "the other queue is not held up";
  Give(ring, ring.buffers, 100, true, true, 200);
  Doorbell(ring);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 2u);
}

TEST_F(Tx, WithoutRsNothingIsWritten) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveFrame(ring, 1, 60, /*rs=*/false);
  GiveFrame(ring, 2, 60, /*rs=*/true);
  GiveFrame(ring, 3, 60, /*rs=*/false);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 3u);
  EXPECT_FALSE(TxDone(ring, 0));
  EXPECT_TRUE(TxDone(ring, 1));
  EXPECT_FALSE(TxDone(ring, 2));
}

TEST_F(Tx, WriteBacksWaitForTheThresholdOrTheTimer) {
  BringUp();
  Ring ring = TxRing(0, 64, false, 4);
  for (int i = 0; i < 6; ++i) GiveFrame(ring, 1);
  Doorbell(ring);
  world.RunFor(3 * kMicrosecond);
  EXPECT_TRUE(TxDone(ring, 3));
  EXPECT_FALSE(TxDone(ring, 5));
  world.RunFor(10 * kMicrosecond);
  EXPECT_TRUE(TxDone(ring, 5));
}

TEST_F(Tx, HeadWriteBackGivesTheHeadAndLeavesDescriptorsAlone) {
  BringUp();
  Ring ring = TxRing(0, 64, /*head_writeback=*/true);
  for (int i = 0; i < 40; ++i) GiveFrame(ring, 1, 60, i % 8 == 7);
  const reg::Descriptor before = *At(ring, 7);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  uint32_t head = 0;
  std::memcpy(&head, world.Memory(ring.head_word), 4);
  EXPECT_EQ(head, 40u);
  EXPECT_EQ(At(ring, 7)->q0, before.q0);
  EXPECT_EQ(At(ring, 7)->q1, before.q1);
}

TEST_F(Tx, RefusedDataReadHangsTheQueueAndNoOther) {
  BringUp();
  Ring ring = TxRing(0, 64);
  Ring other = TxRing(1, 64);
  GiveFrame(ring, 1);
  Give(ring, TestWorld::kNowhere, 60);
  GiveFrame(ring, 2);
  Doorbell(ring);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 1u);
  EXPECT_EQ(Read<reg::Tdh>(), 1u);
  EXPECT_EQ(nic->dma_faults(), 1u);
  GiveFrame(other, 3);
  Doorbell(other);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 2u);
  expected_faults = 1;
  // Off and on again heals it.
  Write<reg::Txdctl>(0);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(Read<reg::Txdctl>() & reg::Txdctl::Enable::kMask, 0u);
  Ring again = TxRing(0, 64);
  GiveFrame(again, 4);
  Doorbell(again);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 3u);
}

TEST_F(Tx, RefusedDescriptorReadHangsTheQueue) {
  BringUp();
  Write<reg::Tdbal>(0);
  Write<reg::Tdbah>(0);
  Write<reg::Tdlen>(1024);
  Write<reg::Txdctl>(reg::Txdctl::Enable::kMask);
  world.RunFor(50 * kMicrosecond);
  Write<reg::Tdt>(5);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(Read<reg::Tdh>(), 0u);
  expected_faults = 1;
}

struct BadDescriptor {
  const char* name;
  uint64_t set;
  uint64_t clear;
};

class TxBad : public IxgbeTest, public ::testing::WithParamInterface<BadDescriptor> {};

TEST_P(TxBad, IsReportedAndHangsTheQueueThere) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveFrame(ring, 1);
  GiveFrame(ring, 2);
  At(ring, 1)->q1 = (At(ring, 1)->q1 & ~GetParam().clear) | GetParam().set;
  GiveFrame(ring, 3);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  ExpectError(DriverError::kBadDescriptor);
  EXPECT_EQ(world.sent_count, 1u);
  EXPECT_EQ(Read<reg::Tdh>(), 1u);
}

using D = reg::TxData;
INSTANTIATE_TEST_SUITE_P(
    Descriptors, TxBad,
    ::testing::Values(BadDescriptor{"Legacy", 0, D::Dext::kMask},
                      BadDescriptor{"UnknownType", D::Dtyp::Make(7), D::Dtyp::kMask},
                      BadDescriptor{"Segmentation", D::Tse::kMask, 0},
                      BadDescriptor{"Checksum", D::Txsm::kMask, 0},
                      BadDescriptor{"Vlan", D::Vle::kMask, 0},
                      BadDescriptor{"Security", D::Ipsec::kMask, 0},
                      BadDescriptor{"DoneAlready", D::Dd::kMask, 0},
                      BadDescriptor{"NoData", 0, D::Dtalen::kMask},
                      BadDescriptor{"PayloadTooShort", D::Paylen::Make(16), D::Paylen::kMask},
                      BadDescriptor{"LessThanPayload", D::Paylen::Make(100), D::Paylen::kMask},
                      BadDescriptor{"MoreThanPayload", D::Paylen::Make(50), D::Paylen::kMask},
                      BadDescriptor{"Huge", D::Paylen::Make(20000), D::Paylen::kMask}),
    [](const auto& param) { return param.param.name; });

TEST_F(Tx, MissingIfcsIsReportedAndTheFrameIsBad) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveFrame(ring, 1);
  At(ring, 0)->q1 &= ~reg::TxData::Ifcs::kMask;
  Doorbell(ring);
  world.RunFor(10 * kMicrosecond);
  ExpectError(DriverError::kBadDescriptor);
  ASSERT_EQ(world.sent.size(), 1u);
  EXPECT_FALSE(world.sent[0].crc_ok);
}

TEST_F(Tx, ContextDescriptorIsPassed) {
  BringUp();
  Ring ring = TxRing(0, 64);
  *At(ring, 0) = {0,
                  reg::TxContext::Dtyp::Make(reg::kTxDtypContext) | reg::TxContext::Dext::Make(1)};
  ring.tail = 1;
  GiveFrame(ring, 1);
  Doorbell(ring);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 1u);
  EXPECT_EQ(Read<reg::Tdh>(), 2u);
}

// ---- Offloads ----

class TxOffload : public IxgbeTest {
 protected:
  static constexpr uint32_t kHeaders = 14 + 20 + 20;

  // What stands in front of `payload` bytes of TCP: addresses, IPv4, sequence number 1000, ACK, PSH
  // and FIN; checksum fields as a driver leaves them.
  static std::vector<uint8_t> TcpPacket(uint32_t payload, uint32_t pseudo_length) {
    std::vector<uint8_t> bytes(kHeaders + payload);
    for (uint32_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 3);
    const uint8_t ip[20] = {0x45, 0, 0, 0, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
    bytes[0] = 0x02;
    bytes[12] = 0x08, bytes[13] = 0x00;
    std::copy(ip, ip + 20, bytes.begin() + 14);
    bytes[16] = static_cast<uint8_t>((40 + payload) >> 8);
    bytes[17] = static_cast<uint8_t>(40 + payload);
    bytes[38] = bytes[39] = 0, bytes[40] = 1000 >> 8, bytes[41] = 1000 & 0xFF;
    bytes[46] = 0x50, bytes[47] = 0x19;
    uint32_t sum = 0x0A00 + 1 + 0x0A00 + 2 + 6 + pseudo_length;
    sum = (sum & 0xFFFF) + (sum >> 16);
    bytes[50] = static_cast<uint8_t>(sum >> 8), bytes[51] = static_cast<uint8_t>(sum);
    return bytes;
  }
  void GiveContext(Ring& ring, uint32_t mss, uint32_t slot = 0, uint32_t vlan = 0) {
    using C = reg::TxContext;
    *At(ring, ring.tail) = {C::Iplen::Make(20) | C::Maclen::Make(14) | C::Vlan::Make(vlan),
                            C::TucmdIpv4::Make(1) | C::TucmdL4t::Make(1) |
                                C::Dtyp::Make(reg::kTxDtypContext) | C::Dext::Make(1) |
                                C::Idx::Make(slot) | C::L4len::Make(20) | C::Mss::Make(mss)};
    ring.tail = (ring.tail + 1) % ring.size;
  }
  // The packet in one buffer per `chunk` bytes. `set` goes into the first descriptor.
  void GivePacket(Ring& ring, const std::vector<uint8_t>& bytes, uint64_t set, uint32_t paylen,
                  uint32_t chunk = 16384) {
    const uint64_t memory = world.Allocate(bytes.size());
    std::copy(bytes.begin(), bytes.end(), world.Memory(memory));
    const uint32_t total = static_cast<uint32_t>(bytes.size());
    for (uint32_t at = 0; at < total; at += chunk) {
      const uint32_t length = std::min(chunk, total - at);
      const bool last = at + length == total;
      Give(ring, memory + at, length, last, last, paylen);
      if (at == 0) At(ring, (ring.tail + ring.size - 1) % ring.size)->q1 |= set;
    }
  }
  bool Verifies(const std::vector<uint8_t>& frame) {
    const auto found = nic82599::CheckReceived(frame, 0x8100);
    return found.ip_checked && !found.ip_bad && found.l4_checked && !found.l4_bad;
  }
};

constexpr uint64_t kChecksums = reg::TxData::Ixsm::kMask | reg::TxData::Txsm::kMask;

TEST_F(TxOffload, ChecksumsAreInsertedWithTheContextNamed) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveContext(ring, 0, 1);
  GivePacket(ring, TcpPacket(100, 120), kChecksums | reg::TxData::Idx::Make(1), 154);
  GivePacket(ring, TcpPacket(7, 27), kChecksums | reg::TxData::Idx::Make(1), 61);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 2u) << "a context serves every packet behind it";
  EXPECT_TRUE(Verifies(world.sent[0].bytes));
  EXPECT_TRUE(Verifies(world.sent[1].bytes));
  EXPECT_EQ(Read<reg::Tdh>(), 3u);
}

TEST_F(TxOffload, AContextOfAnotherSlotIsNone) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveContext(ring, 0, 1);
  GivePacket(ring, TcpPacket(100, 120), kChecksums, 154);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  ExpectError(DriverError::kBadDescriptor);
  EXPECT_EQ(world.sent_count, 0u);
}

TEST_F(TxOffload, ContextsDoNotOutliveTheirQueue) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveContext(ring, 0);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  Write<reg::Txdctl>(0);
  world.RunFor(50 * kMicrosecond);
  ring = TxRing(0, 64);
  GivePacket(ring, TcpPacket(100, 120), kChecksums, 154);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  ExpectError(DriverError::kBadDescriptor);
}

TEST_F(TxOffload, AVlanTagIsInserted) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveContext(ring, 0, 0, 0x2007);
  GiveFrame(ring, 9, 80);
  At(ring, 1)->q1 |= reg::TxData::Vle::kMask;
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 1u);
  const std::vector<uint8_t>& bytes = world.sent[0].bytes;
  ASSERT_EQ(bytes.size(), 84u);
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin() + 11, bytes.begin() + 17),
            (std::vector<uint8_t>{9, 0x81, 0x00, 0x20, 0x07, 9}));
  EXPECT_EQ(Read<reg::Gotcl>(), 88u);
}

TEST_F(TxOffload, APacketIsCutIntoSegments) {
  BringUp();
  Ring ring = TxRing(0, 64);
  const std::vector<uint8_t> packet = TcpPacket(40000, 0);
  GiveContext(ring, 1460);
  GivePacket(ring, packet, kChecksums | reg::TxData::Tse::kMask, 40000);
  Doorbell(ring);
  world.RunFor(100 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 28u);
  std::vector<uint8_t> together;
  for (const TestWorld::Sent& sent : world.sent) {
    EXPECT_LE(sent.bytes.size(), 1514u);
    EXPECT_TRUE(Verifies(sent.bytes));
    together.insert(together.end(), sent.bytes.begin() + kHeaders, sent.bytes.end());
  }
  EXPECT_TRUE(
      std::equal(together.begin(), together.end(), packet.begin() + kHeaders, packet.end()));
  EXPECT_EQ(world.sent.front().bytes[47], 0x10) << "FIN and PSH are for the last";
  EXPECT_EQ(world.sent.back().bytes[47], 0x19);
  EXPECT_TRUE(TxDone(ring, 3));
  EXPECT_EQ(Read<reg::Tdh>(), 4u);
  EXPECT_EQ(Read<reg::Gptc>(), 28u);
  EXPECT_EQ(Read<reg::Qptc>(), 28u);
}

// The payload is larger than the packet buffer, headers and all; packets behind it wait.
TEST_F(TxOffload, SegmentsWaitForRoomInThePacketBuffer) {
  BringUp();
  Write<reg::Txpbsize>(4096);
  Ring ring = TxRing(0, 64);
  GiveContext(ring, 536);
  GivePacket(ring, TcpPacket(60000, 0), kChecksums | reg::TxData::Tse::kMask, 60000);
  for (uint8_t i = 0; i < 10; ++i) GiveFrame(ring, i, 1000);
  Doorbell(ring);
  world.RunFor(kMillisecond);
  EXPECT_EQ(world.sent_count, 112u + 10);
  EXPECT_EQ(world.sent.back().bytes[20], 9);
}

TEST_F(TxOffload, SegmentsBehindALinkThatIsDownDoNotHoldTheQueue) {
  BringUp();
  Write<reg::Txpbsize>(4096);
  Ring ring = TxRing(0, 64);
  GiveContext(ring, 536);
  GivePacket(ring, TcpPacket(60000, 0), kChecksums | reg::TxData::Tse::kMask, 60000);
  Doorbell(ring);
  world.RunFor(20 * kMicrosecond);
  nic->CarrierChanged(false);
  world.RunFor(20 * kMicrosecond);
  Write<reg::Txdctl>(0);
  world.RunFor(100 * kMicrosecond);
  EXPECT_EQ(Read<reg::Txdctl>() & reg::Txdctl::Enable::kMask, 0u);
  nic->BusReset();
}

TEST_F(Tx, QueuesTakeTurns) {
  BringUp();
  Ring a = TxRing(0, 256);
  Ring b = TxRing(127, 256);
  for (int i = 0; i < 120; ++i) {
    GiveFrame(a, 0xA0);
    GiveFrame(b, 0xB0);
  }
  Doorbell(a);
  Doorbell(b);
  world.RunFor(20 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 240u);
  int changes = 0;
  for (size_t i = 1; i < world.sent.size(); ++i) {
    changes += world.sent[i].bytes[20] != world.sent[i - 1].bytes[20] ? 1 : 0;
  }
  EXPECT_GT(changes, 120);
}

TEST_F(Tx, LinkDownHoldsFramesAndLinkUpReleasesThem) {
  BringUp();
  Ring ring = TxRing(0, 64);
  nic->CarrierChanged(false);
  for (int i = 0; i < 20; ++i) GiveFrame(ring, 1);
  Doorbell(ring);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 0u);
  LinkUp();
  EXPECT_EQ(world.sent_count, 20u);
}

TEST_F(Tx, DisableAnswersWhenNothingIsUnderWayAnyMore) {
  BringUp();
  Ring ring = TxRing(0, 64);
  for (int i = 0; i < 40; ++i) GiveFrame(ring, 1);
  Doorbell(ring);
  world.RunFor(1200 * kNanosecond);
  Write<reg::Txdctl>(0);
  EXPECT_NE(Read<reg::Txdctl>() & reg::Txdctl::Enable::kMask, 0u);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(Read<reg::Txdctl>() & reg::Txdctl::Enable::kMask, 0u);
  const uint64_t sent = world.sent_count;
  world.RunFor(kMillisecond);
  EXPECT_EQ(world.sent_count, sent);
}

TEST_F(Tx, StatisticsCountAndClearOnRead) {
  BringUp();
  Write<reg::Tqsm>(0x00000500, 0);  // queue 1 feeds counter set 5
  Ring ring = TxRing(1, 64);
  GiveFrame(ring, 1);
  GiveFrame(ring, 1, 200);
  std::memset(Buffer(ring, 1), 0xFF, 6);
  Doorbell(ring);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(Read<reg::Gptc>(), 2u);
  EXPECT_EQ(Read<reg::Gptc>(), 0u);
  EXPECT_EQ(Read<reg::Ptc64>(), 1u);
  EXPECT_EQ(Read<reg::Ptc255>(), 1u);
  EXPECT_EQ(Read<reg::Bptc>(), 1u);
  EXPECT_EQ(Read<reg::Gotcl>(), 268u);
  EXPECT_EQ(Read<reg::Gotcl>(), 268u) << "the high read ends the clear";
  EXPECT_EQ(Read<reg::Gotch>(), 0u);
  EXPECT_EQ(Read<reg::Gotcl>(), 0u);
  EXPECT_EQ(nic->RegisterRead(0x06030 + 5 * 0x40), 2u) << "the alias of QPTC";
  EXPECT_EQ(Read<reg::Qptc>(5), 0u);
  EXPECT_EQ(Read<reg::QbtcL>(5), 268u);
}

// A driver that refills a 512-entry ring in batches keeps the line full.
TEST_F(Tx, LineRateBackToBackWith60ByteFrames) {
  BringUp();
  world.keep_sent = false;
  Ring ring = TxRing(0, 512, /*head_writeback=*/true);
  constexpr uint64_t kFrames = 100000;
  uint64_t given = 0;
  while (world.sent_count < kFrames) {
    uint32_t head = 0;
    std::memcpy(&head, world.Memory(ring.head_word), 4);
    while (given < kFrames && (ring.tail + 1) % 512 != head) {
      GiveFrame(ring, 1, 60, given % 32 == 31 || given + 1 == kFrames);
      ++given;
    }
    Doorbell(ring);
    world.RunFor(5 * kMicrosecond);
    ASSERT_LT(world.Now(), kSecond);
  }
  EXPECT_EQ(world.gap_of_last, kSpacing60);
  EXPECT_LT(world.last_wide_gap, 10u) << "67.2 ns apart, once the reads are under way";
}

}  // namespace
}  // namespace mapwire::sim
