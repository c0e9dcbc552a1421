// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A register-level model of the 82599 10 Gigabit Ethernet controller.
//
// Modelled: reset, EEPROM read, semaphores, master disable, SFI link, loopback in the MAC, 128 +
// 128 queues, advanced descriptors, checksum insertion, segmentation of TCP and UDP, VLAN tags in
// and out, verdicts on received checksums, DD and head write-back, L2 filters, RSS, MSI-X and INTx
// with throttling, link flow control, statistics.
//
// Left out, each said where it would be: RSC, header split, fragment checksums, EtherType, 5-tuple
// and SYN filters, DCB, virtualisation, priority flow control, wake-up, module I2C.
//
// Known, without effect (inert_registers.h, inert_blocks.h): Flow Director, FCoE, IPsec, LinkSec,
// time stamps, management, diagnostics. A descriptor that asks for one of them hangs its queue.
#ifndef SIM_NIC_IXGBE_IXGBE_H_
#define SIM_NIC_IXGBE_IXGBE_H_

#include <cstdint>

#include "sim/nic/device.h"
#include "sim/nic/ixgbe/control.h"
#include "sim/nic/ixgbe/filters.h"
#include "sim/nic/ixgbe/inert_blocks.h"
#include "sim/nic/ixgbe/interrupts.h"
#include "sim/nic/ixgbe/link.h"
#include "sim/nic/ixgbe/options.h"
#include "sim/nic/ixgbe/register_file.h"
#include "sim/nic/ixgbe/rx_engine.h"
#include "sim/nic/ixgbe/statistics.h"
#include "sim/nic/ixgbe/tx_engine.h"
#include "sim/nic/model/dma_port.h"

namespace mapwire::sim {

class Ixgbe final : public Device {
 public:
  using Options = IxgbeOptions;

  // Powers on: the EEPROM is read and DMA initialised a little later. `world` must outlive it.
  Ixgbe(DeviceWorld& world, const Options& options);
  Ixgbe(const Ixgbe&) = delete;
  Ixgbe& operator=(const Ixgbe&) = delete;

  const PciIdentity& identity() const override;
  uint32_t RegisterRead(uint32_t offset) override;
  void RegisterWrite(uint32_t offset, uint32_t value) override;
  void DmaDone(DmaTag tag, bool ok) override;
  void FrameReceived(FramePointer frame) override;
  void TimerExpired(TimerTag tag) override;
  void CarrierChanged(bool carrier) override;
  void BusReset() override;

  // For tests: no frame and no DMA is anywhere inside.
  bool Idle() const;
  // DMA operations that the bus refused since power on.
  uint64_t dma_faults() const { return dma_.faults(); }
  bool link_up() const { return link_.up(); }

 private:
  void WriteCtrl(uint32_t, uint32_t value);
  void WriteCtrlExt(uint32_t, uint32_t value);
  void WriteGcrExt(uint32_t, uint32_t value);
  void SetMasterDisable(bool disable);
  void MasterDisableExpired();
  void ResetExpired(bool keep_link);
  void AutoReadExpired();

  DeviceWorld& world_;
  const Options options_;
  nic82599::RegisterFile registers_;
  DmaPort dma_;
  nic82599::Interrupts interrupts_;
  nic82599::Link link_;
  nic82599::Control control_;
  nic82599::InertBlocks inert_;
  nic82599::Filters filters_;
  nic82599::Statistics statistics_;
  nic82599::TxEngine tx_;
  nic82599::RxEngine rx_;
  bool resetting_ = false;
  bool buffers_cleared_ = false;  // GCR_EXT.BUFFERS_CLEAR gave up what was outstanding then
  bool link_reset_ = false;       // the reset under way takes the link down too
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_IXGBE_IXGBE_H_
