// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Receive: filters, packet buffer, hashing, queues.
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

constexpr uint32_t kRxPacketBufferBytes = 512 * 1024;
// With pause off, what the packet buffer keeps free for traffic switched inside the device.
constexpr uint32_t kRxHeadroomBytes = 24 * 1024;
// What the MAC takes without JUMBOEN, whatever MAXFRS says; with CRC.
constexpr uint32_t kStandardFrameBytes = 1518;
constexpr uint32_t kVlanEthertype = 0x8100;
// Doubtful (D3): sources differ which of bits 11 and 12 of DCA_RXCTRL must be 0; so both are.
constexpr uint32_t kDcaRxctrlZero = DcaRxctrl::RxDescWbroEn::kMask | 1u << 12;

// The key of the published RSS verification suite: spreads well, and every hash can be checked
// against the suite's table. Byte 0 is the first key byte.
constexpr uint8_t kSpreadingKey[nic::kRssKeyBytes] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
// The same 16 bits over and over: the hash stays what it is when source and destination change
// places, for they do so by whole multiples of 16 bits, addresses and ports alike. It spreads over
// 2^16 values at most, and the table needs 2^7.
constexpr uint8_t kSymmetricKey[2] = {0x6d, 0x5a};
static_assert(nic::kRssKeyBytes == Rssrk::kCount * 4);
static_assert(nic::kRssTableEntries == Reta::kCount * 4);
static_assert(nic::kVlanIdWords == Vfta::kCount);

// One traffic class gets the whole buffer.
void SizeRxPacketBuffer(const Device& device) {
  const auto all = hw::Value<Rxpbsize>().With<Rxpbsize::Size>(kRxPacketBufferBytes >> 10);
  hw::Write(device.mmio, all, 0);
  for (uint32_t i = 1; i < kPacketBuffers; ++i) hw::Write(device.mmio, hw::Value<Rxpbsize>(), i);
}

// The CRC is checked always, and cut off or not: MAC and DMA engine must agree on that.
void SetCrc(const Device& device, bool keep) {
  hw::Modify<Hlreg0>(device.mmio, [keep](auto v) {
    return v.template With<Hlreg0::Rxcrcstrp>(!keep)
        .template With<Hlreg0::Txcrcen>(1)
        .template With<Hlreg0::Txpaden>(1)
        .template With<Hlreg0::Lpbk>(0);
  });
  // The last three: zero, one, one is what every driver writes, coalescing or not.
  hw::Modify<Rdrxctl>(device.mmio, [keep](auto v) {
    return v.template With<Rdrxctl::Crcstrip>(!keep)
        .template With<Rdrxctl::Rscfrstsize>(0)
        .template With<Rdrxctl::Rscackc>(1)
        .template With<Rdrxctl::FcoeWrfix>(1);
  });
}

// The table is a hash of 12 address bits: here (MO 0) the last byte and the upper half of the one
// before. What hashes alike comes too. Written word by word as it is to be, so that no group is
// missing in between.
void SetGroups(const Device& device, const nic::DriverConfig& config) {
  uint32_t words[Mta::kCount] = {};
  for (uint32_t i = 0; i < config.multicast_count; ++i) {
    const uint8_t* const address = config.multicast[i];
    const uint32_t bit = uint32_t{address[5]} << 4 | address[4] >> 4;
    words[bit / 32] |= 1u << bit % 32;
  }
  for (uint32_t i = 0; i < Mta::kCount; ++i) hw::Write(device.mmio, hw::Value<Mta>(words[i]), i);
  hw::Write(device.mmio, hw::Value<Mcstctrl>().With<Mcstctrl::Mfe>(config.multicast_count != 0));
}

// The filter is asked of promiscuous ports too. The reset value of VET is from memory: so it is
// written.
void SetVlans(const Device& device, const nic::DriverConfig& config) {
  if (config.vlan_filter) {
    for (uint32_t i = 0; i < nic::kVlanIdWords; ++i) {
      hw::Write(device.mmio, hw::Value<Vfta>(config.vlan_ids[i]), i);
    }
  }
  hw::Write(device.mmio, hw::Value<Vlnctrl>()
                             .With<Vlnctrl::Vet>(kVlanEthertype)
                             .With<Vlnctrl::Vfe>(config.vlan_filter));
}

// MFS counts the CRC; the device adds a VLAN tag by itself (from memory). Longer frames are
// counted and dropped.
void LimitFrames(const Device& device, uint32_t max_frame_bytes) {
  const uint32_t with_crc = max_frame_bytes + kCrcBytes;
  hw::Modify<Maxfrs>(device.mmio,
                     [with_crc](auto v) { return v.template With<Maxfrs::Mfs>(with_crc); });
  // For less than standard too: without it MAXFRS means nothing.
  const bool jumbo = with_crc != kStandardFrameBytes;
  hw::Modify<Hlreg0>(device.mmio,
                     [jumbo](auto v) { return v.template With<Hlreg0::Jumboen>(jumbo); });
}

uint8_t KeyByte(const nic::DriverConfig& config, uint32_t i) {
  switch (config.rss_key_kind) {
    case nic::RssKey::kSpreading:
      break;
    case nic::RssKey::kSymmetric:
      return kSymmetricKey[i % sizeof(kSymmetricKey)];
    case nic::RssKey::kGiven:
      return config.rss_key[i];
  }
  return kSpreadingKey[i];
}

void WriteRssKey(const Device& device, const nic::DriverConfig& config) {
  for (uint32_t i = 0; i < Rssrk::kCount; ++i) {
    uint32_t word = 0;
    for (uint32_t byte = 0; byte < 4; ++byte) {
      word |= uint32_t{KeyByte(config, 4 * i + byte)} << 8 * byte;
    }
    hw::Write(device.mmio, hw::Value<Rssrk>(word), i);
  }
}

uint32_t TableEntry(const nic::DriverConfig& config, uint32_t i) {
  return config.rss_table_kind == nic::RssTable::kGiven ? config.rss_table[i]
                                                        : i % config.rss_queues;
}

void WriteRedirectionTable(const Device& device, const nic::DriverConfig& config) {
  for (uint32_t i = 0; i < Reta::kCount; ++i) {
    const auto word = hw::Value<Reta>()
                          .With<Reta::Entry0>(TableEntry(config, 4 * i + 0))
                          .With<Reta::Entry1>(TableEntry(config, 4 * i + 1))
                          .With<Reta::Entry2>(TableEntry(config, 4 * i + 2))
                          .With<Reta::Entry3>(TableEntry(config, 4 * i + 3));
    hw::Write(device.mmio, word, i);
  }
}

// One queue needs no hash: everything without one goes to queue 0. UDP is hashed by address only
// unless asked, so that the fragments of a datagram stay with each other.
void SpreadOverQueues(const Device& device, const nic::DriverConfig& config) {
  WriteRssKey(device, config);
  WriteRedirectionTable(device, config);
  // The descriptor carries the hash, not a fragment checksum.
  hw::Write(device.mmio, hw::Value<Rxcsum>().With<Rxcsum::Pcsd>(1));
  auto mrqc = hw::Value<Mrqc>();
  if (config.rss_queues > 1) {
    mrqc = mrqc.With<Mrqc::Mrqe>(kMrqeRss)
               .With<Mrqc::RssIpv4>(1)
               .With<Mrqc::RssTcpIpv4>(1)
               .With<Mrqc::RssIpv6>(1)
               .With<Mrqc::RssTcpIpv6>(1)
               .With<Mrqc::RssUdpIpv4>(config.rss_udp_ports)
               .With<Mrqc::RssUdpIpv6>(config.rss_udp_ports);
  }
  hw::Write(device.mmio, mrqc);
}

// One buffer per descriptor. DROP_EN: a queue without buffers loses its own frames instead of
// stalling every other queue behind the head of the packet buffer.
hw::Value<Srrctl> BufferRules(uint32_t buffer_bytes) {
  return hw::Value<Srrctl>()
      .With<Srrctl::Bsizepacket>(buffer_bytes / kRxBufferStep)
      .With<Srrctl::Desctype>(kDescTypeAdvancedOneBuffer)
      .With<Srrctl::DropEn>(1);
}

}  // namespace

void ClearFilters(const Device& device) {
  for (uint32_t i = 1; i < kReceiveAddresses; ++i) {
    hw::Write(device.mmio, hw::Value<Ral>(), i);
    hw::Write(device.mmio, hw::Value<Rah>(), i);
  }
  for (uint32_t i = 0; i < Vfta::kCount; ++i) hw::Write(device.mmio, hw::Value<Vfta>(), i);
  hw::Write(device.mmio, hw::Value<Mcstctrl>());
}

void DisableFlowControl(const Device& device) {
  hw::Write(device.mmio, hw::Value<Fccfg>());
  // DPF: a received pause frame ends here, it is not handed to a queue.
  hw::Modify<Mflcn>(device.mmio, [](auto v) {
    return v.template With<Mflcn::Pmcf>(0)
        .template With<Mflcn::Dpf>(1)
        .template With<Mflcn::Rpfce>(0)
        .template With<Mflcn::Rfce>(0);
  });
  for (uint32_t i = 0; i < kPacketBuffers; ++i) hw::Write(device.mmio, hw::Value<Fcrtl>(), i);
  // The threshold itself stays meaningful with pause off; the rule is of one lineage only.
  hw::Write(device.mmio, hw::Value<Fcrth>(kRxPacketBufferBytes - kRxHeadroomBytes), 0);
  for (uint32_t i = 1; i < kPacketBuffers; ++i) hw::Write(device.mmio, hw::Value<Fcrth>(), i);
}

// Without BAM broadcast is dropped, even when everything else is taken.
void SetReceiveFilter(const Device& device, const nic::DriverConfig& config) {
  SetGroups(device, config);
  const bool multicast = config.promiscuous || config.all_multicast;
  hw::Modify<Fctrl>(device.mmio, [&](auto v) {
    return v.template With<Fctrl::Sbp>(0)
        .template With<Fctrl::Bam>(1)
        .template With<Fctrl::Upe>(config.promiscuous)
        .template With<Fctrl::Mpe>(multicast);
  });
  // There are no pools. One lineage sets pool 0 all the same, so it says what FCTRL says.
  hw::Write(device.mmio,
            hw::Value<Pfvml2flt>()
                .With<Pfvml2flt::Aupe>(1)
                .With<Pfvml2flt::Rompe>(config.multicast_count != 0)
                .With<Pfvml2flt::Bam>(1)
                .With<Pfvml2flt::Mpe>(multicast),
            0);
}

void SetUpReceive(const Device& device, const nic::DriverConfig& config) {
  SizeRxPacketBuffer(device);
  SetCrc(device, config.keep_crc);
  SetReceiveFilter(device, config);
  SetVlans(device, config);
  LimitFrames(device, config.max_frame_bytes);
  // Coalesced frames would be longer than any buffer.
  hw::Modify<Rfctl>(device.mmio, [](auto v) { return v.template With<Rfctl::RscDis>(1); });
  SpreadOverQueues(device, config);
  // A queue that is still off must not hold up the others either.
  for (uint32_t i = 0; i < kMaxQueuePairs; ++i) hw::Write(device.mmio, BufferRules(2048), i);
}

mapwire::Status StartRxQueue(const Device& device, uint16_t queue, const nic::RxQueueSetup& setup) {
  const uint64_t ring = setup.descriptors.value();
  hw::Write(device.mmio, hw::Value<Rxdctl>(), queue);
  hw::Write(device.mmio, hw::Value<Rdbal>(static_cast<uint32_t>(ring)), queue);
  hw::Write(device.mmio, hw::Value<Rdbah>(static_cast<uint32_t>(ring >> 32)), queue);
  hw::Write(device.mmio, hw::Value<Rdlen>(setup.count * kDescriptorBytes), queue);
  hw::Write(device.mmio, hw::Value<Rdh>(), queue);
  hw::Write(device.mmio, hw::Value<Rdt>(), queue);
  hw::Write(device.mmio, BufferRules(setup.buffer_bytes), queue);
  hw::Write(device.mmio, hw::Value<Rscctl>(), queue);
  // A descriptor must not be seen done before its data: no relaxed ordering for write-backs.
  hw::Modify<DcaRxctrl>(
      device.mmio, [](auto v) { return hw::Value<DcaRxctrl>(v.raw() & ~kDcaRxctrlZero); }, queue);
  // VME 0: VLAN tags stay in the frame.
  hw::Write(device.mmio, hw::Value<Rxdctl>().With<Rxdctl::Enable>(1), queue);
  // A tail written before ENABLE reads 1 is lost; the caller writes it after we return.
  const mapwire::Status status = WaitFor<Rxdctl>(device, kQueueEnableLimit, queue, [](auto v) {
    return v.template Get<Rxdctl::Enable>() == 1;
  });
  if (!status.ok()) hw::Write(device.mmio, hw::Value<Rxdctl>(), queue);
  return status;
}

mapwire::Status StopRxQueue(const Device& device, uint16_t queue) {
  hw::Write(device.mmio, hw::Value<Rxdctl>(), queue);
  const mapwire::Status status = WaitFor<Rxdctl>(device, kQueueDisableLimit, queue, [](auto v) {
    return v.template Get<Rxdctl::Enable>() == 0;
  });
  // Write-backs already on their way land before the memory goes.
  device.sleeper->DelayMicroseconds(kQueueSettleUs);
  return IgnoreGone(status);
}

}  // namespace mapwire::ixgbe
