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

// What a look at a queue found; positions are descriptors.
struct QueueLook {
  uint32_t position = 0;  // the oldest descriptor the device has not been seen to finish
  uint32_t held = 0;      // descriptors the device has from there on
  uint64_t finished = 0;  // descriptors it finished since the queue was made; never goes back
  bool untold = false;    // finished ones that no sync has taken yet
  // rx: more descriptors finished without an end than any frame takes, or than the ring has
  bool overlong = false;
  bool gap = false;  // rx: the oldest is not finished, though later ones are
};

class NicQueue : public ring::RingBackend {
 public:
  // Control path, the ring held or quiesced. Reads no register.
  virtual QueueLook Look(const ring::Ring& ring) const = 0;
  // Control path, the ring quiesced and the device silent, before the descriptors are zeroed and
  // the hardware queue is started anew: takes what is finished and forgets the rest. Returns the
  // slots lost: given and not finished (tx), or received of a frame without an end (rx). Prime must
  // follow.
  virtual uint32_t Settle(ring::Ring& ring) = 0;
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
