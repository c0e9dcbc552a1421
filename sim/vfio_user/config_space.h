// The PCI configuration space of a model NIC: what a system finds there, and what it may write.
#ifndef SIM_VFIO_USER_CONFIG_SPACE_H_
#define SIM_VFIO_USER_CONFIG_SPACE_H_

#include <array>
#include <cstdint>

#include "sim/nic/device.h"

namespace mapwire::sim::vfio_user {

// A device with MSI-X is a PCI Express endpoint with 64-bit BARs: registers in BAR 0, the MSI-X
// table in BAR 4. One without is a conventional PCI device with a 32-bit BAR 0. Both have INTx.
class ConfigSpace {
 public:
  static constexpr uint32_t kBytes = 4096;
  static constexpr uint32_t kMsixBar = 4;
  static constexpr uint32_t kMsixBarBytes = 16 * 1024;
  static constexpr uint32_t kMsixPbaOffset = 0x2000;

  // Without `messages` the MSI-X capability and its BAR are left out, the rest stays.
  explicit ConfigSpace(const PciIdentity& identity, bool messages = true);

  // As after power on.
  void Reset();
  // Bytes behind the end read as 0.
  uint8_t Read(uint32_t offset) const { return offset < kBytes ? bytes_[offset] : 0; }
  // True if it asks for a function-level reset.
  bool Write(uint32_t offset, uint8_t value);

  bool bus_master() const { return (Read(kCommand) & 0x04) != 0; }
  bool intx_disabled() const { return (Read(kCommand + 1) & 0x04) != 0; }

 private:
  static constexpr uint32_t kCommand = 0x04;

  void Put(uint32_t offset, uint32_t bytes, uint64_t value, uint64_t writable = 0,
           uint64_t clears = 0);

  const PciIdentity identity_;
  const bool messages_;
  std::array<uint8_t, kBytes> bytes_{};
  std::array<uint8_t, kBytes> writable_{};
  std::array<uint8_t, kBytes> clears_{};  // writing 1 clears
  uint32_t express_ = 0;                  // offset of the capability, or 0
};

}  // namespace mapwire::sim::vfio_user

#endif  // SIM_VFIO_USER_CONFIG_SPACE_H_
