// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/memory/geometry.h"

namespace mapwire::memory {
namespace {

struct Limits {
  uint32_t min_bytes, max_bytes;
  uint32_t min_count, max_count;
};

constexpr uint32_t kPage = static_cast<uint32_t>(kPageBytes);

constexpr Limits LimitsOf(PoolKind pool, RegionKind kind) {
  switch (pool) {
    case PoolKind::kInterfaces:
      return kind == RegionKind::kGlobal ? Limits{56, 4096, 10, 10000} : Limits{56, 4096, 1, 100};
    case PoolKind::kRings:
      return {256, 32 * kPage, 2, 1024};
    case PoolKind::kBuffers:
      break;
  }
  return {64, 65536, 4, 1000000};
}

constexpr uint32_t RoundUp(uint32_t value, uint32_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

Status LayOutPool(PoolRequest request, const Limits& limits, uint64_t offset, PoolGeometry& pool) {
  if (request.object_bytes < limits.min_bytes || request.object_bytes > limits.max_bytes ||
      request.object_count < limits.min_count || request.object_count > limits.max_count) {
    return Errno::kInvalid;
  }
  const uint32_t object_bytes = RoundUp(request.object_bytes, 64);
  // The smallest number of objects that fills whole pages: 4096 / gcd(4096, size), a power of two.
  uint32_t cluster_objects = 1;
  while (static_cast<uint64_t>(cluster_objects) * object_bytes % kPageBytes != 0) {
    cluster_objects *= 2;
  }
  const uint64_t cluster_bytes = static_cast<uint64_t>(cluster_objects) * object_bytes;
  if (cluster_bytes > kMaxClusterBytes) return Errno::kInvalid;
  const uint32_t object_count = RoundUp(request.object_count, cluster_objects);
  pool = {.offset = offset,
          .object_bytes = object_bytes,
          .object_count = object_count,
          .cluster_objects = cluster_objects,
          .cluster_bytes = cluster_bytes,
          .cluster_count = object_count / cluster_objects};
  return kOkStatus;
}

}  // namespace

Result<RegionGeometry> ComputeGeometry(const RegionRequest& request, RegionKind kind) {
  RegionGeometry geometry{};
  uint64_t offset = 0;
  for (uint32_t i = 0; i < kPoolKinds; ++i) {
    const Limits limits = LimitsOf(static_cast<PoolKind>(i), kind);
    MW_TRY(LayOutPool(request.pools[i], limits, offset, geometry.pools[i]));
    offset += geometry.pools[i].bytes();
  }
  geometry.bytes = offset;
  return geometry;
}

}  // namespace mapwire::memory
