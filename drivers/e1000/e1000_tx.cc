// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Transmit: the MAC, and the one queue.
#include "drivers/e1000/e1000_bring_up.h"

namespace mapwire::e1000 {
namespace {

// Collisions do not happen on the full-duplex links that are negotiated; the values are the usual
// ones.
constexpr uint32_t kCollisionThreshold = 0x0F;
constexpr uint32_t kCollisionDistance = 0x40;
// Gaps of copper.
constexpr uint32_t kIpgt = 8;
constexpr uint32_t kIpgr1 = 8;
constexpr uint32_t kIpgr2 = 6;

}  // namespace

void SetUpTransmit(const Device& device) {
  hw::Write(device.mmio,
            hw::Value<Tipg>().With<Tipg::Ipgt>(kIpgt).With<Tipg::Ipgr1>(kIpgr1).With<Tipg::Ipgr2>(
                kIpgr2));
  // No descriptor asks for a delayed interrupt.
  hw::Write(device.mmio, hw::Value<Tidv>());
  hw::Write(device.mmio, hw::Value<Tadv>());
  hw::Write(device.mmio, hw::Value<Tctl>()
                             .With<Tctl::Psp>(1)
                             .With<Tctl::Rtlc>(1)
                             .With<Tctl::Ct>(kCollisionThreshold)
                             .With<Tctl::Cold>(kCollisionDistance));
}

void StartTxQueue(const Device& device, const nic::TxQueueSetup& setup) {
  const uint64_t ring = setup.descriptors.value();
  hw::Write(device.mmio, hw::Value<Tdbal>(static_cast<uint32_t>(ring)));
  hw::Write(device.mmio, hw::Value<Tdbah>(static_cast<uint32_t>(ring >> 32)));
  hw::Write(device.mmio, hw::Value<Tdlen>(setup.count * kDescriptorBytes));
  hw::Write(device.mmio, hw::Value<Tdh>());
  hw::Write(device.mmio, hw::Value<Tdt>());
  // Each report is written back by itself: thresholds of one descriptor, as public drivers have it.
  hw::Write(device.mmio, hw::Value<Txdctl>().With<Txdctl::Wthresh>(1).With<Txdctl::Gran>(1));
  hw::Modify<Tctl>(device.mmio, [](auto v) { return v.template With<Tctl::En>(1); });
}

// See StopRxQueue.
mapwire::Status StopTxQueue(const Device& device) {
  hw::Modify<Tctl>(device.mmio, [](auto v) { return v.template With<Tctl::En>(0); });
  (void)Flush(device);
  device.sleeper->DelayMicroseconds(kQuietUs);
  const uint32_t head = hw::Read<Tdh>(device.mmio).raw();
  device.sleeper->DelayMicroseconds(kStandStillUs);
  return hw::Read<Tdh>(device.mmio).raw() == head ? kOkStatus : mapwire::Status(Errno::kTimedOut);
}

}  // namespace mapwire::e1000
