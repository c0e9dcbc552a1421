// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// For tests: a register file that answers as a willing 82599 does, with a driver on top.
#ifndef DRIVERS_IXGBE_IXGBE_TEST_DEVICE_H_
#define DRIVERS_IXGBE_IXGBE_TEST_DEVICE_H_

#include <cstdint>
#include <vector>

#include "core/nic/driver.h"
#include "drivers/ixgbe/ixgbe_bring_up.h"
#include "drivers/ixgbe/ixgbe_device.h"
#include "drivers/ixgbe/ixgbe_regs.h"
#include "testing/mmio/fake_heap.h"
#include "testing/mmio/fake_sleeper.h"
#include "testing/mmio/recording_mmio.h"

namespace mapwire::ixgbe {

// Registers answer at once and as they should; a test then spoils what it is about.
class TestDevice {
 public:
  TestDevice() : mmio(AllRegisters::kRows), eeprom(64, 0) {
    SealEeprom();
    mmio.Set(hw::Value<Status>().With<Status::PcieMasterEnStatus>(1));
    mmio.Set(hw::Value<Eec>().With<Eec::AutoRd>(1).With<Eec::EePres>(1));
    mmio.Set(hw::Value<Rdrxctl>().With<Rdrxctl::Dmaidone>(1));
    mmio.Set(hw::Value<Secrxstat>().With<Secrxstat::SecrxRdy>(1));
    mmio.Set(hw::Value<Ral>(0x03020102));  // 02:01:02:03:04:05
    mmio.Set(hw::Value<Rah>().With<Rah::Address>(0x0504).With<Rah::Av>(1));
    mmio.Set(hw::Value<Esdp>().With<Esdp::Sdp2Data>(1).With<Esdp::Sdp3Data>(1));
    mmio.Set(hw::Value<Autoc>().With<Autoc::Lms>(4));
    SetLink(true);
    mmio.OnWrite<Ctrl>([this](uint32_t, uint32_t value, uint32_t& stored) {
      const auto ctrl = hw::Value<Ctrl>(value);
      if (ctrl.Get<Ctrl::Rst>() == 1) ++resets;
      stored = value & ~(Ctrl::Rst::kMask | Ctrl::Lrst::kMask);
      const bool master = ctrl.Get<Ctrl::PcieMasterDis>() == 0 || ctrl.Get<Ctrl::Rst>() == 1;
      mmio.Set(mmio.Get<Status>().With<Status::PcieMasterEnStatus>(master));
    });
    mmio.SelfClearing<Autoc>(Autoc::RestartAn::kMask);
    // SMBI is taken by the read that finds it free.
    mmio.OnRead<Swsm>([](uint32_t, uint32_t& stored) {
      const uint32_t seen = stored;
      stored |= Swsm::Smbi::kMask;
      return seen;
    });
    mmio.OnWrite<Eerd>([this](uint32_t, uint32_t value, uint32_t& stored) {
      const auto eerd = hw::Value<Eerd>(value);
      const uint32_t word = eerd.Get<Eerd::Addr>();
      const uint32_t data = word < eeprom.size() ? eeprom[word] : 0xFFFF;
      stored = eerd.With<Eerd::Data>(data).With<Eerd::Done>(1).raw();
    });
    // Sets and clears of the mask meet in one word.
    mmio.OnWrite<Eims>([this](uint32_t, uint32_t value, uint32_t& stored) {
      stored |= value;
      mask |= value;
    });
    mmio.OnWrite<EimsEx>([this](uint32_t index, uint32_t value, uint32_t& stored) {
      stored |= value;
      if (index == 0) vector_mask |= value;
    });
    mmio.OnWrite<Eimc>([this](uint32_t, uint32_t value, uint32_t&) { mask &= ~value; });
    mmio.OnWrite<EimcEx>([this](uint32_t index, uint32_t value, uint32_t&) {
      if (index == 0) vector_mask &= ~value;
    });
    mmio.OnRead<Eics>([this](uint32_t, uint32_t&) { return mmio.Get<Eicr>().raw(); });
  }

  void SetLink(bool up) {
    mmio.Set(hw::Value<Links>().With<Links::LinkUp>(up).With<Links::LinkSpeed>(up ? 3 : 0));
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
  int resets = 0;
  uint32_t mask = 0;         // causes let through
  uint32_t vector_mask = 0;  // vectors let through
};

}  // namespace mapwire::ixgbe

#endif  // DRIVERS_IXGBE_IXGBE_TEST_DEVICE_H_
