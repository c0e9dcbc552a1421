// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What the board says about itself: EEPROM words and the MAC address.
#include "core/platform/log.h"
#include "drivers/e1000/e1000_bring_up.h"

namespace mapwire::e1000 {

Result<uint16_t> ReadEepromWord(const Device& device, uint32_t word) {
  hw::Write(device.mmio, hw::Value<Eerd>().With<Eerd::Addr>(word).With<Eerd::Start>(1));
  uint32_t data = 0;
  MW_TRY(WaitFor<Eerd>(device, kEepromWordLimit, [&data](auto v) {
    data = v.template Get<Eerd::Data>();
    return v.template Get<Eerd::Done>() == 1;
  }));
  return static_cast<uint16_t>(data);
}

mapwire::Status ReadMac(const Device& device, uint8_t mac[6]) {
  uint16_t sum = 0;
  uint64_t address = 0;
  for (uint32_t word = 0; word < kEepromWords; ++word) {
    MW_ASSIGN_OR_RETURN(const uint16_t value, ReadEepromWord(device, word));
    sum = static_cast<uint16_t>(sum + value);
    if (word < 3) address |= uint64_t{value} << (16 * word);
  }
  if (sum != kEepromChecksum) {
    Log(platform::LogLevel::kError, "e1000: EEPROM checksum is 0x%04x", sum);
    return Errno::kIo;
  }
  const bool multicast = (address & 1) != 0;
  if (multicast || address == 0) {
    Log(platform::LogLevel::kError, "e1000: no station address in the EEPROM");
    return Errno::kIo;
  }
  for (uint32_t i = 0; i < 6; ++i) mac[i] = static_cast<uint8_t>(address >> (8 * i));
  return kOkStatus;
}

}  // namespace mapwire::e1000
