// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "testing/cost/bench_world.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "core/platform/check.h"

namespace mapwire::cost {

namespace {

constexpr size_t kCoherentAlignment = 128;

class SilentNotifier final : public platform::Notifier {
 public:
  void Notify() override {}
};

uint64_t RoundToAlignment(uint64_t bytes) {
  return (bytes + kCoherentAlignment - 1) / kCoherentAlignment * kCoherentAlignment;
}

}  // namespace

Result<void*> PlainPageSpace::Commit(uint64_t offset, uint64_t bytes) {
  MW_CHECK(offset + bytes <= bytes_);
  return static_cast<void*>(base_ + offset);
}

void PlainPageSpace::Release(uint64_t offset, uint64_t bytes) {
  std::memset(base_ + offset, 0, bytes);
}

PlainWorld::~PlainWorld() { MW_CHECK(held_ == 0); }

platform::Notifier* PlainWorld::NewNotifier() {
  ++held_;
  return new SilentNotifier;
}

void PlainWorld::DeleteNotifier(platform::Notifier* notifier) {
  --held_;
  delete static_cast<SilentNotifier*>(notifier);
}

// What stands behind a block is no zero, so that a table read one entry too far shows it.
void* PlainWorld::Allocate(size_t bytes) {
  constexpr size_t kBehind = 64;
  ++held_;
  char* const memory = static_cast<char*>(std::calloc(1, bytes + kBehind));
  MW_CHECK(memory != nullptr);
  std::memset(memory + bytes, 0x5a, kBehind);
  return memory;
}

void PlainWorld::Free(void* memory) {
  if (memory != nullptr) --held_;
  std::free(memory);
}

platform::PageSpace* PlainWorld::Create(uint64_t bytes) {
  void* const base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return nullptr;
  ++held_;
  return new PlainPageSpace(static_cast<char*>(base), bytes);
}

void PlainWorld::Destroy(platform::PageSpace* space) {
  --held_;
  PlainPageSpace* const plain = static_cast<PlainPageSpace*>(space);
  munmap(plain->base(), plain->bytes());
  delete plain;
}

PlainDma::~PlainDma() { MW_CHECK(held_bytes_ == 0); }

Result<DeviceAddress> PlainDma::Map(void* address, uint64_t bytes) {
  held_bytes_ += static_cast<int64_t>(bytes);
  return Of(address);
}

void PlainDma::Unmap(DeviceAddress, uint64_t bytes) { held_bytes_ -= static_cast<int64_t>(bytes); }

platform::CoherentMemory PlainDma::AllocateCoherent(uint64_t bytes) {
  held_bytes_ += static_cast<int64_t>(bytes);
  void* const memory = std::aligned_alloc(kCoherentAlignment, RoundToAlignment(bytes));
  MW_CHECK(memory != nullptr);
  std::memset(memory, 0, bytes);
  return {memory, Of(memory)};
}

void PlainDma::FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) {
  held_bytes_ -= static_cast<int64_t>(bytes);
  std::free(memory.address);
}

Result<uint32_t> PlainDriver::StartTxQueue(uint16_t, const nic::TxQueueSetup& setup) {
  tx_ = setup;
  return kTxTail;
}

Result<uint32_t> PlainDriver::StartRxQueue(uint16_t, const nic::RxQueueSetup& setup) {
  rx_ = setup;
  return kRxTail;
}

Status OwnMemory::CopyIn(void* to, UserAddress from, size_t bytes) {
  std::memcpy(to, reinterpret_cast<const void*>(from.value()), bytes);
  return kOkStatus;
}

Status OwnMemory::CopyOut(UserAddress to, const void* from, size_t bytes) {
  std::memcpy(reinterpret_cast<void*>(to.value()), from, bytes);
  return kOkStatus;
}

}  // namespace mapwire::cost
