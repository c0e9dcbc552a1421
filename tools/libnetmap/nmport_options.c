/* Ports: external memory, offsets, and the options a name may have. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/libnetmap/internal.h"

/* --- external memory --------------------------------------------------------------------------
 */

struct extmem_cleanup {
  struct nmport_cleanup_d base; /* first */
  struct nmreq_opt_extmem option;
};

static void undo_extmem(struct nmport_cleanup_d* self, struct nmport_d* d) {
  struct extmem_cleanup* cleanup = (struct extmem_cleanup*)self;
  nmreq_remove_option(&d->hdr, &cleanup->option.nro_opt);
  d->extmem = NULL;
  nmctx_free(d->ctx, cleanup);
}

int nmport_extmem(struct nmport_d* d, void* base, size_t size) {
  struct extmem_cleanup* cleanup;
  if (d->register_done) {
    return nm_invalid(d->ctx, "%s: external memory after registration", d->hdr.nr_name);
  }
  if (d->extmem != NULL) {
    return nm_invalid(d->ctx, "%s: external memory given twice", d->hdr.nr_name);
  }
  cleanup = (struct extmem_cleanup*)nm_zalloc(d->ctx, sizeof(*cleanup));
  if (cleanup == NULL) return -1;
  cleanup->base.cleanup = undo_extmem;
  cleanup->option.nro_opt.nro_reqtype = NETMAP_REQ_OPT_EXTMEM;
  cleanup->option.nro_usrptr = (uintptr_t)base;
  cleanup->option.nro_info.nr_memsize = size;
  d->extmem = &cleanup->option;
  nmreq_push_option(&d->hdr, &cleanup->option.nro_opt);
  nm_push_cleanup(d, &cleanup->base);
  return 0;
}

struct nmreq_pools_info* nmport_extmem_getinfo(struct nmport_d* d) {
  return d->extmem != NULL ? &d->extmem->nro_info : NULL;
}

struct mapping_cleanup {
  struct nmport_cleanup_d base; /* first */
  void* mem;
  size_t size;
};

static void undo_mapping(struct nmport_cleanup_d* self, struct nmport_d* d) {
  struct mapping_cleanup* cleanup = (struct mapping_cleanup*)self;
  munmap(cleanup->mem, cleanup->size);
  nmctx_free(d->ctx, cleanup);
}

/* All of a file, shared; its size. NULL with errno and a message. */
static void* map_file(struct nmctx* ctx, const char* name, size_t* size) {
  void* mem = MAP_FAILED;
  off_t end = -1;
  int error;
  const int fd = open(name, O_RDWR);
  if (fd >= 0) end = lseek(fd, 0, SEEK_END);
  if (end >= 0) mem = mmap(NULL, (size_t)end, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  error = errno;
  if (mem == MAP_FAILED) {
    nmctx_ferror(ctx, "cannot %s %s: %s", fd < 0 ? "open" : "map", name, strerror(error));
  }
  if (fd >= 0) close(fd);
  errno = error;
  *size = (size_t)end;
  return mem != MAP_FAILED ? mem : NULL;
}

int nmport_extmem_from_file(struct nmport_d* d, const char* fname) {
  struct mapping_cleanup* cleanup = (struct mapping_cleanup*)nm_zalloc(d->ctx, sizeof(*cleanup));
  int error;
  if (cleanup == NULL) return -1;
  cleanup->base.cleanup = undo_mapping;
  cleanup->mem = map_file(d->ctx, fname, &cleanup->size);
  if (cleanup->mem != NULL) {
    nm_push_cleanup(d, &cleanup->base);
    if (nmport_extmem(d, cleanup->mem, cleanup->size) == 0) return 0;
    d->clist = cleanup->base.next;
  }
  error = errno;
  if (cleanup->mem != NULL) munmap(cleanup->mem, cleanup->size);
  nmctx_free(d->ctx, cleanup);
  errno = error;
  return -1;
}

/* --- offsets ----------------------------------------------------------------------------------
 */

struct offset_cleanup {
  struct nmport_cleanup_d base; /* first */
  struct nmreq_opt_offsets option;
};

static void undo_offset(struct nmport_cleanup_d* self, struct nmport_d* d) {
  struct offset_cleanup* cleanup = (struct offset_cleanup*)self;
  nmreq_remove_option(&d->hdr, &cleanup->option.nro_opt);
  nmctx_free(d->ctx, cleanup);
}

int nmport_offset(struct nmport_d* d, uint64_t initial, uint64_t maxoff, uint64_t bits,
                  uint64_t mingap) {
  struct offset_cleanup* cleanup = (struct offset_cleanup*)nm_zalloc(d->ctx, sizeof(*cleanup));
  if (cleanup == NULL) return -1;
  cleanup->base.cleanup = undo_offset;
  cleanup->option.nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
  cleanup->option.nro_initial_offset = initial;
  cleanup->option.nro_max_offset = maxoff;
  /* More bits than fit the field would become few: the kernel refuses what is above 64. */
  cleanup->option.nro_offset_bits = bits > UINT32_MAX ? UINT32_MAX : (uint32_t)bits;
  cleanup->option.nro_min_gap = mingap;
  nmreq_push_option(&d->hdr, &cleanup->option.nro_opt);
  nm_push_cleanup(d, &cleanup->base);
  return 0;
}

/* --- options of names -------------------------------------------------------------------------
 */

static int parse_share(struct nmreq_parse_ctx* p) {
  struct nmport_d* d = (struct nmport_d*)p->token;
  const char* name = p->keys[0];
  const int32_t id = nmreq_get_mem_id(&name, p->ctx);
  if (id < 0) return -1;
  if (*name != '\0') {
    return nm_invalid(p->ctx, "option share: '%s' behind the name of the port", name);
  }
  if (d->reg.nr_mem_id != 0 && d->reg.nr_mem_id != id) {
    return nm_invalid(p->ctx, "option share: region %d, but region %u was asked for", (int)id,
                      (unsigned)d->reg.nr_mem_id);
  }
  d->reg.nr_mem_id = (uint16_t)id;
  return 0;
}

/* Write the value of key `id` where it belongs, if there is one. */
static void take16(const struct nmreq_parse_ctx* p, int id, uint16_t* field) {
  if (p->keys[id] != NULL) *field = (uint16_t)atoi(p->keys[id]);
}

static void take32(const struct nmreq_parse_ctx* p, int id, uint32_t* field) {
  if (p->keys[id] != NULL) *field = (uint32_t)atoi(p->keys[id]);
}

enum {
  CONF_RINGS,
  CONF_TX_RINGS,
  CONF_RX_RINGS,
  CONF_HOST_RINGS,
  CONF_HOST_TX_RINGS,
  CONF_HOST_RX_RINGS,
  CONF_SLOTS,
  CONF_TX_SLOTS,
  CONF_RX_SLOTS,
  CONF_KEYS,
};

static int parse_conf(struct nmreq_parse_ctx* p) {
  struct nmreq_register* reg = &((struct nmport_d*)p->token)->reg;
  take16(p, CONF_RINGS, &reg->nr_tx_rings);
  take16(p, CONF_RINGS, &reg->nr_rx_rings);
  take16(p, CONF_TX_RINGS, &reg->nr_tx_rings);
  take16(p, CONF_RX_RINGS, &reg->nr_rx_rings);
  take16(p, CONF_HOST_RINGS, &reg->nr_host_tx_rings);
  take16(p, CONF_HOST_RINGS, &reg->nr_host_rx_rings);
  take16(p, CONF_HOST_TX_RINGS, &reg->nr_host_tx_rings);
  take16(p, CONF_HOST_RX_RINGS, &reg->nr_host_rx_rings);
  take32(p, CONF_SLOTS, &reg->nr_tx_slots);
  take32(p, CONF_SLOTS, &reg->nr_rx_slots);
  take32(p, CONF_TX_SLOTS, &reg->nr_tx_slots);
  take32(p, CONF_RX_SLOTS, &reg->nr_rx_slots);
  return 0;
}

enum {
  EXTMEM_FILE,
  EXTMEM_IF_NUM,
  EXTMEM_IF_SIZE,
  EXTMEM_RING_NUM,
  EXTMEM_RING_SIZE,
  EXTMEM_BUF_NUM,
  EXTMEM_BUF_SIZE,
  EXTMEM_KEYS,
};

static int parse_extmem(struct nmreq_parse_ctx* p) {
  struct nmport_d* d = (struct nmport_d*)p->token;
  struct nmreq_pools_info* info;
  if (nmport_extmem_from_file(d, p->keys[EXTMEM_FILE]) != 0) return -1;
  info = nmport_extmem_getinfo(d);
  take32(p, EXTMEM_IF_NUM, &info->nr_if_pool_objtotal);
  take32(p, EXTMEM_IF_SIZE, &info->nr_if_pool_objsize);
  take32(p, EXTMEM_RING_NUM, &info->nr_ring_pool_objtotal);
  take32(p, EXTMEM_RING_SIZE, &info->nr_ring_pool_objsize);
  take32(p, EXTMEM_BUF_NUM, &info->nr_buf_pool_objtotal);
  take32(p, EXTMEM_BUF_SIZE, &info->nr_buf_pool_objsize);
  return 0;
}

enum { OFFSET_INITIAL, OFFSET_BITS, OFFSET_KEYS };

static int parse_offset(struct nmreq_parse_ctx* p) {
  uint32_t initial = 0;
  uint32_t bits = 0;
  take32(p, OFFSET_INITIAL, &initial);
  take32(p, OFFSET_BITS, &bits);
  return nmport_offset((struct nmport_d*)p->token, initial, initial, bits, 0);
}

static struct nmreq_opt_parser offset_parser = {
    .prefix = "offset",
    .parse = parse_offset,
    .default_key = OFFSET_INITIAL,
    .nr_keys = OFFSET_KEYS,
    .flags = NMREQ_OPTF_DISABLED,
    .keys =
        {
            {"initial", OFFSET_INITIAL, NMREQ_OPTK_MUSTSET | NMREQ_OPTK_DEFAULT},
            {"bits", OFFSET_BITS, 0},
        },
};

static struct nmreq_opt_parser conf_parser = {
    .prefix = "conf",
    .parse = parse_conf,
    .default_key = -1,
    .nr_keys = CONF_KEYS,
    .next = &offset_parser,
    .keys =
        {
            {"rings", CONF_RINGS, 0},
            {"tx-rings", CONF_TX_RINGS, 0},
            {"rx-rings", CONF_RX_RINGS, 0},
            {"host-rings", CONF_HOST_RINGS, 0},
            {"host-tx-rings", CONF_HOST_TX_RINGS, 0},
            {"host-rx-rings", CONF_HOST_RX_RINGS, 0},
            {"slots", CONF_SLOTS, 0},
            {"tx-slots", CONF_TX_SLOTS, 0},
            {"rx-slots", CONF_RX_SLOTS, 0},
        },
};

static struct nmreq_opt_parser extmem_parser = {
    .prefix = "extmem",
    .parse = parse_extmem,
    .default_key = EXTMEM_FILE,
    .nr_keys = EXTMEM_KEYS,
    .next = &conf_parser,
    .keys =
        {
            {"file", EXTMEM_FILE, NMREQ_OPTK_MUSTSET | NMREQ_OPTK_DEFAULT},
            {"if-num", EXTMEM_IF_NUM, 0},
            {"if-size", EXTMEM_IF_SIZE, 0},
            {"ring-num", EXTMEM_RING_NUM, 0},
            {"ring-size", EXTMEM_RING_SIZE, 0},
            {"buf-num", EXTMEM_BUF_NUM, 0},
            {"buf-size", EXTMEM_BUF_SIZE, 0},
        },
};

static struct nmreq_opt_parser share_parser = {
    .prefix = "share",
    .parse = parse_share,
    .default_key = 0,
    .nr_keys = 1,
    .next = &extmem_parser,
    .keys = {{"port", 0, NMREQ_OPTK_MUSTSET | NMREQ_OPTK_DEFAULT}},
};

struct nmreq_opt_parser* nm_port_parsers(void) {
  return &share_parser;
}

static struct nmreq_opt_parser* find_parser(const char* name) {
  struct nmreq_opt_parser* parser = &share_parser;
  while (parser != NULL && strcmp(parser->prefix, name) != 0) parser = parser->next;
  return parser;
}

void nmport_disable_option(const char* opt) {
  struct nmreq_opt_parser* parser = find_parser(opt);
  if (parser != NULL) parser->flags |= NMREQ_OPTF_DISABLED;
}

int nmport_enable_option(const char* opt) {
  struct nmreq_opt_parser* parser = find_parser(opt);
  if (parser == NULL) {
    errno = EOPNOTSUPP;
    return -1;
  }
  parser->flags &= ~(unsigned)NMREQ_OPTF_DISABLED;
  return 0;
}
