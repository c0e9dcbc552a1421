// Proves that each configuration is what its name says: compiler, sanitizers, assertions.

#include <cstdio>
#include <cstdlib>
#include <string_view>

// Present only when the UBSan runtime is linked in.
extern "C" [[gnu::weak]] void __ubsan_handle_add_overflow_abort(void*, void*, void*);

namespace {

#if defined(__clang__)
constexpr bool kClang = true;
#else
constexpr bool kClang = false;
#endif

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif

#if defined(NDEBUG)
constexpr bool kAssertions = false;
#else
constexpr bool kAssertions = true;
#endif

static_assert(__cplusplus >= 202002L, "the project is C++20");
static_assert(static_cast<char>(-1) > 0, "char is unsigned, as on the newer kernels");
static_assert(kAssertions, "assertions stay on in every configuration");

int failures = 0;

void Expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "expected: %s\n", what);
  ++failures;
}

}  // namespace

int main() {
  const char* variable = std::getenv("MAPWIRE_EXPECT");
  const std::string_view expected = variable == nullptr ? "" : variable;
  Expect(kClang == (expected == "clang"), "clang in --config=clang, gcc elsewhere");
  if (expected == "sanitize") {
    Expect(kAddressSanitizer, "AddressSanitizer in --config=sanitize");
    Expect(&__ubsan_handle_add_overflow_abort != nullptr, "UBSan in --config=sanitize");
  }
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
