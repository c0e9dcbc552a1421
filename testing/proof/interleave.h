// Threads of a script on as many CPUs: at every yield point another one may go on instead. Which
// one is asked of the stage's chooser; a thread may also be killed there.
#ifndef TESTING_PROOF_INTERLEAVE_H_
#define TESTING_PROOF_INTERLEAVE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine/fiber.h"
#include "testing/proof/stage.h"

namespace mapwire::proof {

// While it lives, the stage's yield points are its own. Everything before Run is one thread's.
class Interleaver {
 public:
  explicit Interleaver(Stage& stage);
  ~Interleaver();
  Interleaver(const Interleaver&) = delete;
  Interleaver& operator=(const Interleaver&) = delete;

  // A thread; `mortal` ones may be killed at any of their yield points, one in an execution.
  void Add(std::string name, std::function<void()> body, bool mortal = false);
  // Until all have finished. Fails if those that are left wait for what never comes.
  void Run();

  // --- From inside a body -----------------------------------------------------------------------
  void Yield();
  void WaitUntil(const std::function<bool()>& ready);
  // A thread that was killed ends at the end of the call it is in; a sleeping one wakes for it.
  bool killed() const { return current_ != nullptr && current_->killed; }
  // poll() with sleep: what it answers, or 0 if the thread was killed.
  uint32_t Poll(kit::Program& program, uint32_t events);

  // Yield points of mortal threads met, over all executions of the process.
  static uint64_t& mortal_points();
  static uint64_t& kills();

 private:
  struct Thread {
    std::string name;
    std::unique_ptr<sim::Fiber> fiber;
    std::function<bool()> ready;  // empty: it can go on
    bool sleeping = false;        // lets time pass: others first
    bool mortal = false;
    bool killed = false;
    bool finished = false;
  };

  bool CanRun(const Thread& thread) const;
  Thread* PickNext();

  Stage& stage_;
  std::vector<std::unique_ptr<Thread>> threads_;
  Thread* current_ = nullptr;
  Thread* next_ = nullptr;
  bool somebody_was_killed_ = false;
};

}  // namespace mapwire::proof

#endif  // TESTING_PROOF_INTERLEAVE_H_
