# Asks the other guest for everything, and in the end to go.
. /guest/pair.sh

test_link() {
  come_up 10.0.0.1
  within 30 ping -q -c 1 -W 2 10.0.0.2
}

# A ping crosses twice: 5 ms and one frame of twenty lost each way.
test_loss_and_delay() {
  ping -q -c 400 -i 0.02 -W 2 10.0.0.2 | tee /tmp/ping || true
  awk '/packet loss/ {for (i = 1; i <= NF; ++i) if ($i ~ /%$/) loss = $i + 0}
       /^rtt/ {split($4, times, "/"); least = times[1]}
       END {exit !(loss > 2 && loss < 25 && least >= 10)}' /tmp/ping
}

test_tcp_in_spite_of_loss() {
  head -c 300000 /dev/urandom >/tmp/sent
  timeout 60 nc 10.0.0.2 7000 </tmp/sent >/tmp/received
  cmp /tmp/sent /tmp/received
}

test_go() {
  for i in 1 2 3 4 5 6 7 8 9 10; do
    timeout 5 nc 10.0.0.2 7001 </dev/null >/dev/null 2>&1 && break
  done
}
