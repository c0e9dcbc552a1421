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
  nic.bounces = options.bounces;
  nic.host_stack = options.host_stacks;
  if (options.configure) options.configure(nic.port.driver);
  NicOptions left_options = nic, right_options = nic;
  if (options.configure_left) options.configure_left(left_options.port.driver);
  if (options.configure_right) options.configure_right(right_options.port.driver);
  HostOptions host;
  host.cpus = options.cpus;
  host.parameters.forward = options.forward;
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

bool Descriptor::Pop(netmap_ring& ring, std::vector<uint8_t>& frame) {
  if (MappedPort::Pop(ring, frame)) return true;
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
