// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The data path of a session, and its unbinding.
#include "core/control/session.h"

#include "core/control/request.h"
#include "core/platform/check.h"
#include "core/platform/work.h"
#include "core/ring/ring_layout.h"

namespace mapwire::control {

using memory::PoolKind;
using port::Direction;
using ring::Ring;
using ring::SyncResult;

Status Session::Ioctl(platform::UserMemory& user, uint32_t command, UserAddress argument) {
  switch (command) {
    case NIOCTXSYNC:
      return TxSync();
    case NIOCRXSYNC:
      return RxSync();
    case NIOCCTRL:
      return ControlRequest(user, argument);
    case NIOCREGIF:
      return LegacyRegister(user, argument);
    case NIOCGINFO:
      return LegacyInfo(user, argument);
    // No switch has an external configuration hook.
    case NIOCCONFIG:
      return Errno::kInvalid;
    default:
      return Errno::kNotSupported;
  }
}

// One ring is what a program with a thread per ring has: nothing lives across its sync.
Status Session::TxSync() {
  Ring* const ring = only_tx_.load(std::memory_order_acquire);
  if (ring == nullptr) [[unlikely]]
    return TxSyncAll();
  const SyncResult result = ring->Sync();
  if (result != SyncResult::kDone) [[unlikely]]
    return AfterSync(result);
  return kOkStatus;
}

// What else happened to a ring is told in the ring itself.
[[gnu::cold]] Status Session::AfterSync(SyncResult result) {
  return result == SyncResult::kZombie ? Errno::kIo : Errno::kOk;
}

Status Session::TxSyncAll() {
  if (!bound()) return Errno::kNoDevice;
  Status status = kOkStatus;
  for (uint32_t i = 0; i < tx_count_; ++i) {
    const Status one = AfterSync(tx_[i].Sync());
    if (!one.ok()) status = one;
  }
  return status;
}

Status Session::RxSync() {
  Ring* const ring = only_rx_.load(std::memory_order_acquire);
  if (ring == nullptr) [[unlikely]]
    return RxSyncAll();
  return RxSyncOne(*ring);
}

Status Session::RxSyncAll() {
  if (!bound()) return Errno::kNoDevice;
  Status status = kOkStatus;
  for (uint32_t i = 0; i < rx_count_; ++i) {
    const Status one = RxSyncOne(rx_[i]);
    if (!one.ok()) status = one;
  }
  return status;
}

inline SyncResult Session::SyncRx(Ring& ring, bool* moved) {
  const bool forward =
      can_forward_ && (forward_all_ || (ring.LoadFlags() & ring::kRingForward) != 0);
  if (forward) [[unlikely]]
    return SyncForwarding(ring, moved);
  return ring.Sync();
}

SyncResult Session::SyncForwarding(Ring& ring, bool* moved) {
  port::Forward forward{.all = forward_all_};
  // What the host sent may go out by any ring of the card, so they must all be the program's.
  const uint16_t all = port_->rings(Direction::kTx);
  if (selection_.tx.first == 0 && selection_.tx.last >= all) {
    forward.tx = tx_;
    forward.tx_count = all;
  }
  const SyncResult result = port_->SyncForwarding(ring, forward);
  if (moved != nullptr && forward.moved != 0) *moved = true;
  return result;
}

Status Session::RxSyncOne(Ring& ring) {
  // The program's next sync of its transmit rings sends what was moved there. (A place for the
  // answer on the stack would have to be guarded.)
  const SyncResult result = SyncRx(ring, nullptr);
  // The time of a ring that another thread is in is that thread's business.
  if (result >= SyncResult::kBusy) [[unlikely]]
    return AfterSync(result);
  if (always_stamp_ || (ring.LoadFlags() & ring::kRingTimestamp) != 0) ring.StampTime(clock_.Now());
  return kOkStatus;
}

uint32_t Session::Poll(uint32_t events, platform::PollRegistrar* registrar, bool may_sleep) {
  if (!bound() || port_->gone()) return kPollErr;
  const uint32_t tx_events = events & (kPollOut | kPollWriteNormal);
  const uint32_t rx_events = events & (kPollIn | kPollReadNormal);
  bool want_tx = tx_events != 0;
  const bool want_rx = rx_events != 0;
  // A wake-up that comes after this line is not lost: it finds us on the queue.
  if (registrar != nullptr) WaitOn(*registrar);
  uint32_t ready = 0;
  for (bool armed = false;; armed = true) {
    if ((want_tx || !no_tx_poll_) && PollTx(want_tx, ready)) ready |= tx_events;
    if (want_rx && PollRx(ready)) ready |= rx_events;
    if (ready != 0 || armed || !may_sleep) return ready;
    // Nothing yet: let interrupts come, then look once more at what came before they could.
    ArmAll(want_tx, want_rx);
  }
}

// Pushes what is pending; true if a ring has room that the program waits for. After the first one
// the others are only pushed.
bool Session::PollTx(bool& wanted, uint32_t& events) {
  bool ready = false;
  for (uint32_t i = 0; i < tx_count_; ++i) {
    Ring& ring = tx_[i];
    if (!wanted && !ring.HasPending()) continue;
    platform::AccountWork(platform::Work::kRingScan, 1);
    const SyncResult result = ring.Sync();
    if (result == SyncResult::kBusy) continue;
    if (result != SyncResult::kDone) events |= kPollErr;
    if (wanted && ring.Ready()) {
      ready = true;
      wanted = false;
    }
  }
  return ready;
}

// True if a ring has what the program waits for.
bool Session::PollRx(uint32_t& events) {
  bool moved = false;
  const bool ready = ScanRx(events, moved);
  if (!moved) [[likely]]
    return ready;
  // What was forwarded to the card goes out now, and what that has brought is seen.
  bool only_push = false;
  (void)PollTx(only_push, events);
  return ScanRx(events, moved) || ready;
}

bool Session::ScanRx(uint32_t& events, bool& moved) {
  bool ready = false;
  const platform::TimeOfDay now = clock_.Now();
  for (uint32_t i = 0; i < rx_count_; ++i) {
    Ring& ring = rx_[i];
    platform::AccountWork(platform::Work::kRingScan, 1);
    const SyncResult result = SyncRx(ring, &moved);
    if (result == SyncResult::kBusy) continue;
    if (result != SyncResult::kDone) events |= kPollErr;
    if (result == SyncResult::kZombie || result == SyncResult::kOff) continue;
    if (always_stamp_ || (ring.LoadFlags() & ring::kRingTimestamp) != 0) ring.StampTime(now);
    ready = ready || ring.Ready();
  }
  return ready;
}

void Session::ArmAll(bool tx, bool rx) {
  for (uint32_t i = 0; rx && i < rx_count_; ++i) port_->Arm(rx_[i]);
  for (uint32_t i = 0; tx && i < tx_count_; ++i) {
    // Both directions of a pair share their interrupt.
    const bool armed = rx && selection_.rx.Contains(tx_[i].id());
    if (!armed) port_->Arm(tx_[i]);
  }
}

// On both directions, whatever the events: who waits for packets also learns of transmit progress.
void Session::WaitOn(platform::PollRegistrar& registrar) {
  if (tx_count_ == 1) {
    registrar.WaitOn(*tx_[0].notifier());
  } else if (tx_count_ > 1) {
    registrar.WaitOn(port_->notifier(Direction::kTx));
  }
  if (rx_count_ == 1) {
    registrar.WaitOn(*rx_[0].notifier());
  } else if (rx_count_ > 1) {
    registrar.WaitOn(port_->notifier(Direction::kRx));
  }
}

Result<platform::PageSpace*> Session::Map(uint64_t offset, uint64_t bytes) const {
  if (!bound() || bytes == 0 || !region_->Contains(offset, bytes)) return Errno::kInvalid;
  return region_->pages();
}

// The list starts in the netmap_if and goes through the first word of each buffer. All of it is the
// program's to write: every index is checked, and a circle ends after as many steps as there are
// buffers.
void Session::MarkNamed(const memory::Region& region, memory::Bitmap& marks) {
  char* const header = static_cast<char*>(region.Address(PoolKind::kInterfaces, interface_));
  const platform::Untrusted<uint32_t> first(
      reinterpret_cast<uint32_t*>(header + offsetof(netmap_if, ni_bufs_head)));
  uint32_t index = first.Load();
  for (uint32_t steps = 0; index != 0; ++steps) {
    const bool legal = index >= memory::kReservedBuffers &&
                       region.IsAllocated(PoolKind::kBuffers, index) &&
                       steps < region.buffer_count();
    if (!legal) {
      // While the session lives, a list that has been used up says nothing yet.
      if (leaving_) control_.RecordExtraList(steps, index);
      return;
    }
    marks.Set(index);
    const platform::Untrusted<uint32_t> next(
        static_cast<uint32_t*>(region.Address(PoolKind::kBuffers, index)));
    index = next.Load();
  }
}

void Session::Unbind() {
  only_tx_.store(nullptr, std::memory_order_release);
  only_rx_.store(nullptr, std::memory_order_release);
  bound_.store(false, std::memory_order_release);
  if (region_ == nullptr) return;
  leaving_ = true;
  if (rings_bound_) {
    port_->Unbind(selection_, linked() ? this : nullptr);
    DropPort(*port_);
  }
  if (has_interface_) region_->Free(PoolKind::kInterfaces, interface_);
  region_->RemoveUser();
  region_ = nullptr;
  port_ = nullptr;
  tx_ = rx_ = nullptr;
  tx_count_ = rx_count_ = 0;
  selection_ = port::RingSelection();
  rings_bound_ = has_interface_ = exclusive_ = no_tx_poll_ = leaving_ = false;
  extra_buffers_ = 0;
}

}  // namespace mapwire::control
