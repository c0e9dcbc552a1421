// Virtual time of the simulated world.
#ifndef SIM_ENGINE_TIME_H_
#define SIM_ENGINE_TIME_H_

#include <cstdint>

namespace mapwire::sim {

// Picoseconds since the world began; 2^63 of them are 106 days.
using Time = int64_t;

inline constexpr Time kPicosecond = 1;
inline constexpr Time kNanosecond = 1000 * kPicosecond;
inline constexpr Time kMicrosecond = 1000 * kNanosecond;
inline constexpr Time kMillisecond = 1000 * kMicrosecond;
inline constexpr Time kSecond = 1000 * kMillisecond;

}  // namespace mapwire::sim

#endif  // SIM_ENGINE_TIME_H_
