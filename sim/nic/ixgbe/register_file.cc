// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/register_file.h"

#include "sim/nic/ixgbe/inert_registers.h"

namespace mapwire::sim::nic82599 {

RegisterFile::RegisterFile(DeviceWorld& world)
    : RegisterSpace(world, "82599", 0x16000, {reg::AllRegisters::kRows, kInertRegisters}) {
  for (const reg::RegisterAlias& alias : reg::kAliases) {
    for (uint32_t i = 0; i < alias.count; ++i) {
      Alias(alias.offset + i * alias.stride, alias.target_offset + i * alias.target_stride);
    }
  }
  // Only registers whose field lists are surely whole: one stray bit here is a driver's mistake.
  AllFieldsKnown<reg::Rdh, reg::Rdt, reg::Rdh64To127, reg::Rdt64To127, reg::Tdh, reg::Tdt,
                 reg::Ivar, reg::IvarMisc, reg::Reta, reg::Rxpbsize, reg::Txpbsize, reg::Fctrl,
                 reg::Mcstctrl, reg::Vlnctrl, reg::Mtqc, reg::Rqsmr, reg::Tqsm, reg::Srrctl,
                 reg::Srrctl64To127, reg::Eitr, reg::Eitr24To127, reg::Mrqc, reg::Maxfrs>();
  // What drivers in use write all the same: bits of the 82598's FCTRL, a number of microseconds in
  // EITR whose low bits count for nothing, and kinds of hash in MRQC for IPv6 extension headers.
  Ignores<reg::Fctrl>(0x3000);
  Ignores<reg::Eitr, reg::Eitr24To127>(0x7);
  Ignores<reg::Mrqc>(0x010C0000);
  // The low bits read 0. Written ones are kept all the same: an enable looks at them.
  ShowsItsFieldsOnly<reg::Rdbal, reg::Rdlen, reg::Rdbal64To127, reg::Rdlen64To127, reg::Tdbal,
                     reg::Tdlen>();
}

// Reset values marked [mem] are from memory of the fact table's collector.
void RegisterFile::Reset(bool undefined_tables) {
  Clear();
  Fill<reg::Srrctl>(0x00000402);         // [mem]
  Fill<reg::Srrctl64To127>(0x00000402);  // [mem]
  Set<reg::Maxfrs>(0x05EE0000);          // 1518, CRC included [mem]
  Set<reg::Vlnctrl>(0x00008100);         // [mem]
  Set<reg::Exvet>(0x81000000);           // [mem]
  Set<reg::Dmatxctl>(0x81000000);        // [mem]
  Set<reg::Dtxmxszrq>(0x00000010);       // [mem]
  Set<reg::Rxpbsize>(0x00080000);        // all 512 KiB to packet buffer 0 [mem]
  Set<reg::Txpbsize>(0x00028000);        // all 160 KiB to packet buffer 0 [mem]
  // TXCRCEN, RXCRCSTRP, TXPADEN, MDCSPD, RXLNGTHERREN [mem]
  Set<reg::Hlreg0>(reg::Hlreg0::Txcrcen::kMask | reg::Hlreg0::Rxcrcstrp::kMask |
                   reg::Hlreg0::Txpaden::kMask | reg::Hlreg0::Mdcspd::kMask |
                   reg::Hlreg0::Rxlngtherren::kMask);
  Set<reg::Eec>(reg::Eec::EePres::kMask);
  Set<reg::Fwsm>(reg::Fwsm::FwValBit::kMask);
  Set<reg::Status>(reg::Status::PcieMasterEnStatus::kMask);
  // There are no security engines.
  Set<reg::Sectxstat>(reg::Sectxstat::SectxOffDis::kMask);
  Set<reg::Secrxstat>(reg::Secrxstat::SecrxOffDis::kMask);
  // All flags but FIN and PSH; all but those and CWR; all but CWR [mem]
  Set<reg::Dtxtcpflgl>(0x0F760FF6);
  Set<reg::Dtxtcpflgh>(0x00000F7F);
  if (!undefined_tables) return;
  // Undefined to the driver, and the same every time. The valid bit of an address entry is known.
  Fill<reg::Mta>(0xA5A5A5A5);
  Fill<reg::Vfta>(0x5A5A5A5A);
  Fill<reg::Ral>(0xDEADBEEF);
  Fill<reg::Rah>(0x00005EED);
  Fill<reg::Reta>(0x0F0E0D0C);
  Fill<reg::Rssrk>(0x3C3C3C3C);
}

}  // namespace mapwire::sim::nic82599
