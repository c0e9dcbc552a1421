// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Memory ordering on x86-64: stores and loads of write-back memory keep their order,
// and a store to uncached registers follows all of them; so only the compiler has to be held (the
// kernel's dma_wmb, dma_rmb and smp_wmb are the same there).
#ifndef PLATFORM_BACKEND_BARRIER_H_
#define PLATFORM_BACKEND_BARRIER_H_

#ifndef __x86_64__
#error "barriers of this architecture are to be written"
#endif

namespace mapwire::platform {

inline void DmaWriteBarrier() { asm volatile("" ::: "memory"); }
inline void DmaReadBarrier() { asm volatile("" ::: "memory"); }
inline void StoreOrder() { asm volatile("" ::: "memory"); }

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_BARRIER_H_
