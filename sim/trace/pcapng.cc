// Writing pcapng by hand (the blocks of draft-ietf-opsawg-pcapng), reading through libpcap.
#include "sim/trace/pcapng.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <cassert>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>

namespace mapwire::sim {
namespace {

// Block and option codes of pcapng.
constexpr uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kEnhancedPacket = 6;
constexpr uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionName = 2;         // if_name
constexpr uint16_t kOptionResolution = 9;   // if_tsresol
constexpr uint8_t kTenToTheMinusNinth = 9;  // Time stamps in nanoseconds.
constexpr uint16_t kLinkEthernet = 1;
constexpr uint32_t kSnapLength = 262144;  // What libpcap takes for "all".

constexpr size_t kMaxOption = 65535;

// One block, little-endian: type, length, body, length again.
class Block {
 public:
  Block(std::vector<uint8_t>& bytes, uint32_t type) : bytes_(bytes) {
    bytes_.clear();
    U32(type);
    U32(0);  // The length, once it is known.
  }

  void U16(uint16_t value) { Little(value, 2); }
  void U32(uint32_t value) { Little(value, 4); }
  void U64(uint64_t value) { Little(value, 8); }

  // Bytes, padded to a multiple of four.
  void Padded(std::span<const uint8_t> data) {
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }

  void Option(uint16_t code, std::span<const uint8_t> value) {
    assert(value.size() <= kMaxOption);
    U16(code);
    U16(static_cast<uint16_t>(value.size()));
    Padded(value);
  }

  void WriteTo(OutputFile& file) {
    const uint32_t length = static_cast<uint32_t>(bytes_.size() + 4);
    U32(length);
    for (int i = 0; i < 4; ++i) bytes_[4 + i] = static_cast<uint8_t>(length >> (8 * i));
    file.Write(bytes_.data(), bytes_.size());
  }

 private:
  void Little(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }

  std::vector<uint8_t>& bytes_;
};

struct CloseCapture {
  void operator()(pcap_t* capture) const { pcap_close(capture); }
};
using CaptureFile = std::unique_ptr<pcap_t, CloseCapture>;

// Says what is wrong, or sets capture, which then owns the file. The file is opened here and not by
// libpcap, which takes "-" for the standard input.
std::optional<std::string> OpenCapture(const std::string& path, CaptureFile& capture) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    return "cannot be opened: " + std::generic_category().message(errno);
  }
  char why[PCAP_ERRBUF_SIZE] = "";
  capture.reset(pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why));
  if (capture) return {};
  std::fclose(file);
  return fmt::format("is not a capture that can be read: {}", why);
}

std::string LinkTypeName(int link_type) {
  const char* name = pcap_datalink_val_to_name(link_type);
  return name != nullptr ? name : fmt::format("number {}", link_type);
}

// With pcap_fopen_offline's nanosecond precision tv_usec holds nanoseconds.
std::optional<int64_t> Nanoseconds(const timeval& stamp) {
  constexpr int64_t kPerSecond = 1'000'000'000;
  const int64_t seconds = stamp.tv_sec, rest = stamp.tv_usec;
  int64_t sum;
  if (seconds < 0 || rest < 0 || rest >= kPerSecond ||
      __builtin_mul_overflow(seconds, kPerSecond, &sum) ||
      __builtin_add_overflow(sum, rest, &sum)) {
    return {};
  }
  return sum;
}

// Appends the packet, or says what is wrong with it.
std::optional<std::string> TakePacket(const pcap_pkthdr& header, const uint8_t* bytes,
                                      std::vector<CapturedFrame>& frames) {
  if (header.caplen != header.len) {
    return fmt::format("was not captured whole: {} of {} bytes", header.caplen, header.len);
  }
  if (header.len < kMinCapturedFrame || header.len > kMaxCapturedFrame) {
    return fmt::format("has {} bytes; {} to {} are possible", header.len, kMinCapturedFrame,
                       kMaxCapturedFrame);
  }
  const std::optional<int64_t> nanoseconds = Nanoseconds(header.ts);
  if (!nanoseconds) return "has a time stamp that is not possible";
  frames.push_back({*nanoseconds, std::vector<uint8_t>(bytes, bytes + header.caplen)});
  return {};
}

// Appends all packets, or says what is wrong.
std::optional<std::string> TakePackets(pcap_t* capture, std::vector<CapturedFrame>& frames) {
  for (;;) {
    pcap_pkthdr* header;
    const uint8_t* bytes;
    const size_t number = frames.size() + 1;
    switch (pcap_next_ex(capture, &header, &bytes)) {
      case 1:
        if (const auto error = TakePacket(*header, bytes, frames)) {
          return fmt::format("packet {} {}", number, *error);
        }
        break;
      case PCAP_ERROR_BREAK:  // The end of the file.
        if (frames.empty()) return "holds no packets";
        return {};
      default:
        return fmt::format("packet {} cannot be read: {}", number, pcap_geterr(capture));
    }
  }
}

}  // namespace

FileError PcapngWriter::Open(const std::string& path) {
  if (FileError error = file_.Open(path)) return error;
  Block block(block_, kSectionHeader);
  block.U32(kByteOrderMagic);
  block.U16(1);  // Version 1.0.
  block.U16(0);
  block.U64(UINT64_MAX);  // The length of the section is not told.
  block.WriteTo(file_);
  return file_.error();
}

uint32_t PcapngWriter::AddInterface(std::string_view name) {
  Block block(block_, kInterfaceDescription);
  block.U16(kLinkEthernet);
  block.U16(0);  // Reserved.
  block.U32(kSnapLength);
  block.Option(kOptionName, {reinterpret_cast<const uint8_t*>(name.data()), name.size()});
  block.Option(kOptionResolution, {&kTenToTheMinusNinth, 1});
  block.Option(kOptionEnd, {});
  block.WriteTo(file_);
  return interface_count_++;
}

void PcapngWriter::Write(uint32_t interface, Time at, std::span<const uint8_t> frame) {
  assert(interface < interface_count_);
  assert(at >= 0 && frame.size() <= kSnapLength);
  const uint64_t nanoseconds = static_cast<uint64_t>(at / kNanosecond);
  Block block(block_, kEnhancedPacket);
  block.U32(interface);
  block.U32(static_cast<uint32_t>(nanoseconds >> 32));
  block.U32(static_cast<uint32_t>(nanoseconds));
  block.U32(static_cast<uint32_t>(frame.size()));  // Captured,
  block.U32(static_cast<uint32_t>(frame.size()));  // and on the wire.
  block.Padded(frame);
  block.WriteTo(file_);
}

Capture ReadCapture(const std::string& path) {
  CaptureFile capture;
  if (const auto error = OpenCapture(path, capture)) return path + ": " + *error;
  if (const int link_type = pcap_datalink(capture.get()); link_type != DLT_EN10MB) {
    return fmt::format("{}: holds packets of link type {}, not Ethernet", path,
                       LinkTypeName(link_type));
  }
  std::vector<CapturedFrame> frames;
  if (const auto error = TakePackets(capture.get(), frames)) return path + ": " + *error;
  return frames;
}

}  // namespace mapwire::sim
