#include "sim/stress/client.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace mapwire::sim {
namespace {

// For as long as a call lasts, also if a kill ends it.
class Within {
 public:
  Within(Process& process, CallState& state, Call call) : state_(state) {
    state_.call = call;
    state_.sleeps = process.counters().sleeps;
  }
  ~Within() { state_.call = Call::kNone; }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  CallState& state_;
};

uint64_t Offset(const netmap_ring& ring, const netmap_slot& slot) {
  return slot.ptr & ring.offset_mask;
}

}  // namespace

int Client::Open(const ClientBinding& binding) {
  fd_ = process_.Open("/dev/netmap");
  if (fd_ < 0) return fd_;
  nmreq_header header{};
  nmreq_register reg{};
  nmreq_opt_offsets offsets{};
  header.nr_version = NETMAP_API;
  header.nr_reqtype = NETMAP_REQ_REGISTER;
  header.nr_body = reinterpret_cast<uint64_t>(&reg);
  std::snprintf(header.nr_name, sizeof(header.nr_name), "%s", binding.port.c_str());
  reg.nr_mode = binding.mode;
  reg.nr_ringid = binding.ring;
  reg.nr_flags = binding.flags;
  reg.nr_mem_id = binding.region;
  reg.nr_extra_bufs = binding.extra_buffers;
  if (binding.made_slots != 0) {
    reg.nr_tx_rings = reg.nr_rx_rings = 1;
    reg.nr_tx_slots = reg.nr_rx_slots = binding.made_slots;
  }
  if (binding.max_offset != 0) {
    offsets.nro_opt.nro_reqtype = NETMAP_REQ_OPT_OFFSETS;
    offsets.nro_max_offset = binding.max_offset;
    offsets.nro_initial_offset = binding.initial_offset;
    header.nr_options = reinterpret_cast<uint64_t>(&offsets);
  }
  int status;
  {
    const Within within(process_, state_, Call::kRegister);
    status = process_.Ioctl(fd_, NIOCCTRL, &header);
  }
  if (status == -ENOMEM) coverage_.Count(State::kNoMemory);
  if (status == -EBUSY) coverage_.Count(State::kBusyRing);
  if (status != 0) {
    Close();
    return status;
  }
  registered_ = reg;
  if (reg.nr_extra_bufs < binding.extra_buffers) coverage_.Count(State::kFewerExtraBuffers);
  int error = 0;
  base_ = static_cast<char*>(process_.Mmap(fd_, reg.nr_memsize, 0, &error));
  if (base_ != nullptr) return 0;
  Close();
  return -error;
}

int Client::Close() {
  if (base_ != nullptr) process_.Munmap(base_, registered_.nr_memsize);
  base_ = nullptr;
  const int fd = fd_;
  fd_ = -1;
  const Within within(process_, state_, Call::kClose);
  return process_.Close(fd);
}

netmap_ring& Client::tx(uint32_t i) {
  netmap_if& nif = interface();
  return *reinterpret_cast<netmap_ring*>(reinterpret_cast<char*>(&nif) + nif.ring_ofs[i]);
}

netmap_ring& Client::rx(uint32_t i) {
  netmap_if& nif = interface();
  const uint32_t skip = nif.ni_tx_rings + nif.ni_host_tx_rings;
  return *reinterpret_cast<netmap_ring*>(reinterpret_cast<char*>(&nif) + nif.ring_ofs[skip + i]);
}

bool Client::Locked(ring::Direction direction) {
  control::Session& session = this->session();
  const port::RingInterval& rings = session.selection().of(direction);
  for (uint16_t i = rings.first; i < rings.last; ++i) {
    if (session.port()->ring(direction, i).state() == ring::RingState::kLocked) return true;
  }
  return false;
}

int Client::Sync(ring::Direction direction) {
  const bool locked_before = Locked(direction);
  int status;
  {
    const Within within(process_, state_, Call::kSync);
    const unsigned long request = direction == ring::Direction::kTx ? NIOCTXSYNC : NIOCRXSYNC;
    status = process_.Ioctl(fd_, request, nullptr);
  }
  if (locked_before && Locked(direction)) coverage_.Count(State::kLockedSync);
  if (status == -EIO) coverage_.Count(State::kZombieSync);
  return status;
}

int Client::Poll(short events, int timeout_ms) {
  Client* const self[] = {this};
  return PollAll(process_, state_, coverage_, self, events, timeout_ms);
}

int Client::PollAll(Process& process, CallState& state, Coverage& coverage,
                    std::span<Client* const> clients, short events, int timeout_ms) {
  std::vector<struct pollfd> fds;
  for (Client* const client : clients) fds.push_back({client->fd_, events, 0});
  const uint64_t sleeps = process.counters().sleeps;
  int ready;
  {
    const Within within(process, state, Call::kPoll);
    ready = process.Poll(fds.data(), static_cast<unsigned>(fds.size()), timeout_ms);
  }
  if (process.counters().sleeps != sleeps) {
    coverage.Count(ready > 0 ? State::kPollWoken : State::kPollTimeout);
  }
  if (ready <= 0) return ready;
  int all = 0;
  for (const struct pollfd& fd : fds) all |= fd.revents;
  return all;
}

bool Client::ShowsWholeFrame(const netmap_ring& ring) {
  for (uint32_t i = ring.head; i != ring.tail; i = Next(ring, i)) {
    if ((ring.slot[i].flags & NS_MOREFRAG) == 0) return true;
  }
  return false;
}

bool Client::Push(netmap_ring& ring, std::span<const uint8_t> frame) {
  uint32_t head = ring.head;
  uint32_t space = Space(ring);
  uint32_t slots = 0;
  for (size_t done = 0; done < frame.size(); --space, ++slots) {
    if (space == 0) return false;
    netmap_slot& slot = ring.slot[head];
    const size_t offset = Offset(ring, slot);
    const size_t part = std::min(frame.size() - done, ring.nr_buf_size - offset);
    std::memcpy(Buffer(ring, slot.buf_idx) + offset, frame.data() + done, part);
    done += part;
    slot.len = static_cast<uint16_t>(part);
    slot.flags = done < frame.size() ? NS_MOREFRAG : 0;
    head = Next(ring, head);
  }
  if (slots > 1) coverage_.Count(State::kSeveralSlots);
  ring.head = ring.cur = head;
  return true;
}

bool Client::Pop(netmap_ring& ring, std::vector<uint8_t>& frame) {
  frame.clear();
  if (ring.head == ring.tail || !ShowsWholeFrame(ring)) return false;
  for (uint32_t i = ring.head; i != ring.tail;) {
    netmap_slot& slot = ring.slot[i];
    const uint8_t* const from = Buffer(ring, slot.buf_idx) + Offset(ring, slot);
    if (Offset(ring, slot) != 0) coverage_.Count(State::kOffsets);
    frame.insert(frame.end(), from, from + slot.len);
    const bool more = (slot.flags & NS_MOREFRAG) != 0;
    if (swaps_) Swap(ring, slot);
    i = Next(ring, i);
    if (more) continue;
    ring.head = ring.cur = i;
    return true;
  }
  return false;
}

// The list in the shared interface stays whole at every moment a kill could come.
void Client::Swap(netmap_ring& ring, netmap_slot& slot) {
  netmap_if& nif = interface();
  const uint32_t fresh = nif.ni_bufs_head;
  if (fresh == 0) return;
  uint32_t next;
  std::memcpy(&next, Buffer(ring, fresh), sizeof(next));
  const uint32_t old = slot.buf_idx;
  std::memcpy(Buffer(ring, old), &next, sizeof(next));
  slot.buf_idx = fresh;
  slot.flags = static_cast<uint16_t>(slot.flags | NS_BUF_CHANGED);
  nif.ni_bufs_head = old;
  coverage_.Count(State::kSwappedBuffer);
}

bool Client::Forward(netmap_ring& from, netmap_ring& to) {
  if (from.offset_mask != 0 || to.offset_mask != 0) {
    std::vector<uint8_t> frame;
    const uint32_t head = from.head;
    if (!Pop(from, frame)) return false;
    if (frame.empty() || Push(to, frame)) return true;
    from.head = from.cur = head;
    return false;
  }
  uint32_t slots = 0;
  bool whole = false;
  for (uint32_t i = from.head; i != from.tail && !whole; i = Next(from, i)) {
    whole = (from.slot[i].flags & NS_MOREFRAG) == 0;
    ++slots;
  }
  if (!whole || slots > Space(to)) return false;
  uint32_t source = from.head;
  uint32_t target = to.head;
  netmap_slot* last = nullptr;
  for (uint32_t i = 0; i < slots; ++i) {
    netmap_slot& in = from.slot[source];
    netmap_slot& out = to.slot[target];
    source = Next(from, source);
    if (in.len == 0) continue;  // what a faulty card said; nothing to send
    std::swap(in.buf_idx, out.buf_idx);
    out.len = in.len;
    out.flags = static_cast<uint16_t>((in.flags & NS_MOREFRAG) | NS_BUF_CHANGED);
    in.flags = NS_BUF_CHANGED;
    target = Next(to, target);
    last = &out;
  }
  if (last != nullptr) last->flags = NS_BUF_CHANGED;
  from.head = from.cur = source;
  to.head = to.cur = target;
  coverage_.Count(State::kForwarded);
  return true;
}

}  // namespace mapwire::sim
