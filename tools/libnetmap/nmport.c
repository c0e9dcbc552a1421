/* Ports: from a name to a bound descriptor, and back. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tools/libnetmap/internal.h"

/* An empty port of this context, or NULL with errno. */
static struct nmport_d* new_port(struct nmctx* ctx) {
  struct nmport_d* d = (struct nmport_d*)nm_zalloc(ctx, sizeof(*d));
  if (d == NULL) return NULL;
  d->ctx = ctx;
  d->fd = -1;
  nmreq_header_init(&d->hdr, NETMAP_REQ_REGISTER, &d->reg);
  return d;
}

struct nmport_d* nmport_new(void) {
  return new_port(nmctx_get());
}

void nmport_delete(struct nmport_d* d) { nmctx_free(d->ctx, d); }

void nm_push_cleanup(struct nmport_d* d, struct nmport_cleanup_d* cleanup) {
  cleanup->next = d->clist;
  d->clist = cleanup;
}

void nmport_undo_parse(struct nmport_d* d) {
  while (d->clist != NULL) {
    struct nmport_cleanup_d* top = d->clist;
    d->clist = top->next;
    top->cleanup(top, d);
  }
  memset(&d->reg, 0, sizeof(d->reg));
  memset(&d->hdr, 0, sizeof(d->hdr));
}

int nmport_parse(struct nmport_d* d, const char* portspec) {
  const char* text = portspec;
  if (nmreq_header_decode(&text, &d->hdr, d->ctx) != 0 ||
      nmreq_register_decode(&text, &d->reg, d->ctx) != 0 ||
      nmreq_options_decode(text, nm_port_parsers(), d, d->ctx) != 0) {
    const int error = errno;
    nmport_undo_parse(d);
    errno = error;
    return -1;
  }
  return 0;
}

struct nmport_d* nmport_prepare(const char* portspec) {
  struct nmport_d* d = nmport_new();
  if (d == NULL) return NULL;
  if (nmport_parse(d, portspec) != 0) {
    const int error = errno;
    nmport_delete(d);
    errno = error;
    return NULL;
  }
  return d;
}

void nmport_undo_prepare(struct nmport_d* d) {
  if (d == NULL) return;
  nmport_undo_parse(d);
  nmport_delete(d);
}

/* Tells which options were refused. An option nobody has looked at says EOPNOTSUPP too, so that
 * counts only if it is what the request failed for. Returns how many. */
static int tell_refused_options(struct nmport_d* d, int error) {
  struct nmreq_option* opt;
  int refused = 0;
  nmreq_foreach_option(&d->hdr, opt) {
    const int status = (int)opt->nro_status;
    if (status == 0 || (status == EOPNOTSUPP && error != EOPNOTSUPP)) continue;
    nmctx_ferror(d->ctx, "%s: option %s: %s", d->hdr.nr_name, nmreq_option_name(opt->nro_reqtype),
                 strerror(status));
    ++refused;
  }
  return refused;
}

int nmport_register(struct nmport_d* d) {
  int error;
  if (d->register_done) return nm_invalid(d->ctx, "%s: already registered", d->hdr.nr_name);
  d->fd = open(NETMAP_DEVICE_NAME, O_RDWR);
  if (d->fd < 0) {
    error = errno;
    nmctx_ferror(d->ctx, "cannot open %s: %s", NETMAP_DEVICE_NAME, strerror(error));
  } else if (ioctl(d->fd, NIOCCTRL, &d->hdr) != 0) {
    error = errno;
    if (tell_refused_options(d, error) == 0) {
      nmctx_ferror(d->ctx, "%s: %s", d->hdr.nr_name, strerror(error));
    }
  } else {
    d->register_done = 1;
    return 0;
  }
  nmport_undo_register(d);
  errno = error;
  return -1;
}

void nmport_undo_register(struct nmport_d* d) {
  if (d->fd >= 0) close(d->fd);
  d->fd = -1;
  d->register_done = 0;
}

int nmport_open_desc(struct nmport_d* d) {
  if (nmport_register(d) != 0) return -1;
  if (nmport_mmap(d) != 0) {
    const int error = errno;
    nmport_undo_register(d);
    errno = error;
    return -1;
  }
  return 0;
}

void nmport_undo_open_desc(struct nmport_d* d) {
  nmport_undo_mmap(d);
  nmport_undo_register(d);
}

struct nmport_d* nmport_open(const char* portspec) {
  struct nmport_d* d = nmport_prepare(portspec);
  if (d == NULL) return NULL;
  if (nmport_open_desc(d) != 0) {
    const int error = errno;
    nmport_undo_prepare(d);
    errno = error;
    return NULL;
  }
  return d;
}

void nmport_close(struct nmport_d* d) {
  if (d == NULL) return;
  nmport_undo_open_desc(d);
  nmport_undo_prepare(d);
}

struct nmport_d* nmport_clone(struct nmport_d* d) {
  struct nmport_d* copy;
  if (d->extmem != NULL && !d->register_done) {
    nmctx_ferror(d->ctx, "%s: cannot clone a port with external memory before it is registered",
                 d->hdr.nr_name);
    errno = EINVAL;
    return NULL;
  }
  copy = new_port(d->ctx);
  if (copy == NULL) return NULL;
  copy->hdr = d->hdr;
  copy->reg = d->reg;
  copy->hdr.nr_body = (uintptr_t)&copy->reg;
  copy->hdr.nr_options = 0;
  return copy;
}
