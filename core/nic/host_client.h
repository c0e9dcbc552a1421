// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The operating system as the client of a NIC's queues, while no program has them.
//
// It has rings of its own, of the same kind and moved by the same ring loop as a program's, in a
// region of its own that nobody can name or map: what the host sends and receives is never in
// memory that a program sees. Frames are copied between it and the host's stack. A queue is handed
// over by NicPort, which stops it, takes what it holds, and starts it with the other's ring.
#ifndef CORE_NIC_HOST_CLIENT_H_
#define CORE_NIC_HOST_CLIENT_H_

#include <atomic>
#include <cstdint>

#include "core/base/status.h"
#include "core/memory/region.h"
#include "core/platform/environment.h"
#include "core/platform/host_stack.h"
#include "core/port/port.h"
#include "core/ring/ring.h"

namespace mapwire::nic {

// What became of a frame that the host sends.
enum class HostSend : uint8_t {
  kSent,
  kSentLast,  // and there is no room for another until HostStack::Sent says so
  kKept,      // for a host ring: a program has the queue, and the frame is core's now
  // From here on it was not taken.
  kFull,     // no room; HostStack::Sent will tell
  kBusy,     // somebody is at work on the queue for a moment; HostStack::Sent will tell
  kProgram,  // a program has the queue
  kDown,     // the host has not opened the device
  kBadLength,
  kGone,  // the device is
};

// Of one queue pair. Each frame that the host loses in core is in one of the drops.
struct HostCounters {
  uint64_t tx_frames = 0;
  uint64_t tx_bad_length = 0;  // shorter or longer than the device sends
  uint64_t tx_program = 0;     // a program has the queue, and none a host ring for it
  uint64_t tx_gone = 0;        // the device is gone
  uint64_t tx_lost = 0;        // slots not known to be sent when the queue went to a program
  uint64_t rx_frames = 0;
  uint64_t rx_no_memory = 0;  // the stack had no frame to copy to
};

class HostClient {
 public:
  // Touches no region and no device. kNoMemory.
  static Result<HostClient*> Create(platform::Environment& environment, platform::HostStack& stack,
                                    const port::PortShape& shape);
  // Must be closed.
  static void Destroy(platform::Environment& environment, HostClient* client);

  HostClient(platform::Environment& environment, platform::HostStack& stack,
             const port::PortShape& shape)
      : environment_(environment), stack_(stack), shape_(shape) {}

  // --- Control path, under the control mutex -----------------------------------------------------

  struct Limits {
    uint32_t buffer_bytes = 0;
    uint32_t min_frame_bytes = 0;
    uint32_t max_frame_bytes = 0;
  };
  // Rings and buffers for all queues, mapped for the device. kNoMemory, kInvalid (the device cannot
  // address them): nothing is left. Frames that fill more than a whole ring are of a bad length.
  Status Open(platform::DmaSpace& dma, const Limits& limits);
  // The rings are off, and no frame is on its way in or out of here. With `keep` the buffers stay
  // mapped: the device may still reach them; Release then gives them back.
  void Close(bool keep);
  void Release();
  bool open() const { return open_; }
  // Closed, and the device may still reach the buffers.
  bool kept() const { return !open_ && region_ != nullptr; }
  // Of a ring that is off: it will start as new.
  void Begin(ring::Ring& ring);
  // Of a ring that is off, and whose queue was settled: what was received goes up, what was to be
  // sent is forgotten, `lost` slots of it in the device.
  void Finish(ring::Ring& ring, uint32_t lost);
  // The slot behind the last one that Send filled.
  uint32_t tx_head(uint16_t queue) const { return queues_[queue].tx_head; }
  const memory::DmaMap* dma_map() const { return dma_map_; }
  // The longest frame to send from now on; see Open.
  void SetMaxFrame(uint32_t bytes);
  // Null unless there are rings.
  const memory::Region* region() const { return region_; }
  ring::Ring& ring(ring::Direction direction, uint16_t i) {
    return rings_[static_cast<uint32_t>(direction)][i];
  }
  bool Has(const ring::Ring& ring) { return &ring == &this->ring(ring.direction(), ring.id()); }

  // --- Data path ---------------------------------------------------------------------------------

  // One caller per queue at a time. With `more` another call follows soon, and the device need not
  // be told yet. Copies; the frame stays the caller's.
  HostSend Send(uint16_t queue, const platform::HostFrame& frame, bool more);
  // One caller per queue at a time: hands at most `budget` frames to the stack. Returns how many.
  uint32_t Poll(uint16_t queue, uint32_t budget);
  // After a Poll that found less than its budget: the ring to be armed, or null if nothing is
  // waited for.
  ring::Ring* ToArm(uint16_t queue);
  // After it was armed: what came before that is not told by an interrupt.
  void LookAgain(uint16_t queue);
  // A frame that Send did not take because a program has the queue is lost.
  void CountForProgram(uint16_t queue) { ++queues_[queue].counters.tx_program; }
  // Interrupt context: something happened to the queue pair.
  void OnInterrupt(uint16_t queue) {
    const bool rx = ring(ring::Direction::kRx, queue).state() != ring::RingState::kOff;
    const bool tx = ring(ring::Direction::kTx, queue).state() != ring::RingState::kOff;
    if (rx || (tx && !queues_[queue].tx_unwatched.load())) stack_.Schedule(queue);
  }
  const HostCounters& counters(uint16_t queue) const { return queues_[queue].counters; }

 private:
  // Who is woken by a ring.
  class Waker final : public platform::Notifier {
   public:
    void Notify() override;
    HostClient* client = nullptr;
    uint16_t queue = 0;
  };
  struct Queue {
    Waker waker;
    uint32_t tx_head = 0;  // the next slot to be filled
    uint32_t tx_done = 0;  // the next slot whose end the stack has not been told of
    uint32_t rx_head = 0;  // the next slot to be taken
    // Nobody waits for the end of what was sent.
    std::atomic<bool> tx_unwatched{false};
    HostCounters counters;
  };

  Status MakeRegion();
  Status MakeRings();
  HostSend Fill(ring::Ring& ring, const platform::HostFrame& frame, uint32_t bytes, bool& more);
  void LookAtSent(uint16_t queue);
  uint32_t ForgetSent(Queue& queue, ring::Ring& ring, uint32_t end);
  uint32_t Take(uint16_t queue, ring::Ring& ring, uint32_t tail, uint32_t limit);
  uint32_t TakeFrame(uint16_t queue, ring::Ring& ring, uint32_t tail);
  uint32_t max_frame_bytes() const { return max_frame_bytes_.load(std::memory_order_relaxed); }
  uint32_t SlotsOf(uint32_t bytes) const {
    return (bytes + limits_.buffer_bytes - 1) / limits_.buffer_bytes;
  }
  void* BufferOf(ring::Ring& ring, uint32_t slot) const {
    return region_->Address(memory::PoolKind::kBuffers, ring.known_buffers()[slot]);
  }
  template <typename Visitor>
  void ForEach(Visitor&& visit);

  platform::Environment& environment_;
  platform::HostStack& stack_;
  const port::PortShape shape_;
  Limits limits_;
  std::atomic<uint32_t> max_frame_bytes_{0};
  Queue* queues_ = nullptr;
  ring::Ring* rings_[2] = {};
  memory::Region* region_ = nullptr;
  memory::DmaMap* dma_map_ = nullptr;
  std::atomic<bool> open_{false};
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_HOST_CLIENT_H_
