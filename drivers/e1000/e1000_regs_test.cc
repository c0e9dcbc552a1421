// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Pins the 82540EM register data: no address used twice, and the places a driver lives by; and the
// codec, descriptor by descriptor.
#include "drivers/e1000/e1000_regs.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "drivers/e1000/e1000_desc.h"

namespace mapwire::e1000 {
namespace {

TEST(E1000Regs, NoAddressBelongsToTwoRegisters) {
  std::set<uint32_t> seen;
  std::set<std::string> names;
  for (const hw::RegisterRow& row : AllRegisters::kRows) {
    EXPECT_TRUE(names.emplace(row.name).second) << row.name;
    for (uint32_t i = 0; i < row.count; ++i) {
      const uint32_t at = row.offset + i * row.stride;
      EXPECT_LT(at, kBar0Bytes) << row.name;
      EXPECT_TRUE(seen.insert(at).second) << row.name << " element " << i;
    }
  }
}

struct DisjointFields {
  template <typename R>
  void operator()() const {
    EXPECT_TRUE(R::Fields::Disjoint()) << R::kName;
  }
};

TEST(E1000Regs, NoBitBelongsToTwoFields) { AllRegisters::ForEach(DisjointFields()); }

TEST(E1000Regs, PinnedOffsets) {
  EXPECT_EQ(Tdt::At(), 0x03818u);
  EXPECT_EQ(Rdt::At(), 0x02818u);
  EXPECT_EQ(Ral::At(15), 0x05478u);
  EXPECT_EQ(Rah::At(15), 0x0547Cu);
  EXPECT_EQ(Mta::At(127), 0x053FCu);
  EXPECT_EQ(Gotch::At(), 0x04094u);
  EXPECT_EQ(Icr::At(), 0x000C0u);
}

TEST(E1000Regs, PinnedBits) {
  EXPECT_EQ(Ctrl::Rst::kMask, 0x04000000u);
  EXPECT_EQ(Eerd::Done::kMask, 0x00000010u);
  EXPECT_EQ(Rctl::Secrc::kMask, 0x04000000u);
  EXPECT_EQ(Rctl::Bsize::kMask, 0x00030000u);
  EXPECT_EQ(Icr::Rxt0::kMask, 0x00000080u);
  EXPECT_EQ(Mdic::R::kMask, 0x10000000u);
}

TEST(E1000Codec, AFrameOfOneBufferIsOneDescriptor) {
  Codec::Descriptor d = {~uint64_t{0}, ~uint64_t{0}};
  Codec::EncodeFrame(d, 0x123456789A, 1500);
  EXPECT_EQ(d.q0, 0x123456789Au);
  EXPECT_EQ(d.q1, 0x030005DCu);
  EXPECT_FALSE(Codec::IsSent(d)) << "what was written back is still there";
  Codec::RequestReport(d);
  EXPECT_EQ(d.q1, 0x0B0005DCu);
  Codec::Descriptor reported = {0, ~uint64_t{0}};
  Codec::EncodeReportedFrame(reported, 0x123456789A, 1500);
  EXPECT_EQ(reported.q1, d.q1);
  d.q1 |= uint64_t{1} << 32;
  EXPECT_TRUE(Codec::IsSent(d));
}

TEST(E1000Codec, OfSeveralDescriptorsOnlyTheLastEndsTheFrame) {
  Codec::Descriptor d[3] = {};
  for (Codec::Descriptor& one : d) Codec::EncodeFragment(one, 0x1000, 256);
  Codec::FinishFrame(d[0], d[2], 768);
  EXPECT_EQ(d[0].q1, 0x02000100u);
  EXPECT_EQ(d[1].q1, 0x02000100u);
  EXPECT_EQ(d[2].q1, 0x03000100u);
}

TEST(E1000Codec, AReceivedWordTellsLengthAndEndWhateverStandsBeside) {
  // DD, EOP, PIF; checksum BEEF, tag 1234; 60 bytes.
  const Codec::Descriptor whole = {0, 0x12340083BEEF003C};
  const uint64_t status = Codec::LoadStatus(whole);
  EXPECT_TRUE(Codec::IsWhole(status));
  EXPECT_TRUE(Codec::IsDone(status));
  EXPECT_TRUE(Codec::IsEnd(status));
  EXPECT_EQ(Codec::Length(status), 60u);
  EXPECT_EQ(Codec::LengthAndRest(status), 60u);
  const uint64_t part = Codec::LoadStatus({0, 0x0000000100000800});
  EXPECT_FALSE(Codec::IsWhole(part));
  EXPECT_TRUE(Codec::IsDone(part));
  EXPECT_FALSE(Codec::IsEnd(part));
  EXPECT_EQ(Codec::Length(part), 2048u);
  EXPECT_FALSE(Codec::IsDone(Codec::LoadStatus({0, 0xFFFFFFFEFFFFFFFF})));
  Codec::Descriptor given = {1, ~uint64_t{0}};
  Codec::EncodeRefill(given, 0x5000);
  EXPECT_EQ(given.q0, 0x5000u);
  EXPECT_EQ(given.q1, 0u);
}

}  // namespace
}  // namespace mapwire::e1000
