// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/ring/ring.h"

#include <cstddef>

#include "core/platform/barrier.h"
#include "core/ring/ring_layout.h"

namespace mapwire::ring {

using memory::PoolKind;
using platform::NewArray;
using platform::Untrusted;
using platform::UntrustedStore;

namespace {

enum : uint32_t { kFree = 0, kHeld = 1, kHeldAndWanted = 2 };

template <typename T>
void StoreAt(char* header, size_t offset, T value) {
  UntrustedStore(reinterpret_cast<T*>(header + offset), value);
}

Untrusted<uint32_t> WordAt(char* header, size_t offset) {
  return Untrusted<uint32_t>(reinterpret_cast<uint32_t*>(header + offset));
}

}  // namespace

Status Ring::Create(memory::Region& region, platform::Heap& heap, uint32_t slots) {
  MW_CHECK(!created());
  const memory::RegionGeometry geometry = region.Geometry().value();
  if (slots < 2 || kRingHeaderBytes + uint64_t{slots} * kSlotBytes >
                       geometry.pool(PoolKind::kRings).object_bytes) {
    return Errno::kNoMemory;
  }
  MW_ASSIGN_OR_RETURN(object_, region.Allocate(PoolKind::kRings));
  known_buffers_ = NewArray<uint32_t>(heap, slots);
  if (known_buffers_ == nullptr) {
    region.Free(PoolKind::kRings, object_);
    return Errno::kNoMemory;
  }
  region_ = &region;
  heap_ = &heap;
  num_slots_ = slots;
  filled_ = 0;
  header_ = static_cast<char*>(region.Address(PoolKind::kRings, object_));
  slots_ = UntrustedSlots(header_ + kRingHeaderBytes);
  client_ = {WordAt(header_, kHeadAt), WordAt(header_, kCurAt), WordAt(header_, kTailAt)};
  offset_rule_ = OffsetRule();
  violations_ = ViolationLog();
  counters_ = RingCounters();
  const uint64_t here = geometry.pool(PoolKind::kRings).ObjectOffset(object_);
  const uint64_t buffers = geometry.pool(PoolKind::kBuffers).offset;
  StoreAt<int64_t>(header_, kBufOfsAt, static_cast<int64_t>(buffers - here));
  StoreAt<uint32_t>(header_, kNumSlotsAt, slots);
  StoreAt<uint32_t>(header_, kBufSizeAt, region.buffer_bytes());
  StoreAt<uint16_t>(header_, kRingIdAt, id_);
  // As stored by convention since the first release: 1 for transmit, 0 for receive.
  StoreAt<uint16_t>(header_, kDirAt, direction_ == Direction::kTx ? 1 : 0);
  StoreAt<uint32_t>(header_, kReportMagicAt, kReportMagic);
  Rewind();
  return kOkStatus;
}

Status Ring::FillBuffers() {
  for (; filled_ < num_slots_; ++filled_) {
    MW_ASSIGN_OR_RETURN(const uint32_t buffer, region_->Allocate(PoolKind::kBuffers));
    known_buffers_[filled_] = buffer;
    slots_.StoreWord(filled_,
                     uint64_t{LengthFlags(region_->buffer_bytes() & 0xffff, 0)} << 32 | buffer);
  }
  region_->AddHolder(*this);
  return kOkStatus;
}

void Ring::Destroy(platform::Heap& heap) {
  MW_CHECK(created() && state() != RingState::kUser);
  MW_CHECK(!linked());
  if (filled_ < num_slots_) {
    for (uint32_t i = 0; i < filled_; ++i) region_->Free(PoolKind::kBuffers, known_buffers_[i]);
  }
  region_->Free(PoolKind::kRings, object_);
  heap.Free(known_buffers_);
  heap.Free(known_offsets_);
  known_buffers_ = nullptr;
  known_offsets_ = nullptr;
  header_ = nullptr;
  slots_ = UntrustedSlots();
  client_ = Client();
  backend_ = nullptr;
  region_ = nullptr;
  num_slots_ = 0;
}

Status Ring::SetOffsetRule(const OffsetRule& rule, uint32_t initial, bool sole_user) {
  if (offset_rule_.mask != 0) {
    const bool covered = (rule.mask & ~offset_rule_.mask) == 0 && rule.max <= offset_rule_.max;
    if (!covered) return Errno::kBusy;
  } else if (!sole_user) {
    return Errno::kBusy;
  } else {
    known_offsets_ = NewArray<uint32_t>(*heap_, num_slots_);
    if (known_offsets_ == nullptr) return Errno::kNoMemory;
    offset_rule_ = rule;
    StoreAt<uint64_t>(header_, kOffsetMaskAt, rule.mask);
  }
  if (sole_user) {
    for (uint32_t i = 0; i < num_slots_; ++i) slots_.StorePointer(i, initial & offset_rule_.mask);
  }
  return kOkStatus;
}

void Ring::Rewind() {
  MW_CHECK(created() && state() == RingState::kOff);
  hwcur_ = 0;
  hwtail_ = rtail_ = direction_ == Direction::kTx ? num_slots_ - 1 : 0;
  for (uint32_t slot = 0; slot < filled_; ++slot) slots_.StoreWord(slot, known_buffers_[slot]);
  client_.tail.Store(hwtail_);
  StartFromHere();
}

void Ring::Start(RingBackend& backend) {
  MW_CHECK(created() && state() == RingState::kOff);
  backend_ = &backend;
  platform::YieldPoint();
  state_.store(RingState::kUser, std::memory_order_release);
}

// Who is inside keeps using the backend until Quiesce says that nobody is. L1 pairs with Sync.
void Ring::Stop() {
  platform::YieldPoint();
  state_.store(RingState::kOff, std::memory_order_seq_cst);
}

Status Ring::Quiesce(platform::Sleeper& sleeper) {
  constexpr uint32_t kStepUs = 10;
  constexpr uint32_t kLimitUs = 1000000;
  return platform::WaitUntil(sleeper, kStepUs, kLimitUs,
                             [this] { return busy_.load(std::memory_order_seq_cst) == kFree; });
}

// L1 as for Stop.
bool Ring::Lock() {
  platform::YieldPoint();
  RingState expected = RingState::kUser;
  return state_.compare_exchange_strong(expected, RingState::kLocked, std::memory_order_seq_cst);
}

// What the caller did to indices and backend comes before the state; pairs with Sync's look at it.
void Ring::Unlock() {
  platform::YieldPoint();
  RingState expected = RingState::kLocked;
  if (state_.compare_exchange_strong(expected, RingState::kUser, std::memory_order_seq_cst)) {
    Notify();
  }
}

// In one step: a ring that is stopped or unlocked meanwhile stays what it was made.
void Ring::Kill() {
  RingState state = this->state();
  do {
    if (state == RingState::kOff) return;
    platform::YieldPoint();
  } while (!state_.compare_exchange_weak(state, RingState::kZombie, std::memory_order_seq_cst));
  Notify();
}

void Ring::Drop() { Release(); }

// A slot that core holds has the buffer the device was told too, whatever a program has written
// there since.
void Ring::MarkNamed(const memory::Region& region, memory::Bitmap& marks) {
  const uint32_t first = hwcur_;
  const uint32_t granted = Distance(first, hwtail_, num_slots_);
  for (uint32_t i = 0; i < num_slots_; ++i) {
    const bool held = Distance(first, i, num_slots_) >= granted;
    if (held && region.IsAllocated(PoolKind::kBuffers, known_buffers_[i])) {
      marks.Set(known_buffers_[i]);
    }
    uint32_t buffer = slots_.Load(i).buffer();
    if (!region.IsAllocated(PoolKind::kBuffers, buffer) || buffer < memory::kReservedBuffers) {
      buffer = known_buffers_[i];
    }
    if (region.IsAllocated(PoolKind::kBuffers, buffer)) marks.Set(buffer);
  }
}

// B1 pairs with Release: what the last one inside did is seen by the next.
bool Ring::TryAcquire() {
  platform::YieldPoint();
  uint32_t expected = kFree;
  if (busy_.compare_exchange_strong(expected, kHeld, std::memory_order_seq_cst)) [[likely]] {
    return true;
  }
  platform::YieldPoint();
  // Whoever is inside will notify on its way out; if it left meanwhile, the ring is ours.
  if (busy_.exchange(kHeldAndWanted, std::memory_order_seq_cst) == kFree) return true;
  ++counters_.busy_skips;
  return false;
}

// B1 pairs with TryAcquire.
[[gnu::always_inline]] inline void Ring::Release() {
  platform::YieldPoint();
  if (busy_.exchange(kFree, std::memory_order_release) == kHeldAndWanted) [[unlikely]]
    Notify();
}

SyncResult Ring::Sync() {
  return SyncAfter([](uint32_t) {});
}

SyncResult Ring::Sync(Releasing& first) {
  return SyncAfter([&](uint32_t head) { first.BeforeRelease(*this, head); });
}

template <typename First>
[[gnu::always_inline]] inline SyncResult Ring::SyncAfter(First&& first) {
  if (!TryAcquire()) [[unlikely]]
    return SyncResult::kBusy;
  platform::YieldPoint();
  // L1 pairs with Stop then Quiesce: either they see us inside, or we see the new state here.
  const RingState state = state_.load(std::memory_order_seq_cst);
  if (state != RingState::kUser) [[unlikely]]
    return Leave(state);
  ++counters_.syncs;
  const uint32_t head = client_.head.Load();
  const uint32_t cur = client_.cur.Load();
  const PositionFault fault = CheckPositions(head, cur, rhead_, rtail_, num_slots_);
  if (fault != PositionFault::kNone) [[unlikely]]
    return RefusePosition(fault, head, cur);
  rhead_ = head;
  rcur_ = cur;
  first(head);
  const Status status = backend_->Sync(*this, head);
  if (!status.ok()) [[unlikely]]
    return Failed(status);
  Publish();
  Release();
  return SyncResult::kDone;
}

// The ways a sync ends that does not go well, out of the way of one that does.
// `state` is the one that was seen inside: it may be another by now, and whoever changed it
// notifies.
[[gnu::noinline]] SyncResult Ring::Leave(RingState state) {
  Release();
  switch (state) {
    case RingState::kZombie:
      return SyncResult::kZombie;
    case RingState::kLocked:
      return SyncResult::kBusy;
    default:
      return SyncResult::kOff;
  }
}

SyncResult Ring::Finish(SyncResult result) {
  Publish();
  Release();
  return result;
}

[[gnu::noinline]] SyncResult Ring::Failed(Status status) {
  if (status.error() != Errno::kInvalid) return Finish(SyncResult::kError);
  Reinitialise();
  return Finish(SyncResult::kViolation);
}

[[gnu::noinline]] SyncResult Ring::RefusePosition(PositionFault fault, uint32_t head,
                                                  uint32_t cur) {
  RecordPosition(fault, head, cur);
  Reinitialise();
  // A transmit ring that was reset has nothing to send; a receive ring is read all the same.
  if (direction_ == Direction::kRx) {
    const Status status = backend_->Sync(*this, rhead_);
    if (!status.ok()) return Failed(status);
  }
  return Finish(SyncResult::kViolation);
}

void Ring::Move(uint32_t head) {
  client_.cur.Store(head);
  client_.head.Store(head);
}

// S1: slots before tail; pairs with the program's read of tail.
[[gnu::always_inline]] inline void Ring::Publish() {
  const uint32_t tail = hwtail_;
  rtail_ = tail;
  platform::StoreOrder();
  client_.tail.Store(tail);
}

void Ring::RecordPosition(PositionFault fault, uint32_t head, uint32_t cur) {
  switch (fault) {
    case PositionFault::kNone:
      break;
    case PositionFault::kHeadRange:
      return Record(Rule::kHeadRange, hwcur_, head);
    case PositionFault::kHeadWindow:
      return Record(Rule::kHeadWindow, hwcur_, head);
    case PositionFault::kCurRange:
      return Record(Rule::kCurRange, hwcur_, cur);
    case PositionFault::kCurWindow:
      return Record(Rule::kCurWindow, hwcur_, cur);
  }
}

void Ring::Record(Rule rule, uint32_t slot, uint64_t value) {
  uint64_t& count = violations_.count[static_cast<uint32_t>(rule)];
  ++count;
  violations_.last = {rule, slot, value};
  StoreAt<uint32_t>(header_, kReportRuleAt, static_cast<uint32_t>(rule));
  StoreAt<uint32_t>(header_, kReportSlotAt, slot);
  StoreAt<uint64_t>(header_, kReportValueAt, value);
  StoreAt<uint32_t>(header_, kReportCountAt, static_cast<uint32_t>(violations_.total()));
}

// After a violation the program finds a ring that works: indices as core has them, and in every
// slot a buffer that exists. No buffer is lost. The tail is Publish's to store: behind the slots.
void Ring::Reinitialise() {
  for (uint32_t i = 0; i < num_slots_; ++i) {
    const SlotWord word = slots_.Load(i);
    if (!region_->IsUsableBuffer(word.buffer())) {
      // Counted, unless it led here; the last violation is what did.
      const bool known = violations_.last.rule == Rule::kBufferIndex && violations_.last.slot == i;
      if (!known) ++violations_.count[static_cast<uint32_t>(Rule::kBufferIndex)];
      slots_.StoreWord(i, known_buffers_[i]);
    } else if (word.length() > region_->buffer_bytes()) {
      slots_.StoreLengthFlags(i, LengthFlags(0, word.flags()));
    }
  }
  StartFromHere();
}

// The program has said nothing yet of what comes behind hwcur.
void Ring::StartFromHere() {
  rhead_ = rcur_ = hwcur_;
  client_.head.Store(hwcur_);
  client_.cur.Store(hwcur_);
}

void Ring::StampTime(platform::TimeOfDay now) {
  StoreAt<int64_t>(header_, kTimeAt, now.seconds);
  StoreAt<int64_t>(header_, kTimeAt + 8, now.microseconds);
}

uint32_t Ring::LoadFlags() const { return WordAt(header_, kFlagsAt).Load(); }

}  // namespace mapwire::ring
