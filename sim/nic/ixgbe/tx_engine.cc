// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/tx_engine.h"

#include <algorithm>
#include <utility>

#include "sim/nic/ixgbe/timers.h"

namespace mapwire::sim::nic82599 {
namespace {

constexpr Time kByte = 800 * kPicosecond;  // 10 Gb/s
constexpr uint32_t kPreambleBytes = 8;
constexpr uint32_t kCrcBytes = 4;
constexpr uint32_t kGapBytes = 12;
constexpr uint32_t kVlanBytes = 4;
constexpr uint32_t kMinFrame = 60;
constexpr Time kPauseQuantum = 64 * kByte;
constexpr uint32_t kMaxThresholds = 40;  // PTHRESH and WTHRESH together; one lineage
// The MAC hands frames to the line a little ahead of time, several at once.
constexpr Time kCommitAhead = 1200 * kNanosecond;
// Longer than the largest frame: thresholds that make no sense must not fill the line with pauses.
constexpr Time kPauseAhead = 20 * kMicrosecond;
constexpr Time kWakeAhead = 200 * kNanosecond;
constexpr uint32_t kWriteBackBatch = 16;

constexpr RingWords kWords = {.head_while_on = "TDH written while the queue is on:",
                              .moved_while_on = "ring moved while its queue is on, transmit queue",
                              .tail_while_off = "TDT written, queue is not enabled:",
                              .tail_beyond = "TDT beyond the ring:",
                              .tail_backwards = "TDT moved backwards to",
                              .queue_told = true};

}  // namespace

TxEngine::TxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma,
                   Interrupts& interrupts, Statistics& statistics, const Link& link,
                   const IxgbeOptions& options)
    : world_(world),
      registers_(registers),
      dma_(dma),
      interrupts_(interrupts),
      statistics_(statistics),
      link_(link),
      options_(options),
      ring_registers_(registers, kWords),
      queues_(reg::kTxQueues),
      packets_(kSlots) {
  for (uint32_t i = 0; i < kSlots; ++i) free_.push(static_cast<uint16_t>(i));
  registers_.OnRead<reg::Txdctl, &TxEngine::ReadTxdctl>(this);
  registers_.OnWrite<reg::Txdctl, &TxEngine::WriteTxdctl>(this);
  registers_.OnRead<reg::Tdh, &TxEngine::ReadTdh>(this);
  registers_.OnWrite<reg::Tdh, &TxEngine::WriteTdh>(this);
  registers_.OnWrite<reg::Tdt, &TxEngine::WriteTdt>(this);
  registers_.OnWrite<reg::Tdbal, &TxEngine::WriteGeometry<reg::Tdbal>>(this);
  registers_.OnWrite<reg::Tdbah, &TxEngine::WriteGeometry<reg::Tdbah>>(this);
  registers_.OnWrite<reg::Tdlen, &TxEngine::WriteGeometry<reg::Tdlen>>(this);
  registers_.OnWrite<reg::Tdwbal, &TxEngine::WriteGeometry<reg::Tdwbal>>(this);
  registers_.OnWrite<reg::Tdwbah, &TxEngine::WriteGeometry<reg::Tdwbah>>(this);
  registers_.OnWrite<reg::Dmatxctl, &TxEngine::WriteDmatxctl>(this);
  registers_.OnWrite<reg::Mtqc, &TxEngine::WriteMtqc>(this);
}

// Reads under way cannot be recalled: their packets stay in order, dead, until they end.
void TxEngine::Reset() {
  for (uint32_t q = 0; q < queues_.size(); ++q) {
    if (queues_[q].state == QueueState::kOff) continue;
    world_.CancelTimer(kTimerTxQueue + q);
    StopQueue(q);
    while (!queues_[q].finished.empty()) queues_[q].finished.pop();
    queues_[q].head_owed = false;
    queues_[q].state = QueueState::kOff;
  }
  for (uint32_t i = 0, count = order_.count(); i < count; ++i) {
    const uint16_t slot = order_.pop();
    packets_[slot].dead = true;
    order_.push(slot);
  }
  while (!mac_.empty()) room_taken_ -= static_cast<uint32_t>(mac_.pop()->bytes.size());
  while (!loop_.empty()) loop_.pop();
  world_.CancelTimer(kTimerLoopback);
  runnable_.clear();
  fetching_.clear();
  touched_.clear();
  waiting_.clear();
  world_.CancelTimer(kTimerTxKick);
  world_.CancelTimer(kTimerTxMac);
  world_.CancelTimer(kTimerTxFlush);
  mac_timer_ = flush_timer_ = false;
  paused_until_ = 0;
  turn_ = 0;
  Drain();
}

bool TxEngine::Idle() const {
  for (const Queue& ring : queues_) {
    if (!Quiet(ring)) return false;
  }
  return order_.empty() && mac_.empty() && loop_.empty() && reads_ == 0;
}

bool TxEngine::Running() const {
  return dma_.enabled() && link_.up() && registers_.Field<reg::Dmatxctl, reg::Dmatxctl::Te>() != 0;
}

uint32_t TxEngine::BufferBytes() const {
  return registers_.Raw<reg::Txpbsize>() & reg::Txpbsize::Size::kMask;
}

void TxEngine::Resume() {
  PumpMac();
  PushOut();
  Run();
}

// ---- Fetching: descriptors, then packet data, queues taking turns packet by packet ----

void TxEngine::Run() {
  if (!Running()) return;
  while (!fetching_.empty()) {
    const uint32_t queue = fetching_.next(0);
    queues_[queue].Prefetch(dma_, DmaKind::kTxDescriptors, queue, options_.tx_prefetch);
    fetching_.erase(queue);
  }
  while (!runnable_.empty()) {
    const uint32_t queue = runnable_.next(turn_);
    const Step step = RunQueue(queue);
    queues_[queue].Prefetch(dma_, DmaKind::kTxDescriptors, queue, options_.tx_prefetch);
    if (step == Step::kBlocked) return;
    if (step == Step::kStarved) runnable_.erase(queue);
    turn_ = (queue + 1) % reg::kTxQueues;
  }
}

// One packet, or as much of it as there is.
TxEngine::Step TxEngine::RunQueue(uint32_t queue) {
  Step step;
  do {
    step = TakeDescriptor(queue);
  } while (step == Step::kTaken);
  return step;
}

TxEngine::Step TxEngine::TakeDescriptor(uint32_t queue) {
  using D = reg::TxData;
  Queue& ring = queues_[queue];
  if (!ring.on() || ring.broken || ring.cached == 0) return Step::kStarved;
  const reg::Descriptor descriptor = ring.space[ring.first];
  if (D::Dext::Get(descriptor.q1) == 0) return Break(queue, "legacy descriptor, not modelled:");
  const uint64_t type = D::Dtyp::Get(descriptor.q1);
  if (type == reg::kTxDtypContext) return TakeContext(queue);
  if (type != reg::kTxDtypData) return Break(queue, "descriptor of unknown type:");
  return TakeData(queue, descriptor);
}

// A context takes its place in the order so that the head passes it.
TxEngine::Step TxEngine::TakeContext(uint32_t queue) {
  Queue& ring = queues_[queue];
  if (ring.open != kNoSlot) return Break(queue, "context descriptor inside a packet:");
  if (!Open(queue, 0, 0)) return Step::kBlocked;
  const reg::Descriptor& descriptor = ring.space[ring.first];
  const uint64_t slot = reg::TxContext::Idx::Get(descriptor.q1);
  ring.contexts[slot] = DecodeContext(descriptor);
  ring.context_known[slot] = true;
  Packet& packet = packets_[ring.open];
  Account(ring, packet, descriptor);
  Close(queue);
  Drain();
  return Step::kPacket;
}

// What is wrong with the first descriptor of a packet, or null.
const char* TxEngine::CheckFirst(const Queue& ring, const reg::Descriptor& descriptor) const {
  using D = reg::TxData;
  constexpr uint64_t kNotModelled = D::Ipsec::kMask | D::MacLinksec::kMask | D::Mac1588::kMask;
  if ((descriptor.q1 & kNotModelled) != 0) return "offload requested, not modelled:";
  const uint32_t payload = static_cast<uint32_t>(D::Paylen::Get(descriptor.q1));
  const TxRequest request = DecodeRequest(descriptor);
  uint32_t largest = payload;
  if (request.any()) {
    if (request.slot >= kContexts || !ring.context_known[request.slot]) {
      return "offload requested without a context:";
    }
    const TxContext& context = ring.contexts[request.slot];
    const uint32_t headers = request.segment ? context.header_bytes() : 0;
    if (const char* why = Impossible(context, request, headers + payload)) return why;
    if (request.segment) largest = headers + std::min(context.mss, payload);
  }
  if (payload < kMinPayload && !request.segment) return "PAYLEN below 17:";
  if (largest > kMaxPayload) return "PAYLEN above the largest packet:";
  if (largest + (request.insert_vlan ? kVlanBytes : 0) > BufferBytes()) {
    return "packet larger than its packet buffer:";
  }
  return nullptr;
}

TxEngine::Step TxEngine::TakeData(uint32_t queue, const reg::Descriptor& descriptor) {
  using D = reg::TxData;
  Queue& ring = queues_[queue];
  if (D::Dd::Get(descriptor.q1) != 0) return Break(queue, "DD set in a descriptor to read:");
  const uint32_t length = static_cast<uint32_t>(D::Dtalen::Get(descriptor.q1));
  if (length == 0) return Break(queue, "DTALEN is zero:");
  if (ring.open == kNoSlot) {
    if (const char* why = CheckFirst(ring, descriptor)) return Break(queue, why);
    if (reads_ >= options_.tx_data_reads) return Step::kBlocked;
    if (!OpenData(queue, descriptor)) return Step::kBlocked;
    if (D::Ifcs::Get(descriptor.q1) == 0) {
      packets_[ring.open].frame->crc_ok = false;
      registers_.Report(DriverError::kBadDescriptor, "packet without IFCS, queue", queue);
    }
  }
  Packet& packet = packets_[ring.open];
  if (reads_ >= options_.tx_data_reads) return Step::kBlocked;
  if (ring.open_bytes + length > packet.frame->bytes.size()) {
    return Break(queue, "more data than PAYLEN:");
  }
  const bool last = D::Eop::Get(descriptor.q1) != 0;
  if (last && ring.open_bytes + length < packet.frame->bytes.size()) {
    return Break(queue, "less data than PAYLEN:");
  }
  if (packet.descriptors == kMaxDescriptors) return Break(queue, "packet of too many descriptors:");
  dma_.Read(DmaKind::kTxData, ring.open, descriptor.q0,
            packet.frame->bytes.data() + ring.open_bytes, length);
  ++reads_;
  ++packet.reads;
  ring.open_bytes += length;
  Account(ring, packet, descriptor);
  if (!last) return Step::kTaken;
  Close(queue);
  return Step::kPacket;
}

bool TxEngine::OpenData(uint32_t queue, const reg::Descriptor& descriptor) {
  const uint32_t payload = static_cast<uint32_t>(reg::TxData::Paylen::Get(descriptor.q1));
  const TxRequest request = DecodeRequest(descriptor);
  TxContext context;
  if (request.any()) context = queues_[queue].contexts[request.slot];
  const uint32_t headers = request.segment ? context.header_bytes() : 0;
  const uint32_t largest = headers + (request.segment ? std::min(context.mss, payload) : payload);
  if (!Open(queue, headers + payload, largest + (request.insert_vlan ? kVlanBytes : 0))) {
    return false;
  }
  Packet& packet = packets_[queues_[queue].open];
  packet.request = request;
  packet.context = context;
  return true;
}

// `bytes` of packet, 0 for none, that take `room` in the packet buffer.
bool TxEngine::Open(uint32_t queue, uint32_t bytes, uint32_t room) {
  if (free_.empty() || mac_.count() + order_.count() >= kMacFrames - kSlots) return false;
  if (room_taken_ + room > BufferBytes()) return false;
  Queue& ring = queues_[queue];
  if (ring.reports.count() + kMaxDescriptors > kReportSpace) return false;
  ring.open = free_.pop();
  ring.open_bytes = 0;
  ++ring.packets;
  Packet& packet = packets_[ring.open];
  packet = Packet();
  packet.queue = queue;
  packet.room = room;
  room_taken_ += room;
  if (bytes == 0) return true;
  packet.frame = world_.NewFrame();
  packet.frame->bytes.resize(bytes);
  return true;
}

void TxEngine::Account(Queue& ring, Packet& packet, const reg::Descriptor& descriptor) {
  const uint32_t position = ring.next();
  ring.Take();
  ++packet.descriptors;
  packet.end = ring.Advance(position, 1);
  if (reg::TxData::Rs::Get(descriptor.q1) == 0) return;
  ring.reports.push(static_cast<uint16_t>(position));
  ++packet.reports;
}

void TxEngine::Close(uint32_t queue) {
  Queue& ring = queues_[queue];
  order_.push(static_cast<uint16_t>(ring.open));
  ring.open = kNoSlot;
}

// The queue hangs at this descriptor, as hardware would; what came before it completes.
TxEngine::Step TxEngine::Break(uint32_t queue, const char* why) {
  Queue& ring = queues_[queue];
  registers_.Report(DriverError::kBadDescriptor, why, ring.next());
  ring.broken = true;
  if (ring.open != kNoSlot) {
    packets_[ring.open].dead = true;
    Close(queue);
    Drain();
  }
  return Step::kStarved;
}

void TxEngine::DescriptorsDone(uint32_t queue, bool ok) {
  if (queues_[queue].Fetched(ok)) runnable_.insert(queue);
  Run();
}

void TxEngine::DataDone(uint32_t slot, bool ok) {
  Packet& packet = packets_[slot];
  --packet.reads;
  --reads_;
  if (!ok) packet.failed = true;
  PushOut();
  Run();
}

// ---- Completion, in order ----

// Segments that wait need a MAC that has something to send: it wakes us when there is room.
void TxEngine::PushOut() {
  do {
    Drain();
    PumpMac();
  } while (segments_wait_ && mac_.empty() && link_.up());
}

void TxEngine::Drain() {
  segments_wait_ = false;
  while (!order_.empty() && packets_[order_.front()].reads == 0) {
    Packet& oldest = packets_[order_.front()];
    const bool segmented = oldest.request.segment && !oldest.dead && !oldest.failed;
    if (segmented && !SendSegments(oldest)) {
      segments_wait_ = true;
      break;
    }
    const uint16_t slot = order_.pop();
    Complete(packets_[slot]);
    free_.push(slot);
  }
  WriteBacks();
}

// Cuts as many segments as the packet buffer has room for; true if these were the last. Room for
// one is always there once the MAC has sent what it has: packets behind this one may hold the rest.
bool TxEngine::SendSegments(Packet& packet) {
  using L = reg::Dtxtcpflgl;
  const TcpFlagMasks masks = {registers_.Field<L, L::TcpFlgFirst>(),
                              registers_.Field<L, L::TcpFlgMid>(),
                              registers_.Field<reg::Dtxtcpflgh, reg::Dtxtcpflgh::TcpFlgLast>()};
  const uint32_t count =
      SegmentCount(packet.context, static_cast<uint32_t>(packet.frame->bytes.size()));
  while (packet.segment < count) {
    const bool last = packet.segment + 1 == count;
    const bool room = last || mac_.empty() || room_taken_ + packet.room <= BufferBytes();
    if (!room || mac_.count() >= kMacFrames - kSlots) return false;
    FramePointer frame = world_.NewFrame();
    frame->crc_ok = packet.frame->crc_ok;
    MakeSegment(packet.context, packet.request, masks, packet.frame->bytes, packet.segment++,
                &frame->bytes);
    if (packet.request.insert_vlan) InsertTag(packet, frame->bytes);
    if (last) room_taken_ -= std::exchange(packet.room, 0);
    room_taken_ += static_cast<uint32_t>(frame->bytes.size());
    ToMac(packet.queue, std::move(frame));
  }
  packet.frame.reset();
  return true;
}

void TxEngine::InsertTag(const Packet& packet, std::vector<uint8_t>& bytes) const {
  const uint32_t ethertype = registers_.Field<reg::Dmatxctl, reg::Dmatxctl::Vt>();
  InsertVlanTag(static_cast<uint16_t>(ethertype), packet.context.vlan, &bytes);
}

void TxEngine::ToMac(uint32_t queue, FramePointer frame) {
  statistics_.QueueTransmitted(queue, static_cast<uint32_t>(frame->bytes.size()) + kCrcBytes);
  mac_.push(std::move(frame));
}

void TxEngine::Complete(Packet& packet) {
  Queue& ring = queues_[packet.queue];
  --ring.packets;
  if (packet.failed && !packet.dead) {
    // A refused read leaves the queue hanging; packets behind it go nowhere.
    ring.broken = true;
    StopQueue(packet.queue);
    for (uint32_t i = 0, count = order_.count(); i < count; ++i) {
      const uint16_t slot = order_.pop();
      if (packets_[slot].queue == packet.queue) packets_[slot].dead = true;
      order_.push(slot);
    }
  }
  if (packet.dead || packet.failed) {
    room_taken_ -= packet.room;
    packet.frame.reset();
    return;
  }
  ring.head = packet.end;
  for (; packet.reports != 0; --packet.reports) {
    ring.finished.push(ring.reports.pop());
    touched_.insert(packet.queue);
  }
  if (packet.frame == nullptr) return;
  InsertChecksums(packet.context, packet.request, &packet.frame->bytes);
  if (packet.request.insert_vlan) InsertTag(packet, packet.frame->bytes);
  ToMac(packet.queue, std::move(packet.frame));
}

void TxEngine::WriteBacks() {
  while (!touched_.empty()) {
    const uint32_t queue = touched_.next(0);
    touched_.erase(queue);
    if (queues_[queue].head_writeback) {
      WriteHead(queue);
    } else {
      WriteDone(queue);
    }
  }
}

// One head word is under way at a time; what completes meanwhile is in the next.
void TxEngine::WriteHead(uint32_t queue) {
  Queue& ring = queues_[queue];
  while (!ring.finished.empty()) ring.finished.pop();
  if (ring.writes != 0) {
    ring.head_owed = true;
    return;
  }
  ++ring.writes;
  dma_.Write(DmaKind::kTxWriteBack, queue, ring.head_address, &ring.head, sizeof(ring.head));
  interrupts_.TxCause(queue);
}

void TxEngine::WriteDone(uint32_t queue) {
  Queue& ring = queues_[queue];
  if (ring.finished.count() >= std::max<uint32_t>(ring.write_threshold, 1)) return Flush(queue);
  waiting_.insert(queue);
  if (flush_timer_) return;
  flush_timer_ = true;
  world_.SetTimer(kTimerTxFlush, world_.Now() + options_.tx_writeback_delay);
}

// Writes DD into the finished descriptors, neighbours together; the rest of a written-back
// descriptor is reserved and reads zero.
void TxEngine::Flush(uint32_t queue) {
  Queue& ring = queues_[queue];
  waiting_.erase(queue);
  if (ring.finished.empty()) return;
  const reg::Descriptor done = {0, reg::TxWriteBack::Dd::kMask};
  std::array<reg::Descriptor, kWriteBackBatch> batch;
  while (!ring.finished.empty()) {
    const uint32_t position = ring.finished.pop();
    uint32_t count = 0;
    batch[count++] = done;
    while (count < kWriteBackBatch && !ring.finished.empty() &&
           ring.finished.front() == position + count) {
      ring.finished.pop();
      batch[count++] = done;
    }
    ++ring.writes;
    dma_.Write(DmaKind::kTxWriteBack, queue, ring.base + uint64_t{position} * reg::kDescriptorBytes,
               batch.data(), count * reg::kDescriptorBytes);
  }
  interrupts_.TxCause(queue);
}

void TxEngine::FlushExpired() {
  flush_timer_ = false;
  FlushAll();
}

void TxEngine::FlushAll() {
  while (!waiting_.empty()) Flush(waiting_.next(0));
}

void TxEngine::WriteBackDone(uint32_t queue) {
  Queue& ring = queues_[queue];
  --ring.writes;
  if (!ring.head_owed) return;
  ring.head_owed = false;
  if (ring.shows_enabled()) WriteHead(queue);
}

// ---- The MAC ----

void TxEngine::PumpMac() {
  if (!link_.up()) return;
  const Time now = world_.Now();
  if (now < paused_until_) {
    if (mac_.empty() || mac_timer_) return;
    mac_timer_ = true;
    world_.SetTimer(kTimerTxMac, paused_until_);
    return;
  }
  while (!mac_.empty() && mac_next_ <= now + kCommitAhead) Send(mac_.pop());
  if (mac_.empty() || mac_timer_) return;
  mac_timer_ = true;
  world_.SetTimer(kTimerTxMac, std::max(now, mac_next_ - kWakeAhead));
}

void TxEngine::Send(FramePointer frame) {
  room_taken_ -= static_cast<uint32_t>(frame->bytes.size());
  if (frame->bytes.size() < kMinFrame &&
      registers_.Field<reg::Hlreg0, reg::Hlreg0::Txpaden>() != 0) {
    frame->bytes.resize(kMinFrame, 0);
  }
  OntoLine(std::move(frame));
}

void TxEngine::OntoLine(FramePointer frame) {
  const uint32_t length = static_cast<uint32_t>(frame->bytes.size());
  statistics_.Transmitted(frame->bytes.data(), length + kCrcBytes);
  const Time start = std::max(mac_next_, world_.Now() + kPreambleBytes * kByte);
  mac_next_ = start + (length + kCrcBytes + kGapBytes + kPreambleBytes) * kByte;
  if (!link_.loopback()) return world_.Transmit(std::move(frame), start);
  const Time arrives = start + (length + kCrcBytes) * kByte;
  if (loop_.empty()) world_.SetTimer(kTimerLoopback, arrives);
  loop_.push({std::move(frame), arrives});
}

FramePointer TxEngine::LoopbackExpired() {
  FramePointer frame;
  if (!loop_.empty() && loop_.front().arrives <= world_.Now()) frame = loop_.pop().frame;
  if (!loop_.empty()) world_.SetTimer(kTimerLoopback, loop_.front().arrives);
  return frame;
}

// Frames that were handed to the line ahead of time still go out.
void TxEngine::Pause(uint32_t quanta) {
  paused_until_ = world_.Now() + quanta * kPauseQuantum;
  if (quanta == 0) Resume();
}

bool TxEngine::SendPause(uint32_t quanta) {
  if (mac_next_ > world_.Now() + kPauseAhead) return false;
  static constexpr uint8_t kHead[6] = {0x01, 0x80, 0xC2, 0x00, 0x00, 0x01};
  const uint64_t source = uint64_t{registers_.Raw<reg::Rah>()} << 32 | registers_.Raw<reg::Ral>();
  FramePointer frame = world_.NewFrame();
  std::vector<uint8_t>& bytes = frame->bytes;
  bytes.assign(kMinFrame, 0);
  std::copy_n(kHead, sizeof(kHead), bytes.begin());
  for (uint32_t i = 0; i < 6; ++i) bytes[6 + i] = static_cast<uint8_t>(source >> (8 * i));
  bytes[12] = 0x88, bytes[13] = 0x08, bytes[15] = 1;
  bytes[16] = static_cast<uint8_t>(quanta >> 8);
  bytes[17] = static_cast<uint8_t>(quanta);
  OntoLine(std::move(frame));
  return true;
}

void TxEngine::MacExpired() {
  mac_timer_ = false;
  Resume();
}

// ---- Queues on and off ----

bool TxEngine::Quiet(const Queue& ring) const {
  return ring.packets == 0 && ring.fetching == 0 && ring.writes == 0 && ring.finished.empty();
}

void TxEngine::StopQueue(uint32_t queue) {
  Queue& ring = queues_[queue];
  ring.Stop();
  runnable_.erase(queue);
  fetching_.erase(queue);
  if (ring.open == kNoSlot) return;
  packets_[ring.open].dead = true;
  Close(queue);
}

// A packet of the queue that waits to be segmented goes nowhere any more.
void TxEngine::DropSegments(uint32_t queue) {
  if (order_.empty()) return;
  Packet& oldest = packets_[order_.front()];
  if (oldest.queue != queue || !oldest.request.segment || oldest.reads != 0) return;
  oldest.dead = true;
  Drain();
}

void TxEngine::QueueExpired(uint32_t queue) {
  Queue& ring = queues_[queue];
  if (ring.state == QueueState::kDisabling && !link_.up()) DropSegments(queue);
  if (!Quiet(ring)) {
    world_.SetTimer(kTimerTxQueue + queue, world_.Now() + options_.queue_delay);
  } else if (ring.state == QueueState::kEnabling) {
    TryEnable(queue);
  } else if (ring.state == QueueState::kDisabling) {
    ring_registers_.TurnOff(ring, queue);
  }
}

void TxEngine::TryEnable(uint32_t queue) {
  Queue& ring = queues_[queue];
  const RingPlace place = ring_registers_.Place(queue);
  ring.state = QueueState::kOff;
  if (!GoodGeometry(registers_, kRing, place)) return;
  ring.Start(place);
  while (!ring.reports.empty()) ring.reports.pop();
  while (!ring.finished.empty()) ring.finished.pop();
  const uint32_t low = registers_.Raw<reg::Tdwbal>(queue);
  ring.head_writeback = (low & reg::Tdwbal::HeadWbEn::kMask) != 0;
  ring.head_owed = false;
  ring.context_known.fill(false);
  ring.head_address =
      uint64_t{registers_.Raw<reg::Tdwbah>(queue)} << 32 | (low & reg::Tdwbal::HeadwbLow::kMask);
  if (ring.head_writeback && ring.write_threshold != 0) {
    registers_.Report(DriverError::kIllegalOrder, "WTHRESH with head write-back, queue", queue);
  }
  if (ring.head_writeback &&
      registers_.Field<reg::DcaTxctrl, reg::DcaTxctrl::TxDescWbroEn>(queue) != 0) {
    registers_.Report(DriverError::kIllegalOrder,
                      "relaxed write-back order with head write-back:", queue);
  }
  ring.state = QueueState::kOn;
  fetching_.insert(queue);
  Run();
}

uint32_t TxEngine::ReadTxdctl(uint32_t queue) {
  return hw::Value<reg::Txdctl>(registers_.Raw<reg::Txdctl>(queue))
      .With<reg::Txdctl::Enable>(queues_[queue].shows_enabled() ? 1 : 0)
      .raw();
}

void TxEngine::WriteTxdctl(uint32_t queue, uint32_t value) {
  using T = reg::Txdctl;
  Queue& ring = queues_[queue];
  registers_.Set<T>(value & ~T::Swflsh::kMask, queue);
  const hw::Value<T> txdctl(value);
  ring.write_threshold = txdctl.Get<T::Wthresh>();
  if (txdctl.Get<T::Pthresh>() + txdctl.Get<T::Wthresh>() > kMaxThresholds) {
    registers_.Report(DriverError::kBadGeometry, "PTHRESH and WTHRESH above 40:", value);
  }
  const bool wanted = txdctl.Get<T::Enable>() != 0;
  const Time later = world_.Now() + options_.queue_delay;
  if (wanted && ring.state == QueueState::kOff) {
    if (registers_.Field<reg::Dmatxctl, reg::Dmatxctl::Te>() == 0) {
      registers_.Report(DriverError::kIllegalOrder, "queue enabled before DMATXCTL.TE:", queue);
    }
    ring.state = QueueState::kEnabling;
    world_.SetTimer(kTimerTxQueue + queue, later);
  } else if (wanted && ring.state == QueueState::kDisabling) {
    registers_.Report(DriverError::kIllegalOrder, "queue enabled while it stops:", queue);
  } else if (!wanted && ring.state == QueueState::kEnabling) {
    ring.state = QueueState::kOff;
    world_.CancelTimer(kTimerTxQueue + queue);
  } else if (!wanted && ring.state == QueueState::kOn) {
    ring.state = QueueState::kDisabling;
    StopQueue(queue);
    waiting_.insert(queue);
    flush_timer_ = true;
    world_.SetTimer(kTimerTxFlush, world_.Now() + options_.doorbell_delay);
    world_.SetTimer(kTimerTxQueue + queue, later);
  }
}

uint32_t TxEngine::ReadTdh(uint32_t queue) {
  return ring_registers_.ReadHead(queues_[queue], queue);
}

void TxEngine::WriteTdh(uint32_t queue, uint32_t value) {
  ring_registers_.WriteHead(queues_[queue], queue, value);
}

template <typename R>
void TxEngine::WriteGeometry(uint32_t queue, uint32_t value) {
  ring_registers_.WriteGeometry<QueueRegister<R>>(queues_[queue], queue, value);
}

void TxEngine::WriteTdt(uint32_t queue, uint32_t value) {
  if (!ring_registers_.WriteTail(queues_[queue], queue, value)) return;
  if (fetching_.empty()) {
    world_.SetTimer(kTimerTxKick, world_.Now() + options_.doorbell_delay);
  }
  fetching_.insert(queue);
}

void TxEngine::WriteDmatxctl(uint32_t, uint32_t value) {
  registers_.Set<reg::Dmatxctl>(value);
  world_.SetTimer(kTimerTxKick, world_.Now() + options_.doorbell_delay);
}

// One traffic class is modelled; the order of the write is checked all the same.
void TxEngine::WriteMtqc(uint32_t, uint32_t value) {
  if (registers_.Field<reg::Rttdcs, reg::Rttdcs::Arbdis>() == 0) {
    registers_.Report(DriverError::kIllegalOrder, "MTQC written without RTTDCS.ARBDIS:", value);
  }
  registers_.Set<reg::Mtqc>(value);
}

}  // namespace mapwire::sim::nic82599
