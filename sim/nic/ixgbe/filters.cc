// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/filters.h"

#include <algorithm>
#include <cstring>

namespace mapwire::sim::nic82599 {
namespace {

constexpr uint64_t kBroadcast = 0xFFFFFFFFFFFF;
constexpr uint32_t kProtocolTcp = 6;
constexpr uint32_t kProtocolUdp = 17;
constexpr uint32_t kProtocolSctp = 132;

uint32_t Be16(const uint8_t* at) { return uint32_t{at[0]} << 8 | at[1]; }

// The destination address with its first byte in bits 7:0, as RAL/RAH hold it.
uint64_t Destination(const std::vector<uint8_t>& frame) {
  uint64_t address = 0;
  std::memcpy(&address, frame.data(), 6);
  return address;
}

template <typename Bits>
uint32_t TypeBit() {
  return static_cast<uint32_t>(Bits::kMask);
}

}  // namespace

Filters::Filters(RegisterFile& registers) : registers_(registers), hash_(kMaxInput) {
  addresses_.reserve(reg::kReceiveAddresses);
  registers_.OnWrite<reg::Ral, &Filters::WriteRal>(this);
  registers_.OnWrite<reg::Rah, &Filters::WriteRah>(this);
  registers_.OnWrite<reg::Rssrk, &Filters::WriteRssrk>(this);
  registers_.OnWrite<reg::Mrqc, &Filters::WriteMrqc>(this);
}

void Filters::Reset() {
  addresses_stale_ = true;
  hash_stale_ = true;
}

bool Filters::Accepts(const std::vector<uint8_t>& frame) {
  using F = reg::Fctrl;
  const hw::Value<F> fctrl(registers_.Raw<F>());
  const uint64_t address = Destination(frame);
  bool pass;
  if (address == kBroadcast) {
    pass = fctrl.Get<F::Bam>() != 0;
  } else if ((address & 1) != 0) {
    pass = fctrl.Get<F::Mpe>() != 0 || AddressMatches(address) || MulticastHashMatches(address);
  } else {
    pass = fctrl.Get<F::Upe>() != 0 || AddressMatches(address);
  }
  return pass && VlanPasses(frame);
}

bool Filters::AddressMatches(uint64_t address) {
  if (addresses_stale_) RebuildAddresses();
  return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
}

void Filters::RebuildAddresses() {
  addresses_.clear();
  for (uint32_t i = 0; i < reg::kReceiveAddresses; ++i) {
    if (registers_.Field<reg::Rah, reg::Rah::Av>(i) == 0) continue;
    addresses_.push_back(uint64_t{registers_.Field<reg::Rah, reg::Rah::Address>(i)} << 32 |
                         registers_.Raw<reg::Ral>(i));
  }
  addresses_stale_ = false;
}

bool Filters::MulticastHashMatches(uint64_t address) const {
  static constexpr unsigned kShift[4] = {36, 35, 34, 32};
  if (registers_.Field<reg::Mcstctrl, reg::Mcstctrl::Mfe>() == 0) return false;
  const uint32_t index =
      (address >> kShift[registers_.Field<reg::Mcstctrl, reg::Mcstctrl::Mo>()]) & 0xFFF;
  return (registers_.Raw<reg::Mta>(index >> 5) >> (index & 31) & 1) != 0;
}

bool Filters::VlanPasses(const std::vector<uint8_t>& frame) const {
  if (registers_.Field<reg::Vlnctrl, reg::Vlnctrl::Vfe>() == 0 || frame.size() < 18) return true;
  if (Be16(&frame[12]) != registers_.Field<reg::Vlnctrl, reg::Vlnctrl::Vet>()) return true;
  const uint32_t id = Be16(&frame[14]) & 0xFFF;
  return (registers_.Raw<reg::Vfta>(id >> 5) >> (id & 31) & 1) != 0;
}

Classification Filters::Classify(const std::vector<uint8_t>& frame) {
  Classification result;
  const uint32_t mrqc = registers_.Field<reg::Mrqc, reg::Mrqc::Mrqe>() == reg::kMrqeRss
                            ? registers_.Raw<reg::Mrqc>()
                            : 0;
  uint32_t at = 12;
  if (Be16(&frame[at]) == registers_.Field<reg::Vlnctrl, reg::Vlnctrl::Vet>() &&
      frame.size() >= 18) {
    at += 4;
  }
  const uint32_t ethertype = Be16(&frame[at]);
  const uint8_t* payload = frame.data() + at + 2;
  const uint32_t length = static_cast<uint32_t>(frame.size()) - at - 2;
  if (ethertype == 0x0800) {
    Ipv4(payload, length, mrqc, &result);
  } else if (ethertype == 0x86DD) {
    Ipv6(payload, length, mrqc, &result);
  }
  return result;
}

// A fragment has no ports to hash.
void Filters::Ipv4(const uint8_t* ip, uint32_t length, uint32_t mrqc, Classification* result) {
  using Wb = reg::RxWriteBack;
  const uint32_t header = length == 0 ? 0 : (ip[0] & 0xFu) * 4;
  if (length < 20 || ip[0] >> 4 != 4 || header < 20 || length < header) return;
  result->packet_type |= header > 20 ? TypeBit<Wb::PtIpv4e>() : TypeBit<Wb::PtIpv4>();
  uint8_t input[12];
  std::memcpy(input, ip + 12, 8);
  const bool ports = (Be16(ip + 6) & 0x3FFF) == 0 && length >= header + 4;
  if (ports) std::memcpy(input + 8, ip + header, 4);
  if (ports && ip[9] == kProtocolTcp) {
    result->packet_type |= TypeBit<Wb::PtTcp>();
    if ((mrqc & reg::Mrqc::RssTcpIpv4::kMask) != 0) {
      return Hash(input, 12, reg::kRssTypeTcpIpv4, result);
    }
  } else if (ports && ip[9] == kProtocolUdp) {
    result->packet_type |= TypeBit<Wb::PtUdp>();
    if ((mrqc & reg::Mrqc::RssUdpIpv4::kMask) != 0) {
      return Hash(input, 12, reg::kRssTypeUdpIpv4, result);
    }
  } else if (ports && ip[9] == kProtocolSctp) {
    result->packet_type |= TypeBit<Wb::PtSctp>();
  }
  if ((mrqc & reg::Mrqc::RssIpv4::kMask) != 0) Hash(input, 8, reg::kRssTypeIpv4, result);
}

// Extension headers are not walked: such a packet hashes its addresses only.
void Filters::Ipv6(const uint8_t* ip, uint32_t length, uint32_t mrqc, Classification* result) {
  using Wb = reg::RxWriteBack;
  if (length < 40 || ip[0] >> 4 != 6) return;
  result->packet_type |= TypeBit<Wb::PtIpv6>();
  uint8_t input[36];
  std::memcpy(input, ip + 8, 32);
  const bool ports = length >= 44;
  if (ports) std::memcpy(input + 32, ip + 40, 4);
  if (ports && ip[6] == kProtocolTcp) {
    result->packet_type |= TypeBit<Wb::PtTcp>();
    if ((mrqc & reg::Mrqc::RssTcpIpv6::kMask) != 0) {
      return Hash(input, 36, reg::kRssTypeTcpIpv6, result);
    }
  } else if (ports && ip[6] == kProtocolUdp) {
    result->packet_type |= TypeBit<Wb::PtUdp>();
    if ((mrqc & reg::Mrqc::RssUdpIpv6::kMask) != 0) {
      return Hash(input, 36, reg::kRssTypeUdpIpv6, result);
    }
  } else if (ports && ip[6] == kProtocolSctp) {
    result->packet_type |= TypeBit<Wb::PtSctp>();
  }
  if ((mrqc & reg::Mrqc::RssIpv6::kMask) != 0) Hash(input, 32, reg::kRssTypeIpv6, result);
}

void Filters::Hash(const uint8_t* input, uint32_t length, uint32_t rss_type,
                   Classification* result) {
  result->rss_type = rss_type;
  result->rss_hash = Toeplitz(input, length);
  const uint32_t entry = result->rss_hash & 0x7F;
  result->queue = registers_.Raw<reg::Reta>(entry / 4) >> (8 * (entry % 4)) & 0xF;
}

uint32_t Filters::Toeplitz(const uint8_t* input, uint32_t length) {
  if (hash_stale_) RebuildHash();
  uint32_t hash = 0;
  for (uint32_t i = 0; i < length; ++i) hash ^= hash_[i][input[i]];
  return hash;
}

// Input bit b (first byte, top bit first) contributes the 32 key bits that start at bit b.
void Filters::RebuildHash() {
  uint8_t key[kKeyBytes];
  for (uint32_t i = 0; i < kKeyBytes; ++i) {
    key[i] = static_cast<uint8_t>(registers_.Raw<reg::Rssrk>(i / 4) >> (8 * (i % 4)));
  }
  for (uint32_t at = 0; at < kMaxInput; ++at) {
    uint64_t window = 0;  // the 40 key bits that start at byte `at`
    for (uint32_t i = 0; i < 5; ++i) window = window << 8 | key[at + i];
    for (uint32_t value = 0; value < 256; ++value) {
      uint32_t sum = 0;
      for (uint32_t bit = 0; bit < 8; ++bit) {
        if ((value >> (7 - bit) & 1) != 0) sum ^= static_cast<uint32_t>(window >> (8 - bit));
      }
      hash_[at][value] = sum;
    }
  }
  hash_stale_ = false;
}

void Filters::WriteRal(uint32_t index, uint32_t value) {
  registers_.Set<reg::Ral>(value, index);
  addresses_stale_ = true;
}

void Filters::WriteRah(uint32_t index, uint32_t value) {
  registers_.Set<reg::Rah>(value & reg::Rah::Fields::kMask, index);
  addresses_stale_ = true;
}

void Filters::WriteRssrk(uint32_t index, uint32_t value) {
  registers_.Set<reg::Rssrk>(value, index);
  hash_stale_ = true;
}

void Filters::WriteMrqc(uint32_t, uint32_t value) {
  registers_.Set<reg::Mrqc>(value);
  const uint32_t mode = registers_.Field<reg::Mrqc, reg::Mrqc::Mrqe>();
  if (mode > reg::kMrqeRss) {
    registers_.Report(DriverError::kReservedBits, "MRQC.MRQE mode is not modelled:", mode);
  }
}

}  // namespace mapwire::sim::nic82599
