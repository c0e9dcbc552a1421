#!/bin/bash
# What bridge says to wrong arguments. What it passes is shown in guests (testing/qemu).
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. testing/kit/expect.sh

run() {
  code=0
  tools/bridge/bridge "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

run
expect "without a port it fails" status_is 1
expect "and says so" err_has "bridge: no interface"
run -h
expect "it helps" status_is 0
expect "on stdout" out_has "usage: bridge "
run -i a -i b -i c
expect "a third port is refused" status_is 1
expect "by name" err_has "bridge: a third interface: c"
run a b 10 more
expect "too many words are refused" status_is 1
expect "and told" err_has "bridge: too many words"
run -x
expect "an unknown option is refused" status_is 1
run nothing0
expect "a port that is not there fails" status_is 1
expect "one name is the host's side first" err_has "bridge: cannot open netmap:nothing0^: "

if [ "$failures" != 0 ]; then
  echo "$failures failures"
  exit 1
fi
echo "all expectations met"
