# Shows that what goes wrong in a guest fails the run: boots.json says which of these must fail.
load_modules nothing

test_passes() { true; }

test_returns_false() { false; }

test_stops_early() {
  ls /nowhere
  true
}

# What a kernel says when it warns, by way of its own log.
test_kernel_warns() {
  echo "WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg
}

test_asks_nonsense() { ask how are you; }
