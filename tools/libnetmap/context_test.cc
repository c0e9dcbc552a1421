// Contexts: what is the default, what messages look like, who locks.
#include <gtest/gtest.h>
#include <pthread.h>

#include "tools/libnetmap/context_for_test.h"

namespace mapwire::libnetmap {
namespace {

TEST(Context, AProgramThatIncludesTheHeaderHasTheOneThatLocks) {
  nmctx* const context = nmctx_get();
  ASSERT_NE(context->lock, nullptr);
  EXPECT_EQ(context->verbose, 1);
  nmctx_set_threadsafe();
  EXPECT_EQ(nmctx_get(), context) << "a second time does nothing";
}

TEST(Context, TheLockKeepsOtherThreadsOut) {
  nmctx* const context = nmctx_get();
  int inside = 0;
  struct Shared {
    nmctx* context;
    int* inside;
  } shared{context, &inside};
  const auto count = [](void* argument) -> void* {
    Shared& s = *static_cast<Shared*>(argument);
    for (int i = 0; i < 10000; ++i) {
      nmctx_lock(s.context);
      ++*s.inside;
      nmctx_unlock(s.context);
    }
    return nullptr;
  };
  pthread_t threads[4];
  for (pthread_t& thread : threads) pthread_create(&thread, nullptr, count, &shared);
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  EXPECT_EQ(inside, 40000);
}

TEST(Context, MessagesGoToStderrWithANewline) {
  testing::internal::CaptureStderr();
  nmctx_ferror(nmctx_get(), "%s has %d eyes", "a needle", 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a needle has 1 eyes\n");
}

TEST(Context, SetDefaultReturnsTheOneBefore) {
  nmctx* const first = nmctx_get();
  {
    TestContext context;
    EXPECT_EQ(nmctx_get(), &context);
    EXPECT_EQ(context.before, first);
  }
  EXPECT_EQ(nmctx_get(), first);
}

TEST(Context, MessagesHaveALimit) {
  TestContext context;
  const std::string fits(999, 'x');
  nmctx_ferror(&context, "%s", fits.c_str());
  EXPECT_EQ(context.Message(), fits);
  nmctx_ferror(&context, "%s", std::string(1000, 'x').c_str());
  EXPECT_EQ(context.Message(), "error message too long");
}

TEST(Context, AMessageLeavesErrnoAlone) {
  TestContext context;
  errno = E2BIG;
  nmctx_ferror(&context, "%s", "x");
  EXPECT_EQ(errno, E2BIG);
}

TEST(Context, AQuietOneSaysNothing) {
  TestContext context;
  context.verbose = 0;
  nmctx_ferror(&context, "x");
  EXPECT_EQ(context.Message(), "");
}

TEST(Context, WithoutALockNothingIsLocked) {
  TestContext context;
  nmctx_lock(&context);
  EXPECT_EQ(context.locked, 1);
  nmctx_unlock(&context);
  EXPECT_EQ(context.locked, 0);
  context.lock = nullptr;
  nmctx_lock(&context);
  nmctx_unlock(&context);
}

}  // namespace
}  // namespace mapwire::libnetmap
