/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Core's view before the C library: the stand-ins do not get in the way of the real ones. */
/* clang-format off */
#include "core/abi/freestanding.h"
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
/* clang-format on */

int Use(struct nm_desc* d, struct timeval* now);
int Use(struct nm_desc* d, struct timeval* now) {
  struct nm_pkthdr hdr;
  d->some_ring->dir = 0;
  if (nm_nextpkt(d, &hdr) != NULL) *now = hdr.ts;
  return nm_close(d) + IFNAMSIZ + (NIOCCTRL == _IOWR('i', 151, struct nmreq_header));
}
