// Unit tests of the wire: when frames arrive, which are lost, and who is told.
#include "sim/net/wire.h"

#include <gtest/gtest.h>

#include <vector>

namespace mapwire::sim {
namespace {

class End final : public WireEnd {
 public:
  explicit End(Engine& engine) : engine_(engine) {}
  void FrameArrived(FramePointer frame) override {
    arrivals.push_back(engine_.now());
    sizes.push_back(frame->bytes.size());
  }
  void CarrierChanged(bool carrier) override { carriers.push_back(carrier); }

  std::vector<Time> arrivals;
  std::vector<size_t> sizes;
  std::vector<bool> carriers;

 private:
  Engine& engine_;
};

struct Cable {
  explicit Cable(uint64_t seed = 1, const WireOptions& options = {})
      : engine(seed), wire(engine, options), left(engine), right(engine) {
    wire.Connect(0, left);
    wire.Connect(1, right);
  }
  void Send(int from, size_t bytes, Time start) {
    FramePointer frame = frames.Get();
    frame->bytes.resize(bytes, 0x11);
    wire.Transmit(from, std::move(frame), start);
  }

  FramePool frames;
  Engine engine;
  Wire wire;
  End left, right;
};

TEST(Wire, AFrameArrivesAfterItsBytesAndItsFlight) {
  Cable cable;
  cable.wire.SetCarrier(true);
  cable.Send(0, 60, 1000 * kNanosecond);
  cable.Send(1, 1514, 2000 * kNanosecond);
  cable.engine.RunUntil(kSecond);
  // Preamble and CRC: 12 bytes more, of 0.8 ns.
  EXPECT_EQ(cable.right.arrivals,
            (std::vector<Time>{1000 * kNanosecond + 72 * 800 + 500 * kNanosecond}));
  EXPECT_EQ(cable.left.arrivals,
            (std::vector<Time>{2000 * kNanosecond + 1526 * 800 + 500 * kNanosecond}));
  EXPECT_EQ(cable.right.sizes, (std::vector<size_t>{60}));
  EXPECT_TRUE(cable.wire.idle());
  EXPECT_EQ(cable.frames.outstanding(), 0u);
}

TEST(Wire, FramesKeepTheirOrderAndTheirWayRound) {
  Cable cable;
  cable.wire.SetCarrier(true);
  for (size_t i = 0; i < 50; ++i) cable.Send(0, 60 + i, static_cast<Time>(i) * 100 * kNanosecond);
  EXPECT_FALSE(cable.wire.idle());
  cable.engine.RunUntil(kSecond);
  ASSERT_EQ(cable.right.sizes.size(), 50u);
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(cable.right.sizes[i], 60 + i);
  EXPECT_TRUE(cable.left.sizes.empty());
  EXPECT_EQ(cable.wire.counters(0).frames, 50u);
  EXPECT_EQ(cable.wire.counters(0).bytes, 50u * 60 + 49 * 25);
  EXPECT_EQ(cable.wire.counters(1).frames, 0u);
}

TEST(Wire, WithoutLightEverythingIsLostAndCounted) {
  Cable cable;
  cable.Send(0, 60, 0);
  cable.wire.SetCarrier(true);
  cable.wire.SetCarrier(true);  // no news
  cable.Send(0, 60, 0);
  cable.engine.RunUntil(kMicrosecond);
  cable.wire.SetCarrier(false);
  cable.Send(0, 60, kMicrosecond);
  cable.engine.RunUntil(kSecond);
  EXPECT_EQ(cable.right.arrivals.size(), 1u);
  EXPECT_EQ(cable.wire.counters(0).frames, 3u);
  EXPECT_EQ(cable.wire.counters(0).lost, 2u);
  EXPECT_EQ(cable.left.carriers, (std::vector<bool>{true, false}));
  EXPECT_EQ(cable.right.carriers, (std::vector<bool>{true, false}));
  EXPECT_EQ(cable.frames.outstanding(), 0u);
}

std::vector<size_t> Survivors(uint64_t seed, double loss) {
  Cable cable(seed);
  cable.wire.SetCarrier(true);
  cable.wire.set_loss_from(0, loss);
  for (size_t i = 0; i < 1000; ++i) {
    cable.Send(0, 60 + i, static_cast<Time>(i) * 2 * kMicrosecond);
    cable.Send(1, 60 + i, static_cast<Time>(i) * 2 * kMicrosecond);
  }
  cable.engine.RunUntil(kSecond);
  EXPECT_EQ(cable.left.sizes.size(), 1000u);  // the other direction loses nothing
  EXPECT_EQ(cable.wire.counters(0).lost + cable.right.sizes.size(), 1000u);
  return cable.right.sizes;
}

TEST(Wire, LossIsCountedAndRepeatsWithItsSeed) {
  const std::vector<size_t> survivors = Survivors(1, 0.1);
  EXPECT_GT(survivors.size(), 850u);
  EXPECT_LT(survivors.size(), 950u);
  EXPECT_EQ(survivors, Survivors(1, 0.1));
  EXPECT_NE(survivors, Survivors(2, 0.1));
  EXPECT_EQ(Survivors(1, 0.0).size(), 1000u);
  EXPECT_EQ(Survivors(1, 1.0).size(), 0u);
}

TEST(Wire, TracerAndObserverSeeLostFramesToo) {
  Cable cable;
  cable.wire.SetCarrier(true);
  cable.wire.set_loss_from(1, 1.0);
  struct Seen {
    int from;
    Time start, end;
    size_t bytes;
    bool lost;
    bool operator==(const Seen&) const = default;
  };
  std::vector<Seen> traced, observed;
  const auto into = [](std::vector<Seen>& seen) {
    return [&seen](int from, Time start, Time end, const Frame& frame, bool lost) {
      seen.push_back({from, start, end, frame.bytes.size(), lost});
    };
  };
  cable.wire.set_tracer(into(traced));
  cable.wire.set_observer(into(observed));
  cable.Send(0, 60, 100);
  cable.Send(1, 88, 200);
  const std::vector<Seen> expected = {{0, 100, 100 + 72 * 800, 60, false},
                                      {1, 200, 200 + 100 * 800, 88, true}};
  EXPECT_EQ(traced, expected);
  EXPECT_EQ(observed, expected);
  cable.engine.RunUntil(kSecond);
}

}  // namespace
}  // namespace mapwire::sim
