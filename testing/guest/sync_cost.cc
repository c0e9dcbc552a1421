// What one system call of the data path costs, whole, in instructions.
//   usage: sync_cost PORT tx BATCH ROUNDS
//          sync_cost PORT rx BATCH ROUNDS FEEDING-PORT WAIT
// Prints a row: the median call, and what a call costs that does nothing. Runs in a guest whose
// QEMU counts instructions (-icount shift=0): there the time stamp counter goes on by one with
// each, so figures repeat. rx has each batch sent by the other port of the wire; WAIT is how many
// instructions later all of it must have come. Rounds in which something else came do not count.
#include <fcntl.h>
#include <net/netmap_user.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tools/libnetmap/libnetmap.h"

namespace {

uint64_t Now() { return __rdtsc(); }

uint64_t Median(std::vector<uint64_t> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

constexpr uint32_t kFrameBytes = 60;

// Gives `batch` slots and returns what the call took; slots come back meanwhile or later.
uint64_t Transmit(nmport_d* port, uint32_t batch) {
  netmap_ring* const ring = NETMAP_TXRING(port->nifp, port->first_tx_ring);
  while (nm_ring_space(ring) < batch) ioctl(port->fd, NIOCTXSYNC);
  uint32_t head = ring->head;
  for (uint32_t i = 0; i < batch; ++i) {
    ring->slot[head].len = kFrameBytes;
    head = nm_ring_next(ring, head);
  }
  ring->head = ring->cur = head;
  const uint64_t before = Now();
  ioctl(port->fd, NIOCTXSYNC);
  return Now() - before;
}

void Feed(nmport_d* port, uint32_t batch, uint64_t wait) {
  Transmit(port, batch);
  // Until all are on the wire, and then until all have come.
  netmap_ring* const ring = NETMAP_TXRING(port->nifp, port->first_tx_ring);
  while (nm_ring_space(ring) < ring->num_slots - 1) ioctl(port->fd, NIOCTXSYNC);
  const uint64_t sent = Now();
  while (Now() - sent < wait) continue;
}

// The call that takes exactly what has come since the last one, and hands the same number of slots
// back; 0 if that was not `batch`.
uint64_t Receive(nmport_d* port, nmport_d* feeder, uint32_t batch, uint64_t wait) {
  netmap_ring* const ring = NETMAP_RXRING(port->nifp, port->first_rx_ring);
  ring->head = ring->cur = ring->tail;
  Feed(feeder, batch, wait);
  const uint64_t before = Now();
  ioctl(port->fd, NIOCRXSYNC);
  const uint64_t took = Now() - before;
  return nm_ring_space(ring) == batch ? took : 0;
}

nmport_d* Open(const char* name) {
  nmport_d* const port = nmport_open(name);
  if (port == nullptr) {
    std::perror(name);
    std::exit(1);
  }
  return port;
}

}  // namespace

int main(int argc, char** argv) {
  const bool receive = argc == 7 && std::strcmp(argv[2], "rx") == 0;
  if (!receive && (argc != 5 || std::strcmp(argv[2], "tx") != 0)) {
    std::fprintf(stderr,
                 "usage: sync_cost PORT tx BATCH ROUNDS\n"
                 "       sync_cost PORT rx BATCH ROUNDS FEEDING-PORT WAIT\n");
    return 2;
  }
  const uint32_t batch = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  const uint32_t rounds = static_cast<uint32_t>(std::strtoul(argv[4], nullptr, 10));
  nmport_d* const port = Open(argv[1]);
  nmport_d* const feeder = receive ? Open(argv[5]) : nullptr;
  const uint64_t wait = receive ? std::strtoull(argv[6], nullptr, 10) : 0;
  // Some cards receive nothing for the first second.
  usleep(1500000);
  std::vector<uint64_t> clock, empty, took;
  for (uint32_t i = 0; i < 101; ++i) {
    uint64_t before = Now();
    clock.push_back(Now() - before);
    before = Now();
    ioctl(port->fd, 0);
    empty.push_back(Now() - before);
  }
  for (uint32_t i = 0; i < rounds; ++i) {
    const uint64_t cost = receive ? Receive(port, feeder, batch, wait) : Transmit(port, batch);
    // The first touches pages.
    if (i > 0 && cost != 0) took.push_back(cost);
  }
  if (took.size() < rounds / 2) {
    std::fprintf(stderr, "only %zu of %u rounds had what they were to have\n", took.size(), rounds);
    return 1;
  }
  const uint64_t own = Median(clock);
  std::printf("{\"what\":\"%ssync\",\"batch\":%u,\"instructions\":%llu,\"empty\":%llu}\n", argv[2],
              batch, static_cast<unsigned long long>(Median(took) - own),
              static_cast<unsigned long long>(Median(empty) - own));
  return 0;
}
