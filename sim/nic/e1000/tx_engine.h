// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Transmit side of the 82540EM model: descriptors, frame data, packet buffer, MAC, completion.
#ifndef SIM_NIC_E1000_TX_ENGINE_H_
#define SIM_NIC_E1000_TX_ENGINE_H_

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "sim/nic/e1000/interrupts.h"
#include "sim/nic/e1000/link.h"
#include "sim/nic/e1000/options.h"
#include "sim/nic/e1000/register_file.h"
#include "sim/nic/e1000/ring.h"
#include "sim/nic/e1000/statistics.h"
#include "sim/nic/model/dma_port.h"
#include "sim/nic/model/ring_registers.h"

namespace mapwire::sim::nic82540 {

// A frame's life: its first descriptor opens it, each descriptor takes room in the packet buffer
// and starts a data read, the EOP descriptor closes it; when it is the oldest and all its data is
// there it completes (head moves, DD where a report was asked for, cause) and goes to the MAC,
// which puts it on the line. Legacy descriptors only; no offloads, no VLAN insertion, PTHRESH and
// HTHRESH decide nothing. With the link down the engine stops fetching and keeps what it has.
class TxEngine {
 public:
  TxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma, Interrupts& interrupts,
           Statistics& statistics, const Link& link, const E1000Options& options);

  void Reset();
  // Something that held the engine is over: the link, buffer space, a stop.
  void Resume();
  bool Idle() const;

  // The partner asks for silence, for so many times 512 bits; 0: no more.
  void Pause(uint32_t quanta);
  void MacExpired();
  void FlushExpired() { Flush(); }
  void DelayExpired() { interrupts_.Cause(reg::Icr::Txdw::kMask); }
  void AbsoluteExpired();
  void StopExpired();
  void DescriptorsDone(bool ok);
  void DataDone(uint32_t number, bool ok);
  void WriteBackDone() { --writes_; }

 private:
  struct Packet {
    FramePointer frame;
    uint32_t reads = 0;
    uint32_t end = 0;  // ring position behind it
    bool closed = false;
    bool failed = false;  // a data read was refused
    bool dead = false;    // of a ring that is gone
    bool delayed = true;  // all its reports ask for a delayed interrupt
    std::vector<std::pair<uint32_t, uint64_t>> reports;  // position and second word
  };

  bool Running() const;
  uint32_t BufferBytes() const;
  void Run();
  bool TakeDescriptor();
  const char* Fault(const reg::Descriptor& descriptor) const;
  void Break(const char* why);
  void Abandon();
  void Drain();
  void Complete(Packet& packet);
  void Flush();
  void PumpMac();
  void Send(FramePointer frame);
  void Stop();
  void Start();
  void WriteTctl(uint32_t, uint32_t value);
  uint32_t ReadTdh(uint32_t);
  void WriteTdh(uint32_t, uint32_t value);
  void WriteTdt(uint32_t, uint32_t value);
  template <typename R>
  void WriteGeometry(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  DmaPort& dma_;
  Interrupts& interrupts_;
  Statistics& statistics_;
  const Link& link_;
  const E1000Options& options_;

  using Registers =
      RingRegisters<QueueRegister<reg::Tdbal>, QueueRegister<reg::Tdbah>, QueueRegister<reg::Tdlen>,
                    QueueRegister<reg::Tdh>, QueueRegister<reg::Tdt>>;
  Registers ring_registers_;
  DescriptorCache ring_;
  std::deque<Packet> packets_;  // oldest first
  uint32_t first_number_ = 0;   // of packets_.front()
  std::deque<FramePointer> mac_;
  std::vector<std::pair<uint32_t, uint64_t>> pending_;  // reports not written back
  bool pending_delayed_ = true;
  bool absolute_runs_ = false;
  uint32_t writes_ = 0;
  uint32_t reads_ = 0;
  uint32_t room_taken_ = 0;
  Time mac_next_ = 0;  // earliest start of the next frame
  Time paused_until_ = 0;
  bool mac_timer_ = false;
};

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_TX_ENGINE_H_
