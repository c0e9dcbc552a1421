// A descriptor of /dev/netmap with its mapping, for programs that report failures as values, and
// the call a program is in, for who wants to kill it there.
#ifndef SIM_STRESS_CLIENT_H_
#define SIM_STRESS_CLIENT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/abi/freestanding.h"
#include "sim/host/process.h"
#include "sim/stress/coverage.h"

namespace mapwire::sim {

enum class Call : uint8_t { kNone, kRegister, kSync, kPoll, kClose };

// What a program is doing, as seen from outside.
struct CallState {
  Call call = Call::kNone;
  uint64_t sleeps = 0;  // of the process, when the call began
};

struct ClientBinding {
  std::string port = "eth0";
  uint32_t mode = NR_REG_ONE_NIC;
  uint16_t ring = 0;
  uint64_t flags = 0;
  uint16_t region = 0;
  uint32_t extra_buffers = 0;
  uint32_t made_slots = 0;  // of a null port
  uint32_t max_offset = 0;  // 0: without the option
  uint32_t initial_offset = 0;
};

// All calls from the thread of the process. Does not close itself: a program that ends closes all.
class Client {
 public:
  Client(Process& process, CallState& state, Coverage& coverage)
      : process_(process), state_(state), coverage_(coverage) {}

  // open, REGISTER, mmap: 0 or -errno; on failure nothing is left open.
  int Open(const ClientBinding& binding);
  int Close();
  int fd() const { return fd_; }
  const nmreq_register& registered() const { return registered_; }
  control::Session& session() { return *process_.session(fd_); }

  netmap_if& interface() { return *reinterpret_cast<netmap_if*>(base_ + registered_.nr_offset); }
  // Ring `i` of the port, which must be bound.
  netmap_ring& tx(uint32_t i);
  netmap_ring& rx(uint32_t i);

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

  static uint32_t Space(const netmap_ring& ring) {
    return (ring.tail + ring.num_slots - ring.head) % ring.num_slots;
  }
  // Slots handed over that have not come back.
  static uint32_t Pending(const netmap_ring& ring) {
    return (ring.head + ring.num_slots - ring.tail - 1) % ring.num_slots;
  }
  static uint32_t Next(const netmap_ring& ring, uint32_t i) {
    return i + 1 == ring.num_slots ? 0 : i + 1;
  }
  static uint8_t* Buffer(netmap_ring& ring, uint32_t index) {
    return reinterpret_cast<uint8_t*>(&ring) + ring.buf_ofs + uint64_t{index} * ring.nr_buf_size;
  }

 private:
  int Sync(ring::Direction direction);
  bool Locked(ring::Direction direction);
  void Swap(netmap_ring& ring, netmap_slot& slot);

  Process& process_;
  CallState& state_;
  Coverage& coverage_;
  int fd_ = -1;
  char* base_ = nullptr;
  nmreq_register registered_{};
  bool swaps_ = false;
};

}  // namespace mapwire::sim

#endif  // SIM_STRESS_CLIENT_H_
