// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Silence, then a clean slate: interrupts masked, DMA stopped, the function reset.
#include "core/platform/log.h"
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

// Queues 64 and up have their receive registers elsewhere.
void StopRxQueues(const Device& device) {
  for (uint32_t i = 0; i < Rxdctl::kCount; ++i) hw::Write(device.mmio, hw::Value<Rxdctl>(), i);
  for (uint32_t i = 0; i < Rxdctl64To127::kCount; ++i) {
    hw::Write(device.mmio, hw::Value<Rxdctl64To127>(), i);
  }
}

void StopTxQueues(const Device& device, bool flush) {
  const auto off = hw::Value<Txdctl>().With<Txdctl::Swflsh>(flush);
  for (uint32_t i = 0; i < kTxQueues; ++i) hw::Write(device.mmio, off, i);
}

// Throws away what is stuck between queues and bus: loopback lets transmit data drain without a
// line, then the bus buffers are cleared. The sequence is known from one lineage of drivers only.
void DropPendingTransactions(const Device& device) {
  const auto hlreg0 = hw::Read<Hlreg0>(device.mmio);
  hw::Write(device.mmio, hlreg0.With<Hlreg0::Lpbk>(1));
  (void)Flush(device);
  device.sleeper->DelayMicroseconds(kLoopbackDrainUs);
  const auto gcr_ext = hw::Read<GcrExt>(device.mmio);
  hw::Write(device.mmio, gcr_ext.With<GcrExt::BuffersClear>(1));
  (void)Flush(device);
  device.sleeper->DelayMicroseconds(kBufferClearUs);
  hw::Write(device.mmio, gcr_ext);
  hw::Write(device.mmio, hlreg0);
}

mapwire::Status ResetOnce(const Device& device) {
  // RST leaves the link alone, so that a link which is up survives. Without one LRST goes along:
  // drivers write either LRST alone or both, and both is right under either reading.
  const auto links = hw::Read<Links>(device.mmio);
  const auto ctrl = hw::Read<Ctrl>(device.mmio);
  const uint32_t link_down = links.Get<Links::LinkUp>() == 0;
  if (ctrl.raw() == kGone) return Errno::kIo;
  hw::Write(device.mmio, ctrl.With<Ctrl::Rst>(1).With<Ctrl::Lrst>(link_down));
  device.sleeper->DelayMicroseconds(kResetStartUs);
  MW_TRY(WaitFor<Ctrl>(device, kResetLimit, 0, [](auto v) {
    return v.template Get<Ctrl::Rst>() == 0 && v.template Get<Ctrl::Lrst>() == 0;
  }));
  device.sleeper->DelayMicroseconds(kResetSettleUs);
  return kOkStatus;
}

}  // namespace

void MaskInterrupts(const Device& device) {
  hw::Write(device.mmio, hw::Value<Eimc>(Eimc::Fields::kMask));
  for (uint32_t i = 0; i < EimcEx::kCount; ++i) hw::Write(device.mmio, hw::Value<EimcEx>(~0U), i);
  // Written, not read: whether a read clears the queue half is doubtful, a written 1 always does.
  hw::Write(device.mmio, hw::Value<Eicr>(Eicr::Fields::kMask));
}

void StopQueues(const Device& device) {
  StopTxQueues(device, true);
  StopRxQueues(device);
  (void)Flush(device);
  device.sleeper->DelayMicroseconds(kQueueFlushUs);
}

void Silence(const Device& device) {
  MaskInterrupts(device);
  hw::Write(device.mmio, hw::Value<Rxctrl>());
  StopTxQueues(device, false);
  StopRxQueues(device);
  hw::Modify<Ctrl>(device.mmio, [](auto v) { return v.template With<Ctrl::PcieMasterDis>(1); });
  (void)Flush(device);
}

void SetReceive(const Device& device, bool on) {
  using SecRx = Secrxctrl;
  hw::Modify<SecRx>(device.mmio, [](auto v) { return v.template With<SecRx::RxDis>(1); });
  const mapwire::Status idle = WaitFor<Secrxstat>(device, kReceivePathIdleLimit, 0, [](auto v) {
    return v.template Get<Secrxstat::SecrxRdy>() == 1;
  });
  if (idle == Errno::kTimedOut) {
    Log(platform::LogLevel::kWarning, "ixgbe: the receive path does not become idle");
  }
  hw::Modify<Rxctrl>(device.mmio, [on](auto v) { return v.template With<Rxctrl::Rxen>(on); });
  hw::Modify<SecRx>(device.mmio, [](auto v) { return v.template With<SecRx::RxDis>(0); });
}

mapwire::Status DisableBusMaster(const Device& device) {
  hw::Modify<Ctrl>(device.mmio, [](auto v) { return v.template With<Ctrl::PcieMasterDis>(1); });
  return WaitFor<Status>(device, kMasterDisableLimit, 0,
                         [](auto v) { return v.template Get<Status::PcieMasterEnStatus>() == 0; });
}

bool Quiesce(const Device& device) {
  SetReceive(device, false);
  StopQueues(device);
  if (DisableBusMaster(device) != Errno::kTimedOut) return false;
  Log(platform::LogLevel::kWarning, "ixgbe: bus transactions stay pending, dropping them");
  DropPendingTransactions(device);
  return true;
}

mapwire::Status Reset(const Device& device, bool twice) {
  MW_TRY(ResetOnce(device));
  if (twice) MW_TRY(ResetOnce(device));
  // Reset leaves the mask empty by all we know; relying on it costs more than asking again.
  MaskInterrupts(device);
  return kOkStatus;
}

mapwire::Status WaitForEepromAutoRead(const Device& device) {
  return WaitFor<Eec>(device, kEepromAutoReadLimit, 0,
                      [](auto v) { return v.template Get<Eec::AutoRd>() == 1; });
}

mapwire::Status WaitForDmaInit(const Device& device) {
  return WaitFor<Rdrxctl>(device, kDmaInitLimit, 0,
                          [](auto v) { return v.template Get<Rdrxctl::Dmaidone>() == 1; });
}

void AnnounceDriver(const Device& device, bool loaded) {
  hw::Modify<CtrlExt>(device.mmio, [loaded](auto v) {
    return v.template With<CtrlExt::DrvLoad>(loaded).template With<CtrlExt::NsDis>(1);
  });
}

bool IsAnnounced(const Device& device) {
  return hw::Read<CtrlExt>(device.mmio).Get<CtrlExt::DrvLoad>() == 1;
}

}  // namespace mapwire::ixgbe
