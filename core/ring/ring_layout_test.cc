// Compares what core believes of shared memory with the headers programs compile against.
#include "core/ring/ring_layout.h"

#include <gtest/gtest.h>
#include <net/mapwire.h>

#include <cstddef>

#include "core/abi/freestanding.h"
#include "core/ring/slots.h"
#include "core/ring/violation.h"

namespace mapwire::ring {
namespace {

TEST(RingLayoutTest, WordsAreWhereTheAbiHasThem) {
  EXPECT_EQ(kBufOfsAt, offsetof(netmap_ring, buf_ofs));
  EXPECT_EQ(kNumSlotsAt, offsetof(netmap_ring, num_slots));
  EXPECT_EQ(kBufSizeAt, offsetof(netmap_ring, nr_buf_size));
  EXPECT_EQ(kRingIdAt, offsetof(netmap_ring, ringid));
  EXPECT_EQ(kDirAt, offsetof(netmap_ring, dir));
  EXPECT_EQ(kHeadAt, offsetof(netmap_ring, head));
  EXPECT_EQ(kCurAt, offsetof(netmap_ring, cur));
  EXPECT_EQ(kTailAt, offsetof(netmap_ring, tail));
  EXPECT_EQ(kFlagsAt, offsetof(netmap_ring, flags));
  EXPECT_EQ(kTimeAt, offsetof(netmap_ring, ts));
  EXPECT_EQ(kOffsetMaskAt, offsetof(netmap_ring, offset_mask));
  EXPECT_EQ(kBufAlignAt, offsetof(netmap_ring, buf_align));
  EXPECT_EQ(kRingHeaderBytes, offsetof(netmap_ring, slot));
  EXPECT_EQ(kRingTimestamp, static_cast<uint32_t>(NR_TIMESTAMP));
  EXPECT_EQ(sizeof(netmap_ring::ts), 16u);
}

TEST(RingLayoutTest, SlotsAreAsTheAbiHasThem) {
  EXPECT_EQ(kSlotBytes, sizeof(netmap_slot));
  EXPECT_EQ(offsetof(netmap_slot, ptr), 8u);
  EXPECT_EQ(kSlotBufferChanged, static_cast<uint32_t>(NS_BUF_CHANGED));
  EXPECT_EQ(kSlotReport, static_cast<uint32_t>(NS_REPORT));
  EXPECT_EQ(kSlotMoreFragments, static_cast<uint32_t>(NS_MOREFRAG));
  netmap_slot slot{};
  slot.buf_idx = 0x01020304;
  slot.len = 0x0506;
  slot.flags = 0x0708;
  SlotWord word;
  static_assert(sizeof(word) == 8);
  __builtin_memcpy(&word, &slot, sizeof(word));
  EXPECT_EQ(word.buffer(), 0x01020304u);
  EXPECT_EQ(word.length(), 0x0506u);
  EXPECT_EQ(word.flags(), 0x0708u);
  EXPECT_EQ(word.length_flags(), LengthFlags(0x0506, 0x0708));
}

TEST(ReportLayoutTest, TheReportLiesInBytesTheRingLeavesUnused) {
  EXPECT_EQ(static_cast<size_t>(MAPWIRE_REPORT_OFFSET), kReportMagicAt);
  EXPECT_GE(kReportMagicAt, offsetof(netmap_ring, buf_align) + sizeof(netmap_ring::buf_align));
  EXPECT_LE(kReportMagicAt + sizeof(mapwire_report), offsetof(netmap_ring, sem));
  EXPECT_EQ(kReportMagicAt, MAPWIRE_REPORT_OFFSET + offsetof(mapwire_report, magic));
  EXPECT_EQ(kReportRuleAt, MAPWIRE_REPORT_OFFSET + offsetof(mapwire_report, rule));
  EXPECT_EQ(kReportSlotAt, MAPWIRE_REPORT_OFFSET + offsetof(mapwire_report, slot));
  EXPECT_EQ(kReportCountAt, MAPWIRE_REPORT_OFFSET + offsetof(mapwire_report, count));
  EXPECT_EQ(kReportValueAt, MAPWIRE_REPORT_OFFSET + offsetof(mapwire_report, value));
  EXPECT_EQ(kReportMagic, MAPWIRE_REPORT_MAGIC);
}

TEST(ReportLayoutTest, RulesHaveTheNumbersAndNamesOfTheHeader) {
  const struct {
    Rule rule;
    uint32_t number;
  } rules[] = {
      {Rule::kNone, MAPWIRE_RULE_NONE},
      {Rule::kHeadRange, MAPWIRE_RULE_HEAD_RANGE},
      {Rule::kHeadWindow, MAPWIRE_RULE_HEAD_WINDOW},
      {Rule::kCurRange, MAPWIRE_RULE_CUR_RANGE},
      {Rule::kCurWindow, MAPWIRE_RULE_CUR_WINDOW},
      {Rule::kBufferIndex, MAPWIRE_RULE_BUFFER_INDEX},
      {Rule::kLength, MAPWIRE_RULE_LENGTH},
      {Rule::kLengthZero, MAPWIRE_RULE_LENGTH_ZERO},
      {Rule::kFrameUnfinished, MAPWIRE_RULE_FRAME_UNFINISHED},
      {Rule::kFrameFragments, MAPWIRE_RULE_FRAME_FRAGMENTS},
      {Rule::kFrameLength, MAPWIRE_RULE_FRAME_LENGTH},
      {Rule::kOffset, MAPWIRE_RULE_OFFSET},
      {Rule::kDeviceLength, MAPWIRE_RULE_DEVICE_LENGTH},
      {Rule::kDeviceIndex, MAPWIRE_RULE_DEVICE_INDEX},
      {Rule::kExtraList, MAPWIRE_RULE_EXTRA_LIST},
  };
  EXPECT_EQ(sizeof(rules) / sizeof(rules[0]), kRules);
  EXPECT_EQ(static_cast<uint32_t>(MAPWIRE_RULES), kRules);
  for (const auto& [rule, number] : rules) {
    EXPECT_EQ(static_cast<uint32_t>(rule), number);
    EXPECT_STREQ(RuleName(rule), mapwire_rule_name(number));
  }
  EXPECT_STREQ(mapwire_rule_name(kRules), "unknown");
  EXPECT_STREQ(RuleName(static_cast<Rule>(kRules)), "unknown");
}

}  // namespace
}  // namespace mapwire::ring
