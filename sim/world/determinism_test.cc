// One seed, one world: the same trace, byte for byte, in every run of every compiler.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "sim/demo/scenario.h"
#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

std::string ScenarioHash(uint64_t seed, bool hostile) {
  ScenarioOptions options;
  options.seed = seed;
  options.frames = 5000;
  options.hostile = hostile;
  options.loss = 0.01;
  const ScenarioResult result = RunScenario(options);
  EXPECT_EQ(result.error, "");
  return result.trace_sha256;
}

// Everything that draws random numbers: jitter, loss, a flap, a kill, frames of several slots.
std::string StormHash(uint64_t seed) {
  TwoHostsOptions options{.seed = seed, .slots = 96, .max_frame_bytes = 9724};
  options.bus.read_jitter = 2 * kMicrosecond;
  TwoHosts hosts(options);
  hosts.Boot();
  hosts.wire->set_loss_from(0, 0.05);
  Receipt receipt;
  Process& receiver = hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    ReceiveFrames(port, rings, hosts.flow, ~uint64_t{0}, 1000, receipt);
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    SendFrames(process, port, 0, hosts.flow, 0, 3000, 10,
               [](uint64_t i) { return 60 + i * 37 % 4000; });
  });
  hosts.RunFor(2 * kMillisecond);
  hosts.wire->SetCarrier(false);
  hosts.RunFor(kMillisecond);
  hosts.wire->SetCarrier(true);
  hosts.RunFor(55 * kMillisecond);
  receiver.Kill();
  hosts.RunToEnd();
  EXPECT_GT(receipt.received, 0u);
  return hosts.world.trace().HashHex();
}

TEST(Determinism, TheSameSeedIsTheSameTrace) {
  EXPECT_EQ(ScenarioHash(3, true), ScenarioHash(3, true));
  EXPECT_EQ(StormHash(3), StormHash(3));
}

TEST(Determinism, AnotherSeedIsAnother) {
  EXPECT_NE(ScenarioHash(3, true), ScenarioHash(4, true));
  EXPECT_NE(StormHash(3), StormHash(4));
}

TEST(Determinism, WhatRanBeforeInTheProcessDoesNotMatter) {
  const std::string alone = StormHash(5);
  ScenarioHash(1, false);
  StormHash(6);
  EXPECT_EQ(StormHash(5), alone);
}

// To be changed with every change of the model, of costs or of core that a trace can show; a change
// that is meant to show nothing must leave it alone.
TEST(Determinism, TheTraceIsTheOneOnRecord) {
  std::map<std::string, std::string> golden;
  std::ifstream file("testing/golden/trace_hash.txt");
  ASSERT_TRUE(file.good());
  for (std::string name, hash; file >> name >> hash;) golden[name] = hash;
  EXPECT_EQ(golden["hostile"], ScenarioHash(1, true));
  EXPECT_EQ(golden["storm"], StormHash(1));
}

}  // namespace
}  // namespace mapwire::sim
