#include "testing/proof/stage.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/nic/ring_loop.h"
#include "platform_backend/untrusted.h"

namespace mapwire::proof {

using kit::Program;
using ring::Direction;
using ring::Ring;

std::function<std::string()> Stage::describe;

void Fail(const std::string& what) {
  std::fprintf(stderr, "proof: %s\n", what.c_str());
  if (Stage::describe) std::fprintf(stderr, "  %s\n", Stage::describe().c_str());
  std::abort();
}

namespace {

constexpr uint32_t kTxTail = 0x100;
constexpr uint32_t kRxTail = 0x200;
constexpr uint32_t kStride = 0x40;

control::Parameters SmallRegion() {
  control::Parameters parameters;
  parameters.global_region = {{{1024, 12}, {1024, 8}, {kBufferBytes, kBuffers}}};
  return parameters;
}

void Promise(bool held, const char* what) {
  if (!held) Fail(what);
}

}  // namespace

// --- The device ----------------------------------------------------------------------------------

nic::DriverInfo TinyNic::Info() {
  nic::DriverInfo info = nic::InfoForTest("tiny", kPairs);
  info.min_descriptors = info.descriptor_multiple = kSlots;
  info.min_frame_bytes = ixgbe::Codec::kMinFrameBytes;
  info.max_frame_bytes = ixgbe::Codec::kMaxFrameBytes;
  info.max_fragments = ixgbe::Codec::kMaxFragments;
  info.rx_buffer_step = 64;
  return info;
}

Result<uint32_t> TinyNic::StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) {
  Access();
  queues_[queue].tx = {static_cast<Descriptor*>(dma_.Coherent(setup.descriptors.value())),
                       setup.count, 0, 0};
  queues_[queue].write_back =
      static_cast<volatile uint32_t*>(dma_.Coherent(setup.head_write_back.value()));
  return kTxTail + queue * kStride;
}

Result<uint32_t> TinyNic::StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) {
  Access();
  queues_[queue].rx = {static_cast<Descriptor*>(dma_.Coherent(setup.descriptors.value())),
                       setup.count, 0, 0};
  queues_[queue].rx_bytes = setup.buffer_bytes;
  return kRxTail + queue * kStride;
}

Status TinyNic::StopTxQueue(uint16_t queue) {
  Access();
  queues_[queue].tx = Half();
  queues_[queue].write_back = nullptr;
  return kOkStatus;
}

Status TinyNic::StopRxQueue(uint16_t queue) {
  Access();
  queues_[queue].rx = Half();
  return kOkStatus;
}

Status TinyNic::Start(const nic::DriverConfig&) {
  Access();
  forgetful_ = false;
  return gone_ ? Errno::kIo : Errno::kOk;
}

Status TinyNic::Stop() {
  Access();
  for (Queue& queue : queues_) queue = Queue();
  return kOkStatus;
}

void TinyNic::Forget() {
  for (Queue& queue : queues_) queue = Queue();
  forgetful_ = true;
}

nic::DeviceHealth TinyNic::Check() {
  Access();
  if (gone_) return nic::DeviceHealth::kGone;
  return forgetful_ ? nic::DeviceHealth::kForgetful : nic::DeviceHealth::kGood;
}

nic::InterruptReport TinyNic::Interrupt(uint16_t) {
  Access();
  nic::InterruptReport report;
  raised_ = false;
  report.gone = gone_;
  report.link_changed = link_changed_;
  link_changed_ = false;
  for (uint16_t pair = 0; pair < kPairs; ++pair) {
    Queue& queue = queues_[pair];
    if (!queue.armed) continue;
    if (queue.tx_event) report.tx_queues |= uint64_t{1} << pair;
    if (queue.rx_event) report.rx_queues |= uint64_t{1} << pair;
    if (queue.tx_event || queue.rx_event) queue.armed = false;
    queue.tx_event = queue.rx_event = false;
  }
  Access();
  return report;
}

void TinyNic::Arm(uint16_t queue) {
  Access();
  queues_[queue].armed = true;
  Raise(queues_[queue]);
  Access();
}

void TinyNic::Raise(Queue& queue) {
  if (queue.armed && (queue.tx_event || queue.rx_event)) raised_ = true;
}

uint32_t TinyNic::Read32(uint32_t) {
  Access();
  return gone_ ? ~0u : 0;
}

void TinyNic::Write32(uint32_t offset, uint32_t value) {
  Access();
  const bool tx = offset < kRxTail;
  const uint32_t pair = (offset - (tx ? kTxTail : kRxTail)) / kStride;
  if (pair >= kPairs) Fail("a write to no register");
  Half& half = tx ? queues_[pair].tx : queues_[pair].rx;
  // One that has forgotten, or is gone, hears nothing.
  if (forgetful_ || gone_) return;
  if (half.descriptors == nullptr) Fail("a doorbell of a queue that is off");
  if (value >= half.count) Fail("a tail beyond the descriptors");
  half.tail = value;
  ++doorbells_;
  if (tx && sends_at_once) Send(static_cast<uint16_t>(pair));
  Access();
}

char* TinyNic::Judge(uint64_t address, uint64_t bytes, const char* what) const {
  void* const known = dma_.Translate(address);
  if (known == nullptr) Fail(std::string(what) + ": an address that is not mapped");
  char* const real = platform::RealAddress(static_cast<char*>(known));
  const auto lies_in = [real](const memory::Region& region) {
    const char* const base = static_cast<char*>(sim::PageSource::RealBase(region.pages()));
    return real >= base && real < base + sim::PageSource::bytes(region.pages());
  };
  const memory::Region* region = &region_;
  if (host_ != nullptr && host_->region() != nullptr && lies_in(*host_->region())) {
    region = host_->region();
  }
  const char* const base = static_cast<char*>(sim::PageSource::RealBase(region->pages()));
  const auto pool = region->Geometry().value().pool(memory::PoolKind::kBuffers);
  const uint64_t offset = static_cast<uint64_t>(real - base) - pool.offset;
  const uint64_t buffer = offset / region->buffer_bytes();
  if (buffer < memory::kReservedBuffers || buffer >= pool.object_count) {
    Fail(std::string(what) + ": not a buffer that anybody may use");
  }
  if (offset % region->buffer_bytes() + bytes > region->buffer_bytes()) {
    Fail(std::string(what) + ": bytes beyond the buffer");
  }
  return real;
}

uint32_t TinyNic::Send(uint16_t pair, uint32_t most) {
  using ixgbe::TxData;
  Queue& queue = queues_[pair];
  Half& tx = queue.tx;
  uint32_t frames = 0;
  uint64_t total = 0;
  uint64_t announced = 0;
  uint32_t parts = 0;
  bool report = false;
  for (; tx.descriptors != nullptr && tx.head != tx.tail && most > 0; --most) {
    const Descriptor& descriptor = tx.descriptors[tx.head];
    const uint64_t bytes = TxData::Dtalen::Get(descriptor.q1);
    if (bytes == 0) Fail("a transmit descriptor of no bytes");
    const char* const data = Judge(descriptor.q0, bytes, "transmit");
    if (parts++ == 0) {
      announced = TxData::Paylen::Get(descriptor.q1);
      queue.fill = static_cast<uint8_t>(data[0]);
    }
    if (parts > ixgbe::Codec::kMaxFragments) Fail("a frame of too many descriptors");
    total += bytes;
    tx.head = ring::Next(tx.head, tx.count);
    if (TxData::Rs::Get(descriptor.q1) != 0) report = true;
    if (TxData::Eop::Get(descriptor.q1) == 0) continue;
    if (total != announced) Fail("a frame whose parts are not what was announced");
    if (total < ixgbe::Codec::kMinFrameBytes || total > ixgbe::Codec::kMaxFrameBytes) {
      Fail("a frame of a length the device refuses");
    }
    queue.bytes = static_cast<uint32_t>(total);
    ++frames;
    ++queue.frames;
    parts = 0;
    total = 0;
  }
  if (parts != 0 && most > 0) Fail("the tail in the middle of a frame");
  if (report) {
    *queue.write_back = tx.head;
    queue.tx_event = true;
    Raise(queue);
  }
  return frames;
}

bool TinyNic::Receive(uint16_t pair, uint32_t bytes, uint8_t fill) {
  using ixgbe::RxWriteBack;
  Queue& queue = queues_[pair];
  Half& rx = queue.rx;
  if (rx.descriptors == nullptr || rx.head == rx.tail || !link_.up) return false;
  // Every buffer the device has been given must be good, not only the next.
  for (uint32_t i = rx.head; i != rx.tail; i = ring::Next(i, rx.count)) {
    Judge(rx.descriptors[i].q0, queue.rx_bytes, "receive");
  }
  Descriptor& descriptor = rx.descriptors[rx.head];
  std::memset(Judge(descriptor.q0, queue.rx_bytes, "receive"), fill, bytes);
  descriptor.q1 =
      RxWriteBack::Dd::Make(1) | RxWriteBack::Eop::Make(1) | RxWriteBack::PktLen::Make(bytes);
  rx.head = ring::Next(rx.head, rx.count);
  queue.rx_event = true;
  Raise(queue);
  return true;
}

// --- The stage -----------------------------------------------------------------------------------

Stage::Stage(sim::Chooser& chooser, sim::PlainStack* stack)
    : control(environment, SmallRegion()),
      nic(dma_, control.regions().global()),
      suspect(control),
      neighbour(control),
      stranger(control),
      chooser_(chooser),
      previous_hooks_(platform::SetHooks(this)),
      dma_(environment.faults()),
      stack_(stack) {
  environment.sleeper().on_delay = [this](uint64_t) {
    if (on_wait) on_wait({});
  };
  nic.on_access = [this] { YieldNow(); };
  environment.pages().recycles = true;
  const nic::NicPortConfig config = {
      .driver = {.queue_pairs = kPairs, .tx_slots = kSlots, .rx_slots = kSlots}};
  Result<nic::NicPort*> port =
      nic::NicPort::Create(environment, "em0", shared_region(), nic, nic::kRingLoop<ixgbe::Codec>,
                           platform::Mmio(&nic), dma_, config, stack);
  Promise(port.ok(), "no port");
  port_ = port.value();
  Promise(port_->Start().ok() && control.AddPort(*port_).ok(), "the port does not start");
  const memory::RegionRequest request = {{{1024, 2}, {1024, 8}, {kBufferBytes, 32}}};
  private_region_ = control.CreateRegion(request).value();
  if (stack_ == nullptr) return;
  nic.SetHost(*port_->host());
  stack_->SetPort(*port_);
  Promise(port_->OpenHost().ok(), "the host does not get the port");
  stack_->set_open(true);
}

Stage::~Stage() {
  on_load = nullptr;
  on_yield = nullptr;
  on_wait = nullptr;
  suspect.Close();
  neighbour.Close();
  stranger.Close();
  if (stack_ != nullptr) {
    stack_->set_open(false);
    port_->CloseHost();
  }
  Promise(shared_region().users() == 0, "a region has users that are gone");
  Promise(private_region_->users() == 0, "a region has users that are gone");
  Promise(dma_.maps() == 0, "memory is mapped for a device that nobody uses");
  Promise(dma_.coherent() == 0, "descriptors are left");
  control.RemovePort(*port_);
  port_->Stop();
  nic::NicPort::Destroy(environment, port_);
  platform::SetHooks(previous_hooks_);
}

Status Stage::Bind(Program& program, uint16_t pair, uint32_t extra_buffers, uint32_t max_offset) {
  program.reg = kit::Registration(NR_REG_ONE_NIC, 0, pair);
  program.reg.nr_extra_bufs = extra_buffers;
  if (max_offset == 0) return program.Register("em0", program.reg);
  nmreq_opt_offsets offsets{};
  offsets.nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
  offsets.nro_max_offset = max_offset;
  offsets.nro_offset_bits = 16;
  const UserAddress option =
      program.AddOption(offsets.nro_opt, reinterpret_cast<char*>(&offsets) + sizeof(nmreq_option),
                        sizeof(offsets) - sizeof(nmreq_option));
  return program.Register("em0", program.reg, {option});
}

void Stage::BindOthers() {
  Promise(Bind(neighbour, 1).ok(), "the neighbour cannot bind");
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    netmap_ring* const shared = Shared(neighbour, direction);
    for (uint32_t i = 0; i < kSlots; ++i) {
      std::memset(neighbour.Buffer(shared, shared->slot[i].buf_idx), 0x40 + static_cast<int>(i),
                  kBufferBytes);
    }
  }
  stranger.reg = kit::Registration(NR_REG_NULL);
  stranger.reg.nr_mem_id = private_region_->id();
  stranger.reg.nr_tx_rings = stranger.reg.nr_rx_rings = 1;
  stranger.reg.nr_tx_slots = stranger.reg.nr_rx_slots = kSlots;
  Promise(stranger.Register("own", stranger.reg).ok(), "the stranger cannot bind");
  for (netmap_ring* const shared : {stranger.tx(0), stranger.rx(0)}) {
    for (uint32_t i = 0; i < kSlots; ++i) {
      std::memset(stranger.Buffer(shared, shared->slot[i].buf_idx), 0x60 + static_cast<int>(i),
                  kBufferBytes);
    }
  }
}

netmap_ring* Stage::Shared(Program& program, Direction direction) {
  const uint16_t pair = program.reg.nr_ringid;
  return direction == Direction::kTx ? program.tx(pair) : program.rx(pair);
}

void Stage::Fill(Program& program, uint16_t, uint32_t slots, uint8_t fill, uint32_t bytes) {
  netmap_ring* const shared = Shared(program, Direction::kTx);
  uint32_t head = shared->head;
  for (uint32_t i = 0; i < slots; ++i, head = (head + 1) % kSlots) {
    netmap_slot& slot = shared->slot[head];
    std::memset(program.Buffer(shared, slot.buf_idx), fill, bytes);
    slot.len = static_cast<uint16_t>(bytes);
    slot.flags = 0;
    slot.ptr = 0;
  }
  shared->head = shared->cur = head;
}

void Stage::Return(Program& program, uint16_t, uint32_t slots) {
  netmap_ring* const shared = Shared(program, Direction::kRx);
  shared->head = shared->cur = (shared->head + slots) % kSlots;
}

std::string Stage::NeighbourRings() {
  std::string bytes;
  if (!neighbour.bound()) return bytes;
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    bytes.append(reinterpret_cast<const char*>(Shared(neighbour, direction)),
                 sizeof(netmap_ring) + kSlots * sizeof(netmap_slot));
  }
  return bytes;
}

std::string Stage::NeighbourBuffers() {
  std::string bytes;
  if (!neighbour.bound()) return bytes;
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    const uint32_t* const buffers = ring(direction, 1).known_buffers();
    for (uint32_t i = 0; i < kSlots; ++i) {
      bytes.append(neighbour.Buffer(Shared(neighbour, direction), buffers[i]), kBufferBytes);
    }
  }
  return bytes;
}

std::string Stage::StrangerBytes() {
  constexpr uint64_t kPage = 4096;
  std::string bytes;
  if (!stranger.bound()) return bytes;
  const platform::PageSpace* const pages = private_region_->pages();
  for (uint64_t at = 0; at < sim::PageSource::bytes(pages); at += kPage) {
    if (!sim::PageSource::IsCommitted(pages, at)) continue;
    bytes.append(static_cast<char*>(sim::PageSource::RealBase(pages)) + at, kPage);
  }
  return bytes;
}

void Stage::Remember() {
  remembers_ = true;
  neighbour_rings_ = NeighbourRings();
  neighbour_buffers_ = NeighbourBuffers();
  stranger_bytes_ = StrangerBytes();
}

void Stage::JudgeRing(Ring& ring) {
  if (!ring.created()) return;
  const uint32_t n = ring.num_slots();
  Promise(n == kSlots, "a ring whose size has changed");
  for (const uint32_t index :
       {ring.hwcur(), ring.hwtail(), ring.rhead(), ring.rcur(), ring.rtail()}) {
    Promise(index < n, "an index out of its ring");
  }
  // hwcur <= rhead <= rcur <= rtail, and rtail == hwtail after a sync.
  const uint32_t head = ring::Distance(ring.hwcur(), ring.rhead(), n);
  const uint32_t cur = ring::Distance(ring.hwcur(), ring.rcur(), n);
  const uint32_t tail = ring::Distance(ring.hwcur(), ring.rtail(), n);
  Promise(head <= cur && cur <= tail, "head, cur and tail out of order");
  for (uint32_t i = 0; i < n; ++i) {
    Promise(shared_region().IsUsableBuffer(ring.known_buffers()[i]),
            "a slot is known by a buffer that is none");
  }
}

void Stage::Judge(const Deeds& deeds) {
  for (uint16_t pair = 0; pair < kPairs; ++pair) {
    JudgeRing(ring(Direction::kTx, pair));
    JudgeRing(ring(Direction::kRx, pair));
  }
  if (remembers_ && !deeds.wrote_rings) {
    Promise(NeighbourRings() == neighbour_rings_, "rings of the neighbour have changed");
  }
  if (remembers_ && !deeds.wrote_rings && !deeds.named_buffers) {
    Promise(NeighbourBuffers() == neighbour_buffers_, "buffers of the neighbour have changed");
  }
  // A suspect that has joined the stranger's region has its rings there.
  const bool joined = suspect.bound() && suspect.session().region() == private_region_;
  if (remembers_ && !joined) {
    Promise(StrangerBytes() == stranger_bytes_, "memory of another region has changed");
  }
  // Judges each descriptor.
  nic.Send(0);
}

uint64_t Stage::Violations() {
  uint64_t sum = 0;
  for (uint16_t pair = 0; pair < kPairs; ++pair) {
    for (const Direction direction : {Direction::kTx, Direction::kRx}) {
      for (const uint64_t count : ring(direction, pair).violations().count) sum += count;
    }
  }
  return sum;
}

void Stage::JudgeNeighbourWorks() {
  Fill(neighbour, 1, 1, 0x77);
  Promise(neighbour.session().TxSync().ok(), "the neighbour cannot send");
  Promise(nic.Send(1) == 1 && nic.last_fill(1) == 0x77 && nic.last_bytes(1) == 60,
          "the neighbour's frame is not what it sent");
  Promise(nic.Receive(1, 100, 0x78), "the neighbour has no room");
  Promise(neighbour.session().RxSync().ok(), "the neighbour cannot receive");
  netmap_ring* const shared = Shared(neighbour, Direction::kRx);
  const netmap_slot& slot = shared->slot[shared->head];
  Promise(shared->head != shared->tail && slot.len == 100 &&
              neighbour.Buffer(shared, slot.buf_idx)[99] == 0x78,
          "the neighbour does not get its frame");
  Return(neighbour, 1, 1);
  Promise(neighbour.session().RxSync().ok(), "the neighbour cannot give its slot back");
}

void Stage::JudgeSuspectRecovers() {
  netmap_ring* tx = Shared(suspect, Direction::kTx);
  Ring& truth = ring(Direction::kTx, 0);
  // It mends its slots: an unfinished frame stays until the program has done that.
  for (uint32_t i = 0; i < kSlots; ++i) {
    tx->slot[i] = {.buf_idx = truth.known_buffers()[i], .len = 60, .flags = 0, .ptr = 0};
  }
  tx->head = tx->cur = truth.rhead();
  Promise(suspect.session().TxSync().ok(), "a program that behaves again is refused");
  nic.Send(0);
  Promise(suspect.session().TxSync().ok(), "a program that behaves again is refused");
  Promise(truth.hwtail() == ring::Prev(truth.hwcur(), kSlots), "transmit slots do not come back");
  const uint64_t violations = Violations();
  Fill(suspect, 0, 1, 0x79);
  Promise(suspect.session().TxSync().ok(), "a program that behaves again is refused");
  Promise(nic.Send(0) == 1, "the frame of a program that behaves is not sent");

  netmap_ring* rx = Shared(suspect, Direction::kRx);
  Ring& received = ring(Direction::kRx, 0);
  for (uint32_t i = 0; i < kSlots; ++i) {
    rx->slot[i].buf_idx = received.known_buffers()[i];
    rx->slot[i].flags = 0;
    rx->slot[i].ptr = 0;
  }
  rx->head = rx->cur = received.rtail();
  Promise(suspect.session().RxSync().ok(), "a program that behaves again is refused");
  rx->head = rx->cur = received.rtail();
  Promise(suspect.session().RxSync().ok(), "a program that behaves again is refused");
  Promise(nic.Receive(0, 90, 0x7a), "the suspect has no room for a frame");
  Promise(suspect.session().RxSync().ok(), "a program that behaves again is refused");
  Promise(rx->head != rx->tail && rx->slot[rx->head].len == 90,
          "the frame for a program that behaves does not arrive");
  Promise(violations == Violations(), "a program that behaves again is blamed");
}

void Stage::UntrustedLoad(void* address, size_t bytes) {
  ++loads_;
  if (on_load) on_load(static_cast<char*>(address), bytes);
  YieldNow();
}

void Stage::WaitForLock(const void* lock) {
  if (!on_wait) Fail("a lock that nobody will release");
  waited_locks_.push_back(lock);
  on_wait([this, lock] {
    return std::find(waited_locks_.begin(), waited_locks_.end(), lock) == waited_locks_.end();
  });
}

void Stage::LockReleased(const void* lock) {
  std::erase(waited_locks_, lock);
  YieldNow();
}

void Stage::CheckFailed(const char* file, int line, const char* condition) {
  Fail(std::string(file) + ":" + std::to_string(line) + ": " + condition);
}

}  // namespace mapwire::proof
