// What an operating system's network stack does with the queues of one NIC, without protocols and
// without threads: frames go in and come out whole, and whoever owns it says when the device is
// polled.
//
// As in Linux: each queue has a line of frames that wait for the device. The line stands while the
// device has no room, and while it has more bytes than a limit (Linux: byte queue limits), so that
// whatever the device does not tell of stops the traffic.
#ifndef SIM_HOST_PLAIN_STACK_H_
#define SIM_HOST_PLAIN_STACK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/nic/nic_port.h"
#include "sim/platform/host/host_frames.h"

namespace mapwire::sim {

struct StackCounters {
  uint64_t sent = 0;      // taken by the device
  uint64_t received = 0;  // given to on_receive
  uint64_t polls = 0;
  // Dropped: a program has the queue; the device would not have it, or is gone; closed meanwhile.
  uint64_t program_has_queue = 0;
  uint64_t kept = 0;  // for a host ring; not dropped
  uint64_t refused = 0;
  uint64_t closed = 0;
};

class PlainStack : public HostFrames {
 public:
  // `name` is that of the device.
  explicit PlainStack(std::string name) : name_(std::move(name)) {}
  PlainStack(const PlainStack&) = delete;
  PlainStack& operator=(const PlainStack&) = delete;

  // The port it is attached to from now on; its queues.
  void SetPort(nic::NicPort& port);

  // Frames are taken from now on, or no longer; the port's own side of it is the caller's business.
  void set_open(bool open) { open_ = open; }
  bool open() const { return open_; }
  // Sends a frame by queue `queue`, now or as soon as there is room.
  void Send(uint16_t queue, std::vector<uint8_t> bytes);
  // True if the device, or core, has asked for a poll since the last one began.
  bool scheduled(uint16_t queue) const { return queues_[queue]->scheduled; }
  // One poll, until nothing is left to do; the queue is armed then.
  void Poll(uint16_t queue);
  // Drops what waits.
  void Forget();

  // Called for each frame, inside Poll.
  std::function<void(uint16_t queue, const std::vector<uint8_t>& bytes)> on_receive;
  // Bytes the device may have before the line stands; a frame that begins below it is sent.
  uint64_t byte_limit = 16 * 1024;
  const StackCounters& counters() const { return counters_; }
  // Frames that wait for the device.
  size_t waiting(uint16_t queue) const { return queues_[queue]->line.size(); }
  // Bytes the device has.
  uint64_t outstanding(uint16_t queue) const { return queues_[queue]->outstanding; }

  // --- For core ----------------------------------------------------------------------------------
  void Receive(uint16_t queue, platform::HostFrame* frame) override;
  bool Taken(uint16_t queue, uint32_t bytes) override;
  void Schedule(uint16_t queue) override;
  void Sent(uint16_t queue, uint32_t bytes, bool room) override;

 protected:
  ~PlainStack() = default;

  // A poll is asked for.
  virtual void Wake(uint16_t queue) = 0;
  // Between the parts of a poll, in the thread that polls.
  virtual void Pause() {}
  // Somebody is sending frames of the line.
  bool running(uint16_t queue) const { return queues_[queue]->running; }
  nic::NicPort& port() { return *port_; }
  const std::string& name() const { return name_; }
  uint16_t queues() const { return static_cast<uint16_t>(queues_.size()); }

 private:
  struct Queue {
    std::deque<std::unique_ptr<platform::HostFrame>> line;
    std::deque<std::unique_ptr<platform::HostFrame>> received;
    bool running = false;      // somebody empties the line
    bool stopped = false;      // until Sent says that there is room
    bool scheduled = false;    // the poller is to look
    uint64_t outstanding = 0;  // bytes the device has
  };

  bool Stands(const Queue& queue) const { return queue.stopped || queue.outstanding >= byte_limit; }
  void Run(uint16_t queue);
  bool Offer(uint16_t queue, std::unique_ptr<platform::HostFrame>& frame, bool more);
  void DeliverReceived(uint16_t queue);

  const std::string name_;
  nic::NicPort* port_ = nullptr;
  std::vector<std::unique_ptr<Queue>> queues_;
  bool open_ = false;
  StackCounters counters_;
};

}  // namespace mapwire::sim

#endif  // SIM_HOST_PLAIN_STACK_H_
