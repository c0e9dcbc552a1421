# DPDK's own ixgbe driver, without a kernel's: testpmd has both cards, which one wire joins. What it
# counts, by the cards' registers, is held against what went over the wire.
mkfifo /tmp/commands
exec 8<>/tmp/commands

# --- testpmd, line by line ---

prompts() { grep -o "testpmd> " /tmp/pmd | wc -l; }
prompted() { [ "$(prompts)" -ge "$1" ]; }

# Starts it with these arguments of its own. Any line it prints is in the file at once.
start_pmd() {
  LD_PRELOAD=/usr/libexec/coreutils/libstdbuf.so _STDBUF_O=L testpmd -l 0,1 -- \
    --interactive --total-num-mbufs=16384 --tx-offloads=0x8000 "$@" <&8 >/tmp/pmd 2>&1 8<&- 9<&- &
  within 600 prompted 1
}

# A command; returns when it has been done.
pmd() {
  local before
  before=$(prompts)
  echo "$*" >&8
  within 300 prompted $((before + 1))
}

pmd_gone() { ! pidof testpmd >/dev/null; }

# Both ports stop, and the process ends well.
end_pmd() {
  echo quit >&8
  within 300 pmd_gone
  grep "Bye..." /tmp/pmd
}

# --- Counters ---

# From here on frames are counted.
mark() {
  pmd clear port xstats all
  mark_wire
}

# Asks port $1 for all it has counted.
port_stats() {
  pmd show port xstats "$1"
  tac /tmp/pmd | sed "/extended statistics for port $1/q" >"/tmp/xstats$1"
}

xstat() { sed -n "s/^$2: //p" "/tmp/xstats$1"; }

# What a port says since the mark is what was on its wire; bytes are without CRC, but for those of
# a queue that sends. A frame that came is in memory or was missed.
counters_agree() {
  local i bad=
  within 50 quiet
  for i in 0 1; do
    port_stats $i
    echo "card $i: sent $(grown $i.sent.frames), missed $(xstat $i rx_missed_errors)"
    agree $i /tmp/xstats$i <<END || bad=yes
tx_good_packets = 1 sent.frames
tx_total_packets = 1 sent.frames
tx_q[0-9]+_packets = 1 sent.frames
tx_good_bytes = 1 sent.bytes -4 sent.frames
tx_q[0-9]+_bytes = 1 sent.bytes
tx_multicast_packets = 1 sent.multicast
tx_broadcast_packets = 1 sent.broadcast
tx_size_64_packets = 1 sent.from_64
tx_size_65_to_127_packets = 1 sent.from_65
tx_size_128_to_255_packets = 1 sent.from_128
tx_size_256_to_511_packets = 1 sent.from_256
tx_size_512_to_1023_packets = 1 sent.from_512
tx_size_1024_to_max_packets = 1 sent.from_1024
rx_good_packets rx_missed_errors = 1 received.frames
rx_q[0-9]+_packets rx_missed_errors = 1 received.frames
rx_total_packets = 1 received.frames
rx_total_bytes = 1 received.bytes -4 received.frames
rx_multicast_packets = 1 received.multicast
rx_broadcast_packets = 1 received.broadcast
rx_size_64_packets = 1 received.from_64
rx_size_65_to_127_packets = 1 received.from_65
rx_size_128_to_255_packets = 1 received.from_128
rx_size_256_to_511_packets = 1 received.from_256
rx_size_512_to_1023_packets = 1 received.from_512
rx_size_1024_to_max_packets = 1 received.from_1024
rx_errors rx_q[0-9]+_errors rx_mbuf_allocation_errors = 0 received.frames
END
  done
  [ -z "$bad" ]
}

# And none was missed for want of room.
nothing_is_missed() {
  local i bad=
  for i in 0 1; do
    agree $i /tmp/xstats$i <<END || bad=yes
rx_missed_errors = 0 received.frames
rx_good_bytes = 1 received.bytes -4 received.frames
END
  done
  [ -z "$bad" ]
}

both_up() {
  pmd show port summary all
  [ "$(tail -n 4 /tmp/pmd | grep -c " up ")" = 2 ]
}

# The last report of a checksum engine has no bad frame.
nothing_is_bad() {
  grep "Bad-ipcsum" /tmp/pmd | tail -n 3
  grep "Bad-ipcsum" /tmp/pmd && ! grep -E "Bad-(ip|l4|outer-l4|outer-ip)csum: *[1-9]" /tmp/pmd
}

# What waits in the cards is taken.
drain() {
  within 50 quiet
  pmd set fwd rxonly
  pmd start
  sleep 1
  pmd stop
}

# --- Tests ---

test_probe() {
  # DPDK loads nothing from a place that anybody may write to.
  chmod 755 /
  mkdir -p /dev/hugepages
  mount -t hugetlbfs none /dev/hugepages
  echo 8086 10fb >/sys/bus/pci/drivers/uio_pci_generic/new_id
  start_pmd
  pmd show port info all
  [ "$(grep -c "Driver name: net_ixgbe" /tmp/pmd)" = 2 ]
  [ "$(grep -c "Link status: up" /tmp/pmd)" = 2 ]
  [ "$(grep -c "Link speed: 10 Gbps" /tmp/pmd)" = 2 ]
  grep "MAC address: 02:4D:57:82:59:01" /tmp/pmd
}

# 128 frames each way go round until they are stopped: fewer than a ring has room for.
test_frames_go_round() {
  mark
  pmd start tx_first 4
  sleep 1
  pmd stop
  counters_agree
  nothing_is_missed
  at_least 0.sent.frames 1000
}

# Nobody listens at the other end, until all is over.
test_flood() {
  mark
  pmd set portlist 0
  pmd set fwd txonly
  pmd start
  sleep 1
  pmd stop
  pmd set portlist 0,1
  drain
  counters_agree
  at_least 0.sent.frames 10000
}

# Both ports send and receive, as fast as they can.
test_both_ways() {
  mark
  pmd set portlist 0,1
  pmd set fwd flowgen
  pmd set txpkts 300
  pmd start
  sleep 1
  pmd stop
  drain
  counters_agree
  at_least 0.sent.frames 10000
  at_least 1.sent.frames 10000
}

# Frames of several pieces, each of a size class of its own.
test_pieces_and_sizes() {
  local sizes
  mark
  pmd set portlist 0
  pmd set fwd txonly
  for sizes in 60 61 64,59 64,60 100,151 100,152 200,300,7 200,300,8 500,500,19 500,500,20 1514; do
    pmd set txpkts $sizes
    pmd set burst 1
    pmd start
    sleep 0.1
    pmd stop
  done
  pmd set burst 32
  pmd set portlist 0,1
  drain
  counters_agree
}

# $1 queues each way, after the ports were stopped; queue n has counter set n.
restart_with() {
  local i q
  pmd port stop all
  pmd port config all rxq "$1"
  pmd port config all txq "$1"
  pmd port config all rss ip
  pmd port start all
  for i in 0 1; do
    for q in $(seq 0 $(($1 - 1))); do
      pmd set stat_qmap rx $i $q $q
      pmd set stat_qmap tx $i $q $q
    done
  done
  within 100 both_up
}

# The card's own hash spreads flows over four queues.
test_queues() {
  local i q
  restart_with 4
  mark
  pmd set fwd flowgen
  pmd set txpkts 100
  pmd start
  sleep 1
  pmd stop
  drain
  counters_agree
  for i in 0 1; do
    for q in 0 1 2 3; do
      echo "queue $q: $(xstat $i rx_q${q}_packets) in, $(xstat $i tx_q${q}_packets) out"
      [ "$(xstat $i rx_q${q}_packets)" -gt 100 ]
      [ "$(xstat $i tx_q${q}_packets)" -gt 100 ]
    done
  done
}

# $1 and what it needs goes round with frames of 64 bytes.
goes_round() {
  mark
  pmd set txpkts 64
  pmd set fwd "$1"
  pmd start tx_first 4
  sleep 1
  pmd stop
  counters_agree
  nothing_is_missed
  at_least 0.sent.frames 1000
}

# Sums of IP headers are made by one card and judged by the other.
test_checksums() {
  restart_with 1
  pmd port stop all
  pmd csum set ip hw 0
  pmd csum set ip hw 1
  pmd port start all
  within 100 both_up
  goes_round csum
  nothing_is_bad
}

# Tags are put in and taken off by the cards: 64 bytes, a tag and the CRC on the wire, however often
# a frame goes round. The first 128 have none.
test_tags() {
  local i
  pmd port stop all
  for i in 0 1; do
    pmd vlan set strip on $i
    pmd tx_vlan set $i 100
  done
  pmd port start all
  within 100 both_up
  goes_round mac
  for i in 0 1; do
    echo "port $i: $(grown $i.sent.frames) frames, $(grown $i.sent.bytes) bytes"
    [ "$(grown $i.sent.bytes)" -ge $((72 * $(grown $i.sent.frames) - 4 * 128)) ]
  done
  pmd port stop all
  for i in 0 1; do
    pmd vlan set strip off $i
    pmd tx_vlan reset $i
  done
  pmd port start all
  within 100 both_up
}

# Only its own address gets through when a port is not promiscuous.
test_filter() {
  pmd set promisc all off
  mark
  pmd set portlist 0
  pmd set fwd txonly
  pmd set burst 1
  pmd start
  sleep 0.2
  pmd stop
  within 50 quiet
  port_stats 1
  at_least 0.sent.frames 10
  agree 1 /tmp/xstats1 <<END
rx_total_packets = 1 received.frames
rx_good_packets rx_missed_errors = 0 received.frames
END
  pmd set eth-peer 0 02:4D:57:82:59:02
  mark
  pmd start
  sleep 0.2
  pmd stop
  pmd set burst 32
  pmd set portlist 0,1
  drain
  counters_agree
}

test_end() { end_pmd; }
