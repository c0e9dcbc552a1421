#include "sim/host/plain_stack.h"

#include <cstdio>
#include <cstdlib>

#include "core/platform/yield.h"

namespace mapwire::sim {

using nic::HostSend;
using platform::HostFrame;
using platform::YieldPoint;

namespace {

constexpr uint32_t kBudget = 64;

}  // namespace

void PlainStack::SetPort(nic::NicPort& port) {
  port_ = &port;
  queues_.clear();
  for (uint16_t i = 0; i < port.shape().tx_rings; ++i) queues_.push_back(std::make_unique<Queue>());
}

void PlainStack::Send(uint16_t queue, std::vector<uint8_t> bytes) {
  if (!open_) {
    ++counters_.closed;
    return;
  }
  queues_[queue]->line.push_back(std::make_unique<HostFrame>(HostFrame{std::move(bytes)}));
  Run(queue);
}

// One at a time: who comes meanwhile leaves it to who is at it.
void PlainStack::Run(uint16_t queue) {
  Queue& own = *queues_[queue];
  if (own.running) return;
  own.running = true;
  while (open_ && !Stands(own) && !own.line.empty()) {
    std::unique_ptr<HostFrame> frame = std::move(own.line.front());
    own.line.pop_front();
    YieldPoint();
    if (Offer(queue, frame, !own.line.empty())) continue;
    own.line.push_front(std::move(frame));
    YieldPoint();
  }
  own.running = false;
}

// False if it is to be offered again when the device says so.
bool PlainStack::Offer(uint16_t queue, std::unique_ptr<HostFrame>& frame, bool more) {
  Queue& own = *queues_[queue];
  HostSend result = port_->SendFromHost(queue, *frame, more);
  if (result == HostSend::kBusy || result == HostSend::kFull) {
    // What says that there is room may have come before we stop, so we ask once more.
    YieldPoint();
    own.stopped = true;
    YieldPoint();
    result = port_->SendFromHost(queue, *frame, false);
    if (result == HostSend::kBusy || result == HostSend::kFull) {
      Schedule(queue);
      return false;
    }
    if (result != HostSend::kSentLast) own.stopped = false;
  }
  YieldPoint();
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
    case HostSend::kProgram:
      ++counters_.program_has_queue;
      return true;
    case HostSend::kFull:
    case HostSend::kBusy:
    case HostSend::kDown:
    case HostSend::kBadLength:
    case HostSend::kGone:
      ++counters_.refused;
      return true;
  }
  return true;
}

void PlainStack::Poll(uint16_t queue) {
  queues_[queue]->scheduled = false;
  for (uint32_t done = kBudget; done == kBudget && open_;) {
    ++counters_.polls;
    done = port_->PollForHost(queue, kBudget);
    DeliverReceived(queue);
    Run(queue);
    Pause();
  }
  port_->ArmForHost(queue);
  Pause();
}

void PlainStack::DeliverReceived(uint16_t queue) {
  Queue& own = *queues_[queue];
  while (!own.received.empty()) {
    const std::unique_ptr<HostFrame> frame = std::move(own.received.front());
    own.received.pop_front();
    ++counters_.received;
    if (on_receive) on_receive(queue, frame->bytes);
  }
}

void PlainStack::Forget() {
  for (const std::unique_ptr<Queue>& queue : queues_) {
    counters_.closed += queue->line.size();
    *queue = Queue();
  }
}

void PlainStack::Receive(uint16_t queue, HostFrame* frame) {
  queues_[queue]->received.emplace_back(frame);
}

bool PlainStack::Taken(uint16_t queue, uint32_t bytes) {
  queues_[queue]->outstanding += bytes;
  return Stands(*queues_[queue]);
}

void PlainStack::Schedule(uint16_t queue) {
  queues_[queue]->scheduled = true;
  Wake(queue);
}

void PlainStack::Sent(uint16_t queue, uint32_t bytes, bool room) {
  Queue& own = *queues_[queue];
  if (bytes > own.outstanding) {
    std::fprintf(stderr, "%s: queue %u has sent %u bytes of %llu\n", name_.c_str(), queue, bytes,
                 static_cast<unsigned long long>(own.outstanding));
    std::abort();
  }
  const bool stood = Stands(own);
  own.outstanding -= bytes;
  YieldPoint();
  if (room) own.stopped = false;
  // The line is emptied where frames are sent, not here.
  if (stood && !Stands(own)) Schedule(queue);
}

}  // namespace mapwire::sim
