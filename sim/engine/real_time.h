// Ties an engine's clock to the machine's, for those who serve real programs. Nothing that is to
// repeat under its seed uses it.
#ifndef SIM_ENGINE_REAL_TIME_H_
#define SIM_ENGINE_REAL_TIME_H_

#include <cstdint>

#include "sim/engine/engine.h"

namespace mapwire::sim {

// The machine's monotonic clock, in nanoseconds.
int64_t MachineNs();

struct RealTimeLimits {
  int events_at_once;  // that a CatchUp runs before it returns with more to do
  Time longest_lag;    // that the engine may be behind the machine before its time goes slower
};

// Not thread-safe. The engine outlives it.
class RealTimeClock {
 public:
  // Starts: the two clocks go together from now on. `machine_ns` is another's clock in tests.
  RealTimeClock(Engine& engine, const RealTimeLimits& limits, int64_t (*machine_ns)() = MachineNs)
      : engine_(engine), limits_(limits), machine_ns_(machine_ns) {
    Start();
  }

  // The same again, after a time in which the engine stood still or went by itself.
  void Start() {
    start_ns_ = machine_ns_();
    base_ = engine_.now();
  }
  // What the engine's clock ought to show.
  Time Now() const { return base_ + (machine_ns_() - start_ns_) * kNanosecond; }
  // Lets the engine catch up, as far as its work allows. An engine with too much to do goes slower:
  // it never makes up for it by going faster, so that a second of waiting in it takes a second at
  // least.
  void CatchUp();
  // Nanoseconds until the next event is due, 0 if it is late, at most `limit`.
  int64_t NsToNext(int64_t limit) const;

 private:
  Engine& engine_;
  const RealTimeLimits limits_;
  int64_t (*const machine_ns_)();
  int64_t start_ns_ = 0;  // of the machine, when the engine's clock was `base_`
  Time base_ = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_ENGINE_REAL_TIME_H_
