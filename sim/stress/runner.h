// Runs plans, each in a process of its own, so that crashes and hangs are findings like others; and
// makes failing plans smaller.
#ifndef SIM_STRESS_RUNNER_H_
#define SIM_STRESS_RUNNER_H_

#include <cstdint>
#include <functional>

#include "sim/stress/plan.h"
#include "sim/stress/scene.h"

namespace mapwire::sim {

struct RunnerOptions {
  uint32_t wall_seconds = 120;  // of one run, after which it hangs
};

// RunScene in a child. What the child says on stderr is part of a "crash" failure.
Outcome RunInChild(const Plan& plan, const RunnerOptions& options = {});

// Leaves out faults, programs and kills, one after the other, and lets the faults left strike less
// often, as long as `run` fails in the same way; `run` is asked at most `most_runs` times. The
// outcome is that of the last run that failed.
struct Shrunk {
  Plan plan;
  Outcome outcome;
  uint32_t runs = 0;
};
Shrunk Shrink(const Plan& plan, const Outcome& outcome, uint32_t most_runs,
              const std::function<Outcome(const Plan&)>& run);

}  // namespace mapwire::sim

#endif  // SIM_STRESS_RUNNER_H_
