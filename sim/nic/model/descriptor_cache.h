// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A descriptor ring in memory as one queue of a model sees it, with its on-chip descriptors.
#ifndef SIM_NIC_MODEL_DESCRIPTOR_CACHE_H_
#define SIM_NIC_MODEL_DESCRIPTOR_CACHE_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "sim/nic/model/dma_port.h"
#include "sim/nic/model/register_space.h"

namespace mapwire::sim {

// Where a queue is between off and on. What of enabling and disabling takes time is a matter of the
// model. A broken queue is on and makes no progress.
enum class QueueState : uint8_t { kOff, kEnabling, kOn, kDisabling };

// Where a ring is, as its registers say.
struct RingPlace {
  uint64_t base = 0;
  uint32_t bytes = 0;
  uint32_t head = 0;
  uint32_t tail = 0;
};

// The part of a queue that receive and transmit share. Ring positions go
//   head (done, in memory) .. next (taken by the engine) .. fetch (on chip) .. tail (given).
template <typename Descriptor>
struct DescriptorCacheOf {
  static constexpr uint32_t kSpace = 64;

  QueueState state = QueueState::kOff;
  bool broken = false;
  bool discard = false;  // the read under way belongs to a ring that is gone
  uint64_t base = 0;
  uint32_t size = 0;  // of the ring, in descriptors
  uint32_t head = 0;
  uint32_t fetch = 0;
  uint32_t tail = 0;
  uint32_t first = 0;     // oldest descriptor on chip
  uint32_t cached = 0;    // descriptors on chip
  uint32_t fetching = 0;  // descriptors in the read under way
  std::array<Descriptor, kSpace> space;

  bool on() const { return state == QueueState::kOn; }
  bool shows_enabled() const { return state == QueueState::kOn || state == QueueState::kDisabling; }
  uint32_t Distance(uint32_t from, uint32_t to) const {
    return to >= from ? to - from : to + size - from;
  }
  uint32_t Advance(uint32_t position, uint32_t by) const {
    const uint32_t sum = position + by;
    return sum >= size ? sum - size : sum;
  }
  // The ring position of the oldest descriptor on chip.
  uint32_t next() const {
    const uint32_t back = cached + fetching;
    return fetch >= back ? fetch - back : fetch + size - back;
  }
  // Descriptors that hardware owns and the engine has not taken.
  uint32_t owned() const { return cached + fetching + Distance(fetch, tail); }

  Descriptor Take() {
    const Descriptor descriptor = space[first];
    first = (first + 1) % kSpace;
    --cached;
    return descriptor;
  }

  void Start(const RingPlace& place) {
    broken = false;
    base = place.base;
    size = place.bytes / static_cast<uint32_t>(sizeof(Descriptor));
    head = fetch = place.head;
    tail = place.tail;
    first = cached = 0;
  }
  // Forgets what is on chip; a read under way will be thrown away.
  void Stop() {
    fetch = next();
    cached = 0;
    discard = fetching != 0;
  }

  // Starts one read of up to `batch` descriptors, not across the end of ring or space.
  void Prefetch(DmaPort& dma, DmaKind kind, uint32_t queue, uint32_t batch) {
    if (!on() || broken || fetching != 0 || !dma.enabled()) return;
    const uint32_t given = Distance(fetch, tail);
    if (given == 0 || kSpace - cached < std::min(batch, given)) return;
    const uint32_t into = (first + cached) % kSpace;
    fetching = std::min({batch, given, size - fetch, kSpace - into});
    dma.Read(kind, queue, base + uint64_t{fetch} * sizeof(Descriptor), &space[into],
             fetching * static_cast<uint32_t>(sizeof(Descriptor)));
    fetch = Advance(fetch, fetching);
  }
  // The read ended. False if its descriptors are of no use.
  bool Fetched(bool ok) {
    const uint32_t count = fetching;
    fetching = 0;
    if (discard) {
      discard = false;
      return false;
    }
    if (!ok) {
      broken = true;
      return false;
    }
    cached += count;
    return true;
  }
};

// Checks what software wrote into a tail register. The ring must be on.
enum class TailVerdict : uint8_t { kGood, kOutOfRange, kBackwards };
template <typename Descriptor>
TailVerdict CheckTail(const DescriptorCacheOf<Descriptor>& ring, uint32_t tail) {
  if (tail >= ring.size) return TailVerdict::kOutOfRange;
  if (ring.Distance(ring.head, tail) < ring.Distance(ring.head, ring.tail)) {
    return TailVerdict::kBackwards;
  }
  return TailVerdict::kGood;
}

// What a part demands of a ring, in bytes.
struct RingDemands {
  uint32_t base_alignment;
  uint32_t length_alignment;
  uint32_t longest;
  uint32_t descriptor;
};

// What an enable finds in the registers of a ring; false after reporting it.
inline bool GoodGeometry(RegisterSpace& registers, const RingDemands& demands,
                         const RingPlace& place) {
  const uint32_t size = place.bytes / demands.descriptor;
  const auto aligned = [](const char* what, uint32_t to) {
    return std::string(what) + std::to_string(to) + " bytes:";
  };
  if (place.base % demands.base_alignment != 0) {
    registers.Report(DriverError::kBadGeometry,
                     aligned("ring base is not aligned to ", demands.base_alignment),
                     static_cast<uint32_t>(place.base));
    return false;
  }
  if (place.bytes == 0 || place.bytes % demands.length_alignment != 0 ||
      place.bytes > demands.longest) {
    registers.Report(DriverError::kBadGeometry,
                     aligned("ring length is not a multiple of ", demands.length_alignment),
                     place.bytes);
    return false;
  }
  if (place.head >= size || place.tail >= size) {
    registers.Report(DriverError::kBadGeometry, "head or tail beyond the ring:", place.tail);
    return false;
  }
  return true;
}

}  // namespace mapwire::sim

#endif  // SIM_NIC_MODEL_DESCRIPTOR_CACHE_H_
