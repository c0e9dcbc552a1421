// What went over a line, counted from the frames themselves: the truth that a card's statistics
// registers are compared with. It knows no card.
#ifndef SIM_VFIO_USER_TALLY_H_
#define SIM_VFIO_USER_TALLY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/net/frame.h"

namespace mapwire::sim::vfio_user {

// Of one direction. Bytes and sizes take the length from destination address to CRC. Pause frames
// are counted apart and nowhere else: drivers leave them out too.
class Tally {
 public:
  // Names of the size classes: the least number of bytes in each.
  static constexpr std::array<size_t, 7> kSizes = {0, 64, 65, 128, 256, 512, 1024};

  void Count(const Frame& frame);
  // An object of JSON: frames, bytes, multicast (without broadcast), broadcast, pauses, bad_crc,
  // from_0, from_64, from_65 ... from_1024.
  std::string Json() const;

 private:
  uint64_t frames_ = 0;
  uint64_t bytes_ = 0;
  uint64_t multicast_ = 0;
  uint64_t broadcast_ = 0;
  uint64_t pauses_ = 0;
  uint64_t bad_crc_ = 0;
  std::array<uint64_t, kSizes.size()> sizes_ = {};
};

}  // namespace mapwire::sim::vfio_user

#endif  // SIM_VFIO_USER_TALLY_H_
