// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A Sleeper whose time passes only when somebody sleeps; callbacks happen at their instant.
#ifndef TESTING_MMIO_FAKE_SLEEPER_H_
#define TESTING_MMIO_FAKE_SLEEPER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "core/platform/environment.h"

namespace mapwire::testing {

class FakeSleeper final : public platform::Sleeper {
 public:
  // Sleeps so far, in microseconds of virtual time, and their number.
  uint64_t now_us() const { return now_us_; }
  uint64_t sleeps() const { return sleeps_; }

  // Runs `callback` once, when time reaches `after_us` from now. Callbacks may call After.
  void After(uint64_t after_us, std::function<void()> callback) {
    callbacks_.emplace(now_us_ + after_us, std::move(callback));
  }

  void DelayMicroseconds(uint32_t microseconds) override {
    ++sleeps_;
    const uint64_t until = now_us_ + microseconds;
    while (!callbacks_.empty() && callbacks_.begin()->first <= until) {
      auto due = callbacks_.extract(callbacks_.begin());
      now_us_ = due.key();
      due.mapped()();
    }
    now_us_ = until;
  }

 private:
  uint64_t now_us_ = 0;
  uint64_t sleeps_ = 0;
  std::multimap<uint64_t, std::function<void()>> callbacks_;
};

}  // namespace mapwire::testing

#endif  // TESTING_MMIO_FAKE_SLEEPER_H_
