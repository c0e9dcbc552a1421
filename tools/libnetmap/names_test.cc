// Every row of testing/golden/portnames.tsv is a test of both parsers of port names.
#define NETMAP_WITH_LIBS
#include <gtest/gtest.h>
#include <libnetmap.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Row {
  int number;
  std::string text;
  std::string libnetmap;
  std::string nm_open;
};

std::vector<Row> ReadTable() {
  std::ifstream file("testing/golden/portnames.tsv");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Row row;
    row.number = static_cast<int>(rows.size());
    std::istringstream cells(line);
    std::getline(cells, row.text, '\t');
    std::getline(cells, row.libnetmap, '\t');
    std::getline(cells, row.nm_open, '\t');
    rows.push_back(row);
  }
  return rows;
}

// For the name of the test: characters that a name may not have are spelled out.
std::string NameOf(const testing::TestParamInfo<Row>& info) {
  std::string name = "Row" + std::to_string(info.param.number) + "_";
  for (const char c : info.param.text) {
    if (isalnum(static_cast<unsigned char>(c)) != 0) {
      name += c;
    } else {
      char code[8];
      snprintf(code, sizeof(code), "_%02x", static_cast<unsigned char>(c));
      name += code;
    }
  }
  return name;
}

std::string Hex(unsigned long value) {
  char text[32];
  snprintf(text, sizeof(text), "0x%lx", value);
  return text;
}

int messages = 0;

void CountMessage(nmctx*, const char* message) {
  ++messages;
  EXPECT_NE(message[0], '\0');
}

nmctx CountingContext() {
  nmctx context = *nmctx_get();
  context.error = CountMessage;
  messages = 0;
  return context;
}

// What libnetmap does with a name, in the words of the table.
std::string Decode(const std::string& text) {
  nmctx context = CountingContext();
  nmreq_register reg;
  memset(&reg, 0, sizeof(reg));
  nmreq_header header;
  nmreq_header_init(&header, NETMAP_REQ_REGISTER, &reg);
  const nmreq_header header_before = header;
  const char* at = text.c_str();
  errno = 0;
  if (nmreq_header_decode(&at, &header, &context) != 0) {
    EXPECT_EQ(memcmp(&header, &header_before, sizeof(header)), 0) << "modified by a failure";
    EXPECT_EQ(at, text.c_str());
    EXPECT_EQ(messages, 1);
    return "HDR errno=" + std::to_string(errno);
  }
  const std::string name = std::string("name=") + header.nr_name;
  const nmreq_register reg_before = reg;
  const char* const mode = at;
  if (nmreq_register_decode(&at, &reg, &context) != 0) {
    EXPECT_EQ(memcmp(&reg, &reg_before, sizeof(reg)), 0) << "modified by a failure";
    EXPECT_EQ(at, mode);
    EXPECT_EQ(messages, 1);
    return name + " REG errno=" + std::to_string(errno);
  }
  EXPECT_EQ(messages, 0);
  return name + " mode=" + std::to_string(reg.nr_mode) + " ring=" + std::to_string(reg.nr_ringid) +
         " flags=" + Hex(reg.nr_flags) + " mem=" + std::to_string(reg.nr_mem_id) + " rest='" + at +
         "'";
}

// What nm_open does with it.
std::string Parse(const std::string& text) {
  if (text.compare(0, 7, "netmap:") != 0 && text.compare(0, 4, "vale") != 0) {
    errno = EIO;
    EXPECT_EQ(nm_open(text.c_str(), nullptr, 0, nullptr), nullptr);
    return "not a netmap name (NULL, errno " + std::to_string(errno) + ")";
  }
  const std::unique_ptr<nm_desc, decltype(&free)> d(
      static_cast<nm_desc*>(calloc(1, sizeof(nm_desc))), free);
  char message[MAXERRMSG] = "";
  errno = 0;
  if (nm_parse(text.c_str(), d.get(), message) != 0) {
    return "errno=" + std::to_string(errno) + " (" + message + ")";
  }
  return std::string("name=") + d->req.nr_name + " ring=" + std::to_string(d->req.nr_ringid) +
         " flags=" + Hex(d->req.nr_flags) + " arg2=" + std::to_string(d->req.nr_arg2);
}

class PortName : public testing::TestWithParam<Row> {};

TEST_P(PortName, Libnetmap) { EXPECT_EQ(Decode(GetParam().text), GetParam().libnetmap); }

TEST_P(PortName, NmOpen) { EXPECT_EQ(Parse(GetParam().text), GetParam().nm_open); }

INSTANTIATE_TEST_SUITE_P(Table, PortName, testing::ValuesIn(ReadTable()), NameOf);

TEST(PortNames, TheTableIsWhole) { EXPECT_EQ(ReadTable().size(), 51u); }

// Beyond the table.
TEST(PortNames, Limits) {
  const std::string longest(63, 'a');
  EXPECT_EQ(Decode("netmap:" + longest),
            "name=" + longest + " mode=1 ring=0 flags=0x0 mem=0 rest=''");
  EXPECT_EQ(Decode("vale0:" + std::string(58, 'a')), "HDR errno=22");
  EXPECT_EQ(Decode("netmap:eth0@65535"), "name=eth0 mode=1 ring=0 flags=0x0 mem=65535 rest=''");
  EXPECT_EQ(Decode("netmap:eth0@65536"), "name=eth0 REG errno=22");
  EXPECT_EQ(Decode("netmap:eth0@18446744073709551617"), "name=eth0 REG errno=22");
  EXPECT_EQ(Decode("netmap:eth0-18446744073709551617"), "name=eth0 REG errno=22");
  EXPECT_EQ(Decode("netmap:eth0^4094"), "name=eth0 mode=8 ring=4094 flags=0x0 mem=0 rest=''");
  EXPECT_EQ(Decode("netmap:eth0^4095"), "name=eth0 REG errno=22");
  EXPECT_EQ(Decode("netmap:eth0-1-2"), "name=eth0 REG errno=22");
  EXPECT_EQ(Decode("netmap:eth0/xx"), "name=eth0 mode=1 ring=0 flags=0x800 mem=0 rest=''");
  EXPECT_EQ(Decode("netmap:eth0/@1"), "name=eth0 REG errno=22");
  EXPECT_EQ(Decode("netmap:eth0/q"), "name=eth0 REG errno=22");
  EXPECT_EQ(Decode("netmap:eth0/tr"), "name=eth0 mode=1 ring=0 flags=0x300 mem=0 rest=''");
  EXPECT_EQ(Decode(""), "HDR errno=22");
  EXPECT_EQ(Decode("netmap"), "HDR errno=22");
}

// Names made of what means something, and of other things.
class NameMaker {
 public:
  std::string Next() {
    static const char* const parts[] = {"netmap:", "vale",  "0:",   ":",    "eth0", "-",  "^",
                                        "*",       "/",     "@",    "{",    "}",    "x",  "zR",
                                        "3",       "65535", "4095", "0",    "_",    ".",  "conf",
                                        "=",       ",",     "+",    "\xff", "T",    "@2", "-1"};
    std::string name = Draw(3) != 0 ? "netmap:eth" : "";
    for (uint32_t i = Draw(7); i > 0; --i) name += parts[Draw(sizeof(parts) / sizeof(parts[0]))];
    return name;
  }

 private:
  uint32_t Draw(uint32_t below) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 33) % below;
  }
  uint64_t state_ = 1;
};

// Whatever comes, a failure says why and changes nothing (Decode sees to that), and what both
// parsers take, means the same to both.
TEST(PortNames, BothParsersAgree) {
  NameMaker maker;
  int both = 0;
  for (int i = 0; i < 200000; ++i) {
    const std::string text = maker.Next();
    SCOPED_TRACE(text);
    const std::string decoded = Decode(text);
    nm_desc old{};
    if (nm_parse(text.c_str(), &old, nullptr) != 0) continue;
    if (text.find_first_of("{}") != std::string::npos) continue;  // pipes are told in other ways
    if (old.req.nr_name[0] == '\0') continue;                     // which nm_open finds late
    ++both;
    EXPECT_EQ(decoded, std::string("name=") + old.req.nr_name +
                           " mode=" + std::to_string(old.req.nr_flags & NR_REG_MASK) +
                           " ring=" + std::to_string(old.req.nr_ringid) +
                           " flags=" + Hex(old.req.nr_flags & ~uint32_t{NR_REG_MASK}) +
                           " mem=" + std::to_string(old.req.nr_arg2) + " rest=''");
  }
  EXPECT_GT(both, 10000);
}

TEST(PortNames, ARegionThatWasSetHasToAgree) {
  nmctx context = CountingContext();
  nmreq_register reg;
  memset(&reg, 0, sizeof(reg));
  reg.nr_mem_id = 5;
  const char* at = "@6";
  EXPECT_EQ(nmreq_register_decode(&at, &reg, &context), -1);
  EXPECT_EQ(errno, EINVAL);
  at = "@5";
  EXPECT_EQ(nmreq_register_decode(&at, &reg, &context), 0);
  at = "";
  EXPECT_EQ(nmreq_register_decode(&at, &reg, &context), 0);
  EXPECT_EQ(reg.nr_mem_id, 5);
}

}  // namespace
