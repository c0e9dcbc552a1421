#include "testing/kit/program.h"

#include <cstddef>
#include <cstring>

#include "core/platform/check.h"

namespace mapwire::kit {

System::~System() {
  for (const std::unique_ptr<LoopPort>& port : ports_) {
    if (!port->gone()) control.RemovePort(*port);
  }
}

LoopPort& System::AddPort(const char* name, const port::PortShape& shape) {
  ports_.push_back(
      std::make_unique<LoopPort>(environment, name, control.regions().global(), shape));
  MW_CHECK(control.AddPort(*ports_.back()).ok());
  return *ports_.back();
}

Program::Program(control::Control& control) : control_(control), session_(control.OpenSession()) {
  MW_CHECK(session_ != nullptr);
}

Program::~Program() { Close(); }

void Program::Close() {
  if (session_ != nullptr) control_.CloseSession(session_);
  session_ = nullptr;
}

void Program::Reopen() {
  MW_CHECK(session_ == nullptr);
  session_ = control_.OpenSession();
  MW_CHECK(session_ != nullptr);
}

UserAddress Program::AddOption(const nmreq_option& option, const void* payload,
                               size_t payload_bytes) {
  const UserAddress at = memory.AddBlock(sizeof(option) + payload_bytes);
  memory.Set(at, option);
  if (payload != nullptr) {
    memory.Write(UserAddress(at.value() + sizeof(option)), payload, payload_bytes);
  }
  return at;
}

Status Program::SendRequest(uint16_t type, const char* name, UserAddress body,
                            std::initializer_list<UserAddress> options) {
  header = {};
  header.nr_version = NETMAP_API;
  header.nr_reqtype = type;
  std::strncpy(header.nr_name, name, sizeof(header.nr_name) - 1);
  header.nr_body = body.value();
  uint64_t last = 0;
  for (const UserAddress option : options) {
    if (last == 0) {
      header.nr_options = option.value();
    } else {
      memory.Set<uint64_t>(UserAddress(last + offsetof(nmreq_option, nro_next)), option.value());
    }
    last = option.value();
  }
  const UserAddress at = memory.Put(header);
  const Status status = Ioctl(NIOCCTRL, at);
  header = memory.Get<nmreq_header>(at);
  return status;
}

Status Program::Register(const char* name) {
  reg = Registration(NR_REG_ALL_NIC);
  return Register(name, reg);
}

char* Program::base() const {
  return static_cast<char*>(sim::PageSource::RealBase(session_->region()->pages()));
}

netmap_ring* Program::RingAt(uint32_t entry) const {
  const ptrdiff_t offset = interface()->ring_ofs[entry];
  if (offset == 0) return nullptr;
  return reinterpret_cast<netmap_ring*>(reinterpret_cast<char*>(interface()) + offset);
}

}  // namespace mapwire::kit
