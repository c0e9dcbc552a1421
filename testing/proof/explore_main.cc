// `mapwire explore`: every value a hostile program may put where core reads, call by call; every
// interleaving of short scripts on several CPUs; every moment of a kill.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "testing/proof/attack.h"
#include "testing/proof/explore.h"
#include "testing/proof/schedule.h"

namespace mapwire::proof {
namespace {

struct Arguments {
  uint32_t changes = 1;
  uint32_t preemptions = 2;
  std::vector<std::string> scripts;
  std::string replay;
  bool replays = false;
  uint64_t seed = 1;
  uint64_t runs = 0;
  uint64_t limit = 0;
  bool list = false;
};

// The scripts that were asked for, by their names or, where no script has that name, the beginnings
// of their names, with the bounds that were asked for.
std::vector<Script> Selected(const Arguments& arguments) {
  std::vector<Script> all;
  for (const auto list : {ExploreScripts, ScheduleScripts, KillScripts}) {
    for (const Script& script : list()) all.push_back(script);
  }
  const auto asks_for = [&all](const std::string& name, const Script& script) {
    if (std::any_of(all.begin(), all.end(), [&](const Script& s) { return s.name == name; })) {
      return script.name == name;
    }
    return script.name.rfind(name, 0) == 0;
  };
  std::vector<Script> selected;
  for (Script& script : all) {
    const std::vector<std::string>& names = arguments.scripts;
    const bool wanted =
        names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return asks_for(name, script);
        });
    if (!wanted) continue;
    for (auto& [kind, most] : script.bounds) {
      if (kind == sim::ChoiceKind::kValue) most = arguments.changes;
      // Where a kill is searched as well, one preemption is what there is time for.
      if (kind == sim::ChoiceKind::kPreempt && most > 1) most = arguments.preemptions;
    }
    selected.push_back(script);
  }
  return selected;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{
      "Runs one call at a time against a hostile program that may change any value at the moment\n"
      "core reads it, for every place and every value worth trying; short scripts on several CPUs\n"
      "in every interleaving; and programs killed at every yield point of their lives. What is\n"
      "promised is checked each time: rings in order, no address outside the region's buffers,\n"
      "others' memory untouched, nothing lost, and a program that behaves again is served."};
  app.name("mapwire explore");
  app.add_option("--changes", arguments.changes, "values changed in one call, at most")
      ->check(CLI::Range(0u, 8u))
      ->capture_default_str();
  app.add_option("--preemptions", arguments.preemptions,
                 "switches to another CPU in one execution where none is needed, at most")
      ->check(CLI::Range(0u, 4u))
      ->capture_default_str();
  app.add_option("--script", arguments.scripts, "scripts whose names begin so (default: all)");
  app.add_option("--limit", arguments.limit, "executions of a script, at most; 0: all");
  const CLI::Option* const replay =
      app.add_option("--replay", arguments.replay, "one execution of one script again");
  app.add_option("--runs", arguments.runs, "executions drawn at random instead of a search");
  app.add_option("--seed", arguments.seed, "of --runs")->capture_default_str();
  app.add_flag("--list", arguments.list, "print the names of the scripts");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "mapwire explore: {}\n", error.what());
    return 2;
  }
  arguments.replays = replay->count() != 0;
  const std::vector<Script> scripts = Selected(arguments);
  if (scripts.empty()) {
    fmt::print(stderr, "mapwire explore: no script begins so (see --list)\n");
    return 2;
  }
  if (arguments.list) {
    for (const Script& script : scripts) fmt::print("{}\n", script.name);
    return 0;
  }
  if (arguments.replays) {
    sim::Decisions decisions;
    if (!FromText(arguments.replay, decisions) || scripts.size() != 1) {
      fmt::print(stderr,
                 "mapwire explore: --replay takes index:alternative pairs, and one script\n");
      return 2;
    }
    Replay(scripts[0], decisions);
    fmt::print("{}: all promises held\n", scripts[0].name);
    return 0;
  }
  if (arguments.runs != 0) {
    for (const Script& script : scripts) Draw(script, arguments.seed, arguments.runs, 3);
    fmt::print("{} scripts, {} executions each from seed {}: all promises held\n", scripts.size(),
               arguments.runs, arguments.seed);
    return 0;
  }

  fmt::print("{:<44} {:>10} {:>11} {:>12}\n", "script", "executions", "points", "alternatives");
  SearchReport sum;
  sum.exhausted = true;
  for (const Script& script : scripts) {
    const SearchReport report = Search(script, script.bounds, arguments.limit);
    fmt::print("{:<44} {:>10} {:>11} {:>12}  {}\n", script.name, report.executions, report.points,
               report.most_alternatives == 0 ? 0 : report.most_alternatives - 1,
               report.diverged    ? "DIVERGED"
               : report.exhausted ? "exhaustive"
                                  : "NOT EXHAUSTIVE");
    std::fflush(stdout);
    sum.executions += report.executions;
    sum.points += report.points;
    sum.exhausted = sum.exhausted && report.exhausted;
  }
  fmt::print("\n{:<26} {:>12} {:>14}\n", "what core read", "times", "values tried");
  const Attack::Coverage& coverage = Attack::coverage();
  for (size_t place = 0; place < kPlaces; ++place) {
    fmt::print("{:<26} {:>12} {:>14}\n", PlaceName(static_cast<Place>(place)),
               coverage.points[place], coverage.values[place]);
  }
  fmt::print("\nat most {} changed values and {} preemptions in an execution\n", arguments.changes,
             arguments.preemptions);
  fmt::print("{} scripts, {} executions, {} choice points: {}\n", scripts.size(), sum.executions,
             sum.points,
             sum.exhausted ? "exhaustive within the bounds, all promises held" : "NOT EXHAUSTIVE");
  return sum.exhausted ? 0 : 1;
}

}  // namespace
}  // namespace mapwire::proof

int main(int argc, char** argv) { return mapwire::proof::Main(argc, argv); }
