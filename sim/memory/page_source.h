// Pages of memory regions in the simulator: memfds that programs map too, known to core by
// addresses that have no access rights.
//
// One reservation of address space is made per process, in two halves of equal size. A space is
// mapped, readable and writable, in the real half; core is given the address at the same place of
// the alias half, which stays without rights for ever. platform::Untrusted goes from one to the
// other, so an access that bypasses it faults.
#ifndef SIM_MEMORY_PAGE_SOURCE_H_
#define SIM_MEMORY_PAGE_SOURCE_H_

#include <cstdint>
#include <functional>

#include "core/base/status.h"
#include "core/platform/environment.h"

namespace mapwire::sim {

// Any number of sources may live in a process; they share the reservation. A source belongs to one
// thread at a time. What core does wrong (pages committed or released twice, a space destroyed with
// pages in it) fails a check.
class PageSource final : public platform::PageSource {
 public:
  PageSource() = default;
  PageSource(const PageSource&) = delete;
  PageSource& operator=(const PageSource&) = delete;
  // All spaces must have been destroyed.
  ~PageSource();

  platform::PageSpace* Create(uint64_t bytes) override;
  void Destroy(platform::PageSpace* space) override;

  // For the front end, of a space that this or another source made. The descriptor is the space's:
  // a program that is to keep it needs a duplicate. Offset 0 of the memfd is offset 0 of the space.
  static int memfd(const platform::PageSpace* space);
  static uint64_t bytes(const platform::PageSpace* space);
  // Whether a program may touch the page at `offset`; elsewhere it has to get SIGBUS.
  static bool IsCommitted(const platform::PageSpace* space, uint64_t offset);
  // Where the world itself may read and write the space. Committed pages only.
  static void* RealBase(const platform::PageSpace* space);

  uint64_t live_spaces() const { return live_spaces_; }
  uint64_t committed_bytes() const { return committed_bytes_; }

  // Asked at each Create and Commit, if set: true makes the call fail as if memory were short.
  std::function<bool()> fail_next;

  // For searches that make many small worlds: spaces are kept and cleared instead of unmapped, so
  // that a world costs no system call. Set before the first Create.
  bool recycles = false;

 private:
  class Space;

  bool Fails() const { return fail_next && fail_next(); }

  uint64_t live_spaces_ = 0;
  uint64_t committed_bytes_ = 0;
};

}  // namespace mapwire::sim

#endif  // SIM_MEMORY_PAGE_SOURCE_H_
