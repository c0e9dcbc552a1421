// Unit tests of Status, Result, strong integers and the intrusive list.
#include <gtest/gtest.h>

#include "core/base/intrusive_list.h"
#include "core/base/status.h"
#include "core/base/strong.h"

namespace mapwire {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Errno::kInvalid;
  return n / 2;
}

Result<int> Quarter(int n) {
  MW_ASSIGN_OR_RETURN(const int half, Half(n));
  MW_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckEven(int n) {
  MW_TRY(Half(n));
  return kOkStatus;
}

TEST(Result, CarriesAValueOrAnErrno) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error(), Errno::kInvalid);
  EXPECT_TRUE(CheckEven(4).ok());
  EXPECT_EQ(CheckEven(3).number(), 22);
}

TEST(Strong, ComparesButDoesNotConvert) {
  EXPECT_LT(SlotIndex(1), SlotIndex(2));
  EXPECT_EQ(BufferIndex(7).value(), 7u);
  static_assert(!std::is_convertible_v<uint32_t, SlotIndex>);
  static_assert(!std::is_convertible_v<SlotIndex, NicIndex>);
}

struct Item : ListNode<struct TestList> {
  explicit Item(int id) : id(id) {}
  int id;
};

TEST(IntrusiveList, KeepsOrderAndRemovesInPlace) {
  IntrusiveList<Item, struct TestList> list;
  EXPECT_TRUE(list.empty());
  Item a(1), b(2), c(3);
  list.PushBack(a);
  list.PushBack(b);
  list.PushBack(c);
  list.Remove(b);
  EXPECT_FALSE(b.linked());
  EXPECT_TRUE(a.linked());
  int sum = 0, count = 0;
  for (Item& item : list) {
    sum = sum * 10 + item.id;
    ++count;
  }
  EXPECT_EQ(sum, 13);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(list.Next(a), &c);
  EXPECT_EQ(list.Next(c), nullptr);
  list.Remove(a);
  list.Remove(c);
  EXPECT_EQ(list.First(), nullptr);
}

}  // namespace
}  // namespace mapwire
