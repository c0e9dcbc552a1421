// The kernel has no memory left, or a program's memory is not there: at the first call that may
// fail, the second, ... until the request succeeds. What fails leaves nothing behind.
#include <gtest/gtest.h>

#include <functional>

#include "sim/explore/choice.h"
#include "testing/proof/stage.h"

namespace mapwire::proof {
namespace {

// Pages of a region that is in use stay committed, and mapped for its devices, until it is idle.
struct Held {
  size_t live;
  size_t maps_of_an_idle_region;
  size_t coherent;
  uint32_t buffers;
  friend bool operator==(const Held&, const Held&) = default;
};

Held HeldBy(Stage& stage) {
  const bool idle = stage.shared_region().users() == 0;
  return {stage.environment.live(), idle ? stage.dma().maps() : 0, stage.dma().coherent(),
          idle ? 0 : stage.shared_region().FreeCount(memory::PoolKind::kBuffers)};
}

// `request` with each of its calls failing in turn; returns how many there are.
uint64_t Sweep(bool others, const std::function<Status(Stage&)>& request) {
  sim::ReplayChooser nothing({});
  Stage stage(nothing);
  if (others) {
    stage.BindOthers();
    stage.Remember();
  }
  const Held before = HeldBy(stage);
  return kit::SweepFaults(stage.environment.faults(), [&](bool failing) {
    const Status status = request(stage);
    const bool failed = failing && stage.environment.faults().happened();
    stage.environment.faults().paused = true;
    EXPECT_EQ(status.error(), failed ? Errno::kNoMemory : Errno::kOk);
    EXPECT_EQ(stage.suspect.bound(), !failed);
    if (failed) {
      EXPECT_EQ(HeldBy(stage), before);
    }
    stage.suspect.Close();
    stage.suspect.Reopen();
    EXPECT_EQ(HeldBy(stage), before);
    if (others) {
      stage.JudgeNeighbourWorks();
      stage.Remember();
    }
    stage.environment.faults().paused = false;
  });
}

Status LegacyBind(Stage& stage) {
  nmreq request{};
  std::snprintf(request.nr_name, sizeof(request.nr_name), "em0");
  request.nr_version = NETMAP_API;
  request.nr_ringid = NETMAP_HW_RING;
  return stage.suspect.Ioctl(NIOCREGIF, stage.suspect.memory.Put(request));
}

TEST(KernelFaults, BindingAsTheFirstUser) {
  EXPECT_GT(Sweep(false, [](Stage& stage) { return stage.Bind(stage.suspect, 0); }), 10u);
}

TEST(KernelFaults, BindingBesideOthers) {
  EXPECT_GT(Sweep(true, [](Stage& stage) { return stage.Bind(stage.suspect, 0); }), 5u);
}

TEST(KernelFaults, BindingWithExtraBuffersAndOffsets) {
  EXPECT_GT(Sweep(true, [](Stage& stage) { return stage.Bind(stage.suspect, 0, 3, 64); }), 6u);
}

TEST(KernelFaults, LegacyBinding) { EXPECT_GT(Sweep(true, LegacyBind), 5u); }

// A copy that fails is EFAULT. One that reads: the request has not happened. One that answers: it
// has, as the interface says, and a close undoes it.
void SweepCopies(const std::function<Status(Stage&)>& request, uint64_t least) {
  sim::ReplayChooser nothing({});
  Stage stage(nothing);
  stage.BindOthers();
  const Held before = HeldBy(stage);
  uint64_t copies = 0;
  uint64_t nth = 0;
  stage.suspect.memory.fail_next = [&] { return ++copies == nth; };
  uint64_t answers = 0;
  for (nth = 1;; ++nth) {
    copies = 0;
    const Status status = request(stage);
    if (copies < nth) {
      EXPECT_TRUE(status.ok());
      EXPECT_TRUE(stage.suspect.bound());
      break;
    }
    EXPECT_EQ(status.error(), Errno::kFault) << "copy " << nth;
    if (stage.suspect.bound()) ++answers;
    EXPECT_EQ(answers != 0, stage.suspect.bound()) << "copy " << nth;
    stage.suspect.Close();
    stage.suspect.Reopen();
    EXPECT_EQ(HeldBy(stage), before) << "copy " << nth;
  }
  EXPECT_GE(nth, least);
  EXPECT_GT(answers, 0u);
}

TEST(KernelFaults, EachCopyOfABinding) {
  SweepCopies([](Stage& stage) { return stage.Bind(stage.suspect, 0, 1, 64); }, 8);
}

TEST(KernelFaults, EachCopyOfALegacyBinding) { SweepCopies(LegacyBind, 3); }

}  // namespace
}  // namespace mapwire::proof
