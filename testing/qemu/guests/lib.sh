# What guest scripts have in common. A script defines test_NAME functions; each runs with `set -e`
# and is told of by one line on the console. $TESTS has their names in order, from the host, and
# $COMPLAINTS what a kernel says that has come to grief: a test during which it says so has failed.

export PATH=/programs:/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mkdir -p /run/netns
# The console is for results, the second line for questions.
dmesg -n 1
stty -F /dev/ttyS1 raw -echo
exec 9<>/dev/ttyS1

load_modules() {
  local module
  for module in "$@"; do
    insmod "/modules/$module.ko" || echo "@fail load $module"
  done
}

seconds() { cut -d. -f1 /proc/uptime; }

complaints() { dmesg | grep -E "$COMPLAINTS" || true; }

# A fault before the first test is of that one.
run_tests() {
  local test code before=0 now began
  for test in $TESTS; do
    began=$(seconds)
    (
      set -e
      "test_$test"
    ) >/tmp/out 2>&1
    code=$?
    now=$(complaints | wc -l)
    if [ "$now" != "$before" ]; then
      complaints | tail -n +$((before + 1)) >>/tmp/out
      before=$now
      code="$code, and the kernel complains"
    fi
    if [ "$code" = 0 ]; then
      echo "@ok $test $(($(seconds) - began)) s"
    else
      tail -n 12 /tmp/out | sed 's/^/@| /'
      echo "@fail $test status $code"
    fi
  done
}

# Asks the host; prints its answer. False if it could not do what was asked.
ask() {
  local verdict answer
  echo "$*" >&9
  read -r verdict answer <&9
  echo "$answer"
  [ "$verdict" = yes ]
}

# --- What went over the wire, as the host tells (docs/qemu-devices.md, --stats) ---

# From here on it is counted.
mark_wire() { ask stats >/tmp/base; }

# All that was sent has arrived: nothing is counted between two looks.
quiet() {
  ask stats >/tmp/now
  sleep 0.3
  [ "$(ask stats)" = "$(cat /tmp/now)" ]
}

# One of the words of such a line: word FILE NAME.
word() { tr ' ' '\n' <"$1" | sed -n "s/^$2=//p"; }

# How much a count has grown between the mark and the last look, e.g. 0.sent.frames.
grown() { echo $(($(word /tmp/now "$1") - $(word /tmp/base "$1"))); }

at_least() { [ "$(grown "$1")" -ge "$2" ]; }

# Rules come in: agree CARD FILE (agree.awk).
agree() { awk -v card="$1" -v counters="$2" -f /guest/agree.awk; }

# --- Programs ---

# This shell takes its own versions of programs first.
ip() { /programs/ip "$@"; }
ping() { /programs/ping "$@"; }

# Runs a command in the other half of the guest, where the second card is.
there() { ip netns exec there "$@"; }

# Makes the other half. Its end puts the card back.
HERE=10.0.0.1
THERE=10.0.0.2
set_up() {
  ip netns add there
  ip link set eth1 netns there
  ip addr add "$HERE/24" dev eth0
  there ip addr add "$THERE/24" dev eth1
  there ip link set lo up
}

# $1 tries of the rest, a tenth of a second apart.
within() {
  local tries=$1
  shift
  while ! "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}

carrier() { [ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]; }

# A counter of `ethtool -S`, e.g. counted eth0 rx_packets; and of the card that is there.
one_counter() { awk -v name="$1:" '$1 == name {print $2}'; }
counted() { ethtool -S "$1" | one_counter "$2"; }
counted_there() { there ethtool -S "$1" | one_counter "$2"; }

# All of them come back: $1 how many, $2 to where, the rest for ping. The kernel counts replies:
# ping itself waits for the last one no longer than twice the longest round trip.
pings() {
  local count=$1 to=$2 before
  shift 2
  before=$(echo_replies)
  ping -q -c "$count" -i 0.01 -W 2 "$@" "$to" || true
  within 20 echo_replies_are $((before + count)) || { what_was_lost && false; }
}

echo_replies() {
  awk '$1 != "Icmp:" {next}
       column {print $column}
       {for (i = 1; i <= NF; ++i) if ($i == "InEchoReps") column = i}' /proc/net/snmp
}
echo_replies_are() { [ "$(echo_replies)" = "$1" ]; }

# What is not zero, in one line: of lines "name: value", and of /proc/net/snmp.
not_zero() { awk '$2 > 0 {printf "%s %s; ", $1, $2} END {print ""}'; }
not_zero_snmp() {
  awk '/^(Ip|Icmp):/ {
         for (i = 2; i <= NF; i++) {
           if (!named[$1]) name[$1, i] = $i
           else if ($i > 0) printf "%s%s %s; ", $1, name[$1, i], $i
         }
         named[$1] = 1
       } END {print ""}'
}

# What the cards and the stacks of both halves have counted, and what waits.
what_was_lost() {
  local limits=/sys/class/net/eth0/queues/tx-0/byte_queue_limits
  ethtool -S eth0 | not_zero
  there ethtool -S eth1 | not_zero
  not_zero_snmp </proc/net/snmp
  there cat /proc/net/snmp | not_zero_snmp
  echo "limit $(cat $limits/limit), in flight $(cat $limits/inflight); $(ip neigh show dev eth0)"
  ip -s link show eth0 | grep -A1 -E "[RT]X:"
}

# $1 bytes over TCP, from there to here and from here to there, byte for byte.
tcp_copies() {
  mkdir -p /tmp/www
  head -c "$1" /dev/urandom >/tmp/www/sent
  there httpd -p 7000 -h /tmp/www
  httpd -p 7001 -h /tmp/www
  timeout 60 wget -q -O /tmp/received "http://$THERE:7000/sent"
  cmp /tmp/www/sent /tmp/received
  there timeout 60 wget -q -O /tmp/received "http://$HERE:7001/sent"
  killall httpd
  cmp /tmp/www/sent /tmp/received
}
