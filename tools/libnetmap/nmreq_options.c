/* The text of options: @NAME, @NAME=VALUE, @NAME:KEY=VALUE,KEY=VALUE. */
#include <errno.h>

#include "tools/libnetmap/internal.h"

/* Whether a key as written, up to a NUL, is `key`: - and _ are the same. */
static int same_key(const char* written, const char* key) {
  for (; *written != '\0' && *key != '\0'; ++written, ++key) {
    const char a = *written == '_' ? '-' : *written;
    const char b = *key == '_' ? '-' : *key;
    if (a != b) return 0;
  }
  return *written == *key;
}

static const struct nmreq_opt_key* find_key(const struct nmreq_opt_parser* parser,
                                            const char* written) {
  int i;
  for (i = 0; i < parser->nr_keys; ++i) {
    if (same_key(written, parser->keys[i].key)) return &parser->keys[i];
  }
  return NULL;
}

/* The key that @NAME=VALUE means, or NULL. */
static const struct nmreq_opt_key* default_key(const struct nmreq_opt_parser* parser) {
  int i;
  for (i = 0; i < parser->nr_keys; ++i) {
    const struct nmreq_opt_key* key = &parser->keys[i];
    if ((key->flags & NMREQ_OPTK_DEFAULT) != 0 || key->id == parser->default_key) return key;
  }
  return NULL;
}

static int set_key(const struct nmreq_opt_parser* parser, const struct nmreq_opt_key* key,
                   const char* value, struct nmreq_parse_ctx* parsed) {
  if (parsed->keys[key->id] != NULL) {
    return nm_invalid(parsed->ctx, "option %s: key %s given twice", parser->prefix, key->key);
  }
  if (*value == '\0' && (key->flags & NMREQ_OPTK_ALLOWEMPTY) == 0) {
    return nm_invalid(parsed->ctx, "option %s: key %s needs a value", parser->prefix, key->key);
  }
  parsed->keys[key->id] = value;
  return 0;
}

/* Cut `text` at the first `separator`. The rest, or NULL if there is none. */
static char* cut(char* text, char separator) {
  char* at = strchr(text, separator);
  if (at == NULL) return NULL;
  *at = '\0';
  return at + 1;
}

/* KEY=VALUE,KEY=VALUE... */
static int read_keys(const struct nmreq_opt_parser* parser, char* text,
                     struct nmreq_parse_ctx* parsed) {
  while (text != NULL) {
    char* next = cut(text, ',');
    char* value = cut(text, '=');
    const struct nmreq_opt_key* key = find_key(parser, text);
    if (key == NULL) {
      return nm_invalid(parsed->ctx, "option %s: unknown key '%s'", parser->prefix, text);
    }
    if (set_key(parser, key, value != NULL ? value : "", parsed) != 0) return -1;
    text = next;
  }
  return 0;
}

/* What follows the name: `separator` is '=', ':' or 0 for nothing. */
static int read_body(const struct nmreq_opt_parser* parser, char separator, char* body,
                     struct nmreq_parse_ctx* parsed) {
  if (separator == '\0') {
    if ((parser->flags & NMREQ_OPTF_ALLOWEMPTY) != 0) return 0;
    return nm_invalid(parsed->ctx, "option %s: needs a value", parser->prefix);
  }
  if (separator == '=') {
    const struct nmreq_opt_key* key = default_key(parser);
    char* next = cut(body, ',');
    if (key == NULL) {
      return nm_invalid(parsed->ctx, "option %s: needs the name of a key", parser->prefix);
    }
    if (set_key(parser, key, body, parsed) != 0) return -1;
    body = next;
  }
  return read_keys(parser, body, parsed);
}

static int check_keys(const struct nmreq_opt_parser* parser, const struct nmreq_parse_ctx* parsed) {
  int i;
  for (i = 0; i < parser->nr_keys; ++i) {
    const struct nmreq_opt_key* key = &parser->keys[i];
    if ((key->flags & NMREQ_OPTK_MUSTSET) != 0 && parsed->keys[key->id] == NULL) {
      return nm_invalid(parsed->ctx, "option %s: key %s is missing", parser->prefix, key->key);
    }
  }
  return 0;
}

/* One option, without its @. */
static int read_option(char* text, struct nmreq_opt_parser* parsers, void* token,
                       struct nmctx* ctx) {
  struct nmreq_parse_ctx parsed;
  struct nmreq_opt_parser* parser = parsers;
  char* body = text + strcspn(text, "=:");
  const char separator = *body;
  if (separator != '\0') *body++ = '\0';
  if (*text == '\0') return nm_invalid(ctx, "option without a name");
  while (parser != NULL && strcmp(parser->prefix, text) != 0) parser = parser->next;
  if (parser == NULL) return nm_invalid(ctx, "unknown option '%s'", text);
  if ((parser->flags & NMREQ_OPTF_DISABLED) != 0) {
    nmctx_ferror(ctx, "option %s is not enabled", text);
    errno = EOPNOTSUPP;
    return -1;
  }
  memset(&parsed, 0, sizeof(parsed));
  parsed.ctx = ctx;
  parsed.token = token;
  if (read_body(parser, separator, body, &parsed) != 0) return -1;
  if (check_keys(parser, &parsed) != 0) return -1;
  errno = 0;
  if (parser->parse(&parsed) == 0) return 0;
  if (errno == 0) errno = EINVAL;
  return -1;
}

int nmreq_options_decode(const char* opt, struct nmreq_opt_parser* parsers, void* token,
                         struct nmctx* ctx) {
  const size_t size = strlen(opt) + 1;
  char* copy;
  char* text;
  int failed = 0;
  if (*opt == '\0') return 0;
  if (*opt != '@') return nm_invalid(ctx, "options begin with @, not '%c'", *opt);
  copy = (char*)nm_zalloc(ctx, size);
  if (copy == NULL) return -1;
  memcpy(copy, opt, size);
  text = copy + 1;
  while (text != NULL && failed == 0) {
    char* next = cut(text, '@');
    failed = read_option(text, parsers, token, ctx);
    text = next;
  }
  {
    const int error = errno;
    nmctx_free(ctx, copy);
    errno = error;
  }
  return failed;
}
