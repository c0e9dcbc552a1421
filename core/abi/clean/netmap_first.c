/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* net/netmap.h by itself, after what it asks for; the others later, and some again. */
/* clang-format off */
#include <stdint.h>
#include <sys/types.h>
#include <sys/time.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <net/netmap.h>
#include <net/netmap.h>
#include <net/netmap_legacy.h>
/* clang-format on */

unsigned long Requests(struct netmap_ring* ring);
unsigned long Requests(struct netmap_ring* ring) {
  return nm_ring_empty(ring) ? NIOCCTRL + NIOCTXSYNC + NIOCRXSYNC
                             : NIOCREGIF + NIOCGINFO + NIOCCONFIG;
}

#define NETMAP_WITH_LIBS
/* clang-format off */
#include <net/netmap_user.h>
#include <net/netmap_virt.h>
#include <net/netmap_user.h>
/* clang-format on */

int Close(struct nm_desc* d);
int Close(struct nm_desc* d) { return nm_close(d) + PTNET_IO_END; }
