// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/interrupts.h"

#include <bit>

#include "sim/nic/ixgbe/timers.h"

namespace mapwire::sim::nic82599 {
namespace {

constexpr uint32_t kIvarValid = 0x80;
constexpr uint32_t kIvarVector = 0x3F;

uint64_t Bit(uint32_t vector) { return uint64_t{1} << vector; }

}  // namespace

Interrupts::Interrupts(DeviceWorld& world, RegisterFile& registers, const IxgbeOptions& options)
    : world_(world), registers_(registers), options_(options) {
  using I = Interrupts;
  registers_.OnRead<reg::Eicr, &I::ReadEicr>(this);
  registers_.OnWrite<reg::Eicr, &I::WriteEicr>(this);
  registers_.OnRead<reg::Eics, &I::ReadEics>(this);
  registers_.OnWrite<reg::Eics, &I::WriteEics>(this);
  registers_.OnWrite<reg::EicsEx, &I::WriteEicsEx>(this);
  registers_.OnRead<reg::Eims, &I::ReadEims>(this);
  registers_.OnWrite<reg::Eims, &I::WriteEims>(this);
  registers_.OnWrite<reg::Eimc, &I::WriteEimc>(this);
  registers_.OnRead<reg::EimsEx, &I::ReadEimsEx>(this);
  registers_.OnWrite<reg::EimsEx, &I::WriteEimsEx>(this);
  registers_.OnWrite<reg::EimcEx, &I::WriteEimcEx>(this);
  registers_.OnWrite<reg::Gpie, &I::WriteGpie>(this);
  registers_.OnWrite<reg::Ivar, &I::WriteIvar>(this);
  registers_.OnWrite<reg::Eitr, &I::WriteEitr>(this);
  registers_.OnWrite<reg::Eitr24To127, &I::WriteEitr>(this, reg::Eitr::kCount);
}

void Interrupts::Reset() {
  for (uint32_t v = 0; v < kVectors; ++v) {
    if ((waiting_ & Bit(v)) != 0) world_.CancelTimer(kTimerVector + v);
  }
  world_.CancelTimer(kTimerInterruptKick);
  if (intx_) SetPin(false);
  msix_ = kick_pending_ = false;
  causes_ = enabled_ = armed_ = waiting_ = 0;
  other_ = other_enabled_ = 0;
  ivar_.fill(0);
  interval_.fill(0);
  next_.fill(0);
}

void Interrupts::QueueCause(uint32_t queue, unsigned shift) {
  // Word n: Rx 2n, Tx 2n, Rx 2n + 1, Tx 2n + 1, a byte each.
  const uint32_t entry = (ivar_[queue / 2] >> ((queue % 2) * 16 + shift)) & 0xFF;
  if ((entry & kIvarValid) == 0) return;
  const uint32_t vector = entry & kIvarVector;
  SetVectorCauses(Bit(msix() ? vector : vector % 16));
  Evaluate();
}

void Interrupts::OtherCause(uint32_t eicr_bits) {
  const uint32_t fresh = eicr_bits & kOtherBits & ~other_;
  other_ |= fresh;
  if ((fresh & other_enabled_) != 0) armed_ |= OtherVector();
  if (fresh != 0) EvaluateSoon();
}

void Interrupts::SetVectorCauses(uint64_t vectors) {
  armed_ |= vectors & ~causes_;
  causes_ |= vectors;
}

uint64_t Interrupts::OtherVector() const {
  if (registers_.Field<reg::IvarMisc, reg::IvarMisc::IntAllocVal1>() == 0) return 0;
  return Bit(registers_.Field<reg::IvarMisc, reg::IvarMisc::IntAlloc1>() & kIvarVector);
}

bool Interrupts::Pending(uint32_t vector) const {
  if ((causes_ & enabled_ & Bit(vector)) != 0) return true;
  return (other_ & other_enabled_) != 0 && OtherVector() == Bit(vector);
}

void Interrupts::Evaluate() {
  if (!msix()) return EvaluateLegacy();
  if (intx_) SetPin(false);
  const Time now = world_.Now();
  for (uint64_t todo = armed_ & ~waiting_; todo != 0; todo &= todo - 1) {
    const uint32_t vector = static_cast<uint32_t>(std::countr_zero(todo));
    if (!Pending(vector)) continue;
    if (now >= next_[vector]) {
      Fire(vector);
    } else {
      StartThrottle(vector);
    }
  }
}

// EITR[0] throttles the pin. Which EITR does so on real parts is from memory.
void Interrupts::EvaluateLegacy() {
  const bool wanted = ((causes_ & enabled_ & kQueueBits) != 0) || (other_ & other_enabled_) != 0;
  if (wanted == intx_) return;
  if (wanted && world_.Now() < next_[0]) {
    if ((waiting_ & Bit(0)) == 0) StartThrottle(0);
    return;
  }
  if (wanted) next_[0] = world_.Now() + interval_[0];
  SetPin(wanted);
}

void Interrupts::SetPin(bool asserted) {
  intx_ = asserted;
  world_.SetIntx(asserted);
}

void Interrupts::StartThrottle(uint32_t vector) {
  waiting_ |= Bit(vector);
  world_.SetTimer(kTimerVector + vector, next_[vector]);
}

void Interrupts::KickExpired() {
  kick_pending_ = false;
  Evaluate();
}

void Interrupts::VectorExpired(uint32_t vector) {
  waiting_ &= ~Bit(vector);
  Evaluate();
}

// Auto-clear and auto-mask happen as the message goes out. Vectors 16..63 have no bit in EIAC; that
// they clear by themselves is from memory.
void Interrupts::Fire(uint32_t vector) {
  armed_ &= ~Bit(vector);
  next_[vector] = world_.Now() + interval_[vector];
  const uint32_t eiac = registers_.Raw<reg::Eiac>();
  const bool auto_mask = registers_.Field<reg::Gpie, reg::Gpie::Eiame>() != 0;
  if (auto_mask && OtherVector() == Bit(vector)) {
    other_enabled_ &= ~(other_ & registers_.Raw<reg::Eiam>());
  }
  if ((causes_ & enabled_ & Bit(vector)) != 0) {
    if (vector >= 16 || (eiac >> vector & 1) != 0) causes_ &= ~Bit(vector);
    const uint32_t eiam = registers_.Raw<reg::EiamEx>(vector / 32) |
                          (vector < 16 ? registers_.Raw<reg::Eiam>() & kQueueBits : 0);
    if (auto_mask && (eiam >> (vector % 32) & 1) != 0) enabled_ &= ~Bit(vector);
  }
  if (OtherVector() == Bit(vector)) other_ &= ~(eiac & reg::Eicr::TcpTimer::kMask);
  world_.RaiseMsix(vector);
}

// A register write never sends a message itself. The first of several writes sets the time.
void Interrupts::EvaluateSoon() {
  if (kick_pending_) return;
  kick_pending_ = true;
  world_.SetTimer(kTimerInterruptKick, world_.Now() + options_.interrupt_delay);
}

// A cause that waited for its mask bit is owed a message.
void Interrupts::Unmask(uint64_t vectors, uint32_t other) {
  armed_ |= causes_ & vectors & ~enabled_;
  enabled_ |= vectors;
  if ((other_ & other & ~other_enabled_) != 0) armed_ |= OtherVector();
  other_enabled_ |= other & kOtherBits;
  EvaluateSoon();
}

void Interrupts::Mask(uint64_t vectors, uint32_t other) {
  enabled_ &= ~vectors;
  other_enabled_ &= ~other;
  EvaluateSoon();
}

// Doubtful (D1): with GPIE.OCD set a read is taken to clear the non-queue half only.
uint32_t Interrupts::ReadEicr(uint32_t) {
  const uint32_t value = Eicr();
  other_ = 0;
  if (registers_.Field<reg::Gpie, reg::Gpie::Ocd>() == 0) causes_ &= ~uint64_t{kQueueBits};
  if (!msix()) {
    const uint32_t eiam = registers_.Raw<reg::Eiam>();
    Mask(eiam & kQueueBits, eiam & kOtherBits);
  }
  return value;
}

void Interrupts::WriteEicr(uint32_t, uint32_t value) {
  causes_ &= ~uint64_t{value & kQueueBits};
  other_ &= ~value;
  EvaluateSoon();
}

void Interrupts::WriteEics(uint32_t, uint32_t value) {
  SetVectorCauses(value & kQueueBits);
  const uint32_t fresh = value & kOtherBits & ~other_;
  other_ |= fresh;
  if ((fresh & other_enabled_) != 0) armed_ |= OtherVector();
  EvaluateSoon();
}

void Interrupts::WriteEicsEx(uint32_t word, uint32_t value) {
  SetVectorCauses(uint64_t{value} << (32 * word));
  EvaluateSoon();
}

uint32_t Interrupts::ReadEims(uint32_t) {
  return static_cast<uint32_t>(enabled_ & kQueueBits) | other_enabled_;
}

void Interrupts::WriteEims(uint32_t, uint32_t value) {
  Unmask(value & kQueueBits, value & kOtherBits);
}

void Interrupts::WriteEimc(uint32_t, uint32_t value) {
  Mask(value & kQueueBits, value & kOtherBits);
}

uint32_t Interrupts::ReadEimsEx(uint32_t word) {
  return static_cast<uint32_t>(enabled_ >> (32 * word));
}

void Interrupts::WriteEimsEx(uint32_t word, uint32_t value) {
  Unmask(uint64_t{value} << (32 * word), 0);
}

void Interrupts::WriteEimcEx(uint32_t word, uint32_t value) {
  Mask(uint64_t{value} << (32 * word), 0);
}

void Interrupts::WriteGpie(uint32_t, uint32_t value) {
  registers_.Set<reg::Gpie>(value);
  msix_ = registers_.Field<reg::Gpie, reg::Gpie::MultipleMsix>() != 0;
  EvaluateSoon();
}

void Interrupts::WriteIvar(uint32_t index, uint32_t value) {
  registers_.Set<reg::Ivar>(value, index);
  ivar_[index] = value;
}

void Interrupts::WriteEitr(uint32_t vector, uint32_t value) {
  const hw::Value<reg::Eitr> eitr(value);
  if (vector < reg::Eitr::kCount) {
    registers_.Set<reg::Eitr>(value & reg::Eitr::ItrInterval::kMask, vector);
  } else {
    registers_.Set<reg::Eitr24To127>(value & reg::Eitr::ItrInterval::kMask,
                                     vector - reg::Eitr::kCount);
  }
  if (vector >= kVectors) return;
  interval_[vector] = Time{eitr.Get<reg::Eitr::ItrInterval>()} * reg::kEitrStepNs * kNanosecond;
  if (eitr.Get<reg::Eitr::CntWdis>() != 0) return;
  next_[vector] = world_.Now();
  if ((waiting_ & Bit(vector)) != 0) world_.SetTimer(kTimerVector + vector, next_[vector]);
}

}  // namespace mapwire::sim::nic82599
