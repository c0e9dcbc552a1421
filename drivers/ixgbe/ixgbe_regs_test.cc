// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Pins the 82599 register data: no address used twice, and the places a driver lives by.
#include "drivers/ixgbe/ixgbe_regs.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mapwire::ixgbe {
namespace {

TEST(IxgbeRegs, NoAddressBelongsToTwoRegisters) {
  EXPECT_TRUE(AllRegisters::Disjoint());
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

TEST(IxgbeRegs, NoBitBelongsToTwoFields) { AllRegisters::ForEach(DisjointFields()); }

TEST(IxgbeRegs, AliasesHitNoOtherRegisterAndStayInsideTheirTarget) {
  std::set<uint32_t> seen;
  for (const hw::RegisterRow& row : AllRegisters::kRows) {
    for (uint32_t i = 0; i < row.count; ++i) seen.insert(row.offset + i * row.stride);
  }
  for (const RegisterAlias& alias : kAliases) {
    for (uint32_t i = 0; i < alias.count; ++i) {
      EXPECT_TRUE(seen.count(alias.target_offset + i * alias.target_stride));
    }
  }
  for (const RegisterAlias& alias : kAliases) {
    for (uint32_t i = 0; i < alias.count; ++i) {
      EXPECT_TRUE(seen.insert(alias.offset + i * alias.stride).second) << std::hex << alias.offset;
    }
  }
}

TEST(IxgbeRegs, PinnedOffsets) {
  EXPECT_EQ(Rdbal::At(15), 0x013C0u);
  EXPECT_EQ(Rdt::At(1), 0x01058u);
  EXPECT_EQ(Rxdctl::At(63), 0x01FE8u);
  EXPECT_EQ(Rdt64To127::At(0), 0x0D018u);
  EXPECT_EQ(Tdt::At(127), 0x07FD8u);
  EXPECT_EQ(Txdctl::At(0), 0x06028u);
  EXPECT_EQ(Ivar::At(63), 0x009FCu);
  EXPECT_EQ(Eitr24To127::At(0), 0x12300u);
  EXPECT_EQ(Vfta::At(127), 0x0A1FCu);
  EXPECT_EQ(Links::At(), 0x042A4u);
}

TEST(IxgbeRegs, PinnedBits) {
  EXPECT_EQ(Ctrl::Rst::kMask, 0x04000000u);
  EXPECT_EQ(Status::PcieMasterEnStatus::kMask, 0x00080000u);
  EXPECT_EQ(Rxdctl::Enable::kMask, 0x02000000u);
  EXPECT_EQ(Eicr::Lsc::kMask, 0x00100000u);
  EXPECT_EQ(Srrctl::DropEn::kMask, 0x10000000u);
  EXPECT_EQ(Rdrxctl::Dmaidone::kMask, 0x00000008u);
  EXPECT_EQ(TxData::Paylen::Make(60), uint64_t{60} << 46);
  EXPECT_EQ(TxData::Eop::kMask, 0x01000000u);
  EXPECT_EQ(TxData::Dd::kMask, uint64_t{1} << 32);
  EXPECT_EQ(RxWriteBack::PktLen::kMask, uint64_t{0xFFFF} << 32);
}

}  // namespace
}  // namespace mapwire::ixgbe
