// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Silence, then a clean slate: interrupts masked, traffic stopped, MAC and DMA reset.
#include "drivers/e1000/e1000_bring_up.h"

namespace mapwire::e1000 {

void MaskInterrupts(const Device& device) {
  hw::Write(device.mmio, hw::Value<Imc>(~0U));
  (void)hw::Read<Icr>(device.mmio);  // acknowledges whatever is there
}

// Not every part, real or not, resets these by a reset: so they are off before it.
void StopTraffic(const Device& device) {
  hw::Write(device.mmio, hw::Value<Rctl>());
  hw::Write(device.mmio, hw::Value<Tctl>().With<Tctl::Psp>(1));
  (void)Flush(device);
}

// One lineage resets this part through I/O space, because it may not acknowledge a 64-bit write
// during the reset (doubtful). Ours are of 32 bits.
mapwire::Status Reset(const Device& device) {
  const auto ctrl = hw::Read<Ctrl>(device.mmio);
  if (ctrl.raw() == kGone) return Errno::kIo;
  hw::Write(device.mmio, ctrl.With<Ctrl::Rst>(1));
  device.sleeper->DelayMicroseconds(kResetStartUs);
  MW_TRY(
      WaitFor<Ctrl>(device, kResetLimit, [](auto v) { return v.template Get<Ctrl::Rst>() == 0; }));
  device.sleeper->DelayMicroseconds(kAutoReadUs);
  MaskInterrupts(device);
  return kOkStatus;
}

void DisableManagement(const Device& device) {
  hw::Modify<Manc>(device.mmio, [](auto v) { return v.template With<Manc::ArpEn>(0); });
}

// A reset clears it, and we never do.
bool IsSetUp(const Device& device) { return hw::Read<Tctl>(device.mmio).Get<Tctl::Psp>() == 1; }

}  // namespace mapwire::e1000
