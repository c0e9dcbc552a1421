// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/link.h"

#include "sim/nic/ixgbe/timers.h"

namespace mapwire::sim::nic82599 {

Link::Link(DeviceWorld& world, RegisterFile& registers, Interrupts& interrupts,
           const IxgbeOptions& options)
    : world_(world), registers_(registers), interrupts_(interrupts), options_(options) {
  registers_.OnRead<reg::Links, &Link::ReadLinks>(this);
  registers_.OnRead<reg::Status, &Link::ReadStatus>(this);
  registers_.OnRead<reg::Esdp, &Link::ReadEsdp>(this);
  registers_.OnWrite<reg::Esdp, &Link::WriteEsdp>(this);
  registers_.OnRead<reg::I2cctl, &Link::ReadI2cctl>(this);
  registers_.OnWrite<reg::Autoc, &Link::WriteAutoc>(this);
  registers_.OnWrite<reg::Autoc2, &Link::WriteAutoc2>(this);
}

void Link::Reset(bool keep_link) {
  world_.CancelTimer(kTimerRestartAn);
  LoadDefaults();
  if (!keep_link) {
    if (state_ == State::kTraining) world_.CancelTimer(kTimerLinkUp);
    state_ = State::kDown;
    lost_since_read_ = true;
  }
  Reconsider();
}

void Link::LoadDefaults() {
  registers_.Set<reg::Autoc>(0);
  registers_.SetField<reg::Autoc, reg::Autoc::Lms>(options_.autoc_lms);
  registers_.Set<reg::Autoc2>(0);
  registers_.SetField<reg::Autoc2, reg::Autoc2::Pma10gSerial>(options_.autoc2_serial);
}

void Link::CarrierChanged(bool carrier) {
  carrier_ = carrier;
  Reconsider();
}

bool Link::Right() const {
  if (Forced()) return true;
  const hw::Value<reg::Esdp> esdp(registers_.Raw<reg::Esdp>());
  const bool laser_off =
      esdp.Get<reg::Esdp::Sdp3Iodir>() != 0 && esdp.Get<reg::Esdp::Sdp3Data>() != 0;
  return carrier_ && options_.module_present && !laser_off &&
         registers_.Field<reg::Autoc, reg::Autoc::Lms>() == reg::kLmsSerial10G &&
         registers_.Field<reg::Autoc2, reg::Autoc2::Pma10gSerial>() == reg::kPmaSerialSfi;
}

void Link::Reconsider() {
  if (!Right()) {
    GoDown();
  } else if (state_ == State::kDown) {
    state_ = State::kTraining;
    world_.SetTimer(kTimerLinkUp,
                    world_.Now() + (Forced() ? options_.restart_delay : options_.link_up_delay));
  }
}

void Link::GoDown() {
  if (state_ == State::kTraining) world_.CancelTimer(kTimerLinkUp);
  const bool was_up = up();
  state_ = State::kDown;
  lost_since_read_ = true;
  if (was_up) interrupts_.OtherCause(reg::Eicr::Lsc::kMask);
}

bool Link::UpExpired() {
  if (state_ != State::kTraining) return false;
  state_ = State::kUp;
  interrupts_.OtherCause(reg::Eicr::Lsc::kMask);
  return true;
}

// A restart loses the link and trains again once the bit has cleared itself.
void Link::RestartExpired() {
  registers_.SetField<reg::Autoc, reg::Autoc::RestartAn>(0);
  GoDown();
  Reconsider();
}

// LINK_STATUS latches low; that LINK_UP and the speed show an old loss in the same way is what
// drivers guard against by reading twice.
uint32_t Link::ReadLinks(uint32_t) {
  const bool lost = lost_since_read_;
  lost_since_read_ = !up();
  if (!up()) return 0;
  using L = reg::Links;
  hw::Value<L> links;
  links = links.With<L::KrSigDet>(1).With<L::L10gKrPcsEn>(1);
  if (lost && options_.links_latch_low) return links.raw();
  return links.With<L::LinkStatus>(1)
      .With<L::LinkUp>(1)
      .With<L::LinkSpeed>(reg::kLinkSpeed10G)
      .raw();
}

uint32_t Link::ReadStatus(uint32_t) {
  return hw::Value<reg::Status>(registers_.Raw<reg::Status>())
      .With<reg::Status::Linkup>(up() ? 1 : 0)
      .raw();
}

uint32_t Link::ReadEsdp(uint32_t) {
  hw::Value<reg::Esdp> esdp(registers_.Raw<reg::Esdp>());
  if (esdp.Get<reg::Esdp::Sdp2Iodir>() == 0) {
    esdp = esdp.With<reg::Esdp::Sdp2Data>(options_.module_present ? 1 : 0);
  }
  return esdp.raw();
}

void Link::WriteEsdp(uint32_t, uint32_t value) {
  registers_.Set<reg::Esdp>(value);
  Reconsider();
}

// Open drain with pull-ups: an input shows what we drive, and nothing ever answers.
uint32_t Link::ReadI2cctl(uint32_t) {
  hw::Value<reg::I2cctl> value(registers_.Raw<reg::I2cctl>());
  return value.With<reg::I2cctl::ClkIn>(value.Get<reg::I2cctl::ClkOut>())
      .With<reg::I2cctl::DataIn>(value.Get<reg::I2cctl::DataOut>())
      .raw();
}

void Link::WriteAutoc(uint32_t, uint32_t value) {
  registers_.Set<reg::Autoc>(value);
  if (registers_.Field<reg::Autoc, reg::Autoc::RestartAn>() != 0) {
    world_.SetTimer(kTimerRestartAn, world_.Now() + options_.restart_delay);
  }
  if (Forced() && state_ == State::kTraining) {
    world_.SetTimer(kTimerLinkUp, world_.Now() + options_.restart_delay);
  }
  Reconsider();
}

void Link::WriteAutoc2(uint32_t, uint32_t value) {
  registers_.Set<reg::Autoc2>(value);
  Reconsider();
}

}  // namespace mapwire::sim::nic82599
