#!/bin/sh
# Hands a network card to the netmap module, and back. Needs root, and the module loaded.
#   usage: bind CARD [--force] | unbind CARD | status
# CARD: a PCI address (0000:03:00.0, 03:00.0) or the name of its network device. --force takes a
# card that has an address, which cuts whoever is connected through it.
set -eu
sys=/sys/bus/pci
# Cards that the module has a driver for.
known="0x8086:0x100e 0x8086:0x100f 0x8086:0x10fb"

fail() {
  echo "mapwire: $*" >&2
  exit 1
}

read_line() { cat "$1" 2>/dev/null || true; }

# The driver of card $1, or nothing.
driver_of() {
  [ -L "$sys/devices/$1/driver" ] || return 0
  basename "$(readlink "$sys/devices/$1/driver")"
}

names_of() {
  ls "$sys/devices/$1/net" 2>/dev/null | tr '\n' ' ' | sed 's/ $//'
}

identity_of() {
  echo "$(read_line "$sys/devices/$1/vendor"):$(read_line "$sys/devices/$1/device")"
}

is_known() {
  case " $known " in *" $(identity_of "$1") "*) return 0 ;; esac
  return 1
}

# What was meant by $1.
find_card() {
  if [ -e "$sys/devices/$1" ]; then
    echo "$1"
  elif [ -e "$sys/devices/0000:$1" ]; then
    echo "0000:$1"
  elif [ -e "/sys/class/net/$1/device" ]; then
    found=$(basename "$(readlink -f "/sys/class/net/$1/device")")
    [ -e "$sys/devices/$found" ] || fail "$1 is not on the PCI bus"
    echo "$found"
  else
    fail "no card $1 (an address as in lspci -D, or the name of a network device)"
  fi
}

need_module() {
  [ -e "$sys/drivers/netmap" ] || fail "the module is not loaded (./mapwire module, then insmod)"
}

# Gives card $1 to whoever takes it: $2, or with - the driver that is made for it.
hand_over() {
  echo "$2" | tr - '\n' >"$sys/devices/$1/driver_override"
  [ -z "$(driver_of "$1")" ] || echo "$1" >"$sys/devices/$1/driver/unbind"
  # A refusal is seen by who has the card afterwards.
  echo "$1" >"$sys/drivers_probe" 2>/dev/null || true
}

bind() {
  need_module
  card=$(find_card "$1")
  [ "$(driver_of "$card")" != netmap ] || fail "$card is bound already ($(names_of "$card"))"
  is_known "$card" || fail "$card is a card $(identity_of "$card"), which nobody here drives"
  for name in $(names_of "$card"); do
    if [ "${2:-}" != --force ] && ip addr show dev "$name" scope global 2>/dev/null |
      grep -q inet; then
      fail "$name has an address: --force takes the card all the same"
    fi
  done
  hand_over "$card" netmap
  if [ "$(driver_of "$card")" != netmap ]; then
    hand_over "$card" -
    fail "the module did not take $card (dmesg tells why); its driver is $(driver_of "$card")"
  fi
  echo "$card: $(names_of "$card")"
}

unbind() {
  card=$(find_card "$1")
  [ "$(driver_of "$card")" = netmap ] || fail "$card is not bound to netmap"
  hand_over "$card" -
  echo "$card: driver $(driver_of "$card") $(names_of "$card")"
}

status() {
  if [ -e "$sys/drivers/netmap" ]; then
    echo "the module is loaded"
  else
    echo "the module is not loaded"
  fi
  for path in "$sys"/devices/*; do
    card=$(basename "$path")
    case $(read_line "$path/class") in 0x0200*) ;; *) continue ;; esac
    driver=$(driver_of "$card")
    note=
    if [ "$driver" != netmap ]; then
      if is_known "$card"; then note="(can be bound)"; else note="(no driver here)"; fi
    fi
    echo "$card $(identity_of "$card") driver ${driver:-none} $(names_of "$card") $note" |
      sed 's/ *$//; s/  */ /g'
  done
}

wrong_usage() {
  sed -n 's/^#   usage: /usage: /p' "$0" >&2
  exit 2
}

case ${1:-} in
  bind)
    { [ $# = 2 ] || { [ $# = 3 ] && [ "$3" = --force ]; }; } || wrong_usage
    ;;
  unbind) [ $# = 2 ] || wrong_usage ;;
  status) [ $# = 1 ] || wrong_usage ;;
  *) wrong_usage ;;
esac
[ "$1" = status ] || [ "$(id -u)" = 0 ] || fail "$1 needs root"
"$@"
