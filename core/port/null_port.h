// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A port with nothing behind it: rings, buffers and a place in a region, for programs that only
// want memory. Transmit slots are never taken, receive slots never come.
#ifndef CORE_PORT_NULL_PORT_H_
#define CORE_PORT_NULL_PORT_H_

#include "core/port/port.h"

namespace mapwire::port {

class NullPort final : public Port, private ring::RingBackend {
 public:
  // `name` is shown as "null:NAME". kNoMemory.
  static Result<Port*> Create(platform::Environment& environment, const char* name,
                              memory::Region& region, const PortShape& shape);
  static void Destroy(platform::Environment& environment, Port* port);

  NullPort(platform::Environment& environment, const char* name, memory::Region& region)
      : Port(environment, name, region) {}

  bool supports_offsets() const override { return true; }
  void Delete() override { Destroy(environment_, this); }

 private:
  Status StartRing(Ring& ring) override;
  void StopRing(Ring&) override {}
  Status Sync(Ring& ring, uint32_t head) override;
};

}  // namespace mapwire::port

#endif  // CORE_PORT_NULL_PORT_H_
