// The vfio-user device with the model 82599 in it, under a client that sends anything: requests of
// right and wrong lengths, mappings and interrupts as it likes, and registers in between.
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "core/platform/check.h"
#include "sim/nic/ixgbe/ixgbe.h"
#include "sim/vfio_user/device.h"
#include "testing/fuzz/fuzz.h"
#include "testing/fuzz/script.h"

namespace mapwire::fuzz {
namespace {

using namespace sim::vfio_user;  // NOLINT: the protocol, and the device that speaks it

constexpr uint64_t kPage = 4096;
constexpr uint64_t kGuestBytes = 16 * kPage;

// Numbers at which something ends.
constexpr uint64_t kNumbers[] = {0,
                                 1,
                                 3,
                                 4,
                                 8,
                                 64,
                                 kPage - 1,
                                 kPage,
                                 2 * kPage,
                                 kGuestBytes,
                                 0x20000,
                                 0x7FFFF,
                                 0x80000,
                                 RemoteDevice::kAddressLimit - kPage,
                                 RemoteDevice::kAddressLimit,
                                 UINT64_MAX - kPage + 1,
                                 UINT64_MAX};

class Client {
 public:
  explicit Client(Script script)
      : script_(script),
        guest_(memfd_create("guest", MFD_CLOEXEC)),
        device_(
            engine_, frames_, "card",
            [](sim::PciSlot& slot) { return std::make_unique<sim::Ixgbe>(slot, options_); },
            [](const std::string&) {}) {
    MW_CHECK(ftruncate(guest_.get(), kGuestBytes) == 0);
  }

  void Run() {
    while (!script_.empty()) {
      Step();
      engine_.RunUntil(engine_.now() + sim::kMicrosecond * script_.Below(100));
    }
    device_.Disconnect();
    // What is under way lands nowhere.
    engine_.RunUntil(engine_.now() + sim::kSecond);
  }

 private:
  uint64_t Number() {
    const uint64_t number = script_.OneOf(kNumbers);
    return script_.Below(8) == 0 ? number + script_.Below(16) * kPage : number;
  }
  uint32_t Small() { return script_.Below(12); }

  Descriptor AnyDescriptor() {
    if (script_.Flip()) return Descriptor(dup(guest_.get()));
    return Descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  }

  template <typename T>
  void Put(const T& value) {
    const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(&value);
    payload_.insert(payload_.end(), bytes, bytes + sizeof(T));
  }

  void Step() {
    payload_.clear();
    Command command = static_cast<Command>(script_.Below(18));
    switch (command) {
      case Command::kVersion:
        Put(Version{static_cast<uint16_t>(script_.Below(2)), 1});
        break;
      case Command::kDmaMap:
        Put(DmaMap{32, script_.Below(5), Number(), Number(), Number()});
        break;
      case Command::kDmaUnmap:
        Put(DmaUnmap{24, script_.Below(4), Number(), Number()});
        break;
      case Command::kDeviceGetInfo:
        Put(DeviceInfo{16, 0, 0, 0});
        break;
      case Command::kDeviceGetRegionInfo:
        Put(RegionInfo{32, 0, Small(), 0, 0, 0});
        break;
      case Command::kDeviceGetIrqInfo:
        Put(IrqInfo{16, 0, Small(), 0});
        break;
      case Command::kDeviceSetIrqs:
        Put(IrqSet{20, 1u << script_.Below(3) | 8u << script_.Below(3), Small(), Small(), Small()});
        break;
      default:
        command = script_.Flip() ? Command::kRegionRead : Command::kRegionWrite;
        Access(command);
        break;
    }
    if (script_.Below(16) == 0) payload_.resize(script_.Below(64));
    Exchange exchange;
    exchange.payload = payload_;
    for (uint32_t i = script_.Below(3); i > 0; --i) {
      exchange.descriptors.push_back(AnyDescriptor());
    }
    const int error = device_.Handle(command, exchange);
    MW_CHECK(error >= 0 && error < 200);
    MW_CHECK(exchange.reply.size() <= kMaxMessage);
  }

  void Access(Command command) {
    const uint32_t region = script_.Below(4) == 0 ? Small() : 0;
    const uint64_t offset = script_.Below(8) == 0 ? Number() : uint64_t{script_.Below(0x10000)} * 4;
    const uint32_t count = script_.Below(8) == 0 ? static_cast<uint32_t>(Number()) : 4;
    Put(RegionAccess{offset, region, count});
    if (command == Command::kRegionWrite) {
      Put(script_.Flip() ? script_.Word() : static_cast<uint32_t>(Number()));
    }
  }

  static inline const sim::Ixgbe::Options options_{};

  Script script_;
  Descriptor guest_;
  sim::Engine engine_{1};
  sim::FramePool frames_;
  RemoteDevice device_;
  std::vector<uint8_t> payload_;
};

}  // namespace

void Fuzz(const uint8_t* data, size_t size) {
  Client client(Script(data, size));
  client.Run();
}

}  // namespace mapwire::fuzz
