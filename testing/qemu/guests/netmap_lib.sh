# What scripts have in common that run netmap programs on /dev/netmap itself.

card() { sh /guest/bind.sh "$@"; }

# The names of the cards, in the order they sit on the bus.
load_netmap() {
  # The host says nothing by itself, so that frames can be counted.
  echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
  insmod /modules/netmap.ko
  within 20 test -c /dev/netmap
}

bind_all() {
  local name
  for name in "$@"; do
    card bind "$name"
  done
  for name in "$@"; do
    ip link set "$name" up
    within 100 carrier "$name"
  done
}

# $1 frames from card $2 to card $3, $4 a second: all must arrive, and no others.
flow() {
  local receiver
  pkt-gen -i "netmap:$3" -f rx -w 0 >"/tmp/received-$3" 2>&1 &
  receiver=$!
  # Some cards receive nothing for a second after a ring was opened.
  sleep 2
  pkt-gen -i "netmap:$2" -f tx -n "$1" -R "$4" -w 0 >"/tmp/sent-$2" 2>&1 || {
    echo "pkt-gen: status $?"
    tail -n 3 "/tmp/sent-$2"
    return 1
  }
  sleep 1
  kill -INT "$receiver" || {
    cat "/tmp/received-$3"
    return 1
  }
  wait "$receiver" || true
  grep "^Sent $1 packets" "/tmp/sent-$2" || {
    tail -n 3 "/tmp/sent-$2"
    return 1
  }
  grep "^Received $1 packets" "/tmp/received-$3" || {
    tail -n 3 "/tmp/received-$3"
    return 1
  }
}

# Takes what is still on its way to these cards: QEMU keeps frames for a card that does not receive.
drain() {
  local name
  for name in "$@"; do
    timeout -s INT 4 pkt-gen -i "netmap:$name" -f rx -w 0 >/dev/null 2>&1 || true
  done
}

# The rest must fail, and say $1.
refused() {
  local what=$1
  shift
  if "$@" >/tmp/refused 2>&1; then
    echo "it should have failed: $*"
    return 1
  fi
  grep -- "$what" /tmp/refused || {
    cat /tmp/refused
    return 1
  }
}

# What arrives at card $1 of 100 frames for somebody else that card $2 sends: $3, as pkt-gen says.
strangers() {
  local receiver
  pkt-gen -i "netmap:$1" -f rx -w 0 >/tmp/strangers 2>&1 &
  receiver=$!
  sleep 2
  pkt-gen -i "netmap:$2" -f tx -n 100 -R 1000 -w 0 -D 02:00:00:00:00:99 >/dev/null 2>&1
  sleep 1
  kill -INT "$receiver"
  wait "$receiver" || true
  grep "^Received $3" /tmp/strangers || {
    tail -n 3 /tmp/strangers
    return 1
  }
}

# A program that takes everything and looks at nothing: what came from the card goes on to the host,
# and with the host rings open what came from the host goes on to the card.
forwarding() {
  local port receiver before
  split
  echo 1 >/sys/module/netmap/parameters/fwd
  for port in netmap:eth0/R "netmap:eth0*"; do
    before=$(stat_of eth0 forwarded_to_host)
    pkt-gen -i "$port" -f rx -w 0 >/tmp/forwarding 2>&1 &
    receiver=$!
    sleep 2
    host_traffic 500000
    [ "$(stat_of eth0 forwarded_to_host)" -gt "$((before + 400))" ]
    kill -INT "$receiver"
    wait "$receiver" || true
  done
  echo 0 >/sys/module/netmap/parameters/fwd
  [ "$(stat_of eth0 forwarded_to_card)" -gt 400 ]
  sleep 2
  pings 50 "$THERE"
  join
}

# The machine sleeps (its devices lose their power) for some seconds, and wakes by its clock.
asleep() {
  echo 0 >/sys/class/rtc/rtc0/wakealarm
  echo +3 >/sys/class/rtc/rtc0/wakealarm
  echo mem >/sys/power/state
  dmesg | tail -n 60 | grep "Waking up from system sleep state S3"
}

# A program receives before and after, and so does the host.
sleep_and_wake() {
  local receiver i
  split
  pings 20 "$THERE"
  for i in 1 2; do
    asleep
    carriers
    sleep 2
    pings 50 "$THERE"
  done
  join
  pkt-gen -i netmap:eth1 -f rx -w 0 >/tmp/slept 2>&1 &
  receiver=$!
  sleep 2
  asleep
  within 100 carrier eth0
  within 100 carrier eth1
  sleep 2
  pkt-gen -i netmap:eth0 -f tx -n 1000 -R 1000 -w 0
  sleep 1
  kill -INT "$receiver"
  wait "$receiver"
  grep "^Received 1000 packets" /tmp/slept || {
    tail -n 3 /tmp/slept
    return 1
  }
  [ "$(stat_of eth0 resets)" = 0 ]
  [ "$(stat_of eth0 spontaneous_resets)" = 0 ]
}

# Promiscuous or not, and frames of nine thousand bytes: settings of a netdev like any other.
settings() {
  local changes
  changes=$(stat_of eth1 link_changes)
  strangers eth1 eth0 nothing
  ip link set eth1 promisc on
  strangers eth1 eth0 "100 packets"
  ip link set eth1 promisc off
  strangers eth1 eth0 nothing
  [ "$(stat_of eth1 link_changes)" = "$changes" ]
  split
  refused "mtu greater than device maximum" ip link set eth0 mtu 20000
  ip link set eth0 mtu 9000
  there ip link set eth1 mtu 9000
  carriers
  sleep 2
  pings 20 "$THERE" -s 8972 -M do
  ip link set eth0 mtu 1500
  within 100 carrier eth0
  sleep 2
  refused "message too long\|Message too long" ping -c 1 -s 8972 -M do "$THERE"
  there ip link set eth1 mtu 1500
  pings 20 "$THERE"
  [ "$(stat_of eth0 resets)" = 0 ]
  join
}

# The host's own traffic, between the two halves of the guest.
host_traffic() {
  pings 200 "$THERE"
  pings 50 "$THERE" -s 1472 -M do
  pings 50 "$THERE" -s 20000
  tcp_copies "$1"
}

# A program between the card and the host, through the host rings.
host_rings() {
  local bridge
  split
  bridge -i netmap:eth0 -w 1 >/tmp/bridge 2>&1 &
  bridge=$!
  sleep 3
  host_traffic 2000000
  grep "Ready to go" /tmp/bridge
  [ "$(stat_of eth0 host_ring_to_host)" -gt 400 ]
  [ "$(stat_of eth0 host_ring_to_program)" -gt 400 ]
  kill -INT "$bridge"
  wait "$bridge"
  sleep 2
  pings 50 "$THERE"
  join
}

# eth0 here and eth1 in the other half.
split() {
  set_up
  there sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'
  ip link set eth0 up
  there ip link set eth1 up
  carriers
}

# Both of them have a link.
carriers() {
  within 100 carrier eth0
  within 100 there sh -c '[ "$(cat /sys/class/net/eth1/carrier)" = 1 ]'
}

join() {
  ip addr flush dev eth0
  there ip link set eth1 netns 1
  ip netns del there
  ip link set eth1 up
  within 100 carrier eth1
}

stat_of() { ethtool -S "$1" | one_counter "$2"; }
