// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Facade: messages for the operator. Control path and interrupts; never once per packet.
#ifndef CORE_PLATFORM_LOG_H_
#define CORE_PLATFORM_LOG_H_

namespace mapwire::platform {

enum class LogLevel { kInfo, kWarning, kError };

// printf-like; one line without the newline. Never sleeps.
[[gnu::format(printf, 2, 3)]] void Log(LogLevel level, const char* format, ...);

}  // namespace mapwire::platform

#endif  // CORE_PLATFORM_LOG_H_
