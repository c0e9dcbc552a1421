// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The DMA side of a model: whose operation a completion is, how many are under way, and
// whether the function may still master the bus.
#ifndef SIM_NIC_MODEL_DMA_PORT_H_
#define SIM_NIC_MODEL_DMA_PORT_H_

#include <cstdint>

#include "sim/nic/device.h"

namespace mapwire::sim {

enum class DmaKind : uint8_t {
  kTxDescriptors = 1,
  kTxData,
  kTxWriteBack,
  kRxDescriptors,
  kRxWriteBack,
};

class DmaPort {
 public:
  explicit DmaPort(DeviceWorld& world) : world_(world) {}

  static DmaKind KindOf(DmaTag tag) { return static_cast<DmaKind>(tag >> 32); }
  static uint32_t IndexOf(DmaTag tag) { return static_cast<uint32_t>(tag); }

  // False after a master disable: no new request may be issued.
  bool enabled() const { return enabled_; }
  void set_enabled(bool enabled) { enabled_ = enabled; }
  uint32_t outstanding() const { return outstanding_; }
  uint64_t faults() const { return faults_; }

  void Read(DmaKind kind, uint32_t index, uint64_t address, void* into, uint32_t length) {
    ++outstanding_;
    world_.DmaRead(Tag(kind, index), address, into, length);
  }
  // A write whose arrival matters, for the handshakes that stop a queue.
  void Write(DmaKind kind, uint32_t index, uint64_t address, const void* from, uint32_t length) {
    ++outstanding_;
    world_.DmaWrite(Tag(kind, index), address, from, length);
  }
  // Fire and forget; a later Write of the same queue tells that this one arrived too.
  void Post(uint64_t address, const void* from, uint32_t length) {
    world_.DmaWrite(0, address, from, length);
  }
  void Done(bool ok) {
    --outstanding_;
    if (!ok) ++faults_;
  }

 private:
  static DmaTag Tag(DmaKind kind, uint32_t index) {
    return (static_cast<DmaTag>(kind) << 32) | index;
  }

  DeviceWorld& world_;
  bool enabled_ = true;
  uint32_t outstanding_ = 0;
  uint64_t faults_ = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_MODEL_DMA_PORT_H_
