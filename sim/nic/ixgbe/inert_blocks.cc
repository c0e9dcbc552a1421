// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/inert_blocks.h"

namespace mapwire::sim::nic82599 {
namespace {

constexpr Time kTableInit = 10 * kMicrosecond;  // the values are ours
constexpr Time kCommand = kMicrosecond;

struct Fdircmd : hw::Register<"FDIRCMD", 0x0EE2C, hw::Access::kReadWrite> {
  using Cmd = hw::Field<"CMD", 1, 0>;
  using FilterValid = hw::Field<"FILTER_VALID", 2, 2>;
  using Fields = hw::FieldList<Cmd, FilterValid>;
};
struct Ipstxidx : hw::Register<"IPSTXIDX", 0x08900, hw::Access::kReadWrite> {};
struct Ipsrxidx : hw::Register<"IPSRXIDX", 0x08E00, hw::Access::kReadWrite> {};
constexpr uint32_t kTableCommands = 3u << 30;  // READ and WRITE

}  // namespace

InertBlocks::InertBlocks(DeviceWorld& world, RegisterFile& registers)
    : world_(world), registers_(registers) {
  using B = InertBlocks;
  registers_.OnRead<reg::Fdirctrl, &B::ReadFdirctrl>(this);
  registers_.OnWrite<reg::Fdirctrl, &B::WriteFdirctrl>(this);
  registers_.OnRead<Fdircmd, &B::ReadFdircmd>(this);
  registers_.OnWrite<Fdircmd, &B::WriteFdircmd>(this);
  registers_.OnWrite<Ipstxidx, &B::WriteIpstxidx>(this);
  registers_.OnWrite<Ipsrxidx, &B::WriteIpsrxidx>(this);
}

uint32_t InertBlocks::ReadFdirctrl(uint32_t) {
  const uint32_t value = registers_.Raw<reg::Fdirctrl>();
  const bool ready = table_ready_ != 0 && world_.Now() >= table_ready_;
  return value | (ready ? reg::Fdirctrl::InitDone::kMask : 0);
}

void InertBlocks::WriteFdirctrl(uint32_t, uint32_t value) {
  registers_.Set<reg::Fdirctrl>(value & ~reg::Fdirctrl::InitDone::kMask);
  table_ready_ = world_.Now() + kTableInit;
}

// The command clears itself when done; a query finds no filter.
uint32_t InertBlocks::ReadFdircmd(uint32_t) {
  const uint32_t value = registers_.Raw<Fdircmd>();
  if (world_.Now() < command_done_) return value;
  return value & ~(Fdircmd::Cmd::kMask | Fdircmd::FilterValid::kMask);
}

void InertBlocks::WriteFdircmd(uint32_t, uint32_t value) {
  registers_.Set<Fdircmd>(value);
  command_done_ = world_.Now() + kCommand;
}

void InertBlocks::WriteIpstxidx(uint32_t, uint32_t value) {
  registers_.Set<Ipstxidx>(value & ~kTableCommands);
}

void InertBlocks::WriteIpsrxidx(uint32_t, uint32_t value) {
  registers_.Set<Ipsrxidx>(value & ~kTableCommands);
}

}  // namespace mapwire::sim::nic82599
