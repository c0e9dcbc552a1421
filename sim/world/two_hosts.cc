#include "sim/world/two_hosts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace mapwire::sim {

TwoHosts::TwoHosts(const TwoHostsOptions& options) : world(WorldOptions{options.seed}) {
  NicOptions nic;
  nic.port.driver.queue_pairs = options.queue_pairs;
  nic.port.driver.rss_queues = options.rss_queues;
  nic.port.driver.max_frame_bytes = options.max_frame_bytes;
  nic.port.driver.interrupt_interval_us = options.interrupt_interval_us;
  nic.port.driver.tx_slots = nic.port.driver.rx_slots = options.slots;
  nic.bus = options.bus;
  if (options.configure) options.configure(nic.port.driver);
  NicOptions left_options = nic, right_options = nic;
  if (options.configure_left) options.configure_left(left_options.port.driver);
  if (options.configure_right) options.configure_right(right_options.port.driver);
  HostOptions host;
  host.cpus = options.cpus;
  memory::PoolRequest& buffers =
      host.parameters.global_region.pools[static_cast<uint32_t>(memory::PoolKind::kBuffers)];
  buffers.object_count = static_cast<uint32_t>(uint64_t{buffers.object_count} *
                                               buffers.object_bytes / options.buffer_bytes);
  buffers.object_bytes = options.buffer_bytes;
  host.cpu_ghz = options.cpu_ghz;
  host.watchdog_period = options.watchdog_period;
  host.name = "left";
  left = &world.AddHost(host);
  host.name = "right";
  right = &world.AddHost(host);
  const auto add = [&](Host& owner, Card kind, NicOptions card, FaultPlan* plan) {
    if (options.paravirtual) return &world.AddPv(owner, card);
    if (kind == Card::k82540Em) {
      card.port.driver.queue_pairs = card.port.driver.rss_queues = 1;
      return &world.AddE1000(owner, card, options.e1000);
    }
    return plan == nullptr ? &world.AddIxgbe(owner, card, options.device)
                           : &world.AddFaultyIxgbe(owner, card, options.device, *plan);
  };
  left_nic = add(*left, options.left_card, left_options, options.left_faults);
  right_nic = add(*right, options.right_card, right_options, options.right_faults);
  if (options.paravirtual) {
    world.Join(*left_nic, *right_nic);
    wire = nullptr;
  } else {
    wire = &world.Connect(*left_nic, *right_nic, options.wire);
  }
}

TwoHosts::~TwoHosts() {
  for (Process* program : programs_) program->Kill();
  EXPECT_TRUE(world.RunToEnd(world.now() + 10 * kSecond)) << "a killed program goes on";
  EXPECT_EQ(world.CheckInvariants(), "");
  EXPECT_EQ(world.Shutdown(), "");
}

void TwoHosts::Boot() { ASSERT_EQ(world.Boot(), ""); }

Process& TwoHosts::Run(Host& host, const std::string& name, uint32_t cpu,
                       std::function<void(Process&)> body) {
  Process& process = world.AddProcess(host, name);
  programs_.push_back(&process);
  process.Start(cpu, std::move(body));
  return process;
}

bool TwoHosts::RunUntil(const std::function<bool()>& done, Time within) {
  return world.RunUntil(done, world.now() + within);
}

void TwoHosts::RunFor(Time duration) { world.engine().RunUntil(world.now() + duration); }

void TwoHosts::RunToEnd(Time within) {
  EXPECT_TRUE(world.RunToEnd(world.now() + within)) << "a program does not come to its end";
  EXPECT_EQ(world.CheckInvariants(), "");
}

int Descriptor::Open(const Binding& binding) {
  fd_ = process_.Open("/dev/netmap");
  if (fd_ < 0) return fd_;
  nmreq_header header{};
  nmreq_register reg{};
  header.nr_version = NETMAP_API;
  header.nr_reqtype = NETMAP_REQ_REGISTER;
  header.nr_body = reinterpret_cast<uint64_t>(&reg);
  std::snprintf(header.nr_name, sizeof(header.nr_name), "%s", binding.port.c_str());
  reg.nr_mode = binding.mode;
  reg.nr_ringid = binding.ring;
  reg.nr_flags = binding.flags;
  reg.nr_mem_id = binding.region;
  reg.nr_extra_bufs = binding.extra_buffers;
  reg.nr_tx_rings = reg.nr_rx_rings = binding.made_rings;
  reg.nr_tx_slots = reg.nr_rx_slots = binding.made_slots;
  if (binding.offsets != nullptr) {
    binding.offsets->nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
    header.nr_options = reinterpret_cast<uint64_t>(binding.offsets);
  }
  const int status = process_.Ioctl(fd_, NIOCCTRL, &header);
  if (status != 0) {
    Close();
    return status;
  }
  registered_ = reg;
  int error = 0;
  base_ = static_cast<char*>(process_.Mmap(fd_, reg.nr_memsize, 0, &error));
  return base_ == nullptr ? -error : 0;
}

int Descriptor::Close() {
  if (base_ != nullptr) process_.Munmap(base_, registered_.nr_memsize);
  base_ = nullptr;
  const int fd = fd_;
  fd_ = -1;
  return process_.Close(fd);
}

netmap_ring& Descriptor::tx(uint32_t i) {
  netmap_if& nif = interface();
  return *reinterpret_cast<netmap_ring*>(reinterpret_cast<char*>(&nif) + nif.ring_ofs[i]);
}

netmap_ring& Descriptor::rx(uint32_t i) {
  netmap_if& nif = interface();
  const uint32_t skip = nif.ni_tx_rings + nif.ni_host_tx_rings;
  return *reinterpret_cast<netmap_ring*>(reinterpret_cast<char*>(&nif) + nif.ring_ofs[skip + i]);
}

int Descriptor::Poll(short events, int timeout_ms) {
  struct pollfd pfd {
    fd_, events, 0
  };
  const int ready = process_.Poll(&pfd, 1, timeout_ms);
  return ready < 0 ? ready : pfd.revents;
}

uint32_t Descriptor::Pending(const netmap_ring& ring) {
  const uint32_t n = ring.num_slots;
  return (ring.head + n - ring.tail - 1) % n;
}

bool Descriptor::Push(netmap_ring& ring, std::span<const uint8_t> frame) {
  const uint32_t n = ring.num_slots;
  const size_t room = ring.nr_buf_size;
  const size_t needed = (frame.size() + room - 1) / room;
  if ((ring.tail + n - ring.head) % n < needed) return false;
  uint32_t head = ring.head;
  for (size_t done = 0; done < frame.size();) {
    netmap_slot& slot = ring.slot[head];
    const size_t part = std::min(frame.size() - done, room);
    std::memcpy(Buffer(ring, slot.buf_idx) + Offset(ring, slot), frame.data() + done, part);
    done += part;
    slot.len = static_cast<uint16_t>(part);
    slot.flags = done < frame.size() ? NS_MOREFRAG : 0;
    head = Next(ring, head);
  }
  ring.head = ring.cur = head;
  return true;
}

bool Descriptor::Pop(netmap_ring& ring, std::vector<uint8_t>& frame) {
  frame.clear();
  for (uint32_t i = ring.head; i != ring.tail;) {
    const netmap_slot& slot = ring.slot[i];
    const uint8_t* const from = Buffer(ring, slot.buf_idx) + Offset(ring, slot);
    frame.insert(frame.end(), from, from + slot.len);
    i = Next(ring, i);
    if ((slot.flags & NS_MOREFRAG) == 0) {
      ring.head = ring.cur = i;
      return true;
    }
  }
  EXPECT_TRUE(frame.empty()) << "half a frame was shown";
  return false;
}

FrameLength Always(size_t length) {
  return [length](uint64_t) { return length; };
}

bool SendFrames(Process& process, Descriptor& descriptor, uint32_t ring, const UdpFlow& flow,
                uint64_t first, uint64_t count, uint32_t batch, const FrameLength& length) {
  netmap_ring& tx = descriptor.tx(ring);
  std::vector<uint8_t> frame;
  uint64_t next = first;
  while (next != first + count) {
    bool full = false;
    for (uint32_t i = 0; i < batch && next != first + count && !full; ++i) {
      frame.resize(length(next));
      WriteUdpFrame(frame.data(), frame.size(), flow, next);
      full = !descriptor.Push(tx, frame);
      if (!full) ++next;
    }
    if (!full) {
      descriptor.TxSync();
      continue;
    }
    // Room for one slot is not room for every frame: wait for a change.
    tx.cur = tx.tail;
    if ((descriptor.Poll(POLLOUT, 1000) & POLLOUT) == 0) return false;
    tx.cur = tx.head;
  }
  const Time limit = process.Now() + kSecond;
  while (Descriptor::Pending(tx) != 0 && process.Now() < limit) {
    descriptor.TxSync();
    process.SleepUntil(process.Now() + 2 * kMicrosecond);
  }
  return Descriptor::Pending(tx) == 0;
}

void Receipt::Take(std::span<const uint8_t> frame, const UdpFlow& flow) {
  ++received;
  bytes += frame.size();
  const std::optional<uint64_t> sequence = CheckUdpFrame(frame.data(), frame.size(), flow);
  if (!sequence) {
    ++damaged;
  } else if (*sequence < next) {
    ++reordered;
  } else {
    gaps += *sequence != next ? 1 : 0;
    next = *sequence + 1;
  }
}

bool ReceiveFrames(Descriptor& descriptor, std::span<netmap_ring* const> rings, const UdpFlow& flow,
                   uint64_t count, int idle_ms, Receipt& receipt) {
  std::vector<uint8_t> frame;
  while (receipt.received < count) {
    const int revents = descriptor.Poll(POLLIN, idle_ms);
    if (revents == 0) return true;
    if ((revents & POLLERR) != 0) return false;
    for (netmap_ring* ring : rings) {
      while (descriptor.Pop(*ring, frame)) receipt.Take(frame, flow);
    }
  }
  return true;
}

Receipt RunTransfer(TwoHosts& hosts, const Transfer& transfer) {
  Receipt receipt;
  bool ready = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    ready = true;
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, transfer.frames, transfer.idle_ms, receipt));
    EXPECT_EQ(port.Close(), 0);
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, transfer.frames, transfer.batch,
                           transfer.length));
    EXPECT_EQ(port.Close(), 0);
  });
  hosts.RunToEnd();
  return receipt;
}

}  // namespace mapwire::sim
