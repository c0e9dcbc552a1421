// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What the registry promises: every row is complete, no device has two drivers.
#include "drivers/registry/registry.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "testing/mmio/fake_heap.h"

namespace mapwire::drivers {
namespace {

TEST(Registry, FindsTheSfpPlusBoard) {
  const Result<const Family*> family = FindFamily(0x8086, 0x10FB);
  ASSERT_TRUE(family.ok());
  EXPECT_EQ(std::string_view((*family)->name), "ixgbe");
  EXPECT_EQ((*family)->bar_bytes, 512u * 1024);
}

TEST(Registry, FindsTheParavirtualCard) {
  const Result<const Family*> family = FindFamily(0xFFFD, 0x4D57);
  ASSERT_TRUE(family.ok());
  EXPECT_EQ(std::string_view((*family)->name), "pv");
  EXPECT_EQ((*family)->bar_bytes, 4096u);
  EXPECT_EQ((*family)->loop->descriptor_bytes, 16u);
}

TEST(Registry, FindsTheGigabitCard) {
  const Result<const Family*> family = FindFamily(0x8086, 0x100E);
  ASSERT_TRUE(family.ok());
  EXPECT_EQ(std::string_view((*family)->name), "e1000");
  EXPECT_EQ((*family)->bar_bytes, 128u * 1024);
}

TEST(Registry, RefusesAnUnknownDeviceAndAForeignVendor) {
  EXPECT_EQ(FindFamily(0x8086, 0xFFFF).error(), Errno::kNoSuchDevice);
  EXPECT_EQ(FindFamily(0xFFFD, 0x10FB).error(), Errno::kNoSuchDevice);
  EXPECT_EQ(FindFamily(0x10EC, 0x10FB).error(), Errno::kNoSuchDevice);
}

TEST(Registry, NoDeviceBelongsToTwoFamilies) {
  std::set<std::pair<uint16_t, uint16_t>> seen;
  for (const Family& family : Families()) {
    for (const PciId& id : family.ids) {
      EXPECT_TRUE(seen.emplace(id.vendor, id.device).second) << family.name;
    }
  }
}

// The script must not take a card from its driver that nobody here drives.
TEST(Registry, TheScriptThatBindsKnowsTheSameCards) {
  std::ifstream file("tools/bind/bind.sh");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("known=")) continue;
  std::set<std::string> listed;
  std::istringstream words(line.substr(line.find('"') + 1, line.rfind('"') - line.find('"') - 1));
  for (std::string word; words >> word;) listed.insert(word);
  std::set<std::string> driven;
  for (const Family& family : Families()) {
    if (std::string_view(family.name) == "pv") continue;  // of the simulator
    for (const PciId& id : family.ids)
      driven.insert(fmt::format("{:#06x}:{:#06x}", id.vendor, id.device));
  }
  EXPECT_EQ(listed, driven);
}

TEST(Registry, CreatesTheDriverItNames) {
  testing::FakeHeap heap;
  for (const Family& family : Families()) {
    const Result<nic::NicDriver*> driver = family.create({{}, nullptr, nullptr, &heap});
    ASSERT_TRUE(driver.ok());
    EXPECT_EQ(std::string_view((*driver)->info().family), family.name);
    family.destroy(*driver);
  }
  EXPECT_EQ(heap.live(), 0);
}

TEST(Registry, CreateWithoutMemoryFails) {
  testing::FakeHeap heap;
  heap.set_empty(true);
  for (const Family& family : Families()) {
    EXPECT_EQ(family.create({{}, nullptr, nullptr, &heap}).error(), Errno::kNoMemory);
  }
}

}  // namespace
}  // namespace mapwire::drivers
