// Tests of the test kit itself: that it counts, fails and refuses as it says.
#include <gtest/gtest.h>

#include "testing/kit/environment.h"
#include "testing/kit/loop_port.h"
#include "testing/kit/program.h"

namespace mapwire::kit {
namespace {

TEST(KitTest, FaultPlanFailsExactlyTheNthCall) {
  FaultPlan faults;
  faults.FailNth(2);
  EXPECT_FALSE(faults.Next());
  EXPECT_FALSE(faults.happened());
  EXPECT_TRUE(faults.Next());
  EXPECT_TRUE(faults.happened());
  EXPECT_FALSE(faults.Next());
}

TEST(KitTest, SweepFailsEachCallOnceAndRetriesAfterEach) {
  FaultPlan faults;
  int failed = 0;
  int succeeded = 0;
  const uint64_t calls = SweepFaults(faults, [&](bool) {
    for (int i = 0; i < 3; ++i) {
      if (faults.Next()) {
        ++failed;
        return;
      }
    }
    ++succeeded;
  });
  EXPECT_EQ(calls, 3u);
  EXPECT_EQ(failed, 3);
  EXPECT_EQ(succeeded, 4);
}

TEST(KitDeathTest, WhatIsLeftOverFailsACheck) {
  EXPECT_DEATH(
      {
        TestEnvironment environment;
        static_cast<void>(environment.heap().Allocate(1));
      },
      "check failed");
  EXPECT_DEATH(
      {
        TestEnvironment environment;
        static_cast<void>(environment.NewNotifier());
      },
      "check failed");
}

TEST(KitDeathTest, DmaMapsAreUniqueAndUnmappedOnce) {
  FaultPlan faults;
  FakeDmaSpace dma(faults);
  char page[4096];
  const DeviceAddress device = dma.Map(page, 4096).value();
  EXPECT_EQ(dma.Translate(device.value() + 7), page + 7);
  EXPECT_EQ(dma.Translate(device.value() + 4096), nullptr);
  EXPECT_DEATH(static_cast<void>(dma.Map(page, 4096)), "check failed");
  EXPECT_DEATH(dma.Unmap(device, 8192), "check failed");
  dma.Unmap(device, 4096);
  EXPECT_DEATH(dma.Unmap(device, 4096), "check failed");
}

TEST(KitTest, UserMemoryFaultsOutsideBlocksAndAgainstTheirAccess) {
  FakeUserMemory memory;
  const UserAddress at = memory.Put<uint64_t>(0x1122334455667788);
  uint64_t value = 0;
  EXPECT_TRUE(memory.CopyIn(&value, at, 8).ok());
  EXPECT_EQ(value, 0x1122334455667788u);
  EXPECT_EQ(memory.CopyIn(&value, UserAddress(at.value() + 4), 8).error(), Errno::kFault);
  EXPECT_EQ(memory.CopyIn(&value, UserAddress(0), 1).error(), Errno::kFault);
  memory.SetAccess(at, Access::kReadOnly);
  EXPECT_EQ(memory.CopyOut(at, &value, 8).error(), Errno::kFault);
  memory.SetAccess(at, Access::kWriteOnly);
  EXPECT_EQ(memory.CopyIn(&value, at, 8).error(), Errno::kFault);
  EXPECT_TRUE(memory.CopyOut(at, &value, 8).ok());
}

TEST(KitTest, APacketGoesRoundTheLoop) {
  TestEnvironment environment;
  control::Control control(environment);
  LoopPort port(environment, "loop0", control.regions().global(), {1, 1, 8, 8});
  ASSERT_TRUE(control.AddPort(port).ok());
  {
    Program program(control);
    ASSERT_TRUE(program.Register("loop0").ok());
    netmap_ring* const tx = program.tx(0);
    netmap_ring* const rx = program.rx(0);
    const uint32_t sent = tx->slot[0].buf_idx;
    std::strcpy(program.Buffer(tx, sent), "hello");
    tx->slot[0].len = 60;
    tx->head = tx->cur = 1;
    ASSERT_TRUE(program.Ioctl(NIOCTXSYNC, UserAddress(0)).ok());
    ASSERT_TRUE(program.Ioctl(NIOCRXSYNC, UserAddress(0)).ok());
    ASSERT_EQ(rx->tail, 1u);
    EXPECT_EQ(rx->slot[0].buf_idx, sent);
    EXPECT_EQ(rx->slot[0].len, 60u);
    EXPECT_STREQ(program.Buffer(rx, sent), "hello");
  }
  control.RemovePort(port);
}

}  // namespace
}  // namespace mapwire::kit
