/* Names of ports: SUBSYSTEM:NAME[MODE]. */
#include <ctype.h>
#include <errno.h>

#include "tools/libnetmap/internal.h"

/* Ring ids are below this, as in the requests of old. */
enum { RING_LIMIT = NETMAP_RING_MASK };

static int is_identifier(const char* from, const char* to) {
  for (; from != to; ++from) {
    if (*from != '_' && !isalnum((unsigned char)*from)) return 0;
  }
  return 1;
}

/* The value of digits, which *text moves behind; cut to `limit` if it is larger. */
static unsigned long read_number(const char** text, unsigned long limit) {
  unsigned long value = 0;
  for (; isdigit((unsigned char)**text); ++*text) {
    if (value < limit) value = value * 10 + (unsigned long)(**text - '0');
    if (value > limit) value = limit;
  }
  return value;
}

/* After the subsystem: where nr_name begins is *name, and the return value is the first character
 * behind the colon. NULL if it is neither netmap nor vale. */
static const char* skip_subsystem(const char* spec, const char** name) {
  static const char netmap[] = "netmap";
  static const char vale[] = NM_BDG_NAME;
  const char* colon = strchr(spec, ':');
  if (colon == NULL) return NULL;
  if (strncmp(spec, netmap, strlen(netmap)) == 0 && spec + strlen(netmap) == colon) {
    *name = colon + 1;
    return colon + 1;
  }
  if (strncmp(spec, vale, strlen(vale)) == 0 && is_identifier(spec + strlen(vale), colon)) {
    *name = spec;
    return colon + 1;
  }
  return NULL;
}

int nmreq_header_decode(const char** ppspec, struct nmreq_header* hdr, struct nmctx* ctx) {
  const char* spec = *ppspec;
  const char* name;
  const char* port = skip_subsystem(spec, &name);
  const char* bracket;
  const char* end;
  size_t length;
  if (port == NULL) {
    return nm_invalid(ctx, "%s: does not begin with netmap: or valeSWITCH:", spec);
  }
  end = port + strcspn(port, "-*^/@");
  if (end == name) return nm_invalid(ctx, "%s: missing port name", spec);
  bracket = port + strcspn(port, "{}");
  if (bracket < end) {
    if (!is_identifier(bracket + 1, end)) {
      return nm_invalid(ctx, "%s: invalid pipe name '%.*s'", spec, (int)(end - bracket - 1),
                        bracket + 1);
    }
    if (bracket[1] == '\0') return nm_invalid(ctx, "%s: missing pipe name", spec);
  }
  length = (size_t)(end - name);
  if (length >= sizeof(hdr->nr_name)) {
    return nm_invalid(ctx, "%s: port name too long, at most %zu characters", spec,
                      sizeof(hdr->nr_name) - 1);
  }
  memset(hdr->nr_name, 0, sizeof(hdr->nr_name));
  memcpy(hdr->nr_name, name, length);
  *ppspec = end;
  return 0;
}

/* A character that does not belong where it is, or the end. */
static int unexpected(const char* at, const char* what, struct nmctx* ctx) {
  if (*at == '\0') return nm_invalid(ctx, "unexpected end of port name, expected %s", what);
  return nm_invalid(ctx, "unexpected character '%c' in port name, expected %s", *at, what);
}

static int read_ring(const char** text, struct nmreq_register* reg, struct nmctx* ctx) {
  unsigned long ring;
  if (!isdigit((unsigned char)**text)) return unexpected(*text, "the number of a ring", ctx);
  ring = read_number(text, RING_LIMIT);
  if (ring >= RING_LIMIT) return nm_invalid(ctx, "ring out of range, at most %d", RING_LIMIT - 1);
  reg->nr_ringid = (uint16_t)ring;
  return 0;
}

/* Nothing, -N, ^, ^N or *. */
static int read_rings(const char** text, struct nmreq_register* reg, struct nmctx* ctx) {
  reg->nr_mode = NR_REG_ALL_NIC;
  reg->nr_ringid = 0;
  switch (**text) {
    case '-':
      ++*text;
      reg->nr_mode = NR_REG_ONE_NIC;
      return read_ring(text, reg, ctx);
    case '*':
      ++*text;
      reg->nr_mode = NR_REG_NIC_SW;
      return 0;
    case '^':
      ++*text;
      reg->nr_mode = NR_REG_SW;
      if (!isdigit((unsigned char)**text)) return 0;
      reg->nr_mode = NR_REG_ONE_SW;
      return read_ring(text, reg, ctx);
    default:
      return 0;
  }
}

/* What stands behind a slash. */
static int read_flags(const char** text, struct nmreq_register* reg, struct nmctx* ctx) {
  static const char letters[] = "xztrRT";
  static const uint32_t flags[] = {NR_EXCLUSIVE,  NR_ZCOPY_MON,     NR_MONITOR_TX,
                                   NR_MONITOR_RX, NR_RX_RINGS_ONLY, NR_TX_RINGS_ONLY};
  do {
    const char* letter = **text != '\0' ? strchr(letters, **text) : NULL;
    if (letter == NULL) return unexpected(*text, "one of the flags xztrRT", ctx);
    reg->nr_flags |= flags[letter - letters];
    ++*text;
  } while (**text != '\0' && **text != '@');
  return 0;
}

/* What stands behind an @, a number. */
static int read_region(const char** text, struct nmreq_register* reg, struct nmctx* ctx) {
  const unsigned long id = read_number(text, (unsigned long)UINT16_MAX + 1);
  if (id == 0 || id > UINT16_MAX) {
    return nm_invalid(ctx, "invalid region, must be between 1 and %d", UINT16_MAX);
  }
  if (reg->nr_mem_id != 0 && reg->nr_mem_id != id) {
    return nm_invalid(ctx, "region %lu asked for, but also region %u", id,
                      (unsigned)reg->nr_mem_id);
  }
  reg->nr_mem_id = (uint16_t)id;
  return 0;
}

int nmreq_register_decode(const char** pmode, struct nmreq_register* reg, struct nmctx* ctx) {
  struct nmreq_register wanted = *reg;
  const char* text = *pmode;
  int failed;
  wanted.nr_flags = 0;
  failed = read_rings(&text, &wanted, ctx);
  while (failed == 0 && *text != '\0') {
    if (*text == '/') {
      ++text;
      failed = read_flags(&text, &wanted, ctx);
    } else if (*text == '@' && isdigit((unsigned char)text[1])) {
      ++text;
      failed = read_region(&text, &wanted, ctx);
    } else if (*text == '@' && text[1] != '\0') {
      break;
    } else {
      failed = unexpected(*text == '@' ? text + 1 : text, "a slash, @ or the end", ctx);
    }
  }
  if (failed != 0) return -1;
  *reg = wanted;
  *pmode = text;
  return 0;
}
