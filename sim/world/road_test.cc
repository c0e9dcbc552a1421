// A packet's whole way: two hosts, a wire, unmodified programs, every layer real.
#include <gtest/gtest.h>

#include "sim/programs/traffic.h"
#include "sim/programs/udp_frame.h"
#include "sim/world/world.h"

namespace mapwire::sim {
namespace {

struct Road {
  explicit Road(uint64_t seed = 1, uint32_t slots = 512) : world(WorldOptions{seed}) {
    NicOptions nic;
    nic.port.driver.queue_pairs = 2;
    nic.port.driver.tx_slots = nic.port.driver.rx_slots = slots;
    HostOptions left, right;
    left.name = "sender";
    right.name = "receiver";
    Host& a = world.AddHost(left);
    Host& b = world.AddHost(right);
    HostNic& from = world.AddIxgbe(a, nic);
    HostNic& to = world.AddIxgbe(b, nic);
    wire = &world.Connect(from, to, {});
    sender = &world.AddProcess(a, "sender");
    receiver = &world.AddProcess(b, "receiver");
  }

  void Run(uint64_t frames, size_t length) {
    ASSERT_EQ(world.Boot(), "");
    ReceiverOptions rx;
    rx.frames = frames;
    rx.deliver = [this](std::span<const uint8_t> frame) {
      const auto sequence = CheckUdpFrame(frame.data(), frame.size(), flow);
      if (!sequence) {
        ++damaged;
      } else {
        reordered += *sequence != next ? 1 : 0;
        next = *sequence + 1;
      }
    };
    rx.ready = [this] { ready = true; };
    receiver->Start(1, [this, rx](Process&) { RunReceiver(rx, received); });
    ASSERT_TRUE(world.RunUntil([this] { return ready; }, world.now() + kSecond));
    SenderOptions tx;
    tx.frames = frames;
    tx.fill = [this, length](uint64_t i, uint8_t* buffer, size_t room) {
      if (length <= room) WriteUdpFrame(buffer, length, flow, i);
      return length;
    };
    sender->Start(1, [this, tx](Process&) { RunSender(tx, sent); });
    EXPECT_TRUE(world.RunToEnd(world.now() + 10 * kSecond));
    EXPECT_EQ(world.CheckInvariants(), "");
  }

  World world;
  Wire* wire;
  Process* sender;
  Process* receiver;
  UdpFlow flow;
  bool ready = false;
  uint64_t next = 0, damaged = 0, reordered = 0;
  SenderResult sent;
  ReceiverResult received;
};

TEST(Road, EveryFrameArrivesIntactAndInOrder) {
  Road road;
  road.Run(10000, 60);
  EXPECT_EQ(road.sent.error, "");
  EXPECT_EQ(road.received.error, "");
  EXPECT_EQ(road.sent.sent, 10000u);
  EXPECT_EQ(road.received.received, 10000u);
  EXPECT_EQ(road.damaged, 0u);
  EXPECT_EQ(road.reordered, 0u);
  EXPECT_EQ(road.world.Shutdown(), "");
}

}  // namespace
}  // namespace mapwire::sim
