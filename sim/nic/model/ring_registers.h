// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The registers of descriptor rings: where a ring is, its head, its tail; and what software may do
// to them while the ring is off and while it is on.
#ifndef SIM_NIC_MODEL_RING_REGISTERS_H_
#define SIM_NIC_MODEL_RING_REGISTERS_H_

#include <cstdint>

#include "sim/nic/model/descriptor_cache.h"
#include "sim/nic/model/register_space.h"

namespace mapwire::sim {

// One register of each queue, in one array.
template <typename R>
struct QueueRegister {
  static uint32_t Raw(const RegisterSpace& registers, uint32_t queue) {
    return registers.Raw<R>(queue);
  }
  static void Set(RegisterSpace& registers, uint32_t queue, uint32_t value) {
    registers.Set<R>(value, queue);
  }
};

// One register of each queue, in two arrays: `High` has those that `Low` has no room for.
template <typename Low, typename High>
struct SplitQueueRegister {
  static uint32_t Raw(const RegisterSpace& registers, uint32_t queue) {
    return queue < Low::kCount ? registers.Raw<Low>(queue)
                               : registers.Raw<High>(queue - Low::kCount);
  }
  static void Set(RegisterSpace& registers, uint32_t queue, uint32_t value) {
    if (queue < Low::kCount) {
      registers.Set<Low>(value, queue);
    } else {
      registers.Set<High>(value, queue - Low::kCount);
    }
  }
};

// How a part calls it, in reports.
struct RingWords {
  const char* head_while_on;
  const char* moved_while_on;
  const char* tail_while_off;
  const char* tail_beyond;
  const char* tail_backwards;
  // The number in the first three is the queue; otherwise what was written.
  bool queue_told = false;
};

// Each argument of the template is a QueueRegister or a SplitQueueRegister. Registers are stored
// where the space keeps them; what is in use of a ring that is on stands in its descriptor cache.
template <typename Low, typename High, typename Length, typename Head, typename Tail>
class RingRegisters {
 public:
  RingRegisters(RegisterSpace& registers, const RingWords& words)
      : registers_(registers), words_(words) {}

  // What an enable finds.
  RingPlace Place(uint32_t queue) const {
    const uint64_t high = High::Raw(registers_, queue);
    return {.base = high << 32 | Low::Raw(registers_, queue),
            .bytes = Length::Raw(registers_, queue),
            .head = Head::Raw(registers_, queue),
            .tail = Tail::Raw(registers_, queue)};
  }
  // The ring has come to rest.
  template <typename Cache>
  void TurnOff(Cache& ring, uint32_t queue) {
    Head::Set(registers_, queue, ring.head);
    ring.state = QueueState::kOff;
  }

  template <typename Cache>
  uint32_t ReadHead(const Cache& ring, uint32_t queue) const {
    return ring.shows_enabled() ? ring.head : Head::Raw(registers_, queue);
  }
  template <typename Cache>
  void WriteHead(const Cache& ring, uint32_t queue, uint32_t value) {
    if (ring.shows_enabled()) {
      Report(DriverError::kIllegalOrder, words_.head_while_on, queue, value);
      return;
    }
    Head::Set(registers_, queue, value);
  }
  // Register: one that says where the ring, or something of it, is.
  template <typename Register, typename Cache>
  void WriteGeometry(const Cache& ring, uint32_t queue, uint32_t value) {
    if (ring.state != QueueState::kOff) {
      Report(DriverError::kIllegalOrder, words_.moved_while_on, queue, value);
      return;
    }
    Register::Set(registers_, queue, value);
  }
  // True if descriptors were given. The tail of a ring that is off may be cleared, not moved: such
  // a doorbell is lost.
  template <typename Cache>
  bool WriteTail(Cache& ring, uint32_t queue, uint32_t value) {
    if (!ring.on()) {
      if (value == Head::Raw(registers_, queue) && !ring.shows_enabled()) {
        Tail::Set(registers_, queue, value);
      } else {
        Report(DriverError::kDisabledQueue, words_.tail_while_off, queue, value);
      }
      return false;
    }
    switch (CheckTail(ring, value)) {
      case TailVerdict::kOutOfRange:
        registers_.Report(DriverError::kBadGeometry, words_.tail_beyond, value);
        return false;
      case TailVerdict::kBackwards:
        registers_.Report(DriverError::kIllegalOrder, words_.tail_backwards, value);
        return false;
      case TailVerdict::kGood:
        break;
    }
    Tail::Set(registers_, queue, value);
    ring.tail = value;
    return true;
  }

 private:
  void Report(DriverError error, const char* what, uint32_t queue, uint32_t value) {
    registers_.Report(error, what, words_.queue_told ? queue : value);
  }

  RegisterSpace& registers_;
  const RingWords& words_;
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_MODEL_RING_REGISTERS_H_
