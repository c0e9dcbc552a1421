// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// One hardware queue as a ring's backend, whatever the family.
#ifndef CORE_NIC_QUEUE_H_
#define CORE_NIC_QUEUE_H_

#include <atomic>
#include <cstdint>

#include "core/memory/region.h"
#include "core/platform/environment.h"
#include "core/platform/mmio.h"
#include "core/ring/ring.h"

namespace mapwire::nic {

// What the ring loop needs to know of a started queue.
struct QueueParameters {
  platform::Mmio mmio;
  uint32_t tail_offset = 0;                      // of the queue's tail register in BAR 0
  void* descriptors = nullptr;                   // coherent memory, `count` descriptors
  volatile uint32_t* head_write_back = nullptr;  // transmit only
  uint32_t count = 0;                            // descriptors; equals the ring's slots
  const memory::DmaMap* dma = nullptr;
  const memory::Region* region = nullptr;
  uint32_t rx_buffer_bytes = 0;  // what the device was told
  const std::atomic<bool>* carrier = nullptr;
};

class NicQueue : public ring::RingBackend {
 public:
  // Control path, before the first Sync: hands the slots core owns to the device.
  virtual void Prime(ring::Ring& ring) = 0;

 protected:
  ~NicQueue() = default;
};

// The ring loop, instantiated for one family. Control path; null if there is no memory.
struct RingLoop {
  NicQueue* (*new_tx)(platform::Heap& heap, const QueueParameters& parameters);
  NicQueue* (*new_rx)(platform::Heap& heap, const QueueParameters& parameters);
  void (*free_queue)(platform::Heap& heap, NicQueue* queue);
  uint32_t descriptor_bytes;
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_QUEUE_H_
