// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/interrupts.h"

#include "sim/nic/e1000/timers.h"

namespace mapwire::sim::nic82540 {
namespace {

constexpr uint32_t kCauses = reg::Ims::Fields::kMask;

}  // namespace

Interrupts::Interrupts(DeviceWorld& world, RegisterFile& registers, const E1000Options& options)
    : world_(world), registers_(registers), options_(options) {
  using I = Interrupts;
  registers_.OnRead<reg::Icr, &I::ReadIcr>(this);
  registers_.OnWrite<reg::Icr, &I::WriteIcr>(this);
  registers_.OnWrite<reg::Ics, &I::WriteIcs>(this);
  registers_.OnRead<reg::Ims, &I::ReadIms>(this);
  registers_.OnWrite<reg::Ims, &I::WriteIms>(this);
  registers_.OnWrite<reg::Imc, &I::WriteImc>(this);
}

void Interrupts::Reset() {
  world_.CancelTimer(kTimerInterruptKick);
  world_.CancelTimer(kTimerThrottle);
  if (pin_) world_.SetIntx(false);
  pin_ = kick_pending_ = false;
  causes_ = mask_ = 0;
  next_ = 0;
}

void Interrupts::Cause(uint32_t bits) {
  causes_ |= bits;
  Evaluate();
}

void Interrupts::Evaluate() {
  const bool wanted = (causes_ & mask_) != 0;
  if (wanted == pin_) return;
  const Time now = world_.Now();
  if (wanted && now < next_) return world_.SetTimer(kTimerThrottle, next_);
  const Time interval =
      Time{registers_.Field<reg::Itr, reg::Itr::Interval>()} * reg::kItrStepNs * kNanosecond;
  if (wanted) next_ = now + interval;
  pin_ = wanted;
  world_.SetIntx(wanted);
}

// A register write never moves the pin itself. The first of several writes sets the time.
void Interrupts::EvaluateSoon() {
  if (kick_pending_) return;
  kick_pending_ = true;
  world_.SetTimer(kTimerInterruptKick, world_.Now() + options_.interrupt_delay);
}

void Interrupts::KickExpired() {
  kick_pending_ = false;
  Evaluate();
}

// The pin goes down with the read itself.
uint32_t Interrupts::ReadIcr(uint32_t) {
  uint32_t value = causes_;
  if (options_.int_asserted && (causes_ & mask_) != 0) value |= reg::Icr::IntAsserted::kMask;
  causes_ = 0;
  Evaluate();
  return value;
}

void Interrupts::WriteIcr(uint32_t, uint32_t value) {
  causes_ &= ~value;
  EvaluateSoon();
}

void Interrupts::WriteIcs(uint32_t, uint32_t value) {
  causes_ |= value & kCauses;
  EvaluateSoon();
}

void Interrupts::WriteIms(uint32_t, uint32_t value) {
  mask_ |= value & kCauses;
  EvaluateSoon();
}

void Interrupts::WriteImc(uint32_t, uint32_t value) {
  mask_ &= ~value;
  EvaluateSoon();
}

}  // namespace mapwire::sim::nic82540
