// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facades without a type of their own, and the symbols a C++ compiler expects from its library.
#include <cstdarg>
#include <cstddef>

#include "core/platform/check.h"
#include "core/platform/log.h"
#include "kernel/os_abi.h"

namespace mapwire::platform {

void CheckFailed(const char* file, int line, const char* condition) {
  os_check_failed(file, line, condition);
}

void Log(LogLevel level, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  os_vlog(static_cast<os_log_level>(level), format, arguments);
  va_end(arguments);
}

}  // namespace mapwire::platform

extern "C" {
void __cxa_pure_virtual() { MW_CHECK(!"a pure virtual function was called"); }
void abort() { MW_CHECK(!"abort was called"); }
}

// Objects are made by platform::New and go by platform::Delete; destructors of classes with virtual
// functions name these all the same.
void operator delete(void*) noexcept { MW_CHECK(!"the global operator delete was called"); }
void operator delete(void*, std::size_t) noexcept {
  MW_CHECK(!"the global operator delete was called");
}
