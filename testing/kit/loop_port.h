// A port for tests: what a transmit ring sends arrives in the receive ring of the same index.
#ifndef TESTING_KIT_LOOP_PORT_H_
#define TESTING_KIT_LOOP_PORT_H_

#include <vector>

#include "core/port/port.h"
#include "testing/kit/environment.h"

namespace mapwire::kit {

// Buffers are swapped, as between the ends of a pipe. A full receive ring, or one that nobody has
// open, makes the sender wait.
class LoopPort final : public port::Port, private ring::RingBackend {
 public:
  LoopPort(TestEnvironment& environment, const char* name, memory::Region& region,
           const port::PortShape& shape);
  // Nobody may have it open.
  ~LoopPort();

  bool supports_offsets() const override { return offsets; }
  Status CheckBuffers(uint32_t buffer_bytes) const override;
  void Arm(ring::Ring& ring) override;
  void Abandon() override { ++abandoned; }
  void Delete() override { ++deleted; }

  bool offsets = true;
  // Frames that may come need buffers of this size.
  uint32_t least_buffer_bytes = 64;
  // Runs a sync instead of the loop, if set.
  ScriptedBackend* script = nullptr;
  // Called when a ring is armed: the device may have something just then.
  std::function<void(ring::Ring&)> on_arm;

  std::vector<const ring::Ring*> armed;
  uint32_t opened = 0;  // times Open minus times Close
  uint32_t running_rings = 0;
  uint32_t abandoned = 0;
  uint32_t deleted = 0;

 private:
  Status Open() override;
  void Close() override;
  Status StartRing(ring::Ring& ring) override;
  void StopRing(ring::Ring& ring) override;
  Status Sync(ring::Ring& ring, uint32_t head) override;
  Status Transmit(ring::Ring& tx, uint32_t head);

  FaultPlan& faults_;
};

}  // namespace mapwire::kit

#endif  // TESTING_KIT_LOOP_PORT_H_
