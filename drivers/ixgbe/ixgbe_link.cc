// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The link: an SFP+ module on SFI at 10 Gb/s. Other media and other speeds are not set up.
#include "core/platform/log.h"
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

// SDP3 high turns the laser off. Only the level is ours; direction comes from the board's EEPROM.
void LightLaser(const Device& device) {
  const auto esdp = hw::Read<Esdp>(device.mmio);
  if (esdp.Get<Esdp::Sdp2Data>() == 0) {
    Log(platform::LogLevel::kWarning, "ixgbe: no SFP+ module, the link stays down");
  }
  hw::Write(device.mmio, esdp.With<Esdp::Sdp3Data>(0));
}

// RESTART_AN makes the new mode effective and clears itself.
mapwire::Status RestartLink(const Device& device, hw::Value<Autoc> autoc) {
  hw::Write(device.mmio, autoc.With<Autoc::RestartAn>(1));
  const mapwire::Status status = WaitFor<Autoc>(
      device, kRestartLinkLimit, 0, [](auto v) { return v.template Get<Autoc::RestartAn>() == 0; });
  if (status != Errno::kTimedOut) return status;
  // Not fatal: the link tells by itself whether it came.
  Log(platform::LogLevel::kWarning, "ixgbe: link restart does not finish");
  return kOkStatus;
}

uint32_t Megabits(hw::Value<Links> links) {
  constexpr uint32_t kMegabits[4] = {0, 100, 1'000, 10'000};
  return kMegabits[links.Get<Links::LinkSpeed>()];
}

}  // namespace

mapwire::Status SetUpLink(const Device& device) {
  LightLaser(device);
  // Firmware may be minding the link too: AUTOC belongs to who owns the MAC registers.
  MW_TRY(TakeOwnership(device, SwFwSync::SwMacCsrSm::kMask));
  hw::Modify<Autoc2>(device.mmio,
                     [](auto v) { return v.template With<Autoc2::Pma10gSerial>(kPmaSerialSfi); });
  const auto autoc = hw::Read<Autoc>(device.mmio).With<Autoc::Lms>(kLmsSerial10G);
  const mapwire::Status status = RestartLink(device, autoc);
  ReleaseOwnership(device, SwFwSync::SwMacCsrSm::kMask);
  return status;
}

void RestoreLinkMode(const Device& device, uint32_t autoc) {
  if (hw::Read<Autoc>(device.mmio).raw() == autoc) return;
  if (!TakeOwnership(device, SwFwSync::SwMacCsrSm::kMask).ok()) return;
  (void)RestartLink(device, hw::Value<Autoc>(autoc));
  ReleaseOwnership(device, SwFwSync::SwMacCsrSm::kMask);
}

nic::LinkState ReadLink(const Device& device, bool* gone) {
  // The first read may show a state latched long ago.
  (void)hw::Read<Links>(device.mmio);
  const auto links = hw::Read<Links>(device.mmio);
  *gone = links.raw() == kGone;
  if (*gone || links.Get<Links::LinkUp>() == 0) return {};
  return {.up = true, .mbps = Megabits(links)};
}

}  // namespace mapwire::ixgbe
