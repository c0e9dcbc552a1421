// Trace::WritePerfettoJson: Chrome's trace event format.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/file/escape.h"
#include "sim/trace/trace.h"

namespace mapwire::sim {
namespace {

// Rounded down, so that what was nested stays nested.
int64_t Nanoseconds(Time time) { return time / kNanosecond - (time % kNanosecond < 0 ? 1 : 0); }

// Nanoseconds as microseconds with three decimals, the unit of the format.
std::string Microseconds(int64_t nanoseconds) {
  const uint64_t size =
      nanoseconds < 0 ? -static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  return fmt::format("{}{}.{:03}", nanoseconds < 0 ? "-" : "", size / 1000, size % 1000);
}

}  // namespace

class Trace::PerfettoExport {
 public:
  PerfettoExport(const Trace& trace, OutputFile& file)
      : trace_(trace), file_(file), lanes_(trace.tracks_.size()), events_(trace.retained_.size()) {}

  void Write() {
    NumberGroups();
    SortEvents();
    AssignLanes();
    NumberRows();

    Print("{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"sha256\":\"{}\",", trace_.HashHex());
    Print("\"events\":{},\"first_kept\":{},\"kept\":{}}},\n\"traceEvents\":[", trace_.event_count_,
          trace_.first_retained_, events_.size());
    WriteRows();
    WriteNoteOfMissingEvents();
    for (const Placed& event : events_) WriteEvent(event);
    Print("\n]}}\n");
    Flush();
  }

 private:
  // An event and where it goes; a lane is one of the rows of a track.
  struct Placed {
    size_t index;
    int64_t start_ns;
    int64_t end_ns;
    size_t lane = 0;
  };

  // The ends of the slices that are open in one row, outermost first.
  using Lane = std::vector<int64_t>;

  const Event& EventOf(const Placed& placed) const { return trace_.retained_[placed.index]; }

  // Processes count from 1 in the order of their first track.
  void NumberGroups() {
    std::map<std::string_view, int> pids;
    for (const TrackText& track : trace_.tracks_) {
      const auto [entry, is_new] =
          pids.try_emplace(track.group, static_cast<int>(groups_.size()) + 1);
      if (is_new) groups_.push_back(track.group);
      pid_of_track_.push_back(entry->second);
    }
  }

  // By time, an outer slice before an inner one that begins with it.
  void SortEvents() {
    for (size_t i = 0; i < events_.size(); ++i) {
      const Event& event = trace_.retained_[i];
      Time end;
      if (__builtin_add_overflow(event.start, event.duration, &end)) {
        end = std::numeric_limits<Time>::max();
      }
      events_[i] = {i, Nanoseconds(event.start), Nanoseconds(end)};
    }
    std::stable_sort(events_.begin(), events_.end(), [](const Placed& a, const Placed& b) {
      return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.end_ns > b.end_ns;
    });
  }

  // Each slice goes to the first row of its track where it is beside or inside all others.
  void AssignLanes() {
    for (Placed& placed : events_) {
      const Event& event = EventOf(placed);
      if (event.kind != Kind::kSlice) continue;
      std::vector<Lane>& lanes = lanes_[event.track];
      const auto fits = [&placed](Lane& open) {
        while (!open.empty() && open.back() <= placed.start_ns) open.pop_back();
        return open.empty() || placed.end_ns <= open.back();
      };
      const auto lane = std::find_if(lanes.begin(), lanes.end(), fits);
      placed.lane = static_cast<size_t>(lane - lanes.begin());
      if (lane == lanes.end()) lanes.emplace_back();
      lanes[placed.lane].push_back(placed.end_ns);
    }
  }

  // Rows are threads, numbered after the processes: a thread with the number of its process would
  // be shown as its main thread.
  void NumberRows() {
    size_t next = groups_.size() + 2;
    for (const std::vector<Lane>& lanes : lanes_) {
      first_tid_.push_back(next);
      next += std::max<size_t>(lanes.size(), 1);
    }
    note_tid_ = next;
  }

  void WriteRows() {
    for (size_t i = 0; i < groups_.size(); ++i) WriteGroup(static_cast<int>(i) + 1, groups_[i]);
    std::vector<bool> counts(lanes_.size()), acts(lanes_.size());
    for (const Event& event : trace_.retained_) {
      (event.kind == Kind::kCounter ? counts : acts)[event.track] = true;
    }
    for (size_t i = 0; i < lanes_.size(); ++i) {
      if (counts[i] && !acts[i]) continue;  // Counters are not in a row of a thread.
      for (size_t lane = 0; lane < std::max<size_t>(lanes_[i].size(), 1); ++lane) {
        const std::string& name = trace_.tracks_[i].name;
        WriteRow(pid_of_track_[i], first_tid_[i] + lane,
                 lane == 0 ? name : fmt::format("{} ({})", name, lane + 1));
      }
    }
  }

  void WriteGroup(int pid, std::string_view name) {
    Begin();
    Print("{{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":{},\"args\":{{\"name\":\"{}\"}}}}", pid,
          EscapeJson(name));
    Begin();
    Print(
        "{{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":{0},"
        "\"args\":{{\"sort_index\":{0}}}}}",
        pid);
  }

  void WriteRow(int pid, size_t tid, std::string_view name) {
    Begin();
    Print(
        "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":{},\"tid\":{},"
        "\"args\":{{\"name\":\"{}\"}}}}",
        pid, tid, EscapeJson(name));
    Begin();
    Print(
        "{{\"ph\":\"M\",\"name\":\"thread_sort_index\",\"pid\":{},\"tid\":{},"
        "\"args\":{{\"sort_index\":{}}}}}",
        pid, tid, tid);
  }

  // Who looks at the picture must see that it is not all.
  void WriteNoteOfMissingEvents() {
    if (events_.size() == trace_.event_count_) return;
    const int pid = static_cast<int>(groups_.size()) + 1;
    WriteGroup(pid, "this trace is not complete");
    WriteRow(pid, note_tid_, "events kept");
    Begin();
    Print(
        "{{\"ph\":\"i\",\"s\":\"g\",\"pid\":{},\"tid\":{},\"ts\":{},\"name\":"
        "\"{} of {} events are here, from event {} on\"}}",
        pid, note_tid_, Microseconds(events_.empty() ? 0 : events_.back().start_ns), events_.size(),
        trace_.event_count_, trace_.first_retained_);
  }

  void WriteEvent(const Placed& placed) {
    const Event& event = EventOf(placed);
    const int pid = pid_of_track_[event.track];
    const std::string start = Microseconds(placed.start_ns);
    Begin();
    if (event.kind == Kind::kCounter) {
      Print("{{\"ph\":\"C\",\"pid\":{},\"ts\":{},\"name\":\"{}\",\"args\":{{\"value\":{}}}}}", pid,
            start, EscapeJson(trace_.tracks_[event.track].name), static_cast<int64_t>(event.arg0));
      return;
    }
    const NameText& name = trace_.names_[event.name];
    const size_t tid = first_tid_[event.track] + placed.lane;
    if (event.kind == Kind::kSlice) {
      Print("{{\"ph\":\"X\",\"pid\":{},\"tid\":{},\"ts\":{},\"dur\":{},\"name\":\"{}\"", pid, tid,
            start, Microseconds(placed.end_ns - placed.start_ns), EscapeJson(name.name));
    } else {
      Print("{{\"ph\":\"i\",\"s\":\"t\",\"pid\":{},\"tid\":{},\"ts\":{},\"name\":\"{}\"", pid, tid,
            start, EscapeJson(name.name));
    }
    if (!name.arg0.empty() && !name.arg1.empty()) {
      Print(",\"args\":{{\"{}\":{},\"{}\":{}}}", EscapeJson(name.arg0), event.arg0,
            EscapeJson(name.arg1), event.arg1);
    } else if (!name.arg0.empty()) {
      Print(",\"args\":{{\"{}\":{}}}", EscapeJson(name.arg0), event.arg0);
    } else if (!name.arg1.empty()) {
      Print(",\"args\":{{\"{}\":{}}}", EscapeJson(name.arg1), event.arg1);
    }
    Print("}}");
  }

  // Begins an element of the array of events.
  void Begin() {
    Print("{}\n", is_first_ ? "" : ",");
    is_first_ = false;
  }

  template <typename... Arguments>
  void Print(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    if (text_.size() >= kFlushSize) Flush();
  }

  void Flush() {
    file_.Write(text_.data(), text_.size());
    text_.clear();
  }

  static constexpr size_t kFlushSize = 32 * 1024;

  const Trace& trace_;
  OutputFile& file_;
  fmt::memory_buffer text_;
  bool is_first_ = true;
  std::vector<std::string_view> groups_;
  std::vector<int> pid_of_track_;
  std::vector<std::vector<Lane>> lanes_;  // By track.
  std::vector<size_t> first_tid_;         // By track.
  size_t note_tid_ = 0;
  std::vector<Placed> events_;
};

FileError Trace::WritePerfettoJson(const std::string& path) const {
  OutputFile file;
  if (FileError error = file.Open(path)) return error;
  PerfettoExport(*this, file).Write();
  return file.Close();
}

}  // namespace mapwire::sim
