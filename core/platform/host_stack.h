// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The operating system's network stack, as a port sees it: injected, implemented once for the
// kernel and once for the simulator.
//
// All of it is data path and never sleeps. Every buffer is a core address of region memory, as for
// Untrusted: whoever implements this copies, and keeps none.
#ifndef CORE_PLATFORM_HOST_STACK_H_
#define CORE_PLATFORM_HOST_STACK_H_

#include <cstdint>

namespace mapwire::platform {

// A frame in memory of the operating system, a socket buffer in Linux: starts with the Ethernet
// header, no CRC. Core never looks into it.
struct HostFrame;

class HostStack {
 public:
  // --- Frames for the system ---------------------------------------------------------------------

  // An empty frame with room for `bytes`, received by queue `queue`; null if there is no memory.
  virtual HostFrame* NewFrame(uint16_t queue, uint32_t bytes) = 0;
  // Adds bytes of a buffer at the end of one that NewFrame made.
  virtual void Append(HostFrame& frame, const void* from, uint32_t bytes) = 0;
  // Takes a whole frame. It goes up when the caller has left core, in the order of these calls.
  virtual void Receive(uint16_t queue, HostFrame* frame) = 0;

  // --- Frames from the system --------------------------------------------------------------------

  virtual uint32_t Length(const HostFrame& frame) = 0;
  // Bytes [offset, offset + bytes) of the frame into a buffer.
  virtual void Copy(const HostFrame& frame, uint32_t offset, void* to, uint32_t bytes) = 0;
  // A frame of `bytes` bytes is taken; the device does not have it yet. True: no other follows for
  // now, so the device has to be told.
  virtual bool Taken(uint16_t queue, uint32_t bytes) = 0;

  // --- Frames of the system for programs: a line for each host ring
  // -------------------------------

  // Takes a frame of the system and puts it at the end of line `host_ring`.
  virtual void Keep(uint16_t host_ring, HostFrame& frame) = 0;
  virtual uint32_t Kept(uint16_t host_ring) = 0;
  // The oldest frame of the line, which leaves it; null if there is none. Free must follow.
  virtual HostFrame* Next(uint16_t host_ring) = 0;
  virtual void Free(HostFrame& frame) = 0;

  // --- Wake-ups ----------------------------------------------------------------------------------

  // Somebody is to call NicPort::PollForHost for this queue soon. Any context, interrupts
  // included; never calls back.
  virtual void Schedule(uint16_t queue) = 0;
  // The device is done with frames of `bytes` bytes in all (0: none since the last call); `room`:
  // the queue may be filled again, or there is another answer than that it is full.
  virtual void Sent(uint16_t queue, uint32_t bytes, bool room) = 0;

 protected:
  ~HostStack() = default;
};

}  // namespace mapwire::platform

#endif  // CORE_PLATFORM_HOST_STACK_H_
