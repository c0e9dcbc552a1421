// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Offsets to names, by search: tables are small and messages are rare.
#include "testing/mmio/register_names.h"

#include <cstdio>

namespace mapwire::testing {

const hw::RegisterRow* RegisterNames::Find(uint32_t offset, uint32_t* index) const {
  for (const hw::RegisterRow& row : rows_) {
    for (uint32_t i = 0; i < row.count; ++i) {
      if (row.offset + i * row.stride != offset) continue;
      if (index != nullptr) *index = i;
      return &row;
    }
  }
  return nullptr;
}

std::string RegisterNames::Name(uint32_t offset) const {
  uint32_t index = 0;
  const hw::RegisterRow* row = Find(offset, &index);
  if (row == nullptr) return Hex(offset) + " (no such register)";
  std::string name(row->name);
  if (row->count > 1) name += "[" + std::to_string(index) + "]";
  return name;
}

std::string Hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08X", value);
  return text;
}

}  // namespace mapwire::testing
