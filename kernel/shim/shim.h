/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the C files of the module have in common; the only ones that include <linux/...>. */
#ifndef KERNEL_SHIM_SHIM_H_
#define KERNEL_SHIM_SHIM_H_

#ifdef pr_fmt
#undef pr_fmt
#endif
#define pr_fmt(fmt) "netmap: " fmt

#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/poll.h>
#include <linux/skbuff.h>

#include "kernel/os_abi.h"

/* The device /dev/netmap. */
int chardev_init(void);
void chardev_exit(void);

/* What os_wait_register is told through the opaque table. */
struct os_poll {
  struct file* file;
  struct poll_table_struct* table;
};

/* The address space that every mapping of every region lives in. */
int pages_init(void);
void pages_exit(void);
struct address_space* pages_address_space(void);
/* .mmap of a file whose program asked for these bytes of `pages`. */
int pages_map(struct os_pages* pages, struct vm_area_struct* vma);

/* A card of ours. */
struct os_device {
  struct pci_dev* pci;
  struct net_device* netdev;
  struct host_queue* queues; /* of netdev */
  struct sk_buff_head kept[MW_HOST_RINGS];
  struct mw_nic* nic;
  struct mw_nic_facts facts;
  void __iomem* registers;
  bool dma_needs_sync;
  int vectors;
  struct os_vector {
    struct os_device* device;
    uint16_t number;
  } * vector;
};

int pci_init(void);
void pci_exit(void);

int netdev_init(void);
void netdev_exit(void);
/* Makes and shows the network device of a card that was started. */
int netdev_add(struct os_device* device);
/* Around the sleep of the card: nobody sends, opens it or asks it anything meanwhile. */
void netdev_detach(struct os_device* device);
void netdev_attach(struct os_device* device);
/* Nobody finds it any more; and when no interrupt handler can tell it of the link: it goes. */
void netdev_remove(struct os_device* device);
void netdev_free(struct os_device* device);

#endif /* KERNEL_SHIM_SHIM_H_ */
