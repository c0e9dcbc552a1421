#include "sim/server/world_file.h"

#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

namespace mapwire::sim {

namespace {

using nlohmann::json;

struct Problem {
  std::string text;
};

[[noreturn]] void Fail(const std::string& where, const std::string& what) {
  throw Problem{where + ": " + what};
}

// An object of the file, with a name for messages. Every field must be asked for, once.
class Object {
 public:
  Object(const json& value, std::string where) : value_(value), where_(std::move(where)) {
    if (!value.is_object()) Fail(where_, "must be an object");
  }

  // Fails if the file has a field that does not exist.
  void ExpectOnly(std::initializer_list<std::string_view> fields) const {
    for (const auto& [name, ignored] : value_.items()) {
      bool known = false;
      for (const std::string_view field : fields) known = known || field == name;
      if (!known) Fail(where_, "there is no field \"" + name + "\"");
    }
  }

  const json* Find(const char* name) const {
    const auto found = value_.find(name);
    return found == value_.end() ? nullptr : &*found;
  }
  std::string Where(const char* name) const { return where_ + "." + name; }
  const std::string& where() const { return where_; }

  std::string String(const char* name, const std::string& otherwise) const {
    const json* const value = Find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_string()) Fail(Where(name), "must be a string");
    return value->get<std::string>();
  }
  bool Bool(const char* name, bool otherwise) const {
    const json* const value = Find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) Fail(Where(name), "must be true or false");
    return value->get<bool>();
  }
  uint64_t Integer(const char* name, uint64_t otherwise, uint64_t least, uint64_t most) const {
    const json* const value = Find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_number_unsigned() || value->get<uint64_t>() < least ||
        value->get<uint64_t>() > most) {
      Fail(Where(name), fmt::format("must be a whole number from {} to {}", least, most));
    }
    return value->get<uint64_t>();
  }
  double Number(const char* name, double otherwise, double least, double most) const {
    const json* const value = Find(name);
    return value == nullptr ? otherwise : NumberOf(*value, Where(name), least, most);
  }
  static double NumberOf(const json& value, const std::string& where, double least, double most) {
    if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most)) {
      Fail(where, fmt::format("must be a number from {} to {}", least, most));
    }
    return value.get<double>();
  }

  // Calls visit(element, its name) for each element of an array, which may be absent.
  template <typename Visitor>
  void Each(const char* name, Visitor&& visit) const {
    const json* const value = Find(name);
    if (value == nullptr) return;
    if (!value->is_array()) Fail(Where(name), "must be an array");
    for (size_t i = 0; i < value->size(); ++i) {
      visit((*value)[i], fmt::format("{}[{}]", Where(name), i));
    }
  }

 private:
  const json& value_;
  const std::string where_;
};

// Names are used in paths, in port names and in "HOST/NIC". `extra` may be in them too.
std::string CheckedName(const std::string& name, const std::string& where, size_t most,
                        char extra = '_') {
  bool good = !name.empty() && name.size() <= most;
  for (const char c : name) {
    good = good && (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == extra);
  }
  if (!good)
    Fail(where, fmt::format("\"{}\" is no name of 1 to {} letters and digits", name, most));
  return name;
}

std::array<uint8_t, 6> ParseMac(const std::string& text, const std::string& where) {
  unsigned bytes[6];
  int used = 0;
  std::array<uint8_t, 6> mac{};
  if (std::sscanf(text.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2],
                  &bytes[3], &bytes[4], &bytes[5], &used) != 6 ||
      text.size() != static_cast<size_t>(used) || (bytes[0] & 1) != 0) {
    Fail(where, "\"" + text + "\" is no unicast address such as 02:00:5e:00:00:01");
  }
  for (size_t i = 0; i < 6; ++i) mac[i] = static_cast<uint8_t>(bytes[i]);
  return mac;
}

// What a paravirtual card has not.
void ParsePolicy(const Object& nic, nic::DriverConfig& driver) {
  driver.rss_queues =
      static_cast<uint16_t>(nic.Integer("rss_queues", driver.queue_pairs, 1, driver.queue_pairs));
  driver.promiscuous = nic.Bool("promiscuous", true);
  if (nic.Bool("rss_symmetric", false)) driver.rss_key_kind = nic::RssKey::kSymmetric;
  driver.rss_udp_ports = nic.Bool("rss_udp_ports", false);
  driver.keep_crc = nic.Bool("keep_crc", false);
  driver.interrupt_interval_us = static_cast<uint32_t>(nic.Integer("interrupt_us", 0, 0, 8000));
}

NicPlan ParseNic(const json& value, const std::string& where, size_t number) {
  const Object nic(value, where);
  NicPlan plan;
  const std::string model = nic.String("model", "82599");
  if (model == "paravirtual") {
    plan.model = NicModel::kParavirtual;
    nic.ExpectOnly({"name", "model", "mac", "queues", "tx_slots", "rx_slots", "mtu"});
  } else if (model == "82599" || model == "82540EM") {
    plan.model = model == "82599" ? NicModel::k82599 : NicModel::k82540Em;
    nic.ExpectOnly({"name", "model", "mac", "queues", "rss_queues", "tx_slots", "rx_slots", "mtu",
                    "promiscuous", "interrupt_us", "rss_symmetric", "rss_udp_ports", "keep_crc"});
  } else {
    Fail(nic.Where("model"), "must be \"82599\", \"82540EM\" or \"paravirtual\"");
  }
  plan.options.name = CheckedName(nic.String("name", ""), nic.Where("name"), 15);
  nic::NicPortConfig& port = plan.options.port;
  const bool small = plan.model == NicModel::k82540Em;
  port.driver.queue_pairs = static_cast<uint16_t>(nic.Integer("queues", 1, 1, small ? 1 : 16));
  port.driver.tx_slots = static_cast<uint32_t>(nic.Integer("tx_slots", 512, 8, 4096));
  port.driver.rx_slots = static_cast<uint32_t>(nic.Integer("rx_slots", 512, 8, 4096));
  port.driver.max_frame_bytes =
      static_cast<uint32_t>(nic.Integer("mtu", 1500, 46, small ? 16110 : 9714)) + 14;
  if (plan.model != NicModel::kParavirtual) ParsePolicy(nic, port.driver);
  for (const char* const slots : {"tx_slots", "rx_slots"}) {
    if (nic.Integer(slots, 8, 8, 4096) % 8 != 0) Fail(nic.Where(slots), "must be a multiple of 8");
  }
  // Every card of the world has an address of its own, unless the file says otherwise.
  plan.ixgbe.mac = {
      0x02, 0x4d, 0x57, 0x00, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  if (nic.Find("mac") != nullptr)
    plan.ixgbe.mac = ParseMac(nic.String("mac", ""), nic.Where("mac"));
  plan.e1000.mac = plan.ixgbe.mac;
  plan.pv.mac = plan.ixgbe.mac;
  return plan;
}

HostPlan ParseHost(const json& value, const std::string& where, size_t* nics) {
  const Object host(value, where);
  host.ExpectOnly({"name", "cpus", "cpu_ghz", "watchdog_ms", "nics"});
  HostPlan plan;
  plan.options.name = CheckedName(host.String("name", ""), host.Where("name"), 63, '-');
  plan.options.cpus = static_cast<uint32_t>(host.Integer("cpus", 2, 1, 64));
  plan.options.cpu_ghz = host.Number("cpu_ghz", 1.33, 0.01, 1000);
  plan.options.watchdog_period =
      static_cast<Time>(host.Integer("watchdog_ms", 500, 0, 60000)) * kMillisecond;
  host.Each("nics", [&](const json& nic, const std::string& place) {
    plan.nics.push_back(ParseNic(nic, place, ++*nics));
    for (size_t i = 0; i + 1 < plan.nics.size(); ++i) {
      if (plan.nics[i].options.name == plan.nics.back().options.name) {
        Fail(place, "this host has a card of that name already");
      }
    }
  });
  return plan;
}

void ParseEnd(const json& value, const std::string& where, const WorldPlan& world, WirePlan* wire,
              size_t end) {
  if (!value.is_string()) Fail(where, "must be a string \"HOST/NIC\"");
  const std::string text = value.get<std::string>();
  for (size_t h = 0; h < world.hosts.size(); ++h) {
    const HostPlan& host = world.hosts[h];
    for (size_t n = 0; n < host.nics.size(); ++n) {
      if (host.options.name + "/" + host.nics[n].options.name != text) continue;
      wire->host[end] = h;
      wire->nic[end] = n;
      return;
    }
  }
  Fail(where, "there is no card \"" + text + "\"");
}

// Paravirtual cards and wires without a limit go together.
bool IsUnlimited(const Object& wire, const WorldPlan& world, const WirePlan& plan) {
  const json* const gbps = wire.Find("gbps");
  const bool unlimited = gbps != nullptr && gbps->is_string();
  if (unlimited && gbps->get<std::string>() != "unlimited") {
    Fail(wire.Where("gbps"), "must be a number or \"unlimited\"");
  }
  for (size_t end = 0; end < 2; ++end) {
    const NicPlan& nic = world.hosts[plan.host[end]].nics[plan.nic[end]];
    if ((nic.model == NicModel::kParavirtual) == unlimited) continue;
    Fail(fmt::format("{}[{}]", wire.Where("ends"), end),
         unlimited ? "a wire without a limit joins paravirtual cards"
                   : "the wire of a paravirtual card has \"gbps\": \"unlimited\"");
  }
  return unlimited;
}

WirePlan ParseWire(const json& value, const std::string& where, const WorldPlan& world) {
  const Object wire(value, where);
  wire.ExpectOnly({"ends", "gbps", "delay_ns", "loss", "capture"});
  WirePlan plan{};
  const json* const ends = wire.Find("ends");
  if (ends == nullptr || !ends->is_array() || ends->size() != 2) {
    Fail(wire.Where("ends"), "must be two cards: [\"HOST/NIC\", \"HOST/NIC\"]");
  }
  for (size_t end = 0; end < 2; ++end) {
    ParseEnd((*ends)[end], fmt::format("{}[{}]", wire.Where("ends"), end), world, &plan, end);
  }
  plan.unlimited = IsUnlimited(wire, world, plan);
  if (plan.unlimited) {
    wire.ExpectOnly({"ends", "gbps"});
    return plan;
  }
  const double gbps = wire.Number("gbps", 10, 0.01, 10);
  plan.options.picoseconds_per_byte = static_cast<Time>(8000 / gbps);
  plan.options.flight_time =
      static_cast<Time>(wire.Integer("delay_ns", 500, 0, 1000000000)) * kNanosecond;
  if (const json* const loss = wire.Find("loss"); loss != nullptr) {
    const std::string place = wire.Where("loss");
    const bool both = loss->is_array() && loss->size() == 2;
    if (!both && !loss->is_number()) Fail(place, "must be a number, or one for each end");
    for (size_t end = 0; end < 2; ++end) {
      plan.loss[end] = Object::NumberOf(both ? (*loss)[end] : *loss, place, 0, 1);
    }
  }
  plan.capture = wire.String("capture", "");
  return plan;
}

void ParseRoot(const json& value, WorldPlan* plan) {
  const Object world(value, "world");
  world.ExpectOnly({"name", "seed", "time", "wait_for", "trace", "hosts", "wires", "programs"});
  if (world.Find("name") != nullptr) {
    plan->name = CheckedName(world.String("name", ""), "world.name", 40, '-');
  }
  plan->seed = world.Integer("seed", 1, 0, UINT64_MAX);
  const std::string time = world.String("time", "real");
  if (time != "real" && time != "virtual") Fail("world.time", "must be \"real\" or \"virtual\"");
  plan->virtual_time = time == "virtual";
  plan->wait_for = static_cast<uint32_t>(world.Integer("wait_for", 1, 1, 256));
  plan->trace = world.String("trace", "");
  size_t nics = 0;
  world.Each("hosts", [&](const json& host, const std::string& where) {
    plan->hosts.push_back(ParseHost(host, where, &nics));
    for (size_t i = 0; i + 1 < plan->hosts.size(); ++i) {
      if (plan->hosts[i].options.name == plan->hosts.back().options.name) {
        Fail(where, "there is a host of that name already");
      }
    }
  });
  if (plan->hosts.empty()) Fail("world.hosts", "must have one at least");
  std::vector<std::string> used;
  world.Each("wires", [&](const json& wire, const std::string& where) {
    plan->wires.push_back(ParseWire(wire, where, *plan));
    for (size_t end = 0; end < 2; ++end) {
      const WirePlan& last = plan->wires.back();
      const std::string card = fmt::format("{}/{}", last.host[end], last.nic[end]);
      for (const std::string& other : used) {
        if (other == card) Fail(where, "a card has one wire");
      }
      used.push_back(card);
    }
  });
  world.Each("programs", [&](const json& value, const std::string& where) {
    const Object program(value, where);
    program.ExpectOnly({"host", "command"});
    ProgramPlan one;
    one.host = program.String("host", plan->hosts[0].options.name);
    bool known = false;
    for (const HostPlan& host : plan->hosts) known = known || host.options.name == one.host;
    if (!known) Fail(program.Where("host"), "there is no host \"" + one.host + "\"");
    program.Each("command", [&](const json& word, const std::string& place) {
      if (!word.is_string()) Fail(place, "must be a string");
      one.words.push_back(word.get<std::string>());
    });
    if (one.words.empty()) Fail(program.Where("command"), "must be an array of words");
    plan->programs.push_back(std::move(one));
  });
}

}  // namespace

bool ParseWorld(const std::string& text, WorldPlan* plan, std::string* error) {
  *plan = {};
  try {
    ParseRoot(json::parse(text, nullptr, true, true), plan);
    return true;
  } catch (const Problem& problem) {
    *error = problem.text;
  } catch (const json::exception& problem) {
    *error = problem.what();
  }
  return false;
}

bool ReadWorldFile(const std::string& path, WorldPlan* plan, std::string* error) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) {
    *error = fmt::format("{}: {}", path, std::strerror(errno));
    return false;
  }
  if (ParseWorld(text.str(), plan, error)) return true;
  *error = path + ": " + *error;
  return false;
}

}  // namespace mapwire::sim
