# A shell in a guest with cards that the module has, two and two on a wire.
. /guest/netmap_lib.sh

names=$(ls /sys/class/net | grep "^eth" | tr '\n' ' ')
if [ -f /modules/netmap.ko ]; then
  # shellcheck disable=SC2086  # words
  load_netmap && bind_all $names
fi
cat <<END

$(uname -sr) with $names: pkt-gen, ethtool, ip, ping, busybox. Try

  pkt-gen -i netmap:eth1 -f rx &
  pkt-gen -i netmap:eth0 -f tx -n 1000000

sh /guest/bind.sh status tells of the cards. exit ends the guest; Ctrl-A X ends QEMU.
END
stty -F /dev/ttyS0 sane
PS1='guest# ' setsid cttyhack sh
