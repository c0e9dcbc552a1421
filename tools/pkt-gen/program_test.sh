#!/bin/bash
# Tests of pkt-gen and pkt-gen-b as programs, with the device null: signals, output, status.
set -euo pipefail

here=tools/pkt-gen
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
. testing/kit/expect.sh
number='[0-9.]+ [KMGT]?'

run() {
  code=0
  "$here/$1" "${@:2}" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

# By regular expressions here.
out_has() { grep -qE -- "$1" "$scratch/out"; }
err_has() { grep -qE -- "$1" "$scratch/err"; }

for program in pkt-gen pkt-gen-b; do
  run $program -i null -f tx -n 100000
  expect "$program sends" status_is 0
  expect "$program says what on" out_has '^Sending on null: 1 queues, 1 threads and [0-9]+ cpus\.$'
  expect "$program says what" out_has \
    '^10\.0\.0\.1 -> 10\.1\.0\.1 \([0-9a-f:]{17} -> ff:ff:ff:ff:ff:ff\)$'
  expect "$program sums up" out_has \
    '^Sent 100000 packets 6000000 bytes 196 events 60 bytes each in [0-9]+\.[0-9]{2} seconds\.$'
  expect "$program tells its speed" out_has \
    "^Speed: ${number}pps Bandwidth: ${number}bps \\(raw ${number}bps\\)\\. "
  expect "$program tells its batches" out_has '\. Average batch: 510\.20 pkts$'
  run $program
  expect "$program without a port fails" status_is 255
  expect "$program without a port says so" err_has '^pkt-gen: -i is missing$'
  run $program -h
  expect "$program helps" status_is 0
  expect "$program helps on stdout" out_has '^usage: pkt-gen '
done

# A report every 200 ms, and the totals after SIGINT.
"$here/pkt-gen" -i null -f tx -R 3000 -T 200 -A >"$scratch/out" 2>"$scratch/err" </dev/null &
child=$!
for ((i = 0; i < 200; ++i)); do
  [ "$(grep -c min_space "$scratch/err")" -lt 2 ] || break
  sleep 0.1
done
kill -INT $child
code=0
wait $child || code=$?
expect "SIGINT ends it well" status_is 0
expect "SIGINT prints totals" out_has '^Sent [0-9]+ packets '
expect "the pace is told" err_has \
  '^[0-9]{3}\.[0-9]{6} [A-Za-z]+ \[[0-9]+\] Sending 10 packets every  0\.003333333 s$'
expect "reports come from main_thread" err_has \
  "^[0-9]{3}\\.[0-9]{6} main_thread \\[[0-9]+\\] ${number}pps \\[avg/std ${number}/${number}pps\\] "
expect "reports tell packets and batches" err_has \
  "pps\\] \\(${number}pkts ${number}bps in [0-9]+ usec\\) [0-9.]+ avg_batch 99999 min_space$"

run pkt-gen -i null -f rx -W
expect "a receiver of nothing ends" status_is 0
expect "a receiver of nothing says so" out_has '^Received nothing\.$'
run pkt-gen -i null -f tx -n 1 -P /nowhere/file.pcap
expect "a capture that is not there fails" status_is 255
if [ ! -e /dev/netmap ]; then
  run pkt-gen -i eth0 -f tx
  expect "without netmap it fails" status_is 255
  expect "without netmap it says so" err_has '^cannot open /dev/netmap: '
fi
run pkt-gen -i tap:a-name-that-is-far-too-long
expect "a tap that cannot be fails" status_is 255
expect "a tap that cannot be says so" err_has 'cannot open tap a-name-that-is-far-too-long: '
run pkt-gen -i pcap:nothing0
expect "an interface that is not there fails" status_is 255
expect "an interface that is not there is named" err_has 'cannot open nothing0 by pcap: '

if [ "$failures" != 0 ]; then
  echo "$failures expectations failed"
  exit 1
fi
echo "all expectations met"
