// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/filters.h"

namespace mapwire::sim::nic82540 {
namespace {

constexpr uint64_t kBroadcast = 0xFFFFFFFFFFFF;

uint32_t Be16(const uint8_t* at) { return uint32_t{at[0]} << 8 | at[1]; }

bool AddressMatches(const RegisterFile& registers, uint64_t address) {
  for (uint32_t i = 0; i < reg::kReceiveAddresses; ++i) {
    const hw::Value<reg::Rah> high(registers.Raw<reg::Rah>(i));
    // ASEL 0: the destination. The others are not modelled.
    if (high.Get<reg::Rah::Av>() == 0 || high.Get<reg::Rah::Asel>() != 0) continue;
    const uint64_t entry =
        uint64_t{high.Get<reg::Rah::Address>()} << 32 | registers.Raw<reg::Ral>(i);
    if (entry == address) return true;
  }
  return false;
}

bool HashMatches(const RegisterFile& registers, uint64_t address) {
  static constexpr unsigned kShift[4] = {36, 35, 34, 32};
  const uint32_t index = (address >> kShift[registers.Field<reg::Rctl, reg::Rctl::Mo>()]) & 0xFFF;
  return (registers.Raw<reg::Mta>(index >> 5) >> (index & 31) & 1) != 0;
}

Pass AddressPasses(const RegisterFile& registers, uint64_t address) {
  const hw::Value<reg::Rctl> rctl(registers.Raw<reg::Rctl>());
  if (AddressMatches(registers, address)) return Pass::kExact;
  if (address == kBroadcast) {
    return rctl.Get<reg::Rctl::Bam>() != 0 ? Pass::kExact : Pass::kNot;
  }
  const bool group = (address & 1) != 0;
  if (group && HashMatches(registers, address)) return Pass::kInexact;
  const bool all = group ? rctl.Get<reg::Rctl::Mpe>() != 0 : rctl.Get<reg::Rctl::Upe>() != 0;
  return all ? Pass::kInexact : Pass::kNot;
}

bool VlanPasses(const RegisterFile& registers, const std::vector<uint8_t>& frame) {
  if (registers.Field<reg::Rctl, reg::Rctl::Vfe>() == 0 || !IsTagged(registers, frame)) return true;
  const uint32_t id = Be16(&frame[14]) & 0xFFF;
  return (registers.Raw<reg::Vfta>(id >> 5) >> (id & 31) & 1) != 0;
}

}  // namespace

bool IsTagged(const RegisterFile& registers, const std::vector<uint8_t>& frame) {
  return frame.size() >= 18 && Be16(&frame[12]) == registers.Field<reg::Vet, reg::Vet::Type>();
}

Pass Accepts(const RegisterFile& registers, const std::vector<uint8_t>& frame) {
  uint64_t address = 0;
  for (int i = 5; i >= 0; --i) address = address << 8 | frame[static_cast<size_t>(i)];
  const Pass pass = AddressPasses(registers, address);
  return pass != Pass::kNot && VlanPasses(registers, frame) ? pass : Pass::kNot;
}

}  // namespace mapwire::sim::nic82540
