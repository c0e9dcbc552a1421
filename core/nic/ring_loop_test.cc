// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The ring loop between a program and a device, both played here, over a codec as plain as can be.
// The program's view is struct netmap_ring; the device sees descriptors, one register and, to
// transmit, its head word, which it writes only where a report was asked for.
#include "core/nic/ring_loop.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "core/abi/freestanding.h"
#include "core/memory/region.h"
#include "sim/platform/sim/platform_backend/hooks.h"
#include "testing/cost/bench_world.h"

namespace mapwire::nic {
namespace {

using cost::PlainDma;
using cost::PlainWorld;
using memory::PoolKind;
using ring::Direction;
using ring::RingState;
using ring::SyncResult;

struct TestCodec {
  struct Descriptor {
    uint64_t address;
    uint64_t word;
  };
  using Completion = HeadWriteBack<TestCodec>;

  static constexpr uint32_t kMinFrameBytes = 17;
  static constexpr uint32_t kMaxFrameBytes = 9728;
  static constexpr uint32_t kMaxFragments = 40;

  // Transmit: length in bits 15:0, total of the frame in 47:32, and these.
  static constexpr uint64_t kFirst = uint64_t{1} << 60;
  static constexpr uint64_t kEnd = uint64_t{1} << 61;
  static constexpr uint64_t kReport = uint64_t{1} << 62;
  // Receive: length in bits 47:32, something else above it.
  static constexpr uint64_t kDone = 1;
  static constexpr uint64_t kRxEnd = 2;

  static void EncodeFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor = {address, length | uint64_t{length} << 32 | kFirst | kEnd};
  }
  static void EncodeReportedFrame(Descriptor& descriptor, uint64_t address, uint32_t length) {
    EncodeFrame(descriptor, address, length);
    RequestReport(descriptor);
  }
  static void EncodeFragment(Descriptor& descriptor, uint64_t address, uint32_t length) {
    descriptor = {address, length};
  }
  static void FinishFrame(Descriptor& first, Descriptor& last, uint32_t total) {
    first.word |= uint64_t{total} << 32 | kFirst;
    last.word |= kEnd;
  }
  static void RequestReport(Descriptor& last) { last.word |= kReport; }
  static uint64_t AddressOf(const Descriptor& descriptor) { return descriptor.address; }
  static uint32_t BytesOf(const Descriptor& descriptor) {
    return static_cast<uint16_t>(descriptor.word);
  }

  static uint64_t LoadStatus(const Descriptor& descriptor) { return descriptor.word; }
  static bool IsWhole(uint64_t status) { return (status & 3) == 3; }
  static bool IsDone(uint64_t status) { return (status & kDone) != 0; }
  static bool IsEnd(uint64_t status) { return (status & kRxEnd) != 0; }
  static uint32_t Length(uint64_t status) { return static_cast<uint16_t>(status >> 32); }
  static uint64_t LengthAndRest(uint64_t status) { return status >> 32; }
  static void EncodeRefill(Descriptor& descriptor, uint64_t address) { descriptor = {address, 0}; }
};

// The same for a device that sets a bit in the descriptors it has finished.
struct DoneCodec : TestCodec {
  using Completion = DoneBits<DoneCodec>;

  static constexpr uint64_t kSent = uint64_t{1} << 63;
  static bool IsSent(const Descriptor& descriptor) { return (descriptor.word & kSent) != 0; }
};

using Descriptor = TestCodec::Descriptor;

// Counts the barriers between memory and doorbells.
class Barriers final : public platform::Hooks {
 public:
  Barriers() : before_(platform::SetHooks(this)) {}
  ~Barriers() override { platform::SetHooks(before_); }
  void Ordered(platform::Order order) override {
    if (order == platform::Order::kDmaWrite) ++since_doorbell;
  }
  uint32_t since_doorbell = 0;

 private:
  platform::Hooks* const before_;
};

// The tail register. Each write to it is a doorbell, and D1 wants a barrier before each.
class Register final : public platform::MmioTarget {
 public:
  static constexpr uint32_t kOffset = 0x18;

  explicit Register(Barriers& barriers) : barriers_(barriers) {}

  uint32_t Read32(uint32_t) override {
    ADD_FAILURE() << "the ring loop read a register";
    return ~0u;
  }
  void Write32(uint32_t offset, uint32_t written) override {
    EXPECT_EQ(offset, kOffset);
    EXPECT_EQ(barriers_.since_doorbell, 1u) << "the card may see old descriptors";
    barriers_.since_doorbell = 0;
    value = written;
    ++writes;
  }
  void Reset() { value = writes = 0; }

  uint32_t value = 0;
  uint32_t writes = 0;

 private:
  Barriers& barriers_;
};

struct Setup {
  uint32_t slots = 16;
  uint32_t phase = 0;  // the slot of descriptor 0
  uint32_t buffer_bytes = 2048;
  uint32_t rx_buffer_bytes = 2048;
  uint64_t offset_mask = 0;
  uint32_t max_offset = 0;
  uint32_t initial_offset = 0;
  bool done_bits = false;  // transmit completion by done bits, not by a head
  bool synced = false;     // the device sees of buffers what it is told to look at, and no more
};

// Knows which bytes the device was given, and which the CPU was.
class OwnedDma final : public platform::DmaSpace {
 public:
  explicit OwnedDma(bool synced) : synced_(synced) {}

  Result<DeviceAddress> Map(void* address, uint64_t bytes) override {
    return plain_.Map(address, bytes);
  }
  void Unmap(DeviceAddress device, uint64_t bytes) override { plain_.Unmap(device, bytes); }
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override {
    return plain_.AllocateCoherent(bytes);
  }
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override {
    plain_.FreeCoherent(memory, bytes);
  }
  bool needs_sync() const override { return synced_; }
  void SyncForDevice(DeviceAddress device, uint64_t bytes, platform::DmaFlow flow) override {
    EXPECT_TRUE(synced_);
    given_[device.value()] = {bytes, flow};
  }
  void SyncForCpu(DeviceAddress device, uint64_t bytes) override {
    EXPECT_TRUE(synced_);
    taken_[device.value()] = bytes;
  }

  // Once for each time it was given.
  void DeviceReads(uint64_t device, uint64_t bytes) {
    Take(device, {bytes, platform::DmaFlow::kDeviceReads});
  }
  void DeviceWrites(uint64_t device, uint64_t bytes) {
    Take(device, {bytes, platform::DmaFlow::kDeviceWrites});
    taken_.erase(device);
  }
  bool CpuHas(uint64_t device, uint64_t bytes) const {
    if (!synced_) return true;
    const auto found = taken_.find(device);
    return found != taken_.end() && found->second == bytes;
  }

 private:
  using Given = std::pair<uint64_t, platform::DmaFlow>;

  void Take(uint64_t device, const Given& wanted) {
    if (!synced_) return;
    EXPECT_EQ(given_[device], wanted) << "the device sees something else";
    given_.erase(device);
  }

  const bool synced_;
  PlainDma plain_;
  std::map<uint64_t, Given> given_;
  std::map<uint64_t, uint64_t> taken_;
};

// A ring of a region, its queue, and the program that has it mapped.
class Bench {
 public:
  Bench(Direction direction, const Setup& setup)
      : setup_(setup),
        dma_(setup.synced),
        region_(world_, 1, memory::RegionKind::kGlobal,
                {{{1024, 16}, {32768, 4}, {setup.buffer_bytes, setup.slots + 64}}}),
        ring_(direction, 0) {
    EXPECT_TRUE(region_.AddUser().ok());
    map_ = *region_.AttachDevice(dma_);
    EXPECT_TRUE(ring_.Create(region_, world_, setup.slots).ok());
    EXPECT_TRUE(ring_.FillBuffers().ok());
    if (setup.offset_mask != 0) {
      const ring::OffsetRule rule{.mask = setup.offset_mask, .max = setup.max_offset};
      EXPECT_TRUE(ring_.SetOffsetRule(rule, setup.initial_offset, true).ok());
    }
    shared_ = static_cast<netmap_ring*>(region_.Address(PoolKind::kRings, ring_.object()));
    head_word_ = 0;
  }

  ~Bench() {
    StopQueue();
    memory::BufferHolder* const leaving[] = {&ring_};
    region_.ReleaseHolders(leaving, 1);
    ring_.Destroy(world_);
    region_.DetachDevice(map_);
    // Buffers a program took for itself are the region's again when nobody uses it.
    region_.RemoveUser();
  }

  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  uint32_t size() const { return setup_.slots; }
  netmap_slot& slot(uint32_t i) { return shared_->slot[i]; }
  netmap_ring& shared() { return *shared_; }
  Ring& ring() { return ring_; }
  Register& tail_register() { return register_; }
  Descriptor& descriptor(uint32_t i) { return memory_[i + 1]; }
  uint32_t& head_word() { return head_word_; }
  NicQueue& queue() { return *queue_; }
  std::atomic<bool>& carrier() { return carrier_; }
  const memory::Region& region() const { return region_; }
  OwnedDma& dma() { return dma_; }

  char* BufferAt(uint32_t buffer) {
    return static_cast<char*>(region_.Address(PoolKind::kBuffers, buffer));
  }
  uint64_t DeviceAddressOf(uint32_t buffer) { return PlainDma::Of(BufferAt(buffer)).value(); }
  // A buffer beside those of the ring.
  uint32_t NewBuffer() { return *region_.Allocate(PoolKind::kBuffers); }

  // Slot and descriptor numbers of what is at the same place.
  uint32_t SlotOf(uint32_t nic) const { return (nic + setup_.phase) % setup_.slots; }
  uint32_t NicOf(uint32_t slot) const {
    return (slot + setup_.slots - setup_.phase) % setup_.slots;
  }

  uint64_t Violations(Rule rule) const {
    return ring_.violations().count[static_cast<uint32_t>(rule)];
  }

  SyncResult Sync() { return ring_.Sync(); }
  SyncResult MoveHead(uint32_t slots) {
    shared_->head = shared_->cur = (shared_->head + slots) % size();
    return Sync();
  }

 protected:
  void StartQueue() {
    // Around the descriptors stands what would mislead.
    memory_.assign(size() + 2, {0xdead, ~uint64_t{0}});
    for (uint32_t i = 0; i < size(); ++i) descriptor(i).word = 0;
    head_word_ = 0;
    const QueueParameters parameters{
        .mmio = platform::Mmio(&register_),
        .tail_offset = Register::kOffset,
        .descriptors = &descriptor(0),
        .head_write_back = &head_word_,
        .count = size(),
        .dma = map_,
        .region = &region_,
        .rx_buffer_bytes = setup_.rx_buffer_bytes,
        .carrier = &carrier_,
    };
    const RingLoop& loop = setup_.done_bits ? kRingLoop<DoneCodec> : kRingLoop<TestCodec>;
    queue_ = (ring_.direction() == Direction::kTx ? loop.new_tx : loop.new_rx)(world_, parameters);
    ring_.Start(*queue_);
    queue_->Prime(ring_);
  }
  void StopQueue() {
    ring_.Stop();
    kRingLoop<TestCodec>.free_queue(world_, queue_);
    queue_ = nullptr;
  }

  const Setup setup_;

 private:
  PlainWorld world_;
  OwnedDma dma_;
  memory::Region region_;
  memory::DmaMap* map_ = nullptr;
  Ring ring_;
  netmap_ring* shared_ = nullptr;
  Barriers barriers_;
  Register register_{barriers_};
  std::vector<Descriptor> memory_;
  uint32_t head_word_ = 0;
  std::atomic<bool> carrier_{true};
  NicQueue* queue_ = nullptr;
};

struct Fragment {
  uint64_t address;
  uint32_t bytes;
  friend bool operator==(const Fragment&, const Fragment&) = default;
};
using Frame = std::vector<Fragment>;

// --- Transmit --------------------------------------------------------------------------------

class TxBench : public Bench {
 public:
  explicit TxBench(const Setup& setup = {}) : Bench(Direction::kTx, setup) {
    StartQueue();
    if (setup.phase == 0) return;
    // A queue that has sent `phase` slots makes way for one that begins at descriptor 0.
    for (uint32_t i = 0; i < setup.phase; ++i) slot(i).len = 60;
    EXPECT_EQ(MoveHead(setup.phase), SyncResult::kDone);
    Report(setup.phase);
    EXPECT_EQ(Sync(), SyncResult::kDone);
    StopQueue();
    StartQueue();
    tail_register().Reset();
  }

  // Puts one frame at head; fragments of the given lengths. Does not sync.
  Frame Put(const std::vector<uint32_t>& lengths) {
    Frame frame;
    for (size_t i = 0; i < lengths.size(); ++i) {
      const uint32_t at = shared().head;
      netmap_slot& s = slot(at);
      s.len = static_cast<uint16_t>(lengths[i]);
      s.flags |= i + 1 < lengths.size() ? NS_MOREFRAG : 0;
      frame.push_back({DeviceAddressOf(s.buf_idx), lengths[i]});
      shared().head = shared().cur = (at + 1) % size();
    }
    return frame;
  }
  SyncResult Send(const std::vector<uint32_t>& lengths) {
    Put(lengths);
    return Sync();
  }

  uint32_t Free() { return (shared().tail + size() - shared().head) % size(); }

  // The device takes at most `frames` frames from its tail register's side, in order, and writes
  // its head where a report is asked for.
  std::vector<Frame> Transmit(uint32_t frames) {
    std::vector<Frame> sent;
    while (sent.size() < frames && device_head_ != tail_register().value) {
      Frame frame;
      uint32_t total = 0;
      const uint64_t first = descriptor(device_head_).word;
      EXPECT_NE(first & TestCodec::kFirst, 0u);
      for (bool end = false; !end;) {
        EXPECT_TRUE(frame.empty() || device_head_ != tail_register().value) << "half a frame";
        const Descriptor& d = descriptor(device_head_);
        frame.push_back({d.address, static_cast<uint16_t>(d.word)});
        EXPECT_GT(frame.back().bytes, 0u);
        dma().DeviceReads(frame.back().address, frame.back().bytes);
        EXPECT_TRUE(frame.size() == 1 || (d.word & TestCodec::kFirst) == 0);
        total += frame.back().bytes;
        end = (d.word & TestCodec::kEnd) != 0;
        device_head_ = (device_head_ + 1) % size();
        if ((d.word & TestCodec::kReport) != 0) Report(device_head_);
      }
      EXPECT_EQ(static_cast<uint16_t>(first >> 32), total);
      EXPECT_GE(total, TestCodec::kMinFrameBytes);
      EXPECT_LE(total, TestCodec::kMaxFrameBytes);
      EXPECT_LE(frame.size(), TestCodec::kMaxFragments);
      sent.push_back(frame);
    }
    return sent;
  }

  // The device says that it has finished all before `head`.
  void Report(uint32_t head) {
    head_word() = setup_.done_bits ? ~0u : head;
    if (setup_.done_bits) descriptor((head + size() - 1) % size()).word |= DoneCodec::kSent;
  }

  bool Reported(uint32_t nic) { return (descriptor(nic).word & TestCodec::kReport) != 0; }

 private:
  uint32_t device_head_ = 0;
};

void ExpectUntouched(TxBench& bench) {
  EXPECT_EQ(bench.tail_register().writes, 0u);
  EXPECT_TRUE(bench.Transmit(1).empty());
}

TEST(TxRing, FramesArriveWholeAndInOrderWhateverTheirShape) {
  const bool holds = rc::check([] {
    const uint32_t slots = *rc::gen::element(8u, 16u, 64u, 1024u);
    const uint32_t phase = *rc::gen::inRange(0u, slots);
    const bool done_bits = *rc::gen::arbitrary<bool>();
    const bool synced = *rc::gen::arbitrary<bool>();
    TxBench bench({.slots = slots, .phase = phase, .done_bits = done_bits, .synced = synced});
    const uint32_t most = *rc::gen::element(1u, 3u, 6u);
    const uint32_t syncs = slots == 1024 ? 20 : 60;
    std::deque<Frame> expected;
    for (uint32_t sync = 0; sync < syncs; ++sync) {
      const uint32_t batch = *rc::gen::inRange(0u, slots);
      while (bench.Free() > slots - 1 - batch) {
        const uint32_t fragments = *rc::gen::inRange(1u, most + 1);
        if (fragments > bench.Free()) break;
        std::vector<uint32_t> lengths(fragments);
        for (uint32_t& length : lengths) length = *rc::gen::inRange(17u, 200u);
        // Now and then a slot of another kind, which takes another way.
        netmap_slot& first = bench.slot(bench.shared().head);
        switch (*rc::gen::inRange(0, 8)) {
          case 0:
            first.flags = NS_BUF_CHANGED;
            break;
          case 1:
            first.flags = NS_REPORT;
            break;
          case 2:
            first.flags = NS_REPORT | NS_BUF_CHANGED;
            break;
          default:
            break;
        }
        expected.push_back(bench.Put(lengths));
      }
      RC_ASSERT(bench.Sync() == SyncResult::kDone);
      for (const Frame& frame : bench.Transmit(*rc::gen::inRange(0u, slots))) {
        RC_ASSERT(!expected.empty());
        RC_ASSERT(frame == expected.front());
        expected.pop_front();
      }
    }
    // The rest goes out, everything is reported, and the program has all slots but one again.
    for (const Frame& frame : bench.Transmit(slots)) {
      RC_ASSERT(frame == expected.front());
      expected.pop_front();
    }
    RC_ASSERT(expected.empty());
    RC_ASSERT(bench.Sync() == SyncResult::kDone);
    RC_ASSERT(bench.Free() == slots - 1);
    for (uint32_t i = 0; i < slots; ++i) RC_ASSERT(bench.slot(i).flags == 0);
    RC_ASSERT(bench.ring().violations().total() == 0u);
  });
  EXPECT_TRUE(holds);
}

TEST(TxRing, ASyncWithNothingNewWritesNoRegister) {
  TxBench bench;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.tail_register().writes, 0u);
  bench.Put({60});
  bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.tail_register().writes, 1u);
}

TEST(TxRing, AFrameMayHaveFortySlotsAndNotOneMore) {
  for (const uint32_t phase : {0u, 7u, 30u, 63u}) {
    for (const uint32_t before : {0u, 5u, 31u}) {
      TxBench bench({.slots = 128, .phase = phase});
      for (uint32_t i = 0; i < before; ++i) bench.Put({60});
      EXPECT_EQ(bench.Send(std::vector<uint32_t>(40, 50)), SyncResult::kDone);
      EXPECT_EQ(bench.Transmit(100).size(), before + 1);
      bench.Put({60});
      EXPECT_EQ(bench.Send(std::vector<uint32_t>(41, 50)), SyncResult::kViolation);
      EXPECT_EQ(bench.Violations(Rule::kFrameFragments), 1u);
      EXPECT_EQ(bench.ring().violations().last.value, 41u);
      EXPECT_EQ(bench.Transmit(100).size(), 1u) << "what came before the bad frame is sent";
    }
  }
}

TEST(TxRing, AFrameBehindOthersOfSeveralSlotsMayNotHaveMoreEither) {
  TxBench bench({.slots = 128});
  bench.Put({50, 50});
  EXPECT_EQ(bench.Send(std::vector<uint32_t>(41, 50)), SyncResult::kViolation);
  EXPECT_EQ(bench.ring().violations().last.value, 41u);
  EXPECT_EQ(bench.Transmit(100).size(), 1u);
}

TEST(TxRing, AnUnfinishedFrameWaitsWithItsFlagsForTheRest) {
  for (const uint32_t phase : {0u, 5u, 6u, 7u, 8u, 13u, 14u, 15u}) {
    TxBench bench({.slots = 16, .phase = phase});
    const uint32_t first = bench.shared().head;
    Frame expected = bench.Put({100, 100, 100});
    bench.slot((first + 1) % 16).flags = NS_MOREFRAG | NS_REPORT | NS_BUF_CHANGED | 0x4;
    bench.slot((first + 2) % 16).flags = NS_MOREFRAG;
    EXPECT_EQ(bench.Sync(), SyncResult::kError);
    ExpectUntouched(bench);
    EXPECT_EQ(bench.Violations(Rule::kFrameUnfinished), 1u);
    EXPECT_EQ(bench.slot(first).flags & NS_MOREFRAG, NS_MOREFRAG);
    EXPECT_EQ(bench.slot((first + 1) % 16).flags & (NS_MOREFRAG | 0x4), NS_MOREFRAG | 0x4);
    EXPECT_EQ(bench.slot((first + 2) % 16).flags & NS_MOREFRAG, NS_MOREFRAG);
    for (const Fragment& fragment : bench.Put({100})) expected.push_back(fragment);
    bench.Put({70});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_TRUE(bench.Reported(3)) << "the report asked for before is not forgotten";
    const std::vector<Frame> sent = bench.Transmit(9);
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0], expected);
    EXPECT_EQ(bench.slot((first + 1) % 16).flags, 0x4);
  }
}

TEST(TxRing, FramesBeforeAnUnfinishedOneAreSentAndReported) {
  TxBench bench({.slots = 64});
  bench.Put({60});
  bench.Put({60, 60});
  bench.Put({60, 60});
  bench.slot(4).flags = NS_MOREFRAG;
  EXPECT_EQ(bench.Sync(), SyncResult::kError);
  EXPECT_EQ(bench.Transmit(9).size(), 2u);
  EXPECT_EQ(bench.Sync(), SyncResult::kError);
  EXPECT_EQ(bench.shared().tail, 2u) << "their slots came back: there was a report";
}

TEST(TxRing, RuntsArePaddedWithZerosInTheProgramsBuffer) {
  for (const uint32_t length : {1u, 14u, 15u, 16u}) {
    TxBench bench;
    char* const bytes = bench.BufferAt(bench.slot(0).buf_idx);
    std::memset(bytes, 0x5a, 32);
    EXPECT_EQ(bench.Send({length}), SyncResult::kDone);
    const std::vector<Frame> sent = bench.Transmit(2);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0][0].bytes, 17u);
    for (uint32_t i = 0; i < 32; ++i) EXPECT_EQ(bytes[i], i < length || i >= 17 ? 0x5a : 0) << i;
    EXPECT_EQ(bench.slot(0).len, length);
  }
}

TEST(TxRing, ARuntOfTwoSlotsIsPaddedInTheLast) {
  TxBench bench;
  EXPECT_EQ(bench.Send({9, 3}), SyncResult::kDone);
  const std::vector<Frame> sent = bench.Transmit(2);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0][0].bytes, 9u);
  EXPECT_EQ(sent[0][1].bytes, 8u);
}

TEST(TxRing, ARuntThatCannotBePaddedIsRefused) {
  TxBench bench({.offset_mask = 0xffff, .max_offset = 2048});
  bench.slot(0).ptr = 2032;
  EXPECT_EQ(bench.Send({16}), SyncResult::kViolation);
  EXPECT_EQ(bench.Violations(Rule::kFrameLength), 1u);
  ExpectUntouched(bench);
}

TEST(TxRing, LengthsAtTheLimits) {
  for (const uint32_t length : {17u, 18u, 2047u, 2048u}) {
    TxBench bench;
    EXPECT_EQ(bench.Send({length}), SyncResult::kDone);
    EXPECT_EQ(bench.Transmit(2).at(0).at(0).bytes, length);
    EXPECT_EQ(bench.ring().violations().total(), 0u);
  }
  for (const uint32_t length : {2049u, 9728u, 0xffffu}) {
    for (const bool second : {false, true}) {
      TxBench bench;
      EXPECT_EQ(
          bench.Send(second ? std::vector<uint32_t>{20, length} : std::vector<uint32_t>{length}),
          SyncResult::kDone);
      EXPECT_EQ(bench.Transmit(2).at(0).at(second ? 1 : 0).bytes, 2048u) << "cut to the buffer";
      EXPECT_EQ(bench.Violations(Rule::kLength), 1u);
      EXPECT_EQ(bench.ring().violations().last.value, length);
    }
  }
}

// In the midst of others frames take another way than alone.
TEST(TxRing, ASlotAmongOthersIsCutToTheBufferToo) {
  for (const std::vector<uint32_t>& lengths :
       {std::vector<uint32_t>{2048}, {2049}, {2048, 60}, {2049, 60}, {60, 2049, 60}}) {
    TxBench bench;
    bench.Put({60});
    bench.Put({60, 60});
    bench.Put(lengths);
    bench.Put({60});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    uint64_t cut = 0;
    const std::vector<Frame> sent = bench.Transmit(9);
    ASSERT_EQ(sent.size(), 4u);
    for (size_t i = 0; i < lengths.size(); ++i) {
      EXPECT_EQ(sent[2].at(i).bytes, std::min(lengths[i], 2048u));
      cut += lengths[i] > 2048;
    }
    EXPECT_EQ(bench.Violations(Rule::kLength), cut);
  }
  for (const uint16_t flags : {0, NS_BUF_CHANGED}) {
    TxBench bench;
    bench.Put({60});
    bench.slot(1).flags = flags;
    bench.Put({2049});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Transmit(2).at(1).at(0).bytes, 2048u);
  }
}

TEST(TxRing, TheLongestFrameIsTheDevices) {
  const std::vector<uint32_t> longest = {2048, 2048, 2048, 2048, 1536};
  {
    TxBench bench;
    EXPECT_EQ(bench.Send(longest), SyncResult::kDone);
    EXPECT_EQ(bench.Transmit(2).size(), 1u);
  }
  {
    TxBench bench;
    std::vector<uint32_t> longer = longest;
    ++longer.back();
    EXPECT_EQ(bench.Send(longer), SyncResult::kViolation);
    EXPECT_EQ(bench.Violations(Rule::kFrameLength), 1u);
    EXPECT_EQ(bench.ring().violations().last.value, 9729u);
    ExpectUntouched(bench);
  }
  TxBench bench({.buffer_bytes = 16384});
  EXPECT_EQ(bench.Send({9728}), SyncResult::kDone);
  EXPECT_EQ(bench.Transmit(2).at(0).at(0).bytes, 9728u);
  EXPECT_EQ(bench.Send({9729}), SyncResult::kViolation);
  EXPECT_EQ(bench.Violations(Rule::kFrameLength), 1u);
}

TEST(TxRing, ASlotWithoutBytesIsRefused) {
  for (const std::vector<uint32_t>& frame : {std::vector<uint32_t>{0}, {0, 60}, {60, 0}}) {
    TxBench bench;
    EXPECT_EQ(bench.Send(frame), SyncResult::kViolation);
    EXPECT_EQ(bench.Violations(Rule::kLengthZero), 1u);
    ExpectUntouched(bench);
    bench.slot(0).flags = 0;
    EXPECT_EQ(bench.Send({60}), SyncResult::kDone);
    EXPECT_EQ(bench.Transmit(2).size(), 1u);
  }
}

TEST(TxRing, ABadBufferIndexIsRefusedAndTheSlotRepaired) {
  for (const bool sliced : {false, true}) {
    for (const uint32_t which : {0u, 1u, 2u, 3u, 4u}) {
      TxBench bench({.slots = 16});
      const uint32_t count = bench.region().buffer_count();
      const uint32_t bad[] = {0, 1, count - 1, count, ~uint32_t{0}};
      const uint32_t good = bench.slot(4).buf_idx;
      bench.Put({60});
      bench.Put({60, 60});
      bench.Put(sliced ? std::vector<uint32_t>{60, 60} : std::vector<uint32_t>{60});
      bench.slot(sliced ? 4 : 3).buf_idx = bad[which];
      bench.slot(sliced ? 4 : 3).flags = NS_BUF_CHANGED;
      bench.Put({60});
      EXPECT_EQ(bench.Sync(), SyncResult::kViolation);
      EXPECT_EQ(bench.Violations(Rule::kBufferIndex), 1u);
      EXPECT_EQ(bench.ring().violations().last.value, bad[which]);
      EXPECT_EQ(bench.shared().head, 3u) << "head goes back to the frame that was refused";
      EXPECT_EQ(bench.slot(4).buf_idx, good);
      EXPECT_EQ(bench.Transmit(9).size(), 2u);
      EXPECT_EQ(bench.Sync(), SyncResult::kDone);
      EXPECT_EQ(bench.Free(), 15u) << "what was sent is reported";
    }
  }
}

TEST(TxRing, ABadBufferIndexAloneAndWithoutAFlagIsRefused) {
  for (const uint32_t which : {0u, 1u, 2u, 3u, 4u}) {
    TxBench bench;
    const uint32_t count = bench.region().buffer_count();
    const uint32_t bad[] = {0, 1, count - 1, count, ~uint32_t{0}};
    const uint32_t good = bench.slot(0).buf_idx;
    bench.slot(0).buf_idx = bad[which];
    bench.slot(0).len = 60;
    EXPECT_EQ(bench.MoveHead(1), SyncResult::kViolation);
    EXPECT_EQ(bench.Violations(Rule::kBufferIndex), 1u);
    EXPECT_EQ(bench.slot(0).buf_idx, good);
    ExpectUntouched(bench);
  }
}

TEST(TxRing, ABufferChangedBehindTheFlagsIsStillTheOneSent) {
  TxBench bench;
  const uint32_t other = bench.NewBuffer();
  const uint32_t third = bench.NewBuffer();
  bench.slot(0).buf_idx = other;  // without NS_BUF_CHANGED
  bench.slot(1).buf_idx = third;
  bench.slot(1).flags = NS_BUF_CHANGED;
  const Frame frames[] = {bench.Put({60}), bench.Put({61})};
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  const std::vector<Frame> sent = bench.Transmit(9);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0], frames[0]);
  EXPECT_EQ(sent[1], frames[1]);
  EXPECT_EQ(bench.ring().known_buffers()[0], other);
  EXPECT_EQ(bench.ring().known_buffers()[1], third);
  EXPECT_EQ(bench.slot(1).flags, 0);
}

TEST(TxRing, OffsetsMoveTheAddressUpToTheirMaximum) {
  for (const uint32_t fragments : {1u, 2u}) {
    for (const uint64_t offset : {0, 1, 127, 128, 129, 0xffff}) {
      TxBench bench({.offset_mask = 0xffff, .max_offset = 128});
      const Frame plain = bench.Put(std::vector<uint32_t>(fragments, 60));
      for (uint32_t i = 0; i < fragments; ++i) bench.slot(i).ptr = 0xabcd0000 | offset;
      EXPECT_EQ(bench.Sync(), SyncResult::kDone);
      const std::vector<Frame> sent = bench.Transmit(2);
      ASSERT_EQ(sent.size(), 1u);
      for (uint32_t i = 0; i < fragments; ++i) {
        EXPECT_EQ(sent[0][i].address, plain[i].address + std::min<uint64_t>(offset, 128));
        EXPECT_EQ(sent[0][i].bytes, 60u);
      }
      EXPECT_EQ(bench.Violations(Rule::kOffset), offset > 128 ? fragments : 0u);
    }
  }
}

TEST(TxRing, OfAnOddSlotOnlyTheBitsOfTheOffsetCountToo) {
  TxBench bench({.offset_mask = 0xffff, .max_offset = 128});
  bench.slot(0).ptr = 0xabcd0040;
  bench.slot(0).flags = NS_REPORT;
  const Frame plain = bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Transmit(2).at(0).at(0).address, plain[0].address + 64);
  EXPECT_EQ(bench.Violations(Rule::kOffset), 0u);
}

TEST(TxRing, OffsetAndLengthTogetherStayInTheBuffer) {
  struct Case {
    uint32_t buffer_bytes, max_offset, offset, length, sent;
  };
  for (const Case& c :
       {Case{2048, 128, 128, 1920, 1920}, Case{2048, 128, 128, 1921, 1920},
        Case{2048, 128, 0, 2048, 2048}, Case{2048, 2040, 8, 2040, 2040},
        // More room for offsets than the longest frame: nothing may wrap.
        Case{16384, 12000, 12000, 9000, 4384}, Case{16384, 16384, 16000, 9000, 384}}) {
    TxBench bench(
        {.buffer_bytes = c.buffer_bytes, .offset_mask = 0xffff, .max_offset = c.max_offset});
    bench.slot(0).ptr = c.offset;
    EXPECT_EQ(bench.Send({c.length}), SyncResult::kDone);
    EXPECT_EQ(bench.Transmit(2).at(0).at(0).bytes, c.sent) << c.offset << " " << c.length;
    EXPECT_EQ(bench.Violations(Rule::kLength), c.sent == c.length ? 0u : 1u);
  }
}

TEST(TxRing, ReportsAreAskedForAtTheEndOfASyncAndOfEachHalf) {
  TxBench bench({.slots = 16});
  for (uint32_t i = 0; i < 12; ++i) bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  for (uint32_t i = 0; i < 12; ++i) EXPECT_EQ(bench.Reported(i), i == 7 || i == 11) << i;
  bench.Transmit(12);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  for (uint32_t i = 12; i < 18; ++i) bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  for (uint32_t i = 12; i < 18; ++i) EXPECT_EQ(bench.Reported(i % 16), i == 15 || i == 17) << i;
}

TEST(TxRing, AFrameAcrossAHalfIsReportedAtItsEnd) {
  TxBench bench({.slots = 16});
  bench.Put({60, 60, 60});
  bench.Put({60, 60, 60});
  bench.Put({60, 60, 60});  // 6 .. 8: across the half
  bench.Put({60, 60, 60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  for (uint32_t i = 0; i < 12; ++i) EXPECT_EQ(bench.Reported(i), i == 8 || i == 11) << i;
}

TEST(TxRing, AReportTheProgramWantsIsAskedFor) {
  TxBench bench({.slots = 16});
  for (uint32_t i = 0; i < 6; ++i) bench.Put({60});
  bench.slot(2).flags = NS_REPORT;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  for (uint32_t i = 0; i < 6; ++i) EXPECT_EQ(bench.Reported(i), i == 2 || i == 5) << i;
  EXPECT_EQ(bench.slot(2).flags, 0);
}

TEST(TxRing, FlagsNobodyKnowsAreLeftAlone) {
  TxBench bench;
  bench.Put({60});
  bench.slot(0).flags = NS_BUF_CHANGED | 0x4400;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.slot(0).flags, 0x4400);
}

TEST(TxRing, AHeadWrittenBackWronglyGivesNothingBack) {
  for (const uint32_t head : {6u, 15u, 16u, 17u, 0x8000u, ~0u}) {
    TxBench bench({.slots = 16});
    for (uint32_t i = 0; i < 5; ++i) bench.Put({60});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    bench.head_word() = 3;
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.shared().tail, 2u);
    bench.head_word() = head;
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.shared().tail, 2u);
    EXPECT_EQ(bench.Violations(Rule::kDeviceIndex), 1u);
    bench.head_word() = 2;  // backwards
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.shared().tail, 2u);
    EXPECT_EQ(bench.Violations(Rule::kDeviceIndex), 2u);
    bench.head_word() = 5;
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.shared().tail, 4u);
  }
}

TEST(TxRing, TheSizeOfTheRingIsNoHead) {
  TxBench bench({.slots = 16});
  for (uint32_t i = 0; i < 8; ++i) bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  bench.Transmit(8);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  for (uint32_t i = 0; i < 8; ++i) bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  bench.head_word() = 16;  // all that is out, if it were an index
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Violations(Rule::kDeviceIndex), 1u);
  EXPECT_EQ(bench.shared().tail, 7u) << "nothing came back";
}

// --- Completion by done bits

TEST(TxRing, TheDeviceGetsWhatAProgramWroteBehindItsOffset) {
  for (const bool done_bits : {false, true}) {
    TxBench bench(
        {.offset_mask = 0xffff, .max_offset = 256, .done_bits = done_bits, .synced = true});
    for (uint32_t i = 0; i < 40; ++i) {
      bench.slot(bench.shared().head).ptr = i;
      bench.slot(bench.shared().head).flags = 0;
      const Frame frame = bench.Put({60 + i});
      EXPECT_EQ(bench.Sync(), SyncResult::kDone);
      const std::vector<Frame> sent = bench.Transmit(1);
      ASSERT_EQ(sent.size(), 1u);
      EXPECT_EQ(sent[0][0].address, frame[0].address + i);
    }
  }
}

TEST(TxRing, OneFrameAtATimeIsGivenToTheDeviceToo) {
  for (const bool done_bits : {false, true}) {
    TxBench bench({.done_bits = done_bits, .synced = true});
    for (uint32_t i = 0; i < 40; ++i) {
      EXPECT_EQ(bench.Send({60 + i}), SyncResult::kDone);
      EXPECT_EQ(bench.Transmit(1).size(), 1u);
    }
  }
}

TEST(TxDoneBits, ASyncFindsWhatTheOneBeforeItGave) {
  TxBench bench({.done_bits = true});
  for (uint32_t turn = 0; turn < 40; ++turn) {
    EXPECT_EQ(bench.Send({60}), SyncResult::kDone);
    EXPECT_EQ(bench.Free(), 14u) << "nothing is sent yet";
    EXPECT_EQ(bench.Transmit(1).size(), 1u);
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Free(), 15u);
  }
}

TEST(TxDoneBits, WhileTheNewestIsUnderWayHalfARingComesBack) {
  for (const uint32_t batch : {1u, 3u}) {
    TxBench bench({.slots = 64, .done_bits = true});
    for (uint32_t i = 0; i < 33 * 3; i += batch) {
      // One at a time, so that the loop for single frames is at work too.
      for (uint32_t k = 0; k < batch; ++k) bench.Put({60});
      EXPECT_EQ(bench.Sync(), SyncResult::kDone);
      if (i < 20) continue;
      // The device stays some frames behind all the time.
      bench.Transmit(batch);
      ASSERT_GT(bench.Free(), 0u) << "after frame " << i;
    }
  }
}

TEST(TxDoneBits, AFrameAcrossAHalfIsLookedForAtItsEnd) {
  TxBench bench({.slots = 16, .done_bits = true});
  for (uint32_t i = 0; i < 6; ++i) bench.Put({60});
  bench.Put({60, 60, 60, 60});
  EXPECT_EQ(bench.Send({60}), SyncResult::kDone);
  EXPECT_EQ(bench.Transmit(7).size(), 7u);
  EXPECT_EQ(bench.Send({60}), SyncResult::kDone);
  EXPECT_EQ(bench.Free(), 16u - 1 - 2) << "all but what stands behind the middle";
}

TEST(TxDoneBits, AnOldReportGivesNothingBack) {
  TxBench bench({.slots = 16, .done_bits = true});
  for (uint32_t turn = 0; turn < 3; ++turn) {
    for (uint32_t i = 0; i < 15; ++i) bench.Put({60});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Free(), 0u);
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Free(), 0u);
    EXPECT_EQ(bench.Transmit(15).size(), 15u);
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Free(), 15u);
  }
}

TEST(TxDoneBits, AFrameAloneInDescriptor0IsNoReasonToLookBeforeIt) {
  TxBench bench({.slots = 16, .done_bits = true});
  for (uint32_t i = 0; i < 5; ++i) bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Transmit(5).size(), 5u);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  for (uint32_t i = 5; i < 16; ++i) bench.Put({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Send({60}), SyncResult::kDone);
  EXPECT_EQ(bench.Free(), 15u - 12) << "only the first five are sent";
}

TEST(TxDoneBits, ALookSeesEveryReportAndASettledQueueBeginsAnew) {
  TxBench bench({.slots = 16, .done_bits = true});
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(bench.Send({60}), SyncResult::kDone);
  QueueLook look = bench.queue().Look(bench.ring());
  EXPECT_EQ(look.position, 0u);
  EXPECT_EQ(look.held, 3u);
  EXPECT_EQ(look.finished, 0u);
  EXPECT_FALSE(look.untold);
  EXPECT_EQ(bench.Transmit(2).size(), 2u);
  look = bench.queue().Look(bench.ring());
  EXPECT_EQ(look.position, 2u);
  EXPECT_EQ(look.held, 1u);
  EXPECT_EQ(look.finished, 2u);
  EXPECT_TRUE(look.untold);
  EXPECT_EQ(bench.queue().Settle(bench.ring()), 1u);
  EXPECT_EQ(bench.queue().Look(bench.ring()).held, 0u);
}

TEST(TxRing, WithoutACarrierSlotsWait) {
  TxBench bench;
  bench.carrier() = false;
  EXPECT_EQ(bench.Send({60}), SyncResult::kDone);
  EXPECT_EQ(bench.Send({61}), SyncResult::kDone);
  ExpectUntouched(bench);
  bench.carrier() = true;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Transmit(9).size(), 2u);
}

TEST(TxRing, AStoppedRingDoesNothing) {
  TxBench bench;
  bench.ring().Kill();
  EXPECT_EQ(bench.Send({60}), SyncResult::kZombie);
  ExpectUntouched(bench);
}

// --- Receive ---------------------------------------------------------------------------------

class RxBench : public Bench {
 public:
  explicit RxBench(const Setup& setup = {}) : Bench(Direction::kRx, setup) {
    StartQueue();
    if (setup.phase == 0) return;
    // As many packets come and are given back, then a queue that begins at descriptor 0 takes over.
    for (uint32_t i = 0; i < setup.phase; ++i) descriptor(i).word = Whole(60);
    EXPECT_EQ(Sync(), SyncResult::kDone);
    EXPECT_EQ(MoveHead(setup.phase), SyncResult::kDone);
    StopQueue();
    StartQueue();
  }

  static uint64_t Whole(uint64_t bytes) { return bytes << 32 | 3; }

  // Descriptors the device has; one is always kept from it.
  uint32_t Given() const {
    return (const_cast<RxBench*>(this)->tail_register().value + size() - device_head_) % size();
  }
  // The device writes back its next descriptor. It must be one that was given to it, with the
  // buffer and the offset of its slot.
  void WriteBack(uint64_t word, uint64_t offset = 0) {
    ASSERT_GT(Given(), 0u);
    Descriptor& d = descriptor(device_head_);
    ASSERT_EQ(d.word, 0u);
    ASSERT_EQ(d.address, DeviceAddressOf(slot(SlotOf(device_head_)).buf_idx) + offset);
    dma().DeviceWrites(d.address, setup_.rx_buffer_bytes);
    d = {~uint64_t{0}, word};
    device_head_ = (device_head_ + 1) % size();
  }
  void Receive(const std::vector<uint32_t>& lengths) {
    for (size_t i = 0; i < lengths.size(); ++i) {
      WriteBack(uint64_t{lengths[i]} << 32 | (i + 1 == lengths.size() ? 3 : 1));
    }
  }
  uint32_t Shown() { return (shared().tail + size() - shared().head) % size(); }

 private:
  uint32_t device_head_ = 0;
};

TEST(RxRing, FramesArriveInOrderAndOneDescriptorIsKeptBack) {
  const bool holds = rc::check([] {
    const uint32_t slots = *rc::gen::element(8u, 16u, 64u, 1024u);
    const uint32_t phase = *rc::gen::inRange(0u, slots);
    const bool synced = *rc::gen::arbitrary<bool>();
    RxBench bench({.slots = slots, .phase = phase, .synced = synced});
    const uint32_t most = *rc::gen::element(1u, 3u, 6u);
    std::deque<std::pair<uint32_t, bool>> expected;  // length, more follows
    uint32_t shown = 0;
    for (uint32_t sync = 0; sync < (slots == 1024 ? 20 : 60); ++sync) {
      RC_ASSERT(bench.Given() == slots - 1 - static_cast<uint32_t>(expected.size()));
      const uint32_t room = *rc::gen::inRange(0u, bench.Given() + 1);
      for (uint32_t used = 0;;) {
        const uint32_t fragments = *rc::gen::inRange(1u, most + 1);
        used += fragments;
        if (used > room) break;
        std::vector<uint32_t> lengths(fragments);
        for (uint32_t& length : lengths) length = *rc::gen::inRange(1u, 2049u);
        bench.Receive(lengths);
        for (uint32_t i = 0; i < fragments; ++i) {
          expected.push_back({lengths[i], i + 1 < fragments});
        }
      }
      RC_ASSERT(bench.Sync() == SyncResult::kDone);
      RC_ASSERT(bench.Shown() == expected.size());
      // What is new is as it was received; some of all that is shown goes back.
      for (; shown < expected.size(); ++shown) {
        const netmap_slot& slot = bench.slot((bench.shared().head + shown) % slots);
        RC_ASSERT(slot.len == expected[shown].first);
        RC_ASSERT(slot.flags == (expected[shown].second ? NS_MOREFRAG : 0));
        RC_ASSERT(bench.dma().CpuHas(bench.DeviceAddressOf(slot.buf_idx), slot.len));
      }
      const uint32_t back = *rc::gen::inRange(0u, shown + 1);
      RC_ASSERT(bench.MoveHead(back) == SyncResult::kDone);
      expected.erase(expected.begin(), expected.begin() + back);
      shown -= back;
    }
    RC_ASSERT(bench.ring().violations().total() == 0u);
  });
  EXPECT_TRUE(holds);
}

// One frame at a time, and offsets: ways of their own through the loop.
TEST(RxRing, WhatTheCpuGetsIsWhatTheDeviceWroteBehindItsOffset) {
  RxBench bench({.offset_mask = 0xffff, .max_offset = 256, .initial_offset = 64, .synced = true});
  for (uint32_t i = 0; i < 40; ++i) {
    bench.WriteBack(RxBench::Whole(100 + i), 64);
    const uint32_t at = bench.shared().head;
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_TRUE(bench.dma().CpuHas(bench.DeviceAddressOf(bench.slot(at).buf_idx) + 64, 100 + i));
    bench.slot(at).ptr = 64;
    EXPECT_EQ(bench.MoveHead(1), SyncResult::kDone);
  }
}

TEST(RxRing, ALengthBeyondTheBufferIsCutForTheCpuToo) {
  RxBench bench({.synced = true});
  bench.WriteBack(RxBench::Whole(5000));
  const uint64_t address = bench.DeviceAddressOf(bench.slot(0).buf_idx);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_TRUE(bench.dma().CpuHas(address, 2048));
}

TEST(RxRing, AFullRingStillKeepsOneDescriptorBack) {
  RxBench bench({.slots = 8});
  EXPECT_EQ(bench.Given(), 7u);
  for (uint32_t i = 0; i < 7; ++i) bench.Receive({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 7u);
  EXPECT_EQ(bench.Given(), 0u);
  EXPECT_EQ(bench.MoveHead(7), SyncResult::kDone);
  EXPECT_EQ(bench.Given(), 7u);
}

TEST(RxRing, ASyncWithNothingNewWritesNoRegister) {
  RxBench bench;
  const uint32_t writes = bench.tail_register().writes;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  bench.Receive({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.tail_register().writes, writes);
  EXPECT_EQ(bench.MoveHead(1), SyncResult::kDone);
  EXPECT_EQ(bench.tail_register().writes, writes + 1);
}

TEST(RxRing, AFrameIsShownWhenItsLastSlotIsThere) {
  for (const uint32_t phase : {0u, 5u, 6u, 7u}) {
    RxBench bench({.slots = 8, .phase = phase});
    bench.Receive({60});
    bench.WriteBack(uint64_t{2048} << 32 | 1);
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Shown(), 1u);
    bench.WriteBack(uint64_t{2048} << 32 | 1);
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Shown(), 1u);
    bench.WriteBack(RxBench::Whole(9));
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Shown(), 4u);
    const uint32_t first = bench.shared().head;
    EXPECT_EQ(bench.slot((first + 1) % 8).flags, NS_MOREFRAG);
    EXPECT_EQ(bench.slot((first + 3) % 8).flags, 0);
    EXPECT_EQ(bench.slot((first + 3) % 8).len, 9);
  }
}

TEST(RxRing, AFrameThatNeverEndsIsNeverShown) {
  RxBench bench({.slots = 8});
  for (uint32_t i = 0; i < 7; ++i) {
    bench.WriteBack(uint64_t{2048} << 32 | 1);
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Shown(), 0u);
  }
}

TEST(RxRing, DescriptorsDoneOutOfOrderWaitForTheirTurn) {
  RxBench bench({.slots = 16});
  bench.descriptor(1).word = RxBench::Whole(61);
  bench.descriptor(2).word = RxBench::Whole(62);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 0u);
  bench.descriptor(0).word = uint64_t{60} << 32 | 1;
  bench.descriptor(1).word = 0;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 0u) << "a frame with a hole";
  bench.descriptor(1).word = RxBench::Whole(61);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 3u);
}

TEST(RxRing, DoneInTheDescriptorKeptBackIsNotBelieved) {
  RxBench bench({.slots = 8});
  for (uint32_t i = 0; i < 8; ++i) bench.descriptor(i).word = RxBench::Whole(60);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 7u);
}

TEST(RxRing, DoneInTheDescriptorKeptBackIsNotBelievedInTheMidstOfTheRingEither) {
  RxBench bench({.slots = 8});
  for (uint32_t i = 0; i < 4; ++i) bench.Receive({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.MoveHead(4), SyncResult::kDone);  // descriptor 3 is kept back now
  for (uint32_t i = 0; i < 7; ++i) bench.Receive({60});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 7u);
  bench.descriptor(3).word = RxBench::Whole(60);
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 7u);
  bench.descriptor(4).word = 0;  // so that it looks like a frame alone
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 7u);
}

TEST(RxRing, ALengthBeyondTheBufferIsCutInAFrameAloneToo) {
  RxBench bench({.rx_buffer_bytes = 1024});
  bench.Receive({1025});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 1u);
  EXPECT_EQ(bench.slot(0).len, 1024u);
  EXPECT_EQ(bench.Violations(Rule::kDeviceLength), 1u);
}

TEST(RxRing, ALengthBeyondTheBufferIsCut) {
  for (const bool whole : {true, false}) {
    for (const uint32_t length : {1024u, 1025u, 2048u, 0xffffu}) {
      RxBench bench({.rx_buffer_bytes = 1024});
      bench.Receive(whole ? std::vector<uint32_t>{length} : std::vector<uint32_t>{length, 60});
      bench.Receive({70});
      EXPECT_EQ(bench.Sync(), SyncResult::kDone);
      EXPECT_EQ(bench.Shown(), whole ? 2u : 3u);
      EXPECT_EQ(bench.slot(0).len, 1024u);
      EXPECT_EQ(bench.Violations(Rule::kDeviceLength), length > 1024 ? 1u : 0u);
    }
  }
}

TEST(RxRing, BitsAboveTheLengthAreNotPartOfIt) {
  RxBench bench;
  bench.WriteBack(RxBench::Whole(60) | uint64_t{0x123} << 48);
  bench.Receive({61});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 2u);
  EXPECT_EQ(bench.slot(0).len, 60u);
  EXPECT_EQ(bench.slot(0).flags, 0);
  EXPECT_EQ(bench.Violations(Rule::kDeviceLength), 0u);
}

TEST(RxRing, ASwappedBufferIsTheOneTheDeviceGets) {
  RxBench bench({.slots = 8});
  for (uint32_t round = 0; round < 5; ++round) {
    for (uint32_t i = 0; i < 7; ++i) bench.Receive({60});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    for (uint32_t i = 0; i < 7; ++i) {
      netmap_slot& slot = bench.slot((bench.shared().head + i) % 8);
      if (i % 2 == 0) {
        slot.buf_idx = bench.NewBuffer();
        slot.flags = static_cast<uint16_t>(i == 4 ? 0x4 : 0x4 | NS_BUF_CHANGED);
      }
    }
    const uint32_t head = bench.shared().head;
    EXPECT_EQ(bench.MoveHead(7), SyncResult::kDone);  // WriteBack compares the addresses
    for (uint32_t i = 0; i < 7; ++i) {
      const netmap_slot& slot = bench.slot((head + i) % 8);
      EXPECT_EQ(slot.flags, i % 2 == 0 ? 0x4 : 0);
      EXPECT_EQ(bench.ring().known_buffers()[(head + i) % 8], slot.buf_idx);
    }
  }
}

TEST(RxRing, ABadBufferIndexIsRefusedAndTheSlotRepaired) {
  for (const uint32_t which : {0u, 1u, 2u, 3u, 4u}) {
    RxBench bench({.slots = 16});
    const uint32_t count = bench.region().buffer_count();
    const uint32_t bad[] = {0, 1, count - 1, count, ~uint32_t{0}};
    for (uint32_t i = 0; i < 10; ++i) bench.Receive({60});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    const uint32_t good = bench.slot(6).buf_idx;
    bench.slot(6).buf_idx = bad[which];
    EXPECT_EQ(bench.MoveHead(9), SyncResult::kViolation);
    EXPECT_EQ(bench.Violations(Rule::kBufferIndex), 1u);
    EXPECT_EQ(bench.ring().violations().last.slot, 6u);
    EXPECT_EQ(bench.shared().head, 6u);
    EXPECT_EQ(bench.slot(6).buf_idx, good);
    EXPECT_EQ(bench.Given(), 5u + 6u);
    EXPECT_EQ(bench.MoveHead(4), SyncResult::kDone);
    for (uint32_t i = 0; i < 15; ++i) bench.Receive({60});
  }
}

TEST(RxRing, ABadBufferIndexAloneIsRefused) {
  for (const uint32_t which : {0u, 1u, 2u, 3u, 4u}) {
    RxBench bench({.slots = 16});
    const uint32_t count = bench.region().buffer_count();
    const uint32_t bad[] = {0, 1, count - 1, count, ~uint32_t{0}};
    bench.Receive({60});
    bench.Receive({60});
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.MoveHead(1), SyncResult::kDone);  // descriptors begin again at 0
    const uint32_t doorbells = bench.tail_register().writes;
    const uint32_t good = bench.slot(1).buf_idx;
    bench.slot(1).buf_idx = bad[which];
    EXPECT_EQ(bench.MoveHead(1), SyncResult::kViolation);
    EXPECT_EQ(bench.Violations(Rule::kBufferIndex), 1u);
    EXPECT_EQ(bench.slot(1).buf_idx, good);
    EXPECT_EQ(bench.tail_register().writes, doorbells);
  }
}

TEST(RxRing, OffsetsAreThoseOfTheReleaseUpToTheirMaximum) {
  for (const bool whole : {true, false}) {
    RxBench bench({.slots = 8,
                   .rx_buffer_bytes = 1024,
                   .offset_mask = 0xffff,
                   .max_offset = 128,
                   .initial_offset = 32});
    for (uint32_t i = 0; i < 7; ++i) {
      bench.WriteBack(whole || i % 2 == 1 || i == 6 ? RxBench::Whole(60) : uint64_t{60} << 32 | 1,
                      32);
    }
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Shown(), 7u);
    const uint64_t offsets[] = {0, 1, 127, 128, 129, 0xffff, 64};
    for (uint32_t i = 0; i < 7; ++i) {
      EXPECT_EQ(bench.slot(i).ptr, 32u);
      bench.slot(i).ptr = 0xabcd0000 | offsets[i];
    }
    EXPECT_EQ(bench.MoveHead(7), SyncResult::kDone);
    EXPECT_EQ(bench.Violations(Rule::kOffset), 2u);
    // What the program writes from now on changes nothing.
    for (uint32_t i = 0; i < 7; ++i) bench.slot(i).ptr = 0xabcd0000 | 77;
    bench.WriteBack(RxBench::Whole(60), 32);
    for (uint32_t i = 0; i < 6; ++i) {
      bench.WriteBack(whole ? RxBench::Whole(60) : uint64_t{60} << 32 | (i % 2 == 1 ? 3 : 1),
                      std::min<uint64_t>(offsets[i], 128));
    }
    EXPECT_EQ(bench.Sync(), SyncResult::kDone);
    EXPECT_EQ(bench.Shown(), 7u);
    for (uint32_t i = 0; i < 6; ++i) {
      EXPECT_EQ(bench.slot(i).ptr, 0xabcd0000 | std::min<uint64_t>(offsets[i], 128)) << i;
    }
  }
}

TEST(RxRing, WithoutACarrierNothingMoves) {
  RxBench bench;
  bench.Receive({60});
  bench.carrier() = false;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 0u);
  bench.carrier() = true;
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  EXPECT_EQ(bench.Shown(), 1u);
}

TEST(RxRing, AHeadOutOfItsWindowReleasesNothingButPacketsCome) {
  RxBench bench({.slots = 8});
  bench.Receive({60});
  bench.Receive({61});
  EXPECT_EQ(bench.Sync(), SyncResult::kDone);
  bench.Receive({62});
  EXPECT_EQ(bench.MoveHead(5), SyncResult::kViolation);
  EXPECT_EQ(bench.Violations(Rule::kHeadWindow), 1u);
  EXPECT_EQ(bench.shared().head, 0u);
  EXPECT_EQ(bench.Shown(), 3u);
}

}  // namespace
}  // namespace mapwire::nic
