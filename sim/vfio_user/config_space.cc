#include "sim/vfio_user/config_space.h"

namespace mapwire::sim::vfio_user {

namespace {

// Where the capabilities stand, as on an 82599 (from memory of what systems show of it).
constexpr uint32_t kPower = 0x40;
constexpr uint32_t kMsixCapability = 0x70;
constexpr uint32_t kExpress = 0xA0;

constexpr uint32_t kBar64Prefetchable = 0xC;

}  // namespace

ConfigSpace::ConfigSpace(const PciIdentity& identity, bool messages)
    : identity_(identity), messages_(messages && identity.msix_vectors != 0) {
  Reset();
}

// `value`, low byte first; bits of `writable` and of `clears` are the system's.
void ConfigSpace::Put(uint32_t offset, uint32_t bytes, uint64_t value, uint64_t writable,
                      uint64_t clears) {
  for (uint32_t i = 0; i < bytes; ++i) {
    bytes_[offset + i] = static_cast<uint8_t>(value >> (8 * i));
    writable_[offset + i] = static_cast<uint8_t>(writable >> (8 * i));
    clears_[offset + i] = static_cast<uint8_t>(clears >> (8 * i));
  }
}

void ConfigSpace::Reset() {
  bytes_.fill(0);
  writable_.fill(0);
  clears_.fill(0);
  const bool express = identity_.msix_vectors != 0;
  express_ = express ? kExpress : 0;
  Put(0x00, 2, identity_.vendor);
  Put(0x02, 2, identity_.device);
  Put(kCommand, 2, 0, 0x0547);
  Put(0x06, 2, 0x0010, 0, 0xF900);  // a list of capabilities
  Put(0x08, 1, identity_.revision);
  Put(0x09, 3, identity_.class_code);
  Put(0x0C, 1, 0, 0xFF);
  const uint64_t registers = ~uint64_t{identity_.bar0_bytes - 1};
  if (express) {
    Put(0x10, 8, kBar64Prefetchable, registers);
    if (messages_) Put(0x20, 8, kBar64Prefetchable, ~uint64_t{kMsixBarBytes - 1});
  } else {
    Put(0x10, 4, 0, registers);
  }
  Put(0x2C, 2, identity_.subsystem_vendor);
  Put(0x2E, 2, identity_.subsystem);
  Put(0x34, 1, kPower);
  Put(0x3C, 1, 0, 0xFF);
  Put(0x3D, 1, 1);  // INTA

  // Power management, version 3, D3hot without a reset.
  const uint32_t next = messages_ ? kMsixCapability : express ? kExpress : 0;
  Put(kPower, 2, 0x01 | next << 8);
  Put(kPower + 2, 2, 0x0003);
  Put(kPower + 4, 2, 0x0008, 0x0103, 0x8000);
  if (messages_) {
    Put(kMsixCapability, 2, 0x11 | kExpress << 8);
    Put(kMsixCapability + 2, 2, identity_.msix_vectors - 1u, 0xC000);
    Put(kMsixCapability + 4, 4, kMsixBar);
    Put(kMsixCapability + 8, 4, kMsixPbaOffset | kMsixBar);
  }
  if (!express) return;
  // Endpoint, version 2, that can reset its function; 5 GT/s x8.
  Put(kExpress, 2, 0x10);
  Put(kExpress + 2, 2, 0x0002);
  Put(kExpress + 4, 4, 0x10008CC2);
  Put(kExpress + 8, 2, 0x2810, 0x7FFF);
  Put(kExpress + 10, 2, 0, 0, 0x000F);
  Put(kExpress + 12, 4, 0x00000482);
  Put(kExpress + 16, 2, 0, 0x03FB);
  Put(kExpress + 18, 2, 0x1082);
  Put(kExpress + 36, 4, 0x0000001F);
  Put(kExpress + 40, 2, 0, 0x001F);
  Put(kExpress + 48, 2, 0x0002, 0x000F);
}

bool ConfigSpace::Write(uint32_t offset, uint8_t value) {
  if (offset >= kBytes) return false;
  uint8_t& byte = bytes_[offset];
  byte = static_cast<uint8_t>((byte & ~writable_[offset]) | (value & writable_[offset]));
  byte = static_cast<uint8_t>(byte & ~(value & clears_[offset]));
  // Initiate Function Level Reset: it reads as 0.
  return express_ != 0 && offset == express_ + 9 && (value & 0x80) != 0;
}

}  // namespace mapwire::sim::vfio_user
