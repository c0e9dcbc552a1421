#!/bin/sh
# The program checks itself; see bench_mmio.cc.
exec testing/cost/bench_mmio
