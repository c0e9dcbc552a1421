// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// NIOCCTRL requests: fetched from the program once, checked, and answered. What a handler sees is
// core's own copy; the program's memory is not looked at again.
#ifndef CORE_CONTROL_REQUEST_H_
#define CORE_CONTROL_REQUEST_H_

#include <cstddef>
#include <cstdint>

#include "core/abi/freestanding.h"
#include "core/base/status.h"
#include "core/base/strong.h"
#include "core/platform/environment.h"

namespace mapwire::control {

// Options whose payload core reads.
inline constexpr uint32_t kKnownOptions = NETMAP_REQ_OPT_MAX;
// The workspace of the reference interface: what fits in it is accepted, what does not is EMSGSIZE.
inline constexpr uint32_t kRequestBytes = 4208;
inline constexpr uint32_t kFixedBytes = 64;      // plus the body
inline constexpr uint32_t kBytesPerOption = 32;  // plus the payload
inline constexpr uint32_t kMaxOptions = (kRequestBytes - kFixedBytes) / kBytesPerOption;
inline constexpr uint32_t kMaxBodyBytes = 64;

// The body of the largest request type, of any type.
union RequestBody {
  nmreq_register reg;
  nmreq_port_info_get port_info;
  nmreq_port_hdr port_hdr;
  nmreq_pools_info pools;
  nmreq_sync_kloop_start kloop;
  uint8_t bytes[kMaxBodyBytes];
};

struct RequestOption {
  uint64_t user_address;
  uint32_t type;
  int32_t status;  // errno for nro_status
};

// One request. Large (about 4 KiB): it lives in heap memory, not on the stack. Control path.
class Request {
 public:
  explicit Request(platform::UserMemory& user) : user_(user) {}
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // Reads header, body and options. The errors are those of the interface: kInvalid (version,
  // reserved field, body missing or superfluous, unknown type, an option twice or of type 0),
  // kFault, kMessageTooLong. Finish must be called in any case.
  Status Fetch(UserAddress header);
  // Copies back: header; option statuses; on success body and payloads. Nothing at all if the
  // header could not be read. Returns `outcome`, or kFault if the answer cannot be delivered.
  Status Finish(UserAddress header, Status outcome);

  uint16_t type() const { return header_.nr_reqtype; }
  const char* name() const { return header_.nr_name; }
  RequestBody& body() { return body_; }

  // The payload of option Body::... if the program gave it, else null. Body is the ABI struct.
  nmreq_opt_offsets* offsets() { return Find(NETMAP_REQ_OPT_OFFSETS) ? &offsets_ : nullptr; }
  bool Has(uint32_t option) const { return Find(option) != nullptr; }
  // Tells the program how an option fared. An option nobody sets stays at EOPNOTSUPP.
  void SetOptionStatus(uint32_t option, Status status);
  // True if an option is still unsupported: REGISTER must fail then.
  bool HasUnsupportedOption() const;

 private:
  const RequestOption* Find(uint32_t type) const;
  Status FetchBody();
  Status FetchOptions();
  Status FetchPayload(const RequestOption& option, uint64_t bytes);

  platform::UserMemory& user_;
  nmreq_header header_{};
  RequestBody body_{};
  uint32_t body_bytes_ = 0;
  bool header_fetched_ = false;
  bool fetched_ = false;        // the whole request was read
  bool report_options_ = true;  // false after the workspace ran out
  uint32_t option_count_ = 0;
  nmreq_opt_offsets offsets_{};
  RequestOption options_[kMaxOptions];
};

// Bytes of the body that request type `type` takes; 0 for types without one, and for unknown ones.
uint32_t BodyBytes(uint16_t type);

}  // namespace mapwire::control

#endif  // CORE_CONTROL_REQUEST_H_
