// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The one system of the module: its environment and control.
#ifndef KERNEL_MODULE_SYSTEM_H_
#define KERNEL_MODULE_SYSTEM_H_

#include "core/control/control.h"
#include "kernel/platform/environment.h"

namespace mapwire::kernel {

struct System {
  explicit System(const control::Parameters& parameters) : control(environment, parameters) {}

  Environment environment;
  control::Control control;
};

// Valid between mw_init and mw_exit.
System& TheSystem();

}  // namespace mapwire::kernel

#endif  // KERNEL_MODULE_SYSTEM_H_
