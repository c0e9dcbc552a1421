// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What core needs from its world, in Linux.
#ifndef KERNEL_PLATFORM_ENVIRONMENT_H_
#define KERNEL_PLATFORM_ENVIRONMENT_H_

#include "core/platform/environment.h"
#include "core/platform/host_stack.h"
#include "kernel/os_abi.h"
#include "os_sizes.h"

namespace mapwire::kernel {

// A wait queue of Linux.
class Notifier final : public platform::Notifier {
 public:
  Notifier() { os_wait_init(storage_); }
  void Notify() override { os_wait_wake(storage_); }
  void* storage() { return storage_; }

 private:
  alignas(8) unsigned char storage_[MAPWIRE_OS_WAIT_BYTES];
};

// Puts who calls poll() on queues.
class PollRegistrar final : public platform::PollRegistrar {
 public:
  explicit PollRegistrar(void* table) : table_(table) {}
  void WaitOn(platform::Notifier& notifier) override {
    os_wait_register(static_cast<Notifier&>(notifier).storage(), table_);
  }

 private:
  void* const table_;
};

// The process that called.
class Caller final : public platform::UserMemory {
 public:
  explicit Caller(const void* name_space) : name_space_(name_space) {}
  const void* name_space() const override { return name_space_; }
  Status CopyIn(void* to, UserAddress from, size_t bytes) override;
  Status CopyOut(UserAddress to, const void* from, size_t bytes) override;

 private:
  const void* const name_space_;
};

// What a PCI device sees of memory.
class DeviceMemory final : public platform::DmaSpace {
 public:
  explicit DeviceMemory(os_device* device) : device_(device) {}
  Result<DeviceAddress> Map(void* address, uint64_t bytes) override;
  void Unmap(DeviceAddress device, uint64_t bytes) override;
  bool needs_sync() const override;
  void SyncForDevice(DeviceAddress device, uint64_t bytes, platform::DmaFlow flow) override;
  void SyncForCpu(DeviceAddress device, uint64_t bytes) override;
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override;
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override;
  bool Isolate() override;

 private:
  os_device* const device_;
};

// The network stack of Linux above a device.
class HostStack final : public platform::HostStack {
 public:
  explicit HostStack(os_device* device) : device_(device) {}
  platform::HostFrame* NewFrame(uint16_t queue, uint32_t bytes) override;
  void Append(platform::HostFrame& frame, const void* from, uint32_t bytes) override;
  void Receive(uint16_t queue, platform::HostFrame* frame) override;
  uint32_t Length(const platform::HostFrame& frame) override;
  void Copy(const platform::HostFrame& frame, uint32_t offset, void* to, uint32_t bytes) override;
  bool Taken(uint16_t queue, uint32_t bytes) override;
  void Keep(uint16_t host_ring, platform::HostFrame& frame) override;
  uint32_t Kept(uint16_t host_ring) override;
  platform::HostFrame* Next(uint16_t host_ring) override;
  void Free(platform::HostFrame& frame) override;
  void Schedule(uint16_t queue) override;
  void Sent(uint16_t queue, uint32_t bytes, bool room) override;

 private:
  os_device* const device_;
};

// A frame of core's is a socket buffer of the shim's.
inline platform::HostFrame* FrameOf(os_frame* frame) {
  return reinterpret_cast<platform::HostFrame*>(frame);
}

class Environment final : public platform::Environment,
                          private platform::Heap,
                          private platform::PageSource,
                          private platform::Clock,
                          private platform::Sleeper {
 public:
  platform::Heap& heap() override { return *this; }
  platform::PageSource& pages() override { return *this; }
  platform::Clock& clock() override { return *this; }
  platform::Sleeper& sleeper() override { return *this; }
  platform::Notifier* NewNotifier() override;
  void DeleteNotifier(platform::Notifier* notifier) override;

 private:
  void* Allocate(size_t bytes) override { return os_alloc(bytes); }
  void Free(void* memory) override { os_free(memory); }
  platform::PageSpace* Create(uint64_t bytes) override;
  void Destroy(platform::PageSpace* space) override;
  platform::TimeOfDay Now() override;
  void DelayMicroseconds(uint32_t microseconds) override { os_sleep_us(microseconds); }
};

// The handle of the shim, of a space that Environment made.
os_pages* HandleOf(platform::PageSpace& space);

}  // namespace mapwire::kernel

#endif  // KERNEL_PLATFORM_ENVIRONMENT_H_
