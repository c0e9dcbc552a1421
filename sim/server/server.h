// The world server: lets real programs, in processes of their own, live in a simulated world.
//
// One thread runs it all: the world, and the channels of the programs. In virtual time a program
// that computes has the baton, and the world stands still until it calls again; so programs with
// one thread each repeat under a seed. In real time the world's clock follows the machine's.
#ifndef SIM_SERVER_SERVER_H_
#define SIM_SERVER_SERVER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine/real_time.h"
#include "sim/file/unix_listener.h"
#include "sim/server/program.h"
#include "sim/world/world.h"

namespace mapwire::sim {

struct ServerOptions {
  std::string socket_path;
  bool virtual_time = false;
  // How long, by the machine's clock, a program may compute while the world waits for it.
  Time patience = 2 * kSecond;
  // Virtual time does not begin before this many programs have come.
  uint32_t wait_for = 1;
  // Gets lines for people.
  std::function<void(const std::string&)> say;
};

// A program that the server starts itself.
struct Command {
  std::string host;
  std::vector<std::string> words;
  // Of the process, as waitpid tells it; valid when it has ended.
  int status = 0;
  bool ended = false;
};

class Server final : private ProgramHost {
 public:
  // Call it before the process has a second thread, and so before there is a world: the server is
  // to get the signals that end it, and nobody else.
  static void TakeSignals();

  // The world has been booted.
  Server(World& world, const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Makes the socket; it appears under its name when it is ready. Empty, or what is wrong.
  [[nodiscard]] std::string Listen();
  // Starts a program with the shim at `shim` and waits until it takes part or has ended. Empty, or
  // what is wrong.
  [[nodiscard]] std::string Launch(Command& command, const std::string& shim);
  // Until Stop, a signal, or all launched programs have ended.
  void Run();
  // From anywhere, a signal handler included.
  void Stop() { stopping_ = true; }
  // Ends the programs that still are there. The world can be shut down then.
  void Close();

  uint64_t programs_served() const;

 private:
  // An open descriptor; found by the server's end of it.
  struct Descriptor {
    ino_t inode;  // of the program's end
    Host* host;
    Process::File file;
  };
  // Closes files that nobody holds any more, on a thread of their host.
  struct Closer {
    Thread* thread = nullptr;
    std::vector<Process::File> files;
  };

  bool virtual_time() const override { return options_.virtual_time; }
  bool stopping() const override { return stopping_; }
  Time RealTime() const override { return clock_.Now(); }
  void Say(const std::string& text) override;
  bool WaitReadable(int socket) override;
  int NewDescriptor(Host& host, Process::File file) override;
  Process::File FindDescriptor(Host& host, int descriptor) override;
  int64_t NewThread(Program& parent, int channel) override;
  bool ThreadLives(uint64_t number) override;
  void Settle(const Program& program, bool leaves) override;
  void Left(Program& program) override;

  // Waits up to `ns` (-1: for ever) for sockets and signals, and serves them.
  void Serve(int64_t ns);
  void Accept();
  void GreetGuest(int channel, pid_t pid);
  void CollectHangups();
  void DescriptorGone(int end);
  void HandleSignals();
  void ReapChild(int pidfd);
  Program* Place(Host& host, const std::string& name);
  void Watch(int fd);
  void RunReal();
  bool LookAtPages();
  void SetSleeps(bool sleeps);
  void RunVirtual();
  bool all_launched_ended() const;
  uint32_t present() const;

  World& world_;
  const ServerOptions options_;
  RealTimeClock clock_;
  UnixListener listener_;
  int epoll_ = -1;
  int signals_ = -1;
  int hangups_ = -1;  // an epoll of the descriptors' ends
  volatile bool stopping_ = false;
  bool begun_ = false;        // virtual time runs
  bool running_ = false;      // real time runs
  int64_t last_call_ns_ = 0;  // when a call page last had a request, by the machine's clock
  uint64_t last_number_ = 0;
  uint32_t next_cpu_ = 0;
  std::map<int, pid_t> guests_;  // connections that have not said who they are
  std::vector<std::unique_ptr<Program>> programs_;
  std::map<int, Program*> by_channel_;
  std::map<int, Descriptor> descriptors_;
  std::map<Host*, Closer> closers_;
  struct Child {
    pid_t pid;
    int pidfd;
    Command* command;
  };
  std::vector<Child> children_;
};

}  // namespace mapwire::sim

#endif  // SIM_SERVER_SERVER_H_
