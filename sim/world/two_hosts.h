// Two hosts joined by a wire, and a descriptor of /dev/netmap as a test program holds it: what the
// scenarios of this folder are told in.
#ifndef SIM_WORLD_TWO_HOSTS_H_
#define SIM_WORLD_TWO_HOSTS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/abi/freestanding.h"
#include "sim/host/process.h"
#include "sim/programs/mapped_port.h"
#include "sim/programs/udp_frame.h"
#include "sim/world/world.h"

namespace mapwire::sim {

enum class Card : uint8_t { k82599, k82540Em };

struct TwoHostsOptions {
  uint64_t seed = 1;
  double cpu_ghz = 1.33;
  uint32_t slots = 512;
  uint16_t queue_pairs = 2;
  uint16_t rss_queues = 1;
  uint32_t max_frame_bytes = 1514;
  uint32_t interrupt_interval_us = 0;
  BusOptions bus = {};
  Ixgbe::Options device = {};
  bool paravirtual = false;  // the cards, instead: neither bus, device nor faults count then
  // Which cards. An 82540EM has one queue pair, whatever is asked for, and knows no faults.
  Card left_card = Card::k82599;
  Card right_card = Card::k82599;
  E1000::Options e1000 = {};
  WireOptions wire = {};
  // What goes wrong with the cards, and how often core may look after them (0: never).
  FaultPlan* left_faults = nullptr;
  FaultPlan* right_faults = nullptr;
  Time watchdog_period = 0;
  uint32_t cpus = 2;
  bool bounces = false;          // both cards reach copies of memory only
  bool host_stacks = false;      // both hosts have a network stack, and it has the card
  bool forward = false;          // Parameters::forward of both
  uint32_t buffer_bytes = 2048;  // of the buffers of region 1; there are as many as fit the default
  // Whatever else can be set of a card, over all of the above; both cards, or one.
  std::function<void(nic::DriverConfig&)> configure = {};
  std::function<void(nic::DriverConfig&)> configure_left = {};
  std::function<void(nic::DriverConfig&)> configure_right = {};
};

// The left host sends by convention, the right one receives.
class TwoHosts {
 public:
  explicit TwoHosts(const TwoHostsOptions& options = {});
  // Kills what runs, and fails the test if anything is broken or left over.
  ~TwoHosts();
  TwoHosts(const TwoHosts&) = delete;
  TwoHosts& operator=(const TwoHosts&) = delete;

  // Fails the test if the links do not come up.
  void Boot();
  // A program; it runs when the world does. Two CPUs: 0 takes the interrupts of queue pair 0.
  Process& Run(Host& host, const std::string& name, uint32_t cpu,
               std::function<void(Process&)> body);
  // False if `done` did not become true in this virtual time.
  bool RunUntil(const std::function<bool()>& done, Time within = kSecond);
  void RunFor(Time duration);
  // Runs until every program has come to its end; fails the test if one does not.
  void RunToEnd(Time within = 10 * kSecond);

  World world;
  Host* left;
  Host* right;
  HostNic* left_nic;
  HostNic* right_nic;
  Wire* wire;  // null between paravirtual cards
  const UdpFlow flow;

 private:
  std::vector<Process*> programs_;
};

using Binding = PortBinding;

// A program's descriptor in a test.
class Descriptor : public MappedPort {
 public:
  using MappedPort::MappedPort;

  uint16_t region() const { return registered().nr_mem_id; }
  // As MappedPort's; fails the test if a part of a frame was shown.
  static bool Pop(netmap_ring& ring, std::vector<uint8_t>& frame);
};

// Length of frame `i`, without CRC.
using FrameLength = std::function<size_t(uint64_t i)>;
FrameLength Always(size_t length);

// Sends frames first .. first + count - 1 of the flow, `batch` per system call, and waits until the
// card has taken them all. False: the card took none for a second.
bool SendFrames(Process& process, Descriptor& descriptor, uint32_t ring, const UdpFlow& flow,
                uint64_t first, uint64_t count, uint32_t batch, const FrameLength& length);

// What arrived, by the sequence numbers.
struct Receipt {
  uint64_t received = 0;
  uint64_t damaged = 0;
  uint64_t reordered = 0;
  uint64_t gaps = 0;  // places where numbers are missing
  uint64_t next = 0;  // after the last good one
  uint64_t bytes = 0;

  void Take(std::span<const uint8_t> frame, const UdpFlow& flow);
  bool clean() const { return damaged == 0 && reordered == 0 && gaps == 0; }
};

// Receives by poll() until `count` frames came or nothing for idle_ms; false if poll says POLLERR.
bool ReceiveFrames(Descriptor& descriptor, std::span<netmap_ring* const> rings, const UdpFlow& flow,
                   uint64_t count, int idle_ms, Receipt& receipt);

// A receiver and a sender of one flow, on ring pair 0 of either side, to their end.
struct Transfer {
  uint64_t frames = 1000;
  uint32_t batch = 64;
  FrameLength length = Always(60);
  int idle_ms = 50;
};
Receipt RunTransfer(TwoHosts& hosts, const Transfer& transfer);

}  // namespace mapwire::sim

#endif  // SIM_WORLD_TWO_HOSTS_H_
