// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82599 model: MSI-X vectors of sixteen queue pairs, their masks and their throttle.
#include <rapidcheck.h>

#include <array>

#include "sim/nic/ixgbe/test_driver.h"

namespace mapwire::sim {
namespace {

constexpr uint32_t kQueues = 16;

class SixteenVectors : public IxgbeTest {
 protected:
  // Vector q for queue q, cleared and masked by its message, and vector 16 for the rest.
  void Configure(uint32_t steps) {
    PowerOn();
    Write<reg::Gpie>(reg::Gpie::MultipleMsix::kMask | reg::Gpie::Ocd::kMask |
                     reg::Gpie::Eiame::kMask | reg::Gpie::PbaSupport::kMask);
    for (uint32_t i = 0; i < kQueues / 2; ++i) Write<reg::Ivar>(0x81818080 + i * 0x02020202, i);
    Write<reg::IvarMisc>(0x9000);
    Write<reg::Eiac>(0xFFFF);
    Write<reg::Eiam>(0xFFFF);
    Write<reg::EiamEx>(0xFFFF, 0);
    for (uint32_t v = 0; v < kQueues; ++v) Write<reg::Eitr>(steps << 3, v);
    world.RunFor(10 * kMicrosecond);
    world.messages.clear();
  }
  void Arm(uint32_t queue) { Write<reg::EimsEx>(1u << queue, 0); }
  // An event of the queue, as its DMA engine reports it.
  void Event(uint32_t queue) { Write<reg::Eics>(1u << queue); }
};

TEST_F(SixteenVectors, EachQueueHasItsOwn) {
  Configure(0);
  for (uint32_t q = 0; q < kQueues; ++q) {
    Arm(q);
    Event(q);
    world.RunFor(kMicrosecond);
    ASSERT_EQ(world.messages.size(), q + 1);
    EXPECT_EQ(world.messages.back().vector, q);
  }
  EXPECT_EQ(Read<reg::EimsEx>(0), 0u) << "each message masked its vector";
  EXPECT_EQ(Read<reg::Eics>(), 0u) << "and cleared its cause";
  Write<reg::Eims>(reg::Eicr::Lsc::kMask);
  Write<reg::Eics>(reg::Eicr::Lsc::kMask);
  world.RunFor(kMicrosecond);
  EXPECT_EQ(world.messages.back().vector, 16u);
}

// Events and arms at random, on sixteen queues with intervals of their own. No two messages of a
// vector are closer than its interval, and whatever was armed and had an event has had its message
// as soon as the interval was over.
TEST(Throttle, NeverTooOftenAndNeverForgotten) {
  const bool holds = rc::check([] {
    class Fixture final : public SixteenVectors {
     public:
      void TestBody() override {}
      void Play() {
        Configure(0);
        std::array<Time, kQueues> interval{};
        std::array<bool, kQueues> armed{}, owed{};
        for (uint32_t q = 0; q < kQueues; ++q) {
          const uint32_t steps = *rc::gen::element(0u, 1u, 5u, 50u, 511u);
          interval[q] = steps * 2 * kMicrosecond;
          Write<reg::Eitr>(steps << 3, q);
        }
        const uint32_t rounds = *rc::gen::inRange(1u, 400u);
        std::array<Time, kQueues> last{};
        size_t seen = 0;
        const auto look = [&] {
          for (; seen < world.messages.size(); ++seen) {
            const auto& message = world.messages[seen];
            RC_ASSERT(message.vector < kQueues);
            const uint32_t q = message.vector;
            RC_ASSERT(armed[q] && owed[q]);
            if (last[q] != 0) RC_ASSERT(message.at - last[q] >= interval[q]);
            last[q] = message.at;
            armed[q] = owed[q] = false;
          }
        };
        for (uint32_t i = 0; i < rounds; ++i) {
          const uint32_t q = *rc::gen::inRange(0u, kQueues);
          if (*rc::gen::arbitrary<bool>()) {
            armed[q] = true;
            Arm(q);
          } else {
            owed[q] = true;
            Event(q);
          }
          // Long enough for a message that is due to arrive before the next step.
          world.RunFor(kMicrosecond + *rc::gen::inRange<Time>(0, 10) * kMicrosecond);
          look();
        }
        world.RunFor(1100 * kMicrosecond);
        look();
        for (uint32_t q = 0; q < kQueues; ++q) RC_ASSERT(!(armed[q] && owed[q]));
        TearDown();
      }
    };
    Fixture fixture;
    fixture.Play();
  });
  EXPECT_TRUE(holds);
}

// An event that comes while the throttle holds the vector back is told when it may be.
TEST_F(SixteenVectors, AnEventUnderThrottleComesAtTheEndOfTheInterval) {
  Configure(25);  // 50 us
  Arm(3);
  Event(3);
  world.RunFor(2 * kMicrosecond);
  ASSERT_EQ(world.messages.size(), 1u);
  const Time first = world.messages[0].at;
  Arm(3);
  Event(3);
  world.RunFor(200 * kMicrosecond);
  ASSERT_EQ(world.messages.size(), 2u);
  EXPECT_EQ(world.messages[1].at, first + 50 * kMicrosecond);
  // A new interval may end the wait at once, or leave the counter running.
  Arm(3);
  Event(3);
  world.RunFor(2 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 3u);
  Arm(3);
  Event(3);
  Write<reg::Eitr>(reg::Eitr::CntWdis::kMask | 100 << 3, 3);
  world.RunFor(2 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 3u);
  Write<reg::Eitr>(0, 3);
  world.RunFor(2 * kMicrosecond);
  EXPECT_EQ(world.messages.size(), 4u);
  Write<reg::Eitr>(1 << 12, 3);
  ExpectError(DriverError::kReservedBits);
}

}  // namespace
}  // namespace mapwire::sim
