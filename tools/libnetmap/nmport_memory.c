/* Ports: regions, which the ports of a context share, and the rings in them. */
#include <errno.h>
#include <sys/mman.h>

#include "tools/libnetmap/internal.h"

/* The region of `d` among those the context has mapped, or NULL. The context is locked. */
static struct nmem_d* find_region(struct nmport_d* d) {
  struct nmem_d* region;
  for (region = d->ctx->mem_descs; region != NULL; region = region->next) {
    if (d->extmem != NULL) {
      if (region->is_extmem && (uintptr_t)region->mem == d->extmem->nro_usrptr) return region;
    } else if (region->mem_id == d->reg.nr_mem_id) {
      return region;
    }
  }
  return NULL;
}

/* Map it, and add it to the context, which is locked. NULL with errno and a message. */
static struct nmem_d* add_region(struct nmport_d* d) {
  struct nmem_d* region = (struct nmem_d*)nm_zalloc(d->ctx, sizeof(*region));
  if (region == NULL) return NULL;
  region->mem_id = d->reg.nr_mem_id;
  if (d->extmem != NULL) {
    region->mem = (void*)(uintptr_t)d->extmem->nro_usrptr;
    region->size = d->extmem->nro_info.nr_memsize;
    region->is_extmem = 1;
  } else {
    region->size = d->reg.nr_memsize;
    region->mem = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, 0);
    if (region->mem == MAP_FAILED) {
      const int error = errno;
      nmctx_ferror(d->ctx, "%s: cannot map %zu bytes: %s", d->hdr.nr_name, region->size,
                   strerror(error));
      nmctx_free(d->ctx, region);
      errno = error;
      return NULL;
    }
  }
  region->next = d->ctx->mem_descs;
  if (region->next != NULL) region->next->prev = region;
  d->ctx->mem_descs = region;
  return region;
}

static void remove_region(struct nmctx* ctx, struct nmem_d* region) {
  if (!region->is_extmem) munmap(region->mem, region->size);
  if (region->prev != NULL) {
    region->prev->next = region->next;
  } else {
    ctx->mem_descs = region->next;
  }
  if (region->next != NULL) region->next->prev = region->prev;
  nmctx_free(ctx, region);
}

/* The first run of rings that are there, of the `count` of a direction from offset `base` of the
 * directory on. */
static void find_rings(const struct netmap_if* nifp, uint32_t base, uint32_t count, uint16_t* first,
                       uint16_t* last) {
  uint32_t begin = 0;
  uint32_t end;
  while (begin < count && nifp->ring_ofs[base + begin] == 0) ++begin;
  end = begin;
  while (end < count && nifp->ring_ofs[base + end] != 0) ++end;
  *first = (uint16_t)begin;
  *last = (uint16_t)(end - 1);
}

int nmport_mmap(struct nmport_d* d) {
  struct nmem_d* region;
  uint32_t tx_rings;
  if (d->mmap_done) return nm_invalid(d->ctx, "%s: already mapped", d->hdr.nr_name);
  if (!d->register_done) return nm_invalid(d->ctx, "%s: not registered", d->hdr.nr_name);
  nmctx_lock(d->ctx);
  region = find_region(d);
  if (region == NULL) region = add_region(d);
  if (region != NULL) ++region->refcount;
  nmctx_unlock(d->ctx);
  if (region == NULL) return -1;

  d->mem = region;
  d->nifp = NETMAP_IF(region->mem, d->reg.nr_offset);
  tx_rings = d->nifp->ni_tx_rings + d->nifp->ni_host_tx_rings;
  find_rings(d->nifp, 0, tx_rings, &d->first_tx_ring, &d->last_tx_ring);
  find_rings(d->nifp, tx_rings, d->nifp->ni_rx_rings + d->nifp->ni_host_rx_rings, &d->first_rx_ring,
             &d->last_rx_ring);
  d->cur_tx_ring = d->first_tx_ring;
  d->cur_rx_ring = d->first_rx_ring;
  d->mmap_done = 1;
  return 0;
}

void nmport_undo_mmap(struct nmport_d* d) {
  struct nmem_d* region = d->mem;
  if (region != NULL) {
    nmctx_lock(d->ctx);
    if (--region->refcount == 0) remove_region(d->ctx, region);
    nmctx_unlock(d->ctx);
  }
  d->mem = NULL;
  d->nifp = NULL;
  d->first_tx_ring = d->last_tx_ring = d->cur_tx_ring = 0;
  d->first_rx_ring = d->last_rx_ring = d->cur_rx_ring = 0;
  d->mmap_done = 0;
}

/* Copy a packet to the slots from ring->cur on, if there are enough. Returns whether. */
static int put_packet(struct netmap_ring* ring, const char* from, size_t size) {
  const uint32_t wrap = ring->tail < ring->cur ? ring->num_slots : 0;
  const size_t room = ring->nr_buf_size;
  const size_t needed = (size + room - 1) / room;
  uint32_t cur = ring->cur;
  if (needed > ring->tail + wrap - cur) return 0;
  while (size > 0) {
    struct netmap_slot* slot = &ring->slot[cur];
    const size_t part = size > room ? room : size;
    NETMAP_WOFFSET(ring, slot, 0);
    nm_pkt_copy(from, NETMAP_BUF(ring, slot->buf_idx), (int)part);
    slot->len = (uint16_t)part;
    slot->flags = (uint16_t)(slot->flags & ~(NS_MOREFRAG | NS_INDIRECT));
    from += part;
    size -= part;
    if (size > 0) slot->flags |= NS_MOREFRAG;
    cur = nm_ring_next(ring, cur);
  }
  ring->head = ring->cur = cur;
  return 1;
}

int nmport_inject(struct nmport_d* d, const void* buf, size_t size) {
  const uint32_t first = d->first_tx_ring;
  const uint32_t rings = (uint16_t)(d->last_tx_ring - first + 1);
  uint32_t i;
  if (size == 0) return 0;
  for (i = 0; i < rings; ++i) {
    const uint32_t at = first + (d->cur_tx_ring - first + i) % rings;
    if (put_packet(NETMAP_TXRING(d->nifp, at), (const char*)buf, size)) {
      d->cur_tx_ring = (uint16_t)at;
      return (int)size;
    }
  }
  return 0;
}
