/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The library is asked for when some other header has already included netmap_user.h without it. */
#include <net/netmap_virt.h>
/* clang-format off */
#include <net/netmap_user.h>
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
/* clang-format on */
#ifndef HAVE_NETMAP_WITH_LIBS
#error "no library"
#endif

int Close(struct nm_desc* d);
int Close(struct nm_desc* d) { return nm_close(d); }
