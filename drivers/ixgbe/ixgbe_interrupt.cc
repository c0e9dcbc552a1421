// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Interrupts: the device clears and masks a queue's cause itself when it sends the message, so a
// queue interrupt costs no register access and arming it again costs one write.
#include "drivers/ixgbe/ixgbe_bring_up.h"

namespace mapwire::ixgbe {
namespace {

constexpr uint32_t kOtherCauses = Eicr::Lsc::kMask;

constexpr uint32_t QueueBits(uint16_t queue_pairs) { return (uint32_t{1} << queue_pairs) - 1; }

// Word n serves the queue pairs 2n and 2n + 1; both directions of a pair share its vector.
void MapQueues(const Device& device, uint16_t queue_pairs) {
  for (uint32_t first = 0; first < queue_pairs; first += 2) {
    auto word = hw::Value<Ivar>()
                    .With<Ivar::IntAlloc0>(first)
                    .With<Ivar::IntAllocVal0>(1)
                    .With<Ivar::IntAlloc1>(first)
                    .With<Ivar::IntAllocVal1>(1);
    if (first + 1 < queue_pairs) {
      word = word.With<Ivar::IntAlloc2>(first + 1)
                 .With<Ivar::IntAllocVal2>(1)
                 .With<Ivar::IntAlloc3>(first + 1)
                 .With<Ivar::IntAllocVal3>(1);
    }
    hw::Write(device.mmio, word, first / 2);
  }
}

// At most one message per interval: rounded up to the device's step. If that is 2.048 us, as one
// source says, the interval is longer still.
uint32_t Steps(uint32_t interval_us) {
  return (interval_us * 1000 + kEitrStepNs - 1) / kEitrStepNs;
}

void Throttle(const Device& device, const nic::DriverConfig& config) {
  for (uint32_t vector = 0; vector < config.queue_pairs; ++vector) {
    const nic::QueueConfig& queue = config.queues[vector];
    const uint32_t interval_us =
        queue.own_interrupt_interval ? queue.interrupt_interval_us : config.interrupt_interval_us;
    hw::Write(device.mmio, hw::Value<Eitr>().With<Eitr::ItrInterval>(Steps(interval_us)), vector);
  }
  hw::Write(device.mmio, hw::Value<Eitr>(), config.queue_pairs);
}

}  // namespace

void SetUpInterrupts(const Device& device, const nic::DriverConfig& config) {
  const uint16_t queue_pairs = config.queue_pairs;
  hw::Write(device.mmio, hw::Value<Gpie>()
                             .With<Gpie::MultipleMsix>(1)
                             .With<Gpie::Ocd>(1)
                             .With<Gpie::Eiame>(1)
                             .With<Gpie::PbaSupport>(1));
  MapQueues(device, queue_pairs);
  hw::Write(
      device.mmio,
      hw::Value<IvarMisc>().With<IvarMisc::IntAlloc1>(queue_pairs).With<IvarMisc::IntAllocVal1>(1));
  const uint32_t queues = QueueBits(queue_pairs);
  hw::Write(device.mmio, hw::Value<Eiac>(queues));
  // The low half of EIAM_EX mirrors EIAM as it does for the mask itself, we assume: so write both.
  hw::Write(device.mmio, hw::Value<Eiam>(queues | kOtherCauses));
  hw::Write(device.mmio, hw::Value<EiamEx>(queues), 0);
  Throttle(device, config);
  // Whether the vector of the other causes has to be let through beside the causes themselves is
  // doubtful; nothing else is on that vector, so it does no harm.
  hw::Write(device.mmio, hw::Value<EimsEx>(uint32_t{1} << queue_pairs), 0);
}

void UnmaskOtherCauses(const Device& device) {
  hw::Write(device.mmio, hw::Value<Eims>(kOtherCauses));
}

void UnmaskQueue(const Device& device, uint16_t queue) {
  hw::Write(device.mmio, hw::Value<EimsEx>(uint32_t{1} << queue), 0);
}

uint32_t TakeOtherCauses(const Device& device) {
  // EICS shows the causes and clears none; reading EICR might take queue causes along (doubtful,
  // D1), and a lost queue cause is a ring that sleeps for ever. The price: that EICS can be read
  // is known from one lineage of drivers only.
  const uint32_t causes = hw::Read<Eics>(device.mmio).raw();
  if (causes == kGone) return kGone;
  const uint32_t other = causes & ~Eicr::Rtxq::kMask;
  hw::Write(device.mmio, hw::Value<Eicr>(other));
  return other;
}

}  // namespace mapwire::ixgbe
