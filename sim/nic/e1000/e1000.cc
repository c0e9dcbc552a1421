// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/e1000.h"

#include <algorithm>
#include <utility>

#include "sim/nic/e1000/timers.h"

namespace mapwire::sim {

using namespace nic82540;  // NOLINT: this file is the outer layer of that namespace

namespace {

// Parameters within what the engines can do.
E1000Options Checked(E1000Options options) {
  options.tx_prefetch = std::clamp<uint32_t>(options.tx_prefetch, 1, DescriptorCache::kSpace);
  options.rx_prefetch = std::clamp<uint32_t>(options.rx_prefetch, 1, DescriptorCache::kSpace);
  options.tx_data_reads = std::clamp<uint32_t>(options.tx_data_reads, 1, 64);
  options.rx_writeback_batch = std::clamp<uint32_t>(options.rx_writeback_batch, 1, 16);
  return options;
}

// Words 0..2 hold the MAC address, word 0x3F makes the sum right.
std::vector<uint16_t> Image(const E1000Options& options) {
  if (!options.eeprom.empty()) return options.eeprom;
  std::vector<uint16_t> image(reg::kEepromWords, 0xFFFF);
  for (uint32_t i = 0; i < 3; ++i) {
    image[i] = static_cast<uint16_t>(options.mac[2 * i] | options.mac[2 * i + 1] << 8);
  }
  uint16_t sum = 0;
  for (uint32_t i = 0; i < reg::kEepromChecksumWord; ++i) {
    sum = static_cast<uint16_t>(sum + image[i]);
  }
  image[reg::kEepromChecksumWord] = static_cast<uint16_t>(reg::kEepromChecksum - sum);
  return image;
}

}  // namespace

E1000::E1000(DeviceWorld& world, const Options& options)
    : world_(world),
      options_(Checked(options)),
      eeprom_(Image(options_)),
      registers_(world),
      dma_(world),
      interrupts_(world, registers_, options_),
      link_(world, registers_, interrupts_, options_),
      statistics_(registers_),
      tx_(world, registers_, dma_, interrupts_, statistics_, link_, options_),
      rx_(world, registers_, dma_, interrupts_, statistics_, tx_, link_, options_) {
  registers_.OnWrite<reg::Ctrl, &E1000::WriteCtrl>(this);
  registers_.OnWrite<reg::Eerd, &E1000::WriteEerd>(this);
  registers_.OnWrite<reg::Eecd, &E1000::WriteEecd>(this);
  BusReset();
  registers_.set_unaware(false);
}

const PciIdentity& E1000::identity() const {
  static constexpr PciIdentity kIdentity = {
      .vendor = reg::kVendorIntel,
      .device = reg::kDevice82540Em,
      .subsystem_vendor = reg::kVendorIntel,
      .subsystem = reg::kSubsystemMt,
      .class_code = reg::kPciClass,
      .revision = reg::kPciRevision,
      .bar0_bytes = reg::kBar0Bytes,
      .msix_vectors = 0,
  };
  return kIdentity;
}

uint32_t E1000::RegisterRead(uint32_t offset) { return registers_.Read(offset); }

void E1000::RegisterWrite(uint32_t offset, uint32_t value) {
  if (resetting_) {
    registers_.Report(DriverError::kIllegalOrder, "write during reset, lost:", offset);
    return;
  }
  registers_.Write(offset, value);
}

void E1000::DmaDone(DmaTag tag, bool ok) {
  dma_.Done(ok);
  switch (DmaPort::KindOf(tag)) {
    case DmaKind::kTxDescriptors:
      return tx_.DescriptorsDone(ok);
    case DmaKind::kTxData:
      return tx_.DataDone(DmaPort::IndexOf(tag), ok);
    case DmaKind::kTxWriteBack:
      return tx_.WriteBackDone();
    case DmaKind::kRxDescriptors:
      return rx_.DescriptorsDone(ok);
    case DmaKind::kRxWriteBack:
      return rx_.WriteBackDone();
  }
}

void E1000::FrameReceived(FramePointer frame) {
  if (!resetting_) rx_.FrameReceived(std::move(frame));
}

void E1000::CarrierChanged(bool carrier) {
  link_.CarrierChanged(carrier);
  AfterLink();
}

void E1000::BusReset() {
  registers_.set_unaware(true);
  world_.CancelTimer(kTimerReset);
  world_.CancelTimer(kTimerEeprom);
  resetting_ = reading_ = false;
  ResetMac();
  link_.PowerOn();
}

bool E1000::Idle() const { return tx_.Idle() && rx_.Idle() && dma_.outstanding() == 0; }

void E1000::AfterLink() {
  if (link_.TakeCameUp()) tx_.Resume();
}

void E1000::TimerExpired(TimerTag tag) {
  switch (tag) {
    case kTimerReset:
      return ResetExpired();
    case kTimerAutoRead:
      return AutoReadExpired();
    case kTimerEeprom:
      return EepromExpired();
    case kTimerMdic:
      return link_.MdicExpired();
    case kTimerNegotiation:
      link_.NegotiationExpired();
      return AfterLink();
    case kTimerLinkKick:
      link_.KickExpired();
      return AfterLink();
    case kTimerInterruptKick:
      return interrupts_.KickExpired();
    case kTimerThrottle:
      return interrupts_.ThrottleExpired();
    case kTimerTxKick:
      return tx_.Resume();
    case kTimerTxMac:
      return tx_.MacExpired();
    case kTimerTxFlush:
      return tx_.FlushExpired();
    case kTimerTxDelay:
      return tx_.DelayExpired();
    case kTimerTxAbsolute:
      return tx_.AbsoluteExpired();
    case kTimerTxStop:
      return tx_.StopExpired();
    case kTimerRxKick:
      return rx_.Resume();
    case kTimerRxFlush:
      return rx_.FlushExpired();
    case kTimerRxDelay:
      return rx_.DelayExpired();
    case kTimerRxAbsolute:
      return rx_.AbsoluteExpired();
    case kTimerRxStop:
      return rx_.StopExpired();
    default:
      return;
  }
}

void E1000::WriteCtrl(uint32_t, uint32_t value) {
  const hw::Value<reg::Ctrl> ctrl(value);
  if (ctrl.Get<reg::Ctrl::PhyRst>() != 0) link_.PowerOn();
  registers_.Set<reg::Ctrl>(ctrl.With<reg::Ctrl::PhyRst>(0).raw());
  link_.CtrlChanged();
  if (ctrl.Get<reg::Ctrl::Rst>() == 0) return;
  resetting_ = true;
  registers_.set_unaware(false);
  world_.SetTimer(kTimerReset, world_.Now() + options_.reset_delay);
}

// Everything as after power on, but for the PHY.
void E1000::ResetExpired() {
  resetting_ = reading_ = false;
  world_.CancelTimer(kTimerReset);
  world_.CancelTimer(kTimerEeprom);
  if (options_.reset_keeps_traffic) {
    registers_.SetField<reg::Ctrl, reg::Ctrl::Rst>(0);
    return;
  }
  ResetMac();
}

void E1000::ResetMac() {
  registers_.Reset(options_.undefined_tables);
  interrupts_.Reset();
  statistics_.Reset();
  tx_.Reset();
  rx_.Reset();
  link_.MacReset();
  world_.SetTimer(kTimerAutoRead, world_.Now() + options_.auto_read_delay);
}

void E1000::AutoReadExpired() {
  const auto word = [this](size_t i) -> uint32_t {
    return i < eeprom_.size() ? eeprom_[i] : 0xFFFF;
  };
  registers_.Set<reg::Ral>(word(0) | word(1) << 16);
  registers_.Set<reg::Rah>(word(2) | reg::Rah::Av::kMask);
}

void E1000::WriteEerd(uint32_t, uint32_t value) {
  const hw::Value<reg::Eerd> eerd(value);
  if (eerd.Get<reg::Eerd::Start>() == 0) return;
  if (reading_) {
    registers_.Report(DriverError::kIllegalOrder, "EERD started while a read runs:", value);
    return;
  }
  reading_ = true;
  registers_.Set<reg::Eerd>(eerd.With<reg::Eerd::Done>(0).raw());
  world_.SetTimer(kTimerEeprom, world_.Now() + options_.eeprom_delay);
}

void E1000::EepromExpired() {
  reading_ = false;
  const hw::Value<reg::Eerd> eerd(registers_.Raw<reg::Eerd>());
  const uint32_t word = eerd.Get<reg::Eerd::Addr>();
  registers_.Set<reg::Eerd>(eerd.With<reg::Eerd::Start>(0)
                                .With<reg::Eerd::Done>(1)
                                .With<reg::Eerd::Data>(word < eeprom_.size() ? eeprom_[word] : ~0u)
                                .raw());
}

// A request is granted at once; the wires themselves are not modelled.
void E1000::WriteEecd(uint32_t, uint32_t value) {
  using E = reg::Eecd;
  const hw::Value<E> eecd(value);
  if (eecd.Get<E::Sk>() != 0 || eecd.Get<E::Cs>() != 0) {
    registers_.Report(DriverError::kUnknownRegister, "Microwire is not modelled, EECD", value);
  }
  registers_.Set<E>(eecd.With<E::Gnt>(eecd.Get<E::Req>()).With<E::Pres>(1).raw());
}

}  // namespace mapwire::sim
