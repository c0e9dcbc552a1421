// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Transmit: packet buffer, arbiter, queues with head write-back.
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

constexpr uint32_t kTxPacketBufferKib = 160;
// Room for one longest frame is kept; the rule is of one lineage only.
constexpr uint32_t kTxThresholdKib = kTxPacketBufferKib - 10;
// The device holds 40 descriptors per queue. It fetches ahead when fewer than PTHRESH are left and
// at least HTHRESH wait in memory: 8 descriptors are two cache lines, so a full batch is fetched
// in whole lines while the ones before are being sent. WTHRESH must be 0 with head write-back.
constexpr uint32_t kPthresh = 36;
constexpr uint32_t kHthresh = 8;
// A short ring may never have that many waiting: whatever there is, is fetched.
constexpr uint32_t kHthreshOfShortRing = 1;
constexpr uint32_t kShortRing = 64;

void SizeTxPacketBuffer(const Device& device) {
  hw::Write(device.mmio, hw::Value<Txpbsize>().With<Txpbsize::Size>(kTxPacketBufferKib), 0);
  hw::Write(device.mmio, hw::Value<Txpbthresh>().With<Txpbthresh::Thresh>(kTxThresholdKib), 0);
  for (uint32_t i = 1; i < kPacketBuffers; ++i) {
    hw::Write(device.mmio, hw::Value<Txpbsize>(), i);
    hw::Write(device.mmio, hw::Value<Txpbthresh>(), i);
  }
}

// One traffic class, no virtual functions. The arbiter stands still while MTQC changes.
void SetQueueLayout(const Device& device) {
  hw::Modify<Rttdcs>(device.mmio, [](auto v) { return v.template With<Rttdcs::Arbdis>(1); });
  hw::Write(device.mmio, hw::Value<Mtqc>());
  hw::Modify<Rttdcs>(device.mmio, [](auto v) { return v.template With<Rttdcs::Arbdis>(0); });
}

}  // namespace

void SetUpTransmit(const Device& device) {
  // All queues together may have this much data requested; the reset value would be 4 KiB.
  hw::Write(device.mmio, hw::Value<Dtxmxszrq>().With<Dtxmxszrq::MaxBytesNumReq>(
                             Dtxmxszrq::MaxBytesNumReq::kMax));
  SizeTxPacketBuffer(device);
  SetQueueLayout(device);
  hw::Modify<Dmatxctl>(device.mmio, [](auto v) { return v.template With<Dmatxctl::Te>(1); });
}

mapwire::Status StartTxQueue(const Device& device, uint16_t queue, const nic::TxQueueSetup& setup) {
  const uint64_t ring = setup.descriptors.value();
  const uint64_t head = setup.head_write_back.value();
  hw::Write(device.mmio, hw::Value<Txdctl>(), queue);
  hw::Write(device.mmio, hw::Value<Tdbal>(static_cast<uint32_t>(ring)), queue);
  hw::Write(device.mmio, hw::Value<Tdbah>(static_cast<uint32_t>(ring >> 32)), queue);
  hw::Write(device.mmio, hw::Value<Tdlen>(setup.count * kDescriptorBytes), queue);
  hw::Write(device.mmio, hw::Value<Tdh>(), queue);
  hw::Write(device.mmio, hw::Value<Tdt>(), queue);
  // The head in memory tells what was sent: reading TDH costs a bus round trip, and reading it
  // often has hung transmit.
  const auto write_back = hw::Value<Tdwbal>(static_cast<uint32_t>(head)).With<Tdwbal::HeadWbEn>(1);
  hw::Write(device.mmio, hw::Value<Tdwbah>(static_cast<uint32_t>(head >> 32)), queue);
  hw::Write(device.mmio, write_back, queue);
  // Relaxed ordering could let an older head overtake a newer one.
  hw::Modify<DcaTxctrl>(
      device.mmio, [](auto v) { return v.template With<DcaTxctrl::TxDescWbroEn>(0); }, queue);
  const uint32_t hthresh = setup.count < kShortRing ? kHthreshOfShortRing : kHthresh;
  const auto on = hw::Value<Txdctl>()
                      .With<Txdctl::Pthresh>(kPthresh)
                      .With<Txdctl::Hthresh>(hthresh)
                      .With<Txdctl::Enable>(1);
  hw::Write(device.mmio, on, queue);
  const mapwire::Status status = WaitFor<Txdctl>(device, kQueueEnableLimit, queue, [](auto v) {
    return v.template Get<Txdctl::Enable>() == 1;
  });
  if (!status.ok()) hw::Write(device.mmio, hw::Value<Txdctl>(), queue);
  return status;
}

mapwire::Status StopTxQueue(const Device& device, uint16_t queue) {
  hw::Write(device.mmio, hw::Value<Txdctl>().With<Txdctl::Swflsh>(1), queue);
  const mapwire::Status status = WaitFor<Txdctl>(device, kQueueDisableLimit, queue, [](auto v) {
    return v.template Get<Txdctl::Enable>() == 0;
  });
  device.sleeper->DelayMicroseconds(kQueueSettleUs);
  return IgnoreGone(status);
}

}  // namespace mapwire::ixgbe
