#include "sim/file/unix_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace mapwire::sim {

namespace {

enum class Found { kNobody, kLeftOver, kSomebody };

// Who is at an address.
Found Look(const sockaddr_un& address, int type) {
  const int other = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int result = connect(other, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = result == 0 ? 0 : errno;
  close(other);
  // So many clients wait there that one more would have to.
  if (error == 0 || error == EAGAIN) return Found::kSomebody;
  // A plain file refuses too.
  struct stat status {};
  const bool is_socket = lstat(address.sun_path, &status) == 0 && S_ISSOCK(status.st_mode);
  return error == ECONNREFUSED && is_socket ? Found::kLeftOver : Found::kNobody;
}

}  // namespace

std::string UnixListener::Listen(const std::string& path, int type, int backlog,
                                 const char* taken) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return fmt::format("{}: the path of a socket has 1 to {} characters", path,
                       sizeof(address.sun_path) - 1);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  path_ = path;
  const Found found = Look(address, type);
  if (found == Found::kSomebody) return fmt::format("{}: {}", path, taken);
  if (found == Found::kLeftOver) unlink(path.c_str());
  listener_ = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ >= 0 &&
      bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    bound_ = true;
    if (listen(listener_, backlog) == 0) return {};
  }
  const int error = errno;
  Close();
  return fmt::format("{}: {}", path, std::strerror(error));
}

int UnixListener::Accept() const {
  return accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

void UnixListener::Close() {
  if (listener_ >= 0) close(std::exchange(listener_, -1));
  if (std::exchange(bound_, false)) unlink(path_.c_str());
}

}  // namespace mapwire::sim
