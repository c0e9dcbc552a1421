#include "sim/vfio_user/server.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/engine/real_time.h"

namespace mapwire::sim::vfio_user {

namespace {

constexpr RealTimeLimits kRealTimeLimits = {.events_at_once = 1024,
                                            .longest_lag = 10 * kMillisecond};
constexpr int64_t kLongestWaitNs = 1000000000;

}  // namespace

Endpoint::Endpoint(RemoteDevice& device, std::string path, RemoteDevice::Say say)
    : device_(device), path_(std::move(path)), say_(std::move(say)) {}

std::string Endpoint::Listen() {
  return listener_.Listen(path_, SOCK_STREAM, 1, "somebody serves there");
}

void Endpoint::Readable() {
  if (!client_) return Accept();
  if (!ReadMore()) return;
  while (client_ && Serve()) {
  }
}

void Endpoint::Accept() {
  client_ = Descriptor(listener_.Accept());
  received_.clear();
  descriptors_.clear();
  if (client_) say_(device_.name() + ": a client has come");
}

void Endpoint::Lose(const char* why) {
  say_(device_.name() + ": " + why);
  client_ = Descriptor();
  received_.clear();
  descriptors_.clear();
  device_.Disconnect();
}

// What has come is put behind what was there; false: nothing, or the client is gone.
bool Endpoint::ReadMore() {
  uint8_t bytes[kMaxMessage];
  iovec part{bytes, sizeof(bytes)};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  const ssize_t got = recvmsg(client_.get(), &header, MSG_CMSG_CLOEXEC);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  for (cmsghdr* rights = CMSG_FIRSTHDR(&header); got >= 0 && rights != nullptr;
       rights = CMSG_NXTHDR(&header, rights)) {
    if (rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(rights) + i * sizeof(int), sizeof(int));
      descriptors_.emplace_back(fd);
    }
  }
  if (got <= 0) {
    Lose("the client has gone");
    return false;
  }
  if (descriptors_.size() > kMaxDescriptors || (header.msg_flags & MSG_CTRUNC) != 0) {
    Lose("the client sent too many descriptors; it is cut off");
    return false;
  }
  received_.insert(received_.end(), bytes, bytes + got);
  return true;
}

// Serves the first message that has come; false: it is not whole yet, or the client is gone.
bool Endpoint::Serve() {
  Header header;
  if (received_.size() < sizeof(header)) return false;
  std::memcpy(&header, received_.data(), sizeof(header));
  if (header.size < sizeof(header) || header.size > kMaxMessage ||
      (header.flags & kTypeMask) != kTypeCommand) {
    Lose("the client does not speak vfio-user; it is cut off");
    return false;
  }
  if (received_.size() < header.size) return false;
  Exchange exchange;
  exchange.payload = {received_.data() + sizeof(header), header.size - sizeof(header)};
  exchange.descriptors = std::move(descriptors_);
  descriptors_.clear();
  const int error = device_.Handle(static_cast<Command>(header.command), exchange);
  if (error != 0) exchange.reply.clear();
  const bool silent = (header.flags & kFlagNoReply) != 0;
  if (!silent && !Send(header, error, exchange.reply)) {
    Lose("the client does not read its replies; it is cut off");
    return false;
  }
  received_.erase(received_.begin(), received_.begin() + header.size);
  return true;
}

bool Endpoint::Send(const Header& request, int error, const std::vector<uint8_t>& payload) {
  Header header{.id = request.id,
                .command = request.command,
                .size = static_cast<uint32_t>(sizeof(Header) + payload.size()),
                .flags = kTypeReply | (error != 0 ? kFlagError : 0),
                .error = static_cast<uint32_t>(error)};
  std::vector<uint8_t> bytes(sizeof(header));
  std::memcpy(bytes.data(), &header, sizeof(header));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t sent =
        send(client_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent > 0) {
      done += static_cast<size_t>(sent);
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return false;
    pollfd room{client_.get(), POLLOUT, 0};
    if (poll(&room, 1, kReplyLimitMs) == 0) return false;
  }
  return true;
}

// --- Running
// --------------------------------------------------------------------------------------

void ServeInRealTime(Engine& engine, const std::vector<Endpoint*>& endpoints,
                     const std::function<void()>& asked) {
  sigset_t told;
  sigemptyset(&told);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&told, signal);
  sigprocmask(SIG_BLOCK, &told, nullptr);
  const Descriptor signals(signalfd(-1, &told, SFD_CLOEXEC | SFD_NONBLOCK));
  RealTimeClock clock(engine, kRealTimeLimits);
  std::vector<pollfd> waited(endpoints.size() + 1);
  for (;;) {
    clock.CatchUp();
    for (size_t i = 0; i < endpoints.size(); ++i) {
      waited[i] = {endpoints[i]->descriptor(), POLLIN, 0};
    }
    waited.back() = {signals.get(), POLLIN, 0};
    const int64_t wait = clock.NsToNext(kLongestWaitNs);
    const timespec time{wait / 1000000000, wait % 1000000000};
    if (ppoll(waited.data(), waited.size(), &time, nullptr) <= 0) continue;
    if (waited.back().revents != 0) {
      signalfd_siginfo signal{};
      if (read(signals.get(), &signal, sizeof(signal)) != sizeof(signal)) continue;
      if (signal.ssi_signo != SIGUSR1) return;
      clock.CatchUp();
      if (asked) asked();
    }
    // What has come is now, and not when the wait began.
    clock.CatchUp();
    for (size_t i = 0; i < endpoints.size(); ++i) {
      if (waited[i].revents != 0) endpoints[i]->Readable();
    }
  }
}

}  // namespace mapwire::sim::vfio_user
