// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Where the words of a shared ring are, in bytes from its start. Core never forms a pointer to
// struct netmap_ring: it stores and loads single words. ring_layout_test compares with the ABI.
#ifndef CORE_RING_RING_LAYOUT_H_
#define CORE_RING_RING_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace mapwire::ring {

inline constexpr size_t kBufOfsAt = 0;
inline constexpr size_t kNumSlotsAt = 8;
inline constexpr size_t kBufSizeAt = 12;
inline constexpr size_t kRingIdAt = 16;
inline constexpr size_t kDirAt = 18;
inline constexpr size_t kHeadAt = 20;
inline constexpr size_t kCurAt = 24;
inline constexpr size_t kTailAt = 28;
inline constexpr size_t kFlagsAt = 32;
inline constexpr size_t kTimeAt = 40;
inline constexpr size_t kOffsetMaskAt = 56;
inline constexpr size_t kBufAlignAt = 64;
// The violation report of net/mapwire.h, in bytes that struct netmap_ring leaves unused.
inline constexpr size_t kReportMagicAt = 72;
inline constexpr size_t kReportRuleAt = 76;
inline constexpr size_t kReportSlotAt = 80;
inline constexpr size_t kReportCountAt = 84;
inline constexpr size_t kReportValueAt = 88;
inline constexpr uint32_t kReportMagic = 0x3152574d;  // "MWR1"
inline constexpr size_t kRingHeaderBytes = 256;

inline constexpr uint32_t kRingTimestamp = 0x2;  // NR_TIMESTAMP
inline constexpr uint32_t kRingForward = 0x4;    // NR_FORWARD

}  // namespace mapwire::ring

#endif  // CORE_RING_RING_LAYOUT_H_
