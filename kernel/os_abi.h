/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The border between C and C++ inside the module. Linux headers are not C++: kernel/shim (C) offers
 * the kernel as os_*, kernel/module (C++) offers the system as mw_*. Nothing else crosses.
 *
 * Errors are negative errno values, as everywhere in Linux. "May sleep" is said where it holds;
 * what does not say so works in any context.
 */
#ifndef KERNEL_OS_ABI_H_
#define KERNEL_OS_ABI_H_

#ifdef __cplusplus
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#else
#include <linux/stdarg.h>
#include <linux/stddef.h>
#include <linux/types.h>
#endif

/* --- The kernel, for C++ (os_*) ----------------------------------------------------------------
 */

/* Zeroed memory of any size, charged to the caller's memory control group. May sleep. */
void* os_alloc(size_t bytes);
void os_free(const void* memory);

enum os_log_level { OS_LOG_INFO, OS_LOG_WARNING, OS_LOG_ERROR };
void os_vlog(enum os_log_level level, const char* format, va_list arguments);
/* Reports where we are; the caller traps afterwards. */
void os_check_failed(const char* file, int line, const char* condition);

/* `memory` has MAPWIRE_OS_MUTEX_BYTES. May sleep. */
void os_mutex_init(void* memory);
void os_mutex_lock(void* memory);
void os_mutex_unlock(void* memory);

/* `memory` has MAPWIRE_OS_WAIT_BYTES. */
void os_wait_init(void* memory);
void os_wait_wake(void* memory);
/* Puts the caller of poll() on the queue; `table` is what mw_session_poll was given. */
void os_wait_register(void* memory, void* table);

/* Wall clock. */
struct os_time {
  int64_t seconds;
  int64_t microseconds;
};
struct os_time os_time_of_day(void);
/* May sleep. */
void os_sleep_us(uint32_t microseconds);

/* Memory of the calling program. 0 or -EFAULT. May sleep. */
int os_copy_in(void* to, uint64_t from, size_t bytes);
int os_copy_out(uint64_t to, const void* from, size_t bytes);

/* A space of pages that programs map; see platform::PageSpace. May sleep. */
struct os_pages;
struct os_pages* os_pages_new(uint64_t bytes);
void os_pages_delete(struct os_pages* pages);
/* Null if there is no memory. */
void* os_pages_commit(struct os_pages* pages, uint64_t offset, uint64_t bytes);
void os_pages_release(struct os_pages* pages, uint64_t offset, uint64_t bytes);

/* A PCI device: the handle of the shim. */
struct os_device;
/* -ENOMEM; -EINVAL if the device cannot reach the memory by itself, of one that was thought to
 * reach all. May sleep. */
int os_dma_map(struct os_device* device, void* address, uint64_t bytes, uint64_t* result);
void os_dma_unmap(struct os_device* device, uint64_t address, uint64_t bytes);
/* True if the two below must be called; never changes. Any context, part of a mapping. */
bool os_dma_needs_sync(const struct os_device* device);
void os_dma_sync_for_device(struct os_device* device, uint64_t address, uint64_t bytes,
                            bool device_writes);
void os_dma_sync_for_cpu(struct os_device* device, uint64_t address, uint64_t bytes);
/* Zeroed; null if there is none. May sleep. */
void* os_dma_alloc(struct os_device* device, uint64_t bytes, uint64_t* address);
void os_dma_free(struct os_device* device, void* memory, uint64_t address, uint64_t bytes);
/* No access to memory any more, whatever the device does. */
void os_dma_isolate(struct os_device* device);
/* Tells the network device of the link; false if there is none yet. */
bool os_carrier(struct os_device* device, bool up);

/* The network stack above a device; see platform::HostStack. None sleeps. */
struct os_frame;
struct os_frame* os_frame_new(struct os_device* device, uint16_t queue, uint32_t bytes);
void os_frame_append(struct os_frame* frame, const void* from, uint32_t bytes);
void os_frame_receive(struct os_device* device, uint16_t queue, struct os_frame* frame);
uint32_t os_frame_length(const struct os_frame* frame);
void os_frame_copy(const struct os_frame* frame, uint32_t offset, void* to, uint32_t bytes);
void os_frame_free(struct os_frame* frame);
/* Lines of frames for programs, by host ring. */
#define MW_HOST_RINGS 16
void os_host_keep(struct os_device* device, uint16_t host_ring, struct os_frame* frame);
uint32_t os_host_kept(const struct os_device* device, uint16_t host_ring);
struct os_frame* os_host_next(struct os_device* device, uint16_t host_ring);
bool os_host_taken(struct os_device* device, uint16_t queue, uint32_t bytes);
void os_host_schedule(struct os_device* device, uint16_t queue);
void os_host_sent(struct os_device* device, uint16_t queue, uint32_t bytes, bool room);

/* --- The system, for C (mw_*) ------------------------------------------------------------------
 */

/* The module comes and goes. -ENOMEM, -EINVAL (parameters). May sleep. */
struct mw_parameters {
  uint32_t if_size, if_num, ring_size, ring_num, buf_size, buf_num;
  bool no_timestamp;
  bool forward;
};
int mw_init(const struct mw_parameters* parameters);
/* -EINVAL, and nothing has changed; see Control. May sleep. */
int mw_set_parameters(const struct mw_parameters* parameters);
/* The geometry of the global region in use, or all zero. May sleep. */
void mw_geometry(struct mw_parameters* geometry);
void mw_exit(void);
/* Every half second. May sleep. */
void mw_watchdog(void);

/* An open /dev/netmap. Null if there is no memory. May sleep, but for the two syncs and poll. */
struct mw_session;
struct mw_session* mw_session_open(void);
void mw_session_close(struct mw_session* session);
/* `name_space` is where names of ports are looked up. */
int mw_session_ioctl(struct mw_session* session, const void* name_space, uint32_t command,
                     uint64_t argument);
/* `table` is for os_wait_register; null if nobody need be registered. Returns poll() events. */
uint32_t mw_session_poll(struct mw_session* session, uint32_t events, void* table, bool may_sleep);
/* What a mapping shows: -EINVAL, or the pages. */
int mw_session_map(struct mw_session* session, uint64_t offset, uint64_t bytes,
                   struct os_pages** pages);

/* A network card. */
struct mw_nic;
struct mw_nic_setup {
  struct os_device* device;
  uint16_t queue_pairs;        /* at most */
  volatile uint8_t* registers; /* BAR 0 */
  uint64_t register_bytes;
  uint16_t vendor, product;
};
struct mw_nic_facts {
  uint8_t mac[6];
  uint16_t queue_pairs;
  uint32_t tx_slots, rx_slots;
  uint32_t max_frame_bytes; /* the longest to be set, without CRC and VLAN tag */
  uint32_t min_frame_bytes; /* that the card sends */
  const char* family;
};
/* Does somebody here drive it? */
bool mw_nic_supported(uint16_t vendor, uint16_t product);
/* -ENODEV, -ENOMEM, -EINVAL. Touches no register. May sleep. */
int mw_nic_new(const struct mw_nic_setup* setup, const char* name, struct mw_nic** nic);
/* How many interrupt vectors it needs. */
uint16_t mw_nic_vectors(const struct mw_nic* nic);
/* Interrupts may come from here on. May sleep. */
int mw_nic_start(struct mw_nic* nic, struct mw_nic_facts* facts);
/* Programs find it by `name` in `name_space`. -EEXIST. May sleep. */
int mw_nic_publish(struct mw_nic* nic, const char* name, const void* name_space);
/* The same later, for a card that has been renamed or moved. */
int mw_nic_rename(struct mw_nic* nic, const char* name, const void* name_space);
/* The card is to be given back: programs that have it open get errors. Afterwards it raises no
 * interrupt and reaches no memory. May sleep. */
void mw_nic_stop(struct mw_nic* nic);
/* Stopped, and no interrupt handler runs. May sleep. */
void mw_nic_delete(struct mw_nic* nic);
/* Stops DMA and interrupts at once. */
void mw_nic_shutdown(struct mw_nic* nic);
/* The card loses its power, and has it back: programs and rings stay. May sleep. */
void mw_nic_suspend(struct mw_nic* nic);
int mw_nic_resume(struct mw_nic* nic);
/* Interrupt context. False if it was not ours. */
bool mw_nic_interrupt(struct mw_nic* nic, uint16_t vector);
/* The host opens the device and closes it; see NicPort. May sleep. */
int mw_nic_host_open(struct mw_nic* nic);
void mw_nic_host_close(struct mw_nic* nic);
/* One caller per queue at a time for the first, and one for the others. */
enum mw_host_send {
  MW_HOST_SENT,
  MW_HOST_SENT_LAST, /* stop: os_host_sent will say when to go on */
  MW_HOST_KEPT,      /* for a program; it is core's now */
  MW_HOST_LATER,     /* not taken, and stop as above */
  MW_HOST_DROP       /* not taken, for good; counted */
};
enum mw_host_send mw_nic_host_send(struct mw_nic* nic, uint16_t queue, struct os_frame* frame,
                                   bool more);
uint32_t mw_nic_host_poll(struct mw_nic* nic, uint16_t queue, uint32_t budget);
void mw_nic_host_arm(struct mw_nic* nic, uint16_t queue);
/* There is a network device to tell from now on. */
void mw_nic_tell_carrier(struct mw_nic* nic);
bool mw_nic_link(const struct mw_nic* nic, uint32_t* mbps);
/* Which frames come in, besides ours and broadcast. May sleep. -EINVAL, -ENXIO; a card that takes
 * everything goes on doing so. */
#define MW_GROUPS 32
struct mw_nic_filter {
  bool promiscuous, all_multicast;
  uint32_t groups;
  uint8_t group[MW_GROUPS][6];
};
int mw_nic_set_filter(struct mw_nic* nic, const struct mw_nic_filter* filter);
/* The longest frame to accept and send, without CRC and VLAN tag: the card is reset if it is
 * another one. May sleep. -EINVAL, -ENXIO, -EIO. */
int mw_nic_set_max_frame(struct mw_nic* nic, uint32_t bytes);
/* For `ip -s link`; frames without CRC. */
struct mw_nic_statistics {
  uint64_t rx_packets, rx_bytes, rx_multicast, rx_dropped, rx_crc_errors, rx_length_errors;
  uint64_t tx_packets, tx_bytes;
};
/* May sleep. */
void mw_nic_read_statistics(struct mw_nic* nic, struct mw_nic_statistics* statistics);
/* For `ethtool -S`: how many counters there are, the name of one and the queue it is of (-1: of the
 * card), and all of them. May sleep. */
uint32_t mw_nic_counters(const struct mw_nic* nic);
const char* mw_nic_counter_name(uint32_t i, int* queue);
void mw_nic_read_counters(struct mw_nic* nic, uint64_t* values);

#ifdef __cplusplus
}
#endif

#endif /* KERNEL_OS_ABI_H_ */
