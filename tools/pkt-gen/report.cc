#include "tools/pkt-gen/report.h"

#include <cmath>
#include <cstdio>

namespace mapwire::pktgen {
namespace {

unsigned long long Long(uint64_t value) { return value; }

double PerEvent(const Counts& counts) {
  return counts.events == 0
             ? 0
             : static_cast<double>(counts.packets) / static_cast<double>(counts.events);
}

double Bits(const Counts& counts, bool framing) {
  return 8.0 * static_cast<double>(counts.bytes + (framing ? counts.packets * kFramingBytes : 0));
}

}  // namespace

std::string Scaled(double value, bool scale) {
  static const char* const prefixes[] = {"", "K", "M", "G", "T"};
  size_t i = 0;
  while (scale && value >= 1000 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
    value /= 1000;
    ++i;
  }
  char text[64];
  std::snprintf(text, sizeof(text), "%.3f %s", value, prefixes[i]);
  return text;
}

void RateStatistics::Add(double rate) {
  rates_.push_back(rate);
  if (rates_.size() > kIntervals) rates_.pop_front();
}

double RateStatistics::average() const {
  double sum = 0;
  for (const double rate : rates_) sum += rate;
  return rates_.empty() ? 0 : sum / static_cast<double>(rates_.size());
}

double RateStatistics::deviation() const {
  const double mean = average();
  double sum = 0;
  for (const double rate : rates_) sum += (rate - mean) * (rate - mean);
  return rates_.empty() ? 0 : std::sqrt(sum / static_cast<double>(rates_.size()));
}

std::string IntervalText(const Counts& interval, uint64_t usec, uint32_t min_space,
                         const RateStatistics* statistics, const ReportStyle& style) {
  const double seconds = static_cast<double>(usec == 0 ? 1 : usec) / 1e6;
  std::string average;
  if (statistics != nullptr) {
    average = "[avg/std " + Scaled(statistics->average(), style.scale) + "/" +
              Scaled(statistics->deviation(), style.scale) + "pps] ";
  }
  char text[320];
  std::snprintf(text, sizeof(text),
                "%spps %s(%spkts %sbps in %llu usec) %.2f avg_batch %u min_space",
                Scaled(static_cast<double>(interval.packets) / seconds, style.scale).c_str(),
                average.c_str(), Scaled(static_cast<double>(interval.packets), style.scale).c_str(),
                Scaled(Bits(interval, style.framing) / seconds, style.scale).c_str(), Long(usec),
                PerEvent(interval), min_space);
  return text;
}

std::string TotalText(bool sent, const Counts& total, double seconds, const ReportStyle& style) {
  const char* const verb = sent ? "Sent" : "Received";
  if (total.packets == 0) return std::string(verb) + " nothing.\n";
  if (seconds <= 0) seconds = 1e-9;
  char text[400];
  std::snprintf(text, sizeof(text),
                "%s %llu packets %llu bytes %llu events %llu bytes each in %.2f seconds.\n"
                "Speed: %spps Bandwidth: %sbps (raw %sbps). Average batch: %.2f pkts\n",
                verb, Long(total.packets), Long(total.bytes), Long(total.events),
                Long(total.bytes / total.packets), seconds,
                Scaled(static_cast<double>(total.packets) / seconds, style.scale).c_str(),
                Scaled(Bits(total, false) / seconds, style.scale).c_str(),
                Scaled(Bits(total, true) / seconds, style.scale).c_str(), PerEvent(total));
  return text;
}

}  // namespace mapwire::pktgen
