// A fuzz target: one function over arbitrary bytes. It is linked into a libFuzzer program, and into
// an ordinary test that plays the kept inputs and some random ones.
#ifndef TESTING_FUZZ_FUZZ_H_
#define TESTING_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>

namespace mapwire::fuzz {

// Defined once per target. Does the same for the same bytes, leaves nothing behind, and aborts if
// something is wrong (MW_CHECK, or a sanitizer). `data` may be null if `size` is 0.
void Fuzz(const uint8_t* data, size_t size);

}  // namespace mapwire::fuzz

#endif  // TESTING_FUZZ_FUZZ_H_
