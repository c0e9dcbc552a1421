// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A Heap for driver tests: counts what is live, and can be told to be empty.
#ifndef TESTING_MMIO_FAKE_HEAP_H_
#define TESTING_MMIO_FAKE_HEAP_H_

#include <cstddef>
#include <cstdlib>

#include "core/platform/environment.h"

namespace mapwire::testing {

class FakeHeap final : public platform::Heap {
 public:
  void* Allocate(size_t bytes) override {
    if (empty_) return nullptr;
    ++live_;
    return std::calloc(1, bytes);
  }
  void Free(void* memory) override {
    if (memory == nullptr) return;
    --live_;
    std::free(memory);
  }
  void set_empty(bool empty) { empty_ = empty; }
  int live() const { return live_; }

 private:
  bool empty_ = false;
  int live_ = 0;
};

}  // namespace mapwire::testing

#endif  // TESTING_MMIO_FAKE_HEAP_H_
