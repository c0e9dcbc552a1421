// Unit tests of the PCI slot: the order in which register accesses, DMA and interrupts happen.
#include "sim/bus/pci_slot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace mapwire::sim {
namespace {

constexpr uint64_t kPage = 4096;

// Remembers what it is told, and when.
class RecordingDevice final : public Device {
 public:
  explicit RecordingDevice(Engine& engine) : engine_(engine) {}

  const PciIdentity& identity() const override { return identity_; }
  uint32_t RegisterRead(uint32_t offset) override {
    log += "r" + std::to_string(offset) + " ";
    return 1000 + offset;
  }
  void RegisterWrite(uint32_t offset, uint32_t value) override {
    log += "w" + std::to_string(offset) + "=" + std::to_string(value) + " ";
    times.push_back(engine_.now());
  }
  void DmaDone(DmaTag tag, bool ok) override {
    log += "d" + std::to_string(tag) + (ok ? " " : "! ");
    done.push_back(tag);
    times.push_back(engine_.now());
  }
  void FrameReceived(FramePointer) override { log += "f "; }
  void TimerExpired(TimerTag tag) override {
    log += "t" + std::to_string(tag) + " ";
    times.push_back(engine_.now());
  }
  void CarrierChanged(bool carrier) override { log += carrier ? "up " : "down "; }
  void BusReset() override {}
  void SetMsix(uint16_t vectors) { identity_.msix_vectors = vectors; }

  std::string log;
  std::vector<DmaTag> done;
  std::vector<Time> times;

 private:
  Engine& engine_;
  PciIdentity identity_{};
};

class RecordingHost final : public SlotHost {
 public:
  RecordingHost(Engine& engine, const uint8_t* memory) : engine_(engine), memory_(memory) {}
  void OnInterrupt(uint32_t vector) override {
    vectors.push_back(vector);
    seen_at_interrupt.push_back(memory_[0]);
    times.push_back(engine_.now());
    if (on_interrupt) on_interrupt();
  }
  bool WantsLevels() const override { return wants_levels; }
  void OnIntx(bool asserted) override {
    levels.push_back(asserted);
    seen_at_interrupt.push_back(memory_[0]);
  }
  void OnRegisterWrite() override { ++writes; }
  void OnRegisterRead(Time round_trip) override { round_trips.push_back(round_trip); }

  std::function<void()> on_interrupt;
  bool wants_levels = false;
  std::vector<bool> levels;
  std::vector<uint32_t> vectors;
  std::vector<uint8_t> seen_at_interrupt;
  std::vector<Time> times;
  std::vector<Time> round_trips;
  int writes = 0;

 private:
  Engine& engine_;
  const uint8_t* memory_;
};

class PciSlotTest : public testing::Test {
 protected:
  explicit PciSlotTest(const BusOptions& options = {})
      : memory_(static_cast<uint8_t*>(std::aligned_alloc(kPage, 2 * kPage))),
        slot_(engine_, frames_, iommu_, options, nullptr, "slot"),
        device_(engine_),
        host_(engine_, memory_) {
    std::memset(memory_, 0, 2 * kPage);
    slot_.Insert(device_, host_);
    address_ = iommu_.Map(memory_, 2 * kPage).value();
  }
  ~PciSlotTest() override {
    iommu_.Unmap(address_, 2 * kPage);
    std::free(memory_);
    EXPECT_EQ(frames_.outstanding(), 0u);
  }
  uint64_t At(uint64_t offset) const { return address_.value() + offset; }
  void RunAll() { engine_.RunUntil(kSecond); }

  Engine engine_{1};
  FramePool frames_;
  Iommu iommu_{1};
  uint8_t* const memory_;
  PciSlot slot_;
  RecordingDevice device_;
  RecordingHost host_;
  DeviceAddress address_{0};
};

TEST_F(PciSlotTest, ARegisterWriteIsPostedAndArrivesLater) {
  slot_.Write32(8, 1);
  EXPECT_EQ(device_.log, "");
  RunAll();
  EXPECT_EQ(device_.log, "w8=1 ");
  EXPECT_EQ(device_.times, (std::vector<Time>{200 * kNanosecond}));
  EXPECT_EQ(host_.writes, 1);
  EXPECT_EQ(slot_.counters().register_writes, 1u);
}

TEST_F(PciSlotTest, RegisterWritesKeepTheirOrder) {
  std::string expected;
  for (uint32_t i = 0; i < 64; ++i) {
    slot_.Write32(4 * (i % 5), i);
    expected += "w" + std::to_string(4 * (i % 5)) + "=" + std::to_string(i) + " ";
  }
  RunAll();
  EXPECT_EQ(device_.log, expected);
}

TEST_F(PciSlotTest, ARegisterReadPushesTheWritesBeforeIt) {
  slot_.Write32(4, 7);
  slot_.Write32(8, 9);
  EXPECT_EQ(slot_.Read32(12), 1012u);
  EXPECT_EQ(device_.log, "w4=7 w8=9 r12 ");
  EXPECT_EQ(host_.round_trips, (std::vector<Time>{400 * kNanosecond}));
  slot_.Write32(16, 1);
  RunAll();  // events of the writes that were pushed find nothing, and push nothing that is later
  EXPECT_EQ(device_.log, "w4=7 w8=9 r12 w16=1 ");
  EXPECT_EQ(slot_.counters().register_reads, 1u);
}

TEST_F(PciSlotTest, AWriteAfterAReadTakesItsFullTime) {
  slot_.Write32(4, 7);
  slot_.Read32(12);
  engine_.RunUntil(150 * kNanosecond);
  slot_.Write32(16, 1);
  engine_.RunUntil(349 * kNanosecond);
  EXPECT_EQ(device_.log, "w4=7 r12 ");
  engine_.RunUntil(350 * kNanosecond);
  EXPECT_EQ(device_.log, "w4=7 r12 w16=1 ");
}

TEST_F(PciSlotTest, PostedDmaWritesStayInOrderAndBeforeTheInterrupt) {
  uint8_t value = 1;
  slot_.DmaWrite(1, At(0), &value, 1);
  value = 2;  // taken when issued
  slot_.DmaWrite(2, At(0), &value, 1);
  slot_.RaiseMsix(5);
  value = 3;
  slot_.DmaWrite(3, At(0), &value, 1);
  EXPECT_EQ(memory_[0], 0);
  RunAll();
  EXPECT_EQ(device_.done, (std::vector<DmaTag>{1, 2, 3}));
  EXPECT_EQ(host_.vectors, (std::vector<uint32_t>{5}));
  EXPECT_EQ(host_.seen_at_interrupt, (std::vector<uint8_t>{2}));
  EXPECT_EQ(memory_[0], 3);
  EXPECT_EQ(slot_.counters().interrupts, 1u);
  EXPECT_EQ(slot_.counters().dma_writes, 3u);
}

TEST_F(PciSlotTest, ALargeWriteIsNotOvertakenByTheInterruptBehindIt) {
  const std::vector<uint8_t> bytes(kPage, 0x77);
  slot_.DmaWrite(1, At(0), bytes.data(), kPage);
  slot_.RaiseMsix(0);
  RunAll();
  // 4096 bytes and their header at 4 GB/s, and the latency; the message takes the link after it.
  EXPECT_EQ(device_.times[0], (4096 + 24) * 250 + 300 * kNanosecond);
  EXPECT_EQ(host_.times[0], (4096 + 24 + 4 + 24) * 250 + 300 * kNanosecond);
  EXPECT_EQ(host_.seen_at_interrupt, (std::vector<uint8_t>{0x77}));
}

TEST_F(PciSlotTest, AWriteWithoutTagIsNotReported) {
  const uint8_t value = 9;
  slot_.DmaWrite(0, At(10), &value, 1);
  RunAll();
  EXPECT_EQ(memory_[10], 9);
  EXPECT_EQ(device_.log, "");
}

TEST_F(PciSlotTest, ReadsBringTheirBytesAndCompleteOutOfOrder) {
  for (int i = 0; i < 64; ++i) memory_[i] = static_cast<uint8_t>(i);
  std::vector<uint8_t> into(64, 0xff);
  for (uint64_t i = 0; i < 64; ++i) slot_.DmaRead(i + 1, At(i), &into[i], 1);
  RunAll();
  ASSERT_EQ(device_.done.size(), 64u);
  EXPECT_FALSE(std::ranges::is_sorted(device_.done));
  EXPECT_TRUE(std::ranges::is_sorted(device_.times));
  EXPECT_GE(device_.times.front(), 700 * kNanosecond);
  std::ranges::sort(device_.done);
  for (uint64_t i = 0; i < 64; ++i) {
    EXPECT_EQ(device_.done[i], i + 1);
    EXPECT_EQ(into[i], i);
  }
  EXPECT_EQ(slot_.counters().dma_reads, 64u);
}

TEST_F(PciSlotTest, DmaToWhatIsNotMappedIsRefusedAndMovesNothing) {
  uint8_t into = 0x42;
  slot_.DmaRead(1, At(2 * kPage), &into, 1);
  slot_.DmaWrite(2, 64, &into, 1);
  slot_.DmaWrite(3, At(2 * kPage - 1), "ab", 2);  // runs over the end
  RunAll();
  EXPECT_EQ(device_.log.find("d1 "), std::string::npos);
  EXPECT_NE(device_.log.find("d1!"), std::string::npos);
  EXPECT_NE(device_.log.find("d2!"), std::string::npos);
  EXPECT_NE(device_.log.find("d3!"), std::string::npos);
  EXPECT_EQ(into, 0x42);
  EXPECT_EQ(memory_[2 * kPage - 1], 0);
  EXPECT_EQ(iommu_.faults(), 3u);
}

TEST_F(PciSlotTest, TimersAreSetMovedAndCancelled) {
  slot_.SetTimer(3, 100 * kNanosecond);
  slot_.SetTimer(700, 200 * kNanosecond);
  slot_.SetTimer(5, 300 * kNanosecond);
  slot_.SetTimer(3, 400 * kNanosecond);  // moved
  slot_.CancelTimer(5);
  slot_.CancelTimer(60000);  // never set
  RunAll();
  EXPECT_EQ(device_.log, "t700 t3 ");
  EXPECT_EQ(device_.times, (std::vector<Time>{200 * kNanosecond, 400 * kNanosecond}));
}

TEST_F(PciSlotTest, ATimerMayBeSetAgainAfterItWasCancelledOrExpired) {
  slot_.SetTimer(1, 100);
  slot_.CancelTimer(1);
  slot_.SetTimer(1, 200);
  engine_.RunUntil(300);
  slot_.SetTimer(1, 400);
  RunAll();
  EXPECT_EQ(device_.times, (std::vector<Time>{200, 400}));
}

TEST_F(PciSlotTest, DriverErrorsAreCountedByKindAndTheFirstIsKept) {
  EXPECT_EQ(slot_.driver_errors(), 0u);
  slot_.Report(DriverError::kIllegalOrder, "first");
  slot_.Report(DriverError::kUnaligned, "second");
  slot_.Report(DriverError::kIllegalOrder, "third");
  EXPECT_EQ(slot_.driver_errors(), 3u);
  EXPECT_EQ(slot_.counters().driver_errors[static_cast<size_t>(DriverError::kIllegalOrder)], 2u);
  EXPECT_EQ(slot_.first_driver_error(), "first");
}

TEST_F(PciSlotTest, ThePinGoesUpBehindTheWritesBeforeItAndIsAskedAgainUntilItIsDown) {
  const uint8_t done = 0x5A;
  slot_.DmaWrite(1, At(0), &done, 1);
  slot_.SetIntx(true);
  host_.on_interrupt = [this] {
    if (host_.vectors.size() == 3) slot_.SetIntx(false);
  };
  RunAll();
  EXPECT_EQ(host_.vectors, (std::vector<uint32_t>{0, 0, 0}));
  EXPECT_EQ(host_.seen_at_interrupt, (std::vector<uint8_t>{done, done, done}));
  EXPECT_GT(host_.times[1], host_.times[0]);
  EXPECT_EQ(slot_.driver_errors(), 0u);
}

TEST_F(PciSlotTest, APinThatIsDownAgainBeforeTheHostLooksTellsNothing) {
  slot_.SetIntx(true);
  slot_.SetIntx(false);
  RunAll();
  EXPECT_TRUE(host_.vectors.empty());
}

TEST_F(PciSlotTest, APinThatGoesUpAgainIsBehindTheWritesBetween) {
  const uint8_t done = 0x5A;
  slot_.SetIntx(true);
  slot_.SetIntx(false);
  slot_.DmaWrite(1, At(0), &done, 1);
  slot_.SetIntx(true);
  host_.on_interrupt = [this] { slot_.SetIntx(false); };
  RunAll();
  EXPECT_EQ(host_.vectors, (std::vector<uint32_t>{0}));
  EXPECT_EQ(host_.seen_at_interrupt, (std::vector<uint8_t>{done}));
}

TEST_F(PciSlotTest, AHostThatWantsLevelsSeesThePinGoUpBehindTheWritesBeforeItAndDownAtOnce) {
  host_.wants_levels = true;
  device_.SetMsix(1);  // it may have messages as well
  const uint8_t done = 0x5A;
  slot_.DmaWrite(1, At(0), &done, 1);
  slot_.SetIntx(true);
  EXPECT_TRUE(host_.levels.empty());
  RunAll();
  EXPECT_EQ(host_.levels, (std::vector<bool>{true})) << "once: the level stays";
  EXPECT_EQ(host_.seen_at_interrupt, (std::vector<uint8_t>{done}));
  slot_.SetIntx(false);
  EXPECT_EQ(host_.levels, (std::vector<bool>{true, false}));
  EXPECT_TRUE(host_.vectors.empty());
  EXPECT_EQ(slot_.driver_errors(), 0u);
}

TEST_F(PciSlotTest, ALevelThatIsDownAgainBeforeItArrivesIsNotSeen) {
  host_.wants_levels = true;
  slot_.SetIntx(true);
  slot_.SetIntx(false);
  RunAll();
  EXPECT_EQ(host_.levels, (std::vector<bool>{false}));
}

TEST_F(PciSlotTest, APinAssertedByTheHandlerItselfIsHeardOnceMore) {
  slot_.SetIntx(true);
  host_.on_interrupt = [this] {
    slot_.SetIntx(false);
    if (host_.vectors.size() == 1) slot_.SetIntx(true);
  };
  RunAll();
  EXPECT_EQ(host_.vectors.size(), 2u);
}

TEST_F(PciSlotTest, APinThatNobodyCaresForIsReportedAndLeftAlone) {
  slot_.SetIntx(true);
  RunAll();
  EXPECT_EQ(host_.vectors.size(), 1000u);
  EXPECT_EQ(slot_.driver_errors(), 1u);
}

TEST_F(PciSlotTest, ADeviceWithMessagesHasNoPin) {
  device_.SetMsix(1);
  slot_.SetIntx(true);
  RunAll();
  EXPECT_TRUE(host_.vectors.empty());
  EXPECT_EQ(slot_.driver_errors(), 1u);
}

TEST_F(PciSlotTest, FramesAndLightPassBetweenDeviceAndWire) {
  Wire wire(engine_, {});
  slot_.ConnectWire(wire, 0);
  class Partner final : public WireEnd {
   public:
    void FrameArrived(FramePointer frame) override { bytes = frame->bytes.size(); }
    void CarrierChanged(bool) override {}
    size_t bytes = 0;
  } partner;
  wire.Connect(1, partner);
  wire.SetCarrier(true);
  FramePointer out = slot_.NewFrame();
  out->bytes.resize(77);
  slot_.Transmit(std::move(out), engine_.now());
  FramePointer in = slot_.NewFrame();
  in->bytes.resize(60);
  wire.Transmit(1, std::move(in), engine_.now());
  RunAll();
  EXPECT_EQ(partner.bytes, 77u);
  EXPECT_EQ(device_.log, "up f ");
}

}  // namespace
}  // namespace mapwire::sim
