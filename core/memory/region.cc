// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/memory/region.h"

#include "core/platform/check.h"

namespace mapwire::memory {

using platform::Delete;
using platform::New;
using platform::NewArray;

Region::Region(platform::Environment& environment, uint16_t id, RegionKind kind,
               const RegionRequest& request)
    : environment_(environment), id_(id), kind_(kind), request_(request) {}

Result<RegionGeometry> Region::Geometry() const {
  if (users_ > 0) return geometry_;
  return ComputeGeometry(request_, kind_);
}

Status Region::AddUser() {
  if (users_ == 0) {
    const Status prepared = Prepare();
    if (!prepared.ok()) {
      Discard();
      return prepared;
    }
  }
  ++users_;
  return kOkStatus;
}

void Region::RemoveUser() {
  MW_CHECK(users_ > 0);
  if (--users_ > 0) return;
  MW_CHECK(holders_.empty());
  MW_CHECK(devices_.empty());
  Discard();
}

Status Region::Prepare() {
  MW_ASSIGN_OR_RETURN(geometry_, ComputeGeometry(request_, kind_));
  for (uint32_t i = 0; i < kPoolKinds; ++i) {
    Pool& pool = pools_[i];
    const PoolGeometry& geometry = geometry_.pools[i];
    MW_ASSIGN_OR_RETURN(pool.allocated, NewBitmap(geometry.object_count));
    pool.clusters = NewArray<void*>(environment_.heap(), geometry.cluster_count);
    if (pool.clusters == nullptr) return Errno::kNoMemory;
  }
  MW_ASSIGN_OR_RETURN(leaving_marks_, NewBitmap(buffer_count()));
  MW_ASSIGN_OR_RETURN(staying_marks_, NewBitmap(buffer_count()));
  pages_ = environment_.pages().Create(geometry_.bytes);
  if (pages_ == nullptr) return Errno::kNoMemory;
  Pool& buffers = pools_[static_cast<uint32_t>(PoolKind::kBuffers)];
  for (uint32_t reserved = 0; reserved < kReservedBuffers; ++reserved) {
    buffers.allocated.Set(reserved);
    ++buffers.allocated_count;
  }
  return kOkStatus;
}

// Also undoes a Prepare that stopped halfway.
void Region::Discard() {
  for (uint32_t i = 0; i < kPoolKinds; ++i) {
    if (pages_ != nullptr) ReleaseClusters(static_cast<PoolKind>(i));
    environment_.heap().Free(pools_[i].clusters);
    pools_[i] = Pool();
  }
  for (uint32_t i = 0; i < bitmaps_; ++i) environment_.heap().Free(bitmap_words_[i]);
  bitmaps_ = 0;
  leaving_marks_ = Bitmap();
  staying_marks_ = Bitmap();
  if (pages_ != nullptr) environment_.pages().Destroy(pages_);
  pages_ = nullptr;
  geometry_ = RegionGeometry{};
}

Result<Bitmap> Region::NewBitmap(uint32_t bits) {
  uint64_t* words = NewArray<uint64_t>(environment_.heap(), Bitmap::Words(bits));
  if (words == nullptr) return Errno::kNoMemory;
  bitmap_words_[bitmaps_++] = words;
  return Bitmap(words, bits);
}

Result<uint32_t> Region::Allocate(PoolKind kind) {
  Pool& pool = pools_[static_cast<uint32_t>(kind)];
  const PoolGeometry& geometry = geometry_.pool(kind);
  const uint32_t index = pool.allocated.NextClear(pool.lowest_free);
  if (index >= geometry.object_count) return Errno::kNoMemory;
  const uint32_t cluster = index / geometry.cluster_objects;
  if (pool.clusters[cluster] == nullptr) {
    MW_TRY(CommitCluster(kind, cluster));
  } else {
    platform::UntrustedZero(Address(kind, index), geometry.object_bytes);
  }
  pool.allocated.Set(index);
  ++pool.allocated_count;
  pool.lowest_free = index + 1;
  return index;
}

void Region::Free(PoolKind kind, uint32_t index) {
  Pool& pool = pools_[static_cast<uint32_t>(kind)];
  MW_CHECK(index < pool.allocated.size() && pool.allocated.Test(index));
  MW_CHECK(kind != PoolKind::kBuffers || index >= kReservedBuffers);
  pool.allocated.Clear(index);
  --pool.allocated_count;
  if (index < pool.lowest_free) pool.lowest_free = index;
}

bool Region::IsAllocated(PoolKind kind, uint32_t index) const {
  const Pool& pool = pools_[static_cast<uint32_t>(kind)];
  return index < pool.allocated.size() && pool.allocated.Test(index);
}

uint32_t Region::FreeCount(PoolKind kind) const {
  const Pool& pool = pools_[static_cast<uint32_t>(kind)];
  return pool.allocated.size() - pool.allocated_count;
}

Status Region::CommitCluster(PoolKind kind, uint32_t cluster) {
  const PoolGeometry& geometry = geometry_.pool(kind);
  const uint64_t offset = geometry.offset + cluster * geometry.cluster_bytes;
  MW_ASSIGN_OR_RETURN(void* const address, pages_->Commit(offset, geometry.cluster_bytes));
  pools_[static_cast<uint32_t>(kind)].clusters[cluster] = address;
  if (kind != PoolKind::kBuffers) return kOkStatus;
  for (DmaMap& map : devices_) {
    const Status mapped = MapCluster(map, cluster);
    if (mapped.ok()) continue;
    for (DmaMap& done : devices_) {
      if (&done == &map) break;
      UnmapCluster(done, cluster);
    }
    pages_->Release(offset, geometry.cluster_bytes);
    pools_[static_cast<uint32_t>(kind)].clusters[cluster] = nullptr;
    return mapped;
  }
  return kOkStatus;
}

void Region::ReleaseClusters(PoolKind kind) {
  Pool& pool = pools_[static_cast<uint32_t>(kind)];
  const PoolGeometry& geometry = geometry_.pool(kind);
  if (pool.clusters == nullptr) return;
  for (uint32_t cluster = 0; cluster < geometry.cluster_count; ++cluster) {
    if (pool.clusters[cluster] == nullptr) continue;
    pages_->Release(geometry.offset + cluster * geometry.cluster_bytes, geometry.cluster_bytes);
    pool.clusters[cluster] = nullptr;
  }
}

Status Region::MapCluster(DmaMap& map, uint32_t cluster) {
  const PoolGeometry& geometry = geometry_.pool(PoolKind::kBuffers);
  void* const address = pools_[static_cast<uint32_t>(PoolKind::kBuffers)].clusters[cluster];
  MW_ASSIGN_OR_RETURN(const DeviceAddress base, map.space_.Map(address, geometry.cluster_bytes));
  MW_CHECK(base.value() != 0);
  const uint32_t first = cluster * geometry.cluster_objects;
  for (uint32_t i = 0; i < geometry.cluster_objects; ++i) {
    const bool reserved = first + i < kReservedBuffers;
    map.table_[first + i] =
        reserved ? 0 : base.value() + static_cast<uint64_t>(i) * geometry.object_bytes;
  }
  return kOkStatus;
}

void Region::UnmapCluster(DmaMap& map, uint32_t cluster) {
  const PoolGeometry& geometry = geometry_.pool(PoolKind::kBuffers);
  const uint32_t first = cluster * geometry.cluster_objects;
  // The last buffer of a cluster is never a reserved one unless the whole cluster is.
  const uint32_t last = first + geometry.cluster_objects - 1;
  if (map.table_[last] == 0) return;
  const uint64_t base = map.table_[last] -
                        static_cast<uint64_t>(geometry.cluster_objects - 1) * geometry.object_bytes;
  map.space_.Unmap(DeviceAddress(base), geometry.cluster_bytes);
  for (uint32_t i = first; i <= last; ++i) map.table_[i] = 0;
}

Result<DmaMap*> Region::AttachDevice(platform::DmaSpace& space) {
  MW_CHECK(users_ > 0);
  void* const memory = environment_.heap().Allocate(sizeof(DmaMap));
  if (memory == nullptr) return Errno::kNoMemory;
  DmaMap* const map = new (memory) DmaMap(space);
  devices_.PushBack(*map);
  map->table_ = NewArray<uint64_t>(environment_.heap(), buffer_count());
  Status status = map->table_ == nullptr ? Status(Errno::kNoMemory) : kOkStatus;
  const PoolGeometry& geometry = geometry_.pool(PoolKind::kBuffers);
  const Pool& pool = pools_[static_cast<uint32_t>(PoolKind::kBuffers)];
  for (uint32_t cluster = 0; status.ok() && cluster < geometry.cluster_count; ++cluster) {
    if (pool.clusters[cluster] != nullptr) status = MapCluster(*map, cluster);
  }
  if (!status.ok()) {
    DetachDevice(map);
    return status;
  }
  return map;
}

void Region::DetachDevice(DmaMap* map) {
  const PoolGeometry& geometry = geometry_.pool(PoolKind::kBuffers);
  if (map->table_ != nullptr) {
    for (uint32_t cluster = 0; cluster < geometry.cluster_count; ++cluster) {
      UnmapCluster(*map, cluster);
    }
  }
  devices_.Remove(*map);
  environment_.heap().Free(map->table_);
  Delete(environment_.heap(), map);
}

void Region::ReleaseHolders(BufferHolder* const* leaving, uint32_t count) {
  leaving_marks_.ClearAll();
  staying_marks_.ClearAll();
  for (uint32_t i = 0; i < count; ++i) {
    leaving[i]->MarkNamed(*this, leaving_marks_);
    holders_.Remove(*leaving[i]);
  }
  for (BufferHolder& holder : holders_) holder.MarkNamed(*this, staying_marks_);
  for (uint32_t index = leaving_marks_.NextSet(0); index < leaving_marks_.size();
       index = leaving_marks_.NextSet(index + 1)) {
    if (!staying_marks_.Test(index)) Free(PoolKind::kBuffers, index);
  }
}

}  // namespace mapwire::memory
