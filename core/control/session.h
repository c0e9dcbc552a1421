// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A session: one open descriptor of /dev/netmap, unbound at first, bound to rings of a port by
// REGISTER, unbound only by closing.
#ifndef CORE_CONTROL_SESSION_H_
#define CORE_CONTROL_SESSION_H_

#include <atomic>
#include <cstdint>

#include "core/abi/freestanding.h"
#include "core/base/status.h"
#include "core/base/strong.h"
#include "core/control/control.h"
#include "core/memory/region.h"
#include "core/port/port.h"
#include "core/ring/ring.h"

namespace mapwire::control {

class Request;

// poll() event bits, Linux's values.
enum PollEvents : uint32_t {
  kPollIn = 0x1,
  kPollOut = 0x4,
  kPollErr = 0x8,
  kPollReadNormal = 0x40,
  kPollWriteNormal = 0x100,
};

class Session final : public memory::BufferHolder {
 public:
  explicit Session(Control& control) : control_(control), clock_(control.environment().clock()) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Any ioctl of the device. The caller holds a reference to the descriptor throughout, so the
  // session cannot be closed meanwhile. Control path, except for the two syncs.
  Status Ioctl(platform::UserMemory& user, uint32_t command, UserAddress argument);

  // NIOCTXSYNC and NIOCRXSYNC: data path. kNoDevice if unbound, kIo if the device is gone; a
  // violation is no error here (poll reports it, and the counters).
  Status TxSync();
  Status RxSync();

  // poll(), select(), epoll: syncs as the interface says and returns the ready events. `registrar`
  // is null when the caller is registered already or need not be; `may_sleep` says that the caller
  // sleeps if nothing is ready, so interrupts are let through and the rings looked at once more.
  // Data path.
  uint32_t Poll(uint32_t events, platform::PollRegistrar* registrar, bool may_sleep);

  // The pages a mapping of [offset, offset + bytes) shows. kInvalid: unbound, or out of range.
  Result<platform::PageSpace*> Map(uint64_t offset, uint64_t bytes) const;

  // L2: true once REGISTER has succeeded: another thread that uses the descriptor while REGISTER is
  // at work sees nothing of the binding, or all of it.
  bool bound() const { return bound_.load(std::memory_order_acquire); }
  port::Port* port() const { return port_; }
  const port::RingSelection& selection() const { return selection_; }
  memory::Region* region() const { return region_; }
  void MarkNamed(const memory::Region& region, memory::Bitmap& marks) override;

 private:
  friend class Control;

  // NIOCCTRL.
  Status ControlRequest(platform::UserMemory& user, UserAddress argument);
  Status Dispatch(Request& request);
  Status Register(const char* name, nmreq_register& reg, Request* options);
  Status PortInfo(const char* name, nmreq_port_info_get& info);
  Status PoolsInfo(const char* name, nmreq_pools_info& info);
  Status PortHeader(const char* name, uint16_t type, nmreq_port_hdr& body);
  // NIOCREGIF and NIOCGINFO.
  Status LegacyRegister(platform::UserMemory& user, UserAddress argument);
  Status LegacyInfo(platform::UserMemory& user, UserAddress argument);

  // Steps of Register, in the order of their errors.
  Result<port::Port*> FindOrMake(const char* name, const nmreq_register& reg,
                                 memory::Region* region);
  Status BindTo(port::Port& port, const nmreq_register& reg, Request* options);
  Status ApplyOffsets(Request& options);
  Status MakeInterface(uint32_t extra_buffers);
  void LinkExtraBuffers(uint32_t wanted);
  void Answer(nmreq_register& reg) const;
  // Undoes a binding, complete or not. The session may bind again.
  void Unbind();
  static void DropPort(port::Port& port);

  // Data path helpers.
  [[gnu::noinline]] Status TxSyncAll();
  [[gnu::noinline]] Status RxSyncAll();
  Status RxSyncOne(ring::Ring& ring);
  // Syncs a receive ring; true in `moved`, if it is there, when the transmit rings have to be
  // synced now.
  ring::SyncResult SyncRx(ring::Ring& ring, bool* moved);
  [[gnu::noinline]] ring::SyncResult SyncForwarding(ring::Ring& ring, bool* moved);
  static Status AfterSync(ring::SyncResult result);
  bool PollTx(bool& wanted, uint32_t& events);
  bool PollRx(uint32_t& events);
  bool ScanRx(uint32_t& events, bool& moved);
  void ArmAll(bool tx, bool rx);
  void WaitOn(platform::PollRegistrar& registrar);

  Control& control_;
  platform::Clock& clock_;
  // Set last and cleared at close: what follows may be used without the control mutex while it is.
  std::atomic<bool> bound_{false};
  // The ring of a direction in which exactly one is bound; set and cleared with `bound_`.
  std::atomic<ring::Ring*> only_tx_{nullptr};
  std::atomic<ring::Ring*> only_rx_{nullptr};
  port::Port* port_ = nullptr;
  // The bound rings of each direction, contiguous.
  ring::Ring* tx_ = nullptr;
  ring::Ring* rx_ = nullptr;
  uint32_t tx_count_ = 0;
  uint32_t rx_count_ = 0;
  bool no_tx_poll_ = false;
  bool always_stamp_ = true;
  bool can_forward_ = false;  // the port has a host
  bool forward_all_ = false;

  // Of the request at work.
  const void* name_space_ = nullptr;
  port::RingSelection selection_;
  bool exclusive_ = false;
  bool rings_bound_ = false;
  memory::Region* region_ = nullptr;
  bool has_interface_ = false;
  uint32_t interface_ = 0;      // index of the netmap_if in its pool
  uint32_t extra_buffers_ = 0;  // as granted
  bool leaving_ = false;        // its rings and its list are being given back
};

}  // namespace mapwire::control

#endif  // CORE_CONTROL_SESSION_H_
