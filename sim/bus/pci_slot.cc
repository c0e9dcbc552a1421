#include "sim/bus/pci_slot.h"

#include <algorithm>
#include <cstring>

namespace mapwire::sim {
namespace {

// From the return of a handler to its next call, and how often a system puts up with that.
constexpr Time kPinAgain = kMicrosecond;
constexpr uint32_t kMaxPinRepeats = 1000;

}  // namespace

PciSlot::PciSlot(Engine& engine, FramePool& frames, Iommu& iommu, const BusOptions& options,
                 Trace* trace, const std::string& group)
    : engine_(engine),
      frames_(frames),
      iommu_(iommu),
      options_(options),
      random_(engine.random().Fork()),
      trace_(trace) {
  if (trace_ == nullptr) return;
  dma_track_ = trace_->AddTrack(group, "DMA engine");
  interrupt_track_ = trace_->AddTrack(group, "interrupts");
  name_read_ = trace_->RegisterName("dma read", "bytes", "tag");
  name_write_ = trace_->RegisterName("dma write", "bytes", "tag");
  name_doorbell_ = trace_->RegisterName("register write", "offset", "value");
  name_interrupt_ = trace_->RegisterName("interrupt", "vector");
}

PciSlot::~PciSlot() = default;

void PciSlot::Insert(Device& device, SlotHost& host) {
  device_ = &device;
  host_ = &host;
}

void PciSlot::ConnectWire(Wire& wire, int end) {
  wire_ = &wire;
  wire_end_ = end;
  wire.Connect(end, *this);
}

// --- The driver's side
// ----------------------------------------------------------------------------

uint32_t PciSlot::Read32(uint32_t offset) {
  ++counters_.register_reads;
  host_->OnRegisterRead(2 * options_.register_latency);
  // A read pushes the posted writes before it.
  FinishRegisterWrites(register_writes_issued_);
  if (!power_) {
    Report(DriverError::kNoPower, "a register is read without power");
    return ~uint32_t{0};
  }
  return device_->RegisterRead(offset);
}

void PciSlot::SetPower(bool on) {
  FinishRegisterWrites(register_writes_issued_);
  power_ = on;
  device_->BusReset();
  if (on && carrier_) device_->CarrierChanged(true);
}

void PciSlot::Write32(uint32_t offset, uint32_t value) {
  if (!power_) return Report(DriverError::kNoPower, "a register is written without power");
  ++counters_.register_writes;
  host_->OnRegisterWrite();
  register_writes_.push_back({++register_writes_issued_, offset, value});
  last_register_write_ = std::max(last_register_write_, engine_.now() + options_.register_latency);
  engine_.At(last_register_write_, *this,
             Argument(EventKind::kRegisterWrite, register_writes_issued_));
  if (trace_ != nullptr) {
    trace_->Instant(dma_track_, engine_.now(), name_doorbell_, offset, value);
  }
}

// Up to and including write number `last`; a read may have pushed them before.
void PciSlot::FinishRegisterWrites(uint64_t last) {
  while (!register_writes_.empty() && register_writes_.front().number <= last) {
    const RegisterWriteOperation write = register_writes_.front();
    register_writes_.pop_front();
    device_->RegisterWrite(write.offset, write.value);
  }
}

// --- The device's side
// ----------------------------------------------------------------------------

// The link carries one packet after another; returns when this one is through.
Time PciSlot::Occupy(Time& busy_until, uint32_t bytes) {
  busy_until = std::max(busy_until, engine_.now()) +
               (bytes + options_.overhead_bytes) * options_.picoseconds_per_byte;
  return busy_until;
}

void PciSlot::DmaRead(DmaTag tag, uint64_t address, void* into, uint32_t length) {
  ++counters_.dma_reads;
  uint64_t index = reads_.size();
  if (free_reads_.empty()) {
    reads_.push_back({});
  } else {
    index = free_reads_.back();
    free_reads_.pop_back();
  }
  reads_[index] = {tag, address, into, length};
  const Time jitter =
      static_cast<Time>(random_.Below(static_cast<uint64_t>(options_.read_jitter) + 1));
  const Time done = Occupy(down_busy_until_, length) + options_.read_latency + jitter;
  engine_.At(done, *this, Argument(EventKind::kReadDone, index));
  if (trace_ != nullptr) {
    trace_->Slice(dma_track_, engine_.now(), done - engine_.now(), name_read_, length, tag);
  }
}

void PciSlot::FinishRead(uint64_t index) {
  const ReadOperation read = reads_[index];
  free_reads_.push_back(index);
  const uint8_t* const from = iommu_.Translate(read.address, read.length);
  if (from != nullptr) std::memcpy(read.into, from, read.length);
  device_->DmaDone(read.tag, from != nullptr);
}

void PciSlot::DmaWrite(DmaTag tag, uint64_t address, const void* from, uint32_t length) {
  ++counters_.dma_writes;
  PostedOperation operation{tag, address, false, {}};
  if (!spare_bytes_.empty()) {
    operation.bytes = std::move(spare_bytes_.back());
    spare_bytes_.pop_back();
  }
  const uint8_t* const bytes = static_cast<const uint8_t*>(from);
  operation.bytes.assign(bytes, bytes + length);
  if (trace_ != nullptr) trace_->Instant(dma_track_, engine_.now(), name_write_, length, tag);
  Post(std::move(operation), length);
}

void PciSlot::RaiseMsix(uint32_t vector) { Post({0, vector, true, {}}, 4); }

// Going up travels behind the writes before it, as messages do; going down is seen at once.
void PciSlot::SetIntx(bool asserted) {
  if (!host_->WantsLevels() && device_->identity().msix_vectors != 0) {
    if (asserted) Report(DriverError::kIllegalOrder, "INTx in an MSI-X world");
    return;
  }
  if (asserted == pin_) return;
  pin_ = asserted;
  if (asserted) {
    Post({++pin_rises_, kPinMessage, true, {}}, 4);
  } else {
    pin_repeats_ = 0;
    if (host_->WantsLevels()) host_->OnIntx(false);
  }
}

// The pin is a level: a handler that returns with it still asserted is called again, unless it went
// down and up meanwhile, which travels by itself.
void PciSlot::DeliverPin(uint64_t rise) {
  if (rise != pin_rises_ || !pin_) return;
  if (++pin_repeats_ > kMaxPinRepeats) {
    return Report(DriverError::kIllegalOrder, "the interrupt pin stays asserted");
  }
  ++counters_.interrupts;
  if (trace_ != nullptr) trace_->Instant(interrupt_track_, engine_.now(), name_interrupt_, 0);
  if (host_->WantsLevels()) return host_->OnIntx(true);
  host_->OnInterrupt(0);
  if (!pin_ || rise != pin_rises_) return;
  engine_.At(engine_.now() + kPinAgain, *this, Argument(EventKind::kPin, rise));
}

// Posted operations stay in order: later ones never overtake.
void PciSlot::Post(PostedOperation operation, uint32_t bytes) {
  const Time done = Occupy(up_busy_until_, bytes) + options_.write_latency;
  last_posted_ = std::max(last_posted_, done);
  posted_.push_back(std::move(operation));
  engine_.At(last_posted_, *this, Argument(EventKind::kPosted, 0));
}

void PciSlot::FinishPosted() {
  PostedOperation operation = std::move(posted_.front());
  posted_.pop_front();
  if (operation.message && operation.address == kPinMessage) return DeliverPin(operation.tag);
  if (operation.message) {
    const uint32_t vector = static_cast<uint32_t>(operation.address);
    ++counters_.interrupts;
    if (trace_ != nullptr) {
      trace_->Instant(interrupt_track_, engine_.now(), name_interrupt_, vector);
    }
    host_->OnInterrupt(vector);
    return;
  }
  uint8_t* const to = iommu_.Translate(operation.address, operation.bytes.size());
  if (to != nullptr) std::memcpy(to, operation.bytes.data(), operation.bytes.size());
  spare_bytes_.push_back(std::move(operation.bytes));
  if (operation.tag != 0) device_->DmaDone(operation.tag, to != nullptr);
}

void PciSlot::Transmit(FramePointer frame, Time start) {
  if (wire_ != nullptr) wire_->Transmit(wire_end_, std::move(frame), start);
}

void PciSlot::SetTimer(TimerTag tag, Time at) {
  if (timers_.size() <= tag) timers_.resize(tag + 1);
  Timer& timer = timers_[tag];
  ++timer.generation;
  timer.set = true;
  engine_.At(at, *this, Argument(EventKind::kTimer, timer.generation << 16 | tag));
}

void PciSlot::CancelTimer(TimerTag tag) {
  if (tag < timers_.size()) timers_[tag].set = false;
}

void PciSlot::Report(DriverError error, std::string_view text) {
  ++counters_.driver_errors[static_cast<size_t>(error)];
  if (first_driver_error_.empty()) first_driver_error_ = text;
  const auto known = error_texts_.find(std::string(text));
  if (known != error_texts_.end()) {
    ++known->second;
  } else if (error_texts_.size() < kMaxErrorTexts) {
    error_texts_.emplace(text, 1);
  }
}

uint64_t PciSlot::driver_errors() const {
  uint64_t sum = 0;
  for (const uint64_t count : counters_.driver_errors) sum += count;
  return sum;
}

void PciSlot::FrameArrived(FramePointer frame) {
  if (power_) device_->FrameReceived(std::move(frame));
}

void PciSlot::CarrierChanged(bool carrier) {
  carrier_ = carrier;
  if (power_) device_->CarrierChanged(carrier);
}

void PciSlot::OnEvent(uint64_t argument) {
  const uint64_t value = argument / kKinds;
  switch (static_cast<EventKind>(argument % kKinds)) {
    case EventKind::kReadDone:
      return FinishRead(value);
    case EventKind::kPosted:
      return FinishPosted();
    case EventKind::kRegisterWrite:
      return FinishRegisterWrites(value);
    case EventKind::kPin:
      return DeliverPin(value);
    case EventKind::kTimer: {
      const TimerTag tag = static_cast<TimerTag>(value & 0xffff);
      Timer& timer = timers_[tag];
      if (!timer.set || timer.generation != value >> 16) return;
      timer.set = false;
      return device_->TimerExpired(tag);
    }
  }
}

}  // namespace mapwire::sim
