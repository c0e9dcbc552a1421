# The cards' server dies under Linux's driver, and comes back; the cards are taken out and put in
# again, as QEMU 11 needs it, which does not connect again. Without MSI-X: it aborts when a
# vfio-user device is unplugged that has it.
. /guest/ixgbe_intx.sh

removed() { [ "$(dmesg | grep -c "ixgbe.*Adapter removed")" -ge "$1" ]; }
no_cards() {
  [ ! -e /sys/bus/pci/devices/0000:01:00.0 ] && [ ! -e /sys/bus/pci/devices/0000:02:00.0 ]
}
both_there() { [ -e /sys/class/net/eth0 ] && [ -e /sys/class/net/eth1 ]; }

# The system lives on without its cards: both drivers see that they are gone, and interfaces can
# still be asked and switched.
server_dies() {
  local removals
  removals=$(dmesg | grep -c "ixgbe.*Adapter removed" || true)
  ask kill-server
  # The driver looks at its registers every other second.
  within 200 removed $((removals + 2))
  ip link show eth0
  ip -s link show eth0
  ip link set eth0 down
  ip link set eth0 up || true
  ! ping -q -c 2 -i 0.1 -W 1 "$THERE"
}

cards_come_again() {
  ask start-server
  ask unplug 0
  ask unplug 1
  within 100 no_cards
  ip netns del there
  ask plug 0
  ask plug 1
  echo 1 >/sys/bus/pci/rescan
  within 100 both_there
  set_up
  connect
  pings 100 "$THERE"
}

test_server_dies() { server_dies; }

test_cards_come_again() { cards_come_again; }

test_once_more() {
  server_dies
  cards_come_again
  tcp_copies 1000000
}
