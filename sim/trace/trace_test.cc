// Unit tests of the trace: its hash, what it keeps, and its export.
#include "sim/trace/trace.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace mapwire::sim {
namespace {

using Json = nlohmann::json;

Json Export(const Trace& trace) {
  const std::string path = ::testing::TempDir() + "/trace.json";
  const FileError error = trace.WritePerfettoJson(path);
  EXPECT_FALSE(error) << *error;
  std::ifstream file(path);
  return Json::parse(file);
}

// The exported events with this phase ("X", "i", "C", "M").
std::vector<Json> EventsOf(const Json& exported, const std::string& phase) {
  std::vector<Json> found;
  for (const Json& event : exported.at("traceEvents")) {
    if (event.at("ph") == phase) found.push_back(event);
  }
  return found;
}

// "group / row" of each thread, by its tid.
std::map<int, std::string> RowsOf(const Json& exported) {
  std::map<int, std::string> groups, rows;
  for (const Json& event : EventsOf(exported, "M")) {
    if (event.at("name") == "process_name") groups[event.at("pid")] = event.at("args").at("name");
  }
  for (const Json& event : EventsOf(exported, "M")) {
    if (event.at("name") != "thread_name") continue;
    rows[event.at("tid")] =
        groups.at(event.at("pid")) + " / " + event.at("args").at("name").get<std::string>();
  }
  return rows;
}

// One event of each kind, and arguments that are there and are not.
struct Sample {
  std::string group = "receiver host";
  std::string track = "ring rx0";
  std::string name = "sync";
  std::string arg0_name = "head";
  std::string arg1_name = "slots";
  Time start = 67'200;
  Time duration = 1'000'000;
  uint64_t arg0 = 3;
  uint64_t arg1 = 0x8877665544332211;
  Time at = 70'001;
  uint64_t instant_arg0 = 0;
  uint64_t instant_arg1 = 9;
  int64_t value = -2;
  int which_track = 0;
  bool swapped = false;

  std::string Hash() const {
    Trace trace;
    const TrackId tracks[] = {trace.AddTrack(group, track), trace.AddTrack(group, "fill")};
    const EventName sync = trace.RegisterName(name, arg0_name, arg1_name);
    const EventName other = trace.RegisterName("interrupt");
    if (swapped) trace.Counter(tracks[1], at, value);
    trace.Slice(tracks[which_track], start, duration, sync, arg0, arg1);
    trace.Instant(tracks[0], at, other, instant_arg0, instant_arg1);
    if (!swapped) trace.Counter(tracks[1], at, value);
    return trace.HashHex();
  }
};

// The figures were computed by another program from the description in trace.h.
TEST(TraceHash, IsWhatTheEncodingSays) {
  EXPECT_EQ(Trace().HashHex(), "aa7e8c2fb960be1f0aa91b1755f026f9355acd05bbf21bd805152b42bde9da87");
  EXPECT_EQ(Sample().Hash(), "eb394a8c23b1fa9a7f35e11900cc8d53c41a8be249e66cf7d6367d082b1f752c");
}

TEST(TraceHash, IsThatOfLongTracesToo) {
  Trace trace;
  const TrackId track = trace.AddTrack("wires", "wire a->b");
  const EventName frame = trace.RegisterName("frame", "bytes", "number");
  for (uint64_t i = 0; i < 100'000; ++i) {
    trace.Slice(track, static_cast<Time>(i) * 67'200, 51'200, frame, 60 + i % 3, i);
    if (i == 777) trace.HashHex();  // Looking changes nothing.
  }
  EXPECT_EQ(trace.event_count(), 100'000u);
  EXPECT_EQ(trace.HashHex(), "4b45dd697fe294124e796570648b2e455f11ba02e33c65e68157bbaa4b87f2cf");
}

TEST(TraceHash, HashesNamesLongerThanItsBuffer) {
  Trace trace;
  trace.AddTrack(std::string(200'000, 'g'), "");
  EXPECT_EQ(trace.HashHex(), "976c2a8d6e5adf551e4bba07dd9e559f7efd30d4801e14a4a0c411037f628fe4");
}

TEST(TraceHash, ChangesWithEveryField) {
  const std::vector<std::function<void(Sample&)>> changes = {
      [](Sample&) {},
      [](Sample& s) { s.group = "sender host"; },
      [](Sample& s) { s.track = "ring rx1"; },
      [](Sample& s) { s.name = "poll"; },
      [](Sample& s) { s.arg0_name = "cur"; },
      [](Sample& s) { s.arg1_name = ""; },
      [](Sample& s) { s.arg0_name = "headslots", s.arg1_name = ""; },
      [](Sample& s) { ++s.start; },
      [](Sample& s) { s.start += int64_t{1} << 62; },
      [](Sample& s) { --s.duration; },
      [](Sample& s) { s.duration += int64_t{1} << 62; },
      [](Sample& s) { s.arg0 = 0; },
      [](Sample& s) { s.arg0 += uint64_t{1} << 63; },
      [](Sample& s) { s.arg1 = 0; },
      [](Sample& s) { s.arg1 ^= uint64_t{1} << 63; },
      [](Sample& s) { std::swap(s.arg0, s.arg1); },
      [](Sample& s) { ++s.at; },
      [](Sample& s) { std::swap(s.instant_arg0, s.instant_arg1); },
      [](Sample& s) { s.value = 2; },
      [](Sample& s) { s.which_track = 1; },
      [](Sample& s) { s.swapped = true; },
  };
  std::set<std::string> hashes;
  for (size_t i = 0; i < changes.size(); ++i) {
    Sample sample;
    changes[i](sample);
    EXPECT_EQ(sample.Hash(), sample.Hash());
    EXPECT_TRUE(hashes.insert(sample.Hash()).second) << "change " << i << " was not noticed";
  }
}

TEST(TraceHash, DoesNotDependOnRetention) {
  Trace kept, plain;
  kept.Retain(10);
  for (Trace* trace : {&kept, &plain}) {
    const TrackId track = trace->AddTrack("host", "ring");
    for (int i = 0; i < 20; ++i) trace->Instant(track, i, trace->RegisterName("tick"));
  }
  EXPECT_EQ(kept.HashHex(), plain.HashHex());
}

TEST(Trace, GivesTheSameIdForTheSameNames) {
  Trace trace;
  const TrackId ring = trace.AddTrack("host", "ring");
  EXPECT_NE(trace.AddTrack("host", "other"), ring);
  EXPECT_NE(trace.AddTrack("other", "ring"), ring);
  const EventName sync = trace.RegisterName("sync", "a", "b");
  EXPECT_NE(trace.RegisterName("sync", "a"), sync);
  const std::string hash = trace.HashHex();
  EXPECT_EQ(trace.AddTrack("host", "ring"), ring);
  EXPECT_EQ(trace.RegisterName("sync", "a", "b"), sync);
  EXPECT_EQ(trace.HashHex(), hash);
}

TEST(TraceDeathTest, RefusesTracksAndNamesOfOthers) {
  Trace trace;
  const TrackId track = trace.AddTrack("host", "ring");
  const EventName name = trace.RegisterName("sync");
  EXPECT_DEATH(trace.Instant(TrackId{1}, 0, name), "track");
  EXPECT_DEATH(trace.Instant(track, 0, EventName{1}), "name");
  EXPECT_DEATH(trace.Slice(track, 0, -1, name), "duration");
}

TEST(PerfettoJson, HasTheRowsInTheirOrder) {
  Trace trace;
  trace.AddTrack("sender host", "program tx");
  trace.AddTrack("receiver host", "program rx");
  trace.AddTrack("sender host", "ring tx0");
  const Json exported = Export(trace);
  const std::map<int, std::string> rows = RowsOf(exported);
  std::vector<std::string> names;
  for (const auto& [tid, name] : rows) names.push_back(name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"sender host / program tx", "receiver host / program rx",
                                      "sender host / ring tx0"}));
  EXPECT_EQ(exported.at("otherData").at("sha256"), trace.HashHex());
}

TEST(PerfettoJson, HasEventsWithTheirTimesAndArguments) {
  Trace trace;
  trace.Retain(100);
  const TrackId ring = trace.AddTrack("host", "ring rx0");
  const TrackId fill = trace.AddTrack("host", "fill");
  const EventName sync = trace.RegisterName("sync", "head", "slots");
  const EventName half = trace.RegisterName("half", "", "only");
  const EventName bare = trace.RegisterName("bare");
  trace.Slice(ring, 1 * kMicrosecond + 67'999, 2 * kMicrosecond + 1, sync, 7, UINT64_MAX);
  trace.Instant(ring, 5 * kSecond + kNanosecond, half, 1, 2);
  trace.Instant(ring, 0, bare, 1, 2);
  trace.Counter(fill, 3 * kMicrosecond, -12);
  const Json exported = Export(trace);

  ASSERT_EQ(EventsOf(exported, "X").size(), 1u);
  const Json slice = EventsOf(exported, "X")[0];
  EXPECT_EQ(slice.at("name"), "sync");
  EXPECT_EQ(slice.at("ts").dump(), "1.067");
  EXPECT_EQ(slice.at("dur").dump(), "2.001") << "from 1067.999 ns to 3068.000 ns";
  EXPECT_EQ(slice.at("args").at("head"), 7);
  EXPECT_EQ(slice.at("args").at("slots"), UINT64_MAX);
  const std::map<int, std::string> rows = RowsOf(exported);
  EXPECT_EQ(rows.at(slice.at("tid")), "host / ring rx0");
  EXPECT_EQ(rows.size(), 1u) << "a counter is not a row";

  ASSERT_EQ(EventsOf(exported, "i").size(), 2u);
  const Json first = EventsOf(exported, "i")[0], second = EventsOf(exported, "i")[1];
  EXPECT_EQ(first.at("name"), "bare") << "sorted by time";
  EXPECT_FALSE(first.contains("args"));
  EXPECT_EQ(second.at("ts").dump(), "5000000.001");
  EXPECT_EQ(second.at("args").dump(), R"({"only":2})");

  ASSERT_EQ(EventsOf(exported, "C").size(), 1u);
  const Json counter = EventsOf(exported, "C")[0];
  EXPECT_EQ(counter.at("name"), "fill");
  EXPECT_EQ(counter.at("args").at("value"), -12);
  EXPECT_EQ(counter.at("pid"), slice.at("pid"));
}

TEST(PerfettoJson, EscapesEveryName) {
  const std::string hard = "\"quoted\\\" \n\t\x01 a→b </script>";
  Trace trace;
  trace.Retain(100);
  const TrackId track = trace.AddTrack(hard, hard);
  const TrackId counter = trace.AddTrack(hard, hard + "#");
  trace.Slice(track, 0, 1, trace.RegisterName(hard, hard, hard + "1"), 1, 2);
  trace.Counter(counter, 0, 1);
  const Json exported = Export(trace);
  EXPECT_EQ(RowsOf(exported).begin()->second, hard + " / " + hard);
  EXPECT_EQ(EventsOf(exported, "X").at(0).at("name"), hard);
  EXPECT_EQ(EventsOf(exported, "X").at(0).at("args").at(hard), 1);
  EXPECT_EQ(EventsOf(exported, "C").at(0).at("name"), hard + "#");
}

// Perfetto drops a slice that begins inside another one of its row and ends outside.
TEST(PerfettoJson, GivesOverlappingSlicesRowsOfTheirOwn) {
  Trace trace;
  trace.Retain(100);
  const TrackId track = trace.AddTrack("host", "DMA nic1");
  const EventName name = trace.RegisterName("read", "number");
  const auto slice = [&](Time start_ns, Time end_ns, uint64_t number) {
    trace.Slice(track, start_ns * kNanosecond, (end_ns - start_ns) * kNanosecond, name, number);
  };
  slice(0, 5, 1);    // Inside 2, and recorded before it.
  slice(0, 10, 2);   // Outer.
  slice(5, 15, 3);   // Overlaps 2.
  slice(10, 20, 4);  // Begins where 2 ends.
  slice(12, 30, 5);  // Overlaps 3 and 4.
  slice(20, 20, 6);  // Takes no time, and fits anywhere.
  const Json exported = Export(trace);
  std::map<int, std::string> rows = RowsOf(exported);
  std::map<int, std::string> row_of;
  for (const Json& event : EventsOf(exported, "X")) {
    row_of[event.at("args").at("number")] = rows.at(event.at("tid"));
  }
  const std::string base = "host / DMA nic1";
  EXPECT_EQ(
      row_of,
      (std::map<int, std::string>{
          {1, base}, {2, base}, {3, base + " (2)"}, {4, base}, {5, base + " (3)"}, {6, base}}));
  EXPECT_EQ(EventsOf(exported, "X").at(0).at("args").at("number"), 2) << "outer slices first";
}

TEST(PerfettoJson, SurvivesTheLongestTimes) {
  Trace trace;
  trace.Retain(100);
  const TrackId track = trace.AddTrack("host", "ring");
  const EventName name = trace.RegisterName("sync");
  trace.Slice(track, std::numeric_limits<Time>::max() - 1, std::numeric_limits<Time>::max(), name);
  trace.Instant(track, std::numeric_limits<Time>::min(), name);
  trace.Instant(track, -1, name);
  const Json exported = Export(trace);
  EXPECT_EQ(EventsOf(exported, "X").at(0).at("dur").dump(), "0.0");
  EXPECT_EQ(EventsOf(exported, "i").at(1).at("ts").dump(), "-0.001");
}

TEST(PerfettoJson, SaysThatItCannotBeWritten) {
  Trace trace;
  EXPECT_EQ(trace.WritePerfettoJson("/no/such/folder/trace.json").value_or(""),
            "/no/such/folder/trace.json: cannot be created: No such file or directory");
  EXPECT_EQ(trace.WritePerfettoJson("/dev/full").value_or(""),
            "/dev/full: cannot be written: No space left on device");
}

TEST(Retention, IsOffByDefault) {
  Trace trace;
  trace.Instant(trace.AddTrack("host", "ring"), 0, trace.RegisterName("tick"));
  EXPECT_EQ(trace.retained_count(), 0u);
  EXPECT_EQ(trace.event_count(), 1u);
  const Json exported = Export(trace);
  EXPECT_EQ(EventsOf(exported, "i").at(0).at("name"), "0 of 1 events are here, from event 0 on");
}

TEST(Retention, KeepsTheFirstEventsAndSaysThatOthersAreMissing) {
  Trace trace;
  trace.Retain(1000);
  const TrackId track = trace.AddTrack("host", "ring");
  const EventName tick = trace.RegisterName("tick", "number");
  for (int i = 0; i < 1000; ++i) trace.Instant(track, i * kNanosecond, tick, i);
  EXPECT_EQ(EventsOf(Export(trace), "i").size(), 1000u) << "full, but complete";
  for (int i = 1000; i < 5000; ++i) trace.Instant(track, i * kNanosecond, tick, i);
  EXPECT_EQ(trace.retained_count(), 1000u);

  const Json exported = Export(trace);
  const std::vector<Json> instants = EventsOf(exported, "i");
  ASSERT_EQ(instants.size(), 1001u);
  EXPECT_EQ(instants.front().at("name"), "1000 of 5000 events are here, from event 0 on");
  EXPECT_EQ(instants.front().at("ts").dump(), "0.999");
  EXPECT_EQ(instants.back().at("args").at("number"), 999);
  EXPECT_EQ(exported.at("otherData").at("kept"), 1000);
  EXPECT_EQ(exported.at("otherData").at("events"), 5000);
}

TEST(DescribeDifference, TellsTheFirstOne) {
  const auto record = [](Trace& trace, size_t kept, int events, int odd_one, int ring = 0) {
    if (kept != 0) trace.Retain(kept);
    const TrackId track = trace.AddTrack("host", "ring " + std::to_string(ring));
    const EventName sync = trace.RegisterName("sync", "head");
    for (int i = 0; i < events; ++i) trace.Slice(track, i, 5, sync, i == odd_one ? 99 : 1);
  };
  const auto compare = [](const Trace& left, const Trace& right) {
    return DescribeDifference(left, right);
  };
  Trace base, same, odd, longer, late, other, blind;
  record(base, 10, 5, -1);
  record(same, 3, 5, -1);
  record(odd, 10, 5, 3);
  record(longer, 10, 7, -1);
  record(late, 3, 5, 4);
  record(other, 10, 5, -1, 1);
  record(blind, 0, 5, 2);
  EXPECT_EQ(compare(base, base), "");
  EXPECT_EQ(compare(base, same), "");
  EXPECT_EQ(compare(base, odd),
            "event 3\n"
            "  left:  slice \"sync\" on \"host / ring 0\" at 3 ps for 5 ps, head = 1, arg1 = 0\n"
            "  right: slice \"sync\" on \"host / ring 0\" at 3 ps for 5 ps, head = 99, arg1 = 0");
  EXPECT_EQ(compare(base, longer),
            "event 5: the left trace has ended, the other goes on with\n"
            "  slice \"sync\" on \"host / ring 0\" at 5 ps for 5 ps, head = 1, arg1 = 0");
  EXPECT_EQ(compare(longer, base).substr(0, 32), "event 5: the right trace has end");
  EXPECT_NE(compare(base, late).find("not in the 3 events kept"), std::string::npos);
  EXPECT_EQ(compare(base, other),
            "track 0 is \"host / ring 0\" on the left, \"host / ring 1\" on the right");
  EXPECT_NE(compare(base, blind).find("not kept"), std::string::npos);
}

}  // namespace
}  // namespace mapwire::sim
