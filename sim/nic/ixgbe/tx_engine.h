// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Transmit side of the 82599 model: descriptors, packet data, packet buffer, MAC, completion.
#ifndef SIM_NIC_IXGBE_TX_ENGINE_H_
#define SIM_NIC_IXGBE_TX_ENGINE_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/nic/ixgbe/fifo.h"
#include "sim/nic/ixgbe/interrupts.h"
#include "sim/nic/ixgbe/link.h"
#include "sim/nic/ixgbe/offload.h"
#include "sim/nic/ixgbe/options.h"
#include "sim/nic/ixgbe/register_file.h"
#include "sim/nic/ixgbe/ring.h"
#include "sim/nic/ixgbe/statistics.h"
#include "sim/nic/model/dma_port.h"
#include "sim/nic/model/ring_registers.h"

namespace mapwire::sim::nic82599 {

// A packet's life: its first descriptor opens it (room in the packet buffer is taken, data reads
// start), its EOP descriptor closes it into the order of packets; when it is the oldest and all its
// data is there it completes (head moves, write-back, cause) and goes to the MAC, which puts it on
// the line. Advanced descriptors; a context descriptor is kept by its queue for the packets behind
// it, checksums and tags are put in on the way to the MAC. A packet to be segmented is gathered
// outside the packet buffer and goes in segment by segment, as there is room. Not modelled: IPsec,
// LinkSec, FCoE and time stamps (a packet that asks for one hangs its queue), legacy descriptors.
// One packet buffer and one traffic class; PTHRESH and HTHRESH decide nothing.
//  With the link down the engine stops fetching and keeps what it has.
class TxEngine {
 public:
  TxEngine(DeviceWorld& world, RegisterFile& registers, DmaPort& dma, Interrupts& interrupts,
           Statistics& statistics, const Link& link, const IxgbeOptions& options);

  void Reset();
  // Something that held the engine is over: link, master disable, buffer space.
  void Resume();
  bool Idle() const;  // nothing on chip: no packet, no read, no write

  // The partner asks for silence, for so many times 512 bits; 0: no more.
  void Pause(uint32_t quanta);
  // Asks the partner for the same, ahead of all frames and even while paused. Needs the link up.
  // False: not sent, because the line is taken too far ahead (by pause frames, that is).
  bool SendPause(uint32_t quanta);
  void MacExpired();
  void FlushExpired();
  // The next frame that has come round in loopback; none if the time has not come yet.
  FramePointer LoopbackExpired();
  // Writes back whatever waits for WTHRESH.
  void FlushAll();
  void QueueExpired(uint32_t queue);
  void DescriptorsDone(uint32_t queue, bool ok);
  void DataDone(uint32_t slot, bool ok);
  void WriteBackDone(uint32_t queue);

 private:
  static constexpr uint32_t kSlots = 256;
  static constexpr uint32_t kMacFrames = 4096;  // a full packet buffer of smallest frames, and some
  static constexpr uint32_t kLoopFrames = 64;   // more than the MAC commits ahead of time
  static constexpr uint32_t kNoSlot = ~0u;
  static constexpr uint32_t kMaxDescriptors = 40;  // per packet, from memory
  static constexpr uint32_t kMinPayload = 17;
  static constexpr uint32_t kMaxPayload = 15872;  // 15.5 KiB, from memory
  static constexpr uint32_t kContexts = 2;        // per queue
  static constexpr uint32_t kReportSpace = 1024;  // descriptors with RS in flight, per queue

  struct Queue : DescriptorCache {
    uint32_t open = kNoSlot;  // packet without its EOP yet
    uint32_t open_bytes = 0;
    uint32_t packets = 0;                   // open or in order
    uint32_t descriptors = 0;               // taken and not completed
    uint32_t writes = 0;                    // write-backs under way
    Fifo<uint16_t> reports{kReportSpace};   // positions with RS, not completed
    Fifo<uint16_t> finished{kReportSpace};  // completed, DD not written
    bool head_writeback = false;
    bool head_owed = false;
    uint64_t head_address = 0;
    uint32_t write_threshold = 0;
    std::array<TxContext, kContexts> contexts;
    std::array<bool, kContexts> context_known = {};
  };
  struct Packet {
    FramePointer frame;  // none for a context descriptor
    uint32_t queue = 0;
    uint32_t reads = 0;
    uint32_t end = 0;  // ring position behind it
    uint32_t descriptors = 0;
    uint32_t reports = 0;
    uint32_t room = 0;     // bytes taken in the packet buffer; to be segmented: of one segment
    uint32_t segment = 0;  // the next to be made
    TxRequest request;
    TxContext context;    // if the request has any use for it
    bool failed = false;  // a data read was refused
    bool dead = false;    // of a queue that was stopped
  };
  enum class Step : uint8_t { kTaken, kPacket, kStarved, kBlocked };

  bool Running() const;
  uint32_t BufferBytes() const;
  void Run();
  Step RunQueue(uint32_t queue);
  Step TakeDescriptor(uint32_t queue);
  Step TakeContext(uint32_t queue);
  Step TakeData(uint32_t queue, const reg::Descriptor& descriptor);
  const char* CheckFirst(const Queue& ring, const reg::Descriptor& descriptor) const;
  bool Open(uint32_t queue, uint32_t bytes, uint32_t room);
  bool OpenData(uint32_t queue, const reg::Descriptor& descriptor);
  void Close(uint32_t queue);
  Step Break(uint32_t queue, const char* why);
  void Account(Queue& ring, Packet& packet, const reg::Descriptor& descriptor);

  void PushOut();
  void Drain();
  bool SendSegments(Packet& packet);
  void InsertTag(const Packet& packet, std::vector<uint8_t>& bytes) const;
  void DropSegments(uint32_t queue);
  void ToMac(uint32_t queue, FramePointer frame);
  void Complete(Packet& packet);
  void WriteBacks();
  void WriteHead(uint32_t queue);
  void WriteDone(uint32_t queue);
  void Flush(uint32_t queue);

  void PumpMac();
  void Send(FramePointer frame);
  void OntoLine(FramePointer frame);

  void StopQueue(uint32_t queue);
  bool Quiet(const Queue& ring) const;
  void TryEnable(uint32_t queue);

  uint32_t ReadTxdctl(uint32_t queue);
  void WriteTxdctl(uint32_t queue, uint32_t value);
  uint32_t ReadTdh(uint32_t queue);
  void WriteTdh(uint32_t queue, uint32_t value);
  void WriteTdt(uint32_t queue, uint32_t value);
  // Of a register that says where a ring, or its head in memory, is.
  template <typename R>
  void WriteGeometry(uint32_t queue, uint32_t value);
  void WriteDmatxctl(uint32_t, uint32_t value);
  void WriteMtqc(uint32_t, uint32_t value);

  DeviceWorld& world_;
  RegisterFile& registers_;
  DmaPort& dma_;
  Interrupts& interrupts_;
  Statistics& statistics_;
  const Link& link_;
  const IxgbeOptions& options_;

  using Registers =
      RingRegisters<QueueRegister<reg::Tdbal>, QueueRegister<reg::Tdbah>, QueueRegister<reg::Tdlen>,
                    QueueRegister<reg::Tdh>, QueueRegister<reg::Tdt>>;
  Registers ring_registers_;
  std::vector<Queue> queues_;
  std::vector<Packet> packets_;
  Fifo<uint16_t> free_{kSlots};
  Fifo<uint16_t> order_{kSlots};
  Fifo<FramePointer> mac_{kMacFrames};
  // Under way in loopback, and when the last bit of each arrives.
  struct Looping {
    FramePointer frame;
    Time arrives = 0;
  };
  Fifo<Looping> loop_{kLoopFrames};
  QueueSet runnable_;  // descriptors on chip
  QueueSet fetching_;  // wants descriptors
  QueueSet touched_;   // completions to write back
  QueueSet waiting_;   // completions below WTHRESH
  uint32_t turn_ = 0;
  uint32_t reads_ = 0;
  uint32_t room_taken_ = 0;
  Time mac_next_ = 0;  // earliest start of the next frame
  Time paused_until_ = 0;
  bool mac_timer_ = false;
  bool segments_wait_ = false;  // for room, at the head of the order
  bool flush_timer_ = false;
};

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_TX_ENGINE_H_
