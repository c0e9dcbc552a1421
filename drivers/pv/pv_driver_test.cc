// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The paravirtual card's driver against scripted registers: every access, in order.
#include "drivers/pv/pv_driver.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "drivers/pv/pv_desc.h"
#include "drivers/pv/pv_regs.h"
#include "testing/mmio/fake_heap.h"
#include "testing/mmio/recording_mmio.h"
#include "testing/mmio/scripted_mmio.h"

namespace mapwire::pv {
namespace {

class Created {
 public:
  explicit Created(const platform::Mmio& mmio) {
    const Result<nic::NicDriver*> driver = Driver::Create({mmio, nullptr, nullptr, &heap_});
    EXPECT_TRUE(driver.ok());
    driver_ = *driver;
  }
  ~Created() {
    Driver::Destroy(driver_);
    EXPECT_EQ(heap_.live(), 0);
  }
  nic::NicDriver* operator->() const { return driver_; }

 private:
  testing::FakeHeap heap_;
  nic::NicDriver* driver_;
};

class Script : public ::testing::Test {
 protected:
  Script() : mmio(AllRegisters::kRows), driver(mmio.mmio()) {}

  template <typename R>
  void ExpectCounter(uint64_t value, uint32_t queue = 0) {
    mmio.ExpectRead(hw::Value<R>(static_cast<uint32_t>(value)), 2 * queue);
    mmio.ExpectRead(hw::Value<R>(static_cast<uint32_t>(value >> 32)), 2 * queue + 1);
  }
  // One reading of the counters of one queue pair.
  void ExpectCounters(uint64_t rx, uint64_t rx_bytes, uint64_t dropped, uint64_t tx,
                      uint64_t tx_bytes, uint64_t oversize) {
    mmio.ExpectRead(hw::Value<Status>(1));
    ExpectCounter<RxPackets>(rx);
    ExpectCounter<TxPackets>(tx);
    ExpectCounter<RxBytes>(rx_bytes);
    ExpectCounter<RxDropped>(dropped);
    ExpectCounter<TxBytes>(tx_bytes);
    ExpectCounter<RxOversize>(oversize);
  }
  void ExpectStart(uint32_t max_frame, uint32_t status = 1) {
    mmio.ExpectWrite(hw::Value<Control>(0));
    mmio.ExpectRead(hw::Value<MacLow>(0x03020102));
    mmio.ExpectRead(hw::Value<MacHigh>(0x0504));
    mmio.ExpectWrite(hw::Value<MaxFrame>(max_frame));
    mmio.ExpectWrite(hw::Value<Pairs>(1));
    ExpectCounters(0, 0, 0, 0, 0, 0);
    mmio.ExpectWrite(hw::Value<Control>(1));
    mmio.ExpectRead(hw::Value<Status>(status));
  }
  void Start() {
    ExpectStart(1514);
    ASSERT_EQ(driver->Start({}), kOkStatus);
    mmio.CheckAllUsed();
  }

  testing::ScriptedMmio mmio;
  Created driver;
};

TEST_F(Script, StartResetsConfiguresAndLooksAtTheLink) {
  ExpectStart(9728);
  nic::DriverConfig config;
  config.max_frame_bytes = 9728;
  ASSERT_EQ(driver->Start(config), kOkStatus);
  EXPECT_EQ(std::vector<uint8_t>(driver->mac(), driver->mac() + 6),
            (std::vector<uint8_t>{2, 1, 2, 3, 4, 5}));
  EXPECT_TRUE(driver->link().up);
  EXPECT_EQ(driver->link().mbps, 100'000u);
  EXPECT_EQ(driver->vectors(4), 17u);
}

TEST_F(Script, StartWithoutLightIsNoFailure) {
  ExpectStart(1514, 0);
  ASSERT_EQ(driver->Start({}), kOkStatus);
  EXPECT_FALSE(driver->link().up);
  EXPECT_EQ(driver->link().mbps, 0u);
}

// What the card has not is refused before any register is touched.
TEST_F(Script, WhatTheCardHasNotIsRefused) {
  const std::vector<std::function<void(nic::DriverConfig&)>> wishes = {
      [](nic::DriverConfig& c) { c.queue_pairs = 17; },
      [](nic::DriverConfig& c) { c.queue_pairs = c.rss_queues = 2; },
      [](nic::DriverConfig& c) { c.tx_slots = 4; },
      [](nic::DriverConfig& c) { c.rx_slots = 4104; },
      [](nic::DriverConfig& c) { c.rx_buffer_bytes = 100; },
      [](nic::DriverConfig& c) { c.rx_buffer_bytes = 16448; },
      [](nic::DriverConfig& c) { c.max_frame_bytes = 9729; },
      [](nic::DriverConfig& c) { c.interrupt_interval_us = 1; },
      [](nic::DriverConfig& c) { c.keep_crc = true; },
      [](nic::DriverConfig& c) { c.promiscuous = false; },
      [](nic::DriverConfig& c) { c.vlan_filter = true; },
  };
  for (size_t i = 0; i < wishes.size(); ++i) {
    nic::DriverConfig config;
    wishes[i](config);
    EXPECT_EQ(driver->Start(config), mapwire::Status(Errno::kInvalid)) << i;
  }
}

TEST_F(Script, AQueueIsToldItsPlaceThenSwitchedOn) {
  Start();
  const DeviceAddress ring(0x1'2345'6780);
  const DeviceAddress head(0x2'0000'0040);
  mmio.ExpectWrite(hw::Value<TxBaseLow>(0x23456780), 3);
  mmio.ExpectWrite(hw::Value<TxBaseHigh>(1), 3);
  mmio.ExpectWrite(hw::Value<TxCount>(512), 3);
  mmio.ExpectWrite(hw::Value<TxHeadLow>(0x40), 3);
  mmio.ExpectWrite(hw::Value<TxHeadHigh>(2), 3);
  mmio.ExpectWrite(hw::Value<TxEnable>(1), 3);
  const Result<uint32_t> tx = driver->StartTxQueue(3, {ring, 512, head});
  ASSERT_TRUE(tx.ok());
  EXPECT_EQ(*tx, 0x100u + 3 * 0x40 + 0x18);
  mmio.ExpectWrite(hw::Value<RxBaseLow>(0x23456780), 15);
  mmio.ExpectWrite(hw::Value<RxBaseHigh>(1), 15);
  mmio.ExpectWrite(hw::Value<RxCount>(64), 15);
  mmio.ExpectWrite(hw::Value<RxBuffer>(2048), 15);
  mmio.ExpectWrite(hw::Value<RxEnable>(1), 15);
  const Result<uint32_t> rx = driver->StartRxQueue(15, {ring, 64, 2048});
  ASSERT_TRUE(rx.ok());
  EXPECT_EQ(*rx, 0x100u + 15 * 0x40 + 0x30);
}

// The read pushes the write: after it the device reaches nothing any more.
TEST_F(Script, WhatIsSwitchedOffIsReadBack) {
  Start();
  mmio.ExpectWrite(hw::Value<TxEnable>(0), 2);
  mmio.ExpectRead(hw::Value<TxEnable>(0), 2);
  EXPECT_EQ(driver->StopTxQueue(2), kOkStatus);
  mmio.ExpectWrite(hw::Value<RxEnable>(0), 2);
  mmio.ExpectRead(hw::Value<RxEnable>(0), 2);
  EXPECT_EQ(driver->StopRxQueue(2), kOkStatus);
  mmio.ExpectWrite(hw::Value<Control>(0));
  driver->Shutdown();
  mmio.ExpectWrite(hw::Value<Control>(0));
  mmio.ExpectRead(hw::Value<Status>(1));
  EXPECT_EQ(driver->Stop(), kOkStatus);
  EXPECT_FALSE(driver->link().up);
}

TEST_F(Script, AQueuesInterruptCostsNoRegister) {
  Start();
  const nic::InterruptReport report = driver->Interrupt(0);
  EXPECT_EQ(report.rx_queues, 1u);
  EXPECT_EQ(report.tx_queues, 1u);
  EXPECT_FALSE(report.link_changed || report.gone);
  mmio.ExpectWrite(hw::Value<Arm>(1), 5);
  driver->Arm(5);
}

TEST_F(Script, TheLastVectorTellsOfTheLink) {
  Start();
  mmio.ExpectRead(hw::Value<Status>(0));
  nic::InterruptReport report = driver->Interrupt(16);
  EXPECT_TRUE(report.link_changed);
  EXPECT_EQ(report.rx_queues | report.tx_queues, 0u);
  EXPECT_FALSE(driver->link().up);
  mmio.ExpectRead(hw::Value<Status>(1));
  EXPECT_TRUE(driver->RefreshLink().up);
  mmio.ExpectRead(hw::Value<Status>(0xFFFFFFFF));
  report = driver->Interrupt(16);
  EXPECT_TRUE(report.gone);
  EXPECT_FALSE(report.link_changed);
}

TEST_F(Script, CheckTellsAResetFromAnEnd) {
  Start();
  mmio.ExpectRead(hw::Value<Control>(1));
  EXPECT_EQ(driver->Check(), nic::DeviceHealth::kGood);
  mmio.ExpectRead(hw::Value<Control>(0));
  EXPECT_EQ(driver->Check(), nic::DeviceHealth::kForgetful);
  mmio.ExpectRead(hw::Value<Control>(0xFFFFFFFF));
  EXPECT_EQ(driver->Check(), nic::DeviceHealth::kGone);
}

TEST_F(Script, CountersAreAddedAndBytesAreWithCrc) {
  Start();
  nic::DriverStatistics s;
  ExpectCounters(10, 0x1'0000'0000, 2, 5, 300, 1);
  driver->ReadStatistics(s);
  EXPECT_EQ(s.queues[0].rx_packets, 10u);
  EXPECT_EQ(s.queues[0].rx_bytes, 0x1'0000'0000u + 40);
  EXPECT_EQ(s.queues[0].rx_dropped, 2u);
  EXPECT_EQ(s.queues[0].tx_packets, 5u);
  EXPECT_EQ(s.queues[0].tx_bytes, 320u);
  EXPECT_EQ(s.rx_packets, 12u);  // also those without a buffer
  EXPECT_EQ(s.rx_bytes, 0x1'0000'0000u + 40);
  EXPECT_EQ(s.rx_no_descriptor, 2u);
  EXPECT_EQ(s.tx_packets, 5u);
  EXPECT_EQ(s.tx_bytes, 320u);
  EXPECT_EQ(s.rx_oversize, 1u);
  EXPECT_EQ(s.rx_length_errors, 1u);
  ExpectCounters(11, 0x1'0000'003C, 2, 5, 300, 4);
  driver->ReadStatistics(s);
  EXPECT_EQ(s.rx_packets, 13u);
  EXPECT_EQ(s.queues[0].rx_bytes, 0x1'0000'0000u + 104);
  EXPECT_EQ(s.rx_oversize, 4u);
  EXPECT_EQ(s.tx_packets, 5u);
  // They began anew: somebody reset the card.
  ExpectCounters(3, 180, 0, 1, 60, 0);
  driver->ReadStatistics(s);
  EXPECT_EQ(s.queues[0].rx_packets, 14u);
  EXPECT_EQ(s.rx_packets, 16u);
  EXPECT_EQ(s.tx_packets, 6u);
  EXPECT_EQ(s.rx_oversize, 4u);
}

// Replay: all ones were added to every counter.
TEST_F(Script, ACardThatIsGoneCountsNothing) {
  Start();
  nic::DriverStatistics s;
  mmio.ExpectRead(hw::Value<Status>(0xFFFFFFFF));
  driver->ReadStatistics(s);
  EXPECT_EQ(s.rx_packets + s.tx_packets + s.rx_oversize, 0u);
}

// Replay: a second driver of a card claimed what the first one had counted.
TEST(PvDriver, WhatWasCountedBeforeTheFirstStartIsAnothers) {
  testing::RecordingMmio mmio(AllRegisters::kRows);
  mmio.Set(hw::Value<RxPackets>(1000), 0);
  mmio.Set(hw::Value<TxBytes>(77), 2);
  nic::DriverConfig config;
  config.queue_pairs = 2;
  const Created driver(mmio.mmio());
  ASSERT_EQ(driver->Start(config), kOkStatus);
  EXPECT_EQ(mmio.Get<Pairs>().raw(), 2u);
  nic::DriverStatistics s;
  mmio.Set(hw::Value<RxPackets>(1003), 0);
  driver->ReadStatistics(s);
  EXPECT_EQ(s.rx_packets, 3u);
  EXPECT_EQ(s.tx_bytes, 0u);
  // A start again forgets nothing.
  mmio.Set(hw::Value<RxPackets>(1005), 0);
  ASSERT_EQ(driver->Stop(), kOkStatus);
  ASSERT_EQ(driver->Start(config), kOkStatus);
  driver->ReadStatistics(s);
  EXPECT_EQ(s.rx_packets, 5u);
}

TEST(PvDriver, ACardThatIsGoneCannotBeStarted) {
  testing::RecordingMmio mmio(AllRegisters::kRows);
  const Created driver(mmio.mmio());
  mmio.VanishAfter(0);
  EXPECT_EQ(driver->Start({}), mapwire::Status(Errno::kIo));
  EXPECT_FALSE(driver->link().up);
}

// --- Descriptors
// ----------------------------------------------------------------------------------

TEST(PvCodec, Transmit) {
  Codec::Descriptor one{};
  Codec::EncodeFrame(one, 0x1'0000'0040, 1514);
  EXPECT_EQ(one.address, 0x1'0000'0040u);
  EXPECT_EQ(one.word, 0x1'0000'05EAu);
  Codec::RequestReport(one);
  EXPECT_EQ(one.word, 0x3'0000'05EAu);
  Codec::EncodeReportedFrame(one, 64, 60);
  EXPECT_EQ(one.word, 0x3'0000'003Cu);
  Codec::Descriptor first{}, last{};
  Codec::EncodeFragment(first, 64, 2048);
  Codec::EncodeFragment(last, 128, 10);
  Codec::FinishFrame(first, last, 2058);
  EXPECT_EQ(first.word, 2048u);
  EXPECT_EQ(last.word, 0x1'0000'000Au);
}

TEST(PvCodec, Receive) {
  Codec::Descriptor one{1, ~uint64_t{0}};
  Codec::EncodeRefill(one, 0x5000);
  EXPECT_EQ(one.address, 0x5000u);
  EXPECT_EQ(Codec::LoadStatus(one), 0u);
  EXPECT_FALSE(Codec::IsDone(0) || Codec::IsEnd(0) || Codec::IsWhole(0));
  const uint64_t part = uint64_t{2048} << 32 | 1;
  EXPECT_TRUE(Codec::IsDone(part));
  EXPECT_FALSE(Codec::IsEnd(part) || Codec::IsWhole(part) || Codec::IsWhole(2));
  const uint64_t whole = uint64_t{60} << 32 | 3;
  EXPECT_TRUE(Codec::IsDone(whole) && Codec::IsEnd(whole) && Codec::IsWhole(whole));
  EXPECT_EQ(Codec::Length(whole), 60u);
  EXPECT_EQ(Codec::LengthAndRest(whole), 60u);
}

}  // namespace
}  // namespace mapwire::pv
