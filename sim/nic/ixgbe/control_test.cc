// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82599 model: reset, EEPROM, semaphores, link, interrupts, driver mistakes.
#include <set>

#include "sim/nic/ixgbe/inert_registers.h"
#include "sim/nic/ixgbe/test_driver.h"

namespace mapwire::sim {
namespace {

using Control = IxgbeTest;
using LinkTest = IxgbeTest;
using Interrupt = IxgbeTest;
using Mistake = IxgbeTest;
using Inert = IxgbeTest;

// ---- Reset, EEPROM, semaphores ----

TEST_F(Control, AfterPowerOnAutoReadThenDmaInitThenTheAddressIsThere) {
  nic = std::make_unique<Ixgbe>(world, IxgbeOptions());
  world.Attach(nic.get());
  EXPECT_EQ(Read<reg::Eec>() & reg::Eec::AutoRd::kMask, 0u);
  EXPECT_EQ(Read<reg::Rdrxctl>() & reg::Rdrxctl::Dmaidone::kMask, 0u);
  world.RunFor(1050 * kMicrosecond);
  EXPECT_NE(Read<reg::Eec>() & reg::Eec::AutoRd::kMask, 0u);
  EXPECT_EQ(Read<reg::Rdrxctl>() & reg::Rdrxctl::Dmaidone::kMask, 0u);
  world.RunFor(100 * kMicrosecond);
  EXPECT_NE(Read<reg::Rdrxctl>() & reg::Rdrxctl::Dmaidone::kMask, 0u);
  EXPECT_EQ(Read<reg::Ral>(), 0x825E0002u);
  EXPECT_EQ(Read<reg::Rah>(), 0x80000959u);
  EXPECT_EQ(nic->RegisterRead(0x5400), 0x825E0002u) << "the alias of RAL";
}

TEST_F(Control, EepromReadTakesTimeAndTheImageSumsUp) {
  PowerOn();
  uint16_t sum = 0;
  for (uint32_t word = 0; word <= reg::kEepromChecksumWord; ++word) {
    Write<reg::Eerd>(reg::Eerd::Start::kMask | word << reg::Eerd::Addr::kLow);
    EXPECT_EQ(Read<reg::Eerd>() & reg::Eerd::Done::kMask, 0u);
    world.RunFor(50 * kMicrosecond);
    ASSERT_NE(Read<reg::Eerd>() & reg::Eerd::Done::kMask, 0u);
    sum = static_cast<uint16_t>(sum + (Read<reg::Eerd>() >> 16));
  }
  EXPECT_EQ(sum, reg::kEepromChecksum);
}

// Drivers of fibre boards look for the version of the firmware, and for no word beyond the size.
TEST_F(Control, TheImageNamesAFirmwareThatDriversTrust) {
  PowerOn();
  const auto word = [&](uint32_t address) {
    EXPECT_LT(address, 64u << hw::Value<reg::Eec>(Read<reg::Eec>()).Get<reg::Eec::EeSize>());
    Write<reg::Eerd>(
        hw::Value<reg::Eerd>().With<reg::Eerd::Addr>(address).With<reg::Eerd::Start>(1).raw());
    world.RunFor(kMillisecond);
    return hw::Value<reg::Eerd>(Read<reg::Eerd>()).Get<reg::Eerd::Data>();
  };
  EXPECT_GT(word(word(word(0x0F) + 4) + 7), 5u);
}

// The EEPROM by its pins, as drivers read it that do not know its size yet.
class EepromPins : public IxgbeTest {
 protected:
  using E = reg::Eec;
  static constexpr uint32_t kRead = 0x03;
  static constexpr uint32_t kReadHigh = 0x0B;
  static constexpr uint32_t kReadStatus = 0x05;

  void Pin(uint32_t mask, bool level) {
    const uint32_t eec = Read<E>();
    Write<E>(level ? eec | mask : eec & ~mask);
  }
  void Take() {
    Pin(E::EeReq::kMask, true);
    ASSERT_EQ(hw::Value<E>(Read<E>()).Get<E::EeGnt>(), 1u);
    Write<E>(Read<E>() & ~(E::EeCs::kMask | E::EeSk::kMask));
  }
  // A pulse on the chip select ends the command that runs.
  void Standby() {
    Pin(E::EeCs::kMask, true);
    Pin(E::EeCs::kMask, false);
  }
  void Out(uint32_t value, uint32_t bits) {
    for (uint32_t bit = bits; bit-- > 0;) {
      Pin(E::EeDi::kMask, ((value >> bit) & 1) != 0);
      Pin(E::EeSk::kMask, true);
      Pin(E::EeSk::kMask, false);
    }
    Pin(E::EeDi::kMask, false);
  }
  uint32_t In(uint32_t bits) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < bits; ++i) {
      Pin(E::EeSk::kMask, true);
      value = value << 1 | hw::Value<E>(Read<E>()).Get<E::EeDo>();
      Pin(E::EeSk::kMask, false);
    }
    return value;
  }
  // The low byte comes first.
  uint16_t Word(uint32_t word) {
    Standby();
    Out(kReadStatus, 8);
    EXPECT_EQ(In(8) & 1, 0u) << "busy";
    Standby();
    Out(word * 2 > 0xFF ? kReadHigh : kRead, 8);
    Out(word * 2 & 0xFF, 8);
    const uint32_t low = In(8);
    return static_cast<uint16_t>(low | In(8) << 8);
  }
};

TEST_F(EepromPins, ReadWhatEerdReads) {
  IxgbeOptions options;
  for (uint16_t i = 0; i < 256; ++i) options.eeprom.push_back(static_cast<uint16_t>(i * 0x0203));
  PowerOn(options);
  Take();
  for (const uint32_t word : {0u, 1u, 0x3Fu, 0x7Fu, 0x80u, 0xFFu}) {
    EXPECT_EQ(Word(word), options.eeprom[word]) << word;
  }
}

TEST_F(EepromPins, WordsFollowOneAnother) {
  IxgbeOptions options;
  options.eeprom = {0x1122, 0x3344, 0x5566};
  PowerOn(options);
  Take();
  EXPECT_EQ(Word(0), 0x1122);
  EXPECT_EQ(In(16), 0x4433u);
  EXPECT_EQ(In(16), 0x6655u);
  EXPECT_EQ(In(16), 0xFFFFu) << "behind the image";
}

TEST_F(EepromPins, AGrantEndsWithTheRequestAndOtherBitsStay) {
  PowerOn();
  const uint32_t before = Read<reg::Eec>();
  Take();
  Out(kRead, 8);
  Pin(E::EeReq::kMask, false);
  EXPECT_EQ(hw::Value<E>(Read<E>()).Get<E::EeGnt>(), 0u);
  Take();
  EXPECT_EQ(Word(0), 0x0002) << "the command that was cut off is forgotten";
  Write<reg::Eec>(0);
  EXPECT_EQ(Read<reg::Eec>(), before & ~(E::EeSk::kMask | E::EeCs::kMask | E::EeDi::kMask));
}

TEST_F(EepromPins, MovedWithoutAGrantAreAMistake) {
  PowerOn();
  Write<reg::Eec>(Read<reg::Eec>() | E::EeSk::kMask);
  ExpectError(DriverError::kIllegalOrder);
}

TEST_F(Control, SemaphoreIsTakenByTheReadThatFindsItFree) {
  PowerOn();
  EXPECT_EQ(Read<reg::Swsm>() & 1, 0u);
  EXPECT_EQ(Read<reg::Swsm>() & 1, 1u);
  Write<reg::SwFwSync>(1);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Swsm>(3);
  EXPECT_EQ(Read<reg::Swsm>() & 2, 2u);
  Write<reg::SwFwSync>(1);
  EXPECT_EQ(Read<reg::SwFwSync>(), 1u);
  Write<reg::Swsm>(0);
  EXPECT_EQ(Read<reg::Swsm>() & 1, 0u);
}

TEST_F(Control, SoftwareResetClearsItselfLaterAndKeepsTheLink) {
  BringUp();
  Write<reg::Ctrl>(reg::Ctrl::Rst::kMask);
  EXPECT_NE(Read<reg::Ctrl>() & reg::Ctrl::Rst::kMask, 0u);
  Write<reg::Fctrl>(0);
  ExpectError(DriverError::kIllegalOrder);
  world.RunFor(kMillisecond);
  EXPECT_EQ(Read<reg::Ctrl>() & reg::Ctrl::Rst::kMask, 0u);
  EXPECT_EQ(Read<reg::Fctrl>(), 0u);
  EXPECT_TRUE(nic->link_up());
  EXPECT_NE(Read<reg::Mta>(5), 0u) << "undefined after reset";
}

TEST_F(Control, LinkResetTakesTheLinkDown) {
  BringUp();
  Write<reg::Ctrl>(reg::Ctrl::Lrst::kMask);
  world.RunFor(600 * kMicrosecond);
  EXPECT_FALSE(nic->link_up());
  world.RunFor(2 * kMillisecond);
  EXPECT_TRUE(nic->link_up());
}

TEST_F(Control, MasterDisableIsAnsweredWhenOutstandingDmaIsDone) {
  BringUp();
  Ring ring = TxRing(0, 64);
  GiveFrame(ring, 1);
  Doorbell(ring);
  world.RunFor(200 * kNanosecond);  // the descriptor read is under way
  Write<reg::Ctrl>(reg::Ctrl::PcieMasterDis::kMask);
  EXPECT_NE(Read<reg::Status>() & reg::Status::PcieMasterEnStatus::kMask, 0u);
  world.RunFor(500 * kNanosecond);
  EXPECT_NE(Read<reg::Status>() & reg::Status::PcieMasterEnStatus::kMask, 0u);
  world.RunFor(2 * kMicrosecond);
  EXPECT_EQ(Read<reg::Status>() & reg::Status::PcieMasterEnStatus::kMask, 0u);
  EXPECT_EQ(world.sent_count, 0u);
  Write<reg::Ctrl>(0);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.sent_count, 1u) << "what was held goes on";
}

TEST_F(Control, MasterDisableWritesBackWhatWaitsAndThenIsSilent) {
  BringUp();
  Ring ring = RxRing(0, 64);
  FramePointer frame = world.pool.Get();
  frame->bytes = FrameTo(OurAddress());
  nic->FrameReceived(std::move(frame));  // alone in its write-back batch
  Write<reg::Ctrl>(reg::Ctrl::PcieMasterDis::kMask);
  world.RunFor(200 * kNanosecond);
  EXPECT_NE(Read<reg::Status>() & reg::Status::PcieMasterEnStatus::kMask, 0u);
  world.RunFor(300 * kNanosecond);
  EXPECT_EQ(Read<reg::Status>() & reg::Status::PcieMasterEnStatus::kMask, 0u);
  EXPECT_TRUE(RxDone(ring, 0));
  std::memset(At(ring, 0), 0, 16);
  Arrive(FrameTo(OurAddress()));
  EXPECT_FALSE(RxDone(ring, 0));
  EXPECT_FALSE(RxDone(ring, 1));
  Write<reg::Ctrl>(0);
  world.RunFor(10 * kMicrosecond);
  EXPECT_TRUE(RxDone(ring, 1));
}

TEST_F(Control, ResetWithDmaOutstandingIsReportedAndSurvived) {
  BringUp();
  Ring ring = TxRing(0, 64);
  for (int i = 0; i < 10; ++i) GiveFrame(ring, 1);
  Doorbell(ring);
  world.RunFor(1300 * kNanosecond);  // data reads are under way
  Write<reg::Ctrl>(reg::Ctrl::Rst::kMask);
  ExpectError(DriverError::kIllegalOrder);
  nic->BusReset();
  world.RunFor(5 * kMillisecond);
  EXPECT_EQ(world.sent_count, 0u);
}

TEST_F(Control, StatusIgnoresWrites) {
  PowerOn();
  const uint32_t before = Read<reg::Status>();
  Write<reg::Status>(0x7FFFF30F);
  EXPECT_EQ(Read<reg::Status>(), before);
}

TEST_F(Control, MdioCommandClearsItselfAndNobodyAnswers) {
  PowerOn();
  Write<reg::Msca>(reg::Msca::Mdicmd::kMask | 3u << reg::Msca::Opcode::kLow);
  EXPECT_NE(Read<reg::Msca>() & reg::Msca::Mdicmd::kMask, 0u);
  world.RunFor(kMillisecond);
  EXPECT_EQ(Read<reg::Msca>() & reg::Msca::Mdicmd::kMask, 0u);
  EXPECT_EQ(Read<reg::Msrwd>() >> 16, 0xFFFFu);
}

TEST_F(Control, ReceiveQuiesceAnswersLater) {
  PowerOn();
  Write<reg::Secrxctrl>(reg::Secrxctrl::RxDis::kMask);
  EXPECT_EQ(Read<reg::Secrxstat>() & reg::Secrxstat::SecrxRdy::kMask, 0u);
  world.RunFor(10 * kMicrosecond);
  EXPECT_NE(Read<reg::Secrxstat>() & reg::Secrxstat::SecrxRdy::kMask, 0u);
}

// ---- Link ----

TEST_F(LinkTest, ComesUpAfterTheDelayAndShowsTheOldLossOnce) {
  PowerOn();
  EXPECT_EQ(Read<reg::Links>() & reg::Links::LinkUp::kMask, 0u);
  nic->CarrierChanged(true);
  world.RunFor(500 * kMicrosecond);
  EXPECT_FALSE(nic->link_up());
  world.RunFor(kMillisecond);
  EXPECT_EQ(Read<reg::Links>() & reg::Links::LinkUp::kMask, 0u) << "latched";
  const hw::Value<reg::Links> links(Read<reg::Links>());
  EXPECT_EQ(links.Get<reg::Links::LinkUp>(), 1u);
  EXPECT_EQ(links.Get<reg::Links::LinkSpeed>(), reg::kLinkSpeed10G);
  EXPECT_NE(Read<reg::Status>() & reg::Status::Linkup::kMask, 0u);
}

TEST_F(LinkTest, EveryChangeRaisesLsc) {
  BringUp();
  EXPECT_EQ(Read<reg::Eicr>(), reg::Eicr::Lsc::kMask);
  EXPECT_EQ(Read<reg::Eicr>(), 0u);
  nic->CarrierChanged(false);
  EXPECT_EQ(Read<reg::Eicr>(), reg::Eicr::Lsc::kMask);
  EXPECT_FALSE(nic->link_up());
}

TEST_F(LinkTest, WrongModeOrLaserOffKeepsItDown) {
  PowerOn();
  Write<reg::Esdp>(reg::Esdp::Sdp3Iodir::kMask | reg::Esdp::Sdp3Data::kMask);
  nic->CarrierChanged(true);
  world.RunFor(5 * kMillisecond);
  EXPECT_FALSE(nic->link_up());
  Write<reg::Esdp>(reg::Esdp::Sdp3Iodir::kMask);
  world.RunFor(5 * kMillisecond);
  EXPECT_TRUE(nic->link_up());
  EXPECT_NE(Read<reg::Esdp>() & reg::Esdp::Sdp2Data::kMask, 0u) << "module present";
  Write<reg::Autoc>(0);
  EXPECT_FALSE(nic->link_up());
}

TEST_F(LinkTest, ForcedUpWithoutLight) {
  PowerOn();
  Write<reg::Autoc>(Read<reg::Autoc>() | reg::Autoc::Flu::kMask);
  EXPECT_FALSE(nic->link_up());
  world.RunFor(50 * kMicrosecond);
  EXPECT_TRUE(nic->link_up());
  Write<reg::Autoc>(Read<reg::Autoc>() & ~reg::Autoc::Flu::kMask);
  EXPECT_FALSE(nic->link_up());
}

TEST_F(LinkTest, RestartClearsItselfAndTrainsAgain) {
  BringUp();
  Write<reg::Autoc>(Read<reg::Autoc>() | reg::Autoc::RestartAn::kMask);
  EXPECT_NE(Read<reg::Autoc>() & reg::Autoc::RestartAn::kMask, 0u);
  world.RunFor(100 * kMicrosecond);
  EXPECT_EQ(Read<reg::Autoc>() & reg::Autoc::RestartAn::kMask, 0u);
  EXPECT_FALSE(nic->link_up());
  world.RunFor(5 * kMillisecond);
  EXPECT_TRUE(nic->link_up());
}

// ---- Interrupts ----

constexpr uint32_t kMsixMode = reg::Gpie::MultipleMsix::kMask | reg::Gpie::Ocd::kMask |
                               reg::Gpie::Eiame::kMask | reg::Gpie::PbaSupport::kMask;

TEST_F(Interrupt, UnmaskedCauseSendsOneMessageUntilItIsClearedAndSetAgain) {
  PowerOn();
  Write<reg::Gpie>(kMsixMode);
  Write<reg::Eims>(1u << 3);
  Write<reg::Eics>(1u << 3);
  EXPECT_TRUE(world.messages.empty()) << "nothing happens inside the write";
  world.RunFor(10 * kMicrosecond);
  ASSERT_EQ(world.messages.size(), 1u);
  EXPECT_EQ(world.messages[0].vector, 3u);
  EXPECT_EQ(Read<reg::Eicr>(), 1u << 3) << "no auto-clear asked for";
  Write<reg::Eics>(1u << 3);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 1u);
  Write<reg::Eicr>(1u << 3);
  Write<reg::Eics>(1u << 3);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 2u);
}

TEST_F(Interrupt, AutoClearDropsTheCauseWithTheMessage) {
  PowerOn();
  Write<reg::Gpie>(kMsixMode);
  Write<reg::Eiac>(1u << 3);
  Write<reg::Eims>(1u << 3);
  for (size_t i = 1; i <= 3; ++i) {
    Write<reg::Eics>(1u << 3);
    world.RunFor(10 * kMicrosecond);
    EXPECT_EQ(world.messages.size(), i);
    EXPECT_EQ(Read<reg::Eics>(), 0u);
  }
}

TEST_F(Interrupt, AutoMaskHoldsTheNextMessageUntilUnmasked) {
  PowerOn();
  Write<reg::Gpie>(kMsixMode);
  Write<reg::Eiac>(1u << 3);
  Write<reg::Eiam>(1u << 3);
  Write<reg::Eims>(1u << 3);
  Write<reg::Eics>(1u << 3);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 1u);
  EXPECT_EQ(Read<reg::Eims>(), 0u);
  Write<reg::Eics>(1u << 3);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 1u);
  Write<reg::EimsEx>(1u << 3);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 2u) << "a pending cause fires when unmasked";
}

TEST_F(Interrupt, ThrottleSpacesMessages) {
  PowerOn();
  Write<reg::Gpie>(kMsixMode);
  Write<reg::Eiac>(1u << 3);
  Write<reg::Eims>(1u << 3);
  Write<reg::Eitr>(hw::Value<reg::Eitr>().With<reg::Eitr::ItrInterval>(10).raw(), 3);  // 20 us
  for (int i = 0; i < 50; ++i) {
    Write<reg::Eics>(1u << 3);
    world.RunFor(2 * kMicrosecond);
  }
  ASSERT_GE(world.messages.size(), 4u);
  ASSERT_LE(world.messages.size(), 6u);
  EXPECT_EQ(world.messages[2].at - world.messages[1].at, 20 * kMicrosecond);
}

TEST_F(Interrupt, LinkChangeUsesTheMiscVectorAndStaysInEicr) {
  PowerOn();
  Write<reg::Gpie>(kMsixMode);
  Write<reg::IvarMisc>((0x80u | 5) << 8);
  Write<reg::Eims>(reg::Eicr::Lsc::kMask);
  LinkUp();
  ASSERT_EQ(world.messages.size(), 1u);
  EXPECT_EQ(world.messages[0].vector, 5u);
  EXPECT_EQ(Read<reg::Eics>(), reg::Eicr::Lsc::kMask) << "EICS reads without clearing";
  EXPECT_EQ(Read<reg::Eicr>(), reg::Eicr::Lsc::kMask);
  EXPECT_EQ(Read<reg::Eics>(), 0u);
}

TEST_F(Interrupt, LinkLossByRegisterWriteIsToldAfterTheWrite) {
  BringUp();
  Write<reg::Gpie>(kMsixMode);
  Write<reg::IvarMisc>((0x80u | 5) << 8);
  Read<reg::Eicr>();
  Write<reg::Eims>(reg::Eicr::Lsc::kMask);
  Write<reg::Autoc>(0);
  world.RunFor(50 * kNanosecond);
  Write<reg::Eimc>(1);  // more writes do not put the message off
  world.RunFor(60 * kNanosecond + TestWorld::kWriteLatency);
  EXPECT_EQ(world.messages.size(), 1u);
}

TEST_F(Interrupt, LegacyPinFollowsCauseAndMask) {
  PowerOn();
  Write<reg::Eims>(1);
  Write<reg::Eics>(1);
  EXPECT_FALSE(world.intx);
  world.RunFor(10 * kMicrosecond);
  EXPECT_TRUE(world.intx);
  Write<reg::Eimc>(1);
  world.RunFor(10 * kMicrosecond);
  EXPECT_FALSE(world.intx);
  Write<reg::Eims>(1);
  world.RunFor(10 * kMicrosecond);
  EXPECT_TRUE(world.intx);
  EXPECT_EQ(Read<reg::Eicr>(), 1u);
  world.RunFor(10 * kMicrosecond);
  EXPECT_FALSE(world.intx);
}

TEST_F(Interrupt, QueueCauseBehindTheWriteBackOfItsDescriptor) {
  BringUp();
  Write<reg::Gpie>(kMsixMode);
  Write<reg::Eiac>(0xFFFF);
  Write<reg::Ivar>(0x80u | 2 | (0x80u | 7) << 8);  // Rx 0 on vector 2, Tx 0 on 7
  Write<reg::Eims>(0xFFFF);
  Ring rx = RxRing(0, 64);
  Ring tx = TxRing(0, 64);
  std::vector<uint32_t> seen;
  world.on_message = [&](uint32_t vector) {
    seen.push_back(vector);
    EXPECT_TRUE(vector == 2 ? RxDone(rx, 0) : TxDone(tx, 0));
  };
  Arrive(FrameTo(OurAddress()));
  GiveFrame(tx, 1);
  Doorbell(tx);
  world.RunFor(10 * kMicrosecond);
  EXPECT_EQ(seen, (std::vector<uint32_t>{2, 7}));
}

// ---- Mistakes ----

TEST_F(Mistake, UnknownAndUnalignedRegisters) {
  PowerOn();
  EXPECT_EQ(nic->RegisterRead(0x0FFC0), 0u);
  ExpectError(DriverError::kUnknownRegister);
  nic->RegisterWrite(0x7FFFC, 1);
  ExpectError(DriverError::kUnknownRegister);
  EXPECT_EQ(nic->RegisterRead(0x0001), 0u);
  ExpectError(DriverError::kUnaligned);
}

TEST_F(Mistake, DoorbellToQueueThatIsOffIsReportedAndLost) {
  BringUp();
  Write<reg::Tdt>(4, 2);
  ExpectError(DriverError::kDisabledQueue);
  Write<reg::Rdt>(4, 2);
  ExpectError(DriverError::kDisabledQueue);
  EXPECT_EQ(Read<reg::Tdt>(2), 0u);
}

TEST_F(Mistake, TailBeyondTheRingOrBackwards) {
  BringUp();
  RxRing(0, 64, false, 10);
  Write<reg::Rdt>(64);
  ExpectError(DriverError::kBadGeometry);
  Write<reg::Rdt>(5);
  ExpectError(DriverError::kIllegalOrder);
  EXPECT_EQ(Read<reg::Rdt>(), 10u);
}

TEST_F(Mistake, BadGeometryLeavesTheQueueOff) {
  BringUp();
  Write<reg::Tdbal>(static_cast<uint32_t>(TestWorld::kBase) + 64);
  Write<reg::Tdlen>(1024);
  Write<reg::Txdctl>(reg::Txdctl::Enable::kMask);
  world.RunFor(50 * kMicrosecond);
  ExpectError(DriverError::kBadGeometry);
  EXPECT_EQ(Read<reg::Txdctl>() & reg::Txdctl::Enable::kMask, 0u);
  Write<reg::Rdlen>(1000);
  Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask);
  world.RunFor(50 * kMicrosecond);
  ExpectError(DriverError::kBadGeometry);
}

TEST_F(Mistake, EnableBeforeTransmitDmaAndThresholdWithHeadWriteBack) {
  PowerOn();
  Write<reg::Txdctl>(reg::Txdctl::Enable::kMask, 1);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Txdctl>(0, 1);
  Write<reg::Dmatxctl>(reg::Dmatxctl::Te::kMask);
  TxRing(0, 64, /*head_writeback=*/true, /*wthresh=*/4);
  ExpectError(DriverError::kIllegalOrder);
}

TEST_F(Mistake, ReservedBitsAreReportedAndNotStored) {
  BringUp();
  Write<reg::Vlnctrl>(0x80008100);
  ExpectError(DriverError::kReservedBits);
  EXPECT_EQ(Read<reg::Vlnctrl>(), 0x00008100u);
}

TEST_F(Mistake, QueueLayoutChangedWhileTheArbiterRuns) {
  PowerOn();
  Write<reg::Mtqc>(0);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Rttdcs>(reg::Rttdcs::Arbdis::kMask);
  Write<reg::Mtqc>(0);
}

TEST_F(Mistake, CrcStripDisagreement) {
  PowerOn();
  Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
  RxRing(0, 64);
  ExpectError(DriverError::kIllegalOrder);
  Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
  ExpectError(DriverError::kIllegalOrder);
}

// ---- Registers a driver may touch without consequence ----

TEST_F(Inert, NoAddressIsAlsoThatOfARegisterWithEffect) {
  std::set<uint32_t> seen;
  for (const hw::RegisterRow& row : reg::AllRegisters::kRows) {
    for (uint32_t i = 0; i < row.count; ++i) seen.insert(row.offset + i * row.stride);
  }
  for (const reg::RegisterAlias& alias : reg::kAliases) {
    for (uint32_t i = 0; i < alias.count; ++i) seen.insert(alias.offset + i * alias.stride);
  }
  for (const hw::RegisterRow& row : nic82599::kInertRegisters) {
    EXPECT_TRUE(row.count == 1 || row.stride != 0) << row.name;
    for (uint32_t i = 0; i < row.count; ++i) {
      EXPECT_TRUE(seen.insert(row.offset + i * row.stride).second) << row.name << " element " << i;
    }
  }
}

TEST_F(Inert, WhatIsWrittenIsKeptAndCountersStayZero) {
  PowerOn();
  for (const hw::RegisterRow& row : nic82599::kInertRegisters) {
    for (uint32_t i = 0; i < row.count; ++i) {
      const uint32_t at = row.offset + i * row.stride;
      nic->RegisterWrite(at, 0x00A5A5A0);
      const uint32_t kept = row.access == hw::Access::kReadWrite ? 0x00A5A5A0 : 0;
      EXPECT_EQ(nic->RegisterRead(at), kept) << row.name << " element " << i;
    }
  }
}

TEST_F(Inert, FlowDirectorTakesTheTableAndEveryCommand) {
  PowerOn();
  Write<reg::Fdirctrl>(1);
  EXPECT_EQ(Read<reg::Fdirctrl>(), 1u);
  world.RunFor(20 * kMicrosecond);
  EXPECT_EQ(Read<reg::Fdirctrl>(), 1 | reg::Fdirctrl::InitDone::kMask);
  constexpr uint32_t kFdircmd = 0xEE2C;
  nic->RegisterWrite(kFdircmd, 0x8001);  // add
  EXPECT_EQ(nic->RegisterRead(kFdircmd), 0x8001u);
  world.RunFor(2 * kMicrosecond);
  EXPECT_EQ(nic->RegisterRead(kFdircmd), 0x8000u);
  nic->RegisterWrite(kFdircmd, 0x0007);  // query
  world.RunFor(2 * kMicrosecond);
  EXPECT_EQ(nic->RegisterRead(kFdircmd), 0u) << "no such filter";
}

TEST_F(Inert, ThereAreNoSecurityEngines) {
  PowerOn();
  EXPECT_NE(Read<reg::Sectxstat>() & reg::Sectxstat::SectxOffDis::kMask, 0u);
  EXPECT_NE(Read<reg::Secrxstat>() & reg::Secrxstat::SecrxOffDis::kMask, 0u);
  nic->RegisterWrite(0x8900, 0x80000008);
  EXPECT_EQ(nic->RegisterRead(0x8900), 8u) << "the command is over";
  nic->RegisterWrite(0x8E00, 0x4000000A);
  EXPECT_EQ(nic->RegisterRead(0x8E00), 10u);
}

TEST_F(Inert, BitsThatCountForNothingReadZero) {
  PowerOn();
  Write<reg::Rdbal>(~0u);
  EXPECT_EQ(Read<reg::Rdbal>(), 0xFFFFFF80u);
  nic->RegisterWrite(0xD008, 0xFFFFF);
  EXPECT_EQ(nic->RegisterRead(0xD008), 0xFFF80u);
  Write<reg::Tdbal>(~0u, 2);
  EXPECT_EQ(Read<reg::Tdbal>(2), 0xFFFFFF80u);
  Write<reg::Tdlen>(0xFFFFF, 2);
  EXPECT_EQ(Read<reg::Tdlen>(2), 0xFFF80u);
  Write<reg::Rah>(0x800CFFFF, 5);
  EXPECT_EQ(Read<reg::Rah>(5), 0x8000FFFFu);
  Write<reg::Eitr>(1950, 3);
  EXPECT_EQ(Read<reg::Eitr>(3), 1944u);
  Write<reg::Fctrl>(0x3400);
  EXPECT_EQ(Read<reg::Fctrl>(), 0x400u);
  Write<reg::Mrqc>(0x011A0001);
  EXPECT_EQ(Read<reg::Mrqc>(), 0x00120001u);
}

TEST_F(Inert, LinkFlowControlMayBeOnAndPriorityFlowControlMayNot) {
  PowerOn();
  Write<reg::Fccfg>(1 << reg::Fccfg::Tfce::kLow);
  Write<reg::Fccfg>(2 << reg::Fccfg::Tfce::kLow);
  ExpectError(DriverError::kReservedBits);
}

}  // namespace
}  // namespace mapwire::sim
