// What happened in the simulated world: hashed always, kept for Perfetto on request.
#ifndef SIM_TRACE_TRACE_H_
#define SIM_TRACE_TRACE_H_

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/engine/time.h"
#include "sim/file/output_file.h"

namespace mapwire::sim {

// A row of the trace, such as "ring rx0" of "receiver host".
enum class TrackId : uint16_t {};

// The name of a kind of event, with the names of its two arguments.
enum class EventName : uint16_t {};

// One thread only. Register tracks and names while the world is built, then record; registering
// later is allowed, and slow. Events may come in any order of time; the order of the calls counts.
//
// The hash is SHA-256 over the records below, one after another in the order of the calls, without
// padding, integers little-endian and signed ones in two's complement. Two runs are the same run if
// their hashes are equal, whatever the compiler; so no address, no wall-clock time and no
// instruction count may be given as an argument.
//
//   record      fields
//   begin       the 16 bytes "mapwire trace 1\n"
//   track       u8 1, string group, string name               its TrackId counts from 0
//   name        u8 2, string name, string arg0, string arg1   its EventName counts from 0
//   slice       u8 3 + P, u16 track, u16 name, i64 start, i64 duration, [u64 arg0], [u64 arg1]
//   instant     u8 4 + P, u16 track, u16 name, i64 at, [u64 arg0], [u64 arg1]
//   counter     u8 5, u16 track, i64 at, i64 value
//
// A string is u32 its length in bytes, then the bytes. P is 0x40 if arg0 is not zero plus 0x80 if
// arg1 is not zero; an argument that is zero is left out. Times are picoseconds.
class Trace {
 public:
  Trace();
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // A track is a row; rows of one group stand together (a process and its threads, for Perfetto).
  // The same group and name give the same track. At most 65536 tracks.
  TrackId AddTrack(std::string_view group, std::string_view name);

  // An argument without a name is hashed and not shown. The same three strings give the same
  // EventName. At most 65536 names.
  EventName RegisterName(std::string_view name, std::string_view arg0_name = {},
                         std::string_view arg1_name = {});

  // Something that lasts; duration is not negative. Slices of one track may overlap.
  void Slice(TrackId track, Time start, Time duration, EventName name, uint64_t arg0 = 0,
             uint64_t arg1 = 0) {
    assert(duration >= 0);
    Record({start, duration, arg0, arg1, Index(track), Index(name), Kind::kSlice});
  }

  // Something that happens at one moment.
  void Instant(TrackId track, Time at, EventName name, uint64_t arg0 = 0, uint64_t arg1 = 0) {
    Record({at, 0, arg0, arg1, Index(track), Index(name), Kind::kInstant});
  }

  // The value of the track's quantity from this moment on. A counter wants a track of its own.
  void Counter(TrackId track, Time at, int64_t value) {
    Record({at, 0, static_cast<uint64_t>(value), 0, Index(track), 0, Kind::kCounter});
  }

  // 64 hexadecimal digits: the hash of everything so far. Recording may go on afterwards.
  std::string HashHex() const;

  // Slices, instants and counter values recorded so far, kept or not.
  uint64_t event_count() const { return event_count_; }

  // From now on keeps events for export and comparison, the first max_events of them (40 bytes
  // each). Off by default. Does not change the hash. Call it once.
  void Retain(size_t max_events);
  size_t retained_count() const { return retained_.size(); }

  // Writes the kept events in Chrome's trace event format, which ui.perfetto.dev opens. Says in the
  // file, visibly, if events are missing. Picoseconds are rounded down to nanoseconds, which is
  // what Perfetto counts in; slices that overlap without one containing the other go to extra rows
  // "name (2)", since a row of Perfetto shows a stack. Returns what went wrong, if anything did.
  [[nodiscard]] FileError WritePerfettoJson(const std::string& path) const;

 private:
  friend std::string DescribeDifference(const Trace& left, const Trace& right);

  enum class Kind : uint8_t { kSlice = 3, kInstant = 4, kCounter = 5 };

  struct Event {
    Time start;
    Time duration;
    uint64_t arg0;  // A counter's value.
    uint64_t arg1;
    uint16_t track;
    uint16_t name;
    Kind kind;

    bool operator==(const Event&) const = default;
  };

  struct TrackText {
    std::string group, name;
    bool operator==(const TrackText&) const = default;
  };

  struct NameText {
    std::string name, arg0, arg1;
    bool operator==(const NameText&) const = default;
  };

  // Bytes on their way to the hash; libcrypto is not this header's business.
  class Hasher;
  class PerfettoExport;

  static uint16_t Index(TrackId track) { return static_cast<uint16_t>(track); }
  static uint16_t Index(EventName name) { return static_cast<uint16_t>(name); }

  void Record(const Event& event);
  std::string Describe(const Event& event) const;

  std::unique_ptr<Hasher> hasher_;
  uint64_t event_count_ = 0;
  uint64_t first_retained_ = 0;  // Number of the event that retained_ begins with.
  size_t max_retained_ = 0;
  std::vector<Event> retained_;
  std::vector<TrackText> tracks_;
  std::vector<NameText> names_;
  std::map<std::pair<std::string, std::string>, TrackId> track_ids_;
  std::map<std::tuple<std::string, std::string, std::string>, EventName> name_ids_;
};

// In words, the first kept event in which two traces differ, or why that cannot be told; empty if
// the traces are equal. Meant for tests: both traces keep their events from the start.
std::string DescribeDifference(const Trace& left, const Trace& right);

}  // namespace mapwire::sim

#endif  // SIM_TRACE_TRACE_H_
