// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The paravirtual card's descriptor codec: pure functions between slots and descriptors.
#ifndef DRIVERS_PV_PV_DESC_H_
#define DRIVERS_PV_PV_DESC_H_

#include <cstdint>

#include "core/nic/completion.h"
#include "drivers/pv/pv_regs.h"

namespace mapwire::pv {

struct Codec {
  struct Descriptor {
    uint64_t address;
    uint64_t word;
  };

  static constexpr uint32_t kMinFrameBytes = pv::kMinFrameBytes;
  static constexpr uint32_t kMaxFrameBytes = pv::kMaxFrameBytes;
  static constexpr uint32_t kMaxFragments = pv::kMaxFragments;
  using Completion = nic::HeadWriteBack<Codec>;

  static constexpr uint64_t kEnd = tx_descriptor::End::kMask;
  static constexpr uint64_t kReport = tx_descriptor::Report::kMask;

  static void EncodeFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.address = address;
    descriptor.word = length | kEnd;
  }
  static void EncodeReportedFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.address = address;
    descriptor.word = length | kEnd | kReport;
  }
  static void EncodeFragment(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor.address = address;
    descriptor.word = length;
  }
  static void FinishFrame(Descriptor&, Descriptor& last, uint32_t) { last.word |= kEnd; }
  static uint64_t AddressOf(const Descriptor& descriptor) { return descriptor.address; }
  static uint32_t BytesOf(const Descriptor& descriptor) {
    return static_cast<uint32_t>(tx_descriptor::Length::Get(descriptor.word));
  }
  static void RequestReport(Descriptor& last) { last.word |= kReport; }

  static constexpr uint64_t kWhole = rx_descriptor::Done::kMask | rx_descriptor::End::kMask;
  static_assert(kWhole == 3);

  // Written by the device as one word.
  static uint64_t LoadStatus(const Descriptor& descriptor) {
    return __atomic_load_n(&descriptor.word, __ATOMIC_RELAXED);
  }
  static bool IsWhole(uint64_t status) { return ((status + 1) & kWhole) == 0; }
  static bool IsDone(uint64_t status) { return (status & rx_descriptor::Done::kMask) != 0; }
  static bool IsEnd(uint64_t status) { return (status & rx_descriptor::End::kMask) != 0; }
  static uint32_t Length(uint64_t status) {
    return static_cast<uint32_t>(rx_descriptor::Length::Get(status));
  }
  static uint64_t LengthAndRest(uint64_t status) { return rx_descriptor::Length::Get(status); }
  static void EncodeRefill(Descriptor& descriptor, uint64_t address) {
    descriptor.address = address;
    descriptor.word = 0;
  }
};

static_assert(sizeof(Codec::Descriptor) == kDescriptorBytes);

}  // namespace mapwire::pv

#endif  // DRIVERS_PV_PV_DESC_H_
