// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Register access: BAR 0, mapped uncached; on the cost backend, plain memory.
#ifndef PLATFORM_BACKEND_MMIO_H_
#define PLATFORM_BACKEND_MMIO_H_

#include <cstdint>

namespace mapwire::platform {

class Mmio {
 public:
  Mmio() = default;
  explicit Mmio(volatile uint8_t* base) : base_(base) {}

  uint32_t Read32(uint32_t offset) const {
    return *reinterpret_cast<volatile uint32_t*>(base_ + offset);
  }
  void Write32(uint32_t offset, uint32_t value) const {
    // What was stored before is there when the device learns of it.
    asm volatile("" ::: "memory");
    *reinterpret_cast<volatile uint32_t*>(base_ + offset) = value;
  }

 private:
  volatile uint8_t* base_ = nullptr;
};

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_MMIO_H_
