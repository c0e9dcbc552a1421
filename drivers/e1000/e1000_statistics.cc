// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Statistics: every counter clears when it is read, so reading is adding.
#include "drivers/e1000/e1000_bring_up.h"

namespace mapwire::e1000 {
namespace {

template <typename R>
uint64_t Take(const Device& device) {
  return hw::Read<R>(device.mmio).raw();
}

// Two registers, low first: the read of high clears both.
template <typename Low, typename High>
uint64_t TakePair(const Device& device) {
  const uint64_t low = Take<Low>(device);
  return Take<High>(device) << 32 | low;
}

template <typename... Counters>
void TakeSizes(const Device& device, uint64_t (&sizes)[nic::kSizeClasses]) {
  static_assert(sizeof...(Counters) == nic::kSizeClasses);
  uint32_t i = 0;
  ((sizes[i++] = Take<Counters>(device)), ...);
}

// RNBC is left alone: a frame that finds no buffer waits in the packet buffer, and is lost only if
// that is full, which MPC counts.
void TakeReceived(const Device& device, nic::DriverStatistics& now) {
  now.rx_packets = Take<Gprc>(device);
  now.rx_bytes = TakePair<Gorcl, Gorch>(device);
  now.rx_multicast = Take<Mprc>(device);
  now.rx_broadcast = Take<Bprc>(device);
  TakeSizes<Prc64, Prc127, Prc255, Prc511, Prc1023, Prc1522>(device, now.rx_sizes);
  now.rx_all_packets = Take<Tpr>(device);
  now.rx_all_bytes = TakePair<Torl, Torh>(device);
  now.rx_missed = Take<Mpc>(device);
  now.rx_crc_errors = Take<Crcerrs>(device);
  now.rx_undersize = Take<Ruc>(device);
  now.rx_fragments = Take<Rfc>(device);
  now.rx_oversize = Take<Roc>(device);
  now.rx_jabber = Take<Rjc>(device);
  now.rx_length_errors = now.rx_undersize + now.rx_fragments + now.rx_oversize + now.rx_jabber;
  now.rx_field_errors = Take<Rlec>(device);
  now.rx_symbol_errors = Take<Symerrs>(device);
  now.rx_symbol_errors += Take<Rxerrc>(device);
  now.rx_pause_off = Take<Xonrxc>(device);
  now.rx_pause_on = Take<Xoffrxc>(device);
}

void TakeTransmitted(const Device& device, nic::DriverStatistics& now) {
  now.tx_packets = Take<Gptc>(device);
  now.tx_bytes = TakePair<Gotcl, Gotch>(device);
  now.tx_multicast = Take<Mptc>(device);
  now.tx_broadcast = Take<Bptc>(device);
  TakeSizes<Ptc64, Ptc127, Ptc255, Ptc511, Ptc1023, Ptc1522>(device, now.tx_sizes);
  now.tx_pause_off = Take<Xontxc>(device);
  now.tx_pause_on = Take<Xofftxc>(device);
}

}  // namespace

// One queue pair: what it moved is all there is.
void AddStatistics(const Device& device, nic::DriverStatistics& statistics) {
  nic::DriverStatistics now;
  TakeReceived(device, now);
  TakeTransmitted(device, now);
  now.queues[0] = {.rx_packets = now.rx_packets,
                   .rx_bytes = now.rx_bytes,
                   .rx_dropped = now.rx_missed,
                   .tx_packets = now.tx_packets,
                   .tx_bytes = now.tx_bytes};
  // A device that is gone counts all ones everywhere.
  if (!IsGone(device)) nic::Add(statistics, now);
}

}  // namespace mapwire::e1000
