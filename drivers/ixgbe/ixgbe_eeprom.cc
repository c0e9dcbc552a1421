// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What the board says about itself: EEPROM words and the MAC address, shared with firmware.
#include "core/platform/log.h"
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

// The firmware's bit of SW_FW_SYNC for the same resource.
constexpr uint32_t kFirmwareShift = 5;

// Words that may point to further sections; that it is these is from memory.
constexpr uint32_t kFirstPointerWord = 0x03;
constexpr uint32_t kLastPointerWord = 0x0E;

void DropRegisterLock(const Device& device) {
  hw::Modify<Swsm>(device.mmio, [](auto v) {
    return v.template With<Swsm::Smbi>(0).template With<Swsm::Swesmbi>(0);
  });
}

mapwire::Status WaitForSoftware(const Device& device) {
  // The read that returns 0 takes the bit.
  return WaitFor<Swsm>(device, kRegisterLockLimit, 0,
                       [](auto v) { return v.template Get<Swsm::Smbi>() == 0; });
}

mapwire::Status WaitForFirmware(const Device& device) {
  bool gone = false;
  const mapwire::Status status = platform::WaitUntil(
      *device.sleeper, kRegisterLockLimit.step_us, kRegisterLockLimit.total_us, [&] {
        // The bit stays only if firmware does not hold its own.
        hw::Modify<Swsm>(device.mmio, [](auto v) { return v.template With<Swsm::Swesmbi>(1); });
        const auto swsm = hw::Read<Swsm>(device.mmio);
        gone = swsm.raw() == kGone;
        return swsm.Get<Swsm::Swesmbi>() == 1;
      });
  return gone ? mapwire::Status(Errno::kIo) : status;
}

// Guards SW_FW_SYNC: against the driver of the other port by SMBI, against firmware by SWESMBI.
mapwire::Status TakeRegisterLock(const Device& device) {
  mapwire::Status status = WaitForSoftware(device);
  if (status == Errno::kTimedOut) {
    // Nobody holds it this long: a driver died with it, and only we can give it back.
    Log(platform::LogLevel::kWarning, "ixgbe: taking over an abandoned software semaphore");
    DropRegisterLock(device);
    status = WaitForSoftware(device);
  }
  MW_TRY(status);
  status = WaitForFirmware(device);
  if (!status.ok()) DropRegisterLock(device);
  return status;
}

mapwire::Status SumWords(const Device& device, uint16_t* sum, bool* has_sections) {
  *sum = 0;
  *has_sections = false;
  for (uint32_t word = 0; word <= kEepromChecksumWord; ++word) {
    MW_ASSIGN_OR_RETURN(const uint16_t value, ReadEepromWord(device, word));
    *sum = static_cast<uint16_t>(*sum + value);
    const bool pointer = word >= kFirstPointerWord && word <= kLastPointerWord;
    if (pointer && value > kEepromChecksumWord && value != 0xFFFF) *has_sections = true;
  }
  return kOkStatus;
}

}  // namespace

mapwire::Status TakeOwnership(const Device& device, uint32_t software_bit) {
  mapwire::Status failure;
  const uint32_t taken = software_bit | software_bit << kFirmwareShift;
  const mapwire::Status status =
      platform::WaitUntil(*device.sleeper, kOwnershipLimit.step_us, kOwnershipLimit.total_us, [&] {
        failure = TakeRegisterLock(device);
        if (!failure.ok()) return true;
        const auto sync = hw::Read<SwFwSync>(device.mmio);
        const bool free = (sync.raw() & taken) == 0;
        if (free) hw::Write(device.mmio, hw::Value<SwFwSync>(sync.raw() | software_bit));
        DropRegisterLock(device);
        return free;
      });
  return failure.ok() ? status : failure;
}

void ReleaseOwnership(const Device& device, uint32_t software_bit) {
  // Without the lock the bit is cleared all the same: keeping it would lock out everybody else.
  const bool locked = TakeRegisterLock(device).ok();
  hw::Modify<SwFwSync>(
      device.mmio, [software_bit](auto v) { return hw::Value<SwFwSync>(v.raw() & ~software_bit); });
  if (locked) DropRegisterLock(device);
}

Result<uint16_t> ReadEepromWord(const Device& device, uint32_t word) {
  hw::Write(device.mmio, hw::Value<Eerd>().With<Eerd::Addr>(word).With<Eerd::Start>(1));
  uint32_t data = 0;
  MW_TRY(WaitFor<Eerd>(device, kEepromWordLimit, 0, [&data](auto v) {
    data = v.template Get<Eerd::Data>();
    return v.template Get<Eerd::Done>() == 1;
  }));
  return static_cast<uint16_t>(data);
}

mapwire::Status VerifyEeprom(const Device& device) {
  uint16_t sum = 0;
  bool has_sections = false;
  MW_TRY(TakeOwnership(device, SwFwSync::SwEepSm::kMask));
  const mapwire::Status status = SumWords(device, &sum, &has_sections);
  ReleaseOwnership(device, SwFwSync::SwEepSm::kMask);
  MW_TRY(status);
  if (sum == kEepromChecksum) return kOkStatus;
  if (has_sections) {
    // Sections count in the sum, by a rule only one lineage of drivers tells. Refusing a working
    // board over it would be worse than not knowing; a damaged address is found by ReadMac.
    Log(platform::LogLevel::kInfo, "ixgbe: EEPROM has sections, its checksum is not verified");
    return kOkStatus;
  }
  Log(platform::LogLevel::kError, "ixgbe: EEPROM checksum is 0x%04x", sum);
  return Errno::kIo;
}

mapwire::Status ReadMac(const Device& device, uint8_t mac[6]) {
  const uint32_t low = hw::Read<Ral>(device.mmio).raw();
  const auto high = hw::Read<Rah>(device.mmio);
  if (high.raw() == kGone) return Errno::kIo;
  const uint64_t address = uint64_t{high.Get<Rah::Address>()} << 32 | low;
  const bool multicast = (address & 1) != 0;
  if (high.Get<Rah::Av>() == 0 || multicast || address == 0) {
    Log(platform::LogLevel::kError, "ixgbe: no station address in the EEPROM");
    return Errno::kIo;
  }
  for (uint32_t i = 0; i < 6; ++i) mac[i] = static_cast<uint8_t>(address >> (8 * i));
  return kOkStatus;
}

}  // namespace mapwire::ixgbe
