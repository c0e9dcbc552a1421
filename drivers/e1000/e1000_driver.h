// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82540EM as the driver contract wants it. Start here, then follow the calls down.
#ifndef DRIVERS_E1000_E1000_DRIVER_H_
#define DRIVERS_E1000_E1000_DRIVER_H_

#include <atomic>
#include <cstdint>

#include "core/base/status.h"
#include "core/nic/driver.h"
#include "core/nic/link_cell.h"
#include "drivers/e1000/e1000_device.h"

namespace mapwire::e1000 {

// One queue pair, and one vector, the pin, for all there is.
class Driver final : public nic::NicDriver {
 public:
  // Control path; touches no register. kNoMemory.
  static Result<nic::NicDriver*> Create(const nic::DriverResources& resources);
  // `driver` is from Create and is stopped.
  static void Destroy(nic::NicDriver* driver);

  explicit Driver(const nic::DriverResources& resources);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  const nic::DriverInfo& info() const override;
  const uint8_t* mac() const override { return mac_; }

  mapwire::Status Start(const nic::DriverConfig& config) override;
  mapwire::Status Stop() override;
  void Shutdown() override;

  Result<uint32_t> StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) override;
  Result<uint32_t> StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) override;
  mapwire::Status StopTxQueue(uint16_t queue) override;
  mapwire::Status StopRxQueue(uint16_t queue) override;
  void SetReceiveFilter(const nic::DriverConfig& config) override;

  uint16_t vectors(uint16_t) const override { return 1; }
  nic::InterruptReport Interrupt(uint16_t vector) override;
  void Arm(uint16_t queue) override;

  nic::LinkState link() const override { return link_.Get(); }
  nic::LinkState RefreshLink() override;
  nic::DeviceHealth Check() override;
  void ReadStatistics(nic::DriverStatistics& statistics) override;

 private:
  mapwire::Status BringUp(const nic::DriverConfig& config);
  mapwire::Status TakeDown();
  mapwire::Status QuietDevice();

  platform::Heap* heap_;
  Device device_;
  uint8_t mac_[6] = {};
  bool started_ = false;
  // The last attempt to make the device quiet failed.
  bool loose_ = false;
  // The device's counters are ours: cleared since we came, and not yet taken.
  bool counting_ = false;
  nic::DriverStatistics kept_statistics_;  // of before the last reset, not told yet
  // Interrupts may be unmasked. Read in any context; cleared first by Stop and Shutdown.
  std::atomic<bool> interrupts_ = false;
  nic::LinkCell link_;
};

}  // namespace mapwire::e1000

#endif  // DRIVERS_E1000_E1000_DRIVER_H_
