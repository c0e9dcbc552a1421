// The entry that libFuzzer calls.
#include "testing/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mapwire::fuzz::Fuzz(data, size);
  return 0;
}
