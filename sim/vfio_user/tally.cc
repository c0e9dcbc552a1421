#include "sim/vfio_user/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace mapwire::sim::vfio_user {

namespace {

constexpr size_t kCrc = 4;
constexpr size_t kAddress = 6;
constexpr size_t kHeader = 14;

bool IsPause(const std::vector<uint8_t>& bytes) {
  return bytes.size() > kHeader && bytes[12] == 0x88 && bytes[13] == 0x08;
}

}  // namespace

void Tally::Count(const Frame& frame) {
  const std::vector<uint8_t>& bytes = frame.bytes;
  if (IsPause(bytes)) {
    ++pauses_;
    return;
  }
  const size_t length = bytes.size() + kCrc;
  ++frames_;
  bytes_ += length;
  bad_crc_ += frame.crc_ok ? 0 : 1;
  const auto above = std::upper_bound(kSizes.begin(), kSizes.end(), length);
  ++sizes_[static_cast<size_t>(above - kSizes.begin()) - 1];
  if (bytes.size() < kAddress || (bytes[0] & 1) == 0) return;
  const bool all = std::all_of(bytes.begin(), bytes.begin() + kAddress,
                               [](uint8_t byte) { return byte == 0xFF; });
  ++(all ? broadcast_ : multicast_);
}

std::string Tally::Json() const {
  std::string text = fmt::format(
      R"({{"frames":{},"bytes":{},"multicast":{},"broadcast":{},"pauses":{},"bad_crc":{})", frames_,
      bytes_, multicast_, broadcast_, pauses_, bad_crc_);
  for (size_t i = 0; i < kSizes.size(); ++i) {
    text += fmt::format(R"(,"from_{}":{})", kSizes[i], sizes_[i]);
  }
  return text + "}";
}

}  // namespace mapwire::sim::vfio_user
