// What can go wrong in a world, by name: which faults are on, when they strike, and how often they
// could have and did.
#ifndef SIM_FAULTS_FAULT_PLAN_H_
#define SIM_FAULTS_FAULT_PLAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/bus/iommu.h"
#include "sim/engine/random.h"

namespace mapwire::sim {

// Each with its opportunity: the event at which it may strike. "Until a reset": what struck stays
// wrong until the driver resets the card, or the fault is healed.
enum class FaultSite : uint8_t {
  // The card: sim/faults/ixgbe_faults.h.
  kTxFetchHang,        // a transmit doorbell: that queue hears no doorbell until a reset
  kTxReportHang,       // a head write-back: that queue reports nothing until a reset
  kTxHeadNonsense,     // a head write-back: it says something drawn at random
  kRxLengthBeyond,     // a finished receive descriptor: its length is more than the buffer's
  kRxNoData,           // a finished receive descriptor: its length is 0
  kRxEndNever,         // a receive write-back: no frame of the card ends until a reset
  kRxReportLost,       // a receive write-back: it never arrives
  kRxOutOfOrder,       // a receive write-back: the next one overtakes it
  kInterruptLost,      // an interrupt message
  kInterruptLate,      // an interrupt message: it comes milliseconds late
  kInterruptSpurious,  // an interrupt message: another vector fires too
  kLinkFlap,           // a frame sent or received: light goes out for a while
  kModuleMissing,      // a look into the cage: no module is there while the fault is on
  kEepromDamaged,      // an EEPROM word read: it reads wrong
  kDmaReadLate,        // a DMA read: its data come late, see set_dma_read_delay
  kSelfReset,          // a DMA read: the card resets itself in the middle of it
  kResetNeverEnds,     // a reset asked for: it is not over while the fault is on
  kRemoval,            // any access of driver or card: it is gone while the fault is on
  // The kernel: KernelFaults below.
  kHeap,    // an allocation, or a notifier
  kDmaMap,  // a mapping for DMA, or coherent memory
  kPages,   // pages of a region
};
inline constexpr size_t kFaultSites = static_cast<size_t>(FaultSite::kPages) + 1;
// "tx-fetch-hang" and so on.
const char* FaultSiteName(FaultSite site);
std::optional<FaultSite> FaultSiteNamed(std::string_view name);

// When a fault strikes, counted from the moment the rule is set.
struct FaultRule {
  // At the nth opportunity, the first being 1, and at no other.
  static FaultRule Nth(uint64_t n) { return {.first = n, .most = 1}; }
  // At each, while it is on.
  static FaultRule Always() { return {}; }
  // At one in so many, drawn from the seed; at most so many times (0: no limit).
  static FaultRule OneIn(uint64_t rarity, uint64_t most = 0) {
    return {.rarity = rarity, .most = most};
  }

  uint64_t first = 1;
  uint64_t rarity = 1;
  uint64_t most = 0;
};

struct FaultCounters {
  uint64_t offered = 0;  // opportunities while the fault was on or off
  uint64_t struck = 0;
};

// Told when a fault that lasts is over.
class FaultListener {
 public:
  virtual void Healed(FaultSite site) = 0;

 protected:
  ~FaultListener() = default;
};

// Every site draws from a stream of its own, so that switching one does not shift another's.
class FaultPlan {
 public:
  explicit FaultPlan(uint64_t seed);
  FaultPlan(const FaultPlan&) = delete;
  FaultPlan& operator=(const FaultPlan&) = delete;

  void Set(FaultSite site, const FaultRule& rule);
  void Heal(FaultSite site);
  void HealAll();
  bool on(FaultSite site) const { return state(site).on; }

  // For decorators: an opportunity. True if the fault strikes.
  bool Strikes(FaultSite site);
  // For decorators: what a fault that struck looks like.
  Random& random(FaultSite site) { return state(site).random; }
  void AddListener(FaultListener& listener) { listeners_.push_back(&listener); }

  const FaultCounters& counters(FaultSite site) const { return state(site).counters; }
  // What struck: "rx-no-data 3/120, removal 1/77", strikes over opportunities. Empty: nothing did.
  std::string ToText() const;

 private:
  struct State {
    bool on = false;
    FaultRule rule;
    uint64_t met = 0;   // opportunities under this rule
    uint64_t done = 0;  // strikes under this rule
    Random random{0};
    FaultCounters counters;
  };

  State& state(FaultSite site) { return states_[static_cast<size_t>(site)]; }
  const State& state(FaultSite site) const { return states_[static_cast<size_t>(site)]; }

  std::array<State, kFaultSites> states_;
  std::vector<FaultListener*> listeners_;
};

// One site of a plan, where the world asks a FaultPoint.
class PlannedFault final : public FaultPoint {
 public:
  PlannedFault(FaultPlan& plan, FaultSite site) : plan_(plan), site_(site) {}
  bool Fails() override { return plan_.Strikes(site_); }

 private:
  FaultPlan& plan_;
  const FaultSite site_;
};

}  // namespace mapwire::sim

#endif  // SIM_FAULTS_FAULT_PLAN_H_
