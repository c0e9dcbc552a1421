// Tests of the simulator's page source: what core sees, what programs see, and what must fault.
#include "sim/memory/page_source.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>

#include "core/platform/untrusted.h"

namespace mapwire::sim {
namespace {

using platform::Untrusted;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kGlobalRegionBytes = 349573120;

Untrusted<uint32_t> Word(void* alias, uint64_t at = 0) {
  return Untrusted<uint32_t>(reinterpret_cast<uint32_t*>(static_cast<char*>(alias) + at));
}

class PageSourceTest : public testing::Test {
 protected:
  ~PageSourceTest() override {
    if (space_ != nullptr) source_.Destroy(space_);
  }

  platform::PageSpace* Create(uint64_t bytes) { return space_ = source_.Create(bytes); }

  PageSource source_;
  platform::PageSpace* space_ = nullptr;
};

TEST_F(PageSourceTest, CommittedPagesAreZeroAndKeepWhatIsStored) {
  platform::PageSpace* const space = Create(4 * kPage);
  void* const alias = space->Commit(kPage, 2 * kPage).value();
  for (uint64_t at = 0; at < 2 * kPage; at += 4) ASSERT_EQ(Word(alias, at).Load(), 0u);
  Word(alias, 8).Store(42);
  EXPECT_EQ(Word(alias, 8).Load(), 42u);
  EXPECT_EQ(source_.committed_bytes(), 2 * kPage);
  EXPECT_FALSE(source_.IsCommitted(space, 0));
  EXPECT_TRUE(source_.IsCommitted(space, kPage));
  EXPECT_TRUE(source_.IsCommitted(space, 3 * kPage - 1));
  EXPECT_FALSE(source_.IsCommitted(space, 3 * kPage));
  EXPECT_FALSE(source_.IsCommitted(space, 4 * kPage));
  space->Release(kPage, 2 * kPage);
  EXPECT_EQ(source_.committed_bytes(), 0u);
  EXPECT_FALSE(source_.IsCommitted(space, kPage));
}

TEST_F(PageSourceTest, CoreAndAProgramSeeTheSameBytes) {
  platform::PageSpace* const space = Create(2 * kPage);
  void* const alias = space->Commit(kPage, kPage).value();
  auto* const program = static_cast<uint32_t*>(
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, source_.memfd(space), 0));
  ASSERT_NE(program, MAP_FAILED);
  Word(alias).Store(7);
  EXPECT_EQ(program[kPage / 4], 7u);
  program[kPage / 4] = 8;
  EXPECT_EQ(Word(alias).Load(), 8u);
  EXPECT_EQ(static_cast<uint32_t*>(source_.RealBase(space))[kPage / 4], 8u);
  munmap(program, 2 * kPage);
  space->Release(kPage, kPage);
}

TEST_F(PageSourceTest, PagesAreZeroAgainAfterARelease) {
  platform::PageSpace* const space = Create(kPage);
  Word(space->Commit(0, kPage).value()).Store(1);
  space->Release(0, kPage);
  EXPECT_EQ(Word(space->Commit(0, kPage).value()).Load(), 0u);
  space->Release(0, kPage);
}

TEST_F(PageSourceTest, PagesAreZeroEvenIfAProgramTouchedThemBefore) {
  platform::PageSpace* const space = Create(kPage);
  *static_cast<uint32_t*>(source_.RealBase(space)) = 99;
  EXPECT_EQ(Word(space->Commit(0, kPage).value()).Load(), 0u);
  space->Release(0, kPage);
}

TEST_F(PageSourceTest, AHugeSpaceCostsNothingUntilItIsUsed) {
  platform::PageSpace* const space = Create(kGlobalRegionBytes);
  EXPECT_EQ(source_.bytes(space), kGlobalRegionBytes);
  void* const alias = space->Commit(kGlobalRegionBytes - kPage, kPage).value();
  Word(alias).Store(1);
  struct stat status;
  ASSERT_EQ(fstat(source_.memfd(space), &status), 0);
  EXPECT_EQ(static_cast<uint64_t>(status.st_size), kGlobalRegionBytes);
  EXPECT_LE(status.st_blocks * 512, 2 * static_cast<int64_t>(kPage));
  space->Release(kGlobalRegionBytes - kPage, kPage);
}

TEST_F(PageSourceTest, SpacesAreApartAndTheirPlacesAreUsedAgain) {
  platform::PageSpace* const first = source_.Create(kPage);
  platform::PageSpace* const second = source_.Create(kPage);
  EXPECT_EQ(source_.live_spaces(), 2u);
  Word(first->Commit(0, kPage).value()).Store(1);
  EXPECT_EQ(Word(second->Commit(0, kPage).value()).Load(), 0u);
  void* const place = source_.RealBase(first);
  first->Release(0, kPage);
  second->Release(0, kPage);
  source_.Destroy(first);
  platform::PageSpace* const third = source_.Create(kPage);
  EXPECT_EQ(source_.RealBase(third), place);
  source_.Destroy(second);
  source_.Destroy(third);
  EXPECT_EQ(source_.live_spaces(), 0u);
}

TEST_F(PageSourceTest, AGapThatIsTooSmallIsSkipped) {
  platform::PageSpace* const first = source_.Create(kPage);
  platform::PageSpace* const second = source_.Create(kPage);
  char* const behind = static_cast<char*>(source_.RealBase(second)) + kPage;
  source_.Destroy(first);
  platform::PageSpace* const large = source_.Create(2 * kPage);
  EXPECT_GE(static_cast<char*>(source_.RealBase(large)), behind);
  source_.Destroy(second);
  source_.Destroy(large);
}

TEST_F(PageSourceTest, FaultsMakeCreateAndCommitFailAndLeaveNothing) {
  source_.fail_next = [] { return true; };
  EXPECT_EQ(source_.Create(kPage), nullptr);
  EXPECT_EQ(source_.live_spaces(), 0u);
  source_.fail_next = nullptr;
  platform::PageSpace* const space = Create(kPage);
  source_.fail_next = [] { return true; };
  EXPECT_EQ(space->Commit(0, kPage).error(), Errno::kNoMemory);
  EXPECT_EQ(source_.committed_bytes(), 0u);
  source_.fail_next = nullptr;
  EXPECT_TRUE(space->Commit(0, kPage).ok());
  space->Release(0, kPage);
}

TEST_F(PageSourceTest, ASpaceLargerThanTheWindowIsRefused) {
  EXPECT_EQ(source_.Create(uint64_t{1} << 40), nullptr);
  EXPECT_EQ(source_.live_spaces(), 0u);
}

using PageSourceDeathTest = PageSourceTest;

TEST_F(PageSourceDeathTest, AnAccessThatBypassesUntrustedFaults) {
  platform::PageSpace* const space = Create(kPage);
  volatile uint32_t* const alias = static_cast<uint32_t*>(space->Commit(0, kPage).value());
  EXPECT_DEATH(static_cast<void>(*alias), "");
  EXPECT_DEATH(*alias = 1, "");
  space->Release(0, kPage);
}

TEST_F(PageSourceDeathTest, PagesCommittedOrReleasedTwiceFailACheck) {
  platform::PageSpace* const space = Create(4 * kPage);
  EXPECT_DEATH(space->Release(0, kPage), "check failed");
  ASSERT_TRUE(space->Commit(0, 2 * kPage).ok());
  EXPECT_DEATH(static_cast<void>(space->Commit(kPage, 2 * kPage)), "check failed");
  EXPECT_DEATH(space->Release(0, 3 * kPage), "check failed");
  EXPECT_DEATH(static_cast<void>(space->Commit(3 * kPage, 2 * kPage)), "check failed");
  EXPECT_DEATH(static_cast<void>(space->Commit(100, kPage)), "check failed");
  EXPECT_DEATH(source_.Destroy(space), "check failed");
  space->Release(0, 2 * kPage);
}

}  // namespace
}  // namespace mapwire::sim
