// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// NIOCCTRL dispatch, and the requests that ask without binding.
#include "core/control/request.h"
#include "core/control/session.h"
#include "core/platform/check.h"

namespace mapwire::control {

using memory::PoolKind;
using memory::Region;
using platform::Guard;

namespace {

Result<uint64_t> RegionBytes(const Region& region) {
  MW_ASSIGN_OR_RETURN(const memory::RegionGeometry geometry, region.Geometry());
  return geometry.bytes;
}

constexpr uint32_t kMaxSleepUs = 1000000;

}  // namespace

Status Session::ControlRequest(platform::UserMemory& user, UserAddress argument) {
  if (argument.value() == 0) return Errno::kInvalid;
  platform::Heap& heap = control_.environment().heap();
  Request* const request = platform::New<Request>(heap, user);
  if (request == nullptr) return Errno::kNoMemory;
  // No lock is held where the program's memory is touched: it may take as long as it likes.
  Status status = request->Fetch(argument);
  if (status.ok()) {
    const Guard guard(control_.mutex_);
    name_space_ = user.name_space();
    status = Dispatch(*request);
  }
  status = request->Finish(argument, status);
  platform::Delete(heap, request);
  return status;
}

Status Session::Dispatch(Request& request) {
  switch (request.type()) {
    case NETMAP_REQ_REGISTER:
      return Register(request.name(), request.body().reg, &request);
    case NETMAP_REQ_PORT_INFO_GET:
      return PortInfo(request.name(), request.body().port_info);
    case NETMAP_REQ_POOLS_INFO_GET:
      return PoolsInfo(request.name(), request.body().pools);
    case NETMAP_REQ_PORT_HDR_SET:
    case NETMAP_REQ_PORT_HDR_GET:
      return PortHeader(request.name(), request.type(), request.body().port_hdr);
    case NETMAP_REQ_CSB_ENABLE:
      // Without the option there is nothing to enable; with it, on a descriptor without rings,
      // there is nothing to do; and on one with rings the mode is not there.
      if (!request.Has(NETMAP_REQ_OPT_CSB)) return Errno::kInvalid;
      if (tx_count_ + rx_count_ != 0) return Errno::kNotSupported;
      request.SetOptionStatus(NETMAP_REQ_OPT_CSB, kOkStatus);
      return kOkStatus;
    case NETMAP_REQ_SYNC_KLOOP_START:
      if (request.body().kloop.sleep_us > kMaxSleepUs) return Errno::kInvalid;
      return bound() ? Errno::kInvalid : Errno::kNoDevice;  // no control blocks
    case NETMAP_REQ_SYNC_KLOOP_STOP:
      return bound() ? kOkStatus : Status(Errno::kNoDevice);
    default:
      return Errno::kInvalid;
  }
}

Status Session::PortInfo(const char* name, nmreq_port_info_get& info) {
  Region* region = nullptr;
  if (info.nr_mem_id != 0) {
    region = control_.regions().Find(info.nr_mem_id);
    if (region == nullptr) return Errno::kInvalid;
  }
  if (name[0] == '\0') {
    if (region == nullptr) region = &control_.regions().global();
    MW_ASSIGN_OR_RETURN(info.nr_memsize, RegionBytes(*region));
    info.nr_mem_id = region->id();
    return kOkStatus;
  }
  nmreq_register reg{};
  reg.nr_mode = NR_REG_ALL_NIC;
  MW_ASSIGN_OR_RETURN(port::Port* const found, FindOrMake(name, reg, region));
  port::Port& port = *found;
  // Asking is not binding: a region named in the question is what an opener would get.
  Region& used = region != nullptr && port.users() == 0 ? *region : port.region();
  MW_ASSIGN_OR_RETURN(info.nr_memsize, RegionBytes(used));
  const port::PortShape& shape = port.shape();
  info.nr_tx_slots = shape.tx_slots;
  info.nr_rx_slots = shape.rx_slots;
  info.nr_tx_rings = shape.tx_rings;
  info.nr_rx_rings = shape.rx_rings;
  info.nr_host_tx_rings = port.host_rings(port::Direction::kTx);
  info.nr_host_rx_rings = port.host_rings(port::Direction::kRx);
  info.nr_mem_id = used.id();
  return kOkStatus;
}

Status Session::PoolsInfo(const char* name, nmreq_pools_info& info) {
  if (name[0] == '\0') return Errno::kNoDevice;
  nmreq_port_info_get port_info{};
  port_info.nr_mem_id = info.nr_mem_id;
  MW_TRY(PortInfo(name, port_info));
  Region* const region = control_.regions().Find(port_info.nr_mem_id);
  MW_CHECK(region != nullptr);
  MW_TRY(region->AddUser());
  const memory::RegionGeometry geometry = region->Geometry().value();
  region->RemoveUser();
  info.nr_memsize = geometry.bytes;
  info.nr_mem_id = region->id();
  const memory::PoolGeometry& interfaces = geometry.pool(PoolKind::kInterfaces);
  info.nr_if_pool_offset = interfaces.offset;
  info.nr_if_pool_objtotal = interfaces.object_count;
  info.nr_if_pool_objsize = interfaces.object_bytes;
  const memory::PoolGeometry& rings = geometry.pool(PoolKind::kRings);
  info.nr_ring_pool_offset = rings.offset;
  info.nr_ring_pool_objtotal = rings.object_count;
  info.nr_ring_pool_objsize = rings.object_bytes;
  const memory::PoolGeometry& buffers = geometry.pool(PoolKind::kBuffers);
  info.nr_buf_pool_offset = buffers.offset;
  info.nr_buf_pool_objtotal = buffers.object_count;
  info.nr_buf_pool_objsize = buffers.object_bytes;
  return kOkStatus;
}

// Only switch ports carry virtio-net headers; everyone else has length 0.
Status Session::PortHeader(const char* name, uint16_t type, nmreq_port_hdr& body) {
  if (type == NETMAP_REQ_PORT_HDR_SET) {
    const uint32_t length = body.nr_hdr_len;
    if (length != 0 && length != 10 && length != 12) return Errno::kInvalid;
    return Errno::kNoDevice;
  }
  nmreq_register reg{};
  reg.nr_mode = NR_REG_ALL_NIC;
  MW_TRY(FindOrMake(name, reg, nullptr));
  body.nr_hdr_len = 0;
  return kOkStatus;
}

}  // namespace mapwire::control
