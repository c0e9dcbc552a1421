// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/nic/nic_port.h"

#include <algorithm>
#include <bit>

#include "core/platform/check.h"
#include "core/platform/log.h"
#include "core/platform/yield.h"

namespace mapwire::nic {

using port::Direction;
using ring::Ring;

namespace {

constexpr uint64_t kWriteBackBytes = 128;  // one cache line pair per ring: no false sharing
// A device that finishes nothing between this many resets, none of them long after the one before,
// is given up.
constexpr uint32_t kMaxFruitlessResets = 4;
constexpr uint32_t kQuietCalls = 10;
// Calls of Watchdog between two readings of the device's counters, which must not be 50 s apart.
constexpr uint32_t kStatisticsCalls = 16;
// A sync is over after microseconds; a ring that is busy for longer is looked at the next time.
constexpr uint32_t kHoldStepUs = 10;
constexpr uint32_t kHoldLimitUs = 1000;
// A queue of the host that a program takes: how long what it holds may take to get out. A ring of
// the longest frames takes 1 Gb/s some 50 ms.
constexpr uint32_t kDrainStepUs = 20;
constexpr uint32_t kDrainLimitUs = 100'000;
constexpr uint32_t kHostBufferBytes = 2048;
constexpr uint32_t kVlanTagBytes = 4;

// The first, second, fourth, ... of a kind is worth a line.
bool WorthALine(uint64_t count) { return (count & (count - 1)) == 0; }

const char* NameOf(Direction direction) { return direction == Direction::kTx ? "tx" : "rx"; }

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
                                 const NicPortConfig& config, platform::HostStack* stack) {
  const ConfigError error = CheckConfig(driver.info(), config.driver);
  if (error != ConfigError::kNone) {
    platform::Log(platform::LogLevel::kError, "%s: the configuration is refused: %s", name,
                  NameOf(error));
    return Errno::kInvalid;
  }
  const uint16_t pairs = config.driver.queue_pairs;
  NicPort* const port = platform::New<NicPort>(environment.heap(), environment, name, region,
                                               driver, loop, mmio, dma, config);
  if (port == nullptr) return Errno::kNoMemory;
  Status status =
      port->Shape({.tx_rings = pairs,
                   .rx_rings = pairs,
                   .tx_slots = config.driver.tx_slots,
                   .rx_slots = config.driver.rx_slots,
                   .host_rings = stack == nullptr ? uint16_t{0} : port::HostRings::kMax});
  for (Queue*& queues : port->queues_[0]) {
    queues = platform::NewArray<Queue>(environment.heap(), pairs);
    if (queues == nullptr) status = Errno::kNoMemory;
  }
  port->waiters_ = platform::NewArray<Waiters>(environment.heap(), pairs);
  if (port->waiters_ == nullptr) status = Errno::kNoMemory;
  if (status.ok() && stack != nullptr) status = port->AttachHost(*stack);
  if (!status.ok()) {
    Destroy(environment, port);
    return status;
  }
  return port;
}

void NicPort::Destroy(platform::Environment& environment, NicPort* port) {
  if (port->kept_region_ != nullptr || (port->host_ != nullptr && port->host_->kept())) {
    // Its device may write for ever: so what it may write to is nobody else's for ever.
    platform::Log(platform::LogLevel::kError, "%s: memory the device may reach is never given back",
                  port->name());
    return;
  }
  if (port->host_ != nullptr) HostClient::Destroy(environment, port->host_);
  platform::Delete(environment.heap(), port->host_side_);
  environment.heap().Free(port->waiters_);
  for (Queue* const* side : port->queues_) {
    for (const int direction : {0, 1}) environment.heap().Free(side[direction]);
  }
  port->Unshape();
  platform::Delete(environment.heap(), port);
}

Status NicPort::Start() {
  const Status status = driver_.Start(config_.driver);
  if (!status.ok()) {
    (void)Silence();
    return status;
  }
  started_ = true;
  UpdateCarrier();
  return kOkStatus;
}

void NicPort::Stop() {
  (void)Silence();
  if (!loose_) ReleaseKept();
}

// What the driver said. Afterwards the device reaches no memory, or `loose_` says that it may.
Status NicPort::Silence() {
  started_ = false;
  const Status status = driver_.Stop();
  UpdateCarrier();
  const bool known = isolated_ || loose_;
  loose_ = loose_ && !status.ok();
  if (status.ok() || known) return status;
  if (dma_.Isolate()) {
    isolated_ = true;
    ++counters_.isolations;
    platform::Log(platform::LogLevel::kError,
                  "%s: the device does not become quiet, it is cut off from memory", name());
    return status;
  }
  loose_ = true;
  platform::Log(platform::LogLevel::kError,
                "%s: the device does not become quiet, its memory is kept", name());
  return status;
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
  // Frames of several buffers are supported, so any whole step of buffer is enough; a length that
  // was asked for must be there.
  const uint32_t least = std::max(driver_.info().rx_buffer_step, config_.driver.rx_buffer_bytes);
  return buffer_bytes >= least ? kOkStatus : Status(Errno::kInvalid);
}

Status NicPort::Open() {
  MW_ASSIGN_OR_RETURN(dma_map_, region().AttachDevice(dma_));
  return kOkStatus;
}

void NicPort::Close() {
  if (abandoned_ && !loose_) return;
  if (loose_) {
    // The device may reach every buffer of the region: it stays mapped, and in use.
    MW_CHECK(region().AddUser().ok());
    if (kept_region_ == nullptr) region().AddHolder(quarantine_);
    kept_region_ = &region();
    kept_open_ = true;
    return;
  }
  region().DetachDevice(dma_map_);
  dma_map_ = nullptr;
}

Status NicPort::StartRing(Ring& ring) {
  if (IsHostRing(ring)) {
    host_side_->Start(ring);
    return kOkStatus;
  }
  if (asleep_) return Errno::kBusy;
  TakeFromHost(ring.direction(), ring.id());
  if (gone()) return Errno::kNoDevice;
  Queue& queue = QueueOf(ring);
  const Status status = StartQueue(ring, queue);
  if (!status.ok()) {
    FreeQueue(ring, queue);
    GiveToHost(ring.direction(), ring.id());
    return status;
  }
  ring.Start(*queue.queue);
  return kOkStatus;
}

Status NicPort::AllocateQueue(const Ring& ring, Queue& queue) {
  queue.descriptors = dma_.AllocateCoherent(DescriptorBytes(ring.direction()));
  if (queue.descriptors.address == nullptr) return Errno::kNoMemory;
  if (ring.direction() == Direction::kTx) {
    queue.write_back = dma_.AllocateCoherent(kWriteBackBytes);
    if (queue.write_back.address == nullptr) return Errno::kNoMemory;
  }
  // Taken now: a quarantine must not need memory.
  queue.buffers = platform::NewArray<uint32_t>(environment_.heap(), ring.num_slots());
  return queue.buffers == nullptr ? Status(Errno::kNoMemory) : kOkStatus;
}

// Whole steps of what is behind the largest offset, for the device writes to the end of its last
// step whatever the largest frame is. 0: no step fits.
uint32_t NicPort::RxBufferBytes(const Ring& ring) const {
  const ring::OffsetRule& rule = ring.offset_rule();
  uint32_t room = ring.region()->buffer_bytes() - rule.max;
  if (rule.min_gap != 0 && rule.min_gap < room) room = rule.min_gap;
  const DriverInfo& info = driver_.info();
  const uint32_t asked = config_.driver.rx_buffer_bytes;
  const uint32_t most = asked == 0 ? info.rx_buffer_max : asked;
  return LargestRxBuffer(info, std::min(room, most));
}

Status NicPort::StartHardware(Ring& ring, const Queue& queue, uint32_t* tail_offset) {
  if (ring.direction() == Direction::kTx) {
    MW_ASSIGN_OR_RETURN(*tail_offset, driver_.StartTxQueue(
                                          ring.id(), {.descriptors = queue.descriptors.device,
                                                      .count = ring.num_slots(),
                                                      .head_write_back = queue.write_back.device}));
    return kOkStatus;
  }
  const uint32_t room = RxBufferBytes(ring);
  if (room == 0) return Errno::kInvalid;
  MW_ASSIGN_OR_RETURN(*tail_offset,
                      driver_.StartRxQueue(ring.id(), {.descriptors = queue.descriptors.device,
                                                       .count = ring.num_slots(),
                                                       .buffer_bytes = room}));
  return kOkStatus;
}

Status NicPort::StartQueue(Ring& ring, Queue& queue) {
  MW_TRY(AllocateQueue(ring, queue));
  QueueParameters parameters{
      .mmio = mmio_,
      .descriptors = queue.descriptors.address,
      .head_write_back = static_cast<volatile uint32_t*>(queue.write_back.address),
      .count = ring.num_slots(),
      .dma = OfHost(ring) ? host_->dma_map() : dma_map_,
      .region = ring.region(),
      .carrier = &carrier_,
  };
  MW_TRY(StartHardware(ring, queue, &parameters.tail_offset));
  const bool tx = ring.direction() == Direction::kTx;
  if (!tx) parameters.rx_buffer_bytes = RxBufferBytes(ring);
  queue.queue = (tx ? loop_.new_tx : loop_.new_rx)(environment_.heap(), parameters);
  if (queue.queue == nullptr) {
    StopHardware(ring);
    return Errno::kNoMemory;
  }
  queue.queue->Prime(ring);
  return kOkStatus;
}

void NicPort::StopRing(Ring& ring) {
  if (abandoned_) return;
  if (IsHostRing(ring)) return host_side_->Flush(ring);
  StopHardware(ring);
  FreeQueue(ring, QueueOf(ring));
  GiveToHost(ring.direction(), ring.id());
}

// After it the queue reaches no memory, or `loose_` is set. The ring is off: a reset does not start
// it again.
void NicPort::StopHardware(Ring& ring) {
  // It is quiet, and does not answer.
  if (asleep_) return;
  const Status status = ring.direction() == Direction::kTx ? driver_.StopTxQueue(ring.id())
                                                           : driver_.StopRxQueue(ring.id());
  if (status.ok()) return;
  ++counters_.queue_stop_timeouts;
  if (WorthALine(counters_.queue_stop_timeouts)) {
    platform::Log(platform::LogLevel::kWarning, "%s: %s queue %u does not stop", name(),
                  NameOf(ring.direction()), ring.id());
  }
  // A port that is dead has nothing to be brought back for.
  if (gone()) return (void)Silence();
  (void)Reset("a queue does not stop");
}

// The rings are zombies: after Quiesce nobody is in a queue, and nobody gets in.
void NicPort::Abandon() {
  MW_CHECK(gone());
  if (host_ != nullptr && host_->open()) CloseHost();
  Stop();
  ForEachRing([this](Ring& ring) {
    if (ring.state() == ring::RingState::kOff) return;
    MW_CHECK(ring.Quiesce(environment_.sleeper()).ok());
    FreeQueue(ring, QueueOf(ring));
  });
  ForEachHostRing([this](Ring& ring) {
    if (ring.state() == ring::RingState::kOff) return;
    MW_CHECK(ring.Quiesce(environment_.sleeper()).ok());
    host_side_->Flush(ring);
  });
  if (dma_map_ != nullptr && !loose_) region().DetachDevice(dma_map_);
  dma_map_ = nullptr;
  abandoned_ = true;
}

void NicPort::FreeQueue(Ring& ring, Queue& queue) {
  if (queue.queue != nullptr) loop_.free_queue(environment_.heap(), queue.queue);
  queue.queue = nullptr;
  if (loose_ && queue.buffers != nullptr) return Keep(ring, queue);
  FreeMemory(ring.direction(), queue);
}

void NicPort::FreeMemory(Direction direction, Queue& queue) {
  if (queue.descriptors.address != nullptr) {
    dma_.FreeCoherent(queue.descriptors, DescriptorBytes(direction));
  }
  if (queue.write_back.address != nullptr) dma_.FreeCoherent(queue.write_back, kWriteBackBytes);
  environment_.heap().Free(queue.buffers);
  queue = Queue();
}

// --- Quarantine: memory of a device that would not become quiet
// ---------------------------------

// What the device was told of this ring is nobody else's from now on. The port is dead by now, so
// nobody needs the queue's place again.
void NicPort::Keep(Ring& ring, Queue& queue) {
  queue.kept_buffers = ring.num_slots();
  ++counters_.quarantined_queues;
  // The host's region is kept as a whole.
  if (OfHost(ring)) return;
  for (uint32_t i = 0; i < ring.num_slots(); ++i) queue.buffers[i] = ring.known_buffers()[i];
  if (kept_region_ == nullptr) region().AddHolder(quarantine_);
  kept_region_ = &region();
}

void NicPort::Quarantine::MarkNamed(const memory::Region& region, memory::Bitmap& marks) {
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    for (uint16_t i = 0; i < port_.rings(direction); ++i) {
      const Queue& queue = port_.queues_[0][static_cast<uint32_t>(direction)][i];
      for (uint32_t k = 0; k < queue.kept_buffers; ++k) {
        const uint32_t buffer = queue.buffers[k];
        if (region.IsAllocated(memory::PoolKind::kBuffers, buffer)) marks.Set(buffer);
      }
    }
  }
}

void NicPort::ReleaseKept() {
  if (kept_region_ != nullptr) {
    memory::BufferHolder* const holder = &quarantine_;
    kept_region_->ReleaseHolders(&holder, 1);
  }
  for (Queue* const* side : queues_) {
    for (const Direction direction : {Direction::kTx, Direction::kRx}) {
      Queue* const queues = side[static_cast<uint32_t>(direction)];
      for (uint16_t i = 0; queues != nullptr && i < rings(direction); ++i) {
        if (queues[i].kept_buffers != 0) FreeMemory(direction, queues[i]);
      }
    }
  }
  if (host_ != nullptr && host_->kept()) host_->Release();
  if (kept_open_) {
    kept_region_->DetachDevice(dma_map_);
    dma_map_ = nullptr;
    kept_region_->RemoveUser();
  }
  kept_open_ = false;
  kept_region_ = nullptr;
}

// --- The host
// ------------------------------------------------------------------------------------

Status NicPort::AttachHost(platform::HostStack& stack) {
  for (Queue*& queues : queues_[1]) {
    queues = platform::NewArray<Queue>(environment_.heap(), shape().rx_rings);
    if (queues == nullptr) return Errno::kNoMemory;
  }
  const uint16_t pairs = shape().rx_rings;
  host_side_ = platform::New<port::HostRings>(environment_.heap(), stack, pairs, pairs, pairs);
  if (host_side_ == nullptr) return Errno::kNoMemory;
  MW_ASSIGN_OR_RETURN(host_, HostClient::Create(environment_, stack, shape()));
  return kOkStatus;
}

Status NicPort::OpenHost() {
  MW_CHECK(host_ != nullptr);
  if (gone() || loose_) return Errno::kNoDevice;
  if (asleep_) return Errno::kBusy;
  const DriverInfo& info = driver_.info();
  MW_TRY(
      host_->Open(dma_, {.buffer_bytes = std::max(kHostBufferBytes, config_.driver.rx_buffer_bytes),
                         .min_frame_bytes = info.min_frame_bytes,
                         .max_frame_bytes = LongestOfHost()}));
  Status status = kOkStatus;
  ForEachRing([&](Ring& ring) {
    if (!status.ok() || !OfHost(ring) || InUse(ring.direction(), ring.id())) return;
    status = StartForHost(ring);
  });
  if (!status.ok()) {
    CloseHost();
    return status;
  }
  host_side_->set_up(true);
  return kOkStatus;
}

// No longer than what the card is to accept of others.
uint32_t NicPort::LongestOfHost() const {
  return std::min(driver_.info().max_frame_bytes, config_.driver.max_frame_bytes + kVlanTagBytes);
}

void NicPort::CloseHost() {
  host_side_->set_up(false);
  ForEachRing([this](Ring& ring) {
    if (!OfHost(ring) || ring.state() == ring::RingState::kOff) return;
    ring.Stop();
    MW_CHECK(ring.Quiesce(environment_.sleeper()).ok());
    StopHardware(ring);
    FreeQueue(ring, QueueOf(ring));
  });
  host_->Close(loose_);
}

Status NicPort::StartForHost(Ring& ring) {
  Queue& queue = QueueOf(ring);
  host_->Begin(ring);
  const Status status = StartQueue(ring, queue);
  if (!status.ok()) {
    FreeQueue(ring, queue);
    return status;
  }
  ring.Start(*queue.queue);
  // Interrupts are let through, and who was told to wait hears of it.
  ring.Notify();
  return kOkStatus;
}

// A program comes. What the host has sent gets out first, if the device takes it; what the device
// has received for the host goes up.
void NicPort::TakeFromHost(Direction direction, uint16_t i) {
  if (host_ == nullptr) return;
  Ring& ring = host_->ring(direction, i);
  if (!ring.Lock()) return;
  // Nobody is inside any more, and nobody gets in.
  MW_CHECK(ring.Quiesce(environment_.sleeper()).ok());
  Queue& queue = QueueOf(ring);
  if (direction == Direction::kTx) {
    // What a sender left for later goes out too.
    (void)queue.queue->Sync(ring, host_->tx_head(i));
    (void)platform::WaitUntil(environment_.sleeper(), kDrainStepUs, kDrainLimitUs,
                              [&] { return !carrier() || queue.queue->Look(ring).held == 0; });
  }
  ring.Stop();
  StopHardware(ring);
  host_->Finish(ring, queue.queue->Settle(ring));
  FreeQueue(ring, queue);
}

// The last program has gone.
void NicPort::GiveToHost(Direction direction, uint16_t i) {
  if (host_ == nullptr || !host_->open() || gone() || asleep_) return;
  Ring& ring = host_->ring(direction, i);
  const Status status = StartForHost(ring);
  if (status.ok()) return;
  ++counters_.host_starts_failed;
  if (!WorthALine(counters_.host_starts_failed)) return;
  platform::Log(platform::LogLevel::kWarning,
                "%s: %s queue %u does not start for the host (errno %d), it is tried again", name(),
                NameOf(direction), i, status.number());
}

// What could not be given back when a program left it.
void NicPort::GiveAllToHost() {
  if (host_ == nullptr || !host_->open()) return;
  ForEachRing([this](Ring& ring) {
    if (!OfHost(ring) || ring.state() != ring::RingState::kOff) return;
    if (!InUse(ring.direction(), ring.id())) GiveToHost(ring.direction(), ring.id());
  });
}

void NicPort::KillOthers() {
  if (host_ == nullptr) return;
  ForEachRing([this](Ring& ring) {
    if (OfHost(ring)) ring.Kill();
  });
}

HostSend NicPort::SendFromHost(uint16_t queue, platform::HostFrame& frame, bool more) {
  const HostSend result = host_->Send(queue, frame, more);
  if (result != HostSend::kProgram) return result;
  const uint16_t host_ring = queue % host_rings(Direction::kRx);
  if (host_side_->Keep(ring(Direction::kRx, rings(Direction::kRx) + host_ring), frame)) {
    return HostSend::kKept;
  }
  host_->CountForProgram(queue);
  return result;
}

ring::SyncResult NicPort::SyncForwarding(Ring& ring, port::Forward& forward) {
  return host_side_ == nullptr ? ring.Sync() : host_side_->Sync(ring, forward);
}

void NicPort::ArmForHost(uint16_t queue) {
  Ring* const ring = host_->ToArm(queue);
  if (ring == nullptr) return;
  Arm(*ring);
  host_->LookAgain(queue);
}

// --- Reset
// ----------------------------------------------------------------------------------------

template <typename Visitor>
void NicPort::ForEachRing(Visitor&& visit) {
  for (const Direction direction : {Direction::kRx, Direction::kTx}) {
    for (uint16_t i = 0; i < rings(direction); ++i) {
      visit(ring(direction, i));
      if (host_ != nullptr) visit(host_->ring(direction, i));
    }
  }
}

template <typename Visitor>
void NicPort::ForEachHostRing(Visitor&& visit) {
  for (const Direction direction : {Direction::kRx, Direction::kTx}) {
    for (uint16_t i = 0; i < host_rings(direction); ++i) {
      visit(ring(direction, rings(direction) + i));
    }
  }
}

// docs/locking.md has the states. L1: after Quiesce nobody is inside, and nobody gets in.
Status NicPort::Reset(const char* reason) {
  ++counters_.resets;
  if (WorthALine(counters_.resets)) {
    platform::Log(platform::LogLevel::kWarning, "%s: reset of the device: %s", name(), reason);
  }
  return StartAnew(true);
}

Status NicPort::StartAnew(bool in_trouble) {
  MW_TRY(LayDown());
  if (in_trouble && Fruitless())
    return GiveUp(Errno::kIo, "it does nothing between one reset and the next");
  return GetUp();
}

// Afterwards the device is quiet and every ring in use is locked, at a place to go on from.
Status NicPort::LayDown() {
  ForEachRing([&](Ring& ring) {
    if (ring.Lock()) MW_CHECK(ring.Quiesce(environment_.sleeper()).ok());
  });
  const Status silent = Silence();
  if (!silent.ok()) return GiveUp(silent, "it does not become quiet");
  SettleQueues();
  return kOkStatus;
}

Status NicPort::GetUp() {
  const Status status = Restart();
  if (!status.ok()) {
    (void)Silence();
    return GiveUp(status, "it does not come back");
  }
  ForEachRing([this](Ring& ring) {
    if (ring.state() != ring::RingState::kLocked) return;
    Tell(ring.id());
    ring.Unlock();
  });
  return kOkStatus;
}

Status NicPort::Suspend() {
  if (gone()) return Errno::kNoDevice;
  if (!started_) return kOkStatus;
  (void)ReadStatistics();
  MW_TRY(LayDown());
  asleep_.store(true);
  return kOkStatus;
}

Status NicPort::Resume() {
  if (!asleep_.exchange(false)) return gone() ? Status(Errno::kNoDevice) : kOkStatus;
  if (gone()) return Errno::kNoDevice;
  MW_TRY(GetUp());
  GiveAllToHost();
  return kOkStatus;
}

Status NicPort::SetReceiveFilter(const ReceiveFilter& filter) {
  if (!driver_.info().receive_filter) return filter.promiscuous ? Errno::kOk : Errno::kNotSupported;
  if (!ArePossibleGroups(filter.multicast, filter.multicast_count)) return Errno::kInvalid;
  if (gone()) return Errno::kNoDevice;
  DriverConfig& config = config_.driver;
  config.promiscuous = filter.promiscuous;
  config.all_multicast = filter.all_multicast;
  config.multicast_count = filter.multicast_count;
  __builtin_memcpy(config.multicast, filter.multicast, sizeof(config.multicast));
  if (started_) driver_.SetReceiveFilter(config);
  return kOkStatus;
}

Status NicPort::SetMaxFrame(uint32_t bytes) {
  if (gone()) return Errno::kNoDevice;
  DriverConfig& config = config_.driver;
  const uint32_t before = config.max_frame_bytes;
  if (bytes == before) return kOkStatus;
  config.max_frame_bytes = bytes;
  if (CheckConfig(driver_.info(), config) != ConfigError::kNone) {
    config.max_frame_bytes = before;
    return Errno::kInvalid;
  }
  if (host_ != nullptr) host_->SetMaxFrame(LongestOfHost());
  return started_ ? StartAnew(false) : kOkStatus;
}

void NicPort::SettleQueues() {
  ForEachRing([this](Ring& ring) {
    if (ring.state() != ring::RingState::kLocked) return;
    const uint32_t lost = QueueOf(ring).queue->Settle(ring);
    (ring.direction() == Direction::kTx ? counters_.tx_lost : counters_.rx_lost) += lost;
  });
}

// Counts the resets in a row between which no queue finished anything.
bool NicPort::Fruitless() {
  uint64_t finished = 0;
  ForEachRing([&](Ring& ring) { finished += ring.counters().slots; });
  finished -= counters_.tx_lost;
  const bool again = finished == finished_at_reset_ && quiet_calls_ < kQuietCalls;
  fruitless_resets_ = again ? fruitless_resets_ + 1 : 0;
  finished_at_reset_ = finished;
  quiet_calls_ = 0;
  return fruitless_resets_ >= kMaxFruitlessResets;
}

Status NicPort::Restart() {
  MW_TRY(driver_.Start(config_.driver));
  started_ = true;
  UpdateCarrier();
  Status status = kOkStatus;
  ForEachRing([&](Ring& ring) {
    if (status.ok() && ring.state() == ring::RingState::kLocked) status = RestartQueue(ring);
  });
  return status;
}

Status NicPort::RestartQueue(Ring& ring) {
  Queue& queue = QueueOf(ring);
  __builtin_memset(queue.descriptors.address, 0, DescriptorBytes(ring.direction()));
  if (queue.write_back.address != nullptr) {
    __builtin_memset(queue.write_back.address, 0, kWriteBackBytes);
  }
  queue.watch = Watch();
  uint32_t same_tail_offset = 0;
  MW_TRY(StartHardware(ring, queue, &same_tail_offset));
  queue.queue->Prime(ring);
  return kOkStatus;
}

Status NicPort::GiveUp(Status why, const char* reason) {
  ++counters_.failed_resets;
  platform::Log(platform::LogLevel::kError, "%s: the device is given up: %s (errno %d)", name(),
                reason, why.number());
  Kill();
  return why;
}

// --- Watchdog
// -------------------------------------------------------------------------------------

void NicPort::Watchdog() {
  if (gone()) {
    // A device that may still reach memory is asked again, so that the memory can be given back.
    if (loose_ && Silence().ok()) ReleaseKept();
    return;
  }
  if (!started_ || !WatchDevice()) return;
  if (++calls_ % kStatisticsCalls == 0) (void)ReadStatistics();
  WatchLink();
  const char* reason = nullptr;
  ForEachRing([&](Ring& ring) {
    if (const char* const found = WatchQueue(ring); found != nullptr) reason = found;
  });
  watched_link_changes_ = counters_.link_changes;
  GiveAllToHost();
  if (reason != nullptr) {
    (void)Reset(reason);
  } else if (quiet_calls_ < kQuietCalls) {
    ++quiet_calls_;
  }
}

const DriverStatistics& NicPort::ReadStatistics() {
  if (!asleep_) driver_.ReadStatistics(statistics_);
  return statistics_;
}

// False if there is nothing more to look at.
bool NicPort::WatchDevice() {
  switch (driver_.Check()) {
    case DeviceHealth::kGood:
      return true;
    case DeviceHealth::kForgetful:
      ++counters_.spontaneous_resets;
      (void)Reset("it was reset behind our back");
      return false;
    case DeviceHealth::kGone:
      DeviceGone();
      return false;
  }
  return false;
}

// The link interrupt masks itself until it is handled: if one is lost no other ever comes.
void NicPort::WatchLink() {
  const LinkState link = driver_.RefreshLink();
  if (link.up == carrier() || driver_.link().up == carrier()) return;
  ++counters_.lost_interrupts;
  if (WorthALine(counters_.lost_interrupts)) {
    platform::Log(platform::LogLevel::kWarning, "%s: the link interrupt was lost", name());
  }
  const InterruptReport report =
      driver_.Interrupt(static_cast<uint16_t>(driver_.vectors(rings(Direction::kRx)) - 1));
  if (report.gone) return DeviceGone();
  LinkChanged();
}

const char* NicPort::WatchQueue(Ring& ring) {
  if (ring.state() != ring::RingState::kUser) return nullptr;
  const Status held = platform::WaitUntil(environment_.sleeper(), kHoldStepUs, kHoldLimitUs,
                                          [&ring] { return ring.TryHold(); });
  if (!held.ok()) return nullptr;
  Queue& queue = QueueOf(ring);
  const QueueLook look = queue.queue->Look(ring);
  ring.Drop();
  const Watch before = queue.watch;
  // Without a carrier nothing moves, and a link that has just come back starts from the beginning.
  const bool steady = carrier() && counters_.link_changes == watched_link_changes_;
  const Waiters& waiters = waiters_[ring.id()];
  const uint32_t told = waiters.told.load(std::memory_order_relaxed);
  // Or a sync of somebody else has taken them, and who sleeps does not know.
  const bool news = look.untold || (ring.direction() == Direction::kRx && ring.Ready());
  queue.watch = {.valid = steady,
                 .gap = look.gap,
                 .untold = news && waiters.armed.load(std::memory_order_relaxed) != told,
                 .told = told,
                 .position = look.position,
                 .held = look.held,
                 .finished = look.finished};
  if (!steady) return nullptr;
  WatchWaiters(ring, before);
  return JudgeQueue(ring, before, look);
}

// Why the device must be reset, or null.
const char* NicPort::JudgeQueue(Ring& ring, const Watch& before, const QueueLook& look) {
  const bool stands = before.valid && look.finished == before.finished;
  const char* reason = nullptr;
  if (ring.direction() == Direction::kTx) {
    if (!stands || before.held == 0 || look.held == 0) return nullptr;
    reason = "a transmit queue hangs";
    if (!WorthALine(++counters_.tx_hangs)) return reason;
  } else {
    const bool gap = stands && look.gap && before.gap && look.position == before.position;
    if (!look.overlong && !gap) return nullptr;
    reason = gap ? "a receive queue has a gap" : "a receive queue has a frame without end";
    if (!WorthALine(++counters_.rx_stalls)) return reason;
  }
  platform::Log(
      platform::LogLevel::kWarning,
      "%s: %s queue %u stands still at descriptor %u, the device has %u, hwcur %u hwtail %u",
      name(), NameOf(ring.direction()), ring.id(), look.position, look.held, ring.hwcur(),
      ring.hwtail());
  return reason;
}

// Finished slots that nobody came for in all this time, though somebody was armed before and has
// not been told since: the interrupt was lost.
void NicPort::WatchWaiters(Ring& ring, const Watch& before) {
  Watch& now = QueueOf(ring).watch;
  if (!before.valid || !before.untold || !now.untold || before.told != now.told) return;
  ++counters_.lost_interrupts;
  if (WorthALine(counters_.lost_interrupts)) {
    platform::Log(platform::LogLevel::kWarning,
                  "%s: the interrupt of queue %u was lost, %s descriptor %u is finished", name(),
                  ring.id(), NameOf(ring.direction()), now.position);
  }
  now.untold = false;
  Tell(ring.id());
  NotifyQueues(Direction::kTx, uint64_t{1} << ring.id());
  NotifyQueues(Direction::kRx, uint64_t{1} << ring.id());
  WakeHost(uint64_t{1} << ring.id());
}

void NicPort::Tell(uint16_t queue) {
  Waiters& waiters = waiters_[queue];
  waiters.told.store(waiters.armed.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

bool NicPort::HandleInterrupt(uint16_t vector) {
  if (asleep_.load(std::memory_order_relaxed)) return false;
  ++counters_.interrupts;
  const InterruptReport report = driver_.Interrupt(vector);
  if (report.gone) {
    DeviceGone();
    return true;
  }
  // A card with one vector for everything may tell of both at once.
  if (report.link_changed) LinkChanged();
  uint64_t mask = (report.tx_queues | report.rx_queues) & QueueMask(Direction::kTx);
  for (; mask != 0; mask &= mask - 1) {
    Tell(static_cast<uint16_t>(std::countr_zero(mask)));
  }
  NotifyQueues(Direction::kTx, report.tx_queues);
  NotifyQueues(Direction::kRx, report.rx_queues);
  WakeHost(report.tx_queues | report.rx_queues);
  return report.link_changed || (report.tx_queues | report.rx_queues) != 0;
}

// Any context.
void NicPort::LinkChanged() {
  ++counters_.link_changes;
  const LinkState link = driver_.link();
  UpdateCarrier();
  platform::Log(platform::LogLevel::kInfo, "%s: link %s, %u Mb/s", name(), link.up ? "up" : "down",
                link.mbps);
  // Transmitters may go on, or learn that nothing moves.
  NotifyQueues(Direction::kTx, ~uint64_t{0});
  NotifyQueues(Direction::kRx, ~uint64_t{0});
  WakeHost(~uint64_t{0});
}

// Any context.
void NicPort::DeviceGone() {
  if (gone()) return;
  ++counters_.removals;
  platform::Log(platform::LogLevel::kError, "%s: the device is gone", name());
  Kill();
}

// The queues the port has rings for.
uint64_t NicPort::QueueMask(Direction direction) const {
  const uint16_t count = rings(direction);
  return count < 64 ? (uint64_t{1} << count) - 1 : ~uint64_t{0};
}

// Once for a pair, whichever of its directions was told.
void NicPort::WakeHost(uint64_t mask) {
  if (host_ == nullptr) return;
  for (mask &= QueueMask(Direction::kRx); mask != 0; mask &= mask - 1) {
    host_->OnInterrupt(static_cast<uint16_t>(std::countr_zero(mask)));
  }
}

void NicPort::NotifyQueues(Direction direction, uint64_t mask) {
  for (mask &= QueueMask(direction); mask != 0; mask &= mask - 1) {
    ring(direction, static_cast<uint16_t>(std::countr_zero(mask))).Notify();
  }
}

void NicPort::Arm(Ring& ring) {
  // Whoever sends to a host ring wakes who waits.
  if (IsHostRing(ring)) return;
  // Inside the ring, so that the device does not go away meanwhile. If somebody else is inside, who
  // waits is woken when that one leaves, and comes here again.
  if (!ring.TryHold()) return;
  // A ring that is locked wakes who waits when it is not any more.
  if (ring.state() != ring::RingState::kUser) return ring.Drop();
  // Counted before the device can answer. Several who poll may count one: they are told at once.
  std::atomic<uint32_t>& armed = waiters_[ring.id()].armed;
  armed.store(armed.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  driver_.Arm(ring.id());
  ring.Drop();
}

}  // namespace mapwire::nic
