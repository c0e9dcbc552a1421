#include "sim/server/call_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace mapwire::sim {

using remote::CallPage;
using remote::CallState;
using remote::Op;

int ServerCallPage::Open() {
  Close();
  const int fd = memfd_create("mapwire-calls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -1;
  void* memory = MAP_FAILED;
  if (ftruncate(fd, remote::kCallPageBytes) == 0 &&
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
    memory = mmap(nullptr, remote::kCallPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (memory == MAP_FAILED) {
    close(fd);
    return -1;
  }
  page_ = new (memory) CallPage{};
  return fd;
}

void ServerCallPage::Close() {
  if (page_ != nullptr) munmap(page_, remote::kCallPageBytes);
  page_ = nullptr;
}

bool ServerCallPage::Posted() const {
  if (page_ == nullptr) return false;
  // Sequentially consistent, as is the store of server_sleeps before it, and what the program does
  // the other way round: one of the two sees the other.
  const CallState state = page_->state.load();
  return state == CallState::kPosted || state == CallState::kAsleep;
}

ServerCallPage::Look ServerCallPage::Take(remote::Message& message) {
  if (!Posted()) return Look::kNothing;
  std::memcpy(&message.header, &page_->header, sizeof(message.header));
  // What is checked is the copy: the compiler is not to read the page again.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const remote::Header& header = message.header;
  const bool may_be_here = header.op == Op::kIoctl || header.op == Op::kPoll;
  if (!may_be_here || header.bytes > remote::kCallData) return Look::kBroken;
  std::memcpy(message.data, page_->data, header.bytes);
  return Look::kCalled;
}

ServerCallPage::Delivery ServerCallPage::Answer(const remote::Message& reply) {
  page_->header = reply.header;
  std::memcpy(page_->data, reply.data, reply.header.bytes);
  CallState expected = CallState::kPosted;
  if (page_->state.compare_exchange_strong(expected, CallState::kAnswered)) return Delivery::kDone;
  if (expected != CallState::kAsleep) return Delivery::kBroken;
  page_->state.store(CallState::kIdle, std::memory_order_release);
  return Delivery::kAsleep;
}

void ServerCallPage::SetServerSleeps(bool sleeps) {
  if (page_ != nullptr) page_->server_sleeps.store(sleeps ? 1 : 0);
}

}  // namespace mapwire::sim
