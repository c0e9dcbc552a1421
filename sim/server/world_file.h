// A world described by a JSON file: hosts, their cards, wires, and programs to start.
// docs/worlds.md has the fields.
#ifndef SIM_SERVER_WORLD_FILE_H_
#define SIM_SERVER_WORLD_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/host/host.h"
#include "sim/net/wire.h"
#include "sim/nic/e1000/e1000.h"
#include "sim/nic/ixgbe/ixgbe.h"
#include "sim/nic/pv/pv.h"

namespace mapwire::sim {

enum class NicModel : uint8_t { k82599, k82540Em, kParavirtual };

struct NicPlan {
  NicOptions options;
  NicModel model = NicModel::k82599;
  Ixgbe::Options ixgbe;
  E1000::Options e1000;
  Pv::Options pv;
};

struct HostPlan {
  HostOptions options;
  std::vector<NicPlan> nics;
};

struct WirePlan {
  // Of each end: which host, and which of its cards.
  size_t host[2];
  size_t nic[2];
  bool unlimited = false;  // between paravirtual cards: none of what follows
  WireOptions options;
  double loss[2] = {0, 0};  // of frames that enter at that end
  std::string capture;      // pcapng file of both directions; empty: none
};

struct ProgramPlan {
  std::string host;
  std::vector<std::string> words;
};

struct WorldPlan {
  std::string name;  // empty: the file does not say
  uint64_t seed = 1;
  bool virtual_time = false;
  uint32_t wait_for = 1;  // programs that must be there before virtual time begins
  std::string trace;      // Perfetto file; empty: none
  std::vector<HostPlan> hosts;
  std::vector<WirePlan> wires;
  std::vector<ProgramPlan> programs;
};

// The plan in the file at `path`, or in `text`. On failure `*error` says where and what.
bool ReadWorldFile(const std::string& path, WorldPlan* plan, std::string* error);
bool ParseWorld(const std::string& text, WorldPlan* plan, std::string* error);

}  // namespace mapwire::sim

#endif  // SIM_SERVER_WORLD_FILE_H_
