// The main thread: opens the ports, starts the others, reports.
#include "tools/pkt-gen/pkt_gen.h"

#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "tools/pkt-gen/port.h"
#include "tools/pkt-gen/worker.h"

namespace mapwire::pktgen {

std::atomic<bool> stop_requested{false};

namespace {

constexpr int kFailure = -1;
constexpr uint64_t kMillisecond = 1000000;

void OnInterrupt(int) { stop_requested = true; }

using Workers = std::vector<std::unique_ptr<Worker>>;

void RunOn(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<size_t>(cpu), &cpus);
  if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus) != 0) {
    D("cannot run on CPU %d", cpu);
  }
}

void* WorkerMain(void* argument) {
  Worker& worker = *static_cast<Worker*>(argument);
  if (worker.cpu >= 0) RunOn(worker.cpu);
  switch (worker.options.function) {
    case Function::kTx:
    case Function::kTxSequence:
      worker.device != nullptr ? TransmitByDevice(worker) : Transmit(worker);
      break;
    case Function::kRx:
    case Function::kRxSequence:
      worker.device != nullptr ? ReceiveByDevice(worker) : Receive(worker);
      break;
    case Function::kPing:
      Ping(worker);
      break;
    case Function::kPong:
      Pong(worker);
      break;
  }
  worker.finished = true;
  return nullptr;
}

// False if it could not be made.
bool Start(Worker& worker) {
  // SIGINT is for the main thread.
  sigset_t interrupt, before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, &before);
  worker.threaded = pthread_create(&worker.thread, nullptr, WorkerMain, &worker) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!worker.threaded) worker.finished = true;
  return worker.threaded;
}

Counts Sum(const Workers& workers) {
  Counts sum;
  for (const auto& worker : workers) {
    const Counts counts = worker->counters.Read();
    sum.packets += counts.packets;
    sum.bytes += counts.bytes;
    sum.events += counts.events;
  }
  return sum;
}

bool AllFinished(const Workers& workers) {
  return std::all_of(workers.begin(), workers.end(),
                     [](const auto& worker) { return worker->finished.load(); });
}

// Named as scripts find it in front of the reports.
void main_thread(const Options& options, Workers& workers) {
  const ReportStyle style{options.scale, options.framing};
  const bool statistics_wanted = (options.flags & kRateStatistics) != 0;
  RateStatistics statistics;
  Counts before;
  uint64_t begin = Now();
  while (!AllFinished(workers)) {
    const uint64_t end = begin + options.report_ms * kMillisecond;
    // In steps, so that the end is not noticed late.
    while (Now() < end && !AllFinished(workers)) {
      SleepUntil(std::min(end, Now() + 50 * kMillisecond));
    }
    const uint64_t now = Now();
    if (now < end) break;  // all have finished; the totals say the rest
    const Counts total = Sum(workers);
    const Counts interval{total.packets - before.packets, total.bytes - before.bytes,
                          total.events - before.events};
    uint32_t min_space = kNoSpaceSeen;
    for (const auto& worker : workers) {
      min_space = std::min(min_space, worker->counters.TakeMinSpace());
    }
    const uint64_t usec = (now - begin) / 1000;
    statistics.Add(static_cast<double>(interval.packets) * 1e6 / static_cast<double>(usec));
    D("%s",
      IntervalText(interval, usec, min_space, statistics_wanted ? &statistics : nullptr, style)
          .c_str());
    before = total;
    begin = now;
  }
}

// The frame all threads begin with. False, with a message, if there is none.
std::unique_ptr<Frame> MakeFrame(const Options& options, uint32_t vnet_header,
                                 const std::array<uint8_t, 6>& source_mac) {
  if (!options.packet_file.empty()) {
    std::string error;
    const std::vector<uint8_t> packet = ReadPacketFile(options.packet_file, &error);
    if (packet.empty()) {
      std::fprintf(stderr, "pkt-gen: %s\n", error.c_str());
      return nullptr;
    }
    return std::make_unique<Frame>(packet, vnet_header);
  }
  FrameOptions frame;
  frame.size = options.size;
  frame.min_size = options.min_size;
  frame.vnet_header = vnet_header;
  frame.source_mac = source_mac;
  frame.target_mac = options.target_mac;
  frame.source = options.source;
  frame.target = options.target;
  frame.random_source = (options.flags & kRandomSource) != 0;
  frame.random_target = (options.flags & kRandomTarget) != 0;
  return std::make_unique<Frame>(frame);
}

// Whether packets fit what they are sent by; if not, says so.
bool SizesFit(const Options& options, const Frame& frame, Ports& ports) {
  const auto mtu = MtuOfInterface(ports.interface());
  const uint32_t bytes = frame.largest() - ports.vnet_header();
  if (mtu && bytes > *mtu + kEthernetBytes) {
    std::fprintf(stderr, "pkt-gen: packets of %u bytes, but the MTU of %s is %u\n", bytes,
                 ports.interface().c_str(), *mtu);
    return false;
  }
  nmport_d* const port = ports.at(0);
  if (port->first_tx_ring > port->last_tx_ring) {
    std::fprintf(stderr, "pkt-gen: %s: no transmit ring\n", options.port.c_str());
    return false;
  }
  const netmap_ring* const ring = NETMAP_TXRING(port->nifp, port->first_tx_ring);
  uint32_t slot = ring->nr_buf_size;
  if (options.fragment_size != 0) slot = std::min(slot, options.fragment_size);
  const uint32_t slots = (frame.largest() + slot - 1) / slot;
  if (slots > NETMAP_MAX_FRAGS || slots >= ring->num_slots) {
    std::fprintf(stderr, "pkt-gen: packets of %u bytes take %u slots\n", frame.largest(), slots);
    return false;
  }
  return true;
}

// What is printed before anything moves.
void Announce(const Options& options, uint32_t queues, int cpus,
              const std::array<uint8_t, 6>& source_mac) {
  const bool sends = options.function == Function::kTx || options.function == Function::kTxSequence;
  const bool receives =
      options.function == Function::kRx || options.function == Function::kRxSequence;
  std::printf("%s %s: %u queues, %u threads and %d cpus.\n",
              sends      ? "Sending on"
              : receives ? "Receiving from"
                         : "Working on",
              options.port.c_str(), queues, options.threads, cpus);
  if (sends) {
    std::printf("%s -> %s (%s -> %s)\n", options.source.text.c_str(), options.target.text.c_str(),
                MacText(source_mac).c_str(), MacText(options.target_mac).c_str());
  }
  std::fflush(stdout);
}

void PrintTotals(const Options& options, const Workers& workers) {
  uint64_t begin = UINT64_MAX;
  uint64_t end = 0;
  for (const auto& worker : workers) {
    if (!worker->threaded) continue;
    begin = std::min(begin, worker->started);
    end = std::max(end, worker->stopped);
  }
  const double seconds = end > begin ? static_cast<double>(end - begin) / 1e9 : 0;
  const bool sent = options.function == Function::kTx || options.function == Function::kTxSequence;
  std::fputs(TotalText(sent, Sum(workers), seconds, {options.scale, options.framing}).c_str(),
             stdout);
  std::fflush(stdout);
}

// The share of thread `index` in `count` packets.
uint64_t ShareOf(uint64_t count, uint32_t threads, uint32_t index) {
  return count / threads + (index < count % threads ? 1 : 0);
}

}  // namespace

int Run(int argc, char** argv) {
  int status = 0;
  const std::optional<Options> parsed = ParseOptions(argc, argv, &status);
  if (!parsed) return status;
  const Options& options = *parsed;
  stop_requested = false;

  Ports ports;
  std::unique_ptr<Device> device;
  const bool netmap = options.device == DeviceKind::kNetmap;
  if (netmap) {
    if (!ports.Open(options)) return kFailure;
  } else {
    std::string error;
    if (options.threads > 1) error = "this device is for one thread";
    if (error.empty()) device = OpenDevice(options.device, options.port, &error);
    if (device == nullptr) {
      std::fprintf(stderr, "pkt-gen: %s\n", error.c_str());
      return kFailure;
    }
  }
  const uint32_t vnet_header = netmap ? ports.vnet_header() : options.vnet_header.value_or(0);
  std::array<uint8_t, 6> source_mac{};
  if (options.source_mac) {
    source_mac = *options.source_mac;
  } else if (options.transmits()) {
    source_mac = MacOfInterface(netmap ? ports.interface() : options.port)
                     .value_or(std::array<uint8_t, 6>{});
  }
  const std::unique_ptr<Frame> frame = MakeFrame(options, vnet_header, source_mac);
  if (frame == nullptr) return kFailure;
  if (netmap && options.transmits() && !SizesFit(options, *frame, ports)) return kFailure;

  const int online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const int cpus = options.cpus == 0 ? online : std::min(options.cpus, online);
  Announce(options, netmap ? ports.queues() : 1, cpus, source_mac);
  const Pace pace = PaceOf(options.rate, options.burst);
  if (options.rate != 0) D("%s", PaceText(pace).c_str());

  struct sigaction action, before;
  std::memset(&action, 0, sizeof(action));
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, &before);
  if (options.WaitSeconds() != 0) {
    D("Wait %u secs for phy reset", options.WaitSeconds());
    const uint64_t ready = Now() + options.WaitSeconds() * 1000 * kMillisecond;
    while (Now() < ready && !stop_requested) {
      SleepUntil(std::min(ready, Now() + 100 * kMillisecond));
    }
    D("Ready...");
  }

  Workers workers;
  for (uint32_t i = 0; i < options.threads; ++i) {
    workers.push_back(std::make_unique<Worker>(options, i, *frame));
    Worker& worker = *workers.back();
    worker.count = ShareOf(options.count, options.threads, i);
    worker.pace = pace;
    worker.vnet_header = vnet_header;
    worker.device = device.get();
    if (netmap) worker.port = ports.at(i);
    if (options.first_cpu >= 0) worker.cpu = (options.first_cpu + static_cast<int>(i)) % cpus;
  }
  for (const auto& worker : workers) {
    // A share of nothing is not without end.
    if (options.count != 0 && worker->count == 0) {
      worker->finished = true;
    } else if (!Start(*worker)) {
      D("cannot start thread %u", worker->index);
      worker->failed = true;
    }
  }
  main_thread(options, workers);
  for (const auto& worker : workers) {
    if (worker->threaded) pthread_join(worker->thread, nullptr);
    if (worker->failed) D("ouch, thread %u exited with error", worker->index);
  }
  PrintTotals(options, workers);
  sigaction(SIGINT, &before, nullptr);
  return 0;
}

}  // namespace mapwire::pktgen
