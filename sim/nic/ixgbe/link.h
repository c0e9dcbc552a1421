// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The line side of the 82599 model: SFI bring-up, link state, module presence.
#ifndef SIM_NIC_IXGBE_LINK_H_
#define SIM_NIC_IXGBE_LINK_H_

#include <cstdint>

#include "sim/nic/ixgbe/interrupts.h"
#include "sim/nic/ixgbe/options.h"
#include "sim/nic/ixgbe/register_file.h"

namespace mapwire::sim::nic82599 {

// The link is down, or training (everything is right, the up timer runs), or up. Right means: light
// on the line, a module, the laser on (SDP3 not driven high), AUTOC.LMS 10G serial and AUTOC2 SFI.
// AUTOC.FLU forces the link up whatever the line says, a restart delay later.
// Other modes and speeds, auto-negotiation pages and the module's I2C EEPROM are not modelled:
// I2CCTL reads idle lines, as with no device that answers.
class Link {
 public:
  enum class State : uint8_t { kDown, kTraining, kUp };

  Link(DeviceWorld& world, RegisterFile& registers, Interrupts& interrupts,
       const IxgbeOptions& options);

  bool up() const { return state_ == State::kUp; }
  // HLREG0.LPBK: frames go from the transmitter to the receiver, and the line is cut off.
  bool loopback() const { return registers_.Field<reg::Hlreg0, reg::Hlreg0::Lpbk>() != 0; }

  // A software reset keeps the link, a link reset or power on does not.
  void Reset(bool keep_link);
  // Puts the EEPROM's values into AUTOC and AUTOC2.
  void LoadDefaults();
  void CarrierChanged(bool carrier);
  // A change of state is returned as true; the owner restarts its transmitter.
  bool UpExpired();
  void RestartExpired();

 private:
  bool Forced() const { return registers_.Field<reg::Autoc, reg::Autoc::Flu>() != 0; }
  bool Right() const;
  void Reconsider();
  void GoDown();

  uint32_t ReadLinks(uint32_t);
  uint32_t ReadStatus(uint32_t);
  uint32_t ReadEsdp(uint32_t);
  void WriteEsdp(uint32_t, uint32_t value);
  uint32_t ReadI2cctl(uint32_t);
  void WriteAutoc(uint32_t, uint32_t value);
  void WriteAutoc2(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  Interrupts& interrupts_;
  const IxgbeOptions& options_;
  State state_ = State::kDown;
  bool carrier_ = false;
  bool lost_since_read_ = true;
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_LINK_H_
