// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "kernel/module/nic.h"

#include <algorithm>
#include <span>

#include "kernel/module/system.h"

using mapwire::Errno;
using mapwire::kOkStatus;
using mapwire::Result;
using mapwire::Status;
using mapwire::drivers::Family;
using mapwire::kernel::System;
using mapwire::kernel::TheSystem;
using mapwire::nic::DriverConfig;
using mapwire::nic::DriverInfo;
using mapwire::nic::DriverStatistics;
using mapwire::nic::HostCounters;
using mapwire::nic::HostSend;
using mapwire::nic::NicCounters;
using mapwire::nic::NicPort;
using mapwire::nic::QueueStatistics;
using mapwire::nic::ReceiveFilter;
using mapwire::port::HostRingCounters;
using mapwire::port::HostRings;

static_assert(HostRings::kMax == MW_HOST_RINGS);

constexpr uint32_t kVlanTagBytes = 4;

mw_nic::mw_nic(const mw_nic_setup& setup, const Family& family)
    : family_(family),
      device_(setup.device),
      mmio_(setup.registers),
      memory_(setup.device),
      stack_(setup.device) {}

// As many pairs as there are CPUs to use them, and flows spread over all of them.
void mw_nic::Configure(uint16_t queue_pairs) {
  const DriverInfo& info = driver_->info();
  DriverConfig& config = config_.driver;
  config.queue_pairs = std::max<uint16_t>(1, std::min(queue_pairs, info.max_queue_pairs));
  config.rss_queues = config.queue_pairs;
  // The network device says otherwise when it is asked to.
  config.promiscuous = !info.receive_filter;
}

Status mw_nic::Prepare(const char* name, uint16_t queue_pairs) {
  System& system = TheSystem();
  MW_ASSIGN_OR_RETURN(driver_, family_.create({.mmio = mmio_,
                                               .dma = &memory_,
                                               .sleeper = &system.environment.sleeper(),
                                               .heap = &system.environment.heap()}));
  Configure(queue_pairs);
  MW_ASSIGN_OR_RETURN(
      port_, NicPort::Create(system.environment, name, system.control.regions().global(), *driver_,
                             *family_.loop, mmio_, memory_, config_, &stack_));
  return kOkStatus;
}

void mw_nic::Release() {
  // Programs that have it open keep it until they close.
  if (port_ != nullptr) TheSystem().control.AbandonPort(*port_);
  if (driver_ != nullptr) family_.destroy(driver_);
  port_ = nullptr;
  driver_ = nullptr;
}

bool mw_nic_supported(uint16_t vendor, uint16_t product) {
  return mapwire::drivers::FindFamily(vendor, product).ok();
}

int mw_nic_new(const mw_nic_setup* setup, const char* name, mw_nic** result) {
  const Result<const Family*> family = mapwire::drivers::FindFamily(setup->vendor, setup->product);
  if (!family.ok()) return -family.status().number();
  if (setup->register_bytes < (*family)->bar_bytes) return -Status(Errno::kNoSuchDevice).number();
  mapwire::platform::Heap& heap = TheSystem().environment.heap();
  mw_nic* const nic = mapwire::platform::New<mw_nic>(heap, *setup, **family);
  if (nic == nullptr) return -Status(Errno::kNoMemory).number();
  const Status status = nic->Prepare(name, setup->queue_pairs);
  if (!status.ok()) {
    nic->Release();
    mapwire::platform::Delete(heap, nic);
    return -status.number();
  }
  *result = nic;
  return 0;
}

uint16_t mw_nic_vectors(const mw_nic* nic) {
  return nic->driver().vectors(nic->config().queue_pairs);
}

int mw_nic_start(mw_nic* nic, mw_nic_facts* facts) {
  const auto guard = TheSystem().control.Lock();
  const Status status = nic->port().Start();
  if (!status.ok()) return -status.number();
  const DriverInfo& info = nic->driver().info();
  const DriverConfig& config = nic->config();
  *facts = {};
  for (int i = 0; i < 6; ++i) facts->mac[i] = nic->driver().mac()[i];
  facts->queue_pairs = config.queue_pairs;
  facts->tx_slots = config.tx_slots;
  facts->rx_slots = config.rx_slots;
  facts->max_frame_bytes = info.max_frame_bytes - kVlanTagBytes;
  facts->min_frame_bytes = info.min_frame_bytes;
  facts->family = info.family;
  return 0;
}

int mw_nic_publish(mw_nic* nic, const char* name, const void* name_space) {
  const int error = mw_nic_rename(nic, name, name_space);
  if (error != 0) return error;
  return -TheSystem().control.AddPort(nic->port(), name_space).number();
}

int mw_nic_rename(mw_nic* nic, const char* name, const void* name_space) {
  return -TheSystem().control.RenamePort(nic->port(), name, name_space).number();
}

void mw_nic_stop(mw_nic* nic) {
  if (nic->port().linked()) TheSystem().control.RemovePort(nic->port());
  nic->driver().Shutdown();
}

void mw_nic_delete(mw_nic* nic) {
  nic->Release();
  mapwire::platform::Delete(TheSystem().environment.heap(), nic);
}

void mw_nic_shutdown(mw_nic* nic) { nic->driver().Shutdown(); }

void mw_nic_suspend(mw_nic* nic) {
  const auto guard = TheSystem().control.Lock();
  (void)nic->port().Suspend();
  nic->TellCarrier();
}

int mw_nic_resume(mw_nic* nic) {
  const auto guard = TheSystem().control.Lock();
  const Status status = nic->port().Resume();
  nic->TellCarrier();
  return -status.number();
}

bool mw_nic_interrupt(mw_nic* nic, uint16_t vector) {
  const bool ours = nic->port().HandleInterrupt(vector);
  nic->TellCarrier();
  return ours;
}

int mw_nic_host_open(mw_nic* nic) {
  const auto guard = TheSystem().control.Lock();
  return -nic->port().OpenHost().number();
}

void mw_nic_host_close(mw_nic* nic) {
  const auto guard = TheSystem().control.Lock();
  nic->port().CloseHost();
}

int mw_nic_set_filter(mw_nic* nic, const mw_nic_filter* filter) {
  ReceiveFilter wanted{.promiscuous = filter->promiscuous,
                       .all_multicast = filter->all_multicast,
                       .multicast_count = filter->groups};
  static_assert(sizeof(wanted.multicast) == sizeof(filter->group));
  __builtin_memcpy(wanted.multicast, filter->group, sizeof(filter->group));
  const auto guard = TheSystem().control.Lock();
  const Status status = nic->port().SetReceiveFilter(wanted);
  return status.error() == Errno::kNotSupported ? 0 : -status.number();
}

int mw_nic_set_max_frame(mw_nic* nic, uint32_t bytes) {
  const auto guard = TheSystem().control.Lock();
  return -nic->port().SetMaxFrame(bytes).number();
}

mw_host_send mw_nic_host_send(mw_nic* nic, uint16_t queue, os_frame* frame, bool more) {
  switch (nic->port().SendFromHost(queue, *mapwire::kernel::FrameOf(frame), more)) {
    case HostSend::kSent:
      return MW_HOST_SENT;
    case HostSend::kSentLast:
      return MW_HOST_SENT_LAST;
    case HostSend::kKept:
      return MW_HOST_KEPT;
    case HostSend::kFull:
    case HostSend::kBusy:
      return MW_HOST_LATER;
    case HostSend::kProgram:
    case HostSend::kDown:
    case HostSend::kBadLength:
    case HostSend::kGone:
      break;
  }
  return MW_HOST_DROP;
}

uint32_t mw_nic_host_poll(mw_nic* nic, uint16_t queue, uint32_t budget) {
  return nic->port().PollForHost(queue, budget);
}

void mw_nic_host_arm(mw_nic* nic, uint16_t queue) { nic->port().ArmForHost(queue); }

// May run on several CPUs at once: whoever tells last has looked again afterwards.
void mw_nic::TellCarrier() {
  if (told_carrier_.load() == port_->carrier()) return;
  bool up;
  do {
    up = port_->carrier();
    if (!os_carrier(device_, up)) return;
    told_carrier_.store(up);
  } while (port_->carrier() != up);
}

void mw_nic_tell_carrier(mw_nic* nic) { nic->TellCarrier(); }

bool mw_nic_link(const mw_nic* nic, uint32_t* mbps) {
  const mapwire::nic::LinkState link = nic->driver().link();
  *mbps = link.mbps;
  return link.up;
}

void mw_nic_read_statistics(mw_nic* nic, struct mw_nic_statistics* statistics) {
  // Some devices count no bytes.
  constexpr auto without_crc = [](uint64_t bytes, uint64_t frames) {
    return bytes >= 4 * frames ? bytes - 4 * frames : bytes;
  };
  const auto guard = TheSystem().control.Lock();
  nic->TellCarrier();
  const DriverStatistics& counted = nic->port().ReadStatistics();
  *statistics = {
      .rx_packets = counted.rx_packets,
      .rx_bytes = without_crc(counted.rx_bytes, counted.rx_packets),
      .rx_multicast = counted.rx_multicast,
      .rx_dropped = counted.rx_missed + counted.rx_no_descriptor,
      .rx_crc_errors = counted.rx_crc_errors,
      .rx_length_errors = counted.rx_length_errors,
      .tx_packets = counted.tx_packets,
      .tx_bytes = without_crc(counted.tx_bytes, counted.tx_packets),
  };
}

namespace {

// What `ethtool -S` shows: the device's counters, then what befell it.
struct DeviceCounter {
  const char* name;
  uint64_t DriverStatistics::*counter;
};
constexpr DeviceCounter kDeviceCounters[] = {
    {"rx_packets", &DriverStatistics::rx_packets},
    {"rx_bytes", &DriverStatistics::rx_bytes},
    {"rx_multicast", &DriverStatistics::rx_multicast},
    {"rx_broadcast", &DriverStatistics::rx_broadcast},
    {"rx_missed", &DriverStatistics::rx_missed},
    {"rx_no_descriptor", &DriverStatistics::rx_no_descriptor},
    {"rx_crc_errors", &DriverStatistics::rx_crc_errors},
    {"rx_undersize", &DriverStatistics::rx_undersize},
    {"rx_fragments", &DriverStatistics::rx_fragments},
    {"rx_oversize", &DriverStatistics::rx_oversize},
    {"rx_jabber", &DriverStatistics::rx_jabber},
    {"rx_short_discards", &DriverStatistics::rx_short_discards},
    {"rx_checksum_errors", &DriverStatistics::rx_checksum_errors},
    {"tx_packets", &DriverStatistics::tx_packets},
    {"tx_bytes", &DriverStatistics::tx_bytes},
    {"tx_multicast", &DriverStatistics::tx_multicast},
    {"tx_broadcast", &DriverStatistics::tx_broadcast},
};
struct PortCounter {
  const char* name;
  uint64_t NicCounters::*counter;
};
constexpr PortCounter kPortCounters[] = {
    {"interrupts", &NicCounters::interrupts},
    {"link_changes", &NicCounters::link_changes},
    {"tx_hangs", &NicCounters::tx_hangs},
    {"rx_stalls", &NicCounters::rx_stalls},
    {"lost_interrupts", &NicCounters::lost_interrupts},
    {"spontaneous_resets", &NicCounters::spontaneous_resets},
    {"removals", &NicCounters::removals},
    {"resets", &NicCounters::resets},
    {"failed_resets", &NicCounters::failed_resets},
    {"tx_lost", &NicCounters::tx_lost},
    {"rx_lost", &NicCounters::rx_lost},
    {"queue_stop_timeouts", &NicCounters::queue_stop_timeouts},
    {"isolations", &NicCounters::isolations},
    {"quarantined_queues", &NicCounters::quarantined_queues},
    {"host_starts_failed", &NicCounters::host_starts_failed},
};
// And for each queue pair.
struct QueueCounter {
  const char* name;
  uint64_t QueueStatistics::*counter;
};
constexpr QueueCounter kQueueCounters[] = {
    {"rx_packets", &QueueStatistics::rx_packets}, {"rx_bytes", &QueueStatistics::rx_bytes},
    {"rx_dropped", &QueueStatistics::rx_dropped}, {"tx_packets", &QueueStatistics::tx_packets},
    {"tx_bytes", &QueueStatistics::tx_bytes},
};
struct HostCounter {
  const char* name;
  uint64_t HostCounters::*counter;
};
constexpr HostCounter kHostCounters[] = {
    {"host_tx_frames", &HostCounters::tx_frames},
    {"host_tx_bad_length", &HostCounters::tx_bad_length},
    {"host_tx_program", &HostCounters::tx_program},
    {"host_tx_gone", &HostCounters::tx_gone},
    {"host_tx_lost", &HostCounters::tx_lost},
    {"host_rx_frames", &HostCounters::rx_frames},
    {"host_rx_no_memory", &HostCounters::rx_no_memory},
};
// Of all host rings together.
struct HostRingCounter {
  const char* name;
  uint64_t HostRingCounters::*counter;
};
constexpr HostRingCounter kHostRingCounters[] = {
    {"host_ring_to_host", &HostRingCounters::to_host},
    {"host_ring_to_program", &HostRingCounters::to_program},
    {"host_ring_bad_length", &HostRingCounters::bad_length},
    {"host_ring_host_down", &HostRingCounters::host_down},
    {"host_ring_no_memory", &HostRingCounters::no_memory},
    {"host_ring_full", &HostRingCounters::full},
    {"host_ring_too_long", &HostRingCounters::too_long},
    {"forwarded_to_host", &HostRingCounters::forwarded_to_host},
    {"forwarded_to_card", &HostRingCounters::forwarded_to_card},
    {"forward_lost", &HostRingCounters::forward_lost},
};
constexpr uint32_t kBeforeHostRings = std::size(kDeviceCounters) + std::size(kPortCounters);
constexpr uint32_t kOfAll = kBeforeHostRings + std::size(kHostRingCounters);
constexpr uint32_t kOfEach = std::size(kQueueCounters) + std::size(kHostCounters);

}  // namespace

uint32_t mw_nic_counters(const mw_nic* nic) { return kOfAll + nic->config().queue_pairs * kOfEach; }

const char* mw_nic_counter_name(uint32_t i, int* queue) {
  *queue = -1;
  if (i < std::size(kDeviceCounters)) return kDeviceCounters[i].name;
  if (i < kBeforeHostRings) return kPortCounters[i - std::size(kDeviceCounters)].name;
  if (i < kOfAll) return kHostRingCounters[i - kBeforeHostRings].name;
  *queue = static_cast<int>((i - kOfAll) / kOfEach);
  i = (i - kOfAll) % kOfEach;
  if (i < std::size(kQueueCounters)) return kQueueCounters[i].name;
  return kHostCounters[i - std::size(kQueueCounters)].name;
}

void mw_nic_read_counters(mw_nic* nic, uint64_t* values) {
  const auto guard = TheSystem().control.Lock();
  const DriverStatistics& counted = nic->port().ReadStatistics();
  for (const DeviceCounter& row : kDeviceCounters) *values++ = counted.*row.counter;
  for (const PortCounter& row : kPortCounters) *values++ = nic->port().counters().*row.counter;
  for (const HostRingCounter& row : kHostRingCounters) {
    *values = 0;
    for (uint16_t i = 0; i < HostRings::kMax; ++i) {
      *values += nic->port().host_side()->counters(i).*row.counter;
    }
    ++values;
  }
  for (uint16_t i = 0; i < nic->config().queue_pairs; ++i) {
    for (const QueueCounter& row : kQueueCounters) *values++ = counted.queues[i].*row.counter;
    const HostCounters& host = nic->port().host()->counters(i);
    for (const HostCounter& row : kHostCounters) *values++ = host.*row.counter;
  }
}
