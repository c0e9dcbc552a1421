// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Registers, descriptor bits and PCI facts of the 82540EM (PRO/1000 MT): data, no logic.
//
// Names and numbers are those of the 82540EM fact table. Single 31:0 fields are left out: a
// register without named fields is one value. What the sources do not agree on, or only one lineage
// of them says, is marked.
#ifndef DRIVERS_E1000_E1000_REGS_H_
#define DRIVERS_E1000_E1000_REGS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/hw/bits.h"
#include "core/hw/register.h"

namespace mapwire::e1000 {

// ---- PCI identity ----
inline constexpr uint16_t kVendorIntel = 0x8086;
inline constexpr uint16_t kDevice82540Em = 0x100E;
inline constexpr uint16_t kDevice82545Em = 0x100F;  // copper
inline constexpr uint32_t kPciClass = 0x020000;
inline constexpr uint8_t kPciRevision = 0x02;     // from memory
inline constexpr uint16_t kSubsystemMt = 0x001E;  // under the vendor id above; from memory
inline constexpr uint32_t kBar0Bytes = 128 * 1024;
inline constexpr uint32_t kCtrlDuplicate = 0x00004;  // CTRL once more

// ---- Sizes ----
inline constexpr uint32_t kDescriptorBytes = 16;
inline constexpr uint32_t kRingAlignment = 128;  // of the length in bytes; the base needs 16 only
inline constexpr uint32_t kReceiveAddresses = 16;
inline constexpr uint16_t kEepromChecksum = 0xBABA;
inline constexpr uint32_t kEepromWords = 64;
inline constexpr uint32_t kEepromChecksumWord = 0x3F;
inline constexpr uint32_t kItrStepNs = 256;
inline constexpr uint32_t kDelayStepNs = 1024;  // of RDTR, RADV, TIDV, TADV
inline constexpr uint32_t kPacketBufferKib = 64;
inline constexpr uint32_t kCrcBytes = 4;
// With CRC. That this is the most is from memory: the fact table only says 16 KiB.
inline constexpr uint32_t kLargestFrameBytes = 16128;
inline constexpr uint32_t kStandardFrameBytes = 1522;  // with CRC and tag: longer needs RCTL.LPE

// ---- Control, status, EEPROM, PHY ----
// RST clears itself. The four pins (bits 18..25) have two sets of names; these are the newer
// ones.
struct Ctrl : hw::Register<"CTRL", 0x00000, hw::Access::kReadWrite> {
  using Fd = hw::Field<"FD", 0, 0>;
  using Lrst = hw::Field<"LRST", 3, 3>;
  using Asde = hw::Field<"ASDE", 5, 5>;
  using Slu = hw::Field<"SLU", 6, 6>;
  using Ilos = hw::Field<"ILOS", 7, 7>;
  using Speed = hw::Field<"SPEED", 9, 8>;
  using Frcspd = hw::Field<"FRCSPD", 11, 11>;
  using Frcdplx = hw::Field<"FRCDPLX", 12, 12>;
  using Sdp0Data = hw::Field<"SDP0_DATA", 18, 18>;
  using Sdp1Data = hw::Field<"SDP1_DATA", 19, 19>;
  using Advd3wuc = hw::Field<"ADVD3WUC", 20, 20>;
  using EnPhyPwrMgmt = hw::Field<"EN_PHY_PWR_MGMT", 21, 21>;
  using Sdp0Iodir = hw::Field<"SDP0_IODIR", 22, 22>;
  using Sdp1Iodir = hw::Field<"SDP1_IODIR", 23, 23>;
  using Rst = hw::Field<"RST", 26, 26>;
  using Rfce = hw::Field<"RFCE", 27, 27>;
  using Tfce = hw::Field<"TFCE", 28, 28>;
  using Vme = hw::Field<"VME", 30, 30>;
  using PhyRst = hw::Field<"PHY_RST", 31, 31>;
  using Fields =
      hw::FieldList<Fd, Lrst, Asde, Slu, Ilos, Speed, Frcspd, Frcdplx, Sdp0Data, Sdp1Data, Advd3wuc,
                    EnPhyPwrMgmt, Sdp0Iodir, Sdp1Iodir, Rst, Rfce, Tfce, Vme, PhyRst>;
};
// A read behind writes pushes them out to the device.
struct Status : hw::Register<"STATUS", 0x00008, hw::Access::kReadOnly> {
  using Fd = hw::Field<"FD", 0, 0>;
  using Lu = hw::Field<"LU", 1, 1>;
  using FuncId = hw::Field<"FUNC_ID", 3, 2>;
  using Txoff = hw::Field<"TXOFF", 4, 4>;
  using Tbimode = hw::Field<"TBIMODE", 5, 5>;
  using Speed = hw::Field<"SPEED", 7, 6>;
  using Asdv = hw::Field<"ASDV", 9, 8>;
  using Mtxckok = hw::Field<"MTXCKOK", 10, 10>;
  using Pci66 = hw::Field<"PCI66", 11, 11>;
  using Bus64 = hw::Field<"BUS64", 12, 12>;
  using PcixMode = hw::Field<"PCIX_MODE", 13, 13>;
  using Pcixspd = hw::Field<"PCIXSPD", 15, 14>;
  using Fields = hw::FieldList<Fd, Lu, FuncId, Txoff, Tbimode, Speed, Asdv, Mtxckok, Pci66, Bus64,
                               PcixMode, Pcixspd>;
};
// Microwire, bit by bit: GNT after REQ.
struct Eecd : hw::Register<"EECD", 0x00010, hw::Access::kReadWrite> {
  using Sk = hw::Field<"SK", 0, 0>;
  using Cs = hw::Field<"CS", 1, 1>;
  using Di = hw::Field<"DI", 2, 2>;
  using Do = hw::Field<"DO", 3, 3>;
  using Fwe = hw::Field<"FWE", 5, 4>;
  using Req = hw::Field<"REQ", 6, 6>;
  using Gnt = hw::Field<"GNT", 7, 7>;
  using Pres = hw::Field<"PRES", 8, 8>;
  using Size = hw::Field<"SIZE", 9, 9>;
  using SizeBit1 = hw::Field<"SIZE_BIT1", 10, 10>;
  using Type = hw::Field<"TYPE", 13, 13>;
  using Fields = hw::FieldList<Sk, Cs, Di, Do, Fwe, Req, Gnt, Pres, Size, SizeBit1, Type>;
};
// DONE and ADDR are where this MAC has them: newer ones moved both.
struct Eerd : hw::Register<"EERD", 0x00014, hw::Access::kReadWrite> {
  using Start = hw::Field<"START", 0, 0>;
  using Done = hw::Field<"DONE", 4, 4>;
  using Addr = hw::Field<"ADDR", 15, 8>;
  using Data = hw::Field<"DATA", 31, 16>;
  using Fields = hw::FieldList<Start, Done, Addr, Data>;
};
// Of one lineage: GPI0_EN, GPI1_EN, IPS.
struct CtrlExt : hw::Register<"CTRL_EXT", 0x00018, hw::Access::kReadWrite> {
  using Gpi0En = hw::Field<"GPI0_EN", 0, 0>;
  using Gpi1En = hw::Field<"GPI1_EN", 1, 1>;
  using Sdp2Gpien = hw::Field<"SDP2_GPIEN", 2, 2>;
  using Sdp3Gpien = hw::Field<"SDP3_GPIEN", 3, 3>;
  using Phyint = hw::Field<"PHYINT", 5, 5>;
  using Sdp2Data = hw::Field<"SDP2_DATA", 6, 6>;
  using Sdp3Data = hw::Field<"SDP3_DATA", 7, 7>;
  using Sdp2Iodir = hw::Field<"SDP2_IODIR", 10, 10>;
  using Sdp3Iodir = hw::Field<"SDP3_IODIR", 11, 11>;
  using Asdchk = hw::Field<"ASDCHK", 12, 12>;
  using EeRst = hw::Field<"EE_RST", 13, 13>;
  using Ips = hw::Field<"IPS", 14, 14>;
  using SpdByps = hw::Field<"SPD_BYPS", 15, 15>;
  using RoDis = hw::Field<"RO_DIS", 17, 17>;
  using LinkMode = hw::Field<"LINK_MODE", 23, 22>;
  using Fields = hw::FieldList<Gpi0En, Gpi1En, Sdp2Gpien, Sdp3Gpien, Phyint, Sdp2Data, Sdp3Data,
                               Sdp2Iodir, Sdp3Iodir, Asdchk, EeRst, Ips, SpdByps, RoDis, LinkMode>;
};
// Fields of one lineage: all.
struct Fla : hw::Register<"FLA", 0x0001C, hw::Access::kReadWrite> {
  using FlSk = hw::Field<"FL_SK", 0, 0>;
  using FlCe = hw::Field<"FL_CE", 1, 1>;
  using FlSi = hw::Field<"FL_SI", 2, 2>;
  using FlSo = hw::Field<"FL_SO", 3, 3>;
  using FlReq = hw::Field<"FL_REQ", 4, 4>;
  using FlGnt = hw::Field<"FL_GNT", 5, 5>;
  using FlBusy = hw::Field<"FL_BUSY", 30, 30>;
  using FlEr = hw::Field<"FL_ER", 31, 31>;
  using Fields = hw::FieldList<FlSk, FlCe, FlSi, FlSo, FlReq, FlGnt, FlBusy, FlEr>;
};
// OP 1 writes, 2 reads. R: the PHY has answered; E: it has not.
struct Mdic : hw::Register<"MDIC", 0x00020, hw::Access::kReadWrite> {
  using Data = hw::Field<"DATA", 15, 0>;
  using Regadd = hw::Field<"REGADD", 20, 16>;
  using Phyadd = hw::Field<"PHYADD", 25, 21>;
  using Op = hw::Field<"OP", 27, 26>;
  using R = hw::Field<"R", 28, 28>;
  using I = hw::Field<"I", 29, 29>;
  using E = hw::Field<"E", 30, 30>;
  using Fields = hw::FieldList<Data, Regadd, Phyadd, Op, R, I, E>;
};
struct Fcal : hw::Register<"FCAL", 0x00028, hw::Access::kReadWrite> {};
struct Fcah : hw::Register<"FCAH", 0x0002C, hw::Access::kReadWrite> {};
struct Fct : hw::Register<"FCT", 0x00030, hw::Access::kReadWrite> {};
// Software writes 0x8100. Of one lineage: VET.
struct Vet : hw::Register<"VET", 0x00038, hw::Access::kReadWrite> {
  using Type = hw::Field<"VET", 15, 0>;
  using Fields = hw::FieldList<Type>;
};

// ---- Interrupts ----
// A read clears it and drops the pin; so does a written 1. That bit 31 exists on this part is
// doubtful.
struct Icr : hw::Register<"ICR", 0x000C0, hw::Access::kReadClear> {
  using Txdw = hw::Field<"TXDW", 0, 0>;
  using Txqe = hw::Field<"TXQE", 1, 1>;
  using Lsc = hw::Field<"LSC", 2, 2>;
  using Rxseq = hw::Field<"RXSEQ", 3, 3>;
  using Rxdmt0 = hw::Field<"RXDMT0", 4, 4>;
  using Rxo = hw::Field<"RXO", 6, 6>;
  using Rxt0 = hw::Field<"RXT0", 7, 7>;
  using Mdac = hw::Field<"MDAC", 9, 9>;
  using Rxcfg = hw::Field<"RXCFG", 10, 10>;
  using Phyint = hw::Field<"PHYINT", 12, 12>;
  using GpiSdp2 = hw::Field<"GPI_SDP2", 13, 13>;
  using GpiSdp3 = hw::Field<"GPI_SDP3", 14, 14>;
  using TxdLow = hw::Field<"TXD_LOW", 15, 15>;
  using Srpd = hw::Field<"SRPD", 16, 16>;
  using IntAsserted = hw::Field<"INT_ASSERTED", 31, 31>;
  using Fields = hw::FieldList<Txdw, Txqe, Lsc, Rxseq, Rxdmt0, Rxo, Rxt0, Mdac, Rxcfg, Phyint,
                               GpiSdp2, GpiSdp3, TxdLow, Srpd, IntAsserted>;
};
// Units of 256 ns; 0: no limit.
struct Itr : hw::Register<"ITR", 0x000C4, hw::Access::kReadWrite> {
  using Interval = hw::Field<"INTERVAL", 15, 0>;
  using Fields = hw::FieldList<Interval>;
};
// Of one lineage: PHYINT.
struct Ics : hw::Register<"ICS", 0x000C8, hw::Access::kWriteOnly> {
  using Txdw = hw::Field<"TXDW", 0, 0>;
  using Txqe = hw::Field<"TXQE", 1, 1>;
  using Lsc = hw::Field<"LSC", 2, 2>;
  using Rxseq = hw::Field<"RXSEQ", 3, 3>;
  using Rxdmt0 = hw::Field<"RXDMT0", 4, 4>;
  using Rxo = hw::Field<"RXO", 6, 6>;
  using Rxt0 = hw::Field<"RXT0", 7, 7>;
  using Mdac = hw::Field<"MDAC", 9, 9>;
  using Rxcfg = hw::Field<"RXCFG", 10, 10>;
  using Phyint = hw::Field<"PHYINT", 12, 12>;
  using GpiSdp2 = hw::Field<"GPI_SDP2", 13, 13>;
  using GpiSdp3 = hw::Field<"GPI_SDP3", 14, 14>;
  using TxdLow = hw::Field<"TXD_LOW", 15, 15>;
  using Srpd = hw::Field<"SRPD", 16, 16>;
  using Fields = hw::FieldList<Txdw, Txqe, Lsc, Rxseq, Rxdmt0, Rxo, Rxt0, Mdac, Rxcfg, Phyint,
                               GpiSdp2, GpiSdp3, TxdLow, Srpd>;
};
// A written 1 sets the bit; a read shows the mask. Of one lineage: PHYINT.
struct Ims : hw::Register<"IMS", 0x000D0, hw::Access::kReadWrite> {
  using Txdw = hw::Field<"TXDW", 0, 0>;
  using Txqe = hw::Field<"TXQE", 1, 1>;
  using Lsc = hw::Field<"LSC", 2, 2>;
  using Rxseq = hw::Field<"RXSEQ", 3, 3>;
  using Rxdmt0 = hw::Field<"RXDMT0", 4, 4>;
  using Rxo = hw::Field<"RXO", 6, 6>;
  using Rxt0 = hw::Field<"RXT0", 7, 7>;
  using Mdac = hw::Field<"MDAC", 9, 9>;
  using Rxcfg = hw::Field<"RXCFG", 10, 10>;
  using Phyint = hw::Field<"PHYINT", 12, 12>;
  using GpiSdp2 = hw::Field<"GPI_SDP2", 13, 13>;
  using GpiSdp3 = hw::Field<"GPI_SDP3", 14, 14>;
  using TxdLow = hw::Field<"TXD_LOW", 15, 15>;
  using Srpd = hw::Field<"SRPD", 16, 16>;
  using Fields = hw::FieldList<Txdw, Txqe, Lsc, Rxseq, Rxdmt0, Rxo, Rxt0, Mdac, Rxcfg, Phyint,
                               GpiSdp2, GpiSdp3, TxdLow, Srpd>;
};
// A written 1 clears the bit of the mask. Of one lineage: PHYINT.
struct Imc : hw::Register<"IMC", 0x000D8, hw::Access::kWriteOnly> {
  using Txdw = hw::Field<"TXDW", 0, 0>;
  using Txqe = hw::Field<"TXQE", 1, 1>;
  using Lsc = hw::Field<"LSC", 2, 2>;
  using Rxseq = hw::Field<"RXSEQ", 3, 3>;
  using Rxdmt0 = hw::Field<"RXDMT0", 4, 4>;
  using Rxo = hw::Field<"RXO", 6, 6>;
  using Rxt0 = hw::Field<"RXT0", 7, 7>;
  using Mdac = hw::Field<"MDAC", 9, 9>;
  using Rxcfg = hw::Field<"RXCFG", 10, 10>;
  using Phyint = hw::Field<"PHYINT", 12, 12>;
  using GpiSdp2 = hw::Field<"GPI_SDP2", 13, 13>;
  using GpiSdp3 = hw::Field<"GPI_SDP3", 14, 14>;
  using TxdLow = hw::Field<"TXD_LOW", 15, 15>;
  using Srpd = hw::Field<"SRPD", 16, 16>;
  using Fields = hw::FieldList<Txdw, Txqe, Lsc, Rxseq, Rxdmt0, Rxo, Rxt0, Mdac, Rxcfg, Phyint,
                               GpiSdp2, GpiSdp3, TxdLow, Srpd>;
};

// ---- Receive and transmit control ----
// Bits 30:27 (FLXBUF), 14, 11:10 and 0 are doubtful on this part and left out.
struct Rctl : hw::Register<"RCTL", 0x00100, hw::Access::kReadWrite> {
  using En = hw::Field<"EN", 1, 1>;
  using Sbp = hw::Field<"SBP", 2, 2>;
  using Upe = hw::Field<"UPE", 3, 3>;
  using Mpe = hw::Field<"MPE", 4, 4>;
  using Lpe = hw::Field<"LPE", 5, 5>;
  using Lbm = hw::Field<"LBM", 7, 6>;
  using Rdmts = hw::Field<"RDMTS", 9, 8>;
  using Mo = hw::Field<"MO", 13, 12>;
  using Bam = hw::Field<"BAM", 15, 15>;
  using Bsize = hw::Field<"BSIZE", 17, 16>;
  using Vfe = hw::Field<"VFE", 18, 18>;
  using Cfien = hw::Field<"CFIEN", 19, 19>;
  using Cfi = hw::Field<"CFI", 20, 20>;
  using Dpf = hw::Field<"DPF", 22, 22>;
  using Pmcf = hw::Field<"PMCF", 23, 23>;
  using Bsex = hw::Field<"BSEX", 25, 25>;
  using Secrc = hw::Field<"SECRC", 26, 26>;
  using Fields = hw::FieldList<En, Sbp, Upe, Mpe, Lpe, Lbm, Rdmts, Mo, Bam, Bsize, Vfe, Cfien, Cfi,
                               Dpf, Pmcf, Bsex, Secrc>;
};
struct Fcttv : hw::Register<"FCTTV", 0x00170, hw::Access::kReadWrite> {
  using Ttv = hw::Field<"TTV", 15, 0>;
  using Fields = hw::FieldList<Ttv>;
};
// Of fibre MACs.
struct Txcw : hw::Register<"TXCW", 0x00178, hw::Access::kReadWrite> {
  using Fd = hw::Field<"FD", 5, 5>;
  using Hd = hw::Field<"HD", 6, 6>;
  using Pause = hw::Field<"PAUSE", 8, 7>;
  using Rfi = hw::Field<"RFI", 13, 12>;
  using Np = hw::Field<"NP", 15, 15>;
  using Txconfig = hw::Field<"TXCONFIG", 30, 30>;
  using Ane = hw::Field<"ANE", 31, 31>;
  using Fields = hw::FieldList<Fd, Hd, Pause, Rfi, Np, Txconfig, Ane>;
};
// Of fibre MACs. Of one lineage: FD, HD, PAUSE, RFI, NP.
struct Rxcw : hw::Register<"RXCW", 0x00180, hw::Access::kReadOnly> {
  using Fd = hw::Field<"FD", 5, 5>;
  using Hd = hw::Field<"HD", 6, 6>;
  using Pause = hw::Field<"PAUSE", 8, 7>;
  using Rfi = hw::Field<"RFI", 13, 12>;
  using Np = hw::Field<"NP", 15, 15>;
  using Nc = hw::Field<"NC", 26, 26>;
  using Iv = hw::Field<"IV", 27, 27>;
  using Cc = hw::Field<"CC", 28, 28>;
  using C = hw::Field<"C", 29, 29>;
  using Synch = hw::Field<"SYNCH", 30, 30>;
  using Anc = hw::Field<"ANC", 31, 31>;
  using Fields = hw::FieldList<Fd, Hd, Pause, Rfi, Np, Nc, Iv, Cc, C, Synch, Anc>;
};
struct Tctl : hw::Register<"TCTL", 0x00400, hw::Access::kReadWrite> {
  using En = hw::Field<"EN", 1, 1>;
  using Psp = hw::Field<"PSP", 3, 3>;
  using Ct = hw::Field<"CT", 11, 4>;
  using Cold = hw::Field<"COLD", 21, 12>;
  using Swxoff = hw::Field<"SWXOFF", 22, 22>;
  using Pbe = hw::Field<"PBE", 23, 23>;
  using Rtlc = hw::Field<"RTLC", 24, 24>;
  using Nrtu = hw::Field<"NRTU", 25, 25>;
  using Fields = hw::FieldList<En, Psp, Ct, Cold, Swxoff, Pbe, Rtlc, Nrtu>;
};
// Copper: 8, 8, 6.
struct Tipg : hw::Register<"TIPG", 0x00410, hw::Access::kReadWrite> {
  using Ipgt = hw::Field<"IPGT", 9, 0>;
  using Ipgr1 = hw::Field<"IPGR1", 19, 10>;
  using Ipgr2 = hw::Field<"IPGR2", 29, 20>;
  using Fields = hw::FieldList<Ipgt, Ipgr1, Ipgr2>;
};
// Doubtful: one lineage only.
struct Tbt : hw::Register<"TBT", 0x00448, hw::Access::kReadWrite> {};
// Of one lineage: AIFS.
struct Ait : hw::Register<"AIT", 0x00458, hw::Access::kReadWrite> {
  using Aifs = hw::Field<"AIFS", 15, 0>;
  using Fields = hw::FieldList<Aifs>;
};

// ---- LED, packet buffer, flow control ----
struct Ledctl : hw::Register<"LEDCTL", 0x00E00, hw::Access::kReadWrite> {
  using Led0Mode = hw::Field<"LED0_MODE", 3, 0>;
  using Led0Ivrt = hw::Field<"LED0_IVRT", 6, 6>;
  using Led0Blink = hw::Field<"LED0_BLINK", 7, 7>;
  using Led1Mode = hw::Field<"LED1_MODE", 11, 8>;
  using Led1Ivrt = hw::Field<"LED1_IVRT", 14, 14>;
  using Led1Blink = hw::Field<"LED1_BLINK", 15, 15>;
  using Led2Mode = hw::Field<"LED2_MODE", 19, 16>;
  using Led2Ivrt = hw::Field<"LED2_IVRT", 22, 22>;
  using Led2Blink = hw::Field<"LED2_BLINK", 23, 23>;
  using Led3Mode = hw::Field<"LED3_MODE", 27, 24>;
  using Led3Ivrt = hw::Field<"LED3_IVRT", 30, 30>;
  using Led3Blink = hw::Field<"LED3_BLINK", 31, 31>;
  using Fields = hw::FieldList<Led0Mode, Led0Ivrt, Led0Blink, Led1Mode, Led1Ivrt, Led1Blink,
                               Led2Mode, Led2Ivrt, Led2Blink, Led3Mode, Led3Ivrt, Led3Blink>;
};
// KiB. TXA is what RXA leaves.
struct Pba : hw::Register<"PBA", 0x01000, hw::Access::kReadWrite> {
  using Rxa = hw::Field<"RXA", 15, 0>;
  using Txa = hw::Field<"TXA", 31, 16>;
  using Fields = hw::FieldList<Rxa, Txa>;
};
struct Fcrtl : hw::Register<"FCRTL", 0x02160, hw::Access::kReadWrite> {
  using Rtl = hw::Field<"RTL", 15, 3>;
  using Xone = hw::Field<"XONE", 31, 31>;
  using Fields = hw::FieldList<Rtl, Xone>;
};
struct Fcrth : hw::Register<"FCRTH", 0x02168, hw::Access::kReadWrite> {
  using Rth = hw::Field<"RTH", 15, 3>;
  using Fields = hw::FieldList<Rth>;
};

// ---- Receive queue ----
// Doubtful: one lineage only.
struct Rdfh : hw::Register<"RDFH", 0x02410, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Rdft : hw::Register<"RDFT", 0x02418, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Rdfhs : hw::Register<"RDFHS", 0x02420, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Rdfts : hw::Register<"RDFTS", 0x02428, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Rdfpc : hw::Register<"RDFPC", 0x02430, hw::Access::kReadWrite> {};
// Of one lineage: RDBAL.
struct Rdbal : hw::Register<"RDBAL", 0x02800, hw::Access::kReadWrite> {
  using Base = hw::Field<"RDBAL", 31, 4>;
  using Fields = hw::FieldList<Base>;
};
struct Rdbah : hw::Register<"RDBAH", 0x02804, hw::Access::kReadWrite> {};
struct Rdlen : hw::Register<"RDLEN", 0x02808, hw::Access::kReadWrite> {
  using Len = hw::Field<"LEN", 19, 7>;
  using Fields = hw::FieldList<Len>;
};
struct Rdh : hw::Register<"RDH", 0x02810, hw::Access::kReadWrite> {
  using Index = hw::Field<"RDH", 15, 0>;
  using Fields = hw::FieldList<Index>;
};
struct Rdt : hw::Register<"RDT", 0x02818, hw::Access::kReadWrite> {
  using Index = hw::Field<"RDT", 15, 0>;
  using Fields = hw::FieldList<Index>;
};
// Units of 1.024 us. FPD: write back what is pending now.
struct Rdtr : hw::Register<"RDTR", 0x02820, hw::Access::kReadWrite> {
  using Delay = hw::Field<"DELAY", 15, 0>;
  using Fpd = hw::Field<"FPD", 31, 31>;
  using Fields = hw::FieldList<Delay, Fpd>;
};
// No ENABLE on this MAC.
struct Rxdctl : hw::Register<"RXDCTL", 0x02828, hw::Access::kReadWrite> {
  using Pthresh = hw::Field<"PTHRESH", 5, 0>;
  using Hthresh = hw::Field<"HTHRESH", 13, 8>;
  using Wthresh = hw::Field<"WTHRESH", 21, 16>;
  using Gran = hw::Field<"GRAN", 24, 24>;
  using Fields = hw::FieldList<Pthresh, Hthresh, Wthresh, Gran>;
};
// Units of 1.024 us.
struct Radv : hw::Register<"RADV", 0x0282C, hw::Access::kReadWrite> {
  using Idv = hw::Field<"IDV", 15, 0>;
  using Fields = hw::FieldList<Idv>;
};
// Of one lineage: SIZE.
struct Rsrpd : hw::Register<"RSRPD", 0x02C00, hw::Access::kReadWrite> {
  using Size = hw::Field<"SIZE", 11, 0>;
  using Fields = hw::FieldList<Size>;
};

// ---- Transmit queue ----
// Doubtful: one lineage only.
struct Txdmac : hw::Register<"TXDMAC", 0x03000, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Tdfh : hw::Register<"TDFH", 0x03410, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Tdft : hw::Register<"TDFT", 0x03418, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Tdfhs : hw::Register<"TDFHS", 0x03420, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Tdfts : hw::Register<"TDFTS", 0x03428, hw::Access::kReadWrite> {};
// Doubtful: one lineage only.
struct Tdfpc : hw::Register<"TDFPC", 0x03430, hw::Access::kReadWrite> {};
// Of one lineage: TDBAL.
struct Tdbal : hw::Register<"TDBAL", 0x03800, hw::Access::kReadWrite> {
  using Base = hw::Field<"TDBAL", 31, 4>;
  using Fields = hw::FieldList<Base>;
};
struct Tdbah : hw::Register<"TDBAH", 0x03804, hw::Access::kReadWrite> {};
struct Tdlen : hw::Register<"TDLEN", 0x03808, hw::Access::kReadWrite> {
  using Len = hw::Field<"LEN", 19, 7>;
  using Fields = hw::FieldList<Len>;
};
struct Tdh : hw::Register<"TDH", 0x03810, hw::Access::kReadWrite> {
  using Index = hw::Field<"TDH", 15, 0>;
  using Fields = hw::FieldList<Index>;
};
struct Tdt : hw::Register<"TDT", 0x03818, hw::Access::kReadWrite> {
  using Index = hw::Field<"TDT", 15, 0>;
  using Fields = hw::FieldList<Index>;
};
// Units of 1.024 us.
struct Tidv : hw::Register<"TIDV", 0x03820, hw::Access::kReadWrite> {
  using Idv = hw::Field<"IDV", 15, 0>;
  using Fields = hw::FieldList<Idv>;
};
// Bits 31:25 and what one driver writes to bit 22 are doubtful.
struct Txdctl : hw::Register<"TXDCTL", 0x03828, hw::Access::kReadWrite> {
  using Pthresh = hw::Field<"PTHRESH", 5, 0>;
  using Hthresh = hw::Field<"HTHRESH", 15, 8>;
  using Wthresh = hw::Field<"WTHRESH", 21, 16>;
  using Gran = hw::Field<"GRAN", 24, 24>;
  using Lwthresh = hw::Field<"LWTHRESH", 31, 25>;
  using Fields = hw::FieldList<Pthresh, Hthresh, Wthresh, Gran, Lwthresh>;
};
// Units of 1.024 us.
struct Tadv : hw::Register<"TADV", 0x0382C, hw::Access::kReadWrite> {
  using Idv = hw::Field<"IDV", 15, 0>;
  using Fields = hw::FieldList<Idv>;
};
// Doubtful: one lineage only.
struct Tspmt : hw::Register<"TSPMT", 0x03830, hw::Access::kReadWrite> {};

// ---- Statistics: all clear when they are read ----
struct Crcerrs : hw::Register<"CRCERRS", 0x04000, hw::Access::kReadClear> {};
struct Algnerrc : hw::Register<"ALGNERRC", 0x04004, hw::Access::kReadClear> {};
struct Symerrs : hw::Register<"SYMERRS", 0x04008, hw::Access::kReadClear> {};
struct Rxerrc : hw::Register<"RXERRC", 0x0400C, hw::Access::kReadClear> {};
struct Mpc : hw::Register<"MPC", 0x04010, hw::Access::kReadClear> {};
struct Scc : hw::Register<"SCC", 0x04014, hw::Access::kReadClear> {};
struct Ecol : hw::Register<"ECOL", 0x04018, hw::Access::kReadClear> {};
struct Mcc : hw::Register<"MCC", 0x0401C, hw::Access::kReadClear> {};
struct Latecol : hw::Register<"LATECOL", 0x04020, hw::Access::kReadClear> {};
struct Colc : hw::Register<"COLC", 0x04028, hw::Access::kReadClear> {};
struct Dc : hw::Register<"DC", 0x04030, hw::Access::kReadClear> {};
struct Tncrs : hw::Register<"TNCRS", 0x04034, hw::Access::kReadClear> {};
struct Sec : hw::Register<"SEC", 0x04038, hw::Access::kReadClear> {};
struct Cexterr : hw::Register<"CEXTERR", 0x0403C, hw::Access::kReadClear> {};
struct Rlec : hw::Register<"RLEC", 0x04040, hw::Access::kReadClear> {};
struct Xonrxc : hw::Register<"XONRXC", 0x04048, hw::Access::kReadClear> {};
struct Xontxc : hw::Register<"XONTXC", 0x0404C, hw::Access::kReadClear> {};
struct Xoffrxc : hw::Register<"XOFFRXC", 0x04050, hw::Access::kReadClear> {};
struct Xofftxc : hw::Register<"XOFFTXC", 0x04054, hw::Access::kReadClear> {};
struct Fcruc : hw::Register<"FCRUC", 0x04058, hw::Access::kReadClear> {};
struct Prc64 : hw::Register<"PRC64", 0x0405C, hw::Access::kReadClear> {};
struct Prc127 : hw::Register<"PRC127", 0x04060, hw::Access::kReadClear> {};
struct Prc255 : hw::Register<"PRC255", 0x04064, hw::Access::kReadClear> {};
struct Prc511 : hw::Register<"PRC511", 0x04068, hw::Access::kReadClear> {};
struct Prc1023 : hw::Register<"PRC1023", 0x0406C, hw::Access::kReadClear> {};
struct Prc1522 : hw::Register<"PRC1522", 0x04070, hw::Access::kReadClear> {};
struct Gprc : hw::Register<"GPRC", 0x04074, hw::Access::kReadClear> {};
struct Bprc : hw::Register<"BPRC", 0x04078, hw::Access::kReadClear> {};
struct Mprc : hw::Register<"MPRC", 0x0407C, hw::Access::kReadClear> {};
struct Gptc : hw::Register<"GPTC", 0x04080, hw::Access::kReadClear> {};
struct Gorcl : hw::Register<"GORCL", 0x04088, hw::Access::kReadClear> {};
struct Gorch : hw::Register<"GORCH", 0x0408C, hw::Access::kReadClear> {};
struct Gotcl : hw::Register<"GOTCL", 0x04090, hw::Access::kReadClear> {};
struct Gotch : hw::Register<"GOTCH", 0x04094, hw::Access::kReadClear> {};
struct Rnbc : hw::Register<"RNBC", 0x040A0, hw::Access::kReadClear> {};
struct Ruc : hw::Register<"RUC", 0x040A4, hw::Access::kReadClear> {};
struct Rfc : hw::Register<"RFC", 0x040A8, hw::Access::kReadClear> {};
struct Roc : hw::Register<"ROC", 0x040AC, hw::Access::kReadClear> {};
struct Rjc : hw::Register<"RJC", 0x040B0, hw::Access::kReadClear> {};
struct Mgtprc : hw::Register<"MGTPRC", 0x040B4, hw::Access::kReadClear> {};
struct Mgtpdc : hw::Register<"MGTPDC", 0x040B8, hw::Access::kReadClear> {};
struct Mgtptc : hw::Register<"MGTPTC", 0x040BC, hw::Access::kReadClear> {};
struct Torl : hw::Register<"TORL", 0x040C0, hw::Access::kReadClear> {};
struct Torh : hw::Register<"TORH", 0x040C4, hw::Access::kReadClear> {};
struct Totl : hw::Register<"TOTL", 0x040C8, hw::Access::kReadClear> {};
struct Toth : hw::Register<"TOTH", 0x040CC, hw::Access::kReadClear> {};
struct Tpr : hw::Register<"TPR", 0x040D0, hw::Access::kReadClear> {};
struct Tpt : hw::Register<"TPT", 0x040D4, hw::Access::kReadClear> {};
struct Ptc64 : hw::Register<"PTC64", 0x040D8, hw::Access::kReadClear> {};
struct Ptc127 : hw::Register<"PTC127", 0x040DC, hw::Access::kReadClear> {};
struct Ptc255 : hw::Register<"PTC255", 0x040E0, hw::Access::kReadClear> {};
struct Ptc511 : hw::Register<"PTC511", 0x040E4, hw::Access::kReadClear> {};
struct Ptc1023 : hw::Register<"PTC1023", 0x040E8, hw::Access::kReadClear> {};
struct Ptc1522 : hw::Register<"PTC1522", 0x040EC, hw::Access::kReadClear> {};
struct Mptc : hw::Register<"MPTC", 0x040F0, hw::Access::kReadClear> {};
struct Bptc : hw::Register<"BPTC", 0x040F4, hw::Access::kReadClear> {};
struct Tsctc : hw::Register<"TSCTC", 0x040F8, hw::Access::kReadClear> {};
struct Tsctfc : hw::Register<"TSCTFC", 0x040FC, hw::Access::kReadClear> {};

// ---- Filters ----
struct Rxcsum : hw::Register<"RXCSUM", 0x05000, hw::Access::kReadWrite> {
  using Pcss = hw::Field<"PCSS", 7, 0>;
  using Ipofl = hw::Field<"IPOFL", 8, 8>;
  using Tuofl = hw::Field<"TUOFL", 9, 9>;
  using Fields = hw::FieldList<Pcss, Ipofl, Tuofl>;
};
struct Mta : hw::Register<"MTA", 0x05200, hw::Access::kReadWrite, 128, 0x4> {};
// Entry 0 comes from the EEPROM.
struct Ral : hw::Register<"RAL", 0x05400, hw::Access::kReadWrite, 16, 0x8> {};
struct Rah : hw::Register<"RAH", 0x05404, hw::Access::kReadWrite, 16, 0x8> {
  using Address = hw::Field<"RAH", 15, 0>;
  using Asel = hw::Field<"ASEL", 17, 16>;
  using Av = hw::Field<"AV", 31, 31>;
  using Fields = hw::FieldList<Address, Asel, Av>;
};
struct Vfta : hw::Register<"VFTA", 0x05600, hw::Access::kReadWrite, 128, 0x4> {};

// ---- Wake-up and manageability ----
struct Wuc : hw::Register<"WUC", 0x05800, hw::Access::kReadWrite> {
  using Apme = hw::Field<"APME", 0, 0>;
  using PmeEn = hw::Field<"PME_EN", 1, 1>;
  using PmeStatus = hw::Field<"PME_STATUS", 2, 2>;
  using Apmpme = hw::Field<"APMPME", 3, 3>;
  using Fields = hw::FieldList<Apme, PmeEn, PmeStatus, Apmpme>;
};
struct Wufc : hw::Register<"WUFC", 0x05808, hw::Access::kReadWrite> {
  using Lnkc = hw::Field<"LNKC", 0, 0>;
  using Mag = hw::Field<"MAG", 1, 1>;
  using Ex = hw::Field<"EX", 2, 2>;
  using Mc = hw::Field<"MC", 3, 3>;
  using Bc = hw::Field<"BC", 4, 4>;
  using Arp = hw::Field<"ARP", 5, 5>;
  using Ipv4 = hw::Field<"IPV4", 6, 6>;
  using Ipv6 = hw::Field<"IPV6", 7, 7>;
  using Flx0 = hw::Field<"FLX0", 16, 16>;
  using Flx1 = hw::Field<"FLX1", 17, 17>;
  using Flx2 = hw::Field<"FLX2", 18, 18>;
  using Flx3 = hw::Field<"FLX3", 19, 19>;
  using Fields = hw::FieldList<Lnkc, Mag, Ex, Mc, Bc, Arp, Ipv4, Ipv6, Flx0, Flx1, Flx2, Flx3>;
};
struct Wus : hw::Register<"WUS", 0x05810, hw::Access::kReadOnly> {
  using Lnkc = hw::Field<"LNKC", 0, 0>;
  using Mag = hw::Field<"MAG", 1, 1>;
  using Ex = hw::Field<"EX", 2, 2>;
  using Mc = hw::Field<"MC", 3, 3>;
  using Bc = hw::Field<"BC", 4, 4>;
  using Arp = hw::Field<"ARP", 5, 5>;
  using Ipv4 = hw::Field<"IPV4", 6, 6>;
  using Ipv6 = hw::Field<"IPV6", 7, 7>;
  using Flx0 = hw::Field<"FLX0", 16, 16>;
  using Flx1 = hw::Field<"FLX1", 17, 17>;
  using Flx2 = hw::Field<"FLX2", 18, 18>;
  using Flx3 = hw::Field<"FLX3", 19, 19>;
  using Fields = hw::FieldList<Lnkc, Mag, Ex, Mc, Bc, Arp, Ipv4, Ipv6, Flx0, Flx1, Flx2, Flx3>;
};
struct Manc : hw::Register<"MANC", 0x05820, hw::Access::kReadWrite> {
  using RmcpEn = hw::Field<"RMCP_EN", 8, 8>;
  using En0298 = hw::Field<"EN_0298", 9, 9>;
  using ArpEn = hw::Field<"ARP_EN", 13, 13>;
  using NeighborEn = hw::Field<"NEIGHBOR_EN", 14, 14>;
  using ArpResEn = hw::Field<"ARP_RES_EN", 15, 15>;
  using TcoReset = hw::Field<"TCO_RESET", 16, 16>;
  using RcvTcoEn = hw::Field<"RCV_TCO_EN", 17, 17>;
  using BlkPhyRstOnIde = hw::Field<"BLK_PHY_RST_ON_IDE", 18, 18>;
  using RcvAll = hw::Field<"RCV_ALL", 19, 19>;
  using EnMng2host = hw::Field<"EN_MNG2HOST", 21, 21>;
  using Fields = hw::FieldList<RmcpEn, En0298, ArpEn, NeighborEn, ArpResEn, TcoReset, RcvTcoEn,
                               BlkPhyRstOnIde, RcvAll, EnMng2host>;
};
// Fields of one lineage: all.
struct Ipav : hw::Register<"IPAV", 0x05838, hw::Access::kReadWrite> {
  using V40 = hw::Field<"V40", 0, 0>;
  using V41 = hw::Field<"V41", 1, 1>;
  using V42 = hw::Field<"V42", 2, 2>;
  using V43 = hw::Field<"V43", 3, 3>;
  using V60 = hw::Field<"V60", 16, 16>;
  using Fields = hw::FieldList<V40, V41, V42, V43, V60>;
};
struct Ip4at : hw::Register<"IP4AT", 0x05840, hw::Access::kReadWrite, 4, 0x8> {};
struct Ip6at : hw::Register<"IP6AT", 0x05880, hw::Access::kReadWrite, 4, 0x4> {};
struct Wupl : hw::Register<"WUPL", 0x05900, hw::Access::kReadOnly> {
  using Len = hw::Field<"LEN", 11, 0>;
  using Fields = hw::FieldList<Len>;
};
struct Wupm : hw::Register<"WUPM", 0x05A00, hw::Access::kReadOnly, 32, 0x4> {};
// Of one lineage: LEN.
struct Fflt : hw::Register<"FFLT", 0x05F00, hw::Access::kReadWrite, 4, 0x8> {
  using Len = hw::Field<"LEN", 10, 0>;
  using Fields = hw::FieldList<Len>;
};
// Of one lineage: MASK.
struct Ffmt : hw::Register<"FFMT", 0x09000, hw::Access::kReadWrite, 128, 0x8> {
  using Mask = hw::Field<"MASK", 3, 0>;
  using Fields = hw::FieldList<Mask>;
};
// Fields of one lineage: all.
struct Ffvt : hw::Register<"FFVT", 0x09800, hw::Access::kReadWrite, 128, 0x8> {
  using Val0 = hw::Field<"VAL0", 7, 0>;
  using Val1 = hw::Field<"VAL1", 15, 8>;
  using Val2 = hw::Field<"VAL2", 23, 16>;
  using Val3 = hw::Field<"VAL3", 31, 24>;
  using Fields = hw::FieldList<Val0, Val1, Val2, Val3>;
};
// The packet buffer itself. Doubtful: one lineage only.
struct Pbm : hw::Register<"PBM", 0x10000, hw::Access::kReadWrite, 16384, 0x4> {};

using AllRegisters = hw::RegisterList<
    Ctrl, Status, Eecd, Eerd, CtrlExt, Fla, Mdic, Fcal, Fcah, Fct, Vet, Icr, Itr, Ics, Ims, Imc,
    Rctl, Fcttv, Txcw, Rxcw, Tctl, Tipg, Tbt, Ait, Ledctl, Pba, Fcrtl, Fcrth, Rdfh, Rdft, Rdfhs,
    Rdfts, Rdfpc, Rdbal, Rdbah, Rdlen, Rdh, Rdt, Rdtr, Rxdctl, Radv, Rsrpd, Txdmac, Tdfh, Tdft,
    Tdfhs, Tdfts, Tdfpc, Tdbal, Tdbah, Tdlen, Tdh, Tdt, Tidv, Txdctl, Tadv, Tspmt, Crcerrs,
    Algnerrc, Symerrs, Rxerrc, Mpc, Scc, Ecol, Mcc, Latecol, Colc, Dc, Tncrs, Sec, Cexterr, Rlec,
    Xonrxc, Xontxc, Xoffrxc, Xofftxc, Fcruc, Prc64, Prc127, Prc255, Prc511, Prc1023, Prc1522, Gprc,
    Bprc, Mprc, Gptc, Gorcl, Gorch, Gotcl, Gotch, Rnbc, Ruc, Rfc, Roc, Rjc, Mgtprc, Mgtpdc, Mgtptc,
    Torl, Torh, Totl, Toth, Tpr, Tpt, Ptc64, Ptc127, Ptc255, Ptc511, Ptc1023, Ptc1522, Mptc, Bptc,
    Tsctc, Tsctfc, Rxcsum, Mta, Ral, Rah, Vfta, Wuc, Wufc, Wus, Manc, Ipav, Ip4at, Ip6at, Wupl,
    Wupm, Fflt, Ffmt, Ffvt, Pbm>;

// ---- PHY registers, reached by MDIC: M88E1011 at address 1 ----
// 16 bits at `Number` of the PHY. Fields are bits of a word.
template <hw::FixedString Name, uint32_t Number, hw::Access Kind>
struct PhyRegister {
  static constexpr std::string_view kName = Name.view();
  static constexpr uint32_t kNumber = Number;
  static constexpr hw::Access kAccess = Kind;
};
inline constexpr uint32_t kPhyAddress = 1;
inline constexpr uint32_t kMdicWrite = 1;
inline constexpr uint32_t kMdicRead = 2;
struct PhyBmcr : PhyRegister<"BMCR", 0x00, hw::Access::kReadWrite> {
  using SpeedMsb = hw::Bits<6, 6>;
  using CollTest = hw::Bits<7, 7>;
  using Duplex = hw::Bits<8, 8>;
  using AnRestart = hw::Bits<9, 9>;
  using Isolate = hw::Bits<10, 10>;
  using Powerdown = hw::Bits<11, 11>;
  using AnEn = hw::Bits<12, 12>;
  using SpeedLsb = hw::Bits<13, 13>;
  using Loopback = hw::Bits<14, 14>;
  using Reset = hw::Bits<15, 15>;
};
struct PhyBmsr : PhyRegister<"BMSR", 0x01, hw::Access::kReadOnly> {
  using Extcap = hw::Bits<0, 0>;
  using Link = hw::Bits<2, 2>;
  using AnAble = hw::Bits<3, 3>;
  using Rfault = hw::Bits<4, 4>;
  using AnDone = hw::Bits<5, 5>;
  using Mfps = hw::Bits<6, 6>;
  using Extstat = hw::Bits<8, 8>;
  using T10hd = hw::Bits<11, 11>;
  using T10fd = hw::Bits<12, 12>;
  using Tx100hd = hw::Bits<13, 13>;
  using Tx100fd = hw::Bits<14, 14>;
  using T4 = hw::Bits<15, 15>;
};
struct PhyPhyid1 : PhyRegister<"PHYID1", 0x02, hw::Access::kReadOnly> {};
struct PhyPhyid2 : PhyRegister<"PHYID2", 0x03, hw::Access::kReadOnly> {
  using OuiLsb = hw::Bits<15, 10>;
  using Model = hw::Bits<9, 4>;
  using Rev = hw::Bits<3, 0>;
};
struct PhyAnar : PhyRegister<"ANAR", 0x04, hw::Access::kReadWrite> {
  using Selector = hw::Bits<4, 0>;
  using T10hd = hw::Bits<5, 5>;
  using T10fd = hw::Bits<6, 6>;
  using Tx100hd = hw::Bits<7, 7>;
  using Tx100fd = hw::Bits<8, 8>;
  using T4 = hw::Bits<9, 9>;
  using Pause = hw::Bits<10, 10>;
  using AsmDir = hw::Bits<11, 11>;
  using Rfault = hw::Bits<13, 13>;
  using Nextpage = hw::Bits<15, 15>;
};
struct PhyAnlpar : PhyRegister<"ANLPAR", 0x05, hw::Access::kReadOnly> {
  using Selector = hw::Bits<4, 0>;
  using T10hd = hw::Bits<5, 5>;
  using T10fd = hw::Bits<6, 6>;
  using Tx100hd = hw::Bits<7, 7>;
  using Tx100fd = hw::Bits<8, 8>;
  using T4 = hw::Bits<9, 9>;
  using Pause = hw::Bits<10, 10>;
  using AsmDir = hw::Bits<11, 11>;
  using Rfault = hw::Bits<13, 13>;
  using Ack = hw::Bits<14, 14>;
  using Nextpage = hw::Bits<15, 15>;
};
struct PhyAner : PhyRegister<"ANER", 0x06, hw::Access::kReadOnly> {
  using LpAnAble = hw::Bits<0, 0>;
  using PageRx = hw::Bits<1, 1>;
  using NpAble = hw::Bits<2, 2>;
  using LpNpAble = hw::Bits<3, 3>;
  using ParFault = hw::Bits<4, 4>;
};
struct PhyCtrl1000 : PhyRegister<"CTRL1000", 0x09, hw::Access::kReadWrite> {
  using Adv1000hd = hw::Bits<8, 8>;
  using Adv1000fd = hw::Bits<9, 9>;
  using Repeater = hw::Bits<10, 10>;
  using MsValue = hw::Bits<11, 11>;
  using MsEnable = hw::Bits<12, 12>;
  using Test = hw::Bits<15, 13>;
};
struct PhyStat1000 : PhyRegister<"STAT1000", 0x0A, hw::Access::kReadOnly> {
  using IdleErr = hw::Bits<7, 0>;
  using Lp1000hd = hw::Bits<10, 10>;
  using Lp1000fd = hw::Bits<11, 11>;
  using RemoteRxOk = hw::Bits<12, 12>;
  using LocalRxOk = hw::Bits<13, 13>;
  using MsResult = hw::Bits<14, 14>;
  using MsFault = hw::Bits<15, 15>;
};
struct PhyExtstat : PhyRegister<"EXTSTAT", 0x0F, hw::Access::kReadOnly> {
  using T1000hd = hw::Bits<12, 12>;
  using T1000fd = hw::Bits<13, 13>;
  using X1000hd = hw::Bits<14, 14>;
  using X1000fd = hw::Bits<15, 15>;
};
struct PhyM88Pscr : PhyRegister<"M88_PSCR", 0x10, hw::Access::kReadWrite> {
  using JabberDis = hw::Bits<0, 0>;
  using PolRevDis = hw::Bits<1, 1>;
  using Sqe = hw::Bits<2, 2>;
  using Clk125Dis = hw::Bits<4, 4>;
  using Mdix = hw::Bits<6, 5>;
  using Ext10bt = hw::Bits<7, 7>;
  using Rx100Eq = hw::Bits<8, 8>;
  using ScramblerDis = hw::Bits<9, 9>;
  using ForceLinkGood = hw::Bits<10, 10>;
  using AssertCrs = hw::Bits<11, 11>;
};
struct PhyM88Pssr : PhyRegister<"M88_PSSR", 0x11, hw::Access::kReadOnly> {
  using Jabber = hw::Bits<0, 0>;
  using RevPol = hw::Bits<1, 1>;
  using Downshift = hw::Bits<5, 5>;
  using Mdix = hw::Bits<6, 6>;
  using CableLen = hw::Bits<9, 7>;
  using Link = hw::Bits<10, 10>;
  using SpdDplxResolved = hw::Bits<11, 11>;
  using PageRx = hw::Bits<12, 12>;
  using Duplex = hw::Bits<13, 13>;
  using Speed = hw::Bits<15, 14>;
};
struct PhyM88Ier : PhyRegister<"M88_IER", 0x12, hw::Access::kReadWrite> {};
struct PhyM88Isr : PhyRegister<"M88_ISR", 0x13, hw::Access::kReadClear> {};
struct PhyM88Epscr : PhyRegister<"M88_EPSCR", 0x14, hw::Access::kReadWrite> {
  using TxClk = hw::Bits<6, 4>;
  using SlaveDownshift = hw::Bits<9, 8>;
  using MasterDownshift = hw::Bits<11, 10>;
};
struct PhyM88Recr : PhyRegister<"M88_RECR", 0x15, hw::Access::kReadClear> {};

// ---- Descriptors ----
struct Descriptor {
  uint64_t q0;
  uint64_t q1;
};
static_assert(sizeof(Descriptor) == kDescriptorBytes);

// A receive descriptor. The write-back leaves the first word alone.
struct RxLegacy {
  // q0
  using Buffer = hw::Bits<63, 0>;  // packet buffer
  // q1
  using Length = hw::Bits<15, 0>;     // bytes
  using Checksum = hw::Bits<31, 16>;  // packet checksum from RXCSUM.PCSS
  using Dd = hw::Bits<32, 32>;        // done
  using Eop = hw::Bits<33, 33>;       // end of packet
  using Ixsm = hw::Bits<34, 34>;      // ignore checksum indications
  using Vp = hw::Bits<35, 35>;        // VLAN packet
  using Tcpcs = hw::Bits<37, 37>;     // L4 checksum computed
  using Ipcs = hw::Bits<38, 38>;      // IP checksum computed
  using Pif = hw::Bits<39, 39>;       // inexact filter
  using Ce = hw::Bits<40, 40>;        // CRC/alignment error
  using Se = hw::Bits<41, 41>;        // symbol error
  using Seq = hw::Bits<42, 42>;       // sequence error
  using Cxe = hw::Bits<44, 44>;       // carrier extension error
  using Tcpe = hw::Bits<45, 45>;      // L4 checksum bad
  using Ipe = hw::Bits<46, 46>;       // IP checksum bad
  using Rxe = hw::Bits<47, 47>;       // data error
  using Vlan = hw::Bits<63, 48>;      // tag
};

// Legacy transmit descriptor: DEXT 0.
struct TxLegacy {
  // q0
  using Buffer = hw::Bits<63, 0>;  // data
  // q1
  using Length = hw::Bits<15, 0>;  // bytes
  using Cso = hw::Bits<23, 16>;    // checksum offset
  using Eop = hw::Bits<24, 24>;    // end of packet
  using Ifcs = hw::Bits<25, 25>;   // insert CRC
  using Ic = hw::Bits<26, 26>;     // insert checksum (CSO/CSS)
  using Rs = hw::Bits<27, 27>;     // report status
  using Rps = hw::Bits<28, 28>;    // report packet sent (82544-class; on 82540 reserved)
  using Dext = hw::Bits<29, 29>;   // 0
  using Vle = hw::Bits<30, 30>;    // insert VLAN (needs CTRL.VME)
  using Ide = hw::Bits<31, 31>;    // delay interrupt (TIDV)
  using Dd = hw::Bits<32, 32>;     // done
  using Ec = hw::Bits<33, 33>;     // excess collisions
  using Lc = hw::Bits<34, 34>;     // late collision
  using Css = hw::Bits<47, 40>;    // checksum start
  using Vlan = hw::Bits<63, 48>;   // tag
};

// Context descriptor: DEXT 1, DTYP 0.
struct TxContext {
  // q0
  using Ipcss = hw::Bits<7, 0>;    // IP checksum start
  using Ipcso = hw::Bits<15, 8>;   // IP checksum offset
  using Ipcse = hw::Bits<31, 16>;  // IP checksum end
  using Tucss = hw::Bits<39, 32>;  // L4 checksum start
  using Tucso = hw::Bits<47, 40>;  // L4 checksum offset
  using Tucse = hw::Bits<63, 48>;  // L4 checksum end (0 = packet end)
  // q1
  using Paylen = hw::Bits<19, 0>;     // TSO payload length
  using Dtyp = hw::Bits<23, 20>;      // 0 = context
  using TucmdTcp = hw::Bits<24, 24>;  // TCP
  using TucmdIp = hw::Bits<25, 25>;   // IPv4
  using TucmdTse = hw::Bits<26, 26>;  // segmentation
  using Rs = hw::Bits<27, 27>;        // report status
  using Dext = hw::Bits<29, 29>;      // 1
  using Ide = hw::Bits<31, 31>;       // delay interrupt
  using Dd = hw::Bits<32, 32>;        // done
  using Hdrlen = hw::Bits<47, 40>;    // header length
  using Mss = hw::Bits<63, 48>;       // MSS
};

// Data descriptor: DEXT 1, DTYP 1.
struct TxData {
  // q0
  using Address = hw::Bits<63, 0>;  // data
  // q1
  using Dtalen = hw::Bits<19, 0>;      // bytes
  using Dtyp = hw::Bits<23, 20>;       // 1 = data
  using Eop = hw::Bits<24, 24>;        // end of packet
  using Ifcs = hw::Bits<25, 25>;       // insert CRC
  using Tse = hw::Bits<26, 26>;        // segment using last context
  using Rs = hw::Bits<27, 27>;         // report status
  using Rps = hw::Bits<28, 28>;        // reserved on 82540
  using Dext = hw::Bits<29, 29>;       // 1
  using Vle = hw::Bits<30, 30>;        // insert VLAN
  using Ide = hw::Bits<31, 31>;        // delay interrupt
  using Dd = hw::Bits<32, 32>;         // done
  using Ec = hw::Bits<33, 33>;         // excess collisions
  using Lc = hw::Bits<34, 34>;         // late collision
  using PoptsIxsm = hw::Bits<40, 40>;  // insert IP checksum
  using PoptsTxsm = hw::Bits<41, 41>;  // insert L4 checksum
  using Vlan = hw::Bits<63, 48>;       // tag
};

}  // namespace mapwire::e1000

#endif  // DRIVERS_E1000_E1000_REGS_H_
