#include "tools/pkt-gen/options.h"

#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace mapwire::pktgen {
namespace {

constexpr size_t kLongestPort = 504;
constexpr uint32_t kMinSize = 16;
constexpr uint32_t kMaxSize = 65536;
constexpr uint32_t kMaxFragments = 63;
constexpr char kLetters[] = "ha:f:F:Nn:i:Il:d:s:D:S:b:c:o:p:T:w:WvR:XC:H:rP:zZAM:46B";

constexpr char kUsage[] =
    "usage: pkt-gen -i PORT [OPTIONS]\n"
    "\n"
    "  -i PORT        netmap:NAME, valeX:NAME, tap:NAME, pcap:NAME, null; NAME alone is "
    "netmap:NAME\n"
    "  -f FUNCTION    rx (default), tx, ping, pong, txseq, rxseq\n"
    "  -n COUNT       packets, then end; 0 (default): no end\n"
    "  -l SIZE        bytes of a packet without CRC, 16 to 65536 (60); a second -l: sizes are "
    "drawn\n"
    "                 between the two\n"
    "  -b BURST       packets per batch (512; ping and pong 1)\n"
    "  -R RATE        packets a second of each thread; 0 (default): no limit\n"
    "  -d, -s RANGE   destination and source, IP[:PORT][-IP[:PORT]] (10.1.0.1 and 10.0.0.1, port\n"
    "                 1234; IPv6 with a port in brackets)\n"
    "  -D, -S MAC     destination (ff:ff:ff:ff:ff:ff) and source (that of the interface)\n"
    "  -4, -6         IPv4 (default) or IPv6\n"
    "  -z, -Z         draw source, destination addresses at random\n"
    "  -p THREADS     one ring each (1)\n"
    "  -a CPU         the first thread runs there, the next ones on the next ones\n"
    "  -c CPUS        how many CPUs to use; 0 (default): all\n"
    "  -w SECONDS     wait for the link (2; vale: 0)\n"
    "  -W             rx: end after a second of silence\n"
    "  -T MS          time between reports (1000)\n"
    "  -A             reports tell average and deviation\n"
    "  -N             numbers without unit prefixes\n"
    "  -B             reports count the 24 bytes around a frame\n"
    "  -F COUNT       slots of a packet, 1 to 63 (1)\n"
    "  -M SIZE        bytes of a slot at most\n"
    "  -H LENGTH      virtio-net header: 0, 10 or 12\n"
    "  -P FILE        send the first packet of a capture\n"
    "  -I             slots point at the packet (vale)\n"
    "  -r             send what is in the buffers\n"
    "  -X             print each packet\n"
    "  -o BITS        1 prefetch, 2 access, 4 copy, 8 memcpy, 16 time stamps, 32 as -I, 64 as -X,\n"
    "                 256 as -r, 512 as -z, 1024 as -Z, 2048 as -A, 4096 update checksums\n"
    "  -C CONFIG      tx-slots[,rx-slots[,tx-rings[,rx-rings]]] (deprecated: use @conf of the "
    "name)\n"
    "  -v             say more\n"
    "  -h             this\n";

struct Failure {
  std::string what;
};

// A number in [low, high].
uint64_t Number(char letter, const char* text, uint64_t low, uint64_t high, int base = 10) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text, &end, base);
  if (*text == '\0' || *text == '-' || *end != '\0' || value < low || value > high) {
    throw Failure{std::string("-") + letter + " " + text + ": not a number from " +
                  std::to_string(low) + " to " + std::to_string(high)};
  }
  return value;
}

uint32_t Number32(char letter, const char* text, uint32_t low = 0,
                  uint32_t high = std::numeric_limits<int>::max()) {
  return static_cast<uint32_t>(Number(letter, text, low, high));
}

Function FunctionOf(const std::string& name) {
  static const struct {
    const char* name;
    Function function;
  } functions[] = {
      {"rx", Function::kRx},
      {"tx", Function::kTx},
      {"ping", Function::kPing},
      {"pong", Function::kPong},
      {"txseq", Function::kTxSequence},
      {"rxseq", Function::kRxSequence},
  };
  for (const auto& each : functions) {
    if (name == each.name) return each.function;
  }
  throw Failure{"-f " + name + ": no such function"};
}

bool StartsWith(const std::string& text, const char* prefix) {
  return text.compare(0, std::strlen(prefix), prefix) == 0;
}

void SetPort(const std::string& name, Options& options) {
  if (name.size() > kLongestPort) throw Failure{"-i: name too long"};
  options.device = DeviceKind::kNetmap;
  options.port = name;
  if (name == "null") {
    options.device = DeviceKind::kNull;
  } else if (StartsWith(name, "tap:")) {
    options.device = DeviceKind::kTap;
    options.port = name.substr(4);
  } else if (StartsWith(name, "pcap:")) {
    options.device = DeviceKind::kPcap;
    options.port = name.substr(5);
  } else if (StartsWith(name, "netmap:") || StartsWith(name, "vale")) {
  } else if (StartsWith(name, "tap")) {
    options.device = DeviceKind::kTap;
  } else {
    options.port = "netmap:" + name;
  }
}

IpRange Range(char letter, const std::string& text) {
  const auto range = ParseIpRange(text);
  if (!range) throw Failure{std::string("-") + letter + " " + text + ": not a range of addresses"};
  return *range;
}

std::array<uint8_t, 6> Mac(char letter, const char* text) {
  const auto mac = ParseMac(text);
  if (!mac) throw Failure{std::string("-") + letter + " " + text + ": not a MAC address"};
  return *mac;
}

// What several options decide together.
struct Pending {
  int family = 0;  // 4, 6, or 0: that of the addresses
  std::string source;
  std::string target;
  int sizes = 0;
  bool burst = false;
  bool port = false;
  bool help = false;
};

// Options that take a value; false if `letter` is none of them.
bool TakeValue(char letter, const char* value, Options& options, Pending& pending) {
  switch (letter) {
    case 'a':
      options.first_cpu = static_cast<int>(Number32(letter, value));
      break;
    case 'f':
      options.function = FunctionOf(value);
      break;
    case 'F':
      options.fragments = Number32(letter, value, 1, kMaxFragments);
      break;
    case 'M':
      options.fragment_size = Number32(letter, value, 1, 65535);
      break;
    case 'n':
      options.count = Number(letter, value, 0, std::numeric_limits<int64_t>::max());
      break;
    case 'i':
      SetPort(value, options);
      pending.port = true;
      break;
    case 'l':
      if (pending.sizes++ == 0) {
        options.size = Number32(letter, value, kMinSize, kMaxSize);
      } else {
        options.min_size = Number32(letter, value, kMinSize, kMaxSize);
      }
      break;
    case 'd':
      pending.target = value;
      break;
    case 's':
      pending.source = value;
      break;
    case 'D':
      options.target_mac = Mac(letter, value);
      break;
    case 'S':
      options.source_mac = Mac(letter, value);
      break;
    case 'b':
      options.burst = Number32(letter, value, 1);
      pending.burst = true;
      break;
    case 'c':
      options.cpus = static_cast<int>(Number32(letter, value));
      break;
    case 'o':
      options.flags |= static_cast<uint32_t>(Number(letter, value, 0, 0xffff, 0));
      break;
    case 'p':
      options.threads = Number32(letter, value, 1, 4096);
      break;
    case 'T':
      options.report_ms = Number32(letter, value, 1);
      break;
    case 'w':
      options.wait_s = Number32(letter, value);
      break;
    case 'R':
      options.rate = Number(letter, value, 0, 1000000000);
      break;
    case 'C':
      options.config = value;
      break;
    case 'P':
      options.packet_file = value;
      break;
    case 'H': {
      const uint32_t length = Number32(letter, value);
      if (length != 0 && length != 10 && length != 12) throw Failure{"-H is 0, 10 or 12"};
      options.vnet_header = length;
      break;
    }
    default:
      return false;
  }
  return true;
}

// Options that stand alone; false if `letter` is none of them.
bool TakeFlag(char letter, Options& options, Pending& pending) {
  switch (letter) {
    case 'h':
      pending.help = true;
      break;
    case '4':
      pending.family = 4;
      break;
    case '6':
      pending.family = 6;
      break;
    case 'N':
      options.scale = false;
      break;
    case 'I':
      options.flags |= kIndirect;
      break;
    case 'W':
      options.exit_on_silence = true;
      break;
    case 'v':
      ++options.verbose;
      break;
    case 'X':
      options.flags |= kDump;
      break;
    case 'r':
      options.flags |= kRubbish;
      break;
    case 'z':
      options.flags |= kRandomSource;
      break;
    case 'Z':
      options.flags |= kRandomTarget;
      break;
    case 'A':
      options.flags |= kRateStatistics;
      break;
    case 'B':
      options.framing = true;
      break;
    default:
      return false;
  }
  return true;
}

void Complete(Options& options, Pending& pending) {
  if (!pending.port) throw Failure{"-i is missing"};
  if (pending.sizes > 2) throw Failure{"-l is given more than twice"};
  if (options.min_size > options.size) std::swap(options.min_size, options.size);
  const bool answers = options.function == Function::kPing || options.function == Function::kPong;
  if (answers && !pending.burst) options.burst = 1;
  if (pending.family == 0) {
    // Of the address that was given, if one was.
    const std::string& given = pending.target.empty() ? pending.source : pending.target;
    pending.family = !given.empty() && Range('d', given).ipv6 ? 6 : 4;
  }
  const bool ipv6 = pending.family == 6;
  if (pending.source.empty()) pending.source = ipv6 ? "fd00::1" : "10.0.0.1";
  if (pending.target.empty()) pending.target = ipv6 ? "fd00::2" : "10.1.0.1";
  options.source = Range('s', pending.source);
  options.target = Range('d', pending.target);
  if (options.source.ipv6 != ipv6 || options.target.ipv6 != ipv6) {
    throw Failure{"-s and -d are of different families"};
  }
  const bool numbers =
      options.function == Function::kPing || options.function == Function::kTxSequence;
  if (numbers && options.threads > 1) throw Failure{"this function has one thread"};
  if (options.device != DeviceKind::kNetmap && options.function != Function::kTx &&
      options.function != Function::kRx) {
    throw Failure{"this function needs a netmap port"};
  }
}

}  // namespace

uint32_t Options::WaitSeconds() const {
  if (wait_s) return *wait_s;
  return device == DeviceKind::kNetmap && !StartsWith(port, "vale") ? 2 : 0;
}

bool Options::transmits() const {
  return function == Function::kTx || function == Function::kTxSequence ||
         function == Function::kPing;
}

std::optional<Options> ParseOptions(int argc, char** argv, int* exit) {
  Options options;
  Pending pending;
  *exit = -1;
  optind = 0;  // getopt starts anew
  try {
    int letter;
    while ((letter = getopt(argc, argv, kLetters)) != -1) {
      if (letter == '?') throw Failure{""};  // getopt has told
      const char each = static_cast<char>(letter);
      if (!TakeFlag(each, options, pending)) TakeValue(each, optarg, options, pending);
      if (pending.help) {
        std::fputs(kUsage, stdout);
        *exit = 0;
        return std::nullopt;
      }
    }
    if (optind < argc) throw Failure{std::string(argv[optind]) + ": not an option"};
    Complete(options, pending);
  } catch (const Failure& failure) {
    if (!failure.what.empty()) std::fprintf(stderr, "pkt-gen: %s\n", failure.what.c_str());
    std::fputs("pkt-gen -h tells the options\n", stderr);
    return std::nullopt;
  }
  return options;
}

}  // namespace mapwire::pktgen
