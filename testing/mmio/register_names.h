// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Turns a BAR offset back into the register a person knows, for failure messages.
#ifndef TESTING_MMIO_REGISTER_NAMES_H_
#define TESTING_MMIO_REGISTER_NAMES_H_

#include <cstdint>
#include <span>
#include <string>

#include "core/hw/register.h"

namespace mapwire::testing {

// `rows` is AllRegisters::kRows of a driver's register header.
class RegisterNames {
 public:
  RegisterNames() = default;
  explicit RegisterNames(std::span<const hw::RegisterRow> rows) : rows_(rows) {}

  // The row that `offset` belongs to, or null. `index` (may be null) becomes the element.
  const hw::RegisterRow* Find(uint32_t offset, uint32_t* index = nullptr) const;
  // "STATUS", "RXDCTL[3]", or "0x12345 (no such register)".
  std::string Name(uint32_t offset) const;

 private:
  std::span<const hw::RegisterRow> rows_;
};

// "0x0012ABCD"
std::string Hex(uint32_t value);

}  // namespace mapwire::testing

#endif  // TESTING_MMIO_REGISTER_NAMES_H_
