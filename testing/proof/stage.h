// The stage of a proof: core with a NIC port of two queue pairs and rings of four slots, a device
// that judges every address it is given, three programs, and everything left open to a chooser.
//
// Ring pair 0 is the suspect's, pair 1 the neighbour's, in the same region; the stranger has a
// region of its own. What breaks a promise ends the process, with the line that repeats it.
#ifndef TESTING_PROOF_STAGE_H_
#define TESTING_PROOF_STAGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/nic/driver_for_test.h"
#include "core/nic/nic_port.h"
#include "drivers/ixgbe/ixgbe_desc.h"
#include "platform_backend/hooks.h"
#include "platform_backend/mmio.h"
#include "sim/explore/choice.h"
#include "sim/host/plain_stack.h"
#include "testing/kit/program.h"

namespace mapwire::proof {

inline constexpr uint32_t kSlots = 4;
inline constexpr uint16_t kPairs = 2;
inline constexpr uint32_t kBufferBytes = 512;
inline constexpr uint32_t kBuffers = 64;  // of the shared region

// Ends the process: what was promised is not so. `Stage::describe` says how to repeat it.
[[noreturn]] void Fail(const std::string& what);

// The smallest device there is: descriptors of the 82599, tail registers, head write-back, and an
// interrupt line that Arm lets through. It moves when it is told to.
class TinyNic final : public nic::DriverForTest, public platform::MmioTarget {
 public:
  TinyNic(const kit::FakeDmaSpace& dma, const memory::Region& region)
      : DriverForTest(Info()), dma_(dma), region_(region) {}

  // The host has rings too.
  void SetHost(const nic::HostClient& host) { host_ = &host; }

  // --- The device, moved by the script ----------------------------------------------------------
  // Sends what has been handed over, at most `most` descriptors; returns how many frames.
  uint32_t Send(uint16_t pair, uint32_t most = ~0u);
  // A frame of `bytes` bytes, all of value `fill`, arrives; false if there is no descriptor.
  bool Receive(uint16_t pair, uint32_t bytes, uint8_t fill);
  // There is something to send.
  bool HasWork(uint16_t pair) const { return queues_[pair].tx.head != queues_[pair].tx.tail; }
  // It sends whatever it is given before the write to the tail register is over.
  bool sends_at_once = false;
  // Frames sent on a pair so far.
  uint32_t sent(uint16_t pair) const { return queues_[pair].frames; }
  // The last frame that was sent on a pair: its first byte and length.
  uint8_t last_fill(uint16_t pair) const { return queues_[pair].fill; }
  uint32_t last_bytes(uint16_t pair) const { return queues_[pair].bytes; }
  bool interrupt_raised() const { return raised_; }
  void SetLink(bool up) {
    link_.up = up;
    link_changed_ = true;
    raised_ = true;
  }
  void Unplug() {
    gone_ = true;
    raised_ = true;
  }
  // The device resets itself: all queues are off, and it has forgotten everything.
  void Forget();

  // Doorbells rung so far.
  uint64_t doorbells() const { return doorbells_; }
  // Called before every register access and device call of core: a yield point.
  std::function<void()> on_access;

  // --- As a driver ------------------------------------------------------------------------------
  Status Start(const nic::DriverConfig& config) override;
  Status Stop() override;
  Result<uint32_t> StartTxQueue(uint16_t queue, const nic::TxQueueSetup& setup) override;
  Result<uint32_t> StartRxQueue(uint16_t queue, const nic::RxQueueSetup& setup) override;
  Status StopTxQueue(uint16_t queue) override;
  Status StopRxQueue(uint16_t queue) override;
  uint16_t vectors(uint16_t) const override { return 1; }
  nic::InterruptReport Interrupt(uint16_t vector) override;
  void Arm(uint16_t queue) override;
  nic::LinkState link() const override { return link_; }
  nic::DeviceHealth Check() override;

  // --- As a register window ---------------------------------------------------------------------
  uint32_t Read32(uint32_t offset) override;
  void Write32(uint32_t offset, uint32_t value) override;

 private:
  using Descriptor = ixgbe::Codec::Descriptor;
  struct Half {
    Descriptor* descriptors = nullptr;  // null: off
    uint32_t count = 0;
    uint32_t head = 0;
    uint32_t tail = 0;
  };
  struct Queue {
    Half tx;
    Half rx;
    volatile uint32_t* write_back = nullptr;
    uint32_t rx_bytes = 0;
    bool armed = false;
    bool tx_event = false;
    bool rx_event = false;
    uint8_t fill = 0;
    uint32_t bytes = 0;
    uint32_t frames = 0;
  };

  static nic::DriverInfo Info();
  void Access() const {
    if (on_access) on_access();
  }
  // The bytes a descriptor names; they must lie in one buffer of the region, or of the host's.
  char* Judge(uint64_t address, uint64_t bytes, const char* what) const;
  void Raise(Queue& queue);

  const kit::FakeDmaSpace& dma_;
  const memory::Region& region_;
  const nic::HostClient* host_ = nullptr;
  Queue queues_[kPairs];
  nic::LinkState link_{.up = true, .mbps = 10000};
  bool link_changed_ = false;
  bool raised_ = false;
  bool gone_ = false;
  bool forgetful_ = false;
  uint64_t doorbells_ = 0;
};

// A scenario's world. Choices are asked of `chooser` only where a script or an attack asks.
class Stage final : private platform::Hooks {
 public:
  // With a stack, the host has the queues that no program has.
  explicit Stage(sim::Chooser& chooser, sim::PlainStack* stack = nullptr);
  // Closes what is open; nothing may be left.
  ~Stage() override;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  sim::Chooser& chooser() { return chooser_; }
  kit::TestEnvironment environment;
  control::Control control;
  TinyNic nic;
  kit::Program suspect;
  kit::Program neighbour;
  kit::Program stranger;

  nic::NicPort& port() { return *port_; }
  ring::Ring& ring(ring::Direction direction, uint16_t pair) {
    return port_->ring(direction, pair);
  }
  kit::FakeDmaSpace& dma() { return dma_; }
  memory::Region& private_region() { return *private_region_; }
  memory::Region& shared_region() { return control.regions().global(); }

  // Binds a pair of "em0"; with an offsets option if `max_offset` is not 0.
  Status Bind(kit::Program& program, uint16_t pair, uint32_t extra_buffers = 0,
              uint32_t max_offset = 0);
  // The neighbour binds pair 1 and fills its buffers; the stranger makes a null port in its region.
  void BindOthers();

  // The program of a pair, behaving: slots from head on get a frame each, head and cur move.
  void Fill(kit::Program& program, uint16_t pair, uint32_t slots, uint8_t fill,
            uint32_t bytes = 60);
  // Gives received slots back: head and cur move by `slots`.
  void Return(kit::Program& program, uint16_t pair, uint32_t slots);
  netmap_ring* Shared(kit::Program& program, ring::Direction direction);

  // --- Promises ---------------------------------------------------------------------------------
  // Remembers what is not the suspect's: the neighbour's rings and buffers, the stranger's region.
  void Remember();
  // What the suspect did itself to the neighbour, in the region they share.
  struct Deeds {
    bool wrote_rings = false;
    bool named_buffers = false;  // in its own slots or list, or wrote them
  };
  // Rings in order, every descriptor good, and what was remembered is as it was, but for what the
  // suspect did itself.
  void Judge(const Deeds& deeds);
  void Judge() { Judge(Deeds()); }
  // Violations of all rings, and how many rules have been named.
  uint64_t Violations();
  // The neighbour and the stranger can work; the device moves a frame each way for the neighbour.
  void JudgeNeighbourWorks();
  // The suspect, behaving again, sends and receives; its port is as good as new.
  void JudgeSuspectRecovers();

  // --- What happens at core's steps -------------------------------------------------------------
  // Before core loads `bytes` bytes of shared memory at `address` (writable, the real place).
  std::function<void(char* address, size_t bytes)> on_load;
  // At every yield point: loads, stores to what others look at, locks, registers, sleeps.
  std::function<void()> on_yield;
  // The running thread has to wait until the function is true.
  std::function<void(const std::function<bool()>& ready)> on_wait;
  uint64_t loads() const { return loads_; }

  // How to repeat the execution that runs, for Fail.
  static std::function<std::string()> describe;

 private:
  void UntrustedLoad(void* address, size_t bytes) override;
  void Yield() override { YieldNow(); }
  void BeforeLock(const void*) override { YieldNow(); }
  void WaitForLock(const void* lock) override;
  void LockReleased(const void* lock) override;
  void CheckFailed(const char* file, int line, const char* condition) override;
  void YieldNow() {
    if (on_yield) on_yield();
  }
  void JudgeRing(ring::Ring& ring);
  std::string NeighbourRings();
  std::string NeighbourBuffers();
  std::string StrangerBytes();

  sim::Chooser& chooser_;
  platform::Hooks* previous_hooks_;
  kit::FakeDmaSpace dma_;
  sim::PlainStack* const stack_;
  nic::NicPort* port_ = nullptr;
  memory::Region* private_region_ = nullptr;
  std::vector<const void*> waited_locks_;
  bool remembers_ = false;
  std::string neighbour_rings_;
  std::string neighbour_buffers_;
  std::string stranger_bytes_;
  uint64_t loads_ = 0;
};

}  // namespace mapwire::proof

#endif  // TESTING_PROOF_STAGE_H_
