// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A memory region as the kernel lays it out, built by hand: one netmap_if, its rings, their
// buffers.
#ifndef CORE_ABI_REGION_FOR_TEST_H_
#define CORE_ABI_REGION_FOR_TEST_H_

#ifndef NETMAP_WITH_LIBS
#define NETMAP_WITH_LIBS
#endif
#include <net/netmap_user.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

namespace mapwire::abi {

// Stores to a field that is const for programs; this is the kernel's side.
template <typename T>
void Store(const T& field, std::remove_const_t<T> value) {
  std::memcpy(const_cast<void*>(static_cast<const void*>(&field)), &value, sizeof(value));
}

struct Shape {
  uint32_t tx = 1;
  uint32_t rx = 1;
  uint32_t host_tx = 1;
  uint32_t host_rx = 1;
  uint32_t slots = 8;
  uint32_t buffer_size = 256;

  uint32_t rings() const { return tx + host_tx + rx + host_rx; }
  uint32_t buffers() const { return 2 + rings() * slots; }
};

// A view of memory it does not own. Buffers are dealt to the rings in ascending order, so those of
// one ring are adjacent.
class Region {
 public:
  static constexpr size_t kInterfaceOffset = 128;

  static size_t SizeFor(const Shape& shape) {
    return BuffersAt(shape) + size_t{shape.buffers()} * shape.buffer_size;
  }

  Region(const Shape& shape, void* memory) : shape_(shape), memory_(static_cast<char*>(memory)) {}

  // Writes everything, as the first registration does.
  void Build(const char* name = "test0") {
    std::memset(memory_, 0, BuffersAt(shape_));
    std::memset(memory_ + BuffersAt(shape_), 0xee, SizeFor(shape_) - BuffersAt(shape_));
    std::strncpy(nifp()->ni_name, name, IFNAMSIZ - 1);
    Store(nifp()->ni_tx_rings, shape_.tx);
    Store(nifp()->ni_rx_rings, shape_.rx);
    Store(nifp()->ni_host_tx_rings, shape_.host_tx);
    Store(nifp()->ni_host_rx_rings, shape_.host_rx);
    uint32_t next_buffer = 2;
    for (uint32_t i = 0; i < shape_.rings(); i++) {
      const bool is_tx = i < shape_.tx + shape_.host_tx;
      auto* ring = reinterpret_cast<netmap_ring*>(memory_ + RingAt(shape_, i));
      Store(nifp()->ring_ofs[i], static_cast<ssize_t>(RingAt(shape_, i) - kInterfaceOffset));
      Store(ring->buf_ofs, static_cast<int64_t>(BuffersAt(shape_) - RingAt(shape_, i)));
      Store(ring->num_slots, shape_.slots);
      Store(ring->nr_buf_size, shape_.buffer_size);
      Store(ring->ringid, static_cast<uint16_t>(is_tx ? i : i - shape_.tx - shape_.host_tx));
      Store(ring->dir, static_cast<uint16_t>(is_tx));
      ring->tail = is_tx ? shape_.slots - 1 : 0;
      for (uint32_t s = 0; s < shape_.slots; s++) {
        ring->slot[s] = {next_buffer++, static_cast<uint16_t>(shape_.buffer_size), 0, 0};
      }
    }
  }

  netmap_if* nifp() const { return reinterpret_cast<netmap_if*>(memory_ + kInterfaceOffset); }
  // Addresses come from the layout above, not from the macros under test.
  netmap_ring* tx(uint32_t i) const { return Ring(i); }
  netmap_ring* rx(uint32_t i) const { return Ring(shape_.tx + shape_.host_tx + i); }
  char* buffer(uint32_t index) const {
    return memory_ + BuffersAt(shape_) + size_t{index} * shape_.buffer_size;
  }
  char* memory() const { return memory_; }
  const Shape& shape() const { return shape_; }

  // The kernel delivers one slot at the tail of a ring.
  void Receive(netmap_ring* ring, std::string_view bytes, uint16_t flags = 0) {
    netmap_slot& slot = ring->slot[ring->tail];
    std::memcpy(buffer(slot.buf_idx), bytes.data(), bytes.size());
    slot.len = static_cast<uint16_t>(bytes.size());
    slot.flags = flags;
    ring->tail = (ring->tail + 1) % ring->num_slots;
  }

  // A descriptor bound to hardware rings [0, tx) and [0, rx).
  void Bind(nm_desc* d) const {
    std::memset(static_cast<void*>(d), 0, sizeof(*d));
    d->self = d;
    d->fd = -1;
    Store(d->nifp, nifp());
    d->last_tx_ring = static_cast<uint16_t>(shape_.tx - 1);
    d->last_rx_ring = static_cast<uint16_t>(shape_.rx - 1);
  }

 private:
  static size_t RingSize(const Shape& shape) {
    return (sizeof(netmap_ring) + shape.slots * sizeof(netmap_slot) + 127) / 128 * 128;
  }
  static size_t RingAt(const Shape& shape, uint32_t i) { return 1024 + i * RingSize(shape); }
  static size_t BuffersAt(const Shape& shape) { return RingAt(shape, shape.rings()); }

  netmap_ring* Ring(uint32_t i) const {
    return reinterpret_cast<netmap_ring*>(memory_ + RingAt(shape_, i));
  }

  Shape shape_;
  char* memory_;
};

// A region in memory of its own.
class OwnedRegion : public Region {
 public:
  explicit OwnedRegion(const Shape& shape)
      : Region(shape, operator new (SizeFor(shape), std::align_val_t{4096})) {
    Build();
  }
  ~OwnedRegion() { operator delete (memory(), std::align_val_t{4096}); }
  OwnedRegion(const OwnedRegion&) = delete;
  OwnedRegion& operator=(const OwnedRegion&) = delete;
};

}  // namespace mapwire::abi

#endif  // CORE_ABI_REGION_FOR_TEST_H_
