// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The registers of the 82540EM model.
#ifndef SIM_NIC_E1000_REGISTER_FILE_H_
#define SIM_NIC_E1000_REGISTER_FILE_H_

#include "drivers/e1000/e1000_regs.h"
#include "sim/nic/model/register_space.h"

namespace mapwire::sim::nic82540 {

namespace reg = ::mapwire::e1000;

class RegisterFile final : public RegisterSpace {
 public:
  explicit RegisterFile(DeviceWorld& world);

  // All registers as after reset. Tables that the manual leaves undefined hold garbage if asked.
  void Reset(bool undefined_tables);
};

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_REGISTER_FILE_H_
