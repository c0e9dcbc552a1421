# Linux's own ixgbe on two modelled 82599s that one wire joins: eth0 here, eth1 in a network
# namespace of its own.
# What has been added since the mark, of two outputs of ethtool -S.
SINCE_MARK='{sub(/:$/, "", $1)} NR == FNR {was[$1] = $2; next} {print $1 ": " $2 - was[$1]}'

connect() {
  ip link set eth0 up
  there ip link set eth1 up
  within 100 carrier eth0
  sleep 0.5
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

# Counters of an interface as lines "NAME: VALUE": those of `ethtool -S`, and those of sizes, which
# the driver shows to `ethtool -d` alone, among its registers.
all_counters() {
  ethtool -S "$1" | sed 's/^ *//'
  ethtool -d "$1" raw on | od -A n -t u4 -v | awk '{for (i = 1; i <= NF; ++i) word[n++] = $i}
    END {
      split("64 127 255 511 1023 1522", size, " ")
      for (i = 0; i < 6; ++i) print "prc" size[i + 1] ": " word[932 + i]
      for (i = 0; i < 6; ++i) print "ptc" size[i + 1] ": " word[965 + i]
      print "mptc: " word[971]
      print "bptc: " word[972]
    }'
}

# Of the card that is there; functions of this shell do not cross.
all_counters_there() {
  (
    ethtool() { there /programs/ethtool "$@"; }
    all_counters eth1
  )
}

# The driver reads the card's counters every other second. With both interfaces promiscuous
# whatever comes passes the filters.
counters_agree() {
  local i bad=
  ask stats >/tmp/now
  all_counters eth0 | awk "$SINCE_MARK" /tmp/marked0 - >/tmp/counted0
  all_counters_there | awk "$SINCE_MARK" /tmp/marked1 - >/tmp/counted1
  for i in 0 1; do
    agree $i /tmp/counted$i >>/tmp/disagreed <<END || bad=yes
tx_pkts_nic = 1 sent.frames
tx_bytes_nic = 1 sent.bytes
rx_pkts_nic = 1 received.frames
rx_bytes_nic = 1 received.bytes
multicast = 1 received.multicast
broadcast = 1 received.broadcast
mptc = 1 sent.multicast
bptc = 1 sent.broadcast
prc64 = 1 received.from_64
prc127 = 1 received.from_65
prc255 = 1 received.from_128
prc511 = 1 received.from_256
prc1023 = 1 received.from_512
prc1522 = 1 received.from_1024
ptc64 = 1 sent.from_64
ptc127 = 1 sent.from_65
ptc255 = 1 sent.from_128
ptc511 = 1 sent.from_256
ptc1023 = 1 sent.from_512
ptc1522 = 1 sent.from_1024
rx_errors = 0 received.frames
rx_crc_errors = 0 received.frames
rx_missed_errors rx_no_buffer_count = 0 received.frames
rx_length_errors rx_over_errors = 0 received.frames
END
  done
  [ -z "$bad" ]
}

# Nothing goes over the wire for so long that the drivers have read all counters.
marked_in_silence() {
  mark_wire
  sleep 3
  all_counters eth0 >/tmp/marked0
  all_counters_there >/tmp/marked1
  [ "$(ask stats)" = "$(cat /tmp/base)" ]
}

# Both drivers agree with the wire.
test_statistics() {
  ip link set eth0 promisc on
  there ip link set eth1 promisc on
  within 10 marked_in_silence
  local size
  for size in 0 18 19 81 82 209 210 465 466 977 978 1472; do
    pings 10 "$THERE" -s $size
  done
  ping -q -c 20 -i 0.01 -W 1 -b 10.0.0.255 || true
  ping -q -c 20 -i 0.01 -W 1 -I eth0 224.0.0.251 || true
  there ping -q -c 10 -i 0.01 -W 1 -I eth1 224.0.0.251 || true
  within 10 counters_agree || { tail -n 10 /tmp/disagreed && false; }
  at_least 0.sent.frames 150
  at_least 0.sent.broadcast 20
  at_least 0.sent.multicast 20
  at_least 1.sent.multicast 10
  ip link set eth0 promisc off
  there ip link set eth1 promisc off
}

# Registers as `ethtool -d` shows them.
register() { awk -v name="$1" '$2 == name {print $NF; exit}' /tmp/registers; }

# What the driver wrote, and what the card says of itself.
test_registers() {
  local mac
  ethtool -d eth0 >/tmp/registers
  mac=$(tr a-f A-F </sys/class/net/eth0/address)
  echo "$mac: $(register RAL00), $(register RAH00)"
  # shellcheck disable=SC2086,SC2046  # six words
  set -- $(echo $mac | tr : ' ')
  [ "$(register RAL00)" = "0x$4$3$2$1" ]
  [ "$(register RAH00)" = "0x8000$6$5" ]
  grep "Link Speed: *10G" /tmp/registers
  grep "Receive CRC Strip: *enabled" /tmp/registers
  [ "$(register RXCTRL)" = 0x00000001 ]
  [ "$(register RDLEN00)" = 0x00002000 ]
  # RXDCTL.ENABLE and TXDCTL.ENABLE.
  [ $(($(register RXDCTL00) >> 25 & 1)) = 1 ]
  [ $(($(register TXDCTL00) >> 25 & 1)) = 1 ]
  # DRV_LOAD: a driver is there. EEPROM there, and read. LINKS: up.
  [ $(($(register CTRL_EXT) >> 28 & 1)) = 1 ]
  [ $(($(register EEC) >> 8 & 3)) = 3 ]
  [ $(($(register LINKS) >> 30 & 1)) = 1 ]
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

FIVE="1 2 3 4 5"

# Five times, with frames in between and without.
test_up_and_down() {
  local i
  for i in $FIVE; do
    ip link set eth0 down
    ip link set eth0 up
  done
  for i in $FIVE; do
    ip link set eth0 down
    ip link set eth0 up
    within 100 carrier eth0
    sleep 0.5
    pings 5 "$THERE"
  done
}

test_unbind_and_bind() {
  local i device
  device=$(basename "$(readlink /sys/class/net/eth0/device)")
  for i in $FIVE; do
    echo "$device" >/sys/bus/pci/drivers/ixgbe/unbind
    echo "$device" >/sys/bus/pci/drivers/ixgbe/bind
    ip addr add 10.0.0.1/24 dev eth0
    connect
    pings 5 "$THERE"
  done
}

test_selftest() {
  ethtool -t eth0 offline
}
