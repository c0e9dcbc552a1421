// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What stands behind the host rings of a port: the host's network stack.
//
// Frames that a program transmits on one go up as if the device had received them; what the host
// sends and the port keeps for a ring waits in a line of the stack until the program syncs.
#ifndef CORE_PORT_HOST_RINGS_H_
#define CORE_PORT_HOST_RINGS_H_

#include <atomic>
#include <cstdint>

#include "core/base/status.h"
#include "core/platform/host_stack.h"
#include "core/port/port.h"
#include "core/ring/ring.h"

namespace mapwire::port {

// Of one number, both directions. Frames that a program or the host loses here are in a drop.
struct HostRingCounters {
  uint64_t to_host = 0;
  uint64_t to_program = 0;
  uint64_t bad_length = 0;  // of a program: shorter than a header, or beyond its buffer
  uint64_t host_down = 0;   // of a program: the host has not opened the device
  uint64_t no_memory = 0;   // of a program: the stack had no frame to copy to
  uint64_t full = 0;        // of the host: as many wait as the ring has room for
  uint64_t too_long = 0;    // of the host: longer than a buffer
  // Passed on by a sync that was asked to, between card and host without a copy by the program.
  uint64_t forwarded_to_host = 0;
  uint64_t forwarded_to_card = 0;
  uint64_t forward_lost = 0;  // to the card: no room in its rings, or not all of them the program's
};

class HostRings {
 public:
  // Most host rings of a port, each way.
  static constexpr uint16_t kMax = 16;

  // `queues` of the stack, `first` the number of the first host ring, per direction.
  HostRings(platform::HostStack& stack, uint16_t queues, uint16_t first_tx, uint16_t first_rx)
      : stack_(stack),
        queues_(queues),
        first_{first_tx, first_rx},
        to_host_(*this),
        to_program_(*this) {}

  // --- Control path ------------------------------------------------------------------------------

  // Starts a host ring that was created.
  void Start(ring::Ring& ring);
  // Of a ring that is off, and nobody inside: frees what waits for it.
  void Flush(const ring::Ring& ring);
  // Whether the host takes frames: it has opened the device.
  void set_up(bool up) { up_.store(up, std::memory_order_relaxed); }

  // --- Data path ---------------------------------------------------------------------------------

  // A frame of the host for this ring. False: it was not taken, the ring has no room for it or is
  // not in use. Who waits on the ring is woken either way.
  bool Keep(ring::Ring& ring, platform::HostFrame& frame);
  // Syncs a receive ring of card or host; see Port::SyncForwarding.
  ring::SyncResult Sync(ring::Ring& ring, Forward& forward);
  const HostRingCounters& counters(uint16_t host_ring) const { return counters_[host_ring]; }

 private:
  // Backends of the rings of a direction.
  class ToHost final : public ring::RingBackend {
   public:
    explicit ToHost(HostRings& rings) : rings_(rings) {}
    Status Sync(ring::Ring& ring, uint32_t head) override;

   private:
    HostRings& rings_;
  };
  class ToProgram final : public ring::RingBackend {
   public:
    explicit ToProgram(HostRings& rings) : rings_(rings) {}
    Status Sync(ring::Ring& ring, uint32_t head) override;

   private:
    HostRings& rings_;
  };

  // Slots of a receive ring on their way back.
  class Forwarding final : public ring::Releasing {
   public:
    Forwarding(HostRings& rings, Forward& forward) : rings_(rings), forward_(forward) {}
    void BeforeRelease(ring::Ring& ring, uint32_t head) override;

   private:
    void ToHost(ring::Ring& ring, uint32_t slot, ring::SlotWord word);
    void ToCard(ring::Ring& ring, uint32_t slot, ring::SlotWord word);
    bool FindRoom();
    void LetGo();

    HostRings& rings_;
    Forward& forward_;
    // The transmit ring that is held now, and where its program has come to; then the next one.
    ring::Ring* held_ = nullptr;
    uint32_t head_ = 0;
    bool moved_ = false;  // it has got something
    uint32_t next_ = 0;
  };

  bool IsHostRing(const ring::Ring& ring) const {
    return ring.id() >= first_[static_cast<uint32_t>(ring.direction())];
  }
  uint16_t NumberOf(const ring::Ring& ring) const {
    return static_cast<uint16_t>(ring.id() - first_[static_cast<uint32_t>(ring.direction())]);
  }
  Status Learn(ring::Ring& ring, uint32_t slot, ring::SlotWord word, uint32_t* offset);
  bool GiveToHost(ring::Ring& ring, uint16_t queue, HostRingCounters& counters, uint32_t buffer,
                  uint32_t offset, uint32_t bytes);
  void Import(ring::Ring& ring);
  bool GiveToProgram(ring::Ring& ring, uint32_t slot, const platform::HostFrame& frame);

  platform::HostStack& stack_;
  const uint16_t queues_;
  const uint16_t first_[2];
  std::atomic<bool> up_{false};
  ToHost to_host_;
  ToProgram to_program_;
  HostRingCounters counters_[kMax];
};

}  // namespace mapwire::port

#endif  // CORE_PORT_HOST_RINGS_H_
