#!/bin/bash
# The conformance suite on QEMU's own e1000: no guest, QEMU's qtest protocol instead of a CPU.
#   usage: qtest.sh QEMU PROGRAM [gtest argument ...]
# QEMU is qemu-system-x86_64 (11 or newer, for -accel qtest) or its wrapper, PROGRAM the built
# //testing/conformance:qtest_conformance. Prints "qtest: N passed, M failed".
set -u
qemu=$1
program=$2
shift 2
output=$(MAPWIRE_QEMU=$qemu "$program" "$@" 2>&1)
status=$?
grep -E '^\[ +(OK|FAILED|SKIPPED) +\]|Failure|^  ' <<<"$output" || tail -n 20 <<<"$output"
passed=$(grep -c '^\[       OK \]' <<<"$output")
failed=$(grep -cE '^\[  FAILED  \] .*\([0-9]+ ms\)$' <<<"$output")
# One that ended the program was not counted.
[ "$status" -eq 0 ] || [ "$failed" -ne 0 ] || failed=1
echo "qtest: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
