// Conformance of the request envelope and its options: what is refused, in which order, what
// returns.
#include "core/control/request.h"

#include <gtest/gtest.h>

#include <cstring>

#include "testing/kit/program.h"

namespace mapwire::control {
namespace {

using kit::Access;
using kit::Program;
using kit::Registration;

constexpr uint32_t kUnsupported = 95;
constexpr uint32_t kUnknownOption = 77;
constexpr uint64_t kOptionHeader = sizeof(nmreq_option);

nmreq_option Option(uint32_t type, uint64_t size = 0, uint32_t status = 1234) {
  nmreq_option option{};
  option.nro_reqtype = type;
  option.nro_size = size;
  option.nro_status = status;
  return option;
}

class RequestTest : public testing::Test {
 protected:
  RequestTest() : port_(system_.AddPort("em0", {2, 2, 64, 64})), program_(system_.control) {}

  kit::FakeUserMemory& memory() { return program_.memory; }
  // A request as it lies in memory, good unless the test spoils it.
  UserAddress Put(uint16_t type, uint64_t body) {
    nmreq_header header{};
    header.nr_version = NETMAP_API;
    header.nr_reqtype = type;
    header.nr_body = body;
    std::strcpy(header.nr_name, "em0");
    return memory().Put(header);
  }
  UserAddress PutInfo() {
    return Put(NETMAP_REQ_PORT_INFO_GET, memory().Put(nmreq_port_info_get{}).value());
  }
  template <typename Field>
  void Spoil(UserAddress at, Field nmreq_header::*field, Field value) {
    nmreq_header header = memory().Get<nmreq_header>(at);
    header.*field = value;
    memory().Set(at, header);
  }
  Errno Send(UserAddress at) { return program_.Ioctl(NIOCCTRL, at).error(); }
  uint32_t StatusOf(UserAddress option) { return memory().Get<nmreq_option>(option).nro_status; }
  // Chains `count` options of one type; returns the first. They lie in one block.
  UserAddress Chain(uint32_t count, uint32_t type) {
    const UserAddress block = memory().AddBlock(count * kOptionHeader);
    for (uint32_t i = 0; i < count; ++i) {
      nmreq_option option = Option(type);
      const uint64_t next = block.value() + (i + 1) * kOptionHeader;
      option.nro_next = i + 1 < count ? next : 0;
      memory().Set(UserAddress(block.value() + i * kOptionHeader), option);
    }
    return block;
  }
  UserAddress OffsetsOption(const nmreq_opt_offsets& offsets) {
    return program_.AddOption(Option(NETMAP_REQ_OPT_OFFSETS),
                              reinterpret_cast<const char*>(&offsets) + kOptionHeader,
                              sizeof(offsets) - kOptionHeader);
  }

  kit::System system_;
  kit::LoopPort& port_;
  Program program_;
};

TEST_F(RequestTest, VersionsFourteenAndFifteenAreAcceptedAndNotRewritten) {
  for (const uint16_t version : {0, 11, 13, 16, 65535}) {
    const UserAddress at = PutInfo();
    Spoil(at, &nmreq_header::nr_version, version);
    EXPECT_EQ(Send(at), Errno::kInvalid) << version;
    EXPECT_EQ(memory().Get<nmreq_header>(at).nr_version, version);
  }
  for (const uint16_t version : {14, 15}) {
    const UserAddress at = PutInfo();
    Spoil(at, &nmreq_header::nr_version, version);
    EXPECT_EQ(Send(at), Errno::kOk) << version;
    EXPECT_EQ(memory().Get<nmreq_header>(at).nr_version, version);
  }
}

TEST_F(RequestTest, ReservedFieldMustBeZeroAndIsReturnedAsZeroWhateverElseIsWrong) {
  UserAddress at = PutInfo();
  Spoil<uint32_t>(at, &nmreq_header::nr_reserved, 1);
  EXPECT_EQ(Send(at), Errno::kInvalid);
  EXPECT_EQ(memory().Get<nmreq_header>(at).nr_reserved, 0u);
  EXPECT_EQ(Send(at), Errno::kOk);  // a naive retry

  at = PutInfo();
  Spoil<uint32_t>(at, &nmreq_header::nr_reserved, 1);
  Spoil<uint16_t>(at, &nmreq_header::nr_version, 13);
  EXPECT_EQ(Send(at), Errno::kInvalid);
  EXPECT_EQ(memory().Get<nmreq_header>(at).nr_reserved, 0u);

  at = Put(NETMAP_REQ_PORT_INFO_GET, 0);
  EXPECT_EQ(Send(at), Errno::kInvalid);
  EXPECT_EQ(memory().Get<nmreq_header>(at).nr_reserved, 0u);
}

struct BodyCase {
  uint16_t type;
  uint32_t bytes;
};

class BodyTest : public RequestTest, public testing::WithParamInterface<BodyCase> {};

TEST_P(BodyTest, IsPresentExactlyWhereTheTypeHasOne) {
  const auto& [type, bytes] = GetParam();
  EXPECT_EQ(BodyBytes(type), bytes);
  const UserAddress at = Put(type, bytes == 0 ? memory().AddBlock(64).value() : 0);
  EXPECT_EQ(Send(at), Errno::kInvalid);
  EXPECT_EQ(memory().copied_in.size(), 1u);  // the header; nothing else was looked at
}

TEST_P(BodyTest, MustBeReadableToItsLastByte) {
  const auto& [type, bytes] = GetParam();
  if (bytes == 0) return;
  EXPECT_EQ(Send(Put(type, memory().AddBlock(bytes - 1).value())), Errno::kFault);
}

INSTANTIATE_TEST_SUITE_P(
    Types, BodyTest,
    testing::Values(
        BodyCase{0, 0}, BodyCase{NETMAP_REQ_REGISTER, 56}, BodyCase{NETMAP_REQ_PORT_INFO_GET, 32},
        BodyCase{NETMAP_REQ_VALE_ATTACH, 64}, BodyCase{NETMAP_REQ_VALE_DETACH, 8},
        BodyCase{NETMAP_REQ_VALE_LIST, 8}, BodyCase{NETMAP_REQ_PORT_HDR_SET, 8},
        BodyCase{NETMAP_REQ_PORT_HDR_GET, 8}, BodyCase{NETMAP_REQ_VALE_NEWIF, 16},
        BodyCase{NETMAP_REQ_VALE_DELIF, 0}, BodyCase{NETMAP_REQ_VALE_POLLING_ENABLE, 16},
        BodyCase{NETMAP_REQ_VALE_POLLING_DISABLE, 16}, BodyCase{NETMAP_REQ_POOLS_INFO_GET, 64},
        BodyCase{NETMAP_REQ_SYNC_KLOOP_START, 8}, BodyCase{NETMAP_REQ_SYNC_KLOOP_STOP, 0},
        BodyCase{NETMAP_REQ_CSB_ENABLE, 0}, BodyCase{16, 0}, BodyCase{65535, 0}));

TEST_F(RequestTest, UnknownTypesAndThoseOfAbsentSubsystemsAreInvalid) {
  for (const uint16_t type : {0, NETMAP_REQ_VALE_DELIF + 0, 16, 999, 65535}) {
    EXPECT_EQ(Send(Put(type, 0)), Errno::kInvalid) << type;
  }
  for (const uint16_t type : {NETMAP_REQ_VALE_ATTACH, NETMAP_REQ_VALE_DETACH, NETMAP_REQ_VALE_LIST,
                              NETMAP_REQ_VALE_NEWIF, NETMAP_REQ_VALE_POLLING_ENABLE}) {
    EXPECT_EQ(Send(Put(type, memory().AddBlock(64).value())), Errno::kInvalid) << type;
  }
}

TEST_F(RequestTest, NoArgumentIsInvalidAndABadOneFaults) {
  EXPECT_EQ(Send(UserAddress(0)), Errno::kInvalid);
  EXPECT_EQ(Send(UserAddress(0x123)), Errno::kFault);
  const UserAddress at = PutInfo();
  memory().SetAccess(at, Access::kWriteOnly);
  EXPECT_EQ(Send(at), Errno::kFault);
  EXPECT_TRUE(memory().copied_out.empty());
}

TEST_F(RequestTest, AHeaderThatEndsTooEarlyFaultsAndIsNotWrittenTo) {
  const UserAddress at = memory().AddBlock(sizeof(nmreq_header) - 1);
  memory().Set<uint16_t>(at, NETMAP_API);
  EXPECT_EQ(Send(at), Errno::kFault);
  EXPECT_EQ(memory().Get<uint16_t>(at), NETMAP_API);
  EXPECT_TRUE(memory().copied_out.empty());
}

TEST_F(RequestTest, TheBodyIsLeftAloneOnFailureAndWrittenOnSuccess) {
  nmreq_port_info_get info{};
  info.nr_mem_id = 99;
  EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info).error(), Errno::kInvalid);
  EXPECT_EQ(info.nr_tx_slots, 0u);
  EXPECT_EQ(info.nr_mem_id, 99);
  info.nr_mem_id = 0;
  EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info).error(), Errno::kOk);
  EXPECT_EQ(info.nr_tx_slots, 64u);
}

TEST_F(RequestTest, AnAnswerThatCannotBeDeliveredFaultsAfterTheFact) {
  const UserAddress body = memory().Put(Registration(NR_REG_ALL_NIC), Access::kReadOnly);
  EXPECT_EQ(Send(Put(NETMAP_REQ_REGISTER, body.value())), Errno::kFault);
  EXPECT_TRUE(program_.session().bound());
  const UserAddress header = PutInfo();
  memory().SetAccess(header, Access::kReadOnly);
  EXPECT_EQ(Send(header), Errno::kFault);
}

TEST_F(RequestTest, NothingIsReadTwiceSoChangesComeTooLate) {
  const UserAddress body = memory().Put(Registration(NR_REG_ONE_NIC, 0, 1));
  nmreq_opt_offsets offsets{};
  offsets.nro_max_offset = 64;
  const UserAddress option = OffsetsOption(offsets);
  const UserAddress header = Put(NETMAP_REQ_REGISTER, body.value());
  Spoil(header, &nmreq_header::nr_options, option.value());
  memory().before_copy_in = [&](UserAddress from, size_t) {
    // Everything that has been read before is destroyed.
    static const uint8_t kGarbage[sizeof(nmreq_header)] = {0xff, 0xff, 0xff, 0xff};
    if (from != header) memory().Write(header, kGarbage, sizeof(nmreq_header));
    if (from != header && from != body) memory().Write(body, kGarbage, sizeof(nmreq_register));
    if (from.value() == option.value() + kOptionHeader) {
      memory().Write(option, kGarbage, kOptionHeader);
    }
  };
  EXPECT_EQ(Send(header), Errno::kOk);
  EXPECT_EQ(memory().copied_in.size(), 4u);  // header, body, option, payload
  EXPECT_EQ(program_.session().selection().tx.first, 1);
  EXPECT_EQ(memory().Get<nmreq_header>(header).nr_version, NETMAP_API);
  EXPECT_EQ(memory().Get<nmreq_header>(header).nr_body, body.value());
  EXPECT_EQ(memory().Get<nmreq_register>(body).nr_tx_slots, 64u);
}

TEST_F(RequestTest, NamesAreCutAtSixtyThreeCharacters) {
  const std::string longest(63, 'x');
  system_.AddPort(longest.c_str(), {1, 1, 8, 8});
  const UserAddress at = PutInfo();
  nmreq_header header = memory().Get<nmreq_header>(at);
  std::memset(header.nr_name, 'x', sizeof(header.nr_name));
  memory().Set(at, header);
  EXPECT_EQ(Send(at), Errno::kOk);
}

TEST_F(RequestTest, OptionsNobodyHandlesAreIgnoredAndMarkedUnsupported) {
  const UserAddress unknown = program_.AddOption(Option(kUnknownOption));
  const UserAddress again = program_.AddOption(Option(kUnknownOption));
  const UserAddress offsets = OffsetsOption({});
  nmreq_port_info_get info{};
  EXPECT_TRUE(
      program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {unknown, again, offsets}).ok());
  EXPECT_EQ(StatusOf(unknown), kUnsupported);
  EXPECT_EQ(StatusOf(again), kUnsupported);
  EXPECT_EQ(StatusOf(offsets), kUnsupported);
}

TEST_F(RequestTest, RegisterWithAnUnsupportedOptionFailsAndIsUndone) {
  const size_t live = system_.environment.live();
  const UserAddress unknown = program_.AddOption(Option(kUnknownOption));
  const UserAddress offsets = OffsetsOption({});
  nmreq_register reg = Registration(NR_REG_ALL_NIC);
  EXPECT_EQ(program_.Register("em0", reg, {offsets, unknown}).error(), Errno::kNotSupported);
  EXPECT_EQ(StatusOf(unknown), kUnsupported);
  EXPECT_EQ(StatusOf(offsets), 0u);
  EXPECT_FALSE(program_.session().bound());
  EXPECT_EQ(port_.users(), 0u);
  EXPECT_EQ(system_.environment.live(), live);
  EXPECT_TRUE(program_.Register("em0").ok());
}

TEST_F(RequestTest, RegisterThatFailsBeforeItsOptionLeavesItUnsupported) {
  const UserAddress offsets = OffsetsOption({});
  nmreq_register reg = Registration(NR_REG_ALL_NIC);
  EXPECT_EQ(program_.Register("absent", reg, {offsets}).error(), Errno::kNoDevice);
  EXPECT_EQ(StatusOf(offsets), kUnsupported);
}

TEST_F(RequestTest, OptionOfTypeZeroIsInvalid) {
  const UserAddress good = program_.AddOption(Option(kUnknownOption));
  const UserAddress zero = program_.AddOption(Option(0));
  const UserAddress unseen = program_.AddOption(Option(kUnknownOption));
  nmreq_port_info_get info{};
  EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {good, zero, unseen}).error(),
            Errno::kInvalid);
  EXPECT_EQ(StatusOf(good), 0u);
  EXPECT_EQ(StatusOf(zero), 22u);
  EXPECT_EQ(StatusOf(unseen), 1234u);
}

TEST_F(RequestTest, AKnownOptionGivenTwiceIsInvalidInBothPlaces) {
  const UserAddress first = OffsetsOption({});
  const UserAddress other = program_.AddOption(Option(kUnknownOption));
  const UserAddress second = OffsetsOption({});
  nmreq_port_info_get info{};
  EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {first, other, second}).error(),
            Errno::kInvalid);
  EXPECT_EQ(StatusOf(first), 22u);
  EXPECT_EQ(StatusOf(other), 0u);
  EXPECT_EQ(StatusOf(second), 22u);
}

TEST_F(RequestTest, CirclesEndByTheirTypeOrByTheirLength) {
  UserAddress option = program_.AddOption(Option(kUnknownOption));
  const UserAddress header = PutInfo();
  Spoil(header, &nmreq_header::nr_options, option.value());
  memory().Set(option, option.value());  // nro_next
  EXPECT_EQ(Send(header), Errno::kMessageTooLong);
  EXPECT_EQ(StatusOf(option), 1234u);

  option = OffsetsOption({});
  Spoil(header, &nmreq_header::nr_options, option.value());
  memory().Set(option, option.value());
  EXPECT_EQ(Send(header), Errno::kInvalid);
  EXPECT_EQ(StatusOf(option), 22u);
}

TEST_F(RequestTest, OneHundredTwentySevenOptionsFitBesideARegisterBody) {
  for (const uint32_t count : {127u, 128u}) {
    const UserAddress body = memory().Put(Registration(NR_REG_ALL_NIC));
    const UserAddress header = Put(NETMAP_REQ_REGISTER, body.value());
    const UserAddress first = Chain(count, kUnknownOption);
    const UserAddress last(first.value() + (count - 1) * kOptionHeader);
    Spoil(header, &nmreq_header::nr_options, first.value());
    EXPECT_EQ(Send(header), count == 127 ? Errno::kNotSupported : Errno::kMessageTooLong);
    EXPECT_EQ(StatusOf(first), count == 127 ? kUnsupported : 1234u);
    EXPECT_EQ(StatusOf(last), count == 127 ? kUnsupported : 1234u);
  }
}

TEST_F(RequestTest, NoOptionIsLargerThanARequest) {
  nmreq_port_info_get info{};
  UserAddress option = program_.AddOption(Option(kUnknownOption, 4096));
  EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {option}).error(), Errno::kOk);
  option = program_.AddOption(Option(kUnknownOption, 4097));
  EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {option}).error(),
            Errno::kMessageTooLong);
  // Only the event descriptors have a size of their own choice: 4208 - 64 - 32 - 32 and no more.
  for (const uint64_t payload : {4072u, 4073u}) {
    option = program_.AddOption(Option(NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, kOptionHeader + payload),
                                nullptr, payload);
    EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {option}).error(),
              payload == 4072 ? Errno::kOk : Errno::kMessageTooLong);
  }
}

TEST_F(RequestTest, OptionsThatCannotBeReadFault) {
  const UserAddress good = program_.AddOption(Option(kUnknownOption));
  memory().Set<uint64_t>(good, 0x123);
  const UserAddress header = PutInfo();
  Spoil(header, &nmreq_header::nr_options, good.value());
  EXPECT_EQ(Send(header), Errno::kFault);
  EXPECT_EQ(StatusOf(good), 0u);
}

TEST_F(RequestTest, PayloadsOfKnownOptionsMustBeThere) {
  const struct {
    uint32_t type;
    size_t payload;
  } known[] = {
      {NETMAP_REQ_OPT_EXTMEM, 72},  {NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, 100},
      {NETMAP_REQ_OPT_CSB, 16},     {NETMAP_REQ_OPT_SYNC_KLOOP_MODE, 8},
      {NETMAP_REQ_OPT_OFFSETS, 32},
  };
  for (const auto& [type, payload] : known) {
    nmreq_port_info_get info{};
    const nmreq_option option = Option(type, kOptionHeader + payload);
    const UserAddress whole = program_.AddOption(option, nullptr, payload);
    EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {whole}).error(), Errno::kOk)
        << type;
    const UserAddress cut = program_.AddOption(option, nullptr, payload - 1);
    EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {cut}).error(), Errno::kFault)
        << type;
  }
}

TEST_F(RequestTest, AStatusThatCannotBeWrittenFaults) {
  const UserAddress option = program_.AddOption(Option(kUnknownOption));
  memory().SetAccess(option, Access::kReadOnly);
  nmreq_port_info_get info{};
  EXPECT_EQ(program_.Request(NETMAP_REQ_PORT_INFO_GET, "em0", info, {option}).error(),
            Errno::kFault);
}

TEST_F(RequestTest, NoMemoryForTheRequestIsReported) {
  system_.environment.faults().FailNth(1);
  EXPECT_EQ(Send(PutInfo()), Errno::kNoMemory);
  system_.environment.faults().FailNth(0);
}

struct OffsetsCase {
  const char* what;
  uint64_t max, initial;
  uint32_t bits;
  Errno error;
};

class OffsetsTest : public RequestTest, public testing::WithParamInterface<OffsetsCase> {};

TEST_P(OffsetsTest, AreCheckedAndReported) {
  const OffsetsCase& the = GetParam();
  nmreq_opt_offsets offsets{};
  offsets.nro_max_offset = the.max;
  offsets.nro_initial_offset = the.initial;
  offsets.nro_offset_bits = the.bits;
  const UserAddress option = OffsetsOption(offsets);
  nmreq_register reg = Registration(NR_REG_ALL_NIC);
  EXPECT_EQ(program_.Register("em0", reg, {option}).error(), the.error) << the.what;
  EXPECT_EQ(StatusOf(option), static_cast<uint32_t>(the.error));
  EXPECT_EQ(program_.session().bound(), the.error == Errno::kOk);
  EXPECT_EQ(memory().Get<nmreq_opt_offsets>(option).nro_max_offset, the.max);
  if (the.error != Errno::kOk) return;
  const uint64_t mask = the.bits == 0 || the.bits == 64 ? ~0ull : (1ull << the.bits) - 1;
  program_.reg = reg;
  for (const netmap_ring* ring : {program_.tx(0), program_.tx(1), program_.rx(0)}) {
    EXPECT_EQ(ring->offset_mask, mask);
    EXPECT_EQ(ring->slot[63].ptr, the.initial);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, OffsetsTest,
    testing::Values(OffsetsCase{"whole pointer", 128, 64, 0, Errno::kOk},
                    OffsetsCase{"64 bits", 2048, 2048, 64, Errno::kOk},
                    OffsetsCase{"few bits", 255, 255, 8, Errno::kOk},
                    OffsetsCase{"too many bits", 128, 0, 65, Errno::kInvalid},
                    OffsetsCase{"above the buffer", 2049, 0, 0, Errno::kInvalid},
                    OffsetsCase{"not representable", 256, 0, 8, Errno::kInvalid},
                    OffsetsCase{"initial above max", 64, 65, 0, Errno::kInvalid}));

TEST_F(RequestTest, OffsetsOnAPortWithoutThemAreUnsupported) {
  port_.offsets = false;
  const UserAddress option = OffsetsOption({});
  nmreq_register reg = Registration(NR_REG_ALL_NIC);
  EXPECT_EQ(program_.Register("em0", reg, {option}).error(), Errno::kNotSupported);
  EXPECT_EQ(StatusOf(option), kUnsupported);
  EXPECT_FALSE(program_.session().bound());
}

TEST_F(RequestTest, OffsetsOfTheFirstUserHoldAndAreTold) {
  nmreq_opt_offsets offsets{};
  offsets.nro_max_offset = 128;
  nmreq_register reg = Registration(NR_REG_ALL_NIC);
  ASSERT_TRUE(program_.Register("em0", reg, {OffsetsOption(offsets)}).ok());
  Program second(system_.control);
  const auto add = [&](uint64_t max) {
    offsets.nro_max_offset = max;
    return second.AddOption(Option(NETMAP_REQ_OPT_OFFSETS),
                            reinterpret_cast<const char*>(&offsets) + kOptionHeader,
                            sizeof(offsets) - kOptionHeader);
  };
  reg = Registration(NR_REG_ALL_NIC);
  EXPECT_EQ(second.Register("em0", reg, {add(129)}).error(), Errno::kBusy);
  const UserAddress option = add(100);
  EXPECT_TRUE(second.Register("em0", reg, {option}).ok());
  EXPECT_EQ(second.memory.Get<nmreq_opt_offsets>(option).nro_max_offset, 128u);
}

TEST_F(RequestTest, IoctlsThatDoNotExistAreUnsupported) {
  EXPECT_EQ(program_.Ioctl(0, UserAddress(0)).error(), Errno::kNotSupported);
  EXPECT_EQ(program_.Ioctl(NIOCCTRL + 1, UserAddress(0)).error(), Errno::kNotSupported);
  EXPECT_EQ(program_.Ioctl(NIOCCONFIG, UserAddress(0)).error(), Errno::kInvalid);
}

TEST_F(RequestTest, ControlBlocksAndLoopsAreRefusedAsTheInterfaceSays) {
  const UserAddress csb = program_.AddOption(Option(NETMAP_REQ_OPT_CSB), nullptr, 16);
  EXPECT_EQ(program_.Request(NETMAP_REQ_CSB_ENABLE, "").error(), Errno::kInvalid);
  EXPECT_EQ(program_.Request(NETMAP_REQ_CSB_ENABLE, "", {csb}).error(), Errno::kOk);
  EXPECT_EQ(StatusOf(csb), 0u);
  nmreq_sync_kloop_start start{};
  start.sleep_us = 1000001;
  EXPECT_EQ(program_.Request(NETMAP_REQ_SYNC_KLOOP_START, "", start).error(), Errno::kInvalid);
  start.sleep_us = 1000000;
  EXPECT_EQ(program_.Request(NETMAP_REQ_SYNC_KLOOP_START, "", start).error(), Errno::kNoDevice);
  EXPECT_EQ(program_.Request(NETMAP_REQ_SYNC_KLOOP_STOP, "").error(), Errno::kNoDevice);
  ASSERT_TRUE(program_.Register("em0").ok());
  EXPECT_EQ(program_.Request(NETMAP_REQ_SYNC_KLOOP_START, "", start).error(), Errno::kInvalid);
  EXPECT_EQ(program_.Request(NETMAP_REQ_SYNC_KLOOP_STOP, "").error(), Errno::kOk);
  EXPECT_EQ(program_.Request(NETMAP_REQ_CSB_ENABLE, "", {csb}).error(), Errno::kNotSupported);
}

}  // namespace
}  // namespace mapwire::control
