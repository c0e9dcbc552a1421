#include "sim/host/process.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/ring/ring_layout.h"

namespace mapwire::sim {
namespace {

// Not through libc: sim/posix redirects munmap of everything it is linked with to this file.
void UnmapReal(const void* address, size_t length) { syscall(SYS_munmap, address, length); }

constexpr size_t kPage = 4096;
size_t WholePages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// Which call a trace slice is of.
enum class Call : uint64_t { kOpen, kClose, kIoctl, kMmap, kMunmap, kPoll };

// Registers a thread on wait queues, and takes it off again.
class Waiter final : public platform::PollRegistrar {
 public:
  explicit Waiter(Thread& thread) : thread_(thread) {}
  ~Waiter() {
    for (WaitQueue* queue : queues_) queue->Remove(thread_);
  }
  void WaitOn(platform::Notifier& notifier) override {
    WaitQueue& queue = static_cast<HostNotifier&>(notifier).queue();
    queue.Add(thread_);
    queues_.push_back(&queue);
  }

 private:
  Thread& thread_;
  std::vector<WaitQueue*> queues_;
};

}  // namespace

// Around every call: the program's own work is paid before, the kernel's after; the trace sees one
// slice; a killed program goes no further.
class Process::Syscall {
 public:
  Syscall(Process& process, Call call, uint64_t detail)
      : process_(process), call_(call), detail_(detail) {
    Thread& thread = *process_.thread_;
    process_.ChargeProgramWork();
    thread.Pay();
    start_ = process_.Now();
    ++process_.counters_.syscalls;
    thread.Charge(process_.host_.options().costs.syscall);
    thread.Pay();
  }
  ~Syscall() noexcept(false) {
    process_.thread_->Pay();
    if (Trace* const trace = process_.host_.trace(); trace != nullptr) {
      process_.TraceRings();
      trace->Slice(process_.track_, start_, process_.Now() - start_, process_.name_syscall_,
                   static_cast<uint64_t>(call_), detail_);
    }
    if (process_.killed_ && std::uncaught_exceptions() == 0) throw ProcessKilled();
  }

 private:
  Process& process_;
  const Call call_;
  const uint64_t detail_;
  Time start_;
};

Process::Process(Host& host, std::string name) : host_(host), name_(std::move(name)) {
  if (Trace* const trace = host.trace(); trace != nullptr) {
    track_ = trace->AddTrack(host.options().name, "program " + name_);
    name_syscall_ = trace->RegisterName("system call", "call", "detail");
    name_moved_ = trace->RegisterName("ring moved", "hwcur", "hwtail");
  }
}

Process::~Process() {
  if (thread_ != nullptr && !thread_->finished()) {
    std::fprintf(stderr, "%s: destroyed while running\n", name_.c_str());
    std::abort();
  }
}

void Process::Start(uint32_t cpu, std::function<void(Process&)> body) {
  thread_ = &host_.Spawn(name_, cpu, [this, body = std::move(body)] {
    try {
      body(*this);
    } catch (const ProcessKilled&) {
    }
    CloseAll();
  });
  thread_->set_process(this);
}

void Process::Kill() {
  killed_ = true;
  if (thread_ != nullptr) thread_->Wake();
}

void Process::Interrupt() {
  interrupted_ = true;
  if (thread_ != nullptr) thread_->Wake();
}

int Process::Open(const char* path) {
  const Syscall syscall(*this, Call::kOpen, 0);
  if (std::string_view(path) != "/dev/netmap") return -ENOENT;
  control::Session* const session = host_.control().OpenSession();
  if (session == nullptr) return -ENOMEM;
  File file = std::make_shared<OpenFile>();
  file->session = session;
  return Adopt(std::move(file));
}

int Process::Adopt(File file) {
  int fd = kFirstDescriptor;
  while (files_.count(fd) != 0) ++fd;
  files_[fd] = std::move(file);
  return fd;
}

Process::File Process::file(int fd) const {
  const auto file = files_.find(fd);
  return file == files_.end() ? nullptr : file->second;
}

void Process::Release(Host& host, File file) {
  if (file.use_count() == 1) host.control().CloseSession(file->session);
}

int Process::Close(int fd) {
  const Syscall syscall(*this, Call::kClose, static_cast<uint64_t>(fd));
  const auto file = files_.find(fd);
  if (file == files_.end()) return -EBADF;
  File closed = std::move(file->second);
  files_.erase(file);
  Release(host_, std::move(closed));
  return 0;
}

void Process::Drop(const File& file) {
  std::erase_if(files_, [&file](const auto& entry) { return entry.second == file; });
}

void Process::CloseOrphans() {
  for (auto entry = files_.begin(); entry != files_.end();) {
    if (!entry->second->orphan) {
      ++entry;
      continue;
    }
    File closed = std::move(entry->second);
    entry = files_.erase(entry);
    Release(host_, std::move(closed));
  }
}

void Process::CloseAll() {
  for (const Mapping& mapping : mappings_) UnmapReal(mapping.address, mapping.length);
  mappings_.clear();
  while (!files_.empty()) {
    File closed = std::move(files_.begin()->second);
    files_.erase(files_.begin());
    Release(host_, std::move(closed));
  }
}

control::Session* Process::session(int fd) {
  const auto file = files_.find(fd);
  return file == files_.end() ? nullptr : file->second->session;
}

int Process::Ioctl(int fd, unsigned long request, void* argument) {
  const Syscall syscall(*this, Call::kIoctl, request);
  control::Session* const session = this->session(fd);
  if (session == nullptr) return -EBADF;
  const UserAddress address(reinterpret_cast<uint64_t>(argument));
  return -session->Ioctl(*user_memory_, static_cast<uint32_t>(request), address).number();
}

int Process::MapPages(int fd, size_t length, off_t offset, platform::PageSpace** pages) {
  const Syscall syscall(*this, Call::kMmap, length);
  return FindPages(fd, length, offset, pages);
}

int Process::FindPages(int fd, size_t length, off_t offset, platform::PageSpace** pages) {
  control::Session* const session = this->session(fd);
  if (session == nullptr) return -EBADF;
  if (offset < 0 || offset % static_cast<off_t>(kPage) != 0) return -EINVAL;
  if (length == 0 || length > SIZE_MAX - kPage) return -EINVAL;
  const Result<platform::PageSpace*> found =
      session->Map(static_cast<uint64_t>(offset), WholePages(length));
  if (!found.ok()) return -EINVAL;
  *pages = *found;
  return 0;
}

void* Process::Mmap(int fd, size_t length, off_t offset, int* error) {
  const Syscall syscall(*this, Call::kMmap, length);
  platform::PageSpace* pages = nullptr;
  *error = -FindPages(fd, length, offset, &pages);
  if (*error != 0) return nullptr;
  const size_t bytes = WholePages(length);
  void* const address =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, PageSource::memfd(pages), offset);
  if (address == MAP_FAILED) {
    *error = errno;
    return nullptr;
  }
  mappings_.push_back({address, bytes});
  return address;
}

int Process::Munmap(void* address, size_t length) {
  const Syscall syscall(*this, Call::kMunmap, length);
  const auto mapping = std::find_if(mappings_.begin(), mappings_.end(),
                                    [address](const Mapping& m) { return m.address == address; });
  if (mapping == mappings_.end()) return -EINVAL;
  UnmapReal(mapping->address, mapping->length);
  mappings_.erase(mapping);
  return 0;
}

uint32_t Process::ScanAll(struct pollfd* fds, unsigned count, bool may_sleep,
                          platform::PollRegistrar* registrar) {
  uint32_t ready = 0;
  for (unsigned i = 0; i < count; ++i) {
    fds[i].revents = 0;
    if (fds[i].fd < 0) continue;
    control::Session* const session = this->session(fds[i].fd);
    if (session == nullptr) {
      fds[i].revents = POLLNVAL;
    } else {
      const uint32_t events = static_cast<uint16_t>(fds[i].events);
      const uint32_t revents = session->Poll(events, registrar, may_sleep && ready == 0);
      fds[i].revents = static_cast<short>(revents & (events | POLLERR | POLLHUP));
    }
    if (fds[i].revents != 0) ++ready;
  }
  return ready;
}

int Process::Poll(struct pollfd* fds, unsigned count, int timeout_ms) {
  const Syscall syscall(*this, Call::kPoll, count);
  const Time deadline = timeout_ms < 0 ? 0 : Now() + Time{timeout_ms} * kMillisecond;
  const bool may_sleep = timeout_ms != 0;
  interrupted_ = false;
  thread_->ForgetWake();
  Waiter waiter(*thread_);
  uint32_t ready = ScanAll(fds, count, may_sleep, may_sleep ? &waiter : nullptr);
  while (ready == 0 && may_sleep && !killed_) {
    if (interrupted_) return -EINTR;
    if (timeout_ms >= 0 && Now() >= deadline) break;
    ++counters_.sleeps;
    thread_->Charge(host_.options().costs.poll_sleep);
    thread_->Block(deadline);
    ready = ScanAll(fds, count, true, nullptr);
  }
  return static_cast<int>(ready);
}

void Process::SleepUntil(Time deadline) {
  while (Sleep(deadline) != 0) {
  }
}

int Process::Sleep(Time deadline) {
  interrupted_ = false;
  thread_->Pay();
  while (Now() < deadline && !killed_ && !interrupted_) thread_->Block(deadline);
  if (killed_) throw ProcessKilled();
  return Now() < deadline ? -EINTR : 0;
}

// Visits each bound ring of each descriptor with its place: transmit rings first.
template <typename Visitor>
void Process::ForEachRing(Visitor&& visit) {
  for (auto& [fd, file] : files_) {
    control::Session& session = *file->session;
    if (!session.bound()) continue;
    size_t at = 0;
    for (const ring::Direction direction : {ring::Direction::kTx, ring::Direction::kRx}) {
      const port::RingInterval& interval = session.selection().of(direction);
      for (uint16_t i = interval.first; i < interval.last; ++i, ++at) {
        visit(*file, session.port()->ring(direction, i), at);
      }
    }
  }
}

void Process::TraceRings() {
  Trace& trace = *host_.trace();
  ForEachRing([&](OpenFile& file, const ring::Ring& ring, size_t at) {
    if (file.views.size() <= at) {
      const char* const way = ring.direction() == ring::Direction::kTx ? "tx" : "rx";
      const std::string name = std::string("ring ") + file.session->port()->name() + " " + way +
                               std::to_string(ring.id());
      file.views.push_back({trace.AddTrack(host_.options().name, name), 0, 0});
    }
    OpenFile::RingView& view = file.views[at];
    if (view.hwcur == ring.hwcur() && view.hwtail == ring.hwtail()) return;
    view.hwcur = ring.hwcur();
    view.hwtail = ring.hwtail();
    trace.Instant(view.track, Now(), name_moved_, view.hwcur, view.hwtail);
  });
}

void Process::ChargeProgramWork() {
  const CostModel& costs = host_.options().costs;
  ForEachRing([&](OpenFile& file, const ring::Ring& ring, size_t at) {
    const memory::Region& region = *ring.region();
    const memory::RegionGeometry geometry = region.Geometry().value();
    const uint64_t offset =
        geometry.pool(memory::PoolKind::kRings).ObjectOffset(ring.object()) + ring::kHeadAt;
    uint32_t head;
    std::memcpy(&head, static_cast<const char*>(PageSource::RealBase(region.pages())) + offset,
                sizeof(head));
    if (file.heads.size() <= at) file.heads.resize(at + 1, head);
    const uint32_t n = ring.num_slots();
    const uint32_t before = file.heads[at];
    const uint32_t moved = head < n && before < n ? ring::Distance(before, head, n) : 0;
    file.heads[at] = head;
    const bool tx = ring.direction() == ring::Direction::kTx;
    thread_->Charge(uint64_t{moved} * (tx ? costs.program_tx : costs.program_rx));
  });
}

void Process::Compute(uint64_t cycles) { thread_->Charge(cycles); }

Status Process::CopyIn(void* to, UserAddress from, size_t bytes) {
  const iovec local{to, bytes};
  const iovec remote{reinterpret_cast<void*>(from.value()), bytes};
  const ssize_t moved = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
  return moved == static_cast<ssize_t>(bytes) ? kOkStatus : Status(Errno::kFault);
}

Status Process::CopyOut(UserAddress to, const void* from, size_t bytes) {
  const iovec local{const_cast<void*>(from), bytes};
  const iovec remote{reinterpret_cast<void*>(to.value()), bytes};
  const ssize_t moved = process_vm_writev(getpid(), &local, 1, &remote, 1, 0);
  return moved == static_cast<ssize_t>(bytes) ? kOkStatus : Status(Errno::kFault);
}

}  // namespace mapwire::sim
