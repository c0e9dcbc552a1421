// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A register file that remembers every access; behaviours are callbacks. No device model: it does
// what the test tells it and nothing else.
#ifndef TESTING_MMIO_RECORDING_MMIO_H_
#define TESTING_MMIO_RECORDING_MMIO_H_

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/hw/register.h"
#include "core/platform/mmio.h"
#include "testing/mmio/register_names.h"

namespace mapwire::testing {

struct MmioAccess {
  bool write;
  uint32_t offset;
  uint32_t value;  // read or written
};

class RecordingMmio final : public platform::MmioTarget {
 public:
  // Gives what a read returns; may change the stored value. Called with the element's index.
  using ReadBehaviour = std::function<uint32_t(uint32_t index, uint32_t& stored)>;
  // Called instead of storing `value`; stores what the register becomes.
  using WriteBehaviour = std::function<void(uint32_t index, uint32_t value, uint32_t& stored)>;

  // An access outside `rows`, or a write to a read-only register, fails the test.
  explicit RecordingMmio(std::span<const hw::RegisterRow> rows);
  RecordingMmio(const RecordingMmio&) = delete;
  RecordingMmio& operator=(const RecordingMmio&) = delete;

  platform::Mmio mmio() { return platform::Mmio(this); }

  // Register contents, past all behaviours and not counted.
  template <typename R>
  hw::Value<R> Get(uint32_t index = 0) {
    return hw::Value<R>(values_[R::At(index)]);
  }
  template <typename R>
  void Set(hw::Value<R> value, uint32_t index = 0) {
    values_[R::At(index)] = value.raw();
  }

  template <typename R>
  void OnRead(ReadBehaviour behaviour) {
    read_behaviours_[R::kOffset] = std::move(behaviour);
  }
  template <typename R>
  void OnWrite(WriteBehaviour behaviour) {
    write_behaviours_[R::kOffset] = std::move(behaviour);
  }
  // Writing `bits` starts something that is over at once: they read as 0.
  template <typename R>
  void SelfClearing(uint32_t bits) {
    OnWrite<R>([bits](uint32_t, uint32_t value, uint32_t& stored) { stored = value & ~bits; });
  }

  // The device vanishes after `accesses` more accesses: reads give all ones, writes go nowhere.
  void VanishAfter(uint64_t accesses) { vanish_at_ = log_.size() + accesses; }
  void Return() { vanish_at_ = UINT64_MAX; }
  bool vanished() const { return log_.size() >= vanish_at_; }

  // Every access so far, those to a vanished device included.
  const std::vector<MmioAccess>& log() const { return log_; }
  uint64_t reads() const { return reads_; }
  uint64_t writes() const { return writes_; }
  void ForgetAccesses();
  // Values written to element `index` of R, oldest first.
  template <typename R>
  std::vector<uint32_t> Written(uint32_t index = 0) const {
    std::vector<uint32_t> values;
    for (const MmioAccess& access : log_) {
      if (access.write && access.offset == R::At(index)) values.push_back(access.value);
    }
    return values;
  }
  // Position in log() of the first access of that kind at or after `from`; log().size() if none.
  template <typename R>
  size_t FindWrite(uint32_t index = 0, size_t from = 0) const {
    return Find(true, R::At(index), from);
  }
  template <typename R>
  size_t FindRead(uint32_t index = 0, size_t from = 0) const {
    return Find(false, R::At(index), from);
  }

  uint32_t Read32(uint32_t offset) override;
  void Write32(uint32_t offset, uint32_t value) override;

 private:
  struct Place {
    const hw::RegisterRow* row;
    uint32_t index;
  };

  const Place* Locate(uint32_t offset, const char* what);
  size_t Find(bool write, uint32_t offset, size_t from) const;

  RegisterNames names_;
  std::unordered_map<uint32_t, Place> places_;
  std::unordered_map<uint32_t, uint32_t> values_;
  std::map<uint32_t, ReadBehaviour> read_behaviours_;  // by the register's offset, all elements
  std::map<uint32_t, WriteBehaviour> write_behaviours_;
  std::vector<MmioAccess> log_;
  uint64_t reads_ = 0;
  uint64_t writes_ = 0;
  uint64_t vanish_at_ = UINT64_MAX;
};

}  // namespace mapwire::testing

#endif  // TESTING_MMIO_RECORDING_MMIO_H_
