#!/bin/bash
# mapwire_nic as a program: what --stats writes, and when.
set -u
program=$1
scratch=$(mktemp -d)
trap 'kill -9 "$server" 2>/dev/null; rm -rf "$scratch"' EXIT
. testing/kit/expect.sh
touch "$scratch/err"
stats=$scratch/stats

lines() { wc -l <"$stats"; }

# $1 tries of the rest, a tenth of a second apart.
within() {
  local tries=$1
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}

"$program" serve ixgbe --socket "$scratch/a" --socket "$scratch/b" --stats "$stats" \
  >"$scratch/out" 2>&1 &
server=$!
code=running
expect "it becomes ready" within 100 out_has "ixgbe ready"
expect "nothing is told unasked" [ ! -s "$stats" ]
kill -USR1 "$server"
expect "SIGUSR1 asks for a line" within 100 [ -s "$stats" ]
kill -USR1 "$server"
two_lines() { [ "$(lines)" = 2 ]; }
expect "and for another" within 100 two_lines
kill -TERM "$server"
wait "$server"
code=$?
expect "SIGTERM ends it well" status_is 0
expect "a line is written at the end" [ "$(lines)" = 3 ]
python3 - "$stats" >"$scratch/out" 2>&1 <<'END'
import json, sys
for line in open(sys.argv[1]):
    cards = json.loads(line)["cards"]
    assert [card["name"] for card in cards] == ["ixgbe 0", "ixgbe 1"], cards
    assert cards[0]["sent"]["frames"] == cards[1]["received"]["frames"] == 0, cards
END
code=$?
expect "each line is JSON with both cards" status_is 0

"$program" serve ixgbe --socket "$scratch/c" --stats "$scratch/none/stats" >"$scratch/out" 2>&1
code=$?
expect "a file that cannot be made is told" out_has "stats: cannot be created"
expect "and is a failure" status_is 1
[ "$failures" = 0 ]
