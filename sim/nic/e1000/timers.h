// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Timer tags of the 82540EM model.
#ifndef SIM_NIC_E1000_TIMERS_H_
#define SIM_NIC_E1000_TIMERS_H_

#include "sim/nic/device.h"

namespace mapwire::sim::nic82540 {

inline constexpr TimerTag kTimerReset = 1;
inline constexpr TimerTag kTimerAutoRead = 2;
inline constexpr TimerTag kTimerEeprom = 3;
inline constexpr TimerTag kTimerMdic = 4;
inline constexpr TimerTag kTimerNegotiation = 5;
inline constexpr TimerTag kTimerInterruptKick = 6;
inline constexpr TimerTag kTimerThrottle = 7;
inline constexpr TimerTag kTimerTxKick = 8;
inline constexpr TimerTag kTimerTxMac = 9;
inline constexpr TimerTag kTimerTxFlush = 10;
inline constexpr TimerTag kTimerTxDelay = 11;     // TIDV
inline constexpr TimerTag kTimerTxAbsolute = 12;  // TADV
inline constexpr TimerTag kTimerRxKick = 13;
inline constexpr TimerTag kTimerRxFlush = 14;
inline constexpr TimerTag kTimerRxDelay = 15;     // RDTR
inline constexpr TimerTag kTimerRxAbsolute = 16;  // RADV
inline constexpr TimerTag kTimerTxStop = 17;
inline constexpr TimerTag kTimerRxStop = 18;
inline constexpr TimerTag kTimerLinkKick = 19;

}  // namespace mapwire::sim::nic82540

#endif  // SIM_NIC_E1000_TIMERS_H_
