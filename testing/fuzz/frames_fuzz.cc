// The 82599 model: arbitrary frames into a queue that is set up in some legal way, of which none
// may get lost uncounted; and a driver that writes anything to any register, which may not make the
// model do what nobody asked of it.
#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "core/platform/check.h"
#include "drivers/ixgbe/ixgbe_regs.h"
#include "sim/nic/ixgbe/ixgbe.h"
#include "testing/fuzz/fuzz.h"
#include "testing/fuzz/script.h"

namespace mapwire::fuzz {
namespace {

namespace reg = ::mapwire::ixgbe;
using sim::DmaTag;
using sim::FramePointer;
using sim::kMicrosecond;
using sim::kMillisecond;
using sim::kNanosecond;
using sim::Time;
using sim::TimerTag;

constexpr uint32_t kLargestBuffer = 31 * 1024;  // SRRCTL.BSIZEPACKET has five bits

// Memory, time and a line for one model. Knows which addresses the software has named, and lets the
// device go nowhere else.
class World final : public sim::DeviceWorld {
 public:
  static constexpr uint64_t kBase = 0x1'4000'0000;
  static constexpr uint64_t kBytes = 256 << 10;
  // Far more than an input of the greatest length needs.
  static constexpr uint64_t kMostEvents = 1 << 20;

  World() : memory_(kBytes, 0) {}

  void Attach(sim::Device* device) { device_ = device; }

  // ---- DeviceWorld ----
  Time Now() const override { return now_; }
  void DmaRead(DmaTag tag, uint64_t address, void* into, uint32_t length) override {
    const bool descriptors = InRing(address, length);
    MW_CHECK(length != 0 && (descriptors || sources_.contains({address, length})));
    Push({.at = now_ + latency,
          .kind = Kind::kRead,
          .tag = tag,
          .address = address,
          .into = into,
          .length = length,
          .descriptors = descriptors});
  }
  void DmaWrite(DmaTag tag, uint64_t address, const void* from, uint32_t length) override {
    const bool head = length == 4 && heads_.contains(address);
    const bool data = length <= kLargestBuffer && targets_.contains(address);
    MW_CHECK(length != 0 && (InRing(address, length) || head || data));
    Event event{.at = now_ + 300 * kNanosecond,
                .kind = Kind::kWrite,
                .tag = tag,
                .address = address,
                .length = length};
    const uint8_t* const bytes = static_cast<const uint8_t*>(from);
    event.bytes.assign(bytes, bytes + length);
    Push(std::move(event));
  }
  void RaiseMsix(uint32_t vector) override {
    MW_CHECK(vector < 64);
    ++interrupts;
  }
  void SetIntx(bool) override { ++interrupts; }
  void Transmit(FramePointer frame, Time start) override {
    const auto bytes = static_cast<Time>(frame->bytes.size());
    MW_CHECK(start >= now_ && start >= line_free_ && bytes >= 17);
    line_free_ = start + (bytes + 4 + 12 + 8) * 800;
    ++sent;
  }
  FramePointer NewFrame() override { return pool.Get(); }
  void SetTimer(TimerTag tag, Time at) override {
    MW_CHECK(tag < timers_.size());
    Push({.at = std::max(at, now_), .kind = Kind::kTimer, .tag = tag, .address = ++timers_[tag]});
  }
  void CancelTimer(TimerTag tag) override { ++timers_[tag]; }
  void Report(sim::DriverError, std::string_view) override { ++reports; }

  // ---- The test's side ----
  void RunFor(Time length) {
    const Time end = now_ + length;
    while (!events_.empty() && events_.front().at <= end) Step();
    now_ = end;
  }
  bool quiet() const { return events_.empty(); }
  uint8_t* Memory(uint64_t address) { return memory_.data() + (address - kBase); }

  // Software names a ring, and the word a queue writes its head to.
  void NameRing(uint64_t base, uint64_t bytes) {
    if (bytes != 0) rings_.insert({base, bytes});
  }
  void NameHead(uint64_t address) { heads_.insert(address); }

  sim::FramePool pool;
  Time latency = kMicrosecond;
  uint64_t interrupts = 0;
  uint64_t reports = 0;
  uint64_t sent = 0;

 private:
  enum class Kind : uint8_t { kRead, kWrite, kTimer };
  struct Event {
    Time at = 0;
    uint64_t order = 0;
    Kind kind = Kind::kTimer;
    uint64_t tag = 0;
    uint64_t address = 0;
    void* into = nullptr;
    uint32_t length = 0;
    bool descriptors = false;
    std::vector<uint8_t> bytes{};
  };
  static bool Later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  void Push(Event event) {
    event.order = ++order_;
    events_.push_back(std::move(event));
    std::push_heap(events_.begin(), events_.end(), Later);
  }
  bool InRing(uint64_t address, uint32_t length) const {
    if (length % reg::kDescriptorBytes != 0) return false;
    for (const auto& [base, bytes] : rings_) {
      const uint64_t at = address - base;
      if (at < bytes && length <= bytes - at && at % reg::kDescriptorBytes == 0) return true;
    }
    return false;
  }
  bool Mapped(const Event& event) const {
    return event.address >= kBase && event.length <= kBytes &&
           event.address - kBase <= kBytes - event.length;
  }
  // What descriptors name may be read, or written, from now on.
  void Learn(const Event& event) {
    for (uint32_t at = 0; at < event.length; at += reg::kDescriptorBytes) {
      reg::Descriptor d;
      std::memcpy(&d, static_cast<const uint8_t*>(event.into) + at, sizeof(d));
      sources_.insert({d.q0, static_cast<uint32_t>(reg::TxData::Dtalen::Get(d.q1))});
      targets_.insert(d.q0);
    }
  }
  void Step() {
    MW_CHECK(++steps_ < kMostEvents);
    std::pop_heap(events_.begin(), events_.end(), Later);
    const Event event = std::move(events_.back());
    events_.pop_back();
    now_ = event.at;
    const bool mapped = Mapped(event);
    switch (event.kind) {
      case Kind::kRead:
        if (mapped) std::memcpy(event.into, Memory(event.address), event.length);
        if (mapped && event.descriptors) Learn(event);
        device_->DmaDone(event.tag, mapped);
        break;
      case Kind::kWrite:
        if (mapped) std::memcpy(Memory(event.address), event.bytes.data(), event.length);
        if (event.tag != 0) device_->DmaDone(event.tag, mapped);
        break;
      case Kind::kTimer:
        if (timers_[event.tag] == event.address) {
          device_->TimerExpired(static_cast<TimerTag>(event.tag));
        }
        break;
    }
  }

  sim::Device* device_ = nullptr;
  Time now_ = 0;
  uint64_t order_ = 0;
  uint64_t steps_ = 0;
  Time line_free_ = 0;
  std::vector<uint8_t> memory_;
  std::vector<Event> events_;
  std::array<uint64_t, 0x400> timers_{};
  std::set<std::pair<uint64_t, uint64_t>> rings_;    // base, bytes
  std::set<std::pair<uint64_t, uint32_t>> sources_;  // address, bytes
  std::set<uint64_t> targets_;
  std::set<uint64_t> heads_;
};

class Bench {
 public:
  explicit Bench(Script& script) : script_(script) {
    sim::IxgbeOptions options;
    options.link_up_delay = kMillisecond;
    constexpr uint32_t kBatches[] = {4, 1, 16, 3};
    options.rx_writeback_batch = script_.OneOf(kBatches);
    options.tx_prefetch = options.rx_prefetch = script_.Flip() ? 32 : 64;
    nic_ = std::make_unique<sim::Ixgbe>(world_, options);
    world_.Attach(nic_.get());
    world_.RunFor(2 * kMillisecond);
  }

  // Whatever came before, a reset leaves nothing behind, after a bounded time.
  ~Bench() {
    world_.RunFor(20 * kMillisecond);
    nic_->BusReset();
    world_.RunFor(60 * kMillisecond);
    MW_CHECK(nic_->Idle() && world_.quiet());
    MW_CHECK(world_.pool.outstanding() == 0);
  }

 protected:
  template <typename R>
  uint32_t Read(uint32_t index = 0) {
    return nic_->RegisterRead(R::At(index));
  }
  template <typename R>
  void Write(uint32_t value, uint32_t index = 0) {
    nic_->RegisterWrite(R::At(index), value);
  }
  void LinkUp() {
    nic_->CarrierChanged(true);
    world_.RunFor(2 * kMillisecond);
  }

  // A frame as the script wants it: to us, to all, to many, tagged, or anything.
  std::vector<uint8_t> AnyFrame() {
    constexpr uint32_t kLengths[] = {60, 59, 1514, 1515, 1518, 1519, 9216, 0, 13, 14, 17, 16384};
    const uint32_t bytes = script_.Flip() ? script_.OneOf(kLengths) : script_.Below(16385);
    std::vector<uint8_t> frame(bytes);
    const auto fill = static_cast<uint8_t>(++frames_);
    std::fill(frame.begin(), frame.end(), fill);
    std::array<uint8_t, 18> start{0x02, 0x00, 0x5E, 0x82, 0x59, 0x09, 2, 0, 0, 0, 0, 1, 8, 0};
    switch (script_.Below(5)) {
      case 0:
        std::fill_n(start.begin(), 6, uint8_t{0xff});
        break;
      case 1:
        start[0] = 1;
        break;
      case 2:
        start[12] = 0x81;
        start[13] = 0;
        start[15] = static_cast<uint8_t>(script_.Below(256));
        break;
      case 3:
        for (uint8_t& byte : start) byte = static_cast<uint8_t>(script_.Below(256));
        break;
      default:
        break;
    }
    std::copy_n(start.begin(), std::min<size_t>(start.size(), bytes), frame.begin());
    return frame;
  }
  void Arrive(const std::vector<uint8_t>& bytes, bool crc_ok) {
    FramePointer frame = world_.pool.Get();
    frame->bytes.assign(bytes.begin(), bytes.end());
    frame->crc_ok = crc_ok;
    nic_->FrameReceived(std::move(frame));
  }

  Script& script_;
  World world_;
  std::unique_ptr<sim::Ixgbe> nic_;
  uint32_t frames_ = 0;
};

// --- A driver that does nothing wrong, and any frames ------------------------------------------

// One receive queue without filters, so that it is known what becomes of each frame.
class Receiver final : public Bench {
 public:
  using Bench::Bench;

  void Run() {
    BringUp();
    for (uint32_t i = 0; i < 60 && !script_.empty(); ++i) {
      if (script_.Below(4) == 3) {
        Collect();
        Refill(script_.Below(slots_));
      } else {
        Offer();
      }
      if (script_.Flip()) world_.RunFor(script_.Below(200) * 100 * kNanosecond);
    }
    // Room for what waits, as long as anything comes: a frame may be larger than the ring.
    for (uint32_t quiet = 0; quiet < 4;) {
      world_.RunFor(50 * kMicrosecond);
      const uint32_t before = next_;
      Collect();
      quiet = next_ == before ? quiet + 1 : 0;
      Refill(slots_);
    }
    Judge();
  }

 private:
  static constexpr uint64_t kRing = World::kBase;
  static constexpr uint64_t kBuffers = World::kBase + 0x10000;

  void BringUp() {
    constexpr uint32_t kSlots[] = {8, 16, 32};
    slots_ = script_.OneOf(kSlots);
    buffer_bytes_ = 1024 * (1 + script_.Below(4));
    const bool keep_crc = script_.Flip();
    jumbo_ = script_.Flip();
    bad_too_ = script_.Flip();
    drop_ = script_.Flip();
    strip_ = script_.Flip();
    crc_bytes_ = keep_crc ? 4 : 0;
    // The part takes no more than 15.5 KiB.
    const uint32_t largest = jumbo_ ? std::min(64 + script_.Below(16384), 15872u) : 0;
    if (jumbo_) Write<reg::Maxfrs>(largest << 16);
    limit_ = jumbo_ ? largest : 1518;
    uint32_t hlreg0 = Read<reg::Hlreg0>() & ~reg::Hlreg0::Rxcrcstrp::kMask;
    if (!keep_crc) hlreg0 |= reg::Hlreg0::Rxcrcstrp::kMask;
    if (jumbo_) hlreg0 |= reg::Hlreg0::Jumboen::kMask;
    Write<reg::Hlreg0>(hlreg0);
    Write<reg::Rdrxctl>(keep_crc ? 0 : reg::Rdrxctl::Crcstrip::kMask);
    Write<reg::Fctrl>(reg::Fctrl::Bam::kMask | reg::Fctrl::Upe::kMask | reg::Fctrl::Mpe::kMask |
                      (bad_too_ ? reg::Fctrl::Sbp::kMask : 0));
    // MAC control frames are frames like others.
    Write<reg::Mflcn>(reg::Mflcn::Pmcf::kMask);
    Write<reg::Rdbal>(static_cast<uint32_t>(kRing));
    Write<reg::Rdbah>(static_cast<uint32_t>(kRing >> 32));
    Write<reg::Rdlen>(slots_ * 16);
    world_.NameRing(kRing, slots_ * 16);
    Write<reg::Srrctl>(hw::Value<reg::Srrctl>(buffer_bytes_ / 1024)
                           .With<reg::Srrctl::Desctype>(reg::kDescTypeAdvancedOneBuffer)
                           .With<reg::Srrctl::DropEn>(drop_ ? 1 : 0)
                           .raw());
    Write<reg::Rxdctl>(reg::Rxdctl::Enable::kMask | (strip_ ? reg::Rxdctl::Vme::kMask : 0));
    world_.RunFor(50 * kMicrosecond);
    Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
    LinkUp();
    MW_CHECK(nic_->link_up() && world_.reports == 0);
    Refill(slots_);
  }

  reg::Descriptor* At(uint32_t i) {
    return reinterpret_cast<reg::Descriptor*>(world_.Memory(kRing)) + i;
  }
  uint64_t Buffer(uint32_t i) const { return kBuffers + uint64_t{i} * 4096; }

  void Refill(uint32_t count) {
    for (; count != 0 && (tail_ + 1) % slots_ != next_; --count) {
      *At(tail_) = {Buffer(tail_), 0};
      tail_ = (tail_ + 1) % slots_;
    }
    Write<reg::Rdt>(tail_);
    world_.RunFor(5 * kMicrosecond);
  }

  void Offer() {
    std::vector<uint8_t> frame = AnyFrame();
    const bool crc_ok = script_.Below(8) != 7;
    ++offered_;
    bytes_offered_ += frame.size() + 4;
    const bool tagged = frame.size() >= 18 && frame[12] == 0x81 && frame[13] == 0;
    const uint64_t wire = frame.size() + 4;
    const bool good = crc_ok && frame.size() >= 60 && wire <= limit_ + (tagged ? 4 : 0);
    if (!good) ++bad_;
    Arrive(frame, crc_ok);
    if ((!good && !bad_too_) || frame.size() < 14) return;
    if (good) ++good_;
    if (tagged && strip_) frame.erase(frame.begin() + 12, frame.begin() + 16);
    expected_.push_back(std::move(frame));
  }

  // What the ring holds, frame by frame; each is one that was offered, whole and in order.
  void Collect() {
    using Wb = reg::RxWriteBack;
    while (next_ != tail_ && Wb::Dd::Get(At(next_)->q1) != 0) {
      const uint32_t bytes = static_cast<uint32_t>(Wb::PktLen::Get(At(next_)->q1));
      MW_CHECK(bytes != 0 && bytes <= buffer_bytes_);
      const uint8_t* const from = world_.Memory(Buffer(next_));
      partial_.insert(partial_.end(), from, from + bytes);
      const bool end = Wb::Eop::Get(At(next_)->q1) != 0;
      MW_CHECK(end || bytes == buffer_bytes_);
      next_ = (next_ + 1) % slots_;
      if (end) Match();
    }
  }
  void Match() {
    MW_CHECK(partial_.size() > crc_bytes_);
    partial_.resize(partial_.size() - crc_bytes_);
    // Those before it were dropped, or found no room; they are counted.
    while (!expected_.empty() && expected_.front() != partial_) {
      expected_.pop_front();
      ++lost_;
    }
    MW_CHECK(!expected_.empty());
    expected_.pop_front();
    ++delivered_;
    partial_.clear();
  }

  void Judge() {
    MW_CHECK(Read<reg::Tpr>() == offered_);
    uint64_t total = Read<reg::Torl>();
    total |= uint64_t{Read<reg::Torh>()} << 32;
    MW_CHECK(total == bytes_offered_);
    const uint32_t errors = Read<reg::Ruc>() + Read<reg::Rfc>() + Read<reg::Roc>() +
                            Read<reg::Rjc>() + Read<reg::Crcerrs>();
    MW_CHECK(errors == bad_);
    MW_CHECK(Read<reg::Gprc>() == good_);
    const uint32_t received = Read<reg::Qprc>();
    const uint32_t dropped = Read<reg::Qprdc>();
    const uint32_t missed = Read<reg::Rxmpc>();
    MW_CHECK(received == delivered_);
    // The rest has not got its turn: none, or one that waits for more than the ring has, and what
    // is behind it.
    lost_ += static_cast<uint32_t>(expected_.size());
    MW_CHECK(dropped + missed <= lost_);
    const uint32_t pending = lost_ - dropped - missed;
    MW_CHECK(pending == 0 || !nic_->Idle());
    MW_CHECK(world_.reports == 0);
  }

  uint32_t slots_ = 0;
  uint32_t buffer_bytes_ = 0;
  uint32_t crc_bytes_ = 0;
  uint32_t limit_ = 0;
  bool jumbo_ = false;
  bool bad_too_ = false;
  bool drop_ = false;
  bool strip_ = false;
  uint32_t tail_ = 0;
  uint32_t next_ = 0;
  std::vector<uint8_t> partial_;
  std::deque<std::vector<uint8_t>> expected_;
  uint32_t offered_ = 0;
  uint64_t bytes_offered_ = 0;
  uint32_t bad_ = 0;
  uint32_t good_ = 0;
  uint32_t delivered_ = 0;
  uint32_t lost_ = 0;
};

// --- A driver that does anything -----------------------------------------------------------------

class BadDriver final : public Bench {
 public:
  using Bench::Bench;

  void Run() {
    if (script_.Flip()) Prepare();
    for (uint32_t i = 0; i < 150 && !script_.empty(); ++i) Step();
  }

 private:
  static constexpr uint32_t kQueues[] = {0, 1, 63, 64, 127};

  // Far enough that most of what follows has an effect.
  void Prepare() {
    Write<reg::Rdrxctl>(reg::Rdrxctl::Crcstrip::kMask);
    Write<reg::Fctrl>(reg::Fctrl::Bam::kMask | reg::Fctrl::Upe::kMask | reg::Fctrl::Mpe::kMask);
    Write<reg::Dmatxctl>(Read<reg::Dmatxctl>() | reg::Dmatxctl::Te::kMask);
    Write<reg::Rxctrl>(reg::Rxctrl::Rxen::kMask);
    LinkUp();
  }

  void Step() {
    switch (script_.Below(10)) {
      case 0:
        return WriteAny();
      case 1:
        static_cast<void>(nic_->RegisterRead(AnyOffset()));
        return;
      case 2:
        return StartTx();
      case 3:
        return StartRx();
      case 4:
        return WriteDescriptors();
      case 5:
        return WriteTail();
      case 6:
        return Arrive(AnyFrame(), script_.Below(8) != 7);
      case 7:
        return script_.Below(4) == 0 ? Upset() : Toggle();
      default:
        return world_.RunFor(script_.Below(2000) * 100 * kNanosecond);
    }
  }

  uint32_t AnyOffset() {
    if (script_.Below(16) == 15) return script_.Word();
    const hw::RegisterRow& row =
        reg::AllRegisters::kRows[script_.Below(static_cast<uint32_t>(reg::AllRegisters::kCount))];
    return row.offset + script_.Below(256) % std::max<uint32_t>(row.count, 1) * row.stride;
  }
  uint32_t AnyValue() {
    constexpr uint32_t kValues[] = {0, 1, ~0u, 0x80000000, 0x02000000, 128, 64, 0x400};
    return script_.Flip() ? script_.OneOf(kValues) : script_.Word();
  }
  void WriteRegister(uint32_t offset, uint32_t value) {
    nic_->RegisterWrite(offset, value);
    NameQueues();
  }
  void WriteAny() {
    const uint32_t offset = AnyOffset();
    WriteRegister(offset, AnyValue());
  }

  // All that the queue registers name now.
  void NameQueues() {
    for (uint32_t q = 0; q < 128; ++q) {
      world_.NameRing(Long(Read<reg::Tdbah>(q), Read<reg::Tdbal>(q)), Read<reg::Tdlen>(q));
      world_.NameHead(Long(Read<reg::Tdwbah>(q), Read<reg::Tdwbal>(q) & ~3u));
      if (q < 64) {
        world_.NameRing(Long(Read<reg::Rdbah>(q), Read<reg::Rdbal>(q)), Read<reg::Rdlen>(q));
      } else {
        const uint32_t i = q - 64;
        world_.NameRing(Long(Read<reg::Rdbah64To127>(i), Read<reg::Rdbal64To127>(i)),
                        Read<reg::Rdlen64To127>(i));
      }
    }
  }
  static uint64_t Long(uint32_t high, uint32_t low) { return uint64_t{high} << 32 | low; }

  uint64_t AnyAddress() {
    switch (script_.Below(4)) {
      case 0:
        return World::kBase + World::kBytes - script_.Below(64) * 16;
      case 1:
        return script_.LongWord();
      default:
        return World::kBase + script_.Below(64) * 2048;
    }
  }
  // A ring in one of eight places, which others may share.
  uint64_t RingBase() { return World::kBase + 0x20000 + script_.Below(8) * 0x1000; }
  uint32_t RingBytes() {
    constexpr uint32_t kBytes[] = {128, 256, 1024, 4096, 0x10000};
    return script_.OneOf(kBytes);
  }

  void StartTx() {
    const uint32_t q = script_.OneOf(kQueues);
    const uint64_t base = RingBase();
    Write<reg::Tdbal>(static_cast<uint32_t>(base), q);
    Write<reg::Tdbah>(static_cast<uint32_t>(base >> 32), q);
    Write<reg::Tdlen>(RingBytes(), q);
    if (script_.Flip()) {
      const uint64_t head = AnyAddress() & ~uint64_t{63};
      Write<reg::Tdwbal>(static_cast<uint32_t>(head) | 1, q);
      Write<reg::Tdwbah>(static_cast<uint32_t>(head >> 32), q);
    }
    const uint32_t threshold = script_.Flip() ? script_.Below(128) : 0;
    WriteRegister(reg::Txdctl::At(q),
                  reg::Txdctl::Enable::kMask | threshold << reg::Txdctl::Wthresh::kLow);
    world_.RunFor(30 * kMicrosecond);
  }
  void StartRx() {
    const uint32_t q = script_.OneOf(kQueues) % 64;
    const uint64_t base = RingBase();
    Write<reg::Rdbal>(static_cast<uint32_t>(base), q);
    Write<reg::Rdbah>(static_cast<uint32_t>(base >> 32), q);
    Write<reg::Rdlen>(RingBytes(), q);
    Write<reg::Srrctl>(hw::Value<reg::Srrctl>(script_.Below(32))
                           .With<reg::Srrctl::Desctype>(reg::kDescTypeAdvancedOneBuffer)
                           .With<reg::Srrctl::DropEn>(script_.Below(2))
                           .raw(),
                       q);
    WriteRegister(reg::Rxdctl::At(q), reg::Rxdctl::Enable::kMask);
    world_.RunFor(30 * kMicrosecond);
  }

  // Up to 256 in a row: nearly right, of one kind, or anything.
  void WriteDescriptors() {
    using D = reg::TxData;
    const uint64_t at = RingBase() + script_.Below(16) * 16;
    const uint64_t address = AnyAddress();
    constexpr uint32_t kLengths[] = {60, 17, 16, 0, 1514, 9000, 15872, 15873};
    const uint32_t length = script_.OneOf(kLengths);
    const uint32_t parts = 1 + (script_.Flip() ? script_.Below(64) : 0);
    const uint32_t kind = script_.Below(4);
    reg::Descriptor d{address, D::Dext::Make(1) | D::Dtyp::Make(reg::kTxDtypData) |
                                   D::Ifcs::Make(1) | D::Rs::Make(script_.Below(2)) |
                                   D::Dtalen::Make(length) | D::Paylen::Make(length * parts)};
    if (kind == 1) d.q1 = D::Dext::Make(1) | D::Dtyp::Make(reg::kTxDtypContext) | D::Rs::Make(1);
    if (kind == 2) d.q1 ^= uint64_t{1} << script_.Below(64);
    if (kind == 3) d.q1 = script_.LongWord();
    for (uint32_t i = 0, count = script_.Below(256); i < count; ++i) {
      reg::Descriptor one = d;
      if (kind != 3 && (i + 1) % parts == 0) one.q1 |= D::Eop::Make(1);
      std::memcpy(world_.Memory(at + i * 16), &one, sizeof(one));
    }
  }
  void WriteTail() {
    const uint32_t q = script_.OneOf(kQueues);
    const uint32_t value = script_.Flip() ? script_.Below(256) : script_.Below(4097);
    WriteRegister(script_.Flip() || q >= 64 ? reg::Tdt::At(q) : reg::Rdt::At(q), value);
  }

  void Toggle() {
    const uint32_t q = script_.OneOf(kQueues);
    switch (script_.Below(4)) {
      case 0:
        return WriteRegister(reg::Txdctl::At(q), 0);
      case 1:
        return WriteRegister(reg::Rxdctl::At(q % 64), 0);
      case 2:
        return WriteRegister(reg::Ctrl::At(0),
                             script_.Flip() ? reg::Ctrl::PcieMasterDis::kMask : 0);
      default:
        return nic_->CarrierChanged(script_.Flip());
    }
  }
  void Upset() {
    if (script_.Flip()) return nic_->BusReset();
    if (script_.Flip()) return WriteRegister(reg::Ctrl::At(0), reg::Ctrl::Rst::kMask);
    world_.latency = script_.Below(64) * 100 * kNanosecond;
  }
};

}  // namespace

void Fuzz(const uint8_t* data, size_t size) {
  Script script(data, size);
  if (script.Flip()) {
    BadDriver(script).Run();
  } else {
    Receiver(script).Run();
  }
}

}  // namespace mapwire::fuzz
