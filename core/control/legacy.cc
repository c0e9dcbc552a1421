// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// NIOCREGIF and NIOCGINFO: the interface before NIOCCTRL, translated.
#include "core/control/request.h"
#include "core/control/session.h"

namespace mapwire::control {

using platform::Guard;

namespace {

// Versions 11 to 13 differ from 14 only for ports with several host rings: they look for receive
// rings behind one host ring for transmission.
constexpr uint32_t kOldestVersion = 11;
constexpr uint32_t kVersionOfHostRings = 14;

// Appends "{ring" or "}ring" to a pipe's parent name. kNoMemory if it does not fit.
Status AppendPipe(char (&name)[NETMAP_REQ_IFNAMSIZ], char mark, uint32_t ring) {
  uint32_t at = 0;
  while (name[at] != '\0') ++at;
  char digits[10];
  uint32_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + ring % 10);
    ring /= 10;
  } while (ring != 0);
  if (at + 1 + count >= IFNAMSIZ) return Errno::kNoMemory;
  name[at++] = mark;
  while (count != 0) name[at++] = digits[--count];
  name[at] = '\0';
  return kOkStatus;
}

Status TranslateMode(const nmreq& legacy, nmreq_register& reg, char (&name)[NETMAP_REQ_IFNAMSIZ]) {
  reg.nr_ringid = legacy.nr_ringid & NETMAP_RING_MASK;
  reg.nr_mode = legacy.nr_flags & NR_REG_MASK;
  reg.nr_flags = legacy.nr_flags & ~static_cast<uint32_t>(NR_REG_MASK);
  if ((legacy.nr_ringid & NETMAP_NO_TX_POLL) != 0) reg.nr_flags |= NR_NO_TX_POLL;
  if ((legacy.nr_ringid & NETMAP_DO_RX_POLL) != 0) reg.nr_flags |= NR_DO_RX_POLL;
  switch (reg.nr_mode) {
    case NR_REG_DEFAULT:
      if ((legacy.nr_ringid & NETMAP_SW_RING) != 0) {
        reg.nr_mode = NR_REG_SW;
      } else if ((legacy.nr_ringid & NETMAP_HW_RING) != 0) {
        reg.nr_mode = NR_REG_ONE_NIC;
      } else {
        reg.nr_mode = NR_REG_ALL_NIC;
      }
      return kOkStatus;
    case NR_REG_PIPE_MASTER:
    case NR_REG_PIPE_SLAVE:
      MW_TRY(AppendPipe(name, reg.nr_mode == NR_REG_PIPE_MASTER ? '{' : '}', reg.nr_ringid));
      reg.nr_mode = NR_REG_ALL_NIC;
      reg.nr_ringid = 0;
      return kOkStatus;
    default:
      return kOkStatus;
  }
}

void CopyName(const nmreq& legacy, char (&name)[NETMAP_REQ_IFNAMSIZ]) {
  for (uint32_t i = 0; i < sizeof(legacy.nr_name); ++i) name[i] = legacy.nr_name[i];
}

}  // namespace

Status Session::LegacyRegister(platform::UserMemory& user, UserAddress argument) {
  if (argument.value() == 0) return Errno::kInvalid;
  nmreq legacy;
  MW_TRY(user.CopyIn(&legacy, argument, sizeof(legacy)));
  legacy.nr_name[sizeof(legacy.nr_name) - 1] = '\0';
  // No lock is held where the program's memory is touched.
  const auto handle = [&]() -> Status {
    const Guard guard(control_.mutex_);
    name_space_ = user.name_space();
    if (legacy.nr_version < kOldestVersion) return Errno::kInvalid;
    char name[NETMAP_REQ_IFNAMSIZ] = {};
    CopyName(legacy, name);
    switch (legacy.nr_cmd) {
      case 0:
        break;
      case NETMAP_PT_HOST_CREATE:
      case NETMAP_PT_HOST_DELETE:
        return Errno::kNoMemory;
      case NETMAP_BDG_VNET_HDR:
      case NETMAP_VNET_HDR_GET: {
        nmreq_port_hdr header{};
        header.nr_hdr_len = legacy.nr_arg1;
        const bool get = legacy.nr_cmd == NETMAP_VNET_HDR_GET;
        MW_TRY(PortHeader(name, get ? NETMAP_REQ_PORT_HDR_GET : NETMAP_REQ_PORT_HDR_SET, header));
        legacy.nr_arg1 = static_cast<uint16_t>(header.nr_hdr_len);
        return kOkStatus;
      }
      default:
        return Errno::kInvalid;
    }
    nmreq_register reg{};
    reg.nr_tx_slots = legacy.nr_tx_slots;
    reg.nr_rx_slots = legacy.nr_rx_slots;
    reg.nr_tx_rings = legacy.nr_tx_rings;
    reg.nr_rx_rings = legacy.nr_rx_rings;
    reg.nr_mem_id = legacy.nr_arg2;
    reg.nr_extra_bufs = legacy.nr_arg3;
    MW_TRY(TranslateMode(legacy, reg, name));
    if (legacy.nr_version < kVersionOfHostRings) {
      const port::Port* const port = control_.FindPort(name, name_space_);
      if (port != nullptr && port->host_rings(port::Direction::kTx) > 1) return Errno::kInvalid;
    }
    MW_TRY(Register(name, reg, nullptr));
    legacy.nr_offset = static_cast<uint32_t>(reg.nr_offset);
    legacy.nr_memsize = static_cast<uint32_t>(reg.nr_memsize);
    legacy.nr_tx_slots = reg.nr_tx_slots;
    legacy.nr_rx_slots = reg.nr_rx_slots;
    legacy.nr_tx_rings = reg.nr_tx_rings;
    legacy.nr_rx_rings = reg.nr_rx_rings;
    legacy.nr_arg2 = reg.nr_mem_id;
    legacy.nr_arg3 = reg.nr_extra_bufs;
    return kOkStatus;
  };
  const Status status = handle();
  const Status delivered = user.CopyOut(argument, &legacy, sizeof(legacy));
  return delivered.ok() ? status : delivered;
}

Status Session::LegacyInfo(platform::UserMemory& user, UserAddress argument) {
  if (argument.value() == 0) return Errno::kInvalid;
  nmreq legacy;
  MW_TRY(user.CopyIn(&legacy, argument, sizeof(legacy)));
  legacy.nr_name[sizeof(legacy.nr_name) - 1] = '\0';
  // No lock is held where the program's memory is touched.
  const auto handle = [&]() -> Status {
    const Guard guard(control_.mutex_);
    name_space_ = user.name_space();
    if (legacy.nr_version < kOldestVersion) return Errno::kInvalid;
    if (legacy.nr_cmd == NETMAP_BDG_LIST) return Errno::kInvalid;  // there is no switch
    char name[NETMAP_REQ_IFNAMSIZ] = {};
    CopyName(legacy, name);
    nmreq_port_info_get info{};
    info.nr_mem_id = legacy.nr_arg2;
    MW_TRY(PortInfo(name, info));
    legacy.nr_memsize = static_cast<uint32_t>(info.nr_memsize);
    legacy.nr_arg2 = info.nr_mem_id;
    if (name[0] == '\0') return kOkStatus;
    legacy.nr_tx_slots = info.nr_tx_slots;
    legacy.nr_rx_slots = info.nr_rx_slots;
    legacy.nr_tx_rings = info.nr_tx_rings;
    legacy.nr_rx_rings = info.nr_rx_rings;
    return kOkStatus;
  };
  const Status status = handle();
  const Status delivered = user.CopyOut(argument, &legacy, sizeof(legacy));
  return delivered.ok() ? status : delivered;
}

}  // namespace mapwire::control
