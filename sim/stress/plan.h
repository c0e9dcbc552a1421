// What one run of `mapwire stress` consists of: drawn from its seed, then perhaps made smaller.
//
// Everything that can be left out draws from a stream of its own, so leaving one thing out leaves
// the others as they are.
#ifndef SIM_STRESS_PLAN_H_
#define SIM_STRESS_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/engine/time.h"
#include "sim/faults/fault_plan.h"

namespace mapwire::sim {

enum class Side : uint8_t { kLeft, kRight };
const char* SideName(Side side);

// One fault site of one host, and when it is set: times count from the end of the boot.
struct FaultChoice {
  Side side = Side::kLeft;
  FaultSite site = FaultSite::kTxFetchHang;
  FaultRule rule;
  Time at = 0;  // negative: before the boot

  // "left:rx-no-data@1/20/3": first, rarity, most of the rule.
  std::string ToText() const;
};

enum class Role : uint8_t {
  kSender,        // sends numbered frames on one transmit ring
  kReceiver,      // receives on all rings and checks what it gets
  kForwarder,     // receives, and sends back by swapping buffers
  kOpener,        // opens and closes anything, shares rings, syncs, and writes nothing
  kAttacker,      // changes what core reads, on a ring pair of its own
  kScribbler,     // writes garbage into a ring pair and lists of its own, with offsets
  kNullAttacker,  // as kAttacker, in a region of its own
  kWitness,       // looks whether its own region stays as it was
};

enum class KillMoment : uint8_t { kAnyTime, kInSync, kAsleep, kInRegister };

struct ProgramChoice {
  std::string name;  // "left-sender-0"
  Role role = Role::kSender;
  Side side = Side::kLeft;
  uint64_t seed = 0;
  uint16_t ring = 0;
  uint32_t kills = 0;  // how often it is killed; another one follows
  KillMoment moment = KillMoment::kAnyTime;
};

struct Plan {
  uint64_t seed = 0;
  uint32_t slots = 64;
  uint32_t global_buffers = 4096;  // of each host
  double cpu_ghz = 1.33;
  double loss[2] = {0, 0};  // of frames that leave a side
  uint32_t interrupt_interval_us = 0;
  Time read_jitter = 0;
  Time register_latency = 0;
  Time fault_time = 0;  // the first phase
  Time dma_read_delay = 0;
  bool isolates = true;              // the platform can cut a device off
  bool bounces[2] = {false, false};  // the card of a side reaches copies of memory only
  std::vector<FaultChoice> faults;
  std::vector<ProgramChoice> programs;
};

Plan DrawPlan(uint64_t seed);

// `--only`: keeps the faults named, comma-separated: SITE, SIDE:SITE, SIDE:SITE@FIRST/RARITY/MOST;
// "none" keeps none. Returns what is wrong with the text, or empty.
[[nodiscard]] std::string KeepOnly(Plan& plan, const std::string& faults);
// `--without`: leaves the programs named out, comma-separated; "NAME:kills" only their kills.
[[nodiscard]] std::string LeaveOut(Plan& plan, const std::string& programs);
// The one command that runs `plan` again, which was made smaller from DrawPlan(plan.seed).
std::string ReplayCommand(const Plan& plan);
// What it consists of, for people: one line.
std::string Describe(const Plan& plan);

}  // namespace mapwire::sim

#endif  // SIM_STRESS_PLAN_H_
