# Answers pings, gives back what it gets over TCP, and goes when it is told to.
. /guest/pair.sh

test_serve() {
  come_up 10.0.0.2
  nc -ll -p 7000 -e cat &
  timeout 200 nc -l -p 7001 </dev/null
}
