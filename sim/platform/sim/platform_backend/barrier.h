// Memory ordering on x86-64 in userspace: stores and loads of write-back memory keep their order,
// so only the compiler has to be held. The world is told, so that it can miss a barrier.
#ifndef PLATFORM_BACKEND_BARRIER_H_
#define PLATFORM_BACKEND_BARRIER_H_

#include "platform_backend/hooks.h"

namespace mapwire::platform {

inline void DmaWriteBarrier() {
  asm volatile("" ::: "memory");
  g_hooks->Ordered(Order::kDmaWrite);
}
inline void DmaReadBarrier() {
  asm volatile("" ::: "memory");
  g_hooks->Ordered(Order::kDmaRead);
}
inline void StoreOrder() {
  asm volatile("" ::: "memory");
  g_hooks->Ordered(Order::kStore);
}

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_BARRIER_H_
