// Tests of regions: what is handed out, what devices see, and who gets buffers back at a close.
#include "core/memory/region.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/memory/region_table.h"
#include "testing/kit/environment.h"

namespace mapwire::memory {
namespace {

using kit::FakeDmaSpace;
using kit::TestEnvironment;
using platform::Untrusted;

// 16 interfaces of a quarter page, 4 rings of a page, 16 buffers of half a page.
constexpr RegionRequest kSmall = {{{1024, 16}, {4096, 4}, {2048, 16}}};

// Names what the test says, from memory of its own.
class FakeHolder final : public BufferHolder {
 public:
  explicit FakeHolder(std::vector<uint32_t> named) : named(std::move(named)) {}
  void MarkNamed(const Region& region, Bitmap& marks) override {
    for (const uint32_t buffer : named) {
      if (region.IsAllocated(PoolKind::kBuffers, buffer)) marks.Set(buffer);
    }
  }
  std::vector<uint32_t> named;
};

class RegionTest : public testing::Test {
 protected:
  RegionTest() : region_(environment_, 7, RegionKind::kGlobal, kSmall) {}

  uint32_t Buffer() { return region_.Allocate(PoolKind::kBuffers).value(); }
  uint32_t FreeBuffers() const { return region_.FreeCount(PoolKind::kBuffers); }
  Untrusted<uint32_t> Word(PoolKind kind, uint32_t index) const {
    return Untrusted<uint32_t>(static_cast<uint32_t*>(region_.Address(kind, index)));
  }
  void Release(std::vector<BufferHolder*> holders) {
    region_.ReleaseHolders(holders.data(), static_cast<uint32_t>(holders.size()));
  }

  TestEnvironment environment_;
  Region region_;
};

TEST_F(RegionTest, TheFirstUserMakesItAndTheLastOneTakesEverythingBack) {
  EXPECT_EQ(region_.pages(), nullptr);
  const size_t before = environment_.live();
  ASSERT_TRUE(region_.AddUser().ok());
  ASSERT_TRUE(region_.AddUser().ok());
  ASSERT_NE(region_.pages(), nullptr);
  EXPECT_EQ(environment_.pages().committed_bytes(), 0u);
  EXPECT_EQ(Buffer(), 2u);
  region_.RemoveUser();
  EXPECT_EQ(Buffer(), 3u);
  region_.RemoveUser();
  EXPECT_EQ(region_.pages(), nullptr);
  EXPECT_EQ(environment_.live(), before);
  EXPECT_EQ(environment_.pages().committed_bytes(), 0u);
}

TEST_F(RegionTest, BuffersThatNobodyNamesReturnWhenItGoesIdle) {
  ASSERT_TRUE(region_.AddUser().ok());
  EXPECT_EQ(FreeBuffers(), 14u);
  EXPECT_EQ(Buffer(), 2u);
  region_.RemoveUser();
  ASSERT_TRUE(region_.AddUser().ok());
  EXPECT_EQ(FreeBuffers(), 14u);
  EXPECT_EQ(Buffer(), 2u);
  region_.RemoveUser();
}

TEST_F(RegionTest, ObjectsAreHandedOutLowestFirst) {
  ASSERT_TRUE(region_.AddUser().ok());
  for (uint32_t i = 2; i < 16; ++i) EXPECT_EQ(Buffer(), i);
  EXPECT_EQ(region_.Allocate(PoolKind::kBuffers).error(), Errno::kNoMemory);
  region_.Free(PoolKind::kBuffers, 9);
  region_.Free(PoolKind::kBuffers, 4);
  EXPECT_EQ(Buffer(), 4u);
  EXPECT_EQ(Buffer(), 9u);
  EXPECT_EQ(region_.Allocate(PoolKind::kRings).value(), 0u);
  EXPECT_EQ(region_.Allocate(PoolKind::kInterfaces).value(), 0u);
  EXPECT_EQ(region_.Allocate(PoolKind::kInterfaces).value(), 1u);
  region_.RemoveUser();
}

TEST_F(RegionTest, ReservedBuffersAreNeverHandedOutNorUsable) {
  ASSERT_TRUE(region_.AddUser().ok());
  EXPECT_TRUE(region_.IsAllocated(PoolKind::kBuffers, 0));
  EXPECT_TRUE(region_.IsAllocated(PoolKind::kBuffers, 1));
  EXPECT_EQ(Buffer(), 2u);
  EXPECT_FALSE(region_.IsUsableBuffer(0));
  EXPECT_FALSE(region_.IsUsableBuffer(1));
  EXPECT_TRUE(region_.IsUsableBuffer(2));
  EXPECT_TRUE(region_.IsUsableBuffer(3));   // of the same page: present
  EXPECT_FALSE(region_.IsUsableBuffer(4));  // not present yet
  EXPECT_FALSE(region_.IsUsableBuffer(16));
  EXPECT_FALSE(region_.IsUsableBuffer(~0u));
  region_.RemoveUser();
}

TEST_F(RegionTest, WhatIsNotAllocatedCannotBeFreed) {
  ASSERT_TRUE(region_.AddUser().ok());
  const uint32_t buffer = Buffer();
  region_.Free(PoolKind::kBuffers, buffer);
  EXPECT_DEATH(region_.Free(PoolKind::kBuffers, buffer), "check failed");
  EXPECT_DEATH(region_.Free(PoolKind::kBuffers, 0), "check failed");
  EXPECT_DEATH(region_.Free(PoolKind::kBuffers, ~0u), "check failed");
  region_.RemoveUser();
}

TEST_F(RegionTest, PagesComeWithTheFirstObjectOfTheirCluster) {
  ASSERT_TRUE(region_.AddUser().ok());
  const RegionGeometry geometry = region_.Geometry().value();
  const uint64_t buffers = geometry.pool(PoolKind::kBuffers).offset;
  EXPECT_EQ(Buffer(), 2u);
  EXPECT_EQ(environment_.pages().committed_bytes(), 4096u);
  EXPECT_FALSE(sim::PageSource::IsCommitted(region_.pages(), buffers));
  EXPECT_TRUE(sim::PageSource::IsCommitted(region_.pages(), buffers + 4096));
  EXPECT_EQ(Buffer(), 3u);
  EXPECT_EQ(environment_.pages().committed_bytes(), 4096u);
  EXPECT_EQ(Buffer(), 4u);
  EXPECT_EQ(environment_.pages().committed_bytes(), 8192u);
  region_.RemoveUser();
}

TEST_F(RegionTest, AnObjectIsZeroAgainWhenItIsHandedOutAgain) {
  ASSERT_TRUE(region_.AddUser().ok());
  const uint32_t buffer = Buffer();
  const uint32_t neighbour = Buffer();
  Word(PoolKind::kBuffers, buffer).Store(0xdeadbeef);
  Word(PoolKind::kBuffers, neighbour).Store(0x600d);
  region_.Free(PoolKind::kBuffers, buffer);
  EXPECT_EQ(Buffer(), buffer);
  EXPECT_EQ(Word(PoolKind::kBuffers, buffer).Load(), 0u);
  EXPECT_EQ(Word(PoolKind::kBuffers, neighbour).Load(), 0x600du);
  region_.RemoveUser();
}

TEST_F(RegionTest, ABadRequestIsRefusedAndTheGeometryStaysWhileInUse) {
  RegionRequest bad = kSmall;
  bad.pools[0].object_bytes = 55;
  region_.set_request(bad);
  EXPECT_EQ(region_.Geometry().error(), Errno::kInvalid);
  EXPECT_EQ(region_.AddUser().error(), Errno::kInvalid);
  EXPECT_EQ(environment_.live(), 0u);
  region_.set_request(kSmall);
  ASSERT_TRUE(region_.AddUser().ok());
  const uint64_t bytes = region_.Geometry()->bytes;
  RegionRequest larger = kSmall;
  larger.pools[2].object_count = 64;
  region_.set_request(larger);
  EXPECT_EQ(region_.Geometry()->bytes, bytes);
  EXPECT_EQ(region_.buffer_count(), 16u);
  region_.RemoveUser();
  ASSERT_TRUE(region_.AddUser().ok());
  EXPECT_EQ(region_.buffer_count(), 64u);
  region_.RemoveUser();
}

TEST_F(RegionTest, ContainsOnlyWhatLiesInsideToTheLastByte) {
  ASSERT_TRUE(region_.AddUser().ok());
  const uint64_t bytes = region_.Geometry()->bytes;
  EXPECT_TRUE(region_.Contains(0, bytes));
  EXPECT_TRUE(region_.Contains(bytes - 4096, 4096));
  EXPECT_FALSE(region_.Contains(4096, bytes));
  EXPECT_FALSE(region_.Contains(0, bytes + 1));
  EXPECT_FALSE(region_.Contains(bytes, 1));
  EXPECT_FALSE(region_.Contains(~uint64_t{0}, 4096));
  EXPECT_FALSE(region_.Contains(4096, ~uint64_t{0}));
  region_.RemoveUser();
}

TEST_F(RegionTest, ADeviceSeesBuffersThatAreThereAndThoseThatCome) {
  FakeDmaSpace early_dma(environment_.faults());
  FakeDmaSpace late_dma(environment_.faults());
  ASSERT_TRUE(region_.AddUser().ok());
  DmaMap* const early = region_.AttachDevice(early_dma).value();
  EXPECT_EQ(early_dma.maps(), 0u);
  EXPECT_EQ(Buffer(), 2u);
  EXPECT_EQ(Buffer(), 3u);
  DmaMap* const late = region_.AttachDevice(late_dma).value();
  EXPECT_EQ(Buffer(), 4u);
  for (const auto& [map, dma] : {std::pair{early, &early_dma}, std::pair{late, &late_dma}}) {
    EXPECT_EQ(dma->maps(), 2u);
    for (uint32_t buffer = 2; buffer < 6; ++buffer) {
      EXPECT_EQ(dma->Translate(map->table()[buffer]), region_.Address(PoolKind::kBuffers, buffer));
    }
    for (const uint32_t absent : {0, 1, 6, 15}) EXPECT_EQ(map->table()[absent], 0u);
  }
  region_.DetachDevice(early);
  EXPECT_EQ(early_dma.maps(), 0u);
  EXPECT_EQ(late_dma.maps(), 2u);
  region_.DetachDevice(late);
  EXPECT_EQ(late_dma.maps(), 0u);
  region_.RemoveUser();
}

TEST_F(RegionTest, ReservedBuffersOfASharedClusterHaveNoDeviceAddress) {
  RegionRequest request = kSmall;
  request.pools[2] = {512, 16};  // buffers 0 and 1 share a page with 2 to 7
  region_.set_request(request);
  FakeDmaSpace dma(environment_.faults());
  ASSERT_TRUE(region_.AddUser().ok());
  DmaMap* const map = region_.AttachDevice(dma).value();
  EXPECT_EQ(Buffer(), 2u);
  EXPECT_EQ(map->table()[0], 0u);
  EXPECT_EQ(map->table()[1], 0u);
  EXPECT_NE(map->table()[2], 0u);
  EXPECT_FALSE(region_.IsUsableBuffer(1));
  region_.DetachDevice(map);
  EXPECT_EQ(dma.maps(), 0u);
  region_.RemoveUser();
}

// Every way in which there may not be enough of something.
TEST_F(RegionTest, WhateverFailsLeavesNothingBehindAndCanBeTriedAgain) {
  FakeDmaSpace first_dma(environment_.faults());
  FakeDmaSpace second_dma(environment_.faults());
  const uint64_t calls = kit::SweepFaults(environment_.faults(), [&](bool failing) {
    const size_t before = environment_.live();
    const auto attempt = [&]() -> Status {
      MW_TRY(region_.AddUser());
      const auto use = [&]() -> Status {
        MW_ASSIGN_OR_RETURN(DmaMap* const first, region_.AttachDevice(first_dma));
        const auto with_device = [&]() -> Status {
          MW_TRY(region_.Allocate(PoolKind::kBuffers).status());
          const uint32_t free = FreeBuffers();
          const size_t maps = first_dma.maps();
          const Result<DmaMap*> second = region_.AttachDevice(second_dma);
          EXPECT_EQ(second_dma.maps(), second.ok() ? maps : 0);
          MW_TRY(second.status());
          MW_TRY(region_.Allocate(PoolKind::kBuffers).status());
          const Status last = region_.Allocate(PoolKind::kBuffers).status();
          EXPECT_EQ(FreeBuffers(), last.ok() ? free - 2 : free - 1);
          EXPECT_EQ(first_dma.maps(), last.ok() ? 2u : 1u);
          EXPECT_EQ(second_dma.maps(), first_dma.maps());
          EXPECT_EQ(region_.IsUsableBuffer(4), last.ok());
          EXPECT_EQ(environment_.pages().committed_bytes(), first_dma.maps() * 4096);
          region_.DetachDevice(*second);
          return last;
        };
        const Status status = with_device();
        region_.DetachDevice(first);
        return status;
      };
      const Status status = use();
      region_.RemoveUser();
      return status;
    };
    const Status status = attempt();
    EXPECT_EQ(status.ok(), !environment_.faults().happened());
    EXPECT_TRUE(status.ok() || (failing && status.error() == Errno::kNoMemory));
    EXPECT_EQ(environment_.live(), before);
    EXPECT_EQ(environment_.pages().committed_bytes(), 0u);
    EXPECT_EQ(first_dma.maps(), 0u);
    EXPECT_EQ(second_dma.maps(), 0u);
  });
  // 3 bitmaps and 3 cluster tables, 2 scratch bitmaps, the space; twice a device of two parts; two
  // commits, and maps for one and then two devices.
  EXPECT_EQ(calls, 9u + 4 + 2 + 4);
}

class ReleaseTest : public RegionTest {
 protected:
  ReleaseTest() {
    EXPECT_TRUE(region_.AddUser().ok());
    for (int i = 0; i < 6; ++i) Buffer();  // 2 to 7
    region_.AddHolder(one_);
    region_.AddHolder(two_);
  }
  ~ReleaseTest() override {
    std::vector<BufferHolder*> left;
    for (FakeHolder* holder : {&one_, &two_}) {
      if (holder->linked()) left.push_back(holder);
    }
    Release(left);
    region_.RemoveUser();
  }
  bool Held(uint32_t buffer) const { return region_.IsAllocated(PoolKind::kBuffers, buffer); }

  FakeHolder one_{{2, 3, 4}};
  FakeHolder two_{{5, 6, 7}};
};

TEST_F(ReleaseTest, BuffersOfWhoLeavesReturn) {
  Release({&one_});
  for (const uint32_t buffer : {2, 3, 4}) EXPECT_FALSE(Held(buffer));
  for (const uint32_t buffer : {5, 6, 7}) EXPECT_TRUE(Held(buffer));
  EXPECT_EQ(FreeBuffers(), 11u);
  EXPECT_EQ(Buffer(), 2u);
}

TEST_F(ReleaseTest, ABufferSwappedIntoAStayingHolderStays) {
  std::swap(one_.named[0], two_.named[0]);  // one names 5, two names 2
  Release({&one_});
  EXPECT_TRUE(Held(2));
  EXPECT_FALSE(Held(5));
  Release({&two_});
  EXPECT_EQ(FreeBuffers(), 14u);
}

TEST_F(ReleaseTest, ABufferNamedByBothStaysUntilTheSecondLeaves) {
  two_.named[0] = 2;  // 5 is named by nobody now
  Release({&one_});
  EXPECT_TRUE(Held(2));
  EXPECT_FALSE(Held(3));
  EXPECT_TRUE(Held(5));
  Release({&two_});
  EXPECT_FALSE(Held(2));
  EXPECT_TRUE(Held(5));  // lost until the region goes idle
  EXPECT_EQ(FreeBuffers(), 13u);
}

TEST_F(ReleaseTest, ABufferNamedTwiceByWhoLeavesIsFreedOnce) {
  one_.named = {2, 2, 2};
  two_.named = {2, 6, 7};
  Release({&one_, &two_});
  EXPECT_FALSE(Held(2));
  EXPECT_EQ(FreeBuffers(), 11u);
}

TEST_F(ReleaseTest, BuffersThatAreNotAllocatedAreNobodys) {
  one_.named = {2, 9, 15, 16, 0xffffffff};
  Release({&one_});
  EXPECT_EQ(FreeBuffers(), 9u);
}

TEST(RegionTableTest, IdsGoRoundAndSkipThoseInUseAndZero) {
  TestEnvironment environment;
  RegionTable table(environment, kSmall);
  constexpr RegionRequest kPrivate = {{{1024, 2}, {4096, 2}, {2048, 4}}};
  EXPECT_EQ(table.Find(0), nullptr);
  EXPECT_EQ(table.Find(kGlobalRegionId), &table.global());
  EXPECT_EQ(table.Find(2), nullptr);
  EXPECT_FALSE(table.global().is_private());
  Region* const two = table.CreatePrivate(kPrivate).value();
  EXPECT_EQ(two->id(), 2);
  EXPECT_TRUE(two->is_private());
  Region* const three = table.CreatePrivate(kPrivate).value();
  EXPECT_EQ(three->id(), 3);
  EXPECT_EQ(table.Find(3), three);
  // A free lower id is not taken while there are higher ones.
  table.DestroyPrivate(two);
  for (uint32_t id = 4; id <= 65535; ++id) {
    Region* const region = table.CreatePrivate(kPrivate).value();
    ASSERT_EQ(region->id(), id);
    table.DestroyPrivate(region);
  }
  // After the last comes neither 0 nor the global one.
  EXPECT_EQ(table.CreatePrivate(kPrivate).value()->id(), 2);
  EXPECT_EQ(table.CreatePrivate(kPrivate).value()->id(), 4);
}

TEST(RegionTableTest, ABadPrivateRequestIsRefusedAndNoMemoryLeavesNothing) {
  TestEnvironment environment;
  RegionTable table(environment, kSmall);
  EXPECT_EQ(table.CreatePrivate({{{1024, 101}, {4096, 2}, {2048, 4}}}).error(), Errno::kInvalid);
  environment.faults().FailNth(1);
  EXPECT_EQ(table.CreatePrivate(kSmall).error(), Errno::kNoMemory);
  environment.faults().FailNth(0);
  EXPECT_EQ(table.CreatePrivate(kSmall).value()->id(), 2);
}

}  // namespace
}  // namespace mapwire::memory
