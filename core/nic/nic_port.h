// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A NIC as a port: one ring pair per hardware queue pair. Binding a ring starts its queue, the last
// unbind stops it; other queues and the link notice nothing. With a host's stack attached, the
// queues that no program has are the host's.
#ifndef CORE_NIC_NIC_PORT_H_
#define CORE_NIC_NIC_PORT_H_

#include <atomic>
#include <cstdint>

#include "core/nic/driver.h"
#include "core/nic/host_client.h"
#include "core/nic/queue.h"
#include "core/port/host_rings.h"
#include "core/port/port.h"

namespace mapwire::nic {

struct NicPortConfig {
  DriverConfig driver;
};

// Of one port, since it was made. What each fault looks like: docs/nic-faults.md.
struct NicCounters {
  uint64_t interrupts = 0;
  uint64_t link_changes = 0;        // link interrupts
  uint64_t tx_hangs = 0;            // queues that held frames and made no progress
  uint64_t rx_stalls = 0;           // queues that can hand over no frame any more
  uint64_t lost_interrupts = 0;     // somebody was armed, something had come, nothing told of it
  uint64_t spontaneous_resets = 0;  // the device was found without what Start had told it
  uint64_t removals = 0;            // the device was found to read as all ones
  uint64_t resets = 0;              // of the device, by us, because it was in trouble
  uint64_t failed_resets = 0;       // it did not come back, and the port was killed
  uint64_t tx_lost = 0;  // slots given to the device whose end nobody knows: a reset came
  uint64_t rx_lost = 0;  // slots of received frames that a reset cut off
  uint64_t queue_stop_timeouts = 0;  // hardware queues that would not stop, so a reset was needed
  uint64_t isolations = 0;           // devices that would not become quiet and were cut off
  uint64_t quarantined_queues = 0;  // whose memory is kept: such a device, and no way to cut it off
  uint64_t host_starts_failed = 0;  // a queue could not be started for the host; tried again
};

class NicPort final : public port::Port {
 public:
  // Touches no register. Driver, loop and DMA space outlive the port. With a stack the port has
  // host rings, and the host may open the device. kInvalid (the configuration is not possible for
  // the device; the log says which part), kNoMemory.
  static Result<NicPort*> Create(platform::Environment& environment, const char* name,
                                 memory::Region& region, NicDriver& driver, const RingLoop& loop,
                                 platform::Mmio mmio, platform::DmaSpace& dma,
                                 const NicPortConfig& config, platform::HostStack* stack = nullptr);
  // Nobody may have the port bound, and Stop must have been called if Start was.
  static void Destroy(platform::Environment& environment, NicPort* port);

  NicPort(platform::Environment& environment, const char* name, memory::Region& region,
          NicDriver& driver, const RingLoop& loop, platform::Mmio mmio, platform::DmaSpace& dma,
          const NicPortConfig& config);

  // Brings the device up; HandleInterrupt may be called from the beginning of this call until the
  // end of Stop. Errors of NicDriver::Start.
  Status Start();
  // Memory kept from a device that would not become
  // quiet is given back if it is quiet now.
  void Stop();
  // Control path, under the control mutex, now and then: every half second, say, and at least 100
  // ms apart, for no progress between two calls is what it looks for. Recognises a device that
  // hangs, stalls, forgot, lost an interrupt or is gone, counts and logs it, and resets the device,
  // wakes who waits, or kills the port. Quick while all is well: two or four register reads; at
  // each sixteenth call the device's counters are read, so that none overflows.
  void Watchdog() override;
  // Control path, under the control mutex. What the device counted since the port was made.
  const DriverStatistics& ReadStatistics();
  // Control path, under the control mutex. Resets the device and starts every queue in use from
  // where its ring stands; other ports notice nothing. Frames the device had not finished are lost
  // and their slots come back (tx_lost); what was received is kept. Bounded. If the device does
  // not come back, the port is killed and the device's error returned.
  Status Reset(const char* reason);
  // Control path, under the control mutex. What comes in from now on, and after a reset. No queue
  // stops, and the link notices nothing. kInvalid (not groups, or too many), kNotSupported (the
  // device takes everything), kNoDevice.
  Status SetReceiveFilter(const ReceiveFilter& filter);
  // Control path, under the control mutex. The longest frame to accept, and to take of the host,
  // without CRC and VLAN tag. If it is another one, the device is reset as above. kInvalid: nothing
  // has changed; kNoDevice; errors of Reset.
  Status SetMaxFrame(uint32_t bytes);
  // Control path, under the control mutex. The device is about to lose its power: afterwards it
  // reaches no memory, nothing of it is read or written, and no interrupt is looked at. Rings keep
  // their places, and syncs are skipped; a ring cannot be opened (kBusy). Errors as of Reset.
  Status Suspend();
  // As Reset, of a device that has its power back and may have forgotten everything. Whoever waits
  // is woken. kOk if it was not asleep.
  Status Resume();
  // Interrupt context: vector `vector` fired. Wakes who waits, moves no slot. False if the device
  // had nothing to tell: on a shared line the interrupt was somebody else's.
  bool HandleInterrupt(uint16_t vector);

  // The host opens the device: it has the queues that no program has, and gets those that programs
  // leave. Control path, under the control mutex. kNoMemory, kInvalid, kNoDevice (the device is
  // gone), kBusy (it is asleep); errors of starting a queue. The watchdog tries again what fails
  // later.
  Status OpenHost();
  // No SendFromHost or PollForHost is under way or comes. What was on its way is lost.
  void CloseHost();
  // Data path; see HostClient. What a program's queue keeps from the card is for its host ring, if
  // there is one: queue k of n for ring k modulo n.
  HostSend SendFromHost(uint16_t queue, platform::HostFrame& frame, bool more);
  // Hands at most `budget` frames to the stack. Returns how many: fewer, and the caller has to call
  // ArmForHost once it is ready to be called again.
  uint32_t PollForHost(uint16_t queue, uint32_t budget) { return host_->Poll(queue, budget); }
  void ArmForHost(uint16_t queue);
  // Null without a stack.
  const HostClient* host() const { return host_; }
  const port::HostRings* host_side() const { return host_side_; }

  const DriverConfig& config() const { return config_.driver; }
  bool carrier() const { return carrier_.load(std::memory_order_relaxed); }
  NicDriver& driver() { return driver_; }
  const NicCounters& counters() const { return counters_; }

  void KillOthers() override;
  bool supports_offsets() const override { return true; }
  Status CheckBuffers(uint32_t buffer_bytes) const override;
  ring::SyncResult SyncForwarding(ring::Ring& ring, port::Forward& forward) override;
  void Arm(ring::Ring& ring) override;
  void Abandon() override;
  void Delete() override { Destroy(environment_, this); }

 private:
  // What the last call of Watchdog saw of a queue.
  struct Watch {
    bool valid = false;
    bool gap = false;
    bool untold = false;  // and somebody was armed
    uint32_t told = 0;
    uint32_t position = 0;
    uint32_t held = 0;
    uint64_t finished = 0;
  };
  // What a started queue holds, per direction.
  struct Queue {
    NicQueue* queue = nullptr;
    platform::CoherentMemory descriptors;
    platform::CoherentMemory write_back;  // transmit only
    uint32_t* buffers = nullptr;          // room for as many indices as slots, for a quarantine
    uint32_t kept_buffers = 0;            // indices in it: the queue is in quarantine
    Watch watch;
  };
  // Who was told what, per queue pair: armed as often as Arm says, told as of then.
  struct Waiters {
    std::atomic<uint32_t> armed{0};
    std::atomic<uint32_t> told{0};
  };
  // Keeps the buffers of queues in quarantine from being handed out.
  class Quarantine final : public memory::BufferHolder {
   public:
    explicit Quarantine(NicPort& port) : port_(port) {}
    void MarkNamed(const memory::Region& region, memory::Bitmap& marks) override;

   private:
    NicPort& port_;
  };

  Status Open() override;
  void Close() override;
  void TakeFromHost(ring::Direction direction, uint16_t i);
  void GiveToHost(ring::Direction direction, uint16_t i);
  Status AttachHost(platform::HostStack& stack);
  Status StartForHost(ring::Ring& ring);
  void GiveAllToHost();
  Status StartRing(ring::Ring& ring) override;
  void StopRing(ring::Ring& ring) override;
  Status StartQueue(ring::Ring& ring, Queue& queue);
  Status AllocateQueue(const ring::Ring& ring, Queue& queue);
  Status StartHardware(ring::Ring& ring, const Queue& queue, uint32_t* tail_offset);
  uint32_t RxBufferBytes(const ring::Ring& ring) const;
  void StopHardware(ring::Ring& ring);
  void FreeQueue(ring::Ring& ring, Queue& queue);
  void FreeMemory(ring::Direction direction, Queue& queue);
  void Keep(ring::Ring& ring, Queue& queue);
  void ReleaseKept();
  template <typename Visitor>
  void ForEachRing(Visitor&& visit);
  template <typename Visitor>
  void ForEachHostRing(Visitor&& visit);
  void SettleQueues();
  Status Restart();
  Status RestartQueue(ring::Ring& ring);
  Status StartAnew(bool in_trouble);
  Status LayDown();
  Status GetUp();
  uint32_t LongestOfHost() const;
  Status Silence();
  Status GiveUp(Status why, const char* reason);
  bool Fruitless();
  bool WatchDevice();
  void WatchLink();
  const char* WatchQueue(ring::Ring& ring);
  const char* JudgeQueue(ring::Ring& ring, const Watch& before, const QueueLook& look);
  void WatchWaiters(ring::Ring& ring, const Watch& before);
  void Tell(uint16_t queue);
  // The hardware queue of a direction and number is that of the program's ring or of the host's.
  bool OfHost(const ring::Ring& ring) const { return host_ != nullptr && host_->Has(ring); }
  Queue& QueueOf(const ring::Ring& ring) {
    return queues_[OfHost(ring) ? 1 : 0][static_cast<uint32_t>(ring.direction())][ring.id()];
  }
  bool InUse(ring::Direction direction, uint16_t i) {
    return ring(direction, i).state() != ring::RingState::kOff;
  }
  uint64_t DescriptorBytes(ring::Direction direction) const {
    return uint64_t{slots(direction)} * loop_.descriptor_bytes;
  }
  uint64_t QueueMask(port::Direction direction) const;
  void NotifyQueues(port::Direction direction, uint64_t mask);
  void WakeHost(uint64_t mask);
  void UpdateCarrier();
  void LinkChanged();
  void DeviceGone();

  NicDriver& driver_;
  const RingLoop& loop_;
  const platform::Mmio mmio_;
  platform::DmaSpace& dma_;
  NicPortConfig config_;
  memory::DmaMap* dma_map_ = nullptr;
  HostClient* host_ = nullptr;
  port::HostRings* host_side_ = nullptr;
  Queue* queues_[2][2] = {};  // of programs, then of the host; by direction
  Waiters* waiters_ = nullptr;
  std::atomic<bool> carrier_{false};
  NicCounters counters_;
  bool started_ = false;
  std::atomic<bool> asleep_{false};
  bool abandoned_ = false;  // driver, registers and DMA space are not there any more
  // The device would not become quiet, and was cut off from memory for good; or could not be, and
  // may still reach it.
  bool isolated_ = false;
  bool loose_ = false;
  uint64_t watched_link_changes_ = 0;
  uint64_t finished_at_reset_ = 0;  // slots of all rings
  uint32_t fruitless_resets_ = 0;   // in a row, with nothing finished in between
  uint32_t quiet_calls_ = 0;        // of Watchdog, since the last reset
  uint32_t calls_ = 0;              // of Watchdog, on a device that is well
  DriverStatistics statistics_;
  Quarantine quarantine_{*this};
  memory::Region* kept_region_ = nullptr;  // the quarantine holds buffers of it
  bool kept_open_ = false;                 // and the last user of the port has gone
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_NIC_PORT_H_
