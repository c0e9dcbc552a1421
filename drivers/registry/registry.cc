// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The table of families. A new one adds its ids and a row.
#include "drivers/registry/registry.h"

#include "core/nic/ring_loop.h"
#include "drivers/e1000/e1000_desc.h"
#include "drivers/e1000/e1000_driver.h"
#include "drivers/e1000/e1000_regs.h"
#include "drivers/ixgbe/ixgbe_desc.h"
#include "drivers/ixgbe/ixgbe_driver.h"
#include "drivers/ixgbe/ixgbe_regs.h"
#include "drivers/pv/pv_desc.h"
#include "drivers/pv/pv_driver.h"
#include "drivers/pv/pv_regs.h"

namespace mapwire::drivers {
namespace {

// SFP+ boards only: the backplane (10F7) and XAUI (10FC) parts need another link set-up.
constexpr PciId kIxgbeIds[] = {{ixgbe::kVendorIntel, ixgbe::kDevice82599Sfp}};
// Its other kin differ in PHY, EEPROM access or medium: none is driven before it was tried.
constexpr PciId kE1000Ids[] = {{e1000::kVendorIntel, e1000::kDevice82540Em},
                               {e1000::kVendorIntel, e1000::kDevice82545Em}};

constexpr PciId kPvIds[] = {{pv::kVendor, pv::kDevice}};

constexpr Family kFamilies[] = {
    {
        .name = "ixgbe",
        .ids = kIxgbeIds,
        .bar_bytes = ixgbe::kBar0Bytes,
        .create = ixgbe::Driver::Create,
        .destroy = ixgbe::Driver::Destroy,
        .loop = &nic::kRingLoop<ixgbe::Codec>,
    },
    {
        .name = "pv",
        .ids = kPvIds,
        .bar_bytes = pv::kBar0Bytes,
        .create = pv::Driver::Create,
        .destroy = pv::Driver::Destroy,
        .loop = &nic::kRingLoop<pv::Codec>,
    },
    {
        .name = "e1000",
        .ids = kE1000Ids,
        .bar_bytes = e1000::kBar0Bytes,
        .create = e1000::Driver::Create,
        .destroy = e1000::Driver::Destroy,
        .loop = &nic::kRingLoop<e1000::Codec>,
    },
};

}  // namespace

std::span<const Family> Families() { return kFamilies; }

Result<const Family*> FindFamily(uint16_t vendor, uint16_t device) {
  for (const Family& family : kFamilies) {
    for (const PciId& id : family.ids) {
      if (id.vendor == vendor && id.device == device) return &family;
    }
  }
  return Errno::kNoSuchDevice;
}

}  // namespace mapwire::drivers
