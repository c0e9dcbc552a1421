// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The fixture of the 82599 model's tests: a model in a TestWorld, driven register by register.
#ifndef SIM_NIC_IXGBE_TEST_DRIVER_H_
#define SIM_NIC_IXGBE_TEST_DRIVER_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "drivers/ixgbe/ixgbe_regs.h"
#include "sim/nic/ixgbe/ixgbe.h"
#include "sim/nic/model/test_world.h"

namespace mapwire::sim {

namespace reg = ::mapwire::ixgbe;

class IxgbeTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kBuffer = 2048;

  struct Ring {
    uint32_t queue = 0;
    uint32_t size = 0;
    uint64_t base = 0;
    uint64_t buffers = 0;
    uint32_t tail = 0;
    uint32_t next = 0;  // next to look at
    uint64_t head_word = 0;
  };

  void PowerOn(IxgbeOptions options = {}) {
    options.link_up_delay = kMillisecond;
    nic = std::make_unique<Ixgbe>(world, options);
    world.Attach(nic.get());
    world.RunFor(2 * kMillisecond);
  }
  void LinkUp() {
    nic->CarrierChanged(true);
    world.RunFor(2 * kMillisecond);
    ASSERT_TRUE(nic->link_up());
  }
  // Ready to transmit and receive, broadcasts and our address accepted, interrupts off.
  void BringUp(IxgbeOptions options = {}) {
    PowerOn(options);
    for (uint32_t i = 0; i < 128; ++i) {
      Write<reg::Mta>(0, i);
      Write<reg::Vfta>(0, i);
    }
    Write<reg::Rdrxctl>(reg::Rdrxctl::Crcstrip::kMask);
    Write<reg::Fctrl>(reg::Fctrl::Bam::kMask);
    Write<reg::Dmatxctl>(Read<reg::Dmatxctl>() | reg::Dmatxctl::Te::kMask);
    Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
    LinkUp();
  }

  template <typename R>
  uint32_t Read(uint32_t index = 0) {
    return nic->RegisterRead(R::At(index));
  }
  template <typename R>
  void Write(uint32_t value, uint32_t index = 0) {
    nic->RegisterWrite(R::At(index), value);
  }

  reg::Descriptor* At(const Ring& ring, uint32_t index) {
    return reinterpret_cast<reg::Descriptor*>(world.Memory(ring.base)) + index;
  }
  uint8_t* Buffer(const Ring& ring, uint32_t index) {
    return world.Memory(ring.buffers + uint64_t{index} * kBuffer);
  }

  Ring TxRing(uint32_t queue, uint32_t size, bool head_writeback = false, uint32_t wthresh = 0) {
    Ring ring{queue, size, world.Allocate(size * 16), world.Allocate(size * kBuffer)};
    Write<reg::Tdbal>(static_cast<uint32_t>(ring.base), queue);
    Write<reg::Tdbah>(static_cast<uint32_t>(ring.base >> 32), queue);
    Write<reg::Tdlen>(size * 16, queue);
    Write<reg::Tdh>(0, queue);
    Write<reg::Tdt>(0, queue);
    if (head_writeback) {
      ring.head_word = world.Allocate(64);
      Write<reg::Tdwbal>(static_cast<uint32_t>(ring.head_word) | 1, queue);
      Write<reg::Tdwbah>(static_cast<uint32_t>(ring.head_word >> 32), queue);
    }
    Write<reg::Txdctl>(reg::Txdctl::Enable::kMask | wthresh << reg::Txdctl::Wthresh::kLow, queue);
    world.RunFor(50 * kMicrosecond);
    return ring;
  }
  // Puts a descriptor at the ring's tail; the doorbell is separate. PAYLEN 0 means `length`.
  void Give(Ring& ring, uint64_t address, uint32_t length, bool rs = true, bool eop = true,
            uint32_t paylen = 0) {
    using D = reg::TxData;
    reg::Descriptor* d = At(ring, ring.tail);
    d->q0 = address;
    d->q1 = D::Dtalen::Make(length) | D::Dtyp::Make(reg::kTxDtypData) | D::Dext::Make(1) |
            D::Ifcs::Make(1) | D::Eop::Make(eop) | D::Rs::Make(rs) |
            D::Paylen::Make(paylen == 0 ? length : paylen);
    ring.tail = (ring.tail + 1) % ring.size;
  }
  void GiveFrame(Ring& ring, uint8_t mark, uint32_t length = 60, bool rs = true) {
    const uint32_t index = ring.tail;
    std::memset(Buffer(ring, index), mark, length);
    Buffer(ring, index)[0] = 0x02;
    Give(ring, ring.buffers + uint64_t{index} * kBuffer, length, rs);
  }
  void Doorbell(const Ring& ring) { Write<reg::Tdt>(ring.tail, ring.queue); }
  bool TxDone(const Ring& ring, uint32_t index) {
    return reg::TxWriteBack::Dd::Get(At(ring, index)->q1) != 0 &&
           reg::TxData::Dext::Get(At(ring, index)->q1) == 0;
  }

  // A receive ring, all buffers given unless `give` says fewer.
  Ring RxRing(uint32_t queue, uint32_t size, bool drop = false, uint32_t give = ~0u) {
    Ring ring{queue, size, world.Allocate(size * 16), world.Allocate(size * kBuffer)};
    Write<reg::Rdbal>(static_cast<uint32_t>(ring.base), queue);
    Write<reg::Rdbah>(static_cast<uint32_t>(ring.base >> 32), queue);
    Write<reg::Rdlen>(size * 16, queue);
    Write<reg::Rdh>(0, queue);
    Write<reg::Rdt>(0, queue);
    Write<reg::Srrctl>(hw::Value<reg::Srrctl>(kBuffer / 1024)
                           .With<reg::Srrctl::Desctype>(reg::kDescTypeAdvancedOneBuffer)
                           .With<reg::Srrctl::DropEn>(drop)
                           .raw(),
                       queue);
    Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask, queue);
    world.RunFor(50 * kMicrosecond);
    Refill(ring, std::min(give, size - 1));
    return ring;
  }
  void Refill(Ring& ring, uint32_t count) {
    for (; count != 0; --count) {
      *At(ring, ring.tail) = {ring.buffers + uint64_t{ring.tail} * kBuffer, 0};
      ring.tail = (ring.tail + 1) % ring.size;
    }
    Write<reg::Rdt>(ring.tail, ring.queue);
    world.RunFor(5 * kMicrosecond);
  }
  bool RxDone(const Ring& ring, uint32_t index) {
    return reg::RxWriteBack::Dd::Get(At(ring, index)->q1) != 0;
  }
  uint32_t RxLength(const Ring& ring, uint32_t index) {
    return static_cast<uint32_t>(reg::RxWriteBack::PktLen::Get(At(ring, index)->q1));
  }
  // Complete frames at the ring's `next`; their descriptors are passed.
  uint32_t Received(Ring& ring) {
    uint32_t frames = 0;
    while (ring.next != ring.tail && RxDone(ring, ring.next)) {
      frames += reg::RxWriteBack::Eop::Get(At(ring, ring.next)->q1) != 0 ? 1 : 0;
      ring.next = (ring.next + 1) % ring.size;
    }
    return frames;
  }

  static std::vector<uint8_t> FrameTo(std::vector<uint8_t> destination, uint32_t length = 60) {
    std::vector<uint8_t> bytes(length);
    for (uint32_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(i);
    std::copy(destination.begin(), destination.end(), bytes.begin());
    bytes[12] = 0x88;
    bytes[13] = 0xB5;
    return bytes;
  }
  std::vector<uint8_t> OurAddress() {
    const IxgbeOptions defaults;
    return {defaults.mac.begin(), defaults.mac.end()};
  }
  void Arrive(const std::vector<uint8_t>& bytes, bool crc_ok = true) {
    FramePointer frame = world.pool.Get();
    frame->bytes.assign(bytes.begin(), bytes.end());
    frame->crc_ok = crc_ok;
    nic->FrameReceived(std::move(frame));
    world.RunFor(5 * kMicrosecond);
  }

  // Takes the oldest reported mistake, which must be of this kind.
  void ExpectError(DriverError error) {
    ASSERT_FALSE(world.errors.empty());
    EXPECT_EQ(world.errors.front().first, error) << world.errors.front().second;
    world.errors.erase(world.errors.begin());
  }

  // Nothing is left: no unexpected mistake, no frame, no DMA, no early frame on the line.
  void TearDown() override {
    for (const auto& [error, text] : world.errors) ADD_FAILURE() << text;
    if (nic == nullptr) return;
    world.RunFor(20 * kMillisecond);
    EXPECT_TRUE(nic->Idle());
    EXPECT_TRUE(world.quiet());
    EXPECT_EQ(world.pool.outstanding(), 0u);
    EXPECT_EQ(world.line_errors, 0u);
    EXPECT_EQ(world.faults, expected_faults);
  }

  TestWorld world;
  std::unique_ptr<Ixgbe> nic;
  uint64_t expected_faults = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_IXGBE_TEST_DRIVER_H_
