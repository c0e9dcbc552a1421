// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// nm_parse() on every port name of testing/golden/nm_open_names.tsv.
#define NETMAP_WITH_LIBS
#include <gtest/gtest.h>
#include <net/netmap_user.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Row {
  std::string text, name, ring, flags, arg2, error, message;
};

std::vector<Row> ReadTable() {
  std::ifstream file("testing/golden/nm_open_names.tsv");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> cells(1);
    for (char c : line) {
      if (c == '\t') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    cells.resize(7);
    rows.push_back({cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6]});
  }
  return rows;
}

struct Free {
  void operator()(void* p) const { free(p); }
};
using Descriptor = std::unique_ptr<nm_desc, Free>;

Descriptor NewDescriptor() { return Descriptor(static_cast<nm_desc*>(calloc(1, sizeof(nm_desc)))); }

TEST(ParseTest, EveryRowOfTheTable) {
  const std::vector<Row> rows = ReadTable();
  ASSERT_EQ(rows.size(), 51u);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const Descriptor d = NewDescriptor();
    const nmreq before = d->req;
    char err[MAXERRMSG] = "";
    errno = 0;
    const int result = nm_parse(row.text.c_str(), d.get(), err);
    if (row.message == "other") {
      EXPECT_EQ(result, -1);
      EXPECT_EQ(errno, EINVAL);
      EXPECT_NE(err[0], '\0');
      errno = EIO;
      EXPECT_EQ(nm_open(row.text.c_str(), nullptr, 0, nullptr), nullptr);
      EXPECT_EQ(errno, 0);
    } else if (row.error != "0") {
      EXPECT_EQ(result, -1);
      EXPECT_EQ(errno, std::stoi(row.error));
      EXPECT_EQ(err, row.message);
      EXPECT_EQ(memcmp(&before, &d->req, sizeof(before)), 0) << "modified by a failure";
    } else {
      EXPECT_EQ(result, 0) << err;
      EXPECT_EQ(d->req.nr_name, row.name);
      EXPECT_EQ(d->req.nr_ringid, std::stoul(row.ring));
      EXPECT_EQ(d->req.nr_flags, std::stoul(row.flags, nullptr, 16));
      EXPECT_EQ(d->req.nr_arg2, std::stoul(row.arg2));
    }
  }
}

std::string Message(const char* text) {
  const Descriptor d = NewDescriptor();
  char err[MAXERRMSG] = "";
  return nm_parse(text, d.get(), err) == 0 ? "" : err;
}

TEST(ParseTest, OtherMistakes) {
  EXPECT_EQ(Message("netmap:eth0/q"), "unrecognized flag: 'q'");
  EXPECT_EQ(Message("netmap:eth0/x/z"), "unrecognized flag: '/'");
  EXPECT_EQ(Message("netmap:eth0/@1"), "unrecognized flag: '@'");
  EXPECT_EQ(Message("netmap:eth0@1x"), "unexpected character: 'x'");
  EXPECT_EQ(Message("netmap:eth0@1@2"), "double setting of memid");
  EXPECT_EQ(Message("netmap:eth0@65536"), "invalid memid 65536, must be <=65535");
  EXPECT_EQ(Message("netmap:eth0@-1"), "invalid memid 0, must be >0");
  EXPECT_EQ(Message("netmap:eth0-1-2"), "unexpected character: '-'");
  EXPECT_EQ(Message("vale:0123456789a"), "name too long");
  EXPECT_NE(Message("netmap:eth0-99999999999999999999999999"), "");
  EXPECT_NE(Message("netmap:eth0@99999999999999999999999999"), "");
}

TEST(ParseTest, LongestName) {
  const Descriptor d = NewDescriptor();
  EXPECT_EQ(nm_parse("netmap:a12345678901234", d.get(), nullptr), 0);
  EXPECT_STREQ(d->req.nr_name, "a12345678901234");
  EXPECT_EQ(Message("netmap:a123456789012345"), "name too long");
}

TEST(ParseTest, LargestRegion) {
  const Descriptor d = NewDescriptor();
  EXPECT_EQ(nm_parse("netmap:eth0@65535", d.get(), nullptr), 0);
  EXPECT_EQ(d->req.nr_arg2, 65535);
}

TEST(ParseTest, NoPlaceForTheMessageIsAllowed) {
  const Descriptor d = NewDescriptor();
  EXPECT_EQ(nm_parse("netmap:eth0/", d.get(), nullptr), -1);
}

TEST(ParseTest, ModeFlagsAndRingAreAddedToTheRequest) {
  const Descriptor d = NewDescriptor();
  d->req.nr_flags = NR_ACCEPT_VNET_HDR;
  d->req.nr_ringid = NETMAP_NO_TX_POLL;
  d->req.nr_arg2 = 9;
  memset(d->req.nr_name, 'z', sizeof(d->req.nr_name));
  ASSERT_EQ(nm_parse("netmap:eth0-5/x", d.get(), nullptr), 0);
  EXPECT_EQ(d->req.nr_flags, NR_ACCEPT_VNET_HDR | NR_EXCLUSIVE | NR_REG_ONE_NIC);
  EXPECT_EQ(d->req.nr_ringid, NETMAP_NO_TX_POLL | 5);
  EXPECT_EQ(d->req.nr_arg2, 9) << "a region in the name only replaces it";
  EXPECT_STREQ(d->req.nr_name, "eth0");
  EXPECT_EQ(d->req.nr_name[IFNAMSIZ - 1], '\0');
}

TEST(IdentifierTest, LettersDigitsAndUnderscores) {
  const char text[] = "aZ_09-b";
  EXPECT_TRUE(nm_is_identifier(text, text));
  EXPECT_TRUE(nm_is_identifier(text, text + 5));
  EXPECT_FALSE(nm_is_identifier(text, text + 6));
  const char high[] = "\xe9";
  EXPECT_FALSE(nm_is_identifier(high, high + 1));
}

}  // namespace
