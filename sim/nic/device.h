// The closed interface between a model NIC and its world: what a device is told, and what it may
// do.
//
// A model sees registers, DMA, its line, and timers; it knows no driver, no core, no operating
// system, and it trusts none of them. It never completes work inside a register write: a write may
// change register state and start DMA or timers, the effects come later.
#ifndef SIM_NIC_DEVICE_H_
#define SIM_NIC_DEVICE_H_

#include <cstdint>
#include <string_view>

#include "sim/engine/time.h"
#include "sim/net/frame.h"

namespace mapwire::sim {

// A cookie of the model's choosing, handed back when the operation completes.
using DmaTag = uint64_t;
using TimerTag = uint32_t;

// What a model reports about the software that drives it. Each is a test failure unless the test
// expects it; the world counts them by kind and keeps the first text.
enum class DriverError : uint8_t {
  kUnknownRegister,  // access to an address the model does not implement
  kReservedBits,     // a write set bits that the manual reserves
  kIllegalOrder,     // legal accesses in an order the manual forbids
  kDisabledQueue,    // a tail write to a queue that is not enabled
  kBadDescriptor,    // a descriptor the device cannot execute
  kBadGeometry,      // ring base, length or buffer size out of range
  kNoPower,          // register access while the device has no power
  kUnaligned,        // register access that is not a naturally aligned 32-bit one
};

// What the world does for a model. All calls return at once.
class DeviceWorld {
 public:
  virtual Time Now() const = 0;

  // Starts a DMA read of `length` bytes at bus address `address` into `into`, which must stay valid
  // until Device::DmaDone(tag, ...). Reads issued by one device may complete out of order.
  virtual void DmaRead(DmaTag tag, uint64_t address, void* into, uint32_t length) = 0;
  // Starts a posted DMA write; the bytes at `from` are taken now. Posted writes of one device reach
  // memory in the order issued, and before any interrupt message raised after them.
  // Device::DmaDone(tag, ...) tells when the bytes are in memory; tag 0 asks not to be told.
  virtual void DmaWrite(DmaTag tag, uint64_t address, const void* from, uint32_t length) = 0;

  // Sends MSI-X message `vector`, ordered behind posted writes. The world handles table masking.
  virtual void RaiseMsix(uint32_t vector) = 0;
  // Level of the INTx pin.
  virtual void SetIntx(bool asserted) = 0;

  // Puts a frame on the line, its first bit leaving at `start` >= Now(). The model spaces its
  // frames: start must not lie before the end of the previous frame plus preamble and gap.
  virtual void Transmit(FramePointer frame, Time start) = 0;
  // An empty frame to fill.
  virtual FramePointer NewFrame() = 0;

  // Calls Device::TimerExpired(tag) at time `at` >= Now(). A tag set again moves its timer.
  virtual void SetTimer(TimerTag tag, Time at) = 0;
  virtual void CancelTimer(TimerTag tag) = 0;

  // Reports a mistake of the driver, or a state the model cannot represent.
  virtual void Report(DriverError error, std::string_view text) = 0;

 protected:
  ~DeviceWorld() = default;
};

// How a device presents itself on the PCI bus.
struct PciIdentity {
  uint16_t vendor;
  uint16_t device;
  uint16_t subsystem_vendor;
  uint16_t subsystem;
  uint32_t class_code;  // 24 bits
  uint8_t revision;
  uint32_t bar0_bytes;
  uint16_t msix_vectors;  // 0: INTx only
};

// A model NIC.
class Device {
 public:
  virtual ~Device() = default;

  virtual const PciIdentity& identity() const = 0;

  // 32-bit access at byte `offset` of BAR 0. Reads may have side effects (clear on read).
  virtual uint32_t RegisterRead(uint32_t offset) = 0;
  virtual void RegisterWrite(uint32_t offset, uint32_t value) = 0;

  // The operation `tag` is over. `ok` is false if the bus or IOMMU refused it: nothing was moved.
  virtual void DmaDone(DmaTag tag, bool ok) = 0;
  // The last bit of a frame arrived.
  virtual void FrameReceived(FramePointer frame) = 0;
  virtual void TimerExpired(TimerTag tag) = 0;
  // Light or silence on the line: the partner's transmitter went on or off.
  virtual void CarrierChanged(bool carrier) = 0;
  // Function-level or bus reset, or power on: everything as after power on.
  virtual void BusReset() = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_DEVICE_H_
