#include "sim/stress/coverage.h"

#include <fmt/format.h>

namespace mapwire::sim {
namespace {

constexpr std::array<const char*, kStates> kNames = {
    "reset happened",
    "device given up",
    "device cut off from memory",
    "memory kept in quarantine",
    "device pulled out",
    "driver start failed",
    "driver started again",
    "ring locked seen by a sync",
    "zombie ring synced",
    "busy skip",
    "poll slept and was woken",
    "poll slept to its time limit",
    "close while frames in flight",
    "kill while asleep in poll",
    "kill inside a sync",
    "kill inside a REGISTER",
    "register failed for want of memory",
    "buffers exhausted",
    "ring busy",
    "watchdog found lost interrupt",
    "link down with frames pending",
    "receiver overrun",
    "ring shared by two descriptors",
    "frame behind an offset",
    "frame of several slots",
    "extra buffer swapped in",
    "frame forwarded",
    "wrap of tx ring 0",
    "wrap of tx ring 1",
    "wrap of tx ring 2",
    "wrap of rx ring 0",
    "wrap of rx ring 1",
};

template <size_t kCount>
void AddAll(std::array<uint64_t, kCount>& to, const std::array<uint64_t, kCount>& from) {
  for (size_t i = 0; i < kCount; ++i) to[i] += from[i];
}

// Every rule is one that a program can break, but for those of the device.
bool OfPrograms(size_t rule) {
  const auto r = static_cast<ring::Rule>(rule);
  return r != ring::Rule::kNone && r != ring::Rule::kDeviceLength && r != ring::Rule::kDeviceIndex;
}

}  // namespace

const char* StateName(State state) { return kNames[static_cast<size_t>(state)]; }

void Coverage::Add(const Coverage& other) {
  AddAll(states, other.states);
  AddAll(struck, other.struck);
  AddAll(refused, other.refused);
}

std::vector<std::string> Coverage::Missing() const {
  std::vector<std::string> missing;
  for (size_t i = 0; i < kStates; ++i) {
    if (states[i] == 0) missing.push_back(std::string("state: ") + kNames[i]);
  }
  for (size_t i = 0; i < kFaultSites; ++i) {
    if (struck[i] == 0) {
      missing.push_back(std::string("fault: ") + FaultSiteName(static_cast<FaultSite>(i)));
    }
  }
  for (size_t i = 0; i < ring::kRules; ++i) {
    if (OfPrograms(i) && refused[i] == 0) {
      missing.push_back(std::string("refused: ") + ring::RuleName(static_cast<ring::Rule>(i)));
    }
  }
  return missing;
}

std::string Coverage::ToText() const {
  std::string text;
  for (size_t i = 0; i < kStates; ++i) text += fmt::format("state {} {}\n", kNames[i], states[i]);
  for (size_t i = 0; i < kFaultSites; ++i) {
    text += fmt::format("fault {} {}\n", FaultSiteName(static_cast<FaultSite>(i)), struck[i]);
  }
  for (size_t i = 1; i < ring::kRules; ++i) {
    text += fmt::format("refused {} {}\n", ring::RuleName(static_cast<ring::Rule>(i)), refused[i]);
  }
  return text;
}

}  // namespace mapwire::sim
