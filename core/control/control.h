// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The system as a whole: regions, ports by name, parameters, and the mutex that serialises control.
#ifndef CORE_CONTROL_CONTROL_H_
#define CORE_CONTROL_CONTROL_H_

#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/base/status.h"
#include "core/memory/region_table.h"
#include "core/platform/environment.h"
#include "core/platform/lock.h"
#include "core/port/port.h"

namespace mapwire::control {

class Session;

// What the operator may set; docs/architecture.md explains each.
struct Parameters {
  memory::RegionRequest global_region = memory::kGlobalRequest;
  bool no_timestamp = false;  // true: received rings are stamped only if they ask (NR_TIMESTAMP)
  bool forward = false;  // true: what programs receive is passed on as if they asked (NR_FORWARD)
};

class Control {
 public:
  explicit Control(platform::Environment& environment, const Parameters& parameters = {});
  // No session may be open and no port added.
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // All of the following: control path.

  // The operator changes his mind: the region's geometry counts when it is next used by nobody and
  // then by somebody, the rest for descriptors that are bound from now on. kInvalid (a region that
  // cannot be): nothing has changed.
  Status SetParameters(const Parameters& parameters);

  // A descriptor of /dev/netmap, not bound to anything. Null if there is no memory.
  Session* OpenSession();
  // The last reference to the descriptor is gone. Never fails, whatever state the session is in.
  void CloseSession(Session* session);

  // A port programs can find by name, in `name_space` only. kExists if the name is taken there. The
  // port outlives its entry.
  Status AddPort(port::Port& port, const void* name_space = nullptr);
  // It is found by this name from now on; who has it open notices nothing. kExists as above.
  Status RenamePort(port::Port& port, const char* name, const void* name_space);
  // Takes the name away and kills the port; its users must close. Afterwards, with no users left,
  // the owner may destroy it.
  void RemovePort(port::Port& port);
  // The same, for an owner who cannot wait for the users: what stands behind the port (device,
  // driver, DMA space) may go when this returns, and the port deletes itself when its last user
  // closes, or now. No interrupt handler may run any more.
  void AbandonPort(port::Port& port);

  // To be called now and then, every half second, say, from a thread that may sleep: lets each port
  // look after its device. Takes long (a second at most per port) only if a device is in trouble.
  void Watchdog();

  // A region of the operator's making, for programs that share nothing with others (nr_mem_id).
  Result<memory::Region*> CreateRegion(const memory::RegionRequest& request);

  // The control mutex, for who calls a port's control path himself.
  platform::Guard<platform::Mutex> Lock() { return platform::Guard<platform::Mutex>(mutex_); }

  memory::RegionTable& regions() { return regions_; }
  const Parameters& parameters() const { return parameters_; }
  platform::Environment& environment() { return environment_; }
  uint32_t sessions() const { return sessions_; }
  // Lists of extra buffers that were broken when their session closed (rule extra-list).
  const ring::ViolationLog& closing_violations() const { return closing_violations_; }

 private:
  friend class Session;

  void Unlist(port::Port& port);
  port::Port* FindPort(const char* name, const void* name_space);
  // Step `steps` of a list named `index`, which it must not.
  void RecordExtraList(uint32_t steps, uint32_t index);

  platform::Environment& environment_;
  Parameters parameters_;
  platform::Mutex mutex_;
  memory::RegionTable regions_;
  IntrusiveList<port::Port, port::PortList> ports_;
  uint32_t sessions_ = 0;
  ring::ViolationLog closing_violations_;
};

}  // namespace mapwire::control

#endif  // CORE_CONTROL_CONTROL_H_
