// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82540EM driver as core sees it, on a register file: whole starts and stops, and what goes
// wrong.
#include "drivers/e1000/e1000_driver.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/platform/environment.h"
#include "drivers/e1000/e1000_test_device.h"

namespace mapwire::e1000 {
namespace {

// No call may take longer, whatever the device does: an EEPROM word that does not come, and a
// reset.
constexpr uint64_t kCallLimitUs = 1'000'000;

const nic::RxQueueSetup kRx = {DeviceAddress(0x10000), 512, 2048};
const nic::TxQueueSetup kTx = {DeviceAddress(0x20000), 512, DeviceAddress(0x30000)};

class DriverScenario : public ::testing::Test {
 protected:
  DriverScenario() {
    const Result<nic::NicDriver*> created = Driver::Create(nic_.resources());
    EXPECT_TRUE(created.ok());
    driver_ = *created;
    EXPECT_TRUE(nic_.mmio.log().empty()) << "Create touched a register";
  }
  ~DriverScenario() override {
    (void)driver_->Stop();
    Driver::Destroy(driver_);
    EXPECT_EQ(nic_.heap.live(), 0);
  }

  // What Start returned, having checked how long it took.
  mapwire::Status Start(const nic::DriverConfig& config = {}) {
    const uint64_t before = nic_.sleeper.now_us();
    const mapwire::Status status = driver_->Start(config);
    EXPECT_LE(nic_.sleeper.now_us() - before, kCallLimitUs);
    return status;
  }
  void ExpectQuiet() {
    EXPECT_EQ(nic_.mask, 0u);
    EXPECT_EQ(nic_.mmio.Get<Rctl>().Get<Rctl::En>(), 0u);
    EXPECT_EQ(nic_.mmio.Get<Tctl>().Get<Tctl::En>(), 0u);
  }
  nic::InterruptReport InterruptOf(uint32_t causes) {
    nic_.mmio.Set(hw::Value<Icr>(causes));
    return driver_->Interrupt(0);
  }

  TestDevice nic_;
  nic::NicDriver* driver_ = nullptr;
};

TEST_F(DriverScenario, StartOnAWillingDeviceTellsMacAndLink) {
  ASSERT_EQ(Start(), kOkStatus);
  const std::vector<uint8_t> mac(driver_->mac(), driver_->mac() + 6);
  EXPECT_EQ(mac, (std::vector<uint8_t>{2, 1, 2, 3, 4, 5}));
  EXPECT_EQ(nic_.mmio.Get<Ral>().raw(), 0x03020102u);
  EXPECT_EQ(nic_.mmio.Get<Rah>().raw(), 0x80000504u);
  EXPECT_TRUE(driver_->link().up);
  EXPECT_EQ(driver_->link().mbps, 1'000u);
  EXPECT_EQ(nic_.resets, 1);
  EXPECT_EQ(nic_.mmio.Get<Manc>().Get<Manc::ArpEn>(), 0u);
  EXPECT_EQ(driver_->vectors(1), 1u);
}

TEST_F(DriverScenario, TrafficIsOffAndEverythingMaskedWhenTheResetComes) {
  nic_.mmio.Set(hw::Value<Rctl>(0x0440801A));
  nic_.mmio.Set(hw::Value<Tctl>(0x010400FA));
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.traffic_at_reset, 0u) << "an old driver's DMA runs into the reset";
  EXPECT_LT(nic_.mmio.FindWrite<Imc>(), nic_.mmio.FindWrite<Ctrl>());
  EXPECT_LT(nic_.mmio.FindWrite<Ctrl>(), nic_.mmio.FindWrite<Eerd>());
}

TEST_F(DriverScenario, StartLeavesQueuesOffAndOnlyLinkChangesUnmasked) {
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.mask, Icr::Lsc::kMask);
  EXPECT_EQ(nic_.mmio.Get<Rctl>().Get<Rctl::En>(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Tctl>().Get<Tctl::En>(), 0u);
}

TEST_F(DriverScenario, TheLinkIsLeftToThePhyAndPauseToNobody) {
  ASSERT_EQ(Start(), kOkStatus);
  // SLU and ASDE; no forced speed, no pause, no tags stripped.
  EXPECT_EQ(nic_.mmio.Get<Ctrl>().raw(), 0x00140260u);
  EXPECT_EQ(nic_.phy[4], 0x0141u);
  EXPECT_EQ(nic_.phy[9], 0x0200u);
  EXPECT_EQ(nic_.phy[0], 0x1200u);
  EXPECT_EQ(nic_.mmio.Get<Fcrth>().raw(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Rctl>().Get<Rctl::Dpf>(), 1u);
  EXPECT_EQ(nic_.mmio.Get<Fcal>().raw(), 0x00C28001u);
}

TEST_F(DriverScenario, FiltersCrcAndLengthFollowTheConfiguration) {
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Rctl>().raw(), 0x04408018u);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  nic::DriverConfig config;
  config.promiscuous = false;
  config.keep_crc = true;
  config.max_frame_bytes = 1515;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Rctl>().raw(), 0x00408020u);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  config.all_multicast = true;
  config.vlan_filter = true;
  config.max_frame_bytes = 16124;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Rctl>().raw(), 0x00448030u);
}

TEST_F(DriverScenario, GroupsAndVlansAreLetThroughOnlyIfNamed) {
  for (uint32_t i = 0; i < 128; ++i) {
    nic_.mmio.Set(hw::Value<Mta>(0xA5A5A5A5), i);
    nic_.mmio.Set(hw::Value<Vfta>(0x5A5A5A5A), i);
  }
  for (uint32_t i = 0; i < 16; ++i) nic_.mmio.Set(hw::Value<Rah>(0x80005EED), i);
  nic::DriverConfig config;
  config.promiscuous = false;
  const uint8_t group[6] = {0x01, 0x00, 0x5E, 0x12, 0x34, 0x56};
  for (int i = 0; i < 6; ++i) config.multicast[0][i] = group[i];
  config.multicast_count = 1;
  config.vlan_filter = true;
  config.vlan_ids[2] = 1u << 5;  // 69
  ASSERT_EQ(Start(config), kOkStatus);
  for (uint32_t i = 0; i < 128; ++i) {
    EXPECT_EQ(nic_.mmio.Get<Mta>(i).raw(), i == 0x563 / 32 ? 1u << 0x563 % 32 : 0) << i;
    EXPECT_EQ(nic_.mmio.Get<Vfta>(i).raw(), i == 2 ? 1u << 5 : 0) << i;
  }
  for (uint32_t i = 1; i < 16; ++i) EXPECT_EQ(nic_.mmio.Get<Rah>(i).raw(), 0u) << i;
}

TEST_F(DriverScenario, AConfigurationOutOfRangeTouchesNoRegister) {
  nic::DriverConfig bad[6];
  bad[0].queue_pairs = 2;
  bad[1].max_frame_bytes = 16125;
  bad[2].interrupt_interval_us = 16777;
  bad[3].rx_slots = 4;
  bad[4].rx_buffer_bytes = 3072;
  bad[5].tx_slots = 4104;
  for (const nic::DriverConfig& config : bad) EXPECT_EQ(Start(config), Errno::kInvalid);
  EXPECT_TRUE(nic_.mmio.log().empty());
}

TEST_F(DriverScenario, QueuesReturnTheirTailRegisterAndBadGeometryIsRefused) {
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(*driver_->StartRxQueue(0, kRx), 0x2818u);
  EXPECT_EQ(*driver_->StartTxQueue(0, kTx), 0x3818u);
  nic_.mmio.ForgetAccesses();
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(64), 512, 2048}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 509, 2048}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 512, 0}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 512, 128}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 512, 3072}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 512, 32768}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartTxQueue(0, {DeviceAddress(0), 8192, DeviceAddress(0)}).error(),
            Errno::kInvalid);
  EXPECT_TRUE(nic_.mmio.log().empty());
}

TEST_F(DriverScenario, OneDirectionStopsWithoutTheOther) {
  ASSERT_EQ(Start(), kOkStatus);
  ASSERT_TRUE(driver_->StartRxQueue(0, kRx).ok());
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  EXPECT_EQ(driver_->StopTxQueue(0), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Tctl>().Get<Tctl::En>(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Rctl>().Get<Rctl::En>(), 1u);
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  EXPECT_EQ(driver_->StopRxQueue(0), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Tctl>().Get<Tctl::En>(), 1u);
  EXPECT_EQ(nic_.mmio.Get<Rctl>().Get<Rctl::En>(), 0u);
}

TEST_F(DriverScenario, AnInterruptOfTheQueuesMasksBothUntilTheyAreArmed) {
  ASSERT_EQ(Start(), kOkStatus);
  driver_->Arm(0);
  EXPECT_EQ(nic_.mask, 0x85u);
  for (const uint32_t cause : {0x01u, 0x80u}) {
    const nic::InterruptReport report = InterruptOf(cause | 1u << 31);
    EXPECT_EQ(report.rx_queues, 1u);
    EXPECT_EQ(report.tx_queues, 1u);
    EXPECT_FALSE(report.link_changed);
    EXPECT_EQ(nic_.mask, 0x04u);
    EXPECT_EQ(nic_.mmio.Get<Icr>().raw(), 0u) << "the pin stays asserted";
    driver_->Arm(0);
    EXPECT_EQ(nic_.mask, 0x85u);
  }
}

TEST_F(DriverScenario, AnInterruptOfAnotherDeviceOnTheLineIsNotOurs) {
  ASSERT_EQ(Start(), kOkStatus);
  driver_->Arm(0);
  nic_.mmio.ForgetAccesses();
  const nic::InterruptReport report = InterruptOf(0);
  EXPECT_EQ(report.rx_queues | report.tx_queues, 0u);
  EXPECT_FALSE(report.link_changed || report.gone);
  EXPECT_EQ(nic_.mmio.writes(), 0u);
  EXPECT_EQ(nic_.mask, 0x85u);
}

TEST_F(DriverScenario, AllThatOneReadFoundIsTold) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.SetLink(false);
  // The queues are masked, and their causes are there all the same: nobody finds them again.
  const nic::InterruptReport report = InterruptOf(0x85);
  EXPECT_EQ(report.rx_queues, 1u);
  EXPECT_TRUE(report.link_changed);
  EXPECT_FALSE(driver_->link().up);
  EXPECT_EQ(nic_.mask & 0x4, 0x4u);
}

TEST_F(DriverScenario, StopAfterTrafficLeavesTheDeviceQuiet) {
  ASSERT_EQ(Start(), kOkStatus);
  ASSERT_TRUE(driver_->StartRxQueue(0, kRx).ok());
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  driver_->Arm(0);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  ExpectQuiet();
  EXPECT_EQ(nic_.resets, 2);
  EXPECT_FALSE(driver_->link().up);
}

// QEMU's part is such a one.
TEST_F(DriverScenario, AResetThatLeavesReceiveAndTransmitAloneIsEnoughToo) {
  nic_.reset_clears = false;
  ASSERT_EQ(Start(), kOkStatus);
  ASSERT_TRUE(driver_->StartRxQueue(0, kRx).ok());
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  ExpectQuiet();
}

TEST_F(DriverScenario, AnInterruptDuringStopUnmasksNothing) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.OnWrite<Tctl>([&](uint32_t, uint32_t value, uint32_t& stored) {
    stored = value;
    driver_->Interrupt(0);
    driver_->Arm(0);
  });
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  EXPECT_EQ(nic_.mask, 0u);
  EXPECT_FALSE(driver_->link().up);
}

TEST_F(DriverScenario, ShutdownStopsEverythingWithoutSleeping) {
  ASSERT_EQ(Start(), kOkStatus);
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  const uint64_t sleeps = nic_.sleeper.sleeps();
  driver_->Shutdown();
  EXPECT_EQ(nic_.sleeper.sleeps(), sleeps);
  ExpectQuiet();
  driver_->Arm(0);
  EXPECT_EQ(nic_.mask, 0u) << "armed after Shutdown";
}

TEST_F(DriverScenario, AResetThatDoesNotEndTimesOutAndStopTriesAgain) {
  nic_.mmio.OnWrite<Ctrl>([&](uint32_t, uint32_t value, uint32_t& stored) { stored = value; });
  EXPECT_EQ(Start(), Errno::kTimedOut);
  EXPECT_EQ(driver_->Stop(), Errno::kTimedOut);
  nic_.mmio.Set(hw::Value<Ctrl>(0));
  nic_.mmio.SelfClearing<Ctrl>(Ctrl::Rst::kMask);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  ExpectQuiet();
}

TEST_F(DriverScenario, ADamagedEepromIsRefused) {
  nic_.eeprom[17] ^= 0x100;
  EXPECT_EQ(Start(), Errno::kIo);
  ExpectQuiet();
  nic_.eeprom[17] ^= 0x100;
  nic_.eeprom[0] = 0x0103;  // a group
  nic_.SealEeprom();
  EXPECT_EQ(Start(), Errno::kIo);
  nic_.eeprom[0] = nic_.eeprom[1] = nic_.eeprom[2] = 0;
  nic_.SealEeprom();
  EXPECT_EQ(Start(), Errno::kIo);
}

TEST_F(DriverScenario, AnEepromThatNeverAnswersTimesOut) {
  nic_.mmio.OnWrite<Eerd>([](uint32_t, uint32_t value, uint32_t& stored) { stored = value; });
  EXPECT_EQ(Start(), Errno::kTimedOut);
}

TEST_F(DriverScenario, AForeignPhyIsRefusedAndARevisionIsNot) {
  nic_.phy[3] = 0x0C2F;
  EXPECT_EQ(Start(), kOkStatus);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  nic_.phy[3] = 0x0C40;
  EXPECT_EQ(Start(), Errno::kIo);
  ExpectQuiet();
}

TEST_F(DriverScenario, ADeviceThatVanishesDuringStartIsAnErrorAtEveryAccess) {
  ASSERT_EQ(Start(), kOkStatus);
  const size_t accesses = nic_.mmio.log().size();
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  for (size_t i = 0; i < accesses; ++i) {
    nic_.mmio.VanishAfter(i);
    EXPECT_EQ(Start(), Errno::kIo) << "after " << i << " accesses";
    EXPECT_EQ(driver_->Stop(), kOkStatus);
    nic_.mmio.Return();
  }
}

TEST_F(DriverScenario, ADeviceThatVanishesDuringStopIsQuiet) {
  for (size_t i = 0;; ++i) {
    ASSERT_EQ(Start(), kOkStatus);
    nic_.mmio.VanishAfter(i);
    EXPECT_EQ(driver_->Stop(), kOkStatus) << "after " << i << " accesses";
    const bool vanished = nic_.mmio.vanished();
    nic_.mmio.Return();
    if (!vanished) break;
  }
}

TEST_F(DriverScenario, CheckTellsAForgetfulDeviceFromOneThatIsGone) {
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kGood);
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kGood);
  nic_.mmio.Set(hw::Value<Tctl>());
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kForgetful);
  nic_.mmio.VanishAfter(0);
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kGone);
  EXPECT_TRUE(driver_->Interrupt(0).gone);
  nic_.mmio.Return();
}

TEST_F(DriverScenario, CountersAddUpAndSurviveOurOwnReset) {
  ASSERT_EQ(Start(), kOkStatus);
  nic::DriverStatistics statistics;
  nic_.mmio.Set(hw::Value<Gprc>(7));
  nic_.mmio.Set(hw::Value<Gorcl>(0xFFFFFFF0));
  nic_.mmio.Set(hw::Value<Gorch>(2));
  nic_.mmio.Set(hw::Value<Mpc>(3));
  nic_.mmio.Set(hw::Value<Gptc>(5));
  driver_->ReadStatistics(statistics);
  EXPECT_EQ(statistics.rx_packets, 7u);
  EXPECT_EQ(statistics.rx_bytes, 0x2FFFFFFF0u);
  EXPECT_EQ(statistics.rx_missed, 3u);
  EXPECT_EQ(statistics.queues[0].rx_dropped, 3u);
  EXPECT_EQ(statistics.queues[0].tx_packets, 5u);
  nic_.mmio.Set(hw::Value<Gprc>(4));
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  nic::DriverStatistics more;
  driver_->ReadStatistics(more);
  EXPECT_EQ(more.rx_packets, 4u) << "Stop threw away what had been counted";
  more = {};
  driver_->ReadStatistics(more);
  EXPECT_EQ(more.rx_packets, 0u);
}

TEST_F(DriverScenario, ADeviceThatIsGoneCountsNothing) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.VanishAfter(0);
  nic::DriverStatistics statistics;
  driver_->ReadStatistics(statistics);
  EXPECT_EQ(statistics.rx_packets, 0u);
  nic_.mmio.Return();
}

}  // namespace
}  // namespace mapwire::e1000
