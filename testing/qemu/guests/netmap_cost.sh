# What the module costs, in instructions: rows of JSON for the host. One CPU, on which QEMU counts.
. /guest/netmap_lib.sh

# $1: the driver; the rest is a command that prints a row.
row() {
  local driver=$1
  shift
  "$@" | sed "s/^{/@row {\"driver\":\"$driver\",\"kernel\":\"$(uname -r)\",/" >>/dev/console
}

# The host has no part in it: while nobody has eth1 it is down, and what is received is for anybody.
rows() {
  local driver=$1 wait=$2 batch
  ip link set eth1 down
  for batch in 1 32 200 256; do
    row "$driver" sync_cost netmap:eth0-0 tx "$batch" 101
  done
  ip link set eth1 up promisc on
  within 100 carrier eth1
  for batch in 1 32 200 256; do
    row "$driver" sync_cost netmap:eth1 rx "$batch" 41 netmap:eth0-0 "$wait"
  done
}

# Everything a packet costs: the rate in a guest where an instruction is a nanosecond.
pkt_gen() {
  local rate
  ip link set eth1 down
  pkt-gen -i netmap:eth0-0 -f tx -n 200000 -w 2 -b 256 >/tmp/pkt-gen 2>&1
  rate=$(sed -n 's/^Speed: \([0-9.]*\) Mpps.*/\1/p' /tmp/pkt-gen)
  awk -v rate="$rate" 'BEGIN {
    printf "{\"what\":\"pkt-gen tx\",\"batch\":256,\"instructions\":%.1f}\n", 1000 / rate
  }'
}

test_e1000() {
  load_netmap
  bind_all eth0 eth1
  rows e1000 2000000
  row e1000 pkt_gen
}

# These cards live outside of the guest, in the machine's time.
test_ixgbe() {
  load_netmap
  bind_all eth0 eth1
  rows ixgbe 40000000
}
