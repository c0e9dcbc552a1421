#include "sim/server/program.h"

#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/shim/socket.h"
#include "sim/world/world.h"

namespace mapwire::sim {

using remote::Op;

namespace {

// What reading the clock costs a program in virtual time: about a call into the vDSO.
constexpr uint32_t kClockReadNs = 25;
// How long the program may take to copy a part of a request.
constexpr Time kCopyLimit = kSecond;
constexpr size_t kMaxFiles = 1024;  // of one program
constexpr Time kJoinStep = kMillisecond;

}  // namespace

Program::Program(ProgramHost& server, World& world, Host& host, const std::string& name,
                 uint32_t cpu)
    : server_(server), process_(world.AddProcess(host, name)) {
  process_.set_user_memory(this);
  process_.Start(cpu, [this](Process&) { Body(); });
}

void Program::Take(int channel, pid_t pid, uint64_t number, bool greeted) {
  channel_ = channel;
  pid_ = pid;
  number_ = number;
  greeted_ = greeted;
  gone_ = false;
  cancelled_ = false;
  state_ = State::kComputing;
  process_.thread().Wake();
}

void Program::Stop() {
  gone_ = true;
  process_.Kill();
}

// --- Messages
// -------------------------------------------------------------------------------------

bool Program::LookAtPage() {
  if (state_ != State::kComputing || paged_ || !page_.Posted()) return false;
  process_.thread().Wake();
  return true;
}

// Only a cancellation may come while a call is under way.
void Program::Readable() {
  if (state_ != State::kInCall) {
    process_.thread().Wake();
    return;
  }
  remote::Message message;
  int descriptor;
  const ssize_t received = remote::ReceiveMessage(channel_, message, &descriptor, MSG_DONTWAIT);
  if (received == -EAGAIN) return;
  if (descriptor >= 0) close(descriptor);
  // It announced a request that was found already.
  if (received > 0 && message.header.op == Op::kLook) return;
  if (received > 0 && message.header.op == Op::kCancel) {
    if (message.header.value[0] != wait_) return;
    cancelled_ = true;
    process_.Interrupt();
    return;
  }
  if (received > 0) Refuse("a request during a request");
  server_.Left(*this);
  Stop();
}

bool Program::ReceivePage() {
  switch (page_.Take(message_)) {
    case ServerCallPage::Look::kNothing:
      return false;
    case ServerCallPage::Look::kCalled:
      paged_ = true;
      return true;
    case ServerCallPage::Look::kBroken:
      break;
  }
  Refuse("a call page that cannot be");
  gone_ = true;
  return false;
}

bool Program::ReceiveHere() {
  if (state_ == State::kComputing && (ReceivePage() || gone_)) return !gone_;
  const ssize_t received = remote::ReceiveMessage(channel_, message_, &descriptor_, MSG_DONTWAIT);
  if (received > 0 && message_.header.op == Op::kLook) {
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
    if (state_ == State::kComputing) return ReceivePage();
    return false;
  }
  if (received > 0) return true;
  if (received == -EAGAIN || received == -EINTR) return false;
  if (received == -EPROTO) Refuse("a message that is not as long as it says");
  gone_ = true;
  return false;
}

bool Program::Receive() {
  for (;;) {
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
    bool there = false;
    if (server_.virtual_time() && !gone_) {
      // The program has the baton: the world stands still until it calls.
      if (server_.WaitReadable(channel_)) {
        there = ReceiveHere();
      } else if (!server_.stopping()) {
        server_.Say(fmt::format("{} (process {}) holds the world up; the world goes on without it",
                                name(), pid_));
      }
    }
    while (!there && !gone_ && !server_.stopping()) {
      there = ReceiveHere();
      if (there || gone_) break;
      process_.thread().Block(0);
    }
    if (!there) return false;
    server_.Settle(*this, false);
    // What comes now comes now, and not when the world's clock stopped for its last work.
    if (!server_.virtual_time() && server_.RealTime() > process_.Now() + kLongestLag) {
      process_.thread().SleepUntil(server_.RealTime());
    }
    if (message_.header.op != Op::kCancel) return true;  // else it came too late
  }
}

void Program::Reply(int64_t result, int descriptor, const void* data, size_t bytes) {
  remote::Message reply{};
  reply.header.op = Op::kReply;
  reply.header.result = result;
  reply.header.now = process_.Now() / kNanosecond;
  reply.header.bytes = static_cast<uint32_t>(bytes);
  if (bytes != 0) std::memcpy(reply.data, data, bytes);
  state_ = State::kComputing;
  if (std::exchange(paged_, false)) {
    switch (page_.Answer(reply)) {
      case ServerCallPage::Delivery::kDone:
        return;
      case ServerCallPage::Delivery::kAsleep:
        break;
      case ServerCallPage::Delivery::kBroken:
        Refuse("changes of its call page during a request");
        gone_ = true;
        return;
    }
  }
  if (remote::SendMessage(channel_, reply, descriptor, MSG_DONTWAIT) != 0) gone_ = true;
}

void Program::Refuse(const char* what) {
  server_.Say(fmt::format("{} (process {}) sent {}; its channel is closed", name(), pid_, what));
}

// --- Its life
// -------------------------------------------------------------------------------------

void Program::Body() {
  for (;;) {
    while (free()) {
      if (server_.stopping()) return;
      process_.thread().Block(0);
    }
    try {
      Serve();
    } catch (const ProcessKilled&) {
    }
    Leave();
  }
}

void Program::Serve() {
  if (!greeted_) {
    if (!Receive()) return;
    if (message_.header.op != Op::kHello) return Refuse("no greeting");
  }
  const remote::Welcome welcome{.virtual_time = server_.virtual_time() ? 1U : 0U,
                                .clock_read_ns = kClockReadNs};
  const int page = server_.virtual_time() ? -1 : page_.Open();
  Reply(0, page, &welcome, sizeof(welcome));
  if (page >= 0) close(page);
  while (!gone_ && Receive()) {
    state_ = State::kInCall;
    cancelled_ = false;
    wait_ = message_.header.value[1];
    if (!Handle()) return;
    if (std::exchange(orphans_, false)) process_.CloseOrphans();
  }
}

void Program::Leave() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  server_.Left(*this);
  state_ = State::kInCall;
  server_.Settle(*this, true);
  process_.CloseAll();
  process_.Revive();
  ++served_;
  page_.Close();
  paged_ = false;
  close(std::exchange(channel_, -1));
}

void Program::Forget(const Process::File& file) {
  file->orphan = true;
  if (state_ == State::kComputing) {
    process_.Drop(file);
  } else {
    orphans_ = true;
  }
}

// --- Requests
// -------------------------------------------------------------------------------------

bool Program::Handle() {
  const remote::Header& header = message_.header;
  const int fd = static_cast<int>(header.handle);
  const Time now = process_.Now();
  const uint64_t value = header.value[0];
  if (header.clock_reads != 0 && server_.virtual_time()) {
    const Time spent = Time{header.clock_reads} * kClockReadNs * kNanosecond;
    process_.Compute(
        static_cast<uint64_t>(static_cast<double>(spent) / kNanosecond * host().options().cpu_ghz));
  }
  switch (header.op) {
    case Op::kOpen:
      Open();
      return true;
    case Op::kAttach:
      Reply(Attach());
      return true;
    case Op::kForget:
      process_.Close(fd);
      Reply(0);
      return true;
    case Op::kIoctl: {
      const int result = process_.Ioctl(fd, static_cast<unsigned long>(value),
                                        reinterpret_cast<void*>(header.value[1]));
      if (gone_) return false;
      Reply(result);
      return true;
    }
    case Op::kMap: {
      platform::PageSpace* pages = nullptr;
      const int result = process_.MapPages(fd, value, static_cast<off_t>(header.value[1]), &pages);
      Reply(result, result == 0 ? PageSource::memfd(pages) : -1);
      return true;
    }
    case Op::kPoll:
      return Poll();
    case Op::kSleep: {
      constexpr uint64_t kLongest = static_cast<uint64_t>(INT64_MAX / 2 / kNanosecond);
      const Time time = static_cast<Time>(value > kLongest ? kLongest : value) * kNanosecond;
      const Time most = INT64_MAX / 2;
      const Time deadline = now < most ? now + time : most;
      Reply(process_.Sleep(deadline));
      return true;
    }
    case Op::kClock:
      process_.Yield();
      Reply(0);
      return true;
    case Op::kThread: {
      if (descriptor_ < 0) break;
      Reply(server_.NewThread(*this, std::exchange(descriptor_, -1)));
      return true;
    }
    case Op::kJoin:
      Reply(Join(value));
      return true;
    case Op::kInterface: {
      remote::Interface interface {};
      const bool found = FindInterface(interface);
      Reply(found ? 0 : -ENODEV, -1, &interface, sizeof(interface));
      return true;
    }
    default:
      break;
  }
  Refuse("a request that does not exist");
  return false;
}

void Program::Open() {
  int fd = -EMFILE;
  if (process_.open_files() < kMaxFiles) fd = process_.Open("/dev/netmap");
  if (fd < 0) return Reply(fd);
  const int end = server_.NewDescriptor(host(), process_.file(fd));
  if (end < 0) {
    process_.Close(fd);
    return Reply(end);
  }
  Reply(fd, end);
  close(end);
}

int64_t Program::Attach() {
  if (descriptor_ < 0) return -EBADF;
  Process::File file = server_.FindDescriptor(host(), descriptor_);
  close(std::exchange(descriptor_, -1));
  if (file == nullptr) return -ENOTTY;
  if (process_.open_files() >= kMaxFiles) return -EMFILE;
  return process_.Adopt(std::move(file));
}

bool Program::Poll() {
  remote::PollEntry entries[remote::kMaxPolled];
  struct pollfd fds[remote::kMaxPolled];
  const size_t bytes = message_.header.bytes;
  if (bytes > sizeof(entries) || bytes % sizeof(entries[0]) != 0) {
    Refuse("a poll of half a descriptor");
    return false;
  }
  const unsigned count = static_cast<unsigned>(bytes / sizeof(entries[0]));
  std::memcpy(entries, message_.data, bytes);
  for (unsigned i = 0; i < count; ++i) {
    fds[i] = {static_cast<int>(entries[i].handle), entries[i].events, 0};
  }
  const int64_t asked = static_cast<int64_t>(message_.header.value[0]);
  const int timeout_ms = asked < 0 ? -1 : static_cast<int>(std::min<int64_t>(asked, INT32_MAX));
  const int ready = process_.Poll(fds, count, timeout_ms);
  for (unsigned i = 0; i < count; ++i) entries[i].revents = fds[i].revents;
  Reply(ready, -1, entries, bytes);
  return true;
}

int64_t Program::Join(uint64_t number) {
  while (server_.ThreadLives(number)) {
    if (cancelled_) return -EINTR;
    process_.Sleep(process_.Now() + kJoinStep);
  }
  return 0;
}

bool Program::FindInterface(remote::Interface& interface) {
  const size_t bytes = message_.header.bytes;
  const std::string name(reinterpret_cast<const char*>(message_.data),
                         strnlen(reinterpret_cast<const char*>(message_.data), bytes));
  uint32_t index = 1;
  for (const auto& nic : host().nics()) {
    ++index;
    if (nic->name() != name || nic->port() == nullptr) continue;
    const nic::NicPort& port = *nic->port();
    interface.index = index;
    interface.flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST | IFF_PROMISC;
    if (port.carrier()) interface.flags |= IFF_RUNNING;
    interface.mtu = nic->options().port.driver.max_frame_bytes - 14;
    std::memcpy(interface.mac, nic->port()->driver().mac(), sizeof(interface.mac));
    return true;
  }
  return false;
}

// --- Memory of the program
// ------------------------------------------------------------------------

// Waits for the answer to a copy. A program that does not give it in time loses its channel: others
// wait for the lock that is held here.
Status Program::Copied() {
  state_ = State::kCopying;
  const Time deadline = process_.Now() + kCopyLimit;
  bool there = false;
  if (server_.virtual_time()) {
    there = server_.WaitReadable(channel_) && ReceiveHere();
  } else {
    while (!gone_ && !server_.stopping() && !(there = ReceiveHere())) {
      if (process_.Now() >= deadline) break;
      process_.thread().Block(deadline);
    }
  }
  state_ = State::kInCall;
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  if (there && message_.header.op == Op::kCopied) {
    return message_.header.value[0] == 0 ? kOkStatus : Status(Errno::kFault);
  }
  if (there) Refuse("something else than was asked for");
  if (!there && !gone_) Refuse("no answer to a copy");
  gone_ = true;
  return Errno::kFault;
}

Status Program::CopyIn(void* to, UserAddress from, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const size_t part = std::min(bytes - done, remote::kMaxData);
    if (gone_) return Errno::kFault;
    remote::Message ask{};
    ask.header.op = Op::kCopyIn;
    ask.header.value[0] = from.value() + done;
    ask.header.value[1] = part;
    if (remote::SendMessage(channel_, ask, -1, MSG_DONTWAIT) != 0) gone_ = true;
    MW_TRY(Copied());
    if (message_.header.bytes != part) return Errno::kFault;
    std::memcpy(static_cast<char*>(to) + done, message_.data, part);
    done += part;
  }
  return kOkStatus;
}

Status Program::CopyOut(UserAddress to, const void* from, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const size_t part = std::min(bytes - done, remote::kMaxData);
    if (gone_) return Errno::kFault;
    remote::Message ask{};
    ask.header.op = Op::kCopyOut;
    ask.header.value[0] = to.value() + done;
    ask.header.bytes = static_cast<uint32_t>(part);
    std::memcpy(ask.data, static_cast<const char*>(from) + done, part);
    if (remote::SendMessage(channel_, ask, -1, MSG_DONTWAIT) != 0) gone_ = true;
    MW_TRY(Copied());
    done += part;
  }
  return kOkStatus;
}

}  // namespace mapwire::sim
