#include "sim/engine/real_time.h"

#include <time.h>

#include <algorithm>

namespace mapwire::sim {

int64_t MachineNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

void RealTimeClock::CatchUp() {
  const Time now = Now();
  for (int i = 0; i < limits_.events_at_once && engine_.next() <= now; ++i) engine_.Step();
  if (engine_.next() > now) {
    engine_.RunUntil(now);
  } else if (now - engine_.now() > limits_.longest_lag) {
    base_ -= now - engine_.now();
  }
}

int64_t RealTimeClock::NsToNext(int64_t limit) const {
  const Time next = engine_.next();
  if (next == INT64_MAX) return limit;
  return std::clamp<int64_t>((next - Now()) / kNanosecond, 0, limit);
}

}  // namespace mapwire::sim
