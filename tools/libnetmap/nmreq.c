/* Requests: their header, their list of options, and one question to the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/libnetmap/internal.h"

void nmreq_header_init(struct nmreq_header* hdr, uint16_t reqtype, void* body) {
  memset(hdr, 0, sizeof(*hdr));
  hdr->nr_version = NETMAP_API;
  hdr->nr_reqtype = reqtype;
  hdr->nr_body = (uintptr_t)body;
}

void nmreq_push_option(struct nmreq_header* hdr, struct nmreq_option* opt) {
  opt->nro_next = hdr->nr_options;
  hdr->nr_options = (uintptr_t)opt;
}

void nmreq_remove_option(struct nmreq_header* hdr, struct nmreq_option* opt) {
  uint64_t* link = &hdr->nr_options;
  while (*link != 0) {
    struct nmreq_option* at = (struct nmreq_option*)(uintptr_t)*link;
    if (at == opt) {
      *link = opt->nro_next;
      opt->nro_next = 0;
      return;
    }
    link = &at->nro_next;
  }
}

struct nmreq_option* nmreq_find_option(struct nmreq_header* hdr, uint32_t type) {
  struct nmreq_option* opt;
  nmreq_foreach_option(hdr, opt) {
    if (opt->nro_reqtype == type) return opt;
  }
  return NULL;
}

void nmreq_free_options(struct nmreq_header* hdr) {
  while (hdr->nr_options != 0) {
    struct nmreq_option* opt = (struct nmreq_option*)(uintptr_t)hdr->nr_options;
    hdr->nr_options = opt->nro_next;
    free(opt);
  }
}

const char* nmreq_option_name(uint32_t type) {
  static const char* const names[] = {
      [NETMAP_REQ_OPT_EXTMEM] = "extmem",
      [NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS] = "sync-kloop-eventfds",
      [NETMAP_REQ_OPT_CSB] = "csb",
      [NETMAP_REQ_OPT_SYNC_KLOOP_MODE] = "sync-kloop-mode",
      [NETMAP_REQ_OPT_OFFSETS] = "offsets",
  };
  if (type >= sizeof(names) / sizeof(names[0]) || names[type] == NULL) return "unknown";
  return names[type];
}

int32_t nmreq_get_mem_id(const char** portname, struct nmctx* ctx) {
  struct nmreq_header hdr;
  struct nmreq_port_info_get info;
  const char* end = *portname;
  int32_t id = -1;
  int error;
  int fd;
  memset(&info, 0, sizeof(info));
  nmreq_header_init(&hdr, NETMAP_REQ_PORT_INFO_GET, &info);
  if (nmreq_header_decode(&end, &hdr, ctx) != 0) return -1;
  fd = open(NETMAP_DEVICE_NAME, O_RDWR);
  if (fd < 0) {
    error = errno != 0 ? errno : EINVAL;
    nmctx_ferror(ctx, "cannot open %s: %s", NETMAP_DEVICE_NAME, strerror(error));
    errno = error;
    return -1;
  }
  errno = 0;
  if (ioctl(fd, NIOCCTRL, &hdr) == 0) {
    id = info.nr_mem_id;
    *portname = end;
  }
  error = errno != 0 ? errno : EINVAL;
  if (id < 0)
    nmctx_ferror(ctx, "cannot ask for the region of %s: %s", hdr.nr_name, strerror(error));
  close(fd);
  if (id < 0) errno = error;
  return id;
}
