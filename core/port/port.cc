// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/port/port.h"

#include "core/platform/check.h"
#include "core/platform/yield.h"

namespace mapwire::port {

using platform::NewArray;
using ring::RingState;

namespace {

// Receive first: receive rings get the lower buffers.
constexpr Direction kBothWays[] = {Direction::kRx, Direction::kTx};

constexpr uint32_t Side(Direction direction) { return static_cast<uint32_t>(direction); }

}  // namespace

Port::Port(platform::Environment& environment, const char* name, memory::Region& region)
    : environment_(environment), region_(&region), home_region_(&region) {
  Rename(name, nullptr);
}

void Port::Rename(const char* name, const void* name_space) {
  uint32_t length = 0;
  while (length + 1 < kNameBytes && name[length] != '\0') ++length;
  __builtin_memcpy(name_, name, length);
  name_[length] = '\0';
  name_space_ = name_space;
}

Status Port::Shape(const PortShape& shape) {
  shape_ = shape;
  host_rings_[0] = host_rings_[1] = shape.host_rings == 0 ? 0 : 1;
  platform::Heap& heap = environment_.heap();
  for (const Direction direction : kBothWays) {
    const uint32_t side = Side(direction);
    const uint16_t count = all_rings(direction);
    port_notifiers_[side] = environment_.NewNotifier();
    if (port_notifiers_[side] == nullptr) return Errno::kNoMemory;
    if (count == 0) continue;
    ring_notifiers_[side] = NewArray<platform::Notifier*>(heap, count);
    if (ring_notifiers_[side] == nullptr) return Errno::kNoMemory;
    rings_[side] = static_cast<Ring*>(heap.Allocate(count * sizeof(Ring)));
    if (rings_[side] == nullptr) return Errno::kNoMemory;
    for (uint16_t i = 0; i < count; ++i) new (&rings_[side][i]) Ring(direction, i);
    for (uint16_t i = 0; i < count; ++i) {
      ring_notifiers_[side][i] = environment_.NewNotifier();
      if (ring_notifiers_[side][i] == nullptr) return Errno::kNoMemory;
      rings_[side][i].SetNotifiers(ring_notifiers_[side][i], port_notifiers_[side]);
    }
  }
  leaving_ = NewArray<memory::BufferHolder*>(
      heap, all_rings(Direction::kTx) + all_rings(Direction::kRx) + 1u);
  return leaving_ == nullptr ? Status(Errno::kNoMemory) : kOkStatus;
}

// Also undoes a Shape that stopped halfway.
void Port::Unshape() {
  MW_CHECK(users_ == 0);
  platform::Heap& heap = environment_.heap();
  for (const Direction direction : kBothWays) {
    const uint32_t side = Side(direction);
    if (ring_notifiers_[side] != nullptr) {
      for (uint16_t i = 0; i < all_rings(direction); ++i) {
        if (ring_notifiers_[side][i] != nullptr) {
          environment_.DeleteNotifier(ring_notifiers_[side][i]);
        }
      }
    }
    if (port_notifiers_[side] != nullptr) environment_.DeleteNotifier(port_notifiers_[side]);
    if (rings_[side] != nullptr) {
      for (uint16_t i = 0; i < all_rings(direction); ++i) rings_[side][i].~Ring();
    }
    heap.Free(ring_notifiers_[side]);
    heap.Free(rings_[side]);
    ring_notifiers_[side] = nullptr;
    port_notifiers_[side] = nullptr;
    rings_[side] = nullptr;
  }
  heap.Free(leaving_);
  leaving_ = nullptr;
}

bool Port::UseRegion(memory::Region& region) {
  if (users_ > 0) return false;
  region_ = &region;
  return true;
}

Status Port::SetHostRings(uint16_t tx, uint16_t rx) {
  if (users_ > 0 || shape_.host_rings == 0) return kOkStatus;
  if (tx > shape_.host_rings || rx > shape_.host_rings) return Errno::kInvalid;
  if (tx != 0) host_rings_[Side(Direction::kTx)] = tx;
  if (rx != 0) host_rings_[Side(Direction::kRx)] = rx;
  return kOkStatus;
}

void Port::BackToDefaults() {
  if (UseRegion(*home_region_)) (void)SetHostRings(1, 1);
}

template <typename Visitor>
void Port::ForEach(const RingSelection& selection, Visitor&& visit) {
  for (const Direction direction : kBothWays) {
    const RingInterval& interval = selection.of(direction);
    for (uint16_t i = interval.first; i < interval.last; ++i) visit(ring(direction, i));
  }
}

Status Port::CheckExclusive(const RingSelection& selection, bool exclusive) {
  Status status = kOkStatus;
  ForEach(selection, [&](Ring& ring) {
    if (ring.exclusive || (exclusive && ring.users > 0)) status = Errno::kBusy;
  });
  return status;
}

Status Port::Bind(const RingSelection& selection, bool exclusive) {
  if (gone()) return Errno::kNoDevice;
  MW_TRY(CheckExclusive(selection, exclusive));
  MW_TRY(region_->AddUser());
  if (users_ == 0) {
    Status status = selection.rx.empty() ? kOkStatus : CheckBuffers(region_->buffer_bytes());
    if (status.ok()) status = Open();
    if (!status.ok()) {
      region_->RemoveUser();
      return status;
    }
  }
  ++users_;
  ForEach(selection, [&](Ring& ring) {
    ++ring.users;
    ring.exclusive = exclusive;
  });
  const Status created = CreateRings(selection);
  if (!created.ok()) Unbind(selection, nullptr);
  return created;
}

Status Port::CreateRings(const RingSelection& selection) {
  Status status = kOkStatus;
  ForEach(selection, [&](Ring& ring) {
    if (!status.ok() || ring.created()) return;
    status = ring.Create(*region_, environment_.heap(), slots(ring.direction()));
    if (status.ok()) status = ring.FillBuffers();
  });
  return status;
}

Status Port::Activate(const RingSelection& selection) {
  if (gone()) return Errno::kNoDevice;
  Status status = kOkStatus;
  ForEach(selection, [&](Ring& ring) {
    if (status.ok() && ring.state() == RingState::kOff) status = StartRing(ring);
  });
  return status;
}

void Port::Unbind(const RingSelection& selection, memory::BufferHolder* extra) {
  ForEach(selection, [&](Ring& ring) {
    MW_CHECK(ring.users > 0);
    --ring.users;
    ring.exclusive = false;  // if it was set, this binding was the only one
    if (ring.users > 0 || !ring.created() || ring.state() == RingState::kOff) return;
    ring.Stop();
    MW_CHECK(ring.Quiesce(environment_.sleeper()).ok());
    StopRing(ring);
  });
  ReleaseRings(selection, extra);
  MW_CHECK(users_ > 0);
  --users_;
  if (users_ == 0) Close();
  region_->RemoveUser();
  BackToDefaults();
}

void Port::ReleaseRings(const RingSelection& selection, memory::BufferHolder* extra) {
  uint32_t count = 0;
  ForEach(selection, [&](Ring& ring) {
    if (ring.users == 0 && ring.created() && ring.linked()) leaving_[count++] = &ring;
  });
  if (extra != nullptr) leaving_[count++] = extra;
  if (count > 0) region_->ReleaseHolders(leaving_, count);
  ForEach(selection, [&](Ring& ring) {
    if (ring.users == 0 && ring.created()) ring.Destroy(environment_.heap());
  });
}

void Port::Kill() {
  platform::YieldPoint();
  gone_.store(true, std::memory_order_relaxed);
  ForEach({{0, all_rings(Direction::kTx)}, {0, all_rings(Direction::kRx)}},
          [](Ring& ring) { ring.Kill(); });
  KillOthers();
}

}  // namespace mapwire::port
