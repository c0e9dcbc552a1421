# The module on QEMU's own e1000, four of them: eth0 and eth1 on one wire, eth2 and eth3 on another.
# The kernel's own driver is there, and lets them go.
. /guest/netmap_lib.sh

test_load() {
  load_netmap
  card status | grep "the module is loaded"
  [ "$(card status | grep -c "driver e1000 eth. (can be bound)")" = 4 ]
  refused "No such device or address" pkt-gen -i netmap:eth0 -f rx -w 0
}

# What is written is what counts for the next user of the region.
test_parameters() {
  local all=/sys/module/netmap/parameters
  [ "$(cat $all/buf_num) $(cat $all/buf_curr_num)" = "163840 0" ]
  refused "Invalid argument" sh -c "echo 10 >$all/buf_size"
  refused "Invalid argument" sh -c "echo many >$all/buf_num"
  [ "$(cat $all/buf_size)" = 2048 ]
  echo 40000 >$all/buf_num
  [ "$(cat $all/buf_num)" = 40000 ]
}

test_bind() {
  bind_all eth0 eth1 eth2 eth3
  ethtool -i eth0 | grep "driver: netmap"
  ethtool eth0 | grep "Speed: 1000Mb/s"
  ethtool -g eth0 | grep -A9 Current | grep "RX:.*512"
  ethtool -l eth0 | grep "Combined:.*1"
  refused "bound already" card bind eth0
  refused "no card nonsense" card bind nonsense
  refused "nobody here drives" card bind 00:1f.2
}

test_traffic() {
  flow 2000 eth0 eth1 2000
  flow 2000 eth1 eth0 2000
  [ "$(stat_of eth1 tx_packets)" = 2000 ]
  [ "$(stat_of eth1 rx_packets)" = 2000 ]
}

# While a program has the region.
test_region() {
  local all=/sys/module/netmap/parameters receiver
  pkt-gen -i netmap:eth0 -f rx -w 0 >/dev/null 2>&1 &
  receiver=$!
  sleep 1
  echo 163840 >$all/buf_num
  [ "$(cat $all/buf_curr_num) $(cat $all/buf_curr_size)" = "40000 2048" ]
  kill -INT "$receiver"
  wait "$receiver" || true
  [ "$(cat $all/buf_curr_num)" = 0 ]
}

test_settings() { settings; }

test_forwarding() { forwarding; }

test_host() {
  split
  host_traffic 8000000
  join
}

# A program has the card: what the host sends is dropped, and counted. Then it flows again.
test_host_and_a_program() {
  local holder dropped
  split
  pkt-gen -i netmap:eth0 -f rx -w 0 >/tmp/held 2>&1 &
  holder=$!
  sleep 1
  dropped=$(stat_of eth0 queue_0_host_tx_program)
  ping -q -c 5 -i 0.1 -W 1 "$THERE" && false
  [ "$(stat_of eth0 queue_0_host_tx_program)" -gt "$dropped" ]
  kill -INT "$holder"
  wait "$holder" || true
  # QEMU's card receives nothing for a second after its receiver was turned on.
  sleep 2
  pings 50 "$THERE"
  [ "$(stat_of eth0 resets)" = 0 ]
  join
}

test_host_rings() { host_rings; }

test_sleep_and_wake() { sleep_and_wake; }

# Down and up while frames pass, and with a program that has the card.
test_host_down_and_up() {
  local i
  split
  for i in $(seq 1 20); do
    ping -q -c 20 -i 0.002 -W 1 "$THERE" >/dev/null 2>&1 &
    ip link set eth0 down
    [ "$((i % 5))" != 0 ] || timeout 10 pkt-gen -i netmap:eth0 -f tx -n 10 -w 0
    ip link set eth0 up
    wait "$!" || true
  done
  within 100 carrier eth0
  sleep 2
  pings 100 "$THERE"
  join
}

test_names() {
  ip link set eth1 down
  ip link set eth1 name other
  ip link set other up
  within 100 carrier other
  flow 100 eth0 other 1000
  refused "No such device or address" pkt-gen -i netmap:eth1 -f rx -w 0
  ip netns add there
  ip link set other netns there
  refused "No such device or address" pkt-gen -i netmap:other -f rx -w 0
  there ip link set other up
  there timeout -s INT 2 pkt-gen -i netmap:other -f rx -w 0 | grep "^Receiving from netmap:other"
  there ip link set other down
  there ip link set other name eth1
  there ip link set eth1 netns 1
  ip link set eth1 up
  within 100 carrier eth1
  flow 100 eth1 eth0 1000
}

# $1: what they harm. Both must have done what they are for.
hostile_pair() {
  hostile eth0 1 80 4 "$1" >/tmp/hostile-0 &
  one=$!
  hostile eth1 2 80 4 "$1" >/tmp/hostile-1 &
  two=$!
}
hostile_end() {
  wait "$one"
  wait "$two"
  cat /tmp/hostile-0 /tmp/hostile-1
  [ "$(sed -n 's/^kills \([0-9]*\) .*/\1/p' /tmp/hostile-0)" = 80 ]
  [ "$(sed -n 's/.* registered \([0-9]*\) .*/\1/p' /tmp/hostile-0)" -gt 20 ]
  [ "$(sed -n 's/.* bus-errors \([0-9]*\)$/\1/p' /tmp/hostile-0)" -gt 20 ]
}

# Programs that mean harm on one wire; on the other a flow that must lose nothing.
test_hostile() {
  local one two kept=yes
  hostile_pair own
  flow 1400 eth2 eth3 200 || kept=
  hostile_end
  [ -n "$kept" ]
}

test_hostile_in_the_whole_region() {
  local one two
  hostile_pair everything
  hostile_end
}

test_as_before() {
  drain eth0 eth1
  flow 1000 eth0 eth1 2000
  flow 1000 eth1 eth0 2000
}

test_unbind_under_a_program() {
  local receiver
  pkt-gen -i netmap:eth1 -f rx -w 0 >/tmp/cut 2>&1 &
  receiver=$!
  sleep 1
  refused "in use\|temporarily unavailable" rmmod netmap
  card unbind eth1 | grep "driver e1000"
  # It holds a port that is dead, and nothing else.
  sleep 1
  kill -INT "$receiver"
  wait "$receiver" || true
  card bind eth1
  ip link set eth1 up
  within 100 carrier eth1
  flow 100 eth0 eth1 1000
}

test_bind_and_unbind() {
  local i before after
  card unbind eth3
  before=$(awk '/^MemFree/ {print $2}' /proc/meminfo)
  for i in $(seq 1 10); do
    card bind eth3
    [ "$((i % 2))" != 0 ] || pkt-gen -i netmap:eth3 -f tx -n 1 -w 0
    card unbind eth3
  done
  after=$(awk '/^MemFree/ {print $2}' /proc/meminfo)
  echo "$before kB free before, $after after"
  [ "$((before - after))" -lt 10000 ]
  card bind eth3
}

test_unload() {
  local name
  for name in eth0 eth1 eth2 eth3; do
    card unbind "$name"
  done
  rmmod netmap
  ! grep "^netmap" /proc/modules
  [ ! -e /dev/netmap ]
  load_netmap
  card bind eth0
  # With a card bound: unloading gives it back.
  rmmod netmap
}
