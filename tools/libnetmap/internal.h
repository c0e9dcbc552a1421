/* What the files of libnetmap share. None of it is exported. */
#ifndef TOOLS_LIBNETMAP_INTERNAL_H_
#define TOOLS_LIBNETMAP_INTERNAL_H_

#define LIBNETMAP_NOTHREADSAFE
#include "tools/libnetmap/libnetmap.h"

/* Hidden from programs, in the shared library. */
#define NM_HIDDEN __attribute__((visibility("hidden")))

/* Something nmport_undo_parse() does, last registered first. Part of a larger structure, which
 * `cleanup` frees. */
struct nmport_cleanup_d {
  struct nmport_cleanup_d* next;
  void (*cleanup)(struct nmport_cleanup_d* self, struct nmport_d* d);
};

/* The options nmport_parse() knows. */
NM_HIDDEN struct nmreq_opt_parser* nm_port_parsers(void);

NM_HIDDEN void nm_push_cleanup(struct nmport_d* d, struct nmport_cleanup_d* cleanup);

/* Zeroed memory of the context, or NULL with errno and a message. */
NM_HIDDEN void* nm_zalloc(struct nmctx* ctx, size_t size);

/* errno = EINVAL; a message. Always -1. */
#define nm_invalid(ctx, ...) (nmctx_ferror(ctx, __VA_ARGS__), errno = EINVAL, -1)

#endif /* TOOLS_LIBNETMAP_INTERNAL_H_ */
