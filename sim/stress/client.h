// A descriptor of /dev/netmap as the programs of a scene hold it, and the call a program is in, for
// who wants to kill it there.
#ifndef SIM_STRESS_CLIENT_H_
#define SIM_STRESS_CLIENT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/abi/freestanding.h"
#include "sim/host/process.h"
#include "sim/programs/mapped_port.h"
#include "sim/stress/coverage.h"

namespace mapwire::sim {

enum class Call : uint8_t { kNone, kRegister, kSync, kPoll, kClose };

// What a program is doing, as seen from outside.
struct CallState {
  Call call = Call::kNone;
  uint64_t sleeps = 0;  // of the process, when the call began
};

// All calls from the thread of the process. Counts what it meets.
class Client : public MappedPort {
 public:
  Client(Process& process, CallState& state, Coverage& coverage)
      : MappedPort(process), state_(state), coverage_(coverage) {}

  // As MappedPort's.
  int Open(const PortBinding& binding);
  int Close();

  // 0 or -errno.
  int TxSync() { return Sync(ring::Direction::kTx); }
  int RxSync() { return Sync(ring::Direction::kRx); }
  // revents of this descriptor, 0 after a time limit; or -errno.
  int Poll(short events, int timeout_ms);
  // The same for several: the events of all of them together.
  static int PollAll(Process& process, CallState& state, Coverage& coverage,
                     std::span<Client* const> clients, short events, int timeout_ms);

  // Puts a frame into as many slots as it takes, without a system call. False: no room.
  bool Push(netmap_ring& ring, std::span<const uint8_t> frame);
  // Core shows no half frames: of a ring that is not empty.
  static bool ShowsWholeFrame(const netmap_ring& ring);
  // Takes the next whole frame out, without a system call. False: there is none.
  bool Pop(netmap_ring& ring, std::vector<uint8_t>& frame);
  // Moves the next received frame to a transmit ring by swapping buffers. False: none, or no room.
  bool Forward(netmap_ring& from, netmap_ring& to);
  // Pop puts an extra buffer into each slot it empties, and the slot's onto the list.
  void set_swaps(bool swaps) { swaps_ = swaps; }

 private:
  int Sync(ring::Direction direction);
  bool Locked(ring::Direction direction);
  void Swap(netmap_ring& ring, netmap_slot& slot);

  CallState& state_;
  Coverage& coverage_;
  bool swaps_ = false;
};

}  // namespace mapwire::sim

#endif  // SIM_STRESS_CLIENT_H_
