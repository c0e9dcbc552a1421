#include "sim/explore/choice.h"

#include <algorithm>
#include <cstdio>

namespace mapwire::sim {

const char* ChoiceKindName(ChoiceKind kind) {
  static constexpr const char* kNames[kChoiceKinds] = {"value", "preempt", "switch",
                                                       "kill",  "fault",   "scenario"};
  return kNames[static_cast<size_t>(kind)];
}

std::string ToText(const Decisions& decisions) {
  std::string text;
  for (const Decision& decision : decisions) {
    if (!text.empty()) text += ' ';
    text += std::to_string(decision.index) + ':' + std::to_string(decision.alternative);
  }
  return text;
}

bool FromText(const std::string& text, Decisions& decisions) {
  decisions.clear();
  const char* at = text.c_str();
  while (*at == ' ') ++at;
  while (*at != '\0') {
    unsigned long long index = 0;
    unsigned alternative = 0;
    int length = 0;
    if (std::sscanf(at, "%llu:%u%n", &index, &alternative, &length) != 2) return false;
    if (!decisions.empty() && index <= decisions.back().index) return false;
    decisions.push_back({index, alternative});
    at += length;
    if (*at != ' ' && *at != '\0') return false;
    while (*at == ' ') ++at;
  }
  return true;
}

SearchChooser::SearchChooser(
    const std::vector<std::pair<ChoiceKind, uint32_t>>& most_per_execution) {
  for (const auto& [kind, most] : most_per_execution) most_[static_cast<size_t>(kind)] = most;
}

uint32_t SearchChooser::Choose(ChoiceKind kind, uint32_t alternatives) {
  const uint64_t index = index_++;
  if (alternatives < 2 || used(kind) == most_[static_cast<size_t>(kind)]) return 0;
  if (depth_ == path_.size()) path_.push_back({index, kind, alternatives, 0});
  Step& step = path_[depth_++];
  if (step.index != index || step.kind != kind || step.alternatives != alternatives) {
    diverged_ = true;
    return 0;
  }
  uint32_t& most = most_alternatives_[static_cast<size_t>(kind)];
  most = std::max(most, alternatives);
  if (step.taken != 0) ++used(kind);
  return step.taken;
}

bool SearchChooser::Next() {
  ++executions_;
  points_ += depth_;
  // Fewer questions than the answers were for.
  if (depth_ != path_.size()) diverged_ = true;
  if (diverged_) return false;
  while (!path_.empty() && path_.back().taken + 1 == path_.back().alternatives) path_.pop_back();
  used_ = {};
  depth_ = 0;
  index_ = 0;
  if (path_.empty()) {
    exhausted_ = true;
    return false;
  }
  ++path_.back().taken;
  return true;
}

Decisions SearchChooser::decisions() const {
  Decisions decisions;
  for (size_t i = 0; i < depth_; ++i) {
    if (path_[i].taken != 0) decisions.push_back({path_[i].index, path_[i].taken});
  }
  return decisions;
}

uint32_t SeededChooser::Choose(ChoiceKind, uint32_t alternatives) {
  const uint64_t index = index_++;
  if (alternatives < 2 || !random_.OneIn(rarity_)) return 0;
  const auto taken = static_cast<uint32_t>(random_.Below(alternatives));
  if (taken != 0) decisions_.push_back({index, taken});
  return taken;
}

uint32_t BytesChooser::Byte() {
  if (left_ == 0) return 0;
  --left_;
  return *bytes_++;
}

uint32_t BytesChooser::Choose(ChoiceKind, uint32_t alternatives) {
  if (alternatives < 2) return 0;
  uint32_t value = Byte();
  if (alternatives > 256) value |= Byte() << 8;
  return value % alternatives;
}

uint32_t ReplayChooser::Choose(ChoiceKind, uint32_t alternatives) {
  const uint64_t index = index_++;
  if (next_ == decisions_.size() || decisions_[next_].index != index) return 0;
  const uint32_t taken = decisions_[next_++].alternative;
  return taken < alternatives ? taken : 0;
}

}  // namespace mapwire::sim
