// The server's end of a call page, against a program that may write all of it at any moment.
#include "sim/server/call_page.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace mapwire::sim {
namespace {

using remote::CallPage;
using remote::CallState;
using remote::kCallData;
using remote::Message;
using remote::Op;
using Look = ServerCallPage::Look;
using Delivery = ServerCallPage::Delivery;

class CallPageTest : public ::testing::Test {
 protected:
  CallPageTest() : fd_(server.Open()) {
    EXPECT_GE(fd_, 0);
    void* const memory =
        mmap(nullptr, remote::kCallPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    EXPECT_NE(memory, MAP_FAILED);
    page = static_cast<CallPage*>(memory);
  }
  ~CallPageTest() override {
    munmap(page, remote::kCallPageBytes);
    close(fd_);
  }

  void Post(Op op, uint32_t bytes) {
    page->header = {};
    page->header.op = op;
    page->header.bytes = bytes;
    page->header.handle = 5;
    page->header.value[0] = 7;
    for (uint32_t i = 0; i < kCallData; ++i) page->data[i] = static_cast<uint8_t>(i + 1);
    page->state = CallState::kPosted;
  }
  static Message Reply(uint32_t bytes) {
    Message reply{};
    reply.header.op = Op::kReply;
    reply.header.result = -EINTR;
    reply.header.now = 99;
    reply.header.bytes = bytes;
    std::memset(reply.data, 0xA5, bytes);
    return reply;
  }
  CallState state() const { return page->state.load(); }

  ServerCallPage server;
  CallPage* page;
  Message message{};

 private:
  int fd_;
};

TEST_F(CallPageTest, BeginsIdleAndHoldsNothing) {
  EXPECT_EQ(state(), CallState::kIdle);
  EXPECT_EQ(page->server_sleeps.load(), 0u);
  EXPECT_FALSE(server.Posted());
  EXPECT_EQ(server.Take(message), Look::kNothing);
}

TEST_F(CallPageTest, ARequestIsTakenWholeAndAnswered) {
  Post(Op::kPoll, 8);
  EXPECT_TRUE(server.Posted());
  ASSERT_EQ(server.Take(message), Look::kCalled);
  EXPECT_EQ(message.header.op, Op::kPoll);
  EXPECT_EQ(message.header.handle, 5u);
  EXPECT_EQ(message.header.value[0], 7u);
  EXPECT_EQ(message.data[7], 8);
  EXPECT_EQ(message.data[8], 0) << "no more than it says";
  EXPECT_EQ(state(), CallState::kPosted) << "it stands there until it is answered";
  EXPECT_EQ(server.Answer(Reply(8)), Delivery::kDone);
  EXPECT_EQ(state(), CallState::kAnswered);
  EXPECT_EQ(page->header.result, -EINTR);
  EXPECT_EQ(page->header.now, 99);
  EXPECT_EQ(page->data[7], 0xA5);
  EXPECT_EQ(page->data[8], 9) << "no more than it had";
  EXPECT_FALSE(server.Posted());
  EXPECT_EQ(server.Take(message), Look::kNothing);
}

// The program went to sleep before the request was seen, or while it was served.
TEST_F(CallPageTest, WhoSleepsIsAnsweredOverTheChannel) {
  for (const bool before : {true, false}) {
    Post(Op::kIoctl, 0);
    if (before) page->state = CallState::kAsleep;
    EXPECT_TRUE(server.Posted());
    ASSERT_EQ(server.Take(message), Look::kCalled);
    if (!before) page->state = CallState::kAsleep;
    EXPECT_EQ(server.Answer(Reply(0)), Delivery::kAsleep);
    EXPECT_EQ(state(), CallState::kIdle);
    EXPECT_FALSE(server.Posted());
  }
}

TEST_F(CallPageTest, NoOtherStateIsARequest) {
  for (const uint32_t raw : {0u, 3u, 4u, 77u, 0x80000001u, 0xFFFFFFFFu}) {
    Post(Op::kPoll, 8);
    page->state = static_cast<CallState>(raw);
    EXPECT_FALSE(server.Posted()) << raw;
    EXPECT_EQ(server.Take(message), Look::kNothing) << raw;
  }
}

TEST_F(CallPageTest, OnlyShortPollsAndIoctlsMayBeHere) {
  for (uint32_t op = 0; op < 110; ++op) {
    for (const uint32_t bytes : {0u, 8u, 64u, 65u, 4096u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      Post(static_cast<Op>(op), bytes);
      const bool may =
          (op == static_cast<uint32_t>(Op::kIoctl) || op == static_cast<uint32_t>(Op::kPoll)) &&
          bytes <= kCallData;
      EXPECT_EQ(server.Take(message), may ? Look::kCalled : Look::kBroken) << op << ' ' << bytes;
    }
  }
}

// The program changes the page between any two steps of the server.
TEST_F(CallPageTest, AStateThatCannotBeIsFoundAtTheAnswer) {
  for (const uint32_t raw : {0u, 3u, 4u, 0xFFFFFFFFu}) {
    Post(Op::kPoll, 8);
    ASSERT_EQ(server.Take(message), Look::kCalled);
    page->state = static_cast<CallState>(raw);
    EXPECT_EQ(server.Answer(Reply(8)), Delivery::kBroken) << raw;
  }
}

TEST_F(CallPageTest, WhatIsWrittenAfterTheRequestWasTakenDoesNotMatter) {
  Post(Op::kPoll, 8);
  ASSERT_EQ(server.Take(message), Look::kCalled);
  std::memset(&page->header, 0xFF, sizeof(page->header));
  std::memset(page->data, 0xFF, kCallData);
  EXPECT_EQ(message.header.op, Op::kPoll);
  EXPECT_EQ(message.header.bytes, 8u);
  EXPECT_EQ(message.data[0], 1);
  EXPECT_EQ(server.Answer(Reply(8)), Delivery::kDone);
  EXPECT_EQ(page->header.bytes, 8u);
}

// One after the other over the same page; a program that never takes its answer posts in vain.
TEST_F(CallPageTest, AnAnswerThatIsNotTakenStays) {
  for (int i = 0; i < 100; ++i) {
    Post(Op::kIoctl, 0);
    ASSERT_EQ(server.Take(message), Look::kCalled);
    ASSERT_EQ(server.Answer(Reply(0)), Delivery::kDone);
    EXPECT_EQ(server.Take(message), Look::kNothing);
    page->state = CallState::kIdle;
  }
}

TEST_F(CallPageTest, WhetherTheServerSleepsIsInThePage) {
  server.SetServerSleeps(true);
  EXPECT_EQ(page->server_sleeps.load(), 1u);
  server.SetServerSleeps(false);
  EXPECT_EQ(page->server_sleeps.load(), 0u);
}

// A file that shrinks under a mapping ends who looks at it.
TEST_F(CallPageTest, TheProgramCannotMakeItShorterOrLonger) {
  const int fd = server.Open();
  EXPECT_EQ(ftruncate(fd, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(fd, 8192), -1);
  EXPECT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
  struct stat status;
  ASSERT_EQ(fstat(fd, &status), 0);
  EXPECT_EQ(status.st_size, static_cast<off_t>(remote::kCallPageBytes));
  close(fd);
}

TEST_F(CallPageTest, TheNextProgramGetsAnotherPage) {
  Post(Op::kPoll, 8);
  const int fd = server.Open();
  EXPECT_GE(fd, 0);
  EXPECT_FALSE(server.Posted()) << "that was the page of the one before";
  server.SetServerSleeps(true);
  EXPECT_EQ(page->server_sleeps.load(), 0u);
  close(fd);
}

TEST(CallPageWithout, NothingHappens) {
  ServerCallPage server;
  Message message;
  EXPECT_FALSE(server.Posted());
  EXPECT_EQ(server.Take(message), Look::kNothing);
  server.SetServerSleeps(true);
  server.Close();
  close(server.Open());
  server.Close();
  EXPECT_FALSE(server.Posted());
}

}  // namespace
}  // namespace mapwire::sim
