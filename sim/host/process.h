// A simulated process: the system calls a netmap program makes, on the threads of one host.
#ifndef SIM_HOST_PROCESS_H_
#define SIM_HOST_PROCESS_H_

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/control/session.h"
#include "sim/host/host.h"

namespace mapwire::sim {

// Thrown inside a program when it is killed, at the end of the system call it is in. A program must
// let it pass.
class ProcessKilled : public std::exception {};

struct ProcessCounters {
  uint64_t syscalls = 0;
  uint64_t sleeps = 0;
};

// Descriptors of simulated processes start here, so that they are never mistaken for real ones.
inline constexpr int kFirstDescriptor = 1 << 20;

// All calls are made from a thread of the process. They return what the system call would, with
// -errno in place of -1 and errno.
class Process final : private platform::UserMemory {
 public:
  Process(Host& host, std::string name);
  // Its thread must have finished.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Starts the program on CPU `cpu`; when the body returns, all descriptors are closed.
  void Start(uint32_t cpu, std::function<void(Process&)> body);
  // True also for a program that was never started.
  bool finished() const { return thread_ == nullptr || thread_->finished(); }
  // SIGKILL: the program ends at its next return from a system call; a sleeping one wakes for it.
  void Kill();

  int Open(const char* path);
  int Close(int fd);
  int Ioctl(int fd, unsigned long request, void* argument);
  // Shared, readable and writable; null with `error` set to the errno on failure.
  void* Mmap(int fd, size_t length, off_t offset, int* error);
  int Munmap(void* address, size_t length);
  int Poll(struct pollfd* fds, unsigned count, int timeout_ms);
  void SleepUntil(Time deadline);
  // Work of the program itself, in cycles; paid at the next system call.
  void Compute(uint64_t cycles);
  Time Now() const { return host_.engine().now(); }

  Host& host() { return host_; }
  const std::string& name() const { return name_; }
  Thread& thread() { return *thread_; }
  const ProcessCounters& counters() const { return counters_; }
  // The session behind a descriptor, or null: for checks by the world.
  control::Session* session(int fd);
  bool IsOpen(int fd) const { return files_.count(fd) != 0; }

 private:
  struct RingView {
    TrackId track;
    uint32_t hwcur;
    uint32_t hwtail;
  };

  struct File {
    control::Session* session = nullptr;
    // Where head stood in each bound ring (transmit, then receive) at the last system call.
    std::vector<uint32_t> heads;
    // What the trace was last told of each ring.
    std::vector<RingView> views;
  };

  struct Mapping {
    void* address;
    size_t length;
  };

  class Syscall;

  Status CopyIn(void* to, UserAddress from, size_t bytes) override;
  Status CopyOut(UserAddress to, const void* from, size_t bytes) override;
  uint32_t ScanAll(struct pollfd* fds, unsigned count, bool may_sleep,
                   platform::PollRegistrar* registrar);
  void CloseAll();
  template <typename Visitor>
  void ForEachRing(Visitor&& visit);
  // Tells the trace which rings have moved in this call.
  void TraceRings();
  // The program's own work since the last call: so much for each slot it moved head over.
  void ChargeProgramWork();

  Host& host_;
  std::string name_;
  Thread* thread_ = nullptr;
  std::map<int, File> files_;
  std::vector<Mapping> mappings_;
  bool killed_ = false;
  ProcessCounters counters_;
  TrackId track_{};
  EventName name_syscall_{};
  EventName name_moved_{};
};

}  // namespace mapwire::sim

#endif  // SIM_HOST_PROCESS_H_
