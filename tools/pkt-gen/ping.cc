// The functions ping and pong.
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "tools/pkt-gen/worker.h"

namespace mapwire::pktgen {
namespace {

constexpr uint64_t kSecond = 1000000000;

// Times between a packet and its answer.
struct RoundTrips {
  uint64_t count = 0;
  uint64_t sum = 0;
  uint64_t min = UINT64_MAX;

  void Add(uint64_t time) {
    ++count;
    sum += time;
    min = std::min(min, time);
  }
  uint64_t average() const { return count == 0 ? 0 : sum / count; }
  uint64_t least() const { return count == 0 ? 0 : min; }
};

// Takes all that came: answers to packets `from` and later are counted. Returns how many.
uint32_t TakeAnswers(Worker& worker, uint32_t from, uint32_t sent, RoundTrips& all,
                     RoundTrips& interval) {
  nmport_d& port = *worker.port;
  uint32_t answers = 0;
  uint64_t bytes = 0;
  for (uint32_t i = port.first_rx_ring; i <= port.last_rx_ring; ++i) {
    netmap_ring* const ring = NETMAP_RXRING(port.nifp, i);
    uint32_t head = ring->head;
    for (; head != ring->tail; head = nm_ring_next(ring, head)) {
      const netmap_slot* const slot = &ring->slot[head];
      const uint8_t* const data = reinterpret_cast<uint8_t*>(NETMAP_BUF_OFFSET(ring, slot));
      if ((worker.options.flags & kDump) != 0) DumpSlot(ring, head, data, slot->len);
      uint32_t sequence;
      uint64_t time;
      if (!ReadSequence({data, slot->len}, worker.vnet_header, &sequence, &time)) continue;
      const uint64_t now = Now();
      // Not one of this run, or one from before: too late, or twice.
      if (sequence - from >= sent - from || time == 0 || time > now) continue;
      all.Add(now - time);
      interval.Add(now - time);
      bytes += slot->len;
      ++answers;
    }
    ring->head = ring->cur = head;
  }
  if (answers != 0) worker.counters.Count(answers, bytes);
  return answers;
}

// Puts one packet with its number and the time into the first ring with room.
bool SendOne(Worker& worker, uint32_t sequence) {
  nmport_d& port = *worker.port;
  worker.frame.SetSequence(sequence);
  worker.frame.SetTime(Now());
  return nmport_inject(&port, worker.frame.data(), worker.frame.size()) != 0;
}

// One slot of what came becomes one of what goes: the buffers change places.
void Exchange(netmap_slot* in, netmap_slot* out) {
  std::swap(in->buf_idx, out->buf_idx);
  out->len = in->len;
  in->flags |= NS_BUF_CHANGED;
  out->flags = static_cast<uint16_t>(NS_BUF_CHANGED | (in->flags & NS_MOREFRAG));
}

template <size_t kBytes>
void SwapBytes(uint8_t* a, uint8_t* b) {
  std::swap_ranges(a, a + kBytes, b);
}

// The packet goes back where it came from: both MAC addresses, both IP addresses and both ports
// change places, which changes no checksum.
void TurnRound(uint8_t* data, uint32_t bytes, uint32_t vnet_header) {
  if (bytes < vnet_header + kEthernetBytes) return;
  uint8_t* const packet = data + vnet_header;
  const uint32_t left = bytes - vnet_header;
  SwapBytes<6>(packet, packet + 6);
  uint8_t* const ip = packet + kEthernetBytes;
  const uint32_t type = static_cast<uint32_t>(packet[12]) << 8 | packet[13];
  uint8_t protocol = 0;
  uint8_t* ports = nullptr;
  if (type == 0x0800 && left >= kEthernetBytes + 20) {
    SwapBytes<4>(ip + 12, ip + 16);
    protocol = ip[9];
    ports = ip + (ip[0] & 15) * 4;
  } else if (type == 0x86dd && left >= kEthernetBytes + 40) {
    SwapBytes<16>(ip + 8, ip + 24);
    protocol = ip[6];
    ports = ip + 40;
  }
  if (ports != nullptr && (protocol == 17 || protocol == 6) && ports + 4 <= packet + left) {
    SwapBytes<2>(ports, ports + 2);
  }
}

// Slots of the packet at `from`, of which `slots` are there; 0 if its end is not.
uint32_t SlotsOfPacket(const netmap_ring* ring, uint32_t from, uint32_t slots) {
  for (uint32_t i = 1; i <= slots; ++i) {
    if ((ring->slot[from].flags & NS_MOREFRAG) == 0) return i;
    from = from + 1 == ring->num_slots ? 0 : from + 1;
  }
  return 0;
}

// Answers up to `limit` packets of one ring by another, as many as have room whole.
uint32_t AnswerRing(Worker& worker, netmap_ring* in, netmap_ring* out, uint64_t limit) {
  uint32_t room = std::min(nm_ring_space(in), nm_ring_space(out));
  uint32_t from = in->head;
  uint32_t to = out->head;
  uint32_t packets = 0;
  uint64_t bytes = 0;
  netmap_slot* last = nullptr;
  while (packets < limit) {
    const uint32_t slots = SlotsOfPacket(in, from, room);
    if (slots == 0) break;
    netmap_slot* const first = &in->slot[from];
    TurnRound(reinterpret_cast<uint8_t*>(NETMAP_BUF_OFFSET(in, first)), first->len,
              worker.vnet_header);
    for (uint32_t i = 0; i < slots; ++i) {
      netmap_slot* const slot = &in->slot[from];
      last = &out->slot[to];
      bytes += slot->len;
      NETMAP_WOFFSET(out, last, NETMAP_ROFFSET(in, slot));
      Exchange(slot, last);
      from = nm_ring_next(in, from);
      to = nm_ring_next(out, to);
    }
    room -= slots;
    ++packets;
  }
  if (last == nullptr) return 0;
  last->flags |= NS_REPORT;
  in->head = in->cur = from;
  out->head = out->cur = to;
  worker.counters.Count(packets, bytes);
  return packets;
}

}  // namespace

void Ping(Worker& worker) {
  const Options& options = worker.options;
  RoundTrips all, interval;
  const uint64_t count = worker.count;
  uint64_t sent = 0;
  worker.started = Now();
  Pacer pacer(worker.pace, worker.started);
  uint64_t report = worker.started + kSecond;
  while (!stop_requested && (count == 0 || sent < count)) {
    if (worker.pace.period_ns != 0) SleepUntil(pacer.Next(Now()));
    const uint32_t from = static_cast<uint32_t>(sent);
    uint64_t burst = worker.pace.burst;
    if (count != 0) burst = std::min(burst, count - sent);
    uint32_t missing = 0;
    for (; missing < burst && SendOne(worker, static_cast<uint32_t>(sent)); ++missing) ++sent;
    ioctl(worker.port->fd, NIOCTXSYNC, nullptr);
    // An answer that does not come for a second will not.
    const uint64_t deadline = Now() + kSecond;
    while (missing != 0 && !stop_requested && Now() < deadline) {
      short revents = 0;
      const int ready = WaitForRings(worker.port, POLLIN, 1000, &revents);
      if ((ready < 0 && errno != EINTR) || (revents & POLLERR) != 0) {
        D("poll error on queue %u: %s", worker.index,
          ready < 0 ? strerror(errno) : "the ring was refused");
        worker.failed = true;
        worker.stopped = Now();
        return;
      }
      const uint32_t answers =
          TakeAnswers(worker, from, static_cast<uint32_t>(sent), all, interval);
      missing -= std::min(answers, missing);
    }
    if (Now() >= report) {
      D("count %llu RTT: min %llu av %llu ns", static_cast<unsigned long long>(interval.count),
        static_cast<unsigned long long>(interval.least()),
        static_cast<unsigned long long>(interval.average()));
      interval = RoundTrips();
      report = Now() + kSecond;
    }
  }
  worker.stopped = Now();
  if (options.verbose != 0) D("%llu packets sent", static_cast<unsigned long long>(sent));
  D("RTT over %llu packets: min %llu av %llu ns", static_cast<unsigned long long>(all.count),
    static_cast<unsigned long long>(all.least()), static_cast<unsigned long long>(all.average()));
}

void Pong(Worker& worker) {
  nmport_d& port = *worker.port;
  uint64_t left = worker.count == 0 ? UINT64_MAX : worker.count;
  if (port.first_tx_ring > port.last_tx_ring) {
    D("pong needs rings to answer by");
    worker.failed = true;
    return;
  }
  const uint32_t tx_rings = port.last_tx_ring - port.first_tx_ring + 1u;
  worker.started = worker.stopped = Now();
  uint64_t last = worker.started;
  while (!stop_requested && left != 0) {
    short revents = 0;
    const int ready = WaitForRings(&port, POLLIN, 1000, &revents);
    if ((ready < 0 && errno != EINTR) || (revents & POLLERR) != 0) {
      D("poll error on queue %u: %s", worker.index,
        ready < 0 ? strerror(errno) : "the ring was refused");
      worker.failed = true;
      break;
    }
    bool came = false;
    for (uint32_t i = port.first_rx_ring; i <= port.last_rx_ring && left != 0; ++i) {
      netmap_ring* const in = NETMAP_RXRING(port.nifp, i);
      const uint32_t out = port.first_tx_ring + (i - port.first_rx_ring) % tx_rings;
      if (nm_ring_empty(in)) continue;
      came = true;
      const uint32_t packets = AnswerRing(worker, in, NETMAP_TXRING(port.nifp, out), left);
      if (left != UINT64_MAX) left -= packets;
    }
    if (came) {
      last = Now();
      ioctl(port.fd, NIOCTXSYNC, nullptr);
    } else if (worker.options.exit_on_silence && Silent(last)) {
      break;
    }
  }
  if (!worker.failed) Flush(worker);
  worker.stopped = Now();
}

}  // namespace mapwire::pktgen
