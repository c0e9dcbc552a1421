#!/bin/bash
# What guests need, and headers to build the module with, from Debian's packages, unpacked into
# FOLDER; what is there already stays.
#   usage: fetch.sh FOLDER [KERNEL ...]      kernels: 6.1, 6.12; without one both
set -eu
folder=$1
shift
[ $# -gt 0 ] || set -- 6.1 6.12
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
"$here/fetch_qemu.sh" "$folder/qemu"
"$here/unpack.sh" "$folder/programs" bookworm busybox-static ethtool iproute2 iputils-ping iperf3
for kernel; do
  case $kernel in
    6.1) suites="bookworm bookworm-security" ;;
    6.12) suites="bookworm bookworm-security bookworm-backports" ;;
  esac
  "$here/unpack.sh" "$folder/kernels/$kernel" "$suites" linux-image-amd64
  "$here/unpack.sh" --only '^linux-' "$folder/headers/$kernel" "$suites" linux-headers-amd64
  # Their makefiles name each other by where they would be installed.
  root=$(cd "$folder/headers/$kernel/root" && pwd)
  sed -i "s|^include /usr/src/|include $root/usr/src/|" \
    "$root"/usr/src/linux-headers-*-amd64/Makefile
done
