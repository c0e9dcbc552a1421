// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The smallest world the core runs in: plain memory, no time, a device that is only memory.
#ifndef TESTING_COST_BENCH_WORLD_H_
#define TESTING_COST_BENCH_WORLD_H_

#include <cstddef>
#include <cstdint>

#include "core/nic/driver_for_test.h"
#include "core/platform/environment.h"

namespace mapwire::cost {

// One region's pages: a single private mapping, so that a program sees it as it would by mmap().
class PlainPageSpace final : public platform::PageSpace {
 public:
  PlainPageSpace(char* base, uint64_t bytes) : base_(base), bytes_(bytes) {}

  Result<void*> Commit(uint64_t offset, uint64_t bytes) override;
  void Release(uint64_t offset, uint64_t bytes) override;

  char* base() const { return base_; }
  uint64_t bytes() const { return bytes_; }

 private:
  char* const base_;
  const uint64_t bytes_;
};

// Everything the core is handed. Notifiers do nothing; the clock stands still.
class PlainWorld final : public platform::Environment,
                         public platform::Heap,
                         public platform::PageSource,
                         public platform::Clock,
                         public platform::Sleeper {
 public:
  // Everything must have been given back.
  ~PlainWorld();

  platform::Heap& heap() override { return *this; }
  platform::PageSource& pages() override { return *this; }
  platform::Clock& clock() override { return *this; }
  platform::Sleeper& sleeper() override { return *this; }
  platform::Notifier* NewNotifier() override;
  void DeleteNotifier(platform::Notifier* notifier) override;

  void* Allocate(size_t bytes) override;
  void Free(void* memory) override;
  platform::PageSpace* Create(uint64_t bytes) override;
  void Destroy(platform::PageSpace* space) override;
  platform::TimeOfDay Now() override { return {1, 2}; }
  void DelayMicroseconds(uint32_t) override {}

 private:
  int64_t held_ = 0;  // objects, spaces and notifiers somebody has
};

// A device's view of memory: the CPU's addresses, moved, so that the two cannot be mixed up.
class PlainDma final : public platform::DmaSpace {
 public:
  ~PlainDma();

  static DeviceAddress Of(const void* address) {
    return DeviceAddress(reinterpret_cast<uintptr_t>(address) + kMove);
  }
  static void* Back(DeviceAddress device) {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(device.value() - kMove));
  }

  Result<DeviceAddress> Map(void* address, uint64_t bytes) override;
  void Unmap(DeviceAddress device, uint64_t bytes) override;
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override;
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override;

 private:
  static constexpr uint64_t kMove = uint64_t{1} << 56;

  int64_t held_bytes_ = 0;
};

// A NIC with one queue pair and nothing behind it: it remembers where its queues are.
class PlainDriver final : public nic::DriverForTest {
 public:
  static constexpr uint32_t kTxTail = 0x100;
  static constexpr uint32_t kRxTail = 0x140;
  static constexpr uint32_t kWindowBytes = 0x200;

  PlainDriver() : DriverForTest("plain", 1) {}

  Result<uint32_t> StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) override;
  Result<uint32_t> StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) override;
  uint16_t vectors(uint16_t) const override { return 1; }

  const nic::TxQueueSetup& tx() const { return tx_; }
  const nic::RxQueueSetup& rx() const { return rx_; }

 private:
  nic::TxQueueSetup tx_{};
  nic::RxQueueSetup rx_{};
};

// The calling process is the program: addresses are its own.
class OwnMemory final : public platform::UserMemory {
 public:
  Status CopyIn(void* to, UserAddress from, size_t bytes) override;
  Status CopyOut(UserAddress to, const void* from, size_t bytes) override;
};

}  // namespace mapwire::cost

#endif  // TESTING_COST_BENCH_WORLD_H_
