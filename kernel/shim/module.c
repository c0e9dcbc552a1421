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

#define REGION_PARAMETER(name, text)                     \
  module_param_named(name, parameters.name, uint, 0444); \
  MODULE_PARM_DESC(name, text)
REGION_PARAMETER(if_size, "bytes of a netmap_if in the global region");
REGION_PARAMETER(if_num, "how many of them");
REGION_PARAMETER(ring_size, "bytes of a ring in the global region: 256, and 16 for each slot");
REGION_PARAMETER(ring_num, "how many of them");
REGION_PARAMETER(buf_size, "bytes of a buffer in the global region");
REGION_PARAMETER(buf_num, "how many of them, at most");
module_param_named(no_timestamp, parameters.no_timestamp, bool, 0444);
MODULE_PARM_DESC(no_timestamp, "stamp received rings only if they ask (NR_TIMESTAMP)");
module_param_named(fwd, parameters.forward, bool, 0444);
MODULE_PARM_DESC(fwd, "pass everything on between card and host (NR_FORWARD, NS_FORWARD)");

static void watch(struct work_struct* work);
static DECLARE_DELAYED_WORK(watchdog, watch);

static void watch(struct work_struct* work) {
  mw_watchdog();
  queue_delayed_work(system_long_wq, &watchdog, WATCHDOG_PERIOD);
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
