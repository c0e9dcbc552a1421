// Conformance of NIOCREGIF and NIOCGINFO: versions, the mapping of arguments, what is left
// untouched.
#include <gtest/gtest.h>

#include <cstring>

#include "testing/kit/program.h"

namespace mapwire::control {
namespace {

using kit::Program;

class LegacyTest : public testing::Test {
 protected:
  LegacyTest() : program_(system_.control) { system_.AddPort("em0", {4, 3, 64, 32}); }

  static nmreq Request(const char* name, uint32_t flags = 0, uint16_t ring = 0) {
    nmreq legacy{};
    std::strncpy(legacy.nr_name, name, sizeof(legacy.nr_name));
    legacy.nr_version = NETMAP_API;
    legacy.nr_flags = flags;
    legacy.nr_ringid = ring;
    return legacy;
  }
  static Errno Call(Program& program, uint32_t command, nmreq& legacy) {
    const UserAddress at = program.memory.Put(legacy);
    const Errno error = program.Ioctl(command, at).error();
    legacy = program.memory.Get<nmreq>(at);
    return error;
  }
  // As a program of its own that ends with the call.
  Errno Try(nmreq legacy) {
    Program program(system_.control);
    return Call(program, NIOCREGIF, legacy);
  }

  kit::System system_;
  Program program_;
};

TEST_F(LegacyTest, VersionsFromElevenOnAreAccepted) {
  for (const uint32_t version : {0u, 1u, 10u}) {
    nmreq legacy = Request("em0");
    legacy.nr_version = version;
    EXPECT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kInvalid) << version;
    EXPECT_EQ(Call(program_, NIOCGINFO, legacy), Errno::kInvalid) << version;
    EXPECT_EQ(legacy.nr_version, version);
  }
  for (const uint32_t version : {11u, 13u, 14u, 15u, 99u}) {
    nmreq legacy = Request("em0");
    legacy.nr_version = version;
    EXPECT_EQ(Call(program_, NIOCGINFO, legacy), Errno::kOk) << version;
    legacy = Request("em0");
    legacy.nr_version = version;
    EXPECT_EQ(Try(legacy), Errno::kOk) << version;
    EXPECT_EQ(legacy.nr_version, version);
  }
}

TEST_F(LegacyTest, RegistrationMapsArgumentsBothWays) {
  // A private region, so that the buffers asked for are the ones that are left.
  const memory::RegionRequest request = {{{1024, 2}, {4096, 4}, {2048, 104}}};
  const uint16_t region = system_.control.CreateRegion(request).value()->id();
  nmreq legacy = Request("em0", NR_REG_ONE_NIC | NR_EXCLUSIVE, 1 | NETMAP_NO_TX_POLL);
  legacy.nr_tx_slots = 9;
  legacy.nr_arg1 = 77;
  legacy.nr_arg2 = region;
  legacy.nr_arg3 = 1000;
  const nmreq given = legacy;
  ASSERT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kOk);
  EXPECT_EQ(legacy.nr_offset, 0u);
  EXPECT_EQ(legacy.nr_memsize, 4096u + 4 * 4096 + 104 * 2048);
  EXPECT_EQ(legacy.nr_tx_slots, 64u);
  EXPECT_EQ(legacy.nr_rx_slots, 32u);
  EXPECT_EQ(legacy.nr_tx_rings, 4);
  EXPECT_EQ(legacy.nr_rx_rings, 3);
  EXPECT_EQ(legacy.nr_arg2, region);
  EXPECT_EQ(legacy.nr_arg3, 104u - 2 - 64 - 32);
  EXPECT_STREQ(legacy.nr_name, "em0");
  EXPECT_EQ(legacy.nr_ringid, given.nr_ringid);
  EXPECT_EQ(legacy.nr_flags, given.nr_flags);
  EXPECT_EQ(legacy.nr_arg1, 77);
  const port::RingSelection& selection = program_.session().selection();
  EXPECT_EQ(selection.tx.first, 1);
  EXPECT_EQ(selection.tx.last, 2);
  EXPECT_EQ(Try(Request("em0", NR_REG_ONE_NIC, 1)), Errno::kBusy);  // it is exclusive
}

TEST_F(LegacyTest, TheAnswerNamesTheRegionToWhoNamedNone) {
  nmreq legacy = Request("em0", NR_REG_ALL_NIC, 0);
  ASSERT_EQ(legacy.nr_arg2, 0);
  ASSERT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kOk);
  EXPECT_EQ(legacy.nr_arg2, memory::kGlobalRegionId);
}

TEST_F(LegacyTest, NoTxPollIsABitOfTheRing) {
  nmreq legacy = Request("em0", NR_REG_ALL_NIC, NETMAP_NO_TX_POLL);
  ASSERT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kOk);
  Program eager(system_.control);
  legacy = Request("em0", NR_REG_ALL_NIC, NETMAP_DO_RX_POLL);
  ASSERT_EQ(Call(eager, NIOCREGIF, legacy), Errno::kOk);
  ring::Ring& ring = program_.session().port()->ring(port::Direction::kTx, 0);
  // A pending slot is pushed by a poll for input of the one, and not of the other.
  netmap_if* const nifp = reinterpret_cast<netmap_if*>(program_.base());
  netmap_ring* const tx = reinterpret_cast<netmap_ring*>(program_.base() + nifp->ring_ofs[0]);
  tx->slot[0].len = 60;
  tx->head = tx->cur = 1;
  static_cast<void>(program_.session().Poll(kPollIn, nullptr, false));
  EXPECT_EQ(ring.hwcur(), 0u);
  static_cast<void>(eager.session().Poll(kPollIn, nullptr, false));
  EXPECT_EQ(ring.hwcur(), 1u);
}

// Programs of before version 14 look for receive rings behind one host ring.
TEST_F(LegacyTest, OldVersionsHaveOneHostRingOrNone) {
  system_.AddPort("host0", {4, 3, 8, 8, 5});
  nmreq old = Request("host0", NR_REG_ALL_NIC, 0);
  old.nr_version = 11;
  ASSERT_EQ(Call(program_, NIOCREGIF, old), Errno::kOk);
  Program many(system_.control);
  program_.Close();
  many.reg = kit::Registration(NR_REG_ALL_NIC);
  many.reg.nr_host_tx_rings = 2;
  ASSERT_TRUE(many.Register("host0", many.reg).ok());
  program_.Reopen();
  old = Request("host0", NR_REG_ALL_NIC, 0);
  old.nr_version = 13;
  EXPECT_EQ(Call(program_, NIOCREGIF, old), Errno::kInvalid);
  old = Request("host0", 0, NETMAP_SW_RING);
  EXPECT_EQ(Call(program_, NIOCREGIF, old), Errno::kOk);
  EXPECT_EQ(program_.session().selection().tx.first, 4);
  EXPECT_EQ(program_.session().selection().tx.last, 6);
}

struct ModeCase {
  const char* what;
  uint32_t flags;
  uint16_t ring;
  Errno error;
  uint16_t tx_first, tx_last, rx_first, rx_last;
};

class LegacyModeTest : public LegacyTest, public testing::WithParamInterface<ModeCase> {};

TEST_P(LegacyModeTest, IsTranslated) {
  const ModeCase& the = GetParam();
  nmreq legacy = Request("em0", the.flags, the.ring);
  ASSERT_EQ(Call(program_, NIOCREGIF, legacy), the.error) << the.what;
  const port::RingSelection& selection = program_.session().selection();
  EXPECT_EQ(selection.tx.first, the.tx_first) << the.what;
  EXPECT_EQ(selection.tx.last, the.tx_last) << the.what;
  EXPECT_EQ(selection.rx.first, the.rx_first) << the.what;
  EXPECT_EQ(selection.rx.last, the.rx_last) << the.what;
}

INSTANTIATE_TEST_SUITE_P(
    Modes, LegacyModeTest,
    testing::Values(
        ModeCase{"nothing said", 0, 0, Errno::kOk, 0, 4, 0, 3},
        ModeCase{"nothing said, but a ring", 0, 2, Errno::kOk, 0, 4, 0, 3},
        ModeCase{"hardware ring", 0, NETMAP_HW_RING | 2, Errno::kOk, 2, 3, 2, 3},
        ModeCase{"hardware ring too high", 0, NETMAP_HW_RING | 4, Errno::kInvalid, 0, 0, 0, 0},
        ModeCase{"host ring", 0, NETMAP_SW_RING, Errno::kInvalid, 0, 0, 0, 0},
        ModeCase{"host before hardware", 0, NETMAP_SW_RING | NETMAP_HW_RING, Errno::kInvalid, 0, 0,
                 0, 0},
        ModeCase{"all", NR_REG_ALL_NIC, NETMAP_SW_RING, Errno::kOk, 0, 4, 0, 3},
        ModeCase{"one", NR_REG_ONE_NIC, 3, Errno::kOk, 3, 4, 0, 1},
        ModeCase{"only transmit", NR_REG_ALL_NIC | NR_TX_RINGS_ONLY, 0, Errno::kOk, 0, 4, 0, 0},
        ModeCase{"monitor", NR_REG_ALL_NIC | NR_MONITOR_TX, 0, Errno::kNotSupported, 0, 0, 0, 0},
        ModeCase{"pipe master", NR_REG_PIPE_MASTER, 7, Errno::kNotSupported, 0, 0, 0, 0},
        ModeCase{"pipe slave", NR_REG_PIPE_SLAVE, 7, Errno::kNotSupported, 0, 0, 0, 0},
        ModeCase{"no mode", 15, 0, Errno::kInvalid, 0, 0, 0, 0}));

// A pipe is refused as a pipe under the name that is made of parent, mark and number; here a port
// with such a name cannot be meant, since braces always mean pipes.
TEST_F(LegacyTest, NamesWithBracesArePipes) {
  EXPECT_EQ(Try(Request("em0{1")), Errno::kNotSupported);
  EXPECT_EQ(Try(Request("em0}1")), Errno::kNotSupported);
}

TEST_F(LegacyTest, PipeNamesThatDoNotFitAreRefused) {
  EXPECT_EQ(Try(Request("abcdefghijklmn", NR_REG_PIPE_MASTER, 1)), Errno::kNoMemory);
  EXPECT_EQ(Try(Request("abcdefghijklm", NR_REG_PIPE_MASTER, 1)), Errno::kNotSupported);
  EXPECT_EQ(Try(Request("abcdefghijklm", NR_REG_PIPE_SLAVE, 10)), Errno::kNoMemory);
  EXPECT_EQ(Try(Request("abcdefghij", NR_REG_PIPE_SLAVE, 0xfff)), Errno::kNotSupported);
  EXPECT_EQ(Try(Request("abcdefghijk", NR_REG_PIPE_SLAVE, 0xfff)), Errno::kNoMemory);
}

TEST_F(LegacyTest, OnFailureTheRequestReturnsAsItWas) {
  nmreq legacy = Request("absent", NR_REG_PIPE_MASTER, 3);
  legacy.nr_offset = legacy.nr_memsize = legacy.nr_tx_slots = legacy.nr_rx_slots = 0x11111111;
  legacy.nr_tx_rings = legacy.nr_rx_rings = legacy.nr_arg1 = 0x2222;
  legacy.nr_arg3 = 0x33333333;
  for (const uint32_t command : {NIOCREGIF, NIOCGINFO}) {
    nmreq returned = legacy;
    EXPECT_NE(Call(program_, command, returned), Errno::kOk);
    EXPECT_EQ(std::memcmp(&returned, &legacy, sizeof(legacy)), 0);
  }
  legacy = Request("");
  std::memset(legacy.nr_name, 'x', sizeof(legacy.nr_name));
  EXPECT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kNoDevice);
  EXPECT_EQ(legacy.nr_name[15], '\0');
  EXPECT_EQ(legacy.nr_name[14], 'x');
}

TEST_F(LegacyTest, BadPointersAreTold) {
  for (const uint32_t command : {NIOCREGIF, NIOCGINFO}) {
    EXPECT_EQ(program_.Ioctl(command, UserAddress(0)).error(), Errno::kInvalid);
    EXPECT_EQ(program_.Ioctl(command, UserAddress(0x123)).error(), Errno::kFault);
    const UserAddress at = program_.memory.Put(Request("em0"), kit::Access::kReadOnly);
    EXPECT_EQ(program_.Ioctl(command, at).error(), Errno::kFault);
  }
}

TEST_F(LegacyTest, CommandsOfAbsentSubsystems) {
  const struct {
    uint16_t command;
    Errno error;
  } cases[] = {
      {NETMAP_BDG_ATTACH, Errno::kInvalid},
      {NETMAP_BDG_DETACH, Errno::kInvalid},
      {3, Errno::kInvalid},
      {NETMAP_BDG_LIST, Errno::kInvalid},
      {NETMAP_BDG_NEWIF, Errno::kInvalid},
      {NETMAP_BDG_DELIF, Errno::kInvalid},
      {NETMAP_PT_HOST_CREATE, Errno::kNoMemory},
      {NETMAP_PT_HOST_DELETE, Errno::kNoMemory},
      {NETMAP_BDG_POLLING_ON, Errno::kInvalid},
      {NETMAP_BDG_POLLING_OFF, Errno::kInvalid},
      {NETMAP_VNET_HDR_GET, Errno::kOk},
      {13, Errno::kInvalid},
      {0xffff, Errno::kInvalid},
  };
  for (const auto& [command, error] : cases) {
    nmreq legacy = Request("em0");
    legacy.nr_cmd = command;
    EXPECT_EQ(Call(program_, NIOCREGIF, legacy), error) << command;
    EXPECT_FALSE(program_.session().bound());
  }
  nmreq legacy = Request("em0");
  legacy.nr_cmd = NETMAP_VNET_HDR_GET;
  legacy.nr_arg1 = 99;
  EXPECT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kOk);
  EXPECT_EQ(legacy.nr_arg1, 0);
  legacy.nr_cmd = NETMAP_BDG_VNET_HDR;
  legacy.nr_arg1 = 11;
  EXPECT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kInvalid);
  EXPECT_EQ(legacy.nr_arg1, 11);
  legacy.nr_arg1 = 12;
  EXPECT_EQ(Call(program_, NIOCREGIF, legacy), Errno::kNoDevice);
}

TEST_F(LegacyTest, InfoIsAboutAPortOrARegion) {
  nmreq legacy = Request("em0");
  ASSERT_EQ(Call(program_, NIOCGINFO, legacy), Errno::kOk);
  EXPECT_EQ(legacy.nr_memsize, 102400u + 200 * 69632 + 335544320);
  EXPECT_EQ(legacy.nr_tx_slots, 64u);
  EXPECT_EQ(legacy.nr_rx_slots, 32u);
  EXPECT_EQ(legacy.nr_tx_rings, 4);
  EXPECT_EQ(legacy.nr_rx_rings, 3);
  EXPECT_EQ(legacy.nr_arg2, 1);
  EXPECT_FALSE(program_.session().bound());
  legacy = Request("");
  legacy.nr_tx_slots = 5;
  ASSERT_EQ(Call(program_, NIOCGINFO, legacy), Errno::kOk);
  EXPECT_EQ(legacy.nr_arg2, 1);
  EXPECT_NE(legacy.nr_memsize, 0u);
  EXPECT_EQ(legacy.nr_tx_slots, 5u);
  legacy.nr_arg2 = 99;
  EXPECT_EQ(Call(program_, NIOCGINFO, legacy), Errno::kInvalid);
  legacy = Request("absent");
  EXPECT_EQ(Call(program_, NIOCGINFO, legacy), Errno::kNoDevice);
  legacy = Request("");
  legacy.nr_cmd = NETMAP_BDG_LIST;
  EXPECT_EQ(Call(program_, NIOCGINFO, legacy), Errno::kInvalid);
}

}  // namespace
}  // namespace mapwire::control
