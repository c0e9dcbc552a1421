// The program pkt-gen, but for its main().
#ifndef TOOLS_PKT_GEN_PKT_GEN_H_
#define TOOLS_PKT_GEN_PKT_GEN_H_

namespace mapwire::pktgen {

// Returns the exit status.
int Run(int argc, char** argv);

}  // namespace mapwire::pktgen

#endif  // TOOLS_PKT_GEN_PKT_GEN_H_
