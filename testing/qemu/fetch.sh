#!/bin/bash
# What guests need, and headers to build the module with, from Debian's packages, unpacked into
# FOLDER; what is there already stays.
#   usage: fetch.sh FOLDER [6.1 | 6.12 | dpdk ...]      kernels, and DPDK; without one all
set -eu
folder=$1
shift
[ $# -gt 0 ] || set -- 6.1 6.12 dpdk
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
"$here/fetch_qemu.sh" "$folder/qemu"
"$here/unpack.sh" "$folder/programs" bookworm busybox-static ethtool iproute2 iputils-ping iperf3
for what; do
  case $what in
    6.1) suites="bookworm bookworm-security" ;;
    6.12) suites="bookworm bookworm-security bookworm-backports" ;;
    dpdk)
      # coreutils: what makes a program's output come line by line.
      "$here/unpack.sh" "$folder/dpdk" bookworm dpdk-dev coreutils
      continue
      ;;
  esac
  "$here/unpack.sh" "$folder/kernels/$what" "$suites" linux-image-amd64
  "$here/unpack.sh" --only '^linux-' "$folder/headers/$what" "$suites" linux-headers-amd64
  # Their makefiles name each other by where they would be installed.
  root=$(cd "$folder/headers/$what/root" && pwd)
  sed -i "s|^include /usr/src/|include $root/usr/src/|" \
    "$root"/usr/src/linux-headers-*-amd64/Makefile
done
