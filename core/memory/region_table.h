// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// All regions by id. Region 1 is the global one and always there. Control path.
#ifndef CORE_MEMORY_REGION_TABLE_H_
#define CORE_MEMORY_REGION_TABLE_H_

#include "core/memory/region.h"

namespace mapwire::memory {

inline constexpr uint16_t kGlobalRegionId = 1;

class RegionTable {
 public:
  RegionTable(platform::Environment& environment, const RegionRequest& global_request);
  ~RegionTable();
  RegionTable(const RegionTable&) = delete;
  RegionTable& operator=(const RegionTable&) = delete;

  Region& global() { return global_; }
  // The region, or null. Id 0 is never a region.
  Region* Find(uint16_t id);
  // A private region under the first free id after the one made last. kInvalid (the request),
  // kNoMemory (also: no id is free).
  Result<Region*> CreatePrivate(const RegionRequest& request);
  // Nobody may use it any more.
  void DestroyPrivate(Region* region);

 private:
  platform::Environment& environment_;
  Region global_;
  IntrusiveList<Region, RegionList> private_;
  uint16_t last_id_ = kGlobalRegionId;
};

}  // namespace mapwire::memory

#endif  // CORE_MEMORY_REGION_TABLE_H_
