// Batches, rings and frames of every size: bytes and order stay whole across every wrap.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

void ExpectWhole(TwoHosts& hosts, const Transfer& transfer) {
  const Receipt receipt = RunTransfer(hosts, transfer);
  EXPECT_EQ(receipt.received, transfer.frames);
  EXPECT_EQ(receipt.damaged, 0u);
  EXPECT_EQ(receipt.reordered, 0u);
  EXPECT_EQ(receipt.gaps, 0u);
}

TEST(Sizes, BatchesOfAnySize) {
  for (const uint32_t batch : {1, 2, 3, 7, 16, 63, 64, 255, 256, 257, 511, 512}) {
    SCOPED_TRACE(testing::Message() << "batch " << batch);
    TwoHosts hosts({.seed = batch});
    hosts.Boot();
    ExpectWhole(hosts, {.frames = 1500, .batch = batch});
  }
}

TEST(Sizes, RingsOfAnySizeNotOnlyPowersOfTwo) {
  for (const uint32_t slots : {64, 72, 96, 120, 504, 512, 520, 1000, 1016, 2048, 4088, 4096}) {
    SCOPED_TRACE(testing::Message() << "slots " << slots);
    TwoHosts hosts({.seed = slots, .slots = slots});
    hosts.Boot();
    // Slow enough that the smallest ring is not overrun while its receiver sleeps.
    ExpectWhole(hosts, {.frames = slots * 2 + 100, .batch = 13});
  }
}

TEST(Sizes, FramesOfAnySize) {
  for (const size_t bytes : {60, 61, 63, 64, 65, 127, 128, 1000, 1513, 1514}) {
    SCOPED_TRACE(testing::Message() << "bytes " << bytes);
    TwoHosts hosts({.seed = bytes});
    hosts.Boot();
    ExpectWhole(hosts, {.frames = 700, .length = Always(bytes)});
  }
}

TEST(Sizes, FramesOfSeveralSlotsBothWays) {
  for (const size_t bytes : {2047, 2048, 2049, 4095, 4096, 4097, 9000, 9700}) {
    SCOPED_TRACE(testing::Message() << "bytes " << bytes);
    TwoHosts hosts({.seed = bytes, .max_frame_bytes = 9724});
    hosts.Boot();
    ExpectWhole(hosts, {.frames = 400, .length = Always(bytes)});
  }
}

TEST(Sizes, RandomMixesOfEverything) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    TwoHostsOptions options;
    options.seed = seed;
    options.slots = 64 + 8 * static_cast<uint32_t>(random.Below(100));
    options.max_frame_bytes = 9724;
    options.cpu_ghz = 0.5 + static_cast<double>(random.Below(30)) / 10;
    options.bus.read_jitter = static_cast<Time>(random.Below(3)) * kMicrosecond;
    options.bus.write_latency = static_cast<Time>(1 + random.Below(2000)) * kNanosecond;
    options.device.tx_prefetch = 1 + static_cast<uint32_t>(random.Below(64));
    options.device.rx_prefetch = 1 + static_cast<uint32_t>(random.Below(64));
    options.device.rx_writeback_batch = 1 + static_cast<uint32_t>(random.Below(16));
    TwoHosts hosts(options);
    hosts.Boot();
    const size_t choices[] = {60, 61, 500, 1514, 2047, 2048, 2049, 4096, 9000};
    const auto length = [&random, &choices](uint64_t) {
      return choices[random.Below(std::size(choices))];
    };
    // The length of a frame is asked for again when there was no room: so it is drawn by number.
    std::vector<size_t> lengths;
    for (int i = 0; i < 600; ++i) lengths.push_back(length(0));
    ExpectWhole(hosts, {.frames = 600,
                        .batch = 1 + static_cast<uint32_t>(random.Below(64)),
                        .length = [&lengths](uint64_t i) { return lengths[i]; }});
  }
}

}  // namespace
}  // namespace mapwire::sim
