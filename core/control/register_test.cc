// Conformance of REGISTER and the requests that only ask: errors, answers, layouts, and undoing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "testing/kit/program.h"

namespace mapwire::control {
namespace {

using kit::Program;
using kit::Registration;
using memory::PoolKind;

constexpr uint64_t kRegionBytes = 102400 + 200 * 69632 + 335544320;

class RegisterTest : public testing::Test {
 protected:
  RegisterTest() : port_(system_.AddPort("em0", {4, 3, 64, 32})) {}

  memory::Region& global() { return system_.control.regions().global(); }
  uint16_t MakeRegion(uint32_t interfaces = 8, uint32_t rings = 16, uint32_t buffers = 1024) {
    const memory::RegionRequest request = {{{1024, interfaces}, {4096, rings}, {2048, buffers}}};
    return system_.control.CreateRegion(request).value()->id();
  }
  Errno TryRegister(nmreq_register reg, const char* name = "em0") {
    Program program(system_.control);
    return program.Register(name, reg).error();
  }

  kit::System system_;
  kit::LoopPort& port_;
};

TEST_F(RegisterTest, AFreshPortIsLaidOutAsTheWorkedTraceSays) {
  kit::LoopPort& port = system_.AddPort("ix0", {1, 1, 512, 512});
  Program program(system_.control);
  program.reg = Registration(NR_REG_ALL_NIC);
  program.reg.nr_extra_bufs = 3;
  ASSERT_TRUE(program.Register("ix0", program.reg).ok());
  for (uint32_t i = 0; i < 512; ++i) {
    ASSERT_EQ(program.rx(0)->slot[i].buf_idx, 2 + i);
    ASSERT_EQ(program.tx(0)->slot[i].buf_idx, 514 + i);
  }
  EXPECT_EQ(program.reg.nr_extra_bufs, 3u);
  std::vector<uint32_t> extra;
  for (uint32_t buffer = program.interface()->ni_bufs_head; buffer != 0;) {
    extra.push_back(buffer);
    std::memcpy(&buffer, program.Buffer(program.tx(0), buffer), sizeof(buffer));
  }
  EXPECT_EQ(extra, (std::vector<uint32_t>{1028, 1027, 1026}));
  EXPECT_EQ(program.reg.nr_offset, 0u);
  Program second(system_.control);
  ASSERT_TRUE(second.Register("ix0").ok());
  EXPECT_EQ(second.reg.nr_offset, 1024u);
  EXPECT_EQ(second.interface()->ni_bufs_head, 0u);
  // Buffer 0 is at the same place, whatever ring one starts from.
  EXPECT_EQ(program.Buffer(program.tx(0), 0), program.base() + 102400 + 200 * 69632);
  EXPECT_EQ(program.Buffer(program.rx(0), 0), program.Buffer(program.tx(0), 0));
  EXPECT_EQ(port.users(), 2u);
}

TEST_F(RegisterTest, TheAnswerDescribesThePort) {
  Program program(system_.control);
  nmreq_register reg = Registration(NR_REG_ONE_NIC, NR_NO_TX_POLL | NR_DO_RX_POLL | 1u << 30, 2);
  reg.nr_tx_slots = 7;  // hints, which a port that exists ignores
  reg.nr_tx_rings = 9;
  reg.nr_host_tx_rings = 5;
  ASSERT_TRUE(program.Register("em0", reg).ok());
  EXPECT_EQ(reg.nr_offset, 0u);
  EXPECT_EQ(reg.nr_memsize, kRegionBytes);
  EXPECT_EQ(reg.nr_tx_slots, 64u);
  EXPECT_EQ(reg.nr_rx_slots, 32u);
  EXPECT_EQ(reg.nr_tx_rings, 4);
  EXPECT_EQ(reg.nr_rx_rings, 3);
  EXPECT_EQ(reg.nr_host_tx_rings, 0);
  EXPECT_EQ(reg.nr_host_rx_rings, 0);
  EXPECT_EQ(reg.nr_mem_id, 1);
  EXPECT_EQ(reg.nr_mode, static_cast<uint32_t>(NR_REG_ONE_NIC));
  EXPECT_EQ(reg.nr_ringid, 2);
  EXPECT_EQ(reg.nr_flags, static_cast<uint64_t>(NR_NO_TX_POLL | NR_DO_RX_POLL | 1u << 30));
  EXPECT_EQ(reg.nr_extra_bufs, 0u);
}

TEST_F(RegisterTest, TheInterfaceNamesTheRings) {
  kit::LoopPort& port = system_.AddPort("a-name-of-more-than-15", {4, 3, 8, 8});
  Program program(system_.control);
  ASSERT_TRUE(program.Register(port.name()).ok());
  const netmap_if* const nifp = program.interface();
  EXPECT_STREQ(nifp->ni_name, "a-name-of-more-");
  EXPECT_EQ(nifp->ni_version, static_cast<uint32_t>(NETMAP_API));
  EXPECT_EQ(nifp->ni_flags, 0u);
  EXPECT_EQ(nifp->ni_tx_rings, 4u);
  EXPECT_EQ(nifp->ni_rx_rings, 3u);
  EXPECT_EQ(nifp->ni_host_tx_rings, 1u);
  EXPECT_EQ(nifp->ni_host_rx_rings, 1u);
  // tx, tx host, rx, rx host; only host rings are missing.
  for (uint32_t i = 0; i < 9; ++i) {
    EXPECT_EQ(nifp->ring_ofs[i] == 0, i == 4 || i == 8) << i;
  }
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(program.tx(i)->ringid, i);
    EXPECT_EQ(program.tx(i)->dir, 1);
  }
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(program.rx(i)->ringid, i);
    EXPECT_EQ(program.rx(i)->dir, 0);
  }
}

TEST_F(RegisterTest, StaleInterfacesAreZeroed) {
  const uint16_t region = MakeRegion();
  {
    Program program(system_.control);
    Program holder(system_.control);
    nmreq_register reg = Registration(NR_REG_ONE_NIC, NR_TX_RINGS_ONLY, 3);
    reg.nr_mem_id = region;
    ASSERT_TRUE(holder.Register("em0", reg).ok());
    ASSERT_TRUE(program.Register("em0").ok());
    EXPECT_EQ(program.interface()->ni_flags, static_cast<uint32_t>(NI_PRIV_MEM));
    std::memset(static_cast<void*>(program.interface()), 0xee, 1024);
    program.interface()->ni_bufs_head = 0;
    program.Close();
    Program again(system_.control);
    again.reg = Registration(NR_REG_ONE_NIC);
    ASSERT_TRUE(again.Register("em0", again.reg).ok());
    EXPECT_EQ(again.reg.nr_offset, 1024u);
    EXPECT_EQ(again.interface()->ni_spare1[0], 0u);
    EXPECT_EQ(again.tx(1), nullptr);
  }
}

// --- Host rings
// -----------------------------------------------------------------------------------

// Of a port with four transmit and three receive rings and at most five host rings.
TEST_F(RegisterTest, HostRingsComeBehindTheOthers) {
  system_.AddPort("host0", {4, 3, 8, 8, 5});
  Program program(system_.control);
  program.reg = Registration(NR_REG_NIC_SW, 0);
  program.reg.nr_host_tx_rings = 2;
  program.reg.nr_host_rx_rings = 3;
  ASSERT_TRUE(program.Register("host0", program.reg).ok());
  EXPECT_EQ(program.reg.nr_host_tx_rings, 2);
  EXPECT_EQ(program.reg.nr_host_rx_rings, 3);
  const netmap_if* const nifp = program.interface();
  EXPECT_EQ(nifp->ni_tx_rings, 4u);
  EXPECT_EQ(nifp->ni_rx_rings, 3u);
  EXPECT_EQ(nifp->ni_host_tx_rings, 2u);
  EXPECT_EQ(nifp->ni_host_rx_rings, 3u);
  // tx, tx host, rx, rx host.
  for (uint32_t i = 0; i < 12; ++i) EXPECT_NE(nifp->ring_ofs[i], 0) << i;
  for (uint32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(program.tx(i)->ringid, i);
    EXPECT_EQ(program.tx(i)->dir, 1);
    EXPECT_EQ(program.tx(i)->num_slots, 8u);
    EXPECT_EQ(program.rx(i)->ringid, i);
    EXPECT_EQ(program.rx(i)->dir, 0);
  }
}

TEST_F(RegisterTest, HostRingsAreChosenByMode) {
  kit::LoopPort& port = system_.AddPort("host0", {4, 3, 8, 8, 5});
  struct Case {
    uint32_t mode;
    uint16_t ring;
    uint64_t flags;
    Errno error;
    port::RingSelection expected;
  };
  const Case cases[] = {
      {NR_REG_SW, 0, 0, Errno::kOk, {{4, 6}, {3, 6}}},
      {NR_REG_SW, 9, NR_TX_RINGS_ONLY, Errno::kOk, {{4, 6}, {}}},
      {NR_REG_NIC_SW, 0, 0, Errno::kOk, {{0, 6}, {0, 6}}},
      {NR_REG_ONE_SW, 1, 0, Errno::kOk, {{5, 6}, {4, 5}}},
      {NR_REG_ONE_SW, 2, 0, Errno::kOk, {{4, 5}, {5, 6}}},
      {NR_REG_ONE_SW, 3, 0, Errno::kInvalid, {}},
      {NR_REG_ALL_NIC, 0, 0, Errno::kOk, {{0, 4}, {0, 3}}},
      {NR_REG_ONE_NIC, 4, 0, Errno::kInvalid, {}},
  };
  for (const Case& the : cases) {
    SCOPED_TRACE(testing::Message() << "mode " << the.mode << " ring " << the.ring);
    Program program(system_.control);
    program.reg = Registration(the.mode, the.flags, the.ring);
    program.reg.nr_host_tx_rings = 2;
    program.reg.nr_host_rx_rings = 3;
    ASSERT_EQ(program.Register("host0", program.reg).error(), the.error);
    EXPECT_EQ(program.session().selection().tx.first, the.expected.tx.first);
    EXPECT_EQ(program.session().selection().tx.last, the.expected.tx.last);
    EXPECT_EQ(program.session().selection().rx.first, the.expected.rx.first);
    EXPECT_EQ(program.session().selection().rx.last, the.expected.rx.last);
    program.Close();
    EXPECT_EQ(port.host_rings(port::Direction::kTx), 1) << "the last one has closed, or none came";
    EXPECT_EQ(port.host_rings(port::Direction::kRx), 1);
  }
}

TEST_F(RegisterTest, OnlyTheFirstToOpenSaysHowManyHostRingsThereAre) {
  kit::LoopPort& port = system_.AddPort("host0", {1, 1, 8, 8, 5});
  Program first(system_.control), second(system_.control);
  first.reg = Registration(NR_REG_ALL_NIC);
  first.reg.nr_host_rx_rings = 4;
  ASSERT_TRUE(first.Register("host0", first.reg).ok());
  EXPECT_EQ(first.reg.nr_host_tx_rings, 1) << "0 is as before";
  EXPECT_EQ(first.reg.nr_host_rx_rings, 4);
  second.reg = Registration(NR_REG_SW);
  second.reg.nr_host_rx_rings = 2;
  ASSERT_TRUE(second.Register("host0", second.reg).ok());
  EXPECT_EQ(second.reg.nr_host_rx_rings, 4);
  second.Close();
  first.Close();
  EXPECT_EQ(port.host_rings(port::Direction::kRx), 1);
  Program greedy(system_.control);
  greedy.reg = Registration(NR_REG_SW);
  greedy.reg.nr_host_tx_rings = 6;
  EXPECT_EQ(greedy.Register("host0", greedy.reg).error(), Errno::kInvalid) << "five is all";
}

struct SelectionCase {
  const char* what;
  uint32_t mode;
  uint64_t flags;
  uint16_t ring;
  Errno error;
  port::RingSelection expected;
};

class SelectionTest : public RegisterTest, public testing::WithParamInterface<SelectionCase> {};

TEST_P(SelectionTest, BindsTheRingsOfTheMode) {
  const SelectionCase& the = GetParam();
  Program program(system_.control);
  program.reg = Registration(the.mode, the.flags, the.ring);
  ASSERT_EQ(program.Register("em0", program.reg).error(), the.error) << the.what;
  if (the.error != Errno::kOk) return;
  for (uint16_t i = 0; i < 4; ++i) {
    EXPECT_EQ(program.tx(i) != nullptr, the.expected.tx.Contains(i)) << the.what << " tx " << i;
    EXPECT_EQ(port_.ring(port::Direction::kTx, i).created(), the.expected.tx.Contains(i));
  }
  for (uint16_t i = 0; i < 3; ++i) {
    EXPECT_EQ(program.rx(i) != nullptr, the.expected.rx.Contains(i)) << the.what << " rx " << i;
  }
}

constexpr uint64_t kNoRings = NR_TX_RINGS_ONLY | NR_RX_RINGS_ONLY;

INSTANTIATE_TEST_SUITE_P(
    Modes, SelectionTest,
    testing::Values(
        SelectionCase{"default", NR_REG_DEFAULT, 0, 0, Errno::kInvalid, {}},
        SelectionCase{"all", NR_REG_ALL_NIC, 0, 0, Errno::kOk, {{0, 4}, {0, 3}}},
        SelectionCase{"all ignores the ring", NR_REG_ALL_NIC, 0, 77, Errno::kOk, {{0, 4}, {0, 3}}},
        SelectionCase{"all tx", NR_REG_ALL_NIC, NR_TX_RINGS_ONLY, 0, Errno::kOk, {{0, 4}, {}}},
        SelectionCase{"all rx", NR_REG_ALL_NIC, NR_RX_RINGS_ONLY, 0, Errno::kOk, {{}, {0, 3}}},
        SelectionCase{"none", NR_REG_ALL_NIC, kNoRings, 0, Errno::kOk, {}},
        SelectionCase{"none of no mode", NR_REG_DEFAULT, kNoRings, 0, Errno::kOk, {}},
        SelectionCase{"host", NR_REG_SW, 0, 0, Errno::kInvalid, {}},
        SelectionCase{"all and host", NR_REG_NIC_SW, 0, 0, Errno::kInvalid, {}},
        SelectionCase{"one host", NR_REG_ONE_SW, 0, 0, Errno::kInvalid, {}},
        SelectionCase{"one", NR_REG_ONE_NIC, 0, 2, Errno::kOk, {{2, 3}, {2, 3}}},
        SelectionCase{"one of more tx than rx", NR_REG_ONE_NIC, 0, 3, Errno::kOk, {{3, 4}, {0, 1}}},
        SelectionCase{"one too many", NR_REG_ONE_NIC, 0, 4, Errno::kInvalid, {}},
        SelectionCase{"one tx", NR_REG_ONE_NIC, NR_TX_RINGS_ONLY, 1, Errno::kOk, {{1, 2}, {}}},
        SelectionCase{"pipe master", NR_REG_PIPE_MASTER, 0, 0, Errno::kInvalid, {}},
        SelectionCase{"pipe slave", NR_REG_PIPE_SLAVE, kNoRings, 0, Errno::kInvalid, {}},
        SelectionCase{"no mode", 9, 0, 0, Errno::kInvalid, {}},
        SelectionCase{"no mode at all", 0xffffffff, 0, 0, Errno::kInvalid, {}}));

TEST_F(RegisterTest, ErrorsComeInTheOrderOfTheInterface) {
  nmreq_register bad = Registration(NR_REG_DEFAULT);
  bad.nr_mem_id = 99;
  {
    Program bound(system_.control);
    ASSERT_TRUE(bound.Register("em0").ok());
    EXPECT_EQ(bound.Register("absent", bad).error(), Errno::kBusy);  // bound already
    EXPECT_TRUE(bound.session().bound());
  }
  EXPECT_EQ(TryRegister(bad, "absent"), Errno::kInvalid);  // no such region
  bad.nr_mem_id = 0;
  EXPECT_EQ(TryRegister(bad, "absent"), Errno::kNoDevice);  // no such port
  EXPECT_EQ(TryRegister(bad, ""), Errno::kNoDevice);
  EXPECT_EQ(TryRegister(Registration(NR_REG_PIPE_MASTER), "absent"), Errno::kInvalid);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC, NR_MONITOR_RX)), Errno::kNotSupported);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "em0{1"), Errno::kNotSupported);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "em0}1"), Errno::kNotSupported);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "vale0:1"), Errno::kNoDevice);
  EXPECT_EQ(TryRegister(bad), Errno::kInvalid);  // no mode
  port_.least_buffer_bytes = 4096;
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC)), Errno::kInvalid);  // frames do not fit
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC, NR_TX_RINGS_ONLY)), Errno::kOk);
}

TEST_F(RegisterTest, ABadRegionRequestIsInvalidWhenItIsUsed) {
  kit::System system({.global_region = {{{55, 100}, {4096, 10}, {2048, 100}}}});
  system.AddPort("em0", {1, 1, 8, 8});
  Program program(system.control);
  nmreq_register reg = Registration(NR_REG_DEFAULT);
  EXPECT_EQ(program.Register("em0", reg).error(), Errno::kInvalid);
  nmreq_port_info_get info{};
  EXPECT_EQ(program.Request(NETMAP_REQ_PORT_INFO_GET, "", info).error(), Errno::kInvalid);
}

TEST_F(RegisterTest, ParametersCountFromTheNextUseOn) {
  kit::System system({.global_region = {{{1024, 10}, {4096, 10}, {2048, 100}}}});
  system.AddPort("em0", {1, 1, 8, 8});
  const auto buffers = [&] { return (*system.control.regions().global().Geometry()).pools[2]; };
  Parameters wanted = system.control.parameters();
  {
    Program program(system.control);
    nmreq_register reg = Registration(NR_REG_ALL_NIC);
    ASSERT_TRUE(program.Register("em0", reg).ok());
    wanted.global_region.pools[2] = {4096, 200};
    ASSERT_TRUE(system.control.SetParameters(wanted).ok());
    EXPECT_EQ(buffers().object_count, 100u) << "it is in use";
  }
  EXPECT_EQ(buffers().object_count, 200u);
  EXPECT_EQ(buffers().object_bytes, 4096u);
  wanted.global_region.pools[2] = {63, 200};
  wanted.forward = true;
  EXPECT_EQ(system.control.SetParameters(wanted), Errno::kInvalid);
  EXPECT_EQ(buffers().object_count, 200u);
  EXPECT_FALSE(system.control.parameters().forward) << "all or nothing";
}

TEST_F(RegisterTest, ExclusiveRingsAreNobodyElses) {
  const auto one = [](uint16_t ring, uint64_t flags) {
    return Registration(NR_REG_ONE_NIC, flags | NR_TX_RINGS_ONLY, ring);
  };
  Program owner(system_.control);
  nmreq_register reg = one(1, NR_EXCLUSIVE);
  ASSERT_TRUE(owner.Register("em0", reg).ok());
  EXPECT_EQ(TryRegister(one(1, 0)), Errno::kBusy);
  EXPECT_EQ(TryRegister(one(1, NR_EXCLUSIVE)), Errno::kBusy);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC)), Errno::kBusy);
  EXPECT_EQ(TryRegister(one(2, 0)), Errno::kOk);
  EXPECT_EQ(TryRegister(one(2, NR_EXCLUSIVE)), Errno::kOk);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC, NR_RX_RINGS_ONLY | NR_EXCLUSIVE)), Errno::kOk);
  {
    Program sharer(system_.control);
    reg = one(2, 0);
    ASSERT_TRUE(sharer.Register("em0", reg).ok());
    EXPECT_EQ(TryRegister(one(2, NR_EXCLUSIVE)), Errno::kBusy);
    EXPECT_EQ(TryRegister(one(2, 0)), Errno::kOk);
  }
  owner.Close();
  EXPECT_EQ(TryRegister(one(1, 0)), Errno::kOk);
  EXPECT_EQ(port_.users(), 0u);
}

TEST_F(RegisterTest, TheSecondOpenerFindsTheRingAsItWasLeft) {
  Program first(system_.control);
  ASSERT_TRUE(first.Register("em0").ok());
  first.tx(0)->slot[0].len = first.tx(0)->slot[1].len = 60;
  first.tx(0)->head = first.tx(0)->cur = 2;
  ASSERT_TRUE(first.Ioctl(NIOCTXSYNC, UserAddress(0)).ok());
  ASSERT_TRUE(first.Ioctl(NIOCRXSYNC, UserAddress(0)).ok());
  Program second(system_.control);
  ASSERT_TRUE(second.Register("em0").ok());
  EXPECT_EQ(second.tx(0), first.tx(0));
  EXPECT_EQ(second.tx(0)->head, 2u);
  EXPECT_EQ(second.tx(0)->tail, 1u);
  EXPECT_EQ(second.rx(0)->tail, 2u);
  first.Close();
  EXPECT_EQ(second.rx(0)->tail, 2u);
  second.rx(0)->head = second.rx(0)->cur = 2;
  EXPECT_TRUE(second.Ioctl(NIOCRXSYNC, UserAddress(0)).ok());
  EXPECT_EQ(port_.ring(port::Direction::kRx, 0).violations().total(), 0u);
  second.Close();
  Program third(system_.control);
  ASSERT_TRUE(third.Register("em0").ok());
  EXPECT_EQ(third.tx(0)->head, 0u);
}

TEST_F(RegisterTest, ARegionOfOnesOwnIsUsedUntilTheLastClose) {
  const uint16_t region = MakeRegion();
  nmreq_register reg = Registration(NR_REG_ONE_NIC);
  reg.nr_mem_id = region;
  Program first(system_.control);
  ASSERT_TRUE(first.Register("em0", reg).ok());
  EXPECT_EQ(reg.nr_mem_id, region);
  EXPECT_LT(reg.nr_memsize, kRegionBytes);
  // Who comes later is told where the port is, whatever it asked for.
  for (const uint16_t wanted : {uint16_t{0}, uint16_t{1}, region}) {
    Program later(system_.control);
    reg = Registration(NR_REG_ONE_NIC, 0, 1);
    reg.nr_mem_id = wanted;
    ASSERT_TRUE(later.Register("em0", reg).ok());
    EXPECT_EQ(reg.nr_mem_id, region);
  }
  first.Close();
  EXPECT_EQ(port_.region().id(), 1);
  Program again(system_.control);
  ASSERT_TRUE(again.Register("em0").ok());
  EXPECT_EQ(again.reg.nr_mem_id, 1);
}

TEST_F(RegisterTest, ARefusedRegionDoesNotStick) {
  nmreq_register reg = Registration(NR_REG_DEFAULT);
  reg.nr_mem_id = MakeRegion();
  EXPECT_EQ(TryRegister(reg), Errno::kInvalid);
  EXPECT_EQ(port_.region().id(), 1);
  reg = Registration(NR_REG_ALL_NIC);
  reg.nr_mem_id = MakeRegion(8, 2);  // rings for less than that
  EXPECT_EQ(TryRegister(reg), Errno::kNoMemory);
  EXPECT_EQ(port_.region().id(), 1);
}

TEST_F(RegisterTest, ExtraBuffersAreAsManyAsThereAre) {
  nmreq_register reg = Registration(NR_REG_ONE_NIC, NR_TX_RINGS_ONLY);
  reg.nr_mem_id = MakeRegion(8, 2, 100);
  reg.nr_extra_bufs = 0xffffffff;
  Program program(system_.control);
  ASSERT_TRUE(program.Register("em0", reg).ok());
  EXPECT_EQ(reg.nr_extra_bufs, 100u - 2 - 64);
  memory::Region& region = *system_.control.regions().Find(reg.nr_mem_id);
  EXPECT_EQ(region.FreeCount(PoolKind::kBuffers), 0u);
  Program second(system_.control);
  nmreq_register same = Registration(NR_REG_ONE_NIC, NR_TX_RINGS_ONLY);
  same.nr_extra_bufs = 5;
  ASSERT_TRUE(second.Register("em0", same).ok());  // none is no error
  EXPECT_EQ(same.nr_extra_bufs, 0u);
  same = Registration(NR_REG_ONE_NIC, NR_TX_RINGS_ONLY, 1);
  Program third(system_.control);
  EXPECT_EQ(third.Register("em0", same).error(), Errno::kNoMemory);  // none for a ring is
  program.Close();
  EXPECT_EQ(region.FreeCount(PoolKind::kBuffers), 34u);
  EXPECT_TRUE(third.Register("em0", same).error() == Errno::kNoMemory);
}

TEST_F(RegisterTest, WithoutAnInterfaceObjectThereIsNoBinding) {
  nmreq_register reg = Registration(NR_REG_ONE_NIC);
  reg.nr_mem_id = MakeRegion(4);
  std::vector<std::unique_ptr<Program>> programs;
  for (int i = 0; i < 4; ++i) {
    programs.push_back(std::make_unique<Program>(system_.control));
    ASSERT_TRUE(programs.back()->Register("em0", reg).ok());
  }
  EXPECT_EQ(TryRegister(reg), Errno::kNoMemory);
  EXPECT_EQ(port_.users(), 4u);
  programs.pop_back();
  EXPECT_EQ(TryRegister(reg), Errno::kOk);
}

// 121 ring offsets fit into 1024 bytes; two of them are for host rings.
TEST_F(RegisterTest, AnInterfaceWithTooManyRingsIsRefused) {
  system_.AddPort("many", {60, 59, 4, 4});
  system_.AddPort("more", {60, 60, 4, 4});
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "many"), Errno::kOk);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ONE_NIC), "more"), Errno::kNoMemory);
}

TEST_F(RegisterTest, RingsOf4096SlotsWorkByDefaultAnd4337DoNot) {
  system_.AddPort("large", {1, 1, 4096, 4096});
  system_.AddPort("larger", {1, 1, 4336, 4336});
  system_.AddPort("largest", {1, 1, 4337, 4337});
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "large"), Errno::kOk);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "larger"), Errno::kOk);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "largest"), Errno::kNoMemory);
}

TEST_F(RegisterTest, WhateverFailsIsUndoneAndCanBeTriedAgain) {
  kit::TestEnvironment& environment = system_.environment;
  Program program(system_.control);
  Program neighbour(system_.control);  // keeps the region in use in the second sweep
  for (const bool shared : {false, true}) {
    if (shared) {
      nmreq_register other = Registration(NR_REG_ONE_NIC, NR_TX_RINGS_ONLY, 3);
      ASSERT_TRUE(neighbour.Register("em0", other).ok());
    }
    const size_t live = environment.live();
    const uint64_t calls = kit::SweepFaults(environment.faults(), [&](bool) {
      program.reg = Registration(NR_REG_ONE_NIC, NR_EXCLUSIVE);
      program.reg.nr_extra_bufs = 3;
      const Status status = program.Register("em0", program.reg);
      if (status.ok()) {
        EXPECT_TRUE(program.session().bound());
        environment.faults().paused = true;
        program.Close();
        program.Reopen();
        environment.faults().paused = false;
      } else {
        EXPECT_EQ(status.error(), Errno::kNoMemory);
        EXPECT_FALSE(program.session().bound());
      }
      EXPECT_EQ(environment.live(), live);
      EXPECT_EQ(port_.users(), shared ? 1u : 0u);
      EXPECT_EQ(port_.running_rings, shared ? 1u : 0u);
      EXPECT_FALSE(port_.ring(port::Direction::kTx, 0).exclusive);
      if (shared) {
        EXPECT_EQ(global().FreeCount(PoolKind::kBuffers), 163840u - 2 - 64);
        EXPECT_EQ(global().FreeCount(PoolKind::kRings), 199u);
        EXPECT_EQ(global().FreeCount(PoolKind::kInterfaces), 99u);
      } else {
        EXPECT_EQ(global().pages(), nullptr);
      }
    });
    EXPECT_GE(calls, shared ? 5u : 50u);
  }
}

// While REGISTER is at work another thread of the program uses the same descriptor.
TEST_F(RegisterTest, AnotherThreadSeesNothingOfABindingUntilItIsComplete) {
  Program program(system_.control);
  uint64_t looks = 0;
  const auto look = [&] {
    Session& session = program.session();
    ++looks;
    EXPECT_FALSE(session.bound());
    EXPECT_EQ(session.Poll(kPollIn | kPollOut, nullptr, false), static_cast<uint32_t>(kPollErr));
    EXPECT_EQ(session.TxSync().error(), Errno::kNoDevice);
    EXPECT_EQ(session.RxSync().error(), Errno::kNoDevice);
    EXPECT_EQ(session.Map(0, 4096).error(), Errno::kInvalid);
  };
  system_.environment.faults().on_call = look;
  EXPECT_TRUE(program.Register("em0").ok());
  system_.environment.faults().on_call = nullptr;
  EXPECT_GT(looks, 10u);
  EXPECT_TRUE(program.session().bound());
  EXPECT_EQ(program.session().Poll(kPollOut, nullptr, false), static_cast<uint32_t>(kPollOut));
}

TEST_F(RegisterTest, OnlyWhatLiesInTheRegionCanBeMapped) {
  Program program(system_.control);
  EXPECT_EQ(program.session().Map(0, 4096).error(), Errno::kInvalid);  // not bound
  ASSERT_TRUE(program.Register("em0").ok());
  const Session& session = program.session();
  EXPECT_EQ(session.Map(0, kRegionBytes).value(), global().pages());
  EXPECT_TRUE(session.Map(kRegionBytes - 4096, 4096).ok());
  EXPECT_EQ(session.Map(0, 0).error(), Errno::kInvalid);
  EXPECT_EQ(session.Map(4096, kRegionBytes).error(), Errno::kInvalid);
  EXPECT_EQ(session.Map(0, kRegionBytes + 4096).error(), Errno::kInvalid);
  EXPECT_EQ(session.Map(~uint64_t{4095}, 8192).error(), Errno::kInvalid);
}

TEST_F(RegisterTest, APortThatIsGoneCannotBeOpenedAndEndsWithItsLastUser) {
  Program program(system_.control);
  ASSERT_TRUE(program.Register("em0").ok());
  const uint64_t before = kit::Notifications(port_.notifier(port::Direction::kRx));
  system_.control.RemovePort(port_);
  EXPECT_GT(kit::Notifications(port_.notifier(port::Direction::kRx)), before);
  EXPECT_EQ(program.Ioctl(NIOCTXSYNC, UserAddress(0)).error(), Errno::kIo);
  EXPECT_EQ(program.Ioctl(NIOCRXSYNC, UserAddress(0)).error(), Errno::kIo);
  EXPECT_EQ(program.session().Poll(kPollIn | kPollOut, nullptr, false),
            static_cast<uint32_t>(kPollErr));
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC)), Errno::kNoDevice);
  EXPECT_EQ(port_.users(), 1u);
  program.Close();
  EXPECT_EQ(port_.users(), 0u);
  EXPECT_EQ(port_.running_rings, 0u);
}

TEST_F(RegisterTest, NamesAreUnique) {
  kit::LoopPort twin(system_.environment, "em0", global(), {1, 1, 8, 8});
  EXPECT_EQ(system_.control.AddPort(twin).error(), Errno::kExists);
}

TEST_F(RegisterTest, NamesAreLookedUpInTheNameSpaceOfWhoAsks) {
  const int space = 0;
  kit::LoopPort twin(system_.environment, "em0", global(), {1, 2, 8, 8});
  kit::LoopPort only(system_.environment, "em7", global(), {1, 1, 8, 8});
  ASSERT_TRUE(system_.control.AddPort(twin, &space).ok());
  ASSERT_TRUE(system_.control.AddPort(only, &space).ok());
  {
    Program inside(system_.control);
    inside.memory.space = &space;
    ASSERT_TRUE(inside.Register("em0").ok());
    EXPECT_EQ(inside.session().port(), &twin);
    Program outside(system_.control);
    ASSERT_TRUE(outside.Register("em0").ok());
    EXPECT_EQ(outside.session().port(), &port_);
    EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "em7"), Errno::kNoDevice);
  }
  system_.control.RemovePort(twin);
  system_.control.RemovePort(only);
}

TEST_F(RegisterTest, APortCanBeRenamedWhileItIsOpen) {
  const int space = 0;
  Program program(system_.control);
  ASSERT_TRUE(program.Register("em0").ok());
  kit::LoopPort& other = system_.AddPort("em1", {1, 1, 8, 8});
  EXPECT_EQ(system_.control.RenamePort(port_, "em1", nullptr).error(), Errno::kExists);
  EXPECT_TRUE(system_.control.RenamePort(port_, "em0", nullptr).ok());  // it has it
  ASSERT_TRUE(system_.control.RenamePort(other, "a-longer-name", nullptr).ok());
  ASSERT_TRUE(system_.control.RenamePort(port_, "em1", nullptr).ok());
  EXPECT_STREQ(port_.name(), "em1");
  EXPECT_TRUE(program.Ioctl(NIOCTXSYNC, UserAddress(0)).ok());
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "em0"), Errno::kNoDevice);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "em1"), Errno::kOk);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "a-longer-name"), Errno::kOk);
  // Into another name space.
  ASSERT_TRUE(system_.control.RenamePort(port_, "em1", &space).ok());
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC), "em1"), Errno::kNoDevice);
}

TEST_F(RegisterTest, AnAbandonedPortGoesWithItsLastUser) {
  Program first(system_.control);
  Program second(system_.control);
  ASSERT_TRUE(first.Register("em0").ok());
  ASSERT_TRUE(second.Register("em0").ok());
  system_.control.AbandonPort(port_);
  EXPECT_EQ(port_.abandoned, 1u);
  EXPECT_EQ(first.session().Poll(kPollIn, nullptr, true), static_cast<uint32_t>(kPollErr));
  EXPECT_EQ(first.Ioctl(NIOCTXSYNC, UserAddress(0)).error(), Errno::kIo);
  EXPECT_EQ(TryRegister(Registration(NR_REG_ALL_NIC)), Errno::kNoDevice);
  first.Close();
  EXPECT_EQ(port_.deleted, 0u);
  second.Close();
  EXPECT_EQ(port_.deleted, 1u);
}

TEST_F(RegisterTest, AnAbandonedPortWithoutUsersGoesAtOnce) {
  system_.control.AbandonPort(port_);
  EXPECT_EQ(port_.abandoned, 1u);
  EXPECT_EQ(port_.deleted, 1u);
}

class NullPortTest : public RegisterTest {
 protected:
  nmreq_register Null(uint16_t region) {
    nmreq_register reg = Registration(NR_REG_NULL);
    reg.nr_mem_id = region;
    reg.nr_tx_rings = reg.nr_rx_rings = 1;
    reg.nr_tx_slots = reg.nr_rx_slots = 8;
    return reg;
  }
};

TEST_F(NullPortTest, NeedsARegion) {
  EXPECT_EQ(TryRegister(Null(0), "x"), Errno::kInvalid);
  EXPECT_EQ(TryRegister(Null(99), "x"), Errno::kInvalid);
  EXPECT_EQ(TryRegister(Null(1), "x"), Errno::kOk);
}

TEST_F(NullPortTest, HasTheRingsThatWereAskedForAndMovesNothing) {
  Program program(system_.control);
  program.reg = Null(1);
  ASSERT_TRUE(program.Register("mine", program.reg).ok());
  EXPECT_STREQ(program.interface()->ni_name, "null:mine");
  EXPECT_EQ(program.reg.nr_tx_rings, 1);
  EXPECT_EQ(program.reg.nr_tx_slots, 8u);
  netmap_ring* const tx = program.tx(0);
  tx->head = tx->cur = 5;
  ASSERT_TRUE(program.Ioctl(NIOCTXSYNC, UserAddress(0)).ok());
  ASSERT_TRUE(program.Ioctl(NIOCRXSYNC, UserAddress(0)).ok());
  EXPECT_EQ(tx->tail, 7u);
  EXPECT_EQ(program.rx(0)->tail, 0u);
  // The same name makes another one.
  Program twin(system_.control);
  twin.reg = Null(1);
  ASSERT_TRUE(twin.Register("mine", twin.reg).ok());
  EXPECT_NE(twin.tx(0), tx);
}

TEST_F(NullPortTest, MayHaveNoRingsAndGiveBuffersOnly) {
  Program program(system_.control);
  program.reg = Registration(NR_REG_NULL);
  program.reg.nr_mem_id = 1;
  program.reg.nr_extra_bufs = 10;
  ASSERT_TRUE(program.Register("", program.reg).ok());
  EXPECT_EQ(program.reg.nr_extra_bufs, 10u);
  EXPECT_EQ(program.session().Poll(kPollIn | kPollOut, nullptr, false), 0u);
  EXPECT_TRUE(program.Ioctl(NIOCTXSYNC, UserAddress(0)).ok());
  EXPECT_TRUE(program.Ioctl(NIOCRXSYNC, UserAddress(0)).ok());
}

TEST_F(NullPortTest, ItsRequestIsBounded) {
  nmreq_register reg = Null(1);
  reg.nr_tx_slots = reg.nr_rx_slots = 0xffffffff;
  Program program(system_.control);
  ASSERT_TRUE(program.Register(std::string(63, 'n').c_str(), reg).ok());
  EXPECT_EQ(reg.nr_tx_slots, 4096u);
  EXPECT_EQ(std::strlen(program.session().port()->name()), 63u);
  reg = Null(1);
  reg.nr_tx_rings = reg.nr_rx_rings = 65535;
  EXPECT_EQ(TryRegister(reg, "x"), Errno::kNoMemory);
  reg = Null(1);
  reg.nr_tx_slots = 1;
  EXPECT_EQ(TryRegister(reg, "x"), Errno::kNoMemory);
}

TEST_F(NullPortTest, WhateverFailsIsUndone) {
  Program program(system_.control);
  const size_t live = system_.environment.live();
  kit::SweepFaults(system_.environment.faults(), [&](bool) {
    nmreq_register reg = Null(1);
    const Status status = program.Register("x", reg);
    if (status.ok()) {
      system_.environment.faults().paused = true;
      program.Close();
      program.Reopen();
      system_.environment.faults().paused = false;
    }
    EXPECT_EQ(system_.environment.live(), live);
  });
}

class InfoTest : public RegisterTest {};

TEST_F(InfoTest, WithoutANameItIsAboutARegion) {
  Program program(system_.control);
  const uint16_t region = MakeRegion();
  for (const uint16_t wanted : {uint16_t{0}, uint16_t{1}, region}) {
    nmreq_port_info_get info{};
    info.nr_mem_id = wanted;
    info.nr_tx_slots = 1234;
    EXPECT_TRUE(program.Request(NETMAP_REQ_PORT_INFO_GET, "", info).ok());
    EXPECT_EQ(info.nr_mem_id, wanted == 0 ? 1 : wanted);
    EXPECT_EQ(info.nr_memsize == kRegionBytes, wanted != region);
    EXPECT_EQ(info.nr_tx_slots, 1234u);
  }
  nmreq_port_info_get info{};
  info.nr_mem_id = 99;
  EXPECT_EQ(program.Request(NETMAP_REQ_PORT_INFO_GET, "", info).error(), Errno::kInvalid);
}

TEST_F(InfoTest, WithANameItIsAboutThePortAndBindsNothing) {
  Program program(system_.control);
  nmreq_port_info_get info{};
  EXPECT_TRUE(program.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info).ok());
  EXPECT_EQ(info.nr_memsize, kRegionBytes);
  EXPECT_EQ(info.nr_tx_slots, 64u);
  EXPECT_EQ(info.nr_rx_slots, 32u);
  EXPECT_EQ(info.nr_tx_rings, 4);
  EXPECT_EQ(info.nr_rx_rings, 3);
  EXPECT_EQ(info.nr_host_tx_rings, 0);
  EXPECT_EQ(info.nr_mem_id, 1);
  EXPECT_FALSE(program.session().bound());
  EXPECT_EQ(port_.users(), 0u);
  EXPECT_EQ(global().users(), 0u);
  info = {};
  EXPECT_EQ(program.Request(NETMAP_REQ_PORT_INFO_GET, "absent", info).error(), Errno::kNoDevice);
  info.nr_mem_id = MakeRegion();
  EXPECT_TRUE(program.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info).ok());
  EXPECT_EQ(info.nr_mem_id, 2);
  // On an open port the port's own region is the answer, and a bound descriptor may ask too.
  ASSERT_TRUE(program.Register("em0").ok());
  EXPECT_TRUE(program.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info).ok());
  EXPECT_EQ(info.nr_mem_id, 1);
}

TEST_F(InfoTest, PoolsAreDescribed) {
  Program program(system_.control);
  nmreq_pools_info pools{};
  ASSERT_TRUE(program.Request(NETMAP_REQ_POOLS_INFO_GET, "em0", pools).ok());
  EXPECT_EQ(pools.nr_memsize, kRegionBytes);
  EXPECT_EQ(pools.nr_mem_id, 1);
  EXPECT_EQ(pools.nr_if_pool_offset, 0u);
  EXPECT_EQ(pools.nr_if_pool_objtotal, 100u);
  EXPECT_EQ(pools.nr_if_pool_objsize, 1024u);
  EXPECT_EQ(pools.nr_ring_pool_offset, 102400u);
  EXPECT_EQ(pools.nr_ring_pool_objtotal, 200u);
  EXPECT_EQ(pools.nr_ring_pool_objsize, 69632u);
  EXPECT_EQ(pools.nr_buf_pool_offset, 102400u + 200 * 69632);
  EXPECT_EQ(pools.nr_buf_pool_objtotal, 163840u);
  EXPECT_EQ(pools.nr_buf_pool_objsize, 2048u);
  EXPECT_EQ(global().users(), 0u);
  EXPECT_EQ(program.Request(NETMAP_REQ_POOLS_INFO_GET, "", pools).error(), Errno::kNoDevice);
  EXPECT_EQ(program.Request(NETMAP_REQ_POOLS_INFO_GET, "absent", pools).error(), Errno::kNoDevice);
  pools.nr_mem_id = 99;
  EXPECT_EQ(program.Request(NETMAP_REQ_POOLS_INFO_GET, "em0", pools).error(), Errno::kInvalid);
}

TEST_F(InfoTest, NoPortHasAVirtioHeader) {
  Program program(system_.control);
  nmreq_port_hdr header{};
  header.nr_hdr_len = 7;
  EXPECT_EQ(program.Request(NETMAP_REQ_PORT_HDR_SET, "em0", header).error(), Errno::kInvalid);
  for (const uint32_t length : {0u, 10u, 12u}) {
    header.nr_hdr_len = length;
    EXPECT_EQ(program.Request(NETMAP_REQ_PORT_HDR_SET, "em0", header).error(), Errno::kNoDevice);
  }
  EXPECT_TRUE(program.Request(NETMAP_REQ_PORT_HDR_GET, "em0", header).ok());
  EXPECT_EQ(header.nr_hdr_len, 0u);
  EXPECT_EQ(program.Request(NETMAP_REQ_PORT_HDR_GET, "absent", header).error(), Errno::kNoDevice);
}

// Sessions that share rings, closed in every order.
TEST_F(RegisterTest, PoolsAreWholeAfterClosingInEveryOrder) {
  const uint16_t region = MakeRegion(8, 16, 1024);
  memory::Region& pools = *system_.control.regions().Find(region);
  std::vector<int> order{0, 1, 2, 3};
  do {
    std::vector<std::unique_ptr<Program>> programs;
    const nmreq_register requests[] = {
        Registration(NR_REG_ALL_NIC), Registration(NR_REG_ONE_NIC, 0, 1),
        Registration(NR_REG_ALL_NIC, NR_RX_RINGS_ONLY), Registration(NR_REG_NULL)};
    for (const nmreq_register& request : requests) {
      programs.push_back(std::make_unique<Program>(system_.control));
      Program& program = *programs.back();
      program.reg = request;
      program.reg.nr_mem_id = region;
      program.reg.nr_extra_bufs = 5;
      if (request.nr_mode == NR_REG_NULL) {
        program.reg.nr_tx_rings = 1;
        program.reg.nr_tx_slots = 8;
      }
      ASSERT_TRUE(program.Register("em0", program.reg).ok());
    }
    // Buffers are swapped between rings, and between a ring and a list.
    std::swap(programs[0]->tx(1)->slot[3].buf_idx, programs[0]->rx(2)->slot[4].buf_idx);
    std::swap(programs[1]->tx(1)->slot[7].buf_idx, programs[3]->tx(0)->slot[0].buf_idx);
    std::swap(programs[2]->rx(0)->slot[0].buf_idx, programs[3]->tx(0)->slot[1].buf_idx);
    const uint32_t listed = programs[0]->interface()->ni_bufs_head;
    const uint32_t slotted = programs[3]->tx(0)->slot[2].buf_idx;
    std::memcpy(programs[0]->Buffer(programs[0]->tx(0), slotted),
                programs[0]->Buffer(programs[0]->tx(0), listed), 4);
    programs[0]->interface()->ni_bufs_head = slotted;
    programs[3]->tx(0)->slot[2].buf_idx = listed;
    Program keeper(system_.control);  // so that the region does not go idle
    keeper.reg = Registration(NR_REG_NULL);
    keeper.reg.nr_mem_id = region;
    ASSERT_TRUE(keeper.Register("keeper", keeper.reg).ok());
    for (const int i : order) programs[i]->Close();
    EXPECT_EQ(pools.FreeCount(PoolKind::kBuffers), 1022u);
    EXPECT_EQ(pools.FreeCount(PoolKind::kRings), 16u);
    EXPECT_EQ(pools.FreeCount(PoolKind::kInterfaces), 7u);
    EXPECT_EQ(port_.users(), 0u);
    EXPECT_EQ(port_.region().id(), 1);
  } while (std::next_permutation(order.begin(), order.end()));
}

class ExtraListTest : public RegisterTest {
 protected:
  ExtraListTest() : keeper_(system_.control), program_(system_.control) {
    const uint16_t region = MakeRegion(8, 16, 64);
    keeper_.reg = Registration(NR_REG_NULL);
    keeper_.reg.nr_mem_id = region;
    EXPECT_TRUE(keeper_.Register("keeper", keeper_.reg).ok());
    program_.reg = keeper_.reg;
    program_.reg.nr_extra_bufs = 4;  // 2 to 5, 5 first
    program_.reg.nr_tx_rings = 1;
    program_.reg.nr_tx_slots = 4;
    EXPECT_TRUE(program_.Register("program", program_.reg).ok());
  }
  uint32_t* Link(uint32_t buffer) {
    return reinterpret_cast<uint32_t*>(program_.Buffer(program_.tx(0), buffer));
  }
  uint32_t FreeAfterClose() {
    program_.Close();
    return keeper_.session().region()->FreeCount(PoolKind::kBuffers);
  }

  Program keeper_;
  Program program_;
};

TEST_F(ExtraListTest, WholeListReturns) { EXPECT_EQ(FreeAfterClose(), 62u); }

TEST_F(ExtraListTest, WhatWasTakenOffTheListIsLostUntilTheRegionIsIdle) {
  program_.interface()->ni_bufs_head = 0;
  EXPECT_EQ(FreeAfterClose(), 58u);
}

TEST_F(ExtraListTest, ACircleEnds) {
  *Link(*Link(program_.interface()->ni_bufs_head)) = program_.interface()->ni_bufs_head;
  EXPECT_EQ(FreeAfterClose(), 60u);
}

TEST_F(ExtraListTest, ABufferOfItsOwnRingInTheListIsFreedOnce) {
  *Link(program_.interface()->ni_bufs_head) = program_.tx(0)->slot[0].buf_idx;
  *Link(program_.tx(0)->slot[0].buf_idx) = 0;
  EXPECT_EQ(FreeAfterClose(), 59u);
}

TEST_F(ExtraListTest, TheListEndsAtTheFirstIllegalIndex) {
  for (const uint32_t bad : {1u, 64u, 0xffffffffu, 40u}) {
    Program program(system_.control);
    program.reg = keeper_.reg;
    program.reg.nr_extra_bufs = 2;
    ASSERT_TRUE(program.Register("another", program.reg).ok());
    const uint32_t free = keeper_.session().region()->FreeCount(PoolKind::kBuffers);
    char* const base = program.base() + 8192 + 16 * 4096;
    const uint32_t head = program.interface()->ni_bufs_head;
    std::memcpy(base + head * 2048, &bad, 4);
    program.Close();
    EXPECT_EQ(keeper_.session().region()->FreeCount(PoolKind::kBuffers), free + 1) << bad;
  }
}

}  // namespace
}  // namespace mapwire::control
