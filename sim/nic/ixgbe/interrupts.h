// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Interrupt causes, masks, vectors and throttling of the 82599 model.
#ifndef SIM_NIC_IXGBE_INTERRUPTS_H_
#define SIM_NIC_IXGBE_INTERRUPTS_H_

#include <array>
#include <cstdint>

#include "sim/nic/ixgbe/options.h"
#include "sim/nic/ixgbe/register_file.h"

namespace mapwire::sim::nic82599 {

// MSI-X mode (GPIE.MULTIPLE_MSIX): a queue's cause is the vector its IVAR byte names, 0..63; all
// other causes share the vector of IVAR_MISC. Legacy mode: IVAR names one of EICR bits 0..15, and
// INTx is asserted while an unmasked cause is set.
class Interrupts {
 public:
  Interrupts(DeviceWorld& world, RegisterFile& registers, const IxgbeOptions& options);

  // Causes, to be called behind the DMA writes they announce.
  void RxCause(uint32_t queue) { QueueCause(queue, 0); }
  void TxCause(uint32_t queue) { QueueCause(queue, 8); }
  void OtherCause(uint32_t eicr_bits);

  void Reset();
  void KickExpired();
  void VectorExpired(uint32_t vector);

 private:
  static constexpr uint32_t kVectors = reg::kMsixVectors;
  static constexpr uint32_t kQueueBits = 0xFFFF;  // of EICR
  static constexpr uint32_t kOtherBits = 0x7FFF0000;

  bool msix() const { return msix_; }
  void QueueCause(uint32_t queue, unsigned shift);
  void SetVectorCauses(uint64_t vectors);
  uint32_t Eicr() const { return static_cast<uint32_t>(causes_ & kQueueBits) | other_; }
  uint64_t OtherVector() const;  // as a bit, or 0 if IVAR_MISC names none

  // Sends or asserts whatever is armed, unmasked and not throttled.
  void Evaluate();
  void EvaluateLegacy();
  void SetPin(bool asserted);
  bool Pending(uint32_t vector) const;
  void Fire(uint32_t vector);
  void EvaluateSoon();
  void StartThrottle(uint32_t vector);
  void Unmask(uint64_t vectors, uint32_t other);
  void Mask(uint64_t vectors, uint32_t other);

  uint32_t ReadEicr(uint32_t);
  void WriteEicr(uint32_t, uint32_t value);
  uint32_t ReadEics(uint32_t) { return Eicr(); }
  void WriteEics(uint32_t, uint32_t value);
  void WriteEicsEx(uint32_t word, uint32_t value);
  uint32_t ReadEims(uint32_t);
  void WriteEims(uint32_t, uint32_t value);
  void WriteEimc(uint32_t, uint32_t value);
  uint32_t ReadEimsEx(uint32_t word);
  void WriteEimsEx(uint32_t word, uint32_t value);
  void WriteEimcEx(uint32_t word, uint32_t value);
  void WriteGpie(uint32_t, uint32_t value);
  void WriteIvar(uint32_t index, uint32_t value);
  void WriteEitr(uint32_t vector, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  const IxgbeOptions& options_;

  bool msix_ = false;
  bool intx_ = false;
  bool kick_pending_ = false;
  uint64_t causes_ = 0;         // by vector; in legacy mode bits 15:0 of EICR
  uint32_t other_ = 0;          // bits 30:16 of EICR
  uint64_t enabled_ = 0;        // EIMS_EX, whose low 16 bits are those of EIMS
  uint32_t other_enabled_ = 0;  // bits 30:16 of EIMS
  uint64_t armed_ = 0;          // vectors with a message owed
  uint64_t waiting_ = 0;        // vectors whose throttle timer runs
  std::array<uint32_t, reg::Ivar::kCount> ivar_ = {};
  std::array<Time, kVectors> interval_ = {};
  std::array<Time, kVectors> next_ = {};  // earliest time of the next message
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_INTERRUPTS_H_
