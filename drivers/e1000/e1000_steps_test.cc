// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The small steps of the 82540EM driver, each against the exact list of its register accesses.
#include <gtest/gtest.h>

#include "drivers/e1000/e1000_bring_up.h"
#include "drivers/e1000/e1000_regs.h"
#include "testing/mmio/fake_sleeper.h"
#include "testing/mmio/scripted_mmio.h"

namespace mapwire::e1000 {
namespace {

class Steps : public ::testing::Test {
 protected:
  Device device() { return {script.mmio(), &sleeper}; }

  void ExpectMasked() {
    script.ExpectWrite(hw::Value<Imc>(0xFFFFFFFF));
    script.ExpectRead(hw::Value<Icr>(0x00000094));
  }

  testing::ScriptedMmio script{AllRegisters::kRows};
  testing::FakeSleeper sleeper;
};

TEST_F(Steps, MaskingAcknowledgesWhatIsThere) {
  ExpectMasked();
  MaskInterrupts(device());
}

TEST_F(Steps, TrafficStopsInBothDirectionsAndTheWritesArePushedOut) {
  script.ExpectWrite(hw::Value<Rctl>(0));
  script.ExpectWrite(hw::Value<Tctl>(0x00000008));
  script.ExpectRead(hw::Value<Status>(0));
  StopTraffic(device());
}

TEST_F(Steps, AResetWaitsForItsEndAndForTheEeprom) {
  script.ExpectModify(hw::Value<Ctrl>(0x40), hw::Value<Ctrl>(0x04000040));
  script.ExpectPoll<Ctrl>({0x04000040, 0x04000040, 0x40});
  ExpectMasked();
  EXPECT_EQ(Reset(device()), kOkStatus);
  EXPECT_EQ(sleeper.now_us(), 1'000u + 2 * 1'000 + 5'000);
}

TEST_F(Steps, AResetOfADeviceThatIsGoneWritesNothing) {
  script.ExpectRead(hw::Value<Ctrl>(kGone));
  EXPECT_EQ(Reset(device()), Errno::kIo);
  EXPECT_EQ(sleeper.now_us(), 0u);
}

TEST_F(Steps, ManagementKeepsNoFrames) {
  script.ExpectModify(hw::Value<Manc>(0x00022B00), hw::Value<Manc>(0x00020B00));
  DisableManagement(device());
}

TEST_F(Steps, AnEepromWordIsAskedForAndPolled) {
  script.ExpectWrite(hw::Value<Eerd>(0x3F01));
  script.ExpectPoll<Eerd>({0x3F01, 0xBEEF3F10});
  const Result<uint16_t> word = ReadEepromWord(device(), 0x3F);
  ASSERT_TRUE(word.ok());
  EXPECT_EQ(*word, 0xBEEF);
}

TEST_F(Steps, AReceiveQueueIsPlacedBeforeReceiveGoesOn) {
  script.ExpectWrite(hw::Value<Rdbal>(0x89ABCD00));
  script.ExpectWrite(hw::Value<Rdbah>(0x12));
  script.ExpectWrite(hw::Value<Rdlen>(4096));
  script.ExpectWrite(hw::Value<Rdh>(0));
  script.ExpectWrite(hw::Value<Rdt>(0));
  script.ExpectModify(hw::Value<Rctl>(0x04408018), hw::Value<Rctl>(0x0440801A));
  StartRxQueue(device(), {DeviceAddress(0x1289ABCD00), 256, 2048});
}

TEST_F(Steps, EveryLengthOfABufferHasItsBits) {
  const struct {
    uint32_t bytes, bits;
  } lengths[] = {{256, 0x00030000},  {512, 0x00020000},  {1024, 0x00010000}, {2048, 0},
                 {4096, 0x02030000}, {8192, 0x02020000}, {16384, 0x02010000}};
  for (const auto& length : lengths) {
    script.ExpectWrite(hw::Value<Rdbal>(0));
    script.ExpectWrite(hw::Value<Rdbah>(0));
    script.ExpectWrite(hw::Value<Rdlen>(128));
    script.ExpectWrite(hw::Value<Rdh>(0));
    script.ExpectWrite(hw::Value<Rdt>(0));
    script.ExpectModify(hw::Value<Rctl>(0x02030000), hw::Value<Rctl>(length.bits | 2));
    StartRxQueue(device(), {DeviceAddress(0), 8, length.bytes});
  }
}

TEST_F(Steps, AStoppedReceiverStandsStill) {
  script.ExpectModify(hw::Value<Rctl>(0x0440801A), hw::Value<Rctl>(0x04408018));
  script.ExpectRead(hw::Value<Status>(0));
  script.ExpectRead(hw::Value<Rdh>(17));
  script.ExpectRead(hw::Value<Rdh>(17));
  EXPECT_EQ(StopRxQueue(device()), kOkStatus);
  EXPECT_EQ(sleeper.now_us(), 11'000u);
}

TEST_F(Steps, AReceiverThatMovesOnHasNotStopped) {
  script.ExpectModify(hw::Value<Rctl>(0x2), hw::Value<Rctl>(0));
  script.ExpectRead(hw::Value<Status>(0));
  script.ExpectRead(hw::Value<Rdh>(17));
  script.ExpectRead(hw::Value<Rdh>(18));
  EXPECT_EQ(StopRxQueue(device()), Errno::kTimedOut);
}

TEST_F(Steps, ATransmitQueueReportsOneByOne) {
  script.ExpectWrite(hw::Value<Tdbal>(0x89ABCD00));
  script.ExpectWrite(hw::Value<Tdbah>(0x12));
  script.ExpectWrite(hw::Value<Tdlen>(4096));
  script.ExpectWrite(hw::Value<Tdh>(0));
  script.ExpectWrite(hw::Value<Tdt>(0));
  script.ExpectWrite(hw::Value<Txdctl>(0x01010000));
  script.ExpectModify(hw::Value<Tctl>(0x010400F8), hw::Value<Tctl>(0x010400FA));
  StartTxQueue(device(), {DeviceAddress(0x1289ABCD00), 256, DeviceAddress(0)});
}

TEST_F(Steps, ASenderThatMovesOnHasNotStopped) {
  script.ExpectModify(hw::Value<Tctl>(0xA), hw::Value<Tctl>(0x8));
  script.ExpectRead(hw::Value<Status>(0));
  script.ExpectRead(hw::Value<Tdh>(0));
  script.ExpectRead(hw::Value<Tdh>(511));
  EXPECT_EQ(StopTxQueue(device()), Errno::kTimedOut);
}

TEST_F(Steps, ARegisterOfThePhyIsReadThroughMdic) {
  script.ExpectWrite(hw::Value<Mdic>(0x08220000));
  script.ExpectPoll<Mdic>({0x08220000, 0x18220141});
  const Result<uint16_t> id = ReadPhy(device(), 2);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, 0x0141);
}

TEST_F(Steps, ARegisterOfThePhyIsWrittenThroughMdic) {
  script.ExpectWrite(hw::Value<Mdic>(0x04201200));
  script.ExpectPoll<Mdic>({0x14201200});
  EXPECT_EQ(WritePhy(device(), 0, 0x1200), kOkStatus);
}

TEST_F(Steps, APhyThatDoesNotAnswerIsAnError) {
  script.ExpectWrite(hw::Value<Mdic>(0x08220000));
  script.ExpectPoll<Mdic>({0x58220000});
  EXPECT_EQ(ReadPhy(device(), 2).error(), Errno::kIo);
}

TEST_F(Steps, SpeedsAreToldAsTheyAre) {
  const struct {
    uint32_t status, mbps;
  } states[] = {{0x02, 10}, {0x42, 100}, {0x82, 1000}, {0xC2, 1000}};
  for (const auto& state : states) {
    script.ExpectRead(hw::Value<Status>(state.status));
    bool gone = true;
    const nic::LinkState link = ReadLink(device(), &gone);
    EXPECT_FALSE(gone);
    EXPECT_TRUE(link.up);
    EXPECT_EQ(link.mbps, state.mbps);
  }
  script.ExpectRead(hw::Value<Status>(0x80));
  bool gone = true;
  EXPECT_FALSE(ReadLink(device(), &gone).up);
}

TEST_F(Steps, TheIntervalIsRoundedUpToTheDevicesStep) {
  nic::DriverConfig config;
  config.interrupt_interval_us = 100;
  script.ExpectWrite(hw::Value<Itr>(391));
  SetUpInterrupts(device(), config);
  config.queues[0] = {.own_interrupt_interval = true, .interrupt_interval_us = 16776};
  script.ExpectWrite(hw::Value<Itr>(65532));
  SetUpInterrupts(device(), config);
}

TEST_F(Steps, ArmingIsOneWriteAndMaskingAnother) {
  script.ExpectWrite(hw::Value<Ims>(0x81));
  UnmaskQueues(device());
  script.ExpectWrite(hw::Value<Imc>(0x81));
  MaskQueues(device());
  script.ExpectWrite(hw::Value<Ims>(0x04));
  UnmaskLink(device());
}

}  // namespace
}  // namespace mapwire::e1000
