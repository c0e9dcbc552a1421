// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// How a region is laid out: three pools back to back, objects in clusters of whole pages. Pure.
#ifndef CORE_MEMORY_GEOMETRY_H_
#define CORE_MEMORY_GEOMETRY_H_

#include <cstdint>

#include "core/base/status.h"

namespace mapwire::memory {

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kMaxClusterBytes = 4 << 20;
// Buffers 0 and 1 are never handed out: 0 also means "none" in lists.
inline constexpr uint32_t kReservedBuffers = 2;

enum class PoolKind : uint8_t { kInterfaces, kRings, kBuffers };
inline constexpr uint32_t kPoolKinds = 3;

struct PoolRequest {
  uint32_t object_bytes;
  uint32_t object_count;
};

// What the operator, or the port that makes a private region, asks for. Indexed by PoolKind.
struct RegionRequest {
  PoolRequest pools[kPoolKinds];
};

// The defaults of the global region: 100 interfaces, 200 rings of up to 4336 slots, 163840 buffers.
inline constexpr RegionRequest kGlobalRequest = {{{1024, 100}, {69632, 200}, {2048, 163840}}};

enum class RegionKind : uint8_t { kGlobal, kPrivate };

struct PoolGeometry {
  uint64_t offset;           // of object 0, bytes from the start of the region
  uint32_t object_bytes;     // a multiple of 64
  uint32_t object_count;     // a multiple of cluster_objects
  uint32_t cluster_objects;  // objects per physically contiguous cluster
  uint64_t cluster_bytes;    // whole pages
  uint32_t cluster_count;

  constexpr uint64_t bytes() const { return cluster_bytes * cluster_count; }
  constexpr uint64_t ObjectOffset(uint32_t index) const {
    return offset + static_cast<uint64_t>(index) * object_bytes;
  }
};

struct RegionGeometry {
  PoolGeometry pools[kPoolKinds];
  uint64_t bytes;  // of the whole mapping, whole pages

  constexpr const PoolGeometry& pool(PoolKind kind) const {
    return pools[static_cast<uint32_t>(kind)];
  }
};

// Rounds and lays out a request. kInvalid if a size or count is outside the limits of the ABI, or
// if no cluster of at most 4 MiB holds a whole number of objects.
Result<RegionGeometry> ComputeGeometry(const RegionRequest& request, RegionKind kind);

}  // namespace mapwire::memory

#endif  // CORE_MEMORY_GEOMETRY_H_
