// A simulated process: the system calls a netmap program makes, on the threads of one host.
#ifndef SIM_HOST_PROCESS_H_
#define SIM_HOST_PROCESS_H_

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
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

// What an open descriptor stands for.
class OpenFile {
 public:
  struct RingView {
    TrackId track;
    uint32_t hwcur;
    uint32_t hwtail;
  };

  control::Session* session = nullptr;
  // For a front end with descriptors of its own: nobody can name it any more.
  bool orphan = false;
  // Where head stood in each bound ring (transmit, then receive) at the last system call.
  std::vector<uint32_t> heads;
  // What the trace was last told of each ring.
  std::vector<RingView> views;
};

// Descriptors of simulated processes start here, so that they are never mistaken for real ones.
inline constexpr int kFirstDescriptor = 1 << 20;

// All calls are made from a thread of the process. They return what the system call would, with
// -errno in place of -1 and errno.
class Process final : private platform::UserMemory {
 public:
  using File = std::shared_ptr<OpenFile>;

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
  // A signal that has a handler: a Poll or Sleep under way returns -EINTR, unless it has a result.
  void Interrupt();
  // What kills ends, this takes back: the thread serves another program.
  void Revive() { killed_ = false; }
  // Where requests are read and answers put; without this, the memory of this process itself.
  void set_user_memory(platform::UserMemory* memory) { user_memory_ = memory; }

  int Open(const char* path);
  int Close(int fd);
  int Ioctl(int fd, unsigned long request, void* argument);
  // Shared, readable and writable; null with `error` set to the errno on failure.
  void* Mmap(int fd, size_t length, off_t offset, int* error);
  int Munmap(void* address, size_t length);
  // The pages that a mapping would show, for a front end that does the mapping elsewhere.
  int MapPages(int fd, size_t length, off_t offset, platform::PageSpace** pages);
  int Poll(struct pollfd* fds, unsigned count, int timeout_ms);
  void SleepUntil(Time deadline);
  // The same, but Interrupt ends it: 0 or -EINTR.
  int Sleep(Time deadline);

  // Open files can be shared between processes: the last one that closes it closes it.
  File file(int fd) const;
  int Adopt(File file);
  // Gives up `file`, wherever it was kept; on a thread of its host.
  static void Release(Host& host, File file);
  // Forgets `file`, which somebody else keeps: from anywhere.
  void Drop(const File& file);
  // What has become an orphan during a call, and everything.
  void CloseOrphans();
  void CloseAll();
  size_t open_files() const { return files_.size(); }
  // Work of the program itself, in cycles; paid at the next system call.
  void Compute(uint64_t cycles);
  // Pays for it now: the others run meanwhile.
  void Yield() { thread_->Pay(); }
  Time Now() const { return host_.engine().now(); }

  Host& host() { return host_; }
  const std::string& name() const { return name_; }
  Thread& thread() { return *thread_; }
  const ProcessCounters& counters() const { return counters_; }
  // The session behind a descriptor, or null: for checks by the world.
  control::Session* session(int fd);
  bool IsOpen(int fd) const { return files_.count(fd) != 0; }

 private:
  struct Mapping {
    void* address;
    size_t length;
  };

  class Syscall;

  Status CopyIn(void* to, UserAddress from, size_t bytes) override;
  Status CopyOut(UserAddress to, const void* from, size_t bytes) override;
  int FindPages(int fd, size_t length, off_t offset, platform::PageSpace** pages);
  uint32_t ScanAll(struct pollfd* fds, unsigned count, bool may_sleep,
                   platform::PollRegistrar* registrar);
  template <typename Visitor>
  void ForEachRing(Visitor&& visit);
  // Tells the trace which rings have moved in this call.
  void TraceRings();
  // The program's own work since the last call: so much for each slot it moved head over.
  void ChargeProgramWork();

  Host& host_;
  std::string name_;
  Thread* thread_ = nullptr;
  platform::UserMemory* user_memory_ = this;
  std::map<int, File> files_;
  std::vector<Mapping> mappings_;
  bool killed_ = false;
  bool interrupted_ = false;
  ProcessCounters counters_;
  TrackId track_{};
  EventName name_syscall_{};
  EventName name_moved_{};
};

}  // namespace mapwire::sim

#endif  // SIM_HOST_PROCESS_H_
