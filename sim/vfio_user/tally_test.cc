#include "sim/vfio_user/tally.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace mapwire::sim::vfio_user {
namespace {

using Json = nlohmann::json;

Frame FrameTo(uint8_t first, size_t bytes, uint16_t type = 0x0800) {
  Frame frame;
  frame.bytes.assign(bytes, 0);
  std::fill_n(frame.bytes.begin(), 6, first);
  frame.bytes[12] = static_cast<uint8_t>(type >> 8);
  frame.bytes[13] = static_cast<uint8_t>(type);
  return frame;
}

TEST(Tally, NothingIsCountedAtFirst) {
  const Json told = Json::parse(Tally().Json());
  EXPECT_EQ(told.size(), 6 + Tally::kSizes.size());
  for (const auto& [name, value] : told.items()) EXPECT_EQ(value, 0) << name;
}

TEST(Tally, SizesTakeTheCrc) {
  Tally tally;
  uint64_t bytes = 0;
  // The last of each class and the first of the next, in bytes on the line.
  for (const size_t size : {63, 64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 1518, 9018}) {
    tally.Count(FrameTo(0x02, size - 4));
    bytes += size;
  }
  const Json told = Json::parse(tally.Json());
  EXPECT_EQ(told["frames"], 13);
  EXPECT_EQ(told["bytes"], bytes);
  EXPECT_EQ(told["from_0"], 1);
  EXPECT_EQ(told["from_64"], 1);
  for (const char* name : {"from_65", "from_128", "from_256", "from_512"}) {
    EXPECT_EQ(told[name], 2) << name;
  }
  EXPECT_EQ(told["from_1024"], 3);
}

TEST(Tally, BroadcastIsNoMulticast) {
  Tally tally;
  tally.Count(FrameTo(0xFF, 60));
  tally.Count(FrameTo(0x01, 60));
  tally.Count(FrameTo(0x01, 60));
  tally.Count(FrameTo(0x02, 60));
  const Json told = Json::parse(tally.Json());
  EXPECT_EQ(told["broadcast"], 1);
  EXPECT_EQ(told["multicast"], 2);
  EXPECT_EQ(told["frames"], 4);
}

TEST(Tally, PausesAreCountedApart) {
  Tally tally;
  tally.Count(FrameTo(0x01, 60, 0x8808));
  const Json told = Json::parse(tally.Json());
  EXPECT_EQ(told["pauses"], 1);
  EXPECT_EQ(told["frames"], 0);
  EXPECT_EQ(told["multicast"], 0);
}

TEST(Tally, AFrameWithAWrongCrcIsAFrame) {
  Tally tally;
  Frame frame = FrameTo(0x02, 60);
  frame.crc_ok = false;
  tally.Count(frame);
  const Json told = Json::parse(tally.Json());
  EXPECT_EQ(told["bad_crc"], 1);
  EXPECT_EQ(told["frames"], 1);
}

}  // namespace
}  // namespace mapwire::sim::vfio_user
