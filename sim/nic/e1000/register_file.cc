// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/register_file.h"

#include <algorithm>
#include <cstdio>

namespace mapwire::sim::nic82540 {

RegisterFile::RegisterFile(DeviceWorld& world)
    : world_(world),
      words_(kWords, 0),
      canonical_(kWords, kUnknown),
      row_of_word_(kWords, kUnknown),
      rows_(reg::AllRegisters::kCount) {
  for (size_t r = 0; r < rows_.size(); ++r) {
    const hw::RegisterRow& data = reg::AllRegisters::kRows[r];
    rows_[r].data = &data;
    for (uint32_t i = 0; i < data.count; ++i) {
      const uint32_t word = (data.offset + i * data.stride) / 4;
      canonical_[word] = static_cast<uint16_t>(word);
      row_of_word_[word] = static_cast<uint16_t>(r);
    }
  }
  canonical_[reg::kCtrlDuplicate / 4] = reg::Ctrl::kOffset / 4;
  // Diagnostics of one lineage, and the packet buffer itself: nothing here stands behind them.
  NotModelled<reg::Tbt, reg::Rdfh, reg::Rdft, reg::Rdfhs, reg::Rdfts, reg::Rdfpc, reg::Txdmac,
              reg::Tdfh, reg::Tdft, reg::Tdfhs, reg::Tdfts, reg::Tdfpc, reg::Tspmt, reg::Pbm>();
  // Only registers whose field lists are surely whole: one stray bit here is a driver's mistake.
  AllFieldsKnown<reg::Rdh, reg::Rdt, reg::Tdh, reg::Tdt, reg::Rdlen, reg::Tdlen, reg::Rctl,
                 reg::Tctl, reg::Ims, reg::Itr, reg::Rdtr, reg::Radv, reg::Tidv, reg::Tadv,
                 reg::Rah, reg::Tipg, reg::Vet, reg::Rxcsum, reg::Rsrpd, reg::Mdic, reg::Eerd>();
}

uint32_t RegisterFile::Read(uint32_t offset) {
  const uint32_t word = Decode(offset);
  if (word == kUnknown) return 0;
  const Row& row = rows_[row_of_word_[word]];
  if (row.read != nullptr) {
    const uint32_t stride = std::max<uint32_t>(row.data->stride, 4);
    return row.read(row.reader, row.read_first + (word * 4 - row.data->offset) / stride);
  }
  if (row.data->access == hw::Access::kWriteOnly) return 0;
  const uint32_t value = words_[word];
  if (row.data->access == hw::Access::kReadClear) words_[word] = 0;
  return value;
}

void RegisterFile::Write(uint32_t offset, uint32_t value) {
  const uint32_t word = Decode(offset);
  if (word == kUnknown) return;
  const Row& row = rows_[row_of_word_[word]];
  if (row.all_fields_known && (value & ~row.data->field_mask) != 0) {
    Report(DriverError::kReservedBits, row.data->name, value);
    value &= row.data->field_mask;
  }
  if (row.write != nullptr) {
    const uint32_t stride = std::max<uint32_t>(row.data->stride, 4);
    row.write(row.writer, row.write_first + (word * 4 - row.data->offset) / stride, value);
    return;
  }
  Store(row, word, value);
}

void RegisterFile::Store(const Row& row, uint32_t word, uint32_t value) {
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

uint32_t RegisterFile::Decode(uint32_t offset) {
  if (offset % 4 != 0) {
    Report(DriverError::kUnaligned, "unaligned access at", offset);
    return kUnknown;
  }
  if (offset / 4 >= kWords || canonical_[offset / 4] == kUnknown) {
    Report(DriverError::kUnknownRegister, "no register at", offset);
    return kUnknown;
  }
  return canonical_[offset / 4];
}

void RegisterFile::Report(DriverError error, std::string_view what, uint32_t number) {
  if (unaware_ && error == DriverError::kDisabledQueue) return;
  char text[128];
  std::snprintf(text, sizeof(text), "82540EM: %.*s 0x%x", static_cast<int>(what.size()),
                what.data(), number);
  world_.Report(error, text);
}

template <typename... R>
void RegisterFile::AllFieldsKnown() {
  ((rows_[row_of_word_[R::kOffset / 4]].all_fields_known = true), ...);
}

template <typename... R>
void RegisterFile::NotModelled() {
  const auto forget = [this](uint32_t offset, uint32_t count, uint32_t stride) {
    for (uint32_t i = 0; i < count; ++i) canonical_[(offset + i * stride) / 4] = kUnknown;
  };
  (forget(R::kOffset, R::kCount, R::kStride), ...);
}

template <typename R>
void RegisterFile::Fill(uint32_t value) {
  for (uint32_t i = 0; i < R::kCount; ++i) Set<R>(value, i);
}

// Reset values are those of the fact table, which has them from QEMU; [mem] are from memory.
void RegisterFile::Reset(bool undefined_tables) {
  std::fill(words_.begin(), words_.end(), 0);
  Set<reg::Ctrl>(0x00140240);
  Set<reg::Ledctl>(0x00000602);
  Set<reg::Pba>(0x00100030);
  Set<reg::Manc>(0x00022B00);
  Set<reg::Eecd>(reg::Eecd::Pres::kMask);  // [mem]
  Set<reg::Rxdctl>(0x00010000);            // WTHRESH 1 [mem]
  if (!undefined_tables) return;
  // Undefined to the driver, and the same every time. The valid bit of an address entry is known.
  Fill<reg::Mta>(0xA5A5A5A5);
  Fill<reg::Vfta>(0x5A5A5A5A);
  Fill<reg::Ral>(0xDEADBEEF);
  Fill<reg::Rah>(0x00005EED);
}

}  // namespace mapwire::sim::nic82540
