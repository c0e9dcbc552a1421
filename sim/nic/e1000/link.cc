// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/link.h"

#include <algorithm>
#include <utility>

#include "sim/nic/e1000/timers.h"

namespace mapwire::sim::nic82540 {
namespace {

constexpr uint16_t kBmcr = reg::PhyBmcr::kNumber;
constexpr uint16_t kBmsr = reg::PhyBmsr::kNumber;
// What software cannot write: identity and state.
constexpr uint32_t kReadOnly = 1u << reg::PhyBmsr::kNumber | 1u << reg::PhyPhyid1::kNumber |
                               1u << reg::PhyPhyid2::kNumber | 1u << reg::PhyAnlpar::kNumber |
                               1u << reg::PhyAner::kNumber | 1u << reg::PhyStat1000::kNumber |
                               1u << reg::PhyExtstat::kNumber | 1u << reg::PhyM88Pssr::kNumber;
constexpr uint32_t kKnown = kReadOnly | 1u << reg::PhyBmcr::kNumber | 1u << reg::PhyAnar::kNumber |
                            1u << reg::PhyCtrl1000::kNumber | 1u << reg::PhyM88Pscr::kNumber |
                            1u << reg::PhyM88Ier::kNumber | 1u << reg::PhyM88Isr::kNumber |
                            1u << reg::PhyM88Epscr::kNumber | 1u << reg::PhyM88Recr::kNumber;

}  // namespace

Link::Link(DeviceWorld& world, RegisterFile& registers, Interrupts& interrupts,
           const E1000Options& options)
    : world_(world), registers_(registers), interrupts_(interrupts), options_(options) {
  registers_.OnRead<reg::Status, &Link::ReadStatus>(this);
  registers_.OnWrite<reg::Mdic, &Link::WriteMdic>(this);
}

void Link::PowerOn() {
  mdic_busy_ = false;
  world_.CancelTimer(kTimerMdic);
  ResetPhy();
}

void Link::ResetPhy() {
  phy_.fill(0);
  phy_[kBmcr] = 0x1140;
  phy_[kBmsr] = 0x794D & ~(reg::PhyBmsr::Link::kMask | reg::PhyBmsr::AnDone::kMask);
  phy_[reg::PhyPhyid1::kNumber] = 0x0141;
  phy_[reg::PhyPhyid2::kNumber] = 0x0C20;
  phy_[reg::PhyAnar::kNumber] = 0x0DE1;
  phy_[reg::PhyCtrl1000::kNumber] = 0x0E00;
  phy_[reg::PhyStat1000::kNumber] = 0x3C00;
  phy_[reg::PhyM88Pscr::kNumber] = 0x0360;
  phy_[reg::PhyM88Pssr::kNumber] = 0xAC00;
  phy_[reg::PhyM88Epscr::kNumber] = 0x0D60;
  Restart();
}

void Link::MacReset() {
  mdic_busy_ = false;
  world_.CancelTimer(kTimerMdic);
  // No interrupt for a change that the reset itself makes: whoever resets masks first.
  up_ = up_ && registers_.Field<reg::Ctrl, reg::Ctrl::Slu>() != 0;
}

void Link::CarrierChanged(bool carrier) {
  carrier_ = carrier;
  if (!carrier) {
    negotiating_ = false;
    world_.CancelTimer(kTimerNegotiation);
    PhyGoesDown();
    return Reconsider();
  }
  Restart();
}

// The PHY loses its link and looks for a new one.
void Link::Restart() {
  PhyGoesDown();
  negotiating_ = carrier_ && (phy_[kBmcr] &
                              (reg::PhyBmcr::Powerdown::kMask | reg::PhyBmcr::Isolate::kMask)) == 0;
  if (negotiating_) {
    world_.SetTimer(kTimerNegotiation, world_.Now() + options_.negotiation_delay);
  } else {
    world_.CancelTimer(kTimerNegotiation);
  }
}

void Link::PhyGoesDown() {
  phy_up_ = false;
  lost_since_read_ = true;
  Soon();
}

void Link::NegotiationExpired() {
  if (!negotiating_) return;
  negotiating_ = false;
  const uint32_t mbps = Agreed();
  if (mbps == 0) return;
  mbps_ = mbps;
  phy_up_ = true;
  Reconsider();
}

// The fastest that both ends can, 0 if there is none.
uint32_t Link::Agreed() const {
  const uint16_t bmcr = phy_[kBmcr];
  if ((bmcr & reg::PhyBmcr::AnEn::kMask) == 0) {
    // Forced: the partner must happen to be the same.
    const uint32_t forced = (bmcr & reg::PhyBmcr::SpeedMsb::kMask) != 0   ? 1000
                            : (bmcr & reg::PhyBmcr::SpeedLsb::kMask) != 0 ? 100
                                                                          : 10;
    return forced == options_.partner_mbps ? forced : 0;
  }
  const bool can1000 = (phy_[reg::PhyCtrl1000::kNumber] & reg::PhyCtrl1000::Adv1000fd::kMask) != 0;
  const uint16_t anar = phy_[reg::PhyAnar::kNumber];
  if (can1000 && options_.partner_mbps >= 1000) return 1000;
  if ((anar & reg::PhyAnar::Tx100fd::kMask) != 0 && options_.partner_mbps >= 100) return 100;
  return (anar & reg::PhyAnar::T10fd::kMask) != 0 ? 10 : 0;
}

void Link::Reconsider() {
  const bool up = phy_up_ && registers_.Field<reg::Ctrl, reg::Ctrl::Slu>() != 0;
  if (up == up_) return;
  up_ = up;
  came_up_ = up;
  interrupts_.Cause(reg::Icr::Lsc::kMask);
}

bool Link::TakeCameUp() { return std::exchange(came_up_, false); }

// Effects of a register write come later.
void Link::Soon() { world_.SetTimer(kTimerLinkKick, world_.Now() + options_.doorbell_delay); }

void Link::KickExpired() { Reconsider(); }

uint32_t Link::ReadStatus(uint32_t) {
  using S = reg::Status;
  const uint32_t speed = mbps_ == 1000 ? 2 : mbps_ == 100 ? 1 : 0;
  hw::Value<S> status = hw::Value<S>(0x80000000).With<S::Fd>(1).With<S::Mtxckok>(1);
  if (up_) status = status.With<S::Lu>(1).With<S::Speed>(speed).With<S::Asdv>(speed);
  return status.raw();
}

// ---- MDIC ----

void Link::WriteMdic(uint32_t, uint32_t value) {
  using M = reg::Mdic;
  if (mdic_busy_) {
    registers_.Report(DriverError::kIllegalOrder, "MDIC written before its R was set:", value);
    return;
  }
  registers_.Set<M>(hw::Value<M>(value).With<M::R>(0).With<M::E>(0).raw());
  mdic_busy_ = true;
  world_.SetTimer(kTimerMdic, world_.Now() + options_.mdic_delay);
}

void Link::MdicExpired() {
  using M = reg::Mdic;
  mdic_busy_ = false;
  hw::Value<M> mdic(registers_.Raw<M>());
  const uint32_t number = mdic.Get<M::Regadd>();
  const uint32_t op = mdic.Get<M::Op>();
  const bool good =
      mdic.Get<M::Phyadd>() == reg::kPhyAddress && (op == reg::kMdicWrite || op == reg::kMdicRead);
  if (good && op == reg::kMdicWrite) WritePhy(number, static_cast<uint16_t>(mdic.Get<M::Data>()));
  if (good && op == reg::kMdicRead) mdic = mdic.With<M::Data>(ReadPhy(number));
  registers_.Set<M>(mdic.With<M::R>(1).With<M::E>(good ? 0 : 1).raw());
  if (mdic.Get<M::I>() != 0) interrupts_.Cause(reg::Icr::Mdac::kMask);
}

uint16_t Link::ReadPhy(uint32_t number) {
  if ((kKnown >> number & 1) == 0) {
    registers_.Report(DriverError::kUnknownRegister, "no PHY register", number);
    return 0xFFFF;
  }
  if (number == reg::PhyM88Pssr::kNumber) {
    using P = reg::PhyM88Pssr;
    const uint32_t speed = mbps_ == 1000 ? 2 : mbps_ == 100 ? 1 : 0;
    return phy_up_ ? static_cast<uint16_t>(P::Speed::Make(speed) | P::Duplex::kMask |
                                           P::SpdDplxResolved::kMask | P::Link::kMask)
                   : 0;
  }
  if (number != kBmsr) return phy_[number];
  const bool lost = std::exchange(lost_since_read_, !phy_up_);
  uint16_t bmsr = phy_[kBmsr];
  if (phy_up_) bmsr |= reg::PhyBmsr::AnDone::kMask;
  if (phy_up_ && !lost) bmsr |= reg::PhyBmsr::Link::kMask;
  return bmsr;
}

void Link::WritePhy(uint32_t number, uint16_t value) {
  if ((kKnown >> number & 1) == 0 || (kReadOnly >> number & 1) != 0) {
    registers_.Report(DriverError::kUnknownRegister, "no PHY register to write:", number);
    return;
  }
  if (number != kBmcr) {
    phy_[number] = value;
    return;
  }
  if ((value & reg::PhyBmcr::Reset::kMask) != 0) return ResetPhy();
  constexpr uint16_t kMode = reg::PhyBmcr::Powerdown::kMask | reg::PhyBmcr::Isolate::kMask |
                             reg::PhyBmcr::AnEn::kMask | reg::PhyBmcr::SpeedMsb::kMask |
                             reg::PhyBmcr::SpeedLsb::kMask;
  const bool changed = ((phy_[kBmcr] ^ value) & kMode) != 0;
  phy_[kBmcr] = static_cast<uint16_t>(value & ~reg::PhyBmcr::AnRestart::kMask);
  if (changed || (value & reg::PhyBmcr::AnRestart::kMask) != 0) Restart();
}

}  // namespace mapwire::sim::nic82540
