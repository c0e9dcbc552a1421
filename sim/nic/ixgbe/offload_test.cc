// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Checksums, segments and VLAN tags of the 82599 model, as pure functions over frames.
#include "sim/nic/ixgbe/offload.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace mapwire::sim::nic82599 {
namespace {

constexpr TcpFlagMasks kMasks = {0xFF6, 0xF76, 0xF7F};
constexpr uint32_t kVlanType = 0x8100;

uint32_t Be16(const uint8_t* at) { return at[0] * 256u + at[1]; }
uint32_t Be32(const uint8_t* at) { return Be16(at) * 65536u + Be16(at + 2); }
void Put16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

// The checksum by another road: a sum of 64 bits, folded at the end.
uint32_t Folded(const uint8_t* bytes, size_t length, uint64_t sum) {
  for (size_t i = 0; i < length; ++i) sum += uint64_t{bytes[i]} << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint32_t>(sum);
}

// A packet as a driver hands it over, and what it asks for.
struct Packet {
  TxContext context;
  TxRequest request;
  std::vector<uint8_t> bytes;
  uint32_t checksum_at = 0;  // of the L4 checksum

  uint8_t* ip() { return bytes.data() + context.mac_bytes; }
  uint8_t* l4() { return ip() + context.ip_bytes; }
  uint8_t protocol() const { return context.l4 == L4::kTcp ? 6 : 17; }
  uint64_t AddressSum() {
    const uint8_t* at = ip() + (context.ipv4 ? 12 : 8);
    return Folded(at, context.ipv4 ? 8 : 32, protocol());
  }
};

Packet MakePacket(bool ipv4, bool tcp, bool tagged, uint32_t options, uint32_t payload,
                  uint32_t mss, uint8_t fill) {
  Packet packet;
  TxContext& c = packet.context;
  c.mac_bytes = tagged ? 18 : 14;
  c.ip_bytes = ipv4 ? 20 + 4 * (options % 11) : 40;
  c.l4_bytes = tcp ? 20 + 4 * (options % 11) : 8;
  c.mss = mss;
  c.ipv4 = ipv4;
  c.l4 = tcp ? L4::kTcp : L4::kUdp;
  packet.request.l4_checksum = true;
  packet.request.ip_checksum = ipv4;
  packet.bytes.resize(c.header_bytes() + payload);
  for (size_t i = 0; i < packet.bytes.size(); ++i) {
    packet.bytes[i] = static_cast<uint8_t>(fill + i * 7 + (i >> 8));
  }
  if (tagged) Put16(&packet.bytes[12], kVlanType);
  Put16(&packet.bytes[c.mac_bytes - 2], ipv4 ? 0x0800 : 0x86DD);
  uint8_t* const ip = packet.ip();
  const uint32_t ip_payload = c.l4_bytes + payload;
  if (ipv4) {
    ip[0] = static_cast<uint8_t>(0x40 | c.ip_bytes / 4);
    Put16(ip + 2, c.ip_bytes + ip_payload);
    Put16(ip + 6, 0x4000);
    ip[9] = packet.protocol();
  } else {
    ip[0] = 0x60;
    Put16(ip + 4, ip_payload);
    ip[6] = packet.protocol();
  }
  uint8_t* const l4 = packet.l4();
  if (tcp) {
    l4[12] = static_cast<uint8_t>(c.l4_bytes / 4 << 4);
    l4[13] = 0x99;  // CWR, ACK, PSH, FIN
  } else {
    Put16(l4 + 4, ip_payload);
  }
  packet.checksum_at = c.mac_bytes + c.ip_bytes + (tcp ? 16 : 6);
  return packet;
}

// Draws one of all kinds. To be segmented, or with checksums to be put in only.
Packet DrawPacket(uint32_t max_payload) {
  const bool tcp = *rc::gen::arbitrary<bool>();
  return MakePacket(*rc::gen::arbitrary<bool>(), tcp, *rc::gen::arbitrary<bool>(),
                    *rc::gen::inRange(0u, 11u), *rc::gen::inRange(1u, max_payload),
                    *rc::gen::inRange(1u, 2000u), *rc::gen::arbitrary<uint8_t>());
}

bool Ipv4HeaderVerifies(Packet& packet) {
  return !packet.context.ipv4 || Folded(packet.ip(), packet.context.ip_bytes, 0) == 0xFFFF;
}

bool L4Verifies(Packet& packet) {
  const size_t length = packet.bytes.size() - packet.context.mac_bytes - packet.context.ip_bytes;
  return Folded(packet.l4(), length, packet.AddressSum() + length) == 0xFFFF;
}

bool Accepted(const std::vector<uint8_t>& frame, bool ipv4) {
  const RxChecksums found = CheckReceived(frame, kVlanType);
  return found.ip_checked == ipv4 && !found.ip_bad && found.l4_checked && !found.l4_bad;
}

TEST(Checksums, WhatIsInsertedVerifies) {
  EXPECT_TRUE(rc::check([] {
    Packet packet = DrawPacket(1600);
    const size_t length = packet.bytes.size() - packet.context.mac_bytes - packet.context.ip_bytes;
    Put16(&packet.bytes[packet.checksum_at], Folded(nullptr, 0, packet.AddressSum() + length));
    RC_ASSERT(Impossible(packet.context, packet.request,
                         static_cast<uint32_t>(packet.bytes.size())) == nullptr);
    InsertChecksums(packet.context, packet.request, &packet.bytes);
    RC_ASSERT(Ipv4HeaderVerifies(packet));
    RC_ASSERT(L4Verifies(packet));
    RC_ASSERT(Accepted(packet.bytes, packet.context.ipv4));
    // One bit wrong is found, and the part it is in is named.
    const size_t from = packet.context.mac_bytes + packet.context.ip_bytes;
    const size_t at = *rc::gen::inRange(from, packet.bytes.size());
    const bool udp = packet.context.l4 == L4::kUdp;
    RC_PRE(!udp || (at != from + 4 && at != from + 5 && at != from + 6 && at != from + 7));
    packet.bytes[at] ^= static_cast<uint8_t>(1u << *rc::gen::inRange(0, 8));
    RxChecksums found = CheckReceived(packet.bytes, kVlanType);
    RC_ASSERT(found.l4_checked && found.l4_bad && !found.ip_bad);
    if (!packet.context.ipv4) return;
    packet.ip()[8] ^= 1;
    found = CheckReceived(packet.bytes, kVlanType);
    RC_ASSERT(found.ip_checked && found.ip_bad);
  }));
}

TEST(Checksums, AUdpChecksumOfZeroIsSentAsAllOnes) {
  Packet packet = MakePacket(true, false, false, 0, 2, 1, 0);
  packet.request.ip_checksum = false;
  std::fill(packet.l4(), packet.l4() + 10, 0);
  Put16(packet.l4() + 8, 0xFFFF);
  InsertChecksums(packet.context, packet.request, &packet.bytes);
  EXPECT_EQ(Be16(packet.l4() + 6), 0xFFFFu);
}

TEST(Checksums, ThoseOfSctpAreACrc) {
  // "123456789" behind a header of zeros; what is expected was computed bit by bit the other way
  // round.
  std::vector<uint8_t> frame(14 + 20 + 12 + 9, 0);
  Put16(&frame[12], 0x0800);
  frame[14] = 0x45;
  Put16(&frame[16], 20 + 12 + 9);
  frame[23] = 132;
  std::memcpy(&frame[46], "123456789", 9);
  TxContext context;
  context.mac_bytes = 14;
  context.ip_bytes = 20;
  context.ipv4 = true;
  context.l4 = L4::kSctp;
  TxRequest request;
  request.l4_checksum = request.ip_checksum = true;
  InsertChecksums(context, request, &frame);
  EXPECT_TRUE(Accepted(frame, true));
  const uint8_t kKnown[4] = {0xB1, 0x9A, 0xB9, 0x96};
  EXPECT_EQ(std::memcmp(&frame[42], kKnown, 4), 0) << std::hex << Be32(&frame[42]);
  frame[50] ^= 1;
  EXPECT_TRUE(CheckReceived(frame, kVlanType).l4_bad);
}

TEST(Checksums, NothingIsSaidOfWhatCannotBeChecked) {
  Packet packet = MakePacket(true, true, false, 0, 100, 1, 3);
  packet.ip()[6] = 0x20;  // a fragment
  EXPECT_FALSE(CheckReceived(packet.bytes, kVlanType).l4_checked);
  EXPECT_TRUE(CheckReceived(packet.bytes, kVlanType).ip_checked);
  packet = MakePacket(true, false, false, 0, 100, 1, 3);
  Put16(packet.l4() + 6, 0);
  EXPECT_FALSE(CheckReceived(packet.bytes, kVlanType).l4_checked) << "UDP without checksum";
  packet = MakePacket(true, true, false, 0, 100, 1, 3);
  packet.bytes.resize(60);
  EXPECT_FALSE(CheckReceived(packet.bytes, kVlanType).l4_checked) << "cut short";
  packet = MakePacket(false, true, false, 0, 100, 1, 3);
  packet.ip()[6] = 0;  // hop by hop options
  EXPECT_FALSE(CheckReceived(packet.bytes, kVlanType).l4_checked);
  EXPECT_FALSE(CheckReceived(packet.bytes, kVlanType).ip_checked);
}

// Any bytes: nothing outside the frame is read.
TEST(Checksums, AnyFrameMayArrive) {
  EXPECT_TRUE(rc::check([](std::vector<uint8_t> tail, uint8_t kind) {
    constexpr uint32_t kTypes[4] = {0x0800, 0x86DD, 0x8100, 0x88B5};
    constexpr uint8_t kVersions[4] = {0x45, 0x60, 0x00, 0x4F};
    std::vector<uint8_t> frame(15 + tail.size());
    Put16(&frame[12], kTypes[kind % 4]);
    frame[14] = kVersions[kind % 4];
    std::copy(tail.begin(), tail.end(), frame.begin() + 15);
    if (kind >= 128) frame.resize(kind % 15);
    frame.shrink_to_fit();
    CheckReceived(frame, kVlanType);
  }));
}

TEST(Segments, TogetherTheyAreThePacketAndEachIsWhole) {
  EXPECT_TRUE(rc::check([] {
    Packet packet = DrawPacket(20000);
    const TxContext& c = packet.context;
    packet.request.segment = true;
    const bool tcp = c.l4 == L4::kTcp;
    Put16(&packet.bytes[packet.checksum_at], Folded(nullptr, 0, packet.AddressSum()));
    const uint32_t all = static_cast<uint32_t>(packet.bytes.size());
    RC_ASSERT(Impossible(c, packet.request, all) == nullptr);
    const uint32_t count = SegmentCount(c, all);
    const uint32_t headers = c.header_bytes();
    std::vector<uint8_t> together(packet.bytes.begin(), packet.bytes.begin() + headers);
    Packet segment = packet;
    for (uint32_t i = 0; i < count; ++i) {
      MakeSegment(c, packet.request, kMasks, packet.bytes, i, &segment.bytes);
      const uint32_t bytes = static_cast<uint32_t>(segment.bytes.size()) - headers;
      RC_ASSERT(bytes >= 1 && bytes <= c.mss);
      RC_ASSERT(i + 1 == count || bytes == c.mss);
      RC_ASSERT(Ipv4HeaderVerifies(segment));
      RC_ASSERT(L4Verifies(segment));
      RC_ASSERT(Accepted(segment.bytes, c.ipv4));
      if (c.ipv4) {
        RC_ASSERT(Be16(segment.ip() + 2) == c.ip_bytes + c.l4_bytes + bytes);
        RC_ASSERT(Be16(segment.ip() + 4) == ((Be16(packet.ip() + 4) + i) & 0xFFFF));
      }
      if (tcp) {
        const uint32_t sequence = Be32(packet.l4() + 4) + i * c.mss;
        RC_ASSERT(Be32(segment.l4() + 4) == sequence);
        const bool first = i == 0;
        const bool last = i + 1 == count;
        const uint8_t flags = segment.l4()[13];
        RC_ASSERT((flags & 0x10) != 0);
        RC_ASSERT(((flags & 0x80) != 0) == first);
        RC_ASSERT(((flags & 0x09) != 0) == last);
        RC_ASSERT(segment.l4()[12] == packet.l4()[12]);
      } else {
        RC_ASSERT(Be16(segment.l4() + 4) == 8 + bytes);
      }
      together.insert(together.end(), segment.bytes.begin() + headers, segment.bytes.end());
    }
    RC_ASSERT(together == packet.bytes);
  }));
}

struct Wrong {
  const char* name;
  const char* why;
  void (*spoil)(Packet*);
};

class ImpossibleRequest : public ::testing::TestWithParam<Wrong> {};

TEST_P(ImpossibleRequest, IsRefused) {
  Packet packet = MakePacket(true, true, false, 0, 1000, 500, 0);
  packet.request.segment = true;
  const uint32_t bytes = static_cast<uint32_t>(packet.bytes.size());
  ASSERT_EQ(Impossible(packet.context, packet.request, bytes), nullptr);
  GetParam().spoil(&packet);
  const char* const why =
      Impossible(packet.context, packet.request, static_cast<uint32_t>(packet.bytes.size()));
  ASSERT_NE(why, nullptr);
  EXPECT_STREQ(why, GetParam().why);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, ImpossibleRequest,
    ::testing::Values(
        Wrong{"NoMss", "MSS is zero:", [](Packet* p) { p->context.mss = 0; }},
        Wrong{"NoMac", "MACLEN below 14:", [](Packet* p) { p->context.mac_bytes = 12; }},
        Wrong{"ShortIpv4", "IPLEN below 20:", [](Packet* p) { p->context.ip_bytes = 16; }},
        Wrong{"ShortIpv6", "IPLEN below 40:", [](Packet* p) { p->context.ipv4 = false; }},
        Wrong{"ShortTcp", "L4LEN too short:", [](Packet* p) { p->context.l4_bytes = 8; }},
        Wrong{"NoL4", "checksum of an unknown L4:", [](Packet* p) { p->context.l4 = L4::kOther; }},
        Wrong{"Sctp", "segmentation of SCTP:", [](Packet* p) { p->context.l4 = L4::kSctp; }},
        Wrong{"NoPayload",
              "segmentation of a packet without payload:", [](Packet* p) { p->bytes.resize(54); }},
        Wrong{"NoHeaders",
              "headers longer than their packet:", [](Packet* p) { p->bytes.resize(50); }}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(VlanTag, StandsBehindTheAddresses) {
  std::vector<uint8_t> frame = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 13};
  InsertVlanTag(0x8100, 0x6123, &frame);
  EXPECT_EQ(frame, (std::vector<uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0x00, 0x61,
                                         0x23, 0x08, 0x00, 13}));
}

}  // namespace
}  // namespace mapwire::sim::nic82599
