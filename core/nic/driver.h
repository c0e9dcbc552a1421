// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The contract of a NIC driver: what a family supplies so that the one ring loop can use its NIC.
//
// A driver knows registers and bring-up. It touches no ring, no slot and no program; descriptors
// are written by the ring loop through the family's codec (see ring_loop.h). All calls are per
// batch or rarer. Control-path calls are serialised by the caller; Interrupt and Arm may run at any
// time between a successful Start and the return of Stop, also concurrently with the control path.
#ifndef CORE_NIC_DRIVER_H_
#define CORE_NIC_DRIVER_H_

#include <cstdint>

#include "core/base/status.h"
#include "core/base/strong.h"
#include "core/platform/environment.h"
#include "core/platform/mmio.h"

namespace mapwire::nic {

// What a driver is given. Outlives the driver.
struct DriverResources {
  platform::Mmio mmio;         // BAR 0
  platform::DmaSpace* dma;     // the device's view of memory
  platform::Sleeper* sleeper;  // control path only
  platform::Heap* heap;
};

// Fixed facts of a device, valid after Create.
struct DriverInfo {
  const char* family;  // "ixgbe"
  uint16_t max_queue_pairs;
  uint32_t min_descriptors;  // per ring
  uint32_t max_descriptors;
  uint32_t descriptor_multiple;  // the count must be a multiple of this
  uint32_t min_frame_bytes;      // shorter frames must be padded by the caller; without CRC
  uint32_t max_frame_bytes;      // without CRC
  uint32_t max_fragments;        // descriptors of one transmitted frame
  uint32_t rx_buffer_step;       // receive buffer lengths are multiples of this, bytes
  uint32_t rx_buffer_max;
};

// How the device is to be brought up.
struct DriverConfig {
  uint16_t queue_pairs = 1;         // 1 .. max_queue_pairs
  uint16_t rss_queues = 1;          // receive queues that the hash spreads over, 1 .. queue_pairs
  uint32_t max_frame_bytes = 1514;  // largest frame to accept, without CRC and VLAN tag
  bool promiscuous = true;
  uint32_t interrupt_interval_us = 0;  // at most one interrupt per queue in this time; 0: no limit
};

struct LinkState {
  bool up = false;
  uint32_t mbps = 0;
};

struct TxQueueSetup {
  DeviceAddress descriptors;  // 128-byte aligned, zeroed
  uint32_t count;
  DeviceAddress head_write_back;  // a 32-bit word, zeroed, 64-byte aligned
};

struct RxQueueSetup {
  DeviceAddress descriptors;  // 128-byte aligned, zeroed
  uint32_t count;
  uint32_t buffer_bytes;  // room from each buffer address on; a multiple of rx_buffer_step
};

// What an interrupt was about. Bit q of a mask is queue q.
struct InterruptReport {
  uint64_t rx_queues = 0;
  uint64_t tx_queues = 0;
  bool link_changed = false;  // link() has the new state
  bool gone = false;          // the device reads as all ones
};

// What a look at the device found.
enum class DeviceHealth : uint8_t {
  kGood,
  kForgetful,  // it answers, but has lost what Start told it: somebody reset it
  kGone,       // it reads as all ones
};

// Counters since Start, accumulated from the device's.
struct DriverStatistics {
  uint64_t rx_packets = 0;        // good frames, also those for which a queue had no buffer
  uint64_t rx_bytes = 0;          // of these, as the device counts them: with CRC
  uint64_t tx_packets = 0;        // put on the line
  uint64_t tx_bytes = 0;          // of these, with CRC
  uint64_t rx_missed = 0;         // no room in the packet buffer
  uint64_t rx_no_descriptor = 0;  // dropped because the queue had no buffer
  uint64_t rx_crc_errors = 0;
  uint64_t rx_length_errors = 0;  // undersize, oversize, fragment, jabber
};

class NicDriver {
 public:
  virtual const DriverInfo& info() const = 0;
  // The permanent address, from the device's EEPROM. Valid after a successful Start.
  virtual const uint8_t* mac() const = 0;

  // Control path. Resets the device and brings it up with all queues off and interrupts masked but
  // for link changes; does not wait for the link. kTimedOut, kIo (bad EEPROM, device gone) or
  // kInvalid (config out of range); after a failure the device is quiet as after Stop.
  virtual Status Start(const DriverConfig& config) = 0;
  // Control path. After kOkStatus: no DMA, no interrupt; a device that is gone does none either.
  // Bounded. kTimedOut: no interrupt, but the device would not become quiet and may still reach
  // memory: what it was told of must not be used for anything else. Calling Stop again tries again.
  virtual Status Stop() = 0;
  // Any context, for reboot and suspend: stops DMA and interrupts at once, without sleeping.
  virtual void Shutdown() = 0;

  // Control path. Queue `queue` of a started device goes on; other queues and the link notice
  // nothing. Returns the BAR offset of the queue's tail register. kTimedOut if the device does not
  // take it; the queue is off then.
  virtual Result<uint32_t> StartTxQueue(uint16_t queue, const TxQueueSetup& setup) = 0;
  virtual Result<uint32_t> StartRxQueue(uint16_t queue, const RxQueueSetup& setup) = 0;
  // Control path. After kOkStatus the queue does no DMA (nor does one of a stopped device).
  // Bounded. kTimedOut: the queue would not stop and may still reach memory; only Stop helps.
  virtual Status StopTxQueue(uint16_t queue) = 0;
  virtual Status StopRxQueue(uint16_t queue) = 0;

  // How many interrupt vectors the device uses: vector q serves queue pair q, the last one all
  // else.
  virtual uint16_t vectors() const = 0;
  // Interrupt context. Finds out what vector `vector` was about, acknowledges it and leaves the
  // queues it names masked until Arm. Wakes nobody: the caller does.
  virtual InterruptReport Interrupt(uint16_t vector) = 0;
  // Data path. Interrupts for both directions of queue pair `queue` may come again. An event since
  // the last interrupt raises one at once.
  virtual void Arm(uint16_t queue) = 0;

  // Any context: the state as of the last link interrupt or Start.
  virtual LinkState link() const = 0;
  // Control path: reads the device again.
  virtual LinkState RefreshLink() = 0;
  // Control path. Looks whether a started device is still there and as Start left it; a few
  // register reads.
  virtual DeviceHealth Check() = 0;
  // Control path. Adds what the device counted since the last call.
  virtual void ReadStatistics(DriverStatistics& statistics) = 0;

 protected:
  ~NicDriver() = default;
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_DRIVER_H_
