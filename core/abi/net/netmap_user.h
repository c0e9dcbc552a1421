/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * net/netmap_user.h: what programs need to use netmap without a library.
 *
 * Always there: macros that find rings and buffers in a mapping, index arithmetic, debug output.
 * With NETMAP_WITH_LIBS defined before inclusion, in one or more source files: `struct nm_desc`
 * and the nm_open() family, as static functions. A minimal receiver, where `cb` consumes packets:
 *
 *   struct nm_desc* d = nm_open("netmap:eth0", NULL, 0, NULL);
 *   struct pollfd pfd = {NETMAP_FD(d), POLLIN, 0};
 *   while (poll(&pfd, 1, -1) > 0) nm_dispatch(d, -1, cb, NULL);
 *   nm_close(d);
 *
 * Nothing in here takes a lock: a descriptor, and a ring, is for one thread at a time.
 */
#ifndef _NET_NETMAP_USER_H_
#define _NET_NETMAP_USER_H_

#include <ctype.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
/* clang-format off: the headers above make visible what this one needs. */
#include <net/netmap.h>
/* clang-format on */

/* The device to open. */
#define NETMAP_DEVICE_NAME "/dev/netmap"

/* Hints about the usual value of a condition. */
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

/* ---------------------------------------------------------------------------------------------
 * From offsets and indexes to pointers. Arguments are evaluated more than once.
 */

/* The address `_ofs` bytes into `_base`; and a netmap_if there: `_base` is the start of the
 * mapping, `_ofs` the nr_offset of a registration. */
#define MAPWIRE_NM_AT(_base, _ofs) ((char*)(_base) + (_ofs))
#define NETMAP_IF(_base, _ofs) ((struct netmap_if*)(void*)MAPWIRE_NM_AT(_base, _ofs))

/* Ring `index` of one direction, host rings after the hardware rings. Yields `nifp` itself if the
 * descriptor is not bound to that ring. */
#define NETMAP_TXRING(nifp, index) \
  ((struct netmap_ring*)(void*)MAPWIRE_NM_AT(nifp, (nifp)->ring_ofs[index]))
#define NETMAP_RXRING(nifp, index) \
  NETMAP_TXRING(nifp, (index) + (nifp)->ni_tx_rings + (nifp)->ni_host_tx_rings)

/* Buffer `index` of the region `ring` is in, as a char pointer; and the index of a buffer, from
 * any address in it. */
#define NETMAP_BUF(ring, index) \
  MAPWIRE_NM_AT(ring, (ring)->buf_ofs + (int64_t)((size_t)(index) * (ring)->nr_buf_size))
#define NETMAP_BUF_IDX(ring, buf) \
  (((char*)(buf)-MAPWIRE_NM_AT(ring, (ring)->buf_ofs)) / (ring)->nr_buf_size)

/* Get and set the offset of a slot's packet in its buffer; 0 and without effect on rings that have
 * no offsets. */
#define NETMAP_ROFFSET(ring, slot) ((slot)->ptr & (ring)->offset_mask)
#define NETMAP_WOFFSET(ring, slot, offset)                        \
  ((slot)->ptr = ((slot)->ptr & ~(uint64_t)(ring)->offset_mask) | \
                 ((uint64_t)(offset) & (ring)->offset_mask))

/* Where the packet of a slot begins. */
#define NETMAP_BUF_OFFSET(ring, slot) \
  (NETMAP_BUF(ring, (slot)->buf_idx) + NETMAP_ROFFSET(ring, slot))

/* ---------------------------------------------------------------------------------------------
 * Index arithmetic
 */

/* The slot after `i`. */
static inline uint32_t nm_ring_next(struct netmap_ring* r, uint32_t i) {
  return likely(i + 1 != r->num_slots) ? i + 1 : 0;
}

/* Tx: true if the kernel has not completed all slots it was given, or would be by a sync now. */
static inline int nm_tx_pending(struct netmap_ring* r) {
  return r->head != nm_ring_next(r, r->tail);
}

/* Slots of the program: room on tx, received slots on rx. */
static inline uint32_t nm_ring_space(struct netmap_ring* ring) {
  const uint32_t wrap = ring->tail < ring->head ? ring->num_slots : 0;
  return ring->tail + wrap - ring->head;
}

/* ---------------------------------------------------------------------------------------------
 * Debug output on stderr; needs <stdio.h>. A program that defines ND itself gets none of the three.
 */

#ifndef ND
/* Nothing. */
#define ND(...) \
  do {          \
  } while (0)

/* D(format, ...): a line with the time (seconds modulo 1000), function and line number. The
 * format is a string literal. */
#define D(...) MAPWIRE_NM_D(__VA_ARGS__, "")

/* The appended "" feeds the last %s: so the format may have no arguments, in standard C and C++. */
#define MAPWIRE_NM_D(_fmt, ...)                                                    \
  do {                                                                             \
    struct timeval _nm_at;                                                         \
    gettimeofday(&_nm_at, NULL);                                                   \
    fprintf(stderr, "%03d.%06d %s [%d] " _fmt "\n%s", (int)(_nm_at.tv_sec % 1000), \
            (int)_nm_at.tv_usec, __func__, __LINE__, __VA_ARGS__);                 \
  } while (0)

/* RD(lps, format, ...): the same, at most `lps` lines per second from this place. */
#define RD(lps, ...)                          \
  do {                                        \
    static long _nm_second;                   \
    static int _nm_lines;                     \
    struct timeval _nm_now;                   \
    gettimeofday(&_nm_now, NULL);             \
    if ((long)_nm_now.tv_sec != _nm_second) { \
      _nm_second = (long)_nm_now.tv_sec;      \
      _nm_lines = 0;                          \
    }                                         \
    if (_nm_lines < (lps)) {                  \
      _nm_lines++;                            \
      D(__VA_ARGS__);                         \
    }                                         \
  } while (0)
#endif /* ND */

/*
 * Copy `l` bytes of packet; note the order, source first. Exactly `l` bytes are read and written.
 * Short multiples of a cache line, the usual case in benchmarks, go without calling memcpy().
 */
static inline void nm_pkt_copy(const void* _src, void* _dst, int l) {
  const char* from = (const char*)_src;
  char* to = (char*)_dst;
  if (unlikely(l <= 0)) return;
  if (unlikely(l >= 1024 || l % 64 != 0)) {
    memcpy(to, from, (size_t)l);
    return;
  }
  for (; l > 0; l -= 64, from += 64, to += 64) {
    uint64_t line[8]; /* Addresses may be unaligned, hence no word pointers. */
    memcpy(line, from, sizeof(line));
    memcpy(to, line, sizeof(line));
  }
}

#endif /* _NET_NETMAP_USER_H_ */

/* Outside of the guard: another header may have included this one without NETMAP_WITH_LIBS. */
#ifdef NETMAP_WITH_LIBS
/* ---------------------------------------------------------------------------------------------
 * Descriptors
 */
#ifndef HAVE_NETMAP_WITH_LIBS
#define HAVE_NETMAP_WITH_LIBS

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct nm_desc;

/* A received packet, as nm_dispatch() and nm_nextpkt() tell about it. */
struct nm_pkthdr {
  /* When the ring it came from was synced. */
  struct timeval ts;
  /* Bytes found at `buf`, one after the other. */
  uint32_t caplen;
  /* Bytes of the packet; more than caplen if its buffers are not adjacent. */
  uint32_t len;
  /* 0 or NM_MORE_PKTS. nm_dispatch() only, as are the fields below. */
  uint64_t flags;
/* The same call of nm_dispatch() has more packets. */
#define NM_MORE_PKTS 1
  /* The descriptor it was received on. */
  struct nm_desc* d;
  /* Its (first) slot, and where it begins. Both remain valid until the next sync. */
  struct netmap_slot* slot;
  uint8_t* buf;
};

/* Counters, in the shape pcap has them. Not maintained by the functions of this header. */
struct nm_stat {
  u_int ps_recv;
  u_int ps_drop;
  u_int ps_ifdrop;
};

/* Room for a message in nm_desc.msg. */
#define NM_ERRBUF_SIZE 512

/*
 * A bound descriptor and its mapping. Made by nm_open(); a program may read all of it and change
 * the cur_* fields. P2NMD() and the other macros accept a pointer to any structure that begins
 * with one.
 */
struct nm_desc {
  /* This structure, if it is alive. */
  struct nm_desc* self;
  /* Of the device. Owned: nm_close() closes it. */
  int fd;
  /* The mapping and its size; NULL with NM_OPEN_NO_MMAP. Owned only if done_mmap; otherwise it
   * belongs to the parent given to nm_open(), which must live longer. */
  void* mem;
  size_t memsize;
  int done_mmap;
  /* In the mapping; set by nm_mmap(). */
  struct netmap_if* const nifp;
  /* The rings bound, both ends included, and the one to look at next. */
  uint16_t first_tx_ring;
  uint16_t last_tx_ring;
  uint16_t cur_tx_ring;
  uint16_t first_rx_ring;
  uint16_t last_rx_ring;
  uint16_t cur_rx_ring;
  /* The request as the kernel returned it. */
  struct nmreq req;
  /* The packet nm_dispatch() is about to deliver. */
  struct nm_pkthdr hdr;

  /* Any ring of the region, to give to NETMAP_BUF(); where buffer 0 begins, and the end of the
   * mapping. Set by nm_mmap(). */
  struct netmap_ring* const some_ring;
  void* const buf_start;
  void* const buf_end;

  /* For programs and wrappers (as of pcap); not used in this header. */
  int snaplen;
  int promisc;
  int to_ms;
  char* errbuf;
  uint32_t if_flags;
  uint32_t if_reqcap;
  uint32_t if_curcap;
  struct nm_stat st;
  char msg[NM_ERRBUF_SIZE];
};

/* From a pointer to (something that begins with) a descriptor: the descriptor; whether it is
 * alive; its file descriptor, for poll(). */
#define P2NMD(p) ((struct nm_desc*)(p))
#define IS_NETMAP_DESC(d) ((d) && P2NMD(d)->self == P2NMD(d))
#define NETMAP_FD(d) (P2NMD(d)->fd)

/* Called by nm_dispatch() for each packet, with its own `arg`; `d` is the packet, h->caplen bytes.
 */
typedef void (*nm_cb_t)(u_char*, const struct nm_pkthdr* h, const u_char* d);

/* Flags of nm_open(), above the bits which go to nr_ringid (NETMAP_NO_TX_POLL, _DO_RX_POLL). */
enum {
  NM_OPEN_NO_MMAP = 0x040000, /* Do not map; ignored if there is a parent. */
  /* Take from the parent, in place of what `ifname` or `req` say: */
  NM_OPEN_IFNAME = 0x080000,   /* nr_name, nr_ringid and nr_flags; `ifname` is not parsed */
  NM_OPEN_ARG1 = 0x100000,     /* nr_arg1 (else 4) */
  NM_OPEN_ARG2 = 0x200000,     /* nr_arg2, the region */
  NM_OPEN_ARG3 = 0x400000,     /* nr_arg3 (else 0) */
  NM_OPEN_RING_CFG = 0x800000, /* counts of rings and slots */
};

/* Room for the message of nm_parse(). */
#define MAXERRMSG 80

/* These functions may go unused in a program that includes the header. */
#define MAPWIRE_NM_API __attribute__((__unused__)) static

/*
 * Bind a new descriptor to the port named
 *
 *   netmap:PORT or valeSWITCH:PORT, then  ^ | * | -N | {N | }N,  then  /FLAGS and @REGION
 *
 * where ^ is the host rings, * both host and hardware rings, -N one ring, {N and }N the ends of a
 * pipe; FLAGS are x (exclusive), z, t, r (monitor: zero copy, tx, rx), R, T (one direction only).
 * `req`, if not NULL, gives initial values of the request, which modes and flags in the name are
 * ORed to. `flags` is a set of NM_OPEN_*, NETMAP_NO_TX_POLL and NETMAP_DO_RX_POLL. `arg`, if not
 * NULL, is the parent: its mapping is used if the region is the same, and see NM_OPEN_*.
 *
 * Returns NULL with errno set, and a message on stderr, if that fails; with errno 0 and no message
 * if the name is not one of netmap, so that it can be tried elsewhere.
 */
MAPWIRE_NM_API struct nm_desc* nm_open(const char* ifname, const struct nmreq* req, uint64_t flags,
                                       const struct nm_desc* arg);

/* Unmap, close and free. Returns 0, or EINVAL if `d` is no descriptor. */
MAPWIRE_NM_API int nm_close(struct nm_desc* d);

/* Map the region of a descriptor opened with NM_OPEN_NO_MMAP, or use the mapping of `parent`, if
 * that is not NULL and has one of the same region. Returns 0 (also if done before), or EINVAL. */
MAPWIRE_NM_API int nm_mmap(struct nm_desc* d, const struct nm_desc* parent);

/* Copy a packet into the first tx ring with room, as many slots as it takes. Returns `size`, or 0
 * if no ring has room: sync (NIOCTXSYNC, poll) and try again. Does no system call. */
MAPWIRE_NM_API int nm_inject(struct nm_desc* d, const void* buf, size_t size);

/* Give up to `cnt` received packets (all there are, if 0 or -1) to `cb` and release them. Returns
 * how many. Does no system call. */
MAPWIRE_NM_API int nm_dispatch(struct nm_desc* d, int cnt, nm_cb_t cb, u_char* arg);

/* Take the next received slot: fills ts, len and caplen of `hdr`, returns the start of the data,
 * which is valid until the next sync; NULL if there is none. Slots are not joined into packets.
 * Does no system call. */
MAPWIRE_NM_API u_char* nm_nextpkt(struct nm_desc* d, struct nm_pkthdr* hdr);

/* Parse a port name into d->req, as described at nm_open(). Returns 0; or -1 with errno EINVAL,
 * nothing modified, and a message of up to MAXERRMSG bytes in `err` if that is not NULL. */
MAPWIRE_NM_API int nm_parse(const char* ifname, struct nm_desc* d, char* err);

/* True if all characters in [s, e) are letters, digits or underscores. */
MAPWIRE_NM_API int nm_is_identifier(const char* s, const char* e);

/* ---------------------------------------------------------------------------------------------
 * Their bodies. Names that begin with mapwire_nm_ are internal.
 */

/* A program that has its own ND may have its own D, or none. */
#ifdef D
#define MAPWIRE_NM_LOG(...) D(__VA_ARGS__)
#else
#define MAPWIRE_NM_LOG(...) \
  do {                      \
  } while (0)
#endif

MAPWIRE_NM_API int nm_is_identifier(const char* s, const char* e) {
  while (s != e && (*s == '_' || isalnum((unsigned char)*s))) s++;
  return s == e;
}

/* What the text of a port name says. */
struct mapwire_nm_name {
  const char* start; /* The part for nr_name. */
  size_t length;
  uint32_t mode;
  uint32_t flags;
  unsigned long ring;
  unsigned long region; /* 0: none given. */
};

/* Consume digits; a value too large for anything here is cut to ULONG_MAX / 16. */
MAPWIRE_NM_API unsigned long mapwire_nm_number(const char** text) {
  const unsigned long limit = ~0UL / 16;
  unsigned long value = 0;
  for (; isdigit((unsigned char)**text); ++*text) {
    value = value < limit / 10 ? value * 10 + (unsigned long)(**text - '0') : limit;
  }
  return value;
}

/* A character where something else should be; or the end. Always fails. */
MAPWIRE_NM_API int mapwire_nm_unexpected(const char* at, const char* what, char* err) {
  if (*at != '\0') {
    snprintf(err, MAXERRMSG, "%s: '%c'", what, *at);
  } else {
    snprintf(err, MAXERRMSG, "unexpected end of port name");
  }
  return -1;
}

/* Delimit the name: up to the first character that means something else. */
MAPWIRE_NM_API int mapwire_nm_split(const char* ifname, struct mapwire_nm_name* out, char* err) {
  static const char prefix[] = "netmap:";
  const char* colon = NULL;
  const char* end;
  if (strncmp(ifname, prefix, sizeof(prefix) - 1) == 0) {
    out->start = ifname + sizeof(prefix) - 1;
  } else if (strncmp(ifname, NM_BDG_NAME, sizeof(NM_BDG_NAME) - 1) == 0) {
    out->start = ifname;
    colon = strchr(ifname, ':');
    if (colon == NULL) {
      snprintf(err, MAXERRMSG, "missing ':' in vale name");
      return -1;
    }
    if (!nm_is_identifier(ifname, colon)) {
      snprintf(err, MAXERRMSG, "invalid bridge name");
      return -1;
    }
  } else {
    snprintf(err, MAXERRMSG, "not a netmap port name");
    return -1;
  }
  end = colon != NULL ? colon + 1 : out->start;
  end += strcspn(end, "-*^{}/@");
  if (colon != NULL && !nm_is_identifier(colon + 1, end)) {
    snprintf(err, MAXERRMSG, "invalid bridge port name");
    return -1;
  }
  out->length = (size_t)(end - out->start);
  if (out->length >= IFNAMSIZ) {
    snprintf(err, MAXERRMSG, "name too long");
    return -1;
  }
  return 0;
}

/* ^, *, -N, {N or }N, if there. */
MAPWIRE_NM_API int mapwire_nm_read_mode(const char** text, struct mapwire_nm_name* out, char* err) {
  const char kind = **text;
  out->mode = kind == '^'   ? NR_REG_SW
              : kind == '*' ? NR_REG_NIC_SW
              : kind == '-' ? NR_REG_ONE_NIC
              : kind == '{' ? NR_REG_PIPE_MASTER
              : kind == '}' ? NR_REG_PIPE_SLAVE
                            : NR_REG_ALL_NIC;
  if (out->mode == NR_REG_ALL_NIC) return 0;
  ++*text;
  if (out->mode == NR_REG_SW || out->mode == NR_REG_NIC_SW) return 0;
  if (!isdigit((unsigned char)**text)) {
    return mapwire_nm_unexpected(*text, "unexpected character", err);
  }
  out->ring = mapwire_nm_number(text);
  if (out->ring >= NETMAP_RING_MASK) {
    snprintf(err, MAXERRMSG, "'%lu' out of range [0, %d)", out->ring, NETMAP_RING_MASK);
    return -1;
  }
  return 0;
}

/* The letters after a slash, at least one. */
MAPWIRE_NM_API int mapwire_nm_read_flags(const char** text, struct mapwire_nm_name* out,
                                         char* err) {
  static const char letters[] = "xztrRT";
  static const uint32_t bits[] = {NR_EXCLUSIVE,  NR_ZCOPY_MON,     NR_MONITOR_TX,
                                  NR_MONITOR_RX, NR_RX_RINGS_ONLY, NR_TX_RINGS_ONLY};
  do {
    const char* found = **text != '\0' ? strchr(letters, **text) : NULL;
    if (found == NULL) return mapwire_nm_unexpected(*text, "unrecognized flag", err);
    out->flags |= bits[found - letters];
    ++*text;
  } while (**text != '\0' && **text != '@');
  return 0;
}

/* The number after an @. */
MAPWIRE_NM_API int mapwire_nm_read_region(const char** text, struct mapwire_nm_name* out,
                                          char* err) {
  if (out->region != 0) {
    snprintf(err, MAXERRMSG, "double setting of memid");
    return -1;
  }
  if (**text == '\0') return mapwire_nm_unexpected(*text, "", err);
  out->region = mapwire_nm_number(text);
  if (out->region == 0) {
    snprintf(err, MAXERRMSG, "invalid memid 0, must be >0");
    return -1;
  }
  if (out->region > UINT16_MAX) {
    snprintf(err, MAXERRMSG, "invalid memid %lu, must be <=%u", out->region, (unsigned)UINT16_MAX);
    return -1;
  }
  return 0;
}

MAPWIRE_NM_API int nm_parse(const char* ifname, struct nm_desc* d, char* err) {
  struct mapwire_nm_name name;
  char scratch[MAXERRMSG];
  const char* text;
  int failed;
  memset(&name, 0, sizeof(name));
  if (err == NULL) err = scratch;
  failed = mapwire_nm_split(ifname, &name, err);
  if (!failed) {
    text = name.start + name.length;
    failed = mapwire_nm_read_mode(&text, &name, err);
    while (!failed && *text != '\0') {
      const char next = *text++;
      if (next == '/') {
        failed = mapwire_nm_read_flags(&text, &name, err);
      } else if (next == '@') {
        failed = mapwire_nm_read_region(&text, &name, err);
      } else {
        failed = mapwire_nm_unexpected(text - 1, "unexpected character", err);
      }
    }
  }
  if (failed) {
    errno = EINVAL;
    return -1;
  }
  memset(d->req.nr_name, 0, sizeof(d->req.nr_name));
  memcpy(d->req.nr_name, name.start, name.length);
  d->req.nr_flags |= name.mode | name.flags;
  d->req.nr_ringid = (uint16_t)(d->req.nr_ringid | name.ring);
  if (name.region != 0) d->req.nr_arg2 = (uint16_t)name.region;
  return 0;
}

/* Set one of the pointers which are const for everybody else. */
MAPWIRE_NM_API void mapwire_nm_set_pointer(const void* field, const void* value) {
  memcpy((void*)(uintptr_t)field, &value, sizeof(value));
}

MAPWIRE_NM_API int nm_mmap(struct nm_desc* d, const struct nm_desc* parent) {
  struct netmap_if* nifp;
  struct netmap_ring* ring;
  if (!IS_NETMAP_DESC(d)) return EINVAL;
  if (d->done_mmap) return 0;
  if (IS_NETMAP_DESC(parent) && parent->mem != NULL && parent->req.nr_arg2 == d->req.nr_arg2) {
    d->mem = parent->mem;
    d->memsize = parent->memsize;
  } else {
    void* mem = mmap(NULL, d->req.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);
    if (mem == MAP_FAILED) return EINVAL;
    d->mem = mem;
    d->memsize = d->req.nr_memsize;
    d->done_mmap = 1;
  }
  nifp = NETMAP_IF(d->mem, d->req.nr_offset);
  ring = NETMAP_RXRING(nifp, d->first_rx_ring);
  if ((void*)ring == (void*)nifp) ring = NETMAP_TXRING(nifp, d->first_tx_ring);
  mapwire_nm_set_pointer(&d->nifp, nifp);
  mapwire_nm_set_pointer(&d->some_ring, ring);
  mapwire_nm_set_pointer(&d->buf_start, NETMAP_BUF(ring, 0));
  mapwire_nm_set_pointer(&d->buf_end, (char*)d->mem + d->memsize);
  return 0;
}

MAPWIRE_NM_API int nm_close(struct nm_desc* d) {
  if (!IS_NETMAP_DESC(d)) return EINVAL;
  if (d->done_mmap && d->mem != NULL) munmap(d->mem, d->memsize);
  if (d->fd != -1) close(d->fd);
  memset((void*)d, 0, sizeof(*d));
  free(d);
  return 0;
}

/* What a new descriptor takes from its parent. */
MAPWIRE_NM_API void mapwire_nm_inherit(struct nmreq* req, const struct nmreq* from,
                                       uint64_t flags) {
  req->nr_arg1 = 4;
  req->nr_arg3 = 0;
  if (flags & NM_OPEN_ARG1) {
    MAPWIRE_NM_LOG("nr_arg1 of the parent: %u", (unsigned)from->nr_arg1);
    req->nr_arg1 = from->nr_arg1;
  }
  if (flags & NM_OPEN_ARG2) {
    MAPWIRE_NM_LOG("nr_arg2 of the parent: %u", (unsigned)from->nr_arg2);
    req->nr_arg2 = from->nr_arg2;
  }
  if (flags & NM_OPEN_ARG3) {
    MAPWIRE_NM_LOG("nr_arg3 of the parent: %u", (unsigned)from->nr_arg3);
    req->nr_arg3 = from->nr_arg3;
  }
  if (flags & NM_OPEN_RING_CFG) {
    MAPWIRE_NM_LOG("rings and slots of the parent: tx %u x %u, rx %u x %u",
                   (unsigned)from->nr_tx_rings, (unsigned)from->nr_tx_slots,
                   (unsigned)from->nr_rx_rings, (unsigned)from->nr_rx_slots);
    req->nr_tx_slots = from->nr_tx_slots;
    req->nr_rx_slots = from->nr_rx_slots;
    req->nr_tx_rings = from->nr_tx_rings;
    req->nr_rx_rings = from->nr_rx_rings;
  }
  if (flags & NM_OPEN_IFNAME) {
    MAPWIRE_NM_LOG("name of the parent: %.*s, ring 0x%x, flags 0x%x", IFNAMSIZ, from->nr_name,
                   (unsigned)from->nr_ringid, (unsigned)from->nr_flags);
    memcpy(req->nr_name, from->nr_name, sizeof(req->nr_name));
    req->nr_ringid = from->nr_ringid;
    req->nr_flags = from->nr_flags;
  }
}

/* The interval of rings of one direction, of which the port has `count` in hardware. */
MAPWIRE_NM_API void mapwire_nm_interval(const struct nmreq* req, uint16_t count, uint16_t* first,
                                        uint16_t* last) {
  *first = 0;
  *last = 0;
  switch (req->nr_flags & NR_REG_MASK) {
    case NR_REG_ALL_NIC:
      *last = (uint16_t)(count != 0 ? count - 1 : 0);
      break;
    case NR_REG_SW:
      *first = *last = count;
      break;
    case NR_REG_NIC_SW:
      *last = count;
      break;
    case NR_REG_ONE_NIC:
      *first = *last = req->nr_ringid & NETMAP_RING_MASK;
      break;
    default: /* A pipe: its only ring. */
      break;
  }
}

/* Register and map; all that can fail once the device is open. */
MAPWIRE_NM_API int mapwire_nm_bind(struct nm_desc* d, const char* ifname, uint64_t flags,
                                   const struct nm_desc* parent) {
  char err[MAXERRMSG];
  if (!(flags & NM_OPEN_IFNAME) && nm_parse(ifname, d, err) != 0) {
    MAPWIRE_NM_LOG("%s: %s", ifname, err);
    errno = EINVAL; /* The program's D may have changed it. */
    return -1;
  }
  d->req.nr_version = NETMAP_API;
  d->req.nr_ringid &= NETMAP_RING_MASK;
  if (parent != NULL && flags != 0) mapwire_nm_inherit(&d->req, &parent->req, flags);
  d->req.nr_ringid |= (uint16_t)(flags & (NETMAP_NO_TX_POLL | NETMAP_DO_RX_POLL));
  if (ioctl(d->fd, NIOCREGIF, &d->req) != 0) {
    const int error = errno;
    MAPWIRE_NM_LOG("%s: NIOCREGIF: %s", ifname, strerror(error));
    errno = error;
    return -1;
  }
  mapwire_nm_interval(&d->req, d->req.nr_tx_rings, &d->first_tx_ring, &d->last_tx_ring);
  mapwire_nm_interval(&d->req, d->req.nr_rx_rings, &d->first_rx_ring, &d->last_rx_ring);
  d->cur_tx_ring = d->first_tx_ring;
  d->cur_rx_ring = d->first_rx_ring;
  if ((!(flags & NM_OPEN_NO_MMAP) || parent != NULL) && nm_mmap(d, parent) != 0) {
    const int error = errno;
    MAPWIRE_NM_LOG("%s: mmap: %s", ifname, strerror(error));
    errno = error;
    return -1;
  }
#ifdef DEBUG_NETMAP_USER
  MAPWIRE_NM_LOG("%s: region %u, tx rings %u to %u, rx rings %u to %u", ifname,
                 (unsigned)d->req.nr_arg2, (unsigned)d->first_tx_ring, (unsigned)d->last_tx_ring,
                 (unsigned)d->first_rx_ring, (unsigned)d->last_rx_ring);
#endif
  return 0;
}

MAPWIRE_NM_API struct nm_desc* nm_open(const char* ifname, const struct nmreq* req, uint64_t flags,
                                       const struct nm_desc* arg) {
  struct nm_desc* d;
  if (ifname == NULL || (strncmp(ifname, "netmap:", 7) != 0 &&
                         strncmp(ifname, NM_BDG_NAME, sizeof(NM_BDG_NAME) - 1) != 0)) {
    errno = 0;
    return NULL;
  }
  d = (struct nm_desc*)calloc(1, sizeof(*d));
  if (d == NULL) {
    MAPWIRE_NM_LOG("%s: no memory for a descriptor", ifname);
    errno = ENOMEM;
    return NULL;
  }
  d->self = d;
  d->fd = open(NETMAP_DEVICE_NAME, O_RDWR);
  if (d->fd == -1) {
    const int error = errno;
    MAPWIRE_NM_LOG("%s: %s", NETMAP_DEVICE_NAME, strerror(error));
    errno = error;
  } else {
    if (req != NULL) d->req = *req;
    if (mapwire_nm_bind(d, ifname, flags, IS_NETMAP_DESC(arg) ? arg : NULL) == 0) return d;
  }
  {
    const int error = errno != 0 ? errno : EINVAL;
    nm_close(d);
    errno = error;
  }
  return NULL;
}

/* A ring after `ri` in [first, last]. */
MAPWIRE_NM_API uint16_t mapwire_nm_next_ring(uint16_t ri, uint16_t first, uint16_t last) {
  return ri >= last ? first : (uint16_t)(ri + 1);
}

/* Copy a packet into slots from ring->cur on, if there are enough. Returns whether. */
MAPWIRE_NM_API int mapwire_nm_put(struct netmap_ring* ring, const char* from, size_t size) {
  const uint32_t wrap = ring->tail < ring->cur ? ring->num_slots : 0;
  const size_t room = ring->tail + wrap - ring->cur;
  const size_t needed = size / ring->nr_buf_size + (size % ring->nr_buf_size != 0);
  uint32_t i = ring->cur;
  if (needed > room) return 0;
  while (size > 0) {
    struct netmap_slot* slot = &ring->slot[i];
    const size_t part = size > ring->nr_buf_size ? ring->nr_buf_size : size;
    NETMAP_WOFFSET(ring, slot, 0);
    nm_pkt_copy(from, NETMAP_BUF(ring, slot->buf_idx), (int)part);
    slot->len = (uint16_t)part;
    slot->flags = (uint16_t)(slot->flags & ~(NS_MOREFRAG | NS_INDIRECT));
    from += part;
    size -= part;
    if (size > 0) slot->flags |= NS_MOREFRAG;
    i = nm_ring_next(ring, i);
  }
  ring->head = ring->cur = i;
  return 1;
}

MAPWIRE_NM_API int nm_inject(struct nm_desc* d, const void* buf, size_t size) {
  uint16_t ri = d->cur_tx_ring;
  int left = d->last_tx_ring - d->first_tx_ring + 1;
  if (size == 0) return 0;
  for (; left > 0; left--) {
    struct netmap_ring* ring = NETMAP_TXRING(d->nifp, ri);
    if ((void*)ring != (void*)d->nifp && mapwire_nm_put(ring, (const char*)buf, size)) {
      d->cur_tx_ring = ri;
      return (int)size;
    }
    ri = mapwire_nm_next_ring(ri, d->first_tx_ring, d->last_tx_ring);
  }
  return 0;
}

/* Describe the packet at ring->cur and release its slots. If its end is not there yet, what there
 * is makes a packet. */
MAPWIRE_NM_API void mapwire_nm_take(struct netmap_ring* ring, struct nm_pkthdr* hdr) {
  uint32_t i = ring->cur;
  int adjacent = 1;
  hdr->ts.tv_sec = ring->ts.tv_sec;
  hdr->ts.tv_usec = ring->ts.tv_usec;
  hdr->slot = &ring->slot[i];
  hdr->buf = (uint8_t*)NETMAP_BUF_OFFSET(ring, hdr->slot);
  hdr->len = hdr->caplen = 0;
  for (;;) {
    struct netmap_slot* slot = &ring->slot[i];
    adjacent = adjacent && (uint8_t*)NETMAP_BUF_OFFSET(ring, slot) == hdr->buf + hdr->caplen;
    hdr->len += slot->len;
    if (adjacent) hdr->caplen += slot->len;
    i = nm_ring_next(ring, i);
    if (!(slot->flags & NS_MOREFRAG) || i == ring->tail) break;
  }
  ring->head = ring->cur = i;
}

/* The first bound rx ring that has a packet, from cur_rx_ring on, which moves there; or NULL. */
MAPWIRE_NM_API struct netmap_ring* mapwire_nm_find(struct nm_desc* d) {
  uint16_t ri = d->cur_rx_ring;
  int left = d->last_rx_ring - d->first_rx_ring + 1;
  for (; left > 0; left--) {
    struct netmap_ring* ring = NETMAP_RXRING(d->nifp, ri);
    if ((void*)ring != (void*)d->nifp && ring->cur != ring->tail) {
      d->cur_rx_ring = ri;
      return ring;
    }
    ri = mapwire_nm_next_ring(ri, d->first_rx_ring, d->last_rx_ring);
  }
  return NULL;
}

MAPWIRE_NM_API int nm_dispatch(struct nm_desc* d, int cnt, nm_cb_t cb, u_char* arg) {
  int taken = 0;
  d->hdr.d = d;
  while (cnt <= 0 || taken < cnt) {
    struct netmap_ring* ring = mapwire_nm_find(d);
    if (ring == NULL) break;
    /* A packet is delivered when it is known whether another one follows. */
    if (taken > 0) {
      d->hdr.flags = NM_MORE_PKTS;
      cb(arg, &d->hdr, d->hdr.buf);
    }
    mapwire_nm_take(ring, &d->hdr);
    taken++;
  }
  if (taken > 0) {
    d->hdr.flags = 0;
    cb(arg, &d->hdr, d->hdr.buf);
  }
  return taken;
}

MAPWIRE_NM_API u_char* nm_nextpkt(struct nm_desc* d, struct nm_pkthdr* hdr) {
  struct netmap_ring* ring = mapwire_nm_find(d);
  struct netmap_slot* slot;
  if (ring == NULL) return NULL;
  slot = &ring->slot[ring->cur];
  hdr->ts.tv_sec = ring->ts.tv_sec;
  hdr->ts.tv_usec = ring->ts.tv_usec;
  hdr->len = hdr->caplen = slot->len;
  ring->head = ring->cur = nm_ring_next(ring, ring->cur);
  return (u_char*)NETMAP_BUF_OFFSET(ring, slot);
}

#endif /* HAVE_NETMAP_WITH_LIBS */
#endif /* NETMAP_WITH_LIBS */
