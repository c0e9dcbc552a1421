// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/nic/nic_port.h"

#include <bit>

#include "core/platform/check.h"
#include "core/platform/log.h"
#include "core/platform/yield.h"

namespace mapwire::nic {

using port::Direction;
using ring::Ring;

namespace {

constexpr uint64_t kWriteBackBytes = 128;  // one cache line pair per ring: no false sharing

bool PossibleSlots(uint32_t slots, const DriverInfo& info) {
  return slots >= info.min_descriptors && slots <= info.max_descriptors &&
         slots % info.descriptor_multiple == 0;
}

}  // namespace

NicPort::NicPort(platform::Environment& environment, const char* name, memory::Region& region,
                 NicDriver& driver, const RingLoop& loop, platform::Mmio mmio,
                 platform::DmaSpace& dma, const NicPortConfig& config)
    : Port(environment, name, region),
      driver_(driver),
      loop_(loop),
      mmio_(mmio),
      dma_(dma),
      config_(config) {}

Result<NicPort*> NicPort::Create(platform::Environment& environment, const char* name,
                                 memory::Region& region, NicDriver& driver, const RingLoop& loop,
                                 platform::Mmio mmio, platform::DmaSpace& dma,
                                 const NicPortConfig& config) {
  const uint16_t pairs = config.driver.queue_pairs;
  if (!PossibleSlots(config.tx_slots, driver.info()) ||
      !PossibleSlots(config.rx_slots, driver.info()) || pairs == 0 ||
      pairs > driver.info().max_queue_pairs) {
    return Errno::kInvalid;
  }
  NicPort* const port = platform::New<NicPort>(environment.heap(), environment, name, region,
                                               driver, loop, mmio, dma, config);
  if (port == nullptr) return Errno::kNoMemory;
  Status status = port->Shape({pairs, pairs, config.tx_slots, config.rx_slots});
  for (Queue*& queues : port->queues_) {
    queues = platform::NewArray<Queue>(environment.heap(), pairs);
    if (queues == nullptr) status = Errno::kNoMemory;
  }
  if (!status.ok()) {
    Destroy(environment, port);
    return status;
  }
  return port;
}

void NicPort::Destroy(platform::Environment& environment, NicPort* port) {
  for (Queue* queues : port->queues_) environment.heap().Free(queues);
  port->Unshape();
  platform::Delete(environment.heap(), port);
}

Status NicPort::Start() {
  MW_TRY(driver_.Start(config_.driver));
  UpdateCarrier();
  return kOkStatus;
}

void NicPort::Stop() {
  driver_.Stop();
  UpdateCarrier();
}

// May run in an interrupt while another run is under way: whoever stores last has looked again.
// C1 pairs with the look at the carrier in a queue's Sync.
void NicPort::UpdateCarrier() {
  bool up;
  do {
    up = driver_.link().up;
    platform::YieldPoint();
    carrier_.store(up);
    platform::YieldPoint();
  } while (driver_.link().up != up);
}

Status NicPort::CheckBuffers(uint32_t buffer_bytes) const {
  // Frames of several buffers are supported, so any whole step of buffer is enough.
  return buffer_bytes >= driver_.info().rx_buffer_step ? kOkStatus : Status(Errno::kInvalid);
}

Status NicPort::Open() {
  MW_ASSIGN_OR_RETURN(dma_map_, region().AttachDevice(dma_));
  return kOkStatus;
}

void NicPort::Close() {
  region().DetachDevice(dma_map_);
  dma_map_ = nullptr;
}

Status NicPort::StartRing(Ring& ring) {
  Queue& queue = QueueOf(ring);
  const Status status = StartQueue(ring, queue);
  if (!status.ok()) {
    FreeQueue(ring, queue);
    return status;
  }
  ring.Start(*queue.queue, ring::RingState::kUser);
  return kOkStatus;
}

Status NicPort::StartQueue(Ring& ring, Queue& queue) {
  const bool tx = ring.direction() == Direction::kTx;
  queue.descriptors = dma_.AllocateCoherent(DescriptorBytes(ring));
  if (queue.descriptors.address == nullptr) return Errno::kNoMemory;
  if (tx) {
    queue.write_back = dma_.AllocateCoherent(kWriteBackBytes);
    if (queue.write_back.address == nullptr) return Errno::kNoMemory;
  }
  QueueParameters parameters{
      .mmio = mmio_,
      .descriptors = queue.descriptors.address,
      .head_write_back = static_cast<volatile uint32_t*>(queue.write_back.address),
      .count = ring.num_slots(),
      .dma = dma_map_,
      .region = &region(),
      .carrier = &carrier_,
  };
  if (tx) {
    MW_ASSIGN_OR_RETURN(
        parameters.tail_offset,
        driver_.StartTxQueue(ring.id(), {.descriptors = queue.descriptors.device,
                                         .count = ring.num_slots(),
                                         .head_write_back = queue.write_back.device}));
    queue.queue = loop_.new_tx(environment_.heap(), parameters);
    if (queue.queue == nullptr) driver_.StopTxQueue(ring.id());
  } else {
    const ring::OffsetRule& rule = ring.offset_rule();
    uint32_t room = region().buffer_bytes() - rule.max;
    if (rule.min_gap != 0 && rule.min_gap < room) room = rule.min_gap;
    const uint32_t step = driver_.info().rx_buffer_step;
    room = room > driver_.info().rx_buffer_max ? driver_.info().rx_buffer_max : room / step * step;
    if (room == 0) return Errno::kInvalid;
    parameters.rx_buffer_bytes = room;
    MW_ASSIGN_OR_RETURN(parameters.tail_offset,
                        driver_.StartRxQueue(ring.id(), {.descriptors = queue.descriptors.device,
                                                         .count = ring.num_slots(),
                                                         .buffer_bytes = room}));
    queue.queue = loop_.new_rx(environment_.heap(), parameters);
    if (queue.queue == nullptr) driver_.StopRxQueue(ring.id());
  }
  if (queue.queue == nullptr) return Errno::kNoMemory;
  queue.queue->Prime(ring);
  return kOkStatus;
}

void NicPort::StopRing(Ring& ring) {
  if (ring.direction() == Direction::kTx) {
    driver_.StopTxQueue(ring.id());
  } else {
    driver_.StopRxQueue(ring.id());
  }
  FreeQueue(ring, QueueOf(ring));
}

void NicPort::FreeQueue(const Ring& ring, Queue& queue) {
  if (queue.queue != nullptr) loop_.free_queue(environment_.heap(), queue.queue);
  if (queue.descriptors.address != nullptr) {
    dma_.FreeCoherent(queue.descriptors, DescriptorBytes(ring));
  }
  if (queue.write_back.address != nullptr) dma_.FreeCoherent(queue.write_back, kWriteBackBytes);
  queue = Queue();
}

void NicPort::HandleInterrupt(uint16_t vector) {
  ++counters_.interrupts;
  const InterruptReport report = driver_.Interrupt(vector);
  if (report.gone) {
    Kill();
    return;
  }
  if (report.link_changed) {
    ++counters_.link_changes;
    const LinkState link = driver_.link();
    UpdateCarrier();
    platform::Log(platform::LogLevel::kInfo, "%s: link %s, %u Mb/s", name(),
                  link.up ? "up" : "down", link.mbps);
    // Transmitters may go on, or learn that nothing moves.
    NotifyQueues(Direction::kTx, ~uint64_t{0});
    NotifyQueues(Direction::kRx, ~uint64_t{0});
    return;
  }
  NotifyQueues(Direction::kTx, report.tx_queues);
  NotifyQueues(Direction::kRx, report.rx_queues);
}

void NicPort::NotifyQueues(Direction direction, uint64_t mask) {
  const uint16_t count = rings(direction);
  if (count < 64) mask &= (uint64_t{1} << count) - 1;
  for (; mask != 0; mask &= mask - 1) {
    ring(direction, static_cast<uint16_t>(std::countr_zero(mask))).Notify();
  }
}

void NicPort::Arm(Ring& ring) { driver_.Arm(ring.id()); }

}  // namespace mapwire::nic
