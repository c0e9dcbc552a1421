// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The paravirtual card as the driver contract wants it: the shortest driver there can be.
#ifndef DRIVERS_PV_PV_DRIVER_H_
#define DRIVERS_PV_PV_DRIVER_H_

#include <atomic>
#include <cstdint>

#include "core/base/status.h"
#include "core/nic/driver.h"

namespace mapwire::pv {

// Vector q serves queue pair q, both directions; the last of the device's serves the link.
class Driver final : public nic::NicDriver {
 public:
  // Control path; touches no register. kNoMemory.
  static Result<nic::NicDriver*> Create(const nic::DriverResources& resources);
  // `driver` is from Create and is stopped.
  static void Destroy(nic::NicDriver* driver);

  explicit Driver(const nic::DriverResources& resources)
      : heap_(resources.heap), mmio_(resources.mmio) {}
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  const nic::DriverInfo& info() const override;
  const uint8_t* mac() const override { return mac_; }

  // Also kInvalid: what this card has not, which is more than one queue for the receive hash,
  // frames with CRC, and filters of addresses and VLANs.
  mapwire::Status Start(const nic::DriverConfig& config) override;
  mapwire::Status Stop() override;
  void Shutdown() override;

  Result<uint32_t> StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) override;
  Result<uint32_t> StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) override;
  mapwire::Status StopTxQueue(uint16_t queue) override;
  mapwire::Status StopRxQueue(uint16_t queue) override;
  void SetReceiveFilter(const nic::DriverConfig&) override {}

  uint16_t vectors(uint16_t) const override;
  nic::InterruptReport Interrupt(uint16_t vector) override;
  void Arm(uint16_t queue) override;

  nic::LinkState link() const override;
  nic::LinkState RefreshLink() override;
  nic::DeviceHealth Check() override;
  void ReadStatistics(nic::DriverStatistics& statistics) override;

 private:
  platform::Heap* heap_;
  platform::Mmio mmio_;
  uint8_t mac_[6] = {};
  uint16_t queue_pairs_ = 1;
  std::atomic<bool> link_up_ = false;
  bool counting_ = false;       // read_ is valid
  nic::DriverStatistics read_;  // as the device's counters stood when they were last read
};

}  // namespace mapwire::pv

#endif  // DRIVERS_PV_PV_DRIVER_H_
