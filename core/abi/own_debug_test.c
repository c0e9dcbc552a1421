/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A program with its own ND and D: what nm_open() has to say goes there, and not to stderr. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char said[256];
static int times;

static void Say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(said, sizeof(said), format, arguments);
  va_end(arguments);
  times++;
  errno = 0; /* As a D() that writes to a file may change it. */
}

#define ND(...)
#define D(...) Say(__VA_ARGS__)
#define NETMAP_WITH_LIBS
#include <net/netmap_user.h>

int main(void) {
  /* With a device in this machine the name is wrong, and without one it can not be opened. */
  struct nm_desc* d = nm_open("netmap:eth0/q", NULL, 0, NULL);
  const int error = errno;
  if (d != NULL || times != 1 || error == 0) {
    fprintf(stderr, "%p, %d messages, error %d\n", (void*)d, times, error);
    return 1;
  }
  if (strstr(said, "unrecognized flag: 'q'") == NULL && strstr(said, "/dev/netmap") == NULL) {
    fprintf(stderr, "said %s\n", said);
    return 1;
  }
  return 0;
}
