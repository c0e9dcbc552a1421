#include "testing/proof/interleave.h"

#include <utility>

namespace mapwire::proof {

namespace {

// Remembers how often each queue had been woken when the poll came to it.
class Registrar final : public platform::PollRegistrar {
 public:
  void WaitOn(platform::Notifier& notifier) override {
    waits_.emplace_back(&notifier, kit::Notifications(notifier));
  }
  bool woken() const {
    for (const auto& [notifier, count] : waits_) {
      if (kit::Notifications(*notifier) != count) return true;
    }
    return false;
  }

 private:
  std::vector<std::pair<platform::Notifier*, uint64_t>> waits_;
};

}  // namespace

Interleaver::Interleaver(Stage& stage) : stage_(stage) {
  stage_.on_yield = [this] {
    if (current_ != nullptr) Yield();
  };
  stage_.on_wait = [this](const std::function<bool()>& ready) {
    if (current_ == nullptr) return;
    if (ready) return WaitUntil(ready);
    current_->sleeping = true;
    sim::Fiber::Yield();
  };
}

Interleaver::~Interleaver() {
  stage_.on_yield = nullptr;
  stage_.on_wait = nullptr;
}

uint64_t& Interleaver::mortal_points() {
  static uint64_t points = 0;
  return points;
}

uint64_t& Interleaver::kills() {
  static uint64_t kills = 0;
  return kills;
}

void Interleaver::Add(std::string name, std::function<void()> body, bool mortal) {
  auto thread = std::make_unique<Thread>();
  thread->name = std::move(name);
  thread->mortal = mortal;
  Thread* const raw = thread.get();
  thread->fiber = std::make_unique<sim::Fiber>([raw, body = std::move(body)] {
    body();
    raw->finished = true;
  });
  threads_.push_back(std::move(thread));
}

bool Interleaver::CanRun(const Thread& thread) const {
  return !thread.finished && (thread.killed || !thread.ready || thread.ready());
}

void Interleaver::Yield() {
  Thread* const self = current_;
  if (self->mortal && !somebody_was_killed_) {
    ++mortal_points();
    if (stage_.chooser().Choose(sim::ChoiceKind::kKill, 2) == 1) {
      ++kills();
      somebody_was_killed_ = self->killed = true;
    }
  }
  std::vector<Thread*> others;
  for (const auto& thread : threads_) {
    if (thread.get() != self && CanRun(*thread)) others.push_back(thread.get());
  }
  const uint32_t taken =
      stage_.chooser().Choose(sim::ChoiceKind::kPreempt, static_cast<uint32_t>(others.size()) + 1);
  if (taken == 0) return;
  next_ = others[taken - 1];
  sim::Fiber::Yield();
}

void Interleaver::WaitUntil(const std::function<bool()>& ready) {
  Thread* const self = current_;
  self->ready = ready;
  while (!CanRun(*self)) sim::Fiber::Yield();
  self->ready = nullptr;
}

// Who goes on when the one that ran cannot, or will not.
Interleaver::Thread* Interleaver::PickNext() {
  if (next_ != nullptr) return std::exchange(next_, nullptr);
  std::vector<Thread*> ready;
  std::vector<Thread*> sleeping;
  for (const auto& thread : threads_) {
    if (!CanRun(*thread)) continue;
    (thread->sleeping ? sleeping : ready).push_back(thread.get());
  }
  // Time passes when nobody has anything else to do, or when somebody has let others go first.
  std::vector<Thread*>& from = ready.empty() ? sleeping : ready;
  if (from.empty()) return nullptr;
  return from[stage_.chooser().Choose(sim::ChoiceKind::kSwitch,
                                      static_cast<uint32_t>(from.size()))];
}

void Interleaver::Run() {
  while (Thread* const thread = PickNext()) {
    for (const auto& other : threads_) {
      if (other.get() == thread || other.get() != current_) other->sleeping = false;
    }
    current_ = thread;
    thread->fiber->Resume();
  }
  current_ = nullptr;
  for (const auto& thread : threads_) {
    if (!thread->finished) Fail("the thread '" + thread->name + "' waits for what never comes");
  }
}

uint32_t Interleaver::Poll(kit::Program& program, uint32_t events) {
  Registrar registrar;
  uint32_t answer = program.session().Poll(events, &registrar, true);
  while (answer == 0) {
    WaitUntil([&] { return registrar.woken(); });
    if (killed()) return 0;
    // As Linux does: still on the queues, looked at again.
    registrar = Registrar();
    answer = program.session().Poll(events, &registrar, true);
  }
  return answer;
}

}  // namespace mapwire::proof
