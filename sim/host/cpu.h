// Simulated CPUs: threads on fibers, charged cycles, interrupts that steal time.
#ifndef SIM_HOST_CPU_H_
#define SIM_HOST_CPU_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine/engine.h"
#include "sim/engine/fiber.h"
#include "sim/engine/time.h"

namespace mapwire::sim {

class Cpu;
class Process;
class Thread;

// Threads waiting to be woken. Waking marks them ready; they run later, from their CPU's loop.
class WaitQueue {
 public:
  void Add(Thread& thread) { waiters_.push_back(&thread); }
  void Remove(Thread& thread);
  // Wakes all who wait, in the order they came; each removes itself when it runs.
  void WakeAll();
  bool empty() const { return waiters_.empty(); }

 private:
  std::vector<Thread*> waiters_;
};

// A thread of a simulated host. Its body runs on a fiber, in no virtual time of its own: time
// passes by what it is charged and by waiting.
class Thread final : public EventTarget {
 public:
  enum class State : uint8_t { kReady, kRunning, kBlocked, kFinished };

  Thread(Cpu& cpu, std::string name, std::function<void()> body);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // The thread whose fiber runs now, or null (event and interrupt context).
  static Thread* Current();

  // --- From inside ------------------------------------------------------------------------------
  // Adds work, to be paid by the next Pay.
  void Charge(uint64_t cycles) { owed_cycles_ += cycles; }
  // Lets the time of all charged work pass. A yield point if there is any.
  void Pay();
  // Gives up the CPU until WakeAll on a queue it was added to, Wake, or `deadline` (0: none). A
  // wake since the last ForgetWake counts: it returns at once. Spurious returns are possible.
  void Block(Time deadline);
  void ForgetWake() { woken_ = false; }
  void SleepUntil(Time deadline);

  // --- From anywhere ----------------------------------------------------------------------------
  void Wake();
  const std::string& name() const { return name_; }
  State state() const { return state_; }
  bool finished() const { return state_ == State::kFinished; }
  Cpu& cpu() { return cpu_; }
  // The process it belongs to, or null: a kernel thread.
  Process* process() const { return process_; }
  void set_process(Process* process) { process_ = process; }
  // Time its CPU spent on it, interrupts excluded.
  Time busy_time() const { return busy_time_; }

  void OnEvent(uint64_t argument) override;

 private:
  friend class Cpu;

  void Continue();

  Cpu& cpu_;
  std::string name_;
  Fiber fiber_;
  State state_ = State::kBlocked;
  bool woken_ = false;  // while it was not blocked
  Process* process_ = nullptr;
  uint64_t owed_cycles_ = 0;
  Time busy_time_ = 0;
  uint64_t timer_generation_ = 0;  // events of an older generation are ignored
  uint64_t pay_generation_ = 0;
};

class Cpu final : public EventTarget {
 public:
  // `ghz` cycles per nanosecond.
  Cpu(Engine& engine, double ghz) : engine_(engine), picoseconds_per_cycle_(1000.0 / ghz) {}
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  Engine& engine() { return engine_; }
  Time CyclesToTime(uint64_t cycles) const {
    return static_cast<Time>(static_cast<double>(cycles) * picoseconds_per_cycle_);
  }
  // Time taken from whatever runs here, e.g. by an interrupt handler.
  void Steal(uint64_t cycles);
  Time interrupt_time() const { return interrupt_time_; }

  void OnEvent(uint64_t argument) override;

 private:
  friend class Thread;

  void MakeReady(Thread& thread);
  void Dispatch();
  void Leave(Thread& thread);

  Engine& engine_;
  const double picoseconds_per_cycle_;
  std::deque<Thread*> ready_;
  Thread* running_ = nullptr;
  bool dispatch_pending_ = false;
  Time stolen_ = 0;  // not yet added to the running thread
  Time interrupt_until_ = 0;
  Time interrupt_time_ = 0;
  Time slice_end_ = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_HOST_CPU_H_
