#include "sim/vfio_user/device.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

namespace mapwire::sim::vfio_user {

namespace {

constexpr uint64_t kPage = 4096;

// The structure a payload starts with; the rest of the payload is in `rest`.
template <typename T>
bool Take(std::span<const uint8_t> payload, T* value, std::span<const uint8_t>* rest = nullptr) {
  if (payload.size() < sizeof(T)) return false;
  std::memcpy(value, payload.data(), sizeof(T));
  if (rest != nullptr) *rest = payload.subspan(sizeof(T));
  return true;
}

template <typename T>
void Append(std::vector<uint8_t>& reply, const T& value) {
  const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(&value);
  reply.insert(reply.end(), bytes, bytes + sizeof(T));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

RemoteDevice::RemoteDevice(Engine& engine, FramePool& frames, const std::string& name,
                           const std::function<std::unique_ptr<Device>(PciSlot&)>& make_device,
                           Say say, bool messages)
    : name_(name),
      say_(std::move(say)),
      memory_(0),
      slot_(engine, frames, memory_, {}, nullptr, name),
      device_(make_device(slot_)),
      config_(device_->identity(), messages),
      msix_(messages ? device_->identity().msix_vectors : 0) {
  slot_.Insert(*device_, *this);
}

RemoteDevice::~RemoteDevice() { Disconnect(); }

void RemoteDevice::Disconnect() {
  Reset();
  for (const auto& [address, mapping] : mappings_) Unmap(address, mapping);
  mappings_.clear();
  for (Descriptor& descriptor : msix_) descriptor = Descriptor();
  intx_ = Descriptor();
  intx_masked_ = false;
}

void RemoteDevice::Reset() {
  device_->BusReset();
  config_.Reset();
}

int RemoteDevice::Handle(Command command, Exchange& exchange) {
  switch (command) {
    case Command::kVersion:
      return NegotiateVersion(exchange);
    case Command::kDmaMap:
      return MapMemory(exchange);
    case Command::kDmaUnmap:
      return UnmapMemory(exchange);
    case Command::kDeviceGetInfo:
      Append(exchange.reply,
             DeviceInfo{sizeof(DeviceInfo), kDeviceReset | kDevicePci, kRegions, kIrqs});
      return exchange.payload.size() < sizeof(DeviceInfo) ? EINVAL : 0;
    case Command::kDeviceGetRegionInfo:
      return GetRegionInfo(exchange);
    case Command::kDeviceGetIrqInfo:
      return GetIrqInfo(exchange);
    case Command::kDeviceSetIrqs:
      return SetIrqs(exchange);
    case Command::kRegionRead:
      return ReadRegion(exchange);
    case Command::kRegionWrite:
      return WriteRegion(exchange);
    case Command::kDeviceReset:
      Reset();
      return 0;
    default:
      return ENOTTY;
  }
}

int RemoteDevice::NegotiateVersion(Exchange& exchange) {
  Version version;
  if (!Take(exchange.payload, &version) || exchange.payload.size() > kMaxText) return EINVAL;
  if (version.major != kMajor) return ENOTSUP;
  // What the client can do is of no interest: nothing is ever asked of it.
  const nlohmann::json ours = {{"capabilities",
                                {{"max_msg_fds", kMaxDescriptors},
                                 {"max_data_xfer_size", kMaxTransfer},
                                 {"max_dma_maps", kMaxMappings},
                                 {"pgsizes", kPage}}}};
  const std::string text = ours.dump();
  Append(exchange.reply, Version{kMajor, std::min(version.minor, kMinor)});
  exchange.reply.insert(exchange.reply.end(), text.begin(), text.end());
  exchange.reply.push_back(0);
  return 0;
}

// --- The guest's memory
// ---------------------------------------------------------------------------

int RemoteDevice::MapMemory(Exchange& exchange) {
  DmaMap map;
  if (!Take(exchange.payload, &map) || exchange.descriptors.size() > 1) return EINVAL;
  const uint64_t last = map.address + map.size - 1;
  if (map.size == 0 || map.address % kPage != 0 || map.size % kPage != 0 ||
      map.offset % kPage != 0 || last < map.address || last >= kAddressLimit ||
      (map.flags & 3) == 0 || (map.flags & ~3u) != 0) {
    return EINVAL;
  }
  if (mappings_.size() >= kMaxMappings) return ENOSPC;
  // What nobody can map, such as the firmware's, is not offered to the model.
  if (exchange.descriptors.empty()) return 0;
  struct stat status {};
  const int fd = exchange.descriptors[0].get();
  if (fstat(fd, &status) != 0 || status.st_size < 0 ||
      map.offset > static_cast<uint64_t>(status.st_size) ||
      map.size > static_cast<uint64_t>(status.st_size) - map.offset) {
    return EINVAL;
  }
  // The model does not tell reads from writes: memory to be read only is not offered to it.
  if ((map.flags & 3) != 3) return 0;
  void* const memory = mmap(nullptr, map.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                            static_cast<off_t>(map.offset));
  if (memory == MAP_FAILED) return errno;
  if (!memory_.MapAt(map.address, static_cast<uint8_t*>(memory), map.size)) {
    munmap(memory, map.size);
    return EEXIST;
  }
  mappings_[map.address] = {static_cast<uint8_t*>(memory), map.size};
  return 0;
}

void RemoteDevice::Unmap(uint64_t address, const Mapping& mapping) {
  memory_.UnmapAt(address, mapping.bytes);
  munmap(mapping.memory, mapping.bytes);
}

// Whole mappings only; memory that was not offered to the model is unmapped by doing nothing.
int RemoteDevice::UnmapMemory(Exchange& exchange) {
  DmaUnmap unmap;
  if (!Take(exchange.payload, &unmap)) return EINVAL;
  if ((unmap.flags & ~kUnmapAll) != 0) return ENOTSUP;
  const bool all = (unmap.flags & kUnmapAll) != 0;
  if (all && (unmap.address != 0 || unmap.size != 0)) return EINVAL;
  const uint64_t end = all ? UINT64_MAX : unmap.address + unmap.size;
  if (end < unmap.address) return EINVAL;
  for (auto at = mappings_.begin(); at != mappings_.end();) {
    const uint64_t mapped_end = at->first + at->second.bytes;
    const bool inside = at->first >= unmap.address && mapped_end <= end;
    const bool outside = mapped_end <= unmap.address || at->first >= end;
    if (!inside && !outside) return EINVAL;
    ++at;
  }
  for (auto at = mappings_.lower_bound(unmap.address); at != mappings_.end() && at->first < end;) {
    unmap.size = all ? unmap.size + at->second.bytes : unmap.size;
    Unmap(at->first, at->second);
    at = mappings_.erase(at);
  }
  Append(exchange.reply, unmap);
  return 0;
}

// --- Facts
// ----------------------------------------------------------------------------------------

uint64_t RemoteDevice::RegionBytes(uint32_t region) const {
  const PciIdentity& identity = device_->identity();
  if (region == 0) return identity.bar0_bytes;
  if (region == ConfigSpace::kMsixBar && !msix_.empty()) {
    return ConfigSpace::kMsixBarBytes;
  }
  return region == kConfigRegion ? ConfigSpace::kBytes : 0;
}

int RemoteDevice::GetRegionInfo(Exchange& exchange) {
  RegionInfo info;
  if (!Take(exchange.payload, &info) || info.index >= kRegions) return EINVAL;
  const uint64_t bytes = RegionBytes(info.index);
  info = {.argsz = sizeof(RegionInfo),
          .flags = bytes == 0 ? 0 : kRegionReadable | kRegionWritable,
          .index = info.index,
          .capabilities = 0,
          .size = bytes,
          .offset = 0};
  Append(exchange.reply, info);
  return 0;
}

int RemoteDevice::GetIrqInfo(Exchange& exchange) {
  IrqInfo info;
  if (!Take(exchange.payload, &info) || info.index >= kIrqs) return EINVAL;
  info.argsz = sizeof(IrqInfo);
  info.flags = 0;
  info.count = 0;
  if (info.index == kIntx) {
    info.flags = kIrqEventfd | kIrqMaskable | kIrqAutomasked;
    info.count = 1;
  } else if (info.index == kMsix && !msix_.empty()) {
    info.flags = kIrqEventfd | kIrqNoResize;
    info.count = static_cast<uint32_t>(msix_.size());
  }
  Append(exchange.reply, info);
  return 0;
}

// --- Interrupts
// -----------------------------------------------------------------------------------

int RemoteDevice::SetIrqs(Exchange& exchange) {
  IrqSet set;
  std::span<const uint8_t> data;
  if (!Take(exchange.payload, &set, &data)) return EINVAL;
  const uint32_t kinds = set.flags & (kIrqDataNone | kIrqDataBool | kIrqDataEventfd);
  const uint32_t actions = set.flags & (kIrqMask | kIrqUnmask | kIrqTrigger);
  const auto one = [](uint32_t bits) { return bits != 0 && (bits & (bits - 1)) == 0; };
  if (!one(kinds) || !one(actions) || set.flags != (kinds | actions)) return EINVAL;
  if (kinds == kIrqDataBool && data.size() < set.count) return EINVAL;
  if (kinds == kIrqDataEventfd && exchange.descriptors.size() > set.count) return EINVAL;
  if (set.index == kIntx) return SetIntxLine(set, data, exchange);
  if (set.index == kMsix && !msix_.empty()) return SetMsix(set, exchange);
  return EINVAL;
}

// No descriptor takes one away.
int RemoteDevice::SetMsix(const IrqSet& set, Exchange& exchange) {
  if (set.start > msix_.size() || set.count > msix_.size() - set.start) return EINVAL;
  if ((set.flags & kIrqTrigger) == 0) return ENOTSUP;
  if ((set.flags & kIrqDataEventfd) != 0) {
    for (uint32_t i = 0; i < set.count; ++i) {
      msix_[set.start + i] =
          i < exchange.descriptors.size() ? std::move(exchange.descriptors[i]) : Descriptor();
    }
    return 0;
  }
  if ((set.flags & kIrqDataNone) == 0) return ENOTSUP;
  // None at all: MSI-X is off.
  if (set.count == 0) {
    for (Descriptor& descriptor : msix_) descriptor = Descriptor();
    return 0;
  }
  for (uint32_t i = 0; i < set.count; ++i) Signal(msix_[set.start + i]);
  return 0;
}

int RemoteDevice::SetIntxLine(const IrqSet& set, std::span<const uint8_t> data,
                              Exchange& exchange) {
  if (set.start != 0 || set.count > 1) return EINVAL;
  const bool by_value = (set.flags & kIrqDataEventfd) == 0;
  const bool wanted = (set.flags & kIrqDataNone) != 0 || (!data.empty() && data[0] != 0);
  if ((set.flags & kIrqTrigger) != 0) {
    if (by_value && set.count != 0) {
      if (wanted) Signal(intx_);
      return 0;
    }
    intx_ = exchange.descriptors.empty() ? Descriptor() : std::move(exchange.descriptors[0]);
    intx_masked_ = false;
    SignalIntx();
    return 0;
  }
  if (!by_value) return ENOTSUP;
  if (!wanted || set.count == 0) return 0;
  intx_masked_ = (set.flags & kIrqMask) != 0;
  SignalIntx();
  return 0;
}

// The pin is a level, the client's descriptor an event: told once, then masked until the client has
// seen to it; if the level still is there then, it is told again.
void RemoteDevice::SignalIntx() {
  if (!intx_asserted_ || intx_masked_ || !intx_ || config_.intx_disabled()) return;
  intx_masked_ = true;
  Signal(intx_);
}

void RemoteDevice::OnIntx(bool asserted) {
  intx_asserted_ = asserted;
  SignalIntx();
}

void RemoteDevice::OnInterrupt(uint32_t vector) {
  if (vector < msix_.size()) Signal(msix_[vector]);
}

// A full counter has been told already.
void RemoteDevice::Signal(const Descriptor& descriptor) {
  const uint64_t one = 1;
  if (descriptor) static_cast<void>(!write(descriptor.get(), &one, sizeof(one)));
}

// --- Registers
// ------------------------------------------------------------------------------------

int RemoteDevice::ReadRegion(Exchange& exchange) {
  RegionAccess access;
  if (!Take(exchange.payload, &access)) return EINVAL;
  const uint64_t bytes = RegionBytes(access.region);
  if (access.count > kMaxTransfer || access.offset > bytes ||
      access.count > bytes - access.offset) {
    return EINVAL;
  }
  Append(exchange.reply, access);
  const uint32_t first = static_cast<uint32_t>(access.offset);
  uint32_t word = 0;
  for (uint32_t i = 0; i < access.count; ++i) {
    uint8_t byte = 0;
    if (access.region == kConfigRegion) {
      byte = config_.Read(first + i);
    } else if (access.region == 0) {
      // Parts of a word are cut out of one read of it.
      const uint32_t at = (first + i) % 4;
      if (i == 0 || at == 0) word = slot_.Read32((first + i) / 4 * 4);
      byte = static_cast<uint8_t>(word >> (8 * at));
    }
    exchange.reply.push_back(byte);
  }
  return 0;
}

int RemoteDevice::WriteRegion(Exchange& exchange) {
  RegionAccess access;
  std::span<const uint8_t> data;
  if (!Take(exchange.payload, &access, &data)) return EINVAL;
  const uint64_t bytes = RegionBytes(access.region);
  if (access.count > kMaxTransfer || access.offset > bytes ||
      access.count > bytes - access.offset || data.size() != access.count) {
    return EINVAL;
  }
  const uint32_t first = static_cast<uint32_t>(access.offset);
  if (access.region == kConfigRegion) {
    bool reset = false;
    for (uint32_t i = 0; i < access.count; ++i) {
      reset = config_.Write(first + i, data[i]) || reset;
    }
    if (reset) Reset();
    if (config_.bus_master() && mappings_.empty() && !std::exchange(told_of_memory_, true)) {
      say_(name_ + ": the guest's memory must be shared (memory-backend-memfd,share=on)");
    }
    SignalIntx();
  } else if (access.region == 0) {
    // Whole words only; others are lost, as on the bus of such a device.
    for (uint32_t i = first % 4 == 0 ? 0 : access.count; i + 4 <= access.count; i += 4) {
      uint32_t word;
      std::memcpy(&word, data.data() + i, sizeof(word));
      slot_.Write32(first + i, word);
    }
  }
  Append(exchange.reply, access);
  return 0;
}

}  // namespace mapwire::sim::vfio_user
