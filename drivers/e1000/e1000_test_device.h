// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// For tests: a register file that answers as a willing 82540EM does, with a driver on top.
#ifndef DRIVERS_E1000_E1000_TEST_DEVICE_H_
#define DRIVERS_E1000_E1000_TEST_DEVICE_H_

#include <cstdint>
#include <vector>

#include "core/nic/driver.h"
#include "drivers/e1000/e1000_bring_up.h"
#include "drivers/e1000/e1000_device.h"
#include "drivers/e1000/e1000_regs.h"
#include "testing/mmio/fake_heap.h"
#include "testing/mmio/fake_sleeper.h"
#include "testing/mmio/recording_mmio.h"

namespace mapwire::e1000 {

// Registers answer at once and as they should; a test then spoils what it is about.
class TestDevice {
 public:
  TestDevice() : mmio(AllRegisters::kRows), eeprom(64, 0), phy(32, 0) {
    eeprom[0] = 0x0102;  // 02:01:02:03:04:05
    eeprom[1] = 0x0302;
    eeprom[2] = 0x0504;
    SealEeprom();
    phy[2] = 0x0141;
    phy[3] = 0x0C23;
    mmio.Set(hw::Value<Manc>(0x00022B00));
    mmio.Set(hw::Value<Ctrl>(0x40140A40));  // forced speed, tags stripped: somebody was here
    SetLink(true);
    mmio.OnWrite<Ctrl>([this](uint32_t, uint32_t value, uint32_t& stored) {
      if (hw::Value<Ctrl>(value).Get<Ctrl::Rst>() == 1) {
        ++resets;
        mask = 0;
        traffic_at_reset = mmio.Get<Rctl>().raw() | mmio.Get<Tctl>().Get<Tctl::En>();
        if (reset_clears) {
          mmio.Set(hw::Value<Tctl>());
          mmio.Set(hw::Value<Rctl>());
        }
      }
      stored = value & ~Ctrl::Rst::kMask;
    });
    mmio.OnWrite<Eerd>([this](uint32_t, uint32_t value, uint32_t& stored) {
      const auto eerd = hw::Value<Eerd>(value);
      const uint32_t word = eerd.Get<Eerd::Addr>();
      const uint32_t data = word < eeprom.size() ? eeprom[word] : 0xFFFF;
      stored = eerd.With<Eerd::Data>(data).With<Eerd::Done>(1).raw();
    });
    mmio.OnWrite<Mdic>([this](uint32_t, uint32_t value, uint32_t& stored) {
      auto mdic = hw::Value<Mdic>(value);
      const uint32_t number = mdic.Get<Mdic::Regadd>();
      const bool there = mdic.Get<Mdic::Phyadd>() == kPhyAddress;
      if (there && mdic.Get<Mdic::Op>() == kMdicWrite) {
        phy[number] = static_cast<uint16_t>(mdic.Get<Mdic::Data>());
      } else if (there) {
        mdic = mdic.With<Mdic::Data>(phy[number]);
      }
      stored = mdic.With<Mdic::R>(1).With<Mdic::E>(!there).raw();
    });
    // Sets and clears of the mask meet in one word; a read of the causes takes them.
    mmio.OnWrite<Ims>([this](uint32_t, uint32_t value, uint32_t&) { mask |= value; });
    mmio.OnWrite<Imc>([this](uint32_t, uint32_t value, uint32_t&) { mask &= ~value; });
    mmio.OnRead<Icr>([](uint32_t, uint32_t& stored) {
      const uint32_t causes = stored;
      stored = 0;
      return causes;
    });
  }

  void SetLink(bool up, uint32_t speed = 2) {
    mmio.Set(hw::Value<Status>(0x80000000).With<Status::Lu>(up).With<Status::Speed>(speed));
  }
  // Makes the words sum up to 0xBABA.
  void SealEeprom() {
    uint16_t sum = 0;
    for (uint32_t i = 0; i < kEepromChecksumWord; ++i) sum = static_cast<uint16_t>(sum + eeprom[i]);
    eeprom[kEepromChecksumWord] = static_cast<uint16_t>(kEepromChecksum - sum);
  }

  Device device() { return {mmio.mmio(), &sleeper}; }
  nic::DriverResources resources() { return {mmio.mmio(), nullptr, &sleeper, &heap}; }

  testing::RecordingMmio mmio;
  testing::FakeSleeper sleeper;
  testing::FakeHeap heap;
  std::vector<uint16_t> eeprom;
  std::vector<uint16_t> phy;
  int resets = 0;
  bool reset_clears = true;       // of RCTL and TCTL: QEMU's does not
  uint32_t traffic_at_reset = 0;  // not 0: it was on
  uint32_t mask = 0;              // causes let through
};

}  // namespace mapwire::e1000

#endif  // DRIVERS_E1000_E1000_TEST_DEVICE_H_
