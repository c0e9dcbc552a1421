# Cards that do not reach all memory: the kernel gives them copies of it, and what is sent and
# received is right only if each buffer is told of when it changes hands.
. /guest/netmap_lib.sh

test_bind() {
  load_netmap
  bind_all eth0 eth1
  [ "$(dmesg | grep -c "netmap: the card needs copies of memory")" = 2 ]
}

test_traffic() {
  flow 2000 eth0 eth1 2000
  flow 2000 eth1 eth0 2000
}

# Bytes compared: the host's own, and those that a program swaps between card and host.
test_host() {
  split
  host_traffic 2000000
  join
}

test_host_rings() { host_rings; }

test_hostile() {
  hostile eth0 5 40 3 everything | grep "^kills 40 "
  [ "$(stat_of eth0 resets)" = 0 ]
}

test_as_before() {
  flow 1000 eth0 eth1 2000
}

test_unload() {
  card unbind eth0
  card unbind eth1
  rmmod netmap
}
