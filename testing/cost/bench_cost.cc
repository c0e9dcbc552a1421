// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Instructions per packet: run under `valgrind --tool=callgrind`, each row is one dump, named
// "path batch variant packets". Without valgrind the rows are played and checked, nothing is
// counted.
//
//   bench_cost          all rows
//   bench_cost --list   their names
//   bench_cost --empty  one dump, "nothing 1 empty N": what a call costs that does nothing
#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "testing/cost/bench_rows.h"
#include "testing/cost/bench_world.h"

namespace {

using mapwire::Status;
using mapwire::control::Session;
using mapwire::cost::AllRows;
using mapwire::cost::PlainDriver;
using mapwire::cost::Probe;
using mapwire::cost::Row;
using mapwire::cost::RunRow;

// Callgrind adds the cost of a basic block when the next one begins, if it collects by then: the
// block with the request that stops is not counted, the one with the request that starts is. So the
// latter is kept down to the request itself, which is one instruction to callgrind.
[[gnu::always_inline]] inline void StartCollecting() {
  volatile uint64_t request[6] = {VG_USERREQ__TOGGLE_COLLECT};
  uint64_t result = 0;
  asm volatile("jmp 1f\n1:\n\t" __SPECIAL_INSTRUCTION_PREAMBLE
               "xchgq %%rbx, %%rbx"  // the client request
               : "+d"(result)
               : "a"(&request[0])
               : "cc", "memory");
}
[[gnu::always_inline]] inline void StopCollecting() { CALLGRIND_TOGGLE_COLLECT; }

void Dump(const std::string& name, uint32_t packets) {
  const std::string text = name + " " + std::to_string(packets);
  CALLGRIND_DUMP_STATS_AT(text.c_str());
}

// Registers are plain memory.
class CallgrindProbe final : public Probe {
 public:
  mapwire::platform::Mmio mmio() override { return mapwire::platform::Mmio(window_); }
  uint32_t Register(uint32_t offset) override { return mmio().Read32(offset); }

  void BeginRow() override { CALLGRIND_ZERO_STATS; }
  Status TxSync(Session& session) override {
    StartCollecting();
    const Status status = session.TxSync();
    StopCollecting();
    return status;
  }
  Status RxSync(Session& session) override {
    StartCollecting();
    const Status status = session.RxSync();
    StopCollecting();
    return status;
  }
  void EndRow(const Row& row) override { Dump(row.name(), row.packets()); }

 private:
  alignas(8) uint8_t window_[PlainDriver::kWindowBytes] = {};
};

[[gnu::noinline]] void Nothing() { asm volatile(""); }

void MeasureNothing() {
  constexpr uint32_t kCalls = 1000;
  CALLGRIND_ZERO_STATS;
  for (uint32_t i = 0; i < kCalls; ++i) {
    StartCollecting();
    Nothing();
    StopCollecting();
  }
  Dump("nothing 1 empty", kCalls);
}

}  // namespace

int main(int argc, char** argv) {
  const char* const argument = argc > 1 ? argv[1] : "";
  if (std::strcmp(argument, "--list") == 0) {
    for (const Row& row : AllRows()) std::puts(row.name().c_str());
    return 0;
  }
  if (argument[0] != '\0' && std::strcmp(argument, "--empty") != 0) {
    std::fprintf(stderr, "usage: bench_cost [--list | --empty]\n");
    return 2;
  }
  // Callgrind collects from the start: what follows is counted only between Start and Stop.
  CALLGRIND_TOGGLE_COLLECT;
  if (argument[0] != '\0') {
    MeasureNothing();
    return 0;
  }
  for (const Row& row : AllRows()) {
    CallgrindProbe probe;
    RunRow(row, probe);
  }
  return 0;
}
