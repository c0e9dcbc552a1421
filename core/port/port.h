// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The port contract: a named set of transmit and receive rings that programs bind.
//
// Ring objects live as long as the port; their shared memory comes with the first user of a ring
// and goes with the last. All of this is control path under the control mutex; the data path goes
// from a session straight to its rings.
#ifndef CORE_PORT_PORT_H_
#define CORE_PORT_PORT_H_

#include <atomic>
#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/base/status.h"
#include "core/memory/region.h"
#include "core/platform/environment.h"
#include "core/ring/ring.h"

namespace mapwire::port {

using ring::Direction;
using ring::Ring;

inline constexpr uint32_t kNameBytes = 64;  // with the terminating zero

// How many rings of how many slots.
struct PortShape {
  uint16_t tx_rings = 0;
  uint16_t rx_rings = 0;
  uint32_t tx_slots = 0;
  uint32_t rx_slots = 0;
  // Rings of each direction to and from the host's stack, at most; 0: the port has none. They have
  // as many slots as the others, and come behind them in number: host ring k of n rings is n + k.
  uint16_t host_rings = 0;
};

// A run of rings of one direction: [first, last).
struct RingInterval {
  uint16_t first = 0;
  uint16_t last = 0;

  bool empty() const { return first >= last; }
  uint16_t count() const { return empty() ? 0 : last - first; }
  bool Contains(uint16_t i) const { return i >= first && i < last; }
};

struct RingSelection {
  RingInterval tx;
  RingInterval rx;

  const RingInterval& of(Direction direction) const {
    return direction == Direction::kTx ? tx : rx;
  }
};

// What a sync of a receive ring passes on to the other side, host or card (NR_FORWARD).
struct Forward {
  bool all = false;  // every slot that is given back, not only those with NS_FORWARD
  // Transmit rings for what the host sent; null if the program has not all of the card's.
  Ring* tx = nullptr;
  uint32_t tx_count = 0;
  uint32_t moved = 0;  // to them: they have to be synced
};

class Port : public ListNode<struct PortList> {
 public:
  Port(platform::Environment& environment, const char* name, memory::Region& region);
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  const char* name() const { return name_; }
  const void* name_space() const { return name_space_; }
  // Control path, under the control mutex: see Control::RenamePort.
  void Rename(const char* name, const void* name_space);
  const PortShape& shape() const { return shape_; }
  uint16_t rings(Direction direction) const {
    return direction == Direction::kTx ? shape_.tx_rings : shape_.rx_rings;
  }
  // Host rings that there are now: one, unless the first to open the port asked for more.
  uint16_t host_rings(Direction direction) const {
    return host_rings_[static_cast<uint32_t>(direction)];
  }
  bool IsHostRing(const Ring& ring) const { return ring.id() >= rings(ring.direction()); }
  // Takes effect only while nobody has the port open, and if it has host rings; 0: as before.
  // kInvalid: more than there can be.
  Status SetHostRings(uint16_t tx, uint16_t rx);
  uint32_t slots(Direction direction) const {
    return direction == Direction::kTx ? shape_.tx_slots : shape_.rx_slots;
  }
  Ring& ring(Direction direction, uint16_t i) {
    return rings_[static_cast<uint32_t>(direction)][i];
  }
  // Where several rings of a direction are waited on together.
  platform::Notifier& notifier(Direction direction) {
    return *port_notifiers_[static_cast<uint32_t>(direction)];
  }
  memory::Region& region() { return *region_; }
  // Takes effect only while nobody has the port open; returns whether it did.
  bool UseRegion(memory::Region& region);
  // Back to the region the port was made with, and to one host ring each way, if nobody has it
  // open.
  void BackToDefaults();
  uint32_t users() const { return users_; }
  bool gone() const { return gone_.load(std::memory_order_relaxed); }

  // Makes the selected rings usable and counts this binding. Errors, and everything is undone:
  // kBusy (exclusive use), kNoMemory, kInvalid, kNoDevice (the device is gone).
  Status Bind(const RingSelection& selection, bool exclusive);
  // Starts what Bind made: rings without a backend get one. Failures as above; call Unbind then.
  Status Activate(const RingSelection& selection);
  // Undoes Bind, and Activate as far as it came. `extra` may name one more holder that leaves.
  void Unbind(const RingSelection& selection, memory::BufferHolder* extra);

  // Any context. The device is gone: rings become zombies, waiters are woken. The port stays until
  // unbound.
  void Kill();

  // Control path, under the control mutex, now and then: looks after what stands behind the port.
  virtual void Watchdog() {}

  // --- What kinds of port differ in
  // ---------------------------------------------------------------

  virtual bool supports_offsets() const = 0;
  // Checked when the port is opened for receiving: kInvalid if frames might not fit, kIo.
  virtual Status CheckBuffers(uint32_t /*buffer_bytes*/) const { return kOkStatus; }
  // Any context. The device is gone: whoever has it besides programs is told too.
  virtual void KillOthers() {}
  // Data path. Syncs a receive ring, passing on what `forward` says; ports without a host pass
  // nothing on.
  virtual ring::SyncResult SyncForwarding(Ring& ring, Forward&) { return ring.Sync(); }
  // An interrupt for this ring may come again. Data path.
  virtual void Arm(Ring&) {}
  // Control path, under the control mutex, after Kill: what stands behind the port goes for good.
  // Afterwards the port touches nothing outside of core; see Control::AbandonPort.
  virtual void Abandon() {}
  // The end of a port that goes with its last user: one made by a request, or abandoned. What is
  // not made by New stays.
  virtual void Delete() {}

  // Set by who made it: nobody else will call Delete.
  bool goes_with_last_user = false;

 protected:
  ~Port() = default;

  // Allocates the ring objects. kNoMemory.
  Status Shape(const PortShape& shape);
  // Frees what Shape made. Nobody may have the port bound.
  void Unshape();

  // First user came, last user goes: e.g. map the region for the device.
  virtual Status Open() { return kOkStatus; }
  virtual void Close() {}
  // Gives a created ring a backend and calls ring.Start; or takes it away after ring.Stop.
  virtual Status StartRing(Ring& ring) = 0;
  virtual void StopRing(Ring& ring) = 0;

  platform::Environment& environment_;

 private:
  // Hardware rings and all host rings that there can be.
  uint16_t all_rings(Direction direction) const { return rings(direction) + shape_.host_rings; }
  template <typename Visitor>
  void ForEach(const RingSelection& selection, Visitor&& visit);
  Status CheckExclusive(const RingSelection& selection, bool exclusive);
  Status CreateRings(const RingSelection& selection);
  void ReleaseRings(const RingSelection& selection, memory::BufferHolder* extra);

  char name_[kNameBytes] = {};
  const void* name_space_ = nullptr;
  memory::Region* region_;
  memory::Region* const home_region_;
  PortShape shape_;
  uint16_t host_rings_[2] = {};
  Ring* rings_[2] = {};
  platform::Notifier** ring_notifiers_[2] = {};
  platform::Notifier* port_notifiers_[2] = {};
  memory::BufferHolder** leaving_ = nullptr;  // scratch of Unbind: no memory is needed to close
  uint32_t users_ = 0;
  std::atomic<bool> gone_{false};
};

}  // namespace mapwire::port

#endif  // CORE_PORT_PORT_H_
