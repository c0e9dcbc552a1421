// What pkt-gen sends to and receives from when it is not a netmap port: one packet at a time.
#ifndef TOOLS_PKT_GEN_DEVICE_H_
#define TOOLS_PKT_GEN_DEVICE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tools/pkt-gen/options.h"

namespace mapwire::pktgen {

class Device {
 public:
  virtual ~Device() = default;
  // False if it has no room just now.
  virtual bool Send(std::span<const uint8_t> packet) = 0;
  // A packet, valid until the next call; empty if none comes for `timeout_ms`.
  virtual std::span<const uint8_t> Receive(int timeout_ms) = 0;
};

// A tap interface, an interface by way of libpcap, or nothing at all: `null` takes what it is given
// and gives nothing. Null with a message in *error if it cannot be opened.
std::unique_ptr<Device> OpenDevice(DeviceKind kind, const std::string& name, std::string* error);

// The first packet of a capture file; empty with a message in *error.
std::vector<uint8_t> ReadPacketFile(const std::string& path, std::string* error);

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_DEVICE_H_
