// The paravirtual card: what two programs need who want to exchange frames as fast as they can.
//
// It has descriptor rings and doorbells like a card, and nothing between them and the other card's:
// no bus, no line, no time. Frames go from the sender's buffers to the receiver's by one copy, a
// batch at a time. drivers/pv/pv_regs.h has the registers, docs/paravirtual-card.md the rest.
#ifndef SIM_NIC_PV_PV_H_
#define SIM_NIC_PV_PV_H_

#include <array>
#include <cstdint>

#include "drivers/pv/pv_regs.h"
#include "sim/bus/iommu.h"
#include "sim/nic/device.h"

namespace mapwire::sim {

struct PvOptions {
  std::array<uint8_t, 6> mac = {0x02, 0x4D, 0x57, 0x00, 0x00, 0x01};
  // How long a sender waits for a receive ring that is full before it drops frames.
  Time patience = 100 * kMillisecond;
};

class Pv final : public Device {
 public:
  using Options = PvOptions;

  // `memory` is what it reaches; both outlive it.
  Pv(DeviceWorld& world, Iommu& memory, const Options& options)
      : world_(world), memory_(memory), options_(options) {}
  Pv(const Pv&) = delete;
  Pv& operator=(const Pv&) = delete;

  // Makes them each other's other end. Once, before any traffic.
  static void Join(Pv& a, Pv& b);

  const PciIdentity& identity() const override;
  uint32_t RegisterRead(uint32_t offset) override;
  void RegisterWrite(uint32_t offset, uint32_t value) override;
  void DmaDone(DmaTag, bool) override {}
  void FrameReceived(FramePointer) override {}
  void TimerExpired(TimerTag tag) override;
  void CarrierChanged(bool carrier) override;
  void BusReset() override;

 private:
  static constexpr uint32_t kQueues = pv::kQueues;
  static constexpr Time kNever = INT64_MAX;
  static constexpr uint32_t kFileWords = 0x800 / 4;  // registers that are no counters

  struct Descriptor {
    uint64_t address;
    uint64_t word;
  };
  // As it was when it was enabled: what is written to its registers later does not matter.
  struct Queue {
    bool on = false;
    uint64_t base = 0;
    Descriptor* ring = nullptr;  // looked up anew for each batch
    uint32_t count = 0;
    uint32_t head = 0;
    uint32_t tail = 0;
  };
  struct TxQueue : Queue {
    uint64_t head_at = 0;   // where the head is written to
    bool dropping = false;  // the receiver was waited for in vain
    Time blocked_since = kNever;
  };
  struct RxQueue : Queue {
    uint32_t room = 0;  // bytes of each buffer
  };
  struct Counters {
    uint64_t rx_packets = 0;
    uint64_t rx_bytes = 0;
    uint64_t rx_dropped = 0;
    uint64_t rx_oversize = 0;
    uint64_t tx_packets = 0;
    uint64_t tx_bytes = 0;
  };
  // A frame in a transmit ring.
  struct Outgoing {
    uint32_t first;
    uint32_t fragments;
    uint32_t bytes;
    uint64_t words;  // of its descriptors, or-ed
    bool whole;      // its end is in the ring
  };
  // What became of a frame.
  enum class Fate {
    kReceived,
    kUnwanted,    // nobody listens, or it is too long for who does; counted
    kNoRoom,      // the ring is full; the frame stays where it is
    kUnreadable,  // the sender's memory could not be read
  };

  void Reset();
  // What the driver wrote to register R.
  template <typename R>
  uint32_t Written(uint32_t index = 0) const {
    return written_[R::At(index) / 4];
  }
  template <typename Low, typename High>
  uint64_t Address(uint32_t queue) const {
    return uint64_t{Written<High>(queue)} << 32 | Written<Low>(queue);
  }
  uint64_t CounterAt(uint32_t kind, uint32_t queue) const;
  void EnableTx(uint32_t queue, bool on);
  void EnableRx(uint32_t queue, bool on);
  static bool CanBe(uint64_t base, uint32_t count);
  static void Enable(Queue& queue, uint64_t base, uint32_t count);
  void SetTail(Queue& queue, uint32_t value);
  // Queue pairs that frames of the other card are spread over.
  uint32_t pairs() const;
  bool Reach(Queue& queue);
  bool Listens(uint32_t queue) { return enabled_ && rx_[queue].on && Reach(rx_[queue]); }
  void Kick(uint32_t queue);
  void KickSenders(uint32_t queue);
  void Work(uint32_t queue);
  Outgoing Look(const TxQueue& tx) const;
  bool Wait(uint32_t queue);
  Fate Send(uint32_t queue, const Outgoing& frame, bool listens);
  bool Readable(const TxQueue& tx, const Outgoing& frame, Iommu& from) const;
  bool Writable(const RxQueue& rx, uint32_t bytes);
  Fate Receive(uint32_t queue, const TxQueue& tx, const Outgoing& frame, Iommu& from);
  void Copy(RxQueue& rx, const TxQueue& tx, const Outgoing& frame, Iommu& from);
  uint32_t ReceiveWhole(uint32_t queue, const TxQueue& tx, Iommu& from, uint64_t* bytes,
                        uint64_t* seen);
  void Event(uint32_t queue);

  DeviceWorld& world_;
  Iommu& memory_;
  const Options options_;
  Pv* peer_ = nullptr;
  bool enabled_ = false;
  bool carrier_ = false;
  uint32_t written_[kFileWords] = {};
  uint32_t kept_high_ = 0;  // of the counter whose low word was read last
  TxQueue tx_[kQueues];
  RxQueue rx_[kQueues];
  bool armed_[kQueues] = {};
  bool pending_[kQueues] = {};  // something came since the last interrupt
  Counters counters_[kQueues];
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_PV_PV_H_
