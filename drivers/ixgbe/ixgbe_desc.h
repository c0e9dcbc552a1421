// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82599's descriptor codec: pure functions between slots and advanced descriptors.
#ifndef DRIVERS_IXGBE_IXGBE_DESC_H_
#define DRIVERS_IXGBE_IXGBE_DESC_H_

#include <cstdint>

#include "core/nic/completion.h"
#include "drivers/ixgbe/ixgbe_regs.h"

namespace mapwire::ixgbe {

struct Codec {
  struct Descriptor {
    uint64_t q0;
    uint64_t q1;
  };

  // The device refuses a payload length below 17; shorter frames are padded by the ring loop.
  static constexpr uint32_t kMinFrameBytes = 17;
  static constexpr uint32_t kMaxFrameBytes = 9728;
  static constexpr uint32_t kMaxFragments = 40;
  using Completion = nic::HeadWriteBack<Codec>;

  // --- Transmit: advanced data descriptors, completion by head write-back ------------------------

  static constexpr uint64_t kData = TxData::Dtyp::Make(3) | TxData::Dext::Make(1);
  static constexpr uint64_t kFirst = kData | TxData::Ifcs::Make(1);
  static constexpr uint64_t kWhole = kFirst | TxData::Eop::Make(1);
  // A frame of one buffer has its length twice: bytes here, and bytes in all.
  static constexpr uint64_t kLengthTwice = TxData::Paylen::Make(1) | TxData::Dtalen::Make(1);

  // A whole frame in one descriptor, no report. 0 < length < 2^16.
  static void EncodeFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.q0 = address;
    descriptor.q1 = length * kLengthTwice + kWhole;
  }
  // The same with a report asked for.
  static void EncodeReportedFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.q0 = address;
    descriptor.q1 = length * kLengthTwice + (kWhole | TxData::Rs::Make(1));
  }
  // One of several descriptors of a frame; see FinishFrame.
  static void EncodeFragment(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.q0 = address;
    descriptor.q1 = length | kData;
  }
  // Completes a frame of several descriptors: the first carries the total, the last ends it.
  static void FinishFrame(Descriptor& first, Descriptor& last, uint32_t total) {
    first.q1 |= TxData::Paylen::Make(total) | TxData::Ifcs::Make(1);
    last.q1 |= TxData::Eop::Make(1);
  }
  // What an encoded descriptor says, of either direction; the bytes of one to transmit.
  static uint64_t AddressOf(const Descriptor& descriptor) { return descriptor.q0; }
  static uint32_t BytesOf(const Descriptor& descriptor) {
    return static_cast<uint32_t>(TxData::Dtalen::Get(descriptor.q1));
  }
  // Asks for a write-back of the head when `last`, the end of a frame, is done.
  static void RequestReport(Descriptor& last) { last.q1 |= TxData::Rs::Make(1); }

  // --- Receive: advanced one-buffer descriptors --------------------------------------------------

  // Done, whole frame in this buffer, no error of the MAC.
  static constexpr uint64_t kRxDone = RxWriteBack::Dd::Make(1);
  static constexpr uint64_t kRxEnd = RxWriteBack::Eop::Make(1);
  static constexpr uint64_t kRxWholeMask = kRxDone | kRxEnd;

  // The word that says everything about a received buffer. One load: it is written as one.
  static uint64_t LoadStatus(const Descriptor& descriptor) {
    return __atomic_load_n(&descriptor.q1, __ATOMIC_RELAXED);
  }
  // Both bits at once: one more carries out of them exactly if both are set.
  static_assert(kRxWholeMask == 3);
  static bool IsWhole(uint64_t status) { return ((status + 1) & kRxWholeMask) == 0; }
  static bool IsDone(uint64_t status) { return (status & kRxDone) != 0; }
  static bool IsEnd(uint64_t status) { return (status & kRxEnd) != 0; }
  static uint32_t Length(uint64_t status) {
    return static_cast<uint32_t>(RxWriteBack::PktLen::Get(status));
  }
  // The same with what stands above it: a stripped VLAN tag, that is, nothing on queues that strip
  // none. If there is something after all, it looks like a length no buffer has.
  static uint64_t LengthAndRest(uint64_t status) { return status >> 32; }
  // Gives a buffer to the device. Write-back destroyed both words, so both are written.
  static void EncodeRefill(Descriptor& descriptor, uint64_t address) {
    descriptor.q0 = address;
    descriptor.q1 = 0;
  }
};

static_assert(sizeof(Codec::Descriptor) == 16);

}  // namespace mapwire::ixgbe

#endif  // DRIVERS_IXGBE_IXGBE_DESC_H_
