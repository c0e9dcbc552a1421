#include "sim/host/stack.h"

#include <cstdio>
#include <cstdlib>

#include "core/platform/untrusted.h"
#include "sim/host/host.h"

namespace mapwire::sim {

using nic::HostSend;
using platform::HostFrame;

namespace {

constexpr uint32_t kBudget = 64;
constexpr Time kCloseStep = 10 * kMicrosecond;

}  // namespace

void NetStack::SetPort(nic::NicPort& port) {
  port_ = &port;
  queues_.clear();
  for (uint16_t i = 0; i < port.shape().tx_rings; ++i) queues_.push_back(std::make_unique<Queue>());
}

Status NetStack::Open() {
  {
    const auto guard = host_.control().Lock();
    MW_TRY(port_->OpenHost());
  }
  open_ = true;
  closing_ = false;
  for (uint16_t i = 0; i < queues_.size(); ++i) {
    queues_[i]->poller = std::make_unique<Thread>(
        host_.cpu(i), name_ + " poll " + std::to_string(i), [this, i] { PollLoop(i); });
    queues_[i]->poller->Wake();
  }
  return kOkStatus;
}

void NetStack::Close() {
  open_ = false;
  closing_ = true;
  for (const std::unique_ptr<Queue>& queue : queues_) {
    queue->poller->Wake();
    while (!queue->poller->finished() || queue->running) {
      Thread::Current()->SleepUntil(host_.engine().now() + kCloseStep);
    }
    counters_.closed += queue->line.size();
  }
  const auto guard = host_.control().Lock();
  port_->CloseHost();
  for (const std::unique_ptr<Queue>& queue : queues_) *queue = Queue();
}

void NetStack::Send(uint16_t queue, std::vector<uint8_t> bytes) {
  if (!open_) {
    ++counters_.closed;
    return;
  }
  queues_[queue]->line.push_back(std::make_unique<HostFrame>(HostFrame{std::move(bytes)}));
  Run(queue);
}

// One at a time: who comes meanwhile leaves it to who is at it.
void NetStack::Run(uint16_t queue) {
  Queue& own = *queues_[queue];
  if (own.running) return;
  own.running = true;
  while (open_ && !own.stopped && !own.line.empty()) {
    std::unique_ptr<HostFrame> frame = std::move(own.line.front());
    own.line.pop_front();
    if (Offer(queue, frame, !own.line.empty())) continue;
    own.line.push_front(std::move(frame));
    break;
  }
  own.running = false;
}

// False if it is to be offered again when the device says so.
bool NetStack::Offer(uint16_t queue, std::unique_ptr<HostFrame>& frame, bool more) {
  Queue& own = *queues_[queue];
  HostSend result = port_->SendFromHost(queue, *frame, more);
  if (result == HostSend::kBusy || result == HostSend::kFull) {
    // What says that there is room may have come before we stop, so we ask once more.
    own.stopped = true;
    result = port_->SendFromHost(queue, *frame, false);
    if (result != HostSend::kBusy && result != HostSend::kFull) own.stopped = false;
  }
  switch (result) {
    case HostSend::kSentLast:
      own.stopped = true;
      Schedule(queue);
      [[fallthrough]];
    case HostSend::kSent:
      ++counters_.sent;
      return true;
    case HostSend::kKept:
      ++counters_.kept;
      (void)frame.release();
      return true;
    case HostSend::kFull:
      Schedule(queue);
      return false;
    case HostSend::kBusy:
      return false;
    case HostSend::kProgram:
      ++counters_.program_has_queue;
      return true;
    case HostSend::kDown:
    case HostSend::kBadLength:
    case HostSend::kGone:
      ++counters_.refused;
      return true;
  }
  return true;
}

void NetStack::PollLoop(uint16_t queue) {
  Queue& own = *queues_[queue];
  Thread* const self = Thread::Current();
  const CostModel& costs = host_.options().costs;
  while (!closing_) {
    self->ForgetWake();
    if (!own.scheduled) {
      self->Block(0);
      continue;
    }
    own.scheduled = false;
    self->Charge(costs.poll_sleep);
    for (uint32_t done = kBudget; done == kBudget && !closing_;) {
      ++counters_.polls;
      done = port_->PollForHost(queue, kBudget);
      DeliverReceived(queue);
      Run(queue);
      self->Pay();
    }
    port_->ArmForHost(queue);
    self->Pay();
  }
}

void NetStack::DeliverReceived(uint16_t queue) {
  Queue& own = *queues_[queue];
  while (!own.received.empty()) {
    const std::unique_ptr<HostFrame> frame = std::move(own.received.front());
    own.received.pop_front();
    ++counters_.received;
    if (on_receive) on_receive(queue, frame->bytes);
  }
}

HostFrame* NetStack::NewFrame(uint16_t, uint32_t bytes) {
  HostFrame* const frame = new HostFrame;
  frame->bytes.reserve(bytes);
  return frame;
}

void NetStack::Append(HostFrame& frame, const void* from, uint32_t bytes) {
  const size_t at = frame.bytes.size();
  frame.bytes.resize(at + bytes);
  platform::UntrustedCopyIn(frame.bytes.data() + at, from, bytes);
}

void NetStack::Receive(uint16_t queue, HostFrame* frame) {
  queues_[queue]->received.emplace_back(frame);
}

uint32_t NetStack::Length(const HostFrame& frame) {
  return static_cast<uint32_t>(frame.bytes.size());
}

void NetStack::Copy(const HostFrame& frame, uint32_t offset, void* to, uint32_t bytes) {
  platform::UntrustedCopyOut(to, frame.bytes.data() + offset, bytes);
}

bool NetStack::Taken(uint16_t queue, uint32_t bytes) {
  queues_[queue]->outstanding += bytes;
  return false;
}

void NetStack::Keep(uint16_t host_ring, HostFrame& frame) { kept_[host_ring].emplace_back(&frame); }

uint32_t NetStack::Kept(uint16_t host_ring) {
  return static_cast<uint32_t>(kept_[host_ring].size());
}

HostFrame* NetStack::Next(uint16_t host_ring) {
  std::deque<std::unique_ptr<HostFrame>>& line = kept_[host_ring];
  if (line.empty()) return nullptr;
  HostFrame* const frame = line.front().release();
  line.pop_front();
  return frame;
}

void NetStack::Schedule(uint16_t queue) {
  Queue& own = *queues_[queue];
  own.scheduled = true;
  if (own.poller != nullptr) own.poller->Wake();
}

void NetStack::Sent(uint16_t queue, uint32_t bytes, bool room) {
  Queue& own = *queues_[queue];
  if (bytes > own.outstanding) {
    std::fprintf(stderr, "%s: queue %u has sent %u bytes of %llu\n", name_.c_str(), queue, bytes,
                 static_cast<unsigned long long>(own.outstanding));
    std::abort();
  }
  own.outstanding -= bytes;
  if (!room || !own.stopped) return;
  own.stopped = false;
  // The line is emptied where frames are sent, not here.
  Schedule(queue);
}

}  // namespace mapwire::sim
