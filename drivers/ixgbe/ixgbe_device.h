// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What every step of the 82599 driver works on: registers, sleep, and the limits of its waits.
#ifndef DRIVERS_IXGBE_IXGBE_DEVICE_H_
#define DRIVERS_IXGBE_IXGBE_DEVICE_H_

#include <cstdint>
#include <utility>

#include "core/base/status.h"
#include "core/hw/register.h"
#include "core/platform/environment.h"
#include "core/platform/mmio.h"
#include "drivers/ixgbe/ixgbe_regs.h"

namespace mapwire::ixgbe {

// Inside this namespace Status is the register STATUS; the outcome of a step is mapwire::Status.

struct Device {
  platform::Mmio mmio;
  platform::Sleeper* sleeper;
};

// How often a wait looks, and when it gives up.
struct Limit {
  uint32_t step_us;
  uint32_t total_us;
};

// The totals are the budgets public drivers use, unless a comment says otherwise.
inline constexpr Limit kMasterDisableLimit{100, 80'000};
inline constexpr Limit kReceivePathIdleLimit{1'000, 40'000};
inline constexpr Limit kResetLimit{1'000, 10'000};
inline constexpr Limit kEepromAutoReadLimit{1'000, 100'000};  // ours: others wait for ever
inline constexpr Limit kDmaInitLimit{1'000, 100'000};         // ours: others wait for ever
inline constexpr Limit kEepromWordLimit{5, 500'000};
inline constexpr Limit kRegisterLockLimit{50, 100'000};
inline constexpr Limit kOwnershipLimit{5'000, 1'000'000};
inline constexpr Limit kQueueEnableLimit{1'000, 20'000};
inline constexpr Limit kQueueDisableLimit{100, 10'000};
inline constexpr Limit kRestartLinkLimit{1'000, 20'000};  // ours: others do not look

// Times the device is left alone.
inline constexpr uint32_t kQueueFlushUs = 2'000;    // queues were told to stop
inline constexpr uint32_t kResetStartUs = 1'000;    // no access while a reset begins
inline constexpr uint32_t kResetSettleUs = 50'000;  // a reset is over
inline constexpr uint32_t kLoopbackDrainUs = 3'000;
inline constexpr uint32_t kBufferClearUs = 20;
inline constexpr uint32_t kQueueSettleUs = 100;  // before the memory of a stopped queue goes away

// No register reads as all ones unless the device is gone.
inline constexpr uint32_t kGone = 0xFFFFFFFF;

inline bool IsGone(const Device& device) { return hw::Read<Status>(device.mmio).raw() == kGone; }

// A read pushes the writes before it out to the device. kIo if there is no device any more.
inline mapwire::Status Flush(const Device& device) {
  return IsGone(device) ? mapwire::Status(Errno::kIo) : kOkStatus;
}

// For waits whose point is that the device does nothing any more: one that is gone does nothing.
inline mapwire::Status IgnoreGone(mapwire::Status status) {
  return status == Errno::kIo ? kOkStatus : status;
}

// Polls element `index` of R until `done(value)`. kTimedOut at the limit, kIo if the device is
// gone.
template <typename R, typename Done>
mapwire::Status WaitFor(const Device& device, const Limit& limit, uint32_t index, Done&& done) {
  bool gone = false;
  const mapwire::Status status =
      platform::WaitUntil(*device.sleeper, limit.step_us, limit.total_us, [&] {
        const hw::Value<R> value = hw::Read<R>(device.mmio, index);
        gone = value.raw() == kGone;
        return gone || done(value);
      });
  return gone ? mapwire::Status(Errno::kIo) : status;
}

}  // namespace mapwire::ixgbe

#endif  // DRIVERS_IXGBE_IXGBE_DEVICE_H_
