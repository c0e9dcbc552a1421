#include "sim/demo/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "sim/programs/traffic.h"
#include "sim/programs/udp_frame.h"

namespace mapwire::sim {
namespace {

constexpr Time kVirtualLimit = 600 * kSecond;
constexpr uint32_t kProgressEvents = 1 << 16;
// Big enough for the sender's next burst to be on its way, small against any run.
constexpr int kReceiverIdleMs = 20;

// Finds out which frame arrived: lost ones leave gaps, late ones step back.
class Checker {
 public:
  Checker(const ScenarioOptions& options, ScenarioResult& result)
      : options_(options), result_(result) {}

  size_t Fill(uint64_t i, uint8_t* buffer, size_t room) const {
    if (options_.capture == nullptr) {
      if (options_.frame_bytes <= room) WriteUdpFrame(buffer, options_.frame_bytes, flow_, i);
      return options_.frame_bytes;
    }
    const std::vector<uint8_t>& bytes = (*options_.capture)[i].bytes;
    if (bytes.size() <= room) std::memcpy(buffer, bytes.data(), bytes.size());
    return bytes.size();
  }

  void Arrived(std::span<const uint8_t> frame) {
    ++result_.received;
    const std::optional<uint64_t> found = Identify(frame);
    if (!found) {
      ++result_.damaged;
    } else if (*found < next_) {
      ++result_.reordered;
    } else {
      next_ = *found + 1;
    }
  }

 private:
  std::optional<uint64_t> Identify(std::span<const uint8_t> frame) const {
    if (options_.capture == nullptr) return CheckUdpFrame(frame.data(), frame.size(), flow_);
    const std::vector<CapturedFrame>& frames = *options_.capture;
    const auto same = [&](uint64_t i) { return std::ranges::equal(frames[i].bytes, frame); };
    for (uint64_t i = next_; i < frames.size(); ++i) {
      if (same(i)) return i;
    }
    for (uint64_t i = std::min<uint64_t>(next_, frames.size()); i > 0; --i) {
      if (same(i - 1)) return i - 1;
    }
    return std::nullopt;
  }

  const ScenarioOptions& options_;
  ScenarioResult& result_;
  const UdpFlow flow_;
  uint64_t next_ = 0;
};

uint32_t LargestFrame(const ScenarioOptions& options) {
  size_t largest = std::max<size_t>(1514, options.frame_bytes);
  if (options.capture != nullptr) {
    for (const CapturedFrame& frame : *options.capture) {
      largest = std::max(largest, frame.bytes.size());
    }
  }
  return static_cast<uint32_t>(largest);
}

// Everything of one run; torn down in the reverse order.
class Run {
 public:
  explicit Run(const ScenarioOptions& options)
      : options_(options), world_(WorldOptions{options.seed}), checker_(options_, result_) {
    if (options_.retain_events != 0) world_.trace().Retain(options_.retain_events);
    if (options_.capture != nullptr) options_.frames = options_.capture->size();
    Build();
  }

  ScenarioResult Execute() {
    result_.error = world_.Boot();
    if (result_.error.empty()) StartReceiver();
    if (result_.error.empty()) {
      StartSender();
      WaitForTheEnd();
      Measure();
    }
    Finish();
    return result_;
  }

 private:
  void Build() {
    NicOptions nic;
    nic.port.driver.queue_pairs = 2;
    nic.port.driver.max_frame_bytes = LargestFrame(options_);
    nic.port.driver.interrupt_interval_us = options_.interrupt_interval_us;
    nic.port.driver.tx_slots = nic.port.driver.rx_slots = options_.slots;
    HostOptions host;
    host.cpu_ghz = options_.cpu_ghz;
    host.name = "sender host";
    sender_host_ = &world_.AddHost(host);
    host.name = "receiver host";
    receiver_host_ = &world_.AddHost(host);
    HostNic& from = world_.AddIxgbe(*sender_host_, nic);
    HostNic& to = world_.AddIxgbe(*receiver_host_, nic);
    wire_ = &world_.Connect(from, to, {});
    wire_->set_observer([this](int end, Time, Time at, const Frame&, bool lost) {
      if (end != 0 || lost) return;
      if (first_arrival_ == 0) first_arrival_ = at;
      last_arrival_ = at;
    });
    sender_ = &world_.AddProcess(*sender_host_, "sender");
    receiver_ = &world_.AddProcess(*receiver_host_, "receiver");
    if (options_.hostile) AddAttackers();
  }

  void AddAttackers() {
    constexpr memory::RegionRequest kOwnRegion = {{{1024, 2}, {20480, 4}, {2048, 512}}};
    const Result<memory::Region*> region = receiver_host_->control().CreateRegion(kOwnRegion);
    if (!region.ok()) return;
    RingAttacker::Options own;
    own.port = "own";
    own.null_region = (*region)->id();
    own_region_ =
        std::make_unique<RingAttacker>(world_, *receiver_host_, "hostile own region", own);
    same_region_ = std::make_unique<RingAttacker>(world_, *receiver_host_, "hostile same region",
                                                  RingAttacker::Options());
  }

  void StartReceiver() {
    ReceiverOptions rx;
    rx.frames = options_.frames;
    rx.idle_ms = kReceiverIdleMs;
    rx.ready = [this] { receiver_ready_ = true; };
    rx.deliver = [this](std::span<const uint8_t> frame) {
      checker_.Arrived(frame);
      if (options_.received != nullptr) options_.received->Write(0, world_.now(), frame);
    };
    receiver_->Start(0, [this, rx](Process&) { RunReceiver(rx, received_); });
    const auto ready = [this] { return receiver_ready_ || receiver_->finished(); };
    if (!world_.RunUntil(ready, world_.now() + kSecond) || !receiver_ready_) {
      result_.error = "the receiver could not open its ring: " + received_.error;
    }
    // From here on on the other CPU, so that they cost the receiver nothing but bus time.
    if (own_region_) own_region_->Start(1);
    if (same_region_) same_region_->Start(1);
  }

  void StartSender() {
    if (options_.loss > 0) wire_->set_loss_from(0, options_.loss);
    SenderOptions tx;
    tx.frames = options_.frames;
    tx.batch = options_.batch;
    tx.fill = [this](uint64_t i, uint8_t* buffer, size_t room) {
      return checker_.Fill(i, buffer, room);
    };
    sender_->Start(1, [this, tx](Process&) { RunSender(tx, sent_); });
  }

  void WaitForTheEnd() {
    const Time limit = world_.now() + kVirtualLimit;
    uint32_t events = 0;
    const auto done = [&] {
      if (options_.progress && ++events % kProgressEvents == 0) options_.progress(result_.received);
      return sender_->finished() && receiver_->finished();
    };
    if (!world_.RunUntil(done, limit)) result_.error = "the programs did not come to an end";
  }

  void Measure() {
    result_.sent = sent_.sent;
    result_.lost = sent_.sent - std::min(sent_.sent, result_.received);
    result_.lost_on_wire = wire_->counters(0).lost;
    result_.sender_syscalls = sent_.syscalls;
    result_.receiver_syscalls = received_.syscalls;
    if (result_.error.empty()) result_.error = sent_.error.empty() ? received_.error : sent_.error;
    if (result_.received > 1 && last_arrival_ > first_arrival_) {
      result_.rate_pps = static_cast<double>(result_.received - 1) * kSecond /
                         static_cast<double>(last_arrival_ - first_arrival_);
    }
    const double packets = static_cast<double>(std::max<uint64_t>(result_.received, 1));
    const auto per_packet = [&](Process& process, Host& host, uint32_t cpu) {
      const Time time = process.thread().busy_time() + host.cpu(cpu).interrupt_time();
      return static_cast<double>(time) / kNanosecond / packets;
    };
    // Vector 0 serves both programs' queue, on CPU 0.
    result_.sender_ns_per_packet = per_packet(*sender_, *sender_host_, 0);
    result_.receiver_ns_per_packet = per_packet(*receiver_, *receiver_host_, 0);
    result_.sender_cycles_per_packet = result_.sender_ns_per_packet * options_.cpu_ghz;
    result_.receiver_cycles_per_packet = result_.receiver_ns_per_packet * options_.cpu_ghz;
  }

  void Finish() {
    if (own_region_) own_region_->Stop();
    if (same_region_) same_region_->Stop();
    sender_->Kill();
    receiver_->Kill();
    if (!world_.RunToEnd(world_.now() + kSecond) && result_.error.empty()) {
      result_.error = "a program did not end";
    }
    if (own_region_) result_.own_region = own_region_->result();
    if (same_region_) result_.same_region = same_region_->result();
    const std::string broken = world_.CheckInvariants();
    const std::string left = world_.Shutdown();
    if (result_.error.empty()) result_.error = broken.empty() ? left : broken;
    result_.trace_sha256 = world_.trace().HashHex();
    result_.trace_events = world_.trace().event_count();
    result_.virtual_seconds = static_cast<double>(world_.now()) / kSecond;
    if (!options_.trace_path.empty()) {
      const FileError error = world_.trace().WritePerfettoJson(options_.trace_path);
      if (error && result_.error.empty()) result_.error = *error;
    }
  }

  ScenarioOptions options_;
  ScenarioResult result_;
  World world_;
  Checker checker_;
  Host* sender_host_ = nullptr;
  Host* receiver_host_ = nullptr;
  Wire* wire_ = nullptr;
  Process* sender_ = nullptr;
  Process* receiver_ = nullptr;
  std::unique_ptr<RingAttacker> own_region_;
  std::unique_ptr<RingAttacker> same_region_;
  SenderResult sent_;
  ReceiverResult received_;
  bool receiver_ready_ = false;
  Time first_arrival_ = 0;
  Time last_arrival_ = 0;
};

}  // namespace

ScenarioResult RunScenario(const ScenarioOptions& options) { return Run(options).Execute(); }

}  // namespace mapwire::sim
