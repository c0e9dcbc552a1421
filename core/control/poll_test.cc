// Conformance of the syncs and of poll: which rings are looked at, when, and what is reported.
#include <gtest/gtest.h>

#include <vector>

#include "testing/kit/program.h"

namespace mapwire::control {
namespace {

using kit::Program;
using kit::Registration;
using kit::ScriptedBackend;
using port::Direction;
using ring::Ring;

constexpr uint32_t kNothing = 0;

class FakeRegistrar final : public platform::PollRegistrar {
 public:
  void WaitOn(platform::Notifier& notifier) override { waited_on.push_back(&notifier); }
  std::vector<platform::Notifier*> waited_on;
};

class PollTest : public testing::Test {
 protected:
  PollTest() : PollTest(control::Parameters{}) {}
  explicit PollTest(const Parameters& parameters)
      : system_(parameters),
        port_(system_.AddPort("em0", {3, 3, 8, 8})),
        program_(system_.control) {
    port_.script = &backend_;
  }

  void Register(uint64_t flags = 0, uint32_t mode = NR_REG_ALL_NIC) {
    program_.reg = Registration(mode, flags);
    ASSERT_TRUE(program_.Register("em0", program_.reg).ok());
  }
  Ring& tx(uint16_t i) { return port_.ring(Direction::kTx, i); }
  Ring& rx(uint16_t i) { return port_.ring(Direction::kRx, i); }
  uint32_t Poll(uint32_t events) { return program_.session().Poll(events, nullptr, false); }
  uint32_t PollToSleep(uint32_t events) {
    return program_.session().Poll(events, &registrar_, true);
  }
  Errno TxSync() { return program_.Ioctl(NIOCTXSYNC, UserAddress(0)).error(); }
  Errno RxSync() { return program_.Ioctl(NIOCRXSYNC, UserAddress(0)).error(); }
  // The rings that were synced since the last call, and forgets them.
  std::vector<const Ring*> Synced() {
    std::vector<const Ring*> rings;
    for (const ScriptedBackend::Call& call : backend_.calls) rings.push_back(call.ring);
    backend_.calls.clear();
    return rings;
  }
  // Nothing is ever done with what is sent.
  void Stall() {
    backend_.act = [](Ring& ring, uint32_t head) -> Status {
      if (ring.direction() == Direction::kTx) return kOkStatus;
      ring.set_hwcur(head);
      return kOkStatus;
    };
  }
  void FillUp(uint32_t i) { program_.tx(i)->head = program_.tx(i)->cur = program_.tx(i)->tail; }
  using Rings = std::vector<const Ring*>;

  kit::System system_;
  ScriptedBackend backend_;
  kit::LoopPort& port_;
  FakeRegistrar registrar_;
  Program program_;
};

TEST_F(PollTest, AnUnboundDescriptorHasErrorsOnly) {
  EXPECT_EQ(Poll(kPollIn | kPollOut), static_cast<uint32_t>(kPollErr));
  EXPECT_EQ(PollToSleep(0), static_cast<uint32_t>(kPollErr));
  EXPECT_TRUE(registrar_.waited_on.empty());
  EXPECT_EQ(TxSync(), Errno::kNoDevice);
  EXPECT_EQ(RxSync(), Errno::kNoDevice);
}

TEST_F(PollTest, SyncsGoOverTheRingsOfTheirDirectionInOrder) {
  Register();
  EXPECT_EQ(TxSync(), Errno::kOk);
  EXPECT_EQ(Synced(), (Rings{&tx(0), &tx(1), &tx(2)}));
  EXPECT_EQ(RxSync(), Errno::kOk);
  EXPECT_EQ(Synced(), (Rings{&rx(0), &rx(1), &rx(2)}));
}

TEST_F(PollTest, SyncsOfADirectionThatIsNotBoundDoNothing) {
  Register(NR_TX_RINGS_ONLY);
  EXPECT_EQ(RxSync(), Errno::kOk);
  EXPECT_EQ(Synced(), Rings{});
  EXPECT_EQ(Poll(kPollIn), kNothing);
}

TEST_F(PollTest, SyncsSucceedWhateverARingHasDone) {
  Register();
  program_.tx(0)->head = 600;
  program_.rx(0)->head = 600;
  EXPECT_EQ(TxSync(), Errno::kOk);
  EXPECT_EQ(Synced(), (Rings{&tx(1), &tx(2)}));  // a transmit ring that was reset is not synced
  EXPECT_EQ(RxSync(), Errno::kOk);
  EXPECT_EQ(Synced(), (Rings{&rx(0), &rx(1), &rx(2)}));  // a receive ring is
  EXPECT_EQ(program_.tx(0)->head, 0u);
  EXPECT_EQ(program_.rx(0)->head, 0u);
  backend_.act = [](Ring&, uint32_t) -> Status { return Errno::kIo; };
  EXPECT_EQ(TxSync(), Errno::kOk);
  EXPECT_EQ(RxSync(), Errno::kOk);
}

TEST_F(PollTest, ADeadRingFailsTheSyncAfterTheOthersWereTried) {
  Register();
  tx(0).Kill();
  rx(1).Kill();
  EXPECT_EQ(TxSync(), Errno::kIo);
  EXPECT_EQ(Synced(), (Rings{&tx(1), &tx(2)}));
  EXPECT_EQ(RxSync(), Errno::kIo);
  EXPECT_EQ(Synced(), (Rings{&rx(0), &rx(2)}));
  EXPECT_EQ(Poll(kPollIn) & kPollErr, static_cast<uint32_t>(kPollErr));
  EXPECT_EQ(Poll(kPollOut) & kPollErr, static_cast<uint32_t>(kPollErr));
}

TEST_F(PollTest, ReceivedRingsAreStampedAndSentOnesAreNot) {
  Register();
  system_.environment.clock().now = {.seconds = 77, .microseconds = 5};
  EXPECT_EQ(TxSync(), Errno::kOk);
  EXPECT_EQ(program_.tx(0)->ts.tv_sec, 0);
  EXPECT_EQ(RxSync(), Errno::kOk);
  EXPECT_EQ(program_.rx(2)->ts.tv_sec, 77);
  EXPECT_EQ(program_.rx(2)->ts.tv_usec, 5);
  system_.environment.clock().now.seconds = 78;
  static_cast<void>(Poll(kPollIn));
  EXPECT_EQ(program_.rx(2)->ts.tv_sec, 78);
}

class NoTimestampTest : public PollTest {
 protected:
  NoTimestampTest() : PollTest(Parameters{.no_timestamp = true}) {}
};

TEST_F(NoTimestampTest, OnlyRingsThatAskAreStamped) {
  Register();
  program_.rx(1)->flags = NR_TIMESTAMP;
  EXPECT_EQ(RxSync(), Errno::kOk);
  EXPECT_EQ(program_.rx(0)->ts.tv_sec, 0);
  EXPECT_EQ(program_.rx(1)->ts.tv_sec, 1000);
  EXPECT_EQ(program_.rx(1)->flags, static_cast<uint32_t>(NR_TIMESTAMP));
  system_.environment.clock().now.seconds = 1001;
  static_cast<void>(Poll(kPollIn));
  EXPECT_EQ(program_.rx(0)->ts.tv_sec, 0);
  EXPECT_EQ(program_.rx(1)->ts.tv_sec, 1001);
}

TEST_F(PollTest, ARingThatAnotherThreadIsInIsSkippedWithoutErrorAndKeepsItsTime) {
  Register();
  int64_t stamp = -1;
  uint32_t events = 99;
  backend_.act = [&](Ring& ring, uint32_t) -> Status {
    if (&ring != &rx(0) || stamp != -1) return kOkStatus;
    stamp = 0;
    EXPECT_EQ(RxSync(), Errno::kOk);  // the other thread
    events = Poll(kPollIn);
    stamp = program_.rx(0)->ts.tv_sec;
    EXPECT_EQ(program_.rx(1)->ts.tv_sec, 1000);
    return kOkStatus;
  };
  EXPECT_EQ(RxSync(), Errno::kOk);
  EXPECT_EQ(stamp, 0);
  EXPECT_EQ(events, kNothing);
  EXPECT_EQ(program_.rx(0)->ts.tv_sec, 1000);
}

TEST_F(PollTest, ReportsExactlyTheBitsThatWereAskedFor) {
  Register();
  backend_.arriving = 1;
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollIn));
  EXPECT_EQ(Poll(kPollReadNormal), static_cast<uint32_t>(kPollReadNormal));
  EXPECT_EQ(Poll(kPollOut), static_cast<uint32_t>(kPollOut));
  EXPECT_EQ(Poll(kPollWriteNormal), static_cast<uint32_t>(kPollWriteNormal));
  constexpr uint32_t kAll = kPollIn | kPollReadNormal | kPollOut | kPollWriteNormal;
  EXPECT_EQ(Poll(kAll | 0x2 | 0x10 | 0x2000), kAll);
  EXPECT_EQ(Poll(0), kNothing);
  EXPECT_EQ(Poll(0x2), kNothing);
}

TEST_F(PollTest, PollIsLevelTriggeredOnCurAgainstTail) {
  Register();
  backend_.arriving = 3;
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollIn));
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollIn));
  program_.rx(0)->cur = 3;  // without releasing
  EXPECT_EQ(Poll(kPollIn), kNothing);
  EXPECT_EQ(program_.rx(0)->head, 0u);
  EXPECT_EQ(program_.rx(0)->tail, 3u);
  backend_.arriving = 1;
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollIn));
}

TEST_F(PollTest, TransmitRingsAreSyncedUntilOneHasRoomAndTheRestOnlyIfPending) {
  Register();
  program_.tx(2)->head = program_.tx(2)->cur = 1;
  EXPECT_EQ(Poll(kPollOut), static_cast<uint32_t>(kPollOut));
  EXPECT_EQ(Synced(), (Rings{&tx(0), &tx(2)}));
  Stall();
  FillUp(0);
  EXPECT_EQ(Poll(kPollOut), static_cast<uint32_t>(kPollOut));
  EXPECT_EQ(Synced(), (Rings{&tx(0), &tx(1)}));
}

TEST_F(PollTest, PollForOutputLeavesReceiveRingsAlone) {
  Register();
  backend_.arriving = 5;
  EXPECT_EQ(Poll(kPollOut), static_cast<uint32_t>(kPollOut));
  EXPECT_EQ(backend_.arriving, 5u);
}

TEST_F(PollTest, PollForInputFlushesWhatIsPending) {
  Register();
  program_.tx(1)->head = program_.tx(1)->cur = 2;
  EXPECT_EQ(Poll(kPollIn), kNothing);
  EXPECT_EQ(Synced(), (Rings{&tx(1), &rx(0), &rx(1), &rx(2)}));
  program_.tx(1)->head = program_.tx(1)->cur = 3;
  EXPECT_EQ(Poll(0), kNothing);
  EXPECT_EQ(Synced(), (Rings{&tx(1)}));
}

TEST_F(PollTest, NoTxPollLeavesTransmitRingsToThoseWhoAskForOutput) {
  Register(NR_NO_TX_POLL);
  program_.tx(1)->head = program_.tx(1)->cur = 2;
  EXPECT_EQ(Poll(kPollIn), kNothing);
  EXPECT_EQ(Synced(), (Rings{&rx(0), &rx(1), &rx(2)}));
  EXPECT_EQ(Poll(0), kNothing);
  EXPECT_EQ(Synced(), Rings{});
  EXPECT_EQ(Poll(kPollOut), static_cast<uint32_t>(kPollOut));
  EXPECT_EQ(Synced(), (Rings{&tx(0), &tx(1)}));
}

TEST_F(PollTest, DoRxPollHasNoEffect) {
  Register(NR_DO_RX_POLL);
  EXPECT_EQ(Poll(0), kNothing);
  EXPECT_EQ(Synced(), Rings{});
}

TEST_F(PollTest, AllReceiveRingsAreScannedAndSlotsReleasedEvenIfTheFirstIsReady) {
  Register();
  backend_.arriving = 20;
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollIn));
  EXPECT_EQ(Synced(), (Rings{&rx(0), &rx(1), &rx(2)}));
  program_.rx(2)->head = program_.rx(2)->cur = 4;
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollIn));
  EXPECT_EQ(rx(2).hwcur(), 4u);
}

TEST_F(PollTest, ViolationsAndErrorsAreReportedWithWhatIsReady) {
  Register();
  program_.tx(0)->head = 8;
  EXPECT_EQ(Poll(kPollOut), static_cast<uint32_t>(kPollErr | kPollOut));
  EXPECT_EQ(program_.tx(0)->head, 0u);
  EXPECT_EQ(Poll(kPollOut), static_cast<uint32_t>(kPollOut));  // the ring works again
  program_.rx(1)->cur = 5;
  backend_.arriving = 1;
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollErr | kPollIn));
  program_.rx(0)->head = program_.rx(0)->cur = 1;
  EXPECT_EQ(Poll(kPollIn), kNothing);
  backend_.act = [](Ring&, uint32_t) -> Status { return Errno::kIo; };
  EXPECT_EQ(Poll(kPollIn), static_cast<uint32_t>(kPollErr));
  // A ring that is not looked at does not matter.
  EXPECT_EQ(Poll(0), kNothing);
  program_.tx(1)->head = 99;
  EXPECT_EQ(Poll(0), static_cast<uint32_t>(kPollErr));
}

TEST_F(PollTest, OneRingIsWaitedForByItselfAndSeveralTogether) {
  Register(0, NR_REG_ONE_NIC);
  EXPECT_EQ(PollToSleep(kPollIn), kNothing);
  EXPECT_EQ(registrar_.waited_on,
            (std::vector<platform::Notifier*>{tx(0).notifier(), rx(0).notifier()}));
  Program all(system_.control);
  ASSERT_TRUE(all.Register("em0").ok());
  FakeRegistrar registrar;
  EXPECT_EQ(all.session().Poll(kPollIn, &registrar, true), kNothing);
  EXPECT_EQ(registrar.waited_on,
            (std::vector<platform::Notifier*>{&port_.notifier(Direction::kTx),
                                              &port_.notifier(Direction::kRx)}));
  // Both hear of the ring.
  const uint64_t own = kit::Notifications(*rx(0).notifier());
  const uint64_t shared = kit::Notifications(port_.notifier(Direction::kRx));
  rx(0).Notify();
  EXPECT_EQ(kit::Notifications(*rx(0).notifier()), own + 1);
  EXPECT_EQ(kit::Notifications(port_.notifier(Direction::kRx)), shared + 1);
}

TEST_F(PollTest, WaitersRegisterBeforeAnythingIsScanned) {
  Register();
  backend_.act = [this](Ring&, uint32_t) -> Status {
    EXPECT_EQ(registrar_.waited_on.size(), 2u);
    return kOkStatus;
  };
  EXPECT_EQ(PollToSleep(kPollIn), kNothing);
}

TEST_F(PollTest, WhoWillSleepArmsInterruptsAndLooksOnceMore) {
  Register();
  EXPECT_EQ(PollToSleep(kPollIn), kNothing);
  EXPECT_EQ(port_.armed, (Rings{&rx(0), &rx(1), &rx(2)}));
  EXPECT_EQ(Synced(), (Rings{&rx(0), &rx(1), &rx(2), &rx(0), &rx(1), &rx(2)}));
  port_.armed.clear();
  Stall();
  for (uint32_t i = 0; i < 3; ++i) FillUp(i);
  EXPECT_EQ(PollToSleep(kPollOut), kNothing);
  EXPECT_EQ(port_.armed, (Rings{&tx(0), &tx(1), &tx(2)}));
  EXPECT_EQ(Synced(), (Rings{&tx(0), &tx(1), &tx(2), &tx(0), &tx(1), &tx(2)}));
  port_.armed.clear();
  EXPECT_EQ(PollToSleep(kPollIn | kPollOut), kNothing);
  EXPECT_EQ(port_.armed, (Rings{&rx(0), &rx(1), &rx(2)}));  // a pair shares its interrupt
}

TEST_F(PollTest, WhatComesWhileInterruptsAreArmedIsFound) {
  Register();
  port_.on_arm = [this](Ring& ring) {
    if (&ring == &rx(2)) backend_.arriving = 1;
  };
  EXPECT_EQ(PollToSleep(kPollIn), static_cast<uint32_t>(kPollIn));
}

TEST_F(PollTest, WhoIsReadyOrWillNotSleepArmsNothing) {
  Register();
  EXPECT_EQ(Poll(kPollIn), kNothing);
  EXPECT_EQ(Synced().size(), 3u);
  backend_.arriving = 1;
  EXPECT_EQ(PollToSleep(kPollIn), static_cast<uint32_t>(kPollIn));
  EXPECT_EQ(Synced().size(), 3u);
  EXPECT_EQ(PollToSleep(kPollOut), static_cast<uint32_t>(kPollOut));
  EXPECT_TRUE(port_.armed.empty());
}

TEST_F(PollTest, TwoDescriptorsOfOneRingShareItsState) {
  Register();
  Program other(system_.control);
  ASSERT_TRUE(other.Register("em0").ok());
  program_.tx(0)->head = program_.tx(0)->cur = 4;
  EXPECT_EQ(other.Ioctl(NIOCTXSYNC, UserAddress(0)).error(), Errno::kOk);
  EXPECT_EQ(program_.tx(0)->tail, 3u);
}

}  // namespace
}  // namespace mapwire::control
