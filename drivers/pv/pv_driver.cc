// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "drivers/pv/pv_driver.h"

#include "core/hw/register.h"
#include "core/platform/environment.h"
#include "drivers/pv/pv_regs.h"

namespace mapwire::pv {
namespace {

// No register reads as all ones unless the device is gone.
constexpr uint32_t kGone = 0xFFFFFFFF;
constexpr uint32_t kMbps = 100'000;  // what is told of a link without a limit

uint32_t Low(DeviceAddress address) { return static_cast<uint32_t>(address.value()); }
uint32_t High(DeviceAddress address) { return static_cast<uint32_t>(address.value() >> 32); }

// Reading the low word keeps the high one for the next read.
template <typename R>
uint64_t ReadCounter(const platform::Mmio& mmio, uint32_t queue) {
  const uint64_t low = hw::Read<R>(mmio, 2 * queue).raw();
  return low | uint64_t{hw::Read<R>(mmio, 2 * queue + 1).raw()} << 32;
}

// Adds to `sum` what the counter grew by since the last time; a smaller one has begun anew.
void Count(uint64_t& sum, uint64_t& before, uint64_t now) {
  sum += now < before ? now : now - before;
  before = now;
}

}  // namespace

Result<nic::NicDriver*> Driver::Create(const nic::DriverResources& resources) {
  Driver* const driver = platform::New<Driver>(*resources.heap, resources);
  if (driver == nullptr) return Errno::kNoMemory;
  return static_cast<nic::NicDriver*>(driver);
}

void Driver::Destroy(nic::NicDriver* driver) {
  Driver* const self = static_cast<Driver*>(driver);
  platform::Delete(*self->heap_, self);
}

const nic::DriverInfo& Driver::info() const {
  static constexpr nic::DriverInfo kInfo = {
      .family = "pv",
      .max_queue_pairs = kQueues,
      .min_descriptors = 8,
      .max_descriptors = kMaxDescriptors,
      .descriptor_multiple = 8,
      .min_frame_bytes = kMinFrameBytes,
      .max_frame_bytes = kMaxFrameBytes,
      .max_fragments = kMaxFragments,
      .rx_buffer_step = kBufferStep,
      .rx_buffer_max = kMaxBuffer,
  };
  return kInfo;
}

mapwire::Status Driver::Start(const nic::DriverConfig& config) {
  if (nic::CheckConfig(info(), config) != nic::ConfigError::kNone) return Errno::kInvalid;
  // What the card cannot do is refused, and not forgotten.
  const bool plain =
      config.rss_queues == 1 && !config.keep_crc && config.promiscuous && !config.vlan_filter;
  if (!plain) return Errno::kInvalid;
  hw::Write(mmio_, hw::Value<Control>());
  const uint32_t low = hw::Read<MacLow>(mmio_).raw();
  const uint32_t high = hw::Read<MacHigh>(mmio_).raw();
  if (high == kGone) return Errno::kIo;
  for (uint32_t i = 0; i < 4; ++i) mac_[i] = static_cast<uint8_t>(low >> (8 * i));
  for (uint32_t i = 0; i < 2; ++i) mac_[4 + i] = static_cast<uint8_t>(high >> (8 * i));
  queue_pairs_ = config.queue_pairs;
  hw::Write(mmio_, hw::Value<MaxFrame>().With<MaxFrame::Bytes>(config.max_frame_bytes));
  hw::Write(mmio_, hw::Value<Pairs>().With<Pairs::Count>(queue_pairs_));
  if (!counting_) {
    // What was counted before is another's.
    nic::DriverStatistics before;
    ReadStatistics(before);
    counting_ = true;
  }
  hw::Write(mmio_, hw::Value<Control>().With<Control::Enable>(1));
  (void)RefreshLink();
  return kOkStatus;
}

// The read pushes the write out: when it is answered, the device is quiet.
mapwire::Status Driver::Stop() {
  Shutdown();
  (void)hw::Read<Status>(mmio_);
  link_up_.store(false, std::memory_order_relaxed);
  return kOkStatus;
}

void Driver::Shutdown() { hw::Write(mmio_, hw::Value<Control>()); }

Result<uint32_t> Driver::StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) {
  hw::Write(mmio_, hw::Value<TxBaseLow>(Low(setup.descriptors)), queue);
  hw::Write(mmio_, hw::Value<TxBaseHigh>(High(setup.descriptors)), queue);
  hw::Write(mmio_, hw::Value<TxCount>(setup.count), queue);
  hw::Write(mmio_, hw::Value<TxHeadLow>(Low(setup.head_write_back)), queue);
  hw::Write(mmio_, hw::Value<TxHeadHigh>(High(setup.head_write_back)), queue);
  hw::Write(mmio_, hw::Value<TxEnable>().With<TxEnable::On>(1), queue);
  return TxTail::At(queue);
}

Result<uint32_t> Driver::StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) {
  hw::Write(mmio_, hw::Value<RxBaseLow>(Low(setup.descriptors)), queue);
  hw::Write(mmio_, hw::Value<RxBaseHigh>(High(setup.descriptors)), queue);
  hw::Write(mmio_, hw::Value<RxCount>(setup.count), queue);
  hw::Write(mmio_, hw::Value<RxBuffer>(setup.buffer_bytes), queue);
  hw::Write(mmio_, hw::Value<RxEnable>().With<RxEnable::On>(1), queue);
  return RxTail::At(queue);
}

mapwire::Status Driver::StopTxQueue(uint16_t queue) {
  hw::Write(mmio_, hw::Value<TxEnable>(), queue);
  (void)hw::Read<TxEnable>(mmio_, queue);
  return kOkStatus;
}

mapwire::Status Driver::StopRxQueue(uint16_t queue) {
  hw::Write(mmio_, hw::Value<RxEnable>(), queue);
  (void)hw::Read<RxEnable>(mmio_, queue);
  return kOkStatus;
}

uint16_t Driver::vectors(uint16_t) const { return kMsixVectors; }

// The device disarmed the queue when it sent the message, so there is nothing to acknowledge.
nic::InterruptReport Driver::Interrupt(uint16_t vector) {
  if (vector < queue_pairs_) {
    const uint64_t queue = uint64_t{1} << vector;
    return {.rx_queues = queue, .tx_queues = queue};
  }
  const uint32_t status = hw::Read<Status>(mmio_).raw();
  if (status == kGone) return {.gone = true};
  link_up_.store(hw::Value<Status>(status).Get<Status::LinkUp>() != 0, std::memory_order_relaxed);
  return {.link_changed = true};
}

void Driver::Arm(uint16_t queue) { hw::Write(mmio_, hw::Value<pv::Arm>(1), queue); }

nic::LinkState Driver::link() const {
  const bool up = link_up_.load(std::memory_order_relaxed);
  return {.up = up, .mbps = up ? kMbps : 0};
}

nic::LinkState Driver::RefreshLink() {
  const hw::Value<Status> status = hw::Read<Status>(mmio_);
  const bool up = status.raw() != kGone && status.Get<Status::LinkUp>() != 0;
  link_up_.store(up, std::memory_order_relaxed);
  return link();
}

nic::DeviceHealth Driver::Check() {
  const hw::Value<Control> control = hw::Read<Control>(mmio_);
  if (control.raw() == kGone) return nic::DeviceHealth::kGone;
  return control.Get<Control::Enable>() != 0 ? nic::DeviceHealth::kGood
                                             : nic::DeviceHealth::kForgetful;
}

// The card counts without CRC, the contract with it.
void Driver::ReadStatistics(nic::DriverStatistics& statistics) {
  if (hw::Read<Status>(mmio_).raw() == kGone) return;
  for (uint16_t q = 0; q < queue_pairs_; ++q) {
    constexpr uint64_t kCrc = 4;
    nic::QueueStatistics& before = read_.queues[q];
    nic::QueueStatistics& queue = statistics.queues[q];
    const nic::QueueStatistics old = queue;
    const uint64_t rx_packets = ReadCounter<RxPackets>(mmio_, q);
    const uint64_t tx_packets = ReadCounter<TxPackets>(mmio_, q);
    Count(queue.rx_packets, before.rx_packets, rx_packets);
    Count(queue.rx_bytes, before.rx_bytes, ReadCounter<RxBytes>(mmio_, q) + kCrc * rx_packets);
    Count(queue.rx_dropped, before.rx_dropped, ReadCounter<RxDropped>(mmio_, q));
    Count(queue.tx_packets, before.tx_packets, tx_packets);
    Count(queue.tx_bytes, before.tx_bytes, ReadCounter<TxBytes>(mmio_, q) + kCrc * tx_packets);
    const uint64_t dropped = queue.rx_dropped - old.rx_dropped;
    statistics.rx_packets += queue.rx_packets - old.rx_packets + dropped;
    statistics.rx_bytes += queue.rx_bytes - old.rx_bytes;
    statistics.rx_no_descriptor += dropped;
    statistics.tx_packets += queue.tx_packets - old.tx_packets;
    statistics.tx_bytes += queue.tx_bytes - old.tx_bytes;
  }
  uint64_t oversize = 0;
  for (uint16_t q = 0; q < queue_pairs_; ++q) oversize += ReadCounter<RxOversize>(mmio_, q);
  Count(statistics.rx_oversize, read_.rx_oversize, oversize);
  statistics.rx_length_errors = statistics.rx_oversize;
}

}  // namespace mapwire::pv
