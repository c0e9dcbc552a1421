// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The ring loop: slots to descriptors and back, once for all NICs.
//
// The inner loops run to the next wrap or report position over slots of the common kind: one buffer
// a frame, no flag but NS_BUF_CHANGED. Whatever else a slot says goes through the out-of-line half.
// Every slot is loaded once; what was loaded is checked before it is used, and a buffer is known good
// when it equals the one core checked before.
//
// The codec of a family supplies: Descriptor, kMinFrameBytes, kMaxFrameBytes, kMaxFragments,
// EncodeFrame, EncodeFragment, FinishFrame, RequestReport; LoadStatus, IsWhole, IsDone, IsEnd,
// Length, EncodeRefill. drivers/ixgbe/ixgbe_desc.h is the example.
#ifndef CORE_NIC_RING_LOOP_H_
#define CORE_NIC_RING_LOOP_H_

#include <algorithm>
#include <cstdint>

#include "core/nic/queue.h"
#include "core/platform/barrier.h"
#include "core/platform/work.h"
#include "core/ring/cyclic.h"
#include "core/ring/slots.h"

namespace mapwire::nic {

using ring::LengthFlags;
using ring::Ring;
using ring::Rule;
using ring::SlotWord;
using ring::UntrustedSlots;

// How far a run got, and the slot that stopped it (already loaded; it is not loaded again).
struct Run {
  uint32_t done;
  SlotWord stopped_by;
};

template <typename Codec>
class TxQueue final : public NicQueue {
 public:
  using Descriptor = typename Codec::Descriptor;

  explicit TxQueue(const QueueParameters& parameters)
      : mmio_(parameters.mmio),
        tail_offset_(parameters.tail_offset),
        descriptors_(static_cast<Descriptor*>(parameters.descriptors)),
        head_write_back_(parameters.head_write_back),
        dma_(parameters.dma->table()),
        count_(parameters.count),
        half_(parameters.count / 2),
        buffers_(parameters.region->buffer_count()),
        buffer_bytes_(parameters.region->buffer_bytes()),
        region_(parameters.region),
        carrier_(parameters.carrier) {}

  void Prime(Ring&) override {}

  Status Sync(Ring& ring, uint32_t head, bool /*force*/) override {
    // Without a carrier slots pile up in the ring; nothing is dropped. C1 pairs with UpdateCarrier.
    if (!carrier_->load(std::memory_order_relaxed)) [[unlikely]] return kOkStatus;
    Status status = kOkStatus;
    const uint32_t pending = ring::Distance(ring.hwcur(), head, count_);
    if (pending != 0) status = Submit(ring, pending);
    Reclaim(ring);
    return status;
  }

 private:
  Status Submit(Ring& ring, uint32_t pending) {
    const bool offsets = ring.offset_rule().mask != 0;
    uint32_t slot = ring.hwcur();
    uint32_t nic = nic_next_;
    Status status = kOkStatus;
    while (pending != 0) {
      const uint32_t until_report = nic < half_ ? half_ - nic : count_ - nic;
      const uint32_t length = std::min({pending, count_ - slot, until_report});
      const UntrustedSlots slots = ring.slots().From(slot);
      const Run run = offsets ? WholeFrames<true>(ring, slots, slot, nic, length)
                              : WholeFrames<false>(ring, slots, slot, nic, length);
      uint32_t done = run.done;
      if (done != length) [[unlikely]] {
        const uint32_t more = Frame(ring, ring::Advance(slot, done, count_),
                                    ring::Advance(nic, done, count_), pending - done,
                                    run.stopped_by, status);
        done += more;
        if (more == 0) pending = done;  // refused: the loop ends here
      }
      slot = ring::Advance(slot, done, count_);
      if (done >= until_report) ReportBefore(ring::Advance(nic, done, count_));
      nic = ring::Advance(nic, done, count_);
      pending -= done;
    }
    const uint32_t accepted = ring::Distance(nic_next_, nic, count_);
    if (accepted != 0) {
      ReportBefore(nic);
      nic_next_ = nic;
      ring.set_hwcur(slot);
      ring.CountSlots(accepted);
      platform::AccountWork(platform::Work::kTxSlot, accepted);
      // D1: descriptors before doorbell; pairs with the device's fetch.
      platform::DmaWriteBarrier();
      mmio_.Write32(tail_offset_, nic);
    }
    return status;
  }

  void ReportBefore(uint32_t nic) { Codec::RequestReport(descriptors_[ring::Prev(nic, count_)]); }

  // The inner loop: frames of one buffer. Stops at the first slot that needs more than that.
  template <bool kOffsets>
  Run WholeFrames(Ring& ring, UntrustedSlots slots, uint32_t slot, uint32_t nic, uint32_t length) {
    uint32_t* const known = ring.known_buffers() + slot;
    Descriptor* const descriptors = descriptors_ + nic;
    const uint64_t* const dma = dma_;
    const uint64_t mask = kOffsets ? ring.offset_rule().mask : 0;
    const uint32_t max_offset = kOffsets ? ring.offset_rule().max : 0;
    // With offsets every legal one leaves this much; the few bytes more are for the slow half.
    const uint32_t longest = std::min(buffer_bytes_, Codec::kMaxFrameBytes) - max_offset;
    const uint32_t span = longest - Codec::kMinFrameBytes;
    if (kOffsets && longest < Codec::kMinFrameBytes) return {0, slots.Load(0)};
    for (uint32_t i = 0; i < length; ++i) {
      const SlotWord word = slots.Load(i);
      uint32_t bytes = word.length_flags();
      if (bytes - Codec::kMinFrameBytes > span) [[unlikely]] {
        bytes &= ~(ring::kSlotBufferChanged << 16);
        if (bytes - Codec::kMinFrameBytes > span) return {i, word};
        slots.StoreFlags(i, 0);
      }
      const uint32_t buffer = word.buffer();
      if (buffer != known[i]) [[unlikely]] {
        if (buffer >= buffers_ || dma[buffer] == 0) return {i, word};
        known[i] = buffer;
      }
      uint64_t address = dma[buffer];
      if constexpr (kOffsets) {
        const uint64_t offset = slots.LoadPointer(i) & mask;
        if (offset > max_offset) [[unlikely]] return {i, word};
        address += offset;
      }
      Codec::EncodeFrame(descriptors[i], address, bytes);
    }
    return {length, {}};
  }

  // Any frame, slot by slot. Returns the slots used; 0 if the frame was refused, with the reason in
  // `status`: kInvalid for a bad slot, kIo for a frame that is not finished yet.
  [[gnu::noinline]] uint32_t Frame(Ring& ring, uint32_t slot, uint32_t nic, uint32_t pending,
                                   SlotWord word, Status& status) {
    const UntrustedSlots& slots = ring.slots();
    const ring::OffsetRule& rule = ring.offset_rule();
    const uint32_t first_slot = slot;
    const uint32_t first_nic = nic;
    uint32_t total = 0;
    uint32_t used = 0;
    bool report = false;
    for (;;) {
      const uint32_t flags = word.flags();
      const uint32_t buffer = word.buffer();
      uint32_t length = word.length();
      if (buffer >= buffers_ || dma_[buffer] == 0) [[unlikely]] {
        return Refuse(ring, Rule::kBufferIndex, slot, buffer, status);
      }
      ring.known_buffers()[slot] = buffer;
      uint32_t offset = 0;
      if (rule.mask != 0) offset = CutOffset(ring, slot, slots.LoadPointer(slot) & rule.mask);
      if (length > buffer_bytes_ - offset) [[unlikely]] {
        ring.Record(Rule::kLength, slot, length);
        length = buffer_bytes_ - offset;
      }
      if (length == 0) [[unlikely]] return Refuse(ring, Rule::kLengthZero, slot, 0, status);
      Codec::EncodeFragment(descriptors_[nic], dma_[buffer] + offset, length);
      total += length;
      ++used;
      if (flags != 0) {
        constexpr uint32_t kConsumed =
            ring::kSlotBufferChanged | ring::kSlotReport | ring::kSlotMoreFragments;
        slots.StoreFlags(slot, flags & ~kConsumed);
        report = report || (flags & ring::kSlotReport) != 0;
      }
      if ((flags & ring::kSlotMoreFragments) == 0) {
        if (total < Codec::kMinFrameBytes) [[unlikely]] {
          if (!Pad(nic, buffer, offset, length, Codec::kMinFrameBytes - total)) {
            return Refuse(ring, Rule::kFrameLength, first_slot, total, status);
          }
          total = Codec::kMinFrameBytes;
        }
        break;
      }
      if (used == Codec::kMaxFragments) [[unlikely]] {
        return Refuse(ring, Rule::kFrameFragments, first_slot, used + 1, status);
      }
      if (used == pending) [[unlikely]] return Unfinished(ring, first_slot, used, status);
      slot = ring::Next(slot, count_);
      nic = ring::Next(nic, count_);
      word = slots.Load(slot);
    }
    if (total > Codec::kMaxFrameBytes) [[unlikely]] {
      return Refuse(ring, Rule::kFrameLength, first_slot, total, status);
    }
    Codec::FinishFrame(descriptors_[first_nic], descriptors_[nic], total);
    if (report) Codec::RequestReport(descriptors_[nic]);
    return used;
  }

  [[gnu::cold]] uint32_t Refuse(Ring& ring, Rule rule, uint32_t slot, uint64_t value,
                                Status& status) {
    ring.Record(rule, slot, value);
    status = Errno::kInvalid;
    return 0;
  }

  // The program may add the missing slots and sync again: its flags are put back.
  [[gnu::cold]] uint32_t Unfinished(Ring& ring, uint32_t first_slot, uint32_t used,
                                    Status& status) {
    for (uint32_t i = 0, slot = first_slot; i < used; ++i, slot = ring::Next(slot, count_)) {
      ring.slots().StoreFlags(slot, ring::kSlotMoreFragments);
    }
    ring.Record(Rule::kFrameUnfinished, first_slot, used);
    status = Errno::kIo;
    return 0;
  }

  [[gnu::cold]] uint32_t CutOffset(Ring& ring, uint32_t slot, uint64_t offset) {
    if (offset <= ring.offset_rule().max) return static_cast<uint32_t>(offset);
    ring.Record(Rule::kOffset, slot, offset);
    return ring.offset_rule().max;
  }

  // Makes a runt long enough for the device with zero bytes behind it, in the program's own buffer.
  // False if the buffer ends first.
  [[gnu::cold]] bool Pad(uint32_t nic, uint32_t buffer, uint32_t offset, uint32_t length,
                         uint32_t missing) {
    if (offset + length + missing > buffer_bytes_) return false;
    char* const base = static_cast<char*>(region_->Address(memory::PoolKind::kBuffers, buffer));
    platform::UntrustedZero(base + offset + length, missing);
    Codec::EncodeFragment(descriptors_[nic], dma_[buffer] + offset, length + missing);
    return true;
  }

  // Gives back what the device has written off: no register is read. W1 pairs with its write-back.
  void Reclaim(Ring& ring) {
    const uint32_t head = *head_write_back_;
    if (head == nic_done_) return;
    const uint32_t finished = ring::Distance(nic_done_, head, count_);
    if (head >= count_ || finished > ring::Distance(nic_done_, nic_next_, count_)) [[unlikely]] {
      ring.Record(Rule::kDeviceIndex, ring.hwtail(), head);
      return;
    }
    nic_done_ = head;
    ring.set_hwtail(ring::Advance(ring.hwtail(), finished, count_));
  }

  const platform::Mmio mmio_;
  const uint32_t tail_offset_;
  Descriptor* const descriptors_;
  volatile uint32_t* const head_write_back_;
  const uint64_t* const dma_;
  const uint32_t count_;
  const uint32_t half_;
  const uint32_t buffers_;
  const uint32_t buffer_bytes_;
  const memory::Region* const region_;
  const std::atomic<bool>* const carrier_;
  uint32_t nic_next_ = 0;  // where the next frame goes; the tail register
  uint32_t nic_done_ = 0;  // the head the device last reported
};

template <typename Codec>
class RxQueue final : public NicQueue {
 public:
  using Descriptor = typename Codec::Descriptor;

  explicit RxQueue(const QueueParameters& parameters)
      : mmio_(parameters.mmio),
        tail_offset_(parameters.tail_offset),
        descriptors_(static_cast<Descriptor*>(parameters.descriptors)),
        dma_(parameters.dma->table()),
        count_(parameters.count),
        buffers_(parameters.region->buffer_count()),
        buffer_bytes_(parameters.rx_buffer_bytes),
        carrier_(parameters.carrier) {}

  // Every slot core owns gets its descriptor; all but the last are given to the device, so that tail
  // never meets head with a full ring. The one kept back is slot Prev(hwcur).
  void Prime(Ring& ring) override {
    const uint32_t owned = count_ - ring::Distance(ring.hwcur(), ring.hwtail(), count_);
    for (uint32_t i = 0; i < owned; ++i) {
      const uint32_t slot = ring::Advance(ring.hwtail(), i, count_);
      uint32_t offset = 0;
      if (ring.known_offsets() != nullptr) offset = OffsetOf(ring, slot);
      Codec::EncodeRefill(descriptors_[i], dma_[ring.known_buffers()[slot]] + offset);
    }
    nic_next_ = 0;
    nic_tail_ = owned - 1;
    // D1: descriptors before doorbell; pairs with the device's fetch.
    platform::DmaWriteBarrier();
    mmio_.Write32(tail_offset_, nic_tail_);
  }

  Status Sync(Ring& ring, uint32_t head, bool /*force*/) override {
    if (!carrier_->load(std::memory_order_relaxed)) [[unlikely]] return kOkStatus;
    Import(ring);
    const uint32_t released = ring::Distance(ring.hwcur(), head, count_);
    return released == 0 ? kOkStatus : Release(ring, released);
  }

 private:
  // Moves hwtail over the frames the device has finished, never past what it was given.
  void Import(Ring& ring) {
    const bool offsets = ring.known_offsets() != nullptr;
    uint32_t given = ring::Distance(nic_next_, nic_tail_, count_);
    uint32_t slot = ring.hwtail();
    uint32_t nic = nic_next_;
    uint32_t imported = 0;
    while (given != 0) {
      const uint32_t length = std::min({given, count_ - slot, count_ - nic});
      const uint32_t whole = offsets ? WholeFrames<true>(ring, slot, nic, length)
                                     : WholeFrames<false>(ring, slot, nic, length);
      uint32_t done = whole;
      if (done != length) {
        const uint32_t more = Frame(ring, ring::Advance(slot, done, count_),
                                    ring::Advance(nic, done, count_), given - done);
        done += more;
        if (more == 0) given = done;
      }
      slot = ring::Advance(slot, done, count_);
      nic = ring::Advance(nic, done, count_);
      given -= done;
      imported += done;
    }
    if (imported == 0) return;
    nic_next_ = nic;
    ring.set_hwtail(slot);
    ring.CountSlots(imported);
    platform::AccountWork(platform::Work::kRxImport, imported);
  }

  // The inner loop: frames of one buffer. Stops at a descriptor that is not done or says more.
  template <bool kOffsets>
  uint32_t WholeFrames(Ring& ring, uint32_t slot, uint32_t nic, uint32_t length) {
    const UntrustedSlots slots = ring.slots().From(slot);
    const uint32_t* const offsets = kOffsets ? ring.known_offsets() + slot : nullptr;
    const Descriptor* const descriptors = descriptors_ + nic;
    const uint32_t buffer_bytes = buffer_bytes_;
    for (uint32_t i = 0; i < length; ++i) {
      // W1: the done bit before the frame; pairs with the device's write-back.
      const uint64_t status = Codec::LoadStatus(descriptors[i]);
      if (!Codec::IsWhole(status)) return i;
      const uint32_t bytes = Codec::Length(status);
      if (bytes > buffer_bytes) [[unlikely]] return i;
      slots.StoreLengthFlags(i, bytes);
      if constexpr (kOffsets) StoreOffset(ring, slots, i, offsets[i]);
    }
    return length;
  }

  // A frame of several buffers, or an odd one. Returns the slots used, 0 if it is not complete yet.
  [[gnu::noinline]] uint32_t Frame(Ring& ring, uint32_t slot, uint32_t nic, uint32_t given) {
    const UntrustedSlots& slots = ring.slots();
    const uint32_t* const offsets = ring.known_offsets();
    for (uint32_t used = 0; used < given;) {
      const uint64_t status = Codec::LoadStatus(descriptors_[nic]);
      if (!Codec::IsDone(status)) return 0;
      uint32_t bytes = Codec::Length(status);
      if (bytes > buffer_bytes_) [[unlikely]] {
        ring.Record(Rule::kDeviceLength, slot, bytes);
        bytes = buffer_bytes_;
      }
      const bool end = Codec::IsEnd(status);
      slots.StoreLengthFlags(slot, LengthFlags(bytes, end ? 0 : ring::kSlotMoreFragments));
      if (offsets != nullptr) StoreOffset(ring, slots, slot, offsets[slot]);
      ++used;
      if (end) return used;
      slot = ring::Next(slot, count_);
      nic = ring::Next(nic, count_);
    }
    return 0;
  }

  static void StoreOffset(const Ring& ring, const UntrustedSlots& slots, uint32_t i,
                          uint32_t offset) {
    const uint64_t mask = ring.offset_rule().mask;
    slots.StorePointer(i, (slots.LoadPointer(i) & ~mask) | offset);
  }

  // Gives `released` slots from hwcur on back to the device.
  Status Release(Ring& ring, uint32_t released) {
    const bool offsets = ring.known_offsets() != nullptr;
    uint32_t slot = ring.hwcur();
    // The tail stands at the slot before hwcur: the one kept back.
    uint32_t nic = ring::Next(nic_tail_, count_);
    uint32_t left = released;
    bool refused = false;
    while (left != 0 && !refused) {
      const uint32_t length = std::min({left, count_ - slot, count_ - nic});
      const uint32_t done = offsets ? Refill<true>(ring, slot, nic, length)
                                    : Refill<false>(ring, slot, nic, length);
      refused = done != length;
      slot = ring::Advance(slot, done, count_);
      nic = ring::Advance(nic, done, count_);
      left -= done;
    }
    ring.set_hwcur(slot);
    if (left != released) {
      nic_tail_ = ring::Prev(nic, count_);
      platform::AccountWork(platform::Work::kRxRelease, released - left);
      // D1: descriptors before doorbell; pairs with the device's fetch.
      platform::DmaWriteBarrier();
      mmio_.Write32(tail_offset_, nic_tail_);
    }
    return refused ? Status(Errno::kInvalid) : kOkStatus;
  }

  template <bool kOffsets>
  uint32_t Refill(Ring& ring, uint32_t slot, uint32_t nic, uint32_t length) {
    const UntrustedSlots slots = ring.slots().From(slot);
    uint32_t* const known = ring.known_buffers() + slot;
    Descriptor* const descriptors = descriptors_ + nic;
    const uint64_t* const dma = dma_;
    for (uint32_t i = 0; i < length; ++i) {
      const SlotWord word = slots.Load(i);
      if ((word.raw & (uint64_t{ring::kSlotBufferChanged} << 48)) != 0) [[unlikely]] {
        slots.StoreFlags(i, word.flags() & ~ring::kSlotBufferChanged);
      }
      const uint32_t buffer = word.buffer();
      if (buffer != known[i]) [[unlikely]] {
        if (buffer >= buffers_ || dma[buffer] == 0) {
          ring.Record(Rule::kBufferIndex, slot + i, buffer);
          return i;
        }
        known[i] = buffer;
      }
      uint64_t address = dma[buffer];
      if constexpr (kOffsets) address += OffsetOf(ring, slot + i);
      Codec::EncodeRefill(descriptors[i], address);
    }
    return length;
  }

  // The offset the program asks for in a free slot, remembered until the packet is there.
  uint32_t OffsetOf(Ring& ring, uint32_t slot) {
    const ring::OffsetRule& rule = ring.offset_rule();
    uint64_t offset = ring.slots().LoadPointer(slot) & rule.mask;
    if (offset > rule.max) [[unlikely]] {
      ring.Record(Rule::kOffset, slot, offset);
      offset = rule.max;
    }
    ring.known_offsets()[slot] = static_cast<uint32_t>(offset);
    return static_cast<uint32_t>(offset);
  }

  const platform::Mmio mmio_;
  const uint32_t tail_offset_;
  Descriptor* const descriptors_;
  const uint64_t* const dma_;
  const uint32_t count_;
  const uint32_t buffers_;
  const uint32_t buffer_bytes_;
  const std::atomic<bool>* const carrier_;
  uint32_t nic_next_ = 0;  // the next descriptor the device will finish
  uint32_t nic_tail_ = 0;  // the tail register: the first descriptor the device does not own
};

template <typename Codec>
inline constexpr RingLoop kRingLoop = {
    .new_tx = [](platform::Heap& heap, const QueueParameters& parameters) -> NicQueue* {
      return platform::New<TxQueue<Codec>>(heap, parameters);
    },
    .new_rx = [](platform::Heap& heap, const QueueParameters& parameters) -> NicQueue* {
      return platform::New<RxQueue<Codec>>(heap, parameters);
    },
    // Queues own nothing, so there is nothing to destroy.
    .free_queue = [](platform::Heap& heap, NicQueue* queue) { heap.Free(queue); },
    .descriptor_bytes = sizeof(typename Codec::Descriptor),
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_RING_LOOP_H_
