// What every backend of the seam must do; built and run once for each.
#include <gtest/gtest.h>

#include <cstring>

#include "core/platform/barrier.h"
#include "core/platform/check.h"
#include "core/platform/environment.h"
#include "core/platform/lock.h"
#include "core/platform/log.h"
#include "core/platform/mmio.h"
#include "core/platform/untrusted.h"
#include "core/platform/work.h"
#include "platform_backend/test_registers.h"

namespace mapwire::platform {
namespace {

TEST(Mmio, WritesAndReadsThirtyTwoBitsAtAByteOffset) {
  TestRegisters registers;
  const Mmio mmio = registers.window();
  mmio.Write32(8, 0x12345678);
  EXPECT_EQ(registers.At(8), 0x12345678u);
  EXPECT_EQ(registers.At(4), 0u);
  EXPECT_EQ(registers.At(12), 0u);
  EXPECT_EQ(mmio.Read32(8), 0x12345678u);
  const Mmio copy = mmio;
  EXPECT_EQ(copy.Read32(8), 0x12345678u);
}

TEST(Untrusted, LoadsAndStoresExactlyItsWidth) {
  alignas(8) uint8_t memory[16];
  std::memset(memory, 0xee, sizeof(memory));
  Untrusted<uint16_t>(reinterpret_cast<uint16_t*>(memory + 4)).Store(0x1122);
  EXPECT_EQ(memory[3], 0xee);
  EXPECT_EQ(memory[4], 0x22);
  EXPECT_EQ(memory[5], 0x11);
  EXPECT_EQ(memory[6], 0xee);
  const Untrusted<uint64_t> wide(reinterpret_cast<uint64_t*>(memory + 8));
  wide.Store(0x0102030405060708);
  EXPECT_EQ(wide.Load(), 0x0102030405060708u);
  EXPECT_TRUE(Untrusted<uint32_t>().null());
}

TEST(Untrusted, SeesWhatTheOtherSideWroteSinceTheLastLoad) {
  alignas(4) uint32_t word = 1;
  const Untrusted<uint32_t> view(&word);
  EXPECT_EQ(view.Load(), 1u);
  word = 2;
  EXPECT_EQ(view.Load(), 2u);
}

TEST(Untrusted, CopiesAndClearsRanges) {
  char shared[8] = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
  char copy[4] = {};
  UntrustedCopyIn(copy, shared + 2, 4);
  EXPECT_EQ(std::memcmp(copy, "cdef", 4), 0);
  UntrustedCopyOut(shared, copy, 4);
  EXPECT_EQ(std::memcmp(shared, "cdefefgh", 8), 0);
  UntrustedZero(shared + 1, 6);
  EXPECT_EQ(std::memcmp(shared, "c\0\0\0\0\0\0h", 8), 0);
}

TEST(Barriers, CanBeCalledInAnyOrder) {
  DmaWriteBarrier();
  DmaReadBarrier();
  StoreOrder();
}

TEST(Work, IsAccountedWithoutAWorld) { AccountWork(Work::kTxSlot, 1); }

TEST(Lock, AGuardHoldsForItsScope) {
  Mutex mutex;
  { const Guard guard(mutex); }
  // Free again: taking it once more must not wait.
  mutex.Lock();
  mutex.Unlock();
}

TEST(Check, PassesOnTrueAndEndsOnFalse) {
  MW_CHECK(1 + 1 == 2);
  EXPECT_DEATH(MW_CHECK(1 + 1 == 3), "1 \\+ 1 == 3");
}

TEST(Log, TakesAFormat) { Log(LogLevel::kInfo, "%s %u", "conformance", 1u); }

struct CountingSleeper : Sleeper {
  void DelayMicroseconds(uint32_t microseconds) override { slept += microseconds; }
  uint64_t slept = 0;
};

TEST(WaitUntil, AsksOnceMoreAtTheEndOfItsTime) {
  CountingSleeper sleeper;
  int asked = 0;
  EXPECT_TRUE(WaitUntil(sleeper, 10, 100, [&] { return ++asked == 11; }).ok());
  EXPECT_EQ(sleeper.slept, 100u);
  asked = 0;
  EXPECT_EQ(WaitUntil(sleeper, 10, 100, [&] { return ++asked == 12; }).error(), Errno::kTimedOut);
}

}  // namespace
}  // namespace mapwire::platform
