// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Handshakes of blocks that the 82599 model has registers of and nothing else.
#ifndef SIM_NIC_IXGBE_INERT_BLOCKS_H_
#define SIM_NIC_IXGBE_INERT_BLOCKS_H_

#include <cstdint>

#include "sim/nic/ixgbe/register_file.h"

namespace mapwire::sim::nic82599 {

// Flow Director takes every command, a little later, and finds nothing: no frame is ever directed
// by it. Commands to the IPsec tables are over at once and store nothing.
class InertBlocks {
 public:
  InertBlocks(DeviceWorld& world, RegisterFile& registers);

  void Reset() { table_ready_ = command_done_ = 0; }

 private:
  uint32_t ReadFdirctrl(uint32_t);
  void WriteFdirctrl(uint32_t, uint32_t value);
  uint32_t ReadFdircmd(uint32_t);
  void WriteFdircmd(uint32_t, uint32_t value);
  void WriteIpstxidx(uint32_t, uint32_t value);
  void WriteIpsrxidx(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  Time table_ready_ = 0;
  Time command_done_ = 0;
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_INERT_BLOCKS_H_
