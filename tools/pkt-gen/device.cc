#include "tools/pkt-gen/device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mapwire::pktgen {
namespace {

constexpr int kLongestPacket = 65536;

class Null final : public Device {
 public:
  bool Send(std::span<const uint8_t>) override { return true; }
  std::span<const uint8_t> Receive(int timeout_ms) override {
    const timespec wait = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    nanosleep(&wait, nullptr);
    return {};
  }
};

class Tap final : public Device {
 public:
  explicit Tap(int fd) : fd_(fd), buffer_(kLongestPacket) {}
  ~Tap() override { close(fd_); }

  bool Send(std::span<const uint8_t> packet) override {
    return write(fd_, packet.data(), packet.size()) == static_cast<ssize_t>(packet.size());
  }

  std::span<const uint8_t> Receive(int timeout_ms) override {
    pollfd pfd = {fd_, POLLIN, 0};
    if (poll(&pfd, 1, timeout_ms) <= 0) return {};
    const ssize_t bytes = read(fd_, buffer_.data(), buffer_.size());
    if (bytes <= 0) return {};
    return {buffer_.data(), static_cast<size_t>(bytes)};
  }

 private:
  const int fd_;
  std::vector<uint8_t> buffer_;
};

std::unique_ptr<Device> OpenTap(const std::string& name, std::string* error) {
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  ifreq request;
  std::memset(&request, 0, sizeof(request));
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (name.size() >= sizeof(request.ifr_name)) {
    errno = ENAMETOOLONG;
  } else if (fd >= 0) {
    std::memcpy(request.ifr_name, name.data(), name.size());
    if (ioctl(fd, TUNSETIFF, &request) == 0) return std::make_unique<Tap>(fd);
  }
  *error = "cannot open tap " + name + ": " + std::strerror(errno);
  if (fd >= 0) close(fd);
  return nullptr;
}

class Pcap final : public Device {
 public:
  explicit Pcap(pcap_t* handle) : handle_(handle) {}
  ~Pcap() override { pcap_close(handle_); }

  bool Send(std::span<const uint8_t> packet) override {
    return pcap_inject(handle_, packet.data(), packet.size()) == static_cast<int>(packet.size());
  }

  std::span<const uint8_t> Receive(int timeout_ms) override {
    for (int attempt = 0; attempt < 2; ++attempt) {
      pcap_pkthdr* header = nullptr;
      const u_char* data = nullptr;
      if (pcap_next_ex(handle_, &header, &data) == 1) return {data, header->caplen};
      pollfd pfd = {pcap_get_selectable_fd(handle_), POLLIN, 0};
      if (attempt == 0 && poll(&pfd, 1, timeout_ms) <= 0) break;
    }
    return {};
  }

 private:
  pcap_t* const handle_;
};

std::unique_ptr<Device> OpenPcap(const std::string& name, std::string* error) {
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const handle = pcap_open_live(name.c_str(), kLongestPacket, 1, 100, message);
  if (handle != nullptr && pcap_setnonblock(handle, 1, message) == 0) {
    return std::make_unique<Pcap>(handle);
  }
  *error = "cannot open " + name + " by pcap: " + message;
  if (handle != nullptr) pcap_close(handle);
  return nullptr;
}

}  // namespace

std::unique_ptr<Device> OpenDevice(DeviceKind kind, const std::string& name, std::string* error) {
  switch (kind) {
    case DeviceKind::kTap:
      return OpenTap(name, error);
    case DeviceKind::kPcap:
      return OpenPcap(name, error);
    case DeviceKind::kNull:
      return std::make_unique<Null>();
    case DeviceKind::kNetmap:
      break;
  }
  *error = "not a device: " + name;
  return nullptr;
}

std::vector<uint8_t> ReadPacketFile(const std::string& path, std::string* error) {
  char message[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const file = pcap_open_offline(path.c_str(), message);
  if (file == nullptr) {
    *error = message;
    return {};
  }
  pcap_pkthdr header;
  const u_char* const data = pcap_next(file, &header);
  std::vector<uint8_t> packet;
  if (data == nullptr || header.caplen == 0) {
    *error = path + ": no packet in it";
  } else {
    packet.assign(data, data + header.caplen);
  }
  pcap_close(file);
  return packet;
}

}  // namespace mapwire::pktgen
