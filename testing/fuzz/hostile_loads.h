// A program that changes its memory just before core reads it, at loads the script has picked.
#ifndef TESTING_FUZZ_HOSTILE_LOADS_H_
#define TESTING_FUZZ_HOSTILE_LOADS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sim/platform/sim/platform_backend/hooks.h"

namespace mapwire::fuzz {

// Installed as the world's hooks while it lives.
class HostileLoads final : public platform::Hooks {
 public:
  HostileLoads() : before_(platform::SetHooks(this)) {}
  ~HostileLoads() override { platform::SetHooks(before_); }
  HostileLoads(const HostileLoads&) = delete;
  HostileLoads& operator=(const HostileLoads&) = delete;

  // After `loads` more loads, the next finds `value` in its first `bytes` bytes, or as many as it
  // reads.
  void Arm(uint32_t loads, uint64_t value, uint32_t bytes) {
    attacks_.push_back({loads_ + loads, value, bytes});
  }
  void Disarm() { attacks_.clear(); }
  uint64_t loads() const { return loads_; }

  // What core found in a 32-bit word since ForgetSeen.
  struct Seen {
    uint32_t loads = 0;
    uint32_t value = 0;  // of the first load
  };
  // `which` is 0 or 1.
  void Watch(uint32_t which, const void* word) { watched_[which] = word; }
  void ForgetSeen() { seen_[0] = seen_[1] = Seen(); }
  const Seen& seen(uint32_t which) const { return seen_[which]; }

  // Values put in place so far.
  uint64_t attacks() const { return done_; }

  void UntrustedLoad(void* address, size_t bytes) override {
    for (size_t i = 0; i < attacks_.size();) {
      if (attacks_[i].at != loads_) {
        ++i;
        continue;
      }
      std::memcpy(address, &attacks_[i].value, std::min<size_t>(bytes, attacks_[i].bytes));
      attacks_.erase(attacks_.begin() + static_cast<ptrdiff_t>(i));
      ++done_;
    }
    ++loads_;
    for (uint32_t i = 0; i < 2; ++i) {
      if (address != watched_[i]) continue;
      if (seen_[i].loads++ == 0) std::memcpy(&seen_[i].value, address, sizeof(seen_[i].value));
    }
  }

 private:
  struct Attack {
    uint64_t at;
    uint64_t value;
    uint32_t bytes;
  };

  platform::Hooks* const before_;
  std::vector<Attack> attacks_;
  const void* watched_[2] = {};
  Seen seen_[2];
  uint64_t loads_ = 0;
  uint64_t done_ = 0;
};

}  // namespace mapwire::fuzz

#endif  // TESTING_FUZZ_HOSTILE_LOADS_H_
