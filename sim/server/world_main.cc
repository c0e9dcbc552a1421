// `mapwire world`: a simulated world that real programs live in.
#include <fmt/format.h>
#include <sys/wait.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/server/server.h"
#include "sim/server/world_file.h"
#include "sim/trace/pcapng.h"
#include "sim/world/world.h"

namespace mapwire::sim {
namespace {

constexpr size_t kRetainedEvents = 5000000;
// Of a CPU in real time, where only waiting for a register's answer takes time.
constexpr double kRealTimeGhz = 1000;

struct Arguments {
  std::string file;
  std::string folder;
  std::string name;
  std::string shim;
  std::string time;
  std::optional<uint64_t> seed;
  std::string trace;
  double patience = 2;
  bool check = false;
  bool quiet = false;
  std::vector<std::string> programs;
};

int Fail(const std::string& text) {
  fmt::print(stderr, "mapwire world: {}\n", text);
  return 1;
}

platform::TimeOfDay MachineTime() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec, now.tv_nsec / 1000};
}

void Report(World& world, const Server& server, bool with_hash) {
  fmt::print("world: {:.6f} s, {} programs served\n", static_cast<double>(world.now()) / kSecond,
             server.programs_served());
  for (const auto& host : world.hosts()) {
    for (const auto& nic : host->nics()) {
      if (nic->port() == nullptr) continue;
      const nic::DriverStatistics& counted = nic->port()->ReadStatistics();
      fmt::print("{}/{}: sent {} frames, received {}, missed {}, damaged {}\n",
                 host->options().name, nic->name(), counted.tx_packets, counted.rx_packets,
                 counted.rx_missed + counted.rx_no_descriptor,
                 counted.rx_crc_errors + counted.rx_length_errors);
    }
  }
  if (with_hash) {
    fmt::print("trace sha256 {} ({} events)\n", world.trace().HashHex(),
               world.trace().event_count());
  }
}

std::string Describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("status {}", WEXITSTATUS(status));
}

HostNic& AddNic(World& world, Host& host, const NicPlan& nic) {
  switch (nic.model) {
    case NicModel::k82599:
      return world.AddIxgbe(host, nic.options, nic.ixgbe);
    case NicModel::k82540Em:
      return world.AddE1000(host, nic.options, nic.e1000);
    case NicModel::kParavirtual:
      break;
  }
  return world.AddPv(host, nic.options, nic.pv);
}

int Run(const Arguments& arguments) {
  WorldPlan plan;
  std::string error;
  if (!ReadWorldFile(arguments.file, &plan, &error)) return Fail(error);
  if (arguments.seed) plan.seed = *arguments.seed;
  if (!arguments.time.empty()) plan.virtual_time = arguments.time == "virtual";
  if (!arguments.trace.empty()) plan.trace = arguments.trace;
  if (!arguments.name.empty()) plan.name = arguments.name;
  if (plan.name.empty()) plan.name = std::filesystem::path(arguments.file).stem();
  if (plan.name.find('/') != std::string::npos) return Fail("a name has no / in it");
  if (arguments.check) return 0;

  Server::TakeSignals();
  // Nobody asks for the trace of a run that does not repeat.
  World world({.seed = plan.seed, .trace = plan.virtual_time || !plan.trace.empty()});
  if (!arguments.quiet) {
    world.set_log_sink([](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  }
  if (!plan.trace.empty()) world.trace().Retain(kRetainedEvents);
  std::vector<std::vector<HostNic*>> nics;
  for (HostPlan& host : plan.hosts) {
    if (!plan.virtual_time) {
      host.options.cpu_ghz = kRealTimeGhz;
      host.options.epoch = MachineTime();
      host.options.costs = kFreeWork;
    }
    Host& made = world.AddHost(host.options);
    nics.emplace_back();
    for (const NicPlan& nic : host.nics) {
      nics.back().push_back(&AddNic(world, made, nic));
    }
  }
  PcapngWriter capture[64];
  size_t captures = 0;
  for (const WirePlan& plan_of_wire : plan.wires) {
    HostNic& first = *nics[plan_of_wire.host[0]][plan_of_wire.nic[0]];
    HostNic& second = *nics[plan_of_wire.host[1]][plan_of_wire.nic[1]];
    if (plan_of_wire.unlimited) {
      world.Join(first, second);
      continue;
    }
    Wire& wire = world.Connect(first, second, plan_of_wire.options);
    for (int end = 0; end < 2; ++end) wire.set_loss_from(end, plan_of_wire.loss[end]);
    if (plan_of_wire.capture.empty()) continue;
    if (captures == 64) return Fail("more than 64 wires are captured");
    PcapngWriter& writer = capture[captures++];
    if (FileError problem = writer.Open(plan_of_wire.capture)) return Fail(*problem);
    writer.AddInterface("from the first end");
    writer.AddInterface("from the second end");
    wire.set_observer([&writer](int from, Time start, Time, const Frame& frame, bool lost) {
      if (!lost) writer.Write(static_cast<uint32_t>(from), start, frame.bytes);
    });
  }
  if (const std::string problem = world.Boot(); !problem.empty()) return Fail(problem);

  Server server(world, {.socket_path = arguments.folder + "/" + plan.name + ".sock",
                        .virtual_time = plan.virtual_time,
                        .patience = static_cast<Time>(arguments.patience * kSecond),
                        .wait_for = plan.wait_for,
                        .say = [](const std::string& text) {
                          fmt::print(stderr, "mapwire world: {}\n", text);
                        }});
  if (const std::string problem = server.Listen(); !problem.empty()) {
    server.Close();
    return Fail(problem);
  }
  fmt::print("world {} is up: {} hosts, {} wires, seed {}, {} time\n", plan.name, plan.hosts.size(),
             plan.wires.size(), plan.seed, plan.virtual_time ? "virtual" : "real");
  std::fflush(stdout);
  std::vector<Command> commands;
  for (const ProgramPlan& program : plan.programs)
    commands.push_back({program.host, program.words});
  int status = 0;
  for (Command& command : commands) {
    if (const std::string problem = server.Launch(command, arguments.shim); !problem.empty()) {
      status = Fail(problem);
    }
  }
  if (status == 0) server.Run();
  server.Close();
  for (const Command& command : commands) {
    if (command.ended && command.status == 0) continue;
    fmt::print("{} on {}: {}\n", command.words[0], command.host,
               command.ended ? Describe(command.status) : "was still running");
    if (command.ended) status = 1;
  }
  Report(world, server, plan.virtual_time);
  for (size_t i = 0; i < captures; ++i) {
    if (FileError problem = capture[i].Close()) status = Fail(*problem);
  }
  if (!plan.trace.empty()) {
    if (FileError problem = world.trace().WritePerfettoJson(plan.trace)) status = Fail(*problem);
  }
  if (const std::string left = world.Shutdown(); !left.empty()) status = Fail(left);
  return status;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"A simulated world that real netmap programs live in (docs/worlds.md)."};
  app.name("mapwire world");
  app.add_option("file", arguments.file, "description of the world, JSON")->required();
  app.add_option("--folder", arguments.folder,
                 "where NAME.sock is made: who may use that, may join")
      ->required();
  app.add_option("--name", arguments.name, "of the world, instead of the file's");
  app.add_option("--shim", arguments.shim, "library that programs are started with");
  app.add_option("--time", arguments.time, "real or virtual, instead of what the file says")
      ->check(CLI::IsMember({"real", "virtual"}));
  app.add_option("--seed", arguments.seed, "instead of the file's");
  app.add_option("--trace", arguments.trace, "write a trace for Perfetto at the end");
  app.add_option("--patience", arguments.patience,
                 "seconds a program may compute while virtual time waits for it")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_flag("--check", arguments.check, "read the file, say what is wrong with it, and end");
  app.add_flag("--quiet", arguments.quiet, "no messages of the simulated kernels");
  CLI11_PARSE(app, argc, argv);
  return Run(arguments);
}

}  // namespace
}  // namespace mapwire::sim

int main(int argc, char** argv) { return mapwire::sim::Main(argc, argv); }
