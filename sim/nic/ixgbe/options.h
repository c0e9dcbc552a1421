// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Parameters of the 82599 model. All are deterministic; the model draws no random numbers.
#ifndef SIM_NIC_IXGBE_OPTIONS_H_
#define SIM_NIC_IXGBE_OPTIONS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "sim/engine/time.h"

namespace mapwire::sim {

struct IxgbeOptions {
  std::array<uint8_t, 6> mac = {0x02, 0x00, 0x5E, 0x82, 0x59, 0x09};
  // Words 0..n of the EEPROM; empty: a small image with the MAC address and a valid checksum.
  std::vector<uint16_t> eeprom;

  // DMA engine. On-chip descriptor space is 64 per queue.
  uint32_t tx_prefetch = 32;                    // descriptors per read, 1..64
  uint32_t rx_prefetch = 32;                    // descriptors per read, 1..64
  uint32_t tx_data_reads = 32;                  // packet data reads outstanding, 1..64
  uint32_t rx_writeback_batch = 4;              // descriptors per write-back, 1..16
  Time rx_writeback_delay = 500 * kNanosecond;  // longest wait for a batch to fill
  Time tx_writeback_delay = 4 * kMicrosecond;   // longest wait for TXDCTL.WTHRESH
  Time doorbell_delay = 100 * kNanosecond;      // tail write to first fetch
  Time interrupt_delay = 100 * kNanosecond;     // mask or EICS write to message

  // Control. The manual's waits bound these from above; the values themselves are ours.
  Time queue_delay = 10 * kMicrosecond;      // RXDCTL/TXDCTL.ENABLE written to read back
  Time reset_delay = 500 * kMicrosecond;     // CTRL.RST to its self-clear
  Time auto_read_delay = kMillisecond;       // then to EEC.AUTO_RD
  Time dma_init_delay = 100 * kMicrosecond;  // then to RDRXCTL.DMAIDONE
  Time eeprom_delay = 20 * kMicrosecond;     // EERD.START to DONE
  Time mdio_delay = 20 * kMicrosecond;       // MSCA.MDICMD to its self-clear
  Time link_up_delay = 50 * kMillisecond;    // carrier and mode right to link up
  Time restart_delay = 10 * kMicrosecond;    // AUTOC.RESTART_AN to its self-clear
  Time quiesce_delay = kMicrosecond;         // SECRXCTRL.RX_DIS to SECRX_RDY

  // What the EEPROM loads into the link registers: 10G serial, SFI.
  uint32_t autoc_lms = 3;
  uint32_t autoc2_serial = 2;

  // Quirks, each a trap for a driver.
  bool module_present = true;    // an SFP+ module sits in the cage (ESDP.SDP2)
  bool undefined_tables = true;  // MTA, VFTA, RAL/RAH hold garbage after reset
  bool links_latch_low = true;   // LINKS shows an old link loss once more
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_IXGBE_OPTIONS_H_
