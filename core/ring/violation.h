// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What a program (or a device) did wrong on a ring: the rules, and the record kept of it.
#ifndef CORE_RING_VIOLATION_H_
#define CORE_RING_VIOLATION_H_

#include <cstdint>

namespace mapwire::ring {

// Numbers are part of the ABI of net/mapwire.h: append only.
enum class Rule : uint8_t {
  kNone = 0,
  kHeadRange = 1,        // head is not below the number of slots
  kHeadWindow = 2,       // head moved backwards or past tail
  kCurRange = 3,         // cur is not below the number of slots
  kCurWindow = 4,        // cur is not between head and tail
  kBufferIndex = 5,      // a slot names no usable buffer: reserved, out of range or not present
  kLength = 6,           // a slot is longer than its buffer; it was cut
  kLengthZero = 7,       // a transmitted frame has a fragment without bytes
  kFrameUnfinished = 8,  // head stands inside a frame of several slots
  kFrameFragments = 9,   // a frame has more slots than the device can take
  kFrameLength = 10,     // a frame is longer than the device can send
  kOffset = 11,          // a slot's offset is above the maximum declared; it was cut
  kDeviceLength = 12,    // the device reported more bytes than the buffer holds; cut
  kDeviceIndex = 13,     // the device reported an index outside what it was given
  kExtraList = 14,       // a list of extra buffers names something it must not, or a cycle
};
inline constexpr uint32_t kRules = 15;

struct Violation {
  Rule rule = Rule::kNone;
  uint32_t slot = 0;   // where; for index rules the position core holds instead
  uint64_t value = 0;  // what was found
};

// Private record per ring; a copy of the last violation is published in the ring (read only for
// programs in effect: core never reads it back).
struct ViolationLog {
  Violation last;
  uint64_t count[kRules] = {};

  uint64_t total() const {
    uint64_t sum = 0;
    for (const uint64_t c : count) sum += c;
    return sum;
  }
};

// A short lower-case name, for operators: "head-window".
const char* RuleName(Rule rule);

}  // namespace mapwire::ring

#endif  // CORE_RING_VIOLATION_H_
