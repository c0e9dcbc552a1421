/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* net/netmap.h as a kernel would include it: __KERNEL__, no C library, no struct timeval. */
#include <asm-generic/ioctl.h>
#include <stddef.h>
#include <stdint.h>
#define IFNAMSIZ 16
typedef ptrdiff_t ssize_t;
#include <net/netmap.h>
#ifdef __cplusplus
#define ASSERT(condition) static_assert(condition, #condition)
#else
#define ASSERT(condition) __extension__ _Static_assert(condition, #condition)
#endif

ASSERT(sizeof(struct netmap_ring) == 256);
ASSERT(offsetof(struct netmap_ring, offset_mask) == 56);
ASSERT(NIOCCTRL == 0xc0586997);

int Empty(struct netmap_ring* ring);
int Empty(struct netmap_ring* ring) { return nm_ring_empty(ring) && ring->ts.tv_sec != 0; }
