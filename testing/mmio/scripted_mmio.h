// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A register window that expects an exact list of accesses and fails the test on any other.
//
//   ScriptedMmio mmio(AllRegisters::kRows);
//   mmio.ExpectWrite(hw::Value<Ctrl>().With<Ctrl::Rst>(1));
//   mmio.ExpectPoll<Ctrl>({0x04000000, 0});
//   code_under_test(mmio.mmio());
//   // the destructor fails the test if an expected access did not happen
#ifndef TESTING_MMIO_SCRIPTED_MMIO_H_
#define TESTING_MMIO_SCRIPTED_MMIO_H_

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "core/hw/register.h"
#include "core/platform/mmio.h"
#include "testing/mmio/register_names.h"

namespace mapwire::testing {

class ScriptedMmio final : public platform::MmioTarget {
 public:
  explicit ScriptedMmio(std::span<const hw::RegisterRow> rows) : names_(rows) {}
  ScriptedMmio(const ScriptedMmio&) = delete;
  ScriptedMmio& operator=(const ScriptedMmio&) = delete;
  ~ScriptedMmio() { CheckAllUsed(); }

  platform::Mmio mmio() { return platform::Mmio(this); }

  // The next access is a read of `offset`, which returns `value`. `line` is where a failure points.
  void ExpectRead(uint32_t offset, uint32_t value, int line = __builtin_LINE()) {
    steps_.push_back({Kind::kRead, offset, value, line});
  }
  void ExpectWrite(uint32_t offset, uint32_t value, int line = __builtin_LINE()) {
    steps_.push_back({Kind::kWrite, offset, value, line});
  }

  // The same with a register's type; `index` is the element of an array.
  template <typename R>
  void ExpectRead(hw::Value<R> value, uint32_t index = 0, int line = __builtin_LINE()) {
    ExpectRead(R::At(index), value.raw(), line);
  }
  template <typename R>
  void ExpectWrite(hw::Value<R> value, uint32_t index = 0, int line = __builtin_LINE()) {
    ExpectWrite(R::At(index), value.raw(), line);
  }
  // Reads of one register until it returned all of `values`.
  template <typename R>
  void ExpectPoll(std::initializer_list<uint32_t> values, uint32_t index = 0,
                  int line = __builtin_LINE()) {
    for (uint32_t value : values) ExpectRead(R::At(index), value, line);
  }
  // A read of `before`, then a write of `after`: what hw::Modify does.
  template <typename R>
  void ExpectModify(hw::Value<R> before, hw::Value<R> after, uint32_t index = 0,
                    int line = __builtin_LINE()) {
    ExpectRead(before, index, line);
    ExpectWrite(after, index, line);
  }

  // Fails the test if expected accesses are left over, then forgets them. The destructor calls it.
  void CheckAllUsed();

  // After the first deviation a read returns all ones and nothing is compared: the code under test
  // sees a device that is gone, and the test one failure instead of hundreds.
  uint32_t Read32(uint32_t offset) override;
  void Write32(uint32_t offset, uint32_t value) override;

 private:
  enum class Kind { kRead, kWrite };
  struct Step {
    Kind kind;
    uint32_t offset;
    uint32_t value;
    int line;
  };

  std::string Describe(const Step& step) const;
  void Deviate(const std::string& got);

  RegisterNames names_;
  std::vector<Step> steps_;
  size_t next_ = 0;
  bool deviated_ = false;
};

}  // namespace mapwire::testing

#endif  // TESTING_MMIO_SCRIPTED_MMIO_H_
