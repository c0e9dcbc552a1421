// What has bitten users of netmap, condition by condition: rings, requests and buffers. The table
// of all of them, with the tests that were there before, is in docs/stress.md.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

using ring::Direction;
using ring::Rule;

uint64_t Count(HostNic& nic, Direction direction, uint16_t ring, Rule rule) {
  return nic.port()->ring(direction, ring).violations().count[static_cast<size_t>(rule)];
}

// Frames 0 .. count-1 wait in receive ring 0 of the right host for who opens it next.
void FillReceiveRing(TwoHosts& hosts, Descriptor& receiver, Process& process, uint32_t count) {
  bool sent = false;
  hosts.Run(*hosts.left, "filler", 1, [&hosts, &sent, count](Process& filler) {
    Descriptor port(filler);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    EXPECT_TRUE(SendFrames(filler, port, 0, hosts.flow, 0, count, count, Always(60)));
    sent = true;
  });
  while (!sent) process.SleepUntil(process.Now() + 10 * kMicrosecond);
  process.SleepUntil(process.Now() + kMillisecond);
  ASSERT_EQ(receiver.RxSync(), 0);
}

// A frame may not be read, nor a slot released, because a program is one slot off.
TEST(HeadOnePastTail, OnReceiveReleasesNothingAndTheFramesAreStillThere) {
  TwoHosts hosts({.slots = 64});
  hosts.Boot();
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    FillReceiveRing(hosts, port, process, 10);
    netmap_ring& rx = port.rx(0);
    ASSERT_EQ(rx.tail, 10u);
    rx.head = rx.cur = 11;
    EXPECT_EQ(port.RxSync(), 0);
    EXPECT_EQ(Count(*hosts.right_nic, Direction::kRx, 0, Rule::kHeadWindow), 1u);
    EXPECT_EQ(rx.head, 0u);
    EXPECT_EQ(rx.tail, 10u);
    Receipt receipt;
    std::vector<uint8_t> frame;
    while (port.Pop(rx, frame)) receipt.Take(frame, hosts.flow);
    EXPECT_EQ(receipt.received, 10u);
    EXPECT_TRUE(receipt.clean());
    rx.head = rx.cur = rx.tail;
    EXPECT_EQ(port.Poll(POLLIN, 0), 0) << "head at tail is allowed";
  });
  hosts.RunToEnd();
}

// In a ring that is free, one past tail is head itself; with slots outstanding it is not.
TEST(HeadOnePastTail, OnTransmitSendsNothingAtWhateverPlaceOfTheRing) {
  for (const uint32_t start : {0u, 1u, 30u, 53u, 63u}) {
    SCOPED_TRACE(start);
    TwoHosts hosts({.slots = 64});
    hosts.Boot();
    hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
      Descriptor port(process);
      ASSERT_EQ(port.Open({}), 0);
      netmap_ring& tx = port.tx(0);
      ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, start, 8, Always(60)));
      hosts.wire->SetCarrier(false);
      process.SleepUntil(process.Now() + 100 * kMillisecond);
      uint8_t frame[60];
      for (uint32_t i = 0; i < 10; ++i) {
        WriteUdpFrame(frame, sizeof(frame), hosts.flow, start + i);
        ASSERT_TRUE(port.Push(tx, frame));
      }
      EXPECT_EQ(port.TxSync(), 0);
      tx.head = tx.cur = Descriptor::Next(tx, tx.tail);
      EXPECT_EQ(port.TxSync(), 0);
      EXPECT_EQ(Count(*hosts.left_nic, Direction::kTx, 0, Rule::kHeadWindow), 1u);
      EXPECT_EQ(tx.head, hosts.left_nic->port()->ring(Direction::kTx, 0).hwcur());
      EXPECT_EQ(hosts.wire->counters(0).frames, start);
    });
    hosts.RunToEnd();
  }
}

TEST(HeadBehindHwcur, IsRefusedInBothDirectionsAndSendsNothingTwice) {
  TwoHosts hosts({.slots = 64});
  hosts.Boot();
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    netmap_ring& tx = port.tx(0);
    netmap_ring& rx = port.rx(0);
    uint8_t frame[60];
    for (uint32_t i = 0; i < 5; ++i) {
      WriteUdpFrame(frame, sizeof(frame), hosts.flow, i);
      ASSERT_TRUE(port.Push(tx, frame));
    }
    ASSERT_EQ(port.TxSync(), 0);
    tx.head = tx.cur = tx.head - 1;
    EXPECT_EQ(port.Poll(POLLOUT, 0) & POLLERR, POLLERR);
    EXPECT_EQ(Count(*hosts.left_nic, Direction::kTx, 0, Rule::kHeadWindow), 1u);
    EXPECT_EQ(tx.head, 5u);
    rx.head = rx.cur = 63;
    EXPECT_EQ(port.Poll(POLLIN, 0) & POLLERR, POLLERR);
    EXPECT_EQ(Count(*hosts.left_nic, Direction::kRx, 0, Rule::kHeadWindow), 1u);
    EXPECT_EQ(rx.head, 0u);
    process.SleepUntil(process.Now() + kMillisecond);
    EXPECT_EQ(hosts.wire->counters(0).frames, 5u);
  });
  hosts.RunToEnd();
}

TEST(BufferZeroOnTransmit, IsNotSentAndTheFramesAroundItAre) {
  TwoHosts hosts({.slots = 64});
  hosts.Boot();
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    netmap_ring& tx = port.tx(0);
    uint8_t frame[60];
    for (uint32_t i = 0; i < 5; ++i) {
      WriteUdpFrame(frame, sizeof(frame), hosts.flow, i);
      ASSERT_TRUE(port.Push(tx, frame));
    }
    const uint32_t own = tx.slot[2].buf_idx;
    tx.slot[2].buf_idx = 0;
    EXPECT_EQ(port.Poll(POLLOUT, 0) & POLLERR, POLLERR);
    EXPECT_EQ(Count(*hosts.left_nic, Direction::kTx, 0, Rule::kBufferIndex), 1u);
    EXPECT_EQ(tx.head, 2u) << "it waits at the slot that was refused";
    EXPECT_EQ(tx.slot[2].buf_idx, own);
    process.SleepUntil(process.Now() + kMillisecond);
    EXPECT_EQ(hosts.wire->counters(0).frames, 2u);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 2, 3, 3, Always(60)));
    EXPECT_EQ(hosts.wire->counters(0).frames, 5u);
  });
  hosts.RunToEnd();
}

// As many as were handed over, wherever the ring wraps: not one more, not one less.
TEST(RingWrap, SendsNoExtraPacketAndShowsNone) {
  for (const uint32_t slots : {64u, 72u}) {
    for (const uint32_t batch : {1u, slots - 1, 7u}) {
      for (const uint64_t frames :
           {uint64_t{slots} * 5, uint64_t{slots - 1} * 5, uint64_t{slots} * 5 + 1}) {
        SCOPED_TRACE(testing::Message() << slots << " slots, " << batch << " a batch, " << frames);
        TwoHosts hosts({.slots = slots});
        hosts.Boot();
        const Receipt receipt = RunTransfer(hosts, {.frames = frames, .batch = batch});
        EXPECT_EQ(receipt.received, frames);
        EXPECT_TRUE(receipt.clean());
        EXPECT_EQ(hosts.wire->counters(0).frames, frames);
        EXPECT_EQ(hosts.wire->counters(1).frames, 0u);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

// A sender at line rate must not hold a receiver in one call.
TEST(ReceiverOverrun, TheReceiveScanIsBoundedByTheRing) {
  TwoHosts hosts({.cpu_ghz = 0.2, .slots = 64});
  hosts.Boot();
  bool ready = false, done = false;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    ready = true;
    netmap_ring& rx = port.rx(0);
    uint64_t received = 0;
    for (int busy = 0; busy < 200;) {
      const Time start = process.Now();
      ASSERT_EQ(port.RxSync(), 0);
      const uint32_t shown = (rx.tail + 64 - rx.head) % 64;
      EXPECT_LE(shown, 63u);
      EXPECT_LT(process.Now() - start, 200 * kMicrosecond);
      received += shown;
      if (shown != 0) ++busy;
      rx.head = rx.cur = rx.tail;
    }
    EXPECT_GT(received, 1000u);
    done = true;
  });
  ASSERT_TRUE(hosts.RunUntil([&] { return ready; }));
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    for (uint64_t next = 0; !done; next += 60) {
      ASSERT_TRUE(SendFrames(process, port, 0, hosts.flow, next, 60, 60, Always(60)));
    }
  });
  hosts.RunToEnd();
}

// Two closers name one buffer: it returns once, and nobody gets it twice.
TEST(BufferNamedByTwoClosers, IsHandedOutOnceAfterwards) {
  for (const bool list : {false, true}) {
    SCOPED_TRACE(list ? "by their lists of extra buffers" : "by slots of their rings");
    TwoHosts hosts({.slots = 64});
    hosts.Boot();
    hosts.Run(*hosts.right, "programs", 1, [&](Process& process) {
      Descriptor keeper(process);  // so that the region does not go idle
      ASSERT_EQ(keeper.Open({.flags = NR_TX_RINGS_ONLY}), 0);
      Descriptor a(process), b(process);
      ASSERT_EQ(a.Open({.ring = 1, .flags = NR_TX_RINGS_ONLY, .extra_buffers = 2}), 0);
      ASSERT_EQ(b.Open({.ring = 1, .flags = NR_RX_RINGS_ONLY, .extra_buffers = 2}), 0);
      if (list) {
        a.interface().ni_bufs_head = b.interface().ni_bufs_head;
      } else {
        a.tx(1).slot[3].buf_idx = b.rx(1).slot[5].buf_idx;
        a.tx(1).slot[4].buf_idx = keeper.tx(0).slot[7].buf_idx;
      }
      EXPECT_EQ(a.Close(), 0);
      EXPECT_EQ(b.Close(), 0);
      Descriptor c(process);
      ASSERT_EQ(c.Open({.ring = 1, .extra_buffers = 20}), 0);
      std::vector<int> named(4096);
      const auto mark = [&named](netmap_ring& ring) {
        for (uint32_t i = 0; i < ring.num_slots; ++i) {
          ASSERT_LT(ring.slot[i].buf_idx, named.size());
          EXPECT_EQ(named[ring.slot[i].buf_idx]++, 0) << "buffer " << ring.slot[i].buf_idx;
        }
      };
      mark(keeper.tx(0));
      mark(c.tx(1));
      mark(c.rx(1));
      uint32_t extra = c.interface().ni_bufs_head;
      for (uint32_t i = 0; i < 20; ++i) {
        ASSERT_LT(extra, named.size());
        EXPECT_EQ(named[extra]++, 0) << "extra buffer " << extra;
        std::memcpy(&extra, Descriptor::Buffer(c.tx(1), extra), sizeof(extra));
      }
      EXPECT_EQ(extra, 0u);
    });
    hosts.RunToEnd();
  }
}

// Numbers that overflow when they are multiplied or added to are refused or cut, and undone.
TEST(HugeNumbersInARequest, AreRefusedOrCutAndLeaveNothing) {
  TwoHosts hosts({.slots = 64});
  hosts.Boot();
  constexpr memory::RegionRequest kSmall = {{{1024, 4}, {20480, 8}, {2048, 512}}};
  hosts.Run(*hosts.left, "program", 1, [&](Process& process) {
    const Result<memory::Region*> region = hosts.left->control().CreateRegion(kSmall);
    ASSERT_TRUE(region.ok());
    for (const uint32_t count : {0xffffffffu, 0x80000000u, 0x7fffffffu, 0x00200001u, 512u}) {
      SCOPED_TRACE(count);
      Descriptor port(process);
      // As many extra buffers as there are, in a small region and in the global one.
      ASSERT_EQ(port.Open({.port = "x",
                           .mode = NR_REG_NULL,
                           .region = (*region)->id(),
                           .extra_buffers = count,
                           .made_rings = 1,
                           .made_slots = 64}),
                0);
      EXPECT_LE(port.registered().nr_extra_bufs, 512u - 2 - 128);
      EXPECT_GT(port.registered().nr_extra_bufs, 300u);
      EXPECT_EQ(port.Close(), 0);
      // Rings and slots.
      Descriptor rings(process);
      const int status = rings.Open({.port = "y",
                                     .mode = NR_REG_NULL,
                                     .region = (*region)->id(),
                                     .made_rings = static_cast<uint16_t>(count | 0x100),
                                     .made_slots = count});
      EXPECT_TRUE(status == -ENOMEM || status == -EINVAL) << status;
    }
    for (const uint64_t offset :
         {~uint64_t{0}, ~uint64_t{0} - 63, uint64_t{1} << 63, uint64_t{1} << 32, uint64_t{2049}}) {
      SCOPED_TRACE(offset);
      nmreq_opt_offsets offsets{};
      offsets.nro_max_offset = offset;
      Descriptor port(process);
      EXPECT_EQ(port.Open({.offsets = &offsets}), -EINVAL);
      offsets.nro_initial_offset = offset;
      EXPECT_EQ(port.Open({.offsets = &offsets}), -EINVAL);
      offsets.nro_max_offset = 64;
      EXPECT_EQ(port.Open({.offsets = &offsets}), -EINVAL);
    }
    nmreq_opt_offsets gap{};
    gap.nro_max_offset = 64;
    gap.nro_min_gap = ~uint64_t{0};
    Descriptor port(process);
    const int status = port.Open({.offsets = &gap});
    EXPECT_TRUE(status == 0 || status == -EINVAL) << status;
  });
  hosts.RunToEnd();
  EXPECT_EQ(hosts.left->control().sessions(), 0u);
  EXPECT_EQ(RunTransfer(hosts, {.frames = 50}).received, 50u);
}

}  // namespace
}  // namespace mapwire::sim
