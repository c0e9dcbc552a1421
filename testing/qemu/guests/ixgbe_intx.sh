# The same without messages: the kernel runs with pci=nomsi.
. /guest/ixgbe.sh

test_probe() {
  set_up
  ethtool -i eth0 | grep "driver: ixgbe"
}

test_link() { connect; }

test_pin() {
  grep -E "IO-APIC.*eth0" /proc/interrupts
}

test_ping() { pings 200 "$THERE"; }

test_tcp() { tcp_copies 1000000; }
