// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The small steps of the 82599 driver, each against the exact list of its register accesses.
#include <gtest/gtest.h>

#include "drivers/ixgbe/ixgbe_bring_up.h"
#include "drivers/ixgbe/ixgbe_regs.h"
#include "testing/mmio/fake_sleeper.h"
#include "testing/mmio/scripted_mmio.h"

namespace mapwire::ixgbe {
namespace {

class Steps : public ::testing::Test {
 protected:
  Device device() { return {script.mmio(), &sleeper}; }

  // SMBI free, then both bits held.
  void ExpectRegisterLock() {
    script.ExpectRead(hw::Value<Swsm>(0));
    script.ExpectModify(hw::Value<Swsm>(1), hw::Value<Swsm>(3));
    script.ExpectRead(hw::Value<Swsm>(3));
  }
  void ExpectRegisterUnlock() { script.ExpectModify(hw::Value<Swsm>(3), hw::Value<Swsm>(0)); }

  void ExpectMasked() {
    script.ExpectWrite(hw::Value<Eimc>(0x7FFFFFFF));
    script.ExpectWrite(hw::Value<EimcEx>(0xFFFFFFFF), 0);
    script.ExpectWrite(hw::Value<EimcEx>(0xFFFFFFFF), 1);
    script.ExpectWrite(hw::Value<Eicr>(0x5F7FFFFF));
  }

  testing::ScriptedMmio script{AllRegisters::kRows};
  testing::FakeSleeper sleeper;
};

TEST_F(Steps, MaskingClearsEveryMaskAndEveryCauseWithoutARead) {
  ExpectMasked();
  MaskInterrupts(device());
}

TEST_F(Steps, ResetWithTheLinkUpLeavesTheLinkAlone) {
  script.ExpectRead(hw::Value<Links>().With<Links::LinkUp>(1));
  script.ExpectRead(hw::Value<Ctrl>(0x4));
  script.ExpectWrite(hw::Value<Ctrl>(0x04000004));
  script.ExpectPoll<Ctrl>({0x04000004, 0x04000000, 0});
  ExpectMasked();
  EXPECT_EQ(Reset(device(), false), kOkStatus);
  EXPECT_EQ(sleeper.now_us(), 1'000u + 2 * 1'000 + 50'000);
}

TEST_F(Steps, ResetWithTheLinkDownResetsTheLinkToo) {
  script.ExpectRead(hw::Value<Links>(0));
  script.ExpectRead(hw::Value<Ctrl>(0));
  script.ExpectWrite(hw::Value<Ctrl>(0x04000008));
  script.ExpectPoll<Ctrl>({0x00000008, 0});
  ExpectMasked();
  EXPECT_EQ(Reset(device(), false), kOkStatus);
}

TEST_F(Steps, ResetTwiceIsTwoWholeResets) {
  for (int round = 0; round < 2; ++round) {
    script.ExpectRead(hw::Value<Links>().With<Links::LinkUp>(1));
    script.ExpectRead(hw::Value<Ctrl>(0));
    script.ExpectWrite(hw::Value<Ctrl>(0x04000000));
    script.ExpectRead(hw::Value<Ctrl>(0));
  }
  ExpectMasked();
  EXPECT_EQ(Reset(device(), true), kOkStatus);
}

TEST_F(Steps, ResetOfADeviceThatIsGoneWritesNothing) {
  script.ExpectRead(hw::Value<Links>(kGone));
  script.ExpectRead(hw::Value<Ctrl>(kGone));
  EXPECT_EQ(Reset(device(), true), Errno::kIo);
  EXPECT_EQ(sleeper.now_us(), 0u);
}

TEST_F(Steps, ReceiveIsClosedBehindTheIdleDoor) {
  script.ExpectModify(hw::Value<Secrxctrl>(0), hw::Value<Secrxctrl>(2));
  script.ExpectPoll<Secrxstat>({0, 0, 1});
  script.ExpectModify(hw::Value<Rxctrl>(1), hw::Value<Rxctrl>(0));
  script.ExpectModify(hw::Value<Secrxctrl>(2), hw::Value<Secrxctrl>(0));
  SetReceive(device(), false);
  EXPECT_EQ(sleeper.now_us(), 2'000u);
}

TEST_F(Steps, AnEepromWordIsAskedForAndPolled) {
  script.ExpectWrite(hw::Value<Eerd>(0x3F << 2 | 1));
  script.ExpectPoll<Eerd>({0x3F << 2 | 1, 0xBEEF0000 | 0x3F << 2 | 3});
  const Result<uint16_t> word = ReadEepromWord(device(), 0x3F);
  ASSERT_TRUE(word.ok());
  EXPECT_EQ(*word, 0xBEEF);
}

TEST_F(Steps, OwnershipWaitsForTheFirmwareTwinAndGivesTheLockBackMeanwhile) {
  ExpectRegisterLock();
  script.ExpectRead(hw::Value<SwFwSync>(SwFwSync::FwEepSm::kMask));
  ExpectRegisterUnlock();
  ExpectRegisterLock();
  script.ExpectModify(hw::Value<SwFwSync>(0x8), hw::Value<SwFwSync>(0x9));
  ExpectRegisterUnlock();
  EXPECT_EQ(TakeOwnership(device(), SwFwSync::SwEepSm::kMask), kOkStatus);
  EXPECT_EQ(sleeper.now_us(), 5'000u);
}

TEST_F(Steps, ReleasedOwnershipClearsOurBitOnly) {
  ExpectRegisterLock();
  script.ExpectModify(hw::Value<SwFwSync>(0x9), hw::Value<SwFwSync>(0x8));
  ExpectRegisterUnlock();
  ReleaseOwnership(device(), SwFwSync::SwEepSm::kMask);
}

TEST_F(Steps, TheMacIsReadInWireOrder) {
  script.ExpectRead(hw::Value<Ral>(0x33221102));
  script.ExpectRead(hw::Value<Rah>(0x80005544));
  uint8_t mac[6] = {};
  EXPECT_EQ(ReadMac(device(), mac), kOkStatus);
  EXPECT_EQ(mac[0], 0x02);
  EXPECT_EQ(mac[3], 0x33);
  EXPECT_EQ(mac[5], 0x55);
}

TEST_F(Steps, AMulticastAZeroOrAnInvalidMacIsRefused) {
  uint8_t mac[6] = {};
  script.ExpectRead(hw::Value<Ral>(0x33221101));
  script.ExpectRead(hw::Value<Rah>(0x80005544));
  EXPECT_EQ(ReadMac(device(), mac), Errno::kIo);
  script.ExpectRead(hw::Value<Ral>(0));
  script.ExpectRead(hw::Value<Rah>(0x80000000));
  EXPECT_EQ(ReadMac(device(), mac), Errno::kIo);
  script.ExpectRead(hw::Value<Ral>(0x33221102));
  script.ExpectRead(hw::Value<Rah>(0x00005544));
  EXPECT_EQ(ReadMac(device(), mac), Errno::kIo);
}

void ExpectRxQueueProgrammed(testing::ScriptedMmio& script) {
  script.ExpectWrite(hw::Value<Rxdctl>(0), 3);
  script.ExpectWrite(hw::Value<Rdbal>(0x89ABCD80), 3);
  script.ExpectWrite(hw::Value<Rdbah>(0x00000012), 3);
  script.ExpectWrite(hw::Value<Rdlen>(512 * 16), 3);
  script.ExpectWrite(hw::Value<Rdh>(0), 3);
  script.ExpectWrite(hw::Value<Rdt>(0), 3);
  script.ExpectWrite(hw::Value<Srrctl>(0x12000002), 3);  // drop, advanced, 2 KiB
  script.ExpectWrite(hw::Value<Rscctl>(0), 3);
  script.ExpectModify(hw::Value<DcaRxctrl>(0x0000BA00), hw::Value<DcaRxctrl>(0x0000A200), 3);
  script.ExpectWrite(hw::Value<Rxdctl>(0x02000000), 3);
}

const nic::RxQueueSetup kRxSetup = {DeviceAddress(0x1289ABCD80), 512, 2048};

TEST_F(Steps, ARxQueueIsProgrammedThenEnabledThenPolled) {
  ExpectRxQueueProgrammed(script);
  script.ExpectPoll<Rxdctl>({0, 0x02000000}, 3);
  EXPECT_EQ(StartRxQueue(device(), 3, kRxSetup), kOkStatus);
}

TEST_F(Steps, ARxQueueThatStaysOffIsSwitchedOffAndTimesOut) {
  ExpectRxQueueProgrammed(script);
  for (int i = 0; i <= 20; ++i) script.ExpectRead(hw::Value<Rxdctl>(0), 3);
  script.ExpectWrite(hw::Value<Rxdctl>(0), 3);
  EXPECT_EQ(StartRxQueue(device(), 3, kRxSetup), Errno::kTimedOut);
  EXPECT_EQ(sleeper.now_us(), 20'000u);
}

TEST_F(Steps, ARxQueueIsStoppedPolledAndLeftToSettle) {
  script.ExpectWrite(hw::Value<Rxdctl>(0), 5);
  script.ExpectPoll<Rxdctl>({0x02000000, 0}, 5);
  EXPECT_EQ(StopRxQueue(device(), 5), kOkStatus);
  EXPECT_EQ(sleeper.now_us(), 200u);
}

void ExpectTxQueueProgrammed(testing::ScriptedMmio& script) {
  script.ExpectWrite(hw::Value<Txdctl>(0), 15);
  script.ExpectWrite(hw::Value<Tdbal>(0x00001000), 15);
  script.ExpectWrite(hw::Value<Tdbah>(0x00000001), 15);
  script.ExpectWrite(hw::Value<Tdlen>(1024 * 16), 15);
  script.ExpectWrite(hw::Value<Tdh>(0), 15);
  script.ExpectWrite(hw::Value<Tdt>(0), 15);
  script.ExpectWrite(hw::Value<Tdwbah>(0x00000002), 15);
  script.ExpectWrite(hw::Value<Tdwbal>(0x00003041), 15);
  script.ExpectModify(hw::Value<DcaTxctrl>(0x00002A00), hw::Value<DcaTxctrl>(0x00002200), 15);
  script.ExpectWrite(hw::Value<Txdctl>(0x02000824), 15);  // WTHRESH 0
}

const nic::TxQueueSetup kTxSetup = {DeviceAddress(0x100001000), 1024, DeviceAddress(0x200003040)};

TEST_F(Steps, ATxQueueIsProgrammedWithHeadWriteBackThenEnabledThenPolled) {
  ExpectTxQueueProgrammed(script);
  script.ExpectPoll<Txdctl>({0x00000824, 0x02000824}, 15);
  EXPECT_EQ(StartTxQueue(device(), 15, kTxSetup), kOkStatus);
}

// Eight descriptors are never waiting at once in a ring of eight.
TEST_F(Steps, AShortTxRingIsFetchedFromOneDescriptorOn) {
  for (const uint32_t count : {8, 56, 64}) {
    script.ExpectWrite(hw::Value<Txdctl>(0), 0);
    script.ExpectWrite(hw::Value<Tdbal>(0x1000), 0);
    script.ExpectWrite(hw::Value<Tdbah>(0), 0);
    script.ExpectWrite(hw::Value<Tdlen>(count * 16), 0);
    script.ExpectWrite(hw::Value<Tdh>(0), 0);
    script.ExpectWrite(hw::Value<Tdt>(0), 0);
    script.ExpectWrite(hw::Value<Tdwbah>(0), 0);
    script.ExpectWrite(hw::Value<Tdwbal>(0x2001), 0);
    script.ExpectModify(hw::Value<DcaTxctrl>(0), hw::Value<DcaTxctrl>(0), 0);
    script.ExpectWrite(hw::Value<Txdctl>(count == 64 ? 0x02000824 : 0x02000124), 0);
    script.ExpectPoll<Txdctl>({0x02000000}, 0);
    EXPECT_EQ(StartTxQueue(device(), 0, {DeviceAddress(0x1000), count, DeviceAddress(0x2000)}),
              kOkStatus);
  }
}

TEST_F(Steps, ATxQueueOnADeviceThatIsGoneFailsAtOnce) {
  ExpectTxQueueProgrammed(script);
  script.ExpectPoll<Txdctl>({kGone}, 15);
  script.ExpectWrite(hw::Value<Txdctl>(0), 15);
  EXPECT_EQ(StartTxQueue(device(), 15, kTxSetup), Errno::kIo);
  EXPECT_EQ(sleeper.now_us(), 0u);
}

TEST_F(Steps, ATxQueueIsFlushedStoppedPolledAndLeftToSettle) {
  script.ExpectWrite(hw::Value<Txdctl>(0x04000000), 2);
  script.ExpectPoll<Txdctl>({0x06000000, 0x04000000}, 2);
  EXPECT_EQ(StopTxQueue(device(), 2), kOkStatus);
  EXPECT_EQ(sleeper.now_us(), 200u);
}

TEST_F(Steps, TheArbiterStandsStillWhileTheQueueLayoutChanges) {
  script.ExpectWrite(hw::Value<Dtxmxszrq>(0xFFF));
  script.ExpectWrite(hw::Value<Txpbsize>(0x28000), 0);
  script.ExpectWrite(hw::Value<Txpbthresh>(150), 0);
  for (uint32_t i = 1; i < 8; ++i) {
    script.ExpectWrite(hw::Value<Txpbsize>(0), i);
    script.ExpectWrite(hw::Value<Txpbthresh>(0), i);
  }
  script.ExpectModify(hw::Value<Rttdcs>(0), hw::Value<Rttdcs>(0x40));
  script.ExpectWrite(hw::Value<Mtqc>(0));
  script.ExpectModify(hw::Value<Rttdcs>(0x40), hw::Value<Rttdcs>(0));
  script.ExpectModify(hw::Value<Dmatxctl>(0x81000000), hw::Value<Dmatxctl>(0x81000001));
  SetUpTransmit(device());
}

TEST_F(Steps, ThreeQueuePairsShareVectorsByPairAndTheRestGetsTheFourth) {
  script.ExpectWrite(hw::Value<Gpie>(0xC0000030));
  script.ExpectWrite(hw::Value<Ivar>(0x81818080), 0);
  script.ExpectWrite(hw::Value<Ivar>(0x00008282), 1);
  script.ExpectWrite(hw::Value<IvarMisc>(0x8300));
  script.ExpectWrite(hw::Value<Eiac>(0x7));
  script.ExpectWrite(hw::Value<Eiam>(0x00100007));
  script.ExpectWrite(hw::Value<EiamEx>(0x7), 0);
  for (uint32_t i = 0; i < 3; ++i) script.ExpectWrite(hw::Value<Eitr>(13 << 3), i);
  script.ExpectWrite(hw::Value<Eitr>(0), 3);
  script.ExpectWrite(hw::Value<EimsEx>(0x8), 0);
  nic::DriverConfig config;
  config.queue_pairs = 3;
  config.interrupt_interval_us = 25;  // 13 steps: never more often than asked
  SetUpInterrupts(device(), config);
}

TEST_F(Steps, SixteenQueuePairsUseEightWordsAndTheSeventeenthVector) {
  script.ExpectWrite(hw::Value<Gpie>(0xC0000030));
  for (uint32_t i = 0; i < 8; ++i) {
    script.ExpectWrite(hw::Value<Ivar>(0x81818080 + i * 0x02020202), i);
  }
  script.ExpectWrite(hw::Value<IvarMisc>(0x9000));
  script.ExpectWrite(hw::Value<Eiac>(0xFFFF));
  script.ExpectWrite(hw::Value<Eiam>(0x0010FFFF));
  script.ExpectWrite(hw::Value<EiamEx>(0xFFFF), 0);
  for (uint32_t i = 0; i < 16; ++i) {
    const uint32_t eitr = i == 0 ? 0 : i == 9 ? 511 << 3 : 1 << 3;
    script.ExpectWrite(hw::Value<Eitr>(eitr), i);
  }
  script.ExpectWrite(hw::Value<Eitr>(0), 16);
  script.ExpectWrite(hw::Value<EimsEx>(0x10000), 0);
  nic::DriverConfig config;
  config.queue_pairs = 16;
  config.interrupt_interval_us = 1;
  config.queues[0] = {.own_interrupt_interval = true, .interrupt_interval_us = 0};
  config.queues[9] = {.own_interrupt_interval = true, .interrupt_interval_us = 1022};
  config.queues[10] = {.own_interrupt_interval = false, .interrupt_interval_us = 500};
  SetUpInterrupts(device(), config);
}

TEST_F(Steps, ArmingAQueueIsOneWrite) {
  script.ExpectWrite(hw::Value<EimsEx>(0x20), 0);
  UnmaskQueue(device(), 5);
}

TEST_F(Steps, OtherCausesAreSeenWithoutTouchingQueueCauses) {
  script.ExpectRead(hw::Value<Eics>(0x00100003));
  script.ExpectWrite(hw::Value<Eicr>(0x00100000));
  EXPECT_EQ(TakeOtherCauses(device()), 0x00100000u);
}

TEST_F(Steps, OtherCausesOfADeviceThatIsGoneAreNotAcknowledged) {
  script.ExpectRead(hw::Value<Eics>(kGone));
  EXPECT_EQ(TakeOtherCauses(device()), kGone);
}

TEST_F(Steps, TheLinkIsReadTwiceAndTheSecondCounts) {
  script.ExpectPoll<Links>({0, 0x70000000});
  bool gone = true;
  const nic::LinkState state = ReadLink(device(), &gone);
  EXPECT_TRUE(state.up);
  EXPECT_EQ(state.mbps, 10'000u);
  EXPECT_FALSE(gone);
}

TEST_F(Steps, LinkSetUpLightsTheLaserAndRestartsSfi) {
  script.ExpectModify(hw::Value<Esdp>(0x080C), hw::Value<Esdp>(0x0804));
  ExpectRegisterLock();
  script.ExpectModify(hw::Value<SwFwSync>(0), hw::Value<SwFwSync>(0x8));
  ExpectRegisterUnlock();
  script.ExpectModify(hw::Value<Autoc2>(0), hw::Value<Autoc2>(2 << 16));
  script.ExpectModify(hw::Value<Autoc>(4 << 13), hw::Value<Autoc>(3 << 13 | 1 << 12));
  script.ExpectPoll<Autoc>({3 << 13 | 1 << 12, 3 << 13});
  ExpectRegisterLock();
  script.ExpectModify(hw::Value<SwFwSync>(0x8), hw::Value<SwFwSync>(0));
  ExpectRegisterUnlock();
  EXPECT_EQ(SetUpLink(device()), kOkStatus);
}

}  // namespace
}  // namespace mapwire::ixgbe
