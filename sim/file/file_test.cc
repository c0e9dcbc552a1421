// Unit tests of output files and escaping.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "sim/file/escape.h"
#include "sim/file/output_file.h"

namespace mapwire::sim {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(OutputFile, HoldsWhatWasWritten) {
  const std::string path = ::testing::TempDir() + "/written";
  OutputFile file;
  ASSERT_FALSE(file.Open(path));
  file.Write("one ");
  file.Write(std::string_view("two\0three", 9));
  EXPECT_FALSE(file.Close());
  EXPECT_FALSE(file.Close());
  EXPECT_EQ(ReadAll(path), std::string("one two\0three", 13));
}

TEST(OutputFile, SaysThatItCannotBeCreated) {
  OutputFile file;
  const FileError error = file.Open("/no/such/folder/file");
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, "/no/such/folder/file: cannot be created: No such file or directory");
  file.Write("without effect");
  EXPECT_EQ(file.Close(), error);
}

TEST(OutputFile, SaysThatTheDiskIsFull) {
  OutputFile file;
  ASSERT_FALSE(file.Open("/dev/full"));
  file.Write("fits the buffer, so only closing can tell");
  const FileError error = file.Close();
  ASSERT_TRUE(error);
  EXPECT_EQ(*error, "/dev/full: cannot be written: No space left on device");
  EXPECT_EQ(file.Close(), error);
}

TEST(OutputFile, KeepsTheErrorOfAWriteBeforeClose) {
  OutputFile file;
  ASSERT_FALSE(file.Open("/dev/full"));
  file.Write(std::string(1 << 20, 'x'));
  EXPECT_TRUE(file.error());
  EXPECT_TRUE(file.Close());
}

TEST(EscapeJson, IsReadBackAsItWas) {
  std::string ascii;
  for (int c = 0; c < 0x80; ++c) ascii += static_cast<char>(c);
  for (const std::string& text :
       {ascii, std::string("wire a→b, ring \"rx0\" \\ \xF0\x9F\x98\x80 \xC3\xA9")}) {
    EXPECT_EQ(nlohmann::json::parse('"' + EscapeJson(text) + '"').get<std::string>(), text);
  }
}

TEST(EscapeJson, ReplacesWhatIsNotUtf8) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(EscapeJson("a\xFFz"), "a" + mark + "z");
  EXPECT_EQ(EscapeJson("cut \xE2\x86"), "cut " + mark + mark);
  EXPECT_EQ(EscapeJson("\xC0\x80"), mark + mark) << "overlong";
  EXPECT_EQ(EscapeJson("\xE0\x80\x80"), mark + mark + mark) << "overlong";
  EXPECT_EQ(EscapeJson("\xED\xA0\x80"), mark + mark + mark) << "surrogate";
  EXPECT_EQ(EscapeJson("\xF4\x90\x80\x80"), mark + mark + mark + mark) << "beyond U+10FFFF";
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      EXPECT_TRUE(nlohmann::json::accept('"' + EscapeJson(text) + '"')) << first << " " << second;
    }
  }
}

TEST(EscapeXml, LeavesNoMarkup) {
  EXPECT_EQ(EscapeXml("<a b=\"c\">&amp;'"), "&lt;a b=&quot;c&quot;&gt;&amp;amp;'");
  EXPECT_EQ(EscapeXml("bell \x07"), "bell \xEF\xBF\xBD");
}

}  // namespace
}  // namespace mapwire::sim
