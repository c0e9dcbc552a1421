// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// REGISTER: binding a session to rings of a port, step by step in the order of the errors.
#include <cstddef>
#include <string_view>

#include "core/control/request.h"
#include "core/control/session.h"
#include "core/platform/check.h"
#include "core/platform/yield.h"
#include "core/port/null_port.h"

namespace mapwire::control {

using memory::PoolKind;
using memory::Region;
using platform::UntrustedStore;
using port::Direction;
using port::RingInterval;
using port::RingSelection;

namespace {

// In a netmap_if a port without host rings has one each way, of which there is nothing.
uint16_t ShownHostRings(const port::Port& port, Direction direction) {
  const uint16_t count = port.host_rings(direction);
  return count == 0 ? 1 : count;
}
// A port made by a request: the most it may ask for.
constexpr uint16_t kMaxMadeRings = 256;
constexpr uint32_t kMaxMadeSlots = 4096;

// How many rings a port has in one direction.
struct RingCount {
  uint16_t hardware;
  uint16_t host;
};

// One of `count` rings, behind `first`, by its number.
Result<RingInterval> SelectOne(uint16_t ring, uint16_t first, uint16_t count, uint16_t other) {
  if (ring >= count && ring >= other) return Errno::kInvalid;
  if (count == 0) return RingInterval{};
  // With more rings in the other direction, the extra ones share ring 0 of this one.
  const uint16_t one = static_cast<uint16_t>(first + (ring < count ? ring : 0));
  return RingInterval{one, static_cast<uint16_t>(one + 1)};
}

Result<RingInterval> SelectOneWay(uint32_t mode, uint16_t ring, RingCount count, RingCount other) {
  const uint16_t all = static_cast<uint16_t>(count.hardware + count.host);
  switch (mode) {
    case NR_REG_ALL_NIC:
    case NR_REG_NULL:
      return RingInterval{0, count.hardware};
    case NR_REG_ONE_NIC:
      return SelectOne(ring, 0, count.hardware, other.hardware);
    case NR_REG_SW:
    case NR_REG_NIC_SW:
      if (count.host == 0) return Errno::kInvalid;
      return RingInterval{mode == NR_REG_SW ? count.hardware : uint16_t{0}, all};
    case NR_REG_ONE_SW:
      if (count.host == 0) return Errno::kInvalid;
      return SelectOne(ring, count.hardware, count.host, other.host);
    // Pipes and the rest: not a mode of this interface.
    default:
      return Errno::kInvalid;
  }
}

Result<RingSelection> SelectRings(const port::Port& port, const nmreq_register& reg) {
  const RingCount tx = {port.rings(Direction::kTx), port.host_rings(Direction::kTx)};
  const RingCount rx = {port.rings(Direction::kRx), port.host_rings(Direction::kRx)};
  RingSelection selection;
  if ((reg.nr_flags & NR_RX_RINGS_ONLY) == 0) {
    MW_ASSIGN_OR_RETURN(selection.tx, SelectOneWay(reg.nr_mode, reg.nr_ringid, tx, rx));
  }
  if ((reg.nr_flags & NR_TX_RINGS_ONLY) == 0) {
    MW_ASSIGN_OR_RETURN(selection.rx, SelectOneWay(reg.nr_mode, reg.nr_ringid, rx, tx));
  }
  return selection;
}

bool NamesPipe(const char* name) {
  return std::string_view(name).find_first_of("{}") != std::string_view::npos;
}

uint16_t Clamp(uint32_t value, uint16_t limit) {
  return static_cast<uint16_t>(value < limit ? value : limit);
}

}  // namespace

Status Session::Register(const char* name, nmreq_register& reg, Request* options) {
  if (bound()) return Errno::kBusy;
  Region* region = nullptr;
  if (reg.nr_mem_id != 0) {
    region = control_.regions().Find(reg.nr_mem_id);
    if (region == nullptr) return Errno::kInvalid;
  }
  MW_ASSIGN_OR_RETURN(port::Port* const found, FindOrMake(name, reg, region));
  port::Port& port = *found;
  // An open port, or one that owns its memory, keeps its region: the answer tells which.
  if (region != nullptr) port.UseRegion(*region);
  // And so do its host rings.
  Status bound = port.SetHostRings(reg.nr_host_tx_rings, reg.nr_host_rx_rings);
  if (bound.ok()) bound = BindTo(port, reg, options);
  if (!bound.ok()) {
    const bool unbind_drops = rings_bound_;
    Unbind();
    if (unbind_drops) return bound;
    if (!port.goes_with_last_user) port.BackToDefaults();
    DropPort(port);
    return bound;
  }
  Answer(reg);
  return kOkStatus;
}

Result<port::Port*> Session::FindOrMake(const char* name, const nmreq_register& reg,
                                        Region* region) {
  if (reg.nr_mode == NR_REG_PIPE_MASTER || reg.nr_mode == NR_REG_PIPE_SLAVE) {
    return Errno::kInvalid;
  }
  if (reg.nr_mode == NR_REG_NULL) {
    if (region == nullptr) return Errno::kInvalid;
    const port::PortShape shape{
        .tx_rings = Clamp(reg.nr_tx_rings, kMaxMadeRings),
        .rx_rings = Clamp(reg.nr_rx_rings, kMaxMadeRings),
        .tx_slots = reg.nr_tx_slots < kMaxMadeSlots ? reg.nr_tx_slots : kMaxMadeSlots,
        .rx_slots = reg.nr_rx_slots < kMaxMadeSlots ? reg.nr_rx_slots : kMaxMadeSlots,
    };
    MW_ASSIGN_OR_RETURN(port::Port* const port,
                        port::NullPort::Create(control_.environment(), name, *region, shape));
    port->goes_with_last_user = true;
    return port;
  }
  constexpr uint64_t kMonitor = NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON;
  if ((reg.nr_flags & kMonitor) != 0 || NamesPipe(name)) return Errno::kNotSupported;
  port::Port* const port = control_.FindPort(name, name_space_);
  if (port == nullptr) return Errno::kNoDevice;
  return port;
}

Status Session::BindTo(port::Port& port, const nmreq_register& reg, Request* options) {
  MW_TRY(port.region().AddUser());
  region_ = &port.region();
  MW_ASSIGN_OR_RETURN(selection_, SelectRings(port, reg));
  exclusive_ = (reg.nr_flags & NR_EXCLUSIVE) != 0;
  MW_TRY(port.Bind(selection_, exclusive_));
  port_ = &port;
  rings_bound_ = true;
  if (options != nullptr && options->offsets() != nullptr) MW_TRY(ApplyOffsets(*options));
  MW_TRY(MakeInterface(reg.nr_extra_bufs));
  MW_TRY(port.Activate(selection_));
  if (options != nullptr && options->HasUnsupportedOption()) return Errno::kNotSupported;
  tx_count_ = selection_.tx.count();
  rx_count_ = selection_.rx.count();
  if (tx_count_ != 0) tx_ = &port.ring(Direction::kTx, selection_.tx.first);
  if (rx_count_ != 0) rx_ = &port.ring(Direction::kRx, selection_.rx.first);
  no_tx_poll_ = (reg.nr_flags & NR_NO_TX_POLL) != 0;
  always_stamp_ = !control_.parameters().no_timestamp;
  can_forward_ = port.host_rings(Direction::kRx) != 0;
  forward_all_ = can_forward_ && control_.parameters().forward;
  platform::YieldPoint();
  // L2: the binding before this; pairs with bound().
  bound_.store(true, std::memory_order_release);
  if (tx_count_ == 1) only_tx_.store(tx_, std::memory_order_release);
  if (rx_count_ == 1) only_rx_.store(rx_, std::memory_order_release);
  return kOkStatus;
}

Status Session::ApplyOffsets(Request& options) {
  nmreq_opt_offsets& wanted = *options.offsets();
  const auto apply = [&]() -> Status {
    if (!port_->supports_offsets()) return Errno::kNotSupported;
    if (wanted.nro_offset_bits > 64) return Errno::kInvalid;
    const uint32_t bits = wanted.nro_offset_bits == 0 ? 64 : wanted.nro_offset_bits;
    const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    if (wanted.nro_max_offset > region_->buffer_bytes() || wanted.nro_max_offset > mask ||
        wanted.nro_initial_offset > wanted.nro_max_offset) {
      return Errno::kInvalid;
    }
    const uint32_t gap_limit = region_->buffer_bytes();
    const ring::OffsetRule rule{
        .mask = mask,
        .max = static_cast<uint32_t>(wanted.nro_max_offset),
        .min_gap =
            static_cast<uint32_t>(wanted.nro_min_gap < gap_limit ? wanted.nro_min_gap : gap_limit),
    };
    uint64_t effective = wanted.nro_max_offset;
    for (const Direction direction : {Direction::kTx, Direction::kRx}) {
      const RingInterval& interval = selection_.of(direction);
      for (uint16_t i = interval.first; i < interval.last; ++i) {
        ring::Ring& ring = port_->ring(direction, i);
        MW_TRY(ring.SetOffsetRule(rule, static_cast<uint32_t>(wanted.nro_initial_offset),
                                  ring.users == 1));
        effective = ring.offset_rule().max;
      }
    }
    wanted.nro_max_offset = effective;
    return kOkStatus;
  };
  const Status status = apply();
  options.SetOptionStatus(NETMAP_REQ_OPT_OFFSETS, status);
  return status;
}

// The netmap_if: where the program finds its rings. Words are stored one by one; core never reads
// them back but for ni_bufs_head at close.
Status Session::MakeInterface(uint32_t extra_buffers) {
  const uint32_t tx_rings = port_->rings(Direction::kTx);
  const uint32_t rx_rings = port_->rings(Direction::kRx);
  const uint32_t host_tx_rings = ShownHostRings(*port_, Direction::kTx);
  const uint32_t host_rx_rings = ShownHostRings(*port_, Direction::kRx);
  const uint64_t entries = tx_rings + rx_rings + host_tx_rings + host_rx_rings;
  const memory::RegionGeometry geometry = region_->Geometry().value();
  const memory::PoolGeometry& pool = geometry.pool(PoolKind::kInterfaces);
  if (sizeof(netmap_if) + entries * sizeof(int64_t) > pool.object_bytes) return Errno::kNoMemory;
  MW_ASSIGN_OR_RETURN(interface_, region_->Allocate(PoolKind::kInterfaces));
  has_interface_ = true;
  char* const base = static_cast<char*>(region_->Address(PoolKind::kInterfaces, interface_));
  const auto store = [base](size_t offset, uint32_t value) {
    UntrustedStore(reinterpret_cast<uint32_t*>(base + offset), value);
  };
  const char* const name = port_->name();
  for (size_t i = 0; i + 1 < IFNAMSIZ && name[i] != '\0'; ++i) UntrustedStore(base + i, name[i]);
  store(offsetof(netmap_if, ni_version), NETMAP_API);
  store(offsetof(netmap_if, ni_flags), region_->is_private() ? NI_PRIV_MEM : 0);
  store(offsetof(netmap_if, ni_tx_rings), tx_rings);
  store(offsetof(netmap_if, ni_rx_rings), rx_rings);
  store(offsetof(netmap_if, ni_host_tx_rings), host_tx_rings);
  store(offsetof(netmap_if, ni_host_rx_rings), host_rx_rings);
  const uint64_t here = pool.ObjectOffset(interface_);
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    const uint32_t skip = direction == Direction::kTx ? 0 : tx_rings + host_tx_rings;
    const RingInterval& interval = selection_.of(direction);
    for (uint16_t i = interval.first; i < interval.last; ++i) {
      const uint32_t object = port_->ring(direction, i).object();
      const uint64_t there = geometry.pool(PoolKind::kRings).ObjectOffset(object);
      const size_t at = offsetof(netmap_if, ring_ofs) + (skip + i) * sizeof(int64_t);
      UntrustedStore(reinterpret_cast<int64_t*>(base + at), static_cast<int64_t>(there - here));
    }
  }
  LinkExtraBuffers(extra_buffers);
  region_->AddHolder(*this);
  return kOkStatus;
}

// As many as there are, up to `wanted`; fewer is no error. The last one allocated heads the list.
void Session::LinkExtraBuffers(uint32_t wanted) {
  uint32_t head = 0;
  extra_buffers_ = 0;
  while (extra_buffers_ < wanted) {
    const Result<uint32_t> buffer = region_->Allocate(PoolKind::kBuffers);
    if (!buffer.ok()) break;
    UntrustedStore(static_cast<uint32_t*>(region_->Address(PoolKind::kBuffers, *buffer)), head);
    head = *buffer;
    ++extra_buffers_;
  }
  char* const base = static_cast<char*>(region_->Address(PoolKind::kInterfaces, interface_));
  UntrustedStore(reinterpret_cast<uint32_t*>(base + offsetof(netmap_if, ni_bufs_head)), head);
}

void Session::Answer(nmreq_register& reg) const {
  const memory::RegionGeometry geometry = region_->Geometry().value();
  const port::PortShape& shape = port_->shape();
  reg.nr_offset = geometry.pool(PoolKind::kInterfaces).ObjectOffset(interface_);
  reg.nr_memsize = geometry.bytes;
  reg.nr_tx_slots = shape.tx_slots;
  reg.nr_rx_slots = shape.rx_slots;
  reg.nr_tx_rings = shape.tx_rings;
  reg.nr_rx_rings = shape.rx_rings;
  reg.nr_host_tx_rings = port_->host_rings(Direction::kTx);
  reg.nr_host_rx_rings = port_->host_rings(Direction::kRx);
  reg.nr_mem_id = region_->id();
  reg.nr_extra_bufs = extra_buffers_;
}

void Session::DropPort(port::Port& port) {
  if (port.goes_with_last_user && port.users() == 0) port.Delete();
}

}  // namespace mapwire::control
