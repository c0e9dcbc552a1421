// The functions tx and txseq.
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/pkt-gen/worker.h"

namespace mapwire::pktgen {
namespace {

// How a packet of this worker is laid out in slots.
struct Layout {
  uint32_t slots;
  uint32_t bytes;  // of each slot but the last, which may have less
};

Layout LayoutOf(const Worker& worker, const netmap_ring* ring, uint32_t size) {
  const Options& options = worker.options;
  uint32_t room = options.fragment_size != 0 ? options.fragment_size : ring->nr_buf_size;
  if ((options.flags & kIndirect) == 0) room = std::min(room, ring->nr_buf_size);
  room = std::min<uint32_t>(room, 65535);
  const uint32_t wanted = std::max<uint32_t>((size + options.fragments - 1) / options.fragments, 1);
  const uint32_t bytes = std::min(room, wanted);
  return {std::max<uint32_t>((size + bytes - 1) / bytes, 1), bytes};
}

void Copy(const Options& options, const uint8_t* from, netmap_ring* ring, netmap_slot* slot,
          uint32_t bytes) {
  char* const to = NETMAP_BUF_OFFSET(ring, slot);
  if ((options.flags & kMemcpy) != 0) {
    std::memcpy(to, from, bytes);
  } else {
    nm_pkt_copy(from, to, static_cast<int>(bytes));
  }
}

// The usual case: the packet stays as it is and takes one slot. Its bytes are copied only where the
// kernel has not yet sent this buffer with them, which NS_BUF_CHANGED tells.
uint32_t FillPlain(const Worker& worker, netmap_ring* ring, uint32_t count) {
  const uint8_t* const packet = worker.frame.data();
  const uint16_t size = static_cast<uint16_t>(worker.frame.size());
  const uint32_t slots = ring->num_slots;
  uint32_t head = ring->head;
  netmap_slot* slot = nullptr;
  for (uint32_t i = 0; i < count; ++i) {
    slot = &ring->slot[head];
    const uint16_t changed = slot->flags & NS_BUF_CHANGED;
    if (unlikely(changed != 0)) nm_pkt_copy(packet, NETMAP_BUF_OFFSET(ring, slot), size);
    slot->len = size;
    slot->flags = changed;
    if (unlikely(++head == slots)) head = 0;
  }
  if (slot != nullptr) slot->flags |= NS_REPORT;
  ring->head = ring->cur = head;
  return count;
}

// How much of a slot's bytes, which begin `offset` bytes into the packet, has to be copied.
uint32_t BytesToCopy(const Worker& worker, const netmap_slot* slot, uint32_t offset,
                     uint32_t bytes) {
  const Options& options = worker.options;
  const bool sequence = options.function == Function::kTxSequence;
  if ((options.flags & kRubbish) != 0) return 0;
  if ((slot->flags & NS_BUF_CHANGED) != 0 || (options.flags & (kCopy | kMemcpy)) != 0 ||
      worker.frame.random_sizes()) {
    return bytes;
  }
  if (!worker.frame.varies() && !sequence) return 0;
  const uint32_t changing = worker.frame.changing_bytes();
  return offset >= changing ? 0 : std::min(bytes, changing - offset);
}

// One packet into the slots from *head on, which are enough. Returns its last slot.
netmap_slot* PutPacket(Worker& worker, netmap_ring* ring, uint32_t* head, const Layout& layout) {
  const Options& options = worker.options;
  const uint8_t* const packet = worker.frame.data();
  const uint32_t size = worker.frame.size();
  const bool indirect = (options.flags & kIndirect) != 0 && !worker.frame.varies();
  netmap_slot* slot = nullptr;
  uint32_t offset = 0;
  for (uint32_t i = 0; i < layout.slots; ++i) {
    slot = &ring->slot[*head];
    const uint32_t bytes = std::min(layout.bytes, size - offset);
    if ((options.flags & kPrefetch) != 0) {
      const netmap_slot* const next = &ring->slot[nm_ring_next(ring, *head)];
      __builtin_prefetch(NETMAP_BUF(ring, next->buf_idx));
    }
    uint16_t flags = slot->flags & NS_BUF_CHANGED;
    if (indirect) {
      slot->ptr = reinterpret_cast<uintptr_t>(packet + offset);
      flags |= NS_INDIRECT;
    } else if (const uint32_t copied = BytesToCopy(worker, slot, offset, bytes); copied != 0) {
      Copy(options, packet + offset, ring, slot, copied);
    }
    slot->len = static_cast<uint16_t>(bytes);
    slot->flags = i + 1 < layout.slots ? static_cast<uint16_t>(flags | NS_MOREFRAG) : flags;
    if (unlikely((options.flags & kDump) != 0)) {
      DumpSlot(ring, *head, packet + offset, bytes);
    }
    offset += bytes;
    *head = nm_ring_next(ring, *head);
  }
  return slot;
}

bool IsPlain(const Worker& worker, const Layout& layout) {
  constexpr uint32_t kSpecial = kPrefetch | kCopy | kMemcpy | kIndirect | kDump | kRubbish;
  return layout.slots == 1 && !worker.frame.varies() &&
         worker.options.function != Function::kTxSequence && (worker.options.flags & kSpecial) == 0;
}

// What is left of a burst and of all.
struct Budget {
  uint64_t burst = 0;
  uint64_t left;  // all packets; UINT64_MAX: no end

  uint64_t now() const { return std::min(burst, left); }
  void Take(uint64_t packets) {
    burst -= packets;
    if (left != UINT64_MAX) left -= packets;
  }
};

// Fills the rings of a port with what is left of a burst. Numbered packets go by one ring: rings
// overtake each other.
void FillRings(Worker& worker, Budget& budget) {
  nmport_d& port = *worker.port;
  const bool one = worker.options.function == Function::kTxSequence;
  const uint32_t last = one ? port.first_tx_ring : port.last_tx_ring;
  for (uint32_t i = port.first_tx_ring; i <= last && budget.now() != 0; ++i) {
    netmap_ring* const ring = NETMAP_TXRING(port.nifp, i);
    if (nm_ring_empty(ring)) continue;
    budget.Take(FillRing(worker, ring, budget.now()));
  }
}

}  // namespace

int WaitForRings(nmport_d* port, short events, int timeout_ms, short* revents) {
#ifdef PKT_GEN_BUSY
  (void)timeout_ms;
  *revents = 0;
  return ioctl(port->fd, events == POLLIN ? NIOCRXSYNC : NIOCTXSYNC, nullptr) == 0 ? 1 : -1;
#else
  pollfd pfd = {port->fd, events, 0};
  const int result = poll(&pfd, 1, timeout_ms);
  *revents = pfd.revents;
  return result;
#endif
}

void MarkAllSlots(nmport_d* port) {
  for (uint32_t i = port->first_tx_ring; i <= port->last_tx_ring; ++i) {
    netmap_ring* const ring = NETMAP_TXRING(port->nifp, i);
    // All slots but one are the program's; those that are not yet are when the first ones come
    // back.
    for (uint32_t j = 0; j < ring->num_slots; ++j) ring->slot[j].flags = NS_BUF_CHANGED;
  }
}

uint32_t FillRing(Worker& worker, netmap_ring* ring, uint64_t limit) {
  const Layout layout = LayoutOf(worker, ring, worker.frame.size());
  const uint32_t space = nm_ring_space(ring);
  uint64_t bytes = 0;
  uint32_t packets = 0;
  if (IsPlain(worker, layout)) {
    packets = FillPlain(worker, ring, static_cast<uint32_t>(std::min<uint64_t>(limit, space)));
    bytes = uint64_t{packets} * worker.frame.size();
  } else {
    const bool sequence = worker.options.function == Function::kTxSequence;
    const uint64_t sent = worker.counters.Read().packets;
    uint32_t head = ring->head;
    uint32_t left = space;
    netmap_slot* last = nullptr;
    for (; packets < limit; ++packets) {
      // What the frame is now is what goes; it moves on once it went.
      const Layout now = LayoutOf(worker, ring, worker.frame.size());
      if (now.slots > left) break;
      if (sequence) worker.frame.SetSequence(static_cast<uint32_t>(sent + packets));
      last = PutPacket(worker, ring, &head, now);
      left -= now.slots;
      bytes += worker.frame.size();
      worker.frame.Next();
    }
    if (last != nullptr) last->flags |= NS_REPORT;
    ring->head = ring->cur = head;
  }
  // Short of space: wait for more than there is.
  if (packets < limit) ring->cur = ring->tail;
  if (packets != 0) worker.counters.Count(packets, bytes);
  return packets;
}

void Flush(Worker& worker) {
  nmport_d& port = *worker.port;
  ioctl(port.fd, NIOCTXSYNC, nullptr);
  for (uint32_t i = port.first_tx_ring; i <= port.last_tx_ring; ++i) {
    netmap_ring* const ring = NETMAP_TXRING(port.nifp, i);
    ring->cur = ring->head;
    if (nm_tx_pending(ring)) {
      D("flush tail %u head %u on thread %p", ring->tail, ring->head,
        reinterpret_cast<void*>(worker.thread));
    }
    while (nm_tx_pending(ring) && !stop_requested) {
      RD(5, "pending tx tail %u head %u on ring %u", ring->tail, ring->head, i);
      if (ioctl(port.fd, NIOCTXSYNC, nullptr) != 0) return;
      usleep(1);  // the card needs its time
    }
  }
}

void Transmit(Worker& worker) {
  Budget budget{0, worker.count == 0 ? UINT64_MAX : worker.count};
  const bool paced = worker.pace.period_ns != 0;
  MarkAllSlots(worker.port);
  worker.started = Now();
  Pacer pacer(worker.pace, worker.started);
  while (!stop_requested && budget.left != 0) {
    if (budget.burst == 0) {
      budget.burst = worker.pace.burst;
      if (paced) SleepUntil(pacer.Next(Now()));
    }
    short revents = 0;
    const int ready = WaitForRings(worker.port, POLLOUT, 2000, &revents);
    if (ready <= 0) {
      if (stop_requested) break;
      if (ready < 0 && errno == EINTR) continue;
      D("poll error on queue %u: %s", worker.index, ready < 0 ? strerror(errno) : "timeout");
      if (ready == 0) continue;
      worker.failed = true;
      break;
    }
    if ((revents & POLLERR) != 0) {
      D("poll error on queue %u: the ring was refused", worker.index);
      worker.failed = true;
      break;
    }
    FillRings(worker, budget);
  }
  if (!worker.failed) Flush(worker);
  worker.stopped = Now();
}

void TransmitByDevice(Worker& worker) {
  Budget budget{0, worker.count == 0 ? UINT64_MAX : worker.count};
  worker.started = Now();
  Pacer pacer(worker.pace, worker.started);
  while (!stop_requested && budget.left != 0) {
    budget.burst = worker.pace.burst;
    if (worker.pace.period_ns != 0) SleepUntil(pacer.Next(Now()));
    uint64_t packets = 0;
    uint64_t bytes = 0;
    while (budget.now() != 0) {
      if (!worker.device->Send({worker.frame.data(), worker.frame.size()})) {
        if (errno != EAGAIN) RD(1, "cannot send: %s", strerror(errno));
        usleep(100);
        break;
      }
      ++packets;
      bytes += worker.frame.size();
      worker.frame.Next();
      budget.Take(1);
    }
    if (packets != 0) worker.counters.Count(packets, bytes);
  }
  worker.stopped = Now();
}

}  // namespace mapwire::pktgen
