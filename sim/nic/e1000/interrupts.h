// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Interrupt causes, mask, pin and throttling of the 82540EM model.
#ifndef SIM_NIC_E1000_INTERRUPTS_H_
#define SIM_NIC_E1000_INTERRUPTS_H_

#include <cstdint>

#include "sim/nic/e1000/options.h"
#include "sim/nic/e1000/register_file.h"

namespace mapwire::sim::nic82540 {

// The pin is asserted while a cause of ICR is let through by the mask, but no sooner than ITR
// allows after the last time it went up. A read of ICR takes all causes, masked ones too.
class Interrupts {
 public:
  Interrupts(DeviceWorld& world, RegisterFile& registers, const E1000Options& options);

  // To be called behind the DMA writes that a cause announces.
  void Cause(uint32_t bits);
  void Reset();
  void KickExpired();
  void ThrottleExpired() { Evaluate(); }

 private:
  void Evaluate();
  void EvaluateSoon();
  uint32_t ReadIcr(uint32_t);
  void WriteIcr(uint32_t, uint32_t value);
  void WriteIcs(uint32_t, uint32_t value);
  uint32_t ReadIms(uint32_t) { return mask_; }
  void WriteIms(uint32_t, uint32_t value);
  void WriteImc(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  const E1000Options& options_;
  bool pin_ = false;
  bool kick_pending_ = false;
  uint32_t causes_ = 0;
  uint32_t mask_ = 0;
  Time next_ = 0;  // earliest time the pin may go up again
};

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_INTERRUPTS_H_
