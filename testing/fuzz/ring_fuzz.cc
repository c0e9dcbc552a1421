// One queue pair of a card under a hostile program: positions and slots are anything, and change
// under core's hands. The device is honest or not. The ring loop and the 82599's descriptors are
// the real ones; the device is played here, from what it was handed at the doorbells.
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/nic/driver_for_test.h"
#include "core/nic/nic_port.h"
#include "core/nic/ring_loop.h"
#include "core/platform/check.h"
#include "drivers/ixgbe/ixgbe_desc.h"
#include "testing/fuzz/fuzz.h"
#include "testing/fuzz/hostile_loads.h"
#include "testing/fuzz/script.h"
#include "testing/kit/program.h"

namespace mapwire::fuzz {
namespace {

using ixgbe::Codec;
using kit::Program;
using memory::PoolKind;
using port::Direction;
using ring::Advance;
using ring::Distance;
using ring::Ring;
using ring::Rule;

using Descriptor = Codec::Descriptor;

// --- The device ----------------------------------------------------------------------------------

// A device's view of memory that can be read back: buffers, and where descriptors are.
class Dma final : public platform::DmaSpace {
 public:
  explicit Dma(kit::FaultPlan& faults) : space_(faults) {}

  Result<DeviceAddress> Map(void* address, uint64_t bytes) override {
    return space_.Map(address, bytes);
  }
  void Unmap(DeviceAddress device, uint64_t bytes) override { space_.Unmap(device, bytes); }
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override {
    const platform::CoherentMemory memory = space_.AllocateCoherent(bytes);
    coherent_[memory.device.value()] = memory.address;
    return memory;
  }
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override {
    coherent_.erase(memory.device.value());
    space_.FreeCoherent(memory, bytes);
  }

  void* Coherent(DeviceAddress device) const { return coherent_.at(device.value()); }
  // Core's address of a mapped byte, or null.
  void* Translate(uint64_t device) const { return space_.Translate(device); }

 private:
  kit::FakeDmaSpace space_;
  std::map<uint64_t, void*> coherent_;
};

// A card with one queue pair. Takes what the doorbells hand over, and checks it on the spot.
class Card final : public nic::DriverForTest, public platform::MmioTarget {
 public:
  static constexpr uint32_t kTxTail = 0x100;
  static constexpr uint32_t kRxTail = 0x140;

  struct Queue {
    Descriptor* ring = nullptr;
    uint32_t count = 0;
    uint32_t head = 0;  // the next one the device works on
    uint32_t tail = 0;
    std::vector<Descriptor> given;  // as they were at the doorbell
    volatile uint32_t* head_word = nullptr;
    uint32_t buffer_bytes = 0;
  };

  explicit Card(kit::FaultPlan& faults) : DriverForTest(Info()), dma_(faults) {}

  static nic::DriverInfo Info() {
    nic::DriverInfo info = nic::InfoForTest("fuzz", 1);
    info.min_frame_bytes = Codec::kMinFrameBytes;
    info.max_frame_bytes = Codec::kMaxFrameBytes;
    info.max_fragments = Codec::kMaxFragments;
    return info;
  }

  Dma& dma() { return dma_; }
  void Attach(const memory::Region& region) { region_ = &region; }

  // ---- NicDriver ----
  Result<uint32_t> StartTxQueue(uint16_t, const nic::TxQueueSetup& setup) override {
    tx = Queue();
    Setup(tx, setup.descriptors, setup.count);
    tx.head_word = static_cast<uint32_t*>(dma_.Coherent(setup.head_write_back));
    return kTxTail;
  }
  Result<uint32_t> StartRxQueue(uint16_t, const nic::RxQueueSetup& setup) override {
    rx = Queue();
    Setup(rx, setup.descriptors, setup.count);
    rx.buffer_bytes = setup.buffer_bytes;
    return kRxTail;
  }
  Status StopTxQueue(uint16_t) override {
    tx = Queue();
    return kOkStatus;
  }
  Status StopRxQueue(uint16_t) override {
    rx = Queue();
    return kOkStatus;
  }
  nic::InterruptReport Interrupt(uint16_t) override { return {.link_changed = true}; }
  nic::LinkState link() const override { return {.up = link_up, .mbps = 10000}; }

  // ---- Registers ----
  uint32_t Read32(uint32_t) override { MW_CHECK(!"the data path reads a register"); }
  void Write32(uint32_t offset, uint32_t value) override {
    MW_CHECK(offset == kTxTail || offset == kRxTail);
    Queue& queue = offset == kTxTail ? tx : rx;
    MW_CHECK(value < queue.count);
    // Never past what the device has finished, unless it lied about that.
    MW_CHECK(lied || Distance(queue.head, queue.tail, queue.count) <=
                         Distance(queue.head, value, queue.count));
    const uint32_t from = queue.tail;
    for (; queue.tail != value; queue.tail = ring::Next(queue.tail, queue.count)) {
      queue.given[queue.tail] = queue.ring[queue.tail];
      if (offset == kRxTail) CheckExtent(queue.given[queue.tail].q0, queue.buffer_bytes);
    }
    if (offset == kTxTail) CheckFrames(from, value);
  }

  // ---- What the device does ----

  // Sends what `descriptors` say, at most, and reports where it is.
  void Send(uint32_t descriptors) {
    const uint32_t given = Distance(tx.head, tx.tail, tx.count);
    tx.head = Advance(tx.head, std::min(descriptors, given), tx.count);
    *tx.head_word = tx.head;
  }
  // One frame of `bytes` bytes; false if there is no room.
  bool Receive(uint32_t bytes) {
    const uint32_t needed = (bytes + rx.buffer_bytes - 1) / rx.buffer_bytes;
    if (needed == 0 || needed > Distance(rx.head, rx.tail, rx.count)) return false;
    for (uint32_t left = bytes; left != 0;) {
      const uint32_t part = std::min(left, rx.buffer_bytes);
      left -= part;
      void* const at = dma_.Translate(rx.given[rx.head].q0);
      std::memset(platform::RealAddress(static_cast<char*>(at)), 0xda, part);
      WriteBack(rx.head, part, left == 0);
      rx.head = ring::Next(rx.head, rx.count);
    }
    return true;
  }
  void WriteBack(uint32_t position, uint32_t bytes, bool end) {
    using Wb = ixgbe::RxWriteBack;
    rx.ring[position] = {0, Wb::Dd::Make(1) | Wb::Eop::Make(end) | Wb::PktLen::Make(bytes)};
  }

  Queue tx;
  Queue rx;
  bool link_up = true;
  bool lied = false;          // in a write-back
  uint64_t frames_given = 0;  // to transmit

 private:
  void Setup(Queue& queue, DeviceAddress descriptors, uint32_t count) {
    queue.ring = static_cast<Descriptor*>(dma_.Coherent(descriptors));
    queue.count = count;
    queue.given.assign(count, {});
  }

  // The bytes lie in one buffer that a program may use.
  void CheckExtent(uint64_t address, uint64_t bytes) const {
    char* const at = static_cast<char*>(dma_.Translate(address));
    MW_CHECK(at != nullptr && bytes != 0);
    const memory::RegionGeometry geometry = region_->Geometry().value();
    const memory::PoolGeometry& pool = geometry.pool(PoolKind::kBuffers);
    const char* const base = static_cast<char*>(sim::PageSource::RealBase(region_->pages()));
    const uint64_t offset = static_cast<uint64_t>(platform::RealAddress(at) - base);
    MW_CHECK(offset >= pool.offset);
    const uint64_t index = (offset - pool.offset) / pool.object_bytes;
    MW_CHECK(index < pool.object_count && region_->IsUsableBuffer(static_cast<uint32_t>(index)));
    MW_CHECK((offset - pool.offset) % pool.object_bytes + bytes <= pool.object_bytes);
  }

  // Whole frames as the 82599 wants them, the last one reported.
  void CheckFrames(uint32_t from, uint32_t to) {
    using D = ixgbe::TxData;
    uint64_t promised = 0;
    uint64_t total = 0;
    uint32_t fragments = 0;
    bool reported = true;
    for (uint32_t i = from; i != to; i = ring::Next(i, tx.count)) {
      const Descriptor& d = tx.given[i];
      MW_CHECK(D::Dtyp::Get(d.q1) == 3 && D::Dext::Get(d.q1) == 1 && D::Dd::Get(d.q1) == 0);
      if (fragments == 0) {
        MW_CHECK(D::Ifcs::Get(d.q1) == 1);
        promised = D::Paylen::Get(d.q1);
      }
      CheckExtent(d.q0, D::Dtalen::Get(d.q1));
      total += D::Dtalen::Get(d.q1);
      MW_CHECK(++fragments <= Codec::kMaxFragments);
      reported = D::Rs::Get(d.q1) == 1;
      if (D::Eop::Get(d.q1) == 0) continue;
      MW_CHECK(total == promised);
      MW_CHECK(total >= Codec::kMinFrameBytes && total <= Codec::kMaxFrameBytes);
      ++frames_given;
      fragments = 0;
      total = 0;
    }
    MW_CHECK(fragments == 0 && reported);
  }

  Dma dma_;
  const memory::Region* region_ = nullptr;
};

// --- The world -----------------------------------------------------------------------------------

struct Shape {
  uint32_t tx_slots;
  uint32_t rx_slots;
  uint32_t buffer_bytes;
};

control::Parameters ParametersFor(const Shape& shape) {
  const uint32_t buffers = shape.tx_slots + shape.rx_slots + 16;
  return {.global_region = {{{1024, 10}, {8192, 4}, {shape.buffer_bytes, buffers}}}};
}

// A card, its port and the program that has all of it.
class Machine {
 public:
  Machine(kit::TestEnvironment& environment, control::Control& control, const char* name,
          memory::Region& region, const Shape& shape)
      : environment_(environment), control_(control), card(environment.faults()) {
    nic::NicPortConfig config;
    config.driver.tx_slots = shape.tx_slots;
    config.driver.rx_slots = shape.rx_slots;
    port_ = nic::NicPort::Create(environment, name, region, card, nic::kRingLoop<Codec>,
                                 platform::Mmio(&card), card.dma(), config)
                .value();
    MW_CHECK(port_->Start().ok());
    MW_CHECK(control.AddPort(*port_).ok());
    card.Attach(region);
    program = std::make_unique<Program>(control);
  }
  ~Machine() {
    program.reset();
    MW_CHECK(port_->users() == 0 && card.tx.ring == nullptr && card.rx.ring == nullptr);
    control_.RemovePort(*port_);
    port_->Stop();
    nic::NicPort::Destroy(environment_, port_);
  }

  Ring& ring(Direction direction) { return port_->ring(direction, 0); }
  netmap_ring* shared(Direction direction) const {
    return direction == Direction::kTx ? program->tx(0) : program->rx(0);
  }
  nic::NicPort& port() { return *port_; }

 private:
  kit::TestEnvironment& environment_;
  control::Control& control_;
  nic::NicPort* port_ = nullptr;

 public:
  Card card;
  std::unique_ptr<Program> program;
};

// A machine in a region of its own, whose program does nothing wrong and has stopped for a moment.
class Neighbour {
 public:
  Neighbour(kit::TestEnvironment& environment, control::Control& control)
      : region_(*control.CreateRegion({{{1024, 10}, {4096, 4}, {2048, 24}}}).value()),
        machine_(environment, control, "nic1", region_, {8, 8, 2048}) {
    MW_CHECK(machine_.program->Register("nic1").ok());
    Exchange();
    before_ = Bytes();
  }
  void CheckUntouched() {
    MW_CHECK(Bytes() == before_);
    MW_CHECK(machine_.ring(Direction::kTx).violations().total() == 0);
    MW_CHECK(machine_.ring(Direction::kRx).violations().total() == 0);
    Exchange();
  }

 private:
  void Exchange() {
    Program& program = *machine_.program;
    netmap_ring* const tx = program.tx(0);
    netmap_ring* const rx = program.rx(0);
    const uint64_t sent = machine_.card.frames_given;
    for (int i = 0; i < 3; ++i) {
      std::memset(program.Buffer(tx, tx->slot[tx->head].buf_idx), 0x5a, 60);
      tx->slot[tx->head].len = 60;
      tx->head = tx->cur = ring::Next(tx->head, tx->num_slots);
      MW_CHECK(machine_.card.Receive(100));
    }
    MW_CHECK(program.session().TxSync().ok());
    MW_CHECK(machine_.card.frames_given == sent + 3);
    machine_.card.Send(3);
    MW_CHECK(program.session().TxSync().ok());
    MW_CHECK(program.session().RxSync().ok());
    MW_CHECK(Distance(rx->head, rx->tail, rx->num_slots) == 3);
    rx->head = rx->cur = rx->tail;
    MW_CHECK(program.session().RxSync().ok());
  }
  std::vector<char> Bytes() const {
    const platform::PageSpace* const pages = region_.pages();
    const char* const base = static_cast<char*>(sim::PageSource::RealBase(pages));
    std::vector<char> bytes;
    for (uint64_t at = 0; at < sim::PageSource::bytes(pages); at += memory::kPageBytes) {
      if (!sim::PageSource::IsCommitted(pages, at)) continue;
      bytes.insert(bytes.end(), base + at, base + at + memory::kPageBytes);
    }
    return bytes;
  }

  memory::Region& region_;
  Machine machine_;
  std::vector<char> before_;
};

// --- The story -----------------------------------------------------------------------------------

class Story {
 public:
  explicit Story(Script& script)
      : script_(script),
        shape_(DrawShape(script)),
        parameters_(ParametersFor(shape_)),
        control_(environment_, parameters_),
        neighbour_(environment_, control_),
        machine_(environment_, control_, "nic0", control_.regions().global(), shape_) {
    bound_ = Bind();
  }

  void Run() {
    if (!bound_) return;
    for (uint32_t step = 0; step < 200 && !script_.empty(); ++step) Step();
    loads_.Disarm();
    if (!machine_.card.lied) Heal();
    neighbour_.CheckUntouched();
  }

 private:
  static constexpr Direction kBoth[] = {Direction::kTx, Direction::kRx};

  static Shape DrawShape(Script& script) {
    constexpr uint32_t kSlots[] = {8, 16, 24, 64, 256};
    constexpr uint32_t kBuffers[] = {2048, 1024, 4096, 65536};
    const uint32_t tx = script.OneOf(kSlots);
    const uint32_t rx = script.OneOf(kSlots);
    return {tx, rx, script.OneOf(kBuffers)};
  }

  // All rings, with offsets if the script wants them; false if core refused what was asked.
  bool Bind() {
    Program& program = *machine_.program;
    program.reg = kit::Registration(NR_REG_ALL_NIC);
    if (!script_.Flip()) {
      MW_CHECK(program.Register("nic0", program.reg).ok());
      return true;
    }
    constexpr uint64_t kMost[] = {0, 1, 64, 128, 1024, 2048, 4096};
    constexpr uint64_t kBits[] = {64, 0, 8, 16, 12};
    nmreq_opt_offsets wanted{};
    wanted.nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
    wanted.nro_max_offset = script_.OneOf(kMost);
    wanted.nro_initial_offset = script_.Flip() ? wanted.nro_max_offset : 0;
    wanted.nro_offset_bits = script_.OneOf(kBits);
    wanted.nro_min_gap = script_.OneOf(kMost);
    const UserAddress at = program.memory.Put(wanted);
    const Status status = program.Register("nic0", program.reg, {at});
    MW_CHECK(status.ok() || status.error() == Errno::kInvalid);
    return status.ok();
  }

  void Step() {
    const Direction direction = script_.Flip() ? Direction::kRx : Direction::kTx;
    switch (script_.Below(12)) {
      case 0:
        return MovePositions(direction);
      case 1:
        return WriteSlot(direction, script_.Below(65536));
      case 2:
        return SendFrames();
      case 3:
        return TakeFrames();
      case 4:
        return ArmAttack();
      case 5:
      case 6:
        return Sync(direction);
      case 7:
        return Poll();
      case 8:
        return machine_.card.Send(script_.Below(256));
      case 9:
        for (uint32_t i = script_.Below(16); i != 0; --i) {
          static_cast<void>(machine_.card.Receive(60 + script_.Below(9669)));
        }
        return;
      case 10:
        return script_.Flip() ? ChangeLink() : WriteAnywhere(direction);
      case 11:
        return Lie();
    }
  }

  // ---- The program ----

  uint32_t AnyPosition(Direction direction) {
    const Ring& ring = machine_.ring(direction);
    const uint32_t slots = ring.num_slots();
    switch (script_.Below(6)) {
      case 0:
        return machine_.shared(direction)->tail;
      case 1:
        return Advance(ring.rhead(), script_.Below(256) % slots, slots);
      case 2:
        return ring::Prev(ring.rhead(), slots);
      case 3:
        return slots;
      case 4:
        return script_.Below(65536);
      default:
        return script_.Word();
    }
  }
  void MovePositions(Direction direction) {
    netmap_ring* const ring = machine_.shared(direction);
    const uint32_t position = AnyPosition(direction);
    const uint32_t what = script_.Below(3);
    if (what != 1) ring->head = position;
    if (what != 2) ring->cur = position;
  }

  uint32_t AnyBuffer() {
    const memory::Region& region = control_.regions().global();
    switch (script_.Below(4)) {
      case 0:
        return script_.Below(region.buffer_count());
      case 1:
        return region.buffer_count() + script_.Below(2);
      case 2:
        return script_.Below(3);
      default:
        return script_.Word();
    }
  }
  uint16_t AnyLength() {
    const uint32_t whole = shape_.buffer_bytes;
    constexpr uint16_t kLengths[] = {60, 16, 17, 0, 1, 9728, 9729, 65535, 1514};
    switch (script_.Below(4)) {
      case 0:
        return script_.OneOf(kLengths);
      case 1:
        return static_cast<uint16_t>(whole);
      case 2:
        return static_cast<uint16_t>(whole + 1);
      default:
        return static_cast<uint16_t>(script_.Below(65536));
    }
  }
  uint16_t AnyFlags() {
    constexpr uint16_t kFlags[] = {0,
                                   NS_MOREFRAG,
                                   NS_BUF_CHANGED,
                                   NS_REPORT,
                                   NS_MOREFRAG | NS_REPORT,
                                   NS_MOREFRAG | NS_BUF_CHANGED,
                                   0xffff};
    return script_.Below(8) == 7 ? static_cast<uint16_t>(script_.Below(65536))
                                 : script_.OneOf(kFlags);
  }
  uint64_t AnyOffset() { return script_.Flip() ? script_.Below(4097) : script_.LongWord(); }
  void WriteSlot(Direction direction, uint32_t which) {
    // From head on, where core will look.
    const Ring& ring = machine_.ring(direction);
    netmap_slot& slot =
        machine_.shared(direction)
            ->slot[Advance(ring.hwcur(), which % ring.num_slots(), ring.num_slots())];
    const uint32_t what = script_.Below(16);
    if ((what & 1) != 0) slot.buf_idx = AnyBuffer();
    if ((what & 2) != 0) slot.len = AnyLength();
    if ((what & 4) != 0) slot.flags = AnyFlags();
    if ((what & 8) != 0) slot.ptr = AnyOffset();
  }

  // Frames that are right, or nearly: one kind, up to all the room there is.
  void SendFrames() {
    netmap_ring* const tx = machine_.shared(Direction::kTx);
    const uint32_t slots = shape_.tx_slots;
    if (tx->head >= slots || tx->tail >= slots) return;
    const uint32_t fragments = 1 + (script_.Flip() ? script_.Below(48) : 0);
    const uint16_t length = script_.Flip() ? AnyLength() : 60;
    const uint16_t flags = script_.Flip() ? AnyFlags() : 0;
    uint32_t room = Distance(tx->head, tx->tail, slots);
    uint32_t at = tx->head;
    for (uint32_t frames = 1 + script_.Below(64); frames != 0 && room >= fragments; --frames) {
      for (uint32_t i = 0; i < fragments; ++i, --room, at = ring::Next(at, slots)) {
        tx->slot[at].len = length;
        const int more = i + 1 < fragments ? NS_MOREFRAG : 0;
        tx->slot[at].flags = static_cast<uint16_t>(flags | more);
      }
    }
    tx->head = tx->cur = at;
  }
  void TakeFrames() {
    netmap_ring* const rx = machine_.shared(Direction::kRx);
    const uint32_t slots = shape_.rx_slots;
    if (rx->head >= slots || rx->tail >= slots) return;
    const uint32_t come = Distance(rx->head, rx->tail, slots);
    rx->head = rx->cur = Advance(rx->head, come == 0 ? 0 : script_.Below(come + 1), slots);
  }

  void ArmAttack() {
    const uint32_t loads = script_.Below(256);
    const Direction direction = script_.Flip() ? Direction::kRx : Direction::kTx;
    switch (script_.Below(3)) {
      case 0:
        return loads_.Arm(loads, AnyPosition(direction), 4);
      case 1: {
        const uint64_t buffer = AnyBuffer();
        const uint64_t length = AnyLength();
        return loads_.Arm(loads, buffer | length << 32 | uint64_t{AnyFlags()} << 48, 8);
      }
      default:
        return loads_.Arm(loads, script_.LongWord(), 8);
    }
  }

  // The rings' headers and the netmap_if are the program's to ruin. Where its rings are, this
  // program remembers from the netmap_if, so that stays.
  void WriteAnywhere(Direction direction) {
    char* const header = reinterpret_cast<char*>(machine_.shared(direction));
    const uint32_t at = script_.Below(256) & ~3u;
    if (at < 8) return;
    const uint32_t value = script_.Word();
    std::memcpy(header + at, &value, sizeof(value));
  }

  // ---- The device ----

  void ChangeLink() {
    machine_.card.link_up = !machine_.card.link_up;
    machine_.port().HandleInterrupt(1);
  }
  void Lie() {
    Card& card = machine_.card;
    card.lied = true;
    if (script_.Flip()) {
      *card.tx.head_word = script_.Flip() ? script_.Word() : script_.Below(shape_.tx_slots + 1);
      return;
    }
    // Only what it was given: it may not spoil what core is about to give.
    const uint32_t given = Distance(card.rx.head, card.rx.tail, shape_.rx_slots);
    if (given == 0) return;
    const uint32_t position = Advance(card.rx.head, script_.Below(given), shape_.rx_slots);
    if (script_.Flip()) return card.WriteBack(position, script_.Below(65536), script_.Flip());
    const uint64_t address = script_.LongWord();
    const uint64_t rest = script_.LongWord();
    card.rx.ring[position] = {address, rest};
  }

  // ---- Syncs, and what must hold after each ----

  // What core held before a sync, and what the program told it.
  struct Before {
    uint32_t hwcur;
    uint32_t rhead;
    uint32_t rtail;
    uint64_t violations;
    uint64_t loads;
  };

  Before Look(Direction direction) {
    const Ring& ring = machine_.ring(direction);
    return {ring.hwcur(), ring.rhead(), ring.rtail(), ring.violations().total(), loads_.loads()};
  }

  void Sync(Direction direction) {
    netmap_ring* const shared = machine_.shared(direction);
    loads_.Watch(0, &shared->head);
    loads_.Watch(1, &shared->cur);
    loads_.ForgetSeen();
    const Before before = Look(direction);
    const bool tx = direction == Direction::kTx;
    control::Session& session = machine_.program->session();
    MW_CHECK((tx ? session.TxSync() : session.RxSync()).ok());
    CheckRings();
    const Ring& ring = machine_.ring(direction);
    MW_CHECK(shared->tail == ring.rtail());
    MW_CHECK(loads_.loads() - before.loads <= 16 + 8 * uint64_t{ring.num_slots()});
    MW_CHECK(loads_.seen(0).loads == 1 && loads_.seen(1).loads == 1);
    const Rule rule = RuleBroken(ring, before, loads_.seen(0).value, loads_.seen(1).value);
    if (rule == Rule::kNone) return;
    MW_CHECK(ring.violations().total() > before.violations);
    MW_CHECK(!tx || ring.hwcur() == before.hwcur);
    MW_CHECK(shared->head == ring.hwcur() && shared->cur == ring.hwcur());
  }

  // The first rule about positions that these two break.
  static Rule RuleBroken(const Ring& ring, const Before& before, uint32_t head, uint32_t cur) {
    const uint32_t slots = ring.num_slots();
    if (head >= slots) return Rule::kHeadRange;
    if (cur >= slots) return Rule::kCurRange;
    const uint32_t room = Distance(before.rhead, before.rtail, slots);
    if (Distance(before.rhead, head, slots) > room) return Rule::kHeadWindow;
    if (Distance(head, cur, slots) > Distance(head, before.rtail, slots)) return Rule::kCurWindow;
    return Rule::kNone;
  }

  void Poll() {
    const uint32_t events = script_.Below(8);
    const uint64_t loads = loads_.loads();
    const uint64_t violations = Violations();
    const uint64_t slots = shape_.tx_slots + shape_.rx_slots;
    uint32_t asked = 0;
    if ((events & 1) != 0) asked |= control::kPollIn;
    if ((events & 2) != 0) asked |= control::kPollOut;
    const uint32_t ready = machine_.program->session().Poll(asked, nullptr, (events & 4) != 0);
    MW_CHECK((ready & ~(asked | control::kPollErr)) == 0);
    MW_CHECK((ready & control::kPollErr) == 0 || Violations() > violations);
    MW_CHECK(loads_.loads() - loads <= 2 * (16 + 8 * slots));
    CheckRings();
  }
  uint64_t Violations() {
    uint64_t sum = 0;
    for (const Direction direction : kBoth) sum += machine_.ring(direction).violations().total();
    return sum;
  }

  // Indices in range, and in the circle hwcur <= rhead <= rcur <= rtail.
  void CheckRings() {
    for (const Direction direction : kBoth) {
      const Ring& ring = machine_.ring(direction);
      const uint32_t slots = ring.num_slots();
      MW_CHECK(slots == (direction == Direction::kTx ? shape_.tx_slots : shape_.rx_slots));
      MW_CHECK(ring.hwcur() < slots && ring.hwtail() < slots && ring.rtail() == ring.hwtail());
      const uint32_t head = Distance(ring.hwcur(), ring.rhead(), slots);
      const uint32_t cur = Distance(ring.hwcur(), ring.rcur(), slots);
      const uint32_t tail = Distance(ring.hwcur(), ring.hwtail(), slots);
      MW_CHECK(ring.rhead() < slots && ring.rcur() < slots && head <= cur && cur <= tail);
    }
  }

  // ---- After the story ----

  // A program that mends its ways can use what it has: every slot sends and receives again.
  void Heal() {
    if (!machine_.card.link_up) ChangeLink();
    netmap_ring* const tx = machine_.shared(Direction::kTx);
    netmap_ring* const rx = machine_.shared(Direction::kRx);
    // What is wrong in the header is set back; an unfinished frame is finished.
    tx->head = tx->cur = rx->head = rx->cur = ~0u;
    Sync(Direction::kTx);
    Sync(Direction::kRx);
    machine_.card.Send(shape_.tx_slots);
    Sync(Direction::kTx);
    for (uint32_t i = 0; i < 2 * shape_.tx_slots; ++i) SendOne(*tx);
    rx->head = rx->cur = rx->tail;
    Sync(Direction::kRx);
    for (uint32_t i = 0; i < 2 * shape_.rx_slots; ++i) ReceiveOne(*rx);
  }
  void SendOne(netmap_ring& tx) {
    const uint64_t given = machine_.card.frames_given;
    netmap_slot& slot = tx.slot[tx.head];
    slot.len = 60;
    slot.flags = 0;
    slot.ptr = 0;
    tx.head = tx.cur = ring::Next(tx.head, shape_.tx_slots);
    Sync(Direction::kTx);
    MW_CHECK(machine_.card.frames_given == given + 1);
    machine_.card.Send(1);
    Sync(Direction::kTx);
  }
  void ReceiveOne(netmap_ring& rx) {
    MW_CHECK(machine_.card.Receive(60));
    Sync(Direction::kRx);
    MW_CHECK(Distance(rx.head, rx.tail, shape_.rx_slots) == 1);
    MW_CHECK(rx.slot[rx.head].len == 60);
    rx.slot[rx.head].ptr = 0;
    rx.head = rx.cur = rx.tail;
    Sync(Direction::kRx);
  }

  Script& script_;
  const Shape shape_;
  const control::Parameters parameters_;
  kit::TestEnvironment environment_;
  control::Control control_;
  HostileLoads loads_;
  Neighbour neighbour_;
  Machine machine_;
  bool bound_ = false;
};

}  // namespace

void Fuzz(const uint8_t* data, size_t size) {
  Script script(data, size);
  Story story(script);
  story.Run();
}

}  // namespace mapwire::fuzz
