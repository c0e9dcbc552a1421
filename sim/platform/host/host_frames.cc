#include "sim/platform/host/host_frames.h"

#include "core/platform/untrusted.h"

namespace mapwire::sim {

using platform::HostFrame;

HostFrame* HostFrames::NewFrame(uint16_t, uint32_t bytes) {
  HostFrame* const frame = new HostFrame;
  frame->bytes.reserve(bytes);
  return frame;
}

void HostFrames::Append(HostFrame& frame, const void* from, uint32_t bytes) {
  const size_t at = frame.bytes.size();
  frame.bytes.resize(at + bytes);
  platform::UntrustedCopyIn(frame.bytes.data() + at, from, bytes);
}

uint32_t HostFrames::Length(const HostFrame& frame) {
  return static_cast<uint32_t>(frame.bytes.size());
}

void HostFrames::Copy(const HostFrame& frame, uint32_t offset, void* to, uint32_t bytes) {
  platform::UntrustedCopyOut(to, frame.bytes.data() + offset, bytes);
}

void HostFrames::Keep(uint16_t host_ring, HostFrame& frame) {
  kept_[host_ring].emplace_back(&frame);
}

uint32_t HostFrames::Kept(uint16_t host_ring) {
  return static_cast<uint32_t>(kept_[host_ring].size());
}

HostFrame* HostFrames::Next(uint16_t host_ring) {
  std::deque<std::unique_ptr<HostFrame>>& line = kept_[host_ring];
  if (line.empty()) return nullptr;
  HostFrame* const frame = line.front().release();
  line.pop_front();
  return frame;
}

}  // namespace mapwire::sim
