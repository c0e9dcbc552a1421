// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/register_file.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace mapwire::sim::nic82599 {

RegisterFile::RegisterFile(DeviceWorld& world)
    : world_(world),
      words_(kWords, 0),
      canonical_(kWords, kUnknown),
      row_of_word_(kWords, kUnknown),
      rows_(reg::AllRegisters::kCount + std::size(kInertRegisters)) {
  for (size_t r = 0; r < rows_.size(); ++r) {
    const hw::RegisterRow& data = r < reg::AllRegisters::kCount
                                      ? reg::AllRegisters::kRows[r]
                                      : kInertRegisters[r - reg::AllRegisters::kCount];
    rows_[r].data = &data;
    for (uint32_t i = 0; i < data.count; ++i) {
      const uint32_t word = (data.offset + i * data.stride) / 4;
      canonical_[word] = static_cast<uint16_t>(word);
      row_of_word_[word] = static_cast<uint16_t>(r);
    }
  }
  for (const reg::RegisterAlias& alias : reg::kAliases) {
    for (uint32_t i = 0; i < alias.count; ++i) {
      canonical_[(alias.offset + i * alias.stride) / 4] =
          static_cast<uint16_t>((alias.target_offset + i * alias.target_stride) / 4);
    }
  }
  // Only registers whose field lists are surely whole: one stray bit here is a driver's mistake.
  AllFieldsKnown<reg::Rdh, reg::Rdt, reg::Rdh64To127, reg::Rdt64To127, reg::Tdh, reg::Tdt,
                 reg::Ivar, reg::IvarMisc, reg::Reta, reg::Rxpbsize, reg::Txpbsize, reg::Fctrl,
                 reg::Mcstctrl, reg::Vlnctrl, reg::Mtqc, reg::Rqsmr, reg::Tqsm, reg::Srrctl,
                 reg::Srrctl64To127, reg::Eitr, reg::Eitr24To127, reg::Mrqc, reg::Maxfrs>();
  // What drivers in use write all the same: bits of the 82598's FCTRL, and a number of microseconds
  // in EITR whose low bits count for nothing.
  Ignores<reg::Fctrl>(0x3000);
  Ignores<reg::Eitr, reg::Eitr24To127>(0x7);
  // The low bits read 0. Written ones are kept all the same: an enable looks at them.
  ShowsItsFieldsOnly<reg::Rdbal, reg::Rdlen, reg::Rdbal64To127, reg::Rdlen64To127, reg::Tdbal,
                     reg::Tdlen>();
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
  const uint32_t value = words_[word] & row.visible;
  if (row.data->access == hw::Access::kReadClear) words_[word] = 0;
  return value;
}

void RegisterFile::Write(uint32_t offset, uint32_t value) {
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
  char text[128];
  std::snprintf(text, sizeof(text), "82599: %.*s 0x%x", static_cast<int>(what.size()), what.data(),
                number);
  world_.Report(error, text);
}

template <typename... R>
void RegisterFile::AllFieldsKnown() {
  ((rows_[row_of_word_[R::kOffset / 4]].all_fields_known = true), ...);
}

template <typename... R>
void RegisterFile::ShowsItsFieldsOnly() {
  ((rows_[row_of_word_[R::kOffset / 4]].visible = R::Fields::kMask), ...);
}

template <typename... R>
void RegisterFile::Ignores(uint32_t bits) {
  ((rows_[row_of_word_[R::kOffset / 4]].ignored = bits), ...);
}

template <typename R>
void RegisterFile::Fill(uint32_t value) {
  for (uint32_t i = 0; i < R::kCount; ++i) Set<R>(value, i);
}

// Reset values marked [mem] are from memory of the fact table's collector.
void RegisterFile::Reset(bool undefined_tables) {
  std::fill(words_.begin(), words_.end(), 0);
  Fill<reg::Srrctl>(0x00000402);         // [mem]
  Fill<reg::Srrctl64To127>(0x00000402);  // [mem]
  Set<reg::Maxfrs>(0x05EE0000);          // 1518, CRC included [mem]
  Set<reg::Vlnctrl>(0x00008100);         // [mem]
  Set<reg::Exvet>(0x81000000);           // [mem]
  Set<reg::Dmatxctl>(0x81000000);        // [mem]
  Set<reg::Dtxmxszrq>(0x00000010);       // [mem]
  Set<reg::Rxpbsize>(0x00080000);        // all 512 KiB to packet buffer 0 [mem]
  Set<reg::Txpbsize>(0x00028000);        // all 160 KiB to packet buffer 0 [mem]
  // TXCRCEN, RXCRCSTRP, TXPADEN, MDCSPD, RXLNGTHERREN [mem]
  Set<reg::Hlreg0>(reg::Hlreg0::Txcrcen::kMask | reg::Hlreg0::Rxcrcstrp::kMask |
                   reg::Hlreg0::Txpaden::kMask | reg::Hlreg0::Mdcspd::kMask |
                   reg::Hlreg0::Rxlngtherren::kMask);
  Set<reg::Eec>(reg::Eec::EePres::kMask);
  Set<reg::Fwsm>(reg::Fwsm::FwValBit::kMask);
  Set<reg::Status>(reg::Status::PcieMasterEnStatus::kMask);
  // There are no security engines.
  Set<reg::Sectxstat>(reg::Sectxstat::SectxOffDis::kMask);
  Set<reg::Secrxstat>(reg::Secrxstat::SecrxOffDis::kMask);
  // All flags but FIN and PSH; all but those and CWR; all but CWR [mem]
  Set<reg::Dtxtcpflgl>(0x0F760FF6);
  Set<reg::Dtxtcpflgh>(0x00000F7F);
  if (!undefined_tables) return;
  // Undefined to the driver, and the same every time. The valid bit of an address entry is known.
  Fill<reg::Mta>(0xA5A5A5A5);
  Fill<reg::Vfta>(0x5A5A5A5A);
  Fill<reg::Ral>(0xDEADBEEF);
  Fill<reg::Rah>(0x00005EED);
  Fill<reg::Reta>(0x0F0E0D0C);
  Fill<reg::Rssrk>(0x3C3C3C3C);
}

}  // namespace mapwire::sim::nic82599
