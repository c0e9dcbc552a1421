#include "sim/host/stack.h"

#include "sim/host/host.h"

namespace mapwire::sim {

namespace {

constexpr Time kCloseStep = 10 * kMicrosecond;

}  // namespace

Status NetStack::Open() {
  {
    const auto guard = host_.control().Lock();
    MW_TRY(port().OpenHost());
  }
  set_open(true);
  closing_ = false;
  for (uint16_t i = 0; i < queues(); ++i) {
    pollers_.push_back(std::make_unique<Thread>(host_.cpu(i), name() + " poll " + std::to_string(i),
                                                [this, i] { PollLoop(i); }));
    pollers_.back()->Wake();
  }
  return kOkStatus;
}

void NetStack::Close() {
  set_open(false);
  closing_ = true;
  for (uint16_t i = 0; i < queues(); ++i) {
    pollers_[i]->Wake();
    while (!pollers_[i]->finished() || running(i)) {
      Thread::Current()->SleepUntil(host_.engine().now() + kCloseStep);
    }
  }
  pollers_.clear();
  {
    const auto guard = host_.control().Lock();
    port().CloseHost();
  }
  Forget();
}

void NetStack::Wake(uint16_t queue) {
  if (queue < pollers_.size()) pollers_[queue]->Wake();
}

void NetStack::Pause() { Thread::Current()->Pay(); }

void NetStack::PollLoop(uint16_t queue) {
  Thread* const self = Thread::Current();
  while (!closing_) {
    self->ForgetWake();
    if (!scheduled(queue)) {
      self->Block(0);
      continue;
    }
    self->Charge(host_.options().costs.poll_sleep);
    Poll(queue);
  }
}

}  // namespace mapwire::sim
