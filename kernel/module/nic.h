// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A network card that was handed over to the module.
#ifndef KERNEL_MODULE_NIC_H_
#define KERNEL_MODULE_NIC_H_

#include <atomic>

#include "core/nic/nic_port.h"
#include "drivers/registry/registry.h"
#include "kernel/os_abi.h"
#include "kernel/platform/environment.h"

// The shim holds it by this name.
struct mw_nic {
 public:
  mw_nic(const mw_nic_setup& setup, const mapwire::drivers::Family& family);

  // Driver and port. Undone by the destructor's caller through Release.
  mapwire::Status Prepare(const char* name, uint16_t queue_pairs);
  void Release();
  // Any context. Tells the network device of the link, if it changed.
  void TellCarrier();

  mapwire::nic::NicPort& port() { return *port_; }
  mapwire::nic::NicDriver& driver() { return *driver_; }
  const mapwire::nic::NicDriver& driver() const { return *driver_; }
  const mapwire::nic::DriverConfig& config() const { return port_->config(); }

 private:
  void Configure(uint16_t queue_pairs);

  const mapwire::drivers::Family& family_;
  os_device* const device_;
  mapwire::platform::Mmio mmio_;
  mapwire::kernel::DeviceMemory memory_;
  mapwire::kernel::HostStack stack_;
  mapwire::nic::NicPortConfig config_;
  mapwire::nic::NicDriver* driver_ = nullptr;
  mapwire::nic::NicPort* port_ = nullptr;
  std::atomic<bool> told_carrier_{false};
};

#endif  // KERNEL_MODULE_NIC_H_
