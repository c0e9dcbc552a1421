// The shim: loaded into a netmap program by LD_PRELOAD, it sends what concerns /dev/netmap to the
// world server, and leaves everything else to the operating system.
//
// What open() of /dev/netmap returns is a real file descriptor, one end of a socket whose other end
// the server watches: so dup, fork, exec, SCM_RIGHTS and sudden death need no code here. A thread
// that uses the world has a channel of its own (protocol.h). In a world of virtual time its clocks
// and sleeps are the world's too, from its first call on.
//
// Uses the C library only, so that it can be loaded into any program. Nothing here allocates.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "sim/shim/protocol.h"
#include "sim/shim/socket.h"

namespace mapwire::sim::remote {
namespace {

constexpr int kHighDescriptor = 768;  // ours stand above, out of the way of programs
constexpr int64_t kSecondNs = 1000000000;
// How long a thread looks for an answer in its call page before it sleeps, which costs as much: as
// long as its last waits were short, and hardly otherwise.
constexpr int64_t kPageSpinNs = 200000;
constexpr int64_t kPageGlanceNs = 5000;
constexpr int64_t kClockBurstNs = 1000;  // of clock reads, before the others get a turn

// The function of the C library that one of ours stands before.
#define REAL(name)                                         \
  ([]() {                                                  \
    static std::atomic<void*> real{nullptr};               \
    void* function = real.load(std::memory_order_relaxed); \
    if (function == nullptr) {                             \
      function = dlsym(RTLD_NEXT, #name);                  \
      real.store(function, std::memory_order_relaxed);     \
    }                                                      \
    return reinterpret_cast<decltype(&::name)>(function);  \
  }())

class ErrnoKept {
 public:
  ErrnoKept() : saved_(errno) {}
  ~ErrnoKept() { errno = saved_; }

 private:
  const int saved_;
};

int Answer(int64_t result) {
  if (result >= 0) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

// --- State of the process ------------------------------------------------------------------------

class Lock {
 public:
  explicit Lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
  ~Lock() { pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t& mutex_;
};

pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;

// Descriptors of ours that the program must not close.
constexpr int kMaxHidden = 1024;
std::atomic<int> g_hidden[kMaxHidden];  // value + 1; 0: free
std::atomic<int> g_hidden_count{0};     // places ever used

// A mapping keeps its descriptor open, as a mapping of the device does.
struct Mapping {
  char* address;
  size_t bytes;
  int pin;
};
constexpr int kMaxMappings = 256;
Mapping g_mappings[kMaxMappings];

// What epoll_ctl said of descriptors of the world.
struct Watched {
  int epoll;  // + 1; 0: free
  int fd;
  uint32_t events;
  bool spent;  // EPOLLONESHOT has fired
  epoll_data_t data;
};
constexpr int kMaxWatched = 256;
Watched g_watched[kMaxWatched];
std::atomic<int> g_watched_count{0};

struct Started {
  pthread_t thread;
  uint64_t number;  // the server's; 0: free
};
constexpr int kMaxStarted = 256;
Started g_started[kMaxStarted];

bool IsHidden(int fd) {
  const int used = g_hidden_count.load(std::memory_order_acquire);
  for (int i = 0; i < used; ++i) {
    if (g_hidden[i].load(std::memory_order_relaxed) == fd + 1) return true;
  }
  return false;
}

void Unhide(int fd) {
  const int used = g_hidden_count.load(std::memory_order_acquire);
  for (int i = 0; i < used; ++i) {
    int expected = fd + 1;
    if (g_hidden[i].compare_exchange_strong(expected, 0)) return;
  }
}

// Moves `fd` out of the program's way and protects it; -1 if that is not possible, and it is
// closed.
int Hide(int fd) {
  int high = static_cast<int>(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, kHighDescriptor));
  if (high < 0) high = static_cast<int>(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3));
  syscall(SYS_close, fd);
  if (high < 0) return -1;
  const Lock lock(g_mutex);
  for (int i = 0; i < kMaxHidden; ++i) {
    if (g_hidden[i].load(std::memory_order_relaxed) != 0) continue;
    g_hidden[i].store(high + 1, std::memory_order_relaxed);
    if (i >= g_hidden_count.load(std::memory_order_relaxed)) {
      g_hidden_count.store(i + 1, std::memory_order_release);
    }
    return high;
  }
  syscall(SYS_close, high);
  return -1;
}

const char* SocketPath() {
  static const char* const path = getenv(kSocketVariable);
  return path;
}

// --- The channel of a thread ---------------------------------------------------------------------

struct KnownFile {
  ino_t inode;
  uint32_t handle;
};

struct Channel {
  CallPage* page;  // null: none
  bool waits_long;
  int socket;  // 0: none yet; -1: the server is gone, or would not have us
  int error;   // what it would not have us for
  bool virtual_time;
  bool busy;  // a request is under way: a signal handler must not make another
  int64_t now;
  uint64_t waits;  // requests so far that can end early
  uint32_t clock_reads;
  uint32_t clock_read_ns;
  uint32_t known_count;
  uint32_t known_next;
  KnownFile known[64];
};

thread_local Channel t_channel __attribute__((tls_model("initial-exec")));

pthread_key_t g_channel_key;
bool g_key_made = false;

void ClosePage(Channel& channel) {
  if (channel.page != nullptr) syscall(SYS_munmap, channel.page, kCallPageBytes);
  channel.page = nullptr;
}

void CloseChannel(Channel& channel) {
  ClosePage(channel);
  if (channel.socket > 0) {
    Unhide(channel.socket);
    syscall(SYS_close, channel.socket);
  }
  channel.socket = 0;
}

// In the child of a fork, which has one thread: the channels are its parent's.
void ForgetChannels() {
  const int used = g_hidden_count.load(std::memory_order_relaxed);
  for (int i = 0; i < used; ++i) {
    const int fd = g_hidden[i].load(std::memory_order_relaxed) - 1;
    bool pin = false;
    for (const Mapping& mapping : g_mappings)
      pin = pin || (mapping.bytes != 0 && mapping.pin == fd);
    if (fd < 0 || pin) continue;
    syscall(SYS_close, fd);
    g_hidden[i].store(0, std::memory_order_relaxed);
  }
  ClosePage(t_channel);
  memset(&t_channel, 0, sizeof(t_channel));
  for (Started& started : g_started) started.number = 0;
}

void LockForFork() { pthread_mutex_lock(&g_mutex); }
void UnlockAfterFork() { pthread_mutex_unlock(&g_mutex); }
void StartChild() {
  pthread_mutex_init(&g_mutex, nullptr);
  ForgetChannels();
}

[[gnu::constructor]] void Load() {
  pthread_atfork(LockForFork, UnlockAfterFork, StartChild);
  g_key_made = pthread_key_create(&g_channel_key, [](void* channel) {
                 CloseChannel(*static_cast<Channel*>(channel));
               }) == 0;
}

void Lose(Channel& channel, int error) {
  CloseChannel(channel);
  channel.socket = -1;
  channel.error = error;
  channel.virtual_time = false;
}

// Memory of this very process, without the risk of a fault.
bool ReadOwn(void* to, uint64_t from, size_t bytes) {
  const iovec local{to, bytes};
  const iovec remote{reinterpret_cast<void*>(from), bytes};
  return syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0) ==
         static_cast<long>(bytes);
}
bool WriteOwn(uint64_t to, const void* from, size_t bytes) {
  const iovec local{const_cast<void*>(from), bytes};
  const iovec remote{reinterpret_cast<void*>(to), bytes};
  return syscall(SYS_process_vm_writev, getpid(), &local, 1, &remote, 1, 0) ==
         static_cast<long>(bytes);
}

int SendRequest(Channel& channel, Message& message, int descriptor) {
  message.header.clock_reads = channel.clock_reads;
  channel.clock_reads = 0;
  return SendMessage(channel.socket, message, descriptor, 0);
}

// A request that can end early, because of a signal or of another descriptor.
struct Wait {
  // What signals are blocked meanwhile, as ppoll() has it; null: those that are.
  const sigset_t* mask = nullptr;
  // Other descriptors, with one more place behind them.
  pollfd* others = nullptr;
  unsigned other_count = 0;
};

// Keeps signals from the moment before a request until the thread sleeps for the reply: one that is
// delivered in between would not end the wait. Faults are not waited with.
class SignalsHeld {
 public:
  explicit SignalsHeld(const Wait* wait) : wait_(wait) {
    if (wait == nullptr) return;
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeld() {
    if (wait_ != nullptr) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

  const sigset_t* asleep() const { return wait_->mask == nullptr ? &before_ : wait_->mask; }

 private:
  const Wait* const wait_;
  sigset_t before_;
};

// Ends the last request that can be ended.
void Cancel(Channel& channel) {
  Header header{};
  header.op = Op::kCancel;
  header.value[0] = channel.waits;
  send(channel.socket, &header, sizeof(header), MSG_NOSIGNAL);
}

// Sleeps until the channel can be read. True: it was something else that ended the sleep.
bool SleepOnChannel(const Channel& channel, const Wait& wait, const SignalsHeld& held) {
  pollfd own;
  pollfd* const fds = wait.others == nullptr ? &own : wait.others;
  const unsigned last = wait.others == nullptr ? 0 : wait.other_count;
  fds[last] = {channel.socket, POLLIN, 0};
  const int ready = REAL(ppoll)(fds, last + 1, nullptr, held.asleep());
  return ready < 0 ? errno == EINTR : fds[last].revents == 0;
}

// Serves the server until the reply is there. `message` becomes the reply. With `wait`, a signal or
// another descriptor ends the request early.
int64_t AwaitReply(Channel& channel, Message& message, int* descriptor, const Wait* wait,
                   const SignalsHeld& held) {
  bool cancelled = false;
  for (;;) {
    if (wait != nullptr && !cancelled && SleepOnChannel(channel, *wait, held)) {
      Cancel(channel);
      cancelled = true;
    }
    const ssize_t received = ReceiveMessage(channel.socket, message, descriptor, 0);
    if (received == -EINTR) continue;
    if (received <= 0) {
      Lose(channel, ENODEV);
      return -ENODEV;
    }
    const uint64_t address = message.header.value[0];
    switch (message.header.op) {
      case Op::kCopyIn: {
        const size_t bytes = message.header.value[1];
        Message answer;
        memset(&answer.header, 0, sizeof(answer.header));
        answer.header.op = Op::kCopied;
        answer.header.bytes = static_cast<uint32_t>(bytes);
        if (bytes > kMaxData || !ReadOwn(answer.data, address, bytes)) {
          answer.header.bytes = 0;
          answer.header.value[0] = EFAULT;
        }
        SendMessage(channel.socket, answer, -1, 0);
        break;
      }
      case Op::kCopyOut: {
        const bool written = WriteOwn(address, message.data, message.header.bytes);
        Message answer;
        memset(&answer.header, 0, sizeof(answer.header));
        answer.header.op = Op::kCopied;
        answer.header.value[0] = written ? 0 : EFAULT;
        SendMessage(channel.socket, answer, -1, 0);
        break;
      }
      case Op::kReply:
        channel.now = message.header.now;
        return message.header.result;
      default:
        Lose(channel, EPROTO);
        return -ENODEV;
    }
  }
}

int64_t MachineNs() {
  timespec now;
  REAL(clock_gettime)(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * kSecondNs + now.tv_nsec;
}

// Waits for the answer in the call page, and takes it. False: it will come over the channel.
bool AwaitPage(Channel& channel, Message& message) {
  CallPage& page = *channel.page;
  const int64_t end = MachineNs() + (channel.waits_long ? kPageGlanceNs : kPageSpinNs);
  while (page.state.load(std::memory_order_acquire) != CallState::kAnswered) {
    if (MachineNs() < end) {
      // Who is to answer may be waiting for this very CPU.
      sched_yield();
      continue;
    }
    CallState posted = CallState::kPosted;
    if (page.state.compare_exchange_strong(posted, CallState::kAsleep)) return false;
  }
  memcpy(&message.header, &page.header, sizeof(message.header));
  memcpy(message.data, page.data, sizeof(page.data));
  page.state.store(CallState::kIdle, std::memory_order_relaxed);
  return true;
}

// What a cancellation names.
void NumberWait(Channel& channel, Message& message, const Wait* wait) {
  if (wait != nullptr) message.header.value[1] = ++channel.waits;
}

// A request whose reply is no longer than itself, and that needs nothing else.
int64_t CallByPage(Channel& channel, Message& message, const Wait* wait = nullptr) {
  const ErrnoKept kept;
  const SignalsHeld held(wait);
  CallPage& page = *channel.page;
  channel.busy = true;
  NumberWait(channel, message, wait);
  memcpy(&page.header, &message.header, sizeof(page.header));
  memcpy(page.data, message.data, sizeof(page.data));
  page.state.store(CallState::kPosted);
  if (page.server_sleeps.load() != 0) {
    Header look{};
    look.op = Op::kLook;
    send(channel.socket, &look, sizeof(look), MSG_NOSIGNAL);
  }
  int64_t result;
  if (AwaitPage(channel, message)) {
    channel.now = message.header.now;
    result = message.header.result;
  } else {
    const int64_t begin = MachineNs();
    int ignored = -1;
    result = AwaitReply(channel, message, &ignored, wait, held);
    if (ignored >= 0) syscall(SYS_close, ignored);
    channel.waits_long = MachineNs() - begin > kPageSpinNs;
  }
  channel.busy = false;
  return result;
}

int64_t Call(Channel& channel, Message& message, int* descriptor = nullptr, int sent = -1,
             const Wait* wait = nullptr) {
  const ErrnoKept kept;
  const SignalsHeld held(wait);
  int ignored = -1;
  int* const received = descriptor == nullptr ? &ignored : descriptor;
  channel.busy = true;
  NumberWait(channel, message, wait);
  int64_t result = -ENODEV;
  if (SendRequest(channel, message, sent) == 0) {
    result = AwaitReply(channel, message, received, wait, held);
  } else {
    Lose(channel, ENODEV);
  }
  if (ignored >= 0) syscall(SYS_close, ignored);
  channel.busy = false;
  return result;
}

void Begin(Message& message, Op op, uint32_t handle = 0, uint64_t value0 = 0, uint64_t value1 = 0) {
  memset(&message.header, 0, sizeof(message.header));
  message.header.op = op;
  message.header.handle = handle;
  message.header.value[0] = value0;
  message.header.value[1] = value1;
}

// Says who we are over a channel that is connected. 0 or -errno, and the channel is closed.
int64_t Greet(Channel& channel) {
  Message message;
  Begin(message, Op::kHello, 0, kVersion);
  Hello hello;
  memset(&hello, 0, sizeof(hello));
  const char* const host = getenv(kHostVariable);
  if (host != nullptr) strncpy(hello.host, host, kMaxText - 1);
  strncpy(hello.program, program_invocation_short_name, kMaxText - 1);
  memcpy(message.data, &hello, sizeof(hello));
  message.header.bytes = sizeof(hello);
  int page = -1;
  const int64_t result = Call(channel, message, &page);
  if (page >= 0) {
    void* const mapped =
        REAL(mmap)(nullptr, kCallPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    if (mapped != MAP_FAILED) channel.page = static_cast<CallPage*>(mapped);
    syscall(SYS_close, page);
  }
  if (result < 0) {
    Lose(channel, static_cast<int>(-result));
    return result;
  }
  Welcome welcome;
  memcpy(&welcome, message.data, sizeof(welcome));
  channel.virtual_time = welcome.virtual_time != 0;
  channel.clock_read_ns = welcome.clock_read_ns;
  if (g_key_made) pthread_setspecific(g_channel_key, &channel);
  return 0;
}

// 0 or -errno: the open() of a world that is not there.
int64_t Connect(Channel& channel) {
  if (channel.socket > 0) return 0;
  const char* const path = SocketPath();
  if (path == nullptr) return -ENOENT;
  sockaddr_un address;
  memset(&address, 0, sizeof(address));
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof(address.sun_path)) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int connected;
  do {
    connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  } while (connected != 0 && errno == EINTR);
  if (connected != 0) {
    const int error = errno == ECONNREFUSED ? ENOENT : errno;
    syscall(SYS_close, fd);
    return -error;
  }
  const int hidden = Hide(fd);
  if (hidden < 0) return -EMFILE;
  memset(&channel, 0, sizeof(channel));
  channel.socket = hidden;
  return Greet(channel);
}

// The thread's channel, if it has one that lives and no request is under way on it.
Channel* Current() {
  Channel& channel = t_channel;
  return channel.socket > 0 && !channel.busy ? &channel : nullptr;
}
Channel* CurrentVirtual() {
  Channel* const channel = Current();
  return channel != nullptr && channel->virtual_time ? channel : nullptr;
}

// --- Which descriptors are the world's -----------------------------------------------------------

// True if `fd` is a socket: its inode is in `inode`.
bool IsSocket(int fd, ino_t* inode) {
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  *inode = status.st_ino;
  return true;
}

// True if the socket `fd` is of the kind that a world's descriptors are.
bool LooksLikeOurs(int fd) {
  int type = 0;
  int domain = 0;
  socklen_t length = sizeof(int);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_SEQPACKET) {
    return false;
  }
  length = sizeof(int);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 || domain != AF_UNIX) {
    return false;
  }
  return true;
}

// The handle that the thread knows of, or 0.
uint32_t KnownHandle(const Channel& channel, ino_t inode) {
  for (uint32_t i = 0; i < channel.known_count; ++i) {
    if (channel.known[i].inode == inode) return channel.known[i].handle;
  }
  return 0;
}

void Remember(Channel& channel, ino_t inode, uint32_t handle) {
  constexpr uint32_t kPlaces = sizeof(channel.known) / sizeof(channel.known[0]);
  KnownFile& place = channel.known[channel.known_next];
  channel.known_next = (channel.known_next + 1) % kPlaces;
  if (channel.known_count == kPlaces) {
    Message message;
    Begin(message, Op::kForget, place.handle);
    Call(channel, message);
  } else {
    ++channel.known_count;
  }
  place = {inode, handle};
}

// The handle of `fd` on this thread's channel; 0 if it is not the world's. A descriptor that was
// inherited or passed on is shown to the server at its first use.
uint32_t HandleOf(int fd) {
  const ErrnoKept kept;
  Channel& channel = t_channel;
  ino_t inode;
  if (channel.busy || channel.socket < 0 || SocketPath() == nullptr) return 0;
  if (!IsSocket(fd, &inode) || IsHidden(fd)) return 0;
  if (const uint32_t known = KnownHandle(channel, inode)) return known;
  if (!LooksLikeOurs(fd) || Connect(channel) < 0) return 0;
  Message message;
  Begin(message, Op::kAttach);
  const int64_t handle = Call(channel, message, nullptr, fd);
  if (handle <= 0) return 0;
  Remember(channel, inode, static_cast<uint32_t>(handle));
  return static_cast<uint32_t>(handle);
}

int OpenNetmap(int flags) {
  Channel& channel = t_channel;
  if (channel.socket < 0) return Answer(-channel.error);
  const int64_t connected = Connect(channel);
  if (connected < 0) return Answer(connected);
  Message message;
  Begin(message, Op::kOpen);
  int fd = -1;
  const int64_t handle = Call(channel, message, &fd);
  if (handle < 0) return Answer(handle);
  if (fd < 0) return Answer(-EMFILE);  // no room for the descriptor in this process
  if ((flags & O_CLOEXEC) == 0) fcntl(fd, F_SETFD, 0);
  struct stat status;
  fstat(fd, &status);
  Remember(channel, status.st_ino, static_cast<uint32_t>(handle));
  return fd;
}

bool IsNetmap(const char* path) {
  return SocketPath() != nullptr && path != nullptr && strcmp(path, "/dev/netmap") == 0;
}

// --- Mappings ------------------------------------------------------------------------------------

void* MapNetmap(void* address, size_t bytes, int protection, int flags, uint32_t handle, int fd,
                off_t offset) {
  Message message;
  Begin(message, Op::kMap, handle, bytes, static_cast<uint64_t>(offset));
  int memfd = -1;
  const int64_t result = Call(t_channel, message, &memfd);
  if (result < 0 || memfd < 0) {
    errno = result < 0 ? static_cast<int>(-result) : EMFILE;
    return MAP_FAILED;
  }
  const int copy = static_cast<int>(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3));
  const int pin = copy < 0 ? -1 : Hide(copy);
  void* mapped = MAP_FAILED;
  if (pin >= 0) {
    mapped = REAL(mmap)(address, bytes, protection, flags, memfd, offset);
  } else {
    errno = EMFILE;
  }
  const ErrnoKept kept;
  syscall(SYS_close, memfd);
  if (mapped != MAP_FAILED) {
    const Lock lock(g_mutex);
    for (Mapping& mapping : g_mappings) {
      if (mapping.bytes != 0) continue;
      mapping = {static_cast<char*>(mapped), (bytes + 4095) & ~size_t{4095}, pin};
      return mapped;
    }
    // Without a place to remember it the mapping does not keep the descriptor open.
  }
  if (pin >= 0) {
    Unhide(pin);
    syscall(SYS_close, pin);
  }
  return mapped;
}

// [address, address + bytes) is not mapped any more. A hole in the middle of a mapping keeps it.
void Unmapped(char* address, size_t bytes) {
  bytes = (bytes + 4095) & ~size_t{4095};
  const Lock lock(g_mutex);
  for (Mapping& mapping : g_mappings) {
    if (mapping.bytes == 0) continue;
    char* const end = mapping.address + mapping.bytes;
    char* const hole_end = address + bytes;
    if (hole_end <= mapping.address || address >= end) continue;
    if (address <= mapping.address && hole_end >= end) {
      Unhide(mapping.pin);
      syscall(SYS_close, mapping.pin);
      mapping.bytes = 0;
    } else if (address <= mapping.address) {
      mapping.bytes = static_cast<size_t>(end - hole_end);
      mapping.address = hole_end;
    } else if (hole_end >= end) {
      mapping.bytes = static_cast<size_t>(address - mapping.address);
    }
  }
}

// --- poll and its relatives ----------------------------------------------------------------------

// Milliseconds for a timeout in nanoseconds, rounded up; -1 for none.
int64_t Milliseconds(int64_t ns) {
  if (ns < 0) return -1;
  const int64_t ms = (ns + 999999) / 1000000;
  return ms > INT_MAX ? INT_MAX : ms;
}

// ppoll(), with a timeout in ms (-1: none): the number ready, or -errno. The world's descriptors
// and others may be mixed. False if there is nothing of the world in it.
bool PollWorld(pollfd* fds, nfds_t count, int64_t timeout_ms, const sigset_t* mask,
               int64_t* result) {
  uint32_t handles[kMaxPolled];
  pollfd others[kMaxPolled + 1];
  uint32_t other_at[kMaxPolled];
  unsigned ours = 0;
  unsigned other_count = 0;
  if (count > kMaxPolled || t_channel.busy) return false;
  for (nfds_t i = 0; i < count; ++i) {
    handles[i] = HandleOf(fds[i].fd);
    if (handles[i] != 0) {
      ++ours;
    } else {
      other_at[other_count] = static_cast<uint32_t>(i);
      others[other_count++] = fds[i];
    }
  }
  Channel* const channel = Current();
  if (channel == nullptr || (ours == 0 && !channel->virtual_time)) return false;

  // What is ready already is not waited for.
  int others_ready = other_count == 0 ? 0 : REAL(poll)(others, other_count, 0);
  if (others_ready < 0) {
    *result = -errno;
    return true;
  }
  Message message;
  Begin(message, Op::kPoll, 0, static_cast<uint64_t>(others_ready > 0 ? 0 : timeout_ms));
  PollEntry entries[kMaxPolled];
  unsigned n = 0;
  for (nfds_t i = 0; i < count; ++i) {
    if (handles[i] != 0) entries[n++] = {handles[i], fds[i].events, 0};
  }
  memcpy(message.data, entries, n * sizeof(PollEntry));
  message.header.bytes = static_cast<uint32_t>(n * sizeof(PollEntry));
  const bool watch = other_count != 0 && others_ready == 0 && timeout_ms != 0;
  const bool by_page = channel->page != nullptr && !watch && message.header.bytes <= kCallData;
  const Wait wait = {mask, watch ? others : nullptr, other_count};
  const Wait* const waits = others_ready == 0 && timeout_ms != 0 ? &wait : nullptr;
  int64_t ready =
      by_page ? CallByPage(*channel, message, waits) : Call(*channel, message, nullptr, -1, waits);
  if (other_count != 0 && (ready >= 0 || ready == -EINTR)) {
    others_ready = REAL(poll)(others, other_count, 0);
    if (others_ready < 0) others_ready = 0;
    for (unsigned i = 0; i < other_count; ++i) fds[other_at[i]].revents = others[i].revents;
  }
  if (ready < 0 && !(ready == -EINTR && others_ready > 0)) {
    *result = ready;
    return true;
  }
  if (ready < 0) {
    ready = 0;
    memset(entries, 0, sizeof(entries));
  } else if (message.header.bytes == n * sizeof(PollEntry)) {
    memcpy(entries, message.data, n * sizeof(PollEntry));
  }
  n = 0;
  for (nfds_t i = 0; i < count; ++i) {
    if (handles[i] != 0) fds[i].revents = entries[n++].revents;
  }
  *result = ready + others_ready;
  return true;
}

int64_t Nanoseconds(const timespec* time) {
  if (time == nullptr) return -1;
  if (time->tv_sec > INT64_MAX / kSecondNs - 1) return -1;
  return int64_t{time->tv_sec} * kSecondNs + time->tv_nsec;
}

// pselect() over ppoll(): true if it was done here.
bool SelectWorld(int count, fd_set* readable, fd_set* writable, fd_set* failed, int64_t timeout_ms,
                 const sigset_t* mask, int64_t* result) {
  if (SocketPath() == nullptr || count < 0 || count > FD_SETSIZE) return false;
  pollfd fds[kMaxPolled];
  nfds_t n = 0;
  for (int fd = 0; fd < count; ++fd) {
    short events = 0;
    if (readable != nullptr && FD_ISSET(fd, readable)) events |= POLLIN | POLLRDNORM;
    if (writable != nullptr && FD_ISSET(fd, writable)) events |= POLLOUT | POLLWRNORM;
    if (failed != nullptr && FD_ISSET(fd, failed)) events |= POLLPRI;
    if (events == 0) continue;
    if (n == kMaxPolled) return false;
    fds[n++] = {fd, events, 0};
  }
  int64_t ready;
  if (!PollWorld(fds, n, timeout_ms, mask, &ready)) return false;
  *result = ready;
  if (ready < 0) return true;
  for (nfds_t i = 0; i < n; ++i) {
    if ((fds[i].revents & POLLNVAL) == 0) continue;
    *result = -EBADF;
    return true;
  }
  int64_t bits = 0;
  const auto answer = [&bits](fd_set* set, const pollfd& polled, short asked, short found) {
    if (set == nullptr || (polled.events & asked) == 0) return;
    if ((polled.revents & found) != 0) {
      ++bits;
    } else {
      FD_CLR(polled.fd, set);
    }
  };
  for (nfds_t i = 0; i < n; ++i) {
    answer(readable, fds[i], POLLIN, POLLIN | POLLRDNORM | POLLHUP | POLLERR);
    answer(writable, fds[i], POLLOUT, POLLOUT | POLLWRNORM | POLLERR);
    answer(failed, fds[i], POLLPRI, POLLPRI);
  }
  *result = bits;
  return true;
}

// --- epoll ---------------------------------------------------------------------------------------

int WatchControl(int epoll, int operation, int fd, const epoll_event* event) {
  const Lock lock(g_mutex);
  Watched* found = nullptr;
  Watched* free_place = nullptr;
  for (Watched& watched : g_watched) {
    if (watched.epoll == epoll + 1 && watched.fd == fd) found = &watched;
    if (watched.epoll == 0 && free_place == nullptr) free_place = &watched;
  }
  switch (operation) {
    case EPOLL_CTL_ADD:
      if (found != nullptr) return -EEXIST;
      if (free_place == nullptr) return -ENOSPC;
      found = free_place;
      g_watched_count.fetch_add(1, std::memory_order_release);
      break;
    case EPOLL_CTL_MOD:
      if (found == nullptr) return -ENOENT;
      break;
    case EPOLL_CTL_DEL:
      if (found == nullptr) return -ENOENT;
      found->epoll = 0;
      g_watched_count.fetch_sub(1, std::memory_order_release);
      return 0;
    default:
      return -EINVAL;
  }
  if (event == nullptr) return -EFAULT;
  *found = {epoll + 1, fd, event->events, false, event->data};
  return 0;
}

// `fd` is closed, or means something else from now on.
void ForgetWatched(int fd) {
  if (g_watched_count.load(std::memory_order_acquire) == 0) return;
  const Lock lock(g_mutex);
  for (Watched& watched : g_watched) {
    if (watched.epoll == 0 || (watched.fd != fd && watched.epoll != fd + 1)) continue;
    watched.epoll = 0;
    g_watched_count.fetch_sub(1, std::memory_order_release);
  }
}

// epoll_pwait() on an instance that watches descriptors of the world: true if it was done here.
bool EpollWorld(int epoll, epoll_event* events, int most, int64_t timeout_ms, const sigset_t* mask,
                int64_t* result) {
  if (g_watched_count.load(std::memory_order_acquire) == 0 && CurrentVirtual() == nullptr) {
    return false;
  }
  if (most <= 0 || events == nullptr) return false;
  pollfd fds[kMaxPolled];
  epoll_data_t data[kMaxPolled];
  nfds_t n = 0;
  {
    const Lock lock(g_mutex);
    for (const Watched& watched : g_watched) {
      if (watched.epoll != epoll + 1 || watched.spent || n == kMaxPolled - 1) continue;
      data[n] = watched.data;
      fds[n++] = {watched.fd, static_cast<short>(watched.events & 0x7FFF), 0};
    }
  }
  const nfds_t ours = n;
  fds[n++] = {epoll, POLLIN, 0};
  if (!PollWorld(fds, n, timeout_ms, mask, result)) return false;
  if (*result <= 0) return true;
  int filled = 0;
  for (nfds_t i = 0; i < ours && filled < most; ++i) {
    if (fds[i].revents == 0) continue;
    events[filled].events = static_cast<uint32_t>(static_cast<uint16_t>(fds[i].revents));
    events[filled++].data = data[i];
    const Lock lock(g_mutex);
    for (Watched& watched : g_watched) {
      if (watched.epoll == epoll + 1 && watched.fd == fds[i].fd &&
          (watched.events & EPOLLONESHOT) != 0) {
        watched.spent = true;
      }
    }
  }
  if (fds[ours].revents != 0 && filled < most) {
    const int more = REAL(epoll_wait)(epoll, events + filled, most - filled, 0);
    if (more > 0) filled += more;
  }
  *result = filled;
  return true;
}

// --- Clocks --------------------------------------------------------------------------------------

// The world's clock, in nanoseconds. Each reading takes its time; after a number of them the others
// get a turn, so that a program may wait by looking at the clock.
int64_t ReadClock(Channel& channel) {
  ++channel.clock_reads;
  const int64_t read = int64_t{channel.clock_reads} * channel.clock_read_ns;
  if (read < kClockBurstNs) return channel.now + read;
  const ErrnoKept kept;
  Message message;
  Begin(message, Op::kClock);
  Call(channel, message);
  return channel.now;
}

bool IsWorldClock(clockid_t clock) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
      return true;
    default:
      return false;
  }
}

// Sleeps for `ns` in the world; -EINTR with what is left in `*left`, if it is not null.
int64_t SleepWorld(Channel& channel, int64_t ns, timespec* left) {
  const int64_t end = channel.now + ns;
  Message message;
  Begin(message, Op::kSleep, 0, static_cast<uint64_t>(ns < 0 ? 0 : ns));
  const Wait wait;
  const int64_t result = Call(channel, message, nullptr, -1, &wait);
  if (result == -EINTR && left != nullptr) {
    const int64_t rest = end > channel.now ? end - channel.now : 0;
    *left = {static_cast<time_t>(rest / kSecondNs), static_cast<long>(rest % kSecondNs)};
  }
  return result;
}

// --- Threads -------------------------------------------------------------------------------------

struct Start {
  void* (*body)(void*);
  void* argument;
  int channel;
  std::atomic<int> taken;
};
constexpr int kMaxStarts = 64;
Start g_starts[kMaxStarts];

void* StartThread(void* place) {
  Start& start = *static_cast<Start*>(place);
  void* (*const body)(void*) = start.body;
  void* const argument = start.argument;
  t_channel.socket = start.channel;
  start.taken.store(0, std::memory_order_release);
  Greet(t_channel);
  return body(argument);
}

// Tells the world of a thread before it begins, so that it takes part from its first moment on.
// Null if that is not possible; the thread then takes part from its first call on.
Start* AnnounceThread(Channel& channel, uint64_t* number) {
  Start* place = nullptr;
  for (Start& start : g_starts) {
    int free_place = 0;
    if (start.taken.compare_exchange_strong(free_place, 1)) {
      place = &start;
      break;
    }
  }
  if (place == nullptr) return nullptr;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
    Message message;
    Begin(message, Op::kThread);
    const int64_t result = Call(channel, message, nullptr, ends[1]);
    syscall(SYS_close, ends[1]);
    const int hidden = Hide(ends[0]);
    if (result > 0 && hidden >= 0) {
      *number = static_cast<uint64_t>(result);
      place->channel = hidden;
      return place;
    }
    if (hidden >= 0) {
      Unhide(hidden);
      syscall(SYS_close, hidden);
    }
  }
  place->taken.store(0, std::memory_order_release);
  return nullptr;
}

// --- Interfaces ----------------------------------------------------------------------------------

// Questions about an interface of the world, asked of any socket. True if it is one.
bool AskInterface(unsigned long request, ifreq* asked, int64_t* result) {
  switch (request) {
    case SIOCGIFINDEX:
    case SIOCGIFFLAGS:
    case SIOCSIFFLAGS:
    case SIOCGIFMTU:
    case SIOCGIFHWADDR:
      break;
    default:
      return false;
  }
  const ErrnoKept kept;
  Channel& channel = t_channel;
  if (SocketPath() == nullptr || asked == nullptr || channel.busy || channel.socket < 0) {
    return false;
  }
  if (Connect(channel) < 0) return false;
  Message message;
  Begin(message, Op::kInterface);
  message.header.bytes = kMaxText;
  memset(message.data, 0, kMaxText);
  if (!ReadOwn(message.data, reinterpret_cast<uint64_t>(asked->ifr_name), IFNAMSIZ)) return false;
  message.data[IFNAMSIZ] = 0;
  if (Call(channel, message) < 0) return false;
  Interface interface;
  memcpy(&interface, message.data, sizeof(interface));
  *result = 0;
  switch (request) {
    case SIOCGIFINDEX:
      asked->ifr_ifindex = static_cast<int>(interface.index);
      break;
    case SIOCGIFFLAGS:
      asked->ifr_flags = static_cast<short>(interface.flags);
      break;
    case SIOCGIFMTU:
      asked->ifr_mtu = static_cast<int>(interface.mtu);
      break;
    case SIOCGIFHWADDR:
      memset(&asked->ifr_hwaddr, 0, sizeof(asked->ifr_hwaddr));
      asked->ifr_hwaddr.sa_family = 1;  // ARPHRD_ETHER
      memcpy(asked->ifr_hwaddr.sa_data, interface.mac, sizeof(interface.mac));
      break;
    default:  // SIOCSIFFLAGS: ports take all frames; there is nothing to set
      break;
  }
  return true;
}

}  // namespace
}  // namespace mapwire::sim::remote

// --- What programs call --------------------------------------------------------------------------

using namespace mapwire::sim::remote;

#define EXPORT extern "C" [[gnu::visibility("default")]]

// The mode of an open(), if it has one.
#define OPEN_MODE(flags, mode)                                      \
  mode_t mode = 0;                                                  \
  if (((flags)&O_CREAT) != 0 || ((flags)&O_TMPFILE) == O_TMPFILE) { \
    va_list arguments;                                              \
    va_start(arguments, flags);                                     \
    mode = va_arg(arguments, mode_t);                               \
    va_end(arguments);                                              \
  }

EXPORT int open(const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return IsNetmap(path) ? OpenNetmap(flags) : REAL(open)(path, flags, mode);
}
EXPORT int open64(const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return IsNetmap(path) ? OpenNetmap(flags) : REAL(open64)(path, flags, mode);
}
EXPORT int openat(int folder, const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return IsNetmap(path) ? OpenNetmap(flags) : REAL(openat)(folder, path, flags, mode);
}
EXPORT int openat64(int folder, const char* path, int flags, ...) {
  OPEN_MODE(flags, mode)
  return IsNetmap(path) ? OpenNetmap(flags) : REAL(openat64)(folder, path, flags, mode);
}
// What fortified programs call.
EXPORT int __open_2(const char* path, int flags) { return open(path, flags); }
EXPORT int __open64_2(const char* path, int flags) { return open64(path, flags); }
EXPORT int __openat_2(int folder, const char* path, int flags) {
  return openat(folder, path, flags);
}
EXPORT int __openat64_2(int folder, const char* path, int flags) {
  return openat64(folder, path, flags);
}

EXPORT int close(int fd) {
  if (IsHidden(fd)) return Answer(-EBADF);
  ForgetWatched(fd);
  return REAL(close)(fd);
}

EXPORT int ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  // All of netmap's requests are of type 'i'; others may be asked of a descriptor of the world too.
  const uint32_t handle = HandleOf(fd);
  if (handle != 0 && request != FIOCLEX && request != FIONCLEX && request != FIONBIO) {
    Message message;
    Begin(message, Op::kIoctl, handle, request, reinterpret_cast<uint64_t>(argument));
    // A sync has no argument.
    const bool by_page = t_channel.page != nullptr && _IOC_SIZE(request) == 0;
    return Answer(by_page ? CallByPage(t_channel, message) : Call(t_channel, message));
  }
  int64_t result;
  if (handle == 0 && AskInterface(request, static_cast<ifreq*>(argument), &result)) {
    return Answer(result);
  }
  return REAL(ioctl)(fd, request, argument);
}

EXPORT void* mmap(void* address, size_t bytes, int protection, int flags, int fd, off_t offset) {
  const uint32_t handle = (flags & MAP_ANONYMOUS) != 0 ? 0 : HandleOf(fd);
  if (handle == 0) return REAL(mmap)(address, bytes, protection, flags, fd, offset);
  return MapNetmap(address, bytes, protection, flags, handle, fd, offset);
}
EXPORT void* mmap64(void* address, size_t bytes, int protection, int flags, int fd, off_t offset) {
  return mmap(address, bytes, protection, flags, fd, offset);
}
EXPORT int munmap(void* address, size_t bytes) {
  const int result = REAL(munmap)(address, bytes);
  if (result == 0) Unmapped(static_cast<char*>(address), bytes);
  return result;
}

EXPORT int poll(pollfd* fds, nfds_t count, int timeout_ms) {
  int64_t result;
  if (PollWorld(fds, count, timeout_ms < 0 ? -1 : timeout_ms, nullptr, &result)) {
    return Answer(result);
  }
  return REAL(poll)(fds, count, timeout_ms);
}
EXPORT int __poll_chk(pollfd* fds, nfds_t count, int timeout_ms, size_t bytes) {
  if (bytes / sizeof(pollfd) < count) abort();
  return poll(fds, count, timeout_ms);
}
EXPORT int ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  int64_t result;
  if (PollWorld(fds, count, Milliseconds(Nanoseconds(timeout)), mask, &result)) {
    return Answer(result);
  }
  return REAL(ppoll)(fds, count, timeout, mask);
}
EXPORT int __ppoll_chk(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask,
                       size_t bytes) {
  if (bytes / sizeof(pollfd) < count) abort();
  return ppoll(fds, count, timeout, mask);
}
EXPORT int select(int count, fd_set* readable, fd_set* writable, fd_set* failed, timeval* timeout) {
  int64_t ns = -1;
  if (timeout != nullptr) {
    ns = int64_t{timeout->tv_sec} * kSecondNs + int64_t{timeout->tv_usec} * 1000;
  }
  int64_t result;
  if (SelectWorld(count, readable, writable, failed, Milliseconds(ns), nullptr, &result)) {
    return Answer(result);
  }
  return REAL(select)(count, readable, writable, failed, timeout);
}
EXPORT int pselect(int count, fd_set* readable, fd_set* writable, fd_set* failed,
                   const timespec* timeout, const sigset_t* mask) {
  int64_t result;
  const int64_t ms = Milliseconds(Nanoseconds(timeout));
  if (SelectWorld(count, readable, writable, failed, ms, mask, &result)) return Answer(result);
  return REAL(pselect)(count, readable, writable, failed, timeout, mask);
}

EXPORT int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  if (HandleOf(fd) != 0) return Answer(WatchControl(epoll, operation, fd, event));
  return REAL(epoll_ctl)(epoll, operation, fd, event);
}
EXPORT int epoll_wait(int epoll, epoll_event* events, int most, int timeout_ms) {
  int64_t result;
  if (EpollWorld(epoll, events, most, timeout_ms < 0 ? -1 : timeout_ms, nullptr, &result)) {
    return Answer(result);
  }
  return REAL(epoll_wait)(epoll, events, most, timeout_ms);
}
EXPORT int epoll_pwait(int epoll, epoll_event* events, int most, int timeout_ms,
                       const sigset_t* mask) {
  int64_t result;
  if (EpollWorld(epoll, events, most, timeout_ms < 0 ? -1 : timeout_ms, mask, &result)) {
    return Answer(result);
  }
  return REAL(epoll_pwait)(epoll, events, most, timeout_ms, mask);
}

EXPORT int dup2(int from, int to) {
  if (IsHidden(to)) return Answer(-EBADF);
  if (from != to) ForgetWatched(to);
  return REAL(dup2)(from, to);
}
EXPORT int dup3(int from, int to, int flags) {
  if (IsHidden(to)) return Answer(-EBADF);
  ForgetWatched(to);
  return REAL(dup3)(from, to, flags);
}

EXPORT int clock_gettime(clockid_t clock, timespec* now) {
  Channel* const channel = CurrentVirtual();
  if (channel == nullptr || !IsWorldClock(clock)) return REAL(clock_gettime)(clock, now);
  const int64_t ns = ReadClock(*channel);
  *now = {static_cast<time_t>(ns / kSecondNs), static_cast<long>(ns % kSecondNs)};
  return 0;
}
EXPORT int gettimeofday(timeval* __restrict now, void* __restrict zone) {
  Channel* const channel = CurrentVirtual();
  if (channel == nullptr) return REAL(gettimeofday)(now, zone);
  const int64_t ns = ReadClock(*channel);
  *now = {static_cast<time_t>(ns / kSecondNs), static_cast<suseconds_t>(ns % kSecondNs / 1000)};
  return 0;
}
EXPORT time_t time(time_t* now) {
  Channel* const channel = CurrentVirtual();
  if (channel == nullptr) return REAL(time)(now);
  const time_t seconds = static_cast<time_t>(ReadClock(*channel) / kSecondNs);
  if (now != nullptr) *now = seconds;
  return seconds;
}
EXPORT int nanosleep(const timespec* wanted, timespec* left) {
  Channel* const channel = CurrentVirtual();
  if (channel == nullptr) return REAL(nanosleep)(wanted, left);
  return Answer(SleepWorld(*channel, Nanoseconds(wanted), left));
}
EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
  Channel* const channel = CurrentVirtual();
  if (channel == nullptr || !IsWorldClock(clock)) {
    return REAL(clock_nanosleep)(clock, flags, wanted, left);
  }
  const ErrnoKept kept;
  const bool absolute = (flags & TIMER_ABSTIME) != 0;
  const int64_t ns = Nanoseconds(wanted) - (absolute ? channel->now : 0);
  return static_cast<int>(-SleepWorld(*channel, ns, absolute ? nullptr : left));
}
EXPORT int usleep(useconds_t microseconds) {
  Channel* const channel = CurrentVirtual();
  if (channel == nullptr) return REAL(usleep)(microseconds);
  return Answer(SleepWorld(*channel, int64_t{microseconds} * 1000, nullptr));
}
EXPORT unsigned sleep(unsigned seconds) {
  Channel* const channel = CurrentVirtual();
  if (channel == nullptr) return REAL(sleep)(seconds);
  const ErrnoKept kept;
  timespec left{};
  if (SleepWorld(*channel, int64_t{seconds} * kSecondNs, &left) != -EINTR) return 0;
  return static_cast<unsigned>(left.tv_sec + (left.tv_nsec != 0 ? 1 : 0));
}

EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                          void* argument) {
  Channel* const channel = CurrentVirtual();
  uint64_t number = 0;
  Start* const start = channel == nullptr ? nullptr : AnnounceThread(*channel, &number);
  if (start == nullptr) return REAL(pthread_create)(thread, attributes, body, argument);
  start->body = body;
  start->argument = argument;
  const int socket = start->channel;
  const int error = REAL(pthread_create)(thread, attributes, StartThread, start);
  if (error != 0) {
    Unhide(socket);
    syscall(SYS_close, socket);
    start->taken.store(0, std::memory_order_release);
    return error;
  }
  const Lock lock(g_mutex);
  for (Started& started : g_started) {
    if (started.number != 0) continue;
    started = {*thread, number};
    break;
  }
  return 0;
}
EXPORT int pthread_join(pthread_t thread, void** result) {
  uint64_t number = 0;
  {
    const Lock lock(g_mutex);
    for (Started& started : g_started) {
      if (started.number == 0 || pthread_equal(started.thread, thread) == 0) continue;
      number = started.number;
      started.number = 0;
    }
  }
  if (Channel* const channel = CurrentVirtual(); channel != nullptr && number != 0) {
    Message message;
    Begin(message, Op::kJoin, 0, number);
    Call(*channel, message);
  }
  return REAL(pthread_join)(thread, result);
}
