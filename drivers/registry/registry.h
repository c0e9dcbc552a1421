// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The NIC families this tree drives, found by PCI identity.
#ifndef DRIVERS_REGISTRY_REGISTRY_H_
#define DRIVERS_REGISTRY_REGISTRY_H_

#include <cstdint>
#include <span>

#include "core/base/status.h"
#include "core/nic/driver.h"
#include "core/nic/queue.h"

namespace mapwire::drivers {

struct PciId {
  uint16_t vendor;
  uint16_t device;
};

// One row per family. Rows live as long as the program and never change.
struct Family {
  const char* name;  // as DriverInfo::family
  std::span<const PciId> ids;
  uint32_t bar_bytes;  // how much of BAR 0 the driver may touch
  // Control path; touches no register. What it returns goes back through destroy, stopped.
  Result<nic::NicDriver*> (*create)(const nic::DriverResources& resources);
  void (*destroy)(nic::NicDriver* driver);
  // The ring loop, built with the family's codec.
  const nic::RingLoop* loop;
};

std::span<const Family> Families();

// kNoSuchDevice: nobody here drives it.
Result<const Family*> FindFamily(uint16_t vendor, uint16_t device);

}  // namespace mapwire::drivers

#endif  // DRIVERS_REGISTRY_REGISTRY_H_
