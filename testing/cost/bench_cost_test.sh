#!/bin/bash
# The rows do their work (bench_cost aborts if one does not), a call that does nothing is counted as
# three instructions, and each limit belongs to a row.
set -euo pipefail

bench=testing/cost/bench_cost
"$bench"

# The request that starts the count, the call and the return: what each sync has too much.
valgrind --tool=callgrind --callgrind-out-file="$TEST_TMPDIR/count.%p" "$bench" --empty \
  >"$TEST_TMPDIR/log" 2>&1
dump=$(grep -l 'Trigger: Client Request: nothing 1 empty 1000$' "$TEST_TMPDIR"/count.*)
grep -qx 'summary: 3000' "$dump" || {
  echo "an empty call is not three instructions:"
  grep '^summary' "$dump"
  exit 1
}

rows=$("$bench" --list)
while read -r path batch variant _; do
  grep -qx "$path $batch $variant" <<<"$rows" || {
    echo "no row $path $batch $variant"
    exit 1
  }
done < <(grep -v '^#' testing/cost/limits.tsv | tail -n +2)
