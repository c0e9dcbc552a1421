// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Receive: filters, and the one queue.
#include <bit>

#include "drivers/e1000/e1000_bring_up.h"

namespace mapwire::e1000 {
namespace {

constexpr uint32_t kVlanEthertype = 0x8100;
constexpr uint32_t kPauseEthertype = 0x8808;
// 01:80:C2:00:00:01, the first byte lowest.
constexpr uint32_t kPauseAddressLow = 0x00C28001;
constexpr uint32_t kPauseAddressHigh = 0x0100;
constexpr uint32_t kVlanTagBytes = 4;
static_assert(nic::kVlanIdWords == Vfta::kCount);

// The table is a hash of 12 address bits: here (MO 0) the last byte and the upper half of the one
// before. What hashes alike comes too.
// Word by word as it is to be, so that no group is missing in between.
void SetGroups(const Device& device, const nic::DriverConfig& config) {
  uint32_t words[Mta::kCount] = {};
  for (uint32_t i = 0; i < config.multicast_count; ++i) {
    const uint8_t* const address = config.multicast[i];
    const uint32_t bit = uint32_t{address[5]} << 4 | address[4] >> 4;
    words[bit / 32] |= 1u << bit % 32;
  }
  for (uint32_t i = 0; i < Mta::kCount; ++i) hw::Write(device.mmio, hw::Value<Mta>(words[i]), i);
}

// Without BAM broadcast is dropped, even when everything else is taken.
hw::Value<Rctl> WithFilter(hw::Value<Rctl> rctl, const nic::DriverConfig& config) {
  return rctl.With<Rctl::Bam>(1)
      .With<Rctl::Upe>(config.promiscuous)
      .With<Rctl::Mpe>(config.promiscuous || config.all_multicast);
}

void SetVlans(const Device& device, const nic::DriverConfig& config) {
  hw::Write(device.mmio, hw::Value<Vet>(kVlanEthertype));
  if (!config.vlan_filter) return;
  for (uint32_t i = 0; i < nic::kVlanIdWords; ++i) {
    hw::Write(device.mmio, hw::Value<Vfta>(config.vlan_ids[i]), i);
  }
}

// 256 to 2048, and with BSEX 4096 to 16384: each length is the half of the one before.
hw::Value<Rctl> WithBuffers(hw::Value<Rctl> rctl, uint32_t bytes) {
  const bool large = bytes > 2048;
  const uint32_t halvings = std::countr_zero((large ? 32768u : 2048u) / bytes);
  return rctl.With<Rctl::Bsex>(large).With<Rctl::Bsize>(halvings);
}

}  // namespace

void SetUpAddresses(const Device& device, const uint8_t mac[6]) {
  hw::Write(device.mmio, hw::Value<Ral>(uint32_t{mac[0]} | uint32_t{mac[1]} << 8 |
                                        uint32_t{mac[2]} << 16 | uint32_t{mac[3]} << 24));
  hw::Write(device.mmio, hw::Value<Rah>()
                             .With<Rah::Address>(uint32_t{mac[4]} | uint32_t{mac[5]} << 8)
                             .With<Rah::Av>(1));
  for (uint32_t i = 1; i < kReceiveAddresses; ++i) {
    hw::Write(device.mmio, hw::Value<Rah>(), i);
    hw::Write(device.mmio, hw::Value<Ral>(), i);
  }
  for (uint32_t i = 0; i < Vfta::kCount; ++i) hw::Write(device.mmio, hw::Value<Vfta>(), i);
}

// The address and type by which the MAC knows a pause frame: it must know one to throw it away.
void DisableFlowControl(const Device& device) {
  hw::Write(device.mmio, hw::Value<Fcal>(kPauseAddressLow));
  hw::Write(device.mmio, hw::Value<Fcah>(kPauseAddressHigh));
  hw::Write(device.mmio, hw::Value<Fct>(kPauseEthertype));
  hw::Write(device.mmio, hw::Value<Fcttv>());
  hw::Write(device.mmio, hw::Value<Fcrtl>());
  hw::Write(device.mmio, hw::Value<Fcrth>());
}

// This MAC knows two limits of a frame: 1522 bytes with CRC, and with LPE what it can hold. A limit
// of the configuration between them is not kept by the device; the queue bounds what is written.
void SetReceiveFilter(const Device& device, const nic::DriverConfig& config) {
  SetGroups(device, config);
  const hw::Value<Rctl> now = hw::Read<Rctl>(device.mmio);
  const hw::Value<Rctl> wanted = WithFilter(now, config);
  if (wanted.raw() != now.raw()) hw::Write(device.mmio, wanted);
}

void SetUpReceive(const Device& device, const nic::DriverConfig& config) {
  SetGroups(device, config);
  SetVlans(device, config);
  // Checksums are not looked at; a received frame interrupts without waiting for another.
  hw::Write(device.mmio, hw::Value<Rxcsum>());
  hw::Write(device.mmio, hw::Value<Rdtr>());
  hw::Write(device.mmio, hw::Value<Radv>());
  hw::Write(device.mmio, hw::Value<Rsrpd>());
  const uint32_t longest = config.max_frame_bytes + kCrcBytes + kVlanTagBytes;
  hw::Write(device.mmio, WithFilter({}, config)
                             .With<Rctl::Lpe>(longest > kStandardFrameBytes)
                             .With<Rctl::Vfe>(config.vlan_filter)
                             .With<Rctl::Dpf>(1)
                             .With<Rctl::Secrc>(!config.keep_crc));
}

void StartRxQueue(const Device& device, const nic::RxQueueSetup& setup) {
  const uint64_t ring = setup.descriptors.value();
  hw::Write(device.mmio, hw::Value<Rdbal>(static_cast<uint32_t>(ring)));
  hw::Write(device.mmio, hw::Value<Rdbah>(static_cast<uint32_t>(ring >> 32)));
  hw::Write(device.mmio, hw::Value<Rdlen>(setup.count * kDescriptorBytes));
  hw::Write(device.mmio, hw::Value<Rdh>());
  hw::Write(device.mmio, hw::Value<Rdt>());
  hw::Modify<Rctl>(device.mmio, [&setup](auto v) {
    return WithBuffers(v, setup.buffer_bytes).template With<Rctl::En>(1);
  });
}

// There is nothing to ask: the part says of neither direction whether it is at rest. A head that
// moves tells that it is not.
mapwire::Status StopRxQueue(const Device& device) {
  hw::Modify<Rctl>(device.mmio, [](auto v) { return v.template With<Rctl::En>(0); });
  (void)Flush(device);
  device.sleeper->DelayMicroseconds(kQuietUs);
  const uint32_t head = hw::Read<Rdh>(device.mmio).raw();
  device.sleeper->DelayMicroseconds(kStandStillUs);
  return hw::Read<Rdh>(device.mmio).raw() == head ? kOkStatus : mapwire::Status(Errno::kTimedOut);
}

}  // namespace mapwire::e1000
