// The vfio-user device and its socket, with a device of a few lines behind them: every request, and
// whatever else a client may send.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "sim/vfio_user/config_space.h"
#include "sim/vfio_user/device.h"
#include "sim/vfio_user/server.h"

namespace mapwire::sim::vfio_user {
namespace {

constexpr uint64_t kPage = 4096;

// Register 0 keeps what is written; 8 starts a DMA write of it to the address in 4; 12 raises the
// message it says, 16 sets the pin.
class Probe final : public Device {
 public:
  explicit Probe(DeviceWorld& world, uint16_t vectors) : world_(world) {
    identity_ = {.vendor = 0x8086,
                 .device = 0x10FB,
                 .subsystem_vendor = 0x8086,
                 .subsystem = 3,
                 .class_code = 0x020000,
                 .revision = 1,
                 .bar0_bytes = 128 * 1024,
                 .msix_vectors = vectors};
  }
  const PciIdentity& identity() const override { return identity_; }
  uint32_t RegisterRead(uint32_t offset) override { return offset == 0 ? value_ : offset; }
  void RegisterWrite(uint32_t offset, uint32_t value) override {
    if (offset == 0) value_ = value;
    if (offset == 4) address_ = value;
    if (offset == 8) world_.DmaWrite(7, address_, &value_, sizeof(value_));
    if (offset == 12) world_.RaiseMsix(value);
    if (offset == 16) world_.SetIntx(value != 0);
  }
  void DmaDone(DmaTag, bool ok) override { ++(ok ? done : refused); }
  void FrameReceived(FramePointer) override {}
  void TimerExpired(TimerTag) override {}
  void CarrierChanged(bool) override {}
  void BusReset() override {
    value_ = 0;
    ++resets;
  }

  int done = 0;
  int refused = 0;
  int resets = 0;

 private:
  DeviceWorld& world_;
  PciIdentity identity_;
  uint32_t value_ = 0;
  uint32_t address_ = 0;
};

Descriptor SharedMemory(uint64_t bytes) {
  Descriptor fd(memfd_create("guest", MFD_CLOEXEC));
  EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(bytes)), 0);
  return fd;
}

Descriptor Copy(const Descriptor& fd) { return Descriptor(dup(fd.get())); }

bool Signalled(const Descriptor& event) {
  uint64_t count = 0;
  return read(event.get(), &count, sizeof(count)) == sizeof(count);
}

Descriptor NewEvent() { return Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

template <typename T>
void Put(std::vector<uint8_t>& bytes, const T& value) {
  const uint8_t* const from = reinterpret_cast<const uint8_t*>(&value);
  bytes.insert(bytes.end(), from, from + sizeof(T));
}

class VfioUser : public testing::Test {
 protected:
  explicit VfioUser(uint16_t vectors = 4, bool messages = true)
      : device_(
            engine_, frames_, "probe",
            [&](PciSlot& slot) {
              auto probe = std::make_unique<Probe>(slot, vectors);
              probe_ = probe.get();
              return probe;
            },
            [this](const std::string& text) { said_.push_back(text); }, messages) {}

  int Ask(Command command, std::vector<uint8_t> payload = {},
          std::vector<Descriptor> descriptors = {}) {
    Exchange exchange;
    exchange.payload = payload;
    exchange.descriptors = std::move(descriptors);
    const int error = device_.Handle(command, exchange);
    reply_ = std::move(exchange.reply);
    return error;
  }
  template <typename T>
  int AskWith(Command command, const T& structure, std::vector<Descriptor> descriptors = {}) {
    std::vector<uint8_t> payload;
    Put(payload, structure);
    return Ask(command, std::move(payload), std::move(descriptors));
  }
  template <typename T>
  T Reply() const {
    T value{};
    EXPECT_GE(reply_.size(), sizeof(T));
    if (reply_.size() >= sizeof(T)) std::memcpy(&value, reply_.data(), sizeof(T));
    return value;
  }

  int Map(uint64_t address, uint64_t size, const Descriptor& memory, uint64_t offset = 0,
          uint32_t flags = 3) {
    std::vector<Descriptor> descriptors;
    descriptors.push_back(Copy(memory));
    return AskWith(Command::kDmaMap, DmaMap{sizeof(DmaMap), flags, offset, address, size},
                   std::move(descriptors));
  }
  int Unmap(uint64_t address, uint64_t size, uint32_t flags = 0) {
    return AskWith(Command::kDmaUnmap, DmaUnmap{sizeof(DmaUnmap), flags, address, size});
  }

  int Write(uint32_t region, uint64_t offset, const std::vector<uint8_t>& data) {
    std::vector<uint8_t> payload;
    Put(payload, RegionAccess{offset, region, static_cast<uint32_t>(data.size())});
    payload.insert(payload.end(), data.begin(), data.end());
    return Ask(Command::kRegionWrite, std::move(payload));
  }
  int Write32(uint32_t region, uint64_t offset, uint32_t value) {
    std::vector<uint8_t> data;
    Put(data, value);
    return Write(region, offset, data);
  }
  int Read(uint32_t region, uint64_t offset, uint32_t count) {
    return AskWith(Command::kRegionRead, RegionAccess{offset, region, count});
  }
  uint32_t Read32(uint32_t region, uint64_t offset) {
    EXPECT_EQ(Read(region, offset, 4), 0);
    uint32_t value = 0;
    if (reply_.size() == sizeof(RegionAccess) + 4) {
      std::memcpy(&value, reply_.data() + sizeof(RegionAccess), 4);
    }
    return value;
  }
  int SetEvents(uint32_t index, uint32_t start, std::vector<Descriptor> events) {
    const uint32_t count = static_cast<uint32_t>(events.size());
    return AskWith(Command::kDeviceSetIrqs,
                   IrqSet{sizeof(IrqSet), kIrqDataEventfd | kIrqTrigger, index, start, count},
                   std::move(events));
  }
  void Run() { engine_.RunUntil(engine_.now() + kMillisecond); }

  Engine engine_{1};
  FramePool frames_;
  Probe* probe_ = nullptr;
  std::vector<std::string> said_;
  RemoteDevice device_;
  std::vector<uint8_t> reply_;
};

class VfioUserPin : public VfioUser {
 protected:
  VfioUserPin() : VfioUser(0) {}
};

// --- Facts
// ----------------------------------------------------------------------------------------

TEST_F(VfioUser, TheVersionIsNegotiated) {
  std::vector<uint8_t> ask;
  Put(ask, Version{kMajor, 7});
  ASSERT_EQ(Ask(Command::kVersion, ask), 0);
  EXPECT_EQ(Reply<Version>().minor, kMinor);
  EXPECT_EQ(reply_.back(), 0);
  EXPECT_NE(std::string(reply_.begin() + 4, reply_.end()).find("max_msg_fds"), std::string::npos);
  ask.clear();
  Put(ask, Version{kMajor + 1, 0});
  EXPECT_EQ(Ask(Command::kVersion, ask), ENOTSUP);
  EXPECT_EQ(Ask(Command::kVersion, {0}), EINVAL);
}

TEST_F(VfioUser, ADeviceHasItsRegionsAndInterrupts) {
  ASSERT_EQ(AskWith(Command::kDeviceGetInfo, DeviceInfo{16, 0, 0, 0}), 0);
  EXPECT_EQ(Reply<DeviceInfo>().regions, kRegions);
  EXPECT_EQ(Reply<DeviceInfo>().flags, kDeviceReset | kDevicePci);
  EXPECT_EQ(Ask(Command::kDeviceGetInfo, {1, 2, 3}), EINVAL);
  for (uint32_t region = 0; region < kRegions; ++region) {
    ASSERT_EQ(AskWith(Command::kDeviceGetRegionInfo, RegionInfo{32, 0, region, 0, 0, 0}), 0);
    const uint64_t bytes = region == 0                       ? 128 * 1024
                           : region == ConfigSpace::kMsixBar ? ConfigSpace::kMsixBarBytes
                           : region == kConfigRegion         ? ConfigSpace::kBytes
                                                             : 0;
    EXPECT_EQ(Reply<RegionInfo>().size, bytes) << region;
  }
  EXPECT_EQ(AskWith(Command::kDeviceGetRegionInfo, RegionInfo{32, 0, kRegions, 0, 0, 0}), EINVAL);
  for (uint32_t irq = 0; irq < kIrqs; ++irq) {
    ASSERT_EQ(AskWith(Command::kDeviceGetIrqInfo, IrqInfo{16, 0, irq, 0}), 0);
    EXPECT_EQ(Reply<IrqInfo>().count, irq == kIntx ? 1u : irq == kMsix ? 4u : 0u);
  }
  EXPECT_EQ(AskWith(Command::kDeviceGetIrqInfo, IrqInfo{16, 0, kIrqs, 0}), EINVAL);
}

TEST_F(VfioUser, WhatItDoesNotKnowIsRefused) {
  EXPECT_EQ(Ask(Command::kDeviceGetRegionIoFds), ENOTTY);
  for (const uint16_t command : {0, 11, 12, 14, 15, 999}) {
    EXPECT_EQ(Ask(static_cast<Command>(command)), ENOTTY) << command;
  }
}

// --- Configuration space
// --------------------------------------------------------------------------

// A model with messages, served without them.
class VfioUserQuiet : public VfioUser {
 protected:
  VfioUserQuiet() : VfioUser(4, /*messages=*/false) {}
};

TEST_F(VfioUserQuiet, WithoutMessagesItIsTheSameDeviceButForMsix) {
  std::vector<uint8_t> found;
  for (uint32_t at = Read32(kConfigRegion, 0x34) & 0xFF; at != 0 && found.size() < 10;) {
    const uint32_t capability = Read32(kConfigRegion, at);
    found.push_back(static_cast<uint8_t>(capability));
    at = capability >> 8 & 0xFF;
  }
  EXPECT_EQ(found, (std::vector<uint8_t>{0x01, 0x10}));
  ASSERT_EQ(AskWith(Command::kDeviceGetIrqInfo, IrqInfo{16, 0, kMsix, 0}), 0);
  EXPECT_EQ(Reply<IrqInfo>().count, 0u);
  ASSERT_EQ(
      AskWith(Command::kDeviceGetRegionInfo, RegionInfo{32, 0, ConfigSpace::kMsixBar, 0, 0, 0}), 0);
  EXPECT_EQ(Reply<RegionInfo>().size, 0u);
  EXPECT_EQ(Read32(kConfigRegion, 0x20), 0u);
}

TEST_F(VfioUser, ASystemFindsTheDeviceAndItsCapabilities) {
  EXPECT_EQ(Read32(kConfigRegion, 0), 0x10FB8086u);
  EXPECT_EQ(Read32(kConfigRegion, 8), 0x02000001u);
  EXPECT_EQ(Read32(kConfigRegion, 0x2C), 0x00038086u);
  std::vector<uint8_t> found;
  for (uint32_t at = Read32(kConfigRegion, 0x34) & 0xFF; at != 0 && found.size() < 10;) {
    const uint32_t capability = Read32(kConfigRegion, at);
    found.push_back(static_cast<uint8_t>(capability));
    at = capability >> 8 & 0xFF;
  }
  EXPECT_EQ(found, (std::vector<uint8_t>{0x01, 0x11, 0x10}));
}

TEST_F(VfioUser, BarsAreSizedAsSystemsDo) {
  ASSERT_EQ(Write32(kConfigRegion, 0x10, 0xFFFFFFFF), 0);
  EXPECT_EQ(Read32(kConfigRegion, 0x10), 0xFFFE000Cu);
  ASSERT_EQ(Write32(kConfigRegion, 0x14, 0xFFFFFFFF), 0);
  EXPECT_EQ(Read32(kConfigRegion, 0x14), 0xFFFFFFFFu);
  ASSERT_EQ(Write32(kConfigRegion, 0x20, 0xFFFFFFFF), 0);
  EXPECT_EQ(Read32(kConfigRegion, 0x20), 0xFFFFC00Cu);
  for (const uint32_t none : {0x18u, 0x1Cu, 0x30u}) {
    ASSERT_EQ(Write32(kConfigRegion, none, 0xFFFFFFFF), 0);
    EXPECT_EQ(Read32(kConfigRegion, none), 0u) << none;
  }
}

TEST_F(VfioUser, IdentityCannotBeWritten) {
  ASSERT_EQ(Write32(kConfigRegion, 0, 0), 0);
  EXPECT_EQ(Read32(kConfigRegion, 0), 0x10FB8086u);
}

TEST_F(VfioUser, AFunctionLevelResetResets) {
  ASSERT_EQ(Write32(0, 0, 77), 0);
  EXPECT_EQ(Read32(0, 0), 77u);
  ASSERT_EQ(Write32(kConfigRegion, 4, 6), 0);
  const int before = probe_->resets;
  ASSERT_EQ(Write(kConfigRegion, 0xA0 + 9, {0x80}), 0);
  EXPECT_EQ(probe_->resets, before + 1);
  EXPECT_EQ(Read32(0, 0), 0u);
  EXPECT_EQ(Read32(kConfigRegion, 4) & 0xFFFF, 0u);
  ASSERT_EQ(Ask(Command::kDeviceReset), 0);
  EXPECT_EQ(probe_->resets, before + 2);
}

TEST_F(VfioUser, MemoryThatIsNotSharedIsNamedWhenTheDeviceIsToUseIt) {
  EXPECT_EQ(AskWith(Command::kDmaMap, DmaMap{32, 3, 0, 0, kPage}), 0);
  ASSERT_EQ(Write32(kConfigRegion, 4, 6), 0);
  ASSERT_EQ(Write32(kConfigRegion, 4, 6), 0);
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_NE(said_[0].find("must be shared"), std::string::npos);
}

// --- Registers
// ------------------------------------------------------------------------------------

TEST_F(VfioUser, RegistersAreReadWholeAndInParts) {
  ASSERT_EQ(Write32(0, 0, 0x11223344), 0);
  EXPECT_EQ(Read32(0, 0), 0x11223344u);
  ASSERT_EQ(Read(0, 2, 2), 0);
  EXPECT_EQ(reply_[sizeof(RegionAccess)], 0x22);
  EXPECT_EQ(reply_[sizeof(RegionAccess) + 1], 0x11);
  ASSERT_EQ(Read(0, 0, 8), 0);
  EXPECT_EQ(reply_[sizeof(RegionAccess) + 4], 4);
  // Parts of a word are not written.
  ASSERT_EQ(Write(0, 0, {9, 9}), 0);
  ASSERT_EQ(Write(0, 2, {9, 9, 9, 9}), 0);
  EXPECT_EQ(Read32(0, 0), 0x11223344u);
}

TEST_F(VfioUser, AccessesOutsideOfARegionAreRefused) {
  for (const uint32_t region : {1u, 2u, 3u, 5u, 6u, 8u, 9u, 0xFFFFFFFFu}) {
    EXPECT_EQ(Read(region, 0, 4), EINVAL) << region;
    EXPECT_EQ(Write32(region, 0, 1), EINVAL) << region;
  }
  EXPECT_EQ(Read(0, 128 * 1024 - 4, 4), 0);
  EXPECT_EQ(Read(0, 128 * 1024 - 3, 4), EINVAL);
  EXPECT_EQ(Read(0, UINT64_MAX, 4), EINVAL);
  EXPECT_EQ(Read(0, 0, kMaxTransfer + 1), EINVAL);
  EXPECT_EQ(Read(kConfigRegion, 4093, 4), EINVAL);
  // Less data than it says, and more.
  std::vector<uint8_t> payload;
  Put(payload, RegionAccess{0, 0, 4});
  EXPECT_EQ(Ask(Command::kRegionWrite, payload), EINVAL);
  payload.resize(payload.size() + 8);
  EXPECT_EQ(Ask(Command::kRegionWrite, payload), EINVAL);
  EXPECT_EQ(Ask(Command::kRegionRead, {1, 2}), EINVAL);
}

// --- Memory
// ---------------------------------------------------------------------------------------

TEST_F(VfioUser, TheDeviceReachesTheGuestsMemory) {
  const Descriptor memory = SharedMemory(4 * kPage);
  ASSERT_EQ(Map(0x10000, 2 * kPage, memory, kPage), 0);
  ASSERT_EQ(Write32(0, 0, 0xCAFE), 0);
  ASSERT_EQ(Write32(0, 4, 0x10000 + 8), 0);
  ASSERT_EQ(Write32(0, 8, 1), 0);
  Run();
  EXPECT_EQ(probe_->done, 1);
  uint32_t there = 0;
  ASSERT_EQ(pread(memory.get(), &there, 4, kPage + 8), 4);
  EXPECT_EQ(there, 0xCAFEu);
  ASSERT_EQ(Unmap(0x10000, 2 * kPage), 0);
  EXPECT_EQ(Reply<DmaUnmap>().size, 2 * kPage);
  ASSERT_EQ(Write32(0, 8, 1), 0);
  Run();
  EXPECT_EQ(probe_->refused, 1);
}

TEST_F(VfioUser, MappingsThatCannotBeAreRefused) {
  const Descriptor memory = SharedMemory(4 * kPage);
  EXPECT_EQ(Map(0x10000, 0, memory), EINVAL);
  EXPECT_EQ(Map(0x10001, kPage, memory), EINVAL);
  EXPECT_EQ(Map(0x10000, kPage + 1, memory), EINVAL);
  EXPECT_EQ(Map(0x10000, kPage, memory, 1), EINVAL);
  EXPECT_EQ(Map(0x10000, 5 * kPage, memory), EINVAL);
  EXPECT_EQ(Map(0x10000, kPage, memory, 4 * kPage), EINVAL);
  EXPECT_EQ(Map(UINT64_MAX - kPage + 1, 2 * kPage, memory), EINVAL);
  EXPECT_EQ(Map(RemoteDevice::kAddressLimit, kPage, memory), EINVAL);
  EXPECT_EQ(Map(0x10000, kPage, memory, 0, 0), EINVAL);
  EXPECT_EQ(Map(0x10000, kPage, memory, 0, 7), EINVAL);
  EXPECT_EQ(Ask(Command::kDmaMap, {1, 2, 3}), EINVAL);
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const Descriptor pipe_in(pipe_ends[0]);
  const Descriptor pipe_out(pipe_ends[1]);
  EXPECT_EQ(Map(0x10000, kPage, pipe_in), EINVAL);
  ASSERT_EQ(Map(0x10000, 2 * kPage, memory), 0);
  EXPECT_EQ(Map(0x11000, kPage, memory), EEXIST);
  EXPECT_EQ(Map(0xF000, 2 * kPage, memory), EEXIST);
  EXPECT_EQ(Map(0x12000, kPage, memory), 0);
}

TEST_F(VfioUser, WholeMappingsAreUnmapped) {
  const Descriptor memory = SharedMemory(4 * kPage);
  ASSERT_EQ(Map(0x10000, 2 * kPage, memory), 0);
  ASSERT_EQ(Map(0x20000, kPage, memory), 0);
  EXPECT_EQ(Unmap(0x10000, kPage), EINVAL);
  EXPECT_EQ(Unmap(0x11000, kPage), EINVAL);
  EXPECT_EQ(Unmap(0x10000, UINT64_MAX), EINVAL);
  EXPECT_EQ(Unmap(0, kPage, kUnmapAll), EINVAL);
  EXPECT_EQ(Unmap(0x10000, 2 * kPage, 1), ENOTSUP);
  EXPECT_EQ(Ask(Command::kDmaUnmap, {9}), EINVAL);
  EXPECT_EQ(Unmap(0x30000, kPage), 0);
  ASSERT_EQ(Unmap(0, 0, kUnmapAll), 0);
  EXPECT_EQ(Reply<DmaUnmap>().size, 3 * kPage);
  EXPECT_EQ(Map(0x10000, 2 * kPage, memory), 0);
}

TEST_F(VfioUser, MappingsHaveANumberThatIsTheMost) {
  const Descriptor memory = SharedMemory(kPage);
  for (size_t i = 0; i < RemoteDevice::kMaxMappings; ++i) {
    ASSERT_EQ(Map(i * 2 * kPage, kPage, memory), 0) << i;
  }
  EXPECT_EQ(Map(kPage, kPage, memory), ENOSPC);
  ASSERT_EQ(Unmap(0, kPage), 0);
  EXPECT_EQ(Map(kPage, kPage, memory), 0);
}

TEST_F(VfioUser, ReadOnlyMemoryIsNotOffered) {
  const Descriptor memory = SharedMemory(kPage);
  ASSERT_EQ(Map(0x10000, kPage, memory, 0, 1), 0);
  ASSERT_EQ(Write32(0, 4, 0x10000), 0);
  ASSERT_EQ(Write32(0, 8, 1), 0);
  Run();
  EXPECT_EQ(probe_->refused, 1);
}

TEST_F(VfioUser, AClientThatGoesTakesItsMemoryAlong) {
  const Descriptor memory = SharedMemory(kPage);
  ASSERT_EQ(Map(0x10000, kPage, memory), 0);
  const int before = probe_->resets;
  device_.Disconnect();
  EXPECT_EQ(probe_->resets, before + 1);
  EXPECT_EQ(Map(0x10000, kPage, memory), 0);
}

// --- Interrupts
// -----------------------------------------------------------------------------------

TEST_F(VfioUser, MessagesAreEvents) {
  const Descriptor event = NewEvent();
  std::vector<Descriptor> events;
  events.push_back(Copy(event));
  ASSERT_EQ(SetEvents(kMsix, 2, std::move(events)), 0);
  ASSERT_EQ(Write32(0, 12, 2), 0);
  Run();
  EXPECT_TRUE(Signalled(event));
  ASSERT_EQ(Write32(0, 12, 1), 0);
  ASSERT_EQ(Write32(0, 12, 4000), 0);
  Run();
  EXPECT_FALSE(Signalled(event));
  // Triggered by the client itself, and taken away.
  ASSERT_EQ(AskWith(Command::kDeviceSetIrqs, IrqSet{20, kIrqDataNone | kIrqTrigger, kMsix, 2, 1}),
            0);
  EXPECT_TRUE(Signalled(event));
  ASSERT_EQ(AskWith(Command::kDeviceSetIrqs, IrqSet{20, kIrqDataNone | kIrqTrigger, kMsix, 0, 0}),
            0);
  ASSERT_EQ(Write32(0, 12, 2), 0);
  Run();
  EXPECT_FALSE(Signalled(event));
}

TEST_F(VfioUser, InterruptsThatCannotBeAreRefused) {
  const auto set = [this](uint32_t flags, uint32_t index, uint32_t start, uint32_t count) {
    return AskWith(Command::kDeviceSetIrqs, IrqSet{20, flags, index, start, count});
  };
  EXPECT_EQ(set(kIrqDataEventfd | kIrqTrigger, kMsix, 4, 1), EINVAL);
  EXPECT_EQ(set(kIrqDataEventfd | kIrqTrigger, kMsix, 3, 2), EINVAL);
  EXPECT_EQ(set(kIrqDataEventfd | kIrqTrigger, kMsix, 0xFFFFFFFF, 2), EINVAL);
  EXPECT_EQ(set(kIrqDataEventfd | kIrqTrigger, 1, 0, 1), EINVAL);
  EXPECT_EQ(set(kIrqDataEventfd | kIrqTrigger, 99, 0, 1), EINVAL);
  EXPECT_EQ(set(kIrqDataEventfd, kMsix, 0, 1), EINVAL);
  EXPECT_EQ(set(kIrqTrigger, kMsix, 0, 1), EINVAL);
  EXPECT_EQ(set(kIrqDataEventfd | kIrqDataNone | kIrqTrigger, kMsix, 0, 1), EINVAL);
  EXPECT_EQ(set(kIrqDataNone | kIrqMask, kMsix, 0, 1), ENOTSUP);
  EXPECT_EQ(set(kIrqDataBool | kIrqTrigger, kMsix, 0, 4), EINVAL);
  EXPECT_EQ(set(kIrqDataEventfd | kIrqTrigger, kIntx, 1, 1), EINVAL);
  EXPECT_EQ(set(1u << 31 | kIrqDataNone | kIrqTrigger, kMsix, 0, 0), EINVAL);
  EXPECT_EQ(Ask(Command::kDeviceSetIrqs, {1}), EINVAL);
  // More descriptors than it says.
  std::vector<Descriptor> events;
  events.push_back(NewEvent());
  events.push_back(NewEvent());
  EXPECT_EQ(AskWith(Command::kDeviceSetIrqs, IrqSet{20, kIrqDataEventfd | kIrqTrigger, kMsix, 0, 1},
                    std::move(events)),
            EINVAL);
}

TEST_F(VfioUserPin, ALevelIsToldOnceUntilItIsUnmasked) {
  const Descriptor event = NewEvent();
  std::vector<Descriptor> events;
  events.push_back(Copy(event));
  ASSERT_EQ(SetEvents(kIntx, 0, std::move(events)), 0);
  const auto set_pin = [this](uint32_t level) {
    EXPECT_EQ(Write32(0, 16, level), 0);
    Run();
  };
  const auto unmask = [this] {
    EXPECT_EQ(AskWith(Command::kDeviceSetIrqs, IrqSet{20, kIrqDataNone | kIrqUnmask, kIntx, 0, 1}),
              0);
  };
  set_pin(1);
  EXPECT_TRUE(Signalled(event));
  set_pin(0);
  set_pin(1);
  EXPECT_FALSE(Signalled(event));
  unmask();
  EXPECT_TRUE(Signalled(event));
  set_pin(0);
  unmask();
  EXPECT_FALSE(Signalled(event));
  ASSERT_EQ(AskWith(Command::kDeviceSetIrqs, IrqSet{20, kIrqDataNone | kIrqMask, kIntx, 0, 1}), 0);
  set_pin(1);
  EXPECT_FALSE(Signalled(event));
  unmask();
  EXPECT_TRUE(Signalled(event));
  // Turned off in the command register.
  unmask();
  EXPECT_TRUE(Signalled(event));
  ASSERT_EQ(Write32(kConfigRegion, 4, 0x0406), 0);
  unmask();
  EXPECT_FALSE(Signalled(event));
}

TEST_F(VfioUserPin, TheLevelIsToldBehindTheWritesBeforeIt) {
  const Descriptor memory = SharedMemory(kPage);
  ASSERT_EQ(Map(kPage, kPage, memory), 0);
  ASSERT_EQ(Write32(kConfigRegion, 4, 0x0006), 0);
  const Descriptor event = NewEvent();
  std::vector<Descriptor> events;
  events.push_back(Copy(event));
  ASSERT_EQ(SetEvents(kIntx, 0, std::move(events)), 0);
  constexpr uint32_t kDone = 0x5A5A5A5A;
  EXPECT_EQ(Write32(0, 0, kDone), 0);
  EXPECT_EQ(Write32(0, 4, kPage), 0);
  EXPECT_EQ(Write32(0, 8, 1), 0);
  EXPECT_EQ(Write32(0, 16, 1), 0);
  while (!Signalled(event)) ASSERT_TRUE(engine_.Step());
  uint32_t written = 0;
  EXPECT_EQ(pread(memory.get(), &written, sizeof(written), 0), 4);
  EXPECT_EQ(written, kDone);
}

TEST_F(VfioUserPin, ADeviceWithoutMessagesHasNoMsix) {
  EXPECT_EQ(Read32(kConfigRegion, 0x40) >> 8 & 0xFF, 0u);
  ASSERT_EQ(AskWith(Command::kDeviceGetIrqInfo, IrqInfo{16, 0, kMsix, 0}), 0);
  EXPECT_EQ(Reply<IrqInfo>().count, 0u);
  ASSERT_EQ(AskWith(Command::kDeviceGetRegionInfo, RegionInfo{32, 0, 4, 0, 0, 0}), 0);
  EXPECT_EQ(Reply<RegionInfo>().size, 0u);
}

// --- The socket
// -----------------------------------------------------------------------------------

class VfioUserSocket : public VfioUser {
 protected:
  VfioUserSocket()
      // Relative: the path of a socket has 107 bytes, and a test's own folder may have more.
      : path_("vfio_user_test_" + std::to_string(getpid())),
        endpoint_(device_, path_, [this](const std::string& text) { said_.push_back(text); }) {
    EXPECT_EQ(endpoint_.Listen(), "");
  }

  Descriptor Connect() {
    Descriptor client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    endpoint_.Readable();
    return client;
  }
  static std::vector<uint8_t> Message(uint16_t command, const std::vector<uint8_t>& payload,
                                      uint32_t flags = 0) {
    std::vector<uint8_t> message;
    Put(message,
        Header{9, command, static_cast<uint32_t>(sizeof(Header) + payload.size()), flags, 0});
    message.insert(message.end(), payload.begin(), payload.end());
    return message;
  }
  void Send(const Descriptor& client, const std::vector<uint8_t>& bytes) {
    ASSERT_EQ(send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    endpoint_.Readable();
  }
  // The next reply, or id 0: there is none.
  static Header Receive(const Descriptor& client) {
    Header header{};
    if (recv(client.get(), &header, sizeof(header), MSG_DONTWAIT) != sizeof(header)) return {};
    std::vector<uint8_t> rest(header.size - sizeof(header));
    if (!rest.empty()) {
      EXPECT_GT(recv(client.get(), rest.data(), rest.size(), 0), 0);
    }
    return header;
  }
  static bool HungUp(const Descriptor& client) {
    char byte;
    return recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  const std::string path_;
  Endpoint endpoint_;
};

TEST_F(VfioUserSocket, RepliesCarryTheRequestsNumber) {
  const Descriptor client = Connect();
  std::vector<uint8_t> info;
  Put(info, DeviceInfo{16, 0, 0, 0});
  Send(client, Message(4, info));
  const Header reply = Receive(client);
  EXPECT_EQ(reply.id, 9);
  EXPECT_EQ(reply.command, 4);
  EXPECT_EQ(reply.flags, kTypeReply);
  EXPECT_EQ(reply.size, sizeof(Header) + sizeof(DeviceInfo));
  Send(client, Message(999, {}));
  const Header refused = Receive(client);
  EXPECT_EQ(refused.flags, kTypeReply | kFlagError);
  EXPECT_EQ(refused.error, static_cast<uint32_t>(ENOTTY));
}

TEST_F(VfioUserSocket, MessagesMayComeInPiecesAndTogether) {
  const Descriptor client = Connect();
  std::vector<uint8_t> info;
  Put(info, DeviceInfo{16, 0, 0, 0});
  const std::vector<uint8_t> message = Message(4, info);
  for (const uint8_t byte : message) Send(client, {byte});
  EXPECT_EQ(Receive(client).id, 9);
  std::vector<uint8_t> three;
  for (int i = 0; i < 3; ++i) three.insert(three.end(), message.begin(), message.end());
  Send(client, three);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Receive(client).id, 9);
  EXPECT_EQ(Receive(client).id, 0);
}

TEST_F(VfioUserSocket, WhoWantsNoReplyGetsNone) {
  const Descriptor client = Connect();
  Send(client, Message(13, {}, kFlagNoReply));
  Send(client, Message(999, {}, kFlagNoReply));
  EXPECT_EQ(Receive(client).id, 0);
  Send(client, Message(13, {}));
  EXPECT_EQ(Receive(client).command, 13);
}

TEST_F(VfioUserSocket, WhoBreaksTheFramingIsCutOff) {
  const std::vector<uint8_t> reply = Message(4, {}, kTypeReply);
  std::vector<uint8_t> shorter;
  Put(shorter, Header{1, 4, 15, 0, 0});
  std::vector<uint8_t> longer;
  Put(longer, Header{1, 4, kMaxMessage + 1, 0, 0});
  for (const auto& bad : {reply, shorter, longer}) {
    const Descriptor client = Connect();
    Send(client, bad);
    EXPECT_TRUE(HungUp(client));
    ASSERT_FALSE(said_.empty());
    EXPECT_NE(said_.back().find("does not speak vfio-user"), std::string::npos);
  }
  const Descriptor next = Connect();
  Send(next, Message(13, {}));
  EXPECT_EQ(Receive(next).command, 13);
}

TEST_F(VfioUserSocket, TheNextClientFindsTheDeviceAsNew) {
  {
    const Descriptor client = Connect();
    std::vector<uint8_t> write;
    Put(write, RegionAccess{0, 0, 4});
    Put(write, uint32_t{55});
    Send(client, Message(10, write));
    EXPECT_EQ(Read32(0, 0), 55u);
  }
  endpoint_.Readable();
  EXPECT_NE(said_.back().find("gone"), std::string::npos);
  EXPECT_EQ(Read32(0, 0), 0u);
  const Descriptor next = Connect();
  Send(next, Message(13, {}));
  EXPECT_EQ(Receive(next).command, 13);
}

TEST_F(VfioUserSocket, ASocketThatIsServedIsNotTaken) {
  Endpoint other(device_, path_, [](const std::string&) {});
  EXPECT_NE(other.Listen().find("somebody serves there"), std::string::npos);
  Endpoint nowhere(device_, "/nowhere/x.sock", [](const std::string&) {});
  EXPECT_NE(nowhere.Listen().find("/nowhere/x.sock"), std::string::npos);
  Endpoint long_path(device_, std::string(200, 'x'), [](const std::string&) {});
  EXPECT_NE(long_path.Listen().find("107"), std::string::npos);
}

}  // namespace
}  // namespace mapwire::sim::vfio_user
