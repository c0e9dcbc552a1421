// A model NIC as a vfio-user device: what each request does. No sockets here.
#ifndef SIM_VFIO_USER_DEVICE_H_
#define SIM_VFIO_USER_DEVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/bus/iommu.h"
#include "sim/bus/pci_slot.h"
#include "sim/engine/engine.h"
#include "sim/nic/device.h"
#include "sim/vfio_user/config_space.h"
#include "sim/vfio_user/protocol.h"

namespace mapwire::sim::vfio_user {

// A descriptor that is closed when nobody holds it any more.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// What came with one message, and what goes back.
struct Exchange {
  std::span<const uint8_t> payload;
  std::vector<Descriptor> descriptors;
  std::vector<uint8_t> reply;  // without the header
};

// Bounded: whatever a client sends costs at most kMaxMappings mappings of its own memory and
// kMaxDescriptors descriptors, and every request that is wrong is answered with an errno and
// changes nothing.
class RemoteDevice final : private SlotHost {
 public:
  static constexpr size_t kMaxMappings = 1024;
  // Guests' memory lies below this.
  static constexpr uint64_t kAddressLimit = uint64_t{1} << 36;

  using Say = std::function<void(const std::string&)>;
  // `say` is told what a client did wrong. Without `messages` it has no MSI-X, whatever the model.
  RemoteDevice(Engine& engine, FramePool& frames, const std::string& name,
               const std::function<std::unique_ptr<Device>(PciSlot&)>& make_device, Say say,
               bool messages = true);
  ~RemoteDevice();
  RemoteDevice(const RemoteDevice&) = delete;
  RemoteDevice& operator=(const RemoteDevice&) = delete;

  // Does what a request asks. 0 or an errno.
  int Handle(Command command, Exchange& exchange);
  // The client has gone: its memory and its descriptors are given back, the device is reset.
  void Disconnect();

  PciSlot& slot() { return slot_; }
  Device& device() { return *device_; }
  const std::string& name() const { return name_; }

 private:
  struct Mapping {
    uint8_t* memory;
    uint64_t bytes;
  };

  int NegotiateVersion(Exchange& exchange);
  int MapMemory(Exchange& exchange);
  int UnmapMemory(Exchange& exchange);
  void Unmap(uint64_t address, const Mapping& mapping);
  int GetRegionInfo(Exchange& exchange);
  int GetIrqInfo(Exchange& exchange);
  int SetIrqs(Exchange& exchange);
  int SetMsix(const IrqSet& set, Exchange& exchange);
  int SetIntxLine(const IrqSet& set, std::span<const uint8_t> data, Exchange& exchange);
  int ReadRegion(Exchange& exchange);
  int WriteRegion(Exchange& exchange);
  uint64_t RegionBytes(uint32_t region) const;
  void Reset();
  void SignalIntx();
  static void Signal(const Descriptor& descriptor);

  void OnInterrupt(uint32_t vector) override;
  bool WantsLevels() const override { return true; }
  void OnIntx(bool asserted) override;
  void OnRegisterWrite() override {}
  void OnRegisterRead(Time) override {}

  const std::string name_;
  const Say say_;
  Iommu memory_;
  PciSlot slot_;
  std::unique_ptr<Device> device_;
  ConfigSpace config_;
  std::map<uint64_t, Mapping> mappings_;  // by guest address
  std::vector<Descriptor> msix_;
  Descriptor intx_;
  bool intx_asserted_ = false;
  bool intx_masked_ = false;  // by the client, or by itself when it was signalled
  bool told_of_memory_ = false;
};

}  // namespace mapwire::sim::vfio_user

#endif  // SIM_VFIO_USER_DEVICE_H_
