// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The published register tables, transcribed in testing/golden, against what drivers and models
// have: name, place, count, stride, access; and reset values, read from the models.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/hw/register.h"
#include "drivers/e1000/e1000_regs.h"
#include "drivers/ixgbe/ixgbe_regs.h"
#include "sim/nic/e1000/e1000.h"
#include "sim/nic/ixgbe/ixgbe.h"
#include "sim/nic/model/test_world.h"

namespace mapwire {
namespace {

struct GoldenRow {
  std::string name;
  uint32_t offset = 0, count = 0, stride = 0;
  std::string access;
  std::string reset;  // "?" if it is not known
  bool doubtful = false;
};

std::vector<GoldenRow> ReadTable(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::vector<GoldenRow> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.rfind("name\t", 0) == 0) continue;
    std::istringstream fields(line);
    GoldenRow row;
    std::string offset, stride;
    int doubtful = 0;
    fields >> row.name >> offset >> row.count >> stride >> row.access >> row.reset >> doubtful;
    EXPECT_FALSE(fields.fail()) << line;
    row.offset = static_cast<uint32_t>(std::strtoul(offset.c_str(), nullptr, 16));
    row.stride = static_cast<uint32_t>(std::strtoul(stride.c_str(), nullptr, 16));
    row.doubtful = doubtful != 0;
    rows.push_back(row);
  }
  return rows;
}

std::string AccessOf(hw::Access access) {
  switch (access) {
    case hw::Access::kReadWrite:
      return "RW";
    case hw::Access::kReadOnly:
      return "RO";
    case hw::Access::kWriteOnly:
      return "WO";
    case hw::Access::kWriteOneClear:
      return "W1C";
    case hw::Access::kReadClear:
      return "RC";
  }
  return "none";
}

// Every register of the driver is in the table and as the table says. Returns how many were
// compared; what the table has beyond is no mistake.
size_t Compare(const std::vector<GoldenRow>& table, std::span<const hw::RegisterRow> registers,
               const std::set<std::string>& differ) {
  std::map<std::string, const GoldenRow*> by_name;
  for (const GoldenRow& row : table) by_name[row.name] = &row;
  size_t compared = 0;
  for (const hw::RegisterRow& have : registers) {
    const std::string name(have.name);
    if (differ.count(name) != 0) continue;
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      ADD_FAILURE() << name << " is not in the table";
      continue;
    }
    const GoldenRow& row = *found->second;
    EXPECT_EQ(have.offset, row.offset) << name;
    EXPECT_EQ(have.count, row.count) << name;
    EXPECT_EQ(have.stride, row.count > 1 ? row.stride : 0) << name;
    EXPECT_EQ(AccessOf(have.access), row.access) << name;
    ++compared;
  }
  return compared;
}

// Reset values that are known, read from a model that was just powered on.
size_t CompareResets(const std::vector<GoldenRow>& table,
                     std::span<const hw::RegisterRow> registers,
                     const std::set<std::string>& differ,
                     const std::function<uint32_t(uint32_t)>& read) {
  std::set<std::string> known;
  for (const hw::RegisterRow& have : registers) known.emplace(have.name);
  size_t compared = 0;
  for (const GoldenRow& row : table) {
    if (row.reset == "?" || row.doubtful || row.access == "WO" || known.count(row.name) == 0 ||
        differ.count(row.name) != 0) {
      continue;
    }
    const uint32_t reset = static_cast<uint32_t>(std::strtoul(row.reset.c_str(), nullptr, 16));
    EXPECT_EQ(read(row.offset), reset) << row.name;
    ++compared;
  }
  return compared;
}

TEST(Registers82540Em, AreThoseOfTheTable) {
  const auto table = ReadTable("testing/golden/registers_82540em.tsv");
  EXPECT_EQ(Compare(table, e1000::AllRegisters::kRows, {}), table.size());
}

TEST(Registers82540Em, ResetAsTheTableSays) {
  const auto table = ReadTable("testing/golden/registers_82540em.tsv");
  sim::TestWorld world;
  sim::E1000 nic(world, {});
  world.Attach(&nic);
  world.RunFor(10 * sim::kMillisecond);
  // The table's STATUS is that of QEMU with the link up.
  const size_t compared =
      CompareResets(table, e1000::AllRegisters::kRows, {"STATUS"},
                    [&nic](uint32_t offset) { return nic.RegisterRead(offset); });
  EXPECT_GT(compared, 80u);
  EXPECT_TRUE(world.errors.empty());
}

TEST(Registers82599, AreThoseOfTheTable) {
  const auto table = ReadTable("testing/golden/registers_82599.tsv");
  EXPECT_EQ(Compare(table, ixgbe::AllRegisters::kRows, {}), ixgbe::AllRegisters::kCount);
}

TEST(Registers82599, ResetAsTheTableSays) {
  const auto table = ReadTable("testing/golden/registers_82599.tsv");
  sim::TestWorld world;
  sim::Ixgbe nic(world, {});
  world.Attach(&nic);
  world.RunFor(10 * sim::kMillisecond);
  const size_t compared =
      CompareResets(table, ixgbe::AllRegisters::kRows, {},
                    [&nic](uint32_t offset) { return nic.RegisterRead(offset); });
  EXPECT_GT(compared, 100u);
}

}  // namespace
}  // namespace mapwire
