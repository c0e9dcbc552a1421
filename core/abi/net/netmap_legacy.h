/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * net/netmap_legacy.h: the requests programs used before NIOCCTRL, still served.
 *
 * Part of <net/netmap.h>, which includes it. New code uses NIOCCTRL: a legacy request can not
 * carry options, long names, or offsets and sizes of more than 32 bits.
 */
#ifndef _NET_NETMAP_LEGACY_H_
#define _NET_NETMAP_LEGACY_H_

#ifndef _NET_NETMAP_H_
#error "do not include this header, include <net/netmap.h>"
#endif

/* nmreq.nr_ringid: a ring number and these bits. */

/* With mode 0 in nr_flags: bind to the one hardware ring given; bind to the host rings. */
#define NETMAP_HW_RING 0x4000
#define NETMAP_SW_RING 0x2000
/* The ring number. */
#define NETMAP_RING_MASK 0x0fff
/* As NR_NO_TX_POLL and NR_DO_RX_POLL. */
#define NETMAP_NO_TX_POLL 0x1000
#define NETMAP_DO_RX_POLL 0x8000

/* nmreq.nr_cmd: 0 binds the descriptor, these do something else. */

/* Attach to, detach from a VALE switch. */
#define NETMAP_BDG_ATTACH 1
#define NETMAP_BDG_DETACH 2
/* Not for programs. */
#define NETMAP_BDG_REGOPS 3
/* Where a port is: with NIOCGINFO, switch in nr_arg1 and port in nr_arg2. */
#define NETMAP_BDG_LIST 4
/* Set the virtio-net header length, in nr_arg1. */
#define NETMAP_BDG_VNET_HDR 5
/* Create, destroy a persistent VALE interface. */
#define NETMAP_BDG_NEWIF 6
#define NETMAP_BDG_DELIF 7
/* No longer served. */
#define NETMAP_PT_HOST_CREATE 8
#define NETMAP_PT_HOST_DELETE 9
/* Start, stop polling of an attached NIC: first CPU in nr_ringid, number of CPUs in nr_arg1. */
#define NETMAP_BDG_POLLING_ON 10
#define NETMAP_BDG_POLLING_OFF 11
/* Get the virtio-net header length, in nr_arg1. */
#define NETMAP_VNET_HDR_GET 12

/* nmreq.nr_arg1, with NETMAP_BDG_ATTACH: attach the host rings too. */
#define NETMAP_BDG_HOST 1

/* nmreq.nr_flags: the bits which hold the mode, NR_REG_*. */
#define NR_REG_MASK 0xf

/* The argument of NIOCREGIF and NIOCGINFO. Returned as given if the request fails; on success,
 * only fields marked "out" change. */
struct nmreq {
  /* In: port, at most IFNAMSIZ - 1 characters. */
  char nr_name[IFNAMSIZ];
  /* In: NETMAP_API. */
  uint32_t nr_version;
  /* Out: as in nmreq_register, but the low 32 bits only. */
  uint32_t nr_offset;
  uint32_t nr_memsize;
  /* In, out: as in nmreq_register. */
  uint32_t nr_tx_slots;
  uint32_t nr_rx_slots;
  uint16_t nr_tx_rings;
  uint16_t nr_rx_rings;
  /* In: ring number, NETMAP_HW_RING, NETMAP_SW_RING, NETMAP_NO_TX_POLL, NETMAP_DO_RX_POLL; with
   * the pipe modes, the id of the pipe. */
  uint16_t nr_ringid;
  /* In: 0 or NETMAP_BDG_ATTACH and so on. */
  uint16_t nr_cmd;
  /* In, out: meaning depends on nr_cmd; ignored when it is 0. */
  uint16_t nr_arg1;
  /* In, out: id of the memory region, as nmreq_register.nr_mem_id. */
  uint16_t nr_arg2;
  /* In, out: extra buffers, as nmreq_register.nr_extra_bufs. */
  uint32_t nr_arg3;
  /* In: NR_REG_* in the low bits, and NR_MONITOR_TX and so on. */
  uint32_t nr_flags;
  uint32_t spare2[1];
};

/* Bytes of payload in nm_ifreq. */
#define NM_IFRDATA_LEN 256

/* The argument of NIOCCONFIG, for the module that runs a switch. */
struct nm_ifreq {
  /* In: the switch. */
  char nifr_name[IFNAMSIZ];
  /* In, out: between the program and that module. */
  char data[NM_IFRDATA_LEN];
};

/* Ask about a port, or list ports. */
#define NIOCGINFO MAPWIRE_ABI_IOWR(145, struct nmreq)
/* Bind the descriptor, or do what nr_cmd says. */
#define NIOCREGIF MAPWIRE_ABI_IOWR(146, struct nmreq)
/* Configure a switch that is run by another module. */
#define NIOCCONFIG MAPWIRE_ABI_IOWR(150, struct nm_ifreq)

#endif /* _NET_NETMAP_LEGACY_H_ */
