// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82599 as the driver contract wants it. Start here, then follow the calls down.
#ifndef DRIVERS_IXGBE_IXGBE_DRIVER_H_
#define DRIVERS_IXGBE_IXGBE_DRIVER_H_

#include <atomic>
#include <cstdint>

#include "core/base/status.h"
#include "core/nic/driver.h"
#include "core/nic/link_cell.h"
#include "drivers/ixgbe/ixgbe_device.h"

namespace mapwire::ixgbe {

// Vector q serves queue pair q, both directions; vector queue_pairs serves everything else.
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

  // Known once Start has been given the number of queue pairs.
  uint16_t vectors(uint16_t queue_pairs) const override {
    return static_cast<uint16_t>(queue_pairs + 1);
  }
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
  nic::InterruptReport OtherInterrupt();

  platform::Heap* heap_;
  Device device_;
  uint8_t mac_[6] = {};
  uint16_t queue_pairs_ = 1;
  uint32_t crc_stripped_ = 0;  // bytes of each frame
  bool started_ = false;
  // The last attempt to make the device quiet failed.
  bool loose_ = false;
  // The device's counters are ours: cleared since we came, and not yet taken.
  bool counting_ = false;
  nic::DriverStatistics kept_statistics_;  // of before the last reset, not told yet
  // AUTOC as the board had it before our first Start.
  uint32_t found_autoc_ = 0;
  bool autoc_known_ = false;
  // Interrupts may be unmasked. Read in any context; cleared first by Stop and Shutdown.
  std::atomic<bool> interrupts_ = false;
  nic::LinkCell link_;
};

}  // namespace mapwire::ixgbe

#endif  // DRIVERS_IXGBE_IXGBE_DRIVER_H_
