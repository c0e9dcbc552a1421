/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * net/netmap_virt.h: PCI ids and register offsets of the devices that pass a netmap port of the
 * host to a guest. For drivers in guests; programs do not need it.
 *
 * Register offsets are in bytes from the start of the I/O BAR; registers are 32 bits wide, and a
 * 64-bit value takes a pair of them (LO/HI, or BAL/BAH for the low and high half of an address).
 */
#ifndef NETMAP_VIRT_H
#define NETMAP_VIRT_H

/* The name the memory device goes by. */
#define PTNETMAP_MEMDEV_NAME "ptnetmap-memdev"

/* PCI vendor; the memory device, and the network interface. */
#define PTNETMAP_PCI_VENDOR_ID 0x1b36
#define PTNETMAP_PCI_DEVICE_ID 0x000c
#define PTNETMAP_PCI_NETIF_ID 0x000d

/* BARs: registers, shared memory, MSI-X table. */
#define PTNETMAP_IO_PCI_BAR 0
#define PTNETMAP_MEM_PCI_BAR 1
#define PTNETMAP_MSIX_PCI_BAR 2

/* Registers of the memory device, all read-only: size and id of the host's memory region. */
#define PTNET_MDEV_IO_MEMSIZE_LO 0x00
#define PTNET_MDEV_IO_MEMSIZE_HI 0x04
#define PTNET_MDEV_IO_MEMID 0x08

/* Its pools: offset in the shared memory, number and size of the objects. */
#define PTNET_MDEV_IO_IF_POOL_OFS 0x40
#define PTNET_MDEV_IO_IF_POOL_OBJNUM 0x44
#define PTNET_MDEV_IO_IF_POOL_OBJSZ 0x48
#define PTNET_MDEV_IO_RING_POOL_OFS 0x4c
#define PTNET_MDEV_IO_RING_POOL_OBJNUM 0x50
#define PTNET_MDEV_IO_RING_POOL_OBJSZ 0x54
#define PTNET_MDEV_IO_BUF_POOL_OFS 0x58
#define PTNET_MDEV_IO_BUF_POOL_OBJNUM 0x5c
#define PTNET_MDEV_IO_BUF_POOL_OBJSZ 0x60
/* One past the last. */
#define PTNET_MDEV_IO_END 0x64

/* A feature guest and host agree on in PTNET_IO_PTFEAT: virtio-net headers. */
#define PTNETMAP_F_VNET_HDR 1

/* Registers of the network interface: features, and commands (PTNETMAP_PTCTL_*). */
#define PTNET_IO_PTFEAT 0x00
#define PTNET_IO_PTCTL 0x04
/* MAC address. */
#define PTNET_IO_MAC_LO 0x08
#define PTNET_IO_MAC_HI 0x0c
/* Guest physical address of the CSB, as older guests pass it. */
#define PTNET_IO_CSBBAH 0x10
#define PTNET_IO_CSBBAL 0x14
/* Offset of the netmap_if in the shared memory; counts of rings and slots. */
#define PTNET_IO_NIFP_OFS 0x18
#define PTNET_IO_NUM_TX_RINGS 0x1c
#define PTNET_IO_NUM_RX_RINGS 0x20
#define PTNET_IO_NUM_TX_SLOTS 0x24
#define PTNET_IO_NUM_RX_SLOTS 0x28
/* Length of the virtio-net header in use. */
#define PTNET_IO_VNET_HDR_LEN 0x2c
/* Id of the host's memory region. */
#define PTNET_IO_HOSTMEMID 0x30
/* Guest physical addresses of the CSB arrays: guest to host, host to guest. */
#define PTNET_IO_CSB_GH_BAH 0x34
#define PTNET_IO_CSB_GH_BAL 0x38
#define PTNET_IO_CSB_HG_BAH 0x3c
#define PTNET_IO_CSB_HG_BAL 0x40
/* One past the last; where the kick registers begin, one per ring; what an offset may use. */
#define PTNET_IO_END 0x44
#define PTNET_IO_KICK_BASE 0x80
#define PTNET_IO_MASK 0xff

/* Commands for PTNET_IO_PTCTL: start and stop the host side. */
#define PTNETMAP_PTCTL_CREATE 1
#define PTNETMAP_PTCTL_DELETE 2

#endif /* NETMAP_VIRT_H */
