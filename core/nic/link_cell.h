// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The state of a link as it was last read from the device: for drivers whose link changes interrupt
// and can be asked for as well.
#ifndef CORE_NIC_LINK_CELL_H_
#define CORE_NIC_LINK_CELL_H_

#include <atomic>
#include <cstdint>

#include "core/nic/driver.h"

namespace mapwire::nic {

// `read` is called without arguments, reads the device and returns a LinkState. It runs in the
// caller's context.
class LinkCell {
 public:
  // Any context.
  LinkState Get() const {
    const uint32_t word = word_.load(std::memory_order_relaxed);
    return {.up = (word & kUp) != 0, .mbps = word & ~kUp};
  }
  // Control path, while no interrupt can come, or what one found last does not matter.
  void Set(LinkState state) {
    word_.store(state.mbps | (state.up ? kUp : 0), std::memory_order_relaxed);
  }
  // Interrupt context, once the cause is acknowledged: a change from now on interrupts again.
  template <typename Read>
  void SetByInterrupt(Read read) {
    interrupts_.fetch_add(1);
    Set(read());
  }
  // Control path: reads anew, and again if an interrupt came meanwhile, so that what a newer one
  // found is not overwritten with something older.
  template <typename Read>
  LinkState Refresh(Read read) {
    LinkState state;
    for (int attempt = 0; attempt < kRefreshAttempts; ++attempt) {
      const uint32_t before = interrupts_.load();
      state = read();
      Set(state);
      if (interrupts_.load() == before) break;
    }
    return state;
  }

 private:
  static constexpr uint32_t kUp = 0x80000000;
  // A link that changes more often than this during one refresh will interrupt again anyway.
  static constexpr int kRefreshAttempts = 4;

  std::atomic<uint32_t> word_ = 0;  // speed in Mb/s, and kUp
  std::atomic<uint32_t> interrupts_ = 0;
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_LINK_CELL_H_
