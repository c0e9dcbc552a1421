// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/tx_engine.h"

#include <algorithm>

#include "sim/nic/e1000/timers.h"

namespace mapwire::sim::nic82540 {
namespace {

constexpr uint32_t kPreambleBytes = 8;
constexpr uint32_t kGapBytes = 12;
constexpr uint32_t kMinFrame = 60;
constexpr uint32_t kMaxFrame = reg::kLargestFrameBytes - reg::kCrcBytes;
constexpr uint32_t kMaxPackets = 64;
// The MAC hands frames to the line a little ahead of time.
constexpr Time kCommitAhead = 1200 * kNanosecond;
constexpr Time kWakeAhead = 200 * kNanosecond;

constexpr RingWords kWords = {.head_while_on = "TDH written while transmit is on:",
                              .moved_while_on = "transmit ring moved while it is on:",
                              .tail_while_off = "TDT written, transmit is off:",
                              .tail_beyond = "TDT beyond the ring:",
                              .tail_backwards = "TDT moved backwards to"};

Time Delay(uint32_t steps) { return Time{steps} * reg::kDelayStepNs * kNanosecond; }

}  // namespace

TxEngine::TxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma,
                   Interrupts& interrupts, Statistics& statistics, const Link& link,
                   const E1000Options& options)
    : world_(world),
      registers_(registers),
      dma_(dma),
      interrupts_(interrupts),
      statistics_(statistics),
      link_(link),
      options_(options),
      ring_registers_(registers, kWords) {
  using T = TxEngine;
  registers_.OnWrite<reg::Tctl, &T::WriteTctl>(this);
  registers_.OnRead<reg::Tdh, &T::ReadTdh>(this);
  registers_.OnWrite<reg::Tdh, &T::WriteTdh>(this);
  registers_.OnWrite<reg::Tdt, &T::WriteTdt>(this);
  registers_.OnWrite<reg::Tdbal, &T::WriteGeometry<reg::Tdbal>>(this);
  registers_.OnWrite<reg::Tdbah, &T::WriteGeometry<reg::Tdbah>>(this);
  registers_.OnWrite<reg::Tdlen, &T::WriteGeometry<reg::Tdlen>>(this);
}

// Reads under way cannot be recalled: their packets stay in order, dead, until they end.
void TxEngine::Reset() {
  ring_.Stop();
  ring_.state = QueueState::kOff;
  for (Packet& packet : packets_) packet.dead = packet.closed = true;
  for (const FramePointer& frame : mac_) room_taken_ -= static_cast<uint32_t>(frame->bytes.size());
  mac_.clear();
  pending_.clear();
  for (const TimerTag tag :
       {kTimerTxKick, kTimerTxMac, kTimerTxFlush, kTimerTxDelay, kTimerTxAbsolute, kTimerTxStop}) {
    world_.CancelTimer(tag);
  }
  mac_timer_ = absolute_runs_ = false;
  paused_until_ = 0;
  Drain();
}

bool TxEngine::Idle() const {
  return packets_.empty() && mac_.empty() && pending_.empty() && ring_.fetching == 0 &&
         writes_ == 0;
}

bool TxEngine::Running() const { return ring_.on() && !ring_.broken && link_.up(); }

uint32_t TxEngine::BufferBytes() const {
  const uint32_t rx = registers_.Field<reg::Pba, reg::Pba::Rxa>();
  return rx < reg::kPacketBufferKib ? (reg::kPacketBufferKib - rx) * 1024 : 0;
}

void TxEngine::Resume() {
  PumpMac();
  Run();
}

// ---- Fetching: descriptors, then frame data ----

void TxEngine::Run() {
  if (!Running()) return;
  ring_.Prefetch(dma_, DmaKind::kTxDescriptors, 0, options_.tx_prefetch);
  while (TakeDescriptor()) {
  }
  ring_.Prefetch(dma_, DmaKind::kTxDescriptors, 0, options_.tx_prefetch);
}

// What is wrong with a descriptor, or null.
const char* TxEngine::Fault(const reg::Descriptor& descriptor) const {
  using D = reg::TxLegacy;
  constexpr uint64_t kOffloads = D::Ic::kMask | D::Vle::kMask | D::Rps::kMask;
  if (D::Dext::Get(descriptor.q1) != 0) return "descriptor is not legacy, not modelled:";
  if ((descriptor.q1 & kOffloads) != 0) return "offload requested, not modelled:";
  if (D::Dd::Get(descriptor.q1) != 0) return "DD set in a descriptor to read:";
  if (D::Length::Get(descriptor.q1) == 0) return "descriptor without bytes:";
  return nullptr;
}

// False if there is none, or no room for it.
bool TxEngine::TakeDescriptor() {
  using D = reg::TxLegacy;
  if (!Running() || ring_.cached == 0 || reads_ >= options_.tx_data_reads) return false;
  const reg::Descriptor descriptor = ring_.space[ring_.first];
  if (const char* why = Fault(descriptor)) {
    Break(why);
    return false;
  }
  const uint32_t length = static_cast<uint32_t>(D::Length::Get(descriptor.q1));
  const bool opens = packets_.empty() || packets_.back().closed;
  const uint32_t before = opens ? 0 : static_cast<uint32_t>(packets_.back().frame->bytes.size());
  if (before + length > std::min(kMaxFrame, BufferBytes())) {
    Break("frame longer than the part can hold:");
    return false;
  }
  if (opens && packets_.size() >= kMaxPackets) return false;
  if (room_taken_ + length > BufferBytes()) return false;
  if (opens) {
    packets_.emplace_back();
    packets_.back().frame = world_.NewFrame();
    // Reads under way point into it.
    packets_.back().frame->bytes.reserve(kMaxFrame);
  }
  Packet& packet = packets_.back();
  packet.frame->bytes.resize(before + length);
  room_taken_ += length;
  const uint32_t position = ring_.next();
  ring_.Take();
  packet.end = ring_.Advance(position, 1);
  if (D::Rs::Get(descriptor.q1) != 0) {
    packet.reports.emplace_back(position, descriptor.q1);
    packet.delayed = packet.delayed && D::Ide::Get(descriptor.q1) != 0;
  }
  const uint32_t number = first_number_ + static_cast<uint32_t>(packets_.size()) - 1;
  ++reads_;
  ++packet.reads;
  dma_.Read(DmaKind::kTxData, number, descriptor.q0, packet.frame->bytes.data() + before, length);
  if (D::Eop::Get(descriptor.q1) == 0) return true;
  packet.closed = true;
  if (D::Ifcs::Get(descriptor.q1) == 0) {
    packet.frame->crc_ok = false;
    registers_.Report(DriverError::kBadDescriptor, "frame without IFCS, descriptor", position);
  }
  return true;
}

// Transmit hangs at this descriptor, as hardware would; what came before it completes.
void TxEngine::Break(const char* why) {
  registers_.Report(DriverError::kBadDescriptor, why, ring_.next());
  ring_.broken = true;
  Abandon();
}

// The frame that has begun comes to nothing.
void TxEngine::Abandon() {
  if (packets_.empty() || packets_.back().closed) return;
  packets_.back().dead = packets_.back().closed = true;
  Drain();
}

void TxEngine::DescriptorsDone(bool ok) {
  ring_.Fetched(ok);
  Run();
}

void TxEngine::DataDone(uint32_t number, bool ok) {
  Packet& packet = packets_[number - first_number_];
  --reads_;
  --packet.reads;
  packet.failed = packet.failed || !ok;
  Drain();
  Resume();
}

// ---- Completion, in order ----

void TxEngine::Drain() {
  while (!packets_.empty() && packets_.front().closed && packets_.front().reads == 0) {
    Packet& packet = packets_.front();
    if (packet.dead || packet.failed) {
      room_taken_ -= static_cast<uint32_t>(packet.frame->bytes.size());
      // Refused data hangs the engine.
      if (packet.failed && !packet.dead) ring_.broken = true;
    } else {
      Complete(packet);
    }
    packets_.pop_front();
    ++first_number_;
  }
}

void TxEngine::Complete(Packet& packet) {
  ring_.head = packet.end;
  if (!packet.reports.empty()) {
    pending_delayed_ = pending_delayed_ && packet.delayed;
    pending_.insert(pending_.end(), packet.reports.begin(), packet.reports.end());
    const uint32_t threshold =
        std::max<uint32_t>(registers_.Field<reg::Txdctl, reg::Txdctl::Wthresh>(), 1);
    if (pending_.size() >= threshold) {
      Flush();
    } else {
      world_.SetTimer(kTimerTxFlush, world_.Now() + options_.tx_writeback_delay);
    }
  }
  if (ring_.head == ring_.tail) interrupts_.Cause(reg::Icr::Txqe::kMask);
  mac_.push_back(std::move(packet.frame));
}

// Sets DD; the rest of the second word stays as it was.
void TxEngine::Flush() {
  if (pending_.empty()) return;
  for (const auto& [position, word] : pending_) {
    const uint64_t done = word | reg::TxLegacy::Dd::kMask;
    ++writes_;
    dma_.Write(DmaKind::kTxWriteBack, 0,
               ring_.base + uint64_t{position} * reg::kDescriptorBytes + sizeof(done), &done,
               sizeof(done));
  }
  pending_.clear();
  const uint32_t delay = registers_.Field<reg::Tidv, reg::Tidv::Idv>();
  const uint32_t absolute = registers_.Field<reg::Tadv, reg::Tadv::Idv>();
  if (!pending_delayed_ || delay == 0) {
    interrupts_.Cause(reg::Icr::Txdw::kMask);
  } else {
    world_.SetTimer(kTimerTxDelay, world_.Now() + Delay(delay));
    if (absolute != 0 && !absolute_runs_) {
      absolute_runs_ = true;
      world_.SetTimer(kTimerTxAbsolute, world_.Now() + Delay(absolute));
    }
  }
  pending_delayed_ = true;
}

void TxEngine::AbsoluteExpired() {
  absolute_runs_ = false;
  world_.CancelTimer(kTimerTxDelay);
  DelayExpired();
}

// ---- The MAC ----

void TxEngine::PumpMac() {
  if (!link_.up() || mac_.empty()) return;
  const Time now = world_.Now();
  if (now >= paused_until_) {
    while (!mac_.empty() && mac_next_ <= now + kCommitAhead) {
      FramePointer frame = std::move(mac_.front());
      mac_.pop_front();
      Send(std::move(frame));
    }
  }
  if (mac_.empty() || mac_timer_) return;
  mac_timer_ = true;
  world_.SetTimer(kTimerTxMac, std::max({now, mac_next_ - kWakeAhead, paused_until_}));
}

void TxEngine::Send(FramePointer frame) {
  room_taken_ -= static_cast<uint32_t>(frame->bytes.size());
  if (frame->bytes.size() < kMinFrame && registers_.Field<reg::Tctl, reg::Tctl::Psp>() != 0) {
    frame->bytes.resize(kMinFrame, 0);
  }
  const uint32_t length = static_cast<uint32_t>(frame->bytes.size());
  const Time byte = link_.byte_time();
  statistics_.Transmitted(frame->bytes.data(), length + reg::kCrcBytes);
  const Time start = std::max(mac_next_, world_.Now() + kPreambleBytes * byte);
  mac_next_ = start + (length + reg::kCrcBytes + kGapBytes + kPreambleBytes) * byte;
  world_.Transmit(std::move(frame), start);
}

// Frames that were handed to the line ahead of time still go out.
void TxEngine::Pause(uint32_t quanta) {
  paused_until_ = world_.Now() + quanta * 64 * link_.byte_time();
  if (quanta == 0) Resume();
}

void TxEngine::MacExpired() {
  mac_timer_ = false;
  Resume();
}

// ---- On and off ----

void TxEngine::WriteTctl(uint32_t, uint32_t value) {
  registers_.Set<reg::Tctl>(value);
  const bool wanted = hw::Value<reg::Tctl>(value).Get<reg::Tctl::En>() != 0;
  if (wanted && ring_.state == QueueState::kDisabling) {
    registers_.Report(DriverError::kIllegalOrder, "TCTL.EN set while transmit stops:", value);
  } else if (wanted && ring_.state == QueueState::kOff) {
    Start();
  } else if (!wanted && ring_.on()) {
    ring_.state = QueueState::kDisabling;
    world_.SetTimer(kTimerTxStop, world_.Now() + options_.stop_delay);
  }
}

void TxEngine::Start() {
  const RingPlace place = ring_registers_.Place(0);
  if (!GoodGeometry(registers_, kRing, place)) return;
  ring_.Start(place);
  ring_.state = QueueState::kOn;
  world_.SetTimer(kTimerTxKick, world_.Now() + options_.doorbell_delay);
}

// Behind the frames that were under way.
void TxEngine::StopExpired() {
  if (ring_.state != QueueState::kDisabling) return;
  ring_.Stop();
  Abandon();
  if (!packets_.empty() || ring_.fetching != 0 || writes_ != 0) {
    world_.SetTimer(kTimerTxStop, world_.Now() + options_.stop_delay);
    return;
  }
  Flush();
  ring_registers_.TurnOff(ring_, 0);
}

uint32_t TxEngine::ReadTdh(uint32_t) { return ring_registers_.ReadHead(ring_, 0); }

void TxEngine::WriteTdh(uint32_t, uint32_t value) { ring_registers_.WriteHead(ring_, 0, value); }

template <typename R>
void TxEngine::WriteGeometry(uint32_t, uint32_t value) {
  ring_registers_.WriteGeometry<QueueRegister<R>>(ring_, 0, value);
}

void TxEngine::WriteTdt(uint32_t, uint32_t value) {
  if (!ring_registers_.WriteTail(ring_, 0, value)) return;
  world_.SetTimer(kTimerTxKick, world_.Now() + options_.doorbell_delay);
}

}  // namespace mapwire::sim::nic82540
