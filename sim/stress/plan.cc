#include "sim/stress/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "sim/engine/random.h"

namespace mapwire::sim {
namespace {

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

// Behind the name of a program: it stays, and is not killed.
constexpr const char* kKills = ":kills";

// About as often small as large.
uint64_t Logarithmic(Random& random, uint32_t bits) {
  const uint64_t size = random.Below(bits) + 1;
  return 1 + random.Below(uint64_t{1} << size);
}

// At one in so many, `most` times. Draws one after the other: compilers order arguments as they
// like.
FaultRule DrawRarely(uint64_t most, uint32_t bits, Random& random) {
  return FaultRule::OneIn(Logarithmic(random, bits), most);
}

FaultRule DrawRule(FaultSite site, Random& random) {
  switch (site) {
    case FaultSite::kRemoval:
      return FaultRule::Nth(Logarithmic(random, 12));
    case FaultSite::kModuleMissing:
    case FaultSite::kResetNeverEnds:
    case FaultSite::kEepromDamaged:
      return random.OneIn(2) ? FaultRule::Always() : FaultRule::Nth(1 + random.Below(3));
    case FaultSite::kSelfReset:
    case FaultSite::kDmaReadLate: {
      const uint64_t most = 1 + random.Below(3);
      return DrawRarely(most, 11, random);
    }
    case FaultSite::kLinkFlap: {
      const uint64_t most = 1 + random.Below(4);
      return DrawRarely(most, 10, random);
    }
    case FaultSite::kRxReportLost: {
      // Never all reports of a ring: a queue that got nothing looks the same (docs/nic-faults.md).
      const uint64_t most = 1 + random.Below(6);
      return DrawRarely(most, 9, random);
    }
    default:
      break;
  }
  const uint64_t kind = random.Below(8);
  if (kind == 0) return FaultRule::Always();
  if (kind < 4) return FaultRule::Nth(Logarithmic(random, 9));
  const uint64_t rarity = Logarithmic(random, 9);
  return FaultRule::OneIn(rarity, random.OneIn(3) ? 0 : 1 + random.Below(20));
}

void DrawFaults(Plan& plan, Random& random) {
  const uint64_t most = random.Below(6);  // about so many on each side
  const bool boot = random.OneIn(8);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    for (size_t i = 0; i < kFaultSites; ++i) {
      Random own = random.Fork();
      if (own.Below(kFaultSites) >= most) continue;
      FaultChoice choice;
      choice.side = side;
      choice.site = static_cast<FaultSite>(i);
      choice.rule = DrawRule(choice.site, own);
      choice.at = static_cast<Time>(own.Below(static_cast<uint64_t>(plan.fault_time)));
      const bool of_boot =
          choice.site == FaultSite::kModuleMissing || choice.site == FaultSite::kEepromDamaged;
      if (boot && own.OneIn(of_boot ? 1 : 3)) choice.at = -1;
      plan.faults.push_back(choice);
    }
  }
}

void AddProgram(Plan& plan, Random& random, Role role, const char* what, Side side, uint16_t ring) {
  Random own = random.Fork();
  ProgramChoice choice;
  choice.name = fmt::format("{}-{}-{}", SideName(side), what, ring);
  choice.role = role;
  choice.side = side;
  choice.ring = ring;
  choice.seed = own.Next();
  const bool can_be_killed = role != Role::kAttacker && role != Role::kNullAttacker;
  if (can_be_killed && own.OneIn(3)) choice.kills = 1 + static_cast<uint32_t>(own.Below(3));
  choice.moment = static_cast<KillMoment>(own.Below(4));
  plan.programs.push_back(choice);
}

// Received frames come to queues 0 and 1; queue 2 is the hostile programs'.
void DrawPrograms(Plan& plan, Random& random) {
  const bool hostile = random.OneIn(2);
  const bool forward = random.OneIn(4);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const bool forwards = forward && side == Side::kRight;
    if (forwards) {
      AddProgram(plan, random, Role::kForwarder, "forwarder", side, 0);
    } else {
      AddProgram(plan, random, Role::kReceiver, "receiver", side, 0);
      AddProgram(plan, random, Role::kSender, "sender", side, 0);
    }
    // A sender on ring 1 of every side, and on 2 where nobody hostile is.
    if (random.OneIn(2)) AddProgram(plan, random, Role::kSender, "sender", side, 1);
    // What a hostile program sends may be stale frames of others; a forwarder would send them on.
    const bool hostile_here = random.OneIn(2) && hostile && !forward;
    if (!hostile_here && random.OneIn(2)) {
      AddProgram(plan, random, Role::kSender, "sender", side, 2);
    }
    if (random.OneIn(3)) AddProgram(plan, random, Role::kOpener, "opener", side, 0);
    if (hostile_here) {
      const bool scribbles = random.OneIn(2);
      AddProgram(plan, random, scribbles ? Role::kScribbler : Role::kAttacker,
                 scribbles ? "scribbler" : "attacker", side, 2);
    }
    if (hostile && random.OneIn(3)) {
      AddProgram(plan, random, Role::kNullAttacker, "null-attacker", side, 0);
    }
    if (random.OneIn(3)) AddProgram(plan, random, Role::kWitness, "witness", side, 0);
  }
}

struct Pattern {
  std::optional<Side> side;
  FaultSite site = FaultSite::kTxFetchHang;
  std::optional<FaultRule> rule;
};

bool ParsePattern(std::string text, Pattern& pattern) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const std::string prefix = std::string(SideName(side)) + ":";
    if (text.rfind(prefix, 0) != 0) continue;
    pattern.side = side;
    text = text.substr(prefix.size());
  }
  if (const size_t at = text.find('@'); at != std::string::npos) {
    FaultRule rule;
    unsigned long long first, rarity, most;
    int used = 0;
    const std::string numbers = text.substr(at + 1);
    if (std::sscanf(numbers.c_str(), "%llu/%llu/%llu%n", &first, &rarity, &most, &used) != 3 ||
        static_cast<size_t>(used) != numbers.size() || rarity == 0) {
      return false;
    }
    rule.first = first;
    rule.rarity = rarity;
    rule.most = most;
    pattern.rule = rule;
    text = text.substr(0, at);
  }
  const std::optional<FaultSite> site = FaultSiteNamed(text);
  if (!site) return false;
  pattern.site = *site;
  return true;
}

bool SameRule(const FaultRule& a, const FaultRule& b) {
  return a.first == b.first && a.rarity == b.rarity && a.most == b.most;
}

}  // namespace

const char* SideName(Side side) { return side == Side::kLeft ? "left" : "right"; }

std::string FaultChoice::ToText() const {
  return fmt::format("{}:{}@{}/{}/{}", SideName(side), FaultSiteName(site), rule.first, rule.rarity,
                     rule.most);
}

Plan DrawPlan(uint64_t seed) {
  // A stream of its own: the world draws from Random(seed).
  Random random = Random(seed).Fork();
  Plan plan;
  plan.seed = seed;
  plan.slots = 64 + 8 * static_cast<uint32_t>(random.Below(9));
  // Rings of all queues take at most 2 * 3 * 128; extra buffers the rest, if there is one.
  const uint32_t buffers[] = {4096, 1024, 640, 400};
  plan.global_buffers = buffers[random.Below(4)];
  const double clocks[] = {0.4, 1.33, 1.33, 3.0};
  plan.cpu_ghz = clocks[random.Below(4)];
  for (double& loss : plan.loss) {
    Random own = random.Fork();
    if (own.OneIn(6)) loss = own.OneIn(2) ? 0.01 : 0.2;
  }
  const uint32_t intervals[] = {0, 0, 20, 200};
  plan.interrupt_interval_us = intervals[random.Below(4)];
  plan.read_jitter =
      random.OneIn(6) ? 20 * kMicrosecond : static_cast<Time>(random.Below(300)) * kNanosecond;
  plan.register_latency =
      random.OneIn(6) ? 5 * kMicrosecond : static_cast<Time>(100 + random.Below(200)) * kNanosecond;
  plan.fault_time = static_cast<Time>(50 + random.Below(900)) * kMillisecond;
  const Time delays[] = {kMillisecond, 20 * kMillisecond, 100 * kMillisecond, 2 * kSecond};
  plan.dma_read_delay = delays[random.Below(4)];
  plan.isolates = !random.OneIn(4);
  Random faults = random.Fork();
  Random programs = random.Fork();
  DrawFaults(plan, faults);
  DrawPrograms(plan, programs);
  for (bool& bounces : plan.bounces) bounces = random.OneIn(5);
  return plan;
}

std::string KeepOnly(Plan& plan, const std::string& faults) {
  std::vector<Pattern> patterns;
  if (faults != "none") {
    for (const std::string& text : Split(faults)) {
      if (!ParsePattern(text, patterns.emplace_back())) return "no fault site " + text;
    }
  }
  std::vector<FaultChoice> kept;
  for (FaultChoice choice : plan.faults) {
    for (const Pattern& pattern : patterns) {
      if (pattern.site != choice.site) continue;
      if (pattern.side && *pattern.side != choice.side) continue;
      if (pattern.rule) choice.rule = *pattern.rule;
      kept.push_back(choice);
      break;
    }
  }
  plan.faults = std::move(kept);
  return {};
}

std::string LeaveOut(Plan& plan, const std::string& programs) {
  for (const std::string& text : Split(programs)) {
    const size_t colon = text.find(kKills);
    const std::string name = text.substr(0, colon);
    const auto program = std::find_if(plan.programs.begin(), plan.programs.end(),
                                      [&name](const ProgramChoice& c) { return c.name == name; });
    if (program == plan.programs.end()) return "this seed has no program " + name;
    if (colon != std::string::npos) {
      program->kills = 0;
    } else {
      plan.programs.erase(program);
    }
  }
  return {};
}

std::string ReplayCommand(const Plan& plan) {
  const Plan whole = DrawPlan(plan.seed);
  std::string command = fmt::format("./mapwire stress --seed {}", plan.seed);
  bool same = whole.faults.size() == plan.faults.size();
  std::string only;
  for (size_t i = 0; i < plan.faults.size(); ++i) {
    same = same && SameRule(plan.faults[i].rule, whole.faults[i].rule);
    only += (i == 0 ? "" : ",") + plan.faults[i].ToText();
  }
  if (!same) command += " --only " + (only.empty() ? "none" : only);
  std::string without;
  for (const ProgramChoice& choice : whole.programs) {
    const auto kept = std::find_if(plan.programs.begin(), plan.programs.end(),
                                   [&choice](const auto& c) { return c.name == choice.name; });
    const bool there = kept != plan.programs.end();
    if (there && kept->kills == choice.kills) continue;
    without += (without.empty() ? "" : ",") + choice.name + (there ? kKills : "");
  }
  if (!without.empty()) command += " --without " + without;
  return command;
}

std::string Describe(const Plan& plan) {
  std::string text = fmt::format("{} slots, {} buffers, {} GHz, {} ms", plan.slots,
                                 plan.global_buffers, plan.cpu_ghz, plan.fault_time / kMillisecond);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (plan.bounces[static_cast<size_t>(side)])
      text += fmt::format(", {} bounces", SideName(side));
  }
  text += "; programs:";
  for (const ProgramChoice& choice : plan.programs) {
    text += " " + choice.name;
    if (choice.kills != 0) text += fmt::format("(killed {}x)", choice.kills);
  }
  text += "; faults:";
  for (const FaultChoice& choice : plan.faults) text += " " + choice.ToText();
  if (plan.faults.empty()) text += " none";
  return text;
}

}  // namespace mapwire::sim
