/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * libnetmap.h: names of ports turned into requests, and requests into mapped rings.
 *
 * Link with -lnetmap -lpthread. A minimal receiver:
 *
 *   struct nmport_d* d = nmport_open("netmap:eth0");
 *   struct pollfd pfd = {d->fd, POLLIN, 0};
 *   while (poll(&pfd, 1, -1) > 0) drain(NETMAP_RXRING(d->nifp, d->first_rx_ring));
 *   nmport_close(d);
 *
 * A port is named by
 *
 *   SUBSYSTEM:NAME[MODE][OPTIONS]
 *
 *   SUBSYSTEM  "netmap", or "vale" and letters, digits and underscores, which name the switch
 *   NAME       of the port; ends at the first of - * ^ / @; at most 63 characters, of which
 *              "vale...:" is a part and "netmap:" is not. PARENT{ID and PARENT}ID are the two ends
 *              of a pipe
 *   MODE       the rings to bind, and how:
 *                (nothing)  all hardware rings      ^   all host rings
 *                -N         hardware ring N         ^N  host ring N
 *                *          hardware and host rings
 *              then  /FLAGS  with one or more of  x exclusive, z monitor with zero copy,
 *              t, r monitor transmission, reception, R, T only receive, transmit rings;
 *              and   @N      the memory region N; in either order
 *   OPTIONS    @NAME, @NAME=VALUE or @NAME:KEY=VALUE,KEY=VALUE..., any number of them:
 *                share=PORT             use the region of another port
 *                conf:KEY=N,...         keys rings, tx-rings, rx-rings, host-rings, host-tx-rings,
 *                                       host-rx-rings, slots, tx-slots, rx-slots
 *                extmem=FILE or extmem:file=FILE,KEY=N,...
 *                                       the region is this file; keys if-num, if-size, ring-num,
 *                                       ring-size, buf-num, buf-size
 *                offset=N or offset:initial=N,bits=N
 *                                       packets begin N bytes into their buffers; only after
 *                                       nmport_enable_option("offset")
 *              In keys - and _ are the same. The number of what is named first counts less:
 *              rings is overridden by tx-rings and rx-rings, and so on.
 *
 * Functions that return int return 0, or -1 with errno set and a message given to the context,
 * unless another meaning is told. Those that return a pointer return NULL in that case. Nothing
 * here may be called from signal handlers.
 */
#ifndef LIBNETMAP_H_
#define LIBNETMAP_H_

/* clang-format off: the headers before it make visible what this one needs. */
#include <net/netmap_user.h>
#include <sys/ioctl.h>
#include <sys/types.h>
/* clang-format on */

#ifdef __cplusplus
extern "C" {
#endif

struct nmctx;
struct nmem_d;
struct nmport_cleanup_d;

/* ---------------------------------------------------------------------------------------------
 * Ports
 */

/*
 * A port, in one of the states: new (nmport_new), parsed (nmport_parse, or nmport_prepare for
 * both), registered (nmport_register), mapped (nmport_mmap). A program may change `reg` and the
 * options of `hdr` while the port is parsed; it reads all of it, and writes only the cur_* fields.
 * One thread at a time may use a port.
 */
struct nmport_d {
  /* The request, and its body. After registration the body says what there is. */
  struct nmreq_header hdr;
  struct nmreq_register reg;

  /* The region it is mapped in: the same pointer in two ports means that buffers may be exchanged
   * between their rings. Owned by the context. */
  struct nmem_d* mem;
  /* Where messages, memory and locks come from. */
  struct nmctx* ctx;

  int register_done;
  int mmap_done;
  /* The option of external memory, or NULL. Owned. */
  struct nmreq_opt_extmem* extmem;

  /* What follows is valid in these states only: registered. */
  int fd;

  /* Mapped: the directory of rings. */
  struct netmap_if* nifp;
  /* The bound rings of each direction, as indexes for NETMAP_TXRING and NETMAP_RXRING, both ends
   * included; a direction without any has last = first - 1. */
  uint16_t first_tx_ring;
  uint16_t last_tx_ring;
  uint16_t first_rx_ring;
  uint16_t last_rx_ring;
  /* Free for the program; nmport_inject() begins at cur_tx_ring. */
  uint16_t cur_tx_ring;
  uint16_t cur_rx_ring;

  /* What nmport_undo_parse() has to undo. */
  struct nmport_cleanup_d* clist;
};

/* Open and bind the port and map its memory: prepare, register, mmap. */
struct nmport_d* nmport_open(const char* portspec);

/* Undo nmport_open(). NULL is allowed. */
void nmport_close(struct nmport_d* d);

/* Copy a packet into the first transmit ring that has room, from cur_tx_ring on; it may take
 * several slots. Returns `size`, or 0 if no ring has room: then sync and try again. No system call
 * is made: the packet goes with the next NIOCTXSYNC or poll(). */
int nmport_inject(struct nmport_d* d, const void* buf, size_t size);

/* The steps of nmport_open(), for programs that change the request in between. */

/* A port with an empty request. nmport_delete() frees it, and nothing else. */
struct nmport_d* nmport_new(void);
void nmport_delete(struct nmport_d* d);

/* Fill the request of a new port. When it fails the request is empty, without type and version:
 * delete the port. nmport_undo_parse() leaves it like that too. */
int nmport_parse(struct nmport_d* d, const char* portspec);
void nmport_undo_parse(struct nmport_d* d);

/* nmport_new() and nmport_parse(). NULL may be undone. */
struct nmport_d* nmport_prepare(const char* portspec);
void nmport_undo_prepare(struct nmport_d* d);

/* Open the device and send the request. EINVAL if done before, else the error of the kernel; then
 * the message tells which option was refused, if it was for that. */
int nmport_register(struct nmport_d* d);
void nmport_undo_register(struct nmport_d* d);

/* Map the region, or use the mapping another port of the same context has of it. EINVAL if it is
 * mapped, or not registered. */
int nmport_mmap(struct nmport_d* d);
void nmport_undo_mmap(struct nmport_d* d);

/* nmport_register() and nmport_mmap(). */
int nmport_open_desc(struct nmport_d* d);
void nmport_undo_open_desc(struct nmport_d* d);

/* A parsed port with the same request, as the kernel has answered it if `d` is registered, and no
 * options. EINVAL if `d` has external memory and is not registered. Give it to nmport_open_desc();
 * undo with nmport_undo_prepare(), or nmport_close() once it is open. */
struct nmport_d* nmport_clone(struct nmport_d* d);

/* Let the region be `size` bytes of memory of the program from `base` on, which must stay until
 * the port is closed. Between parse and register, once: EINVAL otherwise. */
int nmport_extmem(struct nmport_d* d, void* base, size_t size);

/* The same with a file, all of it, which is mapped now and unmapped when the port is closed. */
int nmport_extmem_from_file(struct nmport_d* d, const char* fname);

/* The counts and sizes of external memory: wishes before registration, facts afterwards. NULL,
 * without error, if the port has none. */
struct nmreq_pools_info* nmport_extmem_getinfo(struct nmport_d* d);

/* Enable packets that do not begin at the start of their buffer; see struct nmreq_opt_offsets.
 * `initial` is written to all slots; `maxoff` is the largest that will be used; `bits` of the ptr
 * of a slot hold it, 0 for all; the kernel writes at most `mingap` bytes to a buffer, 0 for no such
 * limit. Between parse and register. */
int nmport_offset(struct nmport_d* d, uint64_t initial, uint64_t maxoff, uint64_t bits,
                  uint64_t mingap);

/* Allow and forbid an option in the names given to nmport_parse(), for the whole program. An
 * unknown one is EOPNOTSUPP, or nothing happens. */
int nmport_enable_option(const char* opt);
void nmport_disable_option(const char* opt);

/* ---------------------------------------------------------------------------------------------
 * Requests
 */

/* An empty request of this type. `body` may be NULL for types that have none. */
void nmreq_header_init(struct nmreq_header* hdr, uint16_t reqtype, void* body);

/* Write SUBSYSTEM:NAME of *ppspec to nr_name and move *ppspec behind it. EINVAL, and nothing
 * changes. */
int nmreq_header_decode(const char** ppspec, struct nmreq_header* hdr, struct nmctx* ctx);

/* Write MODE to nr_mode, nr_ringid, nr_flags and, if there is an @N, nr_mem_id, which must be 0 or
 * N before; move *pmode to the options, or the end. EINVAL, and nothing changes. */
int nmreq_register_decode(const char** pmode, struct nmreq_register* reg, struct nmctx* ctx);

/* Keys of an option at most. */
#define NMREQ_OPT_MAXKEYS 16

/* What a parser is given: the values by the ids of their keys, NULL where there was none. They
 * last until it returns. */
struct nmreq_parse_ctx {
  struct nmctx* ctx;
  void* token;
  const char* keys[NMREQ_OPT_MAXKEYS];
};

/* Returns 0, or -1 with errno set. */
typedef int (*nmreq_opt_parser_cb)(struct nmreq_parse_ctx* p);

/* A key. `key` is spelled with -. */
struct nmreq_opt_key {
  const char* key;
  int id; /* index in nmreq_parse_ctx.keys */
  unsigned int flags;
#define NMREQ_OPTK_ALLOWEMPTY 1 /* may come without a value, and then has "" */
#define NMREQ_OPTK_MUSTSET 2    /* has to come */
#define NMREQ_OPTK_DEFAULT 4    /* the key that @NAME=VALUE means; see also default_key */
};

/* An option, in a list. */
struct nmreq_opt_parser {
  const char* prefix; /* its name */
  nmreq_opt_parser_cb parse;
  int default_key; /* id of the key that @NAME=VALUE means; negative: there is none */
  int nr_keys;
  unsigned int flags;
#define NMREQ_OPTF_DISABLED 1   /* EOPNOTSUPP when it comes */
#define NMREQ_OPTF_ALLOWEMPTY 2 /* may come as @NAME alone */
  struct nmreq_opt_parser* next;
  struct nmreq_opt_key keys[NMREQ_OPT_MAXKEYS];
} __attribute__((aligned(16)));

/* Call the parser of each option in `opt`, which is empty or begins with @. `token` is handed
 * through. EINVAL, EOPNOTSUPP, ENOMEM, or the error of a parser; options before the wrong one have
 * been parsed. */
int nmreq_options_decode(const char* opt, struct nmreq_opt_parser* parsers, void* token,
                         struct nmctx* ctx);

/* The id of the region of the port SUBSYSTEM:NAME at *portname, which moves behind it; or -1. Asks
 * the kernel, which may make the port for that. */
int32_t nmreq_get_mem_id(const char** portname, struct nmctx* ctx);

/* The list of options of a request. They are not copied; push puts one first; remove takes it off
 * the list if it is there; find returns NULL if there is none; free_options gives each to free().
 */
void nmreq_push_option(struct nmreq_header* hdr, struct nmreq_option* opt);
void nmreq_remove_option(struct nmreq_header* hdr, struct nmreq_option* opt);
struct nmreq_option* nmreq_find_option(struct nmreq_header* hdr, uint32_t type);
void nmreq_free_options(struct nmreq_header* hdr);

/* Loop over them with the struct nmreq_option pointer `o_`, which is not removed meanwhile. */
#define nmreq_foreach_option(h_, o_)                                           \
  for ((o_) = (struct nmreq_option*)(uintptr_t)(h_)->nr_options; (o_) != NULL; \
       (o_) = (struct nmreq_option*)(uintptr_t)(o_)->nro_next)

/* "extmem", "sync-kloop-eventfds", "csb", "sync-kloop-mode", "offsets"; "unknown". */
const char* nmreq_option_name(uint32_t type);

/* ---------------------------------------------------------------------------------------------
 * Contexts
 */

typedef void (*nmctx_error_cb)(struct nmctx* ctx, const char* message);
typedef void* (*nmctx_malloc_cb)(struct nmctx* ctx, size_t size);
typedef void (*nmctx_free_cb)(struct nmctx* ctx, void* memory);
typedef void (*nmctx_lock_cb)(struct nmctx* ctx, int lock);

/*
 * What the library needs from the program. The first default prints messages to stderr, uses
 * malloc() and free(), and has no lock. Every callback but `lock` must be set. A context outlives
 * its ports.
 */
struct nmctx {
  /* 0: no messages. */
  int verbose;
  /* Takes a message without newline. */
  nmctx_error_cb error;
  nmctx_malloc_cb malloc;
  nmctx_free_cb free;
  /* Locks (1) and unlocks (0); NULL if one thread at a time uses the library. */
  nmctx_lock_cb lock;
  /* Mapped regions. Of the library. */
  struct nmem_d* mem_descs;
};

/* A mapped region. Of the library; a program may look at it. */
struct nmem_d {
  uint16_t mem_id;
  int refcount; /* ports that use it */
  void* mem;
  size_t size;
  int is_extmem; /* memory of the program, which the library does not unmap */
  struct nmem_d* next;
  struct nmem_d* prev;
};

/* The context new ports get; and make another one that, which returns the one before. */
struct nmctx* nmctx_get(void);
struct nmctx* nmctx_set_default(struct nmctx* ctx);

/* Make a copy of the default context that locks with a mutex the default. Done before main() in
 * every program that includes this header without LIBNETMAP_NOTHREADSAFE. */
void nmctx_set_threadsafe(void);

/* For parsers and wrappers: what the context offers. Messages have at most 999 characters. */
void nmctx_ferror(struct nmctx* ctx, const char* format, ...) __attribute__((format(printf, 2, 3)));
void* nmctx_malloc(struct nmctx* ctx, size_t size);
void nmctx_free(struct nmctx* ctx, void* memory);
void nmctx_lock(struct nmctx* ctx);
void nmctx_unlock(struct nmctx* ctx);

/* Its mention makes the linker take the object in which nmctx_set_threadsafe() is. */
extern int nmctx_threadsafe;

__attribute__((__used__)) static void libnetmap_init(void) {
#ifndef LIBNETMAP_NOTHREADSAFE
  nmctx_threadsafe = 1;
#endif
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* LIBNETMAP_H_ */
