// The faults of a host's kernel, as sites of a plan: heap, DMA mappings, pages.
#ifndef SIM_FAULTS_KERNEL_FAULTS_H_
#define SIM_FAULTS_KERNEL_FAULTS_H_

#include "sim/faults/fault_plan.h"
#include "sim/host/host.h"

namespace mapwire::sim {

// While it lives the host asks the plan. Host and plan outlive it.
class KernelFaults {
 public:
  KernelFaults(Host& host, FaultPlan& plan)
      : host_(host), heap_(plan, FaultSite::kHeap), map_(plan, FaultSite::kDmaMap) {
    host_.set_heap_faults(&heap_);
    for (const auto& nic : host_.nics()) nic->iommu().set_map_faults(&map_);
    host_.page_source().fail_next = [&plan] { return plan.Strikes(FaultSite::kPages); };
  }
  ~KernelFaults() {
    host_.set_heap_faults(nullptr);
    for (const auto& nic : host_.nics()) nic->iommu().set_map_faults(nullptr);
    host_.page_source().fail_next = nullptr;
  }
  KernelFaults(const KernelFaults&) = delete;
  KernelFaults& operator=(const KernelFaults&) = delete;

 private:
  Host& host_;
  PlannedFault heap_;
  PlannedFault map_;
};

}  // namespace mapwire::sim

#endif  // SIM_FAULTS_KERNEL_FAULTS_H_
