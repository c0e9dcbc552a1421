// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What every step of the 82540EM driver works on: registers, sleep, and the limits of its waits.
#ifndef DRIVERS_E1000_E1000_DEVICE_H_
#define DRIVERS_E1000_E1000_DEVICE_H_

#include <cstdint>

#include "core/base/status.h"
#include "core/hw/register.h"
#include "core/platform/environment.h"
#include "core/platform/mmio.h"
#include "drivers/e1000/e1000_regs.h"

namespace mapwire::e1000 {

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

// The totals are ours unless a comment says otherwise.
inline constexpr Limit kResetLimit{1'000, 10'000};
inline constexpr Limit kEepromWordLimit{50, 500'000};  // of public drivers
inline constexpr Limit kMdicLimit{50, 100'000};

// Times the device is left alone; they are those of public drivers.
inline constexpr uint32_t kQuietUs = 10'000;      // receive and transmit were told to stop
inline constexpr uint32_t kResetStartUs = 1'000;  // ours: no access while a reset begins
inline constexpr uint32_t kAutoReadUs = 5'000;    // this MAC has no bit that says it is over
inline constexpr uint32_t kStandStillUs = 1'000;  // ours: a head that stands this long is at rest

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

// Polls R until `done(value)`. kTimedOut at the limit, kIo if the device is gone.
template <typename R, typename Done>
mapwire::Status WaitFor(const Device& device, const Limit& limit, Done&& done) {
  bool gone = false;
  const mapwire::Status status =
      platform::WaitUntil(*device.sleeper, limit.step_us, limit.total_us, [&] {
        const hw::Value<R> value = hw::Read<R>(device.mmio);
        gone = value.raw() == kGone;
        return gone || done(value);
      });
  return gone ? mapwire::Status(Errno::kIo) : status;
}

}  // namespace mapwire::e1000

#endif  // DRIVERS_E1000_E1000_DEVICE_H_
