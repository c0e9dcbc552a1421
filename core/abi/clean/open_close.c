/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A program that calls nm_open() and nm_close() and nothing else of the library. */
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

int OpenClose(const char* name);
int OpenClose(const char* name) {
  struct nm_desc* d = nm_open(name, NULL, NM_OPEN_NO_MMAP, NULL);
  return d != NULL ? NETMAP_FD(d) + nm_close(d) : -1;
}
