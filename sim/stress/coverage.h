// What the standing seeds must reach: fault sites that struck, and states that are easy to miss. A
// state that no run ever reached is a hole in the test, and is named.
#ifndef SIM_STRESS_COVERAGE_H_
#define SIM_STRESS_COVERAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/ring/violation.h"
#include "sim/faults/fault_plan.h"

namespace mapwire::sim {

// Counted by the world of a run, from outside: core knows nothing of them.
enum class State : uint8_t {
  kReset,               // a device was reset while in use
  kGivenUp,             // a device did not come back and its port was killed
  kCutOff,              // a device was cut off from memory
  kQuarantine,          // or could not be, and its memory was kept
  kPulledOut,           // a device was found gone
  kStartFailed,         // a driver did not start
  kStartedAgain,        // and did, when all was healed
  kLockedSync,          // a program called a sync while its ring was locked
  kZombieSync,          // a program called a sync on a dead ring and was told
  kBusySkip,            // a sync met another one inside and left
  kPollWoken,           // a program slept in poll and was woken before its time limit
  kPollTimeout,         // a program slept in poll until its time limit
  kCloseInFlight,       // a transmit ring was closed with frames not yet sent
  kKillAsleep,          // a program was killed while asleep in poll
  kKillInSync,          // a program was killed inside a sync call
  kKillInRegister,      // a program was killed inside REGISTER
  kNoMemory,            // REGISTER failed with ENOMEM
  kFewerExtraBuffers,   // fewer extra buffers were granted than asked for
  kBusyRing,            // REGISTER failed with EBUSY
  kLostInterrupt,       // the watchdog found a lost interrupt
  kPendingWithoutLink,  // frames waited for a link that was down
  kOverrun,             // a card had no buffer for a frame
  kSharedRing,          // two descriptors had the same ring
  kOffsets,             // a frame was received behind an offset
  kSeveralSlots,        // a frame took several slots
  kSwappedBuffer,       // a receiver put an extra buffer into a slot
  kForwarded,           // a frame was passed on without a copy
  kWrapTx0,             // a flow went round the whole ring
  kWrapTx1,
  kWrapTx2,
  kWrapRx0,
  kWrapRx1,
};
inline constexpr size_t kStates = static_cast<size_t>(State::kWrapRx1) + 1;
// "reset happened" and so on.
const char* StateName(State state);

struct Coverage {
  std::array<uint64_t, kStates> states{};
  std::array<uint64_t, kFaultSites> struck{};
  std::array<uint64_t, ring::kRules> refused{};  // by the rule that was broken

  void Count(State state, uint64_t times = 1) { states[static_cast<size_t>(state)] += times; }
  uint64_t of(State state) const { return states[static_cast<size_t>(state)]; }
  void Add(const Coverage& other);
  // Names of what was never reached: states, fault sites, rules.
  std::vector<std::string> Missing() const;
  // One line for each thing counted: "state reset happened 12".
  std::string ToText() const;
};

}  // namespace mapwire::sim

#endif  // SIM_STRESS_COVERAGE_H_
