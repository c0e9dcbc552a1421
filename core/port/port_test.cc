// Tests of the port contract: who uses which ring, what is undone, and when devices come and go.
#include "core/port/port.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/port/null_port.h"
#include "testing/kit/loop_port.h"

namespace mapwire::port {
namespace {

using kit::LoopPort;
using kit::TestEnvironment;
using memory::PoolKind;
using ring::RingState;

constexpr memory::RegionRequest kRequest = {{{1024, 10}, {4096, 8}, {2048, 128}}};

class PortTest : public testing::Test {
 protected:
  PortTest()
      : region_(environment_, 1, memory::RegionKind::kGlobal, kRequest),
        port_(environment_, "port", region_, {2, 2, 16, 8}) {}

  Ring& tx(uint16_t i) { return port_.ring(Direction::kTx, i); }
  Ring& rx(uint16_t i) { return port_.ring(Direction::kRx, i); }
  void Open(const RingSelection& selection) {
    ASSERT_TRUE(port_.Bind(selection, false).ok());
    ASSERT_TRUE(port_.Activate(selection).ok());
  }

  static constexpr RingSelection kAll{{0, 2}, {0, 2}};
  static constexpr RingSelection kFirst{{0, 1}, {0, 1}};
  static constexpr RingSelection kSecond{{1, 2}, {1, 2}};

  TestEnvironment environment_;
  memory::Region region_;
  LoopPort port_;
};

TEST_F(PortTest, RingsComeWithTheirFirstUserAndGoWithTheirLast) {
  Open(kFirst);
  EXPECT_TRUE(tx(0).created());
  EXPECT_FALSE(tx(1).created());
  EXPECT_EQ(tx(0).state(), RingState::kUser);
  EXPECT_EQ(tx(1).state(), RingState::kOff);
  EXPECT_EQ(port_.opened, 1u);
  EXPECT_EQ(port_.running_rings, 2u);
  Open(kAll);
  EXPECT_EQ(tx(0).users, 2u);
  EXPECT_EQ(port_.opened, 1u);
  port_.Unbind(kFirst, nullptr);
  EXPECT_TRUE(tx(0).created());
  EXPECT_EQ(port_.running_rings, 4u);
  port_.Unbind(kAll, nullptr);
  EXPECT_FALSE(tx(0).created());
  EXPECT_EQ(port_.opened, 0u);
  EXPECT_EQ(region_.users(), 0u);
}

TEST_F(PortTest, ReceiveRingsGetTheLowerBuffers) {
  Open(kAll);
  EXPECT_EQ(rx(0).known_buffers()[0], 2u);
  EXPECT_EQ(rx(1).known_buffers()[0], 10u);
  EXPECT_EQ(tx(0).known_buffers()[0], 18u);
  EXPECT_EQ(tx(1).known_buffers()[15], 49u);
  port_.Unbind(kAll, nullptr);
}

TEST_F(PortTest, BindingThatDoesNotGoOnLeavesOthersAsTheyWere) {
  Open(kFirst);
  // Rings for one more direction only: 8 objects, 2 in use; take 5.
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(region_.Allocate(PoolKind::kRings).ok());
  const uint32_t buffers = region_.FreeCount(PoolKind::kBuffers);
  EXPECT_EQ(port_.Bind(kSecond, true).error(), Errno::kNoMemory);
  EXPECT_EQ(region_.FreeCount(PoolKind::kBuffers), buffers);
  EXPECT_EQ(region_.FreeCount(PoolKind::kRings), 1u);
  EXPECT_EQ(tx(1).users, 0u);
  EXPECT_FALSE(tx(1).exclusive);
  EXPECT_FALSE(rx(1).created());
  EXPECT_EQ(port_.users(), 1u);
  EXPECT_EQ(tx(0).state(), RingState::kUser);
  port_.Unbind(kFirst, nullptr);
}

TEST_F(PortTest, ActivationThatFailsHalfwayIsUndoneByUnbind) {
  ASSERT_TRUE(port_.Bind(kAll, false).ok());
  environment_.faults().FailNth(3);
  EXPECT_EQ(port_.Activate(kAll).error(), Errno::kNoMemory);
  environment_.faults().FailNth(0);
  EXPECT_EQ(port_.running_rings, 2u);
  port_.Unbind(kAll, nullptr);
  EXPECT_EQ(port_.running_rings, 0u);
  EXPECT_EQ(region_.users(), 0u);
}

// The close of one thread finds another inside a sync.
TEST_F(PortTest, ACloseWaitsForWhoIsInside) {
  kit::ScriptedBackend backend;
  port_.script = &backend;
  std::atomic<bool> inside{false};
  std::atomic<bool> closing{false};
  std::atomic<bool> closed{false};
  backend.act = [&](Ring&, uint32_t) -> Status {
    inside = true;
    while (!closing && !closed) std::this_thread::yield();
    EXPECT_FALSE(closed) << "the ring went while a sync was inside";
    return kOkStatus;
  };
  Open(kFirst);
  std::atomic<bool> left{false};
  std::thread syncer([&] {
    static_cast<void>(tx(0).Sync());
    left = true;
  });
  while (!inside) std::this_thread::yield();
  environment_.sleeper().on_delay = [&](uint64_t) {
    EXPECT_TRUE(tx(0).created());
    closing = true;
    while (!left) std::this_thread::yield();
  };
  port_.Unbind(kFirst, nullptr);
  closed = true;
  syncer.join();
  EXPECT_TRUE(closing);
  EXPECT_EQ(port_.running_rings, 0u);
}

TEST_F(PortTest, ARegionCanBeChangedOnlyWhileNobodyIsThere) {
  memory::Region other(environment_, 2, memory::RegionKind::kPrivate, kRequest);
  EXPECT_TRUE(port_.UseRegion(other));
  Open(kFirst);
  EXPECT_EQ(other.users(), 1u);
  EXPECT_FALSE(port_.UseRegion(region_));
  port_.BackToDefaults();
  EXPECT_EQ(port_.region().id(), 2);
  port_.Unbind(kFirst, nullptr);
  EXPECT_EQ(port_.region().id(), 1);
}

TEST_F(PortTest, AKilledPortWakesItsUsersAndTakesNoMore) {
  Open(kFirst);
  port_.Kill();
  EXPECT_EQ(tx(0).state(), RingState::kZombie);
  EXPECT_EQ(tx(1).state(), RingState::kOff);
  EXPECT_EQ(kit::Notifications(*tx(0).notifier()), 1u);
  EXPECT_EQ(port_.Bind(kSecond, false).error(), Errno::kNoDevice);
  EXPECT_EQ(port_.Activate(kFirst).error(), Errno::kNoDevice);
  port_.Unbind(kFirst, nullptr);
  EXPECT_EQ(port_.running_rings, 0u);
  EXPECT_EQ(region_.users(), 0u);
}

TEST_F(PortTest, MakingAPortThatFailsLeavesNothing) {
  const size_t live = environment_.live();
  const uint64_t calls = kit::SweepFaults(environment_.faults(), [&](bool) {
    const Result<Port*> port = NullPort::Create(environment_, "n", region_, {2, 1, 8, 8});
    if (port.ok()) NullPort::Destroy(environment_, *port);
    EXPECT_EQ(environment_.live(), live);
  });
  // The port; per direction a notifier, two arrays and a notifier per ring; the scratch of closing.
  EXPECT_EQ(calls, 1u + 2 * 3 + 3 + 1);
}

}  // namespace
}  // namespace mapwire::port
