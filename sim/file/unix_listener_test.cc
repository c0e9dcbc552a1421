// Unit tests of sockets under a name.
#include "sim/file/unix_listener.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

namespace mapwire::sim {
namespace {

constexpr char kTaken[] = "they are there";

class Listener : public testing::Test {
 protected:
  // Relative, for the path of a socket is short.
  Listener() { unlink(path_.c_str()); }
  ~Listener() override { unlink(path_.c_str()); }

  std::string Listen(UnixListener& listener, int backlog = 8) {
    return listener.Listen(path_, SOCK_STREAM, backlog, kTaken);
  }
  bool There() const {
    struct stat status;
    return lstat(path_.c_str(), &status) == 0;
  }
  // A client; -1 if it may not come.
  int Come() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size());
    const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return client;
    close(client);
    return -1;
  }

  const std::string path_ = "listener_test_" + std::to_string(getpid());
};

TEST_F(Listener, LetsClientsIn) {
  UnixListener listener;
  EXPECT_EQ(listener.descriptor(), -1);
  ASSERT_EQ(Listen(listener), "");
  EXPECT_EQ(listener.Accept(), -1) << "nobody has come";
  const int client = Come();
  ASSERT_GE(client, 0);
  const int server = listener.Accept();
  ASSERT_GE(server, 0);
  listener.Close();
  EXPECT_EQ(send(server, "x", 1, 0), 1) << "who has come stays";
  char byte;
  EXPECT_EQ(recv(client, &byte, 1, 0), 1);
  EXPECT_EQ(Come(), -1);
  close(client);
  close(server);
}

TEST_F(Listener, TakesItsNameAwayWhenItGoes) {
  {
    UnixListener listener;
    ASSERT_EQ(Listen(listener), "");
    EXPECT_TRUE(There());
  }
  EXPECT_FALSE(There());
}

TEST_F(Listener, ALiveOneIsLeftAlone) {
  UnixListener first;
  ASSERT_EQ(Listen(first), "");
  {
    UnixListener second;
    EXPECT_EQ(Listen(second), path_ + ": " + kTaken);
  }
  const int client = Come();
  EXPECT_GE(client, 0) << "the name is still that of the first";
  close(client);
}

TEST_F(Listener, ALiveOneWithAFullBacklogIsToo) {
  UnixListener first;
  ASSERT_EQ(Listen(first, 0), "");
  const int client = Come();
  ASSERT_GE(client, 0);
  UnixListener second;
  EXPECT_EQ(Listen(second), path_ + ": " + kTaken) << "and nobody waits for it";
  close(client);
}

TEST_F(Listener, ADeadOnesNameIsTakenOver) {
  const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size());
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(dead);
  ASSERT_TRUE(There());
  UnixListener listener;
  ASSERT_EQ(Listen(listener), "");
  const int client = Come();
  EXPECT_GE(client, 0);
  close(client);
}

TEST_F(Listener, SomebodysFileIsNotPutOutOfTheWay) {
  std::ofstream(path_) << "precious";
  {
    UnixListener listener;
    EXPECT_EQ(Listen(listener), path_ + ": Address already in use");
  }
  std::string text;
  std::ifstream(path_) >> text;
  EXPECT_EQ(text, "precious");
}

TEST_F(Listener, SaysHowLongAPathMayBe) {
  UnixListener listener;
  EXPECT_NE(listener.Listen("", SOCK_STREAM, 1, kTaken).find("1 to 107"), std::string::npos);
  const std::string path(108, 'x');
  EXPECT_EQ(listener.Listen(path, SOCK_STREAM, 1, kTaken),
            path + ": the path of a socket has 1 to 107 characters");
}

TEST_F(Listener, SaysThatAFolderIsMissing) {
  UnixListener listener;
  EXPECT_EQ(listener.Listen("/no/such/folder/socket", SOCK_STREAM, 1, kTaken),
            "/no/such/folder/socket: No such file or directory");
  EXPECT_EQ(listener.descriptor(), -1);
}

}  // namespace
}  // namespace mapwire::sim
