/* The context with a mutex. This object is linked only into programs that mention
 * nmctx_threadsafe. */
#include <pthread.h>

#include "tools/libnetmap/internal.h"

int nmctx_threadsafe;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct nmctx locking_context;

static void lock_mutex(struct nmctx* ctx, int lock) {
  (void)ctx;
  if (lock) {
    pthread_mutex_lock(&mutex);
  } else {
    pthread_mutex_unlock(&mutex);
  }
}

__attribute__((constructor)) void nmctx_set_threadsafe(void) {
  struct nmctx* before = nmctx_get();
  if (before == &locking_context) return;
  locking_context = *before;
  locking_context.lock = lock_mutex;
  nmctx_set_default(&locking_context);
}
