// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// How a device tells that transmit descriptors are finished. The codec of a family names one of
// these as its Completion; the ring loop knows no more of it than the functions they share.
//
// Positions are descriptors. `done` is the oldest the device has not been seen to finish, `next`
// the one the next frame goes to. The last descriptor of every hand-over asks for a report, so the
// one before `next` does as long as any is under way.
#ifndef CORE_NIC_COMPLETION_H_
#define CORE_NIC_COMPLETION_H_

#include <cstdint>

#include "core/nic/queue.h"
#include "core/ring/cyclic.h"

namespace mapwire::nic {

// The device writes its head to memory where a report is asked for.
template <typename Codec>
class HeadWriteBack {
 public:
  using Descriptor = typename Codec::Descriptor;

  // Whether the loop must say where it asked for the reports at the halves of the ring.
  static constexpr bool kWantsHalves = false;

  explicit HeadWriteBack(const QueueParameters& parameters) : word_(parameters.head_write_back) {}

  // The queue begins at descriptor 0, and nothing is under way.
  void Reset() {}
  // Data path: true if `*end` is where what is finished ends, by a quick look; else Half tells.
  // `before` is what `next` was before this sync. The device's word for it: may be anything. W1
  // pairs with the device's write-back.
  [[gnu::always_inline]] bool Quick(uint32_t before, uint32_t* end) const {
    static_cast<void>(before);
    *end = *word_;
    return true;
  }
  // The same after a sync that gave the descriptor `before`, which is `given` and not the first.
  [[gnu::always_inline]] bool QuickInside(const Descriptor& given, uint32_t before,
                                          uint32_t* end) const {
    static_cast<void>(given);
    return Quick(before, end);
  }
  uint32_t Half(uint32_t done, uint32_t next) const { return Examine(done, next); }
  // Control path: where what is finished ends, as exact as can be told.
  uint32_t Examine(uint32_t done, uint32_t next) const {
    static_cast<void>(done);
    static_cast<void>(next);
    return *word_;
  }

 private:
  volatile const uint32_t* const word_;
};

// The device sets a bit in each finished descriptor that asked for a report. The codec supplies
// IsSent. Two looks a sync at most: at the newest report an earlier sync asked for; if that one is
// still to come, at the one asked for at the end of the half of the ring where `done` stands. A bit
// that is set was set in this turn of the ring: whoever writes a descriptor clears it.
template <typename Codec>
class DoneBits {
 public:
  using Descriptor = typename Codec::Descriptor;

  static constexpr bool kWantsHalves = true;

  explicit DoneBits(const QueueParameters& parameters)
      : descriptors_(static_cast<const Descriptor*>(parameters.descriptors)),
        count_(parameters.count) {}

  void Reset() { ends_[0] = ends_[1] = kNone; }
  // A frame that begins in the first (0) or second (1) half and reaches its end or goes beyond has
  // asked for a report; `end` is the descriptor behind it.
  void AskedAtHalf(uint32_t half, uint32_t end) { ends_[half] = end; }
  // With nothing under way this is an old report, or none at descriptor 0 yet: `before` is `done`.
  [[gnu::always_inline]] bool Quick(uint32_t before, uint32_t* end) const {
    *end = before;
    return IsSentBefore(before);
  }
  [[gnu::always_inline]] bool QuickInside(const Descriptor& given, uint32_t before,
                                          uint32_t* end) const {
    *end = before;
    return Codec::IsSent((&given)[-1]);
  }
  uint32_t Half(uint32_t done, uint32_t next) const {
    const uint32_t end = ends_[done < count_ / 2 ? 0 : 1];
    if (end == kNone || !UnderWay(end, done, next)) return done;
    return IsSentBefore(end) ? end : done;
  }
  [[gnu::cold]] uint32_t Examine(uint32_t done, uint32_t next) const {
    uint32_t end = next;
    while (end != done && !IsSentBefore(end)) end = ring::Prev(end, count_);
    return end;
  }

 private:
  static constexpr uint32_t kNone = ~0u;

  bool IsSentBefore(uint32_t end) const {
    return Codec::IsSent(descriptors_[ring::Prev(end, count_)]);
  }
  // True if the descriptor before `end` was given in this turn.
  bool UnderWay(uint32_t end, uint32_t done, uint32_t next) const {
    const uint32_t ahead = ring::Distance(done, end, count_);
    return ahead != 0 && ahead <= ring::Distance(done, next, count_);
  }

  const Descriptor* const descriptors_;
  const uint32_t count_;
  uint32_t ends_[2] = {kNone, kNone};
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_COMPLETION_H_
