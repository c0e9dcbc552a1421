// The network stack of a simulated host above one NIC: what the operating system does with a
// device, without protocols. Frames go in and come out whole.
//
// As in Linux: each queue has a line of frames that wait for the device, and a thread that polls it
// when the device has called.
#ifndef SIM_HOST_STACK_H_
#define SIM_HOST_STACK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/nic/nic_port.h"
#include "core/platform/host_stack.h"
#include "sim/host/cpu.h"

namespace mapwire::platform {

// A frame of a simulated host.
struct HostFrame {
  std::vector<uint8_t> bytes;
};

}  // namespace mapwire::platform

namespace mapwire::sim {

class Host;

struct NetStackCounters {
  uint64_t sent = 0;      // taken by the device
  uint64_t received = 0;  // given to on_receive
  uint64_t polls = 0;
  // Dropped: a program has the queue; the device would not have it, or is gone; closed meanwhile.
  uint64_t program_has_queue = 0;
  uint64_t kept = 0;  // for a host ring; not dropped
  uint64_t refused = 0;
  uint64_t closed = 0;
};

class NetStack final : public platform::HostStack {
 public:
  // `name` is that of the device.
  NetStack(Host& host, std::string name) : host_(host), name_(std::move(name)) {}
  NetStack(const NetStack&) = delete;
  NetStack& operator=(const NetStack&) = delete;

  // The port it is attached to from now on; its queues.
  void SetPort(nic::NicPort& port);

  // --- From a thread of the host -----------------------------------------------------------------
  // As `ip link set up` and `down`.
  Status Open();
  void Close();
  bool open() const { return open_; }
  // Sends a frame by queue `queue`, now or as soon as there is room.
  void Send(uint16_t queue, std::vector<uint8_t> bytes);

  // Called for each frame, from a thread of the host.
  std::function<void(uint16_t queue, const std::vector<uint8_t>& bytes)> on_receive;
  const NetStackCounters& counters() const { return counters_; }
  // Frames that wait for the device.
  size_t waiting(uint16_t queue) const { return queues_[queue]->line.size(); }

  // --- For core
  // ---------------------------------------------------------------------------------
  platform::HostFrame* NewFrame(uint16_t queue, uint32_t bytes) override;
  void Append(platform::HostFrame& frame, const void* from, uint32_t bytes) override;
  void Receive(uint16_t queue, platform::HostFrame* frame) override;
  uint32_t Length(const platform::HostFrame& frame) override;
  void Copy(const platform::HostFrame& frame, uint32_t offset, void* to, uint32_t bytes) override;
  bool Taken(uint16_t queue, uint32_t bytes) override;
  void Keep(uint16_t host_ring, platform::HostFrame& frame) override;
  uint32_t Kept(uint16_t host_ring) override;
  platform::HostFrame* Next(uint16_t host_ring) override;
  void Free(platform::HostFrame& frame) override { delete &frame; }
  void Schedule(uint16_t queue) override;
  void Sent(uint16_t queue, uint32_t bytes, bool room) override;

 private:
  struct Queue {
    std::deque<std::unique_ptr<platform::HostFrame>> line;
    std::deque<std::unique_ptr<platform::HostFrame>> received;
    bool running = false;      // somebody empties the line
    bool stopped = false;      // until Sent says that there is room
    bool scheduled = false;    // the poller is to look
    uint64_t outstanding = 0;  // bytes the device has
    std::unique_ptr<Thread> poller;
  };

  void Run(uint16_t queue);
  bool Offer(uint16_t queue, std::unique_ptr<platform::HostFrame>& frame, bool more);
  void PollLoop(uint16_t queue);
  void DeliverReceived(uint16_t queue);

  Host& host_;
  const std::string name_;
  nic::NicPort* port_ = nullptr;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::deque<std::unique_ptr<platform::HostFrame>> kept_[port::HostRings::kMax];
  bool open_ = false;
  bool closing_ = false;
  NetStackCounters counters_;
};

}  // namespace mapwire::sim

#endif  // SIM_HOST_STACK_H_
