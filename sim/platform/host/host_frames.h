// Frames of a host that is not real, and the lists of those its host rings keep. What the host does
// with them is for a subclass.
#ifndef SIM_PLATFORM_HOST_HOST_FRAMES_H_
#define SIM_PLATFORM_HOST_HOST_FRAMES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "core/platform/host_stack.h"

namespace mapwire::platform {

struct HostFrame {
  std::vector<uint8_t> bytes;
};

}  // namespace mapwire::platform

namespace mapwire::sim {

class HostFrames : public platform::HostStack {
 public:
  platform::HostFrame* NewFrame(uint16_t queue, uint32_t bytes) override;
  void Append(platform::HostFrame& frame, const void* from, uint32_t bytes) override;
  uint32_t Length(const platform::HostFrame& frame) override;
  void Copy(const platform::HostFrame& frame, uint32_t offset, void* to, uint32_t bytes) override;
  void Keep(uint16_t host_ring, platform::HostFrame& frame) override;
  uint32_t Kept(uint16_t host_ring) override;
  platform::HostFrame* Next(uint16_t host_ring) override;
  void Free(platform::HostFrame& frame) override { delete &frame; }

 protected:
  ~HostFrames() = default;

 private:
  std::map<uint16_t, std::deque<std::unique_ptr<platform::HostFrame>>> kept_;
};

}  // namespace mapwire::sim

#endif  // SIM_PLATFORM_HOST_HOST_FRAMES_H_
