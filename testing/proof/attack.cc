#include "testing/proof/attack.h"

#include <algorithm>
#include <cstring>

#include "core/ring/ring_layout.h"
#include "platform_backend/untrusted.h"

namespace mapwire::proof {

using ring::Direction;
using ring::Ring;

namespace {

// A field of a structure that programs pass: where it is and what it may be tried with.
struct Field {
  size_t offset;
  size_t bytes;
};

#define FIELD(type, member) \
  { offsetof(type, member), sizeof(type::member) }

constexpr Field kHeader[] = {
    FIELD(nmreq_header, nr_version),  FIELD(nmreq_header, nr_reqtype),
    FIELD(nmreq_header, nr_reserved), FIELD(nmreq_header, nr_name),
    FIELD(nmreq_header, nr_options),  FIELD(nmreq_header, nr_body),
};
constexpr Field kRegister[] = {
    FIELD(nmreq_register, nr_offset),   FIELD(nmreq_register, nr_memsize),
    FIELD(nmreq_register, nr_tx_slots), FIELD(nmreq_register, nr_rx_slots),
    FIELD(nmreq_register, nr_tx_rings), FIELD(nmreq_register, nr_rx_rings),
    FIELD(nmreq_register, nr_mem_id),   FIELD(nmreq_register, nr_ringid),
    FIELD(nmreq_register, nr_mode),     FIELD(nmreq_register, nr_extra_bufs),
    FIELD(nmreq_register, nr_flags),
};
constexpr Field kOption[] = {
    FIELD(nmreq_option, nro_next),
    FIELD(nmreq_option, nro_reqtype),
    FIELD(nmreq_option, nro_status),
    FIELD(nmreq_option, nro_size),
};
constexpr Field kOffsets[] = {
    FIELD(nmreq_opt_offsets, nro_max_offset),  FIELD(nmreq_opt_offsets, nro_initial_offset),
    FIELD(nmreq_opt_offsets, nro_offset_bits), FIELD(nmreq_opt_offsets, nro_tx_align),
    FIELD(nmreq_opt_offsets, nro_min_gap),
};
constexpr Field kLegacy[] = {
    FIELD(nmreq, nr_name),     FIELD(nmreq, nr_version),  FIELD(nmreq, nr_offset),
    FIELD(nmreq, nr_memsize),  FIELD(nmreq, nr_tx_slots), FIELD(nmreq, nr_rx_slots),
    FIELD(nmreq, nr_tx_rings), FIELD(nmreq, nr_rx_rings), FIELD(nmreq, nr_ringid),
    FIELD(nmreq, nr_cmd),      FIELD(nmreq, nr_arg1),     FIELD(nmreq, nr_arg2),
    FIELD(nmreq, nr_arg3),     FIELD(nmreq, nr_flags),
};

// Words of any width: small ones, neighbours of the limits of the stage, single bits, extremes.
std::vector<uint64_t> Words(size_t bytes, uint64_t now) {
  std::vector<uint64_t> values = {0, 1, 2, 3, kSlots - 1, kSlots, kSlots + 1, kBuffers, ~0ull};
  for (size_t bit = 3; bit < bytes * 8; ++bit) {
    values.push_back(uint64_t{1} << bit);
    values.push_back((uint64_t{1} << bit) - 1);
  }
  values.push_back(now + 1);
  values.push_back(now - 1);
  return values;
}

}  // namespace

const char* PlaceName(Place place) {
  static constexpr const char* kNames[kPlaces] = {
      "head or cur", "ring flags", "slot", "slot pointer", "list head", "list next", "request"};
  return kNames[static_cast<size_t>(place)];
}

Attack::Coverage& Attack::coverage() {
  static Coverage coverage;
  return coverage;
}

Attack::Attack(Stage& stage) : stage_(stage) {
  stage_.on_load = [this](char* address, size_t bytes) { Load(address, bytes); };
  stage_.suspect.memory.before_copy_in = [this](UserAddress from, size_t bytes) {
    CopyIn(from, bytes);
  };
}

Attack::~Attack() {
  stage_.on_load = nullptr;
  stage_.suspect.memory.before_copy_in = nullptr;
}

bool Attack::Classify(const char* address, size_t bytes, Known& known) const {
  for (uint16_t pair = 0; pair < kPairs; ++pair) {
    for (const Direction direction : {Direction::kTx, Direction::kRx}) {
      Ring& ring = stage_.ring(direction, pair);
      if (!ring.created()) continue;
      const char* const begin = platform::RealAddress(
          static_cast<char*>(ring.region()->Address(memory::PoolKind::kRings, ring.object())));
      const size_t at = static_cast<size_t>(address - begin);
      if (address < begin || at >= ring::kRingHeaderBytes + kSlots * ring::kSlotBytes) continue;
      known.ring = &ring;
      known.of_neighbour = pair != 0;
      if (at >= ring::kRingHeaderBytes) {
        const size_t within = (at - ring::kRingHeaderBytes) % ring::kSlotBytes;
        known.place = within < 8 ? Place::kSlot : Place::kPointer;
        return bytes == 8 && within % 8 == 0;
      }
      known.place = at == ring::kFlagsAt ? Place::kFlags : Place::kPosition;
      return true;
    }
  }
  known.ring = nullptr;
  known.of_neighbour = false;
  const auto geometry = stage_.shared_region().Geometry().value();
  const auto* const base =
      static_cast<char*>(sim::PageSource::RealBase(stage_.shared_region().pages()));
  const uint64_t buffers = geometry.pool(memory::PoolKind::kBuffers).offset;
  if (address < base || address >= base + geometry.bytes) return false;
  const auto at = static_cast<uint64_t>(address - base);
  known.place = at >= buffers ? Place::kListNext : Place::kListHead;
  for (const Direction direction : {Direction::kTx, Direction::kRx}) {
    Ring& ring = stage_.ring(direction, 1);
    for (uint32_t i = 0; at >= buffers && ring.created() && i < kSlots; ++i) {
      if (ring.known_buffers()[i] == (at - buffers) / kBufferBytes) known.of_neighbour = true;
    }
  }
  return true;
}

// Buffers of every kind: reserved, of each ring, free, never used, the last, beyond.
std::vector<uint32_t> Attack::Buffers() const {
  std::vector<uint32_t> buffers = {0, 1};
  for (uint16_t pair = 0; pair < kPairs; ++pair) {
    for (const Direction direction : {Direction::kTx, Direction::kRx}) {
      Ring& ring = stage_.ring(direction, pair);
      if (!ring.created()) continue;
      buffers.push_back(ring.known_buffers()[0]);
      buffers.push_back(ring.known_buffers()[kSlots - 1]);
    }
  }
  const memory::Region& region = stage_.shared_region();
  uint32_t free = 0;
  for (uint32_t i = kBuffers; i-- > 0;) {
    if (!region.IsAllocated(memory::PoolKind::kBuffers, i)) free = i;
  }
  buffers.insert(buffers.end(), {free, region.buffer_count() - 1, region.buffer_count(),
                                 region.buffer_count() + 1, 0x80000000, ~0u});
  return buffers;
}

std::vector<uint64_t> Attack::SlotValues(const Known&, uint64_t now) const {
  std::vector<uint64_t> values;
  const uint64_t buffer = now & 0xffffffff;
  const uint64_t length = now >> 32 & 0xffff;
  const uint64_t flags = now >> 48;
  const auto add = [&](uint64_t b, uint64_t l, uint64_t f) {
    values.push_back(b | l << 32 | f << 48);
  };
  for (const uint32_t other : Buffers()) {
    add(other, length, flags);
    add(other, length, flags | ring::kSlotBufferChanged);
  }
  for (const uint64_t other : {0u, 1u, 16u, 17u, kBufferBytes - 1, kBufferBytes, kBufferBytes + 1,
                               0x7fffu, 0x8000u, 0xffffu}) {
    add(buffer, other, flags);
    add(buffer, other, flags | ring::kSlotMoreFragments);
  }
  for (uint32_t bit = 0; bit < 16; ++bit) add(buffer, length, flags ^ 1u << bit);
  add(buffer, length, 0xffff);
  return values;
}

std::vector<uint64_t> Attack::Values(const Known& known, uint64_t now) const {
  std::vector<uint64_t> values;
  switch (known.place) {
    case Place::kPosition: {
      const Ring& ring = *known.ring;
      values = {0, 1, kSlots - 1, kSlots, kSlots + 1, 0x7fffffff, 0x80000000, 0xffffffff};
      for (const uint32_t near : {ring.hwcur(), ring.hwtail(), ring.rhead(), ring.rtail()}) {
        values.insert(values.end(), {ring::Prev(near, kSlots), near, ring::Next(near, kSlots)});
      }
      return values;
    }
    case Place::kSlot:
      return SlotValues(known, now);
    case Place::kPointer:
      return {0, 1, 63, 64, 65, kBufferBytes - 1, kBufferBytes, 0xffff, 0x10000, 1ull << 63, ~0ull};
    case Place::kFlags:
      return {0, 1, 2, 4, 0x80000000, 0xffffffff};
    case Place::kListHead:
    case Place::kListNext:
      for (const uint32_t buffer : Buffers()) values.push_back(buffer);
      return values;
    case Place::kRequest:
      break;
  }
  return values;
}

uint64_t Attack::Choose(Place place, const std::vector<uint64_t>& values, uint64_t now) {
  Coverage& coverage = Attack::coverage();
  const auto alternatives = static_cast<uint32_t>(values.size()) + 1;
  ++coverage.points[static_cast<size_t>(place)];
  uint32_t& most = coverage.values[static_cast<size_t>(place)];
  most = std::max(most, alternatives - 1);
  const uint32_t taken = stage_.chooser().Choose(sim::ChoiceKind::kValue, alternatives);
  if (taken == 0) return now;
  ++changes_;
  return values[taken - 1];
}

void Attack::Load(char* address, size_t bytes) {
  Known known{};
  if (!Classify(address, bytes, known)) return;
  if (known.place == Place::kPosition) {
    auto found = std::find_if(position_loads_.begin(), position_loads_.end(),
                              [&](const auto& load) { return load.first == address; });
    if (found == position_loads_.end()) {
      found = position_loads_.insert(found, {address, 0});
    }
    most_position_loads_ = std::max(most_position_loads_, ++found->second);
  }
  uint64_t now = 0;
  std::memcpy(&now, address, bytes);
  std::vector<uint64_t> values = Values(known, now);
  const uint64_t mask = bytes == 8 ? ~0ull : (1ull << bytes * 8) - 1;
  for (uint64_t& value : values) value &= mask;
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::erase(values, now);
  const uint64_t chosen = Choose(known.place, values, now);
  if (chosen == now) return;
  std::memcpy(address, &chosen, bytes);
  touched_region_ = true;
  if (known.of_neighbour) touched_neighbour_ = true;
}

// A structure is changed in one field; which structure it is can be told by its size and, for the
// rest of an option, by what stands before it.
void Attack::CopyIn(UserAddress from, size_t bytes) {
  kit::FakeUserMemory& memory = stage_.suspect.memory;
  const Field* fields = nullptr;
  size_t count = 0;
  uint64_t start = from.value();
  const auto use = [&](const auto& table) {
    fields = table;
    count = std::size(table);
  };
  if (bytes == sizeof(nmreq_header)) {
    use(kHeader);
  } else if (bytes == sizeof(nmreq_register)) {
    use(kRegister);
  } else if (bytes == sizeof(nmreq)) {
    use(kLegacy);
  } else if (bytes == sizeof(nmreq_option)) {
    use(kOption);
  } else if (bytes == sizeof(nmreq_opt_offsets)) {
    use(kOffsets);
  } else if (bytes == sizeof(nmreq_opt_offsets) - sizeof(nmreq_option)) {
    use(kOffsets);
    start -= sizeof(nmreq_option);
  } else {
    return;
  }
  if (!memory.Contains(from, bytes)) return;
  struct Change {
    UserAddress at;
    size_t bytes;
    uint64_t value;
  };
  std::vector<Change> changes;
  for (size_t i = 0; i < count; ++i) {
    const UserAddress at(start + fields[i].offset);
    const size_t width = fields[i].bytes;
    if (width > 8) {  // a name: empty, and without an end
      changes.push_back({at, 1, 0});
      changes.push_back({at, width, 0x6161616161616161});
      continue;
    }
    uint64_t now = 0;
    memory.Read(&now, at, width);
    const uint64_t mask = width == 8 ? ~0ull : (1ull << width * 8) - 1;
    std::vector<uint64_t> values = Words(width, now);
    // Structures in each other's place, lists that bite their tail.
    if (width == 8) {
      for (const uint64_t other : stage_.suspect.memory.Starts()) values.push_back(other);
    }
    for (uint64_t& value : values) value &= mask;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::erase(values, now);
    for (const uint64_t value : values) changes.push_back({at, width, value});
  }
  std::vector<uint64_t> numbers(changes.size());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  constexpr uint64_t kNone = ~0ull;
  const uint64_t taken = Choose(Place::kRequest, numbers, kNone);
  if (taken == kNone) return;
  const Change& change = changes[taken];
  std::vector<uint8_t> fill(change.bytes, static_cast<uint8_t>(change.value));
  if (change.bytes <= 8) std::memcpy(fill.data(), &change.value, change.bytes);
  memory.Write(change.at, fill.data(), fill.size());
}

}  // namespace mapwire::proof
