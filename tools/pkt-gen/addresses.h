// Addresses and ranges of them, as pkt-gen is given them.
#ifndef TOOLS_PKT_GEN_ADDRESSES_H_
#define TOOLS_PKT_GEN_ADDRESSES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace mapwire::pktgen {

// An IPv4 address in the low 32 bits, or an IPv6 address; the first byte is the highest.
__extension__ typedef unsigned __int128 Address;

// IP[:PORT][-IP[:PORT]]; an IPv6 address with a port stands in brackets.
struct IpRange {
  std::string text;  // as given
  bool ipv6 = false;
  Address first = 0;
  Address last = 0;
  uint16_t first_port = 0;
  uint16_t last_port = 0;

  bool single() const { return first == last && first_port == last_port; }
};

inline constexpr uint16_t kDefaultPort = 1234;

// Nothing if `text` is no range: a mistake, families that differ, or an end below the start.
std::optional<IpRange> ParseIpRange(const std::string& text);

std::optional<std::array<uint8_t, 6>> ParseMac(const std::string& text);
std::string MacText(const std::array<uint8_t, 6>& mac);

// One end of a flow.
struct Endpoint {
  Address address = 0;
  uint16_t port = 0;
};

// Goes through a range and begins again: ports first, then addresses; or draws from it.
class Walk {
 public:
  Walk(const IpRange& range, bool random, uint64_t seed);

  const Endpoint& now() const { return now_; }
  // Moves on. True when it begins again, and when it draws.
  bool Next();

 private:
  uint64_t Draw();

  IpRange range_;
  bool random_;
  uint64_t state_;
  Endpoint now_;
};

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_ADDRESSES_H_
