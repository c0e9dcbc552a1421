#include "sim/faults/fault_plan.h"

#include <fmt/format.h>

namespace mapwire::sim {
namespace {

constexpr std::array<const char*, kFaultSites> kNames = {
    "tx-fetch-hang",
    "tx-report-hang",
    "tx-head-nonsense",
    "rx-length-beyond",
    "rx-no-data",
    "rx-end-never",
    "rx-report-lost",
    "rx-out-of-order",
    "interrupt-lost",
    "interrupt-late",
    "interrupt-spurious",
    "link-flap",
    "module-missing",
    "eeprom-damaged",
    "dma-read-late",
    "self-reset",
    "reset-never-ends",
    "removal",
    "heap",
    "dma-map",
    "pages",
};

}  // namespace

const char* FaultSiteName(FaultSite site) { return kNames[static_cast<size_t>(site)]; }

std::optional<FaultSite> FaultSiteNamed(std::string_view name) {
  for (size_t i = 0; i < kFaultSites; ++i) {
    if (name == kNames[i]) return static_cast<FaultSite>(i);
  }
  return std::nullopt;
}

FaultPlan::FaultPlan(uint64_t seed) {
  Random seeds(seed);
  for (State& state : states_) state.random = seeds.Fork();
}

void FaultPlan::Set(FaultSite site, const FaultRule& rule) {
  State& s = state(site);
  s.on = true;
  s.rule = rule;
  s.met = s.done = 0;
}

void FaultPlan::Heal(FaultSite site) {
  if (!on(site)) return;
  state(site).on = false;
  for (FaultListener* listener : listeners_) listener->Healed(site);
}

void FaultPlan::HealAll() {
  for (size_t i = 0; i < kFaultSites; ++i) Heal(static_cast<FaultSite>(i));
}

bool FaultPlan::Strikes(FaultSite site) {
  State& s = state(site);
  ++s.counters.offered;
  if (!s.on) return false;
  if (++s.met < s.rule.first) return false;
  if (s.rule.most != 0 && s.done >= s.rule.most) return false;
  if (s.rule.rarity > 1 && !s.random.OneIn(s.rule.rarity)) return false;
  ++s.done;
  ++s.counters.struck;
  return true;
}

std::string FaultPlan::ToText() const {
  std::string text;
  for (size_t i = 0; i < kFaultSites; ++i) {
    const FaultCounters& counters = states_[i].counters;
    if (counters.struck == 0) continue;
    text += fmt::format("{}{} {}/{}", text.empty() ? "" : ", ", kNames[i], counters.struck,
                        counters.offered);
  }
  return text;
}

}  // namespace mapwire::sim
