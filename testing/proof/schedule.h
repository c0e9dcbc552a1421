// Scripts for several CPUs, searched over their interleavings, and over the moments of a kill.
#ifndef TESTING_PROOF_SCHEDULE_H_
#define TESTING_PROOF_SCHEDULE_H_

#include <vector>

#include "testing/proof/explore.h"

namespace mapwire::proof {

// Sync against interrupt, sync against close, close against interrupt, REGISTER against REGISTER,
// two programs on one ring, link changes and removal against sync and poll, poll against notify.
std::vector<Script> ScheduleScripts();
// Programs that are killed, and descriptors that are closed in any order, while frames come and go.
std::vector<Script> KillScripts();

}  // namespace mapwire::proof

#endif  // TESTING_PROOF_SCHEDULE_H_
