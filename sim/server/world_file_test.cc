// World files: what they say of cards and wires, and what is refused and how.
#include "sim/server/world_file.h"

#include <gtest/gtest.h>

#include <string>

namespace mapwire::sim {
namespace {

// Two hosts with a card each; `a`, `b` and `wire` are the rest of each object.
std::string World(const std::string& a, const std::string& b, const std::string& wire) {
  return R"({"hosts": [{"name": "A", "nics": [{"name": "x")" + a +
         R"(}]}, {"name": "B", "nics": [{"name": "y")" + b +
         R"(}]}], "wires": [{"ends": ["A/x", "B/y"])" + wire + "}]}";
}

constexpr char kPv[] = R"(, "model": "paravirtual")";
constexpr char kFast[] = R"(, "gbps": "unlimited")";

std::string Complaint(const std::string& text) {
  WorldPlan plan;
  std::string error;
  return ParseWorld(text, &plan, &error) ? "" : error;
}

TEST(WorldFile, ParavirtualCardsAndTheirWire) {
  WorldPlan plan;
  std::string error;
  const std::string more =
      std::string(kPv) + R"(, "queues": 4, "tx_slots": 64, "rx_slots": 1024, "mtu": 9000)";
  ASSERT_TRUE(ParseWorld(World(more, kPv, kFast), &plan, &error)) << error;
  const NicPlan& nic = plan.hosts[0].nics[0];
  EXPECT_EQ(nic.model, NicModel::kParavirtual);
  EXPECT_EQ(nic.options.port.driver.queue_pairs, 4);
  EXPECT_EQ(nic.options.port.driver.rss_queues, 1) << "it has no hash";
  EXPECT_EQ(nic.options.port.driver.tx_slots, 64u);
  EXPECT_EQ(nic.options.port.driver.rx_slots, 1024u);
  EXPECT_EQ(nic.options.port.driver.max_frame_bytes, 9014u);
  EXPECT_EQ(nic.pv.mac[5], 1);
  EXPECT_EQ(plan.hosts[1].nics[0].pv.mac[5], 2);
  EXPECT_TRUE(plan.wires[0].unlimited);
}

TEST(WorldFile, AnAddressOfItsOwn) {
  WorldPlan plan;
  std::string error;
  const std::string more = std::string(kPv) + R"(, "mac": "02:00:5e:00:00:7f")";
  ASSERT_TRUE(ParseWorld(World(more, kPv, kFast), &plan, &error)) << error;
  EXPECT_EQ(plan.hosts[0].nics[0].pv.mac[5], 0x7F);
}

TEST(WorldFile, WithoutAModelACardIsAn82599) {
  WorldPlan plan;
  std::string error;
  ASSERT_TRUE(ParseWorld(World("", R"(, "model": "82599")", R"(, "gbps": 1)"), &plan, &error));
  EXPECT_EQ(plan.hosts[0].nics[0].model, NicModel::k82599);
  EXPECT_FALSE(plan.wires[0].unlimited);
  EXPECT_EQ(plan.wires[0].options.picoseconds_per_byte, 8000);
}

TEST(WorldFile, AModelThatIsNotThereIsRefused) {
  EXPECT_EQ(Complaint(World(R"(, "model": "virtio")", "", "")),
            "world.hosts[0].nics[0].model: must be \"82599\", \"82540EM\" or \"paravirtual\"");
  EXPECT_EQ(Complaint(World(R"(, "model": 82599)", "", "")),
            "world.hosts[0].nics[0].model: must be a string");
}

// It is not that they would do nothing: they cannot be kept.
TEST(WorldFile, WhatAParavirtualCardHasNotIsRefused) {
  for (const std::string field : {"rss_queues", "promiscuous", "interrupt_us", "rss_symmetric",
                                  "rss_udp_ports", "keep_crc"}) {
    EXPECT_EQ(Complaint(World(std::string(kPv) + ", \"" + field + "\": 1", kPv, kFast)),
              "world.hosts[0].nics[0]: there is no field \"" + field + "\"");
  }
  for (const std::string field : {"loss", "delay_ns", "capture"}) {
    EXPECT_EQ(Complaint(World(kPv, kPv, std::string(kFast) + ", \"" + field + "\": 0")),
              "world.wires[0]: there is no field \"" + field + "\"");
  }
}

TEST(WorldFile, ParavirtualCardsAndWiresWithoutALimitGoTogether) {
  EXPECT_EQ(Complaint(World("", kPv, kFast)),
            "world.wires[0].ends[0]: a wire without a limit joins paravirtual cards");
  EXPECT_EQ(Complaint(World(kPv, "", kFast)),
            "world.wires[0].ends[1]: a wire without a limit joins paravirtual cards");
  const std::string needs = "the wire of a paravirtual card has \"gbps\": \"unlimited\"";
  EXPECT_EQ(Complaint(World(kPv, kPv, "")), "world.wires[0].ends[0]: " + needs);
  EXPECT_EQ(Complaint(World("", kPv, R"(, "gbps": 10)")), "world.wires[0].ends[1]: " + needs);
  EXPECT_EQ(Complaint(World(kPv, kPv, R"(, "gbps": "fast")")),
            "world.wires[0].gbps: must be a number or \"unlimited\"");
  EXPECT_EQ(Complaint(World("", "", kFast)),
            "world.wires[0].ends[0]: a wire without a limit joins paravirtual cards");
}

TEST(WorldFile, ACardIsNotItsOwnOtherEnd) {
  EXPECT_EQ(Complaint(R"({"hosts": [{"name": "A", "nics": [
                           {"name": "x", "model": "paravirtual"}]}],
                         "wires": [{"ends": ["A/x", "A/x"], "gbps": "unlimited"}]})"),
            "world.wires[0]: a card has one wire");
}

TEST(WorldFile, SlotsAndQueuesHaveLimits) {
  const auto card = [](const std::string& more) {
    return Complaint(World(kPv + more, kPv, kFast));
  };
  EXPECT_EQ(card(R"(, "queues": 16, "tx_slots": 4096, "rx_slots": 8, "mtu": 9714)"), "");
  EXPECT_NE(card(R"(, "queues": 17)"), "");
  EXPECT_NE(card(R"(, "queues": 0)"), "");
  EXPECT_NE(card(R"(, "tx_slots": 12)"), "");
  EXPECT_NE(card(R"(, "rx_slots": 4104)"), "");
  EXPECT_NE(card(R"(, "mtu": 9715)"), "");
}

}  // namespace
}  // namespace mapwire::sim
