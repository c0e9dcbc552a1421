# The module on two modelled 82599s that one wire joins: MSI-X, two queue pairs each.
. /guest/netmap_lib.sh

test_bind() {
  load_netmap
  bind_all eth0 eth1
  ethtool -i eth0 | grep "driver: netmap"
  ethtool eth0 | grep "Speed: 10000Mb/s"
  ethtool -l eth0 | grep "Combined:.*2"
  [ "$(grep -c "netmap 0000" /proc/interrupts)" = 6 ]
}

test_traffic() {
  flow 2000 eth0 eth1 2000
  flow 2000 eth1 eth0 2000
  [ "$(stat_of eth1 tx_packets)" = 2000 ]
  [ "$(stat_of eth1 rx_packets)" = 2000 ]
  [ "$(stat_of eth1 rx_bytes)" = 128000 ]
}

test_settings() { settings; }

test_host() {
  split
  host_traffic 20000000
  join
}

test_forwarding() { forwarding; }

# A queue that programs open and close: what the host sends and receives by the other is all there.
test_host_and_neighbours() {
  local other before
  split
  before=$(stat_of eth0 queue_0_rx_packets)
  pings 100 "$THERE"
  other=0
  [ "$(($(stat_of eth0 queue_0_rx_packets) - before))" -lt 100 ] || other=1
  (
    for i in $(seq 1 10); do
      timeout 10 pkt-gen -i "netmap:eth0-$other/R" -f rx -n 1 -w 0 &
      sleep 0.1
      kill -INT $!
      wait $! || true
    done
  ) >/tmp/neighbour 2>&1 &
  pings 300 "$THERE"
  kill -0 "$!"
  wait "$!"
  [ "$(grep -c "^Receiving from netmap:eth0-$other" /tmp/neighbour)" = 10 ]
  [ "$(stat_of eth0 resets)" = 0 ]
  join
}

# A ring that another opens and closes: the traffic of the first does not notice.
test_neighbours() {
  local receiver i changes
  changes=$(stat_of eth0 link_changes)
  pkt-gen -i netmap:eth1 -f rx -w 0 >/tmp/received-all 2>&1 &
  receiver=$!
  sleep 1
  pkt-gen -i netmap:eth0-0 -f tx -n 3000 -R 500 -w 0 >/tmp/sent-0 2>&1 &
  for i in $(seq 1 5); do
    pkt-gen -i netmap:eth0-1 -f tx -n 10 -w 0 >/tmp/sent-1 2>&1
  done
  wait %2 || true
  sleep 6
  kill -INT "$receiver"
  wait "$receiver" || true
  grep "^Sent 3000 packets" /tmp/sent-0
  grep "^Received 3050 packets" /tmp/received-all
  [ "$(stat_of eth0 resets)" = 0 ]
  [ "$(stat_of eth0 link_changes)" = "$changes" ]
}

test_sleep_and_wake() { sleep_and_wake; }

test_hostile() {
  hostile eth0 3 80 3 own | grep "^kills 80 "
  hostile eth0 4 80 3 everything | grep "^kills 80 "
  [ "$(stat_of eth0 resets)" = 0 ]
}

test_as_before() {
  flow 1000 eth0 eth1 2000
}

test_unload() {
  rmmod netmap
  ! grep "^netmap" /proc/modules
}
