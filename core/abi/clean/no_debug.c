/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A program that defines ND to be rid of the debug macros, and uses the name D itself. */
#define ND(...)
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

int OpenClose(void);
int OpenClose(void) {
  struct nm_desc* D = nm_open("netmap:eth0", NULL, 0, NULL);
  return nm_close(D);
}
