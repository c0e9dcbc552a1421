// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// /dev/netmap: finds the session of a file and asks the system; nothing else.
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "kernel/shim/shim.h"

struct opener {
  struct mw_session* session;
  bool waits; /* somebody has slept in poll() here: interrupts are of use */
};

static int netmap_open(struct inode* inode, struct file* file) {
  struct opener* opener = kzalloc(sizeof(*opener), GFP_KERNEL_ACCOUNT);

  if (!opener) return -ENOMEM;
  opener->session = mw_session_open();
  if (!opener->session) {
    kfree(opener);
    return -ENOMEM;
  }
  file->private_data = opener;
  // Mappings of a region are found, and taken back, whatever file made them.
  file->f_mapping = pages_address_space();
  return nonseekable_open(inode, file);
}

static int netmap_release(struct inode* inode, struct file* file) {
  struct opener* opener = file->private_data;

  mw_session_close(opener->session);
  kfree(opener);
  return 0;
}

static long netmap_ioctl(struct file* file, unsigned int command, unsigned long argument) {
  struct opener* opener = file->private_data;

  return mw_session_ioctl(opener->session, current->nsproxy->net_ns, command, argument);
}

#ifdef CONFIG_COMPAT
// The structures of the interface hold pointers: those of a 32-bit program are not understood.
static long netmap_compat_ioctl(struct file* file, unsigned int command, unsigned long argument) {
  pr_warn_once("%s: programs of 32 bits are not supported\n", current->comm);
  return -EOPNOTSUPP;
}
#endif

static __poll_t netmap_poll(struct file* file, poll_table* table) {
  struct opener* opener = file->private_data;
  const __poll_t interest = poll_requested_events(table);
  struct os_poll poll = {.file = file, .table = table};
  const bool registers = !poll_does_not_wait(table);

  if (registers) WRITE_ONCE(opener->waits, true);
  // The events have the same values inside.
  return (__force __poll_t)mw_session_poll(opener->session, (__force uint32_t)interest,
                                           registers ? &poll : NULL, READ_ONCE(opener->waits));
}

static int netmap_mmap(struct file* file, struct vm_area_struct* vma) {
  struct opener* opener = file->private_data;
  struct os_pages* pages;
  int error;

  if (vma->vm_pgoff > (U64_MAX >> PAGE_SHIFT)) return -EINVAL;
  error = mw_session_map(opener->session, (uint64_t)vma->vm_pgoff << PAGE_SHIFT,
                         vma->vm_end - vma->vm_start, &pages);
  return error ? error : pages_map(pages, vma);
}

static const struct file_operations netmap_operations = {
    .owner = THIS_MODULE,
    .open = netmap_open,
    .release = netmap_release,
    .unlocked_ioctl = netmap_ioctl,
#ifdef CONFIG_COMPAT
    .compat_ioctl = netmap_compat_ioctl,
#endif
    .poll = netmap_poll,
    .mmap = netmap_mmap,
};

static struct miscdevice netmap_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "netmap",
    .fops = &netmap_operations,
};

int chardev_init(void) { return misc_register(&netmap_device); }

void chardev_exit(void) { misc_deregister(&netmap_device); }
