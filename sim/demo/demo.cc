// `mapwire demo`: the main scenario with its knobs, its report, and the paper's figure.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/demo/scenario.h"
#include "sim/plot/plot.h"

namespace mapwire::sim {
namespace {

struct Arguments {
  ScenarioOptions scenario;
  std::string capture;
  std::string out;
  std::string plot;
  std::string bench_json;
  bool no_hostile = false;
  bool json = false;
};

// Instructions per packet of a sync at batch 256, as the bench counted them.
struct Instructions {
  std::optional<double> tx;
  std::optional<double> rx;
};

constexpr uint64_t kDefaultFrames = 2000000;
constexpr uint64_t kPlotFrames = 60000;
constexpr size_t kRetainedEvents = 2000000;

// A reason to stop: one line for the user.
struct Failure {
  std::string text;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  ScenarioOptions& scenario = arguments.scenario;
  scenario.frames = kDefaultFrames;
  CLI::App app{
      "Two simulated hosts with 82599 NICs, joined by a wire: a sender and a receiver move frames\n"
      "through rings, filter, driver, descriptors, DMA and interrupts, while two hostile programs\n"
      "attack the receiver's host."};
  app.name("mapwire demo");
  app.add_option("--frames", scenario.frames, "frames to send")
      ->check(CLI::Range(uint64_t{1}, uint64_t{100000000}))
      ->capture_default_str();
  app.add_option("--frame-bytes", scenario.frame_bytes, "length of a frame without CRC")
      ->check(CLI::Range(60, 9728))
      ->capture_default_str();
  app.add_option("--cpu-ghz", scenario.cpu_ghz, "clock of the simulated CPUs")
      ->check(CLI::Range(0.01, 100.0))
      ->capture_default_str();
  app.add_option("--batch", scenario.batch, "frames the sender hands over per system call")
      ->check(CLI::Range(1, 4095))
      ->capture_default_str();
  app.add_option("--slots", scenario.slots, "slots per ring; a multiple of 8")
      ->check(CLI::Range(64, 4096))
      ->check([](const std::string& value) {
        return std::stoul(value) % 8 == 0 ? std::string() : value + " is not a multiple of 8";
      })
      ->capture_default_str();
  app.add_option("--loss", scenario.loss, "probability that the wire loses a frame")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--interrupt-us", scenario.interrupt_interval_us,
                 "least time between interrupts of a queue, microseconds")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_option("--seed", scenario.seed, "one seed is one run, to the byte")
      ->capture_default_str();
  app.add_flag("--no-hostile", arguments.no_hostile, "leave the hostile programs out");
  app.add_option("--pcap", arguments.capture, "send the frames of this capture, once");
  app.add_option("--out", arguments.out, "write what the receiver gets to this pcapng file");
  app.add_option("--trace", scenario.trace_path, "write a trace for ui.perfetto.dev");
  app.add_option("--plot", arguments.plot, "draw rate against clock and batch size (SVG)");
  app.add_flag("--json", arguments.json, "print one JSON object instead of the report");
  app.add_option("--bench-json", arguments.bench_json, "rows of `mapwire bench --json`");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    std::exit(0);
  } catch (const CLI::ParseError& error) {
    throw Failure{error.what()};
  }
  scenario.hostile = !arguments.no_hostile;
  if (!scenario.trace_path.empty()) scenario.retain_events = kRetainedEvents;
  return arguments;
}

Instructions ReadBench(const std::string& path) {
  Instructions instructions;
  if (path.empty()) return instructions;
  std::ifstream file(path);
  if (!file) throw Failure{path + ": cannot be read"};
  const nlohmann::json rows = nlohmann::json::parse(file, nullptr, false);
  if (!rows.is_array()) throw Failure{path + ": is not the output of `mapwire bench --json`"};
  for (const nlohmann::json& row : rows) {
    if (row.value("batch", 0) != 256 || row.value("variant", "") != "plain") continue;
    const double count = row.value("instructions_per_packet", 0.0);
    (row.value("path", "") == "txsync" ? instructions.tx : instructions.rx) = count;
  }
  return instructions;
}

// Every file that will be written can be: known before minutes of work, not after.
void CheckWritable(const std::string& path) {
  if (path.empty()) return;
  std::ofstream file(path, std::ios::app);
  if (!file) throw Failure{path + ": cannot be written"};
}

void ShowProgress(uint64_t received, uint64_t frames, bool terminal) {
  const double part = 100.0 * static_cast<double>(received) / static_cast<double>(frames);
  fmt::print(stderr, "{}received {:>10} of {} frames ({:.0f} %){}", terminal ? "\r" : "", received,
             frames, part, terminal ? "" : "\n");
}

ScenarioResult Run(const Arguments& arguments, const std::vector<CapturedFrame>* capture) {
  ScenarioOptions options = arguments.scenario;
  options.capture = capture;
  PcapngWriter writer;
  if (!arguments.out.empty()) {
    if (const FileError error = writer.Open(arguments.out)) throw Failure{*error};
    writer.AddInterface("receiver");
    options.received = &writer;
  }
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const uint64_t frames = capture == nullptr ? options.frames : capture->size();
  // On a terminal often; in a log every tenth.
  const uint64_t step = std::max<uint64_t>(frames / (terminal ? 100 : 10), 1);
  uint64_t shown = 0;
  if (!arguments.json) {
    options.progress = [&](uint64_t received) {
      if (received < shown + step) return;
      shown = received;
      ShowProgress(received, frames, terminal);
    };
  }
  ScenarioResult result = RunScenario(options);
  if (!arguments.json && terminal && shown != 0) fmt::print(stderr, "\r{:60}\r", "");
  if (!arguments.out.empty()) {
    if (const FileError error = writer.Close()) throw Failure{*error};
  }
  return result;
}

void PrintHostile(const char* where, const HostileResult& result) {
  fmt::print("  {:<28}{:>8} tried, {} of them illegal, {} contained\n", where, result.tried,
             result.illegal, result.contained);
  std::string rules;
  for (uint32_t rule = 1; rule < ring::kRules; ++rule) {
    if (result.by_rule[rule] == 0) continue;
    rules +=
        fmt::format(" {} {}", ring::RuleName(static_cast<ring::Rule>(rule)), result.by_rule[rule]);
  }
  fmt::print("    named by counters:{}\n", rules.empty() ? " nothing" : rules);
  if (!result.first_failure.empty()) fmt::print("    FAILED: {}\n", result.first_failure);
}

void PrintCosts(const CostModel& costs, double ghz) {
  fmt::print(
      "\nThe CPU model's table, cycles at {} GHz (docs/cpu-model.md says where they are from)\n"
      "  per call   system call {}  sleep in poll {}  interrupt {}  register write {}\n"
      "  per slot   transmit {}  receive {} + release {}  sending program {}  receiving program "
      "{}\n",
      ghz, costs.syscall, costs.poll_sleep, costs.interrupt, costs.mmio_write, costs.tx_slot,
      costs.rx_import, costs.rx_release, costs.program_tx, costs.program_rx);
}

void PrintReport(const Arguments& arguments, const ScenarioResult& result,
                 const Instructions& instructions) {
  const ScenarioOptions& options = arguments.scenario;
  fmt::print("frames    sent {}  received {}  lost {}  out of order {}  damaged {}\n", result.sent,
             result.received, result.lost, result.reordered, result.damaged);
  if (result.lost_on_wire != 0) fmt::print("          {} lost by the wire\n", result.lost_on_wire);
  if (arguments.capture.empty() && options.frame_bytes == 60) {
    fmt::print("rate      {:.0f} packets/s, line rate is {:.0f}: {:.3f} %\n", result.rate_pps,
               kLineRatePps, 100 * result.rate_pps / kLineRatePps);
  } else {
    fmt::print("rate      {:.0f} packets/s\n", result.rate_pps);
  }
  fmt::print(
      "CPU time  sender {:.1f} ns, {:.1f} cycles a packet; receiver {:.1f} ns, {:.1f} cycles\n",
      result.sender_ns_per_packet, result.sender_cycles_per_packet, result.receiver_ns_per_packet,
      result.receiver_cycles_per_packet);
  const auto count = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.1f}", *value) : std::string("not measured");
  };
  fmt::print(
      "code      {} instructions a packet to transmit, {} to receive (one sync, batch 256)\n",
      count(instructions.tx), count(instructions.rx));
  fmt::print("calls     sender {}, receiver {}\n", result.sender_syscalls,
             result.receiver_syscalls);
  if (options.hostile) {
    fmt::print("hostile programs on the receiver's host\n");
    PrintHostile("in a region of its own", result.own_region);
    PrintHostile("in the receiver's region", result.same_region);
    const uint64_t unexplained = result.lost - std::min(result.lost, result.lost_on_wire);
    fmt::print("  the receiver lost {}\n",
               unexplained == 0 ? "nothing to them" : fmt::format("{} frames", unexplained));
  }
  PrintCosts(CostModel(), options.cpu_ghz);
  fmt::print("\nseed {}  trace sha256 {}\n     ({} events in {:.6f} s of virtual time)\n",
             options.seed, result.trace_sha256, result.trace_events, result.virtual_seconds);
  for (const std::string& file : {options.trace_path, arguments.out}) {
    if (!file.empty()) fmt::print("written   {}\n", file);
  }
}

void PrintJson(const Arguments& arguments, const ScenarioResult& result,
               const Instructions& instructions) {
  nlohmann::ordered_json object;
  const auto number = [](const std::optional<double>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
  };
  object["rate_pps"] = result.rate_pps;
  object["line_rate_pps"] = kLineRatePps;
  object["frames_sent"] = result.sent;
  object["frames_received"] = result.received;
  object["frames_lost"] = result.lost;
  object["frames_reordered"] = result.reordered;
  object["frames_damaged"] = result.damaged;
  object["instructions_per_packet_tx"] = number(instructions.tx);
  object["instructions_per_packet_rx"] = number(instructions.rx);
  object["cpu_ghz"] = arguments.scenario.cpu_ghz;
  object["seed"] = arguments.scenario.seed;
  object["trace_sha256"] = result.trace_sha256;
  object["violations_tried"] = result.violations_tried();
  object["violations_contained"] = result.violations_contained();
  object["sender_cycles_per_packet"] = result.sender_cycles_per_packet;
  object["receiver_cycles_per_packet"] = result.receiver_cycles_per_packet;
  fmt::print("{}\n", object.dump(2));
}

// Rate against clock and against batch size, each point a run of its own.
void DrawPlot(const Arguments& arguments) {
  constexpr double kClocks[] = {0.1, 0.15, 0.2, 0.3,  0.4, 0.5, 0.6, 0.7, 0.8,
                                0.9, 1.0,  1.2, 1.33, 1.6, 2.0, 2.5, 3.0};
  constexpr uint32_t kBatches[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256};
  RatePlot plot;
  plot.title = "Packet rate of one core, 60-byte frames, simulated 82599";
  const auto rate = [&](double ghz, uint32_t batch) {
    ScenarioOptions options = arguments.scenario;
    options.frames = kPlotFrames;
    options.frame_bytes = 60;
    options.hostile = false;
    options.cpu_ghz = ghz;
    options.batch = batch;
    options.trace_path.clear();
    options.retain_events = 0;
    const ScenarioResult result = RunScenario(options);
    if (!result.error.empty()) throw Failure{"while drawing: " + result.error};
    return result.rate_pps / 1e6;
  };
  for (const uint32_t batch : {8u, 256u}) {
    PlotSeries series{fmt::format("batch {}", batch), {}};
    for (const double ghz : kClocks) series.points.push_back({ghz, rate(ghz, batch)});
    plot.by_clock.push_back(series);
  }
  for (const double ghz : {0.9, arguments.scenario.cpu_ghz}) {
    PlotSeries series{fmt::format("{} GHz", ghz), {}};
    for (const uint32_t batch : kBatches) {
      series.points.push_back({static_cast<double>(batch), rate(ghz, batch)});
    }
    plot.by_batch.push_back(series);
  }
  if (const FileError error = WriteSvg(arguments.plot, plot)) throw Failure{*error};
  if (!arguments.json) fmt::print("written   {}\n", arguments.plot);
}

int Main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  const Instructions instructions = ReadBench(arguments.bench_json);
  std::vector<CapturedFrame> frames;
  if (!arguments.capture.empty()) {
    Capture capture = ReadCapture(arguments.capture);
    if (const std::string* error = std::get_if<std::string>(&capture)) throw Failure{*error};
    frames = std::get<std::vector<CapturedFrame>>(std::move(capture));
  }
  for (const std::string& path : {arguments.out, arguments.scenario.trace_path, arguments.plot}) {
    CheckWritable(path);
  }
  const ScenarioResult result = Run(arguments, frames.empty() ? nullptr : &frames);
  if (!result.error.empty()) throw Failure{result.error};
  if (arguments.json) {
    PrintJson(arguments, result, instructions);
  } else {
    PrintReport(arguments, result, instructions);
  }
  if (!arguments.plot.empty()) DrawPlot(arguments);
  if (result.damaged != 0) throw Failure{"frames arrived damaged"};
  if (result.violations_contained() != result.violations_tried()) {
    throw Failure{"a violation was not contained"};
  }
  return 0;
}

}  // namespace
}  // namespace mapwire::sim

int main(int argc, char** argv) {
  try {
    return mapwire::sim::Main(argc, argv);
  } catch (const mapwire::sim::Failure& failure) {
    fmt::print(stderr, "mapwire demo: {}\n", failure.text);
    return 1;
  }
}
