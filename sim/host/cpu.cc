#include "sim/host/cpu.h"

#include <algorithm>
#include <cstdlib>

namespace mapwire::sim {
namespace {

// A busy thread gives way to others of its CPU after this long.
constexpr Time kTimeSlice = 1 * kMillisecond;

Thread* g_thread = nullptr;

enum : uint64_t { kPaid = 0, kTimer = 1, kKinds = 2 };

}  // namespace

void WaitQueue::Remove(Thread& thread) {
  waiters_.erase(std::remove(waiters_.begin(), waiters_.end(), &thread), waiters_.end());
}

void WaitQueue::WakeAll() {
  for (Thread* thread : waiters_) thread->Wake();
}

Thread::Thread(Cpu& cpu, std::string name, std::function<void()> body)
    : cpu_(cpu), name_(std::move(name)), fiber_(std::move(body)) {
  Wake();
}

Thread* Thread::Current() { return g_thread; }

void Thread::Continue() {
  Thread* const before = g_thread;
  g_thread = this;
  fiber_.Resume();
  g_thread = before;
  if (fiber_.done()) {
    state_ = State::kFinished;
    cpu_.Leave(*this);
  }
}

void Thread::Pay() {
  if (owed_cycles_ == 0) return;
  const Time cost = cpu_.CyclesToTime(owed_cycles_);
  owed_cycles_ = 0;
  busy_time_ += cost;
  ++pay_generation_;
  cpu_.engine_.At(cpu_.engine_.now() + cost, *this, pay_generation_ * kKinds + kPaid);
  Fiber::Yield();
}

void Thread::Block(Time deadline) {
  Pay();
  if (woken_) {
    woken_ = false;
    return;
  }
  state_ = State::kBlocked;
  ++timer_generation_;
  if (deadline != 0) {
    cpu_.engine_.At(deadline, *this, timer_generation_ * kKinds + kTimer);
  }
  cpu_.Leave(*this);
  Fiber::Yield();
}

void Thread::SleepUntil(Time deadline) {
  while (cpu_.engine_.now() < deadline) Block(deadline);
}

void Thread::Wake() {
  if (state_ != State::kBlocked) {
    woken_ = true;
    return;
  }
  state_ = State::kReady;
  ++timer_generation_;
  cpu_.MakeReady(*this);
}

void Thread::OnEvent(uint64_t argument) {
  const uint64_t generation = argument / kKinds;
  if (argument % kKinds == kTimer) {
    if (generation == timer_generation_) Wake();
    return;
  }
  if (generation != pay_generation_) std::abort();
  // What interrupts took meanwhile comes on top.
  if (cpu_.stolen_ != 0) {
    const Time more = cpu_.stolen_;
    cpu_.stolen_ = 0;
    cpu_.engine_.At(cpu_.engine_.now() + more, *this, argument);
    return;
  }
  if (cpu_.engine_.now() >= cpu_.slice_end_ && !cpu_.ready_.empty()) {
    state_ = State::kReady;
    cpu_.ready_.push_back(this);
    cpu_.Leave(*this);
    return;
  }
  Continue();
}

void Cpu::Steal(uint64_t cycles) {
  const Time cost = CyclesToTime(cycles);
  interrupt_time_ += cost;
  if (running_ != nullptr) {
    stolen_ += cost;
  } else {
    interrupt_until_ = std::max(interrupt_until_, engine_.now()) + cost;
  }
}

void Cpu::MakeReady(Thread& thread) {
  ready_.push_back(&thread);
  Dispatch();
}

// Something may be able to run: decided by an event, so that whoever caused it finishes first.
void Cpu::Dispatch() {
  if (running_ != nullptr || dispatch_pending_ || ready_.empty()) return;
  dispatch_pending_ = true;
  engine_.At(std::max(engine_.now(), interrupt_until_), *this);
}

void Cpu::OnEvent(uint64_t) {
  dispatch_pending_ = false;
  if (running_ != nullptr || ready_.empty()) return;
  if (interrupt_until_ > engine_.now()) return Dispatch();
  running_ = ready_.front();
  ready_.pop_front();
  running_->state_ = Thread::State::kRunning;
  slice_end_ = engine_.now() + kTimeSlice;
  running_->Continue();
}

void Cpu::Leave(Thread& thread) {
  if (running_ != &thread) std::abort();
  running_ = nullptr;
  if (stolen_ != 0) {
    interrupt_until_ = std::max(interrupt_until_, engine_.now()) + stolen_;
    stolen_ = 0;
  }
  Dispatch();
}

}  // namespace mapwire::sim
