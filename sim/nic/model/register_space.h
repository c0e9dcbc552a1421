// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The register space of a model: storage, access kinds, aliases, and hooks by register. A model
// derives from it, and says which registers it has and what they hold after a reset.
#ifndef SIM_NIC_MODEL_REGISTER_SPACE_H_
#define SIM_NIC_MODEL_REGISTER_SPACE_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "core/hw/register.h"
#include "sim/nic/device.h"

namespace mapwire::sim {

// An access to a register without hooks does what its access kind says. A hook replaces that: an
// engine that hooks a register keeps its value, or uses Set to keep it here.
class RegisterSpace {
 public:
  RegisterSpace(const RegisterSpace&) = delete;
  RegisterSpace& operator=(const RegisterSpace&) = delete;

  // Software's accesses.
  uint32_t Read(uint32_t offset);
  void Write(uint32_t offset, uint32_t value);

  // The model's own, without side effects.
  template <typename R>
  uint32_t Raw(uint32_t index = 0) const {
    return words_[R::At(index) / 4];
  }
  template <typename R, typename F>
  uint32_t Field(uint32_t index = 0) const {
    return hw::Value<R>(Raw<R>(index)).template Get<F>();
  }
  template <typename R>
  void Set(uint32_t raw, uint32_t index = 0) {
    words_[R::At(index) / 4] = raw;
  }
  template <typename R, typename F>
  void SetField(uint32_t value, uint32_t index = 0) {
    Set<R>(hw::Value<R>(Raw<R>(index)).template With<F>(value).raw(), index);
  }
  // Adds to a 32-bit counter that sticks at its maximum.
  template <typename R>
  void Count(uint32_t amount = 1, uint32_t index = 0) {
    uint32_t& word = words_[R::At(index) / 4];
    word = amount > std::numeric_limits<uint32_t>::max() - word
               ? std::numeric_limits<uint32_t>::max()
               : word + amount;
  }

  // Method: uint32_t (T::*)(uint32_t index). `first` is added to the index within the array.
  template <typename R, auto Method, typename T>
  void OnRead(T* object, uint32_t first = 0) {
    Row& row = RowOf<R>();
    row.reader = object;
    row.read_first = first;
    row.read = [](void* self, uint32_t index) { return (static_cast<T*>(self)->*Method)(index); };
  }
  // Method: void (T::*)(uint32_t index, uint32_t value).
  template <typename R, auto Method, typename T>
  void OnWrite(T* object, uint32_t first = 0) {
    Row& row = RowOf<R>();
    row.writer = object;
    row.write_first = first;
    row.write = [](void* self, uint32_t index, uint32_t value) {
      (static_cast<T*>(self)->*Method)(index, value);
    };
  }

  // After a reset that software did not ask for it goes on with queues that are off: what it cannot
  // know is no mistake.
  void set_unaware(bool unaware) { unaware_ = unaware; }
  void Report(DriverError error, std::string_view what, uint32_t number);

 protected:
  using Rows = std::span<const hw::RegisterRow>;

  // `model` is named in reports. `bytes` of BAR 0 are looked at; the tables live for ever.
  RegisterSpace(DeviceWorld& world, const char* model, uint32_t bytes,
                std::initializer_list<Rows> tables);
  ~RegisterSpace() = default;

  // Accesses at `offset` go to the register at `target`.
  void Alias(uint32_t offset, uint32_t target) {
    canonical_[offset / 4] = static_cast<uint16_t>(target / 4);
  }
  // Bits outside of their fields are certainly reserved.
  template <typename... R>
  void AllFieldsKnown() {
    ((RowOf<R>().all_fields_known = true), ...);
  }
  // Bits outside of their fields read 0.
  template <typename... R>
  void ShowsItsFieldsOnly() {
    ((RowOf<R>().visible = R::Fields::kMask), ...);
  }
  // Of reserved bits, those that may be written all the same.
  template <typename... R>
  void Ignores(uint32_t bits) {
    ((RowOf<R>().ignored = bits), ...);
  }
  // They have a name, and nothing stands behind them.
  template <typename... R>
  void NotModelled() {
    const auto forget = [this](uint32_t offset, uint32_t count, uint32_t stride) {
      for (uint32_t i = 0; i < count; ++i) canonical_[(offset + i * stride) / 4] = kUnknown;
    };
    (forget(R::kOffset, R::kCount, R::kStride), ...);
  }
  void Clear() { std::fill(words_.begin(), words_.end(), 0); }
  template <typename R>
  void Fill(uint32_t value) {
    for (uint32_t i = 0; i < R::kCount; ++i) Set<R>(value, i);
  }

 private:
  struct Row {
    const hw::RegisterRow* data = nullptr;
    bool all_fields_known = false;  // bits outside the fields are certainly reserved
    uint32_t ignored = 0;           // of those: bits that may be written all the same
    uint32_t visible = ~0u;         // bits that a read without a hook shows
    void* reader = nullptr;
    void* writer = nullptr;
    uint32_t read_first = 0;
    uint32_t write_first = 0;
    uint32_t (*read)(void*, uint32_t) = nullptr;
    void (*write)(void*, uint32_t, uint32_t) = nullptr;
  };
  static constexpr uint16_t kUnknown = 0xFFFF;

  // The canonical word of an access, or kUnknown after reporting it.
  uint32_t Decode(uint32_t offset);
  void Store(const Row& row, uint32_t word, uint32_t value);
  template <typename R>
  Row& RowOf() {
    return rows_[row_of_word_[R::kOffset / 4]];
  }

  DeviceWorld& world_;
  const char* const model_;
  bool unaware_ = false;
  std::vector<uint32_t> words_;
  std::vector<uint16_t> canonical_;    // by word: itself, the target of an alias, or kUnknown
  std::vector<uint16_t> row_of_word_;  // by canonical word
  std::vector<Row> rows_;
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_MODEL_REGISTER_SPACE_H_
