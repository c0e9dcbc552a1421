// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A card as a network device of Linux: name, address, link, statistics, and the host's traffic.
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "kernel/shim/shim.h"

#define STATISTICS_PERIOD HZ
/* Frames on their way up from one queue. */
#define RECEIVED_MAX 4096

/* A queue pair of the host. */
struct host_queue {
  struct napi_struct napi;
  struct os_device* device;
  struct net_device* netdev;
  struct sk_buff_head received; /* they go up when core has been left */
  u16 index;
};

struct netdev_private {
  struct os_device* device;
  struct net_device* netdev;
  struct mw_nic_statistics statistics; /* as of the last period */
  struct delayed_work reader;
  struct mw_nic_filter filter; /* the listener's */
  struct work_struct listener;
};

static struct netdev_private* private_of(const struct net_device* netdev) {
  return netdev_priv(netdev);
}

static struct mw_nic* nic_of(const struct net_device* netdev) {
  return private_of(netdev)->device->nic;
}

bool os_carrier(struct os_device* device, bool up) {
  struct net_device* netdev = READ_ONCE(device->netdev);

  if (!netdev) return false;
  if (up) {
    netif_carrier_on(netdev);
  } else {
    netif_carrier_off(netdev);
  }
  return true;
}

// The counters of a card are read from a thread that may sleep; who asks gets what is there.
static void read_statistics(struct work_struct* work) {
  struct netdev_private* own = container_of(work, struct netdev_private, reader.work);

  mw_nic_read_statistics(own->device->nic, &own->statistics);
  queue_delayed_work(system_long_wq, &own->reader, STATISTICS_PERIOD);
}

// --- What comes in
// -----------------------------------------------------------------------------

static void set_filter(struct work_struct* work) {
  struct netdev_private* own = container_of(work, struct netdev_private, listener);
  struct net_device* netdev = own->netdev;
  struct mw_nic_filter* filter = &own->filter;
  struct netdev_hw_addr* address;
  int error;

  netif_addr_lock_bh(netdev);
  filter->promiscuous = netdev->flags & IFF_PROMISC;
  filter->all_multicast = (netdev->flags & IFF_ALLMULTI) || netdev_mc_count(netdev) > MW_GROUPS;
  filter->groups = 0;
  netdev_for_each_mc_addr(address, netdev) {
    if (filter->all_multicast) break;
    ether_addr_copy(filter->group[filter->groups++], address->addr);
  }
  netif_addr_unlock_bh(netdev);
  error = mw_nic_set_filter(own->device->nic, filter);
  if (error) netdev_warn(netdev, "netmap: the receive filter is as it was (%d)\n", error);
}

// Called with a spinlock held: a thread that may sleep does it.
static void set_rx_mode(struct net_device* netdev) {
  queue_work(system_long_wq, &private_of(netdev)->listener);
}

static int change_mtu(struct net_device* netdev, int mtu) {
  // A smaller MTU is the stack's own business: the other end may know nothing of it.
  const int error = mw_nic_set_max_frame(nic_of(netdev), max(mtu, ETH_DATA_LEN) + ETH_HLEN);

  if (!error) netdev->mtu = mtu;
  return error;
}

// --- Frames of the host
// ---------------------------------------------------------------------------

static struct sk_buff* skb_of(struct os_frame* frame) { return (struct sk_buff*)frame; }

static struct netdev_queue* txq_of(const struct host_queue* queue) {
  return netdev_get_tx_queue(queue->netdev, queue->index);
}

struct os_frame* os_frame_new(struct os_device* device, uint16_t queue, uint32_t bytes) {
  // A program may send faster than the stack takes.
  if (skb_queue_len_lockless(&device->queues[queue].received) >= RECEIVED_MAX) return NULL;
  return (struct os_frame*)netdev_alloc_skb_ip_align(device->queues[queue].netdev, bytes);
}

void os_frame_append(struct os_frame* frame, const void* from, uint32_t bytes) {
  skb_put_data(skb_of(frame), from, bytes);
}

void os_frame_receive(struct os_device* device, uint16_t queue, struct os_frame* frame) {
  skb_queue_tail(&device->queues[queue].received, skb_of(frame));
}

uint32_t os_frame_length(const struct os_frame* frame) {
  return ((const struct sk_buff*)frame)->len;
}

void os_frame_copy(const struct os_frame* frame, uint32_t offset, void* to, uint32_t bytes) {
  // Fails only beyond the end.
  WARN_ON_ONCE(skb_copy_bits((const struct sk_buff*)frame, offset, to, bytes));
}

void os_frame_free(struct os_frame* frame) { dev_consume_skb_any(skb_of(frame)); }

// It may lie there for long: whoever sent it, and what it came by, must not have to wait.
void os_host_keep(struct os_device* device, uint16_t host_ring, struct os_frame* frame) {
  struct sk_buff* skb = skb_of(frame);

  skb_orphan(skb);
  skb_scrub_packet(skb, true);
  skb_queue_tail(&device->kept[host_ring], skb);
}

uint32_t os_host_kept(const struct os_device* device, uint16_t host_ring) {
  return skb_queue_len_lockless(&device->kept[host_ring]);
}

struct os_frame* os_host_next(struct os_device* device, uint16_t host_ring) {
  return (struct os_frame*)skb_dequeue(&device->kept[host_ring]);
}

bool os_host_taken(struct os_device* device, uint16_t queue, uint32_t bytes) {
  struct netdev_queue* txq = txq_of(&device->queues[queue]);

  netdev_tx_sent_queue(txq, bytes);
  return netif_xmit_stopped(txq);
}

void os_host_schedule(struct os_device* device, uint16_t queue) {
  struct napi_struct* napi = &device->queues[queue].napi;

  if (in_hardirq() || irqs_disabled()) {
    napi_schedule(napi);
  } else {
    // It runs at the end of this.
    local_bh_disable();
    napi_schedule(napi);
    local_bh_enable();
  }
}

void os_host_sent(struct os_device* device, uint16_t queue, uint32_t bytes, bool room) {
  struct netdev_queue* txq = txq_of(&device->queues[queue]);

  if (bytes) netdev_tx_completed_queue(txq, 1, bytes);
  if (room && netif_tx_queue_stopped(txq)) netif_tx_wake_queue(txq);
}

static netdev_tx_t start_xmit(struct sk_buff* skb, struct net_device* netdev) {
  struct os_device* device = private_of(netdev)->device;
  const u16 index = skb_get_queue_mapping(skb);
  struct netdev_queue* txq = netdev_get_tx_queue(netdev, index);
  enum mw_host_send result;

  if (skb_put_padto(skb, device->facts.min_frame_bytes)) {
    dev_core_stats_tx_dropped_inc(netdev);
    return NETDEV_TX_OK;
  }
  result = mw_nic_host_send(device->nic, index, (struct os_frame*)skb, netdev_xmit_more());
  if (result == MW_HOST_LATER) {
    netif_tx_stop_queue(txq);
    smp_mb__after_atomic();
    // What says when to go on may have come before we stopped.
    result = mw_nic_host_send(device->nic, index, (struct os_frame*)skb, false);
    if (result == MW_HOST_LATER) {
      os_host_schedule(device, index);
      return NETDEV_TX_BUSY;
    }
    // Nothing else says so for a frame that the card does not get.
    if (result != MW_HOST_SENT_LAST) netif_tx_start_queue(txq);
  }
  if (result == MW_HOST_SENT_LAST) {
    netif_tx_stop_queue(txq);
    os_host_schedule(device, index);
  }
  if (result == MW_HOST_DROP) {
    dev_core_stats_tx_dropped_inc(netdev);
    dev_kfree_skb_any(skb);
  } else if (result != MW_HOST_KEPT) {
    dev_consume_skb_any(skb);
  }
  return NETDEV_TX_OK;
}

static void deliver(struct host_queue* queue) {
  struct sk_buff* skb;

  while ((skb = skb_dequeue(&queue->received))) {
    skb_record_rx_queue(skb, queue->index);
    skb->protocol = eth_type_trans(skb, queue->netdev);
    napi_gro_receive(&queue->napi, skb);
  }
}

static int poll(struct napi_struct* napi, int budget) {
  struct host_queue* queue = container_of(napi, struct host_queue, napi);
  struct mw_nic* nic = queue->device->nic;
  const int done = mw_nic_host_poll(nic, queue->index, budget);

  if (budget > 0) deliver(queue);
  if (done < budget && napi_complete_done(napi, done)) mw_nic_host_arm(nic, queue->index);
  return done;
}

// Nothing is sent and nothing is polled.
static void quiesce(struct net_device* netdev) {
  struct os_device* device = private_of(netdev)->device;
  u16 i;

  netif_tx_disable(netdev);
  for (i = 0; i < device->facts.queue_pairs; i++) napi_disable(&device->queues[i].napi);
}

static int open(struct net_device* netdev) {
  struct os_device* device = private_of(netdev)->device;
  int error;
  u16 i;

  for (i = 0; i < device->facts.queue_pairs; i++) {
    netdev_tx_reset_queue(netdev_get_tx_queue(netdev, i));
    napi_enable(&device->queues[i].napi);
  }
  error = mw_nic_host_open(device->nic);
  if (error) {
    netdev_err(netdev, "netmap: the host does not get the card (%d)\n", error);
    quiesce(netdev);
    return error;
  }
  netif_tx_start_all_queues(netdev);
  return 0;
}

static int stop(struct net_device* netdev) {
  struct os_device* device = private_of(netdev)->device;
  u16 i;

  quiesce(netdev);
  mw_nic_host_close(device->nic);
  for (i = 0; i < device->facts.queue_pairs; i++) skb_queue_purge(&device->queues[i].received);
  return 0;
}

static void get_stats64(struct net_device* netdev, struct rtnl_link_stats64* stats) {
  const struct mw_nic_statistics* known = &private_of(netdev)->statistics;

  stats->rx_packets = known->rx_packets;
  stats->rx_bytes = known->rx_bytes;
  stats->multicast = known->rx_multicast;
  stats->rx_missed_errors = known->rx_dropped;
  stats->rx_crc_errors = known->rx_crc_errors;
  stats->rx_length_errors = known->rx_length_errors;
  stats->rx_errors = known->rx_crc_errors + known->rx_length_errors;
  stats->tx_packets = known->tx_packets;
  stats->tx_bytes = known->tx_bytes;
}

static const struct net_device_ops operations = {
    .ndo_open = open,
    .ndo_stop = stop,
    .ndo_start_xmit = start_xmit,
    .ndo_get_stats64 = get_stats64,
    .ndo_set_rx_mode = set_rx_mode,
    .ndo_change_mtu = change_mtu,
    .ndo_validate_addr = eth_validate_addr,
};

static void get_drvinfo(struct net_device* netdev, struct ethtool_drvinfo* info) {
  strscpy(info->driver, "netmap", sizeof(info->driver));
  strscpy(info->bus_info, pci_name(private_of(netdev)->device->pci), sizeof(info->bus_info));
}

static int get_link_ksettings(struct net_device* netdev, struct ethtool_link_ksettings* settings) {
  uint32_t mbps;
  const bool up = mw_nic_link(nic_of(netdev), &mbps);

  settings->base.speed = up ? mbps : SPEED_UNKNOWN;
  settings->base.duplex = up ? DUPLEX_FULL : DUPLEX_UNKNOWN;
  settings->base.port = PORT_OTHER;
  return 0;
}

static void get_ringparam(struct net_device* netdev, struct ethtool_ringparam* rings,
                          struct kernel_ethtool_ringparam* more, struct netlink_ext_ack* ack) {
  const struct mw_nic_facts* facts = &private_of(netdev)->device->facts;

  rings->tx_pending = rings->tx_max_pending = facts->tx_slots;
  rings->rx_pending = rings->rx_max_pending = facts->rx_slots;
}

static void get_channels(struct net_device* netdev, struct ethtool_channels* channels) {
  const struct mw_nic_facts* facts = &private_of(netdev)->device->facts;

  channels->combined_count = channels->max_combined = facts->queue_pairs;
}

static int get_sset_count(struct net_device* netdev, int set) {
  return set == ETH_SS_STATS ? (int)mw_nic_counters(nic_of(netdev)) : -EOPNOTSUPP;
}

static void get_strings(struct net_device* netdev, u32 set, u8* text) {
  u32 i;

  if (set != ETH_SS_STATS) return;
  for (i = 0; i < mw_nic_counters(nic_of(netdev)); i++, text += ETH_GSTRING_LEN) {
    int queue;
    const char* name = mw_nic_counter_name(i, &queue);

    if (queue < 0) {
      strscpy((char*)text, name, ETH_GSTRING_LEN);
    } else {
      scnprintf((char*)text, ETH_GSTRING_LEN, "queue_%d_%s", queue, name);
    }
  }
}

static void get_ethtool_stats(struct net_device* netdev, struct ethtool_stats* stats, u64* values) {
  mw_nic_read_counters(nic_of(netdev), values);
}

static const struct ethtool_ops ethtool = {
    .get_drvinfo = get_drvinfo,
    .get_link = ethtool_op_get_link,
    .get_link_ksettings = get_link_ksettings,
    .get_ringparam = get_ringparam,
    .get_channels = get_channels,
    .get_sset_count = get_sset_count,
    .get_strings = get_strings,
    .get_ethtool_stats = get_ethtool_stats,
};

static int queues_new(struct net_device* netdev, struct os_device* device) {
  u16 i;

  device->queues = kcalloc(device->facts.queue_pairs, sizeof(*device->queues), GFP_KERNEL);
  if (!device->queues) return -ENOMEM;
  for (i = 0; i < device->facts.queue_pairs; i++) {
    struct host_queue* queue = &device->queues[i];

    queue->device = device;
    queue->netdev = netdev;
    queue->index = i;
    skb_queue_head_init(&queue->received);
    netif_napi_add(netdev, &queue->napi, poll);
  }
  for (i = 0; i < MW_HOST_RINGS; i++) skb_queue_head_init(&device->kept[i]);
  return 0;
}

static void queues_delete(struct net_device* netdev) {
  struct os_device* device = private_of(netdev)->device;
  u16 i;

  for (i = 0; i < device->facts.queue_pairs; i++) netif_napi_del(&device->queues[i].napi);
  for (i = 0; i < MW_HOST_RINGS; i++) skb_queue_purge(&device->kept[i]);
  kfree(device->queues);
  device->queues = NULL;
}

// A card is found by the name and in the network namespace that its device has now.
static int netdev_event(struct notifier_block* block, unsigned long event, void* context) {
  struct net_device* netdev = netdev_notifier_info_to_dev(context);

  if (netdev->netdev_ops != &operations) return NOTIFY_DONE;
  // A move to another namespace ends with the second of these.
  if (event != NETDEV_CHANGENAME && event != NETDEV_REGISTER) return NOTIFY_DONE;
  return notifier_from_errno(mw_nic_rename(nic_of(netdev), netdev->name, dev_net(netdev)));
}

static struct notifier_block notifier = {.notifier_call = netdev_event};

int netdev_init(void) { return register_netdevice_notifier(&notifier); }

void netdev_exit(void) { unregister_netdevice_notifier(&notifier); }

int netdev_add(struct os_device* device) {
  const struct mw_nic_facts* facts = &device->facts;
  struct net_device* netdev =
      alloc_etherdev_mqs(sizeof(struct netdev_private), facts->queue_pairs, facts->queue_pairs);
  int error;

  if (!netdev) return -ENOMEM;
  private_of(netdev)->device = device;
  private_of(netdev)->netdev = netdev;
  INIT_DELAYED_WORK(&private_of(netdev)->reader, read_statistics);
  INIT_WORK(&private_of(netdev)->listener, set_filter);
  SET_NETDEV_DEV(netdev, &device->pci->dev);
  netdev->netdev_ops = &operations;
  netdev->ethtool_ops = &ethtool;
  netdev->max_mtu = facts->max_frame_bytes - ETH_HLEN;
  eth_hw_addr_set(netdev, facts->mac);
  netif_carrier_off(netdev);
  error = queues_new(netdev, device);
  if (error) {
    free_netdev(netdev);
    return error;
  }
  // Nobody renames it before it is found by its first name.
  rtnl_lock();
  error = register_netdevice(netdev);
  if (!error) {
    error = mw_nic_publish(device->nic, netdev->name, dev_net(netdev));
    if (error) unregister_netdevice(netdev);
  }
  rtnl_unlock();
  if (error) {
    queues_delete(netdev);
    free_netdev(netdev);
    return error;
  }
  WRITE_ONCE(device->netdev, netdev);
  mw_nic_tell_carrier(device->nic);
  queue_delayed_work(system_long_wq, &private_of(netdev)->reader, STATISTICS_PERIOD);
  netdev_info(netdev, "netmap: %s, %u queue pairs of %u and %u slots, %pM\n", facts->family,
              facts->queue_pairs, facts->tx_slots, facts->rx_slots, facts->mac);
  return 0;
}

void netdev_detach(struct os_device* device) {
  rtnl_lock();
  netif_device_detach(device->netdev);
  rtnl_unlock();
}

void netdev_attach(struct os_device* device) {
  rtnl_lock();
  netif_device_attach(device->netdev);
  rtnl_unlock();
}

void netdev_remove(struct os_device* device) {
  struct net_device* netdev = device->netdev;

  unregister_netdev(netdev);
  cancel_delayed_work_sync(&private_of(netdev)->reader);
  cancel_work_sync(&private_of(netdev)->listener);
}

void netdev_free(struct os_device* device) {
  struct net_device* netdev = device->netdev;

  device->netdev = NULL;
  queues_delete(netdev);
  free_netdev(netdev);
}
