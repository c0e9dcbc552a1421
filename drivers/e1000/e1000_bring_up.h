// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The steps that bring an 82540EM up and down, in the order they are taken. Driver::BringUp is the
// list of calls; each step stands in the file named above it.
//
// Control path unless a comment says otherwise. kTimedOut: the device did not answer in the step's
// limit. kIo: the device is gone, or what it holds is unusable. A step that returns nothing only
// writes; the next step that waits finds out about a device that is gone.
#ifndef DRIVERS_E1000_E1000_BRING_UP_H_
#define DRIVERS_E1000_E1000_BRING_UP_H_

#include <cstdint>

#include "core/base/status.h"
#include "core/nic/driver.h"
#include "drivers/e1000/e1000_device.h"

namespace mapwire::e1000 {

inline constexpr uint32_t kMinDescriptors = 8;
inline constexpr uint32_t kMaxDescriptors = 4096;
inline constexpr uint32_t kDescriptorMultiple = kRingAlignment / kDescriptorBytes;
inline constexpr uint32_t kRxBufferMin = 256;
inline constexpr uint32_t kRxBufferMax = 16 * 1024;
inline constexpr uint32_t kMaxInterruptIntervalUs = Itr::Interval::kMax * kItrStepNs / 1000;

// ---- e1000_reset.cc: silence, then a clean slate ----

// No cause may raise an interrupt, and none is left over. Any context; does not sleep.
void MaskInterrupts(const Device& device);
// Receive and transmit stop behind the frame under way. Any context; does not sleep.
void StopTraffic(const Device& device);
// One reset of MAC and DMA. Before it returns the EEPROM has been read into the registers it
// defines, and nothing may interrupt.
mapwire::Status Reset(const Device& device);
// Management must not keep frames from us.
void DisableManagement(const Device& device);
// What SetUpTransmit said is still there: no reset of somebody else's came between. A device that
// is gone says yes.
bool IsSetUp(const Device& device);

// ---- e1000_eeprom.cc: what the board says about itself ----

Result<uint16_t> ReadEepromWord(const Device& device, uint32_t word);
// Reads the whole image: the address of the board. kIo if the checksum is wrong, or if it is no
// address a station can have.
mapwire::Status ReadMac(const Device& device, uint8_t mac[6]);

// ---- e1000_rx.cc: receive ----

// Our address in entry 0, all others, groups and VLANs empty.
void SetUpAddresses(const Device& device, const uint8_t mac[6]);
// No pause frames are sent, and received ones neither stop us nor reach the queue.
void DisableFlowControl(const Device& device);
// Which frames come in. Leaves a receiver that has these rules alone: one device there is (QEMU's)
// is deaf for a second after each write of RCTL.
void SetReceiveFilter(const Device& device, const nic::DriverConfig& config);
// Filters and everything else but the queue. Leaves receive off.
void SetUpReceive(const Device& device, const nic::DriverConfig& config);
// Receive goes on: this MAC has one queue and no switch but the one of all receive.
void StartRxQueue(const Device& device, const nic::RxQueueSetup& setup);
// kTimedOut: the queue moves all the same, and may reach memory.
mapwire::Status StopRxQueue(const Device& device);

// ---- e1000_tx.cc: transmit ----

// Everything but the queue. Leaves transmit off.
void SetUpTransmit(const Device& device);
void StartTxQueue(const Device& device, const nic::TxQueueSetup& setup);
// As StopRxQueue.
mapwire::Status StopTxQueue(const Device& device);

// ---- e1000_interrupt.cc: one pin for everything ----

// Throttles the pin; everything stays masked.
void SetUpInterrupts(const Device& device, const nic::DriverConfig& config);
// Link changes may interrupt from now on. Any context.
void UnmaskLink(const Device& device);
// The queues may interrupt from now on, at once if something happened. Data path.
void UnmaskQueues(const Device& device);
// The queues interrupt no more. Interrupt context.
void MaskQueues(const Device& device);
// All causes, acknowledged; 0 if it was not us, kGone if the device is gone. Interrupt context.
uint32_t TakeCauses(const Device& device);
bool NamesQueues(uint32_t causes);
bool NamesLink(uint32_t causes);

// ---- e1000_link.cc: copper, the PHY negotiates ----

Result<uint16_t> ReadPhy(const Device& device, uint32_t number);
mapwire::Status WritePhy(const Device& device, uint32_t number, uint16_t value);
// Starts negotiation; does not wait for it. kIo if the PHY is none we know.
mapwire::Status SetUpLink(const Device& device);
// Reads the device. Any context. `gone` is set if there is no device to read.
nic::LinkState ReadLink(const Device& device, bool* gone);

// ---- e1000_statistics.cc ----

// Adds and clears the device's counters; adds nothing if the device is gone.
void AddStatistics(const Device& device, nic::DriverStatistics& statistics);

}  // namespace mapwire::e1000

#endif  // DRIVERS_E1000_E1000_BRING_UP_H_
