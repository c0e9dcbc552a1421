// Fibers: program code that runs inside the world, on a stack of its own, and gives way when it
// waits.
#ifndef SIM_ENGINE_FIBER_H_
#define SIM_ENGINE_FIBER_H_

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <functional>

namespace mapwire::sim {

// Sanitizers are told of every switch. One operating-system thread runs all fibers of a process.
class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  // The body must have returned, or never have run.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs the body until it yields or returns. Not from inside a fiber.
  void Resume();
  bool done() const { return done_; }

  // From inside a fiber: back to who resumed it.
  static void Yield();
  // The fiber that runs now, or null.
  static Fiber* Current();

 private:
  static void Entry(boost::context::detail::transfer_t from);
  void SwitchOut(bool last);

  std::function<void()> body_;
  // Where to go on, of the side that does not run. Boost's contexts, unlike the C library's, make
  // no system call to switch.
  boost::context::detail::fcontext_t own_ = nullptr;
  boost::context::detail::fcontext_t resumer_ = nullptr;
  void* stack_ = nullptr;
  bool started_ = false;
  bool done_ = false;
  // For the sanitizers; nobody else looks at them.
  [[maybe_unused]] void* fake_stack_ = nullptr;
  [[maybe_unused]] void* resumer_fake_stack_ = nullptr;
  [[maybe_unused]] const void* resumer_stack_ = nullptr;
  [[maybe_unused]] size_t resumer_stack_bytes_ = 0;
  [[maybe_unused]] void* tsan_fiber_ = nullptr;
  [[maybe_unused]] void* tsan_resumer_ = nullptr;
};

}  // namespace mapwire::sim

#endif  // SIM_ENGINE_FIBER_H_
