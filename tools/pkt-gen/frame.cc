#include "tools/pkt-gen/frame.h"

#include <algorithm>
#include <cstring>

namespace mapwire::pktgen {
namespace {

constexpr uint8_t kUdp = 17;
constexpr char kPayload[] = "pkt-gen: a test packet of netmap, made by Mapwire. ";
constexpr size_t kSequenceBytes = 4;

void Put16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

uint32_t Get16(const uint8_t* at) { return static_cast<uint32_t>(at[0]) << 8 | at[1]; }

void PutAddress(uint8_t* at, Address address, size_t bytes) {
  for (size_t i = bytes; i-- > 0; address >>= 8) at[i] = static_cast<uint8_t>(address);
}

}  // namespace

uint32_t ChecksumAdd(uint32_t sum, std::span<const uint8_t> bytes) {
  size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += Get16(&bytes[i]);
  if (i < bytes.size()) sum += static_cast<uint32_t>(bytes[i]) << 8;
  return sum;
}

uint16_t ChecksumEnd(uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

Frame::Frame(const FrameOptions& options)
    : bytes_(options.vnet_header + options.size + kSlack),
      vnet_header_(options.vnet_header),
      length_(options.size),
      made_(true),
      ipv6_(options.source.ipv6),
      walks_(!options.source.single() || !options.target.single() || options.random_source ||
             options.random_target),
      random_sizes_(options.min_size != 0 && options.min_size != options.size),
      min_size_(options.min_size),
      max_size_(options.size),
      state_(options.seed * 2 + 1),
      source_(options.source, options.random_source, options.seed),
      target_(options.target, options.random_target, options.seed + 0x9E3779B97F4A7C15ull) {
  WriteHeaders(options);
  WriteEndpoints();
  SetLength(options.size);
  UpdateChecksums();
}

Frame::Frame(std::span<const uint8_t> bytes, uint32_t vnet_header)
    : bytes_(vnet_header + bytes.size() + kSlack),
      vnet_header_(vnet_header),
      length_(static_cast<uint32_t>(bytes.size())),
      source_({}, false, 0),
      target_({}, false, 0) {
  std::copy(bytes.begin(), bytes.end(), at(0));
}

void Frame::WriteHeaders(const FrameOptions& options) {
  std::copy(options.target_mac.begin(), options.target_mac.end(), at(0));
  std::copy(options.source_mac.begin(), options.source_mac.end(), at(6));
  Put16(at(12), ipv6_ ? 0x86dd : 0x0800);
  uint8_t* const ip = at(kEthernetBytes);
  if (ipv6_) {
    ip[0] = 0x60;
    ip[6] = kUdp;
    ip[7] = 64;  // hops
  } else {
    ip[0] = 0x45;
    Put16(ip + 6, 0x4000);  // not to be fragmented
    ip[8] = 64;             // hops
    ip[9] = kUdp;
  }
  const size_t begin = payload_at();
  for (size_t i = begin; i < length_; ++i) {
    *at(i) = static_cast<uint8_t>(kPayload[(i - begin) % (sizeof(kPayload) - 1)]);
  }
  sums_.push_back(0);
  for (size_t i = begin + kLivePayload; i + 1 < length_; i += 2) {
    sums_.push_back(sums_.back() + Get16(at(i)));
  }
}

void Frame::WriteEndpoints() {
  uint8_t* const ip = at(kEthernetBytes);
  const size_t bytes = ipv6_ ? 16 : 4;
  PutAddress(ip + (ipv6_ ? 8 : 12), source_.now().address, bytes);
  PutAddress(ip + (ipv6_ ? 24 : 16), target_.now().address, bytes);
  Put16(ip + ip_bytes(), source_.now().port);
  Put16(ip + ip_bytes() + 2, target_.now().port);
}

uint32_t Frame::payload_bytes() const {
  return length_ > payload_at() ? length_ - static_cast<uint32_t>(payload_at()) : 0;
}

// Lengths in headers do not go below those of the headers, though a packet may be shorter.
void Frame::SetLength(uint32_t length) {
  length_ = length;
  uint8_t* const ip = at(kEthernetBytes);
  const uint32_t udp_bytes = 8 + payload_bytes();
  if (ipv6_) {
    Put16(ip + 4, udp_bytes);
  } else {
    Put16(ip + 2, 20 + udp_bytes);
  }
  Put16(ip + ip_bytes() + 4, udp_bytes);
}

uint32_t Frame::PayloadSum() {
  const uint32_t bytes = payload_bytes();
  const uint8_t* const payload = at(payload_at());
  if (bytes <= kLivePayload) return ChecksumAdd(0, {payload, bytes});
  const uint32_t rest = bytes - kLivePayload;
  uint32_t sum = ChecksumAdd(sums_[rest / 2], {payload, kLivePayload});
  if (rest % 2 != 0) sum += static_cast<uint32_t>(payload[bytes - 1]) << 8;
  return sum;
}

void Frame::UpdateChecksums() {
  uint8_t* const ip = at(kEthernetBytes);
  uint8_t* const udp = ip + ip_bytes();
  if (!ipv6_) {
    Put16(ip + 10, 0);
    Put16(ip + 10, ChecksumEnd(ChecksumAdd(0, {ip, 20})));
  }
  Put16(udp + 6, 0);
  // Both addresses, the protocol and the length of UDP; then UDP itself.
  uint32_t sum = PayloadSum() + kUdp + Get16(udp + 4);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = ChecksumAdd(sum, {ip + (ipv6_ ? 8 : 12), ipv6_ ? size_t{32} : size_t{8}});
  sum = ChecksumAdd(sum, {udp, 8});
  const uint16_t checksum = ChecksumEnd(sum);
  Put16(udp + 6, checksum == 0 ? 0xffff : checksum);
}

uint32_t Frame::changing_bytes() const {
  return std::min(size(), vnet_header_ + static_cast<uint32_t>(payload_at()) + kLivePayload);
}

void Frame::Next() {
  if (!varies()) return;
  if (walks_) {
    if (source_.Next()) target_.Next();
    WriteEndpoints();
  }
  if (random_sizes_) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    SetLength(min_size_ + static_cast<uint32_t>((state_ >> 32) % (max_size_ - min_size_ + 1)));
  }
  UpdateChecksums();
}

void Frame::SetSequence(uint32_t sequence) {
  if (!made_ || payload_bytes() < kSequenceBytes) return;
  Put16(at(payload_at()), sequence >> 16);
  Put16(at(payload_at()) + 2, sequence & 0xffff);
  UpdateChecksums();
}

void Frame::SetTime(uint64_t nanoseconds) {
  if (!made_ || payload_bytes() < kLivePayload) return;
  PutAddress(at(payload_at()) + kSequenceBytes, nanoseconds, 8);
  UpdateChecksums();
}

bool ReadSequence(std::span<const uint8_t> packet, uint32_t vnet_header, uint32_t* sequence,
                  uint64_t* nanoseconds) {
  if (packet.size() < vnet_header + kEthernetBytes + 20) return false;
  packet = packet.subspan(vnet_header);
  const uint32_t type = Get16(&packet[12]);
  const uint8_t protocol = type == 0x0800 ? packet[kEthernetBytes + 9] : packet[kEthernetBytes + 6];
  if ((type != 0x0800 && type != 0x86dd) || protocol != kUdp) return false;
  const size_t payload = kEthernetBytes + (type == 0x0800 ? 20 : 40) + 8;
  if (packet.size() < payload + kSequenceBytes) return false;
  const uint8_t* const at = &packet[payload];
  *sequence = Get16(at) << 16 | Get16(at + 2);
  *nanoseconds = 0;
  if (packet.size() < payload + kSequenceBytes + 8) return true;
  for (size_t i = 0; i < 8; ++i) *nanoseconds = *nanoseconds << 8 | at[kSequenceBytes + i];
  return true;
}

}  // namespace mapwire::pktgen
