// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Registers and descriptors of the paravirtual card: data, no logic.
//
// A card that exists in worlds only. It has what a netmap port needs and nothing else, so it is
// also the smallest example of a family: sim/nic/pv is the device, docs/paravirtual-card.md its
// manual.
#ifndef DRIVERS_PV_PV_REGS_H_
#define DRIVERS_PV_PV_REGS_H_

#include <cstdint>

#include "core/hw/bits.h"
#include "core/hw/register.h"

namespace mapwire::pv {

// A vendor number that belongs to nobody.
inline constexpr uint16_t kVendor = 0xFFFD;
inline constexpr uint16_t kDevice = 0x4D57;
inline constexpr uint32_t kPciClass = 0x020000;
inline constexpr uint32_t kBar0Bytes = 4096;
inline constexpr uint16_t kQueues = 16;
inline constexpr uint16_t kMsixVectors = kQueues + 1;  // q: queue pair q; the last one: the link
inline constexpr uint32_t kDescriptorBytes = 16;
inline constexpr uint32_t kMaxDescriptors = 4096;
inline constexpr uint32_t kRingAlignment = 128;
inline constexpr uint32_t kBufferStep = 64;  // receive buffers are multiples of it
inline constexpr uint32_t kMaxBuffer = 16 * 1024;
inline constexpr uint32_t kMinFrameBytes = 14;
inline constexpr uint32_t kMaxFrameBytes = 9728;
inline constexpr uint32_t kMaxFragments = 64;

// ENABLE lets queues and interrupts work; writing 0 to it is a reset: everything but the address,
// the link and the counters is as after power on, and the device reaches no memory any more.
struct Control : hw::Register<"CONTROL", 0x000, hw::Access::kReadWrite> {
  using Enable = hw::Field<"ENABLE", 0, 0>;
  using Fields = hw::FieldList<Enable>;
};
struct Status : hw::Register<"STATUS", 0x004, hw::Access::kReadOnly> {
  using LinkUp = hw::Field<"LINK_UP", 0, 0>;
  using Fields = hw::FieldList<LinkUp>;
};
// The address, first byte in bits 7:0 of the low word.
struct MacLow : hw::Register<"MAC_LOW", 0x008, hw::Access::kReadOnly> {};
struct MacHigh : hw::Register<"MAC_HIGH", 0x00C, hw::Access::kReadOnly> {
  using Bytes = hw::Field<"BYTES", 15, 0>;
  using Fields = hw::FieldList<Bytes>;
};
// Longer frames are dropped on receipt.
struct MaxFrame : hw::Register<"MAX_FRAME", 0x010, hw::Access::kReadWrite> {
  using Bytes = hw::Field<"BYTES", 15, 0>;
  using Fields = hw::FieldList<Bytes>;
};
// Queue pairs in use, 1 to 16; 0, as after a reset, is 1 too. Frames of the other card's queue q
// come to queue q modulo this.
struct Pairs : hw::Register<"PAIRS", 0x014, hw::Access::kReadWrite> {
  using Count = hw::Field<"COUNT", 4, 0>;
  using Fields = hw::FieldList<Count>;
};

// ---- Per queue pair ----
// Base, count, buffer size and place of the head take effect when the queue is enabled. Disabled,
// it reaches no memory any more.
template <hw::FixedString Name, uint32_t Offset, hw::Access Kind>
using PerQueue = hw::Register<Name, 0x100 + Offset, Kind, kQueues, 0x40>;

struct TxBaseLow : PerQueue<"TX_BASE_LOW", 0x00, hw::Access::kReadWrite> {};
struct TxBaseHigh : PerQueue<"TX_BASE_HIGH", 0x04, hw::Access::kReadWrite> {};
struct TxCount : PerQueue<"TX_COUNT", 0x08, hw::Access::kReadWrite> {};
// Where the device puts its head, a 32-bit word.
struct TxHeadLow : PerQueue<"TX_HEAD_LOW", 0x0C, hw::Access::kReadWrite> {};
struct TxHeadHigh : PerQueue<"TX_HEAD_HIGH", 0x10, hw::Access::kReadWrite> {};
struct TxEnable : PerQueue<"TX_ENABLE", 0x14, hw::Access::kReadWrite> {
  using On = hw::Field<"ON", 0, 0>;
  using Fields = hw::FieldList<On>;
};
struct TxTail : PerQueue<"TX_TAIL", 0x18, hw::Access::kWriteOnly> {};
struct RxBaseLow : PerQueue<"RX_BASE_LOW", 0x1C, hw::Access::kReadWrite> {};
struct RxBaseHigh : PerQueue<"RX_BASE_HIGH", 0x20, hw::Access::kReadWrite> {};
struct RxCount : PerQueue<"RX_COUNT", 0x24, hw::Access::kReadWrite> {};
struct RxBuffer : PerQueue<"RX_BUFFER", 0x28, hw::Access::kReadWrite> {};  // bytes of each
struct RxEnable : PerQueue<"RX_ENABLE", 0x2C, hw::Access::kReadWrite> {
  using On = hw::Field<"ON", 0, 0>;
  using Fields = hw::FieldList<On>;
};
struct RxTail : PerQueue<"RX_TAIL", 0x30, hw::Access::kWriteOnly> {};
// Any write: the pair's next event is told. What came since the last interrupt is told at once; an
// interrupt disarms.
struct Arm : PerQueue<"ARM", 0x34, hw::Access::kWriteOnly> {};

// ---- Counters of each queue pair, from power on: 64 bits, the low word first ----
// Reading a low word keeps its high word as it is then, for the next read.
template <hw::FixedString Name, uint32_t Offset>
using Counter = hw::Register<Name, 0x800 + Offset, hw::Access::kReadOnly, 2 * kQueues, 4>;

struct RxPackets : Counter<"RX_PACKETS", 0x000> {};
struct RxBytes : Counter<"RX_BYTES", 0x080> {};
struct RxDropped : Counter<"RX_DROPPED", 0x100> {};    // for want of a buffer
struct RxOversize : Counter<"RX_OVERSIZE", 0x180> {};  // longer than MAX_FRAME
struct TxPackets : Counter<"TX_PACKETS", 0x200> {};
struct TxBytes : Counter<"TX_BYTES", 0x280> {};

using AllRegisters =
    hw::RegisterList<Control, Status, MacLow, MacHigh, MaxFrame, Pairs, TxBaseLow, TxBaseHigh,
                     TxCount, TxHeadLow, TxHeadHigh, TxEnable, TxTail, RxBaseLow, RxBaseHigh,
                     RxCount, RxBuffer, RxEnable, RxTail, Arm, RxPackets, RxBytes, RxDropped,
                     RxOversize, TxPackets, TxBytes>;
static_assert(AllRegisters::Disjoint());

// ---- Descriptors: an address, then ----
namespace tx_descriptor {
using Length = hw::Bits<15, 0>;
using End = hw::Bits<32, 32>;     // of the frame
using Report = hw::Bits<33, 33>;  // an event when it is done
}  // namespace tx_descriptor
// Written by the device; the address stays.
namespace rx_descriptor {
using Done = hw::Bits<0, 0>;
using End = hw::Bits<1, 1>;
using Length = hw::Bits<63, 32>;
}  // namespace rx_descriptor

}  // namespace mapwire::pv

#endif  // DRIVERS_PV_PV_REGS_H_
