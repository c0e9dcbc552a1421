// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A NIC port whose device is played here: what the watchdog recognises and what it leaves alone,
// what a reset keeps and loses, and what becomes of memory that a device may still reach.
#include "core/nic/nic_port.h"

#include <gtest/gtest.h>

#include "core/nic/played_card_for_test.h"

namespace mapwire::nic {
namespace {

// --- Transmit hang
// --------------------------------------------------------------------------------

TEST_F(NicPortTest, NoProgressBetweenTwoCallsIsAHangAndSlotsComeBack) {
  Open();
  Give(tx(), 10);
  ReportHead(4);
  port_->Watchdog();
  EXPECT_EQ(counters().tx_hangs, 0u) << "only just given";
  port_->Watchdog();
  EXPECT_EQ(counters().tx_hangs, 1u);
  EXPECT_EQ(counters().resets, 1u);
  EXPECT_EQ(counters().tx_lost, 6u);
  EXPECT_TRUE(log_.Has("nic: tx queue 0 stands still at descriptor 4, the device has 6"));
  EXPECT_EQ(driver_.queue_starts, 8u) << "all four are started again";
  EXPECT_EQ(tx().state(), RingState::kUser);
  EXPECT_EQ(tx().Sync(), SyncResult::kDone);
  EXPECT_EQ(program(tx())->tail, 9u) << "all slots but one are the program's";
  // The next frame goes where the device begins.
  Give(tx(), 1);
  EXPECT_EQ(registers_.value[kTxTail / 4], 1u);
  ReportHead(1);
  EXPECT_EQ(tx().Sync(), SyncResult::kDone);
  EXPECT_EQ(program(tx())->tail, 10u);
}

TEST_F(NicPortTest, AWholeTurnOfTheRingBetweenTwoCallsIsProgress) {
  Open();
  Give(tx(), 32);
  for (int call = 0; call < 5; ++call) {
    port_->Watchdog();
    // 64 frames later everything stands where it stood.
    ReportHead(32);
    Give(tx(), 0);
    Give(tx(), 32);
    ReportHead(0);
    Give(tx(), 0);
    Give(tx(), 32);
    ReportHead(0);
  }
  EXPECT_EQ(counters().tx_hangs, 0u);
}

TEST_F(NicPortTest, FinishedFramesThatNoSyncHasTakenAreNoHang) {
  Open();
  Give(tx(), 10);
  ReportHead(10);
  for (int call = 0; call < 4; ++call) port_->Watchdog();
  EXPECT_EQ(counters().tx_hangs + counters().lost_interrupts, 0u);
}

TEST_F(NicPortTest, WithoutCarrierNothingHangs) {
  Open();
  Give(tx(), 10);
  driver_.up = false;
  for (int call = 0; call < 4; ++call) port_->Watchdog();
  EXPECT_FALSE(port_->carrier());
  EXPECT_EQ(counters().tx_hangs, 0u);
  EXPECT_EQ(counters().lost_interrupts, 1u) << "of the link";
  driver_.up = true;
  port_->Watchdog();
  EXPECT_TRUE(port_->carrier());
  port_->Watchdog();
  EXPECT_EQ(counters().tx_hangs, 0u) << "the link has just come";
  port_->Watchdog();
  EXPECT_EQ(counters().tx_hangs, 1u);
}

TEST_F(NicPortTest, ARingThatIsInUseAtEveryLookIsLeftAlone) {
  Open();
  Give(tx(), 10);
  ASSERT_TRUE(tx().TryHold());
  for (int call = 0; call < 4; ++call) port_->Watchdog();
  EXPECT_EQ(counters().tx_hangs, 0u);
  EXPECT_LE(environment_.sleeper().slept_us, 10'000u);
  tx().Drop();
}

// --- Receive stall
// --------------------------------------------------------------------------------

TEST_F(NicPortTest, AFrameWithoutEndIsAStallAndItsSlotsAreGivenAnew) {
  Open();
  Deliver(0);
  for (uint32_t i = 1; i < 12; ++i) Deliver(i, /*end=*/false);
  port_->Watchdog();
  EXPECT_EQ(counters().rx_stalls, 0u) << "a whole frame can be had first";
  EXPECT_EQ(rx().Sync(), SyncResult::kDone);
  port_->Watchdog();
  EXPECT_EQ(counters().rx_stalls, 1u);
  EXPECT_EQ(counters().rx_lost, 11u);
  EXPECT_EQ(program(rx())->tail, 1u) << "the whole frame is kept, and nothing else";
  EXPECT_EQ(registers_.value[kRxTail / 4], kSlots - 2);
  Deliver(0);
  EXPECT_EQ(rx().Sync(), SyncResult::kDone);
  EXPECT_EQ(program(rx())->tail, 2u);
}

class ShortRings : public NicPortTest {
 protected:
  ShortRings() : NicPortTest(8) {}
};

// Eight descriptors of 2 KiB are fewer than the longest frame takes.
TEST_F(ShortRings, ARingFullOfAFrameWithoutEndIsAStall) {
  Open();
  for (uint32_t i = 0; i < 6; ++i) Deliver(i, /*end=*/false);
  for (int call = 0; call < 4; ++call) port_->Watchdog();
  EXPECT_EQ(counters().rx_stalls, 0u) << "the seventh may end it";
  Deliver(6, /*end=*/false);
  port_->Watchdog();
  EXPECT_EQ(counters().rx_stalls, 1u);
  EXPECT_EQ(counters().rx_lost, 7u);
  for (uint32_t i = 0; i < 6; ++i) Deliver(i, /*end=*/false);
  Deliver(6);
  EXPECT_EQ(rx().Sync(), SyncResult::kDone);
  EXPECT_EQ(program(rx())->tail, 7u);
}

TEST_F(NicPortTest, ALongFrameIsNoStall) {
  Open();
  for (uint32_t i = 0; i < 8; ++i) Deliver(i, /*end=*/false);
  for (int call = 0; call < 4; ++call) port_->Watchdog();
  EXPECT_EQ(counters().rx_stalls, 0u);
}

TEST_F(NicPortTest, AGapIsAStallOnlyIfItStays) {
  Open();
  Deliver(1);
  port_->Watchdog();
  Deliver(0);
  port_->Watchdog();
  EXPECT_EQ(rx().Sync(), SyncResult::kDone);
  EXPECT_EQ(counters().rx_stalls, 0u);
  Deliver(3);
  port_->Watchdog();
  port_->Watchdog();
  EXPECT_EQ(counters().rx_stalls, 1u);
}

TEST_F(NicPortTest, AResetKeepsWhatWasReceivedAndDeliversNothingTwice) {
  Open();
  for (uint32_t i = 0; i < 50; ++i) Deliver(i);
  ASSERT_TRUE(port_->Reset("test").ok());
  EXPECT_EQ(counters().rx_lost, 0u);
  EXPECT_EQ(rx().Sync(), SyncResult::kDone);
  EXPECT_EQ(program(rx())->tail, 50u);
  EXPECT_EQ(rx().Sync(), SyncResult::kDone);
  EXPECT_EQ(program(rx())->tail, 50u);
  for (uint32_t i = 0; i < kSlots; ++i) EXPECT_EQ(Received(i).word, 0u) << i;
}

// --- Lost interrupts
// ------------------------------------------------------------------------------

TEST_F(NicPortTest, WhoIsArmedAndNotToldIsTold) {
  Open();
  port_->Arm(rx());
  Deliver(0);
  port_->Watchdog();
  EXPECT_EQ(counters().lost_interrupts, 0u) << "it may be on its way";
  const uint64_t before = Notifications(*rx().notifier());
  port_->Watchdog();
  EXPECT_EQ(counters().lost_interrupts, 1u);
  EXPECT_GT(Notifications(*rx().notifier()), before);
  EXPECT_TRUE(log_.Has("nic: the interrupt of queue 0 was lost, rx descriptor"));
  for (int call = 0; call < 4; ++call) port_->Watchdog();
  EXPECT_EQ(counters().lost_interrupts, 1u);
  EXPECT_EQ(counters().resets, 0u);
}

// Programs that come and go on a ring arm all the time: that must not hide who sleeps.
TEST_F(NicPortTest, WhoIsArmedAnewHidesNoLostInterrupt) {
  Open();
  port_->Arm(rx());
  Deliver(0);
  port_->Watchdog();
  port_->Arm(rx());
  port_->Watchdog();
  EXPECT_EQ(counters().lost_interrupts, 1u);
  port_->Arm(rx());
  port_->HandleInterrupt(0);
  port_->Watchdog();
  port_->Watchdog();
  EXPECT_EQ(counters().lost_interrupts, 1u);
}

TEST_F(NicPortTest, WhoWasToldOrNotArmedHasLostNothing) {
  Open();
  Deliver(0);
  port_->Watchdog();
  port_->Watchdog();
  port_->Arm(rx());
  port_->HandleInterrupt(0);
  port_->Watchdog();
  port_->Watchdog();
  EXPECT_EQ(counters().lost_interrupts, 0u);
}

// --- The device as a whole
// ------------------------------------------------------------------------

// Its counters are read now and then, whoever asks for them, and add up.
TEST_F(NicPortTest, TheWatchdogReadsTheCountersBeforeTheyOverflow) {
  Open();
  driver_.counted = 5;
  for (int i = 0; i < 15; ++i) port_->Watchdog();
  EXPECT_EQ(driver_.counted, 0u);
  driver_.counted = 2;
  for (int i = 0; i < 15; ++i) port_->Watchdog();
  EXPECT_EQ(driver_.counted, 2u);
  EXPECT_EQ(port_->ReadStatistics().rx_packets, 7u);
  EXPECT_EQ(port_->ReadStatistics().rx_packets, 7u);
}

TEST_F(NicPortTest, ADeviceThatIsGoneKillsThePortOnce) {
  Open();
  const uint64_t before = Notifications(*tx().notifier());
  driver_.health = DeviceHealth::kGone;
  port_->Watchdog();
  port_->Watchdog();
  EXPECT_EQ(counters().removals, 1u);
  EXPECT_EQ(counters().resets, 0u);
  EXPECT_EQ(tx().Sync(), SyncResult::kZombie);
  EXPECT_GT(Notifications(*tx().notifier()), before);
}

TEST_F(NicPortTest, ADeviceThatForgotIsSetUpAgain) {
  Open();
  driver_.health = DeviceHealth::kForgetful;
  driver_.on_start = [this] { driver_.health = DeviceHealth::kGood; };
  port_->Watchdog();
  EXPECT_EQ(counters().spontaneous_resets, 1u);
  EXPECT_EQ(driver_.starts, 2u);
  EXPECT_EQ(driver_.queue_starts, 8u);
}

TEST_F(NicPortTest, DuringAResetSyncsAreSkippedAndAfterItWaitersAreWoken) {
  Open();
  const uint64_t before = Notifications(*tx(1).notifier());
  SyncResult seen = SyncResult::kDone;
  driver_.on_start = [&] {
    seen = tx(1).Sync();
    EXPECT_EQ(Notifications(*tx(1).notifier()), before);
  };
  ASSERT_TRUE(port_->Reset("test").ok());
  EXPECT_EQ(seen, SyncResult::kBusy);
  EXPECT_GT(Notifications(*tx(1).notifier()), before);
  EXPECT_EQ(tx(1).Sync(), SyncResult::kDone);
}

TEST_F(NicPortTest, AResetWaitsForWhoIsInsideASync) {
  Open();
  ASSERT_TRUE(tx().TryHold());
  environment_.sleeper().on_delay = [&](uint64_t) {
    if (environment_.sleeper().slept_us < 500) return;
    environment_.sleeper().on_delay = nullptr;
    EXPECT_EQ(driver_.stops, 0u) << "somebody is using the queue";
    tx().Drop();
  };
  ASSERT_TRUE(port_->Reset("test").ok());
  EXPECT_EQ(environment_.sleeper().on_delay, nullptr);
  EXPECT_EQ(driver_.stops, 1u);
}

TEST_F(NicPortTest, ASleepingDeviceIsLeftAloneAndWakesWithItsRings) {
  Open();
  Give(tx(), 10);
  ReportHead(4);
  ASSERT_TRUE(port_->Suspend().ok());
  EXPECT_EQ(driver_.stops, 1u);
  EXPECT_EQ(tx().state(), RingState::kLocked);
  EXPECT_EQ(tx().Sync(), SyncResult::kBusy);
  EXPECT_FALSE(port_->HandleInterrupt(0)) << "on a shared line it was somebody else's";
  const uint32_t arms = driver_.arms;
  port_->Arm(rx());
  EXPECT_EQ(driver_.arms, arms);
  driver_.health = DeviceHealth::kGone;
  for (int call = 0; call < 20; ++call) port_->Watchdog();
  (void)port_->ReadStatistics();
  EXPECT_FALSE(port_->gone());
  driver_.health = DeviceHealth::kGood;
  const uint32_t before = Notifications(*rx().notifier());
  ASSERT_TRUE(port_->Resume().ok());
  EXPECT_GT(Notifications(*rx().notifier()), before) << "who waits arms again";
  EXPECT_EQ(driver_.starts, 2u);
  EXPECT_EQ(driver_.queue_starts, 8u);
  EXPECT_EQ(counters().resets, 0u);
  EXPECT_EQ(counters().tx_lost, 6u);
  EXPECT_EQ(tx().Sync(), SyncResult::kDone);
  Give(tx(), 1);
  EXPECT_EQ(registers_.value[kTxTail / 4], 1u);
  EXPECT_TRUE(port_->Resume().ok()) << "it is awake";
  EXPECT_EQ(driver_.starts, 2u);
}

TEST_F(NicPortTest, RingsOfASleepingDeviceAreClosedWithoutItAndNotOpened) {
  Open();
  ASSERT_TRUE(port_->Suspend().ok());
  const uint32_t stops = driver_.queue_stops;
  port_->Unbind(kBoth, nullptr);
  EXPECT_EQ(driver_.queue_stops, stops);
  EXPECT_EQ(space_.maps() + space_.coherent(), 0u);
  ASSERT_TRUE(port_->Bind(kBoth, false).ok());
  EXPECT_EQ(port_->Activate(kBoth), Errno::kBusy);
  ASSERT_TRUE(port_->Resume().ok());
  EXPECT_TRUE(port_->Activate(kBoth).ok());
}

TEST_F(NicPortTest, ADeviceThatDoesNotWakeIsGivenUpWithTheReason) {
  Open();
  ASSERT_TRUE(port_->Suspend().ok());
  driver_.start = Errno::kIo;
  EXPECT_EQ(port_->Resume(), Errno::kIo);
  EXPECT_TRUE(port_->gone());
  EXPECT_EQ(tx().Sync(), SyncResult::kZombie);
  EXPECT_EQ(port_->Suspend(), Errno::kNoDevice);
  EXPECT_EQ(port_->Resume(), Errno::kNoDevice);
}

TEST_F(NicPortTest, InterruptsOfADeviceThatIsGoneCountItOnce) {
  Open();
  driver_.gone = true;
  port_->HandleInterrupt(0);
  port_->HandleInterrupt(2);
  EXPECT_EQ(counters().removals, 1u);
  EXPECT_TRUE(port_->gone());
}

TEST_F(NicPortTest, ADeviceThatIsGoneDuringAResetStaysDead) {
  Open();
  driver_.on_start = [this] { port_->Kill(); };
  EXPECT_TRUE(port_->Reset("test").ok());
  EXPECT_EQ(tx().state(), RingState::kZombie);
  EXPECT_EQ(rx(1).Sync(), SyncResult::kZombie);
}

TEST_F(NicPortTest, ADeviceThatDoesNotComeBackIsGivenUpWithTheReason) {
  Open();
  driver_.start = Errno::kIo;
  EXPECT_EQ(port_->Reset("test"), Errno::kIo);
  EXPECT_TRUE(port_->gone());
  EXPECT_EQ(counters().failed_resets, 1u);
  EXPECT_EQ(dma_.asked, 0u);
  EXPECT_TRUE(log_.Has("nic: the device is given up: it does not come back (errno 5)"));
  EXPECT_EQ(tx().Sync(), SyncResult::kZombie);
}

TEST_F(NicPortTest, ResetsThatBringNothingEndWithTheDeviceGivenUp) {
  Open();
  for (int call = 0; call < 50 && !port_->gone(); ++call) {
    Give(tx(), 1);
    port_->Watchdog();
  }
  EXPECT_TRUE(port_->gone());
  EXPECT_EQ(counters().failed_resets, 1u);
  EXPECT_LE(counters().resets, 6u);
}

// --- Memory that a device may still reach
// ---------------------------------------------------------

TEST_F(NicPortTest, AQueueThatDoesNotStopCostsAResetOfTheOthersAndIsThenFreed) {
  Open();
  ASSERT_TRUE(port_->Bind({{0, 1}, {}}, false).ok());  // somebody else has tx ring 0 too
  driver_.stop_queue = Errno::kTimedOut;
  port_->Unbind(kBoth, nullptr);
  EXPECT_EQ(counters().queue_stop_timeouts, 3u);
  EXPECT_EQ(counters().resets, 3u);
  EXPECT_EQ(tx().state(), RingState::kUser);
  EXPECT_EQ(space_.coherent(), 2u) << "descriptors and head of the ring in use";
  driver_.stop_queue = kOkStatus;
  port_->Unbind({{0, 1}, {}}, nullptr);
}

TEST_F(NicPortTest, ADeviceThatStaysLoudIsCutOffAndItsMemoryFreed) {
  Open();
  driver_.stop_queue = driver_.stop = Errno::kTimedOut;
  port_->Unbind(kBoth, nullptr);
  EXPECT_EQ(counters().isolations, 1u);
  EXPECT_EQ(counters().quarantined_queues, 0u);
  EXPECT_TRUE(port_->gone());
  EXPECT_EQ(space_.coherent(), 0u);
  EXPECT_EQ(space_.maps(), 0u);
}

TEST_F(NicPortTest, AnAbandonedPortTouchesNothingThatIsGone) {
  Open();
  Give(tx(), 3);
  port_->Arm(rx());
  EXPECT_EQ(driver_.arms, 1u);
  port_->Kill();
  port_->Abandon();
  EXPECT_EQ(driver_.stops, 1u);
  EXPECT_EQ(space_.coherent(), 0u) << "descriptors are the device's";
  EXPECT_EQ(space_.maps(), 0u);
  EXPECT_GT(region_.users(), 0u) << "programs keep their memory";
  // Programs that do not know yet.
  EXPECT_EQ(tx().Sync(), SyncResult::kZombie);
  EXPECT_EQ(rx().Sync(), SyncResult::kZombie);
  port_->Arm(rx());
  port_->Unbind(kBoth, nullptr);
  EXPECT_EQ(driver_.arms, 1u);
  EXPECT_EQ(driver_.stops, 1u);
  EXPECT_EQ(driver_.queue_stops, 0u);
  port_->Delete();
  port_ = nullptr;
}

TEST_F(NicPortTest, AbandoningWaitsForWhoIsInside) {
  Open();
  ASSERT_TRUE(tx().TryHold());
  port_->Kill();
  environment_.sleeper().on_delay = [this](uint64_t) {
    environment_.sleeper().on_delay = nullptr;
    EXPECT_GT(space_.coherent(), 0u) << "somebody is using the queue";
    tx().Drop();
  };
  port_->Abandon();
  EXPECT_EQ(space_.coherent(), 0u);
  port_->Unbind(kBoth, nullptr);
  port_->Delete();
  port_ = nullptr;
}

// The device is cut off, and what it may have reached stays where it is until the programs have
// gone.
TEST_F(NicPortTest, ALoudDeviceCanBeAbandoned) {
  Open();
  driver_.stop_queue = driver_.stop = Errno::kTimedOut;
  port_->Kill();
  port_->Abandon();
  EXPECT_EQ(counters().isolations, 1u);
  EXPECT_EQ(counters().resets, 0u);
  EXPECT_EQ(space_.coherent(), 0u);
  port_->Unbind(kBoth, nullptr);
  port_->Delete();
  port_ = nullptr;
}

TEST_F(NicPortTest, ADeadPortIsNotBroughtBackForAQueueThatDoesNotStop) {
  Open();
  port_->Kill();
  driver_.stop_queue = Errno::kTimedOut;
  port_->Unbind(kBoth, nullptr);
  EXPECT_EQ(driver_.starts, 1u);
  EXPECT_EQ(counters().resets, 0u);
}

TEST_F(NicPortTest, AnInterruptOfSomebodyElseIsNotOurs) {
  Open();
  EXPECT_TRUE(port_->HandleInterrupt(0));
  EXPECT_FALSE(port_->HandleInterrupt(2));
}

TEST_F(NicPortTest, MemoryOfADeviceThatCannotBeCutOffIsNobodyElsesUntilItIsQuiet) {
  ASSERT_TRUE(region_.AddUser().ok());  // the region goes on
  const uint32_t free_before = region_.FreeCount(PoolKind::kBuffers);
  Open();
  dma_.can = false;
  driver_.stop_queue = driver_.stop = Errno::kTimedOut;
  const uint32_t buffer = rx().known_buffers()[0];
  port_->Unbind(kBoth, nullptr);
  EXPECT_EQ(counters().quarantined_queues, 4u);
  EXPECT_EQ(space_.coherent(), 6u);
  EXPECT_GT(space_.maps(), 0u);
  EXPECT_TRUE(region_.IsAllocated(PoolKind::kBuffers, buffer));
  EXPECT_EQ(region_.FreeCount(PoolKind::kBuffers), free_before - 4 * kSlots);
  port_->Watchdog();
  EXPECT_EQ(space_.coherent(), 6u);
  driver_.stop = kOkStatus;
  port_->Watchdog();
  EXPECT_EQ(space_.coherent(), 0u);
  EXPECT_EQ(space_.maps(), 0u);
  EXPECT_EQ(region_.FreeCount(PoolKind::kBuffers), free_before);
  region_.RemoveUser();
}

}  // namespace
}  // namespace mapwire::nic
