// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// A card played by a test, with all that a NIC port needs around it.
#ifndef CORE_NIC_PLAYED_CARD_FOR_TEST_H_
#define CORE_NIC_PLAYED_CARD_FOR_TEST_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/abi/freestanding.h"
#include "core/nic/driver_for_test.h"
#include "core/nic/nic_port.h"
#include "core/nic/ring_loop.h"
#include "sim/platform/sim/platform_backend/hooks.h"
#include "testing/kit/environment.h"

namespace mapwire::nic {

using kit::Notifications;
using memory::PoolKind;
using ring::Direction;
using ring::Ring;
using ring::RingState;
using ring::SyncResult;

inline constexpr uint32_t kSlots = 64;
inline constexpr memory::RegionRequest kRequest = {{{1024, 10}, {4096, 8}, {2048, 512}}};
inline constexpr uint32_t kTxTail = 0x100;
inline constexpr uint32_t kRxTail = 0x200;

// As plain as can be: bit 0 done, bit 1 end, the length above bit 32.
struct PlainCodec {
  struct Descriptor {
    uint64_t address;
    uint64_t word;
  };
  using Completion = HeadWriteBack<PlainCodec>;
  static constexpr uint32_t kMinFrameBytes = 17;
  static constexpr uint32_t kMaxFrameBytes = 9728;
  static constexpr uint32_t kMaxFragments = 40;
  static void EncodeFrame(Descriptor& d, uint64_t address, uint32_t length) {
    d = {address, uint64_t{length} << 32};
  }
  static void EncodeReportedFrame(Descriptor& d, uint64_t address, uint32_t length) {
    EncodeFrame(d, address, length);
  }
  static void EncodeFragment(Descriptor& d, uint64_t address, uint32_t length) {
    EncodeFrame(d, address, length);
  }
  static void FinishFrame(Descriptor&, Descriptor&, uint32_t) {}
  static void RequestReport(Descriptor&) {}
  static uint64_t AddressOf(const Descriptor& d) { return d.address; }
  static uint32_t BytesOf(const Descriptor& d) { return static_cast<uint32_t>(d.word >> 32); }
  static uint64_t LoadStatus(const Descriptor& d) { return d.word; }
  static bool IsWhole(uint64_t status) { return (status & 3) == 3; }
  static bool IsDone(uint64_t status) { return (status & 1) != 0; }
  static bool IsEnd(uint64_t status) { return (status & 2) != 0; }
  static uint32_t Length(uint64_t status) { return static_cast<uint32_t>(status >> 32); }
  static uint64_t LengthAndRest(uint64_t status) { return status >> 32; }
  static void EncodeRefill(Descriptor& d, uint64_t address) { d = {address, 0}; }
};

class PlayedDriver final : public DriverForTest {
 public:
  PlayedDriver() : DriverForTest("played", 2) {}

  Status Start(const DriverConfig&) override {
    ++starts;
    if (on_start) on_start();
    return start;
  }
  Status Stop() override {
    ++stops;
    return stop;
  }
  Result<uint32_t> StartTxQueue(uint16_t queue, const TxQueueSetup& setup) override {
    tx[queue] = setup;
    ++queue_starts;
    return kTxTail + 4 * queue;
  }
  Result<uint32_t> StartRxQueue(uint16_t queue, const RxQueueSetup& setup) override {
    rx[queue] = setup;
    ++queue_starts;
    return kRxTail + 4 * queue;
  }
  Status StopTxQueue(uint16_t) override {
    ++queue_stops;
    return stop_queue;
  }
  Status StopRxQueue(uint16_t) override {
    ++queue_stops;
    return stop_queue;
  }
  InterruptReport Interrupt(uint16_t vector) override {
    if (gone) return {.gone = true};
    if (vector == 2) return {};
    return {.rx_queues = uint64_t{1} << vector, .tx_queues = uint64_t{1} << vector};
  }
  void Arm(uint16_t) override { ++arms; }
  LinkState link() const override { return {.up = up, .mbps = 10000}; }
  DeviceHealth Check() override { return health; }
  void ReadStatistics(DriverStatistics& statistics) override {
    statistics.rx_packets += counted;
    counted = 0;
  }

  Status start, stop, stop_queue;
  bool up = true;
  bool gone = false;
  DeviceHealth health = DeviceHealth::kGood;
  uint32_t starts = 0, stops = 0, queue_starts = 0, queue_stops = 0, arms = 0;
  uint32_t counted = 0;  // frames received, and not yet read
  TxQueueSetup tx[2];
  RxQueueSetup rx[2];
  std::function<void()> on_start;
};

class Registers final : public platform::MmioTarget {
 public:
  uint32_t Read32(uint32_t offset) override { return value[offset / 4]; }
  void Write32(uint32_t offset, uint32_t v) override { value[offset / 4] = v; }
  uint32_t value[256] = {};
};

class CuttableDma final : public platform::DmaSpace {
 public:
  explicit CuttableDma(kit::FakeDmaSpace& space) : space_(space) {}
  Result<DeviceAddress> Map(void* address, uint64_t bytes) override {
    return space_.Map(address, bytes);
  }
  void Unmap(DeviceAddress device, uint64_t bytes) override { space_.Unmap(device, bytes); }
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override {
    const platform::CoherentMemory memory = space_.AllocateCoherent(bytes);
    coherent[memory.device.value()] = memory.address;
    return memory;
  }
  void FreeCoherent(platform::CoherentMemory memory, uint64_t bytes) override {
    space_.FreeCoherent(memory, bytes);
  }
  bool Isolate() override {
    ++asked;
    return can;
  }
  bool can = true;
  uint32_t asked = 0;
  std::map<uint64_t, void*> coherent;  // by the device's address; also what is gone

 private:
  kit::FakeDmaSpace& space_;
};

class LogHook final : public platform::Hooks {
 public:
  LogHook() : before_(platform::SetHooks(this)) {}
  ~LogHook() override { platform::SetHooks(before_); }
  void Log(int, const char* text) override { lines.push_back(text); }
  bool Has(const std::string& part) const {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }
  std::vector<std::string> lines;

 private:
  platform::Hooks* const before_;
};

class NicPortTest : public testing::Test {
 protected:
  static constexpr port::RingSelection kBoth{{0, 2}, {0, 2}};

  explicit NicPortTest(uint32_t slots = kSlots, platform::HostStack* stack = nullptr)
      : region_(environment_, 1, memory::RegionKind::kGlobal, kRequest),
        space_(environment_.faults()),
        dma_(space_) {
    NicPortConfig config;
    config.driver.queue_pairs = 2;
    config.driver.tx_slots = config.driver.rx_slots = slots;
    // With a VLAN tag as long as the card can.
    config.driver.max_frame_bytes = PlainCodec::kMaxFrameBytes - 4;
    port_ = *NicPort::Create(environment_, "nic", region_, driver_, kRingLoop<PlainCodec>,
                             platform::Mmio(&registers_), dma_, config, stack);
  }
  ~NicPortTest() override {
    if (port_ != nullptr) Destroy();
    EXPECT_EQ(region_.users(), 0u);
    EXPECT_EQ(space_.maps(), 0u);
    EXPECT_EQ(space_.coherent(), 0u);
  }
  void Destroy() {
    if (port_->users() != 0) port_->Unbind(kBoth, nullptr);
    driver_.stop = kOkStatus;
    port_->Stop();
    NicPort::Destroy(environment_, port_);
  }

  void Open() {
    ASSERT_TRUE(port_->Start().ok());
    ASSERT_TRUE(port_->Bind(kBoth, false).ok());
    ASSERT_TRUE(port_->Activate(kBoth).ok());
    port_->Watchdog();
  }
  Ring& tx(uint16_t i = 0) { return port_->ring(Direction::kTx, i); }
  Ring& rx(uint16_t i = 0) { return port_->ring(Direction::kRx, i); }
  const NicCounters& counters() { return port_->counters(); }

  netmap_ring* program(Ring& ring) {
    const uint64_t offset = region_.Geometry()->pool(PoolKind::kRings).ObjectOffset(ring.object());
    return reinterpret_cast<netmap_ring*>(
        static_cast<char*>(sim::PageSource::RealBase(region_.pages())) + offset);
  }
  void Give(Ring& ring, uint32_t slots) {
    netmap_ring* const shared = program(ring);
    for (uint32_t i = 0; i < slots; ++i) {
      shared->slot[shared->head].len = 60;
      shared->head = shared->cur = (shared->head + 1) % kSlots;
    }
    EXPECT_EQ(ring.Sync(), SyncResult::kDone);
  }
  // What the device does.
  void ReportHead(uint32_t head, uint16_t queue = 0) {
    std::memcpy(dma_.coherent.at(driver_.tx[queue].head_write_back.value()), &head, sizeof(head));
  }
  PlainCodec::Descriptor& Received(uint32_t i, uint16_t queue = 0) {
    return static_cast<PlainCodec::Descriptor*>(
        dma_.coherent.at(driver_.rx[queue].descriptors.value()))[i];
  }
  void Deliver(uint32_t i, bool end = true) {
    Received(i).word = uint64_t{60} << 32 | (end ? 3 : 1);
  }

  LogHook log_;
  kit::TestEnvironment environment_;
  memory::Region region_;
  kit::FakeDmaSpace space_;
  CuttableDma dma_;
  Registers registers_;
  PlayedDriver driver_;
  NicPort* port_;
};

}  // namespace mapwire::nic

#endif  // CORE_NIC_PLAYED_CARD_FOR_TEST_H_
