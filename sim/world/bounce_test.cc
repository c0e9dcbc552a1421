// Cards that do not reach the memory of a region, only copies that the host's kernel makes of it:
// what a program sends and gets is right only if every buffer is told of when it changes hands.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

struct Case {
  const char* name;
  Card card;
  bool paravirtual;
};

class Bounce : public testing::TestWithParam<Case> {
 protected:
  TwoHostsOptions Options() const {
    TwoHostsOptions options;
    options.bounces = true;
    options.max_frame_bytes = 9018;
    options.slots = 128;
    options.paravirtual = GetParam().paravirtual;
    options.left_card = options.right_card = GetParam().card;
    if (GetParam().card == Card::k82540Em) {
      options.wire.picoseconds_per_byte = 8000;
      options.queue_pairs = 1;
    }
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Cards, Bounce,
                         testing::Values(Case{"Of82599", Card::k82599, false},
                                         Case{"Of82540Em", Card::k82540Em, false},
                                         Case{"Paravirtual", Card::k82599, true}),
                         [](const auto& info) { return info.param.name; });

TEST_P(Bounce, FramesOfAllSizesInBatchesOfAllSizesArriveWhole) {
  for (const uint32_t batch : {1, 2, 33}) {
    SCOPED_TRACE(testing::Message() << "batch " << batch);
    TwoHosts hosts(Options());
    hosts.Boot();
    const FrameLength length = [](uint64_t i) {
      const size_t lengths[] = {60, 1514, 2048, 2049, 61, 9000, 64};
      return lengths[i % std::size(lengths)];
    };
    const Receipt receipt = RunTransfer(hosts, {.frames = 700, .batch = batch, .length = length});
    EXPECT_EQ(receipt.received, 700u);
    EXPECT_TRUE(receipt.clean());
  }
}

// What one program received, another sends back: by the same buffers, swapped.
TEST_P(Bounce, BuffersThatAreSwappedAreSentAsTheyWereReceived) {
  TwoHosts hosts(Options());
  hosts.Boot();
  constexpr uint64_t kFrames = 500;
  Receipt receipt;
  bool over = false;
  hosts.Run(*hosts.right, "mirror", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    netmap_ring& rx = port.rx(0);
    netmap_ring& tx = port.tx(0);
    while (!over) {
      (void)port.Poll(POLLIN, 1);
      while (rx.head != rx.tail && tx.head != tx.tail) {
        netmap_slot& from = rx.slot[rx.head];
        netmap_slot& to = tx.slot[tx.head];
        std::swap(from.buf_idx, to.buf_idx);
        to.len = from.len;
        to.flags = (from.flags & NS_MOREFRAG) | NS_BUF_CHANGED;
        from.flags = NS_BUF_CHANGED;
        rx.head = rx.cur = Descriptor::Next(rx, rx.head);
        tx.head = tx.cur = Descriptor::Next(tx, tx.head);
      }
      port.TxSync();
    }
  });
  hosts.RunFor(10 * kMillisecond);
  hosts.Run(*hosts.left, "both", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({}), 0);
    std::vector<uint8_t> frame;
    for (uint64_t i = 0; i < kFrames; ++i) {
      frame.resize(60 + i % 1455);
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
      ASSERT_TRUE(port.Push(port.tx(0), frame));
      port.TxSync();
      while (receipt.received <= i && (port.Poll(POLLIN, 1000) & POLLIN) != 0) {
        while (port.Pop(port.rx(0), frame)) receipt.Take(frame, hosts.flow);
      }
      ASSERT_EQ(receipt.received, i + 1);
    }
    over = true;
  });
  hosts.RunToEnd();
  EXPECT_TRUE(receipt.clean());
}

TEST_P(Bounce, AResetUnderTrafficDamagesNothing) {
  TwoHosts hosts(Options());
  hosts.Boot();
  Receipt receipt;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    netmap_ring* const rings[] = {&port.rx(0)};
    EXPECT_TRUE(ReceiveFrames(port, rings, hosts.flow, 5000, 900, receipt));
  });
  hosts.RunFor(kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    EXPECT_TRUE(SendFrames(process, port, 0, hosts.flow, 0, 5000, 16, Always(200)));
  });
  for (Host* const host : {hosts.left, hosts.right}) {
    HostNic* const nic = host == hosts.left ? hosts.left_nic : hosts.right_nic;
    host->Spawn("reset", 0, [&hosts, host, nic] {
      Thread::Current()->SleepUntil(hosts.world.now() + 200 * kMicrosecond);
      const auto guard = host->control().Lock();
      EXPECT_TRUE(nic->port()->Reset("test").ok());
    });
  }
  hosts.RunToEnd();
  EXPECT_EQ(receipt.damaged + receipt.reordered, 0u);
  EXPECT_EQ(receipt.next, 5000u) << "nothing came after the reset";
}

TEST_P(Bounce, TheHostsOwnTrafficArrivesWhole) {
  TwoHostsOptions options = Options();
  options.host_stacks = true;
  TwoHosts hosts(options);
  hosts.Boot();
  Receipt receipt;
  hosts.right_nic->stack()->on_receive = [&](uint16_t, const std::vector<uint8_t>& frame) {
    receipt.Take(frame, hosts.flow);
  };
  hosts.left->Spawn("sender", 1, [&] {
    for (uint64_t i = 0; i < 500; ++i) {
      std::vector<uint8_t> frame(60 + i % 1455);
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, i);
      hosts.left_nic->stack()->Send(0, std::move(frame));
    }
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return receipt.received == 500; }));
  EXPECT_TRUE(receipt.clean());
}

}  // namespace
}  // namespace mapwire::sim
