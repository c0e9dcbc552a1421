// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Interrupts: one level-triggered pin. Reading ICR acknowledges every cause, masked ones too, so
// whoever reads it must tell all of them.
#include "drivers/e1000/e1000_bring_up.h"

namespace mapwire::e1000 {
namespace {

// A report written back, and a frame received. That buffers run low or out is no news to anybody
// who could do something about it.
constexpr uint32_t kQueueCauses = Icr::Txdw::kMask | Icr::Rxt0::kMask;
constexpr uint32_t kLinkCauses = Icr::Lsc::kMask;

// At most one interrupt per interval: rounded up to the device's step.
uint32_t Steps(uint32_t interval_us) { return (interval_us * 1000 + kItrStepNs - 1) / kItrStepNs; }

}  // namespace

void SetUpInterrupts(const Device& device, const nic::DriverConfig& config) {
  const nic::QueueConfig& queue = config.queues[0];
  const uint32_t interval_us =
      queue.own_interrupt_interval ? queue.interrupt_interval_us : config.interrupt_interval_us;
  hw::Write(device.mmio, hw::Value<Itr>().With<Itr::Interval>(Steps(interval_us)));
}

void UnmaskLink(const Device& device) { hw::Write(device.mmio, hw::Value<Ims>(kLinkCauses)); }

void UnmaskQueues(const Device& device) { hw::Write(device.mmio, hw::Value<Ims>(kQueueCauses)); }

void MaskQueues(const Device& device) { hw::Write(device.mmio, hw::Value<Imc>(kQueueCauses)); }

uint32_t TakeCauses(const Device& device) { return hw::Read<Icr>(device.mmio).raw(); }

bool NamesQueues(uint32_t causes) { return (causes & kQueueCauses) != 0; }

bool NamesLink(uint32_t causes) { return (causes & kLinkCauses) != 0; }

}  // namespace mapwire::e1000
