#include "sim/host/host.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/platform/log.h"
#include "core/platform/work.h"

namespace mapwire::sim {

// --- A NIC in its slot
// ----------------------------------------------------------------------------

HostNic::HostNic(Host& host, const NicOptions& options, FramePool& frames, uint32_t domain,
                 const std::function<std::unique_ptr<Device>(PciSlot&)>& make_device)
    : host_(host),
      options_(options),
      iommu_(domain),
      slot_(host.engine(), frames, iommu_, options.bus, host.trace(),
            host.options().name + " " + options.name),
      device_(make_device(slot_)) {
  slot_.Insert(*device_, *this);
  iommu_.set_bounces(options.bounces);
  if (options.host_stack) {
    stack_ = std::make_unique<NetStack>(host, host.options().name + " " + options.name);
  }
}

Status HostNic::Start() {
  const PciIdentity& identity = device_->identity();
  MW_ASSIGN_OR_RETURN(family_, drivers::FindFamily(identity.vendor, identity.device));
  const platform::Mmio mmio(&slot_);
  MW_ASSIGN_OR_RETURN(
      driver_,
      family_->create(
          {.mmio = mmio, .dma = &iommu_, .sleeper = &host_.sleeper(), .heap = &host_.heap()}));
  MW_ASSIGN_OR_RETURN(
      port_,
      nic::NicPort::Create(host_, options_.name.c_str(), host_.control().regions().global(),
                           *driver_, *family_->loop, mmio, iommu_, options_.port, stack_.get()));
  if (stack_ != nullptr) stack_->SetPort(*port_);
  MW_TRY(port_->Start());
  MW_TRY(host_.control().AddPort(*port_));
  return stack_ == nullptr ? kOkStatus : stack_->Open();
}

void HostNic::Stop() {
  if (port_ != nullptr) {
    if (stack_ != nullptr && stack_->open()) stack_->Close();
    if (port_->linked()) host_.control().RemovePort(*port_);
    port_->Stop();
    nic::NicPort::Destroy(host_, port_);
    port_ = nullptr;
  }
  if (driver_ != nullptr) family_->destroy(driver_);
  driver_ = nullptr;
}

void HostNic::OnInterrupt(uint32_t vector) {
  if (port_ == nullptr) return;
  Cpu* const before = interrupted_;
  interrupted_ = &host_.cpu(vector);
  interrupted_->Steal(host_.options().costs.interrupt);
  port_->HandleInterrupt(static_cast<uint16_t>(vector));
  interrupted_ = before;
}

void HostNic::OnRegisterWrite() {
  const uint32_t cycles = host_.options().costs.mmio_write;
  if (Thread* const thread = Thread::Current(); thread != nullptr) {
    thread->Charge(cycles);
    thread->Pay();
  } else if (interrupted_ != nullptr) {
    interrupted_->Steal(cycles);
  }
}

void HostNic::OnRegisterRead(Time round_trip) {
  const uint32_t cycles = host_.options().costs.mmio_read;
  if (Thread* const thread = Thread::Current(); thread != nullptr) {
    thread->Charge(cycles);
    // The CPU stands still until the answer is there.
    thread->Charge(static_cast<uint64_t>(static_cast<double>(round_trip) / kNanosecond *
                                         host_.options().cpu_ghz));
    thread->Pay();
  } else if (interrupted_ != nullptr) {
    interrupted_->Steal(cycles);
  }
}

// --- The host
// -------------------------------------------------------------------------------------

Host::Host(Engine& engine, FramePool& frames, Trace* trace, const HostOptions& options)
    : engine_(engine),
      frames_(frames),
      trace_(trace),
      options_(options),
      control_(std::make_unique<control::Control>(*this, options.parameters)) {
  for (uint32_t i = 0; i < options.cpus; ++i) {
    cpus_.push_back(std::make_unique<Cpu>(engine, options.cpu_ghz));
  }
}

Host::~Host() {
  nics_.clear();
  threads_.clear();
  watchdog_.reset();
  control_.reset();
  if (live_allocations_ != 0 || live_notifiers_ != 0) {
    std::fprintf(stderr, "%s: %llu allocations and %llu notifiers of core are left\n",
                 options_.name.c_str(), static_cast<unsigned long long>(live_allocations_),
                 static_cast<unsigned long long>(live_notifiers_));
    std::abort();
  }
}

HostNic& Host::AddNic(const NicOptions& options, uint32_t domain,
                      const std::function<std::unique_ptr<Device>(PciSlot&)>& make_device) {
  nics_.push_back(std::make_unique<HostNic>(*this, options, frames_, domain, make_device));
  return *nics_.back();
}

Thread& Host::Spawn(std::string name, uint32_t cpu, std::function<void()> body) {
  threads_.push_back(std::make_unique<Thread>(this->cpu(cpu), std::move(name), std::move(body)));
  return *threads_.back();
}

void Host::StartWatchdog() {
  if (options_.watchdog_period == 0 || watchdog_ != nullptr) return;
  watchdog_ = std::make_unique<Thread>(cpu(cpus() - 1), "watchdog", [this] {
    for (;;) {
      // In steps, so that it ends soon when it is to.
      const Time next = engine_.now() + options_.watchdog_period;
      while (!watchdog_stops_ && engine_.now() < next) {
        Thread::Current()->SleepUntil(std::min(next, engine_.now() + 10 * kMillisecond));
      }
      if (watchdog_stops_) return;
      control_->Watchdog();
    }
  });
  watchdog_->Wake();
}

void Host::StopWatchdog() { watchdog_stops_ = true; }

bool Host::AllThreadsFinished() const {
  for (const auto& thread : threads_) {
    if (!thread->finished()) return false;
  }
  return true;
}

uint64_t Host::CyclesOf(platform::Work kind, uint32_t count) const {
  const CostModel& costs = options_.costs;
  switch (kind) {
    case platform::Work::kTxSlot:
      return uint64_t{costs.tx_slot} * count;
    case platform::Work::kRxImport:
      return uint64_t{costs.rx_import} * count;
    case platform::Work::kRxRelease:
      return uint64_t{costs.rx_release} * count;
    case platform::Work::kRingScan:
      return uint64_t{costs.ring_scan} * count;
    case platform::Work::kCopyBytes:
      return uint64_t{costs.copy_per_64_bytes} * count / 64;
  }
  return 0;
}

platform::Notifier* Host::NewNotifier() {
  if (heap_faults_ != nullptr && heap_faults_->Fails()) return nullptr;
  ++live_notifiers_;
  return new HostNotifier();
}

void Host::DeleteNotifier(platform::Notifier* notifier) {
  --live_notifiers_;
  delete static_cast<HostNotifier*>(notifier);
}

void* Host::Allocate(size_t bytes) {
  if (heap_faults_ != nullptr && heap_faults_->Fails()) return nullptr;
  void* const memory = std::calloc(1, bytes == 0 ? 1 : bytes);
  if (memory != nullptr) ++live_allocations_;
  return memory;
}

void Host::Free(void* memory) {
  if (memory == nullptr) return;
  --live_allocations_;
  std::free(memory);
}

platform::TimeOfDay Host::Now() {
  const Time now = engine_.now() + options_.epoch.microseconds * kMicrosecond;
  return {options_.epoch.seconds + now / kSecond, now % kSecond / kMicrosecond};
}

void Host::DelayMicroseconds(uint32_t microseconds) {
  Thread* const thread = Thread::Current();
  if (thread == nullptr) {
    std::fprintf(stderr, "%s: sleeping outside of a thread\n", options_.name.c_str());
    std::abort();
  }
  thread->SleepUntil(engine_.now() + Time{microseconds} * kMicrosecond);
}

}  // namespace mapwire::sim
