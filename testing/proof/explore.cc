#include "testing/proof/explore.h"

#include <algorithm>

#include "testing/proof/attack.h"
#include "testing/proof/stage.h"

namespace mapwire::proof {

using ring::Direction;
using sim::ChoiceKind;
using sim::Chooser;

namespace {

// A sync may look at each slot of its ring this often, and at what stands around them this much.
constexpr uint64_t kMostLoads = 8 * kSlots + 16;

void Must(bool held, const char* what) {
  if (!held) Fail(what);
}

struct TxVariant {
  const char* name;
  bool fragments;
  uint32_t max_offset;
};
struct RxVariant {
  const char* name;
  uint32_t max_offset;
};

// A bound stage whose rings of pair 0 both stand at `phase`.
void Prepare(Stage& stage, uint32_t phase, uint32_t max_offset, uint32_t extra_buffers = 0) {
  const Status bound = stage.Bind(stage.suspect, 0, extra_buffers, max_offset);
  if (!bound.ok()) Fail("the suspect cannot bind: errno " + std::to_string(bound.number()));
  stage.BindOthers();
  for (uint32_t i = 0; i < phase; ++i) {
    stage.Fill(stage.suspect, 0, 1, 0x20);
    Must(stage.suspect.session().TxSync().ok() && stage.nic.Send(0) == 1, "no frame was sent");
    Must(stage.suspect.session().TxSync().ok(), "no slot came back");
    Must(stage.nic.Receive(0, 64, 0x21) && stage.suspect.session().RxSync().ok(),
         "no frame was received");
    stage.Return(stage.suspect, 0, 1);
    Must(stage.suspect.session().RxSync().ok(), "no slot was given back");
  }
}

// One call under attack, and everything that is promised of it. Returns whether memory of the
// region was changed.
template <typename Call>
bool Attacked(Stage& stage, bool positions_once, Call&& call) {
  stage.Remember();
  const uint64_t loads = stage.loads();
  const uint64_t violations = stage.Violations();
  bool spared = true;
  bool region_changed = false;
  {
    Attack attack(stage);
    call();
    region_changed = attack.touched_region();
    spared = !attack.touched_neighbour();
    if (positions_once && attack.most_loads_of_a_position() > 1) Fail("head or cur read twice");
    if (attack.changes() == 0 && stage.Violations() != violations) {
      Fail("a program that behaves is blamed");
    }
  }
  if (stage.loads() - loads > 2 * kMostLoads) Fail("a call that reads without end");
  stage.Judge(spared);
  if (spared) stage.JudgeNeighbourWorks();
  return region_changed;
}

void TxSync(Chooser& chooser, uint32_t phase, uint32_t pending, const TxVariant& variant) {
  Stage stage(chooser);
  Prepare(stage, phase, variant.max_offset);
  stage.Fill(stage.suspect, 0, pending, 0x22);
  netmap_ring* const shared = stage.Shared(stage.suspect, Direction::kTx);
  for (uint32_t i = 0; variant.fragments && i + 1 < pending; ++i) {
    shared->slot[(phase + i) % kSlots].flags = NS_MOREFRAG;
  }
  Attacked(stage, true, [&] {
    Must(stage.suspect.session().TxSync().ok(), "a sync of a port that is there fails");
  });
  stage.JudgeSuspectRecovers();
}

void RxSync(Chooser& chooser, uint32_t phase, uint32_t seen, uint32_t fresh,
            const RxVariant& variant) {
  Stage stage(chooser);
  Prepare(stage, phase, variant.max_offset);
  for (uint32_t i = 0; i < seen; ++i) Must(stage.nic.Receive(0, 64, 0x23), "no room");
  Must(stage.suspect.session().RxSync().ok(), "frames cannot be received");
  for (uint32_t i = 0; i < fresh; ++i) Must(stage.nic.Receive(0, 64, 0x24), "no room");
  stage.Return(stage.suspect, 0, seen);
  Attacked(stage, true, [&] {
    Must(stage.suspect.session().RxSync().ok(), "a sync of a port that is there fails");
  });
  stage.JudgeSuspectRecovers();
}

void Poll(Chooser& chooser, uint32_t phase, uint32_t events) {
  Stage stage(chooser);
  Prepare(stage, phase, 0);
  Must(stage.nic.Receive(0, 64, 0x25) && stage.suspect.session().RxSync().ok(), "no frame");
  stage.Return(stage.suspect, 0, 1);
  stage.Fill(stage.suspect, 0, 2, 0x26);
  Attacked(stage, false, [&] {
    const uint32_t answer = stage.suspect.session().Poll(events, nullptr, true);
    Must((answer & ~(events | control::kPollErr)) == 0, "poll answers what nobody asked");
  });
  stage.JudgeSuspectRecovers();
}

// A request under attack succeeds or fails; either way it must be possible to undo it.
template <typename Call>
void Requested(Chooser& chooser, Call&& call) {
  Stage stage(chooser);
  stage.BindOthers();
  const size_t live = stage.environment.live();
  const uint32_t buffers = stage.shared_region().FreeCount(memory::PoolKind::kBuffers);
  const bool region_changed = Attacked(stage, false, [&] {
    const Status status = call(stage.suspect);
    if (!status.ok() && stage.suspect.bound()) Fail("a request that failed has bound");
  });
  if (stage.suspect.bound()) {
    static_cast<void>(stage.suspect.session().TxSync());
    static_cast<void>(stage.suspect.session().RxSync());
  }
  stage.suspect.Close();
  if (stage.environment.live() + 1 != live) Fail("memory is lost by a request");
  // A buffer that a slot was changed not to name any more is nobody's until the region is idle.
  const uint32_t free = stage.shared_region().FreeCount(memory::PoolKind::kBuffers);
  if (free > buffers || (free < buffers && !region_changed)) Fail("buffers are lost by a request");
  stage.suspect.Reopen();
  stage.suspect.reg = {};
  Must(stage.Bind(stage.suspect, 0).ok(), "the port cannot be bound again");
  stage.JudgeSuspectRecovers();
}

Status RegisterWithOption(kit::Program& program) {
  program.reg = kit::Registration(NR_REG_ONE_NIC);
  nmreq_opt_offsets offsets{};
  offsets.nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
  offsets.nro_max_offset = 64;
  offsets.nro_offset_bits = 16;
  const UserAddress option =
      program.AddOption(offsets.nro_opt, reinterpret_cast<char*>(&offsets) + sizeof(nmreq_option),
                        sizeof(offsets) - sizeof(nmreq_option));
  return program.Register("em0", program.reg, {option});
}

Status RegisterWithExtraBuffers(kit::Program& program) {
  program.reg = kit::Registration(NR_REG_ONE_NIC);
  program.reg.nr_extra_bufs = 3;
  return program.Register("em0", program.reg);
}

Status LegacyRequest(kit::Program& program, uint32_t command) {
  nmreq request{};
  std::snprintf(request.nr_name, sizeof(request.nr_name), "em0");
  request.nr_version = NETMAP_API;
  request.nr_ringid = NETMAP_HW_RING;
  request.nr_arg3 = 2;
  return program.Ioctl(command, program.memory.Put(request));
}

void Close(Chooser& chooser, uint32_t phase, uint32_t extra_buffers) {
  Stage stage(chooser);
  Prepare(stage, phase, 0, extra_buffers);
  Must(stage.nic.Receive(0, 64, 0x27) && stage.suspect.session().RxSync().ok(), "no frame");
  stage.Fill(stage.suspect, 0, 1, 0x28);
  stage.Remember();
  bool spared = true;
  {
    const uint64_t loads = stage.loads();
    Attack attack(stage);
    stage.suspect.Close();
    spared = !attack.touched_neighbour();
    // Every slot of the region's rings once or twice, every buffer of the list once.
    if (stage.loads() - loads > 8 * kSlots * 2 + kBuffers + 16) Fail("a close without end");
  }
  stage.Judge(spared);
  // What the suspect writes into the neighbour's slots is between the two; what the device has been
  // given is not.
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    ring::Ring& ring = stage.ring(direction, 1);
    for (uint32_t i = ring.hwtail(); i != ring.hwcur(); i = ring::Next(i, kSlots)) {
      Must(stage.shared_region().IsAllocated(memory::PoolKind::kBuffers, ring.known_buffers()[i]),
           "a buffer the neighbour's device may write to was given away");
    }
  }
  if (spared) stage.JudgeNeighbourWorks();
  stage.suspect.Reopen();
  // What nobody names comes back when the region is idle; there is enough for one more.
  Must(stage.Bind(stage.suspect, 0).ok(), "the port cannot be bound again");
  stage.JudgeSuspectRecovers();
}

}  // namespace

std::vector<Script> ExploreScripts() {
  static constexpr TxVariant kTx[] = {
      {"plain", false, 0}, {"fragments", true, 0}, {"offsets", false, 64}};
  static constexpr RxVariant kRx[] = {{"plain", 0}, {"offsets", 64}};
  std::vector<Script> scripts;
  const auto add = [&](std::string name, std::function<void(Chooser&)> run) {
    scripts.push_back({std::move(name), std::move(run), {{ChoiceKind::kValue, 1}}});
  };
  for (uint32_t phase = 0; phase < kSlots; ++phase) {
    const std::string at = "@" + std::to_string(phase);
    for (const TxVariant& variant : kTx) {
      for (uint32_t pending = variant.fragments ? 2 : 0; pending < kSlots; ++pending) {
        add(std::string("txsync-") + variant.name + "-" + std::to_string(pending) + at,
            [=](Chooser& chooser) { TxSync(chooser, phase, pending, variant); });
      }
    }
    for (const RxVariant& variant : kRx) {
      for (const auto& [seen, fresh] :
           {std::pair{0u, 0u}, {0u, 3u}, {1u, 0u}, {2u, 1u}, {3u, 0u}}) {
        add(std::string("rxsync-") + variant.name + "-" + std::to_string(seen) + "-" +
                std::to_string(fresh) + at,
            [=, seen = seen, fresh = fresh](Chooser& chooser) {
              RxSync(chooser, phase, seen, fresh, variant);
            });
      }
    }
    add("poll-in" + at, [=](Chooser& chooser) { Poll(chooser, phase, control::kPollIn); });
    add("poll-out" + at, [=](Chooser& chooser) { Poll(chooser, phase, control::kPollOut); });
    add("close" + at, [=](Chooser& chooser) { Close(chooser, phase, 0); });
    add("close-extra" + at, [=](Chooser& chooser) { Close(chooser, phase, 3); });
  }
  add("register", [](Chooser& chooser) {
    Requested(chooser, [](kit::Program& program) { return program.Register("em0"); });
  });
  add("register-option", [](Chooser& chooser) { Requested(chooser, RegisterWithOption); });
  add("register-extra", [](Chooser& chooser) { Requested(chooser, RegisterWithExtraBuffers); });
  add("legacy-regif", [](Chooser& chooser) {
    Requested(chooser, [](kit::Program& program) { return LegacyRequest(program, NIOCREGIF); });
  });
  add("legacy-ginfo", [](Chooser& chooser) {
    Requested(chooser, [](kit::Program& program) { return LegacyRequest(program, NIOCGINFO); });
  });
  return scripts;
}

SearchReport Search(const Script& script, const Bounds& bounds, uint64_t limit) {
  sim::SearchChooser search(bounds);
  Stage::describe = [&] {
    return "./mapwire explore --script '" + script.name + "' --replay '" +
           ToText(search.decisions()) + "'";
  };
  bool more = true;
  while (more && (limit == 0 || search.executions() < limit)) {
    script.run(search);
    more = search.Next();
  }
  Stage::describe = nullptr;
  SearchReport report;
  report.executions = search.executions();
  report.points = search.points();
  report.exhausted = search.exhausted();
  report.diverged = search.diverged();
  for (size_t kind = 0; kind < sim::kChoiceKinds; ++kind) {
    report.most_alternatives =
        std::max(report.most_alternatives, search.most_alternatives(static_cast<ChoiceKind>(kind)));
  }
  return report;
}

void Draw(const Script& script, uint64_t seed, uint64_t runs, uint32_t rarity) {
  for (uint64_t run = 0; run < runs; ++run) {
    sim::SeededChooser chooser(seed + run, rarity);
    Stage::describe = [&] {
      return "./mapwire explore --script '" + script.name + "' --replay '" +
             ToText(chooser.decisions()) + "'";
    };
    script.run(chooser);
  }
  Stage::describe = nullptr;
}

void Replay(const Script& script, const sim::Decisions& decisions) {
  sim::ReplayChooser chooser(decisions);
  Stage::describe = [&] { return "replayed: " + script.name + " " + ToText(decisions); };
  script.run(chooser);
  Stage::describe = nullptr;
}

}  // namespace mapwire::proof
