// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Statistics: every counter clears when it is read, so reading is adding.
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

template <typename R>
uint64_t Take(const Device& device, uint32_t index = 0) {
  return hw::Read<R>(device.mmio, index).raw();
}

// 36 bits in two registers: low first, the read of high finishes the clearing. Nothing stands
// between the two reads: what arrives there is lost if it is the second that clears both, and
// counted if each clears itself or the first one takes both.
template <typename Low, typename High>
uint64_t TakePair(const Device& device, uint32_t index = 0) {
  const uint64_t low = Take<Low>(device, index);
  const uint64_t high = Take<High>(device, index) & 0xF;
  return high << 32 | low;
}

template <typename... Counters>
void TakeSizes(const Device& device, uint64_t (&sizes)[nic::kSizeClasses]) {
  static_assert(sizeof...(Counters) == nic::kSizeClasses);
  uint32_t i = 0;
  ((sizes[i++] = Take<Counters>(device)), ...);
}

void TakeReceived(const Device& device, nic::DriverStatistics& now) {
  now.rx_packets = Take<Gprc>(device);
  now.rx_bytes = TakePair<Gorcl, Gorch>(device);
  now.rx_multicast = Take<Mprc>(device);
  now.rx_broadcast = Take<Bprc>(device);
  TakeSizes<Prc64, Prc127, Prc255, Prc511, Prc1023, Prc1522>(device, now.rx_sizes);
  now.rx_all_packets = Take<Tpr>(device);
  now.rx_all_bytes = TakePair<Torl, Torh>(device);
  for (uint32_t i = 0; i < kPacketBuffers; ++i) now.rx_missed += Take<Rxmpc>(device, i);
  now.rx_crc_errors = Take<Crcerrs>(device);
  now.rx_undersize = Take<Ruc>(device);
  now.rx_fragments = Take<Rfc>(device);
  now.rx_oversize = Take<Roc>(device);
  now.rx_jabber = Take<Rjc>(device);
  now.rx_length_errors = now.rx_undersize + now.rx_fragments + now.rx_oversize + now.rx_jabber;
  now.rx_short_discards = Take<Mspdc>(device);
  now.rx_checksum_errors = Take<Xec>(device);
  now.rx_field_errors = Take<Rlec>(device);
  now.rx_symbol_errors = Take<Illerrc>(device);
  now.rx_symbol_errors += Take<Errbc>(device);
  now.local_faults = Take<Mlfc>(device);
  now.remote_faults = Take<Mrfc>(device);
  now.rx_pause_off = Take<Lxonrxcnt>(device);
  now.rx_pause_on = Take<Lxoffrxcnt>(device);
}

void TakeTransmitted(const Device& device, nic::DriverStatistics& now) {
  now.tx_packets = Take<Gptc>(device);
  now.tx_bytes = TakePair<Gotcl, Gotch>(device);
  now.tx_multicast = Take<Mptc>(device);
  now.tx_broadcast = Take<Bptc>(device);
  TakeSizes<Ptc64, Ptc127, Ptc255, Ptc511, Ptc1023, Ptc1522>(device, now.tx_sizes);
  now.tx_pause_off = Take<Lxontxc>(device);
  now.tx_pause_on = Take<Lxofftxc>(device);
}

// The part leaves the CRC out of a queue's received bytes if it strips it (as DPDK has it).
void TakeQueue(const Device& device, uint32_t set, uint32_t crc_stripped,
               nic::DriverStatistics& now) {
  nic::QueueStatistics& queue = now.queues[set];
  queue.rx_packets = Take<Qprc>(device, set);
  queue.rx_bytes = TakePair<QbrcL, QbrcH>(device, set) + crc_stripped * queue.rx_packets;
  queue.rx_dropped = Take<Qprdc>(device, set);
  queue.tx_packets = Take<Qptc>(device, set);
  queue.tx_bytes = TakePair<QbtcL, QbtcH>(device, set);
  now.rx_no_descriptor += queue.rx_dropped;
}

}  // namespace

// Counter set n belongs to queue n. Queues that are never on keep set 0, which reset gave them.
void SetUpStatistics(const Device& device) {
  for (uint32_t first = 0; first < kStatisticsSets; first += 4) {
    hw::Write(device.mmio,
              hw::Value<Rqsmr>()
                  .With<Rqsmr::QMap0>(first)
                  .With<Rqsmr::QMap1>(first + 1)
                  .With<Rqsmr::QMap2>(first + 2)
                  .With<Rqsmr::QMap3>(first + 3),
              first / 4);
    hw::Write(device.mmio,
              hw::Value<Tqsm>()
                  .With<Tqsm::QMap0>(first)
                  .With<Tqsm::QMap1>(first + 1)
                  .With<Tqsm::QMap2>(first + 2)
                  .With<Tqsm::QMap3>(first + 3),
              first / 4);
  }
  nic::DriverStatistics from_before;
  AddStatistics(device, kStatisticsSets, 0, from_before);
}

void AddStatistics(const Device& device, uint16_t queue_pairs, uint32_t crc_stripped,
                   nic::DriverStatistics& statistics) {
  nic::DriverStatistics now;
  TakeReceived(device, now);
  TakeTransmitted(device, now);
  for (uint32_t i = 0; i < queue_pairs; ++i) TakeQueue(device, i, crc_stripped, now);
  // A device that is gone counts all ones everywhere.
  if (!IsGone(device)) nic::Add(statistics, now);
}

}  // namespace mapwire::ixgbe
