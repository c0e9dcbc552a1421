#!/bin/bash
# The conformance suite on QEMU's own e1000 (82540EM) and its 82545EM: no guest, QEMU's qtest
# protocol instead of a CPU.
#   usage: qtest.sh QEMU PROGRAM [gtest argument ...]
# QEMU is qemu-system-x86_64 (11 or newer, for -accel qtest) or its wrapper, PROGRAM the built
# //testing/conformance:qtest_conformance. Prints "qtest: N passed, M failed".
set -u
qemu=$1
program=$2
shift 2
passed=0
failed=0
for card in e1000 e1000-82545em; do
  output=$(MAPWIRE_QEMU=$qemu MAPWIRE_QEMU_CARD=$card "$program" "$@" 2>&1)
  status=$?
  echo "$card:"
  grep -E '^\[ +(OK|FAILED|SKIPPED) +\]|Failure|^  ' <<<"$output" || tail -n 20 <<<"$output"
  good=$(grep -c '^\[       OK \]' <<<"$output")
  bad=$(grep -cE '^\[  FAILED  \] .*\([0-9]+ ms\)$' <<<"$output")
  # One that ended the program was not counted.
  [ "$status" -eq 0 ] || [ "$bad" -ne 0 ] || bad=1
  passed=$((passed + good))
  failed=$((failed + bad))
done
echo "qtest: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
