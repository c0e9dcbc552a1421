#include "sim/net/wire.h"

#include <algorithm>

namespace mapwire::sim {
namespace {

constexpr uint64_t kPreambleBytes = 8;
constexpr uint64_t kCrcBytes = 4;

}  // namespace

void Wire::SetCarrier(bool carrier) {
  if (carrier == carrier_) return;
  carrier_ = carrier;
  for (WireEnd* end : ends_) end->CarrierChanged(carrier);
}

void Wire::Transmit(int from, FramePointer frame, Time start) {
  const uint64_t bytes = kPreambleBytes + frame->bytes.size() + kCrcBytes;
  const Time end = start + static_cast<Time>(bytes) * options_.picoseconds_per_byte;
  const bool lost = !carrier_ || (loss_[from] > 0 && random_.Chance(loss_[from]));
  ++counters_[from].frames;
  counters_[from].bytes += frame->bytes.size();
  if (tracer_) tracer_(from, start, end, *frame, lost);
  if (observer_) observer_(from, start, end, *frame, lost);
  if (lost) {
    ++counters_[from].lost;
    return;
  }
  flying_[from].push_back(std::move(frame));
  engine_.At(end + options_.flight_time, *this, static_cast<uint64_t>(from));
}

void Wire::OnEvent(uint64_t from) {
  FramePointer frame = std::move(flying_[from].front());
  flying_[from].pop_front();
  ends_[1 - from]->FrameArrived(std::move(frame));
}

}  // namespace mapwire::sim
