#include "testing/kit/loop_port.h"

#include "core/platform/check.h"

namespace mapwire::kit {

using ring::Direction;
using ring::Ring;

LoopPort::LoopPort(TestEnvironment& environment, const char* name, memory::Region& region,
                   const port::PortShape& shape)
    : Port(environment, name, region), faults_(environment.faults()) {
  MW_CHECK(Shape(shape).ok());
}

LoopPort::~LoopPort() {
  MW_CHECK(opened == 0 && running_rings == 0);
  Unshape();
}

Status LoopPort::CheckBuffers(uint32_t buffer_bytes) const {
  return buffer_bytes >= least_buffer_bytes ? kOkStatus : Status(Errno::kInvalid);
}

void LoopPort::Arm(Ring& ring) {
  armed.push_back(&ring);
  if (on_arm) on_arm(ring);
}

Status LoopPort::Open() {
  if (faults_.Next()) return Errno::kNoMemory;
  ++opened;
  return kOkStatus;
}

void LoopPort::Close() { --opened; }

Status LoopPort::StartRing(Ring& ring) {
  if (faults_.Next()) return Errno::kNoMemory;
  ++running_rings;
  ring.Start(script != nullptr ? static_cast<ring::RingBackend&>(*script) : *this);
  return kOkStatus;
}

void LoopPort::StopRing(Ring&) { --running_rings; }

Status LoopPort::Sync(Ring& ring, uint32_t head) {
  if (ring.direction() == Direction::kTx) return Transmit(ring, head);
  for (uint32_t slot = ring.hwcur(); slot != head; slot = ring::Next(slot, ring.num_slots())) {
    const uint32_t buffer = ring.slots().Load(slot).buffer();
    if (region().IsUsableBuffer(buffer)) ring.known_buffers()[slot] = buffer;
  }
  ring.set_hwcur(head);
  return kOkStatus;
}

Status LoopPort::Transmit(Ring& tx, uint32_t head) {
  if (tx.id() >= rings(Direction::kRx)) return kOkStatus;
  Ring& rx = ring(Direction::kRx, tx.id());
  if (rx.state() != ring::RingState::kUser) return kOkStatus;
  uint32_t slot = tx.hwcur();
  for (; slot != head; slot = ring::Next(slot, tx.num_slots())) {
    const uint32_t place = rx.hwtail();
    if (ring::Next(place, rx.num_slots()) == rx.hwcur()) break;
    const ring::SlotWord sent = tx.slots().Load(slot);
    const ring::SlotWord free = rx.slots().Load(place);
    const bool usable = region().IsUsableBuffer(sent.buffer());
    if (!usable || sent.length() > region().buffer_bytes()) {
      tx.Record(usable ? ring::Rule::kLength : ring::Rule::kBufferIndex, slot,
                usable ? sent.length() : sent.buffer());
      tx.set_hwcur(slot);
      return Errno::kInvalid;
    }
    const bool whole = region().IsUsableBuffer(free.buffer());
    const uint32_t back = whole ? free.buffer() : rx.known_buffers()[place];
    rx.slots().StoreWord(place, uint64_t{sent.length()} << 32 | sent.buffer());
    tx.slots().StoreWord(slot, (sent.raw & ~uint64_t{0xffffffff}) | back);
    rx.known_buffers()[place] = sent.buffer();
    tx.known_buffers()[slot] = back;
    rx.set_hwtail(ring::Next(place, rx.num_slots()));
  }
  tx.set_hwcur(slot);
  tx.set_hwtail(ring::Prev(slot, tx.num_slots()));
  return kOkStatus;
}

}  // namespace mapwire::kit
