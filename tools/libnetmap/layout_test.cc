// libnetmap.h as C++ programs see it.
#include "tools/libnetmap/layout_test.c"
