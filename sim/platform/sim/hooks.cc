#include "platform_backend/hooks.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace mapwire::platform {

namespace {
Hooks g_silent;
}

Hooks* g_hooks = &g_silent;
Hooks* g_memory_hooks = nullptr;
ptrdiff_t g_untrusted_shift = 0;

Hooks* SetHooks(Hooks* hooks) {
  Hooks* before = g_hooks;
  g_hooks = hooks == nullptr ? &g_silent : hooks;
  WatchMemory(hooks != nullptr);
  return before;
}

void WatchMemory(bool watch) { g_memory_hooks = watch ? g_hooks : nullptr; }

void CheckFailed(const char* file, int line, const char* condition) {
  g_hooks->CheckFailed(file, line, condition);
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

enum class LogLevel;

[[gnu::format(printf, 2, 3)]] void Log(LogLevel level, const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  g_hooks->Log(static_cast<int>(level), text);
}

}  // namespace mapwire::platform
