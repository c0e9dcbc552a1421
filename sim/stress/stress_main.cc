// `mapwire stress`: whole worlds drawn from seeds, with faults, kills and hostile programs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/stress/runner.h"

namespace mapwire::sim {
namespace {

struct Arguments {
  uint64_t seed = 1;
  uint64_t runs = 1;
  std::string only;
  std::string without;
  uint32_t shrink_runs = 400;
  uint32_t most_failures = 5;
  bool verbose = false;
  bool json = false;
};

int WrongUsage(const std::string& what) {
  fmt::print(stderr, "mapwire stress: {}\n", what);
  return 2;
}

struct Totals {
  uint64_t runs = 0;
  uint64_t failed = 0;
  uint64_t events = 0;
  uint64_t frames = 0;
  Time virtual_time = 0;
  Coverage coverage;
};

void Tell(const Plan& plan, const Outcome& outcome) {
  fmt::print("seed {}: {}\n  {}\n  struck: {}\n  {} events, {} ms, {} frames, trace {}\n",
             plan.seed, outcome.failure.empty() ? "all promises held" : outcome.failure,
             Describe(plan), outcome.faults.empty() ? "nothing" : outcome.faults, outcome.events,
             outcome.virtual_time / kMillisecond, outcome.frames, outcome.hash.substr(0, 16));
}

nlohmann::json ToJson(const Totals& totals, const nlohmann::json& failures) {
  nlohmann::json coverage;
  for (size_t i = 0; i < kStates; ++i) {
    coverage["states"][StateName(static_cast<State>(i))] = totals.coverage.states[i];
  }
  for (size_t i = 0; i < kFaultSites; ++i) {
    coverage["faults"][FaultSiteName(static_cast<FaultSite>(i))] = totals.coverage.struck[i];
  }
  for (size_t i = 1; i < ring::kRules; ++i) {
    coverage["refused"][ring::RuleName(static_cast<ring::Rule>(i))] = totals.coverage.refused[i];
  }
  return {{"runs", totals.runs},
          {"failed", totals.failed},
          {"events", totals.events},
          {"frames", totals.frames},
          {"failures", failures},
          {"coverage", coverage},
          {"missing", totals.coverage.Missing()}};
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{
      "Runs whole worlds, each drawn from its seed: two hosts, their cards and programs, honest\n"
      "and hostile, killed and started again, while cards and kernels go wrong. First all faults\n"
      "are on and nobody innocent may be harmed; then all is healed and everything must go on or\n"
      "have ended cleanly. A seed that fails is made smaller, and the command that repeats it is\n"
      "printed. Status 1: a seed failed."};
  app.name("mapwire stress");
  app.add_option("--seed", arguments.seed, "of the first run")->capture_default_str();
  app.add_option("--runs", arguments.runs, "how many seeds, counting up")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40))
      ->capture_default_str();
  app.add_option("--only", arguments.only,
                 "keep only these faults: SITE, SIDE:SITE or SIDE:SITE@FIRST/RARITY/MOST, with "
                 "commas; or none");
  app.add_option("--without", arguments.without,
                 "leave out these programs, with commas; NAME:kills leaves out their kills");
  app.add_option("--shrink", arguments.shrink_runs, "runs to make a failing seed smaller, at most")
      ->capture_default_str();
  app.add_option("--failures", arguments.most_failures, "stop after so many failing seeds")
      ->check(CLI::Range(1u, 1000000u))
      ->capture_default_str();
  app.add_flag("--verbose", arguments.verbose, "tell of each run, and what was reached");
  app.add_flag("--json", arguments.json, "print one JSON object instead");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return WrongUsage(error.what());
  }
  if ((!arguments.only.empty() || !arguments.without.empty()) && arguments.runs != 1) {
    return WrongUsage("--only and --without are about one seed: leave --runs out");
  }

  Totals totals;
  nlohmann::json failures = nlohmann::json::array();
  for (uint64_t i = 0; i < arguments.runs && totals.failed < arguments.most_failures; ++i) {
    Plan plan = DrawPlan(arguments.seed + i);
    std::string wrong;
    if (!arguments.only.empty()) wrong = KeepOnly(plan, arguments.only);
    if (wrong.empty() && !arguments.without.empty()) wrong = LeaveOut(plan, arguments.without);
    if (!wrong.empty()) return WrongUsage(wrong);
    const Outcome outcome = RunInChild(plan);
    ++totals.runs;
    totals.events += outcome.events;
    totals.frames += outcome.frames;
    totals.virtual_time += outcome.virtual_time;
    totals.coverage.Add(outcome.coverage);
    if (!arguments.json && (arguments.verbose || !outcome.failure.empty() || arguments.runs == 1)) {
      Tell(plan, outcome);
    }
    if (outcome.failure.empty()) continue;
    ++totals.failed;
    const Shrunk shrunk = Shrink(plan, outcome, arguments.shrink_runs,
                                 [](const Plan& smaller) { return RunInChild(smaller); });
    failures.push_back({{"seed", plan.seed},
                        {"failure", outcome.failure},
                        {"smallest", shrunk.outcome.failure},
                        {"replay", ReplayCommand(shrunk.plan)}});
    if (arguments.json) continue;
    fmt::print("made smaller in {} runs: {}\n  {}\n  struck: {}\nagain: {}\n", shrunk.runs,
               shrunk.outcome.failure, Describe(shrunk.plan), shrunk.outcome.faults,
               ReplayCommand(shrunk.plan));
    std::fflush(stdout);
  }
  if (arguments.json) {
    fmt::print("{}\n", ToJson(totals, failures).dump(2));
  } else {
    if (arguments.verbose) fmt::print("{}", totals.coverage.ToText());
    fmt::print("{} runs from seed {}, {} events, {:.0f} s of virtual time, {} frames: {} failed\n",
               totals.runs, arguments.seed, totals.events,
               static_cast<double>(totals.virtual_time) / kSecond, totals.frames, totals.failed);
  }
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mapwire::sim

int main(int argc, char** argv) { return mapwire::sim::Main(argc, argv); }
