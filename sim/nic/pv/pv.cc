#include "sim/nic/pv/pv.h"

#include <algorithm>
#include <cstring>

namespace mapwire::sim {

namespace {

using namespace pv;  // NOLINT: the registers, and nothing else

// Timers: one per queue pair for work to be done, and one for a receiver that is waited for.
constexpr TimerTag kWorkTimer = 0;
constexpr TimerTag kPatienceTimer = pv::kQueues;

// How many frames ahead memory is asked for.
constexpr uint32_t kAhead = 8;

uint32_t Distance(uint32_t from, uint32_t to, uint32_t count) {
  return to >= from ? to - from : to + count - from;
}

uint32_t Next(uint32_t i, uint32_t count) { return i + 1 == count ? 0 : i + 1; }

}  // namespace

void Pv::Join(Pv& a, Pv& b) {
  a.peer_ = &b;
  b.peer_ = &a;
}

const PciIdentity& Pv::identity() const {
  static constexpr PciIdentity kIdentity = {
      .vendor = kVendor,
      .device = kDevice,
      .subsystem_vendor = kVendor,
      .subsystem = kDevice,
      .class_code = kPciClass,
      .revision = 1,
      .bar0_bytes = kBar0Bytes,
      .msix_vectors = kMsixVectors,
  };
  return kIdentity;
}

// --- Registers
// ------------------------------------------------------------------------------------

void Pv::Reset() {
  enabled_ = false;
  std::fill(std::begin(written_), std::end(written_), 0);
  for (uint32_t q = 0; q < kQueues; ++q) {
    tx_[q] = TxQueue();
    rx_[q] = Queue();
    armed_[q] = pending_[q] = false;
  }
  // Who waits for a receiver of ours need not wait any longer.
  for (uint32_t q = 0; q < kQueues; ++q) KickSenders(q);
}

void Pv::BusReset() {
  Reset();
  std::fill(std::begin(counters_), std::end(counters_), Counters());
}

void Pv::CarrierChanged(bool carrier) {
  carrier_ = carrier;
  if (enabled_) world_.RaiseMsix(kMsixVectors - 1);
  for (uint32_t q = 0; q < kQueues; ++q) Kick(q);
}

uint32_t Pv::RegisterRead(uint32_t offset) {
  if (offset % 4 != 0 || offset >= kBar0Bytes) {
    world_.Report(DriverError::kUnaligned, "a read of no register");
    return 0;
  }
  switch (offset) {
    case Control::kOffset:
      return hw::Value<Control>().With<Control::Enable>(enabled_ ? 1 : 0).raw();
    case pv::Status::kOffset:
      return hw::Value<pv::Status>().With<pv::Status::LinkUp>(carrier_ ? 1 : 0).raw();
    case MacLow::kOffset:
    case MacHigh::kOffset: {
      uint32_t word = 0;
      const size_t first = offset == MacLow::kOffset ? 0 : 4;
      for (size_t i = 0; i < 4 && first + i < options_.mac.size(); ++i) {
        word |= uint32_t{options_.mac[first + i]} << (8 * i);
      }
      return word;
    }
    default:
      break;
  }
  if (offset / 4 < kFileWords) return written_[offset / 4];
  const uint32_t index = (offset / 4 - kFileWords) % (2 * kQueues);
  if (index % 2 != 0) return kept_high_;
  const uint64_t value = CounterAt((offset / 4 - kFileWords) / (2 * kQueues), index / 2);
  kept_high_ = static_cast<uint32_t>(value >> 32);
  return static_cast<uint32_t>(value);
}

// The counters in the order of their registers.
uint64_t Pv::CounterAt(uint32_t kind, uint32_t queue) const {
  const Counters& counters = counters_[queue];
  const uint64_t all[] = {counters.rx_packets,  counters.rx_bytes,   counters.rx_dropped,
                          counters.rx_oversize, counters.tx_packets, counters.tx_bytes};
  return kind < std::size(all) ? all[kind] : 0;
}

void Pv::RegisterWrite(uint32_t offset, uint32_t value) {
  if (offset == Control::kOffset) {
    if (!hw::Value<Control>(value).Get<Control::Enable>()) return Reset();
    enabled_ = true;
    return;
  }
  if (offset % 4 != 0 || offset / 4 >= kFileWords) {
    return world_.Report(DriverError::kUnknownRegister, "a write to no register");
  }
  written_[offset / 4] = value;
  if (offset < TxBaseLow::kOffset) return;
  const uint32_t queue = (offset - TxBaseLow::kOffset) / TxBaseLow::kStride;
  if (queue >= kQueues) return;
  switch (offset - queue * TxBaseLow::kStride) {
    case TxEnable::kOffset:
      return EnableTx(queue, hw::Value<TxEnable>(value).Get<TxEnable::On>() != 0);
    case RxEnable::kOffset:
      return EnableRx(queue, hw::Value<RxEnable>(value).Get<RxEnable::On>() != 0);
    case TxTail::kOffset:
      SetTail(tx_[queue], value);
      return Kick(queue);
    case RxTail::kOffset:
      SetTail(rx_[queue], value);
      return KickSenders(queue);
    case Arm::kOffset:
      armed_[queue] = true;
      if (pending_[queue]) Event(queue);
      return;
    default:
      return;
  }
}

// --- Queues
// ---------------------------------------------------------------------------------------

void Pv::Enable(Queue& queue, uint64_t base, uint32_t count) {
  if (count < 2 || count > kMaxDescriptors || base % kRingAlignment != 0) {
    return world_.Report(DriverError::kBadGeometry, "a ring that cannot be");
  }
  queue.ring = reinterpret_cast<Descriptor*>(memory_.Translate(base, count * sizeof(Descriptor)));
  queue.count = count;
  queue.on = queue.ring != nullptr;
}

void Pv::EnableTx(uint32_t queue, bool on) {
  tx_[queue] = TxQueue();
  if (on) Enable(tx_[queue], Address<TxBaseLow, TxBaseHigh>(queue), Written<TxCount>(queue));
}

void Pv::EnableRx(uint32_t queue, bool on) {
  rx_[queue] = Queue();
  const uint32_t buffer = Written<RxBuffer>(queue);
  if (on && (buffer == 0 || buffer % kBufferStep != 0 || buffer > kMaxBuffer)) {
    return world_.Report(DriverError::kBadGeometry, "a receive buffer that cannot be");
  }
  if (on) Enable(rx_[queue], Address<RxBaseLow, RxBaseHigh>(queue), Written<RxCount>(queue));
  KickSenders(queue);
}

void Pv::SetTail(Queue& queue, uint32_t value) {
  if (!enabled_ || !queue.on) {
    return world_.Report(DriverError::kDisabledQueue, "a tail of a queue that is off");
  }
  if (value >= queue.count) {
    return world_.Report(DriverError::kBadGeometry, "a tail behind the end of its ring");
  }
  queue.tail = value;
}

// There may be something to do: later, and once for all that comes until then.
void Pv::Kick(uint32_t queue) {
  if (tx_[queue].on && tx_[queue].head != tx_[queue].tail) {
    world_.SetTimer(kWorkTimer + queue, world_.Now());
  }
}

// Those whose frames come to our queue `queue`.
void Pv::KickSenders(uint32_t queue) {
  const uint32_t pairs = Written<Pairs>();
  if (peer_ == nullptr) return;
  for (uint32_t q = queue; q < kQueues; q += pairs == 0 ? kQueues : pairs) peer_->Kick(q);
}

void Pv::TimerExpired(TimerTag tag) { Work(tag % kQueues); }

void Pv::Event(uint32_t queue) {
  pending_[queue] = !armed_[queue];
  if (armed_[queue]) world_.RaiseMsix(queue);
  armed_[queue] = false;
}

// --- Frames
// ---------------------------------------------------------------------------------------

// The frame at the head of a ring that is not empty. The driver hands over whole frames only; one
// without an end ends with the ring.
Pv::Outgoing Pv::Look(const TxQueue& tx) const {
  Outgoing frame{tx.head, 0, 0, 0};
  for (uint32_t at = tx.head;;) {
    const uint64_t word = tx.ring[at].word;
    ++frame.fragments;
    frame.bytes += static_cast<uint32_t>(tx_descriptor::Length::Get(word));
    frame.words |= word;
    at = Next(at, tx.count);
    if (tx_descriptor::End::Get(word) != 0 || at == tx.tail) return frame;
  }
}

// The receive ring of `queue`'s frames is full. False: it was for so long that they are dropped.
bool Pv::Wait(uint32_t queue) {
  TxQueue& tx = tx_[queue];
  if (tx.dropping) return false;
  if (tx.blocked_since == kNever) {
    tx.blocked_since = world_.Now();
    world_.SetTimer(kPatienceTimer + queue, tx.blocked_since + options_.patience);
  }
  tx.dropping = world_.Now() - tx.blocked_since >= options_.patience;
  return !tx.dropping;
}

// A frame of the other card. False: there is no room, and it may not be dropped.
bool Pv::Receive(uint32_t queue, const TxQueue& tx, const Outgoing& frame, Iommu& from,
                 bool may_drop) {
  Queue& rx = rx_[queue];
  Counters& counters = counters_[queue];
  if (!enabled_ || !rx.on) return true;  // nobody is there to want it
  if (frame.bytes > Written<MaxFrame>()) {
    ++counters.rx_oversize;
    return true;
  }
  const uint32_t room = Written<RxBuffer>(queue);
  const uint32_t needed = (frame.bytes + room - 1) / room;
  if (Distance(rx.head, rx.tail, rx.count) < needed) {
    if (!may_drop && needed < rx.count) return false;
    ++counters.rx_dropped;
    return true;
  }
  uint32_t source = frame.first;
  uint32_t used = 0;  // of the source's bytes
  uint32_t head = rx.head;
  for (uint32_t left = frame.bytes; left != 0; head = Next(head, rx.count)) {
    const uint32_t part = std::min(left, room);
    left -= part;
    uint8_t* to = memory_.Translate(rx.ring[head].address, part);
    for (uint32_t done = 0; done < part;) {
      const Descriptor& descriptor = tx.ring[source];
      const uint32_t length = static_cast<uint32_t>(tx_descriptor::Length::Get(descriptor.word));
      const uint32_t bytes = std::min(length - used, part - done);
      const uint8_t* const bytes_from = from.Translate(descriptor.address + used, bytes);
      if (to != nullptr && bytes_from != nullptr) std::memcpy(to + done, bytes_from, bytes);
      done += bytes;
      used += bytes;
      if (used != length) continue;
      used = 0;
      source = Next(source, tx.count);
    }
    const uint64_t word = rx_descriptor::Length::Make(part) | rx_descriptor::Done::kMask |
                          (left == 0 ? rx_descriptor::End::kMask : 0);
    __atomic_store_n(&rx.ring[head].word, word, __ATOMIC_RELEASE);
  }
  rx.head = head;
  ++counters.rx_packets;
  counters.rx_bytes += frame.bytes;
  return true;
}

// The common kind, as many as there are in a row: a descriptor each, a buffer each. Returns how
// many went from `tx` to our queue `queue`; the general half sees to the next one.
uint32_t Pv::ReceiveWhole(uint32_t queue, const TxQueue& tx, Iommu& from, uint64_t* bytes,
                          uint64_t* seen) {
  Queue& rx = rx_[queue];
  if (!enabled_ || !rx.on) return 0;
  const uint32_t to_tail = (tx.head <= tx.tail ? tx.tail : tx.count) - tx.head;
  const uint32_t to_end = (rx.head <= rx.tail ? rx.tail : rx.count) - rx.head;
  const uint32_t length = std::min(to_tail, to_end);
  const uint64_t most = std::min(Written<RxBuffer>(queue), Written<MaxFrame>());
  const Descriptor* const source = tx.ring + tx.head;
  Descriptor* const target = rx.ring + rx.head;
  uint64_t sum = 0;
  uint64_t words = 0;
  uint32_t i = 0;
  for (; i < length; ++i) {
    if (i + kAhead < length) {
      __builtin_prefetch(from.Translate(source[i + kAhead].address, 1), 0);
      __builtin_prefetch(memory_.Translate(target[i + kAhead].address, 1), 1);
    }
    const uint64_t word = source[i].word;
    const uint64_t size = tx_descriptor::Length::Get(word);
    if (tx_descriptor::End::Get(word) == 0 || size - 1 >= most) break;
    const uint8_t* const bytes_from = from.Translate(source[i].address, size);
    uint8_t* const bytes_to = memory_.Translate(target[i].address, size);
    if (bytes_from == nullptr || bytes_to == nullptr) break;
    std::memcpy(bytes_to, bytes_from, size);
    sum += size;
    words |= word;
    constexpr uint64_t kWhole = rx_descriptor::Done::kMask | rx_descriptor::End::kMask;
    __atomic_store_n(&target[i].word, rx_descriptor::Length::Make(size) | kWhole, __ATOMIC_RELEASE);
  }
  rx.head = (rx.head + i) % rx.count;
  counters_[queue].rx_packets += i;
  counters_[queue].rx_bytes += sum;
  *bytes += sum;
  *seen |= words;
  return i;
}

void Pv::Work(uint32_t queue) {
  TxQueue& tx = tx_[queue];
  if (!enabled_ || !tx.on || !carrier_ || peer_ == nullptr) return;
  const uint32_t pairs = peer_->Written<Pairs>();
  const uint32_t other = pairs == 0 ? 0 : queue % pairs;
  const uint64_t received = peer_->counters_[other].rx_packets;
  const uint32_t before = tx.head;
  uint64_t words = 0;
  while (tx.head != tx.tail) {
    const uint32_t whole =
        peer_->ReceiveWhole(other, tx, memory_, &counters_[queue].tx_bytes, &words);
    counters_[queue].tx_packets += whole;
    tx.head = (tx.head + whole) % tx.count;
    if (whole != 0) continue;
    const Outgoing frame = Look(tx);
    if (!peer_->Receive(other, tx, frame, memory_, tx.dropping)) {
      if (Wait(queue)) break;
      continue;
    }
    ++counters_[queue].tx_packets;
    counters_[queue].tx_bytes += frame.bytes;
    words |= frame.words;
    tx.head = (tx.head + frame.fragments) % tx.count;
  }
  if (tx.head == before) return;
  if (peer_->counters_[other].rx_packets != received) {
    tx.dropping = false;
    tx.blocked_since = kNever;
    peer_->Event(other);
  }
  const uint64_t address = Address<TxHeadLow, TxHeadHigh>(queue);
  if (uint8_t* const head = memory_.Translate(address, sizeof(uint32_t)); head != nullptr) {
    __atomic_store_n(reinterpret_cast<uint32_t*>(head), tx.head, __ATOMIC_RELEASE);
  }
  if (tx_descriptor::Report::Get(words) != 0) Event(queue);
}

}  // namespace mapwire::sim
