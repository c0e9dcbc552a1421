#include "tools/pkt-gen/rate.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace mapwire::pktgen {
namespace {

constexpr uint64_t kSecond = 1000000000;
constexpr uint64_t kBurstsPerSecond = 300;

}  // namespace

uint64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * kSecond + static_cast<uint64_t>(now.tv_nsec);
}

void SleepUntil(uint64_t time) {
  const uint64_t now = Now();
  if (now >= time) return;
  timespec wanted;
  wanted.tv_sec = static_cast<time_t>((time - now) / kSecond);
  wanted.tv_nsec = static_cast<long>((time - now) % kSecond);
  nanosleep(&wanted, nullptr);
}

Pace PaceOf(uint64_t rate, uint32_t burst) {
  if (rate == 0) return {burst, 0};
  const uint64_t limit = std::max<uint64_t>(rate / kBurstsPerSecond, 1);
  const uint32_t packets = static_cast<uint32_t>(std::min<uint64_t>(burst, limit));
  return {packets, packets * kSecond / rate};
}

std::string PaceText(const Pace& pace) {
  char text[80];
  std::snprintf(text, sizeof(text), "Sending %u packets every  %llu.%09llu s", pace.burst,
                static_cast<unsigned long long>(pace.period_ns / kSecond),
                static_cast<unsigned long long>(pace.period_ns % kSecond));
  return text;
}

uint64_t Pacer::Next(uint64_t now) {
  if (now > next_ + kSecond) next_ = now;
  const uint64_t due = next_;
  next_ += pace_.period_ns;
  return due;
}

}  // namespace mapwire::pktgen
