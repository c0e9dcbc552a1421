#!/bin/bash
# Builds programs that others wrote for netmap, from Debian's source packages as they are: libpcap
# with its netmap module, tcpdump on it, and Snort's data acquisition library (daq 2) with its.
#   usage: build.sh ROOT FOLDER      the repository; where everything is put
# Does nothing when FOLDER has it already.
set -eu -o pipefail
root=$1
folder=$2
packages=(libpcap tcpdump daq)
. "$root/testing/kit/apt.sh"

fail() {
  echo "foreign: $*" >&2
  exit 1
}

# One step, with its output in a file that is shown when it fails.
step() {
  local name=$1
  shift
  "$@" >"$folder/$name.log" 2>&1 </dev/null || {
    tail -n 15 "$folder/$name.log" >&2
    fail "$name failed (log: $folder/$name.log)"
  }
}

fetch() {
  apt_folder deb-src bookworm || fail "apt has no source of Debian packages (run apt-get update)"
  private_apt update
  private_apt source --download-only --tar-only "${packages[@]}"
}

build_libpcap() {
  cd "$folder"/libpcap-*/
  # Of what it finds on a machine by itself, nothing: its DPDK part does not build with Debian's.
  ./configure --enable-netmap --disable-shared --disable-usb --disable-bluetooth --disable-dbus \
    --disable-rdma --without-libnl --without-dpdk --without-dag --without-septel --without-snf \
    --without-turbocap CFLAGS="-O2 -I$root/core/abi"
  make -j"$(nproc)"
}

# It finds the libpcap beside it.
build_tcpdump() {
  cd "$folder"/tcpdump-*/
  ./configure --without-crypto
  make -j"$(nproc)"
  cp tcpdump "$folder/tcpdump"
}

build_daq() {
  local part pcap
  # Its build system is there, generated; nothing is to be generated anew.
  local as_is=(ACLOCAL=: AUTOCONF=: AUTOMAKE=: AUTOHEADER=: MAKEINFO=:)
  pcap=$(echo "$folder"/libpcap-*/)
  cd "$folder"/daq-*/
  ./configure --prefix="$folder/daq" --with-libpcap-includes="$pcap" \
    --with-libpcap-libraries="$pcap" --disable-afpacket-module --disable-dump-module \
    --disable-ipfw-module --disable-ipq-module --disable-nfq-module --disable-pcap-module \
    CFLAGS="-O2 -I$root/core/abi -fcommon"
  for part in api sfbpf os-daq-modules; do
    make -C "$part" "${as_is[@]}"
    make -C "$part" "${as_is[@]}" install
  done
  [ -f "$folder/daq/lib/daq/daq_netmap.so" ]
  cc -O2 -Wall -Werror -o "$folder/inline" "$root/testing/foreign/inline.c" \
    -I"$folder/daq/include" -L"$folder/daq/lib" -Wl,-rpath,"$folder/daq/lib" -ldaq -ldl
}

stamp=$(cat "$root"/testing/foreign/{build.sh,inline.c} "$root/testing/kit/apt.sh" \
  "$root"/core/abi/net/*.h | sha256sum)
[ "$(cat "$folder/built" 2>/dev/null)" != "$stamp" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder"
echo "foreign: fetching and building ${packages[*]} (a minute or two)" >&2
cd "$folder"
step fetch fetch
for archive in *.orig.tar.gz; do tar -xzf "$archive"; done
for part in libpcap tcpdump daq; do step "$part" "build_$part"; done
echo "$stamp" >"$folder/built"
