// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82599 model: receive.
#include <chrono>
#include <cstdio>
#include <set>

#include "sim/nic/ixgbe/test_driver.h"

namespace mapwire::sim {
namespace {

using Rx = IxgbeTest;
using SelfTest = IxgbeTest;
using Filter = IxgbeTest;
using Rss = IxgbeTest;

const std::vector<uint8_t> kBroadcast(6, 0xFF);
const std::vector<uint8_t> kStranger = {0x02, 1, 2, 3, 4, 5};
const std::vector<uint8_t> kGroup = {0x01, 0x00, 0x5E, 0x12, 0x34, 0x56};

TEST_F(Rx, OneFrameArrivesWithLengthAndBytes) {
  BringUp();
  Ring ring = RxRing(0, 64);
  const std::vector<uint8_t> bytes = FrameTo(OurAddress(), 73);
  Arrive(bytes);
  ASSERT_TRUE(RxDone(ring, 0));
  EXPECT_EQ(RxLength(ring, 0), 73u);
  EXPECT_EQ(Received(ring), 1u);
  EXPECT_EQ(std::memcmp(Buffer(ring, 0), bytes.data(), bytes.size()), 0);
  EXPECT_EQ(Read<reg::Rdh>(), 1u);
  EXPECT_FALSE(RxDone(ring, 1));
}

TEST_F(Rx, ManyFramesWrapTheRing) {
  BringUp();
  Ring ring = RxRing(5, 16);
  Write<reg::Mrqc>(reg::kMrqeRss | reg::Mrqc::RssIpv4::kMask);
  for (uint32_t i = 0; i < 32; ++i) Write<reg::Reta>(0x05050505, i);
  std::vector<uint8_t> bytes = FrameTo(OurAddress());
  bytes[12] = 0x08, bytes[13] = 0x00, bytes[14] = 0x45;
  uint32_t received = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 10; ++i) Arrive(bytes);
    const uint32_t got = Received(ring);
    received += got;
    Refill(ring, got);
  }
  EXPECT_EQ(received, 200u);
}

TEST_F(Rx, JumboFrameSpansDescriptorsAndOnlyTheLastHasEop) {
  BringUp();
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() | reg::Hlreg0::Jumboen::kMask);
  Write<reg::Maxfrs>(9018u << 16);
  Ring ring = RxRing(0, 64);
  const std::vector<uint8_t> bytes = FrameTo(OurAddress(), 9000);
  Arrive(bytes);
  for (uint32_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(RxDone(ring, i));
    EXPECT_EQ(RxLength(ring, i), 2048u);
    EXPECT_EQ(At(ring, i)->q1 & reg::RxWriteBack::Eop::kMask, 0u);
    EXPECT_EQ(std::memcmp(Buffer(ring, i), bytes.data() + i * 2048, 2048), 0);
  }
  EXPECT_EQ(RxLength(ring, 4), 9000u - 4 * 2048);
  EXPECT_NE(At(ring, 4)->q1 & reg::RxWriteBack::Eop::kMask, 0u);
}

TEST_F(Rx, JumboFrameLargerThanTheRingGoesOnWhenBuffersReturn) {
  BringUp();
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() | reg::Hlreg0::Jumboen::kMask);
  Write<reg::Maxfrs>(9018u << 16);
  Ring ring = RxRing(0, 64, /*drop=*/false, /*give=*/3);
  Arrive(FrameTo(OurAddress(), 9000));
  EXPECT_EQ(Received(ring), 0u);
  EXPECT_EQ(ring.next, 3u);
  Refill(ring, 5);
  EXPECT_EQ(Received(ring), 1u);
  EXPECT_EQ(ring.next, 5u);
}

TEST_F(Rx, SizeLimits) {
  BringUp();
  Ring ring = RxRing(0, 64);
  Arrive(FrameTo(OurAddress(), 1514));
  Arrive(FrameTo(OurAddress(), 1515));
  Arrive(FrameTo(OurAddress(), 59));
  EXPECT_EQ(Received(ring), 1u);
  EXPECT_EQ(Read<reg::Roc>(), 1u);
  EXPECT_EQ(Read<reg::Ruc>(), 1u);
}

TEST_F(Rx, BadCrcIsCountedAndDroppedUnlessBadFramesAreKept) {
  BringUp();
  Ring ring = RxRing(0, 64);
  Arrive(FrameTo(OurAddress()), /*crc_ok=*/false);
  EXPECT_EQ(Read<reg::Crcerrs>(), 1u);
  EXPECT_EQ(Received(ring), 0u);
  Write<reg::Fctrl>(reg::Fctrl::Sbp::kMask);
  Arrive(FrameTo(OurAddress()), /*crc_ok=*/false);
  EXPECT_EQ(Received(ring), 1u);
  EXPECT_NE(At(ring, 0)->q1 & reg::RxWriteBack::Rxe::kMask, 0u);
}

TEST_F(Rx, CrcIsKeptWhenStrippingIsOff) {
  BringUp();
  Write<reg::Rxctrl>(0);
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() & ~reg::Hlreg0::Rxcrcstrp::kMask);
  Write<reg::Rdrxctl>(0);
  Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
  Ring ring = RxRing(0, 64);
  Arrive(FrameTo(OurAddress()));
  EXPECT_EQ(RxLength(ring, 0), 64u);
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() | reg::Hlreg0::Rxcrcstrp::kMask);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Rdrxctl>(reg::Rdrxctl::Crcstrip::kMask);
  ExpectError(DriverError::kIllegalOrder);
}

TEST_F(Rx, ARingIsNotMovedWhileItsQueueIsOn) {
  BringUp();
  RxRing(0, 64);
  Write<reg::Rdbal>(0);
  Write<reg::Rdbah>(0);
  Write<reg::Rdlen>(128);
  for (int i = 0; i < 3; ++i) ExpectError(DriverError::kIllegalOrder);
  EXPECT_EQ(Read<reg::Rdlen>(), 64u * 16);
  Write<reg::Rdlen>(128, 1);
  EXPECT_EQ(Read<reg::Rdlen>(1), 128u) << "another queue, which is off";
}

TEST_F(Rx, ABufferHasOneToSixteenKib) {
  BringUp();
  for (const uint32_t kib : {1, 16}) {
    Write<reg::Rxdctl>(0, kib);
    Write<reg::Srrctl>(kib | 1u << 25, kib);
    Write<reg::Rdbal>(static_cast<uint32_t>(world.Allocate(128)), kib);
    Write<reg::Rdlen>(128, kib);
    Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask, kib);
    world.RunFor(50 * kMicrosecond);
    EXPECT_NE(Read<reg::Rxdctl>(kib) & reg::Rxdctl::Enable::kMask, 0u);
  }
  Write<reg::Srrctl>(17u | 1u << 25, 16);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Srrctl>(17u | 1u << 25, 3);
  Write<reg::Rdlen>(128, 3);
  Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask, 3);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(Read<reg::Rxdctl>(3) & reg::Rxdctl::Enable::kMask, 0u);
  ExpectError(DriverError::kBadGeometry);
  Write<reg::Srrctl>(2u | 1u << 25 | 1u << 5, 4);
  ExpectError(DriverError::kReservedBits);
}

TEST_F(Rx, ALimitBelowTheStandardNeedsJumboToo) {
  BringUp();
  Ring ring = RxRing(0, 64);
  Write<reg::Maxfrs>(604u << 16);
  Arrive(FrameTo(OurAddress(), 601));
  EXPECT_EQ(Received(ring), 1u);
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() | reg::Hlreg0::Jumboen::kMask);
  Arrive(FrameTo(OurAddress(), 600));
  Arrive(FrameTo(OurAddress(), 601));
  EXPECT_EQ(Received(ring), 1u);
  EXPECT_EQ(Read<reg::Roc>(), 1u);
  Write<reg::Maxfrs>(15873u << 16);
  ExpectError(DriverError::kBadGeometry);
}

// ---- Flow control ----

std::vector<uint8_t> PauseFrame(uint16_t quanta) {
  std::vector<uint8_t> bytes(60, 0);
  const uint8_t head[] = {0x01, 0x80, 0xC2, 0, 0, 0x01, 2, 0, 0, 0, 0, 9, 0x88, 0x08, 0, 1};
  std::copy(std::begin(head), std::end(head), bytes.begin());
  bytes[16] = static_cast<uint8_t>(quanta >> 8);
  bytes[17] = static_cast<uint8_t>(quanta);
  return bytes;
}

TEST_F(Rx, APauseFrameStopsTransmitOnlyIfItIsObeyed) {
  BringUp();
  Ring tx = TxRing(0, 64);
  const auto send = [&] {
    GiveFrame(tx, 1);
    Doorbell(tx);
    world.RunFor(20 * kMicrosecond);
    return world.sent_count;
  };
  Arrive(PauseFrame(0xFFFF));
  EXPECT_EQ(send(), 1u);
  Write<reg::Mflcn>(reg::Mflcn::Rfce::kMask | reg::Mflcn::Dpf::kMask);
  Arrive(PauseFrame(2000));  // 102.4 us
  EXPECT_EQ(send(), 1u);
  world.RunFor(70 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 1u);
  world.RunFor(20 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 2u);
  Arrive(PauseFrame(0xFFFF));
  EXPECT_EQ(send(), 2u);
  Arrive(PauseFrame(0));
  world.RunFor(kMicrosecond);
  EXPECT_EQ(world.sent_count, 3u);
  EXPECT_EQ(Read<reg::Lxoffrxcnt>(), 3u);
  EXPECT_EQ(Read<reg::Lxonrxcnt>(), 1u);
}

// The partner is asked to pause, asked again, and told when it may go on.
TEST_F(Rx, AFullPacketBufferAsksForAPauseIfFlowControlIsOn) {
  BringUp();
  Write<reg::Fcttv>(0x1000);
  Write<reg::Fcrtv>(0x0100);  // 13 us
  Write<reg::Fcrtl>(reg::Fcrtl::Xone::kMask | 2048);
  Write<reg::Fcrth>(reg::Fcrth::Fcen::kMask | 8192);
  Ring ring = RxRing(0, 64, false, 0);
  const auto fill = [&](uint32_t frames) {
    for (uint32_t i = 0; i < frames; ++i) Arrive(FrameTo(OurAddress(), 1024));
  };
  fill(9);
  EXPECT_EQ(world.sent_count, 0u) << "not asked to";
  Write<reg::Fccfg>(1 << reg::Fccfg::Tfce::kLow);
  fill(1);
  ASSERT_EQ(world.sent.size(), 1u);
  std::vector<uint8_t> pause = {0x01, 0x80, 0xC2, 0, 0, 1};
  const std::vector<uint8_t> ours = OurAddress();
  pause.insert(pause.end(), ours.begin(), ours.end());
  for (const uint8_t byte : {0x88, 0x08, 0x00, 0x01, 0x10, 0x00}) pause.push_back(byte);
  pause.resize(60);
  EXPECT_EQ(world.sent[0].bytes, pause);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(world.sent.size(), 5u);
  Refill(ring, 20);
  world.RunFor(50 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 6u);
  EXPECT_EQ(world.sent[5].bytes[16], 0u) << "the pause is over";
  EXPECT_EQ(Read<reg::Lxofftxc>(), 5u);
  EXPECT_EQ(Read<reg::Lxontxc>(), 1u);
  EXPECT_EQ(Received(ring), 10u);
}

// The lower threshold is above the upper one, and what goes out comes back and is taken in again.
TEST_F(Rx, ThresholdsTheWrongWayRoundDoNotFillTheLineWithPauses) {
  BringUp();
  Write<reg::Fcrtl>(reg::Fcrtl::Xone::kMask | 65536);
  Write<reg::Fcrth>(reg::Fcrth::Fcen::kMask);
  Write<reg::Fccfg>(1 << reg::Fccfg::Tfce::kLow);
  Write<reg::Mflcn>(reg::Mflcn::Pmcf::kMask);
  Write<reg::Fctrl>(reg::Fctrl::Mpe::kMask | reg::Fctrl::Bam::kMask);
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() | reg::Hlreg0::Lpbk::kMask);
  Ring tx = TxRing(0, 64);
  Ring rx = RxRing(0, 256, /*drop=*/true);
  for (uint8_t i = 0; i < 30; ++i) {
    GiveFrame(tx, i);
    std::memset(Buffer(tx, i), 0xFF, 6);
  }
  Doorbell(tx);
  world.RunFor(200 * kMicrosecond);
  Write<reg::Fccfg>(0);
  world.RunFor(200 * kMicrosecond);
  EXPECT_EQ(Read<reg::Qptc>(), 30u) << "frames go out all the same";
  EXPECT_GE(Received(rx), 30u);
}

TEST_F(Rx, MacControlFramesReachAQueueOnlyIfTheyMayPass) {
  BringUp();
  Write<reg::Fctrl>(reg::Fctrl::Mpe::kMask);
  Ring ring = RxRing(0, 64);
  std::vector<uint8_t> other = PauseFrame(1);
  other[15] = 9;
  Arrive(PauseFrame(1));
  Arrive(other);
  EXPECT_EQ(Received(ring), 1u) << "DPF is off, PMCF too";
  Write<reg::Mflcn>(reg::Mflcn::Dpf::kMask | reg::Mflcn::Pmcf::kMask);
  Arrive(PauseFrame(1));
  EXPECT_EQ(Received(ring), 0u);
  Arrive(other);
  EXPECT_EQ(Received(ring), 1u);
  Write<reg::Fccfg>(reg::Fccfg::Tfce::kMask);
  ExpectError(DriverError::kReservedBits);
}

// What arrives between the two reads of a pair is counted by the next.
TEST_F(Rx, ACounterPairLosesNothingBetweenItsReads) {
  BringUp();
  RxRing(0, 64);
  Arrive(FrameTo(OurAddress(), 96));
  EXPECT_EQ(Read<reg::Torl>(), 100u);
  Arrive(FrameTo(OurAddress(), 196));
  EXPECT_EQ(Read<reg::Torh>(), 0u);
  EXPECT_EQ(Read<reg::Torl>(), 200u);
}

TEST_F(Rx, WithoutDescriptorsDropEnDropsAndCounts) {
  BringUp();
  Write<reg::Rqsmr>(0x00000003, 0);  // queue 0 feeds counter set 3
  Ring ring = RxRing(0, 64, /*drop=*/true, /*give=*/4);
  for (int i = 0; i < 7; ++i) Arrive(FrameTo(OurAddress()));
  EXPECT_EQ(Received(ring), 4u);
  EXPECT_EQ(Read<reg::Qprdc>(3), 3u);
  EXPECT_EQ(Read<reg::Qprdc>(3), 0u);
  EXPECT_EQ(Read<reg::Qprc>(3), 4u);
  EXPECT_EQ(Read<reg::Gprc>(), 7u);
  EXPECT_TRUE(nic->Idle());
}

TEST_F(Rx, WithoutDescriptorsAndWithoutDropEnFramesWait) {
  BringUp();
  Ring ring = RxRing(0, 64, /*drop=*/false, /*give=*/4);
  for (int i = 0; i < 7; ++i) Arrive(FrameTo(OurAddress()));
  EXPECT_EQ(Received(ring), 4u);
  EXPECT_FALSE(nic->Idle());
  Refill(ring, 10);
  EXPECT_EQ(Received(ring), 3u);
  EXPECT_EQ(Read<reg::Qprdc>(), 0u);
}

TEST_F(Rx, FullPacketBufferMissesFramesAndRaisesRxMiss) {
  BringUp();
  Write<reg::Rxpbsize>(4u << 10);  // 4 KiB
  Ring ring = RxRing(0, 64, /*drop=*/false, /*give=*/1);
  Read<reg::Eicr>();
  for (int i = 0; i < 6; ++i) Arrive(FrameTo(OurAddress(), 1000));
  EXPECT_EQ(Read<reg::Rxmpc>(), 1u);
  EXPECT_EQ(Read<reg::Eicr>(), reg::Eicr::RxMiss::kMask);
  Refill(ring, 20);
  EXPECT_EQ(Received(ring), 5u);
}

TEST_F(Rx, DisableDropsWhatWaitsAndAnswersLater) {
  BringUp();
  Ring ring = RxRing(0, 64, /*drop=*/false, /*give=*/2);
  for (int i = 0; i < 5; ++i) Arrive(FrameTo(OurAddress()));
  Write<reg::Rxdctl>(0);
  EXPECT_NE(Read<reg::Rxdctl>() & reg::Rxdctl::Enable::kMask, 0u);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(Read<reg::Rxdctl>() & reg::Rxdctl::Enable::kMask, 0u);
  EXPECT_EQ(Read<reg::Rdh>(), 2u);
  EXPECT_EQ(Received(ring), 2u);
  EXPECT_TRUE(nic->Idle());
}

TEST_F(Rx, RefusedDescriptorReadDropsFramesAndNothingElse) {
  BringUp();
  Write<reg::Srrctl>(hw::Value<reg::Srrctl>(2).With<reg::Srrctl::Desctype>(1).raw());
  Write<reg::Rdlen>(1024);
  Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask);
  world.RunFor(50 * kMicrosecond);
  Write<reg::Rdt>(10);
  world.RunFor(50 * kMicrosecond);
  Arrive(FrameTo(OurAddress()));
  EXPECT_TRUE(nic->Idle());
  EXPECT_EQ(nic->dma_faults(), 1u);
  expected_faults = 1;
}

TEST_F(Rx, RefusedDataWriteTouchesNoMemory) {
  BringUp();
  Ring ring = RxRing(0, 64, false, 0);
  *At(ring, 0) = {TestWorld::kNowhere, 0};
  ring.tail = 1;
  Write<reg::Rdt>(1);
  Arrive(FrameTo(OurAddress()));
  EXPECT_TRUE(RxDone(ring, 0)) << "a posted write has no answer";
  expected_faults = 1;
}

TEST_F(Rx, DescriptorGivenBackAsItWasWrittenIsReported) {
  BringUp();
  Ring ring = RxRing(0, 64, false, 0);
  *At(ring, 0) = {ring.buffers, 1 | reg::RxWriteBack::PktLen::Make(60)};
  Write<reg::Rdt>(1);
  world.RunFor(5 * kMicrosecond);
  ExpectError(DriverError::kBadDescriptor);
}

// A driver that looks at lengths clears the length only.
TEST_F(Rx, DescriptorWhoseLengthWasClearedMayStillHaveDd) {
  BringUp();
  Ring ring = RxRing(0, 64, false, 0);
  *At(ring, 0) = {ring.buffers, 3};
  Write<reg::Rdt>(1);
  Arrive(FrameTo(OurAddress()));
  EXPECT_EQ(RxLength(ring, 0), 60u);
}

TEST_F(Rx, ChecksumsAreLookedAtAndJudged) {
  BringUp();
  Ring ring = RxRing(0, 64);
  std::vector<uint8_t> bytes = FrameTo(OurAddress(), 60);
  const uint8_t ip[28] = {0x45, 0, 0,  28, 0, 0, 0, 0, 64, 17, 0x66, 0xCF, 10,   0,
                          0,    1, 10, 0,  0, 2, 0, 9, 0,  9,  0,    8,    0xEB, 0xC9};
  bytes[12] = 0x08, bytes[13] = 0x00;
  std::copy(ip, ip + 28, bytes.begin() + 14);
  Arrive(bytes);
  bytes[40] ^= 1;
  Arrive(bytes);
  bytes[24] ^= 1;
  Arrive(bytes);
  Arrive(FrameTo(OurAddress()));
  using Wb = reg::RxWriteBack;
  constexpr uint64_t kVerdict = Wb::Ipcs::kMask | Wb::L4i::kMask | Wb::Ipe::kMask | Wb::L4e::kMask;
  constexpr uint64_t kLooked = Wb::Ipcs::kMask | Wb::L4i::kMask;
  EXPECT_EQ(At(ring, 0)->q1 & kVerdict, kLooked);
  EXPECT_EQ(At(ring, 1)->q1 & kVerdict, kLooked | Wb::L4e::kMask);
  EXPECT_EQ(At(ring, 2)->q1 & kVerdict, kLooked | Wb::L4e::kMask | Wb::Ipe::kMask);
  EXPECT_EQ(At(ring, 3)->q1 & kVerdict, 0u);
}

// ---- What a driver's self-tests do ----

TEST_F(SelfTest, ATailRegisterKeepsWhatIsWrittenWhileItsRingHasNoLength) {
  PowerOn();
  Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask);
  Write<reg::Rdt>(0x1234);
  EXPECT_EQ(Read<reg::Rdt>(), 0x1234u) << "before the queue is on";
  world.RunFor(50 * kMicrosecond);
  EXPECT_NE(Read<reg::Rxdctl>() & reg::Rxdctl::Enable::kMask, 0u);
  Write<reg::Rdt>(0xFFFF);
  EXPECT_EQ(Read<reg::Rdt>(), 0xFFFFu);
  Write<reg::Rdt>(0);
  Write<reg::Rxdctl>(0);
  world.RunFor(50 * kMicrosecond);
  EXPECT_EQ(Read<reg::Rxdctl>(), 0u);
}

TEST_F(SelfTest, ARingWithoutLengthIsAMistakeOnceReceiveIsOn) {
  PowerOn();
  Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask, 3);
  world.RunFor(50 * kMicrosecond);
  Write<reg::Rdrxctl>(reg::Rdrxctl::Crcstrip::kMask);
  Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
  ExpectError(DriverError::kBadGeometry);
}

// Descriptor monitoring bypassed, and CRC stripping never agreed on: as the loopback test has it.
TEST_F(SelfTest, FramesComeBackInLoopbackAndNoneFromTheLine) {
  PowerOn();
  Write<reg::Esdp>(reg::Esdp::Sdp3Iodir::kMask | reg::Esdp::Sdp3Data::kMask);  // the laser is off
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() | reg::Hlreg0::Lpbk::kMask);
  Write<reg::Fctrl>(reg::Fctrl::Bam::kMask | reg::Fctrl::Sbp::kMask | reg::Fctrl::Mpe::kMask);
  Write<reg::Autoc>(Read<reg::Autoc>() | reg::Autoc::Flu::kMask);
  Write<reg::Dmatxctl>(Read<reg::Dmatxctl>() | reg::Dmatxctl::Te::kMask);
  world.RunFor(kMillisecond);
  EXPECT_TRUE(nic->link_up()) << "forced";
  Ring tx = TxRing(0, 64);
  Ring rx = RxRing(0, 64);
  Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask | reg::Rxctrl::Dmbyps::kMask);
  for (uint8_t i = 0; i < 50; ++i) {
    GiveFrame(tx, i, 1024);
    std::memset(Buffer(tx, i), 0xFF, 6);
  }
  Doorbell(tx);
  Arrive(FrameTo(kBroadcast));
  world.RunFor(100 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 0u) << "nothing leaves the card";
  EXPECT_EQ(Received(rx), 50u);
  for (uint8_t i = 0; i < 50; ++i) {
    EXPECT_EQ(RxLength(rx, i), 1024u);
    EXPECT_EQ(Buffer(rx, i)[1023], i);
  }
  EXPECT_EQ(Read<reg::Gprc>(), 50u);
  EXPECT_EQ(Read<reg::Gptc>(), 50u);
}

TEST_F(Rx, VlanTagIsStrippedWhenTheQueueSaysSo) {
  BringUp();
  Ring ring = RxRing(0, 64);
  std::vector<uint8_t> bytes = FrameTo(OurAddress(), 64);
  bytes[12] = 0x81, bytes[13] = 0x00, bytes[14] = 0x20, bytes[15] = 0x07;
  Arrive(bytes);
  EXPECT_EQ(RxLength(ring, 0), 64u);
  Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask | reg::Rxdctl::Vme::kMask);
  Arrive(bytes);
  EXPECT_EQ(RxLength(ring, 1), 60u);
  EXPECT_EQ(At(ring, 1)->q1 >> 48, 0x2007u);
  EXPECT_NE(At(ring, 1)->q1 & reg::RxWriteBack::Vp::kMask, 0u);
}

TEST_F(Rx, StatisticsCountAndClearOnRead) {
  BringUp();
  RxRing(0, 64);
  Arrive(FrameTo(OurAddress()));
  Arrive(FrameTo(kBroadcast, 600));
  EXPECT_EQ(Read<reg::Gprc>(), 2u);
  EXPECT_EQ(Read<reg::Gprc>(), 0u);
  EXPECT_EQ(Read<reg::Prc64>(), 1u);
  EXPECT_EQ(Read<reg::Prc1023>(), 1u);
  EXPECT_EQ(Read<reg::Bprc>(), 1u);
  EXPECT_EQ(Read<reg::Gorcl>(), 668u);
  EXPECT_EQ(Read<reg::Gorch>(), 0u);
  EXPECT_EQ(Read<reg::Gorcl>(), 0u);
  EXPECT_EQ(Read<reg::QbrcL>(), 660u) << "the CRCs were stripped";
}

TEST_F(Rx, AQueueCountsTheCrcOnlyIfItIsKept) {
  BringUp();
  Write<reg::Rxctrl>(0);
  Write<reg::Rdrxctl>(0);
  Write<reg::Hlreg0>(Read<reg::Hlreg0>() & ~reg::Hlreg0::Rxcrcstrp::kMask);
  Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
  Ring ring = RxRing(0, 64);
  Arrive(FrameTo(OurAddress()));
  EXPECT_EQ(RxLength(ring, 0), 64u);
  EXPECT_EQ(Read<reg::Gorcl>(), 64u);
  EXPECT_EQ(Read<reg::QbrcL>(), 64u);
}

TEST_F(Rx, TheHeadOfAQueueThatIsOnStays) {
  BringUp();
  RxRing(0, 64);
  Write<reg::Rdh>(0);  // where it stands: no mistake
  Arrive(FrameTo(OurAddress()));
  EXPECT_EQ(Read<reg::Rdh>(), 1u);
  Write<reg::Rdh>(0);
  ExpectError(DriverError::kIllegalOrder);
  EXPECT_EQ(Read<reg::Rdh>(), 1u);
}

// ---- Filters ----

TEST_F(Filter, UnicastToOthersNeedsPromiscuous) {
  BringUp();
  Ring ring = RxRing(0, 64);
  Arrive(FrameTo(kStranger));
  EXPECT_EQ(Received(ring), 0u);
  Write<reg::Fctrl>(reg::Fctrl::Upe::kMask);
  Arrive(FrameTo(kStranger));
  EXPECT_EQ(Received(ring), 1u);
}

TEST_F(Filter, SecondAddressEntryMatchesWhenValid) {
  BringUp();
  Ring ring = RxRing(0, 64);
  Write<reg::Ral>(0x03020102, 7);
  Write<reg::Rah>(0x00000504, 7);
  Arrive(FrameTo(kStranger));
  EXPECT_EQ(Received(ring), 0u);
  Write<reg::Rah>(0x80000504, 7);
  Arrive(FrameTo(kStranger));
  EXPECT_EQ(Received(ring), 1u);
}

TEST_F(Filter, BroadcastNeedsBam) {
  BringUp();
  Ring ring = RxRing(0, 64);
  Arrive(FrameTo(kBroadcast));
  EXPECT_EQ(Received(ring), 1u);
  Write<reg::Fctrl>(0);
  Arrive(FrameTo(kBroadcast));
  EXPECT_EQ(Received(ring), 0u);
}

TEST_F(Filter, MulticastByHashOrPromiscuous) {
  BringUp();
  Ring ring = RxRing(0, 64);
  Arrive(FrameTo(kGroup));
  EXPECT_EQ(Received(ring), 0u);
  // MO 0: address bits 47:36, the first byte on the wire being bits 7:0.
  const uint32_t index = 0x56u << 4 | 0x3;
  Write<reg::Mta>(1u << (index & 31), index >> 5);
  Arrive(FrameTo(kGroup));
  EXPECT_EQ(Received(ring), 0u) << "MFE is off";
  Write<reg::Mcstctrl>(reg::Mcstctrl::Mfe::kMask);
  Arrive(FrameTo(kGroup));
  EXPECT_EQ(Received(ring), 1u);
  Write<reg::Mta>(0, index >> 5);
  Arrive(FrameTo(kGroup));
  EXPECT_EQ(Received(ring), 0u);
  Write<reg::Fctrl>(reg::Fctrl::Mpe::kMask);
  Arrive(FrameTo(kGroup));
  EXPECT_EQ(Received(ring), 1u);
}

TEST_F(Filter, VlanTableDecidesWhenOn) {
  BringUp();
  Ring ring = RxRing(0, 64);
  std::vector<uint8_t> bytes = FrameTo(OurAddress(), 64);
  bytes[12] = 0x81, bytes[13] = 0x00, bytes[14] = 0x00, bytes[15] = 0x45;
  Write<reg::Vlnctrl>(0x8100 | reg::Vlnctrl::Vfe::kMask);
  Arrive(bytes);
  EXPECT_EQ(Received(ring), 0u);
  Write<reg::Vfta>(1u << 5, 2);
  Arrive(bytes);
  EXPECT_EQ(Received(ring), 1u);
}

// ---- RSS ----

struct Vector {
  uint8_t source[4];
  uint8_t destination[4];
  uint16_t source_port;
  uint16_t destination_port;
  uint32_t ipv4_hash;
  uint32_t tcp_hash;
};

// The published verification suite of receive-side scaling.
constexpr uint8_t kKey[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                              0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                              0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                              0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
constexpr Vector kVectors[] = {
    {{66, 9, 149, 187}, {161, 142, 100, 80}, 2794, 1766, 0x323e8fc2, 0x51ccc178},
    {{199, 92, 111, 2}, {65, 69, 140, 83}, 14230, 4739, 0xd718262a, 0xc626b0ea},
    {{24, 19, 198, 95}, {12, 22, 207, 184}, 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
    {{38, 27, 205, 30}, {209, 142, 163, 6}, 48228, 2217, 0x82989176, 0xafc7327f},
    {{153, 39, 163, 191}, {202, 188, 127, 2}, 44251, 1303, 0x5d1809c5, 0x10e828a2},
};

std::vector<uint8_t> Ipv4Frame(std::vector<uint8_t> bytes, const Vector& v, uint8_t protocol) {
  bytes[12] = 0x08, bytes[13] = 0x00, bytes[14] = 0x45;
  bytes[20] = bytes[21] = 0;
  bytes[23] = protocol;
  std::copy(v.source, v.source + 4, &bytes[26]);
  std::copy(v.destination, v.destination + 4, &bytes[30]);
  bytes[34] = static_cast<uint8_t>(v.source_port >> 8);
  bytes[35] = static_cast<uint8_t>(v.source_port);
  bytes[36] = static_cast<uint8_t>(v.destination_port >> 8);
  bytes[37] = static_cast<uint8_t>(v.destination_port);
  return bytes;
}

class RssVector : public IxgbeTest {
 protected:
  void Configure(uint32_t fields) {
    BringUp();
    for (uint32_t i = 0; i < 10; ++i) {
      uint32_t word;
      std::memcpy(&word, kKey + 4 * i, 4);
      Write<reg::Rssrk>(word, i);
    }
    for (uint32_t i = 0; i < 32; ++i) Write<reg::Reta>(0, i);
    Write<reg::Rxcsum>(reg::Rxcsum::Pcsd::kMask);
    Write<reg::Mrqc>(reg::kMrqeRss | fields);
  }
};

TEST_F(RssVector, PublishedHashesOverAddressesAndPorts) {
  Configure(reg::Mrqc::RssTcpIpv4::kMask | reg::Mrqc::RssIpv4::kMask);
  Ring ring = RxRing(0, 64);
  uint32_t at = 0;
  for (const Vector& v : kVectors) {
    Arrive(Ipv4Frame(FrameTo(OurAddress()), v, 6));
    EXPECT_EQ(At(ring, at)->q0 >> 32, v.tcp_hash);
    EXPECT_EQ(At(ring, at)->q0 & 0xF, reg::kRssTypeTcpIpv4);
    ++at;
    Arrive(Ipv4Frame(FrameTo(OurAddress()), v, 17));  // UDP not enabled: addresses only
    EXPECT_EQ(At(ring, at)->q0 >> 32, v.ipv4_hash);
    EXPECT_EQ(At(ring, at)->q0 & 0xF, reg::kRssTypeIpv4);
    ++at;
  }
}

TEST_F(RssVector, FragmentsAndForeignTypesDoNotUsePorts) {
  Configure(reg::Mrqc::RssTcpIpv4::kMask);
  Ring ring = RxRing(0, 64);
  std::vector<uint8_t> fragment = Ipv4Frame(FrameTo(OurAddress()), kVectors[0], 6);
  fragment[20] = 0x20;
  Arrive(fragment);
  Arrive(FrameTo(OurAddress()));
  EXPECT_EQ(At(ring, 0)->q0 & 0xF, 0u);
  EXPECT_EQ(At(ring, 1)->q0, 0u);
}

TEST_F(RssVector, SpreadsFlowsOverSixteenQueues) {
  Configure(reg::Mrqc::RssUdpIpv4::kMask);
  for (uint32_t i = 0; i < 32; ++i) {
    uint32_t word = 0;
    for (uint32_t k = 0; k < 4; ++k) word |= ((4 * i + k) % 16) << (8 * k);
    Write<reg::Reta>(word, i);
  }
  std::vector<Ring> rings;
  for (uint32_t q = 0; q < 16; ++q) rings.push_back(RxRing(q, 128));
  Vector v = kVectors[0];
  for (uint16_t flow = 0; flow < 640; ++flow) {
    v.source_port = flow;
    Arrive(Ipv4Frame(FrameTo(OurAddress()), v, 17));
  }
  uint32_t total = 0;
  for (Ring& ring : rings) {
    const uint32_t got = Received(ring);
    EXPECT_GT(got, 20u);
    EXPECT_LT(got, 60u);
    total += got;
  }
  EXPECT_EQ(total, 640u);
}

// ---- Line rate ----

// Both directions at once, 512-entry rings, refilled every five microseconds.
TEST_F(Rx, LineRateBothWaysLosesNothing) {
  BringUp();
  world.keep_sent = false;
  Ring rx = RxRing(0, 512, /*drop=*/true);
  Ring tx = TxRing(0, 512, /*head_writeback=*/true);
  constexpr uint64_t kFrames = 200000;
  constexpr Time kSpacing = 67200;
  const std::vector<uint8_t> bytes = FrameTo(OurAddress());
  uint64_t arrived = 0, given = 0, received = 0;
  Time next = world.Now() + kMicrosecond;
  const auto start = std::chrono::steady_clock::now();
  while (received < kFrames || world.sent_count < kFrames) {
    uint32_t head = 0;
    std::memcpy(&head, world.Memory(tx.head_word), 4);
    while (given < kFrames && (tx.tail + 1) % 512 != head) {
      GiveFrame(tx, 1, 60, given % 32 == 31 || given + 1 == kFrames);
      ++given;
    }
    Doorbell(tx);
    const uint32_t got = Received(rx);
    received += got;
    for (uint32_t i = 0; i < got; ++i) {
      *At(rx, rx.tail) = {rx.buffers + uint64_t{rx.tail} * kBuffer, 0};
      rx.tail = (rx.tail + 1) % 512;
    }
    Write<reg::Rdt>(rx.tail);
    const Time end = world.Now() + 5 * kMicrosecond;
    for (; arrived < kFrames && next <= end; next += kSpacing, ++arrived) {
      world.RunUntil(next);
      FramePointer frame = world.pool.Get();
      frame->bytes.assign(bytes.begin(), bytes.end());
      nic->FrameReceived(std::move(frame));
    }
    world.RunUntil(end);
    ASSERT_LT(world.Now(), kSecond);
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.2f M frames/s of host time (both ways together), %.2f events per frame\n",
              2e-6 * kFrames / seconds, static_cast<double>(world.events) / (2 * kFrames));
  EXPECT_EQ(Read<reg::Qprdc>(), 0u);
  EXPECT_EQ(Read<reg::Rxmpc>(), 0u);
  EXPECT_EQ(received, kFrames);
  EXPECT_LT(world.last_wide_gap, 10u);
}

}  // namespace
}  // namespace mapwire::sim
