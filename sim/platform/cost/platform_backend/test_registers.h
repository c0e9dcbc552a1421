// A register window for the conformance test: plain memory behind Mmio.
#ifndef PLATFORM_BACKEND_TEST_REGISTERS_H_
#define PLATFORM_BACKEND_TEST_REGISTERS_H_

#include <cstdint>
#include <cstring>

#include "platform_backend/mmio.h"

namespace mapwire::platform {

class TestRegisters final {
 public:
  Mmio window() { return Mmio(memory_); }
  uint32_t At(uint32_t offset) const {
    uint32_t value;
    std::memcpy(&value, memory_ + offset, sizeof(value));
    return value;
  }

 private:
  alignas(4) uint8_t memory_[64] = {};
};

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_TEST_REGISTERS_H_
