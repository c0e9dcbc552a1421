// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/serial_eeprom.h"

namespace mapwire::sim::nic82599 {
namespace {

constexpr uint32_t kRead = 0x03;
constexpr uint32_t kNinthAddressBit = 0x08;
constexpr uint32_t kReadStatus = 0x05;
constexpr uint32_t kByteBits = 8;

}  // namespace

void SerialEeprom::Reset() {
  Begin(State::kCommand);
  clock_ = false;
}

void SerialEeprom::Begin(State state) {
  state_ = state;
  bits_ = 0;
  taken_ = 0;
  out_ = false;
}

void SerialEeprom::Drive(bool select_low, bool clock, bool in) {
  const bool rises = clock && !clock_;
  clock_ = clock;
  if (!select_low) return Begin(State::kCommand);
  if (!rises) return;
  if (state_ == State::kData || state_ == State::kStatus) {
    Show();
  } else {
    Take(in);
  }
}

void SerialEeprom::Take(bool bit) {
  taken_ = taken_ << 1 | (bit ? 1 : 0);
  if (++bits_ < kByteBits || state_ == State::kDeaf) return;
  if (state_ == State::kAddress) {
    address_ |= taken_;
    return Begin(State::kData);
  }
  if (taken_ == kReadStatus) return Begin(State::kStatus);
  if ((taken_ & ~kNinthAddressBit) != kRead) return Begin(State::kDeaf);
  address_ = (taken_ & kNinthAddressBit) != 0 ? 1 << kByteBits : 0;
  Begin(State::kAddress);
}

// The status is that of a part that is not busy: all bits are clear.
void SerialEeprom::Show() {
  if (state_ == State::kStatus) return;
  out_ = ((Byte() >> (kByteBits - 1 - bits_)) & 1) != 0;
  if (++bits_ < kByteBits) return;
  bits_ = 0;
  ++address_;
}

uint8_t SerialEeprom::Byte() const {
  const uint32_t word = address_ / 2;
  const uint32_t value = word < image_.size() ? image_[word] : 0xFFFF;
  return static_cast<uint8_t>(address_ % 2 == 0 ? value : value >> kByteBits);
}

}  // namespace mapwire::sim::nic82599
