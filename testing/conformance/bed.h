// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A device and what stands around it, whatever the device is made of: what the tests of this folder
// are written against. One program links one bed.
#ifndef TESTING_CONFORMANCE_BED_H_
#define TESTING_CONFORMANCE_BED_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/platform/mmio.h"

namespace mapwire::conformance {

using Bytes = std::vector<uint8_t>;

// What a device is known not to do as the tests want it; each stands in docs/e1000-devices.md.
struct Quirks {
  bool no_good_bytes = false;  // GORC and GOTC stay 0
};

class Bed : public platform::MmioTarget {
 public:
  virtual ~Bed() = default;

  virtual const char* name() const = 0;
  virtual Quirks quirks() const { return {}; }
  virtual uint16_t vendor() const = 0;
  virtual uint16_t device() const = 0;
  // The address the board's EEPROM should hold.
  virtual const uint8_t* mac() const = 0;

  // Memory that CPU and device share: `bytes` at `base` are the device's addresses from
  // `device_base` on.
  virtual uint8_t* memory() = 0;
  virtual uint64_t memory_bytes() const = 0;
  virtual uint64_t device_base() const = 0;

  // Lets time pass for the device.
  virtual void Run(uint64_t microseconds) = 0;
  virtual bool pin() = 0;
  virtual void SetCarrier(bool carrier) = 0;
  // A good frame comes from the line; without CRC.
  virtual void Arrive(const Bytes& frame) = 0;
  // The frames the device has put on the line since the last call.
  virtual std::vector<Bytes> TakeSent() = 0;
  // Everything as after power on, and nobody asked the driver.
  virtual void SurpriseReset() = 0;
  // Mistakes of the driver that the device has noticed; empty: none.
  virtual std::vector<std::string> TakeComplaints() { return {}; }
};

// The bed of this program; null, with a reason printed, if there can be none.
std::unique_ptr<Bed> MakeBed();

}  // namespace mapwire::conformance

#endif  // TESTING_CONFORMANCE_BED_H_
