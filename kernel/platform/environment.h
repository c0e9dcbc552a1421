// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What core needs from its world, in Linux.
#ifndef KERNEL_PLATFORM_ENVIRONMENT_H_
#define KERNEL_PLATFORM_ENVIRONMENT_H_

#include "core/platform/environment.h"
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
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override;
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override;
  bool Isolate() override;

 private:
  os_device* const device_;
};

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
