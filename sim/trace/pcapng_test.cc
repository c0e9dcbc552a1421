// Unit tests of capture files: written here and read by libpcap, written by libpcap and read here.
#include "sim/trace/pcapng.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace mapwire::sim {
namespace {

using Bytes = std::vector<uint8_t>;

std::string TempPath(const std::string& name) { return ::testing::TempDir() + "/" + name; }

Bytes FrameOf(size_t size, uint8_t first = 1) {
  Bytes frame(size);
  for (size_t i = 0; i < size; ++i) frame[i] = static_cast<uint8_t>(first + i * 7);
  return frame;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// The frames, or none and a failed test.
std::vector<CapturedFrame> FramesOf(const Capture& capture) {
  if (const auto* error = std::get_if<std::string>(&capture)) {
    ADD_FAILURE() << *error;
    return {};
  }
  return std::get<std::vector<CapturedFrame>>(capture);
}

// The error without the path it begins with; empty if there is none.
std::string ErrorOf(const std::string& path) {
  const Capture capture = ReadCapture(path);
  const auto* error = std::get_if<std::string>(&capture);
  if (error == nullptr) return {};
  EXPECT_EQ(error->substr(0, path.size() + 2), path + ": ");
  return error->substr(path.size() + 2);
}

struct Packet {
  int64_t seconds;
  int64_t fraction;  // In the file's precision.
  Bytes bytes;
  uint32_t length_on_wire = 0;  // 0: as many bytes as there are.
};

// Lets libpcap write a pcap file.
std::string WritePcap(const std::string& name, int link_type, int precision,
                      const std::vector<Packet>& packets) {
  const std::string path = TempPath(name);
  pcap_t* dead = pcap_open_dead_with_tstamp_precision(link_type, 262144, precision);
  pcap_dumper_t* dumper = pcap_dump_open(dead, path.c_str());
  EXPECT_NE(dumper, nullptr);
  for (const Packet& packet : packets) {
    pcap_pkthdr header = {};
    header.ts.tv_sec = packet.seconds;
    header.ts.tv_usec = packet.fraction;
    header.caplen = static_cast<uint32_t>(packet.bytes.size());
    header.len = packet.length_on_wire != 0 ? packet.length_on_wire : header.caplen;
    pcap_dump(reinterpret_cast<u_char*>(dumper), &header, packet.bytes.data());
  }
  pcap_dump_close(dumper);
  pcap_close(dead);
  return path;
}

std::string WriteNanoPcap(const std::string& name, const std::vector<Packet>& packets) {
  return WritePcap(name, DLT_EN10MB, PCAP_TSTAMP_PRECISION_NANO, packets);
}

// A pcapng file of frames on two interfaces: two small ones, and one of the largest.
std::string WriteSample(const std::string& name, bool has_large = true) {
  const std::string path = TempPath(name);
  PcapngWriter writer;
  EXPECT_FALSE(writer.Open(path));
  EXPECT_EQ(writer.AddInterface("wire a->b"), 0u);
  writer.Write(0, 67'200, FrameOf(60));
  EXPECT_EQ(writer.AddInterface("wire b->a, längs"), 1u);
  writer.Write(1, 5 * kSecond + 123'456'789'999, FrameOf(61, 9));
  if (has_large) writer.Write(0, 100 * 86'400 * kSecond, FrameOf(9728, 5));
  EXPECT_FALSE(writer.Close());
  return path;
}

TEST(PcapngWriter, WritesTheFormatByteForByte) {
  const std::string path = TempPath("format.pcapng");
  PcapngWriter writer;
  ASSERT_FALSE(writer.Open(path));
  writer.AddInterface("w1->2");
  writer.Write(0, 0x1122334455 * kNanosecond + 999, FrameOf(14));
  ASSERT_FALSE(writer.Close());
  const uint8_t expected[] = {
      0x0A, 0x0D, 0x0D, 0x0A, 28,   0,    0,    0,     // Section header block.
      0x4D, 0x3C, 0x2B, 0x1A, 1,    0,    0,    0,     //
      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,  //
      28,   0,    0,    0,                             //
      1,    0,    0,    0,    44,   0,    0,    0,     // Interface description block.
      1,    0,    0,    0,    0,    0,    4,    0,     // Ethernet, snapshot length.
      2,    0,    5,    0,    'w',  '1',  '-',  '>',   // if_name
      '2',  0,    0,    0,                             //
      9,    0,    1,    0,    9,    0,    0,    0,     // if_tsresol
      0,    0,    0,    0,    44,   0,    0,    0,     //
      6,    0,    0,    0,    48,   0,    0,    0,     // Enhanced packet block.
      0,    0,    0,    0,    0x11, 0,    0,    0,     // Interface, time.
      0x55, 0x44, 0x33, 0x22, 14,   0,    0,    0,     //
      14,   0,    0,    0,    1,    8,    15,   22,    //
      29,   36,   43,   50,   57,   64,   71,   78,    //
      85,   92,   0,    0,    48,   0,    0,    0,
  };
  EXPECT_EQ(ReadAll(path), std::string(std::begin(expected), std::end(expected)));
}

TEST(PcapngWriter, IsReadBackByLibpcap) {
  const std::vector<CapturedFrame> frames = FramesOf(ReadCapture(WriteSample("sample.pcapng")));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].nanoseconds, 67);
  EXPECT_EQ(frames[1].nanoseconds, 5'123'456'789);
  EXPECT_EQ(frames[2].nanoseconds, 100 * 86'400 * 1'000'000'000LL);
  EXPECT_EQ(frames[0].bytes, FrameOf(60));
  EXPECT_EQ(frames[1].bytes, FrameOf(61, 9));
  EXPECT_EQ(frames[2].bytes, FrameOf(9728, 5));
}

TEST(PcapngWriter, WritesTheSameFileAgain) {
  EXPECT_EQ(ReadAll(WriteSample("one.pcapng")), ReadAll(WriteSample("two.pcapng")));
}

TEST(PcapngWriter, SaysThatItCannotOpenOrThatTheDiskIsFull) {
  PcapngWriter nowhere;
  EXPECT_EQ(nowhere.Open("/no/such/folder/x.pcapng").value_or(""),
            "/no/such/folder/x.pcapng: cannot be created: No such file or directory");
  nowhere.AddInterface("wire");
  nowhere.Write(0, 0, FrameOf(60));
  EXPECT_TRUE(nowhere.Close());

  PcapngWriter full;
  ASSERT_FALSE(full.Open("/dev/full"));
  full.AddInterface("wire");
  for (int i = 0; i < 5000; ++i) full.Write(0, i, FrameOf(60));
  EXPECT_EQ(full.Close().value_or(""), "/dev/full: cannot be written: No space left on device");
}

TEST(ReadCapture, ReadsBothPrecisionsOfPcap) {
  const std::string nano = WriteNanoPcap("nano.pcap", {{1'700'000'000, 123'456'789, FrameOf(64)}});
  const std::string micro = WritePcap("micro.pcap", DLT_EN10MB, PCAP_TSTAMP_PRECISION_MICRO,
                                      {{1'700'000'000, 123'456, FrameOf(64)}});
  EXPECT_EQ(FramesOf(ReadCapture(nano)).at(0).nanoseconds, 1'700'000'000'123'456'789);
  EXPECT_EQ(FramesOf(ReadCapture(micro)).at(0).nanoseconds, 1'700'000'000'123'456'000);
  EXPECT_EQ(FramesOf(ReadCapture(micro)).at(0).bytes, FrameOf(64));
}

TEST(ReadCapture, TellsFilesThatAreNotThereOrNotCaptures) {
  EXPECT_EQ(ErrorOf(TempPath("missing.pcap")), "cannot be opened: No such file or directory");
  EXPECT_EQ(ErrorOf("-"), "cannot be opened: No such file or directory") << "not standard input";
  EXPECT_NE(ErrorOf("/tmp").find("Is a directory"), std::string::npos);
  const std::string text = TempPath("text.pcap"), empty = TempPath("empty.pcap");
  WriteAll(text, "this is not a capture, but a text of some length\n");
  WriteAll(empty, "");
  EXPECT_EQ(ErrorOf(text), "is not a capture that can be read: unknown file format");
  EXPECT_NE(ErrorOf(empty).find("is not a capture that can be read: truncated"), std::string::npos);
}

TEST(ReadCapture, RefusesOtherLinksThanEthernet) {
  const std::string path =
      WritePcap("raw.pcap", DLT_RAW, PCAP_TSTAMP_PRECISION_NANO, {{0, 0, FrameOf(64)}});
  EXPECT_EQ(ErrorOf(path), "holds packets of link type RAW, not Ethernet");
}

TEST(ReadCapture, RefusesCapturesWithoutPackets) {
  EXPECT_EQ(ErrorOf(WriteNanoPcap("none.pcap", {})), "holds no packets");
  PcapngWriter writer;
  ASSERT_FALSE(writer.Open(TempPath("none.pcapng")));
  writer.AddInterface("wire");
  ASSERT_FALSE(writer.Close());
  EXPECT_EQ(ErrorOf(TempPath("none.pcapng")), "holds no packets");
}

TEST(ReadCapture, NamesThePacketThatWasNotCapturedWhole) {
  const std::string path = WriteNanoPcap(
      "snapped.pcap", {{0, 0, FrameOf(64)}, {0, 1, FrameOf(96), 1514}, {0, 2, FrameOf(64)}});
  EXPECT_EQ(ErrorOf(path), "packet 2 was not captured whole: 96 of 1514 bytes");
}

TEST(ReadCapture, TakesFramesFrom14To9728Bytes) {
  EXPECT_EQ(FramesOf(ReadCapture(WriteNanoPcap("limits.pcap",
                                               {{0, 0, FrameOf(14)}, {0, 1, FrameOf(9728)}})))
                .size(),
            2u);
  EXPECT_EQ(ErrorOf(WriteNanoPcap("short.pcap", {{0, 0, FrameOf(64)}, {0, 1, FrameOf(13)}})),
            "packet 2 has 13 bytes; 14 to 9728 are possible");
  EXPECT_EQ(ErrorOf(WriteNanoPcap("long.pcap", {{0, 0, FrameOf(9729)}})),
            "packet 1 has 9729 bytes; 14 to 9728 are possible");
}

TEST(ReadCapture, RefusesImpossibleTimeStamps) {
  EXPECT_EQ(ErrorOf(WriteNanoPcap("stamp.pcap", {{0, 1'000'000'000, FrameOf(64)}})),
            "packet 1 has a time stamp that is not possible");
  EXPECT_EQ(ErrorOf(WriteNanoPcap("negative.pcap", {{-1, 0, FrameOf(64)}})),
            "packet 1 has a time stamp that is not possible");
}

// However much of a file is there, reading ends, and reads only packets that are whole.
TEST(ReadCapture, SurvivesBeingCutOffAnywhere) {
  const std::string whole[] = {
      ReadAll(WriteNanoPcap("whole.pcap", {{0, 1, FrameOf(60)}, {0, 2, FrameOf(61, 9)}})),
      ReadAll(WriteSample("whole.pcapng", false))};
  const std::string path = TempPath("cut");
  for (const std::string& bytes : whole) {
    int errors = 0;
    for (size_t size = 0; size < bytes.size(); ++size) {
      WriteAll(path, bytes.substr(0, size));
      const Capture capture = ReadCapture(path);
      if (std::holds_alternative<std::string>(capture)) {
        ++errors;
        continue;
      }
      for (const CapturedFrame& frame : std::get<0>(capture)) {
        EXPECT_EQ(frame.bytes, frame.bytes.size() == 60 ? FrameOf(60) : FrameOf(61, 9));
      }
    }
    EXPECT_GT(errors, static_cast<int>(bytes.size()) - 5) << "only ends between packets are valid";
  }
  WriteAll(path, whole[0].substr(0, whole[0].size() - 1));
  EXPECT_NE(ErrorOf(path).find("packet 2 cannot be read: truncated"), std::string::npos)
      << ErrorOf(path);
}

// Frames that are read are possible ones, whichever byte is wrong.
TEST(ReadCapture, SurvivesAnyWrongByte) {
  const std::string whole[] = {
      ReadAll(WriteNanoPcap("right.pcap", {{0, 1, FrameOf(60)}, {0, 2, FrameOf(61, 9)}})),
      ReadAll(WriteSample("right.pcapng", false))};
  const std::string path = TempPath("wrong");
  for (const std::string& bytes : whole) {
    int accepted = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        std::string wrong = bytes;
        wrong[i] = static_cast<char>(wrong[i] ^ flip);
        WriteAll(path, wrong);
        const Capture capture = ReadCapture(path);
        if (std::holds_alternative<std::string>(capture)) continue;
        ++accepted;
        ASSERT_FALSE(std::get<0>(capture).empty());
        for (const CapturedFrame& frame : std::get<0>(capture)) {
          ASSERT_GE(frame.bytes.size(), kMinCapturedFrame);
          ASSERT_LE(frame.bytes.size(), kMaxCapturedFrame);
          ASSERT_GE(frame.nanoseconds, 0);
        }
      }
    }
    EXPECT_GT(accepted, 300) << "two frames have 121 bytes, which nothing protects";
  }
}

}  // namespace
}  // namespace mapwire::sim
