// Serves model NICs over vfio-user sockets, in real time: one client at a time for each.
#ifndef SIM_VFIO_USER_SERVER_H_
#define SIM_VFIO_USER_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine/engine.h"
#include "sim/file/unix_listener.h"
#include "sim/vfio_user/device.h"

namespace mapwire::sim::vfio_user {

// One socket and the device behind it. A client that breaks the framing loses its connection; the
// next one finds a device that was just powered on.
class Endpoint {
 public:
  Endpoint(RemoteDevice& device, std::string path, RemoteDevice::Say say);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Makes the socket. Empty, or what is wrong.
  [[nodiscard]] std::string Listen();
  // The descriptor to wait on: of the client, or of who would be one.
  int descriptor() const { return client_ ? client_.get() : listener_.descriptor(); }
  // It can be read.
  void Readable();

 private:
  static constexpr int64_t kReplyLimitMs = 1000;

  void Accept();
  bool ReadMore();
  bool Serve();
  bool Send(const Header& request, int error, const std::vector<uint8_t>& payload);
  void Lose(const char* why);

  RemoteDevice& device_;
  const std::string path_;
  const RemoteDevice::Say say_;
  UnixListener listener_;
  Descriptor client_;
  std::vector<uint8_t> received_;  // of a message that is not whole yet
  std::vector<Descriptor> descriptors_;
};

// Until a signal that ends it: the clock of `engine` follows the machine's. `asked` is called at
// each SIGUSR1.
void ServeInRealTime(Engine& engine, const std::vector<Endpoint*>& endpoints,
                     const std::function<void()>& asked = {});

}  // namespace mapwire::sim::vfio_user

#endif  // SIM_VFIO_USER_SERVER_H_
