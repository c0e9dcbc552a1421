// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Stores, answers, calls behaviours and keeps the log.
#include "testing/mmio/recording_mmio.h"

#include <gtest/gtest.h>

namespace mapwire::testing {

RecordingMmio::RecordingMmio(std::span<const hw::RegisterRow> rows) : names_(rows) {
  for (const hw::RegisterRow& row : rows) {
    for (uint32_t i = 0; i < row.count; ++i) places_[row.offset + i * row.stride] = {&row, i};
  }
}

void RecordingMmio::ForgetAccesses() {
  const bool bounded = vanish_at_ != UINT64_MAX;
  if (bounded) vanish_at_ = vanished() ? 0 : vanish_at_ - log_.size();
  log_.clear();
  reads_ = 0;
  writes_ = 0;
}

const RecordingMmio::Place* RecordingMmio::Locate(uint32_t offset, const char* what) {
  const auto found = places_.find(offset);
  if (found != places_.end()) return &found->second;
  ADD_FAILURE() << what << " of " << names_.Name(offset);
  return nullptr;
}

size_t RecordingMmio::Find(bool write, uint32_t offset, size_t from) const {
  size_t i = from;
  while (i < log_.size() && (log_[i].write != write || log_[i].offset != offset)) ++i;
  return i;
}

uint32_t RecordingMmio::Read32(uint32_t offset) {
  const bool gone = vanished();
  ++reads_;
  uint32_t value = ~uint32_t{0};
  const Place* place = Locate(offset, "read");
  if (place != nullptr && !gone) {
    uint32_t& stored = values_[offset];
    const auto behaviour = read_behaviours_.find(place->row->offset);
    if (behaviour != read_behaviours_.end()) {
      value = behaviour->second(place->index, stored);
    } else {
      value = stored;
      if (place->row->access == hw::Access::kReadClear) stored = 0;
    }
  }
  log_.push_back({false, offset, value});
  return value;
}

void RecordingMmio::Write32(uint32_t offset, uint32_t value) {
  const bool gone = vanished();
  ++writes_;
  log_.push_back({true, offset, value});
  const Place* place = Locate(offset, "write");
  if (place == nullptr || gone) return;
  if (place->row->access == hw::Access::kReadOnly) {
    ADD_FAILURE() << "write of read-only " << names_.Name(offset) << " = " << Hex(value);
    return;
  }
  uint32_t& stored = values_[offset];
  const auto behaviour = write_behaviours_.find(place->row->offset);
  if (behaviour != write_behaviours_.end()) {
    behaviour->second(place->index, value, stored);
  } else if (place->row->access == hw::Access::kWriteOneClear) {
    stored &= ~value;
  } else {
    stored = value;
  }
}

}  // namespace mapwire::testing
