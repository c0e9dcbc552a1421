// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The register space of the 82599 model: storage, access kinds, aliases, and hooks by register.
#ifndef SIM_NIC_IXGBE_REGISTER_FILE_H_
#define SIM_NIC_IXGBE_REGISTER_FILE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/ixgbe/ixgbe_regs.h"
#include "sim/nic/device.h"
#include "sim/nic/ixgbe/inert_registers.h"

namespace mapwire::sim::nic82599 {

namespace reg = ::mapwire::ixgbe;

// An access to a register without hooks does what its access kind says. A hook replaces that: an
// engine that hooks a register keeps its value, or uses Set to keep it here.
class RegisterFile {
 public:
  explicit RegisterFile(DeviceWorld& world);

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
    Row& row = rows_[row_of_word_[R::kOffset / 4]];
    row.reader = object;
    row.read_first = first;
    row.read = [](void* self, uint32_t index) { return (static_cast<T*>(self)->*Method)(index); };
  }
  // Method: void (T::*)(uint32_t index, uint32_t value).
  template <typename R, auto Method, typename T>
  void OnWrite(T* object, uint32_t first = 0) {
    Row& row = rows_[row_of_word_[R::kOffset / 4]];
    row.writer = object;
    row.write_first = first;
    row.write = [](void* self, uint32_t index, uint32_t value) {
      (static_cast<T*>(self)->*Method)(index, value);
    };
  }

  // All registers as after reset. Tables that the manual leaves undefined hold garbage if asked.
  void Reset(bool undefined_tables);

  void Report(DriverError error, std::string_view what, uint32_t number);

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
  static constexpr uint32_t kWords = 0x16000 / 4;

  // The canonical word of an access, or kUnknown after reporting it.
  uint32_t Decode(uint32_t offset);
  void Store(const Row& row, uint32_t word, uint32_t value);
  template <typename... R>
  void AllFieldsKnown();
  template <typename... R>
  void ShowsItsFieldsOnly();
  template <typename... R>
  void Ignores(uint32_t bits);
  template <typename R>
  void Fill(uint32_t value);

  DeviceWorld& world_;
  std::vector<uint32_t> words_;
  std::vector<uint16_t> canonical_;    // by word: itself, the target of an alias, or kUnknown
  std::vector<uint16_t> row_of_word_;  // by canonical word
  std::vector<Row> rows_;
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_REGISTER_FILE_H_
