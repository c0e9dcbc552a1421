#include "sim/server/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sim/shim/socket.h"

namespace mapwire::sim {

namespace {

constexpr size_t kMaxPrograms = 256;
constexpr size_t kMaxGuests = 64;
constexpr size_t kMaxDescriptors = 4096;
constexpr int kEventsAtOnce = 256;               // of the engine, between two looks at the sockets
constexpr int64_t kLaunchLimitNs = 10000000000;  // for a program to appear
constexpr int64_t kMillisecondNs = 1000000;
constexpr int64_t kLongestWaitNs = 100 * kMillisecondNs;
// How long the server stays awake after a request of a call page: less than it costs to be woken.
constexpr int64_t kAwakeNs = 200000;
constexpr int kLooksPerServe = 32;  // at call pages, before one at sockets

// Those that end a world.
sigset_t HandledSignals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&mask, signal);
  return mask;
}

std::string Text(const char* bytes, size_t most) {
  return std::string(bytes, strnlen(bytes, most));
}

}  // namespace

Server::Server(World& world, const ServerOptions& options)
    : world_(world),
      options_(options),
      clock_(world.engine(), {.events_at_once = kEventsAtOnce, .longest_lag = kLongestLag}) {
  for (const auto& host : world_.hosts()) {
    Closer& closer = closers_[host.get()];
    closer.thread = &host->Spawn("closer", 0, [this, &closer, &host = *host] {
      while (!stopping_ || !closer.files.empty()) {
        if (closer.files.empty()) {
          Thread::Current()->Block(0);
          continue;
        }
        Process::File file = std::move(closer.files.back());
        closer.files.pop_back();
        Process::Release(host, std::move(file));
      }
    });
  }
}

Server::~Server() {
  for (const auto& [channel, pid] : guests_) close(channel);
  if (signals_ >= 0) close(signals_);
  if (hangups_ >= 0) close(hangups_);
  if (epoll_ >= 0) close(epoll_);
}

void Server::Say(const std::string& text) {
  if (options_.say) options_.say(text);
}

void Server::TakeSignals() {
  const sigset_t mask = HandledSignals();
  sigprocmask(SIG_BLOCK, &mask, nullptr);
}

std::string Server::Listen() {
  const std::string wrong = listener_.Listen(options_.socket_path, SOCK_SEQPACKET, SOMAXCONN,
                                             "another world is running there");
  if (!wrong.empty()) return wrong;
  const sigset_t mask = HandledSignals();
  signals_ = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  hangups_ = epoll_create1(EPOLL_CLOEXEC);
  if (signals_ < 0 || epoll_ < 0 || hangups_ < 0)
    return fmt::format("epoll: {}", std::strerror(errno));
  Watch(listener_.descriptor());
  Watch(signals_);
  Watch(hangups_);
  return {};
}

void Server::Watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

// --- Programs
// -------------------------------------------------------------------------------------

uint32_t Server::present() const {
  return static_cast<uint32_t>(std::count_if(programs_.begin(), programs_.end(),
                                             [](const auto& program) { return !program->free(); }));
}

uint64_t Server::programs_served() const {
  uint64_t served = 0;
  for (const auto& program : programs_) served += program->served();
  return served;
}

// A free place for a program of this name, or null: there are too many.
Program* Server::Place(Host& host, const std::string& name) {
  for (const auto& program : programs_) {
    if (program->free() && &program->host() == &host && program->name() == name) {
      return program.get();
    }
  }
  if (present() >= kMaxPrograms) return nullptr;
  programs_.push_back(
      std::make_unique<Program>(static_cast<ProgramHost&>(*this), world_, host, name, next_cpu_++));
  return programs_.back().get();
}

void Server::Accept() {
  for (;;) {
    const int channel = listener_.Accept();
    if (channel < 0) return;
    ucred peer{};
    socklen_t length = sizeof(peer);
    getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &length);
    if (guests_.size() >= kMaxGuests) {
      Say(fmt::format("process {}: too many programs wait to be let in", peer.pid));
      close(channel);
      continue;
    }
    guests_[channel] = peer.pid;
    Watch(channel);
  }
}

void Server::GreetGuest(int channel, pid_t pid) {
  remote::Message message;
  int descriptor;
  const ssize_t received = remote::ReceiveMessage(channel, message, &descriptor, MSG_DONTWAIT);
  if (received == -EAGAIN || received == -EINTR) return;
  if (descriptor >= 0) close(descriptor);
  guests_.erase(channel);
  remote::Message answer{};
  answer.header.op = remote::Op::kReply;
  if (received <= 0 || message.header.op != remote::Op::kHello ||
      message.header.bytes != sizeof(remote::Hello) ||
      message.header.value[0] != remote::kVersion) {
    if (received != 0) Say(fmt::format("process {} does not speak this world's protocol", pid));
    answer.header.result = -EPROTO;
  } else {
    remote::Hello hello;
    std::memcpy(&hello, message.data, sizeof(hello));
    const std::string wanted = Text(hello.host, sizeof(hello.host));
    std::string name = Text(hello.program, sizeof(hello.program));
    if (name.empty()) name = "program";
    Host* host = nullptr;
    for (const auto& one : world_.hosts()) {
      if (wanted.empty() || one->options().name == wanted) {
        host = one.get();
        break;
      }
    }
    Program* const program = host == nullptr ? nullptr : Place(*host, name);
    if (program != nullptr) {
      by_channel_[channel] = program;
      program->Take(channel, pid, ++last_number_, true);
      return;
    }
    answer.header.result = host == nullptr ? -ENODEV : -EUSERS;
    Say(host == nullptr ? fmt::format("{} (process {}) asks for host {}, which this world has not",
                                      name, pid, wanted)
                        : fmt::format("{} (process {}) is one program too many", name, pid));
  }
  static_cast<void>(remote::SendMessage(channel, answer, -1, MSG_DONTWAIT));
  close(channel);
}

int64_t Server::NewThread(Program& parent, int channel) {
  int type = 0;
  socklen_t length = sizeof(type);
  if (getsockopt(channel, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_SEQPACKET) {
    close(channel);
    return -EPROTO;
  }
  Program* const program = Place(parent.host(), parent.name() + " thread");
  if (program == nullptr) {
    close(channel);
    return -EUSERS;
  }
  by_channel_[channel] = program;
  Watch(channel);
  program->Take(channel, parent.pid(), ++last_number_, false);
  return static_cast<int64_t>(program->number());
}

bool Server::ThreadLives(uint64_t number) {
  return std::any_of(programs_.begin(), programs_.end(), [number](const auto& program) {
    return !program->free() && program->number() == number;
  });
}

void Server::Left(Program& program) {
  by_channel_.erase(program.channel());
  epoll_ctl(epoll_, EPOLL_CTL_DEL, program.channel(), nullptr);
}

// --- Descriptors
// ----------------------------------------------------------------------------------

int Server::NewDescriptor(Host& host, Process::File file) {
  if (descriptors_.size() >= kMaxDescriptors) return -ENFILE;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
  // A program that reads it is told of an end; one that hangs up is noticed.
  shutdown(ends[0], SHUT_WR);
  struct stat status {};
  fstat(ends[1], &status);
  descriptors_[ends[0]] = {status.st_ino, &host, std::move(file)};
  epoll_event event{};
  event.data.fd = ends[0];  // a hang-up is always told
  epoll_ctl(hangups_, EPOLL_CTL_ADD, ends[0], &event);
  return ends[1];
}

void Server::CollectHangups() {
  epoll_event events[64];
  int count;
  do {
    count = epoll_wait(hangups_, events, 64, 0);
    for (int i = 0; i < count; ++i) DescriptorGone(events[i].data.fd);
  } while (count == 64);
}

// In virtual time what a program has closed is closed at that moment, not when somebody looks.
void Server::Settle(const Program& program, bool leaves) {
  if (!options_.virtual_time) return;
  const bool last =
      leaves && std::none_of(programs_.begin(), programs_.end(), [&](const auto& other) {
        return other.get() != &program && !other->free() && other->pid() == program.pid();
      });
  if (last) {
    // Its channel is closed before its last descriptor may be: it dies first.
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, program.pid(), 0));
    if (pidfd >= 0) {
      WaitReadable(pidfd);
      close(pidfd);
    }
  }
  CollectHangups();
}

Process::File Server::FindDescriptor(Host& host, int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return nullptr;
  for (const auto& [end, known] : descriptors_) {
    if (known.inode == status.st_ino && known.host == &host) return known.file;
  }
  return nullptr;
}

void Server::DescriptorGone(int end) {
  const auto found = descriptors_.find(end);
  Process::File file = std::move(found->second.file);
  Closer& closer = closers_[found->second.host];
  descriptors_.erase(found);
  close(end);
  for (const auto& program : programs_) program->Forget(file);
  // Whoever still uses it closes it at the end of that call.
  if (file.use_count() > 1) return;
  closer.files.push_back(std::move(file));
  closer.thread->Wake();
}

// --- Running
// --------------------------------------------------------------------------------------

void Server::HandleSignals() {
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof(info)) == sizeof(info)) {
    stopping_ = true;
  }
}

void Server::ReapChild(int pidfd) {
  for (Child& child : children_) {
    if (child.pidfd != pidfd) continue;
    if (waitpid(child.pid, &child.command->status, WNOHANG) != child.pid) return;
    child.command->ended = true;
    close(std::exchange(child.pidfd, -1));
    return;
  }
}

void Server::Serve(int64_t ns) {
  epoll_event events[64];
  const timespec time{ns / 1000000000, ns % 1000000000};
  const int count = epoll_pwait2(epoll_, events, 64, ns < 0 ? nullptr : &time, nullptr);
  // What has come is now.
  if (running_ && !options_.virtual_time) clock_.CatchUp();
  for (int i = 0; i < count; ++i) {
    const int fd = events[i].data.fd;
    if (fd == listener_.descriptor()) {
      Accept();
    } else if (fd == signals_) {
      HandleSignals();
    } else if (const auto program = by_channel_.find(fd); program != by_channel_.end()) {
      program->second->Readable();
    } else if (fd == hangups_) {
      CollectHangups();
    } else if (const auto guest = guests_.find(fd); guest != guests_.end()) {
      GreetGuest(guest->first, guest->second);
    } else {
      ReapChild(fd);
    }
  }
}

bool Server::WaitReadable(int socket) {
  int64_t left = options_.patience / kNanosecond;
  const int64_t end = MachineNs() + left;
  for (;;) {
    pollfd fds[] = {{socket, POLLIN, 0}, {signals_, POLLIN, 0}};
    const timespec time{left / 1000000000, left % 1000000000};
    const int ready = ppoll(fds, 2, &time, nullptr);
    if (ready > 0 && fds[1].revents != 0) HandleSignals();
    if (stopping_) return false;
    if (ready > 0 && fds[0].revents != 0) return true;
    left = end - MachineNs();
    if (left <= 0) return false;
  }
}

bool Server::all_launched_ended() const {
  return !children_.empty() && std::all_of(children_.begin(), children_.end(),
                                           [](const Child& c) { return c.command->ended; });
}

std::string Server::Launch(Command& command, const std::string& shim) {
  std::vector<char*> words;
  for (std::string& word : command.words) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return fmt::format("fork: {}", std::strerror(errno));
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setenv("LD_PRELOAD", shim.c_str(), 1);
    setenv(remote::kSocketVariable, options_.socket_path.c_str(), 1);
    setenv(remote::kHostVariable, command.host.c_str(), 1);
    execvp(words[0], words.data());
    const std::string text = fmt::format("{}: {}\n", words[0], std::strerror(errno));
    static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
    _exit(127);
  }
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return fmt::format("pidfd_open: {}", std::strerror(errno));
  Watch(pidfd);
  children_.push_back({pid, pidfd, &command});
  const int64_t end = MachineNs() + kLaunchLimitNs;
  while (!stopping_ && !command.ended) {
    const bool here = std::any_of(programs_.begin(), programs_.end(), [pid](const auto& program) {
      return !program->free() && program->pid() == pid;
    });
    if (here) return {};
    if (MachineNs() > end) {
      Say(fmt::format("{} has not opened /dev/netmap yet; the world goes on", command.words[0]));
      return {};
    }
    Serve(10 * kMillisecondNs);
  }
  return {};
}

bool Server::LookAtPages() {
  bool found = false;
  for (const auto& program : programs_) found = program->LookAtPage() || found;
  return found;
}

void Server::SetSleeps(bool sleeps) {
  for (const auto& program : programs_) program->SetServerSleeps(sleeps);
}

void Server::RunReal() {
  // While programs call by their pages, it sleeps as little as they do.
  for (int i = 0; i < kLooksPerServe; ++i) {
    clock_.CatchUp();
    if (LookAtPages()) {
      last_call_ns_ = MachineNs();
    } else if (MachineNs() - last_call_ns_ < kAwakeNs) {
      sched_yield();
    } else {
      break;
    }
    if (i == kLooksPerServe - 1) return Serve(0);
  }
  SetSleeps(true);
  if (LookAtPages()) {
    last_call_ns_ = MachineNs();
    return SetSleeps(false);
  }
  Serve(clock_.NsToNext(kLongestWaitNs));
  SetSleeps(false);
}

void Server::RunVirtual() {
  begun_ = begun_ || present() >= options_.wait_for;
  // Without anybody to see it, no time passes; but who has left is let go.
  if (!begun_ || (present() == 0 && std::all_of(closers_.begin(), closers_.end(), [](auto& entry) {
                    return entry.second.files.empty();
                  }))) {
    return Serve(-1);
  }
  for (int i = 0; i < kEventsAtOnce && !stopping_; ++i) {
    if (!world_.engine().Step()) return Serve(-1);
  }
  Serve(0);
}

void Server::Run() {
  clock_.Start();
  running_ = true;
  while (!stopping_ && !(all_launched_ended() && present() == 0)) {
    if (options_.virtual_time) {
      RunVirtual();
    } else {
      RunReal();
    }
  }
}

void Server::Close() {
  stopping_ = true;
  listener_.Close();
  for (Child& child : children_) {
    if (child.command->ended) continue;
    kill(child.pid, SIGTERM);
    close(std::exchange(child.pidfd, -1));
  }
  for (const auto& program : programs_) program->Stop();
  for (auto& [end, descriptor] : descriptors_) {
    close(end);
    closers_[descriptor.host].files.push_back(std::move(descriptor.file));
  }
  descriptors_.clear();
  for (auto& [host, closer] : closers_) closer.thread->Wake();
  const auto ended = [this] {
    return std::all_of(programs_.begin(), programs_.end(),
                       [](const auto& program) { return program->finished(); }) &&
           std::all_of(closers_.begin(), closers_.end(),
                       [](const auto& entry) { return entry.second.thread->finished(); });
  };
  world_.RunUntil(ended, world_.now() + 10 * kSecond);
}

}  // namespace mapwire::sim
