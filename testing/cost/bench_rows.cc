// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "testing/cost/bench_rows.h"

#include <cstring>
#include <numeric>
#include <utility>

#include "core/abi/freestanding.h"
#include "core/control/control.h"
#include "core/nic/nic_port.h"
#include "core/nic/ring_loop.h"
#include "core/platform/check.h"
#include "core/ring/cyclic.h"
#include "drivers/e1000/e1000_desc.h"
#include "drivers/ixgbe/ixgbe_desc.h"
#include "testing/cost/bench_world.h"

namespace mapwire::cost {

namespace {

using ixgbe::RxWriteBack;
using ixgbe::TxData;
using Descriptor = ixgbe::Codec::Descriptor;
static_assert(sizeof(e1000::Descriptor) == sizeof(Descriptor));

constexpr uint32_t kWarmTurns = 3;
constexpr uint32_t kMeasuredTurns = 4;
constexpr uint32_t kHalf = kRingSlots / 2;
constexpr uint32_t kFrameBytes = 60;
constexpr uint32_t kMaxOffset = 256;
constexpr char kPortName[] = "nic0";

constexpr memory::RegionRequest kRegion = {{{1024, 16}, {32768, 4}, {2048, 4096}}};

// Never the same for neighbours, never 0.
uint64_t OffsetFor(uint32_t slot) { return 64 + slot % 128; }

uint32_t FragmentsOf(const Row& row) { return row.variant == Variant::kFrames3 ? 3 : 1; }

// A port over the fake device, and a session of one program bound to its ring pair 0.
class Bench {
 public:
  Bench(const Row& row, Probe& probe) : row_(row), probe_(probe) {
    Result<nic::NicPort*> port = nic::NicPort::Create(
        world_, kPortName, control_.regions().global(), driver_,
        small() ? nic::kRingLoop<e1000::Codec> : nic::kRingLoop<ixgbe::Codec>, probe.mmio(), dma_,
        {.driver = {.tx_slots = kRingSlots, .rx_slots = kRingSlots}});
    MW_CHECK(port.ok());
    port_ = *port;
    MW_CHECK(port_->Start().ok());
    MW_CHECK(control_.AddPort(*port_).ok());
    session_ = control_.OpenSession();
    MW_CHECK(session_ != nullptr);
    Register();
  }

  ~Bench() {
    control_.CloseSession(session_);
    control_.RemovePort(*port_);
    port_->Stop();
    nic::NicPort::Destroy(world_, port_);
  }

  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void Run() {
    for (uint32_t slots = 0; slots < kWarmTurns * kRingSlots; slots += row_.slots()) Step(false);
    probe_.BeginRow();
    for (uint32_t sync = 0; sync < row_.syncs(); ++sync) Step(true);
    probe_.EndRow(row_);
  }

 private:
  void Step(bool measured) { row_.path == Path::kTx ? TxStep(measured) : RxStep(measured); }

  void Register() {
    nmreq_opt_offsets offsets{};
    offsets.nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
    offsets.nro_max_offset = kMaxOffset;
    offsets.nro_initial_offset = 1;
    nmreq_register body{};
    body.nr_mode = NR_REG_ONE_NIC;
    body.nr_extra_bufs = row_.variant == Variant::kBufferChanged ? kRingSlots : 0;
    nmreq_header header{};
    header.nr_version = NETMAP_API;
    header.nr_reqtype = NETMAP_REQ_REGISTER;
    std::memcpy(header.nr_name, kPortName, sizeof(kPortName));
    header.nr_body = reinterpret_cast<uintptr_t>(&body);
    if (with_offsets()) header.nr_options = reinterpret_cast<uintptr_t>(&offsets);
    OwnMemory memory;
    const Status bound =
        session_->Ioctl(memory, NIOCCTRL, UserAddress(reinterpret_cast<uintptr_t>(&header)));
    MW_CHECK(bound.ok() && offsets.nro_opt.nro_status == 0);
    FindMemory(body.nr_offset);
    MW_CHECK(spare_.size() == body.nr_extra_bufs);
  }

  // What a program does after mmap(): its ring, and its spare buffers.
  void FindMemory(uint64_t interface_at) {
    region_ = static_cast<PlainPageSpace*>(*session_->Map(0, 1))->base();
    netmap_if* const interface = reinterpret_cast<netmap_if*>(region_ + interface_at);
    // Rings of both directions are followed by one for the host.
    const uint32_t entry = row_.path == Path::kTx ? 0 : 2;
    ring_ = reinterpret_cast<netmap_ring*>(reinterpret_cast<char*>(interface) +
                                           interface->ring_ofs[entry]);
    MW_CHECK(ring_->num_slots == kRingSlots);
    for (uint32_t i = interface->ni_bufs_head; i != 0;) {
      spare_.push_back(i);
      std::memcpy(&i, BufferAt(i), sizeof(i));
    }
    const DeviceAddress descriptors =
        row_.path == Path::kTx ? driver_.tx().descriptors : driver_.rx().descriptors;
    descriptors_ = static_cast<Descriptor*>(PlainDma::Back(descriptors));
    head_word_ = static_cast<uint32_t*>(PlainDma::Back(driver_.tx().head_write_back));
  }

  bool small() const { return row_.family == Family::kE1000; }
  bool with_offsets() const { return row_.variant == Variant::kOffsets; }
  char* BufferAt(uint32_t buffer) const {
    return reinterpret_cast<char*>(ring_) + ring_->buf_ofs + uint64_t{buffer} * ring_->nr_buf_size;
  }
  // What the descriptor of slot `i` must say.
  uint64_t AddressOf(uint32_t i) const {
    const uint64_t offset = with_offsets() ? OffsetFor(i) : 0;
    return PlainDma::Of(BufferAt(ring_->slot[i].buf_idx)).value() + offset;
  }
  bool EndsFrame(uint32_t in_batch) const { return (in_batch + 1) % FragmentsOf(row_) == 0; }

  // The program's part, the same for a frame to send and for a slot to give back.
  void FillSlot(uint32_t i) {
    netmap_slot& slot = ring_->slot[i];
    slot.flags = 0;
    if (row_.variant == Variant::kBufferChanged) {
      std::swap(slot.buf_idx, spare_[next_spare_]);
      next_spare_ = (next_spare_ + 1) % spare_.size();
      slot.flags = NS_BUF_CHANGED;
    }
    if (with_offsets()) slot.ptr = OffsetFor(i);
  }

  void TxStep(bool measured) {
    // All that was sent is done: the device writes its head.
    const uint32_t done = probe_.Register(PlainDriver::kTxTail);
    if (small()) {
      if (sent_) descriptors_[ring::Prev(done, kRingSlots)].q1 |= e1000::TxLegacy::Dd::kMask;
    } else {
      *head_word_ = done;
    }
    sent_ = true;
    const uint32_t first = ring_->head;
    uint32_t slot = first;
    for (uint32_t i = 0; i < row_.slots(); ++i, slot = ring::Next(slot, kRingSlots)) {
      MW_CHECK(slot != ring_->tail);
      FillSlot(slot);
      ring_->slot[slot].len = static_cast<uint16_t>(kFrameBytes + i % 3);
      if (!EndsFrame(i)) ring_->slot[slot].flags |= NS_MOREFRAG;
    }
    ring_->head = ring_->cur = slot;
    const Status status = measured ? probe_.TxSync(*session_) : session_->TxSync();
    MW_CHECK(status.ok());
    MW_CHECK(probe_.Register(PlainDriver::kTxTail) == slot);
    MW_CHECK(ring_->head == slot && ring_->tail == ring::Prev(done, kRingSlots));
    CheckSent(first);
  }

  void CheckSent(uint32_t first) const {
    uint32_t frame_bytes = 0;
    uint32_t frame_start = first;
    for (uint32_t i = 0; i < row_.slots(); ++i) {
      const uint32_t at = ring::Advance(first, i, kRingSlots);
      const uint32_t bytes = kFrameBytes + i % 3;
      const bool end = EndsFrame(i);
      const uint64_t word = descriptors_[at].q1;
      const bool crosses = frame_start / kHalf != ring::Next(at, kRingSlots) / kHalf;
      MW_CHECK(ring_->slot[at].flags == 0 && ring_->slot[at].len == bytes);
      MW_CHECK(descriptors_[at].q0 == AddressOf(at));
      if (small()) {
        const bool report = end && (crosses || i + 1 == row_.slots());
        using E = e1000::TxLegacy;
        MW_CHECK(word == (bytes | E::Ifcs::kMask | E::Eop::Make(end) | E::Rs::Make(report)));
        if (end) frame_start = ring::Next(at, kRingSlots);
        continue;
      }
      MW_CHECK(TxData::Dtalen::Get(word) == bytes && TxData::Dd::Get(word) == 0);
      MW_CHECK(TxData::Dtyp::Get(word) == 3 && TxData::Dext::Get(word) == 1);
      MW_CHECK(TxData::Eop::Get(word) == (end ? 1 : 0));
      frame_bytes += bytes;
      if (!end) {
        MW_CHECK(TxData::Rs::Get(word) == 0);
        continue;
      }
      // A report is asked for where the sync ends and where a half of the ring does.
      const bool report = crosses || i + 1 == row_.slots();
      MW_CHECK(TxData::Rs::Get(word) == (report ? 1 : 0));
      MW_CHECK(TxData::Paylen::Get(descriptors_[frame_start].q1) == frame_bytes);
      MW_CHECK(TxData::Ifcs::Get(descriptors_[frame_start].q1) == 1);
      frame_bytes = 0;
      frame_start = ring::Next(at, kRingSlots);
    }
  }

  void RxStep(bool measured) {
    // The program gives back all it was shown...
    const uint32_t shown = ring_->tail;
    for (uint32_t i = ring_->head; i != shown; i = ring::Next(i, kRingSlots)) FillSlot(i);
    ring_->head = ring_->cur = shown;
    // ... while the device receives one batch more, in order.
    for (uint32_t i = 0; i < row_.slots(); ++i) {
      Receive(ring::Advance(device_head_, i, kRingSlots), i);
    }
    const Status status = measured ? probe_.RxSync(*session_) : session_->RxSync();
    MW_CHECK(status.ok());
    MW_CHECK(ring_->ts.tv_sec == 1 && ring_->head == shown);
    for (uint32_t i = 0; i < row_.slots(); ++i) {
      const netmap_slot& slot = ring_->slot[ring::Advance(device_head_, i, kRingSlots)];
      MW_CHECK(slot.len == kFrameBytes + i % 3);
      MW_CHECK(slot.flags == (EndsFrame(i) ? 0 : NS_MOREFRAG));
    }
    device_head_ = ring::Advance(device_head_, row_.slots(), kRingSlots);
    MW_CHECK(ring_->tail == device_head_);
    MW_CHECK(probe_.Register(PlainDriver::kRxTail) == ring::Prev(shown, kRingSlots));
  }

  // The device: looks at what it was given and writes back over it.
  void Receive(uint32_t at, uint32_t in_batch) {
    Descriptor& descriptor = descriptors_[at];
    MW_CHECK(at != probe_.Register(PlainDriver::kRxTail));
    MW_CHECK(descriptor.q1 == 0);
    // Before the first turn is over, slots have the offset of their binding.
    const uint64_t first_turn = with_offsets() && ring_->slot[at].ptr == 1 ? OffsetFor(at) - 1 : 0;
    MW_CHECK(descriptor.q0 == AddressOf(at) - first_turn);
    const uint32_t bytes = kFrameBytes + in_batch % 3;
    if (small()) {
      using E = e1000::RxLegacy;
      descriptor.q1 = E::Dd::kMask | E::Length::Make(bytes) | E::Checksum::Make(0xBEEF) |
                      E::Eop::Make(EndsFrame(in_batch));
      return;
    }
    descriptor.q0 = ~uint64_t{0};
    descriptor.q1 = RxWriteBack::Dd::Make(1) | RxWriteBack::PktLen::Make(bytes);
    if (EndsFrame(in_batch)) descriptor.q1 |= RxWriteBack::Eop::Make(1);
  }

  const Row row_;
  Probe& probe_;
  PlainWorld world_;
  PlainDma dma_;
  PlainDriver driver_;
  control::Control control_{world_, {.global_region = kRegion}};
  nic::NicPort* port_ = nullptr;
  control::Session* session_ = nullptr;

  // The program's view.
  char* region_ = nullptr;
  netmap_ring* ring_ = nullptr;
  std::vector<uint32_t> spare_;
  size_t next_spare_ = 0;
  // The device's view.
  Descriptor* descriptors_ = nullptr;
  uint32_t* head_word_ = nullptr;
  uint32_t device_head_ = 0;
  bool sent_ = false;
};

}  // namespace

uint32_t Row::syncs() const {
  const uint32_t whole_turns = std::lcm(slots(), kRingSlots) / slots();
  const uint32_t least = kMeasuredTurns * kRingSlots / slots();
  return (least + whole_turns - 1) / whole_turns * whole_turns;
}

const char* Row::path_name() const {
  if (family == Family::kE1000) return path == Path::kTx ? "txsync-e1000" : "rxsync-e1000";
  return path == Path::kTx ? "txsync" : "rxsync";
}

const char* Row::variant_name() const {
  switch (variant) {
    case Variant::kPlain:
      return "plain";
    case Variant::kBufferChanged:
      return "buf_changed";
    case Variant::kOffsets:
      return "offsets";
    case Variant::kFrames3:
      return "frames3";
  }
  return "unknown";
}

std::string Row::name() const {
  return std::string(path_name()) + " " + std::to_string(batch) + " " + variant_name();
}

std::vector<Row> AllRows() {
  std::vector<Row> rows;
  for (const Family family : {Family::kIxgbe, Family::kE1000}) {
    for (const Path path : {Path::kTx, Path::kRx}) {
      for (const uint32_t batch : {1u, 32u, 256u}) {
        for (const Variant variant :
             {Variant::kPlain, Variant::kBufferChanged, Variant::kOffsets, Variant::kFrames3}) {
          const Row row{path, batch, variant, family};
          if (row.slots() != 0) rows.push_back(row);
        }
      }
    }
  }
  return rows;
}

void RunRow(const Row& row, Probe& probe) {
  Bench bench(row, probe);
  bench.Run();
}

}  // namespace mapwire::cost
