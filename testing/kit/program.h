// A program as core sees it: control requests from its memory, and the rings in its mapping.
#ifndef TESTING_KIT_PROGRAM_H_
#define TESTING_KIT_PROGRAM_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

#include "core/abi/freestanding.h"
#include "core/control/control.h"
#include "core/control/session.h"
#include "testing/kit/environment.h"
#include "testing/kit/loop_port.h"

namespace mapwire::kit {

// One descriptor of one program; closed at the end of its life.
class Program {
 public:
  explicit Program(control::Control& control);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  // An option for Request: its structure, laid out in the program's memory.
  UserAddress AddOption(const nmreq_option& header, const void* payload = nullptr,
                        size_t payload_bytes = 0);

  // NIOCCTRL with a body of type Body (which is updated) and a chain of options.
  template <typename Body>
  Status Request(uint16_t type, const char* name, Body& body,
                 std::initializer_list<UserAddress> options = {}) {
    const UserAddress at = memory.Put(body);
    const Status status = SendRequest(type, name, at, options);
    body = memory.Get<Body>(at);
    return status;
  }
  // The same without a body.
  Status Request(uint16_t type, const char* name, std::initializer_list<UserAddress> options = {}) {
    return SendRequest(type, name, UserAddress(0), options);
  }
  Status Register(const char* name, nmreq_register& reg,
                  std::initializer_list<UserAddress> options = {}) {
    return Request(NETMAP_REQ_REGISTER, name, reg, options);
  }
  // All rings of a port; the answer is kept in `reg`.
  Status Register(const char* name);
  Status Ioctl(uint32_t command, UserAddress argument) {
    return session().Ioctl(memory, command, argument);
  }
  void Close();
  // A new descriptor, after Close.
  void Reopen();

  control::Session& session() { return *session_; }
  bool open() const { return session_ != nullptr; }
  bool bound() const { return open() && session_->bound(); }

  // Its mapping of the region; valid while it is bound.
  char* base() const;
  netmap_if* interface() const { return reinterpret_cast<netmap_if*>(base() + reg.nr_offset); }
  netmap_ring* tx(uint32_t i) const { return RingAt(i); }
  netmap_ring* rx(uint32_t i) const {
    return RingAt(interface()->ni_tx_rings + interface()->ni_host_tx_rings + i);
  }
  char* Buffer(const netmap_ring* ring, uint32_t index) const {
    return const_cast<char*>(reinterpret_cast<const char*>(ring)) + ring->buf_ofs +
           uint64_t{index} * ring->nr_buf_size;
  }

  FakeUserMemory memory;
  nmreq_register reg{};   // of the last Register(name)
  nmreq_header header{};  // as returned by the last request

 private:
  Status SendRequest(uint16_t type, const char* name, UserAddress body,
                     std::initializer_list<UserAddress> options);
  netmap_ring* RingAt(uint32_t entry) const;

  control::Control& control_;
  control::Session* session_;
};

// Core with some ports, whose rings are small. Programs come after it and go before it.
class System {
 public:
  explicit System(const control::Parameters& parameters = {}) : control(environment, parameters) {}
  ~System();

  // A port under this name, alive as long as the system.
  LoopPort& AddPort(const char* name, const port::PortShape& shape);

  TestEnvironment environment;
  control::Control control;

 private:
  std::vector<std::unique_ptr<LoopPort>> ports_;
};

// A REGISTER body: mode and flags, everything else 0.
inline nmreq_register Registration(uint32_t mode, uint64_t flags = 0, uint16_t ring = 0) {
  nmreq_register reg{};
  reg.nr_mode = mode;
  reg.nr_flags = flags;
  reg.nr_ringid = ring;
  return reg;
}

}  // namespace mapwire::kit

#endif  // TESTING_KIT_PROGRAM_H_
