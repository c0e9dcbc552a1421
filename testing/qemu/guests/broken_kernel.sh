# Shows that a driver's mistake and a kernel that dies fail the run.

# A register that no 82599 has.
test_writes_nowhere() {
  local device=/sys/bus/pci/devices/0000:01:00.0
  echo 1 >$device/enable
  devmem $(($(awk 'NR == 1 {print $1}' $device/resource) + 0x1fff0)) 32 1
}

test_panics() { echo c >/proc/sysrq-trigger; }

test_comes_no_more() { true; }
