/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Only nm_close(), in one of several source files that include the library. */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

int Close(struct nm_desc* d);
int Close(struct nm_desc* d) { return nm_close(d); }
