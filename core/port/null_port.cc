// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/port/null_port.h"

namespace mapwire::port {

Result<Port*> NullPort::Create(platform::Environment& environment, const char* name,
                               memory::Region& region, const PortShape& shape) {
  char full_name[kNameBytes] = "null:";
  for (uint32_t i = 0; i + 6 < kNameBytes && name[i] != '\0'; ++i) full_name[i + 5] = name[i];
  NullPort* const port =
      platform::New<NullPort>(environment.heap(), environment, full_name, region);
  if (port == nullptr) return Errno::kNoMemory;
  const Status shaped = port->Shape(shape);
  if (!shaped.ok()) {
    Destroy(environment, port);
    return shaped;
  }
  return static_cast<Port*>(port);
}

void NullPort::Destroy(platform::Environment& environment, Port* port) {
  NullPort* const self = static_cast<NullPort*>(port);
  self->Unshape();
  platform::Delete(environment.heap(), self);
}

Status NullPort::StartRing(Ring& ring) {
  ring.Start(*this);
  return kOkStatus;
}

// Transmit: the slots stay where they are, tail too. Receive: none came, so none can be released.
Status NullPort::Sync(Ring&, uint32_t) { return kOkStatus; }

}  // namespace mapwire::port
