// Netmap ports of pkt-gen: one for each thread.
#ifndef TOOLS_PKT_GEN_PORT_H_
#define TOOLS_PKT_GEN_PORT_H_

#include <libnetmap.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/pkt-gen/options.h"

namespace mapwire::pktgen {

// The request of thread `index` of `threads`: a thread alone has all the rings that the name says,
// several have one each. `hardware` rings come before the host rings, if both are asked for. False
// if the name says one ring only.
bool SelectRing(const nmreq_register& wanted, uint32_t threads, uint32_t index, uint32_t hardware,
                nmreq_register* out);

// The ports of the threads, open; closed at the end of its life.
class Ports {
 public:
  Ports() = default;
  ~Ports();
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;

  // False, with a message on stderr, if one cannot be opened.
  bool Open(const Options& options);

  nmport_d* at(uint32_t thread) { return ports_[thread]; }
  // Rings in the direction of the function.
  uint32_t queues() const { return queues_; }
  uint32_t vnet_header() const { return vnet_header_; }
  // The interface behind it; "" for switches and pipes.
  std::string interface() const;

 private:
  void FindHeader(const Options& options);

  std::vector<nmport_d*> ports_;
  uint32_t queues_ = 0;
  uint32_t vnet_header_ = 0;
};

// tx-slots[,rx-slots[,tx-rings[,rx-rings]]], the first of each kind for both directions. False if
// it is something else.
bool ReadConfig(const std::string& text, nmreq_register* reg);

// Of the operating system's interface; nothing if there is none of this name.
std::optional<std::array<uint8_t, 6>> MacOfInterface(const std::string& name);
std::optional<uint32_t> MtuOfInterface(const std::string& name);

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_PORT_H_
