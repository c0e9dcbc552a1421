// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/rx_engine.h"

#include <algorithm>
#include <cstring>

#include "sim/nic/e1000/timers.h"

namespace mapwire::sim::nic82540 {
namespace {

constexpr uint32_t kMinFrame = 60;
constexpr uint32_t kHeaderBytes = 14;
constexpr uint32_t kVlanBytes = 4;
constexpr uint32_t kLongestBytes = 16384;  // with CRC: what LPE lets through

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

// The one's complement sum that the descriptor carries.
uint16_t Checksum(const std::vector<uint8_t>& bytes, uint32_t start) {
  uint32_t sum = 0;
  for (size_t i = start; i < bytes.size(); ++i) {
    sum += (i - start) % 2 == 0 ? uint32_t{bytes[i]} << 8 : bytes[i];
  }
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

constexpr RingWords kWords = {.head_while_on = "RDH written while receive is on:",
                              .moved_while_on = "receive ring moved while it is on:",
                              .tail_while_off = "RDT written, receive is off:",
                              .tail_beyond = "RDT beyond the ring:",
                              .tail_backwards = "RDT moved backwards to"};

Time Delay(uint32_t steps) { return Time{steps} * reg::kDelayStepNs * kNanosecond; }

}  // namespace

RxEngine::RxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma,
                   Interrupts& interrupts, Statistics& statistics, TxEngine& tx, const Link& link,
                   const E1000Options& options)
    : world_(world),
      registers_(registers),
      dma_(dma),
      interrupts_(interrupts),
      statistics_(statistics),
      tx_(tx),
      link_(link),
      options_(options),
      ring_registers_(registers, kWords) {
  using E = RxEngine;
  registers_.OnWrite<reg::Rctl, &E::WriteRctl>(this);
  registers_.OnRead<reg::Rdh, &E::ReadRdh>(this);
  registers_.OnWrite<reg::Rdh, &E::WriteRdh>(this);
  registers_.OnWrite<reg::Rdt, &E::WriteRdt>(this);
  registers_.OnWrite<reg::Rdtr, &E::WriteRdtr>(this);
  registers_.OnWrite<reg::Rdbal, &E::WriteGeometry<reg::Rdbal>>(this);
  registers_.OnWrite<reg::Rdbah, &E::WriteGeometry<reg::Rdbah>>(this);
  registers_.OnWrite<reg::Rdlen, &E::WriteGeometry<reg::Rdlen>>(this);
}

void RxEngine::Reset() {
  ring_.Stop();
  ring_.state = QueueState::kOff;
  buffer_.clear();
  room_taken_ = pending_ = 0;
  absolute_runs_ = low_ = pending_small_ = false;
  for (const TimerTag tag :
       {kTimerRxKick, kTimerRxFlush, kTimerRxDelay, kTimerRxAbsolute, kTimerRxStop}) {
    world_.CancelTimer(tag);
  }
}

bool RxEngine::Idle() const {
  return buffer_.empty() && pending_ == 0 && ring_.fetching == 0 && writes_ == 0;
}

// ---- From the line into the packet buffer ----

bool RxEngine::Listening() const { return link_.up() && ring_.on(); }

void RxEngine::FrameReceived(FramePointer frame) {
  if (!Listening()) return;
  const uint32_t wire_bytes = static_cast<uint32_t>(frame->bytes.size()) + reg::kCrcBytes;
  statistics_.AnyReceived(wire_bytes);
  const bool good = Good(*frame, wire_bytes);
  if (!good && registers_.Field<reg::Rctl, reg::Rctl::Sbp>() == 0) return;
  if (good && EndsInMac(frame->bytes)) return;
  if (frame->bytes.size() < kHeaderBytes) return;
  const Pass pass = Accepts(registers_, frame->bytes);
  if (pass == Pass::kNot) return;
  Enter(std::move(frame), pass);
  Run();
}

// Counts what is wrong with a frame.
bool RxEngine::Good(const Frame& frame, uint32_t wire_bytes) {
  const bool jumbo = registers_.Field<reg::Rctl, reg::Rctl::Lpe>() != 0;
  if (frame.bytes.size() < kMinFrame) {
    if (frame.crc_ok) {
      registers_.Count<reg::Ruc>();
    } else {
      registers_.Count<reg::Rfc>();
    }
    return false;
  }
  if (wire_bytes > (jumbo ? kLongestBytes : reg::kStandardFrameBytes)) {
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

// True if a MAC control frame goes no further. The MAC knows it by what FCAL, FCAH and FCT say.
bool RxEngine::EndsInMac(const std::vector<uint8_t>& frame) {
  if (Be16(&frame[12]) != (registers_.Raw<reg::Fct>() & 0xFFFF)) return false;
  uint64_t address = 0;
  for (int i = 5; i >= 0; --i) address = address << 8 | frame[static_cast<size_t>(i)];
  const uint64_t wanted =
      uint64_t{registers_.Raw<reg::Fcah>() & 0xFFFF} << 32 | registers_.Raw<reg::Fcal>();
  const hw::Value<reg::Rctl> rctl(registers_.Raw<reg::Rctl>());
  if (address != wanted || Be16(&frame[14]) != 1) return rctl.Get<reg::Rctl::Pmcf>() == 0;
  const uint32_t quanta = Be16(&frame[16]);
  if (quanta != 0) {
    registers_.Count<reg::Xoffrxc>();
  } else {
    registers_.Count<reg::Xonrxc>();
  }
  if (registers_.Field<reg::Ctrl, reg::Ctrl::Rfce>() != 0) tx_.Pause(quanta);
  return rctl.Get<reg::Rctl::Dpf>() != 0;
}

void RxEngine::Enter(FramePointer frame, Pass pass) {
  const uint32_t wire_bytes = static_cast<uint32_t>(frame->bytes.size()) + reg::kCrcBytes;
  const uint32_t limit = registers_.Field<reg::Pba, reg::Pba::Rxa>() * 1024;
  if (ring_.owned() == 0) registers_.Count<reg::Rnbc>();
  if (room_taken_ + wire_bytes > limit) {
    registers_.Count<reg::Mpc>();
    interrupts_.Cause(reg::Icr::Rxo::kMask);
    return;
  }
  if (frame->crc_ok) statistics_.GoodReceived(frame->bytes.data(), wire_bytes);
  Held held;
  held.room = wire_bytes;
  held.inexact = pass == Pass::kInexact;
  held.tagged = IsTagged(registers_, frame->bytes);
  if (held.tagged && registers_.Field<reg::Ctrl, reg::Ctrl::Vme>() != 0) {
    held.vlan = static_cast<uint16_t>(Be16(&frame->bytes[14]));
    frame->bytes.erase(frame->bytes.begin() + 12, frame->bytes.begin() + 12 + kVlanBytes);
  }
  held.checksum = Checksum(frame->bytes, registers_.Field<reg::Rxcsum, reg::Rxcsum::Pcss>());
  if (registers_.Field<reg::Rctl, reg::Rctl::Secrc>() == 0) {
    const uint32_t crc = Crc32(frame->bytes) ^ (frame->crc_ok ? 0 : ~0u);
    for (int i = 0; i < 4; ++i) frame->bytes.push_back(static_cast<uint8_t>(crc >> (8 * i)));
  }
  held.frame = std::move(frame);
  room_taken_ += held.room;
  buffer_.push_back(std::move(held));
}

// ---- From the packet buffer into memory ----

void RxEngine::Run() {
  if (!ring_.shows_enabled() || ring_.broken) return;
  ring_.Prefetch(dma_, DmaKind::kRxDescriptors, 0, options_.rx_prefetch);
  while (!buffer_.empty() && Deliver(buffer_.front())) {
    room_taken_ -= buffer_.front().room;
    buffer_.pop_front();
  }
  ring_.Prefetch(dma_, DmaKind::kRxDescriptors, 0, options_.rx_prefetch);
}

// False if it has to wait for descriptors.
bool RxEngine::Deliver(Held& held) {
  const uint32_t size = static_cast<uint32_t>(held.frame->bytes.size());
  while (ring_.cached != 0) {
    const uint32_t position = ring_.next();
    const reg::Descriptor descriptor = ring_.Take();
    const uint32_t bytes = std::min(size - held.done, buffer_bytes_);
    dma_.Post(descriptor.q0, held.frame->bytes.data() + held.done, bytes);
    held.done += bytes;
    const bool last = held.done == size;
    pending_small_ = pending_small_ || size <= registers_.Field<reg::Rsrpd, reg::Rsrpd::Size>();
    Collect(position, WriteBack(held, descriptor.q0, bytes, last));
    if (last) return true;
  }
  return false;
}

// Only the last descriptor of a frame says what the frame is.
reg::Descriptor RxEngine::WriteBack(const Held& held, uint64_t address, uint32_t bytes,
                                    bool last) const {
  using Wb = reg::RxLegacy;
  reg::Descriptor done = {address, Wb::Dd::kMask | Wb::Length::Make(bytes) |
                                       Wb::Checksum::Make(held.checksum) | Wb::Ixsm::kMask};
  if (!last) return done;
  done.q1 |= Wb::Eop::kMask;
  if (held.tagged) done.q1 |= Wb::Vp::kMask | Wb::Vlan::Make(held.vlan);
  if (held.inexact) done.q1 |= Wb::Pif::kMask;
  if (!held.frame->crc_ok) done.q1 |= Wb::Ce::kMask;
  return done;
}

void RxEngine::Collect(uint32_t position, const reg::Descriptor& done) {
  if (pending_ == 0) {
    pending_first_ = position;
    world_.SetTimer(kTimerRxFlush, world_.Now() + options_.rx_writeback_delay);
  }
  batch_[pending_++] = done;
  if (pending_ >= std::min(options_.rx_writeback_batch, kMaxBatch) || position + 1 == ring_.size) {
    Flush();
  }
}

void RxEngine::Flush() {
  if (pending_ == 0) return;
  world_.CancelTimer(kTimerRxFlush);
  ++writes_;
  dma_.Write(DmaKind::kRxWriteBack, 0,
             ring_.base + uint64_t{pending_first_} * reg::kDescriptorBytes, batch_.data(),
             pending_ * reg::kDescriptorBytes);
  ring_.head = ring_.Advance(pending_first_, pending_);
  pending_ = 0;
  Announce();
}

// Of frames behind their write-backs.
void RxEngine::Announce() {
  if (pending_small_) interrupts_.Cause(reg::Icr::Srpd::kMask);
  pending_small_ = false;
  const uint32_t threshold = ring_.size >> (registers_.Field<reg::Rctl, reg::Rctl::Rdmts>() + 1);
  const bool low = ring_.owned() <= threshold;
  if (low && !low_) interrupts_.Cause(reg::Icr::Rxdmt0::kMask);
  low_ = low;
  const uint32_t delay = registers_.Field<reg::Rdtr, reg::Rdtr::Delay>();
  if (delay == 0) return interrupts_.Cause(reg::Icr::Rxt0::kMask);
  world_.SetTimer(kTimerRxDelay, world_.Now() + Delay(delay));
  const uint32_t absolute = registers_.Field<reg::Radv, reg::Radv::Idv>();
  if (absolute == 0 || absolute_runs_) return;
  absolute_runs_ = true;
  world_.SetTimer(kTimerRxAbsolute, world_.Now() + Delay(absolute));
}

void RxEngine::DelayExpired() {
  absolute_runs_ = false;
  world_.CancelTimer(kTimerRxDelay);
  world_.CancelTimer(kTimerRxAbsolute);
  interrupts_.Cause(reg::Icr::Rxt0::kMask);
}

void RxEngine::DescriptorsDone(bool ok) {
  const uint32_t count = ring_.fetching;
  if (ring_.Fetched(ok)) {
    for (uint32_t i = ring_.cached - count; i < ring_.cached; ++i) {
      const reg::Descriptor& d = ring_.space[(ring_.first + i) % DescriptorCache::kSpace];
      if (reg::RxLegacy::Dd::Get(d.q1) == 0) continue;
      registers_.Report(DriverError::kBadDescriptor, "DD set in a receive descriptor:", i);
      break;
    }
  }
  Run();
}

// ---- On and off ----

uint32_t RxEngine::BufferBytes() const {
  const hw::Value<reg::Rctl> rctl(registers_.Raw<reg::Rctl>());
  const uint32_t size = rctl.Get<reg::Rctl::Bsize>();
  if (rctl.Get<reg::Rctl::Bsex>() == 0) return 2048u >> size;
  return size == 0 ? 0 : 32768u >> size;  // 0 is reserved
}

void RxEngine::WriteRctl(uint32_t, uint32_t value) {
  const uint32_t before = registers_.Raw<reg::Rctl>();
  registers_.Set<reg::Rctl>(value);
  constexpr uint32_t kFixed =
      reg::Rctl::Bsize::kMask | reg::Rctl::Bsex::kMask | reg::Rctl::Secrc::kMask;
  const bool wanted = (value & reg::Rctl::En::kMask) != 0;
  if (wanted && ring_.on() && ((before ^ value) & kFixed) != 0) {
    registers_.Report(DriverError::kIllegalOrder,
                      "buffer rules changed while receive is on:", value);
  } else if (wanted && ring_.state == QueueState::kDisabling) {
    registers_.Report(DriverError::kIllegalOrder, "RCTL.EN set while receive stops:", value);
  } else if (wanted && ring_.state == QueueState::kOff) {
    Start();
  } else if (!wanted && ring_.on()) {
    ring_.state = QueueState::kDisabling;
    world_.SetTimer(kTimerRxStop, world_.Now() + options_.stop_delay);
  }
}

void RxEngine::Start() {
  const RingPlace place = ring_registers_.Place(0);
  if (!GoodGeometry(registers_, kRing, place)) return;
  buffer_bytes_ = BufferBytes();
  if (buffer_bytes_ == 0) {
    registers_.Report(DriverError::kBadGeometry, "RCTL.BSIZE 0 with BSEX is reserved:", 0);
    return;
  }
  ring_.Start(place);
  ring_.state = QueueState::kOn;
  low_ = false;
  world_.SetTimer(kTimerRxKick, world_.Now() + options_.doorbell_delay);
}

void RxEngine::StopExpired() {
  if (ring_.state != QueueState::kDisabling) return;
  ring_.Stop();
  buffer_.clear();
  room_taken_ = 0;
  Flush();
  if (ring_.fetching != 0 || writes_ != 0) {
    world_.SetTimer(kTimerRxStop, world_.Now() + options_.stop_delay);
    return;
  }
  ring_registers_.TurnOff(ring_, 0);
}

uint32_t RxEngine::ReadRdh(uint32_t) { return ring_registers_.ReadHead(ring_, 0); }

void RxEngine::WriteRdh(uint32_t, uint32_t value) { ring_registers_.WriteHead(ring_, 0, value); }

template <typename R>
void RxEngine::WriteGeometry(uint32_t, uint32_t value) {
  ring_registers_.WriteGeometry<QueueRegister<R>>(ring_, 0, value);
}

// FPD ends the wait at once; it does not stay.
void RxEngine::WriteRdtr(uint32_t, uint32_t value) {
  using R = reg::Rdtr;
  registers_.Set<R>(value & R::Delay::kMask);
  if ((value & R::Fpd::kMask) == 0) return;
  world_.SetTimer(kTimerRxFlush, world_.Now() + options_.doorbell_delay);
  world_.SetTimer(kTimerRxDelay, world_.Now() + options_.doorbell_delay);
}

void RxEngine::WriteRdt(uint32_t, uint32_t value) {
  if (!ring_registers_.WriteTail(ring_, 0, value)) return;
  world_.SetTimer(kTimerRxKick, world_.Now() + options_.doorbell_delay);
}

}  // namespace mapwire::sim::nic82540
