// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What can be asked of a NIC, what each refusal is called, and how counters add up.
#include "core/nic/driver.h"

#include <algorithm>
#include <bit>

namespace mapwire::nic {
namespace {

bool PossibleSlots(const DriverInfo& info, uint32_t slots) {
  return slots >= info.min_descriptors && slots <= info.max_descriptors &&
         slots % info.descriptor_multiple == 0;
}

bool PossibleBuffer(const DriverInfo& info, uint32_t bytes) {
  return LargestRxBuffer(info, bytes) == bytes;
}

// A key of zeros gives every flow the same hash.
bool PossibleKey(const DriverConfig& config) {
  if (config.rss_key_kind != RssKey::kGiven) return config.rss_key_kind <= RssKey::kGiven;
  for (const uint8_t byte : config.rss_key) {
    if (byte != 0) return true;
  }
  return false;
}

bool PossibleTable(const DriverConfig& config) {
  if (config.rss_table_kind != RssTable::kGiven) return config.rss_table_kind <= RssTable::kGiven;
  for (const uint8_t queue : config.rss_table) {
    if (queue >= config.rss_queues) return false;
  }
  return true;
}

bool PossibleIntervals(const DriverInfo& info, const DriverConfig& config) {
  for (const QueueConfig& queue : config.queues) {
    if (queue.own_interrupt_interval &&
        queue.interrupt_interval_us > info.max_interrupt_interval_us) {
      return false;
    }
  }
  return config.interrupt_interval_us <= info.max_interrupt_interval_us;
}

}  // namespace

bool ArePossibleGroups(const uint8_t groups[][6], uint32_t count) {
  if (count > kMaxMulticast) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if ((groups[i][0] & 1) == 0) return false;
  }
  return true;
}

uint32_t LargestRxBuffer(const DriverInfo& info, uint32_t room) {
  const uint32_t steps = std::min(room, info.rx_buffer_max) / info.rx_buffer_step;
  return (info.rx_buffer_doubles ? std::bit_floor(steps) : steps) * info.rx_buffer_step;
}

ConfigError CheckConfig(const DriverInfo& info, const DriverConfig& config) {
  if (config.queue_pairs == 0 || config.queue_pairs > info.max_queue_pairs ||
      config.queue_pairs > kMaxQueuePairs) {
    return ConfigError::kQueuePairs;
  }
  if (!PossibleSlots(info, config.tx_slots)) return ConfigError::kTxSlots;
  if (!PossibleSlots(info, config.rx_slots)) return ConfigError::kRxSlots;
  if (!PossibleBuffer(info, config.rx_buffer_bytes)) return ConfigError::kRxBuffer;
  if (config.max_frame_bytes < kLeastMaxFrameBytes ||
      config.max_frame_bytes > info.max_frame_bytes) {
    return ConfigError::kMaxFrame;
  }
  if (config.rss_queues == 0 || config.rss_queues > config.queue_pairs) {
    return ConfigError::kRssQueues;
  }
  if (!PossibleKey(config)) return ConfigError::kRssKey;
  if (!PossibleTable(config)) return ConfigError::kRssTable;
  if (!PossibleIntervals(info, config)) return ConfigError::kInterruptInterval;
  if (!ArePossibleGroups(config.multicast, config.multicast_count)) {
    return ConfigError::kMulticast;
  }
  return ConfigError::kNone;
}

const char* NameOf(ConfigError error) {
  switch (error) {
    case ConfigError::kNone:
      return "none";
    case ConfigError::kQueuePairs:
      return "queue-pairs";
    case ConfigError::kTxSlots:
      return "tx-slots";
    case ConfigError::kRxSlots:
      return "rx-slots";
    case ConfigError::kRxBuffer:
      return "rx-buffer";
    case ConfigError::kMaxFrame:
      return "max-frame";
    case ConfigError::kRssQueues:
      return "rss-queues";
    case ConfigError::kRssKey:
      return "rss-key";
    case ConfigError::kRssTable:
      return "rss-table";
    case ConfigError::kInterruptInterval:
      return "interrupt-interval";
    case ConfigError::kMulticast:
      return "multicast";
  }
  return "unknown";
}

// Nothing but counters of 64 bits, so they are added as such, one after the other.
void Add(DriverStatistics& to, const DriverStatistics& more) {
  static_assert(sizeof(DriverStatistics) % sizeof(uint64_t) == 0);
  char* const into = reinterpret_cast<char*>(&to);
  const char* const from = reinterpret_cast<const char*>(&more);
  for (uint32_t at = 0; at < sizeof(DriverStatistics); at += sizeof(uint64_t)) {
    uint64_t sum, part;
    __builtin_memcpy(&sum, into + at, sizeof(sum));
    __builtin_memcpy(&part, from + at, sizeof(part));
    sum += part;
    __builtin_memcpy(into + at, &sum, sizeof(sum));
  }
}

}  // namespace mapwire::nic
