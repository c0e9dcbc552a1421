// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Receive side of the 82540EM model: checks, filters, packet buffer, descriptors, data, completion.
#ifndef SIM_NIC_E1000_RX_ENGINE_H_
#define SIM_NIC_E1000_RX_ENGINE_H_

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "sim/nic/e1000/filters.h"
#include "sim/nic/e1000/interrupts.h"
#include "sim/nic/e1000/link.h"
#include "sim/nic/e1000/options.h"
#include "sim/nic/e1000/register_file.h"
#include "sim/nic/e1000/ring.h"
#include "sim/nic/e1000/statistics.h"
#include "sim/nic/e1000/tx_engine.h"
#include "sim/nic/model/dma_port.h"
#include "sim/nic/model/ring_registers.h"

namespace mapwire::sim::nic82540 {

// A frame that passes the checks and filters enters the packet buffer, or is lost if that is full.
// The oldest frame goes to memory as soon as descriptors are on chip: data writes, then write-backs
// in batches, then the cause. Without descriptors frames wait. Legacy descriptors; the checksum
// field is filled, verdicts on checksums are not given. A pause frame stops transmit if CTRL.RFCE
// says so and goes no further if RCTL.DPF does; none is ever sent.
//
// When RCTL.EN goes off frames are ignored at once; what is in the packet buffer still goes to
// memory for a while, then what is left of it is lost. How long the part does so is not known.
class RxEngine {
 public:
  RxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma, Interrupts& interrupts,
           Statistics& statistics, TxEngine& tx, const Link& link, const E1000Options& options);

  void Reset();
  void Resume() { Run(); }
  bool Idle() const;

  void FrameReceived(FramePointer frame);
  void FlushExpired() { Flush(); }
  void DelayExpired();
  void AbsoluteExpired() { DelayExpired(); }
  void StopExpired();
  void DescriptorsDone(bool ok);
  void WriteBackDone() { --writes_; }

 private:
  static constexpr uint32_t kMaxBatch = 16;

  struct Held {
    FramePointer frame;
    uint32_t room = 0;
    uint32_t done = 0;  // bytes written
    uint16_t checksum = 0;
    uint16_t vlan = 0;
    bool tagged = false;
    bool inexact = false;
  };

  bool Listening() const;
  bool Good(const Frame& frame, uint32_t wire_bytes);
  bool EndsInMac(const std::vector<uint8_t>& frame);
  void Enter(FramePointer frame, Pass pass);
  void Run();
  bool Deliver(Held& held);
  reg::Descriptor WriteBack(const Held& held, uint64_t address, uint32_t bytes, bool last) const;
  void Collect(uint32_t position, const reg::Descriptor& done);
  void Flush();
  void Announce();
  uint32_t BufferBytes() const;
  void Start();
  void WriteRctl(uint32_t, uint32_t value);
  uint32_t ReadRdh(uint32_t);
  void WriteRdh(uint32_t, uint32_t value);
  void WriteRdt(uint32_t, uint32_t value);
  void WriteRdtr(uint32_t, uint32_t value);
  template <typename R>
  void WriteGeometry(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  DmaPort& dma_;
  Interrupts& interrupts_;
  Statistics& statistics_;
  TxEngine& tx_;
  const Link& link_;
  const E1000Options& options_;

  using Registers =
      RingRegisters<QueueRegister<reg::Rdbal>, QueueRegister<reg::Rdbah>, QueueRegister<reg::Rdlen>,
                    QueueRegister<reg::Rdh>, QueueRegister<reg::Rdt>>;
  Registers ring_registers_;
  DescriptorCache ring_;
  uint32_t buffer_bytes_ = 0;
  std::deque<Held> buffer_;
  uint32_t room_taken_ = 0;
  uint32_t writes_ = 0;
  uint32_t pending_ = 0;        // write-backs collected
  uint32_t pending_first_ = 0;  // ring position of the first
  bool pending_small_ = false;  // a small frame is among them
  std::array<reg::Descriptor, kMaxBatch> batch_;
  bool absolute_runs_ = false;
  bool low_ = false;  // fewer descriptors than RCTL.RDMTS says, and told
};

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_RX_ENGINE_H_
