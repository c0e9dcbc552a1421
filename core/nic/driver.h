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
  bool rx_buffer_doubles = false;  // and only the step, twice the step, four times the step, ...
  uint32_t max_interrupt_interval_us = 0;
  bool receive_filter = false;  // it can be other than promiscuous
};

// Queue pairs that a configuration can speak of, whatever the family.
inline constexpr uint16_t kMaxQueuePairs = 16;
inline constexpr uint32_t kRssKeyBytes = 40;
inline constexpr uint32_t kRssTableEntries = 128;
inline constexpr uint32_t kVlanIdWords = 4096 / 32;
inline constexpr uint32_t kMaxMulticast = 32;
inline constexpr uint32_t kLeastMaxFrameBytes = 60;

// The key of the receive hash.
enum class RssKey : uint8_t {
  kSpreading,  // the driver's: spreads well, the two directions of a flow part
  kSymmetric,  // both directions of a flow go to the same queue
  kGiven,      // DriverConfig::rss_key
};

// Which queue an entry of the redirection table names.
enum class RssTable : uint8_t {
  kInTurn,  // entry i: queue i modulo rss_queues
  kGiven,   // DriverConfig::rss_table
};

// Of one queue pair, where it differs from the others.
struct QueueConfig {
  bool own_interrupt_interval = false;
  uint32_t interrupt_interval_us = 0;  // with own_interrupt_interval
};

// How the device is to be brought up: all that can be set of a NIC stands here. CheckConfig says
// what is possible.
struct DriverConfig {
  uint16_t queue_pairs = 1;  // 1 .. max_queue_pairs
  uint32_t tx_slots = 512;   // descriptors per ring; the driver's multiple
  uint32_t rx_slots = 512;
  // Most that the device is told of one receive buffer, a length it has. 0: as much as the buffers
  // of the region have. Never more than they have, whatever stands here.
  uint32_t rx_buffer_bytes = 0;
  uint32_t max_frame_bytes = 1514;  // largest frame to accept, without CRC and VLAN tag

  // Receive hash. It sees addresses of IP packets and ports of TCP, whole ones only; what it cannot
  // hash goes to queue 0. Off with one queue.
  uint16_t rss_queues = 1;  // receive queues that it reaches: 0 .. rss_queues - 1; 1 .. queue_pairs
  RssKey rss_key_kind = RssKey::kSpreading;
  RssTable rss_table_kind = RssTable::kInTurn;
  // Ports of UDP too. Fragments have none: those of a datagram then leave its flow.
  bool rss_udp_ports = false;
  uint8_t rss_key[kRssKeyBytes] = {};        // first byte first; not all 0
  uint8_t rss_table[kRssTableEntries] = {};  // by the low 7 bits of the hash; below rss_queues

  // At most one interrupt of a queue pair in this time, at most max_interrupt_interval_us; 0: no
  // limit. The device may round it up.
  uint32_t interrupt_interval_us = 0;
  QueueConfig queues[kMaxQueuePairs] = {};

  // Frames keep their CRC: 4 bytes more, at the end. Otherwise the device cuts it off.
  bool keep_crc = false;
  // Every good frame of any address. Otherwise: our address, broadcast, and the groups below.
  bool promiscuous = true;
  bool all_multicast = false;
  // Groups to receive, first byte first. The device may let others through that look alike.
  uint8_t multicast[kMaxMulticast][6] = {};
  uint32_t multicast_count = 0;
  // Tagged frames of ids not in vlan_ids are dropped; id i is bit i % 32 of word i / 32. Frames
  // without a tag are not looked at. Tags always stay in the frame.
  bool vlan_filter = false;
  uint32_t vlan_ids[kVlanIdWords] = {};
};

// Which frames come in, of a configuration; see DriverConfig.
struct ReceiveFilter {
  bool promiscuous = true;
  bool all_multicast = false;
  uint32_t multicast_count = 0;
  uint8_t multicast[kMaxMulticast][6] = {};
};

// Why a configuration is refused; kNone: it is not.
enum class ConfigError : uint8_t {
  kNone,
  kQueuePairs,
  kTxSlots,
  kRxSlots,
  kRxBuffer,
  kMaxFrame,
  kRssQueues,
  kRssKey,
  kRssTable,
  kInterruptInterval,
  kMulticast,
};

// Any context; pure. The largest receive buffer of the device that is no longer than `room`; 0 if
// there is none.
uint32_t LargestRxBuffer(const DriverInfo& info, uint32_t room);
// Any context; pure. The first thing that is wrong with `config` for a device of this kind.
ConfigError CheckConfig(const DriverInfo& info, const DriverConfig& config);
// Any context; pure. True if that many can be set, and all are groups.
bool ArePossibleGroups(const uint8_t groups[][6], uint32_t count);
// "rss-table" and so on; "none".
const char* NameOf(ConfigError error);

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
  uint32_t buffer_bytes;  // room from each buffer address on; a length the device has
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

// Of one queue pair. Bytes with CRC.
struct QueueStatistics {
  uint64_t rx_packets = 0;  // in memory
  uint64_t rx_bytes = 0;
  uint64_t rx_dropped = 0;  // for want of a buffer
  uint64_t tx_packets = 0;
  uint64_t tx_bytes = 0;
};

// Frames by their length with CRC: 64, up to 127, 255, 511, 1023, and longer.
inline constexpr uint32_t kSizeClasses = 6;

// Counters since the first Start, accumulated from the device's. Bytes with CRC.
struct DriverStatistics {
  uint64_t rx_packets = 0;  // good frames, also those for which a queue had no buffer
  uint64_t rx_bytes = 0;    // of these
  uint64_t rx_multicast = 0;
  uint64_t rx_broadcast = 0;
  uint64_t rx_sizes[kSizeClasses] = {};
  uint64_t rx_all_packets = 0;  // whatever came, good or bad, for us or not
  uint64_t rx_all_bytes = 0;
  uint64_t rx_missed = 0;         // no room in the packet buffer
  uint64_t rx_no_descriptor = 0;  // dropped because the queue had no buffer
  uint64_t rx_crc_errors = 0;
  uint64_t rx_undersize = 0;        // shorter than 64 bytes, CRC right
  uint64_t rx_fragments = 0;        // and wrong
  uint64_t rx_oversize = 0;         // longer than max_frame_bytes allows, CRC right
  uint64_t rx_jabber = 0;           // and wrong
  uint64_t rx_length_errors = 0;    // these four together
  uint64_t rx_short_discards = 0;   // too short for the MAC to count as anything
  uint64_t rx_checksum_errors = 0;  // good frames whose IP, TCP or UDP checksum is wrong
  uint64_t rx_field_errors = 0;     // the length field is not the length
  uint64_t rx_symbol_errors = 0;    // illegal bytes and error bytes
  uint64_t local_faults = 0;
  uint64_t remote_faults = 0;
  uint64_t rx_pause_on = 0;  // requests to stop; not obeyed
  uint64_t rx_pause_off = 0;
  uint64_t tx_pause_on = 0;  // none are sent
  uint64_t tx_pause_off = 0;
  uint64_t tx_packets = 0;  // put on the line
  uint64_t tx_bytes = 0;    // of these
  uint64_t tx_multicast = 0;
  uint64_t tx_broadcast = 0;
  uint64_t tx_sizes[kSizeClasses] = {};
  QueueStatistics queues[kMaxQueuePairs] = {};
};

// Any context; pure.
void Add(DriverStatistics& to, const DriverStatistics& more);

class NicDriver {
 public:
  virtual const DriverInfo& info() const = 0;
  // The permanent address, from the device's EEPROM. Valid after a successful Start.
  virtual const uint8_t* mac() const = 0;

  // Control path. Resets the device and brings it up with all queues off and interrupts masked but
  // for link changes; does not wait for the link. kTimedOut, kIo (bad EEPROM, device gone) or
  // kInvalid (CheckConfig says why; no register was touched); after any other failure the device is
  // quiet as after Stop.
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
  // Control path. A started device lets through what `config` says of promiscuous, all_multicast
  // and multicast, from now on: no queue stops, the link notices nothing. Only if the device has a
  // receive filter.
  virtual void SetReceiveFilter(const DriverConfig& config) = 0;

  // Any context; pure. How many interrupt vectors the device uses with that many queue pairs:
  // vector q serves queue pair q, the last one all else.
  virtual uint16_t vectors(uint16_t queue_pairs) const = 0;
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
  // Control path. Adds what the device counted since the last call; what it had counted when it was
  // stopped or reset by us is kept. A device counts packets in 32 bits and bytes in 36: at 10 Gb/s
  // call at least every 50 s, or counts are lost.
  virtual void ReadStatistics(DriverStatistics& statistics) = 0;

 protected:
  ~NicDriver() = default;
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_DRIVER_H_
