#include "sim/faults/ixgbe_faults.h"

#include <cstring>
#include <utility>

#include "core/hw/register.h"
#include "drivers/ixgbe/ixgbe_regs.h"
#include "sim/nic/model/dma_port.h"

namespace mapwire::sim {

namespace reg = ixgbe;

namespace {

constexpr uint32_t kAllOnes = 0xFFFFFFFF;
constexpr Time kSoon = 100 * kNanosecond;
// A write-back that was overtaken by none comes all the same.
constexpr Time kHeldFor = 20 * kMicrosecond;
// Below every address an IOMMU hands out.
constexpr uint64_t kNobodysAddresses = 1 << 20;
constexpr uint32_t kVectors = 4;  // that a spurious interrupt may be of

// The queue whose tail register `offset` is, or -1.
int TransmitTail(uint32_t offset) {
  if (offset < reg::Tdt::At(0) || (offset - reg::Tdt::At(0)) % reg::Tdt::kStride != 0) return -1;
  const uint32_t queue = (offset - reg::Tdt::At(0)) / reg::Tdt::kStride;
  return queue < reg::Tdt::kCount ? static_cast<int>(queue) : -1;
}

}  // namespace

IxgbeFaults::IxgbeFaults(Engine& engine, DeviceWorld& outer, FaultPlan& plan,
                         const std::function<std::unique_ptr<Device>(DeviceWorld&)>& make_device)
    : engine_(engine), outer_(outer), plan_(plan), device_(make_device(*this)) {
  plan_.AddListener(*this);
}

// --- Later
// ----------------------------------------------------------------------------------------

void IxgbeFaults::After(Time delay, const Later& later) {
  uint64_t index = later_.size();
  if (free_later_.empty()) {
    later_.push_back(later);
  } else {
    index = free_later_.back();
    free_later_.pop_back();
    later_[index] = later;
  }
  engine_.At(engine_.now() + delay, *this, index);
}

void IxgbeFaults::OnEvent(uint64_t argument) {
  const Later later = later_[argument];
  later_[argument].kind = Later::Kind::kFree;
  free_later_.push_back(argument);
  switch (later.kind) {
    case Later::Kind::kFree:
      return;
    case Later::Kind::kDone:
      return device_->DmaDone(later.tag, later.ok);
    case Later::Kind::kRead:
      if (removed_) return device_->DmaDone(later.tag, false);
      return outer_.DmaRead(later.tag, later.address, later.into, later.number);
    case Later::Kind::kHeld:
      return LetGo(held_[later.number]);
    case Later::Kind::kMsix:
      if (!removed_) outer_.RaiseMsix(later.number);
      return;
    case Later::Kind::kReset:
      AbandonReads();
      return device_->BusReset();
    case Later::Kind::kDark:
      return ShowLight();
    case Later::Kind::kLight:
      --dark_;
      return ShowLight();
  }
}

void IxgbeFaults::Finish(DmaTag tag, bool ok) {
  if (tag != 0) After(kSoon, {.kind = Later::Kind::kDone, .tag = tag, .ok = ok});
}

void IxgbeFaults::Healed(FaultSite site) {
  switch (site) {
    case FaultSite::kTxFetchHang:
      return deaf_.fill(false);
    case FaultSite::kTxReportHang:
      return silent_.fill(false);
    case FaultSite::kRxEndNever:
      endless_ = false;
      return;
    case FaultSite::kResetNeverEnds:
      resetting_ = false;
      return;
    case FaultSite::kModuleMissing:
      no_module_ = false;
      return ShowLight();
    case FaultSite::kRemoval:
      removed_ = false;
      return ShowLight();
    default:
      return;
  }
}

// Every access is an opportunity to vanish. The card that is back later is as after power on.
bool IxgbeFaults::Gone() {
  if (removed_) return true;
  if (!plan_.Strikes(FaultSite::kRemoval)) return false;
  removed_ = true;
  lost_setup_ = true;
  AbandonReads();
  After(0, {.kind = Later::Kind::kReset});
  return true;
}

// Reads that the card has not made yet end with what it knew.
void IxgbeFaults::AbandonReads() {
  for (size_t i = 0; i < later_.size(); ++i) {
    if (later_[i].kind != Later::Kind::kRead) continue;
    const DmaTag tag = later_[i].tag;
    later_[i].kind = Later::Kind::kFree;  // its event is still to come, and does nothing
    Finish(tag, false);
  }
}

// --- Registers
// ------------------------------------------------------------------------------------

uint32_t IxgbeFaults::RegisterRead(uint32_t offset) {
  if (Gone()) return kAllOnes;
  const uint32_t value = device_->RegisterRead(offset);
  switch (offset) {
    case reg::Ctrl::kOffset:
      return resetting_ ? value | reg::Ctrl::Rst::kMask : value;
    case reg::Eerd::kOffset: {
      const hw::Value<reg::Eerd> eerd(value);
      if (eerd.Get<reg::Eerd::Done>() == 0) return value;
      if (!plan_.Strikes(FaultSite::kEepromDamaged)) return value;
      return eerd.With<reg::Eerd::Data>((eerd.Get<reg::Eerd::Data>() + 1) & 0xFFFF).raw();
    }
    case reg::Esdp::kOffset:
      if (!no_module_ && plan_.Strikes(FaultSite::kModuleMissing)) {
        no_module_ = true;
        After(0, {.kind = Later::Kind::kDark});
      }
      return no_module_ ? value & ~reg::Esdp::Sdp2Data::kMask : value;
    default:
      return value;
  }
}

void IxgbeFaults::RegisterWrite(uint32_t offset, uint32_t value) {
  if (Gone()) return;
  if (const int queue = TransmitTail(offset); queue >= 0 && value != 0) {
    bool& deaf = deaf_[static_cast<uint32_t>(queue)];
    if (!deaf) deaf = plan_.Strikes(FaultSite::kTxFetchHang);
    if (deaf) return;
  }
  if (offset == reg::Ctrl::kOffset && (value & reg::Ctrl::Rst::kMask) != 0) DriverReset();
  device_->RegisterWrite(offset, value);
}

void IxgbeFaults::DriverReset() {
  deaf_.fill(false);
  silent_.fill(false);
  endless_ = false;
  lost_setup_ = false;
  lied_about_head_ = false;
  if (plan_.Strikes(FaultSite::kResetNeverEnds)) resetting_ = true;
}

void IxgbeFaults::Report(DriverError error, std::string_view text) {
  if (lost_setup_ || (lied_about_head_ && error == DriverError::kIllegalOrder)) {
    ++forgiven_reports_;
    return;
  }
  outer_.Report(error, text);
}

// --- DMA
// ------------------------------------------------------------------------------------------

// A card that lost its setup has no addresses: what it reaches for then is refused by the bus, and
// no mistake of the driver.
bool IxgbeFaults::RefusedByBus(uint64_t address) {
  if (!lost_setup_ || address >= kNobodysAddresses) return false;
  ++forgiven_reports_;
  return true;
}

void IxgbeFaults::DmaRead(DmaTag tag, uint64_t address, void* into, uint32_t length) {
  if (Gone() || RefusedByBus(address)) return Finish(tag, false);
  if (!lost_setup_ && plan_.Strikes(FaultSite::kSelfReset)) {
    lost_setup_ = true;
    After(0, {.kind = Later::Kind::kReset});
  }
  if (plan_.Strikes(FaultSite::kDmaReadLate)) {
    return After(dma_read_delay_, {.kind = Later::Kind::kRead,
                                   .tag = tag,
                                   .address = address,
                                   .into = into,
                                   .number = length});
  }
  outer_.DmaRead(tag, address, into, length);
}

void IxgbeFaults::DmaWrite(DmaTag tag, uint64_t address, const void* from, uint32_t length) {
  if (Gone() || RefusedByBus(address)) return Finish(tag, false);
  switch (DmaPort::KindOf(tag)) {
    case DmaKind::kTxWriteBack:
      return WriteHead(tag, address, from, length);
    case DmaKind::kRxWriteBack:
      return WriteReceived(tag, address, from, length);
    default:
      return outer_.DmaWrite(tag, address, from, length);
  }
}

void IxgbeFaults::WriteHead(DmaTag tag, uint64_t address, const void* from, uint32_t length) {
  bool& silent = silent_[DmaPort::IndexOf(tag) % kQueues];
  if (!silent) silent = plan_.Strikes(FaultSite::kTxReportHang);
  if (silent) return Finish(tag, true);
  uint32_t head = 0;
  if (length != sizeof(head)) return outer_.DmaWrite(tag, address, from, length);
  std::memcpy(&head, from, sizeof(head));
  if (plan_.Strikes(FaultSite::kTxHeadNonsense)) {
    Random& random = plan_.random(FaultSite::kTxHeadNonsense);
    head = static_cast<uint32_t>(random.Next() >> (32 + random.Below(24)));
    // If it is one that could be, descriptors are filled anew that the card has not come to yet.
    lied_about_head_ = true;
  }
  outer_.DmaWrite(tag, address, &head, length);
}

void IxgbeFaults::WriteReceived(DmaTag tag, uint64_t address, const void* from, uint32_t length) {
  std::vector<uint8_t> bytes(length);
  std::memcpy(bytes.data(), from, length);
  Spoil(bytes);
  HeldWrite& held = held_[DmaPort::IndexOf(tag) % kQueues];
  if (plan_.Strikes(FaultSite::kRxReportLost)) return Finish(tag, true);
  if (!held.held && plan_.Strikes(FaultSite::kRxOutOfOrder)) {
    held = {true, tag, address, std::move(bytes)};
    return After(kHeldFor, {.kind = Later::Kind::kHeld, .number = DmaPort::IndexOf(tag) % kQueues});
  }
  outer_.DmaWrite(tag, address, bytes.data(), length);
  LetGo(held);
}

void IxgbeFaults::Spoil(std::vector<uint8_t>& descriptors) {
  using D = reg::RxWriteBack;
  if (!endless_) endless_ = plan_.Strikes(FaultSite::kRxEndNever);
  for (size_t at = 0; at + reg::kDescriptorBytes <= descriptors.size();
       at += reg::kDescriptorBytes) {
    reg::Descriptor descriptor;
    std::memcpy(&descriptor, &descriptors[at], sizeof(descriptor));
    if (plan_.Strikes(FaultSite::kRxLengthBeyond)) {
      const uint64_t beyond = plan_.random(FaultSite::kRxLengthBeyond).Below(0x8000);
      descriptor.q1 = (descriptor.q1 & ~D::PktLen::kMask) | D::PktLen::Make(0x7FFF + beyond);
    }
    if (plan_.Strikes(FaultSite::kRxNoData)) descriptor.q1 &= ~D::PktLen::kMask;
    if (endless_) descriptor.q1 &= ~D::Eop::kMask;
    std::memcpy(&descriptors[at], &descriptor, sizeof(descriptor));
  }
}

void IxgbeFaults::LetGo(HeldWrite& held) {
  if (!held.held) return;
  held.held = false;
  if (removed_) return Finish(held.tag, false);
  outer_.DmaWrite(held.tag, held.address, held.bytes.data(),
                  static_cast<uint32_t>(held.bytes.size()));
}

// --- Interrupts, line
// -----------------------------------------------------------------------------

void IxgbeFaults::RaiseMsix(uint32_t vector) {
  if (Gone()) return;
  if (plan_.Strikes(FaultSite::kInterruptSpurious)) {
    const uint64_t other = plan_.random(FaultSite::kInterruptSpurious).Below(kVectors);
    outer_.RaiseMsix(static_cast<uint32_t>(other));
  }
  if (plan_.Strikes(FaultSite::kInterruptLost)) return;
  if (plan_.Strikes(FaultSite::kInterruptLate)) {
    return After(interrupt_delay_, {.kind = Later::Kind::kMsix, .number = vector});
  }
  outer_.RaiseMsix(vector);
}

// A card that lost its setup has also forgotten that it was to speak by messages.
void IxgbeFaults::SetIntx(bool asserted) {
  if (Gone()) return;
  if (lost_setup_ && asserted) {
    ++forgiven_reports_;
    return;
  }
  outer_.SetIntx(asserted);
}

void IxgbeFaults::Transmit(FramePointer frame, Time start) {
  if (Gone()) return;
  Flap();
  outer_.Transmit(std::move(frame), start);
}

void IxgbeFaults::FrameReceived(FramePointer frame) {
  if (Gone()) return;
  Flap();
  device_->FrameReceived(std::move(frame));
}

void IxgbeFaults::CarrierChanged(bool carrier) {
  carrier_ = carrier;
  ShowLight();
}

void IxgbeFaults::Flap() {
  if (!plan_.Strikes(FaultSite::kLinkFlap)) return;
  ++dark_;
  After(0, {.kind = Later::Kind::kDark});
  After(flap_time_, {.kind = Later::Kind::kLight});
}

void IxgbeFaults::ShowLight() {
  device_->CarrierChanged(carrier_ && dark_ == 0 && !no_module_ && !removed_);
}

}  // namespace mapwire::sim
