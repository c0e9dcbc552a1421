// What pkt-gen prints of its counts.
#ifndef TOOLS_PKT_GEN_REPORT_H_
#define TOOLS_PKT_GEN_REPORT_H_

#include <cstdint>
#include <deque>
#include <string>

namespace mapwire::pktgen {

struct Counts {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t events = 0;  // batches
};

// Nobody has looked at the space in a ring.
inline constexpr uint32_t kNoSpaceSeen = 99999;

// Bytes of a frame on the wire beside its own: CRC, preamble and gap.
inline constexpr uint64_t kFramingBytes = 24;

// "14.880 M": three decimals and a prefix, to which a unit is joined; "14880000.000 " without
// `scale`.
std::string Scaled(double value, bool scale);

// Average and deviation of the last intervals.
class RateStatistics {
 public:
  void Add(double rate);
  double average() const;
  double deviation() const;

 private:
  static constexpr size_t kIntervals = 100;
  std::deque<double> rates_;
};

struct ReportStyle {
  bool scale = true;
  bool framing = false;  // of intervals: count what frames take on the wire
};

// A line for an interval of `usec` microseconds. `statistics` may be null; `min_space`: fewest free
// slots a receive ring had, or kNoSpaceSeen.
std::string IntervalText(const Counts& interval, uint64_t usec, uint32_t min_space,
                         const RateStatistics* statistics, const ReportStyle& style);

// The lines at the end, each with a newline.
std::string TotalText(bool sent, const Counts& total, double seconds, const ReportStyle& style);

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_REPORT_H_
