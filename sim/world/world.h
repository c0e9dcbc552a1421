// A simulated world: hosts with NICs joined by wires, one seed, one trace.
#ifndef SIM_WORLD_WORLD_H_
#define SIM_WORLD_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform_backend/hooks.h"
#include "sim/engine/engine.h"
#include "sim/faults/ixgbe_faults.h"
#include "sim/host/host.h"
#include "sim/host/process.h"
#include "sim/net/wire.h"
#include "sim/nic/e1000/e1000.h"
#include "sim/nic/ixgbe/ixgbe.h"
#include "sim/nic/pv/pv.h"
#include "sim/trace/pcapng.h"
#include "sim/trace/trace.h"

namespace mapwire::sim {

// Watches core as it reads memory that programs write: the place where a hostile program strikes.
class LoadWatcher {
 public:
  // Core is about to load `bytes` bytes at `address`; the watcher may change them first.
  virtual void BeforeLoad(void* address, size_t bytes) = 0;

 protected:
  ~LoadWatcher() = default;
};

struct WorldOptions {
  uint64_t seed = 1;
  bool trace = true;  // false: nothing is traced, which is faster
};

class World final : private platform::Hooks {
 public:
  explicit World(const WorldOptions& options);
  // Stops everything: programs must have finished, or Shutdown must have been called.
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // --- Building ---------------------------------------------------------------------------------
  Host& AddHost(const HostOptions& options);
  // An 82599 in a slot of `host`, and one that goes wrong as `plan` says, which outlives the world.
  HostNic& AddIxgbe(Host& host, const NicOptions& options, const Ixgbe::Options& device = {});
  HostNic& AddFaultyIxgbe(Host& host, const NicOptions& options, const Ixgbe::Options& device,
                          FaultPlan& plan);
  // An 82540EM in a slot of `host`.
  HostNic& AddE1000(Host& host, const NicOptions& options, const E1000::Options& device = {});
  // A paravirtual card, in a slot without a bus to speak of.
  HostNic& AddPv(Host& host, NicOptions options, const Pv::Options& device = {});
  Wire& Connect(HostNic& a, HostNic& b, const WireOptions& options);
  // Of two paravirtual cards. The wire carries their link only: frames go straight across.
  void Join(HostNic& a, HostNic& b);
  Process& AddProcess(Host& host, const std::string& name);
  void AddLoadWatcher(LoadWatcher& watcher);
  void RemoveLoadWatcher(LoadWatcher& watcher);

  // Starts all drivers and waits for all links. Empty, or what failed.
  [[nodiscard]] std::string Boot();

  // --- Running ----------------------------------------------------------------------------------
  // Runs until `done` is true (asked after every event) or the virtual time limit; true if it was.
  bool RunUntil(const std::function<bool()>& done, Time limit);
  // Runs until all processes have finished, or the limit.
  bool RunToEnd(Time limit);
  // Stops all drivers, lets everything in flight land and checks that nothing is left: pools,
  // mappings, frames. Empty, or what was left. All processes must have finished.
  [[nodiscard]] std::string Shutdown();

  // Checks cheap, local invariants of every port: empty, or the first that is broken.
  [[nodiscard]] std::string CheckInvariants();

  Engine& engine() { return engine_; }
  Trace& trace() { return trace_; }
  FramePool& frames() { return frames_; }
  Time now() const { return engine_.now(); }
  const std::vector<std::unique_ptr<Host>>& hosts() const { return hosts_; }
  const std::vector<std::string>& log() const { return log_; }
  // Gets the lines instead, as they come.
  void set_log_sink(std::function<void(const std::string&)> sink) { log_sink_ = std::move(sink); }

 private:
  struct LockWait {
    const void* lock;
    Thread* thread;
  };

  void UntrustedLoad(void* address, size_t bytes) override;
  void AccountWork(platform::Work kind, uint32_t count) override;
  void WaitForLock(const void* lock) override;
  void LockReleased(const void* lock) override;
  void CheckFailed(const char* file, int line, const char* condition) override;
  void Log(int level, const char* text) override;
  Host* CurrentHost();

  const WorldOptions options_;
  platform::Hooks* previous_hooks_;
  Engine engine_;
  Trace trace_;
  FramePool frames_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<LoadWatcher*> watchers_;
  std::vector<LockWait> lock_waits_;
  std::vector<std::string> log_;
  std::function<void(const std::string&)> log_sink_;
  uint32_t domains_ = 0;
  bool stopped_ = false;
  EventName name_frame_{};
};

}  // namespace mapwire::sim

#endif  // SIM_WORLD_WORLD_H_
