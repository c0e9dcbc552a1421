// The main scenario: a sender, a wire, a receiver, and two hostile programs beside the receiver.
#ifndef SIM_DEMO_SCENARIO_H_
#define SIM_DEMO_SCENARIO_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/host/cost_model.h"
#include "sim/trace/pcapng.h"
#include "sim/world/hostile.h"

namespace mapwire::sim {

// 10 Gb/s, 64-byte frames with preamble and gap: 67.2 ns each.
inline constexpr double kLineRatePps = 10e9 / (84 * 8);

struct ScenarioOptions {
  uint64_t seed = 1;
  uint64_t frames = 1000000;
  double cpu_ghz = 1.33;
  uint32_t batch = 256;                // frames per system call of the sender
  uint32_t slots = 512;                // per ring
  uint32_t frame_bytes = 60;           // without CRC
  double loss = 0.0;                   // of the wire towards the receiver, per frame
  uint32_t interrupt_interval_us = 0;  // at most one interrupt per queue in this time
  bool hostile = true;
  const std::vector<CapturedFrame>* capture = nullptr;  // send these instead, once
  PcapngWriter* received = nullptr;                     // gets each frame the receiver is given
  size_t retain_events = 0;                             // of the trace, for export
  std::string trace_path = {};                          // Perfetto file; empty: none
  // Called now and then with the frames received so far.
  std::function<void(uint64_t received)> progress = {};
};

struct ScenarioResult {
  std::string error;  // empty: the scenario ran to its end
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t lost = 0;
  uint64_t lost_on_wire = 0;
  uint64_t reordered = 0;               // frames that arrived after a later one
  uint64_t damaged = 0;                 // frames with a byte that is not as sent
  double rate_pps = 0;                  // received frames over the time between first and last
  double sender_cycles_per_packet = 0;  // charged by the CPU model, programs and kernel
  double receiver_cycles_per_packet = 0;
  double sender_ns_per_packet = 0;
  double receiver_ns_per_packet = 0;
  uint64_t sender_syscalls = 0;
  uint64_t receiver_syscalls = 0;
  HostileResult own_region;   // the program in a region of its own
  HostileResult same_region;  // the one beside the receiver
  std::string trace_sha256;
  uint64_t trace_events = 0;
  double virtual_seconds = 0;

  uint64_t violations_tried() const { return own_region.tried + same_region.tried; }
  uint64_t violations_contained() const { return own_region.contained + same_region.contained; }
};

ScenarioResult RunScenario(const ScenarioOptions& options);

}  // namespace mapwire::sim

#endif  // SIM_DEMO_SCENARIO_H_
