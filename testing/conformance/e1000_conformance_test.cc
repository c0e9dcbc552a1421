// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The portable objects (driver, ring loop, port, session) on a device, without a world around them:
// the same tests on the model and on QEMU's e1000.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/abi/freestanding.h"
#include "core/control/control.h"
#include "core/control/session.h"
#include "core/nic/nic_port.h"
#include "drivers/registry/registry.h"
#include "testing/conformance/bed.h"

namespace mapwire::conformance {
namespace {

// Core's environment over the memory of a bed, handed out from the bottom and never taken back.
class BedWorld final : public platform::Environment,
                       public platform::Heap,
                       public platform::PageSource,
                       public platform::PageSpace,
                       public platform::Clock,
                       public platform::Sleeper,
                       public platform::DmaSpace,
                       public platform::UserMemory {
 public:
  explicit BedWorld(Bed& bed) : bed_(bed) {}
  ~BedWorld() {
    EXPECT_EQ(held_, 0) << "memory of core is left";
    EXPECT_EQ(mapped_, 0) << "a mapping is left";
  }

  platform::Heap& heap() override { return *this; }
  platform::PageSource& pages() override { return *this; }
  platform::Clock& clock() override { return *this; }
  platform::Sleeper& sleeper() override { return *this; }
  platform::Notifier* NewNotifier() override {
    ++held_;
    return new CountingNotifier;
  }
  void DeleteNotifier(platform::Notifier* notifier) override {
    --held_;
    delete static_cast<CountingNotifier*>(notifier);
  }
  void* Allocate(size_t bytes) override {
    ++held_;
    return std::calloc(1, bytes == 0 ? 1 : bytes);
  }
  void Free(void* memory) override {
    if (memory != nullptr) --held_;
    std::free(memory);
  }
  platform::PageSpace* Create(uint64_t bytes) override {
    base_ = Carve(bytes);
    return this;
  }
  void Destroy(platform::PageSpace*) override {}
  Result<void*> Commit(uint64_t offset, uint64_t) override {
    return static_cast<void*>(base_ + offset);
  }
  void Release(uint64_t, uint64_t) override {}
  platform::TimeOfDay Now() override { return {1, 0}; }
  void DelayMicroseconds(uint32_t microseconds) override { bed_.Run(microseconds); }
  Result<DeviceAddress> Map(void* address, uint64_t bytes) override {
    mapped_ += static_cast<int64_t>(bytes);
    return DeviceOf(address);
  }
  void Unmap(DeviceAddress, uint64_t bytes) override { mapped_ -= static_cast<int64_t>(bytes); }
  platform::CoherentMemory AllocateCoherent(uint64_t bytes) override {
    mapped_ += static_cast<int64_t>(bytes);
    uint8_t* const memory = Carve(bytes);
    std::memset(memory, 0, bytes);
    return {memory, DeviceOf(memory)};
  }
  void FreeCoherent(platform::CoherentMemory, uint64_t bytes) override {
    mapped_ -= static_cast<int64_t>(bytes);
  }
  Status CopyIn(void* to, UserAddress from, size_t bytes) override {
    std::memcpy(to, reinterpret_cast<const void*>(from.value()), bytes);
    return kOkStatus;
  }
  Status CopyOut(UserAddress to, const void* from, size_t bytes) override {
    std::memcpy(reinterpret_cast<void*>(to.value()), from, bytes);
    return kOkStatus;
  }
  uint8_t* base() { return base_; }

 private:
  class CountingNotifier final : public platform::Notifier {
   public:
    void Notify() override {}
  };
  uint8_t* Carve(uint64_t bytes) {
    used_ = (used_ + 4095) / 4096 * 4096;
    uint8_t* const memory = bed_.memory() + used_;
    used_ += bytes;
    if (used_ > bed_.memory_bytes()) std::abort();
    return memory;
  }
  DeviceAddress DeviceOf(const void* address) {
    return DeviceAddress(
        bed_.device_base() +
        static_cast<uint64_t>(static_cast<const uint8_t*>(address) - bed_.memory()));
  }

  Bed& bed_;
  uint64_t used_ = 0;
  uint8_t* base_ = nullptr;
  int64_t held_ = 0;
  int64_t mapped_ = 0;
};

Bytes FrameOf(uint32_t number, size_t length) {
  Bytes bytes(length);
  for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(number * 131 + i * 7);
  bytes[0] = 0x02;
  bytes[12] = 0x88;
  bytes[13] = 0xB5;
  return bytes;
}

class Conformance : public ::testing::Test {
 protected:
  Conformance() : bed_(MakeBed()) {
    if (bed_ == nullptr) std::exit(1);
    world_ = std::make_unique<BedWorld>(*bed_);
  }
  ~Conformance() override {
    Close();
    if (port_ != nullptr) {
      if (port_->linked()) control_->RemovePort(*port_);
      port_->Stop();
      nic::NicPort::Destroy(*world_, port_);
    }
    if (driver_ != nullptr) family_->destroy(driver_);
    control_.reset();
    for (const std::string& text : bed_->TakeComplaints()) ADD_FAILURE() << text;
    world_.reset();
  }

  // Driver and port, started, with the link up.
  void Boot(nic::DriverConfig config = {}) {
    control_ = std::make_unique<control::Control>(
        *world_, control::Parameters{.global_region = {{{1024, 16}, {32768, 4}, {2048, 2048}}}});
    const auto family = drivers::FindFamily(bed_->vendor(), bed_->device());
    ASSERT_TRUE(family.ok());
    family_ = *family;
    const platform::Mmio mmio(bed_.get());
    driver_ = *family_->create({mmio, world_.get(), world_.get(), world_.get()});
    port_ = *nic::NicPort::Create(*world_, "nic0", control_->regions().global(), *driver_,
                                  *family_->loop, mmio, *world_, {.driver = config});
    ASSERT_EQ(port_->Start().number(), 0);
    ASSERT_TRUE(control_->AddPort(*port_).ok());
    WaitForLink();
  }
  void WaitForLink() {
    for (int i = 0; i < 600 && !port_->carrier(); ++i) {
      bed_->Run(10'000);
      ServePin();
    }
    ASSERT_TRUE(port_->carrier());
    bed_->Run(2'000'000);  // QEMU takes no frame for a second after RCTL is written
  }
  // As a host does: again while it is asserted. Returns how often.
  int ServePin() {
    int calls = 0;
    for (; calls < 10 && bed_->pin(); ++calls) {
      port_->HandleInterrupt(0);
      bed_->Run(5);
    }
    EXPECT_LT(calls, 10) << "the pin stays asserted";
    return calls;
  }
  void Open() {
    session_ = control_->OpenSession();
    nmreq_register body{};
    body.nr_mode = NR_REG_ONE_NIC;
    nmreq_header header{};
    header.nr_version = NETMAP_API;
    header.nr_reqtype = NETMAP_REQ_REGISTER;
    std::strcpy(header.nr_name, "nic0");
    header.nr_body = reinterpret_cast<uintptr_t>(&body);
    ASSERT_TRUE(
        session_->Ioctl(*world_, NIOCCTRL, UserAddress(reinterpret_cast<uintptr_t>(&header))).ok());
    char* const interface = reinterpret_cast<char*>(world_->base()) + body.nr_offset;
    const netmap_if* const nif = reinterpret_cast<netmap_if*>(interface);
    tx_ = reinterpret_cast<netmap_ring*>(interface + nif->ring_ofs[0]);
    rx_ = reinterpret_cast<netmap_ring*>(interface + nif->ring_ofs[2]);
    bed_->Run(2'000'000);
  }
  void Close() {
    if (session_ != nullptr) control_->CloseSession(session_);
    session_ = nullptr;
  }
  static uint8_t* Buffer(netmap_ring* ring, const netmap_slot& slot) {
    return reinterpret_cast<uint8_t*>(ring) + ring->buf_ofs +
           uint64_t{slot.buf_idx} * ring->nr_buf_size;
  }
  static uint32_t Next(const netmap_ring* ring, uint32_t i) {
    return i + 1 == ring->num_slots ? 0 : i + 1;
  }
  // Puts a frame into as many slots as it takes. False: no room.
  bool Push(const Bytes& frame) {
    const uint32_t free = (tx_->tail + tx_->num_slots - tx_->head) % tx_->num_slots;
    if (frame.size() > size_t{free} * tx_->nr_buf_size) return false;
    for (size_t done = 0; done < frame.size();) {
      netmap_slot& slot = tx_->slot[tx_->head];
      const size_t part = std::min<size_t>(frame.size() - done, tx_->nr_buf_size);
      std::memcpy(Buffer(tx_, slot), frame.data() + done, part);
      done += part;
      slot.len = static_cast<uint16_t>(part);
      slot.flags = done < frame.size() ? NS_MOREFRAG : 0;
      tx_->head = tx_->cur = Next(tx_, tx_->head);
    }
    return true;
  }
  // All frames there are, after a sync.
  std::vector<Bytes> Pop() {
    EXPECT_TRUE(session_->RxSync().ok());
    std::vector<Bytes> frames;
    Bytes frame;
    while (rx_->head != rx_->tail) {
      const netmap_slot& slot = rx_->slot[rx_->head];
      frame.insert(frame.end(), Buffer(rx_, slot), Buffer(rx_, slot) + slot.len);
      if ((slot.flags & NS_MOREFRAG) == 0) frames.push_back(std::exchange(frame, {}));
      rx_->head = rx_->cur = Next(rx_, rx_->head);
    }
    EXPECT_TRUE(frame.empty()) << "half a frame was shown";
    EXPECT_TRUE(session_->RxSync().ok());
    bed_->Run(10);
    return frames;
  }
  uint32_t Pending() const { return (tx_->head + tx_->num_slots - tx_->tail - 1) % tx_->num_slots; }
  // Frames of these lengths, `batch` per sync: all are sent, whole and in order.
  void ExpectSent(const std::vector<size_t>& lengths, size_t batch) {
    std::vector<Bytes> sent;
    size_t next = 0;
    for (int idle = 0; (next < lengths.size() || Pending() != 0) && idle < 50; ++idle) {
      for (size_t i = 0; i < batch && next < lengths.size(); ++i) {
        if (!Push(FrameOf(static_cast<uint32_t>(next), lengths[next]))) break;
        ++next;
        idle = 0;
      }
      ASSERT_TRUE(session_->TxSync().ok());
      bed_->Run(400);
      for (Bytes& frame : bed_->TakeSent()) sent.push_back(std::move(frame));
    }
    ASSERT_TRUE(session_->TxSync().ok());
    EXPECT_EQ(Pending(), 0u) << "slots do not come back";
    ASSERT_EQ(sent.size(), lengths.size());
    for (size_t i = 0; i < sent.size(); ++i) {
      EXPECT_TRUE(sent[i] == FrameOf(static_cast<uint32_t>(i), lengths[i])) << i;
    }
  }
  void ExpectReceived(const std::vector<size_t>& lengths) {
    for (size_t i = 0; i < lengths.size(); ++i) {
      const Bytes frame = FrameOf(static_cast<uint32_t>(i), lengths[i]);
      bed_->Arrive(frame);
      const std::vector<Bytes> frames = Pop();
      ASSERT_EQ(frames.size(), 1u) << "frame " << i << " of " << lengths[i] << " bytes";
      EXPECT_TRUE(frames[0] == frame) << "frame " << i << " of " << lengths[i] << " bytes";
    }
  }

  std::unique_ptr<Bed> bed_;
  std::unique_ptr<BedWorld> world_;
  std::unique_ptr<control::Control> control_;
  const drivers::Family* family_ = nullptr;
  nic::NicDriver* driver_ = nullptr;
  nic::NicPort* port_ = nullptr;
  control::Session* session_ = nullptr;
  netmap_ring* tx_ = nullptr;
  netmap_ring* rx_ = nullptr;
};

TEST_F(Conformance, BringUpTellsTheAddressAndTheSpeed) {
  Boot();
  EXPECT_TRUE(std::equal(bed_->mac(), bed_->mac() + 6, driver_->mac()));
  EXPECT_EQ(driver_->link().mbps, 1000u);
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kGood);
}

TEST_F(Conformance, StopAndStartAgain) {
  Boot();
  for (int i = 0; i < 3; ++i) {
    port_->Stop();
    EXPECT_FALSE(port_->carrier());
    EXPECT_FALSE(bed_->pin());
    ASSERT_TRUE(port_->Start().ok());
    WaitForLink();
  }
  Open();
  ExpectSent({60, 61}, 1);
}

TEST_F(Conformance, TheLinkGoesAndComes) {
  Boot();
  Open();
  bed_->SetCarrier(false);
  EXPECT_GE(ServePin(), 1);
  EXPECT_FALSE(port_->carrier());
  EXPECT_TRUE(Push(FrameOf(0, 60)));
  EXPECT_TRUE(session_->TxSync().ok());
  bed_->Run(1000);
  EXPECT_TRUE(bed_->TakeSent().empty());
  bed_->SetCarrier(true);
  for (int i = 0; i < 600 && !port_->carrier(); ++i) {
    bed_->Run(10'000);
    ServePin();
  }
  ASSERT_TRUE(port_->carrier());
  EXPECT_TRUE(session_->TxSync().ok());
  bed_->Run(1000);
  EXPECT_EQ(bed_->TakeSent().size(), 1u);
}

TEST_F(Conformance, FramesAreSentWholeAndInOrder) {
  Boot();
  Open();
  ExpectSent({60, 61, 64, 100, 1000, 1513, 1514}, 1);
  ExpectSent(std::vector<size_t>(100, 60), 32);
}

TEST_F(Conformance, FramesAreReceivedWholeAndInOrder) {
  Boot();
  Open();
  ExpectReceived({60, 61, 64, 100, 1000, 1513, 1514});
}

TEST_F(Conformance, FramesOfSeveralSlotsBothWays) {
  nic::DriverConfig config;
  config.max_frame_bytes = 16124;
  config.rx_buffer_bytes = 512;
  Boot(config);
  Open();
  ExpectReceived({60, 511, 512, 513, 1024, 1025, 4096, 9000});
  ExpectSent({2048, 2049, 4096, 4097, 9000, 16124, 60}, 2);
}

TEST_F(Conformance, RingsOfEverySizeWrap) {
  for (const uint32_t slots : {8u, 16u, 64u, 256u}) {
    SCOPED_TRACE(slots);
    nic::DriverConfig config;
    config.tx_slots = config.rx_slots = slots;
    if (port_ == nullptr) {
      Boot(config);
    } else {
      Close();
      control_->RemovePort(*port_);
      port_->Stop();
      nic::NicPort::Destroy(*world_, port_);
      port_ = nullptr;
      family_->destroy(driver_);
      control_.reset();
      Boot(config);
    }
    Open();
    ExpectSent(std::vector<size_t>(2 * slots + 3, 60), 5);
    ExpectReceived(std::vector<size_t>(std::min(slots, 64u) + 5, 77));
  }
}

TEST_F(Conformance, AnInterruptForAFrameOnlyWhenArmedAndOncePerArm) {
  Boot();
  Open();
  while (ServePin() != 0) {
  }
  bed_->Arrive(FrameOf(1, 60));
  EXPECT_FALSE(bed_->pin()) << "nobody is armed";
  EXPECT_EQ(Pop().size(), 1u);
  driver_->Arm(0);
  bed_->Run(1000);
  ServePin();  // of the frame before
  driver_->Arm(0);
  bed_->Run(1000);
  EXPECT_FALSE(bed_->pin());
  bed_->Arrive(FrameOf(2, 60));
  EXPECT_TRUE(bed_->pin());
  EXPECT_EQ(ServePin(), 1);
  EXPECT_FALSE(bed_->pin());
  EXPECT_EQ(Pop().size(), 1u);
  bed_->Arrive(FrameOf(3, 60));
  EXPECT_FALSE(bed_->pin()) << "not armed again";
  driver_->Arm(0);
  bed_->Run(1000);
  EXPECT_TRUE(bed_->pin()) << "an event before it was armed is told at once";
}

TEST_F(Conformance, AReportInterruptsWhenArmed) {
  Boot();
  Open();
  driver_->Arm(0);
  bed_->Run(1000);
  ServePin();
  driver_->Arm(0);
  bed_->Run(1000);
  ServePin();
  driver_->Arm(0);
  EXPECT_TRUE(Push(FrameOf(1, 60)));
  EXPECT_TRUE(session_->TxSync().ok());
  bed_->Run(1000);
  EXPECT_TRUE(bed_->pin());
  EXPECT_EQ(ServePin(), 1);
}

TEST_F(Conformance, AResetUnderLoadKeepsTheRingsAndTheirOrder) {
  Boot();
  Open();
  for (int i = 0; i < 3; ++i) {
    for (uint32_t k = 0; k < 20; ++k) EXPECT_TRUE(Push(FrameOf(k, 200)));
    EXPECT_TRUE(session_->TxSync().ok());
    ASSERT_TRUE(port_->Reset("test").ok());
    WaitForLink();
    (void)bed_->TakeSent();
    EXPECT_TRUE(session_->TxSync().ok());
    EXPECT_EQ(Pending(), 0u);
    ExpectSent({60, 1514, 100}, 2);
    ExpectReceived({60, 1514, 100});
  }
}

TEST_F(Conformance, ADeviceResetBehindOurBackIsFoundAndSetUpAnew) {
  Boot();
  Open();
  ExpectSent({60}, 1);
  bed_->SurpriseReset();
  EXPECT_EQ(driver_->Check(), nic::DeviceHealth::kForgetful);
  control_->Watchdog();
  EXPECT_EQ(port_->counters().spontaneous_resets, 1u);
  EXPECT_FALSE(port_->gone());
  WaitForLink();
  ExpectSent({60, 1514}, 1);
  ExpectReceived({60, 1514});
}

TEST_F(Conformance, CountersCountWhatWasMoved) {
  Boot();
  Open();
  (void)port_->ReadStatistics();
  const nic::DriverStatistics before = port_->ReadStatistics();
  ExpectSent({60, 100, 1514}, 1);
  ExpectReceived({60, 100, 1514});
  const nic::DriverStatistics after = port_->ReadStatistics();
  EXPECT_EQ(after.tx_packets - before.tx_packets, 3u);
  EXPECT_EQ(after.rx_packets - before.rx_packets, 3u);
  constexpr uint64_t kBytes = 60 + 100 + 1514 + 3 * 4;
  EXPECT_EQ(after.rx_all_packets - before.rx_all_packets, 3u);
  EXPECT_EQ(after.rx_all_bytes - before.rx_all_bytes, kBytes);
  if (bed_->quirks().no_good_bytes) return;
  EXPECT_EQ(after.rx_bytes - before.rx_bytes, kBytes);
  EXPECT_EQ(after.tx_bytes - before.tx_bytes, kBytes);
}

TEST_F(Conformance, OnlyFramesForUsUnlessPromiscuous) {
  nic::DriverConfig config;
  config.promiscuous = false;
  Boot(config);
  Open();
  Bytes frame = FrameOf(1, 100);
  bed_->Arrive(frame);
  EXPECT_TRUE(Pop().empty());
  std::copy(bed_->mac(), bed_->mac() + 6, frame.begin());
  bed_->Arrive(frame);
  EXPECT_EQ(Pop().size(), 1u);
  std::fill_n(frame.begin(), 6, uint8_t{0xFF});
  bed_->Arrive(frame);
  EXPECT_EQ(Pop().size(), 1u);
}

TEST_F(Conformance, TheCrcIsKeptIfAsked) {
  nic::DriverConfig config;
  config.keep_crc = true;
  Boot(config);
  Open();
  bed_->Arrive(FrameOf(1, 100));
  const std::vector<Bytes> frames = Pop();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].size(), 104u);
}

}  // namespace
}  // namespace mapwire::conformance
