// Memory ordering on x86-64 in userspace: stores and loads of write-back memory keep their order,
// so only the compiler has to be held.
#ifndef PLATFORM_BACKEND_BARRIER_H_
#define PLATFORM_BACKEND_BARRIER_H_

namespace mapwire::platform {

inline void DmaWriteBarrier() { asm volatile("" ::: "memory"); }
inline void DmaReadBarrier() { asm volatile("" ::: "memory"); }
inline void StoreOrder() { asm volatile("" ::: "memory"); }

}  // namespace mapwire::platform

#endif  // PLATFORM_BACKEND_BARRIER_H_
