// A descriptor of /dev/netmap with its mapping, as a program on a simulated host holds it.
#ifndef SIM_PROGRAMS_MAPPED_PORT_H_
#define SIM_PROGRAMS_MAPPED_PORT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/abi/freestanding.h"
#include "sim/host/process.h"

namespace mapwire::sim {

// What REGISTER asks for.
struct PortBinding {
  std::string port = "eth0";
  uint32_t mode = NR_REG_ONE_NIC;
  uint16_t ring = 0;
  uint64_t flags = 0;
  uint16_t region = 0;
  uint32_t extra_buffers = 0;
  uint16_t host_rings = 0;  // to be made, each way; 0: as it is
  uint16_t made_rings = 0;  // of a null port, each way
  uint32_t made_slots = 0;
  uint32_t max_offset = 0;  // 0: without the option
  uint32_t initial_offset = 0;
  nmreq_opt_offsets* offsets = nullptr;  // the option, instead of these two; answered there
};

// All calls from the thread of the process. Does not close itself: a program that ends closes all.
class MappedPort {
 public:
  explicit MappedPort(Process& process) : process_(process) {}

  // open, REGISTER, mmap: 0 or -errno; on failure nothing is left open.
  int Open(const PortBinding& binding);
  int Close();
  int fd() const { return fd_; }
  const nmreq_register& registered() const { return registered_; }
  control::Session& session() { return *process_.session(fd_); }

  netmap_if& interface() { return *reinterpret_cast<netmap_if*>(base_ + registered_.nr_offset); }
  // Ring `i` of the port, which must be bound.
  netmap_ring& tx(uint32_t i);
  netmap_ring& rx(uint32_t i);

  // 0 or -errno.
  int TxSync() { return process_.Ioctl(fd_, NIOCTXSYNC, nullptr); }
  int RxSync() { return process_.Ioctl(fd_, NIOCRXSYNC, nullptr); }
  // What poll() says about this descriptor alone: revents, 0 after a time limit; or -errno.
  int Poll(short events, int timeout_ms);

  // Without a system call: puts a frame into as many slots as it takes, which `slots` is told if it
  // is not null. False, and nothing is done: no room.
  static bool Push(netmap_ring& ring, std::span<const uint8_t> frame, uint32_t* slots = nullptr);
  // Without a system call: takes the next whole frame out. False: there is none; what there is of
  // one is in `frame`.
  static bool Pop(netmap_ring& ring, std::vector<uint8_t>& frame);

  static bool Empty(const netmap_ring& ring) { return ring.head == ring.tail; }
  static uint32_t Space(const netmap_ring& ring) {
    return (ring.tail + ring.num_slots - ring.head) % ring.num_slots;
  }
  // Slots handed over that have not come back.
  static uint32_t Pending(const netmap_ring& ring) {
    return (ring.head + ring.num_slots - ring.tail - 1) % ring.num_slots;
  }
  static uint32_t Next(const netmap_ring& ring, uint32_t i) {
    return i + 1 == ring.num_slots ? 0 : i + 1;
  }
  static uint8_t* Buffer(netmap_ring& ring, uint32_t index) {
    return reinterpret_cast<uint8_t*>(&ring) + ring.buf_ofs + uint64_t{index} * ring.nr_buf_size;
  }
  static uint64_t Offset(const netmap_ring& ring, const netmap_slot& slot) {
    return slot.ptr & ring.offset_mask;
  }

 protected:
  // The steps of Open and Close. OpenFile: 0 or -errno, as the others.
  int OpenFile();
  int Register(const PortBinding& binding);
  int Map();
  void Unmap();
  int CloseFile();

  Process& process() { return process_; }

 private:
  Process& process_;
  int fd_ = -1;
  char* base_ = nullptr;
  nmreq_register registered_{};
};

}  // namespace mapwire::sim

#endif  // SIM_PROGRAMS_MAPPED_PORT_H_
