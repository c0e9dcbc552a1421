// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Sizes of the kernel's types, turned into a header of constants: C++ keeps room for them.
#include <linux/kbuild.h>
#include <linux/mutex.h>
#include <linux/wait.h>

int main(void);
int main(void) {
  DEFINE(MAPWIRE_OS_MUTEX_BYTES, sizeof(struct mutex));
  DEFINE(MAPWIRE_OS_WAIT_BYTES, sizeof(wait_queue_head_t));
  return 0;
}
