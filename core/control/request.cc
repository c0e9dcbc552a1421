// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/control/request.h"

namespace mapwire::control {
namespace {

constexpr uint32_t kHeaderBytes = sizeof(nmreq_option);
constexpr uint64_t kMaxOptionBytes = NETMAP_REQ_MAXSIZE;

// Bytes that follow the header of an option in the program's memory.
uint64_t PayloadBytes(uint32_t type, uint64_t size) {
  switch (type) {
    case NETMAP_REQ_OPT_EXTMEM:
      return sizeof(nmreq_opt_extmem) - kHeaderBytes;
    case NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS:
      return size < kHeaderBytes ? 0 : size - kHeaderBytes;
    case NETMAP_REQ_OPT_CSB:
      return sizeof(nmreq_opt_csb) - kHeaderBytes;
    case NETMAP_REQ_OPT_SYNC_KLOOP_MODE:
      return sizeof(nmreq_opt_sync_kloop_mode) - kHeaderBytes;
    case NETMAP_REQ_OPT_OFFSETS:
      return sizeof(nmreq_opt_offsets) - kHeaderBytes;
    default:
      return 0;
  }
}

bool IsKnown(uint32_t type) { return type > 0 && type < kKnownOptions; }

}  // namespace

uint32_t BodyBytes(uint16_t type) {
  switch (type) {
    case NETMAP_REQ_REGISTER:
      return sizeof(nmreq_register);
    case NETMAP_REQ_PORT_INFO_GET:
      return sizeof(nmreq_port_info_get);
    case NETMAP_REQ_VALE_ATTACH:
      return sizeof(nmreq_vale_attach);
    case NETMAP_REQ_VALE_DETACH:
      return sizeof(nmreq_vale_detach);
    case NETMAP_REQ_VALE_LIST:
      return sizeof(nmreq_vale_list);
    case NETMAP_REQ_PORT_HDR_SET:
    case NETMAP_REQ_PORT_HDR_GET:
      return sizeof(nmreq_port_hdr);
    case NETMAP_REQ_VALE_NEWIF:
      return sizeof(nmreq_vale_newif);
    case NETMAP_REQ_VALE_POLLING_ENABLE:
    case NETMAP_REQ_VALE_POLLING_DISABLE:
      return sizeof(nmreq_vale_polling);
    case NETMAP_REQ_POOLS_INFO_GET:
      return sizeof(nmreq_pools_info);
    case NETMAP_REQ_SYNC_KLOOP_START:
      return sizeof(nmreq_sync_kloop_start);
    default:
      return 0;
  }
}

static_assert(sizeof(nmreq_vale_attach) <= kMaxBodyBytes);
static_assert(sizeof(nmreq_pools_info) <= kMaxBodyBytes);

Status Request::Fetch(UserAddress header) {
  MW_TRY(user_.CopyIn(&header_, header, sizeof(header_)));
  header_fetched_ = true;
  // Returned as 0 whatever comes of the request, so that it can be tried again as it is.
  const bool reserved_used = header_.nr_reserved != 0;
  header_.nr_reserved = 0;
  if (header_.nr_version < NETMAP_MIN_API || header_.nr_version > NETMAP_MAX_API) {
    return Errno::kInvalid;
  }
  if (reserved_used) return Errno::kInvalid;
  MW_TRY(FetchBody());
  MW_TRY(FetchOptions());
  header_.nr_name[sizeof(header_.nr_name) - 1] = '\0';
  fetched_ = true;
  return kOkStatus;
}

Status Request::FetchBody() {
  body_bytes_ = BodyBytes(header_.nr_reqtype);
  if ((header_.nr_body != 0) != (body_bytes_ != 0)) return Errno::kInvalid;
  if (body_bytes_ == 0) return kOkStatus;
  return user_.CopyIn(&body_, UserAddress(header_.nr_body), body_bytes_);
}

Status Request::FetchOptions() {
  uint64_t used = kFixedBytes + body_bytes_;
  Status status = kOkStatus;
  for (uint64_t next = header_.nr_options; next != 0;) {
    nmreq_option option;
    MW_TRY(user_.CopyIn(&option, UserAddress(next), sizeof(option)));
    if (option.nro_size > kMaxOptionBytes) return Errno::kMessageTooLong;
    const uint64_t payload = PayloadBytes(option.nro_reqtype, option.nro_size);
    used += kBytesPerOption + payload;
    if (used > kRequestBytes || option_count_ == kMaxOptions) {
      report_options_ = false;
      return Errno::kMessageTooLong;
    }
    RequestOption& fetched = options_[option_count_];
    fetched = {next, option.nro_reqtype, 0};
    if (option.nro_reqtype == 0) {
      fetched.status = Status(Errno::kInvalid).number();
      status = Errno::kInvalid;
    } else if (IsKnown(option.nro_reqtype)) {
      for (uint32_t i = 0; i < option_count_; ++i) {
        if (options_[i].type != option.nro_reqtype) continue;
        options_[i].status = fetched.status = Status(Errno::kInvalid).number();
        status = Errno::kInvalid;
      }
    }
    ++option_count_;
    MW_TRY(status);  // also ends a list that runs in a circle
    MW_TRY(FetchPayload(fetched, payload));
    next = option.nro_next;
  }
  for (uint32_t i = 0; i < option_count_; ++i) {
    options_[i].status = Status(Errno::kNotSupported).number();
  }
  return kOkStatus;
}

// Of options that nobody handles yet it is only found out whether the payload is there.
Status Request::FetchPayload(const RequestOption& option, uint64_t bytes) {
  if (option.type != NETMAP_REQ_OPT_OFFSETS) {
    uint8_t ignored[64];
    for (uint64_t at = 0; at < bytes; at += sizeof(ignored)) {
      const uint64_t left = bytes - at;
      MW_TRY(user_.CopyIn(ignored, UserAddress(option.user_address + kHeaderBytes + at),
                          left < sizeof(ignored) ? left : sizeof(ignored)));
    }
    return kOkStatus;
  }
  return user_.CopyIn(reinterpret_cast<uint8_t*>(&offsets_) + kHeaderBytes,
                      UserAddress(option.user_address + kHeaderBytes),
                      sizeof(offsets_) - kHeaderBytes);
}

Status Request::Finish(UserAddress header, Status outcome) {
  if (!header_fetched_) return outcome;
  Status delivered = kOkStatus;
  if (fetched_ && outcome.ok() && body_bytes_ != 0) {
    delivered = user_.CopyOut(UserAddress(header_.nr_body), &body_, body_bytes_);
  }
  for (uint32_t i = 0; report_options_ && i < option_count_; ++i) {
    const RequestOption& option = options_[i];
    const uint32_t status = static_cast<uint32_t>(option.status);
    const uint64_t status_at = option.user_address + offsetof(nmreq_option, nro_status);
    const Status copied = user_.CopyOut(UserAddress(status_at), &status, sizeof(status));
    if (delivered.ok()) delivered = copied;
    if (!fetched_ || !outcome.ok() || option.status != 0) continue;
    if (option.type != NETMAP_REQ_OPT_OFFSETS) continue;
    const Status payload = user_.CopyOut(UserAddress(option.user_address + kHeaderBytes),
                                         reinterpret_cast<const uint8_t*>(&offsets_) + kHeaderBytes,
                                         sizeof(offsets_) - kHeaderBytes);
    if (delivered.ok()) delivered = payload;
  }
  const Status copied = user_.CopyOut(header, &header_, sizeof(header_));
  if (delivered.ok()) delivered = copied;
  return delivered.ok() ? outcome : delivered;
}

const RequestOption* Request::Find(uint32_t type) const {
  for (uint32_t i = 0; i < option_count_; ++i) {
    if (options_[i].type == type) return &options_[i];
  }
  return nullptr;
}

void Request::SetOptionStatus(uint32_t option, Status status) {
  for (uint32_t i = 0; i < option_count_; ++i) {
    if (options_[i].type == option) options_[i].status = status.number();
  }
}

bool Request::HasUnsupportedOption() const {
  for (uint32_t i = 0; i < option_count_; ++i) {
    if (options_[i].status == Status(Errno::kNotSupported).number()) return true;
  }
  return false;
}

}  // namespace mapwire::control
