// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The serial EEPROM behind the pins of the 82599's EEC register: no registers here.
#ifndef SIM_NIC_IXGBE_SERIAL_EEPROM_H_
#define SIM_NIC_IXGBE_SERIAL_EEPROM_H_

#include <cstdint>
#include <vector>

namespace mapwire::sim::nic82599 {

// A part of the 25xx kind: selected while its pin is low; takes a bit, or shows the next, at each
// rising edge of the clock, the highest first. It knows READ and RDSR (never busy); what would
// write is taken and changes nothing. Addresses are of bytes and have 8 bits and, in the command, a
// ninth: 256 words at most, the low byte of each first.
class SerialEeprom {
 public:
  // `image` must outlive it.
  explicit SerialEeprom(const std::vector<uint16_t>& image) : image_(image) {}
  SerialEeprom(const SerialEeprom&) = delete;
  SerialEeprom& operator=(const SerialEeprom&) = delete;

  void Reset();
  // The levels the pins have from now on.
  void Drive(bool select_low, bool clock, bool in);
  // The level of its own pin.
  bool out() const { return out_; }

 private:
  enum class State : uint8_t { kCommand, kAddress, kData, kStatus, kDeaf };

  void Begin(State state);
  void Take(bool bit);
  void Show();
  uint8_t Byte() const;

  const std::vector<uint16_t>& image_;
  State state_ = State::kCommand;
  bool clock_ = false;
  bool out_ = false;
  uint32_t bits_ = 0;  // taken or shown since the state began
  uint32_t taken_ = 0;
  uint32_t address_ = 0;  // of a byte
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_SERIAL_EEPROM_H_
