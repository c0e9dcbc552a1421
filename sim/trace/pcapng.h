// Capture files: what went over the simulated wires, for Wireshark, and what shall go over them.
#ifndef SIM_TRACE_PCAPNG_H_
#define SIM_TRACE_PCAPNG_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/engine/time.h"
#include "sim/file/output_file.h"

namespace mapwire::sim {

// Frames a capture may hold: an Ethernet header at least, and at most the largest frame that the
// NICs pass, both without CRC.
inline constexpr size_t kMinCapturedFrame = 14;
inline constexpr size_t kMaxCapturedFrame = 9728;

// Writes one pcapng file; every wire, or direction of a wire, is an interface of it. After an error
// the other calls have no effect and Close tells the first one.
class PcapngWriter {
 public:
  PcapngWriter() = default;  // Without Open, the file is not there.
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  // Creates or empties the file. Call it once, before everything else.
  [[nodiscard]] FileError Open(const std::string& path);

  // Returns the number to give to Write, counting from 0. Interfaces may be added at any time, with
  // names of at most 65535 bytes. At least one is needed before libpcap accepts the file.
  uint32_t AddInterface(std::string_view name);

  // Appends a frame, without CRC. Virtual time, not negative, is rounded down to nanoseconds; it
  // shows as time since 1970.
  void Write(uint32_t interface, Time at, std::span<const uint8_t> frame);

  // Everything was written, or the first error, such as a full disk.
  [[nodiscard]] FileError Close() { return file_.Close(); }

 private:
  OutputFile file_;
  uint32_t interface_count_ = 0;
  std::vector<uint8_t> block_;  // The block being put together.
};

struct CapturedFrame {
  int64_t nanoseconds;  // As the file says: since 1970, or since the world began.
  std::vector<uint8_t> bytes;
};

// Reads a pcap or pcapng file of Ethernet frames, with time stamps of any precision. The frames, at
// least one and in the order of the file, or an error that begins with the path and says what is
// wrong, with the number of the packet (from 1) if it is about one: not a capture, not Ethernet,
// truncated or damaged, no packets, a packet that was not captured whole, a length outside
// kMinCapturedFrame..kMaxCapturedFrame.
using Capture = std::variant<std::vector<CapturedFrame>, std::string>;
[[nodiscard]] Capture ReadCapture(const std::string& path);

}  // namespace mapwire::sim

#endif  // SIM_TRACE_PCAPNG_H_
