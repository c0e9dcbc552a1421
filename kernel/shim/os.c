// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Memory, messages, locks, queues, time and the caller's memory.
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "kernel/shim/shim.h"

void* os_alloc(size_t bytes) { return kvzalloc(bytes, GFP_KERNEL_ACCOUNT); }

void os_free(const void* memory) { kvfree(memory); }

void os_vlog(enum os_log_level level, const char* format, va_list arguments) {
  struct va_format text = {.fmt = format};
  va_list copy;

  va_copy(copy, arguments);
  text.va = &copy;
  switch (level) {
    case OS_LOG_INFO:
      pr_info("%pV\n", &text);
      break;
    case OS_LOG_WARNING:
      pr_warn("%pV\n", &text);
      break;
    case OS_LOG_ERROR:
      pr_err("%pV\n", &text);
      break;
  }
  va_end(copy);
}

void os_check_failed(const char* file, int line, const char* condition) {
  pr_crit("%s:%d: check failed: %s\n", file, line, condition);
  WARN_ON(1);
}

void os_mutex_init(void* memory) {
  struct mutex* mutex = memory;

  mutex_init(mutex);
}

void os_mutex_lock(void* memory) { mutex_lock(memory); }

void os_mutex_unlock(void* memory) { mutex_unlock(memory); }

void os_wait_init(void* memory) {
  wait_queue_head_t* queue = memory;

  init_waitqueue_head(queue);
}

// Whoever has put himself on the queue looks at the rings afterwards: the barrier inside pairs with
// his.
void os_wait_wake(void* memory) {
  wait_queue_head_t* queue = memory;

  if (wq_has_sleeper(queue)) {
    wake_up_interruptible_poll(queue, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLERR);
  }
}

// poll() has no file of ours to name here: it takes the one it polls.
void os_wait_register(void* memory, void* table) {
  const struct os_poll* poll = table;

  poll_wait(poll->file, memory, poll->table);
}

struct os_time os_time_of_day(void) {
  struct timespec64 now;

  ktime_get_real_ts64(&now);
  return (struct os_time){now.tv_sec, now.tv_nsec / NSEC_PER_USEC};
}

void os_sleep_us(uint32_t microseconds) {
  if (microseconds > 10 * USEC_PER_MSEC) {
    msleep(DIV_ROUND_UP(microseconds, USEC_PER_MSEC));
  } else {
    usleep_range(microseconds, microseconds + microseconds / 4 + 1);
  }
}

int os_copy_in(void* to, uint64_t from, size_t bytes) {
  return copy_from_user(to, u64_to_user_ptr(from), bytes) == 0 ? 0 : -EFAULT;
}

int os_copy_out(uint64_t to, const void* from, size_t bytes) {
  return copy_to_user(u64_to_user_ptr(to), from, bytes) == 0 ? 0 : -EFAULT;
}
