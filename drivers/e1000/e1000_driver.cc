// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The order of things: which step follows which, and what happens when one fails.
#include "drivers/e1000/e1000_driver.h"

#include "core/platform/check.h"
#include "core/platform/log.h"
#include "drivers/e1000/e1000_bring_up.h"
#include "drivers/e1000/e1000_desc.h"

namespace mapwire::e1000 {
namespace {

constexpr nic::DriverInfo kInfo = {
    .family = "e1000",
    .max_queue_pairs = 1,
    .min_descriptors = kMinDescriptors,
    .max_descriptors = kMaxDescriptors,
    .descriptor_multiple = kDescriptorMultiple,
    .min_frame_bytes = Codec::kMinFrameBytes,
    .max_frame_bytes = Codec::kMaxFrameBytes,
    .max_fragments = Codec::kMaxFragments,
    .rx_buffer_step = kRxBufferMin,
    .rx_buffer_max = kRxBufferMax,
    .rx_buffer_doubles = true,
    .max_interrupt_interval_us = kMaxInterruptIntervalUs,
    .receive_filter = true,
};

bool ValidRing(DeviceAddress descriptors, uint32_t count) {
  return descriptors.value() % kRingAlignment == 0 && count >= kMinDescriptors &&
         count <= kMaxDescriptors && count % kDescriptorMultiple == 0;
}

bool Valid(const nic::RxQueueSetup& setup) {
  return ValidRing(setup.descriptors, setup.count) && setup.buffer_bytes >= kRxBufferMin &&
         setup.buffer_bytes <= kRxBufferMax && (setup.buffer_bytes & (setup.buffer_bytes - 1)) == 0;
}

}  // namespace

Result<nic::NicDriver*> Driver::Create(const nic::DriverResources& resources) {
  Driver* driver = platform::New<Driver>(*resources.heap, resources);
  if (driver == nullptr) return Errno::kNoMemory;
  return static_cast<nic::NicDriver*>(driver);
}

void Driver::Destroy(nic::NicDriver* driver) {
  Driver* self = static_cast<Driver*>(driver);
  MW_CHECK(!self->started_);
  platform::Delete(*self->heap_, self);
}

Driver::Driver(const nic::DriverResources& resources)
    : heap_(resources.heap), device_{resources.mmio, resources.sleeper} {}

const nic::DriverInfo& Driver::info() const { return kInfo; }

mapwire::Status Driver::Start(const nic::DriverConfig& config) {
  MW_CHECK(!started_);
  const nic::ConfigError error = nic::CheckConfig(kInfo, config);
  if (error != nic::ConfigError::kNone) {
    Log(platform::LogLevel::kError, "e1000: the configuration is refused: %s", nic::NameOf(error));
    return Errno::kInvalid;
  }
  const mapwire::Status status = BringUp(config);
  if (!status.ok()) {
    (void)TakeDown();  // `loose_` remembers
    return status;
  }
  started_ = true;
  return kOkStatus;
}

mapwire::Status Driver::BringUp(const nic::DriverConfig& config) {
  MW_TRY(Flush(device_));
  MaskInterrupts(device_);
  StopTraffic(device_);
  device_.sleeper->DelayMicroseconds(kQuietUs);
  MW_TRY(Reset(device_));
  MW_TRY(ReadMac(device_, mac_));
  DisableManagement(device_);
  SetUpAddresses(device_, mac_);
  nic::DriverStatistics from_before;
  AddStatistics(device_, from_before);
  counting_ = true;
  DisableFlowControl(device_);
  SetUpReceive(device_, config);
  SetUpTransmit(device_);
  SetUpInterrupts(device_, config);
  MW_TRY(SetUpLink(device_));
  bool gone = false;
  link_.Set(ReadLink(device_, &gone));
  interrupts_.store(true, std::memory_order_relaxed);
  UnmaskLink(device_);
  return Flush(device_);
}

mapwire::Status Driver::TakeDown() {
  interrupts_.store(false, std::memory_order_relaxed);
  const mapwire::Status status = QuietDevice();
  loose_ = !status.ok();
  // Last, for an interrupt may have been running until now.
  link_.Set({});
  return status;
}

// Ends with a reset: it stops whatever DMA is under way, and takes back what an interrupt on
// another CPU unmasked meanwhile. That the device has finished it is its answer; whether traffic
// has come to rest it never says.
mapwire::Status Driver::QuietDevice() {
  const bool counted = counting_;
  counting_ = false;
  if (IsGone(device_)) return kOkStatus;
  MaskInterrupts(device_);
  StopTraffic(device_);
  device_.sleeper->DelayMicroseconds(kQuietUs);
  // The reset clears them.
  if (counted) AddStatistics(device_, kept_statistics_);
  const mapwire::Status status = Reset(device_);
  if (!status.ok()) Log(platform::LogLevel::kError, "e1000: the device does not finish its reset");
  // Parts whose reset leaves these alone exist, so what stands in them is said again.
  StopTraffic(device_);
  return IgnoreGone(status);
}

mapwire::Status Driver::Stop() {
  if (!started_ && !loose_) return kOkStatus;
  started_ = false;
  return TakeDown();
}

void Driver::Shutdown() {
  interrupts_.store(false, std::memory_order_relaxed);
  if (IsGone(device_)) return;
  MaskInterrupts(device_);
  StopTraffic(device_);
}

Result<uint32_t> Driver::StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) {
  MW_CHECK(started_ && queue == 0);
  if (!ValidRing(setup.descriptors, setup.count)) return Errno::kInvalid;
  e1000::StartTxQueue(device_, setup);
  return Tdt::At();
}

Result<uint32_t> Driver::StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) {
  MW_CHECK(started_ && queue == 0);
  if (!Valid(setup)) return Errno::kInvalid;
  e1000::StartRxQueue(device_, setup);
  return Rdt::At();
}

mapwire::Status Driver::StopTxQueue(uint16_t queue) {
  MW_CHECK(queue == 0);
  return started_ ? e1000::StopTxQueue(device_) : kOkStatus;
}

mapwire::Status Driver::StopRxQueue(uint16_t queue) {
  MW_CHECK(queue == 0);
  return started_ ? e1000::StopRxQueue(device_) : kOkStatus;
}

void Driver::SetReceiveFilter(const nic::DriverConfig& config) {
  e1000::SetReceiveFilter(device_, config);
}

// Both directions are masked together and armed together, so they are reported together.
nic::InterruptReport Driver::Interrupt(uint16_t vector) {
  if (vector != 0) return {};
  nic::InterruptReport report;
  const uint32_t causes = TakeCauses(device_);
  if (causes == kGone) return {.gone = true};
  if (NamesQueues(causes)) {
    MaskQueues(device_);
    report.rx_queues = report.tx_queues = 1;
  }
  if (NamesLink(causes)) {
    link_.SetByInterrupt([&] { return ReadLink(device_, &report.gone); });
    report.link_changed = !report.gone;
  }
  return report;
}

void Driver::Arm(uint16_t queue) {
  static_cast<void>(queue);
  if (interrupts_.load(std::memory_order_relaxed)) UnmaskQueues(device_);
}

nic::LinkState Driver::RefreshLink() {
  bool gone = false;
  return link_.Refresh([&] { return ReadLink(device_, &gone); });
}

nic::DeviceHealth Driver::Check() {
  const bool set_up = IsSetUp(device_);
  if (IsGone(device_)) return nic::DeviceHealth::kGone;
  return set_up ? nic::DeviceHealth::kGood : nic::DeviceHealth::kForgetful;
}

void Driver::ReadStatistics(nic::DriverStatistics& statistics) {
  nic::Add(statistics, kept_statistics_);
  kept_statistics_ = nic::DriverStatistics();
  if (counting_) AddStatistics(device_, statistics);
}

}  // namespace mapwire::e1000
