// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Timer tags of the 82599 model.
#ifndef SIM_NIC_IXGBE_TIMERS_H_
#define SIM_NIC_IXGBE_TIMERS_H_

#include "sim/nic/device.h"

namespace mapwire::sim::nic82599 {

inline constexpr TimerTag kTimerReset = 1;
inline constexpr TimerTag kTimerAutoRead = 2;
inline constexpr TimerTag kTimerDmaInit = 3;
inline constexpr TimerTag kTimerEeprom = 4;
inline constexpr TimerTag kTimerMasterDisable = 5;
inline constexpr TimerTag kTimerMdio = 6;
inline constexpr TimerTag kTimerLinkUp = 7;
inline constexpr TimerTag kTimerRestartAn = 8;
inline constexpr TimerTag kTimerQuiesce = 9;
inline constexpr TimerTag kTimerInterruptKick = 10;
inline constexpr TimerTag kTimerTxKick = 11;
inline constexpr TimerTag kTimerTxMac = 12;
inline constexpr TimerTag kTimerTxFlush = 13;
inline constexpr TimerTag kTimerRxKick = 14;
inline constexpr TimerTag kTimerRxFlush = 15;
inline constexpr TimerTag kTimerLoopback = 16;
inline constexpr TimerTag kTimerXoff = 17;
inline constexpr TimerTag kTimerTxQueue = 0x100;  // + queue
inline constexpr TimerTag kTimerRxQueue = 0x200;  // + queue
inline constexpr TimerTag kTimerVector = 0x300;   // + vector
inline constexpr TimerTag kTimerEnd = 0x340;

}  // namespace mapwire::sim::nic82599

#endif  // SIM_NIC_IXGBE_TIMERS_H_
