#include "tools/pkt-gen/addresses.h"

#include <arpa/inet.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mapwire::pktgen {
namespace {

struct Text {
  std::string address;
  std::string port;  // "" if there is none
};

// ADDRESS, IPV4:PORT or [IPV6]:PORT.
std::optional<Text> Split(const std::string& text) {
  if (!text.empty() && text[0] == '[') {
    const size_t end = text.find(']');
    if (end == std::string::npos) return std::nullopt;
    const std::string rest = text.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || rest.size() == 1)) return std::nullopt;
    return Text{text.substr(1, end - 1), rest.empty() ? "" : rest.substr(1)};
  }
  const size_t colon = text.find(':');
  if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos) {
    return Text{text, ""};
  }
  if (colon + 1 == text.size()) return std::nullopt;
  return Text{text.substr(0, colon), text.substr(colon + 1)};
}

std::optional<uint16_t> ParsePort(const std::string& text) {
  if (text.empty()) return kDefaultPort;
  char* end = nullptr;
  const unsigned long value = std::strtoul(text.c_str(), &end, 10);
  if (*end != '\0' || isdigit(static_cast<unsigned char>(text[0])) == 0 || value > 65535) {
    return std::nullopt;
  }
  return static_cast<uint16_t>(value);
}

// True if it is an address; then `ipv6` says of which family.
bool ParseAddress(const std::string& text, Address* address, bool* ipv6) {
  uint8_t bytes[16];
  size_t length = 4;
  *ipv6 = text.find(':') != std::string::npos;
  if (*ipv6) length = 16;
  if (inet_pton(*ipv6 ? AF_INET6 : AF_INET, text.c_str(), bytes) != 1) return false;
  *address = 0;
  for (size_t i = 0; i < length; ++i) *address = *address << 8 | bytes[i];
  return true;
}

}  // namespace

std::optional<IpRange> ParseIpRange(const std::string& text) {
  IpRange range;
  range.text = text;
  const size_t dash = text.find('-');
  const auto first = Split(text.substr(0, dash));
  if (!first || !ParseAddress(first->address, &range.first, &range.ipv6)) return std::nullopt;
  const auto first_port = ParsePort(first->port);
  if (!first_port) return std::nullopt;
  range.first_port = range.last_port = *first_port;
  range.last = range.first;
  if (dash == std::string::npos) return range;

  const auto last = Split(text.substr(dash + 1));
  bool ipv6 = false;
  if (!last || !ParseAddress(last->address, &range.last, &ipv6)) return std::nullopt;
  if (!last->port.empty()) {
    const auto last_port = ParsePort(last->port);
    if (!last_port) return std::nullopt;
    range.last_port = *last_port;
  }
  if (ipv6 != range.ipv6 || range.last < range.first || range.last_port < range.first_port) {
    return std::nullopt;
  }
  return range;
}

std::optional<std::array<uint8_t, 6>> ParseMac(const std::string& text) {
  std::array<uint8_t, 6> mac;
  const char* at = text.c_str();
  for (size_t i = 0; i < mac.size(); ++i) {
    char* end = nullptr;
    if (isxdigit(static_cast<unsigned char>(*at)) == 0) return std::nullopt;
    const unsigned long byte = std::strtoul(at, &end, 16);
    if (byte > 255 || end - at > 2) return std::nullopt;
    if (*end != (i + 1 < mac.size() ? ':' : '\0')) return std::nullopt;
    mac[i] = static_cast<uint8_t>(byte);
    at = end + 1;
  }
  return mac;
}

std::string MacText(const std::array<uint8_t, 6>& mac) {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                mac[4], mac[5]);
  return text;
}

Walk::Walk(const IpRange& range, bool random, uint64_t seed)
    : range_(range), random_(random), state_(seed * 2 + 1), now_{range.first, range.first_port} {}

// xorshift64*: cheap, and nobody's secrets depend on it.
uint64_t Walk::Draw() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545F4914F6CDD1Dull;
}

bool Walk::Next() {
  if (random_) {
    const uint64_t address = Draw();
    const uint64_t port = Draw() >> 32;
    if (range_.single()) {  // anything, then; of an IPv6 address, the lower half
      now_.address = range_.ipv6 ? (range_.first >> 64 << 64 | address) : address >> 32;
      now_.port = static_cast<uint16_t>(port);
      return true;
    }
    const Address span = range_.last - range_.first + 1;
    now_.address = range_.first + (span == 0 ? address : address % span);
    const uint32_t ports = static_cast<uint32_t>(range_.last_port - range_.first_port) + 1;
    now_.port = static_cast<uint16_t>(range_.first_port + port % ports);
    return true;
  }
  if (now_.port != range_.last_port) {
    ++now_.port;
    return false;
  }
  now_.port = range_.first_port;
  if (now_.address != range_.last) {
    ++now_.address;
    return false;
  }
  now_.address = range_.first;
  return true;
}

}  // namespace mapwire::pktgen
