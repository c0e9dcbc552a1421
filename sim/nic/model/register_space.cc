// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/model/register_space.h"

#include <cstdio>

namespace mapwire::sim {

RegisterSpace::RegisterSpace(DeviceWorld& world, const char* model, uint32_t bytes,
                             std::initializer_list<Rows> tables)
    : world_(world),
      model_(model),
      words_(bytes / 4, 0),
      canonical_(bytes / 4, kUnknown),
      row_of_word_(bytes / 4, kUnknown) {
  for (const Rows table : tables) {
    for (const hw::RegisterRow& data : table) {
      for (uint32_t i = 0; i < data.count; ++i) {
        const uint32_t word = (data.offset + i * data.stride) / 4;
        canonical_[word] = static_cast<uint16_t>(word);
        row_of_word_[word] = static_cast<uint16_t>(rows_.size());
      }
      rows_.emplace_back().data = &data;
    }
  }
}

uint32_t RegisterSpace::Read(uint32_t offset) {
  const uint32_t word = Decode(offset);
  if (word == kUnknown) return 0;
  const Row& row = rows_[row_of_word_[word]];
  if (row.read != nullptr) {
    const uint32_t stride = std::max<uint32_t>(row.data->stride, 4);
    return row.read(row.reader, row.read_first + (word * 4 - row.data->offset) / stride);
  }
  if (row.data->access == hw::Access::kWriteOnly) return 0;
  const uint32_t value = words_[word] & row.visible;
  if (row.data->access == hw::Access::kReadClear) words_[word] = 0;
  return value;
}

void RegisterSpace::Write(uint32_t offset, uint32_t value) {
  const uint32_t word = Decode(offset);
  if (word == kUnknown) return;
  const Row& row = rows_[row_of_word_[word]];
  if (row.all_fields_known && (value & ~row.data->field_mask) != 0) {
    if ((value & ~row.data->field_mask & ~row.ignored) != 0) {
      Report(DriverError::kReservedBits, row.data->name, value);
    }
    value &= row.data->field_mask;
  }
  if (row.write != nullptr) {
    const uint32_t stride = std::max<uint32_t>(row.data->stride, 4);
    row.write(row.writer, row.write_first + (word * 4 - row.data->offset) / stride, value);
    return;
  }
  Store(row, word, value);
}

void RegisterSpace::Store(const Row& row, uint32_t word, uint32_t value) {
  switch (row.data->access) {
    case hw::Access::kReadWrite:
      words_[word] = value;
      break;
    case hw::Access::kWriteOneClear:
      words_[word] &= ~value;
      break;
    case hw::Access::kReadOnly:
    case hw::Access::kWriteOnly:
    case hw::Access::kReadClear:
      break;
  }
}

uint32_t RegisterSpace::Decode(uint32_t offset) {
  if (offset % 4 != 0) {
    Report(DriverError::kUnaligned, "unaligned access at", offset);
    return kUnknown;
  }
  if (offset / 4 >= words_.size() || canonical_[offset / 4] == kUnknown) {
    Report(DriverError::kUnknownRegister, "no register at", offset);
    return kUnknown;
  }
  return canonical_[offset / 4];
}

void RegisterSpace::Report(DriverError error, std::string_view what, uint32_t number) {
  if (unaware_ && error == DriverError::kDisabledQueue) return;
  char text[128];
  std::snprintf(text, sizeof(text), "%s: %.*s 0x%x", model_, static_cast<int>(what.size()),
                what.data(), number);
  world_.Report(error, text);
}

}  // namespace mapwire::sim
