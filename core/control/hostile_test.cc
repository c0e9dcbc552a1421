// Properties of sessions under programs that write anything anywhere and close in any order.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <memory>
#include <tuple>
#include <vector>

#include "core/platform/check.h"
#include "testing/kit/program.h"

namespace mapwire::control {
namespace {

using kit::Program;
using kit::Registration;
using memory::PoolKind;
using port::Direction;

constexpr uint32_t kBuffers = 512;
constexpr uint32_t kPrograms = 4;

// One step of the story: what, and three numbers for it to use as it likes.
using Step = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>;

struct Story {
  explicit Story(bool hostile) : hostile(hostile), port(system.AddPort("em0", {3, 2, 16, 8})) {
    const memory::RegionRequest request = {{{1024, 8}, {4096, 16}, {2048, kBuffers}}};
    region = system.control.CreateRegion(request).value();
    for (auto& program : programs) program = std::make_unique<Program>(system.control);
    keeper = std::make_unique<Program>(system.control);
    keeper->reg = Registration(NR_REG_NULL);
    keeper->reg.nr_mem_id = region->id();
    MW_CHECK(keeper->Register("keeper", keeper->reg).ok());
  }

  // A ring of the program and its slots: the program itself may have overwritten what the ring
  // says.
  struct Place {
    netmap_ring* ring = nullptr;
    uint32_t slots = 0;
  };

  Place AnyRing(Program& program, uint32_t which) {
    netmap_if* const nifp = program.interface();
    const bool mine = program.session().port() != &port;
    for (uint32_t tries = 0; tries < 7; ++tries) {
      const uint32_t entry = (which + tries) % 7;
      if (nifp->ring_ofs[entry] == 0) continue;
      char* const at = reinterpret_cast<char*>(nifp) + nifp->ring_ofs[entry];
      return {reinterpret_cast<netmap_ring*>(at), mine ? 2u : entry < 4 ? 16u : 8u};
    }
    return {};
  }

  // True if slot `at` is the program's own now: not pending, not the device's.
  static bool IsTheirs(const netmap_ring* ring, uint32_t slots, uint32_t at) {
    at %= slots;
    return (at + slots - ring->head) % slots < (ring->tail + slots - ring->head) % slots;
  }

  void Open(Program& program, uint32_t a, uint32_t b) {
    constexpr uint32_t kModes[] = {NR_REG_ALL_NIC, NR_REG_ONE_NIC, NR_REG_NULL};
    constexpr uint64_t kFlags[] = {0, NR_TX_RINGS_ONLY, NR_RX_RINGS_ONLY, NR_EXCLUSIVE};
    program.reg = Registration(kModes[a % 3], kFlags[b % 4], static_cast<uint16_t>(b % 3));
    program.reg.nr_mem_id = region->id();
    program.reg.nr_extra_bufs = a % 5;
    if (a % 3 == 2) program.reg.nr_tx_rings = program.reg.nr_tx_slots = 2;
    const Status status = program.Register("em0", program.reg);
    const bool short_of_buffers = hostile && status.error() == Errno::kNoMemory;
    MW_CHECK(status.ok() || status.error() == Errno::kBusy || short_of_buffers);
  }

  void Run(const Step& step) {
    const auto [what, a, b, c] = step;
    Program& program = *programs[a % kPrograms];
    if (!program.session().bound()) return Open(program, b, c);
    const auto [ring, slots] = AnyRing(program, b);
    switch (what % 8) {
      case 0:
        program.Close();
        program.Reopen();
        return;
      case 1:
        MW_CHECK(program.session().TxSync().ok());
        return;
      case 2:
        MW_CHECK(program.session().RxSync().ok());
        return;
      case 3:
        static_cast<void>(program.session().Poll(kPollIn | kPollOut, nullptr, false));
        return;
      case 4: {  // swap with another ring: legal if both slots are the program's
        Program& other = *programs[c % kPrograms];
        if (ring == nullptr || !other.session().bound()) return;
        const Place there = AnyRing(other, c / 4);
        if (there.ring == nullptr) return;
        if (!hostile && !(IsTheirs(ring, slots, b) && IsTheirs(there.ring, there.slots, c))) return;
        std::swap(ring->slot[b % slots].buf_idx, there.ring->slot[c % there.slots].buf_idx);
        return;
      }
      case 5: {  // take some slots
        if (ring == nullptr) return;
        ring->head = ring->cur = hostile ? b % (slots + 2) : ring->tail;
        return;
      }
      case 6:
        if (!hostile || ring == nullptr) return;
        std::memcpy(reinterpret_cast<char*>(ring) + b % (256 + 16 * slots - 4), &c, 4);
        return;
      case 7: {
        if (!hostile) return;
        program.interface()->ni_bufs_head = c % (kBuffers + 3);
        const uint32_t buffer = 2 + b % 40;
        const uint64_t pool = region->Geometry()->pool(PoolKind::kBuffers).offset;
        if (region->IsUsableBuffer(buffer)) {
          const uint32_t next = c % 3 == 0 ? buffer : c % kBuffers;
          std::memcpy(program.base() + pool + uint64_t{buffer} * 2048, &next, 4);
        }
        return;
      }
    }
  }

  // The private records agree with each other after every step.
  void CheckRecords() {
    for (const Direction direction : {Direction::kTx, Direction::kRx}) {
      for (uint16_t i = 0; i < port.rings(direction); ++i) {
        const ring::Ring& ring = port.ring(direction, i);
        RC_ASSERT(ring.created() == (ring.users > 0));
        if (!ring.created()) continue;
        RC_ASSERT(ring.hwcur() < ring.num_slots() && ring.hwtail() < ring.num_slots());
        RC_ASSERT(ring.rhead() < ring.num_slots() && ring.rtail() < ring.num_slots());
        RC_ASSERT(!ring.exclusive || ring.users == 1);
      }
    }
    RC_ASSERT(region->FreeCount(PoolKind::kBuffers) <= kBuffers - memory::kReservedBuffers);
  }

  void CloseAll() {
    for (auto& program : programs) program.reset();
    RC_ASSERT(port.users() == 0u);
    RC_ASSERT(port.running_rings == 0u);
    RC_ASSERT(region->FreeCount(PoolKind::kRings) == 16u);
    RC_ASSERT(region->FreeCount(PoolKind::kInterfaces) == 7u);
    const uint32_t free = region->FreeCount(PoolKind::kBuffers);
    RC_ASSERT(hostile || free == kBuffers - memory::kReservedBuffers);
    keeper.reset();
    RC_ASSERT(region->users() == 0u);
    RC_ASSERT(system.environment.pages().committed_bytes() == 0u);
  }

  const bool hostile;
  kit::System system;
  kit::LoopPort& port;
  memory::Region* region;
  std::unique_ptr<Program> programs[kPrograms];
  std::unique_ptr<Program> keeper;
};

void Tell(bool hostile) {
  const uint32_t length = *rc::gen::inRange<uint32_t>(1, 120);
  const auto steps = *rc::gen::container<std::vector<Step>>(
      length, rc::gen::tuple(rc::gen::arbitrary<uint32_t>(), rc::gen::arbitrary<uint32_t>(),
                             rc::gen::arbitrary<uint32_t>(), rc::gen::arbitrary<uint32_t>()));
  Story story(hostile);
  for (const Step& step : steps) {
    story.Run(step);
    story.CheckRecords();
  }
  story.CloseAll();
}

// Swapping buffers between rings, sending, receiving, closing: nothing is ever lost.
RC_GTEST_PROP(SessionPropertyTest, HonestProgramsLoseNoBuffer, ()) { Tell(false); }

// Any bytes anywhere in rings, lists and heads: records stay whole, and idleness recovers the rest.
RC_GTEST_PROP(SessionPropertyTest, HostileProgramsBreakNoRecord, ()) { Tell(true); }

}  // namespace
}  // namespace mapwire::control
