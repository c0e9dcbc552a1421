/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * core/abi/freestanding.h: <net/netmap.h> for code that has no C library, and which is allowed
 * to write the fields the kernel writes. Core and drivers include this file and never
 * <net/netmap.h> itself; the layout is the same, to the byte.
 *
 * Besides core/abi on the include path it needs <stdint.h> and <stddef.h> only (<linux/types.h>,
 * in C for the Linux kernel), and brings stand-ins for what <net/netmap.h> expects from its
 * includer:
 *   - IFNAMSIZ, if there is none yet;
 *   - struct mapwire_abi_timeval in place of struct timeval, unless the real one is visible;
 *   - ptrdiff_t in place of ssize_t;
 *   - ioctl numbers computed here, with no _IO or _IOWR.
 * So it can come before or after <sys/time.h>, <net/if.h> and <sys/ioctl.h>, and
 * <net/netmap_user.h> may follow. It must come before any other netmap header, since that would
 * make the fields const.
 */
#ifndef MAPWIRE_CORE_ABI_FREESTANDING_H_
#define MAPWIRE_CORE_ABI_FREESTANDING_H_

#if defined(_NET_NETMAP_H_) && !defined(MAPWIRE_ABI_MUTABLE)
#error "include core/abi/freestanding.h before <net/netmap.h>"
#endif

#ifndef MAPWIRE_ABI_MUTABLE
#define MAPWIRE_ABI_MUTABLE
#endif

#if defined(__KERNEL__) && !defined(__cplusplus)
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#ifndef IFNAMSIZ
#define IFNAMSIZ 16
#endif

/* C libraries mark the definition of struct timeval: glibc, musl, then the BSDs. */
#if !defined(__timeval_defined) && !defined(__DEFINED_struct_timeval) && \
    !defined(_STRUCT_TIMEVAL) && !defined(_TIMEVAL_DEFINED)
#define MAPWIRE_ABI_NO_TIMEVAL
#endif

#define MAPWIRE_ABI_SSIZE ptrdiff_t

/* Linux's encoding: direction (3 is both ways) << 30, size << 16, group << 8, number. */
#define MAPWIRE_ABI_IO(number) (((uint32_t)'i' << 8) | (uint32_t)(number))
#define MAPWIRE_ABI_IOWR(number, type) \
  (((uint32_t)3 << 30) | ((uint32_t)sizeof(type) << 16) | MAPWIRE_ABI_IO(number))

#include <net/netmap.h>

#endif /* MAPWIRE_CORE_ABI_FREESTANDING_H_ */
