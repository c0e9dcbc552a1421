/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The header alone, without the library. */
#include <net/netmap_user.h>
#ifdef HAVE_NETMAP_WITH_LIBS
#error "nobody asked for the library"
#endif

char* Use(void* mapping);
char* Use(void* mapping) {
  struct netmap_if* nifp = NETMAP_IF(mapping, 1024);
  struct netmap_ring* rx = NETMAP_RXRING(nifp, 0);
  struct netmap_ring* tx = NETMAP_TXRING(nifp, 0);
  struct netmap_slot* slot = &rx->slot[rx->head];
  if (unlikely(nm_ring_empty(rx) || nm_ring_space(tx) == 0 || nm_tx_pending(tx))) return 0;
  nm_pkt_copy(NETMAP_BUF(rx, slot->buf_idx), NETMAP_BUF_OFFSET(tx, &tx->slot[tx->cur]), slot->len);
  NETMAP_WOFFSET(rx, slot, NETMAP_ROFFSET(tx, &tx->slot[0]) + NS_RFRAGS(slot));
  rx->head = rx->cur = nm_ring_next(rx, rx->head);
  return NETMAP_BUF(rx, NETMAP_BUF_IDX(rx, NETMAP_BUF(rx, 7)));
}
