// The system calls of unmodified netmap programs, for programs that run on fibers of a world.
//
// The linker redirects open, close, ioctl, mmap, munmap, poll, clocks and sleeps of everything
// linked with this library (see BUILD). A call from a thread of a simulated process goes to the
// world; any other call, and any other file, goes to the operating system.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "sim/host/process.h"

namespace mapwire::sim {
namespace {

Process* CurrentProcess() {
  Thread* const thread = Thread::Current();
  return thread == nullptr ? nullptr : thread->process();
}

// -errno to -1 and errno.
int Answer(int result) {
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

}  // namespace
}  // namespace mapwire::sim

using mapwire::sim::Answer;
using mapwire::sim::CurrentProcess;
using mapwire::sim::kFirstDescriptor;
using mapwire::sim::Process;
using mapwire::sim::Time;

extern "C" {

int __real_open(const char* path, int flags, ...);
int __real_close(int fd);
int __real_ioctl(int fd, unsigned long request, ...);
void* __wrap_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset);
void* __real_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset);
int __real_munmap(void* address, size_t length);
int __real_poll(struct pollfd* fds, nfds_t count, int timeout_ms);
int __real_clock_gettime(clockid_t clock, struct timespec* now);
int __real_gettimeofday(struct timeval* now, void* zone);
int __real_usleep(useconds_t microseconds);
unsigned __real_sleep(unsigned seconds);
int __real_nanosleep(const struct timespec* wanted, struct timespec* left);

int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  Process* const process = CurrentProcess();
  if (process == nullptr || std::strcmp(path, "/dev/netmap") != 0) {
    return __real_open(path, flags, mode);
  }
  return Answer(process->Open(path));
}

// Programs built for large files call these names; on 64-bit machines they mean the same.
int __wrap_open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return __wrap_open(path, flags, mode);
}

int __wrap_close(int fd) {
  Process* const process = CurrentProcess();
  if (fd < kFirstDescriptor || process == nullptr) return __real_close(fd);
  return Answer(process->Close(fd));
}

int __wrap_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  Process* const process = CurrentProcess();
  if (fd < kFirstDescriptor || process == nullptr) return __real_ioctl(fd, request, argument);
  return Answer(process->Ioctl(fd, request, argument));
}

void* __wrap_mmap64(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  return __wrap_mmap(address, length, protection, flags, fd, offset);
}

void* __wrap_mmap(void* address, size_t length, int protection, int flags, int fd, off_t offset) {
  Process* const process = CurrentProcess();
  if (fd < kFirstDescriptor || process == nullptr) {
    return __real_mmap(address, length, protection, flags, fd, offset);
  }
  int error = 0;
  void* const mapped = process->Mmap(fd, length, offset, &error);
  if (mapped != nullptr) return mapped;
  errno = error;
  return MAP_FAILED;
}

int __wrap_munmap(void* address, size_t length) {
  Process* const process = CurrentProcess();
  if (process != nullptr && process->Munmap(address, length) == 0) return 0;
  return __real_munmap(address, length);
}

// A set with descriptors of both kinds cannot be waited for: EINVAL. Entries below 0 are ignored,
// as always; a set without any descriptor waits in virtual time.
int __wrap_poll(struct pollfd* fds, nfds_t count, int timeout_ms) {
  nfds_t simulated = 0, real = 0;
  for (nfds_t i = 0; i < count; ++i) {
    simulated += fds[i].fd >= kFirstDescriptor ? 1 : 0;
    real += fds[i].fd >= 0 && fds[i].fd < kFirstDescriptor ? 1 : 0;
  }
  Process* const process = CurrentProcess();
  if (process == nullptr || (real != 0 && simulated == 0)) {
    return __real_poll(fds, count, timeout_ms);
  }
  if (real != 0) {
    errno = EINVAL;
    return -1;
  }
  return Answer(process->Poll(fds, static_cast<unsigned>(count), timeout_ms));
}

// What a fortified build calls in place of poll; the size of the array was checked by the compiler.
int __wrap___poll_chk(struct pollfd* fds, nfds_t count, int timeout_ms, size_t) {
  return __wrap_poll(fds, count, timeout_ms);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec* now) {
  Process* const process = CurrentProcess();
  if (process == nullptr) return __real_clock_gettime(clock, now);
  const Time time = process->Now();
  now->tv_sec = time / mapwire::sim::kSecond;
  now->tv_nsec = time % mapwire::sim::kSecond / mapwire::sim::kNanosecond;
  return 0;
}

int __wrap_gettimeofday(struct timeval* now, void* zone) {
  Process* const process = CurrentProcess();
  if (process == nullptr) return __real_gettimeofday(now, zone);
  const Time time = process->Now();
  now->tv_sec = time / mapwire::sim::kSecond;
  now->tv_usec = time % mapwire::sim::kSecond / mapwire::sim::kMicrosecond;
  return 0;
}

int __wrap_nanosleep(const struct timespec* wanted, struct timespec* left) {
  Process* const process = CurrentProcess();
  if (process == nullptr) return __real_nanosleep(wanted, left);
  process->SleepUntil(process->Now() + wanted->tv_sec * mapwire::sim::kSecond +
                      wanted->tv_nsec * mapwire::sim::kNanosecond);
  return 0;
}

int __wrap_usleep(useconds_t microseconds) {
  Process* const process = CurrentProcess();
  if (process == nullptr) return __real_usleep(microseconds);
  process->SleepUntil(process->Now() + Time{microseconds} * mapwire::sim::kMicrosecond);
  return 0;
}

unsigned __wrap_sleep(unsigned seconds) {
  Process* const process = CurrentProcess();
  if (process == nullptr) return __real_sleep(seconds);
  process->SleepUntil(process->Now() + Time{seconds} * mapwire::sim::kSecond);
  return 0;
}

}  // extern "C"
