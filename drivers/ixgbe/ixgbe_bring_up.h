// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The steps that bring an 82599 up and down, in the order they are taken. Driver::Start is the
// list of calls; each step stands in the file named above it.
//
// Control path unless a comment says otherwise. kTimedOut: the device did not answer in the step's
// limit. kIo: the device is gone, or what it holds is unusable. A step that returns nothing only
// writes, or gives up quietly; the next step that waits finds out about a device that is gone.
#ifndef DRIVERS_IXGBE_IXGBE_BRING_UP_H_
#define DRIVERS_IXGBE_IXGBE_BRING_UP_H_

#include <cstdint>

#include "core/base/status.h"
#include "core/nic/driver.h"
#include "drivers/ixgbe/ixgbe_device.h"

namespace mapwire::ixgbe {

// Receive hashing reaches 16 queues, and EICR has 16 queue bits: one pair and one vector each.
inline constexpr uint16_t kMaxQueuePairs = 16;
static_assert(kMaxQueuePairs == kRssQueues && kMaxQueuePairs <= nic::kMaxQueuePairs);
inline constexpr uint32_t kMinDescriptors = 8;
inline constexpr uint32_t kMaxDescriptors = 4096;
inline constexpr uint32_t kDescriptorMultiple = kRingAlignment / kDescriptorBytes;
inline constexpr uint32_t kRxBufferStep = 1024;
inline constexpr uint32_t kRxBufferMax = 16 * 1024;
inline constexpr uint32_t kCrcBytes = 4;
// Without CRC. Other drivers stop at 9728 with CRC; that the part takes up to 15.5 KiB is from
// memory.
inline constexpr uint32_t kMaxFrameBytes = 9728;
// EITR holds 511 steps of 2 us.
inline constexpr uint32_t kMaxInterruptIntervalUs = Eitr::ItrInterval::kMax * kEitrStepNs / 1000;

// ---- ixgbe_reset.cc: silence, then a clean slate ----

// No cause may raise an interrupt, and none is left over. Any context; does not sleep.
void MaskInterrupts(const Device& device);
// All queues off, pending descriptor write-backs pushed out; frames on their way are lost.
void StopQueues(const Device& device);
// No DMA and no interrupt from now on, without waiting for what is under way. Any context.
void Silence(const Device& device);
// Opens or closes the door between MAC and queues. A door that does not close in time is moved
// anyway: the queues are off, or a reset follows.
void SetReceive(const Device& device, bool on);
// Receive off, queues off, no bus transactions. Returns true if transactions stayed pending and
// had to be thrown away: one reset is not enough then.
bool Quiesce(const Device& device);
// Asks for quiet on the bus and waits for it: no transaction is pending, and none begins before
// the next reset.
mapwire::Status DisableBusMaster(const Device& device);
// One reset of the whole function; with `twice` another one behind it.
mapwire::Status Reset(const Device& device, bool twice);
// The EEPROM has filled in the registers it defines.
mapwire::Status WaitForEepromAutoRead(const Device& device);
// The receive DMA engine has initialised its memories.
mapwire::Status WaitForDmaInit(const Device& device);
// Tells firmware that a driver is here (or leaves), and keeps bus accesses snooped.
void AnnounceDriver(const Device& device, bool loaded);
// What AnnounceDriver(true) said is still there: no reset of somebody else's came between. A device
// that is gone says yes.
bool IsAnnounced(const Device& device);

// ---- ixgbe_eeprom.cc: what the board says about itself ----

// Waits until software owns `software_bit` of SW_FW_SYNC and marks it so. After kOkStatus
// ReleaseOwnership must follow.
mapwire::Status TakeOwnership(const Device& device, uint32_t software_bit);
void ReleaseOwnership(const Device& device, uint32_t software_bit);
// One 16-bit word. The caller owns the EEPROM.
Result<uint16_t> ReadEepromWord(const Device& device, uint32_t word);
// kIo if the image is known to be damaged.
mapwire::Status VerifyEeprom(const Device& device);
// The address the EEPROM put into receive address entry 0; kIo if it is none a station can have.
mapwire::Status ReadMac(const Device& device, uint8_t mac[6]);

// ---- ixgbe_rx.cc: receive ----

// Only entry 0 of the address filters means anything after a reset: empties the others. No VLAN is
// let through.
void ClearFilters(const Device& device);
// No pause frames are sent, and received ones neither stop us nor reach a queue.
void DisableFlowControl(const Device& device);
// Which frames come in; receive may be on.
void SetReceiveFilter(const Device& device, const nic::DriverConfig& config);
// Everything global to receive. Leaves receive off.
void SetUpReceive(const Device& device, const nic::DriverConfig& config);
mapwire::Status StartRxQueue(const Device& device, uint16_t queue, const nic::RxQueueSetup& setup);
// kTimedOut: the queue says that it still runs, and may reach memory.
mapwire::Status StopRxQueue(const Device& device, uint16_t queue);

// ---- ixgbe_tx.cc: transmit ----

// Everything global to transmit, and transmit on: queues may be enabled afterwards only.
void SetUpTransmit(const Device& device);
mapwire::Status StartTxQueue(const Device& device, uint16_t queue, const nic::TxQueueSetup& setup);
// As StopRxQueue.
mapwire::Status StopTxQueue(const Device& device, uint16_t queue);

// ---- ixgbe_interrupt.cc: one MSI-X vector per queue pair and one for everything else ----

// Maps causes to vectors and throttles them; everything stays masked.
void SetUpInterrupts(const Device& device, const nic::DriverConfig& config);
// Link changes may interrupt from now on. Any context.
void UnmaskOtherCauses(const Device& device);
// The vector of queue pair `queue` may fire again, at once if something happened. Data path.
void UnmaskQueue(const Device& device, uint16_t queue);
// The causes that are not queues, acknowledged; kGone if the device is gone. Interrupt context.
uint32_t TakeOtherCauses(const Device& device);

// ---- ixgbe_link.cc: SFI, 10 Gb/s ----

// Laser on, link negotiation started; does not wait for the link. A cage without module is no
// error: the link is down until somebody plugs one in.
mapwire::Status SetUpLink(const Device& device);
// Gives AUTOC back as SetUpLink found it, for the driver after us.
void RestoreLinkMode(const Device& device, uint32_t autoc);
// Reads the device. Any context. `gone` is set if there is no device to read.
nic::LinkState ReadLink(const Device& device, bool* gone);

// ---- ixgbe_statistics.cc ----

// Counts each queue pair by itself, and throws away what was counted before.
void SetUpStatistics(const Device& device);
// Adds and clears the device's counters, those of the first `queue_pairs` pairs among them; adds
// nothing if the device is gone. `crc_stripped`: of each frame, bytes that a queue did not count.
void AddStatistics(const Device& device, uint16_t queue_pairs, uint32_t crc_stripped,
                   nic::DriverStatistics& statistics);

}  // namespace mapwire::ixgbe

#endif  // DRIVERS_IXGBE_IXGBE_BRING_UP_H_
