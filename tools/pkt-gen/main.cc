// pkt-gen sends and receives packets by netmap ports, as fast as it can or at a rate.
#include "tools/pkt-gen/pkt_gen.h"

int main(int argc, char** argv) { return mapwire::pktgen::Run(argc, argv); }
