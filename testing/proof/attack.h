// A hostile program: wherever core is about to read memory the program can write, it may put
// another value there first. Which one is asked of the stage's chooser.
#ifndef TESTING_PROOF_ATTACK_H_
#define TESTING_PROOF_ATTACK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "testing/proof/stage.h"

namespace mapwire::proof {

// What core reads. The values worth trying depend on it.
enum class Place : uint8_t {
  kPosition,  // head or cur of a ring
  kFlags,     // of a ring
  kSlot,      // buffer, length and flags of a slot: eight bytes
  kPointer,   // of a slot
  kListHead,  // of the extra buffers, in netmap_if
  kListNext,  // first word of a buffer
  kRequest,   // a structure of a control request, copied in
};
inline constexpr size_t kPlaces = 7;
const char* PlaceName(Place place);

// While it lives, each load of shared memory and each copy of a request is a choice point.
class Attack {
 public:
  explicit Attack(Stage& stage);
  ~Attack();
  Attack(const Attack&) = delete;
  Attack& operator=(const Attack&) = delete;

  // Values changed in this execution.
  uint32_t changes() const { return changes_; }
  // Whether a slot, a position or a buffer of the neighbour's was among them.
  bool touched_neighbour() const { return touched_neighbour_; }
  // Whether anything but a request was: then a buffer may be named by nobody.
  bool touched_region() const { return touched_region_; }
  // Loads of each address; more than once is a second look.
  uint32_t most_loads_of_a_position() const { return most_position_loads_; }

  // Over all executions of the process: points met and the most values one had, by place.
  struct Coverage {
    std::array<uint64_t, kPlaces> points{};
    std::array<uint32_t, kPlaces> values{};
  };
  static Coverage& coverage();

 private:
  struct Known {
    Place place;
    ring::Ring* ring;
    bool of_neighbour;
  };

  void Load(char* address, size_t bytes);
  void CopyIn(UserAddress from, size_t bytes);
  bool Classify(const char* address, size_t bytes, Known& known) const;
  std::vector<uint64_t> Values(const Known& known, uint64_t now) const;
  std::vector<uint64_t> SlotValues(const Known& known, uint64_t now) const;
  std::vector<uint32_t> Buffers() const;
  // What is chosen, counted; `now` if nothing is changed.
  uint64_t Choose(Place place, const std::vector<uint64_t>& values, uint64_t now);

  Stage& stage_;
  uint32_t changes_ = 0;
  bool touched_neighbour_ = false;
  bool touched_region_ = false;
  std::vector<std::pair<const char*, uint32_t>> position_loads_;
  uint32_t most_position_loads_ = 0;
};

}  // namespace mapwire::proof

#endif  // TESTING_PROOF_ATTACK_H_
