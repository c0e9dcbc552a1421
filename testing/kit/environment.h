// A world for tests of the portable core: every resource is counted, every call that may fail can
// be made to, and what is left over at the end fails a check.
#ifndef TESTING_KIT_ENVIRONMENT_H_
#define TESTING_KIT_ENVIRONMENT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "core/base/status.h"
#include "core/base/strong.h"
#include "core/platform/environment.h"
#include "core/ring/ring.h"
#include "sim/memory/page_source.h"

namespace mapwire::kit {

// The calls that may fail for want of something, counted together, so that a sweep over "the nth
// one fails" meets each of them: heap, notifiers, page spaces, commits, DMA maps.
class FaultPlan {
 public:
  // The nth call from now on fails, the first being 1. 0: none.
  void FailNth(uint64_t n) {
    calls_ = 0;
    nth_ = n;
  }
  // True if the call that asks has to fail.
  bool Next() {
    if (paused) return false;
    if (on_call) on_call();
    return ++calls_ == nth_;
  }
  uint64_t calls() const { return calls_; }
  // Whether the failure that was asked for has happened.
  bool happened() const { return nth_ != 0 && calls_ >= nth_; }

  // While true, calls neither count nor fail: the test's own doings.
  bool paused = false;
  // Called at each of these points: another CPU may do something meanwhile.
  std::function<void()> on_call;

 private:
  uint64_t calls_ = 0;
  uint64_t nth_ = 0;
};

// Runs `attempt` with the first, the second, ... call failing, until one run meets no failure.
// Returns how many calls that run made.
uint64_t SweepFaults(FaultPlan& faults, const std::function<void(bool failing)>& attempt);

class CountingHeap final : public platform::Heap {
 public:
  explicit CountingHeap(FaultPlan& faults) : faults_(faults) {}
  void* Allocate(size_t bytes) override;
  void Free(void* memory) override;
  size_t live() const { return live_.size(); }

 private:
  FaultPlan& faults_;
  std::map<void*, size_t> live_;
};

class CountingNotifier final : public platform::Notifier {
 public:
  void Notify() override { ++notifications; }
  uint64_t notifications = 0;
};

class FakeClock final : public platform::Clock {
 public:
  platform::TimeOfDay Now() override { return now; }
  platform::TimeOfDay now{.seconds = 1000, .microseconds = 0};
};

class FakeSleeper final : public platform::Sleeper {
 public:
  void DelayMicroseconds(uint32_t microseconds) override {
    slept_us += microseconds;
    if (on_delay) on_delay(slept_us);
  }
  uint64_t slept_us = 0;
  // Called after each delay with the sum: another CPU's turn.
  std::function<void(uint64_t slept_us)> on_delay;
};

// Outlives what was given it; at its end nothing may be left of that.
class TestEnvironment final : public platform::Environment {
 public:
  TestEnvironment();
  ~TestEnvironment();

  CountingHeap& heap() override { return heap_; }
  sim::PageSource& pages() override { return pages_; }
  FakeClock& clock() override { return clock_; }
  FakeSleeper& sleeper() override { return sleeper_; }
  platform::Notifier* NewNotifier() override;
  void DeleteNotifier(platform::Notifier* notifier) override;

  FaultPlan& faults() { return faults_; }
  // Allocations, notifiers and page spaces that are alive: equal before and after means no leak.
  size_t live() const { return heap_.live() + notifiers_ + pages_.live_spaces(); }

 private:
  FaultPlan faults_;
  CountingHeap heap_;
  sim::PageSource pages_;
  FakeClock clock_;
  FakeSleeper sleeper_;
  size_t notifiers_ = 0;
};

// How often the notifier of a ring or port was told.
inline uint64_t Notifications(const platform::Notifier& notifier) {
  return static_cast<const CountingNotifier&>(notifier).notifications;
}

enum class Access { kNone, kReadOnly, kWriteOnly, kReadWrite };

// The memory of a calling program: blocks, with nothing between them.
class FakeUserMemory final : public platform::UserMemory {
 public:
  const void* name_space() const override { return space; }
  const void* space = nullptr;

  // A zeroed block with at least a page of nothing on either side.
  UserAddress AddBlock(size_t bytes, Access access = Access::kReadWrite);
  void SetAccess(UserAddress block, Access access);
  void RemoveBlock(UserAddress block);

  // What the program itself does; any address inside a block, whatever its access.
  void Write(UserAddress to, const void* from, size_t bytes);
  void Read(void* to, UserAddress from, size_t bytes) const;
  template <typename T>
  UserAddress Put(const T& value, Access access = Access::kReadWrite) {
    const UserAddress at = AddBlock(sizeof(T), access);
    Write(at, &value, sizeof(T));
    return at;
  }
  template <typename T>
  void Set(UserAddress at, const T& value) {
    Write(at, &value, sizeof(T));
  }
  template <typename T>
  T Get(UserAddress at) const {
    T value;
    Read(&value, at, sizeof(T));
    return value;
  }

  // Whether a block holds all of these bytes.
  bool Contains(UserAddress from, size_t bytes) const;
  // Where the blocks begin.
  std::vector<uint64_t> Starts() const;

  // As the system would: bytes before the first bad one are copied all the same.
  Status CopyIn(void* to, UserAddress from, size_t bytes) override;
  Status CopyOut(UserAddress to, const void* from, size_t bytes) override;

  // Asked at each copy, if set: true makes it fail as if the memory were not there.
  std::function<bool()> fail_next;
  // Called before each CopyIn: a hostile program's other thread.
  std::function<void(UserAddress from, size_t bytes)> before_copy_in;
  // Ranges core has read and written, in order.
  struct Range {
    uint64_t at;
    size_t bytes;
  };
  std::vector<Range> copied_in;
  std::vector<Range> copied_out;

 private:
  struct Block {
    std::vector<uint8_t> bytes;
    Access access;
  };

  // The block `address` is in, and the place there; null outside.
  const Block* Find(uint64_t address, size_t& at) const;

  std::map<uint64_t, Block> blocks_;
  uint64_t next_ = 0x10000;
};

// A device's address space; what is mapped twice, or unmapped without having been mapped, fails a
// check.
class FakeDmaSpace final : public platform::DmaSpace {
 public:
  explicit FakeDmaSpace(FaultPlan& faults) : faults_(faults) {}
  ~FakeDmaSpace();

  Result<DeviceAddress> Map(void* address, uint64_t bytes) override;
  void Unmap(DeviceAddress device, uint64_t bytes) override;
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override;
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override;

  size_t maps() const { return maps_.size(); }
  size_t coherent() const { return coherent_.size(); }
  // Core's address of the byte that the device knows as `device`; null if it is not mapped.
  void* Translate(uint64_t device) const;
  // The coherent memory that begins at `device`; null if there is none.
  void* Coherent(uint64_t device) const;

 private:
  struct Mapping {
    char* address;
    uint64_t bytes;
  };

  FaultPlan& faults_;
  std::map<uint64_t, Mapping> maps_;     // by device address
  std::map<void*, uint64_t> addresses_;  // device address by core's address
  std::map<void*, uint64_t> coherent_;   // bytes
  std::map<uint64_t, void*> coherent_addresses_;
  uint64_t next_ = uint64_t{1} << 32;
};

// What stands behind a ring, as the test says. Unless it says otherwise, transmit slots are done at
// once, and received slots come out of `arriving`.
class ScriptedBackend final : public ring::RingBackend {
 public:
  Status Sync(ring::Ring& ring, uint32_t head) override;

  struct Call {
    const ring::Ring* ring;
    uint32_t head;
  };
  std::vector<Call> calls;
  // Slots that have been received and not yet put into a ring.
  uint32_t arriving = 0;
  // If set: all there is to a sync.
  std::function<Status(ring::Ring& ring, uint32_t head)> act;
};

}  // namespace mapwire::kit

#endif  // TESTING_KIT_ENVIRONMENT_H_
