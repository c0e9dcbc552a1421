// Test frames: UDP over IPv4 with a sequence number and a pattern that depends on it.
#ifndef SIM_PROGRAMS_UDP_FRAME_H_
#define SIM_PROGRAMS_UDP_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace mapwire::sim {

inline constexpr size_t kMinUdpFrame = 60;  // without CRC
inline constexpr size_t kSequenceAt = 42;   // first payload byte

// Which flow a frame belongs to; receive-side scaling sees nothing else.
struct UdpFlow {
  uint32_t source = 0x0a000001;       // 10.0.0.1
  uint32_t destination = 0x0a010001;  // 10.1.0.1
  uint16_t source_port = 1234;
  uint16_t destination_port = 1234;
};

// Writes frame `sequence` of `length` bytes (>= kMinUdpFrame), checksums included.
void WriteUdpFrame(uint8_t* frame, size_t length, const UdpFlow& flow, uint64_t sequence);

// The sequence number, or nothing if a byte of the frame is not as WriteUdpFrame leaves it.
std::optional<uint64_t> CheckUdpFrame(const uint8_t* frame, size_t length, const UdpFlow& flow);

}  // namespace mapwire::sim

#endif  // SIM_PROGRAMS_UDP_FRAME_H_
