// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/control.h"

#include <algorithm>
#include <bit>

#include "sim/nic/ixgbe/timers.h"

namespace mapwire::sim::nic82599 {
namespace {

// The firmware twins of the software bits.
constexpr uint32_t kFirmwareBits = 0x1F << 5;

// Of the firmware section: where it stands, the word that points to its patch block, where that
// stands, and the word of it that has the version. Drivers warn of a version below 6 on fibre
// boards; the places are from memory.
constexpr uint32_t kFirmwarePointer = 0x0F;
constexpr uint16_t kFirmware = 0x40;
constexpr uint16_t kFirmwarePatch = 0x50;
constexpr uint16_t kFirmwareVersion = 6;

// Words 0..2 hold the MAC address (that place is from memory; drivers read RAL/RAH), the pointers
// to sections that count in the sum are empty, word 0x3F makes the sum right.
std::vector<uint16_t> DefaultImage(const std::array<uint8_t, 6>& mac) {
  std::vector<uint16_t> image(0x80, 0xFFFF);
  for (uint32_t i = 0; i < 3; ++i)
    image[i] = static_cast<uint16_t>(mac[2 * i] | mac[2 * i + 1] << 8);
  image[kFirmwarePointer] = kFirmware;
  image[kFirmware + 4] = kFirmwarePatch;
  image[kFirmwarePatch + 7] = kFirmwareVersion;
  uint16_t sum = 0;
  for (uint32_t i = 0; i < reg::kEepromChecksumWord; ++i)
    sum = static_cast<uint16_t>(sum + image[i]);
  image[reg::kEepromChecksumWord] = static_cast<uint16_t>(reg::kEepromChecksum - sum);
  return image;
}

}  // namespace

Control::Control(DeviceWorld& world, RegisterFile& registers, const IxgbeOptions& options)
    : world_(world),
      registers_(registers),
      options_(options),
      image_(options.eeprom.empty() ? DefaultImage(options.mac) : options.eeprom),
      serial_(image_) {
  registers_.OnRead<reg::Eec, &Control::ReadEec>(this);
  registers_.OnWrite<reg::Eec, &Control::WriteEec>(this);
  registers_.OnWrite<reg::Eerd, &Control::WriteEerd>(this);
  registers_.OnRead<reg::Swsm, &Control::ReadSwsm>(this);
  registers_.OnWrite<reg::Swsm, &Control::WriteSwsm>(this);
  registers_.OnWrite<reg::SwFwSync, &Control::WriteSwFwSync>(this);
  registers_.OnWrite<reg::Msca, &Control::WriteMsca>(this);
  registers_.OnWrite<reg::Msrwd, &Control::WriteMsrwd>(this);
}

void Control::Reset() {
  reading_ = false;
  serial_.Reset();
  world_.CancelTimer(kTimerEeprom);
  world_.CancelTimer(kTimerMdio);
  // A power of two of words, 64 at least.
  const size_t words = std::max<size_t>(image_.size(), 64);
  registers_.SetField<reg::Eec, reg::Eec::EeSize>(static_cast<uint32_t>(std::bit_width(words - 1)) -
                                                  6);
}

void Control::AutoRead() {
  registers_.SetField<reg::Eec, reg::Eec::AutoRd>(1);
  const auto& mac = options_.mac;
  registers_.Set<reg::Ral>(uint32_t{mac[0]} | uint32_t{mac[1]} << 8 | uint32_t{mac[2]} << 16 |
                           uint32_t{mac[3]} << 24);
  registers_.Set<reg::Rah>(uint32_t{mac[4]} | uint32_t{mac[5]} << 8 | reg::Rah::Av::kMask);
}

uint16_t Control::Word(uint32_t address) const {
  return address < image_.size() ? image_[address] : 0xFFFF;
}

uint32_t Control::ReadEec(uint32_t) {
  return hw::Value<reg::Eec>(registers_.Raw<reg::Eec>())
      .With<reg::Eec::EeDo>(serial_.out() ? 1 : 0)
      .raw();
}

// Who asks for the pins has them: no firmware competes. The chip select is low when it selects.
void Control::WriteEec(uint32_t, uint32_t value) {
  using E = reg::Eec;
  constexpr uint32_t kPins = E::EeSk::kMask | E::EeCs::kMask | E::EeDi::kMask;
  constexpr uint32_t kWritable = kPins | E::Fwe::kMask | E::EeReq::kMask;
  const uint32_t before = registers_.Raw<E>();
  const bool granted = (value & E::EeReq::kMask) != 0;
  if (((before ^ value) & kPins) != 0 && (before & E::EeGnt::kMask) == 0) {
    registers_.Report(DriverError::kIllegalOrder, "EEPROM pins moved without EEC.EE_GNT:", value);
  }
  registers_.Set<E>((before & ~kWritable) | (value & kWritable));
  registers_.SetField<E, E::EeGnt>(granted ? 1 : 0);
  if (!granted) return serial_.Reset();
  const hw::Value<E> pins(value);
  serial_.Drive(pins.Get<E::EeCs>() == 0, pins.Get<E::EeSk>() != 0, pins.Get<E::EeDi>() != 0);
}

void Control::WriteEerd(uint32_t, uint32_t value) {
  const hw::Value<reg::Eerd> eerd(value);
  if (eerd.Get<reg::Eerd::Start>() == 0) return;
  if (reading_) {
    registers_.Report(DriverError::kIllegalOrder, "EERD started while a read runs:", value);
    return;
  }
  reading_ = true;
  registers_.Set<reg::Eerd>(eerd.With<reg::Eerd::Done>(0).raw());
  world_.SetTimer(kTimerEeprom, world_.Now() + options_.eeprom_delay);
}

void Control::EepromExpired() {
  reading_ = false;
  const hw::Value<reg::Eerd> eerd(registers_.Raw<reg::Eerd>());
  registers_.Set<reg::Eerd>(eerd.With<reg::Eerd::Start>(0)
                                .With<reg::Eerd::Done>(1)
                                .With<reg::Eerd::Data>(Word(eerd.Get<reg::Eerd::Addr>()))
                                .raw());
}

// The read that finds SMBI clear takes it.
uint32_t Control::ReadSwsm(uint32_t) {
  const uint32_t value = registers_.Raw<reg::Swsm>();
  registers_.SetField<reg::Swsm, reg::Swsm::Smbi>(1);
  return value;
}

void Control::WriteSwsm(uint32_t, uint32_t value) { registers_.Set<reg::Swsm>(value); }

void Control::WriteSwFwSync(uint32_t, uint32_t value) {
  if (registers_.Field<reg::Swsm, reg::Swsm::Swesmbi>() == 0) {
    registers_.Report(DriverError::kIllegalOrder,
                      "SW_FW_SYNC written without SWSM.SWESMBI:", value);
  }
  registers_.Set<reg::SwFwSync>(value & ~kFirmwareBits);
}

void Control::WriteMsca(uint32_t, uint32_t value) {
  registers_.Set<reg::Msca>(value);
  if (registers_.Field<reg::Msca, reg::Msca::Mdicmd>() == 0) return;
  world_.SetTimer(kTimerMdio, world_.Now() + options_.mdio_delay);
}

void Control::MdioExpired() {
  registers_.SetField<reg::Msca, reg::Msca::Mdicmd>(0);
  if (registers_.Field<reg::Msca, reg::Msca::Opcode>() >= 2) {
    registers_.SetField<reg::Msrwd, reg::Msrwd::Mdirddata>(0xFFFF);
  }
}

void Control::WriteMsrwd(uint32_t, uint32_t value) {
  registers_.SetField<reg::Msrwd, reg::Msrwd::Mdiwrdata>(value & 0xFFFF);
}

}  // namespace mapwire::sim::nic82599
