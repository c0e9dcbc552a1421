#include "tools/pkt-gen/port.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace mapwire::pktgen {
namespace {

// One SIOCGIF... request; false if there is no such interface.
bool AskInterface(const std::string& name, unsigned long request, ifreq* answer) {
  if (name.empty() || name.size() >= sizeof(answer->ifr_name)) return false;
  std::memset(answer, 0, sizeof(*answer));
  std::memcpy(answer->ifr_name, name.data(), name.size());
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return false;
  const bool found = ioctl(fd, request, answer) == 0;
  close(fd);
  return found;
}

}  // namespace

bool SelectRing(const nmreq_register& wanted, uint32_t threads, uint32_t index, uint32_t hardware,
                nmreq_register* out) {
  *out = wanted;
  if (threads == 1) return true;
  switch (wanted.nr_mode) {
    case NR_REG_NIC_SW:
      out->nr_mode = index < hardware || hardware == 0 ? NR_REG_ONE_NIC : NR_REG_ONE_SW;
      out->nr_ringid =
          static_cast<uint16_t>(out->nr_mode == NR_REG_ONE_SW ? index - hardware : index);
      return true;
    case NR_REG_ALL_NIC:
      out->nr_mode = NR_REG_ONE_NIC;
      break;
    case NR_REG_SW:
      out->nr_mode = NR_REG_ONE_SW;
      break;
    default:
      return false;
  }
  out->nr_ringid = static_cast<uint16_t>(index);
  return true;
}

Ports::~Ports() {
  // The first last: the others are made from it.
  for (auto port = ports_.rbegin(); port != ports_.rend(); ++port) nmport_close(*port);
}

bool Ports::Open(const Options& options) {
  nmport_d* const first = nmport_prepare(options.port.c_str());
  if (first == nullptr) return false;  // the library has told why
  ports_.push_back(first);
  first->reg.nr_flags |= NR_ACCEPT_VNET_HDR;
  if (!options.config.empty() && !ReadConfig(options.config, &first->reg)) {
    std::fprintf(stderr, "pkt-gen: -C %s: not a configuration\n", options.config.c_str());
    return false;
  }
  const nmreq_register wanted = first->reg;
  if (!SelectRing(wanted, options.threads, 0, 0, &first->reg)) {
    std::fprintf(stderr, "pkt-gen: -p %u, but the port is named with one ring\n", options.threads);
    return false;
  }
  if (nmport_open_desc(first) != 0) {
    std::fprintf(stderr, "pkt-gen: cannot open %s: %s\n", options.port.c_str(),
                 std::strerror(errno));
    return false;
  }
  const bool tx = options.transmits();
  const uint32_t hardware = tx ? first->reg.nr_tx_rings : first->reg.nr_rx_rings;
  const uint32_t host = tx ? first->reg.nr_host_tx_rings : first->reg.nr_host_rx_rings;
  switch (wanted.nr_mode) {
    case NR_REG_SW:
      queues_ = host;
      break;
    case NR_REG_NIC_SW:
      queues_ = hardware + host;
      break;
    case NR_REG_ALL_NIC:
      queues_ = hardware;
      break;
    default:
      queues_ = 1;
  }
  if (options.threads > queues_) {
    std::fprintf(stderr, "pkt-gen: -p %u, but there are %u queues\n", options.threads, queues_);
    return false;
  }
  for (uint32_t i = 1; i < options.threads; ++i) {
    nmport_d* const port = nmport_clone(first);
    if (port == nullptr) return false;
    ports_.push_back(port);
    nmreq_register like_first = first->reg;
    like_first.nr_mode = wanted.nr_mode;
    SelectRing(like_first, options.threads, i, hardware, &port->reg);
    if (nmport_open_desc(port) != 0) {
      std::fprintf(stderr, "pkt-gen: cannot open ring %u of %s: %s\n", i, options.port.c_str(),
                   std::strerror(errno));
      return false;
    }
  }
  FindHeader(options);
  return true;
}

// Sets the length of the port's virtio-net header if one was asked for, and takes what it has.
void Ports::FindHeader(const Options& options) {
  nmreq_header header;
  nmreq_port_hdr body;
  std::memset(&body, 0, sizeof(body));
  if (options.vnet_header) {
    body.nr_hdr_len = *options.vnet_header;
    nmreq_header_init(&header, NETMAP_REQ_PORT_HDR_SET, &body);
    std::memcpy(header.nr_name, ports_[0]->hdr.nr_name, sizeof(header.nr_name));
    if (ioctl(ports_[0]->fd, NIOCCTRL, &header) != 0 && *options.vnet_header != 0) {
      std::fprintf(stderr, "pkt-gen: %s: cannot set the virtio-net header: %s\n", header.nr_name,
                   std::strerror(errno));
    }
  }
  nmreq_header_init(&header, NETMAP_REQ_PORT_HDR_GET, &body);
  std::memcpy(header.nr_name, ports_[0]->hdr.nr_name, sizeof(header.nr_name));
  body.nr_hdr_len = 0;
  vnet_header_ = ioctl(ports_[0]->fd, NIOCCTRL, &header) == 0 ? body.nr_hdr_len : 0;
  // A port that cannot be told may still be on its way to a guest that wants the header.
  if (vnet_header_ == 0 && options.vnet_header) vnet_header_ = *options.vnet_header;
}

std::string Ports::interface() const {
  const std::string name = ports_[0]->hdr.nr_name;
  if (name.find_first_of("{}:") != std::string::npos) return "";
  return name;
}

bool ReadConfig(const std::string& text, nmreq_register* reg) {
  unsigned values[4] = {0, 0, 0, 0};
  int end = 0;
  const int length = static_cast<int>(text.size());
  int found = std::sscanf(text.c_str(), "%u%n", &values[0], &end);
  static const char* const formats[] = {",%u%n"};
  while (found > 0 && found < 4 && end < length) {
    int more = 0;
    if (std::sscanf(text.c_str() + end, formats[0], &values[found], &more) < 1) return false;
    end += more;
    ++found;
  }
  if (found < 1 || end != length) return false;
  reg->nr_tx_slots = values[0];
  reg->nr_rx_slots = found > 1 ? values[1] : values[0];
  reg->nr_tx_rings = static_cast<uint16_t>(values[2]);
  reg->nr_rx_rings = static_cast<uint16_t>(found > 3 ? values[3] : values[2]);
  return true;
}

std::optional<std::array<uint8_t, 6>> MacOfInterface(const std::string& name) {
  ifreq answer;
  if (!AskInterface(name, SIOCGIFHWADDR, &answer)) return std::nullopt;
  std::array<uint8_t, 6> mac;
  std::memcpy(mac.data(), answer.ifr_hwaddr.sa_data, mac.size());
  return mac;
}

std::optional<uint32_t> MtuOfInterface(const std::string& name) {
  ifreq answer;
  if (!AskInterface(name, SIOCGIFMTU, &answer)) return std::nullopt;
  return static_cast<uint32_t>(answer.ifr_mtu);
}

}  // namespace mapwire::pktgen
