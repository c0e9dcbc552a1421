// The bytes of an input as the choices of a script: each question takes a byte or two, and an input
// that has come to its end answers 0.
#ifndef TESTING_FUZZ_SCRIPT_H_
#define TESTING_FUZZ_SCRIPT_H_

#include <cstddef>
#include <cstdint>

#include "sim/explore/choice.h"

namespace mapwire::fuzz {

class Script {
 public:
  Script(const uint8_t* data, size_t size) : chooser_(data, size) {}

  bool empty() const { return chooser_.empty(); }
  // 0 .. alternatives-1; at most 65536 alternatives.
  uint32_t Below(uint32_t alternatives) {
    return chooser_.Choose(sim::ChoiceKind::kScenario, alternatives);
  }
  bool Flip() { return Below(2) != 0; }
  template <typename T, size_t kCount>
  T OneOf(const T (&values)[kCount]) {
    return values[Below(kCount)];
  }
  uint32_t Word() {
    const uint32_t low = Below(0x10000);
    return low | Below(0x10000) << 16;
  }
  uint64_t LongWord() {
    const uint64_t low = Word();
    return low | uint64_t{Word()} << 32;
  }

 private:
  sim::BytesChooser chooser_;
};

}  // namespace mapwire::fuzz

#endif  // TESTING_FUZZ_SCRIPT_H_
