// The whole program in a world: pkt-gen on one host sends to pkt-gen, or a script, on the other.
//
// A program of a world has one thread. The linker redirects pthread_create here: the new thread
// runs at once, on the fiber of the one that makes it, which then finds that all have finished.
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/programs/traffic.h"
#include "sim/programs/udp_frame.h"
#include "sim/world/world.h"
#include "tools/pkt-gen/pkt_gen.h"
#include "tools/pkt-gen/worker.h"

extern "C" {

int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*start)(void*), void* argument);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*start)(void*), void* argument) {
  if (mapwire::sim::Thread::Current() == nullptr) {
    return __real_pthread_create(thread, attributes, start, argument);
  }
  *thread = pthread_self();
  start(argument);
  return 0;
}

int __real_pthread_join(pthread_t thread, void** result);
int __wrap_pthread_join(pthread_t thread, void** result) {
  if (pthread_equal(thread, pthread_self()) != 0) return 0;
  return __real_pthread_join(thread, result);
}

}  // extern "C"

namespace mapwire::pktgen {
namespace {

using sim::HostNic;
using sim::kMillisecond;
using sim::kSecond;
using sim::Process;
using sim::Time;

using Bytes = std::vector<uint8_t>;

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The internet checksum as a receiver sees it, 0xffff if it is right.
uint32_t Sum(const Bytes& bytes, size_t from, size_t to, uint64_t sum) {
  for (size_t i = from; i < to; ++i) sum += (i - from) % 2 == 0 ? bytes[i] * 256u : bytes[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint32_t>(sum);
}

bool ChecksumsAreRight(const Bytes& packet) {
  if (packet.size() < 42 || packet[12] != 8 || packet[13] != 0) return false;
  const uint64_t pseudo = Sum(packet, 26, 34, 0) + 17 + packet.size() - 34;
  return Sum(packet, 14, 34, 0) == 0xffff && Sum(packet, 34, packet.size(), pseudo) == 0xffff;
}

// Two hosts and a wire, between two cards net0 with two queues. The name is not one that the
// machine has an interface of: pkt-gen would take its address and respect its MTU.
class PktGen : public testing::Test {
 protected:
  PktGen() : world_(sim::WorldOptions{1}) {
    sim::Host& left = world_.AddHost({});
    sim::Host& right = world_.AddHost({});
    sim::NicOptions nic;
    nic.name = "net0";
    nic.port.driver.queue_pairs = 2;
    nic.port.driver.max_frame_bytes = 9000;
    from_ = &world_.AddIxgbe(left, nic);
    to_ = &world_.AddIxgbe(right, nic);
    wire_ = &world_.Connect(*from_, *to_, {});
    left_ = &world_.AddProcess(left, "left");
    right_ = &world_.AddProcess(right, "right");
    EXPECT_EQ(world_.Boot(), "");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
  }

  // Starts pkt-gen on a host. It has port net0 and does not wait, unless `words` say else.
  void Start(Process& process, std::vector<std::string> words) {
    words.insert(words.begin(), {"pkt-gen", "-i", "netmap:net0", "-w", "0"});
    process.Start(0, [this, words](Process& self) {
      UseContextOf(self);
      std::vector<std::string> copy = words;
      std::vector<char*> argv;
      for (std::string& word : copy) argv.push_back(word.data());
      argv.push_back(nullptr);
      status[&self] = pktgen::Run(static_cast<int>(copy.size()), argv.data());
    });
  }

  // In this process all programs have one library. A context each keeps their mappings apart.
  void UseContextOf(Process& process) {
    nmctx& context = contexts_[&process];
    context = *nmctx_get();
    context.mem_descs = nullptr;
    nmctx_set_default(&context);
  }

  // Until the program sleeps for something to come.
  void UntilItListens(Process& process) {
#ifdef PKT_GEN_BUSY
    const uint32_t enough = 20;  // system calls: it has opened the port and asks for packets
    const auto listening = [&] { return process.counters().syscalls > enough; };
#else
    const auto listening = [&] { return process.counters().sleeps > 0 || process.finished(); };
#endif
    EXPECT_TRUE(world_.RunUntil(listening, world_.now() + kSecond));
  }

  // A script on the right that collects all that comes.
  void Collect(const std::string& port = "netmap:net0/R") {
    receiver_.port = port;
    receiver_.idle_ms = 20;
    receiver_.first_ms = 1000;
    receiver_.deliver = [this](std::span<const uint8_t> frame) {
      collected.emplace_back(frame.begin(), frame.end());
    };
    right_->Start(0, [this](Process&) { sim::RunReceiver(receiver_, result_); });
    const auto listening = [&] { return right_->counters().sleeps > 0 || right_->finished(); };
    EXPECT_TRUE(world_.RunUntil(listening, world_.now() + kSecond));
  }

  // A script on the left that sends numbered frames.
  void Send(uint64_t frames, uint32_t batch = 64) {
    sender_.port = "netmap:net0-0/T";
    sender_.frames = frames;
    sender_.fill = [](uint64_t i, uint8_t* buffer, size_t room) -> size_t {
      if (room >= 60) sim::WriteUdpFrame(buffer, 60, sim::UdpFlow(), i);
      return 60;
    };
    sender_.batch = batch;
    left_->Start(0, [this](Process&) { sim::RunSender(sender_, sent_); });
  }

  void RunToEnd(Time within = 20 * kSecond) {
    EXPECT_TRUE(world_.RunToEnd(world_.now() + within));
    out = testing::internal::GetCapturedStdout();
    err = testing::internal::GetCapturedStderr();
    EXPECT_EQ(result_.error, "");
    nmctx_set_default(first_context_);
    EXPECT_EQ(world_.CheckInvariants(), "");
    EXPECT_EQ(world_.Shutdown(), "");
  }

  sim::World world_;
  HostNic* from_;
  HostNic* to_;
  sim::Wire* wire_;
  Process* left_;
  Process* right_;
  sim::ReceiverOptions receiver_;
  sim::ReceiverResult result_;
  sim::SenderOptions sender_;
  sim::SenderResult sent_;
  std::map<Process*, nmctx> contexts_;
  nmctx* const first_context_ = nmctx_get();
  std::map<Process*, int> status;
  std::vector<Bytes> collected;
  std::string out;
  std::string err;
};

TEST_F(PktGen, FromOneToTheOther) {
  Start(*right_, {"-f", "rx", "-W"});
  UntilItListens(*right_);
  Start(*left_, {"-f", "tx", "-n", "20000"});
  RunToEnd();
  EXPECT_EQ(status[left_], 0);
  EXPECT_EQ(status[right_], 0);
  EXPECT_TRUE(Contains(out, "Sending on netmap:net0: 2 queues, 1 threads and ")) << out;
  EXPECT_TRUE(Contains(out, "Receiving from netmap:net0: 2 queues, 1 threads and ")) << out;
  EXPECT_TRUE(Contains(out, "10.0.0.1 -> 10.1.0.1 (")) << out;
  EXPECT_TRUE(Contains(out, "Sent 20000 packets 1200000 bytes ")) << out;
  EXPECT_TRUE(Contains(out, "Received 20000 packets 1200000 bytes ")) << out;
  EXPECT_TRUE(Contains(out, " 60 bytes each in 0.00 seconds.\nSpeed: ")) << out;
  EXPECT_FALSE(Contains(err, "error")) << err;
}

// The CPU has 1.33 GHz; 14.88 million frames of 64 bytes fill a wire of 10 Gb/s. The sender has
// done when the card holds its last frames, before they are on the wire.
TEST_F(PktGen, ItFillsTheWire) {
  Start(*right_, {"-i", "netmap:net0-0", "-f", "rx", "-W", "-N"});
  UntilItListens(*right_);
  Start(*left_, {"-i", "netmap:net0-0", "-f", "tx", "-n", "150000", "-N"});
  RunToEnd();
  for (const char* const verb : {"Sent ", "Received "}) {
    const size_t at = out.find(verb);
    ASSERT_NE(at, std::string::npos) << out;
    EXPECT_EQ(std::stoull(out.substr(at + std::strlen(verb))), 150000u);
    const double rate = std::stod(out.substr(out.find("Speed: ", at) + 7));
    EXPECT_GT(rate, 14.7e6) << out;
    EXPECT_LT(rate, verb[0] == 'S' ? 15.5e6 : 14.9e6) << out;
  }
}

TEST_F(PktGen, WhatIsSentIsRight) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "3000", "-S", "2:0:0:0:0:1", "-D", "2:0:0:0:0:2"});
  RunToEnd();
  ASSERT_EQ(collected.size(), 3000u);
  for (const Bytes& packet : collected) {
    ASSERT_EQ(packet, collected[0]);
  }
  EXPECT_EQ(collected[0].size(), 60u);
  EXPECT_EQ(collected[0][5], 2);
  EXPECT_EQ(collected[0][11], 1);
  EXPECT_TRUE(ChecksumsAreRight(collected[0]));
}

TEST_F(PktGen, ATransferTakesASystemCallPerBatch) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "20000", "-b", "512"});
  RunToEnd();
  EXPECT_EQ(collected.size(), 20000u);
  // 40 bursts into rings of 511 free slots; and those that look at the clock are not counted.
  EXPECT_LT(left_->counters().syscalls, 400u);
}

// The whole packet is copied only when a slot is used for the first time; from then on nobody
// touches the buffers, which a mark in them shows.
TEST_F(PktGen, BuffersAreFilledOnce) {
  left_->Start(0, [&](Process& self) {
    UseContextOf(self);
    Options options;
    options.function = Function::kTx;
    options.source = *ParseIpRange("10.0.0.1");
    options.target = *ParseIpRange("10.1.0.1");
    FrameOptions frame;
    frame.source = options.source;
    frame.target = options.target;
    Worker worker(options, 0, Frame(frame));
    worker.count = 600;
    worker.pace = {100, 0};
    nmport_d* const port = nmport_open("netmap:net0-0/T");
    ASSERT_NE(port, nullptr);
    worker.port = port;
    Transmit(worker);
    EXPECT_FALSE(worker.failed);
    netmap_ring* const ring = NETMAP_TXRING(port->nifp, 0);
    for (uint32_t i = 0; i < ring->num_slots; ++i) {
      EXPECT_EQ(ring->slot[i].flags & NS_BUF_CHANGED, 0) << i;
      NETMAP_BUF(ring, ring->slot[i].buf_idx)[50] = 'M';
    }
    EXPECT_EQ(FillRing(worker, ring, 10), 10u);
    uint32_t touched = 0;
    for (uint32_t i = 0; i < ring->num_slots; ++i) {
      touched += NETMAP_BUF(ring, ring->slot[i].buf_idx)[50] != 'M' ? 1 : 0;
    }
    EXPECT_EQ(touched, 0u);
    // The last one of a batch asks for a report; one whose buffer was changed is filled again.
    uint32_t reports = 0;
    for (uint32_t i = 0; i < ring->num_slots; ++i) {
      reports += (ring->slot[i].flags & NS_REPORT) != 0 ? 1 : 0;
    }
    EXPECT_EQ(reports, 1u);
    netmap_slot* const next = &ring->slot[ring->head];
    next->flags |= NS_BUF_CHANGED;
    EXPECT_EQ(FillRing(worker, ring, 1), 1u);
    EXPECT_NE(NETMAP_BUF(ring, next->buf_idx)[50], 'M');
    EXPECT_EQ(next->flags & NS_BUF_CHANGED, NS_BUF_CHANGED) << "the kernel clears it";
    // More than there is room for: wake for more than is left now.
    const uint32_t room = nm_ring_space(ring);
    EXPECT_EQ(FillRing(worker, ring, 1000), room);
    EXPECT_EQ(ring->cur, ring->tail);
    Flush(worker);
    nmport_close(port);
  });
  RunToEnd();
}

TEST_F(PktGen, ARateIsKept) {
  Start(*right_, {"-f", "rx", "-W"});
  UntilItListens(*right_);
  Start(*left_, {"-f", "tx", "-n", "200000", "-R", "100000", "-N"});
  RunToEnd();
  EXPECT_TRUE(Contains(err, "Sending 333 packets every  0.003330000 s")) << err;
  EXPECT_TRUE(Contains(out, "Sent 200000 packets 12000000 bytes ")) << out;
  EXPECT_TRUE(Contains(out, " 60 bytes each in 2.00 seconds.")) << out;
  EXPECT_TRUE(Contains(out, "Speed: 100")) << out;
}

TEST_F(PktGen, AReceiverKnowsHowCloseItWas) {
  right_->Start(0, [&](Process& self) {
    UseContextOf(self);
    Options options;
    Worker worker(options, 0, Frame(Bytes(60, 0), 0));
    worker.count = 100;
    worker.port = nmport_open("netmap:net0-0/R");
    ASSERT_NE(worker.port, nullptr);
    Receive(worker);
    EXPECT_EQ(worker.counters.Read().packets, 100u);
    EXPECT_EQ(worker.counters.Read().bytes, 6000u);
    const uint32_t space = worker.counters.TakeMinSpace();
    EXPECT_GE(space, 511u - 100u);
    EXPECT_LT(space, 511u);
    EXPECT_EQ(worker.counters.TakeMinSpace(), kNoSpaceSeen) << "of an interval, not of all";
    nmport_close(worker.port);
  });
  UntilItListens(*right_);
  Send(100);
  RunToEnd();
}

TEST_F(PktGen, RangesOfAddresses) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "1200", "-s", "10.0.0.1:1-10.0.0.3:2", "-d",
                 "10.1.0.1:1-10.1.0.2", "-l", "200"});
  RunToEnd();
  ASSERT_EQ(collected.size(), 1200u);
  std::map<Bytes, int> flows;
  for (const Bytes& packet : collected) {
    ASSERT_EQ(packet.size(), 200u);
    ASSERT_TRUE(ChecksumsAreRight(packet));
    ++flows[Bytes(packet.begin() + 26, packet.begin() + 38)];
  }
  EXPECT_EQ(flows.size(), 12u);
  for (const auto& [flow, packets] : flows) EXPECT_EQ(packets, 100);
}

TEST_F(PktGen, RandomSizes) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "2000", "-l", "1000", "-l", "64", "-z", "-Z"});
  RunToEnd();
  ASSERT_EQ(collected.size(), 2000u);
  size_t least = 10000, most = 0;
  for (const Bytes& packet : collected) {
    ASSERT_TRUE(ChecksumsAreRight(packet));
    least = std::min(least, packet.size());
    most = std::max(most, packet.size());
  }
  EXPECT_LT(least, 80u);
  EXPECT_GT(most, 980u);
}

TEST_F(PktGen, PacketsOfSeveralSlots) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "400", "-l", "5000", "-F", "4"});
  RunToEnd();
  ASSERT_EQ(collected.size(), 400u);
  for (const Bytes& packet : collected) {
    ASSERT_EQ(packet.size(), 5000u);
    ASSERT_TRUE(ChecksumsAreRight(packet));
  }
  EXPECT_TRUE(Contains(out, "Sent 400 packets 2000000 bytes ")) << out;
}

TEST_F(PktGen, PacketsOfSlotsThatAreSmall) {
  Start(*right_, {"-f", "rx", "-W"});
  UntilItListens(*right_);
  Start(*left_, {"-f", "tx", "-n", "300", "-l", "1000", "-M", "300"});
  RunToEnd();
  EXPECT_TRUE(Contains(out, "Received 300 packets 300000 bytes ")) << out << err;
}

TEST_F(PktGen, CopiesOfAllKinds) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "1500", "-o", "13", "-l", "100"});
  RunToEnd();
  ASSERT_EQ(collected.size(), 1500u);
  for (const Bytes& packet : collected) ASSERT_TRUE(ChecksumsAreRight(packet));
}

TEST_F(PktGen, NumbersOneByOne) {
  Collect("netmap:net0-0/R");
  Start(*left_, {"-f", "txseq", "-n", "1500"});
  RunToEnd();
  ASSERT_EQ(collected.size(), 1500u);
  for (uint32_t i = 0; i < collected.size(); ++i) {
    const Bytes& packet = collected[i];
    ASSERT_TRUE(ChecksumsAreRight(packet));
    uint32_t sequence = 0;
    uint64_t time = 0;
    ASSERT_TRUE(ReadSequence(packet, 0, &sequence, &time));
    ASSERT_EQ(sequence, i);
  }
}

TEST_F(PktGen, GapsAreFound) {
  Start(*right_, {"-f", "rxseq", "-W"});
  UntilItListens(*right_);
  wire_->set_loss_from(0, 0.01);
  Start(*left_, {"-f", "txseq", "-n", "2000"});
  RunToEnd();
  EXPECT_TRUE(Contains(err, "Sequence GAP: exp ")) << err;
  EXPECT_FALSE(Contains(err, " 0 sequence gaps")) << err;
  EXPECT_TRUE(Contains(out, "Received 1")) << out;
}

TEST_F(PktGen, NoGapsWhereThereAreNone) {
  Start(*right_, {"-f", "rxseq", "-W"});
  UntilItListens(*right_);
  Start(*left_, {"-f", "txseq", "-n", "2000"});
  RunToEnd();
  EXPECT_FALSE(Contains(err, "GAP")) << err;
  EXPECT_TRUE(Contains(err, " 0 sequence gaps")) << err;
  EXPECT_TRUE(Contains(out, "Received 2000 packets")) << out;
}

TEST_F(PktGen, PingIsAnswered) {
  Start(*right_, {"-f", "pong", "-W"});
  UntilItListens(*right_);
  Start(*left_, {"-f", "ping", "-n", "200", "-s", "10.0.0.1:7"});
  RunToEnd();
  EXPECT_TRUE(Contains(out, "Working on netmap:net0: ")) << out;
  EXPECT_TRUE(Contains(err, "RTT over 200 packets: min ")) << err;
  EXPECT_FALSE(Contains(err, "min 0 ")) << err;
  EXPECT_TRUE(Contains(out, "Received 200 packets 12000 bytes 200 events ")) << out;
}

TEST_F(PktGen, PingReportsAndWaitsNoLongerThanItHasTo) {
  Start(*right_, {"-f", "pong", "-n", "3"});
  UntilItListens(*right_);
  Start(*left_, {"-f", "ping", "-n", "4", "-R", "2"});
  RunToEnd();
  EXPECT_TRUE(Contains(err, "count ")) << err;
  EXPECT_TRUE(Contains(err, "RTT over 3 packets: min ")) << "the fourth got no answer\n" << err;
}

TEST_F(PktGen, WhatPongAnswersGoesBack) {
  Start(*right_, {"-f", "pong", "-n", "30", "-b", "8"});
  UntilItListens(*right_);
  std::vector<Bytes> back;
  left_->Start(0, [&](Process& self) {
    UseContextOf(self);
    nmport_d* const port = nmport_open("netmap:net0");
    FrameOptions options;
    options.source = *ParseIpRange("10.0.0.1:5");
    options.target = *ParseIpRange("10.1.0.1:6");
    options.source_mac = *ParseMac("2:0:0:0:0:1");
    options.target_mac = *ParseMac("2:0:0:0:0:2");
    options.size = 5000;  // of three slots
    const Frame frame(options);
    for (int i = 0; i < 30; ++i) {
      ASSERT_EQ(nmport_inject(port, frame.data(), frame.size()), 5000);
    }
    pollfd pfd = {port->fd, POLLIN, 0};
    Bytes packet;
    while (back.size() < 30 && poll(&pfd, 1, 100) > 0) {
      for (uint32_t i = 0; i < 2; ++i) {
        netmap_ring* const ring = NETMAP_RXRING(port->nifp, i);
        for (; ring->head != ring->tail; ring->head = ring->cur = nm_ring_next(ring, ring->head)) {
          const netmap_slot& slot = ring->slot[ring->head];
          const char* const data = NETMAP_BUF(ring, slot.buf_idx);
          packet.insert(packet.end(), data, data + slot.len);
          if ((slot.flags & NS_MOREFRAG) != 0) continue;
          back.push_back(packet);
          packet.clear();
        }
      }
    }
    nmport_close(port);
  });
  RunToEnd();
  ASSERT_EQ(back.size(), 30u);
  for (const Bytes& packet : back) {
    ASSERT_EQ(packet.size(), 5000u);
    ASSERT_TRUE(ChecksumsAreRight(packet));
    EXPECT_EQ(packet[5], 1);
    EXPECT_EQ(packet[11], 2);
    EXPECT_EQ(Bytes(packet.begin() + 26, packet.begin() + 38),
              (Bytes{10, 1, 0, 1, 10, 0, 0, 1, 0, 6, 0, 5}));
  }
}

TEST_F(PktGen, PacketsArePrinted) {
  Start(*right_, {"-f", "rx", "-n", "2", "-X"});
  UntilItListens(*right_);
  Send(2);
  RunToEnd();
  EXPECT_TRUE(Contains(out, " flags 0x0000 len    60]\n")) << out;
  EXPECT_TRUE(Contains(out, "\n    0: ")) << out;
  EXPECT_TRUE(Contains(out, "\n   30: ")) << out;
}

TEST_F(PktGen, AReceiverStopsAtItsCount) {
  Start(*right_, {"-f", "rx", "-n", "1000"});
  UntilItListens(*right_);
  Send(1500);
  RunToEnd();
  EXPECT_TRUE(Contains(out, "Received 1000 packets 60000 bytes ")) << out;
}

TEST_F(PktGen, AReceiverAlone) {
  Start(*right_, {"-f", "rx", "-W"});
  RunToEnd();
  EXPECT_TRUE(Contains(err, "waiting for initial packets, poll returns 0 0")) << err;
  EXPECT_TRUE(Contains(out, "Received nothing.\n")) << out;
}

TEST_F(PktGen, ItWaitsForTheLink) {
  const Time before = world_.now();
  Start(*left_, {"-f", "tx", "-n", "10", "-w", "3"});
  RunToEnd();
  EXPECT_GT(world_.now() - before, 3 * kSecond);
  EXPECT_TRUE(Contains(err, "Wait 3 secs for phy reset")) << err;
  EXPECT_TRUE(Contains(err, "Ready...")) << err;
}

// Threads run one after the other here, but each on its ring.
TEST_F(PktGen, AThreadForEachRing) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "1001", "-p", "2"});
  RunToEnd();
  EXPECT_EQ(collected.size(), 1001u);
  EXPECT_TRUE(Contains(out, "2 queues, 2 threads")) << out;
  EXPECT_TRUE(Contains(out, "Sent 1001 packets")) << out;
}

TEST_F(PktGen, WhatCannotBe) {
  struct Case {
    std::vector<std::string> words;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{"-f", "tx", "-p", "3"}, "-p 3, but there are 2 queues"},
      {{"-f", "tx", "-p", "2", "-i", "netmap:net0-1"}, "the port is named with one ring"},
      {{"-i", "netmap:net9"}, "cannot open netmap:net9: No such device or address"},
      {{"-C", "x"}, "-C x: not a configuration"},
      {{"-f", "tx", "-l", "9000", "-M", "100"}, "take 90 slots"},
      {{"-f", "txseq", "-p", "2"}, "this function has one thread"},
      {{"-f", "tx", "-i", "netmap:net0/R"}, "no transmit ring"},
      {{"-f", "tx", "-P", "/nowhere"}, "/nowhere"},
  };
  std::vector<std::string> messages;
  for (const Case& each : cases) {
    std::vector<std::string> words = {"pkt-gen", "-i", "netmap:net0", "-w", "0"};
    words.insert(words.end(), each.words.begin(), each.words.end());
    Process& process = world_.AddProcess(left_->host(), "case");
    process.Start(0, [&](Process& self) {
      std::vector<char*> argv;
      for (std::string& word : words) argv.push_back(word.data());
      argv.push_back(nullptr);
      status[&self] = pktgen::Run(static_cast<int>(words.size()), argv.data());
    });
    EXPECT_TRUE(world_.RunToEnd(world_.now() + kSecond));
    EXPECT_EQ(status[&process], -1) << each.message;
  }
  RunToEnd();
  for (const Case& each : cases) EXPECT_TRUE(Contains(err, each.message)) << err;
}

TEST_F(PktGen, APacketOfACapture) {
  const std::string path = testing::TempDir() + "one.pcap";
  Bytes file = {0xd4, 0xc3, 0xb2, 0xa1, 2,    0,    4, 0, 0, 0, 0, 0,
                0,    0,    0,    0,    0xff, 0xff, 0, 0, 1, 0, 0, 0};
  for (const uint8_t size : {70, 80}) {
    const Bytes header = {0, 0, 0, 0, 0, 0, 0, 0, size, 0, 0, 0, size, 0, 0, 0};
    file.insert(file.end(), header.begin(), header.end());
    file.insert(file.end(), size, size);
  }
  FILE* const stream = std::fopen(path.c_str(), "wb");
  ASSERT_NE(stream, nullptr);
  std::fwrite(file.data(), 1, file.size(), stream);
  std::fclose(stream);
  Collect();
  Start(*left_, {"-f", "tx", "-n", "20", "-P", path});
  RunToEnd();
  unlink(path.c_str());
  ASSERT_EQ(collected.size(), 20u);
  for (const Bytes& packet : collected) EXPECT_EQ(packet, Bytes(70, 70));
}

TEST_F(PktGen, AVirtioHeaderComesFirst) {
  Collect();
  Start(*left_, {"-f", "tx", "-n", "20", "-H", "12"});
  RunToEnd();
  EXPECT_TRUE(Contains(err, "cannot set the virtio-net header")) << "cards have none\n" << err;
  ASSERT_EQ(collected.size(), 20u);
  EXPECT_EQ(collected[0].size(), 72u);
  EXPECT_EQ(Bytes(collected[0].begin(), collected[0].begin() + 12), Bytes(12, 0));
  EXPECT_TRUE(ChecksumsAreRight(Bytes(collected[0].begin() + 12, collected[0].end())));
}

}  // namespace
}  // namespace mapwire::pktgen
