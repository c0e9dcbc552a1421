// How to test a netmap program: frame_counter, as it is, in a world of two hosts and a wire.
// docs/testing-your-program.md walks through this file.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "sim/programs/traffic.h"
#include "sim/programs/udp_frame.h"
#include "sim/world/world.h"

// frame_counter.c calls this main; see BUILD.
extern "C" int frame_counter_main(int argc, char** argv);

namespace mapwire::sim {
namespace {

constexpr uint64_t kFrames = 1000;
constexpr size_t kLargeFrame = 5000;  // three slots of 2048 bytes

// What the program left behind.
struct Outcome {
  int status = -1;
  std::string out;
  std::string err;
};

void SetType(uint8_t* frame, uint32_t type) {
  frame[12] = static_cast<uint8_t>(type >> 8);
  frame[13] = static_cast<uint8_t>(type);
}

// Of ten frames one is ARP, one is IPv6 and longer than the others, eight are IPv4.
size_t MixedFrame(uint64_t i, uint8_t* buffer, size_t room) {
  const size_t length = i % 10 == 1 ? 200 : 60;
  if (length > room) return length;
  WriteUdpFrame(buffer, length, UdpFlow(), i);
  if (i % 10 == 0) SetType(buffer, 0x0806);
  if (i % 10 == 1) SetType(buffer, 0x86dd);
  return length;
}

size_t LargeFrame(uint64_t i, uint8_t* buffer, size_t room) {
  if (kLargeFrame <= room) WriteUdpFrame(buffer, kLargeFrame, UdpFlow(), i);
  return kLargeFrame;
}

// Two hosts and a wire: a script sends at one end, the program under test is at the other.
class FrameCounter : public testing::Test {
 protected:
  // Builds a world from `seed`, starts the program on `port`, sends kFrames frames once it listens,
  // and returns what it left when it has ended. Nothing of the world is left either.
  Outcome Count(const std::string& port, uint64_t seed = 1) {
    World world(WorldOptions{seed});
    HostOptions host;
    host.name = "sender host";
    Host& left = world.AddHost(host);
    host.name = "counter host";
    Host& right = world.AddHost(host);
    NicOptions nic;
    nic.port.driver.max_frame_bytes = 9000;
    HostNic& from = world.AddIxgbe(left, nic);
    HostNic& to = world.AddIxgbe(right, nic);
    Wire& wire = world.Connect(from, to, {});
    Process& sender = world.AddProcess(left, "sender");
    Process& counter = world.AddProcess(right, "frame_counter");
    EXPECT_EQ(world.Boot(), "");

    Outcome outcome;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    counter.Start(0, [&](Process&) {
      std::vector<std::string> words = {"frame_counter", port, "20"};
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      outcome.status = frame_counter_main(static_cast<int>(words.size()), argv.data());
    });
    // It listens as soon as it sleeps in poll for the first time.
    const auto listening = [&] { return counter.counters().sleeps > 0 || counter.finished(); };
    EXPECT_TRUE(world.RunUntil(listening, world.now() + kSecond));

    wire.set_loss_from(0, loss_);
    SenderResult sent;
    SenderOptions tx;
    tx.frames = kFrames;
    tx.fill = fill_;
    sender.Start(0, [&](Process&) { RunSender(tx, sent); });
    EXPECT_TRUE(world.RunToEnd(world.now() + 10 * kSecond));
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();

    EXPECT_EQ(sent.error, "");
    EXPECT_EQ(sent.sent, kFrames);
    lost_ = wire.counters(0).lost;
    EXPECT_EQ(world.CheckInvariants(), "");
    EXPECT_EQ(world.Shutdown(), "");
    trace_hash_ = world.trace().HashHex();
    return outcome;
  }

  double loss_ = 0;
  size_t (*fill_)(uint64_t i, uint8_t* buffer, size_t room) = MixedFrame;
  uint64_t lost_ = 0;       // frames the wire swallowed
  std::string trace_hash_;  // of everything that happened
};

uint64_t LeadingNumber(const std::string& text) { return std::stoull(text); }

TEST_F(FrameCounter, CountsEveryFrameByItsType) {
  const Outcome outcome = Count("netmap:eth0");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out.find("1000 frames, 74000 bytes in 0.000"), 0u) << outcome.out;
  EXPECT_NE(outcome.out.find("\n  ipv4 800\n  ipv6 100\n   arp 100\n"), std::string::npos)
      << outcome.out;
}

TEST_F(FrameCounter, AFrameOfSeveralSlotsCountsOnce) {
  fill_ = LargeFrame;
  const Outcome outcome = Count("netmap:eth0");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out.find("1000 frames, 5000000 bytes"), 0u) << outcome.out;
}

TEST_F(FrameCounter, OnALossyLinkItCountsWhatArrives) {
  loss_ = 0.1;
  const Outcome outcome = Count("netmap:eth0");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_GT(lost_, 50u);
  EXPECT_LT(lost_, 200u);
  EXPECT_EQ(LeadingNumber(outcome.out), kFrames - lost_);
}

TEST_F(FrameCounter, ItEndsWhenNothingComesAtAll) {
  loss_ = 1;
  const Outcome outcome = Count("netmap:eth0");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(lost_, kFrames);
  EXPECT_EQ(outcome.out, "0 frames, 0 bytes in 0.000000 s\n");
}

TEST_F(FrameCounter, SaysThatThePortDoesNotExist) {
  const Outcome outcome = Count("netmap:eth7");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("frame_counter: cannot open netmap:eth7: No such device or address\n"),
            std::string::npos)
      << outcome.err;
}

TEST_F(FrameCounter, TheSameSeedIsTheSameRun) {
  loss_ = 0.1;
  const std::string first = Count("netmap:eth0", 7).out;
  const std::string first_hash = trace_hash_;
  EXPECT_EQ(Count("netmap:eth0", 7).out, first);
  EXPECT_EQ(trace_hash_, first_hash);
  EXPECT_NE(Count("netmap:eth0", 8).out, first);
  EXPECT_NE(trace_hash_, first_hash);
}

}  // namespace
}  // namespace mapwire::sim
