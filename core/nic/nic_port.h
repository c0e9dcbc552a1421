// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A NIC as a port: one ring pair per hardware queue pair. Binding a ring starts its queue, the last
// unbind stops it; other queues and the link notice nothing.
#ifndef CORE_NIC_NIC_PORT_H_
#define CORE_NIC_NIC_PORT_H_

#include <atomic>
#include <cstdint>

#include "core/nic/driver.h"
#include "core/nic/queue.h"
#include "core/port/port.h"

namespace mapwire::nic {

struct NicPortConfig {
  DriverConfig driver;
  uint32_t tx_slots = 512;  // descriptors per ring; the driver's multiple
  uint32_t rx_slots = 512;
};

struct NicCounters {
  uint64_t interrupts = 0;
  uint64_t link_changes = 0;
};

class NicPort final : public port::Port {
 public:
  // Touches no register. Driver, loop and DMA space outlive the port. kInvalid (slots or queues not
  // possible for the device), kNoMemory.
  static Result<NicPort*> Create(platform::Environment& environment, const char* name,
                                 memory::Region& region, NicDriver& driver, const RingLoop& loop,
                                 platform::Mmio mmio, platform::DmaSpace& dma,
                                 const NicPortConfig& config);
  // Nobody may have the port bound, and Stop must have been called if Start was.
  static void Destroy(platform::Environment& environment, NicPort* port);

  NicPort(platform::Environment& environment, const char* name, memory::Region& region,
          NicDriver& driver, const RingLoop& loop, platform::Mmio mmio, platform::DmaSpace& dma,
          const NicPortConfig& config);

  // Brings the device up; HandleInterrupt may be called from the beginning of this call until the
  // end of Stop. Errors of NicDriver::Start.
  Status Start();
  void Stop();
  // Interrupt context: vector `vector` fired. Wakes who waits, moves no slot.
  void HandleInterrupt(uint16_t vector);
  bool carrier() const { return carrier_.load(std::memory_order_relaxed); }
  NicDriver& driver() { return driver_; }
  const NicCounters& counters() const { return counters_; }

  bool supports_offsets() const override { return true; }
  Status CheckBuffers(uint32_t buffer_bytes) const override;
  void Arm(ring::Ring& ring) override;

 private:
  // What a started queue holds, per direction.
  struct Queue {
    NicQueue* queue = nullptr;
    platform::CoherentMemory descriptors;
    platform::CoherentMemory write_back;  // transmit only
  };

  Status Open() override;
  void Close() override;
  Status StartRing(ring::Ring& ring) override;
  void StopRing(ring::Ring& ring) override;
  Status StartQueue(ring::Ring& ring, Queue& queue);
  void FreeQueue(const ring::Ring& ring, Queue& queue);
  Queue& QueueOf(const ring::Ring& ring) {
    return queues_[static_cast<uint32_t>(ring.direction())][ring.id()];
  }
  uint64_t DescriptorBytes(const ring::Ring& ring) const {
    return uint64_t{ring.num_slots()} * loop_.descriptor_bytes;
  }
  void NotifyQueues(port::Direction direction, uint64_t mask);
  void UpdateCarrier();

  NicDriver& driver_;
  const RingLoop& loop_;
  const platform::Mmio mmio_;
  platform::DmaSpace& dma_;
  const NicPortConfig config_;
  memory::DmaMap* dma_map_ = nullptr;
  Queue* queues_[2] = {};
  std::atomic<bool> carrier_{false};
  NicCounters counters_;
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_NIC_PORT_H_
