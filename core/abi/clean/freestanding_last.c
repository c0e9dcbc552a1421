/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Core's view in a file that has the C library: the real struct timeval is used. */
/* clang-format off */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include "core/abi/freestanding.h"
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
/* clang-format on */
#ifdef __cplusplus
#define ASSERT(condition) static_assert(condition, #condition)
#else
#define ASSERT(condition) __extension__ _Static_assert(condition, #condition)
#endif

ASSERT(sizeof(struct netmap_ring) == 256);
ASSERT(offsetof(struct netmap_ring, offset_mask) == 56);
ASSERT(NIOCCTRL == _IOWR('i', 151, struct nmreq_header));
ASSERT(NIOCTXSYNC == _IO('i', 148));
ASSERT(NIOCREGIF == _IOWR('i', 146, struct nmreq));
ASSERT(NIOCCONFIG == _IOWR('i', 150, struct nm_ifreq));

void Stamp(struct netmap_ring* ring, struct timeval now);
void Stamp(struct netmap_ring* ring, struct timeval now) {
  ring->ts = now;
  ring->dir = 1;
}

int Close(struct nm_desc* d);
int Close(struct nm_desc* d) { return nm_close(d); }
