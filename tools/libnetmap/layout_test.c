/* What libnetmap.h promises to programs that were compiled against another one: sizes, offsets,
 * values and types. Compiled as C here and as C++ by layout_test.cc. */
#include <libnetmap.h>
#include <stddef.h>

#ifdef __cplusplus
#define HOLDS(what) static_assert(what, #what)
#define ALIGN(type) alignof(type)
#else
#define HOLDS(what) _Static_assert(what, #what)
#define ALIGN(type) _Alignof(type)
#endif

#define AT(type, field, offset, size)              \
  HOLDS(offsetof(struct type, field) == (offset)); \
  HOLDS(sizeof(((struct type*)0)->field) == (size))

HOLDS(sizeof(struct nmport_d) == 216 && ALIGN(struct nmport_d) == 8);
AT(nmport_d, hdr, 0, 88);
AT(nmport_d, reg, 88, 56);
AT(nmport_d, mem, 144, 8);
AT(nmport_d, ctx, 152, 8);
AT(nmport_d, register_done, 160, 4);
AT(nmport_d, mmap_done, 164, 4);
AT(nmport_d, extmem, 168, 8);
AT(nmport_d, fd, 176, 4);
AT(nmport_d, nifp, 184, 8);
AT(nmport_d, first_tx_ring, 192, 2);
AT(nmport_d, last_tx_ring, 194, 2);
AT(nmport_d, first_rx_ring, 196, 2);
AT(nmport_d, last_rx_ring, 198, 2);
AT(nmport_d, cur_tx_ring, 200, 2);
AT(nmport_d, cur_rx_ring, 202, 2);
AT(nmport_d, clist, 208, 8);

HOLDS(sizeof(struct nmreq_opt_key) == 16 && ALIGN(struct nmreq_opt_key) == 8);
AT(nmreq_opt_key, key, 0, 8);
AT(nmreq_opt_key, id, 8, 4);
AT(nmreq_opt_key, flags, 12, 4);

HOLDS(sizeof(struct nmreq_opt_parser) == 304 && ALIGN(struct nmreq_opt_parser) == 16);
AT(nmreq_opt_parser, prefix, 0, 8);
AT(nmreq_opt_parser, parse, 8, 8);
AT(nmreq_opt_parser, default_key, 16, 4);
AT(nmreq_opt_parser, nr_keys, 20, 4);
AT(nmreq_opt_parser, flags, 24, 4);
AT(nmreq_opt_parser, next, 32, 8);
AT(nmreq_opt_parser, keys, 40, 256);

HOLDS(sizeof(struct nmreq_parse_ctx) == 144 && ALIGN(struct nmreq_parse_ctx) == 8);
AT(nmreq_parse_ctx, ctx, 0, 8);
AT(nmreq_parse_ctx, token, 8, 8);
AT(nmreq_parse_ctx, keys, 16, 128);

HOLDS(sizeof(struct nmctx) == 48 && ALIGN(struct nmctx) == 8);
AT(nmctx, verbose, 0, 4);
AT(nmctx, error, 8, 8);
AT(nmctx, malloc, 16, 8);
AT(nmctx, free, 24, 8);
AT(nmctx, lock, 32, 8);
AT(nmctx, mem_descs, 40, 8);

HOLDS(sizeof(struct nmem_d) == 48 && ALIGN(struct nmem_d) == 8);
AT(nmem_d, mem_id, 0, 2);
AT(nmem_d, refcount, 4, 4);
AT(nmem_d, mem, 8, 8);
AT(nmem_d, size, 16, 8);
AT(nmem_d, is_extmem, 24, 4);
AT(nmem_d, next, 32, 8);
AT(nmem_d, prev, 40, 8);

HOLDS(NMREQ_OPT_MAXKEYS == 16);
HOLDS(NMREQ_OPTK_ALLOWEMPTY == 1 && NMREQ_OPTK_MUSTSET == 2 && NMREQ_OPTK_DEFAULT == 4);
HOLDS(NMREQ_OPTF_DISABLED == 1 && NMREQ_OPTF_ALLOWEMPTY == 2);

#ifndef LIBNETMAP_H_
#error "no guard"
#endif
#ifndef _NET_NETMAP_USER_H_
#error "no rings"
#endif

/* Initialisation demands the exact type, which a warning about it, an error here, sees to in C. */
struct nmport_d* (*const f1)(const char*) = nmport_open;
void (*const f2)(struct nmport_d*) = nmport_close;
int (*const f3)(struct nmport_d*, const void*, size_t) = nmport_inject;
struct nmport_d* (*const f4)(void) = nmport_new;
int (*const f5)(struct nmport_d*, const char*) = nmport_parse;
int (*const f6)(struct nmport_d*) = nmport_register;
int (*const f7)(struct nmport_d*) = nmport_mmap;
void (*const f8)(struct nmport_d*) = nmport_delete;
void (*const f9)(struct nmport_d*) = nmport_undo_parse;
void (*const f10)(struct nmport_d*) = nmport_undo_register;
void (*const f11)(struct nmport_d*) = nmport_undo_mmap;
struct nmport_d* (*const f12)(const char*) = nmport_prepare;
int (*const f13)(struct nmport_d*) = nmport_open_desc;
void (*const f14)(struct nmport_d*) = nmport_undo_prepare;
void (*const f15)(struct nmport_d*) = nmport_undo_open_desc;
struct nmport_d* (*const f16)(struct nmport_d*) = nmport_clone;
int (*const f17)(struct nmport_d*, void*, size_t) = nmport_extmem;
int (*const f18)(struct nmport_d*, const char*) = nmport_extmem_from_file;
struct nmreq_pools_info* (*const f19)(struct nmport_d*) = nmport_extmem_getinfo;
int (*const f20)(struct nmport_d*, uint64_t, uint64_t, uint64_t, uint64_t) = nmport_offset;
void (*const f21)(const char*) = nmport_disable_option;
int (*const f22)(const char*) = nmport_enable_option;
void (*const f23)(struct nmreq_header*, uint16_t, void*) = nmreq_header_init;
int (*const f24)(const char**, struct nmreq_header*, struct nmctx*) = nmreq_header_decode;
int (*const f25)(const char**, struct nmreq_register*, struct nmctx*) = nmreq_register_decode;
int (*const f26)(const char*, struct nmreq_opt_parser*, void*,
                 struct nmctx*) = nmreq_options_decode;
int32_t (*const f27)(const char**, struct nmctx*) = nmreq_get_mem_id;
void (*const f28)(struct nmreq_header*, struct nmreq_option*) = nmreq_push_option;
void (*const f29)(struct nmreq_header*, struct nmreq_option*) = nmreq_remove_option;
struct nmreq_option* (*const f30)(struct nmreq_header*, uint32_t) = nmreq_find_option;
void (*const f31)(struct nmreq_header*) = nmreq_free_options;
const char* (*const f32)(uint32_t) = nmreq_option_name;
struct nmctx* (*const f33)(void) = nmctx_get;
struct nmctx* (*const f34)(struct nmctx*) = nmctx_set_default;
void (*const f35)(void) = libnetmap_init;
void (*const f36)(void) = nmctx_set_threadsafe;
void (*const f37)(struct nmctx*, const char*, ...) = nmctx_ferror;
void* (*const f38)(struct nmctx*, size_t) = nmctx_malloc;
void (*const f39)(struct nmctx*, void*) = nmctx_free;
void (*const f40)(struct nmctx*) = nmctx_lock;
void (*const f41)(struct nmctx*) = nmctx_unlock;
nmreq_opt_parser_cb parser = (int (*)(struct nmreq_parse_ctx*))0;
nmctx_error_cb on_error = (void (*)(struct nmctx*, const char*))0;
nmctx_malloc_cb on_malloc = (void* (*)(struct nmctx*, size_t))0;
nmctx_free_cb on_free = (void (*)(struct nmctx*, void*))0;
nmctx_lock_cb on_lock = (void (*)(struct nmctx*, int))0;

/* The program has included the header, so it has the context that locks; and the loop works. */
int main(void) {
  struct nmreq_header header;
  struct nmreq_option option;
  struct nmreq_option* each;
  int options = 0;
  nmreq_header_init(&header, NETMAP_REQ_REGISTER, NULL);
  nmreq_push_option(&header, &option);
  nmreq_foreach_option(&header, each)++ options;
  return nmctx_get()->lock != NULL && options == 1 ? 0 : 1;
}
