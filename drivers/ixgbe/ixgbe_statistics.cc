// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Statistics: every counter clears when it is read, so reading is adding.
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

template <typename R>
uint64_t Take(const Device& device, uint32_t index = 0) {
  return hw::Read<R>(device.mmio, index).raw();
}

// 36 bits in two registers: low first, the read of high finishes the clearing.
template <typename Low, typename High>
uint64_t TakePair(const Device& device) {
  const uint64_t low = Take<Low>(device);
  const uint64_t high = Take<High>(device) & 0xF;
  return high << 32 | low;
}

}  // namespace

void AddStatistics(const Device& device, nic::DriverStatistics& statistics) {
  nic::DriverStatistics now;
  now.rx_packets = Take<Gprc>(device);
  now.rx_bytes = TakePair<Gorcl, Gorch>(device);
  now.tx_packets = Take<Gptc>(device);
  now.tx_bytes = TakePair<Gotcl, Gotch>(device);
  for (uint32_t i = 0; i < kPacketBuffers; ++i) now.rx_missed += Take<Rxmpc>(device, i);
  // All queues feed counter set 0 after a reset.
  now.rx_no_descriptor = Take<Qprdc>(device, 0);
  now.rx_crc_errors = Take<Crcerrs>(device);
  now.rx_length_errors =
      Take<Ruc>(device) + Take<Roc>(device) + Take<Rfc>(device) + Take<Rjc>(device);
  // A device that is gone counts all ones everywhere.
  if (IsGone(device)) return;
  statistics.rx_packets += now.rx_packets;
  statistics.rx_bytes += now.rx_bytes;
  statistics.tx_packets += now.tx_packets;
  statistics.tx_bytes += now.tx_bytes;
  statistics.rx_missed += now.rx_missed;
  statistics.rx_no_descriptor += now.rx_no_descriptor;
  statistics.rx_crc_errors += now.rx_crc_errors;
  statistics.rx_length_errors += now.rx_length_errors;
}

}  // namespace mapwire::ixgbe
