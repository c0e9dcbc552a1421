// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82540EM's descriptor codec: pure functions between slots and legacy descriptors.
#ifndef DRIVERS_E1000_E1000_DESC_H_
#define DRIVERS_E1000_E1000_DESC_H_

#include <cstdint>

#include "core/nic/completion.h"
#include "drivers/e1000/e1000_regs.h"

namespace mapwire::e1000 {

struct Codec {
  using Descriptor = e1000::Descriptor;

  // Public drivers pad by themselves because the part may damage what it pads (from memory), so
  // the ring loop does.
  static constexpr uint32_t kMinFrameBytes = 60;
  static constexpr uint32_t kMaxFrameBytes = kLargestFrameBytes - kCrcBytes;
  // As many as a largest frame needs of the smallest buffers; the part holds 64 (from memory).
  static constexpr uint32_t kMaxFragments = 64;

  // --- Transmit: legacy descriptors, completion by a bit in those that asked for a report --------

  using Completion = nic::DoneBits<Codec>;

  // Every descriptor of a frame says IFCS; the one that counts is the last.
  static constexpr uint64_t kPart = TxLegacy::Ifcs::Make(1);
  static constexpr uint64_t kWhole = kPart | TxLegacy::Eop::Make(1);

  // A whole frame in one descriptor, no report. 0 < length < 2^16.
  static void EncodeFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.q0 = address;
    descriptor.q1 = length | kWhole;
  }
  // The same with a report asked for.
  static void EncodeReportedFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.q0 = address;
    descriptor.q1 = length | (kWhole | TxLegacy::Rs::Make(1));
  }
  // One of several descriptors of a frame; see FinishFrame.
  static void EncodeFragment(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.q0 = address;
    descriptor.q1 = length | kPart;
  }
  // Completes a frame of several descriptors. Nothing in them tells its length.
  static void FinishFrame(Descriptor& first, Descriptor& last, uint32_t total) {
    static_cast<void>(first);
    static_cast<void>(total);
    last.q1 |= TxLegacy::Eop::Make(1);
  }
  // Asks for DD in `last`, the end of a frame, when it is done.
  static void RequestReport(Descriptor& last) { last.q1 |= TxLegacy::Rs::Make(1); }
  // One load of the word that the device writes as one.
  static bool IsSent(const Descriptor& descriptor) {
    return TxLegacy::Dd::Get(__atomic_load_n(&descriptor.q1, __ATOMIC_RELAXED)) != 0;
  }

  // --- Receive ----------------------------------------------------------------------------------

  // The word that says everything about a received buffer, turned so that status is below and
  // length above. One load: it is written as one.
  static uint64_t LoadStatus(const Descriptor& descriptor) {
    const uint64_t word = __atomic_load_n(&descriptor.q1, __ATOMIC_RELAXED);
    return word >> 32 | word << 32;
  }
  static constexpr uint64_t kRxDone = RxLegacy::Dd::kMask >> 32;
  static constexpr uint64_t kRxEnd = RxLegacy::Eop::kMask >> 32;
  // Both bits at once: one more carries out of them exactly if both are set. Bad frames do not get
  // here (RCTL.SBP is 0), so error bits are not looked at.
  static_assert((kRxDone | kRxEnd) == 3);
  static bool IsWhole(uint64_t status) { return ((status + 1) & 3) == 0; }
  static bool IsDone(uint64_t status) { return (status & kRxDone) != 0; }
  static bool IsEnd(uint64_t status) { return (status & kRxEnd) != 0; }
  static uint32_t Length(uint64_t status) { return static_cast<uint16_t>(status >> 32); }
  // Above it stands a checksum, which says nothing.
  static uint64_t LengthAndRest(uint64_t status) { return Length(status); }
  // Gives a buffer to the device.
  static void EncodeRefill(Descriptor& descriptor, uint64_t address) {
    descriptor.q0 = address;
    descriptor.q1 = 0;
  }
};

static_assert(TxLegacy::Length::Make(1) == 1 && RxLegacy::Length::Make(1) == 1);
static_assert(Codec::kMaxFrameBytes <= TxLegacy::Length::kMax);

}  // namespace mapwire::e1000

#endif  // DRIVERS_E1000_E1000_DESC_H_
