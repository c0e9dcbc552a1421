// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/ixgbe.h"

#include <algorithm>
#include <utility>

#include "sim/nic/ixgbe/timers.h"

namespace mapwire::sim {

using namespace nic82599;  // NOLINT: this file is the outer layer of that namespace

namespace {

// Parameters within what the engines can do.
IxgbeOptions Checked(IxgbeOptions options) {
  options.tx_prefetch = std::clamp<uint32_t>(options.tx_prefetch, 1, DescriptorCache::kSpace);
  options.rx_prefetch = std::clamp<uint32_t>(options.rx_prefetch, 1, DescriptorCache::kSpace);
  options.tx_data_reads = std::clamp<uint32_t>(options.tx_data_reads, 1, 64);
  options.rx_writeback_batch = std::clamp<uint32_t>(options.rx_writeback_batch, 1, 16);
  return options;
}

}  // namespace

Ixgbe::Ixgbe(DeviceWorld& world, const Options& options)
    : world_(world),
      options_(Checked(options)),
      registers_(world),
      dma_(world),
      interrupts_(world, registers_, options_),
      link_(world, registers_, interrupts_, options_),
      control_(world, registers_, options_),
      inert_(world, registers_),
      filters_(registers_),
      statistics_(registers_),
      tx_(world, registers_, dma_, interrupts_, statistics_, link_, options_),
      rx_(world, registers_, dma_, interrupts_, statistics_, filters_, tx_, link_, options_) {
  registers_.OnWrite<reg::Ctrl, &Ixgbe::WriteCtrl>(this);
  registers_.OnWrite<reg::CtrlExt, &Ixgbe::WriteCtrlExt>(this);
  registers_.OnWrite<reg::GcrExt, &Ixgbe::WriteGcrExt>(this);
  ResetExpired(/*keep_link=*/false);
}

const PciIdentity& Ixgbe::identity() const {
  static constexpr PciIdentity kIdentity = {
      .vendor = reg::kVendorIntel,
      .device = reg::kDevice82599Sfp,
      .subsystem_vendor = reg::kVendorIntel,
      .subsystem = reg::kSubsystemX520,
      .class_code = reg::kPciClass,
      .revision = reg::kPciRevision,
      .bar0_bytes = reg::kBar0Bytes,
      .msix_vectors = reg::kMsixVectors,
  };
  return kIdentity;
}

uint32_t Ixgbe::RegisterRead(uint32_t offset) { return registers_.Read(offset); }

void Ixgbe::RegisterWrite(uint32_t offset, uint32_t value) {
  if (resetting_) {
    registers_.Report(DriverError::kIllegalOrder, "write during reset, lost:", offset);
    return;
  }
  registers_.Write(offset, value);
}

void Ixgbe::DmaDone(DmaTag tag, bool ok) {
  dma_.Done(ok);
  const uint32_t index = DmaPort::IndexOf(tag);
  switch (DmaPort::KindOf(tag)) {
    case DmaKind::kTxDescriptors:
      tx_.DescriptorsDone(index, ok);
      break;
    case DmaKind::kTxData:
      tx_.DataDone(index, ok);
      break;
    case DmaKind::kTxWriteBack:
      tx_.WriteBackDone(index);
      break;
    case DmaKind::kRxDescriptors:
      rx_.DescriptorsDone(index, ok);
      break;
    case DmaKind::kRxWriteBack:
      rx_.WriteBackDone(index);
      break;
  }
  if (dma_.outstanding() == 0) buffers_cleared_ = false;
  if (!dma_.enabled() && dma_.outstanding() == 0) MasterDisableExpired();
}

void Ixgbe::FrameReceived(FramePointer frame) {
  if (!resetting_ && !link_.loopback()) rx_.FrameReceived(std::move(frame));
}

void Ixgbe::CarrierChanged(bool carrier) { link_.CarrierChanged(carrier); }

void Ixgbe::BusReset() { ResetExpired(/*keep_link=*/false); }

bool Ixgbe::Idle() const { return tx_.Idle() && rx_.Idle() && dma_.outstanding() == 0; }

void Ixgbe::TimerExpired(TimerTag tag) {
  if (tag >= kTimerTxQueue && tag < kTimerRxQueue) return tx_.QueueExpired(tag - kTimerTxQueue);
  if (tag >= kTimerRxQueue && tag < kTimerVector) return rx_.QueueExpired(tag - kTimerRxQueue);
  if (tag >= kTimerVector && tag < kTimerEnd) return interrupts_.VectorExpired(tag - kTimerVector);
  switch (tag) {
    case kTimerReset:
      return ResetExpired(!link_reset_);
    case kTimerAutoRead:
      return AutoReadExpired();
    case kTimerDmaInit:
      return registers_.SetField<reg::Rdrxctl, reg::Rdrxctl::Dmaidone>(1);
    case kTimerEeprom:
      return control_.EepromExpired();
    case kTimerMdio:
      return control_.MdioExpired();
    case kTimerMasterDisable:
      return MasterDisableExpired();
    case kTimerLinkUp:
      if (link_.UpExpired()) tx_.Resume();
      return;
    case kTimerRestartAn:
      return link_.RestartExpired();
    case kTimerQuiesce:
      return rx_.QuiesceExpired();
    case kTimerInterruptKick:
      return interrupts_.KickExpired();
    case kTimerTxKick:
      return tx_.Resume();
    case kTimerTxMac:
      return tx_.MacExpired();
    case kTimerTxFlush:
      return tx_.FlushExpired();
    case kTimerLoopback:
      if (FramePointer frame = tx_.LoopbackExpired()) rx_.FrameReceived(std::move(frame));
      return;
    case kTimerXoff:
      return rx_.XoffExpired();
    case kTimerRxKick:
      return rx_.Resume();
    case kTimerRxFlush:
      return rx_.FlushExpired();
    default:
      return;
  }
}

void Ixgbe::WriteCtrl(uint32_t, uint32_t value) {
  registers_.Set<reg::Ctrl>(value);
  const hw::Value<reg::Ctrl> ctrl(value);
  if (ctrl.Get<reg::Ctrl::Rst>() == 0 && ctrl.Get<reg::Ctrl::Lrst>() == 0) {
    SetMasterDisable(ctrl.Get<reg::Ctrl::PcieMasterDis>() != 0);
    return;
  }
  if (dma_.outstanding() != 0 && !buffers_cleared_) {
    registers_.Report(DriverError::kIllegalOrder,
                      "reset with DMA outstanding:", dma_.outstanding());
  }
  resetting_ = true;
  link_reset_ = ctrl.Get<reg::Ctrl::Lrst>() != 0;
  dma_.set_enabled(false);
  world_.SetTimer(kTimerReset, world_.Now() + options_.reset_delay);
}

void Ixgbe::WriteCtrlExt(uint32_t, uint32_t value) {
  registers_.Set<reg::CtrlExt>(value & ~reg::CtrlExt::Pfrstd::kMask);
}

// Software gives up what does not come: a reset may follow. What is late all the same still arrives
// and is thrown away, and until then the function is not quiet.
void Ixgbe::WriteGcrExt(uint32_t, uint32_t value) {
  if ((value & reg::GcrExt::BuffersClear::kMask) != 0 && !dma_.enabled()) buffers_cleared_ = true;
  registers_.Set<reg::GcrExt>(value & ~reg::GcrExt::BuffersClear::kMask);
}

// No new request from here on; STATUS tells when the last one is over.
void Ixgbe::SetMasterDisable(bool disable) {
  if (disable == !dma_.enabled()) return;
  dma_.set_enabled(!disable);
  if (!disable) {
    world_.CancelTimer(kTimerMasterDisable);
    registers_.SetField<reg::Status, reg::Status::PcieMasterEnStatus>(1);
    world_.SetTimer(kTimerTxKick, world_.Now() + options_.doorbell_delay);
    world_.SetTimer(kTimerRxKick, world_.Now() + options_.doorbell_delay);
    return;
  }
  world_.SetTimer(kTimerMasterDisable, world_.Now() + options_.doorbell_delay);
}

// Completions that wait for company go out first, and their arrival brings us here again.
void Ixgbe::MasterDisableExpired() {
  if (dma_.enabled() || resetting_ || dma_.outstanding() != 0) return;
  tx_.FlushAll();
  rx_.FlushAll();
  if (dma_.outstanding() != 0) return;
  registers_.SetField<reg::Status, reg::Status::PcieMasterEnStatus>(0);
}

// Everything as after power on, but for a link that a software reset leaves alone.
void Ixgbe::ResetExpired(bool keep_link) {
  resetting_ = false;
  world_.CancelTimer(kTimerReset);
  world_.CancelTimer(kTimerDmaInit);
  world_.CancelTimer(kTimerMasterDisable);
  registers_.Reset(options_.undefined_tables);
  dma_.set_enabled(true);
  interrupts_.Reset();
  control_.Reset();
  inert_.Reset();
  filters_.Reset();
  statistics_.Reset();
  tx_.Reset();
  rx_.Reset();
  link_.Reset(keep_link);
  world_.SetTimer(kTimerAutoRead, world_.Now() + options_.auto_read_delay);
}

void Ixgbe::AutoReadExpired() {
  control_.AutoRead();
  filters_.Reset();
  world_.SetTimer(kTimerDmaInit, world_.Now() + options_.dma_init_delay);
}

}  // namespace mapwire::sim
