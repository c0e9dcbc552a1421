// The command line of pkt-gen.
#ifndef TOOLS_PKT_GEN_OPTIONS_H_
#define TOOLS_PKT_GEN_OPTIONS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/pkt-gen/addresses.h"

namespace mapwire::pktgen {

enum class Function { kRx, kTx, kPing, kPong, kTxSequence, kRxSequence };

enum class DeviceKind { kNetmap, kTap, kPcap, kNull };

// Bits of -o.
inline constexpr uint32_t kPrefetch = 1;        // prefetch the next buffer
inline constexpr uint32_t kAccess = 2;          // rx: read a byte of each packet
inline constexpr uint32_t kCopy = 4;            // tx: copy each packet, as the library does
inline constexpr uint32_t kMemcpy = 8;          // tx: copy each packet by memcpy
inline constexpr uint32_t kTimestamp = 16;      // rx: ask for time stamps of rings
inline constexpr uint32_t kIndirect = 32;       // tx: slots point at the packet
inline constexpr uint32_t kDump = 64;           // print each packet
inline constexpr uint32_t kRubbish = 256;       // tx: send what is in the buffers
inline constexpr uint32_t kRandomSource = 512;  // tx: source addresses drawn at random
inline constexpr uint32_t kRandomTarget = 1024;
inline constexpr uint32_t kRateStatistics = 2048;  // report average and deviation of the rate
inline constexpr uint32_t kUpdateChecksum = 4096;  // accepted: checksums are always right

struct Options {
  Function function = Function::kRx;
  std::string port;  // as netmap or the device wants it
  DeviceKind device = DeviceKind::kNetmap;
  uint64_t count = 0;     // packets of all threads; 0: no end
  uint32_t size = 60;     // bytes of a packet, without virtio-net header
  uint32_t min_size = 0;  // 0: all have `size` bytes
  uint32_t burst = 512;
  IpRange source;
  IpRange target;
  std::optional<std::array<uint8_t, 6>> source_mac;  // that of the interface if there is none
  std::array<uint8_t, 6> target_mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  int first_cpu = -1;  // -1: threads run where they like
  int cpus = 0;        // 0: all
  uint32_t threads = 1;
  uint32_t report_ms = 1000;
  std::optional<uint32_t> wait_s;  // 2, and 0 for switches
  uint64_t rate = 0;               // packets a second of each thread; 0: as fast as it goes
  std::optional<uint32_t> vnet_header;
  std::string packet_file;
  uint32_t fragments = 1;      // slots of a packet
  uint32_t fragment_size = 0;  // bytes of a slot at most; 0: what a buffer holds
  std::string config;
  uint32_t flags = 0;  // -o and its friends
  bool scale = true;   // numbers of reports have unit prefixes
  bool framing = false;
  bool exit_on_silence = false;
  int verbose = 0;

  uint32_t WaitSeconds() const;
  bool transmits() const;
};

// Reads the command line. Returns nothing when the program is to end, with the status in *exit: 0
// after -h, -1 after a mistake, which was told on stderr.
std::optional<Options> ParseOptions(int argc, char** argv, int* exit);

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_OPTIONS_H_
