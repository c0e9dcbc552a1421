// A full-duplex Ethernet cable between two ends: time of flight, loss, capture.
#ifndef SIM_NET_WIRE_H_
#define SIM_NET_WIRE_H_

#include <cstdint>
#include <deque>
#include <functional>

#include "sim/engine/engine.h"
#include "sim/net/frame.h"

namespace mapwire::sim {

// Who is told of frames and light at one end.
class WireEnd {
 public:
  virtual void FrameArrived(FramePointer frame) = 0;
  virtual void CarrierChanged(bool carrier) = 0;

 protected:
  ~WireEnd() = default;
};

struct WireOptions {
  Time picoseconds_per_byte = 800;       // 10 Gb/s
  Time flight_time = 500 * kNanosecond;  // 100 m
};

struct WireCounters {
  uint64_t frames = 0;
  uint64_t bytes = 0;
  uint64_t lost = 0;
};

class Wire final : public EventTarget {
 public:
  // Called for each frame that enters direction `from` (0 or 1), lost or not.
  using Observer = std::function<void(int from, Time start, Time end, const Frame&, bool lost)>;

  Wire(Engine& engine, const WireOptions& options)
      : engine_(engine), options_(options), random_(engine.random().Fork()) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void Connect(int end, WireEnd& receiver) { ends_[end] = &receiver; }
  // Light on or off, both ends.
  void SetCarrier(bool carrier);
  // Puts a frame on the wire at end `from`, its preamble leaving at `start`.
  void Transmit(int from, FramePointer frame, Time start);
  // The world's trace, and one more observer, such as a capture file.
  void set_tracer(Observer tracer) { tracer_ = std::move(tracer); }
  void set_observer(Observer observer) { observer_ = std::move(observer); }
  // From now on frames that enter at end `from` are lost with this probability.
  void set_loss_from(int from, double loss) { loss_[from] = loss; }

  const WireCounters& counters(int from) const { return counters_[from]; }
  bool idle() const { return flying_[0].empty() && flying_[1].empty(); }

  void OnEvent(uint64_t from) override;

 private:
  Engine& engine_;
  WireOptions options_;
  Random random_;
  WireEnd* ends_[2] = {};
  bool carrier_ = false;
  double loss_[2] = {};
  std::deque<FramePointer> flying_[2];  // in the order sent, which is the order of arrival
  WireCounters counters_[2];
  Observer tracer_;
  Observer observer_;
};

}  // namespace mapwire::sim

#endif  // SIM_NET_WIRE_H_
