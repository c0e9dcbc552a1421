// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Proves that the kit fails when it should: a check that cannot fail is not a check.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "testing/mmio/fake_heap.h"
#include "testing/mmio/fake_sleeper.h"
#include "testing/mmio/recording_mmio.h"
#include "testing/mmio/scripted_mmio.h"

namespace mapwire::testing {
namespace {

struct Control : hw::Register<"CONTROL", 0x0, hw::Access::kReadWrite> {
  using Reset = hw::Field<"RESET", 26, 26>;
  using Fields = hw::FieldList<Reset>;
};
struct State : hw::Register<"STATE", 0x8, hw::Access::kReadOnly> {};
struct Tail : hw::Register<"TAIL", 0x100, hw::Access::kReadWrite, 4, 0x40> {};
struct Causes : hw::Register<"CAUSES", 0x800, hw::Access::kWriteOneClear> {};
struct Packets : hw::Register<"PACKETS", 0x900, hw::Access::kReadClear> {};
using AllRegisters = hw::RegisterList<Control, State, Tail, Causes, Packets>;

TEST(RegisterNames, GiveNameAndIndexOrTheBareOffset) {
  const RegisterNames names(AllRegisters::kRows);
  EXPECT_EQ(names.Name(0x8), "STATE");
  EXPECT_EQ(names.Name(0x1C0), "TAIL[3]");
  EXPECT_EQ(names.Name(0x104), "0x00000104 (no such register)");
}

TEST(ScriptedMmio, AcceptsTheExactScript) {
  ScriptedMmio script(AllRegisters::kRows);
  script.ExpectWrite(hw::Value<Control>().With<Control::Reset>(1));
  script.ExpectPoll<Control>({Control::Reset::kMask, 0});
  script.ExpectModify(hw::Value<Tail>(5), hw::Value<Tail>(6), 2);
  platform::Mmio mmio = script.mmio();
  mmio.Write32(0, Control::Reset::kMask);
  EXPECT_EQ(mmio.Read32(0), Control::Reset::kMask);
  EXPECT_EQ(mmio.Read32(0), 0u);
  EXPECT_EQ(mmio.Read32(0x180), 5u);
  mmio.Write32(0x180, 6);
}

TEST(ScriptedMmio, FailsOnAnotherRegisterAndNamesBoth) {
  EXPECT_NONFATAL_FAILURE(
      {
        ScriptedMmio script(AllRegisters::kRows);
        script.ExpectRead<State>(hw::Value<State>(1));
        EXPECT_EQ(script.mmio().Read32(0x140), 0xFFFFFFFFu);
      },
      "access 0: got read TAIL[1], expected read STATE");
}

TEST(ScriptedMmio, FailsOnAnotherValue) {
  EXPECT_NONFATAL_FAILURE(
      {
        ScriptedMmio script(AllRegisters::kRows);
        script.ExpectWrite(hw::Value<Tail>(7), 1);
        script.mmio().Write32(0x140, 8);
      },
      "got write TAIL[1] = 0x00000008, expected write TAIL[1] = 0x00000007");
}

TEST(ScriptedMmio, FailsOnAReadInPlaceOfAWrite) {
  EXPECT_NONFATAL_FAILURE(
      {
        ScriptedMmio script(AllRegisters::kRows);
        script.ExpectWrite(hw::Value<Control>(1));
        script.mmio().Read32(0);
      },
      "got read CONTROL, expected write CONTROL = 0x00000001");
}

TEST(ScriptedMmio, FailsOnAnAccessBehindTheEndOnceOnly) {
  EXPECT_NONFATAL_FAILURE(
      {
        ScriptedMmio script(AllRegisters::kRows);
        script.mmio().Write32(0, 1);
        script.mmio().Write32(0, 2);
        EXPECT_EQ(script.mmio().Read32(0), 0xFFFFFFFFu);
      },
      "expected no further access");
}

TEST(ScriptedMmio, FailsAtTeardownIfAnAccessIsLeftOver) {
  EXPECT_NONFATAL_FAILURE(
      {
        ScriptedMmio script(AllRegisters::kRows);
        script.ExpectRead(hw::Value<State>(1));
        script.ExpectWrite(hw::Value<Control>(1));
        script.mmio().Read32(8);
      },
      "1 expected accesses did not happen; the first is access 1: write CONTROL = 0x00000001");
}

TEST(RecordingMmio, StoresCountsAndFindsAccesses) {
  RecordingMmio device(AllRegisters::kRows);
  platform::Mmio mmio = device.mmio();
  mmio.Write32(0x140, 5);
  EXPECT_EQ(mmio.Read32(0x140), 5u);
  mmio.Write32(0x140, 6);
  EXPECT_EQ(device.Get<Tail>(1).raw(), 6u);
  EXPECT_EQ(device.reads(), 1u);
  EXPECT_EQ(device.writes(), 2u);
  EXPECT_EQ(device.Written<Tail>(1), (std::vector<uint32_t>{5, 6}));
  EXPECT_EQ(device.FindWrite<Tail>(1, 1), 2u);
  EXPECT_EQ(device.FindRead<State>(), device.log().size());
}

TEST(RecordingMmio, FollowsTheAccessKindOfARegister) {
  RecordingMmio device(AllRegisters::kRows);
  device.Set(hw::Value<Causes>(7));
  device.mmio().Write32(0x800, 2);
  EXPECT_EQ(device.Get<Causes>().raw(), 5u);
  device.Set(hw::Value<Packets>(9));
  EXPECT_EQ(device.mmio().Read32(0x900), 9u);
  EXPECT_EQ(device.mmio().Read32(0x900), 0u);
}

TEST(RecordingMmio, RunsBehaviours) {
  RecordingMmio device(AllRegisters::kRows);
  device.SelfClearing<Control>(Control::Reset::kMask);
  device.OnRead<Tail>([](uint32_t index, uint32_t& stored) { return index * 100 + stored++; });
  device.mmio().Write32(0, Control::Reset::kMask | 3);
  EXPECT_EQ(device.mmio().Read32(0), 3u);
  EXPECT_EQ(device.mmio().Read32(0x180), 200u);
  EXPECT_EQ(device.mmio().Read32(0x180), 201u);
}

TEST(RecordingMmio, FailsOnAnUnknownRegister) {
  EXPECT_NONFATAL_FAILURE(
      {
        RecordingMmio device(AllRegisters::kRows);
        device.mmio().Read32(0x44);
      },
      "read of 0x00000044 (no such register)");
}

TEST(RecordingMmio, FailsOnAWriteToAReadOnlyRegister) {
  EXPECT_NONFATAL_FAILURE(
      {
        RecordingMmio device(AllRegisters::kRows);
        device.mmio().Write32(8, 1);
      },
      "write of read-only STATE");
}

TEST(RecordingMmio, VanishesAfterTheGivenAccessAndReturns) {
  RecordingMmio device(AllRegisters::kRows);
  device.VanishAfter(2);
  device.mmio().Write32(0, 1);
  EXPECT_EQ(device.mmio().Read32(0), 1u);
  EXPECT_EQ(device.mmio().Read32(0), 0xFFFFFFFFu);
  device.mmio().Write32(0, 2);
  device.Return();
  EXPECT_EQ(device.mmio().Read32(0), 1u);
}

TEST(FakeSleeper, AddsUpAndRunsCallbacksAtTheirInstant) {
  FakeSleeper sleeper;
  uint64_t first = 0;
  uint64_t second = 0;
  sleeper.After(150, [&] {
    first = sleeper.now_us();
    sleeper.After(10, [&] { second = sleeper.now_us(); });
  });
  sleeper.DelayMicroseconds(100);
  EXPECT_EQ(first, 0u);
  sleeper.DelayMicroseconds(100);
  EXPECT_EQ(first, 150u);
  EXPECT_EQ(second, 160u);
  EXPECT_EQ(sleeper.now_us(), 200u);
  EXPECT_EQ(sleeper.sleeps(), 2u);
}

}  // namespace
}  // namespace mapwire::testing
