// What work costs on a simulated CPU, in cycles. docs/cpu-model.md tells where each number is from.
#ifndef SIM_HOST_COST_MODEL_H_
#define SIM_HOST_COST_MODEL_H_

#include <cstdint>

namespace mapwire::sim {

struct CostModel {
  // Per call.
  uint32_t syscall = 600;     // enter and leave the kernel, find the descriptor
  uint32_t poll_sleep = 800;  // queue, block, and be scheduled again
  uint32_t interrupt = 1200;  // take an interrupt, run the handler, return
  uint32_t mmio_write = 100;  // a posted register write
  uint32_t mmio_read = 250;   // issue of a read; the round trip is added by the bus
  // Per item.
  uint32_t ring_scan = 60;         // a ring looked at
  uint32_t tx_slot = 26;           // a slot turned into a descriptor
  uint32_t rx_import = 16;         // a descriptor turned into a slot
  uint32_t rx_release = 18;        // a slot given back
  uint32_t copy_per_64_bytes = 8;  // payload copied by core
  uint32_t program_tx = 12;        // what the sending program does per packet
  uint32_t program_rx = 14;        // what the receiving program does per packet
};

// Where nothing is charged, because the machine's own time is what counts.
inline constexpr CostModel kFreeWork = {.syscall = 0,
                                        .poll_sleep = 0,
                                        .interrupt = 0,
                                        .mmio_write = 0,
                                        .mmio_read = 0,
                                        .ring_scan = 0,
                                        .tx_slot = 0,
                                        .rx_import = 0,
                                        .rx_release = 0,
                                        .copy_per_64_bytes = 0,
                                        .program_tx = 0,
                                        .program_rx = 0};

}  // namespace mapwire::sim

#endif  // SIM_HOST_COST_MODEL_H_
