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

}  // namespace

int Client::Open(const PortBinding& binding) {
  int status = OpenFile();
  if (status != 0) return status;
  {
    const Within within(process(), state_, Call::kRegister);
    status = Register(binding);
  }
  if (status == -ENOMEM) coverage_.Count(State::kNoMemory);
  if (status == -EBUSY) coverage_.Count(State::kBusyRing);
  if (status == 0) {
    if (registered().nr_extra_bufs < binding.extra_buffers) {
      coverage_.Count(State::kFewerExtraBuffers);
    }
    status = Map();
  }
  if (status != 0) Close();
  return status;
}

int Client::Close() {
  Unmap();
  const Within within(process(), state_, Call::kClose);
  return CloseFile();
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
    const Within within(process(), state_, Call::kSync);
    const unsigned long request = direction == ring::Direction::kTx ? NIOCTXSYNC : NIOCRXSYNC;
    status = process().Ioctl(fd(), request, nullptr);
  }
  if (locked_before && Locked(direction)) coverage_.Count(State::kLockedSync);
  if (status == -EIO) coverage_.Count(State::kZombieSync);
  return status;
}

int Client::Poll(short events, int timeout_ms) {
  Client* const self[] = {this};
  return PollAll(process(), state_, coverage_, self, events, timeout_ms);
}

int Client::PollAll(Process& process, CallState& state, Coverage& coverage,
                    std::span<Client* const> clients, short events, int timeout_ms) {
  std::vector<struct pollfd> fds;
  for (Client* const client : clients) fds.push_back({client->fd(), events, 0});
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
  uint32_t slots;
  if (!MappedPort::Push(ring, frame, &slots)) return false;
  if (slots > 1) coverage_.Count(State::kSeveralSlots);
  return true;
}

bool Client::Pop(netmap_ring& ring, std::vector<uint8_t>& frame) {
  frame.clear();
  if (!ShowsWholeFrame(ring)) return false;
  uint32_t i = ring.head;
  MappedPort::Pop(ring, frame);
  for (; i != ring.head; i = Next(ring, i)) {
    if (Offset(ring, ring.slot[i]) != 0) coverage_.Count(State::kOffsets);
    if (swaps_) Swap(ring, ring.slot[i]);
  }
  return true;
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
