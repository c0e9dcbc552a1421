// Offsets, extra buffers, and every wrong argument a program can think of.
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

nmreq_opt_offsets Offsets(uint64_t max, uint64_t initial) {
  nmreq_opt_offsets offsets{};
  offsets.nro_max_offset = max;
  offsets.nro_initial_offset = initial;
  offsets.nro_offset_bits = 16;
  return offsets;
}

// The sender moves each frame by another offset, the receiver asks for others: bytes stay the same,
// and what stands before a packet in a receiver's buffer is left alone.
class OffsetsOf : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Cards, OffsetsOf, testing::Bool(), [](const auto& info) {
  return info.param ? "CardsThatReachCopies" : "CardsThatReachAll";
});

TEST_P(OffsetsOf, HoldFromEndToEnd) {
  TwoHosts hosts({.max_frame_bytes = 9724, .bounces = GetParam()});
  hosts.Boot();
  constexpr uint64_t kFrames = 1500;
  Receipt receipt;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    nmreq_opt_offsets offsets = Offsets(512, 128);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY, .offsets = &offsets}), 0);
    EXPECT_EQ(offsets.nro_opt.nro_status, 0u);
    netmap_ring& rx = port.rx(0);
    EXPECT_EQ(rx.offset_mask, 0xffffu);
    std::vector<uint64_t> asked(rx.num_slots, 128);
    std::vector<uint8_t> frame;
    for (uint32_t i = 0; i < rx.num_slots; ++i) {
      Descriptor::Buffer(rx, rx.slot[i].buf_idx)[127] = 7;
    }
    Random random(1);
    while (receipt.received < kFrames && port.Poll(POLLIN, 1000) == POLLIN) {
      uint32_t at = rx.head;
      while (port.Pop(rx, frame)) {
        receipt.Take(frame, hosts.flow);
        for (; at != rx.head; at = Descriptor::Next(rx, at)) {
          netmap_slot& slot = rx.slot[at];
          ASSERT_EQ(Descriptor::Offset(rx, slot), asked[at]);
          ASSERT_EQ(Descriptor::Buffer(rx, slot.buf_idx)[127], 7);
          asked[at] = 128 + random.Below(385);
          slot.ptr = asked[at];
        }
      }
    }
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    nmreq_opt_offsets offsets = Offsets(300, 0);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY, .offsets = &offsets}), 0);
    netmap_ring& tx = port.tx(0);
    std::vector<uint8_t> frame;
    for (uint64_t i = 0; i < kFrames; ++i) {
      frame.resize(60 + i % 1455);
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
      tx.slot[tx.head].ptr = i % 301;
      while (!port.Push(tx, frame)) {
        ASSERT_EQ(port.Poll(POLLOUT, 1000), POLLOUT);
        tx.slot[tx.head].ptr = i % 301;
      }
      if (i % 16 == 15) port.TxSync();
    }
    port.TxSync();
    process.SleepUntil(process.Now() + 5 * kMillisecond);
  });
  hosts.RunToEnd();
  EXPECT_EQ(receipt.received, kFrames);
  EXPECT_TRUE(receipt.clean());
}

TEST(Offsets, LargeFramesAreCutToTheRoomBehindTheOffset) {
  TwoHosts hosts({.max_frame_bytes = 9724});
  hosts.Boot();
  Receipt receipt;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    nmreq_opt_offsets offsets = Offsets(1000, 1000);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY, .offsets = &offsets}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 100, 1000, receipt));
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 100, 8, Always(9000)));
  });
  hosts.RunToEnd();
  EXPECT_EQ(receipt.received, 100u);
  EXPECT_TRUE(receipt.clean());
}

TEST(Offsets, ThatCannotBeAreRefusedAndTheDescriptorStaysFree) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    Descriptor first(process), second(process);
    nmreq_opt_offsets offsets = Offsets(4096, 0);
    EXPECT_EQ(first.Open({.offsets = &offsets}), -EINVAL) << "longer than a buffer";
    offsets = Offsets(100, 101);
    EXPECT_EQ(first.Open({.offsets = &offsets}), -EINVAL) << "starts beyond its maximum";
    offsets = Offsets(100, 0);
    offsets.nro_offset_bits = 65;
    EXPECT_EQ(first.Open({.offsets = &offsets}), -EINVAL);
    offsets = Offsets(256, 0);
    EXPECT_EQ(first.Open({.offsets = &offsets}), 0);
    offsets = Offsets(257, 0);
    EXPECT_EQ(second.Open({.offsets = &offsets}), -EBUSY) << "the first fixed a smaller maximum";
    offsets = Offsets(100, 0);
    EXPECT_EQ(second.Open({.offsets = &offsets}), 0);
    EXPECT_EQ(offsets.nro_max_offset, 256u);
  });
  hosts.RunToEnd();
}

// A program keeps what it receives: it swaps extra buffers into the slots it gives back.
TEST(ExtraBuffers, AreSwappedIntoReceiveSlotsWithoutACopy) {
  TwoHosts hosts({.slots = 64});
  hosts.Boot();
  constexpr uint32_t kExtra = 300;
  std::vector<uint32_t> kept;
  uint32_t free_before = 0;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.extra_buffers = kExtra}), 0);
    ASSERT_EQ(port.registered().nr_extra_bufs, kExtra);
    netmap_ring& rx = port.rx(0);
    std::set<uint32_t> all;
    for (uint32_t i = 0; i < 64; ++i) all.insert(rx.slot[i].buf_idx);
    for (uint32_t i = 0; i < 64; ++i) all.insert(port.tx(0).slot[i].buf_idx);
    std::vector<uint32_t> spare;
    for (uint32_t b = port.interface().ni_bufs_head; b != 0;) {
      spare.push_back(b);
      EXPECT_TRUE(all.insert(b).second);
      std::memcpy(&b, Descriptor::Buffer(rx, b), sizeof(b));
    }
    ASSERT_EQ(spare.size(), kExtra);
    free_before = port.session().region()->FreeCount(memory::PoolKind::kBuffers);
    while (!spare.empty() && port.Poll(POLLIN, 1000) == POLLIN) {
      uint32_t i = rx.head;
      for (; i != rx.tail && !spare.empty(); i = Descriptor::Next(rx, i)) {
        kept.push_back(rx.slot[i].buf_idx);
        rx.slot[i].buf_idx = spare.back();
        rx.slot[i].flags = NS_BUF_CHANGED;
        spare.pop_back();
      }
      rx.head = rx.cur = i;
    }
    port.RxSync();
    for (uint32_t i = 0; i < 64; ++i) EXPECT_EQ(rx.slot[i].flags & NS_BUF_CHANGED, 0);
    ASSERT_EQ(kept.size(), kExtra);
    for (uint64_t i = 0; i < kExtra; ++i) {
      EXPECT_EQ(CheckUdpFrame(Descriptor::Buffer(rx, kept[i]), 200, hosts.flow), i);
    }
    // Back on the list they go, so that closing finds every buffer once.
    uint32_t head = 0;
    for (const uint32_t b : kept) {
      std::memcpy(Descriptor::Buffer(rx, b), &head, sizeof(head));
      head = b;
    }
    port.interface().ni_bufs_head = head;
    // A slot that names nonsense keeps the last buffer that was good: the one that was swapped in.
    rx.slot[5].buf_idx = 0xffffffff;
    Descriptor witness(process);  // keeps the region, so that its pools can be looked at
    ASSERT_EQ(witness.Open({.ring = 1}), 0);
    const uint32_t before_close = witness.session().region()->FreeCount(memory::PoolKind::kBuffers);
    EXPECT_EQ(port.Close(), 0);
    EXPECT_EQ(witness.session().region()->FreeCount(memory::PoolKind::kBuffers),
              before_close + 64 + 64 + kExtra);
    EXPECT_EQ(process.host().control().closing_violations().total(), 0u);
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, kExtra, 4, Always(200)));
    process.SleepUntil(process.Now() + kMillisecond);
  });
  hosts.RunToEnd();
}

TEST(WrongArgument, ToRegister) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    Descriptor port(process);
    EXPECT_EQ(port.Open({.port = "eth9"}), -ENXIO);
    EXPECT_EQ(port.Open({.port = ""}), -ENXIO);
    EXPECT_EQ(port.Open({.ring = 2}), -EINVAL);
    EXPECT_EQ(port.Open({.ring = 0xffff}), -EINVAL);
    EXPECT_EQ(port.Open({.mode = NR_REG_DEFAULT}), -EINVAL);
    EXPECT_EQ(port.Open({.mode = NR_REG_SW}), -EINVAL);
    EXPECT_EQ(port.Open({.mode = 99}), -EINVAL);
    EXPECT_EQ(port.Open({.region = 77}), -EINVAL);
    EXPECT_EQ(port.Open({}), 0);
    nmreq_header header{};
    nmreq_register reg{};
    header.nr_version = NETMAP_API;
    header.nr_reqtype = NETMAP_REQ_REGISTER;
    header.nr_body = reinterpret_cast<uint64_t>(&reg);
    std::strcpy(header.nr_name, "eth0");
    reg.nr_mode = NR_REG_ALL_NIC;
    EXPECT_EQ(process.Ioctl(port.fd(), NIOCCTRL, &header), -EBUSY) << "bound already";
    EXPECT_EQ(process.Ioctl(port.fd(), NIOCCTRL, nullptr), -EINVAL);
    EXPECT_EQ(process.Ioctl(port.fd(), NIOCCTRL, reinterpret_cast<void*>(8)), -EFAULT);
    EXPECT_EQ(process.Ioctl(port.fd(), 0x12345678, nullptr), -EOPNOTSUPP);
  });
  hosts.RunToEnd();
  EXPECT_EQ(hosts.left->control().sessions(), 0u);
}

TEST(WrongArgument, ToMmap) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    int error = 0;
    const int unbound = process.Open("/dev/netmap");
    EXPECT_EQ(process.Mmap(unbound, 4096, 0, &error), nullptr);
    EXPECT_EQ(error, EINVAL);
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    const size_t bytes = port.registered().nr_memsize;
    const auto refused = [&](size_t length, off_t offset) {
      error = 0;
      return process.Mmap(port.fd(), length, offset, &error) == nullptr && error == EINVAL;
    };
    EXPECT_TRUE(refused(bytes + 1, 0));
    EXPECT_TRUE(refused(bytes, 4096));
    EXPECT_TRUE(refused(4096, static_cast<off_t>(bytes)));
    EXPECT_TRUE(refused(4096, 100));
    EXPECT_TRUE(refused(4096, -4096));
    EXPECT_TRUE(refused(0, 0));
    EXPECT_TRUE(refused(~size_t{0}, 0));
    EXPECT_TRUE(refused(~size_t{0} - 4096, 4096));
    void* const last = process.Mmap(port.fd(), 4096, static_cast<off_t>(bytes) - 4096, &error);
    EXPECT_NE(last, nullptr);
    EXPECT_EQ(process.Munmap(last, 4096), 0);
    EXPECT_EQ(process.Munmap(last, 4096), -EINVAL);
    EXPECT_EQ(process.Mmap(12345, 4096, 0, &error), nullptr);
    EXPECT_EQ(error, EBADF);
  });
  hosts.RunToEnd();
}

TEST(WrongArgument, DescriptorsThatAreClosedUnboundOrNone) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    EXPECT_EQ(process.Open("/dev/null"), -ENOENT);
    const int fd = process.Open("/dev/netmap");
    ASSERT_GE(fd, kFirstDescriptor);
    EXPECT_EQ(process.Ioctl(fd, NIOCTXSYNC, nullptr), -ENXIO);
    EXPECT_EQ(process.Ioctl(fd, NIOCRXSYNC, nullptr), -ENXIO);
    struct pollfd pfd {
      fd, POLLIN, 0
    };
    EXPECT_EQ(process.Poll(&pfd, 1, 1000), 1);
    EXPECT_EQ(pfd.revents, POLLERR);
    EXPECT_EQ(process.Close(fd), 0);
    EXPECT_EQ(process.Close(fd), -EBADF);
    EXPECT_EQ(process.Ioctl(fd, NIOCTXSYNC, nullptr), -EBADF);
    EXPECT_EQ(process.Ioctl(fd, NIOCCTRL, nullptr), -EBADF);
    EXPECT_EQ(process.Poll(&pfd, 1, 1000), 1);
    EXPECT_EQ(pfd.revents, POLLNVAL);
    pfd.fd = -1;
    EXPECT_EQ(process.Poll(&pfd, 1, 1), 0);
    EXPECT_EQ(pfd.revents, 0);
  });
  hosts.RunToEnd();
}

TEST(WrongArgument, AProgramThatFailedEverythingMayStillWork) {
  TwoHosts hosts;
  hosts.Boot();
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    Descriptor port(process);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(port.Open({.ring = 9}), -EINVAL);
    EXPECT_EQ(port.Open({}), 0);
  });
  hosts.RunToEnd();
  EXPECT_EQ(RunTransfer(hosts, {.frames = 10}).received, 10u);
}

}  // namespace
}  // namespace mapwire::sim
