// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The pages behind regions, and what programs see of them.
//
// All mappings live in one address space, in which each region has a window of its own: so the
// pages that a region gives up are taken from every program at once.
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/rwsem.h>
#include <linux/slab.h>

#include "kernel/shim/compat.h"
#include "kernel/shim/shim.h"

#define WINDOW_BITS 40 /* of bytes: larger than any region */
#define WINDOW_PAGES (1ul << (WINDOW_BITS - PAGE_SHIFT))

struct os_pages {
  unsigned int window;
  unsigned long count;      /* of pages */
  struct rw_semaphore lock; /* faults read, commit and release write */
  struct page** page;       /* null: not committed */
};

static struct vfsmount* mount;
static struct inode* inode;
static DEFINE_IDA(windows);

static int pages_init_fs(struct fs_context* context) {
  return init_pseudo(context, 0x6d777270) ? 0 : -ENOMEM;
}

// No owner: the module itself has it mounted, which must not keep the module.
static struct file_system_type pages_fs = {
    .name = "netmap",
    .init_fs_context = pages_init_fs,
    .kill_sb = kill_anon_super,
};

int pages_init(void) {
  mount = kern_mount(&pages_fs);
  if (IS_ERR(mount)) return PTR_ERR(mount);
  inode = alloc_anon_inode(mount->mnt_sb);
  if (IS_ERR(inode)) {
    kern_unmount(mount);
    return PTR_ERR(inode);
  }
  return 0;
}

void pages_exit(void) {
  iput(inode);
  kern_unmount(mount);
  ida_destroy(&windows);
}

struct address_space* pages_address_space(void) {
  return inode->i_mapping;
}

struct os_pages* os_pages_new(uint64_t bytes) {
  struct os_pages* pages;
  int window;

  if (bytes > (1ull << WINDOW_BITS)) return NULL;
  pages = kzalloc(sizeof(*pages), GFP_KERNEL_ACCOUNT);
  if (!pages) return NULL;
  pages->count = bytes >> PAGE_SHIFT;
  pages->page = kvcalloc(pages->count, sizeof(*pages->page), GFP_KERNEL_ACCOUNT);
  window = ida_alloc_max(&windows, (1u << (63 - WINDOW_BITS)) - 1, GFP_KERNEL);
  if (!pages->page || window < 0) {
    if (window >= 0) ida_free(&windows, window);
    kvfree(pages->page);
    kfree(pages);
    return NULL;
  }
  pages->window = window;
  init_rwsem(&pages->lock);
  return pages;
}

void os_pages_delete(struct os_pages* pages) {
  ida_free(&windows, pages->window);
  kvfree(pages->page);
  kfree(pages);
}

void* os_pages_commit(struct os_pages* pages, uint64_t offset, uint64_t bytes) {
  const unsigned long first = offset >> PAGE_SHIFT;
  const unsigned long count = bytes >> PAGE_SHIFT;
  const unsigned int order = get_order(bytes);
  // What programs have is charged to who asked for it.
  struct page* memory =
      alloc_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL, order);
  unsigned long i;

  if (!memory) return NULL;
  split_page(memory, order);
  for (i = count; i < (1ul << order); i++) __free_page(memory + i);
  down_write(&pages->lock);
  for (i = 0; i < count; i++) pages->page[first + i] = memory + i;
  up_write(&pages->lock);
  return page_address(memory);
}

// A page that a program has handed to somebody else (a pipe, a socket) stays until that lets go of
// it; nobody finds anything new in it.
void os_pages_release(struct os_pages* pages, uint64_t offset, uint64_t bytes) {
  const unsigned long first = offset >> PAGE_SHIFT;
  const unsigned long count = bytes >> PAGE_SHIFT;
  struct page* memory;
  unsigned long i;

  down_write(&pages->lock);
  memory = pages->page[first]; /* they were committed together */
  for (i = 0; i < count; i++) pages->page[first + i] = NULL;
  up_write(&pages->lock);
  // From here on no fault finds them; those before are undone.
  unmap_mapping_range(pages_address_space(), ((loff_t)pages->window << WINDOW_BITS) + offset, bytes,
                      1);
  for (i = 0; i < count; i++) __free_page(memory + i);
}

static vm_fault_t pages_fault(struct vm_fault* vmf) {
  struct os_pages* pages = vmf->vma->vm_private_data;
  const unsigned long index = vmf->pgoff & (WINDOW_PAGES - 1);
  vm_fault_t result = VM_FAULT_SIGBUS;

  // Held until the page is in the table: release takes pages out of it only after.
  down_read(&pages->lock);
  if (index < pages->count && pages->page[index]) {
    result = vmf_insert_page(vmf->vma, vmf->address & PAGE_MASK, pages->page[index]);
  }
  up_read(&pages->lock);
  return result;
}

static const struct vm_operations_struct pages_operations = {.fault = pages_fault};

int pages_map(struct os_pages* pages, struct vm_area_struct* vma) {
  if (!(vma->vm_flags & VM_SHARED)) return -EINVAL;
  vma->vm_pgoff += (unsigned long)pages->window * WINDOW_PAGES;
  vma->vm_private_data = pages;
  vma->vm_ops = &pages_operations;
  compat_vma_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
  return 0;
}
