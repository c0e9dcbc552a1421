// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The host on a card that is played here: what is lost when memory, queues or the card fail, and
// that nothing of another queue is touched when one changes hands.
#include "core/nic/host_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

#include "core/nic/played_card_for_test.h"
#include "sim/platform/host/host_frames.h"

namespace mapwire::nic {
namespace {

using platform::HostFrame;

constexpr port::RingSelection kPair1{{1, 2}, {1, 2}};

// Keeps what it is told.
class PlayedStack final : public sim::HostFrames {
 public:
  HostFrame* NewFrame(uint16_t queue, uint32_t bytes) override {
    return no_memory ? nullptr : HostFrames::NewFrame(queue, bytes);
  }
  void Receive(uint16_t queue, HostFrame* frame) override { received[queue].emplace_back(frame); }
  bool Taken(uint16_t queue, uint32_t bytes) override {
    outstanding[queue] += bytes;
    return stopped;
  }
  void Schedule(uint16_t queue) override { scheduled.insert(queue); }
  void Sent(uint16_t queue, uint32_t bytes, bool room) override {
    EXPECT_LE(bytes, outstanding[queue]);
    outstanding[queue] -= bytes;
    if (room) ++rooms;
  }

  bool no_memory = false;
  bool stopped = false;
  std::vector<std::unique_ptr<HostFrame>> received[2];
  uint64_t outstanding[2] = {};
  std::set<uint16_t> scheduled;
  uint32_t rooms = 0;
};

class HostClientTest : public NicPortTest {
 protected:
  // Nobody looks at the stack before it is there.
  HostClientTest() : NicPortTest(kSlots, &stack_) {}
  ~HostClientTest() override {
    if (port_ == nullptr) return;
    if (port_->users() != 0) port_->Unbind(bound_, nullptr);
    if (port_->host()->open()) port_->CloseHost();
  }

  void OpenHost() {
    ASSERT_TRUE(port_->Start().ok());
    ASSERT_TRUE(port_->OpenHost().ok());
  }
  void BindPair1() {
    ASSERT_TRUE(port_->Bind(kPair1, false).ok());
    ASSERT_TRUE(port_->Activate(kPair1).ok());
    bound_ = kPair1;
  }
  void UnbindPair1() { port_->Unbind(kPair1, nullptr); }
  HostSend Send(uint16_t queue, size_t bytes = 60, bool more = false) {
    HostFrame* const frame = new HostFrame{std::vector<uint8_t>(bytes, 0x5a)};
    const HostSend result = port_->SendFromHost(queue, *frame, more);
    if (result != HostSend::kKept) delete frame;
    return result;
  }
  const HostCounters& host(uint16_t queue) { return port_->host()->counters(queue); }
  uint32_t tail(uint16_t queue) const { return registers_.value[kTxTail / 4 + queue]; }
  uint32_t rx_tail(uint16_t queue) const { return registers_.value[kRxTail / 4 + queue]; }

  PlayedStack stack_;
  port::RingSelection bound_ = kBoth;
};

TEST_F(HostClientTest, TakesAllQueuesAndEveryFailureOnTheWayLeavesNothing) {
  ASSERT_TRUE(port_->Start().ok());
  const size_t before = environment_.live();
  const uint64_t calls = kit::SweepFaults(environment_.faults(), [&](bool failing) {
    const Status status = port_->OpenHost();
    if (!status.ok()) {
      EXPECT_TRUE(failing);
      EXPECT_EQ(status.error(), Errno::kNoMemory);
      EXPECT_FALSE(port_->host()->open());
      EXPECT_EQ(environment_.live(), before);
      EXPECT_EQ(space_.maps() + space_.coherent(), 0u);
      EXPECT_EQ(Send(0), HostSend::kDown);
      EXPECT_EQ(port_->PollForHost(0, 8), 0u);
      return;
    }
    EXPECT_EQ(rx_tail(1), kSlots - 1) << "all slots but one are the card's";
    port_->CloseHost();
  });
  EXPECT_GT(calls, 20u);
  EXPECT_EQ(environment_.live(), before);
}

TEST_F(HostClientTest, SendsInBatchesAndTellsTheCardOncePerBatch) {
  OpenHost();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Send(0, 60, true), HostSend::kSent);
  EXPECT_EQ(tail(0), 0u);
  EXPECT_EQ(Send(0), HostSend::kSent);
  EXPECT_EQ(tail(0), 5u);
  EXPECT_EQ(stack_.outstanding[0], 300u);
  ReportHead(3);
  port_->PollForHost(0, 8);
  EXPECT_EQ(stack_.outstanding[0], 120u);
  EXPECT_EQ(host(0).tx_frames, 5u);
  // Whoever limits what is on its way has to have the card told, or nothing comes back.
  stack_.stopped = true;
  EXPECT_EQ(Send(0, 60, true), HostSend::kSent);
  EXPECT_EQ(tail(0), 6u);
}

TEST_F(HostClientTest, FillsTheRingAndSaysWhenThereIsRoomAgain) {
  OpenHost();
  uint32_t sent = 0;
  HostSend result = HostSend::kSent;
  while (result == HostSend::kSent) {
    result = Send(0, 60, true);
    ++sent;
  }
  EXPECT_EQ(result, HostSend::kSentLast);
  // No room for the longest frame of five slots.
  EXPECT_EQ(sent, kSlots - 1 - 4);
  EXPECT_EQ(tail(0), sent) << "who is told to stop tells the card no more";
  EXPECT_EQ(Send(0, 9728), HostSend::kFull);
  port_->PollForHost(0, 8);
  EXPECT_EQ(stack_.rooms, 0u);
  ReportHead(2);
  port_->PollForHost(0, 8);
  EXPECT_EQ(stack_.rooms, 0u) << "not for two slots";
  ReportHead(20);
  port_->PollForHost(0, 8);
  EXPECT_EQ(stack_.rooms, 1u);
  EXPECT_NE(Send(0, 9728), HostSend::kFull);
}

TEST_F(HostClientTest, ASenderThatGoesRoundTheRingLeavesNothingUntold) {
  OpenHost();
  HostSend result = HostSend::kSent;
  uint32_t sent = 0;
  while (result == HostSend::kSent && sent < 3 * kSlots) {
    result = Send(0);
    ReportHead(tail(0));
    ++sent;
  }
  EXPECT_EQ(result, HostSend::kSentLast) << "the stack was told of nothing yet";
  EXPECT_EQ(stack_.outstanding[0], 60u * sent);
  port_->PollForHost(0, 8);
  EXPECT_EQ(stack_.outstanding[0], 0u);
  EXPECT_EQ(stack_.rooms, 1u);
}

TEST_F(HostClientTest, RefusesLengthsTheCardDoesNotSend) {
  OpenHost();
  EXPECT_EQ(Send(0, 16), HostSend::kBadLength);
  EXPECT_EQ(Send(0, 9729), HostSend::kBadLength);
  EXPECT_EQ(Send(0, 17), HostSend::kSent);
  EXPECT_EQ(Send(0, 9728), HostSend::kSent);
  EXPECT_EQ(host(0).tx_bad_length, 2u);
  EXPECT_EQ(tail(0), 1u + 5u);
}

TEST_F(HostClientTest, WhileSomebodyIsInsideItIsBusyAndIsWoken) {
  OpenHost();
  Ring& ring = const_cast<HostClient*>(port_->host())->ring(Direction::kTx, 0);
  ASSERT_TRUE(ring.TryHold());
  stack_.scheduled.clear();
  EXPECT_EQ(Send(0), HostSend::kBusy);
  EXPECT_TRUE(stack_.scheduled.empty());
  ring.Drop();
  EXPECT_EQ(stack_.scheduled, std::set<uint16_t>{0});
  EXPECT_EQ(Send(0), HostSend::kSent);
}

TEST_F(HostClientTest, ReceivesUpToTheBudgetAndGivesSlotsBack) {
  OpenHost();
  for (uint32_t i = 0; i < 10; ++i) Deliver(i);
  EXPECT_EQ(port_->PollForHost(0, 4), 4u);
  EXPECT_EQ(stack_.received[0].size(), 4u);
  EXPECT_EQ(rx_tail(0), (kSlots - 1 + 4) % kSlots);
  EXPECT_EQ(port_->PollForHost(0, 100), 6u);
  EXPECT_EQ(host(0).rx_frames, 10u);
  EXPECT_EQ(rx_tail(0), (kSlots - 1 + 10) % kSlots);
}

TEST_F(HostClientTest, PutsFramesOfSeveralSlotsTogether) {
  OpenHost();
  Received(0).word = uint64_t{2048} << 32 | 1;
  Received(1).word = uint64_t{2048} << 32 | 1;
  Received(2).word = uint64_t{100} << 32 | 3;
  EXPECT_EQ(port_->PollForHost(0, 8), 1u);
  EXPECT_EQ(stack_.received[0][0]->bytes.size(), 4196u);
}

TEST_F(HostClientTest, AFrameForWhichTheStackHasNoMemoryIsCounted) {
  OpenHost();
  Deliver(0);
  Deliver(1);
  stack_.no_memory = true;
  EXPECT_EQ(port_->PollForHost(0, 8), 2u);
  EXPECT_EQ(host(0).rx_no_memory, 2u);
  stack_.no_memory = false;
  Deliver(2);
  EXPECT_EQ(port_->PollForHost(0, 8), 1u);
  EXPECT_EQ(stack_.received[0].size(), 1u);
}

TEST_F(HostClientTest, ArmsAndLooksAgain) {
  OpenHost();
  stack_.scheduled.clear();
  EXPECT_EQ(port_->PollForHost(0, 8), 0u);
  Deliver(0);
  port_->ArmForHost(0);
  EXPECT_EQ(driver_.arms, 1u);
  EXPECT_EQ(stack_.scheduled, std::set<uint16_t>{0}) << "it came before the interrupt was armed";
  EXPECT_EQ(port_->PollForHost(0, 8), 1u);
  stack_.scheduled.clear();
  EXPECT_TRUE(port_->HandleInterrupt(0));
  EXPECT_EQ(stack_.scheduled, std::set<uint16_t>{0});
}

// --- Queues that change hands
// ---------------------------------------------------------------------

TEST_F(HostClientTest, AProgramStopsAndStartsItsOwnQueuesAndNothingElse) {
  OpenHost();
  EXPECT_EQ(driver_.queue_starts, 4u);
  EXPECT_EQ(Send(0), HostSend::kSent);
  registers_.value[kTxTail / 4] = registers_.value[kRxTail / 4] = 0xabcd;
  BindPair1();
  EXPECT_EQ(driver_.queue_stops, 2u);
  EXPECT_EQ(driver_.queue_starts, 6u);
  EXPECT_EQ(Send(1), HostSend::kProgram);
  EXPECT_EQ(host(1).tx_program, 1u);
  UnbindPair1();
  EXPECT_EQ(driver_.queue_stops, 4u);
  EXPECT_EQ(driver_.queue_starts, 8u);
  EXPECT_EQ(Send(1), HostSend::kSent);
  EXPECT_EQ(tail(0), 0xabcdu) << "the neighbour's";
  EXPECT_EQ(rx_tail(0), 0xabcdu);
  EXPECT_EQ(driver_.starts, 1u);
  EXPECT_EQ(counters().resets, 0u);
}

TEST_F(HostClientTest, WhatWasReceivedGoesUpWhenAProgramComes) {
  OpenHost();
  for (uint32_t i = 0; i < 3; ++i) Deliver(i, true);
  Received(0, 1).word = Received(1, 1).word = uint64_t{60} << 32 | 3;
  stack_.scheduled.clear();
  BindPair1();
  EXPECT_EQ(stack_.received[1].size(), 2u);
  EXPECT_TRUE(stack_.received[0].empty());
  EXPECT_TRUE(stack_.scheduled.contains(1)) << "or nobody takes them";
  EXPECT_EQ(port_->PollForHost(0, 8), 3u);
}

TEST_F(HostClientTest, WhatIsOnItsWayIsWaitedForBeforeAProgramHasTheQueue) {
  OpenHost();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(1, 60, true), HostSend::kSent);
  uint32_t delays = 0;
  environment_.sleeper().on_delay = [&](uint64_t) {
    EXPECT_EQ(tail(1), 5u) << "the card was told of what was left for later";
    if (++delays <= 5) ReportHead(delays, 1);
  };
  BindPair1();
  environment_.sleeper().on_delay = nullptr;
  EXPECT_GE(delays, 5u);
  EXPECT_EQ(host(1).tx_lost, 0u);
  EXPECT_EQ(stack_.outstanding[1], 0u);
}

TEST_F(HostClientTest, WhatACardDoesNotSendInTimeIsLostAndCounted) {
  OpenHost();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(1), HostSend::kSent);
  ReportHead(2, 1);
  const uint64_t slept = environment_.sleeper().slept_us;
  BindPair1();
  EXPECT_LE(environment_.sleeper().slept_us - slept, 110'000u);
  EXPECT_EQ(host(1).tx_lost, 3u);
  EXPECT_EQ(stack_.outstanding[1], 0u);
}

TEST_F(HostClientTest, WhatWaitsForALinkIsLostAndCountedWithoutWaiting) {
  OpenHost();
  driver_.up = false;
  port_->Watchdog();
  ASSERT_FALSE(port_->carrier());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(1), HostSend::kSent);
  const uint64_t slept = environment_.sleeper().slept_us;
  BindPair1();
  EXPECT_EQ(environment_.sleeper().slept_us, slept);
  EXPECT_EQ(host(1).tx_lost, 5u);
  EXPECT_EQ(stack_.outstanding[1], 0u);
}

TEST_F(HostClientTest, AQueueThatIsStartedAnewIsEmpty) {
  OpenHost();
  for (uint32_t i = 0; i < 3; ++i) Received(i, 1).word = uint64_t{60} << 32 | 3;
  EXPECT_EQ(Send(1), HostSend::kSent);
  ReportHead(1, 1);
  for (int round = 0; round < 3; ++round) {
    BindPair1();
    UnbindPair1();
    stack_.received[1].clear();
    EXPECT_EQ(port_->PollForHost(1, 8), 0u);
    EXPECT_EQ(rx_tail(1), kSlots - 1);
    EXPECT_EQ(Send(1), HostSend::kSent);
    EXPECT_EQ(tail(1), 1u);
    ReportHead(1, 1);
    Received(0, 1).word = uint64_t{60} << 32 | 3;
    EXPECT_EQ(port_->PollForHost(1, 8), 1u);
  }
  EXPECT_EQ(host(1).tx_lost, 0u);
}

TEST_F(HostClientTest, WhatCannotBeGivenBackIsTriedAgain) {
  OpenHost();
  BindPair1();
  environment_.faults().FailNth(1);
  UnbindPair1();
  environment_.faults().FailNth(0);
  EXPECT_EQ(counters().host_starts_failed, 1u);
  EXPECT_TRUE(log_.Has("nic: rx queue 1 does not start for the host"));
  port_->Watchdog();
  EXPECT_EQ(counters().host_starts_failed, 1u);
  EXPECT_EQ(Send(1), HostSend::kSent);
  Received(0, 1).word = uint64_t{60} << 32 | 3;
  EXPECT_EQ(port_->PollForHost(1, 8), 1u);
}

TEST_F(HostClientTest, AProgramThatGetsNoQueueLeavesItToTheHost) {
  OpenHost();
  bound_ = kPair1;
  const uint64_t calls = kit::SweepFaults(environment_.faults(), [&](bool failing) {
    if (!port_->Bind(kPair1, false).ok()) {
      EXPECT_TRUE(failing);
      return;
    }
    const Status status = port_->Activate(kPair1);
    environment_.faults().paused = true;
    port_->Unbind(kPair1, nullptr);
    port_->Watchdog();
    EXPECT_TRUE(status.ok() || failing);
    EXPECT_EQ(Send(1), HostSend::kSent);
    Received(0, 1).word = uint64_t{60} << 32 | 3;
    EXPECT_EQ(port_->PollForHost(1, 8), 1u);
    environment_.faults().paused = false;
  });
  EXPECT_GT(calls, 8u);
}

TEST_F(HostClientTest, OnlyThePartnerOfAReceiverIsSpared) {
  OpenHost();
  constexpr port::RingSelection kReceiver{{0, 0}, {1, 2}};
  ASSERT_TRUE(port_->Bind(kReceiver, false).ok());
  ASSERT_TRUE(port_->Activate(kReceiver).ok());
  bound_ = kReceiver;
  port_->PollForHost(1, 8);
  port_->ArmForHost(1);
  EXPECT_EQ(driver_.arms, 0u) << "nothing is on its way";
  stack_.scheduled.clear();
  port_->HandleInterrupt(1);
  EXPECT_FALSE(stack_.scheduled.contains(1)) << "it was for the program";
  EXPECT_EQ(Send(1), HostSend::kSent);
  EXPECT_TRUE(stack_.scheduled.contains(1)) << "the end of it is waited for";
  port_->PollForHost(1, 8);
  port_->ArmForHost(1);
  EXPECT_EQ(driver_.arms, 1u);
  stack_.scheduled.clear();
  port_->HandleInterrupt(1);
  EXPECT_TRUE(stack_.scheduled.contains(1));
}

// --- Cards that fail
// ------------------------------------------------------------------------------

TEST_F(HostClientTest, AResetGivesSlotsBackAndGoesOn) {
  OpenHost();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(0), HostSend::kSent);
  Deliver(0);
  stack_.scheduled.clear();
  ASSERT_TRUE(port_->Reset("test").ok());
  EXPECT_EQ(stack_.scheduled, (std::set<uint16_t>{0, 1}));
  EXPECT_EQ(port_->PollForHost(0, 8), 1u) << "what had come is kept";
  EXPECT_EQ(stack_.outstanding[0], 0u);
  EXPECT_EQ(counters().tx_lost, 5u);
  EXPECT_EQ(Send(0), HostSend::kSent);
  EXPECT_EQ(tail(0), 1u);
}

TEST_F(HostClientTest, SleepsAndWakesWithTheCard) {
  OpenHost();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(0), HostSend::kSent);
  Deliver(0);
  ASSERT_TRUE(port_->Suspend().ok());
  EXPECT_EQ(Send(0), HostSend::kBusy);
  port_->ArmForHost(0);
  EXPECT_EQ(driver_.arms, 0u);
  stack_.scheduled.clear();
  ASSERT_TRUE(port_->Resume().ok());
  EXPECT_EQ(stack_.scheduled, (std::set<uint16_t>{0, 1})) << "who was told to wait hears of it";
  EXPECT_EQ(port_->PollForHost(0, 8), 1u) << "what had come is kept";
  EXPECT_EQ(stack_.outstanding[0], 0u);
  EXPECT_EQ(counters().tx_lost, 5u);
  EXPECT_EQ(Send(0), HostSend::kSent);
  EXPECT_EQ(tail(0), 1u);
}

TEST_F(HostClientTest, OfASleepingCardAQueueThatAProgramLeavesIsTheHostsWhenItWakes) {
  OpenHost();
  BindPair1();
  ASSERT_TRUE(port_->Suspend().ok());
  UnbindPair1();
  EXPECT_EQ(driver_.queue_starts, 6u);
  ASSERT_TRUE(port_->Resume().ok());
  EXPECT_EQ(Send(1), HostSend::kSent);
  EXPECT_EQ(counters().host_starts_failed, 0u);
}

TEST_F(HostClientTest, TheHostClosesASleepingCardAndOpensItWhenItIsAwake) {
  OpenHost();
  ASSERT_TRUE(port_->Suspend().ok());
  port_->CloseHost();
  EXPECT_EQ(space_.maps() + space_.coherent(), 0u);
  EXPECT_EQ(port_->OpenHost().error(), Errno::kBusy);
  ASSERT_TRUE(port_->Resume().ok());
  ASSERT_TRUE(port_->OpenHost().ok());
  EXPECT_EQ(Send(0), HostSend::kSent);
}

TEST_F(HostClientTest, AHangOfTheHostsQueueIsSeen) {
  OpenHost();
  EXPECT_EQ(Send(0), HostSend::kSent);
  for (int call = 0; call < 3; ++call) port_->Watchdog();
  EXPECT_EQ(counters().tx_hangs, 1u);
  EXPECT_EQ(counters().resets, 1u);
}

TEST_F(HostClientTest, ACardThatIsGoneIsADropWithAReason) {
  OpenHost();
  driver_.gone = true;
  port_->HandleInterrupt(0);
  EXPECT_TRUE(port_->gone());
  EXPECT_EQ(Send(0), HostSend::kGone);
  EXPECT_EQ(host(0).tx_gone, 1u);
  EXPECT_EQ(port_->PollForHost(0, 8), 0u);
  port_->CloseHost();
  EXPECT_EQ(port_->OpenHost().error(), Errno::kNoDevice);
}

TEST_F(HostClientTest, MemoryThatTheCardMayStillReachIsKeptUntilItIsQuiet) {
  OpenHost();
  const size_t maps = space_.maps();
  dma_.can = false;
  driver_.stop_queue = driver_.stop = Errno::kTimedOut;
  port_->CloseHost();
  EXPECT_TRUE(port_->gone());
  EXPECT_EQ(space_.maps(), maps) << "the card may still write there";
  EXPECT_EQ(counters().quarantined_queues, 4u);
  driver_.stop = kOkStatus;
  port_->Watchdog();
  EXPECT_EQ(space_.maps() + space_.coherent(), 0u);
}

}  // namespace
}  // namespace mapwire::nic
