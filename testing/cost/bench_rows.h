// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The rows of the cost benchmark: the ways a packet can go through one ring of a NIC, each played
// by a program, the core and a device that is only memory. The binary says what is measured: the
// calls of a session's sync, and nothing else.
#ifndef TESTING_COST_BENCH_ROWS_H_
#define TESTING_COST_BENCH_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/control/session.h"
#include "core/platform/mmio.h"

namespace mapwire::cost {

inline constexpr uint32_t kRingSlots = 1024;

enum class Path : uint8_t { kTx, kRx };

// Whose codec, and so whose way to tell what is sent.
enum class Family : uint8_t {
  kIxgbe,  // head write-back
  kE1000,  // done bits
};

enum class Variant : uint8_t {
  kPlain,          // one buffer a frame, no flag
  kBufferChanged,  // every slot has another buffer than before: a zero-copy forwarder
  kOffsets,        // the ring is bound with the offsets option, no offset is zero
  kFrames3,        // frames of three slots
};

struct Row {
  Path path;
  uint32_t batch;
  Variant variant;
  Family family = Family::kIxgbe;

  // Slots of one sync: with frames of several slots, as many whole frames as fit the batch.
  uint32_t slots() const { return variant == Variant::kFrames3 ? batch / 3 * 3 : batch; }
  // Syncs measured: a whole number of turns of the ring, four at least.
  uint32_t syncs() const;
  uint32_t packets() const { return slots() * syncs(); }
  // Of the 82599 without its name: "txsync", "txsync-e1000".
  const char* path_name() const;
  const char* variant_name() const;
  // "txsync 256 plain"
  std::string name() const;
};

std::vector<Row> AllRows();

// What a binary supplies: the register window, and what is done around the measured calls.
class Probe {
 public:
  virtual platform::Mmio mmio() = 0;
  // What was last written to a register, as the device sees it.
  virtual uint32_t Register(uint32_t offset) = 0;

  // The rings are warm: what follows is measured, until EndRow.
  virtual void BeginRow() = 0;
  virtual Status TxSync(control::Session& session) = 0;
  virtual Status RxSync(control::Session& session) = 0;
  virtual void EndRow(const Row& row) = 0;

 protected:
  ~Probe() = default;
};

// Plays one row. Aborts with a message if a descriptor, a slot or an index is not as it must be: a
// row whose work was not done has no cost.
void RunRow(const Row& row, Probe& probe);

}  // namespace mapwire::cost

#endif  // TESTING_COST_BENCH_ROWS_H_
