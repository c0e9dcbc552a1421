// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Register accesses per packet, counted in the simulator's backend, for the rows of bench_cost;
// JSON. Fails unless every sync writes one register and reads none.
#include <cstdint>
#include <cstdio>

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

class CountingTarget final : public mapwire::platform::MmioTarget {
 public:
  uint32_t Read32(uint32_t offset) override {
    ++reads;
    return registers[offset / 4];
  }
  void Write32(uint32_t offset, uint32_t value) override {
    ++writes;
    registers[offset / 4] = value;
  }

  uint64_t reads = 0;
  uint64_t writes = 0;
  uint32_t registers[PlainDriver::kWindowBytes / 4] = {};
};

class CountingProbe final : public Probe {
 public:
  mapwire::platform::Mmio mmio() override { return mapwire::platform::Mmio(&target_); }
  uint32_t Register(uint32_t offset) override { return target_.registers[offset / 4]; }

  void BeginRow() override { target_.reads = target_.writes = 0; }
  Status TxSync(Session& session) override { return session.TxSync(); }
  Status RxSync(Session& session) override { return session.RxSync(); }
  void EndRow(const Row&) override {}

  uint64_t reads() const { return target_.reads; }
  uint64_t writes() const { return target_.writes; }

 private:
  CountingTarget target_;
};

}  // namespace

int main() {
  int wrong = 0;
  const char* separator = "[\n";
  for (const Row& row : AllRows()) {
    CountingProbe probe;
    RunRow(row, probe);
    if (probe.reads() != 0 || probe.writes() != row.syncs()) {
      std::fprintf(stderr, "%s: %llu reads and %llu writes in %u syncs\n", row.name().c_str(),
                   static_cast<unsigned long long>(probe.reads()),
                   static_cast<unsigned long long>(probe.writes()), row.syncs());
      ++wrong;
    }
    std::printf(
        "%s {\"path\": \"%s\", \"batch\": %u, \"variant\": \"%s\", "
        "\"mmio_reads_per_packet\": %.6f, \"mmio_writes_per_packet\": %.6f}",
        separator, row.path_name(), row.batch, row.variant_name(),
        static_cast<double>(probe.reads()) / row.packets(),
        static_cast<double>(probe.writes()) / row.packets());
    separator = ",\n";
  }
  std::puts("\n]");
  return wrong == 0 ? 0 : 1;
}
