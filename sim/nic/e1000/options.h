// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Parameters of the 82540EM model. All are deterministic; the model draws no random numbers.
#ifndef SIM_NIC_E1000_OPTIONS_H_
#define SIM_NIC_E1000_OPTIONS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "sim/engine/time.h"

namespace mapwire::sim {

struct E1000Options {
  std::array<uint8_t, 6> mac = {0x02, 0x00, 0x5E, 0x82, 0x54, 0x0E};
  // Words 0..n of the EEPROM; empty: a small image with the MAC address and a valid checksum.
  std::vector<uint16_t> eeprom;

  // DMA engine. On-chip descriptor space is 64 each way.
  uint32_t tx_prefetch = 16;                    // descriptors per read, 1..64
  uint32_t rx_prefetch = 16;                    // descriptors per read, 1..64
  uint32_t tx_data_reads = 8;                   // reads of frame data outstanding, 1..64
  uint32_t rx_writeback_batch = 4;              // descriptors per write-back, 1..16
  Time rx_writeback_delay = 500 * kNanosecond;  // longest wait for a batch to fill
  Time tx_writeback_delay = 4 * kMicrosecond;   // longest wait for TXDCTL.WTHRESH
  Time doorbell_delay = 100 * kNanosecond;      // tail write to first fetch
  Time interrupt_delay = 100 * kNanosecond;     // mask or ICS write to the pin

  // Control. Public drivers' waits bound these from above; the values themselves are ours.
  Time stop_delay = 10 * kMicrosecond;         // RCTL.EN or TCTL.EN cleared to the end of DMA
  Time reset_delay = 100 * kMicrosecond;       // CTRL.RST to its self-clear
  Time auto_read_delay = 2 * kMillisecond;     // then to the address in entry 0
  Time eeprom_delay = 20 * kMicrosecond;       // EERD.START to DONE
  Time mdic_delay = 50 * kMicrosecond;         // MDIC to its R
  Time negotiation_delay = 50 * kMillisecond;  // of the PHY, with carrier, to the link

  // What the other end can do; the PHY agrees on the fastest that both can.
  uint32_t partner_mbps = 1000;

  // Quirks, each a trap for a driver.
  bool undefined_tables = true;      // MTA, VFTA, RAL/RAH hold garbage after reset
  bool reset_keeps_traffic = false;  // CTRL.RST leaves RCTL, TCTL and the rings alone, as QEMU's
  bool int_asserted = true;          // ICR has bit 31 (doubtful on this part)
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_E1000_OPTIONS_H_
