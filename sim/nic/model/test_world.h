// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A small world for the unit tests of a model NIC: events, flat memory behind a fault check, a line
// that checks spacing, a record of messages and of reported mistakes.
#ifndef SIM_NIC_MODEL_TEST_WORLD_H_
#define SIM_NIC_MODEL_TEST_WORLD_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/nic/device.h"

namespace mapwire::sim {

class TestWorld : public DeviceWorld {
 public:
  static constexpr uint64_t kBase = 0x1'4000'0000;  // above 4 GiB: both address words matter
  static constexpr uint64_t kBytes = 32 << 20;
  static constexpr Time kReadLatency = kMicrosecond;
  static constexpr Time kWriteLatency = 300 * kNanosecond;

  struct Sent {
    std::vector<uint8_t> bytes;
    Time start;
    bool crc_ok;
  };
  struct Message {
    uint32_t vector;
    Time at;
  };

  TestWorld() : memory_(kBytes, 0) { timer_set_.fill(0); }

  void Attach(Device* device) { device_ = device; }

  // ---- DeviceWorld ----
  Time Now() const override { return now_; }
  void DmaRead(DmaTag tag, uint64_t address, void* into, uint32_t length) override {
    // Every third read is slow, so that reads complete out of order.
    const Time latency = kReadLatency + (++reads_ % 3 == 0 ? 150 * kNanosecond : 0);
    Push({now_ + latency, 0, Kind::kRead, tag, address, into, length});
  }
  void DmaWrite(DmaTag tag, uint64_t address, const void* from, uint32_t length) override {
    if (data_.size() - data_used_ < length) data_used_ = 0;
    void* kept = data_.data() + data_used_;
    std::memcpy(kept, from, length);
    data_used_ += length;
    Push({now_ + kWriteLatency, 0, Kind::kWrite, tag, address, kept, length});
  }
  void RaiseMsix(uint32_t vector) override {
    Push({now_ + kWriteLatency, 0, Kind::kMessage, vector, 0, nullptr, 0});
  }
  void SetIntx(bool asserted) override {
    intx = asserted;
    ++intx_changes;
  }
  void Transmit(FramePointer frame, Time start) override {
    const Time length = static_cast<Time>(frame->bytes.size() + 4 + 12 + 8) * 800;
    if (start < now_ || (sent_count != 0 && start < line_free_)) ++line_errors;
    if (sent_count != 0) gap_of_last = start - last_start_;
    if (sent_count != 0 && gap_of_last != length) last_wide_gap = sent_count;
    line_free_ = start + length;
    last_start_ = start;
    ++sent_count;
    if (keep_sent) sent.push_back({frame->bytes, start, frame->crc_ok});
  }
  FramePointer NewFrame() override { return pool.Get(); }
  void SetTimer(TimerTag tag, Time at) override {
    Push({std::max(at, now_), 0, Kind::kTimer, tag, ++timer_set_[tag], nullptr, 0});
  }
  void CancelTimer(TimerTag tag) override { ++timer_set_[tag]; }
  void Report(DriverError error, std::string_view text) override {
    errors.emplace_back(error, std::string(text));
  }

  // ---- The test's side ----
  void At(Time when, std::function<void()> what) {
    calls_.push_back(std::move(what));
    Push({when, 0, Kind::kCall, calls_.size() - 1, 0, nullptr, 0});
  }
  void RunUntil(Time end) {
    while (!events_.empty() && events_.front().at <= end) Step();
    now_ = std::max(now_, end);
  }
  void RunFor(Time length) { RunUntil(now_ + length); }
  bool quiet() const { return events_.empty(); }

  uint8_t* Memory(uint64_t address) { return memory_.data() + (address - kBase); }
  uint64_t Allocate(uint64_t bytes, uint64_t align = 4096) {
    allocated_ = (allocated_ + align - 1) / align * align;
    const uint64_t address = kBase + allocated_;
    allocated_ += bytes;
    return address;
  }
  // A bus address that faults.
  static constexpr uint64_t kNowhere = 0x10;

  FramePool pool;
  std::vector<Sent> sent;
  bool keep_sent = true;
  uint64_t sent_count = 0;
  uint64_t line_errors = 0;
  uint64_t last_wide_gap = 0;  // number of the frame that last came late
  Time gap_of_last = 0;
  std::vector<Message> messages;
  bool intx = false;
  int intx_changes = 0;
  uint64_t faults = 0;
  uint64_t events = 0;
  std::vector<std::pair<DriverError, std::string>> errors;
  std::function<void(uint32_t)> on_message;

 private:
  enum class Kind : uint8_t { kRead, kWrite, kMessage, kTimer, kCall };
  struct Event {
    Time at;
    uint64_t order;
    Kind kind;
    uint64_t tag;
    uint64_t address;
    void* data;
    uint32_t length;
  };
  static bool Later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  void Push(Event event) {
    event.order = ++order_;
    events_.push_back(event);
    std::push_heap(events_.begin(), events_.end(), Later);
  }
  bool Mapped(uint64_t address, uint32_t length) const {
    return address >= kBase && length <= kBytes && address - kBase <= kBytes - length;
  }
  void Step() {
    const Event event = events_.front();
    std::pop_heap(events_.begin(), events_.end(), Later);
    events_.pop_back();
    now_ = event.at;
    ++events;
    const bool mapped = Mapped(event.address, event.length);
    switch (event.kind) {
      case Kind::kRead:
        if (mapped) std::memcpy(event.data, Memory(event.address), event.length);
        if (!mapped) ++faults;
        device_->DmaDone(event.tag, mapped);
        break;
      case Kind::kWrite:
        if (mapped) std::memcpy(Memory(event.address), event.data, event.length);
        if (!mapped) ++faults;
        if (event.tag != 0) device_->DmaDone(event.tag, mapped);
        break;
      case Kind::kMessage:
        messages.push_back({static_cast<uint32_t>(event.tag), now_});
        if (on_message) on_message(static_cast<uint32_t>(event.tag));
        break;
      case Kind::kTimer:
        if (timer_set_[event.tag] != event.address) break;
        device_->TimerExpired(static_cast<TimerTag>(event.tag));
        break;
      case Kind::kCall:
        calls_[event.tag]();
        break;
    }
  }

  Device* device_ = nullptr;
  Time now_ = 0;
  uint64_t order_ = 0;
  uint64_t reads_ = 0;
  uint64_t allocated_ = 0;
  Time line_free_ = 0;
  Time last_start_ = 0;
  std::vector<uint8_t> memory_;
  std::vector<uint8_t> data_ = std::vector<uint8_t>(8 << 20);  // of posted writes, reused in turn
  size_t data_used_ = 0;
  std::vector<Event> events_;
  std::array<uint64_t, 0x400> timer_set_;
  std::deque<std::function<void()>> calls_;
};

}  // namespace mapwire::sim

#endif  // SIM_NIC_MODEL_TEST_WORLD_H_
