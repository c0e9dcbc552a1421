// Sending at a rate: so many packets, every so often.
#ifndef TOOLS_PKT_GEN_RATE_H_
#define TOOLS_PKT_GEN_RATE_H_

#include <cstdint>
#include <string>

namespace mapwire::pktgen {

// The clock of the program, in nanoseconds from some moment on.
uint64_t Now();
// Sleeps until then.
void SleepUntil(uint64_t time);

struct Pace {
  uint32_t burst = 0;      // packets
  uint64_t period_ns = 0;  // between the starts of bursts; 0: no pause
};

// How to send `rate` packets a second (0: no limit) in bursts of `burst` or fewer: with less than a
// hundredth of a second's worth each, where there are so many.
Pace PaceOf(uint64_t rate, uint32_t burst);

// "Sending N packets every  S.NNNNNNNNN s".
std::string PaceText(const Pace& pace);

// When bursts are due. Late ones follow each other at once until the rate is right again; after a
// second of delay it starts anew.
class Pacer {
 public:
  Pacer(const Pace& pace, uint64_t start) : pace_(pace), next_(start) {}

  // The moment the next burst is due, asked at time `now`.
  uint64_t Next(uint64_t now);

 private:
  Pace pace_;
  uint64_t next_;
};

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_RATE_H_
