# What guest scripts have in common. A script defines test_NAME functions; each runs with `set -e`
# and is told of by one line on the console. $TESTS has their names in order, from the host.

export PATH=/programs:/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mkdir -p /run/netns
# The console is for results.
dmesg -n 1

load_modules() {
  local module
  for module in "$@"; do
    insmod "/modules/$module.ko" || echo "@fail load $module"
  done
}

run_tests() {
  local test code
  for test in $TESTS; do
    (
      set -e
      "test_$test"
    ) >/tmp/out 2>&1
    code=$?
    if [ "$code" = 0 ]; then
      echo "@ok $test"
    else
      tail -n 12 /tmp/out | sed 's/^/@| /'
      echo "@fail $test status $code"
    fi
  done
}

# This shell takes its own versions of programs first.
ip() { /programs/ip "$@"; }
ping() { /programs/ping "$@"; }

# Runs a command in the other half of the guest, where the second card is.
there() { ip netns exec there "$@"; }

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

# All of them come back: $1 how many, $2 to where, the rest for ping.
pings() {
  local count=$1 to=$2
  shift 2
  ping -q -c "$count" -i 0.01 -W 2 "$@" "$to" | tee /tmp/ping
  grep -q " 0% packet loss" /tmp/ping
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
