// What the data path costs on the bus, per system call: counted by the slot.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

struct Snapshot {
  explicit Snapshot(HostNic& nic) : bus(nic.slot().counters()) {}
  BusCounters bus;
};

TEST(Cost, OneDoorbellPerSyncWithWorkAndNoRegisterIsRead) {
  for (const uint32_t batch : {1, 8, 64, 255}) {
    SCOPED_TRACE(testing::Message() << "batch " << batch);
    TwoHosts hosts;
    hosts.Boot();
    constexpr uint64_t kBatches = 40;
    bool ready = false;
    hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      ready = true;
      const Snapshot before(*hosts.right_nic);
      uint64_t received = 0, with_work = 0, without = 0;
      while (received < kBatches * batch) {
        netmap_ring& rx = port.rx(0);
        const uint32_t released = (rx.tail + rx.num_slots - rx.head) % rx.num_slots;
        rx.head = rx.cur = rx.tail;
        received += released;
        (released != 0 ? with_work : without) += 1;
        ASSERT_EQ(port.RxSync(), 0);
      }
      const BusCounters& after = hosts.right_nic->slot().counters();
      EXPECT_EQ(after.register_writes - before.bus.register_writes, with_work);
      EXPECT_EQ(after.register_reads, before.bus.register_reads);
      EXPECT_EQ(after.interrupts, before.bus.interrupts);
      EXPECT_GT(without, 0u);
    });
    ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      const Snapshot before(*hosts.left_nic);
      std::vector<uint8_t> frame(60);
      for (uint64_t i = 0; i < kBatches; ++i) {
        for (uint32_t k = 0; k < batch; ++k) {
          WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
          ASSERT_TRUE(port.Push(port.tx(0), frame));
        }
        ASSERT_EQ(port.TxSync(), 0);
        while (Descriptor::Pending(port.tx(0)) != 0) port.TxSync();  // no work, no access
      }
      const BusCounters& after = hosts.left_nic->slot().counters();
      EXPECT_EQ(after.register_writes - before.bus.register_writes, kBatches);
      EXPECT_EQ(after.register_reads, before.bus.register_reads);
    });
    const uint64_t interrupts = hosts.left_nic->slot().counters().interrupts;
    hosts.RunToEnd();
    EXPECT_LE(hosts.left_nic->slot().counters().interrupts - interrupts, 1u);
  }
}

// A queue's interrupt is let through by poll() only: who never polls gets none, or one that was
// due.
TEST(Cost, NoInterruptWhileAProgramOnlySyncs) {
  TwoHosts hosts;
  hosts.Boot();
  bool ready = false;
  uint64_t left_before = 0, right_before = 0;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    ready = true;
    std::vector<uint8_t> frame;
    for (uint64_t received = 0; received < 5000;) {
      port.RxSync();
      while (port.Pop(port.rx(0), frame)) ++received;
    }
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  left_before = hosts.left_nic->slot().counters().interrupts;
  right_before = hosts.right_nic->slot().counters().interrupts;
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    std::vector<uint8_t> frame(60);
    for (uint64_t i = 0; i < 5000; ++i) {
      while (!port.Push(port.tx(0), frame)) port.TxSync();
      if (i % 32 == 31) port.TxSync();
    }
    while (Descriptor::Pending(port.tx(0)) != 0) port.TxSync();
  });
  hosts.RunToEnd();
  EXPECT_LE(hosts.left_nic->slot().counters().interrupts - left_before, 1u);
  EXPECT_LE(hosts.right_nic->slot().counters().interrupts - right_before, 1u);
}

// Opening and closing the second pair writes no register of the first one's queue.
TEST(Cost, ANeighbourWritesNoRegisterOfAnotherQueue) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.right, "program", 1, [&](Process& process) {
    Descriptor first(process), second(process);
    ASSERT_EQ(first.Open({}), 0);
    struct Registers {
      uint32_t rx[3], tx[3];
      bool operator==(const Registers&) const = default;
    };
    const auto look = [&] {
      Device& device = hosts.right_nic->device();
      return Registers{
          {device.RegisterRead(0x1010), device.RegisterRead(0x1018), device.RegisterRead(0x1028)},
          {device.RegisterRead(0x6010), device.RegisterRead(0x6018), device.RegisterRead(0x6028)}};
    };
    const Registers before = look();
    ASSERT_EQ(second.Open({.ring = 1}), 0);
    EXPECT_EQ(look(), before);
    EXPECT_EQ(second.Close(), 0);
    EXPECT_EQ(look(), before);
  });
  hosts.RunToEnd();
}

}  // namespace
}  // namespace mapwire::sim
