/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Where kernels differ. Nothing else in the module asks for a version. */
#ifndef KERNEL_SHIM_COMPAT_H_
#define KERNEL_SHIM_COMPAT_H_

#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/version.h>

#ifndef PCI_IRQ_INTX /* before 6.9 */
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

static inline void compat_vma_flags_set(struct vm_area_struct* vma, unsigned long flags) {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
  vm_flags_set(vma, flags);
#else
  vma->vm_flags |= flags;
#endif
}

#endif /* KERNEL_SHIM_COMPAT_H_ */
