// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "kernel/platform/environment.h"

namespace mapwire::kernel {
namespace {

class Pages final : public platform::PageSpace {
 public:
  explicit Pages(os_pages* handle) : handle_(handle) {}

  Result<void*> Commit(uint64_t offset, uint64_t bytes) override {
    void* const address = os_pages_commit(handle_, offset, bytes);
    if (address == nullptr) return Errno::kNoMemory;
    return address;
  }
  void Release(uint64_t offset, uint64_t bytes) override {
    os_pages_release(handle_, offset, bytes);
  }
  os_pages* handle() const { return handle_; }

 private:
  os_pages* const handle_;
};

}  // namespace

os_pages* HandleOf(platform::PageSpace& space) { return static_cast<Pages&>(space).handle(); }

namespace {

os_frame* HandleOf(platform::HostFrame& frame) { return reinterpret_cast<os_frame*>(&frame); }
const os_frame* HandleOf(const platform::HostFrame& frame) {
  return reinterpret_cast<const os_frame*>(&frame);
}

}  // namespace

platform::HostFrame* HostStack::NewFrame(uint16_t queue, uint32_t bytes) {
  return FrameOf(os_frame_new(device_, queue, bytes));
}

void HostStack::Append(platform::HostFrame& frame, const void* from, uint32_t bytes) {
  os_frame_append(HandleOf(frame), from, bytes);
}

void HostStack::Receive(uint16_t queue, platform::HostFrame* frame) {
  os_frame_receive(device_, queue, HandleOf(*frame));
}

uint32_t HostStack::Length(const platform::HostFrame& frame) {
  return os_frame_length(HandleOf(frame));
}

void HostStack::Copy(const platform::HostFrame& frame, uint32_t offset, void* to, uint32_t bytes) {
  os_frame_copy(HandleOf(frame), offset, to, bytes);
}

bool HostStack::Taken(uint16_t queue, uint32_t bytes) {
  return os_host_taken(device_, queue, bytes);
}

void HostStack::Keep(uint16_t host_ring, platform::HostFrame& frame) {
  os_host_keep(device_, host_ring, HandleOf(frame));
}

uint32_t HostStack::Kept(uint16_t host_ring) { return os_host_kept(device_, host_ring); }

platform::HostFrame* HostStack::Next(uint16_t host_ring) {
  return FrameOf(os_host_next(device_, host_ring));
}

void HostStack::Free(platform::HostFrame& frame) { os_frame_free(HandleOf(frame)); }

void HostStack::Schedule(uint16_t queue) { os_host_schedule(device_, queue); }

void HostStack::Sent(uint16_t queue, uint32_t bytes, bool room) {
  os_host_sent(device_, queue, bytes, room);
}

Status Caller::CopyIn(void* to, UserAddress from, size_t bytes) {
  return os_copy_in(to, from.value(), bytes) == 0 ? kOkStatus : Status(Errno::kFault);
}

Status Caller::CopyOut(UserAddress to, const void* from, size_t bytes) {
  return os_copy_out(to.value(), from, bytes) == 0 ? kOkStatus : Status(Errno::kFault);
}

Result<DeviceAddress> DeviceMemory::Map(void* address, uint64_t bytes) {
  uint64_t mapped = 0;
  const int error = os_dma_map(device_, address, bytes, &mapped);
  if (error != 0) return static_cast<Errno>(-error);
  return DeviceAddress(mapped);
}

void DeviceMemory::Unmap(DeviceAddress device, uint64_t bytes) {
  os_dma_unmap(device_, device.value(), bytes);
}

bool DeviceMemory::needs_sync() const { return os_dma_needs_sync(device_); }

void DeviceMemory::SyncForDevice(DeviceAddress device, uint64_t bytes, platform::DmaFlow flow) {
  os_dma_sync_for_device(device_, device.value(), bytes, flow == platform::DmaFlow::kDeviceWrites);
}

void DeviceMemory::SyncForCpu(DeviceAddress device, uint64_t bytes) {
  os_dma_sync_for_cpu(device_, device.value(), bytes);
}

platform::CoherentMemory DeviceMemory::AllocateCoherent(uint64_t bytes) {
  uint64_t address = 0;
  void* const memory = os_dma_alloc(device_, bytes, &address);
  return {.address = memory, .device = DeviceAddress(address)};
}

void DeviceMemory::FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) {
  os_dma_free(device_, memory.address, memory.device.value(), bytes);
}

bool DeviceMemory::Isolate() {
  os_dma_isolate(device_);
  return true;
}

platform::Notifier* Environment::NewNotifier() { return platform::New<Notifier>(*this); }

void Environment::DeleteNotifier(platform::Notifier* notifier) {
  platform::Delete(*this, static_cast<Notifier*>(notifier));
}

platform::PageSpace* Environment::Create(uint64_t bytes) {
  os_pages* const handle = os_pages_new(bytes);
  if (handle == nullptr) return nullptr;
  Pages* const space = platform::New<Pages>(*this, handle);
  if (space == nullptr) os_pages_delete(handle);
  return space;
}

void Environment::Destroy(platform::PageSpace* space) {
  Pages* const pages = static_cast<Pages*>(space);
  os_pages_delete(pages->handle());
  platform::Delete(*this, pages);
}

platform::TimeOfDay Environment::Now() {
  const os_time now = os_time_of_day();
  return {now.seconds, now.microseconds};
}

}  // namespace mapwire::kernel
