// `mapwire nic serve`: model NICs as PCI devices of QEMU guests.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "sim/net/wire.h"
#include "sim/nic/ixgbe/ixgbe.h"
#include "sim/trace/pcapng.h"
#include "sim/vfio_user/server.h"
#include "sim/vfio_user/tally.h"

namespace mapwire::sim::vfio_user {
namespace {

struct Arguments {
  std::string model;
  std::vector<std::string> sockets;
  double loss = 0;
  uint64_t delay_us = 0;
  uint64_t seed = 1;
  std::string capture;
  std::string stats;
  bool intx = false;
  bool quiet = false;
};

int Fail(const std::string& text) {
  fmt::print(stderr, "mapwire nic: {}\n", text);
  return 1;
}

// What a card sent and what arrived at it: counted on the wire, and no word of the card's own.
struct Counted {
  Tally sent;
  Tally received;
};

using Devices = std::vector<std::unique_ptr<RemoteDevice>>;

// One line of JSON.
std::string StatsLine(const Devices& devices, const Counted* counted) {
  std::string cards;
  for (size_t i = 0; i < devices.size(); ++i) {
    cards += fmt::format(R"({}{{"name":"{}","driver_errors":{},"sent":{},"received":{}}})",
                         i == 0 ? "" : ",", devices[i]->name(), devices[i]->slot().driver_errors(),
                         counted[i].sent.Json(), counted[i].received.Json());
  }
  return fmt::format("{{\"cards\":[{}]}}\n", cards);
}

int Serve(const Arguments& arguments) {
  const auto say = [&](const std::string& text) {
    if (!arguments.quiet) fmt::print(stderr, "mapwire nic: {}\n", text);
  };
  Engine engine(arguments.seed);
  FramePool frames;
  Wire wire(engine, {.flight_time = static_cast<Time>(arguments.delay_us) * kMicrosecond});
  Devices devices;
  std::vector<std::unique_ptr<Endpoint>> endpoints;
  std::vector<Endpoint*> served;
  for (size_t i = 0; i < arguments.sockets.size(); ++i) {
    Ixgbe::Options options;
    options.mac = {0x02, 0x4D, 0x57, 0x82, 0x59, static_cast<uint8_t>(i + 1)};
    const auto make = [&](PciSlot& slot) { return std::make_unique<Ixgbe>(slot, options); };
    devices.push_back(std::make_unique<RemoteDevice>(
        engine, frames, fmt::format("{} {}", arguments.model, i), make, say, !arguments.intx));
    devices.back()->slot().ConnectWire(wire, static_cast<int>(i));
    wire.set_loss_from(static_cast<int>(i), arguments.loss);
    endpoints.push_back(std::make_unique<Endpoint>(*devices.back(), arguments.sockets[i], say));
    if (const std::string wrong = endpoints.back()->Listen(); !wrong.empty()) return Fail(wrong);
    served.push_back(endpoints.back().get());
  }
  PcapngWriter capture;
  if (!arguments.capture.empty()) {
    if (FileError problem = capture.Open(arguments.capture)) return Fail(*problem);
    capture.AddInterface("from the first card");
    capture.AddInterface("from the second card");
  }
  Counted counted[2];
  wire.set_observer([&](int from, Time start, Time, const Frame& frame, bool lost) {
    counted[from].sent.Count(frame);
    if (lost) return;
    counted[1 - from].received.Count(frame);
    if (!arguments.capture.empty()) {
      capture.Write(static_cast<uint32_t>(from), start, frame.bytes);
    }
  });
  std::ofstream stats;
  if (!arguments.stats.empty()) {
    stats.open(arguments.stats);
    if (!stats) return Fail(arguments.stats + ": cannot be created");
  }
  const auto tell_stats = [&] {
    if (stats.is_open()) stats << StatsLine(devices, counted) << std::flush;
  };
  // Without a second card the line is dark.
  wire.SetCarrier(served.size() == 2);
  fmt::print("{} ready\n", arguments.model);
  std::fflush(stdout);
  ServeInRealTime(engine, served, tell_stats);
  tell_stats();
  for (size_t i = 0; i < served.size(); ++i) {
    const WireCounters& sent = wire.counters(static_cast<int>(i));
    fmt::print("{}: sent {} frames, {} of them lost on the wire; mistakes of its driver: {}\n",
               devices[i]->name(), sent.frames, sent.lost, devices[i]->slot().driver_errors());
    for (const auto& [text, count] : devices[i]->slot().driver_error_texts()) {
      say(fmt::format("{} times: {}", count, text));
    }
  }
  endpoints.clear();
  for (const auto& device : devices) device->Disconnect();
  if (!stats) return Fail(arguments.stats + ": cannot be written");
  if (FileError problem = capture.Close(); problem && !arguments.capture.empty()) {
    return Fail(*problem);
  }
  return 0;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Model NICs as PCI devices of QEMU guests (docs/qemu-devices.md)."};
  app.name("mapwire nic");
  app.require_subcommand(1);
  CLI::App* const serve = app.add_subcommand("serve", "serve a card, or two joined by a wire");
  serve->add_option("model", arguments.model, "ixgbe: the 82599")
      ->required()
      ->check(CLI::IsMember({"ixgbe"}));
  serve->add_option("--socket", arguments.sockets, "path of a card's socket; twice: two cards")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  serve->add_option("--loss", arguments.loss, "probability that a frame is lost")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  serve->add_option("--delay-us", arguments.delay_us, "microseconds a frame takes on the wire")
      ->check(CLI::Range(uint64_t{0}, uint64_t{1000000}))
      ->capture_default_str();
  serve->add_option("--seed", arguments.seed, "of what is lost")->capture_default_str();
  serve->add_option("--capture", arguments.capture, "pcapng file of both directions");
  serve->add_option("--stats", arguments.stats,
                    "file for what went over the wire: a line of JSON at the end and at SIGUSR1");
  serve->add_flag("--intx", arguments.intx, "cards without MSI-X");
  serve->add_flag("--quiet", arguments.quiet, "no messages");
  CLI11_PARSE(app, argc, argv);
  if (arguments.sockets.size() > 2) return Fail("a wire has two ends: at most two --socket");
  return Serve(arguments);
}

}  // namespace
}  // namespace mapwire::sim::vfio_user

int main(int argc, char** argv) { return mapwire::sim::vfio_user::Main(argc, argv); }
