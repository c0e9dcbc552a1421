// Port names: nm_parse() against a second reading of its grammar, and the names of requests against
// what there is.
#define NETMAP_WITH_LIBS
// clang-format off
#include "core/abi/freestanding.h"  // before any other netmap header
#include <net/netmap_user.h>
// clang-format on

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/platform/check.h"
#include "testing/fuzz/fuzz.h"
#include "testing/kit/program.h"

namespace mapwire::fuzz {
namespace {

// --- nm_parse ------------------------------------------------------------------------------------

struct Meaning {
  std::string_view name;
  uint32_t flags = NR_REG_ALL_NIC;
  uint32_t ring = 0;
  uint32_t region = 0;
};

bool IsWord(std::string_view text) {
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return true;
}

// The digits at the front, which are taken away; none if there is no digit. Sticks at 2^32 - 1.
std::optional<uint32_t> TakeNumber(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  uint64_t number = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    number = number * 10 + static_cast<uint64_t>(text[0] - '0');
    if (number > std::numeric_limits<uint32_t>::max()) number = 0xffffffff;
    text.remove_prefix(1);
  }
  return static_cast<uint32_t>(number);
}

// netmap:NAME or valeSWITCH:PORT, of at most 15 characters, which is taken away.
std::optional<std::string_view> TakeName(std::string_view& text) {
  size_t from = 0;
  size_t colon = std::string_view::npos;
  if (text.substr(0, 7) == "netmap:") {
    from = 7;
  } else {
    colon = text.find(':');
    if (text.substr(0, 4) != "vale" || colon == std::string_view::npos) return std::nullopt;
    if (!IsWord(text.substr(0, colon))) return std::nullopt;
  }
  const size_t search = colon == std::string_view::npos ? from : colon + 1;
  const size_t end = std::min(text.size(), text.find_first_of("-*^{}/@", search));
  if (colon != std::string_view::npos && !IsWord(text.substr(colon + 1, end - colon - 1))) {
    return std::nullopt;
  }
  const std::string_view name = text.substr(from, end - from);
  text.remove_prefix(end);
  if (name.size() > 15) return std::nullopt;
  return name;
}

bool TakeMode(std::string_view& text, Meaning& meaning) {
  constexpr std::string_view kMarks = "^*-{}";
  constexpr uint32_t kModes[] = {NR_REG_SW, NR_REG_NIC_SW, NR_REG_ONE_NIC, NR_REG_PIPE_MASTER,
                                 NR_REG_PIPE_SLAVE};
  const size_t mark = text.empty() ? std::string_view::npos : kMarks.find(text[0]);
  if (mark == std::string_view::npos) return true;
  meaning.flags = kModes[mark];
  text.remove_prefix(1);
  if (mark < 2) return true;
  const std::optional<uint32_t> ring = TakeNumber(text);
  meaning.ring = ring.value_or(0);
  return ring.has_value() && *ring < 4095;
}

bool TakeFlags(std::string_view& text, Meaning& meaning) {
  constexpr std::string_view kLetters = "xztrRT";
  constexpr uint32_t kFlags[] = {NR_EXCLUSIVE,  NR_ZCOPY_MON,     NR_MONITOR_TX,
                                 NR_MONITOR_RX, NR_RX_RINGS_ONLY, NR_TX_RINGS_ONLY};
  const std::string_view letters = text.substr(0, text.find('@'));
  if (letters.empty()) return false;
  for (const char c : letters) {
    const size_t which = kLetters.find(c);
    if (which == std::string_view::npos) return false;
    meaning.flags |= kFlags[which];
  }
  text.remove_prefix(letters.size());
  return true;
}

// What the interface says a name means; nothing if it is wrong.
std::optional<Meaning> Read(std::string_view text) {
  Meaning meaning;
  const std::optional<std::string_view> name = TakeName(text);
  if (!name || !TakeMode(text, meaning)) return std::nullopt;
  meaning.name = *name;
  while (!text.empty()) {
    const char mark = text[0];
    text.remove_prefix(1);
    if (mark == '/') {
      if (!TakeFlags(text, meaning)) return std::nullopt;
    } else if (mark == '@') {
      const std::optional<uint32_t> region = TakeNumber(text);
      if (!region || *region == 0 || *region > 65535 || meaning.region != 0) return std::nullopt;
      meaning.region = *region;
    } else {
      return std::nullopt;
    }
  }
  return meaning;
}

struct Free {
  void operator()(void* p) const { free(p); }
};

// Blocks of exactly their sizes: a byte too far is an error of the sanitizer.
std::unique_ptr<char, Free> Exact(std::string_view text) {
  char* const copy = static_cast<char*>(malloc(text.size() + 1));
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return std::unique_ptr<char, Free>(copy);
}

void ParseAndCompare(std::string_view text, const nmreq& before) {
  const auto name = Exact(text);
  const std::unique_ptr<nm_desc, Free> desc(static_cast<nm_desc*>(calloc(1, sizeof(nm_desc))));
  const std::unique_ptr<char, Free> err(static_cast<char*>(calloc(1, MAXERRMSG)));
  desc->req = before;
  const std::optional<Meaning> meaning = Read(text);
  errno = 0;
  const int result = nm_parse(name.get(), desc.get(), err.get());
  MW_CHECK(result == (meaning ? 0 : -1));
  MW_CHECK(std::memchr(err.get(), 0, MAXERRMSG) != nullptr);
  if (!meaning) {
    MW_CHECK(errno == EINVAL && err.get()[0] != '\0');
    MW_CHECK(std::memcmp(&desc->req, &before, sizeof(before)) == 0);
    desc->req = before;
    MW_CHECK(nm_parse(name.get(), desc.get(), nullptr) == -1);
    return;
  }
  char padded[IFNAMSIZ] = {};
  std::memcpy(padded, meaning->name.data(), meaning->name.size());
  MW_CHECK(std::memcmp(desc->req.nr_name, padded, IFNAMSIZ) == 0);
  MW_CHECK(desc->req.nr_flags == (before.nr_flags | meaning->flags));
  MW_CHECK(desc->req.nr_ringid == (before.nr_ringid | meaning->ring));
  MW_CHECK(desc->req.nr_arg2 == (meaning->region != 0 ? meaning->region : before.nr_arg2));
}

// --- Names in requests ---------------------------------------------------------------------------

using kit::Program;
using kit::System;

constexpr control::Parameters kParameters = {
    .global_region = {{{1024, 10}, {4096, 8}, {2048, 64}}}};

// 63 characters, the longest name a port can have.
constexpr char kLongName[] = "a23456789012345678901234567890123456789012345678901234567890123";

// What asking for a port of this name must answer.
Errno Expected(std::string_view name) {
  if (name.find_first_of("{}") != std::string_view::npos) return Errno::kNotSupported;
  const bool known = name == "em0" || name == "vale0:a" || name == kLongName;
  return known ? Errno::kOk : Errno::kNoDevice;
}

class Requests {
 public:
  explicit Requests(std::string_view bytes) : bytes_(bytes) {
    system_.AddPort("em0", {1, 1, 8, 8});
    system_.AddPort("vale0:a", {1, 1, 8, 8});
    system_.AddPort(kLongName, {1, 1, 8, 8});
  }

  void Ask() {
    const std::string name = Cut(63);
    Program program(system_.control);
    nmreq_port_info_get info{};
    const Errno asked = Send(program, NETMAP_REQ_PORT_INFO_GET, info);
    MW_CHECK(asked == (name.empty() ? Errno::kOk : Expected(name)));
    nmreq_pools_info pools{};
    MW_CHECK(Send(program, NETMAP_REQ_POOLS_INFO_GET, pools) == Expected(name));
    nmreq_port_hdr header{};
    MW_CHECK(Send(program, NETMAP_REQ_PORT_HDR_GET, header) == Expected(name));
    nmreq_register reg = kit::Registration(NR_REG_ALL_NIC);
    MW_CHECK(Send(program, NETMAP_REQ_REGISTER, reg) == Expected(name));
    if (Expected(name) != Errno::kOk) BindToNull(program, name);
  }

  // The older interface has names of 15 characters, and numbers of pipes beside them.
  void AskAsBefore() {
    const std::string name = Cut(15);
    Program program(system_.control);
    MW_CHECK(SendOld(program, NIOCGINFO, 0) == (name.empty() ? Errno::kOk : Expected(name)));
    const uint16_t ring = static_cast<uint16_t>(bytes_.size() * 131 % 4096);
    const size_t digits = std::to_string(ring).size();
    const bool fits = name.size() + 1 + digits < IFNAMSIZ;
    const Errno pipe = fits ? Errno::kNotSupported : Errno::kNoMemory;
    MW_CHECK(SendOld(program, NIOCREGIF, NR_REG_PIPE_MASTER, ring) == pipe);
    MW_CHECK(SendOld(program, NIOCREGIF, NR_REG_PIPE_SLAVE, ring) == pipe);
    MW_CHECK(SendOld(program, NIOCREGIF, NR_REG_ALL_NIC) == Expected(name));
  }

 private:
  // The input as a field of a request holds it: cut at its end and at the first zero.
  std::string Cut(size_t most) const {
    return std::string(std::string(bytes_.substr(0, most)).c_str());
  }

  // The name is the input's bytes, without a zero at the end if they fill the field.
  template <typename Body>
  Errno Send(Program& program, uint16_t type, Body& body) {
    nmreq_header header{};
    header.nr_version = NETMAP_API;
    header.nr_reqtype = type;
    std::memcpy(header.nr_name, bytes_.data(), std::min(bytes_.size(), sizeof(header.nr_name)));
    const UserAddress body_at = program.memory.Put(body);
    header.nr_body = body_at.value();
    const UserAddress at = program.memory.Put(header);
    const Status status = program.Ioctl(NIOCCTRL, at);
    body = program.memory.Get<Body>(body_at);
    const auto after = program.memory.Get<nmreq_header>(at);
    header.nr_name[sizeof(header.nr_name) - 1] = '\0';
    MW_CHECK(std::memcmp(&header, &after, sizeof(header)) == 0);
    return status.error();
  }

  Errno SendOld(Program& program, uint32_t command, uint32_t mode, uint16_t ring = 0) {
    nmreq old{};
    old.nr_version = NETMAP_API;
    old.nr_flags = mode;
    old.nr_ringid = ring;
    std::memcpy(old.nr_name, bytes_.data(), std::min(bytes_.size(), sizeof(old.nr_name)));
    return program.Ioctl(command, program.memory.Put(old)).error();
  }

  // A port that a request makes takes any name, and shows as much of it as the field holds.
  void BindToNull(Program& program, const std::string& name) {
    program.reg = kit::Registration(NR_REG_NULL);
    program.reg.nr_mem_id = 1;
    MW_CHECK(Send(program, NETMAP_REQ_REGISTER, program.reg) == Errno::kOk);
    char shown[IFNAMSIZ] = {};
    const std::string full = "null:" + name;
    std::memcpy(shown, full.data(), std::min<size_t>(full.size(), IFNAMSIZ - 1));
    MW_CHECK(std::memcmp(program.interface()->ni_name, shown, IFNAMSIZ) == 0);
  }

  const std::string_view bytes_;
  System system_{kParameters};
};

}  // namespace

void Fuzz(const uint8_t* data, size_t size) {
  // Functions that copy want a pointer even if there is nothing to copy.
  const std::string_view bytes(size == 0 ? "" : reinterpret_cast<const char*>(data), size);
  const std::string_view text = bytes.substr(0, bytes.find('\0'));
  nmreq fresh{};
  ParseAndCompare(text, fresh);
  nmreq used{};
  used.nr_flags = NR_ACCEPT_VNET_HDR;
  used.nr_ringid = NETMAP_NO_TX_POLL;
  used.nr_arg2 = 9;
  std::memset(used.nr_name, 'z', sizeof(used.nr_name));
  ParseAndCompare(text, used);
  // Most names come with their prefix, which requests do not have.
  const std::string_view plain = bytes.substr(bytes.substr(0, 7) == "netmap:" ? 7 : 0);
  Requests(plain).Ask();
  Requests(plain).AskAsBefore();
}

}  // namespace mapwire::fuzz
