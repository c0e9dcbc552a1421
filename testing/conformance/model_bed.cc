// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The 82540EM model as a bed.
#include <string>
#include <utility>

#include "sim/nic/e1000/e1000.h"
#include "sim/nic/model/test_world.h"
#include "testing/conformance/bed.h"

namespace mapwire::conformance {
namespace {

class ModelBed final : public Bed {
 public:
  ModelBed() : nic_(world_, options_) {
    world_.Attach(&nic_);
    nic_.CarrierChanged(true);
    world_.RunFor(sim::kMillisecond);
  }

  const char* name() const override { return "model"; }
  uint16_t vendor() const override { return nic_.identity().vendor; }
  uint16_t device() const override { return nic_.identity().device; }
  const uint8_t* mac() const override { return options_.mac.data(); }
  uint8_t* memory() override { return world_.Memory(sim::TestWorld::kBase); }
  uint64_t memory_bytes() const override { return sim::TestWorld::kBytes; }
  uint64_t device_base() const override { return sim::TestWorld::kBase; }
  void Run(uint64_t microseconds) override {
    world_.RunFor(static_cast<sim::Time>(microseconds) * sim::kMicrosecond);
  }
  bool pin() override { return world_.intx; }
  void SetCarrier(bool carrier) override {
    nic_.CarrierChanged(carrier);
    Run(10);
  }
  void Arrive(const Bytes& frame) override {
    sim::FramePointer arriving = world_.pool.Get();
    arriving->bytes = frame;
    nic_.FrameReceived(std::move(arriving));
    Run(20);
  }
  std::vector<Bytes> TakeSent() override {
    std::vector<Bytes> sent;
    for (sim::TestWorld::Sent& frame : world_.sent) sent.push_back(std::move(frame.bytes));
    world_.sent.clear();
    return sent;
  }
  void SurpriseReset() override {
    nic_.BusReset();
    nic_.CarrierChanged(true);
    Run(5000);
  }
  std::vector<std::string> TakeComplaints() override {
    std::vector<std::string> texts;
    for (const auto& [error, text] : std::exchange(world_.errors, {})) texts.push_back(text);
    if (world_.faults != 0) texts.push_back("the device reached beyond its memory");
    return texts;
  }
  uint32_t Read32(uint32_t offset) override { return nic_.RegisterRead(offset); }
  void Write32(uint32_t offset, uint32_t value) override { nic_.RegisterWrite(offset, value); }

 private:
  sim::TestWorld world_;
  const sim::E1000Options options_;
  sim::E1000 nic_;
};

}  // namespace

std::unique_ptr<Bed> MakeBed() { return std::make_unique<ModelBed>(); }

}  // namespace mapwire::conformance
