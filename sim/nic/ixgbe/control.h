// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// EEPROM, semaphores and MDIO of the 82599 model.
#ifndef SIM_NIC_IXGBE_CONTROL_H_
#define SIM_NIC_IXGBE_CONTROL_H_

#include <cstdint>
#include <vector>

#include "sim/nic/ixgbe/options.h"
#include "sim/nic/ixgbe/register_file.h"
#include "sim/nic/ixgbe/serial_eeprom.h"

namespace mapwire::sim::nic82599 {

// Firmware is present and never holds a semaphore, nor the pins of the EEPROM. No PHY answers MDIO:
// reads give all ones.
class Control {
 public:
  Control(DeviceWorld& world, RegisterFile& registers, const IxgbeOptions& options);

  void Reset();
  // What the part loads from its EEPROM after reset.
  void AutoRead();
  void EepromExpired();
  void MdioExpired();

 private:
  uint16_t Word(uint32_t address) const;
  uint32_t ReadEec(uint32_t);
  void WriteEec(uint32_t, uint32_t value);
  void WriteEerd(uint32_t, uint32_t value);
  uint32_t ReadSwsm(uint32_t);
  void WriteSwsm(uint32_t, uint32_t value);
  void WriteSwFwSync(uint32_t, uint32_t value);
  void WriteMsca(uint32_t, uint32_t value);
  void WriteMsrwd(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  const IxgbeOptions& options_;
  std::vector<uint16_t> image_;
  SerialEeprom serial_;
  bool reading_ = false;
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_CONTROL_H_
