// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A driver for tests to derive from: of an imaginary card that does all it is told, raises no
// interrupt, counts nothing and has a link. A test overrides what it plays.
#ifndef CORE_NIC_DRIVER_FOR_TEST_H_
#define CORE_NIC_DRIVER_FOR_TEST_H_

#include <cstdint>

#include "core/nic/driver.h"

namespace mapwire::nic {

// As generous as the cards there are.
constexpr DriverInfo InfoForTest(const char* family, uint16_t queue_pairs) {
  return {.family = family,
          .max_queue_pairs = queue_pairs,
          .min_descriptors = 8,
          .max_descriptors = 4096,
          .descriptor_multiple = 8,
          .min_frame_bytes = 17,
          .max_frame_bytes = 9728,
          .max_fragments = 40,
          .rx_buffer_step = 1024,
          .rx_buffer_max = 16384};
}

class DriverForTest : public NicDriver {
 public:
  explicit DriverForTest(const DriverInfo& info) : info_(info) {}
  DriverForTest(const char* family, uint16_t queue_pairs)
      : DriverForTest(InfoForTest(family, queue_pairs)) {}

  const DriverInfo& info() const override { return info_; }
  const uint8_t* mac() const override { return mac_; }
  Status Start(const DriverConfig&) override { return kOkStatus; }
  Status Stop() override { return kOkStatus; }
  void Shutdown() override {}
  Status StopTxQueue(uint16_t) override { return kOkStatus; }
  Status StopRxQueue(uint16_t) override { return kOkStatus; }
  uint16_t vectors(uint16_t queue_pairs) const override {
    return static_cast<uint16_t>(queue_pairs + 1);
  }
  InterruptReport Interrupt(uint16_t) override { return {}; }
  void Arm(uint16_t) override {}
  LinkState link() const override { return {.up = true, .mbps = 10'000}; }
  LinkState RefreshLink() override { return link(); }
  void SetReceiveFilter(const DriverConfig&) override {}
  DeviceHealth Check() override { return DeviceHealth::kGood; }
  void ReadStatistics(DriverStatistics&) override {}

 protected:
  ~DriverForTest() = default;

 private:
  const DriverInfo info_;
  const uint8_t mac_[6] = {2, 0, 0, 0, 0, 1};
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_DRIVER_FOR_TEST_H_
