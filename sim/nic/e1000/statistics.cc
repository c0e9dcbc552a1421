// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "sim/nic/e1000/statistics.h"

#include "sim/nic/model/counting.h"

namespace mapwire::sim::nic82540 {
Statistics::Statistics(RegisterFile& registers) : registers_(registers) {
  using S = Statistics;
  registers.OnRead<reg::Gorcl, &S::ReadLow<&S::gorc_>>(this);
  registers.OnRead<reg::Gorch, &S::ReadHigh<&S::gorc_>>(this);
  registers.OnRead<reg::Gotcl, &S::ReadLow<&S::gotc_>>(this);
  registers.OnRead<reg::Gotch, &S::ReadHigh<&S::gotc_>>(this);
  registers.OnRead<reg::Torl, &S::ReadLow<&S::tor_>>(this);
  registers.OnRead<reg::Torh, &S::ReadHigh<&S::tor_>>(this);
  registers.OnRead<reg::Totl, &S::ReadLow<&S::tot_>>(this);
  registers.OnRead<reg::Toth, &S::ReadHigh<&S::tot_>>(this);
}

void Statistics::AnyReceived(uint32_t wire_bytes) {
  registers_.Count<reg::Tpr>();
  tor_ += wire_bytes;
}

void Statistics::GoodReceived(const uint8_t* destination, uint32_t wire_bytes) {
  registers_.Count<reg::Gprc>();
  gorc_ += wire_bytes;
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
  gotc_ += wire_bytes;
  tot_ += wire_bytes;
  CountSize<reg::Ptc64, reg::Ptc127, reg::Ptc255, reg::Ptc511, reg::Ptc1023, reg::Ptc1522>(
      registers_, wire_bytes);
  if ((destination[0] & 1) == 0) return;
  if (IsBroadcast(destination)) {
    registers_.Count<reg::Bptc>();
  } else {
    registers_.Count<reg::Mptc>();
  }
}

}  // namespace mapwire::sim::nic82540
