// Cards that lose their power under programs and under the host, and get it back.
#include <gtest/gtest.h>

#include "sim/world/two_hosts.h"

namespace mapwire::sim {
namespace {

struct Case {
  const char* name;
  Card card;
  bool left;  // whose card: the sender's
  bool paravirtual = false;
};

class Sleep : public testing::TestWithParam<Case> {
 protected:
  TwoHostsOptions Options() const {
    TwoHostsOptions options;
    options.watchdog_period = 20 * kMillisecond;
    options.left_card = options.right_card = GetParam().card;
    options.paravirtual = GetParam().paravirtual;
    if (GetParam().card == Card::k82540Em) {
      options.wire.picoseconds_per_byte = 8000;
      options.queue_pairs = 1;
    }
    return options;
  }

  // From a thread of its host: what the kernel does around the sleep of the machine. Programs run
  // on, which is more than they get to do in a real one.
  static void SleepFor(Host& host, HostNic& nic, Time time) {
    {
      const auto guard = host.control().Lock();
      EXPECT_TRUE(nic.port()->Suspend().ok());
    }
    nic.slot().SetPower(false);
    Thread::Current()->SleepUntil(host.engine().now() + time);
    {
      const auto guard = host.control().Lock();
      (void)nic.port()->ReadStatistics();
    }
    nic.slot().SetPower(true);
    const auto guard = host.control().Lock();
    EXPECT_TRUE(nic.port()->Resume().ok());
  }
};

INSTANTIATE_TEST_SUITE_P(Cards, Sleep,
                         testing::Values(Case{"SendersOf82599", Card::k82599, true},
                                         Case{"ReceiversOf82599", Card::k82599, false},
                                         Case{"SendersOf82540Em", Card::k82540Em, true},
                                         Case{"ReceiversOf82540Em", Card::k82540Em, false},
                                         Case{"SendersParavirtual", Card::k82599, true, true},
                                         Case{"ReceiversParavirtual", Card::k82599, false, true}),
                         [](const auto& info) { return info.param.name; });

TEST_P(Sleep, ProgramsGoOnWhereTheyWere) {
  TwoHosts hosts(Options());
  hosts.Boot();
  Host& host = GetParam().left ? *hosts.left : *hosts.right;
  HostNic& nic = GetParam().left ? *hosts.left_nic : *hosts.right_nic;
  Receipt receipt;
  bool awake = false, over = false;
  uint64_t next = 0;
  hosts.Run(*hosts.right, "receiver", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_RX_RINGS_ONLY}), 0);
    std::vector<uint8_t> frame;
    while (!over || receipt.next < next) {
      // Not a call of the receiver's own: it is woken.
      const short events = port.Poll(POLLIN, 5000);
      ASSERT_EQ(events, POLLIN) << "after " << receipt.next << " of " << next;
      while (port.Pop(port.rx(0), frame)) receipt.Take(frame, hosts.flow);
    }
  });
  hosts.RunFor(kMillisecond);
  hosts.Run(*hosts.left, "sender", 1, [&](Process& process) {
    Descriptor port(process);
    ASSERT_EQ(port.Open({.flags = NR_TX_RINGS_ONLY}), 0);
    std::vector<uint8_t> frame(200);
    const auto send = [&](uint64_t frames) {
      for (uint64_t i = 0; i < frames; ++i) {
        WriteUdpFrame(frame.data(), frame.size(), hosts.flow, next);
        while (!port.Push(port.tx(0), frame)) ASSERT_EQ(port.Poll(POLLOUT, 5000), POLLOUT);
        ++next;
      }
      port.TxSync();
    };
    while (!awake || !hosts.left_nic->port()->carrier() || !hosts.right_nic->port()->carrier()) {
      send(5);
      process.SleepUntil(process.Now() + kMillisecond);
    }
    send(5000);
    over = true;
    send(100);
    process.SleepUntil(process.Now() + 50 * kMillisecond);
  });
  hosts.RunFor(5 * kMillisecond);
  host.Spawn("sleep", 0, [&] {
    for (int i = 0; i < 3; ++i) SleepFor(host, nic, 300 * kMillisecond);
    awake = true;
  });
  hosts.RunToEnd(60 * kSecond);
  EXPECT_TRUE(awake);
  EXPECT_EQ(receipt.next, next) << "the last frame came";
  EXPECT_EQ(receipt.damaged + receipt.reordered, 0u);
  EXPECT_EQ(nic.port()->counters().resets, 0u);
  EXPECT_EQ(nic.port()->counters().spontaneous_resets, 0u);
  EXPECT_FALSE(nic.port()->gone());
}

TEST_P(Sleep, TheHostGoesOnToo) {
  TwoHostsOptions options = Options();
  options.host_stacks = true;
  TwoHosts hosts(options);
  hosts.Boot();
  Host& host = GetParam().left ? *hosts.left : *hosts.right;
  HostNic& nic = GetParam().left ? *hosts.left_nic : *hosts.right_nic;
  Receipt receipt;
  hosts.right_nic->stack()->on_receive = [&](uint16_t, const std::vector<uint8_t>& frame) {
    receipt.Take(frame, hosts.flow);
  };
  bool awake = false;
  uint64_t next = 0;
  const auto send = [&](uint64_t frames) {
    for (uint64_t i = 0; i < frames; ++i) {
      std::vector<uint8_t> frame(200);
      WriteUdpFrame(frame.data(), frame.size(), hosts.flow, next++);
      hosts.left_nic->stack()->Send(0, std::move(frame));
    }
  };
  Thread& sender = hosts.left->Spawn("sender", 1, [&] {
    while (!awake) {
      send(5);
      Thread::Current()->SleepUntil(hosts.world.now() + kMillisecond);
    }
  });
  host.Spawn("sleep", 0, [&] {
    SleepFor(host, nic, 300 * kMillisecond);
    awake = true;
  });
  EXPECT_TRUE(hosts.RunUntil([&] { return sender.finished(); }, 10 * kSecond));
  EXPECT_TRUE(hosts.RunUntil(
      [&] { return hosts.left_nic->port()->carrier() && hosts.right_nic->port()->carrier(); },
      10 * kSecond));
  Thread& again = hosts.left->Spawn("again", 1, [&] { send(500); });
  EXPECT_TRUE(
      hosts.RunUntil([&] { return again.finished() && receipt.next == next; }, 10 * kSecond))
      << receipt.next << " of " << next;
  EXPECT_EQ(receipt.damaged + receipt.reordered, 0u);
  EXPECT_EQ(nic.port()->counters().resets, 0u);
}

}  // namespace
}  // namespace mapwire::sim
