// `mapwire explore`: every value a hostile program may put where core reads, call by call.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "testing/proof/attack.h"
#include "testing/proof/explore.h"

namespace mapwire::proof {
namespace {

struct Arguments {
  uint32_t changes = 2;
  std::vector<std::string> scripts;
  std::string replay;
  bool replays = false;
  uint64_t seed = 1;
  uint64_t runs = 0;
  uint64_t limit = 0;
  bool list = false;
};

// The scripts that were asked for: their names, or the beginnings of their names.
std::vector<Script> Selected(const Arguments& arguments) {
  std::vector<Script> selected;
  for (Script& script : ExploreScripts()) {
    bool wanted = arguments.scripts.empty();
    for (const std::string& name : arguments.scripts) wanted |= script.name.rfind(name, 0) == 0;
    if (wanted) selected.push_back(std::move(script));
  }
  return selected;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{
      "Runs one call at a time against a hostile program that may change any value at the moment\n"
      "core reads it, for every place and every value worth trying, and checks what is promised:\n"
      "rings in order, no address outside the region's buffers, others' memory untouched, nothing\n"
      "lost, and a program that behaves again is served."};
  app.name("mapwire explore");
  app.add_option("--changes", arguments.changes, "values changed in one call, at most")
      ->check(CLI::Range(0u, 8u))
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

  fmt::print("at most {} changed values in a call\n{:<26} {:>12} {:>12} {:>14}\n",
             arguments.changes, "script", "executions", "points", "values/point");
  SearchReport sum;
  sum.exhausted = true;
  for (const Script& script : scripts) {
    const SearchReport report =
        Search(script, {{sim::ChoiceKind::kValue, arguments.changes}}, arguments.limit);
    fmt::print("{:<26} {:>12} {:>12} {:>14}  {}\n", script.name, report.executions, report.points,
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
  fmt::print("\n{} scripts, {} executions, {} choice points: {}\n", scripts.size(), sum.executions,
             sum.points,
             sum.exhausted ? "exhaustive within the bound, all promises held" : "NOT EXHAUSTIVE");
  return sum.exhausted ? 0 : 1;
}

}  // namespace
}  // namespace mapwire::proof

int main(int argc, char** argv) { return mapwire::proof::Main(argc, argv); }
