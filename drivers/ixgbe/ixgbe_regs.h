// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Registers, descriptor bits and PCI facts of the 82599 (10 Gigabit Ethernet): data, no logic.
//
// Names and numbers are those of the 82599 fact table. Single 31:0 fields are left out: a register
// without named fields is one value. What the sources do not agree on is marked "doubtful".
// Not here: Flow Director, FCoE, LinkSec, IPsec, manageability, diagnostics.
#ifndef DRIVERS_IXGBE_IXGBE_REGS_H_
#define DRIVERS_IXGBE_IXGBE_REGS_H_

#include <cstddef>
#include <cstdint>

#include "core/hw/bits.h"
#include "core/hw/register.h"

namespace mapwire::ixgbe {

// ---- PCI identity ----
inline constexpr uint16_t kVendorIntel = 0x8086;
inline constexpr uint16_t kDevice82599Sfp = 0x10FB;
inline constexpr uint16_t kDevice82599Kx4 = 0x10F7;   // one lineage only
inline constexpr uint16_t kDevice82599Xaui = 0x10FC;  // one lineage only
inline constexpr uint32_t kPciClass = 0x020000;
inline constexpr uint8_t kPciRevision = 0x01;
inline constexpr uint16_t kSubsystemX520 = 0x0003;  // under the vendor id above; from memory
inline constexpr uint32_t kBar0Bytes = 512 * 1024;
inline constexpr uint32_t kBarMsixBytes = 16 * 1024;  // BAR 4: MSI-X table at 0, PBA at 0x2000
inline constexpr uint32_t kMsixPbaOffset = 0x2000;
inline constexpr uint16_t kMsixVectors = 64;

// ---- Sizes ----
inline constexpr uint32_t kRxQueues = 128;
inline constexpr uint32_t kTxQueues = 128;
inline constexpr uint32_t kDescriptorBytes = 16;
inline constexpr uint32_t kRingAlignment = 128;  // of base and of length in bytes
inline constexpr uint32_t kPacketBuffers = 8;
inline constexpr uint32_t kRssQueues = 16;
inline constexpr uint32_t kStatisticsSets = 16;
inline constexpr uint32_t kReceiveAddresses = 128;
inline constexpr uint16_t kEepromChecksum = 0xBABA;
inline constexpr uint32_t kEepromChecksumWord = 0x3F;
inline constexpr uint32_t kEitrStepNs = 2000;  // of EITR.ITR_INTERVAL

// ---- Control, status, EEPROM, firmware ----
// LRST and RST clear themselves. PCIE_MASTER_DIS asks for quiet; STATUS answers.
struct Ctrl : hw::Register<"CTRL", 0x00000, hw::Access::kReadWrite> {
  using PcieMasterDis = hw::Field<"PCIE_MASTER_DIS", 2, 2>;
  using Lrst = hw::Field<"LRST", 3, 3>;
  using Rst = hw::Field<"RST", 26, 26>;
  using Fields = hw::FieldList<PcieMasterDis, Lrst, Rst>;
};
// PCIE_MASTER_EN_STATUS falls when the last outstanding request is done.
struct Status : hw::Register<"STATUS", 0x00008, hw::Access::kReadOnly> {
  using LanId = hw::Field<"LAN_ID", 3, 2>;
  using Linkup = hw::Field<"LINKUP", 7, 7>;
  using NumVfs = hw::Field<"NUM_VFS", 17, 10>;
  using IovActive = hw::Field<"IOV_ACTIVE", 18, 18>;
  using PcieMasterEnStatus = hw::Field<"PCIE_MASTER_EN_STATUS", 19, 19>;
  using Fields = hw::FieldList<LanId, Linkup, NumVfs, IovActive, PcieMasterEnStatus>;
};
// PFRSTD is write-1 and clears itself.
struct CtrlExt : hw::Register<"CTRL_EXT", 0x00018, hw::Access::kReadWrite> {
  using Pfrstd = hw::Field<"PFRSTD", 14, 14>;
  using NsDis = hw::Field<"NS_DIS", 16, 16>;
  using RoDis = hw::Field<"RO_DIS", 17, 17>;
  using ExtVlan = hw::Field<"EXT_VLAN", 26, 26>;
  using DrvLoad = hw::Field<"DRV_LOAD", 28, 28>;
  using Fields = hw::FieldList<Pfrstd, NsDis, RoDis, ExtVlan, DrvLoad>;
};
// Board pins. On SFP+ boards SDP2 is module present and SDP3 turns the laser off.
struct Esdp : hw::Register<"ESDP", 0x00020, hw::Access::kReadWrite> {
  using Sdp0Data = hw::Field<"SDP0_DATA", 0, 0>;
  using Sdp1Data = hw::Field<"SDP1_DATA", 1, 1>;
  using Sdp2Data = hw::Field<"SDP2_DATA", 2, 2>;
  using Sdp3Data = hw::Field<"SDP3_DATA", 3, 3>;
  using Sdp4Data = hw::Field<"SDP4_DATA", 4, 4>;
  using Sdp5Data = hw::Field<"SDP5_DATA", 5, 5>;
  using Sdp6Data = hw::Field<"SDP6_DATA", 6, 6>;
  using Sdp7Data = hw::Field<"SDP7_DATA", 7, 7>;
  using Sdp0Iodir = hw::Field<"SDP0_IODIR", 8, 8>;
  using Sdp1Iodir = hw::Field<"SDP1_IODIR", 9, 9>;
  using Sdp2Iodir = hw::Field<"SDP2_IODIR", 10, 10>;
  using Sdp3Iodir = hw::Field<"SDP3_IODIR", 11, 11>;
  using Sdp4Iodir = hw::Field<"SDP4_IODIR", 12, 12>;
  using Sdp5Iodir = hw::Field<"SDP5_IODIR", 13, 13>;
  using Sdp6Iodir = hw::Field<"SDP6_IODIR", 14, 14>;
  using Sdp7Iodir = hw::Field<"SDP7_IODIR", 15, 15>;
  using Sdp0Native = hw::Field<"SDP0_NATIVE", 16, 16>;
  using Sdp1Native = hw::Field<"SDP1_NATIVE", 17, 17>;
  using Sdp2Native = hw::Field<"SDP2_NATIVE", 18, 18>;
  using Sdp3Native = hw::Field<"SDP3_NATIVE", 19, 19>;
  using Sdp4Native = hw::Field<"SDP4_NATIVE", 20, 20>;
  using Sdp5Native = hw::Field<"SDP5_NATIVE", 21, 21>;
  using Sdp6Native = hw::Field<"SDP6_NATIVE", 22, 22>;
  using Sdp7Native = hw::Field<"SDP7_NATIVE", 23, 23>;
  using Sdp2TsTt1 = hw::Field<"SDP2_TS_TT1", 26, 26>;
  using Sdp3TsTt0 = hw::Field<"SDP3_TS_TT0", 27, 27>;
  using Sdp4Func = hw::Field<"SDP4_FUNC", 28, 28>;
  using Sdp5Func = hw::Field<"SDP5_FUNC", 29, 29>;
  using Sdp6TsTt1 = hw::Field<"SDP6_TS_TT1", 30, 30>;
  using Sdp7TsTt0 = hw::Field<"SDP7_TS_TT0", 31, 31>;
  using Fields = hw::FieldList<Sdp0Data, Sdp1Data, Sdp2Data, Sdp3Data, Sdp4Data, Sdp5Data, Sdp6Data,
                               Sdp7Data, Sdp0Iodir, Sdp1Iodir, Sdp2Iodir, Sdp3Iodir, Sdp4Iodir,
                               Sdp5Iodir, Sdp6Iodir, Sdp7Iodir, Sdp0Native, Sdp1Native, Sdp2Native,
                               Sdp3Native, Sdp4Native, Sdp5Native, Sdp6Native, Sdp7Native,
                               Sdp2TsTt1, Sdp3TsTt0, Sdp4Func, Sdp5Func, Sdp6TsTt1, Sdp7TsTt0>;
};
struct I2cctl : hw::Register<"I2CCTL", 0x00028, hw::Access::kReadWrite> {
  using ClkIn = hw::Field<"CLK_IN", 0, 0>;
  using ClkOut = hw::Field<"CLK_OUT", 1, 1>;
  using DataIn = hw::Field<"DATA_IN", 2, 2>;
  using DataOut = hw::Field<"DATA_OUT", 3, 3>;
  using Fields = hw::FieldList<ClkIn, ClkOut, DataIn, DataOut>;
};
struct Frtimer : hw::Register<"FRTIMER", 0x00048, hw::Access::kReadOnly> {};
struct Tcptimer : hw::Register<"TCPTIMER", 0x0004C, hw::Access::kReadWrite> {
  using Duration = hw::Field<"DURATION", 7, 0>;
  using Kickstart = hw::Field<"KICKSTART", 8, 8>;
  using TcpcntEn = hw::Field<"TCPCNT_EN", 9, 9>;
  using TcpcntFin = hw::Field<"TCPCNT_FIN", 10, 10>;
  using Loop = hw::Field<"LOOP", 11, 11>;
  using Fields = hw::FieldList<Duration, Kickstart, TcpcntEn, TcpcntFin, Loop>;
};
struct Ledctl : hw::Register<"LEDCTL", 0x00200, hw::Access::kReadWrite> {
  using Led0Mode = hw::Field<"LED0_MODE", 3, 0>;
  using GlobBlmode = hw::Field<"GLOB_BLMODE", 5, 5>;
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
  using Fields =
      hw::FieldList<Led0Mode, GlobBlmode, Led0Ivrt, Led0Blink, Led1Mode, Led1Ivrt, Led1Blink,
                    Led2Mode, Led2Ivrt, Led2Blink, Led3Mode, Led3Ivrt, Led3Blink>;
};
struct Eec : hw::Register<"EEC", 0x10010, hw::Access::kReadWrite> {
  using EeSk = hw::Field<"EE_SK", 0, 0>;
  using EeCs = hw::Field<"EE_CS", 1, 1>;
  using EeDi = hw::Field<"EE_DI", 2, 2>;
  using EeDo = hw::Field<"EE_DO", 3, 3>;
  using Fwe = hw::Field<"FWE", 5, 4>;
  using EeReq = hw::Field<"EE_REQ", 6, 6>;
  using EeGnt = hw::Field<"EE_GNT", 7, 7>;
  using EePres = hw::Field<"EE_PRES", 8, 8>;
  using AutoRd = hw::Field<"AUTO_RD", 9, 9>;
  using EeSize = hw::Field<"EE_SIZE", 14, 11>;
  using PciAnaDone = hw::Field<"PCI_ANA_DONE", 15, 15>;
  using PciCoreDone = hw::Field<"PCI_CORE_DONE", 16, 16>;
  using PciGenDone = hw::Field<"PCI_GEN_DONE", 17, 17>;
  using PciFuncDone = hw::Field<"PCI_FUNC_DONE", 18, 18>;
  using CoreDone = hw::Field<"CORE_DONE", 19, 19>;
  using CoreCsrDone = hw::Field<"CORE_CSR_DONE", 20, 20>;
  using MacDone = hw::Field<"MAC_DONE", 21, 21>;
  using Fields =
      hw::FieldList<EeSk, EeCs, EeDi, EeDo, Fwe, EeReq, EeGnt, EePres, AutoRd, EeSize, PciAnaDone,
                    PciCoreDone, PciGenDone, PciFuncDone, CoreDone, CoreCsrDone, MacDone>;
};
// ADDR is a word address; DATA is valid when DONE is set.
struct Eerd : hw::Register<"EERD", 0x10014, hw::Access::kReadWrite> {
  using Start = hw::Field<"START", 0, 0>;
  using Done = hw::Field<"DONE", 1, 1>;
  using Addr = hw::Field<"ADDR", 15, 2>;
  using Data = hw::Field<"DATA", 31, 16>;
  using Fields = hw::FieldList<Start, Done, Addr, Data>;
};
struct Eemngctl : hw::Register<"EEMNGCTL", 0x10110, hw::Access::kReadWrite> {
  using Addr = hw::Field<"ADDR", 14, 0>;
  using Start = hw::Field<"START", 15, 15>;
  using Write = hw::Field<"WRITE", 16, 16>;
  using Eebusy = hw::Field<"EEBUSY", 17, 17>;
  using CfgDone0 = hw::Field<"CFG_DONE0", 18, 18>;
  using CfgDone1 = hw::Field<"CFG_DONE1", 19, 19>;
  using Done = hw::Field<"DONE", 31, 31>;
  using Fields = hw::FieldList<Addr, Start, Write, Eebusy, CfgDone0, CfgDone1, Done>;
};
// A read that returns SMBI clear takes it: hardware sets the bit behind that read.
struct Swsm : hw::Register<"SWSM", 0x10140, hw::Access::kReadWrite> {
  using Smbi = hw::Field<"SMBI", 0, 0>;
  using Swesmbi = hw::Field<"SWESMBI", 1, 1>;
  using Fields = hw::FieldList<Smbi, Swesmbi>;
};
struct Fwsm : hw::Register<"FWSM", 0x10148, hw::Access::kReadOnly> {
  using Fwsmbi = hw::Field<"FWSMBI", 0, 0>;
  using FwMode = hw::Field<"FW_MODE", 3, 1>;
  using EepReloadInd = hw::Field<"EEP_RELOAD_IND", 6, 6>;
  using FwValBit = hw::Field<"FW_VAL_BIT", 15, 15>;
  using ResetCnt = hw::Field<"RESET_CNT", 18, 16>;
  using ExtErrInd = hw::Field<"EXT_ERR_IND", 24, 19>;
  using PcieConfigErr = hw::Field<"PCIE_CONFIG_ERR", 25, 25>;
  using PhySerdes0Err = hw::Field<"PHY_SERDES0_ERR", 26, 26>;
  using PhySerdes1Err = hw::Field<"PHY_SERDES1_ERR", 27, 27>;
  using Fields = hw::FieldList<Fwsmbi, FwMode, EepReloadInd, FwValBit, ResetCnt, ExtErrInd,
                               PcieConfigErr, PhySerdes0Err, PhySerdes1Err>;
};
struct Factps : hw::Register<"FACTPS", 0x10150, hw::Access::kReadOnly> {
  using F0Pstate = hw::Field<"F0_PSTATE", 1, 0>;
  using Lan0Valid = hw::Field<"LAN0_VALID", 2, 2>;
  using F0Auxen = hw::Field<"F0_AUXEN", 3, 3>;
  using F1Pstate = hw::Field<"F1_PSTATE", 7, 6>;
  using Lan1Valid = hw::Field<"LAN1_VALID", 8, 8>;
  using F1Auxen = hw::Field<"F1_AUXEN", 9, 9>;
  using Mngcg = hw::Field<"MNGCG", 29, 29>;
  using LanFsel = hw::Field<"LAN_FSEL", 30, 30>;
  using PstateChg = hw::Field<"PSTATE_CHG", 31, 31>;
  using Fields = hw::FieldList<F0Pstate, Lan0Valid, F0Auxen, F1Pstate, Lan1Valid, F1Auxen, Mngcg,
                               LanFsel, PstateChg>;
};
// The firmware twin of software bit n is bit n + 5. REGSMP: one lineage only.
struct SwFwSync : hw::Register<"SW_FW_SYNC", 0x10160, hw::Access::kReadWrite> {
  using SwEepSm = hw::Field<"SW_EEP_SM", 0, 0>;
  using SwPhySm0 = hw::Field<"SW_PHY_SM0", 1, 1>;
  using SwPhySm1 = hw::Field<"SW_PHY_SM1", 2, 2>;
  using SwMacCsrSm = hw::Field<"SW_MAC_CSR_SM", 3, 3>;
  using SwFlashSm = hw::Field<"SW_FLASH_SM", 4, 4>;
  using FwEepSm = hw::Field<"FW_EEP_SM", 5, 5>;
  using FwPhySm0 = hw::Field<"FW_PHY_SM0", 6, 6>;
  using FwPhySm1 = hw::Field<"FW_PHY_SM1", 7, 7>;
  using FwMacCsrSm = hw::Field<"FW_MAC_CSR_SM", 8, 8>;
  using FwFlashSm = hw::Field<"FW_FLASH_SM", 9, 9>;
  using Regsmp = hw::Field<"REGSMP", 31, 31>;
  using Fields = hw::FieldList<SwEepSm, SwPhySm0, SwPhySm1, SwMacCsrSm, SwFlashSm, FwEepSm,
                               FwPhySm0, FwPhySm1, FwMacCsrSm, FwFlashSm, Regsmp>;
};
struct Grc : hw::Register<"GRC", 0x10200, hw::Access::kReadWrite> {
  using MngEn = hw::Field<"MNG_EN", 0, 0>;
  using Apme = hw::Field<"APME", 1, 1>;
  using Fields = hw::FieldList<MngEn, Apme>;
};

// ---- PCI Express ----
// Doubtful (D6): one source has completion timeout in other bits.
struct Gcr : hw::Register<"GCR", 0x11000, hw::Access::kReadWrite> {
  using Ctrsen = hw::Field<"CTRSEN", 9, 9>;
  using NumResends = hw::Field<"NUM_RESENDS", 12, 11>;
  using CapVer2 = hw::Field<"CAP_VER2", 18, 18>;
  using HdrlogInv = hw::Field<"HDRLOG_INV", 21, 21>;
  using Fields = hw::FieldList<Ctrsen, NumResends, CapVer2, HdrlogInv>;
};
// BUFFERS_CLEAR, MSIX_EN: one lineage only.
struct GcrExt : hw::Register<"GCR_EXT", 0x11050, hw::Access::kReadWrite> {
  using VtMode = hw::Field<"VT_MODE", 1, 0>;
  using Apbacd = hw::Field<"APBACD", 4, 4>;
  using BuffersClear = hw::Field<"BUFFERS_CLEAR", 30, 30>;
  using MsixEn = hw::Field<"MSIX_EN", 31, 31>;
  using Fields = hw::FieldList<VtMode, Apbacd, BuffersClear, MsixEn>;
};
struct Mrevid : hw::Register<"MREVID", 0x11064, hw::Access::kReadOnly> {
  using EepromRev = hw::Field<"EEPROM_REV", 7, 0>;
  using DefaultRev = hw::Field<"DEFAULT_REV", 15, 8>;
  using Fields = hw::FieldList<EepromRev, DefaultRev>;
};
struct DcaId : hw::Register<"DCA_ID", 0x11070, hw::Access::kReadOnly> {
  using Function = hw::Field<"FUNCTION", 2, 0>;
  using Device = hw::Field<"DEVICE", 7, 3>;
  using Bus = hw::Field<"BUS", 15, 8>;
  using Fields = hw::FieldList<Function, Device, Bus>;
};
struct DcaCtrl : hw::Register<"DCA_CTRL", 0x11074, hw::Access::kReadWrite> {
  using DcaDis = hw::Field<"DCA_DIS", 0, 0>;
  using DcaMode = hw::Field<"DCA_MODE", 4, 1>;
  using Fields = hw::FieldList<DcaDis, DcaMode>;
};
struct Picause : hw::Register<"PICAUSE", 0x110B0, hw::Access::kWriteOneClear> {
  using Ca = hw::Field<"CA", 0, 0>;
  using Ua = hw::Field<"UA", 1, 1>;
  using Be = hw::Field<"BE", 2, 2>;
  using To = hw::Field<"TO", 3, 3>;
  using Bmef = hw::Field<"BMEF", 4, 4>;
  using Fields = hw::FieldList<Ca, Ua, Be, To, Bmef>;
};
struct Piena : hw::Register<"PIENA", 0x110B8, hw::Access::kReadWrite> {
  using Ca = hw::Field<"CA", 0, 0>;
  using Ua = hw::Field<"UA", 1, 1>;
  using Be = hw::Field<"BE", 2, 2>;
  using To = hw::Field<"TO", 3, 3>;
  using Bmef = hw::Field<"BMEF", 4, 4>;
  using Fields = hw::FieldList<Ca, Ua, Be, To, Bmef>;
};
// Doubtful (D8): others place word 0 at 0x11068.
struct Pbacl : hw::Register<"PBACL", 0x110C0, hw::Access::kWriteOneClear, 8, 0x04> {};

// ---- Interrupts ----
// Write 1 clears, and so does reading. Doubtful (D1): with GPIE.OCD set, a read is taken to
// leave the queue half (15:0) alone.
struct Eicr : hw::Register<"EICR", 0x00800, hw::Access::kWriteOneClear> {
  using Rtxq = hw::Field<"RTXQ", 15, 0>;
  using FlowDir = hw::Field<"FLOW_DIR", 16, 16>;
  using RxMiss = hw::Field<"RX_MISS", 17, 17>;
  using PciException = hw::Field<"PCI_EXCEPTION", 18, 18>;
  using Mailbox = hw::Field<"MAILBOX", 19, 19>;
  using Lsc = hw::Field<"LSC", 20, 20>;
  using Linksec = hw::Field<"LINKSEC", 21, 21>;
  using Mng = hw::Field<"MNG", 22, 22>;
  using GpiSdp0 = hw::Field<"GPI_SDP0", 24, 24>;
  using GpiSdp1 = hw::Field<"GPI_SDP1", 25, 25>;
  using GpiSdp2 = hw::Field<"GPI_SDP2", 26, 26>;
  using GpiSdp3 = hw::Field<"GPI_SDP3", 27, 27>;
  using Ecc = hw::Field<"ECC", 28, 28>;
  using TcpTimer = hw::Field<"TCP_TIMER", 30, 30>;
  using Fields = hw::FieldList<Rtxq, FlowDir, RxMiss, PciException, Mailbox, Lsc, Linksec, Mng,
                               GpiSdp0, GpiSdp1, GpiSdp2, GpiSdp3, Ecc, TcpTimer>;
};
// Write 1 sets EICR bits. Reading gives EICR without clearing it (one lineage only).
struct Eics : hw::Register<"EICS", 0x00808, hw::Access::kWriteOnly> {
  using Cause = hw::Field<"CAUSE", 30, 0>;
  using Fields = hw::FieldList<Cause>;
};
// Bits of EICR that clear by themselves when their MSI-X message goes out.
struct Eiac : hw::Register<"EIAC", 0x00810, hw::Access::kReadWrite> {
  using Rtxq = hw::Field<"RTXQ", 15, 0>;
  using TcpTimer = hw::Field<"TCP_TIMER", 30, 30>;
  using Fields = hw::FieldList<Rtxq, TcpTimer>;
};
// Vectors 0..23. ITR_INTERVAL counts 2 us; CNT_WDIS leaves the running counter alone.
struct Eitr : hw::Register<"EITR", 0x00820, hw::Access::kReadWrite, 24, 0x04> {
  using ItrInterval = hw::Field<"ITR_INTERVAL", 11, 3>;
  using LliModeration = hw::Field<"LLI_MODERATION", 15, 15>;
  using LliCredit = hw::Field<"LLI_CREDIT", 20, 16>;
  using ItrCounter = hw::Field<"ITR_COUNTER", 27, 21>;
  using CntWdis = hw::Field<"CNT_WDIS", 31, 31>;
  using Fields = hw::FieldList<ItrInterval, LliModeration, LliCredit, ItrCounter, CntWdis>;
};
// Write 1 sets. Reading gives the mask.
struct Eims : hw::Register<"EIMS", 0x00880, hw::Access::kReadWrite> {
  using Cause = hw::Field<"CAUSE", 30, 0>;
  using Fields = hw::FieldList<Cause>;
};
// Write 1 clears bits of EIMS.
struct Eimc : hw::Register<"EIMC", 0x00888, hw::Access::kWriteOnly> {
  using Cause = hw::Field<"CAUSE", 30, 0>;
  using Fields = hw::FieldList<Cause>;
};
// Bits of EIMS that clear on an EICR read or, with GPIE.EIAME, with the MSI-X message.
struct Eiam : hw::Register<"EIAM", 0x00890, hw::Access::kReadWrite> {
  using Cause = hw::Field<"CAUSE", 30, 0>;
  using Fields = hw::FieldList<Cause>;
};
struct Eitrsel : hw::Register<"EITRSEL", 0x00894, hw::Access::kReadWrite> {};
// RSC_DELAY counts (n + 1) * 4 us.
struct Gpie : hw::Register<"GPIE", 0x00898, hw::Access::kReadWrite> {
  using Sdp0Gpien = hw::Field<"SDP0_GPIEN", 0, 0>;
  using Sdp1Gpien = hw::Field<"SDP1_GPIEN", 1, 1>;
  using Sdp2Gpien = hw::Field<"SDP2_GPIEN", 2, 2>;
  using Sdp3Gpien = hw::Field<"SDP3_GPIEN", 3, 3>;
  using MultipleMsix = hw::Field<"MULTIPLE_MSIX", 4, 4>;
  using Ocd = hw::Field<"OCD", 5, 5>;
  using Eimen = hw::Field<"EIMEN", 6, 6>;
  using LliInterval = hw::Field<"LLI_INTERVAL", 10, 7>;
  using RscDelay = hw::Field<"RSC_DELAY", 13, 11>;
  using VtMode = hw::Field<"VT_MODE", 15, 14>;
  using Eiame = hw::Field<"EIAME", 30, 30>;
  using PbaSupport = hw::Field<"PBA_SUPPORT", 31, 31>;
  using Fields = hw::FieldList<Sdp0Gpien, Sdp1Gpien, Sdp2Gpien, Sdp3Gpien, MultipleMsix, Ocd, Eimen,
                               LliInterval, RscDelay, VtMode, Eiame, PbaSupport>;
};
// Word n: receive queue 2n, transmit queue 2n, receive 2n + 1, transmit 2n + 1.
struct Ivar : hw::Register<"IVAR", 0x00900, hw::Access::kReadWrite, 64, 0x04> {
  using IntAlloc0 = hw::Field<"INT_ALLOC0", 5, 0>;
  using IntAllocVal0 = hw::Field<"INT_ALLOC_VAL0", 7, 7>;
  using IntAlloc1 = hw::Field<"INT_ALLOC1", 13, 8>;
  using IntAllocVal1 = hw::Field<"INT_ALLOC_VAL1", 15, 15>;
  using IntAlloc2 = hw::Field<"INT_ALLOC2", 21, 16>;
  using IntAllocVal2 = hw::Field<"INT_ALLOC_VAL2", 23, 23>;
  using IntAlloc3 = hw::Field<"INT_ALLOC3", 29, 24>;
  using IntAllocVal3 = hw::Field<"INT_ALLOC_VAL3", 31, 31>;
  using Fields = hw::FieldList<IntAlloc0, IntAllocVal0, IntAlloc1, IntAllocVal1, IntAlloc2,
                               IntAllocVal2, IntAlloc3, IntAllocVal3>;
};
// Byte 0: TCP timer. Byte 1: every other cause.
struct IvarMisc : hw::Register<"IVAR_MISC", 0x00A00, hw::Access::kReadWrite> {
  using IntAlloc0 = hw::Field<"INT_ALLOC0", 6, 0>;
  using IntAllocVal0 = hw::Field<"INT_ALLOC_VAL0", 7, 7>;
  using IntAlloc1 = hw::Field<"INT_ALLOC1", 14, 8>;
  using IntAllocVal1 = hw::Field<"INT_ALLOC_VAL1", 15, 15>;
  using Fields = hw::FieldList<IntAlloc0, IntAllocVal0, IntAlloc1, IntAllocVal1>;
};
// MSI-X vectors 0..63.
struct EicsEx : hw::Register<"EICS_EX", 0x00A90, hw::Access::kWriteOnly, 2, 0x04> {};
// Bits 15:0 of word 0 are those of EIMS.
struct EimsEx : hw::Register<"EIMS_EX", 0x00AA0, hw::Access::kReadWrite, 2, 0x04> {};
struct EimcEx : hw::Register<"EIMC_EX", 0x00AB0, hw::Access::kWriteOnly, 2, 0x04> {};
struct EiamEx : hw::Register<"EIAM_EX", 0x00AD0, hw::Access::kReadWrite, 2, 0x04> {};
// Vector n at index n - 24.
struct Eitr24To127 : hw::Register<"EITR_24_127", 0x12300, hw::Access::kReadWrite, 104, 0x04> {
  using ItrInterval = hw::Field<"ITR_INTERVAL", 11, 3>;
  using LliModeration = hw::Field<"LLI_MODERATION", 15, 15>;
  using LliCredit = hw::Field<"LLI_CREDIT", 20, 16>;
  using ItrCounter = hw::Field<"ITR_COUNTER", 27, 21>;
  using CntWdis = hw::Field<"CNT_WDIS", 31, 31>;
  using Fields = hw::FieldList<ItrInterval, LliModeration, LliCredit, ItrCounter, CntWdis>;
};

// ---- Flow control ----
struct Pfctop : hw::Register<"PFCTOP", 0x03008, hw::Access::kReadWrite> {
  using Fct = hw::Field<"FCT", 15, 0>;
  using Fcop = hw::Field<"FCOP", 31, 16>;
  using Fields = hw::FieldList<Fct, Fcop>;
};
struct Fcttv : hw::Register<"FCTTV", 0x03200, hw::Access::kReadWrite, 4, 0x04> {
  using Ttv0 = hw::Field<"TTV0", 15, 0>;
  using Ttv1 = hw::Field<"TTV1", 31, 16>;
  using Fields = hw::FieldList<Ttv0, Ttv1>;
};
// The value with the low bits clear is the threshold in bytes.
struct Fcrtl : hw::Register<"FCRTL", 0x03220, hw::Access::kReadWrite, 8, 0x04> {
  using Rtl = hw::Field<"RTL", 18, 5>;
  using Xone = hw::Field<"XONE", 31, 31>;
  using Fields = hw::FieldList<Rtl, Xone>;
};
// The value with the low bits clear is the threshold in bytes.
struct Fcrth : hw::Register<"FCRTH", 0x03260, hw::Access::kReadWrite, 8, 0x04> {
  using Rth = hw::Field<"RTH", 18, 5>;
  using Fcen = hw::Field<"FCEN", 31, 31>;
  using Fields = hw::FieldList<Rth, Fcen>;
};
struct Fcrtv : hw::Register<"FCRTV", 0x032A0, hw::Access::kReadWrite> {
  using FcRefreshTh = hw::Field<"FC_REFRESH_TH", 15, 0>;
  using Fields = hw::FieldList<FcRefreshTh>;
};
// TFCE 1: link flow control, 2: priority flow control.
struct Fccfg : hw::Register<"FCCFG", 0x03D00, hw::Access::kReadWrite> {
  using Tfce = hw::Field<"TFCE", 4, 3>;
  using Fields = hw::FieldList<Tfce>;
};
struct Tfcs : hw::Register<"TFCS", 0x0CE00, hw::Access::kReadOnly> {
  using TcXon = hw::Field<"TC_XON", 7, 0>;
  using Fields = hw::FieldList<TcXon>;
};
struct Mflcn : hw::Register<"MFLCN", 0x04294, hw::Access::kReadWrite> {
  using Pmcf = hw::Field<"PMCF", 0, 0>;
  using Dpf = hw::Field<"DPF", 1, 1>;
  using Rpfce = hw::Field<"RPFCE", 2, 2>;
  using Rfce = hw::Field<"RFCE", 3, 3>;
  using Fields = hw::FieldList<Pmcf, Dpf, Rpfce, Rfce>;
};

// ---- Receive: filters ----
// PCSD 1 puts the RSS hash into the descriptor, 0 the fragment checksum.
struct Rxcsum : hw::Register<"RXCSUM", 0x05000, hw::Access::kReadWrite> {
  using Ippcse = hw::Field<"IPPCSE", 12, 12>;
  using Pcsd = hw::Field<"PCSD", 13, 13>;
  using Fields = hw::FieldList<Ippcse, Pcsd>;
};
struct Rfctl : hw::Register<"RFCTL", 0x05008, hw::Access::kReadWrite> {
  using RscDis = hw::Field<"RSC_DIS", 5, 5>;
  using NfswDis = hw::Field<"NFSW_DIS", 6, 6>;
  using NfsrDis = hw::Field<"NFSR_DIS", 7, 7>;
  using NfsVer = hw::Field<"NFS_VER", 9, 8>;
  using Ipv6Dis = hw::Field<"IPV6_DIS", 10, 10>;
  using IpfrspDis = hw::Field<"IPFRSP_DIS", 14, 14>;
  using Fields = hw::FieldList<RscDis, NfswDis, NfsrDis, NfsVer, Ipv6Dis, IpfrspDis>;
};
struct Exvet : hw::Register<"EXVET", 0x05078, hw::Access::kReadWrite> {
  using VetExt = hw::Field<"VET_EXT", 31, 16>;
  using Fields = hw::FieldList<VetExt>;
};
// SBP keeps bad frames, MPE and UPE are promiscuous multicast and unicast, BAM takes broadcast.
struct Fctrl : hw::Register<"FCTRL", 0x05080, hw::Access::kReadWrite> {
  using Sbp = hw::Field<"SBP", 1, 1>;
  using Mpe = hw::Field<"MPE", 8, 8>;
  using Upe = hw::Field<"UPE", 9, 9>;
  using Bam = hw::Field<"BAM", 10, 10>;
  using Fields = hw::FieldList<Sbp, Mpe, Upe, Bam>;
};
// Stripping is per queue in RXDCTL.VME, not here.
struct Vlnctrl : hw::Register<"VLNCTRL", 0x05088, hw::Access::kReadWrite> {
  using Vet = hw::Field<"VET", 15, 0>;
  using Cfi = hw::Field<"CFI", 28, 28>;
  using Cfien = hw::Field<"CFIEN", 29, 29>;
  using Vfe = hw::Field<"VFE", 30, 30>;
  using Fields = hw::FieldList<Vet, Cfi, Cfien, Vfe>;
};
// MO 0..3 takes destination address bits 47:36, 46:35, 45:34, 43:32 as MTA index.
struct Mcstctrl : hw::Register<"MCSTCTRL", 0x05090, hw::Access::kReadWrite> {
  using Mo = hw::Field<"MO", 1, 0>;
  using Mfe = hw::Field<"MFE", 2, 2>;
  using Fields = hw::FieldList<Mo, Mfe>;
};
// Undefined after reset. Index bits 11:5 select the word, 4:0 the bit.
struct Mta : hw::Register<"MTA", 0x05200, hw::Access::kReadWrite, 128, 0x04> {};
// Undefined after reset. VLAN id bits 11:5 select the word, 4:0 the bit.
struct Vfta : hw::Register<"VFTA", 0x0A000, hw::Access::kReadWrite, 128, 0x04> {};
// Entry 0 is loaded from the EEPROM, the others are undefined after reset.
struct Ral : hw::Register<"RAL", 0x0A200, hw::Access::kReadWrite, 128, 0x08> {};
struct Rah : hw::Register<"RAH", 0x0A204, hw::Access::kReadWrite, 128, 0x08> {
  using Address = hw::Field<"ADDRESS", 15, 0>;
  using Av = hw::Field<"AV", 31, 31>;
  using Fields = hw::FieldList<Address, Av>;
};
// A pair of words (pools 31:0, 63:32) per RAL/RAH entry.
struct Mpsar : hw::Register<"MPSAR", 0x0A600, hw::Access::kReadWrite, 256, 0x04> {};
// Filters of pool n. AUPE takes frames without a tag, ROMPE and ROPE the MTA and PFUTA matches.
struct Pfvml2flt : hw::Register<"PFVML2FLT", 0x0F000, hw::Access::kReadWrite, 64, 0x04> {
  using Aupe = hw::Field<"AUPE", 24, 24>;
  using Rompe = hw::Field<"ROMPE", 25, 25>;
  using Rope = hw::Field<"ROPE", 26, 26>;
  using Bam = hw::Field<"BAM", 27, 27>;
  using Mpe = hw::Field<"MPE", 28, 28>;
  using Fields = hw::FieldList<Aupe, Rompe, Rope, Bam, Mpe>;
};
struct Pfuta : hw::Register<"PFUTA", 0x0F400, hw::Access::kReadWrite, 128, 0x04> {};
struct Pfvlvf : hw::Register<"PFVLVF", 0x0F100, hw::Access::kReadWrite, 64, 0x04> {
  using VlanId = hw::Field<"VLAN_ID", 11, 0>;
  using ViEn = hw::Field<"VI_EN", 31, 31>;
  using Fields = hw::FieldList<VlanId, ViEn>;
};
struct Pfvlvfb : hw::Register<"PFVLVFB", 0x0F200, hw::Access::kReadWrite, 128, 0x04> {};
struct Etqf : hw::Register<"ETQF", 0x05128, hw::Access::kReadWrite, 8, 0x04> {
  using Etype = hw::Field<"ETYPE", 15, 0>;
  using Up = hw::Field<"UP", 18, 16>;
  using UpEn = hw::Field<"UP_EN", 19, 19>;
  using Pool = hw::Field<"POOL", 25, 20>;
  using PoolEn = hw::Field<"POOL_EN", 26, 26>;
  using Fcoe = hw::Field<"FCOE", 27, 27>;
  using Timestamp1588 = hw::Field<"TIMESTAMP_1588", 30, 30>;
  using FilterEn = hw::Field<"FILTER_EN", 31, 31>;
  using Fields = hw::FieldList<Etype, Up, UpEn, Pool, PoolEn, Fcoe, Timestamp1588, FilterEn>;
};
struct Etqs : hw::Register<"ETQS", 0x0EC00, hw::Access::kReadWrite, 8, 0x04> {
  using RxQueue = hw::Field<"RX_QUEUE", 22, 16>;
  using Lli = hw::Field<"LLI", 29, 29>;
  using QueueEn = hw::Field<"QUEUE_EN", 31, 31>;
  using Fields = hw::FieldList<RxQueue, Lli, QueueEn>;
};
struct Synqf : hw::Register<"SYNQF", 0x0EC30, hw::Access::kReadWrite> {
  using QueueEn = hw::Field<"QUEUE_EN", 0, 0>;
  using RxQueue = hw::Field<"RX_QUEUE", 7, 1>;
  using Synqfp = hw::Field<"SYNQFP", 31, 31>;
  using Fields = hw::FieldList<QueueEn, RxQueue, Synqfp>;
};
struct Saqf : hw::Register<"SAQF", 0x0E000, hw::Access::kReadWrite, 128, 0x04> {};
struct Daqf : hw::Register<"DAQF", 0x0E200, hw::Access::kReadWrite, 128, 0x04> {};
struct Sdpqf : hw::Register<"SDPQF", 0x0E400, hw::Access::kReadWrite, 128, 0x04> {
  using SrcPort = hw::Field<"SRC_PORT", 15, 0>;
  using DstPort = hw::Field<"DST_PORT", 31, 16>;
  using Fields = hw::FieldList<SrcPort, DstPort>;
};
// A mask bit set means: ignore this part.
struct Ftqf : hw::Register<"FTQF", 0x0E600, hw::Access::kReadWrite, 128, 0x04> {
  using Protocol = hw::Field<"PROTOCOL", 1, 0>;
  using Priority = hw::Field<"PRIORITY", 4, 2>;
  using Pool = hw::Field<"POOL", 13, 8>;
  using MaskSrcAddr = hw::Field<"MASK_SRC_ADDR", 25, 25>;
  using MaskDstAddr = hw::Field<"MASK_DST_ADDR", 26, 26>;
  using MaskSrcPort = hw::Field<"MASK_SRC_PORT", 27, 27>;
  using MaskDstPort = hw::Field<"MASK_DST_PORT", 28, 28>;
  using MaskProtocol = hw::Field<"MASK_PROTOCOL", 29, 29>;
  using PoolMask = hw::Field<"POOL_MASK", 30, 30>;
  using QueueEn = hw::Field<"QUEUE_EN", 31, 31>;
  using Fields = hw::FieldList<Protocol, Priority, Pool, MaskSrcAddr, MaskDstAddr, MaskSrcPort,
                               MaskDstPort, MaskProtocol, PoolMask, QueueEn>;
};
struct L34timir : hw::Register<"L34TIMIR", 0x0E800, hw::Access::kReadWrite, 128, 0x04> {
  using SizeBp = hw::Field<"SIZE_BP", 12, 12>;
  using Lli = hw::Field<"LLI", 20, 20>;
  using RxQueue = hw::Field<"RX_QUEUE", 27, 21>;
  using Fields = hw::FieldList<SizeBp, Lli, RxQueue>;
};
struct Fdirctrl : hw::Register<"FDIRCTRL", 0x0EE00, hw::Access::kReadWrite> {
  using Pballoc = hw::Field<"PBALLOC", 1, 0>;
  using InitDone = hw::Field<"INIT_DONE", 3, 3>;
  using PerfectMatch = hw::Field<"PERFECT_MATCH", 4, 4>;
  using ReportStatus = hw::Field<"REPORT_STATUS", 5, 5>;
  using ReportStatusAlways = hw::Field<"REPORT_STATUS_ALWAYS", 7, 7>;
  using DropQ = hw::Field<"DROP_Q", 14, 8>;
  using FlexOffset = hw::Field<"FLEX_OFFSET", 20, 16>;
  using MaxLength = hw::Field<"MAX_LENGTH", 27, 24>;
  using FullThresh = hw::Field<"FULL_THRESH", 31, 28>;
  using Fields = hw::FieldList<Pballoc, InitDone, PerfectMatch, ReportStatus, ReportStatusAlways,
                               DropQ, FlexOffset, MaxLength, FullThresh>;
};

// ---- Receive: spreading over queues ----
// MRQE 0: off, 1: RSS over up to 16 queues.
struct Mrqc : hw::Register<"MRQC", 0x0EC80, hw::Access::kReadWrite> {
  using Mrqe = hw::Field<"MRQE", 3, 0>;
  using RssTcpIpv4 = hw::Field<"RSS_TCP_IPV4", 16, 16>;
  using RssIpv4 = hw::Field<"RSS_IPV4", 17, 17>;
  using RssIpv6 = hw::Field<"RSS_IPV6", 20, 20>;
  using RssTcpIpv6 = hw::Field<"RSS_TCP_IPV6", 21, 21>;
  using RssUdpIpv4 = hw::Field<"RSS_UDP_IPV4", 22, 22>;
  using RssUdpIpv6 = hw::Field<"RSS_UDP_IPV6", 23, 23>;
  using Fields =
      hw::FieldList<Mrqe, RssTcpIpv4, RssIpv4, RssIpv6, RssTcpIpv6, RssUdpIpv4, RssUdpIpv6>;
};
// 128 entries of four bits in byte slots.
struct Reta : hw::Register<"RETA", 0x0EB00, hw::Access::kReadWrite, 32, 0x04> {
  using Entry0 = hw::Field<"ENTRY0", 3, 0>;
  using Entry1 = hw::Field<"ENTRY1", 11, 8>;
  using Entry2 = hw::Field<"ENTRY2", 19, 16>;
  using Entry3 = hw::Field<"ENTRY3", 27, 24>;
  using Fields = hw::FieldList<Entry0, Entry1, Entry2, Entry3>;
};
// Byte 0 of the key is bits 7:0 of word 0.
struct Rssrk : hw::Register<"RSSRK", 0x0EB80, hw::Access::kReadWrite, 10, 0x04> {};
struct Psrtype : hw::Register<"PSRTYPE", 0x0EA00, hw::Access::kReadWrite, 64, 0x04> {
  using SplitNfs = hw::Field<"SPLIT_NFS", 1, 1>;
  using SplitTcp = hw::Field<"SPLIT_TCP", 4, 4>;
  using SplitUdp = hw::Field<"SPLIT_UDP", 5, 5>;
  using SplitIp4 = hw::Field<"SPLIT_IP4", 8, 8>;
  using SplitIp6 = hw::Field<"SPLIT_IP6", 9, 9>;
  using SplitL2 = hw::Field<"SPLIT_L2", 12, 12>;
  using Rqpl = hw::Field<"RQPL", 31, 29>;
  using Fields = hw::FieldList<SplitNfs, SplitTcp, SplitUdp, SplitIp4, SplitIp6, SplitL2, Rqpl>;
};
struct Rqtc : hw::Register<"RQTC", 0x0EC70, hw::Access::kReadWrite> {
  using Rqtc0 = hw::Field<"RQTC0", 2, 0>;
  using Rqtc1 = hw::Field<"RQTC1", 6, 4>;
  using Rqtc2 = hw::Field<"RQTC2", 10, 8>;
  using Rqtc3 = hw::Field<"RQTC3", 14, 12>;
  using Rqtc4 = hw::Field<"RQTC4", 18, 16>;
  using Rqtc5 = hw::Field<"RQTC5", 22, 20>;
  using Rqtc6 = hw::Field<"RQTC6", 26, 24>;
  using Rqtc7 = hw::Field<"RQTC7", 30, 28>;
  using Fields = hw::FieldList<Rqtc0, Rqtc1, Rqtc2, Rqtc3, Rqtc4, Rqtc5, Rqtc6, Rqtc7>;
};

// ---- Receive: rings and DMA ----
// 128-byte aligned.
struct Rdbal : hw::Register<"RDBAL", 0x01000, hw::Access::kReadWrite, 64, 0x40> {
  using Base = hw::Field<"BASE", 31, 7>;
  using Fields = hw::FieldList<Base>;
};
struct Rdbah : hw::Register<"RDBAH", 0x01004, hw::Access::kReadWrite, 64, 0x40> {};
// In bytes, a multiple of 128.
struct Rdlen : hw::Register<"RDLEN", 0x01008, hw::Access::kReadWrite, 64, 0x40> {
  using Len = hw::Field<"LEN", 19, 7>;
  using Fields = hw::FieldList<Len>;
};
// Doubtful (D3): sources differ whether bit 11 or 12 must be written 0.
struct DcaRxctrl : hw::Register<"DCA_RXCTRL", 0x0100C, hw::Access::kReadWrite, 64, 0x40> {
  using RxDescDcaEn = hw::Field<"RX_DESC_DCA_EN", 5, 5>;
  using RxHeaderDcaEn = hw::Field<"RX_HEADER_DCA_EN", 6, 6>;
  using RxPayloadDcaEn = hw::Field<"RX_PAYLOAD_DCA_EN", 7, 7>;
  using RxDescReadRoEn = hw::Field<"RX_DESC_READ_RO_EN", 9, 9>;
  using RxDescWbroEn = hw::Field<"RX_DESC_WBRO_EN", 11, 11>;
  using RxDataWriteRoEn = hw::Field<"RX_DATA_WRITE_RO_EN", 13, 13>;
  using RxRepHeaderRoEn = hw::Field<"RX_REP_HEADER_RO_EN", 15, 15>;
  using Cpuid = hw::Field<"CPUID", 31, 24>;
  using Fields = hw::FieldList<RxDescDcaEn, RxHeaderDcaEn, RxPayloadDcaEn, RxDescReadRoEn,
                               RxDescWbroEn, RxDataWriteRoEn, RxRepHeaderRoEn, Cpuid>;
};
// Written 0 while the queue is off; moved by hardware.
struct Rdh : hw::Register<"RDH", 0x01010, hw::Access::kReadWrite, 64, 0x40> {
  using Head = hw::Field<"HEAD", 15, 0>;
  using Fields = hw::FieldList<Head>;
};
// BSIZEPACKET counts 1 KiB, BSIZEHEADER 64 bytes. DESCTYPE 1: advanced, one buffer.
struct Srrctl : hw::Register<"SRRCTL", 0x01014, hw::Access::kReadWrite, 64, 0x40> {
  using Bsizepacket = hw::Field<"BSIZEPACKET", 4, 0>;
  using Bsizeheader = hw::Field<"BSIZEHEADER", 13, 8>;
  using Rdmts = hw::Field<"RDMTS", 24, 22>;
  using Desctype = hw::Field<"DESCTYPE", 27, 25>;
  using DropEn = hw::Field<"DROP_EN", 28, 28>;
  using Fields = hw::FieldList<Bsizepacket, Bsizeheader, Rdmts, Desctype, DropEn>;
};
struct Rdt : hw::Register<"RDT", 0x01018, hw::Access::kReadWrite, 64, 0x40> {
  using Tail = hw::Field<"TAIL", 15, 0>;
  using Fields = hw::FieldList<Tail>;
};
struct Rxdctl : hw::Register<"RXDCTL", 0x01028, hw::Access::kReadWrite, 64, 0x40> {
  using Enable = hw::Field<"ENABLE", 25, 25>;
  using Vme = hw::Field<"VME", 30, 30>;
  using Fields = hw::FieldList<Enable, Vme>;
};
// MAXDESC 0..3 means 1, 4, 8, 16.
struct Rscctl : hw::Register<"RSCCTL", 0x0102C, hw::Access::kReadWrite, 64, 0x40> {
  using Rscen = hw::Field<"RSCEN", 0, 0>;
  using Maxdesc = hw::Field<"MAXDESC", 3, 2>;
  using Fields = hw::FieldList<Rscen, Maxdesc>;
};
// Rings 64..127: index n - 64.
struct Rdbal64To127 : hw::Register<"RDBAL_64_127", 0x0D000, hw::Access::kReadWrite, 64, 0x40> {
  using Base = hw::Field<"BASE", 31, 7>;
  using Fields = hw::FieldList<Base>;
};
struct Rdbah64To127 : hw::Register<"RDBAH_64_127", 0x0D004, hw::Access::kReadWrite, 64, 0x40> {};
struct Rdlen64To127 : hw::Register<"RDLEN_64_127", 0x0D008, hw::Access::kReadWrite, 64, 0x40> {
  using Len = hw::Field<"LEN", 19, 7>;
  using Fields = hw::FieldList<Len>;
};
struct DcaRxctrl64To127
    : hw::Register<"DCA_RXCTRL_64_127", 0x0D00C, hw::Access::kReadWrite, 64, 0x40> {
  using RxDescDcaEn = hw::Field<"RX_DESC_DCA_EN", 5, 5>;
  using RxHeaderDcaEn = hw::Field<"RX_HEADER_DCA_EN", 6, 6>;
  using RxPayloadDcaEn = hw::Field<"RX_PAYLOAD_DCA_EN", 7, 7>;
  using RxDescReadRoEn = hw::Field<"RX_DESC_READ_RO_EN", 9, 9>;
  using RxDescWbroEn = hw::Field<"RX_DESC_WBRO_EN", 11, 11>;
  using RxDataWriteRoEn = hw::Field<"RX_DATA_WRITE_RO_EN", 13, 13>;
  using RxRepHeaderRoEn = hw::Field<"RX_REP_HEADER_RO_EN", 15, 15>;
  using Cpuid = hw::Field<"CPUID", 31, 24>;
  using Fields = hw::FieldList<RxDescDcaEn, RxHeaderDcaEn, RxPayloadDcaEn, RxDescReadRoEn,
                               RxDescWbroEn, RxDataWriteRoEn, RxRepHeaderRoEn, Cpuid>;
};
struct Rdh64To127 : hw::Register<"RDH_64_127", 0x0D010, hw::Access::kReadWrite, 64, 0x40> {
  using Head = hw::Field<"HEAD", 15, 0>;
  using Fields = hw::FieldList<Head>;
};
struct Srrctl64To127 : hw::Register<"SRRCTL_64_127", 0x0D014, hw::Access::kReadWrite, 64, 0x40> {
  using Bsizepacket = hw::Field<"BSIZEPACKET", 4, 0>;
  using Bsizeheader = hw::Field<"BSIZEHEADER", 13, 8>;
  using Rdmts = hw::Field<"RDMTS", 24, 22>;
  using Desctype = hw::Field<"DESCTYPE", 27, 25>;
  using DropEn = hw::Field<"DROP_EN", 28, 28>;
  using Fields = hw::FieldList<Bsizepacket, Bsizeheader, Rdmts, Desctype, DropEn>;
};
struct Rdt64To127 : hw::Register<"RDT_64_127", 0x0D018, hw::Access::kReadWrite, 64, 0x40> {
  using Tail = hw::Field<"TAIL", 15, 0>;
  using Fields = hw::FieldList<Tail>;
};
struct Rxdctl64To127 : hw::Register<"RXDCTL_64_127", 0x0D028, hw::Access::kReadWrite, 64, 0x40> {
  using Enable = hw::Field<"ENABLE", 25, 25>;
  using Vme = hw::Field<"VME", 30, 30>;
  using Fields = hw::FieldList<Enable, Vme>;
};
struct Rscctl64To127 : hw::Register<"RSCCTL_64_127", 0x0D02C, hw::Access::kReadWrite, 64, 0x40> {
  using Rscen = hw::Field<"RSCEN", 0, 0>;
  using Maxdesc = hw::Field<"MAXDESC", 3, 2>;
  using Fields = hw::FieldList<Rscen, Maxdesc>;
};
// Drivers write RSCFRSTSIZE 0, RSCACKC 1, FCOE_WRFIX 1. Doubtful (D2): one source has
// CRCSTRIP in bit 0.
struct Rdrxctl : hw::Register<"RDRXCTL", 0x02F00, hw::Access::kReadWrite> {
  using Crcstrip = hw::Field<"CRCSTRIP", 1, 1>;
  using Dmaidone = hw::Field<"DMAIDONE", 3, 3>;
  using Rscfrstsize = hw::Field<"RSCFRSTSIZE", 21, 17>;
  using Rscackc = hw::Field<"RSCACKC", 25, 25>;
  using FcoeWrfix = hw::Field<"FCOE_WRFIX", 26, 26>;
  using Fields = hw::FieldList<Crcstrip, Dmaidone, Rscfrstsize, Rscackc, FcoeWrfix>;
};
struct Pfqde : hw::Register<"PFQDE", 0x02F04, hw::Access::kReadWrite> {
  using Qde = hw::Field<"QDE", 0, 0>;
  using QueueIdx = hw::Field<"QUEUE_IDX", 14, 8>;
  using We = hw::Field<"WE", 16, 16>;
  using Re = hw::Field<"RE", 17, 17>;
  using Fields = hw::FieldList<Qde, QueueIdx, We, Re>;
};
struct Rxctrl : hw::Register<"RXCTRL", 0x03000, hw::Access::kReadWrite> {
  using Rxen = hw::Field<"RXEN", 0, 0>;
  using Dmbyps = hw::Field<"DMBYPS", 1, 1>;
  using Fields = hw::FieldList<Rxen, Dmbyps>;
};
struct Rtrup2tc : hw::Register<"RTRUP2TC", 0x03020, hw::Access::kReadWrite> {
  using Up0map = hw::Field<"UP0MAP", 2, 0>;
  using Up1map = hw::Field<"UP1MAP", 5, 3>;
  using Up2map = hw::Field<"UP2MAP", 8, 6>;
  using Up3map = hw::Field<"UP3MAP", 11, 9>;
  using Up4map = hw::Field<"UP4MAP", 14, 12>;
  using Up5map = hw::Field<"UP5MAP", 17, 15>;
  using Up6map = hw::Field<"UP6MAP", 20, 18>;
  using Up7map = hw::Field<"UP7MAP", 23, 21>;
  using Fields = hw::FieldList<Up0map, Up1map, Up2map, Up3map, Up4map, Up5map, Up6map, Up7map>;
};
struct Rscdbu : hw::Register<"RSCDBU", 0x03028, hw::Access::kReadWrite> {
  using Rscsmaldis = hw::Field<"RSCSMALDIS", 6, 0>;
  using Rscackdis = hw::Field<"RSCACKDIS", 7, 7>;
  using Fields = hw::FieldList<Rscsmaldis, Rscackdis>;
};
struct Rxmemwrap : hw::Register<"RXMEMWRAP", 0x03190, hw::Access::kReadOnly> {
  using Tc0Wrap = hw::Field<"TC0_WRAP", 2, 0>;
  using Tc0Empty = hw::Field<"TC0_EMPTY", 3, 3>;
  using Tc1Wrap = hw::Field<"TC1_WRAP", 6, 4>;
  using Tc1Empty = hw::Field<"TC1_EMPTY", 7, 7>;
  using Tc2Wrap = hw::Field<"TC2_WRAP", 10, 8>;
  using Tc2Empty = hw::Field<"TC2_EMPTY", 11, 11>;
  using Tc3Wrap = hw::Field<"TC3_WRAP", 14, 12>;
  using Tc3Empty = hw::Field<"TC3_EMPTY", 15, 15>;
  using Tc4Wrap = hw::Field<"TC4_WRAP", 18, 16>;
  using Tc4Empty = hw::Field<"TC4_EMPTY", 19, 19>;
  using Tc5Wrap = hw::Field<"TC5_WRAP", 22, 20>;
  using Tc5Empty = hw::Field<"TC5_EMPTY", 23, 23>;
  using Tc6Wrap = hw::Field<"TC6_WRAP", 26, 24>;
  using Tc6Empty = hw::Field<"TC6_EMPTY", 27, 27>;
  using Tc7Wrap = hw::Field<"TC7_WRAP", 30, 28>;
  using Tc7Empty = hw::Field<"TC7_EMPTY", 31, 31>;
  using Fields =
      hw::FieldList<Tc0Wrap, Tc0Empty, Tc1Wrap, Tc1Empty, Tc2Wrap, Tc2Empty, Tc3Wrap, Tc3Empty,
                    Tc4Wrap, Tc4Empty, Tc5Wrap, Tc5Empty, Tc6Wrap, Tc6Empty, Tc7Wrap, Tc7Empty>;
};
// KiB in place: the masked value is bytes.
struct Rxpbsize : hw::Register<"RXPBSIZE", 0x03C00, hw::Access::kReadWrite, 8, 0x04> {
  using Size = hw::Field<"SIZE", 19, 10>;
  using Fields = hw::FieldList<Size>;
};
struct Rtrpcs : hw::Register<"RTRPCS", 0x02430, hw::Access::kReadWrite> {
  using Rrm = hw::Field<"RRM", 1, 1>;
  using Rac = hw::Field<"RAC", 2, 2>;
  using Lrpb = hw::Field<"LRPB", 18, 16>;
  using Fields = hw::FieldList<Rrm, Rac, Lrpb>;
};
struct Rtrpt4c : hw::Register<"RTRPT4C", 0x02140, hw::Access::kReadWrite, 8, 0x04> {
  using Crq = hw::Field<"CRQ", 8, 0>;
  using Bwg = hw::Field<"BWG", 11, 9>;
  using Mcl = hw::Field<"MCL", 23, 12>;
  using Gsp = hw::Field<"GSP", 30, 30>;
  using Lsp = hw::Field<"LSP", 31, 31>;
  using Fields = hw::FieldList<Crq, Bwg, Mcl, Gsp, Lsp>;
};
// RX_DIS, then wait for SECRXSTAT.SECRX_RDY, quiesces receive.
struct Secrxctrl : hw::Register<"SECRXCTRL", 0x08D00, hw::Access::kReadWrite> {
  using SecrxDis = hw::Field<"SECRX_DIS", 0, 0>;
  using RxDis = hw::Field<"RX_DIS", 1, 1>;
  using Fields = hw::FieldList<SecrxDis, RxDis>;
};
struct Secrxstat : hw::Register<"SECRXSTAT", 0x08D04, hw::Access::kReadOnly> {
  using SecrxRdy = hw::Field<"SECRX_RDY", 0, 0>;
  using SecrxOffDis = hw::Field<"SECRX_OFF_DIS", 1, 1>;
  using EccRxerr = hw::Field<"ECC_RXERR", 2, 2>;
  using Fields = hw::FieldList<SecrxRdy, SecrxOffDis, EccRxerr>;
};

// ---- Transmit: rings and DMA ----
// 128-byte aligned.
struct Tdbal : hw::Register<"TDBAL", 0x06000, hw::Access::kReadWrite, 128, 0x40> {
  using Base = hw::Field<"BASE", 31, 7>;
  using Fields = hw::FieldList<Base>;
};
struct Tdbah : hw::Register<"TDBAH", 0x06004, hw::Access::kReadWrite, 128, 0x40> {};
// In bytes, a multiple of 128.
struct Tdlen : hw::Register<"TDLEN", 0x06008, hw::Access::kReadWrite, 128, 0x40> {
  using Len = hw::Field<"LEN", 19, 7>;
  using Fields = hw::FieldList<Len>;
};
// TX_DESC_WBRO_EN must be clear when head write-back is used.
struct DcaTxctrl : hw::Register<"DCA_TXCTRL", 0x0600C, hw::Access::kReadWrite, 128, 0x40> {
  using TxDescDcaEn = hw::Field<"TX_DESC_DCA_EN", 5, 5>;
  using TxDescReadRoEn = hw::Field<"TX_DESC_READ_RO_EN", 9, 9>;
  using TxDescWbroEn = hw::Field<"TX_DESC_WBRO_EN", 11, 11>;
  using TxDataReadRoEn = hw::Field<"TX_DATA_READ_RO_EN", 13, 13>;
  using Cpuid = hw::Field<"CPUID", 31, 24>;
  using Fields = hw::FieldList<TxDescDcaEn, TxDescReadRoEn, TxDescWbroEn, TxDataReadRoEn, Cpuid>;
};
struct Tdh : hw::Register<"TDH", 0x06010, hw::Access::kReadWrite, 128, 0x40> {
  using Head = hw::Field<"HEAD", 15, 0>;
  using Fields = hw::FieldList<Head>;
};
struct Tdt : hw::Register<"TDT", 0x06018, hw::Access::kReadWrite, 128, 0x40> {
  using Tail = hw::Field<"TAIL", 15, 0>;
  using Fields = hw::FieldList<Tail>;
};
// SWFLSH flushes pending write-backs. WTHRESH must be 0 with head write-back.
struct Txdctl : hw::Register<"TXDCTL", 0x06028, hw::Access::kReadWrite, 128, 0x40> {
  using Pthresh = hw::Field<"PTHRESH", 6, 0>;
  using Hthresh = hw::Field<"HTHRESH", 14, 8>;
  using Wthresh = hw::Field<"WTHRESH", 22, 16>;
  using Enable = hw::Field<"ENABLE", 25, 25>;
  using Swflsh = hw::Field<"SWFLSH", 26, 26>;
  using Fields = hw::FieldList<Pthresh, Hthresh, Wthresh, Enable, Swflsh>;
};
// Head write-back: a 32-bit word at a 4-byte aligned address. SEQNUM_WB_EN: one lineage only.
struct Tdwbal : hw::Register<"TDWBAL", 0x06038, hw::Access::kReadWrite, 128, 0x40> {
  using HeadWbEn = hw::Field<"HEAD_WB_EN", 0, 0>;
  using SeqnumWbEn = hw::Field<"SEQNUM_WB_EN", 1, 1>;
  using HeadwbLow = hw::Field<"HEADWB_LOW", 31, 2>;
  using Fields = hw::FieldList<HeadWbEn, SeqnumWbEn, HeadwbLow>;
};
struct Tdwbah : hw::Register<"TDWBAH", 0x0603C, hw::Access::kReadWrite, 128, 0x40> {};
// TE before any TXDCTL.ENABLE.
struct Dmatxctl : hw::Register<"DMATXCTL", 0x04A80, hw::Access::kReadWrite> {
  using Te = hw::Field<"TE", 0, 0>;
  using Gdv = hw::Field<"GDV", 3, 3>;
  using Vt = hw::Field<"VT", 31, 16>;
  using Fields = hw::FieldList<Te, Gdv, Vt>;
};
struct Dtxtcpflgl : hw::Register<"DTXTCPFLGL", 0x04A88, hw::Access::kReadWrite> {
  using TcpFlgFirst = hw::Field<"TCP_FLG_FIRST", 11, 0>;
  using TcpFlgMid = hw::Field<"TCP_FLG_MID", 27, 16>;
  using Fields = hw::FieldList<TcpFlgFirst, TcpFlgMid>;
};
struct Dtxtcpflgh : hw::Register<"DTXTCPFLGH", 0x04A8C, hw::Access::kReadWrite> {
  using TcpFlgLast = hw::Field<"TCP_FLG_LAST", 11, 0>;
  using Fields = hw::FieldList<TcpFlgLast>;
};
// Counts 256 bytes (from memory).
struct Dtxmxszrq : hw::Register<"DTXMXSZRQ", 0x08100, hw::Access::kReadWrite> {
  using MaxBytesNumReq = hw::Field<"MAX_BYTES_NUM_REQ", 11, 0>;
  using Fields = hw::FieldList<MaxBytesNumReq>;
};
// KiB in place: the masked value is bytes.
struct Txpbsize : hw::Register<"TXPBSIZE", 0x0CC00, hw::Access::kReadWrite, 8, 0x04> {
  using Size = hw::Field<"SIZE", 19, 10>;
  using Fields = hw::FieldList<Size>;
};
// KiB.
struct Txpbthresh : hw::Register<"TXPBTHRESH", 0x04950, hw::Access::kReadWrite, 8, 0x04> {
  using Thresh = hw::Field<"THRESH", 9, 0>;
  using Fields = hw::FieldList<Thresh>;
};
// Change only with RTTDCS.ARBDIS set.
struct Mtqc : hw::Register<"MTQC", 0x08120, hw::Access::kReadWrite> {
  using RtEna = hw::Field<"RT_ENA", 0, 0>;
  using VtEna = hw::Field<"VT_ENA", 1, 1>;
  using NumTcOrQ = hw::Field<"NUM_TC_OR_Q", 3, 2>;
  using Fields = hw::FieldList<RtEna, VtEna, NumTcOrQ>;
};
struct Rttdcs : hw::Register<"RTTDCS", 0x04900, hw::Access::kReadWrite> {
  using Tdpac = hw::Field<"TDPAC", 0, 0>;
  using Vmpac = hw::Field<"VMPAC", 1, 1>;
  using Tdrm = hw::Field<"TDRM", 4, 4>;
  using Arbdis = hw::Field<"ARBDIS", 6, 6>;
  using Lttdesc = hw::Field<"LTTDESC", 19, 17>;
  using Bdpm = hw::Field<"BDPM", 22, 22>;
  using Bpbfsm = hw::Field<"BPBFSM", 23, 23>;
  using SpeedChg = hw::Field<"SPEED_CHG", 31, 31>;
  using Fields = hw::FieldList<Tdpac, Vmpac, Tdrm, Arbdis, Lttdesc, Bdpm, Bpbfsm, SpeedChg>;
};
struct Rttdqsel : hw::Register<"RTTDQSEL", 0x04904, hw::Access::kReadWrite> {
  using TxdqIdx = hw::Field<"TXDQ_IDX", 6, 0>;
  using Fields = hw::FieldList<TxdqIdx>;
};
struct Rttdt1c : hw::Register<"RTTDT1C", 0x04908, hw::Access::kReadWrite> {
  using Crq = hw::Field<"CRQ", 13, 0>;
  using Fields = hw::FieldList<Crq>;
};
struct Rttdt2c : hw::Register<"RTTDT2C", 0x04910, hw::Access::kReadWrite, 8, 0x04> {
  using Crq = hw::Field<"CRQ", 8, 0>;
  using Bwg = hw::Field<"BWG", 11, 9>;
  using Mcl = hw::Field<"MCL", 23, 12>;
  using Gsp = hw::Field<"GSP", 30, 30>;
  using Lsp = hw::Field<"LSP", 31, 31>;
  using Fields = hw::FieldList<Crq, Bwg, Mcl, Gsp, Lsp>;
};
// Doubtful (D5): one source lets RF_INT run to bit 27.
struct Rttbcnrc : hw::Register<"RTTBCNRC", 0x04984, hw::Access::kReadWrite> {
  using RfDec = hw::Field<"RF_DEC", 13, 0>;
  using RfInt = hw::Field<"RF_INT", 23, 14>;
  using RsEna = hw::Field<"RS_ENA", 31, 31>;
  using Fields = hw::FieldList<RfDec, RfInt, RsEna>;
};
struct Rttup2tc : hw::Register<"RTTUP2TC", 0x0C800, hw::Access::kReadWrite> {
  using Up0map = hw::Field<"UP0MAP", 2, 0>;
  using Up1map = hw::Field<"UP1MAP", 5, 3>;
  using Up2map = hw::Field<"UP2MAP", 8, 6>;
  using Up3map = hw::Field<"UP3MAP", 11, 9>;
  using Up4map = hw::Field<"UP4MAP", 14, 12>;
  using Up5map = hw::Field<"UP5MAP", 17, 15>;
  using Up6map = hw::Field<"UP6MAP", 20, 18>;
  using Up7map = hw::Field<"UP7MAP", 23, 21>;
  using Fields = hw::FieldList<Up0map, Up1map, Up2map, Up3map, Up4map, Up5map, Up6map, Up7map>;
};
struct Rttpcs : hw::Register<"RTTPCS", 0x0CD00, hw::Access::kReadWrite> {
  using Tppac = hw::Field<"TPPAC", 5, 5>;
  using Tprm = hw::Field<"TPRM", 8, 8>;
  using Arbd = hw::Field<"ARBD", 31, 22>;
  using Fields = hw::FieldList<Tppac, Tprm, Arbd>;
};
struct Rttpt2c : hw::Register<"RTTPT2C", 0x0CD20, hw::Access::kReadWrite, 8, 0x04> {
  using Crq = hw::Field<"CRQ", 8, 0>;
  using Bwg = hw::Field<"BWG", 11, 9>;
  using Mcl = hw::Field<"MCL", 23, 12>;
  using Gsp = hw::Field<"GSP", 30, 30>;
  using Lsp = hw::Field<"LSP", 31, 31>;
  using Fields = hw::FieldList<Crq, Bwg, Mcl, Gsp, Lsp>;
};
struct Sectxctrl : hw::Register<"SECTXCTRL", 0x08800, hw::Access::kReadWrite> {
  using SectxDis = hw::Field<"SECTX_DIS", 0, 0>;
  using TxDis = hw::Field<"TX_DIS", 1, 1>;
  using StoreForward = hw::Field<"STORE_FORWARD", 2, 2>;
  using Fields = hw::FieldList<SectxDis, TxDis, StoreForward>;
};
struct Sectxstat : hw::Register<"SECTXSTAT", 0x08804, hw::Access::kReadOnly> {
  using SectxRdy = hw::Field<"SECTX_RDY", 0, 0>;
  using SectxOffDis = hw::Field<"SECTX_OFF_DIS", 1, 1>;
  using EccTxerr = hw::Field<"ECC_TXERR", 2, 2>;
  using Fields = hw::FieldList<SectxRdy, SectxOffDis, EccTxerr>;
};
struct Sectxbuffaf : hw::Register<"SECTXBUFFAF", 0x08808, hw::Access::kReadWrite> {
  using BuffAfThresh = hw::Field<"BUFF_AF_THRESH", 9, 0>;
  using Fields = hw::FieldList<BuffAfThresh>;
};
struct Sectxminifg : hw::Register<"SECTXMINIFG", 0x08810, hw::Access::kReadWrite> {
  using Minsecifg = hw::Field<"MINSECIFG", 3, 0>;
  using Sectxdcb = hw::Field<"SECTXDCB", 12, 8>;
  using Fields = hw::FieldList<Minsecifg, Sectxdcb>;
};

// ---- Virtual functions: what a driver without them still has to put in order ----
struct Pfvflrec : hw::Register<"PFVFLREC", 0x00700, hw::Access::kWriteOneClear, 2, 0x04> {};
struct Pfmbicr : hw::Register<"PFMBICR", 0x00710, hw::Access::kWriteOneClear, 4, 0x04> {
  using Vfreq = hw::Field<"VFREQ", 15, 0>;
  using Vfack = hw::Field<"VFACK", 31, 16>;
  using Fields = hw::FieldList<Vfreq, Vfack>;
};
struct Pfmbimr : hw::Register<"PFMBIMR", 0x00720, hw::Access::kReadWrite, 2, 0x04> {};
struct Pfvtctl : hw::Register<"PFVTCTL", 0x051B0, hw::Access::kReadWrite> {
  using VtEna = hw::Field<"VT_ENA", 0, 0>;
  using DefPl = hw::Field<"DEF_PL", 12, 7>;
  using DisDefPool = hw::Field<"DIS_DEF_POOL", 29, 29>;
  using RplEn = hw::Field<"RPL_EN", 30, 30>;
  using Fields = hw::FieldList<VtEna, DefPl, DisDefPool, RplEn>;
};
struct Pfvfre : hw::Register<"PFVFRE", 0x051E0, hw::Access::kReadWrite, 2, 0x04> {};
struct Pfvfte : hw::Register<"PFVFTE", 0x08110, hw::Access::kReadWrite, 2, 0x04> {};
struct Pfvmtxsw : hw::Register<"PFVMTXSW", 0x05180, hw::Access::kReadWrite, 2, 0x04> {};
struct Pfvmvir : hw::Register<"PFVMVIR", 0x08000, hw::Access::kReadWrite, 64, 0x04> {
  using PortVlanId = hw::Field<"PORT_VLAN_ID", 15, 0>;
  using Vlana = hw::Field<"VLANA", 31, 30>;
  using Fields = hw::FieldList<PortVlanId, Vlana>;
};
struct Pfvfspoof : hw::Register<"PFVFSPOOF", 0x08200, hw::Access::kReadWrite, 8, 0x04> {
  using Macas = hw::Field<"MACAS", 7, 0>;
  using Vlanas = hw::Field<"VLANAS", 15, 8>;
  using Fields = hw::FieldList<Macas, Vlanas>;
};
struct Pfdtxgswc : hw::Register<"PFDTXGSWC", 0x08220, hw::Access::kReadWrite> {
  using Lbe = hw::Field<"LBE", 0, 0>;
  using Fields = hw::FieldList<Lbe>;
};
struct Pfmailbox : hw::Register<"PFMAILBOX", 0x04B00, hw::Access::kReadWrite, 64, 0x04> {
  using Sts = hw::Field<"STS", 0, 0>;
  using Ack = hw::Field<"ACK", 1, 1>;
  using Vfu = hw::Field<"VFU", 2, 2>;
  using Pfu = hw::Field<"PFU", 3, 3>;
  using Rvfu = hw::Field<"RVFU", 4, 4>;
  using Fields = hw::FieldList<Sts, Ack, Vfu, Pfu, Rvfu>;
};
struct Pfmrctl : hw::Register<"PFMRCTL", 0x0F600, hw::Access::kReadWrite, 4, 0x04> {};

// ---- MAC and link ----
struct Pcs1gcfig : hw::Register<"PCS1GCFIG", 0x04200, hw::Access::kReadWrite> {
  using PcsIsolate = hw::Field<"PCS_ISOLATE", 30, 30>;
  using Fields = hw::FieldList<PcsIsolate>;
};
struct Pcs1glctl : hw::Register<"PCS1GLCTL", 0x04208, hw::Access::kReadWrite> {
  using Flv = hw::Field<"FLV", 0, 0>;
  using ForceLink = hw::Field<"FORCE_LINK", 5, 5>;
  using LinkLatchLow = hw::Field<"LINK_LATCH_LOW", 6, 6>;
  using AnEnable = hw::Field<"AN_ENABLE", 16, 16>;
  using AnRestart = hw::Field<"AN_RESTART", 17, 17>;
  using AnTimeoutEn = hw::Field<"AN_TIMEOUT_EN", 18, 18>;
  using LinkOkFixEn = hw::Field<"LINK_OK_FIX_EN", 25, 25>;
  using Fields =
      hw::FieldList<Flv, ForceLink, LinkLatchLow, AnEnable, AnRestart, AnTimeoutEn, LinkOkFixEn>;
};
struct Pcs1glsta : hw::Register<"PCS1GLSTA", 0x0420C, hw::Access::kReadOnly> {
  using LinkOk = hw::Field<"LINK_OK", 0, 0>;
  using SyncOk = hw::Field<"SYNC_OK", 4, 4>;
  using AnComplete = hw::Field<"AN_COMPLETE", 16, 16>;
  using AnPageRx = hw::Field<"AN_PAGE_RX", 17, 17>;
  using AnTimedout = hw::Field<"AN_TIMEDOUT", 18, 18>;
  using AnRemoteFault = hw::Field<"AN_REMOTE_FAULT", 19, 19>;
  using AnError = hw::Field<"AN_ERROR", 20, 20>;
  using Fields =
      hw::FieldList<LinkOk, SyncOk, AnComplete, AnPageRx, AnTimedout, AnRemoteFault, AnError>;
};
struct Pcs1gana : hw::Register<"PCS1GANA", 0x04218, hw::Access::kReadWrite> {
  using Fdc = hw::Field<"FDC", 5, 5>;
  using Asm = hw::Field<"ASM", 8, 7>;
  using Rflt = hw::Field<"RFLT", 13, 12>;
  using Nextp = hw::Field<"NEXTP", 15, 15>;
  using Fields = hw::FieldList<Fdc, Asm, Rflt, Nextp>;
};
struct Pcs1ganlp : hw::Register<"PCS1GANLP", 0x0421C, hw::Access::kReadOnly> {
  using Lpfd = hw::Field<"LPFD", 5, 5>;
  using Lphd = hw::Field<"LPHD", 6, 6>;
  using Lpasm = hw::Field<"LPASM", 8, 7>;
  using Prf = hw::Field<"PRF", 13, 12>;
  using Ack = hw::Field<"ACK", 14, 14>;
  using Lpnextp = hw::Field<"LPNEXTP", 15, 15>;
  using Fields = hw::FieldList<Lpfd, Lphd, Lpasm, Prf, Ack, Lpnextp>;
};
// RXCRCSTRP and RDRXCTL.CRCSTRIP must agree.
struct Hlreg0 : hw::Register<"HLREG0", 0x04240, hw::Access::kReadWrite> {
  using Txcrcen = hw::Field<"TXCRCEN", 0, 0>;
  using Rxcrcstrp = hw::Field<"RXCRCSTRP", 1, 1>;
  using Jumboen = hw::Field<"JUMBOEN", 2, 2>;
  using Txpaden = hw::Field<"TXPADEN", 10, 10>;
  using Lpbk = hw::Field<"LPBK", 15, 15>;
  using Mdcspd = hw::Field<"MDCSPD", 16, 16>;
  using Contmdc = hw::Field<"CONTMDC", 17, 17>;
  using Prepend = hw::Field<"PREPEND", 23, 20>;
  using Rxlngtherren = hw::Field<"RXLNGTHERREN", 27, 27>;
  using Rxpadstripen = hw::Field<"RXPADSTRIPEN", 28, 28>;
  using Fields = hw::FieldList<Txcrcen, Rxcrcstrp, Jumboen, Txpaden, Lpbk, Mdcspd, Contmdc, Prepend,
                               Rxlngtherren, Rxpadstripen>;
};
struct Hlreg1 : hw::Register<"HLREG1", 0x04244, hw::Access::kReadOnly> {
  using Rxerrsym = hw::Field<"RXERRSYM", 5, 5>;
  using Rxillsym = hw::Field<"RXILLSYM", 6, 6>;
  using Rxidlerr = hw::Field<"RXIDLERR", 7, 7>;
  using Rxlclflt = hw::Field<"RXLCLFLT", 8, 8>;
  using Rxrmtflt = hw::Field<"RXRMTFLT", 9, 9>;
  using Fields = hw::FieldList<Rxerrsym, Rxillsym, Rxidlerr, Rxlclflt, Rxrmtflt>;
};
struct Pap : hw::Register<"PAP", 0x04248, hw::Access::kReadWrite> {
  using Pace = hw::Field<"PACE", 19, 16>;
  using Fields = hw::FieldList<Pace>;
};
// MDICMD clears itself. OPCODE 0 address, 1 write, 2 read and step, 3 read; STCODE 0 is clause 45.
struct Msca : hw::Register<"MSCA", 0x0425C, hw::Access::kReadWrite> {
  using Mdiadd = hw::Field<"MDIADD", 15, 0>;
  using Devadd = hw::Field<"DEVADD", 20, 16>;
  using Phyadd = hw::Field<"PHYADD", 25, 21>;
  using Opcode = hw::Field<"OPCODE", 27, 26>;
  using Stcode = hw::Field<"STCODE", 29, 28>;
  using Mdicmd = hw::Field<"MDICMD", 30, 30>;
  using Mdiinprogen = hw::Field<"MDIINPROGEN", 31, 31>;
  using Fields = hw::FieldList<Mdiadd, Devadd, Phyadd, Opcode, Stcode, Mdicmd, Mdiinprogen>;
};
struct Msrwd : hw::Register<"MSRWD", 0x04260, hw::Access::kReadWrite> {
  using Mdiwrdata = hw::Field<"MDIWRDATA", 15, 0>;
  using Mdirddata = hw::Field<"MDIRDDATA", 31, 16>;
  using Fields = hw::FieldList<Mdiwrdata, Mdirddata>;
};
// MFS counts from destination address to CRC.
struct Maxfrs : hw::Register<"MAXFRS", 0x04268, hw::Access::kReadWrite> {
  using Mfs = hw::Field<"MFS", 31, 16>;
  using Fields = hw::FieldList<Mfs>;
};
struct Pcss1 : hw::Register<"PCSS1", 0x04288, hw::Access::kReadOnly> {
  using PcsRxLinkStatus = hw::Field<"PCS_RX_LINK_STATUS", 2, 2>;
  using LocalFault = hw::Field<"LOCAL_FAULT", 7, 7>;
  using Fields = hw::FieldList<PcsRxLinkStatus, LocalFault>;
};
struct Pcss2 : hw::Register<"PCSS2", 0x0428C, hw::Access::kReadOnly> {
  using C10gbaseR = hw::Field<"C10GBASE_R", 0, 0>;
  using C10gbaseX = hw::Field<"C10GBASE_X", 1, 1>;
  using C10gbaseW = hw::Field<"C10GBASE_W", 2, 2>;
  using RxLocalFault = hw::Field<"RX_LOCAL_FAULT", 10, 10>;
  using TxLocalFault = hw::Field<"TX_LOCAL_FAULT", 11, 11>;
  using DevicePresent = hw::Field<"DEVICE_PRESENT", 15, 14>;
  using Fields =
      hw::FieldList<C10gbaseR, C10gbaseX, C10gbaseW, RxLocalFault, TxLocalFault, DevicePresent>;
};
struct Xpcss : hw::Register<"XPCSS", 0x04290, hw::Access::kReadOnly> {
  using Lane0Sync = hw::Field<"LANE0_SYNC", 0, 0>;
  using Lane1Sync = hw::Field<"LANE1_SYNC", 1, 1>;
  using Lane2Sync = hw::Field<"LANE2_SYNC", 2, 2>;
  using Lane3Sync = hw::Field<"LANE3_SYNC", 3, 3>;
  using AlignStat = hw::Field<"ALIGN_STAT", 12, 12>;
  using DeskewErr = hw::Field<"DESKEW_ERR", 16, 16>;
  using Algcolcnt4 = hw::Field<"ALGCOLCNT4", 17, 17>;
  using Lane0Invc = hw::Field<"LANE0_INVC", 18, 18>;
  using Lane1Invc = hw::Field<"LANE1_INVC", 19, 19>;
  using Lane2Invc = hw::Field<"LANE2_INVC", 20, 20>;
  using Lane3Invc = hw::Field<"LANE3_INVC", 21, 21>;
  using Lane0Ccnt4 = hw::Field<"LANE0_CCNT4", 22, 22>;
  using Lane1Ccnt4 = hw::Field<"LANE1_CCNT4", 23, 23>;
  using Lane2Ccnt4 = hw::Field<"LANE2_CCNT4", 24, 24>;
  using Lane3Ccnt4 = hw::Field<"LANE3_CCNT4", 25, 25>;
  using Lane0Sigd = hw::Field<"LANE0_SIGD", 26, 26>;
  using Lane1Sigd = hw::Field<"LANE1_SIGD", 27, 27>;
  using Lane2Sigd = hw::Field<"LANE2_SIGD", 28, 28>;
  using Lane3Sigd = hw::Field<"LANE3_SIGD", 29, 29>;
  using Fields =
      hw::FieldList<Lane0Sync, Lane1Sync, Lane2Sync, Lane3Sync, AlignStat, DeskewErr, Algcolcnt4,
                    Lane0Invc, Lane1Invc, Lane2Invc, Lane3Invc, Lane0Ccnt4, Lane1Ccnt4, Lane2Ccnt4,
                    Lane3Ccnt4, Lane0Sigd, Lane1Sigd, Lane2Sigd, Lane3Sigd>;
};
struct Serdesc : hw::Register<"SERDESC", 0x04298, hw::Access::kReadWrite> {
  using Txl0Pol = hw::Field<"TXL0_POL", 0, 0>;
  using Txl1Pol = hw::Field<"TXL1_POL", 1, 1>;
  using Txl2Pol = hw::Field<"TXL2_POL", 2, 2>;
  using Txl3Pol = hw::Field<"TXL3_POL", 3, 3>;
  using Rxl0Pol = hw::Field<"RXL0_POL", 4, 4>;
  using Rxl1Pol = hw::Field<"RXL1_POL", 5, 5>;
  using Rxl2Pol = hw::Field<"RXL2_POL", 6, 6>;
  using Rxl3Pol = hw::Field<"RXL3_POL", 7, 7>;
  using Txl0Swiz = hw::Field<"TXL0_SWIZ", 8, 8>;
  using Txl1Swiz = hw::Field<"TXL1_SWIZ", 9, 9>;
  using Txl2Swiz = hw::Field<"TXL2_SWIZ", 10, 10>;
  using Txl3Swiz = hw::Field<"TXL3_SWIZ", 11, 11>;
  using Rxl0Swiz = hw::Field<"RXL0_SWIZ", 12, 12>;
  using Rxl1Swiz = hw::Field<"RXL1_SWIZ", 13, 13>;
  using Rxl2Swiz = hw::Field<"RXL2_SWIZ", 14, 14>;
  using Rxl3Swiz = hw::Field<"RXL3_SWIZ", 15, 15>;
  using Txl3Swap = hw::Field<"TXL3_SWAP", 17, 16>;
  using Txl2Swap = hw::Field<"TXL2_SWAP", 19, 18>;
  using Txl1Swap = hw::Field<"TXL1_SWAP", 21, 20>;
  using Txl0Swap = hw::Field<"TXL0_SWAP", 23, 22>;
  using Rxl3Swap = hw::Field<"RXL3_SWAP", 25, 24>;
  using Rxl2Swap = hw::Field<"RXL2_SWAP", 27, 26>;
  using Rxl1Swap = hw::Field<"RXL1_SWAP", 29, 28>;
  using Rxl0Swap = hw::Field<"RXL0_SWAP", 31, 30>;
  using Fields =
      hw::FieldList<Txl0Pol, Txl1Pol, Txl2Pol, Txl3Pol, Rxl0Pol, Rxl1Pol, Rxl2Pol, Rxl3Pol,
                    Txl0Swiz, Txl1Swiz, Txl2Swiz, Txl3Swiz, Rxl0Swiz, Rxl1Swiz, Rxl2Swiz, Rxl3Swiz,
                    Txl3Swap, Txl2Swap, Txl1Swap, Txl0Swap, Rxl3Swap, Rxl2Swap, Rxl1Swap, Rxl0Swap>;
};
struct Macs : hw::Register<"MACS", 0x0429C, hw::Access::kReadWrite> {
  using XgssfDis = hw::Field<"XGSSF_DIS", 0, 0>;
  using XgtxeDis = hw::Field<"XGTXE_DIS", 1, 1>;
  using XgsdsfDis = hw::Field<"XGSDSF_DIS", 2, 2>;
  using NoncemDis = hw::Field<"NONCEM_DIS", 3, 3>;
  using CfgfltLen = hw::Field<"CFGFLT_LEN", 23, 16>;
  using Cfgfifothr = hw::Field<"CFGFIFOTHR", 27, 24>;
  using TxfifoUr = hw::Field<"TXFIFO_UR", 28, 28>;
  using TxfifoOr = hw::Field<"TXFIFO_OR", 29, 29>;
  using RxfifoUr = hw::Field<"RXFIFO_UR", 30, 30>;
  using RxfifoOr = hw::Field<"RXFIFO_OR", 31, 31>;
  using Fields = hw::FieldList<XgssfDis, XgtxeDis, XgsdsfDis, NoncemDis, CfgfltLen, Cfgfifothr,
                               TxfifoUr, TxfifoOr, RxfifoUr, RxfifoOr>;
};
// Loaded from the EEPROM; RESTART_AN clears itself. LMS 3: 10G serial (SFI).
struct Autoc : hw::Register<"AUTOC", 0x042A0, hw::Access::kReadWrite> {
  using Flu = hw::Field<"FLU", 0, 0>;
  using Anack2 = hw::Field<"ANACK2", 1, 1>;
  using Ansf = hw::Field<"ANSF", 6, 2>;
  using Pma10gParallel = hw::Field<"PMA_10G_PARALLEL", 8, 7>;
  using Pma1g = hw::Field<"PMA_1G", 9, 9>;
  using D10gmp = hw::Field<"D10GMP", 10, 10>;
  using Ratd = hw::Field<"RATD", 11, 11>;
  using RestartAn = hw::Field<"RESTART_AN", 12, 12>;
  using Lms = hw::Field<"LMS", 15, 13>;
  using KrSupport = hw::Field<"KR_SUPPORT", 16, 16>;
  using Fecr = hw::Field<"FECR", 17, 17>;
  using Feca = hw::Field<"FECA", 18, 18>;
  using Anrxat = hw::Field<"ANRXAT", 22, 19>;
  using Anrxdm = hw::Field<"ANRXDM", 23, 23>;
  using Anrxlm = hw::Field<"ANRXLM", 24, 24>;
  using Anpdt = hw::Field<"ANPDT", 26, 25>;
  using Rf = hw::Field<"RF", 27, 27>;
  using Pb = hw::Field<"PB", 29, 28>;
  using KxSupport = hw::Field<"KX_SUPPORT", 30, 30>;
  using Kx4Support = hw::Field<"KX4_SUPPORT", 31, 31>;
  using Fields = hw::FieldList<Flu, Anack2, Ansf, Pma10gParallel, Pma1g, D10gmp, Ratd, RestartAn,
                               Lms, KrSupport, Fecr, Feca, Anrxat, Anrxdm, Anrxlm, Anpdt, Rf, Pb,
                               KxSupport, Kx4Support>;
};
// LINK_STATUS latches low until read. LINK_SPEED 3: 10G, 2: 1G, 1: 100M.
struct Links : hw::Register<"LINKS", 0x042A4, hw::Access::kReadOnly> {
  using KxSigDet = hw::Field<"KX_SIG_DET", 0, 0>;
  using FecSigDet = hw::Field<"FEC_SIG_DET", 1, 1>;
  using FecBlockLock = hw::Field<"FEC_BLOCK_LOCK", 2, 2>;
  using KrHiBerr = hw::Field<"KR_HI_BERR", 3, 3>;
  using KrPcsBlockLock = hw::Field<"KR_PCS_BLOCK_LOCK", 4, 4>;
  using KxAnNextPageRx = hw::Field<"KX_AN_NEXT_PAGE_RX", 5, 5>;
  using KxAnPageRx = hw::Field<"KX_AN_PAGE_RX", 6, 6>;
  using LinkStatus = hw::Field<"LINK_STATUS", 7, 7>;
  using Kx4SigDet = hw::Field<"KX4_SIG_DET", 11, 8>;
  using KrSigDet = hw::Field<"KR_SIG_DET", 12, 12>;
  using L10gLaneSync = hw::Field<"L10G_LANE_SYNC", 16, 13>;
  using L10gAlign = hw::Field<"L10G_ALIGN", 17, 17>;
  using L1gSync = hw::Field<"L1G_SYNC", 18, 18>;
  using KxAnRxIdle = hw::Field<"KX_AN_RX_IDLE", 19, 19>;
  using L1gAnEn = hw::Field<"L1G_AN_EN", 20, 20>;
  using L1gPcsEn = hw::Field<"L1G_PCS_EN", 21, 21>;
  using L10gXgxsEn = hw::Field<"L10G_XGXS_EN", 22, 22>;
  using FecEn = hw::Field<"FEC_EN", 23, 23>;
  using L10gKrPcsEn = hw::Field<"L10G_KR_PCS_EN", 24, 24>;
  using SgmiiEn = hw::Field<"SGMII_EN", 25, 25>;
  using MacLinkMode = hw::Field<"MAC_LINK_MODE", 27, 26>;
  using LinkSpeed = hw::Field<"LINK_SPEED", 29, 28>;
  using LinkUp = hw::Field<"LINK_UP", 30, 30>;
  using KxAnCompleted = hw::Field<"KX_AN_COMPLETED", 31, 31>;
  using Fields =
      hw::FieldList<KxSigDet, FecSigDet, FecBlockLock, KrHiBerr, KrPcsBlockLock, KxAnNextPageRx,
                    KxAnPageRx, LinkStatus, Kx4SigDet, KrSigDet, L10gLaneSync, L10gAlign, L1gSync,
                    KxAnRxIdle, L1gAnEn, L1gPcsEn, L10gXgxsEn, FecEn, L10gKrPcsEn, SgmiiEn,
                    MacLinkMode, LinkSpeed, LinkUp, KxAnCompleted>;
};
// PMA_10G_SERIAL 0: KR, 1: XFI, 2: SFI.
struct Autoc2 : hw::Register<"AUTOC2", 0x042A8, hw::Access::kReadWrite> {
  using Pma10gSerial = hw::Field<"PMA_10G_SERIAL", 17, 16>;
  using Ddpt = hw::Field<"DDPT", 18, 18>;
  using Pdd = hw::Field<"PDD", 30, 30>;
  using Fields = hw::FieldList<Pma10gSerial, Ddpt, Pdd>;
};
struct Anlp1 : hw::Register<"ANLP1", 0x042B0, hw::Access::kReadOnly> {
  using LpSel = hw::Field<"LP_SEL", 4, 0>;
  using LpEchoNonce = hw::Field<"LP_ECHO_NONCE", 9, 5>;
  using LpPause = hw::Field<"LP_PAUSE", 11, 10>;
  using LpRf = hw::Field<"LP_RF", 13, 13>;
  using LpAck = hw::Field<"LP_ACK", 14, 14>;
  using LpNp = hw::Field<"LP_NP", 15, 15>;
  using AnArbState = hw::Field<"AN_ARB_STATE", 19, 16>;
  using Fields = hw::FieldList<LpSel, LpEchoNonce, LpPause, LpRf, LpAck, LpNp, AnArbState>;
};
struct Anlp2 : hw::Register<"ANLP2", 0x042B4, hw::Access::kReadOnly> {
  using LpNonce = hw::Field<"LP_NONCE", 4, 0>;
  using LpAbilityLo = hw::Field<"LP_ABILITY_LO", 15, 5>;
  using LpAbilityHi = hw::Field<"LP_ABILITY_HI", 31, 16>;
  using Fields = hw::FieldList<LpNonce, LpAbilityLo, LpAbilityHi>;
};
struct Mmngc : hw::Register<"MMNGC", 0x042D0, hw::Access::kReadOnly> {
  using MngVeto = hw::Field<"MNG_VETO", 0, 0>;
  using Fields = hw::FieldList<MngVeto>;
};
struct Krpcsfc : hw::Register<"KRPCSFC", 0x042E0, hw::Access::kReadWrite> {
  using FecEnerr = hw::Field<"FEC_ENERR", 16, 16>;
  using FecNcnt = hw::Field<"FEC_NCNT", 19, 18>;
  using FecMcnt = hw::Field<"FEC_MCNT", 21, 20>;
  using FecLmode = hw::Field<"FEC_LMODE", 22, 22>;
  using FecRxswp = hw::Field<"FEC_RXSWP", 23, 23>;
  using FecTxswp = hw::Field<"FEC_TXSWP", 24, 24>;
  using Slipass = hw::Field<"SLIPASS", 26, 26>;
  using Ssync = hw::Field<"SSYNC", 27, 27>;
  using Fields =
      hw::FieldList<FecEnerr, FecNcnt, FecMcnt, FecLmode, FecRxswp, FecTxswp, Slipass, Ssync>;
};
struct Krpcss : hw::Register<"KRPCSS", 0x042E4, hw::Access::kReadOnly> {
  using ErrcntBlk = hw::Field<"ERRCNT_BLK", 10, 3>;
  using BerbadCnt = hw::Field<"BERBAD_CNT", 16, 11>;
  using RxfifoElh = hw::Field<"RXFIFO_ELH", 17, 17>;
  using RxlfDet = hw::Field<"RXLF_DET", 18, 18>;
  using RxfrmAlerr = hw::Field<"RXFRM_ALERR", 19, 19>;
  using Blklck = hw::Field<"BLKLCK", 20, 20>;
  using HberSts = hw::Field<"HBER_STS", 21, 21>;
  using RxflDet2 = hw::Field<"RXFL_DET2", 22, 22>;
  using LnkSts = hw::Field<"LNK_STS", 23, 23>;
  using RxUfl = hw::Field<"RX_UFL", 24, 24>;
  using RxOfl = hw::Field<"RX_OFL", 25, 25>;
  using RxFifoerr = hw::Field<"RX_FIFOERR", 26, 26>;
  using RxDataval = hw::Field<"RX_DATAVAL", 27, 27>;
  using TxUfl = hw::Field<"TX_UFL", 28, 28>;
  using TxOfl = hw::Field<"TX_OFL", 29, 29>;
  using TxFifoerr = hw::Field<"TX_FIFOERR", 30, 30>;
  using TxDataval = hw::Field<"TX_DATAVAL", 31, 31>;
  using Fields =
      hw::FieldList<ErrcntBlk, BerbadCnt, RxfifoElh, RxlfDet, RxfrmAlerr, Blklck, HberSts, RxflDet2,
                    LnkSts, RxUfl, RxOfl, RxFifoerr, RxDataval, TxUfl, TxOfl, TxFifoerr, TxDataval>;
};
struct Links2 : hw::Register<"LINKS2", 0x04324, hw::Access::kReadOnly> {
  using MacRxLinkMode = hw::Field<"MAC_RX_LINK_MODE", 1, 0>;
  using MacTxLinkMode = hw::Field<"MAC_TX_LINK_MODE", 4, 3>;
  using AnSupported = hw::Field<"AN_SUPPORTED", 6, 6>;
  using Fields = hw::FieldList<MacRxLinkMode, MacTxLinkMode, AnSupported>;
};
struct Corectl : hw::Register<"CORECTL", 0x14F00, hw::Access::kReadWrite> {
  using Data = hw::Field<"DATA", 7, 0>;
  using Address = hw::Field<"ADDRESS", 15, 8>;
  using LatchAddr = hw::Field<"LATCH_ADDR", 16, 16>;
  using Fields = hw::FieldList<Data, Address, LatchAddr>;
};

// ---- Wake-up: cleared by a driver that does not use it ----
struct Wuc : hw::Register<"WUC", 0x05800, hw::Access::kReadWrite> {
  using PmeEn = hw::Field<"PME_EN", 1, 1>;
  using PmeStatus = hw::Field<"PME_STATUS", 2, 2>;
  using Wken = hw::Field<"WKEN", 4, 4>;
  using Fields = hw::FieldList<PmeEn, PmeStatus, Wken>;
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
  using Mng = hw::Field<"MNG", 8, 8>;
  using Notco = hw::Field<"NOTCO", 15, 15>;
  using Flx0 = hw::Field<"FLX0", 16, 16>;
  using Flx1 = hw::Field<"FLX1", 17, 17>;
  using Flx2 = hw::Field<"FLX2", 18, 18>;
  using Flx3 = hw::Field<"FLX3", 19, 19>;
  using Flx4 = hw::Field<"FLX4", 20, 20>;
  using Flx5 = hw::Field<"FLX5", 21, 21>;
  using Fields = hw::FieldList<Lnkc, Mag, Ex, Mc, Bc, Arp, Ipv4, Ipv6, Mng, Notco, Flx0, Flx1, Flx2,
                               Flx3, Flx4, Flx5>;
};
struct Wus : hw::Register<"WUS", 0x05810, hw::Access::kWriteOneClear> {
  using Lnkc = hw::Field<"LNKC", 0, 0>;
  using Mag = hw::Field<"MAG", 1, 1>;
  using Ex = hw::Field<"EX", 2, 2>;
  using Mc = hw::Field<"MC", 3, 3>;
  using Bc = hw::Field<"BC", 4, 4>;
  using Arp = hw::Field<"ARP", 5, 5>;
  using Ipv4 = hw::Field<"IPV4", 6, 6>;
  using Ipv6 = hw::Field<"IPV6", 7, 7>;
  using Mng = hw::Field<"MNG", 8, 8>;
  using Flx0 = hw::Field<"FLX0", 16, 16>;
  using Flx1 = hw::Field<"FLX1", 17, 17>;
  using Flx2 = hw::Field<"FLX2", 18, 18>;
  using Flx3 = hw::Field<"FLX3", 19, 19>;
  using Flx4 = hw::Field<"FLX4", 20, 20>;
  using Flx5 = hw::Field<"FLX5", 21, 21>;
  using Fields = hw::FieldList<Lnkc, Mag, Ex, Mc, Bc, Arp, Ipv4, Ipv6, Mng, Flx0, Flx1, Flx2, Flx3,
                               Flx4, Flx5>;
};

// ---- Time stamps: unused, must be off ----
struct Tsyncrxctl : hw::Register<"TSYNCRXCTL", 0x05188, hw::Access::kReadWrite> {
  using Valid = hw::Field<"VALID", 0, 0>;
  using Type = hw::Field<"TYPE", 3, 1>;
  using Enabled = hw::Field<"ENABLED", 4, 4>;
  using Fields = hw::FieldList<Valid, Type, Enabled>;
};
struct Tsynctxctl : hw::Register<"TSYNCTXCTL", 0x08C00, hw::Access::kReadWrite> {
  using Valid = hw::Field<"VALID", 0, 0>;
  using Enabled = hw::Field<"ENABLED", 4, 4>;
  using Fields = hw::FieldList<Valid, Enabled>;
};
struct Systiml : hw::Register<"SYSTIML", 0x08C0C, hw::Access::kReadWrite> {};
struct Systimh : hw::Register<"SYSTIMH", 0x08C10, hw::Access::kReadWrite> {};
struct Timinca : hw::Register<"TIMINCA", 0x08C14, hw::Access::kReadWrite> {
  using Incvalue = hw::Field<"INCVALUE", 23, 0>;
  using Incperiod = hw::Field<"INCPERIOD", 31, 24>;
  using Fields = hw::FieldList<Incvalue, Incperiod>;
};

// ---- Statistics: all clear on read; a counter pair is read low word first, the high read ends the
// clear ----
struct Crcerrs : hw::Register<"CRCERRS", 0x04000, hw::Access::kReadClear> {};
struct Illerrc : hw::Register<"ILLERRC", 0x04004, hw::Access::kReadClear> {};
struct Errbc : hw::Register<"ERRBC", 0x04008, hw::Access::kReadClear> {};
struct Mspdc : hw::Register<"MSPDC", 0x04010, hw::Access::kReadClear> {};
struct Mlfc : hw::Register<"MLFC", 0x04034, hw::Access::kReadClear> {};
struct Mrfc : hw::Register<"MRFC", 0x04038, hw::Access::kReadClear> {};
struct Rlec : hw::Register<"RLEC", 0x04040, hw::Access::kReadClear> {};
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
// GORCL and GORCH are one 36-bit counter of bytes, CRC included.
struct Gorch : hw::Register<"GORCH", 0x0408C, hw::Access::kReadClear> {
  using Count = hw::Field<"COUNT", 3, 0>;
  using Fields = hw::FieldList<Count>;
};
struct Gotcl : hw::Register<"GOTCL", 0x04090, hw::Access::kReadClear> {};
struct Gotch : hw::Register<"GOTCH", 0x04094, hw::Access::kReadClear> {
  using Count = hw::Field<"COUNT", 3, 0>;
  using Fields = hw::FieldList<Count>;
};
struct Ruc : hw::Register<"RUC", 0x040A4, hw::Access::kReadClear> {};
struct Rfc : hw::Register<"RFC", 0x040A8, hw::Access::kReadClear> {};
struct Roc : hw::Register<"ROC", 0x040AC, hw::Access::kReadClear> {};
struct Rjc : hw::Register<"RJC", 0x040B0, hw::Access::kReadClear> {};
struct Mngprc : hw::Register<"MNGPRC", 0x040B4, hw::Access::kReadClear> {};
struct Mngpdc : hw::Register<"MNGPDC", 0x040B8, hw::Access::kReadClear> {};
struct Mngptc : hw::Register<"MNGPTC", 0x0CF90, hw::Access::kReadClear> {};
struct Torl : hw::Register<"TORL", 0x040C0, hw::Access::kReadClear> {};
struct Torh : hw::Register<"TORH", 0x040C4, hw::Access::kReadClear> {
  using Count = hw::Field<"COUNT", 3, 0>;
  using Fields = hw::FieldList<Count>;
};
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
struct Xec : hw::Register<"XEC", 0x04120, hw::Access::kReadClear> {};
// Frames lost because packet buffer n was full.
struct Rxmpc : hw::Register<"RXMPC", 0x03FA0, hw::Access::kReadClear, 8, 0x04> {};
struct Lxontxc : hw::Register<"LXONTXC", 0x03F60, hw::Access::kReadClear> {};
struct Lxofftxc : hw::Register<"LXOFFTXC", 0x03F68, hw::Access::kReadClear> {};
struct Pxontxc : hw::Register<"PXONTXC", 0x03F00, hw::Access::kReadClear, 8, 0x04> {};
struct Pxofftxc : hw::Register<"PXOFFTXC", 0x03F20, hw::Access::kReadClear, 8, 0x04> {};
struct Lxonrxcnt : hw::Register<"LXONRXCNT", 0x041A4, hw::Access::kReadClear> {};
struct Lxoffrxcnt : hw::Register<"LXOFFRXCNT", 0x041A8, hw::Access::kReadClear> {};
struct Pxonrxcnt : hw::Register<"PXONRXCNT", 0x04140, hw::Access::kReadClear, 8, 0x04> {};
struct Pxoffrxcnt : hw::Register<"PXOFFRXCNT", 0x04160, hw::Access::kReadClear, 8, 0x04> {};
struct Pxon2offcnt : hw::Register<"PXON2OFFCNT", 0x03240, hw::Access::kReadClear, 8, 0x04> {};
struct Ssvpc : hw::Register<"SSVPC", 0x08780, hw::Access::kReadClear> {};
struct Rxdstatctrl : hw::Register<"RXDSTATCTRL", 0x02F40, hw::Access::kReadWrite> {
  using Qsel = hw::Field<"QSEL", 4, 0>;
  using Fields = hw::FieldList<Qsel>;
};
struct Rxdgpc : hw::Register<"RXDGPC", 0x02F50, hw::Access::kReadClear> {};
struct Rxdgbcl : hw::Register<"RXDGBCL", 0x02F54, hw::Access::kReadClear> {};
struct Rxdgbch : hw::Register<"RXDGBCH", 0x02F58, hw::Access::kReadClear> {};
struct Txdgpc : hw::Register<"TXDGPC", 0x087A0, hw::Access::kReadClear> {};
struct Txdgbcl : hw::Register<"TXDGBCL", 0x087A4, hw::Access::kReadClear> {};
struct Txdgbch : hw::Register<"TXDGBCH", 0x087A8, hw::Access::kReadClear> {};
struct Fecs1 : hw::Register<"FECS1", 0x042E8, hw::Access::kReadClear> {};
struct Fecs2 : hw::Register<"FECS2", 0x042EC, hw::Access::kReadClear> {};
struct Qprc : hw::Register<"QPRC", 0x01030, hw::Access::kReadClear, 16, 0x40> {};
struct QbrcL : hw::Register<"QBRC_L", 0x01034, hw::Access::kReadClear, 16, 0x40> {};
struct QbrcH : hw::Register<"QBRC_H", 0x01038, hw::Access::kReadClear, 16, 0x40> {
  using Count = hw::Field<"COUNT", 3, 0>;
  using Fields = hw::FieldList<Count>;
};
struct Qprdc : hw::Register<"QPRDC", 0x01430, hw::Access::kReadClear, 16, 0x40> {};
// Also at 0x6030; that the two addresses are one counter is from memory.
struct Qptc : hw::Register<"QPTC", 0x08680, hw::Access::kReadClear, 16, 0x04> {};
struct QbtcL : hw::Register<"QBTC_L", 0x08700, hw::Access::kReadClear, 16, 0x08> {};
struct QbtcH : hw::Register<"QBTC_H", 0x08704, hw::Access::kReadClear, 16, 0x08> {
  using Count = hw::Field<"COUNT", 3, 0>;
  using Fields = hw::FieldList<Count>;
};
// Which of 16 counter sets receive queue 4n + k feeds.
struct Rqsmr : hw::Register<"RQSMR", 0x02300, hw::Access::kReadWrite, 32, 0x04> {
  using QMap0 = hw::Field<"Q_MAP0", 3, 0>;
  using QMap1 = hw::Field<"Q_MAP1", 11, 8>;
  using QMap2 = hw::Field<"Q_MAP2", 19, 16>;
  using QMap3 = hw::Field<"Q_MAP3", 27, 24>;
  using Fields = hw::FieldList<QMap0, QMap1, QMap2, QMap3>;
};
// Which of 16 counter sets transmit queue 4n + k feeds.
struct Tqsm : hw::Register<"TQSM", 0x08600, hw::Access::kReadWrite, 32, 0x04> {
  using QMap0 = hw::Field<"Q_MAP0", 3, 0>;
  using QMap1 = hw::Field<"Q_MAP1", 11, 8>;
  using QMap2 = hw::Field<"Q_MAP2", 19, 16>;
  using QMap3 = hw::Field<"Q_MAP3", 27, 24>;
  using Fields = hw::FieldList<QMap0, QMap1, QMap2, QMap3>;
};

// Every register above. ixgbe_regs_test.cc proves that no two share an address.
using AllRegisters = hw::RegisterList<
    Ctrl, Status, CtrlExt, Esdp, I2cctl, Frtimer, Tcptimer, Ledctl, Eec, Eerd, Eemngctl, Swsm, Fwsm,
    Factps, SwFwSync, Grc, Gcr, GcrExt, Mrevid, DcaId, DcaCtrl, Picause, Piena, Pbacl, Eicr, Eics,
    Eiac, Eitr, Eims, Eimc, Eiam, Eitrsel, Gpie, Ivar, IvarMisc, EicsEx, EimsEx, EimcEx, EiamEx,
    Eitr24To127, Pfctop, Fcttv, Fcrtl, Fcrth, Fcrtv, Fccfg, Tfcs, Mflcn, Rxcsum, Rfctl, Exvet,
    Fctrl, Vlnctrl, Mcstctrl, Mta, Vfta, Ral, Rah, Mpsar, Pfvml2flt, Pfuta, Pfvlvf, Pfvlvfb, Etqf,
    Etqs, Synqf, Saqf, Daqf, Sdpqf, Ftqf, L34timir, Fdirctrl, Mrqc, Reta, Rssrk, Psrtype, Rqtc,
    Rdbal, Rdbah, Rdlen, DcaRxctrl, Rdh, Srrctl, Rdt, Rxdctl, Rscctl, Rdbal64To127, Rdbah64To127,
    Rdlen64To127, DcaRxctrl64To127, Rdh64To127, Srrctl64To127, Rdt64To127, Rxdctl64To127,
    Rscctl64To127, Rdrxctl, Pfqde, Rxctrl, Rtrup2tc, Rscdbu, Rxmemwrap, Rxpbsize, Rtrpcs, Rtrpt4c,
    Secrxctrl, Secrxstat, Tdbal, Tdbah, Tdlen, DcaTxctrl, Tdh, Tdt, Txdctl, Tdwbal, Tdwbah,
    Dmatxctl, Dtxtcpflgl, Dtxtcpflgh, Dtxmxszrq, Txpbsize, Txpbthresh, Mtqc, Rttdcs, Rttdqsel,
    Rttdt1c, Rttdt2c, Rttbcnrc, Rttup2tc, Rttpcs, Rttpt2c, Sectxctrl, Sectxstat, Sectxbuffaf,
    Sectxminifg, Pfvflrec, Pfmbicr, Pfmbimr, Pfvtctl, Pfvfre, Pfvfte, Pfvmtxsw, Pfvmvir, Pfvfspoof,
    Pfdtxgswc, Pfmailbox, Pfmrctl, Pcs1gcfig, Pcs1glctl, Pcs1glsta, Pcs1gana, Pcs1ganlp, Hlreg0,
    Hlreg1, Pap, Msca, Msrwd, Maxfrs, Pcss1, Pcss2, Xpcss, Serdesc, Macs, Autoc, Links, Autoc2,
    Anlp1, Anlp2, Mmngc, Krpcsfc, Krpcss, Links2, Corectl, Wuc, Wufc, Wus, Tsyncrxctl, Tsynctxctl,
    Systiml, Systimh, Timinca, Crcerrs, Illerrc, Errbc, Mspdc, Mlfc, Mrfc, Rlec, Prc64, Prc127,
    Prc255, Prc511, Prc1023, Prc1522, Gprc, Bprc, Mprc, Gptc, Gorcl, Gorch, Gotcl, Gotch, Ruc, Rfc,
    Roc, Rjc, Mngprc, Mngpdc, Mngptc, Torl, Torh, Tpr, Tpt, Ptc64, Ptc127, Ptc255, Ptc511, Ptc1023,
    Ptc1522, Mptc, Bptc, Xec, Rxmpc, Lxontxc, Lxofftxc, Pxontxc, Pxofftxc, Lxonrxcnt, Lxoffrxcnt,
    Pxonrxcnt, Pxoffrxcnt, Pxon2offcnt, Ssvpc, Rxdstatctrl, Rxdgpc, Rxdgbcl, Rxdgbch, Txdgpc,
    Txdgbcl, Txdgbch, Fecs1, Fecs2, Qprc, QbrcL, QbrcH, Qprdc, Qptc, QbtcL, QbtcH, Rqsmr, Tqsm>;

// A second address of a register: element n is also at offset + n * stride.
struct RegisterAlias {
  uint32_t offset;
  uint32_t count;
  uint32_t stride;
  uint32_t target_offset;
  uint32_t target_stride;
};

inline constexpr RegisterAlias kAliases[] = {
    {0x00004, 1, 0, Ctrl::kOffset, Ctrl::kStride},
    {0x02100, 16, 4, Srrctl::kOffset, Srrctl::kStride},
    {0x02200, 16, 4, DcaRxctrl::kOffset, DcaRxctrl::kStride},
    {0x05400, 16, 8, Ral::kOffset, Ral::kStride},
    {0x05404, 16, 8, Rah::kOffset, Rah::kStride},
    {0x05480, 16, 4, Psrtype::kOffset, Psrtype::kStride},
    {0x05818, 1, 0, Mrqc::kOffset, Mrqc::kStride},
    {0x05C00, 32, 4, Reta::kOffset, Reta::kStride},
    {0x05C80, 10, 4, Rssrk::kOffset, Rssrk::kStride},
    {0x06030, 16, 0x40, Qptc::kOffset, Qptc::kStride},  // one counter: from memory
};

// ---- Values of fields ----
inline constexpr uint32_t kDescTypeAdvancedOneBuffer = 1;  // SRRCTL.DESCTYPE
inline constexpr uint32_t kLmsSerial10G = 3;               // AUTOC.LMS
inline constexpr uint32_t kPmaSerialSfi = 2;               // AUTOC2.PMA_10G_SERIAL
inline constexpr uint32_t kLinkSpeed10G = 3;               // LINKS.LINK_SPEED
inline constexpr uint32_t kMrqeRss = 1;                    // MRQC.MRQE
inline constexpr uint32_t kTxDtypContext = 2;              // TxContext::Dtyp
inline constexpr uint32_t kTxDtypData = 3;                 // TxData::Dtyp
inline constexpr uint32_t kRssTypeTcpIpv4 = 1;             // RxWriteBack::RssType
inline constexpr uint32_t kRssTypeIpv4 = 2;
inline constexpr uint32_t kRssTypeTcpIpv6 = 3;
inline constexpr uint32_t kRssTypeIpv6 = 5;
inline constexpr uint32_t kRssTypeUdpIpv4 = 7;
inline constexpr uint32_t kRssTypeUdpIpv6 = 8;

// ---- Descriptors ----
// Two little-endian words, sixteen bytes in memory.
struct Descriptor {
  uint64_t q0;
  uint64_t q1;
};
static_assert(sizeof(Descriptor) == kDescriptorBytes);

// Advanced transmit data descriptor: DTYP 3, DEXT 1.
struct TxData {
  // q0
  using Address = hw::Bits<63, 0>;  // data address
  // q1
  using Dtalen = hw::Bits<15, 0>;       // bytes in this buffer
  using MacLinksec = hw::Bits<18, 18>;  // apply LinkSec
  using Mac1588 = hw::Bits<19, 19>;     // time stamp packet
  using Dtyp = hw::Bits<23, 20>;        // 3 = data
  using Eop = hw::Bits<24, 24>;         // end of packet
  using Ifcs = hw::Bits<25, 25>;        // insert CRC
  using Rs = hw::Bits<27, 27>;          // report status
  using Dext = hw::Bits<29, 29>;        // 1
  using Vle = hw::Bits<30, 30>;         // insert VLAN
  using Tse = hw::Bits<31, 31>;         // segmentation
  using Dd = hw::Bits<32, 32>;          // done; in read format must be 0
  using Idx = hw::Bits<38, 36>;         // context slot
  using Cc = hw::Bits<39, 39>;          // context needed (check context)
  using Ixsm = hw::Bits<40, 40>;        // insert IPv4 checksum
  using Txsm = hw::Bits<41, 41>;        // insert L4 checksum
  using Ipsec = hw::Bits<42, 42>;       // IPsec offload
  using Paylen = hw::Bits<63, 46>;      // payload bytes (TSO: excluding headers; else whole packet)
};

// Advanced transmit context descriptor: DTYP 2, DEXT 1.
struct TxContext {
  // q0
  using Iplen = hw::Bits<8, 0>;         // IP header length
  using Maclen = hw::Bits<15, 9>;       // MAC header length
  using Vlan = hw::Bits<31, 16>;        // tag
  using IpsecSaIdx = hw::Bits<41, 32>;  // SA index
  using Fcoef = hw::Bits<47, 42>;       // FCoE flags
  // q1
  using IpsEspLen = hw::Bits<8, 0>;          // ESP trailer length
  using TucmdSnap = hw::Bits<9, 9>;          // SNAP
  using TucmdIpv4 = hw::Bits<10, 10>;        // 1 = IPv4
  using TucmdL4t = hw::Bits<12, 11>;         // 0 UDP 1 TCP 2 SCTP 3 other
  using TucmdIpsecType = hw::Bits<13, 13>;   // ESP=1
  using TucmdEncryption = hw::Bits<14, 14>;  // ESP encrypt
  using TucmdFcoe = hw::Bits<15, 15>;        // FCoE
  using Dtyp = hw::Bits<23, 20>;             // 2 = context
  using Dext = hw::Bits<29, 29>;             // 1
  using Bcntlen = hw::Bits<35, 30>;          // 0x3F on rate limited queues
  using Idx = hw::Bits<36, 36>;              // context slot 0/1
  using L4len = hw::Bits<47, 40>;            // L4 header length
  using Mss = hw::Bits<63, 48>;              // max segment size
};

// Transmit write-back.
struct TxWriteBack {
  // q1
  using Dd = hw::Bits<32, 32>;  // done; rest reserved
};

// Advanced receive descriptor as software writes it.
struct RxRead {
  // q0
  using PktAddr = hw::Bits<63, 0>;  // packet buffer address (bit 0 is A0/NSE, keep even)
  // q1
  using HdrAddr =
      hw::Bits<63, 0>;  // header buffer address; bit 0 is the DD position and must be written 0
};

// Advanced receive descriptor as hardware writes it back.
struct RxWriteBack {
  // q0
  using RssType =
      hw::Bits<3, 0>;  // hash type 0 none 1 TCP4 2 IP4 3 TCP6 5 IP6 7 UDP4 8 UDP6 15 FDIR
  using PtIpv4 = hw::Bits<4, 4>;        // IPv4
  using PtIpv4e = hw::Bits<5, 5>;       // IPv4 with options
  using PtIpv6 = hw::Bits<6, 6>;        // IPv6
  using PtIpv6e = hw::Bits<7, 7>;       // IPv6 with extensions
  using PtTcp = hw::Bits<8, 8>;         // TCP
  using PtUdp = hw::Bits<9, 9>;         // UDP
  using PtSctp = hw::Bits<10, 10>;      // SCTP
  using PtNfs = hw::Bits<11, 11>;       // NFS
  using PtIpsecEsp = hw::Bits<12, 12>;  // ESP
  using PtIpsecAh = hw::Bits<13, 13>;   // AH
  using PtLinksec = hw::Bits<14, 14>;   // LinkSec
  using PtL2 = hw::Bits<15, 15>;        // EtherType filter match; then bits 6:4 give filter index
  using Rsccnt = hw::Bits<20, 17>;      // RSC packet count
  using HdrLen = hw::Bits<30, 21>;      // header length
  using Sph = hw::Bits<31, 31>;         // header split happened
  using RssHash = hw::Bits<63, 32>;     // RSS hash; or ip_id(47:32)+fragment checksum(63:48) when
                                        // RXCSUM.PCSD=0; or FDIR id
  // q1
  using Dd = hw::Bits<0, 0>;         // done
  using Eop = hw::Bits<1, 1>;        // last buffer
  using Flm = hw::Bits<2, 2>;        // flow director match
  using Vp = hw::Bits<3, 3>;         // VLAN tag stripped
  using Udpcs = hw::Bits<4, 4>;      // UDP checksum computed (overlaps FCSTAT 5:4 for FCoE)
  using L4i = hw::Bits<5, 5>;        // L4 checksum computed
  using Ipcs = hw::Bits<6, 6>;       // IPv4 checksum computed
  using Pif = hw::Bits<7, 7>;        // non-unicast
  using Vext = hw::Bits<9, 9>;       // double VLAN found
  using Udpv = hw::Bits<10, 10>;     // UDP checksum valid
  using Llint = hw::Bits<11, 11>;    // low latency interrupt
  using Ts = hw::Bits<16, 16>;       // time stamped
  using Secp = hw::Bits<17, 17>;     // security processed
  using Lb = hw::Bits<18, 18>;       // from local VM loopback
  using Fdirerr = hw::Bits<22, 20>;  // flow director error / FCERR
  using Hbo = hw::Bits<23, 23>;      // header buffer overflow
  using Secerr = hw::Bits<28, 27>;   // security error
  using Rxe = hw::Bits<29, 29>;      // MAC error (CRC, length, symbol)
  using L4e = hw::Bits<30, 30>;      // L4 checksum bad
  using Ipe = hw::Bits<31, 31>;      // IPv4 checksum bad
  using PktLen = hw::Bits<47, 32>;   // bytes in this buffer
  using Vlan = hw::Bits<63, 48>;     // VLAN tag
};

// Write-back of a descriptor that is not the last of a coalesced (RSC) packet.
struct RxWriteBackNonLast {
  // q0
  using Rsccnt = hw::Bits<20, 17>;  // RSC count
  // q1
  using Dd = hw::Bits<0, 0>;        // done
  using Eop = hw::Bits<1, 1>;       // zero here
  using Nextp = hw::Bits<19, 4>;    // index of next descriptor of the same RSC packet
  using PktLen = hw::Bits<47, 32>;  // bytes in this buffer
};

// Legacy transmit descriptor: DEXT 0.
struct TxLegacy {
  // q0
  using Buffer = hw::Bits<63, 0>;  // data address
  // q1
  using Length = hw::Bits<15, 0>;  // bytes
  using Cso = hw::Bits<23, 16>;    // checksum offset
  using Eop = hw::Bits<24, 24>;    // end of packet
  using Ifcs = hw::Bits<25, 25>;   // insert CRC
  using Ic = hw::Bits<26, 26>;     // insert checksum
  using Rs = hw::Bits<27, 27>;     // report status
  using Dext = hw::Bits<29, 29>;   // 0 for legacy
  using Vle = hw::Bits<30, 30>;    // insert VLAN
  using Dd = hw::Bits<32, 32>;     // done (write-back)
  using Css = hw::Bits<47, 40>;    // checksum start
  using Vlan = hw::Bits<63, 48>;   // tag
};

// Legacy receive write-back: SRRCTL.DESCTYPE 0.
struct RxLegacy {
  // q0
  using Buffer = hw::Bits<63, 0>;  // packet buffer address
  // q1
  using Length = hw::Bits<15, 0>;     // bytes written
  using Checksum = hw::Bits<31, 16>;  // fragment checksum
  using Dd = hw::Bits<32, 32>;        // done
  using Eop = hw::Bits<33, 33>;       // last buffer of packet
  using Vp = hw::Bits<35, 35>;        // VLAN tag stripped/valid
  using Udpcs = hw::Bits<36, 36>;     // UDP checksum looked at
  using L4cs = hw::Bits<37, 37>;      // L4 checksum looked at
  using Ipcs = hw::Bits<38, 38>;      // IPv4 checksum looked at
  using Pif = hw::Bits<39, 39>;       // non-unicast/inexact filter hit
  using Rxe = hw::Bits<40, 40>;       // MAC error
  using Tcpe = hw::Bits<46, 46>;      // L4 checksum bad
  using Ipe = hw::Bits<47, 47>;       // IPv4 checksum bad
  using Vlan = hw::Bits<63, 48>;      // stripped tag
};

}  // namespace mapwire::ixgbe

#endif  // DRIVERS_IXGBE_IXGBE_REGS_H_
