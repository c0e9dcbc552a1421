// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/offload.h"

#include <algorithm>
#include <cstring>

namespace mapwire::sim::nic82599 {
namespace {

constexpr uint32_t kMacBytes = 14;
constexpr uint32_t kVlanBytes = 4;
constexpr uint32_t kIpv4Bytes = 20;
constexpr uint32_t kIpv6Bytes = 40;
constexpr uint32_t kTcpBytes = 20;
constexpr uint32_t kUdpBytes = 8;
constexpr uint32_t kSctpBytes = 12;
constexpr uint32_t kTcpChecksum = 16;
constexpr uint32_t kUdpChecksum = 6;
constexpr uint32_t kSctpChecksum = 8;
constexpr uint8_t kProtocolTcp = 6;
constexpr uint8_t kProtocolUdp = 17;
constexpr uint8_t kProtocolSctp = 132;

uint32_t Be16(const uint8_t* at) { return uint32_t{at[0]} << 8 | at[1]; }
uint32_t Be32(const uint8_t* at) { return Be16(at) << 16 | Be16(at + 2); }

void PutBe16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

void PutBe32(uint8_t* at, uint32_t value) {
  PutBe16(at, value >> 16);
  PutBe16(at + 2, value);
}

// The ones' complement sum of big-endian words, on top of `sum`; an odd last byte counts as a high
// one. Up to 64 KiB fit.
uint32_t Sum(const uint8_t* bytes, uint32_t length, uint32_t sum = 0) {
  for (; length >= 2; bytes += 2, length -= 2) sum += Be16(bytes);
  if (length != 0) sum += uint32_t{bytes[0]} << 8;
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  return sum;
}

// CRC-32C, as SCTP has it, least significant byte first.
uint32_t Crc32c(const uint8_t* bytes, uint32_t length) {
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < length; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

void PutLe32(uint8_t* at, uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

void InsertIpv4Checksum(uint8_t* ip, uint32_t header_bytes) {
  PutBe16(ip + 10, 0);
  PutBe16(ip + 10, ~Sum(ip, header_bytes));
}

// `sum` comes on top of what the field holds.
void InsertL4Checksum(L4 l4, uint8_t* header, uint32_t length, uint32_t sum) {
  if (l4 == L4::kSctp) {
    PutLe32(header + kSctpChecksum, 0);
    return PutLe32(header + kSctpChecksum, Crc32c(header, length));
  }
  uint32_t checksum = ~Sum(header, length, sum) & 0xFFFF;
  if (l4 == L4::kUdp && checksum == 0) checksum = 0xFFFF;  // 0 would say: no checksum
  PutBe16(header + (l4 == L4::kTcp ? kTcpChecksum : kUdpChecksum), checksum);
}

uint32_t ShortestL4(L4 l4) {
  switch (l4) {
    case L4::kUdp:
      return kUdpBytes;
    case L4::kTcp:
      return kTcpBytes;
    case L4::kSctp:
      return kSctpBytes;
    case L4::kOther:
      break;
  }
  return 0;
}

}  // namespace

TxContext DecodeContext(const reg::Descriptor& descriptor) {
  using C = reg::TxContext;
  TxContext context;
  context.mac_bytes = static_cast<uint32_t>(C::Maclen::Get(descriptor.q0));
  context.ip_bytes = static_cast<uint32_t>(C::Iplen::Get(descriptor.q0));
  context.l4_bytes = static_cast<uint32_t>(C::L4len::Get(descriptor.q1));
  context.mss = static_cast<uint32_t>(C::Mss::Get(descriptor.q1));
  context.vlan = static_cast<uint16_t>(C::Vlan::Get(descriptor.q0));
  context.ipv4 = C::TucmdIpv4::Get(descriptor.q1) != 0;
  context.l4 = static_cast<L4>(C::TucmdL4t::Get(descriptor.q1));
  return context;
}

TxRequest DecodeRequest(const reg::Descriptor& descriptor) {
  using D = reg::TxData;
  TxRequest request;
  request.segment = D::Tse::Get(descriptor.q1) != 0;
  request.ip_checksum = D::Ixsm::Get(descriptor.q1) != 0;
  request.l4_checksum = D::Txsm::Get(descriptor.q1) != 0;
  request.insert_vlan = D::Vle::Get(descriptor.q1) != 0;
  request.check_context = D::Cc::Get(descriptor.q1) != 0;
  request.slot = static_cast<uint32_t>(D::Idx::Get(descriptor.q1));
  return request;
}

const char* Impossible(const TxContext& context, const TxRequest& request, uint32_t packet_bytes) {
  if (!request.segment && !request.ip_checksum && !request.l4_checksum) return nullptr;
  if (context.mac_bytes < kMacBytes) return "MACLEN below 14:";
  const bool ipv4 = context.ipv4 && (request.ip_checksum || request.segment);
  if (ipv4 && context.ip_bytes < kIpv4Bytes) return "IPLEN below 20:";
  if (request.segment && !context.ipv4 && context.ip_bytes < kIpv6Bytes) return "IPLEN below 40:";
  const uint32_t l4_at = context.mac_bytes + context.ip_bytes;
  if (l4_at > packet_bytes) return "headers longer than their packet:";
  if (!request.segment && !request.l4_checksum) return nullptr;
  if (context.l4 == L4::kOther) return "checksum of an unknown L4:";
  if (l4_at + ShortestL4(context.l4) > packet_bytes) return "headers longer than their packet:";
  if (!request.segment) return nullptr;
  if (context.mss == 0) return "MSS is zero:";
  if (context.l4 == L4::kSctp) return "segmentation of SCTP:";
  if (context.l4_bytes < ShortestL4(context.l4)) return "L4LEN too short:";
  if (context.header_bytes() >= packet_bytes) return "segmentation of a packet without payload:";
  return nullptr;
}

void InsertChecksums(const TxContext& context, const TxRequest& request,
                     std::vector<uint8_t>* frame) {
  uint8_t* const ip = frame->data() + context.mac_bytes;
  if (request.ip_checksum && context.ipv4) InsertIpv4Checksum(ip, context.ip_bytes);
  if (!request.l4_checksum) return;
  const uint32_t l4_at = context.mac_bytes + context.ip_bytes;
  InsertL4Checksum(context.l4, frame->data() + l4_at, static_cast<uint32_t>(frame->size()) - l4_at,
                   0);
}

uint32_t SegmentCount(const TxContext& context, uint32_t packet_bytes) {
  return (packet_bytes - context.header_bytes() + context.mss - 1) / context.mss;
}

void MakeSegment(const TxContext& context, const TxRequest& request, const TcpFlagMasks& masks,
                 const std::vector<uint8_t>& packet, uint32_t index,
                 std::vector<uint8_t>* segment) {
  const uint32_t headers = context.header_bytes();
  const uint32_t count = SegmentCount(context, static_cast<uint32_t>(packet.size()));
  const uint32_t first = headers + index * context.mss;
  const uint32_t bytes = std::min(context.mss, static_cast<uint32_t>(packet.size()) - first);
  segment->resize(headers + bytes);
  std::copy_n(packet.begin(), headers, segment->begin());
  std::copy_n(packet.begin() + first, bytes, segment->begin() + headers);

  uint8_t* const ip = segment->data() + context.mac_bytes;
  uint8_t* const l4 = ip + context.ip_bytes;
  const uint32_t l4_bytes = context.l4_bytes + bytes;
  if (context.ipv4) {
    PutBe16(ip + 2, context.ip_bytes + l4_bytes);
    PutBe16(ip + 4, Be16(ip + 4) + index);
    if (request.ip_checksum) InsertIpv4Checksum(ip, context.ip_bytes);
  } else {
    PutBe16(ip + 4, context.ip_bytes - kIpv6Bytes + l4_bytes);
  }
  if (context.l4 == L4::kTcp) {
    PutBe32(l4 + 4, Be32(l4 + 4) + index * context.mss);
    if (count > 1) {
      const uint32_t mask =
          index == 0 ? masks.first : (index + 1 == count ? masks.last : masks.middle);
      PutBe16(l4 + 12, Be16(l4 + 12) & (0xF000 | mask));
    }
  } else {
    PutBe16(l4 + 4, l4_bytes);
  }
  if (request.l4_checksum) InsertL4Checksum(context.l4, l4, l4_bytes, l4_bytes);
}

void InsertVlanTag(uint16_t ethertype, uint16_t tag, std::vector<uint8_t>* frame) {
  uint8_t bytes[kVlanBytes];
  PutBe16(bytes, ethertype);
  PutBe16(bytes + 2, tag);
  frame->insert(frame->begin() + 12, bytes, bytes + kVlanBytes);
}

namespace {

// `sum` is that over the addresses; `length` is what the IP header says.
void CheckL4(const uint8_t* l4, uint32_t length, uint8_t protocol, bool ipv4, uint32_t sum,
             RxChecksums* result) {
  if (protocol == kProtocolSctp) {
    if (length < kSctpBytes) return;
    std::vector<uint8_t> bytes(l4, l4 + length);
    InsertL4Checksum(L4::kSctp, bytes.data(), length, 0);
    result->l4_checked = true;
    result->l4_bad = std::memcmp(bytes.data() + kSctpChecksum, l4 + kSctpChecksum, 4) != 0;
    return;
  }
  if (protocol == kProtocolUdp) {
    if (length < kUdpBytes || (ipv4 && Be16(l4 + kUdpChecksum) == 0)) return;
    const uint32_t said = Be16(l4 + 4);
    result->l4_checked = true;
    result->l4_bad = said < kUdpBytes || said > length;
    if (result->l4_bad) return;
    length = said;
  } else if (protocol != kProtocolTcp || length < kTcpBytes) {
    return;
  }
  result->l4_checked = true;
  result->l4_bad = Sum(l4, length, sum + protocol + length) != 0xFFFF;
}

}  // namespace

RxChecksums CheckReceived(const std::vector<uint8_t>& frame, uint32_t ethertype) {
  RxChecksums result;
  uint32_t at = 12;
  if (frame.size() >= kMacBytes + kVlanBytes && Be16(&frame[at]) == ethertype) at += kVlanBytes;
  if (frame.size() < at + 2) return result;
  const uint32_t type = Be16(&frame[at]);
  const uint8_t* const ip = frame.data() + at + 2;
  const uint32_t left = static_cast<uint32_t>(frame.size()) - at - 2;
  if (type == 0x0800 && left >= kIpv4Bytes && ip[0] >> 4 == 4) {
    const uint32_t header = (ip[0] & 0xFu) * 4;
    const uint32_t total = Be16(ip + 2);
    if (header < kIpv4Bytes || header > left) return result;
    result.ip_checked = true;
    result.ip_bad = Sum(ip, header) != 0xFFFF;
    const bool fragment = (Be16(ip + 6) & 0x3FFF) != 0;
    if (fragment || total < header || total > left) return result;
    CheckL4(ip + header, total - header, ip[9], /*ipv4=*/true, Sum(ip + 12, 8), &result);
  } else if (type == 0x86DD && left >= kIpv6Bytes && ip[0] >> 4 == 6) {
    const uint32_t payload = Be16(ip + 4);
    if (payload > left - kIpv6Bytes) return result;
    CheckL4(ip + kIpv6Bytes, payload, ip[6], /*ipv4=*/false, Sum(ip + 8, 32), &result);
  }
  return result;
}

}  // namespace mapwire::sim::nic82599
