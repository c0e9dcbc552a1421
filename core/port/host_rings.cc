// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/port/host_rings.h"

#include "core/memory/region.h"
#include "core/platform/barrier.h"
#include "core/platform/work.h"
#include "core/ring/cyclic.h"

namespace mapwire::port {

using memory::PoolKind;
using platform::HostFrame;
using ring::Direction;
using ring::Ring;
using ring::RingState;
using ring::Rule;
using ring::SlotWord;

namespace {

constexpr uint32_t kHeaderBytes = 14;  // of an Ethernet frame

char* BufferOf(const Ring& ring, uint32_t buffer) {
  return static_cast<char*>(ring.region()->Address(PoolKind::kBuffers, buffer));
}

}  // namespace

void HostRings::Start(Ring& ring) {
  // A sender may have seen the ring in use when it was not any more.
  Flush(ring);
  if (ring.direction() == Direction::kTx) return ring.Start(to_host_);
  for (uint32_t slot = 0; slot < ring.num_slots(); ++slot) {
    uint32_t offset;
    (void)Learn(ring, slot, ring.slots().Load(slot), &offset);
  }
  ring.Start(to_program_);
}

void HostRings::Flush(const Ring& ring) {
  if (ring.direction() == Direction::kTx) return;
  while (HostFrame* const frame = stack_.Next(NumberOf(ring))) stack_.Free(*frame);
}

bool HostRings::Keep(Ring& ring, HostFrame& frame) {
  if (ring.state() != RingState::kUser) return false;
  const uint16_t number = NumberOf(ring);
  const uint32_t shown = ring::Distance(ring.hwcur(), ring.hwtail(), ring.num_slots());
  const bool room = stack_.Kept(number) + shown + 1 < ring.num_slots();
  if (room) {
    stack_.Keep(number, frame);
  } else {
    ++counters_[number].full;
  }
  ring.Notify();
  return room;
}

// The buffer and offset that a program has put into a slot, known good from here on. kInvalid, and
// recorded, if there is no such buffer.
Status HostRings::Learn(Ring& ring, uint32_t slot, SlotWord word, uint32_t* offset) {
  const uint32_t buffer = word.buffer();
  if (!ring.region()->IsUsableBuffer(buffer)) {
    ring.Record(Rule::kBufferIndex, slot, buffer);
    return Errno::kInvalid;
  }
  ring.known_buffers()[slot] = buffer;
  if ((word.flags() & ring::kSlotBufferChanged) != 0) {
    ring.slots().StoreFlags(slot, word.flags() & ~ring::kSlotBufferChanged);
  }
  *offset = 0;
  if (ring.known_offsets() == nullptr) return kOkStatus;
  uint64_t asked = ring.slots().LoadPointer(slot) & ring.offset_rule().mask;
  if (asked > ring.offset_rule().max) {
    ring.Record(Rule::kOffset, slot, asked);
    asked = ring.offset_rule().max;
  }
  *offset = ring.known_offsets()[slot] = static_cast<uint32_t>(asked);
  return kOkStatus;
}

// --- A program transmits
// --------------------------------------------------------------------------

Status HostRings::ToHost::Sync(Ring& ring, uint32_t head) {
  const uint32_t first = ring.hwcur();
  const uint16_t queue = rings_.NumberOf(ring) % rings_.queues_;
  HostRingCounters& counters = rings_.counters_[rings_.NumberOf(ring)];
  uint32_t slot = first;
  Status status = kOkStatus;
  for (; slot != head; slot = ring::Next(slot, ring.num_slots())) {
    const SlotWord word = ring.slots().Load(slot);
    uint32_t offset;
    status = rings_.Learn(ring, slot, word, &offset);
    if (!status.ok()) break;
    if (rings_.GiveToHost(ring, queue, counters, word.buffer(), offset, word.length())) {
      ++counters.to_host;
    }
  }
  ring.CountSlots(ring::Distance(first, slot, ring.num_slots()));
  ring.set_hwcur(slot);
  // They are copied, so all slots are free again.
  ring.set_hwtail(ring::Prev(slot, ring.num_slots()));
  if (slot != first) rings_.stack_.Schedule(queue);
  return status;
}

bool HostRings::GiveToHost(Ring& ring, uint16_t queue, HostRingCounters& counters, uint32_t buffer,
                           uint32_t offset, uint32_t bytes) {
  if (bytes < kHeaderBytes || bytes + offset > ring.region()->buffer_bytes()) {
    ++counters.bad_length;
    return false;
  }
  if (!up_.load(std::memory_order_relaxed)) {
    ++counters.host_down;
    return false;
  }
  HostFrame* const frame = stack_.NewFrame(queue, bytes);
  if (frame == nullptr) {
    ++counters.no_memory;
    return false;
  }
  stack_.Append(*frame, BufferOf(ring, buffer) + offset, bytes);
  platform::AccountWork(platform::Work::kCopyBytes, bytes);
  stack_.Receive(queue, frame);
  return true;
}

// --- A program receives
// ---------------------------------------------------------------------------

Status HostRings::ToProgram::Sync(Ring& ring, uint32_t head) {
  rings_.Import(ring);
  uint32_t slot = ring.hwcur();
  Status status = kOkStatus;
  while (slot != head && status.ok()) {
    uint32_t offset;
    status = rings_.Learn(ring, slot, ring.slots().Load(slot), &offset);
    if (status.ok()) slot = ring::Next(slot, ring.num_slots());
  }
  ring.set_hwcur(slot);
  return status;
}

// Fills the slots that are core's, but for the one that is always kept back.
void HostRings::Import(Ring& ring) {
  const uint32_t count = ring.num_slots();
  const uint16_t number = NumberOf(ring);
  const uint32_t first = ring.hwtail();
  uint32_t slot = first;
  while (ring::Next(slot, count) != ring.hwcur()) {
    HostFrame* const frame = stack_.Next(number);
    if (frame == nullptr) break;
    if (GiveToProgram(ring, slot, *frame)) slot = ring::Next(slot, count);
    stack_.Free(*frame);
  }
  ring.set_hwtail(slot);
  const uint32_t imported = ring::Distance(first, slot, count);
  ring.CountSlots(imported);
  counters_[number].to_program += imported;
}

bool HostRings::GiveToProgram(Ring& ring, uint32_t slot, const HostFrame& frame) {
  const uint32_t bytes = stack_.Length(frame);
  const uint32_t offset = ring.known_offsets() == nullptr ? 0 : ring.known_offsets()[slot];
  if (bytes + offset > ring.region()->buffer_bytes()) {
    ++counters_[NumberOf(ring)].too_long;
    return false;
  }
  stack_.Copy(frame, 0, BufferOf(ring, ring.known_buffers()[slot]) + offset, bytes);
  platform::AccountWork(platform::Work::kCopyBytes, bytes);
  ring.slots().StoreLengthFlags(slot, bytes);
  if (ring.known_offsets() != nullptr) {
    const uint64_t rest = ring.slots().LoadPointer(slot) & ~ring.offset_rule().mask;
    ring.slots().StorePointer(slot, rest | offset);
  }
  return true;
}

// --- Forwarding
// -----------------------------------------------------------------------------------

ring::SyncResult HostRings::Sync(Ring& ring, Forward& forward) {
  Forwarding first(*this, forward);
  return ring.Sync(first);
}

// From the card to the host: copied. From the host to the card: buffers change places with slots
// that the program has free. A frame of several slots is not passed on.
void HostRings::Forwarding::BeforeRelease(Ring& ring, uint32_t head) {
  const bool from_host = rings_.IsHostRing(ring);
  // Only the first host ring has the card's rings behind it.
  if (from_host && rings_.NumberOf(ring) != 0) return;
  uint32_t given = 0;
  for (uint32_t slot = ring.hwcur(); slot != head; slot = ring::Next(slot, ring.num_slots())) {
    const SlotWord word = ring.slots().Load(slot);
    if (!forward_.all && (word.flags() & ring::kSlotForward) == 0) continue;
    // A bad one is refused by who gets the slot.
    if (!ring.region()->IsUsableBuffer(word.buffer())) continue;
    ++given;
    if (from_host) {
      ToCard(ring, slot, word);
    } else {
      ToHost(ring, slot, word);
    }
  }
  LetGo();
  if (!from_host && given != 0) rings_.stack_.Schedule(ring.id() % rings_.queues_);
}

void HostRings::Forwarding::ToHost(Ring& ring, uint32_t slot, SlotWord word) {
  uint64_t offset = 0;
  if (ring.known_offsets() != nullptr) {
    offset = ring.slots().LoadPointer(slot) & ring.offset_rule().mask;
    if (offset > ring.offset_rule().max) offset = ring.offset_rule().max;
  }
  HostRingCounters& counters = rings_.counters_[0];
  const bool part = (word.flags() & ring::kSlotMoreFragments) != 0;
  if (rings_.GiveToHost(ring, ring.id() % rings_.queues_, counters, word.buffer(),
                        static_cast<uint32_t>(offset), part ? 0 : word.length())) {
    ++counters.forwarded_to_host;
  }
}

// Holds the first transmit ring with a free slot, or none.
bool HostRings::Forwarding::FindRoom() {
  for (;;) {
    if (held_ != nullptr && head_ != held_->rtail()) return true;
    LetGo();
    if (forward_.tx == nullptr || next_ == forward_.tx_count) return false;
    Ring& ring = forward_.tx[next_++];
    if (!ring.TryHold()) continue;
    head_ = ring.LoadHead();
    const bool sane = ring.state() == RingState::kUser &&
                      ring::CheckPositions(head_, head_, ring.rhead(), ring.rtail(),
                                           ring.num_slots()) == ring::PositionFault::kNone;
    if (sane) {
      held_ = &ring;
    } else {
      ring.Drop();
    }
  }
}

void HostRings::Forwarding::LetGo() {
  if (held_ == nullptr) return;
  // S1 as for a program: slots before head.
  platform::StoreOrder();
  if (moved_) held_->Move(head_);
  held_->Drop();
  held_ = nullptr;
  moved_ = false;
}

void HostRings::Forwarding::ToCard(Ring& ring, uint32_t slot, SlotWord word) {
  HostRingCounters& counters = rings_.counters_[0];
  uint32_t spare = 0;
  if (FindRoom()) spare = held_->slots().Load(head_).buffer();
  if (!ring.region()->IsUsableBuffer(spare)) {
    ++counters.forward_lost;
    return;
  }
  constexpr uint32_t kChanged = ring::kSlotBufferChanged;
  held_->slots().StoreWord(
      head_, uint64_t{ring::LengthFlags(word.length(), kChanged)} << 32 | word.buffer());
  ring.slots().StoreWord(slot, uint64_t{ring::LengthFlags(word.length(), kChanged)} << 32 | spare);
  if (held_->known_offsets() != nullptr) {
    held_->slots().StorePointer(head_, ring.slots().LoadPointer(slot));
  }
  head_ = ring::Next(head_, held_->num_slots());
  moved_ = true;
  ++counters.forwarded_to_card;
  ++forward_.moved;
}

}  // namespace mapwire::port
