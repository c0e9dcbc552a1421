// A simulated host: CPUs, the kernel around core, NICs in slots.
#ifndef SIM_HOST_HOST_H_
#define SIM_HOST_HOST_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/control/control.h"
#include "core/nic/nic_port.h"
#include "core/platform/environment.h"
#include "drivers/registry/registry.h"
#include "sim/bus/iommu.h"
#include "sim/bus/pci_slot.h"
#include "sim/host/cost_model.h"
#include "sim/host/cpu.h"
#include "sim/host/stack.h"
#include "sim/memory/page_source.h"
#include "sim/nic/device.h"
#include "sim/trace/trace.h"

namespace mapwire::sim {

class Host;

// A wait queue of the simulated kernel.
class HostNotifier final : public platform::Notifier {
 public:
  void Notify() override { queue_.WakeAll(); }
  WaitQueue& queue() { return queue_; }

 private:
  WaitQueue queue_;
};

struct HostOptions {
  std::string name = "host";
  uint32_t cpus = 2;
  double cpu_ghz = 1.33;
  CostModel costs;
  control::Parameters parameters;
  Time watchdog_period = 0;            // how often core may look after its devices; 0: never
  platform::TimeOfDay epoch = {0, 0};  // the time of day when the world begins
};

struct NicOptions {
  std::string name = "eth0";
  nic::NicPortConfig port;
  BusOptions bus;
  bool bounces = false;     // the device reaches copies of memory only
  bool host_stack = false;  // the host has a network stack and opens the device
};

// A NIC in its slot, driven by core.
class HostNic final : public SlotHost {
 public:
  // `make_device` builds the model, given its slot. `domain` numbers IOMMU domains in the world.
  HostNic(Host& host, const NicOptions& options, FramePool& frames, uint32_t domain,
          const std::function<std::unique_ptr<Device>(PciSlot&)>& make_device);

  // From a thread of the host: finds the driver, brings the device up, names the port.
  Status Start();
  // From a thread: takes the port away and stops the device. Programs must have closed it.
  void Stop();

  nic::NicPort* port() { return port_; }
  // Null if the options do not ask for one.
  NetStack* stack() { return stack_.get(); }
  PciSlot& slot() { return slot_; }
  Iommu& iommu() { return iommu_; }
  Device& device() { return *device_; }
  const std::string& name() const { return options_.name; }
  const NicOptions& options() const { return options_; }

  void OnInterrupt(uint32_t vector) override;
  void OnRegisterWrite() override;
  void OnRegisterRead(Time round_trip) override;

 private:
  Host& host_;
  const NicOptions options_;
  Iommu iommu_;
  PciSlot slot_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<NetStack> stack_;
  const drivers::Family* family_ = nullptr;
  nic::NicDriver* driver_ = nullptr;
  nic::NicPort* port_ = nullptr;
  Cpu* interrupted_ = nullptr;  // the CPU an interrupt handler runs on now
};

class Host final : public platform::Environment,
                   private platform::Heap,
                   private platform::Clock,
                   private platform::Sleeper {
 public:
  Host(Engine& engine, FramePool& frames, Trace* trace, const HostOptions& options);
  // Everything must be closed and stopped.
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  HostNic& AddNic(const NicOptions& options, uint32_t domain,
                  const std::function<std::unique_ptr<Device>(PciSlot&)>& make_device);

  // A kernel thread or a program's; it starts when the engine runs.
  Thread& Spawn(std::string name, uint32_t cpu, std::function<void()> body);
  // Of those made by Spawn.
  bool AllThreadsFinished() const;
  // A kernel thread that lets core look after its devices now and then, if the options say so;
  // until the other call, after which it ends soon.
  void StartWatchdog();
  void StopWatchdog();
  bool watchdog_runs() const { return watchdog_ != nullptr && !watchdog_->finished(); }

  const HostOptions& options() const { return options_; }
  Engine& engine() { return engine_; }
  Trace* trace() { return trace_; }
  Cpu& cpu(uint32_t i) { return *cpus_[i % cpus_.size()]; }
  uint32_t cpus() const { return static_cast<uint32_t>(cpus_.size()); }
  control::Control& control() { return *control_; }
  const std::vector<std::unique_ptr<HostNic>>& nics() const { return nics_; }
  // Cycles of one unit of core's work.
  uint64_t CyclesOf(platform::Work kind, uint32_t count) const;

  // Core's environment.
  platform::Heap& heap() override { return *this; }
  platform::PageSource& pages() override { return pages_; }
  platform::Clock& clock() override { return *this; }
  platform::Sleeper& sleeper() override { return *this; }
  platform::Notifier* NewNotifier() override;
  void DeleteNotifier(platform::Notifier* notifier) override;

  uint64_t live_allocations() const { return live_allocations_; }
  PageSource& page_source() { return pages_; }
  void set_heap_faults(FaultPoint* point) { heap_faults_ = point; }

 private:
  void* Allocate(size_t bytes) override;
  void Free(void* memory) override;
  platform::TimeOfDay Now() override;
  void DelayMicroseconds(uint32_t microseconds) override;

  Engine& engine_;
  FramePool& frames_;
  Trace* trace_;
  const HostOptions options_;
  std::vector<std::unique_ptr<Cpu>> cpus_;
  PageSource pages_;
  uint64_t live_allocations_ = 0;
  uint64_t live_notifiers_ = 0;
  FaultPoint* heap_faults_ = nullptr;
  std::unique_ptr<control::Control> control_;
  std::vector<std::unique_ptr<HostNic>> nics_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::unique_ptr<Thread> watchdog_;
  bool watchdog_stops_ = false;
};

}  // namespace mapwire::sim

#endif  // SIM_HOST_HOST_H_
