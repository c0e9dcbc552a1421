// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The control mutex: every call of the control path holds the one of its Control, and no other.
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "sim/platform/sim/platform_backend/hooks.h"
#include "testing/kit/program.h"

namespace mapwire::control {
namespace {

using kit::Program;
using kit::Registration;

// What is taken and given back. Nobody else is there, so nothing ever waits.
class LockWatch final : public platform::Hooks {
 public:
  LockWatch() : before_(platform::SetHooks(this)) {}
  ~LockWatch() override { platform::SetHooks(before_); }
  void BeforeLock(const void* lock) override {
    EXPECT_TRUE(held.insert(lock).second) << "taken twice";
    locks.insert(lock);
    ++taken;
  }
  void WaitForLock(const void*) override { FAIL() << "a lock that is never given back"; }
  void LockReleased(const void* lock) override { EXPECT_EQ(held.erase(lock), 1u); }

  std::set<const void*> held;
  std::set<const void*> locks;  // that were ever taken
  uint64_t taken = 0;

 private:
  platform::Hooks* const before_;
};

class LockTest : public testing::Test {
 protected:
  LockTest() : port_(system_.AddPort("em0", {1, 1, 8, 8})) {
    // Every allocation and map is made under the mutex, but for the copy of a request.
    system_.environment.faults().on_call = [this] { unlocked_ += watch_.held.empty() ? 1 : 0; };
  }
  ~LockTest() override { system_.environment.faults().on_call = nullptr; }

  // `call` takes the mutex of this Control once, and gives it back.
  template <typename Call>
  void ExpectOneLock(const char* what, const Call& call) {
    SCOPED_TRACE(what);
    const uint64_t before = watch_.taken;
    call();
    EXPECT_EQ(watch_.taken, before + 1);
    EXPECT_TRUE(watch_.held.empty());
    EXPECT_EQ(watch_.locks.size(), 1u) << "another lock than that of the other calls";
  }

  kit::System system_;
  kit::LoopPort& port_;
  LockWatch watch_;
  uint32_t unlocked_ = 0;
};

TEST_F(LockTest, EveryControlCallHoldsTheControlMutex) {
  std::unique_ptr<Program> program;
  ExpectOneLock("open", [&] { program = std::make_unique<Program>(system_.control); });
  kit::FakeUserMemory& memory = program->memory;
  // The program's memory may be slow to come: nobody else waits for it.
  uint32_t copies = 0;
  memory.before_copy_in = [&](UserAddress, size_t) {
    ++copies;
    EXPECT_TRUE(watch_.held.empty());
  };
  EXPECT_EQ(program->Ioctl(NIOCCTRL, UserAddress(8)).error(), Errno::kFault);
  ExpectOneLock("register", [&] { EXPECT_TRUE(program->Register("em0").ok()); });
  EXPECT_GT(copies, 2u);
  EXPECT_EQ(unlocked_, 2u);
  ExpectOneLock("close", [&] { program->Close(); });
  ExpectOneLock("open again", [&] { program->Reopen(); });
  nmreq legacy{};
  legacy.nr_version = NETMAP_API;
  std::strcpy(legacy.nr_name, "em0");
  const UserAddress at = memory.Put(legacy);
  ExpectOneLock("the older question", [&] { EXPECT_TRUE(program->Ioctl(NIOCGINFO, at).ok()); });
  ExpectOneLock("the older register", [&] { EXPECT_TRUE(program->Ioctl(NIOCREGIF, at).ok()); });
  memory.before_copy_in = nullptr;
  ExpectOneLock("a region", [&] {
    EXPECT_TRUE(system_.control.CreateRegion({{{1024, 10}, {4096, 8}, {2048, 64}}}).ok());
  });
  ExpectOneLock("a port leaves", [&] { system_.control.RemovePort(port_); });
  ExpectOneLock("a session of a port that left", [&] { program->Close(); });
  system_.environment.faults().on_call = nullptr;  // a port is made before it is named
  ExpectOneLock("a port comes", [&] { system_.AddPort("em1", {1, 1, 8, 8}); });
  EXPECT_EQ(unlocked_, 2u);
}

TEST_F(LockTest, TheDataPathTakesNone) {
  Program program(system_.control);
  ASSERT_TRUE(program.Register("em0").ok());
  const uint64_t before = watch_.taken;
  EXPECT_TRUE(program.Ioctl(NIOCTXSYNC, UserAddress(0)).ok());
  EXPECT_TRUE(program.Ioctl(NIOCRXSYNC, UserAddress(0)).ok());
  EXPECT_EQ(program.session().Poll(kPollIn | kPollOut, nullptr, true),
            static_cast<uint32_t>(kPollOut));
  EXPECT_TRUE(program.session().Map(0, 4096).ok());
  EXPECT_EQ(watch_.taken, before);
}

}  // namespace
}  // namespace mapwire::control
