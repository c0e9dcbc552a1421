// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/register_file.h"

namespace mapwire::sim::nic82540 {

RegisterFile::RegisterFile(DeviceWorld& world)
    : RegisterSpace(world, "82540EM", reg::kBar0Bytes, {reg::AllRegisters::kRows}) {
  Alias(reg::kCtrlDuplicate, reg::Ctrl::kOffset);
  // Diagnostics of one lineage, and the packet buffer itself: nothing here stands behind them.
  NotModelled<reg::Tbt, reg::Rdfh, reg::Rdft, reg::Rdfhs, reg::Rdfts, reg::Rdfpc, reg::Txdmac,
              reg::Tdfh, reg::Tdft, reg::Tdfhs, reg::Tdfts, reg::Tdfpc, reg::Tspmt, reg::Pbm>();
  // Only registers whose field lists are surely whole: one stray bit here is a driver's mistake.
  AllFieldsKnown<reg::Rdh, reg::Rdt, reg::Tdh, reg::Tdt, reg::Rdlen, reg::Tdlen, reg::Rctl,
                 reg::Tctl, reg::Ims, reg::Itr, reg::Rdtr, reg::Radv, reg::Tidv, reg::Tadv,
                 reg::Rah, reg::Tipg, reg::Vet, reg::Rxcsum, reg::Rsrpd, reg::Mdic, reg::Eerd>();
}

// Reset values are those of the fact table, which has them from QEMU; [mem] are from memory.
void RegisterFile::Reset(bool undefined_tables) {
  Clear();
  Set<reg::Ctrl>(0x00140240);
  Set<reg::Ledctl>(0x00000602);
  Set<reg::Pba>(0x00100030);
  Set<reg::Manc>(0x00022B00);
  Set<reg::Eecd>(reg::Eecd::Pres::kMask);  // [mem]
  Set<reg::Rxdctl>(0x00010000);            // WTHRESH 1 [mem]
  if (!undefined_tables) return;
  // Undefined to the driver, and the same every time. The valid bit of an address entry is known.
  Fill<reg::Mta>(0xA5A5A5A5);
  Fill<reg::Vfta>(0x5A5A5A5A);
  Fill<reg::Ral>(0xDEADBEEF);
  Fill<reg::Rah>(0x00005EED);
}

}  // namespace mapwire::sim::nic82540
