// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The port of a card, over a driver that only remembers: who is woken, what is freed when.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/memory/region.h"
#include "core/nic/driver_for_test.h"
#include "core/nic/nic_port.h"
#include "sim/platform/sim/platform_backend/hooks.h"
#include "testing/kit/environment.h"

namespace mapwire::nic {
namespace {

using kit::Notifications;
using kit::TestEnvironment;
using port::Direction;
using port::RingSelection;
using ring::Ring;
using ring::RingState;

constexpr uint16_t kPairs = 2;
constexpr uint16_t kLinkVector = kPairs;
constexpr RingSelection kFirst = {{0, 1}, {0, 1}};
constexpr RingSelection kSecond = {{1, 2}, {1, 2}};
// Two steps of 1024 and something that the card cannot use.
constexpr uint32_t kBufferBytes = 2560;

class FakeDriver final : public DriverForTest {
 public:
  FakeDriver() : DriverForTest(Info()) {}

  Status Stop() override {
    up = false;
    return kOkStatus;
  }
  Result<uint32_t> StartTxQueue(uint16_t, const TxQueueSetup& setup) override {
    tx = setup;
    return 0x18u;
  }
  Result<uint32_t> StartRxQueue(uint16_t, const RxQueueSetup& setup) override {
    rx = setup;
    return 0x28u;
  }
  Status StopTxQueue(uint16_t queue) override {
    Stopped("tx", queue);
    return kOkStatus;
  }
  Status StopRxQueue(uint16_t queue) override {
    Stopped("rx", queue);
    return kOkStatus;
  }
  uint16_t vectors(uint16_t pairs) const override { return pairs + 1; }
  InterruptReport Interrupt(uint16_t) override { return report; }
  void Arm(uint16_t queue) override { armed.push_back(queue); }
  LinkState link() const override { return {.up = up, .mbps = 10000}; }

  bool up = false;
  InterruptReport report;
  TxQueueSetup tx{};
  RxQueueSetup rx{};
  std::vector<uint16_t> armed;
  std::vector<std::string> stopped;
  std::function<void()> on_stop;

 private:
  static DriverInfo Info() {
    DriverInfo info = InfoForTest("fake", 4);
    info.max_descriptors = 64;
    return info;
  }
  void Stopped(const char* direction, uint16_t queue) {
    stopped.push_back(direction + std::to_string(queue));
    if (on_stop) on_stop();
  }
};

class FakeQueue final : public NicQueue {
 public:
  explicit FakeQueue(const QueueParameters&) {}
  QueueLook Look(const Ring&) const override { return {}; }
  uint32_t Settle(Ring&) override { return 0; }
  void Prime(Ring&) override {}
  Status Sync(Ring&, uint32_t) override { return kOkStatus; }
};

uint64_t g_live_queues = 0;

NicQueue* NewQueue(platform::Heap& heap, const QueueParameters& parameters) {
  ++g_live_queues;
  return platform::New<FakeQueue>(heap, parameters);
}

constexpr RingLoop kFakeLoop = {
    .new_tx = NewQueue,
    .new_rx = NewQueue,
    .free_queue =
        [](platform::Heap& heap, NicQueue* queue) {
          --g_live_queues;
          heap.Free(queue);
        },
    .descriptor_bytes = 16,
};

// Another CPU's turn, wherever core says that one may come first.
class YieldHook final : public platform::Hooks {
 public:
  explicit YieldHook(std::function<void()> on_yield)
      : on_yield_(std::move(on_yield)), before_(platform::SetHooks(this)) {}
  ~YieldHook() override { platform::SetHooks(before_); }
  void Yield() override { on_yield_(); }

 private:
  const std::function<void()> on_yield_;
  platform::Hooks* const before_;
};

class NicPortTest : public testing::Test {
 protected:
  NicPortTest()
      : region_(environment_, 1, memory::RegionKind::kGlobal,
                {{{1024, 10}, {4096, 8}, {kBufferBytes, 200}}}),
        dma_(environment_.faults()),
        port_(*NicPort::Create(
            environment_, "em0", region_, driver_, kFakeLoop, platform::Mmio(), dma_,
            {.driver = {.queue_pairs = kPairs, .tx_slots = 16, .rx_slots = 16}})) {}
  ~NicPortTest() override {
    NicPort::Destroy(environment_, port_);
    EXPECT_EQ(g_live_queues, 0u);
    EXPECT_EQ(dma_.coherent(), 0u);
    EXPECT_EQ(dma_.maps(), 0u);
  }

  void Open(const RingSelection& selection) {
    ASSERT_TRUE(port_->Bind(selection, false).ok());
    ASSERT_TRUE(port_->Activate(selection).ok());
  }
  void Close(const RingSelection& selection) { port_->Unbind(selection, nullptr); }
  uint64_t Woken(Direction direction, uint16_t i) {
    return Notifications(*port_->ring(direction, i).notifier());
  }
  // Rings woken since the start, transmit first: how often each.
  std::vector<uint64_t> Woken() {
    return {Woken(Direction::kTx, 0), Woken(Direction::kTx, 1), Woken(Direction::kRx, 0),
            Woken(Direction::kRx, 1)};
  }
  using Counts = std::vector<uint64_t>;

  TestEnvironment environment_;
  memory::Region region_;
  kit::FakeDmaSpace dma_;
  FakeDriver driver_;
  NicPort* const port_;
};

TEST_F(NicPortTest, AnInterruptWakesTheRingsItNamesAndNoOthers) {
  driver_.report = {.rx_queues = 1u << 1};
  port_->HandleInterrupt(1);
  EXPECT_EQ(Woken(), (Counts{0, 0, 0, 1}));
  driver_.report = {.tx_queues = 1u << 0};
  port_->HandleInterrupt(0);
  EXPECT_EQ(Woken(), (Counts{1, 0, 0, 1}));
  // Queues the port has no rings for.
  driver_.report = {.rx_queues = ~uint64_t{0}, .tx_queues = ~uint64_t{0}};
  port_->HandleInterrupt(0);
  EXPECT_EQ(Woken(), (Counts{2, 1, 1, 2}));
  EXPECT_EQ(port_->counters().interrupts, 3u);
  EXPECT_EQ(port_->counters().link_changes, 0u);
}

TEST_F(NicPortTest, ALinkChangeIsThereBeforeAnybodyIsWokenForIt) {
  ASSERT_TRUE(port_->Start().ok());
  EXPECT_FALSE(port_->carrier());
  driver_.up = true;
  driver_.report = {.link_changed = true};
  {
    const YieldHook hook([this] {
      for (const uint64_t woken : Woken()) {
        EXPECT_TRUE(woken == 0 || port_->carrier()) << "woken without a carrier";
      }
    });
    port_->HandleInterrupt(kLinkVector);
  }
  EXPECT_TRUE(port_->carrier());
  EXPECT_EQ(Woken(), (Counts{1, 1, 1, 1}));
  EXPECT_EQ(port_->counters().link_changes, 1u);
  port_->Stop();
  EXPECT_FALSE(port_->carrier());
}

TEST_F(NicPortTest, AnInterruptThatTellsOfTheLinkAndOfQueuesTellsBoth) {
  ASSERT_TRUE(port_->Start().ok());
  driver_.report = {.rx_queues = 1u << 1, .link_changed = true};
  port_->HandleInterrupt(0);
  EXPECT_EQ(Woken(), (Counts{1, 1, 1, 2})) << "the queue was told of the link only";
  EXPECT_EQ(port_->counters().link_changes, 1u);
  port_->Stop();
}

// One CPU has read that the link is down and not stored it; the interrupt of the link that comes up
// runs on another one meanwhile.
TEST_F(NicPortTest, OfTwoCarrierUpdatesAtOnceTheNewerStateStays) {
  driver_.report = {.link_changed = true};
  bool raced = false;
  const YieldHook hook([&] {
    if (raced) return;
    raced = true;
    driver_.up = true;
    port_->HandleInterrupt(kLinkVector);
  });
  ASSERT_TRUE(port_->Start().ok());
  EXPECT_TRUE(raced);
  EXPECT_TRUE(port_->carrier());
}

TEST_F(NicPortTest, ADeviceThatIsGoneMakesZombiesAndWakesTheirUsers) {
  Open(kFirst);
  driver_.report = {.gone = true};
  port_->HandleInterrupt(0);
  EXPECT_TRUE(port_->gone());
  EXPECT_EQ(port_->ring(Direction::kTx, 0).state(), RingState::kZombie);
  EXPECT_EQ(port_->ring(Direction::kRx, 0).state(), RingState::kZombie);
  EXPECT_EQ(Woken(), (Counts{1, 0, 1, 0}));
  Close(kFirst);
}

TEST_F(NicPortTest, AQueueIsFreedWhenTheDriverHasStoppedIt) {
  Open(kFirst);
  Open(kSecond);
  EXPECT_EQ(g_live_queues, 4u);
  EXPECT_EQ(dma_.coherent(), 6u);  // descriptors of each, and a write-back word of two
  uint64_t stopped = 0;
  driver_.on_stop = [&] {
    EXPECT_EQ(g_live_queues + stopped, 4u) << "freed while the card may use it";
    ++stopped;
  };
  Close(kFirst);
  EXPECT_EQ(driver_.stopped, (std::vector<std::string>{"rx0", "tx0"}));
  EXPECT_EQ(g_live_queues, 2u);
  EXPECT_EQ(dma_.coherent(), 3u);
  Close(kSecond);
  EXPECT_EQ(driver_.stopped, (std::vector<std::string>{"rx0", "tx0", "rx1", "tx1"}));
}

TEST_F(NicPortTest, TheDeviceIsToldOfWholeStepsOfRoomBehindTheLargestOffset) {
  Open(kFirst);
  EXPECT_EQ(driver_.rx.buffer_bytes, 2048u);
  EXPECT_EQ(driver_.rx.count, 16u);
  Close(kFirst);
  const auto with = [this](const ring::OffsetRule& rule) {
    EXPECT_TRUE(port_->Bind(kFirst, false).ok());
    EXPECT_TRUE(port_->ring(Direction::kRx, 0).SetOffsetRule(rule, 0, true).ok());
    const Status status = port_->Activate(kFirst);
    Close(kFirst);
    return status.ok() ? driver_.rx.buffer_bytes : 0;
  };
  EXPECT_EQ(with({.mask = 0xfff, .max = 512}), 2048u);
  EXPECT_EQ(with({.mask = 0xfff, .max = 513}), 1024u);
  EXPECT_EQ(with({.mask = 0xfff, .max = 64, .min_gap = 1024}), 1024u);
  EXPECT_EQ(with({.mask = 0xfff, .max = 64, .min_gap = 1023}), 0u);
  EXPECT_EQ(with({.mask = 0xfff, .max = 2560 - 1023}), 0u);
}

TEST_F(NicPortTest, TheDeviceIsToldNoMoreOfABufferThanTheOperatorAllows) {
  for (const uint32_t asked : {1024u, 2048u, 3072u}) {
    NicPort* const port =
        *NicPort::Create(environment_, "em1", region_, driver_, kFakeLoop, platform::Mmio(), dma_,
                         {.driver = {.tx_slots = 16, .rx_slots = 16, .rx_buffer_bytes = asked}});
    EXPECT_EQ(port->CheckBuffers(asked).ok(), true);
    EXPECT_EQ(port->CheckBuffers(asked - 1).error(), Errno::kInvalid);
    const Status bound = port->Bind({{0, 1}, {0, 1}}, false);
    EXPECT_EQ(bound.ok(), asked <= kBufferBytes);
    if (bound.ok()) {
      EXPECT_TRUE(port->Activate({{0, 1}, {0, 1}}).ok());
      EXPECT_EQ(driver_.rx.buffer_bytes, asked);
      port->Unbind({{0, 1}, {0, 1}}, nullptr);
    }
    NicPort::Destroy(environment_, port);
  }
}

TEST_F(NicPortTest, APortThatCannotBeIsNotMade) {
  const auto made = [this](const DriverConfig& config) {
    return NicPort::Create(environment_, "em1", region_, driver_, kFakeLoop, platform::Mmio(), dma_,
                           {.driver = config});
  };
  EXPECT_EQ(made({.queue_pairs = 5, .tx_slots = 16, .rx_slots = 16}).error(), Errno::kInvalid);
  EXPECT_EQ(made({.tx_slots = 16, .rx_slots = 72}).error(), Errno::kInvalid);
  EXPECT_EQ(made({.tx_slots = 16, .rx_slots = 16, .rss_queues = 2}).error(), Errno::kInvalid);
}

TEST_F(NicPortTest, ArmingARingArmsItsPairAndOneThatIsOffNothing) {
  Open(kFirst);
  Open(kSecond);
  port_->Arm(port_->ring(Direction::kRx, 1));
  port_->Arm(port_->ring(Direction::kTx, 0));
  EXPECT_EQ(driver_.armed, (std::vector<uint16_t>{1, 0}));
  Close(kFirst);
  Close(kSecond);
  port_->Arm(port_->ring(Direction::kTx, 0));
  EXPECT_EQ(driver_.armed, (std::vector<uint16_t>{1, 0}));
}

}  // namespace
}  // namespace mapwire::nic
