// The out-of-line rest of the cost backend.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace mapwire::platform {

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

enum class LogLevel;

[[gnu::format(printf, 2, 3)]] void Log(LogLevel, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
}

}  // namespace mapwire::platform
