// The vfio-user protocol, version 0.1, as far as a PCI device needs it: message layouts.
//
// Layouts and numbers are those of Linux's <linux/vfio.h> where the protocol takes them from there;
// the header, the command numbers and VERSION are the protocol's own, as QEMU 11 speaks them.
#ifndef SIM_VFIO_USER_PROTOCOL_H_
#define SIM_VFIO_USER_PROTOCOL_H_

#include <cstddef>
#include <cstdint>

namespace mapwire::sim::vfio_user {

enum class Command : uint16_t {
  kVersion = 1,
  kDmaMap = 2,
  kDmaUnmap = 3,
  kDeviceGetInfo = 4,
  kDeviceGetRegionInfo = 5,
  kDeviceGetRegionIoFds = 6,
  kDeviceGetIrqInfo = 7,
  kDeviceSetIrqs = 8,
  kRegionRead = 9,
  kRegionWrite = 10,
  kDeviceReset = 13,
};

// Starts every message, request and reply. `size` counts it too.
struct Header {
  uint16_t id;
  uint16_t command;
  uint32_t size;
  uint32_t flags;
  uint32_t error;  // errno, with kFlagError
};
static_assert(sizeof(Header) == 16);

inline constexpr uint32_t kTypeMask = 0xF;
inline constexpr uint32_t kTypeCommand = 0;
inline constexpr uint32_t kTypeReply = 1;
inline constexpr uint32_t kFlagNoReply = 1 << 4;
inline constexpr uint32_t kFlagError = 1 << 5;

// Followed by JSON text with a terminating zero.
struct Version {
  uint16_t major;
  uint16_t minor;
};
inline constexpr uint16_t kMajor = 0;
inline constexpr uint16_t kMinor = 1;

struct DmaMap {
  uint32_t argsz;
  uint32_t flags;  // 1: the device may read, 2: it may write
  uint64_t offset;
  uint64_t address;
  uint64_t size;
};
static_assert(sizeof(DmaMap) == 32);

struct DmaUnmap {
  uint32_t argsz;
  uint32_t flags;
  uint64_t address;
  uint64_t size;
};
static_assert(sizeof(DmaUnmap) == 24);
inline constexpr uint32_t kUnmapAll = 1 << 1;

struct DeviceInfo {
  uint32_t argsz;
  uint32_t flags;
  uint32_t regions;
  uint32_t irqs;
};
inline constexpr uint32_t kDeviceReset = 1 << 0;
inline constexpr uint32_t kDevicePci = 1 << 1;

struct RegionInfo {
  uint32_t argsz;
  uint32_t flags;
  uint32_t index;
  uint32_t capabilities;
  uint64_t size;
  uint64_t offset;
};
static_assert(sizeof(RegionInfo) == 32);
inline constexpr uint32_t kRegionReadable = 1 << 0;
inline constexpr uint32_t kRegionWritable = 1 << 1;

// Regions 0 to 5 are the BARs.
inline constexpr uint32_t kConfigRegion = 7;
inline constexpr uint32_t kRegions = 9;

struct IrqInfo {
  uint32_t argsz;
  uint32_t flags;
  uint32_t index;
  uint32_t count;
};
inline constexpr uint32_t kIrqEventfd = 1 << 0;
inline constexpr uint32_t kIrqMaskable = 1 << 1;
inline constexpr uint32_t kIrqAutomasked = 1 << 2;
inline constexpr uint32_t kIrqNoResize = 1 << 3;

inline constexpr uint32_t kIntx = 0;
inline constexpr uint32_t kMsix = 2;
inline constexpr uint32_t kIrqs = 5;

// Descriptors come beside the message, or bytes after it.
struct IrqSet {
  uint32_t argsz;
  uint32_t flags;
  uint32_t index;
  uint32_t start;
  uint32_t count;
};
static_assert(sizeof(IrqSet) == 20);
inline constexpr uint32_t kIrqDataNone = 1 << 0;
inline constexpr uint32_t kIrqDataBool = 1 << 1;
inline constexpr uint32_t kIrqDataEventfd = 1 << 2;
inline constexpr uint32_t kIrqMask = 1 << 3;
inline constexpr uint32_t kIrqUnmask = 1 << 4;
inline constexpr uint32_t kIrqTrigger = 1 << 5;

// Followed by the bytes, in a write and in the reply to a read.
struct RegionAccess {
  uint64_t offset;
  uint32_t region;
  uint32_t count;
};
static_assert(sizeof(RegionAccess) == 16);

// What we promise and accept.
inline constexpr uint32_t kMaxTransfer = 4096;   // bytes of one region access
inline constexpr uint32_t kMaxText = 4096;       // of VERSION
inline constexpr uint32_t kMaxDescriptors = 16;  // QEMU takes no more
inline constexpr uint32_t kMaxMessage = sizeof(Header) + sizeof(RegionAccess) + kMaxText;

}  // namespace mapwire::sim::vfio_user

#endif  // SIM_VFIO_USER_PROTOCOL_H_
