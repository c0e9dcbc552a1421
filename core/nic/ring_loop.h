// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The ring loop: slots to descriptors and back, once for all NICs.
//
// The inner loops run to the next wrap or report position over slots of the common kinds: one
// buffer a frame, no flag but NS_BUF_CHANGED; then frames of several buffers without other flags.
// Whatever else a slot says goes through the general half, one frame at a time. Every slot is
// loaded once; what was loaded is checked before it is used, and a buffer is known good when it
// equals the one core checked before. (An offset the inner loops do not like is read again by the
// general half, which trusts nothing of the first reading.)
//
// Inner loops are functions of their own on purpose: inlined, they and the code around them take
// registers from each other.
//
// Where the device does not see memory as the CPU does (DmaSpace::needs_sync), buffers are told of
// in passes of their own over the descriptors of a batch, which core alone writes; the quick ways
// for one frame are not taken then. It is decided once per queue.
//
// The codec of a family supplies: Descriptor, kMinFrameBytes, kMaxFrameBytes, kMaxFragments,
// EncodeFrame, EncodeReportedFrame, EncodeFragment, FinishFrame, RequestReport, Completion (one of
// completion.h, and what that one asks for); AddressOf, BytesOf; LoadStatus, IsWhole, IsDone,
// IsEnd, Length, LengthAndRest, EncodeRefill. drivers/ixgbe/ixgbe_desc.h is the example.
#ifndef CORE_NIC_RING_LOOP_H_
#define CORE_NIC_RING_LOOP_H_

#include <algorithm>
#include <cstdint>

#include "core/nic/completion.h"
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

// A pair of positions that move together, and why they moved no further.
struct Progress {
  uint32_t slot;
  uint32_t nic;
  Status status;
};

inline platform::DmaSpace* SyncedSpace(const QueueParameters& parameters) {
  platform::DmaSpace& space = parameters.dma->space();
  return space.needs_sync() ? &space : nullptr;
}

template <typename Codec>
class TxQueue final : public NicQueue {
 public:
  using Descriptor = typename Codec::Descriptor;

  explicit TxQueue(const QueueParameters& parameters)
      : mmio_(parameters.mmio),
        tail_offset_(parameters.tail_offset),
        descriptors_(static_cast<Descriptor*>(parameters.descriptors)),
        completion_(parameters),
        dma_(parameters.dma->table()),
        count_(parameters.count),
        half_(parameters.count / 2),
        buffers_(parameters.region->buffer_count()),
        buffer_bytes_(parameters.region->buffer_bytes()),
        span_(std::min(buffer_bytes_, Codec::kMaxFrameBytes) - Codec::kMinFrameBytes),
        region_(parameters.region),
        synced_(SyncedSpace(parameters)),
        carrier_(parameters.carrier) {}

  void Prime(Ring& ring) override {
    completion_.Reset();
    one_end_ = ring.offset_rule().mask == 0 && synced_ == nullptr ? OneEnd(0) : 0;
  }

  [[gnu::cold]] QueueLook Look(const Ring& ring) const override {
    const uint32_t outstanding = ring::Distance(nic_done_, nic_next_, count_);
    const uint32_t head = completion_.Examine(nic_done_, nic_next_);
    const bool sane = head < count_ && ring::Distance(nic_done_, head, count_) <= outstanding;
    const uint32_t position = sane ? head : nic_done_;
    const uint32_t held = ring::Distance(position, nic_next_, count_);
    return {.position = position,
            .held = held,
            .finished = ring.counters().slots - held,
            .untold = position != nic_done_};
  }

  // All slots go back to the program: no frame is sent twice.
  [[gnu::cold]] uint32_t Settle(Ring& ring) override {
    const uint32_t lost = Look(ring).held;
    ring.set_hwtail(ring::Prev(ring.hwcur(), count_));
    nic_next_ = nic_done_ = 0;
    return lost;
  }

  Status Sync(Ring& ring, uint32_t head) override {
    // Without a carrier slots pile up in the ring; nothing is dropped. C1 pairs with UpdateCarrier.
    if (!carrier_->load(std::memory_order_relaxed)) [[unlikely]]
      return kOkStatus;
    const uint32_t next = nic_next_ + 1;
    if (head - ring.hwcur() == 1) {
      if (const Descriptor* const given = TransmitOne(ring, head, next)) {
        // The rare ends are calls to end with: no frame is made for them.
        uint32_t end;
        if (!completion_.QuickInside(*given, next - 1, &end)) [[unlikely]]
          return ReclaimHalf(ring);
        if (!Reclaim(ring, next, end)) [[unlikely]]
          return ReclaimAcrossTheEnd(ring, end);
        return kOkStatus;
      }
    }
    if (ring.offset_rule().mask != 0) return Transmit<true>(ring, head);
    return Transmit<false>(ring, head);
  }

 private:
  // One frame of one slot without flags, in the buffer core knows, where what stands around the
  // loop would cost more than the loop. Returns its descriptor. Null, and nothing is done, if the
  // slot needs more than that, the descriptors wrap or the ring has offsets: the loop then judges
  // the slot anew.
  [[gnu::always_inline]] const Descriptor* TransmitOne(Ring& ring, uint32_t head, uint32_t next) {
    const uint32_t slot = ring.hwcur();
    const uint32_t nic = nic_next_;
    if (nic >= one_end_) [[unlikely]]
      return nullptr;
    const SlotWord word = ring.slots().Load(slot);
    const uint32_t above = word.length_flags() - Codec::kMinFrameBytes;
    if (above > span_ || word.buffer() != ring.known_buffers()[slot]) [[unlikely]]
      return nullptr;
    Descriptor& descriptor = descriptors_[nic];
    Codec::EncodeReportedFrame(descriptor, dma_[word.buffer()], word.length_flags());
    HandOver(ring, head, next, 1);
    return &descriptor;
  }

  template <bool kOffsets>
  [[gnu::noinline]] Status Transmit(Ring& ring, uint32_t head) {
    const uint32_t first = ring.hwcur();
    const uint32_t first_nic = nic_next_;
    Progress at = {first, first_nic, kOkStatus};
    while (at.slot != head) {
      const uint32_t to_head = (at.slot < head ? head : count_) - at.slot;
      const uint32_t to_report = UntilReport(at.nic);
      const uint32_t length = std::min(to_head, to_report);
      const Run run = WholeFrames<kOffsets>(ring, at.slot, at.nic, length);
      at.slot = ring::Advance(at.slot, run.done, count_);
      Descriptor* const next = &descriptors_[at.nic + run.done];
      at.nic = ring::Advance(at.nic, run.done, count_);
      if (run.done == length) [[likely]] {
        if (length == to_report || at.slot == head) Codec::RequestReport(next[-1]);
        if (length == to_report) AskedAtHalf(at.nic == half_ ? 0 : half_, at.nic);
        continue;
      }
      at = Frames<kOffsets>(ring, at.slot, at.nic, head, run.stopped_by);
      if (!at.status.ok()) [[unlikely]]
        break;
    }
    if (at.slot != first) [[likely]]
      Commit<kOffsets>(ring, at);
    uint32_t end;
    if (!completion_.Quick(first_nic, &end)) [[unlikely]] {
      (void)ReclaimHalf(ring);
    } else if (!Reclaim(ring, at.nic, end)) [[unlikely]] {
      (void)ReclaimAcrossTheEnd(ring, end);
    }
    return at.status;
  }

  // Descriptors up to the next position at which a report is asked for: a half of the ring.
  uint32_t UntilReport(uint32_t nic) const { return (nic < half_ ? half_ : count_) - nic; }
  void ReportBefore(uint32_t nic) const {
    Codec::RequestReport(descriptors_[ring::Prev(nic, count_)]);
  }
  // The report that the half of the ring with descriptor `nic` ends with is before `end`.
  void AskedAtHalf(uint32_t nic, uint32_t end) {
    if constexpr (Codec::Completion::kWantsHalves) {
      completion_.AskedAtHalf(nic < half_ ? 0 : 1, end);
    }
  }
  // How far TransmitOne may go from `nic` on: never to where descriptors wrap, and if reports at
  // halves are remembered, neither to one of these nor from the first descriptor, before which it
  // could not look.
  uint32_t OneEnd(uint32_t nic) const {
    if constexpr (Codec::Completion::kWantsHalves) {
      if (nic == 0) return 0;
      if (nic < half_) return half_ - 1;
    }
    return count_ - 1;
  }

  [[gnu::cold]] void SyncForDevice(uint32_t end) const {
    for (uint32_t nic = nic_next_; nic != end; nic = ring::Next(nic, count_)) {
      const Descriptor& descriptor = descriptors_[nic];
      synced_->SyncForDevice(DeviceAddress(Codec::AddressOf(descriptor)),
                             Codec::BytesOf(descriptor), platform::DmaFlow::kDeviceReads);
    }
  }

  // Hands the slots up to `at` to the device.
  template <bool kOffsets>
  void Commit(Ring& ring, const Progress& at) {
    if (!at.status.ok()) [[unlikely]]
      ReportBefore(at.nic);
    if (synced_ != nullptr) [[unlikely]] {
      SyncForDevice(at.nic);
    } else if constexpr (Codec::Completion::kWantsHalves && !kOffsets) {
      one_end_ = OneEnd(at.nic);
    }
    HandOver(ring, at.slot, at.nic, ring::Distance(ring.hwcur(), at.slot, count_));
  }
  void HandOver(Ring& ring, uint32_t slot, uint32_t nic, uint32_t accepted) {
    nic_next_ = nic;
    ring.set_hwcur(slot);
    ring.CountSlots(accepted);
    platform::AccountWork(platform::Work::kTxSlot, accepted);
    // D1: descriptors before doorbell; pairs with the device's fetch.
    platform::DmaWriteBarrier();
    mmio_.Write32(tail_offset_, nic);
  }

  // True if the buffer may be given to the device; it is remembered as known good.
  bool Learn(uint32_t& known, uint32_t buffer) const {
    if (buffer >= buffers_ || dma_[buffer] == 0) [[unlikely]]
      return false;
    known = buffer;
    return true;
  }

  // A frame of one buffer, from slot to descriptor; `span` is how much longer than the least it may
  // be. False, and nothing is done, if the slot needs more than that.
  template <bool kOffsets>
  [[gnu::always_inline]] bool WholeFrame(const UntrustedSlots& slots, uint32_t i, SlotWord word,
                                         uint32_t& known, Descriptor& descriptor, uint32_t span,
                                         const ring::OffsetRule& rule, const uint64_t* dma) const {
    // Above the least a frame may have; flags make it look like far too much.
    uint32_t above = word.length_flags() - Codec::kMinFrameBytes;
    if (above > span) {
      above -= ring::kSlotBufferChanged << 16;
      if (above > span) [[unlikely]]
        return false;
      slots.StoreFlags(i, 0);
    }
    const uint32_t buffer = word.buffer();
    if (buffer != known && !Learn(known, buffer)) [[unlikely]]
      return false;
    uint64_t address = dma[buffer];
    if constexpr (kOffsets) {
      const uint64_t offset = slots.LoadPointer(i) & rule.mask;
      if (offset > rule.max) [[unlikely]]
        return false;
      address += offset;
    }
    Codec::EncodeFrame(descriptor, address, above + Codec::kMinFrameBytes);
    return true;
  }

  // The inner loop: frames of one buffer. Stops at the first slot that needs more than that.
  template <bool kOffsets>
  [[gnu::noinline]] Run WholeFrames(Ring& ring, uint32_t slot, uint32_t nic,
                                    uint32_t length) const {
    const UntrustedSlots slots = ring.slots().From(slot);
    uint32_t* const known = ring.known_buffers() + slot;
    Descriptor* const descriptors = descriptors_ + nic;
    const uint64_t* const dma = dma_;
    const ring::OffsetRule rule = kOffsets ? ring.offset_rule() : ring::OffsetRule();
    uint32_t span = span_;
    if constexpr (kOffsets) {
      // With any legal offset there is room for this much; the few bytes more are for the slow
      // half.
      const uint32_t longest = std::min(buffer_bytes_ - rule.max, Codec::kMaxFrameBytes);
      if (longest < Codec::kMinFrameBytes) [[unlikely]]
        return {0, slots.Load(0)};
      span = longest - Codec::kMinFrameBytes;
    }
    for (uint32_t i = 0; i < length; ++i) {
      const SlotWord word = slots.Load(i);
      if (!WholeFrame<kOffsets>(slots, i, word, known[i], descriptors[i], span, rule, dma))
          [[unlikely]]
        return {i, word};
    }
    return {length, {}};
  }

  // A frame that has begun: the slots it has so far, and the one that comes next.
  struct Begun {
    uint32_t at;  // slots of the run that are before it
    uint32_t slots;
    uint32_t bytes;
    SlotWord next;
  };

  // What the inner loop stops at: frames of several slots, then anything else, one frame of it.
  template <bool kOffsets>
  [[gnu::noinline]] Progress Frames(Ring& ring, uint32_t slot, uint32_t nic, uint32_t head,
                                    SlotWord word) {
    const uint32_t to_head = (slot < head ? head : count_) - slot;
    const uint32_t to_report = UntilReport(nic);
    const uint32_t length = std::min(to_head, to_report);
    const Begun begun = SlicedFrames<kOffsets>(ring, slot, nic, length, word);
    [[maybe_unused]] const uint32_t first_nic = nic;
    slot = ring::Advance(slot, begun.at, count_);
    nic = ring::Advance(nic, begun.at, count_);
    if (begun.at != length) return AnyFrame<kOffsets>(ring, slot, nic, head, begun);
    if (length == to_report || slot == head) ReportBefore(nic);
    if (length == to_report) AskedAtHalf(first_nic, nic);
    return {slot, nic, kOkStatus};
  }

  // The second inner loop: frames of several slots without other flags, all in one run. Stops at
  // the first slot that is not of such a frame, or with which it would leave the run.
  template <bool kOffsets>
  [[gnu::always_inline]] Begun SlicedFrames(Ring& ring, uint32_t slot, uint32_t nic,
                                            uint32_t length, SlotWord word) const {
    constexpr uint32_t kMore = ring::kSlotMoreFragments << 16;
    constexpr uint32_t kFrameSpan = Codec::kMaxFrameBytes - Codec::kMinFrameBytes;
    UntrustedSlots slots = ring.slots().From(slot);
    uint32_t* known = ring.known_buffers() + slot;
    Descriptor* descriptor = descriptors_ + nic;
    Descriptor* const end = descriptor + length;
    Descriptor* const begin = descriptor;
    Descriptor* first = descriptor;
    Descriptor* last = first + std::min(length, Codec::kMaxFragments) - 1;
    const uint64_t* const dma = dma_;
    const ring::OffsetRule rule = kOffsets ? ring.offset_rule() : ring::OffsetRule();
    const uint32_t longest = buffer_bytes_ - rule.max;
    uint32_t bytes = 0;
    const auto stop = [&]() -> Begun {
      return {static_cast<uint32_t>(first - begin), static_cast<uint32_t>(descriptor - first),
              bytes, word};
    };
    for (;;) {
      const uint32_t buffer = word.buffer();
      if (buffer != *known && !Learn(*known, buffer)) return stop();
      uint64_t address = dma[buffer];
      if constexpr (kOffsets) {
        const uint64_t offset = slots.LoadPointer(0) & rule.mask;
        if (offset > rule.max) [[unlikely]]
          return stop();
        address += offset;
      }
      uint32_t part = word.length_flags() - kMore;
      if (part - 1 < longest) {
        if (descriptor == last) return stop();
        Codec::EncodeFragment(*descriptor, address, part);
        slots.StoreFlags(0, 0);
        bytes += part;
      } else {
        part = word.length_flags();
        bytes += part;
        // A frame of one slot is for others, and so is one that is too short or too long.
        if (part - 1 >= longest || descriptor == first ||
            bytes - Codec::kMinFrameBytes > kFrameSpan) {
          bytes -= part;
          return stop();
        }
        Codec::EncodeFragment(*descriptor, address, part);
        Codec::FinishFrame(*first, *descriptor, bytes);
        first = descriptor + 1;
        if (first == end) return {length, 0, 0, {}};
        last = std::min(end, first + Codec::kMaxFragments) - 1;
        bytes = 0;
      }
      ++descriptor;
      ++known;
      slots = slots.From(1);
      word = slots.Load(0);
    }
  }

  // The rest of a frame of any kind, slot by slot. It begins at `slot`; if it is refused, the
  // reason is in the status.
  template <bool kOffsets>
  [[gnu::noinline]] Progress AnyFrame(Ring& ring, const uint32_t first_slot,
                                      const uint32_t first_nic, uint32_t head, const Begun& begun) {
    constexpr uint32_t kConsumed =
        ring::kSlotBufferChanged | ring::kSlotReport | ring::kSlotMoreFragments;
    const UntrustedSlots slots = ring.slots();
    const uint32_t pending = ring::Distance(first_slot, head, count_);
    const auto refuse = [&](Rule rule, uint32_t slot, uint64_t value) -> Progress {
      ring.Record(rule, slot, value);
      return {first_slot, first_nic, Errno::kInvalid};
    };
    uint32_t slot = ring::Advance(first_slot, begun.slots, count_);
    uint32_t nic = ring::Advance(first_nic, begun.slots, count_);
    uint32_t used = begun.slots + 1;
    uint32_t total = begun.bytes;
    SlotWord word = begun.next;
    bool report = false;
    for (;; ++used) {
      const uint32_t flags = word.flags();
      const uint32_t buffer = word.buffer();
      if (!Learn(ring.known_buffers()[slot], buffer)) {
        return refuse(Rule::kBufferIndex, slot, buffer);
      }
      const uint32_t offset = kOffsets ? OffsetOf(ring, slot) : 0;
      uint32_t length = word.length();
      if (length > buffer_bytes_ - offset) {
        ring.Record(Rule::kLength, slot, length);
        length = buffer_bytes_ - offset;
      }
      if (length == 0) return refuse(Rule::kLengthZero, slot, 0);
      Codec::EncodeFragment(descriptors_[nic], dma_[buffer] + offset, length);
      total += length;
      if (flags != 0) slots.StoreFlags(slot, flags & ~kConsumed);
      report = report || (flags & ring::kSlotReport) != 0;
      if ((flags & ring::kSlotMoreFragments) == 0) {
        if (total < Codec::kMinFrameBytes) {
          const uint32_t padded = length + Codec::kMinFrameBytes - total;
          if (!Pad(buffer, offset, length, padded)) {
            return refuse(Rule::kFrameLength, first_slot, total);
          }
          Codec::EncodeFragment(descriptors_[nic], dma_[buffer] + offset, padded);
          total = Codec::kMinFrameBytes;
        }
        break;
      }
      if (used == Codec::kMaxFragments) return refuse(Rule::kFrameFragments, first_slot, used + 1);
      if (used == pending) {
        PutBack(ring, first_slot, used, report);
        ring.Record(Rule::kFrameUnfinished, first_slot, used);
        return {first_slot, first_nic, Errno::kIo};
      }
      slot = ring::Next(slot, count_);
      nic = ring::Next(nic, count_);
      word = slots.Load(slot);
    }
    if (total > Codec::kMaxFrameBytes) return refuse(Rule::kFrameLength, first_slot, total);
    Codec::FinishFrame(descriptors_[first_nic], descriptors_[nic], total);
    const bool crosses = used >= UntilReport(first_nic);
    if (report || crosses || used == pending) Codec::RequestReport(descriptors_[nic]);
    if (crosses) AskedAtHalf(first_nic, ring::Next(nic, count_));
    return {ring::Next(slot, count_), ring::Next(nic, count_), kOkStatus};
  }

  // The program may add what an unfinished frame lacks and sync again: the flags that were consumed
  // and still matter are put back, the others are left as they are.
  [[gnu::cold]] void PutBack(Ring& ring, uint32_t first_slot, uint32_t used, bool report) const {
    const uint32_t again = ring::kSlotMoreFragments | (report ? ring::kSlotReport : 0);
    for (uint32_t i = 0, slot = first_slot; i < used; ++i, slot = ring::Next(slot, count_)) {
      ring.slots().StoreFlags(slot, ring.slots().Load(slot).flags() | again);
    }
  }

  static uint32_t OffsetOf(Ring& ring, uint32_t slot) {
    const ring::OffsetRule& rule = ring.offset_rule();
    const uint64_t offset = ring.slots().LoadPointer(slot) & rule.mask;
    if (offset <= rule.max) [[likely]]
      return static_cast<uint32_t>(offset);
    ring.Record(Rule::kOffset, slot, offset);
    return rule.max;
  }

  // Puts zero bytes behind a runt, from `length` to `padded`, in the program's own buffer. False if
  // the buffer ends before.
  [[gnu::cold]] bool Pad(uint32_t buffer, uint32_t offset, uint32_t length, uint32_t padded) const {
    if (offset + padded > buffer_bytes_) return false;
    char* const base = static_cast<char*>(region_->Address(memory::PoolKind::kBuffers, buffer));
    platform::UntrustedZero(base + offset + length, padded - length);
    return true;
  }

  // Gives back what the device has finished, up to `head` as it says: no register is read. `next`
  // is nic_next_. False, and nothing is done, if something wraps or the device is wrong. The two
  // below do the same for all cases and return kOkStatus, so that Sync can end with them.
  [[gnu::always_inline]] bool Reclaim(Ring& ring, uint32_t next, uint32_t head) {
    const uint32_t finished = head - nic_done_;
    const uint32_t tail = ring.hwtail() + finished;
    // Nothing wraps most of the time.
    if (next >= nic_done_ && finished <= next - nic_done_ && tail < count_) [[likely]] {
      nic_done_ = head;
      ring.set_hwtail(tail);
      return true;
    }
    return false;
  }
  [[gnu::noinline]] Status ReclaimHalf(Ring& ring) {
    return ReclaimAcrossTheEnd(ring, completion_.Half(nic_done_, nic_next_));
  }
  [[gnu::noinline]] Status ReclaimAcrossTheEnd(Ring& ring, uint32_t head) {
    const uint32_t finished = ring::Distance(nic_done_, head, count_);
    if (head >= count_ || finished > ring::Distance(nic_done_, nic_next_, count_)) [[unlikely]] {
      ring.Record(Rule::kDeviceIndex, ring.hwtail(), head);
      return kOkStatus;
    }
    nic_done_ = head;
    ring.set_hwtail(ring::Advance(ring.hwtail(), finished, count_));
    return kOkStatus;
  }

  const platform::Mmio mmio_;
  const uint32_t tail_offset_;
  Descriptor* const descriptors_;
  typename Codec::Completion completion_;
  const uint64_t* const dma_;
  const uint32_t count_;
  const uint32_t half_;
  const uint32_t buffers_;
  const uint32_t buffer_bytes_;
  const uint32_t span_;  // bytes a frame of one buffer may have above the least
  const memory::Region* const region_;
  platform::DmaSpace* const synced_;  // null if it needs no syncs
  const std::atomic<bool>* const carrier_;
  uint32_t one_end_ = 0;   // TransmitOne may use descriptors before this
  uint32_t nic_next_ = 0;  // where the next frame goes; the tail register
  uint32_t nic_done_ = 0;  // the oldest the device has not been seen to finish
};

template <typename Codec>
class RxQueue : public NicQueue {
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
        synced_(SyncedSpace(parameters)),
        carrier_(parameters.carrier) {}

  // Every slot core owns gets its descriptor; all but the last are given to the device, so that
  // tail never meets head with a full ring. The one kept back is slot Prev(hwcur).
  void Prime(Ring& ring) override {
    const uint32_t owned = count_ - ring::Distance(ring.hwcur(), ring.hwtail(), count_);
    for (uint32_t i = 0; i < owned; ++i) {
      const uint32_t slot = ring::Advance(ring.hwtail(), i, count_);
      uint32_t offset = 0;
      if (ring.known_offsets() != nullptr) offset = LearnOffset(ring, slot);
      Codec::EncodeRefill(descriptors_[i], dma_[ring.known_buffers()[slot]] + offset);
    }
    nic_next_ = 0;
    nic_tail_ = owned - 1;
    if (synced_ != nullptr) SyncForDevice(0, ring::Advance(0, owned, count_));
    // D1: descriptors before doorbell; pairs with the device's fetch.
    platform::DmaWriteBarrier();
    mmio_.Write32(tail_offset_, nic_tail_);
  }

  [[gnu::cold]] QueueLook Look(const Ring& ring) const override {
    QueueLook look{.position = nic_next_,
                   .held = ring::Distance(nic_next_, nic_tail_, count_),
                   .finished = ring.counters().slots};
    const uint32_t longest = kLongestFrameBytes / buffer_bytes_ + 1;
    uint32_t done = 0;
    for (; done < look.held && done <= longest && !look.untold; ++done) {
      const uint64_t status = Codec::LoadStatus(descriptors_[At(done)]);
      if (!Codec::IsDone(status)) break;
      look.untold = Codec::IsEnd(status);
    }
    // Of a short ring, when the device has filled all it can ever have: nothing follows by itself.
    look.overlong = !look.untold && (done > longest || done == count_ - 1);
    // A look at a few more tells whether the device has gone on without this one.
    for (uint32_t i = done + 1; i < look.held && i <= done + kGapReach && !look.untold; ++i) {
      look.gap = look.gap || Codec::IsDone(Codec::LoadStatus(descriptors_[At(i)]));
    }
    look.position = At(done);
    return look;
  }

  [[gnu::cold]] uint32_t Settle(Ring& ring) override {
    if (ring.known_offsets() != nullptr) {
      Import<true>(ring);
    } else {
      Import<false>(ring);
    }
    uint32_t lost = 0;
    for (; nic_next_ != nic_tail_; nic_next_ = ring::Next(nic_next_, count_), ++lost) {
      if (!Codec::IsDone(Codec::LoadStatus(descriptors_[nic_next_]))) break;
    }
    return lost;
  }

  Status Sync(Ring& ring, uint32_t head) override {
    if (!carrier_->load(std::memory_order_relaxed)) [[unlikely]]
      return kOkStatus;
    if (ring.known_offsets() != nullptr) return Exchange<true>(ring, head);
    ImportOne(ring);
    if (head - ring.hwcur() == 1 && ReleaseOne(ring, head)) return kOkStatus;
    return head == ring.hwcur() ? kOkStatus : Release<false>(ring, head);
  }

 protected:
  // Without the quick ways for one frame.
  Status SyncByLoops(Ring& ring, uint32_t head) {
    if (!carrier_->load(std::memory_order_relaxed)) return kOkStatus;
    return ring.known_offsets() != nullptr ? Exchange<true>(ring, head)
                                           : Exchange<false>(ring, head);
  }

 private:
  // No family receives longer frames, whatever it is told.
  static constexpr uint32_t kLongestFrameBytes = 16 * 1024;
  // How many descriptors behind one that is not finished are looked at: a few batches of
  // write-back.
  static constexpr uint32_t kGapReach = 64;

  // The descriptor `i` behind the next one to be finished.
  uint32_t At(uint32_t i) const { return ring::Advance(nic_next_, i, count_); }

  // One frame of one buffer, or none, where what stands around the loop would cost more than the
  // loop; anything else goes to the loop.
  [[gnu::always_inline]] void ImportOne(Ring& ring) {
    const uint32_t nic = nic_next_;
    if (nic == nic_tail_) return;
    // W1: the done bit before the frame; pairs with the device's write-back.
    const uint64_t status = Codec::LoadStatus(descriptors_[nic]);
    if (!Codec::IsDone(status)) return;
    const uint32_t slot = ring.hwtail();
    const uint64_t bytes = Codec::LengthAndRest(status);
    // Also when either index is about to wrap.
    const bool last = nic + 1 == count_ || slot + 1 == count_;
    if (last || Codec::IsDone(Codec::LoadStatus((&descriptors_[nic])[1])) ||
        !Codec::IsWhole(status) || bytes > buffer_bytes_) {
      return Import<false>(ring);
    }
    ring.slots().StoreLengthFlags(slot, static_cast<uint32_t>(bytes));
    nic_next_ = nic + 1;
    ring.set_hwtail(slot + 1);
    ring.CountSlots(1);
    platform::AccountWork(platform::Work::kRxImport, 1);
  }

  // One slot back to the device. False, and nothing is done, if it is not as core knows it.
  [[gnu::always_inline]] bool ReleaseOne(Ring& ring, uint32_t head) {
    const uint32_t slot = ring.hwcur();
    const SlotWord word = ring.slots().Load(slot);
    const uint32_t buffer = word.buffer();
    if ((word.raw & kChanged) != 0 || buffer != ring.known_buffers()[slot]) return false;
    const uint32_t nic = nic_tail_ + 1;
    if (nic == count_) [[unlikely]]
      return false;
    Codec::EncodeRefill(descriptors_[nic], dma_[buffer]);
    ring.set_hwcur(head);
    nic_tail_ = nic;
    platform::AccountWork(platform::Work::kRxRelease, 1);
    // D1: descriptors before doorbell; pairs with the device's fetch.
    platform::DmaWriteBarrier();
    mmio_.Write32(tail_offset_, nic);
    return true;
  }

  template <bool kOffsets>
  [[gnu::noinline]] Status Exchange(Ring& ring, uint32_t head) {
    Import<kOffsets>(ring);
    return Release<kOffsets>(ring, head);
  }

  // Where a loaded slot says that its buffer was changed.
  static constexpr uint64_t kChanged = uint64_t{ring::kSlotBufferChanged} << 48;

  // Moves hwtail over the frames the device has finished, never past what it was given.
  template <bool kOffsets>
  [[gnu::noinline]] void Import(Ring& ring) {
    uint32_t slot = ring.hwtail();
    uint32_t nic = nic_next_;
    while (nic != nic_tail_) {
      const uint32_t given = (nic < nic_tail_ ? nic_tail_ : count_) - nic;
      const uint32_t length = std::min(given, count_ - slot);
      const Batch batch = WholeFrames<kOffsets>(ring, slot, nic, length);
      slot = ring::Advance(slot, batch.done, count_);
      nic = ring::Advance(nic, batch.done, count_);
      if (batch.done == length) continue;
      if (!Codec::IsDone(batch.stopped_by)) break;
      const Progress after = Frames<kOffsets>(ring, slot, nic, batch.stopped_by);
      if (after.slot == slot) break;  // not complete yet
      slot = after.slot;
      nic = after.nic;
    }
    const uint32_t imported = ring::Distance(ring.hwtail(), slot, count_);
    if (imported == 0) return;
    if (synced_ != nullptr) [[unlikely]]
      SyncForCpu<kOffsets>(ring, nic);
    nic_next_ = nic;
    ring.set_hwtail(slot);
    ring.CountSlots(imported);
    platform::AccountWork(platform::Work::kRxImport, imported);
  }

  // How far a run got, and the write-back that stopped it.
  struct Batch {
    uint32_t done;
    uint64_t stopped_by;
  };

  // The inner loop: frames of one buffer. Stops at a descriptor that is not done or says more.
  template <bool kOffsets>
  [[gnu::noinline]] Batch WholeFrames(Ring& ring, uint32_t slot, uint32_t nic,
                                      uint32_t length) const {
    const UntrustedSlots slots = ring.slots().From(slot);
    const uint32_t* const offsets = kOffsets ? ring.known_offsets() + slot : nullptr;
    const uint64_t mask = kOffsets ? ring.offset_rule().mask : 0;
    const Descriptor* const descriptors = descriptors_ + nic;
    const uint64_t buffer_bytes = buffer_bytes_;
    for (size_t i = 0; i < length; ++i) {
      // W1: the done bit before the frame; pairs with the device's write-back.
      const uint64_t status = Codec::LoadStatus(descriptors[i]);
      if (!Codec::IsWhole(status)) return {static_cast<uint32_t>(i), status};
      const uint64_t bytes = Codec::LengthAndRest(status);
      if (bytes > buffer_bytes) [[unlikely]]
        return {static_cast<uint32_t>(i), status};
      slots.StoreLengthFlags(i, static_cast<uint32_t>(bytes));
      if constexpr (kOffsets) StoreOffset(slots, i, mask, offsets[i]);
    }
    return {length, 0};
  }

  // A frame of several buffers, or an odd one, and the next ones as long as they have several.
  // `status` is the write-back of the first. Returns where they end; a frame that is not complete
  // is not passed over.
  template <bool kOffsets>
  [[gnu::noinline]] Progress Frames(Ring& ring, uint32_t slot, uint32_t nic,
                                    uint64_t status) const {
    Progress complete = {slot, nic, kOkStatus};
    for (;;) {
      const uint32_t given = (nic < nic_tail_ ? nic_tail_ : count_) - nic;
      const uint32_t length = std::min(given, count_ - slot);
      const Part run = Fragments<kOffsets>(ring, slot, nic, length, status);
      if (run.done != 0) {
        complete.slot = ring::Advance(slot, run.done, count_);
        complete.nic = ring::Advance(nic, run.done, count_);
      }
      slot = ring::Advance(slot, length, count_);
      nic = ring::Advance(nic, length, count_);
      if (run.stopped || nic == nic_tail_) return complete;
      status = Codec::LoadStatus(descriptors_[nic]);
    }
  }

  struct Part {
    uint32_t done;  // slots of the run up to the end of the last complete frame
    bool stopped;   // not because the run was over
  };

  // One run of slots, whatever frames they belong to. Stops at a descriptor that is not done, and
  // after a frame of one slot.
  template <bool kOffsets>
  [[gnu::always_inline]] Part Fragments(Ring& ring, uint32_t slot, uint32_t nic, uint32_t length,
                                        uint64_t status) const {
    UntrustedSlots slots = ring.slots().From(slot);
    const uint32_t* offset = kOffsets ? ring.known_offsets() + slot : nullptr;
    const uint64_t mask = kOffsets ? ring.offset_rule().mask : 0;
    const Descriptor* const begin = descriptors_ + nic;
    const Descriptor* const end = begin + length;
    const Descriptor* first = begin;  // of the frame
    for (const Descriptor* descriptor = begin; Codec::IsDone(status);) {
      uint32_t bytes = Codec::Length(status);
      if (bytes > buffer_bytes_) [[unlikely]] {
        bytes = CutLength(ring, slot + static_cast<uint32_t>(descriptor - begin), bytes);
      }
      if constexpr (kOffsets) StoreOffset(slots, 0, mask, *offset++);
      if (Codec::IsEnd(status)) {
        slots.StoreLengthFlags(0, bytes);
        const bool single = descriptor == first;
        first = descriptor + 1;
        if (single) break;
      } else {
        slots.StoreLengthFlags(0, LengthFlags(bytes, ring::kSlotMoreFragments));
      }
      if (++descriptor == end) return {static_cast<uint32_t>(first - begin), false};
      slots = slots.From(1);
      status = Codec::LoadStatus(*descriptor);
    }
    return {static_cast<uint32_t>(first - begin), true};
  }

  [[gnu::cold]] uint32_t CutLength(Ring& ring, uint32_t slot, uint32_t bytes) const {
    ring.Record(Rule::kDeviceLength, slot, bytes);
    return buffer_bytes_;
  }

  static void StoreOffset(const UntrustedSlots& slots, uint32_t i, uint64_t mask, uint32_t offset) {
    slots.StorePointer(i, (slots.LoadPointer(i) & ~mask) | offset);
  }

  // Gives the slots from hwcur up to `head` back to the device; kInvalid if one is refused.
  template <bool kOffsets>
  [[gnu::noinline]] Status Release(Ring& ring, uint32_t head) {
    const uint32_t first = ring.hwcur();
    uint32_t slot = first;
    // The tail stands at the slot before hwcur: the one kept back.
    uint32_t nic = ring::Next(nic_tail_, count_);
    bool refused = false;
    while (slot != head && !refused) {
      const uint32_t to_head = (slot < head ? head : count_) - slot;
      const uint32_t length = std::min(to_head, count_ - nic);
      const uint32_t done = Refill<kOffsets>(ring, slot, nic, length);
      refused = done != length;
      slot = ring::Advance(slot, done, count_);
      nic = ring::Advance(nic, done, count_);
    }
    if (slot != first) {
      platform::AccountWork(platform::Work::kRxRelease, ring::Distance(first, slot, count_));
      if (synced_ != nullptr) [[unlikely]]
        SyncForDevice(ring::Next(nic_tail_, count_), nic);
      ring.set_hwcur(slot);
      nic_tail_ = ring::Prev(nic, count_);
      // D1: descriptors before doorbell; pairs with the device's fetch.
      platform::DmaWriteBarrier();
      mmio_.Write32(tail_offset_, nic_tail_);
    }
    return refused ? Status(Errno::kInvalid) : kOkStatus;
  }

  template <bool kOffsets>
  [[gnu::noinline]] uint32_t Refill(Ring& ring, uint32_t slot, uint32_t nic,
                                    uint32_t length) const {
    const UntrustedSlots slots = ring.slots().From(slot);
    uint32_t* const known = ring.known_buffers() + slot;
    uint32_t* const offsets = kOffsets ? ring.known_offsets() + slot : nullptr;
    [[maybe_unused]] const uint64_t mask = kOffsets ? ring.offset_rule().mask : 0;
    [[maybe_unused]] const uint64_t max = kOffsets ? ring.offset_rule().max : 0;
    Descriptor* const descriptors = descriptors_ + nic;
    const uint64_t* const dma = dma_;
    for (size_t i = 0; i < length; ++i) {
      const SlotWord word = slots.Load(i);
      if ((word.raw & kChanged) != 0) {
        // The word as it was loaded, without the flag: one store instead of taking it apart.
        slots.StoreWord(i, word.raw ^ kChanged);
      }
      const uint32_t buffer = word.buffer();
      if (buffer != known[i]) {
        if (buffer >= buffers_ || dma[buffer] == 0) [[unlikely]] {
          ring.Record(Rule::kBufferIndex, slot + static_cast<uint32_t>(i), buffer);
          return static_cast<uint32_t>(i);
        }
        known[i] = buffer;
      }
      uint64_t address = dma[buffer];
      if constexpr (kOffsets) {
        uint64_t offset = slots.LoadPointer(i) & mask;
        if (offset > max) [[unlikely]] {
          offset = CutOffset(ring, slot + static_cast<uint32_t>(i), offset);
        }
        offsets[i] = static_cast<uint32_t>(offset);
        address += offset;
      }
      Codec::EncodeRefill(descriptors[i], address);
    }
    return length;
  }

  [[gnu::cold]] void SyncForDevice(uint32_t nic, uint32_t end) const {
    // All of them, if the ring has no packet for the program.
    do {
      synced_->SyncForDevice(DeviceAddress(Codec::AddressOf(descriptors_[nic])), buffer_bytes_,
                             platform::DmaFlow::kDeviceWrites);
      nic = ring::Next(nic, count_);
    } while (nic != end);
  }

  // Before anybody is told of the frames from nic_next_ up to `end`.
  template <bool kOffsets>
  [[gnu::cold]] void SyncForCpu(Ring& ring, uint32_t end) const {
    uint32_t slot = ring.hwtail();
    for (uint32_t nic = nic_next_; nic != end; nic = ring::Next(nic, count_)) {
      const uint32_t bytes = Codec::Length(Codec::LoadStatus(descriptors_[nic]));
      uint64_t address = dma_[ring.known_buffers()[slot]];
      if constexpr (kOffsets) address += ring.known_offsets()[slot];
      synced_->SyncForCpu(DeviceAddress(address), std::min(bytes, buffer_bytes_));
      slot = ring::Next(slot, count_);
    }
  }

  [[gnu::cold]] static uint32_t CutOffset(Ring& ring, uint32_t slot, uint64_t offset) {
    ring.Record(Rule::kOffset, slot, offset);
    return ring.offset_rule().max;
  }

  // The offset the program asks for in a free slot, remembered until the packet is there.
  static uint32_t LearnOffset(Ring& ring, uint32_t slot) {
    uint64_t offset = ring.slots().LoadPointer(slot) & ring.offset_rule().mask;
    if (offset > ring.offset_rule().max) [[unlikely]]
      offset = CutOffset(ring, slot, offset);
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
  platform::DmaSpace* const synced_;  // null if it needs no syncs
  const std::atomic<bool>* const carrier_;
  uint32_t nic_next_ = 0;  // the next descriptor the device will finish
  uint32_t nic_tail_ = 0;  // the tail register: the first descriptor the device does not own
};

// Of a device that must be told of every buffer; see the top.
template <typename Codec>
class SyncedRxQueue final : public RxQueue<Codec> {
 public:
  using RxQueue<Codec>::RxQueue;
  Status Sync(Ring& ring, uint32_t head) override { return this->SyncByLoops(ring, head); }
};

template <typename Codec>
inline constexpr RingLoop kRingLoop = {
    .new_tx = [](platform::Heap& heap, const QueueParameters& parameters) -> NicQueue* {
      return platform::New<TxQueue<Codec>>(heap, parameters);
    },
    .new_rx = [](platform::Heap& heap, const QueueParameters& parameters) -> NicQueue* {
      if (parameters.dma->space().needs_sync()) {
        return platform::New<SyncedRxQueue<Codec>>(heap, parameters);
      }
      return platform::New<RxQueue<Codec>>(heap, parameters);
    },
    // Queues own nothing, so there is nothing to destroy.
    .free_queue = [](platform::Heap& heap, NicQueue* queue) { heap.Free(queue); },
    .descriptor_bytes = sizeof(typename Codec::Descriptor),
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_RING_LOOP_H_
