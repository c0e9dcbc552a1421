/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The library is included and not used. */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

struct nm_desc* Nothing(void);
struct nm_desc* Nothing(void) {
  return NULL;
}
