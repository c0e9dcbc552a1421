// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82540EM model register by register, with no driver in sight.
#include "sim/nic/e1000/e1000.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "drivers/e1000/e1000_regs.h"
#include "sim/nic/model/test_world.h"

namespace mapwire::sim {
namespace {

namespace reg = ::mapwire::e1000;

class E1000Test : public ::testing::Test {
 protected:
  static constexpr uint32_t kBuffer = 2048;
  static constexpr uint32_t kSlots = 16;

  void PowerOn(E1000Options options = {}) {
    options.negotiation_delay = kMillisecond;
    nic = std::make_unique<E1000>(world, options);
    world.Attach(nic.get());
    world.RunFor(5 * kMillisecond);
  }
  void LinkUp() {
    nic->CarrierChanged(true);
    world.RunFor(2 * kMillisecond);
    ASSERT_TRUE(nic->link_up());
    (void)Read<reg::Icr>();
  }
  // Both rings on, all buffers given, every frame let in.
  void BringUp(E1000Options options = {}, uint32_t rctl = 0) {
    PowerOn(options);
    LinkUp();
    for (uint32_t i = 0; i < 128; ++i) {
      Write<reg::Mta>(0, i);
      Write<reg::Vfta>(0, i);
    }
    tx = world.Allocate(kSlots * 16);
    rx = world.Allocate(kSlots * 16);
    buffers = world.Allocate(kSlots * kBuffer);
    Write<reg::Tdbal>(static_cast<uint32_t>(tx));
    Write<reg::Tdbah>(static_cast<uint32_t>(tx >> 32));
    Write<reg::Tdlen>(kSlots * 16);
    Write<reg::Tctl>(reg::Tctl::En::kMask | reg::Tctl::Psp::kMask);
    Write<reg::Rdbal>(static_cast<uint32_t>(rx));
    Write<reg::Rdbah>(static_cast<uint32_t>(rx >> 32));
    Write<reg::Rdlen>(kSlots * 16);
    for (uint32_t i = 0; i < kSlots; ++i) *At(rx, i) = {buffers + uint64_t{i} * kBuffer, 0};
    Write<reg::Vet>(0x8100);
    Write<reg::Rctl>(reg::Rctl::En::kMask | reg::Rctl::Bam::kMask | reg::Rctl::Secrc::kMask | rctl);
    Write<reg::Rdt>(kSlots - 1);
    world.RunFor(10 * kMicrosecond);
  }

  template <typename R>
  uint32_t Read(uint32_t index = 0) {
    return nic->RegisterRead(R::At(index));
  }
  template <typename R>
  void Write(uint32_t value, uint32_t index = 0) {
    nic->RegisterWrite(R::At(index), value);
  }
  reg::Descriptor* At(uint64_t base, uint32_t index) {
    return reinterpret_cast<reg::Descriptor*>(world.Memory(base)) + index;
  }
  // Puts a descriptor at the tail; the doorbell is separate.
  void Give(uint32_t length, uint64_t more) {
    const uint64_t address = world.Allocate(length);
    std::fill_n(world.Memory(address), length, static_cast<uint8_t>(0xA0 + tail));
    *At(tx, tail) = {address, length | reg::TxLegacy::Ifcs::kMask | more};
    tail = (tail + 1) % kSlots;
  }
  static constexpr uint64_t kEop = reg::TxLegacy::Eop::kMask;
  static constexpr uint64_t kRs = reg::TxLegacy::Rs::kMask;
  bool Sent(uint32_t i) { return reg::TxLegacy::Dd::Get(At(tx, i)->q1) != 0; }
  bool Done(uint32_t i) { return reg::RxLegacy::Dd::Get(At(rx, i)->q1) != 0; }

  static std::vector<uint8_t> FrameTo(std::vector<uint8_t> destination, uint32_t length = 60) {
    std::vector<uint8_t> bytes(length, 0x11);
    std::copy(destination.begin(), destination.end(), bytes.begin());
    bytes[12] = 0x88;
    bytes[13] = 0xB5;
    return bytes;
  }
  static std::vector<uint8_t> Ours() { return {0x02, 0x00, 0x5E, 0x82, 0x54, 0x0E}; }
  void Arrive(const std::vector<uint8_t>& bytes, bool crc_ok = true) {
    FramePointer frame = world.pool.Get();
    frame->bytes = bytes;
    frame->crc_ok = crc_ok;
    nic->FrameReceived(std::move(frame));
    world.RunFor(10 * kMicrosecond);
  }
  void ExpectError(DriverError error) {
    ASSERT_FALSE(world.errors.empty());
    EXPECT_EQ(world.errors.front().first, error) << world.errors.front().second;
    world.errors.erase(world.errors.begin());
  }
  void TearDown() override {
    for (const auto& [error, text] : world.errors) ADD_FAILURE() << text;
    if (nic == nullptr) return;
    world.RunFor(20 * kMillisecond);
    EXPECT_TRUE(nic->Idle());
    EXPECT_EQ(world.pool.outstanding(), 0u);
    EXPECT_EQ(world.line_errors, 0u);
    EXPECT_EQ(world.faults, expected_faults);
  }

  TestWorld world;
  std::unique_ptr<E1000> nic;
  uint64_t tx = 0, rx = 0, buffers = 0;
  uint32_t tail = 0;
  uint64_t expected_faults = 0;
};

TEST_F(E1000Test, ItShowsItselfAsAnIntelCardWithoutMessages) {
  PowerOn();
  EXPECT_EQ(nic->identity().vendor, 0x8086);
  EXPECT_EQ(nic->identity().device, 0x100E);
  EXPECT_EQ(nic->identity().msix_vectors, 0);
}

TEST_F(E1000Test, TheEepromSumsUpAndFillsEntryZero) {
  PowerOn();
  uint16_t sum = 0;
  for (uint32_t word = 0; word < 64; ++word) {
    Write<reg::Eerd>(word << 8 | 1);
    EXPECT_EQ(Read<reg::Eerd>() & 0x10, 0u) << "done inside the write";
    world.RunFor(50 * kMicrosecond);
    EXPECT_EQ(Read<reg::Eerd>() & 0x10, 0x10u);
    sum = static_cast<uint16_t>(sum + (Read<reg::Eerd>() >> 16));
  }
  EXPECT_EQ(sum, 0xBABA);
  EXPECT_EQ(Read<reg::Ral>(), 0x825E0002u);
  EXPECT_EQ(Read<reg::Rah>(), 0x80000E54u);
}

TEST_F(E1000Test, ThePhyAnswersAtItsAddressOnly) {
  PowerOn();
  Write<reg::Mdic>(0x08220000);
  EXPECT_EQ(Read<reg::Mdic>() >> 28 & 1, 0u) << "done inside the write";
  world.RunFor(100 * kMicrosecond);
  EXPECT_EQ(Read<reg::Mdic>(), 0x18220141u);
  Write<reg::Mdic>(0x08420000);
  world.RunFor(100 * kMicrosecond);
  EXPECT_EQ(Read<reg::Mdic>() >> 28, 5u) << "R and E";
}

TEST_F(E1000Test, TheLinkNeedsLightAndTimeAndTellsSo) {
  PowerOn();
  Write<reg::Ims>(reg::Ims::Lsc::kMask);
  EXPECT_EQ(Read<reg::Status>() & 2, 0u);
  nic->CarrierChanged(true);
  EXPECT_FALSE(nic->link_up());
  world.RunFor(2 * kMillisecond);
  EXPECT_EQ(Read<reg::Status>() & 0xC2, 0x82u);
  EXPECT_TRUE(world.intx);
  EXPECT_EQ(Read<reg::Icr>(), 0x80000004u);
  EXPECT_FALSE(world.intx) << "the read takes the pin down";
  nic->CarrierChanged(false);
  world.RunFor(10 * kMicrosecond);
  EXPECT_TRUE(world.intx);
  EXPECT_EQ(Read<reg::Status>() & 2, 0u);
}

TEST_F(E1000Test, TheFastestSpeedThatBothEndsHaveIsTaken) {
  E1000Options options;
  options.partner_mbps = 100;
  PowerOn(options);
  LinkUp();
  EXPECT_EQ(Read<reg::Status>() & 0xC2, 0x42u);
}

TEST_F(E1000Test, AResetTakesTimeLosesEverythingAndLeavesThePhyAlone) {
  BringUp();
  Write<reg::Ims>(0x84);
  Write<reg::Ctrl>(0x04000040);
  EXPECT_NE(Read<reg::Ctrl>() & 0x04000000, 0u);
  Write<reg::Itr>(5);
  ExpectError(DriverError::kIllegalOrder);
  world.RunFor(5 * kMillisecond);
  EXPECT_EQ(Read<reg::Ctrl>(), 0x00140240u);
  EXPECT_EQ(Read<reg::Rctl>(), 0u);
  EXPECT_EQ(Read<reg::Tdlen>(), 0u);
  EXPECT_EQ(Read<reg::Ims>(), 0u);
  EXPECT_TRUE(nic->link_up());
}

TEST_F(E1000Test, OnlyDescriptorsThatAskedAreReported) {
  BringUp();
  Write<reg::Ims>(1);
  Give(60, kEop);
  Give(100, kEop | kRs);
  Write<reg::Tdt>(2);
  EXPECT_EQ(world.sent_count, 0u) << "sent inside the write";
  world.RunFor(20 * kMicrosecond);
  EXPECT_EQ(world.sent.size(), 2u);
  EXPECT_EQ(world.sent[1].bytes.size(), 100u);
  EXPECT_FALSE(Sent(0));
  EXPECT_TRUE(Sent(1));
  EXPECT_EQ(Read<reg::Tdh>(), 2u);
  EXPECT_TRUE(world.intx);
  EXPECT_EQ(Read<reg::Icr>() & 3, 3u) << "TXDW and TXQE";
}

TEST_F(E1000Test, AFrameOfSeveralDescriptorsGoesOutAsOneAndARuntIsPadded) {
  BringUp();
  Give(20, 0);
  Give(30, kEop | kRs);
  Write<reg::Tdt>(2);
  world.RunFor(20 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 1u);
  EXPECT_EQ(world.sent[0].bytes.size(), 60u);
  EXPECT_EQ(world.sent[0].bytes[19], 0xA0);
  EXPECT_EQ(world.sent[0].bytes[20], 0xA1);
  EXPECT_EQ(world.sent[0].bytes[50], 0);
}

TEST_F(E1000Test, FramesLeaveAtAGigabit) {
  BringUp();
  for (int i = 0; i < 8; ++i) Give(60, kEop | kRs);
  Write<reg::Tdt>(8);
  world.RunFor(20 * kMicrosecond);
  ASSERT_EQ(world.sent.size(), 8u);
  EXPECT_EQ(world.sent[7].start - world.sent[6].start, 672 * kNanosecond);
}

TEST_F(E1000Test, ADelayedReportInterruptsLater) {
  BringUp();
  Write<reg::Ims>(1);
  Write<reg::Tidv>(100);
  Give(60, kEop | kRs | reg::TxLegacy::Ide::kMask);
  Write<reg::Tdt>(1);
  world.RunFor(50 * kMicrosecond);
  EXPECT_TRUE(Sent(0));
  EXPECT_FALSE(world.intx);
  world.RunFor(100 * kMicrosecond);
  EXPECT_TRUE(world.intx);
}

TEST_F(E1000Test, BadDescriptorsHangTransmitAndAreReported) {
  BringUp();
  Give(60, kEop | kRs);
  Give(60, kEop | reg::TxLegacy::Dext::kMask);
  Give(60, kEop | kRs);
  Write<reg::Tdt>(3);
  world.RunFor(20 * kMicrosecond);
  ExpectError(DriverError::kBadDescriptor);
  EXPECT_TRUE(Sent(0));
  EXPECT_FALSE(Sent(2));
}

TEST_F(E1000Test, MistakesOfADriverAreReported) {
  BringUp();
  Write<reg::Tdbal>(0);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Tdh>(0);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Tdt>(16);
  ExpectError(DriverError::kBadGeometry);
  nic->RegisterWrite(0x5F000 & 0x1FFFC, 1);
  ExpectError(DriverError::kUnknownRegister);
  nic->RegisterRead(0x10000);
  ExpectError(DriverError::kUnknownRegister);
  nic->RegisterRead(0x102);
  ExpectError(DriverError::kUnaligned);
  Write<reg::Tctl>(1);
  ExpectError(DriverError::kReservedBits);
  world.RunFor(100 * kMicrosecond);
  Write<reg::Tdt>(5);
  ExpectError(DriverError::kDisabledQueue);
  Write<reg::Tdlen>(100);
  ExpectError(DriverError::kReservedBits);
  Write<reg::Tdlen>(0);
  Write<reg::Tctl>(2);
  ExpectError(DriverError::kBadGeometry);
}

TEST_F(E1000Test, AReceivedFrameIsInMemoryBeforeThePinTellsOfIt) {
  BringUp();
  Write<reg::Ims>(reg::Ims::Rxt0::kMask);
  Arrive(FrameTo(Ours(), 77));
  EXPECT_TRUE(world.intx);
  ASSERT_TRUE(Done(0));
  const uint64_t word = At(rx, 0)->q1;
  EXPECT_EQ(reg::RxLegacy::Length::Get(word), 77u);
  EXPECT_EQ(reg::RxLegacy::Eop::Get(word), 1u);
  EXPECT_EQ(At(rx, 0)->q0, buffers) << "the first word is left alone";
  EXPECT_EQ(world.Memory(buffers)[76], 0x11);
  EXPECT_EQ(Read<reg::Rdh>(), 1u);
}

TEST_F(E1000Test, ALongFrameTakesSeveralBuffersAndEndsInTheLast) {
  BringUp({}, reg::Rctl::Lpe::kMask);
  Arrive(FrameTo(Ours(), 5000));
  world.RunFor(20 * kMicrosecond);
  for (uint32_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(Done(i));
    EXPECT_EQ(reg::RxLegacy::Eop::Get(At(rx, i)->q1), i == 2 ? 1u : 0u);
    EXPECT_EQ(reg::RxLegacy::Length::Get(At(rx, i)->q1), i == 2 ? 904u : 2048u);
  }
}

TEST_F(E1000Test, WithoutBuffersFramesWaitAndWithoutRoomTheyAreMissed) {
  BringUp();
  for (int i = 0; i < 70; ++i) Arrive(FrameTo(Ours(), 1514));
  EXPECT_EQ(Read<reg::Rnbc>(), 55u);
  EXPECT_EQ(Read<reg::Gprc>(), 15u + 32);
  EXPECT_EQ(Read<reg::Mpc>(), 70u - 15 - 32);
  EXPECT_NE(Read<reg::Icr>() & reg::Icr::Rxo::kMask, 0u);
  for (uint32_t i = 0; i < kSlots; ++i) At(rx, i)->q1 = 0;
  Write<reg::Rdt>(14);
  world.RunFor(50 * kMicrosecond);
  EXPECT_TRUE(Done(15)) << "what waited comes when there is a buffer";
  Write<reg::Rctl>(0);  // the rest is lost
}

TEST_F(E1000Test, FiltersTakeWhatTheyAreTold) {
  BringUp();
  const std::vector<uint8_t> group = {0x01, 0x00, 0x5E, 0x12, 0x34, 0x56};
  Arrive(FrameTo({0x02, 9, 9, 9, 9, 9}));
  Arrive(FrameTo(group));
  EXPECT_EQ(Read<reg::Gprc>(), 0u);
  Arrive(FrameTo({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}));
  Arrive(FrameTo(Ours()));
  EXPECT_EQ(Read<reg::Gprc>(), 2u);
  EXPECT_EQ(Read<reg::Bprc>(), 1u);
  Write<reg::Mta>(1u << 0x563 % 32, 0x563 / 32);
  Arrive(FrameTo(group));
  EXPECT_EQ(Read<reg::Mprc>(), 1u);
  Write<reg::Rctl>(Read<reg::Rctl>() | reg::Rctl::Upe::kMask | reg::Rctl::Vfe::kMask);
  Arrive(FrameTo({0x02, 9, 9, 9, 9, 9}));
  EXPECT_EQ(Read<reg::Gprc>(), 2u);
  std::vector<uint8_t> tagged = FrameTo(Ours());
  tagged[12] = 0x81;
  tagged[13] = 0x00;
  tagged[14] = 0x00;
  tagged[15] = 69;
  Arrive(tagged);
  EXPECT_EQ(Read<reg::Gprc>(), 0u);
  Write<reg::Vfta>(1u << 5, 2);
  Arrive(tagged);
  EXPECT_EQ(Read<reg::Gprc>(), 1u);
}

TEST_F(E1000Test, BadFramesAreCountedByKindAndNotTaken) {
  BringUp();
  Arrive(FrameTo(Ours()), false);
  Arrive(FrameTo(Ours(), 59));
  Arrive(FrameTo(Ours(), 58), false);
  Arrive(FrameTo(Ours(), 1519));
  Arrive(FrameTo(Ours(), 1519), false);
  EXPECT_EQ(Read<reg::Crcerrs>(), 1u);
  EXPECT_EQ(Read<reg::Ruc>(), 1u);
  EXPECT_EQ(Read<reg::Rfc>(), 1u);
  EXPECT_EQ(Read<reg::Roc>(), 1u);
  EXPECT_EQ(Read<reg::Rjc>(), 1u);
  EXPECT_EQ(Read<reg::Tpr>(), 5u);
  EXPECT_EQ(Read<reg::Gprc>(), 0u);
  Arrive(FrameTo(Ours(), 1518));
  EXPECT_EQ(Read<reg::Gorcl>(), 1522u);
  EXPECT_EQ(Read<reg::Gorch>(), 0u);
  EXPECT_EQ(Read<reg::Gorcl>(), 0u) << "the high half cleared both";
}

TEST_F(E1000Test, TheCrcStaysUnlessItIsToBeStripped) {
  BringUp();
  Write<reg::Rctl>(0);
  world.RunFor(100 * kMicrosecond);
  Write<reg::Rdh>(0);
  Write<reg::Rdt>(0);
  Write<reg::Rctl>(reg::Rctl::En::kMask);
  Write<reg::Rdt>(15);
  world.RunFor(10 * kMicrosecond);
  Arrive(FrameTo(Ours(), 60));
  EXPECT_EQ(reg::RxLegacy::Length::Get(At(rx, 0)->q1), 64u);
}

TEST_F(E1000Test, ThePinIsThrottledAndNothingIsLost) {
  BringUp();
  Write<reg::Itr>(1000);  // 256 us
  Write<reg::Ims>(reg::Ims::Rxt0::kMask);
  Arrive(FrameTo(Ours()));
  EXPECT_TRUE(world.intx);
  (void)Read<reg::Icr>();
  Arrive(FrameTo(Ours()));
  EXPECT_FALSE(world.intx);
  world.RunFor(260 * kMicrosecond);
  EXPECT_TRUE(world.intx);
}

TEST_F(E1000Test, AMaskedCauseInterruptsWhenItIsUnmasked) {
  BringUp();
  Arrive(FrameTo(Ours()));
  EXPECT_FALSE(world.intx);
  Write<reg::Ims>(reg::Ims::Rxt0::kMask);
  EXPECT_FALSE(world.intx) << "inside the write";
  world.RunFor(kMicrosecond);
  EXPECT_TRUE(world.intx);
  Write<reg::Imc>(~0u);
  world.RunFor(kMicrosecond);
  EXPECT_FALSE(world.intx);
}

TEST_F(E1000Test, AReceiveDelayWaitsForMoreAndAnAbsoluteOneDoesNotWaitForEver) {
  BringUp();
  Write<reg::Rdtr>(50);
  Write<reg::Radv>(80);
  Write<reg::Ims>(reg::Ims::Rxt0::kMask);
  for (int i = 0; i < 3; ++i) {
    Arrive(FrameTo(Ours()));
    world.RunFor(15 * kMicrosecond);
    EXPECT_FALSE(world.intx) << i;
  }
  world.RunFor(30 * kMicrosecond);
  EXPECT_TRUE(world.intx);
}

TEST_F(E1000Test, PauseFramesEndInTheMacAndStopTransmitIfAsked) {
  BringUp({}, reg::Rctl::Dpf::kMask);
  Write<reg::Fcal>(0x00C28001);
  Write<reg::Fcah>(0x0100);
  Write<reg::Fct>(0x8808);
  std::vector<uint8_t> pause = FrameTo({0x01, 0x80, 0xC2, 0x00, 0x00, 0x01});
  pause[12] = 0x88;
  pause[13] = 0x08;
  pause[14] = 0;
  pause[15] = 1;
  pause[16] = pause[17] = 0xFF;
  Arrive(pause);
  EXPECT_EQ(Read<reg::Xoffrxc>(), 1u);
  EXPECT_FALSE(Done(0));
  Give(60, kEop | kRs);
  Write<reg::Tdt>(1);
  world.RunFor(20 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 1u) << "obeyed unasked";
}

TEST_F(E1000Test, RefusedMemoryHangsTheEngineAndNothingElse) {
  BringUp();
  *At(tx, 0) = {TestWorld::kNowhere, 60 | kEop | kRs | reg::TxLegacy::Ifcs::kMask};
  tail = 1;
  Give(60, kEop | kRs);
  Write<reg::Tdt>(2);
  world.RunFor(20 * kMicrosecond);
  expected_faults = 1;
  EXPECT_EQ(nic->dma_faults(), 1u);
  EXPECT_FALSE(Sent(0));
  Arrive(FrameTo(Ours()));
  EXPECT_TRUE(Done(0));
}

TEST_F(E1000Test, ResetsAtAnyMomentLeaveNothingBehind) {
  for (Time after = 0; after < 6 * kMicrosecond; after += 130 * kNanosecond) {
    SCOPED_TRACE(after);
    tail = 0;
    BringUp();
    for (int i = 0; i < 5; ++i) Give(600, kEop | kRs);
    Write<reg::Tdt>(5);
    FramePointer frame = world.pool.Get();
    frame->bytes = FrameTo(Ours(), 1500);
    nic->FrameReceived(std::move(frame));
    world.RunFor(after);
    Write<reg::Ctrl>(0x04000040);
    world.RunFor(10 * kMillisecond);
    EXPECT_TRUE(nic->Idle());
  }
}

}  // namespace
}  // namespace mapwire::sim
