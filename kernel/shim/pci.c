// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Cards on the PCI bus. None is taken by surprise: the driver has no table of identities, so it
// gets what is handed to it by driver_override, and nothing else.
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "kernel/shim/compat.h"
#include "kernel/shim/shim.h"

int os_dma_map(struct os_device* device, void* address, uint64_t bytes, uint64_t* result) {
  struct device* dev = &device->pci->dev;
  const dma_addr_t mapped = dma_map_single(dev, address, bytes, DMA_BIDIRECTIONAL);

  if (dma_mapping_error(dev, mapped)) return -ENOMEM;
  // Memory the device does not reach by itself would be copied by the kernel, behind our back.
  if (dma_need_sync(dev, mapped) && !device->dma_needs_sync) {
    os_dma_unmap(device, mapped, bytes);
    dev_err_ratelimited(dev, "netmap: the device cannot reach the region's memory by itself\n");
    return -EINVAL;
  }
  *result = mapped;
  return 0;
}

void os_dma_unmap(struct os_device* device, uint64_t address, uint64_t bytes) {
  // Programs may still use the pages: an old copy must not be written over them.
  dma_unmap_single_attrs(&device->pci->dev, address, bytes, DMA_BIDIRECTIONAL,
                         DMA_ATTR_SKIP_CPU_SYNC);
}

bool os_dma_needs_sync(const struct os_device* device) { return device->dma_needs_sync; }

void os_dma_sync_for_device(struct os_device* device, uint64_t address, uint64_t bytes,
                            bool device_writes) {
  dma_sync_single_for_device(&device->pci->dev, address, bytes,
                             device_writes ? DMA_FROM_DEVICE : DMA_TO_DEVICE);
}

void os_dma_sync_for_cpu(struct os_device* device, uint64_t address, uint64_t bytes) {
  dma_sync_single_for_cpu(&device->pci->dev, address, bytes, DMA_FROM_DEVICE);
}

// What the device can address, and whether it sees memory as the CPU does. Asked once, before any
// memory is mapped: rings are either made for syncs or not.
static int set_up_dma(struct os_device* device) {
  struct pci_dev* pci = device->pci;
  // On the oldest bus, addresses beyond four gigabytes take a cycle that not every bridge passes.
  const bool wide = pci_is_pcie(pci) || pci_find_capability(pci, PCI_CAP_ID_PCIX);
  struct page* page;
  dma_addr_t mapped;
  int error = dma_set_mask_and_coherent(&pci->dev, wide ? DMA_BIT_MASK(64) : DMA_BIT_MASK(32));

  if (error) return error;
  page = alloc_page(GFP_KERNEL);
  if (!page) return -ENOMEM;
  mapped = dma_map_single(&pci->dev, page_address(page), PAGE_SIZE, DMA_BIDIRECTIONAL);
  error = dma_mapping_error(&pci->dev, mapped);
  if (!error) {
    // Of a device that does not reach all memory, what one page says is not true of the others.
    device->dma_needs_sync = dma_addressing_limited(&pci->dev) || dma_need_sync(&pci->dev, mapped);
    dma_unmap_single(&pci->dev, mapped, PAGE_SIZE, DMA_BIDIRECTIONAL);
  }
  __free_page(page);
  if (device->dma_needs_sync) {
    pci_info(pci, "netmap: the card needs copies of memory, or syncs: slower than it could be\n");
  }
  return error;
}

void* os_dma_alloc(struct os_device* device, uint64_t bytes, uint64_t* address) {
  dma_addr_t handle;
  void* memory = dma_alloc_coherent(&device->pci->dev, bytes, &handle, GFP_KERNEL);

  if (memory) *address = handle;
  return memory;
}

void os_dma_free(struct os_device* device, void* memory, uint64_t address, uint64_t bytes) {
  dma_free_coherent(&device->pci->dev, bytes, memory, address);
}

void os_dma_isolate(struct os_device* device) { pci_clear_master(device->pci); }

static irqreturn_t interrupt(int irq, void* context) {
  struct os_vector* vector = context;

  return mw_nic_interrupt(vector->device->nic, vector->number) ? IRQ_HANDLED : IRQ_NONE;
}

static void free_handlers(struct os_device* device) {
  while (device->vectors > 0) {
    device->vectors--;
    pci_free_irq(device->pci, device->vectors, &device->vector[device->vectors]);
  }
}

static int request_vectors(struct os_device* device) {
  const int wanted = mw_nic_vectors(device->nic);
  const unsigned int kinds = wanted == 1 ? PCI_IRQ_INTX : PCI_IRQ_MSIX;
  int error;
  int i;

  device->vector = kcalloc(wanted, sizeof(*device->vector), GFP_KERNEL);
  if (!device->vector) return -ENOMEM;
  error = pci_alloc_irq_vectors(device->pci, wanted, wanted, kinds);
  if (error < 0) {
    pci_err(device->pci, "netmap: %d interrupt vectors cannot be had (%d)\n", wanted, error);
    goto no_vectors;
  }
  for (i = 0; i < wanted; i++) {
    device->vector[i] = (struct os_vector){.device = device, .number = i};
    error = pci_request_irq(device->pci, i, interrupt, NULL, &device->vector[i], "netmap %s %d",
                            pci_name(device->pci), i);
    if (error) goto no_handler;
    device->vectors++;
  }
  return 0;

no_handler:
  free_handlers(device);
  pci_free_irq_vectors(device->pci);
no_vectors:
  kfree(device->vector);
  return error;
}

static void free_vectors(struct os_device* device) {
  free_handlers(device);
  pci_free_irq_vectors(device->pci);
  kfree(device->vector);
}

static int map_registers(struct os_device* device) {
  int error = pci_request_mem_regions(device->pci, "netmap");

  if (error) return error;
  device->registers = pci_ioremap_bar(device->pci, 0);
  if (device->registers) return 0;
  pci_release_mem_regions(device->pci);
  return -ENOMEM;
}

static void unmap_registers(struct os_device* device) {
  iounmap(device->registers);
  pci_release_mem_regions(device->pci);
}

// One for each CPU, as far as the device has interrupts: a pair takes one, and the rest takes one.
static uint16_t queue_pairs_of(struct pci_dev* pci) {
  const int vectors = pci_msix_vec_count(pci);
  unsigned int pairs = num_online_cpus();

  if (vectors > 1) pairs = min_t(unsigned int, pairs, vectors - 1);
  return min_t(unsigned int, pairs, U16_MAX);
}

static int bring_up(struct os_device* device) {
  struct mw_nic_setup setup = {
      .device = device,
      .queue_pairs = queue_pairs_of(device->pci),
      .registers = (volatile uint8_t __force*)device->registers,
      .register_bytes = pci_resource_len(device->pci, 0),
      .vendor = device->pci->vendor,
      .product = device->pci->device,
  };
  int error = mw_nic_new(&setup, pci_name(device->pci), &device->nic);

  if (error) return error;
  error = request_vectors(device);
  if (error) goto no_vectors;
  error = mw_nic_start(device->nic, &device->facts);
  if (error) goto no_start;
  error = netdev_add(device);
  if (error) goto no_netdev;
  return 0;

no_netdev:
no_start:
  mw_nic_stop(device->nic);
  free_vectors(device);
no_vectors:
  mw_nic_delete(device->nic);
  return error;
}

static int probe(struct pci_dev* pci, const struct pci_device_id* id) {
  struct os_device* device;
  int error;

  if (!mw_nic_supported(pci->vendor, pci->device)) {
    pci_err(pci, "netmap: no driver for a card %04x:%04x\n", pci->vendor, pci->device);
    return -ENODEV;
  }
  device = kzalloc(sizeof(*device), GFP_KERNEL);
  if (!device) return -ENOMEM;
  device->pci = pci;
  pci_set_drvdata(pci, device);
  error = pci_enable_device_mem(pci);
  if (error) goto no_device;
  error = set_up_dma(device);
  if (error) goto no_mapping;
  error = map_registers(device);
  if (error) goto no_mapping;
  pci_set_master(pci);
  error = bring_up(device);
  if (error) goto no_card;
  return 0;

no_card:
  pci_clear_master(pci);
  unmap_registers(device);
no_mapping:
  pci_disable_device(pci);
no_device:
  kfree(device);
  return error;
}

static void remove(struct pci_dev* pci) {
  struct os_device* device = pci_get_drvdata(pci);

  netdev_remove(device);
  mw_nic_stop(device->nic);
  free_vectors(device);
  mw_nic_delete(device->nic);
  // A program may have been sending to the host until now.
  netdev_free(device);
  pci_clear_master(pci);
  unmap_registers(device);
  pci_disable_device(pci);
  kfree(device);
}

static void shutdown(struct pci_dev* pci) {
  struct os_device* device = pci_get_drvdata(pci);

  mw_nic_shutdown(device->nic);
  pci_clear_master(pci);
}

// The bus takes the power away afterwards, and gives it back before. Programs do not run; what they
// have open stays open.
static int suspend(struct device* dev) {
  struct os_device* device = dev_get_drvdata(dev);

  netdev_detach(device);
  mw_nic_suspend(device->nic);
  return 0;
}

static int resume(struct device* dev) {
  struct os_device* device = dev_get_drvdata(dev);
  int error;

  pci_set_master(device->pci);
  error = mw_nic_resume(device->nic);
  // A card that does not come back says so to who sends.
  netdev_attach(device);
  return error;
}

static DEFINE_SIMPLE_DEV_PM_OPS(netmap_pm, suspend, resume);

static struct pci_driver netmap_pci = {
    .name = "netmap",
    .probe = probe,
    .remove = remove,
    .shutdown = shutdown,
    .driver.pm = pm_sleep_ptr(&netmap_pm),
};

int pci_init(void) { return pci_register_driver(&netmap_pci); }

void pci_exit(void) { pci_unregister_driver(&netmap_pci); }
