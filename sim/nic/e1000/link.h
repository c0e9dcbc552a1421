// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The line side of the 82540EM model: the PHY behind MDIC, negotiation, the MAC's view of the link.
#ifndef SIM_NIC_E1000_LINK_H_
#define SIM_NIC_E1000_LINK_H_

#include <array>
#include <cstdint>

#include "sim/nic/e1000/interrupts.h"
#include "sim/nic/e1000/options.h"
#include "sim/nic/e1000/register_file.h"

namespace mapwire::sim::nic82540 {

// The PHY is down, or negotiates (there is carrier, the timer runs), or up. The link of the MAC is
// up if the PHY is and CTRL.SLU says so. A reset of the MAC leaves the PHY alone (from memory);
// CTRL.PHY_RST and BMCR.RESET do not. Half duplex is not modelled.
class Link {
 public:
  Link(DeviceWorld& world, RegisterFile& registers, Interrupts& interrupts,
       const E1000Options& options);

  void PowerOn();
  // CTRL has been written, or reset.
  void CtrlChanged() { Soon(); }
  void MacReset();
  void CarrierChanged(bool carrier);
  void MdicExpired();
  void NegotiationExpired();
  void KickExpired();

  bool up() const { return up_; }
  // Of one byte on the line; 0 while the link is down.
  Time byte_time() const { return up_ ? 8'000'000 / mbps_ : 0; }
  // True, once, after the link came up.
  bool TakeCameUp();

 private:
  static constexpr uint32_t kRegisters = 32;

  uint16_t ReadPhy(uint32_t number);
  void WritePhy(uint32_t number, uint16_t value);
  void ResetPhy();
  void Restart();
  void PhyGoesDown();
  uint32_t Agreed() const;
  void Reconsider();
  void Soon();
  uint32_t ReadStatus(uint32_t);
  void WriteMdic(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  Interrupts& interrupts_;
  const E1000Options& options_;
  std::array<uint16_t, kRegisters> phy_ = {};
  bool carrier_ = false;
  bool negotiating_ = false;
  bool phy_up_ = false;
  bool lost_since_read_ = true;  // BMSR.LINK latches low
  bool up_ = false;
  bool came_up_ = false;
  bool mdic_busy_ = false;
  uint32_t mbps_ = 1000;
};

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_LINK_H_
