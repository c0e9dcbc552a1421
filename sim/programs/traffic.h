// A sender and a receiver: ordinary netmap programs, as one would write them for the real thing.
//
// They use <net/netmap_user.h> and the usual system calls, and know nothing of a simulation; linked
// with sim/posix they run in a world.
#ifndef SIM_PROGRAMS_TRAFFIC_H_
#define SIM_PROGRAMS_TRAFFIC_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace mapwire::sim {

struct SenderOptions {
  std::string port = "netmap:eth0-0/T";  // ring 0, transmit only
  uint64_t frames = 0;
  uint32_t batch = 256;  // frames per system call
  // Fills a buffer with frame `i` and returns its length; at most `room` bytes.
  std::function<size_t(uint64_t i, uint8_t* buffer, size_t room)> fill;
};

struct SenderResult {
  uint64_t sent = 0;
  uint64_t syscalls = 0;
  std::string error;
};

// Sends all frames and waits until the card has taken them.
void RunSender(const SenderOptions& options, SenderResult& result);

struct ReceiverOptions {
  std::string port = "netmap:eth0-0/R";
  uint64_t frames = 0;   // stop after so many; 0: never
  int idle_ms = 20;      // stop when nothing comes for so long, after the first frame
  int first_ms = 10000;  // or when the first one does not come at all
  // Called for each frame, in order of arrival in each ring.
  std::function<void(std::span<const uint8_t> frame)> deliver;
  // Called when the rings are open: frames sent from now on are received.
  std::function<void()> ready;
};

struct ReceiverResult {
  uint64_t received = 0;
  uint64_t syscalls = 0;
  std::string error;
};

void RunReceiver(const ReceiverOptions& options, ReceiverResult& result);

}  // namespace mapwire::sim

#endif  // SIM_PROGRAMS_TRAFFIC_H_
