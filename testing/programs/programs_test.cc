// Real programs in processes of their own, in worlds of the world server: what a netmap program may
// do with its descriptors, what a hostile or dead one cannot do to the world.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sim/engine/random.h"
#include "sim/shim/protocol.h"
#include "sim/shim/socket.h"

namespace mapwire {
namespace {

using sim::Random;
using sim::remote::Message;
using sim::remote::Op;

constexpr char kWorldProgram[] = "sim/server/mapwire_world";
constexpr char kShim[] = "sim/shim/libmapwire_shim.so";
constexpr char kGuest[] = "testing/programs/guest";
constexpr char kPktGen[] = "tools/pkt-gen/pkt-gen";

std::string Absolute(const char* path) {
  char* const full = realpath(path, nullptr);
  EXPECT_NE(full, nullptr) << path;
  const std::string result = full == nullptr ? path : full;
  free(full);
  return result;
}

// What a program is started with. One that was built with a sanitizer, as this test was, wants its
// runtime before everything else.
std::string Preload(bool like_this_test = false) {
  std::string shim = Absolute(kShim);
  void* const runtime = dlsym(RTLD_DEFAULT, "__asan_init");
  Dl_info where;
  if (!like_this_test || runtime == nullptr || dladdr(runtime, &where) == 0) return shim;
  return std::string(where.dli_fname) + ":" + shim;
}

// What makes root stronger than files' permissions.
void DropCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  prctl(PR_SET_SECUREBITS, SECBIT_NOROOT);  // exec is not to give them back; fails for who has none
  if (syscall(SYS_capset, &header, none) != 0) _exit(126);
}

// A process whose output is kept.
class Child {
 public:
  Child(const std::vector<std::string>& words, const std::vector<std::string>& environment,
        bool powerless = false) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      for (const std::string& variable : environment) putenv(strdup(variable.c_str()));
      if (powerless) DropCapabilities();
      std::vector<char*> arguments;
      for (const std::string& word : words) arguments.push_back(strdup(word.c_str()));
      arguments.push_back(nullptr);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!ended_) {
      Signal(SIGKILL);
      Wait();
    }
    close(output_);
  }

  void Signal(int signal) { kill(pid_, signal); }
  pid_t pid() const { return pid_; }

  // Its status, once it has ended; the text it wrote is in text().
  int Wait() {
    if (ended_) return status_;
    while (ReadSome()) {
    }
    waitpid(pid_, &status_, 0);
    ended_ = true;
    return status_;
  }
  // False if it ended without ever writing this.
  bool WaitFor(const std::string& text) {
    while (text_.find(text) == std::string::npos) {
      if (!ReadSome()) return false;
    }
    return true;
  }
  const std::string& text() const { return text_; }

 private:
  bool ReadSome() {
    char bytes[4096];
    const ssize_t got = read(output_, bytes, sizeof(bytes));
    if (got > 0) text_.append(bytes, static_cast<size_t>(got));
    return got > 0;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  bool ended_ = false;
  int status_ = 0;
  std::string text_;
};

std::string Folder() {
  char path[] = "/tmp/mapwire-test-XXXXXX";  // short: it becomes the path of a socket
  EXPECT_NE(mkdtemp(path), nullptr);
  return path;
}

constexpr char kTwoHosts[] = R"("hosts": [
  {"name": "A", "nics": [{"name": "sim0", "queues": 2}]},
  {"name": "B", "nics": [{"name": "sim0", "queues": 2}]}],
  "wires": [{"ends": ["A/sim0", "B/sim0"]}])";

class WorldRun {
 public:
  explicit WorldRun(const std::string& description, std::vector<std::string> more = {},
                    const std::string& preload = Preload())
      : folder_(Folder()) {
    std::ofstream(folder_ + "/w.json") << description;
    std::vector<std::string> words = {
        Absolute(kWorldProgram), folder_ + "/w.json", "--folder", folder_, "--shim", preload};
    words.insert(words.end(), more.begin(), more.end());
    world_ = std::make_unique<Child>(words, std::vector<std::string>{});
  }
  ~WorldRun() {
    world_.reset();
    unlink((folder_ + "/w.json").c_str());
    unlink(socket().c_str());
    rmdir(folder_.c_str());
  }

  bool Up() { return world_->WaitFor(" is up"); }
  std::string socket() const { return folder_ + "/w.sock"; }
  const std::string& folder() const { return folder_; }
  Child& process() { return *world_; }

  std::unique_ptr<Child> Start(const std::string& host, std::vector<std::string> arguments,
                               bool powerless = false) {
    arguments.insert(arguments.begin(), Absolute(kGuest));
    return Run(host, std::move(arguments), Preload(), powerless);
  }
  std::unique_ptr<Child> PktGen(const std::string& host, std::vector<std::string> arguments) {
    const std::vector<std::string> always = {Absolute(kPktGen), "-i", "netmap:sim0", "-w", "0"};
    arguments.insert(arguments.begin(), always.begin(), always.end());
    return Run(host, std::move(arguments), Preload(true), false);
  }
  std::unique_ptr<Child> Run(const std::string& host, std::vector<std::string> arguments,
                             const std::string& preload, bool powerless) {
    return std::make_unique<Child>(
        arguments,
        std::vector<std::string>{"LD_PRELOAD=" + preload, "MAPWIRE_SOCKET=" + socket(),
                                 "MAPWIRE_HOST=" + host},
        powerless);
  }
  // Ends the world, which must find nothing left over in itself.
  void ExpectCleanEnd() {
    world_->Signal(SIGTERM);
    EXPECT_EQ(world_->Wait(), 0) << world_->text();
  }

 private:
  std::string folder_;
  std::unique_ptr<Child> world_;
};

// The same two hosts with four queues, of either model; then what follows "hosts" in the file.
std::string FourQueues(const std::string& time, const std::string& model,
                       const std::string& more = "") {
  const std::string nic = R"([{"name": "sim0", "model": ")" + model + R"(", "queues": 4})" + "]}";
  return R"({"time": ")" + time + R"(", "hosts": [{"name": "A", "nics": )" + nic +
         R"(, {"name": "B", "nics": )" + nic + R"(], "wires": [{"ends": ["A/sim0", "B/sim0"])" +
         (model == "paravirtual" ? R"(, "gbps": "unlimited")" : "") + "}]" + more + "}";
}

std::string RealTime() { return std::string("{\"time\": \"real\", ") + kTwoHosts + "}"; }

void ExpectTransfer(WorldRun& world, int frames) {
  const auto receiver = world.Start("B", {"receive", std::to_string(frames), "5000"});
  ASSERT_TRUE(receiver->WaitFor("ready")) << receiver->text();
  const auto sender = world.Start("A", {"send", std::to_string(frames)});
  EXPECT_EQ(sender->Wait(), 0) << sender->text();
  EXPECT_EQ(receiver->Wait(), 0) << receiver->text();
  EXPECT_NE(receiver->text().find("received " + std::to_string(frames)), std::string::npos)
      << receiver->text();
}

// --- What a program may do
// ------------------------------------------------------------------------

class Part : public testing::TestWithParam<const char*> {};

TEST_P(Part, WorksInRealTime) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  const auto guest = world.Start("A", {GetParam()});
  EXPECT_EQ(guest->Wait(), 0) << guest->text();
  world.ExpectCleanEnd();
}
INSTANTIATE_TEST_SUITE_P(Guest, Part,
                         testing::Values("errors", "duplicate", "fork", "pass", "exec", "mapping",
                                         "waiting", "interfaces", "signals", "pages"),
                         [](const auto& part) { return std::string(part.param); });

TEST(RealTime, FramesCrossTheWire) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  // No more than the receiver's ring holds: nothing is lost, however slow this machine is.
  for (int i = 0; i < 3; ++i) ExpectTransfer(world, 400);
  world.ExpectCleanEnd();
}

TEST(RealTime, PktGenSendsAndReceives) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  const auto receiver = world.PktGen("B", {"-f", "rx", "-n", "2000"});
  ASSERT_TRUE(receiver->WaitFor("Receiving from")) << receiver->text();
  // More than one must come: the receiver starts when it likes, and this machine may be slow.
  const auto sender = world.PktGen("A", {"-f", "tx", "-R", "20000"});
  EXPECT_EQ(receiver->Wait(), 0) << receiver->text();
  EXPECT_NE(receiver->text().find("Received 2"), std::string::npos) << receiver->text();
  sender->Signal(SIGINT);
  EXPECT_EQ(sender->Wait(), 0) << sender->text();
  EXPECT_NE(sender->text().find("Speed: "), std::string::npos) << sender->text();
  world.ExpectCleanEnd();
}

class Model : public testing::TestWithParam<const char*> {};

// Four threads of one program, each with a ring and a call page of its own.
TEST_P(Model, PktGenWithFourThreadsInRealTime) {
  const bool spreads = GetParam() == std::string("paravirtual");
  WorldRun world(FourQueues("real", GetParam()), {"--quiet"});
  ASSERT_TRUE(world.Up());
  // The frames of one flow all go to one queue of an 82599, so that it has one receiver.
  const auto receiver = spreads ? world.PktGen("B", {"-f", "rx", "-p", "4", "-n", "4000"})
                                : world.PktGen("B", {"-f", "rx", "-n", "4000"});
  ASSERT_TRUE(receiver->WaitFor("Receiving from")) << receiver->text();
  const auto sender = world.PktGen("A", {"-f", "tx", "-p", "4", "-R", "20000"});
  EXPECT_EQ(receiver->Wait(), 0) << receiver->text();
  EXPECT_NE(receiver->text().find("Received 4"), std::string::npos) << receiver->text();
  sender->Signal(SIGINT);
  EXPECT_EQ(sender->Wait(), 0) << sender->text();
  EXPECT_NE(sender->text().find("4 queues, 4 threads"), std::string::npos) << sender->text();
  world.ExpectCleanEnd();
}

TEST_P(Model, FramesCrossAndWhoSleepsForLongIsWoken) {
  WorldRun world(FourQueues("real", GetParam()), {"--quiet"});
  ASSERT_TRUE(world.Up());
  ExpectTransfer(world, 400);
  const auto receiver = world.Start("B", {"receive", "1", "60000"});
  ASSERT_TRUE(receiver->WaitFor("ready")) << receiver->text();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto sender = world.Start("A", {"send", "1"});
  EXPECT_EQ(sender->Wait(), 0) << sender->text();
  EXPECT_EQ(receiver->Wait(), 0) << receiver->text();
  const size_t at = receiver->text().find("received 1 in ");
  ASSERT_NE(at, std::string::npos) << receiver->text();
  const double time = std::atof(receiver->text().c_str() + at + 14);
  EXPECT_GT(time, 0.25);
  EXPECT_LT(time, 20.0);
  world.ExpectCleanEnd();
}

INSTANTIATE_TEST_SUITE_P(Guest, Model, testing::Values("82599", "paravirtual"),
                         [](const auto& model) { return "Of" + std::string(model.param); });

// --- Virtual time
// ---------------------------------------------------------------------------------

std::string Virtual(const std::string& programs, const std::string& more = "") {
  return std::string("{\"time\": \"virtual\", ") + more + kTwoHosts + ", \"programs\": [" +
         programs + "]}";
}

std::string Command(const std::string& host, const std::vector<std::string>& arguments,
                    const char* program = kGuest) {
  std::string text = "{\"host\": \"" + host + "\", \"command\": [\"" + Absolute(program) + "\"";
  for (const std::string& argument : arguments) text += ", \"" + argument + "\"";
  return text + "]}";
}

// Everything the world and its programs said.
std::string RunToEnd(const std::string& description, std::vector<std::string> more = {},
                     const std::string& preload = Preload()) {
  // A busy machine may let a program wait for long; nobody is to be left behind for that.
  if (more.empty()) more = {"--patience", "100"};
  more.push_back("--quiet");
  WorldRun world(description, more, preload);
  EXPECT_EQ(world.process().Wait(), 0) << world.process().text();
  // A sanitizer may have had something to say before.
  const std::string& text = world.process().text();
  return text.substr(std::min(text.find("world w is up"), text.size()));
}

// What follows `mark`; empty without it.
std::string After(const std::string& text, const std::string& mark) {
  const size_t at = text.find(mark);
  return at == std::string::npos ? "" : text.substr(at + mark.size());
}

std::string Hash(const std::string& text) { return After(text, "sha256 ").substr(0, 64); }

TEST(VirtualTime, LineRateAndTheSameTraceUnderTheSameSeed) {
  const std::string programs =
      Command("B", {"receive", "20000"}) + ", " + Command("A", {"send", "20000"});
  const std::string once = RunToEnd(Virtual(programs));
  const std::string again = RunToEnd(Virtual(programs));
  const std::string other = RunToEnd(Virtual(programs, "\"seed\": 2, "));
  EXPECT_NE(once.find("received 20000"), std::string::npos) << once;
  ASSERT_EQ(Hash(once).size(), 64u) << once;
  EXPECT_EQ(Hash(once), Hash(again)) << once << again;
  EXPECT_NE(Hash(once), Hash(other));
  // 67.2 ns each, but for those that the card holds at the end.
  const double time = std::atof(After(once, "sent 20000 in ").c_str());
  EXPECT_GT(time, 18000 * 67.2e-9) << once;
  EXPECT_LT(time, 20000 * 67.2e-9 + 0.001) << once;
}

// A program of several threads, which nobody wrote for this.
TEST(VirtualTime, PktGenFillsTheWireAndRepeats) {
  const auto pkt_gen = [](const std::string& host, const std::string& function) {
    return Command(host, {"-i", "netmap:sim0", "-w", "1", "-f", function, "-n", "50000"}, kPktGen);
  };
  const std::string programs = Virtual(pkt_gen("B", "rx") + ", " + pkt_gen("A", "tx"));
  const std::string once = RunToEnd(programs, {}, Preload(true));
  EXPECT_NE(once.find("Received 50000 packets 3000000 bytes"), std::string::npos) << once;
  EXPECT_NE(once.find("Speed: 14.88"), std::string::npos) << once;
  EXPECT_EQ(Hash(once).size(), 64u);
  EXPECT_EQ(Hash(once), Hash(RunToEnd(programs, {}, Preload(true))));
}

// A number that does not go into four.
TEST_P(Model, PktGenWithFourThreadsInVirtualTime) {
  const bool spreads = GetParam() == std::string("paravirtual");
  const std::vector<std::string> receive = {"-i", "netmap:sim0", "-w", "0",
                                            "-f", "rx",          "-n", "40002"};
  std::vector<std::string> receive_four = receive;
  receive_four.insert(receive_four.end(), {"-p", "4"});
  const std::string programs =
      ", \"programs\": [" + Command("B", spreads ? receive_four : receive, kPktGen) + ", " +
      Command("A", {"-i", "netmap:sim0", "-w", "0", "-f", "tx", "-n", "40002", "-p", "4"},
              kPktGen) +
      "]";
  const std::string text = RunToEnd(FourQueues("virtual", GetParam(), programs), {}, Preload(true));
  EXPECT_NE(text.find("Received 40002 packets 2400120 bytes"), std::string::npos) << text;
  EXPECT_NE(text.find("4 queues, 4 threads"), std::string::npos) << text;
}

TEST(VirtualTime, ClocksAndSleepsAreTheWorlds) {
  const std::string once = RunToEnd(Virtual(Command("A", {"clocks"})));
  EXPECT_NE(once.find("it is 105."), std::string::npos) << once;
  EXPECT_EQ(once.substr(0, once.find("world:")),
            RunToEnd(Virtual(Command("A", {"clocks"}))).substr(0, once.find("world:")));
}

TEST(VirtualTime, ThreadsTakePartFromTheirFirstMoment) {
  const std::string once = RunToEnd(Virtual(Command("A", {"threads"})));
  for (int i = 0; i < 5; ++i) {
    const std::string again = RunToEnd(Virtual(Command("A", {"threads"})));
    EXPECT_EQ(once, again);
  }
}

TEST(VirtualTime, WhoHoldsTheWorldUpIsNamedAndLeftBehind) {
  const std::string text =
      RunToEnd(Virtual(Command("A", {"hold", "1"}) + ", " + Command("B", {"clocks"})),
               {"--patience", "0.1"});
  EXPECT_NE(text.find("guest (process "), std::string::npos) << text;
  EXPECT_NE(text.find("holds the world up; the world goes on without it"), std::string::npos);
  EXPECT_NE(text.find("it is 105."), std::string::npos) << text;
}

// --- What a program cannot do to the world
// --------------------------------------------------------

TEST(Killed, AHundredTimesAtRandomMomentsHarmsNobody) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const std::string host = random.OneIn(2) ? "A" : "B";
    const auto victim = i % 2 == 0 ? world.Start(host, {"churn"})
                                   : world.PktGen(host, {"-f", random.OneIn(2) ? "tx" : "rx"});
    // Its life until it opens is a millisecond or two.
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + random.Below(15000)));
    victim->Signal(SIGKILL);
    const int status = victim->Wait();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << victim->text();
  }
  ExpectTransfer(world, 400);
  world.ExpectCleanEnd();
}

TEST(Killed, InVirtualTimeTheOthersGoOn) {
  WorldRun world("{\"time\": \"virtual\", " + std::string(kTwoHosts) + "}", {"--quiet"});
  ASSERT_TRUE(world.Up());
  Random random(2);
  for (int i = 0; i < 20; ++i) {
    const auto victim = world.Start("A", {"churn"});
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + random.Below(15000)));
    victim->Signal(SIGKILL);
    victim->Wait();
  }
  const auto last = world.Start("A", {"clocks"});
  EXPECT_EQ(last->Wait(), 0) << last->text();
  world.ExpectCleanEnd();
}

TEST(Stopped, InTheMiddleOfItsWorkItCostsTheWorldNothing) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Random random(3);
  std::vector<std::unique_ptr<Child>> stopped;
  for (int i = 0; i < 10; ++i) {
    stopped.push_back(world.Start("A", {"churn"}));
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + random.Below(15000)));
    stopped.back()->Signal(SIGSTOP);
  }
  const auto guest = world.Start("B", {"fork"});
  EXPECT_EQ(guest->Wait(), 0) << guest->text();
  world.ExpectCleanEnd();
}

TEST(Rights, WhoMayNotUseTheSocketGetsEacces) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  ASSERT_EQ(chmod(world.socket().c_str(), 0), 0);
  const auto other = world.Start("A", {"open"}, true);
  EXPECT_EQ(other->Wait(), 0);
  EXPECT_EQ(other->text(), std::string(std::strerror(EACCES)) + "\n");
  ASSERT_EQ(chmod(world.socket().c_str(), 0700), 0);
  const auto self = world.Start("C", {"open"});
  self->Wait();
  EXPECT_EQ(self->text(), std::string(std::strerror(ENODEV)) + "\n") << "there is no host C";
  world.ExpectCleanEnd();
  const auto late = world.Start("A", {"open"});
  late->Wait();
  EXPECT_EQ(late->text(), std::string(std::strerror(ENOENT)) + "\n") << "there is no world";
}

// A client that speaks the protocol as it likes.
class Rogue {
 public:
  explicit Rogue(const std::string& path) {
    socket_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Rogue() {
    Unmap();
    close(socket_);
    for (const int descriptor : kept_) close(descriptor);
  }
  Rogue(const Rogue&) = delete;
  Rogue& operator=(const Rogue&) = delete;

  bool Greet() {
    Message hello{};
    hello.header.op = Op::kHello;
    hello.header.value[0] = sim::remote::kVersion;
    hello.header.bytes = sizeof(sim::remote::Hello);
    std::memcpy(hello.data, "\0", 1);
    return sim::remote::SendMessage(socket_, hello, -1, 0) == 0 && Receive();
  }
  bool Send(const Message& message, int descriptor = -1) {
    return sim::remote::SendMessage(socket_, message, descriptor, MSG_DONTWAIT) == 0;
  }
  // What comes within half a second; false: nothing, or the channel is closed.
  bool Receive() {
    pollfd pfd{socket_, POLLIN, 0};
    if (poll(&pfd, 1, 500) <= 0) return false;
    int descriptor;
    const ssize_t got = sim::remote::ReceiveMessage(socket_, reply, &descriptor, 0);
    if (descriptor >= 0) kept_.push_back(descriptor);
    return got > 0;
  }
  int socket() const { return socket_; }
  // The call page that came with the greeting, mapped for as long as the rogue lives; null: none.
  sim::remote::CallPage* Page() {
    if (page_ != nullptr || kept_.empty()) return page_;
    void* const memory =
        mmap(nullptr, sim::remote::kCallPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, kept_[0], 0);
    page_ = memory == MAP_FAILED ? nullptr : static_cast<sim::remote::CallPage*>(memory);
    return page_;
  }
  void Unmap() {
    if (page_ != nullptr) munmap(page_, sim::remote::kCallPageBytes);
    page_ = nullptr;
  }
  // Puts a request into the page and says so. `bytes` of data are what is there.
  void Post(Op op, uint32_t handle, uint64_t value0, uint64_t value1, uint32_t bytes = 0) {
    sim::remote::Header header{};
    header.op = op;
    header.handle = handle;
    header.bytes = bytes;
    header.value[0] = value0;
    header.value[1] = value1;
    Page()->header = header;
    Page()->state = sim::remote::CallState::kPosted;
    Look();
  }
  bool Look(int descriptor = -1) {
    Message look{};
    look.header.op = Op::kLook;
    return Send(look, descriptor);
  }
  // Waits for an answer in the page; false: none comes in this time.
  bool Answered(int most_ms) {
    for (int i = 0; i < most_ms; ++i) {
      if (Page()->state == sim::remote::CallState::kAnswered) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  Message reply;

 private:
  int socket_;
  std::vector<int> kept_;  // what came with replies
  sim::remote::CallPage* page_ = nullptr;
};

TEST(Rogue, NothingItSaysHarmsTheWorld) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Random random(4);
  for (int turn = 0; turn < 60; ++turn) {
    Rogue rogue(world.socket());
    if (!random.OneIn(8)) {
      ASSERT_TRUE(rogue.Greet());
    }
    uint32_t handle = 0;
    for (int i = 0; i < 40; ++i) {
      Message message{};
      const Op ops[] = {Op::kHello, Op::kOpen,      Op::kOpen,   Op::kAttach, Op::kForget,
                        Op::kIoctl, Op::kMap,       Op::kPoll,   Op::kSleep,  Op::kClock,
                        Op::kJoin,  Op::kInterface, Op::kCancel, Op::kCopied, static_cast<Op>(99),
                        Op::kReply, Op::kCopyIn};
      message.header.op = ops[random.Below(std::size(ops))];
      message.header.handle = random.OneIn(3) ? static_cast<uint32_t>(random.Next()) : handle;
      message.header.clock_reads = random.OneIn(10) ? UINT32_MAX : 0;
      const uint64_t values[] = {0,          1,          4096,       0x6994,       0x6995,
                                 0xc0586997, UINT64_MAX, 1ULL << 63, random.Next()};
      for (uint64_t& value : message.header.value) value = values[random.Below(std::size(values))];
      // A sleep or a poll without an end is nobody else's business, and this test's neither.
      if (message.header.op == Op::kPoll || message.header.op == Op::kSleep) {
        message.header.value[0] %= 1000;
      }
      if (message.header.op == Op::kJoin) message.header.value[0] = 0;
      message.header.bytes = static_cast<uint32_t>(random.Below(5) * random.Below(900));
      for (uint32_t byte = 0; byte < message.header.bytes; ++byte) {
        message.data[byte] = static_cast<uint8_t>(random.Next());
      }
      if (random.OneIn(20)) {
        // Shorter than it says.
        send(rogue.socket(), &message, random.Below(sizeof(message.header)) + 1,
             MSG_NOSIGNAL | MSG_DONTWAIT);
        break;
      }
      if (!rogue.Send(message, random.OneIn(4) ? rogue.socket() : -1)) break;
      if (random.OneIn(6)) continue;  // does not wait for an answer
      if (!rogue.Receive()) break;
      // What it is asked to copy is garbage too.
      while (rogue.reply.header.op == Op::kCopyIn || rogue.reply.header.op == Op::kCopyOut) {
        Message copied{};
        copied.header.op = Op::kCopied;
        copied.header.bytes = static_cast<uint32_t>(
            random.OneIn(5) ? 7 : std::min<uint64_t>(rogue.reply.header.value[1], 4096));
        for (uint32_t byte = 0; byte < copied.header.bytes; ++byte) {
          copied.data[byte] = static_cast<uint8_t>(random.Next());
        }
        if (!rogue.Send(copied) || !rogue.Receive()) break;
      }
      if (message.header.op == Op::kOpen && rogue.reply.header.result > 0) {
        handle = static_cast<uint32_t>(rogue.reply.header.result);
      }
    }
  }
  ExpectTransfer(world, 400);
  world.ExpectCleanEnd();
}

TEST(Rogue, CannotNameAnothersDescriptor) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  const auto owner = world.Start("A", {"receive", "1", "3000"});
  ASSERT_TRUE(owner->WaitFor("ready"));
  Rogue rogue(world.socket());
  ASSERT_TRUE(rogue.Greet());
  for (uint32_t handle = 0; handle < 8; ++handle) {
    Message message{};
    message.header.op = Op::kIoctl;
    message.header.handle = (1U << 20) + handle;
    message.header.value[0] = 0x6995;
    ASSERT_TRUE(rogue.Send(message));
    ASSERT_TRUE(rogue.Receive());
    EXPECT_EQ(rogue.reply.header.result, -EBADF);
  }
}

TEST(Rogue, WhoDoesNotAnswerACopyLosesItsChannel) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Rogue rogue(world.socket());
  ASSERT_TRUE(rogue.Greet());
  Message message{};
  message.header.op = Op::kOpen;
  ASSERT_TRUE(rogue.Send(message) && rogue.Receive());
  message.header.op = Op::kIoctl;
  message.header.handle = static_cast<uint32_t>(rogue.reply.header.result);
  message.header.value[0] = 0xc0586997;
  message.header.value[1] = 4096;
  ASSERT_TRUE(rogue.Send(message) && rogue.Receive());
  EXPECT_EQ(rogue.reply.header.op, Op::kCopyIn);
  const auto guest = world.Start("A", {"duplicate"});
  EXPECT_EQ(guest->Wait(), 0) << guest->text();
  pollfd pfd{rogue.socket(), POLLIN, 0};
  EXPECT_EQ(poll(&pfd, 1, 20000), 1);
  EXPECT_FALSE(rogue.Receive());
  world.ExpectCleanEnd();
}

// --- Rogues with call pages
// -----------------------------------------------------------------------

size_t OpenFilesOf(pid_t process) {
  size_t count = 0;
  const std::string folder = "/proc/" + std::to_string(process) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

using sim::remote::CallState;

// One thing that a rogue does to its page, or beside it. False: its channel is closed.
bool Misbehave(Rogue& rogue, Random& random) {
  sim::remote::CallPage* const page = rogue.Page();
  if (page == nullptr) return false;
  const uint32_t states[] = {0, 1, 1, 1, 1, 2, 2, 3, 4, 0xFFFFFFFF};
  switch (random.Below(8)) {
    case 0:
      page->state = static_cast<CallState>(states[random.Below(std::size(states))]);
      return true;
    case 1: {
      // The header as it likes, at any moment.
      uint8_t* const bytes = reinterpret_cast<uint8_t*>(page);
      for (int i = 0; i < 8; ++i) {
        bytes[random.Below(sizeof(*page))] = static_cast<uint8_t>(random.Next());
      }
      return true;
    }
    case 2:
      for (int i = 0; i < 50; ++i) {
        if (!rogue.Look(random.OneIn(10) ? rogue.socket() : -1)) break;
      }
      return true;
    case 3:
      std::this_thread::sleep_for(std::chrono::microseconds(random.Below(300)));
      return true;
    case 4: {
      Message message{};
      const Op ops[] = {Op::kCancel, Op::kCancel, Op::kCancel, Op::kCancel, Op::kClock, Op::kOpen};
      message.header.op = ops[random.Below(std::size(ops))];
      message.header.value[0] = random.Below(20);
      message.header.value[1] = random.Below(3);
      return rogue.Send(message);
    }
    default: {
      const Op ops[] = {Op::kPoll, Op::kPoll, Op::kIoctl, Op::kIoctl, Op::kIoctl};
      const bool other = random.OneIn(60);
      const uint64_t requests[] = {0x6994, 0x6995, 0xc0586997, 0xc03c6992, random.Next()};
      const Op op = other ? static_cast<Op>(random.Below(110)) : ops[random.Below(std::size(ops))];
      const uint64_t value =
          op == Op::kPoll ? random.Below(10) : requests[random.Below(std::size(requests))];
      rogue.Post(op, (1U << 20) + static_cast<uint32_t>(random.Below(3)), value, random.Next(),
                 static_cast<uint32_t>(random.OneIn(60) ? random.Next() : 8 * random.Below(9)));
      // And while the server is at it.
      if (random.OneIn(2)) {
        page->state = static_cast<CallState>(states[random.Below(std::size(states))]);
      }
      return true;
    }
  }
}

TEST(RoguePage, NothingItWritesHarmsTheWorldOrAnHonestProgram) {
  WorldRun world(FourQueues("real", "paravirtual"), {"--quiet"});
  ASSERT_TRUE(world.Up());
  const auto receiver = world.PktGen("B", {"-f", "rx"});
  ASSERT_TRUE(receiver->WaitFor("Receiving from")) << receiver->text();
  const auto sender = world.PktGen("A", {"-f", "tx", "-R", "50000"});
  ASSERT_TRUE(sender->WaitFor("Sending on")) << sender->text();
  Random random(5);
  for (int turn = 0; turn < 80; ++turn) {
    Rogue rogue(world.socket());
    ASSERT_TRUE(rogue.Greet());
    ASSERT_NE(rogue.Page(), nullptr);
    for (int i = 0; i < 60 && Misbehave(rogue, random); ++i) {
      while (recv(rogue.socket(), &rogue.reply, sizeof(rogue.reply), MSG_DONTWAIT) > 0) {
      }
    }
    if (random.OneIn(3)) rogue.Unmap();
  }
  // Both still are what they were, and nobody named them.
  for (Child* const honest : {sender.get(), receiver.get()}) {
    honest->Signal(SIGINT);
    EXPECT_EQ(honest->Wait(), 0) << honest->text();
  }
  EXPECT_NE(receiver->text().find("Received "), std::string::npos) << receiver->text();
  EXPECT_EQ(receiver->text().find("Received 0 "), std::string::npos) << receiver->text();
  ExpectTransfer(world, 400);
  world.ExpectCleanEnd();
  const std::string& log = world.process().text();
  EXPECT_NE(log.find(" sent a call page that cannot be; its channel is closed"), std::string::npos)
      << log;
  EXPECT_EQ(log.find("pkt-gen"), std::string::npos) << log;
}

// By its process, so that whoever runs the world can find it.
TEST(RoguePage, IsNamedInTheLog) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Rogue rogue(world.socket());
  ASSERT_TRUE(rogue.Greet());
  rogue.Post(Op::kMap, 0, 4096, 0);
  EXPECT_TRUE(world.process().WaitFor("program (process " + std::to_string(getpid()) +
                                      ") sent a call page that cannot be"));
  pollfd pfd{rogue.socket(), POLLIN, 0};
  EXPECT_EQ(poll(&pfd, 1, 20000), 1);
  EXPECT_FALSE(rogue.Receive()) << "its channel is closed";
  world.ExpectCleanEnd();
}

TEST(RoguePage, IsNamedIfItChangesItsPageDuringARequest) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  bool closed = false;
  // On a busy machine it may do so before the server has seen the request.
  for (int i = 0; i < 20 && !closed; ++i) {
    Rogue rogue(world.socket());
    ASSERT_TRUE(rogue.Greet());
    rogue.Post(Op::kPoll, 0, 200, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    rogue.Page()->state = CallState::kIdle;
    pollfd pfd{rogue.socket(), POLLIN, 0};
    closed = poll(&pfd, 1, 2000) == 1 && !rogue.Receive();
  }
  EXPECT_TRUE(closed);
  world.ExpectCleanEnd();
  EXPECT_NE(world.process().text().find(" sent changes of its call page during a request"),
            std::string::npos);
}

// Replay: the server kept each of them open.
TEST(RoguePage, DescriptorsSentWithALookAreNotKept) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Rogue rogue(world.socket());
  ASSERT_TRUE(rogue.Greet());
  const size_t before = OpenFilesOf(world.process().pid());
  for (int i = 0; i < 400; ++i) {
    while (!rogue.Look(rogue.socket())) std::this_thread::yield();
  }
  rogue.Post(Op::kPoll, 0, 0, 0);
  ASSERT_TRUE(rogue.Answered(20000));
  for (int i = 0; i < 200 && OpenFilesOf(world.process().pid()) > before + 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_LE(OpenFilesOf(world.process().pid()), before + 2);
  world.ExpectCleanEnd();
}

// Replay: what was sent over the channel for one wait ended the next one, which came by the page.
TEST(RoguePage, ACancellationEndsTheWaitItNamesAndNoOther) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Rogue rogue(world.socket());
  ASSERT_TRUE(rogue.Greet());
  rogue.Post(Op::kPoll, 0, 60000, 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  Message cancel{};
  cancel.header.op = Op::kCancel;
  cancel.header.value[0] = 1;
  ASSERT_TRUE(rogue.Send(cancel));
  EXPECT_FALSE(rogue.Answered(100));
  cancel.header.value[0] = 2;
  ASSERT_TRUE(rogue.Send(cancel));
  ASSERT_TRUE(rogue.Answered(20000));
  EXPECT_EQ(rogue.Page()->header.result, -EINTR);
  world.ExpectCleanEnd();
}

// Its answers are never taken, and it talks over the channel instead; or it dies with a request in
// the page, whether that was seen or not.
TEST(RoguePage, MayLeaveAnswersAndRequestsBehind) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  for (int i = 0; i < 60; ++i) {
    Rogue rogue(world.socket());
    ASSERT_TRUE(rogue.Greet());
    if (i % 3 == 0) {
      rogue.Post(Op::kPoll, 0, 0, 0);
      ASSERT_TRUE(rogue.Answered(20000));
      Message message{};
      message.header.op = Op::kClock;
      ASSERT_TRUE(rogue.Send(message) && rogue.Receive());
    }
    if (i % 3 == 1) rogue.Post(Op::kPoll, 0, UINT64_MAX, 0);
    if (i % 3 == 2) {
      // Without a word: nobody looks, until it is gone.
      rogue.Page()->header.op = Op::kPoll;
      rogue.Page()->state = CallState::kPosted;
    }
    if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  ExpectTransfer(world, 400);
  world.ExpectCleanEnd();
}

// --- Worlds
// ---------------------------------------------------------------------------------------

TEST(World, ASecondOneOfTheSameNameIsRefusedAndTheFirstUndisturbed) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  Child second({Absolute(kWorldProgram), world.folder() + "/w.json", "--folder", world.folder()},
               {});
  EXPECT_NE(second.Wait(), 0);
  EXPECT_NE(second.text().find("another world is running there"), std::string::npos);
  ExpectTransfer(world, 10);
  world.ExpectCleanEnd();
}

TEST(World, TheSocketOfOneThatDiedIsTakenOver) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  const auto guest = world.Start("A", {"receive", "1", "60000"});
  ASSERT_TRUE(guest->WaitFor("ready"));
  world.process().Signal(SIGKILL);
  world.process().Wait();
  EXPECT_NE(guest->Wait(), 0) << "its poll has failed";
  Child second({Absolute(kWorldProgram), world.folder() + "/w.json", "--folder", world.folder()},
               {});
  EXPECT_TRUE(second.WaitFor(" is up")) << second.text();
}

TEST(World, EndsWithItsProgramsStillThere) {
  WorldRun world(RealTime(), {"--quiet"});
  ASSERT_TRUE(world.Up());
  const auto guest = world.Start("A", {"receive", "1", "60000"});
  ASSERT_TRUE(guest->WaitFor("ready"));
  world.ExpectCleanEnd();
  EXPECT_NE(guest->Wait(), 0);
}

TEST(World, SaysWhatIsWrongWithItsFile) {
  const auto complaint = [](const std::string& text) {
    WorldRun world(text);
    EXPECT_EQ(WEXITSTATUS(world.process().Wait()), 1);
    const std::string& said = world.process().text();
    const size_t at = said.find("w.json: ");
    return at == std::string::npos ? said : said.substr(at + 8, said.size() - at - 9);
  };
  EXPECT_EQ(complaint(R"({"hosts": []})"), "world.hosts: must have one at least");
  EXPECT_EQ(complaint(R"({"host": []})"), "world: there is no field \"host\"");
  EXPECT_EQ(complaint(R"({"hosts": [{"name": "A"}], "time": "none"})"),
            "world.time: must be \"real\" or \"virtual\"");
  EXPECT_EQ(complaint(R"({"hosts": [{"name": "A"}, {"name": "A"}]})"),
            "world.hosts[1]: there is a host of that name already");
  EXPECT_EQ(complaint(R"({"hosts": [{"name": "A", "nics": [{"name": "a b"}]}]})"),
            "world.hosts[0].nics[0].name: \"a b\" is no name of 1 to 15 letters and digits");
  EXPECT_EQ(complaint(R"({"hosts": [{"name": "A", "nics": [{"name": "x", "tx_slots": 9}]}]})"),
            "world.hosts[0].nics[0].tx_slots: must be a multiple of 8");
  EXPECT_EQ(complaint(R"({"hosts": [{"name": "A"}], "wires": [{"ends": ["A/x", "A/y"]}]})"),
            "world.wires[0].ends[0]: there is no card \"A/x\"");
  EXPECT_EQ(complaint(R"({"hosts": [{"name": "A"}], "programs": [{"command": []}]})"),
            "world.programs[0].command: must be an array of words");
  EXPECT_NE(complaint("{").find("parse error at line 1"), std::string::npos);
}

}  // namespace
}  // namespace mapwire
