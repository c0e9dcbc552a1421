// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/nic/host_client.h"

#include <algorithm>

#include "core/platform/barrier.h"
#include "core/platform/check.h"
#include "core/ring/cyclic.h"
#include "core/ring/ring_layout.h"

namespace mapwire::nic {

using memory::PoolKind;
using ring::Direction;
using ring::LengthFlags;
using ring::Ring;
using ring::RingState;
using ring::SlotWord;
using ring::SyncResult;

namespace {

constexpr uint16_t kRegionId = 0;  // nobody's: names begin with 1
constexpr uint32_t kLeastRings = 2;
constexpr uint32_t kInterfaceBytes = 64;  // there is none, but a region has room for one

}  // namespace

Result<HostClient*> HostClient::Create(platform::Environment& environment,
                                       platform::HostStack& stack, const port::PortShape& shape) {
  platform::Heap& heap = environment.heap();
  HostClient* const client = platform::New<HostClient>(heap, environment, stack, shape);
  if (client == nullptr) return Errno::kNoMemory;
  const uint16_t pairs = shape.rx_rings;
  MW_CHECK(shape.tx_rings == pairs);
  const Status status = client->MakeRings();
  if (!status.ok()) {
    Destroy(environment, client);
    return status;
  }
  return client;
}

Status HostClient::MakeRings() {
  platform::Heap& heap = environment_.heap();
  const uint16_t pairs = shape_.rx_rings;
  queues_ = platform::NewArray<Queue>(heap, pairs);
  if (queues_ == nullptr) return Errno::kNoMemory;
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    Ring*& rings = rings_[static_cast<uint32_t>(direction)];
    rings = static_cast<Ring*>(heap.Allocate(pairs * sizeof(Ring)));
    if (rings == nullptr) return Errno::kNoMemory;
    for (uint16_t i = 0; i < pairs; ++i) {
      new (&rings[i]) Ring(direction, i);
      rings[i].SetNotifiers(&queues_[i].waker, nullptr);
    }
  }
  for (uint16_t i = 0; i < pairs; ++i) {
    queues_[i].waker.client = this;
    queues_[i].waker.queue = i;
  }
  return kOkStatus;
}

void HostClient::Destroy(platform::Environment& environment, HostClient* client) {
  MW_CHECK(!client->open_ && client->region_ == nullptr);
  platform::Heap& heap = environment.heap();
  for (Ring* const rings : client->rings_) {
    if (rings == nullptr) continue;
    for (uint16_t i = 0; i < client->shape_.rx_rings; ++i) rings[i].~Ring();
    heap.Free(rings);
  }
  heap.Free(client->queues_);
  platform::Delete(heap, client);
}

template <typename Visitor>
void HostClient::ForEach(Visitor&& visit) {
  for (const Direction direction : {Direction::kRx, Direction::kTx}) {
    for (uint16_t i = 0; i < shape_.rx_rings; ++i) visit(ring(direction, i));
  }
}

// --- Open and close
// -------------------------------------------------------------------------------

Status HostClient::Open(platform::DmaSpace& dma, const Limits& limits) {
  MW_CHECK(!open_ && region_ == nullptr);
  limits_ = limits;
  SetMaxFrame(limits.max_frame_bytes);
  Status status = MakeRegion();
  if (status.ok()) {
    const Result<memory::DmaMap*> map = region_->AttachDevice(dma);
    status = map.status();
    if (map.ok()) dma_map_ = *map;
  }
  if (!status.ok()) {
    Release();
    return status;
  }
  open_ = true;
  return kOkStatus;
}

void HostClient::SetMaxFrame(uint32_t bytes) {
  const uint32_t whole_ring = (shape_.tx_slots - 1u) * limits_.buffer_bytes;
  max_frame_bytes_.store(std::min(bytes, whole_ring), std::memory_order_relaxed);
}

// A region of exactly what the rings need.
Status HostClient::MakeRegion() {
  const uint32_t slots = std::max(shape_.tx_slots, shape_.rx_slots);
  const uint32_t pairs = shape_.rx_rings;
  const memory::RegionRequest request = {
      {{kInterfaceBytes, 1},
       {static_cast<uint32_t>(ring::kRingHeaderBytes + slots * ring::kSlotBytes),
        std::max(kLeastRings, 2 * pairs)},
       {limits_.buffer_bytes,
        memory::kReservedBuffers + pairs * (shape_.tx_slots + shape_.rx_slots)}}};
  region_ = platform::New<memory::Region>(environment_.heap(), environment_, kRegionId,
                                          memory::RegionKind::kPrivate, request);
  if (region_ == nullptr) return Errno::kNoMemory;
  MW_TRY(region_->AddUser());
  Status status = kOkStatus;
  ForEach([&](Ring& ring) {
    if (!status.ok()) return;
    const bool tx = ring.direction() == Direction::kTx;
    status = ring.Create(*region_, environment_.heap(), tx ? shape_.tx_slots : shape_.rx_slots);
    if (status.ok()) status = ring.FillBuffers();
  });
  return status;
}

void HostClient::Close(bool keep) {
  open_ = false;
  if (!keep) Release();
}

// Also undoes an Open that stopped halfway.
void HostClient::Release() {
  if (region_ == nullptr) return;
  MW_CHECK(!open_);
  if (dma_map_ != nullptr) region_->DetachDevice(dma_map_);
  dma_map_ = nullptr;
  ForEach([this](Ring& ring) {
    if (!ring.created()) return;
    memory::BufferHolder* const holder = &ring;
    if (ring.linked()) region_->ReleaseHolders(&holder, 1);
    ring.Destroy(environment_.heap());
  });
  if (region_->users() != 0) region_->RemoveUser();
  platform::Delete(environment_.heap(), region_);
  region_ = nullptr;
}

void HostClient::Begin(Ring& ring) {
  ring.Rewind();
  Queue& queue = queues_[ring.id()];
  if (ring.direction() == Direction::kTx) {
    queue.tx_head = queue.tx_done = 0;
    queue.tx_unwatched.store(false);
  } else {
    queue.rx_head = 0;
  }
}

void HostClient::Finish(Ring& ring, uint32_t lost) {
  Queue& queue = queues_[ring.id()];
  if (ring.direction() == Direction::kRx) {
    (void)Take(ring.id(), ring, ring.hwtail(), ring.num_slots());
  } else {
    // And what the device was not even given, for want of a link.
    queue.counters.tx_lost += lost + ring::Distance(ring.hwcur(), queue.tx_head, ring.num_slots());
    stack_.Sent(ring.id(), ForgetSent(queue, ring, queue.tx_head), true);
  }
  // Whoever has been told to wait gets another answer now.
  stack_.Schedule(ring.id());
}

// --- Sending
// --------------------------------------------------------------------------------------

HostSend HostClient::Send(uint16_t queue, const platform::HostFrame& frame, bool more) {
  Queue& own = queues_[queue];
  Ring& ring = this->ring(Direction::kTx, queue);
  if (!open_.load(std::memory_order_relaxed)) return HostSend::kDown;
  const uint32_t bytes = stack_.Length(frame);
  if (bytes < limits_.min_frame_bytes || bytes > max_frame_bytes()) {
    ++own.counters.tx_bad_length;
    return HostSend::kBadLength;
  }
  if (!ring.TryHold()) return HostSend::kBusy;
  const RingState state = ring.state();
  HostSend result = HostSend::kBusy;
  switch (state) {
    case RingState::kUser:
      result = Fill(ring, frame, bytes, more);
      break;
    case RingState::kOff:
      result = HostSend::kProgram;
      break;
    case RingState::kLocked:
      break;
    case RingState::kZombie:
      ++own.counters.tx_gone;
      result = HostSend::kGone;
      break;
  }
  ring.Drop();
  if (result != HostSend::kSent && result != HostSend::kSentLast) return result;
  if (!more) (void)ring.Sync();
  if (own.tx_unwatched.exchange(false)) stack_.Schedule(queue);
  return result;
}

// The ring is held.
HostSend HostClient::Fill(Ring& ring, const platform::HostFrame& frame, uint32_t bytes,
                          bool& more) {
  Queue& queue = queues_[ring.id()];
  const uint32_t count = ring.num_slots();
  // A slot that the device has sent is free when the stack has been told, or its bytes would never
  // be counted: a sender may go round the ring before Poll has its turn.
  const uint32_t room = ring::Distance(queue.tx_head, ring::Prev(queue.tx_done, count), count);
  const uint32_t needed = SlotsOf(bytes);
  if (needed > room) return HostSend::kFull;
  uint32_t slot = queue.tx_head;
  for (uint32_t at = 0; at < bytes; slot = ring::Next(slot, count)) {
    const uint32_t part = std::min(bytes - at, limits_.buffer_bytes);
    stack_.Copy(frame, at, BufferOf(ring, slot), part);
    at += part;
    const uint32_t flags = at < bytes ? ring::kSlotMoreFragments : 0;
    ring.slots().StoreLengthFlags(slot, LengthFlags(part, flags));
  }
  queue.tx_head = slot;
  // S1 as for a program: slots before head.
  platform::StoreOrder();
  ring.Move(slot);
  ++queue.counters.tx_frames;
  const bool last = room - needed < SlotsOf(max_frame_bytes());
  if (stack_.Taken(ring.id(), bytes) || last) more = false;
  return last ? HostSend::kSentLast : HostSend::kSent;
}

// Sends what a caller of Send left with `more`, and tells the stack what has been sent.
void HostClient::LookAtSent(uint16_t queue) {
  Queue& own = queues_[queue];
  Ring& ring = this->ring(Direction::kTx, queue);
  (void)ring.Sync();
  // Somebody is inside: the ring wakes us again.
  if (!ring.TryHold()) return;
  const uint32_t count = ring.num_slots();
  uint32_t bytes = 0;
  bool room = true;
  switch (ring.state()) {
    case RingState::kUser:
      bytes = ForgetSent(own, ring, ring::Next(ring.rtail(), count));
      // Not for every slot that comes back: who waits for room has many frames.
      room = ring::Distance(own.tx_head, ring.rtail(), count) >=
             std::max(SlotsOf(max_frame_bytes()), count / 8);
      break;
    case RingState::kLocked:
      room = false;
      break;
    case RingState::kOff:
    case RingState::kZombie:
      break;
  }
  if (bytes != 0 || room) stack_.Sent(queue, bytes, room);
  ring.Drop();
}

// The bytes of the slots up to `end`, once.
uint32_t HostClient::ForgetSent(Queue& queue, Ring& ring, uint32_t end) {
  uint32_t bytes = 0;
  for (; queue.tx_done != end; queue.tx_done = ring::Next(queue.tx_done, ring.num_slots())) {
    bytes += ring.slots().Load(queue.tx_done).length();
  }
  return bytes;
}

// --- Receiving
// ------------------------------------------------------------------------------------

uint32_t HostClient::Poll(uint16_t queue, uint32_t budget) {
  if (!open_.load(std::memory_order_relaxed)) return 0;
  LookAtSent(queue);
  Ring& ring = this->ring(Direction::kRx, queue);
  uint32_t done = 0;
  // The sync after the last round gives the slots back to the device.
  while (ring.Sync() == SyncResult::kDone && done < budget) {
    if (!ring.TryHold()) break;
    uint32_t taken = 0;
    if (ring.state() == RingState::kUser) taken = Take(queue, ring, ring.rtail(), budget - done);
    ring.Drop();
    if (taken == 0) break;
    done += taken;
  }
  return done;
}

// The ring is held, or off.
uint32_t HostClient::Take(uint16_t queue, Ring& ring, uint32_t tail, uint32_t limit) {
  Queue& own = queues_[queue];
  uint32_t taken = 0;
  while (own.rx_head != tail && taken < limit) {
    own.rx_head = TakeFrame(queue, ring, tail);
    ++taken;
  }
  if (taken != 0) ring.Move(own.rx_head);
  return taken;
}

// Returns where the frame ends.
uint32_t HostClient::TakeFrame(uint16_t queue, Ring& ring, uint32_t tail) {
  Queue& own = queues_[queue];
  const uint32_t count = ring.num_slots();
  const uint32_t begin = own.rx_head;
  uint32_t end = begin;
  uint32_t bytes = 0;
  for (bool more = true; more && end != tail; end = ring::Next(end, count)) {
    const SlotWord word = ring.slots().Load(end);
    bytes += word.length();
    more = (word.flags() & ring::kSlotMoreFragments) != 0;
  }
  platform::HostFrame* const frame = stack_.NewFrame(queue, bytes);
  if (frame == nullptr) {
    ++own.counters.rx_no_memory;
    return end;
  }
  for (uint32_t slot = begin; slot != end; slot = ring::Next(slot, count)) {
    stack_.Append(*frame, BufferOf(ring, slot), ring.slots().Load(slot).length());
  }
  ++own.counters.rx_frames;
  stack_.Receive(queue, frame);
  return end;
}

// --- Waiting
// --------------------------------------------------------------------------------------

void HostClient::Waker::Notify() { client->stack_.Schedule(queue); }

Ring* HostClient::ToArm(uint16_t queue) {
  if (!open_.load(std::memory_order_relaxed)) return nullptr;
  Ring& rx = ring(Direction::kRx, queue);
  if (rx.state() == RingState::kUser) return &rx;
  Ring& tx = ring(Direction::kTx, queue);
  if (tx.state() != RingState::kUser) return nullptr;
  // A program has the other half of the pair. Only what was sent is waited for, so that what comes
  // for the program interrupts nobody here.
  Queue& own = queues_[queue];
  own.tx_unwatched.store(true);
  if (!tx.TryHold()) return nullptr;
  const bool idle = own.tx_head == own.tx_done;
  tx.Drop();
  if (idle) return nullptr;
  own.tx_unwatched.store(false);
  return &tx;
}

void HostClient::LookAgain(uint16_t queue) {
  LookAtSent(queue);
  Ring& rx = ring(Direction::kRx, queue);
  if (rx.Sync() == SyncResult::kDone && rx.Ready()) stack_.Schedule(queue);
}

}  // namespace mapwire::nic
