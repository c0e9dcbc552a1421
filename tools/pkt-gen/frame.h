// The packets pkt-gen sends: UDP over IPv4 or IPv6, with right checksums.
#ifndef TOOLS_PKT_GEN_FRAME_H_
#define TOOLS_PKT_GEN_FRAME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/pkt-gen/addresses.h"

namespace mapwire::pktgen {

// The Internet checksum of bytes, added to `sum`; not folded. `bytes` begin at an even place.
uint32_t ChecksumAdd(uint32_t sum, std::span<const uint8_t> bytes);
// Folded and inverted.
uint16_t ChecksumEnd(uint32_t sum);

struct FrameOptions {
  uint32_t size = 60;     // without vnet header
  uint32_t min_size = 0;  // 0: all have `size` bytes
  uint32_t vnet_header = 0;
  std::array<uint8_t, 6> source_mac{};
  std::array<uint8_t, 6> target_mac{};
  IpRange source;
  IpRange target;
  bool random_source = false;
  bool random_target = false;
  uint64_t seed = 1;
};

inline constexpr size_t kEthernetBytes = 14;

// One packet, and how to make the next one from it.
class Frame {
 public:
  explicit Frame(const FrameOptions& options);
  // A packet that stays as it is, behind a vnet header of zeros.
  Frame(std::span<const uint8_t> bytes, uint32_t vnet_header);

  const uint8_t* data() const { return bytes_.data(); }
  // With the vnet header.
  uint32_t size() const { return vnet_header_ + length_; }
  uint32_t largest() const { return static_cast<uint32_t>(bytes_.size()) - kSlack; }

  // Whether Next() does anything, and whether it changes the size.
  bool varies() const { return walks_ || random_sizes_; }
  bool random_sizes() const { return random_sizes_; }
  // Bytes from the start that Next() may change, if sizes stay.
  uint32_t changing_bytes() const;
  // Addresses, ports and size of the next packet, and its checksums.
  void Next();

  // A number at the start of the UDP payload, and a time behind it, if there is room; the checksum
  // follows. Of made packets only.
  void SetSequence(uint32_t sequence);
  void SetTime(uint64_t nanoseconds);

 private:
  static constexpr uint32_t kSlack = 128;       // headers may reach behind a short packet
  static constexpr uint32_t kLivePayload = 12;  // sequence and time

  uint8_t* at(size_t offset) { return bytes_.data() + vnet_header_ + offset; }
  size_t ip_bytes() const { return ipv6_ ? 40 : 20; }
  size_t payload_at() const { return kEthernetBytes + ip_bytes() + 8; }
  uint32_t payload_bytes() const;
  void WriteHeaders(const FrameOptions& options);
  void WriteEndpoints();
  void SetLength(uint32_t length);
  void UpdateChecksums();
  uint32_t PayloadSum();

  std::vector<uint8_t> bytes_;
  uint32_t vnet_header_ = 0;
  uint32_t length_ = 0;
  bool made_ = false;
  bool ipv6_ = false;
  bool walks_ = false;
  bool random_sizes_ = false;
  uint32_t min_size_ = 0;
  uint32_t max_size_ = 0;
  uint64_t state_ = 1;
  Walk source_;
  Walk target_;
  // Sums of the payload behind the live bytes, of so many pairs of bytes.
  std::vector<uint32_t> sums_;
};

// What a packet made by Frame says; false if it is not long enough or of another kind.
bool ReadSequence(std::span<const uint8_t> packet, uint32_t vnet_header, uint32_t* sequence,
                  uint64_t* nanoseconds);

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_FRAME_H_
