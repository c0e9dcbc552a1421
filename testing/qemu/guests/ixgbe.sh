# Linux's own ixgbe on two modelled 82599s that one wire joins: eth0 here, eth1 in a network
# namespace of its own.
HERE=10.0.0.1
THERE=10.0.0.2

connect() {
  ip link set eth0 up
  there ip link set eth1 up
  within 100 carrier eth0
  sleep 0.5
}

set_up() {
  ip netns add there
  ip link set eth1 netns there
  ip addr add 10.0.0.1/24 dev eth0
  there ip addr add 10.0.0.2/24 dev eth1
  there ip link set lo up
}

test_probe() {
  set_up
  ethtool -i eth0 | grep "driver: ixgbe"
  there ethtool -i eth1 | grep "driver: ixgbe"
  dmesg | grep "ixgbe.*Multiqueue Enabled"
}

test_link() {
  connect
  ethtool eth0 | grep "Speed: 10000Mb/s"
  there ethtool eth1 | grep "Link detected: yes"
}

test_ping() {
  pings 200 "$THERE"
  pings 50 "$THERE" -s 1472 -M do
  pings 50 "$THERE" -s 20000
}

test_tcp() {
  ethtool -k eth0 | grep "tcp-segmentation-offload: on"
  ethtool -k eth0 | grep "tx-checksumming: on"
  tcp_copies 8000000
}

test_tcp_without_offloads() {
  ethtool -K eth0 tx off rx off tso off gso off gro off
  there ethtool -K eth1 tx off rx off tso off gso off gro off
  tcp_copies 4000000
  ethtool -K eth0 tx on rx on tso on gso on gro on
  there ethtool -K eth1 tx on rx on tso on gso on gro on
}

test_udp_checksums() {
  local before
  before=$(counted_there eth1 rx_csum_offload_errors)
  there iperf3 -s -D
  sleep 0.5
  iperf3 -c "$THERE" -u -b 5M -l 1400 -t 2 >/tmp/iperf
  there killall iperf3
  cat /tmp/iperf
  awk '/receiver/ {loss = $(NF - 1)}
       END {gsub(/[()%]/, "", loss); exit !(loss != "" && loss < 20)}' /tmp/iperf
  [ "$(counted_there eth1 rx_csum_offload_errors)" = "$before" ]
}

# The driver reads the card's counters every other second. What one card sent while the other was
# down nobody received.
counters_agree() {
  sent=$(($(counted eth0 tx_pkts_nic) - sent_before))
  received=$(($(counted_there eth1 rx_pkts_nic) - received_before))
  [ "$sent" -ge 100 ] && [ "$sent" = "$received" ]
}

test_statistics() {
  local sent received sent_before received_before
  sleep 3
  sent_before=$(counted eth0 tx_pkts_nic)
  received_before=$(counted_there eth1 rx_pkts_nic)
  pings 100 "$THERE"
  within 80 counters_agree || { echo "sent $sent, received $received" && false; }
  [ "$(counted_there eth1 rx_errors)" = 0 ]
  [ "$(counted_there eth1 rx_crc_errors)" = 0 ]
}

test_rss() {
  there ethtool -L eth1 combined 2
  there ethtool -X eth1 equal 2
  within 100 carrier eth0
  sleep 0.5
  local q
  for q in 0 1; do counted_there eth1 rx_queue_${q}_packets >/tmp/queue$q; done
  there iperf3 -s -D
  sleep 0.5
  iperf3 -c "$THERE" -P 8 -t 2 >/dev/null
  there killall iperf3
  for q in 0 1; do
    echo "queue $q: $(cat /tmp/queue$q), then $(counted_there eth1 rx_queue_${q}_packets)"
    [ "$(counted_there eth1 rx_queue_${q}_packets)" -gt "$(($(cat /tmp/queue$q) + 10))" ]
  done
}

test_ring_sizes() {
  ethtool -G eth0 rx 64 tx 64
  there ethtool -G eth1 rx 4096 tx 4096
  within 100 carrier eth0
  sleep 0.5
  pings 200 "$THERE"
  tcp_copies 2000000
  ethtool -G eth0 rx 512 tx 512
  there ethtool -G eth1 rx 512 tx 512
  within 100 carrier eth0
}

test_mtu_9000() {
  ip link set eth0 mtu 9000
  there ip link set eth1 mtu 9000
  within 100 carrier eth0
  sleep 0.5
  pings 50 "$THERE" -s 8972 -M do
  tcp_copies 4000000
  ip link set eth0 mtu 1500
  there ip link set eth1 mtu 1500
  within 100 carrier eth0
  sleep 0.5
}

test_vlan() {
  ip link add link eth0 name eth0.100 type vlan id 100
  there ip link add link eth1 name eth1.100 type vlan id 100
  ip addr add 10.0.100.1/24 dev eth0.100
  there ip addr add 10.0.100.2/24 dev eth1.100
  ip link set eth0.100 up
  there ip link set eth1.100 up
  sleep 0.5
  pings 50 10.0.100.2
  HERE=10.0.100.1
  THERE=10.0.100.2
  tcp_copies 1000000
  ip link del eth0.100
  there ip link del eth1.100
}

test_promiscuous() {
  local before
  ip neigh replace 10.0.0.9 lladdr 02:00:00:00:00:99 dev eth0
  before=$(counted_there eth1 rx_packets)
  ping -q -c 20 -i 0.01 -W 1 10.0.0.9 || true
  [ "$(($(counted_there eth1 rx_packets) - before))" -lt 10 ]
  there ip link set eth1 promisc on
  before=$(counted_there eth1 rx_packets)
  ping -q -c 20 -i 0.01 -W 1 10.0.0.9 || true
  [ "$(($(counted_there eth1 rx_packets) - before))" -ge 20 ]
  there ip link set eth1 promisc off
}

test_multicast() {
  local before
  ip route add 225.0.0.0/8 dev eth0
  before=$(counted_there eth1 rx_packets)
  ping -q -c 20 -i 0.01 -W 1 225.1.2.3 || true
  [ "$(($(counted_there eth1 rx_packets) - before))" -lt 10 ]
  there ip maddr add 01:00:5e:01:02:03 dev eth1
  before=$(counted_there eth1 rx_packets)
  ping -q -c 20 -i 0.01 -W 1 225.1.2.3 || true
  [ "$(($(counted_there eth1 rx_packets) - before))" -ge 20 ]
}

test_up_and_down() {
  local i
  for i in 1 2 3 4 5 6 7 8 9 10; do
    ip link set eth0 down
    ip link set eth0 up
  done
  within 100 carrier eth0
  sleep 0.5
  pings 50 "$THERE"
}

test_unbind_and_bind() {
  local i device
  device=$(basename "$(readlink /sys/class/net/eth0/device)")
  for i in 1 2 3; do
    echo "$device" >/sys/bus/pci/drivers/ixgbe/unbind
    echo "$device" >/sys/bus/pci/drivers/ixgbe/bind
  done
  ip addr add 10.0.0.1/24 dev eth0
  connect
  pings 50 "$THERE"
}

test_selftest() {
  ethtool -t eth0 offline
}

test_kernel_is_content() {
  ! dmesg | grep -E "BUG|WARNING|Oops|Tx Unit Hang|Detected Tx|DMAR"
}
