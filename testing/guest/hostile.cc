// A program that means harm, in several processes at once, on a real /dev/netmap: any value
// anywhere in its mapping, any request, syncs and polls from all CPUs, and processes killed at any
// moment.
//   usage: hostile PORT SEED KILLS PROCESSES own|everything
// It ends when so many were killed; a machine on which that takes five minutes is none for this.
// Ports of one region share its memory, so programs in it can harm each other: `own` leaves alone
// rings of other ports of the region, which must go on; a slot may name any buffer all the same.
// Prints what was done.
#include <fcntl.h>
#include <net/netmap_user.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

constexpr time_t kLimitSeconds = 300;
// Where buffers begin in the region, as the module makes it: behind netmap_ifs and rings.
constexpr uint64_t kBuffersAt = 100 * 1024 + 200 * 69632;

// What all processes did, in memory that they share.
struct Tally {
  uint64_t registered, refused, syncs, failed_syncs, polls, writes, requests, bus_errors;
};
Tally* tally;

uint64_t Count(uint64_t& counter) { return __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED); }

sigjmp_buf after_fault;
void OnFault(int) { siglongjmp(after_fault, 1); }

class Attacker {
 public:
  Attacker(const char* port, uint64_t seed, bool everything)
      : port_(port), random_(seed), everything_(everything) {}

  void Live() {
    for (;;) {
      Open();
      for (int i = 0; fd_ >= 0 && i < 400; ++i) Act();
      Close();
    }
  }

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  uint32_t Value() {
    const uint32_t slots = 512;
    const uint32_t interesting[] = {
        0,    1,     slots - 1,    slots,        slots + 1,  163840,     163839,
        2,    512,   1023,         0xffffffff,   0x80000000, 0x7fffffff, 0xffff,
        2048, 65535, Below(slots), Below(slots), Below(4096)};
    return interesting[Below(std::size(interesting))];
  }

  void Open() {
    fd_ = open("/dev/netmap", O_RDWR);
    if (fd_ < 0) {
      std::perror("/dev/netmap");
      _exit(1);
    }
    if (Below(16) == 0) return;  // an unbound one
    nmreq_header header{};
    nmreq_register reg{};
    header.nr_version = NETMAP_API;
    header.nr_reqtype = NETMAP_REQ_REGISTER;
    header.nr_body = reinterpret_cast<uintptr_t>(&reg);
    std::snprintf(header.nr_name, sizeof(header.nr_name), "%s", port_);
    reg.nr_mode = Below(8) == 0 ? Below(12) : uint32_t{NR_REG_ALL_NIC};
    reg.nr_ringid = Below(4) == 0 ? static_cast<uint16_t>(Value()) : 0;
    reg.nr_flags = Below(4) == 0 ? random_() & 0x3fff : 0;
    reg.nr_extra_bufs = Below(4) == 0 ? Value() % 5000 : 0;
    if (Below(16) == 0) reg.nr_mem_id = static_cast<uint16_t>(Value());
    if (ioctl(fd_, NIOCCTRL, &header) != 0) {
      Count(tally->refused);
      return;
    }
    Count(tally->registered);
    bytes_ = reg.nr_memsize;
    memory_ = static_cast<char*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
    if (memory_ == MAP_FAILED) memory_ = nullptr;
    if (memory_ == nullptr) return;
    interface_ = reinterpret_cast<netmap_if*>(memory_ + reg.nr_offset);
    rings_.clear();
    for (uint32_t i = 0; i < reg.nr_tx_rings + reg.nr_rx_rings + 2u; ++i) {
      const int64_t offset = interface_->ring_ofs[i];
      if (offset != 0) rings_.push_back(reg.nr_offset + offset);
    }
  }

  void Close() {
    // Half of the mappings outlive their descriptor: what is bound stays so until they go.
    const bool first = Below(2) == 0;
    if (memory_ != nullptr && first) munmap(memory_, bytes_);
    if (fd_ >= 0) close(fd_);
    if (memory_ != nullptr && !first) munmap(memory_, bytes_);
    fd_ = -1;
    memory_ = nullptr;
  }

  void Act() {
    switch (Below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Scribble();
      case 4:
      case 5:
        return Honest();
      case 6:
        return Sync(NIOCTXSYNC);
      case 7:
        return Sync(NIOCRXSYNC);
      case 8:
        return Poll();
      case 9:
        return Ask();
      case 10:
        return Touch();
      default:
        if (Below(50) == 0) Fork();
    }
  }

  // A ring of its own, or null.
  netmap_ring* PickRing() {
    if (memory_ == nullptr || rings_.empty()) return nullptr;
    const uint32_t i = Below(static_cast<uint32_t>(rings_.size()));
    return reinterpret_cast<netmap_ring*>(memory_ + rings_[i]);
  }

  // Any word of a ring's header, slots, of the netmap_if or of a buffer.
  void Scribble() {
    if (memory_ == nullptr) return;
    Count(tally->writes);
    if (sigsetjmp(after_fault, 1) != 0) {
      Count(tally->bus_errors);
      return;
    }
    netmap_ring* const ring = PickRing();
    char* at =
        ring == nullptr ? reinterpret_cast<char*>(interface_) : reinterpret_cast<char*>(ring);
    const uint32_t place = Below(10);
    if (place < 4) {
      at += 4 * Below(16);
    } else if (place < 8) {
      // A netmap_if is short, and what follows is another's.
      at += ring == nullptr && !everything_ ? 4 * Below(256) : 256 + 4 * Below(4 * 512);
    } else if (everything_) {
      at += 4 * Below(1 << 16);
    } else if (ring != nullptr) {
      at = NETMAP_BUF(ring, ring->slot[Below(512)].buf_idx) + 4 * Below(512);
      // Wherever a ring's broken words lead: not to what is no buffer.
      if (at < memory_ + kBuffersAt) return;
    }
    if (at >= memory_ && at + 4 <= memory_ + bytes_)
      *reinterpret_cast<volatile uint32_t*>(at) = Value();
  }

  // What a program would do: otherwise the device would never have anything.
  void Honest() {
    if (sigsetjmp(after_fault, 1) != 0) {
      Count(tally->bus_errors);
      return;
    }
    netmap_ring* const ring = PickRing();
    if (ring == nullptr) return;
    const uint32_t slots = ring->num_slots;
    if (slots == 0 || slots > 4096) return;
    uint32_t head = ring->head % slots;
    for (uint32_t i = Below(64); i > 0 && head != ring->tail; --i) {
      ring->slot[head].len = 60;
      head = head + 1 == slots ? 0 : head + 1;
    }
    ring->head = ring->cur = head;
  }

  void Sync(unsigned long which) {
    Count(tally->syncs);
    if (ioctl(fd_, which, nullptr) != 0) Count(tally->failed_syncs);
  }

  void Poll() {
    Count(tally->polls);
    pollfd one = {.fd = fd_, .events = static_cast<short>(random_()), .revents = 0};
    poll(&one, 1, Below(3));
  }

  // A request of noise, with pointers that may lead somewhere.
  void Ask() {
    Count(tally->requests);
    static uint64_t room[64];
    for (uint64_t& word : room) {
      word = Below(3) == 0 ? random_() : Below(2) == 0 ? reinterpret_cast<uintptr_t>(room) : 0;
    }
    nmreq_header header{};
    header.nr_version = Below(8) == 0 ? static_cast<uint16_t>(random_()) : NETMAP_API;
    header.nr_reqtype = static_cast<uint16_t>(Below(24));
    header.nr_body = Below(8) == 0 ? random_() : reinterpret_cast<uintptr_t>(room);
    if (Below(4) == 0) header.nr_options = reinterpret_cast<uintptr_t>(room + 8);
    std::snprintf(header.nr_name, sizeof(header.nr_name), "%s", Below(3) == 0 ? "" : port_);
    const unsigned long commands[] = {NIOCCTRL, NIOCREGIF, NIOCGINFO, NIOCCONFIG,
                                      static_cast<unsigned long>(random_())};
    const unsigned long command = commands[Below(std::size(commands))];
    void* const argument = command == NIOCCTRL ? static_cast<void*>(&header) : room;
    ioctl(fd_, command, Below(16) == 0 ? nullptr : argument);
  }

  // Anywhere in the mapping, committed or not; and mappings of odd places.
  void Touch() {
    if (Below(8) == 0) {
      void* const odd =
          mmap(nullptr, 4096 * (1 + Below(8)), PROT_READ | PROT_WRITE,
               Below(4) == 0 ? MAP_PRIVATE : MAP_SHARED, fd_, static_cast<off_t>(4096) * Value());
      if (odd != MAP_FAILED) munmap(odd, 4096);
      return;
    }
    if (memory_ == nullptr) return;
    if (sigsetjmp(after_fault, 1) != 0) {
      Count(tally->bus_errors);
      return;
    }
    volatile char* const at = memory_ + random_() % bytes_;
    if (everything_ && Below(2) == 0) *at = static_cast<char>(Value());
    (void)*at;
  }

  // A child that has the descriptor and the mapping too, and goes at once.
  void Fork() {
    const pid_t child = fork();
    if (child == 0) {
      Sync(NIOCTXSYNC);
      _exit(0);
    }
    if (child > 0) waitpid(child, nullptr, 0);
  }

  const char* const port_;
  std::mt19937_64 random_;
  const bool everything_;
  int fd_ = -1;
  char* memory_ = nullptr;
  uint64_t bytes_ = 0;
  netmap_if* interface_ = nullptr;
  std::vector<uint64_t> rings_;  // where they were before it wrote anything
};

pid_t Start(const char* port, uint64_t seed, bool everything) {
  const pid_t child = fork();
  if (child != 0) return child;
  struct sigaction action {};
  action.sa_handler = OnFault;
  sigaction(SIGBUS, &action, nullptr);
  sigaction(SIGSEGV, &action, nullptr);
  Attacker(port, seed, everything).Live();
  _exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const bool everything = argc == 6 && std::strcmp(argv[5], "everything") == 0;
  if (argc != 6 || (!everything && std::strcmp(argv[5], "own") != 0)) {
    std::fprintf(stderr, "usage: hostile PORT SEED KILLS PROCESSES own|everything\n");
    return 2;
  }
  const char* const port = argv[1];
  std::mt19937_64 random(std::strtoull(argv[2], nullptr, 10));
  const uint64_t enough = std::strtoull(argv[3], nullptr, 10);
  const time_t end = time(nullptr) + kLimitSeconds;
  std::vector<pid_t> children(static_cast<size_t>(std::atoi(argv[4])));
  tally = static_cast<Tally*>(
      mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  for (pid_t& child : children) child = Start(port, random(), everything);
  uint64_t kills = 0;
  while (kills < enough && time(nullptr) < end) {
    usleep(static_cast<useconds_t>(random() % 20000));
    pid_t& child = children[random() % children.size()];
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    ++kills;
    child = Start(port, random(), everything);
  }
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  std::printf(
      "kills %llu registered %llu refused %llu syncs %llu failed %llu polls %llu "
      "writes %llu requests %llu bus-errors %llu\n",
      static_cast<unsigned long long>(kills), static_cast<unsigned long long>(tally->registered),
      static_cast<unsigned long long>(tally->refused),
      static_cast<unsigned long long>(tally->syncs),
      static_cast<unsigned long long>(tally->failed_syncs),
      static_cast<unsigned long long>(tally->polls), static_cast<unsigned long long>(tally->writes),
      static_cast<unsigned long long>(tally->requests),
      static_cast<unsigned long long>(tally->bus_errors));
  return 0;
}
