// Compiles the C test of net/mapwire.h as C++.
#include "core/abi/mapwire_h_test.c"
