#include "testing/kit/environment.h"

#include <algorithm>
#include <cstdlib>

#include "core/platform/check.h"

namespace mapwire::kit {

uint64_t SweepFaults(FaultPlan& faults, const std::function<void(bool failing)>& attempt) {
  for (uint64_t n = 1;; ++n) {
    faults.FailNth(n);
    attempt(true);
    const bool met = faults.happened();
    const uint64_t calls = faults.calls();
    faults.FailNth(0);
    if (!met) return calls;
    attempt(false);
  }
}

void* CountingHeap::Allocate(size_t bytes) {
  if (faults_.Next()) return nullptr;
  constexpr size_t kAlignment = 64;
  const size_t rounded = std::max<size_t>(1, (bytes + kAlignment - 1) / kAlignment) * kAlignment;
  void* const memory = std::aligned_alloc(kAlignment, rounded);
  MW_CHECK(memory != nullptr);
  std::memset(memory, 0, rounded);
  live_.emplace(memory, rounded);
  return memory;
}

void CountingHeap::Free(void* memory) {
  if (memory == nullptr) return;
  const auto found = live_.find(memory);
  MW_CHECK(found != live_.end());
  std::memset(memory, 0xdb, found->second);
  live_.erase(found);
  std::free(memory);
}

TestEnvironment::TestEnvironment() : heap_(faults_) {
  pages_.fail_next = [this] { return faults_.Next(); };
}

TestEnvironment::~TestEnvironment() {
  MW_CHECK(heap_.live() == 0);
  MW_CHECK(notifiers_ == 0);
  MW_CHECK(pages_.live_spaces() == 0);
}

platform::Notifier* TestEnvironment::NewNotifier() {
  if (faults_.Next()) return nullptr;
  ++notifiers_;
  return new CountingNotifier;
}

void TestEnvironment::DeleteNotifier(platform::Notifier* notifier) {
  MW_CHECK(notifier != nullptr);
  --notifiers_;
  delete static_cast<CountingNotifier*>(notifier);
}

UserAddress FakeUserMemory::AddBlock(size_t bytes, Access access) {
  constexpr uint64_t kGap = 4096;
  const uint64_t at = next_;
  next_ += (bytes + 2 * kGap) / kGap * kGap;
  blocks_[at] = Block{std::vector<uint8_t>(bytes), access};
  return UserAddress(at);
}

void FakeUserMemory::SetAccess(UserAddress block, Access access) {
  blocks_.at(block.value()).access = access;
}

void FakeUserMemory::RemoveBlock(UserAddress block) { blocks_.erase(block.value()); }

const FakeUserMemory::Block* FakeUserMemory::Find(uint64_t address, size_t& at) const {
  auto next = blocks_.upper_bound(address);
  if (next == blocks_.begin()) return nullptr;
  const auto& [start, block] = *--next;
  at = address - start;
  return at < block.bytes.size() ? &block : nullptr;
}

bool FakeUserMemory::Contains(UserAddress from, size_t bytes) const {
  size_t at = 0;
  const Block* const block = Find(from.value(), at);
  return block != nullptr && bytes <= block->bytes.size() - at;
}

std::vector<uint64_t> FakeUserMemory::Starts() const {
  std::vector<uint64_t> starts;
  for (const auto& [start, block] : blocks_) starts.push_back(start);
  return starts;
}

void FakeUserMemory::Write(UserAddress to, const void* from, size_t bytes) {
  size_t at = 0;
  Block* const block = const_cast<Block*>(Find(to.value(), at));
  MW_CHECK(block != nullptr && bytes <= block->bytes.size() - at);
  std::memcpy(block->bytes.data() + at, from, bytes);
}

void FakeUserMemory::Read(void* to, UserAddress from, size_t bytes) const {
  size_t at = 0;
  const Block* const block = Find(from.value(), at);
  MW_CHECK(block != nullptr && bytes <= block->bytes.size() - at);
  std::memcpy(to, block->bytes.data() + at, bytes);
}

Status FakeUserMemory::CopyIn(void* to, UserAddress from, size_t bytes) {
  if (before_copy_in) before_copy_in(from, bytes);
  copied_in.push_back({from.value(), bytes});
  size_t at = 0;
  const Block* const block = Find(from.value(), at);
  if (block == nullptr) return Errno::kFault;
  if (block->access != Access::kReadOnly && block->access != Access::kReadWrite) {
    return Errno::kFault;
  }
  const size_t there = std::min(bytes, block->bytes.size() - at);
  std::memcpy(to, block->bytes.data() + at, there);
  return there == bytes ? kOkStatus : Status(Errno::kFault);
}

Status FakeUserMemory::CopyOut(UserAddress to, const void* from, size_t bytes) {
  copied_out.push_back({to.value(), bytes});
  size_t at = 0;
  Block* const block = const_cast<Block*>(Find(to.value(), at));
  if (block == nullptr) return Errno::kFault;
  if (block->access != Access::kWriteOnly && block->access != Access::kReadWrite) {
    return Errno::kFault;
  }
  const size_t there = std::min(bytes, block->bytes.size() - at);
  std::memcpy(block->bytes.data() + at, from, there);
  return there == bytes ? kOkStatus : Status(Errno::kFault);
}

FakeDmaSpace::~FakeDmaSpace() { MW_CHECK(maps_.empty() && coherent_.empty()); }

Result<DeviceAddress> FakeDmaSpace::Map(void* address, uint64_t bytes) {
  constexpr uint64_t kGap = 4096;
  MW_CHECK(address != nullptr && bytes > 0);
  MW_CHECK(!addresses_.contains(address));
  if (faults_.Next()) return Errno::kNoMemory;
  const uint64_t device = next_;
  next_ += bytes + kGap;
  maps_[device] = {static_cast<char*>(address), bytes};
  addresses_[address] = device;
  return DeviceAddress(device);
}

void FakeDmaSpace::Unmap(DeviceAddress device, uint64_t bytes) {
  const auto found = maps_.find(device.value());
  MW_CHECK(found != maps_.end() && found->second.bytes == bytes);
  addresses_.erase(found->second.address);
  maps_.erase(found);
}

platform::CoherentMemory FakeDmaSpace::AllocateCoherent(uint64_t bytes) {
  constexpr size_t kAlignment = 4096;
  if (faults_.Next()) return {};
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* const memory = std::aligned_alloc(kAlignment, rounded);
  std::memset(memory, 0, rounded);
  coherent_[memory] = bytes;
  const platform::CoherentMemory coherent{memory, DeviceAddress(next_)};
  coherent_addresses_[next_] = memory;
  next_ += rounded;
  return coherent;
}

void FakeDmaSpace::FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) {
  const auto found = coherent_.find(memory.address);
  MW_CHECK(found != coherent_.end() && found->second == bytes);
  coherent_.erase(found);
  coherent_addresses_.erase(memory.device.value());
  std::free(memory.address);
}

void* FakeDmaSpace::Coherent(uint64_t device) const {
  const auto found = coherent_addresses_.find(device);
  return found == coherent_addresses_.end() ? nullptr : found->second;
}

void* FakeDmaSpace::Translate(uint64_t device) const {
  auto next = maps_.upper_bound(device);
  if (next == maps_.begin()) return nullptr;
  const auto& [start, mapping] = *--next;
  return device - start < mapping.bytes ? mapping.address + (device - start) : nullptr;
}

Status ScriptedBackend::Sync(ring::Ring& ring, uint32_t head) {
  calls.push_back({&ring, head});
  if (act) return act(ring, head);
  const uint32_t slots = ring.num_slots();
  ring.set_hwcur(head);
  if (ring.direction() == ring::Direction::kTx) {
    ring.set_hwtail(ring::Prev(head, slots));
    return kOkStatus;
  }
  const uint32_t room = slots - 1 - ring::Distance(head, ring.hwtail(), slots);
  const uint32_t come = std::min(arriving, room);
  ring.set_hwtail(ring::Advance(ring.hwtail(), come, slots));
  arriving -= come;
  return kOkStatus;
}

}  // namespace mapwire::kit
