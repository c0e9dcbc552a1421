// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/control/control.h"

#include <string_view>

#include "core/control/session.h"
#include "core/platform/check.h"

namespace mapwire::control {

using platform::Guard;

Control::Control(platform::Environment& environment, const Parameters& parameters)
    : environment_(environment),
      parameters_(parameters),
      regions_(environment, parameters.global_region) {}

Control::~Control() {
  MW_CHECK(sessions_ == 0);
  MW_CHECK(ports_.empty());
}

Status Control::SetParameters(const Parameters& parameters) {
  MW_TRY(memory::ComputeGeometry(parameters.global_region, memory::RegionKind::kGlobal));
  const Guard guard(mutex_);
  parameters_ = parameters;
  regions_.global().set_request(parameters.global_region);
  return kOkStatus;
}

Session* Control::OpenSession() {
  const Guard guard(mutex_);
  Session* const session = platform::New<Session>(environment_.heap(), *this);
  if (session != nullptr) ++sessions_;
  return session;
}

void Control::CloseSession(Session* session) {
  const Guard guard(mutex_);
  session->Unbind();
  platform::Delete(environment_.heap(), session);
  --sessions_;
}

Status Control::AddPort(port::Port& port, const void* name_space) {
  const Guard guard(mutex_);
  if (FindPort(port.name(), name_space) != nullptr) return Errno::kExists;
  port.Rename(port.name(), name_space);
  ports_.PushBack(port);
  return kOkStatus;
}

Status Control::RenamePort(port::Port& port, const char* name, const void* name_space) {
  const Guard guard(mutex_);
  port::Port* const other = FindPort(name, name_space);
  if (other != nullptr && other != &port) return Errno::kExists;
  port.Rename(name, name_space);
  return kOkStatus;
}

void Control::RemovePort(port::Port& port) {
  const Guard guard(mutex_);
  Unlist(port);
}

void Control::AbandonPort(port::Port& port) {
  const Guard guard(mutex_);
  Unlist(port);
  port.Abandon();
  if (port.users() == 0) return port.Delete();
  port.goes_with_last_user = true;
}

void Control::Unlist(port::Port& port) {
  if (port.linked()) ports_.Remove(port);
  port.Kill();
}

void Control::Watchdog() {
  const Guard guard(mutex_);
  for (port::Port& port : ports_) port.Watchdog();
}

Result<memory::Region*> Control::CreateRegion(const memory::RegionRequest& request) {
  const Guard guard(mutex_);
  return regions_.CreatePrivate(request);
}

void Control::RecordExtraList(uint32_t steps, uint32_t index) {
  ++closing_violations_.count[static_cast<uint32_t>(ring::Rule::kExtraList)];
  closing_violations_.last = {ring::Rule::kExtraList, steps, index};
}

port::Port* Control::FindPort(const char* name, const void* name_space) {
  for (port::Port& port : ports_) {
    if (port.name_space() != name_space) continue;
    if (std::string_view(port.name()) == std::string_view(name)) return &port;
  }
  return nullptr;
}

}  // namespace mapwire::control
