// An IOMMU domain: what one device can reach of its host's memory, and what it tried to reach.
#ifndef SIM_BUS_IOMMU_H_
#define SIM_BUS_IOMMU_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/platform/environment.h"

namespace mapwire::sim {

// Decides whether the next call of a kind shall fail. Default: never.
class FaultPoint {
 public:
  virtual ~FaultPoint() = default;
  virtual bool Fails() { return false; }
};

// Addresses are handed out once and never again, so that every stale one faults; they differ from
// domain to domain, so that every foreign one faults too.
class Iommu final : public platform::DmaSpace {
 public:
  // `domain` 1.. picks the address range.
  explicit Iommu(uint32_t domain);
  ~Iommu();
  Iommu(const Iommu&) = delete;
  Iommu& operator=(const Iommu&) = delete;

  Result<DeviceAddress> Map(void* address, uint64_t bytes) override;
  void Unmap(DeviceAddress device, uint64_t bytes) override;
  bool needs_sync() const override { return bounces_; }
  // Of what is inside one mapping; anything else is a mistake of the driver, and ends the program.
  void SyncForDevice(DeviceAddress device, uint64_t bytes, platform::DmaFlow flow) override;
  void SyncForCpu(DeviceAddress device, uint64_t bytes) override;
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override;
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override;

  // For a guest's memory, whose addresses the guest chooses: whole pages that are not mapped yet,
  // or nothing is done and it returns false. Not in a domain where Map or AllocateCoherent are
  // used.
  bool MapAt(uint64_t device, uint8_t* memory, uint64_t bytes);
  void UnmapAt(uint64_t device, uint64_t bytes) { Displace(device, bytes); }

  // Every access from now on is refused; that is no fault. False if isolates(false) was said.
  bool Isolate() override;

  // The bytes behind [device, device + bytes), or null: a fault, which is counted.
  uint8_t* Translate(uint64_t device, uint64_t bytes) {
    const uint64_t page = (device - base_) / kPage;
    const uint64_t at = device % kPage;
    if (page < pages_.size() && at + bytes <= kPage && pages_[page] != nullptr && !isolated_)
        [[likely]] {
      return pages_[page] + at;
    }
    return TranslatePages(device, bytes);
  }

  uint64_t mapped_pages() const { return mapped_pages_; }
  uint64_t coherent_bytes() const { return coherent_bytes_; }
  uint64_t faults() const { return faults_; }
  uint64_t last_fault() const { return last_fault_; }
  // Accesses refused since Isolate.
  uint64_t refused() const { return refused_; }
  // false: the platform has no way to cut a device off.
  void set_isolates(bool isolates) { isolates_ = isolates; }
  // true: the device reaches none of the memory that is mapped from now on, but copies of it, as
  // one with too few address lines.
  void set_bounces(bool bounces) { bounces_ = bounces; }
  void set_map_faults(FaultPoint* point) { map_faults_ = point; }

 private:
  // What the device sees of a mapping, and what it is a copy of.
  struct Bounce {
    std::unique_ptr<uint8_t[]> memory;
    uint8_t* real = nullptr;
    uint64_t bytes = 0;
  };
  struct Block {
    std::unique_ptr<uint8_t[]> memory;
    uint8_t* aligned = nullptr;
  };

  static constexpr uint64_t kPage = 4096;

  static uint64_t PagesOf(uint64_t bytes);
  uint8_t* TranslatePages(uint64_t device, uint64_t bytes);
  uint64_t Place(uint8_t* memory, uint64_t bytes);
  void Displace(uint64_t device, uint64_t bytes);
  // The bounce that [device, device + bytes) is in, and where in it; ends the program without one.
  const Bounce& BounceOf(uint64_t device, uint64_t bytes, uint64_t& at) const;

  const uint64_t base_;
  std::vector<uint8_t*> pages_;  // host memory of page i after base_, null if not mapped
  std::map<uint64_t, Block> coherent_;
  std::map<uint64_t, Bounce> bounced_;
  uint64_t mapped_pages_ = 0;
  uint64_t coherent_bytes_ = 0;
  uint64_t faults_ = 0;
  uint64_t last_fault_ = 0;
  uint64_t refused_ = 0;
  bool isolates_ = true;
  bool isolated_ = false;
  bool bounces_ = false;
  FaultPoint* map_faults_ = nullptr;
};

}  // namespace mapwire::sim

#endif  // SIM_BUS_IOMMU_H_
