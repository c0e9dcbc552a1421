// What one system call of the data path costs, whole, in instructions.
//   usage: sync_cost PORT tx|rx BATCH ROUNDS     prints the median, and the cost of reading the
//   clock
// Runs in a guest whose QEMU counts instructions (-icount shift=0): there the time stamp counter
// goes on by one with each, so figures repeat to the digit. Needs a port whose frames come from, or
// go to, somewhere: rx waits until BATCH frames have come.
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

// The call that takes exactly what has come since the last one, and hands the same number of slots
// back: `batch`, or 0 is returned.
uint64_t Receive(nmport_d* port, uint32_t batch, void (*feed)(nmport_d*, uint32_t),
                 nmport_d* feeder) {
  netmap_ring* const ring = NETMAP_RXRING(port->nifp, port->first_rx_ring);
  ring->head = ring->cur = ring->tail;
  feed(feeder, batch);
  const uint64_t before = Now();
  ioctl(port->fd, NIOCRXSYNC);
  const uint64_t took = Now() - before;
  return nm_ring_space(ring) == batch ? took : 0;
}

void Feed(nmport_d* port, uint32_t batch) {
  Transmit(port, batch);
  // Until all are on the wire; and there they are received at once.
  netmap_ring* const ring = NETMAP_TXRING(port->nifp, port->first_tx_ring);
  while (nm_ring_space(ring) < ring->num_slots - 1) ioctl(port->fd, NIOCTXSYNC);
  usleep(2000);
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
  if (argc != 5 && argc != 6) {
    std::fprintf(stderr, "usage: sync_cost PORT tx|rx BATCH ROUNDS [FEEDING-PORT]\n");
    return 2;
  }
  const uint32_t batch = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  const uint32_t rounds = static_cast<uint32_t>(std::strtoul(argv[4], nullptr, 10));
  nmport_d* const port = Open(argv[1]);
  const bool receive = std::strcmp(argv[2], "rx") == 0;
  nmport_d* const feeder = receive && argc == 6 ? Open(argv[5]) : nullptr;
  // Some cards receive nothing for the first second.
  usleep(1500000);
  std::vector<uint64_t> clock, empty, took;
  for (uint32_t i = 0; i < 101; ++i) {
    uint64_t before = Now();
    clock.push_back(Now() - before);
    before = Now();
    ioctl(port->fd, 0);  // no such request: what any call costs
    empty.push_back(Now() - before);
  }
  for (uint32_t i = 0; i < rounds; ++i) {
    const uint64_t cost = receive ? Receive(port, batch, Feed, feeder) : Transmit(port, batch);
    if (cost != 0) took.push_back(cost);
  }
  const uint64_t own = Median(clock);
  std::printf("{\"direction\":\"%s\",\"batch\":%u,\"rounds\":%zu,\"call\":%llu,\"empty\":%llu}\n",
              argv[2], batch, took.size(), static_cast<unsigned long long>(Median(took) - own),
              static_cast<unsigned long long>(Median(empty) - own));
  return took.size() < rounds / 2 ? 1 : 0;
}
