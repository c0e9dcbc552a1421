// The explorer: scripts of one call each, searched over every value a hostile program may put where
// core is about to read.
#ifndef TESTING_PROOF_EXPLORE_H_
#define TESTING_PROOF_EXPLORE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/explore/choice.h"

namespace mapwire::proof {

// How many choices of a kind may differ from 0 in an execution; kinds that are not listed: none.
using Bounds = std::vector<std::pair<sim::ChoiceKind, uint32_t>>;

// A script: everything it leaves open is asked of the chooser. It ends the process if a promise is
// broken.
struct Script {
  std::string name;
  std::function<void(sim::Chooser&)> run;
  Bounds bounds = {};  // of its search, unless others are asked for
};

// txsync, rxsync, poll, REGISTER with and without options, legacy requests, close.
std::vector<Script> ExploreScripts();

struct SearchReport {
  uint64_t executions = 0;
  uint64_t points = 0;
  uint32_t most_alternatives = 0;
  bool exhausted = false;
  bool diverged = false;
};

// All executions within the bounds, or the first `limit` (0: no limit).
SearchReport Search(const Script& script, const Bounds& bounds, uint64_t limit = 0);
// `runs` executions drawn from a seed, without bounds.
void Draw(const Script& script, uint64_t seed, uint64_t runs, uint32_t rarity);
// One execution again.
void Replay(const Script& script, const sim::Decisions& decisions);

}  // namespace mapwire::proof

#endif  // TESTING_PROOF_EXPLORE_H_
