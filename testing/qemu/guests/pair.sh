# Two guests, a card each, and a wire between them that loses and delays frames. What both have.

come_up() {
  ip addr add "$1/24" dev eth0
  ip link set eth0 up
  within 300 carrier eth0
}
