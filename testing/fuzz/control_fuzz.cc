// Everything a program may ask of /dev/netmap: requests of both interfaces with anything in them,
// from memory that is missing, shared or changes meanwhile, by several descriptors in any order,
// with memory running short, ports going away, and syncs on another CPU in the midst of it.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include "core/control/request.h"
#include "core/platform/check.h"
#include "testing/fuzz/fuzz.h"
#include "testing/fuzz/hostile_loads.h"
#include "testing/fuzz/script.h"
#include "testing/kit/program.h"

namespace mapwire::fuzz {
namespace {

using kit::Access;
using kit::LoopPort;
using kit::Program;
using memory::PoolKind;
using port::Direction;

constexpr uint32_t kPrograms = 3;
constexpr uint32_t kPorts = 2;
constexpr control::Parameters kParameters = {
    .global_region = {{{1024, 10}, {4096, 16}, {2048, 200}}}};

class CountingRegistrar final : public platform::PollRegistrar {
 public:
  void WaitOn(platform::Notifier&) override { ++waits; }
  uint32_t waits = 0;
};

// Everything core holds that a failed call must leave alone. Two are compared byte by byte.
using Snapshot = std::vector<uint64_t>;

class Story {
 public:
  explicit Story(Script& script) : script_(script) {
    ports_[0] = &system_.AddPort("em0", {3, 2, 16, 8});
    ports_[1] = &system_.AddPort("em1", {1, 1, 8, 8});
    for (uint16_t i = 0; i < kRegions - 1; ++i) {
      regions_[i + 1] =
          system_.control.CreateRegion({{{1024, 10}, {4096, 10}, {2048, 100}}}).value();
    }
    regions_[0] = &system_.control.regions().global();
    for (auto& program : programs_) program = std::make_unique<Program>(system_.control);
    system_.environment.faults().on_call = [this] { AnotherCpu(); };
  }

  void Run() {
    for (uint32_t step = 0; step < 120 && !script_.empty(); ++step) Step();
    End();
  }

 private:
  static constexpr uint32_t kRegions = 3;

  struct Block {
    uint64_t at;
    size_t bytes;
  };

  void Step() {
    Program& program = *programs_[script_.Below(kPrograms)];
    switch (script_.Below(14)) {
      case 0:
      case 1:
      case 2:
        return Request(program);
      case 3:
        return OldRequest(program);
      case 4:
        return PlainRegister(program);
      case 5:
        return CloseAndOpen(program);
      case 6:
      case 7:
        return Sync(program);
      case 8:
        return Poll(program);
      case 9:
        return WriteShared(program);
      case 10:
        return ArmFault();
      case 11:
        return loads_.Arm(script_.Below(256), AnyShared(), 8);
      case 12:
        return script_.Below(8) == 0 ? TakePortAway() : OtherCalls(program);
      case 13:
        return ArmMeddler(program);
    }
  }

  // ---- What a program may put into a request ----

  const char* AnyName() {
    constexpr const char* kNames[] = {
        "em0",
        "em1",
        "",
        "em2",
        "em0{1",
        "vale0:a",
        "a23456789012345678901234567890123456789012345678901234567890123"};
    return script_.OneOf(kNames);
  }
  // Without a zero at the end if it fills the field.
  template <size_t kBytes>
  static void CopyName(char (&field)[kBytes], const char* name) {
    std::memcpy(field, name, std::min(kBytes, std::strlen(name)));
  }
  uint32_t AnyNumber() {
    constexpr uint32_t kNumbers[] = {0, 1, 2, 3, 4, 8, 15, 16, 4095, 4096, 65535, 0xffffffff};
    return script_.Below(4) == 3 ? script_.Word() : script_.OneOf(kNumbers);
  }
  // A place to read and write, or not.
  uint64_t AnyAddress(Program& program) {
    const uint64_t here = blocks_.empty() ? 0 : blocks_[script_.Below(256) % blocks_.size()].at;
    switch (script_.Below(6)) {
      case 0:
        return 0;
      case 1:
        return script_.LongWord();
      case 2:
        return here + script_.Below(512);
      case 3:
        return AddBlock(program, 1 + script_.Below(96));
      case 4:
        return ~uint64_t{0} - script_.Below(128);
      default:
        return here;
    }
  }
  Access AnyAccess() {
    constexpr Access kAccesses[] = {Access::kReadWrite, Access::kReadWrite, Access::kReadWrite,
                                    Access::kReadWrite, Access::kReadWrite, Access::kReadOnly,
                                    Access::kWriteOnly, Access::kNone};
    return script_.OneOf(kAccesses);
  }
  uint64_t AddBlock(Program& program, size_t bytes) {
    const uint64_t at = program.memory.AddBlock(bytes, AnyAccess()).value();
    blocks_.push_back({at, bytes});
    return at;
  }
  // Where `bytes` bytes are, mostly as they should be.
  uint64_t Place(Program& program, const void* bytes, size_t count) {
    if (script_.Below(8) == 7) return AnyAddress(program);
    const uint64_t at = AddBlock(program, count);
    program.memory.Write(UserAddress(at), bytes, count);
    return at;
  }
  void Scribble(void* bytes, size_t count) {
    uint8_t* const to = static_cast<uint8_t*>(bytes);
    for (uint32_t changes = script_.Below(4); changes != 0; --changes) {
      to[script_.Below(256) % count] = static_cast<uint8_t>(script_.Below(256));
    }
  }

  nmreq_register AnyRegistration() {
    constexpr uint32_t kModes[] = {NR_REG_ALL_NIC, NR_REG_ONE_NIC, NR_REG_NULL,
                                   NR_REG_SW,      NR_REG_NIC_SW,  NR_REG_PIPE_MASTER};
    constexpr uint64_t kFlags[] = {0,
                                   NR_EXCLUSIVE,
                                   NR_TX_RINGS_ONLY,
                                   NR_RX_RINGS_ONLY,
                                   NR_TX_RINGS_ONLY | NR_RX_RINGS_ONLY,
                                   NR_NO_TX_POLL,
                                   NR_MONITOR_RX};
    nmreq_register reg = kit::Registration(script_.OneOf(kModes), script_.OneOf(kFlags),
                                           static_cast<uint16_t>(script_.Below(5)));
    reg.nr_mem_id = static_cast<uint16_t>(script_.Below(kRegions + 2));
    reg.nr_extra_bufs = script_.Flip() ? 0 : AnyNumber();
    if (reg.nr_mode == NR_REG_NULL || script_.Flip()) {
      reg.nr_tx_rings = static_cast<uint16_t>(AnyNumber());
      reg.nr_rx_rings = static_cast<uint16_t>(AnyNumber());
      reg.nr_tx_slots = AnyNumber();
      reg.nr_rx_slots = AnyNumber();
    }
    return reg;
  }

  // The body of a request of this type, or of any.
  uint64_t Body(Program& program, uint16_t type) {
    const uint32_t bytes = control::BodyBytes(type);
    if (bytes == 0 && script_.Below(4) != 0) return 0;
    control::RequestBody body{};
    if (type == NETMAP_REQ_REGISTER) {
      body.reg = AnyRegistration();
    } else {
      for (uint32_t i = 0; i < 4; ++i) {
        const uint32_t number = AnyNumber();
        std::memcpy(&body.bytes[script_.Below(15) * 4], &number, sizeof(number));
      }
    }
    if (script_.Below(4) == 0) Scribble(body.bytes, sizeof(body));
    return Place(program, body.bytes, bytes == 0 ? 8 : bytes);
  }

  // A list of options: as it should be, or one that is cut, joined, very long or runs in a circle.
  uint64_t Options(Program& program) {
    if (script_.Flip()) return 0;
    constexpr uint32_t kCounts[] = {1, 1, 1, 2, 2, 3, 4, 150};
    const uint32_t count = script_.OneOf(kCounts);
    std::vector<uint64_t> list;
    for (uint32_t i = 0; i < count; ++i) {
      nmreq_opt_offsets option{};
      option.nro_opt.nro_reqtype = count == 150 ? 100 : script_.Below(9);
      if (count != 150 && script_.Below(4) == 0) option.nro_opt.nro_reqtype = AnyNumber();
      option.nro_opt.nro_size = script_.Below(4) == 0 ? AnyNumber() : sizeof(option);
      option.nro_max_offset = script_.Below(300);
      option.nro_initial_offset = script_.Below(300);
      option.nro_offset_bits = script_.Below(80);
      if (script_.Below(4) == 0) Scribble(&option, sizeof(option));
      list.push_back(Place(program, &option, sizeof(option)));
    }
    for (uint32_t i = 0; i < count; ++i) {
      uint64_t next = i + 1 < count ? list[i + 1] : 0;
      if (count != 150 && script_.Below(8) == 0) next = list[script_.Below(count)];
      if (count != 150 && script_.Below(8) == 0) next = AnyAddress(program);
      Poke(program, list[i] + offsetof(nmreq_option, nro_next), next);
    }
    return list[0];
  }
  // Writes where there is something, as the program itself would.
  template <typename T>
  void Poke(Program& program, uint64_t at, const T& value) {
    for (const Block& block : blocks_) {
      if (at < block.at || at - block.at + sizeof(T) > block.bytes) continue;
      program.memory.Write(UserAddress(at), &value, sizeof(T));
      return;
    }
  }

  // ---- Calls ----

  void Request(Program& program) {
    constexpr uint16_t kVersions[] = {15, 15, 15, 15, 15, 14, 13, 16};
    nmreq_header header{};
    header.nr_version = script_.OneOf(kVersions);
    header.nr_reqtype =
        static_cast<uint16_t>(script_.Flip() ? uint32_t{NETMAP_REQ_REGISTER} : script_.Below(20));
    CopyName(header.nr_name, AnyName());
    header.nr_reserved = script_.Below(16) == 15 ? AnyNumber() : 0;
    header.nr_body = Body(program, header.nr_reqtype);
    header.nr_options = Options(program);
    if (script_.Below(8) == 0) Scribble(&header, sizeof(header));
    const uint64_t at = Place(program, &header, sizeof(header));
    const Errno error = Ioctl(program, NIOCCTRL, at);
    MustBeOneOf(error, {Errno::kInvalid, Errno::kFault, Errno::kMessageTooLong, Errno::kNoMemory,
                        Errno::kBusy, Errno::kNoDevice, Errno::kNotSupported});
  }

  void PlainRegister(Program& program) {
    const nmreq_register reg = AnyRegistration();
    nmreq_header header{};
    header.nr_version = NETMAP_API;
    header.nr_reqtype = NETMAP_REQ_REGISTER;
    CopyName(header.nr_name, script_.Flip() ? "em0" : "em1");
    header.nr_body = program.memory.Put(reg).value();
    blocks_.push_back({header.nr_body, sizeof(reg)});
    const uint64_t at = program.memory.Put(header).value();
    blocks_.push_back({at, sizeof(header)});
    MustBeOneOf(Ioctl(program, NIOCCTRL, at),
                {Errno::kInvalid, Errno::kFault, Errno::kNoMemory, Errno::kBusy, Errno::kNoDevice,
                 Errno::kMessageTooLong, Errno::kNotSupported});
  }

  void OldRequest(Program& program) {
    constexpr uint32_t kVersions[] = {15, 14, 11, 10};
    constexpr uint16_t kCommands[] = {0, 0, 0, 1, 2, 4, 7, 8, 9, 12, 14};
    nmreq old{};
    CopyName(old.nr_name, AnyName());
    old.nr_version = script_.OneOf(kVersions);
    old.nr_cmd = script_.OneOf(kCommands);
    old.nr_ringid = static_cast<uint16_t>(AnyNumber());
    old.nr_flags = script_.Below(10) | (script_.Flip() ? 0 : AnyNumber() << 4);
    old.nr_arg1 = static_cast<uint16_t>(AnyNumber());
    old.nr_arg2 = static_cast<uint16_t>(script_.Below(kRegions + 2));
    old.nr_arg3 = AnyNumber();
    old.nr_tx_rings = static_cast<uint16_t>(AnyNumber());
    old.nr_rx_rings = static_cast<uint16_t>(AnyNumber());
    old.nr_tx_slots = AnyNumber();
    old.nr_rx_slots = AnyNumber();
    if (script_.Below(8) == 0) Scribble(&old, sizeof(old));
    const uint64_t at = Place(program, &old, sizeof(old));
    MustBeOneOf(Ioctl(program, script_.Flip() ? NIOCREGIF : NIOCGINFO, at),
                {Errno::kInvalid, Errno::kFault, Errno::kNoMemory, Errno::kBusy, Errno::kNoDevice,
                 Errno::kNotSupported});
  }

  // A call that failed has changed nothing, unless all that failed was delivering the answer.
  Errno Ioctl(Program& program, uint32_t command, uint64_t argument) {
    const bool was_bound = program.session().bound();
    interrupted_ = false;
    const uint64_t attacks = loads_.attacks();
    const Snapshot before = Look();
    const Errno error = program.Ioctl(command, UserAddress(argument)).error();
    const bool undelivered = error == Errno::kFault && program.session().bound() != was_bound;
    MW_CHECK(!was_bound || program.session().bound());
    const bool quiet = !interrupted_ && loads_.attacks() == attacks;
    if (error != Errno::kOk && !undelivered && quiet) CheckUnchanged(before);
    CheckRecords();
    ForgetBlocks(program);
    return error;
  }
  void CheckUnchanged(const Snapshot& before) {
    const Snapshot after = Look();
    if (after == before) return;
    for (size_t i = 0; i < before.size() && i < after.size(); ++i) {
      if (after[i] == before[i]) continue;
      std::fprintf(stderr, "%zu: %llx, was %llx\n", i, static_cast<unsigned long long>(after[i]),
                   static_cast<unsigned long long>(before[i]));
    }
    MW_CHECK(!"a failed call changed something");
  }
  static void MustBeOneOf(Errno error, std::initializer_list<Errno> allowed) {
    MW_CHECK(error == Errno::kOk ||
             std::find(allowed.begin(), allowed.end(), error) != allowed.end());
  }
  void ForgetBlocks(Program& program) {
    program.memory.before_copy_in = nullptr;
    for (const Block& block : blocks_) program.memory.RemoveBlock(UserAddress(block.at));
    blocks_.clear();
    program.memory.copied_in.clear();
    program.memory.copied_out.clear();
  }

  void Sync(Program& program) {
    const control::Session& session = program.session();
    const bool gone = session.bound() && session.port()->gone();
    const Errno error =
        program.Ioctl(script_.Flip() ? NIOCTXSYNC : NIOCRXSYNC, UserAddress(0)).error();
    if (!session.bound()) MW_CHECK(error == Errno::kNoDevice);
    MW_CHECK(error == Errno::kOk || !session.bound() || (gone && error == Errno::kIo));
    CheckRecords();
  }

  void CloseAndOpen(Program& program) {
    program.Close();
    kit::FaultPlan& faults = system_.environment.faults();
    faults.paused = true;  // a program that cannot open has no story
    program.Reopen();
    faults.paused = false;
    CheckRecords();
  }

  void Poll(Program& program) {
    const uint32_t events = script_.Below(0x200);
    const bool may_sleep = script_.Flip();
    CountingRegistrar registrar;
    const control::Session& session = program.session();
    const uint32_t ready =
        program.session().Poll(events, script_.Flip() ? &registrar : nullptr, may_sleep);
    MW_CHECK((ready & ~(events | control::kPollErr)) == 0);
    if (!session.bound() || session.port()->gone()) MW_CHECK(ready == control::kPollErr);
    CheckRecords();
  }

  void OtherCalls(Program& program) {
    constexpr uint32_t kCommands[] = {0, 144, NIOCCONFIG, 0xffffffff, NIOCCTRL + 1};
    switch (script_.Below(3)) {
      case 0: {
        const Errno error = Ioctl(program, script_.OneOf(kCommands), AnyAddress(program));
        MW_CHECK(error == Errno::kInvalid || error == Errno::kNotSupported);
        return;
      }
      case 1: {
        const Errno error = Ioctl(program, NIOCCTRL, AnyAddress(program));
        MW_CHECK(error == Errno::kInvalid || error == Errno::kFault || error == Errno::kNoMemory);
        return;
      }
      default: {
        const uint64_t offset = script_.Flip() ? 0 : script_.LongWord();
        const uint64_t bytes = script_.Flip() ? AnyNumber() : script_.LongWord();
        const control::Session& session = program.session();
        const auto pages = session.Map(offset, bytes);
        if (!pages.ok()) return;
        const uint64_t all = sim::PageSource::bytes(*pages);
        MW_CHECK(session.bound() && bytes != 0 && bytes <= all && offset <= all - bytes);
        MW_CHECK(*pages == session.region()->pages());
      }
    }
  }

  // ---- The program's mapping ----

  uint64_t AnyShared() {
    const uint64_t low = AnyNumber();
    return low | uint64_t{AnyNumber()} << 32;
  }
  // A word of a page of its region that is there.
  void WriteShared(Program& program) {
    if (!program.session().bound()) return;
    const memory::Region& region = *program.session().region();
    const memory::RegionGeometry geometry = region.Geometry().value();
    constexpr PoolKind kKinds[] = {PoolKind::kInterfaces, PoolKind::kRings, PoolKind::kRings,
                                   PoolKind::kBuffers};
    const memory::PoolGeometry& pool = geometry.pool(script_.OneOf(kKinds));
    const uint32_t object = script_.Below(256) % pool.object_count;
    const uint64_t at = pool.ObjectOffset(object) + script_.Below(512) / 4 * 4;
    if (at + 8 > geometry.bytes || !sim::PageSource::IsCommitted(region.pages(), at) ||
        !sim::PageSource::IsCommitted(region.pages(), at + 7)) {
      return;
    }
    const uint64_t value = AnyShared();
    char* const base = static_cast<char*>(sim::PageSource::RealBase(region.pages()));
    std::memcpy(base + at, &value, script_.Flip() ? 8 : 4);
  }

  // ---- What happens meanwhile ----

  void ArmFault() { system_.environment.faults().FailNth(script_.Below(64)); }

  // Before one of the next copies of a request, some block changes, loses its rights or goes.
  void ArmMeddler(Program& program) {
    uint32_t copies = script_.Below(6);
    const uint32_t what = script_.Below(4);
    const uint32_t which = script_.Below(256);
    const uint32_t at = script_.Below(64);
    const uint8_t value = static_cast<uint8_t>(script_.Below(256));
    program.memory.before_copy_in = [=, this, &program](UserAddress, size_t) mutable {
      if (copies-- != 0 || blocks_.empty()) return;
      const uint64_t block = blocks_[which % blocks_.size()].at;
      if (what == 0) {
        program.memory.SetAccess(UserAddress(block), Access::kNone);
      } else if (what == 1) {
        program.memory.SetAccess(UserAddress(block), Access::kReadOnly);
      } else {
        Poke(program, block + at, value);
      }
    };
    sync_at_ = script_.Flip() ? script_.Below(64) : 0;
    sync_what_ = script_.Below(64);
  }
  // At a call that might fail, another thread comes by: the data path asks nobody's leave.
  void AnotherCpu() {
    if (sync_at_ == 0 || --sync_at_ != 0) return;
    interrupted_ = true;
    control::Session& session = programs_[sync_what_ % kPrograms]->session();
    switch (sync_what_ / kPrograms % 3) {
      case 0:
        static_cast<void>(session.TxSync());
        return;
      case 1:
        static_cast<void>(session.RxSync());
        return;
      default:
        static_cast<void>(session.Poll(control::kPollIn | control::kPollOut, nullptr, true));
    }
  }

  void TakePortAway() {
    LoopPort& port = *ports_[script_.Below(kPorts)];
    if (!port.gone()) system_.control.RemovePort(port);
    CheckRecords();
  }

  // ---- What must hold ----

  Snapshot Look() {
    Snapshot seen;
    for (const memory::Region* const region : regions_) {
      seen.push_back(region->users());
      for (const PoolKind kind : {PoolKind::kInterfaces, PoolKind::kRings, PoolKind::kBuffers}) {
        seen.push_back(region->users() == 0 ? 0 : region->FreeCount(kind));
      }
    }
    for (LoopPort* const port : ports_) {
      seen.insert(seen.end(), {port->users(), port->opened, port->running_rings,
                               port->region().id(), port->gone()});
      ForEachRing(*port, [&](const ring::Ring& ring) {
        seen.insert(seen.end(), {ring.users, ring.exclusive, static_cast<uint64_t>(ring.state()),
                                 ring.created()});
        if (!ring.created()) return;
        seen.insert(seen.end(), {ring.hwcur(), ring.hwtail(), ring.rhead(), ring.rcur(),
                                 ring.rtail(), ring.offset_rule().mask, ring.offset_rule().max,
                                 ring.violations().total(), ring.object(), Hash(ring)});
      });
    }
    for (const auto& program : programs_) {
      const control::Session& session = program->session();
      const port::RingSelection& selection = session.selection();
      seen.insert(seen.end(),
                  {session.bound(), selection.tx.first, selection.tx.last, selection.rx.first,
                   selection.rx.last, reinterpret_cast<uintptr_t>(session.region()),
                   reinterpret_cast<uintptr_t>(session.port())});
    }
    seen.push_back(system_.control.sessions());
    seen.push_back(system_.environment.live());
    return seen;
  }
  // Of the ring's shared memory: FNV-1a.
  static uint64_t Hash(const ring::Ring& ring) {
    const char* const at = platform::RealAddress(
        static_cast<char*>(ring.region()->Address(PoolKind::kRings, ring.object())));
    uint64_t hash = 0xcbf29ce484222325;
    for (uint32_t i = 0; i < 256 + 16 * ring.num_slots(); ++i) {
      hash = (hash ^ static_cast<uint8_t>(at[i])) * 0x100000001b3;
    }
    return hash;
  }
  template <typename Visitor>
  static void ForEachRing(LoopPort& port, Visitor&& visit) {
    for (const Direction direction : {Direction::kTx, Direction::kRx}) {
      for (uint16_t i = 0; i < port.rings(direction); ++i) visit(port.ring(direction, i));
    }
  }

  // The private records agree with each other.
  void CheckRecords() {
    for (LoopPort* const port : ports_) {
      uint32_t bound = 0;
      for (const auto& program : programs_) bound += program->session().port() == port ? 1 : 0;
      MW_CHECK(port->users() == bound);
      MW_CHECK(port->opened == (bound != 0 ? 1u : 0u));
      ForEachRing(*port, [&](const ring::Ring& ring) {
        MW_CHECK(ring.users == Holders(*port, ring));
        MW_CHECK(ring.created() == (ring.users > 0) && (!ring.exclusive || ring.users == 1));
        if (!ring.created()) return;
        const uint32_t slots = ring.num_slots();
        MW_CHECK(ring.hwcur() < slots && ring.hwtail() < slots);
        const uint32_t head = ring::Distance(ring.hwcur(), ring.rhead(), slots);
        const uint32_t cur = ring::Distance(ring.hwcur(), ring.rcur(), slots);
        const uint32_t tail = ring::Distance(ring.hwcur(), ring.rtail(), slots);
        MW_CHECK(head <= cur && cur <= tail && tail < slots);
      });
    }
  }
  uint32_t Holders(const LoopPort& port, const ring::Ring& ring) const {
    uint32_t holders = 0;
    for (const auto& program : programs_) {
      const control::Session& session = program->session();
      if (session.port() != &port) continue;
      holders += session.selection().of(ring.direction()).Contains(ring.id()) ? 1 : 0;
    }
    return holders;
  }

  // Everybody closes: nobody uses anything, and every page is back.
  void End() {
    system_.environment.faults().FailNth(0);
    sync_at_ = 0;
    for (auto& program : programs_) {
      program->memory.before_copy_in = nullptr;
      program->Close();
    }
    for (LoopPort* const port : ports_) {
      MW_CHECK(port->users() == 0 && port->opened == 0 && port->running_rings == 0);
      ForEachRing(*port, [](const ring::Ring& ring) {
        MW_CHECK(!ring.created() && ring.users == 0 && ring.state() == ring::RingState::kOff);
      });
    }
    for (const memory::Region* const region : regions_) {
      MW_CHECK(region->users() == 0 && region->pages() == nullptr);
    }
    MW_CHECK(system_.environment.pages().committed_bytes() == 0);
    MW_CHECK(system_.environment.pages().live_spaces() == 0);
    MW_CHECK(system_.control.sessions() == 0);
    CheckProgress();
    programs_[0].reset();
  }

  // After all that, a port that is still there can be used as if nothing had been.
  void CheckProgress() {
    loads_.Disarm();
    for (uint32_t i = 0; i < kPorts; ++i) {
      if (ports_[i]->gone()) continue;
      Program program(system_.control);
      MW_CHECK(program.Register(ports_[i]->name()).ok());
      MW_CHECK(program.session().region()->id() == memory::kGlobalRegionId);
      netmap_ring* const tx = program.tx(0);
      tx->slot[0].len = 60;
      tx->head = tx->cur = 1;
      MW_CHECK(program.session().TxSync().ok() && program.session().RxSync().ok());
      MW_CHECK(program.rx(0)->tail == 1);
    }
  }

  Script& script_;
  HostileLoads loads_;
  kit::System system_{kParameters};
  LoopPort* ports_[kPorts] = {};
  memory::Region* regions_[kRegions] = {};
  std::unique_ptr<Program> programs_[kPrograms];
  std::vector<Block> blocks_;  // of the request that is being made
  uint32_t sync_at_ = 0;       // calls until another thread syncs; 0: it does not
  uint32_t sync_what_ = 0;
  bool interrupted_ = false;
};

}  // namespace

void Fuzz(const uint8_t* data, size_t size) {
  Script script(data, size);
  Story story(script);
  story.Run();
}

}  // namespace mapwire::fuzz
