#include "sim/programs/traffic.h"

#include <poll.h>

#include <cerrno>
#include <cstring>
#include <vector>

#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

namespace mapwire::sim {
namespace {

// What `fill` may need in one frame of several slots.
constexpr size_t kMaxFrame = 9728;

uint32_t SlotsFor(size_t length, uint32_t buffer_bytes) {
  return static_cast<uint32_t>((length + buffer_bytes - 1) / buffer_bytes);
}

// Puts frames into one ring until it is full, the batch is complete, or all are in.
void FillRing(netmap_ring* ring, const SenderOptions& options, uint32_t& batch_left,
              uint64_t& next) {
  uint32_t head = ring->head;
  uint32_t space = nm_ring_space(ring);
  std::vector<uint8_t> large;
  while (next < options.frames && batch_left > 0 && space > 0) {
    netmap_slot* slot = &ring->slot[head];
    uint8_t* buffer = reinterpret_cast<uint8_t*>(NETMAP_BUF(ring, slot->buf_idx));
    size_t length = options.fill(next, buffer, ring->nr_buf_size);
    if (length > ring->nr_buf_size) {  // does not fit: the frame takes several slots
      const uint32_t needed = SlotsFor(length, ring->nr_buf_size);
      if (needed > space) {
        // Nothing more goes in before tail moves: poll is not to call this ring ready.
        ring->head = head;
        ring->cur = ring->tail;
        return;
      }
      large.resize(kMaxFrame);
      length = options.fill(next, large.data(), large.size());
      for (size_t done = 0; done < length;) {
        slot = &ring->slot[head];
        const size_t part = std::min<size_t>(length - done, ring->nr_buf_size);
        std::memcpy(NETMAP_BUF(ring, slot->buf_idx), large.data() + done, part);
        done += part;
        slot->len = static_cast<uint16_t>(part);
        slot->flags = done < length ? NS_MOREFRAG : 0;
        head = nm_ring_next(ring, head);
        --space;
      }
    } else {
      slot->len = static_cast<uint16_t>(length);
      slot->flags = 0;
      head = nm_ring_next(ring, head);
      --space;
    }
    ++next;
    --batch_left;
  }
  ring->head = ring->cur = head;
}

}  // namespace

void RunSender(const SenderOptions& options, SenderResult& result) {
  nm_desc* const port = nm_open(options.port.c_str(), nullptr, 0, nullptr);
  if (port == nullptr) {
    result.error = options.port + ": " + std::strerror(errno);
    return;
  }
  uint64_t next = 0;
  while (next < options.frames) {
    uint32_t batch_left = options.batch;
    const uint64_t before = next;
    for (uint32_t i = port->first_tx_ring; i <= port->last_tx_ring; ++i) {
      FillRing(NETMAP_TXRING(port->nifp, i), options, batch_left, next);
    }
    ++result.syscalls;
    if (next != before && batch_left == 0) {
      ioctl(port->fd, NIOCTXSYNC, nullptr);
      continue;
    }
    pollfd pfd{port->fd, POLLOUT, 0};
    if (poll(&pfd, 1, 1000) <= 0 || (pfd.revents & POLLERR) != 0) {
      result.error = options.port + ": poll found an error or nothing for a second";
      break;
    }
  }
  // Until everything has left the rings.
  for (uint32_t i = port->first_tx_ring; result.error.empty() && i <= port->last_tx_ring; ++i) {
    while (nm_tx_pending(NETMAP_TXRING(port->nifp, i))) {
      ioctl(port->fd, NIOCTXSYNC, nullptr);
      usleep(1);
    }
  }
  result.sent = next;
  nm_close(port);
}

namespace {

uint64_t DrainRing(netmap_ring* ring, const ReceiverOptions& options, std::vector<uint8_t>& whole) {
  uint32_t head = ring->head;
  uint64_t frames = 0;
  while (head != ring->tail) {
    const netmap_slot& slot = ring->slot[head];
    const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(NETMAP_BUF(ring, slot.buf_idx));
    const bool more = (slot.flags & NS_MOREFRAG) != 0;
    head = nm_ring_next(ring, head);
    if (!more && whole.empty()) {
      options.deliver({bytes, slot.len});
      ++frames;
      continue;
    }
    whole.insert(whole.end(), bytes, bytes + slot.len);
    if (more) continue;
    options.deliver(whole);
    whole.clear();
    ++frames;
  }
  ring->head = ring->cur = head;
  return frames;
}

}  // namespace

void RunReceiver(const ReceiverOptions& options, ReceiverResult& result) {
  nm_desc* const port = nm_open(options.port.c_str(), nullptr, 0, nullptr);
  if (port == nullptr) {
    result.error = options.port + ": " + std::strerror(errno);
    return;
  }
  if (options.ready) options.ready();
  std::vector<std::vector<uint8_t>> partial(port->last_rx_ring - port->first_rx_ring + 1u);
  while (options.frames == 0 || result.received < options.frames) {
    pollfd pfd{port->fd, POLLIN, 0};
    ++result.syscalls;
    const int ready = poll(&pfd, 1, result.received == 0 ? options.first_ms : options.idle_ms);
    if (ready == 0) break;
    if (ready < 0 || (pfd.revents & POLLERR) != 0) {
      result.error = options.port + ": poll reports an error";
      break;
    }
    for (uint32_t i = port->first_rx_ring; i <= port->last_rx_ring; ++i) {
      result.received +=
          DrainRing(NETMAP_RXRING(port->nifp, i), options, partial[i - port->first_rx_ring]);
    }
  }
  nm_close(port);
}

}  // namespace mapwire::sim
