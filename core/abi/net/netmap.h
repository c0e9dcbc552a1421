/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * net/netmap.h: the contract between a program and /dev/netmap, API 14.
 *
 * What a program sees is a memory region, mapped from the device, which holds three kinds of
 * objects: a `netmap_if` per bound descriptor, a `netmap_ring` per bound queue and direction, and
 * packet buffers. Control goes through ioctl(NIOCCTRL) with a `nmreq_header`; data moves by
 * filling slots, advancing `head` and calling poll(), NIOCTXSYNC or NIOCRXSYNC.
 *
 * Conventions of the comments below:
 *   - "kernel" is whoever implements the device, "program" whoever mapped it;
 *   - "written by" says who may store to a field; everybody may read everything;
 *   - sizes are in bytes and offsets relative to what is named, unless another unit is given;
 *   - ring indexes count slots modulo `num_slots`; "next" and intervals wrap accordingly.
 *
 * The header includes nothing from the C library. Before it, make visible: the <stdint.h> types,
 * ssize_t, IFNAMSIZ, struct timeval, _IO and _IOWR (<net/netmap_user.h> and <sys/ioctl.h> do).
 * Code that has no C library includes core/abi/freestanding.h instead of this file.
 */
#ifndef _NET_NETMAP_H_
#define _NET_NETMAP_H_

/*
 * Private knobs of the implementation; programs leave them alone. None of them moves a byte.
 *   MAPWIRE_ABI_MUTABLE     the fields only the kernel may write lose their `const`
 *   MAPWIRE_ABI_NO_TIMEVAL  there is no struct timeval here: use a stand-in of the same layout
 *   MAPWIRE_ABI_SSIZE       the type used for ssize_t
 *   MAPWIRE_ABI_IO, _IOWR   how ioctl numbers are built
 */
#ifdef MAPWIRE_ABI_MUTABLE
#define MAPWIRE_ABI_CONST
#else
#define MAPWIRE_ABI_CONST const
#endif

#if defined(__KERNEL__) || defined(MAPWIRE_ABI_NO_TIMEVAL)
/* struct timeval as 64-bit programs have it: seconds and microseconds since the epoch. */
struct mapwire_abi_timeval {
  int64_t tv_sec;
  int64_t tv_usec;
};
#define MAPWIRE_ABI_TIMEVAL struct mapwire_abi_timeval
#else
#define MAPWIRE_ABI_TIMEVAL struct timeval
#endif

#ifndef MAPWIRE_ABI_SSIZE
#define MAPWIRE_ABI_SSIZE ssize_t
#endif

#ifndef MAPWIRE_ABI_IOWR
#define MAPWIRE_ABI_IO(number) _IO('i', number)
#define MAPWIRE_ABI_IOWR(number, type) _IOWR('i', number, type)
#endif

/* The arrays without a size at the end of structures are not standard C++. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

/* ---------------------------------------------------------------------------------------------
 * Version
 */

/* The version this header describes, and the ones the kernel accepts in nr_version. */
#define NETMAP_API 14
#define NETMAP_MIN_API 14
#define NETMAP_MAX_API 15

/* Alignment, in bytes, which keeps fields of different writers on different cache lines. */
#define NM_CACHE_ALIGN 128

/* Port names that begin so belong to VALE switches: "vale<switch>:<port>". */
#define NM_BDG_NAME "vale"

/* ---------------------------------------------------------------------------------------------
 * Slots
 */

/*
 * A slot describes one buffer of a ring. Slots in [head, tail) belong to the program, the others
 * to the kernel; the kernel touches a slot of the program only inside a system call made on a
 * descriptor bound to that ring.
 */
struct netmap_slot {
  /* Buffer the slot points at. 0 and 1 are reserved and never handed out. A program that puts
   * another index here (zero copy) must also set NS_BUF_CHANGED. */
  uint32_t buf_idx;
  /* Bytes in this slot: of this fragment, if the packet spans several. Written by the program on
   * tx, by the kernel on rx. */
  uint16_t len;
  /* NS_* bits below. On rx the kernel overwrites all of them when it delivers a packet. */
  uint16_t flags;
  /* With NS_INDIRECT: address of the payload in the program. With offsets enabled (see
   * netmap_ring.offset_mask): where in the buffer the packet begins. Otherwise free for the
   * program; kept as it is, and pipes carry it to the other end. */
  uint64_t ptr;
};

/* Slot flags. */

/* buf_idx is not the one the kernel knows. Set by the program, on tx and rx; cleared by the
 * kernel when it consumes the slot. Zero-copy monitors and host-to-NIC forwarding also swap
 * buffers, and then the kernel sets it. */
#define NS_BUF_CHANGED 0x0001
/* Tx: report the completion of this slot, instead of some time later together with others.
 * Set by the program, cleared by hardware ports; VALE ports and pipes leave it alone. */
#define NS_REPORT 0x0002
/* Rx, on a ring with NR_FORWARD: pass this packet on to the other side (NIC to host stack, or
 * back) when the slot is released. Set by the program, cleared by the kernel. */
#define NS_FORWARD 0x0004
/* VALE tx: do not learn the source address from this packet. A hint; may have no effect. */
#define NS_NO_LEARN 0x0008
/* VALE tx: the payload is not in the buffer but at address `ptr`. Set by the program; ports of
 * any other kind ignore it. */
#define NS_INDIRECT 0x0010
/* The packet goes on in the next slot; clear in its last slot. Written by the program on tx, by
 * the kernel on rx. Only ports that say so (NICs, VALE, pipes) take packets of several slots. */
#define NS_MOREFRAG 0x0020
/* Monitor rx: the packet was seen on its way out. Written by the kernel. */
#define NS_TXMON 0x0040

/* Bits 8..15. On slots received from a VALE port the kernel stores the number of slots of the
 * whole packet there, the same in each of them. On VALE tx: destination port override, a hint
 * which may have no effect. */
#define NS_PORT_SHIFT 8
#define NS_PORT_MASK (0xff << NS_PORT_SHIFT)
/* Slots used by the packet which the received slot `_slot` is part of. */
#define NS_RFRAGS(_slot) (((_slot)->flags >> NS_PORT_SHIFT) & 0xff)

/* Most slots a packet may take. */
#define NETMAP_MAX_FRAGS 64

/* ---------------------------------------------------------------------------------------------
 * Rings
 */

/* netmap_ring.flags, set by the program and never cleared by the kernel. */

/* Store the time of every rxsync in `ts`, also when the module's no_timestamp is set. */
#define NR_TIMESTAMP 0x0002
/* Rx: honour NS_FORWARD in the slots of this ring. */
#define NR_FORWARD 0x0004

/*
 * One direction of one queue. The same ring is seen by all descriptors bound to it, and one
 * thread at a time may use it.
 *
 * tx: the program fills slots from `head` on and advances `head` over them; the next sync hands
 * them to the kernel, which moves `tail` as transmissions complete. All done when next(tail) is
 * head. rx: [head, tail) holds received packets, advancing `head` gives slots back. In either
 * case `cur` lies in [head, tail] and is the wake-up mark: poll() reports the ring ready while
 * cur != tail, so `cur = tail` with `head` behind means "wake me for new slots only".
 *
 * The kernel samples head and cur once per sync and validates them; a ring with an impossible
 * value is put back into a consistent state and poll() reports POLLERR. The program owns at most
 * num_slots - 1 slots at any time.
 */
struct netmap_ring {
  /* Offset from this ring to buffer 0 of the region. Set at creation. */
  MAPWIRE_ABI_CONST int64_t buf_ofs;
  /* Slots in the ring, not necessarily a power of two. Set at creation. */
  MAPWIRE_ABI_CONST uint32_t num_slots;
  /* Size of every buffer of the region. Set at creation. */
  MAPWIRE_ABI_CONST uint32_t nr_buf_size;
  /* Index of the ring within its direction, host rings after hardware rings. Set at creation. */
  MAPWIRE_ABI_CONST uint16_t ringid;
  /* Direction, as stored since ever: 1 on tx rings and 0 on rx rings. Set at creation. */
  MAPWIRE_ABI_CONST uint16_t dir;

  /* First slot of the program. Written by the program only. */
  uint32_t head;
  /* Wake-up mark, in [head, tail]. Written by the program only. */
  uint32_t cur;
  /* First slot of the kernel, past the ones of the program. Written by the kernel, in a sync;
   * what the program stores here is ignored and undone. */
  uint32_t tail;

  /* NR_TIMESTAMP, NR_FORWARD; all other bits 0. Written by the program. */
  uint32_t flags;

  /* Rx: wall clock time of the last sync. Written by the kernel. */
  MAPWIRE_ABI_TIMEVAL ts;

  /* Bits of a slot's `ptr` which hold its packet's offset in the buffer; 0 if the ring has no
   * offsets. Set when a registration carries NETMAP_REQ_OPT_OFFSETS. */
  MAPWIRE_ABI_CONST uint64_t offset_mask;
  /* What the start of a packet in memory must be a multiple of; 0 if the port does not care. */
  MAPWIRE_ABI_CONST uint64_t buf_align;

  /* Scratch space of the program: the kernel neither reads nor writes it. */
  uint8_t sem[128] __attribute__((__aligned__(NM_CACHE_ALIGN)));

  /* The num_slots slots. */
  struct netmap_slot slot[];
};

/* True if the program owns no slot: tx cannot take a packet, rx has none. */
static inline int nm_ring_empty(struct netmap_ring* ring) { return ring->tail == ring->head; }

/* ---------------------------------------------------------------------------------------------
 * Interfaces
 */

/* netmap_if.ni_flags: the port has a memory region of its own, not the global one. */
#define NI_PRIV_MEM 0x1

/*
 * Directory of the rings of a bound descriptor; it lives at nr_offset of the mapping. The counts
 * describe the port, which may have more rings than this descriptor is bound to. All is written
 * by the kernel when the descriptor is bound, with the exception of ni_bufs_head.
 */
struct netmap_if {
  /* Port name, cut to IFNAMSIZ - 1 characters. */
  char ni_name[IFNAMSIZ];
  /* Version of the layout, NETMAP_API or 0. */
  MAPWIRE_ABI_CONST uint32_t ni_version;
  /* NI_PRIV_MEM or 0. */
  MAPWIRE_ABI_CONST uint32_t ni_flags;
  /* Hardware rings of the port, per direction. */
  MAPWIRE_ABI_CONST uint32_t ni_tx_rings;
  MAPWIRE_ABI_CONST uint32_t ni_rx_rings;
  /* First extra buffer, 0 if none; the first uint32_t of each holds the index of the next, 0 at
   * the end. Written by the kernel at registration, then by the program: whatever list is here
   * when the descriptor is closed goes back to the kernel. */
  uint32_t ni_bufs_head;
  /* Host rings, per direction; 1 also on ports which have none. */
  MAPWIRE_ABI_CONST uint32_t ni_host_tx_rings;
  MAPWIRE_ABI_CONST uint32_t ni_host_rx_rings;
  uint32_t ni_spare1[3];
  /* Offset from this structure to each ring: tx hardware, tx host, rx hardware, rx host. 0 means
   * that the descriptor is not bound to that ring. */
  MAPWIRE_ABI_CONST MAPWIRE_ABI_SSIZE ring_ofs[];
};

/* ---------------------------------------------------------------------------------------------
 * Control requests: ioctl(fd, NIOCCTRL, struct nmreq_header *)
 */

/* Limits: bytes of a request with its body and options; characters of a name, with the NUL. */
#define NETMAP_REQ_MAXSIZE 4096
#define NETMAP_REQ_IFNAMSIZ 64

/* nmreq_header.nr_reqtype. The body each one takes is named on the right. */
enum {
  /* Bind this descriptor to a port. */
  NETMAP_REQ_REGISTER = 1, /* nmreq_register */
  /* Ask for ring and slot counts, without binding. */
  NETMAP_REQ_PORT_INFO_GET, /* nmreq_port_info_get */
  /* Attach an interface to a VALE switch, and detach it. */
  NETMAP_REQ_VALE_ATTACH, /* nmreq_vale_attach */
  NETMAP_REQ_VALE_DETACH, /* nmreq_vale_detach */
  /* Find a port of a switch, or walk through all of them. */
  NETMAP_REQ_VALE_LIST, /* nmreq_vale_list */
  /* Set or get the virtio-net header length of a port. */
  NETMAP_REQ_PORT_HDR_SET, /* nmreq_port_hdr */
  NETMAP_REQ_PORT_HDR_GET, /* nmreq_port_hdr */
  /* Create and destroy a persistent VALE interface. */
  NETMAP_REQ_VALE_NEWIF, /* nmreq_vale_newif */
  NETMAP_REQ_VALE_DELIF, /* none */
  /* Start and stop kernel threads that poll an attached NIC. */
  NETMAP_REQ_VALE_POLLING_ENABLE,  /* nmreq_vale_polling */
  NETMAP_REQ_VALE_POLLING_DISABLE, /* nmreq_vale_polling */
  /* Ask how the memory region of a port is laid out. */
  NETMAP_REQ_POOLS_INFO_GET, /* nmreq_pools_info */
  /* Sync the rings of this descriptor in the kernel, until told to stop. */
  NETMAP_REQ_SYNC_KLOOP_START, /* nmreq_sync_kloop_start */
  NETMAP_REQ_SYNC_KLOOP_STOP,  /* none */
  /* Switch this descriptor to control/status blocks, as NETMAP_REQ_OPT_CSB does. */
  NETMAP_REQ_CSB_ENABLE, /* none */
};

/* nmreq_option.nro_reqtype. */
enum {
  /* The region is memory of the program. */
  NETMAP_REQ_OPT_EXTMEM = 1,
  /* Event descriptors for NETMAP_REQ_SYNC_KLOOP_START. */
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  /* Control/status blocks in place of head, cur and tail. */
  NETMAP_REQ_OPT_CSB,
  /* Where NETMAP_REQ_SYNC_KLOOP_START does its work. */
  NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
  /* Packets that do not begin at the start of their buffer. */
  NETMAP_REQ_OPT_OFFSETS,
  /* One more than the last option. */
  NETMAP_REQ_OPT_MAX,
};

/* An element of the list of options of a request; the payload of its type follows it directly. */
struct nmreq_option {
  /* Address of the next option, 0 in the last. Set by the program. */
  uint64_t nro_next;
  /* NETMAP_REQ_OPT_*; each at most once in a request. Set by the program. */
  uint32_t nro_reqtype;
  /* Set by the kernel: 0 if the option was honoured, EOPNOTSUPP if nobody looked at it, else the
   * reason why it failed. When the request fails earlier, the errno of the ioctl counts. */
  uint32_t nro_status;
  /* Size of this header and its payload. Needed by options of variable size only. */
  uint64_t nro_size;
};

/* What NIOCCTRL takes. Copied back also when the request fails; the body only on success. */
struct nmreq_header {
  /* NETMAP_API. Set by the program. */
  uint16_t nr_version;
  /* NETMAP_REQ_*. Set by the program. */
  uint16_t nr_reqtype;
  /* Must be 0, and is returned so. */
  uint32_t nr_reserved;
  /* Port the request is about. Set by the program; VALE_LIST may fill it in. */
  char nr_name[NETMAP_REQ_IFNAMSIZ];
  /* Address of the first nmreq_option, 0 if none. Set by the program. */
  uint64_t nr_options;
  /* Address of the body, 0 exactly for the types that have none. Set by the program. */
  uint64_t nr_body;
};

/* nmreq_register.nr_mode: the rings a descriptor is bound to. */
enum {
  NR_REG_DEFAULT = 0, /* Refused, except in a legacy request: decided by nr_ringid. */
  NR_REG_ALL_NIC = 1, /* All hardware rings. */
  NR_REG_SW = 2,      /* All host rings. */
  NR_REG_NIC_SW = 3,  /* Hardware and host rings. */
  NR_REG_ONE_NIC = 4, /* Hardware ring nr_ringid. */
  /* Legacy requests only; pipes are named "port{id" and "port}id" now. */
  NR_REG_PIPE_MASTER = 5,
  NR_REG_PIPE_SLAVE = 6,
  NR_REG_NULL = 7,   /* A port that moves nothing, to have memory of a region. */
  NR_REG_ONE_SW = 8, /* Host ring nr_ringid. */
};

/* nmreq_register.nr_flags; other bits are ignored. */

/* Monitor the packets the named port sends; those it receives; both, with zero copy. */
#define NR_MONITOR_TX 0x100
#define NR_MONITOR_RX 0x200
#define NR_ZCOPY_MON 0x400
/* Nobody else may be bound to these rings, now or later. */
#define NR_EXCLUSIVE 0x800
/* Leave one direction out. */
#define NR_RX_RINGS_ONLY 0x2000
#define NR_TX_RINGS_ONLY 0x4000
/* The program copes with virtio-net headers in front of packets. */
#define NR_ACCEPT_VNET_HDR 0x8000
/* poll(): sync rx rings also without POLLIN (a hint which may have no effect); do not sync tx
 * rings without POLLOUT. */
#define NR_DO_RX_POLL 0x10000
#define NR_NO_TX_POLL 0x20000

/*
 * Body of NETMAP_REQ_REGISTER. A descriptor is bound once and stays so until it is closed. The
 * ring and slot counts are wishes, honoured only by a call that creates the port, and are
 * returned as they are.
 */
struct nmreq_register {
  /* Out: where the descriptor's netmap_if is in the mapping. */
  uint64_t nr_offset;
  /* Out: size of the region, that is, of the mapping. */
  uint64_t nr_memsize;
  /* In, out: slots per ring. */
  uint32_t nr_tx_slots;
  uint32_t nr_rx_slots;
  /* In, out: hardware rings. */
  uint16_t nr_tx_rings;
  uint16_t nr_rx_rings;
  /* In, out: host rings; out, 0 if the port has none. */
  uint16_t nr_host_tx_rings;
  uint16_t nr_host_rx_rings;
  /* In: region to use, 0 to let the port choose; out: the region used, never 0. */
  uint16_t nr_mem_id;
  /* In: the ring NR_REG_ONE_NIC or NR_REG_ONE_SW means. */
  uint16_t nr_ringid;
  /* In: NR_REG_*. */
  uint32_t nr_mode;
  /* In: buffers wanted besides those in the rings; out: how many there are, maybe fewer. They
   * hang off netmap_if.ni_bufs_head. */
  uint32_t nr_extra_bufs;
  /* In: NR_MONITOR_TX and so on. Out: the same, but NR_ZCOPY_MON brings both directions. */
  uint64_t nr_flags;
};

/* Body of NETMAP_REQ_PORT_INFO_GET: a look-up as by a registration, without its effects. With an
 * empty name only nr_memsize and nr_mem_id are answered, about region nr_mem_id. */
struct nmreq_port_info_get {
  /* Out: size of the region. */
  uint64_t nr_memsize;
  /* In, out: as in nmreq_register. */
  uint32_t nr_tx_slots;
  uint32_t nr_rx_slots;
  uint16_t nr_tx_rings;
  uint16_t nr_rx_rings;
  uint16_t nr_host_tx_rings;
  uint16_t nr_host_rx_rings;
  uint16_t nr_mem_id;
  uint16_t pad[3];
};

/* Body of NETMAP_REQ_VALE_ATTACH; the header names "vale<switch>:<interface>". The attachment
 * outlives the descriptor. */
struct nmreq_vale_attach {
  /* In: nr_mem_id, and nr_mode: NR_REG_ALL_NIC, or NR_REG_NIC_SW to attach the host too. */
  struct nmreq_register reg;
  /* Out: index of the port in the switch. */
  uint32_t port_index;
  uint32_t pad1;
};

/* Body of NETMAP_REQ_VALE_DETACH. */
struct nmreq_vale_detach {
  /* Out: index the port had in the switch. */
  uint32_t port_index;
  uint32_t pad1;
};

/*
 * Body of NETMAP_REQ_VALE_LIST. With a name: out, where that port is. With an empty name: in,
 * where to begin; out, the first port found from there on, its name in the header. To walk
 * through all, clear the name and increment nr_port_idx; ENOENT ends the walk.
 */
struct nmreq_vale_list {
  /* Index of the switch. */
  uint16_t nr_bridge_idx;
  uint16_t pad1;
  /* Index of the port in its switch. */
  uint32_t nr_port_idx;
};

/* Body of NETMAP_REQ_PORT_HDR_SET and NETMAP_REQ_PORT_HDR_GET. */
struct nmreq_port_hdr {
  /* Bytes of virtio-net header in front of each packet: 0, 10 or 12. In for SET, out for GET. */
  uint32_t nr_hdr_len;
  uint32_t pad1;
};

/* Body of NETMAP_REQ_VALE_NEWIF: shape of the new interface; 0 is the default, and the values
 * that came to be are returned. */
struct nmreq_vale_newif {
  uint32_t nr_tx_slots;
  uint32_t nr_rx_slots;
  uint16_t nr_tx_rings;
  uint16_t nr_rx_rings;
  uint16_t nr_mem_id;
  uint16_t pad1;
};

/* nmreq_vale_polling.nr_mode: one thread for all rx rings; one on CPU i for rx ring i. */
#define NETMAP_POLLING_MODE_SINGLE_CPU 1
#define NETMAP_POLLING_MODE_MULTI_CPU 2

/* Body of NETMAP_REQ_VALE_POLLING_ENABLE and _DISABLE; all set by the program. */
struct nmreq_vale_polling {
  /* NETMAP_POLLING_MODE_*. */
  uint32_t nr_mode;
  /* CPUs to use: from the first, so many. SINGLE_CPU wants exactly one. */
  uint32_t nr_first_cpu_id;
  uint32_t nr_num_polling_cpus;
  uint32_t pad1;
};

/*
 * A memory region: three pools one after the other, each an array of objects of one size. Body
 * of NETMAP_REQ_POOLS_INFO_GET, where all is out but nr_mem_id, which is in and out; and part of
 * nmreq_opt_extmem, where the counts and sizes are wishes.
 */
struct nmreq_pools_info {
  /* Size of the region. */
  uint64_t nr_memsize;
  /* Its id. */
  uint16_t nr_mem_id;
  uint16_t pad1[3];
  /* Per pool (interfaces, rings, buffers): offset in the region, number and size of objects. */
  uint64_t nr_if_pool_offset;
  uint32_t nr_if_pool_objtotal;
  uint32_t nr_if_pool_objsize;
  uint64_t nr_ring_pool_offset;
  uint32_t nr_ring_pool_objtotal;
  uint32_t nr_ring_pool_objsize;
  uint64_t nr_buf_pool_offset;
  uint32_t nr_buf_pool_objtotal;
  uint32_t nr_buf_pool_objsize;
};

/* Body of NETMAP_REQ_SYNC_KLOOP_START. The ioctl returns when the loop has been stopped. */
struct nmreq_sync_kloop_start {
  /* Microseconds to sleep between rounds when there are no event descriptors; at most 1000000.
   * Set by the program. */
  uint32_t sleep_us;
  uint32_t pad1;
};

/* ---------------------------------------------------------------------------------------------
 * Control/status blocks (CSB)
 *
 * In CSB mode a descriptor's rings are driven through two arrays in memory of the program, one
 * entry per bound ring, tx rings first, aligned to 64 bytes; head, cur and tail of the mapped
 * rings are not used, and sync ioctls and poll() are refused. NETMAP_REQ_SYNC_KLOOP_START works
 * on them.
 */

/* From the application to the kernel. The kernel fills it in once, when the mode is enabled; from
 * then on it belongs to the application. */
struct nm_csb_atok {
  /* As netmap_ring.head and netmap_ring.cur. Write with nm_sync_kloop_appl_write(). */
  uint32_t head;
  uint32_t cur;
  /* Not 0: the application sleeps and wants to be notified. */
  uint32_t appl_need_kick;
  /* Flags for the sync. */
  uint32_t sync_flags;
  uint32_t pad[12];
};

/* From the kernel to the application, which only reads it. */
struct nm_csb_ktoa {
  /* Slots before hwcur have been consumed by the kernel; the kernel's begin at hwtail, which is
   * the `tail` of the ring. Read with nm_sync_kloop_appl_read(). */
  uint32_t hwcur;
  uint32_t hwtail;
  /* Not 0: the kernel sleeps and wants to be notified of new work. */
  uint32_t kern_need_kick;
  uint32_t pad[13];
};

/* Stores before the barrier are seen before those after it. */
static inline void nm_stst_barrier(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }

/* Loads before the barrier are done before those after it. */
static inline void nm_ldld_barrier(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }

/*
 * The application publishes new values of cur and head. `head` goes last: whoever sees it, after
 * an acquire barrier, sees a `cur` that is at least as new, and what the slots hold.
 */
static inline void nm_sync_kloop_appl_write(struct nm_csb_atok* atok, uint32_t cur, uint32_t head) {
  __atomic_store_n(&atok->cur, cur, __ATOMIC_RELAXED);
  nm_stst_barrier();
  __atomic_store_n(&atok->head, head, __ATOMIC_RELAXED);
}

/*
 * The application reads how far the kernel is. The kernel writes hwcur before hwtail, so hwtail
 * is read first: the hwcur obtained is at least as new, and the slots up to hwtail are filled.
 */
static inline void nm_sync_kloop_appl_read(struct nm_csb_ktoa* ktoa, uint32_t* hwtail,
                                           uint32_t* hwcur) {
  *hwtail = __atomic_load_n(&ktoa->hwtail, __ATOMIC_RELAXED);
  nm_ldld_barrier();
  *hwcur = __atomic_load_n(&ktoa->hwcur, __ATOMIC_RELAXED);
}

/* ---------------------------------------------------------------------------------------------
 * Options
 */

/* NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, with NETMAP_REQ_SYNC_KLOOP_START. nro_size is needed: 24
 * plus 8 per ring. */
struct nmreq_opt_sync_kloop_eventfds {
  struct nmreq_option nro_opt;
  /* One entry per bound ring, tx rings first. Set by the program. */
  struct {
    /* eventfd the application signals when there is work; < 0: the loop polls, with sleeps. */
    int32_t ioeventfd;
    /* eventfd the kernel signals; < 0: the application is not notified. */
    int32_t irqfd;
  } eventfds[];
};

/* NETMAP_REQ_OPT_SYNC_KLOOP_MODE, with NETMAP_REQ_SYNC_KLOOP_START. */
struct nmreq_opt_sync_kloop_mode {
  struct nmreq_option nro_opt;
/* Serve tx, or rx, rings in the context that signals the eventfd, not in the loop. */
#define NM_OPT_SYNC_KLOOP_DIRECT_TX 1
#define NM_OPT_SYNC_KLOOP_DIRECT_RX 2
  /* Any of the above. Set by the program. */
  uint32_t mode;
};

/* NETMAP_REQ_OPT_EXTMEM, with NETMAP_REQ_REGISTER. */
struct nmreq_opt_extmem {
  struct nmreq_option nro_opt;
  /* Page-aligned address of the memory, nro_info.nr_memsize bytes. Set by the program. */
  uint64_t nro_usrptr;
  /* In: objects wanted, 0 for the default; out: what there is. */
  struct nmreq_pools_info nro_info;
};

/* NETMAP_REQ_OPT_CSB, with NETMAP_REQ_REGISTER (NR_EXCLUSIVE needed) or NETMAP_REQ_CSB_ENABLE. */
struct nmreq_opt_csb {
  struct nmreq_option nro_opt;
  /* Addresses of the two arrays. Set by the program. */
  uint64_t csb_atok;
  uint64_t csb_ktoa;
};

/* NETMAP_REQ_OPT_OFFSETS, with NETMAP_REQ_REGISTER. */
struct nmreq_opt_offsets {
  struct nmreq_option nro_opt;
  /* In: largest offset the program will use; out: the one in force, maybe larger if somebody
   * else had already enabled offsets. */
  uint64_t nro_max_offset;
  /* In: offset to store in every slot. */
  uint64_t nro_initial_offset;
  /* In: low bits of netmap_slot.ptr which hold the offset; 0 and 64 mean all of them. */
  uint32_t nro_offset_bits;
  /* In: alignment the program wants for tx; a hint which may have no effect. */
  uint32_t nro_tx_align;
  /* In: most bytes the kernel may write into a buffer; 0: all that nro_max_offset leaves. */
  uint64_t nro_min_gap;
};

/* ---------------------------------------------------------------------------------------------
 * ioctls
 */

/* A control request. */
#define NIOCCTRL MAPWIRE_ABI_IOWR(151, struct nmreq_header)
/* Hand new tx slots to the kernel and collect completed ones, on all bound tx rings. */
#define NIOCTXSYNC MAPWIRE_ABI_IO(148)
/* Give released rx slots back and collect received packets, on all bound rx rings. */
#define NIOCRXSYNC MAPWIRE_ABI_IO(149)

#include <net/netmap_legacy.h>

#pragma GCC diagnostic pop

#endif /* _NET_NETMAP_H_ */
