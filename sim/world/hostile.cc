#include "sim/world/hostile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/abi/freestanding.h"
#include "core/ring/ring_layout.h"

namespace mapwire::sim {

using ring::Direction;
using ring::Rule;

namespace {

constexpr uint64_t Bit(Rule rule) { return uint64_t{1} << static_cast<uint32_t>(rule); }

constexpr uint64_t kPositionRules =
    Bit(Rule::kHeadRange) | Bit(Rule::kHeadWindow) | Bit(Rule::kCurRange) | Bit(Rule::kCurWindow);
constexpr uint64_t kLengthRules = Bit(Rule::kLength) | Bit(Rule::kLengthZero) |
                                  Bit(Rule::kFrameLength) | Bit(Rule::kFrameFragments) |
                                  Bit(Rule::kFrameUnfinished);
constexpr uint32_t kPendingSlots = 4;

uint32_t LoadWord(const void* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

void StoreWord(void* to, uint32_t word) { std::memcpy(to, &word, sizeof(word)); }

}  // namespace

RingAttacker::RingAttacker(World& world, Host& host, const std::string& name,
                           const Options& options)
    : world_(world),
      options_(options),
      process_(world.AddProcess(host, name)),
      random_(world.engine().random().Fork()) {
  world_.AddLoadWatcher(*this);
}

RingAttacker::~RingAttacker() { world_.RemoveLoadWatcher(*this); }

void RingAttacker::Start(uint32_t cpu) {
  process_.Start(cpu, [this](Process& process) { Run(process); });
}

bool RingAttacker::Bind(Process& process) {
  fd_ = process.Open("/dev/netmap");
  nmreq_header header{};
  nmreq_register reg{};
  header.nr_version = NETMAP_API;
  header.nr_reqtype = NETMAP_REQ_REGISTER;
  header.nr_body = reinterpret_cast<uint64_t>(&reg);
  std::snprintf(header.nr_name, sizeof(header.nr_name), "%s", options_.port.c_str());
  reg.nr_mode = NR_REG_ONE_NIC;
  reg.nr_ringid = options_.ring;
  reg.nr_mem_id = options_.null_region;
  if (options_.null_region != 0) {
    reg.nr_mode = NR_REG_NULL;
    reg.nr_tx_rings = reg.nr_rx_rings = 1;
    reg.nr_tx_slots = reg.nr_rx_slots = 64;
  }
  const int status = process.Ioctl(fd_, NIOCCTRL, &header);
  if (status != 0) {
    result_.first_failure = fmt::format("REGISTER failed: errno {}", -status);
    return false;
  }
  control::Session& session = *process.session(fd_);
  const memory::RegionGeometry geometry = session.region()->Geometry().value();
  char* const base = static_cast<char*>(PageSource::RealBase(session.region()->pages()));
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    Target& target = targets_[static_cast<uint32_t>(direction)];
    target.ring = &session.port()->ring(direction, session.selection().of(direction).first);
    target.base =
        base + geometry.pool(memory::PoolKind::kRings).ObjectOffset(target.ring->object());
    for (uint32_t i = 0; i < target.ring->num_slots(); ++i) {
      target.buffers.push_back(
          LoadWord(target.base + ring::kRingHeaderBytes + i * ring::kSlotBytes));
    }
  }
  return true;
}

void RingAttacker::Run(Process& process) {
  if (!Bind(process)) return;
  while (!stopping_) {
    PrepareRings();
    Strike(process);
    if (random_.OneIn(4)) ControlStrike(process);
    process.SleepUntil(process.Now() + options_.pause);
  }
  attack_ = Attack();
  PrepareRings();
  targets_[0] = targets_[1] = Target();
}

// The rings as a correct program would have them, with a few frames to send: what an attack
// changes.
void RingAttacker::PrepareRings() {
  for (Target& target : targets_) {
    const uint32_t n = target.ring->num_slots();
    for (uint32_t i = 0; i < n; ++i) {
      char* const slot = target.base + ring::kRingHeaderBytes + i * ring::kSlotBytes;
      StoreWord(slot, target.buffers[i]);
      StoreWord(slot + 4, ring::LengthFlags(60, 0));
    }
    const bool tx = target.ring->direction() == Direction::kTx;
    const uint32_t room = ring::Distance(target.ring->rhead(), target.ring->rtail(), n);
    const uint32_t step = tx && room > kPendingSlots ? kPendingSlots : 0;
    const uint32_t head = tx ? ring::Advance(target.ring->rhead(), step, n) : target.ring->rtail();
    StoreWord(target.base + ring::kHeadAt, head);
    StoreWord(target.base + ring::kCurAt, head);
  }
}

void RingAttacker::Strike(Process& process) {
  uint64_t before[2][ring::kRules];
  for (int i = 0; i < 2; ++i) {
    std::memcpy(before[i], targets_[i].ring->violations().count, sizeof(before[i]));
  }
  attack_ = Attack();
  attack_.armed = true;
  attack_.skip = random_.Below(8);
  switch (random_.Below(4)) {
    case 0:
    case 1:
      process.Ioctl(fd_, NIOCTXSYNC, nullptr);
      break;
    case 2:
      process.Ioctl(fd_, NIOCRXSYNC, nullptr);
      break;
    default: {
      struct pollfd pfd {
        fd_, POLLIN | POLLOUT, 0
      };
      process.Poll(&pfd, 1, 0);
      break;
    }
  }
  attack_.armed = false;
  if (attack_.done) Judge(before);
}

void RingAttacker::Judge(const uint64_t (&before)[2][ring::kRules]) {
  ++result_.tried;
  bool named = false;
  for (int i = 0; i < 2; ++i) {
    for (uint32_t rule = 0; rule < ring::kRules; ++rule) {
      const uint64_t more = targets_[i].ring->violations().count[rule] - before[i][rule];
      result_.by_rule[rule] += more;
      named = named || (more != 0 && (attack_.allowed_rules >> rule & 1) != 0);
    }
  }
  if (attack_.illegal) ++result_.illegal;
  const std::string broken = world_.CheckInvariants();
  if (broken.empty() && (named || !attack_.illegal)) {
    ++result_.contained;
  } else if (result_.first_failure.empty()) {
    result_.first_failure =
        attack_.what + ": " + (broken.empty() ? "no counter named the rule" : broken);
  }
}

void RingAttacker::BeforeLoad(void* address, size_t) {
  if (!attack_.armed || attack_.done) return;
  char* const at = static_cast<char*>(address);
  for (Target& target : targets_) {
    const uint64_t bytes =
        ring::kRingHeaderBytes + uint64_t{target.ring->num_slots()} * ring::kSlotBytes;
    if (at < target.base || at >= target.base + bytes) continue;
    if (attack_.skip > 0) {
      --attack_.skip;
      return;
    }
    const size_t offset = static_cast<size_t>(at - target.base);
    if (offset == ring::kHeadAt || offset == ring::kCurAt) {
      ChangePosition(target, offset, address);
    } else if (offset >= ring::kRingHeaderBytes && offset % ring::kSlotBytes == 0) {
      ChangeSlot(target,
                 static_cast<uint32_t>((offset - ring::kRingHeaderBytes) / ring::kSlotBytes),
                 address);
    }
    return;
  }
}

void RingAttacker::ChangePosition(Target& target, size_t offset, void* address) {
  ring::Ring& ring = *target.ring;
  const uint32_t n = ring.num_slots();
  const uint32_t values[] = {0,
                             1,
                             n - 1,
                             n,
                             n + 1,
                             ring.hwcur(),
                             ring::Prev(ring.hwcur(), n),
                             ring.hwtail(),
                             ring::Next(ring.hwtail(), n),
                             ring.rtail(),
                             ring::Next(ring.rtail(), n),
                             ring.rhead(),
                             ring::Prev(ring.rhead(), n),
                             0x7fffffff,
                             0x80000000,
                             0xffffffff,
                             static_cast<uint32_t>(random_.Next())};
  const uint32_t value = values[random_.Below(std::size(values))];
  const bool is_head = offset == ring::kHeadAt;
  // poll looks at head once before the sync does; only a sync judges.
  const uint32_t head = is_head ? value : LoadWord(target.base + ring::kHeadAt);
  const uint32_t cur = is_head ? LoadWord(target.base + ring::kCurAt) : value;
  const uint32_t first = ring.direction() == Direction::kTx ? ring.rhead() : ring.hwcur();
  StoreWord(address, value);
  attack_.done = true;
  attack_.illegal =
      ring::CheckPositions(head, cur, first, ring.rtail(), n) != ring::PositionFault::kNone;
  attack_.allowed_rules = kPositionRules;
  attack_.what = fmt::format("{} = {:#x}", is_head ? "head" : "cur", value);
}

void RingAttacker::ChangeSlot(Target& target, uint32_t slot, void* address) {
  memory::Region& region = *target.ring->region();
  uint32_t buffer = LoadWord(address);
  uint32_t length = 60;
  uint32_t flags = 0;
  if (random_.OneIn(2)) {
    const uint32_t values[] = {0,
                               1,
                               region.buffer_count() - 1,
                               region.buffer_count(),
                               region.buffer_count() + 1,
                               0x7fffffff,
                               0xffffffff,
                               target.buffers[random_.Below(target.buffers.size())]};
    buffer = values[random_.Below(std::size(values))];
    // Another's buffer of the same region could be sent, and by right: no attack.
    if (region.IsUsableBuffer(buffer) &&
        std::find(target.buffers.begin(), target.buffers.end(), buffer) == target.buffers.end()) {
      buffer = target.buffers[0];
    }
  } else {
    const uint32_t lengths[] = {0,
                                1,
                                13,
                                14,
                                59,
                                60,
                                region.buffer_bytes() - 1,
                                region.buffer_bytes(),
                                region.buffer_bytes() + 1,
                                0xffff};
    length = lengths[random_.Below(std::size(lengths))];
    flags = random_.OneIn(2) ? 0 : static_cast<uint32_t>(random_.Below(0x10000));
  }
  StoreWord(address, buffer);
  StoreWord(static_cast<char*>(address) + 4, ring::LengthFlags(length, flags));
  attack_.done = true;
  const bool bad_buffer = !region.IsUsableBuffer(buffer);
  const bool tx = target.ring->direction() == Direction::kTx;
  // A length means something in transmit slots only; flags may make a frame of several slots, whose
  // fate depends on the others, so they are never illegal by themselves.
  const bool bad_length = tx && (length == 0 || length > region.buffer_bytes());
  attack_.illegal = bad_buffer || bad_length;
  attack_.allowed_rules = bad_buffer ? Bit(Rule::kBufferIndex) : kLengthRules;
  attack_.what =
      fmt::format("slot {}: buffer {:#x} length {} flags {:#x}", slot, buffer, length, flags);
}

// A request made of plausible parts and garbage. The session is bound, so REGISTER must say so.
void RingAttacker::ControlStrike(Process& process) {
  struct {
    nmreq_header header;
    nmreq_register reg;
    nmreq_option options[3];
  } request;
  auto* const bytes = reinterpret_cast<uint8_t*>(&request);
  for (size_t i = 0; i < sizeof(request); ++i) {
    bytes[i] = random_.OneIn(4) ? static_cast<uint8_t>(random_.Next()) : 0;
  }
  request.header.nr_version = random_.OneIn(8) ? 0xffff : NETMAP_API;
  request.header.nr_reserved = random_.OneIn(8) ? 1 : 0;
  request.header.nr_reqtype = static_cast<uint16_t>(random_.Below(18));
  const uint64_t bodies[] = {0, 1, reinterpret_cast<uint64_t>(&request.reg), ~uint64_t{0}};
  request.header.nr_body = bodies[random_.Below(std::size(bodies))];
  const uint64_t first = reinterpret_cast<uint64_t>(&request.options[0]);
  request.header.nr_options = random_.OneIn(2) ? first : 0;
  for (nmreq_option& option : request.options) {
    option.nro_reqtype = static_cast<uint32_t>(random_.Below(8));
    option.nro_size = random_.OneIn(4) ? random_.Next() : sizeof(nmreq_option);
    const uint64_t nexts[] = {0, first, first + sizeof(nmreq_option), 8};
    option.nro_next = nexts[random_.Below(std::size(nexts))];
  }
  const memory::Region* const region = process.session(fd_)->region();
  const int status = process.Ioctl(fd_, NIOCCTRL, &request.header);
  ++result_.tried;
  const std::string broken = world_.CheckInvariants();
  const bool bound = process.session(fd_)->region() == region;
  if (broken.empty() && bound && status <= 0) {
    ++result_.contained;
  } else if (result_.first_failure.empty()) {
    result_.first_failure =
        fmt::format("request type {} answered {}: {}", request.header.nr_reqtype, status, broken);
  }
}

}  // namespace mapwire::sim
