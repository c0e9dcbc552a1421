// Ethernet frames on their way through the simulated world.
#ifndef SIM_NET_FRAME_H_
#define SIM_NET_FRAME_H_

#include <cstdint>
#include <memory>
#include <vector>

namespace mapwire::sim {

// One frame as on the wire, from destination address to the last byte before the CRC. The CRC is
// not stored: crc_ok says whether it would be right. Frames are moved, never shared.
struct Frame {
  std::vector<uint8_t> bytes;
  bool crc_ok = true;
};

// Returns its frames to a free list, so that a running world does not allocate per frame.
class FramePool {
 public:
  struct Recycle {
    FramePool* pool;
    void operator()(Frame* frame) const { pool->Put(frame); }
  };
  using Pointer = std::unique_ptr<Frame, Recycle>;

  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  // An empty frame with crc_ok set. Every frame must be back before the pool is destroyed.
  Pointer Get() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<Frame>());
      free_.push_back(all_.back().get());
    }
    Frame* frame = free_.back();
    free_.pop_back();
    frame->bytes.clear();
    frame->crc_ok = true;
    return Pointer(frame, Recycle{this});
  }

  size_t outstanding() const { return all_.size() - free_.size(); }

 private:
  void Put(Frame* frame) { free_.push_back(frame); }

  std::vector<std::unique_ptr<Frame>> all_;
  std::vector<Frame*> free_;
};

using FramePointer = FramePool::Pointer;

}  // namespace mapwire::sim

#endif  // SIM_NET_FRAME_H_
