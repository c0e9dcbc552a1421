/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Core's view, with nothing but the compiler's own headers around. */
#include "core/abi/freestanding.h"
#ifdef _IOWR
#error "where does that come from?"
#endif
#ifdef __cplusplus
#define ASSERT(condition) static_assert(condition, #condition)
#else
#define ASSERT(condition) __extension__ _Static_assert(condition, #condition)
#endif

ASSERT(sizeof(struct netmap_ring) == 256);
ASSERT(offsetof(struct netmap_ring, ts) == 40);
ASSERT(sizeof(((struct netmap_ring*)0)->ts) == 16);
ASSERT(offsetof(struct netmap_ring, offset_mask) == 56);
ASSERT(offsetof(struct netmap_ring, sem) == 128);
ASSERT(offsetof(struct netmap_ring, slot) == 256);
ASSERT(sizeof(struct netmap_if) == 56);
ASSERT(sizeof(((struct netmap_if*)0)->ring_ofs[0]) == 8);
ASSERT(sizeof(struct nmreq_header) == 88);
ASSERT(sizeof(struct nmreq) == 60);
ASSERT(NIOCCTRL == 0xc0586997);
ASSERT(NIOCTXSYNC == 0x6994);
ASSERT(NIOCRXSYNC == 0x6995);
ASSERT(NIOCGINFO == 0xc03c6991);
ASSERT(NIOCREGIF == 0xc03c6992);
ASSERT(NIOCCONFIG == 0xc1106996);

void Build(struct netmap_if* nifp, struct netmap_ring* ring);
void Build(struct netmap_if* nifp, struct netmap_ring* ring) {
  nifp->ni_version = NETMAP_API;
  nifp->ni_flags = NI_PRIV_MEM;
  nifp->ni_tx_rings = nifp->ni_rx_rings = 1;
  nifp->ni_host_tx_rings = nifp->ni_host_rx_rings = 1;
  nifp->ring_ofs[0] = (char*)ring - (char*)nifp;
  ring->buf_ofs = 4096;
  ring->num_slots = 8;
  ring->nr_buf_size = 2048;
  ring->ringid = 0;
  ring->dir = 1;
  ring->offset_mask = 0;
  ring->buf_align = 0;
  ring->ts.tv_sec = 1;
  ring->ts.tv_usec = 2;
}
