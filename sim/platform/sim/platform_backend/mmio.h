// Register access in the simulator: to a model, a script of expected accesses, or another target.
#ifndef PLATFORM_BACKEND_MMIO_H_
#define PLATFORM_BACKEND_MMIO_H_

#include <cstdint>

namespace mapwire::platform {

// What stands behind a register window.
class MmioTarget {
 public:
  virtual uint32_t Read32(uint32_t offset) = 0;
  virtual void Write32(uint32_t offset, uint32_t value) = 0;

 protected:
  ~MmioTarget() = default;
};

class Mmio {
 public:
  Mmio() = default;
  explicit Mmio(MmioTarget* target) : target_(target) {}

  uint32_t Read32(uint32_t offset) const { return target_->Read32(offset); }
  void Write32(uint32_t offset, uint32_t value) const { target_->Write32(offset, value); }

 private:
  MmioTarget* target_ = nullptr;
};

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_MMIO_H_
