// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The order of things: which step follows which, and what happens when one fails.
#include "drivers/ixgbe/ixgbe_driver.h"

#include "core/platform/check.h"
#include "core/platform/log.h"
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

constexpr nic::DriverInfo kInfo = {
    .family = "ixgbe",
    .max_queue_pairs = kMaxQueuePairs,
    .min_descriptors = kMinDescriptors,
    .max_descriptors = kMaxDescriptors,
    .descriptor_multiple = kDescriptorMultiple,
    // The MAC pads to 60 by itself (HLREG0.TXPADEN), but wants a whole header to work with; the
    // smallest length it takes is from memory.
    .min_frame_bytes = 17,
    .max_frame_bytes = kMaxFrameBytes,
    // The hardware descriptor cache holds 40.
    .max_fragments = 40,
    .rx_buffer_step = kRxBufferStep,
    .rx_buffer_max = kRxBufferMax,
    .max_interrupt_interval_us = kMaxInterruptIntervalUs,
    .receive_filter = true,
};

bool ValidRing(DeviceAddress descriptors, uint32_t count) {
  return descriptors.value() % kRingAlignment == 0 && count >= kMinDescriptors &&
         count <= kMaxDescriptors && count % kDescriptorMultiple == 0;
}

bool Valid(const nic::TxQueueSetup& setup) {
  return ValidRing(setup.descriptors, setup.count) && setup.head_write_back.value() % 4 == 0;
}

bool Valid(const nic::RxQueueSetup& setup) {
  return ValidRing(setup.descriptors, setup.count) && setup.buffer_bytes >= kRxBufferStep &&
         setup.buffer_bytes <= kRxBufferMax && setup.buffer_bytes % kRxBufferStep == 0;
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
    Log(platform::LogLevel::kError, "ixgbe: the configuration is refused: %s", nic::NameOf(error));
    return Errno::kInvalid;
  }
  queue_pairs_ = config.queue_pairs;
  crc_stripped_ = config.keep_crc ? 0 : kCrcBytes;
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
  if (!autoc_known_) {
    found_autoc_ = hw::Read<Autoc>(device_.mmio).raw();
    autoc_known_ = found_autoc_ != kGone;
  }
  MaskInterrupts(device_);
  const bool stuck = Quiesce(device_);
  MW_TRY(Reset(device_, /*twice=*/stuck));
  MW_TRY(WaitForEepromAutoRead(device_));
  MW_TRY(WaitForDmaInit(device_));
  MW_TRY(VerifyEeprom(device_));
  MW_TRY(ReadMac(device_, mac_));
  AnnounceDriver(device_, true);
  ClearFilters(device_);
  SetUpStatistics(device_);
  counting_ = true;
  DisableFlowControl(device_);
  SetUpReceive(device_, config);
  SetUpTransmit(device_);
  SetUpInterrupts(device_, config);
  MW_TRY(SetUpLink(device_));
  // Public drivers turn receive on behind the first queue. Here queues come and go while it is on:
  // until a queue is on, DROP_EN lets its frames go.
  SetReceive(device_, true);
  bool gone = false;
  link_.Set(ReadLink(device_, &gone));
  interrupts_.store(true, std::memory_order_relaxed);
  UnmaskOtherCauses(device_);
  return Flush(device_);
}

mapwire::Status Driver::TakeDown() {
  interrupts_.store(false, std::memory_order_relaxed);
  const mapwire::Status status = QuietDevice();
  loose_ = !status.ok();
  // Last, for a link interrupt may have been running until now.
  link_.Set({});
  return status;
}

// Ends with a reset: it also takes back whatever an interrupt on another CPU unmasked meanwhile,
// and with no cause mapped to a vector nothing can be raised from then on.
mapwire::Status Driver::QuietDevice() {
  const bool counted = counting_;
  counting_ = false;
  if (IsGone(device_)) return kOkStatus;
  MaskInterrupts(device_);
  AnnounceDriver(device_, false);
  const bool stuck = Quiesce(device_);
  // The reset clears them.
  if (counted) AddStatistics(device_, queue_pairs_, crc_stripped_, kept_statistics_);
  mapwire::Status status = Reset(device_, /*twice=*/stuck);
  if (!status.ok()) {
    Log(platform::LogLevel::kError, "ixgbe: the device does not finish its reset");
    return IgnoreGone(status);
  }
  if (stuck) {
    // What was stuck may only have been forgotten, not over: ask again. Bus mastering stays off.
    status = IgnoreGone(DisableBusMaster(device_));
    if (!status.ok()) {
      Log(platform::LogLevel::kError, "ixgbe: bus transactions stay pending through two resets");
      return status;
    }
  }
  if (autoc_known_) RestoreLinkMode(device_, found_autoc_);
  return kOkStatus;
}

mapwire::Status Driver::Stop() {
  if (!started_ && !loose_) return kOkStatus;
  started_ = false;
  return TakeDown();
}

void Driver::Shutdown() {
  interrupts_.store(false, std::memory_order_relaxed);
  if (!IsGone(device_)) Silence(device_);
}

Result<uint32_t> Driver::StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) {
  MW_CHECK(started_ && queue < queue_pairs_);
  if (!Valid(setup)) return Errno::kInvalid;
  MW_TRY(ixgbe::StartTxQueue(device_, queue, setup));
  return Tdt::At(queue);
}

Result<uint32_t> Driver::StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) {
  MW_CHECK(started_ && queue < queue_pairs_);
  if (!Valid(setup)) return Errno::kInvalid;
  MW_TRY(ixgbe::StartRxQueue(device_, queue, setup));
  return Rdt::At(queue);
}

mapwire::Status Driver::StopTxQueue(uint16_t queue) {
  MW_CHECK(queue < queue_pairs_);
  return started_ ? ixgbe::StopTxQueue(device_, queue) : kOkStatus;
}

mapwire::Status Driver::StopRxQueue(uint16_t queue) {
  MW_CHECK(queue < queue_pairs_);
  return started_ ? ixgbe::StopRxQueue(device_, queue) : kOkStatus;
}

void Driver::SetReceiveFilter(const nic::DriverConfig& config) {
  ixgbe::SetReceiveFilter(device_, config);
}

nic::InterruptReport Driver::Interrupt(uint16_t vector) {
  if (vector == queue_pairs_) return OtherInterrupt();
  if (vector > queue_pairs_) return {};
  const uint64_t queue = uint64_t{1} << vector;
  return {.rx_queues = queue, .tx_queues = queue};
}

nic::InterruptReport Driver::OtherInterrupt() {
  nic::InterruptReport report;
  const uint32_t causes = TakeOtherCauses(device_);
  if (causes == kGone) return {.gone = true};
  if (hw::Value<Eicr>(causes).Get<Eicr::Lsc>() == 1) {
    link_.SetByInterrupt([&] { return ReadLink(device_, &report.gone); });
    report.link_changed = !report.gone;
  }
  if (!report.gone && interrupts_.load(std::memory_order_relaxed)) UnmaskOtherCauses(device_);
  return report;
}

void Driver::Arm(uint16_t queue) {
  if (interrupts_.load(std::memory_order_relaxed)) UnmaskQueue(device_, queue);
}

nic::LinkState Driver::RefreshLink() {
  bool gone = false;
  return link_.Refresh([&] { return ReadLink(device_, &gone); });
}

nic::DeviceHealth Driver::Check() {
  const bool announced = IsAnnounced(device_);
  if (IsGone(device_)) return nic::DeviceHealth::kGone;
  return announced ? nic::DeviceHealth::kGood : nic::DeviceHealth::kForgetful;
}

void Driver::ReadStatistics(nic::DriverStatistics& statistics) {
  nic::Add(statistics, kept_statistics_);
  kept_statistics_ = nic::DriverStatistics();
  if (counting_) AddStatistics(device_, queue_pairs_, crc_stripped_, statistics);
}

}  // namespace mapwire::ixgbe
