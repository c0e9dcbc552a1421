// Tests of region layout: the defaults, the limits of the interface, the cluster rule.
#include "core/memory/geometry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mapwire::memory {
namespace {

constexpr RegionRequest kReference = {{{1024, 100}, {36864, 200}, {2048, 163840}}};
constexpr RegionRequest kSmall = {{{1024, 10}, {4096, 2}, {2048, 4}}};

RegionRequest With(PoolKind pool, uint32_t bytes, uint32_t count) {
  RegionRequest request = kSmall;
  request.pools[static_cast<uint32_t>(pool)] = {bytes, count};
  return request;
}

TEST(GeometryTest, ReferenceDefaultsAre343019520Bytes) {
  const RegionGeometry geometry = ComputeGeometry(kReference, RegionKind::kGlobal).value();
  EXPECT_EQ(geometry.pool(PoolKind::kInterfaces).bytes(), 102400u);
  EXPECT_EQ(geometry.pool(PoolKind::kRings).bytes(), 7372800u);
  EXPECT_EQ(geometry.pool(PoolKind::kBuffers).bytes(), 335544320u);
  EXPECT_EQ(geometry.bytes, 343019520u);
}

TEST(GeometryTest, OwnDefaultsDifferInTheRingPoolOnly) {
  const RegionGeometry geometry = ComputeGeometry(kGlobalRequest, RegionKind::kGlobal).value();
  EXPECT_EQ(geometry.pool(PoolKind::kInterfaces).offset, 0u);
  EXPECT_EQ(geometry.pool(PoolKind::kRings).offset, 102400u);
  EXPECT_EQ(geometry.pool(PoolKind::kRings).bytes(), 200u * 69632);
  EXPECT_EQ(geometry.pool(PoolKind::kBuffers).offset, 102400u + 13926400);
  EXPECT_EQ(geometry.bytes, 102400u + 13926400 + 335544320);
  // A ring object holds 4096 slots behind its header.
  EXPECT_GE(69632u, 256u + 16 * 4096);
}

TEST(GeometryTest, SizesAreRoundedToSixtyFourAndCountsToClusters) {
  const RegionGeometry geometry =
      ComputeGeometry(With(PoolKind::kBuffers, 1500, 5), RegionKind::kGlobal).value();
  const PoolGeometry& pool = geometry.pool(PoolKind::kBuffers);
  EXPECT_EQ(pool.object_bytes, 1536u);
  EXPECT_EQ(pool.cluster_objects, 8u);  // 8 * 1536 = 3 pages
  EXPECT_EQ(pool.cluster_bytes, 12288u);
  EXPECT_EQ(pool.object_count, 8u);
  EXPECT_EQ(pool.cluster_count, 1u);
}

TEST(GeometryTest, AClusterAboveFourMebibytesIsRefused) {
  // 131008 = 64 * 2047: only 64 of them fill whole pages, and that is 8 MiB.
  EXPECT_EQ(ComputeGeometry(With(PoolKind::kRings, 131008, 2), RegionKind::kGlobal).error(),
            Errno::kInvalid);
  // 65472 = 64 * 1023: 64 of them are just below 4 MiB.
  const RegionGeometry geometry =
      ComputeGeometry(With(PoolKind::kBuffers, 65472, 4), RegionKind::kGlobal).value();
  EXPECT_EQ(geometry.pool(PoolKind::kBuffers).cluster_bytes, 4190208u);
  EXPECT_EQ(geometry.pool(PoolKind::kBuffers).object_count, 64u);
}

struct Edge {
  PoolKind pool;
  RegionKind kind;
  uint32_t least_bytes, most_bytes;
  uint32_t least_count, most_count;
};

class GeometryLimitTest : public testing::TestWithParam<Edge> {};

TEST_P(GeometryLimitTest, HoldsAtTheEdgeAndFailsOneBeyond) {
  const Edge& edge = GetParam();
  const auto status = [&](uint32_t bytes, uint32_t count) {
    return ComputeGeometry(With(edge.pool, bytes, count), edge.kind).error();
  };
  EXPECT_EQ(status(edge.least_bytes, edge.least_count), Errno::kOk);
  EXPECT_EQ(status(edge.least_bytes - 1, edge.least_count), Errno::kInvalid);
  EXPECT_EQ(status(edge.most_bytes, edge.least_count), Errno::kOk);
  EXPECT_EQ(status(edge.most_bytes + 1, edge.least_count), Errno::kInvalid);
  EXPECT_EQ(status(edge.least_bytes, edge.most_count), Errno::kOk);
  EXPECT_EQ(status(edge.least_bytes, edge.most_count + 1), Errno::kInvalid);
  EXPECT_EQ(status(edge.least_bytes, edge.least_count - 1), Errno::kInvalid);
}

INSTANTIATE_TEST_SUITE_P(
    Limits, GeometryLimitTest,
    testing::Values(Edge{PoolKind::kInterfaces, RegionKind::kGlobal, 56, 4096, 10, 10000},
                    Edge{PoolKind::kInterfaces, RegionKind::kPrivate, 56, 4096, 1, 100},
                    Edge{PoolKind::kRings, RegionKind::kGlobal, 256, 131072, 2, 1024},
                    Edge{PoolKind::kRings, RegionKind::kPrivate, 256, 131072, 2, 1024},
                    Edge{PoolKind::kBuffers, RegionKind::kGlobal, 64, 65536, 4, 1000000},
                    Edge{PoolKind::kBuffers, RegionKind::kPrivate, 64, 65536, 4, 1000000}));

RC_GTEST_PROP(GeometryPropertyTest, EveryPoolIsWholePagesOfSmallestClusters, ()) {
  const uint32_t bytes = *rc::gen::inRange<uint32_t>(64, 65537);
  const uint32_t count = *rc::gen::inRange<uint32_t>(4, 5000);
  const Result<RegionGeometry> result =
      ComputeGeometry(With(PoolKind::kBuffers, bytes, count), RegionKind::kPrivate);
  RC_ASSERT(result.ok());
  uint64_t offset = 0;
  for (const PoolGeometry& pool : result->pools) {
    RC_ASSERT(pool.offset == offset);
    RC_ASSERT(pool.object_bytes % 64 == 0u);
    RC_ASSERT(pool.cluster_bytes == uint64_t{pool.cluster_objects} * pool.object_bytes);
    RC_ASSERT(pool.cluster_bytes % kPageBytes == 0u);
    RC_ASSERT(pool.cluster_bytes <= kMaxClusterBytes);
    for (uint32_t fewer = 1; fewer < pool.cluster_objects; ++fewer) {
      RC_ASSERT(uint64_t{fewer} * pool.object_bytes % kPageBytes != 0u);
    }
    RC_ASSERT(pool.object_count == pool.cluster_count * pool.cluster_objects);
    offset += pool.bytes();
  }
  RC_ASSERT(result->bytes == offset);
  const PoolGeometry& buffers = result->pool(PoolKind::kBuffers);
  RC_ASSERT(buffers.object_bytes >= bytes && buffers.object_bytes < bytes + 64);
  RC_ASSERT(buffers.object_count >= count &&
            buffers.object_count < count + buffers.cluster_objects);
}

}  // namespace
}  // namespace mapwire::memory
