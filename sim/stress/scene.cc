#include "sim/stress/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/ring/cyclic.h"
#include "sim/faults/kernel_faults.h"
#include "sim/programs/udp_frame.h"
#include "sim/stress/client.h"
#include "sim/world/hostile.h"
#include "sim/world/world.h"

namespace mapwire::sim {
namespace {

constexpr Time kWatchdog = 100 * kMillisecond;
// From the moment all is healed: the latest DMA, some resets, the link.
constexpr Time kProgressLimit = 8 * kSecond;
constexpr Time kCloseLimit = 5 * kSecond;
constexpr uint64_t kMaxEvents = 20'000'000;
constexpr uint32_t kLookEvery = 32;  // events
constexpr uint64_t kProgressFrames = 5;
constexpr uint32_t kProbeFrames = 20;
constexpr uint16_t kReceiveQueues = 2;
constexpr uint16_t kQueues = 3;
constexpr int kForGood = 1'000'000;        // milliseconds: only a wake-up ends it
constexpr uint32_t kFlowNet = 0x0a4d0000;  // 10.77.side.ring
constexpr memory::RegionRequest kOwnRegion = {{{1024, 4}, {20480, 8}, {2048, 512}}};

Sabotage sabotage_now = Sabotage::kNone;

bool IsInnocent(Role role) {
  return role == Role::kSender || role == Role::kReceiver || role == Role::kForwarder;
}

uint16_t LoadBig16(const uint8_t* from) { return static_cast<uint16_t>(from[0] << 8 | from[1]); }
uint32_t LoadBig32(const uint8_t* from) {
  return uint32_t{LoadBig16(from)} << 16 | LoadBig16(from + 2);
}

// A program of the plan, through all its lives.
struct Actor {
  Actor(const ProgramChoice& c) : choice(c), random(c.seed), kills(c.kills) {}

  const ProgramChoice choice;
  Random random;
  Process* process = nullptr;
  std::unique_ptr<RingAttacker> attacker;
  uint16_t region = 0;
  CallState state;
  uint32_t kills;
  Time kill_at = 0;
  bool stop = false;
  bool open = false;    // it has a port bound
  bool serves = false;  // a receiver: all its rings are bound
  uint64_t received = 0;
  uint64_t base = 0;     // of received, when all was healed
  Time served = 0;       // since then: it was open, and somebody was there who sends to it
  uint64_t session = 0;  // of a receiver: counts its openings
};

// What one opening of a sender sent, as seen by who receives it.
struct Stream {
  Side side = Side::kLeft;
  bool closed = false;
  uint64_t next = 0;     // number of the frame after the last received
  uint64_t session = 0;  // of the receiver that got it
};

class Scene {
 public:
  explicit Scene(const Plan& plan);

  Outcome Run();

 private:
  struct Half {
    Half(uint64_t seed) : faults(seed) {}
    FaultPlan faults;
    Host* host = nullptr;
    HostNic* nic = nullptr;
    std::unique_ptr<KernelFaults> kernel;
    nic::DriverStatistics statistics;
    std::array<uint64_t, ring::kRules> refused{};
    uint64_t lost_gaps = 0;  // places where frames are missing in what this side received

    bool alive() const { return nic->port() != nullptr && nic->port()->linked(); }
    bool gone() const { return !alive() || nic->port()->gone(); }
  };

  // --- Building and phases ---
  void Build();
  void Boot();
  void RunFaults();
  void ExpectProgress();
  bool IsWell(Actor& actor, Time passed, Time since);
  void CloseAll();
  void StartAgain();
  void Probe();
  void Finish();

  // --- Between events ---
  bool RunUntil(const std::function<bool()>& done, Time limit);
  void RunFor(Time time) {
    RunUntil([] { return false; }, world().now() + time);
    if (!failed()) world().engine().RunUntil(world().now());
  }
  void Supervise();
  void Look();
  void LookAtPort(Half& half);
  void ScheduleKill(Actor& actor);
  bool KillIsDue(const Actor& actor) const;
  void Kill(Actor& actor);
  void StartProcess(Actor& actor);
  void RunBody(Actor& actor, Process& process);
  void RunInKernel(Half& half, std::function<void()> body);

  // --- Programs ---
  void Send(Actor& actor, Process& process);
  bool SendSome(Actor& actor, Process& process, Client& port);
  void Receive(Actor& actor, Process& process);
  bool ReceiveSome(Actor& actor, Process& process, std::vector<Client>& ports);
  void Forward(Actor& actor, Process& process);
  void OpenAnything(Actor& actor, Process& process);
  void Scribble(Actor& actor, Process& process);
  void Witness(Actor& actor, Process& process);
  bool Opened(Actor& actor, Process& process, int status);
  bool PortEnded(Actor& actor, int result);
  void CloseChecked(Actor& actor, Client& port);
  void Arrived(Actor& actor, std::span<const uint8_t> frame);
  bool Idle(Actor& actor, Process& process, Time time);

  // --- Judging ---
  void Fail(const std::string& kind, const std::string& text);
  bool failed() const { return !outcome_.failure.empty(); }
  uint64_t Struck(std::initializer_list<FaultSite> sites) const;
  bool MayDamage() const {
    return Struck({FaultSite::kRxLengthBeyond, FaultSite::kRxNoData, FaultSite::kRxEndNever,
                   FaultSite::kTxHeadNonsense, FaultSite::kDmaReadLate}) != 0;
  }
  bool MayRepeat() const {
    return Struck({FaultSite::kTxHeadNonsense, FaultSite::kDmaReadLate}) != 0;
  }
  bool MayLose() const;
  bool HostileOn(Side side) const;

  World& world() { return *world_; }
  Half& half(Side side) { return *halves_[static_cast<size_t>(side)]; }
  Half& HalfOf(const Actor& actor) { return half(actor.choice.side); }
  static Side Other(Side side) { return side == Side::kLeft ? Side::kRight : Side::kLeft; }
  Coverage& coverage() { return outcome_.coverage; }

  const Plan plan_;
  std::unique_ptr<Half> halves_[2];
  std::unique_ptr<World> world_;
  Wire* wire_ = nullptr;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::map<uint16_t, Stream> streams_;  // by the source port of its frames
  uint16_t next_stream_ = 1;
  Random random_;
  Time booted_ = 0;
  Time healed_at_ = 0;  // 0: not yet
  bool closing_ = false;
  uint32_t since_look_ = 0;
  Outcome outcome_;
};

Scene::Scene(const Plan& plan) : plan_(plan), random_(plan.seed ^ 0x5ce4e) {}

Outcome Scene::Run() {
  Build();
  void (Scene::*const phases[])() = {&Scene::Boot,     &Scene::RunFaults,  &Scene::ExpectProgress,
                                     &Scene::CloseAll, &Scene::StartAgain, &Scene::Probe,
                                     &Scene::Finish};
  for (const auto phase : phases) {
    if (!failed()) (this->*phase)();
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const std::string text = half(side).faults.ToText();
    if (!text.empty()) outcome_.faults += fmt::format("{}: {}; ", SideName(side), text);
    for (size_t i = 0; i < kFaultSites; ++i) {
      coverage().struck[i] += half(side).faults.counters(static_cast<FaultSite>(i)).struck;
    }
    for (size_t i = 0; i < ring::kRules; ++i) coverage().refused[i] += half(side).refused[i];
  }
  outcome_.hash = world().trace().HashHex();
  outcome_.events = world().engine().events_run();
  outcome_.virtual_time = world().now();
  return outcome_;
}

// --- Building and phases
// --------------------------------------------------------------------------

void Scene::Build() {
  world_ = std::make_unique<World>(WorldOptions{plan_.seed});
  for (const Side side : {Side::kLeft, Side::kRight}) {
    auto& owner = halves_[static_cast<size_t>(side)];
    owner = std::make_unique<Half>(plan_.seed * 2 + static_cast<uint64_t>(side));
    HostOptions host;
    host.name = SideName(side);
    host.cpu_ghz = plan_.cpu_ghz;
    host.watchdog_period = kWatchdog;
    host.parameters.global_region = {{{1024, 20}, {4096, 40}, {2048, plan_.global_buffers}}};
    owner->host = &world().AddHost(host);
    NicOptions nic;
    nic.port.driver.tx_slots = nic.port.driver.rx_slots = plan_.slots;
    nic.port.driver.queue_pairs = kQueues;
    nic.port.driver.rss_queues = kReceiveQueues;
    nic.port.driver.interrupt_interval_us = plan_.interrupt_interval_us;
    nic.bus.read_jitter = plan_.read_jitter;
    nic.bus.register_latency = plan_.register_latency;
    nic.bounces = plan_.bounces[static_cast<size_t>(side)];
    owner->nic = &world().AddFaultyIxgbe(*owner->host, nic, {}, owner->faults);
    static_cast<IxgbeFaults&>(owner->nic->device()).set_dma_read_delay(plan_.dma_read_delay);
    owner->nic->iommu().set_isolates(plan_.isolates);
    owner->kernel = std::make_unique<KernelFaults>(*owner->host, owner->faults);
  }
  wire_ = &world().Connect(*half(Side::kLeft).nic, *half(Side::kRight).nic, {});
  for (const ProgramChoice& choice : plan_.programs) {
    actors_.push_back(std::make_unique<Actor>(choice));
  }
}

void Scene::Boot() {
  bool faulty = false;
  for (const FaultChoice& choice : plan_.faults) {
    if (choice.at >= 0) continue;
    half(choice.side).faults.Set(choice.site, choice.rule);
    faulty = true;
  }
  const std::string failure = world().Boot();
  booted_ = world().now();
  if (!failure.empty() && !faulty) Fail("boot", failure);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (!half(side).alive()) coverage().Count(State::kStartFailed);
  }
}

void Scene::RunFaults() {
  for (const auto& owner : actors_) {
    Actor& actor = *owner;
    if (actor.choice.role >= Role::kNullAttacker) {
      const Result<memory::Region*> region = HalfOf(actor).host->control().CreateRegion(kOwnRegion);
      if (!region.ok()) continue;
      actor.region = (*region)->id();
    }
    ScheduleKill(actor);
    StartProcess(actor);
  }
  for (const double loss : plan_.loss) {
    wire_->set_loss_from(&loss == &plan_.loss[0] ? 0 : 1, loss);
  }
  std::vector<FaultChoice> later;
  for (const FaultChoice& choice : plan_.faults) {
    if (choice.at >= 0) later.push_back(choice);
  }
  std::stable_sort(later.begin(), later.end(),
                   [](const FaultChoice& a, const FaultChoice& b) { return a.at < b.at; });
  for (const FaultChoice& choice : later) {
    RunUntil([] { return false; }, booted_ + choice.at);
    if (failed()) return;
    half(choice.side).faults.Set(choice.site, choice.rule);
  }
  RunUntil([] { return false; }, booted_ + plan_.fault_time);
  if (sabotage_now == Sabotage::kAbort) std::abort();
  // It does nothing that the world could see, so only the clock on the wall ends it.
  for (volatile uint64_t turns = 0; sabotage_now == Sabotage::kHang;) turns = turns + 1;
}

// Whatever is still there works again; whatever is gone, its users have noticed and closed.
void Scene::ExpectProgress() {
  for (const Side side : {Side::kLeft, Side::kRight}) half(side).faults.HealAll();
  wire_->set_loss_from(0, 0);
  wire_->set_loss_from(1, 0);
  healed_at_ = world().now();
  const Actor* waits = nullptr;
  Time start = 0;
  Time last = 0;
  const auto well = [&] {
    const Time passed = world().now() - last;
    last = world().now();
    bool all = true;
    for (const auto& owner : actors_) {
      Actor& actor = *owner;
      if (IsWell(actor, passed, last - start)) continue;
      waits = &actor;
      all = false;
    }
    return all;
  };
  // What is wrong and not yet noticed must be noticed first.
  RunUntil([] { return false; }, healed_at_ + 4 * kWatchdog);
  if (failed()) return;
  for (const auto& actor : actors_) actor->base = actor->received;
  start = last = world().now();
  if (!RunUntil(well, healed_at_ + kProgressLimit) && !failed()) {
    Fail("progress", fmt::format("{} does not go on {} s after all was healed{}",
                                 waits->choice.name, kProgressLimit / kSecond,
                                 HalfOf(*waits).gone() ? ", and does not see its port gone" : ""));
  }
}

// A program of a port that is gone has closed; one that receives has received. Who could not be
// served (there may be no memory for all) is well too, after a second.
bool Scene::IsWell(Actor& actor, Time passed, Time since) {
  if (!IsInnocent(actor.choice.role)) return true;
  if (half(actor.choice.side).gone()) return !actor.open;
  const Side other = Other(actor.choice.side);
  if (actor.choice.role == Role::kSender || half(other).gone()) return true;
  const bool somebody_sends =
      std::any_of(actors_.begin(), actors_.end(), [other](const auto& sender) {
        return sender->choice.role == Role::kSender && sender->open && sender->choice.side == other;
      });
  if (actor.serves && somebody_sends) actor.served += passed;
  if (actor.received >= actor.base + kProgressFrames) return true;
  return since > kSecond && actor.served < 300 * kMillisecond;
}

void Scene::CloseAll() {
  closing_ = true;
  std::vector<Actor*> order;
  for (const auto& actor : actors_) order.push_back(actor.get());
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.Below(i)]);
  for (Actor* const actor : order) {
    actor->stop = true;
    if (actor->attacker != nullptr) {
      actor->attacker->Stop();
    } else if (actor->process != nullptr && random_.OneIn(3)) {
      Kill(*actor);
    }
    RunFor(static_cast<Time>(random_.Below(2000)) * kMicrosecond);
    if (failed()) return;
  }
  // Who sleeps in poll for good sees no flag.
  RunFor(100 * kMillisecond);
  for (Actor* const actor : order) {
    if (!failed() && actor->process != nullptr && !actor->process->finished()) Kill(*actor);
  }
  if (failed()) return;
  const auto closed = [this] {
    return std::all_of(halves_, halves_ + 2,
                       [](const auto& half) { return half->host->control().sessions() == 0; });
  };
  if (!RunUntil(closed, world().now() + kCloseLimit) && !failed()) {
    Fail("close", "a program does not come to its end");
  }
  for (Actor* const actor : order) {
    if (failed() || actor->attacker == nullptr) continue;
    const HostileResult& result = actor->attacker->result();
    for (size_t i = 0; i < ring::kRules; ++i) coverage().refused[i] += result.by_rule[i];
    const std::string& first = result.first_failure;
    if (first.empty() || first.rfind("REGISTER failed", 0) == 0) continue;
    // A sync that a reset or a look of the watchdog skipped, judges nothing.
    const bool unjudged = first.find("no counter named") != std::string::npos &&
                          actor->choice.role == Role::kAttacker;
    if (!unjudged) Fail("hostile", actor->choice.name + ": " + first);
  }
}

// A driver that did not start, or whose card was pulled out, starts now that all is well.
void Scene::StartAgain() {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    Half& here = half(side);
    if (!here.gone()) continue;
    if (here.nic->port() != nullptr) {
      const nic::NicCounters& counters = here.nic->port()->counters();
      // Cut off for good; or its memory may still be kept.
      if (counters.isolations != 0 || counters.quarantined_queues != 0) continue;
    }
    Status status = kOkStatus;
    RunInKernel(here, [&here, &status] {
      here.nic->Stop();
      status = here.nic->Start();
    });
    if (failed()) return;
    if (!status.ok()) {
      return Fail("start",
                  fmt::format("{}: errno {} with all healed", SideName(side), status.number()));
    }
    coverage().Count(State::kStartedAgain);
  }
}

// Nobody is there any more: new programs find ports that work, both ways.
void Scene::Probe() {
  if (half(Side::kLeft).gone() || half(Side::kRight).gone()) return;
  const auto links = [this] {
    return half(Side::kLeft).nic->port()->carrier() && half(Side::kRight).nic->port()->carrier();
  };
  if (!RunUntil(links, world().now() + kProgressLimit)) {
    return Fail("progress", "a link does not come back");
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    bool ready = false;
    uint32_t received = 0;
    CallState state;
    Process& receiver = world().AddProcess(*half(Other(side)).host, "probe receiver");
    receiver.Start(1, [&](Process& process) {
      Client port(process, state, coverage());
      const int status = port.Open({.mode = NR_REG_ALL_NIC, .flags = NR_RX_RINGS_ONLY});
      if (status != 0) return Fail("probe", fmt::format("receiver: errno {}", -status));
      ready = true;
      std::vector<uint8_t> frame;
      while (received < kProbeFrames && (port.Poll(POLLIN, 1000) & POLLIN) != 0) {
        for (uint32_t i = 0; i < kQueues; ++i) {
          while (port.Pop(port.rx(i), frame)) {
            const UdpFlow flow;
            if (CheckUdpFrame(frame.data(), frame.size(), flow) != received) {
              Fail("probe", "a frame is damaged or out of order");
            }
            ++received;
          }
        }
      }
    });
    RunUntil([&] { return ready || receiver.finished(); }, world().now() + kCloseLimit);
    Process& sender = world().AddProcess(*half(side).host, "probe sender");
    CallState sender_state;
    sender.Start(0, [&](Process& process) {
      Client port(process, sender_state, coverage());
      const int status = port.Open({.flags = NR_TX_RINGS_ONLY});
      if (status != 0) return Fail("probe", fmt::format("sender: errno {}", -status));
      uint8_t frame[100];
      for (uint32_t i = 0; i < kProbeFrames; ++i) {
        WriteUdpFrame(frame, sizeof(frame), {}, i);
        if (!port.Push(port.tx(0), frame)) Fail("probe", "a new ring has no room");
        port.TxSync();
        process.SleepUntil(process.Now() + 100 * kMicrosecond);
      }
      while (Client::Pending(port.tx(0)) != 0 && port.TxSync() == 0) {
        process.SleepUntil(process.Now() + 100 * kMicrosecond);
      }
    });
    RunUntil([&] { return sender.finished() && receiver.finished(); }, world().now() + kCloseLimit);
    if (failed()) return;
    if (received != kProbeFrames) {
      return Fail("probe", fmt::format("{} of {} frames from the {} arrived", received,
                                       kProbeFrames, SideName(side)));
    }
  }
}

void Scene::Finish() {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    Half& here = half(side);
    if (here.nic->port() == nullptr) continue;
    if (!here.gone()) {
      RunInKernel(here, [&here] { here.statistics = here.nic->port()->ReadStatistics(); });
    }
    if (failed()) return;
    if (here.statistics.rx_no_descriptor + here.statistics.rx_missed != 0) {
      coverage().Count(State::kOverrun);
    }
    const ring::ViolationLog& closing = here.host->control().closing_violations();
    const size_t rule = static_cast<size_t>(ring::Rule::kExtraList);
    here.refused[rule] += closing.count[rule];
    if (closing.total() != 0 && !HostileOn(side)) {
      return Fail("violation", "an innocent list of extra buffers was refused");
    }
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (half(side).lost_gaps != 0 && !MayLose()) {
      return Fail("lost", fmt::format("frames are missing at {} places on the {}, and nothing "
                                      "was there to lose them",
                                      half(side).lost_gaps, SideName(side)));
    }
  }
  // Memory that late data may still reach is kept until they are there.
  if (Struck({FaultSite::kDmaReadLate}) != 0) RunFor(plan_.dma_read_delay + 3 * kWatchdog);
  if (failed()) return;
  for (const auto& actor : actors_) actor->attacker.reset();
  if (sabotage_now == Sabotage::kLeak) {
    half(Side::kLeft).nic->iommu().AllocateCoherent(64);
  }
  const std::string left = world().Shutdown();
  if (!left.empty()) return Fail("leak", left);
  for (const auto& half : halves_) half->kernel.reset();
}

// --- Between events
// -------------------------------------------------------------------------------

bool Scene::RunUntil(const std::function<bool()>& done, Time limit) {
  while (!failed()) {
    if (done()) return true;
    if (!world().engine().StepUpTo(limit)) {
      world().engine().RunUntil(limit);
      return done();
    }
    Supervise();
    if (world().engine().events_run() > kMaxEvents) Fail("hang", "too many events");
  }
  return false;
}

void Scene::RunInKernel(Half& half, std::function<void()> body) {
  const Thread& thread = half.host->Spawn("stress", 0, std::move(body));
  if (!RunUntil([&thread] { return thread.finished(); }, world().now() + kProgressLimit)) {
    Fail("hang", "a call of the driver does not return");
  }
}

void Scene::Supervise() {
  for (const auto& actor : actors_) {
    if (KillIsDue(*actor)) Kill(*actor);
  }
  if (++since_look_ < kLookEvery) return;
  since_look_ = 0;
  Look();
  for (const auto& owner : actors_) {
    Actor& actor = *owner;
    if (actor.process == nullptr || !actor.process->finished()) continue;
    actor.open = actor.serves = false;
    if (!actor.stop && !closing_) StartProcess(actor);
  }
}

void Scene::Look() {
  const std::string broken = world().CheckInvariants();
  if (!broken.empty()) return Fail("invariant", broken);
  for (const auto& half : halves_) {
    if (half->nic->port() != nullptr) LookAtPort(*half);
  }
}

void Scene::LookAtPort(Half& half) {
  const auto most = [this](State state, uint64_t value) {
    uint64_t& count = coverage().states[static_cast<size_t>(state)];
    count = std::max(count, value);
  };
  nic::NicPort& port = *half.nic->port();
  const nic::NicCounters& counters = port.counters();
  most(State::kReset, counters.resets);
  most(State::kGivenUp, counters.failed_resets);
  most(State::kCutOff, counters.isolations);
  most(State::kQuarantine, counters.quarantined_queues);
  most(State::kPulledOut, counters.removals);
  most(State::kLostInterrupt, counters.lost_interrupts);
  for (const ring::Direction direction : {ring::Direction::kTx, ring::Direction::kRx}) {
    const bool tx = direction == ring::Direction::kTx;
    for (uint16_t i = 0; i < port.rings(direction); ++i) {
      const ring::Ring& ring = port.ring(direction, i);
      if (!ring.created()) continue;
      most(State::kBusySkip, ring.counters().busy_skips);
      if (ring.counters().slots > ring.num_slots() && (tx || i < kReceiveQueues)) {
        const State first = tx ? State::kWrapTx0 : State::kWrapRx0;
        most(static_cast<State>(static_cast<size_t>(first) + i), 1);
      }
      if (tx && !port.carrier() && ring.hwtail() != ring::Prev(ring.hwcur(), ring.num_slots())) {
        most(State::kPendingWithoutLink, 1);
      }
      for (size_t rule = 0; rule < ring::kRules; ++rule) {
        half.refused[rule] = std::max(half.refused[rule], ring.violations().count[rule]);
      }
    }
  }
}

void Scene::ScheduleKill(Actor& actor) {
  if (actor.kills == 0) return;
  const uint64_t window = static_cast<uint64_t>(plan_.fault_time) + 200 * kMillisecond;
  actor.kill_at = world().now() + static_cast<Time>(actor.random.Below(window / actor.kills)) + 1;
}

bool Scene::KillIsDue(const Actor& actor) const {
  if (actor.kills == 0 || actor.process == nullptr || world_->now() < actor.kill_at) return false;
  if (actor.process->finished()) return false;
  switch (actor.choice.moment) {
    case KillMoment::kAnyTime:
      return true;
    case KillMoment::kInSync:
      return actor.state.call == Call::kSync;
    case KillMoment::kAsleep:
      return actor.state.call == Call::kPoll &&
             actor.process->counters().sleeps != actor.state.sleeps;
    case KillMoment::kInRegister:
      return actor.state.call == Call::kRegister;
  }
  return true;
}

void Scene::Kill(Actor& actor) {
  const bool asleep = actor.process->counters().sleeps != actor.state.sleeps;
  if (actor.state.call == Call::kSync) coverage().Count(State::kKillInSync);
  if (actor.state.call == Call::kRegister) coverage().Count(State::kKillInRegister);
  if (actor.state.call == Call::kPoll && asleep) coverage().Count(State::kKillAsleep);
  actor.process->Kill();
  if (actor.kills > 0) --actor.kills;
  ScheduleKill(actor);
}

void Scene::StartProcess(Actor& actor) {
  const Role role = actor.choice.role;
  Host& host = *HalfOf(actor).host;
  if (role == Role::kAttacker || role == Role::kNullAttacker) {
    RingAttacker::Options options;
    options.ring = actor.choice.ring;
    options.pause = 200 * kMicrosecond;
    if (role == Role::kNullAttacker) {
      if (actor.region == 0) return;
      options.port = "own";
      options.null_region = actor.region;
    } else if (HalfOf(actor).gone()) {
      return;
    }
    actor.attacker = std::make_unique<RingAttacker>(world(), host, actor.choice.name, options);
    actor.attacker->Start(1);
    return;
  }
  actor.process = &world().AddProcess(host, actor.choice.name);
  actor.process->Start(static_cast<uint32_t>(actor.random.Below(2)),
                       [this, &actor](Process& process) { RunBody(actor, process); });
}

void Scene::RunBody(Actor& actor, Process& process) {
  switch (actor.choice.role) {
    case Role::kSender:
      return Send(actor, process);
    case Role::kReceiver:
      return Receive(actor, process);
    case Role::kForwarder:
      return Forward(actor, process);
    case Role::kOpener:
      return OpenAnything(actor, process);
    case Role::kScribbler:
      return Scribble(actor, process);
    case Role::kWitness:
      return Witness(actor, process);
    case Role::kAttacker:
    case Role::kNullAttacker:
      return;
  }
}

// --- Programs
// -------------------------------------------------------------------------------------

bool Scene::Idle(Actor& actor, Process& process, Time time) {
  process.SleepUntil(process.Now() + time);
  return !actor.stop && !failed();
}

// What REGISTER may answer to a correct program; true if it is bound.
bool Scene::Opened(Actor& actor, Process& process, int status) {
  if (status == 0) {
    actor.open = true;
    return true;
  }
  const int allowed[] = {-ENOMEM, -EBUSY, -ENXIO, -EIO, -ETIMEDOUT};
  if (std::find(std::begin(allowed), std::end(allowed), status) == std::end(allowed)) {
    Fail("register", fmt::format("{}: errno {}", actor.choice.name, -status));
  }
  Idle(actor, process, 3 * kMillisecond);
  return false;
}

// True if a call says that the port is gone; a failure if it says so of a port that is there.
bool Scene::PortEnded(Actor& actor, int result) {
  if (result >= 0 && (result & POLLERR) == 0) return false;
  const bool damaged = actor.choice.role == Role::kForwarder && MayDamage();
  if (!HalfOf(actor).gone() && !damaged) {
    Fail("error",
         fmt::format("{}: a call says {} though its port is there", actor.choice.name, result));
  }
  return true;
}

void Scene::CloseChecked(Actor& actor, Client& port) {
  const int status = port.Close();
  if (status != 0) Fail("close", fmt::format("{}: errno {}", actor.choice.name, -status));
}

void Scene::Send(Actor& actor, Process& process) {
  while (!actor.stop && !failed()) {
    Client port(process, actor.state, coverage());
    PortBinding binding{.ring = actor.choice.ring, .flags = NR_TX_RINGS_ONLY};
    if (actor.random.OneIn(4)) {
      // Behind a large one a long frame takes two slots.
      binding.max_offset = 1000;
      binding.initial_offset = static_cast<uint32_t>(actor.random.Below(1000));
    }
    if (!Opened(actor, process, port.Open(binding))) continue;
    const uint16_t id = next_stream_++;
    streams_[id].side = actor.choice.side;
    struct Ended {
      Stream& stream;
      ~Ended() { stream.closed = true; }
    };
    {
      const Ended ended{streams_[id]};
      if (SendSome(actor, process, port) && Client::Pending(port.tx(actor.choice.ring)) != 0) {
        coverage().Count(State::kCloseInFlight);
      }
      CloseChecked(actor, port);
    }
    actor.open = false;
    Idle(actor, process, static_cast<Time>(actor.random.Below(4000)) * kMicrosecond);
  }
}

// One opening; false if the port went away.
bool Scene::SendSome(Actor& actor, Process& process, Client& port) {
  netmap_ring& tx = port.tx(actor.choice.ring);
  Random& random = actor.random;
  UdpFlow flow;
  flow.source = kFlowNet | static_cast<uint32_t>(actor.choice.side) << 8 | actor.choice.ring;
  flow.source_port = static_cast<uint16_t>(next_stream_ - 1);
  flow.destination_port = static_cast<uint16_t>(random.Below(1000));
  const uint32_t batch = 1 + static_cast<uint32_t>(random.Below(24));
  const Time pause = static_cast<Time>(200 + random.Below(4000)) * kMicrosecond;
  const size_t most = random.OneIn(2) ? 60 : random.OneIn(2) ? 500 : 1514;
  const uint64_t bursts = 20 + random.Below(300);
  std::vector<uint8_t> frame;
  uint64_t number = 0;
  for (uint64_t burst = 0; burst < bursts; ++burst) {
    bool full = false;
    for (uint32_t i = 0; i < batch && !full; ++i) {
      frame.resize(60 + random.Below(most - 59));
      WriteUdpFrame(frame.data(), frame.size(), flow, number);
      full = !port.Push(tx, frame);
      if (!full) ++number;
    }
    int result;
    if (full || random.OneIn(4)) {
      if (full) tx.cur = tx.tail;
      result = port.Poll(POLLOUT, 1 + static_cast<int>(random.Below(20)));
      tx.cur = tx.head;
    } else {
      result = port.TxSync();
    }
    if (PortEnded(actor, result)) return false;
    if (!Idle(actor, process, pause)) break;
  }
  // Some leave in order, some do not.
  for (int i = 0; i < 20 && random.OneIn(2) && Client::Pending(tx) != 0; ++i) {
    if (PortEnded(actor, port.TxSync())) return false;
    process.SleepUntil(process.Now() + 20 * kMicrosecond);
  }
  return true;
}

void Scene::Receive(Actor& actor, Process& process) {
  while (!actor.stop && !failed()) {
    // One descriptor for all rings, unless a stranger has one of them; or one for each.
    const bool all = !HostileOn(actor.choice.side) && actor.random.OneIn(2);
    PortBinding binding{.mode = all ? NR_REG_ALL_NIC : NR_REG_ONE_NIC, .flags = NR_RX_RINGS_ONLY};
    if (actor.random.OneIn(4)) {
      binding.max_offset = 128;
      binding.initial_offset = static_cast<uint32_t>(actor.random.Below(128));
    }
    const bool swaps = actor.random.OneIn(3);
    if (swaps) binding.extra_buffers = 1 + static_cast<uint32_t>(actor.random.Below(64));
    std::vector<Client> ports;
    ports.reserve(kReceiveQueues);
    bool open = true;
    for (uint16_t i = 0; open && i < (all ? 1 : kReceiveQueues); ++i) {
      binding.ring = i;
      ports.emplace_back(process, actor.state, coverage());
      ports.back().set_swaps(swaps);
      open = Opened(actor, process, ports.back().Open(binding));
      if (!open) ports.pop_back();
    }
    if (open) {
      ++actor.session;
      actor.serves = true;
      ReceiveSome(actor, process, ports);
    }
    actor.serves = false;
    for (Client& port : ports) CloseChecked(actor, port);
    actor.open = false;
    if (!actor.stop)
      Idle(actor, process, static_cast<Time>(actor.random.Below(3000)) * kMicrosecond);
  }
}

bool Scene::ReceiveSome(Actor& actor, Process& process, std::vector<Client>& ports) {
  std::vector<Client*> all;
  for (Client& port : ports) all.push_back(&port);
  std::vector<uint8_t> frame;
  const uint64_t rounds = 200 + actor.random.Below(4000);
  // Some sleep for as long as it takes.
  const int patience =
      actor.random.OneIn(2) ? kForGood : 1 + static_cast<int>(actor.random.Below(30));
  for (uint64_t round = 0; round < rounds && !actor.stop && !failed(); ++round) {
    const int result = Client::PollAll(process, actor.state, coverage(), all, POLLIN, patience);
    if (PortEnded(actor, result)) return false;
    for (Client& port : ports) {
      const uint32_t first = port.session().selection().rx.first;
      for (uint32_t i = first; i < port.session().selection().rx.last; ++i) {
        netmap_ring& rx = port.rx(i);
        if (sabotage_now == Sabotage::kStopReceiving && healed_at_ != 0) {
          process.SleepUntil(process.Now() + 10 * kMillisecond);
          continue;
        }
        while (port.Pop(rx, frame)) Arrived(actor, frame);
        if (rx.head != rx.tail && !failed() && sabotage_now == Sabotage::kNone) {
          Fail("half", actor.choice.name + " sees a frame without an end");
        }
      }
    }
    if (actor.random.OneIn(50)) {
      process.SleepUntil(process.Now() + static_cast<Time>(actor.random.Below(500)) * kMicrosecond);
    }
  }
  return true;
}

void Scene::Forward(Actor& actor, Process& process) {
  while (!actor.stop && !failed()) {
    std::vector<Client> ports;
    ports.reserve(kReceiveQueues);
    bool open = true;
    for (uint16_t i = 0; open && i < kReceiveQueues; ++i) {
      ports.emplace_back(process, actor.state, coverage());
      PortBinding binding{.ring = i};
      open = Opened(actor, process, ports.back().Open(binding));
      if (!open) ports.pop_back();
    }
    std::vector<Client*> both;
    for (Client& port : ports) both.push_back(&port);
    const uint64_t rounds = 200 + actor.random.Below(2000);
    if (open) ++actor.session;
    actor.serves = open;
    for (uint64_t round = 0; open && round < rounds && !actor.stop && !failed(); ++round) {
      if (PortEnded(actor, Client::PollAll(process, actor.state, coverage(), both, POLLIN, 20))) {
        break;
      }
      for (uint32_t i = 0; i < kReceiveQueues; ++i) {
        uint64_t moved = 0;
        while (ports[i].Forward(ports[i].rx(i), ports[i].tx(i))) ++moved;
        actor.received += moved;
        if (ports[i].TxSync() != 0) break;
      }
      process.SleepUntil(process.Now() + 50 * kMicrosecond);
    }
    actor.serves = false;
    for (Client& port : ports) CloseChecked(actor, port);
    actor.open = false;
    Idle(actor, process, static_cast<Time>(actor.random.Below(3000)) * kMicrosecond);
  }
}

// Opens what others may have open too, and only calls: it writes nothing but takes place.
void Scene::OpenAnything(Actor& actor, Process& process) {
  Random& random = actor.random;
  while (!actor.stop && !failed()) {
    Client port(process, actor.state, coverage());
    PortBinding binding;
    const uint32_t modes[] = {NR_REG_ONE_NIC, NR_REG_ONE_NIC, NR_REG_ALL_NIC};
    binding.mode = modes[random.Below(3)];
    binding.ring = static_cast<uint16_t>(random.Below(kQueues));
    const uint64_t flags[] = {
        0, 0, NR_RX_RINGS_ONLY, NR_TX_RINGS_ONLY, NR_EXCLUSIVE, NR_NO_TX_POLL};
    binding.flags = flags[random.Below(6)];
    if (random.OneIn(2)) binding.extra_buffers = static_cast<uint32_t>(random.Below(700));
    if (random.OneIn(5)) {
      binding.max_offset = 1 + static_cast<uint32_t>(random.Below(300));
      binding.initial_offset = static_cast<uint32_t>(random.Below(binding.max_offset));
    }
    if (!Opened(actor, process, port.Open(binding))) continue;
    for (const auto& other : actors_) {
      const bool receives = other->choice.role == Role::kReceiver && other->open;
      if (receives && other->choice.side == actor.choice.side &&
          port.session().selection().rx.Contains(0)) {
        coverage().Count(State::kSharedRing);
      }
    }
    const uint64_t calls = random.Below(60);
    for (uint64_t i = 0; i < calls && !actor.stop; ++i) {
      const uint64_t what = random.Below(4);
      if (what == 0) port.TxSync();
      if (what == 1) port.RxSync();
      if (what == 2) {
        const int patience = static_cast<int>(random.Below(4));
        port.Poll(static_cast<short>(random.Below(8)), patience);
      }
      if (what == 3) Idle(actor, process, static_cast<Time>(random.Below(3000)) * kMicrosecond);
    }
    CloseChecked(actor, port);
    actor.open = false;
  }
}

// A frame of `slots` slots that is too long for the card, one way or the other.
void WriteChain(netmap_ring& tx, uint32_t slots, uint16_t bytes) {
  if (Client::Space(tx) <= slots || tx.head >= tx.num_slots) return;
  for (uint32_t i = 0; i < slots; ++i) {
    netmap_slot& slot = tx.slot[tx.head];
    slot.len = bytes;
    slot.flags = i + 1 < slots ? NS_MOREFRAG : 0;
    tx.head = Client::Next(tx, tx.head);
  }
  tx.cur = tx.head;
}

// Garbage in a ring pair of its own, which never names a buffer that is somebody else's.
void Scene::Scribble(Actor& actor, Process& process) {
  Random& random = actor.random;
  while (!actor.stop && !failed()) {
    Client port(process, actor.state, coverage());
    PortBinding binding{.ring = actor.choice.ring};
    binding.extra_buffers = static_cast<uint32_t>(random.Below(8));
    if (random.OneIn(2)) {
      binding.max_offset = 64;
      binding.initial_offset = static_cast<uint32_t>(random.Below(64));
    }
    if (!Opened(actor, process, port.Open(binding))) continue;
    netmap_ring& tx = port.tx(actor.choice.ring);
    netmap_ring& rx = port.rx(actor.choice.ring);
    for (uint64_t i = 20 + random.Below(200); i > 0 && !actor.stop; --i) {
      for (netmap_ring* const ring : {&tx, &rx}) {
        netmap_slot& slot = ring->slot[random.Below(plan_.slots)];
        slot.len = static_cast<uint16_t>(random.OneIn(2) ? 60 : random.Next());
        const uint64_t offset = random.OneIn(2) ? random.Next() : 0;
        slot.ptr = offset == 0 ? 0 : offset >> random.Below(64);
        slot.flags = static_cast<uint16_t>(random.OneIn(4) ? random.Below(64) : 0);
        // Off by one, at both ends.
        if (random.OneIn(8)) {
          const uint32_t heads[] = {Client::Next(*ring, ring->tail), plan_.slots,
                                    (ring->head + plan_.slots - 1) % plan_.slots};
          ring->head = ring->cur = heads[random.Below(3)];
        } else {
          const uint32_t step = static_cast<uint32_t>(random.Below(8));
          for (uint32_t k = 0; k < step && ring->head != ring->tail && ring->head < plan_.slots;
               ++k) {
            ring->head = Client::Next(*ring, ring->head);
          }
          ring->cur = random.OneIn(8) ? ring->tail + 1 : ring->head;
        }
      }
      if (random.OneIn(4)) {
        const bool many = random.OneIn(2);
        WriteChain(tx, many ? 45 : 12, many ? 60 : 2000);
      }
      int result = 0;
      if (random.OneIn(2)) {
        result = port.TxSync();
      } else {
        port.Poll(POLLIN | POLLOUT, static_cast<int>(random.Below(3)));
      }
      if (result == -EIO) break;
      Idle(actor, process, static_cast<Time>(random.Below(1000)) * kMicrosecond);
    }
    const uint32_t lists[] = {1, 0xffffffff, plan_.global_buffers, tx.slot[0].buf_idx};
    if (random.OneIn(2)) port.interface().ni_bufs_head = lists[random.Below(4)];
    CloseChecked(actor, port);
    actor.open = false;
  }
}

// Its own region is nobody else's: every byte stays.
void Scene::Witness(Actor& actor, Process& process) {
  if (actor.region == 0) return;
  while (!actor.stop && !failed()) {
    Client port(process, actor.state, coverage());
    PortBinding binding{.port = "mine",
                        .mode = NR_REG_NULL,
                        .region = actor.region,
                        .made_rings = 1,
                        .made_slots = 64};
    if (!Opened(actor, process, port.Open(binding))) continue;
    const uint32_t bytes = port.tx(0).nr_buf_size;
    std::vector<uint32_t> buffers;
    for (netmap_ring* const ring : {&port.tx(0), &port.rx(0)}) {
      for (uint32_t i = 0; i < ring->num_slots; ++i) buffers.push_back(ring->slot[i].buf_idx);
    }
    for (const uint32_t buffer : buffers) {
      std::memset(Client::Buffer(port.tx(0), buffer), static_cast<int>(buffer % 251), bytes);
    }
    const uint64_t rounds = 5 + actor.random.Below(100);
    for (uint64_t round = 0; round < rounds && !actor.stop; ++round) {
      Idle(actor, process, 10 * kMillisecond);
      for (const uint32_t buffer : buffers) {
        const uint8_t* const at = Client::Buffer(port.tx(0), buffer);
        if (at[0] == buffer % 251 && std::memcmp(at, at + 1, bytes - 1) == 0) continue;
        return Fail("region", actor.choice.name + ": its region was changed");
      }
    }
    CloseChecked(actor, port);
    actor.open = false;
  }
}

// A frame that an innocent program received: whole, in its place, and not for the second time.
void Scene::Arrived(Actor& actor, std::span<const uint8_t> frame) {
  ++actor.received;
  ++outcome_.frames;
  const Side side = actor.choice.side;
  const auto refuse = [&](const char* kind, const std::string& what) {
    Fail(kind, fmt::format("{}: {} ({} bytes)", actor.choice.name, what, frame.size()));
  };
  const bool strange = HostileOn(Other(side));
  if (frame.size() < kMinUdpFrame) {
    if (!MayDamage() && !strange) refuse("damage", "a frame too short");
    return;
  }
  UdpFlow flow;
  flow.source = LoadBig32(&frame[26]);
  flow.source_port = LoadBig16(&frame[34]);
  flow.destination_port = LoadBig16(&frame[36]);
  const auto stream = streams_.find(flow.source_port);
  const bool ours = flow.source >> 16 == kFlowNet >> 16 && stream != streams_.end();
  if (!ours) {
    if (!MayDamage() && !strange) refuse("foreign", "a frame that nobody sent");
    return;
  }
  Stream& from = stream->second;
  // Buffers of who closed may be a hostile program's now, and be sent again as they are.
  const bool stale = strange && (from.closed || from.side == side);
  const std::optional<uint64_t> number = CheckUdpFrame(frame.data(), frame.size(), flow);
  if (!number) {
    if (!MayDamage() && !stale) refuse("damage", "a frame is not as it was sent");
    return;
  }
  if (*number < from.next) {
    if (!MayRepeat() && !stale) {
      refuse("order", fmt::format("number {} of stream {} after {}", *number, flow.source_port,
                                  from.next - 1));
    }
    return;
  }
  if (from.session == actor.session && *number != from.next && from.next != 0) {
    ++half(side).lost_gaps;
  }
  from.session = actor.session;
  from.next = *number + 1;
  if (sabotage_now == Sabotage::kReorder && *number == 40) from.next = 100;
}

// --- Judging
// --------------------------------------------------------------------------------------

void Scene::Fail(const std::string& kind, const std::string& text) {
  if (failed()) return;
  outcome_.failure =
      fmt::format("{}: {} (at {:.6f} s)", kind, text, static_cast<double>(world().now()) / kSecond);
}

uint64_t Scene::Struck(std::initializer_list<FaultSite> sites) const {
  uint64_t struck = 0;
  for (const FaultSite site : sites) {
    for (const auto& half : halves_) struck += half->faults.counters(site).struck;
  }
  return struck;
}

bool Scene::MayLose() const {
  for (const ProgramChoice& choice : plan_.programs) {
    if (choice.role == Role::kForwarder) return true;  // it comes and goes in the middle
  }
  for (const auto& half : halves_) {
    const nic::DriverStatistics& s = half->statistics;
    if (s.rx_missed + s.rx_no_descriptor + s.rx_crc_errors + s.rx_length_errors != 0) return true;
    // A card that is gone tells no numbers.
    if (half->gone()) return true;
  }
  return plan_.loss[0] + plan_.loss[1] > 0 ||
         Struck({FaultSite::kTxFetchHang, FaultSite::kTxReportHang, FaultSite::kTxHeadNonsense,
                 FaultSite::kRxLengthBeyond, FaultSite::kRxNoData, FaultSite::kRxEndNever,
                 FaultSite::kRxReportLost, FaultSite::kLinkFlap, FaultSite::kModuleMissing,
                 FaultSite::kDmaReadLate, FaultSite::kSelfReset, FaultSite::kResetNeverEnds,
                 FaultSite::kRemoval}) != 0;
}

bool Scene::HostileOn(Side side) const {
  return std::any_of(plan_.programs.begin(), plan_.programs.end(),
                     [side](const ProgramChoice& choice) {
                       return choice.side == side &&
                              (choice.role == Role::kAttacker || choice.role == Role::kScribbler);
                     });
}

}  // namespace

void SetSabotage(Sabotage sabotage) { sabotage_now = sabotage; }

Outcome RunScene(const Plan& plan) {
  auto scene = std::make_unique<Scene>(plan);
  Outcome outcome = scene->Run();
  // Fibers in the middle of a call, and memory of core: nothing can be taken down in good order.
  if (!outcome.failure.empty()) static_cast<void>(scene.release());
  return outcome;
}

}  // namespace mapwire::sim
