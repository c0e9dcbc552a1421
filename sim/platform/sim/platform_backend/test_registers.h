// A register window for the conformance test: an object behind Mmio.
#ifndef PLATFORM_BACKEND_TEST_REGISTERS_H_
#define PLATFORM_BACKEND_TEST_REGISTERS_H_

#include <cstdint>

#include "platform_backend/mmio.h"

namespace mapwire::platform {

class TestRegisters final : public MmioTarget {
 public:
  Mmio window() { return Mmio(this); }
  uint32_t At(uint32_t offset) const { return values_[offset / 4]; }
  uint32_t Read32(uint32_t offset) override { return values_[offset / 4]; }
  void Write32(uint32_t offset, uint32_t value) override { values_[offset / 4] = value; }

 private:
  uint32_t values_[16] = {};
};

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_TEST_REGISTERS_H_
