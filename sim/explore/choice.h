// Choices: everything that a world leaves open is asked of a chooser, so that one scenario can be
// searched, drawn at random, fuzzed and replayed.
#ifndef SIM_EXPLORE_CHOICE_H_
#define SIM_EXPLORE_CHOICE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/engine/random.h"

namespace mapwire::sim {

// What is chosen. Alternative 0 is what happens if nobody interferes.
enum class ChoiceKind : uint8_t {
  kValue,     // what a hostile program puts where core is about to read
  kPreempt,   // which thread goes on at a yield point; 0: the one that runs
  kSwitch,    // which thread goes on when the one that ran cannot; no alternative is special
  kKill,      // whether the program is killed here
  kFault,     // whether something fails here
  kScenario,  // what a script does next
};
inline constexpr size_t kChoiceKinds = 6;
const char* ChoiceKindName(ChoiceKind kind);

class Chooser {
 public:
  // 0 .. alternatives-1; `alternatives` is at least 1.
  virtual uint32_t Choose(ChoiceKind kind, uint32_t alternatives) = 0;

 protected:
  ~Chooser() = default;
};

// The choices of one execution that were not 0, as text: "index:alternative index:alternative".
// The index counts all choices of the execution from 0. Empty: nobody interfered.
struct Decision {
  uint64_t index;
  uint32_t alternative;
  friend bool operator==(const Decision&, const Decision&) = default;
};
using Decisions = std::vector<Decision>;
std::string ToText(const Decisions& decisions);
// False if the text is not of this form.
bool FromText(const std::string& text, Decisions& decisions);

// Depth-first search over all executions with at most so many choices other than 0 of each kind.
// For each execution: Begin, run it with this chooser, Next. A scenario must ask the same questions
// after the same answers; if it does not, diverged() says so and the search is worthless.
class SearchChooser final : public Chooser {
 public:
  // Bounds of all kinds that are not listed are 0.
  explicit SearchChooser(const std::vector<std::pair<ChoiceKind, uint32_t>>& most_per_execution);

  uint32_t Choose(ChoiceKind kind, uint32_t alternatives) override;
  // Ends an execution and prepares the next; false when there is none: the frontier is empty.
  bool Next();

  // Of the execution that runs or has just ended.
  Decisions decisions() const;
  uint64_t executions() const { return executions_; }
  // Choices that had more than one alternative within the bounds, over all executions.
  uint64_t points() const { return points_; }
  // The most alternatives any of them had.
  uint32_t most_alternatives(ChoiceKind kind) const {
    return most_alternatives_[static_cast<size_t>(kind)];
  }
  bool diverged() const { return diverged_; }
  // True once Next has returned false, unless the search diverged.
  bool exhausted() const { return exhausted_ && !diverged_; }

 private:
  struct Step {
    uint64_t index;  // among all choices of the execution
    ChoiceKind kind;
    uint32_t alternatives;
    uint32_t taken;
  };

  uint32_t& used(ChoiceKind kind) { return used_[static_cast<size_t>(kind)]; }

  std::array<uint32_t, kChoiceKinds> most_{};
  std::array<uint32_t, kChoiceKinds> used_{};
  std::array<uint32_t, kChoiceKinds> most_alternatives_{};
  std::vector<Step> path_;
  size_t depth_ = 0;    // steps of the path that this execution has met
  uint64_t index_ = 0;  // choices of this execution
  uint64_t executions_ = 0;
  uint64_t points_ = 0;
  bool diverged_ = false;
  bool exhausted_ = false;
};

// Each choice is not 0 once in `rarity` on average, then any alternative, all from one seed.
class SeededChooser final : public Chooser {
 public:
  SeededChooser(uint64_t seed, uint32_t rarity) : random_(seed), rarity_(rarity) {}
  uint32_t Choose(ChoiceKind kind, uint32_t alternatives) override;
  const Decisions& decisions() const { return decisions_; }

 private:
  Random random_;
  uint32_t rarity_;
  uint64_t index_ = 0;
  Decisions decisions_;
};

// Bytes are choices: one byte each (two if there are more than 256 alternatives), 0 when they have
// come to their end.
class BytesChooser final : public Chooser {
 public:
  BytesChooser(const uint8_t* bytes, size_t count) : bytes_(bytes), left_(count) {}
  uint32_t Choose(ChoiceKind kind, uint32_t alternatives) override;
  bool empty() const { return left_ == 0; }

 private:
  uint32_t Byte();

  const uint8_t* bytes_;
  size_t left_;
};

// The same execution again.
class ReplayChooser final : public Chooser {
 public:
  explicit ReplayChooser(Decisions decisions) : decisions_(std::move(decisions)) {}
  uint32_t Choose(ChoiceKind kind, uint32_t alternatives) override;

 private:
  Decisions decisions_;
  size_t next_ = 0;
  uint64_t index_ = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_EXPLORE_CHOICE_H_
