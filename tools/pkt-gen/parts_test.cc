// The parts of pkt-gen that know no port: addresses, packets, pace, reports, the command line.
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

#include "tools/pkt-gen/addresses.h"
#include "tools/pkt-gen/frame.h"
#include "tools/pkt-gen/options.h"
#include "tools/pkt-gen/rate.h"
#include "tools/pkt-gen/report.h"

namespace mapwire::pktgen {
namespace {

// --- addresses ----------------------------------------------------------------------------------

std::string RangeText(const std::string& text) {
  const auto range = ParseIpRange(text);
  if (!range) return "none";
  char out[200];
  std::snprintf(out, sizeof(out), "%s %llx..%llx %u..%u", range->ipv6 ? "6" : "4",
                static_cast<unsigned long long>(range->first),
                static_cast<unsigned long long>(range->last), range->first_port, range->last_port);
  return out;
}

TEST(Addresses, Ranges) {
  EXPECT_EQ(RangeText("10.0.0.1"), "4 a000001..a000001 1234..1234");
  EXPECT_EQ(RangeText("10.0.0.1:80"), "4 a000001..a000001 80..80");
  EXPECT_EQ(RangeText("10.0.0.1-10.0.1.1"), "4 a000001..a000101 1234..1234");
  EXPECT_EQ(RangeText("10.0.0.1:1-10.0.0.2:9"), "4 a000001..a000002 1..9");
  EXPECT_EQ(RangeText("10.0.0.1:7-10.0.0.2"), "4 a000001..a000002 7..7");
  EXPECT_EQ(RangeText("fd00::1"), "6 1..1 1234..1234");
  EXPECT_EQ(RangeText("[fd00::1]:5-[fd00::a]:6"), "6 1..a 5..6");
  EXPECT_EQ(ParseIpRange("fd00::1")->first >> 120, Address{0xfd});
  EXPECT_EQ(ParseIpRange("10.0.0.1-10.0.0.2")->text, "10.0.0.1-10.0.0.2");
}

TEST(Addresses, WhatIsNoRange) {
  for (const char* const text :
       {"", "10.0.0", "10.0.0.256", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:x", "10.0.0.1:-1",
        "10.0.0.2-10.0.0.1", "10.0.0.1:9-10.0.0.2:8", "10.0.0.1-fd00::1", "[fd00::1", "[fd00::1]x",
        "[fd00::1]:", "10.0.0.1-", "name"}) {
    EXPECT_EQ(RangeText(text), "none") << text;
  }
}

TEST(Addresses, Macs) {
  EXPECT_EQ(MacText(*ParseMac("0:1:22:aB:ff:5")), "00:01:22:ab:ff:05");
  for (const char* const text : {"", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:g", "1:2:3:4:5:100",
                                 "1:2:3:4:5:006", "1:2:3:4:5: 6"}) {
    EXPECT_FALSE(ParseMac(text)) << text;
  }
}

TEST(Addresses, AWalkGoesThroughPortsFirst) {
  Walk walk(*ParseIpRange("10.0.0.1:1-10.0.0.2:2"), false, 1);
  std::string seen;
  for (int i = 0; i < 5; ++i) {
    seen += std::to_string(static_cast<int>(walk.now().address & 0xff)) + ":" +
            std::to_string(walk.now().port);
    seen += walk.Next() ? "! " : " ";
  }
  EXPECT_EQ(seen, "1:1 1:2 2:1 2:2! 1:1 ");
}

TEST(Addresses, ARandomWalkStaysInItsRange) {
  Walk inside(*ParseIpRange("10.0.0.1:5-10.0.0.4:6"), true, 1);
  std::set<std::pair<int, int>> seen;
  for (int i = 0; i < 1000; ++i) {
    inside.Next();
    EXPECT_GE(inside.now().address, Address{0x0a000001});
    EXPECT_LE(inside.now().address, Address{0x0a000004});
    seen.insert({static_cast<int>(inside.now().address & 0xff), inside.now().port});
  }
  EXPECT_EQ(seen.size(), 8u);
  Walk anywhere(*ParseIpRange("10.0.0.1"), true, 1);
  std::set<uint64_t> addresses;
  for (int i = 0; i < 100; ++i) {
    anywhere.Next();
    EXPECT_EQ(anywhere.now().address >> 32, Address{0});
    addresses.insert(static_cast<uint64_t>(anywhere.now().address));
  }
  EXPECT_GT(addresses.size(), 90u);
}

// --- packets ------------------------------------------------------------------------------------

using Bytes = std::vector<uint8_t>;

Bytes Packet(const Frame& frame, uint32_t vnet_header = 0) {
  return Bytes(frame.data() + vnet_header, frame.data() + frame.size());
}

uint32_t At16(const Bytes& packet, size_t at) { return packet[at] * 256u + packet[at + 1]; }

// Sums what a receiver sums: right packets give 0xffff. An implementation of its own.
uint32_t Sum(const Bytes& packet, size_t from, size_t to, uint64_t sum = 0) {
  for (size_t i = from; i < to; ++i) sum += (i - from) % 2 == 0 ? packet[i] * 256u : packet[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint32_t>(sum);
}

void ExpectRight(const Bytes& packet) {
  if (At16(packet, 12) == 0x0800) {
    EXPECT_EQ(At16(packet, 16), packet.size() - 14);
    EXPECT_EQ(Sum(packet, 14, 34), 0xffffu) << "IPv4 header";
    EXPECT_EQ(At16(packet, 38), packet.size() - 34);
    const uint64_t pseudo = Sum(packet, 26, 34) + 17 + packet.size() - 34;
    EXPECT_EQ(Sum(packet, 34, packet.size(), pseudo), 0xffffu) << "UDP";
    EXPECT_NE(At16(packet, 40), 0u);
  } else {
    ASSERT_EQ(At16(packet, 12), 0x86ddu);
    EXPECT_EQ(At16(packet, 18), packet.size() - 54);
    EXPECT_EQ(packet[20], 17);
    EXPECT_EQ(At16(packet, 58), packet.size() - 54);
    const uint64_t pseudo = Sum(packet, 22, 54) + 17 + packet.size() - 54;
    EXPECT_EQ(Sum(packet, 54, packet.size(), pseudo), 0xffffu) << "UDP";
    EXPECT_NE(At16(packet, 60), 0u);
  }
}

FrameOptions Flow(const char* source = "10.0.0.1", const char* target = "10.1.0.1") {
  FrameOptions options;
  options.source = *ParseIpRange(source);
  options.target = *ParseIpRange(target);
  options.source_mac = *ParseMac("2:0:0:0:0:1");
  options.target_mac = *ParseMac("2:0:0:0:0:2");
  return options;
}

TEST(Frame, HeadersAreWhereTheyBelong) {
  const Frame frame(Flow("10.0.0.1:5", "10.1.0.1:6"));
  const Bytes packet = Packet(frame);
  ASSERT_EQ(packet.size(), 60u);
  EXPECT_EQ(packet[0], 2);
  EXPECT_EQ(packet[5], 2);
  EXPECT_EQ(packet[11], 1);
  EXPECT_EQ(Bytes(packet.begin() + 26, packet.begin() + 34), (Bytes{10, 0, 0, 1, 10, 1, 0, 1}));
  EXPECT_EQ(At16(packet, 34), 5u);
  EXPECT_EQ(At16(packet, 36), 6u);
  ExpectRight(packet);
  EXPECT_FALSE(frame.varies());
}

TEST(Frame, ChecksumsAreRightAtEverySize) {
  for (const auto& [source, target] :
       {std::pair{"10.0.0.1", "10.1.0.1"}, std::pair{"fd00::1", "fd00::2"}}) {
    FrameOptions options = Flow(source, target);
    for (options.size = 62; options.size < 200; ++options.size) ExpectRight(Packet(Frame(options)));
    for (options.size = 65000; options.size < 65010; ++options.size) {
      ExpectRight(Packet(Frame(options)));
    }
  }
}

TEST(Frame, ShorterThanItsHeaders) {
  FrameOptions options = Flow();
  for (options.size = 16; options.size < 62; ++options.size) {
    Frame frame(options);
    EXPECT_EQ(frame.size(), options.size);
    frame.SetSequence(0xffffffff);
    frame.SetTime(~uint64_t{0});
    for (uint32_t i = options.size; i < options.size + 8; ++i) {
      if (i < 42) continue;  // headers that are cut off
      EXPECT_EQ(frame.data()[i], 0) << "written behind its end";
    }
  }
}

TEST(Frame, EveryPacketOfARangeIsRight) {
  for (const auto& [source, target] :
       {std::pair{"10.0.0.250:9-10.0.1.3:12", "10.1.0.1:1-10.1.0.2:3"},
        std::pair{"[fd00::fffe]:9-[fd00::1:2]:12", "[fd00::1]:1-[fd00::2]:3"}}) {
    FrameOptions options = Flow(source, target);
    options.size = 201;
    Frame frame(options);
    ASSERT_TRUE(frame.varies());
    std::set<Bytes> different;
    const Bytes first = Packet(frame);
    int packets = 0;
    do {
      ExpectRight(Packet(frame));
      different.insert(Packet(frame));
      frame.Next();
      ASSERT_LT(++packets, 1000);
    } while (Packet(frame) != first);
    // Each of the source's, with the target moving on when it begins again.
    EXPECT_EQ(different.size(), static_cast<size_t>(packets));
    EXPECT_EQ(packets % 6, 0);
  }
}

TEST(Frame, OnlyItsChangingBytesChange) {
  Frame frame(Flow("10.0.0.1:1-10.0.0.9:9"));
  Bytes before = Packet(frame);
  for (int i = 0; i < 100; ++i) {
    frame.Next();
    const Bytes after = Packet(frame);
    EXPECT_TRUE(std::equal(after.begin() + frame.changing_bytes(), after.end(),
                           before.begin() + frame.changing_bytes()));
    before = after;
  }
  EXPECT_LE(frame.changing_bytes(), 54u);
}

TEST(Frame, RandomSizesAndAddresses) {
  FrameOptions options = Flow();
  options.size = 300;
  options.min_size = 64;
  options.random_source = options.random_target = true;
  Frame frame(options);
  std::set<size_t> sizes;
  for (int i = 0; i < 5000; ++i) {
    frame.Next();
    ExpectRight(Packet(frame));
    sizes.insert(frame.size());
  }
  EXPECT_EQ(*sizes.begin(), 64u);
  EXPECT_EQ(*sizes.rbegin(), 300u);
  EXPECT_GT(sizes.size(), 230u);
  EXPECT_EQ(frame.largest(), 300u);
}

TEST(Frame, ASequenceNumberAndATimeCanBeReadBack) {
  for (const char* const source : {"10.0.0.1", "fd00::1"}) {
    FrameOptions options = Flow(source, source);
    options.size = 100;
    options.vnet_header = 12;
    Frame frame(options);
    EXPECT_EQ(frame.size(), 112u);
    EXPECT_EQ(Bytes(frame.data(), frame.data() + 12), Bytes(12, 0));
    frame.SetSequence(0x89abcdef);
    frame.SetTime(0x0123456789abcdef);
    ExpectRight(Packet(frame, 12));
    uint32_t sequence = 0;
    uint64_t time = 0;
    ASSERT_TRUE(ReadSequence({frame.data(), frame.size()}, 12, &sequence, &time));
    EXPECT_EQ(sequence, 0x89abcdefu);
    EXPECT_EQ(time, 0x0123456789abcdefu);
    for (uint32_t i = 0; i < frame.size(); ++i) {  // cut anywhere, nothing is read behind the end
      const Bytes cut(frame.data(), frame.data() + i);
      ReadSequence(cut, 12, &sequence, &time);
    }
  }
  Bytes arp(60, 0);
  uint32_t sequence;
  uint64_t time;
  EXPECT_FALSE(ReadSequence(arp, 0, &sequence, &time));
}

TEST(Frame, APacketThatIsGivenStaysAsItIs) {
  const Bytes given = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
  Frame frame(given, 10);
  frame.Next();
  frame.SetSequence(9);
  EXPECT_EQ(Packet(frame, 10), given);
  EXPECT_EQ(frame.size(), 27u);
  EXPECT_FALSE(frame.varies());
}

TEST(Frame, AChecksumOfZeroIsSentAsOnes) {
  // With these two ports the sum comes out as 0xffff, its complement as 0.
  bool met = false;
  FrameOptions options = Flow("10.0.0.1:0-10.0.0.1:65535");
  Frame frame(options);
  for (int i = 0; i < 65536; ++i, frame.Next()) {
    const Bytes packet = Packet(frame);
    ASSERT_NE(At16(packet, 40), 0u);
    met = met || At16(packet, 40) == 0xffff;
  }
  EXPECT_TRUE(met);
}

// --- pace ---------------------------------------------------------------------------------------

TEST(Rate, BurstsAreSmallEnoughToBeEven) {
  EXPECT_EQ(PaceOf(0, 512).burst, 512u);
  EXPECT_EQ(PaceOf(0, 512).period_ns, 0u);
  EXPECT_EQ(PaceOf(1, 512).burst, 1u);
  EXPECT_EQ(PaceOf(1, 512).period_ns, 1000000000u);
  EXPECT_EQ(PaceOf(30000, 512).burst, 100u);
  EXPECT_EQ(PaceOf(30000, 512).period_ns, 3333333u);
  EXPECT_EQ(PaceOf(10000000, 512).burst, 512u);
  EXPECT_EQ(PaceOf(10000000, 512).period_ns, 51200u);
  EXPECT_EQ(PaceText(PaceOf(30000, 512)), "Sending 100 packets every  0.003333333 s");
  EXPECT_EQ(PaceText(PaceOf(1, 512)), "Sending 1 packets every  1.000000000 s");
}

TEST(Rate, WhoIsLateCatchesUpUnlessItIsHopeless) {
  Pacer pacer({1, 100}, 1000);
  EXPECT_EQ(pacer.Next(1000), 1000u);
  EXPECT_EQ(pacer.Next(1010), 1100u);
  EXPECT_EQ(pacer.Next(1900), 1200u);
  EXPECT_EQ(pacer.Next(1900), 1300u);
  EXPECT_EQ(pacer.Next(5000000000), 5000000000u);
  EXPECT_EQ(pacer.Next(5000000000), 5000000100u);
}

// --- reports ------------------------------------------------------------------------------------

TEST(Report, Numbers) {
  EXPECT_EQ(Scaled(0, true), "0.000 ");
  EXPECT_EQ(Scaled(999, true), "999.000 ");
  EXPECT_EQ(Scaled(1000, true), "1.000 K");
  EXPECT_EQ(Scaled(14880952, true), "14.881 M");
  EXPECT_EQ(Scaled(7.14e9, true), "7.140 G");
  EXPECT_EQ(Scaled(2e15, true), "2000.000 T");
  EXPECT_EQ(Scaled(14880952, false), "14880952.000 ");
}

TEST(Report, Intervals) {
  const Counts counts{1000000, 60000000, 2000};
  EXPECT_EQ(IntervalText(counts, 1000000, kNoSpaceSeen, nullptr, {}),
            "1.000 Mpps (1.000 Mpkts 480.000 Mbps in 1000000 usec) 500.00 avg_batch 99999 "
            "min_space");
  EXPECT_EQ(IntervalText(counts, 500000, 12, nullptr, {true, true}),
            "2.000 Mpps (1.000 Mpkts 1.344 Gbps in 500000 usec) 500.00 avg_batch 12 min_space");
  EXPECT_EQ(IntervalText({}, 1000, 0, nullptr, {false, false}),
            "0.000 pps (0.000 pkts 0.000 bps in 1000 usec) 0.00 avg_batch 0 min_space");
  RateStatistics statistics;
  statistics.Add(1000);
  statistics.Add(3000);
  EXPECT_EQ(IntervalText(counts, 1000000, 7, &statistics, {}),
            "1.000 Mpps [avg/std 2.000 K/1.000 Kpps] (1.000 Mpkts 480.000 Mbps in 1000000 usec) "
            "500.00 avg_batch 7 min_space");
}

TEST(Report, Totals) {
  EXPECT_EQ(TotalText(true, {}, 1, {}), "Sent nothing.\n");
  EXPECT_EQ(TotalText(false, {}, 1, {}), "Received nothing.\n");
  EXPECT_EQ(TotalText(true, {2000000, 120000000, 4000}, 2, {}),
            "Sent 2000000 packets 120000000 bytes 4000 events 60 bytes each in 2.00 seconds.\n"
            "Speed: 1.000 Mpps Bandwidth: 480.000 Mbps (raw 672.000 Mbps). Average batch: 500.00 "
            "pkts\n");
  EXPECT_EQ(TotalText(false, {1, 60, 1}, 0.5, {false, false}),
            "Received 1 packets 60 bytes 1 events 60 bytes each in 0.50 seconds.\n"
            "Speed: 2.000 pps Bandwidth: 960.000 bps (raw 1344.000 bps). Average batch: 1.00 "
            "pkts\n");
}

TEST(Report, StatisticsForgetWhatIsLongAgo) {
  RateStatistics statistics;
  EXPECT_EQ(statistics.average(), 0);
  EXPECT_EQ(statistics.deviation(), 0);
  statistics.Add(1e9);
  for (int i = 0; i < 100; ++i) statistics.Add(5);
  EXPECT_EQ(statistics.average(), 5);
  EXPECT_EQ(statistics.deviation(), 0);
}

// --- the command line ---------------------------------------------------------------------------

struct Parsed {
  std::optional<Options> options;
  int exit = 99;
  std::string out;
  std::string err;
};

Parsed Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "pkt-gen");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Parsed parsed;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  parsed.options = ParseOptions(static_cast<int>(words.size()), argv.data(), &parsed.exit);
  parsed.out = testing::internal::GetCapturedStdout();
  parsed.err = testing::internal::GetCapturedStderr();
  return parsed;
}

Options Good(const std::vector<std::string>& words) {
  const Parsed parsed = Parse(words);
  EXPECT_TRUE(parsed.options) << parsed.err;
  return parsed.options.value_or(Options());
}

TEST(CommandLine, Defaults) {
  const Options options = Good({"-i", "eth0"});
  EXPECT_EQ(options.function, Function::kRx);
  EXPECT_EQ(options.port, "netmap:eth0");
  EXPECT_EQ(options.device, DeviceKind::kNetmap);
  EXPECT_EQ(options.count, 0u);
  EXPECT_EQ(options.size, 60u);
  EXPECT_EQ(options.min_size, 0u);
  EXPECT_EQ(options.burst, 512u);
  EXPECT_EQ(options.source.text, "10.0.0.1");
  EXPECT_EQ(options.target.text, "10.1.0.1");
  EXPECT_EQ(options.source.first_port, 1234);
  EXPECT_FALSE(options.source_mac);
  EXPECT_EQ(MacText(options.target_mac), "ff:ff:ff:ff:ff:ff");
  EXPECT_EQ(options.threads, 1u);
  EXPECT_EQ(options.report_ms, 1000u);
  EXPECT_EQ(options.WaitSeconds(), 2u);
  EXPECT_EQ(options.rate, 0u);
  EXPECT_EQ(options.fragments, 1u);
  EXPECT_EQ(options.flags, 0u);
  EXPECT_TRUE(options.scale);
}

TEST(CommandLine, Ports) {
  const struct {
    const char* name;
    DeviceKind device;
    const char* port;
  } cases[] = {
      {"netmap:eth0-2", DeviceKind::kNetmap, "netmap:eth0-2"},
      {"vale0:a", DeviceKind::kNetmap, "vale0:a"},
      {"eth0^", DeviceKind::kNetmap, "netmap:eth0^"},
      {"null", DeviceKind::kNull, "null"},
      {"null0", DeviceKind::kNetmap, "netmap:null0"},
      {"tap:x", DeviceKind::kTap, "x"},
      {"tap3", DeviceKind::kTap, "tap3"},
      {"pcap:eth0", DeviceKind::kPcap, "eth0"},
  };
  for (const auto& each : cases) {
    const Options options = Good({"-i", each.name});
    EXPECT_EQ(options.device, each.device) << each.name;
    EXPECT_EQ(options.port, each.port);
  }
  EXPECT_EQ(Good({"-i", "vale0:a"}).WaitSeconds(), 0u);
  EXPECT_EQ(Good({"-i", "vale0:a", "-w", "3"}).WaitSeconds(), 3u);
  EXPECT_EQ(Good({"-i", "eth0", "-w", "0"}).WaitSeconds(), 0u);
  EXPECT_TRUE(Parse({"-i", std::string(504, 'x')}).options);
  EXPECT_FALSE(Parse({"-i", std::string(505, 'x')}).options);
}

TEST(CommandLine, Everything) {
  const Options options =
      Good({"-f",  "tx",          "-n", "7",           "-l",      "1500",   "-l",
            "100", "-b",          "9",  "-d",          "1.2.3.4", "-s",     "1.2.3.5:1-1.2.3.6:2",
            "-D",  "1:2:3:4:5:6", "-S", "6:5:4:3:2:1", "-a",      "3",      "-c",
            "4",   "-p",          "2",  "-T",          "500",     "-w",     "1",
            "-R",  "1000",        "-H", "12",          "-P",      "x.pcap", "-F",
            "3",   "-M",          "64", "-C",          "1,2,3,4", "-o",     "1",
            "-X",  "-N",          "-B", "-W",          "-A",      "-I",     "-r",
            "-z",  "-Z",          "-v", "-i",          "vale:x"});
  EXPECT_EQ(options.function, Function::kTx);
  EXPECT_EQ(options.count, 7u);
  EXPECT_EQ(options.size, 1500u);
  EXPECT_EQ(options.min_size, 100u);
  EXPECT_EQ(options.burst, 9u);
  EXPECT_EQ(options.target.text, "1.2.3.4");
  EXPECT_EQ(options.source.last_port, 2);
  EXPECT_EQ(MacText(options.target_mac), "01:02:03:04:05:06");
  EXPECT_EQ(MacText(*options.source_mac), "06:05:04:03:02:01");
  EXPECT_EQ(options.first_cpu, 3);
  EXPECT_EQ(options.cpus, 4);
  EXPECT_EQ(options.threads, 2u);
  EXPECT_EQ(options.report_ms, 500u);
  EXPECT_EQ(options.WaitSeconds(), 1u);
  EXPECT_EQ(options.rate, 1000u);
  EXPECT_EQ(options.vnet_header, 12u);
  EXPECT_EQ(options.packet_file, "x.pcap");
  EXPECT_EQ(options.fragments, 3u);
  EXPECT_EQ(options.fragment_size, 64u);
  EXPECT_EQ(options.config, "1,2,3,4");
  EXPECT_EQ(options.flags, kPrefetch | kDump | kIndirect | kRubbish | kRandomSource |
                               kRandomTarget | kRateStatistics);
  EXPECT_FALSE(options.scale);
  EXPECT_TRUE(options.framing);
  EXPECT_TRUE(options.exit_on_silence);
  EXPECT_EQ(options.verbose, 1);
}

TEST(CommandLine, SizesMayComeInAnyOrder) {
  const Options options = Good({"-i", "x", "-l", "64", "-l", "128"});
  EXPECT_EQ(options.size, 128u);
  EXPECT_EQ(options.min_size, 64u);
}

TEST(CommandLine, FunctionsAndTheirBursts) {
  EXPECT_EQ(Good({"-i", "x", "-f", "ping"}).burst, 1u);
  EXPECT_EQ(Good({"-i", "x", "-f", "pong"}).burst, 1u);
  EXPECT_EQ(Good({"-i", "x", "-f", "ping", "-b", "4"}).burst, 4u);
  EXPECT_EQ(Good({"-i", "x", "-f", "txseq"}).function, Function::kTxSequence);
  EXPECT_EQ(Good({"-i", "x", "-f", "rxseq"}).function, Function::kRxSequence);
}

TEST(CommandLine, Families) {
  EXPECT_EQ(Good({"-i", "x", "-6"}).source.text, "fd00::1");
  EXPECT_EQ(Good({"-i", "x", "-6"}).target.text, "fd00::2");
  EXPECT_TRUE(Good({"-i", "x", "-d", "fd00::9"}).source.ipv6) << "the other one follows";
  EXPECT_FALSE(Good({"-i", "x", "-4"}).source.ipv6);
  EXPECT_FALSE(Parse({"-i", "x", "-4", "-d", "fd00::9"}).options);
  EXPECT_FALSE(Parse({"-i", "x", "-s", "10.0.0.1", "-d", "fd00::9"}).options);
}

TEST(CommandLine, Help) {
  const Parsed parsed = Parse({"-h"});
  EXPECT_FALSE(parsed.options);
  EXPECT_EQ(parsed.exit, 0);
  EXPECT_EQ(parsed.err, "");
  for (const char letter : std::string("afFniIldsDSbcopTwWvRXCHrPzZAMN46Bh")) {
    EXPECT_NE(parsed.out.find(std::string("-") + letter), std::string::npos) << letter;
  }
}

TEST(CommandLine, Mistakes) {
  const std::vector<std::vector<std::string>> mistakes = {
      {},
      {"-i"},
      {"-i", "x", "-q"},
      {"-i", "x", "y"},
      {"-i", "x", "-f", "fly"},
      {"-i", "x", "-l", "15"},
      {"-i", "x", "-l", "65537"},
      {"-i", "x", "-l", "60", "-l", "61", "-l", "62"},
      {"-i", "x", "-l", "six"},
      {"-i", "x", "-b", "0"},
      {"-i", "x", "-F", "0"},
      {"-i", "x", "-F", "64"},
      {"-i", "x", "-H", "11"},
      {"-i", "x", "-n", "-1"},
      {"-i", "x", "-n", ""},
      {"-i", "x", "-p", "0"},
      {"-i", "x", "-d", "nowhere"},
      {"-i", "x", "-D", "nobody"},
      {"-i", "x", "-R", "fast"},
      {"-i", "null", "-f", "ping"},
      {"-i", "tap:x", "-f", "txseq"},
  };
  for (const auto& words : mistakes) {
    const Parsed parsed = Parse(words);
    EXPECT_FALSE(parsed.options) << testing::PrintToString(words);
    EXPECT_EQ(parsed.exit, -1);
    EXPECT_EQ(parsed.out, "");
    EXPECT_NE(parsed.err, "");
  }
}

}  // namespace
}  // namespace mapwire::pktgen
