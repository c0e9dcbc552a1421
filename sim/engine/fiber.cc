#include "sim/engine/fiber.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#define MW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MW_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define MW_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MW_TSAN 1
#endif
#endif

#ifdef MW_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef MW_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace mapwire::sim {

namespace context = boost::context::detail;

namespace {

constexpr size_t kStackBytes = 512 * 1024;
constexpr size_t kGuardBytes = 64 * 1024;

Fiber* g_current = nullptr;

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  void* const memory = mmap(nullptr, kStackBytes + kGuardBytes, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("fiber stack");
    std::abort();
  }
  stack_ = static_cast<char*>(memory) + kGuardBytes;
  mprotect(stack_, kStackBytes, PROT_READ | PROT_WRITE);
#ifdef MW_ASAN
  // The last frames of a fiber never return, and its stack may have been here.
  ASAN_UNPOISON_MEMORY_REGION(stack_, kStackBytes);
#endif
  own_ =
      context::make_fcontext(static_cast<char*>(stack_) + kStackBytes, kStackBytes, &Fiber::Entry);
#ifdef MW_TSAN
  tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  if (started_ && !done_) {
    std::fprintf(stderr, "a fiber was destroyed while its body was waiting\n");
    std::abort();
  }
#ifdef MW_TSAN
  __tsan_destroy_fiber(tsan_fiber_);
#endif
  munmap(static_cast<char*>(stack_) - kGuardBytes, kStackBytes + kGuardBytes);
}

Fiber* Fiber::Current() { return g_current; }

void Fiber::Entry(context::transfer_t from) {
  Fiber* const self = static_cast<Fiber*>(from.data);
  self->resumer_ = from.fctx;
#ifdef MW_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &self->resumer_stack_, &self->resumer_stack_bytes_);
#endif
  self->body_();
  self->body_ = nullptr;
  self->done_ = true;
  self->SwitchOut(true);
}

void Fiber::Resume() {
  if (g_current != nullptr || done_) std::abort();
  started_ = true;
  g_current = this;
#ifdef MW_ASAN
  __sanitizer_start_switch_fiber(&resumer_fake_stack_, stack_, kStackBytes);
#endif
#ifdef MW_TSAN
  tsan_resumer_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_fiber_, 0);
#endif
  own_ = context::jump_fcontext(own_, this).fctx;
#ifdef MW_ASAN
  __sanitizer_finish_switch_fiber(resumer_fake_stack_, nullptr, nullptr);
#endif
}

void Fiber::SwitchOut(bool last) {
  g_current = nullptr;
#ifdef MW_ASAN
  // Null tells the sanitizer that this stack is not coming back.
  __sanitizer_start_switch_fiber(last ? nullptr : &fake_stack_, resumer_stack_,
                                 resumer_stack_bytes_);
#endif
#ifdef MW_TSAN
  __tsan_switch_to_fiber(tsan_resumer_, 0);
#endif
  static_cast<void>(last);
  resumer_ = context::jump_fcontext(resumer_, nullptr).fctx;
#ifdef MW_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &resumer_stack_, &resumer_stack_bytes_);
#endif
}

void Fiber::Yield() { g_current->SwitchOut(false); }

}  // namespace mapwire::sim
