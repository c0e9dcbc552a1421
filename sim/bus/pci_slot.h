// A PCI slot with a model NIC in it: register accesses, DMA through the IOMMU, interrupts, its
// line.
#ifndef SIM_BUS_PCI_SLOT_H_
#define SIM_BUS_PCI_SLOT_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform_backend/mmio.h"
#include "sim/bus/iommu.h"
#include "sim/engine/engine.h"
#include "sim/net/wire.h"
#include "sim/nic/device.h"
#include "sim/trace/trace.h"

namespace mapwire::sim {

// What the host does for a slot.
class SlotHost {
 public:
  // MSI-X message `vector` arrived, or, of a device without MSI-X, the pin is asserted (vector 0):
  // called again and again until it is not. Event context.
  virtual void OnInterrupt(uint32_t vector) = 0;
  // A host that wants to see the level of the INTx pin, whether the device has MSI-X or not, is
  // told of it by OnIntx, in event context, and not by OnInterrupt.
  virtual bool WantsLevels() const { return false; }
  // The level has changed: up behind the writes before it, down at once, even if the up before
  // it has not arrived and never will.
  virtual void OnIntx(bool /*asserted*/) {}
  // The CPU that runs now issues a register write or read: it is charged, and earlier work is paid.
  virtual void OnRegisterWrite() = 0;
  // Lets `round_trip` pass for the reader, if it can wait (a thread can, an interrupt cannot).
  virtual void OnRegisterRead(Time round_trip) = 0;

 protected:
  ~SlotHost() = default;
};

struct BusOptions {
  Time read_latency = 700 * kNanosecond;      // of a DMA read, from issue to data
  Time read_jitter = 100 * kNanosecond;       // added at random: reads complete out of order
  Time write_latency = 300 * kNanosecond;     // of a posted write
  Time register_latency = 200 * kNanosecond;  // of a posted register write; a read takes two
  Time picoseconds_per_byte = 250;            // 4 GB/s each way
  uint32_t overhead_bytes = 24;               // header and framing of a packet on the link
};

struct BusCounters {
  uint64_t register_reads = 0;
  uint64_t register_writes = 0;
  uint64_t dma_reads = 0;
  uint64_t dma_writes = 0;
  uint64_t interrupts = 0;
  std::array<uint64_t, 8> driver_errors = {};  // by DriverError
};

class PciSlot final : public DeviceWorld,
                      public platform::MmioTarget,
                      public WireEnd,
                      public EventTarget {
 public:
  PciSlot(Engine& engine, FramePool& frames, Iommu& iommu, const BusOptions& options, Trace* trace,
          const std::string& group);
  ~PciSlot();
  PciSlot(const PciSlot&) = delete;
  PciSlot& operator=(const PciSlot&) = delete;

  void Insert(Device& device, SlotHost& host);
  void ConnectWire(Wire& wire, int end);
  bool has_wire() const { return wire_ != nullptr; }

  // Without power the device forgets everything, registers read as all ones and frames are lost.
  void SetPower(bool on);

  // --- For the host's driver --------------------------------------------------------------------
  uint32_t Read32(uint32_t offset) override;
  void Write32(uint32_t offset, uint32_t value) override;

  // --- For the device ---------------------------------------------------------------------------
  Time Now() const override { return engine_.now(); }
  void DmaRead(DmaTag tag, uint64_t address, void* into, uint32_t length) override;
  void DmaWrite(DmaTag tag, uint64_t address, const void* from, uint32_t length) override;
  void RaiseMsix(uint32_t vector) override;
  void SetIntx(bool asserted) override;
  void Transmit(FramePointer frame, Time start) override;
  FramePointer NewFrame() override { return frames_.Get(); }
  void SetTimer(TimerTag tag, Time at) override;
  void CancelTimer(TimerTag tag) override;
  void Report(DriverError error, std::string_view text) override;

  // --- For the wire -----------------------------------------------------------------------------
  void FrameArrived(FramePointer frame) override;
  void CarrierChanged(bool carrier) override;

  void OnEvent(uint64_t argument) override;

  const BusCounters& counters() const { return counters_; }
  uint64_t driver_errors() const;
  const std::string& first_driver_error() const { return first_driver_error_; }
  // How often each text was reported; of the first so many that differ.
  const std::map<std::string, uint64_t>& driver_error_texts() const { return error_texts_; }
  Iommu& iommu() { return iommu_; }

 private:
  enum class EventKind : uint64_t { kReadDone, kPosted, kRegisterWrite, kTimer, kPin };
  static constexpr uint64_t kKinds = 5;
  // In the place of a vector: the pin.
  static constexpr uint64_t kPinMessage = ~uint64_t{0};

  struct ReadOperation {
    DmaTag tag;
    uint64_t address;
    void* into;
    uint32_t length;
  };
  // A posted write or, with length 0 and no data, an interrupt message; the pin's has the number of
  // its rise as tag.
  struct PostedOperation {
    DmaTag tag;
    uint64_t address;
    bool message;
    std::vector<uint8_t> bytes;
  };
  struct RegisterWriteOperation {
    uint64_t number;  // counted from 1
    uint32_t offset;
    uint32_t value;
  };
  struct Timer {
    uint64_t generation = 0;
    bool set = false;
  };

  static uint64_t Argument(EventKind kind, uint64_t value) {
    return value * kKinds + static_cast<uint64_t>(kind);
  }
  Time Occupy(Time& busy_until, uint32_t bytes);
  void Post(PostedOperation operation, uint32_t bytes);
  void FinishRead(uint64_t index);
  void FinishPosted();
  void DeliverPin(uint64_t rise);
  void FinishRegisterWrites(uint64_t last);

  Engine& engine_;
  bool power_ = true;
  bool carrier_ = false;
  FramePool& frames_;
  Iommu& iommu_;
  const BusOptions options_;
  Random random_;
  Device* device_ = nullptr;
  SlotHost* host_ = nullptr;
  Wire* wire_ = nullptr;
  int wire_end_ = 0;

  std::vector<ReadOperation> reads_;
  std::vector<uint64_t> free_reads_;
  std::deque<PostedOperation> posted_;
  std::vector<std::vector<uint8_t>> spare_bytes_;
  std::deque<RegisterWriteOperation> register_writes_;
  uint64_t register_writes_issued_ = 0;
  Time up_busy_until_ = 0;    // device to memory
  Time down_busy_until_ = 0;  // memory to device
  Time last_posted_ = 0;
  bool pin_ = false;          // the level
  uint64_t pin_rises_ = 0;    // counts how often it went up; the host is told of the last one only
  uint32_t pin_repeats_ = 0;  // since it was last down
  Time last_register_write_ = 0;
  std::vector<Timer> timers_;

  BusCounters counters_;
  std::string first_driver_error_;
  static constexpr size_t kMaxErrorTexts = 256;
  std::map<std::string, uint64_t> error_texts_;
  Trace* trace_;
  TrackId dma_track_{};
  TrackId interrupt_track_{};
  EventName name_read_{};
  EventName name_write_{};
  EventName name_doorbell_{};
  EventName name_interrupt_{};
};

}  // namespace mapwire::sim

#endif  // SIM_BUS_PCI_SLOT_H_
