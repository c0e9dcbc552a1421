// Programs that do anything at all, and kernels that run out of everything: the world stays whole.
#include <gtest/gtest.h>

#include <cstring>
#include <iterator>
#include <optional>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

// Changes words of a region at the moment core reads them, now and then.
class LoadChanger final : public LoadWatcher {
 public:
  explicit LoadChanger(uint64_t seed) : random_(seed) {}
  void BeforeLoad(void* address, size_t bytes) override {
    if (!on || bytes > 8 || !random_.OneIn(40)) return;
    const uint64_t values[] = {0, 1, 2, 511, 512, 0xffffffff, 0x7fffffff, random_.Next()};
    const uint64_t value = values[random_.Below(std::size(values))];
    std::memcpy(address, &value, random_.OneIn(2) ? bytes : 1);
    ++changes;
  }
  bool on = false;
  uint64_t changes = 0;

 private:
  Random random_;
};

// One program that opens, writes garbage, calls and closes in any order.
class Chaos {
 public:
  Chaos(Process& process, uint64_t seed) : process_(process), random_(seed) {}

  void Run() {
    for (;;) {
      const uint64_t what = random_.Below(16);
      if (!port_) {
        Open();
      } else if (what < 6) {
        Scribble();
      } else if (what < 9) {
        port_->TxSync();
      } else if (what < 12) {
        port_->RxSync();
      } else if (what < 14) {
        port_->Poll(static_cast<short>(random_.Below(8)), static_cast<int>(random_.Below(2)));
      } else if (what == 14) {
        process_.SleepUntil(process_.Now() + static_cast<Time>(random_.Below(50)) * kMicrosecond);
      } else if (random_.OneIn(4)) {
        port_->Close();
        port_.reset();
      }
    }
  }

 private:
  void Open() {
    port_.emplace(process_);
    nmreq_opt_offsets offsets{};
    offsets.nro_max_offset = random_.Below(2100);
    offsets.nro_initial_offset = random_.Below(600);
    offsets.nro_offset_bits = static_cast<uint32_t>(random_.Below(66));
    offsets.nro_min_gap = random_.OneIn(2) ? 0 : random_.Below(3000);
    Binding binding;
    const uint32_t modes[] = {NR_REG_ONE_NIC, NR_REG_ONE_NIC, NR_REG_ALL_NIC, NR_REG_NULL};
    binding.mode = modes[random_.Below(std::size(modes))];
    binding.ring = static_cast<uint16_t>(random_.Below(3));
    const uint64_t flags[] = {0,
                              0,
                              NR_RX_RINGS_ONLY,
                              NR_TX_RINGS_ONLY,
                              NR_EXCLUSIVE,
                              NR_NO_TX_POLL,
                              NR_RX_RINGS_ONLY | NR_TX_RINGS_ONLY};
    binding.flags = flags[random_.Below(std::size(flags))];
    binding.extra_buffers = random_.OneIn(2) ? 0 : static_cast<uint32_t>(random_.Below(600));
    if (binding.mode == NR_REG_NULL) binding.region = 1;
    binding.made_rings = static_cast<uint16_t>(random_.Below(4));
    binding.made_slots = static_cast<uint32_t>(random_.Below(200));
    if (random_.OneIn(3)) binding.offsets = &offsets;
    if (port_->Open(binding) != 0) port_.reset();
  }

  void Scribble() {
    netmap_if& nif = port_->interface();
    if (random_.OneIn(8)) nif.ni_bufs_head = Word();
    control::Session& session = port_->session();
    const port::RingSelection& selection = session.selection();
    for (uint16_t i = selection.tx.first; i < selection.tx.last; ++i) Spoil(port_->tx(i));
    for (uint16_t i = selection.rx.first; i < selection.rx.last; ++i) Spoil(port_->rx(i));
  }

  // Mostly legal, so that garbage gets far.
  void Spoil(netmap_ring& ring) {
    const uint32_t n = 64 + static_cast<uint32_t>(random_.Below(8));
    if (random_.OneIn(3)) {
      ring.head = ring.cur = random_.OneIn(4) ? Word() : ring.tail % n;
    }
    if (random_.OneIn(10)) ring.cur = Word();
    if (random_.OneIn(20)) ring.tail = Word();
    for (int i = 0; i < 8; ++i) {
      netmap_slot& slot = ring.slot[random_.Below(64)];
      slot.len = random_.OneIn(2) ? 60 : static_cast<uint16_t>(random_.Next());
      if (random_.OneIn(2)) slot.flags = static_cast<uint16_t>(random_.Below(64));
      if (random_.OneIn(6)) slot.buf_idx = Word();
      if (random_.OneIn(4)) slot.ptr = random_.Next() >> random_.Below(64);
    }
  }

  uint32_t Word() {
    const uint32_t values[] = {0, 1, 2, 3, 63, 64, 65, 100, 163839, 163840, 0xffffffff, 0x80000000};
    return random_.OneIn(4) ? static_cast<uint32_t>(random_.Below(1000))
                            : values[random_.Below(std::size(values))];
  }

  Process& process_;
  Random random_;
  std::optional<Descriptor> port_;
};

TEST(Chaos, ProgramsThatDoAnythingHarmNothingBeyondTheirRegion) {
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    TwoHostsOptions options{.seed = seed, .slots = 64, .max_frame_bytes = 9724};
    if (seed % 3 == 1) options.bus.write_latency = 30 * kMicrosecond;
    if (seed % 4 == 1) options.bus.read_jitter = 50 * kMicrosecond;
    TwoHosts hosts(options);
    hosts.Boot();
    LoadChanger changer(seed);
    hosts.world.AddLoadWatcher(changer);
    changer.on = seed % 2 == 0;
    std::vector<Process*> programs;
    for (uint32_t i = 0; i < 4; ++i) {
      Host& host = i % 2 == 0 ? *hosts.left : *hosts.right;
      programs.push_back(&hosts.Run(host, "chaos", i / 2, [seed, i](Process& process) {
        Chaos(process, seed * 10 + i).Run();
      }));
    }
    for (int step = 0; step < 30; ++step) {
      hosts.RunFor(700 * kMicrosecond);
      ASSERT_EQ(hosts.world.CheckInvariants(), "");
    }
    for (Process* program : programs) program->Kill();
    hosts.RunToEnd();
    changer.on = false;
    hosts.world.RemoveLoadWatcher(changer);
    EXPECT_EQ(hosts.left->control().sessions(), 0u);
    const Receipt receipt = RunTransfer(hosts, {.frames = 100, .batch = 8});
    EXPECT_EQ(receipt.received, 100u);
    EXPECT_TRUE(receipt.clean());
  }
}

// A program in another region notices nothing of all that.
TEST(Chaos, AnotherRegionStaysBitIdentical) {
  constexpr memory::RegionRequest kSmall = {{{1024, 4}, {20480, 8}, {2048, 512}}};
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    TwoHosts hosts({.seed = seed, .slots = 64});
    hosts.Boot();
    bool stop = false;
    hosts.Run(*hosts.right, "witness", 0, [&](Process& process) {
      const Result<memory::Region*> region = hosts.right->control().CreateRegion(kSmall);
      ASSERT_TRUE(region.ok());
      Descriptor port(process);
      ASSERT_EQ(port.Open({.port = "mine",
                           .mode = NR_REG_NULL,
                           .region = (*region)->id(),
                           .made_rings = 1,
                           .made_slots = 64}),
                0);
      netmap_ring& tx = port.tx(0);
      for (uint32_t i = 0; i < 64; ++i) {
        std::memset(Descriptor::Buffer(tx, tx.slot[i].buf_idx), 0x5a, 2048);
      }
      const size_t bytes = port.registered().nr_memsize;
      const char* const base =
          reinterpret_cast<const char*>(&port.interface()) - port.registered().nr_offset;
      // The pages that are committed: those of the rings and of their buffers.
      const std::string before(reinterpret_cast<const char*>(&tx), 2048);
      while (!stop) process.SleepUntil(process.Now() + 100 * kMicrosecond);
      EXPECT_EQ(before, std::string(reinterpret_cast<const char*>(&tx), 2048));
      for (uint32_t i = 0; i < 64; ++i) {
        const uint8_t* const buffer = Descriptor::Buffer(tx, tx.slot[i].buf_idx);
        ASSERT_LT(reinterpret_cast<const char*>(buffer), base + bytes);
        for (int k = 0; k < 2048; ++k) ASSERT_EQ(buffer[k], 0x5a);
      }
    });
    Process& chaos = hosts.Run(*hosts.right, "chaos", 1,
                               [seed](Process& process) { Chaos(process, seed).Run(); });
    hosts.RunFor(5 * kMillisecond);
    chaos.Kill();
    stop = true;
    hosts.RunToEnd();
  }
}

// Fails one call, or every call from one on.
class FailFrom final : public FaultPoint {
 public:
  FailFrom(uint64_t first, bool only_once) : first_(first), once_(only_once) {}
  bool Fails() override {
    const uint64_t call = calls++;
    return once_ ? call == first_ : call >= first_;
  }
  uint64_t calls = 0;

 private:
  const uint64_t first_;
  const bool once_;
};

// Every call that can run out of memory does, one after the other, while a descriptor is bound.
void ExhaustWhileBinding(bool heap, bool once, bool neighbour) {
  for (uint64_t n = 0;; ++n) {
    SCOPED_TRACE(testing::Message() << (heap ? "heap" : "mapping") << " call " << n);
    TwoHosts hosts({.slots = 64});
    hosts.Boot();
    FailFrom fault(n, once);
    int status = 0;
    hosts.Run(*hosts.right, "program", 1, [&](Process& process) {
      Descriptor other(process), port(process);
      if (neighbour) {
        ASSERT_EQ(other.Open({.ring = 1, .extra_buffers = 3}), 0);
      }
      hosts.right->set_heap_faults(heap ? &fault : nullptr);
      hosts.right_nic->iommu().set_map_faults(heap ? nullptr : &fault);
      nmreq_opt_offsets offsets{};
      offsets.nro_max_offset = 64;
      status = port.Open({.extra_buffers = 100, .offsets = &offsets});
      hosts.right->set_heap_faults(nullptr);
      hosts.right_nic->iommu().set_map_faults(nullptr);
      EXPECT_TRUE(status != 0 || port.registered().nr_extra_bufs <= 100);
    });
    hosts.RunToEnd();
    EXPECT_TRUE(status == 0 || status == -ENOMEM) << status;
    EXPECT_EQ(hosts.right->control().sessions(), 0u);
    EXPECT_EQ(hosts.right_nic->iommu().mapped_pages(), 0u);
    EXPECT_EQ(hosts.right_nic->iommu().coherent_bytes(), 0u);
    if (n % 8 == 0) {
      EXPECT_EQ(RunTransfer(hosts, {.frames = 20}).received, 20u);
    }
    if (n >= fault.calls) {
      EXPECT_EQ(status, 0);
      EXPECT_GT(n, 2u);
      return;
    }
  }
}

TEST(Exhaustion, OfTheHeapWhileBindingUndoesAll) { ExhaustWhileBinding(true, true, false); }
TEST(Exhaustion, OfTheHeapForGoodUndoesAll) { ExhaustWhileBinding(true, false, true); }
TEST(Exhaustion, OfTheIommuWhileBindingUndoesAll) { ExhaustWhileBinding(false, true, false); }
TEST(Exhaustion, OfTheIommuForGoodUndoesAll) { ExhaustWhileBinding(false, false, true); }

TEST(Exhaustion, OfTheHeapWhileADeviceStartsIsToldAndLeavesNothing) {
  for (uint64_t n = 0;; ++n) {
    SCOPED_TRACE(testing::Message() << "heap call " << n);
    World world(WorldOptions{1});
    Host& host = world.AddHost({});
    NicOptions nic;
    nic.port.driver.queue_pairs = 2;
    HostNic& a = world.AddIxgbe(host, nic);
    nic.name = "eth1";
    HostNic& b = world.AddIxgbe(host, nic);
    world.Connect(a, b, {});
    FailFrom fault(n, true);
    host.set_heap_faults(&fault);
    const std::string failure = world.Boot();
    host.set_heap_faults(nullptr);
    EXPECT_EQ(world.Shutdown(), "");
    if (n >= fault.calls) {
      EXPECT_EQ(failure, "");
      EXPECT_GT(n, 5u);
      return;
    }
    EXPECT_NE(failure.find("errno 12"), std::string::npos) << failure;
  }
}

}  // namespace
}  // namespace mapwire::sim
