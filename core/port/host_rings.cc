// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/port/host_rings.h"

#include "core/memory/region.h"
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
  uint32_t slot = first;
  Status status = kOkStatus;
  for (; slot != head; slot = ring::Next(slot, ring.num_slots())) {
    const SlotWord word = ring.slots().Load(slot);
    uint32_t offset;
    status = rings_.Learn(ring, slot, word, &offset);
    if (!status.ok()) break;
    rings_.GiveToHost(ring, slot, word, offset);
  }
  ring.CountSlots(ring::Distance(first, slot, ring.num_slots()));
  ring.set_hwcur(slot);
  // They are copied, so all slots are free again.
  ring.set_hwtail(ring::Prev(slot, ring.num_slots()));
  if (slot != first) rings_.stack_.Schedule(rings_.NumberOf(ring) % rings_.queues_);
  return status;
}

void HostRings::GiveToHost(Ring& ring, uint32_t slot, SlotWord word, uint32_t offset) {
  HostRingCounters& counters = counters_[NumberOf(ring)];
  const uint32_t bytes = word.length();
  if (bytes < kHeaderBytes || bytes + offset > ring.region()->buffer_bytes()) {
    ++counters.bad_length;
    return;
  }
  if (!up_.load(std::memory_order_relaxed)) {
    ++counters.host_down;
    return;
  }
  const uint16_t queue = NumberOf(ring) % queues_;
  HostFrame* const frame = stack_.NewFrame(queue, bytes);
  if (frame == nullptr) {
    ++counters.no_memory;
    return;
  }
  stack_.Append(*frame, BufferOf(ring, ring.known_buffers()[slot]) + offset, bytes);
  platform::AccountWork(platform::Work::kCopyBytes, bytes);
  ++counters.to_host;
  stack_.Receive(queue, frame);
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

}  // namespace mapwire::port
