#include "sim/programs/udp_frame.h"

#include <cstring>

namespace mapwire::sim {
namespace {

constexpr size_t kIpAt = 14;
constexpr size_t kUdpAt = 34;
constexpr uint8_t kPattern = 0x5a;

void Put16(uint8_t* to, uint32_t value) {
  to[0] = static_cast<uint8_t>(value >> 8);
  to[1] = static_cast<uint8_t>(value);
}

void Put32(uint8_t* to, uint32_t value) {
  Put16(to, value >> 16);
  Put16(to + 2, value);
}

uint16_t HeaderChecksum(const uint8_t* header) {
  uint32_t sum = 0;
  for (size_t i = 0; i < 20; i += 2) sum += static_cast<uint32_t>(header[i] << 8 | header[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint8_t PatternAt(uint64_t sequence, size_t i) {
  return static_cast<uint8_t>(kPattern ^ sequence ^ i);
}

}  // namespace

void WriteUdpFrame(uint8_t* frame, size_t length, const UdpFlow& flow, uint64_t sequence) {
  static constexpr uint8_t kAddresses[12] = {0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1};
  std::memcpy(frame, kAddresses, sizeof(kAddresses));
  Put16(frame + 12, 0x0800);
  uint8_t* const ip = frame + kIpAt;
  std::memset(ip, 0, 28);
  ip[0] = 0x45;
  Put16(ip + 2, static_cast<uint32_t>(length - kIpAt));
  ip[8] = 64;
  ip[9] = 17;
  Put32(ip + 12, flow.source);
  Put32(ip + 16, flow.destination);
  Put16(ip + 10, HeaderChecksum(ip));
  uint8_t* const udp = frame + kUdpAt;
  Put16(udp, flow.source_port);
  Put16(udp + 2, flow.destination_port);
  Put16(udp + 4, static_cast<uint32_t>(length - kUdpAt));  // checksum 0: none
  std::memcpy(frame + kSequenceAt, &sequence, sizeof(sequence));
  for (size_t i = kSequenceAt + sizeof(sequence); i < length; ++i)
    frame[i] = PatternAt(sequence, i);
}

std::optional<uint64_t> CheckUdpFrame(const uint8_t* frame, size_t length, const UdpFlow& flow) {
  if (length < kMinUdpFrame || length > 9728) return std::nullopt;
  uint64_t sequence;
  std::memcpy(&sequence, frame + kSequenceAt, sizeof(sequence));
  uint8_t expected[9728];
  WriteUdpFrame(expected, length, flow, sequence);
  if (std::memcmp(expected, frame, length) != 0) return std::nullopt;
  return sequence;
}

}  // namespace mapwire::sim
