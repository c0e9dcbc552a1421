// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Compares accesses with the script, one by one, in order.
#include "testing/mmio/scripted_mmio.h"

#include <gtest/gtest.h>

namespace mapwire::testing {

std::string ScriptedMmio::Describe(const Step& step) const {
  const std::string name = names_.Name(step.offset);
  if (step.kind == Kind::kRead) return "read " + name;
  return "write " + name + " = " + Hex(step.value);
}

void ScriptedMmio::Deviate(const std::string& got) {
  deviated_ = true;
  std::string expected = "no further access";
  if (next_ < steps_.size()) {
    const Step& step = steps_[next_];
    expected = Describe(step) + " (script line " + std::to_string(step.line) + ")";
  }
  ADD_FAILURE() << "access " << next_ << ": got " << got << ", expected " << expected;
}

uint32_t ScriptedMmio::Read32(uint32_t offset) {
  if (deviated_) return ~uint32_t{0};
  if (next_ == steps_.size() || steps_[next_].kind != Kind::kRead ||
      steps_[next_].offset != offset) {
    Deviate("read " + names_.Name(offset));
    return ~uint32_t{0};
  }
  return steps_[next_++].value;
}

void ScriptedMmio::Write32(uint32_t offset, uint32_t value) {
  if (deviated_) return;
  const Step got{Kind::kWrite, offset, value, 0};
  if (next_ == steps_.size() || steps_[next_].kind != Kind::kWrite ||
      steps_[next_].offset != offset || steps_[next_].value != value) {
    Deviate(Describe(got));
    return;
  }
  ++next_;
}

void ScriptedMmio::CheckAllUsed() {
  if (!deviated_ && next_ < steps_.size()) {
    ADD_FAILURE() << steps_.size() - next_ << " expected accesses did not happen; the first is "
                  << "access " << next_ << ": " << Describe(steps_[next_]) << " (script line "
                  << steps_[next_].line << ")";
  }
  steps_.clear();
  next_ = 0;
}

}  // namespace mapwire::testing
