// One run: a world made from a plan, its two phases, and what came of it.
#ifndef SIM_STRESS_SCENE_H_
#define SIM_STRESS_SCENE_H_

#include <cstdint>
#include <string>

#include "sim/stress/coverage.h"
#include "sim/stress/plan.h"

namespace mapwire::sim {

// Failures of one kind have the same first word.
struct Outcome {
  std::string failure;  // "order: ..."; empty: all promises held
  std::string faults;   // what struck, on each side
  std::string hash;     // of the trace
  uint64_t events = 0;
  Time virtual_time = 0;
  uint64_t frames = 0;  // received and checked
  Coverage coverage;

  // "order", or empty.
  std::string kind() const { return failure.substr(0, failure.find(':')); }
};

// Runs the plan to its end, or to the first failure. After a failure the world is left as it was
// (it cannot be taken down any more): the process had better end. A broken MW_CHECK aborts.
Outcome RunScene(const Plan& plan);

// For tests of the harness itself: a defect that every run has from now on.
enum class Sabotage : uint8_t { kNone, kReorder, kLeak, kAbort, kHang, kStopReceiving };
void SetSabotage(Sabotage sabotage);

}  // namespace mapwire::sim

#endif  // SIM_STRESS_SCENE_H_
