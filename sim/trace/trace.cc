// Recording and hashing of events; the encoding is in the header.
#include "sim/trace/trace.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mapwire::sim {
namespace {

constexpr uint8_t kTrackRecord = 1;
constexpr uint8_t kNameRecord = 2;
constexpr uint8_t kHasArg0 = 0x40;
constexpr uint8_t kHasArg1 = 0x80;

// Kind, track, name, start, duration and two arguments.
constexpr size_t kMaxEventBytes = 1 + 2 + 2 + 8 + 8 + 8 + 8;

constexpr size_t kMaxIds = 65536;

// A wrong trace is worse than none, in every build.
void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "trace: %s\n", what);
  std::abort();
}

template <std::unsigned_integral T>
uint8_t* StoreLittle(uint8_t* to, T value) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(to, &value, sizeof(value));
  } else {
    for (size_t i = 0; i < sizeof(value); ++i) to[i] = static_cast<uint8_t>(value >> (8 * i));
  }
  return to + sizeof(value);
}

uint8_t* StoreTime(uint8_t* to, Time time) { return StoreLittle(to, static_cast<uint64_t>(time)); }

}  // namespace

// SHA-256 of a stream, taken in blocks of 64 KiB.
class Trace::Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new()), buffer_(new uint8_t[kBlock + kMaxEventBytes]) {
    Require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
            "SHA-256 is not available");
  }

  // Space for size bytes, at most kMaxEventBytes; Commit takes those that were written.
  uint8_t* Space() { return buffer_.get() + used_; }
  void Commit(const uint8_t* end) {
    used_ = static_cast<size_t>(end - buffer_.get());
    if (used_ >= kBlock) Flush();
  }

  void Append(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t size = std::min(bytes.size(), kBlock - used_);
      std::memcpy(Space(), bytes.data(), size);
      Commit(Space() + size);
      bytes.remove_prefix(size);
    }
  }

  void AppendString(std::string_view text) {
    Require(text.size() <= UINT32_MAX, "a name is too long");
    Commit(StoreLittle(Space(), static_cast<uint32_t>(text.size())));
    Append(text);
  }

  void AppendByte(uint8_t byte) { Commit(StoreLittle(Space(), byte)); }

  std::string Hex() const {
    const Context copy(EVP_MD_CTX_new());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    Require(copy && EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1 &&
                EVP_DigestUpdate(copy.get(), buffer_.get(), used_) == 1 &&
                EVP_DigestFinal_ex(copy.get(), digest.data(), &size) == 1,
            "SHA-256 failed");
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
  }

 private:
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

  static constexpr size_t kBlock = 64 * 1024;

  void Flush() {
    Require(EVP_DigestUpdate(context_.get(), buffer_.get(), used_) == 1, "SHA-256 failed");
    used_ = 0;
  }

  Context context_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t used_ = 0;  // Below kBlock between calls.
};

Trace::Trace() : hasher_(std::make_unique<Hasher>()) { hasher_->Append("mapwire trace 1\n"); }

Trace::~Trace() = default;

TrackId Trace::AddTrack(std::string_view group, std::string_view name) {
  const auto [entry, is_new] = track_ids_.try_emplace({std::string(group), std::string(name)},
                                                      static_cast<TrackId>(tracks_.size()));
  if (is_new) {
    Require(tracks_.size() < kMaxIds, "too many tracks");
    tracks_.push_back({std::string(group), std::string(name)});
    hasher_->AppendByte(kTrackRecord);
    hasher_->AppendString(group);
    hasher_->AppendString(name);
  }
  return entry->second;
}

EventName Trace::RegisterName(std::string_view name, std::string_view arg0_name,
                              std::string_view arg1_name) {
  const auto [entry, is_new] =
      name_ids_.try_emplace({std::string(name), std::string(arg0_name), std::string(arg1_name)},
                            static_cast<EventName>(names_.size()));
  if (is_new) {
    Require(names_.size() < kMaxIds, "too many names of events");
    names_.push_back({std::string(name), std::string(arg0_name), std::string(arg1_name)});
    hasher_->AppendByte(kNameRecord);
    hasher_->AppendString(name);
    hasher_->AppendString(arg0_name);
    hasher_->AppendString(arg1_name);
  }
  return entry->second;
}

void Trace::Record(const Event& event) {
  assert(event.track < tracks_.size());
  uint8_t* at = hasher_->Space();
  uint8_t* const kind = at++;
  *kind = static_cast<uint8_t>(event.kind);
  at = StoreLittle(at, event.track);
  if (event.kind == Kind::kCounter) {
    at = StoreTime(at, event.start);
    at = StoreLittle(at, event.arg0);
  } else {
    assert(event.name < names_.size());
    at = StoreLittle(at, event.name);
    at = StoreTime(at, event.start);
    if (event.kind == Kind::kSlice) at = StoreTime(at, event.duration);
    if (event.arg0 != 0) {
      *kind |= kHasArg0;
      at = StoreLittle(at, event.arg0);
    }
    if (event.arg1 != 0) {
      *kind |= kHasArg1;
      at = StoreLittle(at, event.arg1);
    }
  }
  hasher_->Commit(at);
  ++event_count_;
  if (retained_.size() < max_retained_) [[unlikely]] {
    retained_.push_back(event);
  }
}

std::string Trace::HashHex() const { return hasher_->Hex(); }

void Trace::Retain(size_t max_events) {
  assert(max_retained_ == 0);
  max_retained_ = max_events;
  first_retained_ = event_count_;
}

std::string Trace::Describe(const Event& event) const {
  const TrackText& track = tracks_[event.track];
  const std::string where =
      fmt::format("on \"{} / {}\" at {} ps", track.group, track.name, event.start);
  if (event.kind == Kind::kCounter) {
    return fmt::format("counter {} = {}", where, static_cast<int64_t>(event.arg0));
  }
  const NameText& name = names_[event.name];
  std::string text =
      event.kind == Kind::kSlice
          ? fmt::format("slice \"{}\" {} for {} ps", name.name, where, event.duration)
          : fmt::format("instant \"{}\" {}", name.name, where);
  text += fmt::format(", {} = {}", name.arg0.empty() ? "arg0" : name.arg0, event.arg0);
  text += fmt::format(", {} = {}", name.arg1.empty() ? "arg1" : name.arg1, event.arg1);
  return text;
}

std::string DescribeDifference(const Trace& left, const Trace& right) {
  if (left.HashHex() == right.HashHex()) return {};
  if (left.max_retained_ == 0 || right.max_retained_ == 0) {
    return "the traces differ; where cannot be told, as their events were not kept";
  }
  if (left.first_retained_ != right.first_retained_) {
    return "the traces differ; where cannot be told, as they were not kept from the same event on";
  }
  // Numbers of tracks and names mean the same in both traces from here on.
  for (size_t i = 0; i < std::min(left.tracks_.size(), right.tracks_.size()); ++i) {
    const Trace::TrackText &a = left.tracks_[i], &b = right.tracks_[i];
    if (a == b) continue;
    return fmt::format("track {} is \"{} / {}\" on the left, \"{} / {}\" on the right", i, a.group,
                       a.name, b.group, b.name);
  }
  for (size_t i = 0; i < std::min(left.names_.size(), right.names_.size()); ++i) {
    const Trace::NameText &a = left.names_[i], &b = right.names_[i];
    if (a == b) continue;
    return fmt::format("name {} is \"{}({}, {})\" on the left, \"{}({}, {})\" on the right", i,
                       a.name, a.arg0, a.arg1, b.name, b.arg0, b.arg1);
  }
  const size_t common = std::min(left.retained_.size(), right.retained_.size());
  for (size_t i = 0; i < common; ++i) {
    if (left.retained_[i] == right.retained_[i]) continue;
    return fmt::format("event {}\n  left:  {}\n  right: {}", left.first_retained_ + i,
                       left.Describe(left.retained_[i]), right.Describe(right.retained_[i]));
  }
  // The side that has more events tells the next one, if the other side ended there.
  for (const auto& [longer, shorter, name] :
       {std::tuple(&left, &right, "right"), std::tuple(&right, &left, "left")}) {
    if (shorter->event_count_ == shorter->first_retained_ + common &&
        longer->retained_.size() > common) {
      return fmt::format("event {}: the {} trace has ended, the other goes on with\n  {}",
                         shorter->event_count_, name, longer->Describe(longer->retained_[common]));
    }
  }
  return fmt::format(
      "the traces differ, but not in the {} events kept from event {} on; elsewhere, or in when "
      "tracks and names were registered",
      common, left.first_retained_);
}

}  // namespace mapwire::sim
