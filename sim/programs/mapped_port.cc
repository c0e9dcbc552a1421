#include "sim/programs/mapped_port.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace mapwire::sim {

int MappedPort::OpenFile() {
  fd_ = process_.Open("/dev/netmap");
  return std::min(fd_, 0);
}

int MappedPort::Register(const PortBinding& binding) {
  nmreq_header header{};
  nmreq_register reg{};
  header.nr_version = NETMAP_API;
  header.nr_reqtype = NETMAP_REQ_REGISTER;
  header.nr_body = reinterpret_cast<uint64_t>(&reg);
  std::snprintf(header.nr_name, sizeof(header.nr_name), "%s", binding.port.c_str());
  reg.nr_mode = binding.mode;
  reg.nr_ringid = binding.ring;
  reg.nr_flags = binding.flags;
  reg.nr_mem_id = binding.region;
  reg.nr_extra_bufs = binding.extra_buffers;
  reg.nr_host_tx_rings = reg.nr_host_rx_rings = binding.host_rings;
  reg.nr_tx_rings = reg.nr_rx_rings = binding.made_rings;
  reg.nr_tx_slots = reg.nr_rx_slots = binding.made_slots;
  nmreq_opt_offsets own{};
  own.nro_max_offset = binding.max_offset;
  own.nro_initial_offset = binding.initial_offset;
  nmreq_opt_offsets* const offsets = binding.offsets != nullptr ? binding.offsets : &own;
  if (binding.offsets != nullptr || binding.max_offset != 0) {
    offsets->nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
    header.nr_options = reinterpret_cast<uint64_t>(offsets);
  }
  const int status = process_.Ioctl(fd_, NIOCCTRL, &header);
  if (status == 0) registered_ = reg;
  return status;
}

int MappedPort::Map() {
  int error = 0;
  base_ = static_cast<char*>(process_.Mmap(fd_, registered_.nr_memsize, 0, &error));
  return base_ == nullptr ? -error : 0;
}

void MappedPort::Unmap() {
  if (base_ != nullptr) process_.Munmap(base_, registered_.nr_memsize);
  base_ = nullptr;
}

int MappedPort::CloseFile() {
  const int fd = fd_;
  fd_ = -1;
  return process_.Close(fd);
}

int MappedPort::Open(const PortBinding& binding) {
  int status = OpenFile();
  if (status != 0) return status;
  status = Register(binding);
  if (status == 0) status = Map();
  if (status != 0) Close();
  return status;
}

int MappedPort::Close() {
  Unmap();
  return CloseFile();
}

netmap_ring& MappedPort::tx(uint32_t i) {
  netmap_if& nif = interface();
  return *reinterpret_cast<netmap_ring*>(reinterpret_cast<char*>(&nif) + nif.ring_ofs[i]);
}

netmap_ring& MappedPort::rx(uint32_t i) {
  const netmap_if& nif = interface();
  return tx(nif.ni_tx_rings + nif.ni_host_tx_rings + i);
}

int MappedPort::Poll(short events, int timeout_ms) {
  struct pollfd pfd {
    fd_, events, 0
  };
  const int ready = process_.Poll(&pfd, 1, timeout_ms);
  return ready < 0 ? ready : pfd.revents;
}

bool MappedPort::Push(netmap_ring& ring, std::span<const uint8_t> frame, uint32_t* slots) {
  const auto room = [&ring](uint32_t i) { return ring.nr_buf_size - Offset(ring, ring.slot[i]); };
  uint32_t end = ring.head;
  uint32_t used = 0;
  for (size_t fits = 0; fits < frame.size(); ++used, end = Next(ring, end)) {
    if (used == Space(ring)) return false;
    fits += room(end);
  }
  size_t done = 0;
  for (uint32_t i = ring.head; i != end; i = Next(ring, i)) {
    netmap_slot& slot = ring.slot[i];
    const size_t part = std::min<size_t>(frame.size() - done, room(i));
    std::memcpy(Buffer(ring, slot.buf_idx) + Offset(ring, slot), frame.data() + done, part);
    done += part;
    slot.len = static_cast<uint16_t>(part);
    slot.flags = done < frame.size() ? NS_MOREFRAG : 0;
  }
  ring.head = ring.cur = end;
  if (slots != nullptr) *slots = used;
  return true;
}

bool MappedPort::Pop(netmap_ring& ring, std::vector<uint8_t>& frame) {
  frame.clear();
  for (uint32_t i = ring.head; i != ring.tail;) {
    const netmap_slot& slot = ring.slot[i];
    const uint8_t* const from = Buffer(ring, slot.buf_idx) + Offset(ring, slot);
    frame.insert(frame.end(), from, from + slot.len);
    i = Next(ring, i);
    if ((slot.flags & NS_MOREFRAG) != 0) continue;
    ring.head = ring.cur = i;
    return true;
  }
  return false;
}

}  // namespace mapwire::sim
