// Tests of the filter between a program's ring and the truth core keeps: traces, violations,
// states.
#include "core/ring/ring.h"

#include <gtest/gtest.h>
#include <net/mapwire.h>

#include <atomic>
#include <thread>
#include <utility>

#include "core/abi/freestanding.h"
#include "core/ring/ring_layout.h"
#include "sim/platform/sim/platform_backend/hooks.h"
#include "testing/kit/environment.h"

namespace mapwire::ring {
namespace {

using kit::CountingNotifier;
using kit::ScriptedBackend;
using kit::TestEnvironment;
using memory::PoolKind;

constexpr memory::RegionRequest kRequest = {{{1024, 10}, {20480, 8}, {2048, 4096}}};

// Calls back at each load of shared memory: the moment another CPU may act.
class LoadHook final : public platform::Hooks {
 public:
  LoadHook() : before_(platform::SetHooks(this)) {}
  ~LoadHook() override { platform::SetHooks(before_); }
  void UntrustedLoad(void* address, size_t) override {
    if (on_load) on_load(address);
  }
  std::function<void(void* address)> on_load;

 private:
  platform::Hooks* const before_;
};

class RingTest : public testing::Test {
 protected:
  RingTest() : region_(environment_, 1, memory::RegionKind::kGlobal, kRequest) {
    EXPECT_TRUE(region_.AddUser().ok());
  }
  ~RingTest() override {
    if (ring_ != nullptr) Destroy();
    region_.RemoveUser();
  }

  void Make(Direction direction, uint32_t slots) {
    ring_ = std::make_unique<Ring>(direction, 3);
    ring_->SetNotifiers(&own_, &port_);
    ASSERT_TRUE(ring_->Create(region_, environment_.heap(), slots).ok());
    ASSERT_TRUE(ring_->FillBuffers().ok());
    ring_->Start(backend_);
  }
  void Destroy() {
    ring_->Stop();
    memory::BufferHolder* holder = ring_.get();
    if (ring_->linked()) region_.ReleaseHolders(&holder, 1);
    ring_->Destroy(environment_.heap());
    ring_.reset();
  }

  // The ring as a program sees it.
  netmap_ring* program() const {
    const uint64_t offset =
        region_.Geometry()->pool(PoolKind::kRings).ObjectOffset(ring_->object());
    return reinterpret_cast<netmap_ring*>(
        static_cast<char*>(sim::PageSource::RealBase(region_.pages())) + offset);
  }
  void Say(uint32_t head, uint32_t cur) {
    program()->head = head;
    program()->cur = cur;
  }
  void ExpectPositions(uint32_t head, uint32_t cur, uint32_t tail) {
    EXPECT_EQ(program()->head, head);
    EXPECT_EQ(program()->cur, cur);
    EXPECT_EQ(program()->tail, tail);
  }
  SyncResult SayAndSync(uint32_t head, uint32_t cur) {
    Say(head, cur);
    return ring_->Sync();
  }
  // Puts a transmit ring at hwcur = `hwcur`, hwtail = prev(hwcur).
  void MoveTo(uint32_t hwcur) {
    while (ring_->hwcur() != hwcur) {
      ASSERT_EQ(SayAndSync(Next(ring_->hwcur(), ring_->num_slots()),
                           Next(ring_->hwcur(), ring_->num_slots())),
                SyncResult::kDone);
    }
  }
  void ExpectViolation(Rule rule, uint32_t slot, uint64_t value, uint32_t count) {
    EXPECT_EQ(ring_->violations().last.rule, rule);
    EXPECT_EQ(ring_->violations().last.slot, slot);
    EXPECT_EQ(ring_->violations().last.value, value);
    EXPECT_EQ(ring_->violations().total(), count);
    const mapwire_report* const report = mapwire_report_of(program());
    ASSERT_NE(report, nullptr);
    EXPECT_EQ(report->rule, static_cast<uint32_t>(rule));
    EXPECT_EQ(report->slot, slot);
    EXPECT_EQ(report->value, value);
    EXPECT_EQ(report->count, count);
  }

  TestEnvironment environment_;
  memory::Region region_;
  CountingNotifier own_;
  CountingNotifier port_;
  ScriptedBackend backend_;
  std::unique_ptr<Ring> ring_;
};

TEST_F(RingTest, AFreshTransmitRingIsEmptyAndFullOfBuffers) {
  Make(Direction::kTx, 1024);
  netmap_ring* const ring = program();
  EXPECT_EQ(ring->num_slots, 1024u);
  EXPECT_EQ(ring->nr_buf_size, 2048u);
  EXPECT_EQ(ring->ringid, 3);
  EXPECT_EQ(ring->dir, 1);
  EXPECT_EQ(ring->flags, 0u);
  EXPECT_EQ(ring->offset_mask, 0u);
  EXPECT_EQ(ring->buf_align, 0u);
  ExpectPositions(0, 0, 1023);
  for (uint32_t i = 0; i < 1024; ++i) {
    ASSERT_EQ(ring->slot[i].buf_idx, 2 + i);
    ASSERT_EQ(ring->slot[i].len, 2048);
    ASSERT_EQ(ring->slot[i].flags, 0);
    ASSERT_EQ(ring->slot[i].ptr, 0u);
  }
  const memory::RegionGeometry geometry = region_.Geometry().value();
  EXPECT_EQ(static_cast<uint64_t>(ring->buf_ofs),
            geometry.pool(PoolKind::kBuffers).offset - geometry.pool(PoolKind::kRings).offset);
  EXPECT_EQ(mapwire_report_of(ring)->rule, static_cast<uint32_t>(MAPWIRE_RULE_NONE));
}

TEST_F(RingTest, AFreshReceiveRingHasNothing) {
  Make(Direction::kRx, 1024);
  EXPECT_EQ(program()->dir, 0);
  ExpectPositions(0, 0, 0);
  EXPECT_FALSE(ring_->Ready());
}

TEST_F(RingTest, ARingWithMoreSlotsThanItsObjectHoldsIsRefused) {
  ring_ = std::make_unique<Ring>(Direction::kTx, 0);
  constexpr uint32_t kMost = (20480 - 256) / 16;
  EXPECT_EQ(ring_->Create(region_, environment_.heap(), kMost + 1).error(), Errno::kNoMemory);
  EXPECT_EQ(ring_->Create(region_, environment_.heap(), ~0u).error(), Errno::kNoMemory);
  EXPECT_EQ(ring_->Create(region_, environment_.heap(), 1).error(), Errno::kNoMemory);
  EXPECT_EQ(ring_->Create(region_, environment_.heap(), 0).error(), Errno::kNoMemory);
  ASSERT_TRUE(ring_->Create(region_, environment_.heap(), kMost).ok());
  EXPECT_EQ(region_.FreeCount(PoolKind::kRings), 7u);
}

TEST_F(RingTest, TransmitTraceOfASlowDevice) {
  Make(Direction::kTx, 1024);
  uint32_t done = 0;  // the device's head
  backend_.act = [&](Ring& ring, uint32_t head) -> Status {
    ring.set_hwcur(head);
    ring.set_hwtail(Prev(done, 1024));
    return kOkStatus;
  };
  ASSERT_EQ(SayAndSync(3, 3), SyncResult::kDone);
  ExpectPositions(3, 3, 1023);  // 1020 free, 3 pending
  done = 3;
  ASSERT_EQ(ring_->Sync(), SyncResult::kDone);
  ExpectPositions(3, 3, 2);  // all free, none pending
}

TEST_F(RingTest, TransmitTraceOfADeviceThatIsDoneAtOnce) {
  Make(Direction::kTx, 512);
  ASSERT_EQ(SayAndSync(5, 5), SyncResult::kDone);
  ExpectPositions(5, 5, 4);
  EXPECT_EQ(backend_.calls.back().head, 5u);
}

TEST_F(RingTest, ReceiveTrace) {
  Make(Direction::kRx, 1024);
  backend_.arriving = 5;
  ASSERT_EQ(SayAndSync(0, 0), SyncResult::kDone);
  ExpectPositions(0, 0, 5);
  EXPECT_TRUE(ring_->Ready());
  backend_.arriving = 4000;
  ASSERT_EQ(SayAndSync(2, 2), SyncResult::kDone);
  ExpectPositions(2, 2, 1);  // up to the slot before the released ones
  EXPECT_EQ(ring_->hwcur(), 2u);
}

TEST_F(RingTest, ReceiverThatWaitsWithoutReleasingIsReadyForNewSlotsOnly) {
  Make(Direction::kRx, 32);
  backend_.arriving = 20;
  ASSERT_EQ(SayAndSync(0, 0), SyncResult::kDone);
  ASSERT_EQ(SayAndSync(10, 20), SyncResult::kDone);
  EXPECT_FALSE(ring_->Ready());
  ExpectPositions(10, 20, 20);
  backend_.arriving = 1;
  ASSERT_EQ(ring_->Sync(), SyncResult::kDone);
  EXPECT_TRUE(ring_->Ready());
  ExpectPositions(10, 20, 21);
}

TEST_F(RingTest, TailThatTheProgramWroteIsIgnoredAndRestored) {
  Make(Direction::kTx, 512);
  for (const uint32_t tail : {0u, 5u, 512u, ~0u}) {
    program()->tail = tail;
    ASSERT_EQ(SayAndSync(0, 0), SyncResult::kDone);
    ExpectPositions(0, 0, 511);
  }
  // It does not widen the window either.
  ASSERT_EQ(SayAndSync(100, 100), SyncResult::kDone);
  program()->tail = 300;
  ASSERT_EQ(SayAndSync(100, 100), SyncResult::kDone);
  ExpectPositions(100, 100, 99);
  EXPECT_EQ(ring_->violations().total(), 0u);
}

TEST_F(RingTest, ProgramNeverGetsTheLastSlot) {
  Make(Direction::kTx, 8);
  ASSERT_EQ(SayAndSync(7, 7), SyncResult::kDone);
  ExpectPositions(7, 7, 6);
  ASSERT_EQ(SayAndSync(7, 7), SyncResult::kDone);
}

TEST_F(RingTest, HeadOutOfRangeOnTransmitResetsTheRing) {
  Make(Direction::kTx, 512);
  MoveTo(10);
  backend_.calls.clear();
  EXPECT_EQ(SayAndSync(600, 600), SyncResult::kViolation);
  ExpectPositions(10, 10, 9);
  ExpectViolation(Rule::kHeadRange, 10, 600, 1);
  EXPECT_TRUE(backend_.calls.empty());
  EXPECT_EQ(SayAndSync(11, 11), SyncResult::kDone);
  ExpectPositions(11, 11, 10);
}

TEST_F(RingTest, HeadThatMovedBackwardsResetsTheRingToo) {
  Make(Direction::kTx, 512);
  MoveTo(10);
  // 8 and 9 are inside the window that wraps: only what lies behind tail is backwards.
  backend_.act = [](Ring& ring, uint32_t head) -> Status {
    ring.set_hwcur(head);
    return kOkStatus;
  };
  EXPECT_EQ(SayAndSync(20, 20), SyncResult::kDone);  // tail stays 9
  EXPECT_EQ(SayAndSync(15, 15), SyncResult::kViolation);
  ExpectPositions(20, 20, 9);
  ExpectViolation(Rule::kHeadWindow, 20, 15, 1);
  EXPECT_EQ(SayAndSync(21, 21), SyncResult::kDone);
}

TEST_F(RingTest, BadCurIsAViolationInRangeAndWindow) {
  Make(Direction::kTx, 512);
  MoveTo(10);
  EXPECT_EQ(SayAndSync(12, 512), SyncResult::kViolation);
  ExpectViolation(Rule::kCurRange, 10, 512, 1);
  ExpectPositions(10, 10, 9);
  EXPECT_EQ(SayAndSync(12, 11), SyncResult::kViolation);
  ExpectViolation(Rule::kCurWindow, 10, 11, 2);
  ExpectPositions(10, 10, 9);
  EXPECT_EQ(ring_->violations().count[static_cast<uint32_t>(Rule::kCurRange)], 1u);
  EXPECT_EQ(SayAndSync(12, 12), SyncResult::kDone);
}

TEST_F(RingTest, ReceiveRingIsResetAndReadAllTheSame) {
  Make(Direction::kRx, 512);
  backend_.arriving = 5;
  ASSERT_EQ(SayAndSync(0, 0), SyncResult::kDone);
  backend_.arriving = 2;
  EXPECT_EQ(SayAndSync(6, 6), SyncResult::kViolation);
  ExpectViolation(Rule::kHeadWindow, 0, 6, 1);
  EXPECT_EQ(backend_.calls.back().head, 0u);
  ExpectPositions(0, 0, 7);
  EXPECT_TRUE(ring_->Ready());
  EXPECT_EQ(SayAndSync(7, 7), SyncResult::kDone);
}

TEST_F(RingTest, ReportIsNotReadBack) {
  Make(Direction::kTx, 8);
  uint8_t* const bytes = reinterpret_cast<uint8_t*>(program());
  std::memset(bytes + kReportRuleAt, 0xee, 20);
  EXPECT_EQ(SayAndSync(9, 9), SyncResult::kViolation);
  ExpectViolation(Rule::kHeadRange, 0, 9, 1);
}

TEST_F(RingTest, AfterAViolationEverySlotNamesABufferThatExists) {
  Make(Direction::kTx, 8);
  netmap_slot* const slot = program()->slot;
  slot[0].buf_idx = 0;
  slot[1].buf_idx = 1;
  slot[2].buf_idx = region_.buffer_count();
  slot[3].buf_idx = 0xffffffff;
  slot[4].buf_idx = 4000;  // in range, not present
  slot[5].len = 2049;
  slot[5].flags = NS_REPORT;
  slot[6].buf_idx = 2;  // somebody else's, present
  EXPECT_EQ(SayAndSync(9, 9), SyncResult::kViolation);
  for (uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(slot[i].buf_idx, 2 + i) << i;
    EXPECT_EQ(slot[i].len, 0) << i;
  }
  EXPECT_EQ(slot[5].buf_idx, 7u);
  EXPECT_EQ(slot[5].len, 0);
  EXPECT_EQ(slot[5].flags, NS_REPORT);
  EXPECT_EQ(slot[6].buf_idx, 2u);
  EXPECT_EQ(slot[6].len, 2048);
  EXPECT_EQ(slot[7].buf_idx, 9u);
}

TEST_F(RingTest, SlotRefusedByTheBackendResetsTheRingToWhatWasTaken) {
  Make(Direction::kTx, 8);
  backend_.act = [](Ring& ring, uint32_t) -> Status {
    ring.set_hwcur(2);
    ring.Record(Rule::kBufferIndex, 2, 77);
    return Errno::kInvalid;
  };
  program()->slot[2].buf_idx = 0xffff0000;
  EXPECT_EQ(SayAndSync(4, 5), SyncResult::kViolation);
  ExpectPositions(2, 2, 7);
  ExpectViolation(Rule::kBufferIndex, 2, 77, 1);
  EXPECT_EQ(program()->slot[2].buf_idx, 4u);
  backend_.act = nullptr;
  EXPECT_EQ(SayAndSync(4, 4), SyncResult::kDone);
  ExpectPositions(4, 4, 3);
}

TEST_F(RingTest, AfterARefusalTheProgramGoesOnWhereItWasSetBackTo) {
  Make(Direction::kTx, 8);
  backend_.act = [](Ring& ring, uint32_t) -> Status {
    ring.set_hwcur(2);
    ring.Record(Rule::kLengthZero, 2, 0);
    return Errno::kInvalid;
  };
  EXPECT_EQ(SayAndSync(5, 5), SyncResult::kViolation);
  ExpectPositions(2, 2, 7);
  EXPECT_EQ(ring_->rcur(), 2u);
  backend_.act = nullptr;
  EXPECT_EQ(SayAndSync(3, 3), SyncResult::kDone);  // before what was refused
  ExpectPositions(3, 3, 2);
}

TEST_F(RingTest, BackendErrorLeavesTheRingAsItIs) {
  Make(Direction::kTx, 8);
  backend_.act = [](Ring&, uint32_t) -> Status { return Errno::kIo; };
  EXPECT_EQ(SayAndSync(3, 3), SyncResult::kError);
  ExpectPositions(3, 3, 7);
  EXPECT_EQ(ring_->violations().total(), 0u);
  backend_.act = nullptr;
  EXPECT_EQ(SayAndSync(3, 3), SyncResult::kDone);
  ExpectPositions(3, 3, 2);
}

TEST_F(RingTest, HeadAndCurAreLoadedOncePerSync) {
  Make(Direction::kTx, 8);
  LoadHook hook;
  uint32_t head_loads = 0;
  uint32_t cur_loads = 0;
  hook.on_load = [&](void* address) {
    if (address == &program()->head) ++head_loads;
    if (address == &program()->cur) ++cur_loads;
    // A hostile program changes each as soon as it has been looked at.
    if (address == &program()->cur) program()->head = 0xffffffff;
  };
  Say(2, 2);
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
  EXPECT_EQ(head_loads, 1u);
  EXPECT_EQ(cur_loads, 1u);
  EXPECT_EQ(backend_.calls.back().head, 2u);
}

// S1: between the last store to a slot and the store to tail there is nothing but StoreOrder.
class OrderHook final : public platform::Hooks {
 public:
  explicit OrderHook(const void* tail) : tail_(tail), before_(platform::SetHooks(this)) {}
  ~OrderHook() override { platform::SetHooks(before_); }
  void Ordered(platform::Order order) override {
    if (order == platform::Order::kStore) ordered_ = true;
  }
  void UntrustedStore(void* address, size_t) override {
    if (address == tail_) {
      EXPECT_TRUE(ordered_) << "tail may be seen before the slots";
      ++tails;
    }
    ordered_ = false;
  }
  uint32_t tails = 0;

 private:
  const void* const tail_;
  platform::Hooks* const before_;
  bool ordered_ = false;
};

TEST_F(RingTest, TailIsStoredOnceASyncAndBehindTheSlots) {
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    Make(direction, 8);
    OrderHook hook(&program()->tail);
    backend_.arriving = 3;
    EXPECT_EQ(SayAndSync(0, 0), SyncResult::kDone);
    EXPECT_EQ(hook.tails, 1u);
    program()->slot[2].buf_idx = 0;  // to be repaired
    EXPECT_EQ(SayAndSync(9, 9), SyncResult::kViolation);
    EXPECT_EQ(hook.tails, 2u);
    backend_.act = [](Ring& ring, uint32_t) -> Status {
      ring.Record(Rule::kBufferIndex, ring.hwcur(), 0);
      return Errno::kInvalid;
    };
    EXPECT_EQ(SayAndSync(1, 1), SyncResult::kViolation);
    EXPECT_EQ(hook.tails, 3u);
    backend_.act = nullptr;
    Destroy();
  }
}

// Whoever is woken because it was skipped can go in at once.
TEST_F(RingTest, WhoWasSkippedIsNotifiedWhenTheRingIsFree) {
  class Resync final : public platform::Notifier {
   public:
    void Notify() override { result = ring->Sync(); }
    Ring* ring = nullptr;
    SyncResult result = SyncResult::kOff;
  };
  Make(Direction::kTx, 8);
  Resync waiter;
  waiter.ring = ring_.get();
  ring_->SetNotifiers(&waiter, nullptr);
  backend_.act = [&](Ring& ring, uint32_t) -> Status {
    backend_.act = nullptr;
    EXPECT_EQ(ring.Sync(), SyncResult::kBusy);
    return kOkStatus;
  };
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
  EXPECT_EQ(waiter.result, SyncResult::kDone);
}

TEST_F(RingTest, SecondSyncIsSkippedAndNotifiedWhenTheFirstLeaves) {
  Make(Direction::kTx, 8);
  SyncResult inner = SyncResult::kDone;
  backend_.act = [&](Ring& ring, uint32_t) -> Status {
    inner = ring.Sync();
    EXPECT_EQ(own_.notifications, 0u);
    return kOkStatus;
  };
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
  EXPECT_EQ(inner, SyncResult::kBusy);
  EXPECT_EQ(own_.notifications, 1u);
  EXPECT_EQ(port_.notifications, 1u);
  EXPECT_EQ(ring_->counters().busy_skips, 1u);
  backend_.act = nullptr;
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
  EXPECT_EQ(own_.notifications, 1u);  // nobody waited this time
}

TEST_F(RingTest, StatesSayWhatASyncDoes) {
  Make(Direction::kRx, 8);
  EXPECT_EQ(ring_->state(), RingState::kUser);
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
  ring_->Stop();
  EXPECT_EQ(ring_->state(), RingState::kOff);
  EXPECT_EQ(ring_->Sync(), SyncResult::kOff);
  ring_->Kill();  // off stays off
  EXPECT_EQ(ring_->state(), RingState::kOff);
  EXPECT_EQ(own_.notifications, 0u);
  ring_->Start(backend_);
  ring_->Kill();
  EXPECT_EQ(ring_->state(), RingState::kZombie);
  EXPECT_EQ(own_.notifications, 1u);
  EXPECT_EQ(port_.notifications, 1u);
  const size_t calls = backend_.calls.size();
  EXPECT_EQ(ring_->Sync(), SyncResult::kZombie);
  EXPECT_EQ(backend_.calls.size(), calls);
}

TEST_F(RingTest, StoppingWhileASyncIsInsideLetsItFinish) {
  Make(Direction::kTx, 8);
  LoadHook hook;
  bool stopped = false;
  hook.on_load = [&](void*) {
    if (stopped) return;
    stopped = true;
    ring_->Stop();  // another CPU, after this one has entered
  };
  EXPECT_EQ(SayAndSync(1, 1), SyncResult::kDone);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(backend_.calls.size(), 1u);
  EXPECT_EQ(ring_->Sync(), SyncResult::kOff);
}

TEST_F(RingTest, QuiesceWaitsForWhoIsInsideAndGivesUp) {
  Make(Direction::kTx, 8);
  EXPECT_TRUE(ring_->Quiesce(environment_.sleeper()).ok());
  EXPECT_EQ(environment_.sleeper().slept_us, 0u);
  Status inside;
  backend_.act = [&](Ring& ring, uint32_t) -> Status {
    inside = ring.Quiesce(environment_.sleeper());
    return kOkStatus;
  };
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
  EXPECT_EQ(inside.error(), Errno::kTimedOut);
  EXPECT_EQ(environment_.sleeper().slept_us, 1000000u);
}

// A sync that saw the ring running must not come in after Quiesce said that nobody is inside.
TEST_F(RingTest, NobodyIsInsideAfterStopAndQuiesce) {
  Make(Direction::kTx, 8);
  std::atomic<bool> stopped{false};
  std::atomic<bool> finished{false};
  std::atomic<uint64_t> intruders{0};
  std::atomic<uint64_t> syncs{0};
  backend_.act = [&](Ring&, uint32_t) -> Status {
    if (stopped.load()) ++intruders;
    ++syncs;
    return kOkStatus;
  };
  std::thread syncer([&] {
    while (!finished.load()) static_cast<void>(ring_->Sync());
  });
  for (int round = 0; round < 1500; ++round) {
    while (syncs.load() == 0) std::this_thread::yield();
    ring_->Stop();
    while (!ring_->Quiesce(environment_.sleeper()).ok()) {
    }
    stopped.store(true);
    for (int pause = 0; pause < round % 64; ++pause) asm volatile("pause");
    stopped.store(false);
    syncs.store(0);
    ring_->Start(backend_);
  }
  finished.store(true);
  syncer.join();
  EXPECT_EQ(intruders.load(), 0u);
}

TEST_F(RingTest, DestroyingAHalfFilledRingGivesBackWhatItGot) {
  const uint32_t free = region_.FreeCount(PoolKind::kBuffers);
  uint32_t others = 0;
  while (region_.FreeCount(PoolKind::kBuffers) > 5) {
    ASSERT_TRUE(region_.Allocate(PoolKind::kBuffers).ok());
    ++others;
  }
  ring_ = std::make_unique<Ring>(Direction::kRx, 0);
  ASSERT_TRUE(ring_->Create(region_, environment_.heap(), 8).ok());
  EXPECT_EQ(ring_->FillBuffers().error(), Errno::kNoMemory);
  EXPECT_FALSE(ring_->linked());
  EXPECT_EQ(region_.FreeCount(PoolKind::kBuffers), 0u);
  ring_->Destroy(environment_.heap());
  ring_.reset();
  EXPECT_EQ(region_.FreeCount(PoolKind::kBuffers), free - others);
  EXPECT_EQ(region_.FreeCount(PoolKind::kRings), 8u);
}

TEST_F(RingTest, BadSlotsCountForTheBufferTheyLastHad) {
  Make(Direction::kTx, 4);
  const uint32_t free = region_.FreeCount(PoolKind::kBuffers);
  program()->slot[0].buf_idx = 0;
  program()->slot[1].buf_idx = 0xffffffff;
  program()->slot[2].buf_idx = 100;  // in range, not allocated
  Destroy();
  EXPECT_EQ(region_.FreeCount(PoolKind::kBuffers), free + 4);
}

TEST_F(RingTest, TimeStampIsTwoWords) {
  Make(Direction::kRx, 4);
  ring_->StampTime({.seconds = 1700000000, .microseconds = 999999});
  EXPECT_EQ(program()->ts.tv_sec, 1700000000);
  EXPECT_EQ(program()->ts.tv_usec, 999999);
}

TEST_F(RingTest, OffsetRuleOfTheFirstUserHolds) {
  Make(Direction::kTx, 4);
  ASSERT_TRUE(ring_->SetOffsetRule({.mask = 0xff, .max = 64, .min_gap = 0}, 32, true).ok());
  EXPECT_EQ(program()->offset_mask, 0xffu);
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(program()->slot[i].ptr, 32u);
  EXPECT_TRUE(ring_->SetOffsetRule({.mask = 0x7f, .max = 64, .min_gap = 0}, 0, false).ok());
  EXPECT_EQ(program()->slot[0].ptr, 32u);
  EXPECT_EQ(ring_->offset_rule().mask, 0xffu);
  EXPECT_EQ(ring_->SetOffsetRule({.mask = 0x1ff, .max = 64, .min_gap = 0}, 0, false).error(),
            Errno::kBusy);
  EXPECT_EQ(ring_->SetOffsetRule({.mask = 0xff, .max = 65, .min_gap = 0}, 0, false).error(),
            Errno::kBusy);
}

// --- Locked
// ---------------------------------------------------------------------------------------

TEST_F(RingTest, ALockedRingIsSkippedAndItsWaitersAreWokenAtTheEnd) {
  Make(Direction::kTx, 8);
  ASSERT_TRUE(ring_->Lock());
  EXPECT_FALSE(ring_->Lock()) << "it is locked";
  Say(3, 3);
  EXPECT_EQ(ring_->Sync(), SyncResult::kBusy);
  EXPECT_TRUE(backend_.calls.empty());
  const uint64_t before = own_.notifications;
  ring_->Unlock();
  EXPECT_EQ(own_.notifications, before + 1);
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
}

TEST_F(RingTest, ARingKilledWhileLockedStaysDead) {
  Make(Direction::kTx, 8);
  ASSERT_TRUE(ring_->Lock());
  ring_->Kill();
  ring_->Unlock();
  EXPECT_EQ(ring_->state(), RingState::kZombie);
  EXPECT_FALSE(ring_->Lock());
}

// Calls back at each point between two atomic steps: what another CPU does meanwhile.
class YieldHook final : public platform::Hooks {
 public:
  YieldHook() : before_(platform::SetHooks(this)) {}
  ~YieldHook() override { platform::SetHooks(before_); }
  void Yield() override {
    if (on_yield) std::exchange(on_yield, nullptr)();
  }
  std::function<void()> on_yield;

 private:
  platform::Hooks* const before_;
};

// The state was read again on the way out: a ring unlocked just then looked like one that is off,
// and poll reported an error.
TEST_F(RingTest, ASyncThatMetALockedRingSaysBusyThoughItIsUnlockedMeanwhile) {
  Make(Direction::kTx, 8);
  ASSERT_TRUE(ring_->Lock());
  for (int step = 0; step < 4; ++step) {
    YieldHook hook;
    int left = step;
    std::function<void()> count = [&] {
      if (left-- == 0) {
        ring_->Unlock();
      } else {
        hook.on_yield = count;
      }
    };
    hook.on_yield = count;
    const SyncResult result = ring_->Sync();
    EXPECT_TRUE(result == SyncResult::kBusy || result == SyncResult::kDone) << step;
    hook.on_yield = nullptr;
    ring_->Unlock();
    ASSERT_TRUE(ring_->Lock());
  }
}

TEST_F(RingTest, ARingStoppedWhileItIsKilledStaysOff) {
  Make(Direction::kTx, 8);
  {
    YieldHook hook;
    hook.on_yield = [this] { ring_->Stop(); };
    ring_->Kill();
  }
  EXPECT_EQ(ring_->state(), RingState::kOff);
}

TEST_F(RingTest, ASyncThatComesDuringALookIsSkippedAndToldAfterwards) {
  Make(Direction::kTx, 8);
  ASSERT_TRUE(ring_->TryHold());
  EXPECT_FALSE(ring_->TryHold());
  const uint64_t before = own_.notifications;
  EXPECT_EQ(ring_->Sync(), SyncResult::kBusy);
  EXPECT_EQ(own_.notifications, before);
  ring_->Drop();
  EXPECT_EQ(own_.notifications, before + 1);
  EXPECT_EQ(ring_->Sync(), SyncResult::kDone);
}

}  // namespace
}  // namespace mapwire::ring
