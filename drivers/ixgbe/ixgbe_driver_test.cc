// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82599 driver as core sees it, on a register file: whole starts and stops, and what goes
// wrong.
#include "drivers/ixgbe/ixgbe_driver.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/platform/environment.h"
#include "drivers/ixgbe/ixgbe_test_device.h"

namespace mapwire::ixgbe {
namespace {

// No call may take longer, whatever the device does: the longest chain of waits that can run out
// is the ownership of the EEPROM, once in Start and once on the way down.
constexpr uint64_t kCallLimitUs = 5'000'000;

const nic::RxQueueSetup kRx = {DeviceAddress(0x10000), 512, 2048};
const nic::TxQueueSetup kTx = {DeviceAddress(0x20000), 512, DeviceAddress(0x30000)};

nic::DriverConfig SixteenPairs() {
  nic::DriverConfig config;
  config.queue_pairs = 16;
  config.rss_queues = 16;
  return config;
}

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
    pairs_ = config.queue_pairs;
    const uint64_t before = nic_.sleeper.now_us();
    const mapwire::Status status = driver_->Start(config);
    EXPECT_LE(nic_.sleeper.now_us() - before, kCallLimitUs);
    return status;
  }
  void ExpectQuiet() {
    EXPECT_EQ(nic_.mask, 0u);
    EXPECT_EQ(nic_.mmio.Get<Rxctrl>().raw(), 0u);
    for (uint32_t i = 0; i < kTxQueues; ++i) {
      EXPECT_EQ(nic_.mmio.Get<Txdctl>(i).Get<Txdctl::Enable>(), 0u) << i;
    }
    for (uint32_t i = 0; i < Rxdctl::kCount; ++i) {
      EXPECT_EQ(nic_.mmio.Get<Rxdctl>(i).Get<Rxdctl::Enable>(), 0u) << i;
      EXPECT_EQ(nic_.mmio.Get<Rxdctl64To127>(i).Get<Rxdctl64To127::Enable>(), 0u) << i;
    }
  }
  // A link event as the device reports it.
  nic::InterruptReport LinkInterrupt() {
    nic_.mmio.Set(hw::Value<Eicr>(nic_.mmio.Get<Eicr>().raw()).With<Eicr::Lsc>(1));
    nic_.mask &= ~Eicr::Lsc::kMask;
    return driver_->Interrupt(static_cast<uint16_t>(driver_->vectors(pairs_) - 1));
  }

  TestDevice nic_;
  nic::NicDriver* driver_ = nullptr;
  uint16_t pairs_ = 1;
};

TEST_F(DriverScenario, StartOnAWillingDeviceTellsMacAndLink) {
  ASSERT_EQ(Start(), kOkStatus);
  const std::vector<uint8_t> mac(driver_->mac(), driver_->mac() + 6);
  EXPECT_EQ(mac, (std::vector<uint8_t>{2, 1, 2, 3, 4, 5}));
  EXPECT_TRUE(driver_->link().up);
  EXPECT_EQ(driver_->link().mbps, 10'000u);
  EXPECT_EQ(nic_.resets, 1);
  EXPECT_EQ(nic_.mmio.Get<CtrlExt>().Get<CtrlExt::DrvLoad>(), 1u);
  EXPECT_EQ(nic_.mmio.Get<SwFwSync>().raw(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Esdp>().Get<Esdp::Sdp3Data>(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Autoc>().Get<Autoc::Lms>(), kLmsSerial10G);
  EXPECT_EQ(nic_.mmio.Get<Rxctrl>().Get<Rxctrl::Rxen>(), 1u);
  EXPECT_EQ(nic_.mmio.Get<Dmatxctl>().Get<Dmatxctl::Te>(), 1u);
}

TEST_F(DriverScenario, StartKeepsTheOrderThatTheDeviceNeeds) {
  ASSERT_EQ(Start(), kOkStatus);
  const auto& mmio = nic_.mmio;
  size_t reset = 0;
  while (reset < mmio.log().size() &&
         !(mmio.log()[reset].write && mmio.log()[reset].offset == Ctrl::kOffset &&
           (mmio.log()[reset].value & Ctrl::Rst::kMask) != 0)) {
    ++reset;
  }
  EXPECT_LT(mmio.FindWrite<Eimc>(), reset);
  EXPECT_LT(mmio.FindWrite<Txdctl>(127), reset);
  EXPECT_LT(reset, mmio.FindRead<Eec>());
  EXPECT_LT(mmio.FindRead<Eec>(), mmio.FindWrite<Eerd>());
  EXPECT_LT(mmio.FindRead<Rdrxctl>(), mmio.FindWrite<Eerd>());
  EXPECT_LT(mmio.FindWrite<Mta>(127), mmio.FindWrite<Fctrl>());
  EXPECT_LT(mmio.FindWrite<Rxpbsize>(), mmio.FindWrite<Fctrl>());
  EXPECT_LT(mmio.FindWrite<Fctrl>(), mmio.FindWrite<Rxctrl>(0, reset));
  EXPECT_LT(mmio.FindWrite<Mtqc>(), mmio.FindWrite<Dmatxctl>());
  EXPECT_LT(mmio.FindWrite<Gpie>(), mmio.FindWrite<Eims>());
  EXPECT_LT(mmio.FindWrite<Rxctrl>(0, reset), mmio.FindWrite<Eims>());
}

TEST_F(DriverScenario, StartLeavesQueuesOffAndOnlyLinkChangesUnmasked) {
  ASSERT_EQ(Start(SixteenPairs()), kOkStatus);
  EXPECT_EQ(driver_->vectors(16), 17u);
  EXPECT_EQ(nic_.mask, Eicr::Lsc::kMask);
  EXPECT_EQ(nic_.vector_mask, 1u << 16);
  for (uint32_t i = 0; i < 16; ++i) {
    EXPECT_EQ(nic_.mmio.Get<Rxdctl>(i).Get<Rxdctl::Enable>(), 0u);
    EXPECT_EQ(nic_.mmio.Get<Txdctl>(i).Get<Txdctl::Enable>(), 0u);
    EXPECT_EQ(nic_.mmio.Get<Srrctl>(i).Get<Srrctl::DropEn>(), 1u);
  }
}

TEST_F(DriverScenario, OneRssQueueMeansNoHashing) {
  nic::DriverConfig config = SixteenPairs();
  config.rss_queues = 1;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Mrqc>().raw(), 0u);
  for (uint32_t i = 0; i < Reta::kCount; ++i) EXPECT_EQ(nic_.mmio.Get<Reta>(i).raw(), 0u);
}

TEST_F(DriverScenario, FiveRssQueuesShareTheTableInTurn) {
  nic::DriverConfig config = SixteenPairs();
  config.rss_queues = 5;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Mrqc>().raw(), 0x00330001u);
  EXPECT_EQ(nic_.mmio.Get<Reta>(0).raw(), 0x03020100u);
  EXPECT_EQ(nic_.mmio.Get<Reta>(1).raw(), 0x02010004u);
  EXPECT_EQ(nic_.mmio.Get<Reta>(31).raw(), 0x02010004u);
  EXPECT_EQ(nic_.mmio.Get<Rssrk>(0).raw(), 0xDA565A6Du);
}

TEST_F(DriverScenario, TheSymmetricKeyRepeatsItsSixteenBits) {
  nic::DriverConfig config = SixteenPairs();
  config.rss_key_kind = nic::RssKey::kSymmetric;
  config.rss_udp_ports = true;
  ASSERT_EQ(Start(config), kOkStatus);
  for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(nic_.mmio.Get<Rssrk>(i).raw(), 0x5A6D5A6Du);
  EXPECT_EQ(nic_.mmio.Get<Mrqc>().raw(), 0x00F30001u);
}

TEST_F(DriverScenario, AKeyAndATableOfOurOwnArriveByteByByte) {
  nic::DriverConfig config = SixteenPairs();
  config.rss_key_kind = nic::RssKey::kGiven;
  config.rss_table_kind = nic::RssTable::kGiven;
  for (uint8_t i = 0; i < 40; ++i) config.rss_key[i] = static_cast<uint8_t>(i + 1);
  for (uint8_t i = 0; i < 128; ++i) config.rss_table[i] = static_cast<uint8_t>(15 - i % 16);
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Rssrk>(0).raw(), 0x04030201u);
  EXPECT_EQ(nic_.mmio.Get<Rssrk>(9).raw(), 0x28272625u);
  EXPECT_EQ(nic_.mmio.Get<Reta>(0).raw(), 0x0C0D0E0Fu);
  EXPECT_EQ(nic_.mmio.Get<Reta>(3).raw(), 0x00010203u);
  EXPECT_EQ(nic_.mmio.Get<Reta>(31).raw(), 0x00010203u);
}

TEST_F(DriverScenario, KeepingTheCrcIsToldToMacAndDmaAlike) {
  nic::DriverConfig config;
  config.keep_crc = true;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Hlreg0>().Get<Hlreg0::Rxcrcstrp>(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Rdrxctl>().Get<Rdrxctl::Crcstrip>(), 0u);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Hlreg0>().Get<Hlreg0::Rxcrcstrp>(), 1u);
  EXPECT_EQ(nic_.mmio.Get<Rdrxctl>().Get<Rdrxctl::Crcstrip>(), 1u);
}

TEST_F(DriverScenario, GroupsAndVlansAreLetThroughOnlyIfNamed) {
  for (uint32_t i = 0; i < 128; ++i) {
    nic_.mmio.Set(hw::Value<Mta>(0xA5A5A5A5), i);
    nic_.mmio.Set(hw::Value<Vfta>(0x5A5A5A5A), i);
  }
  nic::DriverConfig config;
  config.promiscuous = false;
  const uint8_t group[6] = {0x01, 0x00, 0x5E, 0x12, 0x34, 0x56};
  for (int i = 0; i < 6; ++i) config.multicast[0][i] = group[i];
  config.multicast_count = 1;
  config.vlan_filter = true;
  config.vlan_ids[2] = 1u << 5;  // 69
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Fctrl>().raw(), Fctrl::Bam::kMask);
  EXPECT_EQ(nic_.mmio.Get<Mcstctrl>().raw(), Mcstctrl::Mfe::kMask);
  EXPECT_EQ(nic_.mmio.Get<Vlnctrl>().raw(), 0x40008100u);
  EXPECT_EQ(nic_.mmio.Get<Pfvml2flt>(0).raw(), 0x0B000000u);
  for (uint32_t i = 0; i < 128; ++i) {
    EXPECT_EQ(nic_.mmio.Get<Mta>(i).raw(), i == 0x563 / 32 ? 1u << 0x563 % 32 : 0) << i;
    EXPECT_EQ(nic_.mmio.Get<Vfta>(i).raw(), i == 2 ? 1u << 5 : 0) << i;
  }
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  config = {};
  config.promiscuous = false;
  config.all_multicast = true;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Fctrl>().raw(), Fctrl::Bam::kMask | Fctrl::Mpe::kMask);
  EXPECT_EQ(nic_.mmio.Get<Vlnctrl>().raw(), 0x00008100u);
  EXPECT_EQ(nic_.mmio.Get<Mcstctrl>().raw(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Pfvml2flt>(0).raw(), 0x19000000u);
}

TEST_F(DriverScenario, NoPauseFrameIsSentObeyedOrHandedOver) {
  nic_.mmio.Set(hw::Value<Fccfg>(0x8));
  nic_.mmio.Set(hw::Value<Mflcn>(0xD));
  for (uint32_t i = 0; i < 8; ++i) nic_.mmio.Set(hw::Value<Fcrtl>(0x80000020), i);
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Fccfg>().raw(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Mflcn>().raw(), Mflcn::Dpf::kMask);
  for (uint32_t i = 0; i < 8; ++i) {
    EXPECT_EQ(nic_.mmio.Get<Fcrtl>(i).raw(), 0u);
    EXPECT_EQ(nic_.mmio.Get<Fcrth>(i).raw() >> 31, 0u) << "FCEN";
  }
}

// Without JUMBOEN the MAC takes 1518 bytes whatever MAXFRS says.
TEST_F(DriverScenario, ALimitBelowTheStandardHoldsToo) {
  nic::DriverConfig config;
  config.max_frame_bytes = 600;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Maxfrs>().Get<Maxfrs::Mfs>(), 604u);
  EXPECT_EQ(nic_.mmio.Get<Hlreg0>().Get<Hlreg0::Jumboen>(), 1u);
}

TEST_F(DriverScenario, JumboFramesAndFiltersFollowTheConfiguration) {
  nic::DriverConfig config;
  config.max_frame_bytes = 9000;
  config.promiscuous = false;
  ASSERT_EQ(Start(config), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Maxfrs>().Get<Maxfrs::Mfs>(), 9004u);
  EXPECT_EQ(nic_.mmio.Get<Hlreg0>().Get<Hlreg0::Jumboen>(), 1u);
  EXPECT_EQ(nic_.mmio.Get<Fctrl>().raw(), Fctrl::Bam::kMask);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Maxfrs>().Get<Maxfrs::Mfs>(), 1518u);
  EXPECT_EQ(nic_.mmio.Get<Hlreg0>().Get<Hlreg0::Jumboen>(), 0u);
  EXPECT_EQ(nic_.mmio.Get<Fctrl>().raw(),
            Fctrl::Bam::kMask | Fctrl::Upe::kMask | Fctrl::Mpe::kMask);
  EXPECT_EQ(nic_.mmio.Get<Hlreg0>().Get<Hlreg0::Rxcrcstrp>(),
            nic_.mmio.Get<Rdrxctl>().Get<Rdrxctl::Crcstrip>());
}

TEST_F(DriverScenario, AConfigurationOutOfRangeTouchesNoRegister) {
  nic::DriverConfig bad[12];
  bad[0].queue_pairs = 0;
  bad[1].queue_pairs = 17;
  bad[2].rss_queues = 2;
  bad[3].max_frame_bytes = 9729;
  bad[4].interrupt_interval_us = 1023;
  bad[5].rss_queues = 0;
  bad[6].rx_slots = 4;
  bad[7].tx_slots = 4104;
  bad[8].rx_buffer_bytes = 1000;
  bad[9].rss_key_kind = nic::RssKey::kGiven;
  bad[10].rss_table_kind = nic::RssTable::kGiven;
  bad[10].rss_table[99] = 1;
  bad[11].queues[0] = {.own_interrupt_interval = true, .interrupt_interval_us = 1023};
  for (const nic::DriverConfig& config : bad) EXPECT_EQ(Start(config), Errno::kInvalid);
  EXPECT_TRUE(nic_.mmio.log().empty());
}

TEST_F(DriverScenario, StopAfterTrafficLeavesTheDeviceQuietAndTheLinkModeAsFound) {
  const uint32_t found = nic_.mmio.Get<Autoc>().raw();
  ASSERT_EQ(Start(), kOkStatus);
  ASSERT_TRUE(driver_->StartRxQueue(0, kRx).ok());
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  driver_->Arm(0);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  ExpectQuiet();
  EXPECT_EQ(nic_.vector_mask, 0u);
  EXPECT_EQ(nic_.mmio.Get<Autoc>().raw(), found);
  EXPECT_EQ(nic_.mmio.Get<CtrlExt>().Get<CtrlExt::DrvLoad>(), 0u);
  EXPECT_FALSE(driver_->link().up);
}

TEST_F(DriverScenario, AnInterruptDuringStopUnmasksNothing) {
  ASSERT_EQ(Start(), kOkStatus);
  // Restoring AUTOC is the last thing Stop does: behind every masking.
  bool late = false;
  nic_.mmio.OnWrite<Autoc>([&](uint32_t, uint32_t value, uint32_t& stored) {
    stored = value & ~Autoc::RestartAn::kMask;
    driver_->Interrupt(0);
    driver_->Arm(0);
    LinkInterrupt();
    late = true;
  });
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  EXPECT_TRUE(late);
  EXPECT_EQ(nic_.mask, 0u);
  EXPECT_EQ(nic_.vector_mask, 0u);
  EXPECT_FALSE(driver_->link().up);
}

TEST_F(DriverScenario, ShutdownStopsEverythingWithoutSleeping) {
  ASSERT_EQ(Start(), kOkStatus);
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  const uint64_t sleeps = nic_.sleeper.sleeps();
  driver_->Shutdown();
  EXPECT_EQ(nic_.sleeper.sleeps(), sleeps);
  ExpectQuiet();
  EXPECT_EQ(nic_.mmio.Get<Ctrl>().Get<Ctrl::PcieMasterDis>(), 1u);
  driver_->Arm(0);
  EXPECT_EQ(nic_.vector_mask, 0u) << "armed after Shutdown";
}

TEST_F(DriverScenario, QueuesReturnTheirTailRegisterAndBadGeometryIsRefused) {
  ASSERT_EQ(Start(SixteenPairs()), kOkStatus);
  EXPECT_EQ(*driver_->StartRxQueue(15, kRx), 0x1018u + 15 * 0x40);
  EXPECT_EQ(*driver_->StartTxQueue(15, kTx), 0x6018u + 15 * 0x40);
  nic_.mmio.ForgetAccesses();
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(64), 512, 2048}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 509, 2048}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 0, 2048}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 512, 0}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 512, 2000}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartRxQueue(0, {DeviceAddress(0), 512, 17408}).error(), Errno::kInvalid);
  EXPECT_EQ(driver_->StartTxQueue(0, {DeviceAddress(0), 8192, DeviceAddress(0)}).error(),
            Errno::kInvalid);
  EXPECT_EQ(driver_->StartTxQueue(0, {DeviceAddress(0), 512, DeviceAddress(2)}).error(),
            Errno::kInvalid);
  EXPECT_TRUE(nic_.mmio.log().empty());
}

TEST_F(DriverScenario, AQueueComesAndGoesWithoutTouchingItsNeighbours) {
  ASSERT_EQ(Start(SixteenPairs()), kOkStatus);
  nic_.mmio.ForgetAccesses();
  ASSERT_TRUE(driver_->StartRxQueue(4, kRx).ok());
  ASSERT_TRUE(driver_->StartTxQueue(4, kTx).ok());
  EXPECT_EQ(driver_->StopRxQueue(4), kOkStatus);
  EXPECT_EQ(driver_->StopTxQueue(4), kOkStatus);
  for (const testing::MmioAccess& access : nic_.mmio.log()) {
    const bool rx = access.offset >= Rdbal::At(4) && access.offset < Rdbal::At(5);
    const bool tx = access.offset >= Tdbal::At(4) && access.offset < Tdbal::At(5);
    EXPECT_TRUE(rx || tx) << testing::Hex(access.offset);
  }
}

TEST_F(DriverScenario, RxQueueThatNeverEnablesTimesOutAndIsOff) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.OnWrite<Rxdctl>([](uint32_t, uint32_t, uint32_t& stored) { stored = 0; });
  EXPECT_EQ(driver_->StartRxQueue(0, kRx).error(), Errno::kTimedOut);
  EXPECT_EQ(nic_.mmio.Written<Rxdctl>().back(), 0u);
}

TEST_F(DriverScenario, TxQueueThatNeverEnablesTimesOutAndIsOff) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.OnWrite<Txdctl>([](uint32_t, uint32_t, uint32_t& stored) { stored = 0; });
  EXPECT_EQ(driver_->StartTxQueue(0, kTx).error(), Errno::kTimedOut);
  EXPECT_EQ(nic_.mmio.Written<Txdctl>().back(), 0u);
}

TEST_F(DriverScenario, QueueThatNeverDisablesIsGivenUpInTime) {
  ASSERT_EQ(Start(), kOkStatus);
  ASSERT_TRUE(driver_->StartRxQueue(0, kRx).ok());
  ASSERT_TRUE(driver_->StartTxQueue(0, kTx).ok());
  nic_.mmio.OnWrite<Rxdctl>([](uint32_t, uint32_t, uint32_t&) {});
  nic_.mmio.OnWrite<Txdctl>([](uint32_t, uint32_t, uint32_t&) {});
  const uint64_t before = nic_.sleeper.now_us();
  EXPECT_EQ(driver_->StopRxQueue(0), Errno::kTimedOut);
  EXPECT_EQ(driver_->StopTxQueue(0), Errno::kTimedOut);
  EXPECT_LE(nic_.sleeper.now_us() - before, 40'000u);
}

TEST_F(DriverScenario, QueueThatEnablesLateIsWaitedFor) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.OnWrite<Rxdctl>([this](uint32_t, uint32_t value, uint32_t& stored) {
    stored = 0;
    if (value == 0) return;
    nic_.sleeper.After(1'500, [this, value] { nic_.mmio.Set(hw::Value<Rxdctl>(value)); });
  });
  EXPECT_TRUE(driver_->StartRxQueue(0, kRx).ok());
}

TEST_F(DriverScenario, ResetThatNeverEndsTimesOut) {
  nic_.mmio.OnWrite<Ctrl>([](uint32_t, uint32_t value, uint32_t& stored) { stored = value; });
  EXPECT_EQ(Start(), Errno::kTimedOut);
  ExpectQuiet();
}

TEST_F(DriverScenario, EepromAutoReadThatNeverEndsTimesOut) {
  nic_.mmio.Set(hw::Value<Eec>(0));
  EXPECT_EQ(Start(), Errno::kTimedOut);
  ExpectQuiet();
}

TEST_F(DriverScenario, DmaThatNeverInitialisesTimesOut) {
  nic_.mmio.Set(hw::Value<Rdrxctl>(0));
  EXPECT_EQ(Start(), Errno::kTimedOut);
  ExpectQuiet();
}

TEST_F(DriverScenario, EepromWordThatNeverComesTimesOutAndOwnershipIsReturned) {
  nic_.mmio.OnWrite<Eerd>([](uint32_t, uint32_t, uint32_t& stored) { stored = 0; });
  EXPECT_EQ(Start(), Errno::kTimedOut);
  EXPECT_EQ(nic_.mmio.Get<SwFwSync>().raw(), 0u);
  ExpectQuiet();
}

TEST_F(DriverScenario, EepromWithABadSumIsRefused) {
  nic_.eeprom[0x20] ^= 1;
  EXPECT_EQ(Start(), Errno::kIo);
  ExpectQuiet();
}

TEST_F(DriverScenario, EepromWithSectionsIsNotJudgedByItsBaseWords) {
  nic_.eeprom[0x05] = 0x0123;
  EXPECT_EQ(Start(), kOkStatus);
}

TEST_F(DriverScenario, EepromWithEmptyPointersIsJudgedByItsBaseWords) {
  nic_.eeprom[0x05] = 0xFFFF;
  EXPECT_EQ(Start(), Errno::kIo);
  nic_.SealEeprom();
  EXPECT_EQ(Start(), kOkStatus);
}

TEST_F(DriverScenario, MulticastMacIsRefused) {
  nic_.mmio.Set(hw::Value<Ral>(0x03020101));
  EXPECT_EQ(Start(), Errno::kIo);
  ExpectQuiet();
}

TEST_F(DriverScenario, FirmwareThatNeverGivesTheEepromBackTimesOut) {
  nic_.mmio.Set(hw::Value<SwFwSync>(SwFwSync::FwEepSm::kMask));
  EXPECT_EQ(Start(), Errno::kTimedOut);
  ExpectQuiet();
}

// The link is the last thing set up: what was done before is undone, and firmware is told.
TEST_F(DriverScenario, FirmwareThatNeverGivesTheLinkBackTimesOutAndTheDeviceIsLeftQuiet) {
  nic_.mmio.Set(hw::Value<SwFwSync>(SwFwSync::FwMacCsrSm::kMask));
  EXPECT_EQ(Start(), Errno::kTimedOut);
  ExpectQuiet();
  EXPECT_EQ(nic_.mmio.Get<CtrlExt>().Get<CtrlExt::DrvLoad>(), 0u);
  nic_.mmio.Set(hw::Value<SwFwSync>());
  EXPECT_EQ(Start(), kOkStatus);
}

TEST_F(DriverScenario, SemaphoreAbandonedByADeadDriverIsTakenOver) {
  nic_.mmio.Set(hw::Value<Swsm>().With<Swsm::Smbi>(1));
  EXPECT_EQ(Start(), kOkStatus);
}

TEST_F(DriverScenario, BusTransactionsThatStayPendingAreDroppedAndResetTwice) {
  nic_.mmio.OnWrite<Ctrl>([this](uint32_t, uint32_t value, uint32_t& stored) {
    if (hw::Value<Ctrl>(value).Get<Ctrl::Rst>() == 1) ++nic_.resets;
    stored = value & ~(Ctrl::Rst::kMask | Ctrl::Lrst::kMask);
  });
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.resets, 2);
  EXPECT_EQ(nic_.mmio.Written<GcrExt>(), (std::vector<uint32_t>{GcrExt::BuffersClear::kMask, 0}));
  EXPECT_EQ(nic_.mmio.Get<Hlreg0>().Get<Hlreg0::Lpbk>(), 0u);
}

// Two resets and another question later it still says that it masters the bus: nobody may use what
// it was told of, until a later Stop finds it quiet.
TEST_F(DriverScenario, StopSaysThatADeviceMayStillReachMemoryAndCanBeAskedAgain) {
  ASSERT_EQ(Start(), kOkStatus);
  bool stuck = true;
  nic_.mmio.OnRead<Status>([&](uint32_t, uint32_t& stored) {
    return stuck ? stored | Status::PcieMasterEnStatus::kMask : stored;
  });
  const uint64_t before = nic_.sleeper.now_us();
  EXPECT_EQ(driver_->Stop(), Errno::kTimedOut);
  EXPECT_LE(nic_.sleeper.now_us() - before, 400'000u);
  EXPECT_EQ(nic_.mmio.Get<Ctrl>().Get<Ctrl::PcieMasterDis>(), 1u);
  EXPECT_EQ(driver_->Stop(), Errno::kTimedOut);
  stuck = false;
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  const size_t accesses = nic_.mmio.log().size();
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  EXPECT_EQ(nic_.mmio.log().size(), accesses) << "Stop of a quiet device";
}

TEST_F(DriverScenario, AResetOfSomebodyElsesIsNoticed) {
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kGood);
  nic_.mmio.Set(hw::Value<CtrlExt>().With<CtrlExt::NsDis>(1));
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kForgetful);
}

TEST_F(DriverScenario, ReceivePathThatNeverIdlesIsResetAllTheSame) {
  nic_.mmio.Set(hw::Value<Secrxstat>(0));
  EXPECT_EQ(Start(), kOkStatus);
  EXPECT_EQ(nic_.mmio.Get<Secrxctrl>().raw(), 0u);
}

TEST_F(DriverScenario, WithoutAModuleStartSucceedsAndTheLinkIsDown) {
  nic_.mmio.Set(hw::Value<Esdp>().With<Esdp::Sdp3Data>(1));
  nic_.SetLink(false);
  ASSERT_EQ(Start(), kOkStatus);
  EXPECT_FALSE(driver_->link().up);
}

TEST_F(DriverScenario, LinkRestartThatNeverEndsIsNoError) {
  nic_.mmio.OnWrite<Autoc>([](uint32_t, uint32_t value, uint32_t& stored) { stored = value; });
  EXPECT_EQ(Start(), kOkStatus);
}

TEST_F(DriverScenario, LinkGoesDownAndUpByInterrupt) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.SetLink(false);
  EXPECT_TRUE(driver_->link().up) << "no interrupt yet";
  nic::InterruptReport report = LinkInterrupt();
  EXPECT_TRUE(report.link_changed);
  EXPECT_EQ(report.rx_queues | report.tx_queues, 0u);
  EXPECT_FALSE(driver_->link().up);
  EXPECT_EQ(nic_.mask, Eicr::Lsc::kMask) << "the other causes were not unmasked again";
  EXPECT_EQ(nic_.mmio.Get<Eicr>().raw(), 0u);
  nic_.SetLink(true);
  EXPECT_TRUE(LinkInterrupt().link_changed);
  EXPECT_EQ(driver_->link().mbps, 10'000u);
}

TEST_F(DriverScenario, LinkInterruptLeavesQueueCausesPending) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.Set(hw::Value<Eicr>().With<Eicr::Rtxq>(1));
  EXPECT_TRUE(LinkInterrupt().link_changed);
  EXPECT_EQ(nic_.mmio.Get<Eicr>().raw(), 1u);
}

TEST_F(DriverScenario, SpuriousOtherInterruptChangesNothing) {
  ASSERT_EQ(Start(), kOkStatus);
  const nic::InterruptReport report = driver_->Interrupt(1);
  EXPECT_FALSE(report.link_changed);
  EXPECT_FALSE(report.gone);
  EXPECT_EQ(nic_.mask, Eicr::Lsc::kMask);
}

TEST_F(DriverScenario, RefreshReadsTheDeviceWithoutAnInterrupt) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.SetLink(false);
  EXPECT_FALSE(driver_->RefreshLink().up);
  EXPECT_FALSE(driver_->link().up);
}

TEST_F(DriverScenario, RefreshDoesNotOverwriteWhatANewerInterruptFound) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.SetLink(false);
  // Behind the refresh's second read the link comes up, and another CPU takes the interrupt.
  nic_.mmio.OnRead<Links>([this, reads = 0](uint32_t, uint32_t& stored) mutable {
    const uint32_t seen = stored;
    if (++reads == 2) {
      nic_.SetLink(true);
      LinkInterrupt();
    }
    return seen;
  });
  EXPECT_TRUE(driver_->RefreshLink().up);
  EXPECT_TRUE(driver_->link().up);
}

TEST_F(DriverScenario, QueueInterruptCostsNoAccessAndArmingOneWrite) {
  ASSERT_EQ(Start(SixteenPairs()), kOkStatus);
  nic_.mmio.ForgetAccesses();
  for (uint16_t queue = 0; queue < 16; ++queue) {
    const nic::InterruptReport report = driver_->Interrupt(queue);
    EXPECT_EQ(report.rx_queues, uint64_t{1} << queue);
    EXPECT_EQ(report.tx_queues, uint64_t{1} << queue);
  }
  EXPECT_TRUE(nic_.mmio.log().empty());
  driver_->Arm(15);
  EXPECT_EQ(nic_.mmio.reads(), 0u);
  EXPECT_EQ(nic_.mmio.writes(), 1u);
  EXPECT_EQ(nic_.vector_mask, 1u << 16 | 1u << 15);
}

TEST_F(DriverScenario, InterruptOnAVectorWeDoNotHaveIsNothing) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.ForgetAccesses();
  const nic::InterruptReport report = driver_->Interrupt(2);
  EXPECT_EQ(report.rx_queues | report.tx_queues, 0u);
  EXPECT_TRUE(nic_.mmio.log().empty());
}

TEST_F(DriverScenario, StatisticsStartAtZeroAndAddUp) {
  nic_.mmio.Set(hw::Value<Gprc>(99));
  nic_.mmio.Set(hw::Value<Qprdc>(99));
  ASSERT_EQ(Start(), kOkStatus);
  nic::DriverStatistics statistics;
  driver_->ReadStatistics(statistics);
  EXPECT_EQ(statistics.rx_packets, 0u);
  EXPECT_EQ(statistics.rx_no_descriptor, 0u);
  for (int round = 0; round < 2; ++round) {
    nic_.mmio.Set(hw::Value<Gprc>(5));
    nic_.mmio.Set(hw::Value<Gorcl>(0xFFFFFFF0));
    nic_.mmio.Set(hw::Value<Gorch>(0x2));
    nic_.mmio.Set(hw::Value<Rxmpc>(1), 0);
    nic_.mmio.Set(hw::Value<Rxmpc>(2), 7);
    nic_.mmio.Set(hw::Value<Qprdc>(3));
    nic_.mmio.Set(hw::Value<Roc>(4));
    nic_.mmio.Set(hw::Value<Rjc>(1));
    driver_->ReadStatistics(statistics);
  }
  EXPECT_EQ(statistics.rx_packets, 10u);
  EXPECT_EQ(statistics.rx_bytes, 2 * 0x2FFFFFFF0u);
  EXPECT_EQ(statistics.rx_missed, 6u);
  EXPECT_EQ(statistics.rx_no_descriptor, 6u);
  EXPECT_EQ(statistics.rx_length_errors, 10u);
}

// Each counter by a number of its own, so that none is told as another.
TEST_F(DriverScenario, EveryCounterHasItsPlace) {
  ASSERT_EQ(Start(), kOkStatus);
  auto& mmio = nic_.mmio;
  mmio.Set(hw::Value<Mprc>(1));
  mmio.Set(hw::Value<Bprc>(2));
  mmio.Set(hw::Value<Prc64>(3));
  mmio.Set(hw::Value<Prc127>(4));
  mmio.Set(hw::Value<Prc255>(5));
  mmio.Set(hw::Value<Prc511>(6));
  mmio.Set(hw::Value<Prc1023>(7));
  mmio.Set(hw::Value<Prc1522>(8));
  mmio.Set(hw::Value<Tpr>(9));
  mmio.Set(hw::Value<Torl>(10));
  mmio.Set(hw::Value<Torh>(1));
  mmio.Set(hw::Value<Crcerrs>(11));
  mmio.Set(hw::Value<Ruc>(12));
  mmio.Set(hw::Value<Rfc>(13));
  mmio.Set(hw::Value<Roc>(14));
  mmio.Set(hw::Value<Rjc>(15));
  mmio.Set(hw::Value<Mspdc>(16));
  mmio.Set(hw::Value<Xec>(17));
  mmio.Set(hw::Value<Rlec>(18));
  mmio.Set(hw::Value<Illerrc>(19));
  mmio.Set(hw::Value<Errbc>(20));
  mmio.Set(hw::Value<Mlfc>(21));
  mmio.Set(hw::Value<Mrfc>(22));
  mmio.Set(hw::Value<Lxonrxcnt>(23));
  mmio.Set(hw::Value<Lxoffrxcnt>(24));
  mmio.Set(hw::Value<Lxontxc>(25));
  mmio.Set(hw::Value<Lxofftxc>(26));
  mmio.Set(hw::Value<Gptc>(27));
  mmio.Set(hw::Value<Gotcl>(28));
  mmio.Set(hw::Value<Gotch>(2));
  mmio.Set(hw::Value<Mptc>(29));
  mmio.Set(hw::Value<Bptc>(30));
  mmio.Set(hw::Value<Ptc64>(31));
  mmio.Set(hw::Value<Ptc127>(32));
  mmio.Set(hw::Value<Ptc255>(33));
  mmio.Set(hw::Value<Ptc511>(34));
  mmio.Set(hw::Value<Ptc1023>(35));
  mmio.Set(hw::Value<Ptc1522>(36));
  nic::DriverStatistics s;
  driver_->ReadStatistics(s);
  const std::vector<uint64_t> told = {
      s.rx_multicast,       s.rx_broadcast,    s.rx_sizes[0],      s.rx_sizes[1],
      s.rx_sizes[2],        s.rx_sizes[3],     s.rx_sizes[4],      s.rx_sizes[5],
      s.rx_all_packets,     s.rx_all_bytes,    s.rx_crc_errors,    s.rx_undersize,
      s.rx_fragments,       s.rx_oversize,     s.rx_jabber,        s.rx_short_discards,
      s.rx_checksum_errors, s.rx_field_errors, s.rx_symbol_errors, s.local_faults,
      s.remote_faults,      s.rx_pause_off,    s.rx_pause_on,      s.tx_pause_off,
      s.tx_pause_on,        s.tx_packets,      s.tx_bytes,         s.tx_multicast,
      s.tx_broadcast,       s.tx_sizes[0],     s.tx_sizes[1],      s.tx_sizes[2],
      s.tx_sizes[3],        s.tx_sizes[4],     s.tx_sizes[5]};
  EXPECT_EQ(
      told,
      (std::vector<uint64_t>{
          1,  2,  3,  4,  5,  6,  7,  8,  9,  (uint64_t{1} << 32) + 10, 11, 12, 13, 14, 15, 16, 17,
          18, 39, 21, 22, 23, 24, 25, 26, 27, (uint64_t{2} << 32) + 28, 29, 30, 31, 32, 33, 34, 35,
          36}));
}

TEST_F(DriverScenario, EachQueueHasACounterSetOfItsOwn) {
  ASSERT_EQ(Start(SixteenPairs()), kOkStatus);
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(nic_.mmio.Get<Rqsmr>(i).raw(), 0x03020100u + i * 0x04040404u);
    EXPECT_EQ(nic_.mmio.Get<Tqsm>(i).raw(), 0x03020100u + i * 0x04040404u);
  }
  for (uint32_t i = 0; i < 16; ++i) {
    nic_.mmio.Set(hw::Value<Qprc>(100 + i), i);
    nic_.mmio.Set(hw::Value<QbrcL>(1000 + i), i);
    nic_.mmio.Set(hw::Value<QbrcH>(1), i);
    nic_.mmio.Set(hw::Value<Qprdc>(i), i);
    nic_.mmio.Set(hw::Value<Qptc>(200 + i), i);
    nic_.mmio.Set(hw::Value<QbtcL>(2000 + i), i);
    nic_.mmio.Set(hw::Value<QbtcH>(2), i);
  }
  nic::DriverStatistics statistics;
  driver_->ReadStatistics(statistics);
  for (uint32_t i = 0; i < 16; ++i) {
    const nic::QueueStatistics& queue = statistics.queues[i];
    EXPECT_EQ(queue.rx_packets, 100 + i);
    EXPECT_EQ(queue.rx_bytes, (uint64_t{1} << 32) + 1000 + i + 4 * (100 + i)) << "CRCs stripped";
    EXPECT_EQ(queue.rx_dropped, i);
    EXPECT_EQ(queue.tx_packets, 200 + i);
    EXPECT_EQ(queue.tx_bytes, (uint64_t{2} << 32) + 2000 + i);
  }
  EXPECT_EQ(statistics.rx_no_descriptor, 120u);
}

// A reset clears the device's counters: what they held is told afterwards, once.
TEST_F(DriverScenario, WhatWasCountedBeforeAStopIsToldAfterIt) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.Set(hw::Value<Gptc>(7));
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  nic_.mmio.Set(hw::Value<Gptc>(1000));  // somebody else's
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.Set(hw::Value<Gptc>(3));
  nic::DriverStatistics statistics;
  driver_->ReadStatistics(statistics);
  EXPECT_EQ(statistics.tx_packets, 10u);
  driver_->ReadStatistics(statistics);
  EXPECT_EQ(statistics.tx_packets, 10u);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  nic_.mmio.Set(hw::Value<Gptc>(50));
  driver_->ReadStatistics(statistics);
  EXPECT_EQ(statistics.tx_packets, 10u) << "a stopped device is not read";
}

TEST_F(DriverScenario, ADeviceThatIsGoneIsNoticedByEveryCall) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.VanishAfter(0);
  const uint64_t before = nic_.sleeper.now_us();
  EXPECT_TRUE(driver_->Interrupt(1).gone);
  EXPECT_FALSE(driver_->RefreshLink().up);
  nic::DriverStatistics statistics;
  driver_->ReadStatistics(statistics);
  EXPECT_EQ(statistics.rx_packets, 0u);
  EXPECT_EQ(driver_->StartRxQueue(0, kRx).error(), Errno::kIo);
  EXPECT_EQ(driver_->StartTxQueue(0, kTx).error(), Errno::kIo);
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kGone);
  EXPECT_EQ(driver_->StopRxQueue(0), kOkStatus);
  EXPECT_EQ(driver_->StopTxQueue(0), kOkStatus);
  driver_->Shutdown();
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  EXPECT_LE(nic_.sleeper.now_us() - before, 1'000u);
  EXPECT_EQ(driver_->Start({}), Errno::kIo);
}

TEST_F(DriverScenario, AfterSurpriseRemovalAndReturnItStartsAgain) {
  ASSERT_EQ(Start(), kOkStatus);
  nic_.mmio.VanishAfter(100);
  EXPECT_EQ(driver_->Stop(), kOkStatus);
  nic_.mmio.Return();
  EXPECT_EQ(Start(), kOkStatus);
}

// Start or Stop on a device that vanishes after each number of accesses in turn. The rest of the
// call must be short: no more accesses than the whole call has, and no wait runs to its limit.
TEST(DriverSweep, ADeviceThatVanishesAtAnyAccessOfStartFailsItInBoundedTime) {
  uint64_t whole = 0;
  uint64_t whole_us = 0;
  for (uint64_t n = 0;; ++n) {
    TestDevice nic;
    nic::NicDriver* driver = *Driver::Create(nic.resources());
    if (n > 0) nic.mmio.VanishAfter(n - 1);
    const mapwire::Status status = driver->Start(SixteenPairs());
    if (n == 0) {
      ASSERT_EQ(status, kOkStatus);
      whole = nic.mmio.log().size();
      whole_us = nic.sleeper.now_us();
    } else {
      ASSERT_EQ(status, Errno::kIo) << "vanished after " << n - 1 << " of " << whole;
      ASSERT_LE(nic.mmio.log().size(), whole + 100) << n - 1;
      ASSERT_LE(nic.sleeper.now_us(), whole_us + 10'000) << n - 1;
    }
    ASSERT_EQ(driver->Stop(), kOkStatus) << n;
    Driver::Destroy(driver);
    ASSERT_EQ(nic.heap.live(), 0);
    if (n == whole) break;
  }
  RecordProperty("accesses", static_cast<int>(whole));
}

TEST(DriverSweep, ADeviceThatVanishesAtAnyAccessOfStopIsGivenUpInBoundedTime) {
  uint64_t whole = 0;
  uint64_t whole_us = 0;
  for (uint64_t n = 0;; ++n) {
    TestDevice nic;
    nic::NicDriver* driver = *Driver::Create(nic.resources());
    ASSERT_EQ(driver->Start({}), kOkStatus);
    nic.mmio.ForgetAccesses();
    const uint64_t before = nic.sleeper.now_us();
    if (n > 0) nic.mmio.VanishAfter(n - 1);
    ASSERT_EQ(driver->Stop(), kOkStatus) << n;
    if (n == 0) {
      whole = nic.mmio.log().size();
      whole_us = nic.sleeper.now_us() - before;
    }
    ASSERT_LE(nic.mmio.log().size(), whole + 100) << n - 1;
    ASSERT_LE(nic.sleeper.now_us() - before, whole_us + 10'000) << n - 1;
    Driver::Destroy(driver);
    ASSERT_EQ(nic.heap.live(), 0);
    if (n == whole) break;
  }
}

}  // namespace
}  // namespace mapwire::ixgbe
