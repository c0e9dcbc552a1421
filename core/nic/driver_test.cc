// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Every value of a configuration at both sides of its limits, and the name of each refusal.
#include "core/nic/driver.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

namespace mapwire::nic {
namespace {

constexpr DriverInfo kInfo = {.family = "any",
                              .max_queue_pairs = 16,
                              .min_descriptors = 8,
                              .max_descriptors = 4096,
                              .descriptor_multiple = 8,
                              .min_frame_bytes = 17,
                              .max_frame_bytes = 9728,
                              .max_fragments = 40,
                              .rx_buffer_step = 1024,
                              .rx_buffer_max = 16384,
                              .max_interrupt_interval_us = 1022};

using Change = std::function<void(DriverConfig&)>;

std::string Verdict(const Change& change) {
  DriverConfig config;
  config.queue_pairs = 8;
  config.rss_queues = 4;
  change(config);
  return NameOf(CheckConfig(kInfo, config));
}

TEST(Config, TheDefaultIsPossible) {
  EXPECT_EQ(CheckConfig(kInfo, {}), ConfigError::kNone);
  EXPECT_EQ(Verdict([](auto&) {}), "none");
}

TEST(Config, NumbersAreAcceptedUpToTheirLimitsAndNoFurther) {
  const struct {
    const char* name;
    uint32_t low, high;
    std::function<void(DriverConfig&, uint32_t)> set;
    uint32_t step = 1;
  } numbers[] = {
      {"queue-pairs", 4, 16, [](auto& c, uint32_t v) { c.queue_pairs = static_cast<uint16_t>(v); }},
      {"tx-slots", 8, 4096, [](auto& c, uint32_t v) { c.tx_slots = v; }, 8},
      {"rx-slots", 8, 4096, [](auto& c, uint32_t v) { c.rx_slots = v; }, 8},
      {"rx-buffer", 0, 16384, [](auto& c, uint32_t v) { c.rx_buffer_bytes = v; }, 1024},
      {"max-frame", 60, 9728, [](auto& c, uint32_t v) { c.max_frame_bytes = v; }},
      {"rss-queues", 1, 8, [](auto& c, uint32_t v) { c.rss_queues = static_cast<uint16_t>(v); }},
      {"interrupt-interval", 0, 1022, [](auto& c, uint32_t v) { c.interrupt_interval_us = v; }},
      {"interrupt-interval", 0, 1022,
       [](auto& c, uint32_t v) {
         c.queues[15].own_interrupt_interval = true;
         c.queues[15].interrupt_interval_us = v;
       }},
      {"multicast", 0, 32,
       [](auto& c, uint32_t v) {
         for (auto& group : c.multicast) group[0] = 1;
         c.multicast_count = v;
       }},
  };
  for (const auto& number : numbers) {
    SCOPED_TRACE(number.name);
    const auto verdict = [&](uint32_t v) {
      return Verdict([&](DriverConfig& c) { number.set(c, v); });
    };
    EXPECT_EQ(verdict(number.low), "none");
    EXPECT_EQ(verdict(number.high), "none");
    EXPECT_EQ(verdict(number.high + number.step), number.name);
    EXPECT_EQ(verdict(number.high - 1), number.step == 1 ? "none" : number.name);
    // With fewer pairs than the hash reaches it is the hash that is wrong.
    const bool pairs = std::string(number.name) == "queue-pairs";
    if (number.low != 0) {
      EXPECT_EQ(verdict(number.low - 1), pairs ? "rss-queues" : number.name);
    }
  }
  EXPECT_EQ(Verdict([](auto& c) { c.queue_pairs = 0; }), "queue-pairs");
}

TEST(Config, SomeDevicesHaveLengthsThatDoubleOnly) {
  DriverInfo info = kInfo;
  EXPECT_EQ(LargestRxBuffer(info, 1023), 0u);
  EXPECT_EQ(LargestRxBuffer(info, 3100), 3072u);
  EXPECT_EQ(LargestRxBuffer(info, 65536), 16384u);
  info.rx_buffer_step = 256;
  info.rx_buffer_doubles = true;
  EXPECT_EQ(LargestRxBuffer(info, 255), 0u);
  EXPECT_EQ(LargestRxBuffer(info, 256), 256u);
  EXPECT_EQ(LargestRxBuffer(info, 2047), 1024u);
  EXPECT_EQ(LargestRxBuffer(info, 2048), 2048u);
  EXPECT_EQ(LargestRxBuffer(info, 65536), 16384u);
  DriverConfig config;
  config.rx_buffer_bytes = 3072;
  EXPECT_EQ(CheckConfig(info, config), ConfigError::kRxBuffer);
  config.rx_buffer_bytes = 4096;
  EXPECT_EQ(CheckConfig(info, config), ConfigError::kNone);
}

TEST(Config, AKeyOfZerosIsNone) {
  EXPECT_EQ(Verdict([](auto& c) { c.rss_key_kind = RssKey::kGiven; }), "rss-key");
  EXPECT_EQ(Verdict([](auto& c) {
              c.rss_key_kind = RssKey::kGiven;
              c.rss_key[39] = 1;
            }),
            "none");
  EXPECT_EQ(Verdict([](auto& c) { c.rss_key_kind = RssKey::kSymmetric; }), "none");
  EXPECT_EQ(Verdict([](auto& c) { c.rss_key_kind = static_cast<RssKey>(3); }), "rss-key");
}

TEST(Config, ATableNamesOnlyQueuesTheHashReaches) {
  const auto table = [](uint32_t entry, uint8_t queue) {
    return Verdict([=](DriverConfig& c) {
      c.rss_table_kind = RssTable::kGiven;
      c.rss_table[entry] = queue;
    });
  };
  EXPECT_EQ(table(0, 3), "none");
  EXPECT_EQ(table(0, 4), "rss-table");
  EXPECT_EQ(table(127, 4), "rss-table");
  EXPECT_EQ(Verdict([](auto& c) { c.rss_table[127] = 200; }), "none") << "it is not used";
  EXPECT_EQ(Verdict([](auto& c) { c.rss_table_kind = static_cast<RssTable>(2); }), "rss-table");
}

TEST(Config, AnIntervalThatIsNotUsedIsNotJudged) {
  EXPECT_EQ(Verdict([](auto& c) { c.queues[3].interrupt_interval_us = 5000; }), "none");
}

TEST(Config, AGroupIsAGroup) {
  EXPECT_EQ(Verdict([](auto& c) {
              c.multicast[0][0] = 1;
              c.multicast[1][0] = 2;
              c.multicast_count = 2;
            }),
            "multicast");
}

TEST(Config, EveryRefusalHasANameOfItsOwn) {
  std::set<std::string> names;
  for (uint8_t i = 0; i <= static_cast<uint8_t>(ConfigError::kMulticast); ++i) {
    EXPECT_TRUE(names.insert(NameOf(static_cast<ConfigError>(i))).second) << int{i};
  }
  EXPECT_EQ(names.count("unknown"), 0u);
}

}  // namespace
}  // namespace mapwire::nic
