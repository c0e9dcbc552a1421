#include "sim/nic/pv/pv.h"

#include <algorithm>
#include <array>
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

// The row of the register at `offset`, or null.
const hw::RegisterRow* RowAt(uint32_t offset) {
  static constexpr auto kRowOf = [] {
    std::array<uint8_t, kBar0Bytes / 4> rows{};
    for (uint8_t row = 0; row < AllRegisters::kCount; ++row) {
      const hw::RegisterRow& r = AllRegisters::kRows[row];
      for (uint32_t i = 0; i < r.count; ++i) {
        rows[(r.offset + i * r.stride) / 4] = static_cast<uint8_t>(row + 1);
      }
    }
    return rows;
  }();
  if (offset % 4 != 0 || offset >= kBar0Bytes || kRowOf[offset / 4] == 0) return nullptr;
  return &AllRegisters::kRows[kRowOf[offset / 4] - 1];
}

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
    rx_[q] = RxQueue();
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
  if (RowAt(offset) == nullptr) {
    world_.Report(offset % 4 != 0 ? DriverError::kUnaligned : DriverError::kUnknownRegister,
                  "a read of no register");
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
  const hw::RegisterRow* const row = RowAt(offset);
  if (row == nullptr || row->access == hw::Access::kReadOnly) {
    return world_.Report(offset % 4 != 0 ? DriverError::kUnaligned : DriverError::kUnknownRegister,
                         "a write to no register");
  }
  if (row->field_mask != 0 && (value & ~row->field_mask) != 0) {
    world_.Report(DriverError::kReservedBits, "a write sets reserved bits");
    value &= row->field_mask;
  }
  if (offset == Control::kOffset) {
    if (!hw::Value<Control>(value).Get<Control::Enable>()) return Reset();
    enabled_ = true;
    return;
  }
  if (offset == Pairs::kOffset && (value == 0 || value > kQueues)) {
    return world_.Report(DriverError::kBadGeometry, "a number of queues that cannot be");
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

bool Pv::CanBe(uint64_t base, uint32_t count) {
  return count >= 2 && count <= kMaxDescriptors && base % kRingAlignment == 0;
}

void Pv::Enable(Queue& queue, uint64_t base, uint32_t count) {
  queue.base = base;
  queue.count = count;
  queue.on = true;
}

void Pv::EnableTx(uint32_t queue, bool on) {
  tx_[queue] = TxQueue();
  if (!on) return;
  const uint64_t base = Address<TxBaseLow, TxBaseHigh>(queue);
  const uint32_t count = Written<TxCount>(queue);
  tx_[queue].head_at = Address<TxHeadLow, TxHeadHigh>(queue);
  if (!CanBe(base, count) || tx_[queue].head_at % sizeof(uint32_t) != 0) {
    return world_.Report(DriverError::kBadGeometry, "a ring that cannot be");
  }
  Enable(tx_[queue], base, count);
}

void Pv::EnableRx(uint32_t queue, bool on) {
  rx_[queue] = RxQueue();
  KickSenders(queue);
  if (!on) return;
  const uint64_t base = Address<RxBaseLow, RxBaseHigh>(queue);
  const uint32_t count = Written<RxCount>(queue);
  const uint32_t room = Written<RxBuffer>(queue);
  if (room == 0 || room % kBufferStep != 0 || room > kMaxBuffer) {
    return world_.Report(DriverError::kBadGeometry, "a receive buffer that cannot be");
  }
  if (!CanBe(base, count)) {
    return world_.Report(DriverError::kBadGeometry, "a ring that cannot be");
  }
  rx_[queue].room = room;
  Enable(rx_[queue], base, count);
}

// Whether the device may still reach the ring: if not, that is a fault, and nothing is done.
bool Pv::Reach(Queue& queue) {
  uint8_t* const ring = memory_.Translate(queue.base, queue.count * sizeof(Descriptor));
  queue.ring = reinterpret_cast<Descriptor*>(ring);
  return ring != nullptr;
}

uint32_t Pv::pairs() const { return std::max(1U, Written<Pairs>()); }

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
  if (peer_ == nullptr) return;
  for (uint32_t q = queue; q < kQueues; q += pairs()) peer_->Kick(q);
}

void Pv::TimerExpired(TimerTag tag) { Work(tag % kQueues); }

void Pv::Event(uint32_t queue) {
  pending_[queue] = !armed_[queue];
  if (armed_[queue]) world_.RaiseMsix(queue);
  armed_[queue] = false;
}

// --- Frames
// ---------------------------------------------------------------------------------------

// The frame at the head of a ring that is not empty.
Pv::Outgoing Pv::Look(const TxQueue& tx) const {
  Outgoing frame{tx.head, 0, 0, 0, false};
  for (uint32_t at = tx.head;;) {
    const uint64_t word = tx.ring[at].word;
    ++frame.fragments;
    frame.bytes += static_cast<uint32_t>(tx_descriptor::Length::Get(word));
    frame.words |= word;
    at = Next(at, tx.count);
    frame.whole = tx_descriptor::End::Get(word) != 0;
    if (frame.whole || at == tx.tail) return frame;
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

bool Pv::Readable(const TxQueue& tx, const Outgoing& frame, Iommu& from) const {
  uint32_t at = frame.first;
  for (uint32_t i = 0; i < frame.fragments; ++i, at = Next(at, tx.count)) {
    const uint64_t length = tx_descriptor::Length::Get(tx.ring[at].word);
    if (length != 0 && from.Translate(tx.ring[at].address, length) == nullptr) return false;
  }
  return true;
}

bool Pv::Writable(const RxQueue& rx, uint32_t bytes) {
  uint32_t at = rx.head;
  for (uint32_t left = bytes; left != 0; at = Next(at, rx.count)) {
    const uint32_t part = std::min(left, rx.room);
    if (memory_.Translate(rx.ring[at].address, part) == nullptr) return false;
    left -= part;
  }
  return true;
}

// A frame of the other card for a queue that listens. Nothing is handed over by halves.
Pv::Fate Pv::Receive(uint32_t queue, const TxQueue& tx, const Outgoing& frame, Iommu& from) {
  RxQueue& rx = rx_[queue];
  Counters& counters = counters_[queue];
  if (frame.bytes > Written<MaxFrame>()) {
    ++counters.rx_oversize;
    return Fate::kUnwanted;
  }
  const uint32_t needed = (frame.bytes + rx.room - 1) / rx.room;
  const bool fits = needed < rx.count;
  if (fits && Distance(rx.head, rx.tail, rx.count) < needed) return Fate::kNoRoom;
  if (!Readable(tx, frame, from)) return Fate::kUnreadable;
  if (!fits || !Writable(rx, frame.bytes)) {
    ++counters.rx_dropped;
    return Fate::kUnwanted;
  }
  Copy(rx, tx, frame, from);
  ++counters.rx_packets;
  counters.rx_bytes += frame.bytes;
  return Fate::kReceived;
}

// From fragments of any size to buffers of another; both are there.
void Pv::Copy(RxQueue& rx, const TxQueue& tx, const Outgoing& frame, Iommu& from) {
  uint32_t source = frame.first;
  uint32_t used = 0;  // of the source's bytes
  for (uint32_t left = frame.bytes; left != 0; rx.head = Next(rx.head, rx.count)) {
    const uint32_t part = std::min(left, rx.room);
    left -= part;
    uint8_t* const to = memory_.Translate(rx.ring[rx.head].address, part);
    for (uint32_t done = 0; done < part;) {
      const Descriptor& descriptor = tx.ring[source];
      const uint32_t length = static_cast<uint32_t>(tx_descriptor::Length::Get(descriptor.word));
      const uint32_t bytes = std::min(length - used, part - done);
      if (bytes != 0) {
        std::memcpy(to + done, from.Translate(descriptor.address + used, bytes), bytes);
      }
      done += bytes;
      used += bytes;
      if (used != length) continue;
      used = 0;
      source = Next(source, tx.count);
    }
    const uint64_t word = rx_descriptor::Length::Make(part) | rx_descriptor::Done::kMask |
                          (left == 0 ? rx_descriptor::End::kMask : 0);
    __atomic_store_n(&rx.ring[rx.head].word, word, __ATOMIC_RELEASE);
  }
}

// The common kind, as many as there are in a row: a descriptor each, a buffer each. Returns how
// many went from `tx` to our queue `queue`; the general half sees to the next one.
uint32_t Pv::ReceiveWhole(uint32_t queue, const TxQueue& tx, Iommu& from, uint64_t* bytes,
                          uint64_t* seen) {
  RxQueue& rx = rx_[queue];
  const uint32_t most = std::min({rx.room, Written<MaxFrame>(), kMaxFrameBytes});
  if (most < kMinFrameBytes) return 0;
  const uint32_t span = most - kMinFrameBytes;
  const uint32_t to_tail = (tx.head <= tx.tail ? tx.tail : tx.count) - tx.head;
  const uint32_t to_end = (rx.head <= rx.tail ? rx.tail : rx.count) - rx.head;
  const uint32_t length = std::min(to_tail, to_end);
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
    if (tx_descriptor::End::Get(word) == 0 || size - kMinFrameBytes > span) break;
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

// The frame at the head of transmit ring `queue` that the common way did not take.
Pv::Fate Pv::Send(uint32_t queue, const Outgoing& frame, bool listens) {
  const bool can_be = frame.whole && frame.fragments <= kMaxFragments &&
                      frame.bytes >= kMinFrameBytes && frame.bytes <= kMaxFrameBytes;
  if (!can_be) {
    world_.Report(DriverError::kBadDescriptor, "a frame that cannot be");
    return Fate::kUnreadable;
  }
  if (!listens) return Fate::kUnwanted;
  const uint32_t other = queue % peer_->pairs();
  const Fate fate = peer_->Receive(other, tx_[queue], frame, memory_);
  if (fate != Fate::kNoRoom || Wait(queue)) return fate;
  ++peer_->counters_[other].rx_dropped;
  return Fate::kUnwanted;
}

void Pv::Work(uint32_t queue) {
  TxQueue& tx = tx_[queue];
  if (!enabled_ || !tx.on || !carrier_ || peer_ == nullptr || !Reach(tx)) return;
  Counters& counters = counters_[queue];
  const uint32_t other = queue % peer_->pairs();
  const bool listens = peer_->Listens(other);
  const uint32_t before = tx.head;
  bool received = false;
  uint64_t words = 0;
  while (tx.head != tx.tail) {
    const uint32_t whole =
        listens ? peer_->ReceiveWhole(other, tx, memory_, &counters.tx_bytes, &words) : 0;
    Fate fate = Fate::kReceived;
    if (whole != 0) {
      counters.tx_packets += whole;
      tx.head = (tx.head + whole) % tx.count;
    } else {
      const Outgoing frame = Look(tx);
      fate = Send(queue, frame, listens);
      if (fate == Fate::kNoRoom) break;
      counters.tx_packets += fate == Fate::kUnreadable ? 0 : 1;
      counters.tx_bytes += fate == Fate::kUnreadable ? 0 : frame.bytes;
      words |= frame.words;
      tx.head = (tx.head + frame.fragments) % tx.count;
    }
    received = received || fate == Fate::kReceived;
    if (fate != Fate::kReceived && listens) continue;
    // Who takes frames again, or does not listen, will be waited for anew.
    tx.dropping = false;
    tx.blocked_since = kNever;
  }
  if (received) peer_->Event(other);
  if (tx.head == before) return;
  uint8_t* const head = memory_.Translate(tx.head_at, sizeof(uint32_t));
  if (head != nullptr) {
    __atomic_store_n(reinterpret_cast<uint32_t*>(head), tx.head, __ATOMIC_RELEASE);
  }
  if (tx_descriptor::Report::Get(words) != 0) Event(queue);
}

}  // namespace mapwire::sim
