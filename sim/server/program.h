// One thread of a real program, as the world sees it: a thread of a simulated host whose code runs
// in another process and asks for its system calls over a channel (sim/shim/protocol.h).
#ifndef SIM_SERVER_PROGRAM_H_
#define SIM_SERVER_PROGRAM_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/host/process.h"
#include "sim/server/call_page.h"
#include "sim/shim/protocol.h"

namespace mapwire::sim {

class Program;
class World;

// What a program needs of the server.
class ProgramHost {
 public:
  virtual bool virtual_time() const = 0;
  virtual bool stopping() const = 0;
  // In real time: what the world's clock would be if it did not lag behind.
  virtual Time RealTime() const = 0;
  // For the log.
  virtual void Say(const std::string& text) = 0;
  // Waits, with the world standing still, until `socket` can be read. False: not in the time that a
  // program may hold the world up, or the server is to stop.
  virtual bool WaitReadable(int socket) = 0;
  // A new descriptor for `file`: the program's end (which becomes the caller's), or -errno.
  virtual int NewDescriptor(Host& host, Process::File file) = 0;
  // The file that a descriptor shown by a program stands for; null if it is none.
  virtual Process::File FindDescriptor(Host& host, int descriptor) = 0;
  // A channel for a thread that `parent` is about to start; becomes the host's. Its number or
  // -errno.
  virtual int64_t NewThread(Program& parent, int channel) = 0;
  virtual bool ThreadLives(uint64_t number) = 0;
  // The program has called, or it is gone: what it closed before is to be closed by now.
  virtual void Settle(const Program& program, bool leaves) = 0;
  // Its channel is no more listened to.
  virtual void Left(Program& program) = 0;

 protected:
  ~ProgramHost() = default;
};

// How far the world's clock may lag behind the machine's, in real time, without consequences.
inline constexpr Time kLongestLag = kMillisecond / 2;

// A place for programs of one name on one host, taken by one after the other.
class Program final : private platform::UserMemory {
 public:
  Program(ProgramHost& server, World& world, Host& host, const std::string& name, uint32_t cpu);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // --- For the server, outside of the world's threads -------------------------------------------
  bool free() const { return channel_ < 0; }
  // Gives it a channel, which becomes its own. `greeted`: the server has read kHello already.
  void Take(int channel, pid_t pid, uint64_t number, bool greeted);
  // The channel can be read, or has hung up.
  void Readable();
  // Sees to a request in the call page: whether there was one.
  bool LookAtPage();
  // Whether requests in the call page must be announced from now on.
  void SetServerSleeps(bool sleeps) { page_.SetServerSleeps(sleeps); }
  void Stop();
  // `file` has no descriptor any more.
  void Forget(const Process::File& file);

  int channel() const { return channel_; }
  bool finished() const { return process_.finished(); }
  pid_t pid() const { return pid_; }
  uint64_t number() const { return number_; }
  Host& host() { return process_.host(); }
  const std::string& name() const { return process_.name(); }
  // Programs that came and went.
  uint64_t served() const { return served_; }

 private:
  enum class State : uint8_t { kComputing, kInCall, kCopying };

  void Body();
  void Serve();
  // The next message of the program; false: it is gone.
  bool Receive();
  bool ReceiveHere();
  bool ReceivePage();
  bool Handle();
  bool Greet();
  void Reply(int64_t result, int descriptor = -1, const void* data = nullptr, size_t bytes = 0);
  void Refuse(const char* what);
  void Leave();

  void Open();
  int64_t Attach();
  bool Poll();
  int64_t Join(uint64_t number);
  bool FindInterface(remote::Interface& interface);

  Status CopyIn(void* to, UserAddress from, size_t bytes) override;
  Status CopyOut(UserAddress to, const void* from, size_t bytes) override;
  Status Copied();

  ProgramHost& server_;
  Process& process_;
  int channel_ = -1;
  pid_t pid_ = 0;
  uint64_t number_ = 0;
  bool greeted_ = false;
  State state_ = State::kComputing;
  bool cancelled_ = false;  // the call under way
  uint64_t wait_ = 0;       // its name, which a cancellation gives
  bool gone_ = false;
  ServerCallPage page_;
  bool paged_ = false;    // the request under way came by the page
  bool orphans_ = false;  // some file lost its descriptor during a call
  int descriptor_ = -1;   // that came with the message
  remote::Message message_;
  uint64_t served_ = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_SERVER_PROGRAM_H_
