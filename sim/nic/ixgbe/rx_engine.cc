// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/rx_engine.h"

#include <algorithm>
#include <cstring>

#include "sim/nic/ixgbe/timers.h"

namespace mapwire::sim::nic82599 {
namespace {

constexpr uint32_t kCrcBytes = 4;
constexpr uint32_t kMinFrame = 60;
constexpr uint32_t kHeaderBytes = 14;
constexpr uint32_t kVlanBytes = 4;
constexpr uint32_t kStandardFrame = 1518;  // with CRC; the limit unless HLREG0.JUMBOEN
constexpr uint32_t kMaxFrame = 15872;      // with CRC: 15.5 KiB, from memory
constexpr uint32_t kMaxBufferKib = 16;
constexpr uint32_t kMacControl = 0x8808;
constexpr uint32_t kPause = 1;
constexpr uint32_t kLinkFlowControl = 1;             // FCCFG.TFCE
constexpr Time kPauseQuantum = 51200 * kPicosecond;  // 512 bits at 10 Gb/s

// The Ethernet CRC, first byte on the wire first.
uint32_t Crc32(const std::vector<uint8_t>& bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

uint32_t Be16(const uint8_t* at) { return uint32_t{at[0]} << 8 | at[1]; }

constexpr RingWords kWords = {.head_while_on = "RDH written while the queue is on:",
                              .moved_while_on = "ring moved while its queue is on, receive queue",
                              .tail_while_off = "RDT written, queue is not enabled:",
                              .tail_beyond = "RDT beyond the ring:",
                              .tail_backwards = "RDT moved backwards to",
                              .queue_told = true};

}  // namespace

RxEngine::RxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma,
                   Interrupts& interrupts, Statistics& statistics, Filters& filters, TxEngine& tx,
                   const Link& link, const IxgbeOptions& options)
    : world_(world),
      registers_(registers),
      dma_(dma),
      interrupts_(interrupts),
      statistics_(statistics),
      filters_(filters),
      tx_(tx),
      link_(link),
      options_(options),
      ring_registers_(registers, kWords),
      queues_(reg::kRxQueues) {
  using E = RxEngine;
  registers_.OnRead<reg::Rxdctl, &E::ReadRxdctl>(this);
  registers_.OnRead<reg::Rxdctl64To127, &E::ReadRxdctl>(this, 64);
  registers_.OnWrite<reg::Rxdctl, &E::WriteRxdctl>(this);
  registers_.OnWrite<reg::Rxdctl64To127, &E::WriteRxdctl>(this, 64);
  registers_.OnWrite<reg::Srrctl, &E::WriteSrrctl>(this);
  registers_.OnWrite<reg::Srrctl64To127, &E::WriteSrrctl>(this, 64);
  registers_.OnRead<reg::Rdh, &E::ReadRdh>(this);
  registers_.OnRead<reg::Rdh64To127, &E::ReadRdh>(this, 64);
  registers_.OnWrite<reg::Rdh, &E::WriteRdh>(this);
  registers_.OnWrite<reg::Rdh64To127, &E::WriteRdh>(this, 64);
  registers_.OnWrite<reg::Rdt, &E::WriteRdt>(this);
  registers_.OnWrite<reg::Rdt64To127, &E::WriteRdt>(this, 64);
  registers_.OnWrite<reg::Rdbal, &E::WriteGeometry<reg::Rdbal, reg::Rdbal64To127>>(this);
  registers_.OnWrite<reg::Rdbal64To127, &E::WriteGeometry<reg::Rdbal, reg::Rdbal64To127>>(this, 64);
  registers_.OnWrite<reg::Rdbah, &E::WriteGeometry<reg::Rdbah, reg::Rdbah64To127>>(this);
  registers_.OnWrite<reg::Rdbah64To127, &E::WriteGeometry<reg::Rdbah, reg::Rdbah64To127>>(this, 64);
  registers_.OnWrite<reg::Rdlen, &E::WriteGeometry<reg::Rdlen, reg::Rdlen64To127>>(this);
  registers_.OnWrite<reg::Rdlen64To127, &E::WriteGeometry<reg::Rdlen, reg::Rdlen64To127>>(this, 64);
  registers_.OnWrite<reg::Rscctl, &E::WriteRscctl>(this);
  registers_.OnWrite<reg::Rscctl64To127, &E::WriteRscctl>(this, 64);
  registers_.OnWrite<reg::Hlreg0, &E::WriteHlreg0>(this);
  registers_.OnWrite<reg::Maxfrs, &E::WriteMaxfrs>(this);
  registers_.OnWrite<reg::Fccfg, &E::WriteFccfg>(this);
  registers_.OnWrite<reg::Mflcn, &E::WriteMflcn>(this);
  registers_.OnWrite<reg::Rxctrl, &E::WriteRxctrl>(this);
  registers_.OnWrite<reg::Rdrxctl, &E::WriteRdrxctl>(this);
  registers_.OnWrite<reg::Secrxctrl, &E::WriteSecrxctrl>(this);
}

void RxEngine::Reset() {
  for (uint32_t q = 0; q < queues_.size(); ++q) {
    Queue& ring = queues_[q];
    if (ring.state == QueueState::kOff) continue;
    world_.CancelTimer(kTimerRxQueue + q);
    ring.Stop();
    ring.pending = 0;
    ring.state = QueueState::kOff;
  }
  while (!buffer_.empty()) buffer_.pop();
  room_taken_ = 0;
  fetching_.clear();
  pending_.clear();
  flush_timer_ = false;
  world_.CancelTimer(kTimerRxKick);
  world_.CancelTimer(kTimerRxFlush);
  world_.CancelTimer(kTimerQuiesce);
  world_.CancelTimer(kTimerXoff);
  xoff_ = false;
}

bool RxEngine::Idle() const {
  for (const Queue& ring : queues_) {
    if (!Quiet(ring)) return false;
  }
  return buffer_.empty() && pending_.empty();
}

// ---- From the line into the packet buffer ----

bool RxEngine::Listening() const {
  return link_.up() && registers_.Field<reg::Rxctrl, reg::Rxctrl::Rxen>() != 0 &&
         registers_.Field<reg::Secrxctrl, reg::Secrxctrl::RxDis>() == 0;
}

void RxEngine::FrameReceived(FramePointer frame) {
  if (!Listening()) return;
  const uint32_t wire_bytes = static_cast<uint32_t>(frame->bytes.size()) + kCrcBytes;
  statistics_.AnyReceived(wire_bytes);
  const bool good = Good(*frame, wire_bytes);
  if (!good && registers_.Field<reg::Fctrl, reg::Fctrl::Sbp>() == 0) return;
  if (good && EndsInMac(frame->bytes)) return;
  if (frame->bytes.size() < kHeaderBytes || !filters_.Accepts(frame->bytes)) return;
  if (good) statistics_.GoodReceived(frame->bytes.data(), wire_bytes);
  Enter(std::move(frame));
  Run();
}

// Counts what is wrong with a frame. A VLAN tag may make it four bytes longer (from memory).
bool RxEngine::Good(const Frame& frame, uint32_t wire_bytes) {
  const bool jumbo = registers_.Field<reg::Hlreg0, reg::Hlreg0::Jumboen>() != 0;
  const bool tagged = frame.bytes.size() >= kHeaderBytes + kVlanBytes &&
                      Be16(&frame.bytes[12]) == registers_.Field<reg::Vlnctrl, reg::Vlnctrl::Vet>();
  const uint32_t limit =
      (jumbo ? registers_.Field<reg::Maxfrs, reg::Maxfrs::Mfs>() : kStandardFrame) +
      (tagged ? kVlanBytes : 0);
  if (frame.bytes.size() < kMinFrame) {
    if (frame.crc_ok) {
      registers_.Count<reg::Ruc>();
    } else {
      registers_.Count<reg::Rfc>();
    }
    return false;
  }
  if (wire_bytes > limit) {
    if (frame.crc_ok) {
      registers_.Count<reg::Roc>();
    } else {
      registers_.Count<reg::Rjc>();
    }
    return false;
  }
  if (frame.crc_ok) return true;
  registers_.Count<reg::Crcerrs>();
  return false;
}

// True if a MAC control frame goes no further. That pause frames are counted with flow control off
// too is from memory, and so is what PMCF means.
bool RxEngine::EndsInMac(const std::vector<uint8_t>& frame) {
  static constexpr uint8_t kPauseAddress[6] = {0x01, 0x80, 0xC2, 0x00, 0x00, 0x01};
  if (Be16(&frame[12]) != kMacControl) return false;
  const hw::Value<reg::Mflcn> mflcn(registers_.Raw<reg::Mflcn>());
  if (Be16(&frame[14]) != kPause || std::memcmp(frame.data(), kPauseAddress, 6) != 0) {
    return mflcn.Get<reg::Mflcn::Pmcf>() == 0;
  }
  const uint32_t quanta = Be16(&frame[16]);
  if (quanta != 0) {
    registers_.Count<reg::Lxoffrxcnt>();
  } else {
    registers_.Count<reg::Lxonrxcnt>();
  }
  if (mflcn.Get<reg::Mflcn::Rfce>() != 0) tx_.Pause(quanta);
  return mflcn.Get<reg::Mflcn::Dpf>() != 0;
}

void RxEngine::Enter(FramePointer frame) {
  const uint32_t room = static_cast<uint32_t>(frame->bytes.size());
  const uint32_t limit = registers_.Raw<reg::Rxpbsize>() & reg::Rxpbsize::Size::kMask;
  if (room_taken_ + room > limit || buffer_.full()) {
    registers_.Count<reg::Rxmpc>();
    interrupts_.OtherCause(reg::Eicr::RxMiss::kMask);
    return;
  }
  Held held;
  held.classification = filters_.Classify(frame->bytes);
  held.checksums = CheckReceived(frame->bytes, registers_.Field<reg::Vlnctrl, reg::Vlnctrl::Vet>());
  held.inexact = (frame->bytes[0] & 1) != 0;
  held.room = room;
  held.frame = std::move(frame);
  if (!queues_[held.classification.queue].on()) return;  // nobody to give it to
  StripVlan(held);
  if (registers_.Field<reg::Hlreg0, reg::Hlreg0::Rxcrcstrp>() == 0) KeepCrc(*held.frame);
  room_taken_ += room;
  buffer_.push(std::move(held));
  WatchLevel();
}

// Thresholds are those of packet buffer 0. What the part does with XONE clear is from memory: the
// partner's pause runs out by itself.
void RxEngine::WatchLevel() {
  using High = reg::Fcrth;
  using Low = reg::Fcrtl;
  if (!xoff_) {
    const uint32_t high = registers_.Raw<High>();
    if (registers_.Field<reg::Fccfg, reg::Fccfg::Tfce>() == kLinkFlowControl &&
        (high & High::Fcen::kMask) != 0 && room_taken_ >= (high & High::Rth::kMask) && link_.up()) {
      SendXoff();
    }
    return;
  }
  const uint32_t low = registers_.Raw<Low>();
  if (room_taken_ > (low & Low::Rtl::kMask)) return;
  xoff_ = false;
  world_.CancelTimer(kTimerXoff);
  if ((low & Low::Xone::kMask) == 0 || !link_.up()) return;
  if (tx_.SendPause(0)) registers_.Count<reg::Lxontxc>();
}

void RxEngine::SendXoff() {
  xoff_ = true;
  if (tx_.SendPause(registers_.Field<reg::Fcttv, reg::Fcttv::Ttv0>())) {
    registers_.Count<reg::Lxofftxc>();
  }
  const uint32_t refresh = registers_.Field<reg::Fcrtv, reg::Fcrtv::FcRefreshTh>();
  if (refresh != 0) world_.SetTimer(kTimerXoff, world_.Now() + refresh * kPauseQuantum);
}

void RxEngine::XoffExpired() {
  if (!xoff_) return;
  if (link_.up()) return SendXoff();
  xoff_ = false;
}

void RxEngine::StripVlan(Held& held) {
  std::vector<uint8_t>& bytes = held.frame->bytes;
  if (!queues_[held.classification.queue].strip_vlan || bytes.size() < kHeaderBytes + kVlanBytes) {
    return;
  }
  if (Be16(&bytes[12]) != registers_.Field<reg::Vlnctrl, reg::Vlnctrl::Vet>()) return;
  held.vlan = static_cast<uint16_t>(Be16(&bytes[14]));
  held.vlan_stripped = true;
  bytes.erase(bytes.begin() + 12, bytes.begin() + 12 + kVlanBytes);
}

void RxEngine::KeepCrc(Frame& frame) {
  const uint32_t crc = Crc32(frame.bytes) ^ (frame.crc_ok ? 0 : ~0u);
  for (int i = 0; i < 4; ++i) frame.bytes.push_back(static_cast<uint8_t>(crc >> (8 * i)));
}

// ---- From the packet buffer into memory ----

void RxEngine::Run() {
  if (!dma_.enabled()) return;
  while (!fetching_.empty()) {
    const uint32_t queue = fetching_.next(0);
    fetching_.erase(queue);
    queues_[queue].Prefetch(dma_, DmaKind::kRxDescriptors, queue, options_.rx_prefetch);
  }
  while (!buffer_.empty()) {
    Held& held = buffer_.front();
    if (Deliver(held) == Verdict::kWait) return;
    room_taken_ -= held.room;
    buffer_.pop();
    WatchLevel();
  }
}

RxEngine::Verdict RxEngine::Deliver(Held& held) {
  const uint32_t queue = held.classification.queue;
  Queue& ring = queues_[queue];
  if (!ring.on() || ring.broken) return Verdict::kDone;
  if (!held.started && ring.drop && !HasRoom(ring, held)) {
    statistics_.QueueDropped(queue);
    return Verdict::kDone;
  }
  held.started = true;
  while (ring.cached != 0) {
    WriteFragment(queue, held);
    if (held.done == held.frame->bytes.size()) {
      // The CRC counts if memory gets it: DPDK takes it off only then.
      const bool stripped = registers_.Field<reg::Hlreg0, reg::Hlreg0::Rxcrcstrp>() != 0;
      statistics_.QueueReceived(queue, held.room + (stripped ? 0 : kCrcBytes));
      ring.Prefetch(dma_, DmaKind::kRxDescriptors, queue, options_.rx_prefetch);
      return Verdict::kDone;
    }
  }
  ring.Prefetch(dma_, DmaKind::kRxDescriptors, queue, options_.rx_prefetch);
  return Verdict::kWait;
}

bool RxEngine::HasRoom(const Queue& ring, const Held& held) const {
  const uint32_t bytes = static_cast<uint32_t>(held.frame->bytes.size());
  return ring.owned() >= (bytes + ring.buffer_bytes - 1) / ring.buffer_bytes;
}

void RxEngine::WriteFragment(uint32_t queue, Held& held) {
  Queue& ring = queues_[queue];
  const uint32_t position = ring.next();
  const reg::Descriptor descriptor = ring.Take();
  const uint32_t left = static_cast<uint32_t>(held.frame->bytes.size()) - held.done;
  const uint32_t bytes = std::min(left, ring.buffer_bytes);
  dma_.Post(descriptor.q0, held.frame->bytes.data() + held.done, bytes);
  held.done += bytes;
  Collect(queue, position, WriteBack(held, bytes, bytes == left));
}

// Only the last descriptor of a frame says what the frame is.
reg::Descriptor RxEngine::WriteBack(const Held& held, uint32_t bytes, bool last) const {
  using Wb = reg::RxWriteBack;
  reg::Descriptor done = {0, Wb::Dd::kMask | Wb::PktLen::Make(bytes)};
  if (!last) return done;
  const Classification& c = held.classification;
  done.q0 = c.packet_type | Wb::RssType::Make(c.rss_type);
  if (registers_.Field<reg::Rxcsum, reg::Rxcsum::Pcsd>() != 0) {
    done.q0 |= Wb::RssHash::Make(c.rss_hash);
  }
  done.q1 |= Wb::Eop::kMask;
  if (held.vlan_stripped) done.q1 |= Wb::Vp::kMask | Wb::Vlan::Make(held.vlan);
  const RxChecksums& sums = held.checksums;
  if (sums.ip_checked) done.q1 |= Wb::Ipcs::kMask | Wb::Ipe::Make(sums.ip_bad);
  if (sums.l4_checked) done.q1 |= Wb::L4i::kMask | Wb::L4e::Make(sums.l4_bad);
  if (held.inexact) done.q1 |= Wb::Pif::kMask;
  if (!held.frame->crc_ok) done.q1 |= Wb::Rxe::kMask;
  return done;
}

void RxEngine::Collect(uint32_t queue, uint32_t position, const reg::Descriptor& done) {
  Queue& ring = queues_[queue];
  if (ring.pending == 0) {
    ring.pending_first = position;
    ring.pending_since = world_.Now();
    pending_.insert(queue);
    ArmFlush(ring.pending_since + options_.rx_writeback_delay);
  }
  ring.batch[ring.pending++] = done;
  if (ring.pending >= options_.rx_writeback_batch || position + 1 == ring.size) {
    Flush(queue);
  }
}

void RxEngine::Flush(uint32_t queue) {
  Queue& ring = queues_[queue];
  pending_.erase(queue);
  if (ring.pending == 0) return;
  ++ring.writes;
  dma_.Write(DmaKind::kRxWriteBack, queue,
             ring.base + uint64_t{ring.pending_first} * reg::kDescriptorBytes, ring.batch.data(),
             ring.pending * reg::kDescriptorBytes);
  ring.head = ring.Advance(ring.pending_first, ring.pending);
  ring.pending = 0;
  interrupts_.RxCause(queue);
}

// One timer for all queues: it looks who waited long enough and when to look again.
void RxEngine::ArmFlush(Time at) {
  if (flush_timer_) return;
  flush_timer_ = true;
  world_.SetTimer(kTimerRxFlush, at);
}

void RxEngine::FlushExpired() {
  flush_timer_ = false;
  const Time now = world_.Now();
  QueueSet todo = pending_;
  Time next = 0;
  while (!todo.empty()) {
    const uint32_t queue = todo.next(0);
    todo.erase(queue);
    const Time due = queues_[queue].pending_since + options_.rx_writeback_delay;
    if (due <= now || !queues_[queue].on()) {
      Flush(queue);
    } else if (next == 0 || due < next) {
      next = due;
    }
  }
  if (next != 0) ArmFlush(next);
}

void RxEngine::FlushAll() {
  while (!pending_.empty()) Flush(pending_.next(0));
}

void RxEngine::DescriptorsDone(uint32_t queue, bool ok) {
  Queue& ring = queues_[queue];
  const uint32_t count = ring.fetching;
  if (ring.Fetched(ok)) CheckDescriptors(queue, count);
  fetching_.insert(queue);
  Run();
}

// A descriptor that comes back as it was written is a mistake. One whose length was cleared and
// whose DD was not is of a driver that looks at lengths: the part has no use for the second word of
// a one-buffer descriptor.
void RxEngine::CheckDescriptors(uint32_t queue, uint32_t count) {
  const Queue& ring = queues_[queue];
  for (uint32_t i = ring.cached - count; i < ring.cached; ++i) {
    const reg::Descriptor& d = ring.space[(ring.first + i) % Queue::kSpace];
    if ((d.q1 & 1) == 0 || reg::RxWriteBack::PktLen::Get(d.q1) == 0) continue;
    registers_.Report(DriverError::kBadDescriptor, "DD set in a receive descriptor, queue", queue);
    return;
  }
}

void RxEngine::WriteBackDone(uint32_t queue) { --queues_[queue].writes; }

// ---- Queues on and off ----

void RxEngine::QueueExpired(uint32_t queue) {
  Queue& ring = queues_[queue];
  if (!Quiet(ring)) {
    world_.SetTimer(kTimerRxQueue + queue, world_.Now() + options_.queue_delay);
  } else if (ring.state == QueueState::kEnabling) {
    TryEnable(queue);
  } else if (ring.state == QueueState::kDisabling) {
    ring_registers_.TurnOff(ring, queue);
  }
}

void RxEngine::TryEnable(uint32_t queue) {
  Queue& ring = queues_[queue];
  const RingPlace place = ring_registers_.Place(queue);
  ring.state = QueueState::kOff;
  if (place.bytes == 0 && registers_.Field<reg::Rxctrl, reg::Rxctrl::Rxen>() == 0) {
    // Self-tests do so to look at the tail register. No frame must come.
    ring.Start({.base = place.base});
    ring.broken = true;
    ring.state = QueueState::kOn;
    return;
  }
  if (!GoodGeometry(registers_, kRing, place)) return;
  const hw::Value<reg::Srrctl> srrctl(Raw<reg::Srrctl, reg::Srrctl64To127>(queue));
  if (srrctl.Get<reg::Srrctl::Desctype>() != reg::kDescTypeAdvancedOneBuffer) {
    registers_.Report(DriverError::kBadGeometry, "SRRCTL.DESCTYPE is not modelled, queue", queue);
    return;
  }
  if (!GoodBuffer(srrctl)) {
    registers_.Report(DriverError::kBadGeometry, "SRRCTL.BSIZEPACKET is not 1 to 16:", queue);
    return;
  }
  ring.Start(place);
  ring.pending = 0;
  LoadSrrctl(queue);
  ring.state = QueueState::kOn;
  CheckReceiving();
  fetching_.insert(queue);
  Run();
}

bool RxEngine::GoodBuffer(hw::Value<reg::Srrctl> srrctl) const {
  const uint32_t kib = srrctl.Get<reg::Srrctl::Bsizepacket>();
  return kib >= 1 && kib <= kMaxBufferKib;
}

void RxEngine::LoadSrrctl(uint32_t queue) {
  const hw::Value<reg::Srrctl> srrctl(Raw<reg::Srrctl, reg::Srrctl64To127>(queue));
  queues_[queue].buffer_bytes = srrctl.Get<reg::Srrctl::Bsizepacket>() * 1024;
  queues_[queue].drop = srrctl.Get<reg::Srrctl::DropEn>() != 0;
}

uint32_t RxEngine::ReadRxdctl(uint32_t queue) {
  return hw::Value<reg::Rxdctl>(Raw<reg::Rxdctl, reg::Rxdctl64To127>(queue))
      .With<reg::Rxdctl::Enable>(queues_[queue].shows_enabled() ? 1 : 0)
      .raw();
}

// A queue that stops writes back what it has, and waits for that to arrive.
void RxEngine::WriteRxdctl(uint32_t queue, uint32_t value) {
  Queue& ring = queues_[queue];
  Set<reg::Rxdctl, reg::Rxdctl64To127>(queue, value);
  ring.strip_vlan = (value & reg::Rxdctl::Vme::kMask) != 0;
  const bool wanted = (value & reg::Rxdctl::Enable::kMask) != 0;
  const Time later = world_.Now() + options_.queue_delay;
  if (wanted && ring.state == QueueState::kOff) {
    ring.state = QueueState::kEnabling;
    world_.SetTimer(kTimerRxQueue + queue, later);
  } else if (wanted && ring.state == QueueState::kDisabling) {
    registers_.Report(DriverError::kIllegalOrder, "queue enabled while it stops:", queue);
  } else if (!wanted && ring.state == QueueState::kEnabling) {
    ring.state = QueueState::kOff;
    world_.CancelTimer(kTimerRxQueue + queue);
  } else if (!wanted && ring.state == QueueState::kOn) {
    ring.state = QueueState::kDisabling;
    ring.Stop();
    fetching_.erase(queue);
    world_.SetTimer(kTimerRxQueue + queue, later);
    flush_timer_ = true;
    world_.SetTimer(kTimerRxFlush, world_.Now() + options_.doorbell_delay);
    world_.SetTimer(kTimerRxKick, world_.Now() + options_.doorbell_delay);
  }
}

void RxEngine::WriteSrrctl(uint32_t queue, uint32_t value) {
  if (queues_[queue].shows_enabled()) {
    const hw::Value<reg::Srrctl> srrctl(value);
    if (!GoodBuffer(srrctl) ||
        srrctl.Get<reg::Srrctl::Desctype>() != reg::kDescTypeAdvancedOneBuffer) {
      registers_.Report(DriverError::kIllegalOrder, "SRRCTL changed while the queue is on:", queue);
      return;
    }
  }
  Set<reg::Srrctl, reg::Srrctl64To127>(queue, value);
  LoadSrrctl(queue);
}

uint32_t RxEngine::ReadRdh(uint32_t queue) {
  return ring_registers_.ReadHead(queues_[queue], queue);
}

// A write that moves nothing is none: DPDK clears the head of a queue it has just switched on.
void RxEngine::WriteRdh(uint32_t queue, uint32_t value) {
  const Queue& ring = queues_[queue];
  if (ring.shows_enabled() && value == ring.head) return;
  ring_registers_.WriteHead(ring, queue, value);
}

template <typename Low, typename High>
void RxEngine::WriteGeometry(uint32_t queue, uint32_t value) {
  ring_registers_.WriteGeometry<SplitQueueRegister<Low, High>>(queues_[queue], queue, value);
}

void RxEngine::WriteRscctl(uint32_t queue, uint32_t value) {
  Set<reg::Rscctl, reg::Rscctl64To127>(queue, value);
  if ((value & reg::Rscctl::Rscen::kMask) != 0) {
    registers_.Report(DriverError::kReservedBits, "RSCCTL.RSCEN is not modelled, queue", queue);
  }
}

void RxEngine::WriteRdt(uint32_t queue, uint32_t value) {
  Queue& ring = queues_[queue];
  // A ring of length zero: see TryEnable.
  if (ring.state != QueueState::kOff && Raw<reg::Rdlen, reg::Rdlen64To127>(queue) == 0) {
    return Set<reg::Rdt, reg::Rdt64To127>(queue, value);
  }
  if (!ring_registers_.WriteTail(ring, queue, value)) return;
  if (fetching_.empty()) {
    world_.SetTimer(kTimerRxKick, world_.Now() + options_.doorbell_delay);
  }
  fetching_.insert(queue);
}

void RxEngine::WriteRxctrl(uint32_t, uint32_t value) {
  registers_.Set<reg::Rxctrl>(value);
  CheckReceiving();
}

// Receive on and a queue on: frames reach memory from here on. DMBYPS is a mode for self-tests.
void RxEngine::CheckReceiving() {
  const hw::Value<reg::Rxctrl> rxctrl(registers_.Raw<reg::Rxctrl>());
  if (rxctrl.Get<reg::Rxctrl::Rxen>() == 0 || rxctrl.Get<reg::Rxctrl::Dmbyps>() != 0) return;
  bool any = false;
  for (uint32_t q = 0; q < queues_.size(); ++q) {
    if (!queues_[q].on()) continue;
    any = true;
    if (queues_[q].size == 0) {
      registers_.Report(DriverError::kBadGeometry, "ring of length zero, receive queue", q);
    }
  }
  if (any && registers_.Field<reg::Hlreg0, reg::Hlreg0::Rxcrcstrp>() !=
                 registers_.Field<reg::Rdrxctl, reg::Rdrxctl::Crcstrip>()) {
    registers_.Report(DriverError::kIllegalOrder,
                      "HLREG0.RXCRCSTRP and RDRXCTL.CRCSTRIP disagree, RXCTRL", rxctrl.raw());
  }
}

void RxEngine::WriteRdrxctl(uint32_t, uint32_t value) {
  constexpr uint32_t kDone = reg::Rdrxctl::Dmaidone::kMask;  // software cannot change it
  const uint32_t before = registers_.Raw<reg::Rdrxctl>();
  if (((value ^ before) & reg::Rdrxctl::Crcstrip::kMask) != 0 &&
      registers_.Field<reg::Rxctrl, reg::Rxctrl::Rxen>() != 0) {
    registers_.Report(DriverError::kIllegalOrder, "CRCSTRIP changed while receive is on:", value);
  }
  registers_.Set<reg::Rdrxctl>((value & ~kDone) | (before & kDone));
}

void RxEngine::WriteHlreg0(uint32_t, uint32_t value) {
  const uint32_t before = registers_.Raw<reg::Hlreg0>();
  if (((value ^ before) & reg::Hlreg0::Rxcrcstrp::kMask) != 0 &&
      registers_.Field<reg::Rxctrl, reg::Rxctrl::Rxen>() != 0) {
    registers_.Report(DriverError::kIllegalOrder, "RXCRCSTRP changed while receive is on:", value);
  }
  registers_.Set<reg::Hlreg0>(value);
}

void RxEngine::WriteMaxfrs(uint32_t, uint32_t value) {
  registers_.Set<reg::Maxfrs>(value);
  if (registers_.Field<reg::Maxfrs, reg::Maxfrs::Mfs>() > kMaxFrame) {
    registers_.Report(DriverError::kBadGeometry, "MAXFRS above the largest packet:", value);
  }
}

void RxEngine::WriteFccfg(uint32_t, uint32_t value) {
  registers_.Set<reg::Fccfg>(value);
  if (registers_.Field<reg::Fccfg, reg::Fccfg::Tfce>() > 1) {
    registers_.Report(DriverError::kReservedBits, "priority flow control is not modelled:", value);
  }
}

void RxEngine::WriteMflcn(uint32_t, uint32_t value) {
  registers_.Set<reg::Mflcn>(value);
  if (registers_.Field<reg::Mflcn, reg::Mflcn::Rpfce>() != 0) {
    registers_.Report(DriverError::kReservedBits, "MFLCN.RPFCE is not modelled:", value);
  }
}

void RxEngine::WriteSecrxctrl(uint32_t, uint32_t value) {
  registers_.Set<reg::Secrxctrl>(value);
  registers_.SetField<reg::Secrxstat, reg::Secrxstat::SecrxRdy>(0);
  world_.CancelTimer(kTimerQuiesce);
  if ((value & reg::Secrxctrl::RxDis::kMask) == 0) return;
  world_.SetTimer(kTimerQuiesce, world_.Now() + options_.quiesce_delay);
}

void RxEngine::QuiesceExpired() {
  registers_.SetField<reg::Secrxstat, reg::Secrxstat::SecrxRdy>(1);
}

}  // namespace mapwire::sim::nic82599
