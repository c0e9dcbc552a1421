// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/ixgbe/statistics.h"

#include "sim/nic/model/counting.h"

namespace mapwire::sim::nic82599 {
namespace {

constexpr uint64_t kPairMask = (uint64_t{1} << 36) - 1;

}  // namespace

template <Statistics::Pair* (Statistics::*First)()>
uint32_t Statistics::ReadLow(uint32_t index) {
  Pair& pair = (this->*First)()[index];
  pair.taken = pair.value &= kPairMask;
  return static_cast<uint32_t>(pair.taken);
}

template <Statistics::Pair* (Statistics::*First)()>
uint32_t Statistics::ReadHigh(uint32_t index) {
  Pair& pair = (this->*First)()[index];
  const uint32_t high = static_cast<uint32_t>(pair.taken >> 32);
  pair.value -= pair.taken;
  pair.taken = 0;
  return high;
}

Statistics::Statistics(RegisterFile& registers) : registers_(registers) {
  using S = Statistics;
  registers.OnRead<reg::Gorcl, &S::ReadLow<&S::Gorc>>(this);
  registers.OnRead<reg::Gorch, &S::ReadHigh<&S::Gorc>>(this);
  registers.OnRead<reg::Gotcl, &S::ReadLow<&S::Gotc>>(this);
  registers.OnRead<reg::Gotch, &S::ReadHigh<&S::Gotc>>(this);
  registers.OnRead<reg::Torl, &S::ReadLow<&S::Tor>>(this);
  registers.OnRead<reg::Torh, &S::ReadHigh<&S::Tor>>(this);
  registers.OnRead<reg::QbrcL, &S::ReadLow<&S::Qbrc>>(this);
  registers.OnRead<reg::QbrcH, &S::ReadHigh<&S::Qbrc>>(this);
  registers.OnRead<reg::QbtcL, &S::ReadLow<&S::Qbtc>>(this);
  registers.OnRead<reg::QbtcH, &S::ReadHigh<&S::Qbtc>>(this);
  registers.OnWrite<reg::Rqsmr, &S::WriteRqsmr>(this);
  registers.OnWrite<reg::Tqsm, &S::WriteTqsm>(this);
}

void Statistics::Reset() {
  gorc_ = gotc_ = tor_ = Pair();
  qbrc_.fill(Pair());
  qbtc_.fill(Pair());
  rx_set_.fill(0);
  tx_set_.fill(0);
}

void Statistics::AnyReceived(uint32_t wire_bytes) {
  registers_.Count<reg::Tpr>();
  tor_.Count(wire_bytes);
}

void Statistics::GoodReceived(const uint8_t* destination, uint32_t wire_bytes) {
  registers_.Count<reg::Gprc>();
  gorc_.Count(wire_bytes);
  CountSize<reg::Prc64, reg::Prc127, reg::Prc255, reg::Prc511, reg::Prc1023, reg::Prc1522>(
      registers_, wire_bytes);
  if ((destination[0] & 1) == 0) return;
  if (IsBroadcast(destination)) {
    registers_.Count<reg::Bprc>();
  } else {
    registers_.Count<reg::Mprc>();
  }
}

void Statistics::Transmitted(const uint8_t* destination, uint32_t wire_bytes) {
  registers_.Count<reg::Gptc>();
  registers_.Count<reg::Tpt>();
  gotc_.Count(wire_bytes);
  CountSize<reg::Ptc64, reg::Ptc127, reg::Ptc255, reg::Ptc511, reg::Ptc1023, reg::Ptc1522>(
      registers_, wire_bytes);
  if ((destination[0] & 1) == 0) return;
  if (IsBroadcast(destination)) {
    registers_.Count<reg::Bptc>();
  } else {
    registers_.Count<reg::Mptc>();
  }
}

void Statistics::QueueReceived(uint32_t queue, uint32_t wire_bytes) {
  registers_.Count<reg::Qprc>(1, rx_set_[queue]);
  qbrc_[rx_set_[queue]].Count(wire_bytes);
}

void Statistics::QueueDropped(uint32_t queue) { registers_.Count<reg::Qprdc>(1, rx_set_[queue]); }

void Statistics::QueueTransmitted(uint32_t queue, uint32_t wire_bytes) {
  registers_.Count<reg::Qptc>(1, tx_set_[queue]);
  qbtc_[tx_set_[queue]].Count(wire_bytes);
}

void Statistics::WriteRqsmr(uint32_t index, uint32_t value) {
  registers_.Set<reg::Rqsmr>(value, index);
  for (uint32_t k = 0; k < 4; ++k) rx_set_[4 * index + k] = (value >> (8 * k)) & 0xF;
}

void Statistics::WriteTqsm(uint32_t index, uint32_t value) {
  registers_.Set<reg::Tqsm>(value, index);
  for (uint32_t k = 0; k < 4; ++k) tx_set_[4 * index + k] = (value >> (8 * k)) & 0xF;
}

}  // namespace mapwire::sim::nic82599
