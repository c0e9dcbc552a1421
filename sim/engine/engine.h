// The event engine: one queue, virtual time, ties broken by the seed.
#ifndef SIM_ENGINE_ENGINE_H_
#define SIM_ENGINE_ENGINE_H_

#include <cstdint>
#include <queue>
#include <vector>

#include "sim/engine/random.h"
#include "sim/engine/time.h"

namespace mapwire::sim {

// Something that events happen to.
class EventTarget {
 public:
  // `argument` is what was given to Engine::At.
  virtual void OnEvent(uint64_t argument) = 0;

 protected:
  ~EventTarget() = default;
};

// Runs events in the order of their times; events of the same time in an order drawn from the seed.
// What must keep an order at equal times keeps a queue of its own.
class Engine {
 public:
  explicit Engine(uint64_t seed) : random_(seed) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Time now() const { return now_; }
  Random& random() { return random_; }

  // Calls target.OnEvent(argument) at `at` (now, if that is past). There is no cancel: a target
  // that changes its mind ignores the event.
  void At(Time at, EventTarget& target, uint64_t argument = 0) {
    queue_.push({at > now_ ? at : now_, random_.Next(), &target, argument});
  }

  // Runs the next event; false if there is none.
  bool Step();
  // The same, unless the next event comes after `limit`: false, and no time passes.
  bool StepUpTo(Time limit);
  // Runs until no event is due up to and including `end`; now() is `end` then.
  void RunUntil(Time end);

  // When the next event is due; INT64_MAX if there is none.
  Time next() const { return queue_.empty() ? INT64_MAX : queue_.top().at; }

  uint64_t events_run() const { return events_run_; }

 private:
  struct Event {
    Time at;
    uint64_t tie;  // random, so equal times have a seeded order; 64 bits make repeats irrelevant
    EventTarget* target;
    uint64_t argument;

    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : tie > other.tie;
    }
  };

  Random random_;
  Time now_ = 0;
  std::priority_queue<Event> queue_;
  uint64_t events_run_ = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_ENGINE_ENGINE_H_
