// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The module: parameters, start and end.
#include <linux/module.h>
#include <linux/workqueue.h>

#include "kernel/shim/shim.h"

#define WATCHDOG_PERIOD (HZ / 2)

static struct mw_parameters parameters = {
    .if_size = 1024,
    .if_num = 100,
    .ring_size = 69632,
    .ring_num = 200,
    .buf_size = 2048,
    .buf_num = 163840,
};

static bool loaded; /* core can be asked; the lock of our parameters */

// One value of `parameters` is about to be `value`; the kernel lets one writer in at a time.
static int set_parameter(void* which, size_t bytes, const void* value) {
  struct mw_parameters wanted = parameters;
  int error;

  memcpy((char*)&wanted + ((char*)which - (char*)&parameters), value, bytes);
  error = loaded ? mw_set_parameters(&wanted) : 0;
  if (!error) parameters = wanted;
  return error;
}

static int set_number(const char* text, const struct kernel_param* parameter) {
  unsigned int value;
  const int error = kstrtouint(text, 0, &value);

  return error ? error : set_parameter(parameter->arg, sizeof(value), &value);
}

static int set_switch(const char* text, const struct kernel_param* parameter) {
  bool value = true; /* without a value */
  const int error = text ? kstrtobool(text, &value) : 0;

  return error ? error : set_parameter(parameter->arg, sizeof(value), &value);
}

// What the region has now; `arg` is the place in struct mw_parameters.
static int get_geometry(char* text, const struct kernel_param* parameter) {
  struct mw_parameters now = {};

  if (loaded) mw_geometry(&now);
  return sysfs_emit(text, "%u\n", *(uint32_t*)((char*)&now + (unsigned long)parameter->arg));
}

static const struct kernel_param_ops number = {.set = set_number, .get = param_get_uint};
static const struct kernel_param_ops on_or_off = {
    .flags = KERNEL_PARAM_OPS_FL_NOARG, .set = set_switch, .get = param_get_bool};
static const struct kernel_param_ops geometry = {.get = get_geometry};

#define REGION_PARAMETER(object, what, text)                                     \
  module_param_cb(object##_##what, &number, &parameters.object##_##what, 0644);  \
  MODULE_PARM_DESC(object##_##what, text);                                       \
  module_param_cb(object##_curr_##what, &geometry,                               \
                  (void*)offsetof(struct mw_parameters, object##_##what), 0444); \
  MODULE_PARM_DESC(object##_curr_##what, "the same, of the region in use; 0 without one")
REGION_PARAMETER(if, size, "bytes of a netmap_if in the global region");
REGION_PARAMETER(if, num, "how many of them");
REGION_PARAMETER(ring, size, "bytes of a ring in the global region: 256, and 16 for each slot");
REGION_PARAMETER(ring, num, "how many of them");
REGION_PARAMETER(buf, size, "bytes of a buffer in the global region");
REGION_PARAMETER(buf, num, "how many of them, at most");
module_param_cb(no_timestamp, &on_or_off, &parameters.no_timestamp, 0644);
MODULE_PARM_DESC(no_timestamp, "stamp received rings only if they ask (NR_TIMESTAMP)");
module_param_cb(fwd, &on_or_off, &parameters.forward, 0644);
MODULE_PARM_DESC(fwd, "pass everything on between card and host (NR_FORWARD, NS_FORWARD)");

static void watch(struct work_struct* work);
static DECLARE_DELAYED_WORK(watchdog, watch);

static void watch(struct work_struct* work) {
  mw_watchdog();
  queue_delayed_work(system_long_wq, &watchdog, WATCHDOG_PERIOD);
}

static void set_loaded(bool now) {
  kernel_param_lock(THIS_MODULE);
  loaded = now;
  kernel_param_unlock(THIS_MODULE);
}

static int __init netmap_init(void) {
  int error = mw_init(&parameters);

  if (error) {
    pr_err("the parameters of the global region are not possible\n");
    return error;
  }
  error = pages_init();
  if (error) goto no_pages;
  error = chardev_init();
  if (error) goto no_device;
  error = netdev_init();
  if (error) goto no_netdev;
  error = pci_init();
  if (error) goto no_pci;
  queue_delayed_work(system_long_wq, &watchdog, WATCHDOG_PERIOD);
  set_loaded(true);
  pr_info("/dev/netmap is there; cards are bound on request only\n");
  return 0;

no_pci:
  netdev_exit();
no_netdev:
  chardev_exit();
no_device:
  pages_exit();
no_pages:
  mw_exit();
  return error;
}

static void __exit netmap_exit(void) {
  set_loaded(false);
  cancel_delayed_work_sync(&watchdog);
  pci_exit();
  netdev_exit();
  chardev_exit();
  pages_exit();
  mw_exit();
}

module_init(netmap_init);
module_exit(netmap_exit);
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("netmap: memory-mapped access to network devices");
