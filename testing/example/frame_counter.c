/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * frame_counter: counts the frames that come in at a netmap port, by Ethernet type, until nothing
 * has come for a while.
 *
 *   frame_counter PORT [IDLE_MS]        for example: frame_counter netmap:eth0 1000
 *
 * An ordinary netmap program: nothing in here knows of Mapwire or of a simulator. How it is tested
 * is told in docs/testing-your-program.md.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

enum { IPV4, IPV6, ARP, OTHER, KINDS };

static const char* const kind_names[KINDS] = {"ipv4", "ipv6", "arp", "other"};

struct counts {
  uint64_t frames[KINDS];
  uint64_t bytes;
  struct timespec first; /* when the first and the last frame were seen */
  struct timespec last;
};

static int kind_of(const char* frame, uint32_t length) {
  if (length < 14) return OTHER;
  switch ((uint8_t)frame[12] << 8 | (uint8_t)frame[13]) {
    case 0x0800:
      return IPV4;
    case 0x86dd:
      return IPV6;
    case 0x0806:
      return ARP;
    default:
      return OTHER;
  }
}

/* Counts what is in a ring and gives the slots back. A frame may take several slots; what it is
 * stands in the first one. Frames come whole, so nothing is kept between calls. Returns the number
 * of slots. */
static uint32_t drain(struct netmap_ring* ring, struct counts* counts) {
  uint32_t head = ring->head;
  uint32_t slots = 0;
  int inside = 0; /* of a frame of several slots */
  for (; head != ring->tail; head = nm_ring_next(ring, head), ++slots) {
    const struct netmap_slot* slot = &ring->slot[head];
    if (!inside) ++counts->frames[kind_of(NETMAP_BUF(ring, slot->buf_idx), slot->len)];
    inside = (slot->flags & NS_MOREFRAG) != 0;
    counts->bytes += slot->len;
  }
  ring->head = ring->cur = head;
  return slots;
}

static void report(const struct counts* counts) {
  const double seconds = (double)(counts->last.tv_sec - counts->first.tv_sec) +
                         (double)(counts->last.tv_nsec - counts->first.tv_nsec) / 1e9;
  uint64_t frames = 0;
  int kind;
  for (kind = 0; kind < KINDS; ++kind) frames += counts->frames[kind];
  printf("%" PRIu64 " frames, %" PRIu64 " bytes in %.6f s\n", frames, counts->bytes, seconds);
  for (kind = 0; kind < KINDS; ++kind) {
    if (counts->frames[kind] != 0) {
      printf("%6s %" PRIu64 "\n", kind_names[kind], counts->frames[kind]);
    }
  }
}

int main(int argc, char** argv) {
  struct counts counts;
  struct nm_desc* port;
  struct pollfd pfd;
  int idle_ms, ready;
  uint32_t slots = 0;

  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: frame_counter PORT [IDLE_MS]\n");
    return 2;
  }
  idle_ms = argc == 3 ? atoi(argv[2]) : 1000;
  port = nm_open(argv[1], NULL, 0, NULL);
  if (port == NULL) {
    fprintf(stderr, "frame_counter: cannot open %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  memset(&counts, 0, sizeof(counts));
  pfd.fd = NETMAP_FD(port);
  pfd.events = POLLIN;
  while ((ready = poll(&pfd, 1, idle_ms)) > 0 && (pfd.revents & POLLERR) == 0) {
    uint16_t i;
    clock_gettime(CLOCK_MONOTONIC, &counts.last);
    if (slots == 0) counts.first = counts.last;
    for (i = port->first_rx_ring; i <= port->last_rx_ring; ++i) {
      slots += drain(NETMAP_RXRING(port->nifp, i), &counts);
    }
  }
  nm_close(port);
  report(&counts);
  if (ready != 0) {
    fprintf(stderr, "frame_counter: poll reports an error on %s\n", argv[1]);
    return 1;
  }
  return 0;
}
