#include "sim/bus/iommu.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "platform_backend/hooks.h"

namespace mapwire::sim {

uint64_t Iommu::PagesOf(uint64_t bytes) { return (bytes + kPage - 1) / kPage; }

Iommu::Iommu(uint32_t domain) : base_(uint64_t{domain} << 36) {}

Iommu::~Iommu() {
  if (mapped_pages_ != 0 || coherent_bytes_ != 0) {
    std::fprintf(stderr, "iommu: %llu pages still mapped, %llu coherent bytes not freed\n",
                 static_cast<unsigned long long>(mapped_pages_),
                 static_cast<unsigned long long>(coherent_bytes_));
    std::abort();
  }
}

uint64_t Iommu::Place(uint8_t* memory, uint64_t bytes) {
  const uint64_t device = base_ + pages_.size() * kPage;
  for (uint64_t i = 0; i < PagesOf(bytes); ++i) pages_.push_back(memory + i * kPage);
  pages_.push_back(nullptr);  // a hole behind every mapping: running over its end faults
  return device;
}

void Iommu::Displace(uint64_t device, uint64_t bytes) {
  const uint64_t first = (device - base_) / kPage;
  for (uint64_t i = 0; i < PagesOf(bytes); ++i) {
    if (pages_[first + i] == nullptr) {
      std::fprintf(stderr, "iommu: unmapping a page that is not mapped\n");
      std::abort();
    }
    pages_[first + i] = nullptr;
  }
}

bool Iommu::MapAt(uint64_t device, uint8_t* memory, uint64_t bytes) {
  const uint64_t first = (device - base_) / kPage;
  if (device < base_ || device % kPage != 0 || bytes % kPage != 0) return false;
  const uint64_t end = first + bytes / kPage;
  if (end > pages_.size()) pages_.resize(end);
  for (uint64_t page = first; page < end; ++page) {
    if (pages_[page] != nullptr) return false;
  }
  for (uint64_t page = first; page < end; ++page) pages_[page] = memory + (page - first) * kPage;
  return true;
}

Result<DeviceAddress> Iommu::Map(void* address, uint64_t bytes) {
  if (map_faults_ != nullptr && map_faults_->Fails()) return Errno::kNoMemory;
  uint8_t* const real = platform::RealAddress(static_cast<uint8_t*>(address));
  mapped_pages_ += PagesOf(bytes);
  if (!bounces_) return DeviceAddress(Place(real, bytes));
  Bounce bounce{std::make_unique<uint8_t[]>(PagesOf(bytes) * kPage), real, bytes};
  std::memcpy(bounce.memory.get(), real, bytes);
  const uint64_t device = Place(bounce.memory.get(), bytes);
  bounced_.emplace(device, std::move(bounce));
  return DeviceAddress(device);
}

const Iommu::Bounce& Iommu::BounceOf(uint64_t device, uint64_t bytes, uint64_t& at) const {
  auto next = bounced_.upper_bound(device);
  if (next != bounced_.begin()) {
    const auto& [begin, bounce] = *--next;
    at = device - begin;
    if (at <= bounce.bytes && bytes <= bounce.bytes - at) return bounce;
  }
  std::fprintf(stderr, "iommu: a sync of memory that is not mapped\n");
  std::abort();
}

void Iommu::SyncForDevice(DeviceAddress device, uint64_t bytes, platform::DmaFlow flow) {
  uint64_t at = 0;
  const Bounce& bounce = BounceOf(device.value(), bytes, at);
  if (flow == platform::DmaFlow::kDeviceWrites) return;
  std::memcpy(bounce.memory.get() + at, bounce.real + at, bytes);
}

void Iommu::SyncForCpu(DeviceAddress device, uint64_t bytes) {
  uint64_t at = 0;
  const Bounce& bounce = BounceOf(device.value(), bytes, at);
  std::memcpy(bounce.real + at, bounce.memory.get() + at, bytes);
}

void Iommu::Unmap(DeviceAddress device, uint64_t bytes) {
  Displace(device.value(), bytes);
  bounced_.erase(device.value());
  mapped_pages_ -= PagesOf(bytes);
}

platform::CoherentMemory Iommu::AllocateCoherent(uint64_t bytes) {
  if (map_faults_ != nullptr && map_faults_->Fails()) return {};
  const uint64_t rounded = PagesOf(bytes) * kPage;
  Block block{std::make_unique<uint8_t[]>(rounded + kPage), nullptr};
  block.aligned = reinterpret_cast<uint8_t*>(
      (reinterpret_cast<uintptr_t>(block.memory.get()) + kPage - 1) / kPage * kPage);
  const uint64_t device = Place(block.aligned, rounded);
  const platform::CoherentMemory memory{block.aligned, DeviceAddress(device)};
  coherent_.emplace(device, std::move(block));
  coherent_bytes_ += rounded;
  return memory;
}

void Iommu::FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) {
  Displace(memory.device.value(), bytes);
  if (coherent_.erase(memory.device.value()) != 1) std::abort();
  coherent_bytes_ -= PagesOf(bytes) * kPage;
}

bool Iommu::Isolate() {
  isolated_ = isolates_;
  return isolated_;
}

uint8_t* Iommu::TranslatePages(uint64_t device, uint64_t bytes) {
  if (isolated_) {
    ++refused_;
    return nullptr;
  }
  const uint64_t offset = device - base_;
  const uint64_t first = offset / kPage;
  const uint64_t last = (offset + (bytes == 0 ? 0 : bytes - 1)) / kPage;
  if (device < base_ || last >= pages_.size() || bytes > pages_.size() * kPage) {
    ++faults_;
    last_fault_ = device;
    return nullptr;
  }
  // A mapping is contiguous in host memory; two that touch are not one.
  for (uint64_t page = first; page <= last; ++page) {
    if (pages_[page] == nullptr || pages_[page] != pages_[first] + (page - first) * kPage) {
      ++faults_;
      last_fault_ = device;
      return nullptr;
    }
  }
  return pages_[first] + offset % kPage;
}

}  // namespace mapwire::sim
