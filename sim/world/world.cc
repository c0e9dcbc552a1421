#include "sim/world/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "core/platform/log.h"
#include "core/ring/cyclic.h"

namespace mapwire::sim {
namespace {

constexpr Time kBootLimit = 30 * kSecond;
constexpr Time kShutdownLimit = 10 * kSecond;

}  // namespace

World::World(const WorldOptions& options)
    : options_(options), previous_hooks_(platform::SetHooks(this)), engine_(options.seed) {
  platform::WatchMemory(false);
  name_frame_ = trace_.RegisterName("frame", "bytes", "lost");
}

World::~World() {
  if (!stopped_) {
    const std::string left = Shutdown();
    if (!left.empty()) {
      std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(options_.seed),
                   left.c_str());
      std::abort();
    }
  }
  processes_.clear();
  hosts_.clear();
  wires_.clear();
  platform::SetHooks(previous_hooks_);
}

Host& World::AddHost(const HostOptions& options) {
  Trace* const trace = options_.trace ? &trace_ : nullptr;
  hosts_.push_back(std::make_unique<Host>(engine_, frames_, trace, options));
  return *hosts_.back();
}

HostNic& World::AddIxgbe(Host& host, const NicOptions& options, const Ixgbe::Options& device) {
  return host.AddNic(options, ++domains_, [&device](DeviceWorld& world) {
    return std::make_unique<Ixgbe>(world, device);
  });
}

HostNic& World::AddE1000(Host& host, const NicOptions& options, const E1000::Options& device) {
  return host.AddNic(options, ++domains_, [&device](DeviceWorld& world) {
    return std::make_unique<E1000>(world, device);
  });
}

HostNic& World::AddFaultyIxgbe(Host& host, const NicOptions& options, const Ixgbe::Options& device,
                               FaultPlan& plan) {
  return host.AddNic(options, ++domains_, [&](DeviceWorld& world) {
    return std::make_unique<IxgbeFaults>(engine_, world, plan, [&device](DeviceWorld& inner) {
      return std::make_unique<Ixgbe>(inner, device);
    });
  });
}

HostNic& World::AddPv(Host& host, NicOptions options, const Pv::Options& device) {
  options.bus = {.read_latency = 0,
                 .read_jitter = 0,
                 .write_latency = 0,
                 .register_latency = 0,
                 .picoseconds_per_byte = 0};
  return host.AddNic(options, ++domains_, [&device](PciSlot& slot) {
    return std::make_unique<Pv>(slot, slot.iommu(), device);
  });
}

void World::Join(HostNic& a, HostNic& b) {
  Pv::Join(static_cast<Pv&>(a.device()), static_cast<Pv&>(b.device()));
  Connect(a, b, {});
}

Wire& World::Connect(HostNic& a, HostNic& b, const WireOptions& options) {
  wires_.push_back(std::make_unique<Wire>(engine_, options));
  Wire& wire = *wires_.back();
  a.slot().ConnectWire(wire, 0);
  b.slot().ConnectWire(wire, 1);
  if (!options_.trace) return wire;
  const std::string name = fmt::format("wire {}", wires_.size() - 1);
  const TrackId tracks[2] = {trace_.AddTrack(name, a.name() + " to " + b.name()),
                             trace_.AddTrack(name, b.name() + " to " + a.name())};
  wire.set_tracer([this, tracks0 = tracks[0], tracks1 = tracks[1]](int from, Time start, Time end,
                                                                   const Frame& frame, bool lost) {
    trace_.Slice(from == 0 ? tracks0 : tracks1, start, end - start, name_frame_, frame.bytes.size(),
                 lost ? 1 : 0);
  });
  return wire;
}

Process& World::AddProcess(Host& host, const std::string& name) {
  processes_.push_back(std::make_unique<Process>(host, name));
  return *processes_.back();
}

void World::AddLoadWatcher(LoadWatcher& watcher) {
  watchers_.push_back(&watcher);
  platform::WatchMemory(true);
}

void World::RemoveLoadWatcher(LoadWatcher& watcher) {
  watchers_.erase(std::remove(watchers_.begin(), watchers_.end(), &watcher), watchers_.end());
}

std::string World::Boot() {
  std::string failure;
  for (const auto& wire : wires_) wire->SetCarrier(true);
  for (const auto& host : hosts_) {
    host->Spawn("boot", 0, [&host, &failure] {
      for (const auto& nic : host->nics()) {
        const Status status = nic->Start();
        if (!status.ok() && failure.empty()) {
          failure = fmt::format("{} {}: cannot start, errno {}", host->options().name, nic->name(),
                                status.number());
        }
      }
    });
  }
  const auto booted = [&] {
    for (const auto& host : hosts_) {
      if (!host->AllThreadsFinished()) return false;
      for (const auto& nic : host->nics()) {
        if (failure.empty() && nic->slot().has_wire() && !nic->port()->carrier()) return false;
      }
    }
    return true;
  };
  if (!RunUntil(booted, now() + kBootLimit) && failure.empty()) failure = "a link did not come up";
  for (const auto& host : hosts_) host->StartWatchdog();
  return failure;
}

bool World::RunUntil(const std::function<bool()>& done, Time limit) {
  while (!done()) {
    if (!engine_.StepUpTo(limit)) return done();
  }
  return true;
}

bool World::RunToEnd(Time limit) {
  const auto finished = [this] {
    return std::all_of(processes_.begin(), processes_.end(),
                       [](const auto& process) { return process->finished(); });
  };
  // Asked once in a while only: a finished process changes nothing that could not wait.
  constexpr int kStride = 64;
  while (!finished()) {
    for (int i = 0; i < kStride; ++i) {
      if (!engine_.StepUpTo(limit)) return finished();
    }
  }
  return true;
}

std::string World::Shutdown() {
  stopped_ = true;
  for (const auto& process : processes_) {
    if (!process->finished()) return process->name() + " is still running";
  }
  for (const auto& host : hosts_) {
    host->StopWatchdog();
    host->Spawn("shutdown", 0, [&host] {
      for (const auto& nic : host->nics()) nic->Stop();
    });
  }
  const auto quiet = [&] {
    for (const auto& host : hosts_) {
      if (!host->AllThreadsFinished() || host->watchdog_runs()) return false;
    }
    return true;
  };
  if (!RunUntil(quiet, now() + kShutdownLimit)) return "a driver did not stop";
  // Light goes out, and what is on its way lands.
  for (const auto& wire : wires_) wire->SetCarrier(false);
  engine_.RunUntil(now() + 100 * kMillisecond);
  for (const auto& host : hosts_) {
    for (const auto& nic : host->nics()) {
      if (nic->iommu().mapped_pages() != 0 || nic->iommu().coherent_bytes() != 0) {
        return fmt::format("{} {}: {} pages are still mapped for DMA", host->options().name,
                           nic->name(), nic->iommu().mapped_pages());
      }
    }
    if (host->page_source().live_spaces() != 0) return host->options().name + ": a region is left";
  }
  if (frames_.outstanding() != 0) {
    return fmt::format("{} frames are held somewhere", frames_.outstanding());
  }
  return {};
}

// --- Invariants
// -----------------------------------------------------------------------------------

namespace {

std::string CheckRing(const ring::Ring& ring) {
  const uint32_t n = ring.num_slots();
  if (ring.hwcur() >= n || ring.hwtail() >= n || ring.rhead() >= n || ring.rcur() >= n ||
      ring.rtail() >= n) {
    return "an index is out of range";
  }
  // head and cur as accepted lie in the window that was granted.
  if (ring::CheckPositions(ring.rhead(), ring.rcur(), ring.hwcur(), ring.rtail(), n) !=
      ring::PositionFault::kNone) {
    return fmt::format("order broken: hwcur {} rhead {} rcur {} rtail {}", ring.hwcur(),
                       ring.rhead(), ring.rcur(), ring.rtail());
  }
  return {};
}

}  // namespace

std::string World::CheckInvariants() {
  for (const auto& host : hosts_) {
    for (const auto& nic : host->nics()) {
      const auto problem = [&](const std::string& what) {
        return fmt::format("{} {}: {}", host->options().name, nic->name(), what);
      };
      if (nic->iommu().faults() != 0) {
        return problem(fmt::format("the device reached for address {:#x}, outside its mappings",
                                   nic->iommu().last_fault()));
      }
      if (nic->slot().driver_errors() != 0) return problem(nic->slot().first_driver_error());
      nic::NicPort* const port = nic->port();
      if (port == nullptr) continue;
      for (const ring::Direction direction : {ring::Direction::kTx, ring::Direction::kRx}) {
        for (uint16_t i = 0; i < port->rings(direction); ++i) {
          ring::Ring& ring = port->ring(direction, i);
          if (!ring.created()) continue;
          const std::string broken = CheckRing(ring);
          if (!broken.empty()) {
            return problem(fmt::format("{} ring {}: {}",
                                       direction == ring::Direction::kTx ? "tx" : "rx", i, broken));
          }
        }
      }
    }
  }
  return {};
}

// --- Hooks
// ----------------------------------------------------------------------------------------

void World::UntrustedLoad(void* address, size_t bytes) {
  for (LoadWatcher* watcher : watchers_) watcher->BeforeLoad(address, bytes);
}

Host* World::CurrentHost() {
  Thread* const thread = Thread::Current();
  if (thread == nullptr) return nullptr;
  for (const auto& host : hosts_) {
    for (uint32_t i = 0; i < host->cpus(); ++i) {
      if (&host->cpu(i) == &thread->cpu()) return host.get();
    }
  }
  return nullptr;
}

void World::AccountWork(platform::Work kind, uint32_t count) {
  if (Host* const host = CurrentHost(); host != nullptr) {
    Thread::Current()->Charge(host->CyclesOf(kind, count));
  }
}

void World::WaitForLock(const void* lock) {
  Thread* const thread = Thread::Current();
  if (thread == nullptr) {
    std::fprintf(stderr, "a sleeping lock was contended outside of a thread\n");
    std::abort();
  }
  lock_waits_.push_back({lock, thread});
  thread->Block(0);
  lock_waits_.erase(std::remove_if(lock_waits_.begin(), lock_waits_.end(),
                                   [thread](const LockWait& w) { return w.thread == thread; }),
                    lock_waits_.end());
}

void World::LockReleased(const void* lock) {
  for (const LockWait& wait : lock_waits_) {
    if (wait.lock == lock) wait.thread->Wake();
  }
}

void World::CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: check failed: %s (seed %llu, virtual time %lld ps)\n", file, line,
               condition, static_cast<unsigned long long>(options_.seed),
               static_cast<long long>(now()));
  std::abort();
}

void World::Log(int level, const char* text) {
  static_cast<void>(level);
  std::string line = fmt::format("[{:.6f}] {}", static_cast<double>(now()) / kSecond, text);
  if (log_sink_) return log_sink_(line);
  log_.push_back(std::move(line));
}

}  // namespace mapwire::sim
