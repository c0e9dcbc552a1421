// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/memory/region_table.h"

#include "core/platform/check.h"

namespace mapwire::memory {

RegionTable::RegionTable(platform::Environment& environment, const RegionRequest& global_request)
    : environment_(environment),
      global_(environment, kGlobalRegionId, RegionKind::kGlobal, global_request) {}

RegionTable::~RegionTable() {
  MW_CHECK(global_.users() == 0);
  while (Region* region = private_.First()) DestroyPrivate(region);
}

Region* RegionTable::Find(uint16_t id) {
  if (id == kGlobalRegionId) return &global_;
  for (Region& region : private_) {
    if (region.id() == id) return &region;
  }
  return nullptr;
}

Result<Region*> RegionTable::CreatePrivate(const RegionRequest& request) {
  MW_TRY(ComputeGeometry(request, RegionKind::kPrivate));
  uint16_t id = last_id_;
  do {
    if (++id == last_id_) return Errno::kNoMemory;
  } while (id == 0 || Find(id) != nullptr);
  Region* const region =
      platform::New<Region>(environment_.heap(), environment_, id, RegionKind::kPrivate, request);
  if (region == nullptr) return Errno::kNoMemory;
  private_.PushBack(*region);
  last_id_ = id;
  return region;
}

void RegionTable::DestroyPrivate(Region* region) {
  MW_CHECK(region->users() == 0);
  private_.Remove(*region);
  platform::Delete(environment_.heap(), region);
}

}  // namespace mapwire::memory
