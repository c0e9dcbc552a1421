// The functions rx and rxseq.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "tools/pkt-gen/worker.h"

namespace mapwire::pktgen {
namespace {

// What came in a batch.
struct Batch {
  uint32_t packets = 0;
  uint64_t bytes = 0;
};

// Checks the numbers of packets: of each ring of its own, since rings overtake each other.
class SequenceCheck {
 public:
  explicit SequenceCheck(size_t rings) : next_(rings) {}

  void Look(const Worker& worker, uint32_t ring, const uint8_t* data, uint32_t bytes) {
    uint32_t found;
    uint64_t time;
    if (!ReadSequence({data, bytes}, worker.vnet_header, &found, &time)) return;
    Expected& expected = next_[ring];
    if (expected.known && found != expected.next) {
      RD(10, "Sequence GAP: exp %u found %u", expected.next, found);
      ++gaps_;
    }
    expected.known = true;
    expected.next = found + 1;
  }
  // Told or not.
  unsigned long long gaps() const { return gaps_; }

 private:
  struct Expected {
    bool known = false;
    uint32_t next = 0;
  };
  std::vector<Expected> next_;
  unsigned long long gaps_ = 0;
};

// The usual case reads a length and flags of each slot, and no packet.
Batch TakePlain(netmap_ring* ring, uint32_t count) {
  Batch batch;
  const uint32_t slots = ring->num_slots;
  uint32_t head = ring->head;
  for (uint32_t i = 0; i < count; ++i) {
    const netmap_slot& slot = ring->slot[head];
    batch.bytes += slot.len;
    if ((slot.flags & NS_MOREFRAG) == 0) ++batch.packets;
    if (unlikely(++head == slots)) head = 0;
  }
  ring->head = ring->cur = head;
  return batch;
}

Batch TakeLooking(Worker& worker, netmap_ring* ring, uint32_t id, uint32_t count,
                  SequenceCheck* check) {
  const uint32_t flags = worker.options.flags;
  Batch batch;
  uint32_t head = ring->head;
  bool first = true;  // slot of a packet
  uint32_t seen = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const netmap_slot* const slot = &ring->slot[head];
    const uint8_t* const data = reinterpret_cast<uint8_t*>(NETMAP_BUF_OFFSET(ring, slot));
    const uint32_t next = nm_ring_next(ring, head);
    if ((flags & kPrefetch) != 0) {
      __builtin_prefetch(NETMAP_BUF(ring, ring->slot[next].buf_idx));
    }
    if ((flags & kAccess) != 0 && slot->len != 0) seen += data[0];
    if ((flags & kDump) != 0) DumpSlot(ring, head, data, slot->len);
    if (check != nullptr && first) check->Look(worker, id, data, slot->len);
    first = (slot->flags & NS_MOREFRAG) == 0;
    batch.bytes += slot->len;
    if (first) ++batch.packets;
    head = next;
  }
  asm volatile("" : : "r"(seen));  // the access is not to be optimised away
  ring->head = ring->cur = head;
  return batch;
}

// Waits for the first packet. False: stop.
bool WaitForFirst(Worker& worker) {
  const uint64_t since = Now();
  while (!stop_requested) {
    short revents = 0;
    const int ready = WaitForRings(worker.port, POLLIN, 1000, &revents);
#ifdef PKT_GEN_BUSY
    for (uint32_t i = worker.port->first_rx_ring; i <= worker.port->last_rx_ring; ++i) {
      if (!nm_ring_empty(NETMAP_RXRING(worker.port->nifp, i))) return true;
    }
    (void)ready;
#else
    if (ready > 0 && (revents & POLLERR) == 0) return true;
    RD(1, "waiting for initial packets, poll returns %d %d", ready, revents);
    if (ready < 0 && errno != EINTR) {
      worker.failed = true;
      return false;
    }
    if (ready > 0) usleep(1000);  // it will say so again
#endif
    if (worker.options.exit_on_silence && Silent(since)) return false;
  }
  return false;
}

}  // namespace

void Dump(const uint8_t* data, uint32_t bytes) {
  for (uint32_t at = 0; at < bytes; at += 16) {
    char text[80];
    int used = std::snprintf(text, sizeof(text), "%5x: ", at);
    for (uint32_t i = at; i < at + 16; ++i) {
      used += i < bytes
                  ? std::snprintf(text + used, sizeof(text) - static_cast<size_t>(used), "%02x ",
                                  data[i])
                  : std::snprintf(text + used, sizeof(text) - static_cast<size_t>(used), "   ");
    }
    char letters[17] = "";
    for (uint32_t i = at; i < std::min(bytes, at + 16); ++i) {
      letters[i - at] = isprint(data[i]) != 0 ? static_cast<char>(data[i]) : '.';
    }
    std::printf("%s%s\n", text, letters);
  }
}

void DumpSlot(const netmap_ring* ring, uint32_t slot, const uint8_t* data, uint32_t bytes) {
  std::printf("ring %u slot %5u [buf %6u flags 0x%04x len %5u]\n",
              static_cast<unsigned>(ring->ringid), slot, ring->slot[slot].buf_idx,
              static_cast<unsigned>(ring->slot[slot].flags), bytes);
  Dump(data, bytes);
}

void Receive(Worker& worker) {
  const Options& options = worker.options;
  nmport_d& port = *worker.port;
  SequenceCheck check(port.last_rx_ring + size_t{1});
  const bool sequence = options.function == Function::kRxSequence;
  const bool plain = !sequence && (options.flags & (kPrefetch | kAccess | kDump)) == 0;
  const uint64_t burst = options.burst;
  for (uint32_t i = port.first_rx_ring; i <= port.last_rx_ring; ++i) {
    if ((options.flags & kTimestamp) != 0) NETMAP_RXRING(port.nifp, i)->flags |= NR_TIMESTAMP;
  }

  worker.started = worker.stopped = Now();
  if (!WaitForFirst(worker)) return;
  worker.started = Now();
  uint64_t left = worker.count == 0 ? UINT64_MAX : worker.count;
  uint64_t last = worker.started;  // when something came
  while (!stop_requested && left != 0) {
    short revents = 0;
    const int ready = WaitForRings(&port, POLLIN, 1000, &revents);
    if (ready < 0 && errno != EINTR) {
      D("poll error on queue %u: %s", worker.index, strerror(errno));
      worker.failed = true;
      break;
    }
    if ((revents & POLLERR) != 0) {
      D("poll error on queue %u: the ring was refused", worker.index);
      worker.failed = true;
      break;
    }
    bool came = false;
    for (uint32_t i = port.first_rx_ring; i <= port.last_rx_ring && left != 0; ++i) {
      netmap_ring* const ring = NETMAP_RXRING(port.nifp, i);
      const uint32_t space = nm_ring_space(ring);
      if (space == 0) continue;
      worker.counters.SawSpace(ring->num_slots - 1 - space);
      const auto slots = static_cast<uint32_t>(std::min({uint64_t{space}, burst, left}));
      const Batch batch = plain ? TakePlain(ring, slots)
                                : TakeLooking(worker, ring, i, slots, sequence ? &check : nullptr);
      worker.counters.Count(batch.packets, batch.bytes);
      if (left != UINT64_MAX) left -= batch.packets;
      came = true;
    }
    if (came) {
      if (options.exit_on_silence) last = Now();
    } else if (options.exit_on_silence && Silent(last)) {
      break;
    }
  }
  if (sequence) D("%llu sequence gaps", check.gaps());
  // Without the second of silence at the end.
  worker.stopped = options.exit_on_silence && left != 0 && !stop_requested ? last : Now();
}

void ReceiveByDevice(Worker& worker) {
  uint64_t left = worker.count == 0 ? UINT64_MAX : worker.count;
  worker.started = worker.stopped = Now();
  uint64_t last = worker.started;
  bool first = true;
  while (!stop_requested && left != 0) {
    const std::span<const uint8_t> packet = worker.device->Receive(100);
    if (packet.empty()) {
      if (worker.options.exit_on_silence && Silent(last)) break;
      continue;
    }
    last = Now();
    if (first) worker.started = last;
    first = false;
    if ((worker.options.flags & kDump) != 0) {
      Dump(packet.data(), static_cast<uint32_t>(packet.size()));
    }
    worker.counters.Count(1, packet.size());
    if (left != UINT64_MAX) --left;
  }
  worker.stopped = worker.options.exit_on_silence ? last : Now();
}

}  // namespace mapwire::pktgen
