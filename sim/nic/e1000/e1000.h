// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A register-level model of the 82540EM Gigabit Ethernet controller.
//
// Modelled: reset, EEPROM read, PHY and negotiation, legacy descriptors both ways with prefetch and
// write-back, DD where a report is asked for, address, multicast and VLAN filters, the pin with ITR
// and the delays of both directions, received pause frames, statistics.
// Left out, each said where it would be: offloads, context and data descriptors, VLAN insertion,
// half duplex, Microwire, flash, wake-up, manageability, sent pause frames, I/O space.
#ifndef SIM_NIC_E1000_E1000_H_
#define SIM_NIC_E1000_E1000_H_

#include <cstdint>
#include <vector>

#include "sim/nic/device.h"
#include "sim/nic/e1000/interrupts.h"
#include "sim/nic/e1000/link.h"
#include "sim/nic/e1000/options.h"
#include "sim/nic/e1000/register_file.h"
#include "sim/nic/e1000/rx_engine.h"
#include "sim/nic/e1000/statistics.h"
#include "sim/nic/e1000/tx_engine.h"
#include "sim/nic/model/dma_port.h"

namespace mapwire::sim {

class E1000 final : public Device {
 public:
  using Options = E1000Options;

  // Powers on: the EEPROM is read a little later. `world` must outlive it.
  E1000(DeviceWorld& world, const Options& options);
  E1000(const E1000&) = delete;
  E1000& operator=(const E1000&) = delete;

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
  void WriteEerd(uint32_t, uint32_t value);
  void WriteEecd(uint32_t, uint32_t value);
  void EepromExpired();
  void AutoReadExpired();
  void ResetExpired();
  void ResetMac();
  void AfterLink();

  DeviceWorld& world_;
  const Options options_;
  const std::vector<uint16_t> eeprom_;
  nic82540::RegisterFile registers_;
  DmaPort dma_;
  nic82540::Interrupts interrupts_;
  nic82540::Link link_;
  nic82540::Statistics statistics_;
  nic82540::TxEngine tx_;
  nic82540::RxEngine rx_;
  bool resetting_ = false;
  bool reading_ = false;
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_E1000_E1000_H_
