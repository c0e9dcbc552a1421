/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A program with its own likely() and its own debug macros. */
#include <stdio.h>
#define likely(x) (x)
#define unlikely(x) (x)
#define ND(...)
#define D(...) printf(__VA_ARGS__)
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>
#ifdef RD
#error "RD belongs to the others"
#endif

int OpenClose(void);
int OpenClose(void) { return nm_close(nm_open("netmap:eth0", NULL, 0, NULL)); }
