// Unit tests of typed registers and descriptor bit ranges.
#include <gtest/gtest.h>

#include <map>

#include "core/hw/bits.h"
#include "core/hw/register.h"

namespace mapwire::hw {
namespace {

struct Ctrl : Register<"CTRL", 0x0, Access::kReadWrite> {
  using Lrst = Field<"LRST", 3, 3>;
  using Mode = Field<"MODE", 15, 13>;
  using Fields = FieldList<Lrst, Mode>;
};
struct Tail : Register<"TAIL", 0x18, Access::kReadWrite, 4, 0x40> {};
struct InTail : Register<"IN_TAIL", 0x58, Access::kReadWrite> {};
struct Between : Register<"BETWEEN", 0x5c, Access::kReadWrite> {};

struct FakeMmio {
  uint32_t Read32(uint32_t offset) { return memory[offset]; }
  void Write32(uint32_t offset, uint32_t value) { memory[offset] = value; }
  std::map<uint32_t, uint32_t> memory;
};

TEST(Register, FieldsReadAndReplaceTheirBitsOnly) {
  Value<Ctrl> value(0xffffffff);
  EXPECT_EQ(value.Get<Ctrl::Mode>(), 7u);
  EXPECT_EQ(value.With<Ctrl::Mode>(2).raw(), 0xffff5fffu);
  EXPECT_EQ(Value<Ctrl>().With<Ctrl::Mode>(9).raw(), 0x2000u) << "excess bits are cut off";
}

TEST(Register, ReadModifyWriteReadsAsASentence) {
  FakeMmio mmio;
  mmio.memory[0] = 0x1;
  Modify<Ctrl>(mmio, [](auto ctrl) { return ctrl.template With<Ctrl::Lrst>(1); });
  EXPECT_EQ(mmio.memory[0], 0x9u);
  Write(mmio, Value<Tail>(5), 3);
  EXPECT_EQ(mmio.memory[0xd8], 5u);
}

TEST(RegisterList, SeesOverlapOfArrays) {
  EXPECT_TRUE((RegisterList<Ctrl, Tail, Between>::Disjoint()));
  EXPECT_FALSE((RegisterList<Ctrl, Tail, InTail>::Disjoint()));
  EXPECT_FALSE((FieldList<Field<"A", 4, 2>, Field<"B", 2, 0>>::Disjoint()));
}

TEST(Bits, MakeAndGetAreInverse) {
  using PayLength = Bits<63, 46>;
  EXPECT_EQ(PayLength::Get(PayLength::Make(1514)), 1514u);
  EXPECT_EQ((Bits<63, 0>::kMask), ~uint64_t{0});
}

}  // namespace
}  // namespace mapwire::hw
