// The paravirtual card by itself: two of them, driven by their registers.
#include "sim/nic/pv/pv.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/hw/register.h"

namespace mapwire::sim {
namespace {

using namespace pv;  // NOLINT: the registers

// Time, timers, messages and reports; no bus.
class SmallWorld final : public DeviceWorld {
 public:
  explicit SmallWorld(Time& now) : now_(now) {}
  void Attach(Device& device) { device_ = &device; }

  Time Now() const override { return now_; }
  void DmaRead(DmaTag, uint64_t, void*, uint32_t) override { FAIL(); }
  void DmaWrite(DmaTag, uint64_t, const void*, uint32_t) override { FAIL(); }
  void RaiseMsix(uint32_t vector) override { messages.push_back(vector); }
  void SetIntx(bool) override { FAIL(); }
  void Transmit(FramePointer, Time) override { FAIL(); }
  FramePointer NewFrame() override { return {}; }
  void SetTimer(TimerTag tag, Time at) override { timers_[tag] = at; }
  void CancelTimer(TimerTag tag) override { timers_.erase(tag); }
  void Report(DriverError error, std::string_view) override { errors.push_back(error); }

  // The next timer that is due; false: none.
  bool Expire() {
    for (const auto& [tag, at] : timers_) {
      if (at > now_) continue;
      const TimerTag due = tag;
      timers_.erase(tag);
      device_->TimerExpired(due);
      return true;
    }
    return false;
  }

  std::vector<uint32_t> messages;
  std::vector<DriverError> errors;

 private:
  Time& now_;
  Device* device_ = nullptr;
  std::map<TimerTag, Time> timers_;
};

constexpr uint32_t kRing = 8;
constexpr uint32_t kRoom = 256;
constexpr uint8_t kUntouched = 0xEE;

// One end: a card, its memory, and rings of it that the test fills by hand.
class End {
 public:
  End(Time& now, uint32_t domain) : world(now), memory(domain), card(world, memory, {}) {
    world.Attach(card);
    for (uint32_t q = 0; q < 2; ++q) {
      tx[q] = Take(4096);
      rx[q] = Take(4096);
      head[q] = Take(4096);
    }
    buffers = Take(kBuffers);
    std::memset(buffers.address, kUntouched, kBuffers);
  }
  ~End() {
    for (const auto& [block, bytes] : taken_) memory.FreeCoherent(block, bytes);
  }

  template <typename R>
  void Write(uint32_t value, uint32_t index = 0) {
    card.RegisterWrite(R::At(index), value);
  }
  template <typename R>
  uint32_t Read(uint32_t index = 0) {
    return card.RegisterRead(R::At(index));
  }
  template <typename R>
  uint64_t Counter(uint32_t queue = 0) {
    const uint64_t low = Read<R>(2 * queue);
    return low | uint64_t{Read<R>(2 * queue + 1)} << 32;
  }

  void Start(uint32_t pairs = 1, uint32_t max_frame = 1514) {
    Write<MaxFrame>(max_frame);
    Write<Pairs>(pairs);
    Write<Control>(1);
  }
  void StartTx(uint32_t q = 0, uint32_t count = kRing) {
    Write<TxBaseLow>(static_cast<uint32_t>(tx[q].device.value()), q);
    Write<TxBaseHigh>(static_cast<uint32_t>(tx[q].device.value() >> 32), q);
    Write<TxCount>(count, q);
    Write<TxHeadLow>(static_cast<uint32_t>(head[q].device.value()), q);
    Write<TxHeadHigh>(static_cast<uint32_t>(head[q].device.value() >> 32), q);
    Write<TxEnable>(1, q);
    sent[q] = 0;
  }
  // With buffers of `room` bytes from 64 KiB on, one after the other.
  void StartRx(uint32_t q = 0, uint32_t room = kRoom, uint32_t given = kRing - 1) {
    Write<RxBaseLow>(static_cast<uint32_t>(rx[q].device.value()), q);
    Write<RxBaseHigh>(static_cast<uint32_t>(rx[q].device.value() >> 32), q);
    Write<RxCount>(kRing, q);
    Write<RxBuffer>(room, q);
    Write<RxEnable>(1, q);
    taken[q] = 0;
    for (uint32_t i = 0; i < kRing; ++i) {
      Words(rx[q])[2 * i] = BufferAt(q, i, room);
      Words(rx[q])[2 * i + 1] = 0;
    }
    Write<RxTail>(given, q);
  }
  uint64_t BufferAt(uint32_t q, uint32_t i, uint32_t room = kRoom) const {
    return buffers.device.value() + 0x10000 + q * 0x8000 + i * room;
  }
  uint8_t* Memory(uint64_t device) {
    return static_cast<uint8_t*>(buffers.address) + (device - buffers.device.value());
  }

  static uint64_t* Words(const platform::CoherentMemory& m) {
    return static_cast<uint64_t*>(m.address);
  }
  // Puts a descriptor at the end of what is written; Ring hands over.
  void Put(uint64_t address, uint32_t length, bool end = true, bool report = false,
           uint32_t q = 0) {
    uint64_t* const words = Words(tx[q]) + 2 * sent[q];
    words[0] = address;
    words[1] = length | (end ? uint64_t{1} << 32 : 0) | (report ? uint64_t{1} << 33 : 0);
    sent[q] = (sent[q] + 1) % kRing;
  }
  void RingBell(uint32_t q = 0) { Write<TxTail>(sent[q], q); }
  // A frame of `length` bytes, each `value` + its place.
  uint64_t Fill(uint32_t slot, uint32_t length, uint8_t value) {
    const uint64_t at = buffers.device.value() + slot * 0x4000;
    for (uint32_t i = 0; i < length; ++i) Memory(at)[i] = static_cast<uint8_t>(value + i);
    return at;
  }
  void Send(uint32_t length, uint8_t value = 1, uint32_t q = 0) {
    Put(Fill(0, length, value), length, true, false, q);
    RingBell(q);
  }

  uint32_t HeadWord(uint32_t q = 0) { return *static_cast<uint32_t*>(head[q].address); }
  uint64_t RxWord(uint32_t i, uint32_t q = 0) { return Words(rx[q])[2 * i + 1]; }

  SmallWorld world;
  Iommu memory;
  Pv card;
  platform::CoherentMemory tx[2], rx[2], head[2], buffers;
  uint32_t sent[2] = {};
  uint32_t taken[2] = {};

 private:
  static constexpr uint64_t kBuffers = 0x20000;

  platform::CoherentMemory Take(uint64_t bytes) {
    taken_.emplace_back(memory.AllocateCoherent(bytes), bytes);
    return taken_.back().first;
  }

  std::vector<std::pair<platform::CoherentMemory, uint64_t>> taken_;
};

uint64_t Done(uint32_t length, bool end = true) {
  return uint64_t{length} << 32 | 1 | (end ? 2 : 0);
}

class PvPair : public ::testing::Test {
 protected:
  PvPair() : a(now, 1), b(now, 2) {
    Pv::Join(a.card, b.card);
    Light(true);
  }
  ~PvPair() override {
    EXPECT_EQ(a.world.errors, expected_a);
    EXPECT_EQ(b.world.errors, expected_b);
    EXPECT_EQ(a.memory.faults() + b.memory.faults() != 0, faults_expected);
  }
  void Light(bool on) {
    a.card.CarrierChanged(on);
    b.card.CarrierChanged(on);
  }
  // Everything that is due, now and in this time.
  void Run(Time time = 0) {
    while (a.world.Expire() || b.world.Expire()) {
    }
    now += time;
    while (a.world.Expire() || b.world.Expire()) {
    }
  }
  // Both on, a sends to b.
  void Start(uint32_t room = kRoom, uint32_t given = kRing - 1) {
    a.Start();
    b.Start();
    a.StartTx();
    b.StartRx(0, room, given);
    a.world.messages.clear();
    b.world.messages.clear();
  }
  // The bytes of a frame in buffers of `room` bytes from descriptor `first` on, as Fill made it,
  // and nothing behind it.
  void ExpectFrame(uint32_t first, uint32_t length, uint8_t value, uint32_t room = kRoom) {
    uint32_t at = 0;
    for (uint32_t i = first; at < length; i = (i + 1) % kRing) {
      const uint32_t part = std::min(room, length - at);
      EXPECT_EQ(b.RxWord(i), Done(part, at + part == length)) << i;
      const uint8_t* const bytes = b.Memory(b.BufferAt(0, i, room));
      for (uint32_t k = 0; k < part; ++k) {
        ASSERT_EQ(bytes[k], static_cast<uint8_t>(value + at + k)) << i << ": " << k;
      }
      for (uint32_t k = part; k < room; ++k) ASSERT_EQ(bytes[k], kUntouched) << i << ": " << k;
      at += part;
    }
  }

  Time now = 0;
  End a, b;
  std::vector<DriverError> expected_a, expected_b;
  bool faults_expected = false;
};

// --- The common way
// -------------------------------------------------------------------------------

TEST_F(PvPair, NothingHappensInsideARegisterWrite) {
  Start();
  a.Send(60);
  EXPECT_EQ(b.RxWord(0), 0u);
  EXPECT_EQ(a.HeadWord(), 0u);
  Run();
  ExpectFrame(0, 60, 1);
  EXPECT_EQ(b.RxWord(1), 0u);
  EXPECT_EQ(a.HeadWord(), 1u);
  EXPECT_EQ(a.Counter<TxPackets>(), 1u);
  EXPECT_EQ(a.Counter<TxBytes>(), 60u);
  EXPECT_EQ(b.Counter<RxPackets>(), 1u);
  EXPECT_EQ(b.Counter<RxBytes>(), 60u);
}

TEST_F(PvPair, FramesGoRoundTheRingsInOrder) {
  Start();
  for (uint32_t i = 0; i < 50; ++i) {
    a.Send(14 + i, static_cast<uint8_t>(i));
    Run();
    const uint32_t at = i % kRing;
    ASSERT_EQ(b.RxWord(at), Done(14 + i));
    ASSERT_EQ(b.Memory(b.BufferAt(0, at))[13], static_cast<uint8_t>(i + 13));
    b.Words(b.rx[0])[2 * at + 1] = 0;
    b.Write<RxTail>((at + kRing) % kRing);
  }
  EXPECT_EQ(a.Counter<TxPackets>(), 50u);
}

// From fragments of any size to buffers of another.
TEST_F(PvPair, FragmentsAndBuffersNeedNotAgree) {
  for (const uint32_t room : {64u, 128u, 192u, 512u, 4096u}) {
    for (const uint32_t cut : {1u, 63u, 64u, 65u, 100u, 299u}) {
      SCOPED_TRACE(::testing::Message() << room << ", cut at " << cut);
      b.card.BusReset();
      a.card.BusReset();
      std::memset(b.Memory(b.BufferAt(0, 0)), kUntouched, 0x8000);
      Start(room);
      const uint64_t at = a.Fill(0, 300, 7);
      a.Put(at, cut, false);
      a.Put(at + cut, 300 - cut);
      a.RingBell();
      Run();
      ExpectFrame(0, 300, 7, room);
      EXPECT_EQ(a.HeadWord(), 2u);
      EXPECT_EQ(b.Counter<RxPackets>(), 1u);
      EXPECT_EQ(b.Counter<RxBytes>(), 300u);
    }
  }
}

TEST_F(PvPair, AFrameFillsItsLastBufferToTheLastByte) {
  Start();
  a.Put(a.Fill(0, 2 * kRoom, 3), 2 * kRoom);
  a.Put(a.Fill(1, 60, 9), 60);
  a.RingBell();
  Run();
  EXPECT_EQ(b.RxWord(0), Done(kRoom, false));
  EXPECT_EQ(b.RxWord(1), Done(kRoom, true));
  ExpectFrame(2, 60, 9);
}

TEST_F(PvPair, FramesAreAsLongAsTheReceiverSays) {
  Start(16384);
  b.Write<MaxFrame>(1000);
  a.Put(a.Fill(0, 1001, 1), 1001);
  a.Put(a.Fill(1, 1000, 2), 1000);
  a.RingBell();
  Run();
  EXPECT_EQ(b.RxWord(0), Done(1000));
  EXPECT_EQ(b.RxWord(1), 0u);
  EXPECT_EQ(b.Counter<RxOversize>(), 1u);
  EXPECT_EQ(b.Counter<RxPackets>(), 1u);
  EXPECT_EQ(b.Counter<RxDropped>(), 0u);
  EXPECT_EQ(a.Counter<TxPackets>(), 2u);
  EXPECT_EQ(a.HeadWord(), 2u);
}

TEST_F(PvPair, QueuesGoToQueuesModuloTheReceiversPairs) {
  a.Start(2);
  b.Start(1);
  a.StartTx(0);
  a.StartTx(1);
  b.StartRx(0);
  a.Send(60, 1, 0);
  Run();
  a.Send(61, 2, 1);
  Run();
  EXPECT_EQ(b.RxWord(0), Done(60));
  EXPECT_EQ(b.RxWord(1), Done(61));
  b.card.BusReset();
  b.Start(2);
  b.StartRx(0);
  b.StartRx(1);
  a.Send(62, 3, 1);
  Run();
  EXPECT_EQ(b.RxWord(0, 0), 0u);
  EXPECT_EQ(b.RxWord(0, 1), Done(62));
  EXPECT_EQ(b.Counter<RxPackets>(1), 1u);
  EXPECT_EQ(a.Counter<TxPackets>(1), 2u);
}

// --- A receiver that does not take
// ----------------------------------------------------------------

TEST_F(PvPair, WithoutAReceiverFramesGoNowhere) {
  a.Start();
  a.StartTx();
  for (uint32_t i = 0; i < 7; ++i) a.Put(a.Fill(0, 60, 1), 60);
  a.RingBell();
  Run();
  EXPECT_EQ(a.HeadWord(), 7u);
  EXPECT_EQ(a.Counter<TxPackets>(), 7u);
  // Nor if it is on and its queue is not.
  b.Start();
  a.Send(60);
  Run();
  EXPECT_EQ(a.HeadWord(), 0u);
  EXPECT_EQ(b.Counter<RxPackets>() + b.Counter<RxDropped>(), 0u);
}

TEST_F(PvPair, AFullRingIsWaitedForATenthOfASecondThenFramesAreDropped) {
  Start(kRoom, 2);
  for (uint32_t i = 0; i < 5; ++i) a.Put(a.Fill(0, 60, 1), 60);
  a.RingBell();
  Run(100 * kMillisecond - 1);
  EXPECT_EQ(a.HeadWord(), 2u);
  EXPECT_EQ(b.Counter<RxDropped>(), 0u);
  Run(1);
  EXPECT_EQ(a.HeadWord(), 5u);
  EXPECT_EQ(b.Counter<RxDropped>(), 3u);
  EXPECT_EQ(b.Counter<RxPackets>(), 2u);
  EXPECT_EQ(a.Counter<TxPackets>(), 5u);
  // From then on at once.
  a.Send(60);
  Run();
  EXPECT_EQ(b.Counter<RxDropped>(), 4u);
  // Until it takes frames again; then it is waited for anew.
  b.Write<RxTail>(3);
  for (uint32_t i = 0; i < 2; ++i) a.Put(a.Fill(0, 60, 1), 60);
  a.RingBell();
  Run(99 * kMillisecond);
  EXPECT_EQ(b.RxWord(2), Done(60));
  EXPECT_EQ(a.HeadWord(), 7u);
  EXPECT_EQ(b.Counter<RxDropped>(), 4u);
  b.Write<RxTail>(4);
  Run();
  EXPECT_EQ(a.HeadWord(), 0u);
  EXPECT_EQ(b.Counter<RxPackets>(), 4u);
}

TEST_F(PvPair, ARingTooShortForAFrameNeedsNoPatience) {
  Start(64);
  a.Put(a.Fill(0, 8 * 64, 1), 8 * 64);
  a.Put(a.Fill(1, 60, 1), 60);
  a.RingBell();
  Run();
  EXPECT_EQ(b.Counter<RxDropped>(), 1u);
  EXPECT_EQ(b.RxWord(0), Done(60));
  EXPECT_EQ(a.HeadWord(), 2u);
}

// Replay: what was left of the patience with a receiver that closed was all that the next one got.
TEST_F(PvPair, EachReceiverIsWaitedForAnew) {
  Start(kRoom, 1);
  for (uint32_t i = 0; i < 2; ++i) a.Put(a.Fill(0, 60, 1), 60);
  a.RingBell();
  Run(60 * kMillisecond);
  b.Write<RxEnable>(0);
  Run(kSecond);
  EXPECT_EQ(a.HeadWord(), 2u);
  b.StartRx(0, kRoom, 0);
  a.Send(60);
  Run();
  EXPECT_EQ(a.HeadWord(), 2u);
  b.Write<RxTail>(1);
  Run();
  EXPECT_EQ(a.HeadWord(), 3u);
  EXPECT_EQ(b.Counter<RxDropped>(), 0u);
  EXPECT_EQ(b.RxWord(0), Done(60));
}

TEST_F(PvPair, WhoWaitsGoesOnWhenTheReceiverIsResetOrItsQueueIsOff) {
  for (const bool reset : {true, false}) {
    a.card.BusReset();
    b.card.BusReset();
    Start(kRoom, 0);
    a.Send(60);
    Run();
    EXPECT_EQ(a.HeadWord(), 0u);
    if (reset) {
      b.Write<Control>(0);
    } else {
      b.Write<RxEnable>(0);
    }
    Run();
    EXPECT_EQ(a.HeadWord(), 1u) << reset;
    EXPECT_EQ(b.RxWord(0), 0u);
    *static_cast<uint32_t*>(a.head[0].address) = 0;
  }
}

// --- Events
// ---------------------------------------------------------------------------------------

TEST_F(PvPair, AnEventIsToldOnceToWhoArmed) {
  Start();
  b.Write<Arm>(1);
  EXPECT_TRUE(b.world.messages.empty());
  a.Send(60);
  a.Send(60);
  Run();
  a.Send(60);
  Run();
  EXPECT_EQ(b.world.messages, (std::vector<uint32_t>{0}));
  // What came since is told when it is asked for, once.
  b.Write<Arm>(1);
  EXPECT_EQ(b.world.messages, (std::vector<uint32_t>{0, 0}));
  b.Write<Arm>(1);
  Run();
  EXPECT_EQ(b.world.messages.size(), 2u);
  a.Send(60);
  Run();
  EXPECT_EQ(b.world.messages.size(), 3u);
}

TEST_F(PvPair, TheSenderIsToldOfReportedFramesOnly) {
  Start();
  a.Write<Arm>(1);
  a.Send(60);
  Run();
  EXPECT_TRUE(a.world.messages.empty());
  a.Put(a.Fill(0, 60, 1), 60, true, true);
  a.RingBell();
  Run();
  EXPECT_EQ(a.world.messages, (std::vector<uint32_t>{0}));
  // Of several slots too.
  a.Write<Arm>(1);
  a.Put(a.Fill(0, 60, 1), 60, false);
  a.Put(a.Fill(0, 60, 1), 60, true, true);
  a.RingBell();
  Run();
  EXPECT_EQ(a.world.messages.size(), 2u);
}

// The frame is there before its message, and so is the head.
TEST_F(PvPair, WhatWasDroppedIsNoEvent) {
  Start(kRoom, 0);
  b.Write<Arm>(1);
  a.Put(a.Fill(0, 60, 1), 60, true, true);
  a.Write<Arm>(1);
  a.RingBell();
  Run(100 * kMillisecond);
  EXPECT_TRUE(b.world.messages.empty());
  EXPECT_EQ(a.world.messages, (std::vector<uint32_t>{0}));
}

TEST_F(PvPair, LinkChangesHaveTheLastVector) {
  Light(false);
  EXPECT_TRUE(a.world.messages.empty()) << "it is off";
  a.Start();
  EXPECT_EQ(a.Read<pv::Status>(), 0u);
  Light(true);
  EXPECT_EQ(a.world.messages, (std::vector<uint32_t>{kMsixVectors - 1}));
  EXPECT_EQ(a.Read<pv::Status>(), 1u);
}

TEST_F(PvPair, WithoutLightFramesWait) {
  Start();
  Light(false);
  a.Send(60);
  Run(kSecond);
  EXPECT_EQ(a.HeadWord(), 0u);
  EXPECT_EQ(b.RxWord(0), 0u);
  Light(true);
  Run();
  EXPECT_EQ(a.HeadWord(), 1u);
  ExpectFrame(0, 60, 1);
}

// --- Registers
// ------------------------------------------------------------------------------------

TEST_F(PvPair, TheAddressAndThePlacesOfRegisters) {
  EXPECT_EQ(a.Read<MacLow>(), 0x00574D02u);
  EXPECT_EQ(a.Read<MacHigh>(), 0x0100u);
  a.Write<TxCount>(77, 15);
  EXPECT_EQ(a.Read<TxCount>(15), 77u);
  EXPECT_EQ(a.Read<TxCount>(14), 0u);
}

TEST_F(PvPair, ReadingALowWordKeepsItsHighOne) {
  Start();
  EXPECT_EQ(a.Read<TxBytes>(0), 0u);
  a.Send(60);
  Run();
  EXPECT_EQ(a.Read<TxBytes>(1), 0u);
  // No counter here grows beyond 32 bits: what is seen is that the high word is that of the counter
  // read last, and not the low one.
  EXPECT_EQ(a.Read<TxBytes>(0), 60u);
  EXPECT_EQ(a.Read<TxPackets>(1), 0u);
}

TEST_F(PvPair, AResetForgetsAllButAddressLinkAndCounters) {
  Start();
  b.Write<Arm>(1);
  a.Send(60);
  Run();
  a.Write<Control>(0);
  b.Write<Control>(0);
  EXPECT_EQ(a.Read<Control>(), 0u);
  EXPECT_EQ(a.Read<pv::Status>(), 1u);
  EXPECT_EQ(a.Read<MacLow>(), 0x00574D02u);
  EXPECT_EQ(a.Counter<TxPackets>(), 1u);
  EXPECT_EQ(a.Read<TxEnable>(), 0u);
  EXPECT_EQ(a.Read<TxCount>(), 0u);
  EXPECT_EQ(b.Read<MaxFrame>(), 0u);
  EXPECT_EQ(b.Read<Pairs>(), 0u);
  a.card.BusReset();
  EXPECT_EQ(a.Counter<TxPackets>(), 0u);
}

TEST_F(PvPair, DisabledInTheMiddleItReachesNothing) {
  Start();
  a.Send(60);
  a.Write<TxEnable>(0);
  Run();
  EXPECT_EQ(b.RxWord(0), 0u);
  a.StartTx();
  a.Send(60);
  a.Write<Control>(0);
  Run();
  EXPECT_EQ(b.RxWord(0), 0u);
  EXPECT_EQ(a.HeadWord(), 0u);
  EXPECT_EQ(a.Counter<TxPackets>(), 0u);
}

TEST_F(PvPair, GeometryThatCannotBeIsReportedAndTheQueueStaysOff) {
  a.Start();
  const auto refused = [this] {
    expected_a.push_back(DriverError::kBadGeometry);
    ASSERT_EQ(a.world.errors, expected_a);
    a.Write<TxTail>(0);
    expected_a.push_back(DriverError::kDisabledQueue);
    a.Write<RxTail>(0);
    expected_a.push_back(DriverError::kDisabledQueue);
    ASSERT_EQ(a.world.errors, expected_a);
  };
  for (const uint32_t count : {0u, 1u, kMaxDescriptors + 1}) {
    a.StartTx(0, count);
    refused();
  }
  a.Write<TxCount>(kRing);
  a.Write<TxBaseLow>(64);
  a.Write<TxEnable>(1);
  refused();
  a.Write<TxBaseLow>(0);
  a.Write<TxHeadLow>(2);
  a.Write<TxEnable>(1);
  refused();
  a.Write<RxCount>(kRing);
  for (const uint32_t room : {0u, 63u, 65u, kMaxBuffer + kBufferStep}) {
    a.Write<RxBuffer>(room);
    a.Write<RxEnable>(1);
    refused();
  }
  a.Write<RxBuffer>(64);
  a.Write<RxCount>(1);
  a.Write<RxEnable>(1);
  refused();
  for (const uint32_t pairs : {0u, 17u}) {
    a.Write<Pairs>(pairs);
    expected_a.push_back(DriverError::kBadGeometry);
  }
  EXPECT_EQ(a.Read<Pairs>(), 1u);
}

TEST_F(PvPair, ATailOfAQueueThatIsOffOrOutOfRangeIsReported) {
  Start();
  a.Write<TxTail>(kRing);
  expected_a = {DriverError::kBadGeometry};
  a.Write<TxTail>(1, 15);
  expected_a.push_back(DriverError::kDisabledQueue);
  b.Write<RxTail>(0xFFFFFFFF);
  expected_b = {DriverError::kBadGeometry};
  a.Write<Control>(0);
  a.Write<TxTail>(1);
  expected_a.push_back(DriverError::kDisabledQueue);
  Run(kSecond);
  EXPECT_EQ(a.Counter<TxPackets>(), 0u);
}

TEST_F(PvPair, RegistersThatAreNotThereAndReservedBitsAreReported) {
  for (const uint32_t offset : {0x018u, 0x138u, 0x500u, 0xB00u, 0x1000u, 0xFFFFFFFCu}) {
    EXPECT_EQ(a.card.RegisterRead(offset), 0u);
    a.card.RegisterWrite(offset, 1);
    expected_a.push_back(DriverError::kUnknownRegister);
    expected_a.push_back(DriverError::kUnknownRegister);
  }
  a.card.RegisterRead(2);
  a.card.RegisterWrite(0x101, 1);
  expected_a.push_back(DriverError::kUnaligned);
  expected_a.push_back(DriverError::kUnaligned);
  a.Write<pv::Status>(1);
  a.Write<TxBytes>(1);
  expected_a.push_back(DriverError::kUnknownRegister);
  expected_a.push_back(DriverError::kUnknownRegister);
  a.Write<MaxFrame>(0x10000 | 1514);
  expected_a.push_back(DriverError::kReservedBits);
  EXPECT_EQ(a.Read<MaxFrame>(), 1514u);
}

// Replay: the size of the buffers was read from its register for each frame; 0 ended the world.
TEST_F(PvPair, WhatIsWrittenToAQueueThatIsOnDoesNotMatter) {
  Start();
  b.Write<RxBuffer>(0);
  b.Write<RxCount>(2);
  b.Write<RxBaseLow>(0);
  a.Write<TxHeadLow>(0);
  a.Write<TxHeadHigh>(0);
  a.Write<TxBaseLow>(0);
  a.Put(a.Fill(0, 300, 5), 300);
  a.RingBell();
  Run();
  ExpectFrame(0, 300, 5);
  EXPECT_EQ(a.HeadWord(), 1u);
}

// --- What cannot be
// -------------------------------------------------------------------------------

TEST_F(PvPair, AFrameThatCannotBeIsReportedAndLeftOut) {
  Start();
  a.Put(a.Fill(0, 60, 1), 13);
  a.Put(a.Fill(0, 60, 1), 0);
  a.Put(a.Fill(0, 60, 1), kMaxFrameBytes + 1);
  a.Put(a.Fill(0, 60, 1), 0xFFFF);
  a.Put(a.Fill(0, 60, 4), 60);
  a.Put(a.Fill(0, 60, 1), 60, false);  // no end
  a.RingBell();
  Run();
  expected_a = std::vector<DriverError>(5, DriverError::kBadDescriptor);
  EXPECT_EQ(a.HeadWord(), 6u);
  EXPECT_EQ(a.Counter<TxPackets>(), 1u);
  EXPECT_EQ(b.Counter<RxPackets>(), 1u);
  EXPECT_EQ(b.RxWord(0), Done(60));
  EXPECT_EQ(b.RxWord(1), 0u);
}

// Replay: such a frame was delivered with what had been in the receiver's buffer before.
TEST_F(PvPair, ABufferThatIsNotMappedIsAFaultAndNoFrame) {
  faults_expected = true;
  Start();
  const uint64_t good = a.Fill(0, 60, 4);
  const uint64_t nowhere = b.buffers.device.value();
  a.Put(nowhere, 60);
  a.Put(good, 60, false);
  a.Put(nowhere, 60);
  a.Put(good, 60);
  a.RingBell();
  Run();
  EXPECT_GE(a.memory.faults(), 2u);
  EXPECT_EQ(b.memory.faults(), 0u);
  EXPECT_EQ(a.HeadWord(), 4u);
  EXPECT_EQ(a.Counter<TxPackets>(), 1u);
  EXPECT_EQ(b.Counter<RxPackets>(), 1u);
  ExpectFrame(0, 60, 4);
  EXPECT_EQ(b.RxWord(1), 0u);
}

TEST_F(PvPair, AReceiveBufferThatIsNotMappedCostsItsFrame) {
  faults_expected = true;
  Start();
  b.Words(b.rx[0])[2] = 0x10;
  a.Put(a.Fill(0, 60, 1), 60);
  a.Put(a.Fill(1, 2 * kRoom, 2), 2 * kRoom);
  a.RingBell();
  Run();
  EXPECT_EQ(b.RxWord(0), Done(60));
  EXPECT_EQ(b.RxWord(1), 0u);
  EXPECT_EQ(b.RxWord(2), 0u);
  EXPECT_EQ(b.Counter<RxDropped>(), 1u);
  EXPECT_EQ(b.Counter<RxPackets>(), 1u);
  EXPECT_EQ(a.HeadWord(), 2u);
}

// Replay: the ring's memory was looked up once, when the queue was enabled.
TEST_F(PvPair, ARingThatIsTakenAwayIsAFault) {
  faults_expected = true;
  Start();
  const platform::CoherentMemory ring = b.memory.AllocateCoherent(4096);
  b.Write<RxEnable>(0);
  b.Write<RxBaseLow>(static_cast<uint32_t>(ring.device.value()));
  b.Write<RxBaseHigh>(static_cast<uint32_t>(ring.device.value() >> 32));
  b.Write<RxEnable>(1);
  b.Write<RxTail>(7);
  b.memory.FreeCoherent(ring, 4096);
  a.Send(60);
  Run();
  EXPECT_EQ(b.memory.faults(), 1u);
  EXPECT_EQ(b.Counter<RxPackets>(), 0u);
}

TEST_F(PvPair, WhoIsCutOffReachesNothing) {
  Start();
  EXPECT_TRUE(b.memory.Isolate());
  a.Send(60);
  Run();
  EXPECT_NE(b.memory.refused(), 0u);
  EXPECT_EQ(b.RxWord(0), 0u);
  EXPECT_EQ(b.Memory(b.BufferAt(0, 0))[0], kUntouched);
}

}  // namespace
}  // namespace mapwire::sim
