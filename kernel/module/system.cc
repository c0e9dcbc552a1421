// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "kernel/module/system.h"

#include <new>

#include "core/control/session.h"
#include "core/memory/geometry.h"
#include "kernel/os_abi.h"

namespace mapwire::kernel {
namespace {

// Not an object of its own: nobody runs constructors of a module.
alignas(System) unsigned char storage[sizeof(System)];

control::Session& SessionOf(mw_session* session) {
  return *reinterpret_cast<control::Session*>(session);
}

control::Parameters ParametersOf(const mw_parameters& parameters) {
  return {.global_region = {{{parameters.if_size, parameters.if_num},
                             {parameters.ring_size, parameters.ring_num},
                             {parameters.buf_size, parameters.buf_num}}},
          .no_timestamp = parameters.no_timestamp,
          .forward = parameters.forward};
}

}  // namespace

System& TheSystem() { return *reinterpret_cast<System*>(storage); }

}  // namespace mapwire::kernel

using mapwire::control::Parameters;
using mapwire::control::Session;
using mapwire::kernel::ParametersOf;
using mapwire::kernel::SessionOf;
using mapwire::kernel::System;
using mapwire::kernel::TheSystem;

int mw_init(const mw_parameters* parameters) {
  const Parameters wanted = ParametersOf(*parameters);
  const auto geometry =
      mapwire::memory::ComputeGeometry(wanted.global_region, mapwire::memory::RegionKind::kGlobal);
  if (!geometry.ok()) return -geometry.status().number();
  new (mapwire::kernel::storage) System(wanted);
  return 0;
}

int mw_set_parameters(const mw_parameters* parameters) {
  return -TheSystem().control.SetParameters(ParametersOf(*parameters)).number();
}

void mw_geometry(mw_parameters* geometry) {
  *geometry = {};
  const auto guard = TheSystem().control.Lock();
  const mapwire::memory::Region& region = TheSystem().control.regions().global();
  if (region.users() == 0) return;
  const mapwire::memory::RegionGeometry now = *region.Geometry();
  const auto& [interfaces, rings, buffers] = now.pools;
  geometry->if_size = interfaces.object_bytes;
  geometry->if_num = interfaces.object_count;
  geometry->ring_size = rings.object_bytes;
  geometry->ring_num = rings.object_count;
  geometry->buf_size = buffers.object_bytes;
  geometry->buf_num = buffers.object_count;
}

void mw_exit() { TheSystem().~System(); }

void mw_watchdog() { TheSystem().control.Watchdog(); }

mw_session* mw_session_open() {
  return reinterpret_cast<mw_session*>(TheSystem().control.OpenSession());
}

void mw_session_close(mw_session* session) {
  TheSystem().control.CloseSession(&SessionOf(session));
}

int mw_session_ioctl(mw_session* session, const void* name_space, uint32_t command,
                     uint64_t argument) {
  mapwire::kernel::Caller caller(name_space);
  return -SessionOf(session).Ioctl(caller, command, mapwire::UserAddress(argument)).number();
}

uint32_t mw_session_poll(mw_session* session, uint32_t events, void* table, bool may_sleep) {
  mapwire::kernel::PollRegistrar registrar(table);
  return SessionOf(session).Poll(events, table == nullptr ? nullptr : &registrar, may_sleep);
}

int mw_session_map(mw_session* session, uint64_t offset, uint64_t bytes, os_pages** pages) {
  const mapwire::Result<mapwire::platform::PageSpace*> space =
      SessionOf(session).Map(offset, bytes);
  if (!space.ok()) return -space.status().number();
  *pages = mapwire::kernel::HandleOf(**space);
  return 0;
}
