// The standing part of fuzzing: every kept input, each a test of its own name, and random inputs
// from a fixed seed: bytes of several kinds, and kept inputs cut, joined and changed.
//
//   replay FOLDER INPUTS LONGEST [gtest options]   INPUTS random ones of at most LONGEST bytes
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "sim/engine/random.h"
#include "testing/fuzz/fuzz.h"

namespace {

using mapwire::sim::Random;
using Bytes = std::vector<uint8_t>;

void Play(const Bytes& bytes) {
  // A block of its own size, so that a sanitizer sees a read past the end.
  const Bytes exact(bytes.begin(), bytes.end());
  mapwire::fuzz::Fuzz(exact.data(), exact.size());
}

class Kept : public ::testing::Test {
 public:
  explicit Kept(Bytes bytes) : bytes_(std::move(bytes)) {}
  void TestBody() override { Play(bytes_); }

 private:
  const Bytes bytes_;
};

Bytes Fresh(Random& random, uint32_t longest) {
  Bytes bytes(random.Below(longest + 1));
  const uint64_t kind = random.Below(3);
  for (uint8_t& byte : bytes) {
    const auto any = static_cast<uint8_t>(random.Below(256));
    if (kind == 0) byte = any;
    if (kind == 1) byte = any % 8;
    if (kind == 2) byte = random.OneIn(4) ? any : any % 16;
  }
  return bytes;
}

Bytes Changed(Random& random, const std::vector<Bytes>& kept, uint32_t longest) {
  Bytes bytes = kept[random.Below(kept.size())];
  const Bytes& other = kept[random.Below(kept.size())];
  if (random.OneIn(2)) bytes.resize(random.Below(bytes.size() + 1));
  if (random.OneIn(2)) {
    const auto from = static_cast<ptrdiff_t>(random.Below(other.size() + 1));
    bytes.insert(bytes.end(), other.begin() + from, other.end());
  }
  for (uint64_t changes = random.Below(6); changes != 0 && !bytes.empty(); --changes) {
    bytes[random.Below(bytes.size())] = static_cast<uint8_t>(random.Below(256));
  }
  if (bytes.size() > longest) bytes.resize(longest);
  return bytes;
}

class Drawn : public ::testing::Test {
 public:
  Drawn(std::vector<Bytes> kept, uint32_t inputs, uint32_t longest)
      : kept_(std::move(kept)), inputs_(inputs), longest_(longest) {}

  void TestBody() override {
    Random random(20111);
    for (uint32_t i = 0; i < inputs_; ++i) {
      const bool change = !kept_.empty() && random.OneIn(2);
      Play(change ? Changed(random, kept_, longest_) : Fresh(random, longest_));
    }
  }

 private:
  const std::vector<Bytes> kept_;
  const uint32_t inputs_;
  const uint32_t longest_;
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s FOLDER INPUTS LONGEST\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> kept;
  for (const std::filesystem::path& path : files) {
    std::ifstream stream(path, std::ios::binary);
    kept.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    ::testing::RegisterTest("Kept", path.filename().c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [bytes = kept.back()] { return new Kept(bytes); });
  }
  const auto inputs = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const auto longest = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
  ::testing::RegisterTest("Drawn", "FromOneSeed", nullptr, nullptr, __FILE__, __LINE__,
                          [=] { return new Drawn(kept, inputs, longest); });
  return kept.empty() ? 1 : RUN_ALL_TESTS();
}
