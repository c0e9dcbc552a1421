// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A ring: the shared slots a program sees, the private truth core keeps, and the filter between.
//
// Every sync goes through Sync(): it reads head and cur of the client once, checks them, lets the
// backend move slots, and publishes. Trusted indices live here, never in shared memory.
#ifndef CORE_RING_RING_H_
#define CORE_RING_RING_H_

#include <atomic>
#include <cstdint>

#include "core/base/status.h"
#include "core/memory/region.h"
#include "core/platform/check.h"
#include "core/platform/environment.h"
#include "core/platform/untrusted.h"
#include "core/platform/yield.h"
#include "core/ring/cyclic.h"
#include "core/ring/slots.h"
#include "core/ring/violation.h"

namespace mapwire::ring {

class Ring;

enum class Direction : uint8_t { kTx, kRx };

// docs/locking.md has the table: what each entry point does in each state, and who moves it.
enum class RingState : uint8_t {
  kOff,     // no client
  kUser,    // in use by its client: programs, or the operating system
  kLocked,  // a reset is in progress: syncs are skipped, waiters are woken when it is over
  kZombie,  // the device is gone: syncs fail, the program must close
};

enum class SyncResult : uint8_t {
  kDone,
  kViolation,  // head, cur or a slot was refused; see violations()
  kError,      // the backend could not
  // From here on the ring was not synced.
  kBusy,  // another thread is inside: skipped, it will be notified
  kZombie,
  kOff,  // no client; nothing was done
};

// What stands behind a ring and moves its slots: a NIC queue, a pipe, nothing.
class RingBackend {
 public:
  // Data path, one caller per ring at a time. Takes over slots [ring.hwcur(), head) and gives back
  // what is finished by moving hwcur and hwtail. An error leaves the ring consistent; kInvalid
  // means that a slot was refused (and recorded).
  virtual Status Sync(Ring& ring, uint32_t head) = 0;

 protected:
  ~RingBackend() = default;
};

// Who looks at slots that a client gives back before they are anybody else's.
class Releasing {
 public:
  // Inside a sync of `ring`: slots [ring.hwcur(), head) are given back. Data path.
  virtual void BeforeRelease(Ring& ring, uint32_t head) = 0;

 protected:
  ~Releasing() = default;
};

// Where a client says head and cur, and where it is told tail. All in memory the client may write.
struct Client {
  platform::Untrusted<uint32_t> head;
  platform::Untrusted<uint32_t> cur;
  platform::Untrusted<uint32_t> tail;
};

struct RingCounters {
  uint64_t syncs = 0;
  uint64_t slots = 0;       // handed over (tx) or received (rx)
  uint64_t busy_skips = 0;  // syncs skipped because another thread was inside
  uint64_t wakeups = 0;
};

// Parameters of the offsets option; mask 0 means the option is off.
struct OffsetRule {
  uint64_t mask = 0;
  uint32_t max = 0;      // bytes
  uint32_t min_gap = 0;  // bytes a received fragment may use after its offset; 0: all
};

class Ring final : public memory::BufferHolder {
 public:
  Ring(Direction direction, uint16_t id) : direction_(direction), id_(id) {}
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // --- Control path, serialised by the control mutex ---------------------------------------------

  // Makes the shared ring of `slots` slots in `region`, without buffers. kNoMemory undoes all.
  Status Create(memory::Region& region, platform::Heap& heap, uint32_t slots);
  // Gives each slot a buffer. kNoMemory: those handed out are given back by Destroy.
  Status FillBuffers();
  // Frees the shared ring and the private record. The buffers are the region's business: the ring
  // must have left the region's holders (memory::Region::ReleaseHolders) unless it has none.
  void Destroy(platform::Heap& heap);
  // kBusy if an earlier user fixed a rule that does not cover this one.
  Status SetOffsetRule(const OffsetRule& rule, uint32_t initial, bool sole_user);
  // A ring that is off, as if nothing had ever passed through it: indices as Create made them, and
  // in each slot the buffer it had last.
  void Rewind();
  // Off -> user, with the ring's own header as client; or back to off. After Stop a sync may still
  // be inside, and with it the backend in use, until Quiesce has returned.
  void Start(RingBackend& backend);
  void Stop();
  // Waits until no sync is inside. Bounded: a sync never sleeps. kTimedOut means a broken
  // invariant.
  Status Quiesce(platform::Sleeper& sleeper);
  // User -> locked, for a reset of what stands behind the ring; false if it was not in use. After
  // Quiesce the indices and the backend are the caller's until Unlock.
  bool Lock();
  // Locked -> user, if it was not killed meanwhile; wakes all waiters.
  void Unlock();
  // Any state but off -> zombie; wakes all waiters. Any context.
  void Kill();
  // Keeps syncs out for a look at indices and backend; false, and nothing is held, if one is
  // inside. Drop must follow soon: syncs that come meanwhile are skipped, Drop notifies them.
  bool TryHold() { return TryAcquire(); }
  void Drop();

  void MarkNamed(const memory::Region& region, memory::Bitmap& marks) override;

  // --- Data path ---------------------------------------------------------------------------------

  SyncResult Sync();
  // The same, and `first` sees the slots before the backend does.
  SyncResult Sync(Releasing& first);
  // Where the client says its head is now; anything.
  uint32_t LoadHead() const { return client_.head.Load(); }
  // What a program does by writing head and cur, for a client in core. The ring is held: see
  // TryHold.
  void Move(uint32_t head);
  // True if the client has slots to work on that it said it had not seen: cur != tail.
  bool Ready() const { return rcur_ != rtail_; }
  // True if the program moved head since the last accepted one; reads shared memory once.
  bool HasPending() const { return client_.head.Load() != hwcur_; }
  void StampTime(platform::TimeOfDay now);
  // ring->flags as the program set them.
  uint32_t LoadFlags() const;
  // Wakes who waits on this ring, alone or among others of its port. Any context.
  void Notify() {
    platform::YieldPoint();
    ++counters_.wakeups;
    if (notifier_ != nullptr) notifier_->Notify();
    if (port_notifier_ != nullptr) port_notifier_->Notify();
  }

  // --- For backends, inside Sync -----------------------------------------------------------------

  uint32_t hwcur() const { return hwcur_; }
  uint32_t hwtail() const { return hwtail_; }
  void set_hwcur(uint32_t hwcur) {
    MW_CHECK(hwcur < num_slots_);
    hwcur_ = hwcur;
  }
  void set_hwtail(uint32_t hwtail) {
    MW_CHECK(hwtail < num_slots_);
    hwtail_ = hwtail;
  }
  const UntrustedSlots& slots() const { return slots_; }
  // The last buffer known good of each slot: what a device may have been told.
  uint32_t* known_buffers() { return known_buffers_; }
  // The offset each slot's packet was last given to the device with; null without the option.
  uint32_t* known_offsets() { return known_offsets_; }
  void Record(Rule rule, uint32_t slot, uint64_t value);
  void CountSlots(uint32_t count) { counters_.slots += count; }

  // --- Facts -------------------------------------------------------------------------------------

  Direction direction() const { return direction_; }
  uint16_t id() const { return id_; }
  uint32_t num_slots() const { return num_slots_; }
  RingState state() const { return state_.load(std::memory_order_acquire); }
  memory::Region* region() const { return region_; }
  bool created() const { return region_ != nullptr; }
  // Index of the ring object in the region's ring pool.
  uint32_t object() const { return object_; }
  const OffsetRule& offset_rule() const { return offset_rule_; }
  const ViolationLog& violations() const { return violations_; }
  const RingCounters& counters() const { return counters_; }
  uint32_t rhead() const { return rhead_; }
  uint32_t rcur() const { return rcur_; }
  uint32_t rtail() const { return rtail_; }
  platform::Notifier* notifier() const { return notifier_; }
  // `own` for who waits on this ring only, `port` for who waits on several of the direction.
  void SetNotifiers(platform::Notifier* own, platform::Notifier* port) {
    notifier_ = own;
    port_notifier_ = port;
  }

  // Who has the ring bound. Control path.
  uint32_t users = 0;
  bool exclusive = false;

 private:
  bool TryAcquire();
  void Release();
  template <typename First>
  SyncResult SyncAfter(First&& first);
  [[gnu::cold]] SyncResult Failed(Status status);
  [[gnu::cold]] SyncResult RefusePosition(PositionFault fault, uint32_t head, uint32_t cur);
  void RecordPosition(PositionFault fault, uint32_t head, uint32_t cur);
  void Reinitialise();
  void StartFromHere();
  void Publish();
  SyncResult Finish(SyncResult result);
  [[gnu::cold]] SyncResult Leave(RingState state);

  // The part a sync touches, together.
  std::atomic<RingState> state_{RingState::kOff};
  std::atomic<uint32_t> busy_{0};
  const Direction direction_;
  const uint16_t id_;
  uint32_t num_slots_ = 0;
  uint32_t rhead_ = 0;
  uint32_t hwcur_ = 0;
  uint32_t hwtail_ = 0;
  uint32_t rcur_ = 0;
  uint32_t rtail_ = 0;
  Client client_;
  RingBackend* backend_ = nullptr;
  UntrustedSlots slots_;
  uint32_t* known_buffers_ = nullptr;
  uint32_t* known_offsets_ = nullptr;
  RingCounters counters_;

  platform::Notifier* notifier_ = nullptr;
  platform::Notifier* port_notifier_ = nullptr;
  char* header_ = nullptr;  // core's address of the shared ring; only for Untrusted
  memory::Region* region_ = nullptr;
  platform::Heap* heap_ = nullptr;
  uint32_t object_ = 0;
  uint32_t filled_ = 0;  // slots that have been given a buffer
  OffsetRule offset_rule_;
  ViolationLog violations_;
};

}  // namespace mapwire::ring

#endif  // CORE_RING_RING_H_
