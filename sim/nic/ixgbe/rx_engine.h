// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Receive side of the 82599 model: checks, filters, packet buffer, descriptors, data, completion.
#ifndef SIM_NIC_IXGBE_RX_ENGINE_H_
#define SIM_NIC_IXGBE_RX_ENGINE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "sim/nic/ixgbe/fifo.h"
#include "sim/nic/ixgbe/filters.h"
#include "sim/nic/ixgbe/interrupts.h"
#include "sim/nic/ixgbe/link.h"
#include "sim/nic/ixgbe/offload.h"
#include "sim/nic/ixgbe/options.h"
#include "sim/nic/ixgbe/register_file.h"
#include "sim/nic/ixgbe/ring.h"
#include "sim/nic/ixgbe/statistics.h"
#include "sim/nic/ixgbe/tx_engine.h"
#include "sim/nic/model/dma_port.h"
#include "sim/nic/model/ring_registers.h"

namespace mapwire::sim::nic82599 {

// A frame that passes the checks and filters enters the packet buffer, or is lost if that is full.
// The oldest frame goes to its queue as soon as descriptors are on chip: data writes, then
// write-backs in batches, then the cause. A frame whose queue has no descriptors is dropped
// (SRRCTL.DROP_EN) or waits, and everything behind it waits too. Advanced one-buffer descriptors;
// one packet buffer and one traffic class. A pause frame stops transmit if MFLCN.RFCE says so and
// goes no further if MFLCN.DPF does; with FCCFG.TFCE link flow control on, one is sent when the
// packet buffer fills up to FCRTH, again every FCRTV while it stays above FCRTL, and one that ends
// the pause then. Not modelled: header split, RSC, fragment
// checksums (with RXCSUM.PCSD clear the descriptor's hash field is zero),
// priority flow control.
class RxEngine {
 public:
  RxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma, Interrupts& interrupts,
           Statistics& statistics, Filters& filters, TxEngine& tx, const Link& link,
           const IxgbeOptions& options);

  void Reset();
  void Resume() { Run(); }
  bool Idle() const;  // no frame, no read, no write

  void FrameReceived(FramePointer frame);
  void FlushExpired();
  // Writes back whatever waits for its batch to fill.
  void FlushAll();
  void QueueExpired(uint32_t queue);
  void QuiesceExpired();
  void XoffExpired();
  void DescriptorsDone(uint32_t queue, bool ok);
  void WriteBackDone(uint32_t queue);

 private:
  static constexpr uint32_t kMaxBatch = 16;
  static constexpr uint32_t kMaxFrames = 16384;  // 512 KiB of smallest frames, and some

  struct Queue : DescriptorCache {
    uint32_t writes = 0;  // write-backs under way
    uint32_t buffer_bytes = 0;
    bool drop = false;
    bool strip_vlan = false;
    uint32_t pending = 0;        // write-backs collected
    uint32_t pending_first = 0;  // ring position of the first
    Time pending_since = 0;
    std::array<reg::Descriptor, kMaxBatch> batch;
  };
  struct Held {
    FramePointer frame;
    Classification classification;
    RxChecksums checksums;
    uint32_t room = 0;
    uint32_t done = 0;  // bytes written
    uint16_t vlan = 0;
    bool vlan_stripped = false;
    bool inexact = false;
    bool started = false;
  };
  enum class Verdict : uint8_t { kDone, kWait };

  bool Listening() const;
  bool Good(const Frame& frame, uint32_t wire_bytes);
  bool EndsInMac(const std::vector<uint8_t>& frame);
  void Enter(FramePointer frame);
  void WatchLevel();
  void SendXoff();
  void StripVlan(Held& held);
  void KeepCrc(Frame& frame);

  void Run();
  Verdict Deliver(Held& held);
  bool HasRoom(const Queue& ring, const Held& held) const;
  void WriteFragment(uint32_t queue, Held& held);
  reg::Descriptor WriteBack(const Held& held, uint32_t bytes, bool last) const;
  void Collect(uint32_t queue, uint32_t position, const reg::Descriptor& done);
  void Flush(uint32_t queue);
  void ArmFlush(Time at);
  void CheckDescriptors(uint32_t queue, uint32_t count);

  bool Quiet(const Queue& ring) const {
    return ring.fetching == 0 && ring.writes == 0 && ring.pending == 0;
  }
  void TryEnable(uint32_t queue);
  void LoadSrrctl(uint32_t queue);

  // Rings 64..127 have registers of their own.
  template <typename Low, typename High>
  uint32_t Raw(uint32_t queue) const {
    return SplitQueueRegister<Low, High>::Raw(registers_, queue);
  }
  template <typename Low, typename High>
  void Set(uint32_t queue, uint32_t value) {
    SplitQueueRegister<Low, High>::Set(registers_, queue, value);
  }
  uint32_t ReadRxdctl(uint32_t queue);
  void WriteRxdctl(uint32_t queue, uint32_t value);
  void WriteSrrctl(uint32_t queue, uint32_t value);
  uint32_t ReadRdh(uint32_t queue);
  void WriteRdh(uint32_t queue, uint32_t value);
  void WriteRdt(uint32_t queue, uint32_t value);
  // Of a register that says where a ring is.
  template <typename Low, typename High>
  void WriteGeometry(uint32_t queue, uint32_t value);
  void WriteRscctl(uint32_t queue, uint32_t value);
  bool GoodBuffer(hw::Value<reg::Srrctl> srrctl) const;
  void WriteRxctrl(uint32_t, uint32_t value);
  void CheckReceiving();
  void WriteHlreg0(uint32_t, uint32_t value);
  void WriteMaxfrs(uint32_t, uint32_t value);
  void WriteFccfg(uint32_t, uint32_t value);
  void WriteMflcn(uint32_t, uint32_t value);
  void WriteRdrxctl(uint32_t, uint32_t value);
  void WriteSecrxctrl(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  DmaPort& dma_;
  Interrupts& interrupts_;
  Statistics& statistics_;
  Filters& filters_;
  TxEngine& tx_;
  const Link& link_;
  const IxgbeOptions& options_;

  using Registers = RingRegisters<SplitQueueRegister<reg::Rdbal, reg::Rdbal64To127>,
                                  SplitQueueRegister<reg::Rdbah, reg::Rdbah64To127>,
                                  SplitQueueRegister<reg::Rdlen, reg::Rdlen64To127>,
                                  SplitQueueRegister<reg::Rdh, reg::Rdh64To127>,
                                  SplitQueueRegister<reg::Rdt, reg::Rdt64To127>>;
  Registers ring_registers_;
  std::vector<Queue> queues_;
  Fifo<Held> buffer_{kMaxFrames};
  uint32_t room_taken_ = 0;
  QueueSet fetching_;  // wants descriptors
  QueueSet pending_;   // has write-backs collected
  bool flush_timer_ = false;
  bool xoff_ = false;  // the partner was asked to pause
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_RX_ENGINE_H_
