// The network stack of a simulated host above one NIC: a thread for each queue polls the device
// when it has called.
#ifndef SIM_HOST_STACK_H_
#define SIM_HOST_STACK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/host/cpu.h"
#include "sim/host/plain_stack.h"

namespace mapwire::sim {

class Host;

class NetStack final : public PlainStack {
 public:
  // `name` is that of the device.
  NetStack(Host& host, std::string name) : PlainStack(std::move(name)), host_(host) {}

  // --- From a thread of the host -----------------------------------------------------------------
  // As `ip link set up` and `down`.
  Status Open();
  void Close();

 private:
  void Wake(uint16_t queue) override;
  void Pause() override;
  void PollLoop(uint16_t queue);

  Host& host_;
  std::vector<std::unique_ptr<Thread>> pollers_;
  bool closing_ = false;
};

}  // namespace mapwire::sim

#endif  // SIM_HOST_STACK_H_
