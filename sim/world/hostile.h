// Hostile programs: they change what core is about to read, at the moment it reads it, and the
// world checks after each call that the damage stayed with them and was named.
#ifndef SIM_WORLD_HOSTILE_H_
#define SIM_WORLD_HOSTILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/world.h"

namespace mapwire::sim {

struct HostileResult {
  uint64_t tried = 0;      // changed values that core really read
  uint64_t illegal = 0;    // of these, values that no correct program could have written
  uint64_t contained = 0;  // invariants held and, for an illegal value, a counter named the rule
  uint64_t by_rule[ring::kRules] = {};
  std::string first_failure;
};

// A program with one ring pair that changes one value per system call: head, cur, or the first
// eight bytes of a slot of its own rings. Legal values occur too.
class RingAttacker final : private LoadWatcher {
 public:
  struct Options {
    std::string port = "eth0";
    uint16_t ring = 1;
    // A null port in the region `null_region` instead of rings of `port`.
    uint16_t null_region = 0;
    Time pause = 10 * kMicrosecond;  // between attacks
  };

  RingAttacker(World& world, Host& host, const std::string& name, const Options& options);
  ~RingAttacker();
  RingAttacker(const RingAttacker&) = delete;
  RingAttacker& operator=(const RingAttacker&) = delete;

  // Starts the program; it goes on until Stop.
  void Start(uint32_t cpu);
  void Stop() { stopping_ = true; }
  const HostileResult& result() const { return result_; }

 private:
  // What one changed value was, and what must follow from it.
  struct Attack {
    bool armed = false;  // waiting for core to read
    bool done = false;   // core read the changed value
    uint64_t skip = 0;   // loads of our rings to let pass first
    bool illegal = false;
    uint64_t allowed_rules = 0;  // bit per rule that names it
    std::string what;
  };
  struct Target {
    ring::Ring* ring = nullptr;
    char* base = nullptr;           // of the shared ring, in real memory
    std::vector<uint32_t> buffers;  // the buffers its slots came with
  };

  void BeforeLoad(void* address, size_t bytes) override;
  void ChangePosition(Target& target, size_t offset, void* address);
  void ChangeSlot(Target& target, uint32_t slot, void* address);
  void Run(Process& process);
  bool Bind(Process& process);
  void PrepareRings();
  void Strike(Process& process);
  void ControlStrike(Process& process);
  void Judge(const uint64_t (&before)[2][ring::kRules]);

  World& world_;
  Options options_;
  Process& process_;
  Random random_;
  int fd_ = -1;
  Target targets_[2];
  Attack attack_;
  HostileResult result_;
  bool stopping_ = false;
};

}  // namespace mapwire::sim

#endif  // SIM_WORLD_HOSTILE_H_
