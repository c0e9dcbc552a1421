// One thread of pkt-gen and what it shares with the main one.
#ifndef TOOLS_PKT_GEN_WORKER_H_
#define TOOLS_PKT_GEN_WORKER_H_

#include <libnetmap.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "tools/pkt-gen/device.h"
#include "tools/pkt-gen/frame.h"
#include "tools/pkt-gen/options.h"
#include "tools/pkt-gen/rate.h"
#include "tools/pkt-gen/report.h"

namespace mapwire::pktgen {

// Written by one thread, once per batch; read by the main one.
class Counters {
 public:
  void Count(uint64_t packets, uint64_t bytes) {
    Add(packets_, packets);
    Add(bytes_, bytes);
    Add(events_, 1);
  }
  void SawSpace(uint32_t slots) {
    if (slots < min_space_.load(std::memory_order_relaxed)) {
      min_space_.store(slots, std::memory_order_relaxed);
    }
  }
  Counts Read() const {
    return {packets_.load(std::memory_order_relaxed), bytes_.load(std::memory_order_relaxed),
            events_.load(std::memory_order_relaxed)};
  }
  // The least seen since the last call.
  uint32_t TakeMinSpace() { return min_space_.exchange(kNoSpaceSeen, std::memory_order_relaxed); }

 private:
  static void Add(std::atomic<uint64_t>& counter, uint64_t value) {
    counter.store(counter.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }

  std::atomic<uint64_t> packets_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> events_{0};
  std::atomic<uint32_t> min_space_{kNoSpaceSeen};
};

struct Worker {
  Worker(const Options& all, uint32_t number, const Frame& first_frame)
      : options(all), index(number), frame(first_frame) {}

  const Options& options;
  const uint32_t index;
  uint64_t count = 0;  // packets to send or receive; 0: no end
  int cpu = -1;        // to run on; -1: any
  Pace pace;
  uint32_t vnet_header = 0;
  Frame frame;

  nmport_d* port = nullptr;  // this or
  Device* device = nullptr;  // this

  Counters counters;
  uint64_t started = 0;  // ns; written before `finished`
  uint64_t stopped = 0;
  std::atomic<bool> finished{false};
  bool failed = false;

  pthread_t thread{};
  bool threaded = false;
};

// Set by SIGINT, and cleared when a run begins.
extern std::atomic<bool> stop_requested;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

// What the threads do, to the end or until they are told to stop. They set `failed`.
void Transmit(Worker& worker);  // tx and txseq
void Receive(Worker& worker);   // rx and rxseq
void Ping(Worker& worker);
void Pong(Worker& worker);
void TransmitByDevice(Worker& worker);
void ReceiveByDevice(Worker& worker);

// Waits until a ring is ready for `events` (POLLIN or POLLOUT), at most timeout_ms; the build that
// is busy just syncs. Returns as poll() does, with revents in *revents.
int WaitForRings(nmport_d* port, short events, int timeout_ms, short* revents);

// Whether there was silence for too long: `since` is when the last packet came.
inline bool Silent(uint64_t since) { return Now() - since > 1000000000u; }

// Prints a packet, or a part of one.
void DumpSlot(const netmap_ring* ring, uint32_t slot, const uint8_t* data, uint32_t bytes);
void Dump(const uint8_t* data, uint32_t bytes);

// Puts up to `limit` packets into a ring, as many as fit, and moves head and cur. Returns how many.
uint32_t FillRing(Worker& worker, netmap_ring* ring, uint64_t limit);
// Marks all slots of the transmit rings of a port: no buffer holds the packet yet.
void MarkAllSlots(nmport_d* port);
// Syncs until all has left or a stop is requested.
void Flush(Worker& worker);

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_WORKER_H_
