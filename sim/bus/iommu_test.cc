// Unit tests of the IOMMU: which addresses a device reaches, and that all others fault and count.
#include "sim/bus/iommu.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace mapwire::sim {
namespace {

constexpr uint64_t kPage = 4096;

struct Free {
  void operator()(uint8_t* memory) const { std::free(memory); }
};
using Pages = std::unique_ptr<uint8_t, Free>;

Pages NewPages(uint64_t count) {
  return Pages(static_cast<uint8_t*>(std::aligned_alloc(kPage, count * kPage)));
}

TEST(Iommu, AMappedAddressReachesItsByte) {
  Iommu iommu(1);
  const Pages pages = NewPages(3);
  const DeviceAddress at = iommu.Map(pages.get(), 3 * kPage).value();
  EXPECT_EQ(iommu.Translate(at.value(), 1), pages.get());
  EXPECT_EQ(iommu.Translate(at.value() + 5000, 7000), pages.get() + 5000);
  EXPECT_EQ(iommu.Translate(at.value(), 3 * kPage), pages.get());
  EXPECT_EQ(iommu.faults(), 0u);
  EXPECT_EQ(iommu.mapped_pages(), 3u);
  iommu.Unmap(at, 3 * kPage);
  EXPECT_EQ(iommu.mapped_pages(), 0u);
}

TEST(Iommu, AnAddressThatWasNeverMappedFaults) {
  Iommu iommu(1);
  EXPECT_EQ(iommu.Translate(0, 1), nullptr);
  EXPECT_EQ(iommu.Translate(uint64_t{1} << 36, 1), nullptr);
  EXPECT_EQ(iommu.Translate(~uint64_t{0}, 1), nullptr);
  EXPECT_EQ(iommu.faults(), 3u);
  EXPECT_EQ(iommu.last_fault(), ~uint64_t{0});
}

TEST(Iommu, AStaleAddressFaultsForEver) {
  Iommu iommu(1);
  const Pages pages = NewPages(1);
  const DeviceAddress old = iommu.Map(pages.get(), kPage).value();
  iommu.Unmap(old, kPage);
  EXPECT_EQ(iommu.Translate(old.value(), 1), nullptr);
  const DeviceAddress fresh = iommu.Map(pages.get(), kPage).value();
  EXPECT_NE(fresh.value(), old.value());
  EXPECT_EQ(iommu.Translate(old.value(), 1), nullptr);
  EXPECT_EQ(iommu.Translate(fresh.value(), 1), pages.get());
  EXPECT_EQ(iommu.faults(), 2u);
  iommu.Unmap(fresh, kPage);
}

TEST(Iommu, AnAddressOfAnotherDomainFaults) {
  Iommu one(1), two(2);
  const Pages pages = NewPages(2);
  const DeviceAddress first = one.Map(pages.get(), kPage).value();
  const DeviceAddress second = two.Map(pages.get() + kPage, kPage).value();
  EXPECT_EQ(two.Translate(first.value(), 1), nullptr);
  EXPECT_EQ(one.Translate(second.value(), 1), nullptr);
  EXPECT_EQ(one.faults(), 1u);
  EXPECT_EQ(two.faults(), 1u);
  one.Unmap(first, kPage);
  two.Unmap(second, kPage);
}

TEST(Iommu, RunningOverEitherEndOfAMappingFaults) {
  Iommu iommu(1);
  const Pages pages = NewPages(2);
  const DeviceAddress first = iommu.Map(pages.get(), kPage).value();
  const DeviceAddress second = iommu.Map(pages.get() + kPage, kPage).value();
  EXPECT_EQ(iommu.Translate(first.value() + kPage - 1, 1), pages.get() + kPage - 1);
  EXPECT_EQ(iommu.Translate(first.value() + kPage - 1, 2), nullptr);
  EXPECT_EQ(iommu.Translate(first.value() + kPage, 1), nullptr);
  EXPECT_EQ(iommu.Translate(second.value() - 1, 1), nullptr);
  EXPECT_EQ(iommu.Translate(first.value(), 3 * kPage), nullptr);  // over the hole
  EXPECT_EQ(iommu.faults(), 4u);
  iommu.Unmap(first, kPage);
  iommu.Unmap(second, kPage);
}

TEST(Iommu, ARangeThatIsMappedInPartFaults) {
  Iommu iommu(1);
  const Pages pages = NewPages(4);
  const DeviceAddress at = iommu.Map(pages.get(), 4 * kPage).value();
  iommu.Unmap(DeviceAddress(at.value() + 2 * kPage), kPage);
  EXPECT_EQ(iommu.Translate(at.value(), 2 * kPage), pages.get());
  EXPECT_EQ(iommu.Translate(at.value(), 2 * kPage + 1), nullptr);
  EXPECT_EQ(iommu.Translate(at.value() + kPage, 3 * kPage), nullptr);
  EXPECT_EQ(iommu.Translate(at.value() + 3 * kPage, kPage), pages.get() + 3 * kPage);
  EXPECT_EQ(iommu.faults(), 2u);
  iommu.Unmap(at, 2 * kPage);
  iommu.Unmap(DeviceAddress(at.value() + 3 * kPage), kPage);
}

TEST(Iommu, ALengthBeyondAllMappingsFaults) {
  Iommu iommu(1);
  const Pages pages = NewPages(1);
  const DeviceAddress at = iommu.Map(pages.get(), kPage).value();
  EXPECT_EQ(iommu.Translate(at.value(), ~uint64_t{0}), nullptr);
  EXPECT_EQ(iommu.Translate(at.value(), uint64_t{1} << 40), nullptr);
  EXPECT_EQ(iommu.faults(), 2u);
  iommu.Unmap(at, kPage);
}

TEST(Iommu, CoherentMemoryIsZeroedReachableAndGoneAfterwards) {
  Iommu iommu(3);
  const platform::CoherentMemory memory = iommu.AllocateCoherent(100);
  ASSERT_NE(memory.address, nullptr);
  const uint8_t* const bytes = static_cast<const uint8_t*>(memory.address);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(bytes[i], 0);
  EXPECT_EQ(iommu.Translate(memory.device.value(), 100), bytes);
  EXPECT_EQ(iommu.coherent_bytes(), kPage);
  iommu.FreeCoherent(memory, 100);
  EXPECT_EQ(iommu.coherent_bytes(), 0u);
  EXPECT_EQ(iommu.Translate(memory.device.value(), 1), nullptr);
}

class Always final : public FaultPoint {
 public:
  bool Fails() override { return true; }
};

TEST(Iommu, AMappingThatIsToldToFailLeavesNothing) {
  Iommu iommu(1);
  const Pages pages = NewPages(1);
  Always always;
  iommu.set_map_faults(&always);
  EXPECT_EQ(iommu.Map(pages.get(), kPage).status(), Errno::kNoMemory);
  EXPECT_EQ(iommu.AllocateCoherent(64).address, nullptr);
  EXPECT_EQ(iommu.mapped_pages(), 0u);
  EXPECT_EQ(iommu.coherent_bytes(), 0u);
}

}  // namespace
}  // namespace mapwire::sim
