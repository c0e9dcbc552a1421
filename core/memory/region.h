// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A memory region: the protection domain of every program that maps it.
//
// Geometry is fixed while the region is in use; pages are committed cluster by cluster as objects
// are handed out, zeroed, and mapped for DMA in every attached device at that moment. Which objects
// are allocated is a private record of core: no program can change it.
#ifndef CORE_MEMORY_REGION_H_
#define CORE_MEMORY_REGION_H_

#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/base/status.h"
#include "core/base/strong.h"
#include "core/memory/bitmap.h"
#include "core/memory/geometry.h"
#include "core/platform/environment.h"
#include "core/platform/untrusted.h"

namespace mapwire::memory {

class Region;

// Device addresses of the buffers of one region for one device.
class DmaMap : public ListNode<struct DmaMapList> {
 public:
  // Indexed by buffer, `buffer_count()` entries. 0: not allocated, not committed, or reserved; a
  // device never sees it. Data path: the table stays where it is while the map is attached.
  const uint64_t* table() const { return table_; }
  platform::DmaSpace& space() const { return space_; }

 private:
  friend class Region;
  explicit DmaMap(platform::DmaSpace& space) : space_(space) {}

  platform::DmaSpace& space_;
  uint64_t* table_ = nullptr;
};

// Somebody whose shared memory names buffers: a ring by its slots, a session by its extra list.
class BufferHolder : public ListNode<struct BufferHolderList> {
 public:
  // Adds each buffer named now to `marks`, unless it is out of range or not allocated. What it
  // reads is untrusted: bounded, each value loaded once. Control path.
  virtual void MarkNamed(const Region& region, Bitmap& marks) = 0;

 protected:
  ~BufferHolder() = default;
};

// Control path, serialised by the control mutex, except where "data path" is said.
class Region : public ListNode<struct RegionList> {
 public:
  Region(platform::Environment& environment, uint16_t id, RegionKind kind,
         const RegionRequest& request);
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  uint16_t id() const { return id_; }
  bool is_private() const { return kind_ == RegionKind::kPrivate; }
  uint32_t users() const { return users_; }

  // The request takes effect when the region is next used by nobody and then by somebody.
  void set_request(const RegionRequest& request) { request_ = request; }

  // The geometry in use, or the one a first user would get. kInvalid if the request is bad.
  Result<RegionGeometry> Geometry() const;

  // A user comes (kInvalid, kNoMemory) or goes. When the last one goes, every allocation is
  // forgotten and every page is given back.
  Status AddUser();
  void RemoveUser();

  // A zeroed object: lowest free index first. kNoMemory if there is none or its pages cannot be
  // had.
  Result<uint32_t> Allocate(PoolKind kind);
  // `index` must be allocated.
  void Free(PoolKind kind, uint32_t index);
  bool IsAllocated(PoolKind kind, uint32_t index) const;
  uint32_t FreeCount(PoolKind kind) const;

  // Core's address of an allocated object, for Untrusted<>. Data path.
  void* Address(PoolKind kind, uint32_t index) const {
    const Pool& pool = pools_[static_cast<uint32_t>(kind)];
    const PoolGeometry& geometry = geometry_.pool(kind);
    char* cluster = static_cast<char*>(pool.clusters[index / geometry.cluster_objects]);
    return cluster +
           static_cast<uint64_t>(index % geometry.cluster_objects) * geometry.object_bytes;
  }
  uint32_t buffer_bytes() const { return geometry_.pool(PoolKind::kBuffers).object_bytes; }
  uint32_t buffer_count() const { return geometry_.pool(PoolKind::kBuffers).object_count; }
  // True if a program may put `index` into a slot: in range, not reserved, and committed. Data
  // path.
  bool IsUsableBuffer(uint32_t index) const {
    return index >= kReservedBuffers && index < buffer_count() &&
           pools_[static_cast<uint32_t>(PoolKind::kBuffers)]
                   .clusters[index / geometry_.pool(PoolKind::kBuffers).cluster_objects] != nullptr;
  }

  // True if [offset, offset + bytes) lies inside the region, for mmap.
  bool Contains(uint64_t offset, uint64_t bytes) const {
    return bytes <= geometry_.bytes && offset <= geometry_.bytes - bytes;
  }
  // The pages, for the front end that maps them into a program. Null while the region is unused.
  platform::PageSpace* pages() const { return pages_; }

  // Maps every committed buffer for a device, now and as they come. The region must be in use.
  Result<DmaMap*> AttachDevice(platform::DmaSpace& space);
  void DetachDevice(DmaMap* map);

  // Holders keep their buffers from being handed out again; see ReleaseHolders.
  void AddHolder(BufferHolder& holder) { holders_.PushBack(holder); }
  // The holders of `leaving` leave the list: a buffer that they name returns to the pool unless
  // somebody who stays names it too. Never fails.
  void ReleaseHolders(BufferHolder* const* leaving, uint32_t count);

 private:
  struct Pool {
    Bitmap allocated;
    uint32_t allocated_count = 0;
    uint32_t lowest_free = 0;   // no free index is below
    void** clusters = nullptr;  // core's address of each cluster, null while not committed
  };

  Status Prepare();
  void Discard();
  Status CommitCluster(PoolKind kind, uint32_t cluster);
  Status MapCluster(DmaMap& map, uint32_t cluster);
  void UnmapCluster(DmaMap& map, uint32_t cluster);
  void ReleaseClusters(PoolKind kind);
  Result<Bitmap> NewBitmap(uint32_t bits);

  platform::Environment& environment_;
  const uint16_t id_;
  const RegionKind kind_;
  RegionRequest request_;
  RegionGeometry geometry_{};
  Pool pools_[kPoolKinds];
  uint32_t users_ = 0;
  platform::PageSpace* pages_ = nullptr;
  IntrusiveList<DmaMap, DmaMapList> devices_;
  IntrusiveList<BufferHolder, BufferHolderList> holders_;
  // Scratch of ReleaseHolders, kept ready so that a close never needs memory.
  Bitmap leaving_marks_;
  Bitmap staying_marks_;
  uint64_t* bitmap_words_[kPoolKinds + 2] = {};
  uint32_t bitmaps_ = 0;
};

}  // namespace mapwire::memory

#endif  // CORE_MEMORY_REGION_H_
