// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The link: copper, 10, 100 or 1000 Mb/s full duplex as the PHY negotiates it.
#include "core/platform/log.h"
#include "drivers/e1000/e1000_bring_up.h"

namespace mapwire::e1000 {
namespace {

// The M88E1011; the lowest four bits are its revision.
constexpr uint16_t kPhyId1 = 0x0141;
constexpr uint16_t kPhyId2 = 0x0C20;
constexpr uint16_t kRevisionMask = 0x000F;
constexpr uint16_t kSelector8023 = 1;

// Full duplex only, and no pause.
constexpr uint16_t kAdvertised = static_cast<uint16_t>(
    PhyAnar::Selector::Make(kSelector8023) | PhyAnar::T10fd::kMask | PhyAnar::Tx100fd::kMask);
constexpr uint16_t kAdvertised1000 = static_cast<uint16_t>(PhyCtrl1000::Adv1000fd::kMask);
constexpr uint16_t kNegotiate =
    static_cast<uint16_t>(PhyBmcr::AnEn::kMask | PhyBmcr::AnRestart::kMask);

Result<uint16_t> Transact(const Device& device, hw::Value<Mdic> request) {
  hw::Write(device.mmio, request.With<Mdic::Phyadd>(kPhyAddress));
  hw::Value<Mdic> answer;
  MW_TRY(WaitFor<Mdic>(device, kMdicLimit, [&answer](auto v) {
    answer = v;
    return v.template Get<Mdic::R>() == 1;
  }));
  if (answer.Get<Mdic::E>() == 1) return Errno::kIo;
  return static_cast<uint16_t>(answer.Get<Mdic::Data>());
}

}  // namespace

Result<uint16_t> ReadPhy(const Device& device, uint32_t number) {
  return Transact(device, hw::Value<Mdic>().With<Mdic::Op>(kMdicRead).With<Mdic::Regadd>(number));
}

mapwire::Status WritePhy(const Device& device, uint32_t number, uint16_t value) {
  return Transact(device, hw::Value<Mdic>()
                              .With<Mdic::Op>(kMdicWrite)
                              .With<Mdic::Regadd>(number)
                              .With<Mdic::Data>(value))
      .status();
}

mapwire::Status SetUpLink(const Device& device) {
  MW_ASSIGN_OR_RETURN(const uint16_t id1, ReadPhy(device, PhyPhyid1::kNumber));
  MW_ASSIGN_OR_RETURN(const uint16_t id2, ReadPhy(device, PhyPhyid2::kNumber));
  if (id1 != kPhyId1 || (id2 & ~kRevisionMask) != kPhyId2) {
    Log(platform::LogLevel::kError, "e1000: no driver for PHY %04x:%04x", id1, id2);
    return Errno::kIo;
  }
  // The MAC follows the PHY, whatever it finds; no pause, and tags stay in the frame.
  hw::Modify<Ctrl>(device.mmio, [](auto v) {
    return v.template With<Ctrl::Slu>(1)
        .template With<Ctrl::Asde>(1)
        .template With<Ctrl::Ilos>(0)
        .template With<Ctrl::Frcspd>(0)
        .template With<Ctrl::Frcdplx>(0)
        .template With<Ctrl::Rfce>(0)
        .template With<Ctrl::Tfce>(0)
        .template With<Ctrl::Vme>(0);
  });
  MW_TRY(WritePhy(device, PhyAnar::kNumber, kAdvertised));
  MW_TRY(WritePhy(device, PhyCtrl1000::kNumber, kAdvertised1000));
  return WritePhy(device, PhyBmcr::kNumber, kNegotiate);
}

nic::LinkState ReadLink(const Device& device, bool* gone) {
  constexpr uint32_t kMegabits[4] = {10, 100, 1'000, 1'000};
  const auto status = hw::Read<Status>(device.mmio);
  *gone = status.raw() == kGone;
  if (*gone || status.Get<Status::Lu>() == 0) return {};
  return {.up = true, .mbps = kMegabits[status.Get<Status::Speed>()]};
}

}  // namespace mapwire::e1000
