// An 82599 that goes wrong: a decorator between the model and its world. The model knows nothing of
// it. What strikes when is in a FaultPlan; with no fault on, nothing is changed.
#ifndef SIM_FAULTS_IXGBE_FAULTS_H_
#define SIM_FAULTS_IXGBE_FAULTS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/engine/engine.h"
#include "sim/faults/fault_plan.h"
#include "sim/nic/device.h"

namespace mapwire::sim {

class IxgbeFaults final : public Device,
                          public DeviceWorld,
                          private EventTarget,
                          private FaultListener {
 public:
  // `make_device` builds the model, given its world: this. Engine, outer world and plan outlive it.
  IxgbeFaults(Engine& engine, DeviceWorld& outer, FaultPlan& plan,
              const std::function<std::unique_ptr<Device>(DeviceWorld&)>& make_device);
  ~IxgbeFaults() override = default;

  // How late a DMA read is that kDmaReadLate struck, and an interrupt that kInterruptLate did.
  void set_dma_read_delay(Time delay) { dma_read_delay_ = delay; }
  void set_interrupt_delay(Time delay) { interrupt_delay_ = delay; }
  // How long light is out when kLinkFlap struck.
  void set_flap_time(Time time) { flap_time_ = time; }
  // Reports of the model that are no mistake of the driver: the card had reset itself, was gone
  // or had said that it was further than it is.
  uint64_t forgiven_reports() const { return forgiven_reports_; }

  // --- Device: from the host -------------------------------------------------------------------
  const PciIdentity& identity() const override { return device_->identity(); }
  uint32_t RegisterRead(uint32_t offset) override;
  void RegisterWrite(uint32_t offset, uint32_t value) override;
  void DmaDone(DmaTag tag, bool ok) override { device_->DmaDone(tag, ok); }
  void FrameReceived(FramePointer frame) override;
  void TimerExpired(TimerTag tag) override { device_->TimerExpired(tag); }
  void CarrierChanged(bool carrier) override;
  void BusReset() override { device_->BusReset(); }

  // --- DeviceWorld: from the model --------------------------------------------------------------
  Time Now() const override { return outer_.Now(); }
  void DmaRead(DmaTag tag, uint64_t address, void* into, uint32_t length) override;
  void DmaWrite(DmaTag tag, uint64_t address, const void* from, uint32_t length) override;
  void RaiseMsix(uint32_t vector) override;
  void SetIntx(bool asserted) override;
  void Transmit(FramePointer frame, Time start) override;
  FramePointer NewFrame() override { return outer_.NewFrame(); }
  void SetTimer(TimerTag tag, Time at) override { outer_.SetTimer(tag, at); }
  void CancelTimer(TimerTag tag) override { outer_.CancelTimer(tag); }
  void Report(DriverError error, std::string_view text) override;

 private:
  static constexpr uint32_t kQueues = 128;

  // Something that happens later.
  struct Later {
    enum class Kind : uint8_t {
      kFree,
      kDone,   // tells the model that an operation is over
      kRead,   // starts a DMA read
      kHeld,   // lets a held write-back go, if it is still held
      kMsix,   // sends an interrupt message
      kReset,  // resets the model
      kDark,   // light goes out
      kLight,  // light is as it really is
    };
    Kind kind = Kind::kFree;
    DmaTag tag = 0;
    bool ok = false;
    uint64_t address = 0;
    void* into = nullptr;
    uint32_t number = 0;  // length, or vector
  };
  struct HeldWrite {
    bool held = false;
    DmaTag tag = 0;
    uint64_t address = 0;
    std::vector<uint8_t> bytes;
  };

  void OnEvent(uint64_t argument) override;
  void Healed(FaultSite site) override;
  void After(Time delay, const Later& later);
  void Finish(DmaTag tag, bool ok);
  bool Gone();
  void AbandonReads();
  bool RefusedByBus(uint64_t address);
  void ShowLight();
  void Flap();
  void DriverReset();
  void WriteHead(DmaTag tag, uint64_t address, const void* from, uint32_t length);
  void WriteReceived(DmaTag tag, uint64_t address, const void* from, uint32_t length);
  void Spoil(std::vector<uint8_t>& descriptors);
  void LetGo(HeldWrite& held);

  Engine& engine_;
  DeviceWorld& outer_;
  FaultPlan& plan_;
  std::unique_ptr<Device> device_;

  Time dma_read_delay_ = 20 * kMillisecond;
  Time interrupt_delay_ = 2 * kMillisecond;
  Time flap_time_ = 3 * kMillisecond;

  std::array<bool, kQueues> deaf_{};    // hears no transmit doorbell
  std::array<bool, kQueues> silent_{};  // reports nothing transmitted
  std::array<HeldWrite, kQueues> held_;
  bool endless_ = false;          // no received frame ends
  bool lied_about_head_ = false;  // since the last reset
  bool no_module_ = false;
  bool resetting_ = false;  // for ever, to the driver
  bool removed_ = false;
  bool lost_setup_ = false;  // it reset itself, and the driver has not reset it since
  bool carrier_ = false;     // what is really on the line
  uint32_t dark_ = 0;        // flaps under way
  uint64_t forgiven_reports_ = 0;
  std::vector<Later> later_;
  std::vector<uint64_t> free_later_;
};

}  // namespace mapwire::sim

#endif  // SIM_FAULTS_IXGBE_FAULTS_H_
