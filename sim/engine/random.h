// Seeded pseudo-random numbers with a sequence fixed for all compilers (splitmix64).
#ifndef SIM_ENGINE_RANDOM_H_
#define SIM_ENGINE_RANDOM_H_

#include <cstdint>

namespace mapwire::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 .. bound-1; 0 if bound is 0. The bias for bounds far below 2^64 does not matter here.
  uint64_t Below(uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }
  // True once in `times` on average.
  bool OneIn(uint64_t times) { return Below(times) == 0; }
  // True with probability p in [0, 1].
  bool Chance(double p) { return static_cast<double>(Next() >> 11) * 0x1p-53 < p; }
  // An independent stream, so that one consumer's draws do not shift another's.
  Random Fork() { return Random(Next()); }

 private:
  uint64_t state_;
};

}  // namespace mapwire::sim

#endif  // SIM_ENGINE_RANDOM_H_
