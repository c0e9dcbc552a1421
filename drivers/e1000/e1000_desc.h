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
    descriptor.q1 = length + (kWhole | TxLegacy::Rs::Make(1));
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
  // What an encoded descriptor says, of either direction; the bytes of one to transmit.
  static uint64_t AddressOf(const Descriptor& descriptor) { return descriptor.q0; }
  static uint32_t BytesOf(const Descriptor& descriptor) {
    return static_cast<uint32_t>(TxLegacy::Length::Get(descriptor.q1));
  }
  // Asks for DD in `last`, the end of a frame, when it is done.
  static void RequestReport(Descriptor& last) { last.q1 |= TxLegacy::Rs::Make(1); }
  // DD is the lowest bit of a byte, and nothing else in the descriptor matters then.
  static_assert(TxLegacy::Dd::kMask == uint64_t{1} << 32);
  static bool IsSent(const Descriptor& descriptor) {
    const uint8_t* const status = reinterpret_cast<const uint8_t*>(&descriptor.q1) + 4;
    return (__atomic_load_n(status, __ATOMIC_RELAXED) & 1) != 0;
  }

  // --- Receive ----------------------------------------------------------------------------------

  // The word that says everything about a received buffer. One load: it is written as one.
  static uint64_t LoadStatus(const Descriptor& descriptor) {
    return __atomic_load_n(&descriptor.q1, __ATOMIC_RELAXED);
  }
  // Bad frames do not get here (RCTL.SBP is 0), so error bits are not looked at.
  static constexpr uint64_t kRxWhole = RxLegacy::Dd::kMask | RxLegacy::Eop::kMask;
  static bool IsWhole(uint64_t status) { return (~status & kRxWhole) == 0; }
  static bool IsDone(uint64_t status) { return (status & RxLegacy::Dd::kMask) != 0; }
  static bool IsEnd(uint64_t status) { return (status & RxLegacy::Eop::kMask) != 0; }
  static uint32_t Length(uint64_t status) { return static_cast<uint16_t>(status); }
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
