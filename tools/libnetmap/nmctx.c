/* Contexts: messages, memory, locks. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/libnetmap/internal.h"

enum { MESSAGE_ROOM = 1000 };

static void print_error(struct nmctx* ctx, const char* message) {
  (void)ctx;
  fprintf(stderr, "%s\n", message);
}

static void* libc_malloc(struct nmctx* ctx, size_t size) {
  (void)ctx;
  return malloc(size);
}

static void libc_free(struct nmctx* ctx, void* memory) {
  (void)ctx;
  free(memory);
}

static struct nmctx first_context = {
    .verbose = 1,
    .error = print_error,
    .malloc = libc_malloc,
    .free = libc_free,
};

static struct nmctx* default_context = &first_context;

struct nmctx* nmctx_get(void) {
  return default_context;
}

struct nmctx* nmctx_set_default(struct nmctx* ctx) {
  struct nmctx* before = default_context;
  default_context = ctx;
  return before;
}

/* errno stays as it is, so that a message may come before or after it is set. */
void nmctx_ferror(struct nmctx* ctx, const char* format, ...) {
  char message[MESSAGE_ROOM];
  const int error = errno;
  va_list arguments;
  int length;
  if (ctx->verbose == 0) return;
  va_start(arguments, format);
  length = vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  if (length < 0) {
    ctx->error(ctx, "internal error");
  } else if (length >= MESSAGE_ROOM) {
    ctx->error(ctx, "error message too long");
  } else {
    ctx->error(ctx, message);
  }
  errno = error;
}

void* nmctx_malloc(struct nmctx* ctx, size_t size) { return ctx->malloc(ctx, size); }

void nmctx_free(struct nmctx* ctx, void* memory) { ctx->free(ctx, memory); }

void nmctx_lock(struct nmctx* ctx) {
  if (ctx->lock != NULL) ctx->lock(ctx, 1);
}

void nmctx_unlock(struct nmctx* ctx) {
  if (ctx->lock != NULL) ctx->lock(ctx, 0);
}

void* nm_zalloc(struct nmctx* ctx, size_t size) {
  void* memory = nmctx_malloc(ctx, size);
  if (memory == NULL) {
    nmctx_ferror(ctx, "out of memory");
    errno = ENOMEM;
    return NULL;
  }
  memset(memory, 0, size);
  return memory;
}
